/* guide.h - what a site is run by, read from imported reference files: the
 * territory, the catalogue, the calendar, office hours, levels and routes, duty
 * lists, posts, templates, labels. None of it is code, and none of it decides
 * what a fold makes of the records: it proposes, warns, names, and counts time.
 *
 * A *reference* is a file of a kind and an edition; a xunge/reference/v1 entry
 * puts its hash into the log, and its place there says from when it is in
 * force:
 *
 *      catalogue              a case goes by the one in force at the place of
 *                             its filing
 *      levels hours duty
 *      posts labels           the newest counts
 *      territory              all files; of a unit that several name, the
 *                             newest line
 *      calendar               all files; of a year that several tell, the
 *                             newest (a year that was missing is then counted
 *                             with again)
 *      templates              all files; code@edition is found for ever
 *      boundaries             only checked here; maps read them
 *
 * Formats: docs/reference-data.md, and the header of each reader.
 */
#ifndef XG_GUIDE_H
#define XG_GUIDE_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/calendar.h"
#include "shared/guide/duty.h"
#include "shared/guide/labels.h"
#include "shared/guide/levels.h"
#include "shared/guide/posts.h"
#include "shared/guide/templates.h"
#include "shared/guide/territory_file.h"

struct xg_catalogue; /* catalogue.h */

struct xg_guide_file {
    uint64_t position; /* of the reference's entry in the log */
    const char *edition;
    struct xg_bytes content;
};

/* Where the files come from; both sides implement it over their stores. `each`
 * is called for every reference of that kind whose place in the log is below
 * `size`, oldest first; the file is lent during the call. What `visit` returns
 * but XG_OK ends it. */
struct xg_guide_source {
    void *ctx;
    enum xg_status (*each)(void *ctx, const char *kind, uint64_t size,
                           enum xg_status visit(void *visitor,
                                                const struct xg_guide_file *f,
                                                struct xg_error *err),
                           void *visitor, struct xg_error *err);
};

/* May this file be imported as that kind? What is wrong names the line or the
 * key. *count: how many rows it has. XG_FORMAT, XG_TOOBIG, XG_NOMEM; XG_USAGE:
 * no such kind. */
XG_MUST_CHECK enum xg_status xg_guide_check(size_t *count, const char *kind,
                                            struct xg_bytes content,
                                            struct xg_error *err);
/* Is there such a kind of file? */
bool xg_guide_is_kind(const char *kind);
/* What it is called, in the language that was set. */
const char *xg_guide_kind_label(const char *kind);
/* All kinds, ending with NULL. */
extern const char *const xg_guide_kinds[];

/* ---- a guide: the files of a site, each read when it is first asked for ----
 *
 * Belongs to one thread. What it gives is lent until xg_guide_free(), and is
 * empty, never NULL, where nothing of that kind was imported. After an import
 * make a new one. */
struct xg_guide;

/* `source` is copied; what it points to is borrowed. Reads nothing yet. */
XG_MUST_CHECK enum xg_status xg_guide_new(struct xg_guide **g,
                                          const struct xg_guide_source *source,
                                          struct xg_error *err);
void xg_guide_free(struct xg_guide *g);

/* Each fails with what the source says, XG_NOMEM, or XG_CORRUPT naming the file
 * that was kept and does not read. */
