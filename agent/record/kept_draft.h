/* kept_draft.h - drafts: what a person has filled in so far, not yet a record.
 *
 * A draft is a command that was not run yet: its words (field=value) exactly as
 * they were typed, whatever they are worth, what it is about, who told of it,
 * and the photos that lie on the shelf already. So nothing that was typed is
 * lost by being wrong, and finishing it is running that command. Sealed as a
 * whole:
 *
 *      [ author or null,
 *        { field number: value },          photos; others become words when they
 *                                          are read
 *        { 1: version,
 *          2: [words],                     as byte strings
 *          3: entity that it is about,     of a later act
 *          4: move,
 *          5: [name, phone, consent, relation], each null where not given
 *          6: [words of the incident that a visit opens],
 *          7: key that who began it chose, never 0 } ]
 *
 * The third item may be missing, and each of its keys.
 */
#ifndef AGENT_KEPT_DRAFT_H
#define AGENT_KEPT_DRAFT_H

#include "agent/store/store.h"
#include "shared/view/judged.h"

enum {
    KEPT_BYTES_MAX = 256 << 10,
    KEPT_WORDS_MAX = 1024,
};

/* Words and texts are borrowed, by load from the arena. */
struct kept_words {
    const char **list;
    size_t count;
};

struct kept_draft {
    const struct xg_kind *kind; /* of the entity */
    const char *author;         /* "": the owner */
    struct xg_draft values;     /* photos */
    struct kept_words words, opens;
    bool is_later; /* about something that is recorded */
    struct xg_id about;
    const char *move;                       /* "": none */
    const char *informant[VIEW_TOLDS]; /* NULL: not given */
    uint64_t key;       /* 0: none */
    uint64_t version;   /* grows with every write */
    int64_t changed_ms; /* wall clock */
};

/* Do they say the same, versions and times aside? */
bool kept_equal(const struct kept_draft *a, const struct kept_draft *b);
/* One more word (copied). XG_NOMEM. */
XG_MUST_CHECK enum xg_status kept_add_word(struct kept_draft *d,
                                           const char *word,
                                           struct xg_error *err);
/* A new one: nothing in it. */
void kept_init(struct kept_draft *d, struct xg_arena *arena,
               const struct xg_kind *kind);
/* XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status kept_load(struct store *s, struct kept_draft *d,
                                       struct xg_arena *arena, int64_t number,
                                       struct xg_error *err);
/* The newest of a kind that was begun with this key; *number 0: none. */
XG_MUST_CHECK enum xg_status kept_find(struct store *s, int64_t *number,
                                       const struct xg_kind *kind, uint64_t key,
                                       struct xg_error *err);
/* [t] *number 0 makes a new one; d->version is counted up, changed_ms set.
 * XG_TOOBIG; XG_USAGE for what no draft can be of. */
XG_MUST_CHECK enum xg_status kept_put(struct store *s, int64_t *number,
                                      struct kept_draft *d,
                                      struct xg_error *err);
/* [T] */
XG_MUST_CHECK enum xg_status kept_save(struct store *s, int64_t *number,
                                       struct kept_draft *d,
                                       struct xg_error *err);
/* [t] Drop it; its photos are given up (photo/loose.h). XG_STALE where its
 * version is another one than `version`; 0: whatever it is. */
XG_MUST_CHECK enum xg_status kept_drop(struct store *s, int64_t number,
                                       uint64_t version, struct xg_error *err);
/* [T] */
XG_MUST_CHECK enum xg_status kept_discard(struct store *s, int64_t number,
                                          struct xg_error *err);
/* XG_STALE: somebody else wrote to it since. */
XG_MUST_CHECK enum xg_status kept_check(const struct kept_draft *d,
                                        int64_t number, uint64_t version,
                                        struct xg_error *err);

/* The photos in it, one after another: start with *at zeroed. */
struct kept_photos {
    struct xg_cbor at;
    bool begun;
};
bool kept_next_photo(const struct kept_draft *d, struct kept_photos *at,
                     struct xg_cbor_item *photo);
/* The hash of such an element. */
struct xg_hash kept_photo_hash(const struct xg_cbor_item *photo);
/* Take it out. *found false: it is not in it. XG_NOMEM. */
XG_MUST_CHECK enum xg_status kept_drop_photo(struct kept_draft *d, bool *found,
                                             const struct xg_hash *sha256,
                                             struct xg_error *err);

/* Is `content` a draft of this kind that a program may have written? What
 * another device handed over is judged by this. *values, *rest: its second item
 * and its third (or one of type null). */
bool kept_fits(struct xg_cbor_item *values, struct xg_cbor_item *rest,
               const struct xg_kind *kind, struct xg_bytes content);

#endif
