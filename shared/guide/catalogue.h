/* catalogue.h - what a site calls a case, and how long each stage may take.
 *
 * One CSV (csv.h), a row a category, kept by a clerk in a spreadsheet:
 *
 *      column       alias           is
 *      code         类别编码         of the category; `*` holds for all
 *      parent       上级类别         code of a row anywhere in the file
 *      name         类别名称         in Chinese (required)
 *      name_en      英文名称
 *      file_if      立案条件         text
 *      close_if     结案条件         text
 *      accept       受理时限         limits, one a stage
 *      file         立案时限
 *      dispatch     派遣时限
 *      sign         签收时限
 *      handle       处置时限
 *      inspect      核查时限
 *      handle_from  处置起算         the clock of handling starts when it is
 *                                   dispatched 派遣 (else), or signed 签收
 *      climb        超期提级         level that an overdue case goes to: one
 * for all stages, or by stage: "签收:社区 处置:街道 街道" (a bare one for the
 * rest) board        板块             code post         岗位             code
 *      radius       重复半径         metres; reports of one category nearer
 * than that may be one active       启用             否: kept for old cases,
 * not offered any more
 *
 * A limit is an amount, with up to three decimals, and its unit:
 *
 *      4 紧急工作时   4u   4 urgent hours     0.5 小时   around the clock
 *      8 工作时       8h   8 working hours    hours of office hours
 *      5 工作日       5d   5 working days
 *
 * From `file_if` to `radius` an empty cell means: as the parent has it, and at
 * the top of the tree as the row `*` has it; `-` or 无 means none, and is what
 * the children inherit. Where the limit hangs on a condition (a loose manhole
 * cover, a missing one), each condition is a category of its own under a common
 * parent. Levels are codes of the levels file, or their Chinese names, as they
 * stand here; nobody looks them up before they are used.
 *
 * A case that is no incident (dispute, alarm, task ...) goes by the category
 * whose code is the name of its kind, and where there is none by `*`.
 */
#ifndef XG_GUIDE_CATALOGUE_H
#define XG_GUIDE_CATALOGUE_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/deadline.h"
#include "shared/core/schema.h"

enum {
    XG_CATEGORIES_MAX = 20000,
    XG_CATEGORY_DEPTH_MAX = 8,
    XG_RADIUS_MAX_M = 10000
};

struct xg_category {
    const char *code;
    const struct xg_category *parent; /* NULL at the top */
    uint32_t depth;                   /* 0 at the top */
    bool leaf;                        /* no other row names it as parent */
    bool active;
    size_t line;
    const char *zh, *en;            /* en "" where there is none */
    const char *file_if, *close_if; /* "" none, as all below */
    const char *board, *post;
    uint32_t radius_m;       /* 0: duplicates are not looked for */
    struct xg_limits limits; /* REPORT_IN has none */
};

struct xg_catalogue {
    const struct xg_category *all; /* in the order of the file, `*` aside */
    size_t count;
    const struct xg_category *otherwise;     /* the row `*`, or NULL */
    const struct xg_category *const *sorted; /* by code, for find */
};

/* Everything is lent by the arena; the content may go. O(n log n).
 * XG_FORMAT, XG_TOOBIG, XG_NOMEM. */
XG_MUST_CHECK enum xg_status xg_catalogue_load(struct xg_catalogue *out,
                                               struct xg_arena *arena,
                                               struct xg_bytes content,
                                               struct xg_error *err);

/* By code; NULL when there is none. A catalogue that is NULL, or all zeros, is
 * empty. O(log n). */
const struct xg_category *xg_catalogue_find(const struct xg_catalogue *c,
                                            struct xg_bytes code);
/* What a case of this kind goes by: the category of its code (an empty one, or
 * one that is not there, stands for the kind's), the kind's, `*`; or NULL. */
const struct xg_category *xg_catalogue_of(const struct xg_catalogue *c,
                                          const struct xg_kind *kind,
                                          struct xg_bytes code);
/* The limits of what xg_catalogue_of() gives; never NULL, none for NULL. */
const struct xg_limits *xg_category_limits(const struct xg_category *category);
/* In the language that was set; the Chinese one where there is no other. */
const char *xg_category_label(const struct xg_category *category);

/* "5 工作日", "5 working days". Lent by the arena; NULL: no memory. */
const char *xg_limit_text(struct xg_arena *arena, struct xg_limit limit);
/* What a cell of the catalogue holds; false: no limit. Amounts of 0 are none,
 * and of more than ten years. */
bool xg_limit_parse(struct xg_limit *out, const char *text);

#endif
