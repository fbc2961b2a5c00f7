/* tus.c - photos on their way in, as tus 1.0.0 has it: core, creation with
 * and without a body, checksum, expiration, termination (docs/protocol.md).
 *
 * What came is never thrown away but for a wrong checksum or a wrong hash: a
 * body that breaks off is as good as one that ended there. The answer to the
 * last piece goes out when the photo's file is durable and the log says that it
 * is held.
 *
 * Source: tus resumable upload protocol 1.0.0.
 */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "server/api/inside.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/web/digest.h"

#define VERSION "1.0.0"
#define UPLOADS "/v1/uploads/"

enum { DATE_SIZE = 32 };

/* One request, from its headers to its answer. */
struct tus {
    struct api *a;
    const struct xg_request *request;
    struct xg_response *response;
    struct session who;
    struct blobs *blobs;
    struct blobs_upload upload;
    struct blobs_claim claim;
    bool options;             /* the one answer without a version */
    bool created;             /* by this request */
    uint64_t began;           /* the offset before it */
    struct xg_digest *digest; /* NULL: no checksum was given */
    uint8_t checksum[XG_DIGEST_MAX];
    size_t checksum_len;
    struct xg_error err; /* what ended the taking */
};

/* ---- answers ---- */

/* Always XG_OK: refused, and the response says why. */
static enum xg_status refuse(struct tus *t, int http_status, const char *code,
                             const char *title)
{
    return api_refuse(t->a, t->response, http_status, code, title);
}

static void add_number(struct tus *t, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    xg_response_header(t->response, name, text);
}

/* RFC 9110, 5.6.7: an IMF-fixdate. */
static void put_date(char text[static DATE_SIZE], int64_t unix_ms)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm = {0};

    gmtime_r(&seconds, &tm);
    snprintf(text, DATE_SIZE, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
             (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* How the upload stands. */
static void add_state(struct tus *t)
{
    char date[DATE_SIZE];

    add_number(t, "Upload-Offset", t->upload.offset);
    put_date(date, t->upload.expires_ms);
    xg_response_header(t->response, "Upload-Expires", date);
}

static void add_location(struct tus *t)
{
    char location[sizeof UPLOADS + BLOB_ID_SIZE];

    snprintf(location, sizeof location, UPLOADS "%s", t->upload.id);
    xg_response_header(t->response, "Location", location);
}

static void answer_options(struct tus *t)
{
    t->options = true;
    t->response->http_status = 204;
    xg_response_header(t->response, "Tus-Version", VERSION);
    xg_response_header(t->response, "Tus-Extension",
                       "creation,creation-with-upload,checksum,expiration,"
                       "termination");
    add_number(t, "Tus-Max-Size", BLOB_MAX_BYTES);
    xg_response_header(t->response, "Tus-Checksum-Algorithm", "sha1,sha256");
}

/* What blobs/blobs.h fails with, as the protocol words it. */
static enum xg_status fail_as(struct tus *t, enum xg_status status,
                              struct xg_error *err)
{
    if (status == XG_FORMAT)
        return refuse(t, 422, "hash", xg_error_text(err));
    if (status == XG_REFUSED)
        return refuse(t, 409, "taken-over", xg_error_text(err));
    return status;
}

/* ---- what a request says ---- */

/* A decimal without sign, blanks or leading zeros. False: none, or not so. */
static bool number_of(uint64_t *value, const struct tus *t, const char *name)
{
    const char *text = xg_request_header(t->request, name);
    struct xg_bytes rest = xg_bytes_of(text ? text : "");

    return rest.len > 0 && xg_word_uint(&rest, value) && rest.len == 0;
}

static bool content_type_fits(const struct tus *t)
{
    const char *type = xg_request_header(t->request, "Content-Type");

    return type && strcasecmp(type, "application/offset+octet-stream") == 0;
}

static enum xg_status refuse_type(struct tus *t)
{
    return refuse(t, 415, "content-type",
                  XG_T("内容类型应为 application/offset+octet-stream",
                       "the content type is to be "
                       "application/offset+octet-stream"));
}

static enum xg_status refuse_length(struct tus *t)
{
    return refuse(t, 413, "too-big",
                  XG_T("内容超出照片所说的长度",
                       "the content goes beyond the photo's stated length"));
}

/* "sha256 <base64 of 64 hex digits>", among whatever else stands there. */
static bool hash_of(struct xg_hash *sha256, const struct tus *t)
{
    const char *at = xg_request_header(t->request, "Upload-Metadata");
    uint8_t hex[2 * XG_HASH_SIZE];
    bool found = false;

    for (at = at ? at : ""; *at && !found; at += strcspn(at, ",")) {
        at += strspn(at, ", ");
        if (strncmp(at, "sha256 ", 7) != 0)
            continue;
        at += 7;
        found = xg_unbase64_exact(hex, sizeof hex, at, strcspn(at, ", ")) &&
                xg_unhex(sha256->b, sizeof sha256->b, (const char *)hex,
                         sizeof hex);
        if (!found)
            return false;
    }
    return found;
}

/* "Upload-Checksum: sha1 <base64>". *ok: false where it was refused. */
static enum xg_status begin_checksum(struct tus *t, bool *ok,
                                     struct xg_error *err)
{
    const char *text = xg_request_header(t->request, "Upload-Checksum");
    enum xg_digest_kind kind = XG_DIGEST_SHA1;

    *ok = true;
    if (!text)
        return XG_OK;
    size_t len = strcspn(text, " ");
    if (len == 6 && strncmp(text, "sha256", len) == 0)
        kind = XG_DIGEST_SHA256;
    else if (len != 4 || strncmp(text, "sha1", len) != 0)
        *ok = false;
    text += len + (text[len] == ' ');
    t->checksum_len = xg_digest_size(kind);
    if (*ok)
        *ok =
            xg_unbase64_exact(t->checksum, t->checksum_len, text, strlen(text));
    if (!*ok)
        return refuse(t, 400, "checksum",
                      XG_T("Upload-Checksum 应为 sha1 或 sha256 及其 base64 值",
                           "Upload-Checksum is to be sha1 or sha256, and its "
                           "value as base64"));
    return xg_digest_new(&t->digest, kind, err);
}

/* ---- the upload ---- */

/* The upload that the path names; another device's does not exist. */
static enum xg_status look(struct tus *t, struct xg_error *err)
{
    if (blobs_look(t->blobs, &t->upload, t->request->rest, err) != XG_OK)
        return err->status;
    if (strcmp(t->upload.device, t->who.device) != 0)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有这个上传，或已过期；请重新开始上传",
                            "there is no such upload, or it has run out; "
                            "begin again"));
    return XG_OK;
}

