/* fold.c - see fold.h. */
#include "agent/store/fold.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/store/erase.h"
#include "agent/store/inside.h"
#include "agent_sql.h"
#include "shared/base/lang.h"
#include "shared/core/erase.h"

enum { OPS_FIRST = 8, BRANCH_DEPTH_MAX = 64 };

struct loader {
    struct store *s;
    struct xg_arena *arena;
    struct fold *fold;
    size_t count, room;
    char *owner; /* worker of this device, read when first needed */
    bool part;   /* only the record that creates it, and the newest */
    int64_t newest;
    /* branches met so far */
    struct known_branch {
        int64_t chain, row;
        struct xg_branch branch;
        struct known_branch *next;
    } * branches;
};

/* ---- branches ---- */

static const struct xg_branch *branch_known(const struct loader *l,
                                            int64_t chain, int64_t row)
{
    for (const struct known_branch *b = l->branches; b; b = b->next)
        if (b->row == row && (row != 0 || b->chain == chain))
            return &b->branch;
    return NULL;
}

/* Row 0 is the chain's stretch before any fork. */
static enum xg_status branch_load(struct loader *l,
                                  const struct xg_branch **out, int64_t chain,
                                  const struct xg_hash *chain_id, int64_t row,
                                  int depth, struct xg_error *err)
{
    *out = branch_known(l, chain, row);
    if (*out)
        return XG_OK;
    if (depth == BRANCH_DEPTH_MAX)
        return xg_fail(err, XG_CORRUPT, "%s: branches", xg_db_path(l->s->db));

    struct known_branch *b = xg_arena_alloc(l->arena, sizeof *b);
    if (!b)
        return xg_fail_nomem(err);
    *b = (struct known_branch){.chain = chain, .row = row};
    b->branch.id = *chain_id;
    if (row != 0) {
        struct xg_stmt *q = xg_stmt(l->s->db, AGENT_STMT_BRANCH_GET);
        int64_t parent = 0;
        xg_bind_i64(q, 1, row);
        if (xg_stmt_row(q)) {
            b->branch.id = xg_col_hash(q, 0);
            b->branch.start = xg_col_u64(q, 1);
            parent = xg_col_is_null(q, 2) ? 0 : xg_col_i64(q, 2);
        }
        if (xg_stmt_done(q, err) != XG_OK ||
            branch_load(l, &b->branch.parent, chain, chain_id, parent,
                        depth + 1, err) != XG_OK)
            return err->status;
    }
    b->next = l->branches;
    l->branches = b;
    *out = &b->branch;
    return XG_OK;
}

enum xg_status fold_branch_at_end(struct store *s, const struct xg_branch **out,
                                  struct xg_arena *arena,
                                  const struct store_chain *chain,
                                  struct xg_error *err)
{
    struct loader l = {.s = s, .arena = arena};
    int64_t row;

    if (store_branch_after(s, &row, chain->row, &chain->last, err) != XG_OK)
        return err->status;
    return branch_load(&l, out, chain->row, &chain->chain, row, 0, err);
}

/* ---- records ---- */

static enum xg_status grow(struct loader *l, struct xg_error *err)
{
    struct fold *f = l->fold;
    size_t room = l->room ? l->room * 2 : OPS_FIRST;
    struct xg_op *ops = xg_arena_array(l->arena, room, sizeof *ops);
    struct fold_fact *facts = xg_arena_array(l->arena, room, sizeof *facts);

    if (!ops || !facts)
        return xg_fail_nomem(err);
    if (l->count) {
        memcpy(ops, f->ops, l->count * sizeof *ops);
        memcpy(facts, f->facts, l->count * sizeof *facts);
    }
    f->ops = ops;
    f->facts = facts;
    l->room = room;
    return XG_OK;
}

static enum xg_status read_record(struct loader *l, struct xg_stmt *q,
                                  struct xg_record *r, struct xg_error *err)
{
    struct xg_hash hash = xg_col_hash(q, 1), chain = xg_col_hash(q, 2);
    struct xg_hash previous = xg_col_hash(q, 4);
    struct xg_bytes head = xg_col_bytes(q, 8), fields = {NULL, 0};

