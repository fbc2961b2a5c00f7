/* test_server_bundle.c - bundles at the command centre: what a device wrote is
 * taken in as over the network, part by part, and what goes back to it holds by
 * its own proofs. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/account/approval.h"
#include "server/blobs/blobs.h"
#include "server/bundle/bundle.h"
#include "server/photo/photo.h"
#include "shared/base/os.h"
#include "shared/core/protocol.h"
#include "tests/lib/folder.h"
#include "tests/lib/office.h"

#define ORIGIN "test.example"

enum { PHOTO_BYTES = 70000, PARTS_MAX = 512 };

/* ---- the place ---- */

struct stick {
    struct office o;
    char folder[TEST_FOLDER_SIZE], up[TEST_PATH_SIZE], down[TEST_PATH_SIZE];
};

static void begin(struct stick *s, struct store_fault *fault)
{
    test_folder_make(s->folder, "stick");
    snprintf(s->up, sizeof s->up, "%s/up.xgb", s->folder);
    snprintf(s->down, sizeof s->down, "%s/down.xgb", s->folder);
    office_open(&s->o, fault);
}

/* Nothing lies there but what the test wrote. */
static void finish(struct stick *s)
{
    unlink(s->up);
    unlink(s->down);
    assert_int_equal(rmdir(s->folder), 0);
    office_close(&s->o);
}

/* ---- a device ---- */

struct phone {
    struct office *o;
    struct test_device *device;
    struct xg_checkpoint held; /* size 0: none */
    uint64_t registry;
};

static void take_phone(struct phone *p, struct office *o, const char *name)
{
    *p = (struct phone){.o = o};
    p->device = test_device_new(&o->arena, &o->world, name, ORIGIN,
                                registry_registrar_key(o->d->registry));
}

static void join(struct phone *p, struct office *o, const char *worker)
{
    struct xg_error err = XG_ERROR_NONE;
    char expected[XG_KEY_NAME_MAX + 1], name[XG_KEY_NAME_MAX + 1];
    struct store_counts counts;
    struct store *s;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(s->ops->get_counts(s, &counts, &err));
    data_return(o->d, s);
    registry_device_name(expected, ORIGIN, counts.devices);
    take_phone(p, o, expected);
    assert_ok(registry_enrol(o->d->registry, name,
                             p->device->signer.verifier.key, worker, &err));
    assert_string_equal(name, expected);
}

/* The key stays, what it is called changes. */
static void rename_phone(struct phone *p, const char *name)
{
    struct xg_error err = XG_ERROR_NONE;
    uint8_t key[XG_PUBLIC_KEY_SIZE];

    memcpy(key, p->device->signer.verifier.key, sizeof key);
    assert_ok(xg_verifier_init(&p->device->signer.verifier, name,
                               XG_SIG_ED25519, key, &err));
}

static void leave(struct phone *p)
{
    test_device_free(p->device);
}

static uint8_t photo_byte(unsigned number, uint64_t at)
{
    return (uint8_t)(at * 7 + at / 251 + number * 13);
}

static struct xg_blob photo(unsigned number)
{
    static uint8_t bytes[PHOTO_BYTES];
    struct xg_blob blob = {.length = PHOTO_BYTES};

    for (size_t i = 0; i < PHOTO_BYTES; i++)
        bytes[i] = photo_byte(number, i);
    crypto_hash_sha256(blob.sha256.b, bytes, sizeof bytes);
    return blob;
}

static const struct xg_record *report_with_photo(struct phone *p,
                                                 unsigned number)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_blob blob = photo(number);
    struct xg_buf value = XG_BUF(1024);
    struct xg_draft d;

    xg_draft_init(&d, p->device->arena, XG_KIND_INCIDENT);
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    xg_cbor_put_array(&value, 4);
    xg_cbor_put_bytes(&value, blob.sha256.b, sizeof blob.sha256.b);
    xg_cbor_put_uint(&value, blob.length);
    xg_cbor_put_uint(&value, 0);
    xg_cbor_put_uint(&value, 1);
    assert_ok(xg_draft_add(&d, XG_FIELD_PHOTO, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
    return test_write(p->device, &d, NULL);
}

/* ---- writing up ---- */

struct up {
    struct stick *s;
    struct xg_bundle_writer *w;
    struct xg_bundle index;
    bool damage; /* photos come with a wrong byte */
};

static void up_begin(struct up *u, struct stick *s)
{
    struct xg_error err = XG_ERROR_NONE;

    *u = (struct up){
        .s = s,
        .index = {
            .kind = XG_BUNDLE_UP, .log = ORIGIN, .to = ORIGIN, .time_ms = 5}};
    assert_ok(xg_bundle_new(&u->w, &err));
}

static void up_add(struct up *u, const char *name, struct xg_bytes content)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_bundle_add(u->w, name, content, &err));
}

static void up_hello(struct up *u, struct phone *p)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX);
    struct test_device *d = p->device;
    struct xg_hello h = {.log = xg_bytes_of(ORIGIN),
                         .size = p->held.size,
                         .root = p->held.root,
                         .registry = p->registry,
                         .schema = 1,
                         .chain_count = 1};

    if (p->held.size == 0)
        xg_tlog_root(&h.root, NULL, 0);
    memset(h.random.b, 0x5a, sizeof h.random.b);
    h.chains[0] = (struct xg_chain_tip){.chain = d->chain,
                                        .next = d->count,
                                        .last = d->records[d->count - 1]->hash};
    xg_hello_put(&text, &h);
    xg_note_sign(&note, xg_buf_bytes(&text), &d->signer);
    up_add(u, "hello", xg_buf_bytes(&note));
    u->index.size = p->held.size;
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

