/* read.c - down: what a sync would be answered, out of a file; see
 * engine/bundle.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/bundle/inside.h"
#include "agent/bundle/tiles.h"
#include "agent/engine/photos_free.h"
#include "agent/photo/photo.h"
#include "agent/photo/proof.h"
#include "shared/base/lang.h"

enum {
    PAGE_ARENA_MAX = XG_UPDATES_RAW_MAX + (64 << 10),
    STATE_LINE_MAX = 128,
    WELCOMES_MAX_BYTES = 64 << 20,
    DUE_STEP = 64,
};

/* A batch that waits for a receipt. */
struct due {
    struct xg_hash id;
    int64_t row;
    enum xg_batch_state state; /* as the bundle says; not signed */
};

struct reading {
    struct sync y;
    struct bundle_taken *out;
    const struct bundle_progress *progress;
    struct photo_shelf shelf;
    struct xg_bundle_reader *r;
    struct xg_bundle index;
    struct xg_part part;
    struct xg_buf content, frame;
    struct xg_buf welcomes; /* as frames: several bring a long registry */
    struct xg_arena page;
    struct tiles tiles;
    struct due *due;
    size_t due_count, due_room;
    struct store_due *photos; /* unproven ones, by hash; NULL: not looked up */
    size_t photo_count;
    bool loaded; /* identity, chains: this device has its name */
    bool judged; /* the welcome was, and may be built upon */
    bool ends;   /* nothing more is to be taken */
    uint64_t bytes;
};

/* ---- what is wrong with a part ---- */

static bool is_of_the_part(enum xg_status status)
{
    return status == XG_FORMAT || status == XG_AUTH || status == XG_TOOBIG ||
           status == XG_REFUSED || status == XG_NOTFOUND;
}

/* Named and passed over: the others are good all the same. */
static void note_bad(struct reading *b, const struct xg_error *err)
{
    struct bundle_taken *out = b->out;

    out->bad_parts++;
    if (out->reason_count < BUNDLE_REASONS_MAX)
        snprintf(out->reasons[out->reason_count++], SYNC_REASON_SIZE,
                 "%.100s: %.200s", b->part.name, xg_error_text(err));
}

/* ---- before the welcome ---- */

static enum xg_status load(struct reading *b, struct xg_error *err)
{
    if (sync_notice_restore(&b->out->report.new_chain, b->y.home, err) !=
            XG_OK ||
        sync_load(&b->y, err) != XG_OK)
        return err->status;
    b->loaded = true;
    return XG_OK;
}

/* The answer to one of our requests to join, whichever. */
static enum xg_status take_enrolled(struct reading *b, struct xg_error *err)
{
    struct sync_asked asked[BUNDLE_ASKED_MAX];
    enum xg_status status = XG_FORMAT;
    size_t count;

    if (bundle_load_asked(b->y.store, asked, &count, BUNDLE_META_ENROL, err) !=
        XG_OK)
        return err->status;
    if (count == 0 && b->loaded)
        return XG_OK; /* it was answered before */
    for (size_t i = 0; status == XG_FORMAT && i < count; i++) {
        *err = XG_ERROR_NONE;
        status = sync_take_enrolled(&b->y, xg_buf_bytes(&b->content),
                                    &asked[i].random, err);
    }
    if (count == 0 || status == XG_FORMAT) {
        *err = XG_ERROR_NONE;
        return xg_fail(err, XG_REFUSED,
                       XG_T("这份加入回应不是给本机这次申请的",
                            "this answers the request to join of another "
                            "device, or an older one"));
    }
    if (status != XG_OK)
        return status;
    b->out->enrolled = true;
    if (bundle_forget_asked(b->y.store, BUNDLE_META_ENROL, err) != XG_OK)
        return err->status;
    return load(b, err);
}

static int compare_due(const void *a, const void *b)
{
    return xg_hash_compare(&((const struct due *)a)->id,
                           &((const struct due *)b)->id);
}

static struct due *find_due(const struct reading *b, const struct xg_hash *id)
{
    const struct due key = {.id = *id};

