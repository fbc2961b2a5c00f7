/* http.c - see http.h. libcurl 7.88. */
#include "agent/sync/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"

enum {
    CONNECT_S = 30,
    SILENCE_S = 60,
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
};

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
    struct transport_answer *answer = ctx;

    xg_buf_append(&answer->body, data, size * count);
    return answer->body.failed == XG_OK ? size * count : 0;
}

static int look_up(void *ctx, curl_off_t down_all, curl_off_t down,
                   curl_off_t up_all, curl_off_t up)
{
    const struct http *h = ctx;

    (void)down_all, (void)down, (void)up_all, (void)up;
    return h->stop && *h->stop;
}

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
    set_long(c, CURLOPT_LOW_SPEED_LIMIT, 1L, &good);
    set_long(c, CURLOPT_LOW_SPEED_TIME, SILENCE_S, &good);
    set_long(c, CURLOPT_NOPROGRESS, 0L, &good);
    set_long(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2, &good);
    set_long(c, CURLOPT_CERTINFO, 1L, &good);
    set_text(c, CURLOPT_USERAGENT, "xunge-sync/1", &good);
    if (here)
        set_text(c, CURLOPT_PROXY, "", &good);
    if (pin)
        set_pin(c, pin, &good);
    return good &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->text) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
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

    list = add(list, good, "Expect:");
    list = add(list, good,
               xg_lang() == XG_LANG_ZH ? "Accept-Language: zh"
                                       : "Accept-Language: en");
    if (r->body.len)
        list = add(list, good, "Content-Type: application/octet-stream");
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
                    struct transport_answer *answer,
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
    } else {
        good = good &&
               curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                                (curl_off_t)r->body.len) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.at) == CURLE_OK;
        set_long(c, CURLOPT_POST, 1L, &good);
        set_text(c, CURLOPT_CUSTOMREQUEST, r->method, &good);
    }
    return good &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, answer) == CURLE_OK;
}

/* What libcurl could not do, for a person. */
static enum xg_status explain(const struct http *h, CURLcode code,
                              struct xg_error *err)
{
    const char *detail = *h->text ? h->text : curl_easy_strerror(code);

    if (code == CURLE_OUT_OF_MEMORY)
        return xg_fail_nomem(err);
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
                       XG_T("连不上服务器或长时间没有回音；数据仍在本机，稍后"
                            "重试（%s）",
                            "no connection, or nothing was heard for too long; "
                            "the work stays here, try again later (%s)"),
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

static enum xg_status request(void *ctx, const struct transport_request *r,
                              struct transport_answer *answer,
                              struct xg_error *err)
{
    struct http *h = ctx;
    bool good = true;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    struct curl_slist *headers = make_headers(r, &good);

    xg_buf_reset(&answer->body);
    h->text[0] = '\0';
    if (good && prepare(h, r, answer, headers))
        code = curl_easy_perform(h->curl);
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
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