    if (xg_col_is_null(q, 9)) {
        r->fields_hash = xg_col_hash(q, 10);
    } else {
        if (store_unseal(l->s, "record", xg_bytes(hash.b, XG_HASH_SIZE),
                         xg_col_bytes(q, 9), err) != XG_OK)
            return err->status;
        fields = xg_buf_bytes(&l->s->plain);
    }
    head.at = xg_arena_copy(l->arena, head.at, head.len);
    if (fields.len)
        fields.at = xg_arena_copy(l->arena, fields.at, fields.len);
    if (!head.at || (fields.len && !fields.at))
        return xg_fail_nomem(err);
    xg_record_read(r, &chain, xg_col_u64(q, 3), &previous, head, fields);
    if (!xg_hash_equal(&r->hash, &hash))
        xg_stmt_corrupt(q, "a record is not what its hash says");
    return XG_OK;
}

static enum xg_status read_op(struct loader *l, struct xg_stmt *q,
                              struct xg_error *err)
{
    struct xg_record *r = xg_arena_alloc(l->arena, sizeof *r);

    if (!r)
        return xg_fail_nomem(err);
    if (l->count == l->room && grow(l, err) != XG_OK)
        return err->status;
    struct xg_op *op = &l->fold->ops[l->count];
    struct fold_fact *fact = &l->fold->facts[l->count];
    if (read_record(l, q, r, err) != XG_OK)
        return err->status;
    *fact = (struct fold_fact){
        .whole = r,
        .row = xg_col_i64(q, 0),
        .chain = xg_col_hash(q, 2),
        .seq = xg_col_u64(q, 3),
        .previous = xg_col_hash(q, 4),
        .anchor_size = xg_col_u64(q, 6),
        .logged = !xg_col_is_null(q, 7),
        .mine = xg_col_bool(q, 12),
    };
    if (fact->logged)
        fact->position = xg_col_u64(q, 7);
    const char *device = xg_col_text(q, 11);
    fact->device = xg_arena_str(l->arena, device, strlen(device));
    if (!fact->device)
        return xg_fail_nomem(err);
    *op = (struct xg_op){.record = r, .seq = fact->seq};
    int64_t branch = xg_col_is_null(q, 5) ? 0 : xg_col_i64(q, 5);
    if (branch_load(l, &op->branch, xg_col_i64(q, 13), &fact->chain, branch, 0,
                    err) != XG_OK)
        return err->status;
    l->count++;
    return XG_OK;
}

static bool is_wanted(const struct loader *l, struct xg_stmt *q,
                      const struct xg_id *id)
{
    if (!l->part || xg_col_i64(q, 0) == l->newest)
        return true;
    struct xg_hash hash = xg_col_hash(q, 1);
    struct xg_id created = xg_id_of_hash(&hash);
    return xg_id_equal(&created, id);
}

static enum xg_status read_ops(struct loader *l, const struct xg_id *id,
                               struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(l->s->db, AGENT_STMT_RECORD_OF_ENTITY);
    enum xg_status status = XG_OK;

    xg_bind_id(q, 1, id);
    while (status == XG_OK && xg_stmt_next(q))
        if (is_wanted(l, q, id))
            status = read_op(l, q, err);
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK &&
        status == XG_OK)
        status = err->status;
    return status;
}

/* ---- judging ---- */

/* Own, and not in the registry yet. */
static void take_for_worker(struct xg_judgement *j, const char *owner,
                            const char *author)
{
    *j = (struct xg_judgement){.role = xg_role_find(XG_ROLE_WORKER),
                               .grade = XG_GRADE_PROVEN};
    if (*author && strcmp(author, owner) != 0)
        j->grade = XG_GRADE_CLAIMED;
    snprintf(j->author, sizeof j->author, "%s", *author ? author : owner);
}

static enum xg_status judge_provisionally(struct loader *l,
                                          struct xg_judgement *j,
                                          const struct xg_record *r,
                                          struct xg_error *err)
{
    char author[XG_AUTHOR_MAX + 1] = "";
    struct store_identity id;

    if (!r->malformed && r->head.author.len)
        memcpy(author, r->head.author.at, r->head.author.len);

    if (!l->owner) {
        if (store_get_identity(l->s, &id, err) != XG_OK)
            return err->status;
        l->owner = xg_arena_str(l->arena, id.worker, strlen(id.worker));
        if (!l->owner)
            return xg_fail_nomem(err);
    }
    take_for_worker(j, l->owner, author);
    return XG_OK;
}

