/* index.h - what the files of the handover share. For agent/handover*
 * alone. */
#ifndef AGENT_HANDOVER_INDEX_H
#define AGENT_HANDOVER_INDEX_H

#include "agent/handover/handover.h"
#include "shared/bundle/tar.h"

enum {
    HANDOVER_INDEX_MAX = 16 << 20,
    HANDOVER_PART_MAX = 1 << 20, /* of records, drafts, registry notes */
    HANDOVER_ARENA_MAX = 128 << 20,
    HANDOVER_META_SIZE = 64,
};

struct handover_part {
    char name[XG_TAR_NAME_MAX + 1];
    uint64_t length;
    struct xg_hash sha256;
};

struct handover_chain {
    struct xg_hash chain;
    uint64_t next;
};

struct handover_index {
    char log[XG_KEY_NAME_MAX + 1];
    char from[XG_CODE_MAX + 1], to[XG_CODE_MAX + 1];
    char device[XG_KEY_NAME_MAX + 1];
    uint64_t cases, subjects, drafts, photos;
    size_t chain_count, part_count;
    struct handover_chain *chains;
    struct handover_part *parts;
};

void handover_index_put(struct xg_buf *text, const struct handover_index *index);
/* Lists live in the arena. */
XG_MUST_CHECK enum xg_status
handover_index_read(struct handover_index *out, struct xg_arena *arena,
                    struct xg_bytes text, struct xg_error *err);

/* Names in the store: what was handed over, what was taken (record hash of the
 * acceptance, then the index), the answer that came back. */
#define HANDOVER_WROTE "handover.wrote."
#define HANDOVER_TOOK "handover.took."
#define HANDOVER_ANSWER "handover.answer."
void handover_meta(char name[static HANDOVER_META_SIZE], const char *prefix,
                   const struct xg_id *id);

/* Devices that registry notes outside the store have named. */
struct handover_keys {
    struct xg_arena *arena;
    struct handover_key {
        struct xg_statement device;
        struct handover_key *next;
    } * first;
    bool begun;
    struct store_registry_end end; /* of those, after the store's */
};
/* In the order of their numbers; those that the store has are passed over. As
 * in store_registry_follow(); XG_AUTH also for one that the store has otherwise.
 */
XG_MUST_CHECK enum xg_status handover_keys_add(struct handover_keys *keys,
                                               struct store *s,
                                               struct xg_bytes note,
                                               struct xg_error *err);
/* Whose key that is: by the registry here, else by those notes. XG_AUTH when
 * neither names it. `owner` may be NULL. */
XG_MUST_CHECK enum xg_status
handover_keys_find(const struct handover_keys *keys, struct xg_verifier *out,
                   char *owner, struct store *s, struct xg_bytes name,
                   struct xg_error *err);

#endif
