/* page_files.c - see page_files.h. */
#include "shared/web/page_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/lang.h"

enum { PATH_SIZE = 4096 };

/* Everything that the page may do, and nothing else: no script but its own
 * files, nothing loaded from elsewhere, in nobody's frame. */
static void harden(struct xg_response *response)
{
    static const struct xg_http_field headers[] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; "
         "img-src 'self' blob: data:; connect-src 'self'; font-src 'none'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
         "require-trusted-types-for 'script'; trusted-types 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Frame-Options", "DENY"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(self), geolocation=(), microphone=()"},
    };

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        xg_response_header(response, headers[i].name, headers[i].value);
}

static void no_file(struct xg_response *response)
{
    xg_response_problem(response, 404, "not-found",
                        XG_T("没有这个地址", "no such address"), NULL);
}

static const struct xg_asset *asset_at(const struct xg_asset *assets,
                                       size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(assets[i].path, path) == 0)
            return &assets[i];
    return NULL;
}

/* "gzip, deflate, br", "*"; a weight of nothing is a no. */
static bool takes_gzip(const struct xg_request *request)
{
    const char *at = xg_request_header(request, "Accept-Encoding");

    for (; at && *at; at += *at == ',') {
        at += strspn(at, " \t");
        size_t len = strcspn(at, ",; \t"), width = strcspn(at, ",");
        bool named = (len == 4 && strncasecmp(at, "gzip", 4) == 0) ||
                     (len == 1 && *at == '*');
        const char *weight = memchr(at, '=', width);
        if (named && !(weight && strspn(weight + 1, "0.") ==
                                     (size_t)(at + width - weight - 1)))
            return true;
        at += width;
    }
    return false;
}

static void send_asset(const struct xg_asset *asset,
                       const struct xg_request *request,
                       struct xg_response *response)
{
    if (!takes_gzip(request)) {
        xg_response_problem(response, 406, "encoding",
                            XG_T("需要支持 gzip 的浏览器",
                                 "this takes a browser that reads gzip"),
                            NULL);
        return;
    }
    response->content_type = asset->type;
    response->cache = asset->immutable ? XG_CACHE_FOREVER : XG_CACHE_NEVER;
    xg_buf_append(&response->body, asset->gzip, asset->gzip_bytes);
    harden(response);
    xg_response_header(response, "Content-Encoding", "gzip");
    xg_response_header(response, "Vary", "Accept-Encoding");
}

/* ---- from a folder ---- */

static const char *type_of(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {{".html", "text/html; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".svg", "image/svg+xml"},
                 {".png", "image/png"},
                 {".webmanifest", "application/manifest+json"},
                 {".map", "application/json"}};
    size_t len = strlen(path);

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t end = strlen(types[i].end);
        if (len > end && strcmp(path + len - end, types[i].end) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

/* The path is clean: it cannot lead out of the folder, but by a link that lies
 * in it. */
static void send_file(const char *folder, const char *path,
                      struct xg_response *response)
{
    char full[PATH_SIZE];
    struct stat info;

    if (strcmp(path, "/") == 0)
        path = "/index.html";
    int len = snprintf(full, sizeof full, "%s%s", folder, path);
    int fd = len > 0 && len < (int)sizeof full
                 ? open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
                 : -1;
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        if (fd >= 0)
            close(fd);
        no_file(response);
        return;
    }
    response->content_type = type_of(full);
    harden(response);
    xg_response_file(response, fd, 0, (uint64_t)info.st_size);
}

void xg_page_file(struct xg_response *response,
                  const struct xg_request *request,
                  const struct xg_asset *assets, size_t count,
                  const char *folder)
{
    if (folder) {
        send_file(folder, request->path, response);
        return;
    }
    bool is_page = strcmp(request->path, "/") == 0;
    const struct xg_asset *asset =
        asset_at(assets, count, is_page ? "/index.html" : request->path);
    if (asset)
        send_asset(asset, request, response);
    else
        no_file(response);
}
