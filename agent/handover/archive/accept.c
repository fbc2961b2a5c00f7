/* accept.c - the successor's part: read all, then take all; see
 * handover/handover.h. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/handover/index.h"
#include "agent/photo/photo.h"
#include "agent/record/capture.h"
#include "agent/record/kept_draft.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/bundle/tar.h"
#include "shared/core/cbor.h"

/* The file is read three times, by the same code: */
enum pass {
    CHECK,  /* everything, changing nothing */
    PHOTOS, /* photos onto the shelf */
    TAKE,   /* the rest, in a transaction */
};

enum group { INDEX, REGISTRY, RECORDS, BATCHES, DRAFTS, PHOTO_PARTS };

/* The index of a handover that was taken before. */
struct earlier {
    struct handover_index index;
    struct earlier *next;
};

struct taker {
    struct home *home;
    struct store *s;
    struct photo_shelf shelf;
    const struct handover_accept_options *options;
    struct store_identity id;
    struct store_logs logs;
    struct xg_signer signer;
    struct xg_checkpoint held; /* size 0: none */
    const char *path;

    struct xg_arena arena; /* of the whole; `batch` of one part */
    struct xg_arena batch;
    struct xg_buf part, receipt;
    struct xg_hash receipt_id;
    struct handover_keys keys;

    enum pass pass;
    enum group group;   /* of the part before */
    size_t next;        /* part of the index that is to come */
    struct xg_buf text; /* of the index */
    struct handover_index index;
    struct xg_hash contents;
    uint64_t *covered; /* of each chain of the index: next seq */
    struct earlier *earlier;
    bool found; /* the record that vouches for the index */
    struct xg_id handover;
    struct handover_accepted done;
    uint64_t read, total; /* bytes */
};

static enum xg_status odd(const char *name, struct xg_error *err)
{
    return xg_fail(err, XG_FORMAT,
                   XG_T("交接文件的“%s”不合格式；什么也没有改动",
                        "part \"%s\" of the handover file is not of its form; "
                        "nothing was changed"),
                   name);
}

/* ---- parts ---- */

/* The whole part into t->part. */
static enum xg_status read_part(struct taker *t, struct xg_tar_reader *tar,
                                const struct xg_tar_part *part, uint64_t max,
                                struct xg_error *err)
{
    size_t len;

    xg_buf_reset(&t->part);
    if (part->length > max)
        return odd(part->name, err);
    uint8_t *at = xg_buf_room(&t->part, (size_t)part->length);
    if (!at)
        return xg_buf_check(&t->part, err);
    if (xg_tar_read(tar, at, (size_t)part->length, &len, err) != XG_OK)
        return err->status;
    if (len != part->length)
        return odd(part->name, err);
    t->part.len = len;
    return XG_OK;
}

/* Is it the one that the index names next? */
static enum xg_status expect(struct taker *t, const struct xg_tar_part *part,
                             const struct handover_part **out,
                             struct xg_error *err)
{
    const struct handover_part *p = &t->index.parts[t->next];

    if (t->next >= t->index.part_count || strcmp(p->name, part->name) != 0 ||
        p->length != part->length)
        return odd(part->name, err);
    t->next++;
    *out = p;
    return XG_OK;
}

static enum xg_status read_listed(struct taker *t, struct xg_tar_reader *tar,
                                  const struct xg_tar_part *part,
                                  struct xg_error *err)
{
    const struct handover_part *p;
    struct xg_hash hash;

    if (expect(t, part, &p, err) != XG_OK ||
        read_part(t, tar, part, HANDOVER_PART_MAX, err) != XG_OK)
        return err->status;
    crypto_hash_sha256(hash.b, t->part.data, t->part.len);
    return xg_hash_equal(&hash, &p->sha256) ? XG_OK : odd(part->name, err);
}

/* ---- the index ---- */

static enum xg_status check_addressee(const struct taker *t,
                                      struct xg_error *err)
{
    const struct handover_index *x = &t->index;

