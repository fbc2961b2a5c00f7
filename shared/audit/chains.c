/* chains.c - see chains.h. */
#include "shared/audit/chains.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 64, NAME_MAX_BYTES = XG_KEY_NAME_MAX + 1 };

void xg_chains_init(struct xg_chains *c)
{
    memset(c, 0, sizeof *c);
    xg_spill_init(&c->runs);
}

void xg_chains_clear(struct xg_chains *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        free(c->list[i].tips);
        free(c->list[i].forks);
    }
    for (uint32_t i = 0; i < c->device_count; i++)
        free(c->devices[i].name);
    free(c->list);
    free(c->table);
    free(c->devices);
    free(c->names);
    xg_spill_clear(&c->runs);
    xg_chains_init(c);
}

/* ---- finding by id and by name ---- */

static size_t hash_name(const char *name)
{
    uint64_t sum = UINT64_C(14695981039346656037);

    for (; *name; name++)
        sum = (sum ^ (uint8_t)*name) * UINT64_C(1099511628211);
    return (size_t)(sum ^ sum >> 32);
}

static size_t hash_id(const struct xg_hash *id)
{
    return (size_t)xg_load_u64(id->b);
}

static uint32_t *chain_slot(const struct xg_chains *c, const struct xg_hash *id)
{
    size_t mask = c->table_size - 1, at = hash_id(id) & mask;

    while (c->table[at] && !xg_hash_equal(&c->list[c->table[at] - 1].id, id))
        at = (at + 1) & mask;
    return &c->table[at];
}

