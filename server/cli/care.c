/* care.c - `territory`, `calendar`, `check`, `rebuild`, `backup`. */
#include <inttypes.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/data.h"
#include "shared/base/lang.h"

/* --edition, or the file's name without its ending. Words only: it stands in
 * a note. */
static enum xg_status edition_of(char edition[static XG_CODE_MAX + 1],
                                 const struct cmd *c, struct xg_error *err)
{
    const char *text = cmd_option(c, "edition");
    size_t len;

    if (text) {
        len = strlen(text);
    } else {
        const char *slash = strrchr(c->args[1], '/');
        text = slash ? slash + 1 : c->args[1];
        const char *dot = strrchr(text, '.');
        len = dot ? (size_t)(dot - text) : strlen(text);
    }
    if (len == 0 || len > XG_CODE_MAX || memchr(text, ' ', len) ||
        (len == 1 && *text == '-'))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("请用 --edition 给出版本：一个不含空格的词",
                            "tell the edition with --edition: one word "
                            "without spaces"));
    memcpy(edition, text, len);
    edition[len] = '\0';
    return XG_OK;
}

/* Keep the file, and say so; `units` 0 where it does not count any. */
static enum xg_status put_file(struct cmd *c, const char *kind, size_t units,
                               struct xg_error *err)
{
    char edition[XG_CODE_MAX + 1], hash[2 * XG_HASH_SIZE + 1];
    struct xg_reference kept;

    if (edition_of(edition, c, err) != XG_OK ||
        registry_put_reference(c->data->registry, &kept, kind, edition,
                               c->input, err) != XG_OK)
        return err->status;
    xg_hex(hash, kept.file.b, sizeof kept.file.b);
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:s, s:s, s:s, s:I, s:I}", "kind", kind,
                                      "edition", kept.edition, "sha256", hash,
                                      "bytes", (json_int_t)kept.length, "units",
                                      (json_int_t)units),
                            err);
    xg_buf_format(&c->out, XG_T("已导入 %s 版本 %s\n", "imported %s %s\n"),
                  kind, kept.edition);
    if (units)
        xg_buf_format(&c->out, XG_T("%zu 个单位\n", "%zu units\n"), units);
    return XG_OK;
}

/* Is it JSON, one object? */
static enum xg_status judge_json(bool *object, const struct cmd *c,
                                 struct xg_error *err)
{
    json_error_t where;
    json_t *json = json_loadb((const char *)c->input.at, c->input.len,
                              JSON_REJECT_DUPLICATES, &where);

    if (!json)
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 第 %d 行不是合格的 JSON：%s",
                            "%s, line %d: no valid JSON: %s"),
                       c->args[1], where.line, where.text);
    *object = json_is_object(json);
    json_decref(json);
    return XG_OK;
}

enum xg_status cmd_territory(struct cmd *c, struct xg_error *err)
{
    size_t units = 0;
    bool object;

    if (c->input.len && *c->input.at == '{') {
        if (judge_json(&object, c, err) != XG_OK)
            return err->status;
        return put_file(c, "boundaries", 0, err);
    }
    if (territory_check(c->input, &units, err) != XG_OK)
        return xg_wrap(err, "%s", c->args[1]);
    return put_file(c, "territory", units, err);
}

enum xg_status cmd_calendar(struct cmd *c, struct xg_error *err)
{
    bool object;

    if (judge_json(&object, c, err) != XG_OK)
        return err->status;
    if (!object)
        return xg_fail(
            err, XG_FORMAT,
            XG_T("%s 应是一个 JSON 对象", "%s is to be a JSON object"),
            c->args[1]);
    return put_file(c, "calendar", 0, err);
}

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
