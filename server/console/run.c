/* run.c - a call that is run, and its answer: what the command wrote, line by
 * line, then its end line; or its bytes.
 *
 * What a command gives as a file, or takes as one, lies meanwhile in a file
 * without a name in DIR: gone with us.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/console/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"

enum {
    OUT_MAX = 256 << 20,
    COMPLAINT_MAX = 1 << 20,
    SPARE_BYTES = 256 << 20,
};

/* ---- errors ---- */

/* As a command line's JSON has it. */
static void complain(struct xg_buf *out, const struct xg_error *err)
{
    xg_buf_format(out, "{\"error\":\"%s\",\"exit\":%d,\"text\":",
                  xg_status_name(err->status), xg_status_exit(err->status));
    xg_json_string(out, xg_error_text(err));
    xg_buf_byte(out, '}');
}

static void put_problem(struct xg_response *response, int http_status,
                        const struct xg_buf *complaint)
{
    size_t len = complaint->len;

    while (len && complaint->data[len - 1] == '\n')
        len--;
    xg_response_clear(response);
    response->http_status = http_status;
    response->content_type = "application/problem+json";
    xg_buf_format(&response->body,
                  "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
                  "\"code\":\"command\",\"detail\":",
                  XG_T("没有做成", "it was not done"), http_status);
    xg_buf_append(&response->body, complaint->data, len);
    xg_buf_text(&response->body, "}\n");
}

/* A failure before anything ran. */
static void refuse(struct xg_response *response, const struct xg_error *err)
{
    struct xg_buf complaint = XG_BUF(8192);

    complain(&complaint, err);
    put_problem(response, xg_status_http(err->status), &complaint);
    xg_buf_clear(&complaint);
}

/* ---- running ---- */

/* One call with all that it takes. */
struct work {
    struct console *console;
    struct session *session; /* held */
    struct xg_call call;
    int input, output; /* files, or -1 */
    struct console_done done;
    bool busy; /* it was not run: too much of hers at once */
    bool ended; /* its lines have their end line already */
};

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void work_clear(struct work *w)
{
    close_file(&w->input);
    close_file(&w->output);
    if (w->done.out.data)
        sodium_memzero(w->done.out.data, w->done.out.len);
    xg_buf_clear(&w->done.out);
    xg_buf_clear(&w->done.complaint);
    if (w->session)
        sessions_let_go(&w->console->sessions, w->session);
    w->session = NULL;
}

static void not_run(struct work *w, const struct xg_error *err)
{
    complain(&w->done.complaint, err);
    w->done.exit = xg_status_exit(err->status);
}

static void run_work(struct work *w, const struct xg_request *request)
{
    struct console *c = w->console;
    struct xg_error err = XG_ERROR_NONE;
    struct console_order order = {
        .input = w->input,
        .within = console_within(w->session),
        .role = w->session->role,
        .secret = w->session->secret};

    w->done = (struct console_done){.out = XG_BUF(OUT_MAX),
                                    .complaint = XG_BUF(COMPLAINT_MAX)};
    if (w->call.bytes &&
        xg_os_open_unnamed(&w->output, c->options.dir, &err) != XG_OK) {
        not_run(w, &err);
        return;
    }
    order.output = w->output;
    order.words = (const char *const *)call_arguments(&w->call, &order.count, c->options.dir,
                                 w->session->code, request->arena);
    if (!order.words) {
        xg_ignore(xg_fail_nomem(&err));
        not_run(w, &err);
        return;
    }
    int64_t began_ms = console_now_ms(c);
    if (!quota_begin_run(&c->quota, w->session->code)) {
        w->busy = true;
        return;
    }
    c->options.runner.run(c->options.runner.ctx, &order, &w->done);
    quota_end_run(&c->quota, w->session->code);
    if (call_row_of(&w->call)->as == CALL_AS || w->call.input)
        lately_acted(&c->lately);
    xg_log(XG_LOG_DEBUG, "console.ran", "command=\"%s\" as=%s exit=%d ms=%lld",
           w->call.row->run, w->session->code, w->done.exit,
           (long long)(console_now_ms(c) - began_ms));
}

