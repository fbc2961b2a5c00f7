/* chains.h - where every record belongs: an auditor's own chains and branches.
 *
 * The records of a batch that were new to their chain are a *run*. A run goes
 * on from a record of another one, its parent; so the runs of a chain are a
 * tree, with a fork where two go on from the same record. The ends of it, its
 * *tips*, are in memory; the runs lie in a spill, each with a leap towards its
 * beginning, so that any record of a path is found in O(log runs).
 *
 * The rules are those of docs/protocol.md (stored, waiting, forked,
 * quarantined), written once more for somebody who does not trust the server.
 */
#ifndef XG_AUDIT_CHAINS_H
#define XG_AUDIT_CHAINS_H

#include <stdbool.h>

#include "shared/audit/spill.h"
#include "shared/core/note.h"

enum { XG_BRANCHES_MAX = 64 /* chains and forks that one device may begin */ };

/* As it lies in the spill, followed by `count` struct xg_placed. */
struct xg_run {
    uint64_t parent, leap; /* offset + 1; 0: none */
    uint64_t parent_index, depth;
    uint64_t first, count; /* of its own records */
    uint64_t skipped;      /* records of the batch before, that were here */
    uint64_t position;     /* of the batch's note in the log */
    struct xg_hash batch, tree;
    uint64_t batch_records;
};

struct xg_placed {
    struct xg_hash hash;
    uint64_t anchor; /* in force here */
};

struct xg_tip {
    uint64_t run, next; /* run: offset + 1 */
    struct xg_hash last;
    uint64_t anchor;
};

struct xg_fork_place {
    uint64_t run, index;
};

struct xg_chain {
    struct xg_hash id;
    uint32_t device; /* number of its name */
    uint32_t tip_count, fork_count;
    struct xg_tip *tips;
    struct xg_fork_place *forks; /* records from which several go on */
};

struct xg_chains {
    struct xg_spill runs;
    struct xg_chain *list;
    uint32_t count, room;
    uint32_t *table; /* by id, open addressing: index + 1 */
    uint32_t table_size;
    struct xg_chain_device {
        char *name;
        uint32_t branches;
        bool cosigned; /* counted among the witnesses */
    } *devices;
    uint32_t device_count, device_room;
    uint32_t *names; /* the same over the names of devices */
    uint32_t names_size;
};

void xg_chains_init(struct xg_chains *c);
void xg_chains_clear(struct xg_chains *c);

/* The number of a device's name, from 0. */
XG_MUST_CHECK enum xg_status xg_chains_device(struct xg_chains *c,
                                              uint32_t *device,
                                              const char *name,
                                              struct xg_error *err);
/* NULL: not begun. Borrowed until the next placing. */
struct xg_chain *xg_chains_find(const struct xg_chains *c,
                                const struct xg_hash *id);

/* Begin one that is not here, without records (a state that is read). */
XG_MUST_CHECK enum xg_status xg_chains_add(struct xg_chains *c,
                                           struct xg_chain **out,
                                           const struct xg_hash *id,
                                           uint32_t device,
                                           struct xg_error *err);

/* A record that is here, by its place and hash. */
struct xg_spot {
    uint64_t run, index; /* run: offset + 1 */
    struct xg_run says;
    struct xg_placed record;
};
bool xg_chains_record(struct xg_chains *c, struct xg_spot *out,
                      const struct xg_chain *chain, uint64_t seq,
                      const struct xg_hash *hash);

enum xg_placing {
    XG_PLACE_NEXT, /* goes on after `after`, or begins the chain */
    XG_PLACE_FORK, /* the same, and another goes on from there too */
    XG_PLACE_HELD, /* nothing in it is new */
    XG_PLACE_GAP,  /* what comes before it is missing */
    XG_PLACE_SPENT, /* one branch too many for its device */
};

struct xg_placement {
    enum xg_placing placing;
    bool begins;      /* the chain */
    size_t held;      /* records of the batch that are here already */
    uint64_t anchor;  /* in force before the first that is new */
    size_t tip;       /* NEXT: index of the tip that it continues */
    struct xg_spot after; /* FORK: the last that both sides share */
};

/* Where would records first.. with these hashes go, the one before the first
 * being `previous`? Changes nothing. */
void xg_chains_look(struct xg_chains *c, struct xg_placement *out,
                    const struct xg_hash *chain, uint32_t device,
                    uint64_t first, const struct xg_hash *previous,
                    const struct xg_hash *hashes, size_t count);

/* Keep what is new (not held): `run` says position, batch, tree,
 * batch_records; `records` are all of the batch's. */
XG_MUST_CHECK enum xg_status
xg_chains_keep(struct xg_chains *c, const struct xg_placement *place,
               const struct xg_hash *chain, uint32_t device, uint64_t first,
               const struct xg_run *run, const struct xg_placed *records,
               size_t count, struct xg_error *err);

#endif
