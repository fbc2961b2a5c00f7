/* successor.c - another log answers: does it follow the one that is known,
 * and what of our knowledge does it have? docs/protocol.md, after *hello*.
 *
 * What was known of the old log is kept, durable before anything is taken over:
 *
 *      HOME/logs/<n>/checkpoint                the newest one held
 *      HOME/logs/<n>/successor-<i>             the registrar's notes
 *      HOME/logs/<n>/<batch id>.tlog-proof     receipts for what was lost
 *      HOME/logs/<n>/registry-<number>         registry notes that were lost
 *      HOME/logs/<n>/alarm/                    where there was one
 *
 * Then one transaction takes the new log over. Cut off before it, all of it is
 * done again, to the same files.
 */
#include "agent/engine/inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { NAME_MAX_BYTES = 128, PATH_MAX_BYTES = 512 };

/* What is said to follow. */
struct chain {
    size_t count;
    struct xg_bytes notes[XG_LINEAGE_MAX]; /* borrow `answer` */
    struct xg_successor says[XG_LINEAGE_MAX];
    struct xg_buf answer;
};

/* ---- what is said ---- */

static enum xg_status not_by_registrar(const char *log, struct xg_error *err)
{
    struct xg_error why = *err;

    *err = XG_ERROR_NONE;
    return xg_fail(err, XG_REFUSED,
                   XG_T("应答的服务器说它接替了 %s，但没有登记员的有效声明（%s）"
                        "；未发送任何数据，请联系管理员",
                        "the server that answers says that it follows %s, but "
                        "the registrar does not say so (%s); nothing was handed "
                        "over, ask the operator"),
                   log, xg_error_text(&why));
}

/* Each goes on from the one before, further on, by the registrar's word. */
static enum xg_status read_chain(struct sync *y, struct chain *c,
                                 const char *log,
                                 const uint8_t registrar[XG_PUBLIC_KEY_SIZE],
                                 struct xg_error *err)
{
    struct xg_bytes rest = xg_buf_bytes(&c->answer);
    const char *after = log;
    uint64_t size = 0;

    while (c->count < XG_LINEAGE_MAX &&
           xg_frame_next(&rest, &c->notes[c->count])) {
        struct xg_successor *s = &c->says[c->count];
        if (xg_successor_open(s, c->notes[c->count], registrar, err) != XG_OK)
            return not_by_registrar(log, err);
        if (strcmp(s->after, after) != 0 || s->size <= size) {
            xg_ignore(xg_fail(err, XG_FORMAT, "%s does not follow %s",
                              s->log.name, after));
            return not_by_registrar(log, err);
        }
        after = s->log.name;
        size = s->size;
        c->count++;
    }
    return rest.len == 0 && c->count > 0 ? XG_OK : sync_bad_answer(y, err);
}

/* *none: a server that knows of no such thing, or that is none of ours, may say
 * anything. Only where nothing came through it is worth asking again. */
