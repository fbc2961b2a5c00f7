/* evidence_parts.c - the parts of an evidence file, made of the records that
 * were found: see audit/evidence.h for what each is. */
#include "server/proof/evidence_inside.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/cosign/policy.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/view/value.h"

enum { DEVICES_MAX = 64 }; /* notes of what they cosigned */
enum { PAGE = 256, ENTRY_BYTES = 1 << 20, PHOTO_BYTES_MAX = 64 << 20 };

static enum xg_status add_named(struct evidence_work *w, const char *folder,
                                const struct xg_hash *hash,
                                struct xg_bytes content)
{
    char name[XG_TAR_NAME_MAX + 1], hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, hash->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, "%s%s", folder, hex);
    return evidence_add(w, name, content);
}

/* ---- records and their paths ---- */

/* The record of the batch before or after one that is known: by the hashes
 * that bind them, and on a fork the one that came in this batch. */
static const struct store_record *
next_of(const struct store_record *rows, size_t count,
        const struct store_record *known, bool before)
{
    const struct store_record *best = NULL;

    for (size_t i = 0; i < count; i++) {
        bool fits = before ? xg_hash_equal(&rows[i].hash, &known->previous)
                           : xg_hash_equal(&rows[i].previous, &known->hash);
        if (fits && (!best || rows[i].position == known->position))
            best = &rows[i];
    }
    return best;
}

/* Hashes of the batch's records on one side of the row. */
static enum xg_status walk(struct evidence_work *w, struct xg_arena *arena,
                           const struct store_record *row,
                           const struct store_batch *b, bool before)
{
    struct store_record at = *row;

    while (at.seq != (before ? b->first : b->last)) {
        struct store_record *rows;
        size_t count = 0;
        uint64_t seq = before ? at.seq - 1 : at.seq + 1;
        if (w->s->ops->read_place(w->s, arena, &rows, &count, row->chain, seq,
                                  w->err) != XG_OK)
            return w->err->status;
        const struct store_record *next = next_of(rows, count, &at, before);
        if (!next)
            return xg_fail(w->err, XG_CORRUPT,
                           "a record of the batch at %" PRIu64 " is missing",
                           b->position);
        at = *next;
        w->hashes[seq - b->first] = at.hash;
    }
    return XG_OK;
}

