/* cmd_near.c - one thing reported twice: duplicates, link, unlink; the hint
 * after capturing; the group that `show` adds. See shared/core/near.h.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <string.h>

#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/view/duplicate.h"
#include "shared/view/json.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    SPOTS_ARENA_MAX = 256 << 20,
    PAIRS_SHOWN = 200,
    SHORT_ID = 6,
    STATE_MAX = 64 << 20,
    NEAR_SHOWN = 8,
};

void cli_put_number(struct xg_buf *out, const struct store_entity *e)
{
    if (*e->number)
        xg_buf_text(out, e->number);
    else
        xg_buf_hex(out, e->id.b, SHORT_ID);
}

static json_t *metres_json(int64_t mm)
{
    return json_integer((mm + 500) / 1000);
}

/* ---- spots ---- */

/* The open incidents here whose place is known. */
struct spots {
    struct xg_arena arena; /* lends what the spots lend */
    struct xg_spot *list;
    size_t count, room;
};

struct gathering {
    struct spots *spots;
    struct xg_error *err;
    enum xg_status status;
};

static enum xg_status keep_spot(struct spots *spots, const struct xg_spot *spot,
                                struct xg_error *err)
{
    if (spots->count == spots->room) {
        size_t room = spots->room ? 2 * spots->room : 64;
        struct xg_spot *list =
            xg_arena_array(&spots->arena, room, sizeof *list);
        if (!list)
            return xg_fail_nomem(err);
        if (spots->count)
            memcpy(list, spots->list, spots->count * sizeof *list);
        spots->list = list;
        spots->room = room;
    }
    struct xg_spot *kept = &spots->list[spots->count];
    *kept = *spot;
    kept->category.at =
        xg_arena_copy(&spots->arena, spot->category.at, spot->category.len);
    if (!kept->category.at)
        return xg_fail_nomem(err);
    spots->count++;
    return XG_OK;
}

static bool gather(void *ctx, const struct store_entity *e,
                   struct xg_bytes state)
{
    struct gathering *g = ctx;
    struct xg_brief brief;
    struct xg_spot spot;

    (void)e;
    g->status = xg_brief_read(&brief, state, g->err);
    if (g->status == XG_OK && xg_spot_read(&spot, &brief))
        g->status = keep_spot(g->spots, &spot, g->err);
    return g->status == XG_OK;
}

static enum xg_status load_spots(struct spots *spots, struct cli *cli,
                                 struct xg_error *err)
{
    const struct store_filter filter = {
        .kind = xg_kind_find(XG_KIND_INCIDENT), .open = true, .gone = true};

    *spots = (struct spots){.arena = XG_ARENA(SPOTS_ARENA_MAX)};
    struct gathering g = {spots, err, XG_OK};
    if (store_list(cli->home.store, &filter, true, gather, &g, err) != XG_OK)
        return err->status;
    return g.status;
}

static void clear_spots(struct spots *spots)
{
    xg_arena_clear(&spots->arena);
}

static const struct xg_spot *spot_of(const struct spots *spots,
                                     const struct xg_id *id)
{
    for (size_t i = 0; i < spots->count; i++)
        if (xg_id_equal(&spots->list[i].id, id))
            return &spots->list[i];
    return NULL;
}

/* What the catalogue says of the category, for xg_near_pairs(). */
static int64_t radius_of(void *ctx, struct xg_bytes category)
{
    return cli_near_radius_mm(ctx, category);
}

/* ---- the hint ---- */

/* The nearest of the other spots, and how many are near at all. */
static const struct xg_spot *nearest(const struct spots *spots,
                                     const struct xg_spot *own, int64_t radius,
                                     int64_t *mm, size_t *count)
{
    const struct xg_spot *best = NULL;

    *count = 0;
    *mm = radius;
    for (size_t i = 0; i < spots->count; i++) {
        int64_t far;
        if (!xg_spots_near(own, &spots->list[i], radius, &far))
            continue;
        (*count)++;
        if (!best || far < *mm) {
            best = &spots->list[i];
            *mm = far;
        }
    }
    return best;
}

