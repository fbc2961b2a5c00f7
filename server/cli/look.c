/* look.c - `list`, `show`, `history`, `conflicts`: the views of shared/view
 * over the server's store. What the server shows was all received, so
 * `delivery` is always that. */
#include "server/cli/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/guide.h"
#include "server/photo.h"
#include "server/witness_policy.h"
#include "shared/base/lang.h"
#include "shared/core/number.h"
#include "shared/view/clock.h"
#include "shared/view/duplicate.h"
#include "shared/view/json.h"
#include "shared/view/text.h"
#include "shared/view/names.h"
#include "shared/view/template.h"
#include "shared/view/waiting.h"

enum {
    LIST_DEFAULT = 100,
    LIST_MAX = 100000,
    PAGE = 200,
    CANDIDATES = 10,
    SORTED_MAX = 64 << 20,
    ID_SHOWN = 6,
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

    store_read_left(&record, row);
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

/* By witnesses, where this log has some. */
static enum xg_status about_seen(struct view_about *out, struct look *l,
                                 const struct store_record *row,
                                 struct xg_error *err)
{
    struct xg_bounds b = {.anchor_size = row->anchor_size,
                          .position = row->position};

    if (witness_bounds(&b, l->store, l->c->data->ledger, err) != XG_OK)
        return err->status;
    if (b.witnessed_low_ms <= INT64_MAX && b.witnessed_high_ms <= INT64_MAX) {
        out->seen_before_ms = (int64_t)b.witnessed_low_ms;
        out->seen_after_ms = (int64_t)b.witnessed_high_ms;
    }
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
    const struct xg_when *when = &l->fold->whens[i];
    out->has_not_before = when->low_ms != XG_NO_TIME;
    out->not_before_ms = when->low_ms;
    out->has_not_after = when->high_ms != XG_NO_TIME;
    out->not_after_ms = when->high_ms;
    if (about_seen(out, l, row, err) != XG_OK)
        return err->status;
    out->verified = true; /* checked when it came; `check` does it again */
    int64_t wall_ms = op->record->head.moment.wall_ms;
    out->clock_doubt = !op->record->malformed &&
                       (view_clock_doubt(wall_ms, xg_wall_ms(l->c->env)) ||
                        view_clock_outside(out, wall_ms));
    if (l->store->ops->get_person(l->store, name, &found, out->author, err) !=
        XG_OK)
        return err->status;
    if (found)
        snprintf(out->author_name, sizeof out->author_name, "%.127s", name);
    return XG_OK;
}

static enum xg_status about_photo(void *ctx, enum view_place *out,
                                  const struct xg_hash *sha256,
                                  struct xg_error *err)
{
    struct look *l = ctx;

    return photo_place(l->store, l->c->data->blobs, out, sha256, err);
}

/* ---- clocks and groups ---- */

static enum xg_status need_guide(struct look *l, struct xg_error *err)
{
    struct xg_guide_source source = guide_source(l->store);

    return l->guide ? XG_OK : xg_guide_new(&l->guide, &source, err);
}

/* Clocks of a fold, and the calendar by which they run. */
static enum xg_status read_clocks(struct xg_clock **clocks, size_t *count,
                                  const struct xg_calendar **calendar,
                                  struct xg_arena *arena, struct look *l,
                                  const struct fold *fold, struct xg_error *err)
{
    struct guide_rules rules;

    if (need_guide(l, err) != XG_OK ||
        guide_rules_of(&rules, l->guide, fold, err) != XG_OK ||
        guide_clocks(clocks, count, arena, fold, &rules, l->now_ms, err) !=
            XG_OK)
        return err->status;
    *calendar = rules.calendar;
    return XG_OK;
}

/* Of the row that is listed, which is not folded otherwise: the clock that
 * matters most, NULL where none runs. */
static enum xg_status main_clock(const struct xg_clock **main,
                                 const struct xg_calendar **calendar,
                                 struct fold *fold, struct xg_arena *arena,
                                 struct look *l, struct xg_error *err)
{
    struct xg_clock *clocks;
    size_t count = 0;
    bool found = false;

