/* test_batch.c - batches: sealing, opening, and refusing everything else. */
#include "tests/lib/test.h"

#include <sodium.h>

#include "shared/base/env.h"
#include "tests/lib/device.h"

static struct xg_arena arena = {.max_bytes = 256 << 20};
static struct test_world world = {.seed = 2, .wall_ms = 1790000000000,
                                  .mono_ms = 1000, .boot = 7};
static const uint8_t registrar[32] = {9};

static struct test_device *with_records(size_t n)
{
    struct test_device *d = test_device_new(
        &arena, &world, "log.example/d/0417", "log.example", registrar);

    for (size_t i = 0; i < n; i++)
        test_incident(d, "fire_passage");
    return d;
}

static void test_round_trip(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct test_device *d = with_records(20);
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    struct xg_batch batch;
    struct xg_hash id;

    (void)state;
    test_seal(&framed, d, 5, 10);
    assert_ok(xg_batch_open(&batch, &arena, framed.data, framed.len,
                            &d->signer.verifier, &err));
    assert_int_equal(batch.count, 10);
    assert_int_equal(batch.says.first, 5);
    assert_memory_equal(batch.says.chain.b, d->chain.b, 32);
    for (size_t i = 0; i < 10; i++)
        assert_memory_equal(batch.records[i].hash.b, d->records[5 + i]->hash.b,
                            32);
    assert_ok(xg_batch_id(&id, batch.note, &err));
    assert_memory_equal(id.b, batch.id.b, 32);
    xg_buf_clear(&framed);
    test_device_free(d);
}

static void test_first_batch_carries_its_genesis(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct test_device *d = with_records(2);
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    struct xg_batch batch;

    (void)state;
    test_seal(&framed, d, 0, 3);
    assert_ok(xg_batch_open(&batch, &arena, framed.data, framed.len,
                            &d->signer.verifier, &err));
    assert_memory_equal(batch.records[0].hash.b, d->chain.b, 32);
    xg_buf_clear(&framed);
    test_device_free(d);
}

static void test_every_cut_is_refused(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct test_device *d = with_records(8);
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    struct xg_batch batch = {.count = 77};

    (void)state;
    test_seal(&framed, d, 0, 9);
    for (size_t len = 0; len < framed.len; len++) {
        xg_arena_reset(&arena);
        assert_true(xg_batch_open(&batch, &arena, framed.data, len,
                                  &d->signer.verifier, &err) != XG_OK);
    }
    xg_buf_byte(&framed, 0);
    assert_true(xg_batch_open(&batch, &arena, framed.data, framed.len,
                              &d->signer.verifier, &err) != XG_OK);
    assert_int_equal(batch.count, 77);
    xg_buf_clear(&framed);
    test_device_free(d);
}

static void test_every_flipped_bit_is_refused(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena scratch = XG_ARENA(64 << 20);
    struct test_device *d = with_records(3);
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    struct xg_batch batch;

    (void)state;
    test_seal(&framed, d, 0, 4);
    for (size_t bit = 0; bit < framed.len * 8; bit++) {
        xg_arena_reset(&scratch);
        framed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (xg_batch_open(&batch, &scratch, framed.data, framed.len,
                          &d->signer.verifier, &err) == XG_OK)
            fail_msg("bit %zu flipped and accepted", bit);
        framed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    xg_buf_clear(&framed);
    xg_arena_clear(&scratch);
    test_device_free(d);
}

/* Frame a note over the given text and body, signed by `d` (and once more by
 * `other`, if given). */
static void frame(struct xg_buf *out, struct test_device *d,
                  struct test_device *other, const char *text,
                  struct xg_bytes body)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);

    xg_note_sign(&note, xg_bytes_of(text), &d->signer);
    if (other)
        xg_note_signature_line(&note, xg_bytes_of(text), &other->signer, 0);
    xg_buf_reset(out);
    xg_batch_frame(out, xg_buf_bytes(&note), body);
    xg_buf_clear(&note);
}

static void test_second_signature_is_refused(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct test_device *d = with_records(1), *other = with_records(1);
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX), again = XG_BUF(XG_BATCH_MAX);
    struct xg_bytes note, body, name;
    struct xg_note parsed;
    struct xg_batch batch;

    (void)state;
    test_seal(&framed, d, 0, 2);
    assert_ok(xg_batch_peek(&note, &body, &name, framed.data, framed.len,
                            &err));
    assert_ok(xg_note_parse(&parsed, note.at, note.len, &err));
    char *text = xg_arena_str(&arena, (const char *)parsed.text.at,
                              parsed.text.len);
    frame(&again, d, NULL, text, body);
    assert_ok(xg_batch_open(&batch, &arena, again.data, again.len,
                            &d->signer.verifier, &err));
    frame(&again, d, other, text, body);
    assert_status(xg_batch_open(&batch, &arena, again.data, again.len,
                                &d->signer.verifier, &err), XG_AUTH);
    /* Signed by somebody else alone. */
    frame(&again, other, NULL, text, body);
    assert_status(xg_batch_open(&batch, &arena, again.data, again.len,
                                &d->signer.verifier, &err), XG_AUTH);
    xg_buf_clear(&framed);
    xg_buf_clear(&again);
    test_device_free(d);
    test_device_free(other);
}

/* A body of two record pairs of which the second breaks the rules: the batch
 * is sound, the record is struck out. */
