/* test_cbor.c - the CBOR subset: vectors of RFC 8949 appendix A that are in
 * it, every way of writing that is refused, and a property: whatever is
 * accepted re-encodes to the very same bytes. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/core/cbor.h"

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

/* ---- helpers ---- */

/* Bytes of "82 01 02" in memory of exactly that size, so that the sanitizer
 * sees a read past the end. The caller frees. */
static struct xg_bytes bytes_of_hex(const char *hex)
{
    char digits[512] = "";
    size_t count = 0;

    for (; *hex; hex++)
        if (*hex != ' ')
            digits[count++] = *hex;
    uint8_t *data = malloc(count / 2 + 1);
    assert_true(xg_unhex(data, count / 2, digits, count));
    uint8_t *exact = realloc(data, count / 2 ? count / 2 : 1);
    return xg_bytes(exact ? exact : data, count / 2);
}

static void drop(struct xg_bytes data)
{
    free((void *)(uintptr_t)data.at);
}

static enum xg_status check(size_t *size, struct xg_bytes data)
{
    return xg_cbor_check(size, data.at, data.len, &err);
}

/* The reader as the writer's mirror: put the item at the cursor again. */
static void put_item(struct xg_buf *out, struct xg_cbor *c)
{
    struct xg_cbor_item item;
    struct xg_cbor inside;
    int64_t number;

    assert_true(xg_cbor_next(c, &item));
    switch (item.type) {
    case XG_CBOR_UINT:
        xg_cbor_put_uint(out, item.number);
        break;
    case XG_CBOR_NINT:
        assert_true(xg_cbor_int(&item, &number));
        xg_cbor_put_int(out, number);
        break;
    case XG_CBOR_BYTES:
        xg_cbor_put_bytes(out, item.bytes.at, item.bytes.len);
        break;
    case XG_CBOR_TEXT:
        xg_cbor_put_text(out, (const char *)item.bytes.at, item.bytes.len);
        break;
    case XG_CBOR_ARRAY:
    case XG_CBOR_MAP:
        inside = xg_cbor_inside(&item);
        if (item.type == XG_CBOR_MAP)
            xg_cbor_put_map(out, item.number);
        else
            xg_cbor_put_array(out, item.number);
        while (inside.at < inside.end)
            put_item(out, &inside);
        break;
    case XG_CBOR_BOOL:
        xg_cbor_put_bool(out, item.number);
        break;
    case XG_CBOR_NULL:
        xg_cbor_put_null(out);
        break;
    }
}

static void assert_mirrors(struct xg_buf *out, struct xg_bytes checked)
{
    struct xg_cbor c = xg_cbor_over(checked);

    xg_buf_reset(out);
    put_item(out, &c);
    assert_true(c.at == c.end);
    assert_ok(xg_buf_check(out, &err));
    assert_int_equal(out->len, checked.len);
    assert_memory_equal(out->data, checked.at, checked.len);
}

/* ---- what is accepted ---- */

#define SIG_STRUCTURE                                                          \
    "84 6a5369676e617475726531 45a201270300 40 "                               \
    "54546869732069732074686520636f6e74656e742e"

