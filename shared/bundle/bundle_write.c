/* bundle_write.c - see bundle.h. */
#include "shared/bundle/bundle.h"

#include <stdlib.h>
#include <stdio.h>

#include "shared/base/lang.h"

enum { INDEX_MAX = 16 << 10 };

/* Where a kind comes in the file: as bundle.h lists them. */
static const uint8_t order[] = {
    [XG_PART_HELLO] = 0,     [XG_PART_ENROL] = 0,   [XG_PART_BATCH] = 1,
    [XG_PART_ENROLLED] = 2,  [XG_PART_WELCOME] = 3, [XG_PART_TILE] = 4,
    [XG_PART_STATES] = 5,    [XG_PART_RECEIPT] = 6, [XG_PART_REFERENCES] = 7,
    [XG_PART_REFERENCE] = 8, [XG_PART_UPDATES] = 9, [XG_PART_HELD] = 10,
    [XG_PART_BLOB] = 11,     [XG_PART_OTHER] = 12,
};
enum { ORDERS = 13 };

struct entry {
    struct xg_bundle_file_part part;
    uint8_t *owned; /* its content, or NULL */
    uint8_t order;
};

struct xg_bundle_writer {
    struct entry *entries;
    size_t count, room;
    uint64_t bytes;
};

enum xg_status xg_bundle_new(struct xg_bundle_writer **out,
                             struct xg_error *err)
{
    struct xg_bundle_writer *w = calloc(1, sizeof *w);

    if (!w)
        return xg_fail_nomem(err);
    *out = w;
    return XG_OK;
}

static enum xg_status add(struct xg_bundle_writer *w, const char *name,
                          uint64_t length, struct xg_error *err)
{
    struct xg_part part = {.length = length};

    xg_part_of(&part, name);
    if (w->count == XG_BUNDLE_PARTS_MAX ||
        length > (part.kind == XG_PART_BLOB ? XG_BUNDLE_BLOB_MAX
                                            : XG_BUNDLE_PART_MAX))
        return xg_fail(err, XG_TOOBIG,
                       XG_T("%s 放不进数据包：太大，或件数已满",
                            "%s does not go into the bundle: it is too large, "
                            "or there are too many parts"),
                       name);
    if (w->count == w->room) {
        size_t room = w->room ? 2 * w->room : 64;
        struct entry *more = realloc(w->entries, room * sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        w->entries = more;
        w->room = room;
    }
    struct entry *e = &w->entries[w->count++];
    *e = (struct entry){.order = order[part.kind]};
    memcpy(e->part.name, part.name, sizeof e->part.name);
    e->part.length = length;
    w->bytes += length;
    return XG_OK;
}

enum xg_status xg_bundle_add(struct xg_bundle_writer *w, const char *name,
                             struct xg_bytes content, struct xg_error *err)
{
    if (add(w, name, content.len, err) != XG_OK)
        return err->status;
    struct entry *e = &w->entries[w->count - 1];
    e->owned = malloc(content.len + 1); /* NULL says that it is announced */
    if (!e->owned) {
        w->count--;
        w->bytes -= content.len;
        return xg_fail_nomem(err);
    }
    if (content.len > 0)
        memcpy(e->owned, content.at, content.len);
    e->part.content = e->owned;
    return XG_OK;
}

enum xg_status xg_bundle_announce(struct xg_bundle_writer *w, const char *name,
                                  uint64_t length, struct xg_error *err)
{
    return add(w, name, length, err);
}

enum xg_status xg_bundle_add_blob(struct xg_bundle_writer *w,
                                  const struct xg_hash *sha256, uint64_t length,
                                  struct xg_error *err)
{
    char name[XG_TAR_NAME_MAX + 1];

    xg_bundle_name(name, "blobs", sha256, "");
    return add(w, name, length, err);
}

void xg_bundle_count(const struct xg_bundle_writer *w, uint64_t *parts,
                     uint64_t *bytes)
{
    *parts = w->count;
    *bytes = w->bytes;
}

static enum xg_status sign_index(struct xg_buf *note, struct xg_bundle *index,
                                 const struct xg_bundle_writer *w,
                                 const struct xg_signer *signer,
                                 struct xg_error *err)
{
    struct xg_buf text = XG_BUF(INDEX_MAX);

    memcpy(index->from, signer->verifier.name, sizeof index->from);
    index->parts = w->count;
    index->bytes = w->bytes;
    xg_bundle_put(&text, index);
    enum xg_status status = xg_note_sign_buf(note, &text, signer, err);
    xg_buf_clear(&text);
    return status;
}

enum xg_status xg_bundle_write(struct xg_bundle_writer *w, uint64_t *bytes,
                               const struct xg_bundle_target *target,
                               struct xg_bundle *index,
                               const struct xg_signer *signer,
                               const struct xg_bundle_host *host,
                               struct xg_error *err)
{
    struct xg_bundle_file_part *parts = calloc(w->count + 1, sizeof *parts);
    struct xg_buf note = XG_BUF(INDEX_MAX);
    size_t n = 1;

    if (!parts)
        return xg_fail_nomem(err);
    enum xg_status status = sign_index(&note, index, w, signer, err);
    snprintf(parts[0].name, sizeof parts[0].name, "bundle.txt");
    parts[0].length = note.len;
    parts[0].content = note.data;
    for (int o = 0; o < ORDERS; o++)
        for (size_t i = 0; i < w->count; i++)
            if (w->entries[i].order == o)
                parts[n++] = w->entries[i].part;
    if (status == XG_OK)
        status = xg_bundle_file_write(bytes, target, parts, n, host, err);
    xg_buf_clear(&note);
    free(parts);
    return status;
}

void xg_bundle_free(struct xg_bundle_writer *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->count; i++)
        free(w->entries[i].owned);
    free(w->entries);
    free(w);
}
