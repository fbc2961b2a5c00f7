/* pairs.c - `duplicates`: reports that may tell of one thing, side by side. */
#include "server/cli/look.h"
#include "server/merge/group.h"
#include "shared/base/lang.h"
#include "shared/view/duplicate.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { PAIRS_DEFAULT = 20, PAIRS_MAX = 100000, SHORT_ID = 6 };

/* One side: its fold lives as long as it is printed. */
static enum xg_status put_side(struct look *l, json_t **json,
                               const struct xg_id *id, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct fold fold;
    bool found = false;
    enum xg_status status =
        fold_of_entity(&fold, &found, &arena, l->store, &l->registry, id, err);

    if (status == XG_OK && !found)
        status = xg_fail(err, XG_CORRUPT, "an entity is missing");
    if (status == XG_OK) {
        l->fold = &fold;
        l->row = &fold.entity;
        status = json ? view_side_json(json, &fold.state, &l->view, err)
                      : view_put_side(&l->c->out, &fold.state, &l->view, err);
        l->fold = NULL;
        l->row = NULL;
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_pair_json(struct look *l,
                                    const struct xg_near_pair *p,
                                    struct xg_error *err)
{
    json_t *a = NULL, *b = NULL;
    enum xg_status status = put_side(l, &a, &p->a->id, err);

    if (status == XG_OK)
        status = put_side(l, &b, &p->b->id, err);
    if (status != XG_OK) {
        json_decref(a);
        json_decref(b);
        return status;
    }
    if (view_json_put(&l->c->out,
                      json_pack("{s:I, s:s%, s:[o, o]}", "distance_m",
                                (json_int_t)((p->distance_mm + 500) / 1000),
                                "category", (const char *)p->a->category.at,
                                p->a->category.len, "reports", a, b),
                      err) != XG_OK)
        return err->status;
    xg_buf_text(&l->c->out, "\n");
    return XG_OK;
}

/* What a person types for it. */
static enum xg_status put_number(struct look *l, const struct xg_id *id,
                                 struct xg_error *err)
{
    struct view_entity about = {.delivery = VIEW_RECEIVED};

    if (l->view.entity(l, &about, id, err) != XG_OK)
        return err->status;
    if (*about.number)
        view_put_line(&l->c->out, xg_bytes_of(about.number));
    else
        xg_buf_hex(&l->c->out, id->b, SHORT_ID);
    return XG_OK;
}

/* Both sides are there for who looks. */
static enum xg_status sees_both(bool *sees, const struct look *l,
                                const struct xg_near_pair *p,
                                struct xg_error *err)
{
    enum xg_status status = sight_id(sees, &l->sight, &p->a->id, err);

    if (status == XG_OK && *sees)
        status = sight_id(sees, &l->sight, &p->b->id, err);
    return status;
}

static enum xg_status put_pair(struct look *l, const struct xg_near_pair *p,
                               struct xg_error *err)
{
    struct xg_buf *out = &l->c->out;

    if (l->c->json)
        return put_pair_json(l, p, err);
    xg_buf_text(out, XG_T("相距 ", ""));
    view_put_distance(out, p->distance_mm);
    xg_buf_text(out, XG_T("，同为 ", " apart, both "));
    view_put_line(out, p->a->category);
    xg_buf_byte(out, '\n');
    if (put_side(l, NULL, &p->a->id, err) != XG_OK ||
        put_side(l, NULL, &p->b->id, err) != XG_OK)
        return err->status;
    xg_buf_text(out, XG_T("  是同一件：link DIR ", "  the same: link DIR "));
    if (put_number(l, &p->a->id, err) != XG_OK)
        return err->status;
    xg_buf_byte(out, ' ');
    if (put_number(l, &p->b->id, err) != XG_OK)
        return err->status;
    xg_buf_text(out, XG_T(" --as 工号\n\n", " --as CODE\n\n"));
    return XG_OK;
}

static enum xg_status suggest(struct look *l, size_t limit,
                              const struct xg_id *of, struct xg_error *err)
{
    struct xg_near_pair *pairs;
    size_t count = 0;

    if (look_guide(l, err) != XG_OK)
        return err->status;
    enum xg_status status =
        group_suggest(&pairs, &count, &l->arena, l->store, l->guide, of, err);
    size_t seen = 0;
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        bool sees;
        status = sees_both(&sees, l, &pairs[i], err);
        if (status != XG_OK || !sees)
            continue;
        if (seen++ < limit)
            status = put_pair(l, &pairs[i], err);
    }
    count = seen;
    if (status == XG_OK && count == 0 && !l->c->json)
        xg_buf_text(&l->c->out,
                    XG_T("没有疑似重复（同类、未办结、位置相近）的事件\n",
                         "no incidents that may be the same (alike, "
                         "open, near each other)\n"));
    if (status == XG_OK && count > limit && !l->c->json)
        xg_buf_format(
            &l->c->out,
            XG_T("还有 %zu 对，用 --limit 查看\n", "%zu more: see --limit\n"),
            count - limit);
    return status;
}

enum xg_status cmd_duplicates(struct cmd *c, struct xg_error *err)
{
    unsigned long limit;
    struct xg_id id;
    struct look l;

    if (cmd_number(&limit, c, "limit", PAIRS_DEFAULT, PAIRS_MAX, err) != XG_OK)
        return err->status;
    enum xg_status status = look_open(&l, c, err);
    if (status == XG_OK && c->arg_count > 1)
        status = look_find_id(&l, &id, c->args[1], err);
    if (status == XG_OK)
        status = suggest(&l, limit, c->arg_count > 1 ? &id : NULL, err);
    look_close(&l);
    return status;
}
