/* given.c - what others do to a login: see account.h. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/account/inside.h"
#include "server/sight/access.h"
#include "shared/base/lang.h"

static const int64_t ASKED_MS = ACCOUNT_ONCE_HOURS * INT64_C(3600000);

bool account_is_asked(const struct account *a, int64_t now_ms)
{
    return *a->asked.by && now_ms - a->asked.ms < ASKED_MS;
}

static bool is_asked_by(const struct store_operator *o, const char *by,
                        int64_t now_ms)
{
    return by && *by && strcmp(o->asked_by, by) == 0 &&
           now_ms - o->asked_ms < ASKED_MS;
}

static void ask_nothing(struct store_operator *o)
{
    o->asked_by[0] = o->asked_why[0] = o->consent[0] = '\0';
    o->asked_ms = 0;
}

static enum xg_status need_why(const struct account_giver *by,
                               struct xg_error *err)
{
    const char *why = by->why;

    if (!why || why[strspn(why, " \t\n")] == '\0')
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("这会动别人的登录，要记录在案：写明为什么（--why "
                            "理由）",
                            "this touches the login of somebody, and is "
                            "recorded: say why (--why TEXT)"));
    return account_judge_why(why, err);
}

/* ---- telling ---- */

/* In the log, before anything is handed out. */
static enum xg_status record(struct xg_hash *record, struct data *d,
                             const char *code, const char *what,
                             const struct account_giver *by,
                             const char *consent, struct xg_error *err)
{
    struct xg_buf filter = XG_BUF(1000);
    struct access_reader who = {.code = REGISTRY_SERVER, .writes = true};
    struct access_note note = {.reader = &who,
                               .how = XG_ACCESS_LOGIN,
                               .why = by->why};

    if (by->code && access_reader(&who, d, by->code, err) != XG_OK)
        return err->status;
    who.writes = !by->code; /* else named, by the server's word */
    xg_buf_format(&filter, "%s %s", what, code);
    if (*consent)
        xg_buf_format(&filter, "; operator consent %s --as %s", code, consent);
    note.filter = xg_buf_str(&filter);
    enum xg_status status = xg_buf_check(&filter, err);
    if (status == XG_OK)
        status = access_write_login(record, d, &note, code, err);
    xg_buf_clear(&filter);
    return status;
}

static void note_given(struct store_operator *o, const struct xg_hash *record,
                       const struct account_giver *by, int64_t now_ms)
{
    o->given = *record;
    snprintf(o->given_by, sizeof o->given_by, "%s", by->code ? by->code : "");
    snprintf(o->given_why, sizeof o->given_why, "%s", by->why);
    o->given_ms = now_ms;
    o->used_ms = 0;
}

/* ---- another login ---- */

struct giving {
    const struct account_giver *by;
    const struct account_once *once;
    struct xg_hash record;
    int64_t now_ms;
};

static bool change_asked(struct account_change *c, struct store_operator *o,
                         struct xg_error *answer)
{
    const struct giving *g = c->with;

    if (*o->asked_by && strcmp(o->asked_by, g->by->code) != 0 &&
        g->now_ms - o->asked_ms < ASKED_MS) {
        xg_fail(answer, XG_REFUSED,
                XG_T("%s 已经提出，等人同意（operator consent）",
                     "%s asks for it already, and waits for who agrees "
                     "(operator consent)"),
                o->asked_by);
        return false;
    }
    ask_nothing(o);
    snprintf(o->asked_by, sizeof o->asked_by, "%s", g->by->code);
    snprintf(o->asked_why, sizeof o->asked_why, "%s", g->by->why);
    o->asked_ms = g->now_ms;
    return true;
}

static bool change_given(struct account_change *c, struct store_operator *o,
                         struct xg_error *answer)
{
    const struct giving *g = c->with;

    if (g->by->needs_two &&
        !(is_asked_by(o, g->by->code, g->now_ms) && *o->consent)) {
        xg_fail(answer, XG_REFUSED, "%s",
                XG_T("同意已收回，请重新提出",
                     "what was agreed to is taken back: ask again"));
        return false;
    }
    note_given(o, &g->record, g->by, g->now_ms);
    ask_nothing(o);
    o->once = g->once->hash;
    o->once_until_ms = g->once->until_ms;
    return true;
}

/* Who agreed to it, "" where that takes nobody. *asks: it takes somebody, and
 * nobody did yet. */
static void find_consent(const struct account *a, bool *asks,
                         const char **consent, const struct giving *g)
{
    bool mine = account_is_asked(a, g->now_ms) && g->by->code &&
                strcmp(a->asked.by, g->by->code) == 0;

    *consent = g->by->needs_two && mine ? a->asked.consent : "";
    *asks = g->by->needs_two && !**consent;
}

static enum xg_status give_another(struct data *d, enum account_gift *gift,
                                   const struct account *a,
                                   struct account_once *once,
                                   const struct account_giver *by,
                                   struct xg_error *err)
{
    struct giving g = {.by = by, .once = once, .now_ms = xg_wall_ms(&d->env)};
    struct account_change c = {
        .code = a->code, .change = change_given, .with = &g};
    const char *consent;
    bool asks;

