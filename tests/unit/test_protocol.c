/* test_protocol.c - everything that agent and server say to each other: round
 * trips, every truncation, every flipped bit, hostile counts. */
#include "tests/lib/test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/core/protocol.h"
#include "shared/core/successor.h"
#include "shared/core/witness.h"

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

static struct xg_hash hash_of(unsigned n)
{
    struct xg_hash h;

    crypto_hash_sha256(h.b, (const uint8_t *)&n, sizeof n);
    return h;
}

/* ---- one text: read it, write it again ---- */

/* Read `text` and put it again; false when it was refused. */
typedef bool reread(struct xg_buf *out, struct xg_bytes text);

/* Every truncation, every flipped bit, an added line: refused, or one text of
 * one meaning. */
static void torment(const struct xg_buf *text, reread *read)
{
    struct xg_buf out = XG_BUF(1 << 20);
    uint8_t *copy = malloc(text->len + 8);

    assert_non_null(copy);
    memcpy(copy, text->data, text->len);
    assert_true(read(&out, xg_buf_bytes(text)));
    assert_true(xg_bytes_equal(xg_buf_bytes(&out), xg_buf_bytes(text)));
    for (size_t len = 0; len < text->len; len++) {
        xg_buf_reset(&out);
        struct xg_bytes cut = xg_bytes(copy, len);
        if (read(&out, cut))
            assert_true(xg_bytes_equal(xg_buf_bytes(&out), cut));
    }
    for (size_t bit = 0; bit < text->len * 8; bit++) {
        xg_buf_reset(&out);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct xg_bytes flipped = xg_bytes(copy, text->len);
        if (read(&out, flipped))
            assert_true(xg_bytes_equal(xg_buf_bytes(&out), flipped));
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    memcpy(copy + text->len, "more 1\n", 7);
    assert_false(read(&out, xg_bytes(copy, text->len + 7)));
    free(copy);
    xg_buf_clear(&out);
}

#define AGAIN(name, type, reads, puts)                                         \
    static bool name(struct xg_buf *out, struct xg_bytes text)                 \
    {                                                                          \
        type value;                                                            \
        if (reads(&value, text, &err) != XG_OK)                                \
            return false;                                                      \
        puts(out, &value);                                                     \
        return true;                                                           \
    }
AGAIN(enrol_again, struct xg_enrol, xg_enrol_read, xg_enrol_put)
AGAIN(enrolled_again, struct xg_enrolled, xg_enrolled_read, xg_enrolled_put)
AGAIN(hello_again, struct xg_hello, xg_hello_read, xg_hello_put)
AGAIN(welcome_again, struct xg_welcome, xg_welcome_read, xg_welcome_put)
AGAIN(updates_again, struct xg_updates_note, xg_updates_read, xg_updates_put)
AGAIN(references_again, struct xg_references_note, xg_references_read,
      xg_references_put)
AGAIN(reference_again, struct xg_reference, xg_reference_read, xg_reference_put)
AGAIN(time_again, struct xg_time_note, xg_time_note_read, xg_time_note_put)
AGAIN(successor_again, struct xg_successor, xg_successor_read,
      xg_successor_put)
AGAIN(fork_again, struct xg_fork, xg_fork_read, xg_fork_put)
#undef AGAIN

static void test_small_notes(void **state)
{
    struct xg_buf text = XG_BUF(1 << 16);
    struct xg_enrol e = {.log = xg_bytes_of("lanshan.example"),
                         .code = hash_of(1),
                         .proof = hash_of(2),
                         .key = hash_of(3),
                         .chain = hash_of(4),
                         .random = hash_of(5)};
    struct xg_enrolled d = {.log = xg_bytes_of("lanshan.example"),
                            .random = hash_of(6),
                            .state = XG_DEVICE_PENDING,
                            .device = "lanshan.example/d/0417",
                            .worker = "w-12"};
    struct xg_reference r = {.kind = "territory",
                             .edition = "2026-11",
                             .file = hash_of(7),
                             .length = 70123};

    (void)state;
    xg_enrol_put(&text, &e);
    torment(&text, enrol_again);
    xg_buf_reset(&text);
    memcpy(e.device, "lanshan.example/d/0417", sizeof "lanshan.example/d/0417");
    xg_enrol_put(&text, &e);
    torment(&text, enrol_again);
    xg_buf_reset(&text);
    xg_enrolled_put(&text, &d);
    torment(&text, enrolled_again);
    xg_buf_reset(&text);
    struct xg_successor next = {
        .after = "lanshan.example", .size = 12, .root = hash_of(8)};
    assert_ok(xg_verifier_init(&next.log, "lanshan.example/2", XG_SIG_ED25519,
                               next.root.b, &err));
    xg_successor_put(&text, &next);
    torment(&text, successor_again);
    xg_buf_reset(&text);
    xg_reference_put(&text, &r);
    torment(&text, reference_again);
    xg_buf_reset(&text);
    const struct xg_time_note last = {.time_ms = UINT64_MAX};
    xg_time_note_put(&text, &last);
    assert_string_equal(xg_buf_str(&text),
                        "xunge/time/v1\ntime 18446744073709551615\n");
    torment(&text, time_again);
    xg_buf_clear(&text);
}

/* ---- hello and welcome ---- */

static void fill_tips(struct xg_chain_tip *tips, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tips[i] = (struct xg_chain_tip){.chain = hash_of(100 + (unsigned)i),
                                        .next = i,
                                        .last = i ? hash_of((unsigned)i)
                                                  : (struct xg_hash){{0}}};
}

static void test_hello(void **state)
{
    struct xg_buf text = XG_BUF(1 << 16), small = XG_BUF(1 << 16);
    struct xg_hello h = {.log = xg_bytes_of("lanshan.example"),
                         .size = 418,
                         .root = hash_of(1),
                         .registry = 7,
                         .schema = 1,
                         .random = hash_of(2),
                         .chain_count = 3},
                    got;

    (void)state;
    fill_tips(h.chains, XG_CHAINS_MAX);
    xg_hello_put(&small, &h);
    torment(&small, hello_again);

    h.chain_count = XG_CHAINS_MAX;
    xg_hello_put(&text, &h);
    assert_ok(xg_hello_read(&got, xg_buf_bytes(&text), &err));
    assert_int_equal(got.chain_count, XG_CHAINS_MAX);
    assert_memory_equal(got.chains, h.chains, sizeof h.chains);

    xg_buf_text(&text, "chain "); /* one too many */
    struct xg_hash more = hash_of(1000);
    xg_buf_base64(&text, more.b, sizeof more.b);
    xg_buf_text(&text, " 0 ");
    xg_buf_base64(&text, (const uint8_t[32]){0}, 32);
    xg_buf_text(&text, "\n");
    assert_status(xg_hello_read(&got, xg_buf_bytes(&text), &err), XG_FORMAT);

    xg_buf_reset(&text); /* the same chain twice */
    h.chain_count = 2;
    h.chains[1].chain = h.chains[0].chain;
    xg_hello_put(&text, &h);
    assert_status(xg_hello_read(&got, xg_buf_bytes(&text), &err), XG_FORMAT);
    xg_buf_reset(&text); /* nothing of a chain, but a last record */
    h.chain_count = 1;
    h.chains[0].last = hash_of(9);
    xg_hello_put(&text, &h);
    assert_status(xg_hello_read(&got, xg_buf_bytes(&text), &err), XG_FORMAT);
    xg_buf_clear(&text);
    xg_buf_clear(&small);
}

static void test_references(void **state)
{
    struct xg_buf text = XG_BUF(1 << 16);
    struct xg_references_note r = {.log = xg_bytes_of("lanshan.example"),
                                   .from = 64,
                                   .count = 2,
                                   .entries = {{7, hash_of(1)},
                                               {9, hash_of(2)}}},
                              got;

    (void)state;
    xg_references_put(&text, &r);
    torment(&text, references_again);

    xg_buf_reset(&text);
    r.count = XG_REFERENCES_MAX;
    for (unsigned i = 0; i < XG_REFERENCES_MAX; i++)
        r.entries[i] =
            (struct xg_reference_place){UINT64_MAX - 64 + i, hash_of(i)};
    xg_references_put(&text, &r);
    assert_true(text.len < XG_NOTE_MAX - 1000);
    assert_ok(xg_references_read(&got, xg_buf_bytes(&text), &err));
    assert_int_equal(got.count, XG_REFERENCES_MAX);
    assert_memory_equal(got.entries, r.entries, sizeof r.entries);

    xg_buf_reset(&text);
    r.entries[5].position = r.entries[4].position; /* not ascending */
    xg_references_put(&text, &r);
    assert_status(xg_references_read(&got, xg_buf_bytes(&text), &err),
                  XG_FORMAT);
    xg_buf_clear(&text);
}

static struct xg_welcome make_welcome(void)
{
    struct xg_welcome w = {.log = xg_bytes_of("lanshan.example"),
                           .device = "lanshan.example/d/0417",
                           .random = hash_of(1),
                           .token = hash_of(2),
                           .root = hash_of(3),
                           .time_ms = 1763700000000u,
                           .size = 418,
                           .backup = 400,
                           .registry = 9,
                           .state = XG_DEVICE_REVOKED,
                           .chain_count = 2,
                           .forked_count = 1,
                           .note_count = 2,
                           .references = 1,
                           .order_count = 2};

    fill_tips(w.chains, 2);
    w.forked[0] = hash_of(4);
    w.notes[0] = 3;
    w.notes[1] = 17;
    w.orders[0] = hash_of(6);
    w.orders[1] = hash_of(7);
    return w;
}

static void test_welcome(void **state)
{
    struct xg_buf text = XG_BUF(1 << 16);
    struct xg_welcome w = make_welcome(), got;

    (void)state;
    xg_welcome_put(&text, &w);
    torment(&text, welcome_again);

    /* Everything at its most: still a note. */
    w.chain_count = w.forked_count = XG_CHAINS_MAX;
    w.note_count = XG_REGISTRY_NEWS_MAX;
    w.references = UINT64_MAX;
    w.order_count = XG_ORDERS_MAX;
    fill_tips(w.chains, XG_CHAINS_MAX);
    for (unsigned i = 0; i < 64; i++) {
        w.forked[i] = w.orders[i] = hash_of(i);
        w.notes[i] = UINT64_MAX - 64 + i;
    }
    xg_buf_reset(&text);
    xg_welcome_put(&text, &w);
    assert_true(text.len < XG_NOTE_MAX - 1000);
    assert_ok(xg_welcome_read(&got, xg_buf_bytes(&text), &err));
    assert_int_equal(got.order_count, XG_ORDERS_MAX);
    assert_true(got.notes[63] == w.notes[63]);

    w.notes[5] = w.notes[4]; /* not ascending */
    xg_buf_reset(&text);
    xg_welcome_put(&text, &w);
    assert_status(xg_welcome_read(&got, xg_buf_bytes(&text), &err), XG_FORMAT);
    xg_buf_clear(&text);
}

/* ---- forks ---- */

static void test_fork(void **state)
{
    struct xg_buf text = XG_BUF(1 << 16);
    struct xg_fork f = {.chain = hash_of(1), .seq = 10}, got;

    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        f.sides[side].record = hash_of(10 + side);
        f.sides[side].batch = hash_of(20 + side);
        f.sides[side].index = side;
        f.sides[side].size = 5;
        f.sides[side].path.count = side * 3;
        for (unsigned i = 0; i < 3; i++)
            f.sides[side].path.hashes[i] = hash_of(30 + i);
    }
    xg_fork_put(&text, &f);
    torment(&text, fork_again);

    f.sides[0].path.count = f.sides[1].path.count = XG_PROOF_MAX;
    for (unsigned i = 0; i < XG_PROOF_MAX; i++)
        f.sides[0].path.hashes[i] = f.sides[1].path.hashes[i] = hash_of(i);
    xg_buf_reset(&text);
    xg_fork_put(&text, &f);
    assert_ok(xg_fork_read(&got, xg_buf_bytes(&text), &err));
    xg_buf_text(&text, "path ");
    xg_buf_base64(&text, f.chain.b, 32);
    xg_buf_text(&text, "\n"); /* a 65th step */
    assert_status(xg_fork_read(&got, xg_buf_bytes(&text), &err), XG_FORMAT);
    xg_buf_clear(&text);
}

