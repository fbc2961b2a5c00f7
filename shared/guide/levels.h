/* levels.h - the levels of a district and the way up through them: CSV.
 *
 *      code,zh,en,rank,at,up,role,whistle,triage,supervise,assess,settles,target
 *      grid,网格,grid,2,,grid_head,worker,,,,,,
 *      grid_head,网格长,grid head,3,grid,community,grid_head,,,,,,
 *      street,街道,street,5,,district,dispatcher,yes,zhzx,dcs,kpb,town,30
 *
 *  code       as the territory's `level`, a case's `level`, `settled_level`
 *  zh, en     labels; en may be empty
 *  rank       1 to 99, from the ground up; several may have the same
 *  at         the level of the units that it sits in, where that is another: a
 *             grid head answers in the unit of the grid. Empty: its own
 *  up         where a case is escalated to from here, of a greater rank; empty
 *             at the top. It need not be the next: 雨湖 goes from the block to
 *             the centre. Several, with spaces between, where units of one
 *             level stand below different ones (a village below a town, or
 *             below a street): the nearest that is there
 *  role       who answers at this level (schema.h); may be empty
 *  whistle    yes: its units may whistle
 *  triage, supervise, assess    who does that for a whistle from here: codes of
 *             units; only where whistle is yes. Empty: whoever may
 *  settles    disputes are settled here; the class that it is counted in (the
 *             levels of 6-3-1 are classes). Empty: not here
 *  target     share of all disputes that the class is to settle, in percent;
 *             the same in each level of a class; in all at most 100
 */
#ifndef XG_GUIDE_LEVELS_H
#define XG_GUIDE_LEVELS_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { XG_LEVELS_MAX = 64, XG_LEVEL_UPS_MAX = 8 };

/* Texts are "" where the file has nothing, but `at`, which is then `code`, and
 * `en`, which is then `zh`. */
struct xg_level {
    const char *code, *zh, *en, *at, *role;
    const char *const *up; /* codes */
    size_t up_count;
    const char *triage, *supervise, *assess, *settles;
    uint32_t rank, target;
    bool whistles;
    size_t line; /* in the file, for messages */
};

struct xg_levels {
    const struct xg_level *rows; /* by rank, then as in the file */
    size_t count;
};

/* Texts are copied into the arena. XG_FORMAT names the line. */
XG_MUST_CHECK enum xg_status xg_levels_read(struct xg_levels *out,
                                            struct xg_arena *arena,
                                            struct xg_bytes content,
                                            struct xg_error *err);
/* NULL when there is none. */
const struct xg_level *xg_levels_find(const struct xg_levels *l,
                                      const char *code);
/* By code, or by a label in either language; NULL. */
const struct xg_level *xg_levels_named(const struct xg_levels *l,
                                       const char *name);
/* In the language that was set. */
const char *xg_level_label(const struct xg_level *level);

#endif