    if (!store_knows_log(&t->logs, x->log))
        return xg_fail(err, XG_REFUSED,
                       XG_T("这份交接属于 %s，而本机属于 %s",
                            "this handover is of %s, and this device of %s"),
                       x->log, t->id.log.name);
    if (strcmp(x->to, t->id.worker) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这份交接是给 %s 的，本机是 %s 的",
                            "this handover is for %s, and this device is %s's"),
                       x->to, t->id.worker);
    if (strcmp(x->device, t->id.device) == 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这份交接是本机写出的", "this device wrote that "
                                                    "handover itself"));
    return XG_OK;
}

static enum xg_status take_index(struct taker *t, struct xg_tar_reader *tar,
                                 const struct xg_tar_part *part,
                                 struct xg_error *err)
{
    if (read_part(t, tar, part, HANDOVER_INDEX_MAX, err) != XG_OK)
        return err->status;
    if (t->pass != CHECK)
        return xg_bytes_equal(xg_buf_bytes(&t->part), xg_buf_bytes(&t->text))
                   ? XG_OK
                   : odd(part->name, err);
    xg_buf_append(&t->text, t->part.data, t->part.len);
    crypto_hash_sha256(t->contents.b, t->text.data, t->text.len);
    if (xg_buf_check(&t->text, err) != XG_OK ||
        handover_index_read(&t->index, &t->arena, xg_buf_bytes(&t->text),
                            err) != XG_OK)
        return err->status;
    t->covered =
        xg_arena_array(&t->arena, t->index.chain_count + 1, sizeof *t->covered);
    if (!t->covered)
        return xg_fail_nomem(err);
    return check_addressee(t, err);
}

/* ---- records of others ---- */

static enum xg_status take_records(struct taker *t, struct xg_tar_reader *tar,
                                   const struct xg_tar_part *part,
                                   struct xg_error *err)
{
    struct xg_update_reader reader;
    struct xg_update u;
    bool more = true;

    if (read_listed(t, tar, part, err) != XG_OK)
        return err->status;
    reader = (struct xg_update_reader){.rest = xg_buf_bytes(&t->part)};
    for (;;) {
        if (xg_update_next(&reader, &u, &more, err) != XG_OK)
            return err->status;
        if (!more)
            return XG_OK;
        if (u.kind != XG_UPDATE_CHAIN && u.kind != XG_UPDATE_RECORD)
            return odd(part->name, err);
        t->done.counts.told += t->pass == CHECK && u.kind == XG_UPDATE_RECORD;
        if (t->pass == TAKE && store_put_told(t->s, &u, err) != XG_OK)
            return err->status;
    }
}

/* ---- batches ---- */

static bool text_is(const struct xg_record *r, uint64_t field, const char *text)
{
    struct xg_cbor_item item;

    return xg_record_field(r, field, &item) && item.type == XG_CBOR_TEXT &&
           xg_bytes_equal(item.bytes, xg_bytes_of(text));
}

/* Does this record vouch for the index? */
static bool vouches(const struct taker *t, const struct xg_record *r)
{
    struct xg_cbor_item hash;

    return !r->malformed && r->head.kind == XG_KIND_HANDOVER &&
           r->head.creates && r->head.author.len == 0 &&
           text_is(r, XG_HANDOVER_TO, t->index.to) &&
           text_is(r, XG_HANDOVER_FROM, t->index.from) &&
           xg_record_field(r, XG_HANDOVER_CONTENTS, &hash) &&
           hash.bytes.len == XG_HASH_SIZE &&
           memcmp(hash.bytes.at, t->contents.b, XG_HASH_SIZE) == 0;
}

/* How far the chain's batches reach without a gap; what is left out counts. */
static void cover(struct taker *t, const struct xg_batch_note *says)
{
    for (size_t i = 0; i < t->index.chain_count; i++) {
        if (!xg_hash_equal(&t->index.chains[i].chain, &says->chain))
            continue;
        if (says->first > t->covered[i])
            t->done.lacking += says->first - t->covered[i];
        if (says->last + 1 > t->covered[i])
            t->covered[i] = says->last + 1;
    }
}

/* The receipt that came before the batch: proven, and of a log that this device
 * has seen itself? */
