/* log.c - a long log, made fast: what an auditor walks, without what a server
 * derives from it.
 *
 *      bench-log DATA ENTRIES [DEVICES]
 *          DATA is a fresh data folder (xunge-server init). Devices are
 *          enrolled; then their batches of RECORDS incidents go into the log as
 *          the server's own ledger writes it (notes, bodies, tree, time notes,
 *          checkpoints), without being merged, until it has that many entries.
 *
 * Prints a line of JSON: the entries, the longest receipt of SAMPLES of them,
 * and the longest answer to a hello of SAMPLES earlier sizes (welcome,
 * consistency proof, checkpoint, with their frames), in bytes.
 *
 *      bench-log --against SMALL ENTRIES SENT LARGE ENTRIES SENT
 *          Two fresh data folders, filled so; then, in turns, ROUNDS of each:
 *          an entry is appended to the log alone, and with its batch; a
 *          checkpoint is made; an entry is proven to be in it, and an earlier
 *          size to be a part. SENT, a folder that is there, gets up to KEPT of
 *          the batches, drawn from all, and their devices' keys, as bench-load
 *          sends them again.
 *
 * Prints a line of JSON for each folder: microseconds of the processor,
 * medians. What ten entries cost more than one, in one group, is what an entry
 * costs; a group of one entry is a checkpoint: time note, tree, signature,
 * commit, swap.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/data/data.h"
#include "shared/core/batch.h"
#include "shared/core/protocol.h"
#include "tests/lib/cost.h"

enum {
    RECORDS = 3,
    GROUP = 1000, /* batches of a transaction */
    SAMPLES = 2000,
    DEVICES = 500,
    ROUNDS = 60,
    AT_ONCE = 10, /* entries of a group that is measured */
    PROOFS = 20,  /* that are measured together */
    KEPT = 1000,  /* batches that can be sent again */
};

#define WORKER "w00000"
#define UNIT "371302001001"

struct device {
    char name[XG_KEY_NAME_MAX + 1];
    struct xg_signer signer;
    struct xg_hash chain, last;
    uint64_t next;
};

struct made {
    struct xg_buf note, body;
    struct store_batch row;
};

struct group {
    struct ledger_job job;
    struct made made[GROUP];
    size_t count;
    bool log_alone; /* entries without their batches */
};

struct bench {
    struct xg_env env;
    struct xg_arena arena;
    struct data *data;
    struct device *devices;
    size_t device_count;
    uint64_t seed;
    const char *sent; /* where batches are kept; NULL: none are */
    size_t kept;
};

static void check(enum xg_status status, const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "log: %s\n", xg_error_text(err));
    exit(1);
}

static uint64_t below(struct bench *b, uint64_t bound)
{
    b->seed = b->seed * 6364136223846793005u + 1442695040888963407u;
    return (b->seed >> 33) % bound;
}

/* ---- devices and their records ---- */

static void put(struct xg_draft *d, uint64_t field, const struct xg_buf *value)
{
    struct xg_error err = XG_ERROR_NONE;

    check(xg_draft_set(d, field, xg_buf_bytes(value), &err), &err);
}

static void put_text(struct xg_draft *d, uint64_t field, const char *text)
{
    struct xg_buf value = XG_BUF(1024);

    xg_cbor_put_text(&value, text, strlen(text));
    put(d, field, &value);
    xg_buf_clear(&value);
}

static void put_bytes(struct xg_draft *d, uint64_t field, const void *data,
                      size_t len)
{
    struct xg_buf value = XG_BUF(1024);

    xg_cbor_put_bytes(&value, data, len);
    put(d, field, &value);
    xg_buf_clear(&value);
}

