/* protocol_enrol.c - the one-time code, and enrolling; see protocol.h. */
#include "shared/core/protocol.h"

#include <sodium.h>

#include "shared/base/lang.h"
#include "shared/core/protocol_text.h"

#define CODE_PREFIX "xg1"

enum {
    CODE_CHECK_SIZE = 4,
    CODE_RAW_MAX = 900, /* bytes under the base64url */
    CODE_TEXT_MAX = CODE_RAW_MAX / 3 * 4 + 8,
    CODE_PARTS = 6,
    URL_SAFE = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};

/* ---- the code ---- */

static void check_of(uint8_t check[CODE_CHECK_SIZE], const void *raw,
                     size_t len)
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, raw, len);
    memcpy(check, hash, CODE_CHECK_SIZE);
}

void xg_enrol_code_print(struct xg_buf *out, const struct xg_enrol_code *c)
{
    struct xg_buf raw = XG_BUF(CODE_RAW_MAX);
    char vkey[XG_VKEY_SIZE], text[CODE_TEXT_MAX + 1];
    uint8_t check[CODE_CHECK_SIZE];

    xg_verifier_print(vkey, &c->log);
    xg_cbor_put_array(&raw, CODE_PARTS);
    xg_cbor_put_text(&raw, c->url, strlen(c->url));
    xg_cbor_put_text(&raw, vkey, strlen(vkey));
    xg_cbor_put_bytes(&raw, c->registrar, sizeof c->registrar);
    if (c->has_pin)
        xg_cbor_put_bytes(&raw, c->pin, sizeof c->pin);
    else
        xg_cbor_put_null(&raw);
    xg_cbor_put_bytes(&raw, c->secret, sizeof c->secret);
    xg_cbor_put_text(&raw, c->worker, strlen(c->worker));
    check_of(check, raw.data, raw.len);
    xg_buf_append(&raw, check, sizeof check);

    if (raw.failed != XG_OK) {
        out->failed = out->failed != XG_OK ? out->failed : raw.failed;
    } else {
        sodium_bin2base64(text, sizeof text, raw.data, raw.len, URL_SAFE);
        xg_buf_text(out, CODE_PREFIX);
        xg_buf_text(out, text);
        sodium_memzero(raw.data, raw.len);
        sodium_memzero(text, sizeof text);
    }
    xg_buf_clear(&raw);
}

/* The code without the white space that mail and terminals put into it. False
 * when it is too long. */
static bool squeeze(char *out, size_t size, const char *text)
{
    size_t len = 0;

    for (; *text; text++) {
        if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
            continue;
        if (len + 1 == size)
            return false;
        out[len++] = *text;
    }
    out[len] = '\0';
    return true;
}

/* Undo the base64url; one code, one text. */
static bool decode(uint8_t raw[CODE_RAW_MAX], size_t *len, const char *text)
{
    char again[CODE_TEXT_MAX + 1];

    if (sodium_base642bin(raw, CODE_RAW_MAX, text, strlen(text), NULL, len,
                          NULL, URL_SAFE) != 0)
        return false;
    sodium_bin2base64(again, sizeof again, raw, *len, URL_SAFE);
    return strcmp(again, text) == 0;
}

static bool take_fixed(void *out, size_t len, const struct xg_cbor_item *item)
{
    if (item->type != XG_CBOR_BYTES || item->bytes.len != len)
        return false;
    memcpy(out, item->bytes.at, len);
    return true;
}

static bool begins(const struct xg_bytes *text, const char *start)
{
    size_t len = strlen(start);
    return text->len >= len && memcmp(text->at, start, len) == 0;
}

/* http://host or https://host, nothing that a request line may not hold and no
 * query: paths are appended to it. */
static bool take_url(char *out, const struct xg_cbor_item *item)
{
    if (item->type != XG_CBOR_TEXT || item->bytes.len > XG_URL_MAX)
        return false;
    for (size_t i = 0; i < item->bytes.len; i++) {
        uint8_t c = item->bytes.at[i];
        if (c <= 0x20 || c >= 0x7F || c == '?' || c == '#' || c == '\\')
            return false;
    }
    memcpy(out, item->bytes.at, item->bytes.len);
    out[item->bytes.len] = '\0';

    size_t scheme = begins(&item->bytes, "https://")  ? 8
                    : begins(&item->bytes, "http://") ? 7
                                                      : 0;
    return scheme > 0 && item->bytes.len > scheme &&
           out[item->bytes.len - 1] != '/';
}

static bool take_parts(struct xg_enrol_code *c, struct xg_bytes raw)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_cbor_item list, part[CODE_PARTS];
    size_t size;

    if (xg_cbor_check(&size, raw.at, raw.len, &ignored) != XG_OK ||
        size != raw.len)
        return false;
    struct xg_cbor at = xg_cbor_over(raw);
    if (!xg_cbor_next(&at, &list) || list.type != XG_CBOR_ARRAY ||
        list.number != CODE_PARTS)
        return false;
    at = xg_cbor_inside(&list);
    for (size_t i = 0; i < CODE_PARTS; i++)
        if (!xg_cbor_next(&at, &part[i]))
            return false;

    struct xg_bytes worker = part[5].bytes;
    c->has_pin = part[3].type != XG_CBOR_NULL;
    return take_url(c->url, &part[0]) && part[1].type == XG_CBOR_TEXT &&
           xg_verifier_parse(&c->log, (const char *)part[1].bytes.at,
                             part[1].bytes.len, &ignored) == XG_OK &&
           c->log.type == XG_SIG_ED25519 &&
           take_fixed(c->registrar, sizeof c->registrar, &part[2]) &&
           (!c->has_pin || take_fixed(c->pin, sizeof c->pin, &part[3])) &&
           take_fixed(c->secret, sizeof c->secret, &part[4]) &&
           part[5].type == XG_CBOR_TEXT &&
           xg_word_name(&worker, c->worker, XG_CODE_MAX) && worker.len == 0;
}

