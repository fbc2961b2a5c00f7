/* settings.c - see settings.h. */
#include "agent/ui/settings.h"

#include <errno.h>
#include <jansson.h>
#include <unistd.h>

enum { SAID_MAX = 64 << 10, PIECE = 4096 };

/* All that a command says; false: it failed. */
static bool gather(struct xg_buf *out, struct ui *ui)
{
    static const struct call_row row = {.run = "settings", .flags = ""};
    const struct call call = {.row = &row, .lang = ui->lang};
    struct xg_arena arena = XG_ARENA(64 << 10);
    struct xg_error err = XG_ERROR_NONE;
    struct run run = RUN_NONE;
    const struct run_order order = {
        .arguments = call_arguments(&call, ui->home, &arena)};

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

static void take(int64_t *out, const json_t *said, const char *name,
                 int64_t most)
{
    const json_t *value = json_object_get(said, name);

    if (json_is_integer(value) && json_integer_value(value) >= 0 &&
        json_integer_value(value) <= most)
        *out = json_integer_value(value);
}

bool settings_read(struct settings *out, struct ui *ui)
{
    struct xg_buf said = XG_BUF(SAID_MAX);
    json_t *object = NULL;

    if (gather(&said, ui))
        object = json_loadb((const char *)said.data, said.len,
                            JSON_DISABLE_EOF_CHECK, NULL);
    take(&out->sync_every_min, object, "sync_every", 7 * 24 * 60);
    take(&out->lock_after_min, object, "lock_after", 7 * 24 * 60);
    bool had = json_is_object(object);
    json_decref(object);
    xg_buf_clear(&said);
    return had;
}
