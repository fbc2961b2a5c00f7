/* territory_file.h - the territory's file: CSV, one unit a line.
 *
 *      code,level,parent,name,households
 *      371302,district,,兰山区,
 *      371302001,street,371302,兰山街道,
 *      371302001001001,grid,371302001001,第一网格,312
 *      371302-cg,department,371302,综合行政执法局,
 *
 * `households`, which may be missing, is how many there are in the unit itself,
 * without the units below it; so that units are added up.
 *
 * Streets, communities and grids as well as departments and offices: whoever
 * can hold a case is a unit. `level` is a code of the levels file. A parent may
 * stand in a file that was imported before; a unit that several files name is
 * as the newest has it.
 *
 * UTF-8, with or without a byte order mark; a name that holds a comma stands
 * in quotes. At most XG_TERRITORY_UNITS_MAX units, XG_UNIT_DEPTH_MAX deep.
 */
#ifndef XG_GUIDE_TERRITORY_FILE_H
#define XG_GUIDE_TERRITORY_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum {
    XG_TERRITORY_UNITS_MAX = 200000,
    XG_TERRITORY_HOUSEHOLDS_MAX = 10000000, /* of one unit */
};

struct xg_unit {
    const char *code, *level, *parent, *name; /* parent "" at the top */
    bool has_households;                      /* the file says how many */
    uint64_t households;
};

struct xg_territory {
    const struct xg_unit *units; /* by code */
    size_t count;
};

/* Texts are copied into the arena. XG_FORMAT names the line or the code. */
XG_MUST_CHECK enum xg_status xg_territory_read(struct xg_territory *out,
                                               struct xg_arena *arena,
                                               struct xg_bytes content,
                                               struct xg_error *err);
/* NULL when there is none. */
const struct xg_unit *xg_territory_find(const struct xg_territory *t,
                                        const char *code);

/* Put a newer file over an older one, into the arena; out may be either.
 * XG_FORMAT when the units then form a circle. */
XG_MUST_CHECK enum xg_status
xg_territory_merge(struct xg_territory *out, struct xg_arena *arena,
                   const struct xg_territory *older,
                   const struct xg_territory *newer, struct xg_error *err);

/* How many steps `top` is above `code` (0: the same); -1: it is not. */
int xg_territory_distance(const struct xg_territory *t, const char *code,
                          const char *top);

#endif
