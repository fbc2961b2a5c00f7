/* lend.h - files that a person named for a command that works on the data,
 * perhaps in a running server, as another user: they are opened here and lent.
 *
 * What is no plain file (a pipe, a terminal) is copied to one first, and "-" as
 * an output is copied when it is whole: so a server never waits for who is at
 * the other end.
 */
#ifndef SERVER_CLI_LEND_H
#define SERVER_CLI_LEND_H

#include "server/cli/cmd.h"
#include "shared/bundle/bundle_file.h"

struct lent {
    int files[CMD_FILES];
    struct xg_landing landing;
    bool lands;     /* the output gets a name */
    bool to_stdout; /* the output is copied there */
};

/* Those of the command. XG_REFUSED where one that is to be made is there. */
XG_MUST_CHECK enum xg_status lend_open(struct lent *l, const struct cmd *c,
                                       struct xg_error *err);
/* Name what was made, or remove what was not. */
XG_MUST_CHECK enum xg_status lend_close(struct lent *l, struct xg_error *err);

#endif
