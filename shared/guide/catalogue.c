/* catalogue.c - see catalogue.h. Rows are read, put under their parents, then
 * filled from the top of the tree down, so that a parent is whole when its
 * children ask it. */
#include "shared/guide/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/core/registry.h"
#include "shared/guide/csv.h"

enum column {
    CODE,
    PARENT,
    ZH,
    EN,
    FILE_IF,
    CLOSE_IF,
    ACCEPT, /* the stages, in their order */
    FILE_LIMIT,
    DISPATCH,
    SIGN,
    HANDLE,
    INSPECT,
    HANDLE_FROM,
    CLIMB,
    BOARD,
    POST,
    RADIUS,
    ACTIVE,
};

static const struct xg_csv_column columns[] = {
    {"code", "类别编码|编码", XG_CSV_REQUIRED | XG_CSV_FILLED},
    {"parent", "上级类别|上级编码", 0},
    {"name", "类别名称|名称", XG_CSV_REQUIRED | XG_CSV_FILLED},
    {"name_en", "英文名称", 0},
    {"file_if", "立案条件", 0},
    {"close_if", "结案条件", 0},
    {"accept", "受理时限", 0},
    {"file", "立案时限", 0},
    {"dispatch", "派遣时限", 0},
    {"sign", "签收时限", 0},
    {"handle", "处置时限", 0},
    {"inspect", "核查时限", 0},
    {"handle_from", "处置起算", 0},
    {"climb", "超期提级", 0},
    {"board", "板块", 0},
    {"post", "岗位", 0},
    {"radius", "重复半径", 0},
    {"active", "启用", 0},
    {NULL, NULL, 0},
};

struct loader {
    struct xg_csv t;
    struct xg_category *all;
    const struct xg_csv_row **rows; /* parallel to all */
    size_t count;
    struct xg_category *otherwise;
    const struct xg_csv_row *otherwise_row;
    const struct xg_category **sorted;
};

/* ---- limits as text ---- */

struct unit_name {
    enum xg_limit_unit unit;
    const char *name;
};

static const struct unit_name unit_names[] = {
    {XG_LIMIT_URGENT, "u"},
    {XG_LIMIT_URGENT, "紧急工作时"},
    {XG_LIMIT_URGENT, "小时"},
    {XG_LIMIT_URGENT, "urgent hours"},
    {XG_LIMIT_URGENT, "urgent hour"},
    {XG_LIMIT_HOURS, "h"},
    {XG_LIMIT_HOURS, "工作时"},
    {XG_LIMIT_HOURS, "工作小时"},
    {XG_LIMIT_HOURS, "working hours"},
    {XG_LIMIT_HOURS, "working hour"},
    {XG_LIMIT_DAYS, "d"},
    {XG_LIMIT_DAYS, "工作日"},
    {XG_LIMIT_DAYS, "working days"},
    {XG_LIMIT_DAYS, "working day"},
    {XG_LIMIT_URGENT, NULL},
};

/* Digits, and up to three after a point, in thousandths; what follows. */
static const char *read_amount(int64_t *milli, const char *at)
{
    int64_t value = 0;
    int digits = 0, after = -1;

    for (;; at++) {
        if (*at == '.' && after < 0 && digits > 0) {
            after = 0;
        } else if (*at >= '0' && *at <= '9' && digits < 9 && after < 3) {
            value = value * 10 + (*at - '0');
            digits++;
            after += after >= 0;
        } else {
            break;
        }
    }
    if (digits == 0 || after == 0)
        return NULL;
    for (int i = after < 0 ? 0 : after; i < 3; i++)
        value *= 10;
    *milli = value;
    return at;
}

