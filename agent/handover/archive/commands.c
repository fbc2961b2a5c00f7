/* commands.c - handover write and accept: the part of xunge that needs
 * archives, in the program xunge-handover. The rest of that program is xunge's
 * own.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "agent/handover/handover.h"
#include "agent/home/sticks.h"

/* ---- write ---- */

static bool has_key(const struct xg_seal_slots *slots, const uint8_t *key)
{
    for (size_t i = 0; i < slots->count; i++)
        if (memcmp(slots->keys[i], key, XG_PUBLIC_KEY_SIZE) == 0)
            return true;
    return false;
}

static enum xg_status add_key(struct xg_seal_slots *slots, json_t *names,
                              const struct xg_verifier *device,
                              struct xg_error *err)
{
    if (has_key(slots, device->key))
        return XG_OK;
    if (slots->count == XG_SEAL_SLOTS_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("最多给 %d 台设备", "for %d devices at most"),
                       XG_SEAL_SLOTS_MAX);
    memcpy(slots->keys[slots->count++], device->key, XG_PUBLIC_KEY_SIZE);
    json_array_append_new(names, json_string(device->name));
    return XG_OK;
}

/* Whom the file is sealed to: the successor's devices that are known here, and
 * those whose key was given. */
static enum xg_status choose_keys(struct cli *cli, struct xg_seal_slots *slots,
                                  json_t *names, const char *to,
                                  struct xg_error *err)
{
    struct xg_verifier known[XG_SEAL_SLOTS_MAX], given;
    struct store_identity id;
    const char *text;
    size_t count, at = 0;

    if (store_get_identity(cli->home.store, &id, err) != XG_OK ||
        handover_devices(cli->home.store, known, &count, to, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i].name, id.device) != 0 &&
            add_key(slots, names, &known[i], err) != XG_OK)
            return err->status;
    while ((text = cli_flag_next(cli, "key", &at)) != NULL) {
        if (xg_verifier_parse(&given, text, strlen(text), err) != XG_OK)
            return xg_fail(err, XG_USAGE,
                           XG_T("--key %s 抄错了：请照接收人设备上 xunge "
                                "handover key 的输出抄写",
                                "--key %s was not copied right: it is what "
                                "xunge handover key prints on the successor's "
                                "device"),
                           text);
        if (add_key(slots, names, &given, err) != XG_OK)
            return err->status;
    }
    if (slots->count > 0 || cli_flag(cli, "code"))
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("本机不知道 %s 的设备：请先同步，或用 --key 给出其设备"
                        "公钥，或用 --code 生成一个在电话里念的交接码",
                        "no device of %s is known here: sync first, or give "
                        "its key with --key, or have a code made with --code, "
                        "to be read out over the telephone"),
                   to);
}

static enum xg_status say_written(struct cli *cli,
                                  const struct handover_written *w,
                                  json_t *names, const char *code,
                                  struct xg_error *err)
{
    const struct handover_counts *c = &w->counts;
    bool may = sticks_may_go(cli->words[0]);

