/* protocol.c - frames, proofs, states, and the notes that the server writes
 * into the log; see protocol.h. */
#include "shared/core/protocol.h"

#include <inttypes.h>

#include "shared/core/protocol_text.h"

/* ---- frames ---- */

void xg_frame_put(struct xg_buf *out, struct xg_bytes content)
{
    if (content.len > UINT32_MAX) {
        if (out->failed == XG_OK)
            out->failed = XG_TOOBIG;
        return;
    }
    xg_buf_u32(out, (uint32_t)content.len);
    xg_buf_append(out, content.at, content.len);
}

bool xg_frame_next(struct xg_bytes *rest, struct xg_bytes *frame)
{
    if (rest->len < 4)
        return false;
    size_t len = xg_load_u32(rest->at);
    if (len > rest->len - 4)
        return false;
    *frame = xg_bytes(rest->at + 4, len);
    rest->at += 4 + len;
    rest->len -= 4 + len;
    return true;
}

/* ---- proofs ---- */

static bool find_hash(size_t *at, const struct xg_proof *among,
                      const struct xg_hash *hash)
{
    for (*at = 0; among && *at < among->count; (*at)++)
        if (xg_hash_equal(&among->hashes[*at], hash))
            return true;
    return false;
}

void xg_proof_put_beside(struct xg_buf *out, const struct xg_proof *proof,
                         const struct xg_proof *beside)
{
    size_t at;

    for (size_t i = 0; i < proof->count; i++) {
        if (find_hash(&at, beside, &proof->hashes[i]))
            xg_buf_format(out, "=%zu", at);
        else
            xg_buf_base64(out, proof->hashes[i].b, XG_HASH_SIZE);
        xg_buf_byte(out, '\n');
    }
}

void xg_proof_put(struct xg_buf *out, const struct xg_proof *proof)
{
    xg_proof_put_beside(out, proof, NULL);
}

static bool read_proof_line(struct xg_hash *hash, struct xg_bytes line,
                            const struct xg_proof *beside)
{
    uint64_t at;

    if (!beside || line.len == 0 || line.at[0] != '=')
        return xg_word_hash(&line, hash) && line.len == 0;
    line = xg_bytes(line.at + 1, line.len - 1);
    if (!xg_word_uint(&line, &at) || line.len > 0 || at >= beside->count)
        return false;
    *hash = beside->hashes[at];
    return true;
}

enum xg_status xg_proof_read_beside(struct xg_proof *proof,
                                    struct xg_bytes text,
                                    const struct xg_proof *beside,
                                    struct xg_error *err)
{
    struct xg_proof read = {.count = 0};
    struct xg_bytes rest = text, line;

    while (rest.len > 0) {
        if (read.count == XG_PROOF_MAX)
            return xg_fail(err, XG_FORMAT, "proof: over %d hashes",
                           XG_PROOF_MAX);
        if (!xg_line(&rest, &line) ||
            !read_proof_line(&read.hashes[read.count], line, beside))
            return xg_fail(err, XG_FORMAT, "proof: line %zu is no hash",
                           read.count + 1);
        read.count++;
    }
    *proof = read;
    return XG_OK;
}

enum xg_status xg_proof_read(struct xg_proof *proof, struct xg_bytes text,
                             struct xg_error *err)
{
    return xg_proof_read_beside(proof, text, NULL, err);
}

/* ---- states ---- */

static const char *const batch_states[] = {
    [XG_BATCH_STORED] = "stored",   [XG_BATCH_HELD] = "held",
    [XG_BATCH_WAITING] = "waiting", [XG_BATCH_FORKED] = "forked",
    [XG_BATCH_QUARANTINED] = "quarantined",
};

enum { BATCH_STATES = sizeof batch_states / sizeof *batch_states };

const char *xg_batch_state_name(enum xg_batch_state state)
{
    return batch_states[state];
}

bool xg_batch_state_parse(enum xg_batch_state *state, struct xg_bytes name)
{
    for (unsigned i = 0; i < BATCH_STATES; i++)
        if (xg_bytes_equal(name, xg_bytes_of(batch_states[i]))) {
            *state = (enum xg_batch_state)i;
            return true;
        }
    return false;
}

const char *xg_device_state_name(enum xg_device_state state)
{
    switch (state) {
    case XG_DEVICE_ENROLLED:
        return "enrolled";
    case XG_DEVICE_PENDING:
        return "pending";
    case XG_DEVICE_REVOKED:
        return "revoked";
    }
    return "";
}

/* ---- notes of the log ---- */

