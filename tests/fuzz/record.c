/* record.c - one record of anyone's making: what is well-formed can be walked
 * to its end, and the lenient way of finding an item's end agrees with the
 * strict one. The first byte is the record's place, the rest head and fields.
 */
#include "tests/fuzz/fuzz.h"

#include "shared/core/record.h"

/* Every item below the cursor, as one number. */
static size_t walk(struct xg_cbor c, unsigned depth)
{
    struct xg_cbor_item item;
    size_t items = 0;
    int64_t number;

    FUZZ_MUST(depth <= XG_CBOR_DEPTH_MAX);
    while (xg_cbor_next(&c, &item)) {
        items++;
        FUZZ_MUST(item.raw.len > 0);
        if (item.type == XG_CBOR_TEXT)
            FUZZ_MUST(xg_utf8_valid(item.bytes.at, item.bytes.len));
        if (item.type == XG_CBOR_NINT)
            FUZZ_MUST(xg_cbor_int(&item, &number) && number < 0);
        if (item.type == XG_CBOR_ARRAY)
            FUZZ_MUST(walk(xg_cbor_inside(&item), depth + 1) == item.number);
        if (item.type == XG_CBOR_MAP)
            FUZZ_MUST(walk(xg_cbor_inside(&item), depth + 1) ==
                      2 * item.number);
    }
    FUZZ_MUST(c.at == c.end);
    return items;
}

/* The length of the item at the start, 0 for none. */
static size_t item_size(struct xg_bytes data)
{
    struct xg_error err = XG_ERROR_NONE;
    size_t strict, lenient;

    if (xg_record_skip(&lenient, data.at, data.len, &err) != XG_OK)
        lenient = 0;
    FUZZ_MUST(lenient <= data.len);
    err = XG_ERROR_NONE;
    if (xg_cbor_check(&strict, data.at, data.len, &err) == XG_OK) {
        FUZZ_MUST(strict == lenient);
        FUZZ_MUST(walk(xg_cbor_over(xg_bytes(data.at, strict)), 0) == 1);
    }
    return lenient;
}

static void look_at(const struct xg_record *r)
{
    struct xg_field_cursor c = xg_record_fields(r);
    struct xg_cbor_item value, again;
    uint64_t number, last = 0;
    size_t size;
    struct xg_error err = XG_ERROR_NONE;

    FUZZ_MUST(xg_cbor_check(&size, r->head_raw.at, r->head_raw.len, &err) ==
                  XG_OK &&
              size == r->head_raw.len);
    FUZZ_MUST(r->head.kind <= XG_NUMBER_MAX &&
              r->head.foreign_count <= XG_FOREIGN_HEADS_MAX);
    for (size_t i = 1; i < r->head.foreign_count; i++)
        FUZZ_MUST(xg_hash_compare(xg_head_foreign(&r->head, i - 1),
                                  xg_head_foreign(&r->head, i)) < 0);
    for (; xg_field_next(&c, &number, &value); last = number) {
        FUZZ_MUST(number > last || last == 0);
        FUZZ_MUST(xg_record_field(r, number, &again) &&
                  again.raw.at == value.raw.at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct xg_hash zeros, other = {{1}};
    struct xg_record r;

    if (size < 1)
        return 0;
    uint64_t seq = data[0];
    struct xg_bytes head = xg_bytes(data + 1, size - 1);
    head.len = item_size(head);
    struct xg_bytes fields = xg_bytes(data + 1 + head.len, size - 1 - head.len);
    fields.len = head.len ? item_size(fields) : 0;
    if (fields.len == 0)
        return 0;
    xg_record_read(&r, seq ? &other : &zeros, seq, seq ? &other : &zeros, head,
                   fields);
    if (!r.malformed) {
        FUZZ_MUST(head.len + fields.len <= XG_RECORD_MAX);
        FUZZ_MUST((r.head.kind == XG_KIND_GENESIS) == (seq == 0));
        look_at(&r);
    }
    return 0;
}
