/* bundle_write.c - all that a source has, into a bundle; see bundle_parts.h.
 *
 * The log is gone through twice: once for the lengths, which a tar tells before
 * the content, and once for the content. A part is made when it is asked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/audit/bundle_parts.h"

struct planned {
    enum { FROM_MEMORY, FROM_TILE, FROM_BATCHES, FROM_FILE } from;
    enum xg_audit_file kind;
    uint64_t first, end; /* entries */
    struct xg_hash sha256;
};

struct writing {
    const struct xg_audit_source *source;
    struct xg_audit_written done;
    struct xg_bundle_file_part *parts;
    struct planned *plans;
    size_t count, room, next;
    struct xg_buf head, checkpoint, cosigned; /* lent to the parts */
    struct xg_buf part;                       /* the one that is made */
    bool photos;
    void (*progress)(void *ctx, uint64_t done, uint64_t of);
    void *progress_ctx;
};

static enum xg_status plan(struct writing *w, const char *name, uint64_t length,
                           const uint8_t *content, const struct planned *how,
                           struct xg_error *err)
{
    if (w->count == w->room) {
        size_t room = w->room ? w->room * 2 : 256;
        struct xg_bundle_file_part *parts =
            realloc(w->parts, room * sizeof *parts);
        if (parts)
            w->parts = parts;
        struct planned *plans =
            parts ? realloc(w->plans, room * sizeof *plans) : NULL;
        if (!plans)
            return xg_fail_nomem(err);
        w->plans = plans;
        w->room = room;
    }
    w->parts[w->count] =
        (struct xg_bundle_file_part){.length = length, .content = content};
    snprintf(w->parts[w->count].name, sizeof w->parts[0].name, "%s", name);
    w->plans[w->count++] = *how;
    return XG_OK;
}

static bool begins(struct xg_bytes note, const char *line)
{
    size_t len = strlen(line);

    return note.len > len && memcmp(note.at, line, len) == 0;
}

/* ---- making a part ---- */

static enum xg_status put_tile(struct writing *w, const struct planned *p,
                               struct xg_error *err)
{
    const struct xg_bytes *notes;
    size_t n;

    for (uint64_t at = p->first; at < p->end; at += n) {
        if (w->source->entries(w->source->ctx, &notes, &n, at, err) != XG_OK)
            return err->status;
        n = n < p->end - at ? n : (size_t)(p->end - at);
        for (size_t i = 0; i < n; i++) {
            xg_buf_u16(&w->part, (uint16_t)notes[i].len);
            xg_buf_append(&w->part, notes[i].at, notes[i].len);
        }
    }
    return xg_buf_check(&w->part, err);
}

/* What a source lacks is left out: whoever reads will miss it. */
static enum xg_status put_batch(struct writing *w, uint64_t position,
                                struct xg_bytes note, struct xg_error *err)
{
    struct xg_bytes framed;
    struct xg_hash id;

    if (xg_batch_id(&id, note, err) != XG_OK) {
        *err = XG_ERROR_NONE;
        return XG_OK;
    }
    enum xg_status status =
        w->source->batch(w->source->ctx, &framed, position, &id, err);
    if (status == XG_NOTFOUND || status == XG_GAP) {
        *err = XG_ERROR_NONE;
        return XG_OK;
    }
    if (status != XG_OK)
        return status;
    xg_buf_u64(&w->part, position);
    xg_frame_put(&w->part, framed);
    return xg_buf_check(&w->part, err);
}

/* Batches among [first, end), as long as the part has room: *end says up to
 * where. */
static enum xg_status put_batches(struct writing *w, uint64_t first,
                                  uint64_t *end, uint64_t *count,
                                  struct xg_error *err)
{
    const struct xg_bytes *notes;
    size_t n;

    for (uint64_t at = first; at < *end; at += n) {
        if (w->source->entries(w->source->ctx, &notes, &n, at, err) != XG_OK)
            return err->status;
        n = n < *end - at ? n : (size_t)(*end - at);
        for (size_t i = 0; i < n; i++) {
            if (!begins(notes[i], "xunge/batch/v1\n"))
                continue;
            if (w->part.len > AUDIT_PART_MAX - XG_BATCH_MAX - 64) {
                *end = at + i;
                return XG_OK;
            }
            size_t before = w->part.len;
            if (put_batch(w, at + i, notes[i], err) != XG_OK)
                return err->status;
            *count += w->part.len > before;
        }
    }
    return XG_OK;
}

struct taking {
    struct xg_buf *part;
    uint64_t length;
};

