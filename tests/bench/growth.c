/* growth.c - what one more record costs a server that holds many already.
 *
 *      growth DATA SIZE [SIZE ...]
 *          DATA is a fresh data folder (xunge-server init). It is filled with
 *          entities up to each size in turn; at each, updates of entities
 *          drawn from all of them go in, as they come from devices: batches of
 *          100 records, verified, merged, logged.
 *
 *      growth --deep DATA SIZE [SIZE ...]
 *          One entity that grows: at each size single records are folded into
 *          it, each a batch of its own, beside as many into an entity of one.
 *
 * Prints a line of JSON for each size: the microseconds of the processor that
 * a record took (the median of the batches), all threads together; writing and
 * sealing is done before, and not counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/data/data.h"
#include "shared/core/batch.h"
#include "tests/lib/cost.h"

enum {
    FILL = 1000, /* records of a batch while filling */
    ASKED = 100, /* of a batch that is measured */
    ROUNDS = 60, /* batches that are measured at each size */
};

#define WORKER "w00000"
#define UNIT "371302001001"

struct growth {
    struct xg_env env;
    struct data *data;
    struct xg_signer signer;
    struct xg_hash chain, last;
    uint64_t next; /* place in the chain */
    struct xg_id *ids;
    size_t count, room;
    uint64_t seed;
};

static void check(enum xg_status status, const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "growth: %s\n", xg_error_text(err));
    exit(1);
}

static uint64_t below(struct growth *g, uint64_t bound)
{
    g->seed = g->seed * 6364136223846793005u + 1442695040888963407u;
    return (g->seed >> 33) % bound;
}

/* ---- writing, as a device does ---- */

struct written {
    struct xg_arena arena;
    struct xg_sealable items[FILL];
    size_t count;
    uint64_t first;
    struct xg_hash previous;
};

static void put_text(struct xg_draft *d, uint64_t field, const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(1024);

    xg_cbor_put_text(&value, text, strlen(text));
    check(xg_draft_set(d, field, xg_buf_bytes(&value), &err), &err);
    xg_buf_clear(&value);
}

static void put_bytes(struct xg_draft *d, uint64_t field, const void *data,
                      size_t len)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(1024);

    xg_cbor_put_bytes(&value, data, len);
    check(xg_draft_set(d, field, xg_buf_bytes(&value), &err), &err);
    xg_buf_clear(&value);
}

static void begin(struct growth *g, struct written *w)
{
    xg_arena_reset(&w->arena);
    w->count = 0;
    w->first = g->next;
    w->previous = g->last;
}

static struct xg_hash append(struct growth *g, struct written *w,
                             struct xg_draft *d)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf raw = XG_BUF(XG_RECORD_MAX);
    struct xg_record r;
    size_t head;

    d->head.moment = xg_moment_now(&g->env);
    check(xg_draft_encode(&raw, &head, d, &g->env, &err), &err);
    uint8_t *copy = xg_arena_copy(&w->arena, raw.data, raw.len);
    if (!copy)
        exit(1);
    xg_record_read(&r, &g->chain, g->next, &g->last, xg_bytes(copy, head),
                   xg_bytes(copy + head, raw.len - head));
    w->items[w->count++] =
        (struct xg_sealable){r.head_raw, r.fields_raw, r.hash};
    g->last = r.hash;
    g->next++;
    xg_buf_clear(&raw);
    return r.hash;
}

static void create(struct growth *g, struct written *w)
{
    struct xg_draft d;
    char text[80];

    xg_draft_init(&d, &w->arena, XG_KIND_INCIDENT);
    put_text(&d, XG_INCIDENT_CATEGORY, "fire_passage");
    snprintf(text, sizeof text, "书香苑%zu号楼2单元", g->count);
    put_text(&d, XG_INCIDENT_ADDRESS, text);
    struct xg_hash hash = append(g, w, &d);
    if (g->count == g->room) {
        g->room = g->room ? g->room * 2 : 1024;
        g->ids = realloc(g->ids, g->room * sizeof *g->ids);
        if (!g->ids)
            exit(1);
    }
    g->ids[g->count++] = xg_id_of_hash(&hash);
}

static void update(struct growth *g, struct written *w, const struct xg_id *id)
{
    struct xg_draft d;
    char text[80];

    xg_draft_init(&d, &w->arena, XG_KIND_INCIDENT);
    d.head.creates = false;
    d.head.entity = *id;
    snprintf(text, sizeof text, "楼道已清，第%" PRIu64 "次", g->next);
    put_text(&d, XG_INCIDENT_DESCRIPTION, text);
    append(g, w, &d);
}

/* Seal and hand in; the microseconds of the processor that the server took. */
static double hand_in(struct growth *g, struct written *w)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(XG_BATCH_MAX),
                  frame = XG_BUF(XG_BATCH_MAX + XG_NOTE_MAX);
    struct ingest_result result;

    check(xg_batch_seal(&note, &body, &g->chain, w->first, &w->previous,
                        w->items, w->count, &g->signer, true, &err),
          &err);
    xg_batch_frame(&frame, xg_buf_bytes(&note), xg_buf_bytes(&body));
    double from = test_process_us();
    check(ingest_put(g->data->ingest, &result, frame.data, frame.len, &err),
          &err);
    double took = test_process_us() - from;
    if (result.records != w->count) {
        fprintf(stderr, "growth: a batch was not merged\n");
        exit(1);
    }
    xg_buf_clear(&note);
    xg_buf_clear(&body);
    xg_buf_clear(&frame);
    return took / (double)w->count;
}

