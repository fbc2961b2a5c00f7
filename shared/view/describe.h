/* describe.h - the domain and the site for a program that builds forms, labels
 * and menus from them: everything out of the tables (core/schema.h, core/loop.h)
 * and the imported files (guide/guide.h), in both languages, nothing by hand.
 *
 * The keys are listed in docs/page.md. What has a label is an object with
 * "name", "zh" and "en"; those of statuses, moves, stages and roles are the
 * site's where it has some.
 */
#ifndef XG_VIEW_DESCRIBE_H
#define XG_VIEW_DESCRIBE_H

#include <jansson.h>
#include <stdbool.h>

#include "shared/base/buf.h"
#include "shared/core/registry.h"
#include "shared/guide/guide.h"

/* Kinds with their fields and what a form shows of them, statuses, moves,
 * needs, stages, roles, and every list of choices. `captured`: can a person
 * make one by a command of its own? `labels` may be NULL. A new reference;
 * NULL: no memory. */
struct view_captured {
    bool (*is)(void *ctx, const struct xg_kind *kind);
    void *ctx;
};
json_t *view_domain_json(const struct xg_labels *labels,
                         const struct view_captured *captured);

/* Whoever works in the units that are told of. */
struct view_person {
    const char *code, *unit;
    const struct xg_role *role;
    const char *name; /* NULL: not known here; then that of the post, or the
                       * code */
};

/* What a site says of itself, as seen from one unit ("" : from none): its
 * categories, newest templates, levels, boards, duties; of units that unit with
 * those above and below it, of people those in them. `people` are all that are
 * known. At most VIEW_SITE_ROWS of units, people and duties each, the nearest
 * first; "more" names the lists that were cut. */
enum { VIEW_SITE_ROWS = 400 };
XG_MUST_CHECK enum xg_status
view_site_json(json_t **site, struct xg_guide *g, const char *unit,
               const struct view_person *people, size_t count, xg_day today,
               struct xg_error *err);

/* Who asks. `unit` may be "", `name` is never NULL; `device`: where it is asked
 * on one, else NULL. */
struct view_me {
    const char *worker, *name, *unit, *device;
    const struct xg_role *role;
};

/* Everything together, with what it is asked by. All borrowed. */
struct view_description {
    const struct xg_labels *labels;
    struct view_captured captured;
    struct xg_guide *guide;
    const struct view_me *me; /* NULL: nobody said; "me" is null then */
    const struct view_person *people;
    size_t people_count;
    xg_day today;
    const char *program; /* its version */
};
/* The answer of `describe`: one JSON object with its version at the head, or
 * how many there is of what. `unless` (may be NULL) is a version that is known
 * already: where it still is the same, only that is said. */
XG_MUST_CHECK enum xg_status view_describe(struct xg_buf *out,
                                           const struct view_description *d,
                                           const char *unless, bool json,
                                           struct xg_error *err);

#endif
