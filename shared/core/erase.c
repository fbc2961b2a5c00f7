/* erase.c - see erase.h. */
#include "shared/core/erase.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"

enum { ENTRY_PARTS = 3 };

/* ---- one act: is it well formed? ---- */

bool xg_field_erasable(const struct xg_field *field)
{
    return !(field->flags & XG_STAYS) && field->number != XG_FIELD_SALT;
}

static bool lists(const struct xg_cbor_item *numbers, uint64_t number)
{
    struct xg_cbor c = xg_cbor_inside(numbers);
    struct xg_cbor_item at;

    while (xg_cbor_next(&c, &at))
        if (at.number == number)
            return true;
    return false;
}

/* Of a checked set's value: does it take out, and nothing else? */
static bool only_removes(const struct xg_cbor_item *set)
{
    struct xg_cbor c = xg_cbor_inside(set);
    struct xg_cbor_item key;

    return xg_cbor_next(&c, &key) && key.number == XG_SET_REMOVED;
}

static const char *check_gone(const struct xg_cbor_item *gone,
                              const struct xg_kind *kind)
{
    struct xg_cbor c;
    struct xg_cbor_item number;
    uint64_t least = 0;

    if (gone->type != XG_CBOR_ARRAY || gone->number > XG_RECORD_FIELDS_MAX)
        return "erased: what is gone is not a list of numbers";
    c = xg_cbor_inside(gone);
    while (xg_cbor_next(&c, &number)) {
        if (number.type != XG_CBOR_UINT || number.number < least ||
            number.number > XG_NUMBER_MAX)
            return "erased: what is gone is not a list of ascending numbers";
        const struct xg_field *f = xg_field_find(kind, number.number);
        if (f && !xg_field_erasable(f))
            return "erased: a field on which rights hang cannot go";
        least = number.number + 1;
    }
    return NULL;
}

static const char *check_kept(const struct xg_cbor_item *kept,
                              const struct xg_cbor_item *gone,
                              const struct xg_kind *kind)
{
    struct xg_cbor c = xg_cbor_inside(kept);
    struct xg_cbor_item key, value;

    if (kept->number > XG_RECORD_FIELDS_MAX)
        return "erased: more than 48 fields are kept";
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value)) {
        const struct xg_field *f;
        if (key.type != XG_CBOR_UINT || key.number > XG_NUMBER_MAX)
            return "erased: a kept field is not a small number";
        f = xg_field_find(kind, key.number);
        const char *bad = f ? xg_value_check(f, &value) : NULL;
        if (bad)
            return bad;
        if (key.number == XG_FIELD_SALT)
            return "erased: a salt is never kept";
        if (lists(gone, key.number) &&
            !(f && f->merge == XG_MERGE_SET && only_removes(&value)))
            return "erased: a field is kept and gone";
    }
    return NULL;
}

static const char *check_entry(const struct xg_cbor_item *entry,
                               const uint8_t **last,
                               const struct xg_kind *kind)
{
    struct xg_cbor c;
    struct xg_cbor_item part[ENTRY_PARTS];
    const char *bad;

    if (entry->type != XG_CBOR_ARRAY || entry->number != ENTRY_PARTS)
        return "erased: an entry is [record, kept, gone]";
    c = xg_cbor_inside(entry);
    for (size_t i = 0; i < ENTRY_PARTS; i++)
        xg_cbor_next(&c, &part[i]);
    if (part[0].type != XG_CBOR_BYTES || part[0].bytes.len != XG_HASH_SIZE)
        return "erased: a record is named by its hash";
    if (*last && memcmp(*last, part[0].bytes.at, XG_HASH_SIZE) >= 0)
        return "erased: records are named in ascending order";
    *last = part[0].bytes.at;
    bad = check_gone(&part[2], kind);
    if (bad || part[1].type == XG_CBOR_NULL)
        return bad;
    if (part[1].type != XG_CBOR_MAP)
        return "erased: what is kept is a map, or null";
    if (part[2].number == 0)
        return "erased: nothing of it is gone";
    return check_kept(&part[1], &part[2], kind);
}

