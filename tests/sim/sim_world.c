/* sim_world.c - randomness, time, units, the digest, failing; see sim.h. */
#include "tests/sim/sim.h"

#include <dirent.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "shared/core/cbor.h"
#include "shared/core/loop.h"

enum { TELL_EACH_S = 60 };

/* ---- randomness ---- */

uint64_t sim_next(struct sim_rng *rng)
{
    uint64_t z = rng->state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

struct sim_rng sim_rng(uint64_t seed, uint64_t stream)
{
    struct sim_rng rng = {seed};

    rng.state = sim_next(&rng) ^ stream * 0xD1B54A32D192ED03u;
    sim_next(&rng);
    return rng;
}

uint64_t sim_below(struct sim_rng *rng, uint64_t bound)
{
    uint64_t next = sim_next(rng);

    return bound ? next % bound : 0;
}

bool sim_chance(struct sim_rng *rng, unsigned permille)
{
    return sim_below(rng, 1000) < permille;
}

void sim_fill(struct sim_rng *rng, void *out, size_t len)
{
    unsigned char *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)sim_next(rng);
}

/* ---- the world ---- */

struct sim_digest {
    crypto_hash_sha256_state state;
};

static void *must_have(void *memory)
{
    if (memory)
        return memory;
    fputs("sim: no memory\n", stderr);
    exit(3);
}

void *sim_alloc(size_t size)
{
    return must_have(calloc(1, size));
}

void *sim_grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? *room * 2 : 16;
    return must_have(realloc(array, *room * size));
}

void sim_world_init(struct sim_world *w, const struct sim_options *options)
{
    *w = (struct sim_world){.options = *options,
                            .script = options->script,
                            .rng = sim_rng(options->script->seed, 1),
                            .start_ms = 1800000000000,
                            .now_ms = 1800000000000,
                            .act = "beginning"};
    w->slots = sim_alloc(options->script->slots * sizeof *w->slots);
    w->digest = sim_alloc(sizeof *w->digest);
    crypto_hash_sha256_init(&w->digest->state);
}

void sim_world_clear(struct sim_world *w)
{
    for (size_t i = 0; i < w->device_count; i++)
        sim_device_free(w->devices[i]);
    free(w->devices);
    free(w->slots);
    sim_net_forget(w);
    sim_server_free(w->server);
    free(w->passed);
    free(w->seen);
    free(w->must);
    free(w->digest);
    *w = (struct sim_world){.server = NULL};
}