static enum xg_status fetch_chain(struct sync *y, struct chain *c, bool *none,
                                  const char *log, struct xg_error *err)
{
    struct xg_buf path = XG_BUF(PATH_MAX_BYTES);
    struct transport_request request = {.method = "GET"};

    xg_buf_text(&path, "/v1/successor?log=");
    for (const char *at = log; *at; at++) {
        unsigned char b = (unsigned char)*at;
        if ((b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') ||
            (b >= 'A' && b <= 'Z') || strchr("-._~/", b))
            xg_buf_byte(&path, b);
        else
            xg_buf_format(&path, "%%%02X", b);
    }
    xg_buf_byte(&path, '\0');
    enum xg_status status = xg_buf_check(&path, err);
    if (status == XG_OK) {
        request.path = (const char *)path.data;
        status = sync_call(y, &request, err);
    }
    if (status == XG_OK) {
        xg_buf_append(&c->answer, y->answer.body.data, y->answer.body.len);
        status = xg_buf_check(&c->answer, err);
    }
    xg_buf_clear(&path);
    *none = status != XG_OK && status != XG_NOMEM &&
            !(status == XG_NET &&
              (y->answer.http_status == 0 || y->answer.http_status >= 500));
    if (*none)
        *err = XG_ERROR_NONE;
    return *none ? XG_OK : status;
}

/* ---- what we know ourselves ---- */

/* The part that is said to be common must be what we know of it: the proofs go
 * from the largest checkpoint that we hold of it, and from its end, to what the
 * new log shows now. `checkpoint` is that. */
static enum xg_status compare(struct sync *y, const struct xg_successor *last,
                              const struct xg_successor *first,
                              struct xg_buf *checkpoint, struct xg_error *err)
{
    const struct xg_verifier log = y->id.log;
    const struct xg_checkpoint held = y->held;
    struct xg_checkpoint known = held;
    bool found = held.size > 0, alarm = y->alarm;
    enum xg_status status = XG_OK;

    if (held.size > first->size)
        status =
            store_checkpoint_below(y->store, &known, &found, first->size, err);
    y->id.log = last->log;
    y->alarm = false;
    if (status == XG_OK && found) {
        y->held = known;
        status = sync_prove(y, checkpoint, err);
    }
    if (status == XG_OK && !y->alarm) {
        y->held.size = first->size;
        y->held.root = first->root;
        status = sync_prove(y, checkpoint, err);
    }
    y->id.log = log;
    y->held = held;
    y->alarm |= alarm && status != XG_OK;
    return status;
}

/* ---- keeping what was known ---- */

struct keeper {
    struct sync *y;
    char folder[NAME_MAX_BYTES]; /* below HOME */
    struct xg_error *err;
};

static bool keep_file(struct keeper *k, const char *name,
                      struct xg_bytes content)
{
    char below[2 * NAME_MAX_BYTES], path[HOME_PATH_SIZE];

    snprintf(below, sizeof below, "%s/%s", k->folder, name);
    return home_file(path, k->y->home->path, below, k->err) == XG_OK &&
           xg_os_replace(path, 0600, content, k->err) == XG_OK;
}

static bool keep_receipt(void *ctx, const struct xg_hash *id,
                         struct xg_bytes receipt)
{
    char name[2 * XG_HASH_SIZE + sizeof ".tlog-proof"];

    xg_hex(name, id->b, sizeof id->b);
    memcpy(name + 2 * XG_HASH_SIZE, ".tlog-proof", sizeof ".tlog-proof");
    return keep_file(ctx, name, receipt);
}

static bool keep_registry(void *ctx, uint64_t number, struct xg_bytes note)
{
    char name[NAME_MAX_BYTES];

    snprintf(name, sizeof name, "registry-%" PRIu64, number);
    return keep_file(ctx, name, note);
}

static enum xg_status make_folder(struct keeper *k, struct xg_error *err)
{
    char path[HOME_PATH_SIZE];

    if (home_file(path, k->y->home->path, "logs", err) != XG_OK ||
        xg_os_mkdir(path, err) != XG_OK ||
        home_file(path, k->y->home->path, k->folder, err) != XG_OK)
        return err->status;
    return xg_os_mkdir(path, err);
}

static enum xg_status keep_old(struct sync *y, const struct chain *c,
                               struct xg_error *err)
{
    struct keeper k = {.y = y, .err = err};
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct xg_checkpoint held;
    bool found = false;

    snprintf(k.folder, sizeof k.folder, "logs/%zu", y->logs.count);
    enum xg_status status = make_folder(&k, err);
    if (status == XG_OK)
        status = store_get_checkpoint(y->store, &held, &note, &found, err);
    if (status == XG_OK && found &&
        !keep_file(&k, "checkpoint", xg_buf_bytes(&note)))
        status = err->status;
    for (size_t i = 0; status == XG_OK && i < c->count; i++) {
        char name[NAME_MAX_BYTES];
        snprintf(name, sizeof name, "successor-%zu", i + 1);
        if (!keep_file(&k, name, c->notes[i]))
            status = err->status;
    }
    if (status == XG_OK)
        status = store_list_lost(y->store, c->says[0].size, keep_receipt,
                                 keep_registry, &k, err);
    xg_buf_clear(&note);
    return status == XG_OK ? err->status : status;
}

/* ---- taking over ---- */

static enum xg_status succeed_all(struct sync *y, const struct chain *c,
                                  const struct store_identity *id,
                                  struct xg_bytes checkpoint,
                                  struct store_log *first, struct xg_error *err)
{
    const struct xg_verifier *key = &y->id.log;
    enum xg_status status = XG_OK;

    for (size_t i = 0; status == XG_OK && i < c->count; i++) {
        struct store_log lost;
        status = store_succeed(y->store, &lost, key, c->says[i].size,
                               c->notes[i], err);
        if (i == 0)
            *first = lost;
        key = &c->says[i].log;
    }
    if (status == XG_OK)
        status = store_put_identity(y->store, id, err);
    if (status == XG_OK)
        status = store_put_checkpoint(y->store, checkpoint, err);
    if (status == XG_OK)
        status = store_put_known(y->store, err);
    if (status == XG_OK)
        status = store_put_meta_u64(y->store, SYNC_META_BACKUP, 0, err);
    return status;
}

static void count_lost(struct sync *y, const struct store_log *lost)
{
    struct sync_report *r = y->report;

    r->succeeded = true;
    r->lost_batches += lost->batches;
    r->lost_records += lost->records;
    r->lost_photos += lost->photos;
}

static enum xg_status take_over(struct sync *y, const struct chain *c,
                                struct xg_bytes checkpoint,
                                struct xg_error *err)
{
    struct store_identity id = y->id;
    struct store_log lost = {.until = 0};

    id.log = c->says[c->count - 1].log;
    if (keep_old(y, c, err) != XG_OK)
        return err->status;
    enum xg_status status = store_begin(y->store, err);
    if (status == XG_OK)
        status = succeed_all(y, c, &id, checkpoint, &lost, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status != XG_OK)
        return status;
    count_lost(y, &lost);
    if (sync_load(y, err) != XG_OK || sync_load_alarm(y, err) != XG_OK)
        return err->status;
    sync_progress(y);
    return XG_OK;
}

enum xg_status sync_succeed(struct sync *y, bool *took, struct xg_error *err)
{
    struct chain *c = calloc(1, sizeof *c);
    struct xg_buf checkpoint = XG_BUF(XG_NOTE_MAX);
    struct store_registry_end end;
    bool none = false;

    if (!c)
        return xg_fail_nomem(err);
    c->answer = XG_BUF(XG_ANSWER_MAX);
    *took = false;
    enum xg_status status = fetch_chain(y, c, &none, y->id.log.name, err);
    if (none)
        goto done;
    if (status == XG_OK)
        status = store_registry_end(y->store, &end, err);
    if (status == XG_OK)
        status = read_chain(y, c, y->id.log.name, end.registrar, err);
    if (status == XG_OK)
        status = compare(y, &c->says[c->count - 1], &c->says[0], &checkpoint,
                         err);
    if (status == XG_OK && !y->alarm) {
        status = take_over(y, c, xg_buf_bytes(&checkpoint), err);
        *took = status == XG_OK;
    }
done:
    xg_buf_clear(&checkpoint);
    xg_buf_clear(&c->answer);
    free(c);
    return status;
}

/* The registrar of the code is the first one: where another signs since, such a
 * code cannot be followed. */
enum xg_status sync_follow_code(struct sync *y, bool *took,
                                struct xg_error *err)
{
    struct chain *c = calloc(1, sizeof *c);
    bool none = false;

    if (!c)
        return xg_fail_nomem(err);
    c->answer = XG_BUF(XG_ANSWER_MAX);
    *took = false;
    enum xg_status status = fetch_chain(y, c, &none, y->code->log.name, err);
    if (status == XG_OK && !none)
        status = read_chain(y, c, y->code->log.name, y->code->registrar, err);
    if (status == XG_OK && !none) {
        y->followed = *y->code;
        y->followed.log = c->says[c->count - 1].log;
        y->code = &y->followed;
        *took = true;
    }
    xg_buf_clear(&c->answer);
    free(c);
    return status;
}

/* ---- alarms ---- */

void sync_show_checkpoint(struct sync *y)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct xg_error unsaid = XG_ERROR_NONE;
    struct xg_checkpoint held;
    bool found = false;

    if (store_get_checkpoint(y->store, &held, &note, &found, &unsaid) ==
            XG_OK &&
        found) {
        struct transport_request request = {.method = "POST",
                                            .path = "/v1/checkpoint",
                                            .body = xg_buf_bytes(&note)};
        xg_ignore(sync_call(y, &request, &unsaid));
    }
    xg_buf_clear(&note);
}

