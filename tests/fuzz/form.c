/* form.c - what a person types: field=value of every kind, and JSON. What is
 * taken makes a draft that is well-formed. The first byte chooses the kind of
 * record, the second how: text, JSON, or a single value. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shared/base/env.h"
#include "shared/view/form.h"
#include "shared/view/text.h"

enum { TEXT = 0, JSON = 1, VALUE = 2 };

static void set_text(struct xg_draft *d, const struct xg_kind *kind, char *text)
{
    struct xg_error err = XG_ERROR_NONE;

    for (char *at = text; at;) {
        const char *line = strsep(&at, "\n");
        if (view_form_set(d, kind, line, NULL, &err) != XG_OK)
            FUZZ_MUST(*xg_error_text(&err));
        err = XG_ERROR_NONE;
    }
}

static void set_json(struct xg_draft *d, const struct xg_kind *kind,
                     const char *text)
{
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_field *field;
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (view_form_field(&field, kind, name, &err) == XG_OK)
            xg_ignore(view_form_set_json(d, field, value, NULL, &err));
        err = XG_ERROR_NONE;
    }
    json_decref(object);
}

static void single(const char *text)
{
    int64_t ms, value;
    struct xg_buf out = XG_BUF(1 << 20);

    if (view_parse_time(&ms, text)) {
        view_put_time_utc(&out, ms);
        view_put_time(&out, ms);
    }
    if (view_parse_decimal(&value, text, strlen(text), 7))
        view_put_decimal(&out, value, 7);
    view_put_line(&out, xg_bytes_of(text));
    view_put_column(&out, xg_bytes_of(text), 12);
    view_put_block(&out, xg_bytes_of(text), 2);
    FUZZ_MUST(out.failed || xg_utf8_valid(out.data, out.len));
    FUZZ_MUST(view_edits(text, "incident") <= strlen(text) + 8);
    xg_buf_clear(&out);
}

/* Encoding refuses what no record may be; what it gives must be sound. */
static void encode(struct xg_draft *d)
{
    static const struct xg_hash chain = {{3}};
    struct xg_env env = xg_env_system();
    struct xg_buf out = XG_BUF(XG_RECORD_SPLIT_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_record r;
    size_t head;

    d->head.moment.wall_ms = 1;
    d->head.creates = true;
    if (xg_draft_encode(&out, &head, d, &env, &err) == XG_OK) {
        xg_record_read(&r, &chain, 1, &chain, xg_bytes(out.data, head),
                       xg_bytes(out.data + head, out.len - head));
        FUZZ_MUST(!r.malformed);
    }
    xg_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"incident", "visit",   "dispute",
                                        "contact",  "patrol",  "task",
                                        "notice",   "campaign"};
    struct xg_arena arena = XG_ARENA(8 << 20);
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_kind *kind;
    struct xg_draft d;

    FUZZ_MUST(xg_base_init() == 0);
    if (size < 2)
        return 0;
    if (view_form_kind(&kind, kinds[data[0] % 8], &err) != XG_OK)
        FUZZ_MUST(view_form_kind(&kind, "incident", &err) == XG_OK);
    char *text = xg_arena_str(&arena, (const char *)data + 2, size - 2);
    xg_draft_init(&d, &arena, kind->number);
    if (text && data[1] == TEXT)
        set_text(&d, kind, text);
    else if (text && data[1] == JSON)
        set_json(&d, kind, text);
    else if (text && data[1] == VALUE)
        single(text);
    encode(&d);
    xg_arena_clear(&arena);
    return 0;
}
