/* views.c - where the views of shared/view look things up on a device; what a
 * person typed, resolved.
 */
#include "agent/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "shared/core/loop.h"
#include "shared/view/json.h"
#include "shared/view/names.h"
#include "shared/view/template.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { STATE_MAX = 64 << 20 };

static enum view_delivery delivery_of(enum store_delivery d)
{
    switch (d) {
    case STORE_DRAFT:
        return VIEW_DRAFT;
    case STORE_WAITING:
        return VIEW_WAITING;
    case STORE_SEALED:
        return VIEW_SEALED;
    case STORE_SENT:
        return VIEW_SENT;
    case STORE_RECEIVED:
        return VIEW_RECEIVED;
    case STORE_DELIVERIES:
        break;
    }
    return VIEW_WAITING;
}

/* ---- the view context ---- */

static enum xg_status look_up_entity(void *ctx, struct view_entity *out,
                                     const struct xg_id *id,
                                     struct xg_error *err)
{
    const struct cli_view *view = ctx;
    struct store_entity e;

    if (view->entity && xg_id_equal(&view->entity->id, id))
        e = *view->entity;
    else if (store_load_entity(view->cli->home.store, &e, NULL, id, err) !=
             XG_OK)
        return err->status;
    memcpy(out->number, e.number, sizeof out->number);
    out->delivery = delivery_of(e.delivery);
    out->out = e.out;
    out->created_ms = e.first_ms;
    return XG_OK;
}

/* Outside what is possible: before this version was made, later than the
 * server's time at which it was in the log already, or outside the bounds that
 * the log gives it. */
static bool clock_doubt(const struct cli_view *view,
                        const struct fold_fact *fact, const struct xg_record *r,
                        const struct view_about *about)
{
    if (r->malformed)
        return false;
    return view_clock_doubt(r->head.moment.wall_ms,
                            fact->logged ? view->server_ms : 0) ||
           view_clock_outside(about, r->head.moment.wall_ms);
}

static enum xg_status look_up_about(void *ctx, struct view_about *out,
                                    const struct xg_op *op,
                                    struct xg_error *err)
{
    const struct cli_view *view = ctx;
    const struct fold_fact *fact = &view->fold->facts[op - view->fold->ops];
    struct store_batch batch;
    bool sealed = false;

    memcpy(out->author, fact->judged.author, sizeof out->author);
    out->role = fact->judged.role;
    out->grade = fact->judged.grade;
    size_t len = strlen(fact->device);
    if (len < sizeof out->device)
        memcpy(out->device, fact->device, len + 1);
    out->logged = fact->logged;
    out->entry = fact->position;
    const struct xg_when *when = &view->fold->whens[op - view->fold->ops];
    out->has_not_before = when->low_ms != XG_NO_TIME;
    out->not_before_ms = when->low_ms;
    out->has_not_after = when->high_ms != XG_NO_TIME;
    out->not_after_ms = when->high_ms;
    out->clock_doubt = clock_doubt(view, fact, op->record, out);
    out->delivery = VIEW_RECEIVED;
    if (!fact->mine)
        return XG_OK;
    if (store_receipt_of(view->cli->home.store, &batch, NULL, NULL, &sealed,
                         &op->record->hash, err) != XG_OK)
        return err->status;
    if (sealed)
        out->delivery = delivery_of(batch.delivery);
    else if (!fact->logged)
        out->delivery = VIEW_WAITING;
    out->verified = sealed && batch.delivery == STORE_RECEIVED;
    out->kept_apart = sealed && batch.state == XG_BATCH_QUARANTINED;
    return XG_OK;
}

/* Whether the server has it is what the log proved, not what was sent. */
static enum xg_status look_up_photo(void *ctx, enum view_place *out,
                                    const struct xg_hash *sha256,
                                    struct xg_error *err)
{
    const struct cli_view *view = ctx;
    bool known, is_here = photo_has(&view->shelf, sha256);
    struct store_photo photo;