/* The leaves of the tree of the batch in which the row lies. */
static enum xg_status load_hashes(struct evidence_work *w,
                                  const struct store_record *row)
{
    struct xg_arena arena = XG_ARENA(256 << 20);
    struct store_batch *b;
    struct xg_hash root;
    size_t count = 0;
    enum xg_status status = w->s->ops->read_batches(
        w->s, &arena, &b, &count, row->position, 1, w->err);

    if (status == XG_OK &&
        (count == 0 || b->position != row->position || row->seq < b->first ||
         row->seq > b->last || b->last - b->first >= XG_BATCH_RECORDS_MAX))
        status = xg_fail(w->err, XG_CORRUPT, "no batch at %" PRIu64,
                         row->position);
    if (status == XG_OK) {
        w->hash_count = (size_t)(b->last - b->first + 1);
        w->hashes =
            xg_arena_array(&w->arena, w->hash_count, sizeof *w->hashes);
        if (!w->hashes)
            status = xg_fail_nomem(w->err);
    }
    if (status == XG_OK) {
        w->hashes_of = row->position;
        w->hashes[row->seq - b->first] = row->hash;
        status = walk(w, &arena, row, b, true);
    }
    if (status == XG_OK)
        status = walk(w, &arena, row, b, false);
    if (status == XG_OK) {
        w->hashes_first = b->first;
        xg_tlog_root(&root, w->hashes, w->hash_count);
        if (!xg_hash_equal(&root, &b->tree))
            status = xg_fail(w->err, XG_CORRUPT,
                             "the batch at %" PRIu64 " is not what its note "
                             "says",
                             row->position);
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status branch_of(struct evidence_work *w, struct xg_hash *id,
                                const struct evidence_row *r)
{
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct store_branch *rows;
    size_t count = 0;
    enum xg_status status = XG_OK;

    *id = r->chain.id;
    if (r->chain.forked)
        status = w->s->ops->read_branches(w->s, &arena, &rows, &count,
                                          r->chain.number, w->err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (rows[i].number == r->row.branch)
            *id = rows[i].id;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_record(struct evidence_work *w,
                                 const struct evidence_row *r)
{
    const struct store_record *row = &r->row;
    struct xg_evidence_place p = {.chain = r->chain.id,
                                  .previous = row->previous,
                                  .anchor = r->anchor,
                                  .seq = row->seq,
                                  .entry = row->position,
                                  .head = row->head,
                                  .fields = row->fields};
    struct xg_buf text = XG_BUF(XG_EVIDENCE_RECORD_MAX);

    if ((w->hashes_of != row->position && load_hashes(w, row) != XG_OK) ||
        branch_of(w, &p.branch, r) != XG_OK ||
        evidence_name_entry(w, row->position) != XG_OK)
        return w->err->status;
    p.count = w->hash_count;
    p.index = row->seq - w->hashes_first;
    xg_prove_inclusion_in(&p.path, p.index, w->hashes, p.count);
    p.gone = row->fields.len == 0;
    p.fields_hash = row->fields_hash;
    xg_evidence_place_put(&text, &p);
    enum xg_status status = xg_buf_check(&text, w->err);
    if (status == XG_OK)
        status = add_named(w, "records/", &row->hash, xg_buf_bytes(&text));
    xg_buf_clear(&text);
    return status;
}

/* ---- times ---- */

static enum xg_status name_times(struct evidence_work *w,
                                 const struct store_record *row)
{
    struct store_time t;
    struct store_seen seen;
    bool found = false;

    if (w->s->ops->find_seen_below(w->s, &seen, &found, row->anchor_size,
                                   w->err) != XG_OK ||
        (found && evidence_name_entry(w, seen.position) != XG_OK) ||
        w->s->ops->find_seen_over(w->s, &seen, &found, row->position,
                                  w->err) != XG_OK ||
        (found && seen.position < w->checkpoint.size &&
         evidence_name_entry(w, seen.position) != XG_OK))
        return w->err->status;
    if (w->s->ops->find_time_below(w->s, &t, &found, row->anchor_size,
                                   w->err) != XG_OK ||
        (found && evidence_name_entry(w, t.position) != XG_OK) ||
        w->s->ops->find_time_from(w->s, &t, &found, row->position, w->err) !=
            XG_OK ||
        (found && t.position < w->checkpoint.size &&
         evidence_name_entry(w, t.position) != XG_OK))
        return w->err->status;
    return XG_OK;
}

/* ---- witnesses, and devices as such ---- */

static enum xg_status put_quorum(struct evidence_work *w)
{
    char name[XG_TAR_NAME_MAX + 1];
    struct xg_checkpoint c;
    struct xg_bytes text;
    struct xg_note note;

    if (w->s->ops->get_document(w->s, &w->arena, &text, "policy", w->err) !=
        XG_OK)
        return w->err->status;
    if (text.len == 0)
        return XG_OK;
    crypto_hash_sha256(w->policy.b, text.at, text.len);
    if (evidence_add(w, "policy", text) != XG_OK ||
        witness_cosigned_get(&text, w->s, &w->arena, w->err) != XG_OK)
        return w->err->status;
    if (text.len == 0)
        return XG_OK;
    if (xg_note_parse(&note, text.at, text.len, w->err) != XG_OK ||
        xg_checkpoint_parse(&c, note.text, w->err) != XG_OK)
        return w->err->status;
    if (c.size > w->checkpoint.size ||
        strcmp(c.origin, w->checkpoint.origin) != 0)
        return XG_OK; /* published after the checkpoint that we took */
    snprintf(name, sizeof name, "cosigned/%" PRIu64, c.size);
    return evidence_add(w, name, text) == XG_OK ? evidence_add_size(w, c.size)
                                                : w->err->status;
}

/* One note for each size that devices cosigned. */
static enum xg_status put_devices(struct evidence_work *w)
{
    struct store_cosignature *rows;
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    size_t count = 0, notes = 0;
    enum xg_status status = w->s->ops->read_cosignatures(
        w->s, &w->arena, &rows, &count, true, NULL, w->err);

    for (size_t i = 0; status == XG_OK && i < count && notes < DEVICES_MAX;) {
        struct xg_checkpoint c = w->checkpoint;
        char name[XG_TAR_NAME_MAX + 1];
        size_t lines = 0;
        c.size = rows[i].size;
        c.root = rows[i].root;
        xg_buf_reset(&note);
        xg_checkpoint_text(&note, &c);
        xg_buf_byte(&note, '\n');
        for (; i < count && rows[i].size == c.size; i++)
            if (lines < XG_NOTE_SIGNATURES_MAX && ++lines)
                xg_buf_text(&note, rows[i].line);
        if (c.size > w->checkpoint.size)
            continue;
        notes++;
        snprintf(name, sizeof name, "devices/%" PRIu64, c.size);
        status = evidence_add(w, name, xg_buf_bytes(&note));
        if (status == XG_OK)
            status = evidence_add_size(w, c.size);
    }
    if (status == XG_OK)
        status = xg_buf_check(&note, w->err);
    xg_buf_clear(&note);
    return status;
}

/* ---- photos ---- */

static enum xg_status add_blob(struct evidence_work *w,
                               const struct xg_hash *sha256)
{
    char name[XG_TAR_NAME_MAX + 1], hex[2 * XG_HASH_SIZE + 1];
    struct xg_error why = XG_ERROR_NONE;
    uint64_t length = 0;
    int fd = -1;

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, "blobs/%s", hex);
    for (size_t i = w->part_count; i-- > 0;)
        if (strcmp(w->parts[i].name, name) == 0)
            return XG_OK;
    if (blobs_read(w->d->blobs, &fd, &length, sha256, &why) != XG_OK) {
        w->made.missing_photos++;
        return XG_OK; /* the page says that it is not here */
    }
    struct xg_buf content = XG_BUF(PHOTO_BYTES_MAX + 1);
    uint8_t *at = length <= PHOTO_BYTES_MAX
                      ? xg_buf_room(&content, (size_t)length)
                      : NULL;
    enum xg_status status = at ? XG_OK : xg_fail_nomem(w->err);
    for (uint64_t got = 0; status == XG_OK && got < length;) {
        ssize_t n = read(fd, at + got, (size_t)(length - got));
        if (n <= 0)
            status = xg_fail_os(w->err, "%s", name);
        else
            got += (uint64_t)n;
    }
    close(fd);
    if (status == XG_OK)
        status = evidence_add(w, name, xg_bytes(at, (size_t)length));
    w->made.photos += status == XG_OK;
    xg_buf_clear(&content);
    return status;
}

/* Where the log says that it is held; its bytes only where they are wanted. */
static enum xg_status put_blob(struct evidence_work *w,
                               const struct xg_hash *sha256, bool content)
{
    struct store_held held;
    bool found = false;

    if (w->s->ops->find_held(w->s, &held, &found, sha256, w->err) != XG_OK)
        return w->err->status;
    if (!found || held.position >= w->checkpoint.size)
        return XG_OK;
    if (evidence_name_entry(w, held.position) != XG_OK)
        return w->err->status;
    return content ? add_blob(w, sha256) : XG_OK;
}

static enum xg_status put_photos(struct evidence_work *w,
                                 const struct evidence_row *r)
{
    static const struct xg_hash zero;
    struct xg_record record = {.malformed = NULL};
    struct xg_cbor_item set, key, list, item;

    if (r->row.fields.len == 0)
        return XG_OK;
    xg_record_read(&record, r->row.seq ? &r->chain.id : &zero, r->row.seq,
                   &r->row.previous, r->row.head, r->row.fields);
    const struct xg_kind *kind =
        record.malformed ? NULL : xg_kind_find(record.head.kind);
    if (!kind || !kind->entity ||
        !xg_record_field(&record, XG_FIELD_PHOTO, &set))
        return XG_OK;
    struct xg_cbor c = xg_cbor_inside(&set);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list)) {
        struct xg_cbor in = xg_cbor_inside(&list);
        if (key.number != XG_SET_ADDED)
            continue;
        while (xg_cbor_next(&in, &item)) {
            struct view_photo p = view_photo_of(&item);
            bool whole = w->ask->all_photos || !p.thumbnail_bytes;
            if (put_blob(w, &p.sha256, whole) != XG_OK ||
                (p.thumbnail_bytes &&
                 put_blob(w, &p.thumbnail, true) != XG_OK))
                return w->err->status;
        }
    }
    return XG_OK;
}

/* ---- registry, references, forks ---- */

static enum xg_status name_registry(struct evidence_work *w)
{
    struct xg_arena arena = XG_ARENA(16 << 20);
    uint64_t after = 0;
    size_t count = 1;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count) {
        struct store_registry_note *rows;
        status = w->s->ops->read_registry_notes(w->s, &arena, &rows, &count,
                                                after, PAGE, w->err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            after = rows[i].number;
            if (rows[i].position >= w->checkpoint.size)
                continue;
            w->registry_notes++;
            status = evidence_name_entry(w, rows[i].position);
        }
        xg_arena_reset(&arena);
    }
    xg_arena_clear(&arena);
    return status;
}

