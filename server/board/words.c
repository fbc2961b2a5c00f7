/* words.c - what is searched, and the pairs and threes of characters by which
 * it is found. Two characters are a word of Chinese, so threes alone (FTS5's own
 * trigrams) would not find most of what people look for; and pairs alone find
 * for a word of three all that has its two halves anywhere. Each is hexadecimal
 * digits, five a code point, so that no tokenizer takes it apart. */
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

/* Characters that stand together: the last of a walk, the newest first; a space
 * parts them. */
struct run {
    uint32_t last[3];
    size_t length; /* of what stands together so far */
};

static bool go_on(struct run *r, struct xg_bytes *text)
{
    r->last[2] = r->last[1];
    r->last[1] = r->last[0];
    if (!next(&r->last[0], text))
        return false;
    r->length = r->last[0] == ' ' ? 0 : r->length + 1;
    return true;
}

static void put_pair(struct xg_buf *out, const struct run *r)
{
    xg_buf_format(out, "%05x%05x", r->last[1], r->last[0]);
}

static void put_three(struct xg_buf *out, const struct run *r)
{
    xg_buf_format(out, "%05x%05x%05x", r->last[2], r->last[1], r->last[0]);
}

enum xg_status board_pairs(struct xg_buf *out, struct xg_bytes text,
                           struct xg_error *err)
{
    struct run r = {.length = 0};

    while (go_on(&r, &text)) {
        if (r.length >= 2) {
            put_pair(out, &r);
            xg_buf_byte(out, ' ');
        }
        if (r.length >= 3) {
            put_three(out, &r);
            xg_buf_byte(out, ' ');
        }
    }
    return xg_buf_check(out, err);
}

/* The threes; of what is two long, the pair. */
enum xg_status board_pairs_query(struct xg_buf *out, bool *any,
                                 struct xg_bytes text, struct xg_error *err)
{
    struct run r = {.length = 0};
    size_t pair = 0;
    bool some = false;

    while (go_on(&r, &text)) {
        if (r.length == 2)
            pair = out->len;
        if (r.length == 3)
            out->len = pair; /* the three has it */
        if (r.length >= 2) {
            xg_buf_byte(out, '"');
            if (r.length == 2)
                put_pair(out, &r);
            else
                put_three(out, &r);
            xg_buf_text(out, "\" ");
            some = true;
        }
    }
    if (!some)
        xg_buf_text(out, "\"0\""); /* nothing is called that */
    if (xg_buf_check(out, err) != XG_OK)
        return err->status;
    *any = some;
    return XG_OK;
}
