/* replay.c - see replay.h. */
#include "shared/audit/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay_sql.h"
#include "shared/audit/statements.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/judge.h"
#include "shared/core/verdicts.h"

enum {
    FOLD_BYTES = 256 << 20, /* of one entity: as the server */
    STATE_BYTES = 64 << 20,
    LEVEL_MAX = 256, /* records of a chain at one place */
    PAGE = 1024,
    NAMED_MAX = 64,
    FOLDER_ROOM = 4000,
};

struct replay {
    const struct xg_audit_options *o;
    struct xg_replay_result r;
    struct xg_db *db;
    char dir[FOLDER_ROOM];
    struct xg_statements statements;
    struct xg_verdicts *verdicts;
    uint64_t chains, branches;
    uint64_t last_chain;
    struct xg_hash last_chain_id;
    uint64_t view_records; /* that lay before the view */
    struct xg_arena arena;
    struct xg_buf state;
    struct xg_error failed; /* of a callback */
    struct xg_error *err;
};

/* ---- keeping ---- */

static enum xg_status open_db(struct replay *p, struct xg_error *err)
{
    static const struct xg_db_options options = {.no_wal = true,
                                                 .cache_kib = 16 << 10};
    const char *tmp = getenv("TMPDIR");
    char path[FOLDER_ROOM + 16];

    snprintf(p->dir, sizeof p->dir, "%s/xunge-replay-XXXXXX",
             tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(p->dir)) {
        p->dir[0] = '\0';
        return xg_fail_os(err, "%s", tmp && *tmp ? tmp : "/tmp");
    }
    snprintf(path, sizeof path, "%s/replay.db", p->dir);
    if (xg_db_open(&p->db, path, &replay_sql, &options, err) != XG_OK)
        return err->status;
    return xg_db_begin(p->db, err);
}

static void remove_db(struct replay *p)
{
    static const char *const files[] = {"replay.db", "replay.db-journal",
                                        "replay.db.lock"};
    char path[FOLDER_ROOM + 32];

    xg_db_close(p->db);
    if (!*p->dir)
        return;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", p->dir, files[i]);
        unlink(path);
    }
    rmdir(p->dir);
}

static enum xg_status chain_number(struct replay *p, uint64_t *number,
                                   const struct xg_hash *chain,
                                   const char *device, struct xg_error *err)
{
    if (p->last_chain && xg_hash_equal(&p->last_chain_id, chain)) {
        *number = p->last_chain;
        return XG_OK;
    }
    struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_CHAIN_FIND);
    uint64_t found;
    xg_bind_hash(s, 1, chain);
    if (xg_stmt_number(&found, NULL, s, err) != XG_OK)
        return err->status;
    if (!found) {
        found = ++p->chains;
        s = xg_stmt(p->db, REPLAY_STMT_CHAIN_ADD);
        xg_bind_u64(s, 1, found);
        xg_bind_hash(s, 2, chain);
        xg_bind_text(s, 3, device);
        if (xg_stmt_run(s, err) != XG_OK)
            return err->status;
    }
    p->last_chain = found;
    p->last_chain_id = *chain;
    *number = found;
    return XG_OK;
}

static struct xg_bytes entity_bytes(const struct xg_record *r, struct xg_id *id)
{
    const struct xg_kind *kind =
        r->malformed ? NULL : xg_kind_find(r->head.kind);

    if (kind && !kind->entity)
        return xg_bytes(id->b, 0);
    *id = xg_record_entity(r);
    return xg_bytes(id->b, XG_ID_SIZE);
}

