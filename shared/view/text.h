/* text.h - text as a person meets it: safe to print, aligned, local.
 *
 * What others wrote (a note, a name, a photo's time) may hold anything that is
 * UTF-8. Before it reaches a terminal, every character that could steer it or
 * reorder what stands around it becomes U+FFFD, visibly: the C0 and C1
 * controls (so no escape sequence can begin), the bidirectional marks, U+2028
 * and U+2029, invisible fillers; and what is no UTF-8 at all. Nothing else is
 * hidden: of "ESC [ 2 J" the "[2J" stays and is harmless.
 *
 * Everything that views append for a terminal has gone through here.
 */
#ifndef XG_VIEW_TEXT_H
#define XG_VIEW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/buf.h"

/* Append text made safe. In a line, a run of white space (new lines and tabs
 * too) becomes one space. In a block, each new line is followed by `indent`
 * spaces; a tab becomes one space. */
void view_put_line(struct xg_buf *out, struct xg_bytes text);
void view_put_block(struct xg_buf *out, struct xg_bytes text, unsigned indent);

/* How many terminal columns a safe line takes: 2 for East Asian wide and full
 * width characters and emoji (Unicode 15, ambiguous ones count 1), 0 for
 * combining marks. */
size_t view_width(struct xg_bytes text);

/* Append the text made safe in at most `columns` columns: cut with "…". */
void view_put_cut(struct xg_buf *out, struct xg_bytes text, unsigned columns);
/* Append the text made safe in exactly `columns` columns: cut with "…" or
 * filled with spaces. */
void view_put_column(struct xg_buf *out, struct xg_bytes text,
                     unsigned columns);
/* Fill with spaces from where `start` (an out->len) was, up to `columns`. */
void view_pad(struct xg_buf *out, size_t start, unsigned columns);

/* The character at the start of text (not empty) and how many bytes it takes;
 * VIEW_NO_CHARACTER and 1 where it is no UTF-8. */
#define VIEW_NO_CHARACTER UINT32_MAX
size_t view_decode(uint32_t *code, struct xg_bytes text);
/* Is it one of those that become U+FFFD? */
bool view_steers(uint32_t code);

/* ---- numbers without floating point ---- */

/* `value` / 10^digits in decimal, no trailing zeros: 312304160, 7 is
 * "31.230416". */
void view_put_decimal(struct xg_buf *out, int64_t value, unsigned digits);
/* Decimal text to `value` = text * 10^digits, rounded half away from zero.
 * False: not a plain decimal number (no exponent), or out of range. */
bool view_parse_decimal(int64_t *value, const char *text, size_t len,
                        unsigned digits);

/* ---- bytes ---- */

enum { VIEW_SIZE_TEXT = 32 };
/* "640 B", "35 KB", "2.4 MB", "1.2 GB": decimal, as a plan's and a disk's bytes
 * are counted. Returns `out`. */
const char *view_size_text(char out[static VIEW_SIZE_TEXT], uint64_t bytes);
void view_put_size(struct xg_buf *out, uint64_t bytes);

/* "48,213" */
void view_put_grouped(struct xg_buf *out, uint64_t number);

/* ---- times: Unix milliseconds ---- */

/* "2026-05-01 08:30:00" in the local zone; milliseconds where there are any.
 * Outside the years 0 to 9999, "@" and the seconds. */
void view_put_time(struct xg_buf *out, int64_t ms);
/* The same to the minute, for sentences: what is below it is cut off. */
void view_put_minute(struct xg_buf *out, int64_t ms);
/* From now on "local" is, in this thread, so many minutes east of Greenwich,
 * what is typed too: for what has to come out the same wherever it is made.
 * What it was before. */
enum { VIEW_ZONE_HERE = 24 * 60 }; /* as the system says */
int view_zone_thread(int minutes_east);
/* "2026-05-01T00:30:00.000Z". Outside the years 0 to 9999 as above. */
void view_put_time_utc(struct xg_buf *out, int64_t ms);
/* YYYY-MM-DD[(T| )HH:MM[:SS[.fff]]][Z|+HH:MM|-HH:MM], without a zone the local
 * one; a date alone, also as YYYYMMDD, is its midnight. Or Unix seconds: other
 * digits, with an optional sign and fraction, or any after "@". False when it
 * is none of these. */
bool view_parse_time(int64_t *ms, const char *text);
/* "3 分 20 秒", "2 h 5 min" */
void view_put_duration(struct xg_buf *out, int64_t ms);

/* ---- did you mean ---- */

/* Edits (insert, delete, replace, swap of neighbours) between two names, by
 * characters, case of ASCII letters aside. At most 64 of each are looked at. */
unsigned view_edits(const char *a, const char *b);
/* Is `word` nearly what was typed, and nearer than *edits (begin with VIEW_FAR,
 * it is set)? A word of two characters may be off by one, a longer one by two.
 */
enum { VIEW_FAR = 3 };
bool view_nearer(unsigned *edits, const char *typed, const char *word);

#endif
