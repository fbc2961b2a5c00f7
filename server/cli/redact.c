/* redact.c - `redact`: erase fields and photos of one entity, for good. What
 * would go is always shown; without --yes that is all. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/look.h"
#include "server/desk/redact.h"
#include "shared/base/lang.h"
#include "shared/core/erase.h"
#include "shared/view/json.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

/* The next of a list with commas; false at its end. */
static bool next_name(const char **rest, char name[static XG_CODE_MAX + 1])
{
    const char *end;
    size_t len;

    if (!*rest || !**rest)
        return false;
    end = strchr(*rest, ',');
    len = end ? (size_t)(end - *rest) : strlen(*rest);
    snprintf(name, XG_CODE_MAX + 1, "%.*s", (int)len, *rest);
    *rest = end ? end + 1 : NULL;
    return true;
}

static enum xg_status wish_fields(struct redact_wish *w, const struct cmd *c,
                                  const struct fold *fold, struct xg_error *err)
{
    const char *rest = cmd_option(c, "field");
    char name[XG_CODE_MAX + 1];

    while (next_name(&rest, name)) {
        const struct xg_field *f = xg_field_named(fold->state.kind, name);
        if (!f)
            return xg_fail(err, XG_USAGE,
                           XG_T("%s 没有字段 %s", "%s has no field %s"),
                           xg_label(fold->state.kind->zh, fold->state.kind->en),
                           name);
        if (!xg_field_erasable(f))
            return xg_fail(err, XG_USAGE,
                           XG_T("字段 %s 不能抹除：别人的权限或决定依据它",
                                "%s cannot be erased: rights or decisions of "
                                "others hang on it"),
                           name);
        if (w->field_count == REDACT_NAMES_MAX)
            return xg_fail(err, XG_USAGE, "--field");
        w->fields[w->field_count++] = f->number;
    }
    return XG_OK;
}

/* The only record of it whose hash begins so. */
static enum xg_status find_record(struct xg_hash *out, const struct fold *fold,
                                  const char *prefix, struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1];
    size_t found = 0;

    for (size_t i = 0; i < fold->count; i++) {
        xg_hex(hex, fold->rows[i].hash.b, XG_HASH_SIZE);
        if (strncmp(hex, prefix, strlen(prefix)) == 0) {
            *out = fold->rows[i].hash;
            found++;
        }
    }
    if (found == 1)
        return XG_OK;
    return xg_fail(err, found ? XG_USAGE : XG_NOTFOUND,
                   found ? XG_T("%s 不止一条记录，请多给几位",
                                "several records begin with %s: give more")
                         : XG_T("这一件没有记录 %s", "it has no record %s"),
                   prefix);
}

static enum xg_status read_wish(struct redact_wish *w, const struct cmd *c,
                                const struct fold *fold, struct xg_error *err)
{
    const char *records = cmd_option(c, "record");
    const char *photos = cmd_option(c, "photo");
    char name[XG_CODE_MAX + 1];

    *w = (struct redact_wish){.field_count = 0};
    if (wish_fields(w, c, fold, err) != XG_OK)
        return err->status;
    while (next_name(&records, name)) {
        if (w->record_count == REDACT_NAMES_MAX)
            return xg_fail(err, XG_USAGE, "--record");
        if (find_record(&w->records[w->record_count++], fold, name, err) !=
            XG_OK)
            return err->status;
    }
    while (next_name(&photos, name)) {
        if (w->photo_count == REDACT_NAMES_MAX ||
            !xg_unhex(w->photos[w->photo_count].b, XG_HASH_SIZE, name,
                      strlen(name)))
            return xg_fail(err, XG_USAGE,
                           XG_T("%s 不是照片的 SHA-256（64 位十六进制）",
                                "%s is no SHA-256 of a photo (64 hex digits)"),
                           name);
        w->photo_count++;
    }
    return XG_OK;
}

/* ---- shown ---- */

static void put_item(struct xg_buf *out, const struct fold *fold,
                     const struct redact_item *item)
{
    const struct xg_op *op = &fold->state.ops[item->op];

    xg_buf_text(out, "  ");
    xg_buf_hex(out, op->record->hash.b, 6);
    xg_buf_format(out, "  %s  ", op->author ? op->author : "");
    for (size_t i = 0; i < item->gone_count; i++) {
        const struct xg_field *f =
            xg_field_find(fold->state.kind, item->gone[i]);
        xg_buf_text(out, i ? XG_T("、", ", ") : "");
        xg_buf_text(out, f ? xg_label(f->zh, f->en) : "?");
    }
    if (!item->gone_count)
        xg_buf_text(out, XG_T("全部（无效记录）", "all (struck out)"));
    xg_buf_byte(out, '\n');
}

static void put_plan(struct xg_buf *out, const struct fold *fold,
                     const struct redact_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        put_item(out, fold, &plan->items[i]);
    if (plan->stay)
        xg_buf_format(
            out,
            XG_T("  注意：其中 %zu 条先前抹除过别的字段；这次抹除的原文仍写在"
                 "那次抹除的记录里，无法再去掉\n",
                 "  note: of %zu of these something else was erased before; what "
                 "goes now stays written in that erasure, and cannot be taken "
                 "out of it\n"),
            plan->stay);
    for (size_t i = 0; i < plan->photo_count; i++) {
        xg_buf_text(out, XG_T("  照片 ", "  photo "));
        xg_buf_hex(out, plan->photos[i].b, XG_HASH_SIZE);
        xg_buf_byte(out, '\n');
        if (!plan->stays[i])
            continue;
        xg_buf_text(out, XG_T("    注意：文件保留，因为另一件也用到它：",
                              "    note: its file stays, for another entity "
                              "names it too: "));
        xg_buf_hex(out, plan->named_by[i].b, XG_ID_SIZE);
        xg_buf_byte(out, '\n');
    }
}

