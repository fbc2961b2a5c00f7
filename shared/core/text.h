/* text.h - what the readers of notes and receipts share; of this room only. */
#ifndef XG_CORE_TEXT_H
#define XG_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/bytes.h"

/* What a signature line begins with: em dash, space. */
#define XG_NOTE_DASH "\xE2\x80\x94 "

/* May a note hold these bytes? UTF-8, no control characters but \n. */
bool xg_text_allowed(struct xg_bytes text);

/* May a key be called this? Non-empty, nothing that a note may not hold, no
 * '+', no Unicode white space. Length is not looked at. */
bool xg_text_key_name(struct xg_bytes name);

/* libsodium's base64 (1.0.18) takes bytes above 7F for digits, so whatever
 * goes there is held against this before: one value, one text. */
bool xg_text_ascii(struct xg_bytes text);

/* Is all of `text` canonical base64 of at least one byte? Gives the first
 * bytes, at most `max`, and how many there are in all. */
bool xg_text_base64(uint8_t *first, size_t max, size_t *total,
                    struct xg_bytes text);

#endif
