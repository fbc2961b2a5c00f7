/* walk_batch.c - what devices wrote: batches, their place in a chain, anchors,
 * and who wrote each record.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/audit/walk.h"
#include "shared/base/lang.h"
#include "shared/core/erase.h"
#include "shared/core/loop.h"

/* A batch at work: live, or one that waited. */
struct incoming {
    struct xg_batch batch;
    const char *device;
    uint32_t device_number;
    uint64_t position;
    struct xg_placed *placed; /* one a record */
    struct xg_hash *hashes;
};

static bool is_server(const char *device)
{
    size_t len = strlen(device), tail = strlen(XG_SERVER_DEVICE);

    return len > tail && strcmp(device + len - tail, XG_SERVER_DEVICE) == 0;
}

/* ---- what records say of the log, and who wrote them ---- */

/* An anchor counts if the log had that root at that size, and a checkpoint
 * ended there. */
static enum xg_status judge_anchor(struct xg_walk *w, const struct incoming *in,
                                   const struct xg_record *r, uint64_t *anchor)
{
    struct xg_cbor_item name, size, root;
    struct xg_hash ours;
    bool known;

    if (!xg_record_field(r, XG_ANCHOR_ORIGIN, &name) ||
        !xg_record_field(r, XG_ANCHOR_SIZE, &size) ||
        !xg_record_field(r, XG_ANCHOR_ROOT, &root) || size.number == 0)
        return XG_OK;
    const struct xg_walk_log *log = xg_walk_log_named(w, name.bytes);
    const struct xg_walk_log *next =
        log && log != xg_walk_now(w) ? log + 1 : NULL;
    if (next && size.number > next->from) {
        xg_walk_say(w, XG_GRAVITY_NOTED, "anchor-lost",
                    XG_T("%s 见过的检查点（%" PRIu64
                         " 条）属于恢复前丢失的部分",
                         "%s saw a checkpoint (%" PRIu64 " entries) of what was "
                         "lost before the server was restored"),
                    in->device, size.number);
        return XG_OK;
    }
    if (xg_walk_root(w, &known, &ours, size.number) != XG_OK)
        return w->err->status;
    if (!log || !known || size.number > in->position ||
        memcmp(ours.b, root.bytes.at, XG_HASH_SIZE) != 0) {
        xg_walk_say(w, XG_GRAVITY_BROKEN, "anchor",
                    XG_T("%s 的记录写明它见过 %" PRIu64
                         " 条的检查点，而这份日志从来没有过：有两份历史，或"
                         "设备造假",
                         "a record of %s says that it saw a checkpoint of %" PRIu64
                         " entries that this log never had: two histories, or "
                         "the device lies"),
                    in->device, size.number);
        return XG_OK;
    }
    if (xg_walk_is_time(w, size.number - 1) && size.number > *anchor)
        *anchor = size.number;
    return XG_OK;
}

static void author_of(char author[static XG_AUTHOR_MAX + 1],
                      const struct xg_record *r)
{
    size_t len = r->malformed ? 0 : r->head.author.len;

    if (len)
        memcpy(author, r->head.author.at, len);
    author[len] = '\0';
}

/* Most records of a batch have one author and one anchor; each signature is its
 * own. */
static enum xg_status judge_author(struct xg_walk *w, const struct incoming *in,
                                   const struct xg_record *r,
                                   const struct xg_place *place,
                                   uint64_t anchor)
{
    const struct xg_registry registry = xg_statements_view(&w->statements);
    char author[XG_AUTHOR_MAX + 1];
    bool is_signed = !r->malformed && r->head.signature.len;

    author_of(author, r);
    if (!is_signed && w->memo.any && w->memo.anchor == anchor &&
        strcmp(w->memo.author, author) == 0 &&
        strcmp(w->memo.device, in->device) == 0)
        return XG_OK;
    if (xg_judge(&w->memo.judged, &registry, in->device, r, place, anchor,
                 w->err) != XG_OK)
        return w->err->status;
    w->result.counts.signatures += is_signed;
    w->memo.any = !is_signed;
    w->memo.anchor = anchor;
    memcpy(w->memo.author, author, sizeof author);
    snprintf(w->memo.device, sizeof w->memo.device, "%s", in->device);
    return XG_OK;
}