/* The batch's id is that of its note, where it is not told otherwise. */
static struct xg_hash up_batch(struct up *u, struct phone *p, uint64_t first,
                               size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    char name[XG_TAR_NAME_MAX + 1];
    struct xg_batch batch;

    test_seal(&framed, p->device, first, count);
    assert_ok(xg_batch_open(&batch, &arena, framed.data, framed.len,
                            &p->device->signer.verifier, &err));
    struct xg_hash id = batch.id;
    xg_bundle_name(name, "batches", &id, "");
    up_add(u, name, xg_buf_bytes(&framed));
    xg_buf_clear(&framed);
    xg_arena_clear(&arena);
    return id;
}

static void up_photo(struct up *u, unsigned number)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_blob blob = photo(number);

    assert_ok(xg_bundle_add_blob(u->w, &blob.sha256, blob.length, &err));
}

static enum xg_status fetch_photo(void *ctx, const char *name, uint64_t offset,
                                  uint8_t *at, size_t size, size_t *len,
                                  struct xg_error *err)
{
    const struct up *u = ctx;
    struct xg_part part = {.length = 0};

    (void)err;
    xg_part_of(&part, name);
    for (unsigned number = 0; number < 100; number++) {
        struct xg_blob blob = photo(number);
        if (!xg_hash_equal(&blob.sha256, &part.id))
            continue;
        for (*len = 0; *len < size && offset + *len < PHOTO_BYTES; ++*len)
            at[*len] = photo_byte(number, offset + *len);
        if (u->damage && offset == 0)
            at[9] ^= 1;
        return XG_OK;
    }
    fail_msg("no photo %s", name);
    return XG_OK;
}

static uint64_t up_end(struct up *u, const struct xg_signer *signer,
                       const struct xg_verifier *seal_to)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_seal_slots slots = {.count = 1};
    const struct xg_bundle_host host = {u, fetch_photo, NULL};
    struct xg_bundle_target target = {.path = u->s->up, .env = &u->s->o.env};
    uint64_t bytes;

    if (seal_to) {
        memcpy(slots.keys[0], seal_to->key, sizeof slots.keys[0]);
        target.slots = &slots;
    }
    unlink(u->s->up);
    assert_ok(
        xg_bundle_write(u->w, &bytes, &target, &u->index, signer, &host, &err));
    xg_bundle_free(u->w);
    return bytes;
}

/* hello, everything in one batch a record or so, and photos. */
static uint64_t write_up(struct stick *s, struct phone *p, unsigned photos)
{
    struct up u;

    up_begin(&u, s);
    up_hello(&u, p);
    for (uint64_t i = 0; i < p->device->count; i += 2)
        up_batch(&u, p, i, p->device->count - i < 2 ? 1 : 2);
    for (unsigned i = 0; i < photos; i++)
        up_photo(&u, i);
    return up_end(&u, &p->device->signer, NULL);
}

/* ---- at the centre ---- */

static enum xg_status take(struct stick *s, struct bundle_taken **taken,
                           struct xg_error *err)
{
    const struct xg_bundle_source from = {.path = s->up,
                                          .key = ledger_signer(s->o.d->ledger)};

    return bundle_take(taken, s->o.d, &from, NULL, NULL, err);
}

static struct bundle_report take_ok(struct stick *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct bundle_taken *taken;

    assert_ok(take(s, &taken, &err));
    struct bundle_report report = *bundle_report(taken);
    bundle_taken_free(taken);
    return report;
}

static struct bundle_out to_file(struct stick *s, bool seal)
{
    unlink(s->down);
    return (struct bundle_out){.target = {.path = s->down}, .seal = seal};
}

/* Taken, and answered. */
static struct bundle_report exchange(struct stick *s,
                                     struct bundle_given *given, bool seal)
{
    const struct bundle_out out = to_file(s, seal);
    struct xg_error err = XG_ERROR_NONE;
    struct bundle_taken *taken;

    assert_ok(take(s, &taken, &err));
    struct bundle_report report = *bundle_report(taken);
    assert_ok(bundle_answer(given, s->o.d, taken, &out, &err));
    bundle_taken_free(taken);
    return report;
}

static void assert_refused(struct stick *s, enum xg_status status,
                           const char *word)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t size = office_log_size(&s->o);
    struct bundle_taken *taken = NULL;

    assert_status(take(s, &taken, &err), status);
    assert_null(taken);
    if (!strstr(xg_error_text(&err), word))
        fail_msg("no '%s' in '%s'", word, xg_error_text(&err));
    assert_int_equal(office_log_size(&s->o), size);
}

/* ---- what comes back, judged as a device judges it ---- */

struct news {
    struct xg_arena arena;
    struct xg_bundle index;
    struct xg_welcome *welcome; /* the last one */
    struct xg_checkpoint checkpoint;
    size_t welcomes, count;
    struct {
        struct xg_part part;
        struct xg_bytes content;
    } parts[PARTS_MAX];
};