static void draft_genesis(struct bench *b, struct xg_draft *d,
                          const struct device *device)
{
    uint8_t salt[XG_SALT_SIZE];

    xg_random(&b->env, salt, sizeof salt);
    xg_draft_init(d, &b->arena, XG_KIND_GENESIS);
    put_bytes(d, XG_GENESIS_KEY, device->signer.verifier.key, 32);
    put_text(d, XG_GENESIS_LOG, data_origin(b->data));
    put_bytes(d, XG_GENESIS_REGISTRAR,
              registry_registrar_key(b->data->registry), 32);
    put_bytes(d, XG_GENESIS_SALT, salt, sizeof salt);
}

static void draft_incident(struct bench *b, struct xg_draft *d)
{
    char text[120];

    xg_draft_init(d, &b->arena, XG_KIND_INCIDENT);
    put_text(d, XG_INCIDENT_CATEGORY, "fire_passage");
    snprintf(text, sizeof text, "书香苑%" PRIu64 "号楼%" PRIu64 "单元",
             1 + below(b, 60), 1 + below(b, 6));
    put_text(d, XG_INCIDENT_ADDRESS, text);
    snprintf(text, sizeof text, "楼道堆物，第%" PRIu64 "次劝导，已约定清理",
             below(b, 1000000));
    put_text(d, XG_INCIDENT_DESCRIPTION, text);
}

/* The next record of a chain. */
static struct xg_sealable write_next(struct bench *b, struct device *device)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf raw = XG_BUF(XG_RECORD_MAX);
    struct xg_record r;
    struct xg_draft d;
    size_t head;

    if (device->next == 0)
        draft_genesis(b, &d, device);
    else
        draft_incident(b, &d);
    d.head.moment = xg_moment_now(&b->env);
    check(xg_draft_encode(&raw, &head, &d, &b->env, &err), &err);
    uint8_t *copy = xg_arena_copy(&b->arena, raw.data, raw.len);
    if (!copy)
        exit(1);
    xg_record_read(&r, &device->chain, device->next, &device->last,
                   xg_bytes(copy, head), xg_bytes(copy + head, raw.len - head));
    if (device->next++ == 0)
        device->chain = r.hash;
    device->last = r.hash;
    xg_buf_clear(&raw);
    return (struct xg_sealable){r.head_raw, r.fields_raw, r.hash};
}

static void seal(struct bench *b, struct made *m, struct device *device)
{
    struct xg_sealable items[RECORDS];
    struct xg_error err = XG_ERROR_NONE;
    uint64_t first = device->next;
    struct xg_hash previous = device->last, leaves[RECORDS];

    for (size_t i = 0; i < RECORDS; i++) {
        items[i] = write_next(b, device);
        leaves[i] = items[i].hash;
    }
    xg_buf_reset(&m->note);
    xg_buf_reset(&m->body);
    check(xg_batch_seal(&m->note, &m->body, &device->chain, first, &previous,
                        items, RECORDS, &device->signer, true, &err),
          &err);
    m->row = (struct store_batch){.chain = device->chain,
                                  .first = first,
                                  .last = device->next - 1,
                                  .state = XG_BATCH_STORED,
                                  .body_len = m->body.len};
    check(xg_batch_id(&m->row.id, xg_buf_bytes(&m->note), &err), &err);
    xg_tlog_root(&m->row.tree, leaves, RECORDS);
    memcpy(m->row.device, device->name, strlen(device->name) + 1);
    xg_arena_reset(&b->arena);
}

/* ---- what can be sent again ---- */

static FILE *create(const struct bench *b, const char *name)
{
    char path[600];

    snprintf(path, sizeof path, "%.500s/%.80s", b->sent, name);
    FILE *f = fopen(path, "wbe");
    if (!f) {
        perror(path);
        exit(1);
    }
    return f;
}

static void finish(FILE *f)
{
    if (ferror(f) || fclose(f) != 0) {
        perror("log: what is kept");
        exit(1);
    }
}

/* As prepare.c writes them. */
static void keep_devices(const struct bench *b)
{
    FILE *f = create(b, "devices");

    for (size_t i = 0; i < b->device_count; i++) {
        const struct xg_signer *s = &b->devices[i].signer;
        char seed[2 * 32 + 1]; /* the secret begins with it */
        xg_hex(seed, s->secret, 32);
        seed[64] = '\0';
        fprintf(f, "%s %s\n", s->verifier.name, seed);
    }
    finish(f);
}

