/* test_catalogue.c - categories, what they inherit, and limits as text. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/guide/catalogue.h"
#include "tests/lib/device.h"
#include "tests/lib/source.h"

struct world {
    struct xg_arena arena;
    struct xg_catalogue c;
};

static int begin(void **state)
{
    static struct world w;

    w = (struct world){.arena = XG_ARENA(64 << 20)};
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    xg_arena_clear(&w->arena);
    return 0;
}

static enum xg_status load(struct world *w, const char *text,
                           struct xg_error *err)
{
    return xg_catalogue_load(&w->c, &w->arena, xg_bytes_of(text), err);
}

static const struct xg_category *get(const struct world *w, const char *code)
{
    const struct xg_category *c = xg_catalogue_find(&w->c, xg_bytes_of(code));

    if (!c)
        fail_msg("there is no %s", code);
    return c;
}

static void assert_limit(const struct xg_category *c, enum xg_stage stage,
                         enum xg_limit_unit unit, int64_t milli)
{
    const struct xg_stage_limit *l = &c->limits.stages[stage];

    assert_true(l->has);
    assert_int_equal(l->limit.unit, unit);
    assert_int_equal(l->limit.milli, milli);
}

static void test_the_catalogue_of_a_district(void **state)
{
    static const char *const used[] = {
        "fire_passage", "facility_damage", "garbage",    "illegal_parking",
        "noise",        "fight",           "gas",        "electric",
        "road",         "water",           "suspicious", "fall_risk"};
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf text =
        test_source_read(test_source("tests/data/catalogue.csv"));

    assert_ok(xg_catalogue_load(&w->c, &w->arena, xg_buf_bytes(&text), &err));
    xg_buf_clear(&text); /* nothing refers to it */

    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        const struct xg_category *c = get(w, used[i]);
        for (int s = XG_STAGE_ACCEPT; s <= XG_STAGE_INSPECT; s++)
            assert_true(c->limits.stages[s].has);
        assert_string_not_equal(c->board, "");
    }
    const struct xg_category *missing = get(w, "road.manhole.missing");
    assert_int_equal(missing->depth, 3);
    assert_true(missing->leaf);
    assert_string_equal(missing->parent->parent->code, "road");
    assert_limit(missing, XG_STAGE_HANDLE, XG_LIMIT_URGENT, 4000);
    assert_string_equal(missing->limits.stages[XG_STAGE_SIGN].climb, "区");
    assert_int_equal(missing->radius_m, 5);
    const struct xg_category *loose = get(w, "road.manhole.loose");
    assert_limit(loose, XG_STAGE_HANDLE, XG_LIMIT_DAYS, 1000);
    assert_limit(loose, XG_STAGE_ACCEPT, XG_LIMIT_HOURS, 2000); /* from * */
    assert_string_equal(loose->close_if, "井盖齐全稳固");
    assert_string_equal(loose->post, "shizheng");
    assert_false(get(w, "road")->leaf);
    assert_false(get(w, "street.booth")->active);

    const struct xg_category *leak = get(w, "gas.leak");
    assert_limit(leak, XG_STAGE_HANDLE, XG_LIMIT_URGENT, 2000);
    assert_false(leak->limits.stages[XG_STAGE_HANDLE].from_signing);
    assert_true(
        get(w, "gas.hose")->limits.stages[XG_STAGE_HANDLE].from_signing);
    const struct xg_category *dispute = get(w, "dispute");
    assert_string_equal(dispute->limits.stages[XG_STAGE_SIGN].climb, "社区");
    assert_string_equal(dispute->limits.stages[XG_STAGE_FILE].climb, "街道");
    assert_string_equal(get(w, "task")->post, "");
}

