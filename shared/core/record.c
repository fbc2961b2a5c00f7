/* record.c - reading and judging records; writing is in draft.c. */
#include "shared/core/record.h"

#include <assert.h>
#include <sodium.h>

#include "shared/core/erase.h"
#include "shared/core/loop.h"

enum { SKIP_DEPTH_MAX = 32, CITED_SIZE = 2 + XG_HASH_SIZE };

struct xg_moment xg_moment_now(const struct xg_env *env)
{
    int64_t wall = xg_wall_ms(env), mono = xg_mono_ms(env);

    wall = wall < 0 ? 0 : wall > XG_WALL_MS_MAX ? XG_WALL_MS_MAX : wall;
    mono = mono < 0 ? 0 : mono > XG_MONO_MS_MAX ? XG_MONO_MS_MAX : mono;
    return (struct xg_moment){wall, env->boot(env->ctx), mono};
}

const struct xg_hash *xg_head_foreign(const struct xg_head *head, size_t i)
{
    assert(i < head->foreign_count);
    return (const struct xg_hash *)(const void *)(head->foreign +
                                                  i * CITED_SIZE + 2);
}

/* ---- dividing ---- */

/* The argument of the item head at data; *head is its size. False: cut off,
 * indefinite, or reserved. */
static bool skip_head(const uint8_t *data, size_t len, size_t *head,
                      uint64_t *argument)
{
    if (len == 0)
        return false;

    unsigned info = data[0] & 31;
    size_t extra = info < 24 ? 0 : info <= 27 ? (size_t)1 << (info - 24) : 0;
    if (info > 27 || len - 1 < extra)
        return false;

    uint64_t value = info;
    if (extra)
        value = 0;
    for (size_t i = 0; i < extra; i++)
        value = value << 8 | data[1 + i];
    *head = 1 + extra;
    *argument = value;
    return true;
}

enum xg_status xg_record_skip(size_t *size, const uint8_t *data, size_t len,
                              struct xg_error *err)
{
    uint64_t open[SKIP_DEPTH_MAX] = {1}; /* items still to come, per level */
    size_t depth = 0, at = 0;

    for (;;) {
        while (open[depth] == 0) {
            if (depth == 0) {
                *size = at;
                return XG_OK;
            }
            depth--;
        }
        open[depth]--;

        size_t head;
        uint64_t argument, inside = 0;
        if (!skip_head(data + at, len - at, &head, &argument))
            return xg_fail(err, XG_FORMAT, "no CBOR item at byte %zu", at);
        unsigned major = data[at] >> 5;
        at += head;
        if (major == 2 || major == 3) {
            if (argument > len - at)
                return xg_fail(err, XG_FORMAT, "string cut off at byte %zu",
                               at);
            at += (size_t)argument;
        } else if (major == 4 || major == 6) {
            inside = major == 6 ? 1 : argument;
        } else if (major == 5) {
            inside = argument <= UINT64_MAX / 2 ? argument * 2 : UINT64_MAX;
        }
        if (inside > len - at)
            return xg_fail(err, XG_FORMAT, "items cut off at byte %zu", at);
        if (inside) {
            if (depth + 1 == SKIP_DEPTH_MAX)
                return xg_fail(err, XG_FORMAT, "nested too deep");
            open[++depth] = inside;
        }
    }
}

/* ---- hashing ---- */

void xg_record_hash(struct xg_hash *hash, const struct xg_hash *chain,
                    uint64_t seq, const struct xg_hash *previous,
                    struct xg_bytes head, const struct xg_hash *fields_hash)
{
    crypto_hash_sha256_state state;
    uint8_t front[1 + XG_HASH_SIZE + 8 + XG_HASH_SIZE] = {0x00};

    /* Record 0 cannot name the chain: its own hash is the chain's id. */
    if (seq > 0)
        memcpy(front + 1, chain->b, XG_HASH_SIZE);
    xg_store_u64(front + 1 + XG_HASH_SIZE, seq);
    memcpy(front + 1 + XG_HASH_SIZE + 8, previous->b, XG_HASH_SIZE);
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, front, sizeof front);
    crypto_hash_sha256_update(&state, head.at, head.len);
    crypto_hash_sha256_update(&state, fields_hash->b, XG_HASH_SIZE);
    crypto_hash_sha256_final(&state, hash->b);
}

