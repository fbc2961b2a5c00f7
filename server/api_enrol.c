/* api_enrol.c - POST /v1/enrol: a new key, proven by a one-time code. */
#include <stdio.h>

#include "server/api_inside.h"
#include "server/approval.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

/* Possession of the key is the note's own signature, by "<origin>/new". */
static enum xg_status read_request(struct xg_enrol *e, struct xg_note *note,
                                   const struct api *a,
                                   const struct xg_request *request,
                                   struct xg_error *err)
{
    struct xg_verifier key;
    char name[XG_KEY_NAME_MAX + 1];

    if (xg_note_parse(note, request->body.at, request->body.len, err) !=
            XG_OK ||
        xg_enrol_read(e, note->text, err) != XG_OK)
        return err->status;
    int len = snprintf(name, sizeof name, "%s/new", data_origin(a->data));
    if (len < 0 || (size_t)len >= sizeof name)
        return xg_fail(err, XG_TOOBIG, "%s",
                       XG_T("服务器名太长", "the server's name is too long"));
    if (xg_verifier_init(&key, name, XG_SIG_ED25519, e->key.b, err) != XG_OK)
        return err->status;
    return xg_note_open(note, request->body.at, request->body.len, &key, err);
}

static enum xg_status answer(struct api *a, struct xg_enrolled *enrolled,
                             const struct xg_enrol *e,
                             struct xg_response *response, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);

    enrolled->log = xg_bytes_of(data_origin(a->data));
    enrolled->random = e->random;
    xg_enrolled_put(&text, enrolled);
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK)
        api_sign(&response->body, a, xg_buf_bytes(&text));
    response->content_type = "text/plain; charset=utf-8";
    xg_buf_clear(&text);
    return status;
}

enum xg_status api_enrol(struct api *a, const struct xg_request *request,
                         struct xg_response *response, struct xg_error *err)
{
    struct xg_enrol e;
    struct xg_note note;
    struct xg_enrolled enrolled = {.state = XG_DEVICE_PENDING};
    enum xg_status status = read_request(&e, &note, a, request, err);

    if (status == XG_AUTH || status == XG_NOTFOUND)
        return api_refuse(a, response, 403, "signature", xg_error_text(err));
    if (status != XG_OK)
        return status;
    if (!xg_bytes_equal(e.log, xg_bytes_of(data_origin(a->data))))
        return api_refuse(a, response, 409, "wrong-log",
                          XG_T("这个入网码属于另一台服务器",
                               "this code belongs to another server"));
    status =
        approval_use(a->data, &enrolled, &e, xg_wall_ms(&a->data->env), err);
    if (status == XG_AUTH)
        return api_refuse(a, response, 403, "auth", xg_error_text(err));
    if (status != XG_OK)
        return status;
    xg_log(XG_LOG_INFO, "device.enrol", "device=%s worker=%s state=%s",
           enrolled.device, enrolled.worker,
           xg_device_state_name(enrolled.state));
    return answer(a, &enrolled, &e, response, err);
}
