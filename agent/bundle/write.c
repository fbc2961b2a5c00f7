/* write.c - up: what a sync would push, into a file; see engine/bundle.h. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/bundle/inside.h"
#include "agent/photo/photo.h"
#include "shared/base/lang.h"

enum { DUE_STEP = 64 };

struct row {
    struct xg_hash id;
    int64_t row;
    bool sent;
};

struct writing {
    struct sync y; /* identity, signer, chains; nothing is asked */
    struct sync_report report;
    const struct bundle_write_options *options;
    struct photo_shelf shelf;
    struct xg_bundle_writer *w;
    struct bundle_written done;

    struct row *rows; /* batches, in their order */
    size_t count, room, next;
    struct xg_buf frame;         /* of the batch that is written */
    struct vault_reader *reader; /* of the photo that is written */
    struct xg_bytes chunk;       /* of it, not given yet */
    bool damaged;                /* it is; the rest are zeros */
};

static void begin(struct writing *b, struct home *home,
                  const struct bundle_write_options *options)
{
    *b = (struct writing){
        .y = {.home = home, .store = home->store, .env = home->env},
        .options = options,
        .shelf = {.home = home->path, .vault = home->vault},
        .frame = XG_BUF(XG_BATCH_MAX)};
    b->y.report = &b->report;
}

static void end(struct writing *b)
{
    sync_clear(&b->y);
    xg_bundle_free(b->w);
    vault_reader_close(b->reader);
    xg_buf_clear(&b->frame);
    free(b->rows);
}

/* ---- batches ---- */

static enum xg_status note_row(struct writing *b,
                               const struct store_batch *batch,
                               struct xg_error *err)
{
    if (b->count == b->room) {
        size_t room = b->room ? 2 * b->room : 64;
        struct row *more = realloc(b->rows, room * sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        b->rows = more;
        b->room = room;
    }
    b->rows[b->count++] =
        (struct row){batch->id, batch->row, batch->delivery >= STORE_SENT};
    return XG_OK;
}

/* Own and carried ones that no receipt proves. */
static enum xg_status add_batches(struct writing *b, struct xg_error *err)
{
    struct store_batch batch = {.row = 0};
    char name[XG_TAR_NAME_MAX + 1];
    bool found;

