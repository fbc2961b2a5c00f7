/* test_attention.c - of one case: what a person must look at, and what somebody
 * said to have seen; who had it when; what can be proven of it. */
#include "tests/lib/test.h"

#include <string.h>

#include "server/desk/attention.h"
#include "server/proof/proof.h"
#include "shared/core/deadline.h"
#include "shared/view/value.h"
#include "tests/lib/office.h"

static unsigned set_of(struct office *o, const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    struct fold fold = office_fold(o, id);
    unsigned set = 0;

    if (attention_set_of(&set, &o->arena, &fold, &err) != XG_OK)
        fail_msg("%s", xg_error_text(&err));
    return set;
}

static void note(struct office *o, const struct xg_id *id, const char *who,
                 const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(1024);
    struct desk_done done;
    struct xg_draft d;

    xg_draft_init(&d, &o->arena, XG_KIND_INCIDENT);
    d.head.creates = false;
    d.head.entity = *id;
    xg_cbor_put_text(&value, text, strlen(text));
    assert_ok(xg_draft_add(&d, XG_FIELD_NOTE, xg_buf_bytes(&value), &err));
    assert_ok(desk_write(&done, o->d, &d, who, NULL, &err));
    xg_buf_clear(&value);
}

static void nothing_to_see(void **state)
{
    struct office o;

    (void)state;
    office_open(&o, NULL);
    struct xg_id id = office_report(&o, "env-garbage");
    assert_int_equal(set_of(&o, &id), 0);
    office_close(&o);
}

/* The record whose clock cannot have been right. */
static struct xg_hash clock_of(struct office *o, const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    struct fold fold = office_fold(o, id);
    struct attention_sign *list;
    size_t count;

    assert_ok(attention_of(&list, &count, &o->arena, &fold, &err));
    for (size_t i = 0; i < count; i++)
        if (list[i].what == ATTENTION_CLOCK)
            return list[i].subject;
    fail_msg("no clock is in doubt");
    return (struct xg_hash){{0}};
}

static void seen_by_whom(void **state)
{
    struct xg_buf mark = XG_BUF(256);
    struct office o;

    (void)state;
    office_open(&o, NULL);
    int64_t now_ms = o.world.wall_ms;
    o.world.wall_ms = 0; /* before there was a program at all */
    struct xg_id id = office_report(&o, "env-garbage");
    o.world.wall_ms = now_ms;
    assert_true(set_of(&o, &id) & 1u << ATTENTION_CLOCK);
    struct xg_hash subject = clock_of(&o, &id);
    attention_mark(&mark, ATTENTION_CLOCK, &subject);
    xg_buf_text(&mark, "x");
    /* A worker's word settles nothing, nor another matter's mark. */
    note(&o, &id, "wn", xg_buf_str(&mark));
    assert_true(set_of(&o, &id) & 1u << ATTENTION_CLOCK);
    xg_buf_reset(&mark);
    attention_mark(&mark, ATTENTION_STRUCK, &subject);
    xg_buf_text(&mark, "x");
    note(&o, &id, "head", xg_buf_str(&mark));
    assert_true(set_of(&o, &id) & 1u << ATTENTION_CLOCK);
    /* Nor the mark without a word of why. */
    xg_buf_reset(&mark);
    attention_mark(&mark, ATTENTION_CLOCK, &subject);
    note(&o, &id, "head", xg_buf_str(&mark));
    assert_true(set_of(&o, &id) & 1u << ATTENTION_CLOCK);
    xg_buf_text(&mark, "钟没有设");
    note(&o, &id, "head", xg_buf_str(&mark));
    assert_false(set_of(&o, &id) & 1u << ATTENTION_CLOCK);
    xg_buf_clear(&mark);
    office_close(&o);
}

static void names(void **state)
{
    enum attention_what what;

    (void)state;
    for (int i = 0; i < ATTENTIONS; i++) {
        assert_true(attention_named(&what,
                                    attention_name((enum attention_what)i)));
        assert_int_equal(what, i);
        assert_true(*attention_label(what));
    }
    assert_false(attention_named(&what, ""));
    assert_false(attention_named(&what, "Clock"));
}

/* ---- who had it ---- */

