/* order.h - what the console orders (server/console), run as the command that
 * it is, on the data of this process. */
#ifndef SERVER_CLI_ORDER_H
#define SERVER_CLI_ORDER_H

#include "server/cli/cmd.h"
#include "server/console/console.h"

struct order_desk {
    struct data *data;
    const struct xg_env *env;
    struct console *console;
};

/* Of the shape of console_runner; ctx is the desk. */
void order_run(void *ctx, const struct console_order *order,
               struct console_done *done);

#endif