static const char *check_entries(const struct xg_cbor_item *list,
                                 const struct xg_kind *kind)
{
    struct xg_cbor c = xg_cbor_inside(list);
    struct xg_cbor_item entry;
    const uint8_t *last = NULL;
    const char *bad = NULL;

    while (!bad && xg_cbor_next(&c, &entry))
        bad = check_entry(&entry, &last, kind);
    return bad;
}

const char *xg_erasing_check(const struct xg_record *r,
                             const struct xg_kind *kind)
{
    bool erases = r->head.move == XG_MOVE_ERASE, any = false;
    struct xg_field_cursor c = xg_record_fields(r);
    struct xg_cbor_item value;
    const char *bad = NULL;
    uint64_t number;

    if (!kind || !kind->entity)
        return NULL;
    while (!bad && xg_field_next(&c, &number, &value)) {
        bool names =
            number == XG_FIELD_ERASED || number == XG_FIELD_ERASED_PHOTOS;
        any |= names;
        if (names && !erases)
            bad = "fields: only an erasure says what it erases";
        else if (!names && erases && number != XG_FIELD_WHY)
            bad = "fields: an erasure says what, why, and nothing else";
        else if (number == XG_FIELD_ERASED)
            bad = check_entries(&value, kind);
    }
    return bad || any || !erases ? bad : "fields: an erasure of nothing";
}

/* ---- one act: read and written ---- */

struct xg_erased_cursor xg_erased_of(const struct xg_record *act)
{
    struct xg_cbor_item list;

    if (!xg_record_field(act, XG_FIELD_ERASED, &list))
        return (struct xg_erased_cursor){{NULL, NULL}};
    return (struct xg_erased_cursor){xg_cbor_inside(&list)};
}

bool xg_erased_next(struct xg_erased_cursor *c, struct xg_erased *out)
{
    struct xg_cbor_item entry, hash;

    if (!xg_cbor_next(&c->at, &entry) || entry.type != XG_CBOR_ARRAY)
        return false;
    struct xg_cbor in = xg_cbor_inside(&entry);
    /* Always so where it was checked; a store may have been tampered with. */
    if (!xg_cbor_next(&in, &hash) || hash.type != XG_CBOR_BYTES ||
        hash.bytes.len != XG_HASH_SIZE || !xg_cbor_next(&in, &out->kept) ||
        (out->kept.type != XG_CBOR_MAP && out->kept.type != XG_CBOR_NULL) ||
        !xg_cbor_next(&in, &out->gone) || out->gone.type != XG_CBOR_ARRAY)
        return false;
    memcpy(out->record.b, hash.bytes.at, XG_HASH_SIZE);
    return true;
}

/* Does a checked act erase it? */
static bool erases_photo(const struct xg_record *act,
                         const struct xg_hash *photo)
{
    struct xg_cbor_item list, hash;

    if (!xg_record_field(act, XG_FIELD_ERASED_PHOTOS, &list))
        return false;
    struct xg_cbor c = xg_cbor_inside(&list);
    while (xg_cbor_next(&c, &hash))
        if (memcmp(hash.bytes.at, photo->b, XG_HASH_SIZE) == 0)
            return true;
    return false;
}

bool xg_photo_erased(const struct xg_op *ops, size_t count,
                     const struct xg_hash *photo)
{
    for (size_t i = 0; i < count; i++)
        if (ops[i].erases && !ops[i].record->malformed &&
            ops[i].record->head.move == XG_MOVE_ERASE &&
            erases_photo(ops[i].record, photo))
            return true;
    return false;
}

/* What a set's value takes out; len 0: nothing. */
static struct xg_bytes removed_of(const struct xg_cbor_item *set)
{
    struct xg_cbor c = xg_cbor_inside(set);
    struct xg_cbor_item key, list;

    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list))
        if (key.number == XG_SET_REMOVED)
            return list.raw;
    return xg_bytes(NULL, 0);
}

static bool is_among(uint64_t number, const uint64_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == number)
            return true;
    return false;
}

static void put_entry(struct xg_buf *out, const struct xg_hash *record,
                      const struct xg_buf *kept, size_t kept_count,
                      const uint64_t *gone, size_t gone_count)
{
    xg_cbor_put_array(out, ENTRY_PARTS);
    xg_cbor_put_bytes(out, record->b, XG_HASH_SIZE);
    if (kept) {
        xg_cbor_put_map(out, kept_count);
        xg_buf_append(out, kept->data, kept->len);
    } else {
        xg_cbor_put_null(out);
    }
    xg_cbor_put_array(out, gone_count);
    for (size_t i = 0; i < gone_count; i++)
        xg_cbor_put_uint(out, gone[i]);
}

