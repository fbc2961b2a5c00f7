/* prepare.c - what the measurements work on: shifts, sealed by the agent's own
 * code, and a server that knows the devices which wrote them.
 *
 *      prepare batch FILE.jsonl
 *          import the lines into a new device, seal, and print one line of
 *          JSON: how large the batch is, note and frame included, with and
 *          without the dictionary, and what its track takes.
 *
 *      prepare server DATA SHIFTS OUT COUNT
 *          DATA is a fresh data folder (xunge-server init). For each of
 *          SHIFTS/w00000.jsonl ... a device of its own; its batches become
 *          OUT/00000.xgb ..., framed as they are sent, several of a device in
 *          one file; OUT/devices holds "name seed" of the first of them, to
 *          say hello with. The devices are put into DATA's registry.
 *
 * A home is made below TMPDIR, which is best in memory, and removed.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/home/home.h"
#include "agent/record/import.h"
#include "shared/core/batch.h"
#include "shared/core/cbor.h"
#include "shared/core/track.h"
#include "tests/bench/enrolled.h"

enum {
    HELLOS = 64, /* devices whose seed is told */
    FRAMES_MAX = 64 << 20,
    PATH_SIZE = 600,
};

/* What a device joins: keys, and where its batches go. */
struct place {
    struct xg_env env;
    struct xg_verifier log;
    uint8_t registrar[XG_PUBLIC_KEY_SIZE];
};

static void check(enum xg_status status, const char *what,
                  const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "prepare: %s: %s\n", what, xg_error_text(err));
    exit(1);
}

static int remove_entry(const char *path, const struct stat *info, int type,
                        struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

/* ---- a device ---- */

static void begin_home(struct home *h, char *folder, const struct place *p,
                       const char *device, const char *worker)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_identity id = {.joined = true, .log = p->log};
    const char *tmp = getenv("TMPDIR");
    struct xg_hash chain;

    snprintf(folder, PATH_SIZE, "%.500s/xunge-bench-XXXXXX",
             tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    snprintf(id.url, sizeof id.url, "http://127.0.0.1:1");
    snprintf(id.worker, sizeof id.worker, "%s", worker);
    snprintf(id.device, sizeof id.device, "%s", device);
    memcpy(id.registrar, p->registrar, sizeof id.registrar);
    check(home_open(h, folder, true, &p->env, &err), "home", &err);
    check(store_begin(h->store, &err), "begin", &err);
    check(store_make_key(h->store, &err), "key", &err);
    check(store_put_identity(h->store, &id, &err), "identity", &err);
    check(store_begin_chain(h->store, &chain, NULL, &err), "chain", &err);
    check(store_commit(h->store, &err), "commit", &err);
}

static void end_home(struct home *h, const char *folder)
{
    home_close(h);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Seal what waits; the batches' frames are appended, one after another with
 * their length before. *records counts. */
static void seal(struct xg_buf *frames, uint64_t *records, struct home *h)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_batch due = {0};
    struct xg_signer signer;
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    size_t sealed;
    bool found;

    check(store_signer(h->store, &signer, NULL, &err), "signer", &err);
    check(store_seal_waiting(h->store, &sealed, &signer, &err), "seal", &err);
    for (;;) {
        xg_buf_reset(&frame);
        check(store_next_batch(h->store, &due, &frame, &found, due.row, &err),
              "batch", &err);
        if (!found)
            break;
        xg_frame_put(frames, xg_buf_bytes(&frame));
        *records += due.last - due.first + 1;
    }
    check(xg_buf_check(frames, &err), "frames", &err);
    xg_buf_clear(&frame);
}

/* ---- one batch, measured ---- */

struct track_size {
    size_t points, bytes;
};

/* A set field's value is {1: [added], ...}; an element here is a byte string,
 * a packed segment. */
static void add_tracks(struct track_size *size, const struct xg_record *r)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_cbor_item set, key, added, segment;

    if (r->malformed || r->head.kind != XG_KIND_PATROL ||
        !xg_record_field(r, XG_PATROL_SEGMENT, &set))
        return;
    struct xg_cbor pairs = xg_cbor_inside(&set);
    while (xg_cbor_next(&pairs, &key) && xg_cbor_next(&pairs, &added)) {
        struct xg_cbor list = xg_cbor_inside(&added);
        while (key.number == XG_SET_ADDED && xg_cbor_next(&list, &segment)) {
            size_t points = 0;
            check(xg_track_count(&points, segment.bytes, &err), "track", &err);
            size->points += points;
            size->bytes += segment.bytes.len;
        }
    }
}

static size_t reseal(const struct xg_batch *b, const struct xg_signer *signer,
                     bool dictionary)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_sealable *items = calloc(b->count, sizeof *items);
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(XG_BATCH_MAX);
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);

    for (size_t i = 0; items && i < b->count; i++)
        items[i] =
            (struct xg_sealable){b->records[i].head_raw,
                                 b->records[i].fields_raw, b->records[i].hash};
    check(xg_batch_seal(&note, &body, &b->says.chain, b->says.first,
                        &b->says.previous, items, b->count, signer, dictionary,
                        &err),
          "seal again", &err);
    xg_batch_frame(&frame, xg_buf_bytes(&note), xg_buf_bytes(&body));
    size_t len = frame.len;
    xg_buf_clear(&note);
    xg_buf_clear(&body);
    xg_buf_clear(&frame);
    free(items);
    return len;
}

/* A place that exists only as keys. */
static struct place loose_place(struct xg_signer *registrar)
{
    struct place p = {.env = xg_env_system()};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_signer log;
    uint8_t seed[32];

