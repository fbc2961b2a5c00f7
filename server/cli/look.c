/* look.c - `list`, `show`, `history`, `conflicts`, `resolve`: the views of
 * shared/view over the server's store. What the server shows was all received,
 * so `delivery` is always that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/data.h"
#include "shared/base/lang.h"
#include "shared/core/number.h"
#include "shared/view/form.h"
#include "shared/view/show.h"

enum {
    LOOK_BYTES = 256 << 20,
    LIST_DEFAULT = 100,
    LIST_MAX = 100000,
    PAGE = 200,
    CANDIDATES = 10,
};

/* What a command looks through. */
struct look {
    struct cmd *c;
    struct store *store;
    struct xg_registry registry;
    struct xg_arena arena;          /* for what lives as long as the command */
    const struct fold *fold;        /* while one entity is shown */
    const struct store_entity *row; /* while one is listed */
    struct view_context view;
};

/* ---- numbers and names ---- */

/* "lanshan.example/d/0417" -> "0417" */
static const char *device_code(const char *device)
{
    const char *slash = strrchr(device, '/');

    return slash ? slash + 1 : device;
}

static bool serial_of(uint64_t *serial, const struct store_record *row)
{
    struct xg_record record;
    struct xg_cbor_item value;

    if (row->fields.len == 0)
        return false;
    xg_record_read(&record, &(struct xg_hash){{0}}, row->seq, &row->previous,
                   row->head, row->fields);
    if (record.malformed || !xg_record_field(&record, XG_FIELD_SERIAL, &value))
        return false;
    *serial = value.number;
    return value.type == XG_CBOR_UINT;
}

/* The first record of an entity, by its id: the id begins its hash. */
static enum xg_status find_creator(struct store_record *row, bool *found,
                                   struct look *l, const struct store_entity *e,
                                   struct xg_error *err)
{
    struct store_record *rows;
    size_t count;

    *found = false;
    if (!e->creator)
        return XG_OK;
    if (l->store->ops->read_records(l->store, &l->arena, &rows, &count,
                                    e->creator, e->creator, 1, err) != XG_OK)
        return err->status;
    if (count) {
        *row = *rows;
        *found = true;
    }
    return XG_OK;
}

static enum xg_status about_entity(void *ctx, struct view_entity *out,
                                   const struct xg_id *id, struct xg_error *err)
{
    struct look *l = ctx;
    struct store_entity found_row;
    const struct store_entity *e = l->row;
    struct store_record row;
    struct store_chain chain;
    uint64_t serial;
    bool found;

    out->delivery = VIEW_RECEIVED;
    if (!e || !xg_id_equal(&e->id, id)) {
        if (l->store->ops->find_entity(l->store, &l->arena, &found_row, &found,
                                       id, err) != XG_OK)
            return err->status;
        if (!found)
            return XG_OK;
        e = &found_row;
    }
    if (find_creator(&row, &found, l, e, err) != XG_OK)
        return err->status;
    if (!found || !serial_of(&serial, &row))
        return XG_OK;
    if (l->store->ops->get_chain(l->store, &chain, row.chain, err) != XG_OK)
        return err->status;
    const char *code = device_code(chain.device);
    size_t digits = strspn(code, "0123456789");
    if (digits && digits <= 8 && !code[digits])
        xg_number_print(out->number, code, serial);
    return XG_OK;
}

