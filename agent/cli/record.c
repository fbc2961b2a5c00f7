/* record.c - from words and flags to a saved record; see cli.h.
 *
 * Order: everything that a person may have mistyped is judged first, then
 * photos are kept, then one transaction. So a usage error changes nothing.
 */
#include "agent/cli/cli.h"
#include "agent/store/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/photo/loose.h"
#include "shared/base/os.h"
#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/view/doubt.h"
#include "shared/view/photo.h"
#include "shared/view/value.h"

enum { ACT_ARENA_MAX = 8 << 20, SHORT_ID = 12 };

void cli_act_init(struct cli_act *act, struct cli *cli,
                  const struct xg_kind *kind, const struct xg_id *id)
{
    *act = (struct cli_act){.arena = XG_ARENA(ACT_ARENA_MAX)};
    xg_draft_init(&act->draft, &act->arena, kind->number);
    act->draft.head.creates = id == NULL;
    cli_resolver_init(&act->resolver, cli, id);
    act->photos = json_array();
}

void cli_act_clear(struct cli_act *act)
{
    json_decref(act->photos);
    cli_resolver_clear(&act->resolver);
    xg_arena_clear(&act->arena);
}

enum xg_status cli_act_fields(struct cli_act *act, struct cli *cli,
                              size_t first, struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(act->draft.head.kind);

    for (size_t i = first; i < cli->word_count; i++)
        if (view_form_set(&act->draft, kind, cli->words[i],
                          &act->resolver.resolver, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- photos ---- */

/* "-", or "-:near". */
static bool is_input(const char *given)
{
    return given[0] == '-' && (given[1] == '\0' || given[1] == ':');
}

enum xg_status cli_photo_read(struct cli_photo *out, struct cli *cli,
                              struct xg_arena *arena, const char *given,
                              struct xg_error *err)
{
    struct cli_photo photo = {
        .path = given,
        .origin = cli_flag(cli, "forwarded") ? VIEW_ORIGIN_FORWARDED
                                             : VIEW_ORIGIN_HERE};
    const char *colon = strrchr(given, ':'), *words = NULL;
    const char *role = cli_flag(cli, "role");

    if (is_input(given)) {
        photo.path = "-";
        words = given[1] ? given + 2 : NULL;
    } else if (!xg_os_exists(given)) {
        if (colon)
            photo.path = xg_arena_str(arena, given, (size_t)(colon - given));
        if (!photo.path)
            return xg_fail_nomem(err);
        if (!colon || !xg_os_exists(photo.path))
            return xg_fail(err, XG_NOTFOUND,
                           XG_T("没有照片文件 %s", "there is no photo file %s"),
                           photo.path);
        words = colon + 1;
    }
    if (words && view_photo_words(&photo.role, &photo.origin, photo.path, words,
                                  err) != XG_OK)
        return err->status;
    if (photo.role == 0 && role &&
        view_photo_words(&photo.role, &photo.origin, photo.path, role, err) !=
            XG_OK)
        return err->status;
    *out = photo;
    return XG_OK;
}

enum xg_status cli_one_input(size_t inputs, struct xg_error *err)
{
    if (inputs < 2)
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("标准输入只能给一张照片（-）",
                        "standard input is one photo (-), not several"));
}

enum xg_status cli_photo_gone(const struct xg_hash *sha256,
                              struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    return xg_fail(err, XG_BUSY,
                   XG_T("照片 %.12s 不在本机了，什么也没保存：请再添加一次这张"
                        "照片",
                        "photo %.12s is not on this device any more, and "
                        "nothing was saved: add the photo again"),
                   hex);
}

static const struct xg_field *photo_field(void)
{
    return xg_field_find(xg_kind_find(XG_KIND_INCIDENT), XG_FIELD_PHOTO);
}

static json_t *photo_json(const struct xg_photo *kept)
{
    return json_pack("{s:o, s:I, s:s, s:b, s:b, s:I}", "sha256",
                     cli_json_hex(kept->sha256.b, XG_HASH_SIZE), "bytes",
                     (json_int_t)kept->length, "type",
                     xg_photo_type_mime(kept->type), "new", kept->is_new,
                     "exif", kept->exif.state == XG_PHOTO_EXIF_READ,
                     "thumbnail_bytes", (json_int_t)kept->thumbnail_length);
}

/* How much is to come on standard input, where it was told: --bytes. */
static enum xg_status told_length(int64_t *bytes, struct cli *cli,
                                  struct xg_error *err)
{
    const char *given = cli_flag(cli, "bytes");

    *bytes = -1;
    return given ? cli_number(bytes, given, "--bytes", 0, INT64_MAX / 2, err)
                 : XG_OK;
}

enum xg_status cli_keep_photo(struct xg_photo *out, struct cli *cli,
                              const struct cli_photo *photo,
                              struct xg_error *err)
{
    char exif[HOME_PATH_SIZE], thumb[HOME_PATH_SIZE];
    const struct photo_shelf shelf = {
        .home = cli->home.path,
        .vault = cli->home.vault,
        .exif_program = cli_helper(exif, "xunge-exif"),
        .thumb_program = cli_helper(thumb, "xunge-thumb"),
        .intend = photo_intend,
        .intend_ctx = cli->home.store};
    bool input = strcmp(photo->path, "-") == 0;
    int64_t bytes;

    if (input && told_length(&bytes, cli, err) != XG_OK)
        return err->status;
    if (input)
        return photo_keep_stream(&shelf, out, STDIN_FILENO, bytes, err);
    return photo_keep(&shelf, out, photo->path, err);
}

enum xg_status cli_act_photo(struct cli_act *act, struct cli *cli,
                             const struct cli_photo *photo,
                             struct xg_error *err)
{
    struct xg_photo kept;
    bool placed = false;

    if (cli_keep_photo(&kept, cli, photo, err) != XG_OK)
        return err->status;
    if (kept.exif.state == XG_PHOTO_EXIF_UNREADABLE)
        cli_say(cli,
                XG_T("照片 %s 的 EXIF 读不出来；照片本身已保存。",
                     "The EXIF of %s cannot be read; the photo itself "
                     "is kept."),
                photo->path);
    if (!kept.is_new)
        cli_say(cli,
                XG_T("照片 %s 本机已有，只存一份。",
                     "Photo %s is on this device already and is stored once."),
                photo->path);
    if (capture_photo(&act->draft, &placed, &kept, photo->role, photo->origin,
                      err) != XG_OK)
        return err->status;
    act->placed |= placed;
    act->photo_count++;
    json_array_append_new(act->photos, photo_json(&kept));
    return XG_OK;
}

/* Those of the draft that is being finished: on the shelf already. */
static enum xg_status attach_kept(struct cli_act *act, struct cli *cli,
                                  struct xg_error *err)
{
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;

    while (cli->kept && kept_next_photo(cli->kept->draft, &at, &photo)) {
        bool placed = false;
        if (view_photo_attach(&act->draft, &placed, &photo, err) != XG_OK)
            return err->status;
        act->placed |= placed;
        act->photo_count++;
        json_array_append_new(act->photos, view_value_json(photo_field(),
                                                           &photo));
    }
    return XG_OK;
}

/* All names and roles, before the first is kept. */
static enum xg_status read_photos(struct cli_act *act, struct cli *cli,
                                  struct xg_error *err)
{
    struct cli_photo photo;
    const char *given;
    size_t at = 0, inputs = 0;

    while ((given = cli_flag_next(cli, "photo", &at)) != NULL) {
        if (cli_photo_read(&photo, cli, &act->arena, given, err) != XG_OK)
            return err->status;
        inputs += is_input(given);
    }
    return cli_one_input(inputs, err);
}

enum xg_status cli_act_photos(struct cli_act *act, struct cli *cli,
                              struct xg_error *err)
{
    struct cli_photo photo;
    const char *given;
    size_t at = 0;

    if (read_photos(act, cli, err) != XG_OK ||
        attach_kept(act, cli, err) != XG_OK)
        return err->status;
    while ((given = cli_flag_next(cli, "photo", &at)) != NULL)
        if (cli_photo_read(&photo, cli, &act->arena, given, err) != XG_OK ||
            cli_act_photo(act, cli, &photo, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status cli_act_photo_roles(struct cli_act *act, struct cli *cli,
                                   struct xg_error *err)
{
    const struct xg_photo stand_in = {.length = 1};
    struct kept_photos kept = {.begun = false};
    struct xg_cbor_item element;
    struct cli_photo photo;
    const char *given;
    size_t at = 0;

    while (cli->kept && kept_next_photo(cli->kept->draft, &kept, &element))
        if (view_photo_attach(&act->draft, NULL, &element, err) != XG_OK)
            return err->status;
    while ((given = cli_flag_next(cli, "photo", &at)) != NULL)
        if (cli_photo_read(&photo, cli, &act->arena, given, err) != XG_OK ||
            capture_photo(&act->draft, NULL, &stand_in, photo.role,
                          photo.origin, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status cli_act_why(struct cli_act *act, struct cli *cli,
                           struct xg_error *err)
{
    const char *why = cli_flag(cli, "why");

    if (!why)
        return XG_OK;
    if (!*why)
        return xg_fail(err, XG_USAGE,
                       XG_T("--why 后面要写理由", "--why needs a reason"));
    if (xg_draft_get(&act->draft, XG_FIELD_WHY).len > 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("why= 与 --why 只能给一个",
                            "give one of why= and --why"));
    return capture_set_text(&act->draft, XG_FIELD_WHY, why, err);
}

/* ---- saving ---- */

enum xg_status cli_may_record(struct cli *cli, struct xg_error *err)
{
    struct store_chain chain;
    struct xg_error notice = XG_ERROR_NONE;
    enum sync_new_chain why = SYNC_CHAIN_KEPT;

    if (store_current_chain(cli->home.store, &chain, err) != XG_OK)
        return err->status;
    /* Recording does not depend on it: syncing looks again. */
    if (sync_notice_restore(&why, &cli->home, &notice) == XG_OK &&
        why != SYNC_CHAIN_KEPT)
        cli_say(cli, "%s",
                XG_T("注意：本机数据是恢复的旧副本；从现在起记入新链，"
                     "同步后会取回缺少的记录。",
                     "Mind: the data here is an older copy. From now on it "
                     "goes into a new chain; syncing fetches what is "
                     "missing."));
    return XG_OK;
}

static json_t *number_json(const char *number)
{
    return *number ? json_string(number) : json_null();
}

static enum xg_status answer_json(struct cli *cli, const struct cli_act *act,
                                  const struct captured *c,
                                  const struct xg_id *contact,
                                  uint64_t conflicts, struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(act->draft.head.kind);
    json_t *object = json_pack(
        "{s:b, s:s, s:o, s:o, s:o, s:s, s:O, s:I}", "saved", 1, "kind",
        kind ? kind->name : "", "number", number_json(c->number), "id",
        cli_json_hex(c->id.b, XG_ID_SIZE), "record",
        cli_json_hex(c->record.b, XG_HASH_SIZE), "delivery",
        view_delivery_name(VIEW_WAITING), "photos", act->photos, "conflicts",
        (json_int_t)conflicts);

    if (act->status) {
        const struct xg_choice *at = xg_choice_find(xg_statuses, act->status);
        json_object_set_new(object, "status",
                            at ? json_string(at->name) : json_null());
    }
    if (act->missing)
        json_object_set_new(object, "missing", view_needs_json(act->missing));
    if (act->draft.head.creates &&
        act->draft.head.kind == XG_KIND_INCIDENT && object)
        cli_say_near(cli, &c->id, object);
    if (act->opens)
        json_object_set_new(object, "incident",
                            cli_json_hex(act->opened.b, XG_ID_SIZE));
    if (contact)
        json_object_set_new(object, "contact",
                            cli_json_hex(contact->b, XG_ID_SIZE));
    return cli_put_json(cli, object, err);
}

/* What is recorded for another worker may lack the right to count: say so at
 * once, not when it is found struck out. Only where --as was given, so that
 * nobody else's save waits for it. */
static void say_without_right(struct cli *cli, const struct captured *c)
{
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct xg_error ignored = XG_ERROR_NONE;
    struct fold fold;

    if (!cli_flag(cli, "as"))
        return;
    if (fold_load(cli->home.store, &fold, &arena, &c->id, &ignored) == XG_OK)
        for (uint32_t op = 0; op < fold.state.count; op++)
            if (fold.state.effects[op] == XG_EFFECT_NO_RIGHT &&
                xg_hash_equal(&fold.ops[op].record->hash, &c->record))
                cli_say(cli,
                        XG_T("已保存，但管理员还没准 %s 用这台设备，暂不算数；请"
                             "联系管理员开通（xunge-server device allow）。",
                             "Saved, but the administrator has not let %s "
                             "record here, so it has no effect yet; ask the "
                             "administrator (xunge-server device allow)."),
                        cli_flag(cli, "as"));
    xg_arena_clear(&arena);
}

/* One line for each photo of the record that does not fit what it is about. */
static bool put_photo_doubts(struct xg_buf *out, const struct fold *fold,
                             const struct captured *c)
{
    const struct xg_set *photos = xg_state_set(&fold->state, XG_FIELD_PHOTO);
    bool any = false;

    for (size_t i = 0; photos && i < photos->count; i++) {
        const struct xg_element *photo = &photos->elements[i];
        const struct xg_record *r = fold->ops[photo->op].record;
        const struct view_about about = {
            .clock_doubt = view_clock_doubt(r->head.moment.wall_ms, 0)};
        if (photo->removed || !xg_hash_equal(&r->hash, &c->record))
            continue;
        struct view_doubts doubts = view_doubts_of(&fold->state, photo, &about);
        if (!view_doubts_any(&doubts))
            continue;
        xg_buf_format(out, XG_T("照片 %u ", "photo %u: "),
                      (unsigned)photo->index + 1);
        view_doubts_put(out, &doubts);
        xg_buf_byte(out, '\n');
        any = true;
    }
    return any;
}

/* While the worker still stands there: at home nobody knows any more why. */
static void say_photo_doubts(struct cli *cli, const struct cli_act *act,
                             const struct captured *c, const char *short_id)
{
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct xg_buf lines = XG_BUF(16 << 10);
    struct xg_error ignored = XG_ERROR_NONE;
    struct fold fold;

    if (act->photo_count > 0 &&
        fold_load(cli->home.store, &fold, &arena, &c->id, &ignored) == XG_OK &&
        put_photo_doubts(&lines, &fold, c))
        cli_say(cli,
                XG_T("%s照样保存了；有缘由就说明：xunge note %s \"…\"",
                     "%sIt is saved all the same; if there is a reason: xunge "
                     "note %s \"…\""),
                xg_buf_str(&lines), *c->number ? c->number : short_id);
    xg_buf_clear(&lines);
    xg_arena_clear(&arena);
}

static void say_opened(struct cli *cli, const struct cli_act *act)
{
    struct xg_buf number = XG_BUF(128);
    struct xg_error ignored = XG_ERROR_NONE;
    struct store_entity e;

    if (act->opens && store_load_entity(cli->home.store, &e, NULL,
                                        &act->opened, &ignored) == XG_OK) {
        cli_put_number(&number, &e);
        cli_say(cli, XG_T("同时报了事件 %s。", "It opened incident %s."),
                xg_buf_str(&number));
    }
    xg_buf_clear(&number);
}

/* "已保存 0417-00123-7  a3f0c2d49b11  事件  待传" */
static enum xg_status answer(struct cli *cli, const struct cli_act *act,
                             const struct captured *c,
                             const struct xg_id *contact, uint64_t conflicts,
                             struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(act->draft.head.kind);
    char id[2 * XG_ID_SIZE + 1];

    if (cli->json)
        return answer_json(cli, act, c, contact, conflicts, err);
    xg_hex(id, c->id.b, XG_ID_SIZE);
    xg_buf_format(&cli->out,
                  XG_T("已保存 %s%s%.*s  %s  %s", "saved %s%s%.*s  %s  %s"),
                  c->number, *c->number ? "  " : "", SHORT_ID, id,
                  kind ? xg_label(kind->zh, kind->en) : "",
                  view_delivery_label(VIEW_WAITING));
    if (act->photo_count > 0)
        xg_buf_format(
            &cli->out,
            XG_T("  照片 %zu 张，仅在本机", "  photos %zu, only here"),
            act->photo_count);
    xg_buf_text(&cli->out, "\n");
    if (act->draft.head.move) {
        xg_buf_text(&cli->out, XG_T("现在 ", "now "));
        xg_buf_text(&cli->out, xg_labels_of(cli_labels(cli), XG_LABEL_STATUS,
                                            act->status));
        xg_buf_text(&cli->out, "\n");
        view_put_remarks(&cli->out, act->missing);
    }
    if (act->placed)
        cli_say(
            cli, "%s",
            XG_T("位置取自照片。", "The position was taken from the photo."));
    say_opened(cli, act);
    say_without_right(cli, c);
    id[SHORT_ID] = '\0';
    say_photo_doubts(cli, act, c, id);
    if (act->draft.head.creates && act->draft.head.kind == XG_KIND_INCIDENT)
        cli_say_near(cli, &c->id, NULL);
    if (conflicts > 0)
        cli_say(cli,
                XG_T("还有 %llu 处冲突待决定：xunge conflicts %.*s",
                     "%llu conflicts are left to decide: xunge conflicts "
                     "%.*s"),
                (unsigned long long)conflicts, SHORT_ID, id);
    return xg_buf_check(&cli->out, err);
}

/* ---- who told of it ---- */

static void told_of(const char *told[VIEW_TOLDS], const struct cli *cli)
{
    for (size_t i = 0; i < VIEW_TOLDS; i++)
        told[i] = cli_flag(cli, view_told_options[i]);
}

/* The contact of --contact, written before what refers to it. [t] */
static enum xg_status add_contact(struct cli_act *act, struct cli *cli,
                                  const char *author, struct xg_id *id,
                                  struct xg_error *err)
{
    struct captured contact;

    if (capture_append(cli->home.store, &contact, NULL, act->contact, author,
                       err) != XG_OK)
        return err->status;
    *id = contact.id;
    return capture_set_entity(&act->draft, XG_INCIDENT_CONTACT, id, err);
}

static enum xg_status take_contact(struct cli_act *act, struct cli *cli,
                                   struct xg_error *err)
{
    const char *told[VIEW_TOLDS];
    struct xg_draft *contact = xg_arena_alloc(&act->arena, sizeof *contact);
    bool any;

    if (!contact)
        return xg_fail_nomem(err);
    told_of(told, cli);
    xg_draft_init(contact, &act->arena, XG_KIND_CONTACT);
    if (view_contact_take(contact, &any, &act->draft, told, err) != XG_OK)
        return err->status;
    act->contact = any ? contact : NULL;
    return XG_OK;
}

/* The incident that an abnormal visit opens; each then names the other. [t] */
static enum xg_status append_opened(struct cli_act *act, struct cli *cli,
                                    const char *author,
                                    const struct captured *visit,
                                    struct xg_error *err)
{
    struct store *s = cli->home.store;
    const struct xg_kind *kind = xg_kind_find(XG_KIND_VISIT);
    const struct xg_kind *incident = xg_kind_find(XG_KIND_INCIDENT);
    struct captured opened, ignored;
    struct xg_draft back;

    if (capture_set_entity(act->opens,
                           xg_field_named(incident, "visit")->number,
                           &visit->id, err) != XG_OK ||
        capture_append(s, &opened, NULL, act->opens, author, err) != XG_OK)
        return err->status;
    xg_draft_init(&back, &act->arena, XG_KIND_VISIT);
    if (capture_set_entity(&back, xg_field_named(kind, "incident")->number,
                           &opened.id, err) != XG_OK)
        return err->status;
    act->opened = opened.id;
    return capture_append(s, &ignored, &visit->id, &back, author, err);
}

/* A photo that was kept for this act may have been swept meanwhile by another
 * program, which knew nothing of it (photo_sweep()): inside the transaction
 * that names it, none is. */
static enum xg_status photos_lie_here(const struct cli_act *act,
                                      const struct cli *cli,
                                      struct xg_error *err)
{
    const struct photo_shelf shelf = {.home = cli->home.path,
                                      .vault = cli->home.vault};
    struct kept_draft d = {.values = act->draft};
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;

    while (kept_next_photo(&d, &at, &photo)) {
        struct xg_hash hash = kept_photo_hash(&photo);
        if (!photo_has(&shelf, &hash))
            return cli_photo_gone(&hash, err);
    }
    return XG_OK;
}

static enum xg_status append_all(struct cli_act *act, struct cli *cli,
                                 const char *author, struct captured *out,
                                 struct xg_id *contact,
                                 struct xg_error *err)
{
    struct store *s = cli->home.store;

    if (photos_lie_here(act, cli, err) != XG_OK ||
        (act->contact &&
         add_contact(act, cli, author, contact, err) != XG_OK))
        return err->status;
    if (capture_append(s, out, NULL, &act->draft, author, err) != XG_OK)
        return err->status;
    if (act->opens && append_opened(act, cli, author, out, err) != XG_OK)
        return err->status;
    return cli_drop_kept(cli, err);
}

enum xg_status cli_act_create(struct cli_act *act, struct cli *cli,
                              const char *author, struct xg_error *err)
{
    struct store *s = cli->home.store;
    const struct xg_kind *kind = xg_kind_find(act->draft.head.kind);
    struct xg_error ignored = XG_ERROR_NONE;
    struct captured c;
    struct xg_id contact;

    if (take_contact(act, cli, err) != XG_OK ||
        view_form_complete(&act->draft, kind, err) != XG_OK ||
        cli_may_record(cli, err) != XG_OK ||
        store_ready_author(s, author, err) != XG_OK ||
        cli_act_photos(act, cli, err) != XG_OK || store_begin(s, err) != XG_OK)
        return err->status;
    if (append_all(act, cli, author, &c, &contact, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    if (store_commit(s, err) != XG_OK)
        return err->status;
    cli->saved = true;
    xg_ignore(capture_number(s, &c, &ignored));
    return answer(cli, act, &c, act->contact ? &contact : NULL, 0, err);
}

/* Did what was just written take effect? [t] */
static enum xg_status took_effect(struct cli *cli, const struct captured *c,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(256 << 20);
    struct fold fold;
    enum xg_status status = store_refresh(cli->home.store, err);

    if (status == XG_OK)
        status = fold_load(cli->home.store, &fold, &arena, &c->id, err);
    for (uint32_t op = 0; status == XG_OK && op < fold.state.count; op++) {
        enum xg_effect effect = fold.state.effects[op];
        if (!xg_hash_equal(&fold.ops[op].record->hash, &c->record) ||
            effect == XG_EFFECT_FULL || effect == XG_EFFECT_PENDING)
            continue;
        status = view_no_effect(&fold.state, op, cli_labels(cli), err);
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cli_act_append(struct cli_act *act, struct cli *cli,
                              struct captured *out, const struct xg_id *id,
                              enum cli_saving saving, struct xg_error *err)
{
    if (capture_append(cli->home.store, out, id, &act->draft,
                       cli_flag(cli, "as"), err) != XG_OK)
        return err->status;
    return saving == CLI_DECIDES ? took_effect(cli, out, err) : XG_OK;
}

enum xg_status cli_act_change(struct cli_act *act, struct cli *cli,
                              const struct xg_id *id, enum cli_saving saving,
                              struct xg_error *err)
{
    struct store *s = cli->home.store;
    struct xg_error ignored = XG_ERROR_NONE;
    struct store_entity e = {0};
    struct captured c;

    if (cli_may_record(cli, err) != XG_OK ||
        store_ready_author(s, cli_flag(cli, "as"), err) != XG_OK ||
        cli_act_photos(act, cli, err) != XG_OK || store_begin(s, err) != XG_OK)
        return err->status;
    if (photos_lie_here(act, cli, err) != XG_OK ||
        cli_act_append(act, cli, &c, id, saving, err) != XG_OK ||
        cli_drop_kept(cli, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    if (store_commit(s, err) != XG_OK)
        return err->status;
    cli->saved = true;
    xg_ignore(store_load_entity(s, &e, NULL, id, &ignored));
    if (saving == CLI_DECIDES && e.conflicts > 0)
        cli->decide = xg_status_exit(XG_CONFLICT);
    act->status = e.status;
    return answer(cli, act, &c, NULL, e.conflicts, err);
}
