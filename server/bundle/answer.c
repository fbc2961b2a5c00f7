/* answer.c - down: to a device; see bundle.h.
 *
 * All of it is read in one snapshot of the store, under one checkpoint. What is
 * many or large (tiles, files) is announced, and made when it is written. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/bundle/inside.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

enum {
    ARENA_BYTES = 64 << 20,
    WELCOMES_MAX = 1024, /* of 64 registry notes each */
    ROWS_AT_ONCE = 512,
};

/* One writing. */
struct giving {
    struct data *data;
    const struct bundle_taken *taken; /* NULL: without a word of the device */
    const struct bundle_out *out;
    struct api_view view;
    struct api_caller who;
    uint64_t since;
    struct xg_bundle_writer *file;
    struct bundle_given given;
    struct xg_arena arena; /* for a moment's rows */
    struct xg_buf part;    /* the one being made, or fetched */
    struct xg_hash *photos;
    size_t photo_count;
};

/* The part is made: put it into the file. */
static enum xg_status add_part(struct giving *g, const char *name,
                               struct xg_error *err)
{
    enum xg_status status = xg_buf_check(&g->part, err);

    if (status == XG_OK)
        status = xg_bundle_add(g->file, name, xg_buf_bytes(&g->part), err);
    xg_buf_reset(&g->part);
    return status;
}

static enum xg_status add_numbered(struct giving *g, const char *folder,
                                   uint64_t number, struct xg_error *err)
{
    char name[XG_TAR_NAME_MAX + 1];

    snprintf(name, sizeof name, "%s/%" PRIu64, folder, number);
    return add_part(g, name, err);
}

/* ---- the welcome ---- */

/* As many as the news of the registry need: each goes on where the one before
 * ended, as a device would ask again. */
static enum xg_status add_welcomes(struct giving *g, struct xg_error *err)
{
    struct api_refusal no = {.code = NULL};
    const struct xg_welcome *w = NULL;
    enum xg_status status = XG_OK;

    for (int i = 0; status == XG_OK && i < WELCOMES_MAX; i++) {
        xg_arena_reset(&g->arena);
        status = api_answer_hello(&g->part, &w, &no, &g->view, NULL, &g->who,
                                  &g->arena, err);
        if (status == XG_OK && no.code)
            status =
                api_fail_refused(&no, no.alarm ? XG_ALARM : XG_REFUSED, err);
        if (status == XG_OK)
            status = add_part(g, "welcome", err);
        if (status != XG_OK || w->note_count == 0)
            break;
        g->given.registry_notes += w->note_count;
        g->who.says.registry += w->note_count;
        if (g->who.says.registry >= w->registry)
            break;
    }
    return status;
}

/* ---- hash tiles ---- */

static enum xg_status announce_tile(struct giving *g,
                                    const struct xg_tile *tile,
                                    struct xg_error *err)
{
    char name[XG_TAR_NAME_MAX + 1], path[XG_TILE_PATH_SIZE];

    xg_tile_path(path, tile);
    snprintf(name, sizeof name, "log/%s", path);
    return xg_bundle_announce(g->file, name,
                              (uint64_t)tile->width * XG_HASH_SIZE, err);
}

/* All that a proof from a size of `since` or more to ours needs: of every level
 * the tiles from the one in which that size ends. Whatever lies further left is
 * below a node of a higher level. */
static enum xg_status add_tiles(struct giving *g, struct xg_error *err)
{
    const uint64_t most = (uint64_t)BUNDLE_TILES_MAX * XG_TILE_WIDTH;
    uint64_t size = g->view.checkpoint.size, from = g->since;

    if (size - from > most)
        from = size - most;
    for (unsigned level = 0; level < 8 && size >> (8 * level); level++) {
        uint64_t count = size >> (8 * level);
        for (uint64_t i = (from >> (8 * level)) >> 8; i << 8 < count; i++) {
            uint64_t left = count - (i << 8);
            const struct xg_tile tile = {
                .level = level,
                .index = i,
                .width = left < XG_TILE_WIDTH ? (unsigned)left : XG_TILE_WIDTH};
            if (announce_tile(g, &tile, err) != XG_OK)
                return err->status;
        }
    }
    return XG_OK;
}

