/* successor.c - GET /v1/successor: which log follows the one that is asked
 * for; POST /v1/checkpoint: a device shows what this log once signed. Both are
 * open to all: what they say is signed. */
#include "server/api/inside.h"
#include "server/api/succession.h"
#include "shared/base/lang.h"

enum xg_status api_successor(struct api *a, const struct xg_request *request,
                             struct xg_response *response, struct xg_error *err)
{
    const char *origin = xg_request_query(request, "log");
    bool found = false;
    struct api_view v;

    if (!origin)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("缺少 log：要问的日志名",
                            "log is missing: the name of the log that is "
                            "asked for"));
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status = successor_notes(&response->body, &found, &v,
                                            xg_bytes_of(origin), err);
    api_view_close(&v);
    if (status != XG_OK)
        return status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("没有接在这个日志之后的日志",
                            "no log follows that one here"));
    response->content_type = "application/octet-stream";
    response->cache = XG_CACHE_ASK;
    return XG_OK;
}

enum xg_status api_show_checkpoint(struct api *a,
                                   const struct xg_request *request,
                                   struct xg_response *response,
                                   struct xg_error *err)
{
    bool old = false;
    enum xg_status status = successor_shown(&old, a->data, request->body, err);

    if (status == XG_AUTH || status == XG_NOTFOUND || status == XG_FORMAT ||
        status == XG_TOOBIG)
        return api_refuse(a, response, 422, "checkpoint",
                          XG_T("不是本日志签名的检查点",
                               "no checkpoint that this log signed"));
    if (status != XG_OK)
        return status;
    if (old) {
        atomic_fetch_add(&a->alarms, 1);
        return api_refuse_behind(a, response);
    }
    xg_buf_text(&response->body, "ok\n");
    response->content_type = "text/plain; charset=utf-8";
    return XG_OK;
}
