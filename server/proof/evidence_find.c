/* evidence_find.c - which entities an evidence file is about, their records,
 * and the anchors by which these are judged; see evidence.h. */
#include "server/proof/evidence_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/sight/sight.h"
#include "shared/base/lang.h"
#include "shared/core/deadline.h"

enum { PAGE = 512, UNITS_KNOWN = 64, ROWS_MAX = 100000 };

/* ---- entities ---- */

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct xg_id *)a)->b, ((const struct xg_id *)b)->b,
                  XG_ID_SIZE);
}

static enum xg_status add_entity(struct evidence_work *w,
                                 const struct xg_id *id)
{
    void *list = w->entities;
    struct xg_id *at = evidence_more(w, &list, &w->entity_count,
                                     &w->entity_room, sizeof *at);

    w->entities = list;
    if (!at)
        return w->err->status;
    *at = *id;
    return XG_OK;
}

/* Units that were asked about: a unit has thousands of records. */
struct units {
    struct {
        char code[XG_CODE_MAX + 1];
        bool within;
    } known[UNITS_KNOWN];
    size_t count;
};

static enum xg_status in_unit(struct evidence_work *w, struct units *u,
                              bool *within, const char *unit)
{
    for (size_t i = 0; i < u->count; i++)
        if (strcmp(u->known[i].code, unit) == 0) {
            *within = u->known[i].within;
            return XG_OK;
        }
    if (xg_unit_within(within, &w->registry, unit, w->ask->code, UINT64_MAX,
                       w->err) != XG_OK)
        return w->err->status;
    size_t at = u->count < UNITS_KNOWN ? u->count++ : UNITS_KNOWN - 1;
    snprintf(u->known[at].code, sizeof u->known[at].code, "%s", unit);
    u->known[at].within = *within;
    return XG_OK;
}

/* Whose record is it? The device's owner, where it names nobody. */
static enum xg_status by_person(struct evidence_work *w, bool *by,
                                const struct store_record *row,
                                const struct xg_record *r)
{
    struct store_chain chain;
    struct store_device device;
    bool found = false;

    if (r->head.author.len) {
        *by = xg_bytes_equal(r->head.author, xg_bytes_of(w->ask->code));
        return XG_OK;
    }
    if (w->s->ops->get_chain(w->s, &chain, row->chain, w->err) != XG_OK ||
        w->s->ops->find_device(w->s, &device, &found, chain.device, w->err) !=
            XG_OK)
        return w->err->status;
    *by = found && strcmp(device.worker, w->ask->code) == 0;
    return XG_OK;
}

static enum xg_status look_at(struct evidence_work *w, struct units *u,
                              const struct store_record *row)
{
    static const struct xg_hash no_chain;
    struct xg_record r = {.malformed = NULL};
    struct xg_when when;
    bool wanted = false;

    if (!row->entity || row->kind == XG_KIND_CONTACT)
        return XG_OK;
    xg_record_read(&r, &no_chain, row->seq, &row->previous, row->head,
                   row->fields);
    if (r.malformed)
        return XG_OK;
    if (fold_when(&when, w->s, row->anchor_size, row->position, w->err) !=
        XG_OK)
        return w->err->status;
    int64_t ms = xg_effective_ms(r.head.moment.wall_ms, when);
    if (ms < w->ask->from_ms || ms >= w->ask->to_ms)
        return XG_OK;
    enum xg_status status =
        w->ask->about == XG_EVIDENCE_PERSON
            ? by_person(w, &wanted, row, &r)
            : in_unit(w, u, &wanted, row->unit ? row->unit : "");
    if (status != XG_OK || !wanted)
        return status;
    const struct sight sight = {w->ask->within, w->ask->role, w->s,
                                w->registry};
    if (sight_id(&wanted, &sight, &row->entity_id, w->err) != XG_OK)
        return w->err->status;
    return wanted ? add_entity(w, &row->entity_id) : XG_OK;
}

static enum xg_status find_period(struct evidence_work *w)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct store_counts counts;
    struct units units = {.count = 0};
    uint64_t next = 1;
    enum xg_status status = w->s->ops->get_counts(w->s, &counts, w->err);

    while (status == XG_OK && next <= counts.records) {
        struct store_record *rows;
        size_t count = 0;
        status = w->s->ops->read_records(w->s, &arena, &rows, &count, next,
                                         counts.records, PAGE, w->err);
        for (size_t i = 0; status == XG_OK && i < count; i++)
            status = look_at(w, &units, &rows[i]);
        if (status == XG_OK)
            next = count ? rows[count - 1].number + 1 : counts.records + 1;
        xg_arena_reset(&arena);
    }
    xg_arena_clear(&arena);
    return status;
}

static void make_distinct(struct evidence_work *w)
{
    size_t count = 0;

    if (w->entity_count)
        qsort(w->entities, w->entity_count, sizeof *w->entities, by_id);
    for (size_t i = 0; i < w->entity_count; i++)
        if (count == 0 || by_id(&w->entities[count - 1], &w->entities[i]) != 0)
            w->entities[count++] = w->entities[i];
    w->entity_count = count;
}

/* ---- records ---- */

