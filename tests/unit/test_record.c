/* test_record.c - records: hashing, reading, striking out, writing. */
#include "tests/lib/test.h"

#include <sodium.h>

#include "shared/base/env.h"
#include "tests/lib/device.h"

static struct xg_arena arena = {.max_bytes = 64 << 20};
static struct test_world world = {.seed = 1, .wall_ms = 1790000000000,
                                  .mono_ms = 1000, .boot = 7};
static const uint8_t registrar[32] = {9};
static const struct xg_hash nowhere;

static struct test_device *device(void)
{
    return test_device_new(&arena, &world, "log.example/d/0417",
                           "log.example", registrar);
}

static const char *read_raw(const char *head_hex, const char *fields_hex)
{
    uint8_t raw[512];
    size_t head = strlen(head_hex) / 2, fields = strlen(fields_hex) / 2;
    struct xg_record r = {0};

    assert_true(xg_unhex(raw, head, head_hex, 2 * head));
    assert_true(xg_unhex(raw + head, fields, fields_hex, 2 * fields));
    xg_record_read(&r, &nowhere, 1, &nowhere, xg_bytes(raw, head),
                   xg_bytes(raw + head, fields));
    return r.malformed;
}

/* The leaf as the formats document gives it, computed the long way. */
static void test_hash_is_an_rfc6962_leaf(void **state)
{
    struct test_device *d = device();
    const struct xg_record *r = test_incident(d, "garbage");
    uint8_t leaf[4096] = {0}, want[32];
    size_t at = 1;

    (void)state;
    memcpy(leaf + at, d->chain.b, 32);
    at += 32;
    xg_store_u64(leaf + at, 1);
    at += 8;
    memcpy(leaf + at, d->records[0]->hash.b, 32);
    at += 32;
    memcpy(leaf + at, r->head_raw.at, r->head_raw.len);
    at += r->head_raw.len;
    crypto_hash_sha256(leaf + at, r->fields_raw.at, r->fields_raw.len);
    at += 32;
    crypto_hash_sha256(want, leaf, at);
    assert_memory_equal(want, r->hash.b, 32);
    assert_memory_equal(d->chain.b, d->records[0]->hash.b, 32);
    test_device_free(d);
}

static void test_first_record_names_the_entity(void **state)
{
    struct test_device *d = device();
    const struct xg_record *r = test_incident(d, "noise");
    struct xg_id id = xg_record_entity(r);

    (void)state;
    assert_memory_equal(id.b, r->hash.b, 16);
    test_device_free(d);
}

/* kind 3 (incident), time [0, 1, 2]; category "noise". */
#define GOOD_HEAD "a2010305830001" "02"
#define GOOD_FIELDS "a10c656e6f697365"

static void test_what_is_struck_out(void **state)
{
    static const struct {
        const char *head, *fields;
    } bad[] = {
        {"a10103", GOOD_FIELDS},                     /* no time */
        {"a105830001" "02", GOOD_FIELDS},            /* no kind */
        {"a2010305820001", GOOD_FIELDS},             /* time of two */
        {"a3010305830001" "020900", GOOD_FIELDS},    /* unknown entry */
        {"a301030281000583000102", GOOD_FIELDS},     /* entity no bytes */
        {"a30103038200010583000102", GOOD_FIELDS},   /* move 0 */
        {"a30103038201010583000102", GOOD_FIELDS},   /* first one that moves */
        {"a201180305830001" "02", GOOD_FIELDS},      /* not shortest */
        {"a2058300010201" "03", GOOD_FIELDS},        /* unsorted */
        {GOOD_HEAD, "a0"},                           /* category missing */
        {GOOD_HEAD, "a10c60"},                       /* empty */
        {GOOD_HEAD, "a10c6461206263"},               /* "a bc": no code */
        {GOOD_HEAD, "a20c656e6f6973650d190100"},     /* choice 256 */
        {GOOD_HEAD, "a20c656e6f6973650f6161" "00"},  /* trailing */
        {GOOD_HEAD, "a20c656e6f6973650f61" "1b"},    /* ESC in a text */
        {GOOD_HEAD, "a20c656e6f6973651a0001000000"}, /* field 65536 */
        {GOOD_HEAD, "a20c656e6f69736518638181818181" "00"}, /* deep */
        {GOOD_HEAD, "a20a200c656e6f697365"},         /* happened at -1 */
        {"a201010583000102", "a0"},                  /* genesis at 1 */
        {"a20103058320000" "2", GOOD_FIELDS},        /* wall -1 */
        {"a3010305830001" "0206" "611b", GOOD_FIELDS}, /* author ESC */
        {GOOD_HEAD, "a20c656e6f6973650e05"},         /* address a number */
        {GOOD_HEAD, "a20c656e6f697365186341" "00ff"}, /* trailing byte */
        {GOOD_HEAD, "a20b811a3b9aca000c656e6f697365"}, /* position of one */
        {GOOD_HEAD, "a20b821a3b9aca0100" "0c656e6f697365"}, /* lat > 90 */
        {GOOD_HEAD, "a203a00c656e6f697365"},         /* empty set value */
        {GOOD_HEAD, "a203a101800c656e6f697365"},     /* adds nothing */
        {GOOD_HEAD, "a203a102818141000c656e6f697365"}, /* bad removal */
        {"a2010405830001" "02", "a10c6141"},         /* a name without salt */
        {"a30103058300010207" "811863", "a20c656e6f697365186300"}, /* crit */
        {"a30103058300010207" "811863", GOOD_FIELDS}, /* though absent */
        {"f6", GOOD_FIELDS},
        {GOOD_HEAD, "80"},
    };

    (void)state;
    assert_null(read_raw(GOOD_HEAD, GOOD_FIELDS));
    /* An unknown field is kept unless the author says it is needed. */
    assert_null(read_raw(GOOD_HEAD, "a20c656e6f697365186300"));
    assert_null(read_raw(GOOD_HEAD, "a20c656e6f697365186381818181" "00"));
    /* So is a choice that a newer program knows. */
    assert_null(read_raw(GOOD_HEAD, "a20c656e6f6973650d09"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!read_raw(bad[i].head, bad[i].fields))
            fail_msg("row %zu was accepted: %s %s", i, bad[i].head,
                     bad[i].fields);
}

static void test_skip_divides_even_bad_records(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    /* Not shortest, a float, a tag, a duplicate key: all have an end. */
    static const char *const items[] = {"1800", "f93c00", "c11a00000000",
                                        "a201000100", "5800", "83010203"};
    static const char *const cut[] = {"18", "1a0000", "62e4", "9f", "5f", "82",
                                      "a1", "ff", "9bffffffffffffffff",
                                      "bbffffffffffffffff", "1c"};
    uint8_t raw[64];
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        size_t len = strlen(items[i]) / 2;
        xg_unhex(raw, len, items[i], 2 * len);
        raw[len] = 0x00;
        assert_ok(xg_record_skip(&size, raw, len + 1, &err));
        assert_int_equal(size, len);
    }
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        size_t len = strlen(cut[i]) / 2;
        xg_unhex(raw, len, cut[i], 2 * len);
        assert_status(xg_record_skip(&size, raw, len, &err), XG_FORMAT);
    }
    memset(raw, 0x81, sizeof raw);
    assert_status(xg_record_skip(&size, raw, sizeof raw, &err), XG_FORMAT);
}

