/* account.c - see account.h. */
#include "server/account/inside.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/account/key.h"
#include "server/account/totp.h"
#include "shared/base/lang.h"

enum { ACCOUNTS_BYTES = 64 << 20 };

bool account_is_desk_role(const struct xg_role *role)
{
    if (!role)
        return false;
    switch (role->number) {
    case XG_ROLE_GRID_HEAD:
    case XG_ROLE_COMMUNITY:
    case XG_ROLE_HANDLER:
    case XG_ROLE_DISPATCHER:
    case XG_ROLE_SUPERVISOR:
    case XG_ROLE_AUDITOR:
    case XG_ROLE_REGISTRAR:
        return true;
    default:
        return false;
    }
}

static enum xg_status no_account(const char *code, struct xg_error *err)
{
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("%s 没有账号；用 operator add 建立",
                        "%s has no account: operator add makes one"),
                   code);
}

/* ---- reading ---- */

/* Is the wrapped key one that the registry names? */
static enum xg_status signs_with(struct data *d, bool *signs,
                                 const struct xg_wrapped_key *w,
                                 const char *code, struct xg_error *err)
{
    const struct xg_registry view = registry_view(d->registry);
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    bool named;

    if (xg_author_key(key, &named, &view, code, UINT64_MAX, err) != XG_OK)
        return err->status;
    *signs = named && memcmp(key, xg_wrapped_public(w), sizeof key) == 0;
    return XG_OK;
}

/* Who that is, and where the log says so. */
static enum xg_status fill_person(struct account *a, struct data *d,
                                  struct xg_error *err)
{
    const struct xg_registry view = registry_view(d->registry);
    struct xg_statement person;
    bool found;

    if (view.find(view.ctx, XG_SAYS_WORKER, a->code, UINT64_MAX, &person,
                  &a->position, &found, err) != XG_OK)
        return err->status;
    if (!found || strcmp(a->code, REGISTRY_SERVER) == 0)
        return XG_OK; /* it waits for the registrar */
    a->role = xg_role_find(person.role);
    memcpy(a->unit, person.unit, sizeof a->unit);
    return XG_OK;
}

static void fill_given(struct account *a, const struct store_operator *o)
{
    a->given.record = o->given;
    memcpy(a->given.by, o->given_by, sizeof a->given.by);
    memcpy(a->given.why, o->given_why, sizeof a->given.why);
    a->given.ms = o->given_ms;
    a->given.used_ms = o->used_ms;
    memcpy(a->asked.by, o->asked_by, sizeof a->asked.by);
    memcpy(a->asked.why, o->asked_why, sizeof a->asked.why);
    memcpy(a->asked.consent, o->consent, sizeof a->asked.consent);
    a->asked.ms = o->asked_ms;
}

static enum xg_status fill(struct account *out, struct data *d,
                           struct store *s, const struct store_operator *o,
                           struct xg_error *err)
{
    struct account a = {.totp = o->has_totp,
                        .locked = o->locked,
                        .login_ms = o->login_ms,
                        .turn = o->turn};
    struct xg_wrapped_key w;
    bool named = false;

    memcpy(a.code, o->code, sizeof a.code);
    memcpy(a.why, o->why, sizeof a.why);
    fill_given(&a, o);
    if (fill_person(&a, d, err) != XG_OK ||
        s->ops->get_person(s, a.name, &named, o->code, err) != XG_OK ||
        s->ops->get_operator_key(s, &w, &a.has_password, o->code, err) !=
            XG_OK ||
        (a.has_password && signs_with(d, &a.signs, &w, o->code, err) != XG_OK))
        return err->status;
    if (!named)
        a.name[0] = '\0';
    *out = a;
    return XG_OK;
}

enum xg_status account_read(struct data *d, struct account *out,
                            const char *code, struct xg_error *err)
{
    struct store_operator o;
    struct store *s;
    bool found = false;

    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->get_operator(s, &o, &found, code, err);
    if (status == XG_OK && !found)
        status = no_account(code, err);
    if (status == XG_OK)
        status = fill(out, d, s, &o, err);
    data_return(d, s);
    return status;
}