static enum xg_status put_json(struct cmd *c, const struct redact_plan *plan,
                               const struct fold *fold, size_t acts,
                               struct xg_error *err)
{
    json_t *json = json_object(), *records = json_array();
    json_t *photos = json_array(), *stay = json_array();

    for (size_t i = 0; i < plan->count; i++) {
        const struct redact_item *item = &plan->items[i];
        json_t *one = json_object(), *gone = json_array();
        for (size_t k = 0; k < item->gone_count; k++) {
            const struct xg_field *f =
                xg_field_find(fold->state.kind, item->gone[k]);
            view_json_append(&gone, f ? json_string(f->name)
                                      : view_json_uint(item->gone[k]));
        }
        view_json_set(&one, "record",
                      view_json_hex(fold->state.ops[item->op].record->hash.b,
                                    XG_HASH_SIZE));
        view_json_set(&one, "fields", gone);
        view_json_set(&one, "stays", json_boolean(item->stays));
        view_json_append(&records, one);
    }
    for (size_t i = 0; i < plan->photo_count; i++) {
        json_t *photo = view_json_hex(plan->photos[i].b, XG_HASH_SIZE);
        if (plan->stays[i]) {
            json_t *one = json_object();
            view_json_set(&one, "photo", json_incref(photo));
            view_json_set(&one, "named_by",
                          view_json_hex(plan->named_by[i].b, XG_ID_SIZE));
            view_json_append(&stay, one);
        }
        view_json_append(&photos, photo);
    }
    view_json_set(&json, "erased", json_boolean(acts > 0));
    view_json_set(&json, "acts", view_json_uint(acts));
    view_json_set(&json, "records", records);
    view_json_set(&json, "photos", photos);
    view_json_set(&json, "photos_that_stay", stay);
    if (view_json_put(&c->out, json, err) == XG_OK)
        xg_buf_text(&c->out, "\n");
    return err->status;
}

static enum xg_status answer(struct cmd *c, const struct fold *fold,
                             const struct redact_plan *plan, size_t acts,
                             struct xg_error *err)
{
    if (c->json)
        return put_json(c, plan, fold, acts, err);
    xg_buf_text(&c->out, acts ? XG_T("已抹除：\n", "erased:\n")
                              : XG_T("将抹除：\n", "would be erased:\n"));
    put_plan(&c->out, fold, plan);
    xg_buf_text(
        &c->out,
        acts ? XG_T("在此之前的备份里仍有原文：请销毁它们，或重新备份。设备在"
                    "下次同步时抹除。\n",
                    "backups that were made before still hold it: destroy "
                    "them, or make new ones. Devices erase it when they sync "
                    "next.\n")
             : XG_T("还没有抹除任何内容；确认无误后加上 --yes。抹除不能撤销。\n",
                    "nothing was erased yet: add --yes once it is right. An "
                    "erasure cannot be undone.\n"));
    return XG_OK;
}

/* Signed by who acts, where they have a key. */
static enum xg_status write(size_t *acts, struct cmd *c,
                            const struct fold *fold,
                            const struct redact_plan *plan,
                            struct xg_error *err)
{
    const char *who = cmd_option(c, "as");
    uint8_t secret[64] = {0};
    struct xg_draft signing = {.author_secret = NULL};
    enum xg_status status = cmd_sign(c, &signing, secret, who, err);

    if (status == XG_OK)
        status = redact_write(acts, c->data, fold, plan,
                              cmd_option(c, "ground"), who,
                              signing.author_secret, err);
    sodium_memzero(secret, sizeof secret);
    return status;
}

static enum xg_status run(struct cmd *c, struct look *l, struct xg_error *err)
{
    bool sure = cmd_option(c, "yes") != NULL;
    struct redact_plan plan;
    struct redact_wish wish;
    struct fold fold;
    size_t acts = 0;

    if (look_fold(&fold, l, c->args[1], err) != XG_OK)
        return err->status;
    if (!fold.state.kind)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("它的第一条记录还没到，或类型未知",
                            "its first record has not come, or it is of an "
                            "unknown kind"));
    if (read_wish(&wish, c, &fold, err) != XG_OK ||
        redact_plan(&plan, &l->arena, l->store, &fold, &wish, err) != XG_OK)
        return err->status;
    look_give_back(l);
    if (sure && write(&acts, c, &fold, &plan, err) != XG_OK)
        return err->status;
    c->must_decide = !sure;
    return answer(c, &fold, &plan, acts, err);
}

enum xg_status cmd_redact(struct cmd *c, struct xg_error *err)
{
    struct look look;
    enum xg_status status;

    if (look_open(&look, c, err) != XG_OK)
        return err->status;
    status = run(c, &look, err);
    look_close(&look);
    return status;
}
