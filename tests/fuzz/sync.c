/* sync.c - a device that syncs with a server whose signed words the fuzzer
 * edits: the log's key signs whatever they become. The device may refuse, raise
 * the alarm, or take what is sound; it loses nothing of its own, and what it
 * holds of the log is what its key signed.
 *
 * An edit is four bytes and a text of `len` bytes:
 *
 *      u8 path      hello, batches, references, updates (in four)
 *      u8 frame     which one of the answer
 *      u8 line      of the frame's text, where it is a note; else a byte
 *      u8 op, len   low two bits: replace, insert, remove, replace a word;
 *                   the rest is len */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shared/core/text.h"
#include "tests/lib/sync_rig.h"

enum { EDIT_HEAD = 4, RUNS_MAX = 300 };

static struct rig *rig;
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

/* A note, edited and signed again; anything else with one byte changed. */
static void put_frame(struct xg_buf *out, const struct edit *e,
                      struct xg_bytes frame)
{
    static struct xg_note note;
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), whole = XG_BUF(2 * XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes line, rest;

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

    if (rest.len >= 4 && memcmp(rest.at, "XGU1", 4) == 0) {
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool first = true;
    struct xg_error err = XG_ERROR_NONE;

    if (first) {
        FUZZ_MUST(xg_base_init() == 0);
        atexit(leave);
    }
    first = false;
    if (!rig || ++runs > RUNS_MAX || rig_has_file(rig, "alarm"))
        begin();
    struct store_counts before = rig_counts(rig);
    uint64_t own = 0, still = 0;
    edits = xg_bytes(data, size);
    rig->server->after = after;
    rig->options.give_up_ms = 1;
    rig_report(rig, "another one");
    xg_ignore(rig_sync(rig, &err));
    rig->server->after = NULL;
    struct store_counts now = rig_counts(rig);
    for (int i = 0; i < STORE_DELIVERIES; i++) {
        own += before.records[i];
        still += now.records[i];
    }
    FUZZ_MUST(still == own + 1);
    FUZZ_MUST(rig_held(rig).size <= rig->server->size);
    return 0;
}
