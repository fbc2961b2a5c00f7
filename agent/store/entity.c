/* entity.c - looking things up: by id, by number, in lists; drafts. */
#include "agent/store/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_sql.h"
#include "shared/base/lang.h"

enum { PREFIX_MIN = 4, CANDIDATES_SHOWN = 6, HEX_ID = 2 * XG_ID_SIZE };
enum { BETWEEN_BYTES_MAX = 16 << 20 };

/* ---- reading a row ---- */

static void read_entity(struct xg_stmt *q, struct store_entity *e)
{
    *e = (struct store_entity){
        .id = xg_col_id(q, 0),
        .kind = xg_kind_find(xg_col_u64(q, 1)),
        .status = xg_col_u64(q, 4),
        .withdrawn = xg_col_bool(q, 5),
        .conflicts = xg_col_u64(q, 6),
        .records = xg_col_u64(q, 7),
        .mine = xg_col_bool(q, 8),
        .photos = xg_col_u64(q, 9),
        .photos_here = xg_col_u64(q, 10),
        .first_ms = xg_col_i64(q, 11),
        .changed_ms = xg_col_i64(q, 12),
        .out = xg_col_bool(q, 13),
        .delivery = (enum store_delivery)xg_col_i64(q, 14),
        .folded = xg_col_bool(q, 16),
        .rank = xg_col_i64(q, 17),
    };
    if (!xg_col_is_null(q, 2))
        snprintf(e->number, sizeof e->number, "%s", xg_col_text(q, 2));
    snprintf(e->unit, sizeof e->unit, "%s", xg_col_text(q, 3));
}

static enum xg_status open_state(struct store *s, struct xg_stmt *q,
                                 const struct xg_id *id, struct xg_error *err)
{
    return store_unseal(s, "entity", xg_bytes(id->b, XG_ID_SIZE),
                        xg_col_bytes(q, 15), err);
}

enum xg_status store_load_entity(struct store *s, struct store_entity *out,
                                 struct xg_buf *state, const struct xg_id *id,
                                 struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_GET);
    struct store_entity e = {0};
    enum xg_status status = XG_OK;

    xg_bind_id(q, 1, id);
    bool found = xg_stmt_row(q);
    if (found) {
        read_entity(q, &e);
        if (state)
            status = open_state(s, q, id, err);
    }
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK ||
        status != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有这一件", "no such thing here"));
    if (state) {
        xg_buf_append(state, s->plain.data, s->plain.len);
        if (xg_buf_check(state, err) != XG_OK)
            return err->status;
    }
    *out = e;
    return XG_OK;
}

static void bind_filter(struct xg_stmt *q, const struct store_filter *f)
{
    uint64_t kinds = f->kind ? UINT64_C(1) << f->kind->number : f->kinds;

    xg_bind_u64(q, 1, kinds);
    xg_bind_u64(q, 2, f->status);
    xg_bind_i64(q, 3, f->mine);
    xg_bind_i64(q, 4, f->conflicts);
    xg_bind_i64(q, 5, f->contacts || kinds);
    xg_bind_i64(q, 6, f->gone);
    xg_bind_u64(q, 7, f->deliveries);
    xg_bind_i64(q, 8, f->open ? 1 : f->settled ? 2 : 0);
    xg_bind_i64(q, 9, f->below ? f->below : INT64_MAX);
    xg_bind_i64(q, 10, f->since_ms ? f->since_ms : INT64_MIN);
    xg_bind_i64(q, 11, f->until_ms ? f->until_ms : INT64_MAX);
}

enum xg_status store_count_listed(struct store *s, uint64_t *count,
                                  const struct store_filter *filter,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_COUNT);

    bind_filter(q, filter);
    return xg_stmt_number(count, NULL, q, err);
}

