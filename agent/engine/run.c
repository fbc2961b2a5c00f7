/* run.c - the steps of a run, in order; and one run at a time. */
#include "agent/engine/inside.h"

#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/engine/photos_free.h"
#include "agent/photo/pieces.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum xg_status sync_load(struct sync *y, struct xg_error *err)
{
    bool found;

    if (store_get_identity(y->store, &y->id, err) != XG_OK)
        return err->status;
    y->report->state = y->id.state;
    snprintf(y->report->device, sizeof y->report->device, "%s", y->id.device);
    snprintf(y->report->worker, sizeof y->report->worker, "%s", y->id.worker);
    if (y->id.joined && !*y->id.device)
        return xg_fail(
            err, XG_REFUSED,
            XG_T("入网申请已写出，还没有读入指挥中心的回应：xunge enrol "
                 "--accept 文件；有网也可以再运行 xunge enrol 入网码",
                 "the request to join is written, its answer was not read: "
                 "xunge enrol --accept FILE; or, with a network, xunge enrol "
                 "CODE again"));
    if (!y->id.joined)
        return xg_fail(
            err, XG_REFUSED,
            XG_T("本机尚未加入；请用管理员给的入网码运行 xunge enrol",
                 "this device is not enrolled; run xunge enrol with "
                 "the code that the operator gave"));
    if (store_signer(y->store, &y->signer, NULL, err) != XG_OK ||
        store_get_checkpoint(y->store, &y->held, NULL, &found, err) != XG_OK ||
        store_get_logs(y->store, &y->logs, err) != XG_OK ||
        store_own_chains(y->store, y->chains, &y->chain_count, err) != XG_OK)
        return err->status;
    if (!found)
        y->held = (struct xg_checkpoint){.size = 0};
    y->report->log_size = y->held.size;
    return XG_OK;
}

void sync_clear(struct sync *y)
{
    sodium_memzero(&y->signer, sizeof y->signer);
    sodium_memzero(y->bearer, sizeof y->bearer);
    xg_buf_clear(&y->answer.body);
    sync_clear_photos(y);
}

/* ---- one try ---- */

static enum xg_status pending(struct sync *y, struct xg_error *err)
{
    return xg_fail(err, XG_REFUSED,
                   XG_T("本机 %s 等待管理员批准；数据仍在本机，批准后再同步",
                        "%s is waiting to be approved by the operator; the "
                        "work stays here, sync again afterwards"),
                   y->id.device);
}

/* What the run could do was done; is there anything to be told? */
static enum xg_status verdict(struct sync *y, struct xg_error *err)
{
    const struct sync_report *r = y->report;

    if (y->alarm) {
        *err = y->alarm_error;
        return XG_ALARM;
    }
    if (r->state == XG_DEVICE_REVOKED)
        return xg_fail(err, XG_REFUSED,
                       XG_T("本机 %s 已被注销；记录已交给服务器隔离保存，请联系"
                            "管理员",
                            "%s was revoked; its records were handed to the "
                            "server and are kept apart, ask the operator"),
                       y->id.device);
    if (r->batches_refused > 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("服务器拒收了一部分（仍在本机）：%s",
                            "the server refused a part (it stays here): %s"),
                       r->reasons[0]);
    return XG_OK;
}

enum xg_status sync_mark_success(struct sync *y, struct xg_error *err)
{
    int64_t now = xg_wall_ms(y->env);
    enum xg_status status = store_begin(y->store, err);

    if (status == XG_OK)
        status = store_put_meta_u64(y->store, SYNC_META_LAST,
                                    now > 0 ? (uint64_t)now : 1, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    return status;
}

static void forget_refusals(struct sync_report *r)
{
    r->batches_refused = r->records_refused = 0;
    r->reason_count = 0;
}

static enum xg_status run_once(struct sync *y, struct xg_error *err)
{
    forget_refusals(y->report);
    y->records_done = y->has_news = false;
    y->deferred = XG_ERROR_NONE;
    y->busy_in_a_row = 0;
    if (sync_hello(y, err) != XG_OK)
        return err->status;
    if (y->alarm)
        sync_show_checkpoint(y);
    if (y->welcome.state == XG_DEVICE_PENDING)
        return pending(y, err);
    if (y->welcome.state != XG_DEVICE_REVOKED && /* what it has of ours, it
                                                  * keeps apart */
        sync_compare_chains(y, err) != XG_OK)
        return err->status;
    bool kept = y->report->new_chain == SYNC_CHAIN_KEPT;
    if (sync_push(y, err) != XG_OK)
        return err->status;
    if (y->alarm || y->welcome.state == XG_DEVICE_REVOKED)
        return verdict(y, err);
    if (sync_pull(y, err) != XG_OK || sync_fetch_references(y, err) != XG_OK)
        return err->status;
    if (kept && y->report->new_chain != SYNC_CHAIN_KEPT &&
        sync_push(y, err) != XG_OK) /* the genesis of the new chain */
        return err->status;
    y->records_done = true;
    if (verdict(y, err) != XG_OK)
        return err->status;
    if (y->deferred.status != XG_OK) {
        *err = y->deferred;
        return err->status;
    }
    return sync_mark_success(y, err);
}

static enum xg_status free_photos(struct sync *y, struct xg_error *err)
{
    const struct photo_shelf shelf = {.home = y->home->path,
                                      .vault = y->home->vault};
    struct photo_freed freed;
    uint64_t swept;

