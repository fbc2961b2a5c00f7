/* clock.c - `clock`: what the machine's clock says, what the server goes by,
 * and an operator's word on which is right (ledger/keeper.h). */
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/upkeep/health.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

static enum xg_status take_word(struct cmd *c, struct xg_error *err)
{
    const char *follow = cmd_option(c, "follow");
    bool on = follow && strcmp(follow, "on") == 0;

    if (follow && !on && strcmp(follow, "off") != 0)
        return xg_fail(err, XG_USAGE, "--follow: on | off");
    if (follow &&
        ledger_set_clock(c->data->ledger, on ? LEDGER_FOLLOW : LEDGER_WATCH,
                         err) != XG_OK)
        return err->status;
    if (!cmd_option(c, "believe"))
        return XG_OK;
    return ledger_set_clock(c->data->ledger, LEDGER_BELIEVE, err);
}

static enum xg_status put_json(struct cmd *c, const struct health *h,
                               struct xg_error *err)
{
    const struct ledger_clock *k = &h->clock;

    return cmd_put_json(
        c,
        json_pack("{s:o, s:o, s:o, s:b, s:b, s:o, s:s?}", "machine",
                  cmd_time_json(k->machine_ms), "server", cmd_time_json(k->ms),
                  "log", cmd_time_json(h->log_ms), "follows", (int)k->follows,
                  "doubted", (int)k->doubted, "believed_in_s",
                  k->doubted ? json_integer(k->believed_in_ms / 1000)
                             : json_null(),
                  "doubt", health_clock_doubt(h)),
        err);
}

static void put_line(struct cmd *c, const char *name, int64_t ms)
{
    view_put_column(&c->out, xg_bytes_of(name), 16);
    xg_buf_byte(&c->out, ' ');
    if (ms)
        view_put_time(&c->out, ms - ms % 1000);
    else
        xg_buf_byte(&c->out, '-');
    xg_buf_byte(&c->out, '\n');
}

static void put_text(struct cmd *c, const struct health *h)
{
    const char *doubt = health_clock_doubt(h);

    put_line(c, XG_T("机器的时钟", "machine's clock"), h->clock.machine_ms);
    put_line(c, XG_T("服务器的时间", "server's time"), h->clock.ms);
    put_line(c, XG_T("日志的时间", "log's time"), h->log_ms);
    if (doubt)
        xg_buf_format(&c->out, "%s\n", doubt);
    if (h->clock.doubted) {
        xg_buf_text(&c->out, XG_T("机器的时钟若一直这样走，多久以后采信：",
                                  "believed, if the machine's clock stands by "
                                  "it, in "));
        view_put_duration(&c->out, h->clock.believed_in_ms);
        xg_buf_byte(&c->out, '\n');
    }
    if (h->clock.follows)
        xg_buf_text(&c->out, XG_T("机器的时钟怎么走都跟随（--follow on）\n",
                                  "the machine's clock is followed wherever it "
                                  "goes (--follow on)\n"));
}

enum xg_status cmd_clock(struct cmd *c, struct xg_error *err)
{
    struct health h;

    if (take_word(c, err) != XG_OK || health_read(c->data, &h, err) != XG_OK)
        return err->status;
    if (c->json)
        return put_json(c, &h, err);
    put_text(c, &h);
    return XG_OK;
}