static void read_welcome(struct news *n, struct xg_bytes frames,
                         const struct xg_verifier *log)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes frame;
    struct xg_note note;

    n->welcomes++;
    assert_true(xg_frame_next(&frames, &frame));
    assert_ok(xg_note_open(&note, frame.at, frame.len, log, &err));
    assert_ok(xg_welcome_read(n->welcome, note.text, &err));
    assert_true(xg_frame_next(&frames, &frame));
    assert_true(xg_frame_next(&frames, &frame));
    assert_ok(
        xg_checkpoint_open(&n->checkpoint, frame.at, frame.len, log, &err));
    assert_int_equal(n->checkpoint.size, n->welcome->size);
    size_t notes = 0;
    while (xg_frame_next(&frames, &frame))
        notes++;
    assert_int_equal(notes, n->welcome->note_count);
}

static void open_news(struct news *n, struct stick *s, struct phone *p)
{
    const struct xg_verifier *log = &s->o.d->log.verifier;
    const struct xg_bundle_source from = {.path = s->down,
                                          .key = &p->device->signer};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bundle_reader *r;
    struct xg_bytes index;
    struct xg_note note;
    bool more, cut;

    memset(n, 0, sizeof *n);
    n->arena = XG_ARENA(256 << 20);
    n->welcome = xg_arena_alloc(&n->arena, sizeof *n->welcome);
    assert_ok(xg_bundle_open(&r, &n->index, &index, &from, &err));
    assert_ok(xg_note_open(&note, index.at, index.len, log, &err));
    assert_int_equal(n->index.kind, XG_BUNDLE_DOWN);
    assert_string_equal(n->index.to, p->device->signer.verifier.name);
    for (;;) {
        struct xg_buf content = XG_BUF(XG_BUNDLE_PART_MAX);
        struct xg_part *part = &n->parts[n->count].part;
        assert_ok(xg_bundle_next(r, part, &more, &cut, &err));
        assert_false(cut);
        if (!more)
            break;
        assert_int_not_equal(part->kind, XG_PART_OTHER);
        assert_ok(xg_bundle_content(r, &content, &err));
        n->parts[n->count].content = xg_bytes(
            xg_arena_copy(&n->arena, content.data, content.len), content.len);
        xg_buf_clear(&content);
        if (part->kind == XG_PART_WELCOME)
            read_welcome(n, n->parts[n->count].content, log);
        assert_true(++n->count < PARTS_MAX);
    }
    assert_int_equal(n->count, n->index.parts);
    xg_bundle_close(r);
}

static void close_news(struct news *n)
{
    xg_arena_clear(&n->arena);
}

static size_t count_parts(const struct news *n, enum xg_part_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < n->count; i++)
        count += n->parts[i].part.kind == kind;
    return count;
}

static struct xg_bytes find_part(const struct news *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->parts[i].part.name, name) == 0)
            return n->parts[i].content;
    return xg_bytes(NULL, 0);
}

/* Nodes of the tree, out of the bundle's tiles alone. */
static enum xg_status read_node(void *ctx, unsigned level, uint64_t index,
                                struct xg_hash *hash, struct xg_error *err)
{
    const struct news *n = ctx;
    uint64_t wide = (uint64_t)1 << level % 8;

    for (size_t i = 0; i < n->count; i++) {
        const struct xg_tile *t = &n->parts[i].part.tile;
        if (n->parts[i].part.kind != XG_PART_TILE || t->level != level / 8 ||
            t->index != index * wide / XG_TILE_WIDTH)
            continue;
        uint64_t first = index * wide % XG_TILE_WIDTH;
        assert_int_equal(n->parts[i].content.len,
                         (size_t)t->width * XG_HASH_SIZE);
        assert_true(first + wide <= t->width);
        struct xg_hash nodes[XG_TILE_WIDTH];
        memcpy(nodes, n->parts[i].content.at + first * XG_HASH_SIZE,
               wide * XG_HASH_SIZE);
        for (uint64_t w = wide; w > 1; w /= 2)
            for (uint64_t k = 0; k < w / 2; k++)
                xg_tlog_node(&nodes[k], &nodes[2 * k], &nodes[2 * k + 1]);
        *hash = nodes[0];
        return XG_OK;
    }
    return xg_fail(err, XG_NOTFOUND, "no tile has node %u/%" PRIu64, level,
                   index);
}

static void prove_from_every_size(struct news *n, struct stick *s)
{
    const struct xg_node_reader nodes = {n, read_node};
    struct xg_error err = XG_ERROR_NONE;
    uint64_t size = n->checkpoint.size;
    struct xg_proof proof;
    struct xg_hash root;
    struct store *store;

    assert_ok(data_borrow(s->o.d, &store, &err));
    for (uint64_t old = n->index.since ? n->index.since : 1; old <= size;
         old++) {
        assert_ok(ledger_root(&root, store, old, &err));
        assert_ok(xg_prove_consistency(&proof, old, size, &nodes, &err));
        assert_ok(xg_verify_consistency(&proof, old, size, &root,
                                        &n->checkpoint.root, &err));
    }
    data_return(s->o.d, store);
}

