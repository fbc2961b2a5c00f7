/* author_key.c - see author_key.h. In meta "author/CODE": wrapped key, count of
 * wrong PINs (u32be), time of the next try (u64be); in "authors" the codes, a
 * line each. */
#include "agent/store/author_key.h"

#include <sodium.h>
#include <stdio.h>

#include "agent/store/fold.h"
#include "shared/base/lang.h"

#define INDEX "authors"

enum {
    VALUE_SIZE = XG_WRAPPED_SIZE + 4 + 8,
    META_SIZE = sizeof "author/" + XG_CODE_MAX,
    INDEX_MAX = 64 << 10,
};

static enum xg_status meta_name(char name[static META_SIZE], const char *worker,
                                struct xg_error *err)
{
    if (strlen(worker) > XG_CODE_MAX || !xg_code_valid(xg_bytes_of(worker)))
        return xg_fail(err, XG_USAGE,
                       XG_T("“%s”不是工号", "\"%s\" is no worker's code"),
                       worker);
    snprintf(name, META_SIZE, "author/%s", worker);
    return XG_OK;
}

enum xg_status author_key_find(struct store *s, struct author_key *out,
                               bool *found, const char *worker,
                               struct xg_error *err)
{
    struct xg_buf value = XG_BUF(VALUE_SIZE);
    char name[META_SIZE];
    bool has = false;

    if (meta_name(name, worker, err) != XG_OK)
        return err->status;
    enum xg_status status = store_get_meta(s, &value, &has, name, err);
    if (status == XG_OK && has && value.len != VALUE_SIZE)
        status = xg_fail(err, XG_CORRUPT, "meta %s", name);
    if (status == XG_OK && has) {
        uint64_t until = xg_load_u64(value.data + XG_WRAPPED_SIZE + 4);
        memcpy(out->wrapped.b, value.data, XG_WRAPPED_SIZE);
        out->wrong = xg_load_u32(value.data + XG_WRAPPED_SIZE);
        out->until_ms = until > INT64_MAX ? INT64_MAX : (int64_t)until;
    }
    if (status == XG_OK)
        *found = has;
    xg_buf_clear(&value);
    return status;
}

/* [t] */
static enum xg_status put(struct store *s, const struct author_key *key,
                          const char *worker, struct xg_error *err)
{
    uint8_t value[VALUE_SIZE];
    char name[META_SIZE];

    if (meta_name(name, worker, err) != XG_OK)
        return err->status;
    memcpy(value, key->wrapped.b, XG_WRAPPED_SIZE);
    xg_store_u32(value + XG_WRAPPED_SIZE, key->wrong);
    xg_store_u64(value + XG_WRAPPED_SIZE + 4, (uint64_t)key->until_ms);
    return store_put_meta(s, name, xg_bytes(value, sizeof value), err);
}

