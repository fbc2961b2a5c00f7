/* cmd_ui.c - the page: served by xunge-ui, which alone knows HTTP. This program
 * becomes it.
 */
#include "agent/cli/cli.h"

#include <string.h>

enum xg_status cmd_ui(struct cli *cli, struct xg_error *err)
{
    static const char *const passed[] = {"port", "no-browser", "kiosk", "json"};
    enum { PASSED = sizeof passed / sizeof *passed };
    struct xg_arena arena = XG_ARENA(64 << 10);
    char *argv[PASSED + 4] = {NULL};
    enum xg_status status = XG_OK;
    size_t n = 0;

    argv[n++] = xg_arena_format(&arena, "xunge-ui");
    argv[n++] = xg_arena_format(&arena, "--home=%s", cli->path);
    argv[n++] = xg_arena_format(&arena, "--lang=%s",
                                xg_lang() == XG_LANG_ZH ? "zh" : "en");
    for (size_t i = 0; i < PASSED; i++) {
        const char *value = cli_flag(cli, passed[i]);
        if (value)
            argv[n++] = *value ? xg_arena_format(&arena, "--%s=%s", passed[i],
                                                 value)
                               : xg_arena_format(&arena, "--%s", passed[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (!argv[i])
            status = xg_fail_nomem(err);
    if (status == XG_OK)
        status = cli_exec(cli, "xunge-ui", argv, err);
    xg_arena_clear(&arena);
    return status;
}