static void count_author(struct xg_walk *w, const struct incoming *in,
                         const struct xg_record *r, uint64_t seq)
{
    const struct xg_judgement *j = &w->memo.judged;
    struct xg_audit_counts *c = &w->result.counts;

    c->records++;
    if (r->malformed) {
        c->struck_out++;
        return;
    }
    if (r->head.kind == XG_KIND_GENESIS || r->head.kind == XG_KIND_ANCHOR)
        return;
    c->accesses += r->head.kind == XG_KIND_ACCESS && j->on_server;
    switch (j->grade) {
    case XG_GRADE_PROVEN:
        c->proven++;
        break;
    case XG_GRADE_CLAIMED:
        c->claimed++;
        break;
    case XG_GRADE_ASSERTED:
        c->asserted++;
        break;
    }
    if (!j->no_right)
        return;
    c->without_right++;
    xg_walk_say(w, XG_GRAVITY_NOTED, "author",
                XG_T("%s 第 %" PRIu64 " 号记录署名 %s，无权记录，不生效（%s）",
                     "%s, record %" PRIu64 ": names %s, who had no right to it; "
                     "it has no effect (%s)"),
                in->device, seq, *j->author ? j->author : "-", j->no_right);
}

/* ---- what was erased ---- */

/* `of` is the act, or the record whose fields are gone. */
static enum xg_status note_erased(struct xg_walk *w, const struct xg_hash *hash,
                                  const struct xg_record *of, uint64_t position,
                                  bool act, bool photo)
{
    if (w->erased_count == w->erased_room) {
        size_t room = w->erased_room ? w->erased_room * 2 : 64;
        struct xg_erased_said *moved = realloc(w->erased, room * sizeof *moved);
        if (!moved)
            return xg_fail_nomem(w->err);
        w->erased = moved;
        w->erased_room = room;
    }
    w->erased[w->erased_count++] = (struct xg_erased_said){
        .hash = *hash,
        .entity = xg_record_entity(of),
        .kind = of->malformed ? 0 : of->head.kind,
        .position = position,
        .act = act,
        .photo = photo};
    return XG_OK;
}

/* What an act of the server names: records, then photos. */
static enum xg_status take_act(struct xg_walk *w, const struct incoming *in,
                               const struct xg_record *r)
{
    struct xg_erased_cursor cursor = xg_erased_of(r);
    struct xg_cbor_item list, photo;
    struct xg_erased e;

    while (xg_erased_next(&cursor, &e))
        if (note_erased(w, &e.record, r, in->position, true, false) != XG_OK)
            return w->err->status;
    if (!xg_record_field(r, XG_FIELD_ERASED_PHOTOS, &list))
        return XG_OK;
    struct xg_cbor at = xg_cbor_inside(&list);
    while (xg_cbor_next(&at, &photo)) {
        struct xg_hash hash;
        memcpy(hash.b, photo.bytes.at, XG_HASH_SIZE);
        if (note_erased(w, &hash, r, in->position, true, true) != XG_OK)
            return w->err->status;
    }
    return XG_OK;
}

static enum xg_status look_erased(struct xg_walk *w, const struct incoming *in,
                                  const struct xg_record *r)
{
    if (in->batch.redacted && !r->fields_raw.len) {
        w->result.counts.redacted++;
        return note_erased(w, &r->hash, r, in->position, false, false);
    }
    const struct xg_judgement *by = &w->memo.judged;
    if (!r->malformed && r->head.move == XG_MOVE_ERASE && by->on_server &&
        !by->no_right && by->role &&
        xg_move_allowed(XG_MOVE_ERASE, by->role->number))
        return take_act(w, in, r); /* as the fold counts it: judge.c */
    return XG_OK;
}

static enum xg_status take_record(struct xg_walk *w, const struct incoming *in,
                                  size_t i, const struct xg_hash *previous,
                                  uint64_t *anchor)
{
    const struct xg_record *r = &in->batch.records[i];
    uint64_t seq = in->batch.says.first + i;

    if (!r->malformed && r->head.kind == XG_KIND_ANCHOR &&
        judge_anchor(w, in, r, anchor) != XG_OK)
        return w->err->status;
    if (is_server(in->device))
        *anchor = in->position;
    const struct xg_place place = {
        .chain = &in->batch.says.chain, .previous = previous, .seq = seq};
    if (judge_author(w, in, r, &place, *anchor) != XG_OK)
        return w->err->status;
    count_author(w, in, r, seq);
    if (look_erased(w, in, r) != XG_OK)
        return w->err->status;
    in->placed[i] = (struct xg_placed){r->hash, *anchor};
    if (w->o->record)
        w->o->record(w->o->ctx, r, &in->batch.says.chain, seq, previous,
                     in->position, *anchor, in->device);
    return XG_OK;
}

