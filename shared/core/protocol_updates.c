/* protocol_updates.c - pages of updates; see protocol.h. */
#include "shared/core/protocol.h"

#include <inttypes.h>
#include <sodium.h>

#include "shared/core/protocol_text.h"
#include "shared/core/text.h"

enum {
    PAGE_HEAD = 8, /* magic || note length */
    ITEM_PARTS_MAX = 8,
    RECORD_LEAST = 40, /* no record of a body is shorter: it names its chain */
};

static const char magic[4] = {'X', 'G', 'U', '1'};

/* ---- the note ---- */

void xg_updates_put(struct xg_buf *text, const struct xg_updates_note *u)
{
    xg_buf_text(text, "xunge/updates/v1\n");
    xg_put_log(text, u->log);
    xg_buf_format(text, "device %s\nscope %s\n", u->device,
                  *u->scope ? u->scope : "-");
    xg_put_uint(text, "from", u->from);
    xg_put_uint(text, "to", u->to);
    xg_put_uint(text, "end", u->end);
    xg_put_uint(text, "count", u->count);
    if (u->count > 0)
        xg_put_hash(text, "root", &u->root);
    xg_buf_text(text, "body ");
    xg_buf_base64(text, u->body_hash.b, XG_HASH_SIZE);
    xg_buf_format(text, " %" PRIu64 " %" PRIu64 " zlib xunge-1\n", u->body_len,
                  u->raw_len);
}

static void read_body_line(struct xg_lines *l, struct xg_updates_note *u)
{
    struct xg_bytes words = xg_line_words(l, "body");

    if (!xg_word_hash(&words, &u->body_hash) ||
        !xg_word_uint(&words, &u->body_len) ||
        !xg_word_uint(&words, &u->raw_len) ||
        !xg_bytes_equal(words, xg_bytes_of("zlib xunge-1")))
        xg_lines_bad(l, "body");
}

enum xg_status xg_updates_read(struct xg_updates_note *u, struct xg_bytes text,
                               struct xg_error *err)
{
    struct xg_updates_note read = {.from = 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/updates/v1");
    xg_line_log(&l, &read.log);
    xg_line_name(&l, "device", read.device, XG_KEY_NAME_MAX);
    xg_line_name(&l, "scope", read.scope, XG_CODE_MAX);
    if (strcmp(read.scope, "-") == 0)
        read.scope[0] = '\0';
    xg_line_uint(&l, "from", &read.from);
    xg_line_uint(&l, "to", &read.to);
    xg_line_uint(&l, "end", &read.end);
    xg_line_uint(&l, "count", &read.count);
    if (read.count > 0)
        xg_line_hash(&l, "root", &read.root);
    else
        xg_tlog_root(&read.root, NULL, 0);
    read_body_line(&l, &read);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "updates note");
    if (read.from > read.to || read.to > read.end)
        return xg_fail(err, XG_FORMAT, "updates note: from %" PRIu64 " to %"
                       PRIu64 " of %" PRIu64, read.from, read.to, read.end);
    if (read.raw_len > XG_UPDATES_RAW_MAX)
        return xg_fail(err, XG_TOOBIG,
                       "updates note: %" PRIu64 " bytes inflated",
                       read.raw_len);
    if (read.count > read.raw_len / RECORD_LEAST)
        return xg_fail(err, XG_FORMAT,
                       "updates note: %" PRIu64 " records in %" PRIu64
                       " bytes", read.count, read.raw_len);
    *u = read;
    return XG_OK;
}

/* ---- items ---- */

static bool take_hash(struct xg_hash *hash, const struct xg_cbor_item *item)
{
    if (item->type != XG_CBOR_BYTES || item->bytes.len != XG_HASH_SIZE)
        return false;
    memcpy(hash->b, item->bytes.at, XG_HASH_SIZE);
    return true;
}

static bool take_uint(uint64_t *value, const struct xg_cbor_item *item)
{
    *value = item->number;
    return item->type == XG_CBOR_UINT;
}

static bool take_time(int64_t *ms, const struct xg_cbor_item *item)
{
    *ms = item->number > INT64_MAX ? 0 : (int64_t)item->number;
    return item->type == XG_CBOR_UINT && item->number <= INT64_MAX;
}

