/* then.h - how a case stood at a moment that is past, for the sheet of that day
 * (review.c). Of this room only. */
#ifndef SERVER_CLI_THEN_H
#define SERVER_CLI_THEN_H

#include "server/data/guide.h"
#include "server/merge/fold.h"

/* What a case was then; its fold lives in the arena. */
struct then {
    bool there; /* it was received by then */
    struct fold fold;
};

/* By what had happened by `at_ms`, whenever the log was told of it: as figures
 * count. `now` is the case as it is known now. */
XG_MUST_CHECK enum xg_status then_by_time(struct then *out,
                                          struct xg_arena *arena,
                                          struct store *store,
                                          const struct xg_registry *registry,
                                          const struct fold *now, int64_t at_ms,
                                          struct xg_error *err);
/* By what lay in the log below that size: what people there could know. */
XG_MUST_CHECK enum xg_status then_by_log(struct then *out,
                                         struct xg_arena *arena,
                                         struct store *store,
                                         const struct xg_registry *registry,
                                         const struct fold *now, uint64_t size,
                                         struct xg_error *err);

/* The first due of its clocks that were over by `at_ms` and still ran; else
 * XG_NO_TIME. `rules` are those of the case as it is now. */
XG_MUST_CHECK enum xg_status then_overdue(int64_t *due_ms,
                                          struct xg_arena *arena,
                                          const struct then *then,
                                          const struct guide_rules *rules,
                                          int64_t at_ms, struct xg_error *err);

#endif
