/* value.c - does a value fit its field? One function a type. */
#include "shared/core/record.h"

enum { TEXTS_ITEM_MAX = 200, PHOTO_TIME_MAX = 40, CHOICE_MAX = 255 };

/* Texts are shown and printed: nothing that steers a terminal. */
static bool printable(struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.at[i] < 0x20 && text.at[i] != '\n' && text.at[i] != '\t') ||
            text.at[i] == 0x7F)
            return false;
    return true;
}

static const char *check_text(const struct xg_field *f,
                              const struct xg_cbor_item *v)
{
    if (v->type != XG_CBOR_TEXT)
        return "fields: text expected";
    if (v->bytes.len < (size_t)f->min || v->bytes.len > (size_t)f->max)
        return "fields: text too short or too long";
    if (!printable(v->bytes))
        return "fields: a control character in a text";
    return NULL;
}

static bool code_char(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '/' ||
           c == '-';
}

bool xg_code_valid(struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!code_char(text.at[i]))
            return false;
    return true;
}

static const char *check_code(const struct xg_field *f,
                              const struct xg_cbor_item *v)
{
    const char *bad = check_text(f, v);

    if (!bad && !xg_code_valid(v->bytes))
        bad = "fields: a code holds letters, digits and ._/- only";
    return bad;
}

static const char *check_choice(const struct xg_cbor_item *v)
{
    return v->type == XG_CBOR_UINT && v->number <= CHOICE_MAX
               ? NULL
               : "fields: not the number of a choice";
}

static const char *check_time(const struct xg_cbor_item *v)
{
    int64_t number;

    return xg_cbor_int(v, &number) && number >= 0 && number <= XG_WALL_MS_MAX
               ? NULL
               : "fields: a time before 1970 or after 9999";
}

static const char *check_bytes(const struct xg_cbor_item *v, size_t min,
                               size_t max)
{
    if (v->type != XG_CBOR_BYTES || v->bytes.len < min || v->bytes.len > max)
        return "fields: bytes of another length expected";
    return NULL;
}

static const char *check_position(const struct xg_cbor_item *v)
{
    enum { DEGREE = 10000000 };
    struct xg_cbor c;
    struct xg_cbor_item part;
    int64_t number[3] = {0};

    if (v->type != XG_CBOR_ARRAY || v->number < 2 || v->number > 3)
        return "fields: a position is [lat, lon] or [lat, lon, accuracy]";
    c = xg_cbor_inside(v);
    for (size_t i = 0; i < v->number; i++) {
        xg_cbor_next(&c, &part);
        if (!xg_cbor_int(&part, &number[i]))
            return "fields: a position holds integers";
    }
    if (number[0] < -90 * (int64_t)DEGREE || number[0] > 90 * (int64_t)DEGREE ||
        number[1] < -180 * (int64_t)DEGREE ||
        number[1] > 180 * (int64_t)DEGREE || number[2] < 0)
        return "fields: a position out of range";
    return NULL;
}

static const char *check_texts(const struct xg_field *f,
                               const struct xg_cbor_item *v)
{
    struct xg_cbor c;
    struct xg_cbor_item text;

    if (v->type != XG_CBOR_ARRAY || v->number < (uint64_t)f->min ||
        v->number > (uint64_t)f->max)
        return "fields: a list of texts expected";
    c = xg_cbor_inside(v);
    while (xg_cbor_next(&c, &text))
        if (text.type != XG_CBOR_TEXT || text.bytes.len == 0 ||
            text.bytes.len > TEXTS_ITEM_MAX || !printable(text.bytes))
            return "fields: a list of short texts expected";
    return NULL;
}

static const char *check_numbers(const struct xg_field *f,
                                 const struct xg_cbor_item *v)
{
    struct xg_cbor c;
    struct xg_cbor_item number;
    uint64_t least = 0;

    if (v->type != XG_CBOR_ARRAY || v->number < (uint64_t)f->min ||
        v->number > (uint64_t)f->max)
        return "fields: a list of numbers expected";
    c = xg_cbor_inside(v);
    while (xg_cbor_next(&c, &number)) {
        if (number.type != XG_CBOR_UINT || number.number < least ||
            number.number > XG_NUMBER_MAX)
            return "fields: ascending small numbers expected";
        least = number.number + 1;
    }
    return NULL;
}

