/* xunge-witness URL - one POST, its answer on standard output.
 *
 * The body comes on standard input (64 KiB at most) and goes to URL as it is.
 * Standard output says
 *
 *      answer <HTTP status>\n<body>        whatever the status is, exit 0
 *      failed <why>\n                      no whole answer came, exit 4
 *
 * Run by the server, which links no libcurl and speaks with no stranger. A body
 * of 64 KiB at most is read; 10 s for all; no redirections, no other protocols
 * than HTTP(S), no proxy but what the URL names.
 *
 * The certificate is judged by the system's authorities. A URL that ends in
 * "#sha256//BASE64" pins the server's key instead, as `serve` prints it: then
 * names and dates are not asked. The pin does not go out.
 *
 * libcurl 7.88.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/buf.h"
#include "shared/base/os.h"

enum {
    BODY_MAX = 64 << 10,
    ANSWER_MAX = 64 << 10,
    URL_MAX = 320,
    CONNECT_S = 5,
    ALL_S = 10,
    FAILED = 4,
};

#define PIN "#sha256//"

/* The URL in two: what is asked for, and the pin or NULL. */
static const char *take_pin(char url[static URL_MAX])
{
    char *pin = strstr(url, PIN);

    if (!pin)
        return NULL;
    *pin = '\0';
    return pin + 1;
}

static size_t take_bytes(char *data, size_t size, size_t count, void *ctx)
{
    struct xg_buf *answer = ctx;

    xg_buf_append(answer, data, size * count);
    return answer->failed == XG_OK ? size * count : 0;
}

static struct curl_slist *make_headers(void)
{
    struct curl_slist *type =
        curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
    struct curl_slist *both = type ? curl_slist_append(type, "Expect:") : NULL;

    if (type && !both)
        curl_slist_free_all(type);
    return both;
}

/* False: libcurl would not have it. */
static bool prepare(CURL *c, const char *url, const char *pin,
                    struct xg_bytes body, struct curl_slist *headers,
                    struct xg_buf *answer)
{
    const long judge = pin ? 0L : 1L;

    return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)ALL_S) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, judge) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, pin ? 0L : 2L) ==
               CURLE_OK &&
           (!pin ||
            curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, pin) == CURLE_OK) &&
           curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t)body.len) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.at) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, answer) == CURLE_OK;
}

static int fail(const char *why)
{
    printf("failed %s\n", why);
    return FAILED;
}

static int ask(CURL *c, char url[static URL_MAX], struct xg_bytes body,
               struct xg_buf *answer)
{
    const char *pin = take_pin(url);
    struct curl_slist *headers = make_headers();
    CURLcode code;
    long status = 0;

    if (!headers)
        return fail("out of memory");
    if (!prepare(c, url, pin, body, headers, answer)) {
        curl_slist_free_all(headers);
        return fail("not a URL of a witness");
    }
    code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (answer->failed == XG_TOOBIG)
        return fail("its answer is too long");
    if (code != CURLE_OK)
        return fail(curl_easy_strerror(code));
    printf("answer %ld\n", status);
    if (answer->len > 0)
        fwrite(answer->data, 1, answer->len, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct xg_buf body = XG_BUF(BODY_MAX), answer = XG_BUF(ANSWER_MAX);
    struct xg_error err = XG_ERROR_NONE;
    char url[URL_MAX];
    int code;

    if (argc != 2 || strlen(argv[1]) >= sizeof url) {
        fprintf(stderr, "xunge-witness URL < BODY > ANSWER\n");
        return 2;
    }
    memcpy(url, argv[1], strlen(argv[1]) + 1);
    if (xg_os_read(&body, "/dev/stdin", &err) != XG_OK)
        code = fail(xg_error_text(&err));
    else if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        code = fail("out of memory");
    else {
        CURL *c = curl_easy_init();
        code = c ? ask(c, url, xg_buf_bytes(&body), &answer)
                 : fail("out of memory");
        curl_easy_cleanup(c);
        curl_global_cleanup();
    }
    xg_buf_clear(&body);
    xg_buf_clear(&answer);
    return fflush(stdout) == 0 ? code : FAILED;
}
