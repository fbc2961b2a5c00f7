/* batch.c - see batch.h. */
#include "shared/core/batch.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

#include "shared/core/tlog.h"

enum { FRAME_HEAD = 8 };

static const char magic[4] = {'X', 'G', 'B', '1'};
static const char redacted_magic[4] = {'X', 'G', 'R', '1'};

bool xg_batch_is_redacted(const uint8_t *data, size_t len)
{
    return len >= FRAME_HEAD &&
           memcmp(data, redacted_magic, sizeof redacted_magic) == 0;
}

/* "118-142" */
static bool read_range(struct xg_bytes text, uint64_t *first, uint64_t *last)
{
    const uint8_t *dash = memchr(text.at, '-', text.len);

    if (!dash)
        return false;
    struct xg_bytes left = xg_bytes(text.at, (size_t)(dash - text.at));
    struct xg_bytes right =
        xg_bytes(dash + 1, text.len - left.len - 1);
    return xg_word_uint(&left, first) && left.len == 0 &&
           xg_word_uint(&right, last) && right.len == 0 && *first <= *last;
}

static bool word_is(struct xg_bytes *rest, const char *expected)
{
    struct xg_bytes word;
    return xg_word(rest, &word) && xg_bytes_equal(word, xg_bytes_of(expected));
}

/* "<sha-256> <length> <length inflated> zlib <dictionary>" */
static bool read_body_line(struct xg_bytes rest, struct xg_batch_note *n)
{
    struct xg_bytes name;

    if (!xg_word_hash(&rest, &n->body_hash) ||
        !xg_word_uint(&rest, &n->body_len) ||
        !xg_word_uint(&rest, &n->raw_len) || !word_is(&rest, "zlib") ||
        !xg_word(&rest, &name) || rest.len)
        return false;
    n->dictionary = xg_bytes_equal(name, xg_bytes_of("xunge-1"));
    return n->dictionary || xg_bytes_equal(name, xg_bytes_of("none"));
}

enum xg_status xg_batch_note_read(struct xg_batch_note *out,
                                  struct xg_bytes text, struct xg_error *err)
{
    struct xg_batch_note n = {0};
    struct xg_bytes range = {NULL, 0}, body = {NULL, 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/batch/v1");
    xg_line_hash(&l, "chain", &n.chain);
    xg_line_rest(&l, "records", &range);
    xg_line_hash(&l, "previous", &n.previous);
    xg_line_hash(&l, "tree", &n.tree);
    xg_line_rest(&l, "body", &body);
    xg_line_uint(&l, "schema", &n.schema);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "batch note");
    if (!read_range(range, &n.first, &n.last))
        return xg_fail(err, XG_FORMAT, "batch note: bad range of records");
    if (n.last - n.first >= XG_BATCH_RECORDS_MAX)
        return xg_fail(err, XG_TOOBIG, "batch of more than %d records",
                       XG_BATCH_RECORDS_MAX);
    if (!read_body_line(body, &n))
        return xg_fail(err, XG_FORMAT, "batch note: bad body line");
    if (n.first == 0 && !xg_hash_is_zero(&n.previous))
        return xg_fail(err, XG_FORMAT, "batch note: something before record 0");
    if (n.raw_len < 2 * (n.last - n.first + 1))
        return xg_fail(err, XG_FORMAT, "batch note: too short for its records");
    if (n.raw_len > XG_BATCH_RAW_MAX)
        return xg_fail(err, XG_TOOBIG, "batch of %" PRIu64 " bytes inflated",
                       n.raw_len);
    *out = n;
    return XG_OK;
}

enum xg_status xg_batch_peek(struct xg_bytes *note, struct xg_bytes *body,
                             struct xg_bytes *name, const uint8_t *data,
                             size_t len, struct xg_error *err)
{
    struct xg_note parsed;

    if (len > XG_BATCH_MAX)
        return xg_fail(err, XG_TOOBIG, "a batch of %zu bytes", len);
    if (len < FRAME_HEAD || (memcmp(data, magic, sizeof magic) != 0 &&
                             !xg_batch_is_redacted(data, len)))
        return xg_fail(err, XG_FORMAT, "not a batch");
    size_t note_len = xg_load_u32(data + 4);
    if (note_len > XG_NOTE_MAX || note_len > len - FRAME_HEAD)
        return xg_fail(err, XG_FORMAT, "the batch is cut off");
    if (xg_note_parse(&parsed, data + FRAME_HEAD, note_len, err) != XG_OK)
        return err->status;
    if (parsed.count != 1)
        return xg_fail(err, XG_AUTH, "a batch has exactly one signature");
    *note = xg_bytes(data + FRAME_HEAD, note_len);
    *body = xg_bytes(data + FRAME_HEAD + note_len, len - FRAME_HEAD - note_len);
    *name = parsed.signatures[0].name;
    return XG_OK;
}

