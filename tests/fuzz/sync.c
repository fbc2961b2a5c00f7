/* sync.c - a device that syncs with a server whose signed words the fuzzer
 * edits: the log's key signs whatever they become. The device may refuse, raise
 * the alarm, or take what is sound; it loses nothing of its own, and what it
 * holds of the log is what its key signed. Afterwards the server is honest: what
 * is left then is taken up, else the next run has another device.
 *
 * An edit is four bytes and a text of `len` bytes:
 *
 *      u8 path      hello, batches, references, updates (in four)
 *      u8 frame     which one of the answer; of a page of updates an odd one
 *                   means its items, which the page then counts and seals
 *      u8 line      of the frame's text, where it is a note; else a byte; of
 *                   items, in sixteens
 *      u8 op, len   low two bits: replace, insert, remove, replace a word;
 *                   the rest is len */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz_memory.h"
#include "tests/fuzz/fuzz_updates.h"

#include <string.h>

#include "shared/core/text.h"
#include "tests/lib/sync_rig.h"

enum { EDIT_HEAD = 4, RUNS_MAX = 24 };

static struct rig *rig;
static struct xg_arena others; /* what another device recorded */
static struct test_device *other;
static unsigned runs;

struct edit {
    uint8_t path, frame, line, op;
    struct xg_bytes text;
};

static void leave(void)
{
    void *state = rig;

    if (rig)
        rig_tear_down(&state);
    rig = NULL;
    test_device_free(other);
    other = NULL;
    xg_arena_clear(&others);
}

/* Every page of updates has two records of it. */
static void offer_records(void)
{
    static const struct xg_hash zero;

    others = XG_ARENA(1 << 20);
    other = test_device_new(&others, &rig->world, FAKE_ORIGIN "/d/0777",
                            FAKE_ORIGIN, rig->server->code.registrar);
    struct xg_update u = {.kind = XG_UPDATE_CHAIN,
                          .chain = other->chain,
                          .device = xg_bytes_of(other->signer.verifier.name)};
    fake_server_offer(rig->server, &u, false);
    test_incident(other, "road/hole");
    for (size_t i = 0; i < other->count; i++) {
        u = (struct xg_update){.kind = XG_UPDATE_RECORD,
                               .chain = other->chain,
                               .seq = i,
                               .position = 1,
                               .previous = i ? other->records[i - 1]->hash
                                             : zero,
                               .record = *other->records[i]};
        fake_server_offer(rig->server, &u, true);
    }
    rig->server->served_from = UINT64_MAX;
}

static void begin(void)
{
    struct xg_error err = XG_ERROR_NONE;
    void *state;

    leave();
    rig_set_up(&state);
    rig = state;
    rig->server->ctx = rig;
    fake_server_refer(rig->server, "catalogue", "2026", "code,name\nlamp,灯\n");
    FUZZ_MUST(rig_enrol(rig, &err) == XG_OK);
    offer_records();
    rig_report(rig, "a hole");
    runs = 0;
}

static bool next_edit(struct edit *e, struct xg_bytes *rest)
{
    if (rest->len < EDIT_HEAD)
        return false;
    size_t len = rest->at[3] >> 2;
    if (len > rest->len - EDIT_HEAD)
        len = rest->len - EDIT_HEAD;
    *e = (struct edit){rest->at[0] % 4, rest->at[1], rest->at[2],
                       rest->at[3] & 3, xg_bytes(rest->at + EDIT_HEAD, len)};
    *rest = xg_bytes(rest->at + EDIT_HEAD + len, rest->len - EDIT_HEAD - len);
    return true;
}

/* The line with the edit: its last word is what most edits are about. */
static void put_line(struct xg_buf *out, const struct edit *e,
                     struct xg_bytes line)
{
    if (e->op == 0 || e->op == 1) {
        xg_buf_append(out, e->text.at, e->text.len);
        xg_buf_byte(out, '\n');
    }
    if (e->op == 3) {
        while (line.len > 0 && line.at[line.len - 1] != ' ')
            line.len--;
        xg_buf_append(out, line.at, line.len);
        xg_buf_append(out, e->text.at, e->text.len);
        xg_buf_byte(out, '\n');
    }
    if (e->op == 1) {
        xg_buf_append(out, line.at, line.len);
        xg_buf_byte(out, '\n');
    }
}

