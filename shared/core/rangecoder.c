/* rangecoder.c - see rangecoder.h. The carry is kept as in Subbotin's and
 * Pavlov's coders: the last byte that is not 0xff waits, with a count of the
 * 0xff behind it, until it is known whether a carry runs through them. */
#include "shared/core/rangecoder.h"

static const uint32_t RANGE_MIN = UINT32_C(1) << 24;

static void shift_low(struct xg_rc *rc)
{
    uint8_t carry = (uint8_t)(rc->low >> 32);

    if (carry || rc->low < UINT32_C(0xff000000)) {
        if (rc->started)
            xg_buf_byte(rc->out, (uint8_t)(rc->cache + carry));
        rc->started = true; /* the byte before the first is always 0 */
        for (; rc->pending; rc->pending--)
            xg_buf_byte(rc->out, (uint8_t)(0xff + carry));
        rc->cache = (uint8_t)(rc->low >> 24);
    } else {
        rc->pending++;
    }
    rc->low = (rc->low & 0xffffff) << 8;
}

static uint8_t next_byte(struct xg_rc *rc)
{
    if (rc->in.len == 0)
        return 0;
    rc->in.len--;
    return *rc->in.at++;
}

void xg_rc_encode_begin(struct xg_rc *rc, struct xg_buf *out)
{
    *rc = (struct xg_rc){.out = out, .range = UINT32_MAX};
}

/* The shortest tail whose every continuation lies within the range: one byte,
 * or two. */
void xg_rc_encode_end(struct xg_rc *rc)
{
    unsigned bytes = 1;
    uint64_t mask = 0xffffff;
    uint64_t tail = (rc->low + mask) & ~mask;

    if (tail + mask >= rc->low + rc->range) {
        bytes = 2;
        mask = 0xffff;
        tail = (rc->low + mask) & ~mask;
    }
    rc->low = tail;
    for (unsigned i = 0; i < bytes; i++)
        shift_low(rc);
    /* No carry can come any more: let go of what waits. */
    if (rc->started)
        xg_buf_byte(rc->out, rc->cache);
    for (; rc->pending; rc->pending--)
        xg_buf_byte(rc->out, 0xff);
}

void xg_rc_decode_begin(struct xg_rc *rc, struct xg_bytes in)
{
    *rc = (struct xg_rc){.in = in, .range = UINT32_MAX};
    for (int i = 0; i < 4; i++)
        rc->code = rc->code << 8 | next_byte(rc);
}

unsigned xg_rc_bit(struct xg_rc *rc, unsigned bit, uint32_t p0)
{
    uint32_t bound = (uint32_t)((uint64_t)rc->range * p0 >> 16);

    if (!rc->out)
        bit = rc->code >= bound;
    if (bit == 0) {
        rc->range = bound;
    } else {
        rc->low += bound;
        rc->code -= bound;
        rc->range -= bound;
    }
    while (rc->range < RANGE_MIN) {
        rc->range <<= 8;
        if (rc->out)
            shift_low(rc);
        else
            rc->code = rc->code << 8 | next_byte(rc);
    }
    return bit;
}

uint32_t xg_rc_bits(struct xg_rc *rc, uint32_t value, unsigned count)
{
    uint32_t got = 0;

    while (count--)
        got = got << 1 | xg_rc_bit(rc, value >> count & 1, 32768);
    return got;
}

unsigned xg_rc_bin(struct xg_rc *rc, struct xg_bin *bin, unsigned bit)
{
    enum { SEEN_MAX = 60 };
    uint32_t p0 = bin->p0, target;

    bit = xg_rc_bit(rc, bit, p0);
    target = bit ? 64 : 65536 - 64;
    if (bin->seen < SEEN_MAX)
        bin->seen++;
    if (target > p0)
        p0 += (target - p0) / (bin->seen + 1u);
    else
        p0 -= (p0 - target) / (bin->seen + 1u);
    bin->p0 = (uint16_t)p0;
    return bit;
}

uint32_t xg_rc_number(struct xg_rc *rc, struct xg_bin bins[XG_RC_NUMBER_BINS],
                      uint32_t value)
{
    uint64_t plus = (uint64_t)value + 1, got = 1;
    unsigned length = 0, len = 0;

    while (plus >> (length + 1))
        length++;
    while (len < 32 && xg_rc_bin(rc, &bins[len], len < length))
        len++;

    struct xg_bin *top = bins + 33 + 3 * len;
    for (unsigned i = len; i-- > 0;) {
        unsigned bit = (unsigned)(plus >> i & 1);
        if (i + 1 == len)
            bit = xg_rc_bin(rc, &top[0], bit);
        else if (i + 2 == len)
            bit = xg_rc_bin(rc, &top[1 + (got & 1)], bit);
        else
            bit = xg_rc_bit(rc, bit, 32768);
        got = got << 1 | bit;
    }
    return (uint32_t)(got - 1);
}
