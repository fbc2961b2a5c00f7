/* cbor.c - see cbor.h.
 *
 * The checker walks with a stack of its own, one frame an open array or map,
 * so that depth is bounded by an array and not by recursion. A count of items
 * is held against the bytes that are left before it is believed.
 */
#include "shared/core/cbor.h"

#include <assert.h>
#include <string.h>

enum {
    MAJOR_UINT,
    MAJOR_NINT,
    MAJOR_BYTES,
    MAJOR_TEXT,
    MAJOR_ARRAY,
    MAJOR_MAP,
    MAJOR_TAG,
    MAJOR_SIMPLE,
};

enum { SIMPLE_FALSE = 20, SIMPLE_TRUE, SIMPLE_NULL };

struct head {
    unsigned major;
    size_t size; /* of the head alone, 1..9 */
    uint64_t value;
};

/* An array or map that is being checked. */
struct frame {
    uint64_t left; /* items still to end; a pair is two */
    bool map;
    const uint8_t *key_start;
    struct xg_bytes last_key;
};

static const char CUT_OFF[] = "cut off";

/* ---- heads ---- */

static uint64_t load_argument(const uint8_t *at, size_t size)
{
    switch (size) {
    case 1:
        return at[0];
    case 2:
        return xg_load_u16(at);
    case 4:
        return xg_load_u32(at);
    default:
        return xg_load_u64(at);
    }
}

/* The head of checked bytes. */
static struct head get_head(const uint8_t *at)
{
    unsigned info = at[0] & 31U;
    struct head h = {at[0] >> 5, 1, info};

    if (info >= 24) {
        size_t size = (size_t)1 << (info - 24);
        h.value = load_argument(at + 1, size);
        h.size += size;
    }
    return h;
}

static const char *check_simple(unsigned info)
{
    if (info >= SIMPLE_FALSE && info <= SIMPLE_NULL)
        return NULL;
    if (info >= 25 && info <= 27)
        return "a float is not allowed";
    return info == 31 ? "a break is not allowed"
                      : "this simple value is not allowed";
}

/* Read a head from unchecked bytes; NULL, or what is wrong with it. */
static const char *check_head(struct head *h, const uint8_t *at, size_t left)
{
    static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};

    if (left == 0)
        return CUT_OFF;
    unsigned major = at[0] >> 5, info = at[0] & 31U;
    if (major == MAJOR_TAG)
        return "a tag is not allowed";
    if (major == MAJOR_SIMPLE) {
        *h = (struct head){major, 1, info};
        return check_simple(info);
    }
    if (info > 27)
        return info == 31 ? "an indefinite length is not allowed"
                          : "a reserved length";
    if (info >= 24 && left - 1 < (size_t)1 << (info - 24))
        return CUT_OFF;
    *h = get_head(at);
    if (info >= 24 && h->value < least[info - 24])
        return "not the shortest form";
    if (major == MAJOR_NINT && h->value > INT64_MAX)
        return "an integer below -2^63";
    return NULL;
}

/* ---- checking ---- */

static bool is_container(const struct head *h)
{
    return h->major == MAJOR_ARRAY || h->major == MAJOR_MAP;
}

/* Bytes of content that follow this head before the next one. */
static uint64_t content_size(const struct head *h)
{
    bool string = h->major == MAJOR_BYTES || h->major == MAJOR_TEXT;

    return string ? h->value : 0;
}

/* Items inside; twice the pairs of a map. The count is known to be sane. */
static uint64_t items_inside(const struct head *h)
{
    if (!is_container(h))
        return 0;
    return h->major == MAJOR_MAP ? 2 * h->value : h->value;
}

/* Can what the head promises be there in `left` bytes, and is a text one? */
static const char *check_content(const struct head *h, const uint8_t *at,
                                 size_t left)
{
    if (content_size(h) > left)
        return CUT_OFF;
    if (h->major == MAJOR_ARRAY && h->value > left)
        return CUT_OFF; /* an item takes at least a byte */
    if (h->major == MAJOR_MAP && h->value > left / 2)
        return CUT_OFF;
    if (h->major == MAJOR_TEXT && !xg_utf8_valid(at, (size_t)h->value))
        return "a text that is not valid UTF-8 without U+0000";
    return NULL;
}

