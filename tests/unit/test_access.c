/* test_access.c - who read what: recorded whole or not at all, told to no
 * device, and believed of the server's own chain alone. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "server/merge/scope.h"
#include "server/sight/access.h"
#include "server/store/store.h"
#include "tests/lib/office.h"

#define WHY "because-7731"

enum { MANY = 600 };

struct seen {
    size_t count, named, invalid;
    struct xg_id of;
    char reader[XG_CODE_MAX + 1];
    bool by_server;
};

static enum xg_status look(void *ctx, const struct access *a,
                           struct xg_error *err)
{
    struct seen *s = ctx;

    (void)err;
    assert_true(xg_bytes_equal(a->why, xg_bytes_of(WHY)));
    s->count++;
    s->named += access_names(a, &s->of);
    s->invalid += a->no_right != NULL;
    s->by_server = a->by_server;
    memcpy(s->reader, a->reader, sizeof s->reader);
    return XG_OK;
}

static struct seen look_at_all(struct office *o, const struct xg_id *of)
{
    struct xg_error err = XG_ERROR_NONE;
    struct seen s = {.of = *of};
    struct store *reader;

    assert_ok(data_borrow(o->d, &reader, &err));
    assert_ok(access_each(o->d, reader, look, &s, &err));
    data_return(o->d, reader);
    return s;
}

static enum xg_status note(struct office *o, const char *who, size_t count,
                           struct xg_error *err)
{
    struct access_reader reader;
    struct access_ids ids = {.ids = NULL};
    const struct access_note says = {
        .reader = &reader, .how = XG_ACCESS_LIST, .why = WHY, .filter = "list"};
    enum xg_status status = access_reader(&reader, o->d, who, err);

    for (size_t i = 0; status == XG_OK && i < 2 * count; i++) {
        struct xg_id id = {{(uint8_t)(i % count), (uint8_t)((i % count) >> 8)}};
        status = access_add(&ids, &id, err); /* each twice */
    }
    access_settle(&ids);
    if (status == XG_OK)
        assert_int_equal(ids.count, count);
    if (status == XG_OK)
        status = access_write(o->d, &says, &ids, err);
    access_clear(&ids);
    return status;
}

static void test_many_are_all_named(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    uint64_t before = office_log_size(&o);
    assert_ok(note(&o, "boss", MANY, &err));
    assert_true(office_log_size(&o) > before);
    for (size_t i = 0; i < MANY; i += 37) {
        struct xg_id id = {{(uint8_t)i, (uint8_t)(i >> 8)}};
        struct seen s = look_at_all(&o, &id);
        assert_int_equal(s.count, 3);
        assert_int_equal(s.named, 1);
        assert_int_equal(s.invalid, 0);
        assert_string_equal(s.reader, "boss");
        assert_false(s.by_server);
    }
    struct xg_id other = {{255, 255}};
    assert_int_equal(look_at_all(&o, &other).named, 0);
    assert_status(note(&o, "zz", 1, &err), XG_NOTFOUND);
    assert_status(note(&o, REGISTRY_SERVER, 1, &err), XG_REFUSED);
    assert_int_equal(look_at_all(&o, &other).count, 3);
    office_check(&o);
    office_close(&o);
}

static struct test_device *enrol(struct office *o, const char *worker)
{
    struct xg_error err = XG_ERROR_NONE;
    char expected[XG_KEY_NAME_MAX + 1], name[XG_KEY_NAME_MAX + 1];
    struct test_device *t;

    registry_device_name(expected, data_origin(o->d), 1);
    t = test_device_new(&o->arena, &o->world, expected, data_origin(o->d),
                        registry_registrar_key(o->d->registry));
    assert_ok(registry_enrol(o->d->registry, name, t->signer.verifier.key,
                             worker, &err));
    assert_string_equal(name, expected);
    return t;
}

static bool holds(const struct xg_buf *buf, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + len <= buf->len; i++)
        if (memcmp(buf->data + i, text, len) == 0)
            return true;
    return false;
}