enum xg_status fold_actor(struct store *s, struct xg_judgement *out,
                          const char *author, struct xg_error *err)
{
    struct xg_checkpoint seen;
    struct store_chain chain;
    struct store_identity id;
    struct xg_statement enrolled;
    uint64_t position;
    bool found = false, known = false;

    /* Its next record is written behind an anchor of this checkpoint. */
    if (store_get_known(s, &seen, &found, err) != XG_OK ||
        store_current_chain(s, &chain, err) != XG_OK ||
        store_get_identity(s, &id, err) != XG_OK ||
        s->registry.find(s->registry.ctx, XG_SAYS_DEVICE, id.device, UINT64_MAX,
                         &enrolled, &position, &known, err) != XG_OK)
        return err->status;
    if (!author)
        author = "";
    if (known)
        return xg_judge_author(out, &s->registry, id.device,
                               strcmp(author, id.worker) == 0 ? "" : author,
                               false,
                               found && seen.size > chain.anchor_size
                                   ? seen.size
                                   : chain.anchor_size,
                               err);
    take_for_worker(out, id.worker, author);
    return XG_OK;
}

static enum xg_status judge_op(struct loader *l, size_t i, struct xg_error *err)
{
    struct fold_fact *fact = &l->fold->facts[i];
    const struct xg_record *r = l->fold->ops[i].record;
    const struct xg_place place = {&fact->chain, &fact->previous, fact->seq};
    struct xg_statement enrolled;
    uint64_t position;
    bool known = true;

    if (fact->mine && l->s->registry.find(l->s->registry.ctx, XG_SAYS_DEVICE,
                                          fact->device, UINT64_MAX, &enrolled,
                                          &position, &known, err) != XG_OK)
        return err->status;
    if (!known)
        return judge_provisionally(l, &fact->judged, r, err);
    return xg_judge(&fact->judged, &l->s->registry, fact->device, r, &place,
                    fact->anchor_size, err);
}

static enum xg_status judge_all(struct loader *l, const struct xg_id *id,
                                struct xg_error *err)
{
    struct fold *f = l->fold;
    struct xg_judgement **judged =
        xg_arena_array(l->arena, l->count + 1, sizeof *judged);

    if (!judged)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < l->count; i++) {
        if (judge_op(l, i, err) != XG_OK)
            return err->status;
        judged[i] = &f->facts[i].judged;
    }
    return xg_judge_ops(&f->home, l->arena, f->ops, judged, l->count, id, &l->s->registry,
                        err);
}

/* ---- when it was ---- */

static enum xg_status find_whens(struct loader *l, struct xg_error *err)
{
    struct fold *f = l->fold;