static void test_draft_refuses_what_a_reader_strikes_out(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct test_device *d = device();
    struct xg_buf out = XG_BUF(XG_RECORD_MAX * 2);
    struct xg_draft draft;
    size_t head;

    (void)state;
    xg_draft_init(&draft, &arena, XG_KIND_INCIDENT);
    draft.head.moment = xg_moment_now(&d->env);
    assert_status(xg_draft_encode(&out, &head, &draft, &d->env, &err),
                  XG_USAGE);
    test_text(&draft, XG_INCIDENT_CATEGORY, "no spaces in a code");
    assert_status(xg_draft_encode(&out, &head, &draft, &d->env, &err),
                  XG_USAGE);
    test_text(&draft, XG_INCIDENT_CATEGORY, "noise");
    assert_ok(xg_draft_encode(&out, &head, &draft, &d->env, &err));
    xg_buf_clear(&out);
    test_device_free(d);
}

static void test_personal_fields_get_a_salt(void **state)
{
    struct test_device *d = device();
    struct xg_draft draft;
    struct xg_cbor_item one, two;

    (void)state;
    xg_draft_init(&draft, &arena, XG_KIND_CONTACT);
    test_text(&draft, XG_CONTACT_NAME, "张三");
    const struct xg_record *a = test_write(d, &draft, NULL);
    xg_draft_init(&draft, &arena, XG_KIND_CONTACT);
    test_text(&draft, XG_CONTACT_NAME, "张三");
    const struct xg_record *b = test_write(d, &draft, NULL);
    assert_true(xg_record_field(a, XG_FIELD_SALT, &one));
    assert_true(xg_record_field(b, XG_FIELD_SALT, &two));
    assert_memory_not_equal(one.bytes.at, two.bytes.at, 16);
    assert_memory_not_equal(a->fields_hash.b, b->fields_hash.b, 32);
    test_device_free(d);
}

static void test_sets_collect_additions_and_removals(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    struct xg_cbor_item value;
    struct xg_cbor c;

    (void)state;
    xg_draft_init(&draft, &arena, XG_KIND_INCIDENT);
    test_add_text(&draft, XG_FIELD_NOTE, "一");
    assert_ok(xg_draft_remove(&draft, XG_FIELD_NOTE, &nowhere, 3, &err));
    test_add_text(&draft, XG_FIELD_NOTE, "二");
    c = xg_cbor_over(xg_draft_get(&draft, XG_FIELD_NOTE));
    assert_true(xg_cbor_next(&c, &value));
    assert_int_equal(value.number, 2);
    assert_null(xg_value_check(
        xg_field_find(xg_kind_find(XG_KIND_INCIDENT), XG_FIELD_NOTE), &value));
}

/* Redacted fields leave the hash as it was. */
static void test_redaction_keeps_the_hash(void **state)
{
    struct test_device *d = device();
    const struct xg_record *r = test_incident(d, "gas");
    struct xg_record redacted = {.fields_hash = r->fields_hash};

    (void)state;
    xg_record_read(&redacted, &d->chain, 1, &d->records[0]->hash, r->head_raw,
                   xg_bytes(NULL, 0));
    assert_null(redacted.malformed);
    assert_memory_equal(redacted.hash.b, r->hash.b, 32);
    test_device_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_is_an_rfc6962_leaf),
        cmocka_unit_test(test_first_record_names_the_entity),
        cmocka_unit_test(test_what_is_struck_out),
        cmocka_unit_test(test_skip_divides_even_bad_records),
        cmocka_unit_test(test_draft_refuses_what_a_reader_strikes_out),
        cmocka_unit_test(test_personal_fields_get_a_salt),
        cmocka_unit_test(test_sets_collect_additions_and_removals),
        cmocka_unit_test(test_redaction_keeps_the_hash),
    };

    if (xg_base_init() != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    xg_arena_clear(&arena);
    return failed;
}