/* The state that the device is told of, by a receipt that holds. */
static void assert_received(const struct news *n, struct stick *s,
                            struct phone *p, uint64_t first, size_t count,
                            const char *state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    struct xg_checkpoint c;
    struct xg_receipt receipt;
    struct xg_batch batch;
    struct xg_hash leaf;
    char name[XG_TAR_NAME_MAX + 1], line[160], hex[65];

    test_seal(&framed, p->device, first, count);
    assert_ok(xg_batch_open(&batch, &arena, framed.data, framed.len,
                            &p->device->signer.verifier, &err));
    xg_bundle_name(name, "receipts", &batch.id, ".tlog-proof");
    struct xg_bytes proof = find_part(n, name), states = find_part(n, "states");
    assert_non_null(proof.at);
    xg_tlog_leaf(&leaf, batch.note.at, batch.note.len);
    assert_ok(xg_receipt_open(&receipt, &c, proof.at, proof.len, &leaf,
                              &s->o.d->log.verifier, &err));
    assert_int_equal(c.size, n->checkpoint.size);
    xg_hex(hex, batch.id.b, sizeof batch.id.b);
    snprintf(line, sizeof line, "%s %s\n", hex, state);
    char *text = xg_arena_str(&arena, (const char *)states.at, states.len);
    if (!strstr(text, line))
        fail_msg("no '%s' in '%s'", line, text);
    xg_buf_clear(&framed);
    xg_arena_clear(&arena);
}

/* Pages follow one another from `since` to the end; how many records. */
static uint64_t read_updates(struct news *n, struct stick *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_updates_note note;
    struct xg_bytes raw;
    uint64_t at = n->index.since, records = 0;

    for (size_t i = 0; i < n->count; i++) {
        if (n->parts[i].part.kind != XG_PART_UPDATES)
            continue;
        assert_int_equal(n->parts[i].part.number, at);
        assert_ok(xg_updates_open(
            &note, &raw, &n->arena, n->parts[i].content.at,
            n->parts[i].content.len, &s->o.d->log.verifier, &err));
        assert_int_equal(note.from, at);
        assert_string_equal(note.device, n->index.to);
        at = note.to;
        records += note.count;
    }
    assert_int_equal(at, n->checkpoint.size);
    return records;
}

static bool is_held(struct news *n, struct stick *s, unsigned number)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_blob wanted = photo(number), blobs[XG_BLOBS_MAX];
    size_t count;
    bool held = false;

    for (size_t i = 0; i < n->count; i++) {
        struct xg_bytes rest = n->parts[i].content, note_bytes, proof;
        struct xg_checkpoint c;
        struct xg_receipt receipt;
        struct xg_note note;
        struct xg_hash leaf;
        if (n->parts[i].part.kind != XG_PART_HELD)
            continue;
        assert_true(xg_frame_next(&rest, &proof));
        assert_int_equal(proof.len, 0);
        while (xg_frame_next(&rest, &note_bytes)) {
            assert_true(xg_frame_next(&rest, &proof));
            xg_tlog_leaf(&leaf, note_bytes.at, note_bytes.len);
            assert_ok(xg_receipt_open(&receipt, &c, proof.at, proof.len, &leaf,
                                      &s->o.d->log.verifier, &err));
            assert_ok(xg_note_open(&note, note_bytes.at, note_bytes.len,
                                   &s->o.d->log.verifier, &err));
            assert_ok(xg_blobs_read(blobs, &count, note.text, &err));
            for (size_t b = 0; b < count; b++)
                held |= xg_hash_equal(&blobs[b].sha256, &wanted.sha256) &&
                        blobs[b].length == wanted.length;
        }
    }
    return held;
}

/* ---- to and fro ---- */

static void test_to_and_fro(void **unused)
{
    struct bundle_given given;
    struct bundle_report r;
    struct phone a, b;
    struct stick s;
    struct news n;

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    join(&b, &s.o, "wn");
    report_with_photo(&a, 0);
    report_with_photo(&a, 1);
    test_incident(a.device, "water");
    write_up(&s, &a, 2);
    r = exchange(&s, &given, false);
    assert_int_equal(r.batches[XG_BATCH_STORED], 2);
    assert_int_equal(r.records, 4);
    assert_int_equal(r.photos, 2);
    assert_int_equal(r.photo_bytes, 2 * PHOTO_BYTES);
    assert_int_equal(r.bad, 0);
    assert_int_equal(r.came, r.parts);
    assert_false(r.cut);
    open_news(&n, &s, &a);
    assert_int_equal(n.welcome->state, XG_DEVICE_ENROLLED);
    assert_int_equal(n.welcome->random.b[0], 0x5a);
    assert_true(sodium_is_zero(n.welcome->token.b, 32));
    assert_received(&n, &s, &a, 0, 2, "stored");
    assert_received(&n, &s, &a, 2, 2, "stored");
    assert_true(is_held(&n, &s, 0));
    assert_true(is_held(&n, &s, 1));
    assert_false(is_held(&n, &s, 2));
    assert_int_equal(read_updates(&n, &s), 4);
    prove_from_every_size(&n, &s);
    a.held = n.checkpoint;
    close_news(&n);

    /* Again: nothing is new, and the answer holds as well. */
    uint64_t size = office_log_size(&s.o);
    write_up(&s, &a, 2);
    r = exchange(&s, &given, false);
    assert_int_equal(r.batches[XG_BATCH_HELD], 2);
    assert_int_equal(r.records, 0);
    assert_int_equal(r.photos, 0);
    assert_int_equal(r.photos_held, 2);
    assert_int_equal(office_log_size(&s.o), size);
    open_news(&n, &s, &a);
    assert_received(&n, &s, &a, 0, 2, "held");
    assert_true(is_held(&n, &s, 1));
    close_news(&n);

    /* The other device is told of it. */
    const struct bundle_out out = to_file(&s, false);
    struct xg_error err = XG_ERROR_NONE;
    assert_ok(bundle_give(&given, s.o.d, b.device->signer.verifier.name, 0,
                          &out, &err));
    open_news(&n, &s, &b);
    assert_int_equal(read_updates(&n, &s), 3);
    assert_true(sodium_is_zero(n.welcome->random.b, 32));
    assert_int_equal(count_parts(&n, XG_PART_RECEIPT), 0);
    prove_from_every_size(&n, &s);
    close_news(&n);
    office_check(&s.o);
    leave(&a);
    leave(&b);
    finish(&s);
}

