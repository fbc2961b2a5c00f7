/* people.c - `worker`, `code`, `device`. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/account/approval.h"
#include "server/account/qr.h"
#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/cli/tls_files.h"
#include "server/cli/workers.h"
#include "server/data/data.h"
#include "server/data/guide.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

enum {
    LIST_BYTES = 256 << 20,
    CODE_HOURS = 72,
    CODE_HOURS_MAX = 24 * 366,
};

/* ---- worker ---- */

enum xg_status cmd_role(const struct xg_role **role, const char *name,
                        struct xg_error *err)
{
    struct xg_buf all = XG_BUF(2048);

    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (!strcmp(r->name, name) || !strcmp(r->zh, name) ||
            !strcmp(r->en, name)) {
            *role = r;
            return XG_OK;
        }
    for (const struct xg_role *r = xg_roles; r->name; r++)
        xg_buf_format(&all, "%s%s", r == xg_roles ? "" : ", ", r->name);
    xg_fail(
        err, XG_USAGE,
        XG_T("没有角色“%s”，可用：%s", "there is no role '%s'; there are: %s"),
        name, xg_buf_str(&all));
    xg_buf_clear(&all);
    return XG_USAGE;
}

enum xg_status cmd_worker_add(struct cmd *c, struct xg_error *err)
{
    const char *code = c->args[1], *name = cmd_option(c, "name");
    const char *unit = cmd_option(c, "unit");
    const struct xg_role *role;

    if (cmd_role(&role, cmd_option(c, "role"), err) != XG_OK ||
        registry_add_worker(c->data->registry, code, name, role, unit, err) !=
        XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(
            c,
            cmd_mark_waits(c, json_pack("{s:s, s:s, s:s, s:s}", "code", code,
                                        "name", name, "role", role->name,
                                        "unit", unit)),
            err);
    xg_buf_format(&c->out,
                  XG_T("已登记 %s（%s，%s）\n", "registered %s (%s, %s)\n"),
                  code, xg_label(role->zh, role->en), unit);
    cmd_say_waits(c);
    return XG_OK;
}

static enum xg_status put_worker(struct cmd *c, struct store *s,
                                 struct xg_guide *guide,
                                 const struct xg_statement *w,
                                 struct xg_error *err)
{
    char name[STORE_NAME_MAX + 1] = "";
    const struct xg_role *role = xg_role_find(w->role);
    const char *unit;
    bool found;

    if (s->ops->get_person(s, name, &found, w->subject, err) != XG_OK ||
        xg_guide_unit_name(guide, &unit, w->unit, err) != XG_OK)
        return err->status;
    if (!found)
        *name = '\0';
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:s, s:s, s:s, s:s, s:s}", "code",
                                      w->subject, "name", name, "role",
                                      role ? role->name : "?", "unit", w->unit,
                                      "unit_name", unit),
                            err);
    view_put_column(&c->out, xg_bytes_of(w->subject), 16);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out, xg_bytes_of(name), 16);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out,
                    xg_bytes_of(role ? xg_label(role->zh, role->en) : "?"), 20);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out, xg_bytes_of(w->unit), 20);
    xg_buf_format(&c->out, " %s\n", strcmp(unit, w->unit) ? unit : "");
    return XG_OK;
}

enum xg_status cmd_worker_list(struct cmd *c, struct xg_error *err)
{
    struct workers workers = {.list = NULL};
    struct xg_guide *guide = NULL;
    struct store *s;

    if (data_borrow(c->data, &s, err) != XG_OK)
        return err->status;
    struct xg_guide_source source = guide_source(s);
    enum xg_status status = xg_guide_new(&guide, &source, err);
    if (status == XG_OK)
        status = workers_read(&workers, s, err);
    for (size_t i = 0; status == XG_OK && i < workers.count; i++)
        status = put_worker(c, s, guide, &workers.list[i], err);
    workers_clear(&workers);
    xg_guide_free(guide);
    data_return(c->data, s);
    return status;
}

/* ---- code ---- */

/* Where the device is to go: --url, with the pin of the newest `serve`. */
static enum xg_status fill_address(struct xg_enrol_code *code, struct cmd *c,
                                   struct xg_error *err)
{
    const char *given = cmd_option(c, "url");
    struct xg_error none = XG_ERROR_NONE;
    struct tls_files tls;
    struct xg_hash pin;
    enum xg_status status =
        address_load(code->url, &pin, &code->has_pin, c->args[0], &none);

