/* account.c - reading, making, changing and locking an account: account.h. */
#include "server/account/inside.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/account/key.h"
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

void account_hash(struct xg_hash *out, const char *what, const char *text)
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
    account_hash(&once->hash, "once", once->key);
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

/* ---- locking ---- */

enum xg_status account_judge_why(const char *why, struct xg_error *err)
{
    return store_fits_name(why)
               ? XG_OK
               : xg_fail(err, XG_USAGE,
                         XG_T("理由应为不超过 %d 字节的一行字",
                              "a reason is one line of at most %d bytes"),
                         STORE_NAME_MAX);
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
    int64_t no_wait;

    if (why && account_judge_why(why, err) != XG_OK)
        return err->status;
    if (account_change(d, &c, err) != XG_OK)
        return err->status;
    return locked ? XG_OK
                  : account_count(d, &no_wait, &hers, ACCOUNT_FORGIVES, err);
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
        account_tries_key(&key, rows[i].code);
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