enum xg_status xg_enrol_code_parse(struct xg_enrol_code *c, const char *text,
                                   struct xg_error *err)
{
    struct xg_enrol_code parsed = {.has_pin = false};
    char code[sizeof CODE_PREFIX + CODE_TEXT_MAX] = "";
    uint8_t raw[CODE_RAW_MAX], check[CODE_CHECK_SIZE];
    const size_t prefix = sizeof CODE_PREFIX - 1;
    size_t len;

    if (!squeeze(code, sizeof code, text) || strncmp(code, "xg", 2) != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("这不是入网码；入网码以 " CODE_PREFIX
                            " 开头，请从管理员处完整复制",
                            "this is no enrolment code; one begins with "
                            CODE_PREFIX
                            "; copy all of it as the operator gave it"));
    if (code[2] >= '2' && code[2] <= '9')
        return xg_fail(err, XG_USAGE,
                       XG_T("入网码属于更新的版本；请先升级本程序",
                            "the enrolment code is of a newer kind; update "
                            "this program first"));
    if (strncmp(code, CODE_PREFIX, prefix) != 0 ||
        !decode(raw, &len, code + prefix) || len <= CODE_CHECK_SIZE)
        goto mistyped;
    len -= CODE_CHECK_SIZE;
    check_of(check, raw, len);
    if (memcmp(check, raw + len, CODE_CHECK_SIZE) != 0)
        goto mistyped;
    if (!take_parts(&parsed, xg_bytes(raw, len)))
        return xg_fail(err, XG_USAGE,
                       XG_T("入网码的内容本程序不认识；请升级本程序，或请管理员"
                            "重新发码",
                            "the enrolment code holds what this program does "
                            "not know; update it, or ask the operator for a "
                            "new code"));
    *c = parsed;
    return XG_OK;

mistyped:
    return xg_fail(err, XG_USAGE,
                   XG_T("入网码有误或不完整；请重新完整复制",
                        "the enrolment code is mistyped or cut off; copy all "
                        "of it again"));
}

void xg_secret_id(struct xg_hash *id, const uint8_t secret[XG_SECRET_SIZE])
{
    crypto_hash_sha256(id->b, secret, XG_SECRET_SIZE);
}

void xg_enrol_proof(struct xg_hash *proof,
                    const uint8_t secret[XG_SECRET_SIZE],
                    const uint8_t key[XG_PUBLIC_KEY_SIZE])
{
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, secret, XG_SECRET_SIZE);
    crypto_hash_sha256_update(&state, key, XG_PUBLIC_KEY_SIZE);
    crypto_hash_sha256_final(&state, proof->b);
}

/* ---- the request ---- */

void xg_enrol_put(struct xg_buf *text, const struct xg_enrol *e)
{
    xg_buf_text(text, "xunge/enrol/v1\n");
    xg_put_log(text, e->log);
    xg_put_hash(text, "code", &e->code);
    xg_put_hash(text, "proof", &e->proof);
    xg_put_hash(text, "key", &e->key);
    xg_put_hash(text, "chain", &e->chain);
    xg_put_hash(text, "random", &e->random);
    if (*e->device)
        xg_buf_format(text, "device %s\n", e->device);
}

enum xg_status xg_enrol_read(struct xg_enrol *e, struct xg_bytes text,
                             struct xg_error *err)
{
    struct xg_enrol read = {.device = ""};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/enrol/v1");
    xg_line_log(&l, &read.log);
    xg_line_hash(&l, "code", &read.code);
    xg_line_hash(&l, "proof", &read.proof);
    xg_line_hash(&l, "key", &read.key);
    xg_line_hash(&l, "chain", &read.chain);
    xg_line_hash(&l, "random", &read.random);
    if (xg_lines_at(&l, "device"))
        xg_line_name(&l, "device", read.device, XG_KEY_NAME_MAX);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "enrol note");
    *e = read;
    return XG_OK;
}

/* ---- the answer ---- */

void xg_enrolled_put(struct xg_buf *text, const struct xg_enrolled *e)
{
    xg_buf_text(text, "xunge/enrolled/v1\n");
    xg_put_log(text, e->log);
    xg_put_hash(text, "random", &e->random);
    xg_buf_format(text, "state %s\ndevice %s\nworker %s\n",
                  xg_device_state_name(e->state), e->device, e->worker);
}

enum xg_status xg_enrolled_read(struct xg_enrolled *e, struct xg_bytes text,
                                struct xg_error *err)
{
    struct xg_enrolled read = {.state = XG_DEVICE_ENROLLED};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/enrolled/v1");
    xg_line_log(&l, &read.log);
    xg_line_hash(&l, "random", &read.random);
    struct xg_bytes state = xg_line_words(&l, "state");
    if (xg_bytes_equal(state, xg_bytes_of("pending")))
        read.state = XG_DEVICE_PENDING;
    else if (!xg_bytes_equal(state, xg_bytes_of("enrolled")))
        xg_lines_bad(&l, "state");
    xg_line_name(&l, "device", read.device, XG_KEY_NAME_MAX);
    xg_line_name(&l, "worker", read.worker, XG_CODE_MAX);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "enrolled note");
    *e = read;
    return XG_OK;
}
