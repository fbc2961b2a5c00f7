/* backup.c - a hot copy of store and photos, and whether the photos are
 * what the log says; see data.h. */
#include <inttypes.h>
#include <stdio.h>

#include "server/data/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"
#include "shared/view/text.h"

enum {
    STEP = 256,
    STEP_BYTES = 1 << 20,
    TOLD_MAX = 20, /* photos that are named one by one */
    TELL_EVERY_MS = 10 * 1000,
    LINE_SIZE = 200,
};

/* Of long work a line in the log now and then. */
struct progress {
    struct data *d;
    const char *event;
    uint64_t total;
    int64_t told_ms;
};

static struct progress progress_of(struct data *d, const char *event,
                                   uint64_t total)
{
    return (struct progress){d, event, total, xg_mono_ms(&d->env)};
}

static void tell(void *ctx, uint64_t files, uint64_t bytes)
{
    struct progress *p = ctx;
    int64_t now = xg_mono_ms(&p->d->env);

    if (now - p->told_ms < TELL_EVERY_MS)
        return;
    p->told_ms = now;
    xg_log(XG_LOG_INFO, p->event,
           "files=%" PRIu64 " of=%" PRIu64 " bytes=%" PRIu64, files, p->total,
           bytes);
}

/* Leave out those that were erased, unless somebody else names them, and they
 * came again. */
static enum xg_status leave_erased(struct store *s, struct blobs *blobs,
                                   struct store_held *rows,
                                   size_t *count, struct xg_error *err)
{
    size_t kept = 0;
    bool erased = false;

    for (size_t i = 0; i < *count; i++) {
        if (s->ops->has_erased_photo(s, &erased, &rows[i].blob.sha256, err) !=
            XG_OK)
            return err->status;
        if (!erased || blobs_has(blobs, &rows[i].blob.sha256))
            rows[kept++] = rows[i];
    }
    *count = kept;
    return XG_OK;
}

/* Every photo that is held, in the order of the log. What visits may take long,
 * and a reader that stays would keep the store's log from shrinking: so each
 * page is of a reader of its own. */