static enum xg_status about_record(void *ctx, struct view_about *out,
                                   const struct xg_op *op, struct xg_error *err)
{
    struct look *l = ctx;
    size_t i = (size_t)(op - l->fold->state.ops);
    const struct xg_judgement *judged = &l->fold->judgements[i];
    const struct store_record *row = &l->fold->rows[i];
    char name[STORE_NAME_MAX + 1];
    bool found;

    memcpy(out->author, judged->author, sizeof out->author);
    out->role = judged->role;
    out->grade = judged->grade;
    snprintf(out->device, sizeof out->device, "%s", l->fold->devices[i]);
    out->delivery = VIEW_RECEIVED;
    out->logged = true;
    out->entry = row->position;
    out->verified = true; /* checked when it came; `check` does it again */
    out->clock_doubt = !op->record->malformed &&
                       view_clock_doubt(op->record->head.moment.wall_ms,
                                        xg_wall_ms(l->c->env));
    if (l->store->ops->get_person(l->store, name, &found, out->author, err) !=
        XG_OK)
        return err->status;
    if (found)
        snprintf(out->author_name, sizeof out->author_name, "%.127s", name);
    return XG_OK;
}

/* ---- opening ---- */

static enum xg_status open_look(struct look *l, struct cmd *c,
                                struct xg_error *err)
{
    *l = (struct look){.c = c, .arena = XG_ARENA(LOOK_BYTES)};
    l->registry = registry_view(c->data->registry);
    l->view = (struct view_context){.ctx = l,
                                    .entity = about_entity,
                                    .about = about_record,
                                    .json = c->json};
    return data_borrow(c->data, &l->store, err);
}

static void close_look(struct look *l)
{
    if (l->store)
        data_return(l->c->data, l->store);
    xg_arena_clear(&l->arena);
}

/* ---- from what a person typed to an entity ---- */

static enum xg_status no_entity(const char *text, struct xg_error *err)
{
    return xg_fail(
        err, XG_NOTFOUND,
        XG_T("没有编号为 %s 的事项，用 list 查看", "there is no %s: see list"),
        text);
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
            if (rows[i].creates && serial_of(&n, &rows[i]) && n == serial) {
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
    return found ? XG_OK : no_entity(text, err);
}

static enum xg_status find_id(void *ctx, struct xg_id *id, const char *text,
                              struct xg_error *err)
{
    struct look *l = ctx;
    struct store_entity *rows;
    size_t count, len = strlen(text);

    if (xg_number_shaped(text))
        return find_number(id, l, text, err);
    if (len == 0 || len > 2 * XG_ID_SIZE ||
        strspn(text, "0123456789abcdefABCDEF") != len)
        return no_entity(text, err);
    if (l->store->ops->read_entities_named(l->store, &l->arena, &rows, &count,
                                           text, CANDIDATES, err) != XG_OK)
        return err->status;
    if (count == 0)
        return no_entity(text, err);
    if (count > 1)
        return many(rows, count, text, err);
    *id = rows->id;
    return XG_OK;
}

/* A record of the shown entity whose hash begins so. */
static enum xg_status find_hash(void *ctx, struct xg_hash *hash,
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
                       XG_T("没有哈希以 %s 开头的操作，见 history",
                            "no record's hash begins with %s: see history"),
                       prefix);
    if (matches > 1)
        return xg_fail(err, XG_AMBIGUOUS,
                       XG_T("%s 可指 %zu 条操作，请多给几位",
                            "%s could be any of %zu records: give more of it"),
                       prefix, matches);
    *hash = fold->rows[at].hash;
    return XG_OK;
}

static enum xg_status fold_typed(struct fold *fold, struct look *l,
                                 const char *text, struct xg_error *err)
{
    struct xg_id id;
    bool found;

    if (find_id(l, &id, text, err) != XG_OK ||
        fold_of_entity(fold, &found, &l->arena, l->store, &l->registry, &id,
                       err) != XG_OK)
        return err->status;
    if (!found)
        return no_entity(text, err);
    l->fold = fold;
    l->row = &fold->entity;
    return XG_OK;
}

/* ---- the commands ---- */

typedef enum xg_status put_view(struct xg_buf *out,
                                const struct xg_state *state,
                                const struct view_context *view,
                                struct xg_error *err);

static enum xg_status show_one(struct cmd *c, put_view *put,
                               struct xg_error *err)
{
    struct fold fold = {.count = 0};
    struct look l;
    enum xg_status status = open_look(&l, c, err);

