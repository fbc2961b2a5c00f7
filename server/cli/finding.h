/* finding.h - what a person found out about a chain: why it forked, what to
 * think of its batches that are kept apart. Of this room only (forks.c). */
#ifndef SERVER_CLI_FINDING_H
#define SERVER_CLI_FINDING_H

#include "server/cli/look.h"

struct finding {
    bool found;
    uint64_t choice, position; /* in the log */
    char why[512], author[XG_CODE_MAX + 1];
};

/* The newest about that chain, or whatever else the hash stands for. */
XG_MUST_CHECK enum xg_status finding_about(struct finding *out, struct look *l,
                                           const struct xg_hash *chain,
                                           struct xg_error *err);
/* A finding by its name. XG_USAGE lists them. */
XG_MUST_CHECK enum xg_status finding_choice(uint64_t *number, const char *given,
                                            struct xg_error *err);
/* The fields of the draft of one. */
XG_MUST_CHECK enum xg_status finding_fill(struct xg_draft *draft,
                                          const struct xg_hash *chain,
                                          uint64_t choice, const char *why,
                                          struct xg_error *err);

#endif