    return b->due_count
               ? bsearch(&key, b->due, b->due_count, sizeof key, compare_due)
               : NULL;
}

static enum xg_status add_due(struct reading *b,
                              const struct store_batch *batch,
                              struct xg_error *err)
{
    if (b->due_count == b->due_room) {
        size_t room = b->due_room ? 2 * b->due_room : 64;
        struct due *more = realloc(b->due, room * sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        b->due = more;
        b->due_room = room;
    }
    b->due[b->due_count++] =
        (struct due){batch->id, batch->row, XG_BATCH_STORED};
    return XG_OK;
}

static enum xg_status load_due(struct reading *b, struct xg_error *err)
{
    struct store_batch batch = {.row = 0};
    bool found = true;

    while (found) {
        if (store_next_batch(b->y.store, &batch, NULL, &found, batch.row,
                             err) != XG_OK ||
            (found && add_due(b, &batch, err) != XG_OK))
            return err->status;
    }
    if (b->due_count)
        qsort(b->due, b->due_count, sizeof *b->due, compare_due);
    return XG_OK;
}

/* Each goes on where the one before ended, with the same checkpoint. */
static enum xg_status take_welcomes(struct reading *b, struct xg_error *err)
{
    struct sync_asked asked[BUNDLE_ASKED_MAX];
    struct xg_node_reader nodes = tiles_nodes(&b->tiles);
    struct sync_shown shown = {{NULL, 0}, &nodes, asked, 0};
    struct xg_bytes rest = xg_buf_bytes(&b->welcomes);
    size_t answers = 0;

    if (bundle_load_asked(b->y.store, asked, &shown.asked_count,
                          BUNDLE_META_ASKED, err) != XG_OK)
        return err->status;
    while (!b->ends && xg_frame_next(&rest, &shown.frames)) {
        if (sync_take_welcome(&b->y, &b->out->old, &answers, &shown, err) !=
            XG_OK)
            return err->status;
        b->ends = b->y.alarm || b->out->old;
    }
    b->out->answers = answers < shown.asked_count;
    return XG_OK;
}

/* All tiles have come: may the rest be believed? */
static enum xg_status judge(struct reading *b, struct xg_error *err)
{
    b->y.part = "welcome";
    if (take_welcomes(b, err) != XG_OK)
        return err->status;
    b->ends = b->ends || b->y.welcome.state == XG_DEVICE_PENDING;
    if (b->ends)
        return XG_OK;
    b->judged = true;
    if (b->y.welcome.state != XG_DEVICE_REVOKED &&
        sync_compare_chains(&b->y, err) != XG_OK)
        return err->status;
    return load_due(b, err);
}

/* ---- receipts ---- */

/* "<batch id> <state>", one a line. */
static enum xg_status take_states(struct reading *b, struct xg_error *err)
{
    struct xg_bytes rest = xg_buf_bytes(&b->content), line, word;
    enum xg_batch_state state;
    struct xg_hash id;

    while (rest.len > 0) {
        if (!xg_line(&rest, &line) || line.len > STATE_LINE_MAX ||
            !xg_word(&line, &word) ||
            !xg_unhex(id.b, XG_HASH_SIZE, (const char *)word.at, word.len) ||
            !xg_word(&line, &word) || line.len != 0 ||
            !xg_batch_state_parse(&state, word))
            return sync_bad_answer(&b->y, err);
        struct due *due = find_due(b, &id);
        if (due)
            due->state = state;
    }
    return XG_OK;
}

/* The receipt's log is a beginning of the one that was just verified. */
static enum xg_status check_within(struct reading *b,
                                   const struct xg_checkpoint *c,
                                   struct xg_error *err)
{
    const struct xg_checkpoint *held = &b->y.held;
    struct xg_node_reader nodes = tiles_nodes(&b->tiles);
    struct xg_proof proof = {.count = 0};