/* One field of the record: kept, gone, or both in part. */
static bool sort_field(struct xg_buf *kept, size_t *kept_count,
                       const struct xg_field *f, uint64_t number,
                       const struct xg_cbor_item *value, bool goes)
{
    struct xg_bytes removed = {NULL, 0};

    if (number == XG_FIELD_SALT)
        return false;
    goes = goes && value->type != XG_CBOR_NULL;
    if (goes && f && f->merge == XG_MERGE_SET) {
        removed = removed_of(value);
        goes = !only_removes(value);
    }
    if (goes && !removed.len)
        return true;
    xg_cbor_put_uint(kept, number);
    if (goes) {
        xg_cbor_put_map(kept, 1);
        xg_cbor_put_uint(kept, XG_SET_REMOVED);
        xg_buf_append(kept, removed.at, removed.len);
    } else {
        xg_buf_append(kept, value->raw.at, value->raw.len);
    }
    (*kept_count)++;
    return goes;
}

enum xg_status xg_erased_put(struct xg_buf *out, size_t *gone_count,
                             const struct xg_record *r, const uint64_t *fields,
                             size_t field_count, struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(r->head.kind);
    struct xg_buf kept = XG_BUF(XG_RECORD_MAX);
    uint64_t gone[XG_RECORD_FIELDS_MAX], number;
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    size_t kept_count = 0, n = 0;

    if (r->malformed) {
        put_entry(out, &r->hash, NULL, 0, NULL, 0);
        *gone_count = 1;
        return xg_buf_check(out, err);
    }
    if (!kind || r->head.move == XG_MOVE_ERASE || r->fields_raw.len == 0)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("这条记录没有可抹除的字段",
                            "the record has no fields that can be erased"));
    for (c = xg_record_fields(r); xg_field_next(&c, &number, &value);) {
        const struct xg_field *f = xg_field_find(kind, number);
        bool goes = is_among(number, fields, field_count);
        if (goes && f && !xg_field_erasable(f)) {
            xg_buf_clear(&kept);
            return xg_fail(err, XG_USAGE,
                           XG_T("字段 %s 不能抹除：别人的权限或决定依据它",
                                "%s cannot be erased: rights or decisions "
                                "of others hang on it"),
                           f->name);
        }
        if (sort_field(&kept, &kept_count, f, number, &value, goes))
            gone[n++] = number;
    }
    enum xg_status status = xg_buf_check(&kept, err);
    if (status == XG_OK && n)
        put_entry(out, &r->hash, &kept, kept_count, gone, n);
    if (status == XG_OK)
        status = xg_buf_check(out, err);
    if (status == XG_OK)
        *gone_count = n;
    xg_buf_clear(&kept);
    return status;
}

/* The value of a number in a checked map. */
static bool value_in(const struct xg_cbor_item *map, uint64_t number,
                     struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(map);
    struct xg_cbor_item key;

    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, value))
        if (key.number == number)
            return true;
    return false;
}

bool xg_erased_fits(const struct xg_erased *e, const struct xg_record *r)
{
    struct xg_field_cursor c;
    struct xg_cbor_item value, kept;
    uint64_t number, held = 0;

    if (r->malformed || e->kept.type == XG_CBOR_NULL)
        return r->malformed && e->kept.type == XG_CBOR_NULL;
    for (c = xg_record_fields(r); xg_field_next(&c, &number, &value);) {
        bool stays = value_in(&e->kept, number, &kept);
        bool went = lists(&e->gone, number);
        held += stays;
        if (number == XG_FIELD_SALT && !stays)
            continue;
        if (!stays && !went)
            return false;
        if (stays && !went && !xg_bytes_equal(kept.raw, value.raw))
            return false;
        if (stays && went &&
            !xg_bytes_equal(removed_of(&kept), removed_of(&value)))
            return false;
    }
    return held == e->kept.number;
}

/* ---- all of an entity ---- */