/* ---- changing ---- */

static enum xg_status run_change(struct ledger_job *job, struct ledger *l,
                                 struct store *s, struct xg_error *err)
{
    struct account_change *c = (struct account_change *)job;
    struct store_operator o = {.locked = false};
    bool found;

    (void)l;
    c->answer = XG_ERROR_NONE;
    if (s->ops->get_operator(s, &o, &found, c->code, err) != XG_OK)
        return err->status;
    if (!found && !c->make) {
        xg_ignore(no_account(c->code, &c->answer));
        return XG_OK;
    }
    if (!found)
        snprintf(o.code, sizeof o.code, "%s", c->code);
    if (!c->change(c, &o, &c->answer))
        return XG_OK;
    return s->ops->put_operator(s, &o, err);
}

enum xg_status account_change(struct data *d, struct account_change *c,
                              struct xg_error *err)
{
    c->job.run = run_change;
    if (ledger_submit(d->ledger, &c->job, err) != XG_OK)
        return err->status;
    if (c->answer.status != XG_OK)
        *err = c->answer;
    return c->answer.status;
}

static bool change_nothing(struct account_change *c, struct store_operator *o,
                           struct xg_error *answer)
{
    (void)c, (void)o, (void)answer;
    return true;
}

enum xg_status account_add(struct data *d, const char *code, const char *name,
                           const struct xg_role *role, const char *unit,
                           struct xg_error *err)
{
    struct account_change c = {.code = code, .change = change_nothing, .make = true};

    if (!account_is_desk_role(role))
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不在指挥中心办公，没有账号；用 worker add 登记",
                            "%s is no role of the console: worker add "
                            "registers people in the field"),
                       xg_label(role->zh, role->en));
    if (registry_add_worker(d->registry, code, name, role, unit, err) != XG_OK)
        return err->status;
    return account_change(d, &c, err);
}

static void hash_of(struct xg_hash *out, const char *what, const char *text)
{
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)what, strlen(what) + 1);
    crypto_hash_sha256_update(&state, (const uint8_t *)text, strlen(text));
    crypto_hash_sha256_final(&state, out->b);
}

void account_new_once(struct account_once *once, struct data *d)
{
    uint8_t random[ACCOUNT_ONCE_BYTES];

    xg_random(&d->env, random, sizeof random);
    sodium_bin2base64(once->key, sizeof once->key, random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    hash_of(&once->hash, "once", once->key);
    once->until_ms =
        xg_wall_ms(&d->env) + ACCOUNT_ONCE_HOURS * INT64_C(3600000);
    sodium_memzero(random, sizeof random);
}

static bool change_once(struct account_change *c, struct store_operator *o,
                        struct xg_error *answer)
{
    const struct account_once *once = c->with;

    (void)answer;
    o->once = once->hash;
    o->once_until_ms = once->until_ms;
    return true;
}

enum xg_status account_make_once(struct data *d,
                                 char key[static ACCOUNT_ONCE_SIZE],
                                 int64_t *until_ms, const char *code,
                                 struct xg_error *err)
{
    struct account_once once;
    struct account_change c = {
        .code = code, .change = change_once, .with = &once};

    account_new_once(&once, d);
    enum xg_status status = account_change(d, &c, err);
    if (status == XG_OK) {
        memcpy(key, once.key, sizeof once.key);
        *until_ms = once.until_ms;
    }
    sodium_memzero(&once, sizeof once);
    return status;
}

/* ---- wrong tries ---- */

/* Of an address: IPv4 as it is, of IPv6 the /64. */
static void address_key(struct xg_hash *out, const char *peer)
{
    struct in6_addr six;
    char text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, peer, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six)) {
        memset(&six.s6_addr[8], 0, 8);
        inet_ntop(AF_INET6, &six, text, sizeof text);
        peer = text;
    }
    hash_of(out, "address", peer);
}

