/* reference.c - reference data: first what the log lists, then the files.
 *
 * The list is kept whole, so that the number held says where to go on. A file
 * is fetched by its hash, the newest and most used first, and kept at once: a
 * cut costs the file that was on its way, and nothing comes twice.
 */
#include "agent/engine/inside.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "shared/base/lang.h"

enum { LIST_ARENA_MAX = 16 << 20 };

/* ---- the list ---- */

/* The note that lies at one place of the log. */
/* An entry is signed by the log, or by one that it follows. A device that joined
 * since then knows no key of those; but the list, which the log of now signed,
 * has fixed the entry by its hash. */
static enum xg_status open_entry(struct sync *y, struct xg_note *note,
                                 struct xg_bytes frame, struct xg_error *err)
{
    struct xg_error why = XG_ERROR_NONE;

    if (store_open_entry(&y->logs, note, frame, &why) == XG_OK)
        return XG_OK;
    if (xg_note_parse(note, frame.at, frame.len, err) != XG_OK)
        return sync_bad_answer(y, err);
    const struct xg_note_signature *s = &note->signatures[0];
    if (note->count == 1 &&
        !xg_bytes_equal(s->name, xg_bytes_of(y->id.log.name)))
        return XG_OK;
    return sync_open_note(y, note, frame, &y->id.log, err);
}

static enum xg_status keep_entry(struct sync *y,
                                 const struct xg_reference_place *place,
                                 uint64_t least, struct xg_bytes frame,
                                 struct xg_error *err)
{
    struct xg_reference reference;
    struct xg_note note;
    struct xg_hash leaf;

    xg_tlog_leaf(&leaf, frame.at, frame.len);
    if (place->position < least || place->position >= y->held.size ||
        !xg_hash_equal(&leaf, &place->leaf))
        return sync_bad_answer(y, err);
    if (open_entry(y, &note, frame, err) != XG_OK)
        return err->status;
    if (xg_reference_read(&reference, note.text, err) != XG_OK)
        return sync_bad_answer(y, err);
    return store_put_reference(y->store, place->position, &reference, err);
}

/* Entries `skip` to `count` of the list; those before are held. */
static enum xg_status keep_entries(struct sync *y,
                                   const struct xg_references_note *list,
                                   size_t skip, size_t count, uint64_t least,
                                   struct xg_bytes rest, struct xg_error *err)
{
    struct xg_bytes frame;

    for (size_t i = 0; i < count; i++) {
        if (!xg_frame_next(&rest, &frame))
            return sync_bad_answer(y, err);
        if (i < skip)
            continue;
        if (keep_entry(y, &list->entries[i], least, frame, err) != XG_OK)
            return err->status;
        least = list->entries[i].position + 1;
    }
    return XG_OK;
}

/* What the answer brings of the entries up to those that the welcome counts:
 * what came after them is beyond the log that was verified. */
enum xg_status sync_take_references(struct sync *y, uint64_t from,
                                    struct xg_bytes data, struct xg_error *err)
{
    struct xg_bytes frame;
    struct xg_references_note list;
    struct xg_note note;
    uint64_t held, least;

    if (store_count_references(y->store, &held, &least, err) != XG_OK)
        return err->status;
    if (!xg_frame_next(&data, &frame))
        return sync_bad_answer(y, err);
    if (sync_open_note(y, &note, frame, &y->id.log, err) != XG_OK)
        return err->status;
    if (xg_references_read(&list, note.text, err) != XG_OK ||
        !xg_bytes_equal(list.log, xg_bytes_of(y->id.log.name)) ||
        list.from != from || list.count == 0 || from > held)
        return sync_bad_answer(y, err);
    uint64_t wanted =
        y->welcome.references > from ? y->welcome.references - from : 0;
    size_t count = wanted < list.count ? (size_t)wanted : list.count;
    if (held - from >= count)
        return XG_OK;
    enum xg_status status = store_begin(y->store, err);
    if (status == XG_OK)
        status = keep_entries(y, &list, (size_t)(held - from), count, least,
                              data, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status == XG_OK)
        sync_progress(y);
    return status;
}

