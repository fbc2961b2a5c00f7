/* intake_map.c - which column of a table is which field; see intake.h. Maps
 * that were given a name are documents of the store, "intake-map/NAME". */
#include <stdio.h>
#include <string.h>

#include "server/cli/intake.h"
#include "shared/base/lang.h"
#include "shared/view/form.h"

enum { DOCUMENT_SIZE = 64 + 32, NAME_MAX_BYTES = 64 };

/* ---- reading one ---- */

static enum xg_status take_field(struct intake_column *c, const char *name,
                                 struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);

    *c = (struct intake_column){.kind = INTAKE_TOLD, .name = name};
    for (size_t i = 0; i < VIEW_TOLDS; i++)
        if (strcmp(name, view_told_options[i]) == 0) {
            c->told = (enum view_told)i;
            return XG_OK;
        }
    c->kind = INTAKE_EXTERNAL;
    if (strcmp(name, "external") == 0 || strcmp(name, "工单编号") == 0)
        return XG_OK;
    c->kind = INTAKE_FIELD;
    if (view_form_field(&c->field, kind, name, err) != XG_OK)
        return err->status;
    c->name = c->field->name;
    if (c->field->flags & (XG_MACHINE | XG_BY_MOVE))
        return xg_fail(err, XG_USAGE,
                       XG_T("--map：%s 不能由表格填写",
                            "--map: %s is not filled in from a table"),
                       name);
    return XG_OK;
}

static enum xg_status malformed(const char *part, struct xg_error *err)
{
    return xg_fail(
        err, XG_USAGE,
        XG_T("--map 写作“列名=字段,列名=字段”，而不是“%.80s”；字段如 "
             "category、description、address、phone、external"
             "（工单自己的编号）",
             "--map is COLUMN=FIELD,COLUMN=FIELD, not '%.80s': "
             "fields are category, description, address, phone, "
             "external (the order's own number), ..."),
        part);
}

static enum xg_status take_part(struct intake_map *map, struct xg_arena *arena,
                                const char *part, size_t len,
                                struct xg_error *err)
{
    const char *equals = memchr(part, '=', len);
    size_t i = map->count;

    if (i == INTAKE_COLUMNS_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("--map 至多 %d 列", "--map has at most %d columns"),
                       INTAKE_COLUMNS_MAX);
    if (!equals || equals == part || equals + 1 == part + len)
        return malformed(part, err);
    const char *column = xg_arena_str(arena, part, (size_t)(equals - part));
    const char *field =
        xg_arena_str(arena, equals + 1, len - (size_t)(equals + 1 - part));
    if (!column || !field)
        return xg_fail_nomem(err);
    for (size_t n = 0; n < i; n++)
        if (strcmp(map->wanted[n].name, column) == 0)
            return xg_fail(err, XG_USAGE,
                           XG_T("--map 里“%s”列写了两次",
                                "--map has the column '%s' twice"),
                           column);
    map->wanted[i] = (struct xg_csv_column){column, NULL, XG_CSV_REQUIRED};
    if (take_field(&map->columns[i], field, err) != XG_OK)
        return err->status;
    map->count++;
    return XG_OK;
}

enum xg_status intake_map_read(struct intake_map *map, struct xg_arena *arena,
                               const char *text, struct xg_error *err)
{
    struct intake_map m = {.count = 0};
    size_t numbers = 0;

    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ",");
        if (take_part(&m, arena, at, len, err) != XG_OK)
            return err->status;
        at += len + (at[len] == ',');
    }
    for (size_t i = 0; i < m.count; i++)
        numbers += m.columns[i].kind == INTAKE_EXTERNAL;
    if (numbers != 1)
        return xg_fail(
            err, XG_USAGE, "%s",
            XG_T("--map 要有且只有一列是 external（工单自己的编号）："
                 "同一张工单只收一次靠它",
                 "--map needs one column that is external, the "
                 "order's own number: by it no order is taken "
                 "twice"));
    *map = m;
    return XG_OK;
}

