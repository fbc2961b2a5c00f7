/* gpx.c - see gpx.h. */
#include "agent/track/gpx.h"

#include <expat.h>
#include <inttypes.h>
#include <string.h>

enum { DEPTH_MAX = 32, TEXT_MAX = 64, CHUNK = 1 << 20 };

/* Where we are; anything unknown below a place is passed over by depth. */
enum place { OUTSIDE, IN_GPX, IN_TRK, IN_SEG, IN_POINT };

struct reader {
    XML_Parser parser;
    struct track_gather gather;
    const char *refused; /* why parsing was stopped, or NULL */
    enum place place;
    int depth, place_depth;
    bool any_segment;
    /* the point being read */
    struct track_sample point;
    int64_t t_ms;
    bool timed, placed;
    const char *bad;
    size_t line;
    /* the text of an element that we want, or NULL */
    const char *want;
    int want_depth;
    char text[TEXT_MAX];
    size_t text_len;
};

static void refuse(struct reader *r, const char *why)
{
    if (!r->refused)
        r->refused = why;
    XML_StopParser(r->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon ? colon + 1 : name;
}

static bool two_digits(const char *text, int *value)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *value = (text[0] - '0') * 10 + text[1] - '0';
    return true;
}

/* "Z", "+08:00" or nothing (GPX is in UTC). */
static bool read_zone(const char *text, int64_t *offset_ms)
{
    int hours = 0, minutes = 0;

    *offset_ms = 0;
    if (strcmp(text, "Z") == 0 || text[0] == '\0')
        return true;
    if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 ||
        text[3] != ':' || !two_digits(text + 1, &hours) ||
        !two_digits(text + 4, &minutes) || hours > 14 || minutes > 59)
        return false;
    *offset_ms = (hours * 60 + minutes) * INT64_C(60000);
    if (text[0] == '-')
        *offset_ms = -*offset_ms;
    return true;
}