static const char *const accepted[] = {
    /* RFC 8949 appendix A, as far as it is in the subset */
    "00",
    "01",
    "0a",
    "17",
    "18 18",
    "18 19",
    "18 64",
    "19 03e8",
    "1a 000f4240",
    "1b 000000e8d4a51000",
    "1b ffffffffffffffff",
    "20",
    "29",
    "38 63",
    "39 03e7",
    "f4",
    "f5",
    "f6",
    "40",
    "44 01020304",
    "60",
    "61 61",
    "64 49455446",
    "62 225c",
    "62 c3bc",
    "63 e6b0b4",
    "64 f0908591",
    "80",
    "83 010203",
    "83 01 820203 820405",
    "98 19 0102030405060708090a0b0c0d0e0f101112131415161718181819",
    "a0",
    "a2 0102 0304",
    "a2 6161 01 6162 820203",
    "82 6161 a1 6162 6163",
    "a5 61616141 61626142 61636143 61646144 61656145",
    /* the edges of every length */
    "18 ff",
    "19 0100",
    "19 ffff",
    "1a 00010000",
    "1a ffffffff",
    "1b 0000000100000000",
    "37",
    "38 18",
    "3b 7fffffffffffffff",
    /* section 4.2.1: keys in order of their encodings */
    "a8 0af6 1864f6 20f6 617af6 626161f6 811864f6 8120f6 f4f6",
    /* keys of any type, nested ones among them */
    "a3 a0 00 a1 00 00 00 a1 00 01 00",
    "a3 40 00 41 00 00 41 01 00",
    /* the Sig_structure of cose-wg/Examples eddsa-sig-01 */
    SIG_STRUCTURE,
    /* eight deep */
    "81 81 81 81 81 81 81 80",
    "81 81 81 81 81 81 81 81 01",
    "a1 a1 a1 a1 a1 a1 a1 a0 00 00 00 00 00 00 00",
};

static void accepted_items(void **state)
{
    struct xg_buf out = XG_BUF(1024);

    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct xg_bytes data = bytes_of_hex(accepted[i]);
        size_t size = 0;
        if (check(&size, data) != XG_OK)
            fail_msg("%s: %s", accepted[i], xg_error_text(&err));
        assert_int_equal(size, data.len);
        assert_mirrors(&out, data);
        drop(data);
    }
    xg_buf_clear(&out);
}

static void cut_items_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct xg_bytes data = bytes_of_hex(accepted[i]);
        for (size_t len = 0; len < data.len; len++) {
            uint8_t *cut = malloc(len ? len : 1);
            size_t size = 77;
            memcpy(cut, data.at, len);
            if (check(&size, xg_bytes(cut, len)) != XG_FORMAT)
                fail_msg("%s cut at %zu was not refused", accepted[i], len);
            assert_int_equal(size, 77);
            free(cut);
        }
        drop(data);
    }
}

static void rest_is_not_looked_at(void **state)
{
    struct xg_bytes data = bytes_of_hex("82 01 02 ff ff");
    size_t size = 0;

    (void)state;
    assert_ok(check(&size, data));
    assert_int_equal(size, 3);
    drop(data);
}

/* ---- what is refused ---- */

static void refuse_all(const char *const *items, size_t count,
                       const char *complaint)
{
    for (size_t i = 0; i < count; i++) {
        struct xg_bytes data = bytes_of_hex(items[i]);
        size_t size = 77;
        if (check(&size, data) != XG_FORMAT)
            fail_msg("%s was not refused", items[i]);
        if (!strstr(xg_error_text(&err), complaint))
            fail_msg("%s: %s", items[i], xg_error_text(&err));
        assert_int_equal(size, 77);
        drop(data);
    }
}

#define REFUSE(complaint, ...)                                                 \
    do {                                                                       \
        static const char *const items[] = {__VA_ARGS__};                      \
        refuse_all(items, sizeof items / sizeof *items, complaint);            \
    } while (0)

static void long_forms_are_refused(void **state)
{
    (void)state;
    REFUSE("not the shortest form", "18 00", "18 17", "19 0000", "19 0018",
           "19 00ff", "1a 00000000", "1a 0000ffff", "1b 0000000000000000",
           "1b 00000000ffffffff", "38 17", "39 00ff", "3a 0000ffff",
           "3b 00000000ffffffff", "58 00", "58 01 00", "59 0001 00",
           "5a 00000001 00", "5b 0000000000000001 00", "78 01 61", "79 0001 61",
           "98 00", "98 01 00", "99 0001 00", "9a 00000001 00", "b8 00",
           "b8 01 00 00", "b9 0001 00 00", "81 18 17");
}

