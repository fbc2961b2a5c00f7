/* words.c - see words.h. */
#include "shared/guide/words.h"

/* Bytes of the separator at the start, or 0. */
static size_t separator(struct xg_bytes at)
{
    static const char *const between[] = {" ", "\t", "\n", "\r", ";",
                                          "；", "、", "\u3000"};

    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
        size_t len = strlen(between[i]);
        if (at.len >= len && memcmp(at.at, between[i], len) == 0)
            return len;
    }
    return 0;
}

static struct xg_bytes past(struct xg_bytes at, size_t len)
{
    return xg_bytes(at.at + len, at.len - len);
}

bool xg_words_next(struct xg_bytes *rest, struct xg_bytes *word)
{
    struct xg_bytes at = *rest;
    size_t len;

    while ((len = separator(at)) > 0)
        at = past(at, len);
    const uint8_t *begin = at.at;
    while (at.len && separator(at) == 0)
        at = past(at, 1);
    *rest = at;
    *word = xg_bytes(begin, (size_t)(at.at - begin));
    return word->len > 0;
}
