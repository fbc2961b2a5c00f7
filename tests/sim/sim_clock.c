/* sim_clock.c - the deadlines of a case, as text: what two sides must agree on;
 * see sim.h. */
#include "tests/sim/sim.h"

#include <inttypes.h>

/* A time that there is none of is said as such. */
static void put_ms(struct xg_buf *out, const char *what, int64_t ms)
{
    if (ms == XG_NO_TIME)
        xg_buf_format(out, " %s -", what);
    else
        xg_buf_format(out, " %s %" PRId64, what, ms);
}

static void put_one(struct xg_buf *out, const struct xg_clock *c)
{
    xg_buf_format(out, "stage %d turn %" PRIu32, (int)c->stage, c->turn);
    put_ms(out, "from", c->start_ms);
    put_ms(out, "to", c->end_ms);
    if (c->limited) {
        put_ms(out, "due", c->due_ms);
        put_ms(out, "plainly", c->due_plain_ms);
    }
    if (c->paused)
        xg_buf_format(out, " paused, left %" PRId64, c->paused_left);
    xg_buf_format(out, " stood %" PRId64 "%s%s%s at %.*s,%.*s climbs %s\n",
                  c->paused_ms, c->extended ? " extended" : "",
                  c->guessed ? " guessed" : "",
                  c->provisional ? " provisional" : "", (int)c->unit.len,
                  (const char *)c->unit.at, (int)c->level.len,
                  (const char *)c->level.at, c->climb);
}

void sim_clocks_put(struct xg_buf *out, const struct xg_clock *clocks,
                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_one(out, &clocks[i]);
}

/* ---- the catalogue: each edition has other limits ---- */

void sim_catalogue(struct xg_buf *csv, char edition[SIM_EDITION],
                   unsigned number)
{
    snprintf(edition, SIM_EDITION, "2027-%u", number);
    xg_buf_format(csv,
                  "code,name,accept,file,dispatch,sign,handle,inspect,"
                  "handle_from,climb\n"
                  "*,all,%uu,%uh,%uh,%uu,%ud,%ud,%s,street\n",
                  2 + number, 4 + number, 3 + number, 4 + number, 5 + number,
                  1 + number, number % 2 ? "dispatch" : "sign");
}