    if (status == XG_OK)
        status = fold_typed(&fold, &l, c->args[1], err);
    if (status == XG_OK)
        status = put(&c->out, &fold.state, &l.view, err);
    close_look(&l);
    return status;
}

enum xg_status cmd_show(struct cmd *c, struct xg_error *err)
{
    return show_one(c, view_show, err);
}

enum xg_status cmd_history(struct cmd *c, struct xg_error *err)
{
    return show_one(c, view_history, err);
}

static enum xg_status list_row(struct look *l, const struct store_entity *e,
                               struct xg_error *err)
{
    struct xg_brief brief;

    l->row = e;
    if (xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    return view_list_row(&l->c->out, &brief, &l->view, err);
}

static enum xg_status conflict_row(struct look *l, const struct store_entity *e,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct fold fold;
    bool found;
    enum xg_status status = fold_of_entity(&fold, &found, &arena, l->store,
                                           &l->registry, &e->id, err);

    if (status == XG_OK && found && fold.state.conflict_count) {
        l->c->must_decide = true;
        l->fold = &fold;
        l->row = e;
        status = view_conflicts(&l->c->out, &fold.state, &l->view, err);
        l->fold = NULL;
    }
    xg_arena_clear(&arena);
    return status;
}

/* All that the filter lets through, newest first, page by page. */
static enum xg_status
walk(struct look *l, struct store_filter filter, size_t limit,
     enum xg_status (*each)(struct look *l, const struct store_entity *e,
                            struct xg_error *err),
     struct xg_error *err)
{
    enum xg_status status = XG_OK;
    struct store_entity *rows;
    size_t count = 1;

    while (status == XG_OK && limit && count) {
        filter.limit = limit < PAGE ? limit : PAGE;
        status = l->store->ops->read_entities(l->store, &l->arena, &rows,
                                              &count, &filter, err);
        for (size_t i = 0; status == XG_OK && i < count; i++)
            status = each(l, &rows[i], err);
        if (status == XG_OK && count) {
            filter.before = rows[count - 1].number;
            limit -= count;
        }
        xg_arena_reset(&l->arena);
    }
    return status;
}

enum xg_status cmd_list(struct cmd *c, struct xg_error *err)
{
    struct store_filter filter = {.unit = cmd_option(c, "unit")};
    const struct xg_kind *kind;
    unsigned long limit;
    struct look l;

    if (cmd_number(&limit, c, "limit", LIST_DEFAULT, LIST_MAX, err) != XG_OK)
        return err->status;
    if (c->arg_count > 1) {
        if (view_form_kind(&kind, c->args[1], err) != XG_OK)
            return err->status;
        filter.kind = kind->number;
    }
    enum xg_status status = open_look(&l, c, err);
    if (status == XG_OK) {
        view_list_head(&c->out, &l.view);
        status = walk(&l, filter, limit, list_row, err);
    }
    close_look(&l);
    return status;
}

static enum xg_status conflicts_of_one(struct cmd *c, struct look *l,
                                       struct xg_error *err)
{
    struct fold fold = {.count = 0};

    if (fold_typed(&fold, l, c->args[1], err) != XG_OK)
        return err->status;
    c->must_decide = fold.state.conflict_count > 0;
    return view_conflicts(&c->out, &fold.state, &l->view, err);
}

enum xg_status cmd_conflicts(struct cmd *c, struct xg_error *err)
{
    struct store_filter filter = {.conflicts = true};
    struct look l;
    enum xg_status status = open_look(&l, c, err);