/* What names things: all territories, the newest of the rest. */
static enum xg_status put_references(struct evidence_work *w)
{
    static const char *const kinds[] = {"territory", "catalogue", "labels",
                                        "posts"};
    struct store_reference *rows;
    size_t count = 0;

    if (w->s->ops->read_references(w->s, &w->arena, &rows, &count, w->err) !=
        XG_OK)
        return w->err->status;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = count; i-- > 0;) {
            struct xg_bytes content;
            bool found = false, twice = false;
            if (strcmp(rows[i].says.kind, kinds[k]) != 0 ||
                rows[i].position >= w->checkpoint.size)
                continue;
            for (size_t j = i + 1; j < count; j++)
                twice = twice ||
                        xg_hash_equal(&rows[j].says.file, &rows[i].says.file);
            if (evidence_name_entry(w, rows[i].position) != XG_OK ||
                w->s->ops->read_file(w->s, &w->arena, &content, &found,
                                     &rows[i].says.file, w->err) != XG_OK)
                return w->err->status;
            if (found && !twice &&
                add_named(w, "references/", &rows[i].says.file, content) !=
                    XG_OK)
                return w->err->status;
            if (k > 0)
                break;
        }
    return XG_OK;
}

/* Only where a chain of these records forked: the log is read through. */
static enum xg_status name_forks(struct evidence_work *w)
{
    static const char first[] = "xunge/fork/v1\n";
    struct xg_arena arena = XG_ARENA(64 << 20);
    uint64_t next = 0;
    bool forked = false;
    enum xg_status status = XG_OK;

