/* export.c - see export.h. */
#include "shared/view/export.h"

#include <inttypes.h>

#include "shared/core/track.h"
#include "shared/view/json.h"
#include "shared/view/look.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { CELL_MAX = 1 << 20, TRACK_ARENA = 4 << 20 };

/* Records' acts are not in a state; a withdrawal has a column of its own. */
static bool exported(const struct xg_field *field)
{
    return field->merge != XG_MERGE_ACT && field->number != XG_FIELD_WITHDRAWN;
}

/* The points of a packed segment, or none when it cannot be read. */
static size_t points_of(struct xg_track_point **points, struct xg_arena *arena,
                        const struct xg_cbor_item *item)
{
    struct xg_error ignored = XG_ERROR_NONE;
    size_t count;

    return xg_track_unpack(points, &count, arena, item->bytes, &ignored) ==
                   XG_OK
               ? count
               : 0;
}

static int64_t segment_mm(const struct xg_cbor_item *item)
{
    struct xg_arena arena = XG_ARENA(TRACK_ARENA);
    struct xg_track_point *points;
    size_t count = points_of(&points, &arena, item);
    int64_t mm = count ? xg_track_distance_mm(points, count) : 0;

    xg_arena_clear(&arena);
    return mm;
}

/* ---- CSV ---- */

/* Would a spreadsheet take this for a formula? The full width signs too: a
 * Chinese one reads them as the others. */
static bool is_formula(struct xg_bytes text)
{
    uint32_t code = 0;

    while (text.len) {
        size_t n = view_decode(&code, text);
        if (code != ' ' && code != '\n')
            break;
        text = xg_bytes(text.at + n, text.len - n);
    }
    return text.len && (code == '=' || code == '+' || code == '-' ||
                        code == '@' || code == 0xFF1D || code == 0xFF0B ||
                        code == 0xFF0D || code == 0xFF20);
}

void view_csv_cell(struct xg_buf *out, struct xg_bytes text)
{
    bool formula = is_formula(text), quote = formula;

    for (size_t i = 0; i < text.len; i++)
        quote |= text.at[i] < 0x20 || text.at[i] == '"' || text.at[i] == ',';
    if (quote)
        xg_buf_byte(out, '"');
    if (formula)
        xg_buf_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"')
            xg_buf_byte(out, '"');
        xg_buf_byte(out, text.at[i]);
    }
    if (quote)
        xg_buf_byte(out, '"');
}

static void put_comma(struct xg_buf *out)
{
    xg_buf_byte(out, ',');
}

void view_csv_head(struct xg_buf *out, const struct xg_kind *kind, bool bom)
{
    const struct xg_field *f;

    if (bom)
        xg_buf_text(out, "\xEF\xBB\xBF");
    xg_buf_text(out, "number,id,kind,status,withdrawn,conflicts,records,"
                     "delivery");
    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++) {
        if (!exported(f))
            continue;
        if (f->type == XG_TYPE_POSITION)
            xg_buf_format(out, ",%s.lat,%s.lon,%s.accuracy_m", f->name, f->name,
                          f->name);
        else
            xg_buf_format(out, ",%s", f->name);
    }
    xg_buf_text(out, "\r\n");
}

/* Its name, or the number of one that only a newer program knows. */
static void put_choice(struct xg_buf *cell, const struct xg_choice *choices,
                       uint64_t number)
{
    const struct xg_choice *choice = xg_choice_find(choices, number);

    if (choice)
        xg_buf_text(cell, choice->name);
    else
        xg_buf_format(cell, "%" PRIu64, number);
}

/* from/to cause */
static void put_gap(struct xg_buf *cell, const struct xg_field *field,
                    const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item part;
    int64_t number;

    for (size_t i = 0; i < 2 && xg_cbor_next(&c, &part); i++)
        if (xg_cbor_int(&part, &number)) {
            view_put_time_utc(cell, number);
            xg_buf_byte(cell, i ? ' ' : '/');
        }
    if (xg_cbor_next(&c, &part))
        put_choice(cell, field->choices, part.number);
}

