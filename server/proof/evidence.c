/* evidence.c - see evidence.h. */
#include "server/proof/evidence_inside.h"

#include <stdlib.h>
#include <string.h>

#include "server/sight/access.h"
#include "shared/base/lang.h"

enum { COLLECT_MAX = 640 << 20 };

void *evidence_more(struct evidence_work *w, void **list, size_t *count,
                    size_t *room, size_t size)
{
    if (*count == *room) {
        size_t more = *room ? *room * 2 : 64;
        void *moved = realloc(*list, more * size);
        if (!moved) {
            xg_ignore(xg_fail_nomem(w->err));
            return NULL;
        }
        *list = moved;
        *room = more;
    }
    void *at = (uint8_t *)*list + *count * size;
    memset(at, 0, size);
    ++*count;
    return at;
}

enum xg_status evidence_name_entry(struct evidence_work *w, uint64_t position)
{
    struct evidence_positions *p = &w->entries;
    void *list = p->all;
    uint64_t *at =
        evidence_more(w, &list, &p->count, &p->room, sizeof *p->all);

    p->all = list;
    if (!at)
        return w->err->status;
    *at = position;
    return XG_OK;
}

enum xg_status evidence_add_size(struct evidence_work *w, uint64_t size)
{
    void *list = w->sizes.all;
    uint64_t *at = evidence_more(w, &list, &w->sizes.count, &w->sizes.room,
                                 sizeof *at);

    w->sizes.all = list;
    if (!at)
        return w->err->status;
    *at = size;
    return XG_OK;
}

enum xg_status evidence_add(struct evidence_work *w, const char *name,
                            struct xg_bytes content)
{
    void *list = w->parts;
    struct xg_evidence_part *part =
        evidence_more(w, &list, &w->part_count, &w->part_room, sizeof *part);
    void *copy = xg_arena_alloc(&w->arena, content.len + 1);

    w->parts = list;
    if (!part)
        return w->err->status;
    w->bytes += content.len;
    if (!copy || w->bytes > XG_EVIDENCE_MAX / 2 ||
        w->part_count > XG_EVIDENCE_PARTS_MAX)
        return xg_fail(w->err, XG_TOOBIG,
                       XG_T("证据太大（最多 256 MiB）：缩短期间，或不带原图",
                            "the evidence is too large (256 MiB at most): a "
                            "shorter period, or without whole photos"));
    if (content.len)
        memcpy(copy, content.at, content.len);
    memcpy(part->name, name, strlen(name) + 1);
    part->content = xg_bytes(copy, content.len);
    return XG_OK;
}

struct counting {
    const struct xg_evidence_sink *to;
    uint64_t bytes;
};

static enum xg_status count_and_put(void *ctx, struct xg_bytes piece,
                                    struct xg_error *err)
{
    struct counting *c = ctx;

    c->bytes += piece.len;
    if (c->bytes > XG_EVIDENCE_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("证据太大（最多 256 MiB）：缩短期间，或不带原图",
                            "the evidence is too large (256 MiB at most): a "
                            "shorter period, or without whole photos"));
    return c->to->put(c->to->ctx, piece, err);
}

static enum xg_status collect(struct evidence_work *w)
{
    if (ledger_published(w->d->ledger, &w->checkpoint, &w->checkpoint_note,
                         w->err) != XG_OK ||
        data_borrow(w->d, &w->s, w->err) != XG_OK)
        return w->err->status;
    w->registry = registry_view(w->d->registry);
    enum xg_status status = evidence_find(w);
    if (status == XG_OK)
        status = evidence_put_parts(w);
    data_return(w->d, w->s);
    return status;
}

/* Nothing of it has left us yet. */
static enum xg_status admit(const struct evidence_work *w)
{
    bool sensitive = false;

    for (size_t i = 0; i < w->row_count; i++)
        sensitive |= w->rows[i].row.entity &&
                     access_is_sensitive(&w->rows[i].row);
    return w->ask->admit(w->ask->ctx, w->entities, w->entity_count, sensitive,
                         w->err);
}

enum xg_status evidence_write(struct evidence_made *made, struct data *d,
                              const struct evidence_ask *ask,
                              const struct xg_evidence_sink *to,
                              struct xg_error *err)
{
    struct evidence_work w = {.d = d,
                              .ask = ask,
                              .arena = XG_ARENA(COLLECT_MAX),
                              .checkpoint_note = XG_BUF(XG_NOTE_MAX),
                              .hashes_of = UINT64_MAX,
                              .err = err};
    struct counting counting = {.to = to};
    const struct xg_evidence_sink sink = {.ctx = &counting,
                                          .put = count_and_put};
    enum xg_status status = collect(&w);

    if (status == XG_OK && ask->admit)
        status = admit(&w);
    if (status == XG_OK)
        status = xg_evidence_write(w.parts, w.part_count,
                                   &ledger_signer(d->ledger)->verifier, &sink,
                                   err);
    if (status == XG_OK) {
        *made = w.made;
        made->entities = w.entity_count;
        made->size = w.checkpoint.size;
        made->bytes = counting.bytes;
    }
    xg_arena_clear(&w.arena);
    xg_buf_clear(&w.checkpoint_note);
    free(w.rows);
    free(w.entities);
    free(w.entries.all);
    free(w.sizes.all);
    free(w.parts);
    return status;
}