/* ---- receipts ---- */

struct receipts {
    struct bundle_batch *items;
    size_t count, room;
};

static enum xg_status wish(struct receipts *list, const struct bundle_batch *b,
                           struct xg_error *err)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        struct bundle_batch *more =
            realloc(list->items, room * sizeof *list->items);
        if (!more)
            return xg_fail_nomem(err);
        list->items = more;
        list->room = room;
    }
    list->items[list->count++] = *b;
    return XG_OK;
}

/* The device's own that lie in the log from there on: an answer of the network,
 * or of a bundle, may have been lost. */
static enum xg_status wish_own(struct receipts *list, struct giving *g,
                               struct xg_error *err)
{
    struct store *s = g->view.store;
    struct store_batch *rows;
    uint64_t position = g->since;
    size_t count = ROWS_AT_ONCE;

    while (count == ROWS_AT_ONCE) {
        xg_arena_reset(&g->arena);
        if (s->ops->read_batches(s, &g->arena, &rows, &count, position,
                                 ROWS_AT_ONCE, err) != XG_OK)
            return err->status;
        for (size_t i = 0; i < count; i++) {
            const struct bundle_batch b = {.id = rows[i].id,
                                           .state = rows[i].state,
                                           .position = rows[i].position};
            position = rows[i].position + 1;
            if (b.position < g->view.checkpoint.size &&
                strcmp(rows[i].device, g->who.device.name) == 0 &&
                wish(list, &b, err) != XG_OK)
                return err->status;
        }
    }
    return XG_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct bundle_batch *x = a, *y = b;

    return x->position < y->position ? -1 : x->position > y->position;
}

static enum xg_status put_receipts(struct giving *g,
                                   const struct receipts *list, size_t first,
                                   struct xg_error *err)
{
    char name[XG_TAR_NAME_MAX + 1];

    for (size_t i = first; i < list->count; i++) {
        const struct bundle_batch *b = &list->items[i];
        if (i > first && b->position == list->items[i - 1].position)
            continue; /* as it was told first */
        xg_bundle_name(name, "receipts", &b->id, ".tlog-proof");
        if (ledger_receipt(&g->part, g->view.data->ledger, g->view.store,
                           b->position,
                           &g->view.checkpoint, xg_buf_bytes(&g->view.note),
                           err) != XG_OK ||
            add_part(g, name, err) != XG_OK)
            return err->status;
        g->given.receipts++;
    }
    return XG_OK;
}

static enum xg_status put_states(struct giving *g, const struct receipts *list,
                                 size_t first, struct xg_error *err)
{
    for (size_t i = first; i < list->count; i++) {
        const struct bundle_batch *b = &list->items[i];
        if (i > first && b->position == list->items[i - 1].position)
            continue;
        xg_buf_hex(&g->part, b->id.b, sizeof b->id.b);
        xg_buf_format(&g->part, " %s\n", xg_batch_state_name(b->state));
    }
    return add_part(g, "states", err);
}

static enum xg_status add_receipts(struct giving *g, struct xg_error *err)
{
    struct receipts list = {.items = NULL};
    const struct bundle_taken *t = g->taken;
    enum xg_status status = XG_OK;

    for (size_t i = 0; status == XG_OK && t && i < t->batch_count; i++)
        status = wish(&list, &t->batches[i], err);
    if (status == XG_OK)
        status = wish_own(&list, g, err);
    if (status == XG_OK && list.count > 0) {
        qsort(list.items, list.count, sizeof *list.items, by_place);
        size_t first = list.count > BUNDLE_RECEIPTS_MAX
                           ? list.count - BUNDLE_RECEIPTS_MAX
                           : 0;
        status = put_states(g, &list, first, err);
        if (status == XG_OK)
            status = put_receipts(g, &list, first, err);
    }
    free(list.items);
    return status;
}

/* ---- reference data ---- */

