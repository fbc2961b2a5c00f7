/* patrol_live.c - an open patrol as it stands: its track from the spool, where
 * it was last seen, and the gap that may be running.
 */
#include "agent/cli/patrol_cli.h"

#include "agent/record/patrol_spool.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

/* What was seen last explains a gap; a recorder that is gone, more so. */
static bool explain(enum xg_gap_cause *cause, const struct track_sample *last,
                    bool is_running, bool same_boot)
{
    if (!is_running) {
        *cause = same_boot ? XG_GAP_KILLED : XG_GAP_REBOOT;
        return true;
    }
    if (last->kind == TRACK_NO_FIX) {
        *cause = XG_GAP_NO_FIX;
        return true;
    }
    *cause = last->kind == TRACK_GPS_OFF ? XG_GAP_GPS_OFF : XG_GAP_UNKNOWN;
    return last->kind == TRACK_GPS_OFF;
}

/* The last fix, how old it is, and whether there is none since. */
static void look_at_end(struct cli_live *live, struct cli *cli,
                        const struct cli_patrol *patrol,
                        const struct track_sample *samples, size_t count)
{
    const struct track_rules rules = track_rules_default();
    const struct track_sample *last = count ? &samples[count - 1] : NULL, *fix;
    struct track *t = &live->track;
    size_t at = count;

    while (at > 0 && samples[at - 1].kind != TRACK_FIX)
        at--;
    fix = at ? &samples[at - 1] : NULL;
    live->gap_from_ms = patrol->start_ms;
    if (fix && t->segment_count) {
        const struct xg_track_segment *s = &t->segments[t->segment_count - 1];
        live->has_fix = true;
        live->fix = s->points[s->count - 1];
        live->gap_from_ms = live->fix.t_ms;
    }
    bool same_boot = last && last->boot == cli->env.boot(cli->env.ctx);
    live->age_ms = fix && fix->boot == cli->env.boot(cli->env.ctx)
                       ? xg_mono_ms(&cli->env) - fix->mono_ms
                       : xg_wall_ms(&cli->env) - live->gap_from_ms;
    if (!last)
        return;
    live->in_gap = explain(&live->cause, last, patrol->state.running,
                           same_boot) ||
                   live->age_ms > rules.silence_ms;
    /* The split made a gap of what came after the last fix: it is this one. */
    if (live->in_gap && t->gap_count &&
        t->gaps[t->gap_count - 1].from_ms >= live->gap_from_ms)
        t->gap_count--;
}

enum xg_status cli_patrol_live(struct cli_live *out, struct cli *cli,
                               struct xg_arena *arena,
                               const struct cli_patrol *patrol,
                               struct xg_error *err)
{
    const struct track_rules rules = track_rules_default();
    struct spool_content content;
    struct cli_live live = {0};

    if (spool_read(&content, arena, cli->path, &patrol->state.id,
                   cli->home.vault, err) != XG_OK ||
        track_split(&live.track, arena, content.samples, content.count, &rules,
                    err) != XG_OK)
        return err->status;
    look_at_end(&live, cli, patrol, content.samples, content.count);
    *out = live;
    return XG_OK;
}

void cli_live_set(json_t **object, const struct cli_live *live)
{
    json_t *fix = json_null(), *gap = json_null();

    if (live->has_fix) {
        fix = json_object();
        view_json_set(&fix, "lat", view_json_decimal(live->fix.lat_e6, 6));
        view_json_set(&fix, "lon", view_json_decimal(live->fix.lon_e6, 6));
        view_json_set(&fix, "accuracy_m",
                      live->fix.acc_dm == XG_ACC_UNKNOWN
                          ? json_null()
                          : view_json_decimal(live->fix.acc_dm, 1));
        view_json_set(&fix, "time", view_json_time(live->fix.t_ms));
        view_json_set(&fix, "age_s", json_integer(live->age_ms / 1000));
    }
    if (live->in_gap) {
        gap = json_object();
        view_json_set(&gap, "from", view_json_time(live->gap_from_ms));
        view_json_set(&gap, "cause", json_string(xg_gap_name(live->cause)));
    }
    view_json_set(object, "last_fix", fix);
    view_json_set(object, "gap", gap);
}

void cli_live_put(struct xg_buf *out, const struct cli_live *live)
{
    if (!live->in_gap)
        return;
    xg_buf_text(out, XG_T("从 ", "no track since "));
    view_put_time(out, live->gap_from_ms / 1000 * 1000);
    xg_buf_text(out, XG_T(" 起没有轨迹：", ": "));
    switch (live->cause) {
    case XG_GAP_NO_FIX:
        xg_buf_text(out, XG_T("没有定位信号，走到开阔处\n",
                              "no fix; go into the open\n"));
        break;
    case XG_GAP_GPS_OFF:
        xg_buf_text(out, XG_T("接收机或 gpsd 断开了，检查接头\n",
                              "the receiver or gpsd is gone; look at its "
                              "plug\n"));
        break;
    case XG_GAP_KILLED:
    case XG_GAP_REBOOT:
        xg_buf_text(out, XG_T("记录程序没有运行，xunge patrol continue 继续\n",
                              "the recorder is not running; xunge patrol "
                              "continue goes on\n"));
        break;
    case XG_GAP_UNKNOWN:
    case XG_GAP_SUSPENDED:
    case XG_GAP_BATTERY_LOW:
    case XG_GAP_MOCK:
    case XG_GAP_CLOCK_JUMP:
    case XG_GAP_PAUSED:
    case XG_GAP_FILE:
    case XG_GAP_CAUSES:
    default:
        xg_buf_text(out, XG_T("原因不明，xunge position 看定位\n",
                              "unknown why; xunge position says how it is\n"));
        break;
    }
}