/* ---- frames, proofs, states ---- */

static void test_frames(void **state)
{
    struct xg_buf out = XG_BUF(100);
    struct xg_bytes rest, frame;

    (void)state;
    xg_frame_put(&out, xg_bytes_of("one"));
    xg_frame_put(&out, xg_bytes(NULL, 0));
    xg_frame_put(&out, xg_bytes_of("three"));
    rest = xg_buf_bytes(&out);
    assert_true(xg_frame_next(&rest, &frame));
    assert_true(xg_bytes_equal(frame, xg_bytes_of("one")));
    assert_true(xg_frame_next(&rest, &frame));
    assert_int_equal(frame.len, 0);
    assert_true(xg_frame_next(&rest, &frame));
    assert_true(xg_bytes_equal(frame, xg_bytes_of("three")));
    assert_false(xg_frame_next(&rest, &frame));
    assert_int_equal(rest.len, 0);
    for (size_t len = 0; len < out.len; len++) { /* cut: never past the end */
        rest = xg_bytes(out.data, len);
        while (xg_frame_next(&rest, &frame))
            assert_true(frame.at + frame.len <= out.data + len);
        assert_true(len == 7 || len == 11 || len == 0 ? rest.len == 0
                                                      : rest.len > 0);
    }
    static const uint8_t huge[] = {0xFF, 0xFF, 0xFF, 0xFF, 1, 2};
    rest = xg_bytes(huge, sizeof huge);
    assert_false(xg_frame_next(&rest, &frame));
    xg_buf_clear(&out);
}

