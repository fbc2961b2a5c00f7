/* account.c - `account`: what is counted and marked about one worker, of what
 * she recorded herself; the same as her own device tells her (`xunge mine`), by
 * the same code. Of each flag it says whether she answered it. */
#include <inttypes.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/print.h"
#include "server/report/each.h"
#include "shared/base/lang.h"
#include "shared/view/account.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { CASE_BYTES = 256 << 20, TEXT_MAX = 1 << 20 };

struct job {
    struct look look;
    struct area area;
    struct xg_statement says; /* who she is */
    struct view_account account;
    struct xg_buf text; /* of the flags */
    json_t *flags;
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

/* ---- flags ---- */

static enum xg_status about(void *ctx, struct view_about *out,
                            const struct xg_op *op, struct xg_error *err)
{
    struct job *j = ctx;

    return j->look.view.about(&j->look, out, op, err);
}

static void mark(void *ctx, const struct xg_state *s, enum view_flag flag,
                 uint64_t count, bool answered)
{
    struct job *j = ctx;
    struct view_entity entity = {.delivery = VIEW_RECEIVED};
    struct xg_error ignored = XG_ERROR_NONE;
    json_t *o = json_object();

    xg_ignore(j->look.view.entity(&j->look, &entity, &s->id, &ignored));
    view_json_set(&o, "flag", json_string(view_flag_name(flag)));
    view_json_set(&o, "text", json_string(view_flag_label(flag)));
    view_json_set(&o, "id", view_json_hex(s->id.b, sizeof s->id.b));
    view_json_set(&o, "number", json_string(entity.number));
    view_json_set(&o, "kind", json_string(s->kind->name));
    view_json_set(&o, "count", view_json_uint(count));
    view_json_set(&o, "answered", json_boolean(answered));
    view_json_append(&j->flags, o);
    xg_buf_format(&j->text, "  %s  %s  %s%s\n", entity.number,
                  XG_T(s->kind->zh, s->kind->en), view_flag_label(flag),
                  answered ? XG_T("  已有说明", "  answered") : "");
}

static enum xg_status look_at(struct job *j, const struct xg_id *id,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(CASE_BYTES);
    struct fold fold;
    bool found = false;
    enum xg_status status = fold_of_entity(&fold, &found, &arena, j->look.store,
                                           &j->look.registry, id, err);

    if (status == XG_OK && found) {
        j->look.fold = &fold;
        j->look.row = &fold.entity;
        status = view_account_add(&j->account, &fold.state, err);
        j->look.fold = NULL;
        j->look.row = NULL;
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status look_at_hers(void *ctx, const struct store_entity *e,
                                   struct xg_error *err)
{
    struct job *j = ctx;

    return e->folded && strcmp(e->author, j->account.author) == 0
               ? look_at(j, &e->id, err)
               : XG_OK;
}

/* ---- out ---- */

static enum xg_status put(struct job *j, struct xg_error *err)
{
    const struct view_account *a = &j->account;
    const struct xg_role *role = xg_role_find(j->says.role);
    const char *name = area_person(&j->area, a->author);
    uint64_t metres = (a->distance_mm + 500) / 1000;
    struct xg_buf *out = &j->look.c->out;

    if (j->look.c->json)
        return cmd_put_json(
            j->look.c,
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:O}",
                      "worker", a->author, "name", name, "role",
                      role ? role->name : "", "unit", j->says.unit, "unit_name",
                      area_unit_name(&j->area, j->says.unit), "patrols",
                      (json_int_t)a->patrols, "distance_m", (json_int_t)metres,
                      "visits", (json_int_t)a->visits, "reports",
                      (json_int_t)a->reports, "valid_reports",
                      (json_int_t)a->valid, "flags", j->flags),
            err);
    view_put_line(out, xg_bytes_of(a->author));
    xg_buf_byte(out, ' ');
    view_put_line(out, xg_bytes_of(name));
    xg_buf_format(out,
                  XG_T("：巡查 %" PRIu64 " 次，", ": %" PRIu64 " patrols, "),
                  a->patrols);
    view_put_decimal(out, (int64_t)metres, 3);
    xg_buf_format(out,
                  XG_T(" 公里；走访 %" PRIu64 " 次；上报 %" PRIu64
                       " 件，其中有效 %" PRIu64 " 件\n",
                       " km; %" PRIu64 " visits; %" PRIu64 " reports, %" PRIu64
                       " of them valid\n"),
                  a->visits, a->reports, a->valid);
    xg_buf_append(out, j->text.data, j->text.len);
    return xg_buf_check(out, err);
}

enum xg_status cmd_account(struct cmd *c, struct xg_error *err)
{
    struct job j = {.text = XG_BUF(TEXT_MAX), .flags = json_array()};
    enum xg_status status = look_open(&j.look, c, err);

    j.area = (struct area){&j.look, c->within ? c->within : ""};
    j.account = (struct view_account){
        .author = c->args[1], .ctx = &j, .about = about, .mark = mark};
    if (status == XG_OK)
        status = find_worker(&j, c->args[1], err);
    if (status == XG_OK)
        status = report_each(j.look.store, (struct store_filter){.bare = true},
                             &j, look_at_hers, err);
    if (status == XG_OK)
        status = put(&j, err);
    json_decref(j.flags);
    xg_buf_clear(&j.text);
    look_close(&j.look);
    return status;
}
