/* tries.c - wrong tries of a password or a one-time key: counted before, and
 * forgiven after what was right (account.h, inside.h). */
#include "server/account/inside.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void account_tries_key(struct xg_hash *out, const char *code)
{
    account_hash(out, "code", code);
}

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
    account_hash(out, "address", peer);
}

enum { OF_CODE, OF_ADDRESS, OF };

struct count {
    struct ledger_job job;
    struct xg_hash of[OF];
    bool has[OF];
    int64_t now_ms;
    enum account_counts what;
    int64_t wait_ms; /* of a try that begins too early */
};

/* Until when the next try waits, from now. */
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
    return passed < delay_ms ? delay_ms - passed : 0;
}

/* Counted by a clock that was set back since: it was now at the latest, or
 * whoever it was would wait until then. */
static enum xg_status not_to_come(struct store *s, struct store_wrong *w,
                                  const struct xg_hash *of, int64_t now_ms,
                                  struct xg_error *err)
{
    if (w->last_ms <= now_ms)
        return XG_OK;
    w->last_ms = now_ms;
    return s->ops->put_wrong_tries(s, of, w, err);
}

static void count_one(struct store_wrong *w, const struct count *c)
{
    switch (c->what) {
    case ACCOUNT_TRIES_ONE:
        w->count++;
        w->last_ms = c->now_ms;
        break;
    case ACCOUNT_TAKES_BACK:
        w->count -= w->count > 0;
        break;
    case ACCOUNT_FORGIVES:
        w->count = 0;
        break;
    }
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
            (s->ops->get_wrong_tries(s, &w[i], &c->of[i], err) != XG_OK ||
             not_to_come(s, &w[i], &c->of[i], c->now_ms, err) != XG_OK))
            return err->status;
        int64_t wait_ms = wait_of(&w[i], free[i], c->now_ms);
        if (c->what == ACCOUNT_TRIES_ONE && wait_ms > c->wait_ms)
            c->wait_ms = wait_ms;
    }
    if (c->wait_ms)
        return XG_OK;
    for (int i = 0; i < OF; i++) {
        count_one(&w[i], c);
        if (c->has[i] &&
            s->ops->put_wrong_tries(s, &c->of[i], &w[i], err) != XG_OK)
            return err->status;
    }
    return s->ops->forget_wrong_tries(
        s, c->now_ms - ACCOUNT_FORGET_DAYS * INT64_C(86400000), err);
}

enum xg_status account_count(struct data *d, int64_t *wait_s,
                             const struct account_try *given,
                             enum account_counts what, struct xg_error *err)
{
    struct count c = {.job = {.run = run_count},
                      .has = {[OF_CODE] = given->code || given->once,
                              [OF_ADDRESS] = given->peer != NULL},
                      .now_ms = xg_wall_ms(&d->env),
                      .what = what};

    /* Who found a one-time key has all of the second factor's codes to try,
     * from as many addresses as she likes. */
    if (given->code)
        account_tries_key(&c.of[OF_CODE], given->code);
    else if (given->once)
        account_hash(&c.of[OF_CODE], "once-tries", given->once);
    if (given->peer)
        address_key(&c.of[OF_ADDRESS], given->peer);
    if (ledger_submit(d->ledger, &c.job, err) != XG_OK)
        return err->status;
    *wait_s = (c.wait_ms + 999) / 1000;
    return XG_OK;
}
