/* test_desk.c - what an operator does: tried before it is written. */
#include "tests/lib/test.h"

#include <string.h>

#include "server/desk/redact.h"
#include "shared/core/loop.h"
#include "tests/lib/office.h"

static bool says(const struct xg_error *err, const char *text)
{
    return strstr(xg_error_text(err), text) != NULL;
}

static void test_what_is_refused_leaves_no_trace(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done = {.missing = 77};
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    struct xg_id one = office_report(&o, "lamp");
    uint64_t size = office_log_size(&o);
    /* Without its reason; without the role; without the place. */
    assert_status(office_do(&o, &done, &one, "head", XG_MOVE_VOID, &err, 0),
                  XG_REFUSED);
    assert_true(says(&err, "why="));
    assert_status(office_do(&o, &done, &one, "wn", XG_MOVE_ACCEPT, &err, 0),
                  XG_REFUSED);
    assert_status(office_do(&o, &done, &one, "ws", XG_MOVE_SELF_HANDLE, &err,
                            XG_FIELD_WHY, "dark", 0),
                  XG_REFUSED);
    assert_true(says(&err, "outside the author's"));
    /* By nobody, by the server's own name, of what is not here. */
    assert_status(office_do(&o, &done, &one, "zz", XG_MOVE_ACCEPT, &err, 0),
                  XG_NOTFOUND);
    assert_status(office_do(&o, &done, &one, "server", XG_MOVE_REMIND, &err, 0),
                  XG_REFUSED);
    assert_int_equal(done.missing, 77);
    assert_int_equal(office_log_size(&o), size);
    assert_ok(office_do(&o, &done, &one, "head", XG_MOVE_ACCEPT, &err, 0));
    assert_int_equal(done.status, XG_STATUS_ACCEPTED);
    assert_true(office_log_size(&o) > size);
    office_check(&o);
    office_close(&o);
}

/* The status that its author saw is another by the time it is written. */
static void test_what_came_between_is_seen_in_the_transaction(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct xg_draft late;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    struct xg_id one = office_report(&o, "lamp");
    xg_draft_init(&late, &o.arena, XG_KIND_INCIDENT);
    late.head.creates = false;
    late.head.entity = one;
    late.head.move = XG_MOVE_ACCEPT;
    late.head.from = XG_STATUS_REPORTED;
    assert_ok(office_do(&o, &done, &one, "head", XG_MOVE_ACCEPT, &err, 0));
    assert_status(desk_write(&done, o.d, &late, "boss", NULL, &err), XG_REFUSED);
    assert_true(says(&err, "overtaken"));
    assert_int_equal(office_fold(&o, &one).state.conflict_count, 0);
    office_close(&o);
}