    if (status != XG_OK && !given)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("服务还没有运行过，请用 --url 给出地址",
                            "the server has not run yet: tell its address "
                            "with --url"));
    if (status == XG_OK && code->has_pin)
        memcpy(code->pin, pin.b, sizeof code->pin);
    if (!given)
        return XG_OK;
    if (strlen(given) > XG_URL_MAX)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("地址太长", "the address is too long"));
    bool secure = strncmp(given, "https://", 8) == 0;
    if (!secure && strncmp(given, "http://", 7) != 0)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("地址应以 https:// 或 http:// 开头",
                            "the address begins with https:// or http://"));
    memcpy(code->url, given, strlen(given) + 1);
    if (secure && !(status == XG_OK && code->has_pin)) {
        status = tls_files_load(&tls, c->args[0], NULL, NULL, err);
        memcpy(code->pin, tls.pin.b, sizeof code->pin);
        tls_files_clear(&tls);
        if (status != XG_OK)
            return status;
    }
    code->has_pin = secure;
    return XG_OK;
}

static enum xg_status put_code_json(struct cmd *c, const char *text,
                                    const struct xg_enrol_code *code,
                                    int64_t expires_ms, struct xg_error *err)
{
    struct xg_buf until = XG_BUF(64), path = XG_BUF(1 << 20);
    int size;

    view_put_time_utc(&until, expires_ms);
    enum xg_status status = qr_path(&path, &size, text, err);
    if (status == XG_OK)
        status = cmd_put_json(
            c,
            json_pack("{s:s, s:s, s:s, s:s, s:{s:i, s:s}}", "code", text,
                      "worker", code->worker, "url", code->url, "expires",
                      xg_buf_str(&until), "qr", "size", size, "path",
                      xg_buf_str(&path)),
            err);
    if (path.data)
        sodium_memzero(path.data, path.cap);
    xg_buf_clear(&path);
    xg_buf_clear(&until);
    return status;
}

static enum xg_status put_code(struct cmd *c, const struct xg_enrol_code *code,
                               int64_t expires_ms, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(4096);

    xg_enrol_code_print(&text, code);
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK && c->json)
        status = put_code_json(c, xg_buf_str(&text), code, expires_ms, err);
    else if (status == XG_OK)
        xg_buf_format(&c->out, "%s\n", xg_buf_str(&text));
    if (status == XG_OK && !c->json && cmd_option(c, "qr"))
        status = qr_print(&c->out, xg_buf_str(&text), err);
    if (text.data)
        sodium_memzero(text.data, text.cap);
    xg_buf_clear(&text);
    return status;
}

enum xg_status cmd_code(struct cmd *c, struct xg_error *err)
{
    struct xg_enrol_code code = {.has_pin = false};
    const char *worker = c->args[1];
    unsigned long hours;

    if (cmd_number(&hours, c, "expires", CODE_HOURS, CODE_HOURS_MAX, err) !=
            XG_OK ||
        fill_address(&code, c, err) != XG_OK)
        return err->status;
    if (strlen(worker) > XG_CODE_MAX)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("工号太长", "the code is too long"));
    memcpy(code.worker, worker, strlen(worker) + 1);
    code.log = c->data->log.verifier;
    registry_key(c->data->registry, code.registrar);
    int64_t expires_ms = xg_wall_ms(c->env) + (int64_t)hours * 60 * 60 * 1000;
    enum xg_status status = registry_make_code(c->data->registry, code.secret,
                                               worker, expires_ms, c->env, err);
    if (status == XG_OK && cmd_option(c, "approve")) {
        struct xg_hash id;
        xg_secret_id(&id, code.secret);
        status = approval_require(c->data, &id, err);
    }
    if (status == XG_OK)
        status = put_code(c, &code, expires_ms, err);
    sodium_memzero(&code, sizeof code);
    return status;
}

/* ---- device ---- */

static const char *state_label(enum xg_device_state state)
{
    switch (state) {
    case XG_DEVICE_ENROLLED:
        return XG_T("已加入", "enrolled");
    case XG_DEVICE_PENDING:
        return XG_T("待批准", "pending");
    case XG_DEVICE_REVOKED:
        return XG_T("已停用", "revoked");
    }
    return "?";
}

static enum xg_status put_device(struct cmd *c, struct store *s,
                                 const struct store_device *d,
                                 struct xg_error *err)
{
    char person[STORE_NAME_MAX + 1] = "", key[XG_BASE64_SIZE(32)];
    bool found;