    if (cli->data) {
        cli_say(cli,
                XG_T("交接 %s 已写出；接收人签收后见 xunge handover status。",
                     "handover %s is written; xunge handover status shows when "
                     "it was accepted."),
                w->number);
        return XG_OK;
    }
    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:b, s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, "
                      "s:I, s:O, s:s?}",
                      "safe_to_remove", may, "number", w->number, "handover",
                      cli_json_hex(w->id.b, XG_ID_SIZE), "file", cli->words[0],
                      "to", cli_flag(cli, "to"), "bytes", (json_int_t)w->bytes,
                      "cases", (json_int_t)c->cases, "subjects",
                      (json_int_t)c->subjects, "drafts", (json_int_t)c->drafts,
                      "photos", (json_int_t)c->photos, "batches",
                      (json_int_t)c->batches, "others", (json_int_t)c->told,
                      "sealed_to", names, "code", code),
            err);
    xg_buf_format(&cli->out,
                  XG_T("交接 %s 已写入 %s（%" PRIu64 " KB，加密）\n"
                       "未结案件 %" PRIu64 " · 重点对象 %" PRIu64
                       " · 草稿 %" PRIu64 " · 照片 %" PRIu64 "\n",
                       "handover %s is in %s (%" PRIu64 " KB, encrypted)\n"
                       "open cases %" PRIu64 " · subjects %" PRIu64
                       " · drafts %" PRIu64 " · photos %" PRIu64 "\n"),
                  w->number, cli->words[0], (w->bytes + 1023) >> 10, c->cases,
                  c->subjects, c->drafts, c->photos);
    if (code)
        xg_buf_format(&cli->out,
                      XG_T("交接码：%s\n只在电话里或当面念给接收人，不要和文件"
                           "放在一起；以后不再显示\n",
                           "code: %s\nread it out to the successor; do not "
                           "keep it with the file; it is not shown again\n"),
                      code);
    if (may)
        cli_say(cli, "%s",
                XG_T("已全部写入，可以拔出 U 盘了。",
                     "All of it is on the stick; it may be taken out."));
    cli_say(cli, "%s",
            XG_T("本机的资料都还在。接收人签收后，用 xunge handover status "
                 "查看；没有网络就带回回执：xunge handover finish 文件。",
                 "Everything is still here. Once it was accepted, xunge "
                 "handover status shows that; without a network, bring the "
                 "answer back: xunge handover finish FILE."));
    return xg_buf_check(&cli->out, err);
}

enum xg_status cmd_handover_write(struct cli *cli, struct xg_error *err)
{
    struct cli_bytes progress = {cli, XG_T("写出（KB）", "writing (KB)")};
    char code[XG_SEAL_CODE_SIZE] = "";
    struct handover_write_options options = {
        .to = cli_flag(cli, "to"), .progress = {cli_show_bytes, &progress}};
    struct handover_written written;
    json_t *names = json_array();

    cli->command.needs = CLI_HOME;
    cli->data = strcmp(cli->words[0], "-") == 0;
    enum xg_status status = cli_open(cli, err);
    if (status == XG_OK && cli->data && cli_flag(cli, "code"))
        status = xg_fail(err, XG_USAGE,
                         XG_T("--code 要写到文件：交接码与文件不能走同一条路",
                              "--code needs a file: the code does not go the "
                              "way that the file goes"));
    if (status == XG_OK && !options.to)
        status =
            xg_fail(err, XG_USAGE,
                    XG_T("交给谁？请加 --to 工号", "to whom? add --to WORKER"));
    if (status == XG_OK)
        status = choose_keys(cli, &options.slots, names, options.to, err);
    if (status == XG_OK && cli_flag(cli, "code")) {
        xg_seal_draw_code(code, &cli->env);
        options.slots.code = code;
    }
    if (status == XG_OK)
        status =
            handover_write(&cli->home, &written, cli->words[0], &options, err);
    if (status == XG_OK)
        status = say_written(cli, &written, names, *code ? code : NULL, err);
    sodium_memzero(code, sizeof code);
    json_decref(names);
    return status;
}

/* ---- accept ---- */

