/* test.h - cmocka with what it needs before it, and the few helpers that
 * every test uses. */
#ifndef XG_TESTS_LIB_TEST_H
#define XG_TESTS_LIB_TEST_H

/* clang-format off: cmocka needs these first, in this order */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "shared/base/error.h"

/* The call must succeed, or the test fails with the error's text. */
#define assert_ok(call)                                                      \
    do {                                                                     \
        if ((call) != XG_OK)                                                 \
            fail_msg("%s: %s", #call, xg_error_text(&err));                  \
    } while (0)

/* The call must fail with this status. `err` is the test's xg_error. */
#define assert_status(call, expected)                                        \
    assert_string_equal(xg_status_name(call), xg_status_name(expected))

/* Where one thread does a thing over and over (each call fails once, each
 * order), another round is no other race: under ThreadSanitizer every 16th is
 * done, elsewhere all. Every test runs there, and every kind of fault. */
#ifdef __SANITIZE_THREAD__
#define TEST_STRIDE 16
#else
#define TEST_STRIDE 1
#endif

#endif
