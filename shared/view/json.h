/* json.h - building JSON whose failures stick; of this room only.
 *
 * Once memory was short, *object is NULL, and later calls free what they take.
 * So a builder sets in plain lines and looks once at its end.
 */
#ifndef XG_VIEW_JSON_H
#define XG_VIEW_JSON_H

#include <jansson.h>

#include "shared/base/bytes.h"

/* Take `value`. */
void view_json_set(json_t **object, const char *key, json_t *value);
void view_json_append(json_t **array, json_t *value);

/* New references. Text must be UTF-8; what is not becomes null. */
json_t *view_json_text(struct xg_bytes text);
json_t *view_json_hex(const void *data, size_t len);
json_t *view_json_uint(uint64_t value); /* a string above 2^63-1 */
json_t *view_json_time(int64_t ms);
/* value / 10^digits, exactly; at most 15 significant digits. */
json_t *view_json_decimal(int64_t value, unsigned digits);

#endif
