/* cmd_patrol.c - patrols: begin, end, go on, import, show. */
#include "agent/cli/patrol_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/core/cbor.h"
#include "shared/view/export.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { PATROL_ARENA_MAX = 512 << 20, GPSD_EVERY_MAX_S = 300 };

static void hex_of(char text[static 2 * XG_ID_SIZE + 1], const struct xg_id *id)
{
    xg_hex(text, id->b, XG_ID_SIZE);
}

/* ---- the open one ---- */

enum xg_status cli_patrol_look(struct cli_patrol *out, struct cli *cli,
                               struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct store_entity e = {0};

    *out = (struct cli_patrol){0};
    if (patrol_look(&out->state, cli->path, err) != XG_OK)
        return err->status;
    if (out->state.open &&
        store_load_entity(cli->home.store, &e, NULL, &out->state.id,
                          &ignored) == XG_OK) {
        memcpy(out->number, e.number, sizeof out->number);
        out->start_ms = e.first_ms;
    }
    return XG_OK;
}

void cli_patrol_put(struct xg_buf *out, const struct cli_patrol *patrol)
{
    char id[2 * XG_ID_SIZE + 1];
    size_t start = out->len;

    if (!patrol->state.open)
        return;
    xg_buf_text(out, XG_T("巡查", "patrol"));
    view_pad(out, start, 14);
    hex_of(id, &patrol->state.id);
    id[12] = '\0';
    xg_buf_format(out, XG_T(" %s，开始于 ", " %s, begun "),
                  *patrol->number ? patrol->number : id);
    view_put_time(out, patrol->start_ms / 1000 * 1000);
    if (patrol->state.running)
        xg_buf_format(out,
                      XG_T("，记录程序在运行（进程 %ld）\n",
                           ", being recorded (process %ld)\n"),
                      (long)patrol->state.pid);
    else
        xg_buf_text(out,
                    XG_T("，但记录程序没有运行：xunge patrol continue 继续，"
                         "或 xunge patrol close 在最后一个定位点结束\n",
                         ", but its recorder is not running: xunge patrol "
                         "continue goes on, xunge patrol close ends it at its "
                         "last fix\n"));
}

json_t *cli_patrol_json(const struct cli_patrol *patrol)
{
    struct xg_buf start = XG_BUF(64);

    if (!patrol->state.open)
        return json_null();
    view_put_time_utc(&start, patrol->start_ms);
    json_t *object =
        json_pack("{s:o, s:s, s:s, s:b, s:I}", "id",
                  cli_json_hex(patrol->state.id.b, XG_ID_SIZE), "number",
                  patrol->number, "start", xg_buf_str(&start), "running",
                  patrol->state.running, "pid", (json_int_t)patrol->state.pid);
    xg_buf_clear(&start);
    return object;
}

/* ---- begin, go on ---- */

bool cli_gpsd_valid(const char *address)
{
    const char *colon = strrchr(address, ':');
    const char *digits = colon ? colon + 1 : "";
    size_t len = strspn(digits, "0123456789");
    long port = len > 0 && len <= 5 ? strtol(digits, NULL, 10) : 0;

    return colon != address && digits[len] == '\0' && port >= 1 &&
           port <= 65535;
}

const char *cli_gpsd(struct cli *cli)
{
    const char *flag = cli_flag(cli, "gpsd"), *set = getenv("XUNGE_GPSD");

    return flag ? flag : set && *set ? set : NULL;
}

/* grid=CODE is all that is known of a patrol when it begins. */
static enum xg_status read_options(struct patrol_options *options,
                                   struct cli *cli, size_t first,
                                   struct xg_arena *arena, struct xg_error *err)
{
    const char *every = cli_flag(cli, "every");
    const struct xg_kind *kind = xg_kind_find(XG_KIND_PATROL);
    struct xg_draft draft;
    struct xg_cbor_item item;
    int64_t every_s = 0;
    char *program = xg_arena_alloc(arena, HOME_PATH_SIZE);