    if (status == XG_OK && c->arg_count > 1)
        status = conflicts_of_one(c, &l, err);
    else if (status == XG_OK)
        status = walk(&l, filter, LIST_MAX, conflict_row, err);
    if (status == XG_OK && !c->json && !c->must_decide && c->arg_count == 1)
        xg_buf_text(&c->out,
                    XG_T("没有待决定的冲突\n", "there is nothing to decide\n"));
    close_look(&l);
    return status;
}

/* A decision by nobody, by someone who may not record, or about what is neither
 * theirs nor in their unit, would be kept and have no effect: refuse it while a
 * person can still answer. */
static enum xg_status may_decide(struct look *l, const struct store_entity *e,
                                 const char *operator_code,
                                 struct xg_error *err)
{
    const struct xg_registry *r = &l->registry;
    const struct xg_role *role;
    struct xg_statement says;
    uint64_t position;
    bool found, within = strcmp(e->author, operator_code) == 0;

    if (r->find(r->ctx, XG_SAYS_WORKER, operator_code, INT64_MAX, &says,
                &position, &found, err) != XG_OK)
        return err->status;
    role = found ? xg_role_find(says.role) : NULL;
    if (!found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有代码为 %s 的人员，见 worker list",
                            "nobody has the code %s: see worker list"),
                       operator_code);
    if (!role || !role->records)
        return xg_fail(
            err, XG_REFUSED,
            XG_T("%s 的角色不能作决定", "%s has a role that decides nothing"),
            operator_code);
    if (!within &&
        xg_unit_within(&within, r, e->unit, says.unit, INT64_MAX, err) != XG_OK)
        return err->status;
    if (!within)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这一条属于 %s，不在 %s 的辖区 %s 之内，须由"
                            "辖区内的人员决定",
                            "this belongs to %s, outside the unit of %s (%s): "
                            "somebody of that place has to decide"),
                       e->unit, operator_code, says.unit);
    return XG_OK;
}

/* Fill the draft, with the store given back before it is written. */
static enum xg_status draft_decision(struct xg_draft *draft, struct look *l,
                                     struct xg_error *err)
{
    struct cmd *c = l->c;
    struct view_resolver resolver = {l, find_id, find_hash};
    struct view_choice choice = {.field = c->args[2],
                                 .take = cmd_option(c, "take"),
                                 .value = cmd_option(c, "value"),
                                 .dismiss = cmd_option(c, "dismiss") != NULL,
                                 .why = cmd_option(c, "why")};
    struct fold fold = {.count = 0};

    if ((choice.take != NULL) + (choice.value != NULL) + choice.dismiss != 1)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--take、--value、--dismiss 要选一个",
                            "one of --take, --value, --dismiss is needed"));
    if (fold_typed(&fold, l, c->args[1], err) != XG_OK ||
        may_decide(l, &fold.entity, cmd_option(c, "as"), err) != XG_OK)
        return err->status;
    if (!fold.state.kind)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("这一条的类型未知，不能决定",
                            "of an unknown kind: nothing can be decided"));
    xg_draft_init(draft, &l->arena, fold.state.kind->number);
    draft->head.creates = false;
    draft->head.entity = fold.state.id;
    enum xg_status status =
        view_form_resolve(draft, &fold.state, &choice, &resolver, err);
    l->fold = NULL;
    l->row = NULL;
    return status;
}

enum xg_status cmd_resolve(struct cmd *c, struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1];
    struct xg_draft draft;
    struct xg_hash hash;
    struct look l;
    enum xg_status status = open_look(&l, c, err);

    if (status == XG_OK)
        status = draft_decision(&draft, &l, err);
    if (l.store)
        data_return(c->data, l.store); /* reading ends before writing begins */
    l.store = NULL;
    if (status == XG_OK)
        status = ingest_record(c->data->ingest, &hash, &draft,
                               cmd_option(c, "as"), err);
    close_look(&l);
    if (status != XG_OK)
        return status;
    xg_hex(hex, hash.b, sizeof hash.b);
    if (c->json)
        xg_buf_format(&c->out, "{\"record\":\"%s\"}\n", hex);
    else
        xg_buf_format(&c->out,
                      XG_T("已决定，记录 %s\n", "decided, record %s\n"), hex);
    return XG_OK;
}
