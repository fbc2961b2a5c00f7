/* print.c - what the program says: answers, remarks, errors, progress. */
#include "agent/cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/os.h"
#include "shared/view/refusal.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

void cli_say(struct cli *cli, const char *format, ...)
{
    char text[2048];
    va_list args;

    if (cli->json)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    view_put_block(&cli->remarks, xg_bytes_of(text), 0);
    xg_buf_text(&cli->remarks, "\n");
}

enum xg_status cli_put_json(struct cli *cli, json_t *object,
                            struct xg_error *err)
{
    if (view_json_put(&cli->out, object, err) != XG_OK)
        return err->status;
    xg_buf_text(&cli->out, "\n");
    return xg_buf_check(&cli->out, err);
}

enum xg_status cli_flush(struct cli *cli, struct xg_error *err)
{
    static const char name[] = "stdout";

    cli_progress(cli, NULL, 0, 0);
    if (xg_buf_check(&cli->out, err) != XG_OK ||
        xg_buf_check(&cli->remarks, err) != XG_OK ||
        xg_os_write_all(STDOUT_FILENO, name, xg_buf_bytes(&cli->out), err) !=
            XG_OK ||
        xg_os_write_all(cli->data ? STDERR_FILENO : STDOUT_FILENO, name,
                        xg_buf_bytes(&cli->remarks), err) != XG_OK)
        return err->status;
    xg_buf_reset(&cli->out);
    xg_buf_reset(&cli->remarks);
    return XG_OK;
}

void cli_advise(struct cli *cli, const char *key, json_t *value)
{
    if (!cli->advice_json)
        cli->advice_json = json_object();
    if (json_array_size(value) > 0)
        json_object_set_new(cli->advice_json, key, value);
    else
        json_decref(value);
}

int cli_complain(const struct cli *cli, const struct xg_error *err)
{
    const char *text = xg_error_text(err);
    int status = xg_status_exit(err->status);
    struct xg_buf line = XG_BUF(64 << 10);
    struct xg_error ignored = XG_ERROR_NONE;

    if (cli->json) {
        view_put_refusal(&line, err, cli->advice_json);
    } else {
        xg_buf_text(&line, "xunge: ");
        view_put_block(&line, xg_bytes_of(text), 0);
    }
    xg_buf_text(&line, "\n");
    if (!cli->json)
        xg_buf_append(&line, cli->advice.data, cli->advice.len);
    /* Without memory for more, the bare words. */
    bool bare = line.failed != XG_OK;
    xg_ignore(xg_os_write_all(STDERR_FILENO, "stderr",
                              bare ? xg_bytes_of(text) : xg_buf_bytes(&line),
                              &ignored));
    if (bare)
        xg_ignore(xg_os_write_all(STDERR_FILENO, "stderr", xg_bytes_of("\n"),
                                  &ignored));
    xg_buf_clear(&line);
    return status;
}

void cli_progress(struct cli *cli, const char *what, uint64_t done,
                  uint64_t total)
{
    static int64_t shown_ms;
    int64_t now_ms = xg_mono_ms(&cli->env);
    char line[160];
    int len = 0;

    if (!what || done >= total) {
        if (cli->progress)
            len = snprintf(line, sizeof line, "\r\033[K");
        cli->progress = false;
    } else if (!cli->json && now_ms - cli->begun_ms >= 1000 &&
               now_ms - shown_ms >= 200 && isatty(STDERR_FILENO)) {
        len = snprintf(line, sizeof line, "\r\033[K%s %llu / %llu", what,
                       (unsigned long long)done, (unsigned long long)total);
        cli->progress = true;
        shown_ms = now_ms;
    }
    if (len > 0) {
        struct xg_error ignored = XG_ERROR_NONE;
        xg_ignore(xg_os_write_all(STDERR_FILENO, "stderr",
                                  xg_bytes(line, (size_t)len), &ignored));
    }
}

void cli_show_bytes(void *ctx, uint64_t done, uint64_t total)
{
    const struct cli_bytes *of = ctx;

    if (done >= total)
        cli_progress(of->cli, NULL, 0, 0);
    else
        cli_progress(of->cli, of->what, done >> 10, total >> 10);
}

int cli_worse(int a, int b)
{
    static const int order[] = {0, 5, 4, 1, 3, 2, 6, 7};
    size_t at_a = 3, at_b = 3;

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        at_a = order[i] == a ? i : at_a;
        at_b = order[i] == b ? i : at_b;
    }
    return at_a > at_b ? a : b;
}

json_t *cli_json_hex(const void *data, size_t len)
{
    char text[2 * XG_HASH_SIZE + 1] = "";

    if (len <= XG_HASH_SIZE)
        xg_hex(text, data, len);
    return json_string(text);
}