/* The item that ends at `end` ends whatever it completes. NULL or what is
 * wrong with the order of a map. */
static const char *end_item(struct frame *stack, size_t *depth,
                            const uint8_t *end)
{
    for (; *depth > 0; --*depth) {
        struct frame *f = &stack[*depth - 1];

        f->left--;
        if (f->map && f->left % 2 == 1) {
            struct xg_bytes key = {f->key_start, (size_t)(end - f->key_start)};
            int order =
                f->last_key.len ? xg_bytes_compare(f->last_key, key) : -1;
            if (order >= 0)
                return order == 0 ? "a key is there twice"
                                  : "keys are not in order";
            f->last_key = key;
        }
        if (f->left > 0)
            break;
    }
    return NULL;
}

static enum xg_status malformed(struct xg_error *err, size_t at,
                                const char *what)
{
    return xg_fail(err, XG_FORMAT, "CBOR at byte %zu: %s", at, what);
}

enum xg_status xg_cbor_check(size_t *size, const uint8_t *data, size_t len,
                             struct xg_error *err)
{
    struct frame stack[XG_CBOR_DEPTH_MAX];
    size_t depth = 0, pos = 0;

    if (len == 0)
        return malformed(err, 0, CUT_OFF);
    do {
        const uint8_t *at = data + pos;
        struct head h = {0};
        const char *wrong = check_head(&h, at, len - pos);

        if (!wrong)
            wrong = check_content(&h, at + h.size, len - pos - h.size);
        if (!wrong && is_container(&h) && depth == XG_CBOR_DEPTH_MAX)
            wrong = "nested too deep";
        if (wrong)
            return malformed(err, pos, wrong);

        if (depth > 0 && stack[depth - 1].left % 2 == 0)
            stack[depth - 1].key_start = at; /* heeded in a map alone */
        pos += h.size + (size_t)content_size(&h);
        if (items_inside(&h) > 0) {
            stack[depth++] = (struct frame){.left = items_inside(&h),
                                            .map = h.major == MAJOR_MAP};
            continue;
        }
        wrong = end_item(stack, &depth, data + pos);
        if (wrong)
            return malformed(err, (size_t)(at - data), wrong);
    } while (depth > 0);

    *size = pos;
    return XG_OK;
}

/* ---- cursors over checked bytes ---- */

/* The first byte after the item at `at`. */
static const uint8_t *skip(const uint8_t *at)
{
    uint64_t pending = 1;

    while (pending > 0) {
        struct head h = get_head(at);
        at += h.size + content_size(&h);
        pending += items_inside(&h) - 1;
    }
    return at;
}

static enum xg_cbor_type type_of(const struct head *h)
{
    static const enum xg_cbor_type types[] = {
        [MAJOR_UINT] = XG_CBOR_UINT,   [MAJOR_NINT] = XG_CBOR_NINT,
        [MAJOR_BYTES] = XG_CBOR_BYTES, [MAJOR_TEXT] = XG_CBOR_TEXT,
        [MAJOR_ARRAY] = XG_CBOR_ARRAY, [MAJOR_MAP] = XG_CBOR_MAP,
    };

    if (h->major == MAJOR_SIMPLE)
        return h->value == SIMPLE_NULL ? XG_CBOR_NULL : XG_CBOR_BOOL;
    assert(h->major < sizeof types / sizeof *types);
    return types[h->major];
}

/* Look at the item at the cursor; returns its first byte after the head. */
static const uint8_t *look(const uint8_t *at, struct xg_cbor_item *item)
{
    struct head h = get_head(at);
    const uint8_t *content = at + h.size;

    *item = (struct xg_cbor_item){.type = type_of(&h), .number = h.value};
    if (item->type == XG_CBOR_BOOL)
        item->number = h.value == SIMPLE_TRUE;
    if (item->type == XG_CBOR_NULL)
        item->number = 0;
    if (item->type == XG_CBOR_BYTES || item->type == XG_CBOR_TEXT)
        item->bytes = xg_bytes(content, (size_t)h.value);
    item->raw = xg_bytes(at, (size_t)(skip(at) - at));
    return content + item->bytes.len;
}