static void take(void *to, struct xg_bytes piece)
{
    struct taking *t = to;

    t->length += piece.len;
    if (t->part)
        xg_buf_append(t->part, piece.at, piece.len);
}

static enum xg_status make(struct writing *w, const struct planned *p,
                           struct xg_error *err)
{
    struct taking taking = {.part = &w->part};
    uint64_t end = p->end, count = 0;

    xg_buf_reset(&w->part);
    switch (p->from) {
    case FROM_TILE:
        return put_tile(w, p, err);
    case FROM_BATCHES:
        return put_batches(w, p->first, &end, &count, err);
    case FROM_FILE:
        if (w->source->file(w->source->ctx, p->kind, p->first, &p->sha256, take,
                            &taking, err) != XG_OK)
            return err->status;
        return xg_buf_check(&w->part, err);
    case FROM_MEMORY:
        break;
    }
    return XG_OK;
}

static enum xg_status fetch(void *ctx, const char *name, uint64_t offset,
                            uint8_t *at, size_t size, size_t *len,
                            struct xg_error *err)
{
    struct writing *w = ctx;

    if (offset == 0) {
        while (w->next < w->count && strcmp(w->parts[w->next].name, name) != 0)
            w->next++;
        if (w->next == w->count)
            return xg_fail(err, XG_CORRUPT, "no such part: %s", name);
        if (make(w, &w->plans[w->next], err) != XG_OK)
            return err->status;
    }
    size_t left = offset < w->part.len ? w->part.len - (size_t)offset : 0;
    *len = left < size ? left : size;
    if (*len)
        memcpy(at, w->part.data + offset, *len);
    return XG_OK;
}

static void tell(void *ctx, uint64_t done, uint64_t of)
{
    struct writing *w = ctx;

    w->progress(w->progress_ctx, done, of);
}

/* ---- planning ---- */

static enum xg_status plan_tile(struct writing *w, uint64_t first, uint64_t end,
                                struct xg_error *err)
{
    const struct xg_tile tile = {.entries = true,
                                 .index = first / XG_TILE_WIDTH,
                                 .width = (unsigned)(end - first)};
    const struct planned p = {.from = FROM_TILE, .first = first, .end = end};
    char path[XG_TILE_PATH_SIZE], name[XG_TAR_NAME_MAX + 1];

    xg_buf_reset(&w->part);
    if (put_tile(w, &p, err) != XG_OK)
        return err->status;
    xg_tile_path(path, &tile);
    snprintf(name, sizeof name, "log/%s", path);
    return plan(w, name, w->part.len, NULL, &p, err);
}

static enum xg_status plan_batches(struct writing *w, uint64_t first,
                                   uint64_t end, struct xg_error *err)
{
    char name[XG_TAR_NAME_MAX + 1];

    while (first < end) {
        struct planned p = {.from = FROM_BATCHES, .first = first, .end = end};
        xg_buf_reset(&w->part);
        if (put_batches(w, first, &p.end, &w->done.batches, err) != XG_OK)
            return err->status;
        snprintf(name, sizeof name, "batches/%" PRIu64, first);
        if (w->part.len &&
            plan(w, name, w->part.len, NULL, &p, err) != XG_OK)
            return err->status;
        first = p.end;
    }
    return XG_OK;
}

static enum xg_status plan_file(struct writing *w, enum xg_audit_file kind,
                                uint64_t position, const struct xg_hash *sha256,
                                struct xg_error *err)
{
    struct planned p = {.from = FROM_FILE, .kind = kind, .first = position,
                        .sha256 = *sha256};
    char name[XG_TAR_NAME_MAX + 1], hex[2 * XG_HASH_SIZE + 1];
    struct taking taking = {.part = NULL};
    enum xg_status status = w->source->file(w->source->ctx, kind, position,
                                            sha256, take, &taking, err);

    if (status == XG_NOTFOUND || status == XG_GAP) {
        w->done.missing++;
        *err = XG_ERROR_NONE;
        return XG_OK;
    }
    if (status != XG_OK)
        return status;
    w->done.files += kind == XG_AUDIT_REFERENCE;
    w->done.photos += kind == XG_AUDIT_PHOTO;
    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, "%s/%" PRIu64 "/%s",
             kind == XG_AUDIT_PHOTO ? "photos" : "files", position, hex);
    return plan(w, name, taking.length, NULL, &p, err);
}

