/* stream.c - GET /api/events: what changed, for as long as it is read. */
#include <stdlib.h>

#include "server/console/events.h"
#include "server/console/inside.h"

enum {
    LOOK_MS = 1000,
    BEAT_MS = 20 * 1000,
    ASK_MS = 5 * 1000, /* is she still who she was? */
    LINE_MAX_BYTES = 64 << 10,
};

struct stream {
    struct console *console;
    struct session *session; /* held */
    uint64_t next;
    struct xg_buf line;
    size_t at;
    int64_t said_ms, asked_ms;
    bool greeted, over;
};

/* Locked or moved: not only her next request tells her so. */
static bool is_over(struct stream *s, int64_t now_ms)
{
    struct console *c = s->console;

    if (sessions_over(&c->sessions, s->session, now_ms))
        return true;
    if (now_ms - s->asked_ms < ASK_MS)
        return false;
    s->asked_ms = now_ms;
    return !console_is_still(c, s->session);
}

/* What there is to say now, or nothing. */
static void look(struct stream *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct console *c = s->console;
    int64_t now_ms = console_now_ms(c);

    s->over = is_over(s, now_ms);
    if (s->over)
        xg_buf_text(&s->line, "{\"ended\":true}\n");
    else if (!s->greeted)
        xg_buf_text(&s->line, "{}\n");
    else if (events_tell(&s->line, c->events, &s->next,
                         console_within(s->session), s->session->role,
                         &err) != XG_OK)
        xg_buf_reset(&s->line);
    if (s->line.len == 0 && now_ms - s->said_ms >= BEAT_MS)
        xg_buf_text(&s->line, "{}\n");
    s->greeted = true;
    if (s->line.len)
        s->said_ms = now_ms;
}

static ssize_t next_line(void *state, const struct xg_reader *reader,
                         uint8_t *out, size_t max)
{
    struct stream *s = state;

    while (s->at == s->line.len) {
        if (s->over)
            return 0;
        xg_buf_reset(&s->line);
        s->at = 0;
        if (s->greeted && xg_reader_wait(reader, -1, LOOK_MS) == XG_WAIT_GONE)
            return -1;
        look(s);
        if (s->line.failed != XG_OK)
            return -1;
    }
    return (ssize_t)xg_buf_take(&s->line, &s->at, out, max);
}

static void close_stream(void *state)
{
    struct stream *s = state;

    quota_end(&s->console->quota, s->session->code, QUOTA_STREAM, 0);
    sessions_let_go(&s->console->sessions, s->session);
    xg_buf_clear(&s->line);
    free(s);
}

void events_get(void *ctx, const struct xg_request *request,
                struct xg_response *response)
{
    static const struct xg_flow flow = {next_line, close_stream};
    struct xg_error err = XG_ERROR_NONE;
    struct console *c = ctx;
    struct session *session = console_enter(c, request, response);
    struct stream *s;

    if (!session)
        return;
    if (!quota_begin(&c->quota, session->code, QUOTA_STREAM, 0)) {
        sessions_let_go(&c->sessions, session);
        console_tell_busy(response);
        return;
    }
    s = calloc(1, sizeof *s);
    if (!s) {
        quota_end(&c->quota, session->code, QUOTA_STREAM, 0);
        sessions_let_go(&c->sessions, session);
        xg_ignore(xg_fail_nomem(&err));
        xg_response_fail(response, &err);
        return;
    }
    *s = (struct stream){.console = c,
                         .session = session,
                         .next = events_next(c->events),
                         .line = XG_BUF(LINE_MAX_BYTES),
                         .said_ms = console_now_ms(c),
                         .asked_ms = console_now_ms(c)};
    response->content_type = "application/x-ndjson";
    xg_response_flow(response, &flow, s);
}
