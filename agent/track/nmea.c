/* nmea.c - see nmea.h. */
#include "agent/track/nmea.h"

#include <ctype.h>
#include <string.h>

enum {
    SENTENCE_MAX = 255, /* the standard says 82; receivers exceed it */
    FIELDS_MAX = 40,
    DAY_MS = 86400 * 1000,
    HALF_DAY_MS = DAY_MS / 2,
};

/* Where a position came from, the better the higher. */
enum source { FROM_NONE, FROM_RMC, FROM_GNS, FROM_GGA };

enum quality { NO_FIX, MEASURED, ESTIMATED, SIMULATED };

struct epoch {
    bool open;
    int64_t day_ms;
    enum source source;
    int32_t lat_e6, lon_e6;
    bool no_fix; /* one sentence of the epoch said so */
    enum quality quality;
    int64_t hdop_e2; /* 0: unknown */
    unsigned mode;   /* 2, 3, or 0: not said */
};

struct reader {
    struct track_gather gather;
    struct epoch epoch;
    size_t line, sentences;
    /* the date, of a moment of that day */
    bool dated;
    int64_t midnight_ms, date_day_ms;
    int64_t last_ms;
    bool any;
};

struct sentence {
    char text[SENTENCE_MAX + 1];
    const char *field[FIELDS_MAX];
    size_t len[FIELDS_MAX], count;
};

static int64_t digits(const char *text, size_t len)
{
    int64_t value = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return len ? value : -1;
}

/* hhmmss[.fraction] */
static bool read_day_ms(const struct sentence *s, size_t i, int64_t *day_ms)
{
    int64_t hour, minute, second;

    if (i >= s->count || s->len[i] < 6)
        return false;
    hour = digits(s->field[i], 2);
    minute = digits(s->field[i] + 2, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        !isdigit((unsigned char)s->field[i][4]) ||
        !track_decimal(&second, s->field[i] + 4, s->len[i] - 4, 3) ||
        second >= 61000)
        return false;
    *day_ms = (hour * 60 + minute) * 60000 + second;
    if (*day_ms >= DAY_MS) /* a leap second before midnight */
        *day_ms = DAY_MS - 1;
    return true;
}

/* [d]ddmm.mmmm,H with `wide` digits of degrees; rounded to 10^-6 degree. */
static bool read_angle(const struct sentence *s, size_t i, size_t wide,
                       const char *halves, int32_t max, int32_t *e6)
{
    int64_t degrees, minutes_e8;

    if (i + 1 >= s->count || s->len[i] < wide + 2 || s->len[i + 1] != 1 ||
        !isdigit((unsigned char)s->field[i][wide]))
        return false;
    degrees = digits(s->field[i], wide);
    if (degrees < 0 || !track_decimal(&minutes_e8, s->field[i] + wide,
                                      s->len[i] - wide, 8) ||
        minutes_e8 >= INT64_C(60) * 100000000)
        return false;

    int64_t value = degrees * 1000000 + (minutes_e8 + 3000) / 6000;
    char half = s->field[i + 1][0];
    if (value > max || (half != halves[0] && half != halves[1]))
        return false;
    *e6 = (int32_t)(half == halves[1] ? -value : value);
    return true;
}

static bool read_position(const struct sentence *s, size_t i,
                          struct epoch *into)
{
    int32_t lat, lon;

    if (!read_angle(s, i, 2, "NS", XG_LAT_E6_MAX, &lat) ||
        !read_angle(s, i + 2, 3, "EW", XG_LON_E6_MAX, &lon))
        return false;
    into->lat_e6 = lat;
    into->lon_e6 = lon;
    return true;
}

static void read_hdop(const struct sentence *s, size_t i, struct epoch *into)
{
    int64_t hdop;

    if (i < s->count && track_decimal(&hdop, s->field[i], s->len[i], 2) &&
        hdop > 0 && hdop < 1000000)
        into->hdop_e2 = hdop;
}

/* ---- epochs ---- */