    xg_random(&p.env, seed, sizeof seed);
    check(xg_signer_init(&log, "lanshan.example", XG_SIG_ED25519, seed, &err),
          "key", &err);
    xg_random(&p.env, seed, sizeof seed);
    check(xg_signer_init(registrar, "lanshan.example/registrar", XG_SIG_ED25519,
                         seed, &err),
          "key", &err);
    p.log = log.verifier;
    memcpy(p.registrar, registrar->verifier.key, sizeof p.registrar);
    return p;
}

static int measure_batch(const char *path)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_buf first = XG_BUF(FRAMES_MAX), frames = XG_BUF(FRAMES_MAX);
    struct import_result imported;
    struct track_size track = {0, 0};
    struct xg_signer registrar, signer;
    struct place p = loose_place(&registrar);
    char folder[PATH_SIZE];
    struct home h;
    uint64_t before = 0, records = 0;
    size_t with = 0, without = 0, raw = 0, batches = 0;

    begin_home(&h, folder, &p, "lanshan.example/d/0017", "w00000");
    seal(&first, &before, &h); /* the genesis: it goes out when one joins */
    check(import_file(&h, &imported, path, NULL, &err), path, &err);
    check(store_signer(h.store, &signer, NULL, &err), "signer", &err);
    uint64_t all = 0;
    seal(&frames, &all, &h);
    struct xg_bytes rest = xg_buf_bytes(&frames), frame;
    while (xg_frame_next(&rest, &frame)) {
        struct xg_batch b;
        check(xg_batch_open(&b, &arena, frame.at, frame.len, &signer.verifier,
                            &err),
              "open", &err);
        if (b.says.first == 0) /* the genesis again: not acknowledged */
            continue;
        batches++;
        with += frame.len;
        without += reseal(&b, &signer, false);
        raw += b.says.raw_len;
        records += b.count;
        for (size_t i = 0; i < b.count; i++)
            add_tracks(&track, &b.records[i]);
    }
    printf("{\"lines\": %" PRIu64 ", \"records\": %" PRIu64
           ", \"batches\": %zu, \"raw\": %zu, \"batch\": %zu, "
           "\"no_dictionary\": %zu, \"points\": %zu, \"track\": %zu}\n",
           imported.lines, records, batches, raw, with, without, track.points,
           track.bytes);
    end_home(&h, folder);
    xg_buf_clear(&first);
    xg_buf_clear(&frames);
    xg_arena_clear(&arena);
    return 0;
}

/* ---- a server's devices ---- */

static void write_file(const char *folder, size_t number, struct xg_bytes data)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%.500s/%05zu.xgb", folder, number);
    FILE *f = fopen(path, "wbe");
    if (!f || fwrite(data.at, 1, data.len, f) != data.len || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void put_device(struct enrolled *e, const struct home *h,
                       const char *worker, FILE *keys)
{
    struct xg_error err = XG_ERROR_NONE;
    char seed[2 * 32 + 1]; /* the secret begins with it */
    struct xg_signer signer;

    check(store_signer(h->store, &signer, NULL, &err), "signer", &err);
    enrolled_put(e, worker, &signer.verifier);
    xg_hex(seed, signer.secret, 32);
    seed[64] = '\0';
    if (keys)
        fprintf(keys, "%s %s\n", signer.verifier.name, seed);
}

static int prepare_server(const char *dir, const char *shifts, const char *out,
                          size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct place p = {.env = xg_env_system()};
    struct enrolled *e = enrolled_open(dir, &p.env);
    uint64_t records = 0, lines = 0;
    char path[PATH_SIZE];

    p.log = *enrolled_log(e);
    memcpy(p.registrar, enrolled_registrar(e), sizeof p.registrar);
    snprintf(path, sizeof path, "%.500s/devices", out);
    FILE *keys = fopen(path, "we");
    if (!keys) {
        perror(path);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        char folder[PATH_SIZE], device[XG_KEY_NAME_MAX + 1], worker[16];
        struct xg_buf frames = XG_BUF(FRAMES_MAX);
        struct import_result imported;
        struct home h;
        enrolled_name(device, e, i + 1);
        snprintf(worker, sizeof worker, "w%05u", (unsigned)(i % 100000));
        begin_home(&h, folder, &p, device, worker);
        snprintf(path, sizeof path, "%.500s/%s.jsonl", shifts, worker);
        check(import_file(&h, &imported, path, NULL, &err), path, &err);
        seal(&frames, &records, &h);
        write_file(out, i, xg_buf_bytes(&frames));
        put_device(e, &h, worker, i < HELLOS ? keys : NULL);
        lines += imported.lines;
        end_home(&h, folder);
        xg_buf_clear(&frames);
    }
    enrolled_close(e);
    fclose(keys);
    printf("{\"shifts\": %zu, \"lines\": %" PRIu64 ", \"records\": %" PRIu64
           "}\n",
           count, lines, records);
    return 0;
}

int main(int argc, char **argv)
{
    if (xg_base_init() != 0)
        return 1;
    if (argc == 3 && strcmp(argv[1], "batch") == 0)
        return measure_batch(argv[2]);
    if (argc == 6 && strcmp(argv[1], "server") == 0)
        return prepare_server(argv[2], argv[3], argv[4],
                              strtoul(argv[5], NULL, 10));
    fputs("usage: prepare batch FILE | server DATA SHIFTS OUT COUNT\n", stderr);
    return 2;
}
