/* fault.c - a store whose N-th call fails; see store.h. */
#include "server/store/store.h"

#include <stdlib.h>

#include "shared/base/lang.h"

struct fault_store {
    struct store store, *inner;
    struct store_fault *fault;
    bool owns; /* the inner store */
};

static struct store *inner(struct store *s)
{
    return ((struct fault_store *)s)->inner;
}

/* Does this call fail? */
static bool trips(struct store *s, const char *verb, struct xg_error *err)
{
    struct store_fault *f = ((struct fault_store *)s)->fault;

    if (f->status == XG_OK)
        return false;
    if (f->countdown > 0) {
        f->countdown--;
        return false;
    }
    if (f->failed > 0 && !f->repeat)
        return false;
    f->failed++;
    xg_ignore(xg_fail(err, f->status,
                      XG_T("故意的故障：%s", "a fault made on purpose: %s"),
                      verb));
    return true;
}

static void close_store(struct store *s)
{
    if (((struct fault_store *)s)->owns)
        store_close(inner(s));
    free(s);
}

static void rollback(struct store *s)
{
    inner(s)->ops->rollback(inner(s));
}

static enum xg_status wrap(struct store **s, struct store *wrapped, bool owns,
                           struct store_fault *fault, struct xg_error *err);

static enum xg_status open_reader(struct store *s, struct store **reader,
                                  struct xg_error *err)
{
    struct store *opened = NULL;

    if (trips(s, "open_reader", err) ||
        inner(s)->ops->open_reader(inner(s), &opened, err) != XG_OK)
        return err->status;
    if (opened == inner(s)) {
        *reader = s;
        return XG_OK;
    }
    return wrap(reader, opened, true, ((struct fault_store *)s)->fault, err);
}

static enum xg_status commit(struct store *s, struct xg_error *err)
{
    struct xg_error lost = XG_ERROR_NONE;

    if (!trips(s, "commit", err))
        return inner(s)->ops->commit(inner(s), err);
    if (err->status == XG_IO)
        xg_ignore(inner(s)->ops->commit(inner(s), &lost));
    else
        inner(s)->ops->rollback(inner(s));
    return err->status;
}

