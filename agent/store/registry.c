/* registry.c - the registrar's notes. */
#include "agent/store/inside.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agent_sql.h"
#include "shared/base/lang.h"

static enum xg_status find(void *ctx, enum xg_statement_kind kind,
                           const char *subject, uint64_t size,
                           struct xg_statement *out, uint64_t *position,
                           bool *found, struct xg_error *err)
{
    struct store *s = ctx;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_STATEMENT_FIND);
    struct xg_statement statement, line_says;
    uint64_t at = 0;

    xg_bind_i64(q, 1, kind);
    xg_bind_text(q, 2, subject);
    xg_bind_u64(q, 3, size > INT64_MAX ? INT64_MAX : size);
    bool has = xg_stmt_row(q);
    if (has) {
        struct xg_bytes line = xg_col_text_bytes(q, 0);
        if (!xg_statement_next(&line, &line_says))
            xg_stmt_corrupt(q, "a statement of the registry");
        else if (kind != XG_SAYS_SHARED ||
                 !xg_statement_shared(&statement, &line_says))
            statement = line_says;
        at = xg_col_u64(q, 1);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (has) {
        *out = statement;
        *position = at;
    }
    *found = has;
    return XG_OK;
}

static bool recall(void *ctx, const struct xg_hash *of, bool *good)
{
    const struct store *s = ctx;

    return s->verdicts && xg_verdicts_recall(s->verdicts, of, good);
}

/* Made when the first signature is met. Without memory each is verified again.
 */
static void remember(void *ctx, const struct xg_hash *of, bool good)
{
    struct store *s = ctx;

    if (!s->verdicts)
        s->verdicts = calloc(1, sizeof *s->verdicts);
    if (s->verdicts)
        xg_verdicts_remember(s->verdicts, of, good);
}

const struct xg_registry *store_registry(struct store *s)
{
    s->registry = (struct xg_registry){
        .ctx = s, .find = find, .recall = recall, .remember = remember};
    return &s->registry;
}

static enum xg_status newest(struct store *s, struct store_registry_end *out,
                             struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REGISTRY_NEWEST);
    struct store_registry_end end = {.number = 0};

    if (xg_stmt_row(q)) {
        end.number = xg_col_u64(q, 0);
        end.leaf = xg_col_hash(q, 1);
        end.proven = xg_col_bool(q, 2);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *out = end;
    return XG_OK;
}

enum xg_status store_registry_newest(struct store *s, uint64_t *number,
                                     struct xg_hash *leaf, struct xg_error *err)
{
    struct store_registry_end end;

    if (newest(s, &end, err) != XG_OK)
        return err->status;
    *number = end.number;
    *leaf = end.leaf;
    return XG_OK;
}

enum xg_status store_registry_end(struct store *s,
                                  struct store_registry_end *out,
                                  struct xg_error *err)
{
    struct store_identity id;
    struct store_registry_end end;

    if (newest(s, &end, err) != XG_OK ||
        store_get_identity(s, &id, err) != XG_OK ||
        xg_registrar_at(end.registrar, store_registry(s), id.registrar,
                        UINT64_MAX, err) != XG_OK)
        return err->status;
    *out = end;
    return XG_OK;
}

enum xg_status store_registry_leaf(struct store *s, struct xg_hash *leaf,
                                   bool *found, uint64_t number,
                                   struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REGISTRY_LEAF);
    struct xg_hash hash = {{0}};

    xg_bind_u64(q, 1, number);
    bool any = xg_stmt_row(q);
    if (any)
        hash = xg_col_hash(q, 0);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *leaf = hash;
    *found = any;
    return XG_OK;
}

enum xg_status store_forget_unproven_registry(struct store *s,
                                              struct xg_error *err)
{
    struct store_registry_end end;

    if (newest(s, &end, err) != XG_OK)
        return err->status;
    if (end.proven)
        return XG_OK;
    if (xg_stmt_run(xg_stmt(s->db, AGENT_STMT_REGISTRY_CLEAR), err) != XG_OK)
        return err->status;
    return xg_stmt_run(xg_stmt(s->db, AGENT_STMT_STATEMENT_CLEAR), err);
}

static enum xg_status read_note(struct xg_note *parsed,
                                struct xg_registry_note *says,
                                struct xg_bytes note, struct xg_error *err)
{
    if (xg_note_parse(parsed, note.at, note.len, err) != XG_OK)
        return err->status;
    return xg_registry_note_read(says, parsed->text, err);
}

/* A note that was read once: a new device takes all that there ever were. */
static enum xg_status follow(struct store_registry_end *end,
                             const struct xg_note *note,
                             const struct xg_registry_note *says,
                             struct xg_error *err)
{
    struct xg_bytes statements = says->statements;
    struct xg_statement s;
    bool proven = true;

