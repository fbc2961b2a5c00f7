/* fuzz_key.h - the key of whoever sends: the harness signs what the fuzzer
 * gives, so that what comes after the signature is reached. */
#ifndef XG_TESTS_FUZZ_FUZZ_KEY_H
#define XG_TESTS_FUZZ_FUZZ_KEY_H

#include "shared/base/env.h"
#include "shared/core/note.h"
#include "shared/core/text.h"
#include "tests/fuzz/fuzz.h"

static inline const struct xg_signer *fuzz_key(void)
{
    static const uint8_t seed[32] = {7};
    static struct xg_signer key;
    struct xg_error err = XG_ERROR_NONE;

    if (!key.verifier.name[0])
        FUZZ_MUST(xg_base_init() == 0 &&
                  xg_signer_init(&key, "fuzz.example", XG_SIG_ED25519, seed,
                                 &err) == XG_OK);
    return &key;
}

/* Up to the first empty line a text, with its last \n, and then the rest: the
 * parts of a note. False where no note can say that. */
static inline bool fuzz_cut_text(struct xg_bytes *text, struct xg_bytes *rest,
                                 struct xg_bytes data)
{
    for (size_t i = 1; i < data.len; i++)
        if (data.at[i - 1] == '\n' && data.at[i] == '\n') {
            *text = xg_bytes(data.at, i);
            *rest = xg_bytes(data.at + i + 1, data.len - i - 1);
            return xg_text_allowed(*text);
        }
    return false;
}

#endif
