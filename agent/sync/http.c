/* http.c - see http.h. libcurl 7.88. */
#include "agent/sync/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "agent/sync/line.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

enum {
    CONNECT_S = 30,
    SILENCE_S = 60, /* where the request does not say */
    REPEAT_BYTES = 1 << 10,
    BUFFER_BYTES = 16 << 10,
    URL_SIZE = 512,
    PATH_SIZE = 2048,
    PIN_SIZE = sizeof "sha256//" + XG_BASE64_SIZE(XG_HASH_SIZE),
};

struct http {
    CURL *curl;
    char url[URL_SIZE];
    char text[CURL_ERROR_SIZE];
    bool pinned, seen; /* seen: the certificate was looked at */
    const volatile int *stop;
    void (*tick)(void *ctx);
    void *tick_ctx;
    struct line line;

    /* Of the request that runs. */
    struct transport_answer *answer;
    struct line_state state; /* when it was looked at last */
    curl_off_t moved;        /* bytes in libcurl's eyes, then */
    int64_t moved_ms;        /* when something moved last */
    int64_t silence_ms;      /* how long nothing may */
    bool silent;             /* it was given up for that */
    bool repeats;            /* libcurl may send it again by itself */
    bool broke;              /* ... and wanted to, but may not */
    int64_t sent_ms;         /* when it went out; 0: not yet */
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- opening ---- */

enum xg_status http_init(struct xg_error *err)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
               ? XG_OK
               : xg_fail_nomem(err);
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (strncmp(host, "127.", 4) == 0 &&
            strspn(host, "0123456789.") == strlen(host));
}

/* Scheme and host of a URL. XG_USAGE. */
static enum xg_status look_at_url(bool *plain, bool *here, const char *text,
                                  struct xg_error *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL;
    enum xg_status status = XG_OK;

    if (!url)
        return xg_fail_nomem(err);
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        status =
            xg_fail(err, XG_USAGE,
                    XG_T("服务器地址有误：%s", "not a server's URL: %s"), text);
    } else {
        *plain = strcmp(scheme, "http") == 0;
        *here = is_loopback(host);
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return status;
}

static size_t take_bytes(char *data, size_t size, size_t count, void *ctx)
{
    struct transport_answer *answer = ((struct http *)ctx)->answer;

    xg_buf_append(&answer->body, data, size * count);
    return answer->body.failed == XG_OK ? size * count : 0;
}

/* libcurl calls it at least once a second. */
static int look_up(void *ctx, curl_off_t down_all, curl_off_t down,
                   curl_off_t up_all, curl_off_t up)
{
    struct http *h = ctx;
    struct line_state state = line_look(&h->line);
    int64_t now = now_ms();

    (void)down_all, (void)up_all;
    if (state.confirmed != h->state.confirmed || down + up != h->moved)
        h->moved_ms = now;
    h->moved = down + up;
    h->state = state;
    if (h->tick)
        h->tick(h->tick_ctx);
    h->silent = now - h->moved_ms > h->silence_ms;
    return h->silent || (h->stop && *h->stop);
}

/* Before each time that libcurl sends the request. Where a connection that was
 * used before breaks without an answer, libcurl sends the whole request again
 * without a word: a body is too dear for that, and how much of it arrived is
 * asked for first. */
static int about_to_send(void *ctx, char *address, char *own_address, int port,
                         int own_port)
{
    struct http *h = ctx;

    (void)address, (void)own_address, (void)port, (void)own_port;
    h->broke = h->sent_ms > 0 && !h->repeats;
    if (h->sent_ms == 0)
        h->sent_ms = now_ms();
    return h->broke ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- an answer's headers ---- */

/* The value, when the line has that name; not terminated. */
static bool header_value(struct xg_bytes *value, struct xg_bytes line,
                         const char *name)
{
    size_t len = strlen(name);

    if (line.len <= len || line.at[len] != ':' ||
        strncasecmp((const char *)line.at, name, len) != 0)
        return false;
    const uint8_t *at = line.at + len + 1, *end = line.at + line.len;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && isspace(end[-1]))
        end--;
    *value = xg_bytes(at, (size_t)(end - at));
    return true;
}

