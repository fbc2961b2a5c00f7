/* draft.c - writing a record: fields in any order in, deterministic CBOR out.
 */
#include "shared/core/record.h"

#include <sodium.h>

#include "shared/base/lang.h"

void xg_draft_init(struct xg_draft *d, struct xg_arena *arena, uint64_t kind)
{
    *d = (struct xg_draft){.arena = arena,
                           .head = {.kind = kind, .creates = true}};
}

static struct xg_draft_field *find(struct xg_draft *d, uint64_t number)
{
    for (size_t i = 0; i < d->field_count; i++)
        if (d->fields[i].number == number)
            return &d->fields[i];
    return NULL;
}

enum xg_status xg_draft_set(struct xg_draft *d, uint64_t number,
                            struct xg_bytes value, struct xg_error *err)
{
    struct xg_draft_field *field = find(d, number);
    uint8_t *copy = xg_arena_copy(d->arena, value.at, value.len);

    if (!copy)
        return xg_fail_nomem(err);
    if (!field) {
        if (d->field_count == XG_DRAFT_FIELDS_MAX)
            return xg_fail(err, XG_TOOBIG, "more than %d fields",
                           XG_DRAFT_FIELDS_MAX);
        /* Keep them in ascending order: the order of the map's keys. */
        size_t i = d->field_count++;
        for (; i > 0 && d->fields[i - 1].number > number; i--)
            d->fields[i] = d->fields[i - 1];
        field = &d->fields[i];
    }
    *field = (struct xg_draft_field){number, xg_bytes(copy, value.len)};
    return XG_OK;
}

struct xg_bytes xg_draft_get(const struct xg_draft *d, uint64_t number)
{
    for (size_t i = 0; i < d->field_count; i++)
        if (d->fields[i].number == number)
            return d->fields[i].value;
    return xg_bytes(NULL, 0);
}

bool xg_draft_added(struct xg_cbor_item *element, const struct xg_draft *d,
                    uint64_t number, size_t at)
{
    struct xg_cbor c = xg_cbor_over(xg_draft_get(d, number));
    struct xg_cbor_item set, key, items;

    if (!xg_cbor_next(&c, &set))
        return false;
    c = xg_cbor_inside(&set);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &items)) {
        struct xg_cbor in = xg_cbor_inside(&items);
        while (key.number == XG_SET_ADDED && xg_cbor_next(&in, element))
            if (at-- == 0)
                return true;
    }
    return false;
}

/* The two lists of a set value as it stands, as raw concatenated items. */
struct set_parts {
    struct xg_bytes added, removed;
    uint64_t added_count, removed_count;
};

static struct set_parts parts_of(struct xg_bytes value)
{
    struct set_parts parts = {0};
    struct xg_cbor c = xg_cbor_over(value);
    struct xg_cbor_item map, key, list;

    if (value.len == 0 || !xg_cbor_next(&c, &map))
        return parts;
    c = xg_cbor_inside(&map);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list)) {
        struct xg_cbor in = xg_cbor_inside(&list);
        struct xg_bytes raw = xg_bytes(in.at, (size_t)(in.end - in.at));
        if (key.number == XG_SET_ADDED) {
            parts.added = raw;
            parts.added_count = list.number;
        } else {
            parts.removed = raw;
            parts.removed_count = list.number;
        }
    }
    return parts;
}

static void put_list(struct xg_buf *out, uint64_t key, uint64_t count,
                     struct xg_bytes items, struct xg_bytes last)
{
    if (count == 0)
        return;
    xg_cbor_put_uint(out, key);
    xg_cbor_put_array(out, count);
    xg_buf_append(out, items.at, items.len);
    xg_buf_append(out, last.at, last.len);
}

