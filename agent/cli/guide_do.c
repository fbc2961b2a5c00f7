/* guide_do.c - what the imported reference data says to a move
 * (shared/view/site_move.h) and to what was typed: it warns, and refuses
 * nothing.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/core/cbor.h"
#include "shared/view/names.h"
#include "shared/view/site_move.h"

enum { TEXT_MAX = 256, REMARKS_MAX = 4096 };

#define YEAR_2000_MS INT64_C(946684800000)

static void advise(void *ctx, const char *key, json_t *list)
{
    cli_advise(ctx, key, list);
}

enum xg_status cli_guide_move(struct cli *cli, struct cli_act *act,
                              struct cli_case *at, struct xg_error *err)
{
    struct xg_buf remarks = XG_BUF(REMARKS_MAX);
    struct view_site_move m = {.draft = &act->draft,
                               .state = &at->fold.state,
                               .home = at->fold.home.unit,
                               .actor = &at->actor,
                               .today = cli_today(cli),
                               .anyway = cli_flag(cli, "anyway") != NULL,
                               .remarks = &remarks,
                               .advice = &cli->advice,
                               .advise = advise,
                               .ctx = cli};
    enum xg_status status = cli_guide(cli, &m.guide, err);

    if (status == XG_OK)
        status = view_site_move(&m, err);
    if (remarks.len)
        cli_say(cli, "%s", xg_buf_str(&remarks));
    xg_buf_clear(&remarks);
    return status;
}

/* ---- codes that nobody knows, times that cannot be ---- */

static void warn_code(struct cli *cli, struct xg_guide *g,
                      const struct xg_field *f, const char *code)
{
    struct xg_buf near = XG_BUF(1024);
    bool known = true;

    view_put_nearest(&near, &known, g, f, code);
    if (!known)
        cli_say(cli,
                XG_T("注意：导入的资料里没有%s“%s”%s%s%s；照样保存，也许是新增"
                     "的、本机还没同步到。",
                     "Mind: the imported data knows no %s \"%s\"%s%s%s; it is "
                     "saved all the same: it may be new and not synced yet."),
                xg_label(f->zh, f->en), code,
                near.len ? XG_T("，是不是 ", "; did you mean ") : "",
                near.len ? xg_buf_str(&near) : "",
                near.len ? XG_T("？", "?") : "");
    xg_buf_clear(&near);
}

/* Clocks lie: a remark, never a refusal. */
static void warn_time(struct cli *cli, const struct xg_field *f,
                      const struct xg_cbor_item *item)
{
    bool ahead = strcmp(f->name, "until") == 0 ||
                 strcmp(f->name, "report_by") == 0 ||
                 strcmp(f->name, "due") == 0;
    int64_t ms, now_ms = xg_wall_ms(&cli->env);
    const char *what = NULL;

    if (!xg_cbor_int(item, &ms))
        return;
    if (ahead && ms < now_ms)
        what = XG_T("已经过去", "is past");
    if (f->number == XG_FIELD_HAPPENED && ms > now_ms + VIEW_CLOCK_TOLERANCE_MS)
        what = XG_T("还没到", "is yet to come");
    if (f->number == XG_FIELD_HAPPENED && ms < YEAR_2000_MS)
        what = XG_T("在 2000 年以前", "is before the year 2000");
    if (what)
        cli_say(cli,
                XG_T("注意：%s按本机的钟%s，请核对；照样保存。",
                     "Mind: by this device's clock, \"%s\" %s; look again. It "
                     "is saved all the same."),
                xg_label(f->zh, f->en), what);
}

void cli_warn_codes(struct cli *cli, const struct xg_draft *d)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_guide *g = NULL;
    struct xg_cbor_item item;
    char code[TEXT_MAX];

    if (cli->json || cli_guide(cli, &g, &ignored) != XG_OK)
        return;
    for (size_t i = 0; i < d->field_count; i++) {
        const struct xg_field *f = xg_field_find(kind, d->fields[i].number);
        struct xg_cbor c;
        if (!f)
            continue;
        if (f->merge == XG_MERGE_SET && f->type == XG_TYPE_CODE) {
            for (size_t at = 0; xg_draft_added(&item, d, f->number, at); at++) {
                xg_cbor_text(code, sizeof code, &item);
                warn_code(cli, g, f, code);
            }
            continue;
        }
        c = xg_cbor_over(xg_draft_get(d, f->number));
        if (!xg_cbor_next(&c, &item))
            continue;
        if (f->type == XG_TYPE_TIME)
            warn_time(cli, f, &item);
        if (f->type == XG_TYPE_CODE && xg_cbor_text(code, sizeof code, &item) &&
            *code)
            warn_code(cli, g, f, code);
    }
}
