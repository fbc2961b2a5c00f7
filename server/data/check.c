/* check.c - every invariant of a data folder, each found out anew. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/data/inside.h"
#include "server/desk/redact.h"
#include "server/merge/inside.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/successor.h"
#include "shared/core/witness.h"

enum { STEP = 128, CHECK_ARENA = 96 << 20, LINE_SIZE = 200 };

struct check {
    struct data *d;
    struct store *store; /* a reader in one snapshot */
    struct xg_error *err;
    void (*report)(void *ctx, const char *line);
    void *ctx;
    uint64_t size; /* of the log */
    uint64_t time_ms, registry_number;
    uint64_t times_to; /* time notes were compared up to here */
    struct xg_hash registry_leaf;
    uint8_t registrar[XG_PUBLIC_KEY_SIZE]; /* signs the next registry note */
    uint64_t statements;
    uint64_t batches, notes, waiting, successors;
};

XG_PRINTF(2, 3)
static void tell(struct check *c, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (c->report)
        c->report(c->ctx, line);
}

XG_PRINTF(3, 4)
static enum xg_status wrong(struct check *c, uint64_t position,
                            const char *format, ...)
{
    char text[LINE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return xg_fail(
        c->err, XG_ALARM,
        XG_T("日志第 %" PRIu64 " 条：%s", "log entry %" PRIu64 ": %s"),
        position, text);
}

static enum xg_status differs(struct check *c, const char *what,
                              uint64_t number)
{
    return xg_fail(c->err, XG_CORRUPT,
                   XG_T("派生表与重放不同（%s %" PRIu64
                        "）；请运行 xunge-server rebuild",
                        "a derived table is not what a replay gives (%s "
                        "%" PRIu64 "); run xunge-server rebuild"),
                   what, number);
}

/* ---- the notes of the log ---- */

static enum xg_status check_batch_entry(struct check *c, uint64_t position,
                                        struct xg_bytes note)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct store_batch row;
    struct xg_batch batch;
    struct xg_hash id;
    bool found = false;
    enum xg_status status = xg_batch_id(&id, note, c->err);

    if (status == XG_OK)
        status = c->store->ops->find_batch(c->store, &row, &found, &id, c->err);
    if (status == XG_OK && (!found || row.position != position))
        status = wrong(c, position, "its batch is not kept");
    /* Signature, body, tree and record hashes. */
    if (status == XG_OK)
        status =
            ingest_reopen(c->d->ingest, &batch, &arena, c->store, &row, c->err);
    if (status == XG_OK)
        c->waiting += row.state == XG_BATCH_WAITING;
    if (status == XG_OK &&
        (!xg_hash_equal(&batch.says.chain, &row.chain) ||
         !xg_hash_equal(&batch.says.tree, &row.tree) ||
         batch.says.first != row.first || batch.says.last != row.last))
        status = wrong(c, position, "the batch is kept under other words");
    c->batches++;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status check_statements(struct check *c, uint64_t position,
                                       struct xg_bytes rest)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    struct store_statement *rows;
    struct xg_statement says;
    size_t count = 0, line = 0;
    enum xg_status status = c->store->ops->read_statements(
        c->store, &arena, &rows, &count, position, 0, XG_NOTE_MAX, c->err);

    for (; status == XG_OK && xg_statement_next(&rest, &says); line++) {
        struct xg_buf said = XG_BUF(4096), kept = XG_BUF(4096);
        xg_statement_put(&said, &says);
        if (line < count)
            xg_statement_put(&kept, &rows[line].says);
        if (line >= count || rows[line].position != position ||
            rows[line].line != line ||
            !xg_bytes_equal(xg_buf_bytes(&said), xg_buf_bytes(&kept)))
            status =
                wrong(c, position, "statement %zu is kept otherwise", line);
        xg_buf_clear(&said);
        xg_buf_clear(&kept);
    }
    if (status == XG_OK && line < count && rows[line].position == position)
        status = wrong(c, position, "more statements are kept than it has");
    xg_arena_clear(&arena);
    return status;
}

