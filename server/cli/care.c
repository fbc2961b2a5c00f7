/* care.c - `check`, `rebuild`, `backup`. */
#include <inttypes.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/data.h"
#include "shared/base/lang.h"

static void put_line(void *ctx, const char *line)
{
    struct cmd *c = ctx;

    if (!c->json)
        xg_buf_format(&c->out, "%s\n", line);
}

enum xg_status cmd_check(struct cmd *c, struct xg_error *err)
{
    if (data_check(c->data, put_line, c, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:b}", "sound", 1), err);
    xg_buf_text(&c->out, XG_T("全部无误\n", "all is sound\n"));
    return XG_OK;
}

enum xg_status cmd_rebuild(struct cmd *c, struct xg_error *err)
{
    struct store_counts n;
    struct store *s;

    if (ingest_rebuild(c->data->ingest, err) != XG_OK ||
        data_borrow(c->data, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->get_counts(s, &n, err);
    data_return(c->data, s);
    if (status != XG_OK)
        return status;
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:I, s:I}", "records",
                                      (json_int_t)n.records, "entities",
                                      (json_int_t)n.entities),
                            err);
    xg_buf_format(&c->out,
                  XG_T("已重建：%" PRIu64 " 条操作，%" PRIu64 " 个事项\n",
                       "rebuilt: %" PRIu64 " records, %" PRIu64 " entities\n"),
                  n.records, n.entities);
    return XG_OK;
}

enum xg_status cmd_backup(struct cmd *c, struct xg_error *err)
{
    struct xg_checkpoint covered;

    /* First the size: what is copied afterwards holds at least that. */
    if (ledger_published(c->data->ledger, &covered, NULL, err) != XG_OK ||
        data_backup(c->data, c->args[1], err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:s, s:I}", "file", c->args[1], "size",
                                      (json_int_t)covered.size),
                            err);
    xg_buf_format(&c->out,
                  XG_T("已备份到 %s，日志 %" PRIu64
                       " 条；密钥不在其中，请另存\n",
                       "backed up to %s, %" PRIu64 " log entries; the keys "
                       "are not in it, keep them elsewhere\n"),
                  c->args[1], covered.size);
    return XG_OK;
}
