/* registry.c - `registry`: the registrar's work, on the server and on her own
 * machine. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/data/data.h"
#include "server/registry/request.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/view/text.h"

enum { LIST_BYTES = 96 << 20, AT_ONCE = 64 };

/* ---- what waits ---- */

void cmd_say_waits(struct cmd *c)
{
    if (!c->json && registry_is_apart(c->data->registry))
        xg_buf_format(&c->out,
                      XG_T("要等登记员签名才生效。下一步：xunge-server registry "
                           "request %s FILE\n",
                           "This has no effect until the registrar has signed "
                           "it. Next: xunge-server registry request %s FILE\n"),
                      c->args[0]);
}

json_t *cmd_mark_waits(const struct cmd *c, json_t *json)
{
    if (json && registry_is_apart(c->data->registry))
        json_object_set_new(json, "waits", json_true());
    return json;
}

/* ---- on the server ---- */

enum xg_status cmd_registry_request(struct cmd *c, struct xg_error *err)
{
    struct xg_buf file = XG_BUF(REGISTRAR_FILE_MAX);
    struct registry_asked asked;
    enum xg_status status =
        registry_request(c->data->registry, &file, &asked, err);

    if (status == XG_OK)
        status = xg_os_replace(c->args[1], 0600, xg_buf_bytes(&file), err);
    xg_buf_clear(&file);
    if (status != XG_OK)
        return status;
    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:I, s:I, s:I}", "file", c->args[1], "number",
                      (json_int_t)asked.number, "statements",
                      (json_int_t)asked.statements, "later",
                      (json_int_t)asked.later),
            err);
    xg_buf_format(&c->out,
                  XG_T("%s：请求签第 %" PRIu64 " 号，%" PRIu64 " 条\n",
                       "%s: asks for note %" PRIu64 ", %" PRIu64 " lines\n"),
                  c->args[1], asked.number, asked.statements);
    if (asked.later)
        xg_buf_format(&c->out,
                      XG_T("之后还有 %" PRIu64 " 条，等这一号签回再请求\n",
                           "%" PRIu64 " more wait for the next one: ask again "
                           "when this is accepted\n"),
                      asked.later);
    xg_buf_format(&c->out, "%s",
                  XG_T("在登记员的机器上：xunge-server registry sign FILE --key "
                       "KEY --state STATE\n",
                       "On the registrar's machine: xunge-server registry sign "
                       "FILE --key KEY --state STATE\n"));
    return XG_OK;
}

enum xg_status cmd_registry_accept(struct cmd *c, struct xg_error *err)
{
    uint64_t number;

    if (registry_accept(c->data->registry, &number, c->input, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(
            c, json_pack("{s:I}", "number", (json_int_t)number), err);
    xg_buf_format(&c->out,
                  XG_T("第 %" PRIu64 " 号已入日志，现在生效\n",
                       "note %" PRIu64 " is in the log, and in effect\n"),
                  number);
    return XG_OK;
}

enum xg_status cmd_registry_withdraw(struct cmd *c, struct xg_error *err)
{
    const char *word = c->args[1];
    char *end;
    uint64_t number = strtoull(word, &end, 10);

    if (strcmp(word, "all") == 0)
        number = 0;
    else if (*end || number == 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("要 registry list 里的编号，或 all：%s",
                            "a number out of registry list, or all: %s"),
                       word);
    if (registry_withdraw(c->data->registry, number, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:s}", "withdrawn", word), err);
    xg_buf_text(&c->out, XG_T("已撤回\n", "taken back\n"));
    return XG_OK;
}

enum xg_status cmd_registry_rotate(struct cmd *c, struct xg_error *err)
{
    bool was_here = !registry_is_apart(c->data->registry);

    if (data_rotate(c->data, c->input, err) != XG_OK)
        return err->status;
    bool here = !registry_is_apart(c->data->registry);
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:b, s:b}", "here", here, "waits",
                                      !was_here),
                            err);
    if (!was_here) {
        cmd_say_waits(c);
        return XG_OK;
    }
    xg_buf_text(&c->out, XG_T("已换登记员密钥\n",
                              "the registrar's key has changed\n"));
    if (!here)
        xg_buf_format(&c->out,
                      XG_T("%s/registrar.key 已不能签名，但还能打开尚未同步的设"
                           "备的恢复槽：请移到别处保管\n",
                           "%s/registrar.key signs nothing any more. It still "
                           "recovers devices that have not synced since: keep "
                           "it elsewhere\n"),
                      c->args[0]);
    return XG_OK;
}