    if (c->size > held->size)
        return sync_bad_answer(&b->y, err);
    if (c->size < held->size &&
        xg_prove_consistency(&proof, c->size, held->size, &nodes, err) != XG_OK)
        return err->status;
    return xg_verify_consistency(&proof, c->size, held->size, &c->root,
                                 &held->root, err);
}

static enum xg_status take_receipt(struct reading *b, struct xg_error *err)
{
    const struct due *due = find_due(b, &b->part.id);
    struct sync_receipt r = {.state = XG_BATCH_STORED};
    struct store_batch batch;
    bool found;

    if (!due)
        return XG_OK; /* proven, or none of ours */
    xg_buf_reset(&b->frame);
    if (store_next_kept(b->y.store, &batch, &b->frame, NULL, &found,
                        due->row - 1, err) != XG_OK)
        return err->status;
    if (!found || batch.row != due->row)
        return xg_fail(err, XG_CORRUPT, "a batch is gone");
    r.state = due->state;
    if (sync_open_receipt(&b->y, &r, xg_buf_bytes(&b->content),
                          xg_buf_bytes(&b->frame), err) != XG_OK ||
        check_within(b, &r.checkpoint, err) != XG_OK)
        return err->status;
    return sync_keep_receipt(&b->y, &r, &batch, err);
}

/* ---- the rest ---- */

static enum xg_status take_page(struct reading *b, struct xg_error *err)
{
    struct sync_page page;
    uint64_t since;

    if (store_get_since(b->y.store, &since, err) != XG_OK)
        return err->status;
    xg_arena_clear(&b->page);
    if (sync_take_page(&b->y, &page, &b->page, xg_buf_bytes(&b->content), since,
                       err) != XG_OK)
        return err->status;
    if (page.from > since && !b->out->gap) {
        b->out->gap = true;
        b->out->gap_from = page.from;
        b->out->gap_held = since;
    }
    /* All that is in scope was told: a predecessor's word counts no more. */
    uint64_t dropped;
    if (page.follows && page.to == page.end)
        return store_drop_told(b->y.store, &dropped, err);
    return XG_OK;
}

static enum xg_status take_reference(struct reading *b, struct xg_error *err)
{
    bool wanted;

    return sync_take_reference(&b->y, &wanted, &b->part.id,
                               xg_buf_bytes(&b->content), err);
}

static enum xg_status read_blob(void *ctx, uint8_t *at, size_t size,
                                size_t *len, struct xg_error *err)
{
    return xg_bundle_piece(ctx, at, size, len, err);
}

/* A photo that records here name, and that is not here. */
static enum xg_status take_blob(struct reading *b, struct xg_error *err)
{
    struct store_photo photo;
    bool found, is_new = false;

    if (store_get_photo(b->y.store, &photo, &found, &b->part.id, err) != XG_OK)
        return err->status;
    if (!found || photo.length != b->part.length ||
        photo_has(&b->shelf, &b->part.id))
        return XG_OK;
    if (photo_take(&b->shelf, &is_new, &b->part.id, b->part.length, read_blob,
                   b->r, err) != XG_OK)
        return err->status;
    b->out->photos_back += is_new;
    return XG_OK;
}

/* ---- proofs for photos ---- */

static int compare_photos(const void *a, const void *b)
{
    return xg_hash_compare(&((const struct store_due *)a)->sha256,
                           &((const struct store_due *)b)->sha256);
}

static enum xg_status add_unproven(struct reading *b, bool thumbnails,
                                   struct xg_error *err)
{
    struct store_due after = {.length = 0};
    size_t count = DUE_STEP;