static void test_proof(void **state)
{
    struct xg_buf text = XG_BUF(1 << 14);
    struct xg_proof proof = {.count = XG_PROOF_MAX}, got;

    (void)state;
    for (unsigned i = 0; i < XG_PROOF_MAX; i++)
        proof.hashes[i] = hash_of(i);
    xg_proof_put(&text, &proof);
    assert_ok(xg_proof_read(&got, xg_buf_bytes(&text), &err));
    assert_memory_equal(&got, &proof, sizeof got);
    assert_ok(xg_proof_read(&got, xg_bytes(NULL, 0), &err));
    assert_int_equal(got.count, 0);
    for (size_t len = 1; len < text.len; len++)
        if (len % 45)
            assert_status(xg_proof_read(&got, xg_bytes(text.data, len), &err),
                          XG_FORMAT);
    /* Beside another: what both have stands there once. */
    struct xg_proof beside = {.count = 3, .hashes = {{{9}}, hash_of(5)}};
    struct xg_buf less = XG_BUF(1 << 14);
    beside.hashes[2] = hash_of(63);
    xg_proof_put_beside(&less, &proof, &beside);
    assert_int_equal(less.len, text.len - 2 * 42);
    assert_ok(
        xg_proof_read_beside(&got, xg_buf_bytes(&less), &beside, &err));
    assert_memory_equal(&got, &proof, sizeof got);
    assert_status(xg_proof_read(&got, xg_buf_bytes(&less), &err), XG_FORMAT);
    beside.count = 2;
    assert_status(
        xg_proof_read_beside(&got, xg_buf_bytes(&less), &beside, &err),
        XG_FORMAT);
    static const char *const bad[] = {"=\n", "=00\n", "=1", "= 1\n", "=1 \n",
                                      "=-1\n", "=2\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(xg_proof_read_beside(&got, xg_bytes_of(bad[i]), &beside,
                                           &err),
                      XG_FORMAT);
    xg_buf_clear(&less);
    xg_buf_base64(&text, proof.hashes[0].b, 32);
    xg_buf_text(&text, "\n"); /* a 65th */
    assert_status(xg_proof_read(&got, xg_buf_bytes(&text), &err), XG_FORMAT);
    xg_buf_clear(&text);
}