/* The Unix time of a time of day, by the date last seen: the day on which the
 * two are less than 12 hours apart. */
static bool date_of(const struct reader *r, int64_t day_ms, int64_t *t_ms)
{
    if (!r->dated)
        return false;
    *t_ms = r->midnight_ms + day_ms;
    if (day_ms - r->date_day_ms < -HALF_DAY_MS)
        *t_ms += DAY_MS;
    else if (day_ms - r->date_day_ms > HALF_DAY_MS)
        *t_ms -= DAY_MS;
    return true;
}

static void follow_calendar(struct reader *r, int64_t t_ms)
{
    static const int64_t YEAR_2000_MS = INT64_C(946684800000);

    if (r->any && track_rollovers(t_ms, r->last_ms)) {
        struct track_sample part = {.kind = TRACK_BREAK};
        track_gather_add(&r->gather, part, t_ms);
        r->gather.import.rollovers++;
    } else if (t_ms < YEAR_2000_MS) {
        r->gather.import.rollovers++;
    }
    r->any = true;
    r->last_ms = t_ms;
}

static void end_epoch(struct reader *r)
{
    struct epoch *e = &r->epoch;
    struct track_sample sample = {.kind = TRACK_FIX,
                                  .lat_e6 = e->lat_e6,
                                  .lon_e6 = e->lon_e6,
                                  .acc_dm = XG_ACC_UNKNOWN,
                                  .mode = e->mode == 2 ? 2 : 3,
                                  .mock = e->quality == SIMULATED,
                                  .estimated = e->quality == ESTIMATED};
    int64_t t_ms;
    bool fix = e->source != FROM_NONE && !e->no_fix;

    if (!e->open)
        return;
    e->open = false;
    if (!date_of(r, e->day_ms, &t_ms)) {
        r->gather.import.untimed += fix;
        return;
    }
    r->midnight_ms = t_ms - e->day_ms;
    r->date_day_ms = e->day_ms;
    if (!fix)
        sample = (struct track_sample){.kind = TRACK_NO_FIX};
    else if (e->hdop_e2)
        sample.acc_dm = (uint32_t)((e->hdop_e2 * TRACK_HDOP_DM + 50) / 100);
    if (fix)
        follow_calendar(r, t_ms);
    track_gather_add(&r->gather, sample, t_ms);
}

static struct epoch *epoch_at(struct reader *r, int64_t day_ms)
{
    if (!r->epoch.open || r->epoch.day_ms != day_ms) {
        end_epoch(r);
        r->epoch = (struct epoch){.open = true, .day_ms = day_ms};
    }
    return &r->epoch;
}

/* What a sentence says goes into its epoch; a better source wins. */
static void merge(struct reader *r, int64_t day_ms, enum source source,
                  enum quality quality, const struct epoch *said)
{
    struct epoch *e = epoch_at(r, day_ms);

    if (quality == NO_FIX) {
        e->no_fix = true;
    } else if (source >= e->source) {
        e->source = source;
        e->lat_e6 = said->lat_e6;
        e->lon_e6 = said->lon_e6;
        e->quality = quality;
    }
    if (said->hdop_e2)
        e->hdop_e2 = said->hdop_e2;
}

/* ---- sentences: NULL, or why the sentence is malformed ---- */

static const char *read_gga(struct reader *r, const struct sentence *s)
{
    static const enum quality BY_DIGIT[9] = {
        NO_FIX,   MEASURED, MEASURED,  MEASURED, MEASURED,
        MEASURED, ESTIMATED, SIMULATED, SIMULATED};
    struct epoch said = {0};
    int64_t day_ms;

    if (s->count < 9)
        return "GGA is too short";
    int64_t digit = s->len[6] == 1 ? digits(s->field[6], 1) : -1;
    if (digit < 0 || digit > 8)
        return "GGA with an unknown quality";
    if (!read_day_ms(s, 1, &day_ms))
        return digit || s->len[1] ? "GGA with a bad time" : NULL;
    if (digit && !read_position(s, 2, &said))
        return "GGA with a bad position";
    read_hdop(s, 8, &said);
    merge(r, day_ms, FROM_GGA, BY_DIGIT[digit], &said);
    return NULL;
}

