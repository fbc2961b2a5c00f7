/* sim_entities.c - every entity as the server has it in the end, and which units
 * may see it; see sim.h. Read once: thousands of devices are held against it,
 * each against those of its scope. */
#include "tests/sim/sim_server.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server/data/guide.h"

enum { ROWS_EACH = 256, ARENA_MAX = 256 << 20, CLOCKS_MAX = 1 << 20 };
static const size_t texts_max = (size_t)4 << 30;

static void put_unit(struct sim_units *units, const uint8_t *code, size_t len)
{
    for (size_t i = 0; i < sim_unit_count(); i++)
        if (strlen(sim_unit(i)) == len && memcmp(sim_unit(i), code, len) == 0)
            units->bits[i / 64] |= UINT64_C(1) << i % 64;
}

static bool share_one(const struct sim_units *a, const struct sim_units *b)
{
    bool share = false;

    for (size_t i = 0; i < sizeof a->bits / sizeof *a->bits; i++)
        share = share || (a->bits[i] & b->bits[i]);
    return share;
}

bool sim_units_within(const struct sim_units *units, const char *unit)
{
    bool within = false;

    for (size_t i = 0; i < sim_unit_count(); i++)
        within = within || (units->bits[i / 64] >> i % 64 & 1 &&
                            sim_unit_below(sim_unit(i), unit));
    return within;
}

static void put_code(struct sim_units *units, const struct xg_cbor_item *code)
{
    if (code->type == XG_CBOR_TEXT)
        put_unit(units, code->bytes.at, code->bytes.len);
}

/* In whose hands is it? Read off the state's own bytes: every side of `unit`,
 * every element of `called`. */
static void put_hands(struct sim_units *units, struct xg_bytes state)
{
    struct xg_brief_elements called;
    struct xg_cbor_item number, heads, head, part;
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_brief b;

    if (xg_brief_read(&b, state, &ignored) != XG_OK || !b.kind ||
        !b.kind->first_status)
        return;
    struct xg_cbor registers = b.registers;
    while (xg_cbor_next(&registers, &number) &&
           xg_cbor_next(&registers, &heads)) {
        struct xg_cbor c = xg_cbor_inside(&heads);
        while (number.number == XG_CASE_UNIT && xg_cbor_next(&c, &head)) {
            struct xg_cbor h = xg_cbor_inside(&head);
            if (xg_cbor_next(&h, &part) && xg_cbor_next(&h, &part))
                put_code(units, &part);
        }
    }
    if (xg_brief_set(&b, XG_CASE_CALLED, &called))
        while (xg_brief_element(&called, &part))
            put_code(units, &part);
}

/* Whom a record puts it in the hands of, whether that still holds or not. */
static void put_given(struct sim_units *units, const struct xg_record *r)
{
    struct xg_cbor_item value, key;

    if (r->malformed)
        return;
    if (xg_record_field(r, XG_CASE_UNIT, &value))
        put_code(units, &value);
    if (!xg_record_field(r, XG_CASE_CALLED, &value))
        return;
    struct xg_cbor c = xg_cbor_inside(&value);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value)) {
        struct xg_cbor added = xg_cbor_inside(&value);
        while (key.number == XG_SET_ADDED && xg_cbor_next(&added, &value))
            put_code(units, &value);
    }
}

/* ---- reading them ---- */

struct reading {
    struct sim_log *log;
    struct sim_server *server;
    struct store *store;
    struct xg_guide *guide;
};

static struct xg_bytes keep(struct reading *r, struct xg_bytes text)
{
    uint8_t *kept = xg_arena_alloc(&r->log->texts, text.len + 1);

    if (!kept)
        sim_fail(r->server->world, "no memory for all that the server says");
    if (text.len)
        memcpy(kept, text.at, text.len);
    return xg_bytes(kept, text.len);
}

