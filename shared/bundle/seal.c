/* seal.c - see seal.h. */
#define _DEFAULT_SOURCE
#include "shared/bundle/seal.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

/* The format's. A fuzzer has smaller ones, so as to get behind the first. */
#ifndef XG_SEAL_CHUNK_BYTES
#define XG_SEAL_CHUNK_BYTES (64 << 10)
#endif

enum {
    CHUNK = XG_SEAL_CHUNK_BYTES,
    OVERHEAD = crypto_secretstream_xchacha20poly1305_ABYTES,
    KEY = crypto_secretstream_xchacha20poly1305_KEYBYTES,
    STREAM_HEADER = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    SEALED = KEY + crypto_box_SEALBYTES,
    BOXED = KEY + crypto_secretbox_MACBYTES,
    SALT = crypto_pwhash_SALTBYTES,
    NONCE = crypto_secretbox_NONCEBYTES,
    KEY_SLOT = XG_PUBLIC_KEY_SIZE + SEALED,
    CODE_SLOT = 8 + SALT + NONCE + BOXED,
    HEAD_MAX = 5 + XG_SEAL_SLOTS_MAX * (1 + KEY_SLOT) + 1 + CODE_SLOT,
    SLOT_KEY = 1,
    SLOT_CODE = 2,
    PASSES = 3,
    PASSES_MAX = 4, /* whoever hands a file in chooses what opening it costs */
    MEMORY_KIB = 64 << 10,
    MEMORY_KIB_MAX = MEMORY_KIB,
};

static const char MAGIC[] = "XGH1";

/* ---- codes ---- */

void xg_seal_draw_code(char code[static XG_SEAL_CODE_SIZE],
                       const struct xg_env *env)
{
    size_t at = 0;

    for (int i = 0; i < XG_SEAL_CODE_DIGITS;) {
        uint8_t byte;
        xg_random(env, &byte, 1);
        if (byte >= 250) /* so that all digits are equally likely */
            continue;
        if (i > 0 && i % 4 == 0)
            code[at++] = ' ';
        code[at++] = (char)('0' + byte % 10);
        i++;
    }
    code[at] = '\0';
}

/* Argon2id over the digits alone: how they are parted does not matter. */
static enum xg_status code_key(uint8_t key[static KEY], const char *code,
                               const uint8_t salt[static SALT], uint32_t passes,
                               uint32_t kib, struct xg_error *err)
{
    char digits[XG_SEAL_CODE_DIGITS + 1] = "";
    size_t n = 0;

    for (const char *c = code; *c; c++) {
        if (*c < '0' || *c > '9')
            continue;
        if (n == XG_SEAL_CODE_DIGITS)
            return xg_fail(
                err, XG_AUTH,
                XG_T("交接码应为 %d 位数字", "the code has %d digits"),
                XG_SEAL_CODE_DIGITS);
        digits[n++] = *c;
    }
    int failed = crypto_pwhash(key, KEY, digits, n, salt, passes,
                               (size_t)kib << 10, crypto_pwhash_ALG_ARGON2ID13);
    sodium_memzero(digits, sizeof digits);
    return failed ? xg_fail_nomem(err) : XG_OK;
}

/* ---- writing ---- */

struct xg_seal_writer {
    int fd;
    char *name;
    crypto_secretstream_xchacha20poly1305_state stream;
    size_t head_len, len;
    uint8_t head[HEAD_MAX];
    uint8_t plain[CHUNK], sealed[CHUNK + OVERHEAD];
};

static enum xg_status put_key_slot(struct xg_buf *head,
                                   const uint8_t device[XG_PUBLIC_KEY_SIZE],
                                   const uint8_t key[static KEY],
                                   struct xg_error *err)
{
    uint8_t curve[crypto_box_PUBLICKEYBYTES], sealed[SEALED];

    if (crypto_sign_ed25519_pk_to_curve25519(curve, device) != 0 ||
        crypto_box_seal(sealed, key, KEY, curve) != 0)
        return xg_fail(
            err, XG_USAGE,
            XG_T("接收方的公钥无效", "the receiver's key is none"));
    xg_buf_byte(head, SLOT_KEY);
    xg_buf_append(head, device, XG_PUBLIC_KEY_SIZE);
    xg_buf_append(head, sealed, sizeof sealed);
    return XG_OK;
}