    while (count == DUE_STEP) {
        struct store_due *more =
            realloc(b->photos, (b->photo_count + DUE_STEP) * sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        b->photos = more;
        if (store_photos_unproven(b->y.store, more + b->photo_count, &count,
                                  DUE_STEP, thumbnails, &after, err) != XG_OK)
            return err->status;
        b->photo_count += count;
        if (count > 0)
            after = more[b->photo_count - 1];
    }
    return XG_OK;
}

/* Photos and thumbnails that nothing proves, by their hashes; once. */
static enum xg_status load_photos(struct reading *b, struct xg_error *err)
{
    if (b->photos)
        return XG_OK;
    if (add_unproven(b, true, err) != XG_OK ||
        add_unproven(b, false, err) != XG_OK)
        return err->status;
    qsort(b->photos, b->photo_count, sizeof *b->photos, compare_photos);
    return XG_OK;
}

/* [t] What the note proves of them. */
static enum xg_status keep_proof(struct reading *b, uint64_t *proven,
                                 const struct photo_proof *proof,
                                 struct xg_bytes note, struct xg_bytes receipt,
                                 struct xg_error *err)
{
    uint64_t told = b->y.welcome.time_ms;
    int64_t since_ms = told < INT64_MAX ? (int64_t)told : INT64_MAX;
    bool kept = false;

    for (size_t i = 0; i < proof->count; i++) {
        const struct store_due key = {.sha256 = proof->blobs[i].sha256};
        const struct store_due *photo = bsearch(&key, b->photos, b->photo_count,
                                                sizeof key, compare_photos);
        if (!photo || photo->length != proof->blobs[i].length)
            continue;
        if (!kept && store_put_blobs_note(b->y.store, proof->position, note,
                                          receipt, err) != XG_OK)
            return err->status;
        kept = true;
        if (store_put_photo_proof(b->y.store, &key.sha256, proof->position,
                                  since_ms, err) != XG_OK)
            return err->status;
        ++*proven;
    }
    return XG_OK;
}

/* [t] Pairs of a note and its receipt; the first frame is of the network. */
static enum xg_status keep_pairs(struct reading *b, uint64_t *proven,
                                 struct xg_error *err)
{
    struct xg_bytes rest = xg_buf_bytes(&b->content), note, receipt;
    struct photo_proof proof;

