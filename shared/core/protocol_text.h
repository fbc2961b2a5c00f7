/* protocol_text.h - what the files of the protocol share; see protocol.h. Of
 * this room only.
 *
 * The readers go on from note.h: a line that does not fit sticks to `l`, and
 * outputs are then zeroed.
 */
#ifndef XG_CORE_PROTOCOL_TEXT_H
#define XG_CORE_PROTOCOL_TEXT_H

#include "shared/base/buf.h"
#include "shared/core/note.h"

/* A name or code of at most `max` bytes: what a key may be called. */
bool xg_word_name(struct xg_bytes *rest, char *out, size_t max);

/* "keyword NAME", copied; "log ORIGIN", borrowed. */
void xg_line_name(struct xg_lines *l, const char *keyword, char *out,
                  size_t max);
void xg_line_log(struct xg_lines *l, struct xg_bytes *origin);

/* A line of several words: their text, or empty. xg_lines_bad() afterwards
 * when they are not what was expected. */
struct xg_bytes xg_line_words(struct xg_lines *l, const char *keyword);
void xg_lines_bad(struct xg_lines *l, const char *keyword);

/* "keyword BASE64\n", "log ORIGIN\n", "keyword NUMBER\n". */
void xg_put_hash(struct xg_buf *text, const char *keyword,
                 const struct xg_hash *hash);
void xg_put_log(struct xg_buf *text, struct xg_bytes origin);
void xg_put_uint(struct xg_buf *text, const char *keyword, uint64_t value);

#endif
