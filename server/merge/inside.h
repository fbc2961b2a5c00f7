/* inside.h - what ingest.c, place.c and replay.c share.
 */
#ifndef XG_SERVER_MERGE_INSIDE_H
#define XG_SERVER_MERGE_INSIDE_H

#include "server/merge/fold.h"
#include "server/merge/ingest.h"
#include "shared/core/batch.h"

enum {
    BATCH_ARENA = 24 << 20,
    FOLD_ARENA = 256 << 20,
    ANCHORS_KEPT = 64,
    DEVICE_BRANCHES_MAX = 64, /* chains and forks that one device may begin */
    DEVICE_WAITING_MAX = 256, /* batches of one device that wait */
    PLACE_MAX = INT32_MAX, /* sequence numbers and sizes that we keep */
};

/* The value that says that something is to be erased (desk/redact.h). */
#define REDACT_PENDING "redact"

/* Roots that anchors were compared with. */
struct anchor_memo {
    uint64_t size;
    struct xg_hash root;
    bool published; /* a checkpoint had this size */
};

/* Gives records their places in derived tables. */
struct placer {
    struct ingest *in;
    struct store *from; /* log and batches */
    struct store *to;   /* derived tables */
    struct store_counts counts;
    struct anchor_memo anchors[ANCHORS_KEPT];
    struct xg_arena fold; /* scratch of one entity */
    struct xg_arena hands; /* of that entity */
    struct xg_buf scratch;
    bool replay;
    /* Replay only: batches that wait, in log order. */
    struct store_batch *waiting;
    size_t waiting_count, waiting_room;
};

struct ingest {
    struct store *store;
    struct ledger *ledger;
    struct registry *registry;
    const struct xg_signer *device;
    const struct xg_env *env;
    struct placer placer; /* the writer's own */
    bool counted;         /* placer.counts are those of the store */
    size_t fold_bytes;    /* what a fold may take: FOLD_ARENA */
};

/* A batch on its way to its place. */
struct incoming {
    const struct xg_batch *batch;
    const char *device;
    uint64_t position; /* of its note */
    uint64_t told;     /* the entry because of which it is placed now */
    /* Comes out. */
    bool placed;  /* false: earlier records are missing */
    bool spent;   /* it begins one branch too many for its device: kept,
                   * quarantined, never placed */
    size_t fresh; /* records that are new */
    bool forked;
    uint64_t fork_chain, fork_index; /* of the record in this batch */
    struct xg_hash rival;            /* the other record at that place */
};

void placer_init(struct placer *p, struct ingest *in, struct store *from,
                 struct store *to, bool replay);
void placer_clear(struct placer *p);

/* Give the batch's records their places and fold what they touch. */
XG_MUST_CHECK enum xg_status placer_place(struct placer *p,
                                          struct xg_arena *arena,
                                          struct incoming *inc,
                                          struct xg_error *err);

/* ---- who is told (tell.c) ---- */

/* The entry at which so many bytes more are told because of entry `told`. */
uint64_t tell_reserve(struct placer *p, uint64_t told, uint64_t bytes);

enum { TELL_KEYS = 32, TELL_WANTED_MAX = XG_UNITS_MAX + 8 };

/* What is to be told because of one batch. Runs of records for a few keys are
 * merged before they are written. */
struct teller {
    struct placer *p;
    const struct incoming *inc;
    struct xg_error *err;
    struct {
        char key[STORE_UNIT_MAX + 1];
        struct store_scope run;
    } list[TELL_KEYS];
    size_t count;
};

/* Who is with one entity, and who should be. */
struct tell_entity {
    uint64_t entity;
    const struct xg_kind *kind;
    bool arrived; /* its home is a hand too */
    char home[XG_CODE_MAX + 1];
    struct store_hand *held; /* that are open; until the next is looked at */
    size_t held_count, wanted_count;
    char wanted[TELL_WANTED_MAX][STORE_UNIT_MAX + 1];
};

void teller_init(struct teller *t, struct placer *p, const struct incoming *inc,
                 struct xg_error *err);
/* Find out about an entity that was `before` and came out of the fold *f, whose
 * `handed` is set. `late`: its first record comes now, after others. */
XG_MUST_CHECK enum xg_status teller_look(struct teller *t,
                                         struct tell_entity *e,
                                         const struct store_entity *before,
                                         bool late, struct fold *f);
/* A new record of it, for those who are with it and stay. */
XG_MUST_CHECK enum xg_status teller_row(struct teller *t,
                                        const struct tell_entity *e,
                                        const struct store_record *row,
                                        const struct xg_record *record);
/* The entity leaves and comes into hands; the batch's first row has that
 * number. It is in the store, and so are its records. */
XG_MUST_CHECK enum xg_status teller_pass(struct teller *t,
                                         struct tell_entity *e,
                                         uint64_t first_row);
/* The branch came to be by a fork, with those records on it; or only has
 * another parent than before. */
XG_MUST_CHECK enum xg_status teller_moved(struct teller *t, uint64_t branch,
                                          bool records);
/* All rows of the batch, for the device that wrote them. */
XG_MUST_CHECK enum xg_status teller_end(struct teller *t,
                                        const struct store_record *rows,
                                        size_t count);

/* Read a stored batch again, whole; it was verified when it came. */
XG_MUST_CHECK enum xg_status
ingest_reopen(struct ingest *in, struct xg_batch *batch, struct xg_arena *arena,
              struct store *store, const struct store_batch *row,
              struct xg_error *err);

/* Place what waited for the batch that has just been placed, with sequence
 * numbers first..last. `placed` is told of each. */
typedef enum xg_status ingest_placed(struct placer *p,
                                     const struct store_batch *row,
                                     const struct incoming *inc,
                                     struct xg_error *err);
XG_MUST_CHECK enum xg_status
placer_release(struct placer *p, size_t *fresh,
               const struct xg_batch_note *says, uint64_t told,
               ingest_placed *placed, struct xg_error *err);

/* Would a batch of the device that comes at that place be quarantined, because
 * the device is revoked? (admit.c) */
XG_MUST_CHECK enum xg_status ingest_is_apart(struct ingest *in, bool *apart,
                                             const char *device,
                                             const struct xg_hash *id,
                                             uint64_t position,
                                             struct xg_error *err);
/* Place the batch that an `admit` line at log entry `told` lets count; nothing
 * where it is not in quarantine then. One of `placed` and `waits` is told. */
XG_MUST_CHECK enum xg_status ingest_admit(struct placer *p,
                                          const struct xg_hash *id,
                                          uint64_t told, ingest_placed *placed,
                                          ingest_placed *waits,
                                          struct xg_error *err);

/* Inside another job: as the batch's own job would. */
XG_MUST_CHECK enum xg_status ingest_run_prepared(struct ingest_batch *batch,
                                                 struct ledger *l,
                                                 struct store *store,
                                                 struct xg_error *err);

#endif