    for (size_t i = 0; i < w->row_count; i++)
        forked = forked || w->rows[i].chain.forked;
    while (forked && status == XG_OK && next < w->checkpoint.size) {
        struct xg_bytes *notes;
        size_t count = 0;
        status = w->s->ops->read_entries(w->s, &arena, &notes, &count, next,
                                         PAGE, ENTRY_BYTES, w->err);
        if (status == XG_OK && count == 0)
            break;
        for (size_t i = 0; status == XG_OK && i < count; i++, next++) {
            struct xg_error ignored = XG_ERROR_NONE;
            struct xg_note note;
            struct xg_fork fork;
            bool wanted = false;
            if (next >= w->checkpoint.size ||
                notes[i].len < sizeof first ||
                memcmp(notes[i].at, first, sizeof first - 1) != 0 ||
                xg_note_parse(&note, notes[i].at, notes[i].len, &ignored) !=
                    XG_OK ||
                xg_fork_read(&fork, note.text, &ignored) != XG_OK)
                continue;
            for (size_t j = 0; j < w->row_count && !wanted; j++)
                wanted = xg_hash_equal(&w->rows[j].chain.id, &fork.chain);
            if (wanted)
                status = evidence_name_entry(w, next);
        }
        xg_arena_reset(&arena);
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- entries and receipts ---- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void sort_distinct(struct evidence_positions *p)
{
    size_t count = 0;

    if (p->count)
        qsort(p->all, p->count, sizeof *p->all, by_number);
    for (size_t i = 0; i < p->count; i++)
        if (count == 0 || p->all[count - 1] != p->all[i])
            p->all[count++] = p->all[i];
    p->count = count;
}

/* The checkpoint with the log's own line alone: every receipt carries it. */
static enum xg_status bare_checkpoint(struct evidence_work *w,
                                      struct xg_buf *out)
{
    struct xg_note note;

    if (xg_note_parse(&note, w->checkpoint_note.data, w->checkpoint_note.len,
                      w->err) != XG_OK)
        return w->err->status;
    xg_buf_append(out, note.text.at, note.text.len);
    xg_buf_byte(out, '\n');
    xg_buf_append(out, note.signatures[0].line.at, note.signatures[0].line.len);
    return xg_buf_check(out, w->err);
}

/* What witnesses signed to is proven to be of this tree. */
static enum xg_status name_cosigned(struct evidence_work *w,
                                    struct xg_bytes entry)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_time_note t;
    struct xg_note note;

    if (xg_note_parse(&note, entry.at, entry.len, &ignored) != XG_OK ||
        xg_time_note_read(&t, note.text, &ignored) != XG_OK || !t.cosigned)
        return XG_OK;
    return evidence_add_size(w, t.size);
}

static enum xg_status put_entry(struct evidence_work *w, uint64_t position,
                                struct xg_bytes checkpoint)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_buf receipt = XG_BUF(64 << 10);
    char name[XG_TAR_NAME_MAX + 1];
    struct xg_bytes *notes;
    size_t count = 0;
    enum xg_status status = w->s->ops->read_entries(
        w->s, &arena, &notes, &count, position, 1, XG_NOTE_MAX, w->err);