/* ---- list ---- */

static enum xg_status put_note(struct cmd *c, struct store *s,
                               struct xg_arena *arena,
                               const struct store_registry_note *row,
                               struct xg_error *err)
{
    struct xg_registry_note says;
    struct xg_statement line;
    struct xg_note note;
    struct xg_bytes *entry;
    size_t count;

    if (s->ops->read_entries(s, arena, &entry, &count, row->position, 1,
                             XG_NOTE_MAX, err) != XG_OK)
        return err->status;
    if (count != 1)
        return xg_fail(err, XG_CORRUPT, "a registry note is not in the log");
    if (xg_note_parse(&note, entry->at, entry->len, err) != XG_OK ||
        xg_registry_note_read(&says, note.text, err) != XG_OK)
        return err->status;
    json_t *lines = json_array();
    if (!c->json)
        xg_buf_format(&c->out,
                      XG_T("第 %" PRIu64 " 号，日志第 %" PRIu64 " 条\n",
                           "note %" PRIu64 ", log entry %" PRIu64 "\n"),
                      row->number, row->position);
    while (xg_statement_next(&says.statements, &line)) {
        struct xg_buf words = XG_BUF(4096);
        registrar_say(&words, &line);
        if (c->json)
            json_array_append_new(lines, json_string(xg_buf_str(&words)));
        else
            xg_buf_format(&c->out, "    %s\n", xg_buf_str(&words));
        xg_buf_clear(&words);
    }
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:I, s:I, s:o}", "number",
                                      (json_int_t)row->number, "position",
                                      (json_int_t)row->position, "says", lines),
                            err);
    json_decref(lines);
    return XG_OK;
}

static enum xg_status put_notes(struct cmd *c, struct store *s,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct store_registry_note *rows;
    uint64_t after = 0;
    size_t count = AT_ONCE;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count == AT_ONCE) {
        xg_arena_reset(&arena);
        status = s->ops->read_registry_notes(s, &arena, &rows, &count, after,
                                             AT_ONCE, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            status = put_note(c, s, &arena, &rows[i], err);
            after = rows[i].number;
        }
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cmd_registry_list(struct cmd *c, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct store_waiting *rows;
    struct store *s;
    size_t count = 0;

    if (data_borrow(c->data, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = put_notes(c, s, err);
    if (status == XG_OK)
        status = s->ops->list_waiting(s, &arena, &rows, &count, err);
    if (status == XG_OK && count && !c->json)
        xg_buf_text(&c->out, XG_T("等登记员签名：\n",
                                  "waits for the registrar:\n"));
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        struct xg_buf words = XG_BUF(4096);
        registrar_say(&words, &rows[i].says);
        if (c->json)
            status = cmd_put_json(c,
                                  json_pack("{s:I, s:s}", "waits",
                                            (json_int_t)rows[i].number, "says",
                                            xg_buf_str(&words)),
                                  err);
        else
            xg_buf_format(&c->out, "%4" PRIu64 "  %s\n", rows[i].number,
                          xg_buf_str(&words));
        xg_buf_clear(&words);
    }
    data_return(c->data, s);
    xg_arena_clear(&arena);
    return status;
}

/* ---- on the registrar's machine ---- */

enum xg_status cmd_registry_keygen(struct cmd *c, struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1], vkey[XG_VKEY_SIZE], path[CMD_PATH_SIZE];
    const char *file = c->args[0];
    struct xg_signer key;
    struct xg_buf line = XG_BUF(XG_VKEY_SIZE + 1);

    if (xg_os_exists(file))
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 已存在；不覆盖密钥",
                            "%s is there already; a key is not written over"),
                       file);
    int len = snprintf(name, sizeof name, "%s/registrar",
                       cmd_option(c, "origin"));
    if (len < 0 || (size_t)len >= sizeof name ||
        snprintf(path, sizeof path, "%s.pub", file) >= (int)sizeof path)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("名称太长", "the name is too long"));
    if (key_file_make(file, name, c->env, err) != XG_OK ||
        key_file_load(&key, file, err) != XG_OK)
        return err->status;
    xg_verifier_print(vkey, &key.verifier);
    sodium_memzero(&key, sizeof key);
    xg_buf_format(&line, "%s\n", vkey);
    enum xg_status status = xg_buf_check(&line, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0644, xg_buf_bytes(&line), err);
    xg_buf_clear(&line);
    if (status != XG_OK)
        return status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:s, s:s}", "key", file, "registrar",
                                         vkey), err);
    xg_buf_format(&c->out, "%s\n", vkey);
    return XG_OK;
}