/* The entries, all of them: a hello does not say which the device holds, and
 * there are few. */
static enum xg_status add_lists(struct giving *g, struct xg_error *err)
{
    size_t count = XG_REFERENCES_MAX;

    for (uint64_t from = 0; count == XG_REFERENCES_MAX; from += count) {
        xg_arena_reset(&g->arena);
        if (api_answer_references(&g->part, &count, &g->view, from, &g->arena,
                                  err) != XG_OK)
            return err->status;
        if (count == 0)
            xg_buf_reset(&g->part);
        else if (add_numbered(g, "references", from, err) != XG_OK)
            return err->status;
        g->given.references += count;
    }
    return XG_OK;
}

/* Kinds of which a device reads every edition (docs/protocol.md). */
static bool is_kept_whole(const char *kind)
{
    return !strcmp(kind, "catalogue") || !strcmp(kind, "calendar") ||
           !strcmp(kind, "territory") || !strcmp(kind, "templates");
}

/* Is the file one that the device may lack? What came to the log before `since`
 * it has most likely fetched; of small kinds the newest goes along all the
 * same, for a sync may have been cut before it came. */
static bool may_be_lacking(const struct giving *g,
                           const struct store_reference *rows, size_t count,
                           size_t i)
{
    const struct xg_reference *r = &rows[i].says;
    bool newest = true, is_new = rows[i].position >= g->since;

    for (size_t j = i + 1; j < count; j++)
        newest = newest && strcmp(rows[j].says.kind, r->kind) != 0;
    if (r->length > BUNDLE_REFERENCE_BYTES)
        return false;
    if (newest)
        return is_new || strcmp(r->kind, "boundaries") != 0;
    return is_new && is_kept_whole(r->kind);
}

static enum xg_status announce_files(struct giving *g,
                                     const struct store_reference *rows,
                                     size_t count, struct xg_error *err)
{
    char name[XG_TAR_NAME_MAX + 1];
    bool *goes = xg_arena_array(&g->arena, count, sizeof *goes);

    if (!goes)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        goes[i] = may_be_lacking(g, rows, count, i);
        for (size_t j = 0; goes[i] && j < i; j++)
            goes[i] = !goes[j] ||
                      !xg_hash_equal(&rows[j].says.file, &rows[i].says.file);
        if (!goes[i])
            continue;
        xg_bundle_name(name, "reference", &rows[i].says.file, "");
        if (xg_bundle_announce(g->file, name, rows[i].says.length, err) !=
            XG_OK)
            return err->status;
        g->given.files++;
    }
    return XG_OK;
}

static enum xg_status add_files(struct giving *g, struct xg_error *err)
{
    struct store *s = g->view.store;
    struct store_reference *rows;
    size_t count;

    xg_arena_reset(&g->arena);
    if (s->ops->read_references(s, &g->arena, &rows, &count, err) != XG_OK)
        return err->status;
    while (count > 0 && rows[count - 1].position >= g->view.checkpoint.size)
        count--;
    return count ? announce_files(g, rows, count, err) : XG_OK;
}

/* ---- updates ---- */

static void leave_updates(struct giving *g, enum xg_status status,
                          const char *why)
{
    struct bundle_trouble *t = &g->given.trouble;

    t->status = status;
    snprintf(t->part, sizeof t->part, "updates/%" PRIu64, g->given.updates_to);
    snprintf(t->why, sizeof t->why, "%s", why);
    xg_buf_reset(&g->part);
}

static enum xg_status add_updates(struct giving *g, struct xg_error *err)
{
    struct bundle_given *given = &g->given;
    struct api_refusal no = {.code = NULL};
    struct scope_page page = {.to = g->since};
    uint64_t bytes = 0;

