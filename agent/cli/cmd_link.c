/* cmd_link.c - enrol and sync: done by xunge-sync, which alone knows the
 * network (or, enrolling by files, by xunge-bundle). This program becomes it, with the same flags.
 */
#include "agent/cli/cli.h"

#include <stdlib.h>
#include <string.h>

static char *copy_of(struct xg_arena *arena, const char *text)
{
    return xg_arena_str(arena, text, strlen(text));
}

/* PROGRAM COMMAND --home PATH --lang L [flags] -- [words]: what was a value or a
 * word stays one. */
enum xg_status cli_hand_over(struct cli *cli, const char *program,
                             struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    size_t room = 10 + cli->flag_count + cli->word_count, n = 0;
    const char *name = cli->command.name, *space = strchr(name, ' ');
    char **argv;

    argv = xg_arena_array(&arena, room, sizeof *argv);
    if (!argv)
        return xg_fail_nomem(err);
    argv[n++] = copy_of(&arena, program);
    argv[n++] = xg_arena_str(&arena, name,
                             space ? (size_t)(space - name) : strlen(name));
    if (space)
        argv[n++] = copy_of(&arena, space + 1);
    argv[n++] = copy_of(&arena, "--home");
    argv[n++] = copy_of(&arena, cli->path);
    argv[n++] = copy_of(&arena, "--lang");
    argv[n++] = copy_of(&arena, xg_lang() == XG_LANG_ZH ? "zh" : "en");
    for (size_t i = 0; i < cli->flag_count; i++) {
        const struct cli_flag *f = cli->flags[i].flag;
        if (strcmp(f->name, "home") == 0 || strcmp(f->name, "lang") == 0)
            continue;
        argv[n++] = f->value ? xg_arena_format(&arena, "--%s=%s", f->name,
                                               cli->flags[i].value)
                             : xg_arena_format(&arena, "--%s", f->name);
    }
    argv[n++] = copy_of(&arena, "--");
    for (size_t i = 0; i < cli->word_count; i++)
        argv[n++] = copy_of(&arena, cli->words[i]);
    for (size_t i = 0; i < n; i++)
        if (!argv[i]) {
            xg_arena_clear(&arena);
            return xg_fail_nomem(err);
        }
    enum xg_status status = cli_exec(cli, program, argv, err);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status link_up(struct cli *cli, struct xg_error *err)
{
    if (cli_flag(cli, "passphrase-fd"))
        return xg_fail(err, XG_USAGE,
                       XG_T("xunge %s 不读口令；请先 xunge unlock",
                            "xunge %s reads no passphrase; xunge unlock "
                            "first"),
                       cli->command.name);
    return cli_hand_over(cli, "xunge-sync", err);
}

enum xg_status cmd_enrol(struct cli *cli, struct xg_error *err)
{
    bool accepts = cli_flag(cli, "accept") != NULL;

    if (cli->word_count == (accepts ? 1 : 0))
        return xg_fail(err, XG_USAGE,
                       accepts ? XG_T("--accept 不用再给入网码",
                                      "--accept needs no code again")
                               : XG_T("请给出入网码：xunge enrol 入网码",
                                      "the code is missing: xunge enrol "
                                      "CODE"));
    if (accepts || cli_flag(cli, "request"))
        return cli_enrol_by_file(cli, err);
    return link_up(cli, err);
}

enum xg_status cmd_sync(struct cli *cli, struct xg_error *err)
{
    return link_up(cli, err);
}
