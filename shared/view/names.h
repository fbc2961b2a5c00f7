/* names.h - what a person calls that which a value only refers to: the unit,
 * category, level, post or board of a code, by the imported files; the title
 * of an entity, by its state. For who fills in view_context.name (show.h).
 */
#ifndef XG_VIEW_NAMES_H
#define XG_VIEW_NAMES_H

#include "shared/core/merge.h"
#include "shared/guide/guide.h"

/* Is it a field of codes that an imported file may name? */
bool view_is_named(const struct xg_field *field);
/* Append the name of the code, in one line, or nothing where no file has one
 * (or the file cannot be read: it is only a name). `day`: of the posts. */
void view_put_name(struct xg_buf *out, struct xg_guide *g,
                   const struct xg_field *field, struct xg_bytes code,
                   xg_day day);
/* Append in one line the first of the entity's own texts: a contact's name, an
 * incident's address, a task's title; or nothing. */
void view_put_title(struct xg_buf *out, const struct xg_brief *brief);

#endif