/* What the registrar saw is a beginning of this log. */
static enum xg_status check_registrar_saw(struct check *c, uint64_t position,
                                          const struct xg_registry_note *says)
{
    struct xg_hash root;

    if (says->seen_size > position)
        return wrong(c, position, "registry note %" PRIu64 " names a "
                     "checkpoint of a longer log", says->number);
    xg_tlog_root(&root, NULL, 0);
    if (says->seen_size > 0 &&
        ledger_root(&root, c->store, says->seen_size, c->err) != XG_OK)
        return c->err->status;
    if (says->seen_size > 0 && !xg_hash_equal(&root, &says->seen_root))
        return wrong(c, position, "registry note %" PRIu64 " names a "
                     "checkpoint that this log never had", says->number);
    return XG_OK;
}

static enum xg_status check_registry_entry(struct check *c, uint64_t position,
                                           struct xg_bytes note)
{
    struct xg_registry_note says;
    struct xg_statement s;

    if (c->registry_number == 0)
        memcpy(c->registrar, registry_registrar_key(c->d->registry),
               sizeof c->registrar);
    if (xg_registry_note_open(&says, note, c->registrar, c->err) != XG_OK)
        return wrong(c, position, "%s", xg_error_text(c->err));
    if (says.number != c->registry_number + 1 ||
        !xg_hash_equal(&says.previous, &c->registry_leaf))
        return wrong(c, position, "registry note %" PRIu64 " does not follow",
                     says.number);
    if (check_registrar_saw(c, position, &says) != XG_OK)
        return c->err->status;
    c->registry_number = says.number;
    xg_tlog_leaf(&c->registry_leaf, note.at, note.len);
    if (check_statements(c, position, says.statements) != XG_OK)
        return c->err->status;
    while (xg_statement_next(&says.statements, &s)) {
        c->statements++;
        if (s.kind == XG_SAYS_REGISTRAR)
            memcpy(c->registrar, s.key, sizeof c->registrar);
    }
    return XG_OK;
}

/* No statement that no note of the log makes. */
static enum xg_status check_invented(struct check *c)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    struct store_statement *rows;
    uint64_t position = 0, kept = 0;
    uint32_t line = 0;
    size_t count = XG_NOTE_MAX;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count == XG_NOTE_MAX) {
        xg_arena_reset(&arena);
        status = c->store->ops->read_statements(c->store, &arena, &rows, &count,
                                                position, line, XG_NOTE_MAX,
                                                c->err);
        if (status == XG_OK && count > 0) {
            position = rows[count - 1].position;
            line = rows[count - 1].line + 1;
            kept += count;
        }
    }
    xg_arena_clear(&arena);
    if (status == XG_OK && kept != c->statements)
        return xg_fail(c->err, XG_ALARM,
                       XG_T("登记簿有 %" PRIu64 " 条内容，日志里的条目只说了 "
                            "%" PRIu64 " 条：有人绕过登记员改了数据库",
                            "%" PRIu64 " statements of the registry are kept, "
                            "and the notes of the log make %" PRIu64
                            ": somebody changed the database past the "
                            "registrar"),
                       kept, c->statements);
    return status;
}

/* The table of time notes has this one next, and no other before it. */
static enum xg_status check_time(struct check *c, uint64_t position,
                                 uint64_t time_ms)
{
    struct store_time row;
    bool found;

    if (c->store->ops->find_time_from(c->store, &row, &found, c->times_to,
                                      c->err) != XG_OK)
        return c->err->status;
    if (!found || row.position != position || row.ms < 0 ||
        (uint64_t)row.ms != time_ms)
        return differs(c, "time", position);
    c->times_to = position + 1;
    return XG_OK;
}

/* Nor one of no entry after the last. */
static enum xg_status check_times_end(struct check *c)
{
    struct store_time row;
    bool found;

    if (c->store->ops->find_time_from(c->store, &row, &found, c->times_to,
                                      c->err) != XG_OK)
        return c->err->status;
    return found && row.position < c->size ? differs(c, "time", row.position)
                                           : XG_OK;
}

/* What a time note says was cosigned is a checkpoint of ours from before it, and
 * it is found again. */
