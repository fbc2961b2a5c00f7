/* photo.c - what is proven of photos, how far their uploads are, and what
 * was let go of. The rows of `photo` are fold.c's. */
#include "agent/store/inside.h"

#include <stdio.h>

#include "agent_sql.h"
#include "shared/base/lang.h"

/* ---- looking ---- */

/* The columns that photo_find and photo_list share, from `at` on. */
static void read_proof(struct xg_stmt *q, int at, struct store_photo *p)
{
    p->proven = !xg_col_is_null(q, at);
    if (p->proven) {
        p->position = xg_col_u64(q, at);
        p->since_ms = xg_col_i64(q, at + 1);
    }
    p->uploading = !xg_col_is_null(q, at + 2);
    if (p->uploading)
        p->confirmed = xg_col_u64(q, at + 2);
    p->freed = xg_col_bool(q, at + 3);
}

/* The columns of one photo, whoever shows it, from `at` on. */
static void read_photo(struct xg_stmt *q, int at, struct store_photo *p)
{
    p->length = xg_col_u64(q, at);
    p->mine = xg_col_bool(q, at + 1);
    p->shown = xg_col_bool(q, at + 2);
    p->received = xg_col_bool(q, at + 3);
    read_proof(q, at + 4, p);
}

enum xg_status store_get_photo(struct store *s, struct store_photo *out,
                               bool *found, const struct xg_hash *sha256,
                               struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_FIND);
    struct store_photo p = {.sha256 = *sha256};

    xg_bind_hash(q, 1, sha256);
    bool is_known = xg_stmt_row(q);
    if (is_known)
        read_photo(q, 0, &p);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *out = p;
    *found = is_known;
    return XG_OK;
}

enum xg_status store_list_photos(struct store *s, bool all,
                                 bool (*visit)(void *ctx,
                                               const struct store_photo *photo),
                                 void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_LIST);
    bool more = true;

    xg_bind_i64(q, 1, all);
    while (more && xg_stmt_next(q)) {
        struct store_photo p = {.entity = xg_col_id(q, 0),
                                .sha256 = xg_col_hash(q, 1),
                                .length = xg_col_u64(q, 2),
                                .mine = xg_col_bool(q, 3),
                                .shown = true,
                                .received = xg_col_bool(q, 4)};
        read_proof(q, 5, &p);
        more = visit(ctx, &p);
    }
    return xg_stmt_done(q, err);
}

enum xg_status store_is_thumbnail(struct store *s, bool *is,
                                  const struct xg_hash *sha256,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_IS_THUMBNAIL);

    xg_bind_hash(q, 1, sha256);
    bool found = xg_stmt_row(q);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *is = found;
    return XG_OK;
}

enum xg_status store_thumbnail_of(struct store *s, struct xg_hash *thumbnail,
                                  bool *found, const struct xg_hash *sha256,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_THUMBNAIL_OF);
    struct xg_hash small = {{0}};

    xg_bind_hash(q, 1, sha256);
    bool any = xg_stmt_row(q);
    if (any)
        small = xg_col_hash(q, 0);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (any)
        *thumbnail = small;
    *found = any;
    return XG_OK;
}

enum xg_status store_gone_photos(struct store *s, struct xg_hash *out,
                                 size_t *count, size_t max,
                                 const struct xg_hash *after,
                                 struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ERASED_PHOTO_GONE);
    size_t n = 0;

    xg_bind_hash(q, 1, after);
    xg_bind_u64(q, 2, max);
    while (n < max && xg_stmt_next(q))
        out[n++] = xg_col_hash(q, 0);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *count = n;
    return XG_OK;
}

enum xg_status store_is_photo_gone(struct store *s, bool *gone,
                                   const struct xg_hash *sha256,
                                   struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ERASED_PHOTO_IS_GONE);

    xg_bind_hash(q, 1, sha256);
    bool found = xg_stmt_row(q);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *gone = found;
    return XG_OK;
}

/* The least and the greatest hash that begin so. */
static bool parse_prefix(struct xg_hash *least, struct xg_hash *most,
                         const char *prefix)
{
    enum { DIGITS_MIN = 4, DIGITS = 2 * XG_HASH_SIZE };
    char low[DIGITS + 1], high[DIGITS + 1];
    size_t len = strlen(prefix);

    if (len < DIGITS_MIN || len > DIGITS)
        return false;
    memset(low, '0', DIGITS);
    memset(high, 'f', DIGITS);
    memcpy(low, prefix, len);
    memcpy(high, prefix, len);
    return xg_unhex(least->b, XG_HASH_SIZE, low, DIGITS) &&
           xg_unhex(most->b, XG_HASH_SIZE, high, DIGITS);
}

