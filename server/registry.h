/* registry.h - people, units and devices: statements in memory, notes in the
 * log.
 *
 * All statements are held in memory (some hundred bytes each: a district has
 * ten thousand), under a lock of their own; find() is fit for any thread.
 * Whatever changes them is one registry note, signed by the registrar, in a
 * transaction of its own.
 *
 * The server's own device is "<origin>/d/0000", owned by worker "server", whose
 * role is the server's alone: what it writes by itself (clerk.h) has that
 * author, what an operator does names the operator.
 * Devices of workers are "<origin>/d/0001" onwards.
 */
#ifndef XG_SERVER_REGISTRY_H
#define XG_SERVER_REGISTRY_H

#include "server/ledger.h"
#include "server/registrar.h"
#include "server/store.h"

#define REGISTRY_SERVER "server" /* the worker's code that owns device 0000 */

struct registry;

/* Load all statements. Everything is borrowed. */
XG_MUST_CHECK enum xg_status
registry_open(struct registry **r, struct store *store, struct ledger *ledger,
              struct registrar *registrar, struct xg_error *err);
void registry_close(struct registry *r);

/* For xg_judge() and its kin. Borrows r. */
struct xg_registry registry_view(struct registry *r);

/* "<origin>/d/<code>"; also the server's own. */
void registry_device_name(char name[static XG_KEY_NAME_MAX + 1],
                          const char *origin, uint64_t code);

/* The key of a device. *found false when it is not in the registry. */
XG_MUST_CHECK enum xg_status registry_device(struct registry *r,
                                             struct xg_verifier *verifier,
                                             bool *found, const char *name,
                                             struct xg_error *err);
/* Was it revoked below that log size? That is for ever: a name is given once.
 */
XG_MUST_CHECK enum xg_status registry_revoked(struct registry *r, bool *revoked,
                                              const char *name, uint64_t size,
                                              struct xg_error *err);
/* The registrar's public key. */
const uint8_t *registry_registrar_key(const struct registry *r);
/* The newest registry note's number; 0: none. */
uint64_t registry_number(struct registry *r);

/* What a device may see, by the registry at that size (before its enrolment:
 * as it was enrolled). */
struct registry_scope {
    char device[XG_KEY_NAME_MAX + 1];
    char worker[XG_CODE_MAX + 1];
    char unit[XG_CODE_MAX + 1]; /* "" : none */
    const struct xg_role *role; /* NULL: none */
    size_t unit_count;
    const char **units; /* it and all below it, sorted; in the arena */
    size_t above_count;
    const char **above; /* those that it lies in, without itself; sorted */
};
XG_MUST_CHECK enum xg_status registry_scope(struct registry_scope *out,
                                            struct registry *r,
                                            struct xg_arena *arena,
                                            const char *device, uint64_t size,
                                            struct xg_error *err);
/* What may change that scope, at log positions in [from, to), one after
 * another: the worker moved, or got another role; or a unit came into the scope
 * or went out of it (with all below it); or the scope's own unit, or one above
 * it, was put below another. */
struct registry_changes {
    const char *device;
    uint64_t from, to; /* what is left */
    size_t next_unit;  /* zero */
};
struct registry_change {
    uint64_t position;
    bool unit_is_new;           /* no line named it before, and it lies below */
    char unit[XG_CODE_MAX + 1]; /* "": the worker */
};
/* *more false at the end. Before the device's enrolment nothing changes. */
XG_MUST_CHECK enum xg_status registry_next_change(struct registry_change *out,
                                                  bool *more,
                                                  struct registry *r,
                                                  struct registry_changes *c,
                                                  struct xg_error *err);

/* ---- changing: each is one registry note in the log, and durable ---- */

/* Put statements, as they are, into one note. XG_TOOBIG: over 64 KiB. */
XG_MUST_CHECK enum xg_status registry_put(struct registry *r,
                                          const struct xg_statement *statements,
                                          size_t count, struct xg_error *err);

/* Add or move a worker. Unit lines that are missing for the unit and all above
 * it are taken from the imported territory. XG_NOTFOUND: no such unit. */
XG_MUST_CHECK enum xg_status
registry_add_worker(struct registry *r, const char *code, const char *name,
                    const struct xg_role *role, const char *unit,
                    struct xg_error *err);

/* Enrol the key for the worker under the next free name. The same key again
 * gives the name it has. */
XG_MUST_CHECK enum xg_status
registry_enrol(struct registry *r, char name[static XG_KEY_NAME_MAX + 1],
               const uint8_t key[static XG_PUBLIC_KEY_SIZE], const char *worker,
               struct xg_error *err);

/* Revoke, with a cut line for every chain of it that we hold. */
XG_MUST_CHECK enum xg_status
registry_revoke(struct registry *r, const char *device, struct xg_error *err);

/* ---- one-time codes ---- */

/* Make a secret for the worker, good until expires_ms. */
XG_MUST_CHECK enum xg_status
registry_make_code(struct registry *r, uint8_t secret[static XG_SECRET_SIZE],
                   const char *worker, int64_t expires_ms,
                   const struct xg_env *env, struct xg_error *err);

/* Take part in POST /v1/enrol: the code must be known, in time (by the
 * server's clock), unused or used by this very key, the proof right. The
 * caller has verified the request's signature by `e->key`. XG_AUTH,
 * XG_REFUSED. */
XG_MUST_CHECK enum xg_status registry_use_code(struct registry *r,
                                               struct xg_enrolled *out,
                                               const struct xg_enrol *e,
                                               int64_t now_ms,
                                               struct xg_error *err);

/* ---- reference data ---- */

enum { REFERENCE_FILE_MAX = 16 << 20 };

/* Keep the file and put a reference note into the log. kind: one of
 * xg_guide_kinds. The caller has judged the content (xg_guide_check()). The
 * same file and edition again: nothing. */
XG_MUST_CHECK enum xg_status
registry_put_reference(struct registry *r, struct xg_reference *out,
                       const char *kind, const char *edition,
                       struct xg_bytes content, struct xg_error *err);

#endif
