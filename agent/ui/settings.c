/* settings.c - see settings.h. */
#include "agent/ui/settings.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

enum { SAID_MAX = 64 << 10, PIECE = 4096, MINUTES_MAX = 7 * 24 * 60 };

/* All that a command says; false: it failed. */
static bool gather(struct xg_buf *out, struct ui *ui)
{
    static const struct call_row row = {.run = "settings", .flags = ""};
    const struct call call = {.row = &row, .lang = ui->lang};
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

/* {"name":NAME,"value":MINUTES,…} */
static void take(int64_t *out, const json_t *line, const char *name)
{
    const char *own = json_string_value(json_object_get(line, "name"));
    const json_t *value = json_object_get(line, "value");

    if (own && strcmp(own, name) == 0 && json_is_integer(value) &&
        json_integer_value(value) >= 0 &&
        json_integer_value(value) <= MINUTES_MAX)
        *out = json_integer_value(value);
}

bool settings_read(struct settings *out, struct ui *ui)
{
    struct xg_buf said = XG_BUF(SAID_MAX);

    bool had = gather(&said, ui);
    for (const char *at = xg_buf_str(&said); had && *at;) {
        size_t len = strcspn(at, "\n");
        json_t *line = json_loadb(at, len, 0, NULL);
        take(&out->sync_every_min, line, "sync_every");
        take(&out->lock_after_min, line, "lock_after");
        json_decref(line);
        at += len + (at[len] == '\n');
    }
    xg_buf_clear(&said);
    return had;
}
