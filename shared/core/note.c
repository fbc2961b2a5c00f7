/* note.c - see note.h. */
#include "shared/core/note.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "shared/core/text.h"

enum {
    BLOB_KEY_SIZE = 1 + XG_PUBLIC_KEY_SIZE, /* type || key */
    TIMED_SIZE = 8 + XG_SIGNATURE_SIZE,     /* u64 time || signature */
    COSIGNED_HEAD_MAX = 48,                 /* the two lines before the text */
    COSIGNED_MAX = COSIGNED_HEAD_MAX + XG_NOTE_MAX,
};

/* ---- keys ---- */

/* SHA-256(name || 0A || type || key)[0:4] */
static void key_id(uint8_t id[4], const struct xg_verifier *v)
{
    const uint8_t between[2] = {'\n', v->type};
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)v->name,
                              strlen(v->name));
    crypto_hash_sha256_update(&state, between, sizeof between);
    crypto_hash_sha256_update(&state, v->key, sizeof v->key);
    crypto_hash_sha256_final(&state, hash);
    memcpy(id, hash, 4);
}

static enum xg_status init_verifier(struct xg_verifier *v, struct xg_bytes name,
                                    uint8_t type, const uint8_t *key,
                                    struct xg_error *err)
{
    struct xg_verifier made = {.type = type};

    if (name.len > XG_KEY_NAME_MAX || !xg_text_key_name(name))
        return xg_fail(err, XG_FORMAT,
                       "key name: must have 1 to %d bytes, no '+', no spaces",
                       XG_KEY_NAME_MAX);
    if (type != XG_SIG_ED25519 && type != XG_SIG_COSIGNATURE)
        return xg_fail(err, XG_FORMAT, "key of the unknown type %u", type);
    memcpy(made.name, name.at, name.len);
    memcpy(made.key, key, sizeof made.key);
    key_id(made.id, &made);
    *v = made;
    return XG_OK;
}

enum xg_status xg_verifier_init(struct xg_verifier *v, const char *name,
                                uint8_t type,
                                const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                                struct xg_error *err)
{
    return init_verifier(v, xg_bytes_of(name), type, key, err);
}

/* The part before the next '+', which is stepped over; false without one. */
static bool take_part(struct xg_bytes *rest, struct xg_bytes *part)
{
    const uint8_t *plus = rest->len ? memchr(rest->at, '+', rest->len) : NULL;

    if (!plus)
        return false;
    *part = xg_bytes(rest->at, (size_t)(plus - rest->at));
    rest->at += part->len + 1;
    rest->len -= part->len + 1;
    return true;
}

enum xg_status xg_verifier_parse(struct xg_verifier *v, const char *text,
                                 size_t len, struct xg_error *err)
{
    struct xg_bytes rest = xg_bytes(text, len), name, id;
    char right[9];
    uint8_t blob[BLOB_KEY_SIZE];
    struct xg_verifier parsed;

    if (!take_part(&rest, &name) || !take_part(&rest, &id) ||
        !xg_text_ascii(rest) ||
        !xg_unbase64_exact(blob, sizeof blob, (const char *)rest.at, rest.len))
        return xg_fail(err, XG_FORMAT,
                       "verifier key: not of the form NAME+ID+BASE64");
    if (init_verifier(&parsed, name, blob[0], blob + 1, err) != XG_OK)
        return xg_wrap(err, "verifier key");
    xg_hex(right, parsed.id, sizeof parsed.id);
    if (!xg_bytes_equal(id, xg_bytes_of(right)))
        return xg_fail(err, XG_FORMAT,
                       "verifier key %s: the id does not belong to the key",
                       parsed.name);
    *v = parsed;
    return XG_OK;
}

void xg_verifier_print(char text[static XG_VKEY_SIZE],
                       const struct xg_verifier *v)
{
    uint8_t blob[BLOB_KEY_SIZE];
    char id[9], key[XG_BASE64_SIZE(BLOB_KEY_SIZE)];

    blob[0] = v->type;
    memcpy(blob + 1, v->key, sizeof v->key);
    xg_hex(id, v->id, sizeof v->id);
    xg_base64(key, sizeof key, blob, sizeof blob);
    snprintf(text, XG_VKEY_SIZE, "%s+%s+%s", v->name, id, key);
}

enum xg_status xg_signer_init(struct xg_signer *s, const char *name,
                              uint8_t type, const uint8_t seed[static 32],
                              struct xg_error *err)
{
    uint8_t public[XG_PUBLIC_KEY_SIZE], secret[XG_SECRET_KEY_SIZE];

