/* photo.c - which of these photos are here for good (POST /v1/blobs/held),
 * and one of them (GET /v1/blobs/<sha-256>). */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "server/api/inside.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

/* ---- held ---- */

static enum xg_status give_held(const struct api_view *v, uint64_t size,
                                const struct xg_hash *asked, size_t count,
                                struct xg_response *response,
                                struct xg_error *err)
{
    struct xg_buf proof = XG_BUF(XG_ANSWER_MAX);
    enum xg_status status =
        ledger_consistency(&proof, v->data->ledger, v->store, size,
                           &v->checkpoint, xg_bytes(NULL, 0), err);

    if (status == XG_OK)
        status = xg_buf_check(&proof, err);
    if (status == XG_OK)
        status = photo_put_held(&response->body, v->data, v->store,
                                &v->checkpoint, xg_buf_bytes(&v->note),
                                xg_buf_bytes(&proof), asked, count, err);
    response->content_type = "application/octet-stream";
    xg_buf_clear(&proof);
    return status;
}

enum xg_status api_blobs_held(struct api *a, const struct xg_request *request,
                              struct xg_response *response,
                              struct xg_error *err)
{
    struct xg_hash asked[XG_BLOBS_ASKED_MAX];
    struct xg_bytes body = request->body;
    struct session session;
    struct api_view v;
    uint64_t size;

    if (!api_session(a, &session, request, response))
        return XG_OK;
    if (body.len == 0 || body.len % XG_HASH_SIZE || body.len > sizeof asked ||
        !api_size_held(&size, request))
        return xg_fail(err, XG_USAGE,
                       XG_T("应为 1 至 %d 个 SHA-256，每个 32 字节；"
                            "Xunge-Size 应为整数",
                            "1 to %d SHA-256 of 32 bytes each are expected, "
                            "and Xunge-Size is a whole number"),
                       XG_BLOBS_ASKED_MAX);
    memcpy(asked, body.at, body.len);
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status = XG_OK;
    if (api_size_fits(a, &v, size, session.device, response))
        status =
            give_held(&v, size, asked, body.len / XG_HASH_SIZE, response, err);
    api_view_close(&v);
    return status;
}

/* ---- one photo ---- */

enum range {
    RANGE_NONE,    /* all of it is wanted, or what was asked is no range */
    RANGE_PART,    /* first..last */
    RANGE_OUTSIDE, /* nothing of it is here: 416 */
};

static bool read_number(uint64_t *value, const char *at, const char *end)
{
    uint64_t n = 0;

    if (at == end || end - at > 18)
        return false;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        n = n * 10 + (uint64_t)(*at - '0');
    }
    *value = n;
    return true;
}

/* "bytes=0-99", "bytes=100-", "bytes=-100" (RFC 9110, 14.1.2); one range. What
 * is not understood counts as not asked. */
static enum range read_range(const char *text, uint64_t length, uint64_t *first,
                             uint64_t *last)
{
    const char *at = text + strlen("bytes="), *dash;
    const char *end = text + strlen(text);
    uint64_t from, to = length - 1;

    if (strncasecmp(text, "bytes=", strlen("bytes=")) != 0 ||
        !(dash = strchr(at, '-')))
        return RANGE_NONE;
    if (dash == at) {
        if (!read_number(&from, dash + 1, end))
            return RANGE_NONE;
        if (from == 0)
            return RANGE_OUTSIDE;
        from = from < length ? length - from : 0;
    } else if (!read_number(&from, at, dash) ||
               (dash + 1 < end &&
                (!read_number(&to, dash + 1, end) || to < from))) {
        return RANGE_NONE;
    }
    if (from >= length)
        return RANGE_OUTSIDE;
    *first = from;
    *last = to < length ? to : length - 1;
    return RANGE_PART;
}

enum { TAG_SIZE = 2 * XG_HASH_SIZE + 3 };

static enum range asked_range(const struct xg_request *request,
                              const char tag[static TAG_SIZE], uint64_t length,
                              uint64_t *first, uint64_t *last)
{
    const char *text = xg_request_header(request, "Range");
    const char *condition = xg_request_header(request, "If-Range");

    *first = 0;
    *last = length - 1;
    return !text || (condition && strcmp(condition, tag) != 0)
               ? RANGE_NONE
               : read_range(text, length, first, last);
}

/* Takes `fd`. */
static enum xg_status give_file(int fd, uint64_t length,
                                const struct xg_hash *sha256, struct api *a,
                                const struct xg_request *request,
                                struct xg_response *response)
{
    char tag[TAG_SIZE] = "\"", text[80];
    uint64_t first, last;

    xg_hex(tag + 1, sha256->b, sizeof sha256->b);
    memcpy(tag + TAG_SIZE - 2, "\"", 2);
    enum range range = asked_range(request, tag, length, &first, &last);
    if (range == RANGE_OUTSIDE) {
        close(fd);
        api_refuse(a, response, 416, "range",
                   XG_T("照片没有这么长", "the photo is not that long"));
        snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)length);
        xg_response_header(response, "Content-Range", text);
        return XG_OK;
    }
    xg_response_file(response, fd, first, last - first + 1);
    response->content_type = "application/octet-stream";
    response->cache = XG_CACHE_PRIVATE;
    xg_response_header(response, "Accept-Ranges", "bytes");
    xg_response_header(response, "ETag", tag);
    if (range == RANGE_PART) {
        response->http_status = 206;
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu",
                 (unsigned long long)first, (unsigned long long)last,
                 (unsigned long long)length);
        xg_response_header(response, "Content-Range", text);
    }
    return XG_OK;
}

/* Is it for this device, and here? It is told no difference between the two. */
static enum xg_status may_have(bool *may, bool *revoked,
                               const struct api_view *v, const char *device,
                               const struct xg_hash *sha256,
                               struct xg_error *err)
{
    uint64_t position, length;
    bool held = false;

    *may = false;
    if (registry_revoked(v->data->registry, revoked, device, v->checkpoint.size,
                         err) != XG_OK ||
        photo_held(v->store, &position, &length, &held, sha256, err) != XG_OK)
        return err->status;
    return held && !*revoked
               ? photo_may_read(v->data, v->store, may, device, sha256, err)
               : XG_OK;
}

static enum xg_status no_photo(struct xg_error *err)
{
    return xg_fail(err, XG_NOTFOUND, "%s",
                   XG_T("没有这张照片", "there is no such photo"));
}

enum xg_status api_get_blob(struct api *a, const struct xg_request *request,
                            struct xg_response *response, struct xg_error *err)
{
    bool may = false, revoked = false;
    struct session session;
    struct xg_hash sha256;
    struct api_view v;
    uint64_t length;
    int fd;

    if (!api_session(a, &session, request, response))
        return XG_OK;
    if (!api_hash(&sha256, request->rest))
        return no_photo(err);
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status =
        may_have(&may, &revoked, &v, session.device, &sha256, err);
    api_view_close(&v);
    if (status != XG_OK)
        return status;
    if (revoked)
        return api_refuse(a, response, 403, "revoked",
                          XG_T("此设备已停用：可以上传，不再接收",
                               "this device was revoked: it may send, but "
                               "receives no more"));
    if (!may)
        return no_photo(err);
    status = blobs_read(a->data->blobs, &fd, &length, &sha256, err);
    if (status == XG_NOTFOUND) {
        xg_log(XG_LOG_ERROR, "photo.missing", "path=%s", request->path);
        *err = XG_ERROR_NONE;
        return no_photo(err);
    }
    return status == XG_OK
               ? give_file(fd, length, &sha256, a, request, response)
               : status;
}