/* ---- placing ---- */

static enum xg_status note_rift(struct xg_walk *w, const struct incoming *in,
                                size_t held)
{
    struct xg_rift *moved =
        realloc(w->rifts, (w->rift_count + 1) * sizeof *moved);

    if (!moved)
        return xg_fail_nomem(w->err);
    w->rifts = moved;
    moved[w->rift_count++] =
        (struct xg_rift){.chain = in->batch.says.chain,
                         .record = in->hashes[held],
                         .seq = in->batch.says.first + held,
                         .position = w->position};
    w->result.counts.forked++;
    return XG_OK;
}

static enum xg_status put_records(struct xg_walk *w, struct incoming *in,
                                  const struct xg_placement *place)
{
    const struct xg_run run = {.position = in->position,
                               .batch = in->batch.id,
                               .tree = in->batch.says.tree,
                               .batch_records = in->batch.count};
    uint64_t anchor = place->anchor;

    w->result.counts.chains += place->begins;
    for (size_t i = place->held; i < in->batch.count; i++)
        if (take_record(w, in, i,
                        i ? &in->hashes[i - 1] : &in->batch.says.previous,
                        &anchor) != XG_OK)
            return w->err->status;
    if (place->placing == XG_PLACE_FORK &&
        note_rift(w, in, place->held) != XG_OK)
        return w->err->status;
    return xg_chains_keep(&w->chains, place, &in->batch.says.chain,
                          in->device_number, in->batch.says.first, &run,
                          in->placed, in->batch.count, w->err);
}

static enum xg_status list_hashes(struct xg_walk *w, struct incoming *in)
{
    size_t n = in->batch.count;

    in->hashes = xg_arena_array(&w->arena, n, sizeof *in->hashes);
    in->placed = xg_arena_array(&w->arena, n, sizeof *in->placed);
    if (!in->hashes || !in->placed)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < n; i++)
        in->hashes[i] = in->batch.records[i].hash;
    return XG_OK;
}

static enum xg_status place_batch(struct xg_walk *w, struct incoming *in,
                                  struct xg_placement *place)
{
    if (list_hashes(w, in) != XG_OK)
        return w->err->status;
    xg_chains_look(&w->chains, place, &in->batch.says.chain, in->device_number,
                   in->batch.says.first, &in->batch.says.previous, in->hashes,
                   in->batch.count);
    if (place->placing == XG_PLACE_NEXT || place->placing == XG_PLACE_FORK)
        return put_records(w, in, place);
    return xg_spill_check(&w->chains.runs, w->err);
}

/* ---- what is kept without a place ---- */

static enum xg_status keep_held(struct xg_walk *w, const struct incoming *in,
                                struct xg_bytes frame, enum xg_held_why why)
{
    if (w->held_count == w->held_room) {
        size_t room = w->held_room ? w->held_room * 2 : 64;
        struct xg_held *moved = realloc(w->held, room * sizeof *moved);
        if (!moved)
            return xg_fail_nomem(w->err);
        w->held = moved;
        w->held_room = room;
    }
    w->held[w->held_count++] = (struct xg_held){
        .chain = in->batch.says.chain, .id = in->batch.id,
        .device = in->device_number, .why = (uint32_t)why,
        .first = in->batch.says.first, .last = in->batch.says.last,
        .position = in->position, .at = xg_spill_size(&w->frames),
        .len = frame.len};
    xg_spill_add(&w->frames, frame.at, frame.len);
    return xg_spill_check(&w->frames, w->err);
}

static void count_held(struct xg_walk *w)
{
    uint64_t waiting = 0, quarantined = 0;

    for (size_t i = 0; i < w->held_count; i++) {
        waiting += w->held[i].why == XG_HELD_WAITING;
        quarantined += w->held[i].why == XG_HELD_QUARANTINED;
    }
    w->result.counts.waiting = waiting;
    w->result.counts.quarantined = quarantined;
}

static bool device_key(struct xg_walk *w, struct xg_verifier *key,
                       const char *device)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_statement s;
    uint64_t at;

    return xg_statements_device(&w->statements, device, UINT64_MAX, &s, &at) &&
           xg_verifier_init(key, device, XG_SIG_ED25519, s.key, &quiet) ==
               XG_OK;
}