/* In a redacted body a byte string of this length stands for fields. */
static bool stands_for_fields(struct xg_bytes item)
{
    return item.len == XG_ERASED_FIELDS_SIZE && item.at[0] == 0x58 &&
           item.at[1] == XG_HASH_SIZE;
}

/* One record of the body. */
static void read_one(struct xg_batch *b, struct xg_record *r, uint64_t seq,
                     const struct xg_hash *previous, struct xg_bytes head,
                     struct xg_bytes fields)
{
    if (b->redacted && stands_for_fields(fields)) {
        memcpy(r->fields_hash.b, fields.at + 2, XG_HASH_SIZE);
        fields = xg_bytes(NULL, 0);
        b->missing++;
    }
    xg_record_read(r, &b->says.chain, seq, previous, head, fields);
}

/* Divide the inflated records, hash them along the chain, check the tree. */
static enum xg_status divide(struct xg_batch *b, struct xg_arena *arena,
                             struct xg_bytes raw, struct xg_error *err)
{
    size_t count = (size_t)(b->says.last - b->says.first + 1);
    const uint8_t *at = raw.at, *end = raw.at + raw.len;
    struct xg_hash previous = b->says.previous, root;
    struct xg_record *records =
        xg_arena_array(arena, count, sizeof *records);
    struct xg_hash *leaves = xg_arena_array(arena, count, sizeof *leaves);

    if (!records || !leaves)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        size_t head, fields;
        if (xg_record_skip(&head, at, (size_t)(end - at), err) != XG_OK ||
            xg_record_skip(&fields, at + head, (size_t)(end - at) - head,
                           err) != XG_OK)
            return xg_wrap(err, "record %" PRIu64, b->says.first + i);
        if (head + fields > XG_RECORD_SPLIT_MAX)
            return xg_fail(err, XG_TOOBIG, "record %" PRIu64
                           " has %zu bytes", b->says.first + i, head + fields);
        read_one(b, &records[i], b->says.first + i, &previous,
                 xg_bytes(at, head), xg_bytes(at + head, fields));
        previous = leaves[i] = records[i].hash;
        at += head + fields;
    }
    if (at != end)
        return xg_fail(err, XG_FORMAT, "bytes after the last record");
    xg_tlog_root(&root, leaves, count);
    if (!xg_hash_equal(&root, &b->says.tree))
        return xg_fail(err, XG_FORMAT, "the records are not those of the note");
    if (b->redacted && !b->missing)
        return xg_fail(err, XG_FORMAT, "a redacted batch that lacks nothing");
    b->count = count;
    b->records = records;
    return XG_OK;
}

/* Record 0 makes the chain this device's own. */
static enum xg_status check_genesis(const struct xg_record *r,
                                    const struct xg_hash *chain,
                                    const struct xg_verifier *device,
                                    struct xg_error *err)
{
    struct xg_cbor_item key;

    if (!xg_hash_equal(&r->hash, chain))
        return xg_fail(err, XG_FORMAT, "record 0 is not that of the chain");
    if (r->fields_raw.len == 0)
        return xg_fail(err, XG_FORMAT, "a genesis cannot be redacted");
    if (r->malformed)
        return xg_fail(err, XG_FORMAT, "genesis: %s", r->malformed);
    if (!xg_record_field(r, XG_GENESIS_KEY, &key) ||
        memcmp(key.bytes.at, device->key, XG_PUBLIC_KEY_SIZE) != 0)
        return xg_fail(err, XG_AUTH, "the genesis names another key");
    return XG_OK;
}

/* The body as its note states it. */
static enum xg_status check_body(const struct xg_batch *b, struct xg_error *err)
{
    struct xg_hash hash;

