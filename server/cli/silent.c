/* silent.c - `silent`: devices by how long nothing came from them. */
#include <stdlib.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/print.h"
#include "server/board/patrol.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { ROWS_BYTES = 64 << 20, ONE_BYTES = 64 << 20, DEVICE_COLUMNS = 28 };

struct row {
    const struct store_device *device;
    char unit[XG_CODE_MAX + 1];
    int64_t last_ms;  /* XG_NO_TIME: nothing ever came */
    int64_t since_ms; /* that, or when it was enrolled */
    uint64_t waiting;
};

/* Where in the log the newest record of a chain stands. */
static enum xg_status newest_of(uint64_t *position, struct store *s,
                                struct xg_arena *arena, uint64_t chain,
                                struct xg_error *err)
{
    struct store_branch *branches;
    struct store_record row;
    size_t count;
    bool found;

    if (s->ops->read_branches(s, arena, &branches, &count, chain, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        if (branches[i].next == 0)
            continue;
        if (s->ops->find_record(s, arena, &row, &found, &branches[i].last,
                                err) != XG_OK)
            return err->status;
        if (found && row.position > *position)
            *position = row.position;
    }
    return XG_OK;
}

static enum xg_status look_at(struct row *r, struct look *l,
                              struct xg_error *err)
{
    struct store *s = l->store;
    struct xg_arena arena = XG_ARENA(ONE_BYTES);
    const char *name = r->device->name;
    struct store_chain *chains;
    uint64_t position = 0, enrolled = 0;
    struct xg_statement says;
    size_t count = 0;
    bool found = false;
    enum xg_status status =
        s->ops->read_chains(s, &arena, &chains, &count, name, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = newest_of(&position, s, &arena, chains[i].number, err);
    r->last_ms = XG_NO_TIME;
    if (status == XG_OK && position)
        status = report_came(&r->last_ms, s, position, err);
    r->since_ms = r->last_ms;
    if (status == XG_OK && !position)
        status = l->registry.find(l->registry.ctx, XG_SAYS_DEVICE, name,
                                  INT64_MAX, &says, &enrolled, &found, err);
    if (status == XG_OK && found)
        status = report_came(&r->since_ms, s, enrolled, err);
    if (status == XG_OK)
        status = s->ops->count_waiting(s, &r->waiting, name, err);
    xg_arena_clear(&arena);
    return status;
}

/* Its worker's unit; "" where nobody knows it. */
static enum xg_status unit_of(struct row *r, struct look *l,
                              struct xg_error *err)
{
    struct xg_statement says;
    uint64_t position;
    bool found;

    if (l->registry.find(l->registry.ctx, XG_SAYS_WORKER, r->device->worker,
                         INT64_MAX, &says, &position, &found, err) != XG_OK)
        return err->status;
    if (found)
        memcpy(r->unit, says.unit, sizeof r->unit);
    return XG_OK;
}

/* The longest silence first. */
static int by_silence(const void *x, const void *y)
{
    const struct row *a = x, *b = y;

    if (a->since_ms != b->since_ms)
        return a->since_ms < b->since_ms ? -1 : 1;
    return strcmp(a->device->name, b->device->name);
}

static enum xg_status collect(struct row **out, size_t *out_count,
                              struct area *a, struct xg_arena *arena,
                              struct xg_error *err)
{
    struct look *l = a->look;
    struct store_device *devices;
    size_t count, kept = 0;

    if (l->store->ops->read_devices(l->store, arena, &devices, &count, err) !=
        XG_OK)
        return err->status;
    struct row *rows = xg_arena_array(arena, count + 1, sizeof *rows);
    if (!rows)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct row *r = &rows[kept];
        bool within = false;
        *r = (struct row){.device = &devices[i]};
        if (devices[i].state != XG_DEVICE_ENROLLED ||
            strcmp(devices[i].worker, REGISTRY_SERVER) == 0)
            continue;
        if (unit_of(r, l, err) != XG_OK ||
            area_has(a, &within, r->unit, err) != XG_OK ||
            (within && look_at(r, l, err) != XG_OK))
            return err->status;
        kept += within;
    }
    if (kept)
        qsort(rows, kept, sizeof *rows, by_silence);
    *out = rows;
    *out_count = kept;
    return XG_OK;
}

static enum xg_status put_row(struct area *a, const struct row *r,
                              struct xg_error *err)
{
    struct look *l = a->look;
    struct xg_buf *out = &l->c->out;
    const char *name = area_person(a, r->device->worker);
    int64_t silent_ms = r->since_ms != XG_NO_TIME && l->now_ms > r->since_ms
                            ? l->now_ms - r->since_ms
                            : 0;

    if (l->c->json) {
        json_t *o = json_object();
        view_json_set(&o, "device", json_string(r->device->name));
        view_json_set(&o, "worker", json_string(r->device->worker));
        view_json_set(&o, "name", json_string(name));
        view_json_set(&o, "unit", json_string(r->unit));
        view_json_set(&o, "unit_name", json_string(area_unit_name(a, r->unit)));
        view_json_set(&o, "last_batch",
                      r->last_ms == XG_NO_TIME ? json_null()
                                               : view_json_time(r->last_ms));
        view_json_set(&o, "silent_s", json_integer(silent_ms / 1000));
        view_json_set(&o, "waiting", view_json_uint(r->waiting));
        return cmd_put_json(l->c, o, err);
    }
    size_t start = out->len;
    xg_buf_text(out, r->device->name);
    view_pad(out, start, DEVICE_COLUMNS);
    view_put_line(out, xg_bytes_of(r->device->worker));
    xg_buf_byte(out, ' ');
    view_put_line(out, xg_bytes_of(name));
    xg_buf_text(out, "  ");
    if (r->last_ms == XG_NO_TIME)
        xg_buf_text(out, XG_T("入网后没有来过数据，已 ",
                              "nothing came since it was enrolled, for "));
    view_put_duration(out, silent_ms / 1000 * 1000);
    if (r->waiting)
        xg_buf_format(out,
                      XG_T("；%llu 批在等更早的", "; %llu batches wait for "
                                                  "earlier ones"),
                      (unsigned long long)r->waiting);
    xg_buf_byte(out, '\n');
    return XG_OK;
}

enum xg_status cmd_silent(struct cmd *c, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ROWS_BYTES);
    struct row *rows = NULL;
    struct area area;
    struct look l;
    size_t count = 0;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = area_open(&area, &l, err);
    if (status == XG_OK)
        status = collect(&rows, &count, &area, &arena, err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = put_row(&area, &rows[i], err);
    look_close(&l);
    xg_arena_clear(&arena);
    return status;
}