    if (need_why(by, err) != XG_OK)
        return err->status;
    find_consent(a, &asks, &consent, &g);
    if (asks)
        c.change = change_asked;
    else if (record(&g.record, d, a->code, "operator login", by, consent,
                    err) != XG_OK)
        return err->status;
    if (account_change(d, &c, err) != XG_OK)
        return err->status;
    *gift = asks ? ACCOUNT_ASKED : ACCOUNT_GIVEN;
    return XG_OK;
}

enum xg_status account_give(struct data *d, enum account_gift *gift,
                            char key[static ACCOUNT_ONCE_SIZE],
                            int64_t *until_ms, const char *code,
                            const struct account_giver *by,
                            struct xg_error *err)
{
    struct account_once once;
    struct account a;

    if (account_read(d, &a, code, err) != XG_OK)
        return err->status;
    if (!a.has_password) { /* nobody's yet: nothing is taken over */
        *gift = ACCOUNT_GIVEN;
        return account_make_once(d, key, until_ms, code, err);
    }
    account_new_once(&once, d);
    enum xg_status status = give_another(d, gift, &a, &once, by, err);
    if (status == XG_OK && *gift == ACCOUNT_GIVEN) {
        memcpy(key, once.key, sizeof once.key);
        *until_ms = once.until_ms;
    }
    sodium_memzero(&once, sizeof once);
    return status;
}

/* ---- the second factor ---- */

static bool change_no_totp(struct account_change *c, struct store_operator *o,
                           struct xg_error *answer)
{
    const struct giving *g = c->with;

    (void)answer;
    note_given(o, &g->record, g->by, g->now_ms);
    o->has_totp = o->has_begun = false;
    o->totp_step = 0;
    return true;
}

enum xg_status account_give_no_totp(struct data *d, const char *code,
                                    const struct account_giver *by,
                                    struct xg_error *err)
{
    struct giving g = {.by = by, .now_ms = xg_wall_ms(&d->env)};
    struct account_change c = {
        .code = code, .change = change_no_totp, .with = &g};
    struct account a;

    if (account_read(d, &a, code, err) != XG_OK)
        return err->status;
    if (!a.totp)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 没有打开两步验证", "%s has no second factor"),
                       code);
    if (need_why(by, err) != XG_OK ||
        record(&g.record, d, a.code, "operator totp --remove", by, "", err) !=
            XG_OK)
        return err->status;
    return account_change(d, &c, err);
}

/* ---- who agrees ---- */

static enum xg_status cannot_agree(const char *by, struct xg_error *err)
{
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 不能同意：要另一位登记员，或管她那个单位的督办单位；"
                        "不是提出的人，不是本人，自己的登录也不是提出的人给的",
                        "%s cannot agree: it takes another registrar, or a "
                        "supervising office over her; neither who asks nor she "
                        "herself, nor somebody whose own login who asks gave"),
                   by);
}

static enum xg_status may_agree(bool *may, struct data *d,
                                const struct account *a,
                                const struct account *by, struct xg_error *err)
{
    const struct xg_registry view = registry_view(d->registry);

    *may = false;
    if (!by->role || by->locked || strcmp(by->code, a->code) == 0 ||
        strcmp(by->code, a->asked.by) == 0 ||
        strcmp(by->given.by, a->asked.by) == 0)
        return XG_OK;
    if (by->role->number == XG_ROLE_REGISTRAR) {
        *may = true;
        return XG_OK;
    }
    if (by->role->number != XG_ROLE_SUPERVISOR || !*a->unit)
        return XG_OK;
    return xg_unit_within(may, &view, a->unit, by->unit, UINT64_MAX, err);
}

struct consent {
    const char *by;
    struct account_asked to; /* as it was when she agreed */
    bool agrees;
};

static bool change_consent(struct account_change *c, struct store_operator *o,
                           struct xg_error *answer)
{
    const struct consent *with = c->with;

    if (strcmp(o->asked_by, with->to.by) != 0 || o->asked_ms != with->to.ms) {
        xg_fail(answer, XG_NOTFOUND, "%s",
                XG_T("没有人在请求", "nobody asks for it any more"));
        return false;
    }
    if (with->agrees)
        snprintf(o->consent, sizeof o->consent, "%s", with->by);
    else
        ask_nothing(o);
    return true;
}

enum xg_status account_consent(struct data *d, const char *code, const char *by,
                               bool agrees, struct xg_error *err)
{
    struct account_change c = {.code = code, .change = change_consent};
    struct account a, who;
    bool may = false;

    if (account_read(d, &a, code, err) != XG_OK ||
        account_read(d, &who, by, err) != XG_OK)
        return err->status;
    if (!account_is_asked(&a, xg_wall_ms(&d->env)))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有人请求重置 %s 的登录",
                            "nobody asks to give %s another login"),
                       code);
    if (may_agree(&may, d, &a, &who, err) != XG_OK)
        return err->status;
    if (!may)
        return cannot_agree(by, err);
    const struct consent with = {who.code, a.asked, agrees};
    c.with = &with;
    return account_change(d, &c, err);
}