static bool proven(struct taker *t, const struct xg_batch *b,
                   struct xg_receipt *r)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_checkpoint c;
    struct xg_hash leaf;

    if (t->receipt.len == 0 || !xg_hash_equal(&t->receipt_id, &b->id))
        return false;
    xg_tlog_leaf(&leaf, b->note.at, b->note.len);
    if (store_open_receipt(&t->logs, r, &c, xg_buf_bytes(&t->receipt), &leaf,
                           &why) != XG_OK) {
        t->done.bad_receipts += t->pass == CHECK;
        return false;
    }
    return strcmp(c.origin, t->id.log.name) != 0 || c.size <= t->held.size;
}

static enum xg_status look_for_record(struct taker *t, const struct xg_batch *b,
                                      const char *device, const char *owner)
{
    bool from = strcmp(device, t->index.device) == 0 &&
                strcmp(owner, t->index.from) == 0;

    for (size_t i = 0; from && !t->found && i < b->count; i++)
        if (vouches(t, &b->records[i])) {
            t->found = true;
            t->handover = xg_id_of_hash(&b->records[i].hash);
        }
    return XG_OK;
}

static enum xg_status take_batch(struct taker *t, const struct xg_batch *b,
                                 const char *device, struct xg_error *err)
{
    struct xg_receipt r = {.index = 0};
    struct store_carried carried = {.batch = b, .device = device};
    bool is_new;

    if (proven(t, b, &r)) {
        carried.receipt = xg_buf_bytes(&t->receipt);
        carried.position = r.index;
    }
    if (store_put_carried(t->s, &is_new, &carried, err) != XG_OK)
        return err->status;
    t->done.to_push += is_new && carried.receipt.len == 0;
    return XG_OK;
}

static enum xg_status open_batch(struct taker *t, struct xg_tar_reader *tar,
                                 const struct xg_tar_part *part,
                                 struct xg_error *err)
{
    char owner[XG_CODE_MAX + 1], hex[2 * XG_HASH_SIZE + 1];
    struct xg_verifier device;
    struct xg_bytes note, body, name;
    struct xg_batch b;

    xg_arena_reset(&t->batch);
    if (read_part(t, tar, part, XG_BATCH_MAX, err) != XG_OK ||
        xg_batch_peek(&note, &body, &name, t->part.data, t->part.len, err) !=
            XG_OK ||
        handover_keys_find(&t->keys, &device, owner, t->s, name, err) !=
            XG_OK ||
        xg_batch_open(&b, &t->batch, t->part.data, t->part.len, &device, err) !=
            XG_OK)
        return err->status;
    xg_hex(hex, b.id.b, XG_HASH_SIZE);
    if (strcmp(part->name + 8, hex) != 0)
        return odd(part->name, err);
    if (t->pass == TAKE)
        return take_batch(t, &b, device.name, err);
    struct xg_receipt ignored;
    xg_ignore(proven(t, &b, &ignored) ? XG_OK : XG_NOTFOUND);
    t->done.counts.batches++;
    cover(t, &b.says);
    return look_for_record(t, &b, device.name, owner);
}

static enum xg_status take_receipt(struct taker *t, struct xg_tar_reader *tar,
                                   const struct xg_tar_part *part,
                                   struct xg_error *err)
{
    const char *hex = part->name + 9;

    if (!xg_unhex(t->receipt_id.b, XG_HASH_SIZE, hex, strlen(hex)))
        return odd(part->name, err);
    if (read_part(t, tar, part, HANDOVER_PART_MAX, err) != XG_OK)
        return err->status;
    xg_buf_reset(&t->receipt);
    xg_buf_append(&t->receipt, t->part.data, t->part.len);
    return xg_buf_check(&t->receipt, err);
}

/* ---- drafts ---- */

/* Was that very draft taken with an earlier handover? What became of it here
 * is the successor's matter. */
static bool taken_earlier(const struct taker *t, const struct xg_hash *sha256)
{
    for (const struct earlier *e = t->earlier; e; e = e->next)
        for (size_t i = 0; i < e->index.part_count; i++)
            if (strncmp(e->index.parts[i].name, "drafts/", 7) == 0 &&
                strcmp(e->index.device, t->index.device) == 0 &&
                xg_hash_equal(&e->index.parts[i].sha256, sha256))
                return true;
    return false;
}

