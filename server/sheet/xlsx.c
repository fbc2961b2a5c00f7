/* xlsx.c - one sheet of a workbook, by libarchive and expat; see sheet.h.
 *
 * The parts of a workbook lie in the archive in any order and name each other,
 * so it is gone through once for each: the workbook (which sheets there are),
 * its relations (where they lie), styles (which of them are dates), shared
 * strings, and the sheet.
 */
#include <archive.h>
#include <archive_entry.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/sheet/sheet.h"

enum {
    NAME_SIZE = 256,
    STYLES_MAX = 65536,
    FORMATS_MAX = 4096,
    DEPTH_MAX = 64,
    FIRST_OWN_FORMAT = 164,
    NO_COLUMN = SHEET_COLUMNS_MAX,
};

struct book;

/* What is done with a part. Names come without their prefix. */
struct part {
    void (*begin)(struct book *b, const char *name, const char **attributes);
    void (*end)(struct book *b, const char *name);
};

struct book {
    struct sheet_writer *w;
    struct xg_bytes file;
    const char *which;
    unsigned long salt;
    XML_Parser parser;
    const struct part *part;
    enum sheet_answer answer;
    size_t depth;

    /* workbook */
    bool from_1904;
    unsigned sheets;
    char relation[NAME_SIZE], path[NAME_SIZE];
    /* styles */
    bool in_formats;
    bool dates[STYLES_MAX]; /* by style */
    size_t style_count;
    bool own_dates[FORMATS_MAX]; /* by format, from FIRST_OWN_FORMAT */
    /* shared strings, one after another */
    struct xg_buf texts;
    size_t *ends;
    size_t text_count, text_room;
    /* the sheet, and the texts in it and in the shared strings */
    bool takes_text, phonetic;
    struct xg_buf text;
    uint32_t row, column;
    size_t style;
    char type;
};

static void stop(struct book *b, enum sheet_answer why)
{
    if (b->answer == SHEET_FINE)
        b->answer = why;
    XML_StopParser(b->parser, XML_FALSE);
}

static const char *bare(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon ? colon + 1 : name;
}

static bool is(const char *name, const char *wanted)
{
    return strcmp(name, wanted) == 0;
}

/* Its value, or "". */
static const char *attribute(const char **attributes, const char *wanted)
{
    for (size_t i = 0; attributes[i]; i += 2)
        if (is(bare(attributes[i]), wanted))
            return attributes[i + 1];
    return "";
}

/* Decimal digits up to `most`; else `otherwise`. */
static size_t number_of(const char *text, size_t most, size_t otherwise)
{
    size_t value = 0;

    if (!*text)
        return otherwise;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return otherwise;
        value = value * 10 + (size_t)(*text - '0');
        if (value > most)
            return otherwise;
    }
    return value;
}

static bool yes(const char *text)
{
    return is(text, "1") || is(text, "true");
}

/* ---- parts ---- */

static void on_begin(void *ctx, const char *name, const char **attributes)
{
    struct book *b = ctx;

    if (++b->depth > DEPTH_MAX)
        stop(b, SHEET_DAMAGED);
    else if (b->part->begin)
        b->part->begin(b, bare(name), attributes);
}

static void on_end(void *ctx, const char *name)
{
    struct book *b = ctx;

    b->depth--;
    if (b->part->end && b->answer == SHEET_FINE)
        b->part->end(b, bare(name));
}

static void on_text(void *ctx, const char *text, int len)
{
    struct book *b = ctx;

    if (!b->takes_text || b->phonetic)
        return;
    xg_buf_append(&b->text, text, (size_t)len);
    if (b->text.failed != XG_OK)
        stop(b,
             b->text.failed == XG_TOOBIG ? SHEET_TOO_LARGE : SHEET_NO_MEMORY);
}

static void on_doctype(void *ctx, const char *name, const char *system,
                       const char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(ctx, SHEET_ENTITIES);
}