static void keys_are_in_order(void **state)
{
    (void)state;
    REFUSE("keys are not in order", "a2 01 00 00 00", "a2 18 64 00 0a 00",
           "a2 20 00 0a 00", "a2 6162 00 6161 00", "a2 626161 00 617a 00",
           "a2 f5 00 f4 00", "a3 00 00 02 00 01 00", "81 a2 01 00 00 00",
           "a2 00 00 a2 01 00 00 00 00", "a1 a2 01 00 00 00 00",
           "a2 81 01 00 81 00 00");
}

static void keys_are_unique(void **state)
{
    (void)state;
    REFUSE("a key is there twice", "a2 00 00 00 00", "a2 6161 00 6161 01",
           "a2 a0 00 a0 00", "a2 f4 00 f4 00", "a3 00 00 01 00 01 00",
           "a2 82 01 02 00 82 01 02 00");
}

static void other_types_are_refused(void **state)
{
    (void)state;
    REFUSE("an indefinite length", "5f 41 00 ff", "7f 61 61 ff", "9f ff",
           "9f 01 ff", "bf ff", "1f", "3f", "5f", "81 9f ff");
    REFUSE("a break", "ff", "81 ff");
    REFUSE("a float", "f9 0000", "f9 7e00", "fa 47c35000",
           "fb 3ff199999999999a", "81 f9 0000", "f9");
    REFUSE("a tag", "c0 00", "c2 40", "c1 1a 514b67b0", "d8 18 40", "d2 80",
           "d9 d9f7 00", "81 c0 00", "df 00");
    REFUSE("simple value", "f7", "f0", "f8 ff", "f8 20", "f8 14", "e0", "f3",
           "fc", "fd", "fe");
    REFUSE("a reserved length", "1c", "1d", "1e", "3c", "5d", "7e", "9c", "bd");
    REFUSE("below -2^63", "3b 8000000000000000", "3b ffffffffffffffff");
    /* COSE_Sign1 of cose-wg/Examples is tagged */
    REFUSE("a tag", "d2 84 45a201270300 a1 04 42 3131 40 40");
}

static void bad_texts_are_refused(void **state)
{
    (void)state;
    REFUSE("not valid UTF-8", "61 00", "61 80", "61 bf", "61 c0", "62 c080",
           "62 c1bf", "62 c220", "62 c2c2", "63 e08080", "63 e09fbf",
           "63 eda080", "63 edbfbf", "63 e28020", "62 e282", "64 f0808080",
           "64 f08fbfbf", "64 f4908080", "64 f5808080", "64 f8888080",
           "63 f09080", "61 fe", "61 ff", "62 6100", "68 6161616161616100",
           "68 61616161616161ff", "69 6161616161616161c3",
           "6a 61616161616161c3 bc00", "81 61 00", "a1 61 00 00");
}

static void texts_at_the_edges(void **state)
{
    static const char *const good[] = {
        "61 01",
        "61 7f",
        "62 c280",
        "62 dfbf",
        "63 e0a080",
        "63 ed9fbf",
        "63 ee8080",
        "63 efbfbf",
        "64 f0908080",
        "64 f48fbfbf",
        "6a 6161616161616161 c3bc",
        "69 6161 e6b0b4 61616161",
    };
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct xg_bytes data = bytes_of_hex(good[i]);
        assert_ok(check(&size, data));
        drop(data);
    }
}

