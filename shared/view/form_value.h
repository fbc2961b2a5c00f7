/* form_value.h - the value that a text means, one function a type; of this
 * room only. Errors do not name the field: form.c puts it before them. */
#ifndef XG_VIEW_FORM_VALUE_H
#define XG_VIEW_FORM_VALUE_H

#include "shared/view/form.h"

/* Append the encoded value. Types that nobody types, and TEXTS, are refused. */
XG_MUST_CHECK enum xg_status
form_value(struct xg_buf *out, const struct xg_field *field, const char *text,
           const struct view_resolver *resolver, struct xg_error *err);

/* TEXTS: what `before` (an encoded list, null, or empty) holds, and after it
 * the texts separated by ; or ；. */
XG_MUST_CHECK enum xg_status form_texts(struct xg_buf *out,
                                        const struct xg_field *field,
                                        struct xg_bytes before,
                                        const char *text,
                                        struct xg_error *err);

/* A record by all 64 hex digits of its hash, or by the resolver. */
XG_MUST_CHECK enum xg_status form_record(struct xg_hash *hash,
                                         const char *text,
                                         const struct view_resolver *resolver,
                                         struct xg_error *err);

/* Is what was appended since `start` one value that fits the field? */
XG_MUST_CHECK enum xg_status form_check(const struct xg_field *field,
                                        const struct xg_buf *out, size_t start,
                                        struct xg_error *err);

#endif
