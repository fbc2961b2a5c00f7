/* bundle_source.c - an auditor's bundle as a source: one pass over its parts, in
 * their order; see bundle_parts.h. All of it is foreign.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/audit/bundle_parts.h"
#include "shared/base/lang.h"

enum { PIECE = 64 << 10 };

struct bundle {
    struct xg_bundle_file *file;
    struct xg_tar_part part; /* at hand, unread */
    bool more, photos;
    struct xg_buf checkpoint, cosigned;
    struct xg_buf tile; /* the entries lent */
    uint64_t tile_first;
    size_t tile_count;
    struct xg_bytes notes[XG_TILE_WIDTH];
    struct xg_buf batches; /* the run at hand */
    struct xg_bytes left;  /* of it */
};

static enum xg_status next_part(struct bundle *b, struct xg_error *err)
{
    bool cut = false;

    return xg_bundle_file_next(b->file, &b->part, &b->more, &cut, err);
}

/* The part at hand, whole; then the next one is at hand. */
static enum xg_status read_part(struct bundle *b, struct xg_buf *out,
                                struct xg_error *err)
{
    uint8_t piece[4096];
    size_t len = sizeof piece;

    xg_buf_reset(out);
    while (len == sizeof piece) {
        if (xg_bundle_file_read(b->file, piece, sizeof piece, &len, err) !=
            XG_OK)
            return err->status;
        xg_buf_append(out, piece, len);
    }
    if (xg_buf_check(out, err) != XG_OK)
        return err->status;
    return next_part(b, err);
}

static bool at_part(const struct bundle *b, const char *name)
{
    return b->more && strcmp(b->part.name, name) == 0;
}

/* "folder/<n>" or "folder/<n>/..." */
static bool at_numbered(const struct bundle *b, const char *folder,
                        uint64_t *number)
{
    size_t len = strlen(folder);
    char *end;

    if (!b->more || strncmp(b->part.name, folder, len) != 0 ||
        b->part.name[len] < '0' || b->part.name[len] > '9')
        return false;
    *number = strtoull(b->part.name + len, &end, 10);
    return *end == '\0' || *end == '/';
}

static bool at_tile(const struct bundle *b, struct xg_tile *tile)
{
    struct xg_error quiet = XG_ERROR_NONE;

    return b->more && strncmp(b->part.name, "log/", 4) == 0 &&
           xg_tile_parse(tile, b->part.name + 4, &quiet) == XG_OK &&
           tile->entries;
}

/* ---- what comes first ---- */

static enum xg_status read_head(struct bundle *b, struct xg_error *err)
{
    struct xg_buf head = XG_BUF(AUDIT_HEAD_MAX);
    struct xg_bytes log = {NULL, 0}, photos = {NULL, 0};
    struct xg_lines l;
    uint64_t size = 0;

    if (next_part(b, err) != XG_OK)
        return err->status;
    if (!at_part(b, AUDIT_PART_HEAD))
        return xg_fail(err, XG_FORMAT,
                       XG_T("这不是审计用的数据包（由 xunge-server bundle write "
                            "… --audit 写成）",
                            "no bundle for an auditor (`xunge-server bundle "
                            "write ... --audit` makes one)"));
    enum xg_status status = read_part(b, &head, err);
    if (status == XG_OK) {
        l = xg_lines_over(xg_buf_bytes(&head));
        xg_line_literal(&l, "xunge/audit-bundle/v1");
        xg_line_rest(&l, "log", &log);
        xg_line_uint(&l, "size", &size);
        xg_line_rest(&l, "photos", &photos);
        status = xg_lines_end(&l, err);
        b->photos = xg_bytes_equal(photos, xg_bytes_of("all"));
    }
    xg_buf_clear(&head);
    if (status == XG_OK && at_part(b, AUDIT_PART_CHECKPOINT))
        status = read_part(b, &b->checkpoint, err);
    if (status == XG_OK && at_part(b, AUDIT_PART_COSIGNED))
        status = read_part(b, &b->cosigned, err);
    return status;
}