static enum xg_status put_code_slot(struct xg_buf *head, const char *code,
                                    const uint8_t key[static KEY],
                                    const struct xg_env *env,
                                    struct xg_error *err)
{
    uint8_t salt[SALT], nonce[NONCE], wrap[KEY], boxed[BOXED];

    xg_random(env, salt, sizeof salt);
    xg_random(env, nonce, sizeof nonce);
    if (code_key(wrap, code, salt, PASSES, MEMORY_KIB, err) != XG_OK)
        return err->status;
    crypto_secretbox_easy(boxed, key, KEY, nonce, wrap);
    sodium_memzero(wrap, sizeof wrap);
    xg_buf_byte(head, SLOT_CODE);
    xg_buf_u32(head, PASSES);
    xg_buf_u32(head, MEMORY_KIB);
    xg_buf_append(head, salt, sizeof salt);
    xg_buf_append(head, nonce, sizeof nonce);
    xg_buf_append(head, boxed, sizeof boxed);
    return XG_OK;
}

static enum xg_status put_head(struct xg_seal_writer *w,
                               const struct xg_seal_slots *slots,
                               const uint8_t key[static KEY],
                               const struct xg_env *env, struct xg_error *err)
{
    struct xg_buf head = XG_BUF(HEAD_MAX);
    enum xg_status status = XG_OK;

    xg_buf_append(&head, MAGIC, XG_SEAL_MAGIC_SIZE);
    xg_buf_byte(&head, (uint8_t)(slots->count + (slots->code != NULL)));
    for (size_t i = 0; status == XG_OK && i < slots->count; i++)
        status = put_key_slot(&head, slots->keys[i], key, err);
    if (status == XG_OK && slots->code)
        status = put_code_slot(&head, slots->code, key, env, err);
    if (status == XG_OK)
        status = xg_buf_check(&head, err);
    if (status == XG_OK) {
        memcpy(w->head, head.data, head.len);
        w->head_len = head.len;
        status = xg_os_write_all(w->fd, w->name, xg_buf_bytes(&head), err);
    }
    xg_buf_clear(&head);
    return status;
}

enum xg_status xg_seal_writer_open(struct xg_seal_writer **out, int fd,
                                   const char *name,
                                   const struct xg_seal_slots *slots,
                                   const struct xg_env *env,
                                   struct xg_error *err)
{
    struct xg_seal_writer *w = calloc(1, sizeof *w);
    uint8_t key[KEY], header[STREAM_HEADER];
    enum xg_status status;

    if (!w || !(w->name = strdup(name))) {
        free(w);
        return xg_fail_nomem(err);
    }
    w->fd = fd;
    xg_random(env, key, sizeof key);
    status = put_head(w, slots, key, env, err);
    crypto_secretstream_xchacha20poly1305_init_push(&w->stream, header, key);
    sodium_memzero(key, sizeof key);
    if (status == XG_OK)
        status =
            xg_os_write_all(fd, name, xg_bytes(header, sizeof header), err);
    if (status != XG_OK) {
        xg_seal_writer_close(w);
        return status;
    }
    *out = w;
    return XG_OK;
}

