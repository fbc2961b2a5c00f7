/* facts.c - see facts.h. libexif takes the block apart; of an entry we read the
 * raw bytes with their format and count, never libexif's formatted text. */
#include "shared/photo/exif/facts.h"

#include <libexif/exif-data.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/bytes.h"

/* GPS tags share their numbers with others, so libexif has no enum for them. */
#define GPS_TAG(name) ((ExifTag)EXIF_TAG_GPS_##name)

/* An entry of this format with at least `count` components, or NULL. `any` is
 * true when the tag is there in whatever form. */
static const ExifEntry *find(ExifData *data, ExifIfd ifd, ExifTag tag,
                             ExifFormat format, size_t count, bool *any)
{
    const ExifEntry *e = exif_content_get_entry(data->ifd[ifd], tag);

    *any = e != NULL;
    if (!e || e->format != format || !e->data || e->components < count ||
        e->size < count * exif_format_get_size(format))
        return NULL;
    return e;
}

/* --- texts --------------------------------------------------------------- */

/* An ASCII entry up to its first NUL. */
static bool get_text(struct xg_bytes *text, ExifData *data, ExifIfd ifd,
                     ExifTag tag, bool *any)
{
    const ExifEntry *e = find(data, ifd, tag, EXIF_FORMAT_ASCII, 1, any);

    if (!e)
        return false;
    const uint8_t *end = memchr(e->data, 0, e->size);
    *text = xg_bytes(e->data, end ? (size_t)(end - e->data) : e->size);
    return true;
}

/* Make or model: what is not to be shown becomes '?', blanks around it go. */
static enum fact read_name(char out[static EXIF_TEXT_MAX + 1], ExifData *data,
                           ExifTag tag)
{
    struct xg_bytes text;
    size_t len = 0;
    bool any;

    if (!get_text(&text, data, EXIF_IFD_0, tag, &any))
        return any ? FACT_REFUSED : FACT_ABSENT;
    while (text.len > 0 && text.at[0] == ' ')
        text = xg_bytes(text.at + 1, text.len - 1);
    while (text.len > 0) {
        size_t step = exif_text_step(text.at, text.len);
        size_t used = step ? step : 1;
        if (len + used > EXIF_TEXT_MAX)
            break;
        if (step)
            memcpy(out + len, text.at, step);
        else
            out[len] = '?';
        len += used;
        text = xg_bytes(text.at + used, text.len - used);
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = '\0';
    return len > 0 ? FACT_GOOD : FACT_ABSENT;
}

/* --- dates --------------------------------------------------------------- */

static bool is_unknown_date(struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != ' ' && text.at[i] != ':')
            return text.len >= 4 && memcmp(text.at, "0000", 4) == 0;
    return true;
}

static enum fact read_date(char out[static DATE_TEXT_SIZE], ExifData *data,
                           ExifTag tag)
{
    struct xg_bytes text;
    bool any;

    if (!get_text(&text, data, EXIF_IFD_EXIF, tag, &any))
        return any ? FACT_REFUSED : FACT_ABSENT;
    if (is_unknown_date(text))
        return FACT_ABSENT;
    if (!exif_date_parse(NULL, (const char *)text.at, text.len))
        return FACT_REFUSED;
    memcpy(out, text.at, DATE_TEXT_SIZE - 1);
    out[DATE_TEXT_SIZE - 1] = '\0';
    return FACT_GOOD;
}

static enum fact read_offset(char out[static 7], ExifData *data, ExifTag tag)
{
    struct xg_bytes text;
    int minutes;
    bool any;

    if (!get_text(&text, data, EXIF_IFD_EXIF, tag, &any))
        return any ? FACT_REFUSED : FACT_ABSENT;
    if (is_unknown_date(text))
        return FACT_ABSENT;
    if (!exif_offset_parse(&minutes, (const char *)text.at, text.len))
        return FACT_REFUSED;
    memcpy(out, text.at, 6);
    out[6] = '\0';
    return FACT_GOOD;
}

static void read_taken(struct exif_facts *f, ExifData *data)
{
    f->taken = read_date(f->taken_text, data, EXIF_TAG_DATE_TIME_ORIGINAL);
    f->offset = read_offset(f->offset_text, data,
                            EXIF_TAG_OFFSET_TIME_ORIGINAL);
    if (f->taken != FACT_ABSENT)
        return;
    f->taken = read_date(f->taken_text, data, EXIF_TAG_DATE_TIME_DIGITIZED);
    f->offset = read_offset(f->offset_text, data,
                            EXIF_TAG_OFFSET_TIME_DIGITIZED);
}

/* --- numbers ------------------------------------------------------------- */

static void read_orientation(struct exif_facts *f, ExifData *data)
{
    bool any;
    const ExifEntry *e = find(data, EXIF_IFD_0, EXIF_TAG_ORIENTATION,
                              EXIF_FORMAT_SHORT, 1, &any);

    f->orientation = any ? FACT_REFUSED : FACT_ABSENT;
    if (!e)
        return;
    f->orientation_value =
        exif_get_short(e->data, exif_data_get_byte_order(data));
    if (f->orientation_value >= 1 && f->orientation_value <= 8)
        f->orientation = FACT_GOOD;
}

/* Three rationals (degrees, minutes, seconds) in 10^-9 degrees; false for a
 * denominator of 0 and for what no angle or time of day has. */
static bool sexagesimal(int64_t *nano, const ExifEntry *e, ExifByteOrder order)
{
    static const int64_t PARTS[3] = {1, 60, 3600};
    int64_t sum = 0;

    for (int i = 0; i < 3; i++) {
        ExifRational r = exif_get_rational(e->data + 8 * i, order);
        if (r.denominator == 0)
            return false;
        int64_t value = (int64_t)r.numerator * 1000000000 / r.denominator;
        int64_t most = i == 0 ? 180000000000 : 60000000000;
        if (value > most)
            return false;
        sum += value / PARTS[i];
    }
    *nano = sum;
    return true;
}