/* ---- the head ---- */

static const char *read_moment(struct xg_head *head,
                               const struct xg_cbor_item *item)
{
    struct xg_cbor c;
    struct xg_cbor_item part[3];

    if (item->type != XG_CBOR_ARRAY || item->number != 3)
        return "head: time is not [wall, boot, monotonic]";
    c = xg_cbor_inside(item);
    for (size_t i = 0; i < 3; i++)
        xg_cbor_next(&c, &part[i]);
    if (!xg_cbor_int(&part[0], &head->moment.wall_ms) ||
        head->moment.wall_ms < 0 || head->moment.wall_ms > XG_WALL_MS_MAX ||
        part[1].type != XG_CBOR_UINT || part[1].number > UINT32_MAX ||
        !xg_cbor_int(&part[2], &head->moment.mono_ms) ||
        head->moment.mono_ms < 0 || head->moment.mono_ms > XG_MONO_MS_MAX)
        return "head: time is out of range";
    head->moment.boot = (uint32_t)part[1].number;
    return NULL;
}

static const char *read_transition(struct xg_head *head,
                                   const struct xg_cbor_item *item)
{
    struct xg_cbor c;
    struct xg_cbor_item move, from;

    if (item->type != XG_CBOR_ARRAY || item->number != 2)
        return "head: transition is not [move, from]";
    c = xg_cbor_inside(item);
    xg_cbor_next(&c, &move);
    xg_cbor_next(&c, &from);
    /* Only what may be done in every status names none. */
    if (move.type != XG_CBOR_UINT || from.type != XG_CBOR_UINT ||
        move.number == 0 ||
        (from.number == 0) != (move.number == XG_MOVE_ERASE) ||
        move.number > XG_NUMBER_MAX || from.number > XG_NUMBER_MAX)
        return "head: transition is not [move, from]";
    head->move = move.number;
    head->from = from.number;
    return NULL;
}

static const char *read_foreign(struct xg_head *head,
                                const struct xg_cbor_item *item)
{
    struct xg_cbor c;
    struct xg_cbor_item cited;
    const uint8_t *last = NULL;

    if (item->type != XG_CBOR_ARRAY || item->number == 0 ||
        item->number > XG_FOREIGN_HEADS_MAX)
        return "head: 1 to 64 foreign heads";
    c = xg_cbor_inside(item);
    head->foreign = c.at;
    for (uint64_t i = 0; i < item->number; i++) {
        xg_cbor_next(&c, &cited);
        if (cited.type != XG_CBOR_BYTES || cited.bytes.len != XG_HASH_SIZE)
            return "head: a foreign head is not a hash";
        if (last && memcmp(last, cited.bytes.at, XG_HASH_SIZE) >= 0)
            return "head: foreign heads do not ascend";
        last = cited.bytes.at;
    }
    head->foreign_count = (size_t)item->number;
    return NULL;
}

static const char *read_crit(struct xg_head *head,
                             const struct xg_cbor_item *item)
{
    struct xg_cbor c;
    struct xg_cbor_item number;
    uint64_t least = 0;

    if (item->type != XG_CBOR_ARRAY || item->number == 0)
        return "head: crit is not a list of field numbers";
    c = xg_cbor_inside(item);
    while (xg_cbor_next(&c, &number)) {
        if (number.type != XG_CBOR_UINT || number.number < least ||
            number.number > XG_NUMBER_MAX)
            return "head: crit is not a list of ascending field numbers";
        least = number.number + 1;
    }
    head->crit = item->raw;
    return NULL;
}