static void keep_record(void *ctx, const struct xg_record *r,
                        const struct xg_hash *chain, uint64_t seq,
                        const struct xg_hash *previous, uint64_t position,
                        uint64_t anchor_size, const char *device)
{
    struct replay *p = ctx;
    struct xg_id id = {{0}};
    uint64_t number = 0;

    if (p->failed.status != XG_OK ||
        chain_number(p, &number, chain, device, &p->failed) != XG_OK)
        return;
    struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_RECORD_ADD);
    bool erased = r->fields_raw.len == 0;
    xg_bind_u64(s, 1, ++p->r.records);
    xg_bind_bytes(s, 2, entity_bytes(r, &id));
    xg_bind_u64(s, 3, number);
    xg_bind_u64(s, 4, seq);
    xg_bind_u64(s, 5, position);
    xg_bind_u64(s, 6, anchor_size);
    xg_bind_hash(s, 7, &r->hash);
    xg_bind_hash(s, 8, previous);
    xg_bind_bytes(s, 9, r->head_raw);
    xg_bind_bytes(s, 10, r->fields_raw);
    xg_bind_bytes(s, 11,
                  xg_bytes(r->fields_hash.b, erased ? XG_HASH_SIZE : 0));
    xg_ignore(xg_stmt_run(s, &p->failed));
}

static bool begins(struct xg_bytes note, const char *line)
{
    size_t len = strlen(line);

    return note.len > len && memcmp(note.at, line, len) == 0;
}

static void keep_statements(struct replay *p, uint64_t position,
                            struct xg_bytes text)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_registry_note n;

    if (xg_registry_note_read(&n, text, &quiet) == XG_OK)
        xg_ignore(xg_statements_add(&p->statements, position, n.statements,
                                    &p->failed));
}

/* A view tells of the records that lay before it. */
static void keep_view(struct replay *p, uint64_t position, struct xg_bytes text)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_view_note v;

    if (xg_view_note_read(&v, text, &quiet) != XG_OK || v.size != position)
        return;
    p->r.has_view = true;
    p->r.view = v;
    p->view_records = p->r.records;
}

static void keep_entry(void *ctx, uint64_t position, struct xg_bytes raw)
{
    struct replay *p = ctx;
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_note note;
    bool view = begins(raw, "xunge/view/v1\n");

    if (p->failed.status != XG_OK ||
        (!view && !begins(raw, "xunge/registry/v1\n")) ||
        xg_note_parse(&note, raw.at, raw.len, &quiet) != XG_OK)
        return;
    if (view)
        keep_view(p, position, note.text);
    else
        keep_statements(p, position, note.text);
}

/* ---- branches of chains that forked ---- */

struct row {
    uint64_t number, seq, branch;
    struct xg_hash hash, previous;
};

static enum xg_status add_branch(struct replay *p, uint64_t chain,
                                 uint64_t parent, const struct row *first)
{
    struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_BRANCH_ADD);

    xg_bind_u64(s, 1, ++p->branches);
    xg_bind_u64(s, 2, chain);
    xg_bind_u64(s, 3, parent);
    xg_bind_u64(s, 4, first->seq);
    xg_bind_hash(s, 5, &first->hash);
    return xg_stmt_run(s, p->err);
}

/* The records at one place, by those at the place before: where several go on
 * from one, each begins a branch. */
static enum xg_status give_branches(struct replay *p, uint64_t chain,
                                    struct row *level, size_t count,
                                    const struct row *before, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t parent = 0;
        size_t siblings = 0;
        for (size_t j = 0; j < n; j++)
            if (xg_hash_equal(&before[j].hash, &level[i].previous))
                parent = before[j].branch;
        for (size_t j = 0; j < count; j++)
            siblings += xg_hash_equal(&level[j].previous, &level[i].previous);
        level[i].branch = parent;
        if (siblings > 1 || !parent) {
            if (add_branch(p, chain, parent, &level[i]) != XG_OK)
                return p->err->status;
            level[i].branch = p->branches;
        }
        struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_BRANCH_SET);
        xg_bind_u64(s, 1, level[i].number);
        xg_bind_u64(s, 2, level[i].branch);
        if (xg_stmt_run(s, p->err) != XG_OK)
            return p->err->status;
    }
    return XG_OK;
}

