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
 *      make TEXT                     1..64 bytes, valid UTF-8, nothing invisible
 *      model TEXT
 *      end
 *
 * In place of its values a field can say "refused": it is in the photo but out
 * of range. A field that is not in the photo has no line. After `end` nothing
 * comes. Whatever deviates means that the child is not to be believed.
 *
 * Exit status: 0 printed all, 1 not a JPEG or cannot be read, else by a signal
 * (a limit, the system call filter).
 */
#ifndef AGENT_EXIF_PROTOCOL_H
#define AGENT_EXIF_PROTOCOL_H

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

#endif
