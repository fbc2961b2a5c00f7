/* words.c - what is searched, and the pairs of characters by which it is
 * found. Two characters are a word of Chinese, so three (FTS5's own trigrams)
 * would not find most of what people look for. A pair is ten hexadecimal
 * digits, two code points, so that no tokenizer takes it apart. */
#include "server/board/inside.h"

enum {
    FULL_FIRST = 0xFF01, /* wide forms of "!" to "~", as Chinese keyboards */
    FULL_LAST = 0xFF5E,  /* write them */
    FULL_OFF = 0xFEE0,
    SPACE_FULL = 0x3000,
};

/* The next character of valid UTF-8; false at the end. */
static bool next(uint32_t *out, struct xg_bytes *text)
{
    static const uint8_t masks[] = {0x7F, 0x1F, 0x0F, 0x07};

    if (text->len == 0)
        return false;
    uint8_t first = text->at[0];
    size_t more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t c = first & masks[more];
    if (more >= text->len)
        more = text->len - 1;
    for (size_t i = 1; i <= more; i++)
        c = c << 6 | (text->at[i] & 0x3F);
    text->at += more + 1;
    text->len -= more + 1;
    *out = c;
    return true;
}

static void put(struct xg_buf *out, uint32_t c)
{
    if (c < 0x80) {
        xg_buf_byte(out, (uint8_t)c);
    } else if (c < 0x800) {
        xg_buf_byte(out, (uint8_t)(0xC0 | c >> 6));
        xg_buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        xg_buf_byte(out, (uint8_t)(0xE0 | c >> 12));
        xg_buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
        xg_buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
    } else {
        xg_buf_byte(out, (uint8_t)(0xF0 | (c >> 18 & 0x07)));
        xg_buf_byte(out, (uint8_t)(0x80 | (c >> 12 & 0x3F)));
        xg_buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
        xg_buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
    }
}

void board_fold_text(struct xg_buf *out, struct xg_bytes text)
{
    uint32_t c;

    while (next(&c, &text)) {
        if (c >= FULL_FIRST && c <= FULL_LAST)
            c -= FULL_OFF;
        if (c < ' ' || c == SPACE_FULL || c == 0x7F)
            c = ' ';
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        put(out, c);
    }
}

/* Each pair between `before` and `after`. */
static bool put_pairs(struct xg_buf *out, struct xg_bytes text,
                      const char *before, const char *after)
{
    uint32_t last = ' ', c;
    bool any = false;

    for (; next(&c, &text); last = c) {
        if (c == ' ' || last == ' ')
            continue;
        xg_buf_format(out, "%s%05x%05x%s", before, last, c, after);
        any = true;
    }
    return any;
}

enum xg_status board_pairs(struct xg_buf *out, struct xg_bytes text,
                           struct xg_error *err)
{
    put_pairs(out, text, "", " ");
    return xg_buf_check(out, err);
}

enum xg_status board_pairs_query(struct xg_buf *out, bool *any,
                                 struct xg_bytes text, struct xg_error *err)
{
    bool some = put_pairs(out, text, "\"", "\" ");

    if (!some)
        xg_buf_text(out, "\"0\""); /* nothing is called that */
    if (xg_buf_check(out, err) != XG_OK)
        return err->status;
    *any = some;
    return XG_OK;
}