static void test_states(void **state)
{
    enum xg_batch_state got;

    (void)state;
    for (int i = XG_BATCH_STORED; i <= XG_BATCH_QUARANTINED; i++) {
        const char *name = xg_batch_state_name((enum xg_batch_state)i);
        assert_true(xg_batch_state_parse(&got, xg_bytes_of(name)));
        assert_int_equal(got, i);
    }
    assert_false(xg_batch_state_parse(&got, xg_bytes_of("store")));
    assert_false(xg_batch_state_parse(&got, xg_bytes_of("storedx")));
    assert_false(xg_batch_state_parse(&got, xg_bytes_of("")));
}

/* ---- the one-time code ---- */

static struct xg_enrol_code make_code(void)
{
    static const uint8_t key[32] = {1, 2, 3};
    struct xg_enrol_code c = {.url = "https://grid.lanshan.example:8443",
                              .has_pin = true,
                              .worker = "w-12"};

    assert_ok(
        xg_verifier_init(&c.log, "lanshan.example", XG_SIG_ED25519, key, &err));
    memset(c.registrar, 7, sizeof c.registrar);
    memset(c.pin, 9, sizeof c.pin);
    memset(c.secret, 11, sizeof c.secret);
    return c;
}

static void test_code(void **state)
{
    struct xg_buf text = XG_BUF(4096), again = XG_BUF(4096);
    struct xg_enrol_code c = make_code(), got;

    (void)state;
    for (int pin = 0; pin < 2; pin++) {
        c.has_pin = pin;
        if (!pin)
            memset(c.pin, 0, sizeof c.pin);
        else
            memset(c.pin, 9, sizeof c.pin);
        xg_buf_reset(&text);
        xg_enrol_code_print(&text, &c);
        assert_ok(xg_enrol_code_parse(&got, xg_buf_str(&text), &err));
        assert_memory_equal(&got, &c, sizeof c);
    }
    char *copy = strdup(xg_buf_str(&text));
    size_t len = text.len;
    for (size_t i = 1; i <= len; i++) { /* cut off */
        char was = copy[len - i];
        copy[len - i] = '\0';
        assert_status(xg_enrol_code_parse(&got, copy, &err), XG_USAGE);
        copy[len - i] = was;
    }
    for (size_t i = 0; i < len; i++) /* mistyped */
        for (int bit = 0; bit < 8; bit++) {
            copy[i] = (char)(copy[i] ^ 1 << bit);
            if (xg_enrol_code_parse(&got, copy, &err) == XG_OK)
                fail_msg("byte %zu bit %d", i, bit);
            assert_int_equal(err.status, XG_USAGE);
            copy[i] = (char)(copy[i] ^ 1 << bit);
        }
    /* As mail wraps it. */
    xg_buf_text(&again, "  ");
    xg_buf_append(&again, copy, 60);
    xg_buf_text(&again, "\r\n\t");
    xg_buf_append(&again, copy + 60, len - 60);
    xg_buf_text(&again, "\n");
    assert_ok(xg_enrol_code_parse(&got, xg_buf_str(&again), &err));
    assert_status(xg_enrol_code_parse(&got, "xg2abcdef", &err), XG_USAGE);
    assert_non_null(strstr(xg_error_text(&err), "newer"));
    assert_status(xg_enrol_code_parse(&got, "", &err), XG_USAGE);
    assert_status(xg_enrol_code_parse(&got, "xg1", &err), XG_USAGE);
    free(copy);
    xg_buf_clear(&text);
    xg_buf_clear(&again);
}

