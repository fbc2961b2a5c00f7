/* describe_both.h - a label in both languages; of describe*.c alone. */
#ifndef XG_VIEW_DESCRIBE_BOTH_H
#define XG_VIEW_DESCRIBE_BOTH_H

#include <jansson.h>
#include <stdint.h>

/* What something is called in the language that is set. */
typedef const char *describe_label(const void *ctx, uint64_t number);

/* Set "zh" and "en" to what it is called in each. */
void describe_both(json_t **object, describe_label *label, const void *ctx,
                   uint64_t number);

#endif
