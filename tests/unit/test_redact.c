/* test_redact.c - erasures as records, batches without what was erased. */
#include "tests/lib/test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/core/erase.h"
#include "tests/lib/device.h"

static struct xg_arena arena = {.max_bytes = 256 << 20};
static struct test_world world = {
    .seed = 5, .wall_ms = 1790000000000, .mono_ms = 1000, .boot = 7};
static const uint8_t registrar[32] = {9};

enum { PHONE = 13 };

static struct test_device *device(void)
{
    return test_device_new(&arena, &world, "log.example/d/0417", "log.example",
                           registrar);
}

static const struct xg_record *contact(struct test_device *d, const char *phone)
{
    struct xg_draft draft;

    xg_draft_init(&draft, &arena, XG_KIND_CONTACT);
    test_text(&draft, XG_CONTACT_NAME, "王桂英");
    test_text(&draft, PHONE, phone);
    test_text(&draft, XG_FIELD_GRID, "370.a");
    return test_write(d, &draft, NULL);
}

/* ---- redacted batches ---- */

static bool goes(void *ctx, const struct xg_record *r)
{
    return r == ctx;
}

/* Note and body of the sealed records without the fields of record `i`. */
static void redact(struct xg_buf *out, struct test_device *d, size_t i,
                   bool frame_as_redacted)
{
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX), body = XG_BUF(XG_BATCH_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_batch b;

    test_seal(&framed, d, 0, d->count);
    assert_ok(xg_batch_open(&b, &arena, framed.data, framed.len,
                            &d->signer.verifier, &err));
    assert_ok(xg_batch_redact(&body, &b, goes, &b.records[i], &err));
    if (frame_as_redacted)
        xg_batch_frame_redacted(out, b.note, xg_buf_bytes(&body));
    else
        xg_batch_frame(out, b.note, xg_buf_bytes(&body));
    xg_buf_clear(&framed);
    xg_buf_clear(&body);
}