/* One coordinate; `hemispheres` names the positive one, then the negative. */
static enum fact read_angle(int32_t *e7, ExifData *data, ExifTag tag,
                            ExifTag ref_tag, const char *hemispheres,
                            int32_t most_e7)
{
    struct xg_bytes ref = {NULL, 0};
    bool any, any_ref;
    int64_t nano;
    const ExifEntry *e =
        find(data, EXIF_IFD_GPS, tag, EXIF_FORMAT_RATIONAL, 3, &any);
    bool has_ref = get_text(&ref, data, EXIF_IFD_GPS, ref_tag, &any_ref);

    if (!any)
        return FACT_ABSENT;
    if (!e || !has_ref || ref.len < 1 ||
        !memchr(hemispheres, ref.at[0], 2) ||
        !sexagesimal(&nano, e, exif_data_get_byte_order(data)))
        return FACT_REFUSED;
    nano = (nano + 50) / 100;
    if (nano > most_e7)
        return FACT_REFUSED;
    *e7 = (int32_t)(ref.at[0] == (unsigned char)hemispheres[1] ? -nano : nano);
    return FACT_GOOD;
}

static void read_position(struct exif_facts *f, ExifData *data)
{
    struct xg_bytes status;
    bool any;
    enum fact lat = read_angle(&f->lat_e7, data, GPS_TAG(LATITUDE),
                               GPS_TAG(LATITUDE_REF), "NS", EXIF_LAT_MAX_E7);
    enum fact lon = read_angle(&f->lon_e7, data, GPS_TAG(LONGITUDE),
                               GPS_TAG(LONGITUDE_REF), "EW", EXIF_LON_MAX_E7);
    bool is_void =
        get_text(&status, data, EXIF_IFD_GPS, GPS_TAG(STATUS), &any) &&
        status.len > 0 && status.at[0] == 'V';

    if (lat == FACT_ABSENT && lon == FACT_ABSENT)
        f->position = FACT_ABSENT;
    else if (lat == FACT_GOOD && lon == FACT_GOOD && !is_void &&
             (f->lat_e7 != 0 || f->lon_e7 != 0))
        f->position = FACT_GOOD;
    else
        f->position = FACT_REFUSED;
}

static void read_altitude(struct exif_facts *f, ExifData *data)
{
    bool any, any_ref;
    const ExifEntry *e = find(data, EXIF_IFD_GPS, GPS_TAG(ALTITUDE),
                              EXIF_FORMAT_RATIONAL, 1, &any);
    const ExifEntry *ref = find(data, EXIF_IFD_GPS, GPS_TAG(ALTITUDE_REF),
                                EXIF_FORMAT_BYTE, 1, &any_ref);

    f->altitude = any ? FACT_REFUSED : FACT_ABSENT;
    if (!e || (any_ref && (!ref || ref->data[0] > 3)))
        return;
    ExifRational r = exif_get_rational(e->data, exif_data_get_byte_order(data));
    if (r.denominator == 0)
        return;
    int64_t mm = ((int64_t)r.numerator * 1000 + r.denominator / 2) /
                 r.denominator;
    if (ref && ref->data[0] % 2 == 1)
        mm = -mm;
    if (mm < EXIF_ALTITUDE_MIN_MM || mm > EXIF_ALTITUDE_MAX_MM)
        return;
    f->altitude_mm = (int32_t)mm;
    f->altitude = FACT_GOOD;
}

static void read_gps_time(struct exif_facts *f, ExifData *data)
{
    struct xg_bytes date;
    bool any_date, any_time;
    int64_t nano;
    const ExifEntry *time = find(data, EXIF_IFD_GPS, GPS_TAG(TIME_STAMP),
                                 EXIF_FORMAT_RATIONAL, 3, &any_time);
    bool has_date = get_text(&date, data, EXIF_IFD_GPS, GPS_TAG(DATE_STAMP),
                             &any_date);

    f->gps_time = any_date && any_time ? FACT_REFUSED : FACT_ABSENT;
    if (!time || !has_date || date.len < 10 ||
        !sexagesimal(&nano, time, exif_data_get_byte_order(data)))
        return;
    /* From 10^-9 hours; half a millisecond up, against the rounding above. */
    int64_t ms = (nano * 36 + 5000) / 10000;
    int s = (int)(ms / 1000);
    char text[64];
    snprintf(text, sizeof text, "%.10s %02d:%02d:%02d", (const char *)date.at,
             s / 3600, s / 60 % 60, s % 60);
    if (!exif_date_parse(NULL, text, strlen(text)))
        return;
    memcpy(f->gps_time_text, text, DATE_TEXT_SIZE);
    f->gps_time = FACT_GOOD;
}

bool exif_facts_read(struct exif_facts *f, const uint8_t *block, size_t len)
{
    ExifData *data = exif_data_new();
    bool any = false;

    memset(f, 0, sizeof *f);
    if (!data)
        return false;
    /* Else libexif adds what the specification wants, the time of day too. */
    exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_load_data(data, block, (unsigned)len);
    for (int i = 0; i < EXIF_IFD_COUNT; i++)
        any = any || (data->ifd[i] && data->ifd[i]->count > 0);
    if (any) {
        read_orientation(f, data);
        read_position(f, data);
        read_altitude(f, data);
        read_taken(f, data);
        read_gps_time(f, data);
        f->make = read_name(f->make_text, data, EXIF_TAG_MAKE);
        f->model = read_name(f->model_text, data, EXIF_TAG_MODEL);
    }
    exif_data_unref(data);
    return any;
}