    if (says->number != end->number + 1)
        return xg_fail(err, XG_GAP,
                       XG_T("登记簿缺少第 %" PRIu64 " 号",
                            "registry note %" PRIu64 " is missing"),
                       end->number + 1);
    if (!xg_hash_equal(&says->previous, &end->leaf))
        return xg_fail(err, XG_FORMAT,
                       XG_T("登记簿第 %" PRIu64 " 号与前一号不相接",
                            "registry note %" PRIu64 " does not follow the "
                            "one before it"),
                       says->number);
    if (xg_registry_note_verify(note, end->registrar, err) != XG_OK) {
        if (end->proven || err->status != XG_AUTH)
            return err->status;
        proven = false;
    }
    end->number = says->number;
    xg_tlog_leaf(&end->leaf, note->body.at, note->body.len);
    end->proven = proven;
    while (proven && xg_statement_next(&statements, &s))
        if (s.kind == XG_SAYS_REGISTRAR)
            memcpy(end->registrar, s.key, sizeof end->registrar);
    return XG_OK;
}

enum xg_status store_registry_follow(struct store_registry_end *end,
                                     struct xg_registry_note *says,
                                     struct xg_bytes note,
                                     struct xg_error *err)
{
    struct xg_registry_note read;
    struct xg_note parsed;

    if (read_note(&parsed, &read, note, err) != XG_OK ||
        follow(end, &parsed, &read, err) != XG_OK)
        return err->status;
    *says = read;
    return XG_OK;
}

/* What was judged without this statement has to be judged again: all records
 * of a device; for the rest, whoever wrote when the log was already longer. */
static enum xg_status touch_judged(struct store *s,
                                   const struct xg_statement *statement,
                                   struct xg_error *err)
{
    if (statement->kind != XG_SAYS_DEVICE && statement->kind != XG_SAYS_REVOKE)
        return XG_OK;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES_OF_DEVICE);
    xg_bind_text(q, 1, statement->subject);
    return store_touch_rows(s, q, err);
}

static enum xg_status put_statement(struct store *s,
                                    const struct xg_statement *statement,
                                    uint64_t position, int64_t line,
                                    struct xg_bytes text, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_STATEMENT_ADD);

    xg_bind_i64(q, 1, statement->kind);
    xg_bind_text(q, 2, statement->subject);
    xg_bind_u64(q, 3, position);
    xg_bind_i64(q, 4, line);
    xg_bind_text_bytes(q, 5, text);
    return xg_stmt_run(q, err);
}

static enum xg_status put_statements(struct store *s, uint64_t position,
                                     struct xg_bytes lines,
                                     struct xg_error *err)
{
    struct xg_statement statement, shared;
    const uint8_t *start = lines.at;

    for (int64_t line = 0; xg_statement_next(&lines, &statement); line++) {
        struct xg_bytes text = xg_bytes(start, (size_t)(lines.at - start));
        if (put_statement(s, &statement, position, line, text, err) != XG_OK ||
            (xg_statement_shared(&shared, &statement) &&
             put_statement(s, &shared, position, line, text, err) != XG_OK) ||
            touch_judged(s, &statement, err) != XG_OK)
            return err->status;
        start = lines.at;
    }
    struct xg_stmt *q =
        xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES_ANCHORED_AFTER);
    xg_bind_u64(q, 1, position);
    return store_touch_rows(s, q, err);
}

/* Before the first note that this device's registrar signed nothing counted:
 * now all of it does, and whom it names registrar. */
static enum xg_status begin_to_count(struct store *s,
                                     struct store_registry_end *end,
                                     struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES);

    if (store_touch_rows(s, q, err) != XG_OK)
        return err->status;
    return store_registry_end(s, end, err);
}

enum xg_status store_put_registry_note(struct store *s,
                                       struct store_registry_end *end,
                                       uint64_t position, struct xg_bytes note,
                                       struct xg_error *err)
{
    struct xg_note parsed;
    struct xg_registry_note says;

    if (read_note(&parsed, &says, note, err) != XG_OK)
        return err->status;
    if (says.number <= end->number)
        return XG_OK;
    bool doubtful = end->number > 0 && !end->proven;
    if (follow(end, &parsed, &says, err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REGISTRY_ADD);
    xg_bind_u64(q, 1, end->number);
    xg_bind_u64(q, 2, position);
    xg_bind_hash(q, 3, &end->leaf);
    xg_bind_bytes(q, 4, note);
    xg_bind_i64(q, 5, end->proven);
    if (xg_stmt_run(q, err) != XG_OK ||
        put_statements(s, position, says.statements, err) != XG_OK)
        return err->status;
    return doubtful && end->proven ? begin_to_count(s, end, err) : XG_OK;
}

enum xg_status store_list_registry(struct store *s,
                                   bool (*visit)(void *ctx, uint64_t number,
                                                 struct xg_bytes note),
                                   void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REGISTRY_LIST);
    bool more = true;

    while (more && xg_stmt_next(q))
        more = visit(ctx, xg_col_u64(q, 0), xg_col_bytes(q, 1));
    return xg_stmt_done(q, err);
}

enum xg_status store_list_workers(
    struct store *s, bool (*visit)(void *ctx, const struct xg_statement *worker),
    void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_WORKERS_NAMED);
    bool more = true;

    while (more && xg_stmt_next(q)) {
        struct xg_statement worker;
        struct xg_bytes line = xg_col_text_bytes(q, 0);
        if (!xg_statement_next(&line, &worker))
            xg_stmt_corrupt(q, "a statement of the registry");
        else
            more = visit(ctx, &worker);
    }
    return xg_stmt_done(q, err);
}