/* A body that is not the one of the note may be what an erasure left of it:
 * then hashes and tree hold all the same. */
static enum xg_status open_frame(struct xg_walk *w, struct xg_batch *batch,
                                 struct xg_bytes frame,
                                 const struct xg_verifier *key,
                                 struct xg_error *err)
{
    struct xg_error quiet = XG_ERROR_NONE;
    enum xg_status status =
        xg_batch_open(batch, &w->arena, frame.at, frame.len, key, err);
    struct xg_buf again = XG_BUF(XG_BATCH_MAX);
    struct xg_bytes note, body, name;

    if (status != XG_FORMAT ||
        xg_batch_is_redacted(frame.at, frame.len) ||
        xg_batch_peek(&note, &body, &name, frame.at, frame.len, &quiet) !=
            XG_OK)
        return status;
    xg_batch_frame_redacted(&again, note, body);
    const uint8_t *copy = xg_arena_copy(&w->arena, again.data, again.len);
    if (copy && xg_batch_open(batch, &w->arena, copy, again.len, key,
                              &quiet) == XG_OK) {
        *err = XG_ERROR_NONE;
        status = XG_OK;
    }
    xg_buf_clear(&again);
    return status;
}

/* Open again what was verified when it came. */
static enum xg_status reopen(struct xg_walk *w, struct incoming *in,
                             const struct xg_held *held)
{
    struct xg_verifier key;
    uint8_t *frame;

    xg_arena_reset(&w->arena);
    frame = xg_arena_alloc(&w->arena, (size_t)held->len);
    if (!frame)
        return xg_fail_nomem(w->err);
    xg_spill_get(&w->frames, held->at, frame, (size_t)held->len);
    *in = (struct incoming){.device = w->chains.devices[held->device].name,
                            .device_number = held->device,
                            .position = held->position};
    if (xg_spill_check(&w->frames, w->err) != XG_OK)
        return w->err->status;
    if (!device_key(w, &key, in->device))
        return xg_fail(w->err, XG_CORRUPT, "a device is gone");
    return open_frame(w, &in->batch, xg_bytes(frame, (size_t)held->len), &key,
                      w->err);
}

static enum xg_status place_held(struct xg_walk *w, size_t i, bool *placed,
                                 uint64_t *last)
{
    struct incoming in;
    struct xg_placement place;

    *placed = false;
    if (reopen(w, &in, &w->held[i]) != XG_OK ||
        place_batch(w, &in, &place) != XG_OK)
        return w->err->status;
    if (place.placing == XG_PLACE_GAP || place.placing == XG_PLACE_SPENT)
        return XG_OK;
    w->held[i].why = XG_HELD_DONE;
    *placed = true;
    if (w->held[i].last > *last)
        *last = w->held[i].last;
    return XG_OK;
}

static void drop_done(struct xg_walk *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->held_count; i++)
        if (w->held[i].why != XG_HELD_DONE)
            w->held[kept++] = w->held[i];
    w->held_count = kept;
}

static int by_first(const void *a, const void *b)
{
    const struct xg_held *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->position < y->position ? -1 : x->position > y->position;
}

/* Which waiting ones go on from a place in [from, to], in the order of their
 * beginnings; indices are found again by position, since the list moves. */
static size_t list_waiting(const struct xg_walk *w, struct xg_held **out,
                           const struct xg_hash *chain, uint32_t device,
                           uint64_t from, uint64_t to)
{
    size_t n = 0;

    *out = w->held_count ? malloc(w->held_count * sizeof **out) : NULL;
    for (size_t i = 0; *out && i < w->held_count; i++)
        if (w->held[i].why == XG_HELD_WAITING &&
            w->held[i].device == device && w->held[i].first >= from &&
            w->held[i].first <= to && xg_hash_equal(&w->held[i].chain, chain))
            (*out)[n++] = w->held[i];
    if (n > 1)
        qsort(*out, n, sizeof **out, by_first);
    return n;
}

static size_t held_at(const struct xg_walk *w, uint64_t position)
{
    size_t i = 0;

    while (w->held[i].position != position)
        i++;
    return i;
}

