/* kept_draft.c - see kept_draft.h. */
#include "agent/record/kept_draft.h"

#include <inttypes.h>

#include "agent/photo/loose.h"
#include "shared/base/lang.h"
#include "shared/core/cbor.h"
#include "shared/view/value.h"

/* Keys of the third item. */
enum { AT_VERSION = 1, AT_WORDS, AT_ABOUT, AT_MOVE, AT_INFORMANT, AT_OPENS,
       AT_KEY };

void kept_init(struct kept_draft *d, struct xg_arena *arena,
               const struct xg_kind *kind)
{
    *d = (struct kept_draft){.kind = kind, .author = "", .move = ""};
    xg_draft_init(&d->values, arena, kind->number);
    d->values.head.creates = false; /* a photo gives no position here */
}

enum xg_status kept_add_word(struct kept_draft *d, const char *word,
                             struct xg_error *err)
{
    struct kept_words more = {.count = d->words.count + 1};
    const char *copy = xg_arena_str(d->values.arena, word, strlen(word));

    more.list = xg_arena_array(d->values.arena, more.count, sizeof *more.list);
    if (!more.list || !copy)
        return xg_fail_nomem(err);
    if (d->words.count)
        memcpy(more.list, d->words.list, d->words.count * sizeof *more.list);
    more.list[d->words.count] = copy;
    d->words = more;
    return XG_OK;
}

/* ---- writing ---- */

static void put_text(struct xg_buf *out, const char *text)
{
    if (text)
        xg_cbor_put_bytes(out, text, strlen(text));
    else
        xg_cbor_put_null(out);
}

static void put_words(struct xg_buf *out, const struct kept_words *words)
{
    xg_cbor_put_array(out, words->count);
    for (size_t i = 0; i < words->count; i++)
        put_text(out, words->list[i]);
}

static void put_rest(struct xg_buf *out, const struct kept_draft *d)
{
    bool told = false;

    for (size_t i = 0; i < VIEW_TOLDS; i++)
        told |= d->informant[i] != NULL;
    xg_cbor_put_map(out, 2u + (d->is_later ? 1u : 0u) + (*d->move ? 1u : 0u) +
                             (told ? 1u : 0u) + (d->opens.count ? 1u : 0u) +
                             (d->key ? 1u : 0u));
    xg_cbor_put_uint(out, AT_VERSION);
    xg_cbor_put_uint(out, d->version);
    xg_cbor_put_uint(out, AT_WORDS);
    put_words(out, &d->words);
    if (d->is_later) {
        xg_cbor_put_uint(out, AT_ABOUT);
        xg_cbor_put_bytes(out, d->about.b, XG_ID_SIZE);
    }
    if (*d->move) {
        xg_cbor_put_uint(out, AT_MOVE);
        put_text(out, d->move);
    }
    if (told) {
        xg_cbor_put_uint(out, AT_INFORMANT);
        xg_cbor_put_array(out, VIEW_TOLDS);
        for (size_t i = 0; i < VIEW_TOLDS; i++)
            put_text(out, d->informant[i]);
    }
    if (d->opens.count) {
        xg_cbor_put_uint(out, AT_OPENS);
        put_words(out, &d->opens);
    }
    if (d->key) {
        xg_cbor_put_uint(out, AT_KEY);
        xg_cbor_put_uint(out, d->key);
    }
}

static void put_draft(struct xg_buf *out, const struct kept_draft *d)
{
    const struct xg_draft *v = &d->values;

    xg_cbor_put_array(out, 3);
    if (*d->author)
        xg_cbor_put_text(out, d->author, strlen(d->author));
    else
        xg_cbor_put_null(out);
    xg_cbor_put_map(out, v->field_count);
    for (size_t i = 0; i < v->field_count; i++) {
        xg_cbor_put_uint(out, v->fields[i].number);
        xg_buf_append(out, v->fields[i].value.at, v->fields[i].value.len);
    }
    put_rest(out, d);
}

enum xg_status kept_put(struct store *s, int64_t *number, struct kept_draft *d,
                        struct xg_error *err)
{
    struct xg_buf content = XG_BUF(KEPT_BYTES_MAX);