    if (store_get_photo(view->cli->home.store, &photo, &known, sha256, err) !=
        XG_OK)
        return err->status;
    bool gone = false;
    if (!is_here && store_is_photo_gone(view->cli->home.store, &gone, sha256,
                                        err) != XG_OK)
        return err->status;
    if (gone)
        *out = VIEW_PHOTO_ERASED;
    else if (known && photo.proven)
        *out = is_here ? VIEW_PHOTO_SERVER : VIEW_PHOTO_LET_GO;
    else
        *out = is_here ? VIEW_PHOTO_ONLY_HERE : VIEW_PHOTO_NOT_HERE;
    return XG_OK;
}

static void tell_unfolded(const struct store_entity *e, struct xg_buf *text,
                          json_t **json)
{
    if (text)
        xg_buf_format(text,
                      XG_T("太大，本机无法汇总（%llu 条记录，都在）",
                           "too large to be folded here (%llu records, all "
                           "kept)"),
                      (unsigned long long)e->records);
    if (json)
        view_json_set(json, "folded", json_false());
}

static enum xg_status look_up_more(void *ctx, struct xg_buf *out,
                                   json_t **object, const struct xg_id *id,
                                   bool in_full, struct xg_error *err)
{
    struct cli_view *view = ctx;
    struct store_entity e;

    if (view->entity && xg_id_equal(&view->entity->id, id))
        e = *view->entity;
    else if (store_load_entity(view->cli->home.store, &e, NULL, id, err) !=
             XG_OK)
        return err->status;
    if (!e.folded) {
        tell_unfolded(&e, out, object);
        return XG_OK;
    }
    if (in_full && cli_put_group(view->cli, out, object, id, err) != XG_OK)
        return err->status;
    if (in_full && object && e.status &&
        cli_set_moves(view->cli, object, id, cli_flag(view->cli, "as"), err) !=
            XG_OK)
        return err->status;
    /* Of what is settled, a list tells no deadline; but who told of it. */
    bool ended = e.status == 0 || (!in_full && xg_status_final(e.status));
    if (ended && (in_full || !object))
        return XG_OK;
    return cli_put_clocks(view->cli, out, object, id, in_full, err);
}

/* "0417-00123-7 王大爷"; nothing for what is not here. */
static void put_reference(struct xg_buf *out, struct cli *cli,
                          struct xg_bytes id_bytes)
{
    struct xg_buf state = XG_BUF(STATE_MAX);
    struct xg_error ignored = XG_ERROR_NONE;
    struct store_entity e;
    struct xg_brief brief;
    struct xg_id id;

    if (id_bytes.len != XG_ID_SIZE)
        return;
    memcpy(id.b, id_bytes.at, XG_ID_SIZE);
    if (store_load_entity(cli->home.store, &e, &state, &id, &ignored) ==
            XG_OK &&
        xg_brief_read(&brief, xg_buf_bytes(&state), &ignored) == XG_OK) {
        cli_put_number(out, &e);
        xg_buf_byte(out, ' ');
        view_put_title(out, &brief);
    }
    xg_buf_clear(&state);
}

static void look_up_name(void *ctx, struct xg_buf *out,
                         const struct xg_field *field,
                         const struct xg_cbor_item *value)
{
    const struct cli_view *view = ctx;
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_guide *g = NULL;

    if (field->type == XG_TYPE_ENTITY)
        put_reference(out, view->cli, value->bytes);
    else if (view_is_named(field) &&
             cli_guide(view->cli, &g, &ignored) == XG_OK)
        view_put_name(out, g, field, value->bytes, cli_today(view->cli));
}

static const struct xg_template *look_up_form(void *ctx,
                                              const struct xg_state *state)
{
    const struct cli_view *view = ctx;
    const struct xg_template *t = NULL;
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_guide *g;

    if (cli_guide(view->cli, &g, &ignored) != XG_OK ||
        view_template_of(g, &t, state, &ignored) != XG_OK)
        return NULL;
    return t;
}

enum xg_status cli_view_init(struct cli_view *view, struct cli *cli,
                             struct xg_error *err)
{
    uint64_t server_ms;