enum { OF_CODE, OF_ADDRESS, OF };

struct count {
    struct ledger_job job;
    struct xg_hash of[OF];
    bool has[OF];
    int64_t now_ms;
    int change;      /* +1: a try begins; -1: it was none; 0: all is well */
    int64_t wait_ms; /* of a try that begins too early */
};

/* Until when the next try waits, from now. A clock that was set back does not
 * prolong it. */
static int64_t wait_of(const struct store_wrong *w, uint64_t free,
                       int64_t now_ms)
{
    if (w->count < free)
        return 0;
    uint64_t over = w->count - free;
    int64_t delay_ms = ACCOUNT_WAIT_MAX_S * INT64_C(1000);
    if (over < 10 && (INT64_C(1000) << over) < delay_ms)
        delay_ms = INT64_C(1000) << over;
    int64_t passed = now_ms - w->last_ms;
    return passed < 0 ? delay_ms : passed < delay_ms ? delay_ms - passed : 0;
}

static enum xg_status run_count(struct ledger_job *job, struct ledger *l,
                                struct store *s, struct xg_error *err)
{
    static const uint64_t free[OF] = {ACCOUNT_TRIES, ACCOUNT_ADDRESS_TRIES};
    struct count *c = (struct count *)job;
    struct store_wrong w[OF] = {{0}};

    (void)l;
    c->wait_ms = 0;
    for (int i = 0; i < OF; i++) {
        if (c->has[i] &&
            s->ops->get_wrong_tries(s, &w[i], &c->of[i], err) != XG_OK)
            return err->status;
        int64_t wait_ms = wait_of(&w[i], free[i], c->now_ms);
        if (c->change > 0 && wait_ms > c->wait_ms)
            c->wait_ms = wait_ms;
    }
    if (c->wait_ms)
        return XG_OK;
    for (int i = 0; i < OF; i++) {
        if (c->change > 0) {
            w[i].count++;
            w[i].last_ms = c->now_ms;
        } else {
            w[i].count -= c->change < 0 && w[i].count ? 1 : 0;
            w[i].count = c->change < 0 ? w[i].count : 0;
        }
        if (c->has[i] &&
            s->ops->put_wrong_tries(s, &c->of[i], &w[i], err) != XG_OK)
            return err->status;
    }
    return s->ops->forget_wrong_tries(
        s, c->now_ms - ACCOUNT_FORGET_DAYS * INT64_C(86400000), err);
}

static void count_of(struct count *c, struct data *d,
                     const struct account_try *given)
{
    *c = (struct count){.job = {.run = run_count},
                        .now_ms = xg_wall_ms(&d->env)};
    /* Who found a one-time key has all of the second factor's codes to try,
     * from as many addresses as she likes. */
    if (given->code)
        hash_of(&c->of[OF_CODE], "code", given->code);
    else if (given->once)
        hash_of(&c->of[OF_CODE], "once-tries", given->once);
    c->has[OF_CODE] = given->code || given->once;
    if (given->peer)
        address_key(&c->of[OF_ADDRESS], given->peer);
    c->has[OF_ADDRESS] = given->peer != NULL;
}

static enum xg_status count(struct data *d, struct count *c, int change,
                            struct xg_error *err)
{
    c->change = change;
    return ledger_submit(d->ledger, &c->job, err);
}

static bool change_lock(struct account_change *c, struct store_operator *o,
                        struct xg_error *answer)
{
    const char *why = c->with;

    (void)answer;
    o->turn++;
    o->locked = why != NULL;
    snprintf(o->why, sizeof o->why, "%s", why ? why : "");
    return true;
}