static enum xg_status put_alone(struct store *s, const struct author_key *key,
                                const char *worker, struct xg_error *err)
{
    if (store_begin(s, err) != XG_OK)
        return err->status;
    if (put(s, key, worker, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    return store_commit(s, err);
}

/* ---- who has one ---- */

enum xg_status author_key_list(struct store *s, struct xg_arena *arena,
                               const char ***workers, size_t *count,
                               struct xg_error *err)
{
    struct xg_buf text = XG_BUF(INDEX_MAX);
    struct xg_bytes rest, line;
    size_t n = 0;
    bool found;
    enum xg_status status = store_get_meta(s, &text, &found, INDEX, err);
    const char **list = xg_arena_array(arena, text.len / 2 + 1, sizeof *list);

    if (status == XG_OK && !list)
        status = xg_fail_nomem(err);
    for (rest = xg_buf_bytes(&text); status == XG_OK && xg_line(&rest, &line);)
        if (!(list[n++] = xg_arena_str(arena, (const char *)line.at, line.len)))
            status = xg_fail_nomem(err);
    if (status == XG_OK) {
        *workers = list;
        *count = n;
    }
    xg_buf_clear(&text);
    return status;
}

/* [t] The list without the worker, or with them at its end. */
static enum xg_status index_put(struct store *s, const char *worker, bool with,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(INDEX_MAX * 8);
    struct xg_buf text = XG_BUF(INDEX_MAX);
    const char **workers;
    size_t count;
    enum xg_status status = author_key_list(s, &arena, &workers, &count, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (strcmp(workers[i], worker) != 0)
            xg_buf_format(&text, "%s\n", workers[i]);
    if (with)
        xg_buf_format(&text, "%s\n", worker);
    if (status == XG_OK)
        status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = store_put_meta(s, INDEX, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    xg_arena_clear(&arena);
    return status;
}

/* ---- setting one ---- */

static enum xg_status need_length(struct xg_bytes pin, struct xg_error *err)
{
    if (pin.len >= AUTHOR_PIN_MIN)
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("PIN 至少 %d 位", "a PIN has %d digits at least"),
                   AUTHOR_PIN_MIN);
}

static enum xg_status may_set(struct store *s, const char *worker,
                              struct xg_error *err)
{
    struct store_identity id;
    struct xg_judgement actor;
    struct author_key key;
    bool found;

    if (author_key_find(s, &key, &found, worker, err) != XG_OK ||
        store_get_identity(s, &id, err) != XG_OK)
        return err->status;
    if (found)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 在本机已有 PIN；改 PIN 用 xunge pin change",
                            "%s has a PIN here already: xunge pin change"),
                       worker);
    if (!id.joined)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("本机还没有加入；请先运行 xunge enrol 入网码",
                            "this device has not joined yet; run: xunge enrol "
                            "CODE"));
    if (fold_actor(s, &actor, worker, err) != XG_OK)
        return err->status;
    if (actor.no_right)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 不能用本机记录（%s）；请管理员先 device allow",
                            "%s may not record on this device (%s); ask for "
                            "device allow first"),
                       worker, actor.no_right);
    return XG_OK;
}