bool xg_limit_parse(struct xg_limit *out, const char *text)
{
    const struct unit_name *u = unit_names;
    int64_t milli, most;
    const char *at = read_amount(&milli, text);

    if (!at)
        return false;
    while (*at == ' ')
        at++;
    if (strncmp(at, "个", strlen("个")) == 0)
        at += strlen("个");
    while (u->name && strcmp(u->name, at) != 0)
        u++;
    if (!u->name)
        return false;
    most = (int64_t)3660 * 1000 * (u->unit == XG_LIMIT_DAYS ? 1 : 24);
    if (milli == 0 || milli > most)
        return false;
    *out = (struct xg_limit){.unit = u->unit, .milli = milli};
    return true;
}

const char *xg_limit_text(struct xg_arena *arena, struct xg_limit limit)
{
    char amount[32];
    const char *unit = XG_T("紧急工作时", "urgent hours");
    int n =
        snprintf(amount, sizeof amount, "%lld.%03d",
                 (long long)(limit.milli / 1000), (int)(limit.milli % 1000));

    while (amount[n - 1] == '0')
        amount[--n] = '\0';
    if (amount[n - 1] == '.')
        amount[--n] = '\0';
    if (limit.unit == XG_LIMIT_HOURS)
        unit = XG_T("工作时", "working hours");
    else if (limit.unit == XG_LIMIT_DAYS)
        unit = XG_T("工作日", "working days");
    bool one = limit.milli == 1000 && xg_lang() == XG_LANG_EN;
    return xg_arena_format(arena, "%s %.*s", amount, (int)(strlen(unit) - one),
                           unit);
}

/* ---- cells ---- */

static bool is_none(const char *cell)
{
    return strcmp(cell, "-") == 0 || strcmp(cell, "无") == 0;
}

static const char *text_of(const char *cell, const char *inherited)
{
    return !*cell ? inherited : is_none(cell) ? "" : cell;
}

static enum xg_status fill_limits(struct xg_category *c, const struct xg_csv *t,
                                  const struct xg_csv_row *row,
                                  struct xg_error *err)
{
    for (size_t column = ACCEPT; column <= INSPECT; column++) {
        struct xg_stage_limit *stage =
            &c->limits.stages[XG_STAGE_ACCEPT + column - ACCEPT];
        const char *cell = row->cells[column];
        if (!*cell)
            continue;
        stage->has = !is_none(cell);
        if (stage->has && !xg_limit_parse(&stage->limit, cell))
            return xg_csv_wrong(
                err, t, row, column,
                XG_T("“%.60s”不是时限；应写成 4 紧急工作时、8 工作时 或 5 "
                     "工作日，没有时限写 -",
                     "\"%.60s\" is no limit; write 4 urgent hours, 8 working "
                     "hours or 5 working days, and - for none"),
                cell);
    }
    return XG_OK;
}

static enum xg_status fill_start(struct xg_category *c, const struct xg_csv *t,
                                 const struct xg_csv_row *row,
                                 struct xg_error *err)
{
    static const struct xg_choice events[] = {
        {1, "dispatch", "派遣", "dispatch"},
        {2, "sign", "签收", "sign"},
        {0, NULL, NULL, NULL},
    };
    struct xg_stage_limit *handle = &c->limits.stages[XG_STAGE_HANDLE];
    uint32_t event = handle->from_signing ? 2 : 1;

    if (is_none(row->cells[HANDLE_FROM]))
        event = 1;
    else if (xg_csv_choice(&event, t, row, HANDLE_FROM, events, err) != XG_OK)
        return err->status;
    handle->from_signing = event == 2;
    return XG_OK;
}

/* The next word of the cell; between words stand white space or ; ；、. */
static bool next_word(const char **at, size_t *len)
{
    static const char *const between[] = {" ",  "\t", "\n",     "\r", ";",
                                          "；", "、", "\u3000", NULL};

    *len = 0;
    for (const char *p = *at; *p; p++) {
        size_t gap = 0;
        for (size_t i = 0; between[i] && !gap; i++)
            if (strncmp(p, between[i], strlen(between[i])) == 0)
                gap = strlen(between[i]);
        if (!gap) {
            ++*len;
        } else if (*len) {
            return true;
        } else {
            *at = p + gap;
            p += gap - 1;
        }
    }
    return *len > 0;
}