/* A page whose items were edited, counted and sealed. False: it is none. */
static bool put_items(struct xg_buf *out, const struct edit *e,
                      struct xg_bytes page)
{
    struct xg_arena arena = XG_ARENA(4 << 20);
    struct xg_buf items = XG_BUF(1 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_updates_note u;
    struct xg_bytes raw;
    size_t at = (size_t)e->line * 16;

    bool is_page = xg_updates_open(&u, &raw, &arena, page.at, page.len,
                                   &rig->server->log.verifier, &err) == XG_OK;
    if (is_page) {
        if (at > raw.len || e->op == 3)
            at = raw.len;
        size_t gone = e->op == 0 || e->op == 2 ? e->text.len : 0;
        if (gone > raw.len - at)
            gone = raw.len - at;
        xg_buf_append(&items, raw.at, at);
        if (e->op != 2)
            xg_buf_append(&items, e->text.at, e->text.len);
        xg_buf_append(&items, raw.at + at + gone, raw.len - at - gone);
        fuzz_count_records(&u, xg_buf_bytes(&items));
        is_page = xg_updates_seal(out, &u, xg_buf_bytes(&items),
                                  &rig->server->log, &err) == XG_OK;
    }
    xg_buf_clear(&items);
    xg_arena_clear(&arena);
    return is_page;
}

static bool is_page(struct xg_bytes frame)
{
    return frame.len >= 4 && memcmp(frame.at, "XGU1", 4) == 0;
}

/* A note, edited and signed again; anything else with one byte changed. */
static void put_frame(struct xg_buf *out, const struct edit *e,
                      struct xg_bytes frame)
{
    static struct xg_note note;
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), whole = XG_BUF(2 * XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes line, rest;

    if (is_page(frame) && put_items(&whole, e, frame)) {
        xg_frame_put(out, xg_buf_bytes(&whole));
        xg_buf_clear(&whole);
        return;
    }
    xg_buf_reset(&whole);
    if (xg_note_parse(&note, frame.at, frame.len, &err) == XG_OK) {
        rest = note.text;
        for (unsigned i = 0; xg_line(&rest, &line); i++)
            if (i == e->line) {
                put_line(&text, e, line);
            } else {
                xg_buf_append(&text, line.at, line.len);
                xg_buf_byte(&text, '\n');
            }
    }
    if (text.len > 0 && xg_text_allowed(xg_buf_bytes(&text))) {
        xg_note_sign(&whole, xg_buf_bytes(&text), &rig->server->log);
    } else {
        xg_buf_append(&whole, frame.at, frame.len);
        for (size_t i = 0; i < e->text.len && e->line + i < whole.len; i++)
            whole.data[e->line + i] = e->text.at[i];
    }
    xg_frame_put(out, xg_buf_bytes(&whole));
    xg_buf_clear(&text);
    xg_buf_clear(&whole);
}

static void apply(struct xg_buf *body, const struct edit *e)
{
    struct xg_buf out = XG_BUF(XG_ANSWER_MAX);
    struct xg_bytes rest = xg_buf_bytes(body), frame;

    if (is_page(rest) && e->frame % 2 && put_items(&out, e, rest)) {
        rest.len = 0;
    } else if (is_page(rest)) {
        xg_buf_reset(&out);
        xg_buf_append(&out, rest.at, 4);
        rest = xg_bytes(rest.at + 4, rest.len - 4);
        if (xg_frame_next(&rest, &frame))
            put_frame(&out, e, frame);
    } else {
        for (unsigned i = 0; xg_frame_next(&rest, &frame); i++)
            if (i == e->frame)
                put_frame(&out, e, frame);
            else
                xg_frame_put(&out, frame);
    }
    xg_buf_append(&out, rest.at, rest.len);
    xg_buf_reset(body);
    xg_buf_append(body, out.data, out.len);
    xg_buf_clear(&out);
}

static struct xg_bytes edits;

static enum xg_status after(void *ctx, const struct transport_request *q,
                            struct transport_answer *a)
{
    static const char *const paths[] = {"/v1/hello", "/v1/batches",
                                        "/v1/references", "/v1/updates"};
    struct xg_bytes rest = edits;
    struct edit e;

    (void)ctx;
    while (next_edit(&e, &rest))
        if (strncmp(q->path, paths[e.path], strlen(paths[e.path])) == 0)
            apply(&a->body, &e);
    return XG_OK;
}

static void count_own(uint64_t *all, uint64_t *received)
{
    struct store_counts now = rig_counts(rig);

    *all = 0;
    for (int i = 0; i < STORE_DELIVERIES; i++)
        *all += now.records[i];
    *received = now.records[STORE_RECEIVED];
}

/* What is left is taken up by an honest server. False: not of this device any
 * more, which holds what that server never signed. */
static bool recovers(void)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t all, received;

    count_own(&all, &received);
    if (all == received)
        return true;
    if (rig_sync(rig, &err) != XG_OK)
        return false;
    count_own(&all, &received);
    return all == received;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool first = true;
    struct xg_error err = XG_ERROR_NONE;

    if (first) {
        FUZZ_MUST(xg_base_init() == 0);
        fuzz_memory();
        atexit(leave);
    }
    first = false;
    if (!rig || ++runs > RUNS_MAX || rig_has_file(rig, "alarm"))
        begin();
    uint64_t own, still, received;
    count_own(&own, &received);
    edits = xg_bytes(data, size);
    rig->server->after = after;
    rig->server->no_news = runs % 2;
    rig->options.give_up_ms = 1;
    rig_report(rig, "another one");
    xg_ignore(rig_sync(rig, &err));
    rig->server->after = NULL;
    count_own(&still, &received);
    FUZZ_MUST(still == own + 1);
    FUZZ_MUST(rig_held(rig).size <= rig->server->size);
    if (!recovers())
        leave();
    return 0;
}
