/* rangecoder.h - an adaptive binary range coder. Integers only.
 *
 * 32-bit range, carry propagated in the output, probabilities of 16 bits. The
 * probability of a bit is the caller's: fixed, adaptive (struct xg_bin), or
 * computed from a model. The end is the shortest whole number of bytes that
 * means the same whatever follows it: never shorter than the information in
 * it, so the length bounds what a decoder can be made to believe. The decoder
 * reads zeros past the end and never fails; who wants to know that the bytes
 * are the writer's own encodes again and compares.
 */
#ifndef XG_CORE_RANGECODER_H
#define XG_CORE_RANGECODER_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/base/bytes.h"

struct xg_rc {
    struct xg_buf *out;   /* encoding: where to; NULL when decoding */
    struct xg_bytes in;   /* decoding: what is left */
    uint64_t low;
    uint32_t range, code;
    uint8_t cache;        /* encoding: a byte, and so many 0xff behind it, */
    uint64_t pending;     /* that a carry may still reach */
    bool started;
};

void xg_rc_encode_begin(struct xg_rc *rc, struct xg_buf *out);
void xg_rc_encode_end(struct xg_rc *rc);
void xg_rc_decode_begin(struct xg_rc *rc, struct xg_bytes in);

/* Code one bit whose probability of being 0 is p0 / 65536, 1 <= p0 <= 65535:
 * encodes `bit` and returns it, or decodes and returns what was there. One
 * function for both, so that a model is written once. */
unsigned xg_rc_bit(struct xg_rc *rc, unsigned bit, uint32_t p0);

/* `count` (at most 32) equally likely bits, highest first. */
uint32_t xg_rc_bits(struct xg_rc *rc, uint32_t value, unsigned count);

/* A bit whose probability is learned: fast at first, then over some 60. */
struct xg_bin {
    uint16_t p0;
    uint8_t seen;
};

#define XG_BIN ((struct xg_bin){32768, 0})

unsigned xg_rc_bin(struct xg_rc *rc, struct xg_bin *bin, unsigned bit);

/* Exp-Golomb number in learned bins: the length in unary, then the top two
 * bits below the leading one learned, the others plain. value < 2^32 - 1. */
enum { XG_RC_NUMBER_BINS = 33 + 33 * 3 };
uint32_t xg_rc_number(struct xg_rc *rc, struct xg_bin bins[XG_RC_NUMBER_BINS],
                      uint32_t value);

#endif
