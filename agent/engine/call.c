/* call.c - one request, what its answer is worth, and trying again. */
#include "agent/engine/inside.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "shared/base/lang.h"

enum {
    PAUSE_FIRST_MS = 1000,
    PAUSE_MAX_MS = 60 * 1000,
    PROBLEM_MAX = 64 << 10, /* bytes of a problem+json that we look at */
    LONG_ANSWER = 8 << 10,
    REQUEST_BYTES = 1 << 10, /* what surrounds a request and its answer */
};

/* ---- reasons ---- */

/* A text of the server's, for a terminal: no control characters. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    for (size_t i = 0; i < len; i++)
        out[i] =
            (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];
    out[len] = '\0';
}

/* title and detail of a problem+json, and whether it says that we know a longer
 * log than the server; false when the answer is none. */
static bool problem_text(struct sync *y, char *out, size_t size)
{
    const struct transport_answer *a = &y->answer;

    y->behind = false;
    y->problem[0] = '\0';
    if (strcmp(a->type, "application/problem+json") != 0 ||
        a->body.len > PROBLEM_MAX)
        return false;
    json_t *root = json_loadb((const char *)a->body.data, a->body.len, 0, NULL);
    const char *title = json_string_value(json_object_get(root, "title"));
    const char *detail = json_string_value(json_object_get(root, "detail"));
    const char *code = json_string_value(json_object_get(root, "code"));
    if (title) {
        char joined[2 * SYNC_REASON_SIZE];
        snprintf(joined, sizeof joined, "%.300s%s%.300s", title,
                 detail ? ": " : "", detail ? detail : "");
        copy_text(out, size, joined);
        if (code)
            copy_text(y->problem, sizeof y->problem, code);
        y->behind = code && strcmp(code, "behind") == 0;
    }
    json_decref(root);
    return title != NULL;
}

static enum xg_status portal(struct xg_error *err)
{
    return xg_fail(
        err, XG_NET,
        XG_T("似乎是上网认证页面在应答，而不是服务器；请先在浏览器中登录网络，"
             "再同步（数据仍在本机）",
             "a captive portal seems to answer in the server's place; log in "
             "to the network with a browser, then sync again (the work stays "
             "here)"));
}

static bool is_html(const struct transport_answer *a)
{
    return strcmp(a->type, "text/html") == 0 ||
           strcmp(a->type, "application/xhtml+xml") == 0;
}

enum xg_status sync_bad_answer(struct sync *y, struct xg_error *err)
{
    if (y->part)
        return xg_fail(err, XG_FORMAT,
                       XG_T("数据包里的“%s”不是服务器给本机的，或已损坏",
                            "part \"%s\" of the bundle is not what the server "
                            "says to this device, or is damaged"),
                       y->part);
    if (is_html(&y->answer))
        return portal(err);
    return xg_fail(
        err, XG_NET,
        XG_T("应答不是巡格服务器的，或在途中损坏（HTTP %d，%zu 字节）；"
             "稍后重试",
             "the answer is not that of a Xunge server, or was "
             "damaged on the way (HTTP %d, %zu bytes); try again "
             "later"),
        y->answer.http_status, y->answer.body.len);
}

/* Any status that the caller does not take for success. `bodiless`: no answer
 * to this request has a body, so none can be asked for a reason. */
static enum xg_status judge_status(struct sync *y, bool bodiless,
                                   struct xg_error *err)
{
    const struct transport_answer *a = &y->answer;
    char reason[SYNC_REASON_SIZE];
    int status = a->http_status;

