/* inside.h - what registry*.c and territory.c share. */
#ifndef XG_SERVER_REGISTRY_INSIDE_H
#define XG_SERVER_REGISTRY_INSIDE_H

#include <pthread.h>

#include "server/registry/registry.h"
#include "shared/core/verdicts.h"
#include "shared/guide/territory_file.h"

enum { SUBJECT_BUCKETS = 4096 };

/* What was said of a subject (said.c). */
struct said {
    struct said *older;
    uint64_t position;
    uint32_t role;
    uint8_t has;
    char words[];
};

/* All statements about one subject: one at least. */
struct subject {
    struct subject *next; /* of its bucket */
    enum xg_statement_kind kind;
    struct said *newest, *first;
};

struct registry {
    struct store *store; /* the writer's */
    struct ledger *ledger;
    struct registrar *registrar;
    uint8_t first_key[XG_PUBLIC_KEY_SIZE]; /* signs note 1 */
    registry_admit *admit;
    void *admit_ctx;

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

    /* Batches that came out of quarantine; each once, ascending. */
    struct registry_admission *admissions;
    size_t admission_count, admission_room;

    bool stale; /* the writer's own: load again before going on */
};

/* A job that makes a registry note of what `compose` says, or lets it wait for
 * the registrar. A refusal is an answer of this job alone: compose records it
 * by change_refuse() before it writes anything, and returns XG_OK. Composing
 * may instead give the note that says it, signed. */
struct change {
    struct ledger_job job;
    struct registry *r;
    enum xg_status (*compose)(struct change *c, struct store *store,
                              struct xg_error *err);
    void *args;
    struct xg_error answer;
    struct store_statement *list;
    size_t count, room;
    uint64_t number; /* of the note that was kept; 0: none */
    struct xg_bytes note;
    uint64_t note_number;
    struct registrar *next; /* signs from then on; taken over: NULL */
};
enum xg_status change_refuse(struct change *c, const struct xg_error *why);
XG_MUST_CHECK enum xg_status change_say(struct change *c,
                                        const struct xg_statement *says,
                                        struct xg_error *err);
/* A cut at the end of every chain of the device that we hold. */
XG_MUST_CHECK enum xg_status change_say_cuts(struct change *c,
                                             struct store *store,
                                             const char *device,
                                             struct xg_error *err);
XG_MUST_CHECK enum xg_status change_submit(struct change *c,
                                           struct xg_error *err);
XG_MUST_CHECK enum xg_status
change_keep_note(struct change *c, struct ledger *l, struct store *store,
                 struct xg_bytes note, uint64_t number, struct xg_error *err);
/* Number, previous and checkpoint of the next registry note. */
XG_MUST_CHECK enum xg_status registry_note_head(struct registry *r,
                                                struct store *store,
                                                struct xg_registry_note *head,
                                                struct xg_error *err);
/* Keep what the change says for the registrar (waiting.c). */
XG_MUST_CHECK enum xg_status registry_wait(struct change *c,
                                           struct store *store,
                                           struct xg_error *err);

/* NULL: no memory. */
struct said *said_new(const struct store_statement *st);
const char *said_subject(const struct said *s);
const char *said_unit(const struct said *s);
void said_read(struct xg_statement *out, enum xg_statement_kind kind,
               const struct said *s);
/* The newest below `size`; NULL when there is none, or no subject. */
const struct said *said_below(const struct subject *s, uint64_t size);

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