/* The set value with one more element at the end of one of its lists. */
static enum xg_status extend(struct xg_draft *d, uint64_t number, uint64_t list,
                             struct xg_bytes element, struct xg_error *err)
{
    const struct xg_bytes nothing = {NULL, 0};
    struct set_parts parts = parts_of(xg_draft_get(d, number));
    struct xg_buf out = XG_BUF(XG_RECORD_MAX);
    bool add = list == XG_SET_ADDED;

    parts.added_count += add;
    parts.removed_count += !add;
    xg_cbor_put_map(&out, (parts.added_count ? 1u : 0u) +
                              (parts.removed_count ? 1u : 0u));
    put_list(&out, XG_SET_ADDED, parts.added_count, parts.added,
             add ? element : nothing);
    put_list(&out, XG_SET_REMOVED, parts.removed_count, parts.removed,
             add ? nothing : element);

    enum xg_status status = xg_buf_check(&out, err);
    if (status == XG_OK)
        status = xg_draft_set(d, number, xg_buf_bytes(&out), err);
    xg_buf_clear(&out);
    return status;
}

enum xg_status xg_draft_add(struct xg_draft *d, uint64_t number,
                            struct xg_bytes element, struct xg_error *err)
{
    return extend(d, number, XG_SET_ADDED, element, err);
}

enum xg_status xg_draft_remove(struct xg_draft *d, uint64_t number,
                               const struct xg_hash *adder, uint64_t index,
                               struct xg_error *err)
{
    struct xg_buf pair = XG_BUF(64);

    xg_cbor_put_array(&pair, 2);
    xg_cbor_put_bytes(&pair, adder->b, XG_HASH_SIZE);
    xg_cbor_put_uint(&pair, index);
    enum xg_status status = xg_buf_check(&pair, err);
    if (status == XG_OK)
        status = extend(d, number, XG_SET_REMOVED, xg_buf_bytes(&pair), err);
    xg_buf_clear(&pair);
    return status;
}

/* Ascending, each once: the form that the head asks for. */
static void sort_foreign(struct xg_draft *d)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->foreign_count; i++) {
        struct xg_hash hash = d->foreign[i];
        size_t at = kept;
        while (at > 0 && xg_hash_compare(&d->foreign[at - 1], &hash) > 0)
            at--;
        if (at > 0 && xg_hash_equal(&d->foreign[at - 1], &hash))
            continue;
        memmove(&d->foreign[at + 1], &d->foreign[at],
                (kept - at) * sizeof hash);
        d->foreign[at] = hash;
        kept++;
    }
    d->foreign_count = kept;
}

static void put_head(struct xg_buf *out, const struct xg_draft *d)
{
    const struct xg_head *h = &d->head;

    xg_cbor_put_map(out, 2u + !h->creates + (h->move != 0) +
                             (d->foreign_count != 0) + (h->author.len != 0) +
                             (h->crit.len != 0) + (h->signature.len != 0));
    xg_cbor_put_uint(out, 1);
    xg_cbor_put_uint(out, h->kind);
    if (!h->creates) {
        xg_cbor_put_uint(out, 2);
        xg_cbor_put_bytes(out, h->entity.b, XG_ID_SIZE);
    }
    if (h->move) {
        xg_cbor_put_uint(out, 3);
        xg_cbor_put_array(out, 2);
        xg_cbor_put_uint(out, h->move);
        xg_cbor_put_uint(out, h->from);
    }
    if (d->foreign_count) {
        xg_cbor_put_uint(out, 4);
        xg_cbor_put_array(out, d->foreign_count);
        for (size_t i = 0; i < d->foreign_count; i++)
            xg_cbor_put_bytes(out, d->foreign[i].b, XG_HASH_SIZE);
    }
    xg_cbor_put_uint(out, 5);
    xg_cbor_put_array(out, 3);
    xg_cbor_put_int(out, h->moment.wall_ms);
    xg_cbor_put_uint(out, h->moment.boot);
    xg_cbor_put_int(out, h->moment.mono_ms);
    if (h->author.len) {
        xg_cbor_put_uint(out, 6);
        xg_cbor_put_text(out, (const char *)h->author.at, h->author.len);
    }
    if (h->crit.len) {
        xg_cbor_put_uint(out, 7);
        xg_buf_append(out, h->crit.at, h->crit.len);
    }
    if (h->signature.len) {
        xg_cbor_put_uint(out, 8);
        xg_cbor_put_bytes(out, h->signature.at, h->signature.len);
    }
}