/* Everything that a signature needs; released at the end. */
struct signing {
    struct xg_buf request_file, state_file, note;
    struct registrar_request request;
    struct registrar_state state;
    struct xg_signer key;
    struct xg_registry_note says;
    bool again;
    int lock;
};

/* One signer at a time works with a state. */
static enum xg_status lock_state(struct signing *s, const char *path,
                                 struct xg_error *err)
{
    char lock[CMD_PATH_SIZE];

    if (snprintf(lock, sizeof lock, "%s.lock", path) >= (int)sizeof lock)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       path);
    if (xg_os_lock_open(&s->lock, lock, err) != XG_OK)
        return err->status;
    return xg_os_try_lock(s->lock, err);
}

static enum xg_status load_signing(struct signing *s, struct cmd *c,
                                   struct xg_error *err)
{
    const char *state = cmd_option(c, "state");

    if (xg_os_read(&s->request_file, c->args[0], err) != XG_OK ||
        registrar_request_read(&s->request, xg_buf_bytes(&s->request_file),
                               err) != XG_OK ||
        key_file_load(&s->key, cmd_option(c, "key"), err) != XG_OK ||
        lock_state(s, state, err) != XG_OK)
        return err->status;
    if (!xg_os_exists(state))
        return XG_OK;
    if (xg_os_read(&s->state_file, state, err) != XG_OK ||
        registrar_state_read(&s->state, xg_buf_bytes(&s->state_file), err) !=
            XG_OK)
        return xg_wrap(err, "%s", state);
    return XG_OK;
}

/* Without a state anything could have been signed before. */
static enum xg_status review_first(const struct signing *s, struct cmd *c,
                                   struct xg_error *err)
{
    if (s->state.number > 0 || s->says.number == 1 || cmd_option(c, "takeover"))
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("没有状态文件 %s，请求的却是第 %" PRIu64
                        " 号。状态文件丢了就从备份恢复；只有换密钥后第一次签，"
                        "才加 --takeover",
                        "there is no state file %s, and the request is for "
                        "note %" PRIu64 ". If it was lost, restore it from a "
                        "copy; only for the first signature of a new key add "
                        "--takeover"),
                   cmd_option(c, "state"), s->says.number);
}

static void put_words(struct xg_buf *out, const struct signing *s)
{
    struct xg_bytes rest = s->says.statements;
    struct xg_statement line;
    char log[XG_VKEY_SIZE];

    xg_verifier_print(log, &s->request.log);
    xg_buf_format(out,
                  XG_T("日志 %s\n登记簿第 %" PRIu64 " 号，接日志前 %" PRIu64
                       " 条\n",
                       "log %s\nregistry note %" PRIu64 ", after %" PRIu64
                       " entries of the log\n"),
                  log, s->says.number, s->says.seen_size);
    if (s->state.number == 0)
        xg_buf_text(out, XG_T("此前没有签过：请核对上面的日志公钥\n",
                              "nothing was signed here before: compare the "
                              "log's key above\n"));
    while (xg_statement_next(&rest, &line)) {
        xg_buf_text(out, "    ");
        registrar_say(out, &line);
        xg_buf_text(out, "\n");
    }
}

static enum xg_status ask(struct cmd *c, const struct signing *s,
                          struct xg_error *err)
{
    struct xg_buf words = XG_BUF(1 << 20);
    char answer[16] = "";
    bool yes = cmd_option(c, "yes") != NULL;