static enum xg_status check_seen(struct check *c, uint64_t position,
                                 const struct xg_time_note *time)
{
    struct store_seen row;
    struct xg_hash root;
    bool found;

    if (!time->cosigned)
        return XG_OK;
    if (time->size > position)
        return wrong(c, position, "a checkpoint that was yet to come");
    if (ledger_root(&root, c->store, time->size, c->err) != XG_OK ||
        c->store->ops->find_seen_below(c->store, &row, &found, position + 1,
                                       c->err) != XG_OK)
        return c->err->status;
    if (!xg_hash_equal(&root, &time->root))
        return wrong(c, position, "a cosigned checkpoint of another log");
    return found && row.position == position && row.size == time->size
               ? XG_OK
               : differs(c, "seen", position);
}

static enum xg_status check_own_entry(struct check *c, uint64_t position,
                                      struct xg_bytes note)
{
    struct xg_note opened;
    struct xg_lines lines;
    struct xg_time_note time;

    if (xg_note_open(&opened, note.at, note.len,
                     ledger_key_at(c->d->ledger, position), c->err) != XG_OK)
        return wrong(c, position, "%s", xg_error_text(c->err));
    lines = xg_lines_over(opened.text);
    if (!xg_lines_at(&lines, "xunge/time/v1"))
        return XG_OK;
    if (xg_time_note_read(&time, opened.text, c->err) != XG_OK)
        return wrong(c, position, "%s", xg_error_text(c->err));
    if (time.time_ms < c->time_ms)
        return wrong(c, position, "time runs backwards");
    c->time_ms = time.time_ms;
    return check_time(c, position, time.time_ms) == XG_OK
               ? check_seen(c, position, &time)
               : c->err->status;
}

/* A log of the server's begins here, after one that ends here. */
static enum xg_status check_successor(struct check *c, uint64_t position,
                                      struct xg_bytes note)
{
    size_t count, i = 1;
    const struct ledger_log *logs = ledger_logs(c->d->ledger, &count);
    struct xg_successor says;
    struct xg_hash root;

    if (xg_successor_open(&says, note, c->registrar, c->err) !=
        XG_OK)
        return wrong(c, position, "%s", xg_error_text(c->err));
    while (i < count && logs[i].first != position)
        i++;
    if (i >= count || says.size != position ||
        strcmp(says.after, logs[i - 1].key.name) != 0 ||
        strcmp(says.log.name, logs[i].key.name) != 0 ||
        memcmp(says.log.key, logs[i].key.key, sizeof says.log.key) != 0)
        return wrong(c, position, "it names another log than the one here");
    if (ledger_root(&root, c->store, position, c->err) != XG_OK)
        return c->err->status;
    if (!xg_hash_equal(&root, &says.root))
        return wrong(c, position, "the log before it had another root");
    c->successors++;
    return XG_OK;
}

static bool begins(struct xg_bytes note, const char *with)
{
    size_t len = strlen(with);
    return note.len > len && memcmp(note.at, with, len) == 0 &&
           note.at[len] == '\n';
}

static enum xg_status check_entry(struct check *c, uint64_t position,
                                  struct xg_bytes note)
{
    if (begins(note, "xunge/batch/v1"))
        return check_batch_entry(c, position, note);
    if (begins(note, "xunge/registry/v1"))
        return check_registry_entry(c, position, note);
    if (begins(note, "xunge/successor/v1"))
        return check_successor(c, position, note);
    return check_own_entry(c, position, note);
}

/* Each log that followed another has its note; but the last, while a restore is
 * checked that has yet to say so. */
static enum xg_status check_logs(struct check *c)
{
    size_t count;
    const struct ledger_log *logs = ledger_logs(c->d->ledger, &count);

    if (logs[count - 1].first == c->size && count > 1)
        count--;
    return c->successors + 1 == count
               ? XG_OK
               : wrong(c, logs[count - 1].first,
                       "a log that followed another has no note of it");
}

static enum xg_status check_entries(struct check *c)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    uint64_t at = 0;
    enum xg_status status = XG_OK;

    while (status == XG_OK && at < c->size) {
        struct xg_bytes *notes;
        size_t count = 0;
        xg_arena_reset(&arena);
        status = c->store->ops->read_entries(
            c->store, &arena, &notes, &count, at,
            c->size - at < STEP ? (size_t)(c->size - at) : STEP,
            CHECK_ARENA / 4, c->err);
        if (status == XG_OK && count == 0)
            status = wrong(c, at, "it is missing");
        for (size_t i = 0; status == XG_OK && i < count; i++)
            status = check_entry(c, at++, notes[i]);
    }
    if (status == XG_OK)
        status = check_times_end(c);
    if (status == XG_OK)
        status = check_logs(c);
    c->notes = at;
    xg_arena_clear(&arena);
    return status;
}