/* The fields, or in an array of one only their hash: erased. */
static bool take_fields(struct xg_record *r, struct xg_bytes *fields,
                        const struct xg_cbor_item *item)
{
    struct xg_cbor inside;
    struct xg_cbor_item hash;

    if (item->type == XG_CBOR_BYTES) {
        *fields = item->bytes;
        return fields->len > 0;
    }
    if (item->type != XG_CBOR_ARRAY || item->number != 1)
        return false;
    *fields = xg_bytes(NULL, 0);
    inside = xg_cbor_inside(item);
    return xg_cbor_next(&inside, &hash) && take_hash(&r->fields_hash, &hash);
}

/* NULL, or what is wrong. `part` is what follows the item's number. */
static const char *take_record(struct xg_update_reader *r,
                               struct xg_update *u,
                               const struct xg_cbor_item part[])
{
    struct xg_bytes fields;

    if (part[2].type == XG_CBOR_NULL) {
        if (!r->any)
            return "the first record does not say what it follows";
        u->previous = r->last;
    } else if (!take_hash(&u->previous, &part[2])) {
        return "previous is no hash";
    }
    if (!take_hash(&u->chain, &part[0]) || !take_uint(&u->seq, &part[1]) ||
        !take_uint(&u->position, &part[3]) ||
        !take_uint(&u->anchor_size, &part[4]) ||
        part[5].type != XG_CBOR_BYTES || part[5].bytes.len == 0 ||
        !take_fields(&u->record, &fields, &part[6]))
        return "a record is not of its form";
    xg_record_read(&u->record, &u->chain, u->seq, &u->previous, part[5].bytes,
                   fields);
    r->last = u->record.hash;
    r->any = true;
    return NULL;
}

static const char *take_item(struct xg_update_reader *r, struct xg_update *u,
                             uint64_t kind, uint64_t parts,
                             const struct xg_cbor_item part[])
{
    u->kind = (enum xg_update_kind)kind;
    if (kind == XG_UPDATE_RECORD && parts == 7)
        return take_record(r, u, part);
    if (kind == XG_UPDATE_CHAIN && parts == 2) {
        u->device = part[1].bytes;
        if (take_hash(&u->chain, &part[0]) && part[1].type == XG_CBOR_TEXT &&
            part[1].bytes.len <= XG_KEY_NAME_MAX &&
            xg_text_key_name(part[1].bytes))
            return NULL;
    }
    if (kind == XG_UPDATE_OUT && parts == 1 &&
        part[0].type == XG_CBOR_BYTES && part[0].bytes.len == XG_ID_SIZE) {
        memcpy(u->entity.b, part[0].bytes.at, XG_ID_SIZE);
        return NULL;
    }
    if (kind == XG_UPDATE_BRANCH && parts == 4 &&
        take_hash(&u->chain, &part[0]) && take_hash(&u->branch, &part[1]) &&
        take_uint(&u->start, &part[2]) && take_hash(&u->parent, &part[3]))
        return NULL;
    if (kind == XG_UPDATE_PLACE && parts == 2 &&
        take_hash(&u->hash, &part[0]) && take_hash(&u->branch, &part[1]))
        return NULL;
    if (kind == XG_UPDATE_TIME && parts == 2 &&
        take_uint(&u->position, &part[0]) && take_time(&u->time_ms, &part[1]))
        return NULL;
    return "an item is not of a known form";
}

enum xg_status xg_update_next(struct xg_update_reader *r,
                              struct xg_update *out, bool *more,
                              struct xg_error *err)
{
    struct xg_update u = {.kind = XG_UPDATE_RECORD};
    struct xg_cbor_item list, number, part[ITEM_PARTS_MAX];
    size_t size, parts = 0;

