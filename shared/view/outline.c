/* outline.c - see outline.h. */
#include "shared/view/outline.h"

#include <stdbool.h>

#include "shared/core/track.h"

/* 10^-6 degree of latitude, on a sphere of 6,371,008.8 m. */
static const double MM_PER_E6 = 111.19508;

/* The square of the distance in mm from `p` to the line from `a` to `b`. */
static double distance2(const struct outline_point *p,
                        const struct outline_point *a,
                        const struct outline_point *b)
{
    double east =
        MM_PER_E6 * (double)xg_cos_q30(a->lat_e6) / (double)(1 << 30);
    double bx = ((double)b->lon_e6 - a->lon_e6) * east;
    double by = ((double)b->lat_e6 - a->lat_e6) * MM_PER_E6;
    double px = ((double)p->lon_e6 - a->lon_e6) * east;
    double py = ((double)p->lat_e6 - a->lat_e6) * MM_PER_E6;
    double length2 = bx * bx + by * by;
    double along = length2 > 0 ? (px * bx + py * by) / length2 : 0;

    if (along > 1)
        along = 1;
    else if (along < 0)
        along = 0;
    px -= along * bx;
    py -= along * by;
    return px * px + py * py;
}

/* Of a block: which stay. */
static void judge(bool *keep, const struct outline_point *points, size_t count,
                  double tolerance2)
{
    struct {
        size_t first, last;
    } todo[OUTLINE_BLOCK];
    size_t left = 1;

    todo[0].first = 0;
    todo[0].last = count - 1;
    keep[0] = keep[count - 1] = true;
    while (left > 0) {
        size_t first = todo[left - 1].first, last = todo[left - 1].last;
        size_t farthest = first;
        double most = tolerance2;
        left--;
        for (size_t i = first + 1; i < last; i++) {
            double d = distance2(&points[i], &points[first], &points[last]);
            if (d > most) {
                most = d;
                farthest = i;
            }
        }
        if (farthest == first)
            continue;
        keep[farthest] = true;
        todo[left].first = first;
        todo[left++].last = farthest;
        todo[left].first = farthest;
        todo[left++].last = last;
    }
}

size_t outline_simplify(struct outline_point *points, size_t count,
                        int64_t tolerance_mm)
{
    double tolerance2 = (double)tolerance_mm * (double)tolerance_mm;
    size_t kept = 0, at = 0;

    while (at + 1 < count) {
        size_t n = count - at < OUTLINE_BLOCK ? count - at : OUTLINE_BLOCK;
        bool keep[OUTLINE_BLOCK] = {false};

        judge(keep, points + at, n, tolerance2);
        /* Its last point is the first of the next block. */
        for (size_t i = 0; i + 1 < n; i++)
            if (keep[i])
                points[kept++] = points[at + i];
        at += n - 1;
    }
    if (count > 0)
        points[kept++] = points[count - 1];
    return kept;
}