static enum xg_status take_over(struct tus *t, struct xg_error *err)
{
    enum xg_status status =
        blobs_claim(t->blobs, &t->claim, &t->upload, t->upload.id, err);

    t->began = t->upload.offset;
    return status;
}

/* What came is durable. When that is all, the photo gets its name, and the log
 * says so. */
static enum xg_status settle(struct tus *t, struct xg_error *err)
{
    bool whole;

    if (blobs_settle(t->blobs, &t->claim, &t->upload, &whole, err) != XG_OK)
        return err->status;
    if (!whole)
        return XG_OK;
    struct xg_blob blob = {t->upload.sha256, t->upload.length};
    return photo_hold(t->a->data, &blob, 1, err);
}

/* Is the photo named, by this length? *ok: false where it was refused. */
static enum xg_status check_named(struct tus *t, bool *ok,
                                  const struct xg_hash *sha256, uint64_t length,
                                  struct xg_error *err)
{
    struct store *store;
    uint64_t named = 0;
    bool found = false;

    if (data_borrow(t->a->data, &store, err) != XG_OK)
        return err->status;
    enum xg_status status =
        photo_named(store, &named, &found, sha256, length, err);
    data_return(t->a->data, store);
    *ok = found && named == length;
    if (status != XG_OK || *ok)
        return status;
    if (!found)
        return refuse(t, 404, "unnamed",
                      XG_T("没有记录提到这张照片；请先同步记录，再传照片",
                           "no record names this photo yet: send the records "
                           "first, then the photo"));
    return refuse(t, 413, "length",
                  XG_T("照片的长度与记录所说的不同",
                       "the photo's length is not the one that its record "
                       "states"));
}

/* ---- POST ---- */

static enum xg_status read_create(struct tus *t, bool *ok,
                                  struct xg_hash *sha256, uint64_t *length,
                                  uint64_t body)
{
    *ok = false;
    if (!number_of(length, t, "Upload-Length"))
        return refuse(t, 400, "length",
                      XG_T("缺少 Upload-Length，或不是数字",
                           "Upload-Length is missing, or no number"));
    if (!hash_of(sha256, t))
        return refuse(t, 400, "sha256",
                      XG_T("Upload-Metadata 中缺少 sha256，或不是 64 位"
                           "十六进制数",
                           "Upload-Metadata has no sha256 of 64 hex digits"));
    if (body > 0 && !content_type_fits(t))
        return refuse_type(t);
    if (body != UINT64_MAX && body > *length)
        return refuse_length(t);
    *ok = true;
    return XG_OK;
}

