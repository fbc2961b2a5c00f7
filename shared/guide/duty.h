/* duty.h - the duty list: which department answers for what: CSV.
 *
 *      code,unit,part,categories,text
 *      cg-03,371302-cg,lead,street-trade signboard,占道经营、违规店招的查处
 *      gaj-11,371302-gaj,assist,street-trade,配合处置暴力抗法
 *
 *  code        cited when a case is returned: `do ID return rule=cg-03`
 *  unit        the department or office: a code of the territory
 *  part        lead 主办 (or empty) or assist 协办
 *  categories  codes of the catalogue, with spaces between; an item speaks for
 *              all below a category too. May be empty: a duty that is cited,
 *              but proposes nobody
 *  text        what the list says
 */
#ifndef XG_GUIDE_DUTY_H
#define XG_GUIDE_DUTY_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { XG_DUTY_MAX = 20000, XG_DUTY_CATEGORIES_MAX = 256 };

struct xg_duty {
    const char *code, *unit, *text;
    bool assists;
    const char *const *categories;
    size_t category_count;
    size_t line; /* in the file, for messages */
};

struct xg_duties {
    const struct xg_duty *items; /* by code */
    size_t count;
};

/* Texts are copied into the arena. XG_FORMAT names the line. */
XG_MUST_CHECK enum xg_status xg_duties_read(struct xg_duties *out,
                                            struct xg_arena *arena,
                                            struct xg_bytes content,
                                            struct xg_error *err);
/* NULL when there is none. */
const struct xg_duty *xg_duties_find(const struct xg_duties *d,
                                     const char *code);
/* Does it name this very category? */
bool xg_duty_names(const struct xg_duty *item, const char *category);

#endif