/* [t] Signed by the key itself: it is there, and whoever announces has it. */
static enum xg_status announce(struct store *s, const struct author_key *key,
                               const char *worker,
                               const uint8_t secret[static XG_SECRET_KEY_SIZE],
                               struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(64 << 10);
    struct xg_buf value = XG_BUF(64);
    struct store_identity id;
    struct xg_hash ignored;
    struct xg_draft d;

    if (store_get_identity(s, &id, err) != XG_OK)
        return err->status;
    xg_draft_init(&d, &arena, XG_KIND_AUTHOR_KEY);
    d.author_secret = secret;
    if (strcmp(worker, id.worker) != 0)
        d.head.author = xg_bytes_of(worker);
    xg_cbor_put_bytes(&value, xg_wrapped_public(&key->wrapped),
                      XG_PUBLIC_KEY_SIZE);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(&d, XG_AUTHOR_KEY_PUBLIC, xg_buf_bytes(&value),
                              err);
    if (status == XG_OK)
        status = store_append(s, &ignored, &d, err);
    xg_buf_clear(&value);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status save_new(struct store *s, const struct author_key *key,
                               const char *worker,
                               const uint8_t secret[static XG_SECRET_KEY_SIZE],
                               struct xg_error *err)
{
    if (store_begin(s, err) != XG_OK)
        return err->status;
    if (put(s, key, worker, err) != XG_OK ||
        index_put(s, worker, true, err) != XG_OK ||
        announce(s, key, worker, secret, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    return store_commit(s, err);
}

enum xg_status author_key_set(struct store *s, const char *worker,
                              struct xg_bytes pin, const struct xg_env *env,
                              struct xg_error *err)
{
    uint8_t seed[XG_SEED_SIZE], public[XG_PUBLIC_KEY_SIZE];
    uint8_t secret[XG_SECRET_KEY_SIZE];
    struct author_key key = {.wrong = 0};

    if (need_length(pin, err) != XG_OK || may_set(s, worker, err) != XG_OK)
        return err->status;
    xg_random(env, seed, sizeof seed);
    crypto_sign_seed_keypair(public, secret, seed);
    enum xg_status status =
        xg_key_wrap(&key.wrapped, seed, pin, worker, env, err);
    if (status == XG_OK)
        status = save_new(s, &key, worker, secret, err);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(secret, sizeof secret);
    return status;
}

enum xg_status author_key_change(struct store *s, const char *worker,
                                 struct xg_bytes old, struct xg_bytes new,
                                 const struct xg_env *env, struct xg_error *err)
{
    uint8_t secret[XG_SECRET_KEY_SIZE];
    struct author_key key = {.wrong = 0};

    if (need_length(new, err) != XG_OK ||
        author_key_open(secret, s, worker, old, env, err) != XG_OK)
        return err->status;
    enum xg_status status =
        xg_key_wrap(&key.wrapped, secret, new, worker, env, err);
    sodium_memzero(secret, sizeof secret);
    return status == XG_OK ? put_alone(s, &key, worker, err) : status;
}

enum xg_status author_key_remove(struct store *s, const char *worker,
                                 struct xg_error *err)
{
    char name[META_SIZE];

    if (meta_name(name, worker, err) != XG_OK || store_begin(s, err) != XG_OK)
        return err->status;
    if (store_put_meta(s, name, xg_bytes(NULL, 0), err) != XG_OK ||
        index_put(s, worker, false, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    return store_commit(s, err);
}

/* ---- opening one ---- */

static int64_t wait_of(uint32_t wrong)
{
    int64_t wait = AUTHOR_WAIT_FIRST_MS;

    if (wrong < AUTHOR_WRONG_FREE)
        return 0;
    for (uint32_t i = AUTHOR_WRONG_FREE;
         i < wrong && wait < AUTHOR_WAIT_MAX_MS; i++)
        wait *= 2;
    return wait < AUTHOR_WAIT_MAX_MS ? wait : AUTHOR_WAIT_MAX_MS;
}

/* A clock that was set back makes nobody wait longer than they had to. */
static enum xg_status must_wait(const struct author_key *key, int64_t now_ms,
                                const char *worker, struct xg_error *err)
{
    int64_t left = key->until_ms - now_ms, most = wait_of(key->wrong);

    left = left < most ? left : most;
    if (left <= 0)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 的 PIN 输错 %u 次，请 %lld 秒后再试；未保存任何内容",
                        "the PIN of %s was wrong %u times: try again in %lld "
                        "s; nothing was saved"),
                   worker, key->wrong, (long long)((left + 999) / 1000));
}

enum xg_status author_key_open(uint8_t secret[static XG_SECRET_KEY_SIZE],
                               struct store *s, const char *worker,
                               struct xg_bytes pin, const struct xg_env *env,
                               struct xg_error *err)
{
    struct author_key key, after;
    int64_t now_ms = xg_wall_ms(env);
    bool found;

    if (author_key_find(s, &key, &found, worker, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 在本机没有 PIN", "%s has no PIN here"), worker);
    if (must_wait(&key, now_ms, worker, err) != XG_OK)
        return err->status;
    /* Counted as wrong before it is tried: a kill tells nobody for nothing. */
    after = key;
    after.wrong += after.wrong < UINT32_MAX;
    after.until_ms = now_ms + wait_of(after.wrong);
    if (put_alone(s, &after, worker, err) != XG_OK ||
        store_sync(s, err) != XG_OK)
        return err->status;
    if (xg_key_unwrap(secret, &key.wrapped, pin, worker, err) == XG_OK) {
        key.wrong = 0;
        key.until_ms = 0;
        enum xg_status status = put_alone(s, &key, worker, err);
        if (status != XG_OK)
            sodium_memzero(secret, XG_SECRET_KEY_SIZE);
        return status;
    }
    if (err->status == XG_AUTH)
        return xg_fail(err, XG_AUTH,
                       XG_T("%s 的 PIN 不对；未保存任何内容",
                            "the PIN of %s is wrong; nothing was saved"),
                       worker);
    return err->status;
}

enum xg_status author_key_standing(struct store *s, bool *registered,
                                   bool *other, const struct author_key *key,
                                   const char *worker, uint64_t size,
                                   struct xg_error *err)
{
    uint8_t named[XG_PUBLIC_KEY_SIZE];
    bool found;

    if (xg_author_key(named, &found, store_registry(s), worker, size, err) !=
        XG_OK)
        return err->status;
    *registered = found && memcmp(named, xg_wrapped_public(&key->wrapped),
                                  sizeof named) == 0;
    *other = found && !*registered;
    return XG_OK;
}
