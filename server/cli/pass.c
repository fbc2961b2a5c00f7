/* pass.c - `clerk`: one pass of what the server does by itself, by hand. A
 * running server makes one every minute (server/clerk.h). */
#include "server/cli/cmd.h"
#include "server/clerk.h"
#include "server/data.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

struct telling {
    struct cmd *c;
    size_t count;
};

static json_t *hex_json(const uint8_t *data, size_t len)
{
    char text[2 * XG_HASH_SIZE + 1];

    xg_hex(text, data, len);
    return json_string(text);
}

/* A failure to print sticks in the buffer, where cmd_execute() looks. */
static void tell_json(struct cmd *c, const struct clerk_deed *d)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf due = XG_BUF(64);

    view_put_time_utc(&due, d->due_ms);
    if (view_json_put(
            &c->out,
            json_pack(
                "{s:o, s:s, s:s, s:i, s:i, s:s?, s:s, s:b, s:o}", "id",
                hex_json(d->id.b, XG_ID_SIZE), "move",
                xg_choice_find(xg_moves, d->move)->name, "stage",
                xg_choice_find(xg_stages, d->stage)->name, "turn", (int)d->turn,
                "climb", (int)d->climb, "level", *d->level ? d->level : NULL,
                "due", xg_buf_str(&due), "guessed", d->guessed, "record",
                d->written ? hex_json(d->record.b, XG_HASH_SIZE) : json_null()),
            &err) != XG_OK)
        c->out.failed = err.status;
    xg_buf_text(&c->out, "\n");
    xg_buf_clear(&due);
}

static void tell(void *ctx, const struct clerk_deed *d)
{
    struct telling *t = ctx;
    struct xg_buf *out = &t->c->out;
    const struct xg_choice *move = xg_choice_find(xg_moves, d->move);
    const struct xg_choice *stage = xg_choice_find(xg_stages, d->stage);

    t->count++;
    if (t->c->json) {
        tell_json(t->c, d);
        return;
    }
    xg_buf_hex(out, d->id.b, XG_ID_SIZE);
    xg_buf_format(
        out, XG_T("  %s：%s，第 %u 次，应于 ", "  %s: %s, number %u, was due "),
        xg_label(move->zh, move->en), xg_label(stage->zh, stage->en), d->climb);
    view_put_time(out, d->due_ms);
    if (*d->level)
        xg_buf_format(out, XG_T("，提到 %s", ", to %s"), d->level);
    if (d->guessed)
        xg_buf_text(out, XG_T("；暂按双休日推算", "; guessed by weekends"));
    if (!d->written)
        xg_buf_text(out, XG_T("（未写入）", " (not written)"));
    xg_buf_byte(out, '\n');
}

enum xg_status cmd_clerk(struct cmd *c, struct xg_error *err)
{
    const char *at = cmd_option(c, "at");
    int64_t now_ms = (int64_t)ledger_time_ms(c->data->ledger);
    struct telling t = {c, 0};
    struct clerk *clerk;

    if (at && !view_parse_time(&now_ms, at))
        return xg_fail(err, XG_USAGE,
                       XG_T("--at 应是时间，如 2026-10-09T08:30，而不是 %s",
                            "--at is a time, as 2026-10-09T08:30, not %s"),
                       at);
    if (clerk_open(&clerk, c->data, err) != XG_OK)
        return err->status;
    enum xg_status status = clerk_run(
        clerk, now_ms, cmd_option(c, "dry-run") != NULL, tell, &t, err);
    clerk_close(clerk);
    if (status == XG_OK && t.count == 0 && !c->json)
        xg_buf_text(&c->out, XG_T("没有要催办或提级的\n",
                                  "nothing to remind of, nothing to "
                                  "escalate\n"));
    return status;
}
