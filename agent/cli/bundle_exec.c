/* bundle_exec.c - bundle write and read, sticks, and enrolling by files, where
 * libarchive is not linked: xunge becomes xunge-bundle, with the same words
 * (agent/bundle).
 */
#include "agent/cli/cli.h"

enum xg_status cmd_bundle_write(struct cli *cli, struct xg_error *err)
{
    return cli_hand_over(cli, "xunge-bundle", err);
}

enum xg_status cmd_bundle_read(struct cli *cli, struct xg_error *err)
{
    return cli_hand_over(cli, "xunge-bundle", err);
}

enum xg_status cmd_sticks(struct cli *cli, struct xg_error *err)
{
    return cli_hand_over(cli, "xunge-bundle", err);
}

enum xg_status cli_enrol_by_file(struct cli *cli, struct xg_error *err)
{
    return cli_hand_over(cli, "xunge-bundle", err);
}