enum xg_status sync_settle_alarm(struct sync *y, struct xg_error *err)
{
    char shown[HOME_PATH_SIZE], from[HOME_PATH_SIZE], to[HOME_PATH_SIZE];
    char name[NAME_MAX_BYTES];
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct store_logs logs;
    struct xg_checkpoint c;
    size_t i = 1;

    if (store_get_logs(y->store, &logs, err) != XG_OK ||
        home_file(shown, y->home->path, "alarm/shown", err) != XG_OK ||
        home_file(from, y->home->path, "alarm", err) != XG_OK)
        return err->status;
    enum xg_status status = xg_os_read(&note, shown, err);
    for (; status == XG_OK && i < logs.count; i++) {
        struct xg_error why = XG_ERROR_NONE;
        if (xg_checkpoint_open(&c, note.data, note.len, &logs.list[i].key,
                               &why) == XG_OK)
            break;
    }
    xg_buf_clear(&note);
    if (status != XG_OK || i >= logs.count)
        return status;
    /* The newest before that of now lies in the folder that was made last. */
    snprintf(name, sizeof name, "logs/%zu/alarm", logs.count - i);
    if (home_file(to, y->home->path, name, err) != XG_OK)
        return err->status;
    if (rename(from, to) != 0)
        return xg_fail_os(err, XG_T("移动 %s", "moving %s"), from);
    y->alarm = false;
    status = xg_os_sync_parent(to, err);
    return status == XG_OK ? xg_os_sync_parent(from, err) : status;
}
