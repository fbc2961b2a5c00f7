/* account.c - `account`: what is counted and marked about one worker, of what
 * she recorded herself; the same as her own device tells her (`xunge mine`), by
 * the same code, of whose words the board keeps a row each. Of each flag it says
 * whether she answered it. Who looks is told of those about what they may see:
 * somebody who came from another unit brought flags along that are its. */
#include <inttypes.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/print.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { FLAGS_BYTES = 64 << 20 };

struct job {
    struct board_reader *board;
    struct look look;
    struct area area;
    struct xg_arena arena;
    struct xg_statement says; /* who she is */
    struct board_account account;
    struct board_flag *flags;
    size_t flag_count;
};

static enum xg_status nobody(const char *code, struct xg_error *err)
{
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有工号为 %.80s 的人员，见 worker list",
                        "nobody has the code %.80s: see worker list"),
                   code);
}

static enum xg_status find_worker(struct job *j, const char *code,
                                  struct xg_error *err)
{
    const struct xg_registry *r = &j->look.registry;
    bool found = false, within = false;
    uint64_t position;

    if (strlen(code) <= XG_CODE_MAX && strcmp(code, REGISTRY_SERVER) != 0 &&
        r->find(r->ctx, XG_SAYS_WORKER, code, INT64_MAX, &j->says, &position,
                &found, err) != XG_OK)
        return err->status;
    if (found && area_has(&j->area, &within, j->says.unit, err) != XG_OK)
        return err->status;
    return found && within ? XG_OK : nobody(code, err);
}

static enum xg_status read_flags(struct job *j, const char *code,
                                 struct xg_error *err)
{
    struct board_flag *flags;
    size_t count, kept = 0;

    if (board_flags(j->board, &j->arena, &flags, &count, code, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        bool sees;
        if (sight_id(&sees, &j->look.sight, &flags[i].id, err) != XG_OK)
            return err->status;
        if (sees)
            flags[kept++] = flags[i];
    }
    j->flags = flags;
    j->flag_count = kept;
    return XG_OK;
}

/* ---- out ---- */

static json_t *flags_json(const struct job *j)
{
    json_t *list = json_array();

    for (size_t i = 0; i < j->flag_count; i++) {
        const struct board_flag *f = &j->flags[i];
        const struct xg_kind *kind = xg_kind_find(f->kind);
        json_t *o = json_object();
        view_json_set(&o, "flag", json_string(view_flag_name(f->flag)));
        view_json_set(&o, "text", json_string(view_flag_label(f->flag)));
        view_json_set(&o, "id", view_json_hex(f->id.b, sizeof f->id.b));
        view_json_set(&o, "number", json_string(f->name));
        view_json_set(&o, "kind", json_string(kind ? kind->name : ""));
        view_json_set(&o, "count", view_json_uint(f->count));
        view_json_set(&o, "answered", json_boolean(f->answered));
        view_json_append(&list, o);
    }
    return list;
}

static enum xg_status put_json(struct job *j, const char *code,
                               struct xg_error *err)
{
    const struct board_account *a = &j->account;
    const struct xg_role *role = xg_role_find(j->says.role);

    return cmd_put_json(
        j->look.c,
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o}",
                  "worker", code, "name", area_person(&j->area, code), "role",
                  role ? role->name : "", "unit", j->says.unit, "unit_name",
                  area_unit_name(&j->area, j->says.unit), "patrols",
                  (json_int_t)a->patrols, "distance_m",
                  (json_int_t)((a->distance_mm + 500) / 1000), "visits",
                  (json_int_t)a->visits, "reports", (json_int_t)a->reports,
                  "valid_reports", (json_int_t)a->valid, "flags",
                  flags_json(j)),
        err);
}

static enum xg_status put_text(struct job *j, const char *code,
                               struct xg_error *err)
{
    const struct board_account *a = &j->account;
    struct xg_buf *out = &j->look.c->out;

    view_put_line(out, xg_bytes_of(code));
    xg_buf_byte(out, ' ');
    view_put_line(out, xg_bytes_of(area_person(&j->area, code)));
    xg_buf_format(out,
                  XG_T("：巡查 %" PRIu64 " 次，", ": %" PRIu64 " patrols, "),
                  a->patrols);
    view_put_decimal(out, (a->distance_mm + 500) / 1000, 3);
    xg_buf_format(out,
                  XG_T(" 公里；走访 %" PRIu64 " 次；上报 %" PRIu64
                       " 件，其中有效 %" PRIu64 " 件\n",
                       " km; %" PRIu64 " visits; %" PRIu64 " reports, %" PRIu64
                       " of them valid\n"),
                  a->visits, a->reports, a->valid);
    for (size_t i = 0; i < j->flag_count; i++) {
        const struct board_flag *f = &j->flags[i];
        const struct xg_kind *kind = xg_kind_find(f->kind);
        xg_buf_format(out, "  %s  %s  %s%s\n", f->name,
                      kind ? XG_T(kind->zh, kind->en) : "",
                      view_flag_label(f->flag),
                      f->answered ? XG_T("  已有说明", "  answered") : "");
    }
    return xg_buf_check(out, err);
}

enum xg_status cmd_account(struct cmd *c, struct xg_error *err)
{
    struct job j = {.arena = XG_ARENA(FLAGS_BYTES)};
    const char *code = c->args[1];
    enum xg_status status = area_board(&j.board, c, err);

    if (status == XG_OK)
        status = look_open(&j.look, c, err);
    j.area = (struct area){&j.look, c->within ? c->within : ""};
    if (status == XG_OK)
        status = find_worker(&j, code, err);
    if (status == XG_OK)
        status = board_account(j.board, &j.account, code, err);
    if (status == XG_OK)
        status = read_flags(&j, code, err);
    if (status == XG_OK)
        status = c->json ? put_json(&j, code, err) : put_text(&j, code, err);
    if (j.look.c)
        look_close(&j.look);
    board_end(c->data->board, j.board);
    xg_arena_clear(&j.arena);
    return status;
}
