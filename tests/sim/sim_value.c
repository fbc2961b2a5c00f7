/* sim_value.c - what somebody fills into a field: few different values, so that
 * two people now and then say the same; see sim.h. Agent and server both ask
 * here, so only the core is known. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/core/cbor.h"

static const int64_t hour_ms = 3600 * 1000;

static void put_text(struct sim_rng *rng, struct xg_buf *out, bool code)
{
    char text[64];
    uint64_t n = sim_below(rng, 12);

    snprintf(text, sizeof text, code ? "c-%" PRIu64 : "第%" PRIu64 "处 place",
             n);
    xg_cbor_put_text(out, text, strlen(text));
}

static uint64_t pick_choice(struct sim_rng *rng,
                            const struct xg_choice *choices)
{
    size_t count = 0;

    while (choices[count].name)
        count++;
    return choices[sim_below(rng, count)].number;
}

bool sim_value(struct xg_buf *out, struct sim_rng *rng,
               const struct xg_field *f, const struct sim_source *from)
{
    switch (f->type) {
    case XG_TYPE_TEXT:
        put_text(rng, out, false);
        return true;
    case XG_TYPE_CODE:
        put_text(rng, out, true);
        return true;
    case XG_TYPE_UINT:
        xg_cbor_put_uint(out, (uint64_t)f->min + sim_below(rng, 9));
        return true;
    case XG_TYPE_BOOL:
        xg_cbor_put_bool(out, sim_chance(rng, 500));
        return true;
    case XG_TYPE_ENUM:
        xg_cbor_put_uint(out, pick_choice(rng, f->choices));
        return true;
    case XG_TYPE_TIME:
        xg_cbor_put_int(out, from->now_ms +
                                 (int64_t)sim_below(rng, 200) * hour_ms);
        return true;
    case XG_TYPE_POSITION:
        xg_cbor_put_array(out, 2);
        xg_cbor_put_int(out, 350000000 + (int64_t)sim_below(rng, 4));
        xg_cbor_put_int(out, 1180000000);
        return true;
    case XG_TYPE_ENTITY:
        if (!from->entity)
            return false;
        xg_cbor_put_bytes(out, from->entity->b, sizeof from->entity->b);
        return true;
    case XG_TYPE_TEXTS:
        xg_cbor_put_array(out, 2);
        put_text(rng, out, false);
        put_text(rng, out, false);
        return true;
    case XG_TYPE_TALLY:
        xg_cbor_put_array(out, 3);
        put_text(rng, out, true);
        put_text(rng, out, true);
        xg_cbor_put_uint(out, sim_below(rng, 9));
        return true;
    case XG_TYPE_BYTES:
    case XG_TYPE_HASH:
    case XG_TYPE_SOURCE:
    case XG_TYPE_NUMBERS:
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
    case XG_TYPE_PHOTO:
    case XG_TYPE_TRACK:
    case XG_TYPE_GAP:
        break;
    }
    return false;
}