/* Every code point once, and every two bytes against the plain definition. */
static void all_code_points(void **state)
{
    (void)state;
    for (uint32_t p = 0; p < 0x110000; p++) {
        uint8_t t[4];
        size_t len;
        if (p < 0x80) {
            t[0] = (uint8_t)p;
            len = 1;
        } else if (p < 0x800) {
            t[0] = (uint8_t)(0xC0 | p >> 6);
            len = 2;
        } else if (p < 0x10000) {
            t[0] = (uint8_t)(0xE0 | p >> 12);
            len = 3;
        } else {
            t[0] = (uint8_t)(0xF0 | p >> 18);
            len = 4;
        }
        for (size_t i = 1; i < len; i++)
            t[i] = (uint8_t)(0x80 | (p >> 6 * (len - 1 - i) & 0x3F));
        bool good = p != 0 && (p < 0xD800 || p > 0xDFFF);
        if (xg_utf8_valid(t, len) != good)
            fail_msg("U+%04X", (unsigned)p);
        if (len > 1 && xg_utf8_valid(t, len - 1))
            fail_msg("U+%04X cut off", (unsigned)p);
    }
    for (unsigned i = 0; i < 0x10000; i++) {
        uint8_t t[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        bool plain = t[0] && t[1] && t[0] < 0x80 && t[1] < 0x80;
        bool pair = t[0] >= 0xC2 && t[0] <= 0xDF && (t[1] & 0xC0) == 0x80;
        assert_int_equal(xg_utf8_valid(t, 2), plain || pair);
    }
    assert_true(xg_utf8_valid((const uint8_t *)"", 0));
}

static void depth_is_bounded(void **state)
{
    (void)state;
    REFUSE("too deep", "81 81 81 81 81 81 81 81 80",
           "81 81 81 81 81 81 81 81 81 00", "81 81 81 81 81 81 81 81 a0",
           "a1 00 a1 00 a1 00 a1 00 a1 00 a1 00 a1 00 a1 00 80",
           "a1 a1 a1 a1 a1 a1 a1 a1 a0 00 00 00 00 00 00 00 00");
    size_t size;
    uint8_t bomb[4096];
    memset(bomb, 0x81, sizeof bomb);
    assert_status(xg_cbor_check(&size, bomb, sizeof bomb, &err), XG_FORMAT);
}

static void lengths_do_not_overflow(void **state)
{
    (void)state;
    REFUSE("cut off", "", "5b 8000000000000000", "5b ffffffffffffffff",
           "5b 7fffffffffffffff 00", "7b 8000000000000000",
           "7b ffffffffffffffff", "9b 8000000000000000",
           "9b ffffffffffffffff 00", "bb 8000000000000000",
           "bb 8000000000000001 00 00", "bb ffffffffffffffff",
           "bb 7fffffffffffffff 00 00", "9a ffffffff 00", "ba 80000000 00 00",
           "5a ffffffff", "82 00", "a1 00", "a2 00 00",
           "82 5b fffffffffffffff6 00", "41", "62 61");
}

/* ---- cursors ---- */

static void cursor_steps_and_enters(void **state)
{
    struct xg_bytes data = bytes_of_hex("83 01 a2 00 6161 01 8102 f5");
    struct xg_cbor c = xg_cbor_over(data), inside;
    struct xg_cbor_item item;

    (void)state;
    assert_true(xg_cbor_enter(&c, &item));
    assert_int_equal(item.type, XG_CBOR_ARRAY);
    assert_int_equal(item.number, 3);
    assert_int_equal(item.raw.len, data.len);
    assert_true(xg_cbor_enter(&c, &item)); /* nothing to enter: a step */
    assert_int_equal(item.type, XG_CBOR_UINT);
    assert_int_equal(item.number, 1);
    assert_true(xg_cbor_next(&c, &item));
    assert_int_equal(item.type, XG_CBOR_MAP);
    assert_int_equal(item.number, 2);
    assert_int_equal(item.raw.len, 7);

    inside = xg_cbor_inside(&item);
    assert_true(xg_cbor_next(&inside, &item));
    assert_true(xg_cbor_next(&inside, &item));
    assert_int_equal(item.type, XG_CBOR_TEXT);
    assert_true(xg_bytes_equal(item.bytes, xg_bytes_of("a")));
    assert_true(xg_cbor_next(&inside, &item));
    assert_true(xg_cbor_next(&inside, &item));
    assert_int_equal(item.type, XG_CBOR_ARRAY);
    assert_false(xg_cbor_next(&inside, &item));
    assert_int_equal(item.type, XG_CBOR_ARRAY);

    assert_true(xg_cbor_enter(&c, &item));
    assert_int_equal(item.type, XG_CBOR_BOOL);
    assert_int_equal(item.number, 1);
    assert_false(xg_cbor_enter(&c, &item));
    inside = xg_cbor_inside(&item); /* of what has no inside */
    assert_false(xg_cbor_next(&inside, &item));
    drop(data);
}

static void integers_in_range(void **state)
{
    static const int64_t values[] = {
        0,   1,   23,   24,   255,       256,       -1,
        -24, -25, -256, -257, INT64_MAX, INT64_MIN, UINT32_MAX};
    struct xg_buf out = XG_BUF(64);
    struct xg_cbor_item item;
    int64_t value = 5;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        xg_buf_reset(&out);
        xg_cbor_put_int(&out, values[i]);
        assert_ok(check(&size, xg_buf_bytes(&out)));
        struct xg_cbor c = xg_cbor_over(xg_buf_bytes(&out));
        assert_true(xg_cbor_next(&c, &item));
        assert_true(xg_cbor_int(&item, &value));
        assert_true(value == values[i]);
    }
    xg_buf_reset(&out);
    xg_cbor_put_uint(&out, (uint64_t)INT64_MAX + 1);
    xg_cbor_put_bool(&out, true);
    struct xg_cbor c = xg_cbor_over(xg_buf_bytes(&out));
    assert_true(xg_cbor_next(&c, &item));
    assert_false(xg_cbor_int(&item, &value));
    assert_true(xg_cbor_next(&c, &item));
    assert_false(xg_cbor_int(&item, &value));
    xg_buf_clear(&out);
}