    photo_pieces_tidy(&shelf, xg_wall_ms(y->env));
    if (photo_free(y->home, &freed, false, err) != XG_OK)
        return err->status;
    y->report->photos_freed = freed.photos;
    return photo_sweep(y->home, &swept, err);
}

/* Photos come after the records, and what becomes of them is told only where
 * the records have nothing to tell. */
static enum xg_status then_photos(struct sync *y, enum xg_status records,
                                  struct xg_error *err)
{
    struct xg_error own = XG_ERROR_NONE;
    int64_t wished_s = y->report->retry_after_s;
    enum xg_status status = photo_erase(y->home, &own);

    if (status == XG_OK)
        status = sync_persist(y, sync_send_photos, &own);

    if (status == XG_NET && y->report->budget)
        status = XG_OK; /* as it was told to */
    if (status == XG_OK && !y->alarm)
        status = sync_judge_photos(y, &own);
    if (status == XG_OK && !y->alarm && records == XG_OK)
        status = free_photos(y, &own);
    if (y->photos.full.status == XG_OK && records != XG_OK)
        y->report->retry_after_s = wished_s;
    if (records != XG_OK || status == XG_OK)
        return records;
    *err = own;
    return status == XG_NET
               ? xg_wrap(err, XG_T("照片（文字已传完）",
                                   "photos (the texts are through)"))
               : status;
}

/* An alarm outranks that the network then failed. */
static enum xg_status run(struct sync *y, struct xg_error *err)
{
    if (sync_notice_restore(&y->report->new_chain, y->home, err) != XG_OK ||
        sync_load(y, err) != XG_OK || sync_load_alarm(y, err) != XG_OK ||
        store_sync(y->store, err) != XG_OK)
        return err->status;
    enum xg_status status = sync_persist(y, run_once, err);
    if (y->records_done && !y->alarm)
        status = then_photos(y, status, err);
    if (y->alarm && status != XG_ALARM) {
        *err = y->alarm_error;
        return XG_ALARM;
    }
    return status;
}

enum xg_status sync_lock(int *lock, const struct home *home,
                         struct xg_error *err)
{
    char path[HOME_PATH_SIZE];
    int fd = -1;
    enum xg_status status = home_file(path, home->path, "sync.lock", err);

    if (status == XG_OK)
        status = xg_os_lock_open(&fd, path, err);
    if (status != XG_OK)
        return status;
    status = xg_os_try_lock(fd, err);
    if (status == XG_BUSY)
        status = xg_fail(err, XG_BUSY,
                         XG_T("另一个程序正在同步；等它结束",
                              "another program is syncing; let it end"));
    if (status != XG_OK)
        close(fd);
    else
        *lock = fd;
    return status;
}

static enum xg_status lock_and(struct sync *y,
                               enum xg_status (*act)(struct sync *y,
                                                     struct xg_error *err),
                               struct xg_error *err)
{
    int lock = -1;

    *y->report = (struct sync_report){.reached = false};
    pace_init(&y->report->pace);
    enum xg_status status = sync_lock(&lock, y->home, err);
    if (status == XG_OK)
        status = act(y, err);
    sync_clear(y);
    if (lock >= 0)
        close(lock);
    return status;
}

static struct sync new_run(struct home *home,
                           const struct xg_transport *transport,
                           const struct sync_host *host,
                           const struct sync_options *options,
                           struct sync_report *report)
{
    return (struct sync){.home = home,
                         .store = home->store,
                         .env = home->env,
                         .transport = transport,
                         .host = host,
                         .options = options,
                         .report = report,
                         .answer = {.body = XG_BUF(XG_ANSWER_MAX)}};
}

enum xg_status sync_run(struct home *home, const struct xg_transport *transport,
                        const struct sync_host *host,
                        const struct sync_options *options,
                        struct sync_report *report, struct xg_error *err)
{
    struct sync y = new_run(home, transport, host, options, report);

    return lock_and(&y, run, err);
}

static enum xg_status fetch(struct sync *y, struct xg_error *err)
{
    enum xg_status status = XG_OK;

    if (sync_load(y, err) != XG_OK || sync_load_alarm(y, err) != XG_OK)
        return err->status;
    if (!y->alarm)
        status = sync_persist(y, sync_fetch, err);
    if (!y->alarm)
        return status;
    *err = y->alarm_error;
    return XG_ALARM;
}

enum xg_status sync_fetch_photo(struct home *home,
                                const struct xg_transport *transport,
                                const struct sync_host *host,
                                const struct sync_options *options,
                                const struct xg_hash *sha256,
                                struct sync_report *report,
                                struct xg_error *err)
{
    struct sync y = new_run(home, transport, host, options, report);

    y.fetched.sha256 = *sha256;
    return lock_and(&y, fetch, err);
}
