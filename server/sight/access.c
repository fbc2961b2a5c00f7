/* access.c - see access.h. */
#include "server/sight/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"

enum { DRAFT_BYTES = 1 << 20, WALK_BYTES = 64 << 20, WALK_STEP = 1000 };

/* ---- what is sensitive ---- */

static bool holds_personal(const struct xg_record *r, const struct xg_kind *k)
{
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    uint64_t number;

    if (r->malformed || !k)
        return false;
    c = xg_record_fields(r);
    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(k, number);
        if (f && (f->flags & XG_PERSONAL))
            return true;
    }
    return false;
}

bool access_is_sensitive(const struct store_record *row)
{
    struct xg_record r;

    store_read_left(&r, row);
    return holds_personal(&r, r.malformed ? NULL : xg_kind_find(r.head.kind));
}

bool access_is_sensitive_fold(const struct fold *fold)
{
    for (size_t i = 0; i < fold->count; i++)
        if (access_is_sensitive(&fold->rows[i]))
            return true;
    return false;
}

bool access_is_sensitive_brief(const struct xg_brief *brief)
{
    struct xg_cbor_item value;
    const struct xg_field *f;

    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)) != NULL;
         i++) {
        struct xg_brief_elements elements = {0};
        if (!(f->flags & XG_PERSONAL))
            continue;
        if (f->merge == XG_MERGE_SET
                ? xg_brief_set(brief, f->number, &elements) &&
                      xg_brief_element(&elements, &value)
                : xg_brief_value(brief, f->number, &value))
            return true;
    }
    return false;
}

/* ---- what was shown ---- */

enum xg_status access_add(struct access_ids *list, const struct xg_id *id,
                          struct xg_error *err)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 16;
        struct xg_id *grown = realloc(list->ids, room * sizeof *grown);
        if (!grown)
            return xg_fail_nomem(err);
        list->ids = grown;
        list->room = room;
    }
    list->ids[list->count++] = *id;
    return XG_OK;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct xg_id *)a)->b, ((const struct xg_id *)b)->b,
                  XG_ID_SIZE);
}

void access_settle(struct access_ids *list)
{
    size_t count = 0;

    if (list->count)
        qsort(list->ids, list->count, sizeof *list->ids, by_id);
    for (size_t i = 0; i < list->count; i++)
        if (count == 0 || by_id(&list->ids[count - 1], &list->ids[i]) != 0)
            list->ids[count++] = list->ids[i];
    list->count = count;
}

void access_clear(struct access_ids *list)
{
    free(list->ids);
    *list = (struct access_ids){.ids = NULL};
}

/* ---- writing ---- */

enum xg_status access_reader(struct access_reader *out, struct data *d,
                             const char *code, struct xg_error *err)
{
    struct xg_registry registry = registry_view(d->registry);
    struct xg_statement person;
    uint64_t position;
    bool found;

    if (strcmp(code, REGISTRY_SERVER) == 0)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("--as 请写查阅人的工号；server 只供平台自动办理用",
                            "--as wants the code of who reads; server is what "
                            "the platform itself goes by"));
    if (registry.find(registry.ctx, XG_SAYS_WORKER, code, UINT64_MAX, &person,
                      &position, &found, err) != XG_OK)
        return err->status;
    const struct xg_role *role = found ? xg_role_find(person.role) : NULL;
    if (!role)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有工号为 %s 的人员，见 worker list",
                            "nobody has the code %s: see worker list"),
                       code);
    *out = (struct access_reader){.code = code,
                                  .writes = role->records,
                                  .audits = role->number == XG_ROLE_AUDITOR};
    return XG_OK;
}

static enum xg_status set_field(struct xg_draft *draft, uint64_t number,
                                struct xg_buf *value, struct xg_error *err)
{
    enum xg_status status = xg_buf_check(value, err);