    if (status == 511 || (status >= 300 && status < 400))
        return portal(err);
    bool said = problem_text(y, reason, sizeof reason);
    if (!said && bodiless && !is_html(a) && status >= 400 && status < 500) {
        snprintf(reason, sizeof reason, "HTTP %d", status);
        said = true;
    }
    y->said_busy = said && status == 503 && !y->behind;
    if (status == 429 || status >= 500) {
        y->report->retry_after_s = a->retry_after_s;
        if (said)
            return xg_fail(err, XG_NET, "HTTP %d: %s", status, reason);
        return xg_fail(err, XG_NET,
                       XG_T("服务器暂时不能应答（HTTP %d）；稍后重试",
                            "the server cannot answer now (HTTP %d); try "
                            "again later"),
                       status);
    }
    if (!said)
        return sync_bad_answer(y, err);
    switch (status) {
    case 401:
        return xg_fail(err, XG_AUTH, "%s", reason);
    case 403:
        return xg_fail(err, XG_REFUSED, "%s", reason);
    case 404:
    case 410:
        return xg_fail(err, XG_NOTFOUND, "%s", reason);
    case 413:
        return xg_fail(err, XG_TOOBIG, "%s", reason);
    case 400:
    case 409:
    case 412:
    case 415:
    case 422:
    case 460: /* tus: the checksum of a piece */
        return xg_fail(err, XG_FORMAT, "%s", reason);
    default:
        return xg_fail(err, XG_NET, "HTTP %d: %s", status, reason);
    }
}

static void reset_answer(struct sync *y)
{
    struct transport_answer *a = &y->answer;

    y->said_busy = false;
    y->problem[0] = '\0';
    a->http_status = 0;
    a->retry_after_s = 0;
    a->type[0] = a->location[0] = '\0';
    a->has_upload_offset = false;
    a->upload_offset = a->sent_bytes = a->line_bytes = 0;
    a->took_ms = 0;
    xg_buf_reset(&a->body);
}

static bool is_good(const struct transport_request *request, int status)
{
    for (size_t i = 0; i < TRANSPORT_GOOD_MAX; i++)
        if (request->good[i] && request->good[i] == status)
            return true;
    return !request->good[0] && status == 200;
}

/* What the line showed. An answer that took long because it was long says
 * nothing of the way up; one that came early left a part of the body unsent. */
static void keep_pace(struct sync *y, const struct transport_request *request,
                      enum xg_status status)
{
    const struct transport_answer *a = &y->answer;

    if (status == XG_NET && a->took_ms > 0)
        pace_cut(&y->report->pace);
    else if (status == XG_OK && a->body.len <= LONG_ANSWER &&
             is_good(request, a->http_status))
        pace_answered(&y->report->pace, request->body.len, a->took_ms);
}

uint64_t sync_allowance(const struct sync *y)
{
    uint64_t budget = y->options->budget_bytes;
    uint64_t spent = y->report->line_bytes + REQUEST_BYTES;

    if (y->options->deadline_ms > 0 &&
        xg_mono_ms(y->env) >= y->options->deadline_ms)
        return 0;
    if (budget == 0)
        return UINT64_MAX;
    return budget > spent ? budget - spent : 0;
}

static enum xg_status used_up(struct sync *y, struct xg_error *err)
{
    y->report->budget = true;
    return xg_fail(err, XG_NET,
                   XG_T("本次的流量或时间已用完（--budget、--within）；其余的仍在"
                        "本机，下次再传",
                        "the bytes or the time of this run are used up "
                        "(--budget, --within); the rest stays here for the "
                        "next one"));
}

enum xg_status sync_call(struct sync *y,
                         const struct transport_request *request,
                         struct xg_error *err)
{
    struct transport_answer *a = &y->answer;
    struct transport_request patient = *request;
    int64_t most_s = y->options->silence_max_s;
    uint64_t allowance = sync_allowance(y);

    reset_answer(y);
    if (allowance == 0 || request->body.len > allowance)
        return used_up(y, err);
    patient.silence_s = pace_silence_s(&y->report->pace);
    if (most_s > 0 && patient.silence_s > most_s)
        patient.silence_s = most_s;
    enum xg_status status =
        y->transport->request(y->transport->ctx, &patient, a, err);
    y->report->line_bytes += a->line_bytes ? a->line_bytes
                                           : request->body.len + a->body.len;
    keep_pace(y, request, status);
    if (status != XG_OK)
        return status;
    y->report->bytes_out += request->body.len;
    y->report->bytes_in += a->body.len;
    if (!is_good(request, a->http_status))
        return judge_status(y, strcmp(request->method, "HEAD") == 0, err);
    if (is_html(a))
        return portal(err);
    return XG_OK;
}