/* ---- answers ---- */

struct flow {
    struct console *console;
    char code[XG_CODE_MAX + 1]; /* whose it is */
    uint64_t bytes;
    struct xg_buf text;
    size_t at;
};

static ssize_t next_text(void *state, const struct xg_reader *reader,
                         uint8_t *out, size_t max)
{
    struct flow *f = state;

    (void)reader;
    return (ssize_t)xg_buf_take(&f->text, &f->at, out, max);
}

static void close_text(void *state)
{
    struct flow *f = state;

    if (f->text.data)
        sodium_memzero(f->text.data, f->text.len);
    xg_buf_clear(&f->text);
    quota_end(&f->console->quota, f->code, QUOTA_ANSWER, f->bytes);
    free(f);
}

static const struct xg_flow text_flow = {next_text, close_text};

/* Also where it comes by POST, which nobody keeps anyhow. */
static void keep_nowhere(struct xg_response *response)
{
    xg_response_header(response, "Cache-Control", "no-store");
}

/* Lies in memory until it was read. Takes the text. */
static void answer_long(struct xg_response *response, struct work *w,
                        struct xg_buf *text, const char *type)
{
    struct console *c = w->console;
    struct xg_error err = XG_ERROR_NONE;
    uint64_t bytes = text->len;

    if (!quota_begin(&c->quota, w->session->code, QUOTA_ANSWER, bytes)) {
        console_tell_busy(response);
        return;
    }
    struct flow *f = calloc(1, sizeof *f);
    if (!f) {
        quota_end(&c->quota, w->session->code, QUOTA_ANSWER, bytes);
        xg_ignore(xg_fail_nomem(&err));
        refuse(response, &err);
        return;
    }
    *f = (struct flow){.console = c, .bytes = bytes, .text = *text};
    memcpy(f->code, w->session->code, sizeof f->code);
    *text = (struct xg_buf){0};
    response->content_type = type;
    xg_response_flow(response, &text_flow, f);
    keep_nowhere(response);
}

/* However long it is: what is not long does not take one of the places of
 * answers that last (shared/web/web.h). Takes the text. */
static void answer_text(struct xg_response *response, struct work *w,
                        struct xg_buf *text, const char *type)
{
    struct xg_error err = XG_ERROR_NONE;

    if (text->failed != XG_OK) {
        xg_ignore(xg_fail_nomem(&err));
        refuse(response, &err);
    } else if (text->len > XG_HTTP_BODY_MAX) {
        answer_long(response, w, text, type);
    } else {
        response->content_type = type;
        response->body = *text;
        response->body.max = XG_HTTP_BODY_MAX;
        *text = (struct xg_buf){0};
        keep_nowhere(response);
    }
}

/* What came of it; and how far the board was that it read. */
static void put_end(struct work *w)
{
    struct console_done *d = &w->done;

    w->ended = true;
    while (d->complaint.len && d->complaint.data[d->complaint.len - 1] == '\n')
        d->complaint.len--;
    d->out.max += COMPLAINT_MAX + 64; /* the end line has room */
    xg_buf_format(&d->out, "{\"exit\":%d", d->exit);
    if (d->complaint.len) {
        xg_buf_text(&d->out, ",\"error\":");
        xg_buf_append(&d->out, d->complaint.data, d->complaint.len);
    }
    if (d->board.read)
        xg_buf_format(&d->out, ",\"at\":%" PRIu64 ",\"behind\":%" PRIu64,
                      d->board.size, d->board.behind);
    xg_buf_text(&d->out, "}\n");
}

static void answer_lines(struct xg_response *response, struct work *w)
{
    if (w->busy) {
        console_tell_busy(response);
        return;
    }
    if (!w->ended)
        put_end(w);
    answer_text(response, w, &w->done.out, "application/x-ndjson");
}

