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
 * A sweep that fails each call once for each of several statuses takes the
 * same ways out for each of them: under AddressSanitizer each call fails with
 * one. It begins at `kind % TEST_SWEEP(kinds)`, and goes by TEST_SWEEP. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define TEST_UNDER_ASAN
#endif
#elif defined __SANITIZE_ADDRESS__
#define TEST_UNDER_ASAN
#endif
#if defined __SANITIZE_THREAD__
#define TEST_STRIDE 16
#define TEST_SWEEP(kinds) 16
#elif defined TEST_UNDER_ASAN
#define TEST_STRIDE 1
#define TEST_SWEEP(kinds) (kinds)
#else
#define TEST_STRIDE 1
#define TEST_SWEEP(kinds) 1
#endif

#endif
