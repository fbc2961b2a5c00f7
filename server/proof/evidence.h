/* evidence.h - an evidence file (audit/evidence.h) of what this server holds:
 * of one case, or of what a person or a unit had to do with in a period.
 *
 * Of a person: every entity with a record by them whose effective time lies in
 * the period. Of a unit: every entity that is at home in it or below it, with a
 * record in the period. Each entity comes whole. Contacts (informants) come
 * only when they are asked for by name.
 */
#ifndef XG_SERVER_PROOF_EVIDENCE_H
#define XG_SERVER_PROOF_EVIDENCE_H

#include "server/data/data.h"
#include "shared/audit/evidence.h"

struct evidence_ask {
    enum xg_evidence_about about;
    struct xg_id id;  /* of a case */
    const char *code; /* of a person, a unit */
    int64_t from_ms, to_ms;
    /* Who asks, of a person or a unit (sight/sight.h); NULL: anybody. */
    const char *within;
    const struct xg_role *role;
    bool all_photos; /* whole; else thumbnails, and photos that have none */
    enum xg_lang lang;
    /* Asked with the entities that it holds, ascending, once all is collected
     * and before the first byte is written: a failure is that of the whole.
     * `sensitive`: some hold personal fields (sight/access.h). */
    enum xg_status (*admit)(void *ctx, const struct xg_id *entities,
                            size_t count, bool sensitive, struct xg_error *err);
    void *ctx;
};

struct evidence_made {
    uint64_t entities, records, photos, missing_photos, size, bytes;
};

/* Collected, proven as a reader will, and written. XG_NOTFOUND: nothing of
 * that; XG_TOOBIG: say less (a shorter period, no photos); XG_CORRUPT: what is
 * here does not stand the check, and nothing was written. */
XG_MUST_CHECK enum xg_status
evidence_write(struct evidence_made *made, struct data *d,
               const struct evidence_ask *ask,
               const struct xg_evidence_sink *to, struct xg_error *err);

#endif
