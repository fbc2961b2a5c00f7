/* answer.c - what a command prints, as the answer of a request; a request's
 * body, as what a command reads.
 *
 * A reader that goes away ends a command that reads (its answer is of no use to
 * anybody); one that writes goes on and is waited for. An upload that breaks
 * off ends the command that takes it before it sees the end of its input: it
 * must not take the part for the whole; many get it only once it is whole.
 * Should this program die amid an upload, the command sees an end; that it came
 * early tells it --bytes, where what it takes does not tell by itself (a photo).
 */
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/ui/ui.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    PIECE_BYTES = 4096, /* heard at once */
    EARLY_MAX = 1 << 20, /* said by a command while it still takes its input */
};

/* ---- a command's output ---- */

struct run_flow {
    struct ui *ui;
    const struct call_row *row;
    struct run run;
    struct xg_buf ready; /* to go out before anything else */
    size_t ready_at;
    bool lines; /* an end line follows */
    bool ended, open_line;
};

/* The output's end. An answer that stops amid a line, or amid its bytes with a
 * failure, is cut, not ended. */
static ssize_t finish_run(struct run_flow *f, uint8_t *out, size_t max)
{
    int status = run_end(&f->run, false);

    f->ended = true;
    ui_call_ended(f->ui, f->row, status);
    if (!f->lines)
        return status == 0 ? 0 : -1;
    if (f->open_line)
        return -1;
    xg_buf_reset(&f->ready);
    f->ready_at = 0;
    run_end_line(&f->ready, &f->run, status);
    if (f->ready.failed != XG_OK)
        return -1;
    return (ssize_t)xg_buf_take(&f->ready, &f->ready_at, out, max);
}

static ssize_t next_of_run(void *state, const struct xg_reader *reader,
                           uint8_t *out, size_t max)
{
    struct run_flow *f = state;

    if (f->ready_at < f->ready.len)
        return (ssize_t)xg_buf_take(&f->ready, &f->ready_at, out, max);
    if (f->ended)
        return 0;
    for (;;) {
        if (xg_reader_wait(reader, f->run.output_fd, -1) == XG_WAIT_GONE)
            return -1;
        ssize_t n = read(f->run.output_fd, out, max);
        if (n > 0) {
            f->open_line = out[n - 1] != '\n';
            return n;
        }
        if (n == 0 || (errno != EINTR && errno != EAGAIN))
            return finish_run(f, out, max);
    }
}

static void close_run(void *state)
{
    struct run_flow *f = state;

    if (f->run.pid) {
        int status = run_end(&f->run, f->row->does == CALL_READS);
        ui_call_ended(f->ui, f->row, status);
    }
    run_clear(&f->run);
    xg_buf_clear(&f->ready);
    free(f);
}

static const struct xg_flow run_flow = {next_of_run, close_run};

/* Takes the run; NULL: it was ended, and the response says why. */
static struct run_flow *make_flow(struct xg_response *response, struct ui *ui,
                                  const struct call_row *row, struct run *run,
                                  bool lines)
{
    struct xg_error err = XG_ERROR_NONE;
    struct run_flow *f = calloc(1, sizeof *f);

    if (!f) {
        run_end(run, row->does == CALL_READS);
        run_clear(run);
        xg_ignore(xg_fail_nomem(&err));
        xg_response_fail(response, &err);
        return NULL;
    }
    *f = (struct run_flow){.ui = ui,
                           .row = row,
                           .run = *run,
                           .lines = lines,
                           .ready = XG_BUF(EARLY_MAX + RUN_COMPLAINT_MAX)};
    *run = RUN_NONE;
    return f;
}

void answer_lines(struct xg_response *response, struct ui *ui,
                  const struct call_row *row, struct run *run)
{
    struct run_flow *f = make_flow(response, ui, row, run, true);

    if (!f)
        return;
    response->content_type = "application/x-ndjson";
    xg_response_flow(response, &run_flow, f);
}

/* ---- bytes ---- */

