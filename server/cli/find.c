/* find.c - from what a person typed to an entity: a number, an official one,
 * the beginning of an id; and to a record of the entity looked at. */
#include <stdio.h>
#include <string.h>

#include "server/cli/look.h"
#include "shared/base/lang.h"
#include "shared/core/number.h"
#include "shared/view/names.h"

enum { PAGE = 200, CANDIDATES = 10 };

static enum xg_status no_entity(const char *text, struct xg_error *err)
{
    return xg_fail(
        err, XG_NOTFOUND,
        XG_T("没有编号为 %s 的事项，用 list 查看", "there is no %s: see list"),
        text);
}

/* Only those that are there for who looks. */
static enum xg_status sift(size_t *count, struct look *l,
                           struct store_entity *rows, struct xg_error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < *count; i++) {
        bool sees;
        if (sight_entity(&sees, &l->sight, &rows[i], err) != XG_OK)
            return err->status;
        if (sees)
            rows[kept++] = rows[i];
    }
    *count = kept;
    return XG_OK;
}

static enum xg_status many(const struct store_entity *rows, size_t count,
                           const char *text, struct xg_error *err)
{
    struct xg_buf all = XG_BUF(1024);

    for (size_t i = 0; i < count; i++) {
        xg_buf_text(&all, i ? " " : "");
        xg_buf_hex(&all, rows[i].id.b, sizeof rows[i].id.b);
    }
    xg_fail(err, XG_AMBIGUOUS,
            XG_T("%s 可指多个：%s", "%s could be any of: %s"), text,
            xg_buf_str(&all));
    xg_buf_clear(&all);
    return XG_AMBIGUOUS;
}

/* The record of a branch that creates an entity under that serial. */
static enum xg_status search_branch(struct xg_id *id, bool *found,
                                    struct look *l,
                                    const struct store_branch *branch,
                                    uint64_t serial, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct store *s = l->store;
    struct store_record *rows;
    enum xg_status status = XG_OK;
    size_t count = 1;

    for (uint64_t seq = branch->start; status == XG_OK && count && !*found;
         seq += count) {
        status = s->ops->read_branch(s, &arena, &rows, &count, branch->number,
                                     seq, PAGE, err);
        for (size_t i = 0; status == XG_OK && i < count && !*found; i++) {
            uint64_t n;
            if (rows[i].creates && look_serial(&n, &rows[i]) && n == serial) {
                *id = xg_id_of_hash(&rows[i].hash);
                *found = true;
            }
        }
        xg_arena_reset(&arena);
    }
    xg_arena_clear(&arena);
    return status;
}

/* 0417-00123-7: through the device's chains. */
static enum xg_status find_number(struct xg_id *id, struct look *l,
                                  const char *text, struct xg_error *err)
{
    char device[XG_KEY_NAME_MAX + 1];
    struct store *s = l->store;
    struct store_chain *chains;
    size_t chain_count;
    uint64_t serial;
    bool found = false;

    if (!xg_number_parse(&serial, text))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("编号 %s 的校验位不对，请核对",
                            "%s has a wrong check digit: compare it again"),
                       text);
    snprintf(device, sizeof device, "%s/d/%.*s", data_origin(l->c->data),
             (int)strcspn(text, "-"), text);
    if (s->ops->read_chains(s, &l->arena, &chains, &chain_count, device, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < chain_count && !found; i++) {
        struct store_branch *branches;
        size_t count;
        if (s->ops->read_branches(s, &l->arena, &branches, &count,
                                  chains[i].number, err) != XG_OK)
            return err->status;
        for (size_t k = 0; k < count && !found; k++)
            if (search_branch(id, &found, l, &branches[k], serial, err) !=
                XG_OK)
                return err->status;
    }
    if (found && sight_id(&found, &l->sight, id, err) != XG_OK)
        return err->status;
    return found ? XG_OK : no_entity(text, err);
}

enum xg_status look_find_id(void *ctx, struct xg_id *id, const char *text,
                            struct xg_error *err)
{
    struct look *l = ctx;
    struct store_entity *rows;
    size_t count, len = strlen(text);

    if (xg_number_shaped(text))
        return find_number(id, l, text, err);
    /* An official number may look like the beginning of an id: it is the one
     * that people say. */
    if (l->store->ops->read_entities_numbered(
            l->store, &l->arena, &rows, &count, text, CANDIDATES, err) !=
            XG_OK ||
        sift(&count, l, rows, err) != XG_OK)
        return err->status;
    if (count > 1)
        return many(rows, count, text, err);
    if (count == 1) {
        *id = rows->id;
        return XG_OK;
    }
    if (len == 0 || len > 2 * XG_ID_SIZE ||
        strspn(text, "0123456789abcdefABCDEF") != len)
        return no_entity(text, err);
    if (l->store->ops->read_entities_named(l->store, &l->arena, &rows, &count,
                                           text, CANDIDATES, err) != XG_OK ||
        sift(&count, l, rows, err) != XG_OK)
        return err->status;
    if (count == 0)
        return no_entity(text, err);
    if (count > 1)
        return many(rows, count, text, err);
    *id = rows->id;
    return XG_OK;
}

/* A record of the shown entity whose hash begins so. */
enum xg_status look_find_hash(void *ctx, struct xg_hash *hash,
                              const char *prefix, struct xg_error *err)
{
    const struct fold *fold = ((struct look *)ctx)->fold;
    char hex[2 * XG_HASH_SIZE + 1];
    size_t matches = 0, len = strlen(prefix), at = 0;

    for (size_t i = 0; i < fold->count; i++) {
        xg_hex(hex, fold->rows[i].hash.b, XG_HASH_SIZE);
        if (len && strncmp(hex, prefix, len) == 0) {
            matches++;
            at = i;
        }
    }
    if (matches == 0)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有记录码以 %s 开头的记录，见 history",
                            "no record's hash begins with %s: see history"),
                       prefix);
    if (matches > 1)
        return xg_fail(err, XG_AMBIGUOUS,
                       XG_T("%s 可指 %zu 条记录，请多给几位",
                            "%s could be any of %zu records: give more of it"),
                       prefix, matches);
    *hash = fold->rows[at].hash;
    return XG_OK;
}

enum xg_status look_named(struct store_entity *e, bool *folded, struct look *l,
                          const char *text, struct xg_error *err)
{
    struct xg_id id;
    bool found;

    if (look_find_id(l, &id, text, err) != XG_OK ||
        l->store->ops->find_entity(l->store, &l->arena, e, &found, &id, err) !=
            XG_OK)
        return err->status;
    if (!found)
        return no_entity(text, err);
    *folded = e->folded;
    return XG_OK;
}

enum xg_status look_fold(struct fold *fold, struct look *l, const char *text,
                         struct xg_error *err)
{
    struct xg_id id;
    bool found;

    if (look_find_id(l, &id, text, err) != XG_OK ||
        fold_of_entity(fold, &found, &l->arena, l->store, &l->registry, &id,
                       err) != XG_OK)
        return err->status;
    if (!found)
        return no_entity(text, err);
    l->fold = fold;
    l->row = &fold->entity;
    return XG_OK;
}

static void find_code(void *ctx, struct xg_buf *out,
                      const struct xg_field *field, const char *text)
{
    struct look *l = ctx;
    struct xg_error ignored = XG_ERROR_NONE;

    if (view_is_named(field) && look_guide(l, &ignored) == XG_OK)
        view_put_code(out, l->guide, field, text);
}

struct view_resolver look_resolver(struct look *l)
{
    return (struct view_resolver){l, look_find_id, look_find_hash, find_code};
}