    f->whens = xg_arena_array(l->arena, l->count + 1, sizeof *f->whens);
    if (!f->whens)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < l->count; i++) {
        const struct fold_fact *fact = &f->facts[i];
        if (store_when(l->s, &f->whens[i], fact->anchor_size, fact->logged,
                       fact->position, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* ---- loading ---- */

struct elsewhere {
    struct store *s;
    const struct xg_id *id;
};

static bool known_elsewhere(void *ctx, const struct xg_hash *hash)
{
    const struct elsewhere *e = ctx;
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_stmt *q = xg_stmt(e->s->db, AGENT_STMT_RECORD_KNOWN);
    bool known = false;

    xg_bind_hash(q, 1, hash);
    if (xg_stmt_row(q)) {
        struct xg_id entity = xg_col_id(q, 3);
        known = !xg_id_equal(&entity, e->id);
    }
    return xg_stmt_done(q, &ignored) == XG_OK && known;
}

static enum xg_status load(struct loader *l, const struct xg_id *id,
                           struct xg_error *err)
{
    struct elsewhere e = {l->s, id};
    const struct xg_elsewhere elsewhere = {&e, known_elsewhere};

    if (read_ops(l, id, err) != XG_OK || judge_all(l, id, err) != XG_OK ||
        find_whens(l, err) != XG_OK)
        return err->status;
    return xg_merge(&l->fold->state, l->arena, id, l->fold->ops, l->count,
                    &elsewhere, err);
}

static enum xg_status refuse_unfolded(struct store *s, const struct xg_id *id,
                                      struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_UNFOLDED);
    uint64_t records;

    xg_bind_id(q, 1, id);
    if (xg_stmt_number(&records, NULL, q, err) != XG_OK)
        return err->status;
    if (records == 0)
        return XG_OK;
    return xg_fail(err, XG_TOOBIG,
                   XG_T("它有 %llu 条记录，太大，本机无法汇总；记录都在，"
                        "请另报一件新的继续，并用 xunge link 与它关联",
                        "it has %llu records, too much to be folded here; all "
                        "are kept: go on in a new one, and link it to this "
                        "with xunge link"),
                   (unsigned long long)records);
}

enum xg_status fold_load(struct store *s, struct fold *out,
                         struct xg_arena *arena, const struct xg_id *id,
                         struct xg_error *err)
{
    struct fold fold = {0};
    struct loader l = {.s = s, .arena = arena, .fold = &fold};

    if (refuse_unfolded(s, id, err) != XG_OK || load(&l, id, err) != XG_OK)
        return err->status;
    *out = fold;
    return XG_OK;
}

/* ---- the row ---- */

struct row {
    char number[XG_NUMBER_SIZE];
    char official[XG_CODE_MAX + 1];
    bool mine, folded;
    uint64_t records, photos;
    int64_t first_ms, changed_ms, newest;
};

static int64_t wall_of(const struct xg_record *r)
{
    return r->malformed ? 0 : r->head.moment.wall_ms;
}

static void find_number(struct row *row, const struct fold *f,
                        const struct xg_record *first)
{
    const char *slash = strrchr(f->facts[f->state.creator].device, '/');
    struct xg_cbor_item serial;
    char text[XG_NUMBER_SIZE];

    if (!slash || first->malformed ||
        !xg_record_field(first, XG_FIELD_SERIAL, &serial))
        return;
    xg_number_print(text, slash + 1, serial.number);
    if (xg_number_shaped(text))
        memcpy(row->number, text, sizeof text);
}

/* While it is in conflict, the one that is shown. */
static void find_official(struct row *row, const struct fold *f)
{
    if (f->state.kind && f->state.kind->first_status)
        xg_state_text(row->official, sizeof row->official, &f->state,
                      XG_CASE_NUMBER);
}

static void find_times(struct row *row, const struct fold *f)
{
    struct xg_cbor_item happened;
    int64_t at;

    for (size_t i = 0; i < f->state.count; i++) {
        if (f->facts[i].row < row->newest)
            continue;
        row->newest = f->facts[i].row;
        row->changed_ms = wall_of(f->ops[i].record);
    }
    row->first_ms = f->state.creator == XG_NONE
                        ? row->changed_ms
                        : wall_of(f->ops[f->state.creator].record);
    if (xg_state_value(&f->state, XG_FIELD_HAPPENED, &happened) &&
        xg_cbor_int(&happened, &at))
        row->first_ms = at;
}

/* Taken here, or taken over: the only copy may be this one. */
static enum xg_status is_held(struct store *s, bool *held, bool mine,
                              struct xg_bytes sha256, struct xg_error *err)
{
    *held = mine;
    if (mine)
        return XG_OK;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CARRIED_PHOTO_FIND);
    xg_bind_bytes(q, 1, sha256);
    *held = xg_stmt_row(q);
    return xg_stmt_done(q, err);
}

/* What is urgent goes out first. */
static int64_t photo_rank(const struct fold *f)
{
    enum { NORMAL = 1, URGENT = 3 };
    struct xg_cbor_item urgency;

    if (f->state.kind && f->state.kind->number == XG_KIND_INCIDENT &&
        xg_state_value(&f->state, XG_INCIDENT_URGENCY, &urgency) &&
        urgency.type == XG_CBOR_UINT && urgency.number >= NORMAL &&
        urgency.number <= URGENT)
        return (int64_t)(URGENT - urgency.number);
    return URGENT - NORMAL;
}

/* An element of the photo set. Its value was found good when it was merged. */
struct shown {
    struct xg_bytes sha256, thumbnail; /* thumbnail: empty where there is none */
    uint64_t length, thumbnail_bytes;
};

static bool read_shown(struct shown *out, struct xg_bytes value)
{
    /* Anybody may write any length: sums of them are not to overflow. */
    static const uint64_t LENGTH_MAX = UINT64_C(1) << 40;
    enum { THUMBNAIL = 7 };
    struct xg_cbor c = xg_cbor_over(value), small;
    struct xg_cbor_item item;

    *out = (struct shown){.length = 0};
    if (!xg_cbor_next(&c, &item))
        return false;
    c = xg_cbor_inside(&item);
    for (size_t i = 0; xg_cbor_next(&c, &item); i++)
        if (i == 0)
            out->sha256 = item.bytes;
        else if (i == 1)
            out->length = item.number < LENGTH_MAX ? item.number : LENGTH_MAX;
        else if (i == THUMBNAIL && item.type == XG_CBOR_ARRAY) {
            small = xg_cbor_inside(&item);
            if (xg_cbor_next(&small, &item))
                out->thumbnail = item.bytes;
            if (xg_cbor_next(&small, &item))
                out->thumbnail_bytes = item.number;
        }
    return out->sha256.len == XG_HASH_SIZE;
}

/* What every act erased, thumbnails too: an act names both. */
static enum xg_status put_erased_photos(struct store *s, const struct fold *f,
                                        const struct xg_id *id,
                                        struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ERASED_PHOTO_DELETE);
    struct xg_cbor_item list, item;

    xg_bind_id(q, 1, id);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < f->state.count; i++) {
        const struct xg_record *act = f->ops[i].record;
        if (!f->ops[i].erases || act->malformed ||
            act->head.move != XG_MOVE_ERASE ||
            !xg_record_field(act, XG_FIELD_ERASED_PHOTOS, &list))
            continue;
        for (struct xg_cbor c = xg_cbor_inside(&list);
             xg_cbor_next(&c, &item);) {
            q = xg_stmt(s->db, AGENT_STMT_ERASED_PHOTO_PUT);
            xg_bind_bytes(q, 1, item.bytes);
            xg_bind_id(q, 2, id);
            if (xg_stmt_run(q, err) != XG_OK)
                return err->status;
        }
    }
    return XG_OK;
}