static void say_nearest(struct cli *cli, const struct store_entity *own,
                        const struct store_entity *e, int64_t mm, size_t count)
{
    struct xg_buf text = XG_BUF(1024), link = XG_BUF(256);

    view_put_distance(&text, mm);
    xg_buf_text(&text, XG_T("处已有同类事件 ", " away there is one alike: "));
    cli_put_number(&text, e);
    if (e->status)
        xg_buf_format(
            &text, XG_T("（%s）", " (%s)"),
            xg_labels_of(cli_labels(cli), XG_LABEL_STATUS, e->status));
    if (count > 1)
        xg_buf_format(&text, XG_T("，附近共 %zu 件", ", %zu in all"), count);
    cli_put_number(&link, own);
    xg_buf_byte(&link, ' ');
    cli_put_number(&link, e);
    cli_say(cli,
            XG_T("附近 %s；是同一件就 xunge link %s",
                 "%s; if it is the same: xunge link %s"),
            xg_buf_str(&text), xg_buf_str(&link));
    xg_buf_clear(&text);
    xg_buf_clear(&link);
}

/* NULL: it cannot be looked at. */
static json_t *near_json(struct cli *cli, const struct xg_id *id, int64_t mm)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_buf state = XG_BUF(STATE_MAX);
    struct xg_brief brief;
    struct store_entity e;
    json_t *one = NULL;

    if (store_load_entity(cli->home.store, &e, &state, id, &ignored) == XG_OK &&
        xg_brief_read(&brief, xg_buf_bytes(&state), &ignored) == XG_OK &&
        brief.kind)
        one = view_near_json(&brief, e.number, e.first_ms, mm);
    xg_buf_clear(&state);
    return one;
}

/* The nearest first, NEAR_SHOWN at most. */
static json_t *all_near(struct cli *cli, const struct spots *spots,
                        const struct xg_spot *own, int64_t radius)
{
    struct xg_near_spot best[NEAR_SHOWN];
    json_t *list = json_array();
    size_t count = xg_spots_nearest(best, NEAR_SHOWN, spots->list,
                                    spots->count, own, radius);

    for (size_t i = 0; i < count; i++) {
        json_t *one = near_json(cli, &best[i].spot->id, best[i].distance_mm);
        if (one)
            json_array_append_new(list, one);
    }
    return list;
}

static int64_t radius_or_default(struct cli *cli, struct xg_bytes category)
{
    int64_t radius = cli_near_radius_mm(cli, category);

    return radius < 0 ? XG_NEAR_DEFAULT_MM : radius;
}

json_t *cli_near_draft(struct cli *cli, const struct xg_draft *draft)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct spots spots;
    struct xg_spot own;

    if (!view_draft_spot(&own, draft))
        return json_array();
    int64_t radius = radius_or_default(cli, own.category);
    json_t *list = NULL;
    if (radius) {
        if (load_spots(&spots, cli, &ignored) == XG_OK)
            list = all_near(cli, &spots, &own, radius);
        clear_spots(&spots);
    }
    return list ? list : json_array();
}

void cli_say_near(struct cli *cli, const struct xg_id *id, json_t *answer)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct spots spots;
    struct store_entity own, e;
    enum xg_status status = load_spots(&spots, cli, &ignored);
    const struct xg_spot *spot = status == XG_OK ? spot_of(&spots, id) : NULL;

    if (spot) {
        int64_t radius = radius_or_default(cli, spot->category), mm;
        size_t count = 0;
        const struct xg_spot *other =
            radius ? nearest(&spots, spot, radius, &mm, &count) : NULL;
        if (other && answer)
            json_object_set_new(answer, "near",
                                all_near(cli, &spots, spot, radius));
        else if (other &&
                 store_load_entity(cli->home.store, &own, NULL, id, &ignored) ==
                     XG_OK &&
                 store_load_entity(cli->home.store, &e, NULL, &other->id,
                                   &ignored) == XG_OK)
            say_nearest(cli, &own, &e, mm, count);
    }
    clear_spots(&spots);
}

/* ---- duplicates ---- */

