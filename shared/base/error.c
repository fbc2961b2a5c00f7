/* error.c - see error.h. */
#include "shared/base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"

struct status_row {
    int exit_code, http;
    bool retry;
    const char *name;
};

static const struct status_row rows[] = {
#define X(name, exit_code, http, retry, text) {exit_code, http, retry, text},
    XG_STATUS_TABLE(X)
#undef X
};

static const struct status_row *row(enum xg_status status)
{
    assert((size_t)status < sizeof rows / sizeof *rows);
    return &rows[status];
}

int xg_status_exit(enum xg_status status)
{
    return row(status)->exit_code;
}

int xg_status_http(enum xg_status status)
{
    return row(status)->http;
}

bool xg_status_retry(enum xg_status status)
{
    return row(status)->retry;
}

const char *xg_status_name(enum xg_status status)
{
    return row(status)->name;
}

/* Write `piece` before what the text holds; drop it whole when it does not
 * fit, so that no half character is left. */
static void prepend(struct xg_error *err, const char *piece, size_t len)
{
    if (len > err->start)
        return;
    err->start -= len;
    memcpy(err->text + err->start, piece, len);
}

/* vsnprintf cut to `size` at a character boundary. */
XG_PRINTF(3, 0)
static size_t format_piece(char *piece, size_t size, const char *format,
                           va_list args)
{
    int n = vsnprintf(piece, size, format, args);
    size_t len = n < 0 ? 0 : (size_t)n;

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)piece[len] & 0xC0) == 0x80)
            len--;
    }
    return len;
}

static void begin(struct xg_error *err, enum xg_status status, int os_errno)
{
    assert(status != XG_OK);
    err->status = status;
    err->os_errno = os_errno;
    err->start = sizeof err->text - 1;
    err->text[err->start] = '\0';
}

enum xg_status xg_fail(struct xg_error *err, enum xg_status status,
                       const char *format, ...)
{
    char piece[XG_ERROR_SIZE - 1];
    va_list args;

    va_start(args, format);
    size_t len = format_piece(piece, sizeof piece, format, args);
    va_end(args);

    begin(err, status, 0);
    prepend(err, piece, len);
    return status;
}

static enum xg_status status_of_errno(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
        return XG_FULL;
    case ENOMEM:
        return XG_NOMEM;
    case ENOENT:
        return XG_NOTFOUND;
    default:
        return XG_IO;
    }
}

enum xg_status xg_fail_os(struct xg_error *err, const char *format, ...)
{
    int code = errno;
    char piece[XG_ERROR_SIZE / 2], reason[128];
    va_list args;

    if (code == ENOSPC || code == EDQUOT)
        snprintf(reason, sizeof reason, "%s",
                 XG_T("：磁盘已满；请删别的文件再试（巡格的数据和未传的照片别删）",
                      ": the disk is full; delete other files (not those of Xunge) and try again"));
    else
        snprintf(reason, sizeof reason, ": %s", strerror(code));

    va_start(args, format);
    size_t len = format_piece(piece, sizeof piece, format, args);
    va_end(args);

    begin(err, status_of_errno(code), code);
    prepend(err, reason, strlen(reason));
    prepend(err, piece, len);
    return err->status;
}

enum xg_status xg_wrap(struct xg_error *err, const char *format, ...)
{
    char piece[XG_ERROR_SIZE / 2];
    va_list args;

    va_start(args, format);
    size_t len = format_piece(piece, sizeof piece, format, args);
    va_end(args);

    if (len + 2 <= err->start) {
        prepend(err, ": ", 2);
        prepend(err, piece, len);
    }
    return err->status;
}

enum xg_status xg_fail_nomem(struct xg_error *err)
{
    return xg_fail(err, XG_NOMEM,
                   XG_T("内存不足；请关闭其他程序后重试",
                        "out of memory; close other programs and try again"));
}

const char *xg_error_text(const struct xg_error *err)
{
    return err->text + err->start;
}