/* It becomes a draft of this device's worker: whoever finishes it signs it. */
static enum xg_status keep_draft(struct taker *t, const struct xg_kind *kind,
                                 const struct xg_cbor_item *values,
                                 const struct xg_cbor_item *rest,
                                 struct xg_error *err)
{
    struct xg_buf own = XG_BUF(HANDOVER_PART_MAX);
    int64_t number = 0;

    xg_cbor_put_array(&own, rest->type == XG_CBOR_NULL ? 2 : 3);
    xg_cbor_put_null(&own);
    xg_buf_append(&own, values->raw.at, values->raw.len);
    if (rest->type != XG_CBOR_NULL)
        xg_buf_append(&own, rest->raw.at, rest->raw.len);
    enum xg_status status = xg_buf_check(&own, err);
    if (status == XG_OK)
        status = store_put_draft(t->s, &number, kind, xg_buf_bytes(&own), err);
    xg_buf_clear(&own);
    return status;
}

static enum xg_status take_draft(struct taker *t, struct xg_tar_reader *tar,
                                 const struct xg_tar_part *part,
                                 struct xg_error *err)
{
    struct xg_cbor_item values, rest;

    if (read_listed(t, tar, part, err) != XG_OK)
        return err->status;
    if (t->part.len < 3)
        return odd(part->name, err);
    const struct xg_kind *kind = xg_kind_find(xg_load_u16(t->part.data));
    if (!kept_fits(&values, &rest, kind,
                   xg_bytes(t->part.data + 2, t->part.len - 2)))
        return odd(part->name, err);
    t->done.counts.drafts += t->pass == CHECK;
    if (t->pass != TAKE ||
        taken_earlier(t, &t->index.parts[t->next - 1].sha256))
        return XG_OK;
    return keep_draft(t, kind, &values, &rest, err);
}

/* ---- photos ---- */

struct stream {
    struct xg_tar_reader *tar;
};

static enum xg_status stream_read(void *ctx, uint8_t *at, size_t size,
                                  size_t *len, struct xg_error *err)
{
    return xg_tar_read(((struct stream *)ctx)->tar, at, size, len, err);
}

static enum xg_status hash_photo(struct taker *t, struct xg_tar_reader *tar,
                                 const struct xg_tar_part *part,
                                 const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    crypto_hash_sha256_state state;
    struct xg_hash hash;
    uint64_t all = 0;
    size_t len = 1;

    xg_buf_reset(&t->part);
    uint8_t *at = xg_buf_room(&t->part, VAULT_CHUNK_SIZE);
    if (!at)
        return xg_buf_check(&t->part, err);
    crypto_hash_sha256_init(&state);
    while (len > 0) {
        if (xg_tar_read(tar, at, VAULT_CHUNK_SIZE, &len, err) != XG_OK)
            return err->status;
        crypto_hash_sha256_update(&state, at, len);
        all += len;
    }
    crypto_hash_sha256_final(&state, hash.b);
    if (all != part->length || !xg_hash_equal(&hash, sha256))
        return odd(part->name, err);
    t->done.counts.photos = t->index.photos; /* small pictures do not count */
    return XG_OK;
}

static enum xg_status take_photo(struct taker *t, struct xg_tar_reader *tar,
                                 const struct xg_tar_part *part,
                                 struct xg_error *err)
{
    struct stream stream = {tar};
    const struct handover_part *p;
    char hex[2 * XG_HASH_SIZE + 1];
    bool is_new;

    if (expect(t, part, &p, err) != XG_OK)
        return err->status;
    xg_hex(hex, p->sha256.b, XG_HASH_SIZE);
    if (part->length > XG_PHOTO_MAX_BYTES || strcmp(part->name + 7, hex) != 0)
        return odd(part->name, err);
    if (t->pass == CHECK)
        return hash_photo(t, tar, part, &p->sha256, err);
    return photo_take(&t->shelf, &is_new, &p->sha256, part->length, stream_read,
                      &stream, err);
}

/* On the shelf they are; the transaction need not wait for them to be read
 * again. The rest of the index is photos. */