    if (status == XG_OK && count == 0)
        status = xg_fail(w->err, XG_CORRUPT, "no entry %" PRIu64, position);
    snprintf(name, sizeof name, "entries/%" PRIu64, position);
    if (status == XG_OK)
        status = name_cosigned(w, notes[0]);
    if (status == XG_OK)
        status = evidence_add(w, name, notes[0]);
    if (status == XG_OK)
        status = ledger_receipt(&receipt, NULL, w->s, position, &w->checkpoint,
                                checkpoint, w->err);
    snprintf(name, sizeof name, "receipts/%" PRIu64 ".tlog-proof", position);
    if (status == XG_OK)
        status = evidence_add(w, name, xg_buf_bytes(&receipt));
    xg_buf_clear(&receipt);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_consistency(struct evidence_work *w, uint64_t size)
{
    struct ledger_nodes from;
    const struct xg_node_reader nodes = ledger_nodes(&from, NULL, w->s);
    struct xg_buf text = XG_BUF(16 << 10);
    char name[XG_TAR_NAME_MAX + 1];
    struct xg_proof proof = {.count = 0};

    if (xg_prove_consistency(&proof, size, w->checkpoint.size, &nodes,
                             w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < proof.count; i++) {
        xg_buf_text(&text, "proof ");
        xg_buf_base64(&text, proof.hashes[i].b, XG_HASH_SIZE);
        xg_buf_byte(&text, '\n');
    }
    snprintf(name, sizeof name, "consistency/%" PRIu64, size);
    enum xg_status status = xg_buf_check(&text, w->err);
    if (status == XG_OK)
        status = evidence_add(w, name, xg_buf_bytes(&text));
    xg_buf_clear(&text);
    return status;
}

static enum xg_status put_log(struct evidence_work *w)
{
    struct xg_buf bare = XG_BUF(XG_NOTE_MAX);
    enum xg_status status = bare_checkpoint(w, &bare);

    sort_distinct(&w->entries);
    for (size_t i = 0; status == XG_OK && i < w->entries.count; i++)
        status = put_entry(w, w->entries.all[i], xg_buf_bytes(&bare));
    sort_distinct(&w->sizes);
    for (size_t i = 0; status == XG_OK && i < w->sizes.count; i++)
        if (w->sizes.all[i] < w->checkpoint.size)
            status = put_consistency(w, w->sizes.all[i]);
    xg_buf_clear(&bare);
    return status;
}

/* ---- index and statement ---- */

static int by_hash(const void *a, const void *b)
{
    return xg_hash_compare(a, b);
}

static enum xg_status index_entities(struct evidence_work *w,
                                     struct xg_buf *text)
{
    struct xg_hash root, *hashes = xg_arena_array(
                             &w->arena, w->row_count + 1, sizeof *hashes);

    if (!hashes)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < w->entity_count; i++) {
        size_t count = 0;
        for (size_t j = 0; j < w->made.records; j++)
            if (xg_id_equal(&w->rows[j].row.entity_id, &w->entities[i]))
                hashes[count++] = w->rows[j].row.hash;
        qsort(hashes, count, sizeof *hashes, by_hash);
        xg_tlog_root(&root, hashes, count);
        xg_buf_text(text, "entity ");
        xg_buf_hex(text, w->entities[i].b, XG_ID_SIZE);
        xg_buf_format(text, " %zu ", count);
        xg_buf_base64(text, root.b, XG_HASH_SIZE);
        xg_buf_byte(text, '\n');
    }
    return xg_buf_check(text, w->err);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static enum xg_status code_of(struct evidence_work *w,
                              char code[static XG_CODE_MAX + 1],
                              const struct evidence_row *r)
{
    static const struct xg_hash no_chain;
    struct xg_record record = {.malformed = NULL};
    struct store_device device;
    bool found = false;

    code[0] = '\0';
    record.fields_hash = no_chain;
    xg_record_read(&record, &no_chain, r->row.seq, &r->row.previous,
                   r->row.head, r->row.fields);
    if (record.malformed)
        return XG_OK;
    if (record.head.author.len) {
        memcpy(code, record.head.author.at, record.head.author.len);
        code[record.head.author.len] = '\0';
        return XG_OK;
    }
    if (w->s->ops->find_device(w->s, &device, &found, r->chain.device,
                               w->err) != XG_OK)
        return w->err->status;
    if (found)
        snprintf(code, XG_CODE_MAX + 1, "%s", device.worker);
    return XG_OK;
}

/* A name goes on one line of a signed text. */
static bool plain(const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c < 0x20)
            return false;
    return *name != '\0';
}

static enum xg_status index_people(struct evidence_work *w,
                                   struct xg_buf *text)
{
    size_t n = w->row_count + 1;
    char(*codes)[XG_CODE_MAX + 1] =
        xg_arena_array(&w->arena, n, sizeof *codes);
    char name[STORE_NAME_MAX + 1];