/* The mode letters of RMC (one) and GNS (one a constellation). */
static enum quality quality_of(const char *letters, size_t len)
{
    enum quality best = NO_FIX;

    for (size_t i = 0; i < len; i++) {
        if (letters[i] && strchr("ADPRF", letters[i]))
            return MEASURED;
        if (letters[i] == 'E')
            best = ESTIMATED;
        else if ((letters[i] == 'M' || letters[i] == 'S') &&
                 best != ESTIMATED)
            best = SIMULATED;
    }
    return best;
}

static const char *read_gns(struct reader *r, const struct sentence *s)
{
    struct epoch said = {0};
    int64_t day_ms;

    if (s->count < 9)
        return "GNS is too short";
    enum quality quality = quality_of(s->field[6], s->len[6]);
    if (!read_day_ms(s, 1, &day_ms))
        return quality || s->len[1] ? "GNS with a bad time" : NULL;
    if (quality && !read_position(s, 2, &said))
        return "GNS with a bad position";
    read_hdop(s, 8, &said);
    merge(r, day_ms, FROM_GNS, quality, &said);
    return NULL;
}

static bool read_date(const struct sentence *s, int64_t *midnight_ms)
{
    if (s->len[9] != 6)
        return false;
    int64_t day = digits(s->field[9], 2), month = digits(s->field[9] + 2, 2);
    int64_t year = digits(s->field[9] + 4, 2);

    return year >= 0 &&
           track_civil_ms(midnight_ms, (int)(year + (year < 80 ? 2000 : 1900)),
                          (int)month, (int)day, 0);
}

static void set_date(struct reader *r, int64_t midnight_ms, int64_t day_ms)
{
    r->dated = true;
    r->midnight_ms = midnight_ms;
    r->date_day_ms = day_ms;
}

static const char *read_rmc(struct reader *r, const struct sentence *s)
{
    struct epoch said = {0};
    int64_t day_ms, midnight_ms;
    enum quality quality = NO_FIX;

    if (s->count < 10 || s->len[2] != 1)
        return "RMC is too short";
    if (s->field[2][0] == 'A')
        quality = s->count > 12 && s->len[12]
                      ? quality_of(s->field[12], s->len[12])
                      : MEASURED;
    if (!read_day_ms(s, 1, &day_ms))
        return quality || s->len[1] ? "RMC with a bad time" : NULL;
    if (quality && !read_position(s, 3, &said))
        return "RMC with a bad position";
    if (s->len[9] && !read_date(s, &midnight_ms))
        return "RMC with a bad date";
    epoch_at(r, day_ms); /* the one before ends by the date before */
    if (s->len[9])
        set_date(r, midnight_ms, day_ms);
    merge(r, day_ms, FROM_RMC, quality, &said);
    return NULL;
}

static const char *read_zda(struct reader *r, const struct sentence *s)
{
    int64_t day_ms, midnight_ms;

    if (s->count < 5)
        return "ZDA is too short";
    if (s->len[1] == 0)
        return NULL;
    if (!read_day_ms(s, 1, &day_ms) || s->len[4] != 4 || s->len[3] != 2 ||
        s->len[2] != 2 ||
        !track_civil_ms(&midnight_ms, (int)digits(s->field[4], 4),
                        (int)digits(s->field[3], 2),
                        (int)digits(s->field[2], 2), 0))
        return "ZDA with a bad date";
    set_date(r, midnight_ms, day_ms);
    return NULL;
}

/* No time in it: it belongs to the epoch that is open. */
static const char *read_gsa(struct reader *r, const struct sentence *s)
{
    if (s->count < 17 || s->len[2] != 1)
        return "GSA is too short";
    int64_t mode = digits(s->field[2], 1);
    if (mode < 1 || mode > 3)
        return "GSA with an unknown mode";
    if (!r->epoch.open)
        return NULL;
    if (mode > r->epoch.mode)
        r->epoch.mode = (unsigned)mode;
    if (r->epoch.hdop_e2 == 0)
        read_hdop(s, 16, &r->epoch);
    return NULL;
}

