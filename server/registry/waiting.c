/* waiting.c - what waits for a registrar whose key is elsewhere: kept,
 * written into a request, and taken over when it comes back signed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/registry/inside.h"
#include "server/registry/request.h"
#include "shared/base/lang.h"

enum { WAITING_ARENA = 64 << 20 };

/* ---- keeping ---- */

static bool same_line(const struct xg_statement *a,
                      const struct xg_statement *b)
{
    struct xg_buf x = XG_BUF(4096), y = XG_BUF(4096);

    xg_statement_put(&x, a);
    xg_statement_put(&y, b);
    bool same = !x.failed && !y.failed &&
                xg_bytes_equal(xg_buf_bytes(&x), xg_buf_bytes(&y));
    xg_buf_clear(&x);
    xg_buf_clear(&y);
    return same;
}

/* A device that waits has its name, so that nobody else gets it. */
static enum xg_status hold_device(struct store *store,
                                  const struct xg_statement *s,
                                  struct xg_error *err)
{
    struct store_device device = {.state = XG_DEVICE_PENDING};
    bool found;

    if (store->ops->find_device(store, &device, &found, s->subject, err) !=
        XG_OK)
        return err->status;
    if (found)
        return XG_OK;
    memcpy(device.name, s->subject, sizeof device.name);
    memcpy(device.worker, s->owner, sizeof device.worker);
    memcpy(device.key, s->key, sizeof device.key);
    return store->ops->put_device(store, &device, err);
}