static const char *type_of(const struct xg_buf *first)
{
    static const struct {
        const char *begins;
        size_t len;
        const char *type;
    } types[] = {{"\xff\xd8\xff", 3, "image/jpeg"},
                 {"\x89PNG\r\n", 6, "image/png"},
                 {"RIFF", 4, "image/webp"}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (first->len >= types[i].len &&
            memcmp(first->data, types[i].begins, types[i].len) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* problem+json, with a command's error as its detail. */
static void put_problem(struct xg_response *response, int http_status,
                        const char *error)
{
    const char *title = XG_T("没有做成", "it was not done");

    xg_response_clear(response);
    response->http_status = http_status;
    response->content_type = "application/problem+json";
    xg_buf_format(&response->body,
                  "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
                  "\"code\":\"command\",\"detail\":%s}\n",
                  title, http_status, error);
}

void answer_refusal(struct xg_response *response, const struct xg_error *err)
{
    struct xg_buf error = XG_BUF(8192);

    xg_buf_format(&error, "{\"error\":\"%s\",\"exit\":%d,\"text\":",
                  xg_status_name(err->status), xg_status_exit(err->status));
    xg_json_string(&error, xg_error_text(err));
    xg_buf_text(&error, "}");
    put_problem(response, xg_status_http(err->status), xg_buf_str(&error));
    xg_buf_clear(&error);
}

/* It ended before it printed anything. */
static void answer_nothing(struct xg_response *response, struct ui *ui,
                           const struct call_row *row, struct run *run)
{
    struct xg_buf error = XG_BUF(2 * RUN_COMPLAINT_MAX);
    int status = run_end(run, false);

    ui_call_ended(ui, row, status);
    if (status == 0)
        response->content_type = "application/octet-stream";
    else if (status == 5 || !run_error(&error, run, status))
        put_problem(response, xg_call_http(status),
                    "{\"error\":\"conflict\",\"exit\":5,\"text\":\"\"}");
    else
        put_problem(response, xg_call_http(status), xg_buf_str(&error));
    xg_buf_clear(&error);
    run_clear(run);
}

void answer_bytes(struct xg_response *response, struct ui *ui,
                  const struct call_row *row, struct run *run,
                  const struct xg_request *request)
{
    struct run_flow *f = make_flow(response, ui, row, run, false);
    bool gone = false;

    if (!f)
        return;
    if (run_hear(&f->run, &f->ready, request->reader, &gone) || gone) {
        response->content_type = type_of(&f->ready);
        xg_response_flow(response, &run_flow, f);
        return;
    }
    struct run ended = f->run;
    f->run = RUN_NONE;
    answer_nothing(response, ui, row, &ended);
    close_run(f);
}

/* ---- starting ---- */

bool answer_start(struct run *run, struct ui *ui, struct xg_call *call,
                  const struct xg_request *request,
                  const struct answer_input *input,
                  struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    struct run_order order = {
        .secret = call->secret,
        .secret_bytes = call->secret_bytes,
        .secret_is_input = call_row_of(call)->secret == CALL_BY_INPUT,
        .input = call->input && !call->whole,
        .input_file = input ? input->file : 0};
    enum xg_status status = XG_OK;

    for (size_t i = 0; i < call->flag_count; i++)
        order.is_long |= strcmp(call->flags[i].name, "watch") == 0;
    if (!call->lang)
        call->lang = ui->lang;
    status = sticks_place(ui, call, request, &err);
    if (status == XG_OK) {
        order.arguments = call_arguments(
            call, ui->home, input ? input->bytes : 0, request->arena);
        status = order.arguments ? run_start(run, &ui->runner, &order,
                                             request->reader, &err)
                                 : xg_fail_nomem(&err);
    }
    xg_call_wipe(call);
    if (status != XG_OK)
        answer_refusal(response, &err);
    return status == XG_OK;
}

/* ---- a body that becomes a command's input ---- */

struct feed {
    struct ui *ui;
    struct xg_call call;
    struct answer_input input;
    struct run run; /* of one that takes what comes */
    struct xg_buf early;
    bool deaf; /* the command reads no more: the rest is swallowed */
    struct xg_error full; /* of one that is kept: it found no place */
};

/* base64url, as the page writes it. */
static enum xg_status header_call(struct xg_call *call,
                                  const struct xg_request *request,
                                  struct xg_error *err)
{
    const char *text = xg_request_header(request, "Xunge-Call");
    struct xg_bytes plain = {NULL, 0};
    enum xg_status status =
        xg_call_of_header(&plain, text, request->arena, err);

    if (status == XG_OK)
        status = call_parse(call, plain, request->arena, err);
    /* It held a PIN, and lies in a buffer of this request. */
    if (plain.at)
        sodium_memzero((void *)(uintptr_t)plain.at, plain.len);
    if (text)
        sodium_memzero((void *)(uintptr_t)text, strlen(text));
    if (status == XG_OK && (!call->input || call->bytes)) {
        xg_call_wipe(call);
        status = xg_fail(err, XG_USAGE,
                         XG_T("“%s”不接收文件", "\"%s\" takes no file"),
                         call->row->run);
    }
    return status;
}

static void *open_feed(void *ctx, const struct xg_request *request,
                       uint64_t length, struct xg_response *response)
{
    struct ui *ui = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_call call;
    struct feed *feed;

    if (!guard_token(&ui->guard, request, response))
        return NULL;
    if (length == UINT64_MAX) {
        xg_response_problem(response, 411, "length",
                            XG_T("请求没有说明长度",
                                 "the request states no length"),
                            NULL);
        return NULL;
    }
    if (header_call(&call, request, &err) != XG_OK) {
        answer_refusal(response, &err);
        return NULL;
    }
    feed = calloc(1, sizeof *feed);
    if (!feed)
        xg_ignore(xg_fail_nomem(&err));
    else
        *feed = (struct feed){.ui = ui,
                              .call = call,
                              .input = {.bytes = length},
                              .run = RUN_NONE,
                              .early = XG_BUF(EARLY_MAX),
                              .full = XG_ERROR_NONE};
    if (feed && call.whole &&
        xg_os_open_unnamed(&feed->input.file, ui->home, &err) == XG_OK)
        return feed;
    if (feed && !call.whole &&
        answer_start(&feed->run, ui, &feed->call, request, &feed->input,
                     response)) {
        fcntl(feed->run.input_fd, F_SETFL, O_NONBLOCK);
        fcntl(feed->run.output_fd, F_SETFL, O_NONBLOCK);
        return feed;
    }
    if (err.status != XG_OK)
        answer_refusal(response, &err);
    xg_call_wipe(&call);
    free(feed);
    return NULL;
}

/* What it says meanwhile is kept, so that it never waits for us to read. False:
 * it says too much. */
static bool hear_early(struct feed *feed)
{
    uint8_t *room = xg_buf_room(&feed->early, PIECE_BYTES);

    if (!room)
        return false;
    ssize_t n = read(feed->run.output_fd, room, PIECE_BYTES);
    if (n > 0)
        feed->early.len += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        feed->deaf = true;
    return true;
}

static bool take_feed(void *ctx, void *stream, struct xg_bytes piece)
{
    struct feed *feed = stream;

    (void)ctx;
    if (feed->call.whole) {
        xg_ignore(xg_os_write_all(feed->input.file, feed->ui->home, piece,
                                  &feed->full));
        return feed->full.status == XG_OK;
    }
    while (piece.len > 0 && !feed->deaf) {
        struct pollfd polls[2] = {
            {.fd = feed->run.input_fd, .events = POLLOUT},
            {.fd = feed->run.output_fd, .events = POLLIN}};
        if (poll(polls, 2, -1) < 0)
            continue;
        if (polls[1].revents && !hear_early(feed))
            return false;
        if (!polls[0].revents)
            continue;
        ssize_t n = write(feed->run.input_fd, piece.at, piece.len);
        if (n > 0)
            piece = xg_bytes(piece.at + n, piece.len - (size_t)n);
        else if (errno != EAGAIN && errno != EINTR)
            feed->deaf = true;
    }
    return true;
}

/* It is whole: the command may have it. */
static bool start_whole(struct feed *feed, const struct xg_request *request,
                        struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;

    if (lseek(feed->input.file, 0, SEEK_SET) == 0)
        return answer_start(&feed->run, feed->ui, &feed->call, request,
                            &feed->input, response);
    xg_ignore(xg_fail_os(&err, "%s", feed->ui->home));
    answer_refusal(response, &err);
    return false;
}

static void answer_fed(struct feed *feed, struct xg_response *response)
{
    struct run_flow *f =
        make_flow(response, feed->ui, call_row_of(&feed->call), &feed->run, true);

    if (!f)
        return;
    xg_buf_append(&f->ready, feed->early.data, feed->early.len);
    f->open_line = feed->early.len > 0 &&
                   feed->early.data[feed->early.len - 1] != '\n';
    response->content_type = "application/x-ndjson";
    xg_response_flow(response, &run_flow, f);
}

/* The command must not see an end that is none. */
static void drop_fed(struct feed *feed, struct xg_response *response)
{
    if (feed->run.pid)
        ui_call_ended(feed->ui, call_row_of(&feed->call), run_kill(&feed->run));
    run_clear(&feed->run);
    if (feed->full.status != XG_OK) {
        answer_refusal(response, &feed->full);
        return;
    }
    xg_response_problem(response, 400, "cut",
                        XG_T("文件没有传完，什么也没有保存",
                             "the file did not come whole; nothing was saved"),
                        NULL);
}

static void close_feed(void *ctx, void *stream, bool whole,
                       const struct xg_request *request,
                       struct xg_response *response)
{
    struct feed *feed = stream;

    (void)ctx;
    if (feed->run.input_fd >= 0 && whole) {
        close(feed->run.input_fd);
        feed->run.input_fd = -1;
    }
    if (!whole)
        drop_fed(feed, response);
    else if (!feed->call.whole || start_whole(feed, request, response))
        answer_fed(feed, response);
    xg_call_wipe(&feed->call);
    if (feed->input.file > 0)
        close(feed->input.file);
    xg_buf_clear(&feed->early);
    free(feed);
}

const struct xg_stream answer_feed = {open_feed, take_feed, close_feed};
