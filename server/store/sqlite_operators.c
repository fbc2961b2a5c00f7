/* sqlite_operators.c - accounts of the console, wrong passwords, and
 * acts that came with a key. */
#include <stdio.h>
#include <string.h>

#include "server/store/sqlite.h"

/* Empty, or of that size. */
static bool read_secret(struct xg_stmt *s, int column,
                        uint8_t out[static STORE_TOTP_SIZE])
{
    if (xg_col_bytes(s, column).len == 0)
        return false;
    xg_col_exact(s, column, out, STORE_TOTP_SIZE);
    return true;
}

static void read_operator(struct sqlite_rows *rows, struct xg_stmt *s,
                          void *item)
{
    struct store_operator *o = item;

    (void)rows;
    sqlite_text(s, 0, o->code, sizeof o->code);
    o->once = xg_col_hash(s, 1);
    o->once_until_ms = xg_col_i64(s, 2);
    o->has_totp = read_secret(s, 3, o->totp);
    o->has_begun = read_secret(s, 4, o->begun);
    o->totp_step = xg_col_u64(s, 5);
    o->login_ms = xg_col_i64(s, 6);
    o->locked = xg_col_bool(s, 7);
    sqlite_text(s, 8, o->why, sizeof o->why);
    o->turn = xg_col_u64(s, 9);
    o->given = xg_col_hash(s, 10);
    sqlite_text(s, 11, o->given_by, sizeof o->given_by);
    o->given_ms = xg_col_i64(s, 12);
    sqlite_text(s, 13, o->given_why, sizeof o->given_why);
    o->used_ms = xg_col_i64(s, 14);
    sqlite_text(s, 15, o->asked_by, sizeof o->asked_by);
    o->asked_ms = xg_col_i64(s, 16);
    sqlite_text(s, 17, o->asked_why, sizeof o->asked_why);
    sqlite_text(s, 18, o->consent, sizeof o->consent);
}

/* A new key is hers since whatever was done before it. */
static enum xg_status keep_given(struct store *s, const struct store_operator *o,
                                 struct xg_error *err)
{
    static const struct xg_hash none;

    if (xg_hash_equal(&o->given, &none))
        return XG_OK;
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_OPERATOR_GIVEN_PUT);
    xg_bind_hash(put, 1, &o->given);
    xg_bind_text(put, 2, o->code);
    xg_bind_text(put, 3, o->given_by);
    xg_bind_text(put, 4, o->given_why);
    xg_bind_i64(put, 5, o->given_ms);
    if (xg_stmt_run(put, err) != XG_OK)
        return err->status;
    if (!o->used_ms)
        return XG_OK;
    struct xg_stmt *used =
        xg_stmt(sqlite_db(s), SERVER_STMT_OPERATOR_GIVEN_USED);
    xg_bind_text(used, 1, o->code);
    xg_bind_i64(used, 2, o->used_ms);
    return xg_stmt_run(used, err);
}

static enum xg_status put_operator(struct store *s,
                                   const struct store_operator *o,
                                   struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_OPERATOR_PUT);

    xg_bind_text(put, 1, o->code);
    xg_bind_hash(put, 2, &o->once);
    xg_bind_i64(put, 3, o->once_until_ms);
    xg_bind_bytes(put, 4, xg_bytes(o->totp, o->has_totp ? STORE_TOTP_SIZE : 0));
    xg_bind_bytes(put, 5,
                  xg_bytes(o->begun, o->has_begun ? STORE_TOTP_SIZE : 0));
    xg_bind_u64(put, 6, o->totp_step);
    xg_bind_i64(put, 7, o->login_ms);
    xg_bind_i64(put, 8, o->locked);
    xg_bind_text(put, 9, o->why);
    xg_bind_u64(put, 10, o->turn);
    xg_bind_hash(put, 11, &o->given);
    xg_bind_text(put, 12, o->given_by);
    xg_bind_i64(put, 13, o->given_ms);
    xg_bind_text(put, 14, o->given_why);
    xg_bind_i64(put, 15, o->used_ms);
    xg_bind_text(put, 16, o->asked_by);
    xg_bind_i64(put, 17, o->asked_ms);
    xg_bind_text(put, 18, o->asked_why);
    xg_bind_text(put, 19, o->consent);
    if (xg_stmt_run(put, err) != XG_OK)
        return err->status;
    return keep_given(s, o, err);
}

static void read_given_row(struct sqlite_rows *rows, struct xg_stmt *s,
                           void *item)
{
    struct store_given *g = item;

    (void)rows;
    g->record = xg_col_hash(s, 0);
    sqlite_text(s, 2, g->by, sizeof g->by);
    sqlite_text(s, 3, g->why, sizeof g->why);
    g->ms = xg_col_i64(s, 4);
    g->used_ms = xg_col_i64(s, 5);
}

static enum xg_status read_given(struct store *s, struct xg_arena *arena,
                                 struct store_given **rows, size_t *count,
                                 const char *code, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_OPERATOR_GIVEN_LIST);

    xg_bind_text(get, 1, code);
    if (sqlite_rows_read(&list, get, read_given_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_given *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status get_operator(struct store *s, struct store_operator *o,
                                   bool *found, const char *code,
                                   struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_OPERATOR_GET);

    xg_bind_text(get, 1, code);
    return sqlite_row_read(o, found, sizeof *o, NULL, get, read_operator, err);
}

static enum xg_status find_operator(struct store *s, struct store_operator *o,
                                    bool *found, const struct xg_hash *once,
                                    struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_OPERATOR_ONCE);

    xg_bind_hash(find, 1, once);
    return sqlite_row_read(o, found, sizeof *o, NULL, find, read_operator, err);
}

