/* test_account.c - operators' accounts: what lets one in, how long a wrong one
 * waits, and that nothing is good twice. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "server/account/account.h"
#include "server/account/key.h"
#include "server/account/totp.h"
#include "tests/lib/office.h"

#define PASSWORD "correct horse"

static struct xg_wrapped_key decoy;

static const struct xg_role *role_of(uint32_t number)
{
    return xg_role_find(number);
}

static void open_with(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;

    office_open(o, NULL);
    assert_ok(account_add(o->d, "head", "Head", role_of(XG_ROLE_DISPATCHER),
                          "top", &err));
    assert_ok(account_add(o->d, "aud", "Aud", role_of(XG_ROLE_AUDITOR), "top",
                          &err));
    if (xg_wrapped_public(&decoy)[0] == 0)
        assert_ok(account_make_decoy(&decoy, &o->env, &err));
}

static struct account_answer enter(struct office *o,
                                   const struct account_try *given)
{
    struct xg_error err = XG_ERROR_NONE;
    struct account_answer answer;

    assert_ok(account_enter(o->d, &answer, given, &decoy, &err));
    return answer;
}

static struct account_answer enter_by(struct office *o, const char *code,
                                      const char *password, const char *totp,
                                      const char *peer)
{
    const struct account_try given = {.code = code,
                                      .password = xg_bytes_of(password),
                                      .totp = totp,
                                      .peer = peer};

    return enter(o, &given);
}

static struct account_answer enter_once(struct office *o, const char *key,
                                        const char *password)
{
    const struct account_try given = {.once = key,
                                      .password = xg_bytes_of(password),
                                      .peer = "10.0.0.1"};

    return enter(o, &given);
}

static void make_once(struct office *o, char key[static ACCOUNT_ONCE_SIZE],
                      const char *code)
{
    struct xg_error err = XG_ERROR_NONE;
    int64_t until_ms;

    assert_ok(account_make_once(o->d, key, &until_ms, code, &err));
    assert_true(until_ms == o->world.wall_ms + 72 * INT64_C(3600000));
}

static void set_password(struct office *o, const char *code)
{
    char key[ACCOUNT_ONCE_SIZE];

    make_once(o, key, code);
    assert_int_equal(enter_once(o, key, PASSWORD).verdict, ACCOUNT_IN);
}

static bool is_still(struct office *o, const struct account_answer *in)
{
    struct xg_error err = XG_ERROR_NONE;
    bool still;

    assert_ok(account_is_still(o->d, &still, in, &err));
    return still;
}

/* ---- one-time keys ---- */

static void test_once(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    char first[ACCOUNT_ONCE_SIZE], second[ACCOUNT_ONCE_SIZE];
    struct account_answer a;
    struct account now;
    struct office o;

    (void)unused;
    open_with(&o);
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").verdict,
                     ACCOUNT_WRONG);
    make_once(&o, first, "head");
    make_once(&o, second, "head"); /* the first is good no more */
    assert_int_equal(enter_once(&o, first, PASSWORD).verdict, ACCOUNT_WRONG);
    const struct account_try brief = {.once = second,
                                      .password = xg_bytes_of("1234567")};
    assert_status(account_enter(o.d, &a, &brief, &decoy, &err), XG_USAGE);
    err = XG_ERROR_NONE;
    a = enter_once(&o, second, PASSWORD);
    assert_int_equal(a.verdict, ACCOUNT_IN);
    assert_true(a.account.signs);
    assert_int_equal(enter_once(&o, second, PASSWORD).verdict, ACCOUNT_WRONG);

    struct account_answer again = enter_by(&o, "head", PASSWORD, NULL, "p");
    assert_int_equal(again.verdict, ACCOUNT_IN);
    assert_memory_equal(again.secret, a.secret, sizeof a.secret);

    /* Forgotten: another password is another key, and the registry says so. */
    make_once(&o, first, "head");
    a = enter_once(&o, first, "another one");
    assert_int_equal(a.verdict, ACCOUNT_IN);
    assert_true(a.account.signs);
    assert_memory_not_equal(again.secret, a.secret, sizeof a.secret);
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").verdict,
                     ACCOUNT_WRONG);

    /* Too late. */
    make_once(&o, first, "head");
    o.world.wall_ms += 72 * INT64_C(3600000) + 1;
    assert_int_equal(enter_once(&o, first, PASSWORD).verdict, ACCOUNT_WRONG);
    assert_ok(account_read(o.d, &now, "head", &err));
    assert_true(now.login_ms > 0 && now.login_ms < o.world.wall_ms);
    office_check(&o);
    office_close(&o);
}