static enum xg_status read_page(struct replay *p, struct row *rows, size_t *n,
                                uint64_t chain, uint64_t from)
{
    struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_CHAIN_RECORDS);

    xg_bind_u64(s, 1, chain);
    xg_bind_u64(s, 2, from);
    for (*n = 0; *n < PAGE && xg_stmt_next(s); (*n)++)
        rows[*n] = (struct row){.number = xg_col_u64(s, 0),
                                .seq = xg_col_u64(s, 1),
                                .hash = xg_col_hash(s, 2),
                                .previous = xg_col_hash(s, 3)};
    return xg_stmt_done(s, p->err);
}

static enum xg_status split_chain(struct replay *p, uint64_t chain)
{
    struct row *rows = calloc(PAGE, sizeof *rows);
    struct row *before = calloc(LEVEL_MAX, sizeof *before);
    enum xg_status status = rows && before ? XG_OK : xg_fail_nomem(p->err);
    uint64_t from = 0;
    size_t n = PAGE, held = 0;

    while (status == XG_OK && n == PAGE) {
        size_t at = 0, end;
        status = read_page(p, rows, &n, chain, from);
        for (; status == XG_OK && at < n; at = end) {
            for (end = at; end < n && rows[end].seq == rows[at].seq; end++)
                ;
            if (end == n && n == PAGE && at > 0)
                break; /* perhaps not all of that place */
            status = end - at > LEVEL_MAX
                         ? xg_fail(p->err, XG_TOOBIG, "a chain of too many "
                                                      "branches")
                         : give_branches(p, chain, &rows[at], end - at, before,
                                         held);
            if (status != XG_OK)
                break;
            held = end - at;
            memcpy(before, &rows[at], held * sizeof *rows);
            from = rows[at].seq + 1;
        }
    }
    free(rows);
    free(before);
    return status;
}

static enum xg_status split_chains(struct replay *p)
{
    uint64_t *list = NULL;
    size_t count = 0;
    struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_FORKED);

    while (xg_stmt_next(s)) {
        uint64_t *moved = realloc(list, (count + 1) * sizeof *moved);
        if (!moved)
            break;
        list = moved;
        list[count++] = xg_col_u64(s, 0);
    }
    enum xg_status status = xg_stmt_done(s, p->err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = split_chain(p, list[i]);
    free(list);
    return status;
}

/* ---- folding one entity ---- */

struct folding {
    struct replay *p;
    size_t count, room;
    struct xg_op *ops;
    struct xg_judgement *judgements;
    struct place {
        uint64_t number, branch, chain, anchor;
        struct xg_hash chain_id, previous;
        const char *device;
        const struct xg_record *record;
    } *places;
    struct known_chain {
        uint64_t number;
        struct xg_branch *branches;
        uint64_t *numbers;
        size_t count;
        struct xg_branch only;
    } *chains;
    size_t chain_count, chain_room;
};

/* Lists live in the arena: what grows is copied. */
static void *grown(struct xg_arena *arena, void *list, size_t count,
                   size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t wanted = *room ? *room * 2 : 8;
    void *moved = xg_arena_array(arena, wanted, size);
    if (moved && count)
        memcpy(moved, list, count * size);
    if (moved)
        *room = wanted;
    return moved;
}

static bool take_row(struct folding *f, struct xg_stmt *s)
{
    struct xg_arena *arena = &f->p->arena;
    struct place *places =
        grown(arena, f->places, f->count, &f->room, sizeof *places);
    struct xg_record *r = xg_arena_alloc(arena, sizeof *r);
    struct xg_bytes head = xg_col_bytes(s, 7), fields = xg_col_bytes(s, 8);
    struct xg_bytes erased = xg_col_bytes(s, 9);
    const char *device = xg_col_text(s, 12);

    if (!places || !r)
        return false;
    f->places = places;
    struct place *at = &places[f->count];
    *at = (struct place){.number = xg_col_u64(s, 0),
                         .branch = xg_col_u64(s, 1),
                         .anchor = xg_col_u64(s, 4),
                         .previous = xg_col_hash(s, 6),
                         .chain = xg_col_u64(s, 10),
                         .chain_id = xg_col_hash(s, 11),
                         .device = xg_arena_str(arena, device, strlen(device)),
                         .record = r};
    const uint8_t *head_copy = xg_arena_copy(arena, head.at, head.len);
    const uint8_t *fields_copy = xg_arena_copy(arena, fields.at, fields.len);
    if (!at->device || (head.len && !head_copy) || (fields.len && !fields_copy))
        return false;
    if (erased.len == XG_HASH_SIZE)
        memcpy(r->fields_hash.b, erased.at, XG_HASH_SIZE);
    xg_record_read(r, &at->chain_id, xg_col_u64(s, 2), &at->previous,
                   xg_bytes(head_copy, head.len),
                   xg_bytes(fields_copy, fields.len));
    f->count++;
    return true;
}