/* Give it an address. */
static struct xg_draft addressed(struct office *o, const struct xg_id *id,
                                 const char *address)
{
    struct xg_buf value = XG_BUF(256);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft d;

    xg_draft_init(&d, &o->arena, XG_KIND_INCIDENT);
    d.head.creates = false;
    d.head.entity = *id;
    xg_cbor_put_text(&value, address, strlen(address));
    assert_ok(xg_draft_set(&d, XG_INCIDENT_ADDRESS, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
    return d;
}

/* A value that came since is not written over; other fields are no matter. */
static void test_what_was_not_seen_is_not_written_over(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    struct xg_id one = office_report(&o, "lamp");
    uint64_t first = office_fold(&o, &one).entity.changed;
    struct xg_draft d = addressed(&o, &one, "A");
    struct desk_act by = {.code = "head", .has_seen = true, .seen = first};
    assert_ok(desk_act(&done, o.d, &d, &by, &err));
    uint64_t second = office_fold(&o, &one).entity.changed;
    assert_true(second > first);
    uint64_t size = office_log_size(&o);
    d = addressed(&o, &one, "B");
    by.code = "boss";
    assert_status(desk_act(&done, o.d, &d, &by, &err), XG_STALE);
    assert_int_equal(office_log_size(&o), size);
    d = addressed(&o, &one, "B");
    assert_ok(office_do(&o, &done, &one, "head", XG_MOVE_ACCEPT, &err, 0));
    by.seen = second;
    assert_ok(desk_act(&done, o.d, &d, &by, &err));
    d = addressed(&o, &one, "C");
    assert_ok(desk_write(&done, o.d, &d, "head", NULL, &err));
    office_check(&o);
    office_close(&o);
}

static struct xg_id accepted(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct xg_id id = office_report(o, "lamp");

    assert_ok(office_do(o, &done, &id, "head", XG_MOVE_ACCEPT, &err, 0));
    return id;
}

static void test_official_numbers_have_no_double_and_no_gap(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct office o;
    struct xg_id ids[4];

    (void)unused;
    office_open(&o, NULL);
    for (size_t i = 0; i < 4; i++)
        ids[i] = accepted(&o);
    assert_ok(office_do(&o, &done, &ids[0], "head", XG_MOVE_FILE, &err, 0));
    assert_string_equal(done.case_number, "2026-000001");
    /* One that is given by hand is taken as it is, and passed over after. */
    assert_ok(office_do(&o, &done, &ids[1], "head", XG_MOVE_FILE, &err,
                        XG_CASE_NUMBER, "2026-000002", 0));
    assert_string_equal(done.case_number, "");
    /* A refused one does not use a number up. */
    assert_status(office_do(&o, &done, &ids[2], "wn", XG_MOVE_FILE, &err, 0),
                  XG_REFUSED);
    assert_ok(office_do(&o, &done, &ids[2], "head", XG_MOVE_FILE, &err, 0));
    assert_string_equal(done.case_number, "2026-000003");
    /* New Year comes to China eight hours before it comes to Greenwich. */
    o.world.wall_ms = INT64_C(1798732800000); /* 2026-12-31T16:00:00Z */
    assert_ok(office_do(&o, &done, &ids[3], "head", XG_MOVE_FILE, &err, 0));
    assert_string_equal(done.case_number, "2027-000001");
    office_check(&o);
    office_close(&o);
}

/* Call N of the store fails, for every N. Whoever tries again has the case
 * filed once, under the first number, whether the answer was lost or the act.
 */
static void test_a_number_is_given_once_whatever_call_fails(void **unused)
{
    static const enum xg_status statuses[] = {XG_IO, XG_FULL};
    bool failed = true;

    (void)unused;
    for (size_t kind = 0; kind < 2; kind++, failed = true)
        for (uint64_t n = TEST_SWEEP_FROM(kind); failed; n += TEST_SWEEP(2)) {
            struct store_fault fault = {.status = XG_OK};
            struct xg_error err = XG_ERROR_NONE;
            struct desk_done done;
            struct xg_cbor_item number;
            struct office o;
            office_open(&o, &fault);
            struct xg_id one = accepted(&o), two = accepted(&o);
            struct xg_draft d;
            xg_draft_init(&d, &o.arena, XG_KIND_INCIDENT);
            d.head.creates = false;
            d.head.entity = one;
            d.head.move = XG_MOVE_FILE;
            d.head.from = XG_STATUS_ACCEPTED;
            struct xg_draft again = d;
            fault =
                (struct store_fault){.status = statuses[kind], .countdown = n};
            enum xg_status first = desk_write(&done, o.d, &d, "head", NULL, &err);
            failed = fault.failed > 0;
            fault.status = XG_OK;
            if (first != XG_OK)
                xg_ignore(desk_write(&done, o.d, &again, "head", NULL, &err));
            struct fold f = office_fold(&o, &one);
            assert_int_equal(f.state.status, XG_STATUS_FILED);
            assert_int_equal(f.count, 3);
            assert_true(xg_state_value(&f.state, XG_CASE_NUMBER, &number));
            assert_true(
                xg_bytes_equal(number.bytes, xg_bytes_of("2026-000001")));
            assert_ok(
                office_do(&o, &done, &two, "head", XG_MOVE_FILE, &err, 0));
            assert_string_equal(done.case_number, "2026-000002");
            office_check(&o);
            office_close(&o);
        }
}

/* ---- by a key ---- */

static struct xg_draft filing(struct office *o, const struct xg_id *id)
{
    struct xg_draft d;

    xg_draft_init(&d, &o->arena, XG_KIND_INCIDENT);
    d.head.creates = false;
    d.head.entity = *id;
    d.head.move = XG_MOVE_FILE;
    d.head.from = XG_STATUS_ACCEPTED;
    return d;
}

/* Call N of the store fails, for every N; then it is asked for again by the
 * same key: it is done once, and what is answered is what came of it. */
static void test_by_its_key_it_is_done_once_whatever_call_fails(void **unused)
{
    static const struct again_key key = {{1, 2, 3}, {{4}}};
    const struct desk_act by = {.code = "head", .key = &key};
    bool failed = true;
    unsigned kept = 0;

    (void)unused;
    for (uint64_t n = 0; failed; n += TEST_SWEEP(1)) {
        struct store_fault fault = {.status = XG_OK};
        struct xg_error err = XG_ERROR_NONE;
        struct desk_done done, again;
        struct office o;
        bool found = false;
        office_open(&o, &fault);
        struct xg_id one = accepted(&o);
        struct xg_draft d = filing(&o, &one);
        fault = (struct store_fault){.status = XG_IO, .countdown = n};
        enum xg_status first = desk_act(&done, o.d, &d, &by, &err);
        failed = fault.failed > 0;
        fault.status = XG_OK;
        err = XG_ERROR_NONE;
        assert_ok(desk_again(&again, &found, o.d->store, "head", &key, &err));
        assert_true(found || first != XG_OK);
        kept += found && first != XG_OK;
        d = filing(&o, &one);
        assert_ok(desk_act(&again, o.d, &d, &by, &err));
        if (first == XG_OK)
            assert_memory_equal(&again, &done, sizeof done);
        assert_string_equal(again.case_number, "2026-000001");
        assert_int_equal(again.status, XG_STATUS_FILED);
        assert_int_equal(office_fold(&o, &one).count, 3);
        office_check(&o);
        office_close(&o);
    }
    /* It lay there, and the answer was lost. */
    assert_true(kept > 0 || TEST_SWEEP(1) > 1);
}

static void test_a_key_is_of_one_act_and_is_forgotten(void **unused)
{
    struct again_key key = {{7}, {{1}}};
    const struct desk_act by = {.code = "head", .key = &key};
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct office o;
    bool found = true;

    (void)unused;
    office_open(&o, NULL);
    struct xg_id one = accepted(&o), two = accepted(&o);
    struct xg_draft d = filing(&o, &one);
    assert_ok(desk_act(&done, o.d, &d, &by, &err));
    uint64_t size = office_log_size(&o);
    key.asked.b[0] = 2;
    d = filing(&o, &two);
    assert_status(desk_act(&done, o.d, &d, &by, &err), XG_REFUSED);
    assert_true(says(&err, "in other words"));
    assert_int_equal(office_log_size(&o), size);
    err = XG_ERROR_NONE;
    key.asked.b[0] = 1;
    assert_ok(desk_again(&done, &found, o.d->store, "boss", &key, &err));
    assert_false(found);
    /* Its days are over once another act comes. */
    o.world.wall_ms += (AGAIN_DAYS + 1) * INT64_C(86400000);
    assert_ok(desk_again(&done, &found, o.d->store, "head", &key, &err));
    assert_true(found);
    struct again_key next = {{8}, {{1}}};
    const struct desk_act later = {.code = "head", .key = &next};
    d = filing(&o, &two);
    assert_ok(desk_act(&done, o.d, &d, &later, &err));
    assert_ok(desk_again(&done, &found, o.d->store, "head", &key, &err));
    assert_false(found);
    assert_ok(desk_again(&done, &found, o.d->store, "head", &next, &err));
    assert_true(found);
    office_check(&o);
    office_close(&o);
}

/* By `key`, by the head: a report that says so, with a contact if one is named. */
static enum xg_status report_by(struct desk_done *done, struct office *o,
                                const struct again_key *key, const char *text,
                                const char *name, struct xg_error *err)
{
    struct xg_draft d, contact;
    const struct desk_act by = {
        .code = "head", .key = key, .contact = name ? &contact : NULL};

    xg_draft_init(&d, &o->arena, XG_KIND_INCIDENT);
    d.head.creates = true;
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    test_text(&d, XG_FIELD_GRID, "north");
    test_text(&d, XG_INCIDENT_DESCRIPTION, text);
    xg_draft_init(&contact, &o->arena, XG_KIND_CONTACT);
    contact.head.creates = true;
    test_text(&contact, XG_FIELD_GRID, "north");
    test_text(&contact, XG_CONTACT_NAME, name ? name : "");
    return desk_act(done, o->d, &d, &by, err);
}

static struct xg_hash asked_by(struct office *o, const struct again_key *key)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_act act;
    bool found = false;

    assert_ok(o->d->store->ops->get_act(o->d->store, &act, &found, "head",
                                        key->key, &err));
    assert_true(found);
    return act.asked;
}

/* No hash is left of what is erased, by which its words could be guessed: not of
 * the act that made it, nor of the one that it came beside. */
static void test_what_is_erased_is_not_known_by_its_key(void **unused)
{
    static const struct again_key keys[] = {{{1}, {{5}}}, {{2}, {{6}}},
                                            {{3}, {{7}}}};
    const struct redact_wish words = {.fields = {XG_INCIDENT_DESCRIPTION},
                                      .field_count = 1},
                             personal = {.field_count = 0};
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done[3], again;
    struct redact_plan plan;
    struct office o;
    size_t acts;

    (void)unused;
    office_open_files(&o);
    assert_ok(report_by(&done[0], &o, &keys[0], "Li, 13900000000", NULL, &err));
    assert_ok(report_by(&done[1], &o, &keys[1], "by phone", "Wang", &err));
    assert_ok(report_by(&done[2], &o, &keys[2], "by phone", "Zhao", &err));
    struct fold f = office_fold(&o, &done[0].id);
    assert_ok(redact_plan(&plan, &o.arena, o.d->store, &f, &words, &err));
    assert_ok(redact_write(&acts, o.d, &f, &plan, "why", "boss", NULL, &err));
    f = office_fold(&o, &done[1].contact);
    assert_ok(redact_plan(&plan, &o.arena, o.d->store, &f, &personal, &err));
    assert_ok(redact_write(&acts, o.d, &f, &plan, "why", "boss", NULL, &err));
    uint64_t size = office_log_size(&o);
    for (size_t i = 0; i < 2; i++) {
        struct xg_hash asked = asked_by(&o, &keys[i]);
        assert_true(xg_hash_is_zero(&asked));
        assert_status(report_by(&again, &o, &keys[i], "by phone", "Wang", &err),
                      XG_REFUSED);
        assert_true(says(&err, "erased since"));
        err = XG_ERROR_NONE;
    }
    /* Others are answered as before. */
    struct xg_hash asked = asked_by(&o, &keys[2]);
    assert_true(xg_hash_equal(&asked, &keys[2].asked));
    assert_ok(report_by(&again, &o, &keys[2], "by phone", "Zhao", &err));
    assert_memory_equal(&again, &done[2], sizeof again);
    assert_int_equal(office_log_size(&o), size);
    office_check(&o);
    office_close(&o);
}

/* A notice reaches down from its author's unit, and never into another's. */
static void test_a_notice_stays_in_its_authors_unit(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    for (int i = 0; i < 2; i++) {
        struct xg_draft d;
        xg_draft_init(&d, &o.arena, XG_KIND_NOTICE);
        d.head.creates = true;
        test_text(&d, 12, "meeting");
        test_text(&d, 13, "at nine");
        test_text(&d, XG_FIELD_GRID, "north");
        assert_ok(desk_write(&done, o.d, &d, i ? "head" : "ws", NULL, &err));
        struct fold f = office_fold(&o, &done.id);
        assert_int_equal(f.state.effects[0], XG_EFFECT_FULL);
        assert_int_equal(f.judgements[0].grade, XG_GRADE_ASSERTED);
        assert_string_equal(f.entity.unit, i ? "north" : "south");
    }
    office_close(&o);
}

static void test_possible_moves_are_those_of_role_and_place(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct view_move *moves;
    struct xg_judgement actor;
    const char *no_right;
    size_t count;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    struct xg_id one = accepted(&o);
    struct fold f = office_fold(&o, &one);
    struct xg_registry registry = registry_view(o.d->registry);
    assert_ok(desk_actor(&actor, o.d, "ws", &err));
    assert_ok(desk_moves(&moves, &count, &no_right, &o.arena, &f, &registry,
                         &actor, NULL, &err));
    assert_int_equal(count, 0);
    assert_non_null(no_right);
    assert_ok(desk_actor(&actor, o.d, "head", &err));
    assert_ok(desk_moves(&moves, &count, &no_right, &o.arena, &f, &registry,
                         &actor, NULL, &err));
    assert_null(no_right);
    bool file = false, triage = false;
    for (size_t i = 0; i < count; i++) {
        assert_true(moves[i].transition->from &
                    XG_STATUS_BIT(XG_STATUS_ACCEPTED));
        assert_true(moves[i].transition->who & XG_ROLE_BIT(XG_ROLE_DISPATCHER));
        if (moves[i].move->number == XG_MOVE_FILE) {
            file = true;
            assert_false(moves[i].blocked);
            assert_int_equal(moves[i].unmet, XG_WANT_CASE_NUMBER);
        }
        if (moves[i].move->number == XG_MOVE_TRIAGE) {
            triage = true; /* nobody whistled */
            assert_true(moves[i].blocked);
        }
    }
    assert_true(file && triage);
    office_close(&o);
}

/* ---- by what number of whose it is found ---- */

static void test_a_source_that_no_record_names_is_found(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct xg_draft d;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    xg_draft_init(&d, &o.arena, XG_KIND_INCIDENT);
    d.head.creates = true;
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    test_text(&d, XG_FIELD_GRID, "north");
    test_text(&d, XG_FIELD_SOURCE, "12345-1");
    assert_ok(desk_write(&done, o.d, &d, "head", NULL, &err));
    office_check(&o);
    struct store *store = o.d->store;
    assert_ok(store->ops->begin(store, &err));
    assert_ok(store->ops->put_source(store, xg_bytes_of("12345-2"), 1, &err));
    assert_ok(store->ops->commit(store, &err));
    assert_status(data_check(o.d, NULL, NULL, &err), XG_CORRUPT);
    assert_true(says(&err, "source"));
    err = XG_ERROR_NONE;
    assert_ok(ingest_rebuild(o.d->ingest, &err));
    office_check(&o);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_refused_leaves_no_trace),
        cmocka_unit_test(test_what_came_between_is_seen_in_the_transaction),
        cmocka_unit_test(test_what_was_not_seen_is_not_written_over),
        cmocka_unit_test(test_official_numbers_have_no_double_and_no_gap),
        cmocka_unit_test(test_a_number_is_given_once_whatever_call_fails),
        cmocka_unit_test(test_by_its_key_it_is_done_once_whatever_call_fails),
        cmocka_unit_test(test_a_key_is_of_one_act_and_is_forgotten),
        cmocka_unit_test(test_what_is_erased_is_not_known_by_its_key),
        cmocka_unit_test(test_a_notice_stays_in_its_authors_unit),
        cmocka_unit_test(test_possible_moves_are_those_of_role_and_place),
        cmocka_unit_test(test_a_source_that_no_record_names_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
