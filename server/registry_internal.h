/* registry_internal.h - what registry.c, registry_change.c, registry_scope.c
 * and territory.c share. */
#ifndef XG_SERVER_REGISTRY_INTERNAL_H
#define XG_SERVER_REGISTRY_INTERNAL_H

#include <pthread.h>

#include "server/registry.h"
#include "shared/core/verdicts.h"
#include "shared/guide/territory_file.h"

enum { SUBJECT_BUCKETS = 4096 };

/* All statements about one subject, oldest first. */
struct subject {
    struct subject *next; /* of its bucket */
    enum xg_statement_kind kind;
    struct store_statement *list;
    size_t count, room;
};

struct registry {
    struct store *store; /* the writer's */
    struct ledger *ledger;
    const struct registrar *registrar;

    pthread_rwlock_t lock; /* over what follows */
    struct subject *buckets[SUBJECT_BUCKETS];
    uint64_t number; /* of the newest registry note */
    /* Places of statements about units, ascending: what may change a scope. */
    struct {
        uint64_t position;
        char unit[XG_CODE_MAX + 1];
    } * unit_places;
    size_t unit_count, unit_room;

    pthread_mutex_t verdicts_lock; /* over the authors' signatures */
    struct xg_verdicts verdicts;

    bool stale; /* the writer's own: load again before going on */
};

/* NULL when nothing was ever said about it. The lock is held. */
struct subject *registry_subject(struct registry *r,
                                 enum xg_statement_kind kind,
                                 const char *subject);
/* Forget everything and load it from the store; the writer's. */
XG_MUST_CHECK enum xg_status registry_load(struct registry *r,
                                           struct xg_error *err);
/* Take over what a note said. */
XG_MUST_CHECK enum xg_status registry_take(struct registry *r, uint64_t number,
                                           const struct store_statement *list,
                                           size_t count, struct xg_error *err);
/* The newest about it, at any size. */
XG_MUST_CHECK enum xg_status
registry_newest(struct registry *r, struct xg_statement *out,
                uint64_t *position, bool *found, enum xg_statement_kind kind,
                const char *subject, struct xg_error *err);

/* The device line that counts: the first of its name. */
void registry_enrolment(struct registry *r, struct xg_statement *out,
                        uint64_t *position, bool *found, const char *device);

/* All imported territory files as one, read into the arena. */
XG_MUST_CHECK enum xg_status registry_territory(struct xg_territory *out,
                                                struct xg_arena *arena,
                                                struct store *store,
                                                struct xg_error *err);

#endif