static struct evidence_row *add_row(struct evidence_work *w,
                                    const struct store_record *row)
{
    void *list = w->rows;
    struct evidence_row *at =
        evidence_more(w, &list, &w->row_count, &w->row_room, sizeof *at);

    w->rows = list;
    if (!at)
        return NULL;
    at->row = *row;
    if (w->s->ops->get_chain(w->s, &at->chain, row->chain, w->err) != XG_OK)
        return NULL;
    if (w->row_count > ROWS_MAX) {
        xg_ignore(xg_fail(w->err, XG_TOOBIG,
                          XG_T("记录太多（最多 %d 条）：缩短期间",
                               "too many records (%d at most): a shorter "
                               "period"),
                          ROWS_MAX));
        return NULL;
    }
    return at;
}

static enum xg_status find_records(struct evidence_work *w,
                                   const struct xg_id *id)
{
    struct store_entity entity;
    struct store_record *rows;
    size_t count = 0;
    bool found = false;

    if (w->s->ops->find_entity(w->s, &w->arena, &entity, &found, id, w->err) !=
        XG_OK)
        return w->err->status;
    if (!found)
        return xg_fail(w->err, XG_NOTFOUND, "%s",
                       XG_T("没有这一件", "there is no such case"));
    if (w->s->ops->read_entity_records(w->s, &w->arena, &rows, &count,
                                       entity.number, w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < count; i++) {
        rows[i].entity_id = *id; /* not read in this way */
        if (!add_row(w, &rows[i]))
            return w->err->status;
    }
    return XG_OK;
}

/* ---- anchors ---- */

static bool is_anchor(const struct store_record *row, uint64_t size)
{
    static const struct xg_hash no_chain;
    struct xg_record r = {.malformed = NULL};
    struct xg_cbor_item number;

    if (row->bad_anchor || row->fields.len == 0)
        return false;
    xg_record_read(&r, &no_chain, row->seq, &row->previous, row->head,
                   row->fields);
    return !r.malformed && r.head.kind == XG_KIND_ANCHOR &&
           xg_record_field(&r, XG_ANCHOR_SIZE, &number) &&
           number.number == size;
}

/* Back along the chain: it lies before the first record after a sync. */
static enum xg_status find_anchor(struct evidence_work *w,
                                  struct store_record *out, bool *found,
                                  const struct store_record *row)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    enum xg_status status = XG_OK;

    *found = false;
    for (uint64_t seq = row->seq; status == XG_OK && !*found && seq-- > 0;) {
        struct store_record *rows;
        size_t count = 0;
        status = w->s->ops->read_place(w->s, &arena, &rows, &count, row->chain,
                                       seq, w->err);
        for (size_t i = 0; status == XG_OK && i < count && !*found; i++)
            if (is_anchor(&rows[i], row->anchor_size)) {
                *found = true;
                *out = rows[i];
            }
        if (*found) {
            out->head = xg_bytes(
                xg_arena_copy(&w->arena, out->head.at, out->head.len),
                out->head.len);
            out->fields = xg_bytes(
                xg_arena_copy(&w->arena, out->fields.at, out->fields.len),
                out->fields.len);
            if (!out->head.at || !out->fields.at)
                status = xg_fail_nomem(w->err);
        }
        xg_arena_reset(&arena);
    }
    xg_arena_clear(&arena);
    return status;
}

static bool is_server(const struct evidence_row *r)
{
    size_t len = strlen(r->chain.device), tail = strlen(XG_SERVER_DEVICE);

    return len > tail &&
           strcmp(r->chain.device + len - tail, XG_SERVER_DEVICE) == 0;
}

/* One anchor serves all records of its chain up to the next. */
static enum xg_status find_anchors(struct evidence_work *w, size_t records)
{
    for (size_t i = 0; i < records; i++) {
        struct evidence_row *r = &w->rows[i];
        struct store_record anchor;
        bool found = false;
        if (is_server(r) || r->row.anchor_size == 0)
            continue;
        for (size_t j = records; j < w->row_count && !found; j++) {
            const struct store_record *a = &w->rows[j].row;
            found = a->chain == r->row.chain && a->seq < r->row.seq &&
                    is_anchor(a, r->row.anchor_size);
            if (found)
                r->anchor = a->hash;
        }
        if (found)
            continue;
        if (find_anchor(w, &anchor, &found, &r->row) != XG_OK)
            return w->err->status;
        if (!found)
            return xg_fail(w->err, XG_CORRUPT,
                           "no anchor of size %" PRIu64 " before a record",
                           r->row.anchor_size);
        r->anchor = anchor.hash;
        if (!add_row(w, &anchor) || evidence_add_size(w, anchor.anchor_size) != XG_OK)
            return w->err->status;
    }
    return XG_OK;
}

enum xg_status evidence_find(struct evidence_work *w)
{
    enum xg_status status = w->ask->about == XG_EVIDENCE_CASE
                                ? add_entity(w, &w->ask->id)
                                : find_period(w);

    if (status != XG_OK)
        return status;
    make_distinct(w);
    if (w->entity_count == 0)
        return xg_fail(w->err, XG_NOTFOUND,
                       XG_T("这段时间里没有 %s 的记录",
                            "there is nothing of %s in that period"),
                       w->ask->code);
    for (size_t i = 0; i < w->entity_count; i++)
        if (find_records(w, &w->entities[i]) != XG_OK)
            return w->err->status;
    w->made.records = w->row_count;
    return find_anchors(w, w->row_count);
}
