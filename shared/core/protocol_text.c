/* protocol_text.c - see protocol_text.h. */
#include "shared/core/protocol_text.h"

#include <inttypes.h>

#include "shared/core/text.h"

bool xg_word_name(struct xg_bytes *rest, char *out, size_t max)
{
    struct xg_bytes after = *rest, word;

    if (!xg_word(&after, &word) || word.len > max || !xg_text_key_name(word))
        return false;
    memcpy(out, word.at, word.len);
    out[word.len] = '\0';
    *rest = after;
    return true;
}

void xg_lines_bad(struct xg_lines *l, const char *keyword)
{
    if (!l->expected)
        l->expected = keyword;
}

struct xg_bytes xg_line_words(struct xg_lines *l, const char *keyword)
{
    struct xg_bytes words;

    xg_line_rest(l, keyword, &words);
    return words;
}

void xg_line_name(struct xg_lines *l, const char *keyword, char *out,
                  size_t max)
{
    struct xg_bytes rest = xg_line_words(l, keyword);

    if (!xg_word_name(&rest, out, max) || rest.len > 0) {
        out[0] = '\0';
        xg_lines_bad(l, keyword);
    }
}

void xg_line_log(struct xg_lines *l, struct xg_bytes *origin)
{
    *origin = xg_line_words(l, "log");
    if (origin->len > XG_KEY_NAME_MAX || !xg_text_key_name(*origin)) {
        *origin = xg_bytes(NULL, 0);
        xg_lines_bad(l, "log");
    }
}

void xg_put_hash(struct xg_buf *text, const char *keyword,
                 const struct xg_hash *hash)
{
    xg_buf_format(text, "%s ", keyword);
    xg_buf_base64(text, hash->b, sizeof hash->b);
    xg_buf_byte(text, '\n');
}

void xg_put_log(struct xg_buf *text, struct xg_bytes origin)
{
    xg_buf_text(text, "log ");
    xg_buf_append(text, origin.at, origin.len);
    xg_buf_byte(text, '\n');
}

void xg_put_uint(struct xg_buf *text, const char *keyword, uint64_t value)
{
    xg_buf_format(text, "%s %" PRIu64 "\n", keyword, value);
}
