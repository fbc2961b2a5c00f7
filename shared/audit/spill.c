/* spill.c - see spill.h. */
#include "shared/audit/spill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { PATH_ROOM = 4096 };

void xg_spill_init(struct xg_spill *s)
{
    *s = (struct xg_spill){.fd = -1, .failed = XG_ERROR_NONE};
}

void xg_spill_clear(struct xg_spill *s)
{
    if (s->fd >= 0)
        close(s->fd);
    free(s->tail);
    xg_spill_init(s);
}

static void fail(struct xg_spill *s, const char *what)
{
    xg_ignore(xg_fail_os(&s->failed, "%s", what));
}

static const char *temporary(void)
{
    return XG_T("临时文件（可用 TMPDIR 换一个目录）",
                "a temporary file (TMPDIR chooses another folder)");
}

/* A file that is gone with the program, whatever ends it. */
static void open_file(struct xg_spill *s)
{
    const char *tmp = getenv("TMPDIR");
    char path[PATH_ROOM];

    snprintf(path, sizeof path, "%s/xunge-audit-XXXXXX",
             tmp && *tmp ? tmp : "/tmp");
    s->fd = mkstemp(path);
    if (s->fd < 0 || unlink(path) != 0)
        fail(s, temporary());
}

static void write_out(struct xg_spill *s)
{
    if (s->fd < 0)
        open_file(s);
    for (size_t done = 0; s->failed.status == XG_OK && done < s->tail_len;) {
        ssize_t n = pwrite(s->fd, s->tail + done, s->tail_len - done,
                           (off_t)(s->written + done));
        if (n < 0 && errno != EINTR)
            fail(s, temporary());
        else if (n > 0)
            done += (size_t)n;
    }
    if (s->failed.status == XG_OK) {
        s->written += s->tail_len;
        s->tail_len = 0;
    }
}

void xg_spill_add(struct xg_spill *s, const void *data, size_t len)
{
    const uint8_t *at = data;

    if (!s->tail && s->failed.status == XG_OK) {
        s->tail = malloc(XG_SPILL_TAIL);
        if (!s->tail)
            xg_ignore(xg_fail_nomem(&s->failed));
    }
    while (s->failed.status == XG_OK && len > 0) {
        size_t room = XG_SPILL_TAIL - s->tail_len;
        size_t part = len < room ? len : room;
        memcpy(s->tail + s->tail_len, at, part);
        s->tail_len += part;
        at += part;
        len -= part;
        if (s->tail_len == XG_SPILL_TAIL)
            write_out(s);
    }
}

/* One piece, in the file or in the tail; `write` says which way. */
static void move(struct xg_spill *s, uint64_t at, uint8_t *data, size_t len,
                 bool write)
{
    while (len > 0 && at < s->written && s->failed.status == XG_OK) {
        uint64_t left = s->written - at;
        size_t part = left < len ? (size_t)left : len;
        ssize_t n = write ? pwrite(s->fd, data, part, (off_t)at)
                          : pread(s->fd, data, part, (off_t)at);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            fail(s, temporary());
        } else if (n > 0) {
            at += (uint64_t)n;
            data += n;
            len -= (size_t)n;
        }
    }
    if (len == 0 || s->failed.status != XG_OK || at < s->written)
        return;
    size_t from = (size_t)(at - s->written);
    if (from > s->tail_len || s->tail_len - from < len)
        xg_ignore(xg_fail(&s->failed, XG_CORRUPT,
                          "nothing was kept at %llu", (unsigned long long)at));
    else if (write)
        memcpy(s->tail + from, data, len);
    else
        memcpy(data, s->tail + from, len);
}

void xg_spill_get(struct xg_spill *s, uint64_t at, void *data, size_t len)
{
    move(s, at, data, len, false);
    if (s->failed.status != XG_OK)
        memset(data, 0, len);
}

void xg_spill_set(struct xg_spill *s, uint64_t at, const void *data, size_t len)
{
    uint8_t copy[512];
    const uint8_t *from = data;

    while (len > 0) {
        size_t part = len < sizeof copy ? len : sizeof copy;
        memcpy(copy, from, part);
        move(s, at, copy, part, true);
        at += part;
        from += part;
        len -= part;
    }
}

enum xg_status xg_spill_check(const struct xg_spill *s, struct xg_error *err)
{
    if (s->failed.status == XG_OK)
        return XG_OK;
    *err = s->failed;
    return err->status;
}