/* ---- derived tables against a replay ---- */

static bool same_record(const struct store_record *a,
                        const struct store_record *b)
{
    return a->number == b->number && a->chain == b->chain &&
           a->branch == b->branch && a->seq == b->seq &&
           a->entity == b->entity && a->creates == b->creates &&
           a->late == b->late && a->position == b->position &&
           a->shown == b->shown && a->anchor_size == b->anchor_size &&
           a->bad_anchor == b->bad_anchor &&
           xg_hash_equal(&a->hash, &b->hash) &&
           xg_hash_equal(&a->previous, &b->previous) &&
           xg_bytes_equal(a->head, b->head) &&
           xg_bytes_equal(a->fields, b->fields) &&
           xg_hash_equal(&a->fields_hash, &b->fields_hash) &&
           a->fields_len == b->fields_len && xg_bytes_equal(a->left, b->left);
}

static bool same_entity(const struct store_entity *a,
                        const struct store_entity *b)
{
    return a->number == b->number && xg_id_equal(&a->id, &b->id) &&
           a->kind == b->kind && a->creator == b->creator &&
           strcmp(a->unit, b->unit) == 0 && strcmp(a->author, b->author) == 0 &&
           a->records == b->records && a->conflicts == b->conflicts &&
           a->changed == b->changed && a->withdrawn == b->withdrawn &&
           a->status == b->status && a->open == b->open &&
           a->links == b->links &&
           strcmp(a->case_number, b->case_number) == 0 &&
           a->handed == b->handed && a->folded == b->folded &&
           xg_bytes_equal(a->state, b->state);
}

static bool same_branch(const struct store_branch *a,
                        const struct store_branch *b)
{
    return a->number == b->number && a->chain == b->chain &&
           a->parent == b->parent && xg_hash_equal(&a->id, &b->id) &&
           a->start == b->start && a->next == b->next &&
           xg_hash_equal(&a->last, &b->last) &&
           a->anchor_size == b->anchor_size;
}

static enum xg_status compare_records(struct check *c, struct store *again,
                                      uint64_t count)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    enum xg_status status = XG_OK;

    for (uint64_t at = 1; status == XG_OK && at <= count; at += STEP) {
        struct store_record *a, *b;
        size_t an = 0, bn = 0;
        xg_arena_reset(&arena);
        status = c->store->ops->read_records(c->store, &arena, &a, &an, at,
                                             at + STEP - 1, STEP, c->err);
        if (status == XG_OK)
            status = again->ops->read_records(again, &arena, &b, &bn, at,
                                              at + STEP - 1, STEP, c->err);
        if (status == XG_OK && an != bn)
            status = differs(c, "record", at);
        for (size_t i = 0; status == XG_OK && i < an; i++)
            if (!same_record(&a[i], &b[i]))
                status = differs(c, "record", a[i].number);
    }
    xg_arena_clear(&arena);
    return status;
}

/* Each is found by its hash. What is not would be taken in once more. */
static enum xg_status check_names(struct check *c)
{
    uint64_t number;

    if (c->store->ops->find_unnamed(c->store, &number, c->err) != XG_OK)
        return c->err->status;
    return number ? differs(c, "name", number) : XG_OK;
}