static void keep_batch(struct bench *b, const struct made *m)
{
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX + XG_NOTE_MAX),
                  frame = XG_BUF(XG_BATCH_MAX + XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    char name[16];

    xg_batch_frame(&framed, xg_buf_bytes(&m->note), xg_buf_bytes(&m->body));
    xg_frame_put(&frame, xg_buf_bytes(&framed));
    check(xg_buf_check(&framed, &err), &err);
    check(xg_buf_check(&frame, &err), &err);
    snprintf(name, sizeof name, "%05zu.xgb", b->kept++);
    FILE *f = create(b, name);
    fwrite(frame.data, 1, frame.len, f);
    finish(f);
    xg_buf_clear(&framed);
    xg_buf_clear(&frame);
}

/* ---- the log ---- */

static enum xg_status run_group(struct ledger_job *job, struct ledger *l,
                                struct store *store, struct xg_error *err)
{
    struct group *g = (struct group *)job;

    for (size_t i = 0; i < g->count; i++) {
        struct made *m = &g->made[i];
        if (ledger_append(l, &m->row.position, xg_buf_bytes(&m->note), err) !=
                XG_OK ||
            (!g->log_alone &&
             store->ops->put_batch(store, &m->row, xg_buf_bytes(&m->body),
                                   err) != XG_OK))
            return err->status;
    }
    return XG_OK;
}

static void enrol(struct bench *b)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_statement says[] = {
        {.kind = XG_SAYS_UNIT, .subject = UNIT},
        {.kind = XG_SAYS_WORKER,
         .subject = WORKER,
         .role = XG_ROLE_WORKER,
         .unit = UNIT},
    };

    check(registry_put(b->data->registry, says, 2, &err), &err);
    for (size_t i = 0; i < b->device_count; i++) {
        struct device *d = &b->devices[i];
        uint8_t seed[32];
        registry_device_name(d->name, data_origin(b->data), i + 1);
        xg_random(&b->env, seed, sizeof seed);
        check(xg_signer_init(&d->signer, d->name, XG_SIG_ED25519, seed, &err),
              &err);
        check(registry_enrol(b->data->registry, d->name, d->signer.verifier.key,
                             WORKER, &err),
              &err);
    }
}

static struct group *group_new(void)
{
    struct group *g = calloc(1, sizeof *g);

    if (!g)
        exit(1);
    for (size_t i = 0; i < GROUP; i++) {
        g->made[i].note = XG_BUF(XG_NOTE_MAX);
        g->made[i].body = XG_BUF(XG_BATCH_MAX);
    }
    return g;
}

static void group_free(struct group *g)
{
    for (size_t i = 0; i < GROUP; i++) {
        xg_buf_clear(&g->made[i].note);
        xg_buf_clear(&g->made[i].body);
    }
    free(g);
}

static void group_seal(struct bench *b, struct group *g, size_t count)
{
    g->count = count;
    for (size_t i = 0; i < count; i++)
        seal(b, &g->made[i], &b->devices[below(b, b->device_count)]);
}

static void group_submit(struct bench *b, struct group *g)
{
    struct xg_error err = XG_ERROR_NONE;

    g->job = (struct ledger_job){.run = run_group};
    check(ledger_submit(b->data->ledger, &g->job, &err), &err);
}

static uint64_t fill(struct bench *b, uint64_t entries)
{
    struct xg_error err = XG_ERROR_NONE;
    struct group *g = group_new();
    struct xg_checkpoint c;

    check(ledger_published(b->data->ledger, &c, NULL, &err), &err);
    while (c.size < entries) {
        uint64_t left = entries - c.size;
        group_seal(b, g, left < GROUP ? (size_t)left : GROUP);
        group_submit(b, g);
        for (size_t i = 0; b->sent && i < g->count; i++)
            if (b->kept < KEPT && below(b, entries) < KEPT)
                keep_batch(b, &g->made[i]);
        check(ledger_published(b->data->ledger, &c, NULL, &err), &err);
    }
    group_free(g);
    return c.size;
}