static bool parser_begin(struct book *b, const struct part *part)
{
    b->parser = XML_ParserCreate(NULL);
    if (!b->parser)
        return false;
    b->part = part;
    b->depth = 0;
    b->takes_text = b->phonetic = false;
    xg_buf_reset(&b->text);
    XML_SetHashSalt(b->parser, b->salt);
    XML_SetUserData(b->parser, b);
    XML_SetElementHandler(b->parser, on_begin, on_end);
    XML_SetCharacterDataHandler(b->parser, on_text);
    XML_SetStartDoctypeDeclHandler(b->parser, on_doctype);
    return true;
}

/* The entry that is read now, through the parser. */
static enum sheet_answer pour(struct book *b, struct archive *a)
{
    uint64_t inflated = 0;

    for (;;) {
        const void *data;
        size_t len;
        la_int64_t offset;
        int got = archive_read_data_block(a, &data, &len, &offset);
        if (got != ARCHIVE_OK && got != ARCHIVE_EOF)
            return SHEET_DAMAGED;
        inflated += got == ARCHIVE_EOF ? 0 : len;
        if (inflated > SHEET_PART_MAX || len > INT32_MAX)
            return SHEET_TOO_LARGE;
        enum XML_Status read = got == ARCHIVE_EOF
                                   ? XML_Parse(b->parser, "", 0, 1)
                                   : XML_Parse(b->parser, data, (int)len, 0);
        if (b->answer != SHEET_FINE)
            return b->answer;
        if (read != XML_STATUS_OK)
            return XML_GetErrorCode(b->parser) == XML_ERROR_NO_MEMORY
                       ? SHEET_NO_MEMORY
                       : SHEET_DAMAGED;
        if (got == ARCHIVE_EOF)
            return SHEET_FINE;
    }
}

static enum sheet_answer find_entry(struct archive *a, const char *path)
{
    struct archive_entry *entry;

    for (size_t i = 0; i < SHEET_ENTRIES_MAX; i++) {
        int got = archive_read_next_header(a, &entry);
        if (got == ARCHIVE_EOF)
            return SHEET_NO_BOOK;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return SHEET_DAMAGED;
        const char *name = archive_entry_pathname(entry);
        if (name && is(name, path))
            return archive_entry_is_encrypted(entry) ? SHEET_OLD : SHEET_FINE;
    }
    return SHEET_TOO_LARGE;
}

/* SHEET_NO_BOOK: there is no such part. */
static enum sheet_answer read_part(struct book *b, const char *path,
                                   const struct part *part)
{
    struct archive *a = archive_read_new();
    enum sheet_answer answer = SHEET_NO_MEMORY;

    if (!a)
        return answer;
    if (archive_read_support_format_zip_seekable(a) == ARCHIVE_OK) {
        answer =
            archive_read_open_memory(a, b->file.at, b->file.len) == ARCHIVE_OK
                ? find_entry(a, path)
                : SHEET_DAMAGED;
        if (answer == SHEET_FINE)
            answer = parser_begin(b, part) ? pour(b, a) : SHEET_NO_MEMORY;
    }
    if (b->parser)
        XML_ParserFree(b->parser);
    b->parser = NULL;
    archive_read_free(a);
    return answer;
}

/* ---- the workbook: which sheet ---- */

static void book_begin(struct book *b, const char *name,
                       const char **attributes)
{
    char number[16];

    if (is(name, "workbookPr"))
        b->from_1904 = yes(attribute(attributes, "date1904"));
    if (!is(name, "sheet"))
        return;
    snprintf(number, sizeof number, "%u", ++b->sheets);
    if (!*b->relation &&
        (!*b->which || is(b->which, attribute(attributes, "name")) ||
         is(b->which, number)))
        snprintf(b->relation, sizeof b->relation, "%s",
                 attribute(attributes, "id"));
}

static void relation_begin(struct book *b, const char *name,
                           const char **attributes)
{
    const char *target = attribute(attributes, "Target");

    if (!is(name, "Relationship") ||
        !is(attribute(attributes, "Id"), b->relation))
        return;
    snprintf(b->path, sizeof b->path, "%s%s", *target == '/' ? "" : "xl/",
             *target == '/' ? target + 1 : target);
}

/* ---- styles: which are dates ---- */