/* By name, or by two characters of the label or more: 立案 is 核实立案. */
static uint32_t stage_named(const char *name, size_t len)
{
    char text[XG_CODE_MAX + 1];

    if (len == 0 || len > XG_CODE_MAX)
        return 0;
    memcpy(text, name, len);
    text[len] = '\0';
    for (const struct xg_choice *s = xg_stages; s->name; s++)
        if (strcmp(s->name, text) == 0 || (len >= 6 && strstr(s->zh, text)))
            return s->number;
    return 0;
}

static enum xg_status put_climb(struct xg_category *c, bool *own,
                                const char *word, size_t len,
                                const struct xg_csv *t,
                                const struct xg_csv_row *row,
                                struct xg_error *err)
{
    size_t before = 0, mark = 0;
    uint32_t stage = 0;

    while (before < len && !mark) {
        if (word[before] == ':')
            mark = 1;
        else if (len - before >= 3 && memcmp(word + before, "：", 3) == 0)
            mark = 3;
        else
            before++;
    }
    if (mark) {
        stage = stage_named(word, before);
        if (!stage)
            return xg_csv_wrong(
                err, t, row, CLIMB,
                XG_T("没有“%.*s”这个环节", "there is no stage \"%.*s\""),
                (int)before, word);
        word += before + mark;
        len -= before + mark;
    }
    if (len == 0 || len > XG_CODE_MAX)
        return xg_csv_wrong(err, t, row, CLIMB,
                            XG_T("“%.*s”不是层级", "\"%.*s\" is no level"),
                            (int)len, word);
    for (uint32_t s = XG_STAGE_ACCEPT; s <= XG_STAGES; s++) {
        if (stage ? s != stage : own[s])
            continue;
        memcpy(c->limits.stages[s].climb, word, len);
        c->limits.stages[s].climb[len] = '\0';
        own[s] |= stage != 0;
    }
    return XG_OK;
}

/* A cell that says anything says it of all stages. */
static enum xg_status fill_climb(struct xg_category *c, const struct xg_csv *t,
                                 const struct xg_csv_row *row,
                                 struct xg_error *err)
{
    const char *at = row->cells[CLIMB];
    bool own[XG_STAGES + 1] = {false};
    size_t len;

