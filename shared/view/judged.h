/* judged.h - what is to be said of what a person has filled in so far: which of
 * it is wrong, what is missing. Nothing is decided by it: whoever writes the
 * record judges for itself. For drafts on a device, and for forms at the centre.
 *
 * Words are "field=value" as they were typed. A problem is of the field that it
 * names; "about", "move", "form", "item", "contact", "incident" are beside the
 * fields of the table (docs/page.md), "" is none.
 */
#ifndef XG_VIEW_JUDGED_H
#define XG_VIEW_JUDGED_H

#include <jansson.h>

#include "shared/guide/guide.h"
#include "shared/view/form.h"
#include "shared/view/moves.h"

/* What is told of the one who told of an incident. */
enum view_told {
    VIEW_TOLD_NAME,
    VIEW_TOLD_PHONE,
    VIEW_TOLD_CONSENT,
    VIEW_TOLD_RELATION,
    VIEW_TOLDS
};
/* "contact", "phone", "consent", "relation": the options that tell it. */
extern const char *const view_told_options[VIEW_TOLDS];

/* Fill the draft of a contact with that (NULL and "": not told), judged like
 * any other; `named`: an error names the field. */
XG_MUST_CHECK enum xg_status
view_contact_fill(struct xg_draft *contact,
                  const char *const told[VIEW_TOLDS], bool named,
                  struct xg_error *err);

/* The same for the draft of an incident that is about to be made: *any where
 * somebody told of it. XG_USAGE where nobody is named, where it is no incident,
 * or names a contact already. */
XG_MUST_CHECK enum xg_status
view_contact_take(struct xg_draft *contact, bool *any,
                  const struct xg_draft *incident,
                  const char *const told[VIEW_TOLDS], struct xg_error *err);

/* Judge what the draft says of a form by the site's template, if anything: see
 * view_template_fill(). */
XG_MUST_CHECK enum xg_status
view_form_answers(struct xg_draft *d, struct xg_guide *g,
                  const struct xg_state *state, bool whole,
                  struct xg_error *err);

struct view_judged {
    struct xg_draft *draft; /* what is valid goes there; borrowed */
    const struct view_resolver *resolver;
    json_t *problems; /* [{"field", "text"}] */
    json_t *missing;  /* ["category", "item:KEY", ...] */
    json_t *wanted;   /* ["before", ...]: better with */
};

/* Everything below fails only for want of memory, and for what the store says;
 * what cannot be judged is a problem. */
XG_MUST_CHECK enum xg_status
view_judged_init(struct view_judged *j, struct xg_draft *draft,
                 const struct view_resolver *resolver, struct xg_error *err);
void view_judged_clear(struct view_judged *j);

/* Takes err as a problem of that field: it is then as if nothing had happened;
 * only what is no fault of what was typed stays. */
XG_MUST_CHECK enum xg_status view_judged_problem(struct view_judged *j,
                                                 const char *field,
                                                 struct xg_error *err);
XG_MUST_CHECK enum xg_status view_judge_words(struct view_judged *j,
                                              const char *const *words,
                                              size_t count,
                                              struct xg_error *err);
/* What `d`, something new, still lacks; named after the prefix. What was typed
 * wrong is not missing: it says so itself. */
void view_judge_required(struct view_judged *j, const struct xg_draft *d,
                         const char *prefix);
/* `state` NULL: of something new. */
XG_MUST_CHECK enum xg_status view_judge_form(struct view_judged *j,
                                             struct xg_guide *g,
                                             const struct xg_state *state,
                                             struct xg_error *err);
XG_MUST_CHECK enum xg_status
view_judge_informant(struct view_judged *j,
                     const char *const told[VIEW_TOLDS], struct xg_error *err);
/* What the move that `d` makes needs and what it would be better with. *try_it:
 * no need is left that a field could meet, or one that none can: what is in the
 * way, a trial says. */
XG_MUST_CHECK enum xg_status
view_judge_needs(struct view_judged *j, bool *try_it, struct xg_arena *arena,
                 const struct view_bench *bench, const struct xg_draft *d,
                 struct xg_error *err);

/* ---- what was filled in, as JSON ---- */

/* Typed values, of what is valid: {field: value}. */
json_t *view_typed_json(const struct xg_draft *d);
/* As it was typed, to fill a form again: a text, of what takes several a list
 * of them; "tally-" for what is taken out. */
json_t *view_texts_json(const struct xg_kind *kind, const char *const *words,
                        size_t count);
json_t *view_told_json(const char *const told[VIEW_TOLDS]);

/* Lines: "! FIELD  what is wrong", what is missing, what it is better with. */
void view_put_judged(struct xg_buf *out, const struct view_judged *j);

/* Does a draft give that field a value? */
bool view_is_given(const struct xg_draft *d, uint64_t number);

#endif
