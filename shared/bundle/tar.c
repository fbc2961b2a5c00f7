/* tar.c - see tar.h. */
#include "shared/bundle/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/base/lang.h"

enum { BLOCK = 512, ZEROS_MAX = 1 << 20 };

/* What the library says, unless a callback of ours failed first. */
static enum xg_status trouble(struct archive *a, const struct xg_error *inner,
                              struct xg_error *err)
{
    const char *text = archive_error_string(a);

    if (inner->status != XG_OK) {
        *err = *inner;
        return err->status;
    }
    return xg_fail(err, XG_FORMAT, "tar: %s", text ? text : "?");
}

/* ---- writing ---- */

struct xg_tar_writer {
    struct archive *archive;
    struct xg_tar_sink sink;
    struct xg_error inner;
    bool closing; /* what it still writes goes nowhere */
};

static la_ssize_t give(struct archive *a, void *ctx, const void *data,
                       size_t len)
{
    struct xg_tar_writer *w = ctx;

    (void)a;
    if (!w->closing && w->sink.put(w->sink.ctx, xg_bytes(data, len), &w->inner) != XG_OK)
        return -1;
    return (la_ssize_t)len;
}

enum xg_status xg_tar_writer_open(struct xg_tar_writer **out,
                                  struct xg_tar_sink sink, struct xg_error *err)
{
    struct xg_tar_writer *w = calloc(1, sizeof *w);

    if (!w || !(w->archive = archive_write_new())) {
        free(w);
        return xg_fail_nomem(err);
    }
    w->sink = sink;
    w->inner = XG_ERROR_NONE;
    if (archive_write_set_format_pax_restricted(w->archive) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(w->archive, 1) != ARCHIVE_OK ||
        archive_write_open(w->archive, w, NULL, give, NULL) != ARCHIVE_OK) {
        xg_ignore(trouble(w->archive, &w->inner, err));
        xg_tar_writer_close(w);
        return err->status;
    }
    *out = w;
    return XG_OK;
}

enum xg_status xg_tar_begin(struct xg_tar_writer *w, const char *name,
                            uint64_t length, struct xg_error *err)
{
    struct archive_entry *entry = archive_entry_new();

    if (!entry)
        return xg_fail_nomem(err);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, (la_int64_t)length);
    int done = archive_write_header(w->archive, entry);
    archive_entry_free(entry);
    return done == ARCHIVE_OK ? XG_OK : trouble(w->archive, &w->inner, err);
}

enum xg_status xg_tar_write(struct xg_tar_writer *w, struct xg_bytes data,
                            struct xg_error *err)
{
    if (data.len > 0 && archive_write_data(w->archive, data.at, data.len) !=
                            (la_ssize_t)data.len)
        return trouble(w->archive, &w->inner, err);
    return XG_OK;
}

enum xg_status xg_tar_put(struct xg_tar_writer *w, const char *name,
                          struct xg_bytes content, struct xg_error *err)
{
    if (xg_tar_begin(w, name, content.len, err) != XG_OK)
        return err->status;
    return xg_tar_write(w, content, err);
}

enum xg_status xg_tar_finish(struct xg_tar_writer *w, struct xg_error *err)
{
    if (archive_write_close(w->archive) != ARCHIVE_OK)
        return trouble(w->archive, &w->inner, err);
    return XG_OK;
}

void xg_tar_writer_close(struct xg_tar_writer *w)
{
    if (!w)
        return;
    /* A writer that did not finish must not write its end now. (Told that it
     * failed, the library would not free all.) */
    w->closing = true;
    archive_write_free(w->archive);
    free(w);
}

/* ---- reading ---- */

/* The library is given no byte that belongs to the next thing: what is left
 * when it says that the archive ends was not looked at by anyone. */
struct xg_tar_reader {
    struct archive *archive;
    struct xg_tar_source source;
    struct xg_error inner;
    struct xg_bytes chunk; /* of the source, not given yet */
    uint64_t data_left;    /* of the part, padding too, not given yet */
    size_t zeros;          /* given last, one after another; no more than
                            * BLOCK is counted */
    bool ended;            /* it asked for more than there is */
};

/* What the library makes of bytes that end too early is a failure of theirs. */
static enum xg_status reader_trouble(const struct xg_tar_reader *r,
                                     struct xg_error *err)
{
    xg_ignore(trouble(r->archive, &r->inner, err));
    if (r->ended && r->inner.status == XG_OK)
        err->status = XG_GAP;
    return err->status;
}

