/* territory.c - the territory's file: CSV, one unit a line.
 *
 *      code,level,parent,name
 *      371302,district,,兰山区
 *
 * UTF-8, with or without a byte order mark; lines end in \n or \r\n. No field
 * is quoted, so none but the last holds a comma.
 */
#include <stdlib.h>

#include "server/registry_internal.h"
#include "shared/base/lang.h"
#include "shared/core/cbor.h"

static const char header[] = "code,level,parent,name";

static bool take_line(struct xg_bytes *rest, struct xg_bytes *line)
{
    const uint8_t *end;
    size_t len;

    if (rest->len == 0)
        return false;
    end = memchr(rest->at, '\n', rest->len);
    len = end ? (size_t)(end - rest->at) : rest->len;
    *line = xg_bytes(rest->at, len);
    rest->at += len + (end != NULL);
    rest->len -= len + (end != NULL);
    if (line->len && line->at[line->len - 1] == '\r')
        line->len--;
    return true;
}

static struct xg_bytes take_field(struct xg_bytes *line)
{
    const uint8_t *comma = line->len ? memchr(line->at, ',', line->len) : NULL;
    size_t len = comma ? (size_t)(comma - line->at) : line->len;
    struct xg_bytes field = xg_bytes(line->at, len);

    line->at += len + (comma != NULL);
    line->len -= len + (comma != NULL);
    return field;
}

/* A code as a registry note can hold it. */
static bool is_code(struct xg_bytes field, bool may_be_empty)
{
    if (field.len == 0)
        return may_be_empty;
    if (field.len > XG_CODE_MAX || (field.len == 1 && field.at[0] == '-'))
        return false;
    for (size_t i = 0; i < field.len; i++)
        if (field.at[i] <= ' ' || field.at[i] == 0x7F)
            return false;
    return xg_utf8_valid(field.at, field.len);
}

enum xg_status territory_next(struct xg_bytes *rest,
                              struct territory_unit *unit, bool *more,
                              size_t *line, struct xg_error *err)
{
    struct territory_unit u;
    struct xg_bytes at;

    do {
        if (!take_line(rest, &at)) {
            *more = false;
            return XG_OK;
        }
        (*line)++;
    } while (at.len == 0);
    u.code = take_field(&at);
    u.level = take_field(&at);
    u.parent = take_field(&at);
    u.name = at;
    if (!is_code(u.code, false) || !is_code(u.parent, true) ||
        u.level.len == 0 || u.name.len == 0 ||
        !xg_utf8_valid(u.name.at, u.name.len))
        return xg_fail(err, XG_FORMAT,
                       XG_T("第 %zu 行应为“编码,层级,上级编码,名称”",
                            "line %zu is not \"code,level,parent,name\""),
                       *line);
    *unit = u;
    *more = true;
    return XG_OK;
}

/* Step over the first line; false when it is not ours. */
static bool begin_file(struct xg_bytes *rest, size_t *line)
{
    struct xg_bytes first;

    if (rest->len >= 3 && memcmp(rest->at, "\xEF\xBB\xBF", 3) == 0) {
        rest->at += 3;
        rest->len -= 3;
    }
    *line = 1;
    return take_line(rest, &first) &&
           xg_bytes_equal(first, xg_bytes_of(header));
}

static int compare_units(const void *a, const void *b)
{
    const struct territory_unit *x = a, *y = b;
    return xg_bytes_compare(x->code, y->code);
}

static const struct territory_unit *find(const struct territory_unit *units,
                                         size_t count, struct xg_bytes code)
{
    struct territory_unit key = {.code = code};
    return bsearch(&key, units, count, sizeof *units, compare_units);
}

static enum xg_status check_units(struct territory_unit *units, size_t count,
                                  struct xg_error *err)
{
    qsort(units, count, sizeof *units, compare_units);
    for (size_t i = 0; i < count; i++) {
        const struct territory_unit *u = &units[i];
        if (i > 0 && compare_units(&units[i - 1], u) == 0)
            return xg_fail(
                err, XG_FORMAT,
                XG_T("编码 %.*s 出现了两次", "code %.*s is there twice"),
                (int)u->code.len, (const char *)u->code.at);
        for (int depth = 0; u->parent.len; depth++) {
            const struct territory_unit *parent = find(units, count, u->parent);
            if (!parent)
                break; /* it may be in a file imported before */
            if (depth == XG_UNIT_DEPTH_MAX)
                return xg_fail(err, XG_FORMAT,
                               XG_T("编码 %.*s 的上级成环或超过 %d 层",
                                    "the units above %.*s form a circle, or "
                                    "are more than %d"),
                               (int)units[i].code.len,
                               (const char *)units[i].code.at,
                               XG_UNIT_DEPTH_MAX);
            u = parent;
        }
    }
    return XG_OK;
}

enum xg_status territory_check(struct xg_bytes content, size_t *count,
                               struct xg_error *err)
{
    struct territory_unit *units = NULL;
    size_t found = 0, room = 0, line;
    enum xg_status status = XG_OK;
    bool more = true;

    if (!begin_file(&content, &line))
        return xg_fail(err, XG_FORMAT,
                       XG_T("第一行应为 %s", "the first line is not %s"),
                       header);
    while (more) {
        struct territory_unit unit;
        status = territory_next(&content, &unit, &more, &line, err);
        if (status != XG_OK || !more)
            break;
        if (found == room) {
            room = room * 2 + 256;
            struct territory_unit *moved = realloc(units, room * sizeof *moved);
            if (!moved) {
                status = xg_fail_nomem(err);
                break;
            }
            units = moved;
        }
        units[found++] = unit;
    }
    if (status == XG_OK && found)
        status = check_units(units, found, err);
    if (status == XG_OK)
        *count = found;
    free(units);
    return status;
}

enum xg_status territory_load(struct territory *t, struct xg_arena *arena,
                              struct store *store, struct xg_error *err)
{
    struct store_reference *references;
    size_t count;

    if (store->ops->read_references(store, arena, &references, &count, err) !=
        XG_OK)
        return err->status;
    *t = (struct territory){.arena = arena};
    t->files = xg_arena_array(arena, count, sizeof *t->files);
    if (!t->files)
        return xg_fail_nomem(err);
    for (size_t i = count; i > 0; i--) {
        const struct xg_reference *r = &references[i - 1].says;
        bool found;
        if (strcmp(r->kind, "territory") != 0)
            continue;
        if (store->ops->read_file(store, arena, &t->files[t->count], &found,
                                  &r->file, err) != XG_OK)
            return err->status;
        t->count += found;
    }
    return XG_OK;
}

bool territory_find(const struct territory *t, struct territory_unit *unit,
                    const char *code)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_bytes wanted = xg_bytes_of(code);

    for (size_t i = 0; i < t->count; i++) {
        struct xg_bytes rest = t->files[i];
        struct territory_unit u;
        bool more = true;
        size_t line;
        if (!begin_file(&rest, &line))
            continue;
        while (territory_next(&rest, &u, &more, &line, &ignored) == XG_OK &&
               more)
            if (xg_bytes_equal(u.code, wanted)) {
                *unit = u;
                return true;
            }
    }
    return false;
}