enum xg_status store_list(struct store *s, const struct store_filter *filter,
                          bool with_state,
                          bool (*visit)(void *ctx, const struct store_entity *e,
                                        struct xg_bytes state),
                          void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_LIST);
    enum xg_status status = XG_OK;
    bool more = true;

    bind_filter(q, filter);
    xg_bind_i64(q, 12, filter->limit ? (int64_t)filter->limit : -1);
    while (more && xg_stmt_next(q)) {
        struct store_entity e;
        struct xg_bytes state = {NULL, 0};
        read_entity(q, &e);
        if (with_state) {
            status = open_state(s, q, &e.id, err);
            if (status != XG_OK)
                break;
            state = xg_buf_bytes(&s->plain);
        }
        more = visit(ctx, &e, state);
    }
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK &&
        status == XG_OK)
        status = err->status;
    return status;
}

enum xg_status store_list_between(struct store *s, struct xg_arena *arena,
                                  struct xg_id **ids, size_t *count,
                                  const struct xg_kind *kind, int64_t from_ms,
                                  int64_t to_ms, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_BETWEEN);
    struct xg_buf found = XG_BUF(BETWEEN_BYTES_MAX);

    xg_bind_u64(q, 1, kind->number);
    xg_bind_i64(q, 2, from_ms);
    xg_bind_i64(q, 3, to_ms);
    while (xg_stmt_next(q)) {
        struct xg_id id = xg_col_id(q, 0);
        xg_buf_append(&found, id.b, XG_ID_SIZE);
    }
    enum xg_status status = xg_stmt_done(q, err);
    if (status == XG_OK)
        status = xg_buf_check(&found, err);
    size_t n = found.len / XG_ID_SIZE;
    struct xg_id *list =
        status == XG_OK ? xg_arena_array(arena, n + 1, sizeof *list) : NULL;
    if (status == XG_OK && !list)
        status = xg_fail_nomem(err);
    for (size_t i = 0; status == XG_OK && i < n; i++)
        memcpy(list[i].b, found.data + i * XG_ID_SIZE, XG_ID_SIZE);
    xg_buf_clear(&found);
    if (status != XG_OK)
        return status;
    *ids = list;
    *count = n;
    return XG_OK;
}

/* ---- finding by what a person typed ---- */

struct candidates {
    size_t count;
    struct xg_id first;
    struct xg_buf text;
};

/* "a3f0... (incident 0417-00123-7)", one after another. */
static void add_candidate(struct candidates *c, struct xg_stmt *q)
{
    struct xg_id id = xg_col_id(q, 0);
    const struct xg_kind *kind = xg_kind_find(xg_col_u64(q, 1));
    char hex[HEX_ID + 1];

    if (c->count++ == 0)
        c->first = id;
    if (c->count > CANDIDATES_SHOWN)
        return;
    xg_hex(hex, id.b, XG_ID_SIZE);
    xg_buf_format(&c->text, "%s%.12s", c->count > 1 ? ", " : "", hex);
    if (kind)
        xg_buf_format(&c->text, " (%s%s%s)", xg_label(kind->zh, kind->en),
                      xg_col_is_null(q, 2) ? "" : " ",
                      xg_col_is_null(q, 2) ? "" : xg_col_text(q, 2));
}

static enum xg_status only_one(struct xg_id *id, struct candidates *c,
                               const char *text, struct xg_error *err)
{
    enum xg_status status = XG_OK;

    if (c->count == 0)
        status = xg_fail(err, XG_NOTFOUND,
                         XG_T("没有 %s 这一件；可用 xunge list 查看",
                              "there is no %s here; xunge list shows what "
                              "there is"),
                         text);
    else if (c->count > 1)
        status = xg_fail(err, XG_AMBIGUOUS,
                         XG_T("%s 对应多个对象：%s%s；请多写几位",
                              "%s could be any of: %s%s; give more digits"),
                         text, xg_buf_str(&c->text),
                         c->count > CANDIDATES_SHOWN ? ", ..." : "");
    else
        *id = c->first;
    xg_buf_clear(&c->text);
    return status;
}

