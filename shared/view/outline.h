/* outline.h - fewer points for drawing: what is left out lies within a
 * tolerance of what stays (Douglas and Peucker). For pictures only; what is
 * stored, measured or exported keeps every point.
 */
#ifndef XG_VIEW_OUTLINE_H
#define XG_VIEW_OUTLINE_H

#include <stddef.h>
#include <stdint.h>

struct outline_point {
    int32_t lat_e6, lon_e6; /* degrees x 10^6 */
};

/* Keep the first, the last, and whatever is needed; returns how many stay, at
 * the front. At least one point in OUTLINE_BLOCK stays, so that the work is
 * bounded whatever the line is like. A ring that ends where it began may be
 * left with two points: then nothing of it is as large as the tolerance. */
enum { OUTLINE_BLOCK = 1024 };
size_t outline_simplify(struct outline_point *points, size_t count,
                        int64_t tolerance_mm);

#endif