static const char *read_head_entry(struct xg_head *head, uint64_t key,
                                   const struct xg_cbor_item *item)
{
    switch (key) {
    case 1:
        if (item->type != XG_CBOR_UINT || item->number > XG_NUMBER_MAX)
            return "head: kind is not a small number";
        head->kind = item->number;
        return NULL;
    case 2:
        if (item->type != XG_CBOR_BYTES || item->bytes.len != XG_ID_SIZE)
            return "head: entity is not 16 bytes";
        memcpy(head->entity.b, item->bytes.at, XG_ID_SIZE);
        head->creates = false;
        return NULL;
    case 3:
        return read_transition(head, item);
    case 4:
        return read_foreign(head, item);
    case 5:
        return read_moment(head, item);
    case 6:
        if (item->type != XG_CBOR_TEXT || item->bytes.len == 0 ||
            item->bytes.len > XG_AUTHOR_MAX || !xg_code_valid(item->bytes))
            return "head: author is not a short code";
        head->author = item->bytes;
        return NULL;
    case 7:
        return read_crit(head, item);
    case 8:
        if (item->type != XG_CBOR_BYTES || item->bytes.len != 64)
            return "head: author signature is not 64 bytes";
        head->signature = item->bytes;
        return NULL;
    default:
        return "head: unknown entry";
    }
}

/* The item must be one whole checked map. */
static const char *checked_map(struct xg_cbor *inside, struct xg_bytes raw,
                               const char *what)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_cbor_item map;
    size_t size;

    if (xg_cbor_check(&size, raw.at, raw.len, &ignored) != XG_OK ||
        size != raw.len)
        return what;
    struct xg_cbor c = xg_cbor_over(raw);
    xg_cbor_next(&c, &map);
    if (map.type != XG_CBOR_MAP)
        return what;
    *inside = xg_cbor_inside(&map);
    return NULL;
}

static const char *read_head(struct xg_head *head, struct xg_bytes raw)
{
    struct xg_cbor c;
    struct xg_cbor_item key, value;
    bool kind = false, moment = false;
    const char *bad = checked_map(&c, raw, "head: not a deterministic map");

    *head = (struct xg_head){.creates = true};
    while (!bad && xg_cbor_next(&c, &key)) {
        xg_cbor_next(&c, &value);
        if (key.type != XG_CBOR_UINT)
            return "head: a key is not a number";
        kind |= key.number == 1;
        moment |= key.number == 5;
        bad = read_head_entry(head, key.number, &value);
    }
    if (!bad && (!kind || !moment))
        bad = "head: kind or time is missing";
    if (!bad && head->creates && (head->move || head->foreign_count))
        bad = "head: a first record has no transition and cites nothing";
    return bad;
}

/* ---- the fields ---- */

struct xg_field_cursor xg_record_fields(const struct xg_record *r)
{
    struct xg_cbor c = xg_cbor_over(r->fields_raw);
    struct xg_cbor_item map;

    if (!xg_cbor_next(&c, &map))
        return (struct xg_field_cursor){c};
    return (struct xg_field_cursor){xg_cbor_inside(&map)};
}

bool xg_field_next(struct xg_field_cursor *c, uint64_t *number,
                   struct xg_cbor_item *value)
{
    struct xg_cbor_item key;

    if (!xg_cbor_next(&c->at, &key))
        return false;
    *number = key.number;
    return xg_cbor_next(&c->at, value);
}

bool xg_record_field(const struct xg_record *r, uint64_t number,
                     struct xg_cbor_item *value)
{
    struct xg_field_cursor c = xg_record_fields(r);
    uint64_t at;

    while (xg_field_next(&c, &at, value) && at <= number)
        if (at == number)
            return true;
    return false;
}

/* Does the reader know every field that it must? */
static bool crit_known(const struct xg_head *head, const struct xg_kind *kind)
{
    struct xg_cbor_item list, number;

    if (head->crit.len == 0)
        return true;
    struct xg_cbor c = xg_cbor_over(head->crit);
    xg_cbor_next(&c, &list);
    c = xg_cbor_inside(&list);
    while (xg_cbor_next(&c, &number))
        if (!xg_field_find(kind, number.number))
            return false;
    return true;
}

/* How deep arrays and maps nest in the item: 0 for a plain value. Recursion is
 * bounded by XG_CBOR_DEPTH_MAX, which was checked. */