/* ---- sizes ---- */

/* The answer to a hello of a device with one chain, that held `old`. */
static size_t hello_size(struct bench *b, struct store *reader,
                         const struct xg_checkpoint *c, size_t note_len,
                         uint64_t old)
{
    enum { FRAMES = 3, LENGTH = 4 };
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX),
                  proof = XG_BUF(XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_welcome *w = calloc(1, sizeof *w);

    if (!w)
        exit(1);
    w->log = xg_bytes_of(data_origin(b->data));
    memcpy(w->device, b->devices[0].name, sizeof w->device);
    w->time_ms = (uint64_t)xg_wall_ms(&b->env);
    w->size = w->backup = c->size;
    w->root = c->root;
    w->registry = b->device_count + 2;
    w->state = XG_DEVICE_ENROLLED;
    w->chain_count = 1;
    w->chains[0] = (struct xg_chain_tip){.chain = b->devices[0].chain,
                                         .next = b->devices[0].next,
                                         .last = b->devices[0].last};
    xg_welcome_put(&text, w);
    xg_note_sign(&note, xg_buf_bytes(&text), &b->data->log);
    check(ledger_consistency(&proof, b->data->ledger, reader, old, c, xg_bytes(NULL, 0), &err),
          &err);
    size_t size = note.len + proof.len + note_len + FRAMES * LENGTH;
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    xg_buf_clear(&proof);
    free(w);
    return size;
}

static void tell(struct bench *b)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), receipt = XG_BUF(XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    size_t longest = 0, hello = 0;
    struct xg_checkpoint c;
    struct store *reader;

    check(ledger_published(b->data->ledger, &c, &note, &err), &err);
    check(data_borrow(b->data, &reader, &err), &err);
    for (int i = 0; i < SAMPLES; i++) {
        xg_buf_reset(&receipt);
        check(ledger_receipt(&receipt, b->data->ledger, reader, below(b, c.size), &c,
                             xg_buf_bytes(&note), &err),
              &err);
        size_t answer =
            hello_size(b, reader, &c, note.len, 1 + below(b, c.size - 1));
        longest = receipt.len > longest ? receipt.len : longest;
        hello = answer > hello ? answer : hello;
    }
    data_return(b->data, reader);
    printf("{\"entries\": %" PRIu64 ", \"receipt\": %zu, \"hello\": %zu}\n",
           c.size, longest, hello);
    xg_buf_clear(&note);
    xg_buf_clear(&receipt);
}

/* ---- a long log against a short one ---- */

enum measure {
    ONE,       /* a group of one entry, of the log alone */
    MANY,      /* of AT_ONCE */
    ONE_BATCH, /* the same with their batches */
    MANY_BATCHES,
    INCLUSION,
    CONSISTENCY,
    MEASURES
};

struct side {
    struct bench b;
    uint64_t entries;
    double each[MEASURES][ROUNDS];
};

static double measure_group(struct bench *b, struct group *g, size_t count,
                            bool log_alone)
{
    g->log_alone = log_alone;
    group_seal(b, g, count);
    double from = test_process_us();
    group_submit(b, g);
    return test_process_us() - from;
}