/* A value as others compute with it: names, UTC, digits, not labels. */
static void put_plain(struct xg_buf *cell, const struct xg_field *field,
                      const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item part;
    int64_t number;

    switch (field->type) {
    case XG_TYPE_ENUM:
        put_choice(cell, field->choices, item->number);
        return;
    case XG_TYPE_BOOL:
        xg_buf_text(cell, item->number ? "true" : "false");
        return;
    case XG_TYPE_TIME:
        if (xg_cbor_int(item, &number))
            view_put_time_utc(cell, number);
        return;
    case XG_TYPE_PHOTO:
        if (xg_cbor_next(&c, &part))
            xg_buf_hex(cell, part.bytes.at, part.bytes.len);
        return;
    case XG_TYPE_TRACK:
        view_put_decimal(cell, segment_mm(item), 3);
        return;
    case XG_TYPE_GAP:
        put_gap(cell, field, item);
        return;
    case XG_TYPE_TALLY:
        view_value_text(cell, field, item);
        return;
    case XG_TYPE_TEXTS:
        for (bool any = false; xg_cbor_next(&c, &part); any = true) {
            xg_buf_text(cell, any ? "; " : "");
            view_put_block(cell, part.bytes, 0);
        }
        return;
    case XG_TYPE_TEXT:
    case XG_TYPE_CODE:
    case XG_TYPE_SOURCE:
        if (item->type == XG_CBOR_TEXT) {
            view_put_block(cell, item->bytes, 0);
            return;
        }
        break;
    case XG_TYPE_UINT:
    case XG_TYPE_BYTES:
    case XG_TYPE_ENTITY:
    case XG_TYPE_HASH:
    case XG_TYPE_NUMBERS:
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
    case XG_TYPE_POSITION:
        break;
    }
    view_value_text(cell, field, item);
}

/* Three columns, printed from the integers: a leading '-' is a number's. */
static void put_position(struct xg_buf *out, const struct xg_cbor_item *item)
{
    struct view_position p;

    if (!item) {
        xg_buf_text(out, ",,,");
        return;
    }
    p = view_position_of(item);
    put_comma(out);
    view_put_decimal(out, p.lat_e7, 7);
    put_comma(out);
    view_put_decimal(out, p.lon_e7, 7);
    put_comma(out);
    if (p.has_accuracy)
        view_put_decimal(out, p.accuracy_mm, 3);
}

static void put_field(struct xg_buf *out, const struct xg_brief *brief,
                      const struct xg_field *field)
{
    struct xg_buf cell = XG_BUF(CELL_MAX);
    struct xg_brief_elements elements;
    struct xg_cbor_item item;
    bool there = field->merge == XG_MERGE_REGISTER &&
                 xg_brief_value(brief, field->number, &item);

    if (field->type == XG_TYPE_POSITION) {
        put_position(out, there ? &item : NULL);
        return;
    }
    if (there)
        put_plain(&cell, field, &item);
    else if (field->merge == XG_MERGE_SET &&
             xg_brief_set(brief, field->number, &elements))
        while (xg_brief_element(&elements, &item)) {
            xg_buf_text(&cell, cell.len ? "; " : "");
            put_plain(&cell, field, &item);
        }
    put_comma(out);
    view_csv_cell(out, xg_buf_bytes(&cell));
    if (cell.failed != XG_OK)
        out->failed = cell.failed;
    xg_buf_clear(&cell);
}

enum xg_status view_csv_row(struct xg_buf *out, const struct xg_brief *brief,
                            const struct view_context *view,
                            struct xg_error *err)
{
    const struct xg_choice *status = xg_choice_find(xg_statuses, brief->status);
    const struct xg_field *f;
    struct view_entity entity;

    if (!brief->kind)
        return xg_fail(err, XG_USAGE, "a row of no known kind");
    if (look_entity(&entity, view, &brief->id, err) != XG_OK)
        return err->status;
    view_csv_cell(out, xg_bytes_of(entity.number));
    put_comma(out);
    xg_buf_hex(out, brief->id.b, XG_ID_SIZE);
    xg_buf_format(out, ",%s,%s,%s,%" PRIu64 ",%" PRIu64 ",%s",
                  brief->kind->name, status ? status->name : "",
                  brief->withdrawn ? "true" : "false", brief->conflicts,
                  brief->records,
                  view->entity ? view_delivery_name(entity.delivery) : "");
    for (size_t i = 0; (f = xg_field_at(brief->kind, i)) != NULL; i++)
        if (exported(f))
            put_field(out, brief, f);
    xg_buf_text(out, "\r\n");
    return xg_buf_check(out, err);
}

/* ---- GeoJSON ---- */

void view_geojson_begin(struct xg_buf *out)
{
    xg_buf_text(out, "{\"type\":\"FeatureCollection\",\"features\":[");
}

