/* evidence_inside.h - what server/evidence*.c share. */
#ifndef XG_SERVER_PROOF_EVIDENCE_INSIDE_H
#define XG_SERVER_PROOF_EVIDENCE_INSIDE_H

#include "server/proof/evidence.h"

/* A record that is to go into the file. */
struct evidence_row {
    struct store_record row; /* in the arena */
    struct xg_hash anchor;   /* zeros: none */
    struct store_chain chain;
};

/* Which log positions are named; sorted and made distinct at the end. */
struct evidence_positions {
    uint64_t *all;
    size_t count, room;
};

struct evidence_work {
    struct data *d;
    struct store *s; /* a reader */
    const struct evidence_ask *ask;
    struct xg_arena arena;
    struct xg_registry registry;
    struct xg_checkpoint checkpoint;
    struct xg_buf checkpoint_note;
    struct evidence_row *rows;
    size_t row_count, row_room;
    struct xg_id *entities; /* ascending */
    size_t entity_count, entity_room;
    struct evidence_positions entries;
    struct evidence_positions sizes; /* of anchors, of what was cosigned */
    struct xg_evidence_part *parts;
    size_t part_count, part_room;
    uint64_t bytes; /* of all parts */
    struct xg_hash *hashes; /* of the batch looked at last */
    uint64_t hashes_of;     /* its position */
    size_t hash_count;
    uint64_t hashes_first; /* its first sequence number */
    uint64_t registry_notes;
    struct xg_hash policy; /* SHA-256 of the file; zeros: none */
    struct evidence_made made;
    struct xg_error *err;
};

/* Room for one more of `size` bytes in a list; NULL: XG_NOMEM is told. */
void *evidence_more(struct evidence_work *w, void **list, size_t *count,
                    size_t *room, size_t size);
XG_MUST_CHECK enum xg_status evidence_name_entry(struct evidence_work *w,
                                                 uint64_t position);
/* A consistency proof from that size is wanted. */
XG_MUST_CHECK enum xg_status evidence_add_size(struct evidence_work *w,
                                               uint64_t size);
/* A part; its content is copied. */
XG_MUST_CHECK enum xg_status evidence_add(struct evidence_work *w,
                                          const char *name,
                                          struct xg_bytes content);

/* evidence_find.c: which entities, which of their records, which anchors. */
XG_MUST_CHECK enum xg_status evidence_find(struct evidence_work *w);
/* evidence_parts.c: the parts made of them. */
XG_MUST_CHECK enum xg_status evidence_put_parts(struct evidence_work *w);

#endif
