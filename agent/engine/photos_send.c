/* photos_send.c - one photo to the server, by tus 1.0.0: begun with POST,
 * a small one with its bytes; else PATCHed piece by piece. Where it stands is
 * the server's to say: the database remembers only which upload it was, so that
 * a cut, a kill or a reboot costs the piece that was on its way. */
#include "agent/engine/inside.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "agent/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/core/schema.h"

#define UPLOADS "/v1/uploads/"
#define OCTETS "application/offset+octet-stream"
#define TUS "Tus-Resumable: 1.0.0"

enum {
    WHOLE_BYTES = XG_THUMBNAIL_MAX, /* such a one goes with the POST */
    PIECE_LEAST = 1024,             /* less is not worth a request */
    BEGUN_MAX = 3, /* uploads of one photo in one try: one that the server
                    * forgot, or whose bytes it did not like */
    ODD_MAX = 4,   /* answers 409 and 460 in one try */
    HEADER_SIZE = 160,
};

/* One photo on its way. */
struct sending {
    struct sync *y;
    struct photo_shelf shelf;
    const struct store_due *photo;
    char location[STORE_LOCATION_SIZE]; /* "": not begun */
    uint64_t offset;                    /* that the server has, it said */
    unsigned begun, odd;
    bool disliked; /* 422 once: what came was another photo, it says */
    bool done;
    enum sync_sent sent;

    struct vault_reader *reader;
    uint64_t read; /* what it gave, less `rest` */
    struct xg_bytes rest;
};

/* ---- giving up on one ---- */

/* This one cannot go; the others can. The text is for people. */
static enum xg_status refuse(struct sending *s, const struct xg_error *why,
                             struct xg_error *err)
{
    struct sync_report *r = s->y->report;
    char hex[2 * XG_HASH_SIZE + 1];
    struct xg_error told = *why;

    xg_hex(hex, s->photo->sha256.b, XG_HASH_SIZE);
    xg_wrap(&told, XG_T("照片 %.12s", "photo %.12s"), hex);
    r->photos_refused++;
    if (r->reason_count < SYNC_REASONS_MAX)
        snprintf(r->reasons[r->reason_count++], SYNC_REASON_SIZE, "%.*s",
                 SYNC_REASON_SIZE - 1, xg_error_text(&told));
    if (s->y->photos.refused.status == XG_OK) {
        told.status = XG_REFUSED;
        s->y->photos.refused = told;
    }
    *err = XG_ERROR_NONE;
    s->done = true;
    s->sent = SYNC_IS_PASSED;
    return XG_OK;
}

/* Its file cannot be read as what the record says. */
static enum xg_status refuse_damaged(struct sending *s, struct xg_error *err)
{
    struct xg_error why = XG_ERROR_NONE;

    xg_fail(&why, XG_CORRUPT,
            XG_T("本机的文件已损坏或不在了，传不出去（%s）；请运行 xunge "
                 "verify，并把这句话告诉管理员",
                 "its file on this device is damaged or gone and cannot be "
                 "sent (%s); run xunge verify, and tell the administrator "
                 "this"),
            err->status == XG_OK ? "-" : xg_error_text(err));
    return refuse(s, &why, err);
}

static bool is_damage(enum xg_status status)
{
    return status == XG_CORRUPT || status == XG_NOTFOUND;
}

/* ---- where it stands ---- */

static enum xg_status keep_place(struct sending *s, struct xg_error *err)
{
    struct store *store = s->y->store;
    enum xg_status status = store_begin(store, err);

    if (status == XG_OK)
        status = *s->location
                     ? store_put_upload(store, &s->photo->sha256, s->location,
                                        s->offset, err)
                     : store_drop_upload(store, &s->photo->sha256, err);
    if (status == XG_OK)
        status = store_commit(store, err);
    store_rollback(store);
    return status;
}

/* What the server said that it has. More than ever before is progress; less
 * is its word too, but a server that goes to and fro gets us nowhere. */
