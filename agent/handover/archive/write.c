/* write.c - the predecessor's part: gather, sign, write the file; see
 * handover/handover.h.
 *
 * What is not a photo or a batch is gathered in memory first, since the record
 * that is signed names its hashes and goes into the file itself. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/handover/index.h"
#include "agent/photo/photo.h"
#include "agent/record/capture.h"
#include "agent/record/patrol.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/bundle/tar.h"
#include "shared/core/cbor.h"
#include "shared/core/loop.h"

enum {
    GATHER_MAX = 64 << 20,
    RECORDS_PART = 256 << 10,
    RESERVE_BYTES = 1 << 20,
    ENTITIES_A_RECORD = XG_SET_ITEMS_MAX,
};

/* A list that grows. */
struct list {
    size_t count, room;
    void *items;
};

struct piece {
    struct handover_part part;
    size_t at; /* in `gathered`; photos are read when they are written */
    bool photo;
};

struct giver {
    struct home *home;
    struct store *s;
    struct photo_shelf shelf;
    struct store_identity id;
    struct xg_signer signer;
    const struct handover_write_options *options;
    const char *path;
    struct handover_counts counts;
    struct list entities; /* xg_id: handed over */
    struct list contacts; /* xg_id: of those; they travel, unnamed */
    struct list pieces;
    struct list chains; /* handover_chain */
    struct list drafts; /* int64_t */
    struct xg_buf gathered, index;
    struct xg_hash contents;
    uint64_t photo_bytes, total, done;
    bool no_memory;
};

static void *add(struct list *l, size_t size)
{
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 32;
        void *grown = realloc(l->items, room * size);
        if (!grown)
            return NULL;
        l->items = grown;
        l->room = room;
    }
    void *at = (char *)l->items + l->count++ * size;
    memset(at, 0, size);
    return at;
}

static bool add_id(struct giver *g, struct list *l, const struct xg_id *id)
{
    struct xg_id *at = add(l, sizeof *at);

    if (at)
        *at = *id;
    else
        g->no_memory = true;
    return at != NULL;
}

/* ---- what is handed over ---- */

static bool flag_of(const struct xg_brief *brief, uint64_t field)
{
    struct xg_cbor_item item;

    return xg_brief_value(brief, field, &item) && item.type == XG_CBOR_BOOL &&
           item.number;
}

/* An open case, or a subject that is still on its list. */
static bool choose(void *ctx, const struct store_entity *e,
                   struct xg_bytes state)
{
    struct giver *g = ctx;
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_brief brief;
    struct xg_cbor_item contact;
    struct xg_id id;

    if (!e->kind || e->withdrawn || xg_brief_read(&brief, state, &ignored))
        return true;
    bool open = e->kind->first_status && !xg_status_final(e->status);
    bool subject = e->kind->number == XG_KIND_SUBJECT &&
                   !flag_of(&brief, XG_SUBJECT_RELEASED);
    if (!open && !subject)
        return true;
    g->counts.cases += open;
    g->counts.subjects += subject;
    if (!add_id(g, &g->entities, &e->id))
        return false;
    if (e->kind->number != XG_KIND_INCIDENT ||
        !xg_brief_value(&brief, XG_INCIDENT_CONTACT, &contact) ||
        contact.bytes.len != XG_ID_SIZE)
        return true;
    memcpy(id.b, contact.bytes.at, XG_ID_SIZE);
    return add_id(g, &g->contacts, &id);
}

static enum xg_status add_piece(struct giver *g, struct piece **out,
                                struct xg_error *err)
{
    *out = add(&g->pieces, sizeof **out);
    return *out ? XG_OK : xg_fail_nomem(err);
}

/* What was gathered since `at` is a part. */
static enum xg_status close_piece(struct giver *g, size_t at, const char *name,
                                  struct xg_error *err)
{
    struct piece *p;

    if (xg_buf_check(&g->gathered, err) != XG_OK)
        return xg_wrap(err, XG_T("要移交的内容太多", "too much to hand over"));
    if (add_piece(g, &p, err) != XG_OK)
        return err->status;
    p->at = at;
    p->part.length = g->gathered.len - at;
    snprintf(p->part.name, sizeof p->part.name, "%s", name);
    crypto_hash_sha256(p->part.sha256.b, g->gathered.data + at,
                       g->gathered.len - at);
    return XG_OK;
}

