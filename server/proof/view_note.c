/* view_note.c - see view_note.h. */
#include "server/proof/view_note.h"

#include <stdlib.h>

#include "shared/core/tlog.h"

/* Values of the store: when the last was appended, and where it ends. */
#define VIEW_MS "view_ms"
#define VIEW_END "view_end"

enum { AT_ONCE = 256, ROWS_BYTES = 512 << 20, NOTE_ROOM = 1024 };

struct leaf {
    struct xg_id id;
    struct xg_hash hash;
};

struct view_job {
    struct ledger_job job;
    struct xg_view_note note;
    struct leaf *leaves;
    size_t count, room;
};

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct leaf *)a)->id.b,
                  ((const struct leaf *)b)->id.b, XG_ID_SIZE);
}

static enum xg_status keep_leaf(struct view_job *j,
                                const struct store_entity *e,
                                struct xg_error *err)
{
    if (!e->folded)
        return XG_OK;
    if (j->count == j->room) {
        size_t room = j->room ? j->room * 2 : 1024;
        struct leaf *moved = realloc(j->leaves, room * sizeof *moved);
        if (!moved)
            return xg_fail_nomem(err);
        j->leaves = moved;
        j->room = room;
    }
    j->leaves[j->count].id = e->id;
    xg_view_leaf(&j->leaves[j->count++].hash, &e->id, e->state);
    return XG_OK;
}

static enum xg_status read_leaves(struct view_job *j, struct store *s,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ROWS_BYTES);
    struct store_filter all = {.limit = AT_ONCE};
    struct store_entity *rows;
    size_t n = AT_ONCE;
    enum xg_status status = XG_OK;

    while (status == XG_OK && n == AT_ONCE) {
        xg_arena_reset(&arena);
        status = s->ops->read_entities(s, &arena, &rows, &n, &all, err);
        for (size_t i = 0; status == XG_OK && i < n; i++) {
            status = keep_leaf(j, &rows[i], err);
            all.before = rows[i].number;
        }
    }
    xg_arena_clear(&arena);
    return status;
}

static void sum_leaves(struct view_job *j)
{
    struct xg_tree tree;

    if (j->count > 1)
        qsort(j->leaves, j->count, sizeof *j->leaves, by_id);
    xg_tree_init(&tree);
    for (size_t i = 0; i < j->count; i++)
        xg_tree_append(&tree, &j->leaves[i].hash, NULL, NULL);
    xg_tree_root(&j->note.root, &tree);
    j->note.entities = j->count;
}

static enum xg_status run_view(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    struct view_job *j = (struct view_job *)job;
    struct xg_buf text = XG_BUF(NOTE_ROOM);
    uint64_t index;

    j->count = 0;
    j->note = (struct xg_view_note){.size = ledger_next(l),
                                    .fold = XG_FOLD_VERSION,
                                    .schema = XG_SCHEMA_VERSION};
    if (read_leaves(j, store, err) != XG_OK)
        return err->status;
    sum_leaves(j);
    xg_view_note_put(&text, &j->note);
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = ledger_append_text(l, &index, xg_buf_bytes(&text), err);
    if (status == XG_OK)
        status =
            store->ops->put_value(store, VIEW_MS, ledger_time_ms(l), err);
    if (status == XG_OK) /* with the time note that closes the checkpoint */
        status = store->ops->put_value(store, VIEW_END, index + 2, err);
    xg_buf_clear(&text);
    return status;
}

enum xg_status view_note_append(struct xg_view_note *out, struct data *d,
                                struct xg_error *err)
{
    struct view_job j = {.job = {.run = run_view, .alone = true}};
    enum xg_status status = ledger_submit(d->ledger, &j.job, err);

    if (status == XG_OK)
        *out = j.note;
    free(j.leaves);
    return status;
}

/* Since when, and from where on, there was none: from the log's first time note
 * on, where there never was one. */
static enum xg_status find_last(uint64_t *ms, uint64_t *end, struct store *s,
                                struct xg_error *err)
{
    struct store_time first;
    bool found;

    if (s->ops->get_value(s, ms, VIEW_MS, err) != XG_OK ||
        s->ops->get_value(s, end, VIEW_END, err) != XG_OK || *ms > 0)
        return err->status;
    enum xg_status status = s->ops->find_time_from(s, &first, &found, 0, err);
    if (status == XG_OK)
        *ms = found ? (uint64_t)first.ms : UINT64_MAX;
    return status;
}

enum xg_status view_note_daily(struct data *d, struct xg_error *err)
{
    uint64_t now = ledger_time_ms(d->ledger), last = 0, end = 0;
    struct xg_checkpoint published;
    struct xg_view_note note;
    struct store *reader;

    if (ledger_published(d->ledger, &published, NULL, err) != XG_OK ||
        data_borrow(d, &reader, err) != XG_OK)
        return err->status;
    enum xg_status status = find_last(&last, &end, reader, err);
    data_return(d, reader);
    if (status != XG_OK || now < last || now - last < VIEW_NOTE_EVERY_MS ||
        published.size <= end)
        return status;
    return view_note_append(&note, d, err);
}
