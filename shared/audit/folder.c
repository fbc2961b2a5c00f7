/* folder.c - a server's data folder as a source: the rows of truth (entries,
 * bodies, files, the checkpoint) and the photos beside them; no derived table.
 *
 * Opened for reading only, each call in a snapshot of its own: the checkpoint is
 * taken first, and what it covers never changes, so a server may go on writing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit_sql.h"
#include "shared/audit/audit.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { AT_ONCE = 512, PIECE = 64 << 10, NOTES_BYTES = 48 << 20 };

struct folder {
    struct xg_db *db;
    char *dir;
    struct xg_arena arena;
    struct xg_bytes notes[AT_ONCE];
    struct xg_buf frame;
};

static enum xg_status read_checkpoint(void *ctx, struct xg_buf *note,
                                      struct xg_error *err)
{
    struct folder *f = ctx;
    struct xg_stmt *s = xg_stmt(f->db, AUDIT_STMT_CHECKPOINT);
    bool found = xg_stmt_row(s);

    if (found) {
        struct xg_bytes raw = xg_col_bytes(s, 0);
        xg_buf_append(note, raw.at, raw.len);
    }
    if (xg_stmt_done(s, err) != XG_OK || xg_buf_check(note, err) != XG_OK)
        return err->status;
    return found ? XG_OK
                 : xg_fail(err, XG_NOTFOUND,
                           XG_T("%s 里还没有检查点", "%s has no checkpoint yet"),
                           f->dir);
}

static enum xg_status read_entries(void *ctx, const struct xg_bytes **notes,
                                   size_t *count, uint64_t first,
                                   struct xg_error *err)
{
    struct folder *f = ctx;
    struct xg_stmt *s = xg_stmt(f->db, AUDIT_STMT_ENTRIES);
    size_t n = 0;

    xg_arena_reset(&f->arena);
    xg_bind_u64(s, 1, first);
    xg_bind_u64(s, 2, first + AT_ONCE);
    while (n < AT_ONCE && xg_stmt_next(s)) {
        struct xg_bytes raw = xg_col_bytes(s, 0);
        const uint8_t *copy = xg_arena_copy(&f->arena, raw.at, raw.len);
        if (!copy && raw.len)
            break;
        f->notes[n++] = xg_bytes(copy, raw.len);
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *notes = f->notes;
    *count = n;
    return n ? XG_OK : XG_NOTFOUND;
}

static enum xg_status read_batch(void *ctx, struct xg_bytes *framed,
                                 uint64_t position, const struct xg_hash *id,
                                 struct xg_error *err)
{
    struct folder *f = ctx;
    struct xg_stmt *s = xg_stmt(f->db, AUDIT_STMT_BATCH);
    bool found;

    (void)id;
    xg_buf_reset(&f->frame);
    xg_bind_u64(s, 1, position);
    found = xg_stmt_row(s);
    if (found)
        xg_batch_frame(&f->frame, xg_col_bytes(s, 0), xg_col_bytes(s, 1));
    if (xg_stmt_done(s, err) != XG_OK || xg_buf_check(&f->frame, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_GAP, "no body of a batch");
    *framed = xg_buf_bytes(&f->frame);
    return XG_OK;
}

static enum xg_status read_reference(struct folder *f,
                                     const struct xg_hash *sha256,
                                     void (*take)(void *to,
                                                  struct xg_bytes piece),
                                     void *to, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(f->db, AUDIT_STMT_FILE);
    bool found;

    xg_bind_hash(s, 1, sha256);
    found = xg_stmt_row(s);
    if (found)
        take(to, xg_col_bytes(s, 0));
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    return found ? XG_OK : xg_fail(err, XG_GAP, "no such file");
}

static enum xg_status read_photo(struct folder *f, const struct xg_hash *sha256,
                                 void (*take)(void *to, struct xg_bytes piece),
                                 void *to, struct xg_error *err)
{
    char path[4096], hex[2 * XG_HASH_SIZE + 1];
    uint8_t piece[PIECE];
    ssize_t n = 1;

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    snprintf(path, sizeof path, "%s/blobs/%.2s/%s", f->dir, hex, hex);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return xg_fail(err, XG_GAP, "no such photo");
    if (fd < 0)
        return xg_fail_os(err, "%s", path);
    while (n > 0) {
        n = read(fd, piece, sizeof piece);
        if (n > 0)
            take(to, xg_bytes(piece, (size_t)n));
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    if (n < 0)
        xg_ignore(xg_fail_os(err, "%s", path));
    close(fd);
    return n < 0 ? err->status : XG_OK;
}

static enum xg_status read_file(void *ctx, enum xg_audit_file kind,
                                uint64_t position, const struct xg_hash *sha256,
                                void (*take)(void *to, struct xg_bytes piece),
                                void *to, struct xg_error *err)
{
    (void)position;
    return kind == XG_AUDIT_PHOTO ? read_photo(ctx, sha256, take, to, err)
                                  : read_reference(ctx, sha256, take, to, err);
}

/* A row as a note: the checkpoint's text and the device's line. The log's own
 * signature is not kept with it. */
