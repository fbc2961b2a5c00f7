/* template.h - answers to a form (shared/guide/templates.h).
 *
 * A record's `form` is "code@edition", its `item` a list of "key=value", in the
 * order of the questions:
 *
 *      text     as it was written          number   -12, 3156
 *      bool     yes, no                    choice   the key of the option
 *      choices  keys of the options, in their order, with commas between
 *
 * A person may type more: a question by its label, 是 or 否 for a bool, an
 * option by its label, 、 between several; "key=" takes an answer back. What is
 * written is always the form above, so that two who say the same say it in the
 * same bytes.
 */
#ifndef XG_VIEW_TEMPLATE_H
#define XG_VIEW_TEMPLATE_H

#include <jansson.h>

#include "shared/core/merge.h"
#include "shared/core/record.h"
#include "shared/guide/guide.h"

/* Judge what the draft says in `form` and `item` by the edition that it names,
 * and write it as above. Without "@" the newest edition is taken. `state` is
 * the entity as it is (NULL for a new one): answers that it has to the same
 * edition stay unless the draft says otherwise; without a `form` in the draft
 * its form holds. `whole`: every question that is asked and required has an
 * answer (false: a draft for later).
 *
 * Nothing in either field: XG_OK, and nothing is done. XG_NOTFOUND: no such
 * template (the text lists those for the kind); XG_USAGE: an answer does not
 * fit, names no question, or is to a question that is not asked; or answers
 * are missing. The draft is unchanged on failure. */
XG_MUST_CHECK enum xg_status view_template_fill(struct xg_draft *d,
                                                const struct xg_kind *kind,
                                                struct xg_guide *g,
                                                const struct xg_state *state,
                                                bool whole,
                                                struct xg_error *err);

/* Does a record's `item` (its value; may be empty) answer the edition? For what
 * others wrote. XG_USAGE names the question. */
XG_MUST_CHECK enum xg_status view_template_check(const struct xg_template *t,
                                                 struct xg_bytes item,
                                                 struct xg_error *err);

/* The answers with their labels, a line each, after `indent` spaces: every
 * question that is asked, "-" where it has no answer; what is no answer of the
 * template is shown as it is. `t` NULL: the edition is not here. */
void view_template_put(struct xg_buf *out, const struct xg_template *t,
                       struct xg_bytes item, unsigned indent);
/* {"key": value}: numbers and booleans as such, choices as a list; what is no
 * answer of the template as a text. A new reference, NULL: no memory. */
json_t *view_template_json(const struct xg_template *t, struct xg_bytes item);

/* Keys of the questions that are asked, required and not answered, a list of
 * texts; `item` may be empty. NULL: no memory. */
json_t *view_template_lacking(const struct xg_template *t,
                              struct xg_bytes item);

/* The template of an entity; *t NULL: it has no form, or the edition is not
 * here. */
XG_MUST_CHECK enum xg_status view_template_of(struct xg_guide *g,
                                              const struct xg_template **t,
                                              const struct xg_state *state,
                                              struct xg_error *err);

#endif
