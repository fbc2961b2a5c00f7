/* receipt.c - checkpoints and tlog-proofs; see tlog.h. */
#include "shared/core/tlog.h"

#include <inttypes.h>
#include <sodium.h>

#include "shared/core/text.h"

#define RECEIPT_HEADER "c2sp.org/tlog-proof@v1"

enum { RECEIPT_HASHES_MAX = 63 };

/* ---- checkpoints ---- */

void xg_checkpoint_text(struct xg_buf *out, const struct xg_checkpoint *c)
{
    xg_buf_format(out, "%s\n%" PRIu64 "\n", c->origin, c->size);
    xg_buf_base64(out, c->root.b, sizeof c->root.b);
    xg_buf_byte(out, '\n');
}

/* The next line, which is one decimal number or one hash and nothing else. */
static bool take_uint(struct xg_bytes *rest, uint64_t *value)
{
    struct xg_bytes line;

    return xg_line(rest, &line) && xg_word_uint(&line, value) && line.len == 0;
}

static bool take_hash(struct xg_bytes *rest, struct xg_hash *hash)
{
    struct xg_bytes line;

    return xg_line(rest, &line) && xg_word_hash(&line, hash) && line.len == 0;
}

/* NULL, or what is wrong with the three lines. */
static const char *parse_lines(struct xg_checkpoint *c, struct xg_bytes *rest)
{
    struct xg_hash empty;
    struct xg_bytes origin;

    if (!xg_line(rest, &origin) || origin.len == 0)
        return "no origin";
    if (origin.len > XG_KEY_NAME_MAX || !xg_text_allowed(origin))
        return "the origin is too long or no text";
    memset(c->origin, 0, sizeof c->origin);
    memcpy(c->origin, origin.at, origin.len);
    if (!take_uint(rest, &c->size))
        return "the second line is no size";
    if (!take_hash(rest, &c->root))
        return "the third line is no root";
    crypto_hash_sha256(empty.b, (const uint8_t *)"", 0);
    if (c->size == 0 && !xg_hash_equal(&c->root, &empty))
        return "an empty tree with the root of another";
    return NULL;
}

enum xg_status xg_checkpoint_parse(struct xg_checkpoint *c,
                                   struct xg_bytes text, struct xg_error *err)
{
    struct xg_checkpoint parsed;
    struct xg_bytes rest = text, line;
    const char *wrong = parse_lines(&parsed, &rest);

    while (!wrong && rest.len > 0)
        if (!xg_line(&rest, &line) || line.len == 0)
            wrong = "an empty or unfinished line after the root";
    if (wrong)
        return xg_fail(err, XG_FORMAT, "checkpoint: %s", wrong);
    *c = parsed;
    return XG_OK;
}

enum xg_status xg_checkpoint_open(struct xg_checkpoint *c, const uint8_t *data,
                                  size_t len, const struct xg_verifier *log,
                                  struct xg_error *err)
{
    struct xg_note note;
    struct xg_checkpoint parsed;

    if (log->type != XG_SIG_ED25519)
        return xg_fail(err, XG_AUTH, "checkpoint: %s is not the key of a log",
                       log->name);
    if (xg_note_parse(&note, data, len, err) != XG_OK)
        return xg_wrap(err, "checkpoint");
    if (xg_note_verify(&note, log, NULL, err) != XG_OK) {
        err->status = XG_AUTH;
        return xg_wrap(err, "checkpoint");
    }
    if (xg_checkpoint_parse(&parsed, note.text, err) != XG_OK)
        return err->status;
    if (strcmp(parsed.origin, log->name) != 0)
        return xg_fail(err, XG_AUTH,
                       "checkpoint: signed by %s, but of the log %s", log->name,
                       parsed.origin);
    *c = parsed;
    return XG_OK;
}

/* ---- receipts ---- */

void xg_receipt_print(struct xg_buf *out, uint64_t index,
                      const struct xg_proof *proof, struct xg_bytes checkpoint)
{
    xg_buf_format(out, RECEIPT_HEADER "\nindex %" PRIu64 "\n", index);
    for (size_t i = 0; i < proof->count; i++) {
        xg_buf_base64(out, proof->hashes[i].b, XG_HASH_SIZE);
        xg_buf_byte(out, '\n');
    }
    xg_buf_byte(out, '\n');
    xg_buf_append(out, checkpoint.at, checkpoint.len);
}

const char *xg_proof_lines(struct xg_proof *proof, struct xg_bytes *rest)
{
    proof->count = 0;
    while (rest->len > 0 && rest->at[0] != '\n') {
        if (proof->count == RECEIPT_HASHES_MAX)
            return "over 63 hashes";
        if (!take_hash(rest, &proof->hashes[proof->count]))
            return "a line that is no hash";
        proof->count++;
    }
    if (rest->len < 2)
        return "no checkpoint";
    rest->at++;
    rest->len--;
    return NULL;
}

enum xg_status xg_receipt_parse(struct xg_receipt *r, const uint8_t *data,
                                size_t len, struct xg_error *err)
{
    struct xg_receipt parsed = {.index = 0};
    struct xg_lines l = xg_lines_over(xg_bytes(data, len));
    size_t unused;

    xg_line_literal(&l, RECEIPT_HEADER);
    if (xg_lines_at(&l, "extra"))
        xg_line_rest(&l, "extra", &parsed.extra);
    xg_line_uint(&l, "index", &parsed.index);
    if (l.expected)
        return xg_fail(err, XG_FORMAT,
                       "receipt: line %zu: \"%s\" is missing or wrong",
                       l.number, l.expected);
    if (parsed.extra.len > 0 && !xg_text_base64(NULL, 0, &unused, parsed.extra))
        return xg_fail(err, XG_FORMAT, "receipt: extra is no base64");
    const char *wrong = xg_proof_lines(&parsed.proof, &l.rest);
    if (wrong)
        return xg_fail(err, XG_FORMAT, "receipt: %s", wrong);
    parsed.checkpoint = l.rest;
    *r = parsed;
    return XG_OK;
}

enum xg_status xg_receipt_open(struct xg_receipt *r, struct xg_checkpoint *c,
                               const uint8_t *data, size_t len,
                               const struct xg_hash *leaf,
                               const struct xg_verifier *log,
                               struct xg_error *err)
{
    struct xg_receipt parsed;
    struct xg_checkpoint checkpoint;

    if (xg_receipt_parse(&parsed, data, len, err) != XG_OK)
        return err->status;
    if (xg_checkpoint_open(&checkpoint, parsed.checkpoint.at,
                           parsed.checkpoint.len, log, err) != XG_OK)
        return xg_wrap(err, "receipt");
    if (xg_verify_inclusion(&parsed.proof, parsed.index, checkpoint.size, leaf,
                            &checkpoint.root, err) != XG_OK)
        return xg_wrap(err, "receipt");
    *r = parsed;
    *c = checkpoint;
    return XG_OK;
}