    given->updates_to = g->since;
    while (given->updates_to < g->view.checkpoint.size) {
        uint64_t from = given->updates_to;
        enum xg_status status =
            api_answer_updates(&g->part, &page, &no, &g->view,
                               g->who.device.name, from, NULL, err);
        if (status == XG_USAGE || status == XG_TOOBIG) {
            leave_updates(g, status, xg_error_text(err));
            *err = XG_ERROR_NONE;
            return XG_OK; /* all else is good */
        }
        if (status != XG_OK)
            return status;
        if (no.code)
            return api_fail_refused(&no, XG_REFUSED, err);
        bytes += g->part.len;
        if (bytes > BUNDLE_UPDATES_BYTES) {
            leave_updates(g, XG_FULL,
                          XG_T("更新太多，一个数据包放不下：设备读入后再写"
                               "一个，就接着给",
                               "there is more news than goes into one bundle: "
                               "the next one, written after this was read, "
                               "goes on"));
            return XG_OK;
        }
        if (add_numbered(g, "updates", from, err) != XG_OK)
            return err->status;
        given->records += page.count;
        given->updates_to = page.to;
        if (page.to <= from)
            return xg_fail(err, XG_CORRUPT, "updates: no way on from %" PRIu64,
                           from);
    }
    return XG_OK;
}

/* ---- proofs of photos ---- */

static enum xg_status wish_photo(struct giving *g, const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    if (g->photo_count % ROWS_AT_ONCE == 0) {
        struct xg_hash *more = realloc(
            g->photos, (g->photo_count + ROWS_AT_ONCE) * sizeof *g->photos);
        if (!more)
            return xg_fail_nomem(err);
        g->photos = more;
    }
    g->photos[g->photo_count++] = *sha256;
    return XG_OK;
}

/* Has a record of that chain's device named it? */
static enum xg_status named_by_device(struct giving *g, bool *named,
                                      const struct store_chain *chains,
                                      size_t chain_count,
                                      const struct xg_hash *sha256,
                                      struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ARENA_BYTES);
    struct store *s = g->view.store;
    struct store_photo *rows;
    struct store_record *record;
    size_t count, found;
    enum xg_status status = s->ops->read_photos(s, &arena, &rows, &count,
                                                sha256, 0, XG_CHAINS_MAX, err);

    *named = false;
    for (size_t i = 0; status == XG_OK && !*named && i < count; i++) {
        if (!xg_hash_equal(&rows[i].hash, sha256))
            break;
        status = s->ops->read_records(s, &arena, &record, &found,
                                      rows[i].record, rows[i].record, 1, err);
        for (size_t c = 0; status == XG_OK && found && c < chain_count; c++)
            *named = *named || chains[c].number == record->chain;
    }
    xg_arena_clear(&arena);
    return status;
}

/* Those that the log came to hold from `since` on and that the device named:
 * another may have brought them. */
static enum xg_status wish_own_photos(struct giving *g, struct xg_error *err)
{
    struct xg_arena chain_arena = XG_ARENA(ARENA_BYTES);
    struct store *s = g->view.store;
    struct store_chain *chains;
    struct store_held *rows;
    uint64_t after = 0;
    size_t chain_count, count = ROWS_AT_ONCE;
    bool own;
    enum xg_status status = s->ops->read_chains(
        s, &chain_arena, &chains, &chain_count, g->who.device.name, err);

    while (status == XG_OK && chain_count && count == ROWS_AT_ONCE) {
        xg_arena_reset(&g->arena);
        status = s->ops->read_held(s, &g->arena, &rows, &count, after,
                                   ROWS_AT_ONCE, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            after = rows[i].number;
            if (rows[i].position < g->since ||
                rows[i].position >= g->view.checkpoint.size)
                continue;
            status = named_by_device(g, &own, chains, chain_count,
                                     &rows[i].blob.sha256, err);
            if (status == XG_OK && own)
                status = wish_photo(g, &rows[i].blob.sha256, err);
        }
    }
    xg_arena_clear(&chain_arena);
    return status;
}

static int by_hash(const void *a, const void *b)
{
    return xg_hash_compare(a, b);
}

static enum xg_status put_held(struct giving *g, struct xg_error *err)
{
    size_t count = 0;