static void test_malformed_record_blocks_nothing(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct test_device *d = with_records(1);
    const struct xg_hash *chain = &d->chain;
    struct xg_record good = *d->records[1], bad = {0};
    static const uint8_t bad_head[] = {0xf9, 0x3c, 0x00}; /* a float */
    static const uint8_t fields[] = {0xa0};
    struct xg_sealable items[2];
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(4096),
                  framed = XG_BUF(8192);
    struct xg_batch batch;

    (void)state;
    xg_record_read(&bad, chain, 2, &good.hash, xg_bytes(bad_head, 3),
                   xg_bytes(fields, 1));
    assert_non_null(bad.malformed);
    items[0] = (struct xg_sealable){good.head_raw, good.fields_raw, good.hash};
    items[1] = (struct xg_sealable){bad.head_raw, bad.fields_raw, bad.hash};
    assert_ok(xg_batch_seal(&note, &body, chain, 1, &d->records[0]->hash,
                            items, 2, &d->signer, true, &err));
    xg_batch_frame(&framed, xg_buf_bytes(&note), xg_buf_bytes(&body));
    assert_ok(xg_batch_open(&batch, &arena, framed.data, framed.len,
                            &d->signer.verifier, &err));
    assert_null(batch.records[0].malformed);
    assert_non_null(batch.records[1].malformed);
    xg_buf_clear(&note);
    xg_buf_clear(&body);
    xg_buf_clear(&framed);
    test_device_free(d);
}

/* A stated length below what the stream holds: inflating stops there. */
static void test_a_bomb_is_stopped_at_the_stated_length(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    static uint8_t zeros[1 << 20];
    uint8_t room[1000];
    struct xg_buf body = XG_BUF(2 << 20);

    (void)state;
    assert_ok(xg_deflate(&body, xg_bytes(zeros, sizeof zeros), true, &err));
    assert_status(xg_inflate(room, sizeof room, xg_buf_bytes(&body), true,
                             &err), XG_FORMAT);
    assert_status(xg_inflate(zeros, sizeof zeros, xg_buf_bytes(&body), false,
                             &err), XG_FORMAT);
    assert_ok(xg_inflate(zeros, sizeof zeros, xg_buf_bytes(&body), true,
                         &err));
    xg_buf_clear(&body);
}

static void test_hostile_notes(void **state)
{
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define NOTE(range, body, schema)                                            \
    "xunge/batch/v1\nchain " HASH "\nrecords " range "\nprevious " HASH      \
    "\ntree " HASH "\nbody " HASH " " body "\nschema " schema "\n"
    static const char *const bad[] = {
        NOTE("1-", "1 9 zlib xunge-1", "1"),
        NOTE("2-1", "1 9 zlib xunge-1", "1"),
        NOTE("01-2", "1 9 zlib xunge-1", "1"),
        NOTE("0-18446744073709551615", "1 9 zlib xunge-1", "1"),
        NOTE("1-4097", "1 9999 zlib xunge-1", "1"),
        NOTE("1-2", "1 1048577 zlib xunge-1", "1"),
        NOTE("1-2", "1 3 zlib xunge-1", "1"),
        NOTE("1-2", "1 9 zlib other", "1"),
        NOTE("1-2", "1 1 lzma xunge-1", "1"),
        NOTE("1-2", "1 9 zlib xunge-1 more", "1"),
        NOTE("1-2", "1 9 zlib xunge-1", "1") "extra 1\n",
        NOTE("1-2", "1 9 zlib xunge-1", "-1"),
    };
    struct xg_error err = XG_ERROR_NONE;
    struct xg_batch_note note;

    (void)state;
    assert_ok(xg_batch_note_read(
        &note, xg_bytes_of(NOTE("1-2", "1 9 zlib xunge-1", "1")), &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xg_batch_note_read(&note, xg_bytes_of(bad[i]), &err) == XG_OK)
            fail_msg("accepted: %s", bad[i]);
}

/* Only the key that the genesis names signs its chain. */
static void test_a_genesis_names_the_key_that_signs(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct test_device *a = with_records(1), *b = with_records(1);
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    struct xg_batch batch;

    (void)state;
    a->signer = b->signer;
    test_seal(&framed, a, 0, 2);
    assert_status(xg_batch_open(&batch, &arena, framed.data, framed.len,
                                &b->signer.verifier, &err), XG_AUTH);
    xg_buf_clear(&framed);
    test_device_free(a);
    test_device_free(b);
}

/* The dictionary is part of the format. */
static void test_dictionary_never_changes(void **state)
{
    uint8_t hash[32];
    char hex[65];

    (void)state;
    crypto_hash_sha256(hash, xg_dictionary().at, xg_dictionary().len);
    xg_hex(hex, hash, 32);
    assert_string_equal(hex, "a152884bb8bd9d9a9f8445a4cd986536d23aa9b8c14fbd4722a90d07b78ae42c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_first_batch_carries_its_genesis),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test(test_second_signature_is_refused),
        cmocka_unit_test(test_malformed_record_blocks_nothing),
        cmocka_unit_test(test_a_bomb_is_stopped_at_the_stated_length),
        cmocka_unit_test(test_a_genesis_names_the_key_that_signs),
        cmocka_unit_test(test_hostile_notes),
        cmocka_unit_test(test_dictionary_never_changes),
    };

    if (xg_base_init() != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    xg_arena_clear(&arena);
    return failed;
}