static enum xg_status carry_photos(struct taker *t, struct xg_error *err)
{
    for (; t->next < t->index.part_count; t->next++)
        if (store_carry_photo(t->s, &t->index.parts[t->next].sha256, err) !=
            XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- the walk ---- */

static enum xg_status take_registry(struct taker *t, struct xg_tar_reader *tar,
                                    const struct xg_tar_part *part,
                                    struct xg_error *err)
{
    if (t->pass != CHECK)
        return XG_OK;
    if (read_part(t, tar, part, XG_NOTE_MAX, err) != XG_OK)
        return err->status;
    return handover_keys_add(&t->keys, t->s, xg_buf_bytes(&t->part), err);
}

static const struct folder {
    const char *name;
    enum group group;
    enum xg_status (*take)(struct taker *t, struct xg_tar_reader *tar,
                           const struct xg_tar_part *part,
                           struct xg_error *err);
} folders[] = {
    {"index", INDEX, take_index},
    {"registry/", REGISTRY, take_registry},
    {"records/", RECORDS, take_records},
    {"receipts/", BATCHES, take_receipt},
    {"batches/", BATCHES, open_batch},
    {"drafts/", DRAFTS, take_draft},
    {"photos/", PHOTO_PARTS, take_photo},
};

static enum xg_status take_part(struct taker *t, struct xg_tar_reader *tar,
                                const struct xg_tar_part *part, bool first,
                                struct xg_error *err)
{
    const struct folder *f = folders;
    const struct folder *end = folders + sizeof folders / sizeof *folders;

    while (f < end && strncmp(part->name, f->name, strlen(f->name)) != 0)
        f++;
    if (f == end || f->group < t->group || first != (f->group == INDEX) ||
        (f->group == INDEX && strcmp(part->name, f->name) != 0))
        return odd(part->name, err);
    t->group = f->group;
    if (t->pass == PHOTOS && f->group != INDEX && f->group != PHOTO_PARTS) {
        t->next += f->group == RECORDS || f->group == DRAFTS;
        return XG_OK;
    }
    return f->take(t, tar, part, err);
}

struct source {
    struct taker *taker;
    struct xg_seal_reader *seal;
};

static enum xg_status get(void *ctx, struct xg_bytes *data,
                          struct xg_error *err)
{
    struct source *s = ctx;
    const struct handover_progress *p = &s->taker->options->progress;

    if (xg_seal_read(s->seal, data, err) != XG_OK)
        return err->status;
    s->taker->read += data->len;
    if (p->step && s->taker->read < s->taker->total)
        p->step(p->ctx, s->taker->read, s->taker->total);
    return XG_OK;
}

static enum xg_status walk(struct taker *t, int fd, enum pass pass,
                           struct xg_error *err)
{
    struct source source = {.taker = t};
    struct xg_tar_reader *tar = NULL;
    struct xg_tar_part part;
    bool more = true, first = true;
    enum xg_status status = xg_seal_reader_open(
        &source.seal, fd, t->path, &t->signer, t->options->code, err);

    t->pass = pass;
    t->group = INDEX;
    t->next = 0;
    if (status == XG_OK)
        status =
            xg_tar_reader_open(&tar, (struct xg_tar_source){get, &source}, err);
    while (status == XG_OK && more) {
        status = xg_tar_next(tar, &part, &more, err);
        if (status == XG_OK && more && pass == TAKE &&
            strncmp(part.name, "photos/", 7) == 0) {
            status = carry_photos(t, err);
            break;
        }
        if (status == XG_OK && more)
            status = take_part(t, tar, &part, first, err);
        first = false;
    }
    if (status == XG_OK && t->next != t->index.part_count)
        status = xg_fail(err, XG_FORMAT,
                         XG_T("交接文件缺少清单中的内容；什么也没有改动",
                              "parts of its index are missing in the handover "
                              "file; nothing was changed"));
    xg_tar_reader_close(tar);
    xg_seal_reader_close(source.seal);
    return status;
}

/* ---- taking it over ---- */

static void count_lacking(struct taker *t)
{
    for (size_t i = 0; i < t->index.chain_count; i++)
        if (t->covered[i] < t->index.chains[i].next)
            t->done.lacking += t->index.chains[i].next - t->covered[i];
}

static enum xg_status check_space(const struct taker *t, struct xg_error *err)
{
    uint64_t free_bytes, need = PHOTO_RESERVE_BYTES;

    for (size_t i = 0; i < t->index.part_count; i++)
        need += t->index.parts[i].length + t->index.parts[i].length / 512;
    if (xg_os_free_bytes(&free_bytes, t->home->path, err) != XG_OK)
        return err->status;
    if (free_bytes >= need)
        return XG_OK;
    return xg_fail(
        err, XG_FULL,
        XG_T("本机空间不足：需要 %" PRIu64 " MB，只剩 %" PRIu64
             " MB；请删别的文件（巡格的数据和未传的照片别删），再重新签收",
             "no space on this device: %" PRIu64 " MB are needed and "
             "%" PRIu64 " MB are left; make room, then accept "
             "again"),
        (need >> 20) + 1, free_bytes >> 20);
}

/* The second signature, and what was taken, to know it again. */
static enum xg_status append_acceptance(struct taker *t, struct xg_hash *record,
                                        struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_buf took = XG_BUF(HANDOVER_INDEX_MAX + XG_HASH_SIZE);
    char name[HANDOVER_META_SIZE];
    struct captured c;
    struct xg_draft d;

    xg_draft_init(&d, &arena, XG_KIND_HANDOVER);
    enum xg_status status =
        capture_set_text(&d, XG_HANDOVER_ACCEPTED_BY, t->id.worker, err);
    if (status == XG_OK && t->done.lacking > 0)
        status = capture_set_uint(
            &d, XG_HANDOVER_LACKING,
            t->done.lacking < INT32_MAX ? t->done.lacking : INT32_MAX, err);
    if (status == XG_OK)
        status = capture_append(t->s, &c, &t->handover, &d, NULL, err);
    if (status == XG_OK) {
        xg_buf_append(&took, c.record.b, XG_HASH_SIZE);
        xg_buf_append(&took, t->text.data, t->text.len);
        status = xg_buf_check(&took, err);
    }
    handover_meta(name, HANDOVER_TOOK, &t->handover);
    if (status == XG_OK)
        status = store_put_meta(t->s, name, xg_buf_bytes(&took), err);
    if (status == XG_OK)
        *record = c.record;
    xg_buf_clear(&took);
    xg_arena_clear(&arena);
    return status;
}

/* The acceptance alone in a batch: it may leave this device in the answer. */
static enum xg_status take_all(struct taker *t, int fd, struct xg_hash *record,
                               struct xg_error *err)
{
    size_t sealed;

    if (walk(t, fd, PHOTOS, err) != XG_OK ||
        store_ready_author(t->s, NULL, err) != XG_OK ||
        store_seal_waiting(t->s, &sealed, &t->signer, err) != XG_OK)
        return err->status;
    enum xg_status status = store_begin(t->s, err);
    if (status == XG_OK)
        status = walk(t, fd, TAKE, err);
    if (status == XG_OK)
        status = append_acceptance(t, record, err);
    if (status == XG_OK)
        status = store_commit(t->s, err);
    store_rollback(t->s);
    if (status == XG_OK)
        status = store_seal_waiting(t->s, &sealed, &t->signer, err);
    return status;
}

static enum xg_status taken_before(struct taker *t, struct xg_hash *record,
                                   bool *before, struct xg_error *err)
{
    struct xg_buf took = XG_BUF(HANDOVER_INDEX_MAX + XG_HASH_SIZE);
    char name[HANDOVER_META_SIZE];
    bool found;

    handover_meta(name, HANDOVER_TOOK, &t->handover);
    enum xg_status status = store_get_meta(t->s, &took, &found, name, err);
    if (status == XG_OK) {
        *before = found && took.len >= XG_HASH_SIZE;
        if (*before)
            memcpy(record->b, took.data, XG_HASH_SIZE);
    }
    xg_buf_clear(&took);
    return status;
}

static enum xg_status load_earlier(struct taker *t, const struct xg_id *id,
                                   struct xg_error *err)
{
    struct xg_buf took = XG_BUF(HANDOVER_INDEX_MAX + XG_HASH_SIZE);
    struct earlier *e = xg_arena_alloc(&t->arena, sizeof *e);
    char name[HANDOVER_META_SIZE];
    bool found = false;

    if (!e)
        return xg_fail_nomem(err);
    handover_meta(name, HANDOVER_TOOK, id);
    enum xg_status status = store_get_meta(t->s, &took, &found, name, err);
    if (status == XG_OK && found && took.len > XG_HASH_SIZE) {
        status = handover_index_read(
            &e->index, &t->arena,
            xg_bytes(took.data + XG_HASH_SIZE, took.len - XG_HASH_SIZE), err);
        e->next = t->earlier;
        t->earlier = e;
    }
    xg_buf_clear(&took);
    return status;
}

struct elsewhere {
    struct taker *taker;
    struct xg_error *err;
    bool accepted;
};

/* This one, accepted on another device; others, taken on this one. */
static bool look_at_others(void *ctx, const struct handover_info *info)
{
    struct elsewhere *e = ctx;

    if (xg_id_equal(&info->id, &e->taker->handover))
        e->accepted = info->stage == HANDOVER_ACCEPTED;
    else if (info->taken)
        return load_earlier(e->taker, &info->id, e->err) == XG_OK;
    return true;
}

static enum xg_status check_elsewhere(struct taker *t, struct xg_error *err)
{
    struct xg_error inner = XG_ERROR_NONE;
    struct elsewhere e = {.taker = t, .err = &inner};

    if (handover_list(t->home, look_at_others, &e, err) != XG_OK)
        return err->status;
    if (inner.status != XG_OK) {
        *err = inner;
        return err->status;
    }
    if (!e.accepted || t->options->again)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("这份交接已在您的另一台设备上签收；再签收一次，草稿会"
                        "有两份。确要在本机也签收，请加 --again",
                        "this handover was accepted on another device of "
                        "yours; once more, and there are two of each draft. "
                        "If that is what you want, add --again"));
}

/* ---- the answer ---- */

struct notes {
    struct xg_buf *out;
};

static bool put_note(void *ctx, uint64_t number, struct xg_bytes note)
{
    (void)number;
    xg_frame_put(((struct notes *)ctx)->out, note);
    return true;
}

/* "XGA1", the batch with the acceptance, the registrar's notes: frames. */
static enum xg_status write_answer(struct taker *t,
                                   const struct xg_hash *record,
                                   struct xg_error *err)
{
    struct xg_buf out = XG_BUF(64 << 20), note = XG_BUF(XG_NOTE_MAX);
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct notes notes = {&out};
    struct store_batch b, kept;
    bool found;
    enum xg_status status =
        store_receipt_of(t->s, &b, &note, NULL, &found, record, err);