/* Only what lies on the same server; it may say so with its whole URL. */
static void take_location(const struct http *h, struct xg_bytes value)
{
    size_t base = strlen(h->url);

    if (value.len > base && memcmp(value.at, h->url, base) == 0)
        value = xg_bytes(value.at + base, value.len - base);
    if (value.len == 0 || value.at[0] != '/' ||
        (value.len > 1 && value.at[1] == '/') ||
        value.len >= TRANSPORT_LOCATION_SIZE)
        return;
    memcpy(h->answer->location, value.at, value.len);
    h->answer->location[value.len] = '\0';
}

static void take_offset(const struct http *h, struct xg_bytes value)
{
    uint64_t offset = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9' || offset > UINT64_MAX / 16)
            return;
        offset = offset * 10 + (value.at[i] - '0');
    }
    h->answer->has_upload_offset = value.len > 0;
    h->answer->upload_offset = offset;
}

static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
    const struct http *h = ctx;
    struct xg_bytes line = xg_bytes(data, size * count), value;

    if (line.len >= 5 && memcmp(line.at, "HTTP/", 5) == 0) {
        h->answer->location[0] = '\0'; /* what came before was interim */
        h->answer->has_upload_offset = false;
    } else if (header_value(&value, line, "Location")) {
        take_location(h, value);
    } else if (header_value(&value, line, "Upload-Offset")) {
        take_offset(h, value);
    }
    return size * count;
}

/* ---- settings ---- */

/* curl_easy_setopt() asks for long and counts failures for us. */
static void set_long(CURL *curl, CURLoption option, long value, bool *good)
{
    *good = *good && curl_easy_setopt(curl, option, value) == CURLE_OK;
}

static void set_text(CURL *curl, CURLoption option, const char *value,
                     bool *good)
{
    *good = *good && curl_easy_setopt(curl, option, value) == CURLE_OK;
}

static void set_pin(CURL *curl, const uint8_t *pin, bool *good)
{
    char text[PIN_SIZE] = "sha256//";

    xg_base64(text + strlen(text), sizeof text - strlen(text), pin,
              XG_HASH_SIZE);
    set_text(curl, CURLOPT_PINNEDPUBLICKEY, text, good);
    set_long(curl, CURLOPT_SSL_VERIFYPEER, 0L, good);
    set_long(curl, CURLOPT_SSL_VERIFYHOST, 0L, good);
}

static bool configure(struct http *h, const uint8_t *pin, bool here)
{
    CURL *c = h->curl;
    bool good = true;

    set_text(c, CURLOPT_PROTOCOLS_STR, "http,https", &good);
    set_long(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1, &good);
    set_long(c, CURLOPT_FOLLOWLOCATION, 0L, &good);
    set_long(c, CURLOPT_NOSIGNAL, 1L, &good);
    set_long(c, CURLOPT_MAXCONNECTS, 1L, &good);
    set_long(c, CURLOPT_TCP_KEEPALIVE, 1L, &good);
    set_long(c, CURLOPT_BUFFERSIZE, BUFFER_BYTES, &good);
    set_long(c, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES, &good);
    set_long(c, CURLOPT_CONNECTTIMEOUT, CONNECT_S, &good);
    set_long(c, CURLOPT_NOPROGRESS, 0L, &good);
    set_long(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L, &good);
    set_long(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2, &good);
    set_long(c, CURLOPT_CERTINFO, 1L, &good);
    if (here)
        set_text(c, CURLOPT_PROXY, "", &good);
    if (pin)
        set_pin(c, pin, &good);
    return good && line_watch(&h->line, c) &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->text) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, h) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERDATA, h) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, about_to_send) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PREREQDATA, h) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_up) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_XFERINFODATA, h) == CURLE_OK;
}

enum xg_status http_open(struct http **out, const struct http_options *options,
                         struct xg_error *err)
{
    bool plain = true, here = false;

    if (look_at_url(&plain, &here, options->url, err) != XG_OK)
        return err->status;
    if (plain && !here && !options->allow_plain)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 不加密，内容会被看到；确实需要时用 "
                            "--allow-plain",
                            "%s is not encrypted, others could read along; if "
                            "that is meant, use --allow-plain"),
                       options->url);
    struct http *h = calloc(1, sizeof *h);
    if (!h)
        return xg_fail_nomem(err);
    h->curl = curl_easy_init();
    h->pinned = options->pin != NULL;
    h->stop = options->stop;
    h->tick = options->tick;
    h->tick_ctx = options->ctx;
    snprintf(h->url, sizeof h->url, "%s", options->url);
    if (!h->curl || !configure(h, options->pin, here)) {
        http_close(h);
        return xg_fail_nomem(err);
    }
    *out = h;
    return XG_OK;
}

