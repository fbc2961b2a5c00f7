/* protocol.h - what xunge-exif prints, for who prints it and who reads it.
 *
 * Lines of UTF-8, each ending in \n, in this order, each but the first and the
 * last at most once. Numbers are decimal without leading zeros.
 *
 *      xunge-exif 1
 *      exif none|read|broken         broken: there is a block, but no data
 *      size WIDTH HEIGHT             pixels, 1..65535
 *      orientation N                 1..8
 *      position LAT LON              degrees x 10^7, not both 0
 *      altitude MM                   above sea level
 *      taken YYYY:MM:DD HH:MM:SS     a real day and time, local
 *      offset (+|-)HH:MM             of taken; at most 14:00
 *      gps-time YYYY:MM:DD HH:MM:SS  UTC
 *      make TEXT                     1..64 bytes, UTF-8, nothing invisible
 *      model TEXT
 *      end
 *
 * In place of its values a field can say "refused": it is in the photo but out
 * of range. A field that is not in the photo has no line. After `end` nothing
 * comes. Whatever deviates means that the child is not to be believed.
 *
 * Exit status: 0 printed all, 1 not a JPEG or cannot be read, 2 could not
 * confine itself, else by a signal (a limit, the system call filter).
 *
 * The functions decide what is in range, for both sides: each side calls them
 * on what it has, and neither takes the other's word.
 */
#ifndef XG_PHOTO_EXIF_PROTOCOL_H
#define XG_PHOTO_EXIF_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXIF_OUTPUT_MAX = 1024, /* bytes of the whole answer */
    EXIF_TEXT_MAX = 64,     /* bytes of make and model */
    EXIF_LAT_MAX_E7 = 900000000,
    EXIF_LON_MAX_E7 = 1800000000,
    EXIF_ALTITUDE_MIN_MM = -1000 * 1000,
    EXIF_ALTITUDE_MAX_MM = 100 * 1000 * 1000,
    EXIF_OFFSET_MAX_MIN = 14 * 60,
};

#define EXIF_HELLO "xunge-exif 1"
#define EXIF_REFUSED "refused"

/* The length of the character at `at`: valid UTF-8 (RFC 3629) and none of the
 * controls, invisible or direction-changing ones. 0 for anything else. */
static inline size_t exif_text_step(const uint8_t *at, size_t len)
{
    static const uint32_t LEAST[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    uint32_t c = size == 1 ? at[0] : at[0] & (0x7Fu >> size);

    if (size > len || (at[0] >= 0x80 && at[0] < 0xC2) || at[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (at[i] & 0x3F);
    }
    bool hidden = c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD ||
                  (c >= 0x200B && c <= 0x200F) ||
                  (c >= 0x2028 && c <= 0x202E) ||
                  (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
                  (c >= 0xFFF0 && c <= 0xFFFF) || c > 0xE0000;
    bool wrong = c < LEAST[size] || (c >= 0xD800 && c <= 0xDFFF);
    return hidden || wrong ? 0 : size;
}

/* Exactly `count` digits. */
static inline bool exif_digits(int *value, const char *at, size_t count)
{
    int sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        sum = sum * 10 + (at[i] - '0');
    }
    *value = sum;
    return true;
}

/* "YYYY:MM:DD HH:MM:SS", a day that exists since the year 1 (Gregorian); *ms
 * (may be NULL) is Unix milliseconds as if it were UTC. */
static inline bool exif_date_parse(int64_t *ms, const char *at, size_t len)
{
    static const int DAYS[13] = {0,  31, 29, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31};
    int y, mon, d, h, min, s;

    if (len != 19 || !exif_digits(&y, at, 4) || at[4] != ':' ||
        !exif_digits(&mon, at + 5, 2) || at[7] != ':' ||
        !exif_digits(&d, at + 8, 2) || at[10] != ' ' ||
        !exif_digits(&h, at + 11, 2) || at[13] != ':' ||
        !exif_digits(&min, at + 14, 2) || at[16] != ':' ||
        !exif_digits(&s, at + 17, 2))
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (y < 1 || mon < 1 || mon > 12 || d < 1 || d > DAYS[mon] ||
        (mon == 2 && d == 29 && !leap) || h > 23 || min > 59 || s > 59)
        return false;
    if (ms) {
        /* Years that begin in March, so that the leap day is the last. */
        int64_t years = mon > 2 ? y : y - 1, months = (mon + 9) % 12;
        int64_t days = years * 365 + years / 4 - years / 100 + years / 400 +
                       (months * 306 + 5) / 10 + d - 1 - 719468;
        *ms = (((days * 24 + h) * 60 + min) * 60 + s) * 1000;
    }
    return true;
}

/* "+08:00" */
static inline bool exif_offset_parse(int *minutes, const char *at, size_t len)
{
    int h, min;

    if (len != 6 || (at[0] != '+' && at[0] != '-') ||
        !exif_digits(&h, at + 1, 2) || at[3] != ':' ||
        !exif_digits(&min, at + 4, 2) || min > 59 ||
        h * 60 + min > EXIF_OFFSET_MAX_MIN)
        return false;
    *minutes = at[0] == '-' ? -(h * 60 + min) : h * 60 + min;
    return true;
}

#endif