static enum xg_status put_chunk(struct xg_seal_writer *w, bool last,
                                struct xg_error *err)
{
    crypto_secretstream_xchacha20poly1305_push(
        &w->stream, w->sealed, NULL, w->plain, w->len, w->head, w->head_len,
        last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
             : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    size_t len = w->len + OVERHEAD;
    w->len = 0;
    return xg_os_write_all(w->fd, w->name, xg_bytes(w->sealed, len), err);
}

enum xg_status xg_seal_write(struct xg_seal_writer *w, struct xg_bytes data,
                             struct xg_error *err)
{
    while (data.len > 0) {
        if (w->len == CHUNK && put_chunk(w, false, err) != XG_OK)
            return err->status;
        size_t n = CHUNK - w->len < data.len ? CHUNK - w->len : data.len;
        memcpy(w->plain + w->len, data.at, n);
        w->len += n;
        data.at += n;
        data.len -= n;
    }
    return XG_OK;
}

enum xg_status xg_seal_finish(struct xg_seal_writer *w, struct xg_error *err)
{
    return put_chunk(w, true, err);
}

void xg_seal_writer_close(struct xg_seal_writer *w)
{
    if (!w)
        return;
    free(w->name);
    sodium_memzero(w, sizeof *w);
    free(w);
}

/* ---- reading ---- */

struct xg_seal_reader {
    int fd;
    char *name;
    crypto_secretstream_xchacha20poly1305_state stream;
    bool ended, cut;
    size_t head_len;
    uint8_t head[HEAD_MAX];
    uint8_t plain[CHUNK], sealed[CHUNK + OVERHEAD + 1];
    size_t held; /* 1: a byte of the next chunk is at the start of `sealed` */
};

static enum xg_status read_full(struct xg_seal_reader *r, uint8_t *at,
                                size_t size, size_t *len, struct xg_error *err)
{
    size_t got = 0;

    while (got < size) {
        ssize_t n = read(r->fd, at + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"),
                              r->name);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *len = got;
    return XG_OK;
}

static enum xg_status damaged(const struct xg_seal_reader *r,
                              struct xg_error *err)
{
    return xg_fail(err, XG_FORMAT,
                   XG_T("%s 不是加密的巡格文件，或已损坏、不完整；请重新拷贝",
                        "%s is no sealed file of Xunge's, or is damaged or "
                        "cut short: copy it again"),
                   r->name);
}

/* Exactly `size` more bytes of the head. */
static enum xg_status take_head(struct xg_seal_reader *r, size_t size,
                                struct xg_error *err)
{
    size_t len;

    if (r->head_len + size > sizeof r->head)
        return damaged(r, err);
    if (read_full(r, r->head + r->head_len, size, &len, err) != XG_OK)
        return err->status;
    if (len != size)
        return damaged(r, err);
    r->head_len += size;
    return XG_OK;
}

static bool try_key_slot(uint8_t key[static KEY], const uint8_t *slot,
                         const struct xg_signer *device)
{
    uint8_t public[crypto_box_PUBLICKEYBYTES],
        secret[crypto_box_SECRETKEYBYTES];
    bool opened = false;

    if (!device ||
        memcmp(slot, device->verifier.key, XG_PUBLIC_KEY_SIZE) != 0)
        return false;
    if (crypto_sign_ed25519_pk_to_curve25519(public, device->verifier.key) ==
            0 &&
        crypto_sign_ed25519_sk_to_curve25519(secret, device->secret) == 0)
        opened = crypto_box_seal_open(key, slot + XG_PUBLIC_KEY_SIZE, SEALED,
                                      public, secret) == 0;
    sodium_memzero(secret, sizeof secret);
    return opened;
}

static enum xg_status try_code_slot(uint8_t key[static KEY], bool *opened,
                                    const struct xg_seal_reader *r,
                                    const uint8_t *slot, const char *code,
                                    struct xg_error *err)
{
    uint32_t passes = xg_load_u32(slot), kib = xg_load_u32(slot + 4);
    const uint8_t *salt = slot + 8, *nonce = salt + SALT;
    uint8_t wrap[KEY];

    if (passes < 1 || passes > PASSES_MAX || kib < 8 || kib > MEMORY_KIB_MAX)
        return damaged(r, err);
    if (code_key(wrap, code, salt, passes, kib, err) != XG_OK)
        return err->status;
    *opened =
        crypto_secretbox_open_easy(key, nonce + NONCE, BOXED, nonce, wrap) == 0;
    sodium_memzero(wrap, sizeof wrap);
    return XG_OK;
}

/* Read the slots, and open the first that opens. */
static enum xg_status open_slots(struct xg_seal_reader *r,
                                 uint8_t key[static KEY],
                                 const struct xg_signer *device,
                                 const char *code, struct xg_error *err)
{
    bool opened = false, has_code = false;

    if (take_head(r, 5 - r->head_len, err) != XG_OK)
        return err->status;
    size_t count = r->head[4];
    if (memcmp(r->head, MAGIC, XG_SEAL_MAGIC_SIZE) != 0 || count < 1 ||
        count > XG_SEAL_SLOTS_MAX + 1)
        return damaged(r, err);
    for (size_t i = 0; i < count; i++) {
        if (take_head(r, 1, err) != XG_OK)
            return err->status;
        uint8_t kind = r->head[r->head_len - 1];
        if (kind != SLOT_KEY && (kind != SLOT_CODE || has_code))
            return damaged(r, err);
        const uint8_t *slot = r->head + r->head_len;
        if (take_head(r, kind == SLOT_KEY ? KEY_SLOT : CODE_SLOT, err) != XG_OK)
            return err->status;
        has_code = has_code || kind == SLOT_CODE;
        if (!opened && kind == SLOT_KEY)
            opened = try_key_slot(key, slot, device);
        else if (!opened && code &&
                 try_code_slot(key, &opened, r, slot, code, err) != XG_OK)
            return err->status;
    }
    if (opened)
        return XG_OK;
    if (has_code && !code)
        return xg_fail(err, XG_LOCKED,
                       XG_T("%s 要用交接码打开：请向写出它的人问清 %d 位数字，"
                            "加上 --code 再试",
                            "%s is opened with the spoken code: ask whoever "
                            "wrote it for its %d digits, and add --code"),
                       r->name, XG_SEAL_CODE_DIGITS);
    return xg_fail(err, XG_AUTH,
                   has_code ? XG_T("交接码不对，%s 打不开",
                                   "a wrong code: it does not open %s")
                            : XG_T("%s 不是加密给这里的（或已损坏）",
                                   "%s is sealed to somebody else, or is "
                                   "damaged"),
                   r->name);
}

static enum xg_status open_reader(struct xg_seal_reader **out, int fd,
                                  const char *name, bool resumed,
                                  const struct xg_signer *device,
                                  const char *code, struct xg_error *err)
{
    struct xg_seal_reader *r = calloc(1, sizeof *r);
    uint8_t key[KEY], header[STREAM_HEADER];
    enum xg_status status;
    size_t len = 0;

    if (!r || !(r->name = strdup(name))) {
        free(r);
        return xg_fail_nomem(err);
    }
    r->fd = fd;
    if (resumed) {
        memcpy(r->head, MAGIC, XG_SEAL_MAGIC_SIZE);
        r->head_len = XG_SEAL_MAGIC_SIZE;
    }
    status = open_slots(r, key, device, code, err);
    if (status == XG_OK)
        status = read_full(r, header, sizeof header, &len, err);
    if (status == XG_OK && len != sizeof header)
        status = damaged(r, err);
    if (status == XG_OK && crypto_secretstream_xchacha20poly1305_init_pull(
                               &r->stream, header, key) != 0)
        status = damaged(r, err);
    sodium_memzero(key, sizeof key);
    if (status != XG_OK) {
        xg_seal_reader_close(r);
        return status;
    }
    *out = r;
    return XG_OK;
}

enum xg_status xg_seal_reader_open(struct xg_seal_reader **out, int fd,
                                   const char *name,
                                   const struct xg_signer *key,
                                   const char *code, struct xg_error *err)
{
    if (lseek(fd, 0, SEEK_SET) != 0)
        return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), name);
    return open_reader(out, fd, name, false, key, code, err);
}