void xg_reference_put(struct xg_buf *text, const struct xg_reference *r)
{
    xg_buf_format(text, "xunge/reference/v1\nkind %s\nedition %s\nfile ",
                  r->kind, r->edition);
    xg_buf_base64(text, r->file.b, sizeof r->file.b);
    xg_buf_format(text, " %" PRIu64 "\n", r->length);
}

enum xg_status xg_reference_read(struct xg_reference *r, struct xg_bytes text,
                                 struct xg_error *err)
{
    struct xg_reference read = {.length = 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/reference/v1");
    xg_line_name(&l, "kind", read.kind, XG_CODE_MAX);
    xg_line_name(&l, "edition", read.edition, XG_CODE_MAX);
    struct xg_bytes file = xg_line_words(&l, "file");
    if (!xg_word_hash(&file, &read.file) ||
        !xg_word_uint(&file, &read.length) || file.len > 0)
        xg_lines_bad(&l, "file");
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "reference note");
    *r = read;
    return XG_OK;
}

void xg_blobs_put(struct xg_buf *text, const struct xg_blob *blobs,
                  size_t count)
{
    xg_buf_text(text, "xunge/blobs/v1\n");
    for (size_t i = 0; i < count; i++) {
        xg_buf_text(text, "blob ");
        xg_buf_base64(text, blobs[i].sha256.b, XG_HASH_SIZE);
        xg_buf_format(text, " %" PRIu64 "\n", blobs[i].length);
    }
}

enum xg_status xg_blobs_read(struct xg_blob blobs[static XG_BLOBS_MAX],
                             size_t *count, struct xg_bytes text,
                             struct xg_error *err)
{
    struct xg_blob read[XG_BLOBS_MAX];
    struct xg_lines l = xg_lines_over(text);
    struct xg_bytes words;
    size_t n = 0;

    xg_line_literal(&l, "xunge/blobs/v1");
    while (xg_lines_at(&l, "blob")) {
        struct xg_blob blob;
        words = xg_line_words(&l, "blob");
        if (n == XG_BLOBS_MAX || !xg_word_hash(&words, &blob.sha256) ||
            !xg_word_uint(&words, &blob.length) || words.len > 0 ||
            (n > 0 &&
             memcmp(read[n - 1].sha256.b, blob.sha256.b, XG_HASH_SIZE) >= 0)) {
            xg_lines_bad(&l, "blob");
            break;
        }
        read[n++] = blob;
    }
    if (n == 0)
        xg_lines_bad(&l, "blob");
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "blobs note");
    memcpy(blobs, read, n * sizeof *read);
    *count = n;
    return XG_OK;
}

static void put_side(struct xg_buf *text, const struct xg_fork_side *side)
{
    xg_buf_text(text, "record ");
    xg_buf_base64(text, side->record.b, XG_HASH_SIZE);
    xg_buf_byte(text, ' ');
    xg_buf_base64(text, side->batch.b, XG_HASH_SIZE);
    xg_buf_format(text, " %" PRIu64 " %" PRIu64 "\n", side->index, side->size);
    for (size_t i = 0; i < side->path.count; i++)
        xg_put_hash(text, "path", &side->path.hashes[i]);
}

void xg_fork_put(struct xg_buf *text, const struct xg_fork *f)
{
    xg_buf_text(text, "xunge/fork/v1\n");
    xg_put_hash(text, "chain", &f->chain);
    xg_put_uint(text, "seq", f->seq);
    put_side(text, &f->sides[0]);
    put_side(text, &f->sides[1]);
}

static void read_side(struct xg_lines *l, struct xg_fork_side *side)
{
    struct xg_bytes words = xg_line_words(l, "record");

    if (!xg_word_hash(&words, &side->record) ||
        !xg_word_hash(&words, &side->batch) ||
        !xg_word_uint(&words, &side->index) ||
        !xg_word_uint(&words, &side->size) || words.len > 0 ||
        side->index >= side->size)
        xg_lines_bad(l, "record");
    while (side->path.count < XG_PROOF_MAX && xg_lines_at(l, "path"))
        xg_line_hash(l, "path", &side->path.hashes[side->path.count++]);
}

enum xg_status xg_fork_read(struct xg_fork *f, struct xg_bytes text,
                            struct xg_error *err)
{
    struct xg_fork read = {.seq = 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/fork/v1");
    xg_line_hash(&l, "chain", &read.chain);
    xg_line_uint(&l, "seq", &read.seq);
    read_side(&l, &read.sides[0]);
    read_side(&l, &read.sides[1]);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "fork note");
    *f = read;
    return XG_OK;
}