static void texts_with_their_end(void **state)
{
    struct xg_buf out = XG_BUF(64);
    struct xg_cbor_item item;
    char text[5];

    (void)state;
    xg_cbor_put_text(&out, "", 0);
    xg_cbor_put_text(&out, "four", 4);
    xg_cbor_put_text(&out, "fives", 5);
    xg_cbor_put_bytes(&out, "four", 4);
    struct xg_cbor c = xg_cbor_over(xg_buf_bytes(&out));
    static const struct {
        bool fits;
        const char *text;
    } expected[] = {{true, ""}, {true, "four"}, {false, ""}, {false, ""}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        memcpy(text, "????", sizeof text);
        assert_true(xg_cbor_next(&c, &item));
        assert_int_equal(xg_cbor_text(text, sizeof text, &item),
                         expected[i].fits);
        assert_string_equal(text, expected[i].text);
    }
    xg_buf_clear(&out);
}

/* ---- the property ---- */

static uint64_t seed;

/* splitmix64 */
static uint64_t draw(uint64_t below)
{
    uint64_t z = seed += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

static void put_random(struct xg_buf *out, unsigned depth);

static void put_random_string(struct xg_buf *out, bool text)
{
    static const char *const pieces[] = {
        "a", "zz", "\xC3\xBC", "\xE5\xB7\xA1", "\xF0\x9F\x98\x80", "12345678",
    };
    char content[512];
    size_t len = 0, count = draw(8) ? draw(5) : draw(40);

    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[draw(6)];
        memcpy(content + len, piece, strlen(piece));
        len += strlen(piece);
    }
    if (text)
        xg_cbor_put_text(out, content, len);
    else
        xg_cbor_put_bytes(out, content, len);
}

static int by_bytes(const void *a, const void *b)
{
    const struct xg_buf *x = a, *y = b;

    return xg_bytes_compare(xg_buf_bytes(x), xg_buf_bytes(y));
}

static void put_random_map(struct xg_buf *out, unsigned depth)
{
    enum { MOST = 30 };
    struct xg_buf keys[MOST];
    size_t count = draw(8) ? draw(4) : draw(MOST), distinct = 0;

    for (size_t i = 0; i < count; i++) {
        keys[i] = XG_BUF(1 << 20);
        put_random(&keys[i], draw(4) ? 0 : depth);
    }
    qsort(keys, count, sizeof *keys, by_bytes);
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || by_bytes(&keys[i - 1], &keys[i]) != 0;
    xg_cbor_put_map(out, distinct);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || by_bytes(&keys[i - 1], &keys[i]) != 0) {
            xg_buf_append(out, keys[i].data, keys[i].len);
            put_random(out, depth);
        }
    for (size_t i = 0; i < count; i++)
        xg_buf_clear(&keys[i]);
}