    crypto_sign_seed_keypair(public, secret, seed);
    enum xg_status status =
        xg_verifier_init(&s->verifier, name, type, public, err);
    if (status == XG_OK)
        memcpy(s->secret, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    return status;
}

/* ---- taking apart ---- */

static bool starts_with(struct xg_bytes text, const char *start, size_t len)
{
    return text.len >= len && memcmp(text.at, start, len) == 0;
}

/* EM-DASH SPACE name SPACE base64 \n */
static bool parse_signature(struct xg_note_signature *s, struct xg_bytes line)
{
    const size_t dash = sizeof XG_NOTE_DASH - 1;
    uint8_t raw[4 + sizeof s->blob];
    size_t len;

    if (!starts_with(line, XG_NOTE_DASH, dash))
        return false;
    struct xg_bytes rest = {line.at + dash, line.len - dash}, blob;
    if (!xg_word(&rest, &s->name) || !xg_word(&rest, &blob) || rest.len > 0)
        return false;
    if (!xg_text_key_name(s->name) ||
        !xg_text_base64(raw, sizeof raw, &len, blob) || len < 5)
        return false;

    memcpy(s->id, raw, 4);
    s->blob_len = len <= sizeof raw ? len - 4 : 0;
    memcpy(s->blob, raw + 4, s->blob_len);
    s->line = xg_bytes(line.at, line.len + 1);
    return true;
}

/* Where the last empty line is: the offset of its \n, 0 when there is none. */
static size_t find_last_empty_line(const uint8_t *data, size_t len)
{
    for (size_t i = len - 1; i > 0; i--)
        if (data[i] == '\n' && data[i - 1] == '\n')
            return i;
    return 0;
}

/* The signature lines into `note`; NULL, or what is wrong with them. */
static enum xg_status parse_signatures(struct xg_note *note,
                                       struct xg_bytes rest,
                                       struct xg_error *err)
{
    struct xg_bytes line;

    note->count = 0;
    while (xg_line(&rest, &line)) {
        if (note->count == XG_NOTE_SIGNATURES_MAX)
            return xg_fail(err, XG_TOOBIG, "note: over %d signatures",
                           XG_NOTE_SIGNATURES_MAX);
        if (!parse_signature(&note->signatures[note->count], line))
            return xg_fail(err, XG_FORMAT, "note: signature line %zu is wrong",
                           note->count + 1);
        note->count++;
    }
    if (note->count == 0)
        return xg_fail(err, XG_FORMAT, "note: no signature");
    return XG_OK;
}

enum xg_status xg_note_parse(struct xg_note *note, const uint8_t *data,
                             size_t len, struct xg_error *err)
{
    struct xg_note parsed;

    if (len > XG_NOTE_MAX)
        return xg_fail(err, XG_TOOBIG, "note: over %d bytes", XG_NOTE_MAX);
    if (len == 0 || data[len - 1] != '\n')
        return xg_fail(err, XG_FORMAT, "note: the last line is not finished");
    if (!xg_text_allowed(xg_bytes(data, len)))
        return xg_fail(err, XG_FORMAT, "note: control character or no UTF-8");
    size_t split = find_last_empty_line(data, len);
    if (split == 0)
        return xg_fail(err, XG_FORMAT, "note: no empty line");

    struct xg_bytes tail = {data + split + 1, len - split - 1};
    enum xg_status status = parse_signatures(&parsed, tail, err);
    if (status != XG_OK)
        return status;
    note->text = xg_bytes(data, split);
    note->body = xg_bytes(data, len);
    note->count = parsed.count;
    memcpy(note->signatures, parsed.signatures,
           parsed.count * sizeof *parsed.signatures);
    return XG_OK;
}

/* ---- verifying ---- */

/* What a cosigner signs. Returns its length. `text` is at most XG_NOTE_MAX. */
static size_t cosigned_message(uint8_t message[static COSIGNED_MAX],
                               struct xg_bytes text, uint64_t time_s)
{
    size_t len = (size_t)snprintf((char *)message, COSIGNED_HEAD_MAX,
                                  "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    memcpy(message + len, text.at, text.len);
    return len + text.len;
}

static bool verify_cosignature(struct xg_bytes text, const uint8_t *key,
                               const struct xg_note_signature *s,
                               uint64_t *time_s)
{
    uint8_t message[COSIGNED_MAX];

    if (s->blob_len != TIMED_SIZE || text.len > XG_NOTE_MAX)
        return false;
    *time_s = xg_load_u64(s->blob);
    size_t len = cosigned_message(message, text, *time_s);
    return crypto_sign_verify_detached(s->blob + 8, message, len, key) == 0;
}

static bool verify_line(struct xg_bytes text, const struct xg_verifier *v,
                        const struct xg_note_signature *s, uint64_t *time_s)
{
    if (v->type == XG_SIG_COSIGNATURE)
        return verify_cosignature(text, v->key, s, time_s);
    return v->type == XG_SIG_ED25519 && s->blob_len == XG_SIGNATURE_SIZE &&
           crypto_sign_verify_detached(s->blob, text.at, text.len, v->key) == 0;
}

enum xg_status xg_note_verify(const struct xg_note *note,
                              const struct xg_verifier *v, uint64_t *time_s,
                              struct xg_error *err)
{
    bool found = false;
    uint64_t first = 0;

