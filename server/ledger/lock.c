/* lock.c - the newest published checkpoint, kept apart from the store
 * that it judges; see ledger.h. */
#include "server/ledger/ledger.h"

#include <stdlib.h>

#include "server_lock_sql.h"
#include "shared/base/lang.h"
#include "shared/db/db.h"

struct ledger_lock {
    struct xg_db *db;
};

enum xg_status ledger_lock_open(struct ledger_lock **lock, const char *path,
                                struct xg_error *err)
{
    const struct xg_db_options options = {.cache_kib = 64};
    struct ledger_lock *opened = calloc(1, sizeof *opened);

    if (!opened)
        return xg_fail_nomem(err);
    if (xg_db_open(&opened->db, path, &server_lock_sql, &options, err) !=
        XG_OK) {
        free(opened);
        return err->status;
    }
    *lock = opened;
    return XG_OK;
}

enum xg_status ledger_lock_open_memory(struct ledger_lock **lock,
                                       struct xg_error *err)
{
    return ledger_lock_open(lock, ":memory:", err);
}

void ledger_lock_close(struct ledger_lock *lock)
{
    if (!lock)
        return;
    xg_db_close(lock->db);
    free(lock);
}

enum xg_status ledger_lock_get(struct ledger_lock *lock, struct xg_buf *body,
                               const char *origin, struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(lock->db, SERVER_LOCK_STMT_GET);
    size_t before = body->len;

    xg_bind_text(get, 1, origin);
    if (xg_stmt_row(get)) {
        struct xg_bytes held = xg_col_bytes(get, 0);
        xg_buf_append(body, held.at, held.len);
    }
    if (xg_stmt_done(get, err) != XG_OK || xg_buf_check(body, err) != XG_OK) {
        body->len = before;
        return err->status;
    }
    return XG_OK;
}

static enum xg_status put(struct ledger_lock *lock, const char *origin,
                          struct xg_bytes body, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(lock->db, SERVER_LOCK_STMT_PUT);

    xg_bind_text(s, 1, origin);
    xg_bind_bytes(s, 2, body);
    return xg_stmt_run(s, err);
}

enum xg_status ledger_lock_swap(struct ledger_lock *lock, const char *origin,
                                struct xg_bytes old, struct xg_bytes new,
                                struct xg_error *err)
{
    struct xg_buf held = XG_BUF(XG_NOTE_MAX);
    enum xg_status status = xg_db_begin(lock->db, err);

    if (status != XG_OK)
        return status;
    status = ledger_lock_get(lock, &held, origin, err);
    if (status == XG_OK && xg_bytes_equal(xg_buf_bytes(&held), new)) {
        xg_db_rollback(lock->db); /* the answer to an earlier swap was lost */
        goto done;
    }
    if (status == XG_OK && !xg_bytes_equal(xg_buf_bytes(&held), old))
        status = xg_fail(err, XG_REFUSED,
                         XG_T("锁数据库中的检查点不是本程序写的；可能另有"
                              "一个服务器在写同一日志，请停止其中一个",
                              "the lock database holds a checkpoint that this "
                              "program did not write; another server may be "
                              "writing the same log: stop one of them"));
    if (status == XG_OK)
        status = put(lock, origin, new, err);
    if (status == XG_OK)
        status = xg_db_commit(lock->db, err);
    else
        xg_db_rollback(lock->db);
done:
    xg_buf_clear(&held);
    return status;
}