/* As an answer to a batch, or to a hello, brings it. */
static double measure_proofs(struct bench *b, bool inclusion)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), proof = XG_BUF(XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;
    struct store *reader;

    check(ledger_published(b->data->ledger, &c, &note, &err), &err);
    check(data_borrow(b->data, &reader, &err), &err);
    double from = test_process_us();
    for (int i = 0; i < PROOFS; i++) {
        xg_buf_reset(&proof);
        check(inclusion
                  ? ledger_receipt(&proof, b->data->ledger, reader, below(b, c.size), &c,
                                   xg_buf_bytes(&note), &err)
                  : ledger_consistency(&proof, b->data->ledger, reader, 1 + below(b, c.size - 1),
                                       &c, xg_bytes(NULL, 0), &err),
              &err);
    }
    double took = test_process_us() - from;
    data_return(b->data, reader);
    xg_buf_clear(&note);
    xg_buf_clear(&proof);
    return took / PROOFS;
}

static void tell_side(struct side *s)
{
    double m[MEASURES];

    for (size_t i = 0; i < MEASURES; i++)
        m[i] = test_median(s->each[i], ROUNDS);
    printf("{\"entries\": %" PRIu64 ", \"append\": %.2f, \"batch\": %.2f, "
           "\"checkpoint\": %.2f, \"inclusion\": %.2f, "
           "\"consistency\": %.2f, \"kept\": %zu}\n",
           s->entries, (m[MANY] - m[ONE]) / (AT_ONCE - 1),
           (m[MANY_BATCHES] - m[ONE_BATCH]) / (AT_ONCE - 1), m[ONE],
           m[INCLUSION], m[CONSISTENCY], s->b.kept);
}

static void measure(struct side *s, struct group *g, size_t round)
{
    s->each[ONE][round] = measure_group(&s->b, g, 1, true);
    s->each[MANY][round] = measure_group(&s->b, g, AT_ONCE, true);
    s->each[ONE_BATCH][round] = measure_group(&s->b, g, 1, false);
    s->each[MANY_BATCHES][round] = measure_group(&s->b, g, AT_ONCE, false);
    s->each[INCLUSION][round] = measure_proofs(&s->b, true);
    s->each[CONSISTENCY][round] = measure_proofs(&s->b, false);
}

/* ---- beginning and ending ---- */

static void begin(struct bench *b, const char *dir, size_t devices)
{
    struct xg_error err = XG_ERROR_NONE;

    *b = (struct bench){.seed = 1, .device_count = devices};
    b->devices = calloc(devices, sizeof *b->devices);
    if (!b->devices)
        exit(1);
    b->arena = XG_ARENA(8 << 20);
    b->env = xg_env_system();
    check(data_open(&b->data, dir, &b->env, &err), &err);
    enrol(b);
}

static void end(struct bench *b)
{
    data_close(b->data);
    xg_arena_clear(&b->arena);
    free(b->devices);
}

static int against(char **words)
{
    struct side *sides = calloc(2, sizeof *sides);
    struct group *g = group_new();

    if (!sides)
        return 1;
    for (size_t i = 0; i < 2; i++) {
        char **side = words + 3 * i;
        begin(&sides[i].b, side[0], 50);
        sides[i].b.sent = side[2];
        keep_devices(&sides[i].b);
        sides[i].entries = fill(&sides[i].b, strtoull(side[1], NULL, 10));
    }
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < 2; i++)
            measure(&sides[(round + i) % 2], g, round);
    for (size_t i = 0; i < 2; i++) {
        tell_side(&sides[i]);
        end(&sides[i].b);
    }
    group_free(g);
    free(sides);
    return 0;
}

int main(int argc, char **argv)
{
    size_t devices = argc > 3 ? strtoul(argv[3], NULL, 10) : DEVICES;
    bool two = argc == 8 && strcmp(argv[1], "--against") == 0;
    struct bench b;

    if ((!two && (argc < 3 || argc > 4 || !devices)) || xg_base_init() != 0) {
        fputs("usage: log DATA ENTRIES [DEVICES]\n"
              "       log --against SMALL ENTRIES SENT LARGE ENTRIES SENT\n",
              stderr);
        return 2;
    }
    if (two)
        return against(argv + 2);
    begin(&b, argv[1], devices);
    fill(&b, strtoull(argv[2], NULL, 10));
    tell(&b);
    end(&b);
    return 0;
}