/* Acts at work; ops sorted by the hashes of their records. */
struct eraser {
    struct xg_op *ops;
    size_t count;
    uint32_t *by_hash;
    struct xg_arena *arena;
};

static bool counts(const struct xg_op *op)
{
    struct xg_cbor_item why;

    return op->erases && !op->record->malformed &&
           op->record->head.move == XG_MOVE_ERASE &&
           xg_record_field(op->record, XG_FIELD_WHY, &why);
}

static bool index_ops(struct eraser *e)
{
    size_t n = e->count;
    uint32_t *spare = xg_arena_array(e->arena, n, sizeof *spare);

    e->by_hash = xg_arena_array(e->arena, n, sizeof *e->by_hash);
    if (!spare || !e->by_hash)
        return false;
    for (uint32_t i = 0; i < n; i++)
        e->by_hash[i] = i;
    /* Merge sort from runs of one upwards: qsort() takes no context. */
    for (size_t run = 1; run < n; run *= 2) {
        for (size_t at = 0; at < n; at += 2 * run) {
            size_t a = at, b = at + run < n ? at + run : n;
            size_t a_end = b, b_end = b + run < n ? b + run : n;
            for (size_t i = at; i < b_end; i++) {
                bool left = b == b_end ||
                            (a < a_end &&
                             xg_hash_compare(
                                 &e->ops[e->by_hash[a]].record->hash,
                                 &e->ops[e->by_hash[b]].record->hash) <= 0);
                spare[i] = e->by_hash[left ? a++ : b++];
            }
        }
        memcpy(e->by_hash, spare, n * sizeof *spare);
    }
    return true;
}

static struct xg_op *find_op(const struct eraser *e, const struct xg_hash *hash)
{
    size_t low = 0, high = e->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct xg_op *op = &e->ops[e->by_hash[mid]];
        int order = xg_hash_compare(&op->record->hash, hash);
        if (order == 0)
            return op;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static bool join_gone(struct xg_erasure *e, const struct xg_cbor_item *list,
                      struct xg_arena *arena)
{
    size_t room = e->gone_count + (size_t)list->number, n = 0, i = 0;
    uint64_t *joined = xg_arena_array(arena, room + 1, sizeof *joined);
    struct xg_cbor c = xg_cbor_inside(list);
    struct xg_cbor_item number;
    bool more = xg_cbor_next(&c, &number);

    if (!joined)
        return false;
    while (i < e->gone_count || more) {
        if (!more || (i < e->gone_count && e->gone[i] <= number.number)) {
            if (more && e->gone[i] == number.number)
                more = xg_cbor_next(&c, &number);
            joined[n++] = e->gone[i++];
        } else {
            joined[n++] = number.number;
            more = xg_cbor_next(&c, &number);
        }
    }
    e->gone = joined;
    e->gone_count = n;
    return true;
}

/* Of two values of one field that were kept, the same whichever comes first:
 * the shorter, which of a set is what it takes out. */
static struct xg_bytes lesser(struct xg_bytes a, struct xg_bytes b)
{
    if (a.len != b.len)
        return a.len < b.len ? a : b;
    return xg_bytes_compare(a, b) <= 0 ? a : b;
}

/* What both leave. */
static bool join_kept(struct xg_erasure *e, const struct xg_cbor_item *other,
                      struct xg_arena *arena)
{
    struct xg_cbor c = xg_cbor_over(e->kept);
    struct xg_cbor_item map, key, value, theirs;
    struct xg_buf fields = XG_BUF(XG_RECORD_MAX), out = XG_BUF(XG_RECORD_MAX);
    size_t n = 0;

    xg_cbor_next(&c, &map);
    c = xg_cbor_inside(&map);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value)) {
        if (!value_in(other, key.number, &theirs))
            continue;
        struct xg_bytes both = lesser(value.raw, theirs.raw);
        xg_buf_append(&fields, key.raw.at, key.raw.len);
        xg_buf_append(&fields, both.at, both.len);
        n++;
    }
    xg_cbor_put_map(&out, n);
    xg_buf_append(&out, fields.data, fields.len);
    const uint8_t *copy = out.failed || fields.failed
                              ? NULL
                              : xg_arena_copy(arena, out.data, out.len);
    if (copy)
        e->kept = xg_bytes(copy, out.len);
    xg_buf_clear(&fields);
    xg_buf_clear(&out);
    return copy != NULL;
}