    if (status == XG_OK && !found)
        status = xg_fail(err, XG_NOTFOUND, "the acceptance is in no batch");
    if (status == XG_OK)
        status =
            store_next_kept(t->s, &kept, &frame, NULL, &found, b.row - 1, err);
    xg_buf_text(&out, "XGA1");
    xg_frame_put(&out, xg_buf_bytes(&frame));
    if (status == XG_OK)
        status = store_list_registry(t->s, put_note, &notes, err);
    if (status == XG_OK)
        status = xg_buf_check(&out, err);
    if (status == XG_OK)
        status =
            xg_os_replace(t->options->answer, 0600, xg_buf_bytes(&out), err);
    xg_buf_clear(&out);
    xg_buf_clear(&note);
    xg_buf_clear(&frame);
    return status;
}

/* ---- all of it ---- */

static enum xg_status begin(struct taker *t, int fd, struct xg_error *err)
{
    bool found;
    off_t size = lseek(fd, 0, SEEK_END);

    t->total = size > 0 ? 3 * (uint64_t)size : 1;
    if (store_get_identity(t->s, &t->id, err) != XG_OK ||
        store_get_logs(t->s, &t->logs, err) != XG_OK ||
        store_signer(t->s, &t->signer, NULL, err) != XG_OK)
        return err->status;
    return store_get_checkpoint(t->s, &t->held, NULL, &found, err);
}

static enum xg_status accept_file(struct taker *t, int fd, struct xg_error *err)
{
    struct xg_hash record = {{0}};
    struct store_entity e;
    size_t sealed;