static int depth_of(const struct xg_cbor_item *item)
{
    struct xg_cbor c;
    struct xg_cbor_item inside;
    int deepest = 0;

    if (item->type != XG_CBOR_ARRAY && item->type != XG_CBOR_MAP)
        return 0;
    c = xg_cbor_inside(item);
    while (xg_cbor_next(&c, &inside)) {
        int depth = depth_of(&inside);
        if (depth > deepest)
            deepest = depth;
    }
    return deepest + 1;
}

/* Everything that a first record must hold. */
static const char *check_required(const struct xg_record *r,
                                  const struct xg_kind *kind)
{
    const struct xg_field *f;
    struct xg_cbor_item value;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
        if ((f->flags & XG_REQUIRED) &&
            (!xg_record_field(r, f->number, &value) ||
             value.type == XG_CBOR_NULL))
            return "fields: a required one is missing";
    return NULL;
}

static const char *read_fields(const struct xg_record *r)
{
    const struct xg_kind *kind = xg_kind_find(r->head.kind);
    struct xg_cbor c;
    struct xg_cbor_item key, value;
    bool personal = false, salt = false;
    size_t count = 0;
    const char *bad =
        checked_map(&c, r->fields_raw, "fields: not a deterministic map");

    while (!bad && xg_cbor_next(&c, &key)) {
        xg_cbor_next(&c, &value);
        if (key.type != XG_CBOR_UINT || key.number > XG_NUMBER_MAX)
            return "fields: a key is not a small number";
        if (++count > XG_RECORD_FIELDS_MAX)
            return "fields: more than 48";
        const struct xg_field *f =
            kind ? xg_field_find(kind, key.number) : NULL;
        if (!f) {
            if (depth_of(&value) > XG_VALUE_DEPTH_MAX)
                bad = "fields: an unknown one nests too deep";
            continue;
        }
        personal |= (f->flags & XG_PERSONAL) != 0;
        salt |= f->number == XG_FIELD_SALT;
        bad = xg_value_check(f, &value);
    }
    if (!bad && kind && kind->entity && personal && !salt)
        bad = "fields: personal ones without a salt";
    if (!bad && kind && r->head.creates)
        bad = check_required(r, kind);
    return bad ? bad : xg_erasing_check(r, kind);
}

/* What the head alone decides, so that it stays decided when fields are
 * erased. */
static const char *check_kind(const struct xg_head *head, uint64_t seq)
{
    const struct xg_kind *kind = xg_kind_find(head->kind);

    if ((seq == 0) != (head->kind == XG_KIND_GENESIS))
        return "head: record 0 is the genesis, and only that";
    if (!kind)
        return NULL;
    if (!kind->entity && !head->creates)
        return "head: this kind has no entity";
    if (!crit_known(head, kind))
        return "head: a field that must be understood is unknown";
    return NULL;
}

void xg_record_read(struct xg_record *r, const struct xg_hash *chain,
                    uint64_t seq, const struct xg_hash *previous,
                    struct xg_bytes head, struct xg_bytes fields)
{
    r->head_raw = head;
    r->fields_raw = fields;
    if (fields.len)
        crypto_hash_sha256(r->fields_hash.b, fields.at, fields.len);
    xg_record_hash(&r->hash, chain, seq, previous, head, &r->fields_hash);

    if (head.len + fields.len > XG_RECORD_MAX) {
        r->head = (struct xg_head){.creates = true};
        r->malformed = "longer than 32 KiB";
        return;
    }
    r->malformed = read_head(&r->head, head);
    if (!r->malformed)
        r->malformed = check_kind(&r->head, seq);
    if (!r->malformed && fields.len)
        r->malformed = read_fields(r);
}

void xg_record_keep(struct xg_record *out, const struct xg_record *r,
                    struct xg_bytes kept)
{
    struct xg_record kept_of = *r;

    kept_of.fields_raw = kept;
    kept_of.malformed = read_head(&kept_of.head, r->head_raw);
    if (!kept_of.malformed)
        kept_of.malformed = check_kind(&kept_of.head, 1);
    *out = kept_of;
}

struct xg_id xg_record_entity(const struct xg_record *r)
{
    return r->head.creates ? xg_id_of_hash(&r->hash) : r->head.entity;
}
