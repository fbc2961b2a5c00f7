/* look.c - where the views of shared/view look things up on the server. What it
 * shows was all received, so `delivery` is always that. */
#include "server/cli/look.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "server/cosign/policy.h"
#include "server/board/board.h"
#include "server/data/guide.h"
#include "server/data/guides.h"
#include "server/desk/desk.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/core/number.h"
#include "shared/view/clock.h"
#include "shared/view/duplicate.h"
#include "shared/view/json.h"
#include "shared/view/names.h"
#include "shared/view/template.h"
#include "shared/view/text.h"
#include "shared/view/waiting.h"

enum { ID_SHOWN = 6 };

/* ---- numbers and names ---- */

/* "lanshan.example/d/0417" -> "0417" */
static const char *device_code(const char *device)
{
    const char *slash = strrchr(device, '/');

    return slash ? slash + 1 : device;
}

bool look_serial(uint64_t *serial, const struct store_record *row)
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

/* When it happened, or else was told of, as its first record has it. */
static int64_t created_of(const struct store_record *row)
{
    struct xg_record record;
    struct xg_cbor_item happened;
    int64_t ms;

    store_read_left(&record, row);
    if (record.malformed)
        return 0;
    if (xg_record_field(&record, XG_FIELD_HAPPENED, &happened) &&
        xg_cbor_int(&happened, &ms))
        return ms;
    return record.head.moment.wall_ms;
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
    if (!found)
        return XG_OK;
    out->created_ms = created_of(&row);
    if (!look_serial(&serial, &row))
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
    static_assert(sizeof out->author_name >= sizeof name, "cut nowhere");
    if (found)
        memcpy(out->author_name, name, sizeof name);
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

enum xg_status look_guide(struct look *l, struct xg_error *err)
{
    if (!l->guide && guides_lend(&l->guide_lent, l->c->data->guides, l->store,
                                 err) == XG_OK)
        l->guide = l->guide_lent->guide;
    return l->guide ? XG_OK : err->status;
}

/* Clocks of a fold, and the calendar by which they run. */
static enum xg_status read_clocks(struct xg_clock **clocks, size_t *count,
                                  const struct xg_calendar **calendar,
                                  struct xg_arena *arena, struct look *l,
                                  const struct fold *fold, struct xg_error *err)
{
    struct guide_rules rules;

    if (look_guide(l, err) != XG_OK ||
        guide_rules_of(&rules, l->guide, fold, err) != XG_OK ||
        guide_clocks(clocks, count, arena, fold, &rules, l->now_ms, err) !=
            XG_OK)
        return err->status;
    *calendar = rules.calendar;
    return XG_OK;
}

enum xg_status look_main_clock(const struct xg_clock **main,
                               const struct xg_calendar **calendar,
                               struct fold *fold, struct xg_arena *arena,
                               struct look *l, struct xg_error *err)
{
    struct xg_clock *clocks;
    size_t count = 0;

    *main = NULL;
    if (!l->row->open || !l->row->folded)
        return XG_OK;
    if (fold_of_found(fold, arena, l->store, &l->registry, l->row, err) !=
        XG_OK)
        return err->status;
    if (read_clocks(&clocks, &count, calendar, arena, l, fold, err) != XG_OK)
        return err->status;
    *main = view_clock_main(clocks, count);
    return XG_OK;
}

/* What the board has of it spares a fold, where it has come as far. */
static bool is_on_board(const struct look *l)
{
    return l->board && l->listed && l->listed->changed == l->row->changed;
}

static enum xg_status kept_clock(const struct xg_clock **main,
                                 const struct xg_calendar **calendar,
                                 unsigned *waits, struct xg_arena *arena,
                                 struct look *l, struct xg_error *err)
{
    struct xg_clock *clocks;
    size_t count = 0;

    *waits = l->listed->waits;
    *main = NULL;
    if (!l->row->open || !l->row->folded)
        return XG_OK;
    if (look_guide(l, err) != XG_OK ||
        xg_guide_calendar(l->guide, calendar, err) != XG_OK ||
        board_clocks(l->board, &clocks, &count, arena, l->row->number,
                     l->now_ms, err) != XG_OK)
        return err->status;
    *main = view_clock_main(clocks, count);
    return XG_OK;
}

static enum xg_status clock_chip(struct look *l, struct xg_buf *out,
                                 json_t **object, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    const struct xg_calendar *calendar = NULL;
    const struct xg_clock *main;
    struct fold fold = {.count = 0};
    bool kept = is_on_board(l);
    unsigned waits = 0;
    enum xg_status status =
        kept ? kept_clock(&main, &calendar, &waits, &arena, l, err)
             : look_main_clock(&main, &calendar, &fold, &arena, l, err);

    if (fold.state.kind)
        waits = view_waits_set(&fold.state);

    if (status == XG_OK && main && out)
        view_clock_brief(out, main, calendar, l->now_ms);
    if (status == XG_OK && object)
        json_object_set_new(*object, "clock",
                            main ? view_clock_json(main, l->view.labels, calendar,
                                                   l->now_ms)
                                 : json_null());
    if (status == XG_OK && (fold.state.kind || (kept && l->row->open))) {
        if (out && out->len && waits)
            xg_buf_text(out, " · ");
        view_mark_waiting(out, object, waits, l->view.labels);
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
        status = sight_entity(found, &l->sight, &fold.entity, err);
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

/* By the board, where a thread follows the log: it does not go through all
 * links that ever were. */
static enum xg_status kept_group(struct look *l, struct xg_id **ids,
                                 size_t *count, struct xg_id *group,
                                 const struct xg_id *id, struct xg_error *err)
{
    struct board *b = l->c->data->board;
    struct board_reader *r = NULL;
    struct board_at at;

    if (board_take_in(b, &at, BOARD_TAKE_IN, err) != XG_OK ||
        board_begin(b, &r, err) != XG_OK)
        return err->status;
    enum xg_status status =
        board_group(r, &l->arena, ids, count, group, id, err);
    board_end(b, r);
    return status;
}

/* Who hangs together with it; *count 0: nobody. */
static enum xg_status find_group(struct look *l, struct xg_id **ids,
                                 size_t *count, struct xg_id *group,
                                 const struct xg_id *id, struct xg_error *err)
{
    size_t n = 0;

    const struct board *b = l->c->data->board;
    if (board_is_followed(b) && board_path(b)) /* in memory it has one reader */
        return kept_group(l, ids, count, group, id, err);
    if (need_groups(l, err) != XG_OK)
        return err->status;
    const struct xg_id *found = group_find(l->groups, id);
    struct xg_id *list =
        xg_arena_array(&l->arena, l->groups->count + 1, sizeof *list);
    if (!list)
        return xg_fail_nomem(err);
    for (size_t i = 0; found && i < l->groups->count; i++)
        if (xg_id_equal(&l->groups->all[i].group, found))
            list[n++] = l->groups->all[i].id;
    *ids = list;
    *count = n;
    *group = found ? *found : *id;
    return XG_OK;
}

enum xg_status look_grouped(struct look *l, bool *grouped,
                            const struct xg_id *id, struct xg_error *err)
{
    struct xg_id *ids, group;
    size_t count;

    if (find_group(l, &ids, &count, &group, id, err) != XG_OK)
        return err->status;
    *grouped = count > 0;
    return XG_OK;
}

/* Those it hangs together with, each with its own status. */
static enum xg_status put_group(struct look *l, struct xg_buf *out,
                                json_t **object, const struct xg_id *id,
                                struct xg_error *err)
{
    struct xg_id *ids, group;
    size_t in_group, count = 0;

    if (find_group(l, &ids, &in_group, &group, id, err) != XG_OK)
        return err->status;
    if (in_group == 0)
        return XG_OK;
    struct view_member *members =
        xg_arena_array(&l->arena, in_group, sizeof *members);
    if (!members)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < in_group; i++) {
        bool found = false;
        if (read_member(l, &members[count], &found, &ids[i], err) != XG_OK)
            return err->status;
        count += found;
    }
    if (out)
        view_put_group(out, l->view.labels, members, count);
    else
        json_object_set_new(*object, "group",
                            view_group_json(&group, members, count));
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

/* What who looks may do to it from here. */
static enum xg_status set_moves(struct look *l, json_t **object,
                                struct xg_error *err)
{
    const char *who = cmd_option(l->c, "as");
    struct xg_judgement actor;
    struct view_move *moves;
    const char *no_right;
    size_t count;

    if (!who)
        return XG_OK;
    if (desk_person(&actor, l->c->data, who, err) != XG_OK ||
        desk_moves(&moves, &count, &no_right, &l->arena, l->fold, &l->registry,
                   &actor, l->view.labels, err) != XG_OK)
        return err->status;
    view_json_set(object, "moves", view_moves_json(moves, count));
    view_json_set(object, "no_right",
                  no_right ? json_string(no_right) : json_null());
    return XG_OK;
}

static enum xg_status tell_more(void *ctx, struct xg_buf *out, json_t **object,
                                const struct xg_id *id, bool in_full,
                                struct xg_error *err)
{
    struct look *l = ctx;

    if (object && !in_full)
        look_set_listed(l, object);
    if (l->row && !l->row->folded) {
        tell_unfolded(l->row, out, object);
        return XG_OK;
    }
    if (in_full && object && l->row)
        view_json_set(object, "changed", view_json_uint(l->row->changed));
    if (in_full && object && look_set_proof(l, object, err) != XG_OK)
        return err->status;
    if (l->row && in_full && object && l->row->kind == XG_KIND_NOTICE)
        return look_set_unread(l, object, err);
    if (!l->row || !l->row->status)
        return XG_OK; /* outside the loop */
    if (!in_full)
        return clock_chip(l, out, object, err);
    if (put_clocks(l, out, object, err) != XG_OK ||
        (object && (set_moves(l, object, err) != XG_OK ||
                    look_set_beside(l, object, err) != XG_OK)))
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
    bool found = false, sees = false;

    if (id_bytes.len != XG_ID_SIZE)
        return;
    memcpy(id.b, id_bytes.at, XG_ID_SIZE);
    if (l->store->ops->find_entity(l->store, &l->arena, &e, &found, &id,
                                   &ignored) != XG_OK ||
        !found || !e.folded ||
        sight_entity(&sees, &l->sight, &e, &ignored) != XG_OK || !sees ||
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
    else if (view_is_named(field) && look_guide(l, &ignored) == XG_OK)
        view_put_name(out, l->guide, field, value->bytes,
                      xg_day_of(l->now_ms, XG_ZONE_CHINA_MIN));
}

static const struct xg_template *tell_form(void *ctx,
                                           const struct xg_state *state)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_template *t = NULL;
    struct look *l = ctx;

    if (!l->store || look_guide(l, &ignored) != XG_OK ||
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

    if (look_guide(l, &ignored) != XG_OK ||
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
    l->sight = (struct sight){c->within, c->role, l->store, l->registry};
    l->view.labels = find_labels(l);
    return XG_OK;
}

void look_close(struct look *l)
{
    if (l->guide_lent)
        guides_give(l->c->data->guides, l->guide_lent);
    l->guide_lent = NULL;
    l->guide = NULL;
    look_give_back(l);
    access_clear(&l->shown);
    xg_arena_clear(&l->arena);
}

void look_give_back(struct look *l)
{
    if (l->store)
        data_return(l->c->data, l->store);
    l->store = l->sight.store = NULL;
}

enum xg_status look_person(struct look *l, struct xg_statement *who,
                           bool *known, struct xg_error *err)
{
    const char *code = cmd_option(l->c, "as");
    uint64_t position;

    *known = false;
    if (!code)
        return XG_OK;
    if (l->registry.find(l->registry.ctx, XG_SAYS_WORKER, code, UINT64_MAX,
                         who, &position, known, err) != XG_OK)
        return err->status;
    if (*known)
        return XG_OK;
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有工号为 %s 的人员，见 worker list",
                        "nobody has the code %s: see worker list"),
                   code);
}