/* The records of others about what is handed over. Each part stands alone. */
static enum xg_status gather_records(struct giver *g, struct xg_error *err)
{
    size_t n = g->entities.count + g->contacts.count, at = g->gathered.len;
    struct xg_hash chain = {{0}};
    char name[XG_TAR_NAME_MAX + 1];
    unsigned parts = 0;

    for (size_t i = 0; i < n; i++) {
        const struct xg_id *id =
            i < g->entities.count ? (const struct xg_id *)g->entities.items + i
                                  : (const struct xg_id *)g->contacts.items +
                                        (i - g->entities.count);
        if (store_put_loose(g->s, &g->gathered, &chain, &g->counts.told, id,
                            err) != XG_OK)
            return err->status;
        if (g->gathered.len - at < RECORDS_PART &&
            (i + 1 < n || g->gathered.len == at))
            continue;
        snprintf(name, sizeof name, "records/%u", ++parts);
        if (close_piece(g, at, name, err) != XG_OK)
            return err->status;
        at = g->gathered.len;
        chain = (struct xg_hash){{0}};
    }
    return XG_OK;
}

static bool note_draft(void *ctx, int64_t number, const struct xg_kind *kind,
                       int64_t changed_ms)
{
    struct giver *g = ctx;
    int64_t *at = add(&g->drafts, sizeof *at);

    (void)kind;
    (void)changed_ms;
    if (at)
        *at = number;
    else
        g->no_memory = true;
    return at != NULL;
}

static enum xg_status gather_drafts(struct giver *g, struct xg_error *err)
{
    if (store_list_drafts(g->s, note_draft, g, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < g->drafts.count; i++) {
        int64_t number = ((const int64_t *)g->drafts.items)[i];
        size_t at = g->gathered.len;
        const struct xg_kind *kind;
        char name[XG_TAR_NAME_MAX + 1];
        xg_buf_u16(&g->gathered, 0);
        if (store_get_draft(g->s, &kind, NULL, &g->gathered, number, err) !=
            XG_OK)
            return err->status;
        xg_store_u16(g->gathered.data + at, (uint16_t)kind->number);
        snprintf(name, sizeof name, "drafts/%" PRId64, number);
        if (close_piece(g, at, name, err) != XG_OK)
            return err->status;
    }
    g->counts.drafts = g->drafts.count;
    return XG_OK;
}

static bool note_photo(void *ctx, const struct xg_hash *sha256)
{
    struct giver *g = ctx;
    struct piece *p = add(&g->pieces, sizeof *p);

    if (!p) {
        g->no_memory = true;
        return false;
    }
    p->photo = true;
    p->part.sha256 = *sha256;
    memcpy(p->part.name, "photos/", 7);
    xg_hex(p->part.name + 7, sha256->b, XG_HASH_SIZE);
    return true;
}

static enum xg_status gather_photos(struct giver *g, struct xg_error *err)
{
    size_t first = g->pieces.count;

    if (photo_walk(&g->shelf, note_photo, g, err) != XG_OK)
        return err->status;
    for (size_t i = first; i < g->pieces.count; i++) {
        struct piece *p = (struct piece *)g->pieces.items + i;
        bool small;
        if (store_is_thumbnail(g->s, &small, &p->part.sha256, err) != XG_OK)
            return err->status;
        g->counts.photos += !small;
        if (photo_length(&g->shelf, &p->part.length, &p->part.sha256, err) !=
            XG_OK)
            return err->status;
        g->photo_bytes += p->part.length;
    }
    return XG_OK;
}

static bool note_chain(void *ctx, const struct xg_hash *chain, uint64_t next)
{
    struct giver *g = ctx;
    struct handover_chain *c = add(&g->chains, sizeof *c);

    if (c)
        *c = (struct handover_chain){*chain, next};
    else
        g->no_memory = true;
    return c != NULL;
}

static enum xg_status make_index(struct giver *g, struct xg_error *err)
{
    struct handover_index x = {.cases = g->counts.cases,
                               .subjects = g->counts.subjects,
                               .drafts = g->counts.drafts,
                               .photos = g->counts.photos,
                               .chains = g->chains.items,
                               .chain_count = g->chains.count,
                               .part_count = g->pieces.count};

