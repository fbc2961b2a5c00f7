/* seeds.c - the first files of the corpora, written by the project's own code:
 * fuzz-seeds FOLDER. What the fuzzers then find is kept beside them. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz_home.h"
#include "tests/fuzz/fuzz_key.h"

#include "agent/handover/index.h"
#include "server/registry/request.h"
#include "shared/core/protocol.h"
#include "shared/core/successor.h"
#include "shared/core/track.h"
#include "shared/core/witness.h"
#include "tests/lib/device.h"

static const char *folder;

/* corpus/target/name; `kind` is the first byte, or -1. */
static void keep(const char *target, const char *name, int kind,
                 struct xg_bytes content)
{
    struct xg_buf all = XG_BUF(1 << 20);
    char path[512];

    snprintf(path, sizeof path, "%s/%s", folder, target);
    mkdir(path, 0777);
    if (kind >= 0)
        xg_buf_byte(&all, (uint8_t)kind);
    xg_buf_append(&all, content.at, content.len);
    fuzz_put(path, name, all.data, all.len);
    xg_buf_clear(&all);
}

/* ---- records, batches, pages ---- */

static void put_record(struct xg_buf *out, const struct xg_record *r)
{
    xg_buf_append(out, r->head_raw.at, r->head_raw.len);
    xg_buf_append(out, r->fields_raw.at, r->fields_raw.len);
}

static void records(struct test_device *d)
{
    struct xg_buf some = XG_BUF(64 << 10);
    char name[32];

    for (size_t i = 0; i < d->count; i++) {
        struct xg_buf one = XG_BUF(64 << 10);
        snprintf(name, sizeof name, "seed-%zu", i);
        put_record(&one, d->records[i]);
        keep("record", name, i > 0, xg_buf_bytes(&one));
        if (i > 0)
            put_record(&some, d->records[i]);
        xg_buf_clear(&one);
    }
    keep("batch", "seed-records", 0, xg_buf_bytes(&some));
    struct xg_buf put = XG_BUF(64 << 10);
    xg_buf_text(&put, "~PUT /v1/batches/*\nAuthorization: *\n"
                      "Xunge-Size: 0\n\n");
    xg_buf_append(&put, some.data, some.len);
    keep("api", "seed-put", -1, xg_buf_bytes(&put));
    struct xg_buf body = XG_BUF(64 << 10);
    xg_buf_u16(&body, (uint16_t)some.len);
    xg_buf_byte(&body, (uint8_t)(d->count - 2));
    struct xg_error err = XG_ERROR_NONE;
    FUZZ_MUST(xg_deflate(&body, xg_buf_bytes(&some), true, &err) == XG_OK);
    keep("batch", "seed-body", 1, xg_buf_bytes(&body));
    xg_buf_clear(&put);
    xg_buf_clear(&some);
    xg_buf_clear(&body);
}

static void framed(const struct test_device *d)
{
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX), open = XG_BUF(XG_BATCH_MAX);
    struct xg_bytes note, body, name;
    struct xg_error err = XG_ERROR_NONE;
    static struct xg_note parsed;

    test_seal(&frame, d, 0, d->count);
    keep("batch", "seed-whole", 3, xg_buf_bytes(&frame));
    FUZZ_MUST(xg_batch_peek(&note, &body, &name, frame.data, frame.len, &err) ==
                  XG_OK &&
              xg_note_parse(&parsed, note.at, note.len, &err) == XG_OK);
    xg_buf_append(&open, parsed.text.at, parsed.text.len);
    keep("note", "seed-batch", 13, xg_buf_bytes(&open));
    xg_buf_byte(&open, '\n');
    xg_buf_append(&open, body.at, body.len);
    keep("batch", "seed-note", 2, xg_buf_bytes(&open));
    keep("note", "seed-signed", 15, note);
    xg_buf_clear(&frame);
    xg_buf_clear(&open);
}