static void tell(struct sending *s)
{
    struct sync *y = s->y;
    struct sync_photo_run *run = &y->photos;

    y->report->photo_bytes_confirmed = run->finished_bytes + s->offset;
    y->report->photo = s->photo->sha256;
    y->report->photo_done = s->offset;
    y->report->photo_length = s->photo->length;
    if (!xg_hash_equal(&run->furthest_of, &s->photo->sha256)) {
        run->furthest_of = s->photo->sha256;
        run->furthest = 0;
    }
    if (s->offset > run->furthest) {
        run->furthest = s->offset;
        sync_progress(y);
    } else if (y->host->progress)
        y->host->progress(y->host->ctx, y->report);
}

static enum xg_status confirm(struct sending *s, uint64_t offset,
                              struct xg_error *err)
{
    s->offset = offset;
    if (keep_place(s, err) != XG_OK)
        return err->status;
    tell(s);
    return XG_OK;
}

/* From the start, with a new upload. */
static enum xg_status forget_upload(struct sending *s, struct xg_error *err)
{
    *err = XG_ERROR_NONE;
    s->location[0] = '\0';
    s->offset = 0;
    return keep_place(s, err);
}

/* ---- its bytes ---- */

static enum xg_status read_on(struct sending *s, struct xg_error *err)
{
    if (vault_reader_next(s->reader, &s->rest, err) != XG_OK)
        return err->status;
    if (s->rest.len == 0)
        return xg_fail(err, XG_CORRUPT,
                       XG_T("比记录所说的短", "it is shorter than the record "
                                              "says"));
    return XG_OK;
}

static enum xg_status take(struct sending *s, struct xg_buf *out,
                           uint64_t bytes, struct xg_error *err)
{
    while (bytes > 0) {
        if (s->rest.len == 0 && read_on(s, err) != XG_OK)
            return err->status;
        size_t n = s->rest.len < bytes ? s->rest.len : (size_t)bytes;
        if (out)
            xg_buf_append(out, s->rest.at, n);
        s->rest = xg_bytes(s->rest.at + n, s->rest.len - n);
        s->read += n;
        bytes -= n;
    }
    return out ? xg_buf_check(out, err) : XG_OK;
}

/* The next `bytes` from the offset on. A sealed file is read from its start. */
static enum xg_status fill(struct sending *s, uint64_t bytes,
                           struct xg_error *err)
{
    struct xg_buf *piece = &s->y->photos.piece;

    if (s->reader && s->read > s->offset) {
        vault_reader_close(s->reader);
        s->reader = NULL;
    }
    if (!s->reader) {
        s->read = 0;
        s->rest = xg_bytes(NULL, 0);
        if (photo_reader_open(&s->shelf, &s->reader, &s->photo->sha256, err) !=
            XG_OK)
            return err->status;
    }
    xg_buf_reset(piece);
    if (take(s, NULL, s->offset - s->read, err) != XG_OK)
        return err->status;
    return take(s, piece, bytes, err);
}

/* ---- what the server does not take ---- */

/* What came was another photo: is it ours that is not what it was? */
static enum xg_status judge_disliked(struct sending *s, struct xg_error *err)
{
    struct xg_error said = *err, why = XG_ERROR_NONE;

    if (photo_verify(&s->shelf, &s->photo->sha256, &why) != XG_OK) {
        if (!is_damage(why.status)) {
            *err = why;
            return err->status;
        }
        *err = why;
        return refuse_damaged(s, err);
    }
    if (s->disliked)
        return refuse(s, &said, err);
    s->disliked = true;
    return forget_upload(s, err);
}

static enum xg_status stop_full(struct sending *s, struct xg_error *err)
{
    struct sync_photo_run *run = &s->y->photos;

    if (run->full.status == XG_OK) {
        run->full = *err;
        xg_wrap(&run->full,
                XG_T("服务器没有空间存照片了；照片还在本机，有了空间会接着传",
                     "the server has no room for photos; they stay here, and "
                     "go on when there is room"));
        run->full.status = XG_NET;
    }
    *err = XG_ERROR_NONE;
    s->done = true;
    s->sent = SYNC_IS_CUT_OFF;
    return XG_OK;
}