static enum xg_status compare_entities(struct check *c, struct store *again,
                                       uint64_t count)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    enum xg_status status = XG_OK;

    for (uint64_t at = 1; status == XG_OK && at <= count; at++) {
        struct store_entity a, b;
        xg_arena_reset(&arena);
        status = c->store->ops->get_entity(c->store, &arena, &a, at, c->err);
        if (status == XG_OK)
            status = again->ops->get_entity(again, &arena, &b, at, c->err);
        if (status == XG_OK && !same_entity(&a, &b))
            status = differs(c, "entity", at);
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status compare_chains(struct check *c, struct store *again)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA), step = XG_ARENA(CHECK_ARENA);
    struct store_chain *a, *b;
    size_t an = 0, bn = 0;
    enum xg_status status =
        c->store->ops->read_chains(c->store, &arena, &a, &an, NULL, c->err);

    if (status == XG_OK)
        status = again->ops->read_chains(again, &arena, &b, &bn, NULL, c->err);
    if (status == XG_OK && an != bn)
        status = differs(c, "chain", an);
    for (size_t i = 0; status == XG_OK && i < an; i++) {
        struct store_branch *x, *y;
        size_t xn = 0, yn = 0;
        xg_arena_reset(&step);
        status = c->store->ops->read_branches(c->store, &step, &x, &xn,
                                              a[i].number, c->err);
        if (status == XG_OK)
            status = again->ops->read_branches(again, &step, &y, &yn,
                                               b[i].number, c->err);
        if (status != XG_OK)
            break;
        bool same = xn == yn && a[i].number == b[i].number &&
                    a[i].forked == b[i].forked &&
                    xg_hash_equal(&a[i].id, &b[i].id) &&
                    strcmp(a[i].device, b[i].device) == 0;
        for (size_t n = 0; same && n < xn; n++)
            same = same_branch(&x[n], &y[n]);
        if (!same)
            status = differs(c, "chain", a[i].number);
    }
    xg_arena_clear(&arena);
    xg_arena_clear(&step);
    return status;
}

/* Who is told of what. */
static enum xg_status compare_telling(struct check *c, struct store *again)
{
    struct xg_hash a, b;

    if (c->store->ops->digest_telling(c->store, &a, c->err) != XG_OK ||
        again->ops->digest_telling(again, &b, c->err) != XG_OK)
        return c->err->status;
    return xg_hash_equal(&a, &b) ? XG_OK : differs(c, "scope", 0);
}

/* By what number of whose a record is found again. */
static enum xg_status compare_sources(struct check *c, struct store *again)
{
    struct xg_hash a, b;

    if (c->store->ops->digest_sources(c->store, &a, c->err) != XG_OK ||
        again->ops->digest_sources(again, &b, c->err) != XG_OK)
        return c->err->status;
    return xg_hash_equal(&a, &b) ? XG_OK : differs(c, "source", 0);
}

static bool same_photo(const struct store_photo *a, const struct store_photo *b)
{
    return xg_hash_equal(&a->hash, &b->hash) && a->record == b->record &&
           a->length == b->length && a->thumbnail == b->thumbnail;
}

static bool same_held(const struct store_held *a, const struct store_held *b)
{
    return a->number == b->number && a->position == b->position &&
           xg_hash_equal(&a->blob.sha256, &b->blob.sha256) &&
           a->blob.length == b->blob.length;
}