/* What waited for records up to `last` of the chain gets its place now. */
static enum xg_status release(struct xg_walk *w, const struct xg_hash *chain,
                              uint32_t device, uint64_t first, uint64_t last)
{
    uint64_t from = first + 1;
    enum xg_status status = XG_OK;

    while (status == XG_OK && from <= last + 1) {
        uint64_t to = last + 1;
        struct xg_held *list;
        size_t n = list_waiting(w, &list, chain, device, from, to);
        for (size_t i = 0; status == XG_OK && i < n; i++) {
            bool placed;
            status = place_held(w, held_at(w, list[i].position), &placed,
                                &last);
        }
        free(list);
        from = to + 1;
    }
    drop_done(w);
    count_held(w);
    return status;
}

enum xg_status xg_walk_admit(struct xg_walk *w, const struct xg_hash *id)
{
    for (size_t i = 0; i < w->held_count; i++) {
        const struct xg_held held = w->held[i];
        uint64_t last = held.last;
        bool placed;
        if (held.why != XG_HELD_QUARANTINED || !xg_hash_equal(&held.id, id))
            continue;
        if (place_held(w, i, &placed, &last) != XG_OK)
            return w->err->status;
        if (!placed) {
            w->held[i].why = XG_HELD_WAITING;
            count_held(w);
            return XG_OK;
        }
        return release(w, &held.chain, held.device, held.first, last);
    }
    return XG_OK;
}

/* ---- a batch in the log ---- */

static const char *judge_genesis(struct xg_walk *w, const struct xg_batch *b)
{
    const struct xg_record *r = &b->records[0];
    struct xg_cbor_item log, by;

    if (r->malformed || r->head.kind != XG_KIND_GENESIS)
        return XG_T("第 0 条不是链首", "record 0 is no genesis");
    if (!xg_record_field(r, XG_GENESIS_LOG, &log) ||
        !(xg_walk_log_named(w, log.bytes) ||
          (w->log_count == 0 &&
           xg_bytes_equal(log.bytes, xg_bytes_of(w->o->log.name)))))
        return XG_T("链首写的是另一份日志", "the genesis names another log");
    if (!xg_record_field(r, XG_GENESIS_REGISTRAR, &by) ||
        by.bytes.len != XG_PUBLIC_KEY_SIZE)
        return XG_T("链首没有登记员的密钥", "the genesis names no registrar");
    xg_walk_learn_registrar(w, by.bytes.at);
    return NULL;
}

/* Whoever signed has to be enrolled by what stands before. */
static bool find_device(struct xg_walk *w, struct xg_verifier *key,
                        char device[static XG_KEY_NAME_MAX + 1],
                        const struct xg_note *note)
{
    struct xg_bytes name = note->signatures[0].name;
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_statement s;
    uint64_t at;

    if (note->count == 1 && name.len <= XG_KEY_NAME_MAX) {
        memcpy(device, name.at, name.len);
        device[name.len] = '\0';
        if (xg_statements_device(&w->statements, device, w->position, &s,
                                 &at) &&
            xg_verifier_init(key, device, XG_SIG_ED25519, s.key, &quiet) ==
                XG_OK)
            return true;
    }
    xg_walk_say(w, XG_GRAVITY_BROKEN, "enrolled",
                XG_T("批次署名 %.*s，此前的登记册里没有这台设备：凭空多出的设备",
                     "a batch of %.*s, whom no registry note before it enrols: "
                     "a device that the registrar does not know"),
                (int)name.len, (const char *)name.at);
    return false;
}

static bool revoked(const struct xg_walk *w, const char *device)
{
    struct xg_statement s;
    uint64_t at;

    return xg_statements_find(&w->statements, XG_SAYS_REVOKE, device,
                              w->position, &s, &at);
}

/* Only the note is at hand. */
static void take_unread(struct xg_walk *w, const struct xg_note *note,
                        const struct xg_verifier *key)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_batch_note says;

    w->result.counts.unread_batches++;
    w->result.unchecked |= XG_UNCHECKED_BATCHES;
    if (xg_note_verify(note, key, NULL, &why) != XG_OK ||
        xg_batch_note_read(&says, note->text, &why) != XG_OK)
        xg_walk_say(w, XG_GRAVITY_BROKEN, "signature",
                    XG_T("批次条目：%s", "the note of a batch: %s"),
                    xg_error_text(&why));
    else
        w->result.counts.signatures++;
}

static enum xg_status settle(struct xg_walk *w, struct incoming *in,
                             struct xg_bytes frame)
{
    const struct xg_batch_note *says = &in->batch.says;
    const struct xg_chain *chain = xg_chains_find(&w->chains, &says->chain);
    struct xg_placement place;