enum xg_status store_find_photo(struct store *s, struct xg_hash *out,
                                const char *prefix, struct xg_error *err)
{
    struct xg_hash least, most, found = {{0}};
    size_t count = 0;

    if (parse_prefix(&least, &most, prefix)) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_BY_PREFIX);
        xg_bind_hash(q, 1, &least);
        xg_bind_hash(q, 2, &most);
        while (xg_stmt_next(q))
            if (count++ == 0)
                found = xg_col_hash(q, 0);
        if (xg_stmt_done(q, err) != XG_OK)
            return err->status;
    }
    if (count == 0)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有照片 %s；xunge photos 列出全部照片",
                            "there is no photo %s; xunge photos lists them"),
                       prefix);
    if (count > 1)
        return xg_fail(err, XG_AMBIGUOUS,
                       XG_T("%s 指的不止一张照片；请多写几位",
                            "%s is the beginning of several photos; give more "
                            "of it"),
                       prefix);
    *out = found;
    return XG_OK;
}

/* ---- what is to go out ---- */

/* `statement` lists them; its fifth parameter: those whose record is not proven
 * too. */
static enum xg_status list_due(struct store *s, struct store_due *out,
                               size_t *count, size_t max, size_t statement,
                               bool ahead, const struct store_due *after,
                               struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, statement);
    size_t n = 0;

    xg_bind_i64(q, 1, after->rank);
    xg_bind_i64(q, 2, after->record);
    xg_bind_hash(q, 3, &after->sha256);
    xg_bind_u64(q, 4, max);
    xg_bind_u64(q, 5, ahead);
    for (; n < max && xg_stmt_next(q); n++)
        out[n] = (struct store_due){.sha256 = xg_col_hash(q, 0),
                                    .length = xg_col_u64(q, 1),
                                    .rank = xg_col_i64(q, 2),
                                    .record = xg_col_i64(q, 3)};
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *count = n;
    return XG_OK;
}

enum xg_status store_photos_due(struct store *s, struct store_due *out,
                                size_t *count, size_t max, bool thumbnails,
                                const struct store_due *after,
                                struct xg_error *err)
{
    return list_due(s, out, count, max,
                    thumbnails ? AGENT_STMT_PHOTO_DUE_THUMBNAILS
                               : AGENT_STMT_PHOTO_DUE,
                    false, after, err);
}

enum xg_status store_photos_begun(struct store *s, struct store_due *out,
                                  size_t *count, size_t max,
                                  const struct store_due *after,
                                  struct xg_error *err)
{
    return list_due(s, out, count, max, AGENT_STMT_PHOTO_DUE_BEGUN, false,
                    after, err);
}

enum xg_status store_photos_unproven(struct store *s, struct store_due *out,
                                     size_t *count, size_t max, bool thumbnails,
                                     const struct store_due *after,
                                     struct xg_error *err)
{
    return list_due(s, out, count, max,
                    thumbnails ? AGENT_STMT_PHOTO_DUE_THUMBNAILS
                               : AGENT_STMT_PHOTO_DUE,
                    true, after, err);
}

enum xg_status store_sum_due(struct store *s, struct store_due_sums *out,
                             struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_DUE_SUMS);
    struct store_due_sums sums = {0};

    if (xg_stmt_row(q)) {
        sums.photos = xg_col_u64(q, 0);
        sums.photo_bytes = xg_col_u64(q, 1);
        sums.thumbnail_bytes = xg_col_u64(q, 2);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *out = sums;
    return XG_OK;
}

/* ---- proofs ---- */

static enum xg_status run_on_hash(struct store *s, size_t statement,
                                  const struct xg_hash *sha256,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, statement);

    xg_bind_hash(q, 1, sha256);
    return xg_stmt_run(q, err);
}

enum xg_status store_put_blobs_note(struct store *s, uint64_t position,
                                    struct xg_bytes note,
                                    struct xg_bytes receipt,
                                    struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BLOBS_NOTE_PUT);

    xg_bind_u64(q, 1, position);
    xg_bind_bytes(q, 2, note);
    xg_bind_bytes(q, 3, receipt);
    return xg_stmt_run(q, err);
}