/* YYYY-MM-DDThh:mm:ss[.fraction][zone] */
static bool read_time(int64_t *t_ms, const char *text)
{
    int century, year, month, day, hour, minute, second;
    int64_t fraction_ms = 0, offset_ms, at_ms;

    if (strlen(text) < 19 || text[4] != '-' || text[7] != '-' ||
        text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
        !two_digits(text, &century) || !two_digits(text + 2, &year) ||
        !two_digits(text + 5, &month) || !two_digits(text + 8, &day) ||
        !two_digits(text + 11, &hour) || !two_digits(text + 14, &minute) ||
        !two_digits(text + 17, &second) || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    text += 19;
    if (*text == '.') {
        size_t digits = strspn(text + 1, "0123456789");
        if (digits == 0 ||
            !track_decimal(&fraction_ms, text, digits + 1, 3))
            return false;
        if (fraction_ms > 999)
            fraction_ms = 999;
        text += digits + 1;
    }
    if (!read_zone(text, &offset_ms) ||
        !track_civil_ms(&at_ms, century * 100 + year, month, day,
                        ((hour * 60 + minute) * INT64_C(60) + second) * 1000 +
                            fraction_ms))
        return false;
    *t_ms = at_ms - offset_ms;
    return true;
}

static bool read_degrees(int32_t *e6, const char *text, int32_t max)
{
    int64_t value;

    if (!text || !track_decimal(&value, text, strlen(text), 6) ||
        value > max || value < -max)
        return false;
    *e6 = (int32_t)value;
    return true;
}

static void begin_point(struct reader *r, const char **attributes)
{
    const char *lat = NULL, *lon = NULL;

    for (; attributes[0]; attributes += 2) {
        if (strcmp(attributes[0], "lat") == 0)
            lat = attributes[1];
        else if (strcmp(attributes[0], "lon") == 0)
            lon = attributes[1];
    }
    r->point = (struct track_sample){
        .kind = TRACK_FIX, .acc_dm = XG_ACC_UNKNOWN, .mode = 3};
    r->timed = false;
    r->bad = NULL;
    r->line = XML_GetCurrentLineNumber(r->parser);
    if (!read_degrees(&r->point.lat_e6, lat, XG_LAT_E6_MAX) ||
        !read_degrees(&r->point.lon_e6, lon, XG_LON_E6_MAX))
        r->bad = "no valid lat and lon";
}

static void end_point(struct reader *r)
{
    if (r->bad)
        track_gather_skip(&r->gather, r->line, r->bad);
    else if (!r->timed)
        r->gather.import.untimed++;
    else
        track_gather_add(&r->gather, r->point, r->t_ms);
    if (r->gather.samples.failed != XG_OK)
        refuse(r, "too many points");
}

static void enter(struct reader *r, enum place place)
{
    r->place = place;
    r->place_depth = r->depth;
}

static void XMLCALL on_start(void *ctx, const char *name,
                             const char **attributes)
{
    struct reader *r = ctx;
    const char *local = local_name(name);
    bool child = ++r->depth == r->place_depth + 1;

    if (r->depth > DEPTH_MAX) {
        refuse(r, "elements nested too deep");
    } else if (r->place == OUTSIDE && r->depth == 1) {
        if (strcmp(local, "gpx") == 0)
            enter(r, IN_GPX);
        else
            refuse(r, "the root element is not gpx");
    } else if (r->place == IN_GPX && child && strcmp(local, "trk") == 0) {
        enter(r, IN_TRK);
    } else if (r->place == IN_TRK && child && strcmp(local, "trkseg") == 0) {
        enter(r, IN_SEG);
        r->any_segment = false;
    } else if (r->place == IN_SEG && child && strcmp(local, "trkpt") == 0) {
        enter(r, IN_POINT);
        begin_point(r, attributes);
    } else if (r->place == IN_POINT && !r->want &&
               ((child && (strcmp(local, "time") == 0 ||
                           strcmp(local, "hdop") == 0)) ||
                (!child && strcmp(local, "accuracy") == 0))) {
        r->want = local[0] == 't' ? "time" : local[0] == 'h' ? "hdop" : "acc";
        r->want_depth = r->depth;
        r->text_len = 0;
    }
}

static void XMLCALL on_text(void *ctx, const char *text, int len)
{
    struct reader *r = ctx;

    if (!r->want)
        return;
    for (int i = 0; i < len; i++) {
        if (strchr(" \t\r\n", text[i]))
            continue;
        if (r->text_len == TEXT_MAX - 1) {
            r->bad = "a value is too long";
            return;
        }
        r->text[r->text_len++] = text[i];
    }
}

static void take_text(struct reader *r)
{
    int64_t value;

    r->text[r->text_len] = '\0';
    if (r->want[0] == 't') {
        r->timed = read_time(&r->t_ms, r->text);
        if (!r->timed)
            r->bad = "not a date and time";
    } else if (!track_decimal(&value, r->text, r->text_len, 2) || value < 0 ||
               value > 100000000) {
        /* an accuracy that cannot be read is unknown */
    } else if (r->want[0] == 'a') {
        r->point.acc_dm = (uint32_t)((value + 5) / 10);
    } else if (r->point.acc_dm == XG_ACC_UNKNOWN && value > 0) {
        r->point.acc_dm = (uint32_t)((value * TRACK_HDOP_DM + 50) / 100);
    }
    r->want = NULL;
}

static void XMLCALL on_end(void *ctx, const char *name)
{
    struct reader *r = ctx;
    bool leaving = r->depth-- == r->place_depth;

    (void)name;
    if (r->want && r->depth + 1 == r->want_depth)
        take_text(r);
    if (!leaving)
        return;
    if (r->place == IN_POINT) {
        end_point(r);
    } else if (r->place == IN_SEG) {
        struct track_sample gap = {.kind = TRACK_BREAK};
        if (r->gather.import.fixes)
            track_gather_add(&r->gather, gap, r->t_ms);
    }
    r->place--;
    r->place_depth = r->depth;
}

static void XMLCALL on_doctype(void *ctx, const char *name, const char *sysid,
                               const char *pubid, int internal)
{
    (void)name;
    (void)sysid;
    (void)pubid;
    (void)internal;
    refuse(ctx, "a DOCTYPE is not allowed");
}

static enum xg_status parse(struct reader *r, struct xg_bytes file,
                            struct xg_error *err)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);

    for (bool last = false; !last;) {
        size_t part = file.len < CHUNK ? file.len : CHUNK;
        last = part == file.len;
        if (XML_Parse(r->parser, (const char *)file.at, (int)part, last) !=
            XML_STATUS_OK) {
            const char *why = r->refused;
            if (!why)
                why = XML_ErrorString(XML_GetErrorCode(r->parser));
            if (r->gather.samples.failed != XG_OK)
                return xg_buf_check(&r->gather.samples, err);
            return xg_fail(err, XG_FORMAT, "GPX line %lu: %s",
                           (unsigned long)XML_GetCurrentLineNumber(r->parser),
                           why);
        }
        file.at += part;
        file.len -= part;
    }
    return XG_OK;
}

