/* suggest.h - what was used before, the likeliest first, so that nothing is
 * typed twice.
 *
 * A value counts for each entity that shows it: the newer the more, and the
 * more the nearer it was to where the person stands. Codes come with those of
 * the imported files; a reference with what it refers to; a caller as a person,
 * by name and phone, and only to who may see contacts.
 */
#ifndef XG_VIEW_SUGGEST_H
#define XG_VIEW_SUGGEST_H

#include "shared/base/buf.h"
#include "shared/guide/guide.h"
#include "shared/view/form.h"
#include "shared/view/value.h"

/* An entity that may show a value. `number`: or "". */
struct view_used {
    struct xg_id id;
    const char *number;
    int64_t when_ms; /* it happened, or was told of */
};
/* Takes one, with its state; false: no more of them. */
typedef bool view_use_fn(void *user, const struct view_used *e,
                         struct xg_bytes state);

/* What is asked. All borrowed. */
struct view_suggestion {
    const char *kind, *field; /* names or labels */
    const char *text;         /* what was typed so far, or "" */
    bool informed;            /* who asks may see contacts */
    bool placed;              /* `here` says where they stand */
    struct view_position here;
    int64_t now_ms;
    xg_day today;
    struct xg_guide *guide;
    bool json;
    void *ctx;
    /* Every entity of that kind, at most so many that an answer does not take
     * longer and longer, in any order. */
    enum xg_status (*walk)(void *ctx, const struct xg_kind *kind,
                           view_use_fn *use, void *user, struct xg_error *err);
    /* This contact is about to be shown; NULL: nobody needs to know. */
    enum xg_status (*shows)(void *ctx, const struct xg_id *id,
                            struct xg_error *err);
};

/* A line each, 20 at most: docs/page.md, `suggest`. */
XG_MUST_CHECK enum xg_status view_suggest(struct xg_buf *out,
                                          const struct view_suggestion *of,
                                          struct xg_error *err);
/* Would that show callers? */
bool view_suggests_callers(const char *kind, const char *field);

#endif
