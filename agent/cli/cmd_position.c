/* cmd_position.c - where we are: xunge becomes xunge-patrol, the one program
 * that speaks with gpsd (agent/patrol/position.h).
 */
#include "agent/cli/patrol_cli.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 12, WAIT_MAX_S = 300 };

/* argv[] of another program is not const. */
struct words {
    char *list[WORDS_MAX + 1];
    size_t count;
    struct xg_arena arena;
};

static void put(struct words *w, const char *word)
{
    if (w->count < WORDS_MAX)
        w->list[w->count++] = xg_arena_str(&w->arena, word, strlen(word));
}

enum xg_status cmd_position(struct cli *cli, struct xg_error *err)
{
    struct words words = {.arena = XG_ARENA(1 << 16)};
    const char *wait = cli_flag(cli, "wait"), *gpsd = cli_gpsd(cli);
    bool watch = cli_flag(cli, "watch");
    int64_t wait_s;

    if (wait && watch)
        return xg_fail(err, XG_USAGE,
                       XG_T("--wait 与 --watch 只能给一个",
                            "give one of --wait and --watch"));
    if (wait && cli_number(&wait_s, wait, "--wait", 0, WAIT_MAX_S, err) != XG_OK)
        return err->status;
    if (gpsd && !cli_gpsd_valid(gpsd))
        return xg_fail(err, XG_USAGE,
                       XG_T("--gpsd 是 主机:端口，端口 1 到 65535：%s",
                            "--gpsd is HOST:PORT, the port from 1 to 65535: "
                            "%s"),
                       gpsd);
    put(&words, "xunge-patrol");
    put(&words, "--position");
    put(&words, "--lang");
    put(&words, XG_T("zh", "en"));
    if (cli->json)
        put(&words, "--json");
    if (watch)
        put(&words, "--watch");
    if (wait) {
        put(&words, "--wait");
        put(&words, wait);
    }
    if (gpsd) {
        put(&words, "--gpsd");
        put(&words, gpsd);
    }
    for (size_t i = 0; i < words.count; i++)
        if (!words.list[i]) {
            xg_arena_clear(&words.arena);
            return xg_fail_nomem(err);
        }
    enum xg_status status = cli_exec(cli, "xunge-patrol", words.list, err);
    xg_arena_clear(&words.arena);
    return status;
}
