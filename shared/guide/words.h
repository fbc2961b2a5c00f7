/* words.h - several words in one cell of a table. */
#ifndef XG_GUIDE_WORDS_H
#define XG_GUIDE_WORDS_H

#include <stdbool.h>

#include "shared/base/bytes.h"

/* The next word; between words stand white space, ; ；or 、. False at the
 * end. */
bool xg_words_next(struct xg_bytes *rest, struct xg_bytes *word);

#endif