static void pages(const struct test_device *d)
{
    struct xg_buf raw = XG_BUF(64 << 10), body = XG_BUF(64 << 10);
    struct xg_update u = {.kind = XG_UPDATE_CHAIN, .chain = d->chain};
    struct xg_error err = XG_ERROR_NONE;

    u.device = xg_bytes_of(d->signer.verifier.name);
    xg_update_put(&raw, &u, true);
    u.kind = XG_UPDATE_TIME;
    u.position = 3;
    u.time_ms = 1780000000000;
    xg_update_put(&raw, &u, true);
    u.kind = XG_UPDATE_RECORD;
    for (size_t i = 0; i < d->count; i++) {
        u.seq = i;
        u.record = *d->records[i];
        xg_update_put(&raw, &u, i == 0);
        u.previous = u.record.hash;
    }
    u.kind = XG_UPDATE_OUT;
    xg_update_put(&raw, &u, true);
    u.kind = XG_UPDATE_BRANCH;
    u.start = 2;
    xg_update_put(&raw, &u, true);
    u.kind = XG_UPDATE_PLACE;
    xg_update_put(&raw, &u, true);
    keep("updates", "seed-items", 0, xg_buf_bytes(&raw));
    xg_buf_u16(&body, (uint16_t)raw.len);
    FUZZ_MUST(xg_deflate(&body, xg_buf_bytes(&raw), true, &err) == XG_OK);
    keep("updates", "seed-body", 1, xg_buf_bytes(&body));
    xg_buf_clear(&raw);
    xg_buf_clear(&body);
}

/* ---- notes ---- */

#define NOTE(number, name, put, ...)                                           \
    do {                                                                       \
        struct xg_buf said = XG_BUF(64 << 10);                                 \
        put(&said, __VA_ARGS__);                                               \
        keep("note", "seed-" name, number, xg_buf_bytes(&said));               \
        xg_buf_clear(&said);                                                   \
    } while (0)

static void enrolling(void)
{
    struct xg_enrol enrol = {.log = xg_bytes_of("a.example")};
    struct xg_enrolled enrolled = {
        .log = enrol.log, .device = "a.example/d/0417", .worker = "w01"};
    struct xg_enrol_code code = {.url = "https://a.example",
                                 .log = fuzz_key()->verifier,
                                 .has_pin = true,
                                 .worker = "w01"};
    struct xg_buf text = XG_BUF(4096);
    char vkey[XG_VKEY_SIZE];

    NOTE(0, "enrol", xg_enrol_put, &enrol);
    NOTE(1, "enrolled", xg_enrolled_put, &enrolled);
    NOTE(18, "code", xg_enrol_code_print, &code);
    xg_verifier_print(vkey, &code.log);
    keep("note", "seed-vkey", 17, xg_bytes_of(vkey));
    xg_buf_text(&text, "~POST /v1/enrol\n\n");
    enrol.log = xg_bytes_of("test.example");
    xg_enrol_put(&text, &enrol);
    keep("api", "seed-enrol", -1, xg_buf_bytes(&text));
    xg_buf_clear(&text);
}

static void syncing(void)
{
    static struct xg_hello hello;
    static struct xg_welcome welcome;
    static struct xg_references_note references;
    struct xg_updates_note updates = {.log = xg_bytes_of("a.example"),
                                      .device = "a.example/d/0417",
                                      .scope = "-",
                                      .to = 7,
                                      .end = 9};
    struct xg_buf text = XG_BUF(4096);

    hello.log = welcome.log = references.log = updates.log;
    hello.chain_count = welcome.chain_count = 1;
    hello.chains[0].next = welcome.chains[0].next = 1;
    hello.chains[0].last.b[0] = welcome.chains[0].last.b[0] = 1;
    memcpy(welcome.device, updates.device, sizeof welcome.device);
    welcome.size = 7;
    welcome.registry = welcome.references = 2;
    welcome.forked_count = welcome.order_count = 1;
    welcome.note_count = 2;
    welcome.notes[0] = 1;
    welcome.notes[1] = 2;
    references.count = 2;
    references.entries[1].position = 4;
    NOTE(2, "hello", xg_hello_put, &hello);
    NOTE(3, "welcome", xg_welcome_put, &welcome);
    NOTE(4, "references", xg_references_put, &references);
    NOTE(5, "updates", xg_updates_put, &updates);
    xg_updates_put(&text, &updates);
    xg_buf_text(&text, "\nxyz");
    keep("updates", "seed-note", 2, xg_buf_bytes(&text));
    xg_buf_reset(&text);
    xg_buf_text(&text, "~POST /v1/hello\n\n");
    hello.log = xg_bytes_of("test.example");
    hello.size = 0;
    xg_hello_put(&text, &hello);
    keep("api", "seed-hello", -1, xg_buf_bytes(&text));
    xg_buf_clear(&text);
}