static void leave(struct xg_op *op, struct xg_erasure *e)
{
    struct xg_record left;

    xg_record_keep(&left, op->record, e->kept);
    if (!left.malformed && !e->kept.len)
        left.malformed = "it was struck out; its fields were erased";
    e->left = left;
    op->erasure = e;
    op->record = &e->left;
}

static bool apply(struct xg_op *op, const struct xg_erased *entry, uint32_t by,
                  const struct xg_hash *act, const struct xg_op *ops,
                  struct xg_arena *arena)
{
    struct xg_erasure *e = xg_arena_alloc(arena, sizeof *e);
    bool null = entry->kept.type == XG_CBOR_NULL;

    if (!e)
        return false;
    if (op->erasure) {
        *e = *op->erasure;
        if (null)
            e->kept = xg_bytes(NULL, 0);
        else if (e->kept.len && !join_kept(e, &entry->kept, arena))
            return false;
        if (act && (e->by == XG_NONE ||
                    xg_hash_compare(act, &ops[e->by].record->hash) < 0))
            e->by = by;
    } else {
        e->by = by;
        if (!null)
            e->kept = entry->kept.raw;
    }
    if (!join_gone(e, &entry->gone, arena))
        return false;
    e->kind = xg_kind_find(op->record->head.kind);
    leave(op, e);
    return true;
}

/* What the head alone says of it: the same with the fields and without. */
static bool may_be_erased(const struct xg_record *r, const struct xg_record *act)
{
    struct xg_record bare;

    xg_record_keep(&bare, r, xg_bytes(NULL, 0));
    return !bare.malformed && xg_kind_find(bare.head.kind) &&
           (!act || bare.head.kind == act->head.kind) &&
           bare.head.move != XG_MOVE_ERASE;
}

static bool apply_act(const struct eraser *e, uint32_t by)
{
    const struct xg_record *act = e->ops[by].record;
    struct xg_erased_cursor c = xg_erased_of(act);
    struct xg_erased entry;

    while (xg_erased_next(&c, &entry)) {
        struct xg_op *op = find_op(e, &entry.record);
        if (op && may_be_erased(op->record, act) &&
            !apply(op, &entry, by, &act->hash, e->ops, e->arena))
            return false;
    }
    return true;
}

enum xg_status xg_erase(struct xg_op *ops, size_t count,
                        struct xg_arena *arena, struct xg_error *err)
{
    struct eraser e = {.ops = ops, .count = count, .arena = arena};

    for (uint32_t i = 0; i < count; i++) {
        if (!counts(&ops[i]))
            continue;
        if ((!e.by_hash && !index_ops(&e)) || !apply_act(&e, i))
            return xg_fail_nomem(err);
    }
    return XG_OK;
}

enum xg_status xg_erase_one(struct xg_op *op, struct xg_bytes entry,
                            struct xg_arena *arena, struct xg_error *err)
{
    struct xg_erased_cursor c = {xg_cbor_over(entry)};
    struct xg_erased one;

    if (xg_erased_next(&c, &one) && may_be_erased(op->record, NULL) &&
        !apply(op, &one, XG_NONE, NULL, NULL, arena))
        return xg_fail_nomem(err);
    return XG_OK;
}

/* ---- asking ---- */

bool xg_erasure_took(const struct xg_erasure *e, uint64_t number)
{
    return is_among(number, e->gone, e->gone_count);
}

bool xg_erasure_wrote(const struct xg_erasure *e)
{
    for (size_t i = 0; i < e->gone_count; i++) {
        const struct xg_field *f = xg_field_find(e->kind, e->gone[i]);
        if (e->kept.len && (!f || f->merge == XG_MERGE_REGISTER))
            return true;
    }
    return false;
}

bool xg_erasure_oversteps(const struct xg_erasure *e, uint32_t role)
{
    bool desk = xg_move_allowed(XG_MOVE_DISPATCH, role);

    for (size_t i = 0; i < e->gone_count; i++) {
        const struct xg_field *f = xg_field_find(e->kind, e->gone[i]);
        if (f && f->flags & XG_BY_MOVE && !e->left.head.move && !desk &&
            e->kind->first_status)
            return true;
    }
    return false;
}
