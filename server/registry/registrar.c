/* registrar.c - see registrar.h. */
#include "server/registry/registrar.h"

#include <sodium.h>
#include <stdlib.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { KEY_FILE_MAX = 512, SEED_SIZE = 32 };
static const char key_magic[] = "XGKEY1 ";

/* ---- key files ---- */

enum xg_status key_file_make(const char *path, const char *name,
                             const struct xg_env *env, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(KEY_FILE_MAX);
    uint8_t seed[SEED_SIZE];
    enum xg_status status;

    xg_random(env, seed, sizeof seed);
    xg_buf_text(&text, key_magic);
    xg_buf_text(&text, name);
    xg_buf_text(&text, " ");
    xg_buf_base64(&text, seed, sizeof seed);
    xg_buf_text(&text, "\n");
    status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, xg_buf_bytes(&text), err);
    sodium_memzero(seed, sizeof seed);
    if (text.data)
        sodium_memzero(text.data, text.len);
    xg_buf_clear(&text);
    return status;
}

static bool parse_key(char name[static XG_KEY_NAME_MAX + 1],
                      uint8_t seed[static SEED_SIZE], struct xg_bytes text)
{
    struct xg_bytes line, magic, who, key;

    if (!xg_line(&text, &line) || text.len != 0 || !xg_word(&line, &magic) ||
        !xg_word(&line, &who) || !xg_word(&line, &key) || line.len != 0)
        return false;
    if (magic.len != sizeof key_magic - 2 ||
        memcmp(magic.at, key_magic, magic.len) != 0 ||
        who.len > XG_KEY_NAME_MAX)
        return false;
    memcpy(name, who.at, who.len);
    name[who.len] = '\0';
    return xg_unbase64_exact(seed, SEED_SIZE, (const char *)key.at, key.len);
}

enum xg_status key_file_read(struct xg_signer *signer, struct xg_bytes text,
                             struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1] = "";
    uint8_t seed[SEED_SIZE];
    enum xg_status status =
        parse_key(name, seed, text)
            ? xg_signer_init(signer, name, XG_SIG_ED25519, seed, err)
            : xg_fail(err, XG_FORMAT,
                      XG_T("不是密钥文件", "it is no key file"));

    sodium_memzero(seed, sizeof seed);
    return status;
}

enum xg_status key_file_load(struct xg_signer *signer, const char *path,
                             struct xg_error *err)
{
    struct xg_buf text = XG_BUF(KEY_FILE_MAX);
    enum xg_status status = xg_os_read(&text, path, err);

    if (status == XG_OK &&
        key_file_read(signer, xg_buf_bytes(&text), err) != XG_OK)
        status = xg_wrap(err, "%s", path);
    if (text.data)
        sodium_memzero(text.data, text.len);
    xg_buf_clear(&text);
    return status;
}

/* ---- a key at hand ---- */

static enum xg_status sign(void *ctx, struct xg_buf *note, struct xg_bytes text,
                           struct xg_error *err)
{
    xg_note_sign(note, text, ctx);
    return xg_buf_check(note, err);
}

static void forget(void *ctx)
{
    sodium_memzero(ctx, sizeof(struct xg_signer));
    free(ctx);
}

enum xg_status registrar_open_key(struct registrar *r,
                                  const struct xg_signer *key,
                                  struct xg_error *err)
{
    struct xg_signer *copy = malloc(sizeof *copy);

    if (!copy)
        return xg_fail_nomem(err);
    *copy = *key;
    *r = (struct registrar){copy, key->verifier, sign, forget};
    return XG_OK;
}

enum xg_status registrar_open_file(struct registrar *r, const char *path,
                                   struct xg_error *err)
{
    struct xg_signer key;
    enum xg_status status = key_file_load(&key, path, err);

    if (status == XG_OK)
        status = registrar_open_key(r, &key, err);
    sodium_memzero(&key, sizeof key);
    return status;
}

void registrar_open_elsewhere(struct registrar *r,
                              const struct xg_verifier *verifier)
{
    *r = (struct registrar){.verifier = *verifier};
}

void registrar_close(struct registrar *r)
{
    if (r->close)
        r->close(r->ctx);
    *r = (struct registrar){.ctx = NULL};
}
