/* enrol.c - POST /v1/enrol: a new key, proven by a one-time code. */
#include <stdio.h>

#include "server/account/approval.h"
#include "server/api/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

/* Possession of the key is the note's own signature, by "<origin>/new": of this
 * log, or of one before it, where the code is older than a restore. */
static enum xg_status read_request(struct xg_enrol *e, struct xg_note *note,
                                   const struct data *d, struct xg_bytes data,
                                   struct xg_error *err)
{
    struct xg_verifier key;
    char name[XG_KEY_NAME_MAX + 1];

    if (xg_note_parse(note, data.at, data.len, err) != XG_OK ||
        xg_enrol_read(e, note->text, err) != XG_OK)
        return err->status;
    if (!ledger_knows(d->ledger, e->log))
        return XG_OK; /* refused by name */
    int len = snprintf(name, sizeof name, "%.*s/new", (int)e->log.len,
                       (const char *)e->log.at);
    if (len < 0 || (size_t)len >= sizeof name)
        return xg_fail(err, XG_TOOBIG, "%s",
                       XG_T("服务器名太长", "the server's name is too long"));
    if (xg_verifier_init(&key, name, XG_SIG_ED25519, e->key.b, err) != XG_OK)
        return err->status;
    return xg_note_open(note, data.at, data.len, &key, err);
}

static enum xg_status put(struct xg_buf *out, const struct xg_enrolled *says,
                          const struct data *d, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);

    xg_enrolled_put(&text, says);
    enum xg_status status =
        xg_note_sign_buf(out, &text, ledger_signer(d->ledger), err);
    xg_buf_clear(&text);
    return status;
}

enum xg_status api_answer_enrol(struct xg_buf *out, struct api_refusal *no,
                                struct xg_enrolled *enrolled, struct data *d,
                                struct xg_bytes data, struct xg_error *err)
{
    struct xg_enrol e;
    struct xg_note note;
    struct xg_enrolled says = {.state = XG_DEVICE_PENDING};
    enum xg_status status = read_request(&e, &note, d, data, err);

    if (status == XG_AUTH || status == XG_NOTFOUND) {
        *no = (struct api_refusal){403, "signature", xg_error_text(err), false};
        return XG_OK;
    }
    if (status != XG_OK)
        return status;
    if (!ledger_knows(d->ledger, e.log)) {
        *no = (struct api_refusal){409, "wrong-log",
                                   XG_T("这个入网码属于另一台服务器",
                                        "this code belongs to another server"),
                                   false};
        return XG_OK;
    }
    status = approval_use(d, &says, &e, xg_wall_ms(&d->env), err);
    if (status == XG_AUTH) {
        *no = (struct api_refusal){403, "auth", xg_error_text(err), false};
        return XG_OK;
    }
    if (status != XG_OK)
        return status;
    xg_log(XG_LOG_INFO, "device.enrol", "device=%s worker=%s state=%s",
           says.device, says.worker, xg_device_state_name(says.state));
    says.log = xg_bytes_of(data_origin(d));
    says.random = e.random;
    status = put(out, &says, d, err);
    if (status == XG_OK)
        *enrolled = says;
    return status;
}

enum xg_status api_enrol(struct api *a, const struct xg_request *request,
                         struct xg_response *response, struct xg_error *err)
{
    struct api_refusal no = {.code = NULL};
    struct xg_enrolled enrolled;

    if (api_answer_enrol(&response->body, &no, &enrolled, a->data,
                         request->body, err) != XG_OK)
        return err->status;
    if (!api_refused(a, response, &no))
        response->content_type = "text/plain; charset=utf-8";
    return XG_OK;
}
