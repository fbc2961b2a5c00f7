/* account.h - what is counted and marked about one person, entity by entity:
 * for the worker's own eyes (`xunge mine`) and, the same, at the centre
 * (`xunge-server account`). Marks are remarks that she can answer, by a note to
 * what they are about. No points, no rankings.
 *
 *      patrols, distance    that she made, without withdrawn ones
 *      visits               the same
 *      reports, valid       incidents; filed, or settled on the spot, and not
 *                           undone since
 */
#ifndef XG_VIEW_ACCOUNT_H
#define XG_VIEW_ACCOUNT_H

#include "shared/view/route.h"
#include "shared/view/show.h"

/* Stable name in JSON, and words. */
#define VIEW_FLAG_TABLE(X)                                                     \
    X(VIEW_FLAG_CLOCK, "clock", "设备时间存疑",                                \
      "the device's clock was in doubt")                                       \
    X(VIEW_FLAG_MOCK, "mock", "轨迹里有模拟定位", "simulated positions")       \
    X(VIEW_FLAG_JUMP, "jump", "轨迹里有不可能的移动",                          \
      "a movement that cannot be")                                             \
    X(VIEW_FLAG_PHOTO_PLACE, "photo-place", "照片自带的位置离得远",            \
      "a photo says that it is from elsewhere")                                \
    X(VIEW_FLAG_PHOTO_TIME, "photo-time", "照片自带的时间对不上",              \
      "a photo says that it is from another time")

enum view_flag {
#define X(name, json, zh, en) name,
    VIEW_FLAG_TABLE(X)
#undef X
        VIEW_FLAGS
};
const char *view_flag_name(enum view_flag f);
const char *view_flag_label(enum view_flag f);

struct view_account {
    const char *author; /* whose; borrowed */
    uint64_t patrols, distance_mm, visits, reports, valid;
    uint64_t flags; /* how many */
    /* Of the patrol that is added next, where it was taken apart already. */
    const struct view_route *route;
    void *ctx;
    /* As view_context's. */
    enum xg_status (*about)(void *ctx, struct view_about *out,
                            const struct xg_op *op, struct xg_error *err);
    /* Told of each flag. `answered`: she said something about it. */
    void (*mark)(void *ctx, const struct xg_state *s, enum view_flag flag,
                 uint64_t count, bool answered);
};

/* What this entity adds: as its maker, and as author of records of it. */
XG_MUST_CHECK enum xg_status view_account_add(struct view_account *a,
                                              const struct xg_state *s,
                                              struct xg_error *err);

#endif
