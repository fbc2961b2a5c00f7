/* witness.c - what witnesses said of our log, and what we say of others';
 * see witness/witness.h, cosign/policy.h, cosigned.h. Open to all. */
#include <inttypes.h>
#include <string.h>

#include "server/api/cosigned.h"
#include "server/api/inside.h"
#include "server/cosign/policy.h"
#include "shared/base/lang.h"

#define TEXT "text/plain; charset=utf-8"

enum xg_status api_cosigned(struct api *a, const struct xg_request *request,
                            struct xg_response *response, struct xg_error *err)
{
    struct xg_bytes note = {NULL, 0};
    struct api_view v;

    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status =
        witness_cosigned_get(&note, v.store, request->arena, err);
    api_view_close(&v);
    if (status == XG_OK && note.len == 0)
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("还没有检查点得到足够见证人的签名",
                            "no checkpoint has reached the witnesses' quorum "
                            "yet"));
    if (status != XG_OK)
        return status;
    xg_buf_append(&response->body, note.at, note.len);
    response->content_type = TEXT;
    response->cache = XG_CACHE_ASK;
    return xg_buf_check(&response->body, err);
}

enum xg_status api_witnesses(struct api *a, const struct xg_request *request,
                             struct xg_response *response, struct xg_error *err)
{
    response->content_type = "application/octet-stream";
    response->cache = XG_CACHE_ASK;
    return witness_put_devices(&response->body, a->data, &a->cosigned,
                               request->arena, err);
}

enum xg_status api_add_checkpoint(struct api *a,
                                  const struct xg_request *request,
                                  struct xg_response *response,
                                  struct xg_error *err)
{
    struct witness_answer answer;
    uint64_t now_s = ledger_time_ms(a->data->ledger) / 1000;

    if (witness_add_checkpoint(a->data->witness, &answer, &response->body,
                               request->body, now_s, err) != XG_OK)
        return err->status;
    response->http_status = answer.http_status;
    response->content_type = TEXT;
    if (answer.http_status == 409) {
        xg_buf_format(&response->body, "%" PRIu64 "\n", answer.size);
        response->content_type = "text/x.tlog.size";
    } else if (answer.http_status != 200) {
        xg_buf_format(&response->body, "%s\n", answer.why);
    }
    if (answer.http_status != 200)
        atomic_fetch_add(&a->refused, 1);
    return xg_buf_check(&response->body, err);
}

enum xg_status api_witnessed(struct api *a, const struct xg_request *request,
                             struct xg_response *response, struct xg_error *err)
{
    const char *end = strchr(request->rest, '/');
    char hex[2 * XG_HASH_SIZE + 1] = "";
    struct xg_hash name;

    if (end && (size_t)(end - request->rest) < sizeof hex)
        memcpy(hex, request->rest, (size_t)(end - request->rest));
    if (!end || strcmp(end, "/checkpoint") != 0 || !api_hash(&name, hex))
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("没有这个地址", "there is no such address"));
    if (witness_checkpoint(a->data->witness, &response->body, &name, err) !=
        XG_OK)
        return err->status;
    response->content_type = TEXT;
    response->cache = XG_CACHE_ASK;
    return XG_OK;
}
