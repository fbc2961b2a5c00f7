/* proof.h - what can be proven of one case, in a few figures: for who looks at
 * it. All of it is checked anew each time: every record's hash by its bytes,
 * that it lies in the batch that its device signed, and that the batch's note
 * lies in the log under the newest checkpoint. An evidence file (evidence.h) is
 * the same for who trusts nobody here.
 */
#ifndef XG_SERVER_PROOF_PROOF_H
#define XG_SERVER_PROOF_PROOF_H

#include "server/data/data.h"

/* Somebody whose acts here, from the server, are signed by another key than the
 * first that was theirs: whoever gave them another login could be them. */
struct proof_key {
    char code[XG_CODE_MAX + 1];
    uint64_t entry;            /* of the log, that names the key */
    int64_t ms;                /* by the next time note; XG_NO_TIME: none yet */
    bool given;                /* by a new login; else by other means */
    char by[XG_CODE_MAX + 1];  /* who gave it; "": on the machine itself */
};

enum { PROOF_KEYS_MAX = 16 };

struct proof {
    bool unaltered;
    struct xg_error altered; /* else: what does not hold */
    uint64_t records;
    uint64_t entries; /* of the log that hold them */
    /* Of its first record; where that has not come (`has_first` false), none. */
    bool has_first;
    uint64_t entry;
    struct xg_when when;             /* by the log's time notes */
    int64_t seen_after_ms, seen_before_ms; /* by witnesses; XG_NO_TIME: none */
    /* Of all its records that people wrote and that count, the weakest. */
    enum xg_grade grade, first_grade;
    uint64_t weakest; /* entry of one of that grade */
    char weakest_author[XG_CODE_MAX + 1];
    uint64_t newest; /* entry of the last of its records */
    uint64_t cosigned_by;       /* devices that saw the log with all of them */
    uint64_t first_cosigned_by; /* with the first */
    uint64_t photos, photos_held;    /* removed ones left out */
    struct proof_key keys[PROOF_KEYS_MAX];
    size_t key_count; /* of the first so many */
};

/* Of a fold that knows its times; what does not hold is no failure. */
XG_MUST_CHECK enum xg_status proof_of(struct proof *out, struct data *d,
                                      struct store *store,
                                      const struct fold *fold,
                                      struct xg_error *err);

#endif
