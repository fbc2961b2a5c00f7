/* batch.c - a batch whose author is a known device and means harm. The first
 * byte says what the fuzzer gives: records (the harness seals them), a body (it
 * writes the note), or note and body (it only signs); or records again, of
 * which some were erased on the way. */
#include "tests/fuzz/fuzz_key.h"

#include <inttypes.h>
#include <sodium.h>

#include "shared/core/batch.h"

enum {
    RECORDS = 0,
    BODY = 1,
    NOTE = 2,
    ERASED = 3,
    REDACTED_NOTE = 4,
    SEALABLE_MAX = 64,
};

static const struct xg_hash chain = {{9}}, before = {{8}};

/* The raw records of `data`, hashed in their places from 1 on. */
static size_t divide(struct xg_sealable *out, struct xg_bytes data)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash previous = before;
    size_t count = 0, head, fields;
    struct xg_record r;

    while (count < SEALABLE_MAX &&
           xg_record_skip(&head, data.at, data.len, &err) == XG_OK &&
           xg_record_skip(&fields, data.at + head, data.len - head, &err) ==
               XG_OK) {
        xg_record_read(&r, &chain, count + 1, &previous,
                       xg_bytes(data.at, head),
                       xg_bytes(data.at + head, fields));
        out[count++] = (struct xg_sealable){r.head_raw, r.fields_raw, r.hash};
        previous = r.hash;
        data = xg_bytes(data.at + head + fields, data.len - head - fields);
    }
    return count;
}

/* What every sound batch is. */
static enum xg_status open_it(struct xg_batch *b, struct xg_arena *arena,
                              const struct xg_buf *framed)
{
    struct xg_error err = XG_ERROR_NONE;
    enum xg_status status = xg_batch_open(b, arena, framed->data, framed->len,
                                          &fuzz_key()->verifier, &err);

    if (status != XG_OK)
        return status;
    FUZZ_MUST(b->count == b->says.last - b->says.first + 1);
    for (size_t i = 0; i < b->count; i++) {
        struct xg_field_cursor c;
        struct xg_cbor_item value;
        uint64_t number;
        if (b->records[i].malformed)
            continue;
        c = xg_record_fields(&b->records[i]);
        while (xg_field_next(&c, &number, &value))
            FUZZ_MUST(value.raw.len > 0);
    }
    return XG_OK;
}

static void of_records(struct xg_buf *framed, struct xg_arena *arena,
                       struct xg_bytes data)
{
    static struct xg_sealable records[SEALABLE_MAX];
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(XG_DEFLATE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    size_t count = divide(records, data);
    bool plain = true;
    struct xg_batch b;

    for (size_t i = 0; i < count; i++)
        plain = plain && records[i].head.len + records[i].fields.len <=
                             XG_RECORD_SPLIT_MAX;
    if (count && xg_batch_seal(&note, &body, &chain, 1, &before, records, count,
                               fuzz_key(), data.len % 2, &err) == XG_OK) {
        xg_batch_frame(framed, xg_buf_bytes(&note), xg_buf_bytes(&body));
        FUZZ_MUST((open_it(&b, arena, framed) == XG_OK) == plain);
        for (size_t i = 0; plain && i < count; i++)
            FUZZ_MUST(xg_hash_equal(&b.records[i].hash, &records[i].hash));
    }
    xg_buf_clear(&note);
    xg_buf_clear(&body);
}

static bool every_other(void *ctx, const struct xg_record *r)
{
    (void)ctx;
    return r->hash.b[0] % 2;
}

/* What was opened, redacted and opened again has the same hashes. */
static void of_erased(struct xg_buf *framed, struct xg_arena *arena,
                      struct xg_bytes data)
{
    struct xg_buf body = XG_BUF(XG_DEFLATE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_batch b, again;
    size_t missing = 0;

    of_records(framed, arena, data);
    if (framed->len == 0 || open_it(&b, arena, framed) != XG_OK)
        return;
    struct xg_bytes note = xg_bytes(xg_arena_copy(arena, b.note.at, b.note.len),
                                    b.note.len);
    for (size_t i = 0; i < b.count; i++)
        missing += every_other(NULL, &b.records[i]);
    if (note.at && xg_batch_redact(&body, &b, every_other, NULL, &err) == XG_OK) {
        xg_buf_reset(framed);
        xg_batch_frame_redacted(framed, note, xg_buf_bytes(&body));
        if (open_it(&again, arena, framed) == XG_OK) {
            FUZZ_MUST(again.redacted && again.missing >= missing);
            for (size_t i = 0; i < b.count; i++)
                FUZZ_MUST(xg_hash_equal(&again.records[i].hash,
                                        &b.records[i].hash));
        } else {
            /* nothing of it was erased: refused */
            FUZZ_MUST(missing == 0);
        }
    }
    xg_buf_clear(&body);
}

static void sign(struct xg_buf *framed, bool redacted, struct xg_bytes text,
                 struct xg_bytes body)
{
    struct xg_buf note = XG_BUF(2 * XG_NOTE_MAX);

    xg_note_sign(&note, text, fuzz_key());
    if (note.failed == XG_OK && redacted)
        xg_batch_frame_redacted(framed, xg_buf_bytes(&note), body);
    else if (note.failed == XG_OK)
        xg_batch_frame(framed, xg_buf_bytes(&note), body);
    xg_buf_clear(&note);
}

/* u16be: bytes inflated; u8: records; the stream. */
static void of_body(struct xg_buf *framed, struct xg_bytes data)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct xg_hash hash;

    if (data.len < 3)
        return;
    struct xg_bytes body = xg_bytes(data.at + 3, data.len - 3);
    crypto_hash_sha256(hash.b, body.at, body.len);
    xg_buf_text(&text, "xunge/batch/v1\nchain ");
    xg_buf_base64(&text, chain.b, sizeof chain.b);
    xg_buf_format(&text, "\nrecords 1-%u\nprevious ", data.at[2] + 1U);
    xg_buf_base64(&text, before.b, sizeof before.b);
    xg_buf_text(&text, "\ntree ");
    xg_buf_base64(&text, before.b, sizeof before.b);
    xg_buf_text(&text, "\nbody ");
    xg_buf_base64(&text, hash.b, sizeof hash.b);
    xg_buf_format(&text, " %zu %u zlib xunge-1\nschema 1\n", body.len,
                  (unsigned)xg_load_u16(data.at));
    sign(framed, false, xg_buf_bytes(&text), body);
    xg_buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_buf framed = XG_BUF(4 << 20);
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_bytes text, body;
    struct xg_batch b;

    fuzz_key();
    if (size < 1)
        return 0;
    struct xg_bytes rest = xg_bytes(data + 1, size - 1);
    if (data[0] == RECORDS)
        of_records(&framed, &arena, rest);
    else if (data[0] == BODY)
        of_body(&framed, rest);
    else if (data[0] == ERASED)
        of_erased(&framed, &arena, rest);
    else if ((data[0] == NOTE || data[0] == REDACTED_NOTE) &&
             fuzz_cut_text(&text, &body, rest))
        sign(&framed, data[0] == REDACTED_NOTE, text, body);
    else if (data[0] > REDACTED_NOTE)
        xg_buf_append(&framed, rest.at, rest.len);
    if (data[0] != RECORDS && data[0] != ERASED && framed.len > 0)
        xg_ignore(open_it(&b, &arena, &framed));
    xg_buf_clear(&framed);
    xg_arena_clear(&arena);
    return 0;
}