/* Who records nothing has a password like the others, and signs nothing. */
static void test_who_records_nothing(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct account_answer a;
    struct office o;
    bool wanted;

    (void)unused;
    open_with(&o);
    set_password(&o, "aud");
    a = enter_by(&o, "aud", PASSWORD, NULL, "p");
    assert_int_equal(a.verdict, ACCOUNT_IN);
    assert_false(a.account.signs);
    assert_ok(operator_key_wanted(o.d, &wanted, "aud", &err));
    assert_false(wanted);
    /* Another role: from the next login on she signs. */
    assert_ok(account_add(o.d, "aud", "Aud", role_of(XG_ROLE_DISPATCHER), "top",
                          &err));
    a = enter_by(&o, "aud", PASSWORD, NULL, "p");
    assert_true(a.account.signs);
    /* And one that has no desk has no login. */
    assert_status(account_add(o.d, "wn", "W", role_of(XG_ROLE_WORKER), "north",
                              &err),
                  XG_USAGE);
    err = XG_ERROR_NONE;
    assert_ok(registry_add_worker(o.d->registry, "aud", "Aud",
                                  role_of(XG_ROLE_WORKER), "north", &err));
    assert_int_equal(enter_by(&o, "aud", PASSWORD, NULL, "p").verdict,
                     ACCOUNT_SHUT);
    office_close(&o);
}

/* ---- waiting ---- */

static void wrong(struct office *o, const char *code, const char *peer)
{
    assert_int_equal(enter_by(o, code, "wrong", NULL, peer).verdict,
                     ACCOUNT_WRONG);
}

/* Whoever has that code or nobody: five are free, then 1 s, 2 s, ... */
static void wait_after(struct office *o, const char *code, int64_t until_s)
{
    char peer[32];

    for (int i = 0; i < ACCOUNT_TRIES; i++) {
        snprintf(peer, sizeof peer, "10.1.0.%d", i);
        wrong(o, code, peer);
    }
    for (int64_t s = 1; s <= until_s; s *= 2) {
        int64_t wait_s = s < ACCOUNT_WAIT_MAX_S ? s : ACCOUNT_WAIT_MAX_S;
        struct account_answer a = enter_by(o, code, PASSWORD, NULL, "10.2.0.1");
        assert_int_equal(a.verdict, ACCOUNT_OFTEN); /* also the right one */
        assert_int_equal(a.wait_s, wait_s);
        o->world.wall_ms += wait_s * 1000 - 1;
        assert_int_equal(enter_by(o, code, PASSWORD, NULL, "10.2.0.1").wait_s,
                         1);
        o->world.wall_ms += 1;
        snprintf(peer, sizeof peer, "10.3.0.%d", (int)(s % 251));
        wrong(o, code, peer);
    }
}

static enum xg_status take_wrong(void *ctx, const struct account *a,
                                 const struct store_wrong *tries,
                                 struct xg_error *err)
{
    (void)err;
    if (strcmp(a->code, "head") == 0)
        *(uint64_t *)ctx = tries ? tries->count : 0;
    return XG_OK;
}

static uint64_t wrong_of_head(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t count = UINT64_MAX;

    assert_ok(account_each(o->d, take_wrong, &count, &err));
    return count;
}

static void test_wrong_tries_are_forgotten(void **unused)
{
    struct office o;

    (void)unused;
    open_with(&o);
    set_password(&o, "head");
    for (int i = 0; i < 3; i++)
        wrong(&o, "head", "10.1.0.1");
    o.world.wall_ms += ACCOUNT_FORGET_DAYS * INT64_C(86400000);
    wrong(&o, "aud", "10.1.0.2");
    assert_int_equal(wrong_of_head(&o), 3);
    o.world.wall_ms += 1;
    wrong(&o, "aud", "10.1.0.2");
    assert_int_equal(wrong_of_head(&o), 0);
    office_close(&o);
}

