/* Tables from spreadsheets: columns by name, and errors that say where. */
#include "tests/lib/test.h"

#include <string.h>

#include "shared/base/lang.h"
#include "shared/guide/csv.h"

enum { CODE, NAME, RADIUS, KIND, OPEN, COLUMNS };

static const struct xg_csv_column columns[] = {
    {"code", "编码|编号", XG_CSV_REQUIRED | XG_CSV_FILLED},
    {"name", "名称", XG_CSV_REQUIRED},
    {"radius", "半径", 0},
    {"kind", NULL, 0},
    {"open", "开放", 0},
    {NULL, NULL, 0},
};

static const struct xg_choice kinds[] = {
    {1, "street", "街道", "street"},
    {2, "town", "乡镇", "town"},
    {0, NULL, NULL, NULL},
};

struct world {
    struct xg_arena arena;
    struct xg_csv t;
};

static enum xg_status load(struct world *w, const char *text,
                           struct xg_error *err)
{
    return xg_csv_load(&w->t, &w->arena, xg_bytes_of(text), columns, err);
}

static int begin(void **state)
{
    static struct world w;

    w = (struct world){.arena = XG_ARENA(4 << 20)};
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    xg_arena_clear(&w->arena);
    return 0;
}

static void test_any_order(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(load(w,
                   "\xef\xbb\xbf名称,备注,NAME2,编号\r\n"
                   "占道经营,x,,C1\r\n"
                   "\r\n"
                   ",,,\r\n"
                   "\"井盖, \"\"破损\"\"\n第二行\",,,\u3000C2 \r\n"
                   "短,,,C3",
                   &err));
    assert_int_equal(w->t.row_count, 3);
    assert_string_equal(w->t.rows[0].cells[CODE], "C1");
    assert_string_equal(w->t.rows[0].cells[NAME], "占道经营");
    assert_string_equal(w->t.rows[0].cells[RADIUS], "");
    assert_int_equal(w->t.rows[0].line, 2);
    assert_string_equal(w->t.rows[1].cells[NAME], "井盖, \"破损\"\n第二行");
    assert_string_equal(w->t.rows[1].cells[CODE], "C2");
    assert_int_equal(w->t.rows[1].line, 5);
    assert_int_equal(w->t.rows[2].line, 7);
    assert_string_equal(w->t.headers[CODE], "编号");
    assert_null(w->t.headers[RADIUS]);
    assert_int_equal(w->t.unknown_count, 2);
    assert_string_equal(w->t.unknown[0], "备注");
    assert_string_equal(w->t.unknown[1], "NAME2");
}

static void test_old_line_ends(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(load(w, "code,name\rA,a\rB,b\r", &err));
    assert_int_equal(w->t.row_count, 2);
    assert_int_equal(w->t.rows[1].line, 3);
    assert_ok(load(w, "\n\n  \nCode,Name\nA\n", &err));
    assert_int_equal(w->t.row_count, 1);
    assert_int_equal(w->t.rows[0].line, 5);
    assert_string_equal(w->t.rows[0].cells[NAME], "");
}

static void refused(struct world *w, const char *text, enum xg_status status,
                    const char *says)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_csv before = w->t;

    assert_status(load(w, text, &err), status);
    if (!strstr(xg_error_text(&err), says))
        fail_msg("\"%s\" does not say \"%s\"", xg_error_text(&err), says);
    assert_memory_equal(&before, &w->t, sizeof before);
}

static void test_refused(void **state)
{
    struct world *w = *state;

    refused(w, "", XG_FORMAT, "empty");
    refused(w, "\n , \n", XG_FORMAT, "empty");
    refused(w, "code\nA\n", XG_FORMAT, "lacks the column \"name\"");
    refused(w, "code,name,编码\n", XG_FORMAT, "line 1: \"code\" and \"编码\"");
    refused(w, "code,name\nA,a\n,b\n", XG_FORMAT, "line 3: \"code\" may not");
    refused(w, "code,name\nA,a,b\n", XG_FORMAT, "line 2: \"b\" has no column");
    refused(w, "code,name\nA,\"a\nB,b\nC,c\n", XG_FORMAT, "line 2: quotes");
    refused(w, "code,name\nA,a\"b\n", XG_FORMAT, "line 2: quotes");
    refused(w, "code,name\nA,\xc3\xfb\xb3\xc6\n", XG_FORMAT,
            "line 2: this is "
            "no UTF-8");
    refused(w,
            "\xff\xfe"
            "c",
            XG_FORMAT, "UTF-8");
}