/* What a code may lead to. */
static void test_code_urls(void **state)
{
    static const char *const bad[] = {
        "",
        "ftp://a",
        "https://",
        "https://a/",
        "http://a b",
        "https://a?x=1",
        "https://a#b",
        "https://a\n",
        "file:///etc",
        "HTTPS://a",
        "https://\xE4\xBD",
    };
    struct xg_buf text = XG_BUF(4096);
    struct xg_enrol_code c = make_code(), got;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(c.url, sizeof c.url, "%s", bad[i]);
        xg_buf_reset(&text);
        xg_enrol_code_print(&text, &c);
        assert_status(xg_enrol_code_parse(&got, xg_buf_str(&text), &err),
                      XG_USAGE);
    }
    snprintf(c.url, sizeof c.url, "http://127.0.0.1:8080/xunge");
    xg_buf_reset(&text);
    xg_enrol_code_print(&text, &c);
    assert_ok(xg_enrol_code_parse(&got, xg_buf_str(&text), &err));
    xg_buf_clear(&text);
}

static void test_code_proof(void **state)
{
    struct xg_enrol_code c = make_code();
    uint8_t joined[48];
    struct xg_hash id, proof, expected;

    (void)state;
    memcpy(joined, c.secret, 16);
    memcpy(joined + 16, c.log.key, 32);
    xg_secret_id(&id, c.secret);
    crypto_hash_sha256(expected.b, joined, 16);
    assert_memory_equal(&id, &expected, sizeof id);
    xg_enrol_proof(&proof, c.secret, c.log.key);
    crypto_hash_sha256(expected.b, joined, 48);
    assert_memory_equal(&proof, &expected, sizeof proof);
}

