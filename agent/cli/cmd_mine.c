/* cmd_mine.c - `mine`: all that is counted and marked about the worker, for the
 * worker: so that nothing is known of them that they cannot see and answer.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/view/photo.h"
#include "shared/view/account.h"
#include "shared/view/text.h"

enum { MINE_ARENA_MAX = 256 << 20 };

struct mine {
    struct cli *cli;
    struct cli_view view;
    char author[XG_CODE_MAX + 1];
    struct view_account account;
    const struct store_entity *entity; /* that is looked at */
    json_t *list; /* of flags, with --json */
};

/* ---- marking ---- */

static void mark(void *ctx, const struct xg_state *s, enum view_flag flag,
                 uint64_t count, bool answered)
{
    struct mine *m = ctx;
    const struct store_entity *e = m->entity;
    struct xg_buf *out = &m->cli->out;

    (void)s;
    if (m->cli->json) {
        json_array_append_new(
            m->list,
            json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:b}", "flag",
                      view_flag_name(flag), "text", view_flag_label(flag), "id",
                      cli_json_hex(e->id.b, XG_ID_SIZE), "number", e->number,
                      "kind", e->kind->name, "count", (json_int_t)count,
                      "answered", answered));
        return;
    }
    xg_buf_text(out, "  ");
    cli_put_number(out, e);
    xg_buf_format(out, "  %s  %s", xg_label(e->kind->zh, e->kind->en),
                  view_flag_label(flag));
    if (count > 1)
        xg_buf_format(out, XG_T("（%" PRIu64 " 处）", " (%" PRIu64 ")"), count);
    if (answered)
        xg_buf_text(out, XG_T("  已有说明", "  answered"));
    else {
        xg_buf_text(out, XG_T("  说明：xunge note ", "  answer: xunge note "));
        cli_put_number(out, e);
        xg_buf_text(out, " \"…\"");
    }
    xg_buf_byte(out, '\n');
}

/* What is known of one record. */
static enum xg_status know(void *ctx, struct view_about *about,
                           const struct xg_op *op, struct xg_error *err)
{
    struct mine *m = ctx;

    return m->view.context.about(m->view.context.ctx, about, op, err);
}

static enum xg_status look_at(struct mine *m, const struct xg_id *id,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(MINE_ARENA_MAX);
    struct store_entity e;
    struct fold fold;
    enum xg_status status =
        store_load_entity(m->cli->home.store, &e, NULL, id, err);

    if (status != XG_OK || !e.folded)
        return status;
    status = fold_load(m->cli->home.store, &fold, &arena, id, err);
    if (status == XG_OK && fold.state.kind) {
        m->view.fold = &fold;
        m->entity = &e;
        status = view_account_add(&m->account, &fold.state, err);
        m->view.fold = NULL;
        m->entity = NULL;
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_counts(struct mine *m, struct xg_error *err)
{
    struct xg_buf all = XG_BUF(CLI_OUT_MAX);
    uint64_t metres = (m->account.distance_mm + 500) / 1000;

    if (m->cli->json)
        return cli_put_json(
            m->cli,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:O}", "worker",
                      m->author, "patrols", (json_int_t)m->account.patrols,
                      "distance_m", (json_int_t)metres, "visits",
                      (json_int_t)m->account.visits, "reports", (json_int_t)m->account.reports,
                      "valid_reports", (json_int_t)m->account.valid, "flags", m->list),
            err);
    xg_buf_format(&all,
                  XG_T("%s：巡查 %" PRIu64 " 次，%" PRIu64 ".%" PRIu64
                       " 公里；走访 %" PRIu64 " 次；上报 %" PRIu64
                       " 件，其中有效 %" PRIu64 " 件\n",
                       "%s: %" PRIu64 " patrols, %" PRIu64 ".%" PRIu64
                       " km; %" PRIu64 " visits; %" PRIu64 " reports, %" PRIu64
                       " of them valid\n"),
                  m->author, m->account.patrols, metres / 1000, metres / 100 % 10,
                  m->account.visits, m->account.reports, m->account.valid);
    if (m->account.flags)
        xg_buf_format(&all,
                      XG_T("存疑标记 %" PRIu64 " 个，都可以说明：\n",
                           "%" PRIu64 " flags; any can be answered:\n"),
                      m->account.flags);
    else
        xg_buf_text(&all, XG_T("没有存疑标记。\n", "No flags.\n"));
    xg_buf_append(&all, m->cli->out.data, m->cli->out.len);
    xg_buf_text(&all,
                XG_T("只算本机上有的。没有积分，没有排名。\n",
                     "Of what is on this device. No points, no rankings.\n"));
    xg_buf_reset(&m->cli->out);
    xg_buf_append(&m->cli->out, all.data, all.len);
    xg_buf_clear(&all);
    return xg_buf_check(&m->cli->out, err);
}

enum xg_status cmd_mine(struct cli *cli, struct xg_error *err)
{
    const struct store_filter filter = {.gone = true};
    struct mine m = {.cli = cli, .list = json_array()};
    struct xg_judgement actor;
    struct cli_ids ids = {0};
    enum xg_status status =
        fold_actor(cli->home.store, &actor, cli_flag(cli, "as"), err);

    if (status == XG_OK)
        status = cli_view_init(&m.view, cli, err);
    if (status == XG_OK) {
        memcpy(m.author, actor.author, sizeof m.author);
        m.account = (struct view_account){
            .author = m.author, .ctx = &m, .about = know, .mark = mark};
        status = cli_ids_of(&ids, cli, &filter, err);
    }
    for (size_t i = 0; status == XG_OK && i < ids.count; i++) {
        status = look_at(&m, &ids.list[i], err);
        cli_progress(cli, XG_T("查看", "looking"), i + 1, ids.count);
    }
    if (status == XG_OK)
        status = put_counts(&m, err);
    json_decref(m.list);
    cli_ids_clear(&ids);
    return status;
}