    snprintf(x.log, sizeof x.log, "%s", g->id.log.name);
    snprintf(x.from, sizeof x.from, "%s", g->id.worker);
    snprintf(x.device, sizeof x.device, "%s", g->id.device);
    snprintf(x.to, sizeof x.to, "%s", g->options->to);
    x.parts = calloc(x.part_count + 1, sizeof *x.parts);
    if (!x.parts)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < x.part_count; i++)
        x.parts[i] = ((const struct piece *)g->pieces.items)[i].part;
    handover_index_put(&g->index, &x);
    free(x.parts);
    if (xg_buf_check(&g->index, err) != XG_OK)
        return err->status;
    crypto_hash_sha256(g->contents.b, g->index.data, g->index.len);
    return XG_OK;
}

static enum xg_status gather(struct giver *g, struct xg_error *err)
{
    const struct store_filter all = {.contacts = false};

    if (store_list(g->s, &all, true, choose, g, err) != XG_OK ||
        gather_records(g, err) != XG_OK || gather_drafts(g, err) != XG_OK ||
        gather_photos(g, err) != XG_OK ||
        store_kept_tips(g->s, note_chain, g, err) != XG_OK)
        return err->status;
    if (g->no_memory)
        return xg_fail_nomem(err);
    return make_index(g, err);
}

/* ---- before anything is written ---- */

static enum xg_status check_space(struct giver *g, struct xg_error *err)
{
    uint64_t free_bytes, batches;
    char folder[HOME_PATH_SIZE] = ".";
    const char *slash = strrchr(g->path, '/');

    if (slash && (size_t)(slash - g->path) >= sizeof folder)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       g->path);
    if (slash)
        snprintf(folder, sizeof folder, "%.*s",
                 slash == g->path ? 1 : (int)(slash - g->path), g->path);
    if (store_kept_bytes(g->s, &batches, &g->counts.batches, err) != XG_OK ||
        xg_os_free_bytes(&free_bytes, folder, err) != XG_OK)
        return err->status;
    g->total = g->photo_bytes + g->gathered.len + g->index.len + batches;
    uint64_t need = g->total + g->total / 64 + RESERVE_BYTES +
                    (g->pieces.count + 3 * g->counts.batches) * 2048;
    if (free_bytes >= need || strcmp(g->path, "-") == 0)
        return XG_OK; /* whoever reads has the room, or fails by itself */
    return xg_fail(err, XG_FULL,
                   XG_T("%s 空间不足：需要 %" PRIu64 " MB，只剩 %" PRIu64
                        " MB；换一个 U 盘，或删掉里面别的文件",
                        "no space in %s: %" PRIu64 " MB are needed and %" PRIu64
                        " MB are left; take another stick, or make room"),
                   folder, (need >> 20) + 1, free_bytes >> 20);
}

static enum xg_status check_may(struct giver *g, struct xg_error *err)
{
    struct patrol_state patrol;

    if (store_get_identity(g->s, &g->id, err) != XG_OK ||
        store_signer(g->s, &g->signer, NULL, err) != XG_OK ||
        patrol_look(&patrol, g->home->path, err) != XG_OK)
        return err->status;
    if (patrol.open)
        return xg_fail(err, XG_REFUSED,
                       XG_T("巡查还没有结束；请先运行 xunge patrol stop",
                            "a patrol is open; end it first: xunge patrol "
                            "stop"));
    if (!xg_code_valid(xg_bytes_of(g->options->to)) || !*g->options->to ||
        strlen(g->options->to) > XG_CODE_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("“%s”不是工号", "\"%s\" is no worker's code"),
                       g->options->to);
    if (xg_os_exists(g->path))
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 已存在；请换一个文件名",
                            "%s is there already; give another name"),
                       g->path);
    return XG_OK;
}

/* ---- the record ---- */

static bool find_open(void *ctx, const struct handover_info *info)
{
    struct xg_id *id = ctx;

    if (!info->given || info->stage != HANDOVER_OPEN)
        return true;
    *id = info->id;
    return false;
}