/* ---- whose answer ---- */

enum xg_status sync_open_note(struct sync *y, struct xg_note *note,
                              struct xg_bytes data,
                              const struct xg_verifier *log,
                              struct xg_error *err)
{
    char ours[9], theirs[9], name[XG_KEY_NAME_MAX + 1];

    y->other_log = false;
    if (xg_note_parse(note, data.at, data.len, err) != XG_OK)
        return sync_bad_answer(y, err);
    const struct xg_note_signature *s = &note->signatures[0];
    bool same = xg_bytes_equal(s->name, xg_bytes_of(log->name)) &&
                memcmp(s->id, log->id, sizeof s->id) == 0;
    if (note->count != 1 ||
        (same && xg_note_open(note, data.at, data.len, log, err) != XG_OK))
        return sync_bad_answer(y, err);
    if (same)
        return XG_OK;

    y->other_log = true;
    xg_hex(ours, log->id, sizeof log->id);
    xg_hex(theirs, s->id, sizeof s->id);
    snprintf(name, sizeof name, "%.*s", (int)s->name.len,
             (const char *)s->name.at);
    return xg_fail(
        err, XG_REFUSED,
        XG_T("应答的是另一台服务器：它的日志密钥是 %s+%s，本机加入时的"
             "是 %s+%s；未发送任何数据，请联系管理员",
             "another server answers: its log key is %s+%s, this "
             "device was enrolled with %s+%s; nothing was handed "
             "over, ask the operator"),
        name, theirs, log->name, ours);
}

/* ---- trying again ---- */

void sync_progress(struct sync *y)
{
    y->progressed = true;
    if (y->host && y->host->progress)
        y->host->progress(y->host->ctx, y->report);
}

/* Doubling from a second to a minute; the upper half of each is chance, so
 * that a street of devices does not come back in step. */
static int64_t pause_ms(const struct sync *y, unsigned failures)
{
    int64_t whole = PAUSE_MAX_MS, wished = y->report->retry_after_s;
    uint32_t chance;

    if (failures < 6)
        whole = (int64_t)PAUSE_FIRST_MS << failures;
    xg_random(y->env, &chance, sizeof chance);
    int64_t pause = whole / 2 + chance % (whole / 2 + 1);
    if (wished > INT64_MAX / 2000)
        wished = INT64_MAX / 2000;
    return wished * 1000 > pause ? wished * 1000 + pause / 2 : pause;
}

enum xg_status sync_persist(struct sync *y,
                            enum xg_status (*step)(struct sync *y,
                                                   struct xg_error *err),
                            struct xg_error *err)
{
    int64_t since = xg_mono_ms(y->env);
    unsigned failures = 0;

    for (;;) {
        y->progressed = false;
        y->report->retry_after_s = 0;
        enum xg_status status = step(y, err);
        if (status != XG_NET || y->report->budget)
            return status;
        int64_t now = xg_mono_ms(y->env);
        if (y->progressed) {
            failures = 0;
            since = now;
        }
        int64_t pause = pause_ms(y, failures++);
        if (pause > y->options->give_up_ms - (now - since))
            return status;
        if (y->options->deadline_ms > 0 &&
            pause > y->options->deadline_ms - now) {
            y->report->budget = true;
            return status;
        }
        y->report->pausing = true;
        if (y->host->progress)
            y->host->progress(y->host->ctx, y->report);
        bool goes_on = y->host->wait_ms(y->host->ctx, pause);
        y->report->pausing = false;
        if (!goes_on)
            return status;
    }
}
