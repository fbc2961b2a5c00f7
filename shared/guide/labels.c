/* labels.c - see labels.h. */
#include "shared/guide/labels.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/guide/csv.h"

enum { SORT, CODE, ZH, EN };

static const struct xg_csv_column columns[] = {
    [SORT] = {"sort", "种类", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [CODE] = {"code", "代码|编码", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [ZH] = {"zh", "名称|中文", XG_CSV_REQUIRED},
    [EN] = {"en", "英文", 0},
    {NULL, NULL, 0},
};

/* Numbers are those of enum xg_label_sort, from 1. */
static const struct xg_choice sorts[] = {
    {1 + XG_LABEL_STATUS, "status", "状态", "status"},
    {1 + XG_LABEL_MOVE, "move", "动作", "move"},
    {1 + XG_LABEL_STAGE, "stage", "环节", "stage"},
    {1 + XG_LABEL_ROLE, "role", "角色", "role"},
    {1 + XG_LABEL_BOARD, "board", "板块", "board"},
    {0, NULL, NULL, NULL},
};

/* ---- the usual ones ---- */

static const struct xg_choice *table_of(enum xg_label_sort sort)
{
    switch (sort) {
    case XG_LABEL_STATUS:
        return xg_statuses;
    case XG_LABEL_MOVE:
        return xg_moves;
    case XG_LABEL_STAGE:
        return xg_stages;
    case XG_LABEL_ROLE:
    case XG_LABEL_BOARD:
    case XG_LABEL_SORTS:
        break;
    }
    return NULL;
}

/* The usual one of that number; name NULL where there is none. */
static struct xg_choice usual_of(enum xg_label_sort sort, uint64_t number)
{
    const struct xg_choice *table = table_of(sort), *c;
    const struct xg_role *r;

    if (table) {
        c = xg_choice_find(table, number);
        return c ? *c : (struct xg_choice){0};
    }
    r = sort == XG_LABEL_ROLE ? xg_role_find(number) : NULL;
    return r ? (struct xg_choice){r->number, r->name, r->zh, r->en}
             : (struct xg_choice){0};
}

static uint32_t number_named(enum xg_label_sort sort, const char *name)
{
    const struct xg_choice *table = table_of(sort), *c;
    const struct xg_role *r;

    if (table) {
        c = xg_choice_named(table, name);
        return c ? c->number : 0;
    }
    r = xg_role_named(name);
    return r ? r->number : 0;
}

/* ---- reading ---- */

static enum xg_status read_row(struct xg_label_row *out, const struct xg_csv *t,
                               const struct xg_csv_row *row,
                               struct xg_error *err)
{
    struct xg_label_row r = {.zh = row->cells[ZH], .en = row->cells[EN]};
    uint32_t sort = 0;

    if (xg_csv_choice(&sort, t, row, SORT, sorts, err) != XG_OK ||
        xg_csv_code(&r.code, t, row, CODE, err) != XG_OK)
        return err->status;
    r.sort = (enum xg_label_sort)(sort - 1);
    if (r.sort != XG_LABEL_BOARD) {
        r.number = number_named(r.sort, r.code);
        if (!r.number)
            return xg_csv_wrong(err, t, row, CODE,
                                XG_T("没有名为 %s 的%s",
                                     "there is no %s that is a %s"),
                                r.code, row->cells[SORT]);
    }
    if (!*r.zh && !*r.en)
        return xg_csv_wrong(err, t, row, ZH, "%s",
                            XG_T("中文、英文至少写一个",
                                 "a label in one language is needed"));
    *out = r;
    return XG_OK;
}

/* What typing this text would mean of the pack's and the usual labels: is it
 * already another's? */
static bool is_taken(const struct xg_labels *l, const struct xg_label_row *r,
                     const char *text)
{
    const struct xg_choice *table = table_of(r->sort);

    for (; *text && table && table->name; table++) {
        const char *zh = table->zh, *en = table->en;
        if (table->number == r->number)
            continue;
        for (size_t i = 0; i < l->count; i++)
            if (l->rows[i].sort == r->sort &&
                l->rows[i].number == table->number) {
                zh = *l->rows[i].zh ? l->rows[i].zh : zh;
                en = *l->rows[i].en ? l->rows[i].en : en;
            }
        if (strcmp(text, table->name) == 0 || strcmp(text, zh) == 0 ||
            strcmp(text, en) == 0)
            return true;
    }
    return false;
}

/* rows[i] is of t->rows[i]. */
static enum xg_status check_rows(const struct xg_labels *l,
                                 const struct xg_csv *t, struct xg_error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct xg_label_row *r = &l->rows[i];
        for (size_t j = 0; j < i; j++)
            if (l->rows[j].sort == r->sort &&
                strcmp(l->rows[j].code, r->code) == 0)
                return xg_csv_wrong(err, t, &t->rows[i], CODE,
                                    XG_T("%s 出现了两次", "%s is there twice"),
                                    r->code);
        for (size_t column = ZH; column <= EN; column++) {
            const char *text = t->rows[i].cells[column];
            if (is_taken(l, r, text))
                return xg_csv_wrong(
                    err, t, &t->rows[i], column,
                    XG_T("“%.60s”已是另一个的叫法，请换一个，或给那一个也改名",
                         "\"%.60s\" is what another is called; choose another "
                         "label, or rename that one too"),
                    text);
        }
    }
    return XG_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const struct xg_label_row *x = a, *y = b;

    if (x->sort != y->sort)
        return x->sort < y->sort ? -1 : 1;
    return strcmp(x->code, y->code);
}

enum xg_status xg_labels_read(struct xg_labels *out, struct xg_arena *arena,
                              struct xg_bytes content, struct xg_error *err)
{
    struct xg_csv t;

    if (xg_csv_load(&t, arena, content, columns, err) != XG_OK)
        return err->status;
    if (t.row_count > XG_LABELS_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("超过 %d 行", "there are more than %d lines"),
                       XG_LABELS_MAX);
    struct xg_label_row *rows =
        xg_arena_array(arena, t.row_count + 1, sizeof *rows);
    if (!rows)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < t.row_count; i++)
        if (read_row(&rows[i], &t, &t.rows[i], err) != XG_OK)
            return err->status;
    struct xg_labels read = {rows, t.row_count};
    if (check_rows(&read, &t, err) != XG_OK)
        return err->status;
    qsort(rows, read.count, sizeof *rows, compare_rows);
    *out = read;
    return XG_OK;
}

