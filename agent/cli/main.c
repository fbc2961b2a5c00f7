/* main.c - the program xunge; see cli.h. */
#include "agent/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/log.h"

static enum xg_status run(struct cli *cli, int argc, char **argv,
                          struct xg_error *err)
{
    const char *lang = cli_asked_lang(argc, argv);

    if (xg_lang_init(lang) != 0) {
        xg_ignore(cli_parse(cli, argc, argv, err)); /* for --json */
        *err = XG_ERROR_NONE;
        return xg_fail(err, XG_USAGE,
                       "--lang: zh (中文) | en (English): \"%s\"", lang);
    }
    if (cli_parse(cli, argc, argv, err) != XG_OK)
        return err->status;
    if (cli_flag(cli, "help"))
        return cli_help_of(cli, &cli->command, err);
    if (cli_open(cli, err) != XG_OK)
        return err->status;
    return cli->command.run(cli, err);
}

int main(int argc, char **argv)
{
    struct cli cli = {.out = XG_BUF(CLI_OUT_MAX),
                      .remarks = XG_BUF(CLI_OUT_MAX),
                      .advice = XG_BUF(CLI_OUT_MAX)};
    struct xg_error err = XG_ERROR_NONE, late = XG_ERROR_NONE;
    int status;

    if (xg_base_init() != 0) {
        fputs("xunge: libsodium\n", stderr);
        return 1;
    }
    xg_log_level(XG_LOG_ERROR);
    cli.env = xg_env_system();
    cli.begun_ms = xg_mono_ms(&cli.env);

    enum xg_status result = run(&cli, argc, argv, &err);
    if (result != XG_OK)
        xg_buf_reset(&cli.out); /* no half answers */
    if (cli_flush(&cli, &late) != XG_OK && result == XG_OK) {
        result = late.status;
        err = late;
    }
    status = result == XG_OK ? cli.decide : cli_complain(&cli, &err);
    if (cli.saved)
        status = cli.decide; /* only the answer failed */

    xg_guide_free(cli.guide);
    home_close(&cli.home);
    xg_buf_clear(&cli.out);
    xg_buf_clear(&cli.remarks);
    xg_buf_clear(&cli.advice);
    json_decref(cli.advice_json);
    free(cli.words);
    free(cli.flags);
    return status;
}