    if (!codes)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < w->row_count; i++)
        if (code_of(w, codes[i], &w->rows[i]) != XG_OK)
            return w->err->status;
    if (w->ask->about == XG_EVIDENCE_PERSON)
        snprintf(codes[w->row_count], sizeof *codes, "%s", w->ask->code);
    qsort(codes, n, sizeof *codes, by_text);
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        if (!*codes[i] || (i && strcmp(codes[i - 1], codes[i]) == 0))
            continue;
        if (w->s->ops->get_person(w->s, name, &found, codes[i], w->err) !=
            XG_OK)
            return w->err->status;
        if (found && plain(name))
            xg_buf_format(text, "person %s %s\n", codes[i], name);
    }
    return xg_buf_check(text, w->err);
}

static void put_branch(struct xg_buf *text, const struct xg_hash *chain,
                       const struct store_branch *b,
                       const struct xg_hash *parent)
{
    xg_buf_text(text, "branch ");
    xg_buf_base64(text, chain->b, XG_HASH_SIZE);
    xg_buf_byte(text, ' ');
    xg_buf_base64(text, b->id.b, XG_HASH_SIZE);
    xg_buf_format(text, " %" PRIu64 " ", b->start);
    xg_buf_base64(text, parent->b, XG_HASH_SIZE);
    xg_buf_byte(text, '\n');
}

static enum xg_status index_branches(struct evidence_work *w,
                                     struct xg_buf *text)
{
    static const struct xg_hash none;

    for (size_t i = 0; i < w->row_count; i++) {
        const struct store_chain *chain = &w->rows[i].chain;
        struct store_branch *rows;
        size_t count = 0;
        bool done = !chain->forked;
        for (size_t j = 0; j < i && !done; j++)
            done = w->rows[j].chain.number == chain->number;
        if (done)
            continue;
        if (w->s->ops->read_branches(w->s, &w->arena, &rows, &count,
                                     chain->number, w->err) != XG_OK)
            return w->err->status;
        for (size_t j = 0; j < count; j++) {
            const struct xg_hash *parent = &none;
            for (size_t k = 0; k < count; k++)
                if (rows[k].number == rows[j].parent)
                    parent = &rows[k].id;
            put_branch(text, &chain->id, &rows[j], parent);
        }
    }
    return xg_buf_check(text, w->err);
}

static enum xg_status index_logs(struct evidence_work *w, struct xg_buf *text)
{
    struct store_log *logs;
    size_t count = 0;

