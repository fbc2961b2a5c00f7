/* cmd_mine.c - `mine`: all that is counted and marked about the worker, for the
 * worker: so that nothing is known of them that they cannot see and answer.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/patrol_cli.h"
#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/view/doubt.h"
#include "shared/view/duplicate.h"
#include "shared/view/photo.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    MINE_ARENA_MAX = 256 << 20,
    HOP_MS_MAX = 60,             /* metres a second: nobody walks so */
    HOP_MIN_M = 500,
};

/* Stable name in JSON, and words. */
#define MINE_FLAG_TABLE(X)                                                     \
    X(FLAG_CLOCK, "clock", "设备时间存疑", "the device's clock was in doubt")  \
    X(FLAG_MOCK, "mock", "轨迹里有模拟定位", "simulated positions")            \
    X(FLAG_JUMP, "jump", "轨迹里有不可能的移动", "a movement that cannot be")  \
    X(FLAG_EXIF_PLACE, "photo-place", "照片自带的位置离得远",                  \
      "a photo says that it is from elsewhere")                                \
    X(FLAG_EXIF_TIME, "photo-time", "照片自带的时间对不上",                    \
      "a photo says that it is from another time")

enum flag {
#define X(name, json, zh, en) name,
    MINE_FLAG_TABLE(X)
#undef X
        FLAGS
};

struct mine {
    struct cli *cli;
    struct cli_view view;
    char author[XG_CODE_MAX + 1];
    uint64_t patrols, distance_mm, visits, reports, valid;
    uint64_t flags; /* how many */
    json_t *list;   /* of them, with --json */
};

static const char *flag_name(enum flag f)
{
    switch (f) {
#define X(name, json, zh, en)                                                  \
    case name:                                                                 \
        return json;
        MINE_FLAG_TABLE(X)
#undef X
    case FLAGS:
        break;
    }
    return "";
}

static const char *flag_label(enum flag f)
{
    switch (f) {
#define X(name, json, zh, en)                                                  \
    case name:                                                                 \
        return XG_T(zh, en);
        MINE_FLAG_TABLE(X)
#undef X
    case FLAGS:
        break;
    }
    return "";
}

/* ---- marking ---- */

/* Did this person say something about it themselves? */
static bool is_answered(const struct mine *m, const struct xg_state *s)
{
    const struct xg_set *notes = xg_state_set(s, XG_FIELD_NOTE);

    for (size_t i = 0; notes && i < notes->count; i++)
        if (!notes->elements[i].removed &&
            strcmp(s->ops[notes->elements[i].op].author, m->author) == 0)
            return true;
    return false;
}

static void mark(struct mine *m, const struct store_entity *e,
                 const struct xg_state *s, enum flag flag, uint64_t count)
{
    bool answered = is_answered(m, s);
    struct xg_buf *out = &m->cli->out;

    m->flags++;
    if (m->cli->json) {
        json_array_append_new(
            m->list,
            json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:b}", "flag",
                      flag_name(flag), "text", flag_label(flag), "id",
                      cli_json_hex(e->id.b, XG_ID_SIZE), "number", e->number,
                      "kind", e->kind->name, "count", (json_int_t)count,
                      "answered", answered));
        return;
    }
    xg_buf_text(out, "  ");
    cli_put_number(out, e);
    xg_buf_format(out, "  %s  %s", xg_label(e->kind->zh, e->kind->en),
                  flag_label(flag));
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
static enum xg_status know(struct mine *m, struct view_about *about,
                           const struct fold *fold, const struct xg_op *op,
                           struct xg_error *err)
{
    m->view.fold = fold;
    enum xg_status status =
        m->view.context.about(m->view.context.ctx, about, op, err);
    m->view.fold = NULL;
    return status;
}

/* ---- clocks ---- */

static enum xg_status look_at_clock(struct mine *m,
                                    const struct store_entity *e,
                                    const struct fold *fold,
                                    struct xg_error *err)
{
    uint64_t count = 0;

    for (size_t i = 0; i < fold->state.count; i++) {
        struct view_about about = {.delivery = VIEW_DRAFT};
        if (strcmp(fold->ops[i].author, m->author) != 0)
            continue;
        if (know(m, &about, fold, &fold->ops[i], err) != XG_OK)
            return err->status;
        count += about.clock_doubt;
    }
    if (count)
        mark(m, e, &fold->state, FLAG_CLOCK, count);
    return XG_OK;
}

/* ---- photos ---- */

static enum xg_status look_at_photos(struct mine *m,
                                     const struct store_entity *e,
                                     const struct fold *fold,
                                     struct xg_error *err)
{
    const struct xg_state *s = &fold->state;
    const struct xg_set *photos = xg_state_set(s, XG_FIELD_PHOTO);
    uint64_t elsewhere = 0, other_time = 0;

    for (size_t i = 0; photos && i < photos->count; i++) {
        const struct xg_element *element = &photos->elements[i];
        const struct xg_op *op = &s->ops[element->op];
        struct view_about about = {.delivery = VIEW_DRAFT};
        struct xg_cbor c = xg_cbor_over(element->value);
        struct xg_cbor_item item;
        if (element->removed || !xg_cbor_next(&c, &item) ||
            strcmp(op->author, m->author) != 0 ||
            view_photo_of(&item).origin != VIEW_ORIGIN_HERE)
            continue; /* of a forwarded one nothing is expected */
        if (know(m, &about, fold, op, err) != XG_OK)
            return err->status;
        struct view_doubts doubts = view_doubts_of(s, element, &about);
        elsewhere += doubts.said[VIEW_DOUBT_PLACE];
        other_time += doubts.said[VIEW_DOUBT_EARLIER] ||
                      doubts.said[VIEW_DOUBT_AHEAD] ||
                      doubts.said[VIEW_DOUBT_UNSET];
    }
    if (elsewhere)
        mark(m, e, s, FLAG_EXIF_PLACE, elsewhere);
    if (other_time)
        mark(m, e, s, FLAG_EXIF_TIME, other_time);
    return XG_OK;
}

