/* redact.h - erasing fields and photos, as an act that all can see and then for
 * good.
 *
 * First the act goes into the log: a record `erase` of the entity on the
 * server's own chain (core/erase.h), in the name of an operator who may, with
 * the ground. In its transaction it is noted that something is to be erased.
 * Then the bytes go: of the rows of records, of every stored batch that holds
 * them, and of the states (one transaction), the photos' files, the write-ahead
 * log. Whoever is killed in between goes on at the next start.
 *
 * Backups that were made before still hold what was erased.
 */
#ifndef XG_SERVER_DESK_REDACT_H
#define XG_SERVER_DESK_REDACT_H

#include "server/data/data.h"

enum { REDACT_NAMES_MAX = 64, REDACT_PHOTOS_MAX = 256 };

/* What is asked for. Without fields: all that are personal; without records:
 * all of the entity. */
struct redact_wish {
    uint64_t fields[REDACT_NAMES_MAX];
    size_t field_count;
    struct xg_hash records[REDACT_NAMES_MAX];
    size_t record_count;
    struct xg_hash photos[REDACT_PHOTOS_MAX];
    size_t photo_count;
};

/* What would go: the acts' `erased` entries, ascending, and what they name. */
struct redact_item {
    uint32_t op;          /* of the fold's state */
    struct xg_bytes entry;
    uint64_t gone[XG_RECORD_FIELDS_MAX];
    size_t gone_count;    /* 0: all, of one that broke a rule */
    bool stays;           /* an act that erased something else of it says what was
                           * left, this too, and no act can be erased */
};
struct redact_plan {
    struct redact_item *items;
    size_t count, stay;   /* so many of them stay in an act */
    struct xg_hash photos[REDACT_PHOTOS_MAX]; /* with their thumbnails */
    size_t photo_count;
    /* Of each photo: names another entity it too? Then the act says that it was
     * erased of this one, and the file stays. */
    bool stays[REDACT_PHOTOS_MAX];
    struct xg_id named_by[REDACT_PHOTOS_MAX];
};

/* In the arena; `store`: who else names the photos. XG_USAGE, XG_REFUSED: it
 * cannot go; the text names what. */
XG_MUST_CHECK enum xg_status redact_plan(struct redact_plan *plan,
                                         struct xg_arena *arena,
                                         struct store *store,
                                         const struct fold *fold,
                                         const struct redact_wish *wish,
                                         struct xg_error *err);
/* Write the acts, signed with the secret where there is one, and erase. *acts
 * of them. XG_REFUSED: the operator may not. */
XG_MUST_CHECK enum xg_status redact_write(size_t *acts, struct data *d,
                                          const struct fold *fold,
                                          const struct redact_plan *plan,
                                          const char *ground,
                                          const char *operator_code,
                                          const uint8_t *author_secret,
                                          struct xg_error *err);
/* Erase what acts in the log name and is still here; nothing where nothing is
 * noted. At every start. XG_BUSY: a reader holds on to the old; ask again. */
XG_MUST_CHECK enum xg_status redact_finish(struct data *d,
                                           struct xg_error *err);
/* Into `to`, begun and empty of them: what acts in the log erased, as `store` is
 * to have it, but for hashes and lengths. *settled false: an act was written
 * whose bytes are still to go. */
XG_MUST_CHECK enum xg_status redact_expect(bool *settled, struct data *d,
                                           struct store *store,
                                           struct store *to,
                                           struct xg_error *err);

#endif
