/* events.c - what happens on the device, told for as long as it is read. */
#include <stdlib.h>

#include "agent/ui/ui.h"

enum { BEAT_MS = 20 * 1000 };

struct events_flow {
    struct hub_listener listener;
    struct xg_buf line;
    size_t at;
    bool greeted;
};

static void put_event(struct xg_buf *line, enum hub_kind kind,
                      const struct xg_buf *text)
{
    switch (kind) {
    case HUB_CHANGED:
        xg_buf_format(line, "{\"changed\":true,\"in\":%s}\n", xg_buf_str(text));
        break;
    case HUB_SYNC:
        xg_buf_format(line, "{\"sync\":%s}\n", xg_buf_str(text));
        break;
    case HUB_LOCKED:
        xg_buf_format(line, "{\"locked\":%s}\n", xg_buf_str(text));
        break;
    }
}

static ssize_t next_event(void *state, const struct xg_reader *reader,
                          uint8_t *out, size_t max)
{
    struct events_flow *f = state;

    while (f->at == f->line.len) {
        struct xg_buf text = XG_BUF(HUB_TEXT_MAX);
        enum hub_kind kind;
        xg_buf_reset(&f->line);
        f->at = 0;
        if (hub_next(&f->listener, &kind, &text)) {
            put_event(&f->line, kind, &text);
        } else {
            enum xg_wait waited = f->greeted
                                      ? xg_reader_wait(reader, f->listener.bell,
                                                       BEAT_MS)
                                      : XG_WAIT_TIME;
            f->greeted = true;
            if (waited == XG_WAIT_GONE)
                return -1;
            if (waited == XG_WAIT_TIME)
                xg_buf_text(&f->line, "{}\n");
        }
        xg_buf_clear(&text);
        if (f->line.failed != XG_OK)
            return -1;
    }
    return (ssize_t)xg_buf_take(&f->line, &f->at, out, max);
}

static void close_events(void *state)
{
    struct events_flow *f = state;

    hub_leave(&f->listener);
    xg_buf_clear(&f->line);
    free(f);
}

void events_answer(struct xg_response *response, struct ui *ui)
{
    static const struct xg_flow flow = {next_event, close_events};
    struct xg_error err = XG_ERROR_NONE;
    struct events_flow *f = calloc(1, sizeof *f);

    if (!f)
        xg_ignore(xg_fail_nomem(&err));
    else if (hub_listen(&f->listener, &ui->hub, &err) == XG_OK)
        f->line = XG_BUF(HUB_TEXT_MAX + 64);
    if (err.status != XG_OK) {
        free(f);
        xg_response_fail(response, &err);
        return;
    }
    response->content_type = "application/x-ndjson";
    xg_response_flow(response, &flow, f);
}
