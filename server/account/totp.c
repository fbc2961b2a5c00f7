/* totp.c - see totp.h. */
#include "server/account/totp.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <string.h>

static bool code_of_step(char out[static TOTP_DIGITS + 1],
                         struct xg_bytes secret, uint64_t step)
{
    return oath_hotp_generate((const char *)secret.at, secret.len, step,
                              TOTP_DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION,
                              out) == OATH_OK;
}

bool totp_check(uint64_t *step, struct xg_bytes secret, const char *code,
                int64_t now_ms, uint64_t used)
{
    char right[TOTP_DIGITS + 1];
    bool found = false;

    if (now_ms < 0 || strlen(code) != TOTP_DIGITS)
        return false;
    uint64_t now = (uint64_t)now_ms / 1000 / TOTP_STEP_S;
    uint64_t from = now < TOTP_DRIFT ? 0 : now - TOTP_DRIFT;
    for (uint64_t at = from; at <= now + TOTP_DRIFT; at++)
        if (at > used && !found && code_of_step(right, secret, at) &&
            sodium_memcmp(right, code, TOTP_DIGITS) == 0) {
            *step = at;
            found = true;
        }
    sodium_memzero(right, sizeof right);
    return found;
}