/* ---- lines ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* The text between '$' and '*', its checksum checked, cut into fields. */
static const char *take_apart(struct sentence *s, struct xg_bytes raw)
{
    unsigned sum = 0;
    size_t len = 0;

    for (; len < raw.len && raw.at[len] != '*'; len++) {
        if (raw.at[len] < 0x20 || raw.at[len] > 0x7e)
            return "not a text";
        if (len == SENTENCE_MAX)
            return "the sentence is too long";
        sum ^= raw.at[len];
        s->text[len] = (char)raw.at[len];
    }
    s->text[len] = '\0';
    if (len + 3 > raw.len)
        return "cut off, or without checksum";
    int high = hex((char)raw.at[len + 1]), low = hex((char)raw.at[len + 2]);
    if (high < 0 || low < 0 || (unsigned)(high * 16 + low) != sum)
        return "the checksum is wrong";

    s->count = 0;
    for (const char *at = s->text;; at++) {
        if (s->count == FIELDS_MAX)
            return "too many fields";
        size_t n = strcspn(at, ",");
        s->field[s->count] = at;
        s->len[s->count++] = n;
        at += n;
        if (*at == '\0')
            return NULL;
    }
}

static const char *read_sentence(struct reader *r, struct xg_bytes raw)
{
    static const struct {
        const char *name;
        const char *(*read)(struct reader *, const struct sentence *);
    } KINDS[] = {{"GGA", read_gga}, {"GNS", read_gns}, {"RMC", read_rmc},
                 {"ZDA", read_zda}, {"GSA", read_gsa}};
    struct sentence s;
    const char *why = take_apart(&s, raw);

    if (why)
        return why;
    r->sentences++;
    if (s.len[0] != 5 || s.text[0] == 'P') /* P: a maker's own */
        return NULL;
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (memcmp(s.text + 2, KINDS[i].name, 3) == 0)
            return KINDS[i].read(r, &s);
    return NULL;
}

/* One line; what stands before a '$' is the rest of a sentence cut off. */
static void read_line(struct reader *r, struct xg_bytes line)
{
    const char *why = "no sentence";

    while (line.len && strchr(" \t\r", line.at[line.len - 1]))
        line.len--;
    if (line.len == 0 || line.at[0] == '#' || line.at[0] == '!')
        return;
    const uint8_t *from = memchr(line.at, '$', line.len);
    if (from != line.at)
        track_gather_skip(&r->gather, r->line, why);
    while (from) {
        size_t left = (size_t)(line.at + line.len - from);
        const uint8_t *next = memchr(from + 1, '$', left - 1);
        size_t len = next ? (size_t)(next - from) : left;

        why = read_sentence(r, xg_bytes(from + 1, len - 1));
        if (why)
            track_gather_skip(&r->gather, r->line, why);
        from = next;
    }
}

enum xg_status track_nmea_read(struct track_import *import,
                               struct xg_arena *a, struct xg_bytes file,
                               struct xg_error *err)
{
    struct reader r = {.gather = track_gather_begin()};

    if (file.len > TRACK_IMPORT_BYTES_MAX)
        return xg_fail(err, XG_TOOBIG, "an NMEA file of %zu bytes", file.len);
    while (file.len) {
        const uint8_t *end = memchr(file.at, '\n', file.len);
        size_t len = end ? (size_t)(end - file.at) : file.len;

        r.line++;
        read_line(&r, xg_bytes(file.at, len));
        len += end != NULL;
        file.at += len;
        file.len -= len;
    }
    end_epoch(&r);
    if (r.sentences == 0) {
        xg_buf_clear(&r.gather.samples);
        return xg_fail(err, XG_FORMAT, "not NMEA 0183: no whole sentence");
    }
    return track_gather_end(import, a, &r.gather, err);
}
