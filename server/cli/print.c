/* print.c - see print.h. */
#include "server/cli/print.h"

#include "shared/view/value.h"

enum xg_status cmd_put_json(struct cmd *c, json_t *json, struct xg_error *err)
{
    if (view_json_put(&c->out, json, err) != XG_OK)
        return err->status;
    xg_buf_text(&c->out, "\n");
    return XG_OK;
}