enum xg_status xg_seal_reader_resume(struct xg_seal_reader **out, int fd,
                                     const char *name,
                                     const struct xg_signer *key,
                                     const char *code, struct xg_error *err)
{
    return open_reader(out, fd, name, true, key, code, err);
}

bool xg_seal_begins(const uint8_t first[static XG_SEAL_MAGIC_SIZE])
{
    return memcmp(first, MAGIC, XG_SEAL_MAGIC_SIZE) == 0;
}

bool xg_seal_cut(const struct xg_seal_reader *r)
{
    return r->cut;
}

enum xg_status xg_seal_read(struct xg_seal_reader *r, struct xg_bytes *chunk,
                            struct xg_error *err)
{
    uint8_t tag, next = 0;
    size_t got;
    unsigned long long plain_len;

    *chunk = xg_bytes(NULL, 0);
    if (r->ended)
        return XG_OK;
    /* One byte more than a chunk tells whether another follows. */
    if (read_full(r, r->sealed + r->held, CHUNK + OVERHEAD + 1 - r->held, &got,
                  err) != XG_OK)
        return err->status;
    got += r->held;
    bool last = got <= CHUNK + OVERHEAD;
    if (!last)
        next = r->sealed[--got];
    if (got < OVERHEAD ||
        crypto_secretstream_xchacha20poly1305_pull(
            &r->stream, r->plain, &plain_len, &tag, r->sealed, got, r->head,
            r->head_len) != 0 ||
        (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) != last) {
        r->cut = last;
        return damaged(r, err);
    }
    r->sealed[0] = next;
    r->held = !last;
    r->ended = last;
    *chunk = xg_bytes(r->plain, (size_t)plain_len);
    return XG_OK;
}

void xg_seal_reader_close(struct xg_seal_reader *r)
{
    if (!r)
        return;
    free(r->name);
    sodium_memzero(r, sizeof *r);
    free(r);
}