static enum xg_status find_by(struct xg_id *id, struct xg_stmt *q,
                              const char *text, struct xg_error *err)
{
    struct candidates c = {.text = XG_BUF(1024)};

    while (xg_stmt_next(q))
        add_candidate(&c, q);
    if (xg_stmt_done(q, err) != XG_OK) {
        xg_buf_clear(&c.text);
        return err->status;
    }
    return only_one(id, &c, text, err);
}

static enum xg_status find_number(struct store *s, struct xg_id *id,
                                  const char *text, struct xg_error *err)
{
    char number[XG_NUMBER_SIZE], device[XG_NUMBER_SIZE];
    uint64_t serial;

    if (!xg_number_parse(&serial, text))
        return xg_fail(err, XG_USAGE,
                       XG_T("编号 %s 的校验位不对，请核对是否抄错",
                            "the check digit of %s is wrong; compare it with "
                            "the original"),
                       text);
    /* As it is printed, leading zeros and all. */
    snprintf(device, sizeof device, "%.*s", (int)strcspn(text, "-"), text);
    xg_number_print(number, device, serial);
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_BY_NUMBER);
    xg_bind_text(q, 1, number);
    return find_by(id, q, text, err);
}

/* The number that a case got when it was filed may look like anything. *found
 * false: none has it. */
static enum xg_status find_official(struct store *s, struct xg_id *id,
                                    bool *found, const char *text,
                                    struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_BY_OFFICIAL);

    xg_bind_text(q, 1, text);
    enum xg_status status = find_by(id, q, text, err);
    *found = status == XG_OK;
    if (status != XG_NOTFOUND)
        return status;
    *err = XG_ERROR_NONE;
    return XG_OK;
}

static enum xg_status find_prefix(struct store *s, struct xg_id *id,
                                  const char *text, size_t len,
                                  struct xg_error *err)
{
    char low[HEX_ID + 1], high[HEX_ID + 1];
    struct xg_id from, to;

    memset(low, '0', HEX_ID);
    memset(high, 'f', HEX_ID);
    memcpy(low, text, len);
    memcpy(high, text, len);
    if (!xg_unhex(from.b, XG_ID_SIZE, low, HEX_ID) ||
        !xg_unhex(to.b, XG_ID_SIZE, high, HEX_ID))
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不是编号（如 0417-00123-7），也不是十六进制"
                            "标识",
                            "%s is neither a number (as 0417-00123-7) nor a "
                            "hexadecimal id"),
                       text);
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_ENTITY_BY_PREFIX);
    xg_bind_id(q, 1, &from);
    xg_bind_id(q, 2, &to);
    return find_by(id, q, text, err);
}

enum xg_status store_find_entity(struct store *s, struct xg_id *id,
                                 const char *text, struct xg_error *err)
{
    size_t len = strlen(text);
    bool found;

    if (store_draft_number(text))
        return xg_fail(
            err, XG_NOTFOUND,
            XG_T("%s 是草稿，尚未成为记录", "%s is a draft, not yet a record"),
            text);
    enum xg_status status = find_official(s, id, &found, text, err);
    if (status != XG_OK || found)
        return status;
    if (xg_number_shaped(text))
        return find_number(s, id, text, err);
    if (len < PREFIX_MIN || len > HEX_ID)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 太短或太长：请写编号，或标识的前 %d 位以上",
                            "%s is too short or too long: give a number, or "
                            "at least %d digits of an id"),
                       text, PREFIX_MIN);
    return find_prefix(s, id, text, len, err);
}

enum xg_status store_find_source(struct store *s, struct xg_id *entity,
                                 bool *found, struct xg_bytes source,
                                 struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_SOURCE_GET);
    struct xg_id id = {{0}};

    xg_bind_bytes(q, 1, source);
    bool has = xg_stmt_row(q);
    if (has)
        id = xg_col_id(q, 0);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *found = has;
    if (has)
        *entity = id;
    return XG_OK;
}

