/* cmd_handover.c - handover status|finish|key, and leave: from one worker to the
 * next, and the end of a device. write and accept are done by xunge-handover,
 * which alone knows archives: linking libarchive doubles the time in which this
 * program starts, and it starts for every record.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <sodium.h>
#include <unistd.h>

#include "agent/handover/handover.h"
#include "shared/base/os.h"
#include "shared/view/text.h"

/* ---- finish, status, key ---- */

static const char *stage_name(const struct handover_info *info)
{
    static const char *const names[] = {"open", "replaced", "answered",
                                        "accepted"};
    return names[info->stage];
}

static const char *stage_label(const struct handover_info *info)
{
    if (info->taken)
        return info->stage == HANDOVER_ACCEPTED
                   ? XG_T("已在本机签收，服务器已收到",
                          "accepted here, received by the server")
                   : XG_T("已在本机签收，待同步", "accepted here, to be synced");
    switch (info->stage) {
    case HANDOVER_OPEN:
        return XG_T("等待签收", "waiting to be accepted");
    case HANDOVER_REPLACED:
        return XG_T("已被后来的交接替代", "replaced by a later one");
    case HANDOVER_ANSWERED:
        return XG_T("已签收（回执文件）", "accepted (by the answer file)");
    case HANDOVER_ACCEPTED:
        return XG_T("已签收", "accepted");
    }
    return "";
}

static json_t *info_json(const struct handover_info *info)
{
    return json_pack("{s:s, s:o, s:s, s:s, s:b, s:b, s:s, s:I, s:I, s:I, s:I, "
                     "s:I}",
                     "number", info->number, "handover",
                     cli_json_hex(info->id.b, XG_ID_SIZE), "from", info->from,
                     "to", info->to, "given", info->given, "taken", info->taken,
                     "stage", stage_name(info), "cases",
                     (json_int_t)info->cases, "subjects",
                     (json_int_t)info->subjects, "drafts",
                     (json_int_t)info->drafts, "photos",
                     (json_int_t)info->photos, "lacking",
                     (json_int_t)info->lacking);
}

static void put_info(struct xg_buf *out, const struct handover_info *info)
{
    xg_buf_format(out, "%s  %s → %s  ", info->number, info->from, info->to);
    view_put_time(out, info->written_ms / 1000 * 1000);
    xg_buf_format(out, "  %s\n", stage_label(info));
    xg_buf_format(out,
                  XG_T("  未结案件 %" PRIu64 " · 重点对象 %" PRIu64
                       " · 草稿 %" PRIu64 " · 照片 %" PRIu64 "\n",
                       "  open cases %" PRIu64 " · subjects %" PRIu64
                       " · drafts %" PRIu64 " · photos %" PRIu64 "\n"),
                  info->cases, info->subjects, info->drafts, info->photos);
}

enum xg_status cmd_handover_finish(struct cli *cli, struct xg_error *err)
{
    struct handover_info info;

    if (handover_finish(&cli->home, &info, cli->words[0], err) != XG_OK)
        return err->status;
    if (cli->json)
        return cli_put_json(cli, info_json(&info), err);
    put_info(&cli->out, &info);
    cli_say(cli, "%s",
            XG_T("现在可以运行 xunge leave。", "You may run xunge leave now."));
    return xg_buf_check(&cli->out, err);
}

struct listing {
    struct cli *cli;
    json_t *list;
    size_t count;
};

static bool put_one(void *ctx, const struct handover_info *info)
{
    struct listing *l = ctx;

    l->count++;
    if (l->list)
        json_array_append_new(l->list, info_json(info));
    else
        put_info(&l->cli->out, info);
    return true;
}

enum xg_status cmd_handover_status(struct cli *cli, struct xg_error *err)
{
    struct listing l = {.cli = cli, .list = cli->json ? json_array() : NULL};
    struct store_carried_counts c = {0};
    enum xg_status status = handover_list(&cli->home, put_one, &l, err);

    if (status == XG_OK)
        status = store_count_carried(cli->home.store, &c, err);
    if (status == XG_OK && cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:o, s:{s:I, s:I, s:I, s:I}}", "handovers", l.list,
                      "carried", "batches", (json_int_t)c.batches, "to_push",
                      (json_int_t)c.batches_due, "unconfirmed",
                      (json_int_t)c.told, "photos", (json_int_t)c.photos),
            err);
    json_decref(l.list);
    if (status != XG_OK)
        return status;
    if (l.count == 0)
        cli_say(cli, "%s", XG_T("没有交接。", "There is no handover."));
    if (c.batches_due)
        xg_buf_format(&cli->out,
                      XG_T("替移交人代传：%" PRIu64 " 批待传\n",
                           "for the predecessor: %" PRIu64 " batches to "
                           "push\n"),
                      c.batches_due);
    if (c.told)
        xg_buf_format(&cli->out,
                      XG_T("他人的记录 %" PRIu64 " 条暂以移交人所述为准，"
                           "同步后证实\n",
                           "%" PRIu64 " records of others stand by the "
                           "predecessor's word; a sync confirms them\n"),
                      c.told);
    return xg_buf_check(&cli->out, err);
}

enum xg_status cmd_handover_key(struct cli *cli, struct xg_error *err)
{
    char text[XG_VKEY_SIZE];
    struct xg_signer signer;