/* A random item that opens at most `depth` arrays and maps. */
static void put_random(struct xg_buf *out, unsigned depth)
{
    uint64_t number = draw(UINT64_MAX) >> draw(64);
    size_t count = draw(8) ? draw(4) : draw(30);

    switch (draw(depth > 0 ? 9 : 6)) {
    case 0:
        xg_cbor_put_uint(out, number);
        break;
    case 1:
        xg_cbor_put_int(out, -1 - (int64_t)(number >> 1));
        break;
    case 2:
    case 3:
        put_random_string(out, draw(2));
        break;
    case 4:
        xg_cbor_put_bool(out, draw(2));
        break;
    case 5:
        xg_cbor_put_null(out);
        break;
    case 6:
        xg_cbor_put_array(out, count);
        for (size_t i = 0; i < count; i++)
            put_random(out, depth - 1);
        break;
    default:
        put_random_map(out, depth - 1);
        break;
    }
}

/* Each flip in turn: refused, or the one encoding of something else. */
static void flip_every_bit(struct xg_buf *item, struct xg_buf *out)
{
    for (size_t bit = 0; bit < 8 * item->len; bit++) {
        size_t size = 0;
        item->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        enum xg_status status = check(&size, xg_buf_bytes(item));
        if (status == XG_OK) {
            assert_true(size > 0 && size <= item->len);
            assert_mirrors(out, xg_bytes(item->data, size));
        } else {
            assert_int_equal(status, XG_FORMAT);
        }
        item->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void random_items(void **state)
{
    struct xg_buf item = XG_BUF(1 << 20), out = XG_BUF(1 << 20);

    (void)state;
    for (uint64_t round = 0; round < 4000; round++) {
        size_t size = 0;
        seed = round;
        xg_buf_reset(&item);
        put_random(&item, (unsigned)draw(XG_CBOR_DEPTH_MAX + 1));
        assert_ok(check(&size, xg_buf_bytes(&item)));
        assert_int_equal(size, item.len);
        assert_mirrors(&out, xg_buf_bytes(&item));
        for (size_t len = 0; item.len <= 400 && len < item.len; len++)
            assert_int_equal(xg_cbor_check(&size, item.data, len, &err),
                             XG_FORMAT);
        if (item.len <= 400)
            flip_every_bit(&item, &out);
    }
    xg_buf_clear(&item);
    xg_buf_clear(&out);
}

/* Random bytes, and random heads that are likely ones. */
static void random_bytes(void **state)
{
    struct xg_buf out = XG_BUF(1 << 20);
    size_t good = 0;

    (void)state;
    seed = 1;
    for (unsigned round = 0; round < 300000; round++) {
        uint8_t data[24];
        size_t size = 0, len = 1 + draw(sizeof data);
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)(draw(2) ? draw(8) << 5 | draw(4) : draw(256));
        if (xg_cbor_check(&size, data, len, &err) != XG_OK)
            continue;
        assert_mirrors(&out, xg_bytes(data, size));
        good++;
    }
    assert_true(good > 10000);
    xg_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_items),
        cmocka_unit_test(cut_items_are_refused),
        cmocka_unit_test(rest_is_not_looked_at),
        cmocka_unit_test(long_forms_are_refused),
        cmocka_unit_test(keys_are_in_order),
        cmocka_unit_test(keys_are_unique),
        cmocka_unit_test(other_types_are_refused),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(texts_at_the_edges),
        cmocka_unit_test(all_code_points),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(lengths_do_not_overflow),
        cmocka_unit_test(cursor_steps_and_enters),
        cmocka_unit_test(integers_in_range),
        cmocka_unit_test(texts_with_their_end),
        cmocka_unit_test(random_items),
        cmocka_unit_test(random_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
