/* describe_all.c - the answer of `describe`; see describe.h. */
#include <sodium.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/view/describe.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { DESCRIPTION_MAX = 64 << 20, VERSION_BYTES = 16 };

/* ---- JSON ---- */

static json_t *me_json(const struct view_me *me)
{
    json_t *json, *units = json_array();

    if (*me->unit)
        json_array_append_new(units, json_string(me->unit));
    json = json_pack("{s:s, s:s, s:s?, s:o}", "worker", me->worker, "name",
                     me->name, "role", me->role ? me->role->name : NULL,
                     "units", units);
    if (json && me->device)
        json_object_set_new(json, "device", json_string(me->device));
    return json;
}

static enum xg_status gather(json_t **out, const struct view_description *d,
                             struct xg_error *err)
{
    json_t *all, *site = NULL;

    if (view_site_json(&site, d->guide, d->me ? d->me->unit : "", d->people,
                       d->people_count, d->today, err) != XG_OK)
        return err->status;
    all = view_domain_json(d->labels, &d->captured);
    if (!all || json_object_set_new(all, "site", site) != 0 ||
        json_object_set_new(all, "me",
                            d->me ? me_json(d->me) : json_null()) != 0 ||
        json_object_set_new(all, "program", json_string(d->program)) != 0) {
        json_decref(all);
        return xg_fail_nomem(err);
    }
    *out = all;
    return XG_OK;
}

/* What it holds, in a few letters: the same as long as all of it is. */
static void version_of(char version[static 2 * VERSION_BYTES + 1],
                       const struct xg_buf *text)
{
    uint8_t hash[VERSION_BYTES];

    crypto_generichash(hash, sizeof hash, text->data, text->len, NULL, 0);
    xg_hex(version, hash, sizeof hash);
}

/* ---- text ---- */

/* "  事件        incident       7" : a name for typing, and how many. */
static void put_line(struct xg_buf *out, const json_t *one, size_t count)
{
    const char *label =
        json_string_value(json_object_get(one, xg_label("zh", "en")));
    size_t start = out->len;

    xg_buf_text(out, "  ");
    xg_buf_text(out, json_string_value(json_object_get(one, "name")));
    view_pad(out, start, 18);
    view_put_column(out, xg_bytes_of(label), 28);
    xg_buf_format(out, "%5zu\n", count);
}

static void put_all(struct xg_buf *out, const json_t *list, const char *title,
                    const char *counted)
{
    size_t i;
    json_t *one;

    xg_buf_format(out, "%s\n", title);
    json_array_foreach(list, i, one)
        put_line(out, one, json_array_size(json_object_get(one, counted)));
}

static void put_site(struct xg_buf *out, const json_t *site)
{
    const struct {
        const char *key, *zh, *en;
    } lists[] = {{"categories", "类别", "categories"},
                 {"templates", "表单", "forms"},
                 {"units", "单位", "units"},
                 {"people", "人员", "people"},
                 {"levels", "层级", "levels"},
                 {"boards", "板块", "boards"},
                 {"duties", "职责", "duties"}};

    xg_buf_text(out, XG_T("本地资料\n", "this site\n"));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        size_t start = out->len;
        xg_buf_format(out, "  %s", xg_label(lists[i].zh, lists[i].en));
        view_pad(out, start, 46);
        xg_buf_format(out, "%5zu\n",
                      json_array_size(json_object_get(site, lists[i].key)));
    }
}

static void put_text(struct xg_buf *out, const json_t *all,
                     const char *version)
{
    put_all(out, json_object_get(all, "kinds"),
            XG_T("种类（字段数）", "kinds (fields)"), "fields");
    put_all(out, json_object_get(all, "moves"),
            XG_T("办理步骤（几种情形）", "moves (ways)"), "ways");
    put_site(out, json_object_get(all, "site"));
    xg_buf_format(out,
                  XG_T("版本 %s；全部内容见 --json\n",
                       "version %s; all of it with --json\n"),
                  version);
}

static void put_answer(struct xg_buf *out, const json_t *all,
                       const struct xg_buf *encoded, const char *unless,
                       bool json)
{
    char version[2 * VERSION_BYTES + 1];

    version_of(version, encoded);
    if (unless && strcmp(unless, version) == 0) {
        xg_buf_text(out, json ? "{\"same\":true}\n"
                              : XG_T("没有变化。\n", "It is the same.\n"));
    } else if (json) {
        /* Ahead of the rest, which is written once for both. */
        xg_buf_format(out, "{\"version\":\"%s\",", version);
        xg_buf_append(out, encoded->data + 1, encoded->len - 1);
        xg_buf_byte(out, '\n');
    } else {
        put_text(out, all, version);
    }
}

enum xg_status view_describe(struct xg_buf *out,
                             const struct view_description *d,
                             const char *unless, bool json,
                             struct xg_error *err)
{
    struct xg_buf encoded = XG_BUF(DESCRIPTION_MAX);
    json_t *all = NULL;
    enum xg_status status = gather(&all, d, err);

    if (status == XG_OK)
        status = view_json_put(&encoded, json_incref(all), err);
    if (status == XG_OK) {
        put_answer(out, all, &encoded, unless, json);
        status = xg_buf_check(out, err);
    }
    json_decref(all);
    xg_buf_clear(&encoded);
    return status;
}