    if (s->ops->get_person(s, person, &found, d->worker, err) != XG_OK)
        return err->status;
    if (!found)
        *person = '\0';
    xg_base64(key, sizeof key, d->key, sizeof d->key);
    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:s, s:s, s:s, s:s}", "device", d->name, "worker",
                      d->worker, "name", person, "state",
                      xg_device_state_name(d->state), "key", key),
            err);
    view_put_column(&c->out, xg_bytes_of(d->name), 32);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out, xg_bytes_of(state_label(d->state)), 10);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out, xg_bytes_of(d->worker), 16);
    xg_buf_text(&c->out, " ");
    view_put_line(&c->out, xg_bytes_of(person));
    xg_buf_text(&c->out, "\n");
    return XG_OK;
}

enum xg_status cmd_device_list(struct cmd *c, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct store_device *rows;
    struct store *s;
    size_t count;

    if (data_borrow(c->data, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->read_devices(s, &arena, &rows, &count, err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = put_device(c, s, &rows[i], err);
    data_return(c->data, s);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cmd_device_name(char name[], size_t size, const struct cmd *c,
                               const char *given, struct xg_error *err)
{
    bool code = given[strspn(given, "0123456789")] == '\0';
    int len =
        snprintf(name, size, "%s%s%s",
                 code ? data_origin(c->data) : "", code ? "/d/" : "", given);

    if (len < 0 || (size_t)len >= size)
        return xg_fail(err, XG_USAGE,
                       XG_T("设备名太长：%s", "too long for a device: %s"),
                       given);
    return XG_OK;
}

static enum xg_status put_done(struct cmd *c, const char *name,
                               enum xg_device_state state, struct xg_error *err)
{
    if (c->json)
        return cmd_put_json(
            c,
            cmd_mark_waits(c, json_pack("{s:s, s:s}", "device", name, "state",
                                        xg_device_state_name(state))),
            err);
    xg_buf_format(&c->out, "%s %s\n", name, state_label(state));
    cmd_say_waits(c);
    return XG_OK;
}

enum xg_status cmd_device_approve(struct cmd *c, struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];

    if (cmd_device_name(name, sizeof name, c, c->args[1], err) != XG_OK ||
        approval_give(c->data, name, err) != XG_OK)
        return err->status;
    return put_done(c, name,
                    registry_is_apart(c->data->registry) ? XG_DEVICE_PENDING
                                                         : XG_DEVICE_ENROLLED,
                    err);
}

enum xg_status cmd_device_revoke(struct cmd *c, struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];

    if (cmd_device_name(name, sizeof name, c, c->args[1], err) != XG_OK ||
        registry_revoke(c->data->registry, name, err) != XG_OK)
        return err->status;
    return put_done(c, name,
                    registry_is_apart(c->data->registry) ? XG_DEVICE_ENROLLED
                                                         : XG_DEVICE_REVOKED,
                    err);
}

/* Is something of that name registered, or waiting to be? XG_NOTFOUND with
 * `missing`. */
static enum xg_status must_know(struct cmd *c, enum xg_statement_kind kind,
                                const char *subject, const char *missing,
                                struct xg_error *err)
{
    struct store *s;
    bool found;

    if (data_borrow(c->data, &s, err) != XG_OK)
        return err->status;
    enum xg_status status =
        registry_known(c->data->registry, &found, s, kind, subject, err);
    data_return(c->data, s);
    if (status != XG_OK)
        return status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND, "%s: %s", missing, subject);
    return XG_OK;
}

enum xg_status cmd_device_allow(struct cmd *c, struct xg_error *err)
{
    struct xg_statement s = {.kind = XG_SAYS_AUTHOR};
    char name[XG_KEY_NAME_MAX + 1];
    const char *worker = c->args[2];

    if (cmd_device_name(name, sizeof name, c, c->args[1], err) != XG_OK ||
        must_know(c, XG_SAYS_DEVICE, name,
                  XG_T("没有这台设备", "there is no such device"), err) !=
            XG_OK ||
        must_know(c, XG_SAYS_WORKER, worker,
                  XG_T("没有这个人，请先 worker add",
                       "there is nobody of that code; worker add first"),
                  err) != XG_OK)
        return err->status;
    snprintf(s.owner, sizeof s.owner, "%.*s", XG_CODE_MAX, worker);
    snprintf(s.subject, sizeof s.subject, "%s %s", name, s.owner);
    if (registry_put(c->data->registry, &s, 1, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(
            c,
            cmd_mark_waits(c, json_pack("{s:s, s:s}", "device", name, "author",
                                        s.owner)),
            err);
    xg_buf_format(&c->out, XG_T("%s 也可由 %s 使用\n", "%s may record as %s\n"),
                  name, s.owner);
    cmd_say_waits(c);
    return XG_OK;
}
