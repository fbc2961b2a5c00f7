/* photos.c - which photos go out, in which order, and which are proven.
 *
 * Thumbnails first, then what the server ordered, then the rest: urgent, then
 * oldest. They go in groups: the server is asked what it holds (another device
 * or a stick may have brought it), the others are sent, and it is asked again,
 * for the proofs. A try that failed leaves the group as it is; the next one
 * goes on from there, and within a photo from where the server has it.
 */
#include "agent/engine/inside.h"

#include <stdio.h>

#include "agent/photo/photo.h"
#include "shared/base/lang.h"

enum {
    ASK_AGAIN_AFTER = 8,  /* full photos sent; proofs are worth having early */
    PROOFS_BYTES = 4096,  /* about what a few proofs take */
};

bool sync_affords(struct sync *y, uint64_t bytes)
{
    uint64_t allowance = sync_allowance(y);

    if (allowance == 0 || allowance < bytes)
        y->report->budget = y->photos.ended = true;
    return !y->photos.ended;
}

void sync_clear_photos(struct sync *y)
{
    xg_buf_clear(&y->photos.piece);
}

/* ---- which ones ---- */

static bool wants_all(const struct sync *y)
{
    const struct sync_options *o = y->options;

    return o->photos == SYNC_PHOTOS_ALL ||
           (o->photos == SYNC_PHOTOS_AUTO && !o->metered);
}

static enum xg_status count_due(struct sync *y, struct xg_error *err)
{
    struct store_due_sums due;

    if (store_sum_due(y->store, &due, err) != XG_OK)
        return err->status;
    y->report->photo_bytes_total = due.thumbnail_bytes;
    if (wants_all(y)) {
        y->report->photos_total = due.photos;
        y->report->photo_bytes_total += due.photo_bytes;
    }
    y->photos.piece = XG_BUF(PACE_CHUNK_MAX);
    y->photos.full = y->photos.refused = XG_ERROR_NONE;
    y->photos.begun = true;
    return XG_OK;
}

/* One that the server asks for. It does not have it, whatever was proven. */
static enum xg_status take_order(struct sync *y, const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    const struct photo_shelf shelf = {.home = y->home->path,
                                      .vault = y->home->vault};
    struct sync_photo_run *run = &y->photos;
    struct store_photo photo;
    bool known;

    if (store_get_photo(y->store, &photo, &known, sha256, err) != XG_OK)
        return err->status;
    if (!known || !photo.received || !photo_has(&shelf, sha256))
        return XG_OK;
    if (photo.proven || !photo.mine || !photo.shown ||
        !wants_all(y)) { /* else it is counted */
        y->report->photos_total++;
        y->report->photo_bytes_total += photo.length;
    }
    run->group[run->count++] =
        (struct store_due){.sha256 = *sha256, .length = photo.length};
    return XG_OK;
}

