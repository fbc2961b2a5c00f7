/* logs.c - which logs this one is made of, and whether it is behind; see
 * ledger.h. */
#include <string.h>

#include "server/ledger/inside.h"
#include "shared/base/lang.h"
#include "shared/core/registry.h"

enum { LOGS_ARENA = 64 << 10 };

/* ---- loading ---- */

static enum xg_status put_own(struct ledger *l, struct xg_error *err)
{
    struct store_log own = {.first = 0};
    struct store *s = l->store;

    xg_verifier_print(own.vkey, &l->signer->verifier);
    enum xg_status status = s->ops->begin(s, err);
    if (status == XG_OK)
        status = s->ops->put_log(s, &own, err);
    if (status == XG_OK)
        status = s->ops->commit(s, err);
    if (status != XG_OK)
        s->ops->rollback(s);
    return status;
}

static enum xg_status take(struct ledger *l, const struct store_log *rows,
                           size_t count, struct xg_error *err)
{
    const struct xg_verifier *own = &l->signer->verifier;

    if (count > XG_LINEAGE_MAX)
        return xg_fail(err, XG_TOOBIG, "more than %d logs follow one another",
                       XG_LINEAGE_MAX);
    for (size_t i = 0; i < count; i++) {
        l->logs[i].first = rows[i].first;
        if (xg_verifier_parse(&l->logs[i].key, rows[i].vkey,
                              strlen(rows[i].vkey), err) != XG_OK)
            return err->status = XG_CORRUPT;
    }
    l->log_count = count;
    const struct xg_verifier *last = &l->logs[count - 1].key;
    if (strcmp(last->name, own->name) == 0 &&
        memcmp(last->key, own->key, sizeof own->key) == 0)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("log.key 是 %s 的密钥，而数据库属于日志 %s；请换回"
                        "配套的 log.key；原服务器已丢失的，用 xunge-server "
                        "restore",
                        "log.key is a key of %s, but the database is of the "
                        "log %s, with another key; put the right log.key back, "
                        "or, if the server is lost, use xunge-server restore"),
                   own->name, last->name);
}

enum xg_status ledger_load_logs(struct ledger *l, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOGS_ARENA);
    struct store *s = l->store;
    struct store_log *rows;
    size_t count = 0;
    enum xg_status status = s->ops->read_logs(s, &arena, &rows, &count, err);

    if (status == XG_OK && count == 0) {
        status = put_own(l, err);
        if (status == XG_OK)
            status = s->ops->read_logs(s, &arena, &rows, &count, err);
    }
    if (status == XG_OK && count == 0)
        status = xg_fail(err, XG_CORRUPT, "the table of logs stays empty");
    if (status == XG_OK)
        status = take(l, rows, count, err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- asking ---- */

const struct ledger_log *ledger_logs(const struct ledger *l, size_t *count)
{
    *count = l->log_count;
    return l->logs;
}

bool ledger_knows(const struct ledger *l, struct xg_bytes origin)
{
    for (size_t i = 0; i < l->log_count; i++)
        if (xg_bytes_equal(origin, xg_bytes_of(l->logs[i].key.name)))
            return true;
    return false;
}

bool ledger_is_server(const struct ledger *l, const char *device)
{
    size_t len = strlen(device), tail = strlen(XG_SERVER_DEVICE);

    return len > tail && strcmp(device + len - tail, XG_SERVER_DEVICE) == 0 &&
           ledger_knows(l, xg_bytes(device, len - tail));
}

const struct xg_verifier *ledger_key_at(const struct ledger *l,
                                        uint64_t position)
{
    size_t i = l->log_count - 1;

    while (i > 0 && l->logs[i].first > position)
        i--;
    return &l->logs[i].key;
}

/* ---- behind ---- */

void ledger_set_behind(struct ledger *l)
{
    pthread_mutex_lock(&l->mutex);
    l->behind = true;
    pthread_mutex_unlock(&l->mutex);
}

bool ledger_is_behind(struct ledger *l)
{
    pthread_mutex_lock(&l->mutex);
    bool behind = l->behind;
    pthread_mutex_unlock(&l->mutex);
    return behind;
}

enum xg_status ledger_refuse_behind(struct xg_error *err)
{
    return xg_fail(
        err, XG_REFUSED,
        XG_T("本服务器的数据是一份旧的副本：有人出示了它自己签过、而它已经没有"
             "的日志（见数据目录里的 behind）。只供查看，不再写入；请换回正确"
             "的数据，或用 xunge-server restore 从备份另开后继日志",
             "this server's data is an old copy: it was shown a log that it "
             "signed itself and does not have any more (see the file behind "
             "in the data folder). It can be read, and writes nothing; put the "
             "right data back, or open a successor log from a backup "
             "(xunge-server restore)"));
}