static enum xg_status load_rows(struct folding *f, const struct xg_id *id,
                                uint64_t upto, uint64_t **seqs)
{
    struct xg_stmt *s = xg_stmt(f->p->db, REPLAY_STMT_ENTITY_RECORDS);
    size_t room = 0;
    bool good = true;

    *seqs = NULL;
    xg_bind_id(s, 1, id);
    xg_bind_u64(s, 2, upto);
    while (good && xg_stmt_next(s)) {
        uint64_t *list =
            grown(&f->p->arena, *seqs, f->count, &room, sizeof *list);
        if (list) {
            *seqs = list;
            list[f->count] = xg_col_u64(s, 2);
        }
        good = list && take_row(f, s);
    }
    if (xg_stmt_done(s, f->p->err) != XG_OK)
        return f->p->err->status;
    return good ? XG_OK : xg_fail_nomem(f->p->err);
}

static enum xg_status load_branches(struct folding *f, struct known_chain *c,
                                    const struct place *at)
{
    struct xg_arena *arena = &f->p->arena;
    struct xg_stmt *s = xg_stmt(f->p->db, REPLAY_STMT_BRANCHES);
    size_t rooms[3] = {0, 0, 0};
    uint64_t *parents = NULL;
    bool good = true;

    *c = (struct known_chain){.number = at->chain,
                              .only = {.id = at->chain_id}};
    xg_bind_u64(s, 1, at->chain);
    while (good && xg_stmt_next(s)) {
        struct xg_branch *branches =
            grown(arena, c->branches, c->count, &rooms[0], sizeof *branches);
        uint64_t *numbers =
            grown(arena, c->numbers, c->count, &rooms[1], sizeof *numbers);
        uint64_t *more =
            grown(arena, parents, c->count, &rooms[2], sizeof *more);
        good = branches && numbers && more;
        if (!good)
            break;
        c->branches = branches;
        c->numbers = numbers;
        parents = more;
        branches[c->count] =
            (struct xg_branch){.id = xg_col_hash(s, 3), .start = xg_col_u64(s, 2)};
        numbers[c->count] = xg_col_u64(s, 0);
        parents[c->count++] = xg_col_u64(s, 1);
    }
    if (xg_stmt_done(s, f->p->err) != XG_OK)
        return f->p->err->status;
    for (size_t i = 0; i < c->count; i++)
        for (size_t j = 0; j < c->count; j++)
            if (c->numbers[j] == parents[i])
                c->branches[i].parent = &c->branches[j];
    return good ? XG_OK : xg_fail_nomem(f->p->err);
}

/* Chains are loaded before any op points into them. */
static enum xg_status load_chains(struct folding *f)
{
    for (size_t i = 0; i < f->count; i++) {
        bool known = false;
        for (size_t k = 0; k < f->chain_count && !known; k++)
            known = f->chains[k].number == f->places[i].chain;
        if (known)
            continue;
        struct known_chain *list = grown(&f->p->arena, f->chains,
                                         f->chain_count, &f->chain_room,
                                         sizeof *list);
        if (!list)
            return xg_fail_nomem(f->p->err);
        f->chains = list;
        if (load_branches(f, &list[f->chain_count], &f->places[i]) != XG_OK)
            return f->p->err->status;
        f->chain_count++;
    }
    return XG_OK;
}