static void answer_created(struct tus *t)
{
    t->response->http_status = 201;
    add_location(t);
    add_state(t);
}

/* *more: the body is wanted. */
static enum xg_status begin_create(struct tus *t, bool *more, uint64_t body,
                                   struct xg_error *err)
{
    struct xg_hash sha256;
    uint64_t length;
    bool ok;

    enum xg_status status = read_create(t, &ok, &sha256, &length, body);
    if (ok && status == XG_OK)
        status = check_named(t, &ok, &sha256, length, err);
    if (ok && status == XG_OK)
        status = begin_checksum(t, &ok, err);
    if (!ok || status != XG_OK)
        return status;
    if (blobs_create(t->blobs, &t->upload, t->who.device, &sha256, length,
                     err) != XG_OK)
        return err->status;
    t->created = true;
    if (take_over(t, err) != XG_OK)
        return err->status;
    *more = body > 0 && t->began < length; /* it may be here already */
    if (*more)
        return XG_OK;
    status = settle(t, err);
    if (status == XG_OK)
        answer_created(t);
    return status;
}

/* ---- HEAD, DELETE ---- */

static enum xg_status answer_head(struct tus *t, struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1], base64[XG_BASE64_SIZE(2 * XG_HASH_SIZE)];
    char metadata[sizeof base64 + 8];

    if (look(t, err) != XG_OK || take_over(t, err) != XG_OK)
        return err->status;
    if (t->upload.offset == t->upload.length && settle(t, err) != XG_OK)
        return err->status;
    add_state(t);
    add_number(t, "Upload-Length", t->upload.length);
    xg_hex(hex, t->upload.sha256.b, sizeof t->upload.sha256.b);
    xg_base64(base64, sizeof base64, hex, sizeof hex - 1);
    snprintf(metadata, sizeof metadata, "sha256 %s", base64);
    xg_response_header(t->response, "Upload-Metadata", metadata);
    return XG_OK;
}

static enum xg_status answer_delete(struct tus *t, struct xg_error *err)
{
    if (look(t, err) != XG_OK ||
        blobs_abandon(t->blobs, t->upload.id, err) != XG_OK)
        return err->status;
    t->response->http_status = 204;
    return XG_OK;
}

/* ---- PATCH ---- */

static enum xg_status refuse_offset(struct tus *t)
{
    refuse(t, 409, "offset",
           XG_T("上传已到另一个位置；请先查询再继续",
                "the upload stands at another offset: ask for it, and go on "
                "from there"));
    add_state(t);
    return XG_OK;
}

static enum xg_status begin_patch(struct tus *t, bool *more, uint64_t body,
                                  struct xg_error *err)
{
    uint64_t offset;
    bool ok;

    if (!content_type_fits(t))
        return refuse_type(t);
    if (!number_of(&offset, t, "Upload-Offset"))
        return refuse(t, 400, "offset",
                      XG_T("缺少 Upload-Offset，或不是数字",
                           "Upload-Offset is missing, or no number"));
    /* Looked at first: a wrong offset is not to disturb who is sending. */
    if (look(t, err) != XG_OK)
        return err->status;
    if (offset != t->upload.offset)
        return refuse_offset(t);
    if (body != UINT64_MAX && body > t->upload.length - offset)
        return refuse_length(t);
    enum xg_status status = begin_checksum(t, &ok, err);
    if (!ok || status != XG_OK)
        return status;
    if (take_over(t, err) != XG_OK)
        return err->status;
    *more = t->began == offset;
    return *more ? XG_OK : refuse_offset(t);
}

/* ---- the stream ---- */

static enum xg_status refuse_method(struct tus *t, bool upload)
{
    refuse(
        t, 405, "method",
        XG_T("这个地址不接受此方法", "the address does not take this method"));
    xg_response_header(t->response, "Allow",
                       upload ? "HEAD, PATCH, DELETE, OPTIONS"
                              : "POST, OPTIONS");
    return XG_OK;
}

static enum xg_status refuse_version(struct tus *t)
{
    refuse(t, 412, "tus-version",
           XG_T("只支持 tus " VERSION, "only tus " VERSION " is spoken here"));
    xg_response_header(t->response, "Tus-Version", VERSION);
    return XG_OK;
}

/* *more: the body is wanted; else the response is made, or it failed. */
static enum xg_status begin(struct tus *t, bool *more, uint64_t body,
                            struct xg_error *err)
{
    bool upload = strncmp(t->request->path, UPLOADS, sizeof UPLOADS - 1) == 0;
    const char *wins = xg_request_header(t->request, "X-HTTP-Method-Override");
    const char *method = wins ? wins : t->request->method;
    const char *version = xg_request_header(t->request, "Tus-Resumable");

