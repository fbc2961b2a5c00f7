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
/* What such a code is one of: "unit", "level", "category", "post", "board",
 * "person", "duty", "template"; NULL: anything may stand there. */
const char *view_code_sort(const struct xg_field *field);
/* Append the name of the code, in one line, or nothing where no file has one
 * (or the file cannot be read: it is only a name). `day`: of the posts. */
void view_put_name(struct xg_buf *out, struct xg_guide *g,
                   const struct xg_field *field, struct xg_bytes code,
                   xg_day day);
/* Append the code that a person means in that field by a name of the imported
 * files, or by its code in other letters (CG-03 for cg-03); nothing where the
 * text is a code as it stands, means none, or means several. */
void view_put_code(struct xg_buf *out, struct xg_guide *g,
                   const struct xg_field *field, const char *text);
/* Append the known code that the text is most like; nothing where it is known,
 * or none is near. *known (may be NULL): the files have it, or say nothing of
 * such codes. */
void view_put_nearest(struct xg_buf *out, bool *known, struct xg_guide *g,
                      const struct xg_field *field, const char *text);
/* Append in one line the first of the entity's own texts: a contact's name, an
 * incident's address, a task's title; or nothing. */
void view_put_title(struct xg_buf *out, const struct xg_brief *brief);

#endif