static enum xg_status
walk_held(struct data *d,
          enum xg_status (*visit)(void *ctx, const struct store_held *row,
                                  struct xg_error *err),
          void *ctx, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(STEP_BYTES);
    struct store_held *rows;
    enum xg_status status = XG_OK;
    uint64_t after = 0;
    size_t count = 1;

    while (status == XG_OK && count > 0) {
        struct store *s;
        xg_arena_reset(&arena);
        status = data_borrow(d, &s, err);
        if (status != XG_OK)
            break;
        status = s->ops->read_held(s, &arena, &rows, &count, after, STEP, err);
        size_t visited = status == XG_OK ? count : 0;
        if (visited) {
            after = rows[count - 1].number;
            status = leave_erased(s, d->blobs, rows, &visited, err);
        }
        data_return(d, s);
        for (size_t i = 0; status == XG_OK && i < visited; i++) {
            status = visit(ctx, &rows[i], err);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status count_held(struct data *d, struct store_photos *counts,
                                 struct xg_error *err)
{
    struct store *s;

    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->count_photos(s, counts, err);
    data_return(d, s);
    return status;
}

/* ---- backup ---- */

struct backup {
    const char *photos;
    uint64_t published; /* size, before anything was copied */
    struct data_backup *done;
};

static enum xg_status is_copied(void *ctx, const struct store_held *row,
                                struct xg_error *err)
{
    struct backup *b = ctx;

    (void)err;
    if (row->position >= b->published || blobs_is_copied(b->photos, &row->blob))
        return XG_OK;
    if (b->done->missing++ == 0) { /* rows come in the order of the log */
        b->done->first_missing = row->blob.sha256;
        b->done->size = row->position;
    }
    return XG_OK;
}

static enum xg_status copy_photos(struct data *d, struct backup *b,
                                  struct xg_error *err)
{
    struct store_photos counts;
    struct progress progress;

    if (count_held(d, &counts, err) != XG_OK)
        return err->status;
    if (counts.held == 0)
        return XG_OK;
    progress = progress_of(d, "backup.photos", counts.held);
    if (blobs_copy(d->blobs, b->photos, &b->done->copied, tell, &progress,
                   err) != XG_OK)
        return err->status;
    return walk_held(d, is_copied, b, err);
}

struct mark_job {
    struct ledger_job job;
    uint64_t size, missing, ms;
};

static enum xg_status run_mark(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    const struct mark_job *m = (const struct mark_job *)job;

    (void)l;
    if (m->ms &&
        (store->ops->put_value(store, "backup_ms", m->ms, err) != XG_OK ||
         store->ops->put_value(store, "backup_missing", m->missing, err) !=
             XG_OK))
        return err->status;
    return store->ops->put_value(store, "backup", m->size, err);
}

enum xg_status data_mark_backup(struct data *d, uint64_t size,
                                struct xg_error *err)
{
    struct mark_job j = {.job = {.run = run_mark}, .size = size};

    return ledger_submit(d->ledger, &j.job, err);
}

/* That it was made, when, and whether anything was missing. */
static enum xg_status mark_made(struct data *d, const struct data_backup *done,
                                struct xg_error *err)
{
    int64_t now_ms = xg_wall_ms(&d->env);
    struct mark_job j = {.job = {.run = run_mark},
                         .size = done->size,
                         .missing = done->missing,
                         .ms = now_ms > 0 ? (uint64_t)now_ms : 1};

    return ledger_submit(d->ledger, &j.job, err);
}

enum xg_status data_backup(struct data *d, struct data_backup *out,
                           const char *path, const char *photos,
                           struct xg_error *err)
{
    struct data_backup done = {.missing = 0};
    struct backup b = {photos, 0, &done};
    struct xg_checkpoint c;
    struct store *reader;
    enum xg_status status;

    if (xg_os_exists(path)) /* before hours of copying, not after */
        return xg_fail(
            err, XG_REFUSED,
            XG_T("%s 已存在；请另选文件名", "%s exists; choose another name"),
            path);
    if (ledger_published(d->ledger, &c, NULL, err) != XG_OK)
        return err->status;
    b.published = done.size = c.size;
    if (copy_photos(d, &b, err) != XG_OK ||
        data_borrow(d, &reader, err) != XG_OK)
        return err->status;
    status = reader->ops->backup(reader, path, err);
    data_return(d, reader);
    if (status == XG_OK)
        status = xg_os_sync_parent(path, err);
    if (status == XG_OK && !ledger_is_behind(d->ledger))
        status = mark_made(d, &done, err);
    if (status == XG_OK)
        *out = done;
    return status;
}

/* ---- check ---- */

struct check {
    struct data *d;
    struct progress progress;
    void (*report)(void *ctx, const char *line);
    void *ctx;
    uint64_t files, bytes, bad;
    struct xg_hash first_bad;
};

static void name_bad(struct check *c, const struct xg_hash *sha256,
                     enum xg_status status)
{
    char hex[2 * XG_HASH_SIZE + 1], line[LINE_SIZE];

    if (c->bad++ == 0)
        c->first_bad = *sha256;
    if (c->bad > TOLD_MAX || !c->report)
        return;
    xg_hex(hex, sha256->b, sizeof sha256->b);
    snprintf(line, sizeof line, "  %s  %s", hex,
             status == XG_NOTFOUND ? XG_T("文件不见了", "the file is missing")
                                   : XG_T("内容已损坏", "damaged"));
    c->report(c->ctx, line);
}

static enum xg_status check_one(void *ctx, const struct store_held *row,
                                struct xg_error *err)
{
    struct check *c = ctx;
    enum xg_status status = blobs_verify(c->d->blobs, &row->blob.sha256, err);

    if (status == XG_NOTFOUND || status == XG_CORRUPT) {
        name_bad(c, &row->blob.sha256, status);
        *err = XG_ERROR_NONE;
        status = XG_OK;
    }
    c->files++;
    c->bytes += row->blob.length;
    tell(&c->progress, c->files, c->bytes);
    return status;
}

enum xg_status data_check_photos(struct data *d,
                                 void (*report)(void *ctx, const char *line),
                                 void *ctx, struct xg_error *err)
{
    struct check c = {.d = d, .report = report, .ctx = ctx};
    char line[LINE_SIZE], hex[2 * XG_HASH_SIZE + 1];
    struct store_photos counts;

    if (count_held(d, &counts, err) != XG_OK)
        return err->status;
    c.progress = progress_of(d, "check.photos", counts.held);
    if (walk_held(d, check_one, &c, err) != XG_OK)
        return err->status;
    if (c.bad) {
        xg_hex(hex, c.first_bad.b, sizeof c.first_bad.b);
        return xg_fail(
            err, XG_CORRUPT,
            XG_T("%" PRIu64 " 张照片（共 %" PRIu64 " 张）丢失或损坏，第一张是 "
                 "%s；请从备份的照片目录拷回 DIR/blobs",
                 "%" PRIu64 " of %" PRIu64 " photos are missing or damaged, "
                 "the first is %s; copy them from the photos of a backup back "
                 "into DIR/blobs"),
            c.bad, c.files, hex);
    }
    if (report) {
        char size[VIEW_SIZE_TEXT];
        snprintf(line, sizeof line,
                 XG_T("照片和缩略图：%" PRIu64 " 个文件（%s），散列值都对",
                      "photos and thumbnails: %" PRIu64
                      " files (%s), as their hashes say"),
                 c.files, view_size_text(size, c.bytes));
        report(ctx, line);
    }
    return XG_OK;
}
