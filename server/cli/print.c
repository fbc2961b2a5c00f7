/* print.c - see print.h. */
#include "server/cli/print.h"

#include "shared/view/json.h"
#include "shared/view/refusal.h"
#include "shared/view/value.h"

enum xg_status cmd_put_json(struct cmd *c, json_t *json, struct xg_error *err)
{
    if (view_json_put(&c->out, json, err) != XG_OK)
        return err->status;
    xg_buf_text(&c->out, "\n");
    return XG_OK;
}

void cmd_advise(struct cmd *c, const char *key, json_t *value)
{
    if (!c->advice)
        c->advice = json_object();
    if (json_is_array(value) && json_array_size(value) == 0)
        json_decref(value);
    else
        json_object_set_new(c->advice, key, value);
}

int cmd_complain(struct cmd *c, struct xg_buf *errors,
                 const struct xg_error *err)
{
    if (c->json)
        view_put_refusal(errors, err, c->advice);
    else
        xg_buf_format(errors, "xunge-server: %s", xg_error_text(err));
    xg_buf_text(errors, "\n");
    json_decref(c->advice);
    c->advice = NULL;
    return xg_status_exit(err->status);
}

json_t *cmd_time_json(int64_t ms)
{
    return ms ? view_json_time(ms) : json_null();
}