static void test_limits(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;
    static char text[20 << 10];

    memset(text, 'x', sizeof text - 1);
    memcpy(text, "code,name\nA,", 12);
    assert_status(load(w, text, &err), XG_TOOBIG);
    memset(text, ',', sizeof text - 1);
    memcpy(text, "code,name", 9);
    text[XG_CSV_COLUMNS_MAX + 9] = 'x';
    assert_status(load(w, text, &err), XG_TOOBIG);
    text[XG_CSV_COLUMNS_MAX + 9] = ',';
    assert_ok(load(w, text, &err));
    assert_int_equal(w->t.row_count, 0);
    struct xg_arena small = XG_ARENA(64);
    assert_status(xg_csv_load(&w->t, &small, xg_bytes_of("code,name\nA,a\n"),
                              columns, &err),
                  XG_NOMEM);
    xg_arena_clear(&small);
    assert_status(xg_csv_load(&w->t, &w->arena,
                              xg_bytes("", XG_CSV_BYTES_MAX + 1), columns,
                              &err),
                  XG_TOOBIG);
}

static void test_cells(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;
    uint64_t number = 7;
    uint32_t choice = 9;
    const char *code = NULL;
    bool yes = true;

    assert_ok(load(w,
                   "编码,名称,半径,kind,开放\nC1,x,50,乡镇,否\nC 2,y,0,city,"
                   "maybe\nC3,z,,,\nC4,z,18446744073709551616,,\n",
                   &err));
    const struct xg_csv_row *r = w->t.rows;
    assert_ok(xg_csv_uint(&number, &w->t, &r[0], RADIUS, 1, 50, &err));
    assert_int_equal(number, 50);
    assert_ok(xg_csv_choice(&choice, &w->t, &r[0], KIND, kinds, &err));
    assert_int_equal(choice, 2);
    assert_ok(xg_csv_code(&code, &w->t, &r[0], CODE, &err));
    assert_string_equal(code, "C1");
    assert_ok(xg_csv_bool(&yes, &w->t, &r[0], OPEN, &err));
    assert_false(yes);

    assert_status(xg_csv_uint(&number, &w->t, &r[1], RADIUS, 1, 50, &err),
                  XG_FORMAT);
    assert_string_equal(xg_error_text(&err),
                        "line 3, column \"半径\": \"0\" is to be a whole "
                        "number from 1 to 50");
    assert_status(
        xg_csv_uint(&number, &w->t, &r[3], RADIUS, 0, UINT64_MAX, &err),
        XG_FORMAT);
    assert_status(xg_csv_choice(&choice, &w->t, &r[1], KIND, kinds, &err),
                  XG_FORMAT);
    assert_non_null(strstr(xg_error_text(&err), "street"));
    assert_status(xg_csv_code(&code, &w->t, &r[1], CODE, &err), XG_FORMAT);
    assert_status(xg_csv_bool(&yes, &w->t, &r[1], OPEN, &err), XG_FORMAT);

    assert_ok(xg_csv_uint(&number, &w->t, &r[2], RADIUS, 1, 50, &err));
    assert_ok(xg_csv_choice(&choice, &w->t, &r[2], KIND, kinds, &err));
    assert_ok(xg_csv_bool(&yes, &w->t, &r[2], OPEN, &err));
    assert_int_equal(number, 50);
    assert_int_equal(choice, 2);
    assert_false(yes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_any_order, begin, end),
        cmocka_unit_test_setup_teardown(test_old_line_ends, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_limits, begin, end),
        cmocka_unit_test_setup_teardown(test_cells, begin, end),
    };

    xg_lang_thread(XG_LANG_EN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
