/* print.h - a command's output as JSON: one object a line. */
#ifndef SERVER_CLI_PRINT_H
#define SERVER_CLI_PRINT_H

#include <jansson.h>

#include "server/cli/cmd.h"

/* Of what was put into the registry: "waits", where it has to. */
json_t *cmd_mark_waits(const struct cmd *c, json_t *json);
/* null where it is 0: never. */
json_t *cmd_time_json(int64_t ms);
/* Takes the reference; NULL is XG_NOMEM. */
XG_MUST_CHECK enum xg_status cmd_put_json(struct cmd *c, json_t *json,
                                          struct xg_error *err);

#endif