static void test_what_a_case_goes_by(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_kind *incident = xg_kind_find(XG_KIND_INCIDENT);
    const struct xg_kind *dispute = xg_kind_find(XG_KIND_DISPUTE);
    static const struct xg_catalogue empty;

    assert_ok(load(w,
                   "code,name,name_en,handle\n*,其余,,9d\ngas,燃气,gas,2u\n"
                   "dispute,纠纷,,7d\n",
                   &err));
    assert_int_equal(w->c.count, 3 - 1);
    assert_string_equal(
        xg_catalogue_of(&w->c, incident, xg_bytes_of("gas"))->code, "gas");
    assert_string_equal(
        xg_catalogue_of(&w->c, incident, xg_bytes_of("noise"))->code, "*");
    assert_string_equal(xg_catalogue_of(&w->c, dispute, xg_bytes_of(""))->code,
                        "dispute");
    assert_string_equal(xg_catalogue_of(&w->c, NULL, xg_bytes_of(""))->code,
                        "*");
    assert_null(xg_catalogue_find(&w->c, xg_bytes_of("*")));
    assert_null(xg_catalogue_of(&empty, dispute, xg_bytes_of("gas")));
    assert_null(xg_catalogue_of(NULL, dispute, xg_bytes_of("gas")));
    assert_false(xg_category_limits(NULL)->stages[XG_STAGE_HANDLE].has);
    assert_string_equal(xg_category_label(get(w, "gas")), "gas");
    assert_string_equal(xg_category_label(get(w, "dispute")), "纠纷");
}

static void test_empty_inherits_and_a_dash_ends_it(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(load(
        w,
        "code,parent,name,handle,sign,climb,board,radius,handle_from,active,"
        "file_if\n"
        "a.b.c,a.b,丙,,,,,,,,\n"
        "a.b,a,乙,无,,-,-,-,-,,-\n"
        "a,-,甲,3d,8h,street 签收：town,B1,40,签收,否,条件\n"
        "a.d,a,丁,,-,核查:city,,,,是,\n",
        &err));
    const struct xg_category *a = get(w, "a"), *c = get(w, "a.b.c");
    assert_limit(a, XG_STAGE_HANDLE, XG_LIMIT_DAYS, 3000);
    assert_true(a->limits.stages[XG_STAGE_HANDLE].from_signing);
    assert_string_equal(a->limits.stages[XG_STAGE_SIGN].climb, "town");
    assert_string_equal(a->limits.stages[XG_STAGE_HANDLE].climb, "street");
    assert_int_equal(c->depth, 2);
    assert_false(c->limits.stages[XG_STAGE_HANDLE].has);
    assert_limit(c, XG_STAGE_SIGN, XG_LIMIT_HOURS, 8000);
    assert_false(c->limits.stages[XG_STAGE_HANDLE].from_signing);
    assert_string_equal(c->limits.stages[XG_STAGE_SIGN].climb, "");
    assert_string_equal(c->board, "");
    assert_string_equal(c->file_if, "");
    assert_int_equal(c->radius_m, 0);
    assert_false(c->active);
    const struct xg_category *d = get(w, "a.d");
    assert_false(d->active); /* its parent is out of use */
    assert_string_equal(d->file_if, "条件");
    assert_string_equal(d->limits.stages[XG_STAGE_INSPECT].climb, "city");
    assert_string_equal(d->limits.stages[XG_STAGE_HANDLE].climb, "");
    assert_false(d->limits.stages[XG_STAGE_SIGN].has);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"name\nx\n", "lacks the column \"code\""},
        {"code,name\na b,x\n", "line 2, column \"code\": \"a b\" is no code"},
        {"code,name\na,x\nb,y\na,z\n", "category a is in lines 2 and 4"},
        {"code,name\n*,x\n*,y\n", "line 3, column \"code\": * is in line 2"},
        {"code,name,parent\n*,x,a\na,y,\n", "* has no parent"},
        {"code,name,parent\na,x,b\n", "line 2, column \"parent\": the file"},
        {"code,name,parent\na,x,b\nb,y,a\n", "circle"},
        {"code,name,parent\na,x,a\n", "circle"},
        {"code,name,handle\na,x,3\n", "column \"handle\": \"3\" is no limit"},
        {"code,name,处置时限\na,x,3 天\n", "column \"处置时限\""},
        {"code,name,radius\na,x,10001\n", "from 0 to 10000"},
        {"code,name,climb\na,x,nothing:street\n", "no stage \"nothing\""},
        {"code,name,climb\na,x,sign:\n", "is no level"},
        {"code,name,board\na,x,板块一\n", "is no code"},
        {"code,name,handle_from\na,x,later\n", "there is no \"later\""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct xg_error err = XG_ERROR_NONE;
        assert_status(load(w, bad[i].text, &err), XG_FORMAT);
        if (!strstr(xg_error_text(&err), bad[i].says))
            fail_msg("\"%s\" does not say \"%s\"", xg_error_text(&err),
                     bad[i].says);
        assert_int_equal(w->c.count, 0);
    }
}