static enum xg_status take_orders(struct sync *y, struct xg_error *err)
{
    for (size_t i = 0; i < y->welcome.order_count; i++)
        if (take_order(y, &y->welcome.orders[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* Full ones that are not to go out now are asked for all the same where one
 * may be there: only the answer was cut off, and it may be freed by its proof.
 */
static bool only_asks(const struct sync *y)
{
    return y->photos.phase == SYNC_FULL && !wants_all(y);
}

static enum xg_status load_due(struct sync *y, struct xg_error *err)
{
    struct sync_photo_run *run = &y->photos;

    if (only_asks(y))
        return store_photos_begun(y->store, run->group, &run->count,
                                  XG_BLOBS_ASKED_MAX, &run->after, err);
    return store_photos_due(y->store, run->group, &run->count,
                            XG_BLOBS_ASKED_MAX, run->phase == SYNC_THUMBNAILS,
                            &run->after, err);
}

/* The next group; count 0 when all were gone through. */
static enum xg_status load_group(struct sync *y, struct xg_error *err)
{
    struct sync_photo_run *run = &y->photos;
    enum xg_status status = XG_OK;

    while (status == XG_OK && run->count == 0 && run->phase < SYNC_ALL_SENT) {
        if (run->phase != SYNC_ORDERED)
            status = load_due(y, err);
        else if (run->after.record == 0)
            status = take_orders(y, err);
        if (run->count == 0) {
            run->phase++;
            run->after = (struct store_due){.rank = 0};
        }
    }
    memset(run->flags, 0, sizeof run->flags);
    return status;
}

static void leave_group(struct sync *y)
{
    struct sync_photo_run *run = &y->photos;

    run->after = run->group[run->count - 1];
    if (run->phase == SYNC_ORDERED) /* there is but one */
        run->after.record = 1;
    run->count = 0;
}

/* ---- asking ---- */

static void count_proven(struct sync *y, size_t i)
{
    struct sync_photo_run *run = &y->photos;

    if (only_asks(y)) { /* nothing was counted on */
        y->report->photos_total++;
        y->report->photo_bytes_total += run->group[i].length;
    }
    if (!(run->flags[i] & SYNC_SENT))
        run->finished_bytes += run->group[i].length;
    run->flags[i] |= SYNC_PROVEN;
    y->report->photo_bytes_confirmed = run->finished_bytes;
    y->report->photos_done += run->phase != SYNC_THUMBNAILS;
    sync_progress(y);
}

/* Of those of the group that have all of `flags` and are not done with. */
static enum xg_status ask(struct sync *y, uint8_t flags, struct xg_error *err)
{
    struct sync_photo_run *run = &y->photos;
    struct store_due asked[XG_BLOBS_ASKED_MAX];
    bool held[XG_BLOBS_ASKED_MAX] = {false}, knows;
    size_t places[XG_BLOBS_ASKED_MAX], count = 0;

    for (size_t i = 0; i < run->count; i++)
        if (!(run->flags[i] & (SYNC_PROVEN | SYNC_PASSED)) &&
            (run->flags[i] & flags) == flags) {
            places[count] = i;
            asked[count++] = run->group[i];
        }
    if (count == 0 || !sync_affords(y, count * XG_HASH_SIZE + PROOFS_BYTES))
        return XG_OK;
    if (sync_ask_held(y, &knows, held, asked, count, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (held[i])
            count_proven(y, places[i]);
    if (!knows)
        run->phase = SYNC_ALL_SENT;
    return XG_OK;
}

/* An ordered one that a note names is not there all the same, if it was not
 * named in the answer just now: what was proven is not so any more. */
static enum xg_status forget_proof(struct sync *y, const struct xg_hash *sha256,
                                   struct xg_error *err)
{
    enum xg_status status = store_begin(y->store, err);

    if (status == XG_OK)
        status = store_drop_photo_proof(y->store, sha256, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    return status;
}

/* ---- sending ---- */

static enum xg_status send_one(struct sync *y, size_t i, bool *more,
                               struct xg_error *err)
{
    struct sync_photo_run *run = &y->photos;
    const struct store_due *photo = &run->group[i];
    enum sync_sent sent;

    if (run->phase == SYNC_ORDERED &&
        forget_proof(y, &photo->sha256, err) != XG_OK)
        return err->status;
    if (sync_send_photo(y, &sent, photo, err) != XG_OK)
        return err->status;
    *more = sent != SYNC_IS_CUT_OFF;
    if (sent == SYNC_IS_PASSED)
        run->flags[i] |= SYNC_PASSED;
    if (sent != SYNC_IS_SENT)
        return XG_OK;
    run->flags[i] |= SYNC_SENT;
    run->finished_bytes += photo->length;
    y->report->photo_bytes_confirmed = run->finished_bytes;
    return XG_OK;
}

static enum xg_status send_group(struct sync *y, struct xg_error *err)
{
    struct sync_photo_run *run = &y->photos;
    size_t unasked = 0;
    bool more = true;

    if (ask(y, 0, err) != XG_OK || only_asks(y))
        return err->status;
    for (size_t i = 0; more && run->phase < SYNC_ALL_SENT && i < run->count;
         i++) {
        if (run->flags[i])
            continue;
        if (send_one(y, i, &more, err) != XG_OK)
            return err->status;
        unasked += (run->flags[i] & SYNC_SENT) != 0;
        if (unasked == ASK_AGAIN_AFTER && run->phase != SYNC_THUMBNAILS) {
            if (ask(y, SYNC_SENT, err) != XG_OK)
                return err->status;
            unasked = 0;
        }
    }
    return unasked ? ask(y, SYNC_SENT, err) : XG_OK;
}

static enum xg_status send_groups(struct sync *y, struct xg_error *err)
{
    struct sync_photo_run *run = &y->photos;

    while (!run->ended && run->full.status == XG_OK) {
        if (run->count == 0 && load_group(y, err) != XG_OK)
            return err->status;
        if (run->count == 0)
            return XG_OK;
        if (send_group(y, err) != XG_OK)
            return err->status;
        leave_group(y);
    }
    return XG_OK;
}

static enum xg_status count_left(struct sync *y, struct xg_error *err)
{
    struct store_counts counts;

    if (store_count(y->store, &counts, err) != XG_OK)
        return err->status;
    y->report->photos_left = counts.photos_here;
    return XG_OK;
}

enum xg_status sync_send_photos(struct sync *y, struct xg_error *err)
{
    if (y->options->photos == SYNC_PHOTOS_NONE)
        return count_left(y, err);
    if (!y->photos.begun && count_due(y, err) != XG_OK)
        return err->status;
    y->report->sending_photos = true;
    enum xg_status status = send_groups(y, err);
    if (status == XG_AUTH) { /* a token lives a day, or until a restart */
        *err = XG_ERROR_NONE;
        status = sync_hello(y, err);
        if (status == XG_OK && !y->alarm)
            status = send_groups(y, err);
        if (status == XG_AUTH)
            status = err->status = XG_NET;
    }
    y->report->sending_photos = false;
    return status == XG_OK ? count_left(y, err) : status;
}

enum xg_status sync_judge_photos(struct sync *y, struct xg_error *err)
{
    if (y->photos.full.status != XG_OK) {
        *err = y->photos.full;
        return err->status;
    }
    if (y->photos.refused.status == XG_OK)
        return XG_OK;
    *err = y->photos.refused;
    return err->status =
               xg_wrap(err,
                       XG_T("%llu 张照片没有传出去（其余照传）",
                            "%llu photos could not be sent (the others "
                            "went on)"),
                       (unsigned long long)y->report->photos_refused);
}