/* One that was erased is not shown, nor does it go out. */
static enum xg_status put_photo(struct store *s, const struct shown *shown,
                                const struct fold *f,
                                const struct xg_element *e,
                                const struct xg_id *id, struct xg_error *err)
{
    bool mine;
    struct xg_hash hash;

    memcpy(hash.b, shown->sha256.at, sizeof hash.b);
    bool erased = xg_photo_erased(f->ops, f->state.count, &hash);
    if (is_held(s, &mine, f->facts[e->op].mine, shown->sha256, err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_PUT);
    xg_bind_id(q, 1, id);
    xg_bind_bytes(q, 2, shown->sha256);
    xg_bind_u64(q, 3, shown->length);
    xg_bind_i64(q, 4, mine && !erased);
    xg_bind_i64(q, 5, !e->removed && !erased);
    xg_bind_i64(q, 6, f->facts[e->op].row);
    xg_bind_i64(q, 7, photo_rank(f));
    if (shown->thumbnail.len == XG_HASH_SIZE) {
        xg_bind_bytes(q, 8, shown->thumbnail);
        xg_bind_u64(q, 9, shown->thumbnail_bytes);
    } else {
        xg_bind_null(q, 8);
        xg_bind_null(q, 9);
    }
    return xg_stmt_run(q, err);
}

static enum xg_status put_photos(struct store *s, struct row *row,
                                 const struct fold *f, const struct xg_id *id,
                                 struct xg_error *err)
{
    const struct xg_set *set = xg_state_set(&f->state, XG_FIELD_PHOTO);
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_PHOTO_DELETE);
    struct shown shown;

    xg_bind_id(q, 1, id);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    for (size_t i = 0; set && i < set->count; i++) {
        const struct xg_element *e = &set->elements[i];
        if (!read_shown(&shown, e->value))
            continue;
        row->photos += !e->removed;
        if (put_photo(s, &shown, f, e, id, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status put_links(struct store *s, const struct fold *f,
                                const struct xg_id *id, struct xg_error *err)
{
    const struct xg_set *set = xg_state_set(&f->state, XG_FIELD_SAME_AS);
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_LINK_DELETE);

    xg_bind_id(q, 1, id);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    for (size_t i = 0; set && i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item other;
        if (set->elements[i].removed || !xg_cbor_next(&c, &other))
            continue;
        q = xg_stmt(s->db, AGENT_STMT_LINK_PUT);
        xg_bind_id(q, 1, id);
        xg_bind_bytes(q, 2, other.bytes);
        if (xg_stmt_run(q, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* So that a late record, of whatever entity, finds who has waited for it. */
static enum xg_status note_missing(struct store *s, const struct fold *f,
                                   const struct xg_id *id, struct xg_error *err)
{
    for (size_t i = 0; i < f->state.count; i++) {
        const struct xg_record *r = f->ops[i].record;
        if (f->state.effects[i] != XG_EFFECT_PENDING || r->malformed)
            continue;
        for (size_t c = 0; c < r->head.foreign_count; c++) {
            const struct xg_hash *cited = xg_head_foreign(&r->head, c);
            bool has;
            if (store_has_record(s, &has, cited, err) != XG_OK)
                return err->status;
            if (has)
                continue;
            struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_MISSING_ADD);
            xg_bind_hash(q, 1, cited);
            xg_bind_id(q, 2, id);
            if (xg_stmt_run(q, err) != XG_OK)
                return err->status;
        }
    }
    return XG_OK;
}

static enum xg_status put_row(struct store *s, const struct row *row,
                              const struct fold *f, const struct xg_id *id,
                              struct xg_error *err)
{
    struct xg_buf state = XG_BUF(STORE_VALUE_MAX);
    const struct xg_state *st = &f->state;

    xg_state_encode(&state, st);
    enum xg_status status = xg_buf_check(&state, err);
    if (status == XG_OK)
        status = store_seal(s, "entity", xg_bytes(id->b, XG_ID_SIZE),
                            xg_buf_bytes(&state), err);
    xg_buf_clear(&state);
    if (status != XG_OK)
        return status;

    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_PUT);
    xg_bind_id(q, 1, id);
    xg_bind_u64(q, 2, st->kind ? st->kind->number : 0);
    if (*row->number)
        xg_bind_text(q, 3, row->number);
    else
        xg_bind_null(q, 3);
    xg_bind_text(q, 4, f->home.unit);
    xg_bind_u64(q, 5, st->status);
    xg_bind_i64(q, 6, st->withdrawn);
    xg_bind_u64(q, 7, st->conflict_count);
    xg_bind_u64(q, 8, row->records);
    xg_bind_i64(q, 9, row->mine);
    xg_bind_u64(q, 10, row->photos);
    xg_bind_i64(q, 11, row->first_ms);
    xg_bind_i64(q, 12, row->changed_ms);
    xg_bind_i64(q, 13, row->newest);
    xg_bind_bytes(q, 14, xg_buf_bytes(&s->sealed));
    if (*row->official)
        xg_bind_text(q, 15, row->official);
    else
        xg_bind_null(q, 15);
    xg_bind_i64(q, 16, row->folded);
    return xg_stmt_run(q, err);
}

/* A genesis or an anchor is about no entity, although its own hash stands in
 * the place of one: there is no row for it, whoever asks. */
static bool is_about_nothing(const struct fold *f)
{
    for (size_t i = 0; i < f->state.count; i++) {
        const struct xg_record *r = f->ops[i].record;
        const struct xg_kind *kind =
            r->malformed ? NULL : xg_kind_find(r->head.kind);
        if (!kind || kind->entity)
            return false;
    }
    return true;
}

static void find_creator(struct row *row, const struct fold *f)
{
    if (f->state.creator == XG_NONE)
        return;
    row->mine = f->facts[f->state.creator].mine;
    find_number(row, f, f->ops[f->state.creator].record);
}

static enum xg_status fold_whole(struct store *s, const struct xg_id *id,
                                 struct xg_error *err)
{
    struct fold f = {0};
    struct loader l = {.s = s, .arena = &s->fold, .fold = &f};

    if (load(&l, id, err) != XG_OK)
        return err->status;
    if (is_about_nothing(&f))
        return XG_OK;
    struct row row = {.folded = true, .records = f.state.count};
    find_creator(&row, &f);
    find_times(&row, &f);
    find_official(&row, &f);
    if (put_erased_photos(s, &f, id, err) != XG_OK ||
        put_photos(s, &row, &f, id, err) != XG_OK ||
        put_links(s, &f, id, err) != XG_OK ||
        note_missing(s, &f, id, err) != XG_OK ||
        erase_bytes(s, &f, err) != XG_OK)
        return err->status;
    return put_row(s, &row, &f, id, err);
}

static enum xg_status count_records(struct store *s, uint64_t *count,
                                    int64_t *newest, const struct xg_id *id,
                                    struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_OF_ENTITY);
    uint64_t n = 0;

    xg_bind_id(q, 1, id);
    for (; xg_stmt_next(q); n++)
        *newest = xg_col_i64(q, 0);
    *count = n;
    return xg_stmt_done(q, err);
}

/* What it came to is not known, and said so: only where it is at home, which
 * two of its records tell. From the records alone, as any row. */
static enum xg_status keep_unfolded(struct store *s, const struct xg_id *id,
                                    struct xg_error *err)
{
    static const enum agent_stmt drops[] = {AGENT_STMT_PHOTO_DELETE,
                                            AGENT_STMT_ERASED_PHOTO_DELETE,
                                            AGENT_STMT_LINK_DELETE};
    struct fold f = {0};
    struct loader l = {
        .s = s, .arena = &s->fold, .fold = &f, .part = true};
    struct row row = {.folded = false};

    if (count_records(s, &row.records, &l.newest, id, err) != XG_OK ||
        load(&l, id, err) != XG_OK)
        return err->status;
    if (is_about_nothing(&f))
        return XG_OK;
    find_creator(&row, &f);
    find_times(&row, &f);
    f.state = (struct xg_state){
        .id = *id, .kind = f.state.kind, .creator = XG_NONE};
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
        struct xg_stmt *q = xg_stmt(s->db, drops[i]);
        xg_bind_id(q, 1, id);
        if (xg_stmt_run(q, err) != XG_OK)
            return err->status;
    }
    return put_row(s, &row, &f, id, err);
}

enum xg_status fold_entity(struct store *s, const struct xg_id *id,
                           struct xg_error *err)
{
    xg_arena_reset(&s->fold);
    enum xg_status status = fold_whole(s, id, err);
    /* Over a ceiling of ours. That the device has no memory left is another
     * thing, and passes. */
    if (status != XG_TOOBIG && (status != XG_NOMEM || !s->fold.full))
        return status;
    *err = XG_ERROR_NONE;
    xg_arena_reset(&s->fold);
    return keep_unfolded(s, id, err);
}

/* ---- all of it ---- */

enum xg_status fold_rebuild(struct store *s, size_t *count,
                            struct xg_error *err)
{
    static const enum agent_stmt drops[] = {
        AGENT_STMT_ENTITY_DELETE_ALL,
        AGENT_STMT_PHOTO_DELETE_ALL,
        AGENT_STMT_ERASED_PHOTO_DELETE_ALL,
        AGENT_STMT_LINK_DELETE_ALL,
        AGENT_STMT_MISSING_DELETE_ALL,
    };

    enum xg_status status = store_begin(s, err);
    if (status != XG_OK)
        return status;
    for (size_t i = 0; status == XG_OK && i < sizeof drops / sizeof *drops; i++)
        status = xg_stmt_run(xg_stmt(s->db, drops[i]), err);
    if (status == XG_OK)
        status = store_touch_rows(s, xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES),
                                  err);
    size_t n = s->touched_count;
    if (status == XG_OK)
        status = store_commit(s, err);
    else
        store_rollback(s);
    if (status == XG_OK)
        *count = n;
    return status;
}

static void hash_text(crypto_hash_sha256_state *hash, const char *text)
{
    crypto_hash_sha256_update(hash, (const uint8_t *)text, strlen(text) + 1);
}

enum xg_status fold_digest(struct store *s, struct xg_hash *out,
                           struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_STATES);
    crypto_hash_sha256_state hash;
    enum xg_status status = XG_OK;

    crypto_hash_sha256_init(&hash);
    while (status == XG_OK && xg_stmt_next(q)) {
        struct xg_id id = xg_col_id(q, 0);
        status = store_unseal(s, "entity", xg_bytes(id.b, XG_ID_SIZE),
                              xg_col_bytes(q, 3), err);
        crypto_hash_sha256_update(&hash, id.b, XG_ID_SIZE);
        hash_text(&hash, xg_col_is_null(q, 1) ? "" : xg_col_text(q, 1));
        hash_text(&hash, xg_col_text(q, 2));
        crypto_hash_sha256_update(&hash, s->plain.data, s->plain.len);
    }
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK &&
        status == XG_OK)
        status = err->status;
    if (status == XG_OK)
        crypto_hash_sha256_final(&hash, out->b);
    return status;
}