/* Every other verb: fail, or go on to the inner store. */
#define VERB(name, params, ...)                                                \
    static enum xg_status name params                                          \
    {                                                                          \
        if (trips(s, #name, err))                                              \
            return err->status;                                                \
        return inner(s)->ops->name(inner(s), __VA_ARGS__);                     \
    }

VERB(begin, (struct store * s, struct xg_error *err), err)
VERB(begin_read, (struct store * s, struct xg_error *err), err)
VERB(append_entries,
     (struct store * s, uint64_t first, const struct xg_bytes *notes,
      size_t count, struct xg_error *err),
     first, notes, count, err)
VERB(read_entries,
     (struct store * s, struct xg_arena *arena, struct xg_bytes **notes,
      size_t *found, uint64_t first, size_t count, size_t max_bytes,
      struct xg_error *err),
     arena, notes, found, first, count, max_bytes, err)
VERB(put_block,
     (struct store * s, const struct store_block *block, struct xg_error *err),
     block, err)
VERB(read_block,
     (struct store * s, struct store_block *block, uint64_t layer,
      uint64_t number, struct xg_error *err),
     block, layer, number, err)
VERB(put_time,
     (struct store * s, const struct store_time *t, struct xg_error *err), t,
     err)
VERB(find_time_below,
     (struct store * s, struct store_time *t, bool *found, uint64_t position,
      struct xg_error *err),
     t, found, position, err)
VERB(find_time_from,
     (struct store * s, struct store_time *t, bool *found, uint64_t position,
      struct xg_error *err),
     t, found, position, err)
VERB(put_seen,
     (struct store * s, const struct store_seen *seen, struct xg_error *err),
     seen, err)
VERB(find_seen_below,
     (struct store * s, struct store_seen *seen, bool *found, uint64_t position,
      struct xg_error *err),
     seen, found, position, err)
VERB(find_seen_over,
     (struct store * s, struct store_seen *seen, bool *found, uint64_t size,
      struct xg_error *err),
     seen, found, size, err)
VERB(put_cosignature,
     (struct store * s, const struct store_cosignature *c,
      struct xg_error *err),
     c, err)
VERB(read_cosignatures,
     (struct store * s, struct xg_arena *arena, struct store_cosignature **rows,
      size_t *count, bool ours, const char *device, struct xg_error *err),
     arena, rows, count, ours, device, err)
VERB(put_document,
     (struct store * s, const char *name, struct xg_bytes content,
      struct xg_error *err),
     name, content, err)
VERB(get_document,
     (struct store * s, struct xg_arena *arena, struct xg_bytes *content,
      const char *name, struct xg_error *err),
     arena, content, name, err)
VERB(put_checkpoint,
     (struct store * s, uint64_t size, struct xg_bytes note,
      struct xg_error *err),
     size, note, err)
VERB(get_checkpoint,
     (struct store * s, struct xg_arena *arena, uint64_t *size,
      struct xg_bytes *note, struct xg_error *err),
     arena, size, note, err)
VERB(put_batch,
     (struct store * s, const struct store_batch *b, struct xg_bytes body,
      struct xg_error *err),
     b, body, err)
VERB(find_batch,
     (struct store * s, struct store_batch *b, bool *found,
      const struct xg_hash *id, struct xg_error *err),
     b, found, id, err)
VERB(read_body,
     (struct store * s, struct xg_arena *arena, struct xg_bytes *body,
      uint64_t position, struct xg_error *err),
     arena, body, position, err)
VERB(set_batch_state,
     (struct store * s, uint64_t position, enum xg_batch_state state,
      struct xg_error *err),
     position, state, err)
VERB(read_batches,
     (struct store * s, struct xg_arena *arena, struct store_batch **rows,
      size_t *count, uint64_t position, size_t limit, struct xg_error *err),
     arena, rows, count, position, limit, err)
VERB(read_waiting,
     (struct store * s, struct xg_arena *arena, struct store_batch **rows,
      size_t *count, const struct xg_hash *chain, uint64_t from, uint64_t to,
      struct xg_error *err),
     arena, rows, count, chain, from, to, err)
VERB(count_waiting,
     (struct store * s, uint64_t *count, const char *device,
      struct xg_error *err),
     count, device, err)
VERB(put_chain,
     (struct store * s, const struct store_chain *c, struct xg_error *err), c,
     err)
VERB(find_chain,
     (struct store * s, struct store_chain *c, bool *found,
      const struct xg_hash *id, struct xg_error *err),
     c, found, id, err)
VERB(get_chain,
     (struct store * s, struct store_chain *c, uint64_t number,
      struct xg_error *err),
     c, number, err)
VERB(read_chains,
     (struct store * s, struct xg_arena *arena, struct store_chain **rows,
      size_t *count, const char *device, struct xg_error *err),
     arena, rows, count, device, err)
VERB(put_branch,
     (struct store * s, const struct store_branch *b, struct xg_error *err), b,
     err)
VERB(read_branches,
     (struct store * s, struct xg_arena *arena, struct store_branch **rows,
      size_t *count, uint64_t chain, struct xg_error *err),
     arena, rows, count, chain, err)
VERB(put_records,
     (struct store * s, const struct store_record *rows, size_t count,
      struct xg_error *err),
     rows, count, err)
VERB(move_records,
     (struct store * s, uint64_t branch, uint64_t seq, uint64_t to,
      struct xg_error *err),
     branch, seq, to, err)
VERB(find_record,
     (struct store * s, struct xg_arena *arena, struct store_record *row,
      bool *found, const struct xg_hash *hash, struct xg_error *err),
     arena, row, found, hash, err)
VERB(has_record,
     (struct store * s, bool *has, const struct xg_hash *hash,
      struct xg_error *err),
     has, hash, err)
VERB(find_unnamed, (struct store * s, uint64_t *number, struct xg_error *err),
     number, err)
VERB(read_place,
     (struct store * s, struct xg_arena *arena, struct store_record **rows,
      size_t *count, uint64_t chain, uint64_t seq, struct xg_error *err),
     arena, rows, count, chain, seq, err)
VERB(read_branch,
     (struct store * s, struct xg_arena *arena, struct store_record **rows,
      size_t *count, uint64_t branch, uint64_t seq, size_t limit,
      struct xg_error *err),
     arena, rows, count, branch, seq, limit, err)
VERB(read_entity_records,
     (struct store * s, struct xg_arena *arena, struct store_record **rows,
      size_t *count, uint64_t entity, struct xg_error *err),
     arena, rows, count, entity, err)
VERB(read_entity_range,
     (struct store * s, struct xg_arena *arena, struct store_record **rows,
      size_t *count, uint64_t entity, uint64_t first, uint64_t last,
      size_t limit, struct xg_error *err),
     arena, rows, count, entity, first, last, limit, err)
VERB(read_records,
     (struct store * s, struct xg_arena *arena, struct store_record **rows,
      size_t *count, uint64_t first, uint64_t last, size_t limit,
      struct xg_error *err),
     arena, rows, count, first, last, limit, err)
VERB(put_entity,
     (struct store * s, const struct store_entity *e, struct xg_error *err), e,
     err)
VERB(find_entity,
     (struct store * s, struct xg_arena *arena, struct store_entity *e,
      bool *found, const struct xg_id *id, struct xg_error *err),
     arena, e, found, id, err)
VERB(find_orphan,
     (struct store * s, struct xg_arena *arena, struct store_entity *e,
      bool *found, const struct xg_id *id, struct xg_error *err),
     arena, e, found, id, err)
VERB(get_entity,
     (struct store * s, struct xg_arena *arena, struct store_entity *e,
      uint64_t number, struct xg_error *err),
     arena, e, number, err)
VERB(read_entities,
     (struct store * s, struct xg_arena *arena, struct store_entity **rows,
      size_t *count, const struct store_filter *filter, struct xg_error *err),
     arena, rows, count, filter, err)
VERB(read_entities_changed,
     (struct store * s, struct xg_arena *arena, struct store_entity **rows,
      size_t *count, uint64_t changed, uint64_t number, size_t limit,
      struct xg_error *err),
     arena, rows, count, changed, number, limit, err)
VERB(count_entities_changed,
     (struct store * s, uint64_t *count, uint64_t changed, uint64_t number,
      struct xg_error *err),
     count, changed, number, err)
VERB(read_entities_named,
     (struct store * s, struct xg_arena *arena, struct store_entity **rows,
      size_t *count, const char *prefix, size_t limit, struct xg_error *err),
     arena, rows, count, prefix, limit, err)
VERB(read_entities_numbered,
     (struct store * s, struct xg_arena *arena, struct store_entity **rows,
      size_t *count, const char *case_number, size_t limit,
      struct xg_error *err),
     arena, rows, count, case_number, limit, err)
VERB(put_scope,
     (struct store * s, const char *key, const struct store_scope *row,
      struct xg_error *err),
     key, row, err)
VERB(read_scope,
     (struct store * s, struct xg_arena *arena, struct store_scope **rows,
      size_t *count, const char *key, uint64_t from, uint64_t to, size_t limit,
      struct xg_error *err),
     arena, rows, count, key, from, to, limit, err)
VERB(put_hand,
     (struct store * s, const struct store_hand *hand, struct xg_error *err),
     hand, err)
VERB(read_hands,
     (struct store * s, struct xg_arena *arena, struct store_hand **rows,
      size_t *count, uint64_t entity, struct xg_error *err),
     arena, rows, count, entity, err)
VERB(read_unit_hands,
     (struct store * s, struct xg_arena *arena, struct store_hand **rows,
      size_t *count, const char *unit, uint64_t entity, uint64_t first,
      size_t limit, struct xg_error *err),
     arena, rows, count, unit, entity, first, limit, err)
VERB(put_passing,
     (struct store * s, const char *unit, const struct store_passing *row,
      struct xg_error *err),
     unit, row, err)
VERB(read_passings,
     (struct store * s, struct xg_arena *arena, struct store_passing **rows,
      size_t *count, const char *unit, uint64_t shown, struct xg_error *err),
     arena, rows, count, unit, shown, err)
VERB(put_moved,
     (struct store * s, const char *key, const struct store_moved *row,
      struct xg_error *err),
     key, row, err)
VERB(read_moved,
     (struct store * s, struct xg_arena *arena, struct store_moved **rows,
      size_t *count, const char *key, uint64_t shown, struct xg_error *err),
     arena, rows, count, key, shown, err)
VERB(put_telling,
     (struct store * s, uint64_t shown, uint64_t bytes, struct xg_error *err),
     shown, bytes, err)
VERB(digest_telling,
     (struct store * s, struct xg_hash *hash, struct xg_error *err), hash, err)
VERB(put_source,
     (struct store * s, struct xg_bytes text, uint64_t record,
      struct xg_error *err),
     text, record, err)
VERB(find_source,
     (struct store * s, uint64_t *record, bool *found, struct xg_bytes text,
      uint64_t after, struct xg_error *err),
     record, found, text, after, err)
VERB(digest_sources,
     (struct store * s, struct xg_hash *hash, struct xg_error *err), hash, err)
VERB(put_photo,
     (struct store * s, const struct store_photo *p, struct xg_error *err), p,
     err)
VERB(read_photos,
     (struct store * s, struct xg_arena *arena, struct store_photo **rows,
      size_t *count, const struct xg_hash *hash, uint64_t record, size_t limit,
      struct xg_error *err),
     arena, rows, count, hash, record, limit, err)
VERB(read_photos_newest,
     (struct store * s, struct xg_arena *arena, struct store_photo **rows,
      size_t *count, const struct xg_hash *hash, uint64_t record, size_t limit,
      struct xg_error *err),
     arena, rows, count, hash, record, limit, err)
VERB(put_held,
     (struct store * s, const struct xg_blob *blob, uint64_t position,
      struct xg_error *err),
     blob, position, err)
VERB(find_held,
     (struct store * s, struct store_held *held, bool *found,
      const struct xg_hash *hash, struct xg_error *err),
     held, found, hash, err)
VERB(read_held,
     (struct store * s, struct xg_arena *arena, struct store_held **rows,
      size_t *count, uint64_t after, size_t limit, struct xg_error *err),
     arena, rows, count, after, limit, err)
VERB(put_wanted,
     (struct store * s, const struct store_wanted *w, struct xg_error *err), w,
     err)
VERB(drop_wanted,
     (struct store * s, const struct xg_hash *hash, struct xg_error *err), hash,
     err)
VERB(find_wanted,
     (struct store * s, struct store_wanted *wanted, bool *found,
      const struct xg_hash *hash, struct xg_error *err),
     wanted, found, hash, err)
VERB(read_wanted,
     (struct store * s, struct xg_arena *arena, struct store_wanted **rows,
      size_t *count, const char *device, uint64_t after, size_t limit,
      struct xg_error *err),
     arena, rows, count, device, after, limit, err)
VERB(count_photos,
     (struct store * s, struct store_photos *counts, struct xg_error *err),
     counts, err)
VERB(put_erased,
     (struct store * s, const struct store_erased *e, struct xg_error *err), e,
     err)
VERB(read_erased,
     (struct store * s, struct xg_arena *arena, struct store_erased **rows,
      size_t *count, const struct xg_hash *hash, struct xg_error *err),
     arena, rows, count, hash, err)
VERB(erase_record,
     (struct store * s, const struct store_record *row, struct xg_error *err),
     row, err)
VERB(erase_acts, (struct store * s, struct xg_error *err), err)
VERB(replace_body,
     (struct store * s, uint64_t position, struct xg_bytes body,
      struct xg_error *err),
     position, body, err)
VERB(put_erased_photo,
     (struct store * s, const struct xg_hash *hash, const struct xg_id *entity,
      struct xg_error *err),
     hash, entity, err)
VERB(read_erased_photos,
     (struct store * s, struct xg_arena *arena,
      struct store_erased_photo **rows, size_t *count, struct xg_error *err),
     arena, rows, count, err)
VERB(has_erased_photo,
     (struct store * s, bool *has, const struct xg_hash *hash,
      struct xg_error *err),
     has, hash, err)
VERB(find_photo_elsewhere,
     (struct store * s, struct xg_id *entity, bool *found,
      const struct xg_hash *hash, const struct xg_id *but,
      struct xg_error *err),
     entity, found, hash, but, err)
VERB(forget, (struct store * s, struct xg_error *err), err)
VERB(drop_derived, (struct store * s, struct xg_error *err), err)
VERB(get_counts,
     (struct store * s, struct store_counts *counts, struct xg_error *err),
     counts, err)
VERB(put_registry_note,
     (struct store * s, const struct store_registry_note *n,
      struct xg_error *err),
     n, err)
VERB(read_registry_notes,
     (struct store * s, struct xg_arena *arena,
      struct store_registry_note **rows, size_t *count, uint64_t after,
      size_t limit, struct xg_error *err),
     arena, rows, count, after, limit, err)
VERB(put_statement,
     (struct store * s, const struct store_statement *st, struct xg_error *err),
     st, err)
VERB(find_statement,
     (struct store * s, struct store_statement *st, bool *found,
      enum xg_statement_kind kind, const char *subject, uint64_t size,
      struct xg_error *err),
     st, found, kind, subject, size, err)
VERB(read_statements,
     (struct store * s, struct xg_arena *arena, struct store_statement **rows,
      size_t *count, uint64_t position, uint32_t line, size_t limit,
      struct xg_error *err),
     arena, rows, count, position, line, limit, err)
VERB(put_waiting,
     (struct store * s, const struct xg_statement *says, struct xg_error *err),
     says, err)
VERB(list_waiting,
     (struct store * s, struct xg_arena *arena, struct store_waiting **rows,
      size_t *count, struct xg_error *err),
     arena, rows, count, err)
VERB(delete_waiting,
     (struct store * s, uint64_t number, struct xg_error *err), number, err)
VERB(put_request,
     (struct store * s, const struct store_request *r, struct xg_error *err), r,
     err)
VERB(read_requests,
     (struct store * s, struct xg_arena *arena, struct store_request **rows,
      size_t *count, struct xg_error *err),
     arena, rows, count, err)
VERB(drop_requests, (struct store * s, struct xg_error *err), err)
VERB(read_apart,
     (struct store * s, struct xg_arena *arena, struct store_batch **rows,
      size_t *count, uint64_t position, size_t limit, struct xg_error *err),
     arena, rows, count, position, limit, err)
VERB(put_person,
     (struct store * s, const char *code, const char *name,
      struct xg_error *err),
     code, name, err)
VERB(get_person,
     (struct store * s, char name[static STORE_NAME_MAX + 1], bool *found,
      const char *code, struct xg_error *err),
     name, found, code, err)
VERB(put_operator_key,
     (struct store * s, const char *code, const struct xg_wrapped_key *key,
      struct xg_error *err),
     code, key, err)
VERB(get_operator_key,
     (struct store * s, struct xg_wrapped_key *key, bool *found,
      const char *code, struct xg_error *err),
     key, found, code, err)
VERB(put_operator,
     (struct store * s, const struct store_operator *o, struct xg_error *err),
     o, err)
VERB(read_given,
     (struct store * s, struct xg_arena *arena, struct store_given **rows,
      size_t *count, const char *code, struct xg_error *err),
     arena, rows, count, code, err)
VERB(get_operator,
     (struct store * s, struct store_operator *o, bool *found,
      const char *code, struct xg_error *err),
     o, found, code, err)
VERB(find_operator,
     (struct store * s, struct store_operator *o, bool *found,
      const struct xg_hash *once, struct xg_error *err),
     o, found, once, err)
VERB(read_operators,
     (struct store * s, struct xg_arena *arena, struct store_operator **rows,
      size_t *count, struct xg_error *err),
     arena, rows, count, err)
VERB(put_wrong_tries,
     (struct store * s, const struct xg_hash *what,
      const struct store_wrong *wrong, struct xg_error *err),
     what, wrong, err)
VERB(get_wrong_tries,
     (struct store * s, struct store_wrong *wrong, const struct xg_hash *what,
      struct xg_error *err),
     wrong, what, err)
VERB(forget_wrong_tries,
     (struct store * s, int64_t before_ms, struct xg_error *err), before_ms,
     err)
VERB(put_act,
     (struct store * s, const struct store_act *a, struct xg_error *err), a,
     err)
VERB(get_act,
     (struct store * s, struct store_act *a, bool *found, const char *author,
      const uint8_t key[static STORE_ACT_KEY_SIZE], struct xg_error *err),
     a, found, author, key, err)
VERB(forget_acts,
     (struct store * s, int64_t before_ms, struct xg_error *err), before_ms,
     err)
VERB(read_bare,
     (struct store * s, struct xg_arena *arena, struct store_record **rows,
      size_t *count, uint64_t after, size_t limit, struct xg_error *err),
     arena, rows, count, after, limit, err)
VERB(put_device,
     (struct store * s, const struct store_device *d, struct xg_error *err), d,
     err)
VERB(find_device,
     (struct store * s, struct store_device *d, bool *found, const char *name,
      struct xg_error *err),
     d, found, name, err)
VERB(read_devices,
     (struct store * s, struct xg_arena *arena, struct store_device **rows,
      size_t *count, struct xg_error *err),
     arena, rows, count, err)
VERB(put_code,
     (struct store * s, const struct store_code *c, struct xg_error *err), c,
     err)
VERB(find_code,
     (struct store * s, struct store_code *c, bool *found,
      const struct xg_hash *id, struct xg_error *err),
     c, found, id, err)
VERB(put_file,
     (struct store * s, const struct xg_hash *hash, struct xg_bytes content,
      struct xg_error *err),
     hash, content, err)
VERB(read_file,
     (struct store * s, struct xg_arena *arena, struct xg_bytes *content,
      bool *found, const struct xg_hash *hash, struct xg_error *err),
     arena, content, found, hash, err)
VERB(put_reference,
     (struct store * s, const struct store_reference *r, struct xg_error *err),
     r, err)
VERB(read_references,
     (struct store * s, struct xg_arena *arena, struct store_reference **rows,
      size_t *count, struct xg_error *err),
     arena, rows, count, err)
VERB(count_references,
     (struct store * s, uint64_t *count, uint64_t below, struct xg_error *err),
     count, below, err)
VERB(put_log,
     (struct store * s, const struct store_log *log, struct xg_error *err), log,
     err)
VERB(read_logs,
     (struct store * s, struct xg_arena *arena, struct store_log **rows,
      size_t *count, struct xg_error *err),
     arena, rows, count, err)
VERB(put_value,
     (struct store * s, const char *name, uint64_t value, struct xg_error *err),
     name, value, err)
VERB(get_value,
     (struct store * s, uint64_t *value, const char *name,
      struct xg_error *err),
     value, name, err)
VERB(sync, (struct store * s, struct xg_error *err), err)
VERB(tidy, (struct store * s, struct xg_error *err), err)
VERB(integrity, (struct store * s, struct xg_error *err), err)
VERB(backup, (struct store * s, const char *path, struct xg_error *err), path,
     err)

static const struct store_ops fault_ops = {
    .name = "fault",
    .close = close_store,
    .open_reader = open_reader,
    .commit = commit,
    .rollback = rollback,
    .begin = begin,
    .begin_read = begin_read,
    .append_entries = append_entries,
    .read_entries = read_entries,
    .put_block = put_block,
    .read_block = read_block,
    .put_time = put_time,
    .find_time_below = find_time_below,
    .find_time_from = find_time_from,
    .put_seen = put_seen,
    .find_seen_below = find_seen_below,
    .find_seen_over = find_seen_over,
    .put_cosignature = put_cosignature,
    .read_cosignatures = read_cosignatures,
    .put_document = put_document,
    .get_document = get_document,
    .put_checkpoint = put_checkpoint,
    .get_checkpoint = get_checkpoint,
    .put_batch = put_batch,
    .find_batch = find_batch,
    .read_body = read_body,
    .set_batch_state = set_batch_state,
    .read_batches = read_batches,
    .read_waiting = read_waiting,
    .count_waiting = count_waiting,
    .put_chain = put_chain,
    .find_chain = find_chain,
    .get_chain = get_chain,
    .read_chains = read_chains,
    .put_branch = put_branch,
    .read_branches = read_branches,
    .put_records = put_records,
    .move_records = move_records,
    .find_record = find_record,
    .has_record = has_record,
    .find_unnamed = find_unnamed,
    .read_place = read_place,
    .read_branch = read_branch,
    .read_entity_records = read_entity_records,
    .read_entity_range = read_entity_range,
    .read_records = read_records,
    .put_entity = put_entity,
    .find_entity = find_entity,
    .find_orphan = find_orphan,
    .get_entity = get_entity,
    .read_entities = read_entities,
    .read_entities_changed = read_entities_changed,
    .count_entities_changed = count_entities_changed,
    .read_entities_named = read_entities_named,
    .read_entities_numbered = read_entities_numbered,
    .put_scope = put_scope,
    .read_scope = read_scope,
    .put_hand = put_hand,
    .read_hands = read_hands,
    .read_unit_hands = read_unit_hands,
    .put_passing = put_passing,
    .read_passings = read_passings,
    .put_moved = put_moved,
    .read_moved = read_moved,
    .put_telling = put_telling,
    .digest_telling = digest_telling,
    .put_source = put_source,
    .find_source = find_source,
    .digest_sources = digest_sources,
    .put_photo = put_photo,
    .read_photos = read_photos,
    .read_photos_newest = read_photos_newest,
    .put_held = put_held,
    .put_erased = put_erased,
    .read_erased = read_erased,
    .erase_record = erase_record,
    .erase_acts = erase_acts,
    .replace_body = replace_body,
    .put_erased_photo = put_erased_photo,
    .read_erased_photos = read_erased_photos,
    .has_erased_photo = has_erased_photo,
    .find_photo_elsewhere = find_photo_elsewhere,
    .forget = forget,
    .find_held = find_held,
    .read_held = read_held,
    .put_wanted = put_wanted,
    .drop_wanted = drop_wanted,
    .find_wanted = find_wanted,
    .read_wanted = read_wanted,
    .count_photos = count_photos,
    .drop_derived = drop_derived,
    .get_counts = get_counts,
    .put_registry_note = put_registry_note,
    .read_registry_notes = read_registry_notes,
    .put_statement = put_statement,
    .find_statement = find_statement,
    .read_statements = read_statements,
    .put_waiting = put_waiting,
    .list_waiting = list_waiting,
    .delete_waiting = delete_waiting,
    .put_request = put_request,
    .read_requests = read_requests,
    .drop_requests = drop_requests,
    .read_apart = read_apart,
    .put_person = put_person,
    .get_person = get_person,
    .put_operator_key = put_operator_key,
    .get_operator_key = get_operator_key,
    .put_operator = put_operator,
    .read_given = read_given,
    .get_operator = get_operator,
    .find_operator = find_operator,
    .read_operators = read_operators,
    .put_wrong_tries = put_wrong_tries,
    .get_wrong_tries = get_wrong_tries,
    .forget_wrong_tries = forget_wrong_tries,
    .put_act = put_act,
    .get_act = get_act,
    .forget_acts = forget_acts,
    .read_bare = read_bare,
    .put_device = put_device,
    .find_device = find_device,
    .read_devices = read_devices,
    .put_code = put_code,
    .find_code = find_code,
    .put_file = put_file,
    .read_file = read_file,
    .put_reference = put_reference,
    .read_references = read_references,
    .count_references = count_references,
    .put_log = put_log,
    .read_logs = read_logs,
    .put_value = put_value,
    .get_value = get_value,
    .sync = sync,
    .tidy = tidy,
    .integrity = integrity,
    .backup = backup,
};

static enum xg_status wrap(struct store **s, struct store *wrapped, bool owns,
                           struct store_fault *fault, struct xg_error *err)
{
    struct fault_store *made = calloc(1, sizeof *made);

    if (!made) {
        if (owns)
            store_close(wrapped);
        return xg_fail_nomem(err);
    }
    *made = (struct fault_store){{&fault_ops}, wrapped, fault, owns};
    *s = &made->store;
    return XG_OK;
}

enum xg_status store_fault_open(struct store **s, struct store *wrapped,
                                struct store_fault *fault, struct xg_error *err)
{
    return wrap(s, wrapped, true, fault, err);
}
