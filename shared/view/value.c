/* value.c - see value.h. */
#include "shared/view/value.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/core/track.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { TRACK_ARENA = 4 << 20, PHOTO_HASH_SHOWN = 6 };

/* ---- taking apart ---- */

static int64_t int_of(struct xg_cbor *c)
{
    struct xg_cbor_item item;
    int64_t value = 0;

    if (xg_cbor_next(c, &item) && !xg_cbor_int(&item, &value))
        value = 0;
    return value;
}

struct view_position view_position_of(const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct view_position p = {.has_accuracy = item->number > 2};

    p.lat_e7 = (int32_t)int_of(&c);
    p.lon_e7 = (int32_t)int_of(&c);
    p.accuracy_mm = int_of(&c);
    return p;
}

struct view_photo view_photo_of(const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct view_photo p = {0};
    struct xg_cbor_item part;

    if (xg_cbor_next(&c, &part) && part.bytes.len == XG_HASH_SIZE)
        memcpy(p.sha256.b, part.bytes.at, XG_HASH_SIZE);
    p.bytes = (uint64_t)int_of(&c);
    p.role = (uint64_t)int_of(&c);
    p.origin = (uint64_t)int_of(&c);
    p.orientation = (uint64_t)int_of(&c);
    if (xg_cbor_next(&c, &part) && part.type == XG_CBOR_TEXT)
        p.taken = part.bytes;
    if (xg_cbor_next(&c, &part) && part.type == XG_CBOR_ARRAY) {
        p.has_position = true;
        p.position = view_position_of(&part);
    }
    if (xg_cbor_next(&c, &part) && part.type == XG_CBOR_ARRAY) {
        struct xg_cbor small = xg_cbor_inside(&part);
        xg_cbor_next(&small, &part);
        memcpy(p.thumbnail.b, part.bytes.at, XG_HASH_SIZE);
        p.thumbnail_bytes = (uint64_t)int_of(&small);
    }
    return p;
}

/* What is told of a track segment. */
struct track_facts {
    bool readable;
    size_t points;
    int64_t start_ms, end_ms, distance_mm;
};

static struct track_facts track_facts_of(const struct xg_cbor_item *item)
{
    struct xg_arena arena = XG_ARENA(TRACK_ARENA);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_track_point *points;
    struct track_facts facts = {0};
    size_t count;

    if (xg_track_unpack(&points, &count, &arena, item->bytes, &err) == XG_OK) {
        facts.readable = true;
        facts.points = count;
        if (count) {
            facts.start_ms = points[0].t_ms;
            facts.end_ms = points[count - 1].t_ms;
        }
        facts.distance_mm = xg_track_distance_mm(points, count);
    }
    xg_arena_clear(&arena);
    return facts;
}

/* ---- text ---- */

void view_put_choice(struct xg_buf *out, const struct xg_choice *choices,
                     uint64_t number)
{
    const struct xg_choice *c =
        choices ? xg_choice_find(choices, number) : NULL;

    if (c)
        xg_buf_text(out, xg_label(c->zh, c->en));
    else
        xg_buf_format(out, "?%" PRIu64, number);
}

static void put_position(struct xg_buf *out, struct view_position p)
{
    view_put_decimal(out, p.lat_e7, 7);
    xg_buf_byte(out, ',');
    view_put_decimal(out, p.lon_e7, 7);
    if (p.has_accuracy) {
        xg_buf_byte(out, ',');
        view_put_decimal(out, p.accuracy_mm, 3);
    }
}

static void put_list(struct xg_buf *out, const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item part;

    for (size_t i = 0; xg_cbor_next(&c, &part); i++) {
        if (part.type == XG_CBOR_TEXT) {
            xg_buf_text(out, i ? "; " : "");
            view_put_block(out, part.bytes, 0);
        } else {
            xg_buf_format(out, "%s%" PRIu64, i ? ", " : "", part.number);
        }
    }
}

/* EXIF's "2003:11:23 18:07:37" as other times are written; anything else as it
 * is, for it is what the camera said. */