    if (b->says.body_len != b->body.len)
        return xg_fail(err, XG_FORMAT, "the body is not of the stated length");
    crypto_hash_sha256(hash.b, b->body.at, b->body.len);
    if (!xg_hash_equal(&hash, &b->says.body_hash))
        return xg_fail(err, XG_FORMAT, "the body is not that of the note");
    return XG_OK;
}

/* The inflated body. Of a redacted one no length is stated. */
static enum xg_status inflate_body(const struct xg_batch *b,
                                   struct xg_arena *arena, struct xg_bytes *raw,
                                   struct xg_error *err)
{
    size_t room = (size_t)b->says.raw_len, len = room;
    uint8_t *at;

    if (b->redacted)
        room += XG_ERASED_FIELDS_SIZE *
                (size_t)(b->says.last - b->says.first + 1);
    at = xg_arena_alloc(arena, room + 1);
    if (!at)
        return xg_fail_nomem(err);
    if (b->redacted ? xg_inflate_upto(at, &len, room, b->body,
                                      b->says.dictionary, err) != XG_OK
                    : xg_inflate(at, len, b->body, b->says.dictionary, err) !=
                          XG_OK)
        return err->status;
    *raw = xg_bytes(at, len);
    return XG_OK;
}

static enum xg_status open_batch(struct xg_batch *batch, struct xg_arena *arena,
                                 const uint8_t *data, size_t len,
                                 const struct xg_verifier *device,
                                 struct xg_error *err)
{
    struct xg_batch b = {.redacted = xg_batch_is_redacted(data, len)};
    struct xg_bytes name, raw = {NULL, 0};
    struct xg_note note;

    if (xg_batch_peek(&b.note, &b.body, &name, data, len, err) != XG_OK ||
        (device ? xg_note_open(&note, b.note.at, b.note.len, device, err)
                : xg_note_parse(&note, b.note.at, b.note.len, err)) != XG_OK ||
        xg_batch_note_read(&b.says, note.text, err) != XG_OK)
        return err->status;
    if (!b.redacted && check_body(&b, err) != XG_OK)
        return err->status;
    crypto_hash_sha256(b.id.b, note.text.at, note.text.len);
    if (inflate_body(&b, arena, &raw, err) != XG_OK ||
        divide(&b, arena, raw, err) != XG_OK)
        return err->status;
    if (device && b.says.first == 0 &&
        check_genesis(&b.records[0], &b.says.chain, device, err) != XG_OK)
        return err->status;
    *batch = b;
    return XG_OK;
}

enum xg_status xg_batch_open(struct xg_batch *batch, struct xg_arena *arena,
                             const uint8_t *data, size_t len,
                             const struct xg_verifier *device,
                             struct xg_error *err)
{
    return open_batch(batch, arena, data, len, device, err);
}

enum xg_status xg_batch_reopen(struct xg_batch *batch, struct xg_arena *arena,
                               const uint8_t *data, size_t len,
                               struct xg_error *err)
{
    return open_batch(batch, arena, data, len, NULL, err);
}

enum xg_status xg_batch_id(struct xg_hash *id, struct xg_bytes note,
                           struct xg_error *err)
{
    struct xg_note parsed;

    if (xg_note_parse(&parsed, note.at, note.len, err) != XG_OK)
        return err->status;
    crypto_hash_sha256(id->b, parsed.text.at, parsed.text.len);
    return XG_OK;
}

static void put_note_text(struct xg_buf *text, const struct xg_batch_note *n)
{
    xg_buf_text(text, "xunge/batch/v1\nchain ");
    xg_buf_base64(text, n->chain.b, XG_HASH_SIZE);
    xg_buf_format(text, "\nrecords %" PRIu64 "-%" PRIu64 "\nprevious ",
                  n->first, n->last);
    xg_buf_base64(text, n->previous.b, XG_HASH_SIZE);
    xg_buf_text(text, "\ntree ");
    xg_buf_base64(text, n->tree.b, XG_HASH_SIZE);
    xg_buf_text(text, "\nbody ");
    xg_buf_base64(text, n->body_hash.b, XG_HASH_SIZE);
    xg_buf_format(text, " %" PRIu64 " %" PRIu64 " zlib %s\nschema %" PRIu64
                  "\n", n->body_len, n->raw_len,
                  n->dictionary ? "xunge-1" : "none", n->schema);
}