    if (!xg_frame_next(&rest, &note))
        return sync_bad_answer(&b->y, err);
    while (rest.len > 0) {
        if (!xg_frame_next(&rest, &note) || !xg_frame_next(&rest, &receipt))
            return sync_bad_answer(&b->y, err);
        if (photo_proof_open(&proof, note, receipt, &b->y.logs, err) !=
                XG_OK ||
            check_within(b, &proof.checkpoint, err) != XG_OK ||
            keep_proof(b, proven, &proof, note, receipt, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status take_held(struct reading *b, struct xg_error *err)
{
    uint64_t proven = 0;
    enum xg_status status = load_photos(b, err);

    if (status == XG_OK)
        status = store_begin(b->y.store, err);
    if (status == XG_OK)
        status = keep_pairs(b, &proven, err);
    if (status == XG_OK)
        status = store_commit(b->y.store, err);
    store_rollback(b->y.store);
    if (status == XG_OK)
        b->out->photos_proven += proven;
    return status;
}

/* ---- what is done with which part ---- */

static enum xg_status take_references(struct reading *b, struct xg_error *err)
{
    return sync_take_references(&b->y, b->part.number,
                                xg_buf_bytes(&b->content), err);
}

static enum xg_status take_tile(struct reading *b, struct xg_error *err)
{
    return tiles_add(&b->tiles, &b->part.tile, xg_buf_bytes(&b->content), err);
}

static enum xg_status take_welcome(struct reading *b, struct xg_error *err)
{
    if (!b->loaded)
        return xg_fail(err, XG_REFUSED,
                       XG_T("本机还没有加入，数据包里也没有加入的回应",
                            "this device is not enrolled, and the bundle does "
                            "not answer its request to join"));
    xg_frame_put(&b->welcomes, xg_buf_bytes(&b->content));
    return xg_buf_check(&b->welcomes, err);
}

/* When a part is looked at, and by what. Only receipts count for a device that
 * was revoked. */
enum when { NEVER, BEFORE_WELCOME, AFTER_WELCOME, WHILE_ENROLLED };

static const struct {
    enum when when;
    bool vital; /* without it, nothing else is worth anything */
    enum xg_status (*take)(struct reading *b, struct xg_error *err);
} kinds[] = {
    [XG_PART_ENROLLED] = {BEFORE_WELCOME, true, take_enrolled},
    [XG_PART_WELCOME] = {BEFORE_WELCOME, true, take_welcome},
    [XG_PART_TILE] = {BEFORE_WELCOME, false, take_tile},
    [XG_PART_STATES] = {AFTER_WELCOME, false, take_states},
    [XG_PART_RECEIPT] = {AFTER_WELCOME, false, take_receipt},
    [XG_PART_REFERENCES] = {WHILE_ENROLLED, false, take_references},
    [XG_PART_REFERENCE] = {WHILE_ENROLLED, false, take_reference},
    [XG_PART_UPDATES] = {WHILE_ENROLLED, false, take_page},
    [XG_PART_BLOB] = {WHILE_ENROLLED, false, take_blob},
    [XG_PART_HELD] = {AFTER_WELCOME, false, take_held},
};

static bool is_wanted(const struct reading *b)
{
    enum when when = kinds[b->part.kind].when;

    if (when == BEFORE_WELCOME)
        return !b->judged;
    if (when == WHILE_ENROLLED)
        return b->judged && b->y.welcome.state == XG_DEVICE_ENROLLED;
    return when == AFTER_WELCOME && b->judged;
}

static enum xg_status take_content(struct reading *b, struct xg_error *err)
{
    b->y.part = b->part.name;
    xg_buf_reset(&b->content);
    if (b->part.kind != XG_PART_BLOB &&
        xg_bundle_content(b->r, &b->content, err) != XG_OK)
        return err->status;
    return kinds[b->part.kind].take(b, err);
}

static enum xg_status take_part(struct reading *b, struct xg_error *err)
{
    b->out->parts++;
    if (!b->judged && b->welcomes.len > 0 &&
        kinds[b->part.kind].when != BEFORE_WELCOME && judge(b, err) != XG_OK)
        return err->status;
    if (b->ends || !is_wanted(b))
        return XG_OK;
    enum xg_status status = take_content(b, err);
    if (status == XG_GAP) { /* cut amid: the reader says so next */
        *err = XG_ERROR_NONE;
        return XG_OK;
    }
    if (status == XG_OK || kinds[b->part.kind].vital || !is_of_the_part(status))
        return status;
    note_bad(b, err);
    *err = XG_ERROR_NONE;
    return XG_OK;
}

/* ---- the file ---- */

static enum xg_status check_index(struct reading *b, struct xg_bytes data,
                                  struct xg_error *err)
{
    const struct xg_bundle *x = &b->index;
    const struct store_identity *id = &b->y.id;
    struct xg_note note;

    if (!id->joined)
        return xg_fail(
            err, XG_REFUSED,
            XG_T("本机尚未加入；请用管理员给的入网码运行 xunge enrol",
                 "this device is not enrolled; run xunge enrol with "
                 "the code that the operator gave"));
    if (x->kind != XG_BUNDLE_DOWN)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这是 %s 要交给服务器的数据包，不是服务器的回应",
                            "this bundle goes up, from %s to the server; it is "
                            "no answer"),
                       x->from);
    if (strcmp(x->log, id->log.name) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这个数据包属于 %s，而本机属于 %s",
                            "this bundle is of %s, and this device of %s"),
                       x->log, id->log.name);
    if (*id->device && strcmp(x->to, id->device) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这个数据包是给 %s 的，本机是 %s",
                            "this bundle is for %s, and this device is %s"),
                       x->to, id->device);
    if (xg_note_open(&note, data.at, data.len, &id->log, err) != XG_OK)
        return xg_wrap(err, XG_T("数据包不是服务器签名的，或已损坏",
                                 "the bundle is not signed by the server's "
                                 "log, or is damaged"));
    return XG_OK;
}

static enum xg_status open_file(struct reading *b, const char *path,
                                struct xg_error *err)
{
    struct xg_bundle_source from = {.path = path};
    struct xg_bytes note;