static void put_taken(struct xg_buf *out, struct xg_bytes text)
{
    bool is_date = text.len >= 10 && text.at[4] == ':' && text.at[7] == ':';

    if (!is_date) {
        view_put_line(out, text);
        return;
    }
    view_put_line(out, xg_bytes(text.at, 4));
    xg_buf_byte(out, '-');
    view_put_line(out, xg_bytes(text.at + 5, 2));
    xg_buf_byte(out, '-');
    view_put_line(out, xg_bytes(text.at + 8, text.len - 8));
}

static void put_photo(struct xg_buf *out, const struct xg_cbor_item *item)
{
    struct view_photo p = view_photo_of(item);

    if (p.role) {
        view_put_choice(out, xg_photo_roles, p.role);
        xg_buf_text(out, " · ");
    }
    view_put_choice(out, xg_photo_origins, p.origin);
    xg_buf_text(out, " · ");
    view_put_size(out, p.bytes);
    if (p.taken.len) {
        xg_buf_text(out, " · ");
        put_taken(out, p.taken);
    }
    if (p.has_position) {
        xg_buf_text(out, " · ");
        put_position(out, p.position);
    }
    xg_buf_text(out, " · ");
    xg_buf_hex(out, p.sha256.b, PHOTO_HASH_SHOWN);
}

static void put_track(struct xg_buf *out, const struct xg_cbor_item *item)
{
    struct track_facts t = track_facts_of(item);

    if (!t.readable) {
        xg_buf_text(out, XG_T("读不出的轨迹段", "unreadable track segment"));
        return;
    }
    xg_buf_format(out, XG_T("%zu 点", "%zu points"), t.points);
    if (!t.points)
        return;
    xg_buf_text(out, " · ");
    view_put_time(out, t.start_ms);
    xg_buf_text(out, " – ");
    view_put_time(out, t.end_ms);
    xg_buf_text(out, " · ");
    view_put_decimal(out, (t.distance_mm + 500) / 1000, 0);
    xg_buf_text(out, XG_T(" 米", " m"));
}

static void put_gap(struct xg_buf *out, const struct xg_field *field,
                    const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    int64_t from = int_of(&c), to = int_of(&c);

    view_put_time(out, from);
    xg_buf_text(out, " – ");
    view_put_time(out, to);
    xg_buf_text(out, " · ");
    view_put_choice(out, field->choices, (uint64_t)int_of(&c));
}

/* "371302001:bottles:12", as form.h takes it. */
static void put_tally(struct xg_buf *out, const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item part;

    for (size_t i = 0; xg_cbor_next(&c, &part); i++) {
        if (i)
            xg_buf_byte(out, ':');
        if (part.type == XG_CBOR_TEXT)
            view_put_line(out, part.bytes);
        else
            xg_buf_format(out, "%" PRIu64, part.number);
    }
}

/* Of each record the beginning of its hash, and the numbers of what is gone; of
 * each photo its hash. */
static void put_erased(struct xg_buf *out, const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item entry, hash, kept, gone;

    for (bool any = false; xg_cbor_next(&c, &entry); any = true) {
        struct xg_cbor in = xg_cbor_inside(&entry);
        xg_buf_text(out, any ? "; " : "");
        if (entry.type == XG_CBOR_BYTES) {
            xg_buf_hex(out, entry.bytes.at, entry.bytes.len);
            continue;
        }
        xg_cbor_next(&in, &hash);
        xg_cbor_next(&in, &kept);
        xg_cbor_next(&in, &gone);
        xg_buf_hex(out, hash.bytes.at, 4);
        xg_buf_text(out, ": ");
        put_list(out, &gone);
    }
}

static void put_unknown(struct xg_buf *out, const struct xg_cbor_item *item)
{
    struct xg_error err = XG_ERROR_NONE;

    xg_ignore(view_json_put(out, view_value_json(NULL, item), &err));
}

static void put_string(struct xg_buf *out, const struct xg_cbor_item *item)
{
    if (item->type == XG_CBOR_TEXT)
        view_put_block(out, item->bytes, 0);
    else
        xg_buf_hex(out, item->bytes.at, item->bytes.len);
}