    if (!program)
        return xg_fail_nomem(err);
    if (cli_program(program, "xunge-patrol", err) != XG_OK)
        return err->status;
    options->program = program;
    xg_draft_init(&draft, arena, XG_KIND_PATROL);
    for (size_t i = first; i < cli->word_count; i++)
        if (view_form_set(&draft, kind, cli->words[i], NULL, err) != XG_OK)
            return err->status;
    for (size_t i = 0; i < draft.field_count; i++)
        if (draft.fields[i].number != XG_FIELD_GRID)
            return xg_fail(err, XG_USAGE,
                           XG_T("开始时只能给 grid=；其余请之后用 xunge set",
                                "only grid= can be given here; use xunge set "
                                "afterwards"));
    struct xg_cbor c = xg_cbor_over(xg_draft_get(&draft, XG_FIELD_GRID));
    if (c.at != c.end && xg_cbor_next(&c, &item) && item.type == XG_CBOR_TEXT) {
        options->grid =
            xg_arena_str(arena, (const char *)item.bytes.at, item.bytes.len);
        if (!options->grid)
            return xg_fail_nomem(err);
    }
    if (every && cli_number(&every_s, every, "--every", 1, GPSD_EVERY_MAX_S,
                            err) != XG_OK)
        return err->status;
    options->every_ms = (unsigned)every_s * 1000;
    options->gpsd = cli_gpsd(cli);
    if (options->gpsd && !cli_gpsd_valid(options->gpsd))
        return xg_fail(err, XG_USAGE,
                       XG_T("--gpsd 是 主机:端口，端口 1 到 65535：%s",
                            "--gpsd is HOST:PORT, the port from 1 to 65535: "
                            "%s"), options->gpsd);
    options->author = cli_flag(cli, "as");
    return XG_OK;
}

/* How it goes on in the background, after start and continue. */
static enum xg_status say_running(struct cli *cli, struct xg_error *err)
{
    struct cli_patrol patrol;
    char log[HOME_PATH_SIZE];

    if (cli_patrol_look(&patrol, cli, err) != XG_OK ||
        patrol_file(log, cli->path, "log", err) != XG_OK)
        return err->status;
    if (!patrol.state.running)
        return xg_fail(err, XG_REFUSED,
                       XG_T("巡查已开始，但记录程序停了，轨迹没有在记；"
                            "原因见 %s，改正后运行 xunge patrol continue",
                            "the patrol has begun, but its recorder ended and "
                            "no track is kept; %s says why; when mended: "
                            "xunge patrol continue"),
                       log);
    if (cli->json)
        return cli_put_json(cli, cli_patrol_json(&patrol), err);
    cli_patrol_put(&cli->out, &patrol);
    cli_say(cli,
            XG_T("轨迹在后台记录，可以关掉这个终端；结束：xunge patrol stop。"
                 "记录程序的日志在 %s。",
                 "The track is recorded in the background; this terminal may "
                 "be closed. To end it: xunge patrol stop. What the recorder "
                 "says is in %s."),
            log);
    return xg_buf_check(&cli->out, err);
}

static enum xg_status go_on(struct cli *cli,
                            const struct patrol_options *options,
                            struct xg_error *err)
{
    struct patrol_state state;

    if (patrol_look(&state, cli->path, err) != XG_OK)
        return err->status;
    if (!state.open)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有中断的巡查；xunge patrol start 开始一次",
                            "no patrol is open; xunge patrol start begins "
                            "one"));
    if (patrol_continue(&cli->home, &state, options, err) != XG_OK)
        return err->status;
    return say_running(cli, err);
}

enum xg_status cmd_patrol_continue(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct patrol_options options = {0};
    enum xg_status status = read_options(&options, cli, 0, &arena, err);

    if (status == XG_OK)
        status = go_on(cli, &options, err);
    xg_arena_clear(&arena);
    return status;
}

/* One is open and nobody records it: what becomes of it is for a person. */
static enum xg_status say_open(const struct patrol_state *state,
                               struct xg_error *err)
{
    if (state->running)
        return xg_fail(err, XG_REFUSED,
                       XG_T("已有一次巡查在记录（进程 %ld）；先 xunge patrol "
                            "stop",
                            "a patrol is being recorded already (process "
                            "%ld); xunge patrol stop ends it"),
                       (long)state->pid);
    return xg_fail(err, XG_REFUSED,
                   XG_T("上一次巡查中断了，没有结束：--continue 继续它，"
                        "--close 在最后一个定位点结束它并开始新的",
                        "the last patrol was cut off and is still open: "
                        "--continue goes on with it, --close ends it at its "
                        "last fix and begins a new one"));
}