/* ---- guessing one ---- */

/* Names as exports of 12345 and its like have them; the first that is part of
 * the column's name counts. */
static const struct {
    const char *part, *field;
} GUESSES[] = {
    {"工单编号", "external"}, {"工单号", "external"},
    {"受理编号", "external"}, {"诉求编号", "external"},
    {"流水号", "external"},   {"编号", "external"},
    {"来电时间", "happened"}, {"发生时间", "happened"},
    {"受理时间", "happened"}, {"诉求时间", "happened"},
    {"联系电话", "phone"},    {"来电号码", "phone"},
    {"手机", "phone"},        {"电话", "phone"},
    {"来电人", "contact"},    {"诉求人", "contact"},
    {"联系人", "contact"},    {"姓名", "contact"},
    {"是否公开", "consent"},  {"保密", "consent"},
    {"地址", "address"},      {"地点", "address"},
    {"网格", "grid"},         {"紧急", "urgency"},
    {"类别", "category"},     {"分类", "category"},
    {"标题", "description"},  {"内容", "description"},
    {"描述", "description"},  {"备注", "note"},
};

const char *intake_map_guess(const char *column)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct intake_column c;

    for (size_t i = 0; i < sizeof GUESSES / sizeof *GUESSES; i++)
        if (strstr(column, GUESSES[i].part))
            return GUESSES[i].field;
    /* One that is called as the field is, in either language. */
    return take_field(&c, column, &ignored) == XG_OK ? c.name : NULL;
}

/* ---- by a name ---- */

static enum xg_status document_of(char name[static DOCUMENT_SIZE],
                                  const struct cmd *c, struct xg_error *err)
{
    const char *given = cmd_option(c, "map-name");

    if (!*given || strlen(given) > NAME_MAX_BYTES)
        return xg_fail(err, XG_USAGE,
                       XG_T("--map-name 是 1 到 %d 字节的名字",
                            "--map-name is a name of 1 to %d bytes"),
                       NAME_MAX_BYTES);
    snprintf(name, DOCUMENT_SIZE, "intake-map/%s", given);
    return XG_OK;
}

enum xg_status intake_map_find(const char **text, struct look *l,
                               struct xg_error *err)
{
    const struct cmd *c = l->c;
    char name[DOCUMENT_SIZE];
    struct xg_bytes content;

    *text = cmd_option(c, "map");
    if (*text)
        return XG_OK;
    if (!cmd_option(c, "map-name"))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("要写 --map 列名=字段,…，或以前记下的 --map-name",
                            "it takes --map COLUMN=FIELD,..., or a --map-name "
                            "that was remembered"));
    if (document_of(name, c, err) != XG_OK)
        return err->status;
    enum xg_status status =
        l->store->ops->get_document(l->store, &l->arena, &content, name, err);
    if (status == XG_NOTFOUND || (status == XG_OK && content.len == 0))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有记下名为“%s”的列对应：先连同 --map 用一次",
                            "no map '%s' was remembered: give it with --map "
                            "once"),
                       cmd_option(c, "map-name"));
    if (status != XG_OK)
        return status;
    *text = xg_arena_str(&l->arena, (const char *)content.at, content.len);
    return *text ? XG_OK : xg_fail_nomem(err);
}

struct keeping {
    struct ledger_job job;
    const char *name, *map;
};

static enum xg_status run_keep(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    struct keeping *k = (struct keeping *)job;

    (void)l;
    return store->ops->put_document(store, k->name, xg_bytes_of(k->map), err);
}

enum xg_status intake_map_keep(struct cmd *c, struct xg_error *err)
{
    char name[DOCUMENT_SIZE];
    struct keeping k = {
        .job = {.run = run_keep}, .name = name, .map = cmd_option(c, "map")};

    if (!k.map || !cmd_option(c, "map-name"))
        return XG_OK;
    if (document_of(name, c, err) != XG_OK)
        return err->status;
    return ledger_submit(c->data->ledger, &k.job, err);
}