    if (status == XG_OK)
        status = xg_draft_set(draft, number, xg_buf_bytes(value), err);
    xg_buf_reset(value);
    return status;
}

static enum xg_status set_text(struct xg_draft *draft, uint64_t number,
                               const char *text, struct xg_buf *value,
                               struct xg_error *err)
{
    if (!text)
        return XG_OK;
    xg_cbor_put_text(value, text, strlen(text));
    return set_field(draft, number, value, err);
}

static enum xg_status set_number(struct xg_draft *draft, uint64_t number,
                                 uint64_t n, struct xg_buf *value,
                                 struct xg_error *err)
{
    xg_cbor_put_uint(value, n);
    return set_field(draft, number, value, err);
}

/* `what` is an array of texts, of `count` in all. */
static enum xg_status fill(struct xg_draft *draft,
                           const struct access_note *note, struct xg_buf *what,
                           uint64_t count, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);
    enum xg_status status = set_field(draft, XG_ACCESS_WHAT, what, err);

    if (status == XG_OK)
        status = set_text(draft, XG_ACCESS_WHY, note->why, &value, err);
    if (status == XG_OK)
        status = set_text(draft, XG_ACCESS_FILTER, note->filter, &value, err);
    if (status == XG_OK)
        status = set_number(draft, XG_ACCESS_HOW, note->how, &value, err);
    if (status == XG_OK)
        status = set_number(draft, XG_ACCESS_COUNT, count, &value, err);
    if (status == XG_OK && !note->reader->writes)
        status =
            set_text(draft, XG_ACCESS_READER, note->reader->code, &value, err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status write_one(struct xg_hash *record, struct data *d,
                                const struct access_note *note,
                                struct xg_buf *what, uint64_t count,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(DRAFT_BYTES);
    struct xg_draft draft;

    xg_draft_init(&draft, &arena, XG_KIND_ACCESS);
    draft.head.creates = true; /* names no entity */
    enum xg_status status = fill(&draft, note, what, count, err);
    if (status == XG_OK) {
        draft.author_secret = note->reader->writes ? note->secret : NULL;
        status = ingest_record(d->ingest, record, &draft,
                               note->reader->writes ? note->reader->code
                                                    : REGISTRY_SERVER,
                               NULL, err);
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status write_part(struct data *d, const struct access_note *note,
                                 const struct access_ids *all, size_t first,
                                 struct xg_error *err)
{
    struct xg_buf what = XG_BUF(XG_RECORD_MAX);
    char hex[2 * XG_ID_SIZE + 1];
    size_t left = all->count - first;
    size_t count = left < XG_ACCESS_WHAT_MAX ? left : XG_ACCESS_WHAT_MAX;
    struct xg_hash record;

    xg_cbor_put_array(&what, count);
    for (size_t i = 0; i < count; i++) {
        xg_hex(hex, all->ids[first + i].b, XG_ID_SIZE);
        xg_cbor_put_text(&what, hex, strlen(hex));
    }
    enum xg_status status =
        write_one(&record, d, note, &what, all->count, err);
    xg_buf_clear(&what);
    return status;
}

enum xg_status access_write(struct data *d, const struct access_note *note,
                            const struct access_ids *what, struct xg_error *err)
{
    for (size_t i = 0; i < what->count; i += XG_ACCESS_WHAT_MAX)
        if (write_part(d, note, what, i, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status access_write_login(struct xg_hash *record, struct data *d,
                                  const struct access_note *note,
                                  const char *code, struct xg_error *err)
{
    struct xg_buf what = XG_BUF(XG_RECORD_MAX);

    xg_cbor_put_array(&what, 1);
    xg_cbor_put_text(&what, code, strlen(code));
    enum xg_status status = write_one(record, d, note, &what, 1, err);
    xg_buf_clear(&what);
    return status;
}

/* ---- reading ---- */

bool access_names(const struct access *a, const struct xg_id *id)
{
    struct xg_cbor c = xg_cbor_inside(&a->what);
    char hex[2 * XG_ID_SIZE + 1];
    struct xg_cbor_item text;

    xg_hex(hex, id->b, XG_ID_SIZE);
    while (a->what.type == XG_CBOR_ARRAY && xg_cbor_next(&c, &text))
        if (text.type == XG_CBOR_TEXT &&
            xg_bytes_equal(text.bytes, xg_bytes_of(hex)))
            return true;
    return false;
}

static bool is_server_device(const char *device)
{
    size_t len = strlen(device), tail = strlen(XG_SERVER_DEVICE);

    return len > tail && strcmp(device + len - tail, XG_SERVER_DEVICE) == 0;
}

static struct xg_bytes text_field(const struct xg_record *r, uint64_t number)
{
    struct xg_cbor_item value;

    return xg_record_field(r, number, &value) && value.type == XG_CBOR_TEXT
               ? value.bytes
               : xg_bytes(NULL, 0);
}

static uint64_t number_field(const struct xg_record *r, uint64_t number)
{
    struct xg_cbor_item value;

    return xg_record_field(r, number, &value) && value.type == XG_CBOR_UINT
               ? value.number
               : 0;
}

/* A well-formed record on the server's own device, into *a. */
static enum xg_status read_access(struct access *a, const struct xg_record *r,
                                  const struct store_record *row,
                                  const struct store_chain *chain,
                                  const struct xg_registry *registry,
                                  struct xg_error *err)
{
    const struct xg_place place = {&chain->id, &row->previous, row->seq};
    struct xg_bytes reader = text_field(r, XG_ACCESS_READER);
    struct xg_judgement j;

    if (xg_judge(&j, registry, chain->device, r, &place, row->anchor_size,
                 err) != XG_OK)
        return err->status;
    *a = (struct access){.record = row->hash,
                         .position = row->position,
                         .wall_ms = r->head.moment.wall_ms,
                         .by_server = reader.len > 0,
                         .grade = j.grade,
                         .no_right = j.no_right,
                         .how = number_field(r, XG_ACCESS_HOW),
                         .count = number_field(r, XG_ACCESS_COUNT),
                         .why = text_field(r, XG_ACCESS_WHY),
                         .filter = text_field(r, XG_ACCESS_FILTER)};
    if (reader.len)
        snprintf(a->reader, sizeof a->reader, "%.*s", (int)reader.len,
                 (const char *)reader.at);
    else
        memcpy(a->reader, j.author, sizeof a->reader);
    if (!xg_record_field(r, XG_ACCESS_WHAT, &a->what))
        a->what = (struct xg_cbor_item){.type = XG_CBOR_NULL};
    return XG_OK;
}

enum xg_status access_each(struct data *d, struct store *s,
                           enum xg_status (*each)(void *ctx,
                                                  const struct access *a,
                                                  struct xg_error *err),
                           void *ctx, struct xg_error *err)
{
    const struct xg_registry registry = registry_view(d->registry);
    struct xg_arena arena = XG_ARENA(WALK_BYTES);
    struct store_record *rows;
    size_t count = WALK_STEP;
    uint64_t after = 0;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count == WALK_STEP) {
        xg_arena_reset(&arena);
        status =
            s->ops->read_bare(s, &arena, &rows, &count, after, WALK_STEP, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            struct store_chain chain;
            struct access a;
            struct xg_record r;
            after = rows[i].number;
            store_read_left(&r, &rows[i]);
            if (r.malformed || r.head.kind != XG_KIND_ACCESS)
                continue;
            status = s->ops->get_chain(s, &chain, rows[i].chain, err);
            if (status != XG_OK || !is_server_device(chain.device))
                continue;
            status = read_access(&a, &r, &rows[i], &chain, &registry, err);
            if (status == XG_OK)
                status = each(ctx, &a, err);
        }
    }
    xg_arena_clear(&arena);
    return status;
}