    if (begin(t, fd, err) != XG_OK || walk(t, fd, CHECK, err) != XG_OK)
        return err->status;
    if (!t->found)
        return xg_fail(err, XG_AUTH,
                       XG_T("文件里没有移交人对这份清单的签名；什么也没有改动",
                            "the predecessor's signature under this index is "
                            "not in the file; nothing was changed"));
    count_lacking(t);
    if (taken_before(t, &record, &t->done.before, err) != XG_OK)
        return err->status;
    if (!t->done.before &&
        (check_elsewhere(t, err) != XG_OK || check_space(t, err) != XG_OK ||
         take_all(t, fd, &record, err) != XG_OK))
        return err->status;
    /* A kill may have come between saving and sealing. */
    if (t->done.before &&
        store_seal_waiting(t->s, &sealed, &t->signer, err) != XG_OK)
        return err->status;
    if (t->options->answer && write_answer(t, &record, err) != XG_OK)
        return xg_wrap(err, XG_T("已签收，但回执没有写成",
                                 "it is accepted, but the answer was not "
                                 "written"));
    if (store_load_entity(t->s, &e, NULL, &t->handover, err) != XG_OK)
        return err->status;
    t->done.id = t->handover;
    t->done.counts.cases = t->index.cases;
    t->done.counts.subjects = t->index.subjects;
    memcpy(t->done.number, e.number, sizeof t->done.number);
    memcpy(t->done.from, t->index.from, sizeof t->done.from);
    return XG_OK;
}

static void clear(struct taker *t)
{
    struct xg_buf *bufs[] = {&t->part, &t->receipt, &t->text};

    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) {
        if (bufs[i]->data)
            sodium_memzero(bufs[i]->data, bufs[i]->cap);
        xg_buf_clear(bufs[i]);
    }
    xg_arena_clear(&t->arena);
    xg_arena_clear(&t->batch);
    sodium_memzero(&t->signer, sizeof t->signer);
}