static void test_waits(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct office o;

    (void)unused;
    open_with(&o);
    set_password(&o, "head");
    wait_after(&o, "head", 1024);
    wait_after(&o, "nobody", 4);
    /* A clock that was set back prolongs it by no more than one wait. */
    o.world.wall_ms -= INT64_C(86400000);
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").wait_s,
                     ACCOUNT_WAIT_MAX_S);
    o.world.wall_ms += ACCOUNT_WAIT_MAX_S * 1000 - 1;
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").wait_s, 1);
    o.world.wall_ms += 1;
    wrong(&o, "head", "p");
    /* Unlocking forgives. */
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").wait_s,
                     ACCOUNT_WAIT_MAX_S);
    assert_ok(account_lock(o.d, "head", false, NULL, &err));
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").verdict,
                     ACCOUNT_IN);
    /* A right one forgives. */
    for (int i = 0; i < 3; i++) {
        wrong(&o, "head", "p");
        wrong(&o, "head", "p");
        assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").verdict,
                         ACCOUNT_IN);
    }
    office_close(&o);
}

/* Codes that change, from one address: of IPv6 a whole /64. */
static void test_an_address_waits(void **unused)
{
    struct office o;
    char code[32], peer[64];

    (void)unused;
    open_with(&o);
    set_password(&o, "head");
    for (int i = 0; i < ACCOUNT_ADDRESS_TRIES; i++) {
        snprintf(code, sizeof code, "no%d", i);
        snprintf(peer, sizeof peer, "2001:db8::%x", i + 1);
        wrong(&o, code, peer);
    }
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "2001:db8::ff").wait_s,
                     1);
    assert_int_equal(
        enter_by(&o, "head", PASSWORD, NULL, "2001:db8:0:1::1").verdict,
        ACCOUNT_IN);
    office_close(&o);
}

/* ---- the second factor ---- */

static void test_vectors(void **unused)
{
    /* RFC 6238, appendix B, SHA-1: the last six of eight digits. */
    static const struct {
        int64_t s;
        const char *code;
    } vectors[] = {{59, "287082"},          {1111111109, "081804"},
                   {1111111111, "050471"},  {1234567890, "005924"},
                   {2000000000, "279037"},  {20000000000, "353130"}};
    const struct xg_bytes secret = xg_bytes_of("12345678901234567890");
    uint64_t step = 0;

    (void)unused;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        int64_t ms = vectors[i].s * 1000;
        assert_true(totp_check(&step, secret, vectors[i].code, ms, 0));
        assert_int_equal(step, vectors[i].s / 30);
        /* Once; a step early or late; not two. */
        assert_false(totp_check(&step, secret, vectors[i].code, ms, step));
        assert_true(totp_check(&step, secret, vectors[i].code, ms + 30000, 0));
        assert_false(totp_check(&step, secret, vectors[i].code, ms + 60000, 0));
        if (ms >= 60000) {
            assert_true(
                totp_check(&step, secret, vectors[i].code, ms - 30000, 0));
            assert_false(
                totp_check(&step, secret, vectors[i].code, ms - 60000, 0));
        }
    }
    assert_false(totp_check(&step, secret, "28708", 59000, 0));
    assert_false(totp_check(&step, secret, "2870822", 59000, 0));
    assert_false(totp_check(&step, secret, "", 59000, 0));
}

/* The code that an application shows, found by trying: 20 bytes of base32. */
static void code_now(struct office *o, char out[static 7], const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t secret[20];
    uint64_t step = 0;
    unsigned held = 0, bits = 0;
    size_t n = 0;

    for (const char *at = text; *at; at++) {
        held = held << 5 | (unsigned)(strchr(digits, *at) - digits);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            secret[n++] = (uint8_t)(held >> bits);
            held &= (1u << bits) - 1;
        }
    }
    assert_int_equal(n, sizeof secret);
    for (unsigned i = 0; i < 1000000; i++) {
        char all[16]; /* as the compiler sees it */
        snprintf(all, sizeof all, "%06u", i);
        memcpy(out, all, 7);
        /* Only of this very step. */
        if (totp_check(&step, xg_bytes(secret, n), out, o->world.wall_ms,
                       (uint64_t)o->world.wall_ms / 30000 - 1) &&
            step == (uint64_t)o->world.wall_ms / 30000)
            return;
    }
    fail_msg("no code");
}