    if (store_get_identity(b->y.store, &b->y.id, err) != XG_OK ||
        sync_load_alarm(&b->y, err) != XG_OK)
        return err->status;
    if (b->y.alarm) {
        *err = b->y.alarm_error;
        return XG_ALARM;
    }
    if (b->y.id.joined) { /* only the key opens a seal, whatever its name */
        if (store_signer(b->y.store, &b->y.signer, b->y.id.log.name, err) !=
            XG_OK)
            return err->status;
        from.key = &b->y.signer;
    }
    if (xg_bundle_open(&b->r, &b->index, &note, &from, err) != XG_OK ||
        check_index(b, note, err) != XG_OK)
        return err->status;
    return *b->y.id.device ? load(b, err) : XG_OK;
}

static void advance(struct reading *b)
{
    b->bytes += b->part.length;
    if (b->progress && b->progress->step)
        b->progress->step(b->progress->ctx, b->bytes, b->index.bytes);
}

static enum xg_status take_parts(struct reading *b, struct xg_error *err)
{
    bool more = true, cut = false;

    while (!b->ends) {
        if (xg_bundle_next(b->r, &b->part, &more, &cut, err) != XG_OK)
            return err->status;
        if (!more)
            break;
        if (take_part(b, err) != XG_OK)
            return err->status;
        advance(b);
    }
    b->out->cut = cut;
    if (b->judged || b->ends || b->welcomes.len == 0)
        return XG_OK;
    enum xg_status status = judge(b, err);
    if (status != XG_GAP || !cut)
        return status;
    *err = XG_ERROR_NONE; /* the tiles that are missing were cut off */
    return XG_OK;
}

static enum xg_status count_waiting(struct reading *b, struct xg_error *err)
{
    b->due_count = 0;
    if (load_due(b, err) != XG_OK)
        return err->status;
    b->out->batches_waiting = b->due_count;
    return XG_OK;
}

static enum xg_status read_all(struct reading *b, const char *path,
                               struct xg_error *err)
{
    struct bundle_taken *out = b->out;

    if (open_file(b, path, err) != XG_OK || take_parts(b, err) != XG_OK ||
        count_waiting(b, err) != XG_OK)
        return err->status;
    if (b->y.alarm) {
        *err = b->y.alarm_error;
        return XG_ALARM;
    }
    if (b->judged && !out->cut && !out->gap && out->bad_parts == 0)
        return sync_mark_success(&b->y, err);
    return XG_OK;
}

enum xg_status bundle_read(struct home *home, struct bundle_taken *out,
                           const char *path,
                           const struct bundle_progress *progress,
                           struct xg_error *err)
{
    static const struct sync_options options = {.photos = SYNC_PHOTOS_ALL};
    struct reading b = {.y = {.home = home,
                              .store = home->store,
                              .env = home->env,
                              .options = &options,
                              .part = "bundle.txt"},
                        .out = out,
                        .progress = progress,
                        .shelf = {.home = home->path, .vault = home->vault},
                        .content = XG_BUF(XG_BUNDLE_PART_MAX),
                        .welcomes = XG_BUF(WELCOMES_MAX_BYTES),
                        .frame = XG_BUF(XG_BATCH_MAX),
                        .page = XG_ARENA(PAGE_ARENA_MAX)};
    uint64_t swept;
    int lock = -1;

    *out = (struct bundle_taken){.parts = 0};
    b.y.report = &out->report;
    enum xg_status status = sync_lock(&lock, home, err);
    if (status == XG_OK)
        status = read_all(&b, path, err);
    if (status == XG_OK)
        status = photo_erase(home, err);
    if (status == XG_OK)
        status = photo_sweep(home, &swept, err);
    xg_bundle_close(b.r);
    tiles_clear(&b.tiles);
    free(b.due);
    free(b.photos);
    xg_buf_clear(&b.content);
    xg_buf_clear(&b.welcomes);
    xg_buf_clear(&b.frame);
    xg_arena_clear(&b.page);
    sync_clear(&b.y);
    if (lock >= 0)
        close(lock);
    return status;
}
