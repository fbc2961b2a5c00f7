/* reference.h - the reference of kinds and fields, from the table. */
#ifndef XG_VIEW_REFERENCE_H
#define XG_VIEW_REFERENCE_H

#include "shared/base/buf.h"
#include "shared/core/schema.h"

/* "text", "code", ...: what the reference and `describe` call a type. */
const char *view_type_name(enum xg_type type);
/* Append docs/reference.md: Markdown in both languages. */
void view_reference(struct xg_buf *out);

#endif
