/* finding.h - what a person found out about a chain: why it forked, what to
 * think of its batches that are kept apart. All that there are are read once a
 * command, and are then looked up. Of this room only. */
#ifndef SERVER_CLI_FINDING_H
#define SERVER_CLI_FINDING_H

#include "server/cli/look.h"

struct finding {
    bool found;
    uint64_t choice, position; /* in the log */
    const char *why;           /* "" where there is none */
    char author[XG_CODE_MAX + 1];
};

/* All of them; begins as {.count = 0}. */
struct findings {
    struct xg_arena arena;
    struct findings_row *rows;
    size_t count;
    bool read;
};
void findings_clear(struct findings *f);

/* The newest about that chain, or whatever else the hash stands for; its texts
 * are lent by `f`. */
XG_MUST_CHECK enum xg_status finding_about(struct finding *out,
                                           struct findings *f, struct look *l,
                                           const struct xg_hash *about,
                                           struct xg_error *err);
/* NULL: there is none of that number. */
const struct xg_choice *finding_choice_of(uint64_t number);
/* A finding by its name. XG_USAGE lists them. */
XG_MUST_CHECK enum xg_status finding_choice(uint64_t *number, const char *given,
                                            struct xg_error *err);
/* The fields of the draft of one. */
XG_MUST_CHECK enum xg_status finding_fill(struct xg_draft *draft,
                                          const struct xg_hash *chain,
                                          uint64_t choice, const char *why,
                                          struct xg_error *err);

#endif