XG_MUST_CHECK enum xg_status xg_guide_territory(struct xg_guide *g,
                                                const struct xg_territory **out,
                                                struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_guide_levels(struct xg_guide *g,
                                             const struct xg_levels **out,
                                             struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_guide_duties(struct xg_guide *g,
                                             const struct xg_duties **out,
                                             struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_guide_posts(struct xg_guide *g,
                                            const struct xg_posts **out,
                                            struct xg_error *err);
/* Newest file first, so that the first of a code is its newest edition. */
XG_MUST_CHECK enum xg_status xg_guide_templates(struct xg_guide *g,
                                                const struct xg_templates **out,
                                                struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_guide_labels(struct xg_guide *g,
                                             const struct xg_labels **out,
                                             struct xg_error *err);
/* All years told; zone (else China's) and office hours of the newest file. */
XG_MUST_CHECK enum xg_status xg_guide_calendar(struct xg_guide *g,
                                               const struct xg_calendar **out,
                                               struct xg_error *err);
/* In force at that log size (UINT64_MAX: the newest). A case that was filed
 * before the first catalogue goes by the first. *out NULL: none at all.
 * *edition (may be NULL) is set with it. */
XG_MUST_CHECK enum xg_status
xg_guide_catalogue(struct xg_guide *g, const struct xg_catalogue **out,
                   const char **edition, uint64_t size, struct xg_error *err);

/* ---- what is asked of several files at once ---- */

/* The unit's name, or its code where no file names it. */
XG_MUST_CHECK enum xg_status xg_guide_unit_name(struct xg_guide *g,
                                                const char **name,
                                                const char *unit,
                                                struct xg_error *err);
/* The level of a unit. *out NULL: the territory does not know the unit, or the
 * levels do not know its level. */
XG_MUST_CHECK enum xg_status xg_guide_level_of(struct xg_guide *g,
                                               const struct xg_level **out,
                                               const char *unit,
                                               struct xg_error *err);

/* Where a case goes next, from a unit and the level at which it stands there
 * ("" or NULL: the unit's own). */
struct xg_step {
    const struct xg_level *level;
    const char *unit; /* which has that level, at or above where it stood; ""
                       * where the territory shows none */
};
/* *found false: it is at the top, or there are no levels. */
XG_MUST_CHECK enum xg_status xg_guide_up(struct xg_guide *g,
                                         struct xg_step *out, bool *found,
                                         const char *unit, const char *level,
                                         struct xg_error *err);
/* The whole way up, in the arena; an empty way is no failure. */
XG_MUST_CHECK enum xg_status xg_guide_route(struct xg_guide *g,
                                            struct xg_step **steps,
                                            size_t *count,
                                            struct xg_arena *arena,
                                            const char *unit, const char *level,
                                            struct xg_error *err);

/* Where an overdue case climbs to: the level of that code or label, on the way
 * up from the unit; where the way does not pass it (a case in a town, and the
 * catalogue says street), the first on the way that is no lower. *found false:
 * nowhere; there is no such level, or it stands as high already. */
XG_MUST_CHECK enum xg_status xg_guide_climb(struct xg_guide *g,
                                            struct xg_step *out, bool *found,
                                            const char *unit, const char *level,
                                            const char *climb,
                                            struct xg_error *err);

/* May this unit whistle? *told false: no levels were imported, or the unit is
 * in none; nothing speaks against it then. *level (may be NULL) is the unit's:
 * its triage, supervise and assess name the offices. */
XG_MUST_CHECK enum xg_status xg_guide_may_whistle(struct xg_guide *g, bool *may,
                                                  bool *told,
                                                  const struct xg_level **level,
                                                  const char *unit,
                                                  struct xg_error *err);

/* Who is to handle a case of that category, found in that grid. */
struct xg_proposal {
    const char *unit, *post, *board; /* post, board: or "" */
    bool assists;                    /* 协办 */
    const struct xg_duty *duty;      /* that says so; NULL: the catalogue */
    const char *holder;              /* of the post, on the day; or "" */
};
/* First what the catalogue says, then by the duty list, the nearest item of the
 * category tree first; departments whose own area does not hold the grid are
 * left out (`grid` NULL: none is). No unit twice. */
XG_MUST_CHECK enum xg_status
xg_guide_propose(struct xg_guide *g, struct xg_proposal **out, size_t *count,
                 struct xg_arena *arena, const char *category, const char *grid,
                 xg_day day, struct xg_error *err);

/* What a duty item that is cited when a case is returned says. */
enum xg_cited {
    XG_CITED_GOOD,     /* it is another's duty, or the unit's own list does not
                        * hold the category */
    XG_CITED_UNKNOWN,  /* there is no such item */
    XG_CITED_OWN,      /* it says that just this unit answers for it */
    XG_CITED_NO_LIST,  /* no duty list was imported */
};
/* category may be "" or NULL: not known. *item (may be NULL) is the item, or
 * NULL. */
XG_MUST_CHECK enum xg_status
xg_guide_cited(struct xg_guide *g, enum xg_cited *out,
               const struct xg_duty **item, const char *code, const char *unit,
               const char *category, struct xg_error *err);

/* Who holds the post on that day. *post NULL: no such post; *holder NULL:
 * nobody. */
XG_MUST_CHECK enum xg_status xg_guide_holder(struct xg_guide *g,
                                             const struct xg_post **post,
                                             const char **holder,
                                             const char *code, xg_day day,
                                             struct xg_error *err);

/* The template of "code@edition", or the newest of "code". *out NULL: none. */
XG_MUST_CHECK enum xg_status xg_guide_template(struct xg_guide *g,
                                               const struct xg_template **out,
                                               struct xg_bytes form,
                                               struct xg_error *err);

/* ---- references between the files ---- */

/* Looks at a file that may be imported (xg_guide_check()), before it is, and
 * tells each thing that it names and nothing imported knows: a duty for an
 * unknown unit, a level that no unit has, a post whose holder nobody added, a
 * template whose edition was imported otherwise. None of that is wrong: the
 * other file may come after it. `worker` says whether there is a worker of that
 * code; NULL: not asked. */
struct xg_guide_watch {
    void *ctx;
    enum xg_status (*worker)(void *ctx, bool *known, const char *code,
                             struct xg_error *err);
    /* In the language set; `sort` is the same for things of one sort: 'u'
     * units, 'w' workers, ... */
    void (*warn)(void *ctx, char sort, const char *text);
};
XG_MUST_CHECK enum xg_status
xg_guide_unresolved(struct xg_guide *g, const char *kind,
                    struct xg_bytes content, const struct xg_guide_watch *watch,
                    struct xg_error *err);

#endif