    if (!d->kind->entity)
        return xg_fail(err, XG_USAGE,
                       XG_T("不能这样记录", "this cannot be recorded"));
    d->version++;
    put_draft(&content, d);
    enum xg_status status = XG_OK;
    if (content.failed == XG_TOOBIG)
        status = xg_fail(err, XG_TOOBIG,
                         XG_T("一份草稿最多 %d KB 文字：请缩短，或分几次记",
                              "a draft holds %d KB of text at most: make it "
                              "shorter, or record it in parts"),
                         KEPT_BYTES_MAX >> 10);
    else
        status = xg_buf_check(&content, err);
    if (status == XG_OK)
        status =
            store_put_draft(s, number, d->kind, xg_buf_bytes(&content), err);
    xg_buf_clear(&content);
    return status;
}

bool kept_equal(const struct kept_draft *a, const struct kept_draft *b)
{
    struct xg_buf one = XG_BUF(KEPT_BYTES_MAX), other = XG_BUF(KEPT_BYTES_MAX);
    struct kept_draft same = *b;

    same.version = a->version;
    put_draft(&one, a);
    put_draft(&other, &same);
    bool equal = one.failed == XG_OK && other.failed == XG_OK &&
                 xg_bytes_equal(xg_buf_bytes(&one), xg_buf_bytes(&other));
    xg_buf_clear(&one);
    xg_buf_clear(&other);
    return equal;
}

enum xg_status kept_save(struct store *s, int64_t *number, struct kept_draft *d,
                         struct xg_error *err)
{
    int64_t n = *number;

    if (store_begin(s, err) != XG_OK)
        return err->status;
    if (kept_put(s, &n, d, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    if (store_commit(s, err) != XG_OK)
        return err->status;
    *number = n;
    return XG_OK;
}

/* ---- reading ---- */

static bool is_words(const struct xg_cbor_item *list)
{
    struct xg_cbor c = xg_cbor_inside(list);
    struct xg_cbor_item word;

    if (list->type != XG_CBOR_ARRAY || list->number > KEPT_WORDS_MAX)
        return false;
    while (xg_cbor_next(&c, &word))
        if (word.type != XG_CBOR_BYTES ||
            memchr(word.bytes.at, '\0', word.bytes.len) ||
            !xg_utf8_valid(word.bytes.at, word.bytes.len))
            return false;
    return true;
}

static bool is_text(const struct xg_cbor_item *text)
{
    return text->type == XG_CBOR_BYTES &&
           !memchr(text->bytes.at, '\0', text->bytes.len) &&
           xg_utf8_valid(text->bytes.at, text->bytes.len);
}

static bool is_informant(const struct xg_cbor_item *list)
{
    struct xg_cbor c = xg_cbor_inside(list);
    struct xg_cbor_item text;

    if (list->type != XG_CBOR_ARRAY || list->number != VIEW_TOLDS)
        return false;
    while (xg_cbor_next(&c, &text))
        if (text.type != XG_CBOR_NULL && !is_text(&text))
            return false;
    return true;
}

static bool rest_fits(const struct xg_cbor_item *rest)
{
    struct xg_cbor c = xg_cbor_inside(rest);
    struct xg_cbor_item key, value;

    if (rest->type != XG_CBOR_MAP)
        return false;
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value)) {
        bool fits = key.type == XG_CBOR_UINT;
        if (fits && (key.number == AT_VERSION || key.number == AT_KEY))
            fits = value.type == XG_CBOR_UINT;
        else if (fits && (key.number == AT_WORDS || key.number == AT_OPENS))
            fits = is_words(&value);
        else if (fits && key.number == AT_ABOUT)
            fits = value.type == XG_CBOR_BYTES && value.bytes.len == XG_ID_SIZE;
        else if (fits && key.number == AT_MOVE)
            fits = is_text(&value);
        else if (fits && key.number == AT_INFORMANT)
            fits = is_informant(&value);
        else
            fits = false;
        if (!fits)
            return false;
    }
    return true;
}