/* Whoever sits at a device, of whatever unit: not a byte of it. */
static void test_no_page_holds_one(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    struct test_device *t = enrol(&o, "boss");
    struct xg_id one = office_report(&o, "lamp");
    assert_ok(note(&o, "boss", 3, &err));
    assert_ok(note(&o, "wn", 3, &err));
    struct store *s;
    assert_ok(data_borrow(o.d, &s, &err));
    uint64_t since = 0, end = office_log_size(&o);
    bool told = false;
    while (since < end) {
        struct xg_buf raw = XG_BUF(8 << 20);
        struct scope_page page;
        assert_ok(scope_page(&page, &raw, s, o.d->registry,
                             t->signer.verifier.name, since, end, NULL, &err));
        assert_false(holds(&raw, WHY));
        told |= holds(&raw, "lamp");
        since = page.to;
        xg_buf_clear(&raw);
    }
    assert_true(told); /* what is theirs, they are told */
    struct store_record *rows;
    size_t count, accesses = 0;
    assert_ok(s->ops->read_bare(s, &o.arena, &rows, &count, 0, 100, &err));
    for (size_t i = 0; i < count; i++) {
        struct xg_record r;
        bool may = true;
        store_read_left(&r, &rows[i]);
        if (r.malformed || r.head.kind != XG_KIND_ACCESS)
            continue;
        accesses++;
        assert_ok(scope_may_read(&may, s, o.d->registry,
                                 t->signer.verifier.name, &rows[i], end, &err));
        assert_false(may);
    }
    assert_int_equal(accesses, 2);
    data_return(o.d, s);
    assert_int_equal(look_at_all(&o, &one).named, 0);
    test_device_free(t);
    office_close(&o);
}

/* What a device says of the kind counts for nothing. */
static void test_a_device_cannot_forge_one(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf batch = XG_BUF(XG_BATCH_MAX), value = XG_BUF(256);
    char hex[2 * XG_ID_SIZE + 1];
    struct ingest_result result;
    struct xg_id id = {{1}};
    struct xg_draft d;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    struct test_device *t = enrol(&o, "boss");
    xg_draft_init(&d, &o.arena, XG_KIND_ACCESS);
    d.head.creates = true;
    test_text(&d, XG_ACCESS_WHY, WHY);
    test_uint(&d, XG_ACCESS_HOW, XG_ACCESS_SHOW);
    test_uint(&d, XG_ACCESS_COUNT, 1);
    xg_hex(hex, id.b, XG_ID_SIZE);
    xg_cbor_put_array(&value, 1);
    xg_cbor_put_text(&value, hex, strlen(hex));
    assert_ok(xg_draft_set(&d, XG_ACCESS_WHAT, xg_buf_bytes(&value), &err));
    assert_null(test_write(t, &d, NULL)->malformed);
    test_seal(&batch, t, 0, 2);
    assert_ok(ingest_put(o.d->ingest, &result, batch.data, batch.len, &err));
    assert_int_equal(result.records, 2);
    assert_int_equal(look_at_all(&o, &id).count, 0);
    office_check(&o);
    xg_buf_clear(&batch);
    xg_buf_clear(&value);
    test_device_free(t);
    office_close(&o);
}

/* Whichever call of the store fails: said to be recorded, it is. */
static void test_what_is_said_to_be_recorded_is(void **unused)
{
    bool failed = true;

    (void)unused;
    for (uint64_t n = 0; failed; n++) {
        struct store_fault fault = {.status = XG_OK};
        struct xg_error err = XG_ERROR_NONE;
        struct xg_id id = {{0}};
        struct office o;
        office_open(&o, &fault);
        fault = (struct store_fault){.status = XG_FULL, .countdown = n};
        enum xg_status status = note(&o, "boss", 1, &err);
        failed = fault.failed > 0;
        fault.status = XG_OK;
        if (status == XG_OK)
            assert_int_equal(look_at_all(&o, &id).named, 1);
        office_check(&o);
        office_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_are_all_named),
        cmocka_unit_test(test_no_page_holds_one),
        cmocka_unit_test(test_a_device_cannot_forge_one),
        cmocka_unit_test(test_what_is_said_to_be_recorded_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