static void put_cosigned(struct xg_buf *frames, struct xg_stmt *s,
                         const char *origin)
{
    struct xg_checkpoint c = {.size = xg_col_u64(s, 0),
                              .root = xg_col_hash(s, 1)};
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);

    snprintf(c.origin, sizeof c.origin, "%s", origin);
    xg_checkpoint_text(&note, &c);
    xg_buf_text(&note, "\n");
    xg_buf_text(&note, xg_col_text(s, 2));
    if (note.failed == XG_OK)
        xg_frame_put(frames, xg_buf_bytes(&note));
    xg_buf_clear(&note);
}

static enum xg_status find_origin(struct folder *f, struct xg_checkpoint *c,
                                  struct xg_error *err)
{
    struct xg_buf raw = XG_BUF(XG_NOTE_MAX);
    struct xg_note note;
    enum xg_status status = read_checkpoint(f, &raw, err);

    if (status == XG_OK)
        status = xg_note_parse(&note, raw.data, raw.len, err);
    if (status == XG_OK)
        status = xg_checkpoint_parse(c, note.text, err);
    xg_buf_clear(&raw);
    return status;
}

static enum xg_status read_cosigned(void *ctx, struct xg_buf *frames,
                                    struct xg_error *err)
{
    struct folder *f = ctx;
    struct xg_checkpoint c;

    if (find_origin(f, &c, err) != XG_OK)
        return err->status;
    struct xg_stmt *s = xg_stmt(f->db, AUDIT_STMT_COSIGNED);
    if (xg_stmt_row(s))
        xg_frame_put(frames, xg_col_bytes(s, 0));
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    s = xg_stmt(f->db, AUDIT_STMT_COSIGNATURES);
    while (xg_stmt_next(s))
        put_cosigned(frames, s, c.origin);
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    return frames->len ? xg_buf_check(frames, err)
                       : xg_fail(err, XG_NOTFOUND, "none");
}

/* Table and checkpoint in one snapshot. */
static enum xg_status read_states(void *ctx, uint64_t *size,
                                  enum xg_status (*take)(void *to,
                                                         const struct xg_id *id,
                                                         struct xg_bytes state),
                                  void *to, struct xg_error *err)
{
    struct folder *f = ctx;
    struct xg_stmt *s;
    bool good = true;

    if (xg_db_begin_read(f->db, err) != XG_OK)
        return err->status;
    s = xg_stmt(f->db, AUDIT_STMT_CHECKPOINT_SIZE);
    *size = xg_stmt_row(s) ? xg_col_u64(s, 0) : 0;
    enum xg_status status = xg_stmt_done(s, err);
    if (status == XG_OK) {
        s = xg_stmt(f->db, AUDIT_STMT_ENTITY_STATES);
        while (good && xg_stmt_next(s)) {
            const struct xg_id id = xg_col_id(s, 0);
            good = take(to, &id, xg_col_bytes(s, 1)) == XG_OK;
        }
        status = xg_stmt_done(s, err);
    }
    xg_db_rollback(f->db);
    return status == XG_OK && !good ? err->status : status;
}

static void close_folder(void *ctx)
{
    struct folder *f = ctx;

    xg_db_close(f->db);
    xg_arena_clear(&f->arena);
    xg_buf_clear(&f->frame);
    free(f->dir);
    free(f);
}

enum xg_status xg_audit_folder(struct xg_audit_source *out, const char *dir,
                               struct xg_error *err)
{
    static const struct xg_db_options options = {
        .read_only = true, .foreign = true, .cache_kib = 4096};
    struct folder *f = calloc(1, sizeof *f);
    char path[4096];

    if (!f)
        return xg_fail_nomem(err);
    f->arena = XG_ARENA(NOTES_BYTES);
    f->frame = XG_BUF(XG_BATCH_MAX + 16);
    f->dir = strdup(dir);
    snprintf(path, sizeof path, "%s/server.db", dir);
    if (!f->dir || xg_db_open(&f->db, path, &audit_sql, &options, err) != XG_OK) {
        if (!f->dir)
            xg_ignore(xg_fail_nomem(err));
        close_folder(f);
        return err->status;
    }
    *out = (struct xg_audit_source){.ctx = f,
                                    .what = "folder",
                                    .checkpoint = read_checkpoint,
                                    .cosigned = read_cosigned,
                                    .entries = read_entries,
                                    .batch = read_batch,
                                    .file = read_file,
                                    .entities = read_states,
                                    .close = close_folder};
    return XG_OK;
}