static enum xg_status add_salt(struct xg_draft *d, const struct xg_env *env,
                               struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    uint8_t value[1 + XG_SALT_SIZE] = {0x40 | XG_SALT_SIZE};
    bool personal = false;

    for (size_t i = 0; kind && kind->entity && i < d->field_count; i++) {
        const struct xg_field *f = xg_field_find(kind, d->fields[i].number);
        personal |= f && (f->flags & XG_PERSONAL) != 0;
    }
    if (!personal || find(d, XG_FIELD_SALT))
        return XG_OK;
    xg_random(env, value + 1, XG_SALT_SIZE);
    return xg_draft_set(d, XG_FIELD_SALT, xg_bytes(value, sizeof value), err);
}

enum xg_status xg_draft_encode(struct xg_buf *out, size_t *head_len,
                               struct xg_draft *d, const struct xg_env *env,
                               struct xg_error *err)
{
    if (add_salt(d, env, err) != XG_OK)
        return err->status;

    sort_foreign(d);
    xg_buf_reset(out);
    put_head(out, d);
    size_t split = out->len;
    xg_cbor_put_map(out, d->field_count);
    for (size_t i = 0; i < d->field_count; i++) {
        xg_cbor_put_uint(out, d->fields[i].number);
        xg_buf_append(out, d->fields[i].value.at, d->fields[i].value.len);
    }
    if (xg_buf_check(out, err) != XG_OK)
        return err->status;

    /* Judge it with the reader's own eyes; its place does not matter here. */
    const struct xg_hash nowhere = {{0}};
    struct xg_record record = {0};
    xg_record_read(&record, &nowhere, d->head.kind == XG_KIND_GENESIS ? 0 : 1,
                   &nowhere, xg_bytes(out->data, split),
                   xg_bytes(out->data + split, out->len - split));
    if (record.malformed)
        return xg_fail(err, XG_USAGE,
                       XG_T("记录不符合格式（%s）；未保存任何内容",
                            "the record breaks a rule (%s); nothing was "
                            "saved"),
                       record.malformed);
    *head_len = split;
    return XG_OK;
}

enum xg_status xg_draft_encode_at(struct xg_buf *out, size_t *head_len,
                                  struct xg_draft *d,
                                  const struct xg_place *place,
                                  const struct xg_env *env,
                                  struct xg_error *err)
{
    struct xg_buf leaf = XG_BUF(2 * XG_RECORD_MAX);
    uint8_t *signature;
    struct xg_hash fields;
    size_t split = 0;

    d->head.signature = xg_bytes(NULL, 0);
    if (!d->author_secret)
        return xg_draft_encode(out, head_len, d, env, err);
    signature = xg_arena_alloc(d->arena, crypto_sign_BYTES);
    if (!signature)
        return xg_fail_nomem(err);
    enum xg_status status = xg_draft_encode(out, &split, d, env, err);
    if (status == XG_OK) {
        crypto_hash_sha256(fields.b, out->data + split, out->len - split);
        xg_author_leaf(&leaf, place, xg_bytes(out->data, split), false,
                       &fields);
        status = xg_buf_check(&leaf, err);
    }
    if (status == XG_OK) {
        crypto_sign_detached(signature, NULL, leaf.data, leaf.len,
                             d->author_secret);
        d->head.signature = xg_bytes(signature, crypto_sign_BYTES);
        status = xg_draft_encode(out, head_len, d, env, err);
    }
    xg_buf_clear(&leaf);
    return status;
}