static bool values_fit(const struct xg_cbor_item *values,
                       const struct xg_kind *kind)
{
    struct xg_cbor c = xg_cbor_inside(values);
    struct xg_cbor_item key, value;

    if (values->type != XG_CBOR_MAP || values->number > XG_DRAFT_FIELDS_MAX)
        return false;
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value)) {
        const struct xg_field *f =
            key.type == XG_CBOR_UINT ? xg_field_find(kind, key.number) : NULL;
        if (!f || xg_value_check(f, &value))
            return false;
    }
    return true;
}

/* The parts of a draft, whatever they are worth. */
static bool divide(struct xg_cbor_item *who, struct xg_cbor_item *values,
                   struct xg_cbor_item *rest, struct xg_bytes content)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_cbor_item array;
    size_t size;

    if (xg_cbor_check(&size, content.at, content.len, &ignored) != XG_OK ||
        size != content.len)
        return false;
    struct xg_cbor c = xg_cbor_over(content);
    if (!xg_cbor_next(&c, &array) || array.type != XG_CBOR_ARRAY ||
        array.number < 2 || array.number > 3)
        return false;
    c = xg_cbor_inside(&array);
    *rest = (struct xg_cbor_item){.type = XG_CBOR_NULL};
    return xg_cbor_next(&c, who) && xg_cbor_next(&c, values) &&
           (array.number == 2 || xg_cbor_next(&c, rest)) &&
           (who->type == XG_CBOR_NULL || who->type == XG_CBOR_TEXT);
}

bool kept_fits(struct xg_cbor_item *values, struct xg_cbor_item *rest,
               const struct xg_kind *kind, struct xg_bytes content)
{
    struct xg_cbor_item who;

    return kind && kind->entity && divide(&who, values, rest, content) &&
           values_fit(values, kind) &&
           (rest->type == XG_CBOR_NULL || rest_fits(rest));
}

static const char *take_text(struct kept_draft *d, struct xg_bytes text)
{
    return xg_arena_str(d->values.arena, (const char *)text.at, text.len);
}

static bool take_words(struct kept_words *out, struct kept_draft *d,
                       const struct xg_cbor_item *list)
{
    struct xg_cbor c = xg_cbor_inside(list);
    struct xg_cbor_item word;

    out->count = 0;
    out->list =
        xg_arena_array(d->values.arena, list->number + 1, sizeof *out->list);
    while (out->list && xg_cbor_next(&c, &word)) {
        out->list[out->count] = take_text(d, word.bytes);
        if (!out->list[out->count++])
            return false;
    }
    return out->list != NULL;
}

static bool take_informant(struct kept_draft *d,
                           const struct xg_cbor_item *list)
{
    struct xg_cbor c = xg_cbor_inside(list);
    struct xg_cbor_item text;

    for (size_t i = 0; xg_cbor_next(&c, &text); i++) {
        if (text.type == XG_CBOR_NULL)
            continue;
        d->informant[i] = take_text(d, text.bytes);
        if (!d->informant[i])
            return false;
    }
    return true;
}

/* False: no memory. It fits. */
static bool take_rest(struct kept_draft *d, const struct xg_cbor_item *rest)
{
    struct xg_cbor c = xg_cbor_inside(rest);
    struct xg_cbor_item key, value;
    bool good = true;

    while (good && xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value)) {
        switch (key.number) {
        case AT_VERSION:
            d->version = value.number;
            break;
        case AT_WORDS:
            good = take_words(&d->words, d, &value);
            break;
        case AT_ABOUT:
            d->is_later = true;
            memcpy(d->about.b, value.bytes.at, XG_ID_SIZE);
            break;
        case AT_MOVE:
            d->move = take_text(d, value.bytes);
            good = d->move != NULL;
            break;
        case AT_INFORMANT:
            good = take_informant(d, &value);
            break;
        case AT_OPENS:
            good = take_words(&d->opens, d, &value);
            break;
        case AT_KEY:
            d->key = value.number;
            break;
        default:
            break;
        }
    }
    return good;
}

