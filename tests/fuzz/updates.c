/* updates.c - a page of updates by a server that means harm, or is not sound:
 * what is opened can be read to its end. The first byte says what the fuzzer
 * gives: items (the harness counts, deflates, signs), a body (it writes the
 * note), or note and body (it signs). */
#include "tests/fuzz/fuzz_key.h"
#include "tests/fuzz/fuzz_updates.h"

#include <sodium.h>

enum { ITEMS = 0, BODY = 1, NOTE = 2 };

static void open_it(const struct xg_buf *page)
{
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_updates_note u;
    struct xg_update item;
    struct xg_bytes raw;
    bool more = true;
    uint64_t records = 0;

    if (xg_updates_open(&u, &raw, &arena, page->data, page->len,
                        &fuzz_key()->verifier, &err) == XG_OK) {
        struct xg_update_reader r = {.rest = raw};
        while (more) {
            FUZZ_MUST(xg_update_next(&r, &item, &more, &err) == XG_OK);
            if (!more)
                break;
            records += item.kind == XG_UPDATE_RECORD;
            FUZZ_MUST(item.kind != XG_UPDATE_RECORD || item.position < u.to);
            FUZZ_MUST(item.kind != XG_UPDATE_TIME ||
                      (item.position < u.end && item.time_ms >= 0));
        }
        FUZZ_MUST(records == u.count && u.from <= u.to && u.to <= u.end);
    }
    xg_arena_clear(&arena);
}

/* `stream` in the place of what the note's body would be. */
static void put_page(struct xg_buf *page, struct xg_updates_note *u,
                     struct xg_bytes stream)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX);

    u->body_len = stream.len;
    crypto_hash_sha256(u->body_hash.b, stream.at, stream.len);
    xg_updates_put(&text, u);
    xg_note_sign(&note, xg_buf_bytes(&text), fuzz_key());
    xg_buf_text(page, "XGU1");
    xg_frame_put(page, xg_buf_bytes(&note));
    xg_buf_append(page, stream.at, stream.len);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

static struct xg_updates_note a_note(void)
{
    struct xg_updates_note u = {.log = xg_bytes_of(fuzz_key()->verifier.name),
                                .device = "fuzz.example/d/0417",
                                .scope = "north",
                                .from = 0,
                                .to = UINT64_C(1) << 62,
                                .end = UINT64_C(1) << 62};
    return u;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_buf page = XG_BUF(4 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_updates_note u = a_note();
    struct xg_bytes text, body;

    if (size < 3)
        return 0;
    struct xg_bytes rest = xg_bytes(data + 1, size - 1);
    if (data[0] == ITEMS) {
        fuzz_count_records(&u, rest);
        if (xg_updates_seal(&page, &u, rest, fuzz_key(), &err) != XG_OK)
            page.len = 0;
    } else if (data[0] == BODY) {
        u.raw_len = xg_load_u16(rest.at);
        put_page(&page, &u, xg_bytes(rest.at + 2, rest.len - 2));
    } else if (data[0] == NOTE && fuzz_cut_text(&text, &body, rest)) {
        struct xg_buf note = XG_BUF(2 * XG_NOTE_MAX);
        xg_note_sign(&note, text, fuzz_key());
        xg_buf_text(&page, "XGU1");
        xg_frame_put(&page, xg_buf_bytes(&note));
        xg_buf_append(&page, body.at, body.len);
        xg_buf_clear(&note);
    }
    if (page.len > 0)
        open_it(&page);
    xg_buf_clear(&page);
    return 0;
}
