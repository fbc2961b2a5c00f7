/* photos_free.h - letting go of full photos on the device. Thumbnails stay.
 *
 * A full photo goes only when all of this holds:
 *
 *  1. the log proves that the server holds it, verified once more here, at a
 *     place that the server said is backed up;
 *  2. its days are over: PHOTO_KEEP_DAYS from the proof, by the server's time,
 *     or as set (not asked for when a person asks for room now);
 *  3. the records that attached it are proven, and no draft names it;
 *  4. no alarm about the log stands.
 *
 * It is marked, durably, before its file goes: a photo whose file is there is
 * there, whatever is marked; one that is marked and not there is on the server.
 */
#ifndef AGENT_PHOTO_FREE_H
#define AGENT_PHOTO_FREE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/home/home.h"

enum {
    PHOTO_KEEP_DAYS = 30,
    PHOTO_KEEP_DAYS_MAX = 36500,
    PHOTO_KEEP_ALL = PHOTO_KEEP_DAYS_MAX + 1, /* never by itself */
};

struct photo_freed {
    uint64_t photos, bytes;
    /* Full photos that stay, by the first rule that says so. */
    struct photo_stays {
        uint64_t photos, bytes;
    } unproven, not_backed_up, days, in_draft;
};

/* Let go of what may go; `now` leaves rule 2 out. XG_ALARM while one stands. */
XG_MUST_CHECK enum xg_status photo_free(struct home *home,
                                        struct photo_freed *out, bool now,
                                        struct xg_error *err);
/* Remove from the shelf what acts erased of every entity here that showed it,
 * but for what a draft names, and from the database's log what they erased of
 * records; nothing while an alarm stands. At the end of every exchange. */
XG_MUST_CHECK enum xg_status photo_erase(struct home *home,
                                         struct xg_error *err);
/* Remove from the shelf what is on the list of photo/loose.h, older than
 * PHOTO_LOOSE_MS, and named by no draft and no record here, whether that record
 * could be folded or not; nothing while an alarm stands. At the end of every
 * exchange, so that a home whose database was put back knows again what it had
 * recorded. */
enum { PHOTO_LOOSE_MS = 3600 * 1000 };
XG_MUST_CHECK enum xg_status photo_sweep(struct home *home,
                                         uint64_t *removed,
                                         struct xg_error *err);
/* What would stay, and nothing else: fills all but photos and bytes. */
XG_MUST_CHECK enum xg_status photo_count_stays(struct home *home,
                                               struct photo_freed *out,
                                               bool now, struct xg_error *err);

/* Days, or PHOTO_KEEP_ALL. */
XG_MUST_CHECK enum xg_status photo_get_keep(struct store *s, uint32_t *days,
                                            struct xg_error *err);
/* Durable on return. */
XG_MUST_CHECK enum xg_status photo_set_keep(struct store *s, uint32_t days,
                                            struct xg_error *err);

#endif