static void of_the_log(void)
{
    struct xg_reference reference = {
        .kind = "catalogue", .edition = "2026-01", .length = 9};
    struct xg_fork fork = {.seq = 2};
    struct xg_proof proof = {.count = 2};
    struct xg_blob blobs[2] = {{.length = 5}, {.length = 6}};
    struct xg_checkpoint checkpoint = {.origin = "fuzz.example", .size = 9};
    struct xg_time_note time = {.time_ms = 1780000000000};
    struct xg_add_checkpoint add = {.old = 4, .proof = {.count = 2}};
    struct xg_successor next = {
        .log = fuzz_key()->verifier, .after = "a.example", .size = 4};
    struct xg_buf text = XG_BUF(4096), note = XG_BUF(4096);

    fork.sides[0].path.count = fork.sides[1].path.count = 1;
    fork.sides[0].size = fork.sides[1].size = 2;
    blobs[1].sha256.b[0] = 1;
    NOTE(6, "reference", xg_reference_put, &reference);
    NOTE(7, "fork", xg_fork_put, &fork);
    NOTE(8, "proof", xg_proof_put, &proof);
    NOTE(9, "blobs", xg_blobs_put, blobs, 2);
    NOTE(10, "time", xg_time_note_put, &time);
    time.cosigned = true;
    time.size = 9;
    time.lines = xg_bytes_of(
        "cosigned witness.example/w1 "
        "8e2MRwAAAABpVbkAWJLP7IooF7XgECF+pKRuJZih2Gep5KF0cyQrPH+A7fMdbLvs"
        "3Ak8mKZyxZ0V/TYb0YXQ4WDehEyDzMYpFzoMBQ==\n");
    NOTE(10, "time-cosigned", xg_time_note_put, &time);
    NOTE(11, "checkpoint", xg_checkpoint_text, &checkpoint);
    xg_checkpoint_text(&text, &checkpoint);
    keep("note", "seed-to-sign", 16, xg_buf_bytes(&text));
    xg_note_sign(&note, xg_buf_bytes(&text), fuzz_key());
    NOTE(14, "receipt", xg_receipt_print, 4, &proof, xg_buf_bytes(&note));
    add.checkpoint = xg_buf_bytes(&note);
    NOTE(22, "add-checkpoint", xg_add_checkpoint_put, &add);
    NOTE(26, "successor", xg_successor_put, &next);
    keep("note", "seed-policy", 23,
         xg_bytes_of("# who\n"
                     "witness a witness.example/w1+f1ed8c47+BCFS+NGbeR0kRTJC4V8uq"
                     "2y3z/p7al7TAJeWDgaYgdsS https://a.example/\n"
                     "group g any a\ngroup h 1 g\nquorum h\n"));
    keep("note", "seed-tile", 19, xg_bytes_of("tile/1/x001/234.p/7"));
    keep("note", "seed-entries", 19, xg_bytes_of("tile/entries/067"));
    keep("note", "seed-number", 20, xg_bytes_of("0417-00123-7"));
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

static void registrar_files(struct xg_bytes note)
{
    struct registrar_request q = {.log = fuzz_key()->verifier, .note = note};
    struct registrar_state s;
    struct xg_buf signed_note = XG_BUF(XG_NOTE_MAX), file = XG_BUF(1 << 17);
    struct xg_error err = XG_ERROR_NONE;

    registrar_request_put(&file, &q);
    keep("note", "seed-request", 24, xg_buf_bytes(&file));
    xg_buf_reset(&file);
    if (registrar_sign(&s, &signed_note, &q, fuzz_key(), &err) == XG_OK)
        registrar_state_put(&file, &s);
    keep("note", "seed-state", 25, xg_buf_bytes(&file));
    xg_buf_clear(&signed_note);
    xg_buf_clear(&file);
}

static void registry(void)
{
    struct xg_registry_note head = {.number = 1};
    struct xg_statement all[] = {
        {.kind = XG_SAYS_UNIT, .subject = "top"},
        {.kind = XG_SAYS_UNIT, .subject = "north", .unit = "top"},
        {.kind = XG_SAYS_WORKER,
         .subject = "w01",
         .role = XG_ROLE_WORKER,
         .unit = "north"},
        {.kind = XG_SAYS_DEVICE, .subject = "a.example/d/1", .owner = "w01"},
        {.kind = XG_SAYS_AUTHOR,
         .subject = "a.example/d/1 w01",
         .owner = "w01"},
        {.kind = XG_SAYS_REVOKE, .subject = "a.example/d/1"},
        {.kind = XG_SAYS_CUT, .next_seq = 0},
        {.kind = XG_SAYS_KEY, .subject = "w01", .key = {7}},
        {.kind = XG_SAYS_ADMIT, .batch = {{8}}},
        {.kind = XG_SAYS_REGISTRAR, .key = {9}},
    };
    struct xg_buf text = XG_BUF(4096);

    xg_registry_note_begin(&text, &head);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        xg_statement_put(&text, &all[i]);
    keep("note", "seed-registry", 12, xg_buf_bytes(&text));
    registrar_files(xg_buf_bytes(&text));
    xg_buf_clear(&text);
}

static void handover(void)
{
    struct handover_chain chain = {.next = 3};
    struct handover_part part = {.name = "registry/1", .length = 5};
    struct handover_index index = {.log = "a.example",
                                   .from = "w01",
                                   .to = "w02",
                                   .device = "a.example/d/1",
                                   .chain_count = 1,
                                   .part_count = 1,
                                   .chains = &chain,
                                   .parts = &part};

    NOTE(21, "handover", handover_index_put, &index);
}

/* ---- tracks ---- */

static void track(void)
{
    struct xg_track_point points[12];
    struct xg_buf packed = XG_BUF(4096);
    struct xg_error err = XG_ERROR_NONE;

    for (int i = 0; i < 12; i++)
        points[i] =
            (struct xg_track_point){.t_ms = 1780000000000 + i * 30000,
                                    .lat_e6 = 35050000 + i * 211,
                                    .lon_e6 = 118330000 + i * i * 17,
                                    .acc_dm = i == 4 ? XG_ACC_UNKNOWN : 50U,
                                    .flags = XG_POINT_TRUSTED};
    FUZZ_MUST(xg_track_pack(&packed, points, 12, &err) == XG_OK);
    keep("track", "seed-12", -1, xg_buf_bytes(&packed));
    xg_buf_clear(&packed);
    FUZZ_MUST(xg_track_pack(&packed, points, 0, &err) == XG_OK);
    keep("track", "seed-0", -1, xg_buf_bytes(&packed));
    xg_buf_clear(&packed);
}

int main(int count, char **words)
{
    struct test_world world = {.seed = 1, .wall_ms = 1780000000000};
    static const uint8_t registrar[32] = {1};
    struct xg_arena arena = XG_ARENA(64 << 20);

    FUZZ_MUST(count == 2);
    folder = words[1];
    fuzz_key();
    struct test_device *d = test_device_new(
        &arena, &world, "test.example/d/0417", "test.example", registrar);
    test_incident(d, "road/hole");
    test_incident(d, "lamp");
    test_incident(d, "lamp/dark");
    records(d);
    framed(d);
    pages(d);
    enrolling();
    syncing();
    of_the_log();
    registry();
    handover();
    track();
    test_device_free(d);
    xg_arena_clear(&arena);
    return 0;
}
