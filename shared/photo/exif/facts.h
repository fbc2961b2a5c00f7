/* facts.h - what we want to know of an EXIF block, in range or refused.
 *
 * Sources: CIPA DC-008 (Exif 2.32) 4.6; TIFF 6.0. Chosen here: a position of
 * exactly 0, 0 or with GPSStatus "V" is what a receiver without a fix writes,
 * so it is refused; a date of blanks or one that begins with 0000 means unknown
 * (4.6.5) and is absent; an altitude reference of 2 or 3 (Exif 3.0, above the
 * ellipsoid) counts as 0 or 1.
 */
#ifndef XG_PHOTO_EXIF_FACTS_H
#define XG_PHOTO_EXIF_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "shared/photo/exif/protocol.h"

enum fact { FACT_ABSENT, FACT_GOOD, FACT_REFUSED };

enum { DATE_TEXT_SIZE = 20 }; /* "YYYY:MM:DD HH:MM:SS" and a terminator */

struct exif_facts {
    enum fact orientation, position, altitude, taken, offset, gps_time;
    enum fact make, model;
    int orientation_value;
    int32_t lat_e7, lon_e7, altitude_mm;
    char taken_text[DATE_TEXT_SIZE], gps_time_text[DATE_TEXT_SIZE];
    char offset_text[7]; /* "+08:00" */
    char make_text[EXIF_TEXT_MAX + 1], model_text[EXIF_TEXT_MAX + 1];
};

/* From a block that begins with "Exif\0\0". False when there is no EXIF data
 * in it (all facts absent then). */
bool exif_facts_read(struct exif_facts *facts, const uint8_t *block,
                     size_t len);

#endif