/* A token that ran out is asked for anew by the next try. */
static enum xg_status get(struct sync *y, const char *path,
                          struct xg_error *err)
{
    const struct transport_request request = {
        .method = "GET", .path = path, .bearer = y->bearer};
    enum xg_status status = sync_call(y, &request, err);

    return status == XG_AUTH ? err->status = XG_NET : status;
}

static enum xg_status fetch_list(struct sync *y, struct xg_error *err)
{
    char path[64];
    uint64_t held, next;

    if (store_count_references(y->store, &held, &next, err) != XG_OK)
        return err->status;
    while (held < y->welcome.references) {
        snprintf(path, sizeof path, "/v1/references?from=%" PRIu64, held);
        enum xg_status status = get(y, path, err);
        if (status == XG_NOTFOUND)
            return err->status = XG_NET;
        if (status != XG_OK ||
            sync_take_references(y, held, xg_buf_bytes(&y->answer.body), err) !=
                XG_OK ||
            store_count_references(y->store, &held, &next, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* ---- the files ---- */

static enum xg_status keep_file(struct sync *y, const struct xg_hash *hash,
                                struct xg_bytes content, struct xg_error *err)
{
    enum xg_status status = store_begin(y->store, err);

    if (status == XG_OK)
        status = store_put_reference_file(y->store, hash, content, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status == XG_OK) {
        y->report->references++;
        sync_progress(y);
    }
    return status;
}

/* Is it that file? */
static enum xg_status take_file(struct sync *y, const struct xg_reference *r,
                                struct xg_bytes content, struct xg_error *err)
{
    struct xg_hash hash;

    crypto_hash_sha256(hash.b, content.at, content.len);
    if (content.len != r->length || !xg_hash_equal(&hash, &r->file))
        return sync_bad_answer(y, err);
    return keep_file(y, &hash, content, err);
}

static enum xg_status fetch(struct sync *y, const struct xg_reference *r,
                            struct xg_error *err)
{
    char path[sizeof "/v1/reference/" + 2 * sizeof(struct xg_hash)] =
        "/v1/reference/";

    xg_hex(path + strlen(path), r->file.b, sizeof r->file.b);
    enum xg_status status = get(y, path, err);
    if (status == XG_NOTFOUND)
        return XG_OK; /* the server lost it; asked for again next time */
    if (status != XG_OK)
        return status;
    return take_file(y, r, xg_buf_bytes(&y->answer.body), err);
}

/* Where bytes cost, what no command of a device depends on has to wait; and
 * what is more than the budget leaves. */
static bool wanted(const struct sync *y, const struct xg_reference *r)
{
    return r->length <= SYNC_REFERENCE_MAX && r->length <= sync_allowance(y) &&
           !(y->options->metered && strcmp(r->kind, "boundaries") == 0);
}

static enum xg_status fetch_files(struct sync *y, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_ARENA_MAX);
    struct store_reference *rows;
    size_t count = 0;
    enum xg_status status =
        store_missing_references(y->store, &arena, &rows, &count, err);

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        const struct xg_reference *r = &rows[i].says;
        bool again = false; /* two editions, one file */
        for (size_t j = 0; j < i; j++)
            again |= xg_hash_equal(&rows[j].says.file, &r->file);
        if (!again && wanted(y, r))
            status = fetch(y, r, err);
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status sync_take_reference(struct sync *y, bool *is_wanted,
                                   const struct xg_hash *hash,
                                   struct xg_bytes content,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_ARENA_MAX);
    struct store_reference *rows;
    size_t count = 0;
    enum xg_status status =
        store_missing_references(y->store, &arena, &rows, &count, err);

    *is_wanted = false;
    for (size_t i = 0; status == XG_OK && !*is_wanted && i < count; i++)
        if (xg_hash_equal(&rows[i].says.file, hash)) {
            *is_wanted = true;
            status = take_file(y, &rows[i].says, content, err);
        }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status sync_fetch_references(struct sync *y, struct xg_error *err)
{
    return fetch_list(y, err) == XG_OK ? fetch_files(y, err) : err->status;
}
