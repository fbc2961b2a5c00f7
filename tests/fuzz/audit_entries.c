/* audit_entries.c - a log whose every entry is of somebody's making, signed by
 * keys that count, walked to its end under a checkpoint that holds.
 *
 * The input is a run of entries: a byte (0 the log signs, 1 the registrar, 2 the
 * device "fuzz/d/0000", 3 nobody: the entry as it is), u16be length, the text;
 * after a device's, u16be length and the body of the batch.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shared/audit/audit.h"
#include "shared/base/env.h"

enum { ENTRIES_MAX = 64, TEXT_ROOM = 1 << 20 };

struct log {
    struct xg_signer keys[3];
    struct xg_buf bytes; /* what the notes and bodies lie in */
    size_t count, at[ENTRIES_MAX], body_at[ENTRIES_MAX];
    struct xg_bytes notes[ENTRIES_MAX], bodies[ENTRIES_MAX];
    struct xg_buf frame;
};

static enum xg_status checkpoint(void *ctx, struct xg_buf *note,
                                 struct xg_error *err)
{
    struct log *l = ctx;
    struct xg_checkpoint c = {.origin = "fuzz", .size = l->count};
    struct xg_hash leaves[ENTRIES_MAX];
    struct xg_buf text = XG_BUF(4096);

    for (size_t i = 0; i < l->count; i++)
        xg_tlog_leaf(&leaves[i], l->notes[i].at, l->notes[i].len);
    xg_tlog_root(&c.root, leaves, l->count);
    xg_checkpoint_text(&text, &c);
    xg_note_sign(note, xg_buf_bytes(&text), &l->keys[0]);
    xg_buf_clear(&text);
    return xg_buf_check(note, err);
}

static enum xg_status cosigned(void *ctx, struct xg_buf *frames,
                               struct xg_error *err)
{
    struct log *l = ctx;

    for (size_t i = 0; i < l->count; i++)
        xg_frame_put(frames, l->notes[i]);
    return xg_buf_check(frames, err);
}

static enum xg_status entries(void *ctx, const struct xg_bytes **notes,
                              size_t *count, uint64_t first,
                              struct xg_error *err)
{
    struct log *l = ctx;

    (void)err;
    *notes = l->notes + first;
    *count = l->count - (size_t)first;
    return *count ? XG_OK : XG_NOTFOUND;
}

static enum xg_status batch(void *ctx, struct xg_bytes *framed,
                            uint64_t position, const struct xg_hash *id,
                            struct xg_error *err)
{
    struct log *l = ctx;

    (void)id;
    xg_buf_reset(&l->frame);
    xg_batch_frame(&l->frame, l->notes[position], l->bodies[position]);
    *framed = xg_buf_bytes(&l->frame);
    return xg_buf_check(&l->frame, err);
}

static enum xg_status file(void *ctx, enum xg_audit_file kind,
                           uint64_t position, const struct xg_hash *sha256,
                           void (*take)(void *to, struct xg_bytes piece),
                           void *to, struct xg_error *err)
{
    (void)ctx, (void)kind, (void)position, (void)sha256;
    take(to, xg_bytes("x", 1));
    (void)err;
    return XG_OK;
}

static struct xg_bytes take(const uint8_t **at, const uint8_t *end)
{
    size_t len = end - *at < 2 ? 0 : xg_load_u16(*at);
    struct xg_bytes out;

    *at = end - *at < 2 ? end : *at + 2;
    if (len > (size_t)(end - *at))
        len = (size_t)(end - *at);
    out = xg_bytes(*at, len);
    *at += len;
    return out;
}

/* What a note may hold: others cannot be signed. */
static bool signable(struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\n' && (text.at[i] < ' ' || text.at[i] > '~'))
            return false;
    return text.len && text.len < 16384 && text.at[text.len - 1] == '\n';
}

static void read_entries(struct log *l, const uint8_t *at, const uint8_t *end)
{
    while (at < end && l->count < ENTRIES_MAX) {
        unsigned who = *at++ & 3;
        struct xg_bytes text = take(&at, end), body = {NULL, 0};
        size_t begun = l->bytes.len;
        if (who == 2)
            body = take(&at, end);
        if (who < 3 && !signable(text))
            continue;
        if (who < 3)
            xg_note_sign(&l->bytes, text, &l->keys[who]);
        else
            xg_buf_append(&l->bytes, text.at, text.len);
        if (l->bytes.failed != XG_OK)
            return;
        l->at[l->count] = begun;
        l->bodies[l->count] = body;
        l->notes[l->count++].len = l->bytes.len - begun;
    }
    for (size_t i = 0; i < l->count; i++)
        l->notes[i].at = l->bytes.data + l->at[i];
}

static void make_keys(struct log *l)
{
    static const char *const names[] = {"fuzz", "fuzz/registrar",
                                        "fuzz/d/0000"};
    struct xg_error err = XG_ERROR_NONE;

    FUZZ_MUST(xg_base_init() == 0);
    for (size_t i = 0; i < 3; i++) {
        uint8_t seed[32] = {(uint8_t)(7 + i)};
        FUZZ_MUST(xg_signer_init(&l->keys[i], names[i], XG_SIG_ED25519, seed,
                                 &err) == XG_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct log l;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_audit_result result;
    struct xg_audit_options o = {.has_registrar = true, .photos = true};
    const struct xg_audit_source source = {.ctx = &l,
                                           .checkpoint = checkpoint,
                                           .cosigned = cosigned,
                                           .entries = entries,
                                           .batch = batch,
                                           .file = file};

    if (!l.keys[0].verifier.name[0])
        make_keys(&l);
    l.bytes = l.frame = XG_BUF(TEXT_ROOM);
    l.count = 0;
    o.log = l.keys[0].verifier;
    memcpy(o.registrar, l.keys[1].verifier.key, sizeof o.registrar);
    read_entries(&l, data, data + size);
    /* The checkpoint holds: only memory could fail, and the log switch. */
    enum xg_status status = xg_audit_walk(&result, &source, &o, &err);
    FUZZ_MUST(status == XG_OK || status == XG_ALARM);
    if (status == XG_OK)
        FUZZ_MUST(result.counts.entries == l.count);
    xg_buf_clear(&l.bytes);
    xg_buf_clear(&l.frame);
    return 0;
}
