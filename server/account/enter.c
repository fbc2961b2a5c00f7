/* enter.c - logging in: by password, by one-time key (account.h). */
#include "server/account/inside.h"

#include <sodium.h>
#include <string.h>

#include "server/account/key.h"
#include "server/account/totp.h"
#include "shared/base/lang.h"

enum xg_status account_make_decoy(struct xg_wrapped_key *decoy,
                                  const struct xg_env *env,
                                  struct xg_error *err)
{
    uint8_t seed[XG_SEED_SIZE], password[32];

    xg_random(env, seed, sizeof seed);
    xg_random(env, password, sizeof password);
    enum xg_status status = xg_key_wrap(
        decoy, seed, xg_bytes(password, sizeof password), "", env, err);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(password, sizeof password);
    return status;
}

/* What there is of that code. */
struct found {
    struct store_operator o;
    struct xg_wrapped_key w;
    bool account, key;
};

static enum xg_status find(struct found *f, struct data *d,
                           const struct account_try *given,
                           struct xg_error *err)
{
    struct xg_hash once;
    struct store *s;

    *f = (struct found){.account = false};
    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status;
    if (given->once) {
        account_hash(&once, "once", given->once);
        status = s->ops->find_operator(s, &f->o, &f->account, &once, err);
    } else {
        status = s->ops->get_operator(s, &f->o, &f->account, given->code, err);
    }
    if (status == XG_OK && f->account)
        status = s->ops->get_operator_key(s, &f->w, &f->key, f->o.code, err);
    data_return(d, s);
    return status;
}

/* The password, in the same time whether or not there is anybody. */
static enum xg_status try_password(bool *right,
                                   uint8_t secret[static XG_SECRET_KEY_SIZE],
                                   const struct found *f,
                                   struct xg_bytes password,
                                   const struct xg_wrapped_key *decoy,
                                   struct xg_error *err)
{
    bool real = f->account && f->key;
    enum xg_status status =
        xg_key_unwrap(secret, real ? &f->w : decoy, password,
                      real ? f->o.code : "", err);

    if (status != XG_OK && status != XG_AUTH)
        return status;
    *right = real && status == XG_OK;
    *err = XG_ERROR_NONE;
    return XG_OK;
}

/* A key that is stored and not named signs nothing: the machine stopped in
 * between, or its role recorded nothing then. */
static enum xg_status name_key(struct data *d, struct account *a,
                               const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                               struct xg_error *err)
{
    const struct xg_registry view = registry_view(d->registry);
    struct xg_statement s = {.kind = XG_SAYS_KEY};
    uint8_t named[XG_PUBLIC_KEY_SIZE];
    bool found, known = false;
    struct store *store;

    if (a->signs || !a->role || !a->role->records)
        return XG_OK;
    if (xg_author_key(named, &found, &view, a->code, UINT64_MAX, err) != XG_OK)
        return err->status;
    if (registry_is_apart(d->registry)) {
        if (data_borrow(d, &store, err) != XG_OK)
            return err->status;
        enum xg_status status = registry_known(d->registry, &known, store,
                                               XG_SAYS_KEY, a->code, err);
        data_return(d, store);
        if (status != XG_OK)
            return status;
        if (known && !found)
            return XG_OK; /* it waits for her signature */
    }
    memcpy(s.subject, a->code, sizeof a->code);
    memcpy(s.key, key, XG_PUBLIC_KEY_SIZE);
    if (registry_put(d->registry, &s, 1, err) != XG_OK)
        return err->status;
    a->signs = !registry_is_apart(d->registry);
    return XG_OK;
}

static enum xg_status admit(struct account_answer *out, struct data *d,
                            const char *code, struct xg_error *err)
{
    const uint8_t *key = out->secret + XG_SECRET_KEY_SIZE - XG_PUBLIC_KEY_SIZE;

    if (account_read(d, &out->account, code, err) != XG_OK)
        return err->status;
    if (out->account.locked || !account_is_desk_role(out->account.role)) {
        out->verdict = ACCOUNT_SHUT;
        return XG_OK;
    }
    out->verdict = ACCOUNT_IN;
    return name_key(d, &out->account, key, err);
}