/* ---- pages of updates ---- */

enum { RECORDS = 5 };

struct page {
    struct xg_signer log;
    struct xg_buf raw, bytes;
    struct xg_updates_note note;
};

static struct xg_update make_record(uint64_t seq,
                                    const struct xg_hash *previous, bool erased)
{
    static const uint8_t head[] = {0xA1, 0x01, 0x03}, fields[] = {0xA0};
    struct xg_update u = {.kind = XG_UPDATE_RECORD,
                          .chain = hash_of(1),
                          .seq = seq,
                          .previous = *previous,
                          .position = 40 + seq,
                          .anchor_size = 12};

    u.record.fields_hash = hash_of(77);
    xg_record_read(
        &u.record, &u.chain, seq, previous, xg_bytes(head, sizeof head),
        erased ? xg_bytes(NULL, 0) : xg_bytes(fields, sizeof fields));
    return u;
}

static void make_page(struct page *p)
{
    static const uint8_t seed[32] = {5};
    struct xg_hash previous = hash_of(3), leaves[RECORDS];
    struct xg_update chain = {.kind = XG_UPDATE_CHAIN,
                              .chain = hash_of(1),
                              .device = xg_bytes_of("lanshan.example/d/2")};
    struct xg_update out = {.kind = XG_UPDATE_OUT, .entity = {{9}}};
    struct xg_update branch = {.kind = XG_UPDATE_BRANCH,
                               .chain = hash_of(1),
                               .branch = hash_of(50),
                               .start = 4,
                               .parent = hash_of(1)};
    struct xg_update place = {
        .kind = XG_UPDATE_PLACE, .hash = hash_of(60), .branch = hash_of(50)};
    struct xg_update time = {
        .kind = XG_UPDATE_TIME, .position = 59, .time_ms = 1763700000000};

    *p = (struct page){.raw = XG_BUF(1 << 20), .bytes = XG_BUF(1 << 20)};
    assert_ok(
        xg_signer_init(&p->log, "lanshan.example", XG_SIG_ED25519, seed, &err));
    xg_update_put(&p->raw, &chain, false);
    xg_update_put(&p->raw, &out, false);
    xg_update_put(&p->raw, &branch, false);
    xg_update_put(&p->raw, &place, false);
    xg_update_put(&p->raw, &time, false);
    for (uint64_t i = 0; i < RECORDS; i++) {
        struct xg_update u = make_record(i + 2, &previous, i == 3);
        xg_update_put(&p->raw, &u, i == 0);
        leaves[i] = previous = u.record.hash;
    }
    p->note = (struct xg_updates_note){.log = xg_bytes_of("lanshan.example"),
                                       .device = "lanshan.example/d/1",
                                       .scope = "371302",
                                       .from = 12,
                                       .to = 50,
                                       .end = 60,
                                       .count = RECORDS};
    xg_tlog_root(&p->note.root, leaves, RECORDS);
    assert_ok(xg_updates_seal(&p->bytes, &p->note, xg_buf_bytes(&p->raw),
                              &p->log, &err));
}

