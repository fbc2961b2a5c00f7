/* audit_bundle.c - an auditor's bundle of anyone's making, or a saved state,
 * walked to its end: whatever is in it, a verdict or an error comes of it.
 *
 * First byte: even, a bundle follows; odd, what follows the head of a state,
 * with the right sum, so that what comes behind it is reached.
 */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz_file.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "shared/audit/audit.h"
#include "shared/base/env.h"

enum { ROOM = 1 << 20 };

static enum xg_status none(void *ctx, struct xg_buf *note, struct xg_error *err)
{
    (void)ctx, (void)note;
    return xg_fail(err, XG_NOTFOUND, "none");
}

static void walk_state(const struct xg_audit_options *given,
                       const uint8_t *data, size_t size)
{
    static uint8_t whole[ROOM];
    struct xg_audit_source source = {.checkpoint = none, .cosigned = none};
    struct xg_audit_options o = *given;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_audit_result result;
    char vkey[XG_VKEY_SIZE], path[64];
    uint64_t order = UINT64_C(0x0102030405060708);
    char zeros[XG_BASE64_SIZE(XG_HASH_SIZE)], hex[17];
    struct xg_hash zero = {{0}};

    xg_verifier_print(vkey, &o.log);
    xg_base64(zeros, sizeof zeros, zero.b, sizeof zero.b);
    xg_hex(hex, &order, sizeof order);
    int len = snprintf((char *)whole, sizeof whole,
                       "xunge-audit/state/v1\nlog %s\nregistrar %s\npolicy %s\n"
                       "size 1\nroot %s\norder %s\n\n",
                       vkey, zeros, zeros, zeros, hex);
    if (size > sizeof whole - (size_t)len - 32)
        return;
    memcpy(whole + len, data, size);
    crypto_hash_sha256(whole + len + size, whole, (size_t)len + size);
    int fd = fuzz_file(whole, (size_t)len + size + 32);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    o.state = path;
    FUZZ_MUST(xg_audit_walk(&result, &source, &o, &err) != XG_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {7};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_signer log;
    struct xg_audit_source source;
    struct xg_audit_result result;

    FUZZ_MUST(xg_base_init() == 0);
    FUZZ_MUST(xg_signer_init(&log, "fuzz", XG_SIG_ED25519, seed, &err) ==
              XG_OK);
    const struct xg_audit_options o = {.log = log.verifier, .photos = true};
    if (size < 1)
        return 0;
    if (data[0] & 1) {
        walk_state(&o, data + 1, size - 1);
        return 0;
    }
    const struct xg_bundle_source from = {
        .path = "fuzz", .fd = fuzz_file(data + 1, size - 1)};
    if (xg_audit_bundle(&source, &from, &err) != XG_OK)
        return 0;
    if (xg_audit_walk(&result, &source, &o, &err) == XG_OK)
        FUZZ_MUST(result.counts.entries <= result.checkpoint.size);
    source.close(source.ctx);
    return 0;
}