bool xg_cbor_next(struct xg_cbor *c, struct xg_cbor_item *item)
{
    if (c->at >= c->end)
        return false;
    look(c->at, item);
    c->at += item->raw.len;
    assert(c->at <= c->end);
    return true;
}

bool xg_cbor_enter(struct xg_cbor *c, struct xg_cbor_item *item)
{
    if (c->at >= c->end)
        return false;
    c->at = look(c->at, item);
    assert(c->at <= c->end);
    return true;
}

struct xg_cbor xg_cbor_inside(const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_over(item->raw);

    if (item->type == XG_CBOR_ARRAY || item->type == XG_CBOR_MAP)
        c.at += get_head(c.at).size;
    else
        c.at = c.end;
    return c;
}

bool xg_cbor_int(const struct xg_cbor_item *item, int64_t *value)
{
    if (item->number > INT64_MAX)
        return false;
    if (item->type == XG_CBOR_UINT)
        *value = (int64_t)item->number;
    else if (item->type == XG_CBOR_NINT)
        *value = -1 - (int64_t)item->number;
    else
        return false;
    return true;
}

bool xg_cbor_text(char *out, size_t size, const struct xg_cbor_item *item)
{
    bool fits = item->type == XG_CBOR_TEXT && item->bytes.len < size;
    size_t len = fits ? item->bytes.len : 0;

    if (len)
        memcpy(out, item->bytes.at, len);
    out[len] = '\0';
    return fits;
}

/* ---- writing ---- */

static void put_head(struct xg_buf *out, unsigned major, uint64_t value)
{
    uint8_t raw[9];
    size_t size = 0;
    unsigned info = (unsigned)value;

    if (value > UINT32_MAX) {
        xg_store_u64(raw + 1, value);
        size = 8;
        info = 27;
    } else if (value > UINT16_MAX) {
        xg_store_u32(raw + 1, (uint32_t)value);
        size = 4;
        info = 26;
    } else if (value > UINT8_MAX) {
        xg_store_u16(raw + 1, (uint16_t)value);
        size = 2;
        info = 25;
    } else if (value >= 24) {
        raw[1] = (uint8_t)value;
        size = 1;
        info = 24;
    }
    raw[0] = (uint8_t)(major << 5 | info);
    xg_buf_append(out, raw, 1 + size);
}

void xg_cbor_put_uint(struct xg_buf *out, uint64_t value)
{
    put_head(out, MAJOR_UINT, value);
}

void xg_cbor_put_int(struct xg_buf *out, int64_t value)
{
    if (value < 0)
        put_head(out, MAJOR_NINT, (uint64_t)(-1 - value));
    else
        put_head(out, MAJOR_UINT, (uint64_t)value);
}

void xg_cbor_put_bytes(struct xg_buf *out, const void *data, size_t len)
{
    put_head(out, MAJOR_BYTES, len);
    xg_buf_append(out, data, len);
}

void xg_cbor_put_text(struct xg_buf *out, const char *text, size_t len)
{
    put_head(out, MAJOR_TEXT, len);
    xg_buf_append(out, text, len);
}

void xg_cbor_put_bool(struct xg_buf *out, bool value)
{
    put_head(out, MAJOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void xg_cbor_put_null(struct xg_buf *out)
{
    put_head(out, MAJOR_SIMPLE, SIMPLE_NULL);
}

void xg_cbor_put_array(struct xg_buf *out, uint64_t items)
{
    put_head(out, MAJOR_ARRAY, items);
}

void xg_cbor_put_map(struct xg_buf *out, uint64_t pairs)
{
    put_head(out, MAJOR_MAP, pairs);
}