    *more = false;
    if (strcmp(method, "OPTIONS") == 0) {
        answer_options(t);
        return XG_OK;
    }
    if (!version || strcmp(version, VERSION) != 0)
        return refuse_version(t);
    if (!api_session(t->a, &t->who, t->request, t->response))
        return XG_OK;
    bool writes = strcmp(method, upload ? "PATCH" : "POST") == 0;
    if (writes && ledger_is_behind(t->a->data->ledger))
        return api_refuse_behind(t->a, t->response);
    if (!upload && strcmp(method, "POST") == 0)
        return begin_create(t, more, body, err);
    if (upload && strcmp(method, "PATCH") == 0)
        return begin_patch(t, more, body, err);
    if (upload && (strcmp(method, "HEAD") == 0 || strcmp(method, "GET") == 0))
        return answer_head(t, err);
    if (upload && strcmp(method, "DELETE") == 0)
        return answer_delete(t, err);
    return refuse_method(t, upload);
}

/* On every answer, also on a refusal, which dropped what headers there were. */
static void finish(struct tus *t, enum xg_status status, struct xg_error *err)
{
    if (status != XG_OK)
        status = fail_as(t, status, err);
    if (status != XG_OK)
        api_fail(t->a, t->request, t->response, err);
    /* Where an upload cannot go on now, its sender is to find it again. */
    if (status != XG_OK && t->created) {
        add_location(t);
        add_state(t);
    }
    if (!t->options)
        xg_response_header(t->response, "Tus-Resumable", VERSION);
    xg_digest_free(t->digest);
    t->digest = NULL;
}

static void *tus_open(void *ctx, const struct xg_request *request,
                      uint64_t length, struct xg_response *response)
{
    struct tus *t = xg_arena_alloc(request->arena, sizeof *t);
    struct xg_error err = XG_ERROR_NONE;
    struct api *a = ctx;
    bool more;

    api_speak(request);
    if (!t) {
        xg_ignore(xg_fail_nomem(&err));
        api_fail(a, request, response, &err);
        return NULL;
    }
    *t = (struct tus){.a = a,
                      .request = request,
                      .response = response,
                      .blobs = a->data->blobs,
                      .err = XG_ERROR_NONE};
    enum xg_status status = begin(t, &more, length, &err);
    if (more && status == XG_OK)
        return t;
    finish(t, status, &err);
    return NULL;
}

static bool tus_take(void *ctx, void *stream, struct xg_bytes piece)
{
    struct tus *t = stream;

    (void)ctx;
    if (t->digest)
        xg_digest_update(t->digest, piece);
    return blobs_write(t->blobs, &t->claim, piece, &t->err) == XG_OK;
}

/* The piece came whole. *ok: false where its checksum does not fit; then it is
 * cut off again. */
static enum xg_status judge_piece(struct tus *t, bool *ok, struct xg_error *err)
{
    uint8_t found[XG_DIGEST_MAX];

    *ok = true;
    if (!t->digest)
        return XG_OK;
    xg_digest_finish(t->digest, found);
    *ok = memcmp(found, t->checksum, t->checksum_len) == 0;
    return *ok ? XG_OK : blobs_cut(t->blobs, &t->claim, t->began, err);
}

static enum xg_status end_whole(struct tus *t, struct xg_error *err)
{
    bool ok;

    if (judge_piece(t, &ok, err) != XG_OK || settle(t, err) != XG_OK)
        return err->status;
    if (!ok) {
        refuse(t, 460, "checksum",
               XG_T("这一段与其校验值不符，已丢弃；请重发这一段",
                    "the piece does not fit its checksum and was dropped: "
                    "send it again"));
        add_state(t);
        if (t->created)
            add_location(t);
    } else if (t->created) {
        answer_created(t);
    } else {
        t->response->http_status = 204;
        add_state(t);
    }
    return XG_OK;
}

static void tus_close(void *ctx, void *stream, bool whole,
                      const struct xg_request *request,
                      struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    enum xg_status status;
    struct tus *t = stream;

    (void)ctx;
    (void)request;
    (void)response;
    if (whole) {
        status = end_whole(t, &err);
    } else {
        /* What came stays; if it cannot be made durable, the next claim
         * says so. */
        xg_ignore(settle(t, &err));
        status = t->err.status;
        err = t->err;
    }
    finish(t, status, &err);
}

const struct xg_stream api_tus = {tus_open, tus_take, tus_close};
