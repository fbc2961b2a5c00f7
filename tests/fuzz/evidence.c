/* evidence.c - an evidence file of anyone's making: it is refused, or what is
 * said of it can be said; never good, since nobody here has the log's key. */
#include "tests/fuzz/fuzz.h"

#include "shared/audit/evidence.h"
#include "shared/base/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {7};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_evidence_checked c;
    struct xg_signer log;

    FUZZ_MUST(xg_base_init() == 0);
    FUZZ_MUST(xg_signer_init(&log, "fuzz", XG_SIG_ED25519, seed, &err) ==
              XG_OK);
    const struct xg_evidence_options o = {.log = &log.verifier};
    if (xg_evidence_check(&c, xg_bytes(data, size), &o, &err) == XG_OK) {
        struct xg_buf report = XG_BUF(16 << 20);
        xg_ignore(xg_evidence_report(&report, &c, false, size & 1, &err));
        xg_buf_clear(&report);
        xg_evidence_unchecked(&c);
    }
    /* The texts behind the signature. */
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct xg_evidence_says says;
    struct xg_evidence_place place;
    struct xg_buf again = XG_BUF(1 << 20);
    if (xg_evidence_says_read(&says, xg_bytes(data, size), &err) == XG_OK) {
        xg_evidence_says_put(&again, &says);
        FUZZ_MUST(xg_bytes_equal(xg_buf_bytes(&again), xg_bytes(data, size)));
    }
    xg_buf_reset(&again);
    if (xg_evidence_place_read(&place, &arena, xg_bytes(data, size), &err) ==
        XG_OK) {
        xg_evidence_place_put(&again, &place);
        FUZZ_MUST(xg_bytes_equal(xg_buf_bytes(&again), xg_bytes(data, size)));
    }
    xg_buf_clear(&again);
    xg_arena_clear(&arena);
    return 0;
}
