/* finding.c - see finding.h. */
#include "server/cli/finding.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"

enum { PAGE = 200, PAGE_BYTES = 64 << 20, KEPT_BYTES = 128 << 20 };

/* ---- reading them ---- */

/* One that counts; lent by the arena of all. */
struct findings_row {
    struct xg_hash about;
    size_t order; /* from the newest */
    struct finding finding;
};

/* Any device may write such a record: it is a finding by who dispatched then. */
static enum xg_status may_find(bool *may, struct look *l,
                               const struct store_entity *e,
                               struct xg_error *err)
{
    const struct xg_role *role;
    struct xg_statement says;
    uint64_t position;
    bool found;

    if (l->registry.find(l->registry.ctx, XG_SAYS_WORKER, e->author, e->changed,
                         &says, &position, &found, err) != XG_OK)
        return err->status;
    role = found ? xg_role_find(says.role) : NULL;
    *may = role && xg_move_allowed(XG_MOVE_DISPATCH, role->number);
    return XG_OK;
}

/* *row->finding.found: it is one. */
static enum xg_status read_row(struct findings_row *row, struct findings *f,
                               struct look *l, const struct store_entity *e,
                               struct xg_error *err)
{
    struct finding *out = &row->finding;
    struct xg_cbor_item item;
    struct xg_brief brief;

    *out = (struct finding){.why = ""};
    if (xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    if (brief.withdrawn || !xg_brief_value(&brief, XG_FORK_CHAIN, &item) ||
        item.bytes.len != XG_HASH_SIZE)
        return XG_OK;
    memcpy(row->about.b, item.bytes.at, XG_HASH_SIZE);
    if (may_find(&out->found, l, e, err) != XG_OK)
        return err->status;
    if (!out->found)
        return XG_OK;
    out->position = e->changed;
    if (xg_brief_value(&brief, XG_FORK_FINDING, &item))
        out->choice = item.number;
    if (xg_brief_value(&brief, XG_FORK_WHY, &item))
        out->why = xg_arena_str(&f->arena, (const char *)item.bytes.at,
                                item.bytes.len);
    snprintf(out->author, sizeof out->author, "%.*s", XG_CODE_MAX, e->author);
    return out->why ? XG_OK : xg_fail_nomem(err);
}

/* Where one stands among them: the newest of a hash first. */
static int by_hash(const void *a, const void *b)
{
    const struct findings_row *x = a, *y = b;
    int order = xg_hash_compare(&x->about, &y->about);

    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int compare_about(const void *about, const void *row)
{
    return xg_hash_compare(about, &((const struct findings_row *)row)->about);
}

/* The newest of each hash. */
static enum xg_status keep(struct findings *f, struct xg_buf *list,
                           struct xg_error *err)
{
    size_t all = list->len / sizeof *f->rows;

    if (xg_buf_check(list, err) != XG_OK)
        return err->status;
    f->rows = xg_arena_array(&f->arena, all + 1, sizeof *f->rows);
    if (!f->rows)
        return xg_fail_nomem(err);
    if (all) {
        memcpy(f->rows, list->data, list->len);
        qsort(f->rows, all, sizeof *f->rows, by_hash);
    }
    for (size_t i = 0; i < all; i++)
        if (f->count == 0 ||
            compare_about(&f->rows[i].about, &f->rows[f->count - 1]) != 0)
            f->rows[f->count++] = f->rows[i];
    f->read = true;
    return XG_OK;
}

static enum xg_status read_all(struct findings *f, struct look *l,
                               struct xg_error *err)
{
    struct store_filter filter = {.kind = XG_KIND_FORK_FINDING, .limit = PAGE};
    struct xg_buf list = XG_BUF(KEPT_BYTES);
    struct xg_arena arena = XG_ARENA(PAGE_BYTES);
    struct store_entity *rows;
    size_t count = PAGE;
    enum xg_status status = XG_OK;

    f->arena = XG_ARENA(KEPT_BYTES);
    for (size_t page = 0; status == XG_OK && count == PAGE; page++) {
        xg_arena_reset(&arena);
        status = l->store->ops->read_entities(l->store, &arena, &rows, &count,
                                              &filter, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            struct findings_row row = {.order = page * PAGE + i};
            status = read_row(&row, f, l, &rows[i], err);
            if (status == XG_OK && row.finding.found)
                xg_buf_append(&list, &row, sizeof row);
            filter.before = rows[i].number;
        }
    }
    if (status == XG_OK)
        status = keep(f, &list, err);
    if (status != XG_OK)
        findings_clear(f);
    xg_buf_clear(&list);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status finding_about(struct finding *out, struct findings *f,
                             struct look *l, const struct xg_hash *about,
                             struct xg_error *err)
{
    const struct findings_row *row = NULL;

    if (!f->read && read_all(f, l, err) != XG_OK)
        return err->status;
    if (f->count)
        row = bsearch(about, f->rows, f->count, sizeof *f->rows, compare_about);
    *out = row ? row->finding : (struct finding){.why = ""};
    return XG_OK;
}

void findings_clear(struct findings *f)
{
    xg_arena_clear(&f->arena);
    *f = (struct findings){.count = 0};
}

/* ---- what one may say ---- */

const struct xg_choice *finding_choice_of(uint64_t number)
{
    for (const struct xg_choice *c = xg_fork_findings; c->name; c++)
        if (c->number == number)
            return c;
    return NULL;
}

enum xg_status finding_choice(uint64_t *number, const char *given,
                              struct xg_error *err)
{
    for (const struct xg_choice *c = xg_fork_findings; c->name; c++)
        if (strcmp(given, c->name) == 0 || strcmp(given, c->zh) == 0) {
            *number = c->number;
            return XG_OK;
        }
    return xg_fail(err, XG_USAGE,
                   XG_T("认定应为 restored（恢复备份）、cloned（克隆）、"
                        "tampered（篡改）或 unclear（不明）",
                        "a finding is restored, cloned, tampered or unclear"));
}

/* ---- writing one ---- */

static enum xg_status set_field(struct xg_draft *draft, uint64_t number,
                                struct xg_buf *value, struct xg_error *err)
{
    if (xg_buf_check(value, err) != XG_OK)
        return err->status;
    enum xg_status status =
        xg_draft_set(draft, number, xg_buf_bytes(value), err);
    xg_buf_reset(value);
    return status;
}

enum xg_status finding_fill(struct xg_draft *draft, const struct xg_hash *chain,
                            uint64_t choice, const char *why,
                            struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);
    enum xg_status status;

    xg_cbor_put_bytes(&value, chain->b, XG_HASH_SIZE);
    status = set_field(draft, XG_FORK_CHAIN, &value, err);
    if (status == XG_OK) {
        xg_cbor_put_uint(&value, choice);
        status = set_field(draft, XG_FORK_FINDING, &value, err);
    }
    if (status == XG_OK) {
        xg_cbor_put_text(&value, why, strlen(why));
        status = set_field(draft, XG_FORK_WHY, &value, err);
    }
    xg_buf_clear(&value);
    return status;
}
