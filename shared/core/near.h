/* near.h - reports that may tell of the same thing, and those that a person
 * said do.
 *
 * Two workers who report one hole make no conflict but a duplicate: suggested
 * here (same category, near each other, both open), linked by a person with
 * the field `same_as` of the one, which names the other. Links never alter an
 * entity's own fold. A *group* is what hangs together by links, in whichever
 * direction they point; it is called by the smallest id in it.
 *
 * Pure integers: device and server suggest the same.
 */
#ifndef XG_CORE_NEAR_H
#define XG_CORE_NEAR_H

#include "shared/base/arena.h"
#include "shared/core/merge.h"

/* How near, where the catalogue says nothing of the category. */
enum { XG_NEAR_DEFAULT_MM = 50 * 1000 };

/* Between two positions in degrees x 10^7, in mm; -1 for more than 50 km. By
 * Pythagoras on a sphere of 6,371,008.8 m at the middle latitude: within 0.1 %
 * of the haversine formula (up to 10 km, |latitude| <= 80). */
int64_t xg_near_distance_mm(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7,
                            int32_t lon2_e7);

/* What is compared of a report. */
struct xg_spot {
    struct xg_id id;
    struct xg_bytes category; /* lent by the state that it was read from */
    int32_t lat_e7, lon_e7;
};
/* False where it can be no duplicate: it is no incident, has no category or no
 * position, was withdrawn, voided, or has a final status. */
bool xg_spot_read(struct xg_spot *out, const struct xg_brief *brief);
/* May these two be the same? Of different ids, one category, and not farther
 * apart than radius_mm; *distance_mm (may be NULL) is set if so. */
bool xg_spots_near(const struct xg_spot *a, const struct xg_spot *b,
                   int64_t radius_mm, int64_t *distance_mm);

struct xg_near_spot {
    const struct xg_spot *spot;
    int64_t distance_mm;
};
/* Those that may be the same as `own`, the nearest first, `most` at most; how
 * many. */
size_t xg_spots_nearest(struct xg_near_spot *out, size_t most,
                        const struct xg_spot *spots, size_t count,
                        const struct xg_spot *own, int64_t radius_mm);

struct xg_near_pair {
    const struct xg_spot *a, *b; /* a's id is the smaller */
    int64_t distance_mm;
};
/* Every two of the spots that may be the same, the nearest first, then by
 * ids; lent by the arena. `radius_mm` gives that of a category, 0: none
 * are looked for in it, negative: the default; NULL: always the default. More
 * than XG_NEAR_MOST_MM counts as that.
 * Spots are put in another order. One is compared with at most XG_NEAR_TRIED
 * that are about as far north as it and as many of the strip beside that, and
 * paired with half of XG_NEAR_EACH of either: so a heap at one place stays one
 * heap, and the work O(n log n) wherever the spots are. XG_NOMEM. */
enum {
    XG_NEAR_MOST_MM = 10 * 1000 * 1000,
    XG_NEAR_EACH = 32,
    XG_NEAR_TRIED = 256,
};
XG_MUST_CHECK enum xg_status
xg_near_pairs(struct xg_near_pair **pairs, size_t *count,
              struct xg_arena *arena, struct xg_spot *spots, size_t spot_count,
              int64_t (*radius_mm)(void *ctx, struct xg_bytes category),
              void *ctx, struct xg_error *err);

/* ---- groups ---- */

struct xg_link {
    struct xg_id from, to;
};
struct xg_grouped {
    struct xg_id id, group; /* group: the smallest id that it hangs with */
};
/* Everything that a link names, once, by ascending id; lent by the arena. A
 * link of something to itself groups nothing. XG_NOMEM. */
XG_MUST_CHECK enum xg_status xg_groups_of(struct xg_grouped **grouped,
                                          size_t *count, struct xg_arena *arena,
                                          const struct xg_link *links,
                                          size_t link_count,
                                          struct xg_error *err);
/* The group of an id among them; NULL: it is in none. */
const struct xg_id *xg_group_find(const struct xg_grouped *grouped,
                                  size_t count, const struct xg_id *id);

#endif
