/* account.h - operators' accounts: who may log in to the console, and how.
 *
 * A person of the registry (`worker`) whose role works at a desk, and who has a
 * row in the store (store.h, struct store_operator). Truth, and nothing of it
 * in the log.
 *
 * One password does both: it opens the operator's wrapped signing key
 * (key.h), and so logs in. Those whose role records nothing (auditor,
 * registrar) have a wrapped key as well, which the registry never names: one
 * way to keep a password, one time that a try takes, and should their role
 * change, their next one-time key is all that is needed.
 *
 * A one-time key sets the first password, or another one where it was
 * forgotten: then with a new signing key, since nobody can open the old.
 *
 * The second factor is RFC 6238 (SHA-1, 6 digits, 30 s), a step before and
 * after taken, each step once.
 *
 * Wrong tries are counted in the store before the password is tried, so that
 * neither a restart nor ten tries at once forgive one. After ACCOUNT_TRIES in
 * a row of one code (whether or not anybody has it), or ACCOUNT_ADDRESS_TRIES
 * of one address (of IPv6 the /64), each further try waits 1 s, 2 s, 4 s ...
 * up to ACCOUNT_WAIT_MAX_S after the one before.
 */
#ifndef XG_SERVER_ACCOUNT_ACCOUNT_H
#define XG_SERVER_ACCOUNT_ACCOUNT_H

#include "server/data/data.h"
#include "shared/core/keywrap.h"

enum {
    ACCOUNT_TRIES = 5,
    ACCOUNT_ADDRESS_TRIES = 20,
    ACCOUNT_WAIT_MAX_S = 15 * 60,
    ACCOUNT_FORGET_DAYS = 30, /* of what was wrong, where nothing followed */
    ACCOUNT_ONCE_HOURS = 72,
    ACCOUNT_ONCE_BYTES = 20,
    ACCOUNT_ONCE_SIZE = 28, /* base64url of it, with terminator */
    ACCOUNT_TOTP_TEXT = 33, /* base32 of a secret, with terminator */
};

/* An account as it stands now. */
struct account {
    char code[XG_CODE_MAX + 1], unit[XG_CODE_MAX + 1];
    char name[STORE_NAME_MAX + 1];
    const struct xg_role *role;
    bool has_password;
    bool signs; /* has a key that the registry names */
    bool totp, locked;
    char why[STORE_NAME_MAX + 1]; /* it was locked */
    int64_t login_ms;             /* 0: never */
    /* Neither ever comes back, so that who was locked, moved or of another role
     * for a moment is seen to have been. */
    uint64_t turn;     /* of the account */
    uint64_t position; /* in the log, of the line that says who she is */
    /* What others did to her login last, and who would: below. */
    struct account_given {
        struct xg_hash record;     /* zeros: nothing */
        char by[XG_CODE_MAX + 1];  /* "": on the machine itself */
        char why[STORE_NAME_MAX + 1];
        int64_t ms, used_ms; /* since then she has another key; 0: not */
    } given;
    struct account_asked {
        char by[XG_CODE_MAX + 1]; /* "": nobody */
        char why[STORE_NAME_MAX + 1];
        char consent[XG_CODE_MAX + 1]; /* "": nobody agreed yet */
        int64_t ms;
    } asked;
};

/* Does that role work at a desk? Workers, helpers and delegates have no login
 * here. */
bool account_is_desk_role(const struct xg_role *role);

/* XG_NOTFOUND: no account. */
XG_MUST_CHECK enum xg_status account_read(struct data *d, struct account *out,
                                          const char *code,
                                          struct xg_error *err);
/* All, by code. */
typedef enum xg_status account_told(void *ctx, const struct account *a,
                                    const struct store_wrong *wrong,
                                    struct xg_error *err);
XG_MUST_CHECK enum xg_status account_each(struct data *d, account_told *each,
                                          void *ctx, struct xg_error *err);
/* The same for who has a reader already. */
XG_MUST_CHECK enum xg_status account_each_in(struct data *d, struct store *s,
                                             account_told *each, void *ctx,
                                             struct xg_error *err);

/* Register the person (or move one) and make the account, if there is none.
 * XG_USAGE: no role for a desk. */
XG_MUST_CHECK enum xg_status account_add(struct data *d, const char *code,
                                         const char *name,
                                         const struct xg_role *role,
                                         const char *unit,
                                         struct xg_error *err);
/* A new one-time key; the one before is good no more. The first of somebody who
 * has no password; else see account_give(). */
XG_MUST_CHECK enum xg_status
account_make_once(struct data *d, char key[static ACCOUNT_ONCE_SIZE],
                  int64_t *until_ms, const char *code, struct xg_error *err);
/* `why` may be NULL. Unlocking forgives wrong tries, too. */
XG_MUST_CHECK enum xg_status account_lock(struct data *d, const char *code,
                                          bool locked, const char *why,
                                          struct xg_error *err);

