/* sheet.c - see sheet.h. */
#define _DEFAULT_SOURCE /* getentropy, setenv */
#include "server/sheet/sheet.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool sheet_prepare(struct sheet_tools *tools)
{
    /* libarchive tells the times of what it reads. */
    setenv("TZ", "UTC0", 1);
    tzset();
    *tools = (struct sheet_tools){
        .gb18030 = iconv_open("UTF-8", "GB18030"),
        .utf16le = iconv_open("UTF-8", "UTF-16LE"),
        .utf16be = iconv_open("UTF-8", "UTF-16BE"),
    };
    if (tools->gb18030 == (iconv_t)-1 || tools->utf16le == (iconv_t)-1 ||
        tools->utf16be == (iconv_t)-1 ||
        getentropy(&tools->salt, sizeof tools->salt) != 0)
        return false;
    tools->salt |= 1; /* not none */
    return true;
}

/* ---- rows ---- */

/* In quotes, always. A new line would end the row's line. */
static void put_quoted(struct xg_buf *out, struct xg_bytes text)
{
    xg_buf_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == '\r' && i + 1 < text.len && text.at[i + 1] == '\n')
            continue;
        if (c == '\n' || c == '\r')
            xg_buf_text(out, "\u2028");
        else if (c == '"')
            xg_buf_text(out, "\"\"");
        else if (c)
            xg_buf_byte(out, c);
    }
    xg_buf_byte(out, '"');
}

static bool is_blank(struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] && !strchr(" \t\r\n", text.at[i]))
            return false;
    return true;
}

enum sheet_answer sheet_put(struct sheet_writer *w, uint32_t row,
                            uint32_t column, struct xg_bytes text)
{
    if (is_blank(text))
        return SHEET_FINE;
    if (row >= SHEET_ROWS_MAX || column >= SHEET_COLUMNS_MAX ||
        text.len > SHEET_CELL_MAX)
        return SHEET_TOO_LARGE;
    if (row < w->row || (row == w->row && column < w->column))
        return SHEET_DAMAGED;
    for (; w->row < row; w->row++) {
        xg_buf_byte(w->out, '\n');
        w->column = 0;
    }
    /* Each cell but the first has a comma before it. */
    for (uint32_t at = w->column ? w->column - 1 : 0; at < column; at++)
        xg_buf_byte(w->out, ',');
    put_quoted(w->out, text);
    w->column = column + 1;
    return w->out->failed == XG_OK ? SHEET_FINE : SHEET_TOO_LARGE;
}

void sheet_end(struct sheet_writer *w)
{
    if (w->column)
        xg_buf_byte(w->out, '\n');
}

/* ---- which it is ---- */

static bool starts(struct xg_bytes b, const char *magic, size_t len)
{
    return b.len >= len && memcmp(b.at, magic, len) == 0;
}

enum sheet_answer sheet_convert(struct xg_buf *out, struct xg_bytes file,
                                const char *which,
                                const struct sheet_tools *tools)
{
    struct sheet_writer w = {.out = out};
    enum sheet_answer answer;

    if (starts(file, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8))
        return SHEET_OLD;
    answer = starts(file, "PK\x03\x04", 4)
                 ? sheet_from_xlsx(&w, file, which, tools)
                 : sheet_from_csv(&w, file, tools);
    if (answer != SHEET_FINE)
        return answer;
    sheet_end(&w);
    return out->failed == XG_OK       ? SHEET_FINE
           : out->failed == XG_TOOBIG ? SHEET_TOO_LARGE
                                      : SHEET_NO_MEMORY;
}