/* ---- asking ---- */

static const struct xg_label_row *row_of(const struct xg_labels *l,
                                         enum xg_label_sort sort,
                                         uint64_t number)
{
    for (size_t i = 0; l && i < l->count; i++)
        if (l->rows[i].sort == sort && l->rows[i].number == number)
            return &l->rows[i];
    return NULL;
}

const char *xg_labels_of(const struct xg_labels *l, enum xg_label_sort sort,
                         uint64_t number)
{
    const struct xg_label_row *r = row_of(l, sort, number);
    struct xg_choice usual = usual_of(sort, number);
    const char *own = r ? xg_label(r->zh, r->en) : "";

    if (*own)
        return own;
    return usual.name ? xg_label(usual.zh, usual.en) : "?";
}

static const struct xg_label_row *board(const struct xg_labels *l,
                                        const char *code)
{
    for (size_t i = 0; l && i < l->count; i++)
        if (l->rows[i].sort == XG_LABEL_BOARD &&
            strcmp(l->rows[i].code, code) == 0)
            return &l->rows[i];
    return NULL;
}

const char *xg_labels_board(const struct xg_labels *l, const char *code)
{
    const struct xg_label_row *r = board(l, code);

    if (!r)
        return code;
    const char *own = xg_label(r->zh, r->en);
    return *own ? own : *r->zh ? r->zh : r->en;
}

bool xg_labels_has_board(const struct xg_labels *l, const char *code)
{
    return board(l, code) != NULL;
}

static const struct xg_choice *named(const struct xg_labels *l,
                                     enum xg_label_sort sort, const char *name)
{
    const struct xg_choice *table = table_of(sort);
    const struct xg_choice *c = xg_choice_named(table, name);

    for (size_t i = 0; l && i < l->count && !c && *name; i++)
        if (l->rows[i].sort == sort && (strcmp(l->rows[i].zh, name) == 0 ||
                                        strcmp(l->rows[i].en, name) == 0))
            c = xg_choice_find(table, l->rows[i].number);
    for (; !c && table->name; table++)
        if (strcmp(table->zh, name) == 0)
            c = table;
    return c;
}

const struct xg_choice *xg_labels_move(const struct xg_labels *l,
                                       const char *name)
{
    return named(l, XG_LABEL_MOVE, name);
}

const struct xg_choice *xg_labels_status(const struct xg_labels *l,
                                         const char *name)
{
    return named(l, XG_LABEL_STATUS, name);
}