enum xg_status account_lock(struct data *d, const char *code, bool locked,
                            const char *why, struct xg_error *err)
{
    struct account_change c = {.code = code,
                       .change = change_lock,
                       .with = locked ? why ? why : "" : NULL};
    const struct account_try hers = {.code = code};
    struct count forgiven;

    if (why && strlen(why) > STORE_NAME_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("理由太长（最多 %d 字节）",
                            "the reason is too long (%d bytes at most)"),
                       STORE_NAME_MAX);
    count_of(&forgiven, d, &hers);
    if (account_change(d, &c, err) != XG_OK)
        return err->status;
    return locked ? XG_OK : count(d, &forgiven, 0, err);
}

enum xg_status account_each_in(struct data *d, struct store *s,
                               account_told *each, void *ctx,
                               struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ACCOUNTS_BYTES);
    struct store_operator *rows;
    size_t n = 0;
    enum xg_status status = s->ops->read_operators(s, &arena, &rows, &n, err);

    for (size_t i = 0; status == XG_OK && i < n; i++) {
        struct store_wrong wrong;
        struct account a;
        struct xg_hash key;
        hash_of(&key, "code", rows[i].code);
        status = s->ops->get_wrong_tries(s, &wrong, &key, err);
        if (status == XG_OK)
            status = fill(&a, d, s, &rows[i], err);
        if (status == XG_OK)
            status = each(ctx, &a, &wrong, err);
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status account_each(struct data *d, account_told *each, void *ctx,
                            struct xg_error *err)
{
    struct store *s;

    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = account_each_in(d, s, each, ctx, err);
    data_return(d, s);
    return status;
}

/* ---- logging in ---- */

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
        hash_of(&once, "once", given->once);
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

struct totp_use {
    const char *code;
    int64_t now_ms;
    bool right;
};

static bool change_totp_used(struct account_change *c, struct store_operator *o,
                             struct xg_error *answer)
{
    struct totp_use *use = c->out;
    uint64_t step;

    (void)answer;
    use->right =
        !o->has_totp ||
        (use->code && totp_check(&step, xg_bytes(o->totp, sizeof o->totp),
                                 use->code, use->now_ms, o->totp_step));
    if (!use->right)
        return false;
    if (o->has_totp)
        o->totp_step = step;
    o->login_ms = use->now_ms;
    return true;
}

/* In the writer's transaction, so that no code of it is good twice. */
static enum xg_status use_totp(struct data *d, bool *right, const char *account,
                               const char *code, struct xg_error *err)
{
    struct totp_use use = {.code = code, .now_ms = xg_wall_ms(&d->env)};
    struct account_change c = {
        .code = account, .change = change_totp_used, .out = &use};

    if (account_change(d, &c, err) != XG_OK)
        return err->status;
    *right = use.right;
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
    hash_of(&c.once, "once", given->once);
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

/* ---- the whole ---- */

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
    if (use_totp(d, &second, given->code, given->totp, err) != XG_OK)
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
    struct count tries;
    enum xg_status status;

    if (given->once && need_length(given->password, err) != XG_OK)
        return err->status;
    count_of(&tries, d, given);
    if (count(d, &tries, 1, err) != XG_OK)
        return err->status;
    if (tries.wait_ms) {
        answer.wait_s = (tries.wait_ms + 999) / 1000;
        *out = answer;
        return XG_OK;
    }
    status = given->once ? enter_once(d, &answer, given, err)
                         : enter_password(d, &answer, given, decoy, err);
    const struct account_try hers = {.code = answer.account.code,
                                     .peer = given->peer};
    if (given->once && answer.verdict == ACCOUNT_IN)
        count_of(&tries, d, &hers); /* all that was wrong before is forgiven */
    /* Right so far, and nothing wrong was said: it was no wrong try. */
    bool unsaid = answer.verdict == ACCOUNT_TOTP && !given->totp;
    if (status == XG_OK &&
        (unsaid || answer.verdict == ACCOUNT_IN ||
         answer.verdict == ACCOUNT_SHUT))
        status = count(d, &tries, unsaid ? -1 : 0, err);
    if (status == XG_OK)
        *out = answer;
    if (status == XG_OK && answer.verdict != ACCOUNT_IN)
        sodium_memzero(out->secret, sizeof out->secret);
    sodium_memzero(&answer, sizeof answer);
    return status;
}

/* ---- her own ---- */

enum xg_status account_prove(struct data *d, struct account_answer *out,
                             const struct account_try *given,
                             const struct xg_wrapped_key *decoy,
                             struct xg_error *err)
{
    struct account_answer answer = {.verdict = ACCOUNT_OFTEN};
    struct count tries;
    struct found f;
    bool right = false;

    count_of(&tries, d, given);
    if (count(d, &tries, 1, err) != XG_OK)
        return err->status;
    if (tries.wait_ms) {
        answer.wait_s = (tries.wait_ms + 999) / 1000;
        *out = answer;
        return XG_OK;
    }
    if (find(&f, d, given, err) != XG_OK ||
        try_password(&right, answer.secret, &f, given->password, decoy, err) !=
            XG_OK)
        return err->status;
    sodium_memzero(answer.secret, sizeof answer.secret);
    answer.verdict = right ? ACCOUNT_IN : ACCOUNT_WRONG;
    if (right && count(d, &tries, 0, err) != XG_OK)
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

static bool change_begun(struct account_change *c, struct store_operator *o,
                         struct xg_error *answer)
{
    (void)answer;
    memcpy(o->begun, c->with, sizeof o->begun);
    o->has_begun = true;
    return true;
}

/* RFC 4648; 20 bytes need no padding. */
static void base32(char text[static ACCOUNT_TOTP_TEXT],
                   const uint8_t data[static STORE_TOTP_SIZE])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned held = 0, bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < STORE_TOTP_SIZE; i++) {
        held = held << 8 | data[i];
        for (bits += 8; bits >= 5; bits -= 5)
            text[n++] = digits[held >> (bits - 5) & 31];
        held &= (1u << bits) - 1;
    }
    text[n] = '\0';
}