static size_t holders(struct office *o, struct xg_holding **list,
                      const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    struct fold fold = office_fold(o, id);
    size_t count;

    assert_ok(xg_holdings_of(list, &count, &o->arena, &fold.state, fold.whens,
                             &err));
    return count;
}

static void go(struct office *o, const struct xg_id *id, const char *who,
               uint64_t move, uint32_t field, const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;

    o->world.wall_ms += 60000;
    enum xg_status status =
        field ? office_do(o, &done, id, who, move, &err, field, text, 0)
              : office_do(o, &done, id, who, move, &err, 0);
    if (status != XG_OK)
        fail_msg("%s: %s", who, xg_error_text(&err));
}

static void who_had_it(void **state)
{
    struct xg_holding *h;
    struct office o;

    (void)state;
    office_open(&o, NULL);
    struct xg_id id = office_report(&o, "env-garbage");
    assert_int_equal(holders(&o, &h, &id), 1);
    assert_int_equal(h[0].unit.len, 0);
    assert_true(h[0].to_ms == XG_NO_TIME);
    go(&o, &id, "head", XG_MOVE_ACCEPT, 0, NULL);
    go(&o, &id, "head", XG_MOVE_FILE, 0, NULL);
    go(&o, &id, "head", XG_MOVE_DISPATCH, XG_CASE_UNIT, "north");
    assert_int_equal(holders(&o, &h, &id), 2);
    assert_int_equal(h[0].moves, 3); /* giving it away is the last of them */
    assert_true(h[0].to_ms == h[1].from_ms);
    assert_true(xg_bytes_equal(h[1].unit, xg_bytes_of("north")));
    go(&o, &id, "hn", XG_MOVE_SIGN, 0, NULL);
    /* The same unit once more is no other holder. */
    go(&o, &id, "hn", XG_MOVE_FINISH, XG_CASE_RESULT, "done");
    go(&o, &id, "head", XG_MOVE_CLOSE, XG_CASE_SETTLED_LEVEL, "community");
    assert_int_equal(holders(&o, &h, &id), 2);
    assert_true(h[1].to_ms > h[1].from_ms);
    int64_t closed_ms = h[1].to_ms;
    /* A case that is reopened is somebody's again. */
    go(&o, &id, "boss", XG_MOVE_REOPEN, XG_FIELD_WHY, "again");
    assert_int_equal(holders(&o, &h, &id), 3);
    assert_true(h[2].from_ms > closed_ms);
    assert_true(h[2].to_ms == XG_NO_TIME);
    office_close(&o);
}

/* ---- what can be proven ---- */

static void proven(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *reader;
    struct proof p;
    struct office o;

    (void)state;
    office_open_files(&o);
    struct xg_id id = office_report(&o, "env-garbage");
    note(&o, &id, "head", "seen");
    struct fold fold = office_fold(&o, &id);
    assert_ok(data_borrow(o.d, &reader, &err));
    assert_ok(proof_of(&p, o.d, reader, &fold, &err));
    assert_true(p.unaltered && p.has_first);
    assert_int_equal(p.records, 2);
    assert_int_equal(p.entries, 2);
    /* Both at a desk without a key: neither is weaker. */
    assert_int_equal(p.first_grade, XG_GRADE_ASSERTED);
    assert_int_equal(p.grade, XG_GRADE_ASSERTED);
    assert_int_equal(p.weakest, p.entry);
    assert_int_equal(p.newest, fold.rows[1].position);
    /* One bit of what is shown, and it is seen. */
    uint8_t *fields = xg_arena_copy(&o.arena, fold.rows[1].fields.at,
                                    fold.rows[1].fields.len);
    fields[fold.rows[1].fields.len - 1] ^= 1;
    fold.rows[1].fields.at = fields;
    assert_ok(proof_of(&p, o.d, reader, &fold, &err));
    assert_false(p.unaltered);
    assert_int_equal(p.altered.status, XG_ALARM);
    data_return(o.d, reader);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_see), cmocka_unit_test(seen_by_whom),
        cmocka_unit_test(names),          cmocka_unit_test(who_had_it),
        cmocka_unit_test(proven),
    };

    assert_int_equal(xg_base_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