static void remove_level(const char *dir, unsigned depth)
{
    char path[512];
    struct dirent *e;
    DIR *d = opendir(dir);

    if (!d)
        return;
    while ((e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        int n = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (n < 0 || (size_t)n >= sizeof path)
            continue;
        if (unlink(path) != 0 && depth < 3)
            remove_level(path, depth + 1);
    }
    closedir(d);
    rmdir(dir);
}

void sim_remove(const char *dir)
{
    remove_level(dir, 0);
}

static _Noreturn void end_run(struct sim_world *w, const char *signature)
{
    struct sim_verdict verdict = {.step = w->step};

    snprintf(verdict.signature, sizeof verdict.signature, "%s", signature);
    if (write(w->options.verdict_fd, &verdict, sizeof verdict) !=
        (ssize_t)sizeof verdict)
        perror("sim");
    exit(1);
}

static void head_failure(const struct sim_world *w)
{
    fflush(stdout);
    fprintf(stderr,
            "sim: FAILED  seed %" PRIu64 "  step %" PRIu64
            "  (of %u devices, %zu events)\n     while: %s\n     ",
            w->script->seed, w->step, w->script->devices,
            w->script->event_count, w->act);
}

void sim_fail(struct sim_world *w, const char *format, ...)
{
    va_list args;

    head_failure(w);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    end_run(w, format);
}

void sim_refused(struct sim_world *w, const char *call,
                 const struct xg_error *err)
{
    head_failure(w);
    fprintf(stderr, "%s: %s: %s\n", call, xg_status_name(err->status),
            xg_error_text(err));
    end_run(w, call);
}

void sim_say(const struct sim_world *w, const char *format, ...)
{
    va_list args;

    if (!w->options.verbose)
        return;
    printf("%6" PRIu64 " %*s", w->step, (int)w->depth * 2, "");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void sim_tell(struct sim_world *w, size_t done, size_t of)
{
    clock_t now = clock();

    if (now - w->told < TELL_EACH_S * CLOCKS_PER_SEC)
        return;
    w->told = now;
    printf("sim: seed %" PRIu64 "  %s: %zu of %zu, day %" PRId64
           ", a log of %" PRIu64 ", after %ld s of one core\n",
           w->script->seed, w->phase, done, of,
           (w->now_ms - w->start_ms) / ((int64_t)24 * 3600 * 1000),
           sim_server_size(w->server), (long)(now / CLOCKS_PER_SEC));
    fflush(stdout);
}

void sim_count(struct sim_world *w, enum sim_counter counter)
{
    w->tally.counters[counter]++;
}

void sim_count_move(struct sim_world *w, uint64_t move)
{
    if (move < SIM_MOVE_NUMBERS)
        w->tally.moves[move]++;
    if (move == XG_MOVE_ASK_SHELVE || move == XG_MOVE_ASK_DEFER ||
        move == XG_MOVE_ASK_EXTEND)
        sim_count(w, SIM_ASKED);
    if (move == XG_MOVE_SHELVE || move == XG_MOVE_DEFER ||
        move == XG_MOVE_EXTEND)
        sim_count(w, SIM_GRANTED);
    if (move == XG_MOVE_REFUSE)
        sim_count(w, SIM_NOT_GRANTED);
}

void sim_note(struct sim_world *w, const char *what, uint64_t number,
              const struct xg_hash *hash)
{
    crypto_hash_sha256_state *state = &w->digest->state;
    uint8_t head[24];

    xg_store_u64(head, w->step);
    xg_store_u64(head + 8, (uint64_t)w->now_ms);
    xg_store_u64(head + 16, number);
    crypto_hash_sha256_update(state, head, sizeof head);
    crypto_hash_sha256_update(state, (const unsigned char *)what,
                              strlen(what) + 1);
    if (hash)
        crypto_hash_sha256_update(state, hash->b, sizeof hash->b);
}

void sim_digest_take(struct sim_world *w, struct xg_hash *out)
{
    crypto_hash_sha256_state state = w->digest->state;

    crypto_hash_sha256_final(&state, out->b);
}

void sim_passed(struct sim_world *w, const struct sim_device *from,
                const struct sim_device *to)
{
    w->passed = sim_grow(w->passed, w->passed_count, &w->passed_room,
                         sizeof *w->passed);
    w->passed[w->passed_count++] = (struct sim_passed){from->index, to->index};
}

void sim_saw(struct sim_world *w, uint64_t size, const struct xg_hash *root)
{
    if (size == 0)
        return;
    for (size_t i = w->seen_count; i-- > 0;) { /* most often a late one */
        if (w->seen[i].size != size)
            continue;
        if (!xg_hash_equal(&w->seen[i].root, root))
            sim_fail(w, "two roots were shown at log size %" PRIu64, size);
        return;
    }
    w->seen = sim_grow(w->seen, w->seen_count, &w->seen_room, sizeof *w->seen);
    w->seen[w->seen_count++] = (struct sim_seen){size, *root};
}

/* ---- states ---- */

enum { STATE_EFFECTS = 8 }; /* key of [[hash, effect], ...] in a state */

unsigned sim_effect(struct xg_bytes state, const struct xg_hash *record)
{
    struct xg_cbor c = xg_cbor_over(state);
    struct xg_cbor_item item, key, list, pair, hash, effect;

    if (state.len == 0 || !xg_cbor_next(&c, &item))
        return SIM_EFFECT_UNKNOWN;
    c = xg_cbor_inside(&item);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list)) {
        if (key.number != STATE_EFFECTS)
            continue;
        struct xg_cbor each = xg_cbor_inside(&list);
        while (xg_cbor_next(&each, &pair)) {
            struct xg_cbor two = xg_cbor_inside(&pair);
            if (xg_cbor_next(&two, &hash) && xg_cbor_next(&two, &effect) &&
                xg_bytes_equal(hash.bytes, xg_bytes(record->b, XG_HASH_SIZE)))
                return (unsigned)effect.number;
        }
    }
    return 0;
}

/* ---- units ---- */

/* 1 district, 4 streets, 12 communities, 48 grids: "d", "d-1", "d-1-2",
 * "d-1-2-3". */
static const char *const units[] = {
    "d",
#define GRIDS(c) c, c "-1", c "-2", c "-3", c "-4"
#define STREET(s) s, GRIDS(s "-1"), GRIDS(s "-2"), GRIDS(s "-3")
    STREET("d-1"), STREET("d-2"), STREET("d-3"), STREET("d-4"),
};

size_t sim_unit_count(void)
{
    return sizeof units / sizeof *units;
}

const char *sim_unit(size_t i)
{
    return units[i];
}

bool sim_unit_below(const char *unit, const char *top)
{
    size_t len = strlen(top);

    return strncmp(unit, top, len) == 0 && (!unit[len] || unit[len] == '-');
}

const char *sim_unit_pick(struct sim_rng *rng, const char *top)
{
    size_t fit[SIM_UNITS_MAX], count = 0;

    for (size_t i = 0; i < sim_unit_count() && count < SIM_UNITS_MAX; i++)
        if (sim_unit_below(units[i], top))
            fit[count++] = i;
    return count ? units[fit[sim_below(rng, count)]] : top;
}

const char *sim_grid_pick(struct sim_rng *rng, unsigned devices)
{
    size_t grids[SIM_UNITS_MAX], count = 0, most = 2 + devices / 4;

    for (size_t i = 0; i < sim_unit_count() && count < most; i++)
        if (strlen(units[i]) == sizeof "d-1-1-1" - 1)
            grids[count++] = i;
    return units[grids[sim_below(rng, count)]];
}