enum xg_status account_begin_totp(struct data *d,
                                  char text[static ACCOUNT_TOTP_TEXT],
                                  const char *code, struct xg_error *err)
{
    uint8_t secret[STORE_TOTP_SIZE];
    struct account_change c = {.code = code, .change = change_begun, .with = secret};

    xg_random(&d->env, secret, sizeof secret);
    enum xg_status status = account_change(d, &c, err);
    if (status == XG_OK)
        base32(text, secret);
    sodium_memzero(secret, sizeof secret);
    return status;
}

static bool change_confirmed(struct account_change *c, struct store_operator *o,
                             struct xg_error *answer)
{
    struct totp_use *use = c->out;
    uint64_t step;

    if (!o->has_begun) {
        xg_fail(answer, XG_NOTFOUND, "%s",
                XG_T("没有开始设置两步验证", "no second factor was begun"));
        return false;
    }
    use->right = totp_check(&step, xg_bytes(o->begun, sizeof o->begun),
                            use->code, use->now_ms, 0);
    if (!use->right)
        return false;
    memcpy(o->totp, o->begun, sizeof o->totp);
    memset(o->begun, 0, sizeof o->begun);
    o->has_begun = false;
    o->has_totp = true;
    o->totp_step = step;
    return true;
}

enum xg_status account_confirm_totp(struct data *d, bool *right,
                                    const char *code, const char *totp,
                                    struct xg_error *err)
{
    struct totp_use use = {.code = totp, .now_ms = xg_wall_ms(&d->env)};
    struct account_change c = {.code = code, .change = change_confirmed, .out = &use};

    if (account_change(d, &c, err) != XG_OK)
        return err->status;
    *right = use.right;
    return XG_OK;
}

static bool change_no_totp(struct account_change *c, struct store_operator *o,
                           struct xg_error *answer)
{
    (void)c, (void)answer;
    o->has_totp = o->has_begun = false;
    o->totp_step = 0;
    return true;
}

enum xg_status account_remove_totp(struct data *d, const char *code,
                                   struct xg_error *err)
{
    struct account_change c = {.code = code, .change = change_no_totp};

    return account_change(d, &c, err);
}