void view_put_field(struct xg_buf *out, const struct xg_field *field,
                    uint64_t number)
{
    if (field)
        xg_buf_text(out, xg_label(field->zh, field->en));
    else
        xg_buf_format(out, XG_T("字段 %" PRIu64, "field %" PRIu64), number);
}

void view_value_text(struct xg_buf *out, const struct xg_field *field,
                     const struct xg_cbor_item *item)
{
    int64_t number;

    if (item->type == XG_CBOR_NULL) {
        xg_buf_text(out, XG_T("（空）", "(empty)"));
        return;
    }
    if (!field) {
        put_unknown(out, item);
        return;
    }
    switch (field->type) {
    case XG_TYPE_TEXT:
    case XG_TYPE_CODE:
    case XG_TYPE_SOURCE:
    case XG_TYPE_BYTES:
    case XG_TYPE_ENTITY:
    case XG_TYPE_HASH:
        put_string(out, item);
        return;
    case XG_TYPE_UINT:
        xg_buf_format(out, "%" PRIu64, item->number);
        return;
    case XG_TYPE_BOOL:
        xg_buf_text(out, item->number ? XG_T("是", "yes") : XG_T("否", "no"));
        return;
    case XG_TYPE_ENUM:
        view_put_choice(out, field->choices, item->number);
        return;
    case XG_TYPE_TIME:
        if (xg_cbor_int(item, &number))
            view_put_time(out, number);
        return;
    case XG_TYPE_POSITION:
        put_position(out, view_position_of(item));
        return;
    case XG_TYPE_TEXTS:
    case XG_TYPE_NUMBERS:
        put_list(out, item);
        return;
    case XG_TYPE_PHOTO:
        put_photo(out, item);
        return;
    case XG_TYPE_TRACK:
        put_track(out, item);
        return;
    case XG_TYPE_GAP:
        put_gap(out, field, item);
        return;
    case XG_TYPE_TALLY:
        put_tally(out, item);
        return;
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
        put_erased(out, item);
        return;
    }
}

/* ---- JSON ---- */

static json_t *choice_json(const struct xg_choice *choices, uint64_t number)
{
    const struct xg_choice *c =
        choices ? xg_choice_find(choices, number) : NULL;

    return c ? json_string(c->name) : view_json_uint(number);
}

static json_t *position_json(struct view_position p)
{
    json_t *json = json_object();

    view_json_set(&json, "lat", view_json_decimal(p.lat_e7, 7));
    view_json_set(&json, "lon", view_json_decimal(p.lon_e7, 7));
    if (p.has_accuracy)
        view_json_set(&json, "accuracy_m", view_json_decimal(p.accuracy_mm, 3));
    return json;
}

static json_t *photo_json(const struct xg_cbor_item *item)
{
    struct view_photo p = view_photo_of(item);
    json_t *json = json_object();

    view_json_set(&json, "sha256", view_json_hex(p.sha256.b, XG_HASH_SIZE));
    view_json_set(&json, "bytes", view_json_uint(p.bytes));
    if (p.role)
        view_json_set(&json, "role", choice_json(xg_photo_roles, p.role));
    view_json_set(&json, "origin", choice_json(xg_photo_origins, p.origin));
    if (p.orientation)
        view_json_set(&json, "orientation", view_json_uint(p.orientation));
    if (p.taken.len)
        view_json_set(&json, "taken", view_json_text(p.taken));
    if (p.has_position)
        view_json_set(&json, "position", position_json(p.position));
    if (p.thumbnail_bytes)
        view_json_set(&json, "thumbnail",
                      json_pack("{s:o, s:o}", "sha256",
                                view_json_hex(p.thumbnail.b, XG_HASH_SIZE),
                                "bytes", view_json_uint(p.thumbnail_bytes)));
    return json;
}