    if (r->rest.len == 0) {
        *more = false;
        return XG_OK;
    }
    if (xg_cbor_check(&size, r->rest.at, r->rest.len, err) != XG_OK)
        return xg_wrap(err, "updates");
    struct xg_cbor at = xg_cbor_over(xg_bytes(r->rest.at, size));
    xg_cbor_next(&at, &list);
    if (list.type != XG_CBOR_ARRAY || list.number == 0 ||
        list.number > ITEM_PARTS_MAX)
        return xg_fail(err, XG_FORMAT, "updates: an item is no short array");
    at = xg_cbor_inside(&list);
    xg_cbor_next(&at, &number);
    while (xg_cbor_next(&at, &part[parts]))
        parts++;
    if (number.type != XG_CBOR_UINT || number.number > XG_UPDATE_TIME)
        return xg_fail(err, XG_FORMAT, "updates: an item of an unknown kind");
    const char *wrong = take_item(r, &u, number.number, parts, part);
    if (wrong)
        return xg_fail(err, XG_FORMAT, "updates: %s", wrong);
    r->rest.at += size;
    r->rest.len -= size;
    *out = u;
    *more = true;
    return XG_OK;
}

static void put_hash(struct xg_buf *raw, const struct xg_hash *hash)
{
    xg_cbor_put_bytes(raw, hash->b, sizeof hash->b);
}

static void put_record(struct xg_buf *raw, const struct xg_update *u,
                       bool with_previous)
{
    const struct xg_record *r = &u->record;

    xg_cbor_put_array(raw, 8);
    xg_cbor_put_uint(raw, XG_UPDATE_RECORD);
    put_hash(raw, &u->chain);
    xg_cbor_put_uint(raw, u->seq);
    if (with_previous)
        put_hash(raw, &u->previous);
    else
        xg_cbor_put_null(raw);
    xg_cbor_put_uint(raw, u->position);
    xg_cbor_put_uint(raw, u->anchor_size);
    xg_cbor_put_bytes(raw, r->head_raw.at, r->head_raw.len);
    if (r->fields_raw.len) {
        xg_cbor_put_bytes(raw, r->fields_raw.at, r->fields_raw.len);
    } else {
        xg_cbor_put_array(raw, 1);
        put_hash(raw, &r->fields_hash);
    }
}

void xg_update_put(struct xg_buf *raw, const struct xg_update *u,
                   bool with_previous)
{
    switch (u->kind) {
    case XG_UPDATE_RECORD:
        put_record(raw, u, with_previous);
        return;
    case XG_UPDATE_CHAIN:
        xg_cbor_put_array(raw, 3);
        xg_cbor_put_uint(raw, u->kind);
        put_hash(raw, &u->chain);
        xg_cbor_put_text(raw, (const char *)u->device.at, u->device.len);
        return;
    case XG_UPDATE_OUT:
        xg_cbor_put_array(raw, 2);
        xg_cbor_put_uint(raw, u->kind);
        xg_cbor_put_bytes(raw, u->entity.b, sizeof u->entity.b);
        return;
    case XG_UPDATE_BRANCH:
        xg_cbor_put_array(raw, 5);
        xg_cbor_put_uint(raw, u->kind);
        put_hash(raw, &u->chain);
        put_hash(raw, &u->branch);
        xg_cbor_put_uint(raw, u->start);
        put_hash(raw, &u->parent);
        return;
    case XG_UPDATE_PLACE:
        xg_cbor_put_array(raw, 3);
        xg_cbor_put_uint(raw, u->kind);
        put_hash(raw, &u->hash);
        put_hash(raw, &u->branch);
        return;
    case XG_UPDATE_TIME:
        xg_cbor_put_array(raw, 3);
        xg_cbor_put_uint(raw, u->kind);
        xg_cbor_put_uint(raw, u->position);
        xg_cbor_put_uint(raw, (uint64_t)u->time_ms);
        return;
    }
}

/* ---- whole pages ---- */

/* Every item once, so that later readers can rely on it: forms, number and
 * root of the records, that none lies beyond the page, and no time note beyond
 * the log. */
static enum xg_status check_items(const struct xg_updates_note *u,
                                  struct xg_bytes raw, struct xg_error *err)
{
    struct xg_update_reader reader = {.rest = raw};
    struct xg_update item = {.kind = XG_UPDATE_RECORD};
    struct xg_tree tree;
    struct xg_hash root;
    bool more = true;