static void note_way_in(struct account_answer *out, const struct found *f,
                        const struct xg_wrapped_key *opened)
{
    crypto_hash_sha256(out->opened.b, opened->b, sizeof opened->b);
    out->had_totp = f->o.has_totp;
}

enum xg_status account_is_still(struct data *d, bool *still,
                                const struct account_answer *in,
                                struct xg_error *err)
{
    const struct account_try hers = {.code = in->account.code};
    struct account_answer now;
    struct found f;

    if (find(&f, d, &hers, err) != XG_OK)
        return err->status;
    note_way_in(&now, &f, &f.w);
    *still = f.account && f.key && !f.o.locked &&
             f.o.turn == in->account.turn &&
             now.had_totp == in->had_totp &&
             xg_hash_equal(&now.opened, &in->opened);
    return XG_OK;
}

/* ---- a one-time key ---- */

struct claim {
    struct ledger_job job;
    struct xg_hash once;
    const struct xg_wrapped_key *key;
    int64_t now_ms;
    const char *totp;
    bool done, wants_totp;
};

/* Good once: the key is forgotten in the transaction that stores the other. */
static enum xg_status run_claim(struct ledger_job *job, struct ledger *l,
                                struct store *s, struct xg_error *err)
{
    struct claim *c = (struct claim *)job;
    struct xg_wrapped_key before;
    struct store_operator o;
    bool found, replaces;

    (void)l;
    c->done = c->wants_totp = false;
    if (s->ops->find_operator(s, &o, &found, &c->once, err) != XG_OK)
        return err->status;
    if (!found || o.once_until_ms < c->now_ms)
        return XG_OK;
    c->wants_totp =
        o.has_totp &&
        !(c->totp && totp_check(&o.totp_step, xg_bytes(o.totp, sizeof o.totp),
                                c->totp, c->now_ms, o.totp_step));
    if (c->wants_totp)
        return XG_OK;
    if (s->ops->get_operator_key(s, &before, &replaces, o.code, err) != XG_OK)
        return err->status;
    memset(&o.once, 0, sizeof o.once);
    o.once_until_ms = 0;
    o.login_ms = c->now_ms;
    o.used_ms = replaces ? c->now_ms : 0;
    o.turn++;
    c->done = true;
    if (s->ops->put_operator_key(s, o.code, c->key, err) != XG_OK)
        return err->status;
    return s->ops->put_operator(s, &o, err);
}

static enum xg_status need_length(struct xg_bytes password,
                                  struct xg_error *err)
{
    if (password.len >= OPERATOR_PASSWORD_MIN)
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("新口令至少 %d 个字节", "a new password has %d bytes at "
                                                "least"),
                   OPERATOR_PASSWORD_MIN);
}

static enum xg_status enter_once(struct data *d, struct account_answer *out,
                                 const struct account_try *given,
                                 struct xg_error *err)
{
    struct claim c = {.job = {.run = run_claim},
                      .now_ms = xg_wall_ms(&d->env),
                      .totp = given->totp};
    uint8_t seed[XG_SEED_SIZE], ignored[XG_PUBLIC_KEY_SIZE];
    struct xg_wrapped_key w;
    struct found f;

    if (find(&f, d, given, err) != XG_OK)
        return err->status;
    out->verdict = ACCOUNT_WRONG;
    if (!f.account || f.o.once_until_ms < c.now_ms)
        return XG_OK;
    account_hash(&c.once, "once", given->once);
    c.key = &w;
    xg_random(&d->env, seed, sizeof seed);
    enum xg_status status =
        xg_key_wrap(&w, seed, given->password, f.o.code, &d->env, err);
    if (status == XG_OK)
        status = ledger_submit(d->ledger, &c.job, err);
    if (status == XG_OK && c.done) {
        crypto_sign_seed_keypair(ignored, out->secret, seed);
        note_way_in(out, &f, &w);
        status = admit(out, d, f.o.code, err);
    } else if (status == XG_OK && c.wants_totp) {
        out->verdict = ACCOUNT_TOTP;
    }
    sodium_memzero(seed, sizeof seed);
    return status;
}