    if (!*at)
        return XG_OK;
    for (uint32_t s = XG_STAGE_ACCEPT; s <= XG_STAGES; s++)
        c->limits.stages[s].climb[0] = '\0';
    if (is_none(at))
        return XG_OK;
    for (; next_word(&at, &len); at += len)
        if (put_climb(c, own, at, len, t, row, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* What an empty cell means is already in `c`. */
static enum xg_status fill_own(struct xg_category *c, const struct xg_csv *t,
                               const struct xg_csv_row *row,
                               struct xg_error *err)
{
    uint64_t radius = c->radius_m;
    bool active = true;

    c->file_if = text_of(row->cells[FILE_IF], c->file_if);
    c->close_if = text_of(row->cells[CLOSE_IF], c->close_if);
    if (is_none(row->cells[BOARD]))
        c->board = "";
    else if (xg_csv_code(&c->board, t, row, BOARD, err) != XG_OK)
        return err->status;
    if (is_none(row->cells[POST]))
        c->post = "";
    else if (xg_csv_code(&c->post, t, row, POST, err) != XG_OK)
        return err->status;
    if (is_none(row->cells[RADIUS]))
        radius = 0;
    else if (xg_csv_uint(&radius, t, row, RADIUS, 0, XG_RADIUS_MAX_M, err) !=
             XG_OK)
        return err->status;
    c->radius_m = (uint32_t)radius;
    if (xg_csv_bool(&active, t, row, ACTIVE, err) != XG_OK)
        return err->status;
    c->active &= active;
    if (fill_limits(c, t, row, err) != XG_OK ||
        fill_start(c, t, row, err) != XG_OK)
        return err->status;
    return fill_climb(c, t, row, err);
}

static const struct xg_category nothing = {
    .active = true, .file_if = "", .close_if = "", .board = "", .post = ""};

static enum xg_status fill(struct xg_category *c,
                           const struct xg_category *from,
                           const struct xg_csv *t, const struct xg_csv_row *row,
                           struct xg_error *err)
{
    c->active = from->active;
    c->file_if = from->file_if;
    c->close_if = from->close_if;
    c->board = from->board;
    c->post = from->post;
    c->radius_m = from->radius_m;
    c->limits = from->limits;
    return fill_own(c, t, row, err);
}

/* ---- the tree ---- */

static int by_code(const void *a, const void *b)
{
    const struct xg_category *const *x = a, *const *y = b;

    return strcmp((*x)->code, (*y)->code);
}

static int key_by_code(const void *key, const void *item)
{
    const struct xg_bytes *code = key;
    const struct xg_category *const *c = item;

    return xg_bytes_compare(*code, xg_bytes_of((*c)->code));
}

static const struct xg_category *find(const struct xg_category *const *sorted,
                                      size_t count, struct xg_bytes code)
{
    const struct xg_category *const *found =
        count && code.len
            ? bsearch(&code, sorted, count, sizeof *sorted, key_by_code)
            : NULL;

    return found ? *found : NULL;
}

/* The row `*` lies behind all others. */
static enum xg_status take_otherwise(struct loader *l,
                                     const struct xg_csv_row *row,
                                     struct xg_error *err)
{
    if (l->otherwise)
        return xg_csv_wrong(err, &l->t, row, CODE,
                            XG_T("* 已在第 %zu 行", "* is in line %zu too"),
                            l->otherwise->line);
    if (*row->cells[PARENT])
        return xg_csv_wrong(err, &l->t, row, PARENT, "%s",
                            XG_T("* 没有上级类别", "* has no parent"));
    l->otherwise = &l->all[l->t.row_count];
    l->otherwise_row = row;
    l->otherwise->code = row->cells[CODE];
    return XG_OK;
}

static enum xg_status read_row(struct loader *l, const struct xg_csv_row *row,
                               struct xg_error *err)
{
    struct xg_category *c = &l->all[l->count];

    if (strcmp(row->cells[CODE], "*") == 0) {
        if (take_otherwise(l, row, err) != XG_OK)
            return err->status;
        c = l->otherwise;
    } else {
        if (xg_csv_code(&c->code, &l->t, row, CODE, err) != XG_OK)
            return err->status;
        l->sorted[l->count] = c;
        l->rows[l->count++] = row;
    }
    c->line = row->line;
    c->zh = row->cells[ZH];
    c->en = row->cells[EN];
    c->leaf = true;
    return XG_OK;
}

static enum xg_status read_rows(struct loader *l, struct xg_arena *arena,
                                struct xg_error *err)
{
    size_t n = l->t.row_count;

    if (n > XG_CATEGORIES_MAX)
        return xg_fail(
            err, XG_TOOBIG,
            XG_T("超过 %d 个类别", "there are more than %d categories"),
            XG_CATEGORIES_MAX);
    l->all = xg_arena_array(arena, n + 1, sizeof *l->all);
    l->rows = xg_arena_array(arena, n + 1, sizeof *l->rows);
    l->sorted = xg_arena_array(arena, n + 1, sizeof *l->sorted);
    if (!l->all || !l->rows || !l->sorted)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        if (read_row(l, &l->t.rows[i], err) != XG_OK)
            return err->status;
    qsort(l->sorted, l->count, sizeof *l->sorted, by_code);
    for (size_t i = 1; i < l->count; i++)
        if (strcmp(l->sorted[i - 1]->code, l->sorted[i]->code) == 0)
            return xg_fail(err, XG_FORMAT,
                           XG_T("类别 %s 在第 %zu 行和第 %zu 行各有一次",
                                "the category %s is in lines %zu and %zu"),
                           l->sorted[i]->code, l->sorted[i - 1]->line,
                           l->sorted[i]->line);
    return XG_OK;
}

static enum xg_status put_under_parents(struct loader *l, struct xg_error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        const char *parent = l->rows[i]->cells[PARENT];
        if (!*parent || is_none(parent))
            continue;
        const struct xg_category *up =
            find(l->sorted, l->count, xg_bytes_of(parent));
        if (!up)
            return xg_csv_wrong(
                err, &l->t, l->rows[i], PARENT,
                XG_T("文件里没有类别 %.60s", "the file has no category %.60s"),
                parent);
        l->all[i].parent = up;
        l->all[up - l->all].leaf = false;
    }
    for (size_t i = 0; i < l->count; i++) {
        const struct xg_category *up = l->all[i].parent;
        for (; up && l->all[i].depth <= XG_CATEGORY_DEPTH_MAX; up = up->parent)
            l->all[i].depth++;
        if (l->all[i].depth > XG_CATEGORY_DEPTH_MAX)
            return xg_csv_wrong(err, &l->t, l->rows[i], PARENT,
                                XG_T("上级类别绕成一圈，或超过 %d 级",
                                     "the parents run in a circle, or are "
                                     "over %d deep"),
                                XG_CATEGORY_DEPTH_MAX);
    }
    return XG_OK;
}

static enum xg_status fill_all(struct loader *l, struct xg_error *err)
{
    const struct xg_category *top = &nothing;

    if (l->otherwise) {
        if (fill(l->otherwise, &nothing, &l->t, l->otherwise_row, err) != XG_OK)
            return err->status;
        top = l->otherwise;
    }
    for (uint32_t depth = 0; depth <= XG_CATEGORY_DEPTH_MAX; depth++)
        for (size_t i = 0; i < l->count; i++) {
            struct xg_category *c = &l->all[i];
            if (c->depth == depth && fill(c, c->parent ? c->parent : top, &l->t,
                                          l->rows[i], err) != XG_OK)
                return err->status;
        }
    return XG_OK;
}

enum xg_status xg_catalogue_load(struct xg_catalogue *out,
                                 struct xg_arena *arena,
                                 struct xg_bytes content, struct xg_error *err)
{
    struct loader l = {.count = 0};

    if (xg_csv_load(&l.t, arena, content, columns, err) != XG_OK ||
        read_rows(&l, arena, err) != XG_OK ||
        put_under_parents(&l, err) != XG_OK || fill_all(&l, err) != XG_OK)
        return err->status;
    *out = (struct xg_catalogue){.all = l.all,
                                 .count = l.count,
                                 .otherwise = l.otherwise,
                                 .sorted = l.sorted};
    return XG_OK;
}

const struct xg_category *xg_catalogue_find(const struct xg_catalogue *c,
                                            struct xg_bytes code)
{
    return c ? find(c->sorted, c->count, code) : NULL;
}

const struct xg_category *xg_catalogue_of(const struct xg_catalogue *c,
                                          const struct xg_kind *kind,
                                          struct xg_bytes code)
{
    const struct xg_category *found = xg_catalogue_find(c, code);

    if (!found && kind)
        found = xg_catalogue_find(c, xg_bytes_of(kind->name));
    return found || !c ? found : c->otherwise;
}

const struct xg_limits *xg_category_limits(const struct xg_category *category)
{
    static const struct xg_limits none;

    return category ? &category->limits : &none;
}

const char *xg_category_label(const struct xg_category *category)
{
    return xg_label(category->zh, *category->en ? category->en : category->zh);
}