static const struct xg_branch *branch_of(const struct folding *f, size_t i)
{
    for (size_t k = 0; k < f->chain_count; k++) {
        const struct known_chain *c = &f->chains[k];
        if (c->number != f->places[i].chain)
            continue;
        for (size_t b = 0; b < c->count; b++)
            if (c->numbers[b] == f->places[i].branch)
                return &c->branches[b];
        return &c->only;
    }
    return NULL;
}

static bool recall(void *ctx, const struct xg_hash *of, bool *good)
{
    struct replay *p = ctx;

    return xg_verdicts_recall(p->verdicts, of, good);
}

static void remember(void *ctx, const struct xg_hash *of, bool good)
{
    struct replay *p = ctx;

    xg_verdicts_remember(p->verdicts, of, good);
}

static enum xg_status find(void *ctx, enum xg_statement_kind kind,
                           const char *subject, uint64_t size,
                           struct xg_statement *out, uint64_t *position,
                           bool *found, struct xg_error *err)
{
    struct replay *p = ctx;

    (void)err;
    *found = xg_statements_find(&p->statements, kind, subject, size, out,
                                position);
    return XG_OK;
}

static enum xg_status judge_all(struct folding *f, const struct xg_id *id,
                                const uint64_t *seqs)
{
    struct replay *p = f->p;
    const struct xg_registry registry = {
        .ctx = p, .find = find, .recall = recall, .remember = remember};
    struct xg_judgement **judged =
        xg_arena_array(&p->arena, f->count, sizeof *judged);
    struct xg_home home;

    f->ops = xg_arena_array(&p->arena, f->count, sizeof *f->ops);
    f->judgements =
        xg_arena_array(&p->arena, f->count, sizeof *f->judgements);
    if (!judged || !f->ops || !f->judgements)
        return xg_fail_nomem(p->err);
    for (size_t i = 0; i < f->count; i++) {
        const struct place *at = &f->places[i];
        const struct xg_place place = {
            .chain = &at->chain_id, .previous = &at->previous, .seq = seqs[i]};
        judged[i] = &f->judgements[i];
        f->ops[i] = (struct xg_op){
            .record = at->record, .branch = branch_of(f, i), .seq = seqs[i]};
        if (xg_judge(judged[i], &registry, at->device, at->record, &place,
                     at->anchor, p->err) != XG_OK)
            return p->err->status;
    }
    return xg_judge_ops(&home, &p->arena, f->ops, judged, f->count, id,
                        &registry, p->err);
}

/* *folded false: too large. */
static enum xg_status fold(struct replay *p, const struct xg_id *id,
                           uint64_t upto, struct xg_hash *leaf, bool *folded,
                           size_t *count)
{
    struct folding f = {.p = p};
    struct xg_state state;
    uint64_t *seqs;
    enum xg_status status;

    xg_arena_reset(&p->arena);
    xg_buf_clear(&p->state);
    *folded = false;
    status = load_rows(&f, id, upto, &seqs);
    *count = f.count;
    if (status == XG_OK && f.count == 0)
        return XG_OK;
    if (status == XG_OK)
        status = load_chains(&f);
    if (status == XG_OK)
        status = judge_all(&f, id, seqs);
    if (status == XG_OK)
        status = xg_merge(&state, &p->arena, id, f.ops, f.count, NULL, p->err);
    if (status == XG_NOMEM && p->arena.full) {
        *p->err = XG_ERROR_NONE;
        return XG_OK;
    }
    if (status != XG_OK)
        return status;
    xg_state_encode(&p->state, &state);
    if (xg_buf_check(&p->state, p->err) != XG_OK) {
        if (p->err->status == XG_TOOBIG)
            *p->err = XG_ERROR_NONE;
        return p->err->status;
    }
    xg_view_leaf(leaf, id, xg_buf_bytes(&p->state));
    *folded = true;
    return XG_OK;
}

/* ---- findings ---- */

