/* bundle_read.c - see bundle.h. */
#include "shared/bundle/bundle.h"

#include <stdlib.h>

#include "shared/base/lang.h"

enum { INDEX_MAX = 16 << 10, STEP = 64 << 10 };

struct xg_bundle_reader {
    struct xg_bundle_file *file;
    struct xg_buf note;
    struct xg_bundle index;
    uint64_t parts, bytes; /* so far */
    uint64_t length;       /* of the part */
};

static enum xg_status no_bundle(const char *path, struct xg_error *err)
{
    *err = XG_ERROR_NONE;
    return xg_fail(err, XG_FORMAT,
                   XG_T("%s 不是巡格数据包，或开头已损坏；什么也没有改动",
                        "%s is no bundle of Xunge's, or damaged at its "
                        "beginning; nothing was changed"),
                   path);
}

/* What a device writes that nobody can unlock (rescue.h): xunge reads it,
 * and not a server. */
static enum xg_status is_rescue(const char *path, struct xg_error *err)
{
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 是救援包，不在这里读：xunge bundle read %s --home "
                        "新文件夹，再 xunge passphrase recover "
                        "--registrar-key 密钥文件 --home 新文件夹；什么也没有"
                        "改动",
                        "%s is a rescue bundle and is not read here: xunge "
                        "bundle read %s --home NEW, then xunge passphrase "
                        "recover --registrar-key KEYFILE --home NEW; nothing "
                        "was changed"),
                   path, path);
}

/* Append the part, of `length` bytes, to `out`. */
static enum xg_status take_all(struct xg_bundle_file *file, uint64_t length,
                               struct xg_buf *out, struct xg_error *err)
{
    size_t begin = out->len;

    if (length > out->max - out->len)
        return xg_fail(err, XG_TOOBIG, "bundle: a part of %llu bytes",
                       (unsigned long long)length);
    for (size_t len = 1; len > 0;) {
        uint64_t left = length - (out->len - begin);
        size_t want = left < STEP ? (size_t)left : STEP;
        uint8_t *at = xg_buf_room(out, want);
        if (!at)
            return xg_buf_check(out, err);
        if (xg_bundle_file_read(file, at, want, &len, err) != XG_OK) {
            out->len = begin;
            return err->status;
        }
        out->len += len;
    }
    return XG_OK;
}

/* The index's own note: one signature, in the name of who it is from. */
static enum xg_status read_index(struct xg_bundle_reader *r,
                                 const char *path, struct xg_error *err)
{
    struct xg_note note;
    struct xg_tar_part part;
    bool more = false, cut;

    if (xg_bundle_file_next(r->file, &part, &more, &cut, err) != XG_OK)
        return err->status;
    if (more && strcmp(part.name, "rescue.txt") == 0)
        return is_rescue(path, err);
    if (!more || strcmp(part.name, "bundle.txt") != 0 ||
        part.length > INDEX_MAX)
        return xg_fail(err, XG_FORMAT, "no index");
    if (take_all(r->file, part.length, &r->note, err) != XG_OK ||
        xg_note_parse(&note, r->note.data, r->note.len, err) != XG_OK ||
        xg_bundle_read(&r->index, note.text, err) != XG_OK)
        return err->status;
    if (note.count != 1 ||
        !xg_bytes_equal(note.signatures[0].name, xg_bytes_of(r->index.from)))
        return xg_fail(err, XG_FORMAT, "signed by another");
    return XG_OK;
}

enum xg_status xg_bundle_open(struct xg_bundle_reader **out,
                              struct xg_bundle *index, struct xg_bytes *note,
                              const struct xg_bundle_source *from,
                              struct xg_error *err)
{
    struct xg_bundle_reader *r = calloc(1, sizeof *r);

    if (!r)
        return xg_fail_nomem(err);
    r->note = XG_BUF(INDEX_MAX);
    enum xg_status status = xg_bundle_file_open(&r->file, from, err);
    if (status == XG_OK)
        status = read_index(r, from->path, err);
    if (status == XG_FORMAT || status == XG_GAP || status == XG_TOOBIG)
        status = no_bundle(from->path, err);
    if (status != XG_OK) {
        xg_bundle_close(r);
        return status;
    }
    *out = r;
    *index = r->index;
    *note = xg_buf_bytes(&r->note);
    return XG_OK;
}

enum xg_status xg_bundle_next(struct xg_bundle_reader *r, struct xg_part *part,
                              bool *more, bool *cut, struct xg_error *err)
{
    struct xg_tar_part found;
    struct xg_part p;

    if (xg_bundle_file_next(r->file, &found, more, cut, err) != XG_OK)
        return err->status;
    if (!*more) {
        *cut = *cut || r->parts < r->index.parts;
        return XG_OK;
    }
    p = (struct xg_part){.length = found.length};
    xg_part_of(&p, found.name);
    uint64_t max = p.kind == XG_PART_BLOB || p.kind == XG_PART_OTHER
                       ? XG_BUNDLE_BLOB_MAX
                       : XG_BUNDLE_PART_MAX;
    if (r->parts == r->index.parts || p.length > max ||
        p.length > r->index.bytes - r->bytes)
        return xg_fail(err, XG_FORMAT,
                       XG_T("数据包里的“%s”比目录所说的多，或太大",
                            "part \"%s\" of the bundle is more than its index "
                            "says, or too large"),
                       p.name);
    r->parts++;
    r->bytes += p.length;
    r->length = p.length;
    *part = p;
    return XG_OK;
}

enum xg_status xg_bundle_content(struct xg_bundle_reader *r, struct xg_buf *out,
                                 struct xg_error *err)
{
    return take_all(r->file, r->length, out, err);
}

enum xg_status xg_bundle_piece(struct xg_bundle_reader *r, uint8_t *at,
                               size_t size, size_t *len, struct xg_error *err)
{
    return xg_bundle_file_read(r->file, at, size, len, err);
}

void xg_bundle_close(struct xg_bundle_reader *r)
{
    if (!r)
        return;
    xg_bundle_file_close(r->file);
    xg_buf_clear(&r->note);
    free(r);
}