void view_geojson_end(struct xg_buf *out)
{
    xg_buf_text(out, "\n]}\n");
}

static void put_coordinates(struct xg_buf *out, int64_t lon, int64_t lat,
                            unsigned digits)
{
    xg_buf_byte(out, '[');
    view_put_decimal(out, lon, digits);
    put_comma(out);
    view_put_decimal(out, lat, digits);
    xg_buf_byte(out, ']');
}

/* One line a segment. Adds up the metres. */
static void put_lines(struct xg_buf *out, const struct xg_brief *brief,
                      int64_t *distance_mm)
{
    struct xg_arena arena = XG_ARENA(TRACK_ARENA);
    struct xg_brief_elements elements;
    struct xg_track_point *points;
    struct xg_cbor_item item;
    bool any = false;

    if (xg_brief_set(brief, XG_PATROL_SEGMENT, &elements))
        while (xg_brief_element(&elements, &item)) {
            size_t count = points_of(&points, &arena, &item);
            if (count)
                *distance_mm += xg_track_distance_mm(points, count);
            if (count >= 2) {
                xg_buf_text(out, any ? ","
                                     : "{\"type\":\"MultiLineString\","
                                       "\"coordinates\":[");
                any = true;
            }
            for (size_t i = 0; count >= 2 && i < count; i++) {
                xg_buf_byte(out, i ? ',' : '[');
                put_coordinates(out, points[i].lon_e6, points[i].lat_e6, 6);
            }
            xg_buf_text(out, count >= 2 ? "]" : "");
            xg_arena_reset(&arena);
        }
    xg_arena_clear(&arena);
    xg_buf_text(out, any ? "]}" : "null");
}

static void put_geometry(struct xg_buf *out, const struct xg_brief *brief,
                         json_t **properties)
{
    struct xg_cbor_item item;
    int64_t distance_mm = 0;

    if (brief->kind && brief->kind->number == XG_KIND_PATROL) {
        put_lines(out, brief, &distance_mm);
        view_json_set(properties, "distance_m",
                      view_json_decimal(distance_mm, 3));
    } else if (xg_brief_value(brief, XG_FIELD_POSITION, &item)) {
        struct view_position p = view_position_of(&item);
        xg_buf_text(out, "{\"type\":\"Point\",\"coordinates\":");
        put_coordinates(out, p.lon_e7, p.lat_e7, 7);
        xg_buf_byte(out, '}');
        if (p.has_accuracy)
            view_json_set(properties, "accuracy_m",
                          view_json_decimal(p.accuracy_mm, 3));
    } else {
        xg_buf_text(out, "null");
    }
}

static void set_field(json_t **properties, const struct xg_brief *brief,
                      const struct xg_field *field)
{
    struct xg_brief_elements elements;
    struct xg_cbor_item item;

    if (!exported(field) || field->type == XG_TYPE_POSITION ||
        field->type == XG_TYPE_TRACK || field->type == XG_TYPE_PHOTO)
        return; /* the geometry, and `photos` */
    if (field->merge == XG_MERGE_REGISTER) {
        if (xg_brief_value(brief, field->number, &item))
            view_json_set(properties, field->name,
                          view_value_json(field, &item));
    } else if (xg_brief_set(brief, field->number, &elements)) {
        json_t *list = json_array();
        while (xg_brief_element(&elements, &item))
            view_json_append(&list, view_value_json(field, &item));
        view_json_set(properties, field->name, list);
    }
}

enum xg_status view_geojson_feature(struct xg_buf *out, bool *any,
                                    const struct xg_brief *brief,
                                    const struct view_context *view,
                                    struct xg_error *err)
{
    json_t *properties = json_object();
    const struct xg_field *f;

    if (look_set_entity(&properties, brief, view, err) != XG_OK) {
        json_decref(properties);
        return err->status;
    }
    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)) != NULL;
         i++)
        set_field(&properties, brief, f);
    xg_buf_text(out, *any ? ",\n" : "\n");
    xg_buf_text(out, "{\"type\":\"Feature\",\"id\":\"");
    xg_buf_hex(out, brief->id.b, XG_ID_SIZE);
    xg_buf_text(out, "\",\"geometry\":");
    put_geometry(out, brief, &properties);
    xg_buf_text(out, ",\"properties\":");
    if (view_json_put(out, properties, err) != XG_OK)
        return err->status;
    xg_buf_byte(out, '}');
    *any = true;
    return xg_buf_check(out, err);
}
