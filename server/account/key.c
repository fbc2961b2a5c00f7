/* key.c - see key.h. */
#include "server/account/key.h"

#include <sodium.h>
#include <stdio.h>

#include "shared/base/lang.h"

/* ---- the store ---- */

struct put {
    struct ledger_job job;
    const char *code;
    const struct xg_wrapped_key *key;
};

static enum xg_status run_put(struct ledger_job *job, struct ledger *l,
                              struct store *store, struct xg_error *err)
{
    const struct put *p = (const struct put *)job;

    (void)l;
    return store->ops->put_operator_key(store, p->code, p->key, err);
}

static enum xg_status put(struct data *d, const char *code,
                          const struct xg_wrapped_key *key,
                          struct xg_error *err)
{
    struct put p = {.job = {.run = run_put}, .code = code, .key = key};

    return ledger_submit(d->ledger, &p.job, err);
}

static enum xg_status get(struct data *d, struct xg_wrapped_key *key,
                          bool *found, const char *code, struct xg_error *err)
{
    struct store *s;

    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status =
        s->ops->get_operator_key(s, key, found, code, err);
    data_return(d, s);
    return status;
}

/* ---- the registry ---- */

static enum xg_status is_in_force(struct data *d, bool *in_force,
                                  const struct xg_wrapped_key *w,
                                  const char *code, struct xg_error *err)
{
    const struct xg_registry view = registry_view(d->registry);
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    bool found;

    if (xg_author_key(key, &found, &view, code, UINT64_MAX, err) != XG_OK)
        return err->status;
    *in_force =
        found && memcmp(key, xg_wrapped_public(w), sizeof key) == 0;
    return XG_OK;
}

static enum xg_status name(struct data *d, const char *code,
                           const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                           struct xg_error *err)
{
    struct xg_statement s = {.kind = XG_SAYS_KEY};

    snprintf(s.subject, sizeof s.subject, "%.*s", XG_CODE_MAX, code);
    memcpy(s.key, key, XG_PUBLIC_KEY_SIZE);
    return registry_put(d->registry, &s, 1, err);
}

static enum xg_status need_length(struct xg_bytes password,
                                  struct xg_error *err)
{
    if (password.len >= OPERATOR_PASSWORD_MIN)
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("口令至少 %d 个字节", "a password has %d bytes at "
                                              "least"),
                   OPERATOR_PASSWORD_MIN);
}

/* ---- what an operator does with it ---- */

static enum xg_status wrap_new(struct xg_wrapped_key *out, struct data *d,
                               const char *code, struct xg_bytes password,
                               struct xg_error *err)
{
    uint8_t seed[XG_SEED_SIZE];

    xg_random(&d->env, seed, sizeof seed);
    enum xg_status status =
        xg_key_wrap(out, seed, password, code, &d->env, err);
    sodium_memzero(seed, sizeof seed);
    return status;
}

/* Stored first, then named: in between it signs nothing. One that was stored
 * and never named (the machine stopped, the registrar did not sign) is replaced
 * by the next. */
enum xg_status operator_key_make(struct data *d,
                                 uint8_t key[static XG_PUBLIC_KEY_SIZE],
                                 const char *code, struct xg_bytes password,
                                 struct xg_error *err)
{
    struct xg_statement person;
    struct xg_wrapped_key w;
    bool wanted;

    if (registry_person(d->registry, &person, code, err) != XG_OK ||
        need_length(password, err) != XG_OK ||
        operator_key_wanted(d, &wanted, code, err) != XG_OK)
        return err->status;
    if (wanted)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 已有钥匙；改口令用 --change，作废用 --remove",
                            "%s has a key already: --change sets another "
                            "password, --remove takes it away"),
                       code);
    if (wrap_new(&w, d, code, password, err) != XG_OK ||
        put(d, code, &w, err) != XG_OK ||
        name(d, code, xg_wrapped_public(&w), err) != XG_OK)
        return err->status;
    memcpy(key, xg_wrapped_public(&w), XG_PUBLIC_KEY_SIZE);
    return XG_OK;
}

enum xg_status operator_key_open(uint8_t secret[static XG_SECRET_KEY_SIZE],
                                 struct data *d, const char *code,
                                 struct xg_bytes password,
                                 struct xg_error *err)
{
    struct xg_wrapped_key w;
    bool found;

    if (get(d, &w, &found, code, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 没有钥匙，先 operator key",
                            "%s has no key: operator key makes one"),
                       code);
    if (xg_key_unwrap(secret, &w, password, code, err) == XG_OK)
        return XG_OK;
    if (err->status == XG_AUTH)
        return xg_fail(err, XG_AUTH,
                       XG_T("%s 的口令不对，未写入任何内容",
                            "the password of %s is wrong; nothing was written"),
                       code);
    return err->status;
}

enum xg_status operator_key_change(struct data *d, const char *code,
                                   struct xg_bytes old, struct xg_bytes new,
                                   struct xg_error *err)
{
    uint8_t secret[XG_SECRET_KEY_SIZE];
    struct xg_wrapped_key w;

    if (need_length(new, err) != XG_OK ||
        operator_key_open(secret, d, code, old, err) != XG_OK)
        return err->status;
    enum xg_status status = xg_key_wrap(&w, secret, new, code, &d->env, err);
    sodium_memzero(secret, sizeof secret);
    return status == XG_OK ? put(d, code, &w, err) : status;
}

/* Named as none first: a key that is stored and in force asks for its password,
 * a key in force that is not stored could not be taken away. */
enum xg_status operator_key_remove(struct data *d, const char *code,
                                   struct xg_error *err)
{
    static const uint8_t none[XG_PUBLIC_KEY_SIZE];
    const struct xg_registry view = registry_view(d->registry);
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    struct xg_statement person;
    struct xg_wrapped_key w;
    bool named, stored;

    if (registry_person(d->registry, &person, code, err) != XG_OK ||
        xg_author_key(key, &named, &view, code, UINT64_MAX, err) != XG_OK ||
        get(d, &w, &stored, code, err) != XG_OK)
        return err->status;
    if (!named && !stored)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 没有钥匙", "%s has no key"), code);
    if (named && name(d, code, none, err) != XG_OK)
        return err->status;
    return stored ? put(d, code, NULL, err) : XG_OK;
}

enum xg_status operator_key_wanted(struct data *d, bool *wanted,
                                   const char *code, struct xg_error *err)
{
    struct xg_wrapped_key w;
    bool found;

    if (get(d, &w, &found, code, err) != XG_OK)
        return err->status;
    if (!found) {
        *wanted = false;
        return XG_OK;
    }
    return is_in_force(d, wanted, &w, code, err);
}