/* ---- either ---- */

static enum xg_status enter_password(struct data *d, struct account_answer *out,
                                     const struct account_try *given,
                                     const struct xg_wrapped_key *decoy,
                                     struct xg_error *err)
{
    bool right = false, second = false;
    struct found f;

    if (find(&f, d, given, err) != XG_OK ||
        try_password(&right, out->secret, &f, given->password, decoy, err) !=
            XG_OK)
        return err->status;
    out->verdict = ACCOUNT_WRONG;
    if (!right)
        return XG_OK;
    note_way_in(out, &f, &f.w);
    if (account_use_totp(d, &second, given->code, given->totp, err) != XG_OK)
        return err->status;
    if (second)
        return admit(out, d, given->code, err);
    out->verdict = ACCOUNT_TOTP;
    return XG_OK;
}

enum xg_status account_enter(struct data *d, struct account_answer *out,
                             const struct account_try *given,
                             const struct xg_wrapped_key *decoy,
                             struct xg_error *err)
{
    struct account_answer answer = {.verdict = ACCOUNT_OFTEN};
    int64_t no_wait;
    enum xg_status status;

    if (given->once && need_length(given->password, err) != XG_OK)
        return err->status;
    if (account_count(d, &answer.wait_s, given, ACCOUNT_TRIES_ONE, err) !=
        XG_OK)
        return err->status;
    if (answer.wait_s) {
        *out = answer;
        return XG_OK;
    }
    status = given->once ? enter_once(d, &answer, given, err)
                         : enter_password(d, &answer, given, decoy, err);
    /* Right so far, and nothing wrong was said: it was no wrong try. */
    bool unsaid = answer.verdict == ACCOUNT_TOTP && !given->totp;
    const struct account_try hers = {.code = answer.account.code,
                                     .peer = given->peer};
    if (given->once && answer.verdict == ACCOUNT_IN)
        given = &hers; /* all that was wrong before is forgiven */
    if (status == XG_OK &&
        (unsaid || answer.verdict == ACCOUNT_IN ||
         answer.verdict == ACCOUNT_SHUT))
        status = account_count(d, &no_wait, given,
                               unsaid ? ACCOUNT_TAKES_BACK : ACCOUNT_FORGIVES,
                               err);
    if (status == XG_OK)
        *out = answer;
    if (status == XG_OK && answer.verdict != ACCOUNT_IN)
        sodium_memzero(out->secret, sizeof out->secret);
    sodium_memzero(&answer, sizeof answer);
    return status;
}

/* ---- her own password ---- */

enum xg_status account_prove(struct data *d, struct account_answer *out,
                             const struct account_try *given,
                             const struct xg_wrapped_key *decoy,
                             struct xg_error *err)
{
    struct account_answer answer = {.verdict = ACCOUNT_OFTEN};
    int64_t no_wait;
    struct found f;
    bool right = false;

    if (account_count(d, &answer.wait_s, given, ACCOUNT_TRIES_ONE, err) !=
        XG_OK)
        return err->status;
    if (answer.wait_s) {
        *out = answer;
        return XG_OK;
    }
    if (find(&f, d, given, err) != XG_OK ||
        try_password(&right, answer.secret, &f, given->password, decoy, err) !=
            XG_OK)
        return err->status;
    sodium_memzero(answer.secret, sizeof answer.secret);
    answer.verdict = right ? ACCOUNT_IN : ACCOUNT_WRONG;
    if (right &&
        account_count(d, &no_wait, given, ACCOUNT_FORGIVES, err) != XG_OK)
        return err->status;
    *out = answer;
    return XG_OK;
}

enum xg_status account_change_password(struct data *d, const char *code,
                                       struct xg_bytes old, struct xg_bytes new,
                                       struct xg_error *err)
{
    if (need_length(new, err) != XG_OK)
        return err->status;
    return operator_key_change(d, code, old, new, err);
}
