/* csv.c - CSV in whatever encoding it came, by libcsv; see sheet.h. */
#include <csv.h>
#include <string.h>

#include "server/sheet/sheet.h"
#include "shared/core/cbor.h"

/* ---- to UTF-8 ---- */

enum { PIECE = 64 << 10 };

static enum sheet_answer convert(struct xg_buf *out, iconv_t with,
                                 struct xg_bytes from)
{
    char piece[PIECE];
    /* iconv reads by a pointer to what it does not change. */
    char *in = (char *)(uintptr_t)from.at;
    size_t left = from.len;

    iconv(with, NULL, NULL, NULL, NULL);
    while (left > 0) {
        char *to = piece;
        size_t room = sizeof piece, before = left;
        size_t n = iconv(with, &in, &left, &to, &room);
        xg_buf_append(out, piece, sizeof piece - room);
        if (out->failed != XG_OK)
            return out->failed == XG_TOOBIG ? SHEET_TOO_LARGE : SHEET_NO_MEMORY;
        if (n == (size_t)-1 && left == before)
            return SHEET_NOT_TEXT;
    }
    return SHEET_FINE;
}

static bool starts(struct xg_bytes b, const char *mark, size_t len)
{
    return b.len >= len && memcmp(b.at, mark, len) == 0;
}

static struct xg_bytes from(struct xg_bytes b, size_t skip)
{
    return xg_bytes(b.at + skip, b.len - skip);
}

static bool has_zero(struct xg_bytes b)
{
    return b.len > 0 && memchr(b.at, 0, b.len);
}

/* `converted` holds it where it was something else than UTF-8. */
static enum sheet_answer to_utf8(struct xg_bytes *text,
                                 struct xg_buf *converted, struct xg_bytes file,
                                 const struct sheet_tools *tools)
{
    enum sheet_answer answer;

    *text = file;
    if (starts(file, "\xEF\xBB\xBF", 3))
        *text = from(file, 3);
    if (!has_zero(*text) && xg_utf8_valid(text->at, text->len))
        return SHEET_FINE;
    if (starts(file, "\xFF\xFE", 2))
        answer = convert(converted, tools->utf16le, from(file, 2));
    else if (starts(file, "\xFE\xFF", 2))
        answer = convert(converted, tools->utf16be, from(file, 2));
    else
        answer = convert(converted, tools->gb18030, file);
    *text = xg_buf_bytes(converted);
    /* GB18030 makes something of almost any bytes. */
    if (answer == SHEET_FINE && has_zero(*text))
        return SHEET_NOT_TEXT;
    return answer;
}

/* One kind of line end: libcsv takes two bytes for two. */
static enum sheet_answer with_lines(struct xg_buf *out, struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\r')
            xg_buf_byte(out, text.at[i]);
        else if (i + 1 == text.len || text.at[i + 1] != '\n')
            xg_buf_byte(out, '\n');
    return out->failed == XG_OK       ? SHEET_FINE
           : out->failed == XG_TOOBIG ? SHEET_TOO_LARGE
                                      : SHEET_NO_MEMORY;
}

/* ---- rows ---- */

struct reading {
    struct sheet_writer *w;
    enum sheet_answer answer;
    uint32_t row, column;
};

static void on_cell(void *data, size_t len, void *ctx)
{
    struct reading *r = ctx;

    if (r->answer == SHEET_FINE)
        r->answer =
            sheet_put(r->w, r->row, r->column, xg_bytes(len ? data : "", len));
    r->column++;
}

static void on_row(int end, void *ctx)
{
    struct reading *r = ctx;

    (void)end;
    r->row++;
    r->column = 0;
}

/* The one that the first line has more of: exports of some hotlines have tabs
 * or semicolons. */
static unsigned char delimiter_of(struct xg_bytes text)
{
    size_t counts[3] = {0, 0, 0};
    static const char KINDS[] = ",\t;";
    bool quoted = false;

    for (size_t i = 0; i < text.len && (quoted || text.at[i] != '\n'); i++) {
        const char *kind = text.at[i] ? strchr(KINDS, text.at[i]) : NULL;
        quoted ^= text.at[i] == '"';
        if (kind && !quoted)
            counts[kind - KINDS]++;
    }
    size_t best = counts[1] > counts[0] ? 1 : 0;
    return (unsigned char)KINDS[counts[2] > counts[best] ? 2 : best];
}

enum sheet_answer sheet_from_csv(struct sheet_writer *w, struct xg_bytes file,
                                 const struct sheet_tools *tools)
{
    struct xg_buf converted = XG_BUF(4 * SHEET_OUTPUT_MAX);
    struct xg_buf lines = XG_BUF(4 * SHEET_OUTPUT_MAX);
    struct reading r = {.w = w};
    struct csv_parser parser;
    struct xg_bytes text;

    r.answer = to_utf8(&text, &converted, file, tools);
    if (r.answer == SHEET_FINE)
        r.answer = with_lines(&lines, text);
    if (r.answer == SHEET_FINE && csv_init(&parser, CSV_REPALL_NL) != 0)
        r.answer = SHEET_NO_MEMORY;
    if (r.answer == SHEET_FINE) {
        text = xg_buf_bytes(&lines);
        csv_set_delim(&parser, delimiter_of(text));
        if (csv_parse(&parser, text.at, text.len, on_cell, on_row, &r) !=
                text.len ||
            csv_fini(&parser, on_cell, on_row, &r) != 0)
            r.answer = r.answer == SHEET_FINE ? SHEET_DAMAGED : r.answer;
        csv_free(&parser);
    }
    xg_buf_clear(&converted);
    xg_buf_clear(&lines);
    return r.answer;
}