static enum xg_status read_checkpoint(void *ctx, struct xg_buf *note,
                                      struct xg_error *err)
{
    struct bundle *b = ctx;

    if (b->checkpoint.len == 0)
        return xg_fail(err, XG_FORMAT, "a bundle without a checkpoint");
    xg_buf_append(note, b->checkpoint.data, b->checkpoint.len);
    return xg_buf_check(note, err);
}

static enum xg_status read_cosigned(void *ctx, struct xg_buf *frames,
                                    struct xg_error *err)
{
    struct bundle *b = ctx;

    if (b->cosigned.len == 0)
        return xg_fail(err, XG_NOTFOUND, "none");
    xg_buf_append(frames, b->cosigned.data, b->cosigned.len);
    return xg_buf_check(frames, err);
}

/* ---- entries and batches ---- */

static enum xg_status take_tile(struct bundle *b, const struct xg_tile *tile,
                                struct xg_error *err)
{
    struct xg_bytes rest;

    b->tile_first = tile->index * XG_TILE_WIDTH;
    b->tile_count = 0;
    if (read_part(b, &b->tile, err) != XG_OK)
        return err->status;
    rest = xg_buf_bytes(&b->tile);
    while (rest.len >= 2 && b->tile_count < XG_TILE_WIDTH) {
        size_t len = xg_load_u16(rest.at);
        if (len > rest.len - 2)
            break;
        b->notes[b->tile_count++] = xg_bytes(rest.at + 2, len);
        rest = xg_bytes(rest.at + 2 + len, rest.len - 2 - len);
    }
    if (rest.len || b->tile_count != tile->width)
        return xg_fail(err, XG_FORMAT,
                       XG_T("数据包里的一块条目已损坏",
                            "a tile of entries in the bundle is damaged"));
    return XG_OK;
}

static enum xg_status read_entries(void *ctx, const struct xg_bytes **notes,
                                   size_t *count, uint64_t first,
                                   struct xg_error *err)
{
    struct bundle *b = ctx;
    struct xg_tile tile;

    while (first >= b->tile_first + b->tile_count) {
        uint64_t end;
        if (!b->more)
            return XG_NOTFOUND;
        if (!at_tile(b, &tile)) {
            if (at_numbered(b, "files/", &end) ||
                at_numbered(b, "photos/", &end))
                return XG_NOTFOUND;
            if (next_part(b, err) != XG_OK)
                return err->status;
            continue;
        }
        end = tile.index * XG_TILE_WIDTH + tile.width;
        if ((end <= first ? next_part(b, err) : take_tile(b, &tile, err)) !=
            XG_OK)
            return err->status;
    }
    if (first < b->tile_first)
        return XG_NOTFOUND;
    *notes = b->notes + (first - b->tile_first);
    *count = b->tile_count - (size_t)(first - b->tile_first);
    return XG_OK;
}

/* The next batch of the run: false at its end. */
static bool next_batch(struct bundle *b, uint64_t *position,
                       struct xg_bytes *framed)
{
    if (b->left.len < AUDIT_BATCH_HEAD)
        return false;
    *position = xg_load_u64(b->left.at);
    struct xg_bytes rest = xg_bytes(b->left.at + 8, b->left.len - 8);
    if (!xg_frame_next(&rest, framed))
        return false;
    b->left = rest;
    return true;
}

static enum xg_status read_batch(void *ctx, struct xg_bytes *framed,
                                 uint64_t position, const struct xg_hash *id,
                                 struct xg_error *err)
{
    struct bundle *b = ctx;
    uint64_t at, first;

