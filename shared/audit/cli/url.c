/* url.c - see url.h. libcurl 7.88.
 *
 * The server is not trusted: what it says is checked against the auditor's keys
 * all the same; the pin only keeps others from listening and from making a
 * fool of the auditor for nothing. Redirects are not followed.
 */
#include "shared/audit/cli/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "shared/base/lang.h"

enum {
    TRIES = 5,
    CONNECT_S = 30,
    SILENCE_S = 60,
    URL_ROOM = 1024,
    TILE_MAX = (XG_NOTE_MAX + 2) * XG_TILE_WIDTH,
    HTTP_OK = 200,
    HTTP_NONE = 404,
};

struct address {
    CURL *curl;
    char base[URL_ROOM], why[CURL_ERROR_SIZE];
    struct xg_buf body;
    uint64_t size; /* of the checkpoint: so wide is the last tile */
    struct xg_bytes notes[XG_TILE_WIDTH];
};

bool cli_is_url(const char *word)
{
    return strncasecmp(word, "https://", 8) == 0 ||
           strncasecmp(word, "http://", 7) == 0;
}

static size_t collect(char *data, size_t size, size_t count, void *ctx)
{
    struct xg_buf *body = ctx;

    xg_buf_append(body, data, size * count);
    return body->failed == XG_OK ? size * count : 0;
}

static void wait_a_moment(int attempt)
{
    struct timespec pause = {.tv_sec = (time_t)(1 << attempt) / 2,
                             .tv_nsec = attempt == 0 ? 500000000L : 0};

    nanosleep(&pause, NULL);
}

/* One GET into a->body; *code is HTTP's. */
static CURLcode get_once(struct address *a, const char *path, long *code)
{
    char url[2 * URL_ROOM];

    snprintf(url, sizeof url, "%s%s", a->base, path);
    xg_buf_reset(&a->body);
    a->why[0] = '\0';
    curl_easy_setopt(a->curl, CURLOPT_URL, url);
    CURLcode done = curl_easy_perform(a->curl);
    *code = 0;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, code);
    return done;
}

static enum xg_status get(struct address *a, const char *path,
                          struct xg_error *err)
{
    CURLcode done = CURLE_OK;
    long code = 0;

    for (int i = 0; i < TRIES; i++) {
        done = get_once(a, path, &code);
        if (a->body.failed != XG_OK)
            return xg_buf_check(&a->body, err);
        if (done == CURLE_OK && code == HTTP_OK)
            return XG_OK;
        if (done == CURLE_OK && code == HTTP_NONE)
            return xg_fail(err, XG_NOTFOUND,
                           XG_T("%s%s 不存在", "%s%s is not there"), a->base,
                           path);
        if (done == CURLE_SSL_PINNEDPUBKEYNOTMATCH ||
            done == CURLE_PEER_FAILED_VERIFICATION)
            break;
        if (i + 1 < TRIES)
            wait_a_moment(i);
    }
    if (done == CURLE_OK)
        return xg_fail(err, XG_NET, "%s%s: HTTP %ld", a->base, path, code);
    return xg_fail(err, XG_NET, "%s%s: %s", a->base, path,
                   *a->why ? a->why : curl_easy_strerror(done));
}

static enum xg_status read_checkpoint(void *ctx, struct xg_buf *note,
                                      struct xg_error *err)
{
    struct address *a = ctx;
    struct xg_checkpoint c;
    struct xg_note parsed;

    if (get(a, "/log/checkpoint", err) != XG_OK ||
        xg_note_parse(&parsed, a->body.data, a->body.len, err) != XG_OK ||
        xg_checkpoint_parse(&c, parsed.text, err) != XG_OK)
        return err->status;
    /* The walk asks again at its end, when the log may have grown. */
    if (a->size == 0)
        a->size = c.size;
    xg_buf_append(note, a->body.data, a->body.len);
    return xg_buf_check(note, err);
}

static enum xg_status read_cosigned(void *ctx, struct xg_buf *frames,
                                    struct xg_error *err)
{
    struct address *a = ctx;

    if (get(a, "/log/cosigned", err) == XG_OK)
        xg_frame_put(frames, xg_buf_bytes(&a->body));
    else if (err->status != XG_NOTFOUND)
        return err->status;
    *err = XG_ERROR_NONE;
    if (get(a, "/log/witnesses", err) == XG_OK)
        xg_buf_append(frames, a->body.data, a->body.len);
    else if (err->status != XG_NOTFOUND)
        return err->status;
    *err = XG_ERROR_NONE;
    return xg_buf_check(frames, err);
}