/* Which records name which photos. */
static enum xg_status compare_photos(struct check *c, struct store *again)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    struct xg_hash hash = {{0}};
    uint64_t record = 0;
    size_t an = STEP, bn;
    enum xg_status status = XG_OK;

    while (status == XG_OK && an == STEP) {
        struct store_photo *a, *b;
        xg_arena_reset(&arena);
        status = c->store->ops->read_photos(c->store, &arena, &a, &an, &hash,
                                            record, STEP, c->err);
        if (status == XG_OK)
            status = again->ops->read_photos(again, &arena, &b, &bn, &hash,
                                             record, STEP, c->err);
        if (status == XG_OK && an != bn)
            status = differs(c, "photo", an);
        for (size_t i = 0; status == XG_OK && i < an; i++) {
            hash = a[i].hash;
            record = a[i].record;
            if (!same_photo(&a[i], &b[i]))
                status = differs(c, "photo", a[i].record);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

/* Which the log says are held. */
static enum xg_status compare_held(struct check *c, struct store *again)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    uint64_t after = 0;
    size_t an = STEP, bn;
    enum xg_status status = XG_OK;

    while (status == XG_OK && an == STEP) {
        struct store_held *a, *b;
        xg_arena_reset(&arena);
        status = c->store->ops->read_held(c->store, &arena, &a, &an, after,
                                          STEP, c->err);
        if (status == XG_OK)
            status = again->ops->read_held(again, &arena, &b, &bn, after, STEP,
                                           c->err);
        if (status == XG_OK && an != bn)
            status = differs(c, "photo held", after);
        for (size_t i = 0; status == XG_OK && i < an; i++) {
            after = a[i].number;
            if (!same_held(&a[i], &b[i]))
                status = differs(c, "photo held", a[i].number);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

/* The same: a device that saw another history is evidence against one of the
 * two. */
static enum xg_status count_other_logs(struct check *c)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    struct store_cosignature *rows;
    size_t count = 0;
    enum xg_status status = c->store->ops->read_cosignatures(
        c->store, &arena, &rows, &count, false, NULL, c->err);

    if (status == XG_OK && count)
        tell(c,
             XG_T("%zu 台设备见过另一份历史（第一台 %s）；"
                  "xunge-server witness list 列出证据",
                  "%zu devices saw another history (the first: %s); "
                  "xunge-server witness list has the evidence"),
             count, rows->device);
    xg_arena_clear(&arena);
    return status;
}

/* Not wrong, but a person should know. */
static enum xg_status count_unfolded(struct check *c)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    struct store_filter filter = {.conflicts = true, .limit = STEP};
    struct store_entity *rows;
    uint64_t unfolded = 0;
    size_t count = 1;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count > 0) {
        xg_arena_reset(&arena);
        status = c->store->ops->read_entities(c->store, &arena, &rows, &count,
                                              &filter, c->err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            unfolded += !rows[i].folded;
            filter.before = rows[i].number;
        }
    }
    xg_arena_clear(&arena);
    if (status == XG_OK && unfolded)
        tell(c,
             XG_T("%" PRIu64 " 个对象的记录太多，未合并（记录都在）；"
                  "用 conflicts 查看",
                  "%" PRIu64 " entities have too many records to be folded "
                  "(all records are kept): see conflicts"),
             unfolded);
    return status;
}

static enum xg_status compare(struct check *c, struct store *again)
{
    struct store_counts a, b;

    if (c->store->ops->get_counts(c->store, &a, c->err) != XG_OK ||
        again->ops->get_counts(again, &b, c->err) != XG_OK)
        return c->err->status;
    if (a.records != b.records || a.entities != b.entities ||
        a.branches != b.branches)
        return differs(c, "count", a.records);
    if (compare_chains(c, again) != XG_OK ||
        compare_records(c, again, a.records) != XG_OK ||
        check_names(c) != XG_OK ||
        compare_entities(c, again, a.entities) != XG_OK ||
        compare_telling(c, again) != XG_OK ||
        compare_sources(c, again) != XG_OK ||
        compare_photos(c, again) != XG_OK || compare_held(c, again) != XG_OK ||
        count_unfolded(c) != XG_OK || count_other_logs(c) != XG_OK)
        return c->err->status;
    tell(c,
         XG_T("派生表：%" PRIu64 " 条链，%" PRIu64 " 条记录，%" PRIu64
              " 个对象，与重放一致",
              "derived tables: %" PRIu64 " chains, %" PRIu64
              " records, %" PRIu64 " entities, as a replay gives them"),
         a.chains, a.records, a.entities);
    return XG_OK;
}

static void remove_scratch(const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    char name[4096];

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
}

/* Replay into a store of its own, in the folder, gone afterwards. */
static enum xg_status check_derived(struct check *c)
{
    char *path = c->d->dir ? data_path(c->d->dir, "check.db") : NULL;
    struct store *again = NULL;
    enum xg_status status;

    if (c->d->dir && !path)
        return xg_fail_nomem(c->err);
    if (path)
        remove_scratch(path);
    status = path ? store_sqlite_open(&again, path, c->err)
                  : store_memory_open(&again, c->err);
    if (status == XG_OK)
        status = again->ops->begin(again, c->err);
    if (status == XG_OK)
        status = ingest_replay(c->d->ingest, c->store, again, c->err);
    if (status == XG_OK)
        status = compare(c, again);
    store_close(again);
    if (path)
        remove_scratch(path);
    free(path);
    return status;
}

/* ---- what was erased, against the acts ---- */

static enum xg_status not_as_acts_say(struct check *c, const char *what,
                                      const uint8_t *hash)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, hash, XG_HASH_SIZE);
    return xg_fail(c->err, XG_CORRUPT,
                   XG_T("所记的抹除与日志里的抹除记录不符（%s %s）；请从备份恢复",
                        "what is kept of erasures is not what the acts in the "
                        "log say (%s %s); restore a backup"),
                   what, hex);
}