void http_close(struct http *h)
{
    if (!h)
        return;
    curl_easy_cleanup(h->curl);
    free(h);
}

/* ---- one request ---- */

/* Append a header; the list is freed and NULL when memory is short. */
static struct curl_slist *add(struct curl_slist *list, bool *good,
                              const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);

    *good = *good && longer;
    return longer ? longer : list;
}

static struct curl_slist *make_headers(const struct transport_request *r,
                                       bool *good)
{
    char line[128];
    struct curl_slist *list = NULL;

    /* Every byte counts on a metered line: nothing that says nothing. */
    list = add(list, good, "Expect:");
    list = add(list, good, "Accept:");
    list = add(list, good,
               xg_lang() == XG_LANG_ZH ? "Accept-Language: zh"
                                       : "Accept-Language: en");
    /* Also of an empty body that has a type: the last piece of an upload. Of
     * one without, libcurl would name a type of its own. */
    snprintf(line, sizeof line, "Content-Type:%s%s", r->type ? " " : "",
             r->type ? r->type : "");
    list = add(list, good, line);
    for (size_t i = 0; i < r->header_count; i++)
        list = add(list, good, r->headers[i]);
    if (r->bearer) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", r->bearer);
        list = add(list, good, line);
    }
    if (r->states_size) {
        snprintf(line, sizeof line, "Xunge-Size: %" PRIu64, r->size);
        list = add(list, good, line);
    }
    return list;
}

static bool prepare(struct http *h, const struct transport_request *r,
                    const struct curl_slist *headers)
{
    char url[URL_SIZE + PATH_SIZE];
    bool good = true;
    CURL *c = h->curl;

    snprintf(url, sizeof url, "%s%s", h->url, r->path);
    set_text(c, CURLOPT_URL, url, &good);
    if (strcmp(r->method, "GET") == 0) {
        set_long(c, CURLOPT_HTTPGET, 1L, &good);
        set_text(c, CURLOPT_CUSTOMREQUEST, NULL, &good);
    } else if (strcmp(r->method, "HEAD") == 0) {
        set_long(c, CURLOPT_NOBODY, 1L, &good);
        set_text(c, CURLOPT_CUSTOMREQUEST, NULL, &good);
    } else {
        const void *body = r->body.len ? (const void *)r->body.at : "";
        good = good &&
               curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                                (curl_off_t)r->body.len) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_POSTFIELDS, body) == CURLE_OK;
        set_long(c, CURLOPT_POST, 1L, &good);
        set_text(c, CURLOPT_CUSTOMREQUEST, r->method, &good);
    }
    return good && curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
}

/* What libcurl could not do, for a person. */
static enum xg_status explain(const struct http *h, CURLcode code,
                              struct xg_error *err)
{
    const char *detail = *h->text ? h->text : curl_easy_strerror(code);

    if (code == CURLE_OUT_OF_MEMORY)
        return xg_fail_nomem(err);
    if (h->silent)
        return xg_fail(err, XG_NET,
                       XG_T("%" PRId64 " 秒没有任何回音，不再等；数据仍在本机，"
                            "稍后重试",
                            "nothing was heard for %" PRId64 " s, so it was "
                            "given up; the work stays here, try again later"),
                       h->silence_ms / 1000);
    if (h->broke)
        return xg_fail(err, XG_NET,
                       XG_T("连接在发送途中断了；数据仍在本机，稍后重试",
                            "no connection any more: it broke while sending; "
                            "the work stays here, try again later"));
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return xg_fail(err, XG_NET, XG_T("已中断", "stopped"));
    if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
        return xg_fail(
            err, XG_NET,
            XG_T("对方不是入网时的那台服务器（可能是上网认证页面）。什么也没"
                 "传出去；请换网络再试，还不行就告诉管理员",
                 "whoever answers does not have the TLS key of the "
                 "enrolment code: a captive portal, or the server "
                 "changed its key. Nothing was handed over; try another "
                 "network, and tell the administrator if that does not help"));
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return xg_fail(err, XG_NET,
                       XG_T("服务器证书未通过检查（%s）；请检查本机时间，或请"
                            "管理员在入网码中加入密钥指纹",
                            "the server's certificate did not pass (%s); check "
                            "this device's clock, or have the operator put the "
                            "key into the enrolment code"),
                       detail);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return xg_fail(err, XG_NET,
                       XG_T("连不上服务器；数据仍在本机，稍后重试（%s）",
                            "no connection in time; the work stays here, try "
                            "again later (%s)"),
                       detail);
    return xg_fail(err, XG_NET,
                   XG_T("连不上服务器；数据仍在本机，稍后重试（%s）",
                        "no connection to the server; the work stays here, try "
                        "again later (%s)"),
                   detail);
}

