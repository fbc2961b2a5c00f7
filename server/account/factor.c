/* factor.c - an operator's second factor: used, begun, confirmed, taken away
 * (account.h). */
#include "server/account/inside.h"

#include <sodium.h>
#include <string.h>

#include "server/account/totp.h"
#include "shared/base/lang.h"

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

enum xg_status account_use_totp(struct data *d, bool *right,
                                const char *account, const char *code,
                                struct xg_error *err)
{
    struct totp_use use = {.code = code, .now_ms = xg_wall_ms(&d->env)};
    struct account_change c = {
        .code = account, .change = change_totp_used, .out = &use};

    if (account_change(d, &c, err) != XG_OK)
        return err->status;
    *right = use.right;
    return XG_OK;
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
