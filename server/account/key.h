/* key.h - keys with which operators sign what they do from the server.
 *
 * The key lies in the store, wrapped by a password that only its operator
 * knows (shared/core/keywrap.h), and its public half in the registry (`key`).
 * So whoever has all files of the server, and no password, can still write in
 * an operator's name, but what they write is graded *asserted*, not *proven*.
 *
 * What an operator does who has a key is signed with it. Where the registry
 * names none, or names another key, nothing is signed: no signature, and a bad
 * one even less, would prove anything.
 */
#ifndef XG_SERVER_ACCOUNT_KEY_H
#define XG_SERVER_ACCOUNT_KEY_H

#include "server/data/data.h"

enum { OPERATOR_PASSWORD_MIN = 8 };

/* Make a key for the operator and name it in the registry. XG_NOTFOUND: nobody
 * has that code; XG_REFUSED: they have one; XG_USAGE: too short. */
XG_MUST_CHECK enum xg_status
operator_key_make(struct data *d, uint8_t key[static XG_PUBLIC_KEY_SIZE],
                  const char *code, struct xg_bytes password,
                  struct xg_error *err);

/* The same key under another password. XG_AUTH. */
XG_MUST_CHECK enum xg_status
operator_key_change(struct data *d, const char *code, struct xg_bytes old,
                    struct xg_bytes new, struct xg_error *err);

/* Forget it; the registry says that there is none any more. */
XG_MUST_CHECK enum xg_status operator_key_remove(struct data *d,
                                                 const char *code,
                                                 struct xg_error *err);

/* Is what this operator does to be signed? */
XG_MUST_CHECK enum xg_status operator_key_wanted(struct data *d, bool *wanted,
                                                 const char *code,
                                                 struct xg_error *err);

/* Open it; wiped by the caller. XG_AUTH: a wrong password. XG_NOTFOUND: there
 * is none. */
XG_MUST_CHECK enum xg_status
operator_key_open(uint8_t secret[static XG_SECRET_KEY_SIZE], struct data *d,
                  const char *code, struct xg_bytes password,
                  struct xg_error *err);

#endif
