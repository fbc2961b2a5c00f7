/* utf8.c - is it UTF-8? RFC 3629, table of section 4, without U+0000. */
#include "shared/core/cbor.h"

/* Eight bytes of which none is 00 and none is above 7F. */
static bool plain_word(const uint8_t *at)
{
    const uint64_t ones = 0x0101010101010101, highs = ones << 7;
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return (word & highs) == 0 && ((word - ones) & highs) == 0;
}

/* Bytes of the character at `at`, 0 when there is no valid one in `left`. */
static size_t char_size(const uint8_t *at, size_t left)
{
    uint8_t first = at[0], low = 0x80, high = 0xBF;
    size_t size;

    if (first < 0x80)
        return first != 0;
    if (first >= 0xC2 && first <= 0xDF)
        size = 2;
    else if (first >= 0xE0 && first <= 0xEF)
        size = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        size = 4;
    else
        return 0;
    if (size > left)
        return 0;

    /* The second byte rules out long forms, surrogates, above 10FFFF. */
    if (first == 0xE0)
        low = 0xA0;
    else if (first == 0xED)
        high = 0x9F;
    else if (first == 0xF0)
        low = 0x90;
    else if (first == 0xF4)
        high = 0x8F;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return size;
}

bool xg_utf8_valid(const uint8_t *text, size_t len)
{
    size_t pos = 0;

    while (pos < len) {
        if (len - pos >= 8 && plain_word(text + pos)) {
            pos += 8;
            continue;
        }
        size_t size = char_size(text + pos, len - pos);
        if (size == 0)
            return false;
        pos += size;
    }
    return true;
}