/* It is read twice, which a pipe cannot be: a file without a name then, as
 * encrypted as it came. */
static enum xg_status spool_input(int *fd, const char *home,
                                  struct xg_error *err)
{
    enum { STEP = 64 << 10 };
    char path[HOME_PATH_SIZE];
    enum xg_status status = XG_OK;
    uint8_t *step = malloc(STEP);
    ssize_t n = 1;
    int to = -1;

    if (!step)
        return xg_fail_nomem(err);
    if (home_file(path, home, "input.XXXXXX", err) != XG_OK)
        status = err->status;
    else if ((to = mkstemp(path)) < 0 || unlink(path) != 0)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    while (status == XG_OK && n != 0) {
        n = read(STDIN_FILENO, step, STEP);
        if (n > 0)
            status = xg_os_write_all(to, path, xg_bytes(step, (size_t)n), err);
        else if (n < 0 && errno != EINTR)
            status = xg_fail_os(err, XG_T("无法读取标准输入",
                                          "cannot read standard input"));
    }
    free(step);
    if (status == XG_OK && lseek(to, 0, SEEK_SET) == 0) {
        *fd = to;
        return XG_OK;
    }
    if (to >= 0)
        close(to);
    return status == XG_OK ? xg_fail_os(err, "%s", path) : status;
}

static enum xg_status open_given(int *fd, const char *home, const char *path,
                                 struct xg_error *err)
{
    if (strcmp(path, "-") == 0)
        return spool_input(fd, home, err);
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*fd < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    return XG_OK;
}

enum xg_status handover_accept(struct home *home, struct handover_accepted *out,
                               const char *path,
                               const struct handover_accept_options *options,
                               struct xg_error *err)
{
    struct taker t = {.home = home,
                      .s = home->store,
                      .shelf = {.home = home->path, .vault = home->vault},
                      .options = options,
                      .path = path,
                      .arena = XG_ARENA(HANDOVER_ARENA_MAX),
                      .batch = XG_ARENA(64 << 20),
                      .part = XG_BUF(HANDOVER_INDEX_MAX),
                      .receipt = XG_BUF(HANDOVER_PART_MAX),
                      .text = XG_BUF(HANDOVER_INDEX_MAX)};

    t.keys.arena = &t.arena;
    int fd = -1;
    if (open_given(&fd, home->path, path, err) != XG_OK)
        return err->status;
    enum xg_status status = accept_file(&t, fd, err);
    close(fd);
    if (options->progress.step)
        options->progress.step(options->progress.ctx, 1, 1);
    if (status == XG_OK)
        *out = t.done;
    clear(&t);
    return status;
}
