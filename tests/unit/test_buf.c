/* test_buf.c - a buffer that is handed out piece by piece. */
#include "tests/lib/test.h"

#include "shared/base/buf.h"

static void pieces_come_in_order_and_end(void **unused)
{
    struct xg_buf b = XG_BUF(64);
    uint8_t out[4] = {0};
    size_t at = 0;

    (void)unused;
    xg_buf_text(&b, "abcdefghij");
    assert_int_equal(xg_buf_take(&b, &at, out, sizeof out), 4);
    assert_memory_equal(out, "abcd", 4);
    assert_int_equal(xg_buf_take(&b, &at, out, sizeof out), 4);
    assert_memory_equal(out, "efgh", 4);
    assert_int_equal(xg_buf_take(&b, &at, out, sizeof out), 2);
    assert_memory_equal(out, "ijgh", 4);
    assert_int_equal(xg_buf_take(&b, &at, out, sizeof out), 0);
    xg_buf_text(&b, "k"); /* more came */
    assert_int_equal(xg_buf_take(&b, &at, out, sizeof out), 1);
    assert_memory_equal(out, "kjgh", 4);
    assert_int_equal(at, b.len);
    xg_buf_clear(&b);
}

static void of_an_empty_one_nothing_is_taken(void **unused)
{
    struct xg_buf b = XG_BUF(64);
    uint8_t out[4] = {1, 2, 3, 4};
    size_t at = 0;

    (void)unused;
    assert_int_equal(xg_buf_take(&b, &at, out, sizeof out), 0);
    assert_int_equal(at, 0);
    xg_buf_text(&b, "ab");
    assert_int_equal(xg_buf_take(&b, &at, out, 0), 0);
    assert_int_equal(at, 0);
    assert_memory_equal(out, "\1\2\3\4", 4);
    xg_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_in_order_and_end),
        cmocka_unit_test(of_an_empty_one_nothing_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
