/* sticks.c - paths for what a call names of a stick, by what `sticks` lists. */
#include <jansson.h>
#include <string.h>

#include "agent/ui/ui.h"
#include "shared/base/lang.h"

enum { STICKS_MAX = 1 << 20 };

static enum xg_status list_sticks(json_t **out, struct ui *ui,
                                  const struct xg_request *request,
                                  struct xg_error *err)
{
    static const struct call_row row = {.call = {"sticks", 0, 0, ""}};
    const struct xg_call call = {.row = &row.call, .lang = ui->lang};
    struct run_order order = {
        .arguments = call_arguments(&call, ui->home, 0, request->arena)};
    struct run run = RUN_NONE;
    struct xg_buf said = XG_BUF(STICKS_MAX);
    bool gone = false;

    if (!order.arguments)
        return xg_fail_nomem(err);
    if (run_start(&run, &ui->runner, &order, request->reader, err) != XG_OK)
        return err->status;
    while (run_hear(&run, &said, request->reader, &gone))
        continue;
    int status = run_end(&run, gone);
    run_clear(&run);
    *out = json_array();
    for (const char *at = xg_buf_str(&said); status == 0 && *at;) {
        size_t len = strcspn(at, "\n");
        json_array_append_new(*out, json_loadb(at, len, 0, NULL));
        at += len + (at[len] == '\n');
    }
    xg_buf_clear(&said);
    if (status == 0)
        return XG_OK;
    json_decref(*out);
    return xg_fail(err, XG_IO,
                   XG_T("无法查看U盘；请拔下再插上",
                        "the sticks cannot be looked at; take it out and put "
                        "it in again"));
}

/* Only a file that was listed is read; one that is written is a plain name. */
static bool may_use(const json_t *stick, const char *file, bool written)
{
    size_t i;
    json_t *entry;

    if (written)
        return true;
    json_array_foreach(json_object_get(stick, "files"), i, entry) {
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (name && strcmp(name, file) == 0)
            return true;
    }
    return false;
}

static const char *stick_path(const json_t *sticks, const char *name)
{
    size_t i;
    json_t *stick;

    json_array_foreach(sticks, i, stick) {
        const char *own = json_string_value(json_object_get(stick, "name"));
        if (own && strcmp(own, name) == 0)
            return json_string_value(json_object_get(stick, "path"));
    }
    return NULL;
}

static enum xg_status place(const char **word, const json_t *sticks,
                            const char *name, const char *file, bool written,
                            struct xg_arena *arena, struct xg_error *err)
{
    const char *path = stick_path(sticks, name);
    size_t i;
    json_t *stick;
    bool may = false;

    json_array_foreach(sticks, i, stick)
        if (path && json_string_value(json_object_get(stick, "path")) == path)
            may = may_use(stick, file, written);
    if (!path || !may)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("U盘“%s”上没有“%s”；它还插着吗？",
                            "the stick \"%s\" has no \"%s\"; is it still "
                            "there?"),
                       name, file);
    *word = xg_arena_format(arena, "%s/%s", path, file);
    return *word ? XG_OK : xg_fail_nomem(err);
}

enum xg_status sticks_place(struct ui *ui, struct xg_call *call,
                             const struct xg_request *request,
                             struct xg_error *err)
{
    const char *name, *file, **word;
    json_t *sticks = NULL;
    enum xg_status status = XG_OK;
    bool written;

    /* Each that is put in place is one no more, so the first is the next. */
    while (status == XG_OK &&
           (word = call_stick(call, 0, &name, &file, &written,
                              request->arena)) != NULL) {
        if (!name)
            status = xg_fail_nomem(err);
        if (status == XG_OK && !sticks)
            status = list_sticks(&sticks, ui, request, err);
        if (status == XG_OK)
            status = place(word, sticks, name, file, written, request->arena,
                           err);
    }
    json_decref(sticks);
    return status;
}
