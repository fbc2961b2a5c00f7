/* succession.c - see succession.h. */
#include "server/api/succession.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server/data/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"

enum { NOTES_ARENA = 256 << 10, ROWS_ARENA = 4 << 20 };

/* Which of the logs has that name; their count where none has. */
static size_t find_log(const struct ledger *l, struct xg_bytes origin)
{
    size_t count, i = 0;
    const struct ledger_log *logs = ledger_logs(l, &count);

    while (i < count && !xg_bytes_equal(origin, xg_bytes_of(logs[i].key.name)))
        i++;
    return i;
}

/* ---- the notes ---- */

static enum xg_status put_note(struct xg_buf *out, struct store *s,
                               uint64_t position, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(NOTES_ARENA);
    struct xg_bytes *note;
    size_t count = 0;
    enum xg_status status = s->ops->read_entries(s, &arena, &note, &count,
                                                 position, 1, XG_NOTE_MAX, err);

    if (status == XG_OK && count != 1)
        status = xg_fail(err, XG_CORRUPT,
                         XG_T("日志里没有后继声明，请运行 xunge-server check",
                              "a successor note is not in the log: run "
                              "xunge-server check"));
    if (status == XG_OK)
        xg_frame_put(out, *note);
    xg_arena_clear(&arena);
    return status == XG_OK ? xg_buf_check(out, err) : status;
}

enum xg_status successor_notes(struct xg_buf *out, bool *found,
                               const struct api_view *v, struct xg_bytes origin,
                               struct xg_error *err)
{
    size_t count, i;
    const struct ledger_log *logs = ledger_logs(v->data->ledger, &count);

    i = find_log(v->data->ledger, origin) + 1;
    *found = i < count;
    for (; i < count; i++)
        if (put_note(out, v->store, logs[i].first, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- a hello from before ---- */

/* How many registry notes lie below that size. */
static enum xg_status notes_below(uint64_t *number, struct store *s,
                                  uint64_t size, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ROWS_ARENA);
    struct store_registry_note *rows;
    struct store_counts counts;
    enum xg_status status = s->ops->get_counts(s, &counts, err);
    uint64_t n = status == XG_OK ? counts.registry_notes : 0;

    for (; status == XG_OK && n > 0; n--) {
        size_t count = 0;
        xg_arena_reset(&arena);
        status = s->ops->read_registry_notes(s, &arena, &rows, &count, n - 1, 1,
                                             err);
        if (status == XG_OK && count && rows->position < size)
            break;
    }
    xg_arena_clear(&arena);
    if (status == XG_OK)
        *number = n;
    return status;
}

enum xg_status successor_clamp(struct xg_hello *says, const struct api_view *v,
                               const char *device, struct xg_error *err)
{
    size_t count, i = find_log(v->data->ledger, says->log);
    const struct ledger_log *logs = ledger_logs(v->data->ledger, &count);
    uint64_t number;

    if (i + 1 >= count)
        return XG_OK;
    uint64_t ours = logs[i + 1].first;
    if (notes_below(&number, v->store, ours, err) != XG_OK)
        return err->status;
    if (says->size > ours) {
        if (ledger_root(&says->root, v->store, ours, err) != XG_OK)
            return err->status;
        says->size = ours;
    }
    if (says->registry > number) {
        xg_log(XG_LOG_WARN, "registry.lost",
               "device=%s knows=%" PRIu64 " here=%" PRIu64, device,
               says->registry, number);
        says->registry = number;
    }
    return XG_OK;
}

/* ---- a checkpoint that is shown ---- */

static enum xg_status keep_behind(struct data *d, struct xg_bytes note,
                                  struct xg_error *err)
{
    if (ledger_is_behind(d->ledger))
        return XG_OK;
    ledger_set_behind(d->ledger); /* even if it cannot be kept */
    if (!d->dir)
        return XG_OK;
    char *path = data_path(d->dir, DATA_BEHIND);
    if (!path)
        return xg_fail_nomem(err);
    enum xg_status status = xg_os_replace(path, 0600, note, err);
    free(path);
    return status;
}

/* Do we have what it says? */
static enum xg_status has(bool *has, struct data *d,
                          const struct xg_checkpoint *c, struct xg_error *err)
{
    struct xg_hash root;
    struct api_view v;

    if (api_view_of(&v, d, err) != XG_OK)
        return err->status;
    enum xg_status status = XG_OK;
    bool same = c->size == 0;
    if (!same && c->size <= v.checkpoint.size) {
        status = ledger_root(&root, v.store, c->size, err);
        same = status == XG_OK && xg_hash_equal(&root, &c->root);
    }
    api_view_close(&v);
    if (status == XG_OK)
        *has = same;
    return status;
}

enum xg_status successor_shown(bool *old, struct data *d, struct xg_bytes note,
                               struct xg_error *err)
{
    const struct xg_signer *own = ledger_signer(d->ledger);
    struct xg_error unsaid = XG_ERROR_NONE;
    struct xg_checkpoint c;
    size_t count;
    const struct ledger_log *logs = ledger_logs(d->ledger, &count);
    bool here = true;

    /* What a log before this one signed and lost, the registrar has told. */
    for (size_t i = 0; i + 1 < count; i++)
        if (xg_checkpoint_open(&c, note.at, note.len, &logs[i].key, &unsaid) ==
            XG_OK) {
            *old = ledger_is_behind(d->ledger);
            return XG_OK;
        }
    if (xg_checkpoint_open(&c, note.at, note.len, &own->verifier, err) !=
            XG_OK ||
        has(&here, d, &c, err) != XG_OK)
        return err->status;
    if (!here) {
        xg_log(XG_LOG_ERROR, "log.behind", "shown=%" PRIu64, c.size);
        if (keep_behind(d, note, err) != XG_OK)
            return err->status;
    }
    *old = ledger_is_behind(d->ledger);
    return XG_OK;
}