/* ---- what tells of the same thing ---- */

enum xg_status store_links(struct store *s, struct xg_link **links,
                           size_t *count, struct xg_arena *arena,
                           struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_LINK_LIST);
    struct xg_link *list = NULL;
    size_t n = 0, room = 0;
    bool short_of_memory = false;

    while (!short_of_memory && xg_stmt_next(q)) {
        if (n == room) {
            size_t more = room ? 2 * room : 32;
            struct xg_link *grown = xg_arena_array(arena, more, sizeof *grown);
            short_of_memory = !grown;
            if (!grown)
                continue;
            if (n)
                memcpy(grown, list, n * sizeof *grown);
            list = grown;
            room = more;
        }
        list[n++] = (struct xg_link){xg_col_id(q, 0), xg_col_id(q, 1)};
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (short_of_memory)
        return xg_fail_nomem(err);
    *links = list;
    *count = n;
    return XG_OK;
}

enum xg_status store_group(struct store *s,
                           struct xg_id out[static STORE_GROUP_MAX],
                           size_t *count, const struct xg_id *id,
                           struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_LINK_GROUP);
    size_t n = 0;

    xg_bind_id(q, 1, id);
    while (n < STORE_GROUP_MAX && xg_stmt_next(q))
        out[n++] = xg_col_id(q, 0);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *count = n;
    return XG_OK;
}

/* ---- counting ---- */

static enum xg_status count_by_delivery(struct store *s,
                                        uint64_t counts[STORE_DELIVERIES],
                                        enum agent_stmt statement,
                                        struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, statement);

    while (xg_stmt_next(q)) {
        uint64_t delivery = xg_col_u64(q, 0);
        if (delivery >= STORE_DELIVERIES)
            xg_stmt_corrupt(q, "a delivery");
        else
            counts[delivery] = xg_col_u64(q, 1);
    }
    return xg_stmt_done(q, err);
}

/* Only its head is looked at, as if its fields were not here. */
static enum xg_status find_oldest_waiting(struct store *s, int64_t *ms,
                                          struct xg_error *err)
{
    static const struct xg_hash none = {{0}};
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_OLDEST_WAITING);

    *ms = 0;
    if (xg_stmt_row(q)) {
        struct xg_record r = {.fields_hash = none};
        xg_record_read(&r, &none, 1, &none, xg_col_bytes(q, 0),
                       xg_bytes(NULL, 0));
        if (!r.malformed)
            *ms = r.head.moment.wall_ms;
    }
    return xg_stmt_done(q, err);
}

enum xg_status store_count(struct store *s, struct store_counts *out,
                           struct xg_error *err)
{
    struct store_counts c = {0};
    struct xg_stmt *q;