/* [SHA-256, bytes] of a small picture made of the photo. */
static bool thumbnail_fits(const struct xg_cbor_item *v)
{
    struct xg_cbor c;
    struct xg_cbor_item part;

    if (v->type != XG_CBOR_ARRAY || v->number != 2)
        return false;
    c = xg_cbor_inside(v);
    xg_cbor_next(&c, &part);
    if (check_bytes(&part, XG_HASH_SIZE, XG_HASH_SIZE))
        return false;
    xg_cbor_next(&c, &part);
    return part.type == XG_CBOR_UINT && part.number >= 1 &&
           part.number <= XG_THUMBNAIL_MAX;
}

/* One part of a photo, by its place; the last four may be null. */
static bool photo_part_fits(size_t place, const struct xg_cbor_item *part)
{
    switch (place) {
    case 0: /* sha-256 */
        return !check_bytes(part, XG_HASH_SIZE, XG_HASH_SIZE);
    case 1: /* length in bytes */
        return part->type == XG_CBOR_UINT;
    case 2: /* role, or 0 */
    case 3: /* origin */
        return !check_choice(part);
    case 4: /* orientation */
        return part->type == XG_CBOR_NULL ||
               (part->type == XG_CBOR_UINT && part->number >= 1 &&
                part->number <= 8);
    case 5: /* time, as the camera wrote it */
        return part->type == XG_CBOR_NULL ||
               (part->type == XG_CBOR_TEXT &&
                part->bytes.len <= PHOTO_TIME_MAX && printable(part->bytes));
    case 6: /* position */
        return part->type == XG_CBOR_NULL || !check_position(part);
    case 7: /* thumbnail */
        return part->type == XG_CBOR_NULL || thumbnail_fits(part);
    default:
        return false;
    }
}

static const char *check_photo(const struct xg_cbor_item *v)
{
    enum { PARTS_LEAST = 4 };
    struct xg_cbor c;
    struct xg_cbor_item part;

    if (v->type != XG_CBOR_ARRAY || v->number < PARTS_LEAST)
        return "fields: a photo has 4 to 8 parts";
    c = xg_cbor_inside(v);
    for (size_t i = 0; xg_cbor_next(&c, &part); i++)
        if (!photo_part_fits(i, &part))
            return "fields: a photo's part is wrong";
    return NULL;
}

/* [from ms, to ms, cause] and, where there is any, [.., evidence bits]. A cause
 * of a newer program is kept, and shown as unknown. */
static const char *check_gap(const struct xg_cbor_item *v)
{
    enum { CAUSE_MAX = 63 };
    struct xg_cbor c;
    struct xg_cbor_item part;

    if (v->type != XG_CBOR_ARRAY || v->number < 3 || v->number > 4)
        return "fields: a gap is [from, to, cause] or [.., evidence]";
    c = xg_cbor_inside(v);
    for (size_t i = 0; i < 2; i++) {
        xg_cbor_next(&c, &part);
        if (check_time(&part))
            return "fields: a gap's time is out of range";
    }
    xg_cbor_next(&c, &part);
    if (part.type != XG_CBOR_UINT || part.number > CAUSE_MAX)
        return "fields: a gap's cause is a small number";
    if (xg_cbor_next(&c, &part) && part.type != XG_CBOR_UINT)
        return "fields: a gap's evidence is a number";
    return NULL;
}

/* [grid code, item code, number] */
static const char *check_tally(const struct xg_field *f,
                               const struct xg_cbor_item *v)
{
    static const struct xg_field code = {.min = 1, .max = 64};
    struct xg_cbor c;
    struct xg_cbor_item part;

    if (v->type != XG_CBOR_ARRAY || v->number != 3)
        return "fields: a tally is [grid, item, number]";
    c = xg_cbor_inside(v);
    for (size_t i = 0; i < 2; i++) {
        xg_cbor_next(&c, &part);
        if (check_code(&code, &part))
            return "fields: a tally names a grid and an item by their codes";
    }
    xg_cbor_next(&c, &part);
    return part.type == XG_CBOR_UINT && part.number <= (uint64_t)f->max
               ? NULL
               : "fields: a tally's number is out of range";
}

static const char *check_hashes(const struct xg_field *f,
                                const struct xg_cbor_item *v)
{
    struct xg_cbor c;
    struct xg_cbor_item hash;
    const uint8_t *last = NULL;

    if (v->type != XG_CBOR_ARRAY || v->number < (uint64_t)f->min ||
        v->number > (uint64_t)f->max)
        return "fields: a list of hashes expected";
    c = xg_cbor_inside(v);
    while (xg_cbor_next(&c, &hash)) {
        if (check_bytes(&hash, XG_HASH_SIZE, XG_HASH_SIZE) ||
            (last && memcmp(last, hash.bytes.at, XG_HASH_SIZE) >= 0))
            return "fields: ascending hashes expected";
        last = hash.bytes.at;
    }
    return NULL;
}

