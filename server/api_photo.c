/* api_photo.c - POST /v1/blobs/held: which of these photos are here for good?
 * How they come in is api_upload.c's. */
#include "server/api_inside.h"
#include "server/photo.h"
#include "shared/base/lang.h"

/* ---- held ---- */

static enum xg_status give_held(const struct api_view *v,
                                uint64_t size, const struct xg_hash *asked,
                                size_t count, struct xg_response *response,
                                struct xg_error *err)
{
    struct xg_buf proof = XG_BUF(XG_ANSWER_MAX);
    enum xg_status status =
        ledger_consistency(&proof, v->store, size, &v->checkpoint, err);

    if (status == XG_OK)
        status = xg_buf_check(&proof, err);
    if (status == XG_OK)
        status = photo_put_held(&response->body, v->store, &v->checkpoint,
                                xg_buf_bytes(&v->note), xg_buf_bytes(&proof),
                                asked, count, err);
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
        status = give_held(&v, size, asked, body.len / XG_HASH_SIZE,
                           response, err);
    api_view_close(&v);
    return status;
}