static enum xg_status add_entities(struct giver *g, struct xg_draft *d,
                                   size_t first, struct xg_error *err)
{
    size_t end = g->entities.count - first > ENTITIES_A_RECORD
                     ? first + ENTITIES_A_RECORD
                     : g->entities.count;
    struct xg_buf value = XG_BUF(64);
    enum xg_status status = XG_OK;

    for (size_t i = first; status == XG_OK && i < end; i++) {
        xg_buf_reset(&value);
        xg_cbor_put_bytes(
            &value, ((const struct xg_id *)g->entities.items)[i].b, XG_ID_SIZE);
        status = xg_buf_check(&value, err);
        if (status == XG_OK)
            status =
                xg_draft_add(d, XG_HANDOVER_ENTITY, xg_buf_bytes(&value), err);
    }
    xg_buf_clear(&value);
    return status;
}

static enum xg_status fill(struct giver *g, struct xg_draft *d,
                           const struct xg_id *replaced, struct xg_error *err)
{
    static const struct xg_id none;
    struct xg_buf hash = XG_BUF(64);

    xg_cbor_put_bytes(&hash, g->contents.b, XG_HASH_SIZE);
    enum xg_status status = xg_buf_check(&hash, err);
    if (status == XG_OK)
        status =
            xg_draft_set(d, XG_HANDOVER_CONTENTS, xg_buf_bytes(&hash), err);
    xg_buf_clear(&hash);
    if (status != XG_OK ||
        capture_set_text(d, XG_HANDOVER_TO, g->options->to, err) != XG_OK ||
        capture_set_text(d, XG_HANDOVER_FROM, g->id.worker, err) != XG_OK ||
        capture_set_uint(d, XG_HANDOVER_CASES, g->counts.cases, err) != XG_OK ||
        capture_set_uint(d, XG_HANDOVER_SUBJECTS, g->counts.subjects, err) !=
            XG_OK ||
        capture_set_uint(d, XG_HANDOVER_DRAFTS, g->counts.drafts, err) !=
            XG_OK ||
        capture_set_uint(d, XG_HANDOVER_PHOTOS, g->counts.photos, err) !=
            XG_OK ||
        (!xg_id_equal(replaced, &none) &&
         capture_set_entity(d, XG_HANDOVER_REPLACES, replaced, err) != XG_OK))
        return err->status;
    return add_entities(g, d, 0, err);
}

/* As many records as the entities need, and the index, in one transaction. */
static enum xg_status append_records(struct giver *g, struct captured *out,
                                     struct xg_arena *arena,
                                     const struct xg_id *replaced,
                                     struct xg_error *err)
{
    char name[HANDOVER_META_SIZE];
    struct captured more;
    struct xg_draft d;

    xg_draft_init(&d, arena, XG_KIND_HANDOVER);
    if (fill(g, &d, replaced, err) != XG_OK ||
        capture_append(g->s, out, NULL, &d, NULL, err) != XG_OK)
        return err->status;
    for (size_t i = ENTITIES_A_RECORD; i < g->entities.count;
         i += ENTITIES_A_RECORD) {
        xg_draft_init(&d, arena, XG_KIND_HANDOVER);
        if (add_entities(g, &d, i, err) != XG_OK ||
            capture_append(g->s, &more, &out->id, &d, NULL, err) != XG_OK)
            return err->status;
    }
    handover_meta(name, HANDOVER_WROTE, &out->id);
    return store_put_meta(g->s, name, xg_buf_bytes(&g->index), err);
}