    qsort(g->photos, g->photo_count, sizeof *g->photos, by_hash);
    for (size_t i = 0; i < g->photo_count; i++)
        if (count == 0 || !xg_hash_equal(&g->photos[i], &g->photos[count - 1]))
            g->photos[count++] = g->photos[i];
    if (count > BUNDLE_PHOTOS_MAX)
        count = BUNDLE_PHOTOS_MAX;
    for (size_t i = 0; i < count; i += XG_BLOBS_ASKED_MAX) {
        size_t step =
            count - i < XG_BLOBS_ASKED_MAX ? count - i : XG_BLOBS_ASKED_MAX;
        if (photo_put_held(&g->part, g->view.data, g->view.store,
                           &g->view.checkpoint,
                           xg_buf_bytes(&g->view.note), xg_bytes(NULL, 0),
                           &g->photos[i], step, err) != XG_OK ||
            add_numbered(g, "held", i / XG_BLOBS_ASKED_MAX, err) != XG_OK)
            return err->status;
    }
    g->given.photos = count;
    return XG_OK;
}

static enum xg_status add_photos(struct giving *g, struct xg_error *err)
{
    const struct bundle_taken *t = g->taken;

    for (size_t i = 0; t && i < t->photo_count; i++)
        if (wish_photo(g, &t->photos[i], err) != XG_OK)
            return err->status;
    if (wish_own_photos(g, err) != XG_OK)
        return err->status;
    return g->photo_count ? put_held(g, err) : XG_OK;
}

/* ---- the file ---- */

/* What was only announced: tiles, files. */
static enum xg_status make(struct giving *g, const struct xg_part *part,
                           struct xg_error *err)
{
    struct store *s = g->view.store;
    struct xg_bytes content;
    bool found;

    xg_buf_reset(&g->part);
    if (part->kind == XG_PART_TILE)
        return ledger_tile(&g->part, s, &part->tile, g->view.checkpoint.size,
                           err);
    xg_arena_reset(&g->arena);
    if (s->ops->read_file(s, &g->arena, &content, &found, &part->id, err) !=
        XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_CORRUPT, "%s",
                       XG_T("参考数据的文件不在库里，请运行 xunge-server check",
                            "a file of reference data is not in the store: run "
                            "xunge-server check"));
    xg_buf_append(&g->part, content.at, content.len);
    return xg_buf_check(&g->part, err);
}

static enum xg_status fetch(void *ctx, const char *name, uint64_t offset,
                            uint8_t *at, size_t size, size_t *len,
                            struct xg_error *err)
{
    struct giving *g = ctx;
    struct xg_part part = {.length = 0};

    if (offset == 0) {
        xg_part_of(&part, name);
        if (make(g, &part, err) != XG_OK)
            return err->status;
    }
    *len = 0;
    if (offset < g->part.len) {
        *len = g->part.len - (size_t)offset;
        *len = *len < size ? *len : size;
        memcpy(at, g->part.data + offset, *len);
    }
    return XG_OK;
}

static void tell_progress(void *ctx, uint64_t done, uint64_t total)
{
    const struct giving *g = ctx;

    if (g->out->progress)
        g->out->progress(g->out->ctx, done, total);
}

static enum xg_status write_file(struct giving *g, struct xg_error *err)
{
    struct xg_bundle index = {.kind = XG_BUNDLE_DOWN,
                              .time_ms = xg_wall_ms(&g->data->env),
                              .size = g->view.checkpoint.size,
                              .since = g->since};
    struct xg_seal_slots slots = {.count = 1};
    struct xg_bundle_target target = g->out->target;
    const struct xg_bundle_host host = {g, fetch, tell_progress};

    snprintf(index.log, sizeof index.log, "%s", data_origin(g->data));
    snprintf(index.to, sizeof index.to, "%s", g->who.device.name);
    memcpy(slots.keys[0], g->who.device.key, sizeof slots.keys[0]);
    target.slots = g->out->seal ? &slots : NULL;
    target.env = &g->data->env;
    if (xg_bundle_write(g->file, &g->given.bytes, &target, &index,
                        ledger_signer(g->data->ledger), &host, err) != XG_OK)
        return err->status;
    g->given.parts = index.parts;
    xg_log(XG_LOG_INFO, "bundle.written",
           "device=%s size=%llu since=%llu bytes=%llu", g->who.device.name,
           (unsigned long long)index.size, (unsigned long long)index.since,
           (unsigned long long)g->given.bytes);
    return XG_OK;
}