static void clear_page(struct page *p)
{
    xg_buf_clear(&p->raw);
    xg_buf_clear(&p->bytes);
}

static enum xg_status open_page(const struct page *p, const void *data,
                                size_t len, struct xg_updates_note *note,
                                struct xg_bytes *raw, struct xg_arena *arena)
{
    return xg_updates_open(note, raw, arena, data, len, &p->log.verifier, &err);
}

static void test_updates(void **state)
{
    struct page p;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_updates_note note;
    struct xg_update_reader reader = {.any = false};
    struct xg_buf again = XG_BUF(1 << 20);
    struct xg_update u;
    size_t records = 0, items = 0;
    bool more = true;

    (void)state;
    make_page(&p);
    assert_ok(
        open_page(&p, p.bytes.data, p.bytes.len, &note, &reader.rest, &arena));
    assert_string_equal(note.scope, "371302");
    while (more) {
        assert_ok(xg_update_next(&reader, &u, &more, &err));
        if (!more)
            break;
        items++;
        if (u.kind == XG_UPDATE_RECORD)
            assert_int_equal(u.record.fields_raw.len, records == 3 ? 0 : 1);
        xg_update_put(&again, &u, u.kind == XG_UPDATE_RECORD && !records++);
    }
    assert_int_equal(items, RECORDS + 5);
    assert_int_equal(records, RECORDS);
    assert_true(xg_bytes_equal(xg_buf_bytes(&again), xg_buf_bytes(&p.raw)));
    xg_arena_clear(&arena);
    xg_buf_clear(&again);
    clear_page(&p);
}

/* Nothing of a page is believed unless all of it is as it was signed. */
static void test_updates_torment(void **state)
{
    struct page p;
    struct xg_updates_note note;
    struct xg_bytes raw;

    (void)state;
    make_page(&p);
    for (size_t len = 0; len < p.bytes.len; len++) {
        struct xg_arena arena = XG_ARENA(1 << 20);
        assert_true(open_page(&p, p.bytes.data, len, &note, &raw, &arena) !=
                    XG_OK);
        xg_arena_clear(&arena);
    }
    for (size_t bit = 0; bit < p.bytes.len * 8; bit++) {
        struct xg_arena arena = XG_ARENA(1 << 20);
        p.bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (open_page(&p, p.bytes.data, p.bytes.len, &note, &raw, &arena) ==
            XG_OK)
            fail_msg("bit %zu", bit);
        p.bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        xg_arena_clear(&arena);
    }
    xg_buf_byte(&p.bytes, 0);
    struct xg_arena arena = XG_ARENA(1 << 20);
    assert_status(open_page(&p, p.bytes.data, p.bytes.len, &note, &raw, &arena),
                  XG_FORMAT);
    xg_arena_clear(&arena);
    clear_page(&p);
}

/* Signed by the log, and still wrong. */
static void refuse(struct page *p, const struct xg_updates_note *note)
{
    struct xg_arena arena = XG_ARENA(2 << 20);
    struct xg_updates_note changed = *note, got;
    struct xg_bytes raw;

    xg_buf_reset(&p->bytes);
    assert_ok(xg_updates_seal(&p->bytes, &changed, xg_buf_bytes(&p->raw),
                              &p->log, &err));
    assert_true(open_page(p, p->bytes.data, p->bytes.len, &got, &raw, &arena) !=
                XG_OK);
    xg_arena_clear(&arena);
}