static void test_a_redacted_batch_keeps_its_proofs(void **state)
{
    struct test_device *d = device();
    struct xg_buf out = XG_BUF(XG_BATCH_MAX), again = XG_BUF(XG_BATCH_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_batch b, c;

    (void)state;
    contact(d, "13905390001");
    contact(d, "13905390002");
    redact(&out, d, 1, true);
    assert_true(xg_batch_is_redacted(out.data, out.len));
    assert_ok(xg_batch_open(&b, &arena, out.data, out.len, &d->signer.verifier,
                            &err));
    assert_true(b.redacted);
    assert_int_equal(b.missing, 1);
    assert_int_equal(b.records[1].fields_raw.len, 0);
    assert_true(b.records[2].fields_raw.len > 0);
    for (size_t i = 0; i < b.count; i++)
        assert_true(xg_hash_equal(&b.records[i].hash, &d->records[i]->hash));

    /* Once more, of the rest. */
    struct xg_buf body = XG_BUF(XG_BATCH_MAX);
    assert_ok(xg_batch_redact(&body, &b, goes, &b.records[2], &err));
    xg_batch_frame_redacted(&again, b.note, xg_buf_bytes(&body));
    assert_ok(xg_batch_open(&c, &arena, again.data, again.len,
                            &d->signer.verifier, &err));
    assert_int_equal(c.missing, 2);
    assert_true(xg_hash_equal(&c.id, &b.id));
    xg_buf_clear(&body);
    xg_buf_clear(&again);
    xg_buf_clear(&out);
    test_device_free(d);
}

static void test_a_redacted_body_passes_for_no_other(void **state)
{
    struct test_device *d = device();
    struct xg_buf out = XG_BUF(XG_BATCH_MAX), whole = XG_BUF(XG_BATCH_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_batch b;

    (void)state;
    contact(d, "13905390001");
    redact(&out, d, 1, false); /* under the magic of a whole one */
    assert_status(xg_batch_open(&b, &arena, out.data, out.len,
                                &d->signer.verifier, &err),
                  XG_FORMAT);
    xg_buf_reset(&out);
    redact(&out, d, 0, true); /* a genesis names the key: it stays */
    assert_status(xg_batch_open(&b, &arena, out.data, out.len,
                                &d->signer.verifier, &err),
                  XG_FORMAT);
    test_seal(&whole, d, 0, d->count);
    memcpy(whole.data, "XGR1", 4);
    assert_status(xg_batch_open(&b, &arena, whole.data, whole.len,
                                &d->signer.verifier, &err),
                  XG_FORMAT);
    xg_buf_clear(&whole);
    xg_buf_clear(&out);
    test_device_free(d);
}

static void test_every_flip_in_a_redacted_batch_is_refused(void **state)
{
    struct test_device *d = device();
    struct xg_buf out = XG_BUF(XG_BATCH_MAX);
    struct xg_arena scratch = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_batch b, good;

    (void)state;
    contact(d, "13905390001");
    redact(&out, d, 1, true);
    assert_ok(xg_batch_open(&good, &arena, out.data, out.len,
                            &d->signer.verifier, &err));
    for (size_t bit = 0; bit < out.len * 8; bit++) {
        xg_arena_reset(&scratch);
        out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (xg_batch_open(&b, &scratch, out.data, out.len, &d->signer.verifier,
                          &err) == XG_OK)
            /* Another deflate stream of the very same records is as good. */
            for (size_t i = 0; i < b.count; i++)
                if (!xg_hash_equal(&b.records[i].hash, &good.records[i].hash))
                    fail_msg("bit %zu flipped and accepted", bit);
        out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    xg_arena_clear(&scratch);
    xg_buf_clear(&out);
    test_device_free(d);
}

/* ---- an act ---- */

/* An act over the raw `erased` value; what the reader says to it. */
static const char *judged(struct test_device *d, const struct xg_record *first,
                          struct xg_bytes erased, bool why)
{
    struct xg_buf bytes = XG_BUF(XG_RECORD_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    struct xg_record r = {0};
    struct xg_hash place = {{1}};
    size_t head_len = 0;

    xg_draft_init(&draft, &arena, XG_KIND_CONTACT);
    draft.head.creates = false;
    draft.head.entity = xg_record_entity(first);
    draft.head.move = XG_MOVE_ERASE;
    draft.head.moment = xg_moment_now(&d->env);
    if (why)
        test_text(&draft, XG_FIELD_WHY, "个人信息保护法第47条");
    assert_ok(xg_draft_set(&draft, XG_FIELD_ERASED, erased, &err));
    const char *bad =
        xg_draft_encode(&bytes, &head_len, &draft, &d->env, &err) == XG_OK
            ? NULL
            : "refused";
    if (!bad) {
        xg_record_read(&r, &place, 1, &place, xg_bytes(bytes.data, head_len),
                       xg_bytes(bytes.data + head_len, bytes.len - head_len));
        bad = r.malformed;
    }
    xg_buf_clear(&bytes);
    return bad;
}

/* [[hash, {kept}, [gone]]] of hand-made parts. */
static struct xg_bytes entry(const struct xg_hash *hash, const char *kept_hex,
                             const char *gone_hex)
{
    struct xg_buf out = XG_BUF(4096);
    uint8_t part[512];
    struct xg_bytes kept;

    xg_cbor_put_array(&out, 1);
    xg_cbor_put_array(&out, 3);
    xg_cbor_put_bytes(&out, hash->b, XG_HASH_SIZE);
    assert_true(xg_unhex(part, strlen(kept_hex) / 2, kept_hex,
                         strlen(kept_hex)));
    xg_buf_append(&out, part, strlen(kept_hex) / 2);
    assert_true(xg_unhex(part, strlen(gone_hex) / 2, gone_hex,
                         strlen(gone_hex)));
    xg_buf_append(&out, part, strlen(gone_hex) / 2);
    kept = xg_bytes(xg_arena_copy(&arena, out.data, out.len), out.len);
    xg_buf_clear(&out);
    return kept;
}

static void test_an_act_is_judged_strictly(void **state)
{
    struct test_device *d = device();
    const struct xg_record *r = contact(d, "13905390001");
    const struct xg_hash *h = &r->hash;

    (void)state;
    /* {8: "g"} kept, [13] gone */
    assert_null(judged(d, r, entry(h, "a1086167", "810d"), true));
    /* null: struck out; nothing needs to be gone */
    assert_null(judged(d, r, entry(h, "f6", "80"), true));
    assert_non_null(judged(d, r, entry(h, "a1086167", "80"), true));
    /* kept and gone; a salt kept; a grid gone; numbers that do not ascend */
    assert_non_null(judged(d, r, entry(h, "a10d6161", "810d"), true));
    assert_non_null(
        judged(d, r,
               entry(h, "a10150000102030405060708090a0b0c0d0e0f", "810d"),
               true));
    assert_non_null(judged(d, r, entry(h, "a0", "8108"), true));
    assert_non_null(judged(d, r, entry(h, "a0", "820d0d"), true));
    /* a kept value that its field does not allow */
    assert_non_null(judged(d, r, entry(h, "a10800", "810d"), true));
    /* of a set what it took out may be kept though the set is gone */
    assert_non_null(judged(d, r, entry(h, "a103a1018161" "61", "8103"), true));
    struct xg_buf kept = XG_BUF(256);
    char hex[512];
    xg_cbor_put_map(&kept, 1);
    xg_cbor_put_uint(&kept, XG_FIELD_NOTE);
    xg_cbor_put_map(&kept, 1);
    xg_cbor_put_uint(&kept, XG_SET_REMOVED);
    xg_cbor_put_array(&kept, 1);
    xg_cbor_put_array(&kept, 2);
    xg_cbor_put_bytes(&kept, h->b, XG_HASH_SIZE);
    xg_cbor_put_uint(&kept, 0);
    xg_hex(hex, kept.data, kept.len);
    assert_null(judged(d, r, entry(h, hex, "8103"), true));
    xg_buf_clear(&kept);
    test_device_free(d);
}

static void test_an_entry_is_compared_with_the_record(void **state)
{
    struct test_device *d = device();
    const struct xg_record *r = contact(d, "13905390001");
    struct xg_buf out = XG_BUF(XG_RECORD_MAX);
    struct xg_error err = XG_ERROR_NONE;
    const uint64_t fields[] = {XG_CONTACT_NAME, PHONE}, grid = XG_FIELD_GRID;
    struct xg_erased e;
    size_t gone;

    (void)state;
    assert_ok(xg_erased_put(&out, &gone, r, fields, 2, &err));
    assert_int_equal(gone, 2);
    struct xg_erased_cursor c = {xg_cbor_over(xg_buf_bytes(&out))};
    assert_true(xg_erased_next(&c, &e));
    assert_true(xg_erased_fits(&e, r));
    /* What it kept is another grid: a lie, and seen to be one. */
    size_t at = 0;
    while (at + 5 <= out.len && memcmp(out.data + at, "370.a", 5) != 0)
        at++;
    assert_true(at + 5 <= out.len);
    out.data[at + 4] = 'b';
    c = (struct xg_erased_cursor){xg_cbor_over(xg_buf_bytes(&out))};
    assert_true(xg_erased_next(&c, &e));
    assert_false(xg_erased_fits(&e, r));
    assert_status(xg_erased_put(&out, &gone, r, &grid, 1, &err), XG_USAGE);
    xg_buf_clear(&out);
    test_device_free(d);
}

/* ---- who guesses ---- */

/* All of a record but its salt and its phone number is known to the attacker,
 * and all numbers that it could be. */
static void test_a_dictionary_attack_fails(void **state)
{
    enum { CANDIDATES = 20000 };
    struct test_device *d = device();
    const struct xg_record *r = contact(d, "13905390001");
    bool with_salt = false, without = false;

    (void)state;
    for (uint64_t n = 0; n < CANDIDATES; n++) {
        char phone[12];
        struct xg_field_cursor c = xg_record_fields(r);
        struct xg_cbor_item value;
        uint64_t number;
        snprintf(phone, sizeof phone, "139053%05u", (unsigned)(n + 80000 + 10001) % 100000);
        for (int salted = 0; salted < 2; salted++) {
            struct xg_buf guess = XG_BUF(XG_RECORD_MAX);
            struct xg_hash hash;
            size_t count = 0;
            for (c = xg_record_fields(r); xg_field_next(&c, &number, &value);)
                count += salted || number != XG_FIELD_SALT;
            xg_cbor_put_map(&guess, count);
            for (c = xg_record_fields(r); xg_field_next(&c, &number, &value);) {
                if (!salted && number == XG_FIELD_SALT)
                    continue;
                xg_cbor_put_uint(&guess, number);
                if (number == PHONE)
                    xg_cbor_put_text(&guess, phone, strlen(phone));
                else
                    xg_buf_append(&guess, value.raw.at, value.raw.len);
            }
            crypto_hash_sha256(hash.b, guess.data, guess.len);
            bool hit = xg_hash_equal(&hash, &r->fields_hash);
            with_salt |= salted && hit;
            without |= !salted && hit;
            xg_buf_clear(&guess);
        }
    }
    assert_true(with_salt); /* the attack works on who kept the salt */
    assert_false(without);
    test_device_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_redacted_batch_keeps_its_proofs),
        cmocka_unit_test(test_a_redacted_body_passes_for_no_other),
        cmocka_unit_test(test_every_flip_in_a_redacted_batch_is_refused),
        cmocka_unit_test(test_an_act_is_judged_strictly),
        cmocka_unit_test(test_an_entry_is_compared_with_the_record),
        cmocka_unit_test(test_a_dictionary_attack_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