/* A receipt that was lost comes again, also for what another brought. */
static void test_what_was_lost_comes_again(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct bundle_given given;
    struct phone a;
    struct stick s;
    struct news n;

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    report_with_photo(&a, 0);
    write_up(&s, &a, 1);
    take_ok(&s); /* no answer */
    struct bundle_out out = to_file(&s, false);
    assert_ok(bundle_give(&given, s.o.d, a.device->signer.verifier.name, 0,
                          &out, &err));
    assert_int_equal(given.receipts, 1);
    assert_int_equal(given.photos, 1);
    open_news(&n, &s, &a);
    assert_received(&n, &s, &a, 0, 2, "stored");
    assert_true(is_held(&n, &s, 0));
    close_news(&n);
    /* From where it has it: nothing of it. */
    out = to_file(&s, false);
    assert_ok(bundle_give(&given, s.o.d, a.device->signer.verifier.name,
                          office_log_size(&s.o), &out, &err));
    assert_int_equal(given.receipts, 0);
    assert_int_equal(given.photos, 0);
    out = to_file(&s, false);
    assert_status(bundle_give(&given, s.o.d, a.device->signer.verifier.name,
                              office_log_size(&s.o) + 1, &out, &err),
                  XG_USAGE);
    err = XG_ERROR_NONE;
    assert_status(bundle_give(&given, s.o.d, ORIGIN "/d/0099", 0, &out, &err),
                  XG_NOTFOUND);
    assert_false(xg_os_exists(s.down));
    leave(&a);
    finish(&s);
}

static void test_sealed_both_ways(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct bundle_given given;
    struct phone a, b;
    struct stick s;
    struct news n;
    struct up u;

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    join(&b, &s.o, "wn");
    up_begin(&u, &s);
    up_hello(&u, &a);
    up_batch(&u, &a, 0, 1);
    up_end(&u, &a.device->signer, &s.o.d->log.verifier);
    exchange(&s, &given, true);
    const struct xg_bundle_source wrong = {.path = s.down,
                                           .key = &b.device->signer};
    struct xg_bundle_reader *r;
    struct xg_bundle index;
    struct xg_bytes note;
    assert_status(xg_bundle_open(&r, &index, &note, &wrong, &err), XG_AUTH);
    open_news(&n, &s, &a);
    assert_received(&n, &s, &a, 0, 1, "stored");
    close_news(&n);

    up_begin(&u, &s);
    up_hello(&u, &a);
    up_end(&u, &a.device->signer, &b.device->signer.verifier);
    assert_refused(&s, XG_AUTH, "up.xgb");
    leave(&a);
    leave(&b);
    finish(&s);
}

/* ---- joining ---- */

static void write_enrol(struct stick *s, struct phone *p,
                        const uint8_t secret[XG_SECRET_SIZE])
{
    struct xg_buf text = XG_BUF(4096), note = XG_BUF(XG_NOTE_MAX);
    struct xg_enrol e = {.log = xg_bytes_of(ORIGIN), .chain = p->device->chain};
    const uint8_t *key = p->device->signer.verifier.key;
    struct up u;

    rename_phone(p, ORIGIN "/new");
    xg_secret_id(&e.code, secret);
    xg_enrol_proof(&e.proof, secret, key);
    memcpy(e.key.b, key, sizeof e.key.b);
    memset(e.random.b, 0x77, sizeof e.random.b);
    xg_enrol_put(&text, &e);
    xg_note_sign(&note, xg_buf_bytes(&text), &p->device->signer);
    up_begin(&u, s);
    up_add(&u, "enrol", xg_buf_bytes(&note));
    up_end(&u, &p->device->signer, NULL);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

static void make_secret(struct stick *s, uint8_t secret[XG_SECRET_SIZE],
                        bool approve)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash id;

    assert_ok(registry_make_code(s->o.d->registry, secret, "wn",
                                 s->o.world.wall_ms + 3600000, &s->o.env,
                                 &err));
    xg_secret_id(&id, secret);
    if (approve)
        assert_ok(approval_require(s->o.d, &id, &err));
}

static enum xg_device_state read_enrolled(struct news *n, struct stick *s,
                                          struct phone *p)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes content = find_part(n, "enrolled");
    struct xg_enrolled e;
    struct xg_note note;

    assert_ok(xg_note_open(&note, content.at, content.len,
                           &s->o.d->log.verifier, &err));
    assert_ok(xg_enrolled_read(&e, note.text, &err));
    assert_int_equal(e.random.b[3], 0x77);
    assert_string_equal(e.device, p->device->signer.verifier.name);
    return e.state;
}