static enum xg_status take_values(struct kept_draft *d,
                                  const struct xg_cbor_item *values,
                                  struct xg_error *err)
{
    struct xg_cbor c = xg_cbor_inside(values);
    struct xg_cbor_item key, value;

    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value))
        if (xg_draft_set(&d->values, key.number, value.raw, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- what an older program kept: values, which become words ---- */

static enum xg_status word_of(struct kept_draft *d, const struct xg_field *f,
                              const struct xg_cbor_item *value,
                              struct xg_error *err)
{
    struct xg_buf word = XG_BUF(KEPT_BYTES_MAX);

    xg_buf_format(&word, "%s=", f->name);
    if (value->type != XG_CBOR_NULL)
        view_value_text(&word, f, value);
    enum xg_status status = xg_buf_check(&word, err);
    if (status == XG_OK)
        status = kept_add_word(d, xg_buf_str(&word), err);
    xg_buf_clear(&word);
    return status;
}

static enum xg_status words_of_values(struct kept_draft *d,
                                      struct xg_error *err)
{
    struct xg_draft all = d->values;

    d->values.field_count = 0;
    for (size_t i = 0; i < all.field_count; i++) {
        const struct xg_field *f = xg_field_find(d->kind, all.fields[i].number);
        struct xg_cbor c = view_elements(f, all.fields[i].value);
        struct xg_cbor_item value;
        if (f->number == XG_FIELD_PHOTO) {
            if (xg_draft_set(&d->values, f->number, all.fields[i].value, err) !=
                XG_OK)
                return err->status;
            continue;
        }
        while (xg_cbor_next(&c, &value))
            if (word_of(d, f, &value, err) != XG_OK)
                return err->status;
    }
    return XG_OK;
}

static enum xg_status read_draft(struct kept_draft *d, struct xg_bytes content,
                                 int64_t number, struct xg_error *err)
{
    struct xg_cbor_item who, values, rest;

    if (!kept_fits(&values, &rest, d->kind, content) ||
        !divide(&who, &values, &rest, content))
        return xg_fail(err, XG_CORRUPT,
                       XG_T("草稿 draft-%" PRId64 " 读不出来",
                            "draft-%" PRId64 " cannot be read"),
                       number);
    if (who.type == XG_CBOR_TEXT)
        d->author = take_text(d, who.bytes);
    if (!d->author || (rest.type == XG_CBOR_MAP && !take_rest(d, &rest)))
        return xg_fail_nomem(err);
    if (take_values(d, &values, err) != XG_OK)
        return err->status;
    return words_of_values(d, err);
}

enum xg_status kept_load(struct store *s, struct kept_draft *out,
                         struct xg_arena *arena, int64_t number,
                         struct xg_error *err)
{
    struct xg_buf content = XG_BUF(KEPT_BYTES_MAX);
    const struct xg_kind *kind;
    struct kept_draft d;
    int64_t changed_ms;
    enum xg_status status =
        store_get_draft(s, &kind, &changed_ms, &content, number, err);

    if (status == XG_OK) {
        kept_init(&d, arena, kind);
        d.changed_ms = changed_ms;
        status = read_draft(&d, xg_buf_bytes(&content), number, err);
    }
    xg_buf_clear(&content);
    if (status == XG_OK)
        *out = d;
    return status;
}

/* ---- by the key of who began it ---- */

enum { DRAFTS_MAX = 10000 };

struct begun {
    const struct xg_kind *kind;
    size_t count;
    int64_t *numbers;
};

static bool gather(void *ctx, int64_t number, const struct xg_kind *kind,
                   int64_t changed_ms)
{
    struct begun *b = ctx;

    (void)changed_ms;
    if (kind == b->kind)
        b->numbers[b->count++] = number;
    return b->count < DRAFTS_MAX;
}

enum xg_status kept_find(struct store *s, int64_t *number,
                         const struct xg_kind *kind, uint64_t key,
                         struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct begun b = {
        .kind = kind,
        .numbers = xg_arena_array(&arena, DRAFTS_MAX, sizeof *b.numbers)};
    int64_t found = 0;

    if (!b.numbers)
        return xg_fail_nomem(err);
    enum xg_status status = store_list_drafts(s, gather, &b, err);
    while (status == XG_OK && found == 0 && b.count-- > 0) {
        struct xg_arena one = XG_ARENA(16 << 20);
        struct kept_draft d;
        status = kept_load(s, &d, &one, b.numbers[b.count], err);
        if (status == XG_OK && d.key == key)
            found = b.numbers[b.count];
        xg_arena_clear(&one);
    }
    xg_arena_clear(&arena);
    if (status == XG_OK)
        *number = found;
    return status;
}

/* ---- letting go ---- */

enum xg_status kept_check(const struct kept_draft *d, int64_t number,
                          uint64_t version, struct xg_error *err)
{
    if (version == 0 || version == d->version)
        return XG_OK;
    return xg_fail(err, XG_STALE,
                   XG_T("draft-%" PRId64 " 已在别处改过（现在是第 %" PRIu64
                        " 版，不是第 %" PRIu64
                        " 版）：什么也没写入；先看 xunge show draft-%" PRId64
                        "，再写",
                        "draft-%" PRId64
                        " was changed elsewhere (it is version %" PRIu64
                        ", not %" PRIu64
                        "): nothing was written; look at xunge show "
                        "draft-%" PRId64 ", then write again"),
                   number, d->version, version, number);
}

static enum xg_status give_up_photos(struct store *s,
                                     const struct kept_draft *d,
                                     struct xg_error *err)
{
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;

    while (kept_next_photo(d, &at, &photo))
        if (photo_give_up(s, &photo, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status kept_drop(struct store *s, int64_t number, uint64_t version,
                         struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(8 << 20);
    struct kept_draft d;
    enum xg_status status = kept_load(s, &d, &arena, number, err);

    if (status == XG_OK)
        status = kept_check(&d, number, version, err);
    if (status == XG_OK)
        status = give_up_photos(s, &d, err);
    /* What cannot be read can be thrown away all the same. */
    if (status == XG_CORRUPT && version == 0) {
        *err = XG_ERROR_NONE;
        status = XG_OK;
    }
    if (status == XG_OK)
        status = store_drop_draft(s, number, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status kept_discard(struct store *s, int64_t number,
                            struct xg_error *err)
{
    if (store_begin(s, err) != XG_OK)
        return err->status;
    if (kept_drop(s, number, 0, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    return store_commit(s, err);
}

/* ---- photos ---- */

bool kept_next_photo(const struct kept_draft *d, struct kept_photos *at,
                     struct xg_cbor_item *photo)
{
    struct xg_bytes value = xg_draft_get(&d->values, XG_FIELD_PHOTO);
    struct xg_cbor_item set, key, list;

    if (!at->begun && value.len) {
        struct xg_cbor c = xg_cbor_over(value);
        if (xg_cbor_next(&c, &set))
            c = xg_cbor_inside(&set);
        while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list))
            if (key.number == XG_SET_ADDED)
                at->at = xg_cbor_inside(&list);
    }
    at->begun = true;
    return xg_cbor_next(&at->at, photo);
}

struct xg_hash kept_photo_hash(const struct xg_cbor_item *photo)
{
    struct xg_cbor c = xg_cbor_inside(photo);
    struct xg_cbor_item first;
    struct xg_hash hash = {{0}};

    if (xg_cbor_next(&c, &first) && first.bytes.len == XG_HASH_SIZE)
        memcpy(hash.b, first.bytes.at, XG_HASH_SIZE);
    return hash;
}

enum xg_status kept_drop_photo(struct kept_draft *d, bool *found,
                               const struct xg_hash *sha256,
                               struct xg_error *err)
{
    struct kept_draft without = *d;
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;
    bool is_there = false;

    without.values.field_count = 0;
    for (size_t i = 0; i < d->values.field_count; i++)
        if (d->values.fields[i].number != XG_FIELD_PHOTO &&
            xg_draft_set(&without.values, d->values.fields[i].number,
                         d->values.fields[i].value, err) != XG_OK)
            return err->status;
    while (kept_next_photo(d, &at, &photo)) {
        struct xg_hash one = kept_photo_hash(&photo);
        bool is_it = xg_hash_equal(&one, sha256);
        is_there |= is_it;
        if (!is_it && xg_draft_add(&without.values, XG_FIELD_PHOTO, photo.raw,
                                   err) != XG_OK)
            return err->status;
    }
    *d = without;
    *found = is_there;
    return XG_OK;
}