/* The first signature. */
static enum xg_status sign(struct giver *g, struct handover_written *out,
                           struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_id replaced = {{0}};
    struct captured c = {0};
    size_t sealed;
    enum xg_status status = handover_list(g->home, find_open, &replaced, err);

    if (status == XG_OK)
        status = store_ready_author(g->s, NULL, err);
    if (status == XG_OK)
        status = store_begin(g->s, err);
    if (status == XG_OK)
        status = append_records(g, &c, &arena, &replaced, err);
    if (status == XG_OK)
        status = store_commit(g->s, err);
    store_rollback(g->s);
    if (status == XG_OK)
        status = capture_number(g->s, &c, err);
    if (status == XG_OK)
        status = store_seal_waiting(g->s, &sealed, &g->signer, err);
    if (status == XG_OK) {
        out->id = c.id;
        memcpy(out->number, c.number, sizeof out->number);
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- the file ---- */

static void step(struct giver *g, uint64_t bytes)
{
    g->done += bytes;
    if (g->options->progress.step && g->done < g->total)
        g->options->progress.step(g->options->progress.ctx, g->done, g->total);
}

static enum xg_status seal_put(void *ctx, struct xg_bytes data,
                               struct xg_error *err)
{
    return xg_seal_write(ctx, data, err);
}

struct registry_ctx {
    struct xg_tar_writer *tar;
    struct xg_error *err;
};

static bool put_registry(void *ctx, uint64_t number, struct xg_bytes note)
{
    struct registry_ctx *r = ctx;
    char name[XG_TAR_NAME_MAX + 1];

    snprintf(name, sizeof name, "registry/%" PRIu64, number);
    return xg_tar_put(r->tar, name, note, r->err) == XG_OK;
}

static enum xg_status put_named(struct xg_tar_writer *tar, const char *folder,
                                const struct xg_hash *id, struct xg_bytes data,
                                struct xg_error *err)
{
    char name[XG_TAR_NAME_MAX + 1], hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, id->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, "%s/%s", folder, hex);
    return xg_tar_put(tar, name, data, err);
}

static enum xg_status put_batches(struct giver *g, struct xg_tar_writer *tar,
                                  struct xg_error *err)
{
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX), receipt = XG_BUF(XG_BATCH_MAX);
    struct store_batch b = {.row = 0};
    enum xg_status status = XG_OK;
    bool found = true;

    g->counts.batches = 0;
    while (status == XG_OK) {
        xg_buf_reset(&frame);
        xg_buf_reset(&receipt);
        status =
            store_next_kept(g->s, &b, &frame, &receipt, &found, b.row, err);
        if (status != XG_OK || !found)
            break;
        g->counts.batches++;
        if (receipt.len)
            status =
                put_named(tar, "receipts", &b.id, xg_buf_bytes(&receipt), err);
        if (status == XG_OK)
            status =
                put_named(tar, "batches", &b.id, xg_buf_bytes(&frame), err);
        step(g, frame.len + receipt.len);
    }
    xg_buf_clear(&frame);
    xg_buf_clear(&receipt);
    return status;
}

static enum xg_status put_photo(struct giver *g, struct xg_tar_writer *tar,
                                const struct piece *p, struct xg_error *err)
{
    crypto_hash_sha256_state state;
    struct vault_reader *reader = NULL;
    struct xg_bytes chunk = {NULL, 1};
    struct xg_hash hash;
    enum xg_status status =
        photo_reader_open(&g->shelf, &reader, &p->part.sha256, err);

    if (status == XG_OK)
        status = xg_tar_begin(tar, p->part.name, p->part.length, err);
    crypto_hash_sha256_init(&state);
    while (status == XG_OK && chunk.len > 0) {
        status = vault_reader_next(reader, &chunk, err);
        if (status == XG_OK)
            status = xg_tar_write(tar, chunk, err);
        if (status == XG_OK && chunk.len)
            crypto_hash_sha256_update(&state, chunk.at, chunk.len);
        step(g, chunk.len);
    }
    crypto_hash_sha256_final(&state, hash.b);
    if (status == XG_OK && !xg_hash_equal(&hash, &p->part.sha256))
        status = xg_fail(err, XG_CORRUPT,
                         XG_T("照片 %s 已损坏；请运行 xunge verify",
                              "photo %s is damaged; run xunge verify"),
                         p->part.name + 7);
    vault_reader_close(reader);
    return status;
}

/* Parts of the index: records before the batches, drafts and photos after. */
static enum xg_status put_pieces(struct giver *g, struct xg_tar_writer *tar,
                                 bool records, struct xg_error *err)
{
    for (size_t i = 0; i < g->pieces.count; i++) {
        const struct piece *p = (const struct piece *)g->pieces.items + i;
        if ((memcmp(p->part.name, "records/", 8) == 0) != records)
            continue;
        enum xg_status status =
            p->photo ? put_photo(g, tar, p, err)
                     : xg_tar_put(tar, p->part.name,
                                  xg_bytes(g->gathered.data + p->at,
                                           (size_t)p->part.length),
                                  err);
        if (status != XG_OK)
            return status;
    }
    return XG_OK;
}

