/* answer.c - what a command prints, as the answer of a request; a request's
 * body, as what a command reads.
 *
 * A reader that goes away ends a command that reads (its answer is of no use to
 * anybody); one that writes goes on and is waited for. An upload that breaks
 * off ends the command that takes it before it sees the end of its input: it
 * must not take the part for the whole; many get it only once it is. Should this program die amid an upload,
 * the command sees an end; that it came early tells it --bytes, where what it
 * takes does not tell by itself (a photo).
 */
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
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
    FIRST_BYTES = 4096, /* of an answer in bytes, before its head goes out */
    EARLY_MAX = 1 << 20, /* said by a command while it still takes its input */
    BEAT_MS = 20 * 1000,
    STICKS_MAX = 1 << 20,
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

static ssize_t give_ready(struct run_flow *f, uint8_t *out, size_t max)
{
    size_t left = f->ready.len - f->ready_at, n = left < max ? left : max;

    memcpy(out, f->ready.data + f->ready_at, n);
    f->ready_at += n;
    return (ssize_t)n;
}

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
    return f->ready.failed == XG_OK ? give_ready(f, out, max) : -1;
}

static ssize_t next_of_run(void *state, const struct xg_reader *reader,
                           uint8_t *out, size_t max)
{
    struct run_flow *f = state;

    if (f->ready_at < f->ready.len)
        return give_ready(f, out, max);
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

/* HTTP's word for an exit status. */
static int http_of_exit(int exit_status)
{
    switch (exit_status) {
    case 2:
        return 400;
    case 3:
        return 404;
    case 4:
        return 502;
    case 5:
        return 409;
    case 6:
        return 423;
    default:
        return exit_status == 7 || exit_status < 0 ? 500 : 422;
    }
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
        put_problem(response, http_of_exit(status),
                    "{\"error\":\"conflict\",\"exit\":5,\"text\":\"\"}");
    else
        put_problem(response, http_of_exit(status), xg_buf_str(&error));
    xg_buf_clear(&error);
    run_clear(run);
}

/* False: there is none, the output ended. */
static bool read_first(struct run *run, struct xg_buf *first,
                       const struct xg_reader *reader, bool *gone)
{
    for (;;) {
        uint8_t *room = xg_buf_room(first, FIRST_BYTES);
        *gone = !room || xg_reader_wait(reader, run->output_fd, -1) ==
                             XG_WAIT_GONE;
        if (*gone)
            return false;
        ssize_t n = read(run->output_fd, room, FIRST_BYTES);
        if (n > 0)
            first->len += (size_t)n;
        if (n > 0)
            return true;
        if (n == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
    }
}

void answer_bytes(struct xg_response *response, struct ui *ui,
                  const struct call_row *row, struct run *run,
                  const struct xg_request *request)
{
    struct run_flow *f = make_flow(response, ui, row, run, false);
    bool gone = false;

    if (!f)
        return;
    if (read_first(&f->run, &f->ready, request->reader, &gone) || gone) {
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

bool answer_start(struct run *run, struct ui *ui, struct call *call,
                  const struct xg_request *request,
                  const struct answer_input *input,
                  struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    struct run_order order = {
        .secret = call->secret,
        .secret_bytes = call->secret_bytes,
        .secret_is_input = call->row->secret == CALL_BY_INPUT,
        .input = call->input && !call->whole,
        .input_file = input ? input->file : 0};
    enum xg_status status = XG_OK;

    for (size_t i = 0; i < call->flag_count; i++)
        order.is_long |= strcmp(call->flags[i].name, "watch") == 0;
    if (!call->lang)
        call->lang = ui->lang;
    status = answer_sticks(ui, call, request, &err);
    if (status == XG_OK) {
        order.arguments = call_arguments(
            call, ui->home, input ? input->bytes : 0, request->arena);
        status = order.arguments ? run_start(run, &ui->runner, &order,
                                             request->reader, &err)
                                 : xg_fail_nomem(&err);
    }
    call_wipe(call);
    if (status != XG_OK)
        answer_refusal(response, &err);
    return status == XG_OK;
}

/* ---- sticks ---- */

static enum xg_status list_sticks(json_t **out, struct ui *ui,
                                  const struct xg_request *request,
                                  struct xg_error *err)
{
    static const struct call_row row = {.run = "sticks", .flags = ""};
    const struct call call = {.row = &row, .lang = ui->lang};
    struct run_order order = {
        .arguments = call_arguments(&call, ui->home, 0, request->arena)};
    struct run run = RUN_NONE;
    struct xg_buf said = XG_BUF(STICKS_MAX);
    bool gone = false;

    if (!order.arguments)
        return xg_fail_nomem(err);
    if (run_start(&run, &ui->runner, &order, request->reader, err) != XG_OK)
        return err->status;
    while (read_first(&run, &said, request->reader, &gone))
        continue;
    int status = run_end(&run, gone);
    run_clear(&run);
    *out = json_array();
    for (const char *at = xg_buf_str(&said); status == 0 && *at;) {
        size_t len = strcspn(at, "\n");
        json_array_append_new(*out, json_loadb(at, len, 0, NULL));
        at += len + (at[len] == '\n');
    }
    xg_buf_clear(&said);
    if (status == 0)
        return XG_OK;
    json_decref(*out);
    return xg_fail(err, XG_IO,
                   XG_T("无法查看U盘；请拔下再插上",
                        "the sticks cannot be looked at; take it out and put "
                        "it in again"));
}

/* Only a file that was listed is read; one that is written is a plain name. */
static bool may_use(const json_t *stick, const char *file, bool written)
{
    size_t i;
    json_t *entry;

    if (written)
        return true;
    json_array_foreach(json_object_get(stick, "files"), i, entry) {
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (name && strcmp(name, file) == 0)
            return true;
    }
    return false;
}

static const char *stick_path(const json_t *sticks, const char *name)
{
    size_t i;
    json_t *stick;

    json_array_foreach(sticks, i, stick) {
        const char *own = json_string_value(json_object_get(stick, "name"));
        if (own && strcmp(own, name) == 0)
            return json_string_value(json_object_get(stick, "path"));
    }
    return NULL;
}

static enum xg_status place(const char **word, const json_t *sticks,
                            const char *name, const char *file, bool written,
                            struct xg_arena *arena, struct xg_error *err)
{
    const char *path = stick_path(sticks, name);
    size_t i;
    json_t *stick;
    bool may = false;

    json_array_foreach(sticks, i, stick)
        if (path && json_string_value(json_object_get(stick, "path")) == path)
            may = may_use(stick, file, written);
    if (!path || !may)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("U盘“%s”上没有“%s”；它还插着吗？",
                            "the stick \"%s\" has no \"%s\"; is it still "
                            "there?"),
                       name, file);
    *word = xg_arena_format(arena, "%s/%s", path, file);
    return *word ? XG_OK : xg_fail_nomem(err);
}

enum xg_status answer_sticks(struct ui *ui, struct call *call,
                             const struct xg_request *request,
                             struct xg_error *err)
{
    const char *name, *file, **word;
    json_t *sticks = NULL;
    enum xg_status status = XG_OK;
    bool written;

    /* Each that is put in place is one no more, so the first is the next. */
    while (status == XG_OK &&
           (word = call_stick(call, 0, &name, &file, &written,
                              request->arena)) != NULL) {
        if (!name)
            status = xg_fail_nomem(err);
        if (status == XG_OK && !sticks)
            status = list_sticks(&sticks, ui, request, err);
        if (status == XG_OK)
            status = place(word, sticks, name, file, written, request->arena,
                           err);
    }
    json_decref(sticks);
    return status;
}

/* ---- a body that becomes a command's input ---- */

struct feed {
    struct ui *ui;
    struct call call;
    struct answer_input input;
    struct run run; /* of one that takes what comes */
    struct xg_buf early;
    bool deaf; /* the command reads no more: the rest is swallowed */
    struct xg_error full; /* of one that is kept: it found no place */
};

/* A file without a name, where there is most room: gone with us. */
static enum xg_status open_unnamed(int *fd, const char *home,
                                   struct xg_error *err)
{
    char name[UI_PATH_SIZE];

    int opened = open(home, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (opened < 0 && (errno == EOPNOTSUPP || errno == EISDIR) &&
        snprintf(name, sizeof name, "%s/ui.XXXXXX", home) < (int)sizeof name) {
        opened = mkostemp(name, O_CLOEXEC);
        if (opened >= 0)
            unlink(name);
    }
    if (opened < 0)
        return xg_fail_os(err, XG_T("在 %s 存放文件", "keeping a file in %s"),
                          home);
    *fd = opened;
    return XG_OK;
}

/* base64url, as the page writes it. */
static enum xg_status header_call(struct call *call,
                                  const struct xg_request *request,
                                  struct xg_error *err)
{
    const char *text = xg_request_header(request, "Xunge-Call");
    size_t len = text ? strlen(text) : 0, n = 0;
    uint8_t *plain = xg_arena_alloc(request->arena, len + 1);

    if (!plain)
        return xg_fail_nomem(err);
    if (!text || sodium_base642bin(plain, len, text, len, NULL, &n, NULL,
                                   sodium_base64_VARIANT_URLSAFE_NO_PADDING))
        return xg_fail(err, XG_USAGE,
                       XG_T("页面的请求格式有误：%s",
                            "the page's request is malformed: %s"),
                       "Xunge-Call");
    enum xg_status status =
        call_parse(call, xg_bytes(plain, n), request->arena, err);
    sodium_memzero(plain, len);
    /* It held a PIN, and lies in a buffer of this request. */
    sodium_memzero((void *)(uintptr_t)text, len);
    if (status == XG_OK && (!call->input || call->bytes)) {
        call_wipe(call);
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
    struct call call;
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
        open_unnamed(&feed->input.file, ui->home, &err) == XG_OK)
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
    call_wipe(&call);
    free(feed);
    return NULL;
}

/* What it says meanwhile is kept, so that it never waits for us to read. False:
 * it says too much. */
static bool hear_early(struct feed *feed)
{
    uint8_t *room = xg_buf_room(&feed->early, FIRST_BYTES);

    if (!room)
        return false;
    ssize_t n = read(feed->run.output_fd, room, FIRST_BYTES);
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
        make_flow(response, feed->ui, feed->call.row, &feed->run, true);

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
        ui_call_ended(feed->ui, feed->call.row, run_kill(&feed->run));
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
    call_wipe(&feed->call);
    if (feed->input.file > 0)
        close(feed->input.file);
    xg_buf_clear(&feed->early);
    free(feed);
}

const struct xg_stream answer_feed = {open_feed, take_feed, close_feed};

/* ---- events ---- */

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
    size_t left = f->line.len - f->at, n = left < max ? left : max;
    memcpy(out, f->line.data + f->at, n);
    f->at += n;
    return (ssize_t)n;
}

static void close_events(void *state)
{
    struct events_flow *f = state;

    hub_leave(&f->listener);
    xg_buf_clear(&f->line);
    free(f);
}

void answer_events(struct xg_response *response, struct ui *ui)
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