/* Whatever a bad cable or a bad editor makes of the file: it is read or refused
 * with a text, and what was there before stays. */
static void test_torn_files(void **state)
{
    static const char bytes[] = ",\n\r\"\0*- \xe4\xef:;0d";
    struct test_world w = {.seed = 11};
    struct xg_buf text =
        test_source_read(test_source("tests/data/catalogue.csv"));
    size_t read = 0, refused = 0;

    (void)state;
    for (int i = 0; i < 1500; i++) {
        struct xg_buf torn = XG_BUF(1 << 20);
        struct xg_arena arena = XG_ARENA(8 << 20);
        struct xg_catalogue c = {.count = 99};
        struct xg_error err = XG_ERROR_NONE;
        xg_buf_append(&torn, text.data,
                      text.len - test_below(&w, i % 2 ? text.len : 1));
        for (uint64_t n = test_below(&w, 4); n > 0 && torn.len; n--)
            torn.data[test_below(&w, torn.len)] =
                (uint8_t)bytes[test_below(&w, sizeof bytes - 1)];
        if (xg_catalogue_load(&c, &arena, xg_buf_bytes(&torn), &err) == XG_OK) {
            read++;
            assert_true(c.count < 99);
        } else {
            refused++;
            assert_int_equal(c.count, 99);
            assert_string_not_equal(xg_error_text(&err), "");
        }
        xg_arena_clear(&arena);
        xg_buf_clear(&torn);
    }
    assert_true(read > 100);
    assert_true(refused > 100);
    xg_buf_clear(&text);
}

static void test_depth_is_bounded(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf text = XG_BUF(4096);

    xg_buf_text(&text, "code,name,parent\nc0,x,\n");
    for (int i = 1; i <= XG_CATEGORY_DEPTH_MAX; i++)
        xg_buf_format(&text, "c%d,x,c%d\n", i, i - 1);
    assert_ok(load(w, xg_buf_str(&text), &err));
    assert_int_equal(get(w, "c8")->depth, XG_CATEGORY_DEPTH_MAX);
    xg_buf_text(&text, "c9,x,c8\n");
    assert_status(load(w, xg_buf_str(&text), &err), XG_FORMAT);
    xg_buf_clear(&text);
}

static void test_limits_read_back(void **state)
{
    static const char *const bad[] = {
        "",     "d",    "0d",    "1.d",    ".5d",  "1.2345d", "-1d",
        "1e3d", "5 天", "3661d", "87841h", "1 dd", "1d "};
    struct world *w = *state;
    struct xg_limit read;

    for (int lang = 0; lang < 2; lang++) {
        xg_lang_thread(lang ? XG_LANG_ZH : XG_LANG_EN);
        for (int unit = XG_LIMIT_URGENT; unit <= XG_LIMIT_DAYS; unit++)
            for (int64_t milli = 1; milli < 3660000; milli = milli * 3 + 1) {
                struct xg_limit l = {(enum xg_limit_unit)unit, milli};
                const char *text = xg_limit_text(&w->arena, l);
                assert_non_null(text);
                if (!xg_limit_parse(&read, text) || read.unit != l.unit ||
                    read.milli != l.milli)
                    fail_msg("%s does not read back", text);
            }
    }
    assert_string_equal(
        xg_limit_text(&w->arena, (struct xg_limit){XG_LIMIT_HOURS, 1500}),
        "1.5 工作时");
    xg_lang_thread(XG_LANG_EN);
    assert_string_equal(
        xg_limit_text(&w->arena, (struct xg_limit){XG_LIMIT_DAYS, 1000}),
        "1 working day");
    assert_string_equal(
        xg_limit_text(&w->arena, (struct xg_limit){XG_LIMIT_URGENT, 20000}),
        "20 urgent hours");
    assert_true(xg_limit_parse(&read, "3个工作日"));
    assert_int_equal(read.milli, 3000);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xg_limit_parse(&read, bad[i]))
            fail_msg("\"%s\" was read", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_catalogue_of_a_district, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_what_a_case_goes_by, begin, end),
        cmocka_unit_test_setup_teardown(test_empty_inherits_and_a_dash_ends_it,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test(test_torn_files),
        cmocka_unit_test_setup_teardown(test_depth_is_bounded, begin, end),
        cmocka_unit_test_setup_teardown(test_limits_read_back, begin, end),
    };

    xg_lang_thread(XG_LANG_EN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