    *main = NULL;
    if (!l->row->open || !l->row->folded)
        return XG_OK;
    if (fold_of_entity(fold, &found, arena, l->store, &l->registry, &l->row->id,
                       err) != XG_OK)
        return err->status;
    if (!found)
        return XG_OK;
    if (read_clocks(&clocks, &count, calendar, arena, l, fold, err) != XG_OK)
        return err->status;
    *main = view_clock_main(clocks, count);
    return XG_OK;
}

/* *due_ms XG_NO_TIME: it has no deadline that runs. */
static enum xg_status deadline_of(int64_t *due_ms, bool *overdue,
                                  struct look *l, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    const struct xg_calendar *calendar;
    const struct xg_clock *main;
    struct fold fold;
    enum xg_status status =
        main_clock(&main, &calendar, &fold, &arena, l, err);

    /* One that is over comes before all others. */
    if (status == XG_OK) {
        *due_ms = main && main->limited && !main->paused ? main->due_ms
                                                         : XG_NO_TIME;
        *overdue =
            main && xg_clock_light(main, calendar, l->now_ms) == XG_LIGHT_RED;
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status clock_chip(struct look *l, struct xg_buf *out,
                                 json_t **object, struct xg_error *err)
{
    struct view_wait waits[VIEW_WAITS_MAX];
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    const struct xg_calendar *calendar;
    const struct xg_clock *main;
    struct fold fold = {.count = 0};
    enum xg_status status = main_clock(&main, &calendar, &fold, &arena, l, err);

    if (status == XG_OK && main && out)
        view_clock_brief(out, main, calendar, l->now_ms);
    if (status == XG_OK && object)
        json_object_set_new(*object, "clock",
                            main ? view_clock_json(main, l->view.labels, calendar,
                                                   l->now_ms)
                                 : json_null());
    if (status == XG_OK && fold.state.kind) {
        if (out && out->len && view_waits_of(waits, &fold.state))
            xg_buf_text(out, " · ");
        view_mark_waiting(out, object, &fold.state, l->view.labels);
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_clocks(struct look *l, struct xg_buf *out,
                                 json_t **object, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    const struct xg_calendar *calendar;
    struct xg_clock *clocks;
    size_t count = 0;
    enum xg_status status =
        read_clocks(&clocks, &count, &calendar, &arena, l, l->fold, err);

    if (status == XG_OK && out)
        view_put_clocks(out, clocks, count, l->view.labels, calendar, l->now_ms,
                        "");
    if (status == XG_OK && object)
        json_object_set_new(
            *object, "clocks",
            view_clocks_json(clocks, count, l->view.labels, calendar,
                             l->now_ms));
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status read_member(struct look *l, struct view_member *out,
                                  bool *found, const struct xg_id *id,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct view_entity entity = {.delivery = VIEW_RECEIVED};
    struct fold fold;
    enum xg_status status =
        fold_of_entity(&fold, found, &arena, l->store, &l->registry, id, err);

    if (status == XG_TOOBIG) { /* it outgrew a fold */
        *err = XG_ERROR_NONE;
        status = XG_OK;
    }
    if (status == XG_OK && *found)
        status = l->view.entity(l, &entity, id, err);
    if (status == XG_OK && *found &&
        look_shows(l, id, access_is_sensitive_fold(&fold)))
        view_member_of(out, &fold.state, entity.number);
    else
        *found = false;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status need_groups(struct look *l, struct xg_error *err)
{
    if (l->groups)
        return XG_OK;
    struct group_map *map = xg_arena_alloc(&l->arena, sizeof *map);
    if (!map)
        return xg_fail_nomem(err);
    if (group_load(map, &l->arena, l->store, err) != XG_OK)
        return err->status;
    l->groups = map;
    return XG_OK;
}

/* Those it hangs together with, each with its own status. */
static enum xg_status put_group(struct look *l, struct xg_buf *out,
                                json_t **object, const struct xg_id *id,
                                struct xg_error *err)
{
    const struct xg_id *group;
    size_t count = 0;

    if (need_groups(l, err) != XG_OK)
        return err->status;
    group = group_find(l->groups, id);
    if (!group)
        return XG_OK;
    struct view_member *members =
        xg_arena_array(&l->arena, l->groups->count, sizeof *members);
    if (!members)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < l->groups->count; i++) {
        const struct xg_grouped *g = &l->groups->all[i];
        bool found = false;
        if (!xg_id_equal(&g->group, group))
            continue;
        if (read_member(l, &members[count], &found, &g->id, err) != XG_OK)
            return err->status;
        count += found;
    }
    if (out)
        view_put_group(out, l->view.labels, members, count);
    else
        json_object_set_new(*object, "group",
                            view_group_json(group, members, count));
    return XG_OK;
}

/* An entity that outgrew a fold: that, and how much of it there is. */
static void tell_unfolded(const struct store_entity *e, struct xg_buf *text,
                          json_t **json)
{
    if (text)
        xg_buf_format(text,
                      XG_T("未合并：记录太多（%llu 条，都在）",
                           "not folded: too many records (%llu, all kept)"),
                      (unsigned long long)e->records);
    if (json)
        view_json_set(json, "folded", json_false());
}

static enum xg_status tell_more(void *ctx, struct xg_buf *out, json_t **object,
                                const struct xg_id *id, bool in_full,
                                struct xg_error *err)
{
    struct look *l = ctx;

    if (l->row && !l->row->folded) {
        tell_unfolded(l->row, out, object);
        return XG_OK;
    }
    if (!l->row || !l->row->status)
        return XG_OK; /* outside the loop */
    if (!in_full)
        return clock_chip(l, out, object, err);
    if (put_clocks(l, out, object, err) != XG_OK)
        return err->status;
    return put_group(l, out, object, id, err);
}

/* ---- names ---- */

static void put_reference(struct xg_buf *out, struct look *l,
                          struct xg_bytes id_bytes)
{
    struct view_entity entity = {.delivery = VIEW_RECEIVED};
    struct xg_error ignored = XG_ERROR_NONE;
    struct store_entity e;
    struct xg_brief brief;
    struct xg_id id;
    bool found = false;

    if (id_bytes.len != XG_ID_SIZE)
        return;
    memcpy(id.b, id_bytes.at, XG_ID_SIZE);
    if (l->store->ops->find_entity(l->store, &l->arena, &e, &found, &id,
                                   &ignored) != XG_OK ||
        !found || !e.folded ||
        xg_brief_read(&brief, e.state, &ignored) != XG_OK ||
        about_entity(l, &entity, &id, &ignored) != XG_OK)
        return;
    if (*entity.number)
        xg_buf_text(out, entity.number);
    else
        xg_buf_hex(out, id.b, ID_SHOWN);
    if (!look_shows(l, &id, access_is_sensitive_brief(&brief)))
        return;
    xg_buf_byte(out, ' ');
    view_put_title(out, &brief);
}

static void tell_name(void *ctx, struct xg_buf *out,
                      const struct xg_field *field,
                      const struct xg_cbor_item *value)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct look *l = ctx;

    if (!l->store) /* given back: writing has begun */
        return;
    if (field->type == XG_TYPE_ENTITY)
        put_reference(out, l, value->bytes);
    else if (view_is_named(field) && need_guide(l, &ignored) == XG_OK)
        view_put_name(out, l->guide, field, value->bytes,
                      xg_day_of(l->now_ms, XG_ZONE_CHINA_MIN));
}

static const struct xg_template *tell_form(void *ctx,
                                           const struct xg_state *state)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_template *t = NULL;
    struct look *l = ctx;

    if (!l->store || need_guide(l, &ignored) != XG_OK ||
        view_template_of(l->guide, &t, state, &ignored) != XG_OK)
        return NULL;
    return t;
}

/* ---- opening ---- */

/* The site's words. Without them the usual ones do. */
static const struct xg_labels *find_labels(struct look *l)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_labels *labels = NULL;

    if (need_guide(l, &ignored) != XG_OK ||
        xg_guide_labels(l->guide, &labels, &ignored) != XG_OK)
        return NULL;
    return labels;
}

enum xg_status look_open(struct look *l, struct cmd *c, struct xg_error *err)
{
    *l = (struct look){.c = c, .arena = XG_ARENA(LOOK_BYTES)};
    l->registry = registry_view(c->data->registry);
    l->view = (struct view_context){.ctx = l,
                                    .entity = about_entity,
                                    .about = about_record,
                                    .photo = about_photo,
                                    .more = tell_more,
                                    .name = tell_name,
                                    .form = tell_form,
                                    .json = c->json};
    l->now_ms = (int64_t)ledger_time_ms(c->data->ledger);
    if (data_borrow(c->data, &l->store, err) != XG_OK)
        return err->status;
    l->view.labels = find_labels(l);
    return XG_OK;
}

void look_close(struct look *l)
{
    xg_guide_free(l->guide);
    l->guide = NULL;
    look_give_back(l);
    access_clear(&l->shown);
    xg_arena_clear(&l->arena);
}

void look_give_back(struct look *l)
{
    if (l->store)
        data_return(l->c->data, l->store);
    l->store = NULL;
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
            l->store, &l->arena, &rows, &count, text, CANDIDATES, err) != XG_OK)
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

/* ---- the commands ---- */

static enum xg_status print_row(struct look *l, const struct store_entity *e,
                                struct xg_error *err)
{
    struct xg_brief brief = {.id = e->id,
                             .kind = xg_kind_find(e->kind),
                             .status = e->status,
                             .conflicts = e->conflicts,
                             .records = e->records,
                             .withdrawn = e->withdrawn};

    l->row = e;
    if (e->folded && xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    l->view.withhold = e->folded && !look_shows(l, &e->id,
                                   access_is_sensitive_brief(&brief));
    return view_list_row(&l->c->out, &brief, &l->view, err);
}

/* Is it with that unit or one below it: whom it was given to, or who was
 * called, else its home? As on the device. */
static enum xg_status is_held(bool *held, struct look *l,
                              const struct store_entity *e,
                              struct xg_error *err)
{
    const struct xg_territory *territory;
    struct xg_brief brief = {.kind = xg_kind_find(e->kind)};
    struct xg_brief_elements called = {0};
    struct xg_cbor_item item;
    char unit[XG_CODE_MAX + 1];

    *held = false;
    snprintf(unit, sizeof unit, "%s", e->unit);
    if (e->folded && xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    if (e->folded && e->status &&
        xg_brief_value(&brief, XG_CASE_UNIT, &item) &&
        item.type == XG_CBOR_TEXT && item.bytes.len <= XG_CODE_MAX)
        snprintf(unit, sizeof unit, "%.*s", (int)item.bytes.len,
                 (const char *)item.bytes.at);
    if (e->folded && e->status &&
        xg_brief_set(&brief, XG_CASE_CALLED, &called))
        while (xg_brief_element(&called, &item))
            *held |= xg_bytes_equal(item.bytes, xg_bytes_of(l->holder));
    if (*held)
        return XG_OK;
    if (need_guide(l, err) != XG_OK ||
        xg_guide_territory(l->guide, &territory, err) != XG_OK)
        return err->status;
    *held = strcmp(unit, l->holder) == 0 ||
            xg_territory_distance(territory, unit, l->holder) >= 0;
    return XG_OK;
}

struct due_row {
    struct xg_id id;
    int64_t due_ms;
    uint64_t order; /* as listed */
};

/* The soonest first; what has no deadline last, and as it stood. */
static int by_due(const void *x, const void *y)
{
    const struct due_row *a = x, *b = y;
    int64_t left = a->due_ms == XG_NO_TIME ? INT64_MAX : a->due_ms;
    int64_t right = b->due_ms == XG_NO_TIME ? INT64_MAX : b->due_ms;

    if (left != right)
        return left < right ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static enum xg_status list_row(struct look *l, const struct store_entity *e,
                               struct xg_error *err)
{
    struct due_row row = {.id = e->id, .due_ms = XG_NO_TIME};
    bool overdue = true, held = true;

    l->row = e;
    if (l->left == 0)
        return XG_OK;
    if (l->holder && is_held(&held, l, e, err) != XG_OK)
        return err->status;
    if (!held)
        return XG_OK;
    if ((l->overdue_only || l->by_due) &&
        deadline_of(&row.due_ms, &overdue, l, err) != XG_OK)
        return err->status;
    if (l->overdue_only && !overdue)
        return XG_OK;
    if (l->by_due) {
        row.order = l->sorted.len / sizeof row;
        xg_buf_append(&l->sorted, &row, sizeof row);
        return xg_buf_check(&l->sorted, err);
    }
    l->left--;
    return print_row(l, e, err);
}

static enum xg_status print_sorted(struct look *l, struct xg_error *err)
{
    size_t count = l->sorted.len / sizeof(struct due_row);
    enum xg_status status = XG_OK;
    struct store_entity e;
    bool found;

    if (count)
        qsort(l->sorted.data, count, sizeof(struct due_row), by_due);
    for (size_t i = 0; status == XG_OK && i < count && l->left; i++) {
        struct due_row row;
        memcpy(&row, l->sorted.data + i * sizeof row, sizeof row);
        status = l->store->ops->find_entity(l->store, &l->arena, &e, &found,
                                            &row.id, err);
        if (status == XG_OK && found) {
            status = print_row(l, &e, err);
            l->left--;
        }
        xg_arena_reset(&l->arena);
    }
    return status;
}

/* The unit that --holder names, by code or by name; an unknown one is told
 * with those that are near. */
static enum xg_status find_holder(struct look *l, const char *text,
                                  struct xg_error *err)
{
    const struct xg_territory *t;
    struct xg_buf near = XG_BUF(4096);
    const struct xg_unit *named = NULL;
    size_t names = 0, said = 0;

    if (need_guide(l, err) != XG_OK ||
        xg_guide_territory(l->guide, &t, err) != XG_OK)
        return err->status;
    l->holder = text;
    if (xg_territory_find(t, text) || t->count == 0)
        return XG_OK; /* without a territory every code is as good */
    for (size_t i = 0; i < t->count; i++) {
        const struct xg_unit *u = &t->units[i];
        unsigned edits = VIEW_FAR;
        bool same = strcmp(u->name, text) == 0;
        named = same ? u : named;
        names += same;
        if (said < CANDIDATES &&
            (same || strstr(u->name, text) ||
             view_nearer(&edits, text, u->code) ||
             view_nearer(&edits, text, u->name)))
            xg_buf_format(&near, "%s%s %s", said++ ? XG_T("、", ", ") : "",
                          u->code, u->name);
    }
    if (names == 1)
        l->holder = named->code;
    else if (said)
        xg_fail(err, names ? XG_AMBIGUOUS : XG_NOTFOUND,
                XG_T("没有单位 %s；相近的有：%s",
                     "there is no unit %s; near it: %s"),
                text, xg_buf_str(&near));
    else
        xg_fail(err, XG_NOTFOUND,
                XG_T("没有单位 %s；单位代码见导入的区划",
                     "there is no unit %s: see the territory imported"),
                text);
    xg_buf_clear(&near);
    return names == 1 ? XG_OK : err->status;
}

/* Of one that outgrew a fold there is only its line. */
static enum xg_status show_unfolded(bool *shown, struct look *l,
                                    const char *text, struct xg_error *err)
{
    struct store_entity e;
    struct xg_id id;
    bool found;

    if (look_find_id(l, &id, text, err) != XG_OK ||
        l->store->ops->find_entity(l->store, &l->arena, &e, &found, &id, err) !=
            XG_OK)
        return err->status;
    *shown = found && !e.folded;
    return *shown ? print_row(l, &e, err) : XG_OK;
}

typedef enum xg_status put_view(struct xg_buf *out,
                                const struct xg_state *state,
                                const struct view_context *view,
                                struct xg_error *err);

static enum xg_status show_one(struct cmd *c, put_view *put, unsigned how,
                               struct xg_error *err)
{
    struct fold fold = {.count = 0};
    bool shown = false;
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = look_reader(&l, err);
    if (status == XG_OK && put == view_show)
        status = show_unfolded(&shown, &l, c->args[1], err);
    if (status == XG_OK && !shown)
        status = look_fold(&fold, &l, c->args[1], err);
    if (status == XG_OK && !shown)
        status = look_must_show(&l, &fold, err);
    if (status == XG_OK && !shown)
        status = put(&c->out, &fold.state, &l.view, err);
    status = look_tell(&l, how, status, err);
    look_close(&l);
    return status;
}

enum xg_status cmd_show(struct cmd *c, struct xg_error *err)
{
    return show_one(c, view_show, XG_ACCESS_SHOW, err);
}

enum xg_status cmd_history(struct cmd *c, struct xg_error *err)
{
    return show_one(c, view_history, XG_ACCESS_HISTORY, err);
}

static enum xg_status conflict_row(struct look *l, const struct store_entity *e,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct fold fold;
    bool found;

    if (!e->folded) {
        l->c->must_decide = true;
        return print_row(l, e, err);
    }
    enum xg_status status = fold_of_entity(&fold, &found, &arena, l->store,
                                           &l->registry, &e->id, err);

    if (status == XG_OK && found && fold.state.conflict_count) {
        l->c->must_decide = true;
        l->fold = &fold;
        l->row = e;
        status = look_shows(l, &e->id, access_is_sensitive_fold(&fold))
                     ? view_conflicts(&l->c->out, &fold.state, &l->view, err)
                     : print_row(l, e, err);
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
    enum xg_status status = look_open(&l, c, err);
    if (status == XG_OK)
        status = look_reader(&l, err);
    if (status == XG_OK && cmd_option(c, "holder"))
        status = find_holder(&l, cmd_option(c, "holder"), err);
    if (status == XG_OK) {
        l.left = limit;
        l.sorted = XG_BUF(SORTED_MAX);
        l.overdue_only = cmd_option(c, "overdue") != NULL;
        l.by_due = cmd_option(c, "due") != NULL;
        filter.open = l.overdue_only || cmd_option(c, "open") != NULL;
        view_list_head(&c->out, &l.view);
        bool sifts = l.overdue_only || l.by_due || l.holder;
        status = walk(&l, filter, sifts ? LIST_MAX : limit, list_row, err);
    }
    if (status == XG_OK && l.by_due)
        status = print_sorted(&l, err);
    xg_buf_clear(&l.sorted);
    status = look_tell(&l, XG_ACCESS_LIST, status, err);
    look_close(&l);
    return status;
}

static enum xg_status conflicts_of_one(struct cmd *c, struct look *l,
                                       struct xg_error *err)
{
    struct fold fold = {.count = 0};

    if (look_fold(&fold, l, c->args[1], err) != XG_OK ||
        look_must_show(l, &fold, err) != XG_OK)
        return err->status;
    c->must_decide = fold.state.conflict_count > 0;
    return view_conflicts(&c->out, &fold.state, &l->view, err);
}

enum xg_status cmd_conflicts(struct cmd *c, struct xg_error *err)
{
    struct store_filter filter = {.conflicts = true};
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = look_reader(&l, err);
    if (status == XG_OK && c->arg_count > 1)
        status = conflicts_of_one(c, &l, err);
    else if (status == XG_OK)
        status = walk(&l, filter, LIST_MAX, conflict_row, err);
    if (status == XG_OK && !c->json && !c->must_decide && c->arg_count == 1)
        xg_buf_text(&c->out,
                    XG_T("没有待决定的冲突\n", "there is nothing to decide\n"));
    status = look_tell(&l, XG_ACCESS_CONFLICTS, status, err);
    look_close(&l);
    return status;
}