enum xg_status xg_batch_seal(struct xg_buf *note, struct xg_buf *body,
                             const struct xg_hash *chain, uint64_t first,
                             const struct xg_hash *previous,
                             const struct xg_sealable *records, size_t count,
                             const struct xg_signer *device,
                             bool with_dictionary, struct xg_error *err)
{
    struct xg_batch_note n = {.chain = *chain, .previous = *previous,
                              .first = first, .last = first + count - 1,
                              .dictionary = with_dictionary,
                              .schema = XG_SCHEMA_VERSION};
    struct xg_buf raw = XG_BUF(XG_BATCH_RAW_MAX), text = XG_BUF(XG_NOTE_MAX);
    struct xg_hash *leaves = malloc(count * sizeof *leaves);
    enum xg_status status = XG_OK;

    if (!leaves)
        status = xg_fail_nomem(err);
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        leaves[i] = records[i].hash;
        xg_buf_append(&raw, records[i].head.at, records[i].head.len);
        xg_buf_append(&raw, records[i].fields.at, records[i].fields.len);
    }
    if (status == XG_OK)
        status = xg_buf_check(&raw, err);
    if (status == XG_OK)
        status = xg_deflate(body, xg_buf_bytes(&raw), with_dictionary, err);
    if (status == XG_OK) {
        xg_tlog_root(&n.tree, leaves, count);
        crypto_hash_sha256(n.body_hash.b, body->data, body->len);
        n.body_len = body->len;
        n.raw_len = raw.len;
        put_note_text(&text, &n);
        status = xg_note_sign_buf(note, &text, device, err);
    }
    sodium_memzero(raw.data, raw.len);
    xg_buf_clear(&raw);
    xg_buf_clear(&text);
    free(leaves);
    return status;
}

static void put_frame(struct xg_buf *out, const char *kind,
                      struct xg_bytes note, struct xg_bytes body)
{
    xg_buf_append(out, kind, sizeof magic);
    xg_buf_u32(out, (uint32_t)note.len);
    xg_buf_append(out, note.at, note.len);
    xg_buf_append(out, body.at, body.len);
}

void xg_batch_frame(struct xg_buf *out, struct xg_bytes note,
                    struct xg_bytes body)
{
    put_frame(out, magic, note, body);
}

void xg_batch_frame_redacted(struct xg_buf *out, struct xg_bytes note,
                             struct xg_bytes body)
{
    put_frame(out, redacted_magic, note, body);
}

enum xg_status xg_batch_frame_kept(struct xg_buf *out, struct xg_bytes note,
                                   struct xg_bytes body, struct xg_error *err)
{
    struct xg_batch_note says;
    struct xg_note parsed;
    struct xg_hash hash;

    if (xg_note_parse(&parsed, note.at, note.len, err) != XG_OK ||
        xg_batch_note_read(&says, parsed.text, err) != XG_OK)
        return err->status;
    crypto_hash_sha256(hash.b, body.at, body.len);
    if (xg_hash_equal(&hash, &says.body_hash))
        xg_batch_frame(out, note, body);
    else
        xg_batch_frame_redacted(out, note, body);
    return xg_buf_check(out, err);
}

enum xg_status
xg_batch_redact(struct xg_buf *body, const struct xg_batch *batch,
                bool (*goes)(void *ctx, const struct xg_record *record),
                void *ctx, struct xg_error *err)
{
    struct xg_buf raw = XG_BUF(2 * XG_BATCH_RAW_MAX);
    enum xg_status status;

    for (size_t i = 0; i < batch->count; i++) {
        const struct xg_record *r = &batch->records[i];
        xg_buf_append(&raw, r->head_raw.at, r->head_raw.len);
        if (r->fields_raw.len == 0 || stands_for_fields(r->fields_raw) ||
            goes(ctx, r))
            xg_cbor_put_bytes(&raw, r->fields_hash.b, XG_HASH_SIZE);
        else
            xg_buf_append(&raw, r->fields_raw.at, r->fields_raw.len);
    }
    status = xg_buf_check(&raw, err);
    if (status == XG_OK)
        status = xg_deflate(body, xg_buf_bytes(&raw), batch->says.dictionary,
                            err);
    if (raw.data)
        sodium_memzero(raw.data, raw.len);
    xg_buf_clear(&raw);
    return status;
}