enum xg_status registry_wait(struct change *c, struct store *store,
                             struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(WAITING_ARENA);
    struct store_waiting *rows;
    size_t count = 0;
    enum xg_status status =
        store->ops->list_waiting(store, &arena, &rows, &count, err);

    for (size_t i = 0; status == XG_OK && i < c->count; i++) {
        const struct xg_statement *s = &c->list[i].says;
        bool there = false;
        for (size_t k = 0; k < count && !there; k++)
            there = same_line(&rows[k].says, s);
        if (!there)
            status = store->ops->put_waiting(store, s, err);
        if (status == XG_OK && s->kind == XG_SAYS_DEVICE)
            status = hold_device(store, s, err);
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status registry_known(struct registry *r, bool *known,
                              struct store *store, enum xg_statement_kind kind,
                              const char *subject, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(WAITING_ARENA);
    struct store_waiting *rows;
    struct xg_statement says;
    uint64_t position;
    size_t count = 0;
    bool found;
    enum xg_status status =
        registry_newest(r, &says, &position, &found, kind, subject, err);

    if (status == XG_OK && !found)
        status = store->ops->list_waiting(store, &arena, &rows, &count, err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        found |= rows[i].says.kind == kind &&
                 strcmp(rows[i].says.subject, subject) == 0;
    if (status == XG_OK)
        *known = found;
    xg_arena_clear(&arena);
    return status;
}

/* ---- asking ---- */

struct asking {
    struct xg_buf *file;
    struct registry_asked asked;
    struct xg_arena arena;
};

/* What waits, as far as a note can hold it; a revocation with its cuts. */
static enum xg_status put_lines(struct change *c, struct xg_buf *text,
                                struct store *store, struct store_request *row,
                                uint64_t *lines,
                                const struct store_waiting *rows, size_t count,
                                struct xg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t mark = text->len;
        c->count = 0;
        if (change_say(c, &rows[i].says, err) != XG_OK ||
            (rows[i].says.kind == XG_SAYS_REVOKE &&
             change_say_cuts(c, store, rows[i].says.subject, err) != XG_OK))
            return err->status;
        for (size_t k = 0; k < c->count; k++)
            xg_statement_put(text, &c->list[k].says);
        if (text->failed != XG_OK || text->len > XG_NOTE_MAX - 1024) {
            if (i == 0)
                return xg_fail(err, XG_TOOBIG, "one statement fills a note");
            text->len = mark;
            text->failed = XG_OK;
            break;
        }
        *lines += c->count;
        row->through = rows[i].number;
        row->covers++;
    }
    c->count = 0; /* it is asked for, not said */
    return XG_OK;
}

/* The checkpoint that the newest registry note names. */
static enum xg_status seen_before(struct registrar_request *q,
                                  struct xg_arena *arena, struct store *store,
                                  uint64_t number, struct xg_error *err)
{
    struct store_registry_note *last;
    struct xg_registry_note says;
    struct xg_note parsed;
    struct xg_bytes *entry;
    size_t count;

    if (number == 0)
        return XG_OK;
    if (store->ops->read_registry_notes(store, arena, &last, &count, number - 1,
                                        1, err) != XG_OK)
        return err->status;
    if (count != 1)
        return xg_fail(err, XG_CORRUPT, "a registry note is missing");
    if (store->ops->read_entries(store, arena, &entry, &count, last->position,
                                 1, XG_NOTE_MAX, err) != XG_OK)
        return err->status;
    if (count != 1)
        return xg_fail(err, XG_CORRUPT, "a registry note is not in the log");
    if (xg_note_parse(&parsed, entry->at, entry->len, err) != XG_OK ||
        xg_registry_note_read(&says, parsed.text, err) != XG_OK)
        return err->status;
    q->after_size = says.seen_size;
    q->after_root = says.seen_root;
    return XG_OK;
}

static enum xg_status put_file(struct change *c, struct store *store,
                               const struct xg_registry_note *head,
                               struct xg_bytes text, struct xg_error *err)
{
    struct asking *a = c->args;
    struct registrar_request q = {.log = ledger_signer(c->r->ledger)->verifier,
                                  .note = text};
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), proof = XG_BUF(16 << 10);
    struct xg_checkpoint seen;
    enum xg_status status =
        seen_before(&q, &a->arena, store, head->number - 1, err);

    if (status == XG_OK)
        status = ledger_published(c->r->ledger, &seen, &note, err);
    if (status == XG_OK)
        status = ledger_consistency(&proof, NULL, store, q.after_size, &seen,
                                    xg_bytes(NULL, 0), err);
    if (status == XG_OK) {
        q.checkpoint = xg_buf_bytes(&note);
        q.consistency = xg_buf_bytes(&proof);
        registrar_request_put(a->file, &q);
        status = xg_buf_check(a->file, err);
    }
    xg_buf_clear(&note);
    xg_buf_clear(&proof);
    return status;
}

/* The newest request, where all that it says still waits. */
static enum xg_status standing(struct asking *a, struct store *store,
                               const struct store_waiting *rows, size_t count,
                               bool *stands, struct xg_error *err)
{
    struct registrar_request q;
    struct xg_registry_note says;
    struct store_request *requests, *last;
    struct xg_statement s;
    size_t n, held = 0;

    *stands = false;
    if (store->ops->read_requests(store, &a->arena, &requests, &n, err) !=
        XG_OK)
        return err->status;
    if (n == 0)
        return XG_OK;
    last = &requests[n - 1];
    for (size_t i = 0; i < count; i++)
        held += rows[i].number <= last->through;
    if (held != last->covers)
        return XG_OK;
    if (registrar_request_read(&q, last->file, err) != XG_OK ||
        xg_registry_note_read(&says, q.note, err) != XG_OK)
        return err->status;
    a->asked = (struct registry_asked){.number = says.number,
                                       .later = count - held};
    while (xg_statement_next(&says.statements, &s))
        a->asked.statements++;
    xg_buf_append(a->file, last->file.at, last->file.len);
    *stands = true;
    return xg_buf_check(a->file, err);
}

static enum xg_status nothing_waits(struct change *c)
{
    struct xg_error why = XG_ERROR_NONE;

    xg_ignore(xg_fail(&why, XG_NOTFOUND, "%s",
                      XG_T("没有等待登记员签名的内容",
                           "nothing waits for the registrar")));
    return change_refuse(c, &why);
}

static enum xg_status compose_request(struct change *c, struct store *store,
                                      struct xg_error *err)
{
    struct asking *a = c->args;
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct store_request row = {.through = 0};
    struct xg_registry_note head;
    struct store_waiting *rows;
    size_t count = 0;
    bool stands;

    xg_arena_reset(&a->arena);
    xg_buf_reset(a->file);
    a->asked = (struct registry_asked){.number = 0};
    if (store->ops->list_waiting(store, &a->arena, &rows, &count, err) != XG_OK)
        return err->status;
    if (count == 0)
        return nothing_waits(c);
    if (standing(a, store, rows, count, &stands, err) != XG_OK || stands)
        return err->status;
    enum xg_status status = registry_note_head(c->r, store, &head, err);
    if (status == XG_OK) {
        xg_registry_note_begin(&text, &head);
        status = put_lines(c, &text, store, &row, &a->asked.statements, rows,
                           count, err);
    }
    if (status == XG_OK)
        status = put_file(c, store, &head, xg_buf_bytes(&text), err);
    if (status == XG_OK) {
        a->asked.number = head.number;
        a->asked.later = count - row.covers;
        row.file = xg_buf_bytes(a->file);
        status = store->ops->put_request(store, &row, err);
    }
    xg_buf_clear(&text);
    return status;
}

enum xg_status registry_request(struct registry *r, struct xg_buf *file,
                                struct registry_asked *asked,
                                struct xg_error *err)
{
    struct xg_buf made = XG_BUF(REGISTRAR_FILE_MAX);
    struct asking a = {.file = &made, .arena = XG_ARENA(WAITING_ARENA)};
    struct change c = {.r = r, .compose = compose_request, .args = &a};
    enum xg_status status = change_submit(&c, err);

    if (status == XG_OK) {
        xg_buf_append(file, made.data, made.len);
        status = xg_buf_check(file, err);
    }
    if (status == XG_OK)
        *asked = a.asked;
    xg_buf_clear(&made);
    xg_arena_clear(&a.arena);
    return status;
}

/* ---- what comes back ---- */

struct accepting {
    struct xg_bytes note;
    struct xg_arena arena;
};

/* Which request is that note the answer to? NULL: none. */
static const struct store_request *
find_request(const struct store_request *requests, size_t count,
             struct xg_bytes text)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct registrar_request q;

    for (size_t i = 0; i < count; i++)
        if (registrar_request_read(&q, requests[i].file, &ignored) == XG_OK &&
            xg_bytes_equal(q.note, text))
            return &requests[i];
    return NULL;
}

