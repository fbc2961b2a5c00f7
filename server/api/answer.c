/* answer.c - what the answers share; see answer.h. */
#include "server/api/answer.h"

#include <stdio.h>
#include <string.h>

#include "server/cosign/policy.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

enum xg_status api_view_of(struct api_view *v, struct data *data,
                           struct xg_error *err)
{
    struct api_view view = {.data = data, .note = XG_BUF(XG_NOTE_MAX)};

    if (ledger_published(data->ledger, &view.checkpoint, &view.note, err) !=
            XG_OK ||
        data_borrow(data, &view.store, err) != XG_OK ||
        witness_cosign(&view.note, view.store, err) != XG_OK) {
        api_view_close(&view);
        return err->status;
    }
    *v = view;
    return XG_OK;
}

void api_view_close(struct api_view *v)
{
    if (v->store)
        data_return(v->data, v->store);
    xg_buf_clear(&v->note);
    *v = (struct api_view){0};
}

enum xg_status api_note_name(char name[XG_KEY_NAME_MAX + 1],
                             struct xg_bytes note, struct xg_error *err)
{
    struct xg_note parsed;

    if (xg_note_parse(&parsed, note.at, note.len, err) != XG_OK)
        return err->status;
    struct xg_bytes found = parsed.signatures[0].name;
    if (parsed.count != 1 || found.len > XG_KEY_NAME_MAX)
        return xg_fail(err, XG_FORMAT, "%s",
                       XG_T("应有且只有一行签名",
                            "exactly one signature line is expected"));
    memcpy(name, found.at, found.len);
    name[found.len] = '\0';
    return XG_OK;
}

enum xg_status api_fail_refused(const struct api_refusal *no,
                                enum xg_status status, struct xg_error *err)
{
    char title[XG_ERROR_SIZE];

    snprintf(title, sizeof title, "%s", no->title); /* may be err's own */
    *err = XG_ERROR_NONE;
    return xg_fail(err, status, "%s", title);
}

bool api_size_known(struct api_refusal *no, const struct api_view *v,
                    uint64_t stated, const char *device)
{
    if (stated <= v->checkpoint.size)
        return true;
    xg_log(XG_LOG_ERROR, "log.behind", "device=%s stated=%llu size=%llu",
           device, (unsigned long long)stated,
           (unsigned long long)v->checkpoint.size);
    *no = (struct api_refusal){
        503, "behind",
        XG_T("设备见过的日志比服务器的更长：服务器可能被恢复成旧数据。"
             "记录仍保存在设备上，请通知管理员",
             "the device has seen a longer log than the server's: the "
             "server may have been put back to old data. Your records "
             "stay on the device; please tell the operator"),
        true};
    return false;
}