/* ---- what others do to her login ----
 *
 * Whoever gives another login to somebody who has one, or takes her second
 * factor away, could be her from then on. So it is told first: a record in the
 * log (access.h, XG_ACCESS_LOGIN) of who did it to whom and why, before anything
 * is handed out; and `attention` shows it until somebody at a desk above her,
 * who is neither of the two, has said that it was seen. What is signed
 * afterwards is signed by another key, and shown as that.
 *
 * Where the site wants two (`serve --two-for-login`), the first asks, and gets
 * the key once another agreed: a registrar, or a supervising office over her,
 * whose own login the first did not give. */
struct account_giver {
    const char *code; /* NULL: on the machine itself */
    const char *why;
    bool needs_two;
};
enum account_gift {
    ACCOUNT_GIVEN,
    ACCOUNT_ASKED, /* another must agree; no key was made */
};

/* A one-time key. XG_USAGE: she has a password, and there is no reason. */
XG_MUST_CHECK enum xg_status
account_give(struct data *d, enum account_gift *gift,
             char key[static ACCOUNT_ONCE_SIZE], int64_t *until_ms,
             const char *code, const struct account_giver *by,
             struct xg_error *err);
/* Take her second factor away. XG_NOTFOUND: she has none. */
XG_MUST_CHECK enum xg_status account_give_no_totp(struct data *d,
                                                  const char *code,
                                                  const struct account_giver *by,
                                                  struct xg_error *err);
/* Somebody agrees, or does not. XG_REFUSED: not she. XG_NOTFOUND: nobody asks. */
XG_MUST_CHECK enum xg_status account_consent(struct data *d, const char *code,
                                             const char *by, bool agrees,
                                             struct xg_error *err);
/* Is somebody asking now? */
bool account_is_asked(const struct account *a, int64_t now_ms);

/* ---- logging in ---- */

enum account_verdict {
    ACCOUNT_IN,
    ACCOUNT_WRONG, /* whichever it was */
    ACCOUNT_TOTP,  /* the password is right; the second factor is not there,
                    * or is wrong */
    ACCOUNT_OFTEN, /* nothing was tried */
    ACCOUNT_SHUT,  /* all is right, but locked, or of another role by now */
};

struct account_try {
    const char *code;         /* or NULL, then */
    const char *once;         /* sets the password that follows */
    struct xg_bytes password; /* borrowed */
    const char *totp;         /* or NULL */
    const char *peer;         /* an address */
};

struct account_answer {
    enum account_verdict verdict;
    int64_t wait_s; /* ACCOUNT_OFTEN */
    struct account account; /* ACCOUNT_IN, ACCOUNT_SHUT */
    /* ACCOUNT_IN; of libsodium's form. Wiped by the caller. */
    uint8_t secret[XG_SECRET_KEY_SIZE];
    /* By what she came in: the key as it lay under her password, and whether a
     * second factor was in force (account_is_still()). */
    struct xg_hash opened;
    bool had_totp;
};

/* A key that nobody has, tried where there is none to try, so that a code that
 * nobody has takes as long. Made once. */
XG_MUST_CHECK enum xg_status account_make_decoy(struct xg_wrapped_key *decoy,
                                                const struct xg_env *env,
                                                struct xg_error *err);

/* Some 0.1 s, and 64 MiB meanwhile. XG_USAGE: a new password that is too
 * short. */
XG_MUST_CHECK enum xg_status account_enter(struct data *d,
                                           struct account_answer *out,
                                           const struct account_try *given,
                                           const struct xg_wrapped_key *decoy,
                                           struct xg_error *err);

/* Does what let her in still hold? A password is tried for a while: whoever
 * changes it, turns a second factor on, or locks the account, and then ends her
 * sessions, ends only those that stand by then. So a login asks once its own
 * session stands. */
XG_MUST_CHECK enum xg_status account_is_still(struct data *d, bool *still,
                                              const struct account_answer *in,
                                              struct xg_error *err);

/* ---- what she does to her own ---- */

/* Is it her password? A wrong one counts as a wrong login does. The verdict is
 * ACCOUNT_IN, ACCOUNT_WRONG or ACCOUNT_OFTEN; nothing else of *out is said. */
XG_MUST_CHECK enum xg_status account_prove(struct data *d,
                                           struct account_answer *out,
                                           const struct account_try *given,
                                           const struct xg_wrapped_key *decoy,
                                           struct xg_error *err);
/* The same key under another password, once the old one was proven. */
XG_MUST_CHECK enum xg_status
account_change_password(struct data *d, const char *code, struct xg_bytes old,
                        struct xg_bytes new, struct xg_error *err);
/* A new second factor, not in force yet. */
XG_MUST_CHECK enum xg_status
account_begin_totp(struct data *d, char text[static ACCOUNT_TOTP_TEXT],
                   const char *code, struct xg_error *err);
/* A code of it puts it in force. *right false: it is not one. XG_NOTFOUND:
 * none was begun. */
XG_MUST_CHECK enum xg_status account_confirm_totp(struct data *d, bool *right,
                                                  const char *code,
                                                  const char *totp,
                                                  struct xg_error *err);
XG_MUST_CHECK enum xg_status account_remove_totp(struct data *d,
                                                 const char *code,
                                                 struct xg_error *err);

#endif
