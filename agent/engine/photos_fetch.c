/* photos_fetch.c - a full photo back from the server, in pieces. */
#include "agent/engine/inside.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/photo/pieces.h"
#include "shared/base/lang.h"

enum { HEADER_SIZE = 80 };

static enum xg_status find(struct sync *y, bool *is_here, uint64_t *length,
                           struct xg_error *err)
{
    const struct photo_shelf shelf = {.home = y->home->path,
                                      .vault = y->home->vault};
    struct xg_error damaged = XG_ERROR_NONE;
    struct store_photo photo;
    bool known;

    if (store_get_photo(y->store, &photo, &known, &y->fetched.sha256, err) !=
        XG_OK)
        return err->status;
    if (!known)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("本机没有记录提到这张照片",
                            "no record on this device names that photo"));
    if (photo.length > XG_PHOTO_MAX_BYTES)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("照片太大", "the photo is too big"));
    *is_here = photo_verify(&shelf, &y->fetched.sha256, &damaged) == XG_OK;
    *length = photo.length;
    return XG_OK;
}

/* What the server holds is proven; then it may be let go of again. */
static enum xg_status ask_proof(struct sync *y, struct xg_error *err)
{
    bool knows, held = false;

    return sync_ask_held(y, &knows, &held, &y->fetched, 1, err);
}

static enum xg_status get_piece(struct sync *y, const struct photo_shelf *shelf,
                                uint64_t number, struct xg_error *err)
{
    char path[sizeof "/v1/blobs/" + 2 * XG_HASH_SIZE] = "/v1/blobs/";
    char range[HEADER_SIZE];
    const struct store_due *photo = &y->fetched;
    uint64_t from = number * PHOTO_PIECE_BYTES, left = photo->length - from;
    uint64_t bytes = left < PHOTO_PIECE_BYTES ? left : PHOTO_PIECE_BYTES;
    bool whole = bytes == photo->length;
    struct transport_request request = {.method = "GET",
                                        .path = path,
                                        .bearer = y->bearer,
                                        .header_count = 1,
                                        .headers = {range},
                                        .good = {206, whole ? 200 : 206}};

    xg_hex(path + strlen(path), photo->sha256.b, XG_HASH_SIZE);
    snprintf(range, sizeof range, "Range: bytes=%" PRIu64 "-%" PRIu64, from,
             from + bytes - 1);
    enum xg_status status = sync_call(y, &request, err);
    if (status == XG_AUTH)
        return err->status = XG_NET;
    if (status != XG_OK)
        return status;
    if (y->answer.body.len != bytes)
        return sync_bad_answer(y, err);
    if (photo_piece_keep(shelf, &photo->sha256, number,
                         xg_buf_bytes(&y->answer.body), err) != XG_OK)
        return err->status;
    y->report->photo_bytes_confirmed = from + bytes;
    sync_progress(y);
    return XG_OK;
}

static enum xg_status join(struct sync *y, const struct photo_shelf *shelf,
                           struct xg_error *err)
{
    const struct store_due *photo = &y->fetched;
    enum xg_status status =
        photo_pieces_join(shelf, &photo->sha256, photo->length, err);

    if (status == XG_FORMAT || status == XG_CORRUPT)
        return xg_fail(err, XG_NET,
                       XG_T("收到的不是这张照片，已丢弃；请再试",
                            "what came is not that photo, and was dropped; "
                            "try again"));
    if (status == XG_OK)
        status = store_begin(y->store, err);
    if (status == XG_OK)
        status = store_photo_back(y->store, &photo->sha256,
                                  y->welcome.time_ms < INT64_MAX
                                      ? (int64_t)y->welcome.time_ms
                                      : INT64_MAX,
                                  err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    return status;
}

enum xg_status sync_fetch(struct sync *y, struct xg_error *err)
{
    const struct photo_shelf shelf = {.home = y->home->path,
                                      .vault = y->home->vault};
    bool is_here;

    *err = XG_ERROR_NONE;
    if (find(y, &is_here, &y->fetched.length, err) != XG_OK || is_here)
        return err->status;
    if (sync_hello(y, err) != XG_OK || y->alarm)
        return err->status;
    y->report->photo_bytes_total = y->fetched.length;
    if (ask_proof(y, err) != XG_OK)
        return err->status == XG_AUTH ? (err->status = XG_NET) : err->status;
    for (uint64_t n = 0; n * PHOTO_PIECE_BYTES < y->fetched.length; n++)
        if (!photo_piece_here(&shelf, &y->fetched.sha256, n) &&
            get_piece(y, &shelf, n, err) != XG_OK)
            return err->status;
    return join(y, &shelf, err);
}