static enum xg_status say_accepted(struct cli *cli,
                                   const struct handover_accepted *a,
                                   struct xg_error *err)
{
    const struct handover_counts *c = &a->counts;
    const char *answer = cli_flag(cli, "answer");

    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:s, s:o, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
                      "s:I, s:I, s:s?}",
                      "number", a->number, "handover",
                      cli_json_hex(a->id.b, XG_ID_SIZE), "from", a->from,
                      "before", a->before, "cases", (json_int_t)c->cases,
                      "subjects", (json_int_t)c->subjects, "drafts",
                      (json_int_t)c->drafts, "photos", (json_int_t)c->photos,
                      "batches", (json_int_t)c->batches, "others",
                      (json_int_t)c->told, "lacking", (json_int_t)a->lacking,
                      "to_push", (json_int_t)a->to_push, "bad_receipts",
                      (json_int_t)a->bad_receipts, "answer", answer),
            err);
    xg_buf_format(
        &cli->out,
        a->before
            ? XG_T("交接 %s（%s）早已签收，没有重复\n",
                   "handover %s (from %s) had been accepted; nothing "
                   "was done twice\n")
            : XG_T("已签收交接 %s（%s）\n", "accepted handover %s from %s\n"),
        a->number, a->from);
    xg_buf_format(&cli->out,
                  XG_T("未结案件 %" PRIu64 " · 重点对象 %" PRIu64
                       " · 草稿 %" PRIu64 " · 照片 %" PRIu64 "\n",
                       "open cases %" PRIu64 " · subjects %" PRIu64
                       " · drafts %" PRIu64 " · photos %" PRIu64 "\n"),
                  c->cases, c->subjects, c->drafts, c->photos);
    if (a->to_push)
        xg_buf_format(&cli->out,
                      XG_T("其中 %" PRIu64 " 批还没有服务器的回执，下次同步由"
                           "本机代传\n",
                           "%" PRIu64 " batches have no proof yet; the next "
                           "sync here pushes them\n"),
                      a->to_push);
    if (a->lacking)
        xg_buf_format(&cli->out,
                      XG_T("注意：移交人的 %" PRIu64 " 条记录不在文件里\n",
                           "mind: %" PRIu64 " records of the predecessor are "
                           "not in the file\n"),
                      a->lacking);
    if (c->told)
        cli_say(cli,
                XG_T("其中他人的记录 %" PRIu64 " 条暂以移交人所述为准，同步后"
                     "由服务器证实。",
                     "%" PRIu64 " records of others stand by the predecessor's "
                     "word until a sync has confirmed them."),
                c->told);
    return xg_buf_check(&cli->out, err);
}

static enum xg_status ask_code(struct cli *cli, struct xg_buf *code,
                               struct xg_error *err)
{
    if (cli_passphrase(cli, code, XG_T("交接码：", "Code: "), err) != XG_OK)
        return err->status;
    xg_buf_byte(code, '\0');
    return xg_buf_check(code, err);
}

enum xg_status cmd_handover_accept(struct cli *cli, struct xg_error *err)
{
    struct cli_bytes progress = {cli, XG_T("读入（KB）", "reading (KB)")};
    struct handover_accept_options options = {
        .answer = cli_flag(cli, "answer"),
        .again = cli_flag(cli, "again") != NULL,
        .progress = {cli_show_bytes, &progress}};
    struct handover_accepted accepted;
    struct xg_buf code = {0};
    bool asked = cli_flag(cli, "code") != NULL;

    if (options.answer && strcmp(options.answer, "-") == 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("--answer 要写到文件，不能是“-”；例如 --answer "
                            "answer.xga",
                            "--answer needs a file, not \"-\"; for example "
                            "--answer answer.xga"));
    cli->command.needs = CLI_HOME;
    enum xg_status status = cli_open(cli, err);

    if (status == XG_OK && asked)
        status = ask_code(cli, &code, err);
    options.code = asked && status == XG_OK ? (const char *)code.data : NULL;
    if (status == XG_OK)
        status = handover_accept(&cli->home, &accepted, cli->words[0], &options,
                                 err);
    if (status == XG_LOCKED && !asked && isatty(STDIN_FILENO)) {
        *err = XG_ERROR_NONE;
        status = ask_code(cli, &code, err);
        options.code = (const char *)code.data;
        if (status == XG_OK)
            status = handover_accept(&cli->home, &accepted, cli->words[0],
                                     &options, err);
    }
    if (code.data)
        sodium_memzero(code.data, code.cap);
    xg_buf_clear(&code);
    return status == XG_OK ? say_accepted(cli, &accepted, err) : status;
}