static void copy_type(char out[TRANSPORT_TYPE_SIZE], const char *type)
{
    size_t len = type ? strcspn(type, "; \t") : 0;

    if (len >= TRANSPORT_TYPE_SIZE)
        len = TRANSPORT_TYPE_SIZE - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)type[i]);
    out[len] = '\0';
}

/* Dates of the certificate, for whoever looks for a reason: noted, and with a
 * pin not obeyed. */
static void note_certificate(struct http *h)
{
    struct curl_certinfo *info = NULL;

    if (h->seen ||
        curl_easy_getinfo(h->curl, CURLINFO_CERTINFO, &info) != CURLE_OK ||
        !info || info->num_of_certs < 1)
        return;
    h->seen = true;
    for (struct curl_slist *line = info->certinfo[0]; line; line = line->next)
        if (strncmp(line->data, "Start date:", 11) == 0 ||
            strncmp(line->data, "Expire date:", 12) == 0)
            xg_log(XG_LOG_DEBUG, "tls.certificate", "%s pinned=%d", line->data,
                   h->pinned);
    curl_easy_setopt(h->curl, CURLOPT_CERTINFO, 0L);
}

static enum xg_status read_info(struct http *h, struct transport_answer *answer,
                                struct xg_error *err)
{
    long status = 0;
    curl_off_t after = 0;
    const char *type = NULL;

    if (curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status) !=
            CURLE_OK ||
        curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &after) != CURLE_OK ||
        curl_easy_getinfo(h->curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK)
        return xg_fail(err, XG_NET, "libcurl tells no status");
    answer->http_status = (int)status;
    answer->retry_after_s = after > 0 ? (int64_t)after : 0;
    copy_type(answer->type, type);
    note_certificate(h);
    return XG_OK;
}

/* Also after a failure: what was spent is spent. */
static void read_cost(struct http *h, uint64_t line_before)
{
    struct transport_answer *answer = h->answer;
    curl_off_t up = 0;

    curl_easy_getinfo(h->curl, CURLINFO_SIZE_UPLOAD_T, &up);
    uint64_t sent = up > 0 ? (uint64_t)up : 0;
    answer->took_ms = h->sent_ms > 0 ? now_ms() - h->sent_ms : 0;
    answer->sent_bytes = h->state.queued < sent ? sent - h->state.queued : 0;
    answer->line_bytes = line_look(&h->line).bytes - line_before;
}

static void begin(struct http *h, const struct transport_request *r,
                  struct transport_answer *answer)
{
    h->text[0] = '\0';
    h->answer = answer;
    h->state = line_look(&h->line);
    h->moved = 0;
    h->moved_ms = now_ms();
    h->silence_ms = 1000 * (r->silence_s > 0 ? r->silence_s : SILENCE_S);
    h->silent = h->broke = false;
    h->sent_ms = 0;
    h->repeats = r->body.len <= REPEAT_BYTES;
    xg_buf_reset(&answer->body);
    answer->location[0] = '\0';
    answer->has_upload_offset = false;
}

static enum xg_status request(void *ctx, const struct transport_request *r,
                              struct transport_answer *answer,
                              struct xg_error *err)
{
    struct http *h = ctx;
    bool good = true;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    struct curl_slist *headers = make_headers(r, &good);

    begin(h, r, answer);
    uint64_t line_before = h->state.bytes;
    if (good && prepare(h, r, headers))
        code = curl_easy_perform(h->curl);
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    if (code == CURLE_OK)
        h->state.queued = 0; /* who answered has it all */
    read_cost(h, line_before);
    if (answer->body.failed == XG_NOMEM)
        return xg_fail_nomem(err);
    if (answer->body.failed != XG_OK)
        return xg_fail(err, XG_NET,
                       XG_T("应答超过 %zu 字节，不是巡格服务器的",
                            "an answer of over %zu bytes is not that of a "
                            "Xunge server"),
                       answer->body.max);
    if (code != CURLE_OK)
        return explain(h, code, err);
    return read_info(h, answer, err);
}

struct xg_transport http_transport(struct http *h)
{
    return (struct xg_transport){h, request};
}
