/* lost.c - see lost.h. The document: a line each, the hash in hexadecimal and
 * the time in milliseconds, a space between. */
#include "server/photo/lost.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/photo/photo.h"

#define DOCUMENT "photos_lost"

enum { PAGE = 512, LOOK_ARENA = 64 << 20, DOCUMENT_MAX = 1 << 20 };

/* A file that went by an erasure is not lost. */
static enum xg_status is_lost(bool *lost, struct data *d, struct store *s,
                              const struct xg_hash *sha256,
                              struct xg_error *err)
{
    bool erased = false;

    *lost = !blobs_has(d->blobs, sha256);
    if (*lost && photo_taken_away(s, &erased, sha256, err) != XG_OK)
        return err->status;
    *lost = *lost && !erased;
    return XG_OK;
}

/* ---- the document ---- */

static bool read_line(struct lost_photo *out, const char *line, size_t len)
{
    char number[24];
    size_t digits = len - 2 * XG_HASH_SIZE - 1;

    if (len < 2 * XG_HASH_SIZE + 2 || digits >= sizeof number ||
        !xg_unhex(out->sha256.b, XG_HASH_SIZE, line, 2 * XG_HASH_SIZE))
        return false;
    memcpy(number, line + 2 * XG_HASH_SIZE + 1, digits);
    number[digits] = '\0';
    out->since_ms = strtoll(number, NULL, 10);
    return true;
}

static enum xg_status load(struct lost_photo **list, size_t *count,
                           struct xg_arena *arena, struct store *s,
                           struct xg_error *err)
{
    struct lost_photo *all = xg_arena_array(arena, LOST_MAX, sizeof *all);
    struct xg_bytes text;
    size_t n = 0;

    if (!all)
        return xg_fail_nomem(err);
    if (s->ops->get_document(s, arena, &text, DOCUMENT, err) != XG_OK)
        return err->status;
    for (size_t at = 0; n < LOST_MAX && at < text.len;) {
        const char *line = (const char *)text.at + at;
        const char *end = memchr(line, '\n', text.len - at);
        size_t len = end ? (size_t)(end - line) : text.len - at;
        n += read_line(&all[n], line, len);
        at += len + 1;
    }
    *list = all;
    *count = n;
    return XG_OK;
}

enum xg_status lost_list(struct lost_photo **list, size_t *count,
                         struct xg_arena *arena, struct data *d,
                         struct store *store, struct xg_error *err)
{
    struct lost_photo *all;
    size_t n, kept = 0;

    if (load(&all, &n, arena, store, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < n; i++) {
        bool lost;
        if (is_lost(&lost, d, store, &all[i].sha256, err) != XG_OK)
            return err->status;
        if (lost)
            all[kept++] = all[i];
    }
    *list = all;
    *count = kept;
    return XG_OK;
}

/* ---- looking ---- */

struct keep_job {
    struct ledger_job job;
    struct xg_bytes text;
};

static enum xg_status run_keep(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    const struct keep_job *j = (const struct keep_job *)job;

    (void)l;
    return store->ops->put_document(store, DOCUMENT, j->text, err);
}

struct looking {
    struct data *d;
    struct store *s;
    const struct lost_photo *before;
    size_t before_count;
    int64_t now_ms;
    struct xg_buf text;
    uint64_t count;
};

static int64_t since_of(const struct looking *w, const struct xg_hash *sha256)
{
    for (size_t i = 0; i < w->before_count; i++)
        if (xg_hash_equal(&w->before[i].sha256, sha256))
            return w->before[i].since_ms;
    return w->now_ms;
}

static enum xg_status look_at(struct looking *w, const struct xg_hash *sha256,
                              struct xg_error *err)
{
    bool lost;

    if (is_lost(&lost, w->d, w->s, sha256, err) != XG_OK)
        return err->status;
    if (lost && w->count++ < LOST_MAX) {
        xg_buf_hex(&w->text, sha256->b, XG_HASH_SIZE);
        xg_buf_format(&w->text, " %" PRId64 "\n", since_of(w, sha256));
    }
    return XG_OK;
}

static enum xg_status look_at_all(struct looking *w, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_ARENA);
    enum xg_status status = XG_OK;
    struct store_held *rows;
    size_t count = PAGE;
    uint64_t after = 0;

    while (status == XG_OK && count == PAGE) {
        xg_arena_reset(&arena);
        status = w->s->ops->read_held(w->s, &arena, &rows, &count, after, PAGE,
                                      err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            status = look_at(w, &rows[i].blob.sha256, err);
            after = rows[i].number;
        }
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status lost_look(struct data *d, uint64_t *count, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_ARENA);
    struct looking w = {.d = d,
                        .now_ms = (int64_t)ledger_time_ms(d->ledger),
                        .text = XG_BUF(DOCUMENT_MAX)};
    struct keep_job keep = {.job = {.run = run_keep}};
    struct lost_photo *before = NULL;
    enum xg_status status = data_borrow(d, &w.s, err);

    if (status == XG_OK) {
        status = load(&before, &w.before_count, &arena, w.s, err);
        w.before = before;
        if (status == XG_OK)
            status = look_at_all(&w, err);
        data_return(d, w.s);
    }
    if (status == XG_OK)
        status = xg_buf_check(&w.text, err);
    /* Nothing is written where nothing was lost, before or now. */
    if (status == XG_OK && (w.count || w.before_count)) {
        keep.text = xg_buf_bytes(&w.text);
        status = ledger_submit(d->ledger, &keep.job, err);
    }
    if (status == XG_OK)
        *count = w.count;
    xg_buf_clear(&w.text);
    xg_arena_clear(&arena);
    return status;
}
