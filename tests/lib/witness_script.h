/* witness_script.h - what a log sends a witness, in three steps: sizes 1, 3, 5
 * of a sigsum log, with real signatures (FiloSottile/torchwood,
 * cmd/litewitness/testdata/litewitness.txt). */
#ifndef XG_TESTS_LIB_WITNESS_SCRIPT_H
#define XG_TESTS_LIB_WITNESS_SCRIPT_H

#include "shared/core/note.h"
#include "tests/lib/test.h"

#define SCRIPT_DASH "\xE2\x80\x94 "
#define SIGSUM                                                                 \
    "sigsum.org/v1/tree/"                                                      \
    "4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
#define SIGSUM_NOTE(size, root, signature)                                     \
    SIGSUM "\n" size "\n" root "\n\n" SCRIPT_DASH SIGSUM " " signature "\n"
#define LEAF(n) "Kg" n "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static const struct script_step {
    const char *body;
    uint64_t old, size;
    size_t proof;
} script[] = {
    {"old 0\n\n" SIGSUM_NOTE(
         "1", "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
         "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQM"
         "FSzVnnNuWRTYrajXpNUbIQY="),
     0, 1, 0},
    {"old 1\n" LEAF("E") LEAF("I") "\n" SIGSUM_NOTE(
         "3", "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
         "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNo"
         "bZs4SUUdrcawfAB8WVrx6go="),
     1, 3, 2},
    {"old 3\n" LEAF("I") LEAF(
         "M") "wgiIFdZfYNv6WU1OllBKsWnLYIS/DBMqt8Uh/S4OukE=\n"
              "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" SIGSUM_NOTE(
                  "5", "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
                  "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/"
                  "jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/AS"
                  "RcWJi0tW90dJWAShei7sDww="),
     3, 5, 4},
};

static inline struct xg_verifier script_log(void)
{
    static const char hex[] = "ffdc2d4d98e4124d3feaf788c0c2f9ab"
                              "fd796083d1f0495437f302ec79cf100f";
    struct xg_error err = XG_ERROR_NONE;
    struct xg_verifier log;
    uint8_t key[32];

    assert_true(xg_unhex(key, sizeof key, hex, strlen(hex)));
    assert_ok(xg_verifier_init(&log, SIGSUM, XG_SIG_ED25519, key, &err));
    return log;
}

#endif
