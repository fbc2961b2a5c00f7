/* evidence.c - `export`: an evidence file of a case, or of what a person or a
 * unit had to do with in a period. */
#include "server/proof/evidence.h"

#include <inttypes.h>
#include <string.h>

#include "server/cli/look.h"
#include "server/cli/print.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/view/text.h"

static enum xg_status put_file(void *ctx, struct xg_bytes piece,
                               struct xg_error *err)
{
    const struct cmd *c = ctx;

    return xg_os_write_all(c->files[CMD_FILE_OUT], c->args[1], piece, err);
}

static enum xg_status time_of(int64_t *ms, const struct cmd *c,
                              const char *option, struct xg_error *err)
{
    const char *text = cmd_option(c, option);

    if (!text)
        return xg_fail(err, XG_USAGE,
                       XG_T("期间要写 --from 和 --to",
                            "a period needs --from and --to"));
    if (!view_parse_time(ms, text) || *ms < 0 || *ms > XG_WALL_MS_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("--%s 读不懂：%s（如 2026-05-01）",
                            "--%s: %s is no time (like 2026-05-01)"),
                       option, text);
    return XG_OK;
}

/* Exactly one of the three. */
static enum xg_status ask_of(struct evidence_ask *ask, struct cmd *c,
                             struct xg_error *err)
{
    const char *id = cmd_option(c, "evidence");
    const char *person = cmd_option(c, "evidence-person");
    const char *unit = cmd_option(c, "evidence-unit");
    const char *photos = cmd_option(c, "photos");

    if (!!id + !!person + !!unit != 1)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("写明要什么：--evidence ID、--evidence-person 工号 "
                            "或 --evidence-unit 单位，三者取一",
                            "say what: one of --evidence ID, --evidence-person "
                            "CODE, --evidence-unit UNIT"));
    if (photos && strcmp(photos, "all") != 0 && strcmp(photos, "small") != 0)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--photos 是 all（原图）或 small（缩略图）",
                            "--photos is all (whole) or small (thumbnails)"));
    *ask = (struct evidence_ask){
        .about = id       ? XG_EVIDENCE_CASE
                 : person ? XG_EVIDENCE_PERSON
                          : XG_EVIDENCE_UNIT,
        .code = person ? person : unit,
        .all_photos = photos && strcmp(photos, "all") == 0,
        .within = c->within,
        .role = c->role,
        .lang = xg_lang()};
    if (id && (cmd_option(c, "from") || cmd_option(c, "to")))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("一件的证据没有期间：它总是完整的",
                            "the evidence of a case has no period: it is "
                            "always whole"));
    if (!id && (time_of(&ask->from_ms, c, "from", err) != XG_OK ||
                time_of(&ask->to_ms, c, "to", err) != XG_OK))
        return err->status;
    if (!id && !xg_code_valid(xg_bytes_of(ask->code)))
        return xg_fail(err, XG_USAGE, XG_T("%s 不是代码", "%s is no code"),
                       ask->code);
    return XG_OK;
}

static enum xg_status find_case(struct evidence_ask *ask, struct cmd *c,
                                struct xg_error *err)
{
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = look_find_id(&l, &ask->id, cmd_option(c, "evidence"), err);
    look_close(&l);
    return status;
}

static enum xg_status tell(struct cmd *c, const struct evidence_made *m,
                           struct xg_error *err)
{
    char size[VIEW_SIZE_TEXT];

    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "file", c->args[1],
                      "bytes", (json_int_t)m->bytes, "entities",
                      (json_int_t)m->entities, "records",
                      (json_int_t)m->records, "photos", (json_int_t)m->photos,
                      "photos_missing", (json_int_t)m->missing_photos, "size",
                      (json_int_t)m->size),
            err);
    xg_buf_format(&c->out,
                  XG_T("证据写好了：%s，%s；%" PRIu64 " 件，%" PRIu64
                       " 条记录，照片文件 %" PRIu64 " 个，截至日志第 %" PRIu64
                       " 条\n核对：xunge-audit evidence %s --key 日志公钥\n",
                       "evidence written: %s, %s; %" PRIu64 " cases, %" PRIu64
                       " records, %" PRIu64 " photo files, up to log size "
                       "%" PRIu64 "\ncheck it: xunge-audit evidence %s --key "
                       "VKEY\n"),
                  c->args[1], view_size_text(size, m->bytes), m->entities,
                  m->records, m->photos, m->size, c->args[1]);
    if (m->missing_photos)
        xg_buf_format(&c->out,
                      XG_T("有 %" PRIu64 " 个照片文件丢失，没有附上；见 "
                           "xunge-server check\n",
                           "%" PRIu64 " photo files are lost and not in it: "
                           "see xunge-server check\n"),
                      m->missing_photos);
    return XG_OK;
}

/* No record of who takes it, no file. */
static enum xg_status admit(void *ctx, const struct xg_id *entities,
                            size_t count, bool sensitive, struct xg_error *err)
{
    struct look *l = ctx;
    enum xg_status status = XG_OK;

    if (sensitive && !l->has_reader)
        return look_wants_reader(l->c, err);
    for (size_t i = 0; status == XG_OK && l->has_reader && i < count; i++)
        status = access_add(&l->shown, &entities[i], err);
    return look_tell(l, XG_ACCESS_EVIDENCE, status, err);
}

enum xg_status cmd_export(struct cmd *c, struct xg_error *err)
{
    const struct xg_evidence_sink sink = {.ctx = c, .put = put_file};
    struct evidence_made made = {.size = 0};
    struct evidence_ask ask;
    struct look reader;

    if (ask_of(&ask, c, err) != XG_OK ||
        (ask.about == XG_EVIDENCE_CASE && find_case(&ask, c, err) != XG_OK))
        return err->status;
    enum xg_status status = look_open(&reader, c, err);
    if (status == XG_OK)
        status = look_reader(&reader, err);
    look_give_back(&reader);
    ask.admit = admit;
    ask.ctx = &reader;
    if (status == XG_OK)
        status = evidence_write(&made, c->data, &ask, &sink, err);
    look_close(&reader);
    return status == XG_OK ? tell(c, &made, err) : status;
}