/* ---- tracks ---- */

static void look_at_segment(const struct xg_track_segment *segment, uint64_t *mock,
                            uint64_t *jumps)
{
    const struct xg_track_point *points = segment->points;

    for (size_t i = 0; i < segment->count; i++) {
        bool simulated = (points[i].flags & XG_POINT_MOCK) != 0;
        *mock += simulated;
        if (i == 0 || simulated)
            continue;
        int64_t mm = xg_hop_mm(points[i - 1].lat_e6, points[i - 1].lon_e6,
                               points[i].lat_e6, points[i].lon_e6);
        int64_t took_ms = points[i].t_ms - points[i - 1].t_ms;
        *jumps += mm < 0 || (mm > INT64_C(1000) * HOP_MIN_M && took_ms > 0 &&
                             mm > took_ms * HOP_MS_MAX);
    }
}

static enum xg_status look_at_track(struct mine *m,
                                    const struct store_entity *e,
                                    struct xg_arena *arena,
                                    const struct fold *fold,
                                    struct xg_error *err)
{
    struct xg_buf encoded = XG_BUF(64 << 20);
    uint64_t mock = 0, jumps = 0;
    struct xg_brief brief;
    struct track track;

    xg_state_encode(&encoded, &fold->state);
    enum xg_status status = xg_buf_check(&encoded, err);
    if (status == XG_OK)
        status = xg_brief_read(&brief, xg_buf_bytes(&encoded), err);
    if (status == XG_OK)
        status = cli_track_of(&track, arena, &brief, err);
    for (size_t i = 0; status == XG_OK && i < track.segment_count; i++) {
        int64_t mm = xg_track_distance_mm(track.segments[i].points,
                                          track.segments[i].count);
        m->distance_mm += (uint64_t)mm;
        look_at_segment(&track.segments[i], &mock, &jumps);
    }
    for (size_t i = 0; status == XG_OK && i < track.gap_count; i++)
        mock += track.gaps[i].cause == XG_GAP_MOCK;
    if (status == XG_OK && mock)
        mark(m, e, &fold->state, FLAG_MOCK, mock);
    if (status == XG_OK && jumps)
        mark(m, e, &fold->state, FLAG_JUMP, jumps);
    xg_buf_clear(&encoded);
    return status;
}

/* ---- all ---- */

/* Verified and made a case of, or settled on the spot; and not undone since. */
static bool is_valid(const struct xg_state *s)
{
    return !s->withdrawn && s->status >= XG_STATUS_FILED &&
           s->status != XG_STATUS_VOIDED;
}

static enum xg_status count(struct mine *m, const struct store_entity *e,
                            struct xg_arena *arena, const struct fold *fold,
                            struct xg_error *err)
{
    const struct xg_state *s = &fold->state;

    if (!s->kind || s->creator == XG_NONE ||
        strcmp(s->ops[s->creator].author, m->author) != 0)
        return XG_OK;
    switch (s->kind->number) {
    case XG_KIND_PATROL:
        m->patrols += !s->withdrawn;
        return look_at_track(m, e, arena, fold, err);
    case XG_KIND_VISIT:
        m->visits += !s->withdrawn;
        break;
    case XG_KIND_INCIDENT:
        m->reports++;
        m->valid += is_valid(s);
        break;
    default:
        break;
    }
    return XG_OK;
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
        status = count(m, &e, &arena, &fold, err);
        if (status == XG_OK)
            status = look_at_clock(m, &e, &fold, err);
        if (status == XG_OK)
            status = look_at_photos(m, &e, &fold, err);
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_counts(struct mine *m, struct xg_error *err)
{
    struct xg_buf all = XG_BUF(CLI_OUT_MAX);
    uint64_t metres = (m->distance_mm + 500) / 1000;

    if (m->cli->json)
        return cli_put_json(
            m->cli,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:O}", "worker",
                      m->author, "patrols", (json_int_t)m->patrols,
                      "distance_m", (json_int_t)metres, "visits",
                      (json_int_t)m->visits, "reports", (json_int_t)m->reports,
                      "valid_reports", (json_int_t)m->valid, "flags", m->list),
            err);
    xg_buf_format(&all,
                  XG_T("%s：巡查 %" PRIu64 " 次，%" PRIu64 ".%" PRIu64
                       " 公里；走访 %" PRIu64 " 次；上报 %" PRIu64
                       " 件，其中有效 %" PRIu64 " 件\n",
                       "%s: %" PRIu64 " patrols, %" PRIu64 ".%" PRIu64
                       " km; %" PRIu64 " visits; %" PRIu64 " reports, %" PRIu64
                       " of them valid\n"),
                  m->author, m->patrols, metres / 1000, metres / 100 % 10,
                  m->visits, m->reports, m->valid);
    if (m->flags)
        xg_buf_format(&all,
                      XG_T("存疑标记 %" PRIu64 " 个，都可以说明：\n",
                           "%" PRIu64 " flags; any can be answered:\n"),
                      m->flags);
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