static json_t *track_json(const struct xg_cbor_item *item)
{
    struct track_facts t = track_facts_of(item);
    json_t *json = json_object();

    view_json_set(&json, "points", view_json_uint(t.points));
    if (t.points) {
        view_json_set(&json, "start", view_json_time(t.start_ms));
        view_json_set(&json, "end", view_json_time(t.end_ms));
    }
    view_json_set(&json, "distance_m", view_json_decimal(t.distance_mm, 3));
    if (!t.readable)
        view_json_set(&json, "unreadable", json_true());
    return json;
}

static json_t *gap_json(const struct xg_field *field,
                        const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    json_t *json = json_object();

    view_json_set(&json, "from", view_json_time(int_of(&c)));
    view_json_set(&json, "to", view_json_time(int_of(&c)));
    view_json_set(&json, "cause",
                  choice_json(field->choices, (uint64_t)int_of(&c)));
    return json;
}

static json_t *raw_json(const struct xg_cbor_item *item);

static json_t *raw_list_json(const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item part;
    json_t *json = json_array();

    while (xg_cbor_next(&c, &part))
        view_json_append(&json, raw_json(&part));
    return json;
}

/* As it is encoded; nesting is at most XG_CBOR_DEPTH_MAX. */
static json_t *raw_json(const struct xg_cbor_item *item)
{
    int64_t number;

    switch (item->type) {
    case XG_CBOR_UINT:
        return view_json_uint(item->number);
    case XG_CBOR_NINT:
        return xg_cbor_int(item, &number) ? json_integer(number) : json_null();
    case XG_CBOR_BYTES:
        return view_json_hex(item->bytes.at, item->bytes.len);
    case XG_CBOR_TEXT:
        return view_json_text(item->bytes);
    case XG_CBOR_ARRAY:
    case XG_CBOR_MAP: /* key, value, key, value ... */
        return raw_list_json(item);
    case XG_CBOR_BOOL:
        return json_boolean(item->number);
    case XG_CBOR_NULL:
        break;
    }
    return json_null();
}

static json_t *tally_json(const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item grid, what, number;
    json_t *json = json_object();

    xg_cbor_next(&c, &grid);
    xg_cbor_next(&c, &what);
    xg_cbor_next(&c, &number);
    view_json_set(&json, "grid", view_json_text(grid.bytes));
    view_json_set(&json, "item", view_json_text(what.bytes));
    view_json_set(&json, "number", view_json_uint(number.number));
    return json;
}

json_t *view_value_json(const struct xg_field *field,
                        const struct xg_cbor_item *item)
{
    int64_t number;

    if (!field || item->type == XG_CBOR_NULL)
        return raw_json(item);
    switch (field->type) {
    case XG_TYPE_ENUM:
        return choice_json(field->choices, item->number);
    case XG_TYPE_TIME:
        return xg_cbor_int(item, &number) ? view_json_time(number)
                                          : json_null();
    case XG_TYPE_POSITION:
        return position_json(view_position_of(item));
    case XG_TYPE_PHOTO:
        return photo_json(item);
    case XG_TYPE_TRACK:
        return track_json(item);
    case XG_TYPE_GAP:
        return gap_json(field, item);
    case XG_TYPE_TALLY:
        return tally_json(item);
    case XG_TYPE_TEXT:
    case XG_TYPE_CODE:
    case XG_TYPE_UINT:
    case XG_TYPE_BOOL:
    case XG_TYPE_BYTES:
    case XG_TYPE_ENTITY:
    case XG_TYPE_HASH:
    case XG_TYPE_SOURCE:
    case XG_TYPE_TEXTS:
    case XG_TYPE_NUMBERS:
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
        break;
    }
    return raw_json(item);
}

struct xg_cbor view_elements(const struct xg_field *f, struct xg_bytes value)
{
    struct xg_cbor c = xg_cbor_over(value);
    struct xg_cbor added = xg_cbor_over(xg_bytes(NULL, 0));
    struct xg_cbor_item map, key, list;

    if (f->merge != XG_MERGE_SET)
        return c;
    if (xg_cbor_next(&c, &map))
        c = xg_cbor_inside(&map);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list))
        if (key.number == XG_SET_ADDED)
            added = xg_cbor_inside(&list);
    return added;
}