/* One value, or one element of a set. */
static const char *check_element(const struct xg_field *f,
                                 const struct xg_cbor_item *v)
{
    switch (f->type) {
    case XG_TYPE_TEXT:
        return check_text(f, v);
    case XG_TYPE_CODE:
        return check_code(f, v);
    case XG_TYPE_UINT:
        return v->type == XG_CBOR_UINT && v->number >= (uint64_t)f->min &&
                       v->number <= (uint64_t)f->max
                   ? NULL
                   : "fields: a number out of range";
    case XG_TYPE_BOOL:
        return v->type == XG_CBOR_BOOL ? NULL : "fields: true or false";
    case XG_TYPE_ENUM:
        return check_choice(v);
    case XG_TYPE_TIME:
        return check_time(v);
    case XG_TYPE_POSITION:
        return check_position(v);
    case XG_TYPE_BYTES:
    case XG_TYPE_TRACK:
        return check_bytes(v, (size_t)f->min, (size_t)f->max);
    case XG_TYPE_ENTITY:
        return check_bytes(v, XG_ID_SIZE, XG_ID_SIZE);
    case XG_TYPE_HASH:
        return check_bytes(v, XG_HASH_SIZE, XG_HASH_SIZE);
    case XG_TYPE_SOURCE:
        return v->type == XG_CBOR_TEXT ? check_text(f, v)
                                       : check_bytes(v, 16, 16);
    case XG_TYPE_TEXTS:
        return check_texts(f, v);
    case XG_TYPE_NUMBERS:
        return check_numbers(f, v);
    case XG_TYPE_PHOTO:
        return check_photo(v);
    case XG_TYPE_GAP:
        return check_gap(v);
    case XG_TYPE_TALLY:
        return check_tally(f, v);
    case XG_TYPE_ERASED: /* what it keeps is judged by its kind: erase.h */
        return v->type == XG_CBOR_ARRAY && v->number >= (uint64_t)f->min &&
                       v->number <= (uint64_t)f->max
                   ? NULL
                   : "fields: a list of erased records expected";
    case XG_TYPE_HASHES:
        return check_hashes(f, v);
    }
    return "fields: unknown type";
}

static const char *check_removed(const struct xg_cbor_item *v)
{
    struct xg_cbor c;
    struct xg_cbor_item pair;

    if (v->type != XG_CBOR_ARRAY || v->number == 0 ||
        v->number > XG_SET_ITEMS_MAX)
        return "fields: removals are a list of at most 256";
    c = xg_cbor_inside(v);
    while (xg_cbor_next(&c, &pair)) {
        struct xg_cbor p;
        struct xg_cbor_item hash, index;
        if (pair.type != XG_CBOR_ARRAY || pair.number != 2)
            return "fields: a removal is [hash, index]";
        p = xg_cbor_inside(&pair);
        xg_cbor_next(&p, &hash);
        xg_cbor_next(&p, &index);
        if (hash.type != XG_CBOR_BYTES || hash.bytes.len != XG_HASH_SIZE ||
            index.type != XG_CBOR_UINT)
            return "fields: a removal is [hash, index]";
    }
    return NULL;
}

static const char *check_set(const struct xg_field *f,
                             const struct xg_cbor_item *v)
{
    struct xg_cbor c;
    struct xg_cbor_item key, list;
    const char *bad = NULL;

    if (v->type != XG_CBOR_MAP || v->number == 0)
        return "fields: a set's value is {1: added, 2: removed}";
    c = xg_cbor_inside(v);
    while (!bad && xg_cbor_next(&c, &key)) {
        xg_cbor_next(&c, &list);
        if (key.type != XG_CBOR_UINT)
            return "fields: a set's value is {1: added, 2: removed}";
        if (key.number == XG_SET_REMOVED) {
            bad = check_removed(&list);
        } else if (key.number == XG_SET_ADDED && list.type == XG_CBOR_ARRAY &&
                   list.number > 0) {
            struct xg_cbor e = xg_cbor_inside(&list);
            struct xg_cbor_item element;
            while (!bad && xg_cbor_next(&e, &element))
                bad = check_element(f, &element);
        } else {
            bad = "fields: a set's value is {1: added, 2: removed}";
        }
    }
    return bad;
}

const char *xg_value_check(const struct xg_field *field,
                           const struct xg_cbor_item *value)
{
    if (field->merge == XG_MERGE_SET)
        return check_set(field, value);
    if (field->merge == XG_MERGE_REGISTER && value->type == XG_CBOR_NULL)
        return NULL;
    return check_element(field, value);
}