/* Its deadlines, as the console says them, and who was ever given it. */
static void read_case(struct reading *r, struct sim_entity *e,
                      const struct store_entity *row)
{
    const struct xg_registry registry = registry_view(r->server->data->registry);
    struct sim_world *w = r->server->world;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_buf text = XG_BUF(CLOCKS_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct guide_rules rules;
    struct xg_clock *clocks;
    struct fold fold;
    size_t count;

    sim_ok(w, fold_of_found(&fold, &arena, r->store, &registry, row, &err));
    sim_ok(w, guide_rules_of(&rules, r->guide, &fold, &err));
    sim_ok(w, guide_clocks(&clocks, &count, &arena, &fold, &rules, w->now_ms,
                           &err));
    sim_clocks_put(&text, clocks, count);
    sim_ok(w, xg_buf_check(&text, &err));
    e->clocks = keep(r, xg_buf_bytes(&text));
    for (size_t i = 0; i < fold.state.count; i++)
        put_given(&e->given, fold.state.ops[i].record);
    xg_buf_clear(&text);
    xg_arena_clear(&arena);
}

static void put_entity(struct reading *r, const struct store_entity *row)
{
    const struct xg_kind *kind = xg_kind_find(row->kind);
    struct sim_log *log = r->log;
    struct sim_entity e = {.id = row->id,
                           .kind = row->kind,
                           .conflicts = row->conflicts,
                           .state = keep(r, row->state)};

    put_unit(&e.units, (const uint8_t *)row->unit, strlen(row->unit));
    put_hands(&e.units, row->state);
    if (kind && kind->first_status && row->folded)
        read_case(r, &e, row);
    log->each = sim_grow(log->each, log->entities, &log->entity_room,
                         sizeof *log->each);
    log->each[log->entities++] = e;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct sim_entity *)a)->id.b,
                  ((const struct sim_entity *)b)->id.b, XG_ID_SIZE);
}

void sim_entities_load(struct sim_log *log, struct sim_server *s,
                       struct store *reader)
{
    struct xg_guide_source source = guide_source(reader);
    struct reading r = {.log = log, .server = s, .store = reader};
    struct store_filter filter = {.limit = ROWS_EACH};
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct store_counts counts;
    struct store_entity *rows;
    size_t count = 1;

    log->texts = XG_ARENA(texts_max);
    sim_ok(s->world, xg_guide_new(&r.guide, &source, &err));
    while (count > 0 && filter.before != 1) {
        xg_arena_reset(&arena);
        sim_ok(s->world, reader->ops->read_entities(reader, &arena, &rows,
                                                    &count, &filter, &err));
        for (size_t i = 0; i < count; i++) {
            put_entity(&r, &rows[i]);
            filter.before = rows[i].number;
        }
    }
    sim_ok(s->world, reader->ops->get_counts(reader, &counts, &err));
    if (log->entities != counts.entities)
        sim_fail(s->world, "%zu entities are there, %" PRIu64 " are counted",
                 log->entities, counts.entities);
    if (log->entities)
        qsort(log->each, log->entities, sizeof *log->each, by_id);
    xg_guide_free(r.guide);
    xg_arena_clear(&arena);
}

void sim_entities_clear(struct sim_log *log)
{
    xg_arena_clear(&log->texts);
    free(log->each);
}

const struct sim_entity *sim_log_entity(const struct sim_log *log,
                                        const struct xg_id *id)
{
    const struct sim_entity key = {.id = *id};

    return log->entities ? bsearch(&key, log->each, log->entities,
                                   sizeof *log->each, by_id)
                         : NULL;
}

void sim_log_scope(const struct sim_log *log, struct sim_server *s,
                   const char *device, const struct sim_in_scope *visitor)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct sim_units mine = {{0}};
    struct registry_scope scope;

    sim_ok(s->world, registry_scope(&scope, s->data->registry, &arena, device,
                                    log->size, &err));
    for (size_t i = 0; i < scope.unit_count; i++)
        put_unit(&mine, (const uint8_t *)scope.units[i],
                 strlen(scope.units[i]));
    for (size_t i = 0; i < log->entities; i++)
        if (share_one(&mine, &log->each[i].units) &&
            (log->each[i].kind != XG_KIND_CONTACT ||
             (scope.role && scope.role->informed)))
            visitor->visit(visitor->ctx, &log->each[i]);
    xg_arena_clear(&arena);
}