static void test_totp(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    char text[ACCOUNT_TOTP_TEXT], code[7], key[ACCOUNT_ONCE_SIZE];
    struct account now;
    struct office o;
    bool right;

    (void)unused;
    open_with(&o);
    set_password(&o, "head");
    assert_status(account_confirm_totp(o.d, &right, "head", "000000", &err),
                  XG_NOTFOUND);
    err = XG_ERROR_NONE;
    assert_ok(account_begin_totp(o.d, text, "head", &err));
    /* Not in force before a code of it was shown. */
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").verdict,
                     ACCOUNT_IN);
    code_now(&o, code, text);
    assert_ok(account_confirm_totp(o.d, &right, "head", "12345", &err));
    assert_false(right);
    struct account_answer without = enter_by(&o, "head", PASSWORD, NULL, "p");
    assert_true(is_still(&o, &without));
    assert_ok(account_confirm_totp(o.d, &right, "head", code, &err));
    assert_true(right);
    assert_false(is_still(&o, &without));

    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").verdict,
                     ACCOUNT_TOTP);
    /* The code that turned it on is used up. */
    assert_int_equal(enter_by(&o, "head", PASSWORD, code, "p").verdict,
                     ACCOUNT_TOTP);
    o.world.wall_ms += 30000;
    code_now(&o, code, text);
    assert_int_equal(enter_by(&o, "head", "wrong", code, "p").verdict,
                     ACCOUNT_WRONG);
    assert_int_equal(enter_by(&o, "head", PASSWORD, code, "p").verdict,
                     ACCOUNT_IN);
    assert_int_equal(enter_by(&o, "head", PASSWORD, code, "p").verdict,
                     ACCOUNT_TOTP);

    /* A one-time link does not go round it, and is not used up by trying. */
    o.world.wall_ms += 30000;
    make_once(&o, key, "head");
    assert_int_equal(enter_once(&o, key, "a new password").verdict,
                     ACCOUNT_TOTP);
    code_now(&o, code, text);
    const struct account_try both = {.once = key,
                                     .password = xg_bytes_of("a new password"),
                                     .totp = code};
    assert_int_equal(enter(&o, &both).verdict, ACCOUNT_IN);

    /* Nor does a link that was found give all the codes to try, wherever from. */
    make_once(&o, key, "head");
    for (int i = 0; i <= ACCOUNT_TRIES; i++) {
        char peer[32];
        snprintf(peer, sizeof peer, "10.0.1.%d", i);
        const struct account_try guess = {.once = key,
                                          .password = xg_bytes_of("my password"),
                                          .totp = "000000",
                                          .peer = peer};
        assert_int_equal(enter(&o, &guess).verdict,
                         i < ACCOUNT_TRIES ? ACCOUNT_TOTP : ACCOUNT_OFTEN);
    }

    /* Asking for a code is no wrong try, a wrong code is. */
    for (int i = 0; i < 8; i++)
        assert_int_equal(
            enter_by(&o, "head", "a new password", NULL, "p").verdict,
            ACCOUNT_TOTP);
    for (int i = 0; i < ACCOUNT_TRIES; i++)
        assert_int_equal(
            enter_by(&o, "head", "a new password", "000000", "p").verdict,
            ACCOUNT_TOTP);
    assert_int_equal(
        enter_by(&o, "head", "a new password", "000000", "p").verdict,
        ACCOUNT_OFTEN);

    assert_ok(account_remove_totp(o.d, "head", &err));
    assert_ok(account_lock(o.d, "head", false, NULL, &err));
    assert_int_equal(enter_by(&o, "head", "a new password", NULL, "p").verdict,
                     ACCOUNT_IN);
    assert_ok(account_read(o.d, &now, "head", &err));
    assert_false(now.totp);
    office_close(&o);
}

/* ---- locked, changed ---- */

