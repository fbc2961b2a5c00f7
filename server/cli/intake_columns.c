/* intake_columns.c - `intake --columns`: what a table has, before anybody says
 * which column is which field: their names, a few rows, and a map to begin
 * with. Nothing is taken in. */
#include <inttypes.h>
#include <string.h>

#include "server/cli/intake.h"
#include "server/cli/print.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"

enum { SAMPLE_ROWS = 3, TITLE_ROWS = 20 };

/* Cells of a line of xunge-sheet's that are not empty: all are in quotes. */
static size_t cells_of(struct xg_bytes line)
{
    size_t count = 0;
    bool quoted = false;

    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] != '"')
            continue;
        count += !quoted && (i == 0 || line.at[i - 1] != '"');
        quoted = !quoted;
    }
    return count;
}

/* A title stands alone in its row: the names of the columns do not. */
static struct xg_bytes without_title(struct xg_bytes table)
{
    struct xg_bytes rest = table;

    for (int i = 0; i < TITLE_ROWS && rest.len; i++) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.at) : rest.len;
        if (cells_of(xg_bytes(rest.at, len)) > 1)
            return rest;
        len += end ? 1 : 0;
        rest = xg_bytes(rest.at + len, rest.len - len);
    }
    return table;
}

/* All its columns, each once. */
static enum xg_status load(struct xg_csv *out, struct intake_map *map,
                           struct xg_arena *arena, struct xg_bytes table,
                           struct xg_error *err)
{
    static const struct xg_csv_column NONE[] = {{NULL, NULL, 0}};
    struct xg_csv names;

    map->count = 0;
    if (xg_csv_load(&names, arena, table, NONE, err) != XG_OK)
        return err->status;
    for (size_t i = 0;
         i < names.unknown_count && map->count < INTAKE_COLUMNS_MAX; i++) {
        bool known = !*names.unknown[i];
        for (size_t n = 0; n < map->count && !known; n++)
            known = strcmp(map->wanted[n].name, names.unknown[i]) == 0;
        if (!known)
            map->wanted[map->count++] =
                (struct xg_csv_column){names.unknown[i], NULL, 0};
    }
    map->wanted[map->count] = (struct xg_csv_column){NULL, NULL, 0};
    return xg_csv_load(out, arena, table, map->wanted, err);
}

static json_t *sample_json(const struct xg_csv *t, const struct intake_map *m)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < t->row_count && i < SAMPLE_ROWS; i++) {
        json_t *row = json_object();
        for (size_t n = 0; n < m->count; n++)
            json_object_set_new(row, m->wanted[n].name,
                                json_string(t->rows[i].cells[n]));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* Several columns may be one text; any other field is one column. */
static bool is_given(json_t *map, const char *field)
{
    const char *name;
    json_t *value;

    if (strcmp(field, "description") == 0 || strcmp(field, "note") == 0)
        return false;
    json_object_foreach(map, name, value) if (strcmp(json_string_value(value),
                                                     field) == 0) return true;
    return false;
}

static json_t *guessed_json(const struct intake_map *m)
{
    json_t *map = json_object();

    for (size_t i = 0; i < m->count; i++) {
        const char *field = intake_map_guess(m->wanted[i].name);
        if (field && !is_given(map, field))
            json_object_set_new(map, m->wanted[i].name, json_string(field));
    }
    return map;
}

/* Of those that are remembered, the columns that this table has. */
static json_t *remembered_json(const struct intake_map *m,
                               const struct intake_map *kept)
{
    json_t *map = json_object();

    for (size_t k = 0; k < kept->count; k++)
        for (size_t i = 0; i < m->count; i++)
            if (strcmp(kept->wanted[k].name, m->wanted[i].name) == 0)
                json_object_set_new(map, m->wanted[i].name,
                                    json_string(kept->columns[k].name));
    return map;
}

static enum xg_status map_json(json_t **map, const struct intake_map *m,
                               struct look *l, struct xg_error *err)
{
    struct intake_map kept;
    const char *text;

    if (!cmd_option(l->c, "map") && !cmd_option(l->c, "map-name")) {
        *map = guessed_json(m);
        return XG_OK;
    }
    enum xg_status status = intake_map_find(&text, l, err);
    if (status == XG_NOTFOUND) { /* it is about to be made */
        *err = XG_ERROR_NONE;
        *map = guessed_json(m);
        return XG_OK;
    }
    if (status != XG_OK ||
        intake_map_read(&kept, &l->arena, text, err) != XG_OK)
        return err->status;
    *map = remembered_json(m, &kept);
    return XG_OK;
}

static void put_text(struct cmd *c, const struct xg_csv *t,
                     const struct intake_map *m, json_t *map)
{
    for (size_t i = 0; i < m->count; i++) {
        const char *field =
            json_string_value(json_object_get(map, m->wanted[i].name));
        xg_buf_format(&c->out, "%s = %s    %s\n", m->wanted[i].name,
                      field ? field : "?",
                      t->row_count ? t->rows[0].cells[i] : "");
    }
    xg_buf_format(&c->out, XG_T("%zu 行\n", "%zu rows\n"), t->row_count);
}

enum xg_status intake_columns(struct look *l, struct xg_bytes table,
                              struct xg_error *err)
{
    struct intake_map m = {.count = 0};
    struct cmd *c = l->c;
    struct xg_csv t;
    json_t *map = NULL;

    if (load(&t, &m, &l->arena, without_title(table), err) != XG_OK ||
        map_json(&map, &m, l, err) != XG_OK)
        return err->status;
    if (!c->json) {
        put_text(c, &t, &m, map);
        json_decref(map);
        return XG_OK;
    }
    json_t *columns = json_array(), *json = json_object();
    for (size_t i = 0; i < m.count; i++)
        json_array_append_new(columns, json_string(m.wanted[i].name));
    view_json_set(&json, "columns", columns);
    view_json_set(&json, "rows", view_json_uint(t.row_count));
    view_json_set(&json, "sample", sample_json(&t, &m));
    view_json_set(&json, "map", map);
    return cmd_put_json(c, json, err);
}