/* Every answer that is no yes, to POST and PATCH. XG_OK: it was dealt with. */
static enum xg_status judge_no(struct sending *s, struct xg_error *err)
{
    switch (s->y->answer.http_status) {
    case 507:
        return stop_full(s, err);
    case 409:
        return err->status = XG_NET;
    case 460: /* the same piece again */
        if (err->status != XG_FORMAT || s->odd++ == ODD_MAX)
            return err->status = XG_NET;
        *err = XG_ERROR_NONE;
        return XG_OK;
    case 422:
        return err->status == XG_FORMAT ? judge_disliked(s, err) : err->status;
    default:
        break;
    }
    if (err->status == XG_REFUSED || err->status == XG_TOOBIG ||
        err->status == XG_FORMAT)
        return refuse(s, err, err);
    return err->status;
}

/* ---- the requests ---- */

/* A path of uploads, and nothing that leads elsewhere. */
static bool is_upload(const char *location)
{
    static const char chars[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    size_t start = strlen(UPLOADS), len = strlen(location);

    return len > start && len < STORE_LOCATION_SIZE &&
           strncmp(location, UPLOADS, start) == 0 &&
           strspn(location + start, chars) == len - start;
}

static void put_metadata(char header[static HEADER_SIZE],
                         const struct xg_hash *sha256)
{
    char hex[2 * XG_HASH_SIZE + 1], text[XG_BASE64_SIZE(2 * XG_HASH_SIZE)];

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    xg_base64(text, sizeof text, hex, 2 * XG_HASH_SIZE);
    snprintf(header, HEADER_SIZE, "Upload-Metadata: sha256 %s", text);
}

static enum xg_status create(struct sending *s, struct xg_error *err)
{
    struct sync *y = s->y;
    bool whole = s->photo->length <= WHOLE_BYTES;
    char length[HEADER_SIZE], metadata[HEADER_SIZE];
    struct transport_request request = {
        .method = "POST",
        .path = "/v1/blobs",
        .bearer = y->bearer,
        .header_count = 3,
        .headers = {TUS, length, metadata},
        .good = {201},
    };

    if (s->begun++ == BEGUN_MAX)
        return sync_bad_answer(y, err);
    snprintf(length, sizeof length, "Upload-Length: %" PRIu64,
             s->photo->length);
    put_metadata(metadata, &s->photo->sha256);
    if (whole) {
        if (fill(s, s->photo->length, err) != XG_OK)
            return is_damage(err->status) ? refuse_damaged(s, err)
                                          : err->status;
        request.type = OCTETS;
        request.body = xg_buf_bytes(&y->photos.piece);
    }
    enum xg_status status = sync_call(y, &request, err);
    if (status == XG_NOTFOUND) { /* its record has not found its place yet */
        *err = XG_ERROR_NONE;
        s->done = true;
        s->sent = SYNC_IS_PASSED;
        return XG_OK;
    }
    if (status != XG_OK)
        return judge_no(s, err);
    uint64_t offset = y->answer.has_upload_offset ? y->answer.upload_offset : 0;
    /* All of it, without a byte sent: it came another way, or the server died
     * between giving it its name and saying so in the log. */
    if (!is_upload(y->answer.location) ||
        (offset > request.body.len && offset != s->photo->length))
        return sync_bad_answer(y, err);
    snprintf(s->location, sizeof s->location, "%s", y->answer.location);
    s->done = offset == s->photo->length;
    return confirm(s, offset, err);
}

/* Ask where it stands; takes the upload over from a connection that is dead
 * and does not know it. */
static enum xg_status ask_offset(struct sending *s, struct xg_error *err)
{
    struct sync *y = s->y;
    struct transport_request request = {.method = "HEAD",
                                        .path = s->location,
                                        .bearer = y->bearer,
                                        .header_count = 1,
                                        .headers = {TUS},
                                        .good = {200, 204}};
    enum xg_status status = sync_call(y, &request, err);

    if (status == XG_NOTFOUND) /* expired, or given up */
        return forget_upload(s, err);
    if (status == XG_FORMAT || status == XG_TOOBIG)
        return err->status = XG_NET;
    if (status != XG_OK)
        return status;
    if (!y->answer.has_upload_offset ||
        y->answer.upload_offset > s->photo->length)
        return sync_bad_answer(y, err);
    return confirm(s, y->answer.upload_offset, err);
}

/* What the next piece may be; false: budget or time is used up. */
static bool choose_piece(struct sending *s, uint64_t *bytes)
{
    struct sync *y = s->y;
    uint64_t left = s->photo->length - s->offset;
    uint64_t allowance = sync_allowance(y);

    *bytes = pace_chunk(&y->report->pace, left);
    if (*bytes > PACE_CHUNK_MAX)
        *bytes = PACE_CHUNK_MAX;
    if (*bytes > allowance && allowance >= PIECE_LEAST)
        *bytes = allowance;
    return sync_affords(y, *bytes);
}

static enum xg_status patch(struct sending *s, uint64_t bytes,
                            struct xg_error *err)
{
    struct sync *y = s->y;
    char offset[HEADER_SIZE], checksum[HEADER_SIZE];
    struct xg_hash sum;
    char sum_text[XG_BASE64_SIZE(XG_HASH_SIZE)];
    struct transport_request request = {
        .method = "PATCH",
        .path = s->location,
        .bearer = y->bearer,
        .type = OCTETS,
        .header_count = 3,
        .headers = {TUS, offset, checksum},
        .good = {204, 200},
    };

    if (fill(s, bytes, err) != XG_OK)
        return is_damage(err->status) ? refuse_damaged(s, err) : err->status;
    request.body = xg_buf_bytes(&y->photos.piece);
    crypto_hash_sha256(sum.b, request.body.at, request.body.len);
    xg_base64(sum_text, sizeof sum_text, sum.b, sizeof sum.b);
    snprintf(offset, sizeof offset, "Upload-Offset: %" PRIu64, s->offset);
    snprintf(checksum, sizeof checksum, "Upload-Checksum: sha256 %s", sum_text);
    enum xg_status status = sync_call(y, &request, err);
    if (status == XG_NOTFOUND)
        return forget_upload(s, err);
    if (status == XG_FORMAT && y->answer.http_status == 409 &&
        s->odd++ < ODD_MAX) {
        *err = XG_ERROR_NONE;
        return ask_offset(s, err);
    }
    if (status != XG_OK)
        return judge_no(s, err);
    if (!y->answer.has_upload_offset ||
        y->answer.upload_offset != s->offset + bytes)
        return sync_bad_answer(y, err);
    s->done = s->offset + bytes == s->photo->length;
    return confirm(s, s->offset + bytes, err);
}

/* ---- all of it ---- */

static enum xg_status next_request(struct sending *s, struct xg_error *err)
{
    uint64_t bytes;

    if (!*s->location) {
        uint64_t whole = s->photo->length <= WHOLE_BYTES ? s->photo->length : 0;
        if (sync_affords(s->y, whole))
            return create(s, err);
    } else if (choose_piece(s, &bytes))
        return patch(s, bytes, err);
    s->done = true;
    s->sent = SYNC_IS_CUT_OFF;
    return XG_OK;
}

/* Where it says that it has all, it may have died before it looked at it: the
 * empty last piece has it do so. */
enum xg_status sync_send_photo(struct sync *y, enum sync_sent *out,
                               const struct store_due *photo,
                               struct xg_error *err)
{
    struct sending s = {
        .y = y,
        .shelf = {.home = y->home->path, .vault = y->home->vault},
        .photo = photo,
        .sent = SYNC_IS_SENT};
    bool began;
    enum xg_status status = store_get_upload(y->store, s.location, &s.offset,
                                             &began, &photo->sha256, err);

    if (status == XG_OK && began) {
        if (!is_upload(s.location))
            status = forget_upload(&s, err);
        else if (sync_affords(y, 0))
            status = ask_offset(&s, err);
        else {
            s.done = true;
            s.sent = SYNC_IS_CUT_OFF;
        }
    }
    while (status == XG_OK && !s.done)
        status = next_request(&s, err);
    vault_reader_close(s.reader);
    if (status == XG_OK)
        *out = s.sent;
    return status;
}