/* One side of a pair: lines, or JSON into *side. */
static enum xg_status put_side(struct cli *cli, struct cli_view *view,
                               struct store_entity *e, json_t **side,
                               const struct xg_id *id, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(SPOTS_ARENA_MAX);
    struct fold fold;
    enum xg_status status =
        store_load_entity(cli->home.store, e, NULL, id, err);

    if (status == XG_OK)
        status = fold_load(cli->home.store, &fold, &arena, id, err);
    view->entity = e;
    view->fold = &fold;
    if (status == XG_OK)
        status =
            side ? view_side_json(side, &fold.state, &view->context, err)
                 : view_put_side(&cli->out, &fold.state, &view->context, err);
    view->entity = NULL;
    view->fold = NULL;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status pair_json(struct cli *cli, struct cli_view *view,
                                const struct xg_near_pair *pair,
                                struct xg_error *err)
{
    struct store_entity e;
    json_t *a = NULL, *b = NULL;

    if (put_side(cli, view, &e, &a, &pair->a->id, err) != XG_OK ||
        put_side(cli, view, &e, &b, &pair->b->id, err) != XG_OK) {
        json_decref(a);
        return err->status;
    }
    return cli_put_json(cli,
                        json_pack("{s:o, s:s%, s:[o, o]}", "distance_m",
                                  metres_json(pair->distance_mm), "category",
                                  (const char *)pair->a->category.at,
                                  pair->a->category.len, "reports", a, b),
                        err);
}

static enum xg_status put_pair(struct cli *cli, struct cli_view *view,
                               const struct xg_near_pair *pair,
                               struct xg_error *err)
{
    struct xg_buf *out = &cli->out;
    struct store_entity a, b;

    if (cli->json)
        return pair_json(cli, view, pair, err);
    xg_buf_text(out, XG_T("相距 ", ""));
    view_put_distance(out, pair->distance_mm);
    xg_buf_text(out, XG_T("，同为 ", " apart, both "));
    view_put_line(out, pair->a->category);
    xg_buf_byte(out, '\n');
    if (put_side(cli, view, &a, NULL, &pair->a->id, err) != XG_OK ||
        put_side(cli, view, &b, NULL, &pair->b->id, err) != XG_OK)
        return err->status;
    xg_buf_text(out,
                XG_T("  是同一件：xunge link ", "  the same: xunge link "));
    cli_put_number(out, &a);
    xg_buf_byte(out, ' ');
    cli_put_number(out, &b);
    xg_buf_text(out, "\n\n");
    return xg_buf_check(out, err);
}

/* Are they in one group already? */
static bool grouped(const struct xg_grouped *all, size_t count,
                    const struct xg_near_pair *pair)
{
    const struct xg_id *a = xg_group_find(all, count, &pair->a->id);
    const struct xg_id *b = xg_group_find(all, count, &pair->b->id);

    return a && b && xg_id_equal(a, b);
}

static enum xg_status put_pairs(struct cli *cli, struct spots *spots,
                                const struct xg_id *only, struct xg_error *err)
{
    struct xg_near_pair *pairs;
    struct xg_grouped *groups;
    struct xg_link *links;
    struct cli_view view;
    size_t count, link_count, grouped_count, shown = 0;

    if (cli_view_init(&view, cli, err) != XG_OK ||
        xg_near_pairs(&pairs, &count, &spots->arena, spots->list, spots->count,
                      radius_of, cli, err) != XG_OK ||
        store_links(cli->home.store, &links, &link_count, &spots->arena, err) !=
            XG_OK ||
        xg_groups_of(&groups, &grouped_count, &spots->arena, links, link_count,
                     err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        if ((only && !xg_id_equal(&pairs[i].a->id, only) &&
             !xg_id_equal(&pairs[i].b->id, only)) ||
            grouped(groups, grouped_count, &pairs[i]))
            continue;
        if (shown++ < PAIRS_SHOWN &&
            put_pair(cli, &view, &pairs[i], err) != XG_OK)
            return err->status;
    }
    if (shown == 0)
        cli_say(cli, "%s",
                XG_T("没有疑似重复（同类、未办结、位置相近）的事件。",
                     "No incidents that may be the same (alike, open, near "
                     "each other)."));
    if (shown > PAIRS_SHOWN)
        cli_say(cli, XG_T("另有 %zu 对没有列出。", "%zu more are not listed."),
                shown - PAIRS_SHOWN);
    return XG_OK;
}

enum xg_status cmd_duplicates(struct cli *cli, struct xg_error *err)
{
    struct spots spots;
    struct xg_id id;
    bool one = cli->word_count > 0;

    if (one &&
        store_find_entity(cli->home.store, &id, cli->words[0], err) != XG_OK)
        return err->status;
    enum xg_status status = load_spots(&spots, cli, err);
    if (status == XG_OK && one && !spot_of(&spots, &id))
        cli_say(cli, "%s",
                XG_T("这一件没有位置，或已办结，或不是事件，比不了；补上位置"
                     "再试：xunge set 编号 position=纬度,经度。",
                     "It is no open incident with a position: nothing to "
                     "compare. Give it one and try again: xunge set ID "
                     "position=LAT,LON."));
    else if (status == XG_OK)
        status = put_pairs(cli, &spots, one ? &id : NULL, err);
    clear_spots(&spots);
    return status;
}

/* ---- link and unlink ---- */

static enum xg_status answer(struct cli *cli, const struct store_entity *a,
                             const struct store_entity *b, bool linked,
                             struct xg_error *err)
{
    struct xg_id group[STORE_GROUP_MAX];
    size_t count = 0;

    if (store_group(cli->home.store, group, &count, &a->id, err) != XG_OK)
        return err->status;
    if (cli->json)
        return cli_put_json(cli,
                            json_pack("{s:b, s:b, s:[o, o], s:I}", "saved", 1,
                                      "linked", linked, "ids",
                                      cli_json_hex(a->id.b, XG_ID_SIZE),
                                      cli_json_hex(b->id.b, XG_ID_SIZE),
                                      "group_size", (json_int_t)count),
                            err);
    cli_put_number(&cli->out, a);
    xg_buf_text(&cli->out, XG_T(" 与 ", " and "));
    cli_put_number(&cli->out, b);
    if (linked)
        xg_buf_format(
            &cli->out,
            XG_T(" 已关联为同一件，同组 %zu 件；各自的办理和答复不变\n",
                 " are recorded as one thing, %zu in its group; each "
                 "keeps its own way and its answer\n"),
            count);
    else
        xg_buf_text(&cli->out, XG_T(" 已取消关联\n",
                                    " are not recorded as one any more\n"));
    return xg_buf_check(&cli->out, err);
}

static enum xg_status find_two(struct cli *cli, struct store_entity *a,
                               struct store_entity *b, struct xg_error *err)
{
    if (cli_find(cli, a, cli->words[0], err) != XG_OK ||
        cli_find(cli, b, cli->words[1], err) != XG_OK)
        return err->status;
    if (xg_id_equal(&a->id, &b->id))
        return xg_fail(
            err, XG_USAGE,
            XG_T("%s 和 %s 是同一条记录", "%s and %s are one record"),
            cli->words[0], cli->words[1]);
    if (a->kind != b->kind)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 是%s，%s 是%s：只有同一种类的才能关联为同一件",
                            "%s is a %s, %s a %s: only two of a kind can be "
                            "the same"),
                       cli->words[0], xg_label(a->kind->zh, a->kind->en),
                       cli->words[1], xg_label(b->kind->zh, b->kind->en));
    return cli_may_record(cli, err);
}