static void test_locked(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct account_answer a;
    struct office o;

    (void)unused;
    open_with(&o);
    set_password(&o, "head");
    a = enter_by(&o, "head", PASSWORD, NULL, "p");
    assert_true(is_still(&o, &a));
    assert_ok(account_lock(o.d, "head", true, "left", &err));
    assert_false(is_still(&o, &a));
    a = enter_by(&o, "head", PASSWORD, NULL, "p");
    assert_int_equal(a.verdict, ACCOUNT_SHUT);
    assert_string_equal(a.account.why, "left");
    /* Only who knows the password is told. */
    wrong(&o, "head", "p");
    assert_ok(account_lock(o.d, "head", false, NULL, &err));
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").verdict,
                     ACCOUNT_IN);
    assert_status(account_lock(o.d, "nobody", true, NULL, &err), XG_NOTFOUND);
    office_close(&o);
}

/* What is told of an account is one line of text, of so many bytes: else no
 * list of them could be shown. */
static void test_reasons_and_names(void **unused)
{
    static const char *const bad[] = {"\xff", "cut \xe5\xbc", "a\nb", "a\x7f"};
    static char longest[STORE_NAME_MAX + 2];
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_role *role = role_of(XG_ROLE_DISPATCHER);
    struct office o;

    (void)unused;
    open_with(&o);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = XG_ERROR_NONE;
        assert_status(account_lock(o.d, "head", true, bad[i], &err), XG_USAGE);
        err = XG_ERROR_NONE;
        assert_status(account_add(o.d, "new", bad[i], role, "top", &err),
                      XG_USAGE);
    }
    memset(longest, 'x', STORE_NAME_MAX + 1);
    err = XG_ERROR_NONE;
    assert_status(account_lock(o.d, "head", true, longest, &err), XG_USAGE);
    longest[STORE_NAME_MAX] = '\0';
    err = XG_ERROR_NONE;
    assert_ok(account_lock(o.d, "head", true, longest, &err));
    assert_ok(account_add(o.d, "new", longest, role, "top", &err));
    struct account now;
    assert_ok(account_read(o.d, &now, "head", &err));
    assert_string_equal(now.why, longest);
    office_close(&o);
}

static void test_another_password(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct account_try bad = {.code = "head",
                                    .password = xg_bytes_of("bad"),
                                    .peer = "p"};
    struct account_answer before, after;
    struct office o;

    (void)unused;
    open_with(&o);
    set_password(&o, "head");
    before = enter_by(&o, "head", PASSWORD, NULL, "p");
    assert_ok(account_prove(o.d, &after, &bad, &decoy, &err));
    assert_int_equal(after.verdict, ACCOUNT_WRONG);
    assert_status(account_change_password(o.d, "head", xg_bytes_of(PASSWORD),
                                          xg_bytes_of("short"), &err),
                  XG_USAGE);
    err = XG_ERROR_NONE;
    assert_true(is_still(&o, &before));
    assert_ok(account_change_password(o.d, "head", xg_bytes_of(PASSWORD),
                                      xg_bytes_of("longer than that"), &err));
    /* What came in by the one before, and has no session yet, gets none. */
    assert_false(is_still(&o, &before));
    wrong(&o, "head", "p");
    after = enter_by(&o, "head", "longer than that", NULL, "p");
    assert_int_equal(after.verdict, ACCOUNT_IN);
    assert_memory_equal(before.secret, after.secret, sizeof before.secret);
    office_close(&o);
}

/* ---- what others do ---- */

static struct account read_account(struct office *o, const char *code)
{
    struct xg_error err = XG_ERROR_NONE;
    struct account a;

    assert_ok(account_read(o->d, &a, code, &err));
    return a;
}

static enum account_gift give(struct office *o, const char *code,
                              const char *by, char key[ACCOUNT_ONCE_SIZE])
{
    const struct account_giver giver = {by, "forgot it", by != NULL};
    struct xg_error err = XG_ERROR_NONE;
    enum account_gift gift;
    int64_t until_ms;

    assert_ok(account_give(o->d, &gift, key, &until_ms, code, &giver, &err));
    return gift;
}

