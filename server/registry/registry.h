/* registry.h - people, units and devices: statements in memory, notes in the
 * log.
 *
 * All statements are held in memory (some hundred bytes each: a district has
 * ten thousand), under a lock of their own; find() is fit for any thread.
 * Whatever changes them is one registry note, signed by the registrar, in a
 * transaction of its own.
 *
 * The server's own device is "<origin>/d/0000", owned by worker "server", whose
 * role is the server's alone: what it writes by itself (desk/clerk.h) has that
 * author, what an operator does names the operator.
 * Devices of workers are "<origin>/d/0001" onwards.
 */
#ifndef XG_SERVER_REGISTRY_REGISTRY_H
#define XG_SERVER_REGISTRY_REGISTRY_H

#include "server/ledger/ledger.h"
#include "server/registry/registrar.h"
#include "server/store/store.h"

#define REGISTRY_SERVER "server" /* the worker's code that owns device 0000 */

struct registry;

/* Load all statements. Everything is borrowed. `first_key` signs note 1;
 * `registrar` may be of another key, or of none (sign is NULL). */
XG_MUST_CHECK enum xg_status
registry_open(struct registry **r, struct store *store, struct ledger *ledger,
              struct registrar *registrar,
              const uint8_t first_key[static XG_PUBLIC_KEY_SIZE],
              struct xg_error *err);
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
/* The registrar's public key: of note 1; in force now; was it ever? */
const uint8_t *registry_registrar_key(const struct registry *r);
void registry_key(struct registry *r, uint8_t key[static XG_PUBLIC_KEY_SIZE]);
bool registry_was_key(struct registry *r,
                      const uint8_t key[static XG_PUBLIC_KEY_SIZE]);
/* Under what name the store keeps the key of note 1 as a file, for one that was
 * restored. */
void registry_first_name(struct xg_hash *name);
/* Is the key in force on another machine? Then what changes the registry waits,
 * without effect, for her signature: see below. */
bool registry_is_apart(struct registry *r);
/* Another signs from now on; the writer's own, or before anybody writes. */
void registry_take_registrar(struct registry *r, struct registrar *next);
/* Batches that a registrar let out of quarantine: is this one, below that size;
 * the first line of each, in the order of the log, false past the end. */
bool registry_admitted(struct registry *r, const struct xg_hash *batch,
                       uint64_t size);
struct registry_admission {
    struct xg_hash batch;
    uint64_t position;
};
bool registry_admission(struct registry *r, struct registry_admission *out,
                        size_t i);
/* Who places such a batch: inside the job, of the note at log entry `told`. */
typedef enum xg_status registry_admit(void *ctx, struct ledger *l,
                                      struct store *store,
                                      const struct xg_hash *batch,
                                      uint64_t told, struct xg_error *err);
void registry_on_admit(struct registry *r, registry_admit *admit, void *ctx);
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
/* All units, as the registry says now, in no order; in the arena. */
struct registry_unit {
    const char *code, *above; /* "" : it is at the top */
};
XG_MUST_CHECK enum xg_status registry_units(struct registry_unit **units,
                                            size_t *count, struct registry *r,
                                            struct xg_arena *arena,
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

/* ---- changing: each is one registry note in the log, and durable ----
 *
 * With the registrar's key elsewhere each is kept, durable, and waits; XG_OK.
 * A device that waits is pending. */

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

/* What a new key is to be called: `wish`, or "" for the next free name. Only a
 * name that a log before this one may have given, and that is not in it any
 * more, can be wished for: its device was enrolled in what a restore lost, and
 * has batches under it. *refused: why not, else NULL. Inside a job. */
XG_MUST_CHECK enum xg_status
registry_new_name(char name[static XG_KEY_NAME_MAX + 1], const char **refused,
                  const struct ledger *l, struct store *store,
                  const char *wish, struct xg_error *err);

/* Revoke, with a cut line for every chain of it that we hold. */
XG_MUST_CHECK enum xg_status
registry_revoke(struct registry *r, const char *device, struct xg_error *err);

/* The key signs the notes after this one. `next`, or NULL: it is here, and taken
 * over with the note; closed otherwise. */
XG_MUST_CHECK enum xg_status
registry_rotate(struct registry *r,
                const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                struct registrar *next, struct xg_error *err);

/* ---- the registrar on another machine (request.h) ---- */

struct registry_asked {
    uint64_t number;     /* of the note that is to be signed */
    uint64_t statements; /* lines in it */
    uint64_t later;      /* statements that wait for the next one */
};
/* The request, appended to `file`. Until it is answered, or what it says is
 * taken back, it stays the same. XG_NOTFOUND: nothing waits. */
XG_MUST_CHECK enum xg_status registry_request(struct registry *r,
                                              struct xg_buf *file,
                                              struct registry_asked *asked,
                                              struct xg_error *err);
/* The signed note: exactly one of those that were asked for since the last.
 * XG_REFUSED, XG_AUTH, XG_FORMAT: nothing is changed. */
XG_MUST_CHECK enum xg_status registry_accept(struct registry *r,
                                             uint64_t *number,
                                             struct xg_bytes note,
                                             struct xg_error *err);
/* Take back what waits under that number; 0: all. XG_NOTFOUND. What was asked
 * for before may still be accepted. */
XG_MUST_CHECK enum xg_status registry_withdraw(struct registry *r,
                                               uint64_t number,
                                               struct xg_error *err);

/* Is there something registered under that name, or does it wait to be? */
XG_MUST_CHECK enum xg_status registry_known(struct registry *r, bool *known,
                                            struct store *store,
                                            enum xg_statement_kind kind,
                                            const char *subject,
                                            struct xg_error *err);

/* A person's newest line. XG_NOTFOUND: nobody has that code, or it is the
 * server's own. */
XG_MUST_CHECK enum xg_status registry_person(struct registry *r,
                                             struct xg_statement *says,
                                             const char *code,
                                             struct xg_error *err);

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
