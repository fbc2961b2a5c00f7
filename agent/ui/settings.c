/* settings.c - see settings.h. */
#include "agent/ui/settings.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAID_MAX = 64 << 10, PIECE = 4096, DIGITS_MAX = 8 };

/* All that a command says; false: it failed. */
static bool gather(struct xg_buf *out, struct ui *ui)
{
    static const struct call_row row = {.call = {"settings", 0, 0, ""}};
    const struct xg_call call = {.row = &row.call, .lang = ui->lang};
    struct xg_arena arena = XG_ARENA(64 << 10);
    struct xg_error err = XG_ERROR_NONE;
    struct run run = RUN_NONE;
    const struct run_order order = {
        .arguments = call_arguments(&call, ui->home, 0, &arena)};

    if (!order.arguments ||
        run_start(&run, &ui->runner, &order, NULL, &err) != XG_OK) {
        xg_arena_clear(&arena);
        return false;
    }
    for (;;) {
        uint8_t *room = xg_buf_room(out, PIECE);
        ssize_t n = room ? read(run.output_fd, room, PIECE) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        out->len += (size_t)n;
    }
    int status = run_end(&run, false);
    run_clear(&run);
    xg_arena_clear(&arena);
    return status == 0;
}

/* {"name":"sync_every","value":"15",...} */
static bool take(struct settings *out, const json_t *line)
{
    const struct {
        const char *name;
        int64_t *value;
    } taken[] = {{"sync_every", &out->sync_every_min},
                 {"lock_after", &out->lock_after_min}};
    const char *name = json_string_value(json_object_get(line, "name"));
    const char *text = json_string_value(json_object_get(line, "value"));

    if (!name || !text)
        return false;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i].name) == 0 && *text &&
            strlen(text) < DIGITS_MAX &&
            strspn(text, "0123456789") == strlen(text))
            *taken[i].value = strtoll(text, NULL, 10);
    return true;
}

bool settings_read(struct settings *out, struct ui *ui)
{
    struct xg_buf said = XG_BUF(SAID_MAX);
    bool had = false;

    for (const char *at = gather(&said, ui) ? xg_buf_str(&said) : ""; *at;
         at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n')) {
        json_t *line =
            json_loadb(at, strcspn(at, "\n"), JSON_DISABLE_EOF_CHECK, NULL);
        had = take(out, line) || had;
        json_decref(line);
    }
    xg_buf_clear(&said);
    return had;
}