static enum xg_status put_all(struct giver *g, struct xg_tar_writer *tar,
                              struct xg_error *err)
{
    struct registry_ctx r = {tar, err};

    if (xg_tar_put(tar, "index", xg_buf_bytes(&g->index), err) != XG_OK)
        return err->status;
    struct xg_error walk = XG_ERROR_NONE;
    if (store_list_registry(g->s, put_registry, &r, &walk) != XG_OK &&
        err->status == XG_OK)
        *err = walk;
    if (err->status != XG_OK || put_pieces(g, tar, true, err) != XG_OK ||
        put_batches(g, tar, err) != XG_OK ||
        put_pieces(g, tar, false, err) != XG_OK)
        return err->status;
    return xg_tar_finish(tar, err);
}

static enum xg_status write_into(struct giver *g, int fd, const char *name,
                                 struct xg_error *err)
{
    struct xg_seal_writer *seal = NULL;
    struct xg_tar_writer *tar = NULL;
    enum xg_status status = xg_seal_writer_open(
        &seal, fd, name, &g->options->slots, g->home->env, err);

    if (status == XG_OK)
        status =
            xg_tar_writer_open(&tar, (struct xg_tar_sink){seal_put, seal}, err);
    if (status == XG_OK)
        status = put_all(g, tar, err);
    if (status == XG_OK)
        status = xg_seal_finish(seal, err);
    if (status == XG_OK && fd != STDOUT_FILENO && fsync(fd) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), name);
    xg_tar_writer_close(tar);
    xg_seal_writer_close(seal);
    return status;
}

static enum xg_status write_file(struct giver *g, uint64_t *bytes,
                                 struct xg_error *err)
{
    char part[HOME_PATH_SIZE];

    if (strcmp(g->path, "-") == 0)
        return write_into(g, STDOUT_FILENO, "stdout", err);
    if (snprintf(part, sizeof part, "%s.part", g->path) >= (int)sizeof part)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       g->path);
    int fd =
        open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return xg_fail_os(err, XG_T("无法建立 %s", "cannot make %s"), part);
    enum xg_status status = write_into(g, fd, part, err);
    off_t size = lseek(fd, 0, SEEK_END);
    if (close(fd) != 0 && status == XG_OK)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), part);
    if (status == XG_OK && rename(part, g->path) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), g->path);
    if (status != XG_OK) {
        unlink(part);
        return status;
    }
    *bytes = size > 0 ? (uint64_t)size : 0;
    return xg_os_sync_parent(g->path, err);
}

static void clear(struct giver *g)
{
    free(g->entities.items);
    free(g->contacts.items);
    free(g->pieces.items);
    free(g->chains.items);
    free(g->drafts.items);
    if (g->gathered.data)
        sodium_memzero(g->gathered.data, g->gathered.len);
    xg_buf_clear(&g->gathered);
    xg_buf_clear(&g->index);
    sodium_memzero(&g->signer, sizeof g->signer);
}

enum xg_status handover_write(struct home *home, struct handover_written *out,
                              const char *path,
                              const struct handover_write_options *options,
                              struct xg_error *err)
{
    struct giver g = {.home = home,
                      .s = home->store,
                      .shelf = {.home = home->path, .vault = home->vault},
                      .options = options,
                      .path = path,
                      .gathered = XG_BUF(GATHER_MAX),
                      .index = XG_BUF(HANDOVER_INDEX_MAX)};
    struct handover_written w = {.bytes = 0};
    size_t sealed;
    enum xg_status status = check_may(&g, err);

    if (status == XG_OK)
        status = store_seal_waiting(g.s, &sealed, &g.signer, err);
    if (status == XG_OK)
        status = gather(&g, err);
    if (status == XG_OK)
        status = check_space(&g, err);
    if (status == XG_OK)
        status = sign(&g, &w, err);
    if (status == XG_OK) /* whoever takes it sends what is inside */
        status = sync_vouch(home, err);
    if (status == XG_OK)
        status = write_file(&g, &w.bytes, err);
    if (options->progress.step)
        options->progress.step(options->progress.ctx, 1, 1);
    if (status == XG_OK) {
        w.counts = g.counts;
        *out = w;
    }
    clear(&g);
    return status;
}