static void test_joining(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    uint8_t secret[XG_SECRET_SIZE], other[XG_SECRET_SIZE] = {1};
    struct bundle_given given;
    struct phone a, b;
    struct stick s;
    struct news n;

    (void)unused;
    begin(&s, NULL);
    take_phone(&a, &s.o, ORIGIN "/new");
    take_phone(&b, &s.o, ORIGIN "/new");
    make_secret(&s, secret, false);
    write_enrol(&s, &a, other);
    assert_refused(&s, XG_REFUSED, "");
    for (int twice = 0; twice < 2; twice++) {
        write_enrol(&s, &a, secret);
        struct bundle_report r = exchange(&s, &given, false);
        assert_true(r.asked_to_join);
        assert_int_equal(r.state, XG_DEVICE_ENROLLED);
        assert_int_equal(r.came, 1);
        rename_phone(&a, r.device);
        open_news(&n, &s, &a);
        assert_int_equal(read_enrolled(&n, &s, &a), XG_DEVICE_ENROLLED);
        assert_int_equal(n.welcome->state, XG_DEVICE_ENROLLED);
        assert_true(n.welcome->note_count > 0);
        prove_from_every_size(&n, &s);
        close_news(&n);
    }
    /* The code is used up. */
    write_enrol(&s, &b, secret);
    assert_refused(&s, XG_REFUSED, "");

    /* One that waits for a yes. */
    make_secret(&s, secret, true);
    write_enrol(&s, &b, secret);
    struct bundle_report r = exchange(&s, &given, true);
    assert_int_equal(r.state, XG_DEVICE_PENDING);
    rename_phone(&b, r.device);
    open_news(&n, &s, &b);
    assert_int_equal(read_enrolled(&n, &s, &b), XG_DEVICE_PENDING);
    assert_int_equal(n.welcome->state, XG_DEVICE_PENDING);
    assert_int_equal(n.count, 1 + n.welcomes + count_parts(&n, XG_PART_TILE));
    prove_from_every_size(&n, &s);
    close_news(&n);
    assert_ok(approval_give(s.o.d, r.device, &err));
    const struct bundle_out out = to_file(&s, false);
    assert_ok(bundle_give(&given, s.o.d, r.device, 0, &out, &err));
    open_news(&n, &s, &b);
    assert_int_equal(n.welcome->state, XG_DEVICE_ENROLLED);
    close_news(&n);
    leave(&a);
    leave(&b);
    finish(&s);
}

/* ---- what is refused whole ---- */

static void test_refused_whole(void **unused)
{
    struct phone a, b, stranger;
    struct stick s;
    struct up u;

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    join(&b, &s.o, "wn");
    take_phone(&stranger, &s.o, ORIGIN "/d/0077");
    for (int which = 0; which < 6; which++) {
        static const char *const words[] = {
            "other.example", "other.example", "0001", "0077", "0001", ""};
        const struct xg_signer *signer = &a.device->signer;
        struct xg_signer forged = b.device->signer;
        up_begin(&u, &s);
        up_hello(&u, &a);
        up_batch(&u, &a, 0, 1);
        if (which == 0)
            snprintf(u.index.log, sizeof u.index.log, "other.example");
        if (which == 1)
            snprintf(u.index.to, sizeof u.index.to, "other.example");
        if (which == 2) {
            u.index.kind = XG_BUNDLE_DOWN;
            snprintf(u.index.to, sizeof u.index.to, ORIGIN "/d/0001");
        }
        if (which == 3)
            signer = &stranger.device->signer;
        if (which == 4) { /* b's key under a's name */
            memcpy(forged.verifier.name, a.device->signer.verifier.name,
                   sizeof forged.verifier.name);
            struct xg_error err = XG_ERROR_NONE;
            assert_ok(xg_verifier_init(
                &forged.verifier, a.device->signer.verifier.name,
                XG_SIG_ED25519, b.device->signer.verifier.key, &err));
            signer = &forged;
        }
        if (which == 5) { /* not enrolled, and does not ask to be */
            rename_phone(&stranger, ORIGIN "/new");
            signer = &stranger.device->signer;
        }
        up_end(&u, signer, NULL);
        assert_refused(&s,
                       which == 4   ? XG_AUTH
                       : which == 5 ? XG_FORMAT
                                    : XG_REFUSED,
                       words[which]);
    }
    /* No bundle at all. */
    struct xg_error err = XG_ERROR_NONE;
    assert_ok(xg_os_replace(s.up, 0600, xg_bytes_of("hello, world\n"), &err));
    assert_refused(&s, XG_FORMAT, "up.xgb");
    assert_ok(xg_os_replace(s.up, 0600, xg_bytes(NULL, 0), &err));
    assert_refused(&s, XG_FORMAT, "up.xgb");
    unlink(s.up);
    assert_refused(&s, XG_NOTFOUND, "up.xgb");
    leave(&a);
    leave(&b);
    leave(&stranger);
    finish(&s);
}

/* ---- bad parts ---- */