static enum xg_status begin(struct cli *cli,
                            const struct patrol_options *options,
                            struct xg_error *err)
{
    struct patrol_summary summary;
    struct patrol_state state;
    struct captured c;

    if (patrol_look(&state, cli->path, err) != XG_OK)
        return err->status;
    if (state.open && !state.running && cli_flag(cli, "continue"))
        return go_on(cli, options, err);
    if (state.open && (state.running || !cli_flag(cli, "close")))
        return say_open(&state, err);
    if (cli_may_record(cli, err) != XG_OK ||
        (state.open && patrol_close(&cli->home, &summary, PATROL_END_LAST_FIX,
                                    NULL, err) != XG_OK) ||
        patrol_start(&cli->home, &c, options, err) != XG_OK)
        return err->status;
    return say_running(cli, err);
}

enum xg_status cmd_patrol_start(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct patrol_options options = {0};
    enum xg_status status = read_options(&options, cli, 0, &arena, err);

    if (status == XG_OK && cli_flag(cli, "continue") && cli_flag(cli, "close"))
        status = xg_fail(err, XG_USAGE,
                         XG_T("--continue 与 --close 只能给一个",
                              "give one of --continue and --close"));
    if (status == XG_OK)
        status = begin(cli, &options, err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- end, import ---- */

static json_t *summary_json(const struct patrol_summary *s)
{
    struct xg_buf start = XG_BUF(64), end = XG_BUF(64);

    view_put_time_utc(&start, s->start_ms);
    view_put_time_utc(&end, s->end_ms);
    json_t *object = json_pack(
        "{s:b, s:s, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
        "saved", 1, "kind", "patrol", "number", s->captured.number, "id",
        cli_json_hex(s->captured.id.b, XG_ID_SIZE), "start", xg_buf_str(&start),
        "end", xg_buf_str(&end), "distance_m",
        (json_int_t)(s->distance_mm / 1000), "points", (json_int_t)s->points,
        "segments", (json_int_t)s->segments, "gaps", (json_int_t)s->gaps,
        "skipped",
        (json_int_t)s->skipped + (json_int_t)s->untimed +
            (json_int_t)s->refused,
        "damaged", (json_int_t)s->damaged, "held", s->held);
    json_object_set_new(object, "doubts", json_integer((json_int_t)s->doubts));
    xg_buf_clear(&start);
    xg_buf_clear(&end);
    return object;
}

static enum xg_status put_summary(struct cli *cli,
                                  const struct patrol_summary *s,
                                  struct xg_error *err)
{
    struct xg_buf *out = &cli->out;
    char id[2 * XG_ID_SIZE + 1];

    cli->saved = true;
    if (cli->json)
        return cli_put_json(cli, summary_json(s), err);
    hex_of(id, &s->captured.id);
    xg_buf_format(out,
                  s->held
                      ? XG_T("早已导入 %s  %.12s", "imported before: %s  %.12s")
                      : XG_T("已保存 %s  %.12s", "saved %s  %.12s"),
                  s->captured.number, id);
    if (!s->held) {
        xg_buf_format(out, "  %s  ", view_delivery_label(VIEW_WAITING));
        view_put_duration(out, (s->end_ms - s->start_ms) / 1000 * 1000);
        xg_buf_text(out, XG_T("，", ", "));
        view_put_decimal(out, s->distance_mm / 1000, 3);
        xg_buf_format(out,
                      XG_T(" 公里，%zu 个定位点，%zu 段，%zu 处缺口",
                           " km, %zu points, %zu segments, %zu gaps"),
                      s->points, s->segments, s->gaps);
    }
    xg_buf_text(out, "\n");
    if (s->doubts)
        cli_say(cli,
                XG_T("%zu 处时间存疑，见 xunge patrol show %.12s。",
                     "%zu doubts about time: xunge patrol show %.12s."),
                s->doubts, id);
    if (s->skipped + s->untimed + s->refused)
        cli_say(
            cli,
            XG_T("略过 %zu 个不能用的点。", "%zu points could not be used."),
            s->skipped + s->untimed + s->refused);
    if (s->damaged)
        cli_say(cli,
                XG_T("有 %zu 块轨迹缓存损坏，未能读出。",
                     "%zu pieces of the track on the disk were damaged."),
                s->damaged);
    return xg_buf_check(out, err);
}

static enum xg_status end(struct cli *cli, enum patrol_end how,
                          struct xg_error *err)
{
    struct patrol_summary summary;

    if (patrol_close(&cli->home, &summary, how, NULL, err) != XG_OK)
        return err->status;
    return put_summary(cli, &summary, err);
}

enum xg_status cmd_patrol_close(struct cli *cli, struct xg_error *err)
{
    return end(cli, PATROL_END_LAST_FIX, err);
}

enum xg_status cmd_patrol_stop(struct cli *cli, struct xg_error *err)
{
    struct patrol_state state;
    bool now = cli_flag(cli, "now"), last = cli_flag(cli, "last-fix");

    if (now && last)
        return xg_fail(err, XG_USAGE,
                       XG_T("--now 与 --last-fix 只能给一个",
                            "give one of --now and --last-fix"));
    if (patrol_look(&state, cli->path, err) != XG_OK)
        return err->status;
    if (state.open && !state.running && !now && !last)
        return xg_fail(err, XG_REFUSED,
                       XG_T("记录程序已中断，从最后一个定位点起没有轨迹："
                            "--last-fix 在那里结束，--now 到现在为止（其间记"
                            "为缺口），或 xunge patrol continue 继续",
                            "the recorder was cut off, there is no track "
                            "since its last fix: --last-fix ends the patrol "
                            "there, --now ends it now (with a gap), xunge "
                            "patrol continue goes on"));
    return end(cli, last ? PATROL_END_LAST_FIX : PATROL_END_NOW, err);
}

enum xg_status cmd_patrol_import(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct patrol_options options = {0};
    struct patrol_summary summary;
    enum xg_status status = read_options(&options, cli, 1, &arena, err);

    if (status == XG_OK)
        status = cli_may_record(cli, err);
    if (status == XG_OK)
        status =
            patrol_import(&cli->home, &summary, cli->words[0], &options, err);
    if (status == XG_OK)
        status = put_summary(cli, &summary, err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- show ---- */

static enum xg_status show_open(struct cli *cli, struct cli_patrol *patrol,
                                struct xg_arena *arena, struct xg_error *err)
{
    struct cli_live live;

    if (cli_patrol_live(&live, cli, arena, patrol, err) != XG_OK)
        return err->status;
    struct track track = live.track;
    if (cli_flag(cli, "gpx")) {
        cli->data = true;
        cli_gpx_begin(&cli->out);
        cli_gpx_track(&cli->out, patrol->number, &track);
        cli_gpx_end(&cli->out);
        return xg_buf_check(&cli->out, err);
    }
    if (cli->json) {
        json_t *object = cli_patrol_json(patrol);
        json_object_update_new(
            object, json_pack("{s:I, s:I, s:I, s:I, s:I}", "points",
                              (json_int_t)track.fixes, "segments",
                              (json_int_t)track.segment_count, "gaps",
                              (json_int_t)track.gap_count, "doubts",
                              (json_int_t)track.doubt_count, "distance_m",
                              (json_int_t)(track.distance_mm / 1000)));
        cli_live_set(&object, &live);
        return cli_put_json(cli, object, err);
    }
    cli_patrol_put(&cli->out, patrol);
    xg_buf_text(&cli->out, XG_T("至今 ", "so far "));
    view_put_decimal(&cli->out, track.distance_mm / 1000, 3);
    xg_buf_format(&cli->out,
                  XG_T(" 公里，%zu 个定位点，%zu 段，%zu 处缺口\n",
                       " km, %zu points, %zu segments, %zu gaps\n"),
                  track.fixes, track.segment_count, track.gap_count);
    cli_live_put(&cli->out, &live);
    return xg_buf_check(&cli->out, err);
}

static enum xg_status show_closed(struct cli *cli, struct xg_arena *arena,
                                  const struct xg_id *id, struct xg_error *err)
{
    struct xg_buf state = XG_BUF(64 << 20);
    struct store_entity e = {0};
    struct cli_view view;
    struct xg_brief brief;
    struct track track = {0};
    bool any = false;
    enum xg_status status = cli_view_init(&view, cli, err);

    if (status == XG_OK)
        status = store_load_entity(cli->home.store, &e, &state, id, err);
    if (status == XG_OK)
        status = xg_brief_read(&brief, xg_buf_bytes(&state), err);
    if (status == XG_OK && cli_flag(cli, "geojson")) {
        view_geojson_begin(&cli->out);
        status =
            view_geojson_feature(&cli->out, &any, &brief, &view.context, err);
        view_geojson_end(&cli->out);
    } else if (status == XG_OK) {
        status = cli_track_of(&track, arena, &brief, err);
        cli_gpx_begin(&cli->out);
        if (status == XG_OK)
            cli_gpx_track(&cli->out, e.number, &track);
        cli_gpx_end(&cli->out);
    }
    if (status == XG_OK)
        status = xg_buf_check(&cli->out, err);
    xg_buf_clear(&state);
    return status;
}

/* The one that was named, else the open one, else the newest. */
static enum xg_status choose(struct xg_id *id, struct cli *cli,
                             const struct cli_patrol *open,
                             struct xg_error *err)
{
    const struct store_filter newest = {
        .kind = xg_kind_find(XG_KIND_PATROL), .mine = true, .limit = 1};
    struct cli_ids ids = {0};
    struct store_entity e = {0};

    if (cli->word_count == 0 && open->state.open) {
        *id = open->state.id;
        return XG_OK;
    }
    if (cli->word_count == 0) {
        enum xg_status status = cli_ids_of(&ids, cli, &newest, err);
        if (status == XG_OK && ids.count == 0)
            status = xg_fail(err, XG_NOTFOUND,
                             XG_T("还没有巡查；xunge patrol start 开始一次",
                                  "there is no patrol yet; xunge patrol start "
                                  "begins one"));
        else if (status == XG_OK)
            *id = ids.list[0];
        cli_ids_clear(&ids);
        return status;
    }
    if (store_find_entity(cli->home.store, id, cli->words[0], err) != XG_OK ||
        store_load_entity(cli->home.store, &e, NULL, id, err) != XG_OK)
        return err->status;
    if (!e.kind || e.kind->number != XG_KIND_PATROL)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不是巡查；请用 xunge show",
                            "%s is no patrol; use xunge show"),
                       cli->words[0]);
    return XG_OK;
}

static enum xg_status show_patrol(struct cli *cli, struct xg_arena *arena,
                                  struct xg_error *err)
{
    struct cli_patrol open = {0};
    struct xg_id id;

    if (cli_patrol_look(&open, cli, err) != XG_OK ||
        choose(&id, cli, &open, err) != XG_OK)
        return err->status;
    bool is_open = open.state.open && xg_id_equal(&id, &open.state.id);
    if (is_open && cli_flag(cli, "geojson"))
        return xg_fail(err, XG_USAGE,
                       XG_T("进行中的巡查只能用 --gpx 输出",
                            "an open patrol can be shown as --gpx alone"));
    if (is_open)
        return show_open(cli, &open, arena, err);
    if (!cli_flag(cli, "gpx") && !cli_flag(cli, "geojson"))
        return cli_show(cli, &id, err);
    cli->data = true;
    return show_closed(cli, arena, &id, err);
}

enum xg_status cmd_patrol_show(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PATROL_ARENA_MAX);

    if (cli_flag(cli, "gpx") && cli_flag(cli, "geojson"))
        return xg_fail(err, XG_USAGE,
                       XG_T("--gpx 与 --geojson 只能给一个",
                            "give one of --gpx and --geojson"));
    enum xg_status status = show_patrol(cli, &arena, err);
    xg_arena_clear(&arena);
    return status;
}