/* Asked, agreed, given, used: each is good once, and not for ever. */
static void test_given(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    char key[ACCOUNT_ONCE_SIZE] = "";
    struct account a;
    struct office o;

    (void)unused;
    open_with(&o);
    assert_ok(account_add(o.d, "reg", "R", role_of(XG_ROLE_REGISTRAR), "top",
                          &err));
    assert_ok(account_add(o.d, "reg2", "S", role_of(XG_ROLE_REGISTRAR), "top",
                          &err));
    /* The first login of somebody takes nobody's word. */
    assert_int_equal(give(&o, "head", "reg", key), ACCOUNT_GIVEN);
    assert_int_equal(enter_once(&o, key, PASSWORD).verdict, ACCOUNT_IN);
    a = read_account(&o, "head");
    assert_true(a.given.ms == 0 && a.given.used_ms == 0);
    uint64_t turn = a.turn;

    key[0] = '\0';
    assert_int_equal(give(&o, "head", "reg", key), ACCOUNT_ASKED);
    assert_int_equal(key[0], '\0');
    assert_ok(account_consent(o.d, "head", "reg2", true, &err));
    /* Three days; then it is asked for again, and agreed to again. */
    o.world.wall_ms += 73 * INT64_C(3600000);
    a = read_account(&o, "head");
    assert_false(account_is_asked(&a, o.world.wall_ms));
    assert_int_equal(give(&o, "head", "reg", key), ACCOUNT_ASKED);
    assert_int_equal(give(&o, "head", "reg", key), ACCOUNT_ASKED);
    assert_ok(account_consent(o.d, "head", "reg2", true, &err));
    assert_int_equal(give(&o, "head", "reg", key), ACCOUNT_GIVEN);
    a = read_account(&o, "head");
    assert_string_equal(a.given.by, "reg");
    assert_true(a.given.ms == o.world.wall_ms && a.given.used_ms == 0);
    assert_int_equal(give(&o, "head", "reg", key), ACCOUNT_ASKED);

    /* Whoever takes the one-time key, the old password is worth nothing. */
    assert_ok(account_consent(o.d, "head", "reg2", true, &err));
    assert_int_equal(give(&o, "head", "reg", key), ACCOUNT_GIVEN);
    assert_int_equal(enter_once(&o, key, "another one").verdict, ACCOUNT_IN);
    assert_int_equal(enter_by(&o, "head", PASSWORD, NULL, "p").verdict,
                     ACCOUNT_WRONG);
    a = read_account(&o, "head");
    assert_true(a.turn > turn && a.given.used_ms == o.world.wall_ms);

    /* On the machine itself nobody agrees, and it is told all the same. */
    const struct account_giver here = {NULL, "", false};
    enum account_gift gift;
    int64_t until_ms;
    assert_status(account_give(o.d, &gift, key, &until_ms, "head", &here, &err),
                  XG_USAGE);
    err = XG_ERROR_NONE;
    assert_int_equal(give(&o, "head", NULL, key), ACCOUNT_GIVEN);
    assert_string_equal(read_account(&o, "head").given.by, "");
    office_close(&o);
}

/* Neither comes back: who was moved and moved back was moved. */
static void test_turns(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct account before, after;
    struct office o;

    (void)unused;
    open_with(&o);
    before = read_account(&o, "head");
    assert_ok(account_add(o.d, "head", "Head", role_of(XG_ROLE_HANDLER), "top",
                          &err));
    assert_ok(account_add(o.d, "head", "Head", role_of(XG_ROLE_DISPATCHER),
                          "top", &err));
    after = read_account(&o, "head");
    assert_ptr_equal(before.role, after.role);
    assert_true(after.position > before.position);
    assert_ok(account_lock(o.d, "head", true, NULL, &err));
    assert_ok(account_lock(o.d, "head", false, NULL, &err));
    assert_true(read_account(&o, "head").turn > after.turn);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_who_records_nothing),
        cmocka_unit_test(test_wrong_tries_are_forgotten),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_an_address_waits),
        cmocka_unit_test(test_totp),
        cmocka_unit_test(test_locked),
        cmocka_unit_test(test_reasons_and_names),
        cmocka_unit_test(test_another_password),
        cmocka_unit_test(test_given),
        cmocka_unit_test(test_turns),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