    if (w->s->ops->read_logs(w->s, &w->arena, &logs, &count, w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; count > 1 && i < count; i++)
        xg_buf_format(text, "log %" PRIu64 " %s\n", logs[i].first,
                      logs[i].vkey);
    return xg_buf_check(text, w->err);
}

/* Who signed the registry's first note: its key may have changed since, and
 * the server's own chain, as every other, names the one that it began with. */
static enum xg_status first_registrar(struct evidence_work *w,
                                      uint8_t key[static XG_PUBLIC_KEY_SIZE])
{
    static const struct xg_hash zero;
    struct store_chain *chains;
    struct store_record *rows;
    size_t count = 0;
    struct xg_cbor_item item;

    memcpy(key, registry_registrar_key(w->d->registry), XG_PUBLIC_KEY_SIZE);
    if (w->s->ops->read_chains(w->s, &w->arena, &chains, &count, NULL,
                               w->err) != XG_OK)
        return w->err->status;
    if (count == 0)
        return XG_OK;
    uint64_t first = chains[0].number;
    if (w->s->ops->read_place(w->s, &w->arena, &rows, &count, first, 0,
                              w->err) != XG_OK)
        return w->err->status;
    struct xg_record r = {.malformed = NULL};
    if (count == 0)
        return XG_OK;
    xg_record_read(&r, &zero, 0, &rows[0].previous, rows[0].head,
                   rows[0].fields);
    if (!r.malformed && xg_record_field(&r, XG_GENESIS_REGISTRAR, &item) &&
        item.bytes.len == XG_PUBLIC_KEY_SIZE)
        memcpy(key, item.bytes.at, XG_PUBLIC_KEY_SIZE);
    return XG_OK;
}

static enum xg_status put_says(struct evidence_work *w, struct xg_bytes index)
{
    const struct xg_signer *log = ledger_signer(w->d->ledger);
    struct xg_evidence_says says = {
        .page = XG_EVIDENCE_PAGE,
        .size = w->checkpoint.size,
        .time_ms = ledger_time_ms(w->d->ledger),
        .registry_notes = w->registry_notes,
        .policy = w->policy,
        .lang = w->ask->lang,
        .log = log->verifier,
        .about = w->ask->about,
        .from_ms = (uint64_t)w->ask->from_ms,
        .to_ms = (uint64_t)w->ask->to_ms};
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX);

    if (w->ask->code)
        snprintf(says.code, sizeof says.code, "%s", w->ask->code);
    if (first_registrar(w, says.registrar) != XG_OK)
        return w->err->status;
    crypto_hash_sha256(says.index.b, index.at, index.len);
    xg_evidence_says_put(&text, &says);
    xg_note_sign(&note, xg_buf_bytes(&text), log);
    enum xg_status status = xg_buf_check(&note, w->err);
    if (status == XG_OK)
        status = evidence_add(w, "evidence.txt", xg_buf_bytes(&note));
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status put_index(struct evidence_work *w)
{
    struct xg_buf text = XG_BUF(XG_EVIDENCE_INDEX_MAX);
    enum xg_status status = index_entities(w, &text);

    if (status == XG_OK)
        status = index_people(w, &text);
    if (status == XG_OK)
        status = index_branches(w, &text);
    if (status == XG_OK)
        status = index_logs(w, &text);
    if (status == XG_OK)
        status = put_says(w, xg_buf_bytes(&text));
    if (status == XG_OK)
        status = evidence_add(w, "index", xg_buf_bytes(&text));
    if (status == XG_OK)
        status = evidence_add(w, "checkpoint",
                              xg_buf_bytes(&w->checkpoint_note));
    xg_buf_clear(&text);
    return status;
}

static int by_position(const void *a, const void *b)
{
    const struct evidence_row *x = a, *y = b;

    if (x->row.position != y->row.position)
        return x->row.position < y->row.position ? -1 : 1;
    return (x->row.seq > y->row.seq) - (x->row.seq < y->row.seq);
}

enum xg_status evidence_put_parts(struct evidence_work *w)
{
    if (name_registry(w) != XG_OK || put_quorum(w) != XG_OK ||
        put_devices(w) != XG_OK || put_index(w) != XG_OK ||
        name_forks(w) != XG_OK)
        return w->err->status;
    qsort(w->rows, w->row_count, sizeof *w->rows, by_position);
    for (size_t i = 0; i < w->row_count; i++)
        if (put_record(w, &w->rows[i]) != XG_OK ||
            name_times(w, &w->rows[i].row) != XG_OK)
            return w->err->status;
    if (put_references(w) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < w->row_count; i++)
        if (put_photos(w, &w->rows[i]) != XG_OK)
            return w->err->status;
    return put_log(w);
}