static enum xg_status read_operators(struct store *s, struct xg_arena *arena,
                                     struct store_operator **rows,
                                     size_t *count, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, xg_stmt(sqlite_db(s), SERVER_STMT_OPERATOR_LIST),
                         read_operator, err) != XG_OK)
        return err->status;
    *rows = (struct store_operator *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status put_wrong_tries(struct store *s,
                                      const struct xg_hash *what,
                                      const struct store_wrong *wrong,
                                      struct xg_error *err)
{
    struct xg_stmt *put =
        xg_stmt(sqlite_db(s), wrong->count ? SERVER_STMT_WRONG_TRY_PUT
                                           : SERVER_STMT_WRONG_TRY_DROP);

    xg_bind_hash(put, 1, what);
    if (wrong->count) {
        xg_bind_u64(put, 2, wrong->count);
        xg_bind_i64(put, 3, wrong->last_ms);
    }
    return xg_stmt_run(put, err);
}

static void read_wrong(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_wrong *w = item;

    (void)rows;
    w->count = xg_col_u64(s, 0);
    w->last_ms = xg_col_i64(s, 1);
}

static enum xg_status get_wrong_tries(struct store *s,
                                      struct store_wrong *wrong,
                                      const struct xg_hash *what,
                                      struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_WRONG_TRY_GET);
    struct store_wrong read = {0};
    bool found;

    xg_bind_hash(get, 1, what);
    if (sqlite_row_read(&read, &found, sizeof read, NULL, get, read_wrong,
                        err) != XG_OK)
        return err->status;
    *wrong = read;
    return XG_OK;
}

static enum xg_status forget_wrong_tries(struct store *s, int64_t before_ms,
                                         struct xg_error *err)
{
    struct xg_stmt *drop = xg_stmt(sqlite_db(s), SERVER_STMT_WRONG_TRY_FORGET);

    xg_bind_i64(drop, 1, before_ms);
    return xg_stmt_run(drop, err);
}

/* ---- acts ---- */

static enum xg_status put_act(struct store *s, const struct store_act *a,
                              struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_ACT_PUT);

    xg_bind_text(put, 1, a->author);
    xg_bind_bytes(put, 2, xg_bytes(a->key, STORE_ACT_KEY_SIZE));
    xg_bind_hash(put, 3, &a->asked);
    xg_bind_i64(put, 4, a->done_ms);
    xg_bind_hash(put, 5, &a->record);
    xg_bind_id(put, 6, &a->entity);
    xg_bind_id(put, 7, &a->contact);
    xg_bind_u64(put, 8, a->kind);
    xg_bind_u64(put, 9, a->move);
    xg_bind_u64(put, 10, a->status);
    xg_bind_u64(put, 11, a->conflicts);
    xg_bind_u64(put, 12, a->missing);
    xg_bind_text(put, 13, a->number);
    return xg_stmt_run(put, err);
}

static void read_act(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_act *a = item;

    (void)rows;
    a->asked = xg_col_hash(s, 0);
    a->done_ms = xg_col_i64(s, 1);
    a->record = xg_col_hash(s, 2);
    a->entity = xg_col_id(s, 3);
    a->contact = xg_col_id(s, 4);
    a->kind = xg_col_u64(s, 5);
    a->move = xg_col_u64(s, 6);
    a->status = xg_col_u64(s, 7);
    a->conflicts = xg_col_u64(s, 8);
    a->missing = xg_col_u64(s, 9);
    sqlite_text(s, 10, a->number, sizeof a->number);
}

static enum xg_status get_act(struct store *s, struct store_act *a, bool *found,
                              const char *author,
                              const uint8_t key[static STORE_ACT_KEY_SIZE],
                              struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_ACT_GET);

    xg_bind_text(get, 1, author);
    xg_bind_bytes(get, 2, xg_bytes(key, STORE_ACT_KEY_SIZE));
    if (sqlite_row_read(a, found, sizeof *a, NULL, get, read_act, err) !=
        XG_OK)
        return err->status;
    if (*found) {
        snprintf(a->author, sizeof a->author, "%s", author);
        memcpy(a->key, key, STORE_ACT_KEY_SIZE);
    }
    return XG_OK;
}

static enum xg_status forget_acts(struct store *s, int64_t before_ms,
                                  struct xg_error *err)
{
    struct xg_stmt *drop = xg_stmt(sqlite_db(s), SERVER_STMT_ACT_FORGET);

    xg_bind_i64(drop, 1, before_ms);
    return xg_stmt_run(drop, err);
}

void sqlite_operator_verbs(struct store_ops *ops)
{
    ops->put_operator = put_operator;
    ops->read_given = read_given;
    ops->get_operator = get_operator;
    ops->find_operator = find_operator;
    ops->read_operators = read_operators;
    ops->put_wrong_tries = put_wrong_tries;
    ops->get_wrong_tries = get_wrong_tries;
    ops->forget_wrong_tries = forget_wrong_tries;
    ops->put_act = put_act;
    ops->get_act = get_act;
    ops->forget_acts = forget_acts;
}