static const char *why_not(struct registry *r,
                           const struct xg_registry_note *says)
{
    return says->number <= registry_number(r)
               ? XG_T("已有这一号：这份签名已经收下，或者服务器已收下另一份；"
                      "registry list 可以查看",
                      "that number is taken: this was accepted before, or "
                      "another in its place; see registry list")
               : XG_T("服务器没有要求签这份内容；请用 registry request 重新"
                      "导出，只签那一份",
                      "the server did not ask for this; write a request "
                      "(registry request) and have that one signed");
}

/* Those that the note says wait no longer. */
static enum xg_status clear_waiting(struct change *c, struct store *store,
                                    const struct store_request *request,
                                    struct xg_error *err)
{
    struct accepting *a = c->args;
    struct store_waiting *rows;
    size_t count;

    if (store->ops->list_waiting(store, &a->arena, &rows, &count, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count && rows[i].number <= request->through; i++)
        for (size_t k = 0; k < c->count; k++)
            if (same_line(&rows[i].says, &c->list[k].says)) {
                if (store->ops->delete_waiting(store, rows[i].number, err) !=
                    XG_OK)
                    return err->status;
                break;
            }
    return store->ops->drop_requests(store, err);
}

static enum xg_status compose_accept(struct change *c, struct store *store,
                                     struct xg_error *err)
{
    struct accepting *a = c->args;
    struct xg_error why = XG_ERROR_NONE;
    struct xg_registry_note says;
    struct store_request *requests;
    const struct store_request *request;
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    struct xg_statement s;
    struct xg_note parsed;
    size_t count;

    xg_arena_reset(&a->arena);
    registry_key(c->r, key);
    if (xg_registry_note_open(&says, a->note, key, &why) != XG_OK) {
        xg_ignore(xg_wrap(&why, XG_T("不是登记员签好的条目",
                                     "no note signed by the registrar")));
        return change_refuse(c, &why);
    }
    if (store->ops->read_requests(store, &a->arena, &requests, &count, err) !=
            XG_OK ||
        xg_note_parse(&parsed, a->note.at, a->note.len, err) != XG_OK)
        return err->status;
    request = find_request(requests, count, parsed.text);
    if (!request) {
        xg_ignore(xg_fail(&why, XG_REFUSED,
                          XG_T("第 %" PRIu64 " 号：%s", "note %" PRIu64 ": %s"),
                          says.number, why_not(c->r, &says)));
        return change_refuse(c, &why);
    }
    while (xg_statement_next(&says.statements, &s))
        if (change_say(c, &s, err) != XG_OK)
            return err->status;
    c->note = a->note;
    c->note_number = says.number;
    return clear_waiting(c, store, request, err);
}

enum xg_status registry_accept(struct registry *r, uint64_t *number,
                               struct xg_bytes note, struct xg_error *err)
{
    struct accepting a = {.note = note, .arena = XG_ARENA(WAITING_ARENA)};
    struct change c = {.r = r, .compose = compose_accept, .args = &a};
    enum xg_status status = change_submit(&c, err);

    if (status == XG_OK)
        *number = c.number;
    xg_arena_clear(&a.arena);
    return status;
}

/* ---- taking back ---- */

static enum xg_status compose_withdraw(struct change *c, struct store *store,
                                       struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(WAITING_ARENA);
    const uint64_t *number = c->args;
    struct store_waiting *rows;
    size_t count, gone = 0;
    enum xg_status status =
        store->ops->list_waiting(store, &arena, &rows, &count, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (*number == 0 || rows[i].number == *number) {
            status = store->ops->delete_waiting(store, rows[i].number, err);
            gone++;
        }
    xg_arena_clear(&arena);
    return status == XG_OK && gone == 0 ? nothing_waits(c) : status;
}

enum xg_status registry_withdraw(struct registry *r, uint64_t number,
                                 struct xg_error *err)
{
    struct change c = {.r = r, .compose = compose_withdraw, .args = &number};

    return change_submit(&c, err);
}