    if (chain && chain->device != in->device_number) {
        xg_walk_say(w, XG_GRAVITY_BROKEN, "owner",
                    XG_T("%s 往 %s 的链里写", "%s writes to a chain of %s"),
                    in->device, w->chains.devices[chain->device].name);
        return XG_OK;
    }
    if (revoked(w, in->device)) {
        if (keep_held(w, in, frame, XG_HELD_QUARANTINED) != XG_OK)
            return w->err->status;
        count_held(w);
        xg_walk_say(w, XG_GRAVITY_NOTED, "quarantined",
                    XG_T("%s 已停用，此后到达的批次被隔离，不生效",
                         "%s was revoked; this batch came later and is in "
                         "quarantine, without effect"),
                    in->device);
        return XG_OK;
    }
    if (place_batch(w, in, &place) != XG_OK)
        return w->err->status;
    if (place.placing == XG_PLACE_NEXT || place.placing == XG_PLACE_FORK) {
        uint64_t first = says->first, last = says->last;
        const struct xg_hash id = says->chain;
        return w->result.counts.waiting
                   ? release(w, &id, in->device_number, first, last)
                   : XG_OK;
    }
    if (place.placing == XG_PLACE_HELD)
        return XG_OK;
    if (place.placing == XG_PLACE_SPENT)
        xg_walk_say(w, XG_GRAVITY_DOUBT, "quarantined",
                    XG_T("%s 开的链和分叉太多，这一批被隔离",
                         "%s has begun too many chains and forks; this batch "
                         "is in quarantine"),
                    in->device);
    if (keep_held(w, in, frame,
                  place.placing == XG_PLACE_GAP ? XG_HELD_WAITING
                                                : XG_HELD_QUARANTINED) != XG_OK)
        return w->err->status;
    count_held(w);
    return XG_OK;
}

static enum xg_status open_batch(struct xg_walk *w, struct incoming *in,
                                 const struct xg_note *note,
                                 const struct xg_verifier *key,
                                 struct xg_bytes frame)
{
    struct xg_error why = XG_ERROR_NONE;
    const char *bad = NULL;
    enum xg_status status = open_frame(w, &in->batch, frame, key, &why);

    if (status == XG_NOMEM) {
        *w->err = why;
        return status;
    }
    if (status == XG_OK && !xg_bytes_equal(in->batch.note, note->body))
        bad = XG_T("内容不是日志里记的那一批",
                   "its content is that of another batch");
    if (status == XG_OK && !bad && in->batch.says.first == 0)
        bad = judge_genesis(w, &in->batch);
    if (status == XG_OK && !bad) {
        w->result.counts.signatures++;
        return settle(w, in, frame);
    }
    xg_walk_say(w, XG_GRAVITY_BROKEN,
                status == XG_AUTH ? "signature" : "batch",
                XG_T("%s 的批次：%s", "a batch of %s: %s"), key->name,
                bad ? bad : xg_error_text(&why));
    return XG_OK;
}

enum xg_status xg_walk_batch(struct xg_walk *w, const struct xg_note *note)
{
    struct incoming in = {.position = w->position};
    struct xg_error why = XG_ERROR_NONE;
    char device[XG_KEY_NAME_MAX + 1];
    struct xg_verifier key;
    struct xg_bytes frame;
    struct xg_hash id;
    enum xg_status status;

    w->result.counts.batches++;
    if (!find_device(w, &key, device, note))
        return XG_OK;
    if (xg_chains_device(&w->chains, &in.device_number, device, w->err) !=
        XG_OK)
        return w->err->status;
    in.device = device;
    crypto_hash_sha256(id.b, note->text.at, note->text.len);
    xg_arena_reset(&w->arena);
    status =
        w->source->batch(w->source->ctx, &frame, w->position, &id, &why);
    if (status == XG_OK)
        return open_batch(w, &in, note, &key, frame);
    take_unread(w, note, &key);
    if (status == XG_NOTFOUND)
        return XG_OK;
    if (status != XG_GAP) {
        *w->err = why;
        return status;
    }
    xg_walk_say(w, XG_GRAVITY_BROKEN, "batch-lost",
                XG_T("%s 的一批内容不见了，日志里有它的条目",
                     "the content of a batch of %s is gone; its note is in the "
                     "log"),
                device);
    return XG_OK;
}