static void test_bad_parts_are_passed_over(void **unused)
{
    static const uint8_t junk[] = "nothing that anybody would call a batch";
    struct bundle_given given;
    struct phone a, b;
    struct stick s;
    struct news n;
    struct up u;
    char name[XG_TAR_NAME_MAX + 1];

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    join(&b, &s.o, "ws");
    report_with_photo(&a, 0);
    report_with_photo(&a, 1);
    test_incident(a.device, "water");
    up_begin(&u, &s);
    up_hello(&u, &b); /* by another than who wrote the bundle */
    struct xg_hash id = up_batch(&u, &a, 0, 2);
    id.b[5] ^= 1;
    xg_bundle_name(name, "batches", &id, "");
    up_add(&u, name, xg_bytes(junk, sizeof junk)); /* malformed */
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    test_seal(&framed, a.device, 3, 1);
    id.b[6] ^= 1;
    xg_bundle_name(name, "batches", &id, "");
    up_add(&u, name, xg_buf_bytes(&framed)); /* under a wrong name */
    framed.data[framed.len - 1] ^= 1;
    id.b[7] ^= 1;
    xg_bundle_name(name, "batches", &id, "");
    up_add(&u, name, xg_buf_bytes(&framed)); /* altered */
    xg_buf_clear(&framed);
    up_batch(&u, &a, 2, 2);
    up_add(&u, "welcome", xg_bytes_of("not from a device\n"));
    up_add(&u, "news-of-2031", xg_bytes_of("whatever\n"));
    up_photo(&u, 0);
    up_photo(&u, 9); /* of no record */
    up_photo(&u, 1);
    up_end(&u, &a.device->signer, NULL);

    struct bundle_report r = exchange(&s, &given, false);
    assert_int_equal(r.batches[XG_BATCH_STORED], 2);
    assert_int_equal(r.photos, 2);
    assert_int_equal(r.bad, 6);
    assert_int_equal(r.foreign, 1);
    assert_int_equal(r.trouble_count, 6);
    assert_string_equal(r.troubles[0].part, "hello");
    assert_int_equal(r.stopped.status, XG_OK);
    for (size_t i = 0; i < r.trouble_count; i++)
        assert_true(strlen(r.troubles[i].why) > 0);
    open_news(&n, &s, &a);
    assert_true(sodium_is_zero(n.welcome->random.b, 32));
    assert_received(&n, &s, &a, 0, 2, "stored");
    assert_received(&n, &s, &a, 2, 2, "stored");
    assert_true(is_held(&n, &s, 1));
    close_news(&n);
    struct xg_blob none = photo(9);
    assert_false(blobs_has(s.o.d->blobs, &none.sha256));

    /* A photo that is another one than its name says. */
    report_with_photo(&a, 4);
    up_begin(&u, &s);
    u.damage = true;
    up_hello(&u, &a);
    up_batch(&u, &a, 4, 1);
    up_photo(&u, 4);
    up_end(&u, &a.device->signer, NULL);
    r = take_ok(&s);
    assert_int_equal(r.records, 1);
    assert_int_equal(r.photos, 0);
    assert_int_equal(r.bad, 1);
    none = photo(4);
    assert_false(blobs_has(s.o.d->blobs, &none.sha256));
    office_check(&s.o);
    leave(&a);
    leave(&b);
    finish(&s);
}

/* Batches out of order wait, and are there when the earlier ones come. */
static void test_out_of_order(void **unused)
{
    struct phone a;
    struct stick s;
    struct up u;

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    test_incident(a.device, "water");
    report_with_photo(&a, 0);
    up_begin(&u, &s);
    up_hello(&u, &a);
    up_batch(&u, &a, 2, 1);
    up_photo(&u, 0);
    up_end(&u, &a.device->signer, NULL);
    struct bundle_report r = take_ok(&s);
    assert_int_equal(r.batches[XG_BATCH_WAITING], 1);
    assert_int_equal(r.bad, 1); /* the photo: its record is not merged yet */
    write_up(&s, &a, 1);
    r = take_ok(&s);
    assert_int_equal(r.records, 3);
    assert_int_equal(r.photos, 1);
    assert_int_equal(r.bad, 0);
    office_check(&s.o);
    leave(&a);
    finish(&s);
}

/* ---- cut, full, revoked ---- */

