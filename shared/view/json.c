/* json.c - see json.h and value.h. */
#include "shared/view/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/view/text.h"
#include "shared/view/value.h"

enum { REAL_DIGITS = 15 };

void view_json_set(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value) == 0)
        return;
    json_decref(*object);
    *object = NULL;
}

void view_json_append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

json_t *view_json_text(struct xg_bytes text)
{
    if (!text.len)
        return json_string("");
    if (!xg_utf8_valid(text.at, text.len))
        return json_null();
    return json_stringn_nocheck((const char *)text.at, text.len);
}

json_t *view_json_hex(const void *data, size_t len)
{
    struct xg_buf hex = XG_BUF(2 * len);

    xg_buf_hex(&hex, data, len);
    json_t *json = hex.failed == XG_OK ? json_string(xg_buf_str(&hex)) : NULL;
    xg_buf_clear(&hex);
    return json;
}

json_t *view_json_uint(uint64_t value)
{
    char text[24];

    if (value <= INT64_MAX)
        return json_integer((json_int_t)value);
    snprintf(text, sizeof text, "%" PRIu64, value);
    return json_string(text);
}

json_t *view_json_time(int64_t ms)
{
    struct xg_buf text = XG_BUF(64);

    view_put_time_utc(&text, ms);
    json_t *json = text.failed == XG_OK ? json_string(xg_buf_str(&text)) : NULL;
    xg_buf_clear(&text);
    return json;
}

json_t *view_json_decimal(int64_t value, unsigned digits)
{
    double power = 1;

    for (; digits > 0 && value % 10 == 0; digits--)
        value /= 10;
    for (unsigned i = 0; i < digits; i++)
        power *= 10;
    /* Both are exact, so this is the double nearest to the decimal, and with
     * 15 digits that decimal is what is printed. */
    return digits ? json_real((double)value / power) : json_integer(value);
}

/* Non-ASCII stands only inside strings, where an escape says the same; what
 * could steer a terminal is written as one. */
static void put_escaped(struct xg_buf *out, const char *text)
{
    struct xg_bytes rest = xg_bytes_of(text);
    uint32_t code;

    while (rest.len) {
        size_t n = view_decode(&code, rest);
        if (code == VIEW_NO_CHARACTER || !view_steers(code))
            xg_buf_append(out, rest.at, n);
        else if (code < 0x10000)
            xg_buf_format(out, "\\u%04" PRIX32, code);
        else
            xg_buf_format(out, "\\u%04" PRIX32 "\\u%04" PRIX32,
                          0xD800 + ((code - 0x10000) >> 10),
                          0xDC00 + ((code - 0x10000) & 0x3FF));
        rest = xg_bytes(rest.at + n, rest.len - n);
    }
}

enum xg_status view_json_put(struct xg_buf *out, json_t *json,
                             struct xg_error *err)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY |
                                             JSON_REAL_PRECISION(REAL_DIGITS))
                      : NULL;

    json_decref(json);
    if (!text)
        return xg_fail_nomem(err);
    put_escaped(out, text);
    free(text);
    return xg_buf_check(out, err);
}