XG_PRINTF(3, 4)
static void say(struct replay *p, const char *code, const char *format, ...)
{
    struct xg_finding f = {.gravity = XG_GRAVITY_BROKEN, .code = code,
                           .position = UINT64_MAX};
    va_list args;

    va_start(args, format);
    vsnprintf(f.text, sizeof f.text, format, args);
    va_end(args);
    p->r.walk.counts.broken++;
    if (p->o->found)
        p->o->found(p->o->ctx, &f);
}

static void say_entity(struct replay *p, const struct xg_id *id,
                       const char *zh, const char *en)
{
    char hex[2 * XG_ID_SIZE + 1];

    if (p->r.differing++ >= NAMED_MAX)
        return;
    xg_hex(hex, id->b, XG_ID_SIZE);
    say(p, "table", "%s: %s", hex, XG_T(zh, en));
}

/* ---- the server's own table ---- */

static enum xg_status take_entity(void *to, const struct xg_id *id,
                                  struct xg_bytes state)
{
    struct replay *p = to;
    struct xg_hash leaf;

    xg_view_leaf(&leaf, id, state);
    struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_THEIRS_ADD);
    xg_bind_id(s, 1, id);
    xg_bind_hash(s, 2, &leaf);
    return xg_stmt_run(s, p->err);
}

static enum xg_status read_tables(struct replay *p,
                                  const struct xg_audit_source *source)
{
    uint64_t size = 0;

    if (!source->entities)
        return XG_OK;
    if (source->entities(source->ctx, &size, take_entity, p, p->err) != XG_OK)
        return p->err->status;
    p->r.tables = size == p->r.walk.checkpoint.size;
    return XG_OK;
}

static enum xg_status compare_entity(struct replay *p, const struct xg_id *id,
                                     const struct xg_hash *leaf, bool folded)
{
    struct xg_stmt *s;

    if (!p->r.tables)
        return XG_OK;
    s = xg_stmt(p->db, folded ? REPLAY_STMT_THEIRS_TAKE
                              : REPLAY_STMT_THEIRS_DROP);
    xg_bind_id(s, 1, id);
    if (folded)
        xg_bind_hash(s, 2, leaf);
    if (xg_stmt_run(s, p->err) != XG_OK)
        return p->err->status;
    if (folded && xg_db_changes(p->db) == 0) {
        say_entity(p, id, "服务器表中的状态与记录不符，或没有",
                   "the server's table has another state than its records come "
                   "to, or none");
        s = xg_stmt(p->db, REPLAY_STMT_THEIRS_DROP);
        xg_bind_id(s, 1, id);
        return xg_stmt_run(s, p->err);
    }
    return XG_OK;
}

static enum xg_status say_left(struct replay *p)
{
    struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_THEIRS_LEFT);

    while (p->r.tables && xg_stmt_next(s)) {
        const struct xg_id id = xg_col_id(s, 0);
        say_entity(p, &id, "服务器表中有，日志里没有它的记录",
                   "is in the server's table, and no record of it in the log");
    }
    return xg_stmt_done(s, p->err);
}

/* ---- all entities ---- */

struct sums {
    struct xg_tree view; /* of the records that lay before it */
    bool compare_view;
};

static enum xg_status fold_entity(struct replay *p, struct sums *sums,
                                  const struct xg_id *id)
{
    struct xg_hash leaf, then;
    bool folded, folded_then;
    size_t count, count_then;

    if (fold(p, id, p->r.records, &leaf, &folded, &count) != XG_OK)
        return p->err->status;
    then = leaf;
    folded_then = folded;
    if (sums->compare_view && p->view_records < p->r.records &&
        fold(p, id, p->view_records, &then, &folded_then, &count_then) != XG_OK)
        return p->err->status;
    if (sums->compare_view && folded_then)
        xg_tree_append(&sums->view, &then, NULL, NULL);
    p->r.entities++;
    p->r.unfolded += !folded;
    return compare_entity(p, id, &leaf, folded);
}