enum xg_status store_put_photo_proof(struct store *s,
                                     const struct xg_hash *sha256,
                                     uint64_t position, int64_t since_ms,
                                     struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_PROOF_PUT);

    xg_bind_hash(q, 1, sha256);
    xg_bind_u64(q, 2, position);
    xg_bind_i64(q, 3, since_ms);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    return store_drop_upload(s, sha256, err);
}

enum xg_status store_get_photo_proof(struct store *s, uint64_t *position,
                                     struct xg_buf *note,
                                     struct xg_buf *receipt, bool *found,
                                     const struct xg_hash *sha256,
                                     struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_PROOF_GET);
    uint64_t at = 0;

    xg_bind_hash(q, 1, sha256);
    bool is_there = xg_stmt_row(q);
    if (is_there) {
        at = xg_col_u64(q, 0);
        struct xg_bytes bytes = xg_col_bytes(q, 2);
        if (note)
            xg_buf_append(note, bytes.at, bytes.len);
        bytes = xg_col_bytes(q, 3);
        if (receipt)
            xg_buf_append(receipt, bytes.at, bytes.len);
    }
    if (xg_stmt_done(q, err) != XG_OK ||
        (note && xg_buf_check(note, err) != XG_OK) ||
        (receipt && xg_buf_check(receipt, err) != XG_OK))
        return err->status;
    *position = at;
    *found = is_there;
    return XG_OK;
}

enum xg_status store_photo_back(struct store *s, const struct xg_hash *sha256,
                                int64_t since_ms, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_PROOF_SINCE);

    xg_bind_hash(q, 1, sha256);
    xg_bind_i64(q, 2, since_ms);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    return run_on_hash(s, AGENT_STMT_FREED_PHOTO_DELETE, sha256, err);
}

enum xg_status store_drop_photo_proof(struct store *s,
                                      const struct xg_hash *sha256,
                                      struct xg_error *err)
{
    return run_on_hash(s, AGENT_STMT_PHOTO_PROOF_DELETE, sha256, err);
}

enum xg_status store_doubt_photos(struct store *s, struct xg_error *err)
{
    return xg_stmt_run(xg_stmt(s->db, AGENT_STMT_PHOTO_PROOF_DOUBT), err);
}

/* ---- uploads ---- */

enum xg_status store_put_upload(struct store *s, const struct xg_hash *sha256,
                                const char *location, uint64_t confirmed,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_UPLOAD_PUT);

    xg_bind_hash(q, 1, sha256);
    xg_bind_text(q, 2, location);
    xg_bind_u64(q, 3, confirmed);
    return xg_stmt_run(q, err);
}

enum xg_status store_get_upload(struct store *s,
                                char location[static STORE_LOCATION_SIZE],
                                uint64_t *confirmed, bool *found,
                                const struct xg_hash *sha256,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_UPLOAD_GET);
    char text[STORE_LOCATION_SIZE] = "";
    uint64_t bytes = 0;

    xg_bind_hash(q, 1, sha256);
    bool began = xg_stmt_row(q);
    if (began) {
        snprintf(text, sizeof text, "%s", xg_col_text(q, 0));
        bytes = xg_col_u64(q, 1);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    memcpy(location, text, sizeof text);
    *confirmed = bytes;
    *found = began;
    return XG_OK;
}

enum xg_status store_drop_upload(struct store *s, const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    return run_on_hash(s, AGENT_STMT_UPLOAD_DELETE, sha256, err);
}

/* ---- letting go ---- */

enum xg_status store_each_photo(struct store *s, struct store_photo *out,
                                size_t *count, size_t max,
                                const struct xg_hash *after,
                                const struct store_freeable *which,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_EACH);
    size_t n = 0;

    xg_bind_hash(q, 1, after);
    xg_bind_i64(q, 2, which->only);
    xg_bind_u64(q, 3, which->backup < INT64_MAX ? which->backup : INT64_MAX);
    xg_bind_i64(q, 4, which->since_ms);
    xg_bind_u64(q, 5, max);
    for (; n < max && xg_stmt_next(q); n++) {
        out[n] = (struct store_photo){.sha256 = xg_col_hash(q, 0)};
        read_photo(q, 1, &out[n]);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *count = n;
    return XG_OK;
}

enum xg_status store_mark_freed(struct store *s, const struct xg_hash *sha256,
                                struct xg_error *err)
{
    return run_on_hash(s, AGENT_STMT_FREED_PHOTO_ADD, sha256, err);
}