/* Has it a year, month, day, hour or second outside of quotes and brackets? */
static bool shows_date(const char *format)
{
    for (; *format; format++) {
        if (*format == '"' || *format == '[') {
            char end = '"';
            if (*format == '[')
                end = ']';
            const char *after = strchr(format + 1, end);
            if (!after)
                return false;
            format = after;
        } else if (*format == '\\' || *format == '_' || *format == '*') {
            if (!*++format)
                return false;
        } else if (strchr("yYmMdDhHsS", *format)) {
            return true;
        } else if (strncmp(format, "General", 7) == 0) {
            return false;
        }
    }
    return false;
}

static bool is_date_format(const struct book *b, size_t id)
{
    if (id >= FIRST_OWN_FORMAT)
        return id - FIRST_OWN_FORMAT < FORMATS_MAX &&
               b->own_dates[id - FIRST_OWN_FORMAT];
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) ||
           (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

static void styles_begin(struct book *b, const char *name,
                         const char **attributes)
{
    if (is(name, "numFmt")) {
        size_t id = number_of(attribute(attributes, "numFmtId"),
                              FIRST_OWN_FORMAT + FORMATS_MAX - 1, 0);
        if (id >= FIRST_OWN_FORMAT)
            b->own_dates[id - FIRST_OWN_FORMAT] =
                shows_date(attribute(attributes, "formatCode"));
    } else if (is(name, "cellXfs")) {
        b->in_formats = true;
    } else if (is(name, "xf") && b->in_formats && b->style_count < STYLES_MAX) {
        b->dates[b->style_count++] = is_date_format(
            b, number_of(attribute(attributes, "numFmtId"), UINT16_MAX, 0));
    }
}

static void styles_end(struct book *b, const char *name)
{
    if (is(name, "cellXfs"))
        b->in_formats = false;
}

/* ---- shared strings ---- */

/* The text of a string is all its <t>, but those that say how it is read. */
static void text_begin(struct book *b, const char *name)
{
    if (is(name, "rPh"))
        b->phonetic = true;
    else if (is(name, "t"))
        b->takes_text = true;
}

static void text_end(struct book *b, const char *name)
{
    if (is(name, "rPh"))
        b->phonetic = false;
    else if (is(name, "t"))
        b->takes_text = false;
}

static void strings_begin(struct book *b, const char *name,
                          const char **attributes)
{
    (void)attributes;
    if (is(name, "si"))
        xg_buf_reset(&b->text);
    text_begin(b, name);
}

static void strings_end(struct book *b, const char *name)
{
    text_end(b, name);
    if (!is(name, "si"))
        return;
    if (b->text_count == b->text_room) {
        size_t room = b->text_room ? 2 * b->text_room : 256;
        size_t *more = realloc(b->ends, room * sizeof *more);
        if (!more) {
            stop(b, SHEET_NO_MEMORY);
            return;
        }
        b->ends = more;
        b->text_room = room;
    }
    xg_buf_append(&b->texts, b->text.data, b->text.len);
    if (b->texts.failed != XG_OK)
        stop(b, SHEET_TOO_LARGE);
    b->ends[b->text_count++] = b->texts.len;
}

static bool shared_text(struct xg_bytes *text, const struct book *b,
                        const char *index)
{
    size_t i = number_of(index, b->text_count, b->text_count);

    if (i >= b->text_count)
        return false;
    size_t begin = i ? b->ends[i - 1] : 0;
    *text = xg_bytes(b->texts.data + begin, b->ends[i] - begin);
    return true;
}

/* ---- the sheet ---- */

/* "BC12": column 54. */
static uint32_t column_of(const char *place)
{
    uint32_t column = 0;

    for (; *place >= 'A' && *place <= 'Z'; place++) {
        column = column * 26 + (uint32_t)(*place - 'A') + 1;
        if (column > SHEET_COLUMNS_MAX)
            return NO_COLUMN;
    }
    return column ? column - 1 : NO_COLUMN;
}

static void row_begin(struct book *b, const char **attributes)
{
    const char *place = attribute(attributes, "r");
    size_t row = number_of(place, UINT32_MAX - 1, 0);

    if (*place)
        b->row = (uint32_t)row;
    else
        b->row++;
    b->column = 0;
    if (b->row == 0)
        stop(b, SHEET_DAMAGED);
}

static void cell_begin(struct book *b, const char **attributes)
{
    const char *type = attribute(attributes, "t");
    const char *place = attribute(attributes, "r");

    if (*place)
        b->column = column_of(place);
    b->style = number_of(attribute(attributes, "s"), STYLES_MAX, 0);
    b->type = is(type, "s") ? 's' : !*type || is(type, "n") ? 'n' : 't';
    xg_buf_reset(&b->text);
}

static void cell_end(struct book *b)
{
    char number[SHEET_NUMBER_SIZE];
    struct xg_bytes text = xg_buf_bytes(&b->text);

    if (text.len && b->type == 's' &&
        !shared_text(&text, b, xg_buf_str(&b->text))) {
        stop(b, SHEET_DAMAGED);
        return;
    }
    if (text.len && b->type == 'n') {
        sheet_number(number, xg_buf_str(&b->text),
                     b->style < b->style_count && b->dates[b->style],
                     b->from_1904);
        text = xg_bytes_of(number);
    }
    enum sheet_answer put = sheet_put(b->w, b->row - 1, b->column, text);
    b->column += b->column < NO_COLUMN;
    if (put != SHEET_FINE)
        stop(b, put);
}

static void sheet_begin(struct book *b, const char *name,
                        const char **attributes)
{
    if (is(name, "row"))
        row_begin(b, attributes);
    else if (is(name, "c"))
        cell_begin(b, attributes);
    else if (is(name, "v"))
        b->takes_text = true;
    else
        text_begin(b, name);
}

static void sheet_part_end(struct book *b, const char *name)
{
    if (is(name, "c"))
        cell_end(b);
    else if (is(name, "v"))
        b->takes_text = false;
    else
        text_end(b, name);
}

/* ---- all of it ---- */

/* A part that a workbook may do without. */
static enum sheet_answer read_optional(struct book *b, const char *path,
                                       const struct part *part)
{
    enum sheet_answer answer = read_part(b, path, part);

    return answer == SHEET_NO_BOOK ? SHEET_FINE : answer;
}

static enum sheet_answer read_book(struct book *b)
{
    static const struct part BOOK = {book_begin, NULL};
    static const struct part RELATIONS = {relation_begin, NULL};
    static const struct part STYLES = {styles_begin, styles_end};
    static const struct part STRINGS = {strings_begin, strings_end};
    static const struct part SHEET = {sheet_begin, sheet_part_end};
    enum sheet_answer answer = read_part(b, "xl/workbook.xml", &BOOK);

    if (answer == SHEET_FINE && !*b->relation)
        answer = SHEET_NO_SHEET;
    if (answer == SHEET_FINE)
        answer = read_part(b, "xl/_rels/workbook.xml.rels", &RELATIONS);
    if (answer == SHEET_FINE && !*b->path)
        answer = SHEET_DAMAGED;
    if (answer == SHEET_FINE)
        answer = read_optional(b, "xl/styles.xml", &STYLES);
    if (answer == SHEET_FINE)
        answer = read_optional(b, "xl/sharedStrings.xml", &STRINGS);
    if (answer == SHEET_FINE)
        answer = read_part(b, b->path, &SHEET);
    return answer;
}

enum sheet_answer sheet_from_xlsx(struct sheet_writer *w, struct xg_bytes file,
                                  const char *which,
                                  const struct sheet_tools *tools)
{
    struct book *b = calloc(1, sizeof *b);

    if (!b)
        return SHEET_NO_MEMORY;
    b->w = w;
    b->file = file;
    b->which = which;
    b->salt = tools->salt;
    b->texts = XG_BUF(SHEET_TEXTS_MAX);
    b->text = XG_BUF(2 * SHEET_CELL_MAX);
    enum sheet_answer answer = read_book(b);
    xg_buf_clear(&b->texts);
    xg_buf_clear(&b->text);
    free(b->ends);
    free(b);
    return answer;
}