    if (count_by_delivery(s, c.records, AGENT_STMT_COUNT_RECORDS, err) !=
            XG_OK ||
        count_by_delivery(s, c.entities, AGENT_STMT_COUNT_ENTITIES, err) !=
            XG_OK ||
        find_oldest_waiting(s, &c.oldest_waiting_ms, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_BATCH_STATES);
    if (xg_stmt_row(q)) {
        c.batches_waiting = xg_col_u64(q, 0);
        c.batches_forked = xg_col_u64(q, 1);
        c.batches_quarantined = xg_col_u64(q, 2);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_COUNT_OTHERS);
    if (xg_stmt_row(q)) {
        c.drafts = xg_col_u64(q, 0);
        c.conflicts = xg_col_u64(q, 1);
        c.photos = xg_col_u64(q, 2);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_COUNT_PHOTOS_HERE);
    if (xg_stmt_row(q)) {
        c.photos_here = xg_col_u64(q, 0);
        c.photo_bytes_here = xg_col_u64(q, 1);
        if (c.photos_here)
            c.photo_oldest_ms = xg_col_i64(q, 2);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *out = c;
    return XG_OK;
}

/* ---- drafts ---- */

int64_t store_draft_number(const char *text)
{
    static const char prefix[] = "draft-";
    char *end;

    if (strncmp(text, prefix, sizeof prefix - 1) != 0 ||
        text[sizeof prefix - 1] < '1' || text[sizeof prefix - 1] > '9' ||
        strlen(text) > sizeof prefix - 1 + 18)
        return 0;
    long long number = strtoll(text + sizeof prefix - 1, &end, 10);
    return *end ? 0 : number;
}

static enum xg_status no_draft(int64_t number, struct xg_error *err)
{
    return xg_fail(
        err, XG_NOTFOUND,
        XG_T("没有草稿 draft-%" PRId64, "there is no draft-%" PRId64), number);
}

static enum xg_status add_draft(struct store *s, int64_t *number,
                                const struct xg_kind *kind,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_DRAFT_ADD);

    xg_bind_u64(q, 1, kind->number);
    xg_bind_i64(q, 2, xg_wall_ms(s->env));
    xg_bind_bytes(q, 3, xg_bytes(NULL, 0));
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    *number = xg_db_last_rowid(s->db);
    return XG_OK;
}

enum xg_status store_put_draft(struct store *s, int64_t *number,
                               const struct xg_kind *kind,
                               struct xg_bytes content, struct xg_error *err)
{
    int64_t n = *number;
    uint8_t key[8];

    if (n == 0 && add_draft(s, &n, kind, err) != XG_OK)
        return err->status;
    xg_store_u64(key, (uint64_t)n);
    if (store_seal(s, "draft", xg_bytes(key, sizeof key), content, err) !=
        XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_DRAFT_CHANGE);
    xg_bind_i64(q, 1, n);
    xg_bind_u64(q, 2, kind->number);
    xg_bind_i64(q, 3, xg_wall_ms(s->env));
    xg_bind_bytes(q, 4, xg_buf_bytes(&s->sealed));
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    if (xg_db_changes(s->db) == 0)
        return no_draft(n, err);
    *number = n;
    return XG_OK;
}

enum xg_status store_get_draft(struct store *s, const struct xg_kind **kind,
                               int64_t *changed_ms, struct xg_buf *content,
                               int64_t number, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_DRAFT_GET);
    const struct xg_kind *k = NULL;
    enum xg_status status = XG_OK;
    int64_t ms = 0;
    uint8_t key[8];

    xg_store_u64(key, (uint64_t)number);
    xg_bind_i64(q, 1, number);
    bool found = xg_stmt_row(q);
    if (found) {
        k = xg_kind_find(xg_col_u64(q, 0));
        ms = xg_col_i64(q, 2);
        status = store_unseal(s, "draft", xg_bytes(key, sizeof key),
                              xg_col_bytes(q, 1), err);
    }
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK ||
        status != XG_OK)
        return err->status;
    if (!found || !k)
        return no_draft(number, err);
    xg_buf_append(content, s->plain.data, s->plain.len);
    if (xg_buf_check(content, err) != XG_OK)
        return err->status;
    *kind = k;
    if (changed_ms)
        *changed_ms = ms;
    return XG_OK;
}

enum xg_status store_drop_draft(struct store *s, int64_t number,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_DRAFT_DELETE);

    xg_bind_i64(q, 1, number);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    return xg_db_changes(s->db) ? XG_OK : no_draft(number, err);
}

enum xg_status store_list_drafts(struct store *s,
                                 bool (*visit)(void *ctx, int64_t number,
                                               const struct xg_kind *kind,
                                               int64_t changed_ms),
                                 void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_DRAFT_LIST);
    bool more = true;

    while (more && xg_stmt_next(q))
        more = visit(ctx, xg_col_i64(q, 0), xg_kind_find(xg_col_u64(q, 1)),
                     xg_col_i64(q, 2));
    return xg_stmt_done(q, err);
}
