/* act_key.h - the key by which an act may be asked for again
 * (server/desk/again.h), as `--act` gives it. Of this room only. */
#ifndef SERVER_CLI_ACT_KEY_H
#define SERVER_CLI_ACT_KEY_H

#include "server/cli/cmd.h"
#include "server/desk/again.h"

/* *given false: there is none. What is asked for are the words of the call, but
 * for those that say how it is signed and what was on the screen. XG_USAGE. */
XG_MUST_CHECK enum xg_status act_key_read(struct again_key *key, bool *given,
                                          const struct cmd *c,
                                          struct xg_error *err);

#endif