    xg_tree_init(&tree);
    while (more) {
        if (xg_update_next(&reader, &item, &more, err) != XG_OK)
            return err->status;
        if (more && item.kind == XG_UPDATE_TIME && item.position >= u->end)
            return xg_fail(err, XG_FORMAT,
                           "updates: a time note of position %" PRIu64
                           " in a log of %" PRIu64, item.position, u->end);
        if (!more || item.kind != XG_UPDATE_RECORD)
            continue;
        if (item.position >= u->to)
            return xg_fail(err, XG_FORMAT,
                           "updates: a record of position %" PRIu64
                           " in a page to %" PRIu64, item.position, u->to);
        xg_tree_append(&tree, &item.record.hash, NULL, NULL);
    }
    xg_tree_root(&root, &tree);
    if (tree.size != u->count || !xg_hash_equal(&root, &u->root))
        return xg_fail(err, XG_FORMAT,
                       "updates: the records are not those of the note");
    return XG_OK;
}

/* Divide into note and body; verify the note. */
static enum xg_status open_note(struct xg_updates_note *u,
                                struct xg_bytes *body, const uint8_t *data,
                                size_t len, const struct xg_verifier *log,
                                struct xg_error *err)
{
    struct xg_note note;

    if (len < PAGE_HEAD || memcmp(data, magic, sizeof magic) != 0)
        return xg_fail(err, XG_FORMAT, "not a page of updates");
    size_t note_len = xg_load_u32(data + 4);
    if (note_len > XG_NOTE_MAX || note_len > len - PAGE_HEAD)
        return xg_fail(err, XG_FORMAT, "the page of updates is cut off");
    if (xg_note_open(&note, data + PAGE_HEAD, note_len, log, err) != XG_OK ||
        xg_updates_read(u, note.text, err) != XG_OK)
        return err->status;
    if (!xg_bytes_equal(u->log, xg_bytes_of(log->name)))
        return xg_fail(err, XG_AUTH, "updates of another log than %s",
                       log->name);
    *body = xg_bytes(data + PAGE_HEAD + note_len, len - PAGE_HEAD - note_len);
    return XG_OK;
}

enum xg_status xg_updates_open(struct xg_updates_note *u, struct xg_bytes *raw,
                               struct xg_arena *arena, const uint8_t *data,
                               size_t len, const struct xg_verifier *log,
                               struct xg_error *err)
{
    struct xg_updates_note read = {.from = 0};
    struct xg_bytes body = {NULL, 0};
    struct xg_hash hash;

    if (open_note(&read, &body, data, len, log, err) != XG_OK)
        return err->status;
    if (read.body_len != body.len)
        return xg_fail(err, XG_FORMAT,
                       "updates: the body is not of the stated length");
    crypto_hash_sha256(hash.b, body.at, body.len);
    if (!xg_hash_equal(&hash, &read.body_hash))
        return xg_fail(err, XG_FORMAT,
                       "updates: the body is not that of the note");

    uint8_t *inflated = xg_arena_alloc(arena, (size_t)read.raw_len + 1);
    if (!inflated)
        return xg_fail_nomem(err);
    struct xg_bytes content = xg_bytes(inflated, (size_t)read.raw_len);
    if (xg_inflate(inflated, content.len, body, true, err) != XG_OK ||
        check_items(&read, content, err) != XG_OK)
        return err->status;
    *u = read;
    *raw = content;
    return XG_OK;
}

enum xg_status xg_updates_seal(struct xg_buf *out, struct xg_updates_note *u,
                               struct xg_bytes raw,
                               const struct xg_signer *log,
                               struct xg_error *err)
{
    struct xg_buf body = XG_BUF(XG_ANSWER_MAX), text = XG_BUF(XG_NOTE_MAX);
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    enum xg_status status;

    if (raw.len > XG_UPDATES_RAW_MAX)
        return xg_fail(err, XG_TOOBIG, "updates: %zu bytes", raw.len);
    status = xg_deflate(&body, raw, true, err);
    if (status == XG_OK) {
        crypto_hash_sha256(u->body_hash.b, body.data, body.len);
        u->body_len = body.len;
        u->raw_len = raw.len;
        xg_updates_put(&text, u);
        status = xg_note_sign_buf(&note, &text, log, err);
    }
    if (status == XG_OK) {
        xg_buf_append(out, magic, sizeof magic);
        xg_buf_u32(out, (uint32_t)note.len);
        xg_buf_append(out, note.data, note.len);
        xg_buf_append(out, body.data, body.len);
        status = xg_buf_check(out, err);
    }
    xg_buf_clear(&body);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    return status;
}