    for (;;) {
        xg_buf_reset(&b->frame);
        if (store_next_batch(b->y.store, &batch, &b->frame, &found, batch.row,
                             err) != XG_OK)
            return err->status;
        if (!found)
            return XG_OK;
        xg_bundle_name(name, "batches", &batch.id, "");
        if (note_row(b, &batch, err) != XG_OK ||
            xg_bundle_announce(b->w, name, b->frame.len, err) != XG_OK)
            return err->status;
        b->done.batches++;
        b->done.records += batch.last - batch.first + 1;
    }
}

/* As before a request: durable before the first byte goes out. */
static enum xg_status mark_sent(struct writing *b, struct xg_error *err)
{
    if (b->count > 0 && sync_vouch(b->y.home, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < b->count; i++)
        if (!b->rows[i].sent &&
            store_mark_sent(b->y.store, b->rows[i].row, err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status load_batch(struct writing *b, const struct xg_hash *id,
                                 struct xg_error *err)
{
    struct store_batch batch;
    bool found = false;

    while (b->next < b->count && !xg_hash_equal(&b->rows[b->next].id, id))
        b->next++;
    xg_buf_reset(&b->frame);
    if (b->next < b->count &&
        store_next_kept(b->y.store, &batch, &b->frame, NULL, &found,
                        b->rows[b->next].row - 1, err) != XG_OK)
        return err->status;
    if (!found || !xg_hash_equal(&batch.id, id))
        return xg_fail(err, XG_CORRUPT,
                       XG_T("本机封存的一批记录不见了；运行 xunge verify",
                            "a sealed batch of this device is gone; run xunge "
                            "verify"));
    return XG_OK;
}

/* ---- photos ---- */

static bool has_room(const struct writing *b, uint64_t length)
{
    uint64_t parts, bytes;

    xg_bundle_count(b->w, &parts, &bytes);
    return parts < XG_BUNDLE_PARTS_MAX && length <= XG_BUNDLE_BLOB_MAX;
}

static enum xg_status add_photo(struct writing *b, const struct store_due *due,
                                bool thumbnail, struct xg_error *err)
{
    uint64_t length;
    enum xg_status status = photo_length(&b->shelf, &length, &due->sha256, err);

    if (status == XG_NOTFOUND) {
        *err = XG_ERROR_NONE;
        b->done.photos_missing++;
        return XG_OK;
    }
    if (status != XG_OK)
        return status;
    if (!has_room(b, length)) {
        b->done.photos_left++;
        return XG_OK;
    }
    if (xg_bundle_add_blob(b->w, &due->sha256, length, err) != XG_OK)
        return err->status;
    b->done.photos += !thumbnail;
    b->done.thumbnails += thumbnail;
    b->done.photo_bytes += length;
    return XG_OK;
}

static enum xg_status add_photos(struct writing *b, bool thumbnails,
                                 struct xg_error *err)
{
    struct store_due due[DUE_STEP], after = {.length = 0};
    size_t count = DUE_STEP;

    while (count == DUE_STEP) {
        if (store_photos_unproven(b->y.store, due, &count, DUE_STEP, thumbnails,
                                  &after, err) != XG_OK)
            return err->status;
        for (size_t i = 0; i < count; i++)
            if (add_photo(b, &due[i], thumbnails, err) != XG_OK)
                return err->status;
        if (count > 0)
            after = due[count - 1];
    }
    return XG_OK;
}

static enum xg_status add_all_photos(struct writing *b, struct xg_error *err)
{
    enum sync_photos which = b->options->photos;

    if (which == SYNC_PHOTOS_NONE)
        return XG_OK;
    if (add_photos(b, true, err) != XG_OK || which == SYNC_PHOTOS_THUMBS)
        return err->status;
    return add_photos(b, false, err);
}

/* A photo that turns out damaged must not keep all others here: zeros take its
 * place, which nobody will take for the photo. */
static enum xg_status judge_photo(struct writing *b, enum xg_status status,
                                  struct xg_error *err)
{
    if (status != XG_CORRUPT)
        return status;
    *err = XG_ERROR_NONE;
    b->damaged = true;
    b->done.photos_damaged++;
    return XG_OK;
}

static enum xg_status open_photo(struct writing *b, const struct xg_hash *id,
                                 struct xg_error *err)
{
    vault_reader_close(b->reader);
    b->reader = NULL;
    b->chunk = xg_bytes(NULL, 0);
    b->damaged = false;
    return judge_photo(b, photo_reader_open(&b->shelf, &b->reader, id, err),
                       err);
}

static enum xg_status read_photo(struct writing *b, uint8_t *at, size_t size,
                                 struct xg_error *err)
{
    size_t got = 0;

    while (got < size && !b->damaged) {
        if (b->chunk.len == 0) {
            enum xg_status status =
                vault_reader_next(b->reader, &b->chunk, err);
            if (status == XG_OK && b->chunk.len == 0)
                status = XG_CORRUPT; /* shorter than its file */
            if (judge_photo(b, status, err) != XG_OK)
                return err->status;
            continue;
        }
        size_t n = b->chunk.len < size - got ? b->chunk.len : size - got;
        memcpy(at + got, b->chunk.at, n);
        b->chunk.at += n;
        b->chunk.len -= n;
        got += n;
    }
    memset(at + got, 0, size - got);
    return XG_OK;
}

static enum xg_status fetch(void *ctx, const char *name, uint64_t offset,
                            uint8_t *at, size_t size, size_t *len,
                            struct xg_error *err)
{
    struct writing *b = ctx;
    struct xg_part part = {.length = 0};

    xg_part_of(&part, name);
    if (part.kind == XG_PART_BATCH) {
        if (offset == 0 && load_batch(b, &part.id, err) != XG_OK)
            return err->status;
        uint64_t left = b->frame.len > offset ? b->frame.len - offset : 0;
        *len = left < size ? (size_t)left : size;
        memcpy(at, b->frame.data + offset, *len);
        return XG_OK;
    }
    if (offset == 0 && open_photo(b, &part.id, err) != XG_OK)
        return err->status;
    *len = size;
    return read_photo(b, at, size, err);
}

/* ---- the file ---- */

static void progress(void *ctx, uint64_t done, uint64_t total)
{
    const struct writing *b = ctx;

    if (b->options->progress.step)
        b->options->progress.step(b->options->progress.ctx, done, total);
}

static enum xg_status write_file(struct writing *b, const char *log,
                                 const struct xg_verifier *to,
                                 struct xg_error *err)
{
    struct xg_seal_slots slots = {.count = 1};
    const struct xg_bundle_target target = {
        .path = b->options->path,
        .slots = b->options->seal ? &slots : NULL,
        .env = b->y.env};
    const struct xg_bundle_host host = {b, fetch, progress};
    struct xg_bundle index = {.kind = XG_BUNDLE_UP,
                              .time_ms = xg_wall_ms(b->y.env),
                              .size = b->y.held.size};

    memcpy(slots.keys[0], to->key, XG_PUBLIC_KEY_SIZE);
    snprintf(index.log, sizeof index.log, "%s", log);
    snprintf(index.to, sizeof index.to, "%s", to->name);
    if (*b->y.id.device &&
        store_get_since(b->y.store, &index.since, err) != XG_OK)
        return err->status;
    return xg_bundle_write(b->w, &b->done.bytes, &target, &index, &b->y.signer,
                           &host, err);
}

/* The hello, and what has to be remembered of it, before it goes out. */
static enum xg_status add_hello(struct writing *b, struct xg_error *err)
{
    struct sync_asked asked = {.size = b->y.alarm ? 0 : b->y.held.size,
                               .root = b->y.held.root};
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);

    xg_random(b->y.env, asked.random.b, sizeof asked.random.b);
    enum xg_status status = sync_put_hello(&b->y, &note, &asked.random, err);
    if (status == XG_OK)
        status = xg_bundle_add(b->w, "hello", xg_buf_bytes(&note), err);
    if (status == XG_OK)
        status = bundle_add_asked(b->y.store, BUNDLE_META_ASKED, &asked, err);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status write_all(struct writing *b, struct xg_error *err)
{
    size_t sealed;

    if (sync_notice_restore(&b->report.new_chain, b->y.home, err) != XG_OK ||
        sync_load(&b->y, err) != XG_OK ||
        sync_load_alarm(&b->y, err) != XG_OK ||
        store_sync(b->y.store, err) != XG_OK ||
        store_seal_waiting(b->y.store, &sealed, &b->y.signer, err) != XG_OK ||
        store_own_chains(b->y.store, b->y.chains, &b->y.chain_count, err) !=
            XG_OK ||
        xg_bundle_new(&b->w, err) != XG_OK || add_hello(b, err) != XG_OK ||
        add_batches(b, err) != XG_OK || add_all_photos(b, err) != XG_OK ||
        mark_sent(b, err) != XG_OK)
        return err->status;
    return write_file(b, b->y.id.log.name, &b->y.id.log, err);
}

enum xg_status bundle_write(struct home *home, struct bundle_written *out,
                            const struct bundle_write_options *options,
                            struct xg_error *err)
{
    struct writing b;
    int lock = -1;

    begin(&b, home, options);
    enum xg_status status = sync_lock(&lock, home, err);
    if (status == XG_OK)
        status = write_all(&b, err);
    if (status == XG_OK)
        *out = b.done;
    end(&b);
    if (lock >= 0)
        close(lock);
    return status;
}

/* ---- the request to join ---- */

static enum xg_status write_request(struct writing *b, struct xg_error *err)
{
    struct sync_asked asked = {.size = 0};
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);

    if (sync_prepare_enrol(&b->y, err) != XG_OK)
        return err->status;
    xg_random(b->y.env, asked.random.b, sizeof asked.random.b);
    enum xg_status status = sync_put_enrol(&b->y, &note, &asked.random, err);
    if (status == XG_OK)
        status = xg_bundle_new(&b->w, err);
    if (status == XG_OK)
        status = xg_bundle_add(b->w, "enrol", xg_buf_bytes(&note), err);
    if (status == XG_OK)
        status = bundle_add_asked(b->y.store, BUNDLE_META_ENROL, &asked, err);
    if (status == XG_OK)
        status = write_file(b, b->y.code->log.name, &b->y.code->log, err);
    xg_buf_clear(&note);
    return status;
}

enum xg_status bundle_write_enrol(struct home *home,
                                  const struct xg_enrol_code *code,
                                  const struct bundle_write_options *options,
                                  struct xg_error *err)
{
    struct writing b;
    int lock = -1;

    begin(&b, home, options);
    b.y.code = code;
    enum xg_status status = sync_lock(&lock, home, err);
    if (status == XG_OK)
        status = write_request(&b, err);
    end(&b);
    if (lock >= 0)
        close(lock);
    return status;
}