/* The link as a record of `from`. [T] */
static enum xg_status link_from(struct cli *cli,
                                const struct store_entity *from,
                                const struct store_entity *to,
                                struct xg_error *err)
{
    struct store *s = cli->home.store;
    struct xg_buf value = XG_BUF(64);
    struct captured c;
    struct cli_act act;

    cli_act_init(&act, cli, from->kind, &from->id);
    xg_cbor_put_bytes(&value, to->id.b, XG_ID_SIZE);
    enum xg_status status =
        xg_draft_add(&act.draft, XG_FIELD_SAME_AS, xg_buf_bytes(&value), err);
    if (status == XG_OK)
        status = cli_act_why(&act, cli, err);
    if (status == XG_OK)
        status = store_ready_author(s, cli_flag(cli, "as"), err);
    if (status == XG_OK)
        status = store_begin(s, err);
    if (status == XG_OK) {
        status = cli_act_append(&act, cli, &c, &from->id, CLI_DECIDES, err);
        if (status == XG_OK)
            status = store_commit(s, err);
        store_rollback(s);
    }
    cli_act_clear(&act);
    xg_buf_clear(&value);
    return status;
}

enum xg_status cmd_link(struct cli *cli, struct xg_error *err)
{
    struct store_entity a, b;
    struct xg_id group[STORE_GROUP_MAX];
    struct xg_error other = XG_ERROR_NONE;
    size_t count = 0;

