/* store_registry.c - the registrar's notes. */
#include "agent/store_db.h"

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

enum xg_status store_registry_newest(struct store *s, uint64_t *number,
                                     struct xg_hash *leaf, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REGISTRY_NEWEST);
    struct xg_hash hash = {{0}};
    uint64_t newest = 0;

    if (xg_stmt_row(q)) {
        newest = xg_col_u64(q, 0);
        hash = xg_col_hash(q, 1);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *number = newest;
    *leaf = hash;
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

enum xg_status store_put_registry_note(struct store *s, uint64_t position,
                                       struct xg_bytes note,
                                       struct xg_error *err)
{
    struct xg_note parsed;
    struct xg_registry_note says;
    struct xg_hash newest, leaf;
    uint64_t number;

    if (xg_note_parse(&parsed, note.at, note.len, err) != XG_OK ||
        xg_registry_note_read(&says, parsed.text, err) != XG_OK ||
        store_registry_newest(s, &number, &newest, err) != XG_OK)
        return err->status;
    if (says.number <= number)
        return XG_OK;
    if (says.number != number + 1)
        return xg_fail(err, XG_GAP,
                       XG_T("登记簿缺少第 %" PRIu64 " 号",
                            "registry note %" PRIu64 " is missing"),
                       number + 1);
    if (!xg_hash_equal(&says.previous, &newest))
        return xg_fail(err, XG_FORMAT,
                       XG_T("登记簿第 %" PRIu64 " 号与前一号不相接",
                            "registry note %" PRIu64 " does not follow the "
                            "one before it"),
                       says.number);
    xg_tlog_leaf(&leaf, note.at, note.len);
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REGISTRY_ADD);
    xg_bind_u64(q, 1, says.number);
    xg_bind_u64(q, 2, position);
    xg_bind_hash(q, 3, &leaf);
    xg_bind_bytes(q, 4, note);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    return put_statements(s, position, says.statements, err);
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