/* The files that one entry names. */
static enum xg_status plan_named(struct writing *w, uint64_t position,
                                 struct xg_bytes raw, struct xg_error *err)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_blob blobs[XG_BLOBS_MAX];
    struct xg_reference reference;
    struct xg_note note;
    size_t count = 0;

    if (xg_note_parse(&note, raw.at, raw.len, &quiet) != XG_OK)
        return XG_OK;
    if (begins(raw, "xunge/reference/v1\n"))
        return xg_reference_read(&reference, note.text, &quiet) == XG_OK
                   ? plan_file(w, XG_AUDIT_REFERENCE, position, &reference.file,
                               err)
                   : XG_OK;
    if (!w->photos || !begins(raw, "xunge/blobs/v1\n") ||
        xg_blobs_read(blobs, &count, note.text, &quiet) != XG_OK)
        return XG_OK;
    for (size_t i = 0; i < count; i++)
        if (plan_file(w, XG_AUDIT_PHOTO, position, &blobs[i].sha256, err) !=
            XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status plan_files(struct writing *w, struct xg_error *err)
{
    const struct xg_bytes *notes;
    size_t n;

    for (uint64_t at = 0; at < w->done.size; at += n) {
        if (w->source->entries(w->source->ctx, &notes, &n, at, err) != XG_OK)
            return err->status;
        for (size_t i = 0; i < n && at + i < w->done.size; i++)
            if (plan_named(w, at + i, notes[i], err) != XG_OK)
                return err->status;
    }
    return XG_OK;
}

static enum xg_status plan_head(struct writing *w, struct xg_error *err)
{
    const struct planned memory = {.from = FROM_MEMORY};
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_checkpoint c;
    struct xg_note note;

    if (w->source->checkpoint(w->source->ctx, &w->checkpoint, err) != XG_OK ||
        xg_note_parse(&note, w->checkpoint.data, w->checkpoint.len, err) !=
            XG_OK ||
        xg_checkpoint_parse(&c, note.text, err) != XG_OK)
        return err->status;
    xg_ignore(w->source->cosigned(w->source->ctx, &w->cosigned, &quiet));
    w->done.size = c.size;
    xg_buf_format(&w->head,
                  "xunge/audit-bundle/v1\nlog %s\nsize %" PRIu64
                  "\nphotos %s\n",
                  c.origin, c.size, w->photos ? "all" : "none");
    if (xg_buf_check(&w->head, err) != XG_OK ||
        plan(w, AUDIT_PART_HEAD, w->head.len, w->head.data, &memory, err) !=
            XG_OK ||
        plan(w, AUDIT_PART_CHECKPOINT, w->checkpoint.len, w->checkpoint.data,
             &memory, err) != XG_OK)
        return err->status;
    return w->cosigned.len
               ? plan(w, AUDIT_PART_COSIGNED, w->cosigned.len, w->cosigned.data,
                      &memory, err)
               : XG_OK;
}

static enum xg_status plan_all(struct writing *w, struct xg_error *err)
{
    if (plan_head(w, err) != XG_OK)
        return err->status;
    for (uint64_t at = 0; at < w->done.size; at += XG_TILE_WIDTH) {
        uint64_t end = at + XG_TILE_WIDTH;
        if (end > w->done.size)
            end = w->done.size;
        if (plan_tile(w, at, end, err) != XG_OK ||
            plan_batches(w, at, end, err) != XG_OK)
            return err->status;
    }
    return plan_files(w, err);
}

enum xg_status
xg_audit_bundle_write(struct xg_audit_written *out,
                      const struct xg_audit_source *source,
                      const struct xg_bundle_target *target, bool photos,
                      void (*progress)(void *ctx, uint64_t done, uint64_t of),
                      void *ctx, struct xg_error *err)
{
    struct writing w = {.source = source,
                        .photos = photos,
                        .head = XG_BUF(AUDIT_HEAD_MAX),
                        .checkpoint = XG_BUF(XG_NOTE_MAX),
                        .cosigned = XG_BUF(AUDIT_COSIGNED_MAX),
                        .part = XG_BUF(64 << 20)};
    const struct xg_bundle_host host = {
        .ctx = &w, .fetch = fetch, .progress = progress ? tell : NULL};
    enum xg_status status = plan_all(&w, err);

    w.progress = progress;
    w.progress_ctx = ctx;
    if (status == XG_OK)
        status = xg_bundle_file_write(&w.done.bytes, target, w.parts, w.count,
                                      &host, err);
    if (status == XG_OK)
        *out = w.done;
    free(w.parts);
    free(w.plans);
    xg_buf_clear(&w.head);
    xg_buf_clear(&w.checkpoint);
    xg_buf_clear(&w.cosigned);
    xg_buf_clear(&w.part);
    return status;
}