/* ---- joining ---- */

static void enrol(struct growth *g)
{
    static const char *const units[] = {"371302", "371302001", UNIT};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says[4];
    char name[XG_KEY_NAME_MAX + 1];
    uint8_t seed[32];

    for (size_t i = 0; i < 3; i++) {
        says[i] = (struct xg_statement){.kind = XG_SAYS_UNIT};
        snprintf(says[i].subject, sizeof says[i].subject, "%s", units[i]);
        if (i)
            snprintf(says[i].unit, sizeof says[i].unit, "%s", units[i - 1]);
    }
    says[3] = (struct xg_statement){.kind = XG_SAYS_WORKER,
                                    .subject = WORKER,
                                    .role = XG_ROLE_WORKER,
                                    .unit = UNIT};
    check(registry_put(g->data->registry, says, 4, &err), &err);
    registry_device_name(name, data_origin(g->data), 1);
    xg_random(&g->env, seed, sizeof seed);
    check(xg_signer_init(&g->signer, name, XG_SIG_ED25519, seed, &err), &err);
    check(registry_enrol(g->data->registry, name, g->signer.verifier.key,
                         WORKER, &err),
          &err);
}

static void begin_chain(struct growth *g, struct written *w)
{
    struct xg_draft d;
    uint8_t salt[XG_SALT_SIZE];

    begin(g, w);
    xg_random(&g->env, salt, sizeof salt);
    xg_draft_init(&d, &w->arena, XG_KIND_GENESIS);
    put_bytes(&d, XG_GENESIS_KEY, g->signer.verifier.key, 32);
    put_text(&d, XG_GENESIS_LOG, data_origin(g->data));
    put_bytes(&d, XG_GENESIS_REGISTRAR,
              registry_registrar_key(g->data->registry), 32);
    put_bytes(&d, XG_GENESIS_SALT, salt, sizeof salt);
    g->chain = append(g, w, &d);
    hand_in(g, w);
}

/* ---- measuring ---- */

static void measure_wide(struct growth *g, struct written *w, size_t size)
{
    double each[ROUNDS];

    while (g->count < size) {
        begin(g, w);
        while (g->count < size && w->count < FILL)
            create(g, w);
        hand_in(g, w);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        begin(g, w);
        while (w->count < ASKED)
            update(g, w, &g->ids[below(g, g->count)]);
        each[i] = hand_in(g, w);
    }
    printf("{\"entities\": %zu, \"us\": %.1f}\n", size,
           test_median(each, ROUNDS));
}

/* Time of a batch of one record for that entity. */
static double single(struct growth *g, struct written *w, size_t which)
{
    begin(g, w);
    update(g, w, &g->ids[which]);
    return hand_in(g, w);
}

static void measure_deep(struct growth *g, struct written *w, size_t size)
{
    double deep[ROUNDS / 6], flat[ROUNDS / 6];
    size_t n = sizeof deep / sizeof *deep;

    /* A fresh one of that size, and as many of one record each. */
    size_t at = g->count;
    begin(g, w);
    for (size_t i = 0; i <= n; i++)
        create(g, w);
    hand_in(g, w);
    for (size_t have = 1; have < size;) {
        begin(g, w);
        for (; have < size && w->count < FILL; have++)
            update(g, w, &g->ids[at]);
        hand_in(g, w);
    }
    for (size_t i = 0; i < n; i++) {
        deep[i] = single(g, w, at);
        flat[i] = single(g, w, at + 1 + i);
    }
    printf("{\"records\": %zu, \"us\": %.1f, \"single_us\": %.1f}\n", size,
           test_median(deep, n), test_median(flat, n));
}

int main(int argc, char **argv)
{
    struct written *w = calloc(1, sizeof *w);
    struct xg_error err = XG_ERROR_NONE;
    bool deep = argc > 1 && strcmp(argv[1], "--deep") == 0;
    struct growth g = {.seed = 1};

    if (!w || argc < 3 + deep || xg_base_init() != 0) {
        fputs("usage: growth [--deep] DATA SIZE...\n", stderr);
        return 2;
    }
    w->arena = XG_ARENA(64 << 20);
    setvbuf(stdout, NULL, _IOLBF, 0);
    g.env = xg_env_system();
    check(data_open(&g.data, argv[1 + deep], &g.env, &err), &err);
    enrol(&g);
    begin_chain(&g, w);
    for (int i = 2 + deep; i < argc; i++) {
        size_t size = strtoul(argv[i], NULL, 10);
        if (deep)
            measure_deep(&g, w, size);
        else
            measure_wide(&g, w, size);
    }
    data_close(g.data);
    xg_arena_clear(&w->arena);
    free(w);
    free(g.ids);
    return 0;
}