static enum xg_status read_entries(void *ctx, const struct xg_bytes **notes,
                                   size_t *count, uint64_t first,
                                   struct xg_error *err)
{
    struct address *a = ctx;
    uint64_t start = first - first % XG_TILE_WIDTH, left = a->size - start;
    const struct xg_tile tile = {
        .entries = true,
        .index = first / XG_TILE_WIDTH,
        .width = left < XG_TILE_WIDTH ? (unsigned)left : XG_TILE_WIDTH};
    char path[XG_TILE_PATH_SIZE], whole[XG_TILE_PATH_SIZE + 8];
    struct xg_bytes rest;
    size_t n = 0;

    if (first >= a->size)
        return XG_NOTFOUND;
    xg_tile_path(path, &tile);
    snprintf(whole, sizeof whole, "/log/%s", path);
    if (get(a, whole, err) != XG_OK)
        return err->status;
    for (rest = xg_buf_bytes(&a->body); rest.len >= 2 && n < XG_TILE_WIDTH;
         n++) {
        size_t len = xg_load_u16(rest.at);
        if (len > rest.len - 2)
            break;
        a->notes[n] = xg_bytes(rest.at + 2, len);
        rest = xg_bytes(rest.at + 2 + len, rest.len - 2 - len);
    }
    if (rest.len || n != tile.width)
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s%s 不是一块条目", "%s%s is no tile of entries"),
                       a->base, whole);
    *notes = a->notes + (first - start);
    *count = n - (size_t)(first - start);
    return XG_OK;
}

static enum xg_status read_batch(void *ctx, struct xg_bytes *framed,
                                 uint64_t position, const struct xg_hash *id,
                                 struct xg_error *err)
{
    (void)ctx, (void)framed, (void)position, (void)id;
    return xg_fail(err, XG_NOTFOUND, "not shown to strangers");
}

static enum xg_status read_file(void *ctx, enum xg_audit_file kind,
                                uint64_t position, const struct xg_hash *sha256,
                                void (*take)(void *to, struct xg_bytes piece),
                                void *to, struct xg_error *err)
{
    (void)ctx, (void)kind, (void)position, (void)sha256, (void)take, (void)to;
    return xg_fail(err, XG_NOTFOUND, "not shown to strangers");
}

static void close_url(void *ctx)
{
    struct address *a = ctx;

    curl_easy_cleanup(a->curl);
    xg_buf_clear(&a->body);
    free(a);
}

static bool is_loopback(const char *url)
{
    static const char *const hosts[] = {"http://127.0.0.1", "http://localhost",
                                        "http://[::1]"};

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        size_t len = strlen(hosts[i]);
        if (strncasecmp(url, hosts[i], len) == 0 &&
            (url[len] == '\0' || url[len] == ':' || url[len] == '/'))
            return true;
    }
    return false;
}

static void configure(struct address *a, const struct cli_url_options *o)
{
    CURL *c = a->curl;

    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, a->why);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &a->body);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, NULL);
    if (o->pin) {
        /* The key is known: names and dates of a certificate say nothing. */
        curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, o->pin);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

enum xg_status cli_url(struct xg_audit_source *out, const char *url,
                       const struct cli_url_options *o, struct xg_error *err)
{
    size_t len = strlen(url);

    if (len + 1 > URL_ROOM)
        return xg_fail(err, XG_USAGE, XG_T("网址太长", "the address is too long"));
    if (strncasecmp(url, "http://", 7) == 0 && !o->allow_plain &&
        !is_loopback(url))
        return xg_fail(err, XG_USAGE,
                       XG_T("不用明文 HTTP；确需如此请加 --allow-plain",
                            "not over plain HTTP; --allow-plain if it must "
                            "be"));
    if (o->pin && strncmp(o->pin, "sha256//", 8) != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("--pin 形如 sha256//…（xunge-server key 显示的 tls）",
                            "--pin is sha256//... (tls, as `xunge-server key` "
                            "shows it)"));
    struct address *a = calloc(1, sizeof *a);
    if (!a || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        !(a->curl = curl_easy_init())) {
        free(a);
        return xg_fail_nomem(err);
    }
    memcpy(a->base, url, len + 1);
    while (len && a->base[len - 1] == '/')
        a->base[--len] = '\0';
    a->body = XG_BUF(TILE_MAX);
    configure(a, o);
    *out = (struct xg_audit_source){.ctx = a,
                                    .what = "address",
                                    .checkpoint = read_checkpoint,
                                    .cosigned = read_cosigned,
                                    .entries = read_entries,
                                    .batch = read_batch,
                                    .file = read_file,
                                    .close = close_url};
    return XG_OK;
}