    if (store_signer(cli->home.store, &signer, NULL, err) != XG_OK)
        return err->status;
    xg_verifier_print(text, &signer.verifier);
    sodium_memzero(&signer, sizeof signer);
    if (cli->json)
        return cli_put_json(cli, json_pack("{s:s}", "key", text), err);
    xg_buf_format(&cli->out, "%s\n", text);
    return xg_buf_check(&cli->out, err);
}

/* ---- leave ---- */

static json_t *left_json(const struct handover_left *left, bool wiped)
{
    return json_pack("{s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "wiped",
                     wiped, "clear", handover_nothing_left(left), "patrol_open",
                     left->patrol, "records", (json_int_t)left->records,
                     "drafts", (json_int_t)left->drafts, "photos",
                     (json_int_t)left->photos, "bad_receipts",
                     (json_int_t)left->bad_receipts, "batches",
                     (json_int_t)left->batches, "proven",
                     (json_int_t)left->proven);
}

/* What is only here, and what to do about each. */
static enum xg_status refuse(const struct handover_left *left,
                             struct xg_error *err)
{
    if (left->patrol)
        return xg_fail(err, XG_REFUSED,
                       XG_T("巡查还没有结束：请先运行 xunge patrol stop",
                            "a patrol is open: end it first, xunge patrol "
                            "stop"));
    if (left->bad_receipts)
        return xg_fail(err, XG_ALARM,
                       XG_T("%" PRIu64 " 份回执通不过核验，不能算已收到：请保留"
                            "本机不要清空，马上把 xunge verify 的结果告诉指挥中心管理员",
                            "%" PRIu64 " proofs do not hold, so nothing is "
                            "proven received: do not wipe this device, and "
                            "tell the administrator of the command centre at "
                            "once what xunge verify says"),
                       left->bad_receipts);
    return xg_fail(err, XG_REFUSED,
                   XG_T("还不能走，以下只在本机：记录 %" PRIu64 " · 草稿 %" PRIu64
                        " · 照片 %" PRIu64 "。有网络先 xunge sync；草稿补全或"
                        "丢弃；其余用 xunge handover write 交给接任的人，等其"
                        "签收",
                        "not yet; this is only here: records %" PRIu64
                        ", drafts %" PRIu64 ", photos %" PRIu64
                        ". With a network, xunge sync; finish or discard the "
                        "drafts; hand the rest to the successor with xunge "
                        "handover write, and wait until it is accepted"),
                   left->records, left->drafts, left->photos);
}

static enum xg_status say_wiped(struct cli *cli,
                                const struct handover_left *left,
                                struct xg_error *err)
{
    if (cli->json)
        return cli_put_json(cli, left_json(left, true), err);
    xg_buf_format(&cli->out, XG_T("%s 已抹去。\n", "%s is wiped.\n"),
                  cli->path);
    cli_say(cli, "%s",
            XG_T("请告诉管理员停用这台设备：xunge-server device revoke。",
                 "Tell the operator to revoke this device: xunge-server device "
                 "revoke."));
    return xg_buf_check(&cli->out, err);
}

/* Nobody may be syncing meanwhile. */
static enum xg_status wipe(struct cli *cli, struct xg_error *err)
{
    char path[HOME_PATH_SIZE];
    struct xg_error ignored = XG_ERROR_NONE;
    int lock;

    home_close(&cli->home);
    if (home_file(path, cli->path, "sync.lock", err) != XG_OK ||
        xg_os_lock_open(&lock, path, err) != XG_OK)
        return err->status;
    enum xg_status status = xg_os_try_lock(lock, err);
    if (status == XG_BUSY)
        status = xg_fail(err, XG_BUSY,
                         XG_T("正在同步；请等它结束，或停止 xunge sync "
                              "--watch，再试",
                              "a sync is going on; let it end, or stop xunge "
                              "sync --watch, then try again"));
    if (status == XG_OK) {
        xg_ignore(vault_lock(cli->path, &ignored)); /* out of the keyring */
        status = handover_wipe(cli->path, err);
    }
    close(lock);
    return status;
}

enum xg_status cmd_leave(struct cli *cli, struct xg_error *err)
{
    struct handover_left left = {.records = 0};

    if (handover_wiping(cli->path))
        return wipe(cli, err) == XG_OK ? say_wiped(cli, &left, err)
                                       : err->status;
    cli->command.needs = CLI_HOME;
    if (cli_open(cli, err) != XG_OK ||
        handover_look_left(&cli->home, &left, err) != XG_OK)
        return err->status;
    if (!handover_nothing_left(&left)) {
        if (!cli->json)
            return refuse(&left, err);
        cli->decide =
            xg_status_exit(left.bad_receipts ? XG_ALARM : XG_REFUSED);
        return cli_put_json(cli, left_json(&left, false), err);
    }
    if (cli_flag(cli, "yes"))
        return wipe(cli, err) == XG_OK ? say_wiped(cli, &left, err)
                                       : err->status;
    if (cli->json)
        return cli_put_json(cli, left_json(&left, false), err);
    xg_buf_format(&cli->out,
                  XG_T("核验了 %" PRIu64 " 份回执：本机的东西别处都有了。\n",
                       "%" PRIu64 " proofs verified: nothing is only here.\n"),
                  left.proven);
    cli_say(cli, XG_T("确定离开就运行 xunge leave --yes：%s 将被抹去，不能"
                      "恢复。",
                      "To go, run xunge leave --yes: %s will be wiped, for "
                      "good."),
            cli->path);
    return xg_buf_check(&cli->out, err);
}