    put_words(&words, s);
    enum xg_status status = xg_buf_check(&words, err);
    if (status == XG_OK && yes && !c->json)
        xg_buf_append(&c->out, words.data, words.len);
    if (status == XG_OK && !yes && !isatty(STDIN_FILENO))
        status = xg_fail(err, XG_REFUSED,
                         XG_T("要有人看过才签：请在终端里运行，或看过请求文件后"
                              "加 --yes",
                              "somebody has to look before it is signed: run "
                              "this in a terminal, or read the request and "
                              "add --yes"));
    if (status == XG_OK && !yes) {
        fprintf(stderr, "%s%s", xg_buf_str(&words),
                XG_T("签名吗？输入 yes 确认：", "Sign this? Type yes: "));
        if (!fgets(answer, sizeof answer, stdin) ||
            strcmp(answer, "yes\n") != 0)
            status = xg_fail(err, XG_REFUSED, "%s",
                             XG_T("没有签名", "it was not signed"));
    }
    xg_buf_clear(&words);
    return status;
}

/* The state is durable before the signature leaves. */
static enum xg_status sign(struct signing *s, struct cmd *c, const char *out,
                           struct xg_error *err)
{
    struct xg_buf file = XG_BUF(REGISTRAR_FILE_MAX);
    struct registrar_state after;
    enum xg_status status = XG_OK;

    if (s->again) {
        xg_buf_append(&s->note, s->state.note.at, s->state.note.len);
        status = xg_buf_check(&s->note, err);
    } else {
        status = registrar_sign(&after, &s->note, &s->request, &s->key, err);
        if (status == XG_OK) {
            registrar_state_put(&file, &after);
            status = xg_buf_check(&file, err);
        }
        if (status == XG_OK)
            status = xg_os_replace(cmd_option(c, "state"), 0600,
                                   xg_buf_bytes(&file), err);
    }
    if (status == XG_OK)
        status = xg_os_replace(out, 0644, xg_buf_bytes(&s->note), err);
    xg_buf_clear(&file);
    return status;
}

enum xg_status cmd_registry_sign(struct cmd *c, struct xg_error *err)
{
    struct signing s = {.request_file = XG_BUF(REGISTRAR_FILE_MAX),
                        .state_file = XG_BUF(REGISTRAR_FILE_MAX),
                        .note = XG_BUF(XG_NOTE_MAX),
                        .lock = -1};
    const char *out = cmd_option(c, "out");
    char path[CMD_PATH_SIZE];
    enum xg_status status = XG_OK;

    if (!out && snprintf(path, sizeof path, "%s.signed", c->args[0]) >=
                    (int)sizeof path)
        status = xg_fail(err, XG_USAGE, "%s",
                         XG_T("路径过长", "the path is too long"));
    if (!out)
        out = path;
    if (status == XG_OK)
        status = load_signing(&s, c, err);
    if (status == XG_OK)
        status = registrar_review(&s.says, &s.again, &s.request, &s.state,
                                  &s.key.verifier,
                                  cmd_option(c, "takeover") != NULL, err);
    if (status == XG_OK)
        status = review_first(&s, c, err);
    if (status == XG_OK && !s.again)
        status = ask(c, &s, err);
    if (status == XG_OK)
        status = sign(&s, c, out, err);
    if (status == XG_OK && c->json)
        status = cmd_put_json(c,
                              json_pack("{s:I, s:s, s:b}", "number",
                                        (json_int_t)s.says.number, "file", out,
                                        "again", s.again),
                              err);
    else if (status == XG_OK)
        xg_buf_format(&c->out,
                      XG_T("第 %" PRIu64 " 号已签%s：%s。在服务器上：xunge-server "
                           "registry accept DIR %s\n",
                           "note %" PRIu64 " is signed%s: %s. On the server: "
                           "xunge-server registry accept DIR %s\n"),
                      s.says.number,
                      s.again ? XG_T("（同一份，此前签过）",
                                     " (the same, as before)")
                              : "",
                      out, out);
    sodium_memzero(&s.key, sizeof s.key);
    if (s.lock >= 0)
        close(s.lock);
    xg_buf_clear(&s.request_file);
    xg_buf_clear(&s.state_file);
    xg_buf_clear(&s.note);
    return status;
}