    if (find_two(cli, &a, &b, err) != XG_OK ||
        store_group(cli->home.store, group, &count, &a.id, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (xg_id_equal(&group[i], &b.id))
            return xg_fail(err, XG_REFUSED,
                           XG_T("%s 与 %s 已在同一组", "%s and %s are in one "
                                                       "group already"),
                           cli->words[0], cli->words[1]);
    /* Where this person may not write to the first, perhaps to the second: a
     * link has no direction. */
    if (link_from(cli, &a, &b, err) != XG_OK &&
        (err->status != XG_REFUSED || link_from(cli, &b, &a, &other) != XG_OK))
        return err->status;
    *err = XG_ERROR_NONE;
    cli->saved = true;
    return answer(cli, &a, &b, true, err);
}

/* Take out every element of `from` that names `to`; *found: there was one. [t]
 */
static enum xg_status unlink_from(struct cli *cli,
                                  const struct store_entity *from,
                                  const struct store_entity *to, bool *found,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(SPOTS_ARENA_MAX);
    struct captured c;
    struct cli_act act;
    struct fold fold;
    size_t removed = 0;

    cli_act_init(&act, cli, from->kind, &from->id);
    enum xg_status status =
        fold_load(cli->home.store, &fold, &arena, &from->id, err);
    const struct xg_set *set =
        status == XG_OK ? xg_state_set(&fold.state, XG_FIELD_SAME_AS) : NULL;
    for (size_t i = 0; status == XG_OK && set && i < set->count; i++) {
        const struct xg_element *e = &set->elements[i];
        struct xg_cbor at = xg_cbor_over(e->value);
        struct xg_cbor_item id;
        if (e->removed || !xg_cbor_next(&at, &id) ||
            id.bytes.len != XG_ID_SIZE ||
            memcmp(id.bytes.at, to->id.b, XG_ID_SIZE) != 0)
            continue;
        removed++;
        status = xg_draft_remove(&act.draft, XG_FIELD_SAME_AS,
                                 &fold.ops[e->op].record->hash, e->index, err);
    }
    if (status == XG_OK && removed)
        status = cli_act_why(&act, cli, err);
    if (status == XG_OK && removed)
        status = cli_act_append(&act, cli, &c, &from->id, CLI_DECIDES, err);
    *found |= removed > 0;
    cli_act_clear(&act);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cmd_unlink(struct cli *cli, struct xg_error *err)
{
    struct store *s = cli->home.store;
    struct store_entity a, b;
    bool found = false;

    if (find_two(cli, &a, &b, err) != XG_OK ||
        store_ready_author(s, cli_flag(cli, "as"), err) != XG_OK ||
        store_begin(s, err) != XG_OK)
        return err->status;
    enum xg_status status = unlink_from(cli, &a, &b, &found, err);
    if (status == XG_OK)
        status = unlink_from(cli, &b, &a, &found, err);
    if (status == XG_OK && !found)
        status = xg_fail(err, XG_REFUSED,
                         XG_T("%s 与 %s 没有直接关联；同组的见 xunge "
                              "show %s",
                              "%s and %s were not linked with each other; "
                              "xunge show %s lists the group"),
                         cli->words[0], cli->words[1], cli->words[0]);
    if (status == XG_OK)
        status = store_commit(s, err);
    store_rollback(s);
    if (status != XG_OK)
        return status;
    cli->saved = true;
    return answer(cli, &a, &b, false, err);
}

/* ---- the group, in `show` ---- */

/* A member that is not here is named and no more. */
static enum xg_status load_member(struct cli *cli, struct view_member *out,
                                  const struct xg_id *id, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(SPOTS_ARENA_MAX);
    struct store_entity e;
    struct fold fold;
    enum xg_status status =
        store_load_entity(cli->home.store, &e, NULL, id, err);

    if (status == XG_OK && !e.folded) {
        *out = (struct view_member){.id = *id};
        memcpy(out->number, e.number, sizeof out->number);
        return XG_OK;
    }
    if (status == XG_OK)
        status = fold_load(cli->home.store, &fold, &arena, id, err);
    if (status == XG_OK) {
        view_member_of(out, &fold.state, e.number);
    } else if (status == XG_NOTFOUND) {
        *err = XG_ERROR_NONE;
        *out = (struct view_member){.id = *id};
        status = XG_OK;
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cli_put_group(struct cli *cli, struct xg_buf *out,
                             json_t **object, const struct xg_id *id,
                             struct xg_error *err)
{
    struct view_member members[STORE_GROUP_MAX];
    struct xg_id group[STORE_GROUP_MAX];
    size_t count = 0;
    enum xg_status status =
        store_group(cli->home.store, group, &count, id, err);

    for (size_t i = 0; i < count && count > 1 && status == XG_OK; i++)
        status = load_member(cli, &members[i], &group[i], err);
    if (status != XG_OK || count < 2)
        return status;
    if (!object)
        view_put_group(out, cli_labels(cli), members, count);
    else if (json_object_set_new(*object, "group",
                                 view_group_json(&group[0], members, count)))
        return xg_fail_nomem(err);
    return XG_OK;
}