static void judge_view(struct replay *p, const struct sums *sums)
{
    struct xg_hash root;

    if (!sums->compare_view)
        return;
    xg_tree_root(&root, &sums->view);
    p->r.view_same = sums->view.size == p->r.view.entities &&
                     xg_hash_equal(&root, &p->r.view.root);
    if (!p->r.view_same)
        say(p, "view",
            XG_T("服务器在第 %" PRIu64 " 条签下的视图（%" PRIu64
                 " 个事项）与记录推出的（%" PRIu64
                 " 个）不同：显示给人看的不是记录所说的",
                 "the view that the server signed at entry %" PRIu64 " (%" PRIu64
                 " entities) is not what the records come to (%" PRIu64
                 " entities): what people were shown is not what the records "
                 "say"),
            p->r.view.size, p->r.view.entities, sums->view.size);
}

static enum xg_status fold_all(struct replay *p,
                               const struct xg_audit_source *source)
{
    struct sums sums = {.compare_view = false};
    struct xg_id id = {{0}};
    bool more = true;

    p->r.view_known = p->r.has_view && p->r.view.fold == XG_FOLD_VERSION &&
                      p->r.view.schema == XG_SCHEMA_VERSION;
    sums.compare_view = p->r.view_known;
    xg_tree_init(&sums.view);
    if (split_chains(p) != XG_OK || read_tables(p, source) != XG_OK)
        return p->err->status;
    while (more) {
        struct xg_stmt *s = xg_stmt(p->db, REPLAY_STMT_ENTITY_NEXT);
        xg_bind_bytes(s, 1, xg_bytes(id.b, p->r.entities ? XG_ID_SIZE : 0));
        more = xg_stmt_row(s);
        if (more)
            id = xg_col_id(s, 0);
        if (xg_stmt_done(s, p->err) != XG_OK ||
            (more && fold_entity(p, &sums, &id) != XG_OK))
            return p->err->status;
    }
    judge_view(p, &sums);
    return say_left(p);
}

/* ---- the whole ---- */

static void found_in_walk(void *ctx, const struct xg_finding *finding)
{
    struct replay *p = ctx;

    if (p->o->found)
        p->o->found(p->o->ctx, finding);
}

static void walk_progress(void *ctx, uint64_t done, uint64_t of)
{
    struct replay *p = ctx;

    if (p->o->progress)
        p->o->progress(p->o->ctx, done, of);
}

static enum xg_status run(struct replay *p,
                          const struct xg_audit_source *source)
{
    struct xg_audit_options walk = *p->o;

    walk.record = keep_record;
    walk.entry = keep_entry;
    walk.found = found_in_walk;
    walk.progress = walk_progress;
    walk.state = NULL;
    walk.ctx = p;
    if (open_db(p, p->err) != XG_OK ||
        xg_audit_walk(&p->r.walk, source, &walk, p->err) != XG_OK)
        return p->err->status;
    if (p->failed.status != XG_OK) {
        *p->err = p->failed;
        return p->err->status;
    }
    return fold_all(p, source);
}

enum xg_status xg_audit_replay(struct xg_replay_result *result,
                               const struct xg_audit_source *source,
                               const struct xg_audit_options *o,
                               struct xg_error *err)
{
    struct replay *p = calloc(1, sizeof *p);
    enum xg_status status;

    if (!p)
        return xg_fail_nomem(err);
    p->o = o;
    p->err = err;
    p->failed = XG_ERROR_NONE;
    p->arena = XG_ARENA(FOLD_BYTES);
    p->state = XG_BUF(STATE_BYTES);
    p->verdicts = calloc(1, sizeof *p->verdicts);
    xg_statements_init(&p->statements);
    status = p->verdicts ? run(p, source) : xg_fail_nomem(err);
    if (status == XG_OK)
        *result = p->r;
    remove_db(p);
    xg_statements_clear(&p->statements);
    xg_arena_clear(&p->arena);
    xg_buf_clear(&p->state);
    free(p->verdicts);
    free(p);
    return status;
}