    for (size_t i = 0; i < note->count; i++) {
        const struct xg_note_signature *s = &note->signatures[i];
        uint64_t time = 0;

        if (memcmp(s->id, v->id, sizeof s->id) != 0 ||
            !xg_bytes_equal(s->name, xg_bytes_of(v->name)))
            continue;
        if (!verify_line(note->text, v, s, &time))
            return xg_fail(err, XG_AUTH, "the signature by %s does not hold",
                           v->name);
        if (!found)
            first = time;
        found = true;
    }
    if (!found)
        return xg_fail(err, XG_NOTFOUND, "no signature by %s", v->name);
    if (time_s && v->type == XG_SIG_COSIGNATURE)
        *time_s = first;
    return XG_OK;
}

enum xg_status xg_note_verify_sole(const struct xg_note *note,
                                   const struct xg_verifier *v,
                                   struct xg_error *err)
{
    if (note->count != 1)
        return xg_fail(err, XG_AUTH,
                       "note: one signature by %s and no other "
                       "was expected",
                       v->name);
    if (xg_note_verify(note, v, NULL, err) != XG_OK) {
        err->status = XG_AUTH;
        return xg_wrap(err, "note");
    }
    return XG_OK;
}

enum xg_status xg_note_open(struct xg_note *note, const uint8_t *data,
                            size_t len, const struct xg_verifier *v,
                            struct xg_error *err)
{
    struct xg_note parsed;
    enum xg_status status = xg_note_parse(&parsed, data, len, err);

    if (status == XG_OK)
        status = xg_note_verify_sole(&parsed, v, err);
    if (status != XG_OK)
        return status;
    note->text = parsed.text;
    note->body = parsed.body;
    note->count = 1;
    note->signatures[0] = parsed.signatures[0];
    return XG_OK;
}

/* ---- signing ---- */

/* The signature with its time before it, for a cosigner. */
static size_t cosign(uint8_t blob[static TIMED_SIZE], struct xg_bytes text,
                     const struct xg_signer *signer, uint64_t time_s)
{
    uint8_t message[COSIGNED_MAX];

    assert(text.len > 0 && text.at[text.len - 1] == '\n');
    assert(xg_text_allowed(text));
    size_t len = cosigned_message(message, text, time_s);

    xg_store_u64(blob, time_s);
    crypto_sign_detached(blob + 8, NULL, message, len, signer->secret);
    return TIMED_SIZE;
}

void xg_note_signature(uint8_t out[static XG_SIGNATURE_SIZE],
                       struct xg_bytes text, const struct xg_signer *signer)
{
    assert(text.len > 0 && text.at[text.len - 1] == '\n');
    assert(xg_text_allowed(text));
    crypto_sign_detached(out, NULL, text.at, text.len, signer->secret);
}

static void put_line(struct xg_buf *out, const uint8_t *blob, size_t len,
                     const struct xg_verifier *by)
{
    uint8_t raw[4 + TIMED_SIZE];

    memcpy(raw, by->id, 4);
    memcpy(raw + 4, blob, len);
    xg_buf_text(out, XG_NOTE_DASH);
    xg_buf_text(out, by->name);
    xg_buf_byte(out, ' ');
    xg_buf_base64(out, raw, 4 + len);
    xg_buf_byte(out, '\n');
}

void xg_note_signed_line(struct xg_buf *out,
                         const uint8_t signature[static XG_SIGNATURE_SIZE],
                         const struct xg_verifier *by)
{
    put_line(out, signature, XG_SIGNATURE_SIZE, by);
}

void xg_note_signature_line(struct xg_buf *out, struct xg_bytes text,
                            const struct xg_signer *signer, uint64_t time_s)
{
    uint8_t blob[TIMED_SIZE];
    size_t len = XG_SIGNATURE_SIZE;

    if (text.len > XG_NOTE_MAX) {
        xg_buf_room(out, SIZE_MAX); /* XG_TOOBIG, and it sticks */
        return;
    }
    if (signer->verifier.type == XG_SIG_COSIGNATURE)
        len = cosign(blob, text, signer, time_s);
    else
        xg_note_signature(blob, text, signer);
    put_line(out, blob, len, &signer->verifier);
}

void xg_note_sign(struct xg_buf *out, struct xg_bytes text,
                  const struct xg_signer *signer)
{
    assert(signer->verifier.type == XG_SIG_ED25519);
    xg_buf_append(out, text.at, text.len);
    xg_buf_byte(out, '\n');
    xg_note_signature_line(out, text, signer, 0);
}

enum xg_status xg_note_sign_buf(struct xg_buf *out, const struct xg_buf *text,
                                const struct xg_signer *signer,
                                struct xg_error *err)
{
    if (xg_buf_check(text, err) != XG_OK)
        return err->status;
    xg_note_sign(out, xg_buf_bytes(text), signer);
    return xg_buf_check(out, err);
}
