/* refusal.c - see refusal.h. */
#include "shared/view/refusal.h"

#include "shared/view/text.h"
#include "shared/view/value.h"

enum { TEXT_MAX = 8 << 10 };

void view_put_refusal(struct xg_buf *out, const struct xg_error *err,
                      json_t *more)
{
    /* A text may quote what is no UTF-8, or be cut within a character. */
    struct xg_buf safe = XG_BUF(TEXT_MAX);
    struct xg_error ignored = XG_ERROR_NONE;

    view_put_block(&safe, xg_bytes_of(xg_error_text(err)), 0);
    json_t *object =
        json_pack("{s:s, s:i, s:s}", "error", xg_status_name(err->status),
                  "exit", xg_status_exit(err->status), "text",
                  xg_buf_str(&safe));
    xg_buf_clear(&safe);
    if (object && more)
        json_object_update(object, more);
    if (view_json_put(out, object, &ignored) != XG_OK)
        xg_buf_text(out, "{\"error\":\"no-memory\",\"exit\":1}");
}
