/* lines.c - the strict readers of lines and words; see note.h and text.h. */
#include "shared/core/cbor.h"
#include "shared/core/note.h"
#include "shared/core/text.h"

/* ---- characters ---- */

bool xg_text_allowed(struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < 0x20 && text.at[i] != '\n')
            return false;
    return xg_utf8_valid(text.at, text.len);
}

/* Does a character of Unicode's White_Space start here, in valid UTF-8? The
 * bytes after the first are there: a valid character is never cut off. */
static bool white_space(const uint8_t *at)
{
    if (at[0] == 0xC2) /* 0085, 00A0 */
        return at[1] == 0x85 || at[1] == 0xA0;
    if (at[0] == 0xE1) /* 1680 */
        return at[1] == 0x9A && at[2] == 0x80;
    if (at[0] == 0xE2 && at[1] == 0x80) /* 2000-200A 2028 2029 202F */
        return at[2] <= 0x8A || at[2] == 0xA8 || at[2] == 0xA9 || at[2] == 0xAF;
    if (at[0] == 0xE2) /* 205F */
        return at[1] == 0x81 && at[2] == 0x9F;
    return at[0] == 0xE3 && at[1] == 0x80 && at[2] == 0x80; /* 3000 */
}

bool xg_text_key_name(struct xg_bytes name)
{
    if (name.len == 0 || !xg_utf8_valid(name.at, name.len))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= 0x20 || name.at[i] == '+' || white_space(name.at + i))
            return false;
    return true;
}

bool xg_text_ascii(struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= 0x80)
            return false;
    return true;
}

bool xg_text_base64(uint8_t *first, size_t max, size_t *total,
                    struct xg_bytes text)
{
    uint8_t piece[192];
    const size_t whole = sizeof piece / 3 * 4;
    size_t sum = 0;

    if (text.len == 0 || !xg_text_ascii(text))
        return false;
    for (size_t pos = 0; pos < text.len;) {
        size_t chars = text.len - pos < whole ? text.len - pos : whole, got;

        if (!xg_unbase64(piece, sizeof piece, &got, (const char *)text.at + pos,
                         chars))
            return false;
        pos += chars;
        if (pos < text.len && got != sizeof piece)
            return false; /* padding before the end */
        if (sum < max)
            memcpy(first + sum, piece, got < max - sum ? got : max - sum);
        sum += got;
    }
    *total = sum;
    return true;
}

/* ---- words ---- */

bool xg_line(struct xg_bytes *rest, struct xg_bytes *line)
{
    const uint8_t *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;

    if (!end)
        return false;
    *line = xg_bytes(rest->at, (size_t)(end - rest->at));
    rest->at += line->len + 1;
    rest->len -= line->len + 1;
    return true;
}

bool xg_word(struct xg_bytes *rest, struct xg_bytes *word)
{
    const uint8_t *space = rest->len ? memchr(rest->at, ' ', rest->len) : NULL;
    size_t len = space ? (size_t)(space - rest->at) : rest->len;

    if (len == 0)
        return false;
    if (space && (len + 1 == rest->len || space[1] == ' '))
        return false;
    *word = xg_bytes(rest->at, len);
    len += space != NULL;
    rest->at += len;
    rest->len -= len;
    return true;
}

static bool parse_uint(struct xg_bytes text, uint64_t *value)
{
    uint64_t sum = 0;

    if (text.len == 0 || (text.len > 1 && text.at[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.at[i] - '0';
        if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

static bool parse_hash(struct xg_bytes text, struct xg_hash *hash)
{
    struct xg_hash got = {{0}};

    if (!xg_text_ascii(text) ||
        !xg_unbase64_exact(got.b, sizeof got.b, (const char *)text.at,
                           text.len))
        return false;
    *hash = got;
    return true;
}

bool xg_word_uint(struct xg_bytes *rest, uint64_t *value)
{
    struct xg_bytes after = *rest, word;

    if (!xg_word(&after, &word) || !parse_uint(word, value))
        return false;
    *rest = after;
    return true;
}

bool xg_word_hash(struct xg_bytes *rest, struct xg_hash *hash)
{
    struct xg_bytes after = *rest, word;

    if (!xg_word(&after, &word) || !parse_hash(word, hash))
        return false;
    *rest = after;
    return true;
}

/* ---- lines in order ---- */

struct xg_lines xg_lines_over(struct xg_bytes text)
{
    return (struct xg_lines){.rest = text};
}

bool xg_lines_at(const struct xg_lines *l, const char *keyword)
{
    struct xg_bytes rest = l->rest, line, word = xg_bytes_of(keyword);

    if (l->expected || !xg_line(&rest, &line) || line.len < word.len)
        return false;
    return xg_bytes_equal(xg_bytes(line.at, word.len), word) &&
           (line.len == word.len || line.at[word.len] == ' ');
}

bool xg_lines_more(const struct xg_lines *l)
{
    return !l->expected && l->rest.len > 0;
}

/* Step to the next line; it must begin with the keyword and a space. Gives
 * what follows. On a mismatch the reader stays where it is, for good. */
static bool take_value(struct xg_lines *l, const char *keyword,
                       struct xg_bytes *value)
{
    size_t skip = strlen(keyword) + 1;
    struct xg_bytes line;

    if (l->expected)
        return false;
    l->number++;
    if (!xg_lines_at(l, keyword) || !xg_line(&l->rest, &line) ||
        line.len <= skip) {
        l->expected = keyword;
        return false;
    }
    *value = xg_bytes(line.at + skip, line.len - skip);
    return true;
}

void xg_line_literal(struct xg_lines *l, const char *line)
{
    struct xg_bytes got;

    if (l->expected)
        return;
    l->number++;
    if (!xg_line(&l->rest, &got) || !xg_bytes_equal(got, xg_bytes_of(line)))
        l->expected = line;
}

void xg_line_hash(struct xg_lines *l, const char *keyword, struct xg_hash *hash)
{
    struct xg_bytes value;

    memset(hash, 0, sizeof *hash);
    if (take_value(l, keyword, &value) && !parse_hash(value, hash))
        l->expected = keyword;
}

void xg_line_uint(struct xg_lines *l, const char *keyword, uint64_t *value)
{
    struct xg_bytes text;

    *value = 0;
    if (take_value(l, keyword, &text) && !parse_uint(text, value))
        l->expected = keyword;
}

void xg_line_rest(struct xg_lines *l, const char *keyword,
                  struct xg_bytes *rest)
{
    *rest = xg_bytes(NULL, 0);
    if (!take_value(l, keyword, rest))
        *rest = xg_bytes(NULL, 0);
}

enum xg_status xg_lines_end(const struct xg_lines *l, struct xg_error *err)
{
    if (l->expected)
        return xg_fail(err, XG_FORMAT, "line %zu: \"%s\" is missing or wrong",
                       l->number, l->expected);
    if (l->rest.len > 0)
        return xg_fail(err, XG_FORMAT, "line %zu: one line too many",
                       l->number + 1);
    return XG_OK;
}