static enum xg_status add_all(struct giving *g, struct xg_error *err)
{
    const struct bundle_taken *t = g->taken;

    if (t && t->enrolled.len) {
        xg_buf_append(&g->part, t->enrolled.data, t->enrolled.len);
        if (add_part(g, "enrolled", err) != XG_OK)
            return err->status;
    }
    if (add_welcomes(g, err) != XG_OK || add_tiles(g, err) != XG_OK ||
        g->who.state == XG_DEVICE_PENDING)
        return err->status;
    if (add_receipts(g, err) != XG_OK || add_photos(g, err) != XG_OK ||
        g->who.state == XG_DEVICE_REVOKED)
        return err->status;
    if (add_lists(g, err) != XG_OK || add_files(g, err) != XG_OK)
        return err->status;
    return add_updates(g, err);
}

static enum xg_status give(struct giving *g, struct xg_error *err)
{
    struct bundle_given *given = &g->given;
    struct api_refusal no = {.code = NULL};
    enum xg_status status;

    memcpy(given->device, g->who.device.name, sizeof given->device);
    given->state = g->who.state;
    given->size = g->view.checkpoint.size;
    given->since = g->since;
    if (!api_size_known(&no, &g->view, g->since, given->device))
        return api_fail_refused(&no, XG_ALARM, err);
    g->part = XG_BUF(XG_BUNDLE_PART_MAX);
    g->arena = XG_ARENA(ARENA_BYTES);
    status = xg_bundle_new(&g->file, err);
    if (status == XG_OK)
        status = add_all(g, err);
    if (status == XG_OK)
        status = write_file(g, err);
    xg_bundle_free(g->file);
    xg_buf_clear(&g->part);
    xg_arena_clear(&g->arena);
    free(g->photos);
    return status;
}

/* The device by the registry as it is now, with what it said of itself. */
static enum xg_status find(struct giving *g, const char *device,
                           struct xg_error *err)
{
    bool found;

    if (api_find_caller(&g->who, &found, &g->view, device, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有设备 %s；用 xunge-server device list 查看",
                            "there is no device %s; see xunge-server device "
                            "list"),
                       device);
    if (g->taken && g->taken->has_hello)
        g->who.says = g->taken->caller.says;
    return XG_OK;
}

static enum xg_status give_to(struct bundle_given *given, struct giving *g,
                              const char *device, struct xg_error *err)
{
    g->given = (struct bundle_given){.state = XG_DEVICE_PENDING};
    if (api_view_of(&g->view, g->data, err) != XG_OK)
        return err->status;
    enum xg_status status = find(g, device, err);
    if (status == XG_OK)
        status = give(g, err);
    api_view_close(&g->view);
    if (status == XG_OK)
        *given = g->given;
    return status;
}

enum xg_status bundle_answer(struct bundle_given *given, struct data *d,
                             const struct bundle_taken *taken,
                             const struct bundle_out *out, struct xg_error *err)
{
    struct giving g = {
        .data = d, .taken = taken, .out = out, .since = taken->index.since};

    return give_to(given, &g, taken->report.device, err);
}

enum xg_status bundle_give(struct bundle_given *given, struct data *d,
                           const char *device, uint64_t since,
                           const struct bundle_out *out, struct xg_error *err)
{
    struct giving g = {.data = d, .out = out, .since = since};
    struct xg_checkpoint c;

    if (ledger_published(d->ledger, &c, NULL, err) != XG_OK)
        return err->status;
    if (since > c.size)
        return xg_fail(err, XG_USAGE,
                       XG_T("日志只有 %" PRIu64 " 条，没有 %" PRIu64,
                            "the log has %" PRIu64 " entries, not %" PRIu64),
                       c.size, since);
    return give_to(given, &g, device, err);
}