enum xg_status track_gpx_read(struct track_import *import,
                              struct xg_arena *a, struct xg_bytes file,
                              struct xg_error *err)
{
    struct reader r = {.gather = track_gather_begin()};

    if (file.len > TRACK_IMPORT_BYTES_MAX)
        return xg_fail(err, XG_TOOBIG, "a GPX file of %zu bytes", file.len);
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser)
        return xg_fail_nomem(err);

    enum xg_status status = parse(&r, file, err);
    XML_ParserFree(r.parser);
    if (status == XG_OK)
        return track_gather_end(import, a, &r.gather, err);
    xg_buf_clear(&r.gather.samples);
    return status;
}

/* ---- writing ---- */

static void put_time(struct xg_buf *out, int64_t t_ms)
{
    int year, month, day;
    int64_t rest;

    track_civil_of(t_ms, &year, &month, &day, &rest);
    int64_t s = rest / 1000;
    xg_buf_format(out, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
                  (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    if (rest % 1000)
        xg_buf_format(out, ".%03d", (int)(rest % 1000));
    xg_buf_text(out, "Z");
}

static void put_escaped(struct xg_buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<')
            xg_buf_text(out, "&lt;");
        else if (c == '&')
            xg_buf_text(out, "&amp;");
        else if (c == '>')
            xg_buf_text(out, "&gt;");
        else if (c >= 0x20) /* XML has no other control characters */
            xg_buf_byte(out, c);
    }
}

static void put_e6(struct xg_buf *out, int32_t e6)
{
    int64_t size = e6 < 0 ? -(int64_t)e6 : e6;

    xg_buf_format(out, "%s%" PRId64 ".%06" PRId64, e6 < 0 ? "-" : "",
                  size / 1000000, size % 1000000);
}

static void put_point(struct xg_buf *out, const struct xg_track_point *p)
{
    xg_buf_text(out, "<trkpt lat=\"");
    put_e6(out, p->lat_e6);
    xg_buf_text(out, "\" lon=\"");
    put_e6(out, p->lon_e6);
    xg_buf_text(out, "\"><time>");
    put_time(out, p->t_ms);
    xg_buf_text(out, "</time><extensions>");
    if (p->acc_dm != XG_ACC_UNKNOWN)
        xg_buf_format(out, "<xg:accuracy>%" PRIu32 ".%" PRIu32
                           "</xg:accuracy>",
                      p->acc_dm / 10, p->acc_dm % 10);
    xg_buf_format(out, "<xg:flags>%u</xg:flags></extensions></trkpt>\n",
                  (unsigned)p->flags);
}

static void put_gap(struct xg_buf *out, const struct xg_gap *gap)
{
    xg_buf_text(out, "<xg:gap from=\"");
    put_time(out, gap->from_ms);
    xg_buf_text(out, "\" to=\"");
    put_time(out, gap->to_ms);
    xg_buf_format(out, "\" cause=\"%s\"/>\n", xg_gap_name(gap->cause));
}

void track_gpx_write(struct xg_buf *out, const char *name,
                     const struct xg_track_segment *segments,
                     size_t segment_count, const struct xg_gap *gaps,
                     size_t gap_count)
{
    xg_buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<gpx version=\"1.1\" creator=\"xunge\" "
                     "xmlns=\"http://www.topografix.com/GPX/1/1\" "
                     "xmlns:xg=\"urn:xunge:gpx:1\">\n<trk><name>");
    put_escaped(out, name);
    xg_buf_text(out, "</name>\n");
    if (gap_count) {
        xg_buf_text(out, "<extensions>\n");
        for (size_t i = 0; i < gap_count; i++)
            put_gap(out, &gaps[i]);
        xg_buf_text(out, "</extensions>\n");
    }
    for (size_t i = 0; i < segment_count; i++) {
        xg_buf_text(out, "<trkseg>\n");
        for (size_t k = 0; k < segments[i].count; k++)
            put_point(out, &segments[i].points[k]);
        xg_buf_text(out, "</trkseg>\n");
    }
    xg_buf_text(out, "</trk>\n</gpx>\n");
}
