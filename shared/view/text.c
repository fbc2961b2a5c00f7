/* text.c - see text.h. */
#include "shared/view/text.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/lang.h"

/* ---- characters ---- */

struct range {
    uint32_t first, last;
};

/* East_Asian_Width W and F of Unicode 15, neighbours with unassigned code
 * points between them joined. */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},
    {0x23E9, 0x23EC},   {0x23F0, 0x23F0},   {0x23F3, 0x23F3},
    {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},
    {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},
    {0x26CE, 0x26CE},   {0x26D4, 0x26D4},   {0x26EA, 0x26EA},
    {0x26F2, 0x26F3},   {0x26F5, 0x26F5},   {0x26FA, 0x26FA},
    {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x274E, 0x274E},
    {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27B0, 0x27B0},   {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},
    {0x2B50, 0x2B50},   {0x2B55, 0x2B55},   {0x2E80, 0x303E},
    {0x3041, 0x3247},   {0x3250, 0x4DBF},   {0x4E00, 0xA4C6},
    {0xA960, 0xA97C},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE10, 0xFE19},   {0xFE30, 0xFE6B},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x16FE0, 0x1B2FB}, {0x1F004, 0x1F004},
    {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A},
    {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C},
    {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3},
    {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E},
    {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D},
    {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567}, {0x1F57A, 0x1F57A},
    {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F},
    {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2},
    {0x1F6D5, 0x1F6DF}, {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC},
    {0x1F7E0, 0x1F7F0}, {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945},
    {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

/* The blocks of combining marks and the joiners that take no column. */
static const struct range narrow[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489},   {0x0591, 0x05BD},   {0x0610, 0x061A},
    {0x064B, 0x065F}, {0x1AB0, 0x1AFF},   {0x1DC0, 0x1DFF},   {0x200C, 0x200D},
    {0x20D0, 0x20FF}, {0x302A, 0x302D},   {0x3099, 0x309A},   {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF}, {0xE0100, 0xE01EF},
};

/* What could steer a terminal, reorder a line, or stand there unseen. */
static const struct range steering[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD}, {0x061C, 0x061C},
    {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180E, 0x180E}, {0x200B, 0x200B},
    {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
    {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE007F},
};

#define WITHIN(table, code) within(table, sizeof(table) / sizeof *(table), code)

static bool within(const struct range *ranges, size_t n, uint32_t code)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (code > ranges[mid].last)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && code >= ranges[low].first;
}

bool view_steers(uint32_t code)
{
    return WITHIN(steering, code);
}

size_t view_decode(uint32_t *code, struct xg_bytes text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text.at[0];
    size_t len = first < 0x80             ? 1
                 : (first & 0xE0) == 0xC0 ? 2
                 : (first & 0xF0) == 0xE0 ? 3
                 : (first & 0xF8) == 0xF0 ? 4
                                          : 0;

    *code = VIEW_NO_CHARACTER;
    if (len == 0 || len > text.len)
        return 1;
    uint32_t c = len == 1 ? first : first & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((text.at[i] & 0xC0) != 0x80)
            return 1;
        c = c << 6 | (text.at[i] & 0x3F);
    }
    if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 1;
    *code = c;
    return len;
}

static unsigned columns_of(uint32_t code)
{
    if (code < 0x300 || code == VIEW_NO_CHARACTER)
        return 1;
    if (WITHIN(narrow, code))
        return 0;
    return WITHIN(wide, code) ? 2 : 1;
}

size_t view_width(struct xg_bytes text)
{
    size_t width = 0;
    uint32_t code;

    while (text.len) {
        size_t n = view_decode(&code, text);
        width += columns_of(code);
        text = xg_bytes(text.at + n, text.len - n);
    }
    return width;
}

static bool is_space(uint32_t code)
{
    return code == ' ' || code == '\t' || code == '\n' || code == '\r';
}

static void put_character(struct xg_buf *out, uint32_t code, const uint8_t *at,
                          size_t len)
{
    if (code == VIEW_NO_CHARACTER || view_steers(code))
        xg_buf_text(out, "\xEF\xBF\xBD");
    else
        xg_buf_append(out, at, len);
}

void view_put_line(struct xg_buf *out, struct xg_bytes text)
{
    size_t start = out->len;
    bool space = false;
    uint32_t code;

    while (text.len) {
        size_t n = view_decode(&code, text);
        if (is_space(code)) {
            space = true;
        } else {
            if (space && out->len > start)
                xg_buf_byte(out, ' ');
            space = false;
            put_character(out, code, text.at, n);
        }
        text = xg_bytes(text.at + n, text.len - n);
    }
}

void view_put_block(struct xg_buf *out, struct xg_bytes text, unsigned indent)
{
    uint32_t code;

    while (text.len) {
        size_t n = view_decode(&code, text);
        if (code == '\n') {
            xg_buf_format(out, "\n%*s", (int)indent, "");
        } else if (code == '\r' && text.len > 1 && text.at[1] == '\n') {
            ; /* the new line follows */
        } else if (code == '\t') {
            xg_buf_byte(out, ' ');
        } else {
            put_character(out, code, text.at, n);
        }
        text = xg_bytes(text.at + n, text.len - n);
    }
}

/* What was appended since; a buffer that nothing came into has no bytes. */
static struct xg_bytes since(const struct xg_buf *out, size_t start)
{
    if (!out->data)
        return xg_bytes(NULL, 0);
    return xg_bytes(out->data + start, out->len - start);
}