static uint32_t *name_slot(const struct xg_chains *c, const char *name)
{
    size_t mask = c->names_size - 1, at = hash_name(name) & mask;

    while (c->names[at] &&
           strcmp(c->devices[c->names[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return &c->names[at];
}

struct xg_chain *xg_chains_find(const struct xg_chains *c,
                                const struct xg_hash *id)
{
    uint32_t *slot = c->table_size ? chain_slot(c, id) : NULL;

    return slot && *slot ? &c->list[*slot - 1] : NULL;
}

/* Room for one more in a list, which moves: false when memory is short. */
static bool grow(void **list, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return true;
    uint32_t wanted = *room ? *room * 2 : ROOM_FIRST;
    void *moved = realloc(*list, wanted * size);
    if (!moved)
        return false;
    *list = moved;
    *room = wanted;
    return true;
}

/* An empty table, at most half full with `count` of them. */
static bool new_table(uint32_t **table, uint32_t *size, uint32_t count)
{
    uint32_t wanted = *size ? *size : ROOM_FIRST;

    if (*size && count < *size / 2)
        return false;
    while (count >= wanted / 2)
        wanted *= 2;
    uint32_t *made = calloc(wanted, sizeof *made);
    if (!made)
        return false;
    free(*table);
    *table = made;
    *size = wanted;
    return true;
}

enum xg_status xg_chains_add(struct xg_chains *c, struct xg_chain **out,
                             const struct xg_hash *id, uint32_t device,
                             struct xg_error *err)
{
    void *list = c->list;
    bool good = grow(&list, c->count, &c->room, sizeof *c->list);

    c->list = list;
    if (!good)
        return xg_fail_nomem(err);
    if (new_table(&c->table, &c->table_size, c->count + 1))
        for (uint32_t i = 0; i < c->count; i++)
            *chain_slot(c, &c->list[i].id) = i + 1;
    if (c->count + 1 >= c->table_size)
        return xg_fail_nomem(err);
    c->list[c->count] = (struct xg_chain){.id = *id, .device = device};
    *chain_slot(c, id) = c->count + 1;
    *out = &c->list[c->count++];
    return XG_OK;
}

enum xg_status xg_chains_device(struct xg_chains *c, uint32_t *device,
                                const char *name, struct xg_error *err)
{
    void *list = c->devices;
    size_t len = strlen(name) + 1;

    if (c->names_size && *name_slot(c, name)) {
        *device = *name_slot(c, name) - 1;
        return XG_OK;
    }
    bool good =
        grow(&list, c->device_count, &c->device_room, sizeof *c->devices);
    c->devices = list;
    char *copy = good ? malloc(len) : NULL;
    if (!copy)
        return xg_fail_nomem(err);
    memcpy(copy, name, len);
    if (new_table(&c->names, &c->names_size, c->device_count + 1))
        for (uint32_t i = 0; i < c->device_count; i++)
            *name_slot(c, c->devices[i].name) = i + 1;
    if (c->device_count + 1 >= c->names_size) {
        free(copy);
        return xg_fail_nomem(err);
    }
    *name_slot(c, name) = c->device_count + 1;
    c->devices[c->device_count] = (struct xg_chain_device){.name = copy};
    *device = c->device_count++;
    return XG_OK;
}

/* ---- runs ---- */

/* What a run goes on from lies before it, in a damaged state too: so every walk
 * towards the beginning ends. */
static void get_run(struct xg_chains *c, struct xg_run *run, uint64_t at)
{
    xg_spill_get(&c->runs, at - 1, run, sizeof *run);
    if (run->parent >= at)
        run->parent = 0;
    if (run->leap >= at)
        run->leap = 0;
}

static void get_placed(struct xg_chains *c, struct xg_placed *out, uint64_t run,
                       uint64_t index)
{
    xg_spill_get(&c->runs,
                 run - 1 + sizeof(struct xg_run) + index * sizeof *out, out,
                 sizeof *out);
}

/* The run on the path that ends in `tip` that holds the place; false where the
 * path does not reach it. */
static bool run_of(struct xg_chains *c, struct xg_spot *out,
                   const struct xg_tip *tip, uint64_t seq)
{
    struct xg_run run, leap;
    uint64_t at = tip->run;

    if (seq >= tip->next)
        return false;
    get_run(c, &run, at);
    while (run.first > seq && run.parent) {
        if (run.leap)
            get_run(c, &leap, run.leap);
        if (run.leap && leap.first > seq) {
            at = run.leap;
            run = leap;
        } else {
            at = run.parent;
            get_run(c, &run, at);
        }
    }
    if (run.first > seq || seq - run.first >= run.count)
        return false;
    out->run = at;
    out->index = seq - run.first;
    out->says = run;
    get_placed(c, &out->record, at, out->index);
    return true;
}

bool xg_chains_record(struct xg_chains *c, struct xg_spot *out,
                      const struct xg_chain *chain, uint64_t seq,
                      const struct xg_hash *hash)
{
    struct xg_spot spot;

    for (uint32_t i = 0; i < chain->tip_count; i++)
        if (run_of(c, &spot, &chain->tips[i], seq) &&
            xg_hash_equal(&spot.record.hash, hash)) {
            *out = spot;
            return true;
        }
    return false;
}

/* ---- placing ---- */

static bool has_room(const struct xg_chains *c, uint32_t device)
{
    return c->devices[device].branches < XG_BRANCHES_MAX;
}

/* A tip that ends with that very record. */
static bool tip_after(const struct xg_chain *chain, size_t *tip,
                      const struct xg_spot *spot, uint64_t next)
{
    for (uint32_t i = 0; i < chain->tip_count; i++)
        if (chain->tips[i].next == next && chain->tips[i].run == spot->run) {
            *tip = i;
            return true;
        }
    return false;
}

void xg_chains_look(struct xg_chains *c, struct xg_placement *out,
                    const struct xg_hash *id, uint32_t device, uint64_t first,
                    const struct xg_hash *previous,
                    const struct xg_hash *hashes, size_t count)
{
    const struct xg_chain *chain = xg_chains_find(c, id);
    struct xg_placement p = {.placing = XG_PLACE_GAP};
    struct xg_spot at = {0};
    bool any = false;

    if (!chain) {
        p.begins = first == 0 && has_room(c, device);
        p.placing = p.begins     ? XG_PLACE_NEXT
                    : first == 0 ? XG_PLACE_SPENT
                                 : XG_PLACE_GAP;
        *out = p;
        return;
    }
    if (chain->tip_count == 1 && chain->tips[0].next == first &&
        xg_hash_equal(&chain->tips[0].last, previous)) {
        p.placing = XG_PLACE_NEXT;
        p.anchor = chain->tips[0].anchor;
        *out = p;
        return;
    }
    if (first == 0 || (any = xg_chains_record(c, &at, chain, first - 1,
                                              previous)))
        while (p.held < count &&
               xg_chains_record(c, &at, chain, first + p.held,
                                &hashes[p.held])) {
            p.held++;
            any = true;
        }
    if (any && p.held == count) {
        p.placing = XG_PLACE_HELD;
    } else if (any) {
        p.after = at;
        p.anchor = at.record.anchor;
        p.placing = tip_after(chain, &p.tip, &at, first + p.held) ? XG_PLACE_NEXT
                    : has_room(c, device)                         ? XG_PLACE_FORK
                                                                  : XG_PLACE_SPENT;
    }
    *out = p;
}

/* A fork has one more side: the first one makes two of what was one. */
static enum xg_status note_fork(struct xg_chains *c, struct xg_chain *chain,
                                const struct xg_spot *after,
                                struct xg_error *err)
{
    for (uint32_t i = 0; i < chain->fork_count; i++)
        if (chain->forks[i].run == after->run &&
            chain->forks[i].index == after->index) {
            c->devices[chain->device].branches++;
            return XG_OK;
        }
    struct xg_fork_place *moved =
        realloc(chain->forks, (chain->fork_count + 1) * sizeof *moved);
    if (!moved)
        return xg_fail_nomem(err);
    moved[chain->fork_count++] =
        (struct xg_fork_place){after->run, after->index};
    chain->forks = moved;
    c->devices[chain->device].branches += 2;
    return XG_OK;
}

static enum xg_status add_tip(struct xg_chain *chain, struct xg_tip **tip,
                              struct xg_error *err)
{
    struct xg_tip *moved =
        realloc(chain->tips, (chain->tip_count + 1) * sizeof *moved);

    if (!moved)
        return xg_fail_nomem(err);
    chain->tips = moved;
    *tip = &moved[chain->tip_count++];
    **tip = (struct xg_tip){0};
    return XG_OK;
}

/* Leaps grow as the bits of a skew binary number do: each run of equal leaps is
 * joined to one. */
static void set_leap(struct xg_chains *c, struct xg_run *run)
{
    struct xg_run parent, leap, further;

    if (!run->parent)
        return;
    get_run(c, &parent, run->parent);
    run->depth = parent.depth + 1;
    run->leap = run->parent;
    if (!parent.leap)
        return;
    get_run(c, &leap, parent.leap);
    if (!leap.leap)
        return;
    get_run(c, &further, leap.leap);
    if (parent.depth - leap.depth == leap.depth - further.depth)
        run->leap = leap.leap;
}

enum xg_status xg_chains_keep(struct xg_chains *c,
                              const struct xg_placement *place,
                              const struct xg_hash *id, uint32_t device,
                              uint64_t first, const struct xg_run *about,
                              const struct xg_placed *records, size_t count,
                              struct xg_error *err)
{
    struct xg_chain *chain = xg_chains_find(c, id);
    struct xg_run run = *about;
    struct xg_tip *tip = NULL;

    if (!chain && xg_chains_add(c, &chain, id, device, err) != XG_OK)
        return err->status;
    if (place->begins)
        c->devices[device].branches++;
    if (place->placing == XG_PLACE_FORK &&
        note_fork(c, chain, &place->after, err) != XG_OK)
        return err->status;
    if (place->begins || place->placing == XG_PLACE_FORK) {
        if (add_tip(chain, &tip, err) != XG_OK)
            return err->status;
        run.parent = place->begins ? 0 : place->after.run;
        run.parent_index = place->begins ? 0 : place->after.index;
    } else {
        tip = &chain->tips[place->tip];
        run.parent = tip->run;
    }
    run.first = first + place->held;
    run.count = count - place->held;
    run.skipped = place->held;
    run.leap = run.depth = 0;
    set_leap(c, &run);
    tip->run = xg_spill_size(&c->runs) + 1;
    tip->next = first + count;
    tip->last = records[count - 1].hash;
    tip->anchor = records[count - 1].anchor;
    xg_spill_add(&c->runs, &run, sizeof run);
    xg_spill_add(&c->runs, &records[place->held],
                 (count - place->held) * sizeof *records);
    return xg_spill_check(&c->runs, err);
}