static const char *type_of(const uint8_t *first, size_t len)
{
    static const struct {
        const char *begins;
        size_t len;
        const char *type;
    } types[] = {{"\xff\xd8\xff", 3, "image/jpeg"},
                 {"\x89PNG\r\n", 6, "image/png"},
                 {"RIFF", 4, "image/webp"}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (len >= types[i].len &&
            memcmp(first, types[i].begins, types[i].len) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* A file, wherever it lies, that is hers until it was read. */
struct sent {
    struct quota *quota;
    char code[XG_CODE_MAX + 1];
    uint64_t bytes;
};

static void sent_over(void *state)
{
    struct sent *s = state;

    quota_end(s->quota, s->code, QUOTA_FILE, s->bytes);
    free(s);
}

/* False: the response says why not. */
static bool count_file(struct xg_response *response, struct work *w,
                       uint64_t bytes)
{
    struct xg_error err = XG_ERROR_NONE;
    struct sent *s = calloc(1, sizeof *s);

    if (!s) {
        xg_ignore(xg_fail_nomem(&err));
        refuse(response, &err);
        return false;
    }
    *s = (struct sent){.quota = &w->console->quota, .bytes = bytes};
    memcpy(s->code, w->session->code, sizeof s->code);
    if (!quota_begin(s->quota, s->code, QUOTA_FILE, bytes)) {
        free(s);
        console_tell_busy(response);
        return false;
    }
    xg_response_when_over(response, sent_over, s);
    return true;
}

/* Takes the file. */
static void answer_file(struct xg_response *response, struct work *w,
                        uint64_t bytes)
{
    uint8_t first[16];

    if (!count_file(response, w, bytes))
        return;
    ssize_t n = pread(w->output, first, sizeof first, 0);
    response->content_type = type_of(first, n > 0 ? (size_t)n : 0);
    xg_response_file(response, w->output, 0, bytes);
    w->output = -1; /* taken */
    keep_nowhere(response);
}

/* Bytes have no end line: how far the board was that they were made of. */
static void head_board(struct xg_response *response,
                       const struct console_board *b)
{
    char at[24], behind[24];

    if (!b->read)
        return;
    snprintf(at, sizeof at, "%" PRIu64, b->size);
    snprintf(behind, sizeof behind, "%" PRIu64, b->behind);
    xg_response_header(response, "Xunge-At", at);
    xg_response_header(response, "Xunge-Behind", behind);
}

/* What lies in the file that was lent, else what was printed. */
static void answer_bytes(struct xg_response *response, struct work *w)
{
    struct xg_buf *printed = &w->done.out;
    struct stat info;

    if (w->busy)
        console_tell_busy(response);
    else if (w->done.exit != 0)
        put_problem(response, xg_call_http(w->done.exit), &w->done.complaint);
    else if (fstat(w->output, &info) == 0 && info.st_size > 0)
        answer_file(response, w, (uint64_t)info.st_size);
    else if (count_file(response, w, printed->len))
        answer_text(response, w, printed, type_of(printed->data, printed->len));
    if (response->http_status < 400)
        head_board(response, &w->done.board);
}

/* ---- requests ---- */

/* False: the response says why not. */
static bool take_call(struct work *w, struct xg_bytes text,
                      const struct xg_request *request,
                      struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;

    if (call_parse(&w->call, text, w->session->role, request->arena, &err) ==
        XG_OK)
        return true;
    refuse(response, &err);
    if (err.status == XG_REFUSED) {
        response->http_status = 403;
        xg_log(XG_LOG_WARN, "console.refused", "code=%s peer=%s",
               w->session->code, request->peer);
    }
    return false;
}

static bool begin(struct work *w, struct console *c,
                  const struct xg_request *request,
                  struct xg_response *response)
{
    *w = (struct work){.console = c, .input = -1, .output = -1};
    w->session = console_enter(c, request, response);
    if (w->session && xg_request_must_be_json(request, response) &&
        take_call(w, request->body, request, response))
        return true;
    work_clear(w);
    return false;
}

static void wrong_door(struct xg_response *response, const struct xg_call *call)
{
    struct xg_error err = XG_ERROR_NONE;

    xg_ignore(xg_fail(
        &err, XG_USAGE,
        call->input ? XG_T("“%s”要的文件随 /api/feed 发来",
                           "the file of \"%s\" comes by /api/feed")
        : call->bytes
            ? XG_T("“%s”的结果不是 JSON：用 /api/data",
                   "\"%s\" gives no JSON: use /api/data")
            : XG_T("“%s”没有文件", "\"%s\" has no file"),
        call->row->run));
    refuse(response, &err);
}

/* Asked by the page itself, of everybody in the same way, and nothing personal
 * in it. */
static bool is_shared(const struct work *w, const struct xg_request *request)
{
    const char *run = w->call.row->run;

    for (size_t i = 0; i < w->call.flag_count; i++)
        if (strcmp(w->call.flags[i].name, "why") == 0)
            return false;
    return !xg_request_header(request, "Xunge-Touch") &&
           (strcmp(run, "list") == 0 || strcmp(run, "counts") == 0);
}

static struct xg_hash question_of(const struct work *w,
                                  const struct xg_request *request)
{
    const char *within = console_within(w->session);
    /* The role, in which words the answer is, and what she may have been told
     * of: it was not looked for before that. */
    const uint64_t of[] = {w->session->role->number, xg_lang(),
                           events_next(w->console->events)};
    crypto_generichash_state state;
    struct xg_hash question;

    within = within ? within : "";
    crypto_generichash_init(&state, NULL, 0, sizeof question.b);
    crypto_generichash_update(&state, (const uint8_t *)of, sizeof of);
    crypto_generichash_update(&state, (const uint8_t *)within,
                              strlen(within) + 1);
    crypto_generichash_update(&state, request->body.at, request->body.len);
    crypto_generichash_final(&state, question.b, sizeof question.b);
    return question;
}

static void run_shared(struct work *w, const struct xg_request *request)
{
    struct console *c = w->console;
    struct xg_hash question = question_of(w, request);
    struct lately_look look;
    struct xg_bytes answer = {0};

    w->done = (struct console_done){.out = XG_BUF(OUT_MAX),
                                    .complaint = XG_BUF(COMPLAINT_MAX)};
    w->ended = lately_find(&c->lately, &w->done.out, &question,
                           console_now_ms(c), &look);
    if (w->ended)
        return;
    xg_buf_clear(&w->done.out);
    run_work(w, request);
    if (!w->busy)
        put_end(w);
    if (!w->busy && w->done.exit == 0 && w->done.out.failed == XG_OK)
        answer = xg_buf_bytes(&w->done.out);
    lately_found(&c->lately, &look, answer, console_now_ms(c));
}

void run_post(void *ctx, const struct xg_request *request,
              struct xg_response *response)
{
    struct work w;

    if (!begin(&w, ctx, request, response))
        return;
    if (w.call.input || w.call.bytes) {
        wrong_door(response, &w.call);
    } else {
        if (is_shared(&w, request))
            run_shared(&w, request);
        else
            run_work(&w, request);
        answer_lines(response, &w);
    }
    work_clear(&w);
}

void data_post(void *ctx, const struct xg_request *request,
               struct xg_response *response)
{
    struct work w;

    if (!begin(&w, ctx, request, response))
        return;
    if (!w.call.bytes) {
        wrong_door(response, &w.call);
    } else {
        run_work(&w, request);
        answer_bytes(response, &w);
    }
    work_clear(&w);
}

/* ---- a body that becomes a command's input ---- */

struct feed {
    struct work work;
    uint64_t bytes; /* stated */
    struct xg_error full;
};

/* base64url, as the page writes it. */
static bool header_call(struct work *w, const struct xg_request *request,
                        struct xg_response *response)
{
    const char *text = xg_request_header(request, "Xunge-Call");
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes plain;

    if (xg_call_of_header(&plain, text, request->arena, &err) != XG_OK) {
        refuse(response, &err);
        return false;
    }
    if (!take_call(w, plain, request, response))
        return false;
    if (w->call.input)
        return true;
    wrong_door(response, &w->call);
    return false;
}

/* It is stated, it is not too long, and leaves the disk room for what comes
 * from the field. */
static bool has_room(const struct work *w, uint64_t length,
                     struct xg_response *response)
{
    const char *dir = w->console->options.dir;
    struct xg_error err = XG_ERROR_NONE;
    uint64_t left = 0;

    if (length == UINT64_MAX) {
        xg_response_problem(response, 411, "length",
                            XG_T("请求没有说明长度",
                                 "the request states no length"),
                            NULL);
        return false;
    }
    if (!call_row_of(&w->call)->large && length > CALL_INPUT_MAX)
        xg_ignore(xg_fail(&err, XG_TOOBIG,
                          XG_T("文件太大，最多 %d MiB",
                               "the file is too large: %d MiB at most"),
                          CALL_INPUT_MAX >> 20));
    else if (xg_os_free_bytes(&left, dir, &err) == XG_OK &&
             left < SPARE_BYTES + length +
                        quota_bytes(&w->console->quota, QUOTA_FEED))
        xg_ignore(xg_fail(&err, XG_FULL, "%s",
                          XG_T("服务器磁盘快满了，没有收下文件",
                               "the server's disk is nearly full: the file "
                               "was not taken")));
    if (err.status == XG_OK)
        return true;
    refuse(response, &err);
    return false;
}

static void *open_feed(void *ctx, const struct xg_request *request,
                       uint64_t length, struct xg_response *response)
{
    struct console *c = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct work w = {.console = c, .input = -1, .output = -1};
    struct feed *feed = NULL;

    w.session = console_enter(c, request, response);
    if (w.session && header_call(&w, request, response) &&
        has_room(&w, length, response)) {
        feed = calloc(1, sizeof *feed);
        if (!feed)
            xg_ignore(xg_fail_nomem(&err));
        else
            xg_ignore(xg_os_open_unnamed(&w.input, c->options.dir, &err));
        if (err.status != XG_OK)
            refuse(response, &err);
    }
    if (feed && err.status == XG_OK &&
        !quota_begin(&c->quota, w.session->code, QUOTA_FEED, length)) {
        console_tell_busy(response);
        xg_ignore(xg_fail(&err, XG_BUSY, "busy"));
    }
    if (!feed || err.status != XG_OK) {
        work_clear(&w);
        free(feed);
        return NULL;
    }
    *feed = (struct feed){.work = w, .bytes = length, .full = XG_ERROR_NONE};
    return feed;
}

static bool take_feed(void *ctx, void *stream, struct xg_bytes piece)
{
    struct console *c = ctx;
    struct feed *feed = stream;

    xg_ignore(xg_os_write_all(feed->work.input, c->options.dir, piece,
                              &feed->full));
    return feed->full.status == XG_OK;
}

static void close_feed(void *ctx, void *stream, bool whole,
                       const struct xg_request *request,
                       struct xg_response *response)
{
    struct feed *feed = stream;
    struct console *c = ctx;

    quota_end(&c->quota, feed->work.session->code, QUOTA_FEED, feed->bytes);
    if (whole && lseek(feed->work.input, 0, SEEK_SET) != 0)
        xg_ignore(xg_fail_os(&feed->full, "lseek"));
    if (feed->full.status != XG_OK) {
        refuse(response, &feed->full);
    } else if (!whole) {
        xg_response_problem(response, 400, "cut",
                            XG_T("文件没有传完，什么也没有保存",
                                 "the file did not come whole; nothing was "
                                 "saved"),
                            NULL);
    } else {
        run_work(&feed->work, request);
        answer_lines(response, &feed->work);
    }
    work_clear(&feed->work);
    free(feed);
}

const struct xg_stream run_feed = {open_feed, take_feed, close_feed};
