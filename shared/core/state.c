/* state.c - a state as bytes, and reading those bytes again. */
#include "shared/core/merge.h"

static void put_hash(struct xg_buf *out, const struct xg_state *s, uint32_t op)
{
    xg_cbor_put_bytes(out, s->ops[op].record->hash.b, XG_HASH_SIZE);
}

static void put_registers(struct xg_buf *out, const struct xg_state *s)
{
    struct xg_cbor_item value;

    xg_cbor_put_map(out, s->register_count);
    for (size_t i = 0; i < s->register_count; i++) {
        const struct xg_register *reg = &s->registers[i];
        xg_cbor_put_uint(out, reg->number);
        xg_cbor_put_array(out, reg->head_count);
        for (size_t h = 0; h < reg->head_count; h++) {
            xg_record_field(s->ops[reg->heads[h]].record, reg->number, &value);
            xg_cbor_put_array(out, 2);
            put_hash(out, s, reg->heads[h]);
            xg_buf_append(out, value.raw.at, value.raw.len);
        }
    }
}

static void put_sets(struct xg_buf *out, const struct xg_state *s)
{
    xg_cbor_put_map(out, s->set_count);
    for (size_t i = 0; i < s->set_count; i++) {
        const struct xg_set *set = &s->sets[i];
        size_t live = 0;
        for (size_t e = 0; e < set->count; e++)
            live += !set->elements[e].removed;
        xg_cbor_put_uint(out, set->number);
        xg_cbor_put_array(out, live);
        for (size_t e = 0; e < set->count; e++) {
            const struct xg_element *element = &set->elements[e];
            if (element->removed)
                continue;
            xg_cbor_put_array(out, 3);
            put_hash(out, s, element->op);
            xg_cbor_put_uint(out, element->index);
            xg_buf_append(out, element->value.at, element->value.len);
        }
    }
}

static void put_effects(struct xg_buf *out, const struct xg_state *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++)
        n += s->effects[i] != XG_EFFECT_FULL;
    xg_cbor_put_array(out, n);
    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        if (s->effects[op] == XG_EFFECT_FULL)
            continue;
        xg_cbor_put_array(out, 2);
        put_hash(out, s, op);
        xg_cbor_put_uint(out, s->effects[op]);
    }
}

void xg_state_encode(struct xg_buf *out, const struct xg_state *s)
{
    xg_cbor_put_map(out, 9);
    xg_cbor_put_uint(out, 1);
    xg_cbor_put_bytes(out, s->id.b, XG_ID_SIZE);
    xg_cbor_put_uint(out, 2);
    xg_cbor_put_uint(out, s->kind ? s->kind->number : 0);
    xg_cbor_put_uint(out, 3);
    xg_cbor_put_uint(out, s->status);
    xg_cbor_put_uint(out, 4);
    xg_cbor_put_bool(out, s->withdrawn);
    xg_cbor_put_uint(out, 5);
    xg_cbor_put_uint(out, s->conflict_count);
    xg_cbor_put_uint(out, 6);
    put_registers(out, s);
    xg_cbor_put_uint(out, 7);
    put_sets(out, s);
    xg_cbor_put_uint(out, 8);
    put_effects(out, s);
    xg_cbor_put_uint(out, 9);
    xg_cbor_put_uint(out, s->count);
}

enum xg_status xg_brief_read(struct xg_brief *out, struct xg_bytes encoded,
                             struct xg_error *err)
{
    struct xg_brief b = {0};
    struct xg_cbor_item item, key;
    struct xg_cbor c;
    size_t size;

    if (xg_cbor_check(&size, encoded.at, encoded.len, err) != XG_OK ||
        size != encoded.len)
        return xg_fail(err, XG_CORRUPT, "a stored state is damaged");
    c = xg_cbor_over(encoded);
    xg_cbor_next(&c, &item);
    c = xg_cbor_inside(&item);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &item)) {
        switch (key.number) {
        case 1:
            memcpy(b.id.b, item.bytes.at,
                   item.bytes.len < XG_ID_SIZE ? item.bytes.len : XG_ID_SIZE);
            break;
        case 2:
            b.kind = xg_kind_find(item.number);
            break;
        case 3:
            b.status = item.number;
            break;
        case 4:
            b.withdrawn = item.number != 0;
            break;
        case 5:
            b.conflicts = item.number;
            break;
        case 6:
            b.registers = xg_cbor_inside(&item);
            break;
        case 7:
            b.sets = xg_cbor_inside(&item);
            break;
        case 9:
            b.records = item.number;
            break;
        default:
            break;
        }
    }
    *out = b;
    return XG_OK;
}

static bool entry_of(struct xg_cbor map, uint64_t number,
                     struct xg_cbor_item *value)
{
    struct xg_cbor_item key;

    while (xg_cbor_next(&map, &key) && xg_cbor_next(&map, value))
        if (key.number == number)
            return true;
    return false;
}

bool xg_brief_value(const struct xg_brief *b, uint64_t number,
                    struct xg_cbor_item *value)
{
    struct xg_cbor_item heads, head, hash;

    if (!entry_of(b->registers, number, &heads))
        return false;
    struct xg_cbor c = xg_cbor_inside(&heads);
    if (!xg_cbor_next(&c, &head))
        return false;
    c = xg_cbor_inside(&head);
    return xg_cbor_next(&c, &hash) && xg_cbor_next(&c, value) &&
           value->type != XG_CBOR_NULL;
}

bool xg_brief_set(const struct xg_brief *b, uint64_t number,
                  struct xg_brief_elements *elements)
{
    struct xg_cbor_item list;

    if (!entry_of(b->sets, number, &list))
        return false;
    elements->at = xg_cbor_inside(&list);
    return true;
}

bool xg_brief_element(struct xg_brief_elements *elements,
                      struct xg_cbor_item *value)
{
    struct xg_cbor_item entry, part;

    if (!xg_cbor_next(&elements->at, &entry))
        return false;
    struct xg_cbor c = xg_cbor_inside(&entry);
    return xg_cbor_next(&c, &part) && xg_cbor_next(&c, &part) &&
           xg_cbor_next(&c, value);
}
