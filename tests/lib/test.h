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
 * done, elsewhere all. Every test runs there, and every kind of fault.
 *
 * A sweep that fails each call once, for each of several statuses, takes the
 * same ways out for many of them: under AddressSanitizer every third call
 * fails, with one of the statuses. It begins at TEST_SWEEP_FROM(kind), and
 * goes by TEST_SWEEP(kinds). Histories that are drawn are drawn a third as
 * often: TEST_DRAWS(rounds).
 *
 * With XG_SOAK a sanitizer, too, has all of it (TEST_WHOLE). */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define TEST_UNDER_ASAN
#endif
#elif defined __SANITIZE_ADDRESS__
#define TEST_UNDER_ASAN
#endif
#if defined TEST_WHOLE
#define TEST_STRIDE 1
#define TEST_SWEEP_FROM(kind) 0
#define TEST_SWEEP(kinds) 1
#define TEST_DRAWS(rounds) (rounds)
#elif defined __SANITIZE_THREAD__
#define TEST_STRIDE 16
#define TEST_SWEEP_FROM(kind) (kind)
#define TEST_SWEEP(kinds) 16
#define TEST_DRAWS(rounds) ((rounds) / 16 + 1)
#elif defined TEST_UNDER_ASAN
#define TEST_STRIDE 1
#define TEST_SWEEP_FROM(kind) (3 * (kind))
#define TEST_SWEEP(kinds) (3 * (kinds))
#define TEST_DRAWS(rounds) ((rounds) / 3 + 1)
#else
#define TEST_STRIDE 1
#define TEST_SWEEP_FROM(kind) 0
#define TEST_SWEEP(kinds) 1
#define TEST_DRAWS(rounds) (rounds)
#endif

#endif