static void test_cut_anywhere(void **unused)
{
    struct bundle_given given;
    struct xg_buf whole = XG_BUF(16 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct phone a;
    struct stick s;
    uint64_t came = 0, records = 0;

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    report_with_photo(&a, 0);
    for (int i = 0; i < 6; i++)
        test_incident(a.device, "water");
    write_up(&s, &a, 1);
    assert_ok(xg_os_read(&whole, s.up, &err));
    for (size_t cut = 0; cut + 1024 < whole.len;
         cut += cut < 4096 ? 173 : 2711) {
        struct bundle_taken *taken;
        assert_ok(xg_os_replace(s.up, 0600, xg_bytes(whole.data, cut), &err));
        err = XG_ERROR_NONE;
        if (take(&s, &taken, &err) != XG_OK) {
            assert_true(cut < 4096); /* not even the index came */
            continue;
        }
        const struct bundle_report *r = bundle_report(taken);
        assert_true(r->cut);
        assert_true(r->came < r->parts);
        assert_true(r->came >= came);
        assert_int_equal(r->bad, 0);
        assert_int_equal(r->stopped.status, XG_OK);
        came = r->came;
        records += r->records;
        const struct bundle_out out = to_file(&s, false);
        assert_ok(bundle_answer(&given, s.o.d, taken, &out, &err));
        bundle_taken_free(taken);
    }
    assert_int_equal(came, 1 + 4); /* all but the photo */
    assert_int_equal(records, 8);
    assert_ok(xg_os_replace(s.up, 0600, xg_buf_bytes(&whole), &err));
    struct bundle_report r = take_ok(&s);
    assert_false(r.cut);
    assert_int_equal(r.photos, 1);
    assert_int_equal(r.batches[XG_BATCH_HELD], 4);
    office_check(&s.o);
    xg_buf_clear(&whole);
    leave(&a);
    finish(&s);
}

/* Our disk is full, at every call of the store: it stops, says so, and reading
 * again finishes it. */
static void test_full_disk(void **unused)
{
    struct store_fault fault = {.status = XG_OK};
    bool done = false;

    (void)unused;
    for (uint64_t at = 1; !done; at += at < 40 ? 3 : 17) {
        struct xg_error err = XG_ERROR_NONE;
        struct bundle_taken *taken = NULL;
        struct phone a;
        struct stick s;
        memset(&fault, 0, sizeof fault);
        begin(&s, &fault);
        join(&a, &s.o, "wn");
        report_with_photo(&a, 0);
        test_incident(a.device, "water");
        write_up(&s, &a, 1);
        fault = (struct store_fault){
            .countdown = at, .repeat = true, .status = XG_FULL};
        enum xg_status status = take(&s, &taken, &err);
        done = status == XG_OK && fault.failed == 0;
        if (status == XG_OK)
            assert_int_equal(bundle_report(taken)->stopped.status,
                             done ? XG_OK : XG_FULL);
        else
            assert_int_equal(status, XG_FULL);
        bundle_taken_free(taken);
        fault = (struct store_fault){.status = XG_OK};
        struct bundle_report r = take_ok(&s);
        assert_int_equal(r.stopped.status, XG_OK);
        assert_int_equal(r.bad, 0);
        assert_int_equal(r.photos + r.photos_held, 1);
        office_check(&s.o);
        leave(&a);
        finish(&s);
    }
}

static void test_revoked(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct bundle_given given;
    struct phone a;
    struct stick s;
    struct news n;

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    test_incident(a.device, "water");
    assert_ok(
        registry_revoke(s.o.d->registry, a.device->signer.verifier.name, &err));
    write_up(&s, &a, 0);
    struct bundle_report r = exchange(&s, &given, false);
    assert_int_equal(r.state, XG_DEVICE_REVOKED);
    assert_int_equal(r.batches[XG_BATCH_QUARANTINED], 1);
    open_news(&n, &s, &a);
    assert_int_equal(n.welcome->state, XG_DEVICE_REVOKED);
    assert_received(&n, &s, &a, 0, 2, "quarantined");
    assert_int_equal(count_parts(&n, XG_PART_UPDATES), 0);
    assert_int_equal(count_parts(&n, XG_PART_REFERENCES), 0);
    close_news(&n);
    leave(&a);
    finish(&s);
}

/* ---- a long log ---- */

static void test_a_long_log(void **unused)
{
    static const char *const kinds[] = {"calendar", "labels", "calendar"};
    struct xg_error err = XG_ERROR_NONE;
    struct bundle_given given;
    struct phone a;
    struct stick s;
    struct news n;
    char code[16], text[64];

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct xg_reference made;
        snprintf(text, sizeof text, "file %zu\n", i);
        assert_ok(registry_put_reference(s.o.d->registry, &made, kinds[i],
                                         i == 0 ? "2026" : "2027",
                                         xg_bytes_of(text), &err));
    }
    uint64_t early = office_log_size(&s.o);
    for (int i = 0; i < 400; i++) {
        struct xg_statement says = {.kind = XG_SAYS_WORKER,
                                    .role = XG_ROLE_WORKER};
        snprintf(code, sizeof code, "p%03d", i);
        snprintf(says.subject, sizeof says.subject, "%s", code);
        snprintf(says.unit, sizeof says.unit, "north");
        assert_ok(registry_put(s.o.d->registry, &says, 1, &err));
    }
    const uint64_t sinces[] = {0, early, 255, 256, 257, 511, 512, 513, 700};
    for (size_t i = 0; i < sizeof sinces / sizeof *sinces; i++) {
        const struct bundle_out out = to_file(&s, false);
        assert_ok(bundle_give(&given, s.o.d, a.device->signer.verifier.name,
                              sinces[i], &out, &err));
        open_news(&n, &s, &a);
        assert_true(n.checkpoint.size > 800);
        assert_int_equal(given.registry_notes, n.welcome->registry);
        assert_int_equal(n.welcomes, (n.welcome->registry + 63) / 64);
        prove_from_every_size(&n, &s);
        read_updates(&n, &s);
        assert_int_equal(given.references, 3);
        /* every edition of the calendar, or the newest of each kind */
        assert_int_equal(count_parts(&n, XG_PART_REFERENCE),
                         sinces[i] == 0 ? 3 : 2);
        close_news(&n);
    }
    leave(&a);
    finish(&s);
}

/* A device that has seen more than we have: nothing is answered, and said. */
static void test_longer_log_than_ours(void **unused)
{
    const struct xg_hash some = {{7}};
    struct xg_error err = XG_ERROR_NONE;
    struct bundle_given given;
    struct bundle_taken *taken;
    struct phone a;
    struct stick s;

    (void)unused;
    begin(&s, NULL);
    join(&a, &s.o, "wn");
    a.held = (struct xg_checkpoint){.size = 5000, .root = some};
    write_up(&s, &a, 0);
    assert_ok(take(&s, &taken, &err));
    assert_int_equal(bundle_report(taken)->batches[XG_BATCH_STORED], 1);
    const struct bundle_out out = to_file(&s, false);
    assert_status(bundle_answer(&given, s.o.d, taken, &out, &err), XG_ALARM);
    assert_false(xg_os_exists(s.down));
    bundle_taken_free(taken);
    leave(&a);
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_and_fro),
        cmocka_unit_test(test_what_was_lost_comes_again),
        cmocka_unit_test(test_sealed_both_ways),
        cmocka_unit_test(test_joining),
        cmocka_unit_test(test_refused_whole),
        cmocka_unit_test(test_bad_parts_are_passed_over),
        cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_revoked),
        cmocka_unit_test(test_a_long_log),
        cmocka_unit_test(test_longer_log_than_ours),
    };

    xg_base_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