void view_pad(struct xg_buf *out, size_t start, unsigned columns)
{
    if (out->failed != XG_OK)
        return;
    size_t width = view_width(since(out, start));
    if (width < columns)
        xg_buf_format(out, "%*s", (int)(columns - width), "");
}

void view_put_cut(struct xg_buf *out, struct xg_bytes text, unsigned columns)
{
    size_t start = out->len, at = start, width = 0;
    uint32_t code;

    view_put_line(out, text);
    if (out->failed != XG_OK)
        return;
    if (view_width(since(out, start)) > columns) {
        while (at < out->len) {
            size_t n =
                view_decode(&code, xg_bytes(out->data + at, out->len - at));
            if (width + columns_of(code) > columns - 1)
                break;
            width += columns_of(code);
            at += n;
        }
        out->len = at;
        xg_buf_text(out, "…");
    }
}

void view_put_column(struct xg_buf *out, struct xg_bytes text, unsigned columns)
{
    size_t start = out->len;

    view_put_cut(out, text, columns);
    if (out->failed == XG_OK)
        view_pad(out, start, columns);
}

/* ---- numbers ---- */

void view_put_decimal(struct xg_buf *out, int64_t value, unsigned digits)
{
    char text[24];
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int n = snprintf(text, sizeof text, "%0*" PRIu64, (int)digits + 1, rest);
    size_t point = (size_t)n - digits, end = (size_t)n;

    while (end > point && text[end - 1] == '0')
        end--;
    if (value < 0)
        xg_buf_byte(out, '-');
    xg_buf_append(out, text, point);
    if (end > point) {
        xg_buf_byte(out, '.');
        xg_buf_append(out, text + point, end - point);
    }
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

bool view_parse_decimal(int64_t *value, const char *text, size_t len,
                        unsigned digits)
{
    size_t i = 0, seen = 0;
    int64_t sum = 0;
    unsigned after = 0;
    bool negative = false, point = false, up = false;

    if (i < len && (text[i] == '-' || text[i] == '+'))
        negative = text[i++] == '-';
    for (; i < len; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (!digit(text[i]))
            return false;
        seen++;
        if (point && after == digits) { /* one more decides the rounding */
            up = text[i] >= '5';
            after++;
        } else if (!point || after < digits) {
            int64_t unit = text[i] - '0';
            if (sum > (INT64_MAX - unit) / 10)
                return false;
            sum = sum * 10 + unit;
            after += point;
        }
    }
    for (; after < digits; after++) {
        if (sum > INT64_MAX / 10)
            return false;
        sum *= 10;
    }
    if (seen == 0 || (up && sum == INT64_MAX))
        return false;
    sum += up;
    *value = negative ? -sum : sum;
    return true;
}

/* ---- did you mean ---- */

enum { EDIT_MAX = 64 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The first characters, ASCII letters in lower case. */
static size_t characters(uint32_t out[static EDIT_MAX], const char *text)
{
    struct xg_bytes left = xg_bytes_of(text);
    size_t n = 0;

    while (left.len && n < EDIT_MAX) {
        uint32_t code;
        size_t taken = view_decode(&code, left);
        left = xg_bytes(left.at + taken, left.len - taken);
        out[n++] = code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
    }
    return n;
}

unsigned view_edits(const char *a, const char *b)
{
    unsigned rows[3][EDIT_MAX + 1];
    uint32_t x[EDIT_MAX], y[EDIT_MAX];
    size_t m = characters(x, a), n = characters(y, b);

    for (unsigned j = 0; j <= n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        unsigned *row = rows[i % 3], *up = rows[(i + 2) % 3];
        const unsigned *upper = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(least(up[j], row[j - 1]) + 1,
                           up[j - 1] + (x[i - 1] != y[j - 1]));
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                row[j] = least(row[j], upper[j - 2] + 1);
        }
    }
    return rows[m % 3][n];
}

bool view_nearer(unsigned *edits, const char *typed, const char *word)
{
    unsigned now = view_edits(typed, word), length = view_edits("", word);

    if (now >= *edits || now >= length || (length <= 2 && now > 1))
        return false;
    *edits = now;
    return true;
}
/* ---- bytes ---- */

const char *view_size_text(char out[static VIEW_SIZE_TEXT], uint64_t bytes)
{
    static const struct {
        uint64_t unit;
        const char *name;
    } units[] = {{1000 * 1000 * 1000, "GB"}, {1000 * 1000, "MB"}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (bytes >= units[i].unit) {
            uint64_t tenths = bytes / (units[i].unit / 10);
            snprintf(out, VIEW_SIZE_TEXT, "%" PRIu64 ".%" PRIu64 " %s",
                     tenths / 10, tenths % 10, units[i].name);
            return out;
        }
    if (bytes < 1000)
        snprintf(out, VIEW_SIZE_TEXT, "%" PRIu64 " B", bytes);
    else
        snprintf(out, VIEW_SIZE_TEXT, "%" PRIu64 " KB", bytes / 1000);
    return out;
}

void view_put_size(struct xg_buf *out, uint64_t bytes)
{
    char text[VIEW_SIZE_TEXT];

    xg_buf_text(out, view_size_text(text, bytes));
}

void view_put_grouped(struct xg_buf *out, uint64_t number)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, number);

    for (int i = 0; i < n; i++)
        xg_buf_format(out, "%s%c", i && (n - i) % 3 == 0 ? "," : "", digits[i]);
}
