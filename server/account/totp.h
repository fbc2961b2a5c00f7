/* totp.h - the second factor: RFC 6238, SHA-1, six digits, 30 s. */
#ifndef XG_SERVER_ACCOUNT_TOTP_H
#define XG_SERVER_ACCOUNT_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/bytes.h"

enum { TOTP_STEP_S = 30, TOTP_DIGITS = 6, TOTP_DRIFT = 1 };

/* Is it the code of this step, or of one TOTP_DRIFT before or after, and of one
 * that is newer than `used`? Then *step is that one. */
bool totp_check(uint64_t *step, struct xg_bytes secret, const char *code,
                int64_t now_ms, uint64_t used);

#endif