    if (store_get_meta_u64(cli->home.store, &server_ms, SYNC_META_SERVER,
                           err) != XG_OK)
        return err->status;
    *view = (struct cli_view){
        .context = {.ctx = view,
                    .entity = look_up_entity,
                    .about = look_up_about,
                    .photo = look_up_photo,
                    .more = look_up_more,
                    .labels = cli_labels(cli),
                    .name = look_up_name,
                    .form = look_up_form,
                    .json = cli->json},
        .cli = cli,
        .shelf = {.home = cli->home.path, .vault = cli->home.vault},
        .server_ms = (int64_t)server_ms,
    };
    return XG_OK;
}

/* ---- ids ---- */

struct gathering {
    struct cli_ids *ids;
    bool failed;
};

static bool gather(void *ctx, const struct store_entity *e,
                   struct xg_bytes state)
{
    struct gathering *g = ctx;
    struct cli_ids *ids = g->ids;

    (void)state;
    if (ids->count == ids->room) {
        size_t room = ids->room ? 2 * ids->room : 64;
        struct xg_id *list = realloc(ids->list, room * sizeof *list);
        g->failed = !list;
        if (!list)
            return false;
        ids->list = list;
        ids->room = room;
    }
    ids->list[ids->count++] = e->id;
    return true;
}

enum xg_status cli_ids_of(struct cli_ids *ids, struct cli *cli,
                          const struct store_filter *filter,
                          struct xg_error *err)
{
    struct gathering g = {ids, false};

    if (store_list(cli->home.store, filter, false, gather, &g, err) != XG_OK)
        return err->status;
    return g.failed ? xg_fail_nomem(err) : XG_OK;
}

void cli_ids_clear(struct cli_ids *ids)
{
    free(ids->list);
    *ids = (struct cli_ids){0};
}

/* ---- resolving ---- */

static enum xg_status resolve_entity(void *ctx, struct xg_id *id,
                                     const char *text, struct xg_error *err)
{
    const struct cli_resolver *r = ctx;

    return store_find_entity(r->cli->home.store, id, text, err);
}

static enum xg_status load_fold(struct cli_resolver *r, struct xg_error *err)
{
    if (!r->loaded && r->has_id &&
        fold_load(r->cli->home.store, &r->fold, &r->arena, &r->id, err) !=
            XG_OK)
        return err->status;
    r->loaded = true;
    return XG_OK;
}

static enum xg_status resolve_record(void *ctx, struct xg_hash *hash,
                                     const char *prefix, struct xg_error *err)
{
    struct cli_resolver *r = ctx;
    char hex[2 * XG_HASH_SIZE + 1];
    size_t len = strlen(prefix), found = 0;

    if (load_fold(r, err) != XG_OK)
        return err->status;
    for (size_t i = 0; len > 0 && i < r->fold.state.count; i++) {
        const struct xg_hash *one = &r->fold.ops[i].record->hash;
        xg_hex(hex, one->b, XG_HASH_SIZE);
        if (strncmp(hex, prefix, len) == 0) {
            *hash = *one;
            found++;
        }
    }
    if (found == 1)
        return XG_OK;
    if (found == 0)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有记录码以 %s 开头的记录；见 xunge history",
                            "it has no record whose hash begins with %s; see "
                            "xunge history"),
                       prefix);
    return xg_fail(err, XG_AMBIGUOUS,
                   XG_T("有 %zu 条记录的记录码以 %s 开头，请多写几位",
                        "%zu records have a hash that begins with %s; give "
                        "more digits"),
                   found, prefix);
}

static void resolve_code(void *ctx, struct xg_buf *out,
                         const struct xg_field *field, const char *text)
{
    const struct cli_resolver *r = ctx;
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_guide *g = NULL;

    if (view_is_named(field) && cli_guide(r->cli, &g, &ignored) == XG_OK)
        view_put_code(out, g, field, text);
}

void cli_resolver_init(struct cli_resolver *r, struct cli *cli,
                       const struct xg_id *id)
{
    *r = (struct cli_resolver){.resolver = {.ctx = r,
                                            .entity = resolve_entity,
                                            .record = resolve_record,
                                            .code = resolve_code},
                               .cli = cli,
                               .arena = XG_ARENA(256 << 20)};
    if (id) {
        r->has_id = true;
        r->id = *id;
    }
}

void cli_resolver_clear(struct cli_resolver *r)
{
    xg_arena_clear(&r->arena);
}