static void test_updates_lies(void **state)
{
    struct page p;
    struct xg_updates_note n;

    (void)state;
    make_page(&p);
    n = p.note;
    n.count--;
    refuse(&p, &n);
    n = p.note;
    n.count = UINT64_MAX;
    refuse(&p, &n);
    n = p.note;
    n.root = hash_of(1);
    refuse(&p, &n);
    n = p.note;
    n.to = 46; /* the last record lies at 46 */
    refuse(&p, &n);
    n = p.note;
    n.from = 51;
    refuse(&p, &n);
    n = p.note;
    n.end = 49;
    refuse(&p, &n);
    n = p.note;
    n.end = 59; /* there lies a time note */
    refuse(&p, &n);
    n = p.note;
    n.log = xg_bytes_of("other.example");
    refuse(&p, &n);
    clear_page(&p);
}

/* A body must be items of known forms, in deterministic CBOR. */
static void test_update_items(void **state)
{
    static const struct {
        size_t len;
        uint8_t at[8];
    } bad[] = {
        {1, {0x80}},                /* an empty array */
        {1, {0x05}},                /* a number */
        {2, {0x81, 0x06}},          /* an unknown kind */
        {4, {0x83, 0x05, 0x20, 0}}, /* a time note of no place */
        {4, {0x83, 0x05, 0, 0x20}}, /* a time before 1970 */
        {2, {0x81, 0x00}},          /* a record without parts */
        {3, {0x82, 0x02, 0x41}},    /* cut off */
        {4, {0x82, 0x02, 0x41, 1}}, /* an id of one byte */
        {3, {0x9F, 0x02, 0xFF}},    /* indefinite */
        {3, {0x81, 0x18, 0x02}},    /* not shortest */
        {3, {0x82, 0x20, 0x00}},    /* a negative kind */
        {8, {0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}},
    };
    struct xg_update u;
    bool more;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct xg_update_reader r = {.rest = xg_bytes(bad[i].at, bad[i].len)};
        assert_status(xg_update_next(&r, &u, &more, &err), XG_FORMAT);
    }
    /* The first record has to say what it follows. */
    struct xg_buf raw = XG_BUF(4096);
    struct xg_hash previous = hash_of(1);
    u = make_record(3, &previous, false);
    xg_update_put(&raw, &u, false);
    struct xg_update_reader r = {.rest = xg_buf_bytes(&raw)};
    assert_status(xg_update_next(&r, &u, &more, &err), XG_FORMAT);
    xg_buf_clear(&raw);
}

static void test_updates_note(void **state)
{
    struct xg_buf text = XG_BUF(4096);
    struct xg_updates_note n = {.log = xg_bytes_of("lanshan.example"),
                                .device = "lanshan.example/d/1",
                                .from = 1,
                                .to = 2,
                                .end = 3,
                                .count = 4,
                                .root = hash_of(1),
                                .body_hash = hash_of(2),
                                .body_len = 300,
                                .raw_len = 500};

    (void)state;
    xg_updates_put(&text, &n); /* no scope: "-" */
    torment(&text, updates_again);
    n.raw_len = XG_UPDATES_RAW_MAX + 1;
    xg_buf_reset(&text);
    xg_updates_put(&text, &n);
    assert_status(xg_updates_read(&n, xg_buf_bytes(&text), &err), XG_TOOBIG);
    xg_buf_clear(&text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_notes),
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_welcome),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_proof),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_code_urls),
        cmocka_unit_test(test_code_proof),
        cmocka_unit_test(test_updates),
        cmocka_unit_test(test_updates_torment),
        cmocka_unit_test(test_updates_lies),
        cmocka_unit_test(test_update_items),
        cmocka_unit_test(test_updates_note),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
