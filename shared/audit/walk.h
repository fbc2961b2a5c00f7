/* walk.h - what the parts of a walk share; of walk*.c and state.c only.
 *
 *      walk.c            the loop over entries, the checkpoint, the end
 *      walk_notes.c      what the log and the registrar wrote
 *      walk_batch.c      what devices wrote: batches, chains, records
 *      walk_end.c        what can only be said at the end: gaps, forks without
 *                        a note, photos, witnesses
 *      state.c           a walk, saved and taken up again
 */
#ifndef XG_AUDIT_WALK_H
#define XG_AUDIT_WALK_H

#include "shared/audit/audit.h"
#include "shared/audit/chains.h"
#include "shared/audit/nodes.h"
#include "shared/audit/statements.h"

enum {
    XG_WALK_ARENA = 24 << 20,
    XG_WALK_LOGS_MAX = 64,      /* that follow one another */
    XG_WALK_FOUND_KEPT = 256,   /* findings that a state remembers */
};

/* A batch that is kept without being placed. */
enum xg_held_why { XG_HELD_WAITING, XG_HELD_QUARANTINED, XG_HELD_DONE };
struct xg_held {
    struct xg_hash chain, id;
    uint32_t device;
    uint32_t why;
    uint64_t first, last, position;
    uint64_t at, len; /* the frame, in `frames` */
};

/* Two records for one place, to be proven by a note of the log. */
struct xg_rift {
    struct xg_hash chain, record;
    uint64_t seq, position;
};

/* A photo that the log says is held, or a file of reference data. */
struct xg_file_said {
    struct xg_hash sha256;
    uint64_t length, position;
    uint32_t kind, hashed; /* kind: of enum xg_audit_file */
};

/* A record whose fields are gone, or that an act says to erase; a photo. */
struct xg_erased_said {
    struct xg_hash hash;
    struct xg_id entity; /* of the act, or of the record; none of a photo */
    uint64_t position, kind;
    uint32_t act, photo; /* act: of one; else it is gone */
};

/* A registry note from before the registrar's key was known. */
struct xg_unproven {
    uint64_t position;
    size_t at, len; /* in `unproven_notes` */
};

struct xg_walk_log {
    char origin[XG_KEY_NAME_MAX + 1];
    bool known; /* its key is */
    bool given; /* by the auditor */
    struct xg_verifier key;
    uint64_t from; /* its first own entry */
};

struct xg_walk {
    const struct xg_audit_source *source;
    const struct xg_audit_options *o;
    struct xg_error *err;
    struct xg_audit_result result;
    struct xg_audit_counts kept; /* as they were before what is only said at
                                  * the end */
    bool ending;
    uint64_t position; /* at hand */

    struct xg_nodes nodes;
    uint8_t *times; /* a bit an entry: is a time note */
    uint64_t times_room;
    uint64_t last_time_ms;
    uint64_t last_time_at; /* position + 1; 0: none yet */

    struct xg_walk_log logs[XG_WALK_LOGS_MAX];
    size_t log_count;
    struct xg_verifier registrar; /* its name is that of the note at hand */
    bool has_registrar, registrar_given;
    uint64_t registry_number;
    struct xg_hash registry_leaf;
    struct xg_unproven *unproven;
    size_t unproven_count;
    struct xg_buf unproven_notes;
    struct xg_statements statements;

    struct xg_chains chains;
    struct xg_spill frames;
    struct xg_held *held;
    size_t held_count, held_room;
    struct xg_rift *rifts;
    size_t rift_count;
    struct xg_arena arena;       /* of the batch at hand */
    struct {
        char device[XG_KEY_NAME_MAX + 1], author[XG_AUTHOR_MAX + 1];
        uint64_t anchor;
        bool any;
        struct xg_judgement judged;
    } memo;

    struct xg_spill files;
    struct xg_erased_said *erased;
    size_t erased_count, erased_room;
    struct xg_finding *kept_findings; /* of the walk, for a state */
    size_t kept_count;
};

/* Tell of something at w->position (UINT64_MAX: of the whole). */
XG_PRINTF(4, 5)
void xg_walk_say(struct xg_walk *w, enum xg_gravity gravity, const char *code,
                 const char *format, ...);

/* For a state that is saved; w->position does not matter. */
void xg_walk_keep(struct xg_walk *w, const struct xg_finding *finding);

/* The root at that size, if the walk came there: false: it did not. */
XG_MUST_CHECK enum xg_status xg_walk_root(struct xg_walk *w, bool *known,
                                          struct xg_hash *root, uint64_t size);
bool xg_walk_is_time(const struct xg_walk *w, uint64_t position);
/* The log whose own entries are here now; NULL before the first. */
struct xg_walk_log *xg_walk_now(struct xg_walk *w);
struct xg_walk_log *xg_walk_log_named(struct xg_walk *w, struct xg_bytes name);

/* One entry, parsed, already in the tree. */
XG_MUST_CHECK enum xg_status xg_walk_note(struct xg_walk *w,
                                          const struct xg_note *note);
XG_MUST_CHECK enum xg_status xg_walk_batch(struct xg_walk *w,
                                           const struct xg_note *note);
/* The registrar's key is this one: what it signed before is verified now. */
void xg_walk_learn_registrar(struct xg_walk *w,
                             const uint8_t key[static XG_PUBLIC_KEY_SIZE]);
/* A registry note admits the batch. */
XG_MUST_CHECK enum xg_status xg_walk_admit(struct xg_walk *w,
                                           const struct xg_hash *id);
XG_MUST_CHECK enum xg_status xg_walk_end(struct xg_walk *w);

/* *loaded false: there is no such file. */
XG_MUST_CHECK enum xg_status xg_walk_load(struct xg_walk *w, const char *path,
                                          bool *loaded);
XG_MUST_CHECK enum xg_status xg_walk_save(struct xg_walk *w, const char *path);

#endif