static enum xg_status compare_erased(struct check *c, struct store *expected)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct store_erased *a, *b;
    struct store_erased_photo *p, *q;
    size_t an, bn, pn, qn;

    if (c->store->ops->read_erased(c->store, &arena, &a, &an, NULL, c->err) !=
            XG_OK ||
        expected->ops->read_erased(expected, &arena, &b, &bn, NULL, c->err) !=
            XG_OK ||
        c->store->ops->read_erased_photos(c->store, &arena, &p, &pn, c->err) !=
            XG_OK ||
        expected->ops->read_erased_photos(expected, &arena, &q, &qn, c->err) !=
            XG_OK)
        goto done;
    for (size_t i = 0; i < an || i < bn; i++)
        if (i >= an || i >= bn || !xg_hash_equal(&a[i].record, &b[i].record) ||
            !xg_hash_equal(&a[i].act, &b[i].act) ||
            !xg_bytes_equal(a[i].entry, b[i].entry)) {
            xg_ignore(not_as_acts_say(c, "record",
                                      (i < an ? a : b)[i].record.b));
            goto done;
        }
    for (size_t i = 0; i < pn || i < qn; i++)
        if (i >= pn || i >= qn || !xg_hash_equal(&p[i].photo, &q[i].photo) ||
            !xg_id_equal(&p[i].entity, &q[i].entity)) {
            xg_ignore(not_as_acts_say(c, "photo",
                                      (i < pn ? p : q)[i].photo.b));
            goto done;
        }
    if (an || pn)
        tell(c,
             XG_T("抹除：%zu 条记录，%zu 张照片，与抹除记录一致",
                  "erased: %zu records and %zu photos, as the acts say"),
             an, pn);
done:
    xg_arena_clear(&arena);
    return c->err->status;
}

static enum xg_status check_erased(struct check *c)
{
    struct store *expected = NULL;
    bool settled = true;
    enum xg_status status = store_memory_open(&expected, c->err);

    if (status == XG_OK)
        status = expected->ops->begin(expected, c->err);
    if (status == XG_OK)
        status = redact_expect(&settled, c->d, c->store, expected, c->err);
    if (status == XG_OK && settled)
        status = compare_erased(c, expected);
    store_close(expected);
    return status;
}

/* ---- all of it ---- */

static enum xg_status check_all(struct check *c)
{
    struct store_counts counts;

    if (c->store->ops->integrity(c->store, c->err) != XG_OK)
        return c->err->status;
    tell(c, XG_T("数据库文件完好", "the database file is whole"));
    if (ledger_check(c->d->ledger, c->store, c->err) != XG_OK)
        return c->err->status;
    tell(c,
         XG_T("日志：%" PRIu64 " 条，与检查点和锁一致",
              "log: %" PRIu64 " entries, as the checkpoint and the lock "
              "say"),
         c->size);
    if (check_entries(c) != XG_OK ||
        c->store->ops->get_counts(c->store, &counts, c->err) != XG_OK)
        return c->err->status;
    if (counts.registry_notes != c->registry_number)
        return differs(c, "registry note", counts.registry_notes);
    if (check_invented(c) != XG_OK)
        return c->err->status;
    tell(c,
         XG_T("签名、批次正文和记录哈希：%" PRIu64 " 个批次，其中 %" PRIu64
              " 个在等前面的记录",
              "signatures, bodies and record hashes: %" PRIu64
              " batches, of which %" PRIu64 " wait for earlier ones"),
         c->batches, c->waiting);
    return check_erased(c) == XG_OK ? check_derived(c) : c->err->status;
}

enum xg_status data_check(struct data *d,
                          void (*report)(void *ctx, const char *line),
                          void *ctx, struct xg_error *err)
{
    struct check c = {.d = d, .err = err, .report = report, .ctx = ctx};
    struct xg_checkpoint published;
    enum xg_status status;

    if (ledger_published(d->ledger, &published, NULL, err) != XG_OK ||
        data_borrow(d, &c.store, err) != XG_OK)
        return err->status;
    c.size = published.size;
    status = check_all(&c);
    data_return(d, c.store);
    return status;
}
