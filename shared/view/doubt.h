/* doubt.h - what does not fit together in what is told of a photo.
 *
 * Remarks for whoever decides, never a reason to refuse: a camera's clock is
 * wrong more often than a worker is. Computed from records alone, so every
 * device and the server say the same; where nothing is told, nothing is said.
 * A picture that others forwarded has no camera data as a rule, and nothing is
 * said of that.
 *
 *      JSON        said when                                       amount
 *      place       it says that it was taken more than             distance_m;
 *                  VIEW_PHOTO_FAR_MM from the case                  above 50 km
 *                                                                  none
 *      earlier     .. more than VIEW_PHOTO_OFF_MS before both the  by_s
 *                  record and the time when the thing happened
 *      ahead       .. so much after the record (after it was       by_s
 *                  logged, where that is known): the camera's
 *                  clock is ahead
 *      unset       .. before there was EXIF, or in the first hour
 *                  of a year, as a camera does whose clock was
 *                  never set
 *      no-camera   taken here, and no camera says anything about
 *                  it, although its type has room for that
 */
#ifndef XG_VIEW_DOUBT_H
#define XG_VIEW_DOUBT_H

#include <jansson.h>

#include "shared/view/show.h"

enum {
    /* A position in the map system GCJ-02 is up to 700 m off. */
    VIEW_PHOTO_FAR_MM = 1000 * 1000,
    /* Most cameras do not tell their zone, and +08:00 is assumed. */
    VIEW_PHOTO_OFF_MS = 24 * 3600000,
};

/* Number, JSON name, and what it is called where no amount stands by. */
#define VIEW_DOUBT_TABLE(X)                                                  \
    X(VIEW_DOUBT_PLACE, "place", "照片位置不符", "taken elsewhere")          \
    X(VIEW_DOUBT_EARLIER, "earlier", "照片时间过早", "taken earlier")        \
    X(VIEW_DOUBT_AHEAD, "ahead", "照片时间在记录之后",                       \
      "dated after the record")                                              \
    X(VIEW_DOUBT_UNSET, "unset", "相机时钟未设置",                           \
      "the camera's clock was not set")                                      \
    X(VIEW_DOUBT_NO_CAMERA, "no-camera", "没有相机信息",                     \
      "no camera data")

enum view_doubt_kind {
#define X(name, json, zh, en) name,
    VIEW_DOUBT_TABLE(X)
#undef X
        VIEW_DOUBT_KINDS
};

struct view_doubts {
    bool said[VIEW_DOUBT_KINDS];
    int64_t distance_mm; /* of PLACE; negative: above 50 km */
    int64_t off_ms;      /* of EARLIER, AHEAD; positive */
};

/* Of one element of the photo set; `about` is of the record that added it. */
struct view_doubts view_doubts_of(const struct xg_state *state,
                                  const struct xg_element *photo,
                                  const struct view_about *about);
/* The same of a photo that is about to be attached, as things stand: `position`
 * and `happened` are those of the draft, NULL where it has none. */
struct view_doubts view_doubts_ahead(const struct xg_cbor_item *photo,
                                     const struct xg_cbor_item *position,
                                     const struct xg_cbor_item *happened,
                                     int64_t now_ms);
bool view_doubts_any(const struct view_doubts *doubts);

/* "存疑：照片自带的位置离记录的位置 1340 米；…", one line without a new line. */
void view_doubts_put(struct xg_buf *out, const struct view_doubts *doubts);
/* [{"doubt": "place", "distance_m": 1340, "text": "照片自带的…"}, ...]; a new
 * reference. */
json_t *view_doubts_json(const struct view_doubts *doubts);

#endif
