/* handover_exec.c - handover write and accept, where libarchive is not linked:
 * xunge becomes xunge-handover, with the same words (agent/handover/archive).
 */
#include "agent/cli/cli.h"

enum xg_status cmd_handover_write(struct cli *cli, struct xg_error *err)
{
    return cli_hand_over(cli, "xunge-handover", err);
}

enum xg_status cmd_handover_accept(struct cli *cli, struct xg_error *err)
{
    return cli_hand_over(cli, "xunge-handover", err);
}