    (void)id;
    for (;;) {
        struct xg_bytes before = b->left;
        while (next_batch(b, &at, framed)) {
            if (at == position)
                return XG_OK;
            if (at > position) {
                b->left = before;
                return xg_fail(err, XG_GAP, "a batch is not in the bundle");
            }
            before = b->left;
        }
        if (!at_numbered(b, "batches/", &first) || first > position)
            return xg_fail(err, XG_GAP, "a batch is not in the bundle");
        b->left = xg_bytes(NULL, 0);
        if (read_part(b, &b->batches, err) != XG_OK)
            return err->status;
        b->left = xg_buf_bytes(&b->batches);
    }
}

/* ---- files ---- */

/* Where a part of the files stands against the wanted one: by position, then
 * by the order of hashes; reference data and photos are two runs. */
static int compare(const struct bundle *b, uint64_t number, uint64_t position,
                   const char *hex)
{
    const char *name = strrchr(b->part.name, '/');

    if (number != position)
        return number < position ? -1 : 1;
    return name ? strcmp(name + 1, hex) : -1;
}

static enum xg_status pour(struct bundle *b,
                           void (*take)(void *to, struct xg_bytes piece),
                           void *to, struct xg_error *err)
{
    uint8_t *piece = malloc(PIECE);
    size_t len = PIECE;
    enum xg_status status = piece ? XG_OK : xg_fail_nomem(err);

    while (status == XG_OK && len == PIECE) {
        status = xg_bundle_file_read(b->file, piece, PIECE, &len, err);
        if (status == XG_OK)
            take(to, xg_bytes(piece, len));
    }
    free(piece);
    return status == XG_OK ? next_part(b, err) : status;
}

static enum xg_status read_file(void *ctx, enum xg_audit_file kind,
                                uint64_t position, const struct xg_hash *sha256,
                                void (*take)(void *to, struct xg_bytes piece),
                                void *to, struct xg_error *err)
{
    struct bundle *b = ctx;
    char hex[2 * XG_HASH_SIZE + 1];
    uint64_t number;

    if (kind == XG_AUDIT_PHOTO && !b->photos)
        return xg_fail(err, XG_NOTFOUND, "photos are not in the bundle");
    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    while (b->more) {
        bool photo = at_numbered(b, "photos/", &number);
        bool file = !photo && at_numbered(b, "files/", &number);
        int order = -1;
        if (photo || file)
            order = compare(b, number, position, hex);
        if (order == 0 && photo == (kind == XG_AUDIT_PHOTO))
            return pour(b, take, to, err);
        if (order > 0)
            break;
        if (next_part(b, err) != XG_OK)
            return err->status;
    }
    return xg_fail(err, XG_GAP, "a file is not in the bundle");
}

static void close_bundle(void *ctx)
{
    struct bundle *b = ctx;

    if (b->file)
        xg_bundle_file_close(b->file);
    xg_buf_clear(&b->checkpoint);
    xg_buf_clear(&b->cosigned);
    xg_buf_clear(&b->tile);
    xg_buf_clear(&b->batches);
    free(b);
}

enum xg_status xg_audit_bundle(struct xg_audit_source *out,
                               const struct xg_bundle_source *from,
                               struct xg_error *err)
{
    struct bundle *b = calloc(1, sizeof *b);

    if (!b)
        return xg_fail_nomem(err);
    b->checkpoint = XG_BUF(XG_NOTE_MAX);
    b->cosigned = XG_BUF(AUDIT_COSIGNED_MAX);
    b->tile = XG_BUF((XG_NOTE_MAX + 2) * XG_TILE_WIDTH);
    b->batches = XG_BUF(AUDIT_PART_MAX);
    if (xg_bundle_file_open(&b->file, from, err) != XG_OK ||
        read_head(b, err) != XG_OK) {
        close_bundle(b);
        return err->status;
    }
    *out = (struct xg_audit_source){.ctx = b,
                                    .what = "bundle",
                                    .checkpoint = read_checkpoint,
                                    .cosigned = read_cosigned,
                                    .entries = read_entries,
                                    .batch = read_batch,
                                    .file = read_file,
                                    .close = close_bundle};
    return XG_OK;
}