static la_ssize_t take(struct archive *a, void *ctx, const void **data)
{
    struct xg_tar_reader *r = ctx;
    uint64_t most = r->data_left > 0 ? r->data_left : BLOCK;

    (void)a;
    if (r->chunk.len == 0 &&
        r->source.get(r->source.ctx, &r->chunk, &r->inner) != XG_OK)
        return -1;
    r->ended = r->chunk.len == 0;
    if (r->ended)
        return 0;
    size_t n = r->chunk.len < most ? r->chunk.len : (size_t)most;
    *data = r->chunk.at;
    if (r->data_left > 0)
        r->data_left -= n;
    else
        for (size_t i = 0; i < n; i++)
            r->zeros = r->chunk.at[i] != 0 ? 0
                       : r->zeros < BLOCK  ? r->zeros + 1
                                           : BLOCK;
    r->chunk.at += n;
    r->chunk.len -= n;
    return (la_ssize_t)n;
}

enum xg_status xg_tar_reader_open(struct xg_tar_reader **out,
                                  struct xg_tar_source source,
                                  struct xg_error *err)
{
    struct xg_tar_reader *r = calloc(1, sizeof *r);

    if (!r || !(r->archive = archive_read_new())) {
        free(r);
        return xg_fail_nomem(err);
    }
    r->source = source;
    r->inner = XG_ERROR_NONE;
    if (archive_read_support_format_tar(r->archive) != ARCHIVE_OK ||
        archive_read_open(r->archive, r, NULL, take, NULL) != ARCHIVE_OK) {
        xg_ignore(trouble(r->archive, &r->inner, err));
        xg_tar_reader_close(r);
        return err->status;
    }
    *out = r;
    return XG_OK;
}

static bool name_valid(const char *name)
{
    size_t len = name ? strlen(name) : 0;

    return len > 0 && len <= XG_TAR_NAME_MAX && *name != '/' && *name != '.' &&
           !strstr(name, "..") &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789./-") == len;
}

/* The end of the archive is not the end of the source: read that too, for only
 * there the stream is known to be whole. A file of holes could go on with zeros
 * for ever. */
static enum xg_status drain(struct xg_tar_reader *r, struct xg_error *err)
{
    struct xg_bytes rest = r->chunk;
    bool clean = r->zeros == BLOCK || r->ended;
    size_t drained = 0;

    r->chunk.len = 0;
    while (clean) {
        drained += rest.len;
        clean = drained <= ZEROS_MAX;
        for (size_t i = 0; i < rest.len; i++)
            clean = clean && rest.at[i] == 0;
        if (r->source.get(r->source.ctx, &rest, err) != XG_OK)
            return err->status;
        if (rest.len == 0)
            break;
    }
    return clean ? XG_OK
                 : xg_fail(err, XG_FORMAT, "tar: something after its end");
}

enum xg_status xg_tar_next(struct xg_tar_reader *r, struct xg_tar_part *part,
                           bool *more, struct xg_error *err)
{
    struct archive_entry *entry;
    int got = archive_read_next_header(r->archive, &entry);

    if (got == ARCHIVE_EOF) {
        *more = false;
        return drain(r, err);
    }
    if (got != ARCHIVE_OK)
        return reader_trouble(r, err);
    const char *name = archive_entry_pathname(entry);
    la_int64_t size = archive_entry_size(entry);
    if (!name_valid(name) || size < 0 ||
        archive_format(r->archive) != ARCHIVE_FORMAT_TAR_USTAR ||
        archive_entry_filetype(entry) != AE_IFREG ||
        archive_entry_hardlink(entry) || archive_entry_symlink(entry))
        return xg_fail(err, XG_FORMAT,
                       XG_T("文件里有不该有的内容",
                            "there is something in the file that "
                            "does not belong there"));
    memcpy(part->name, name, strlen(name) + 1);
    part->length = (uint64_t)size;
    r->data_left = (part->length + BLOCK - 1) / BLOCK * BLOCK;
    *more = true;
    return XG_OK;
}

enum xg_status xg_tar_read(struct xg_tar_reader *r, uint8_t *at, size_t size,
                           size_t *len, struct xg_error *err)
{
    size_t got = 0;

    while (got < size) {
        la_ssize_t n = archive_read_data(r->archive, at + got, size - got);
        if (n < 0)
            return reader_trouble(r, err);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *len = got;
    return XG_OK;
}

void xg_tar_reader_close(struct xg_tar_reader *r)
{
    if (!r)
        return;
    archive_read_free(r->archive);
    free(r);
}
