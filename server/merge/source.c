/* source.c - see source.h. */
#include "server/merge/source.h"

enum { SOURCE_ARENA = 1 << 20 };

/* A text; a device's own 16 bytes are none. */
static bool source_of(struct xg_bytes *text, const struct xg_record *record)
{
    struct xg_cbor_item item;

    if (record->malformed || !record->head.creates ||
        !xg_record_field(record, XG_FIELD_SOURCE, &item) ||
        item.type != XG_CBOR_TEXT)
        return false;
    *text = item.bytes;
    return true;
}

enum xg_status source_put(struct store *to, const struct store_record *row,
                          const struct xg_record *record, struct xg_error *err)
{
    struct xg_bytes text;

    return source_of(&text, record)
               ? to->ops->put_source(to, text, row->number, err)
               : XG_OK;
}

static uint64_t channel_of(const struct xg_record *record)
{
    struct xg_cbor_item item;

    return xg_record_field(record, XG_CASE_CHANNEL, &item) &&
                   item.type == XG_CBOR_UINT
               ? item.number
               : 0;
}

static enum xg_status look_at(struct store *s, struct xg_id *id, bool *is_it,
                              uint64_t number, uint64_t channel,
                              struct xg_error *err)
{
    static const struct xg_hash NO_CHAIN;
    struct xg_arena arena = XG_ARENA(SOURCE_ARENA);
    struct store_record *rows;
    struct xg_record record;
    size_t count = 0;
    enum xg_status status =
        s->ops->read_records(s, &arena, &rows, &count, number, number, 1, err);

    *is_it = false;
    if (status == XG_OK && count) {
        store_read_record(&record, &NO_CHAIN, rows);
        *is_it = channel_of(&record) == channel;
        *id = rows->entity_id;
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status source_find(struct store *s, struct xg_id *id, bool *found,
                           struct xg_bytes text, uint64_t channel,
                           struct xg_error *err)
{
    uint64_t record = 0;
    bool any = true, is_it = false;
    struct xg_id made;

    while (any && !is_it) {
        if (s->ops->find_source(s, &record, &any, text, record, err) != XG_OK)
            return err->status;
        if (any && look_at(s, &made, &is_it, record, channel, err) != XG_OK)
            return err->status;
    }
    *found = is_it;
    if (is_it)
        *id = made;
    return XG_OK;
}

enum xg_status source_find_of(struct store *s, struct xg_id *id, bool *found,
                              const struct xg_draft *draft,
                              struct xg_error *err)
{
    struct xg_cbor source = xg_cbor_over(xg_draft_get(draft, XG_FIELD_SOURCE));
    struct xg_cbor by = xg_cbor_over(xg_draft_get(draft, XG_CASE_CHANNEL));
    struct xg_cbor_item text, channel = {.number = 0};

    *found = false;
    if (!xg_cbor_next(&source, &text) || text.type != XG_CBOR_TEXT)
        return XG_OK;
    if (!xg_cbor_next(&by, &channel))
        channel.number = 0;
    return source_find(s, id, found, text.bytes, channel.number, err);
}
