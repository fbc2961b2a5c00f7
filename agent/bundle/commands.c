/* commands.c - bundle write and read, enrolling by files: the part of xunge
 * that needs archives, in the program xunge-bundle. The rest of that program is
 * xunge's own.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/bundle.h"
#include "agent/engine/rescue.h"
#include "agent/home/sticks.h"
#include "shared/view/text.h"

/* A stick that is taken out too early has half of what was written. */
static bool may_go(struct cli *cli)
{
    bool may = sticks_may_go(cli->words[0]);

    if (may)
        cli_say(cli, "%s",
                XG_T("已全部写入，可以拔出 U 盘了。",
                     "All of it is on the stick; it may be taken out."));
    return may;
}

static bool to_stream(struct cli *cli, const char *path)
{
    cli->data = cli->data || strcmp(path, "-") == 0;
    return cli->data;
}

/* ---- write ---- */

static enum xg_status read_photos(enum sync_photos *out, const char *text,
                                  struct xg_error *err)
{
    static const struct {
        const char *name;
        enum sync_photos photos;
    } choices[] = {{"none", SYNC_PHOTOS_NONE},
                   {"thumbs", SYNC_PHOTOS_THUMBS},
                   {"all", SYNC_PHOTOS_ALL}};

    *out = SYNC_PHOTOS_ALL;
    if (!text)
        return XG_OK;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (strcmp(choices[i].name, text) == 0) {
            *out = choices[i].photos;
            return XG_OK;
        }
    return xg_fail(err, XG_USAGE,
                   XG_T("--photos 只能是 none、thumbs 或 all，不是“%s”",
                        "--photos is none, thumbs or all, not \"%s\""),
                   text);
}

static enum xg_status say_written(struct cli *cli,
                                  const struct bundle_written *w,
                                  struct xg_error *err)
{
    char size[VIEW_SIZE_TEXT];
    bool may = may_go(cli);

    if (cli->json && !cli->data)
        return cli_put_json(
            cli,
            json_pack("{s:b, s:s, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I,"
                      " s:I}",
                      "safe_to_remove", may, "file", cli->words[0], "bytes", (json_int_t)w->bytes,
                      "sealed", cli_flag(cli, "seal") != NULL, "batches",
                      (json_int_t)w->batches, "records", (json_int_t)w->records,
                      "photos", (json_int_t)w->photos, "thumbnails",
                      (json_int_t)w->thumbnails, "photo_bytes",
                      (json_int_t)w->photo_bytes, "photos_left",
                      (json_int_t)w->photos_left, "photos_missing",
                      (json_int_t)w->photos_missing, "photos_damaged",
                      (json_int_t)w->photos_damaged),
            err);
    cli_say(cli,
            XG_T("已写入 %s（%s）：记录 %" PRIu64 " 条（%" PRIu64
                 " 批）· 照片 %" PRIu64 " 张 · 缩略图 %" PRIu64 " 张",
                 "%s is written (%s): %" PRIu64 " records (%" PRIu64
                 " batches), %" PRIu64 " photos, %" PRIu64 " thumbnails"),
            cli->words[0], view_size_text(size, w->bytes), w->records,
            w->batches, w->photos, w->thumbnails);
    if (w->photos_left)
        cli_say(cli,
                XG_T("还有 %" PRIu64 " 张照片装不下，请读入回应后再写一次。",
                     "%" PRIu64 " photos did not fit: write once more when "
                     "the answer was read."),
                w->photos_left);
    if (w->photos_damaged)
        cli_say(cli,
                XG_T("%" PRIu64 " 张照片在本机已损坏，没有带上：xunge verify。",
                     "%" PRIu64 " photos are damaged on this device and are "
                     "not in it: xunge verify."),
                w->photos_damaged);
    cli_say(cli, "%s",
            XG_T("请交给指挥中心读入，取得回执文件后：xunge bundle read 文件。"
                 "在那之前，资料都留在本机。",
                 "Bring it to the command centre; with its answer: xunge "
                 "bundle read FILE. Until then everything stays here."));
    return xg_buf_check(&cli->out, err);
}

static enum xg_status say_rescued(struct cli *cli,
                                  const struct rescue_written *w,
                                  struct xg_error *err)
{
    char size[VIEW_SIZE_TEXT];
    bool may = may_go(cli);

    if (cli->json && !cli->data)
        return cli_put_json(
            cli,
            json_pack("{s:b, s:s, s:b, s:I, s:I, s:I}", "safe_to_remove", may,
                      "file", cli->words[0],
                      "rescue", 1, "bytes", (json_int_t)w->bytes, "files",
                      (json_int_t)w->files, "photos", (json_int_t)w->photos),
            err);
    cli_say(cli,
            XG_T("救援包已写入 %s（%s，%" PRIu64 " 个文件，其中照片和缩略图 "
                 "%" PRIu64 " 个），内容仍是加密的。",
                 "the rescue bundle is in %s (%s, %" PRIu64 " files, %" PRIu64
                 " of them photos and thumbnails), encrypted as it was."),
            cli->words[0], view_size_text(size, w->bytes), w->files,
            w->photos);
    cli_say(
        cli, "%s",
        XG_T("在指挥中心：xunge bundle read 文件 --home 新文件夹，再 xunge "
             "passphrase recover --registrar-key 密钥文件 --home 新文件夹。",
             "At the command centre: xunge bundle read FILE --home NEW, "
             "then xunge passphrase recover --registrar-key KEYFILE --home "
             "NEW."));
    return xg_buf_check(&cli->out, err);
}

static enum xg_status write_rescue(struct cli *cli, struct cli_bytes *progress,
                                   struct xg_error *err)
{
    const struct bundle_progress told = {cli_show_bytes, progress};
    struct rescue_written w;

    if (rescue_write(cli->path, &w, cli->words[0], &cli->env, &told, err) !=
        XG_OK)
        return err->status;
    return say_rescued(cli, &w, err);
}

enum xg_status cmd_bundle_write(struct cli *cli, struct xg_error *err)
{
    struct cli_bytes progress = {cli, XG_T("写出（KB）", "writing (KB)")};
    struct bundle_write_options options = {
        .path = cli->words[0],
        .seal = cli_flag(cli, "seal") != NULL,
        .progress = {cli_show_bytes, &progress}};
    struct bundle_written written;

    to_stream(cli, cli->words[0]);
    if (read_photos(&options.photos, cli_flag(cli, "photos"), err) != XG_OK)
        return err->status;
    if (cli_flag(cli, "rescue"))
        return write_rescue(cli, &progress, err);
    cli->command.needs = CLI_HOME;
    enum xg_status status = cli_open(cli, err);
    if (status == XG_LOCKED) {
        *err = XG_ERROR_NONE;
        cli_say(cli, "%s",
                XG_T("本机已上锁：写出救援包。", "This home is locked: what is "
                                                 "written is a rescue "
                                                 "bundle."));
        return write_rescue(cli, &progress, err);
    }
    if (status == XG_OK)
        status = bundle_write(&cli->home, &written, &options, err);
    return status == XG_OK ? say_written(cli, &written, err) : status;
}

/* ---- read ---- */

static json_t *taken_json(const struct bundle_taken *t)
{
    const struct sync_report *r = &t->report;
    json_t *bad = json_array();

    for (size_t i = 0; i < t->reason_count; i++)
        json_array_append_new(bad, json_string(t->reasons[i]));
    json_t *answer = json_pack(
        "{s:b, s:b, s:b, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:I, s:o}",
        "enrolled", t->enrolled, "old", t->old, "cut", t->cut, "device",
        r->device, "state", xg_device_state_name(r->state), "batches_received",
        (json_int_t)r->batches_received, "records_received",
        (json_int_t)r->records_received, "log_size", (json_int_t)r->log_size,
        "records_pulled", (json_int_t)r->records_pulled, "registry_notes",
        (json_int_t)r->registry_notes, "references", (json_int_t)r->references,
        "photos_proven", (json_int_t)t->photos_proven, "photos_back",
        (json_int_t)t->photos_back, "batches_waiting",
        (json_int_t)t->batches_waiting, "bad_parts", (json_int_t)t->bad_parts,
        "bad", bad);
    if (answer && t->gap)
        json_object_set_new(answer, "updates_gap",
                            json_pack("{s:I, s:I}", "from",
                                      (json_int_t)t->gap_from, "held",
                                      (json_int_t)t->gap_held));
    return answer;
}

static void put_missing(struct cli *cli, const struct bundle_taken *t)
{
    if (t->cut)
        xg_buf_text(
            &cli->out,
            XG_T("文件不完整：在中间断了；到了的都已读入，请重新拷贝再读\n",
                 "the file is cut short; what came whole was taken: "
                 "copy it again and read it again\n"));
    for (size_t i = 0; i < t->reason_count; i++)
        xg_buf_format(&cli->out, XG_T("未采用：%s\n", "not taken: %s\n"),
                      t->reasons[i]);
    if (t->bad_parts > t->reason_count)
        xg_buf_format(
            &cli->out,
            XG_T("还有 %" PRIu64 " 处未采用\n", "and %" PRIu64 " parts more\n"),
            t->bad_parts - t->reason_count);
    if (t->gap)
        xg_buf_format(&cli->out,
                      XG_T("更新从日志第 %" PRIu64 " 条起，而本机只到 %" PRIu64
                           "：请在本机重新 xunge bundle write，再取回应\n",
                           "updates begin at %" PRIu64 " but this device has "
                           "%" PRIu64 ": write a new bundle here first\n"),
                      t->gap_from, t->gap_held);
    if (t->batches_waiting)
        xg_buf_format(&cli->out,
                      XG_T("还有 %" PRIu64 " 批记录在等回执\n",
                           "%" PRIu64 " batches still wait for a receipt\n"),
                      t->batches_waiting);
}

static enum xg_status say_taken(struct cli *cli, const struct bundle_taken *t,
                                struct xg_error *err)
{
    const struct sync_report *r = &t->report;

    if (t->cut || t->gap || t->bad_parts)
        cli->decide = xg_status_exit(XG_GAP);
    if (cli->json)
        return cli_put_json(cli, taken_json(t), err);
    if (t->enrolled)
        xg_buf_format(&cli->out,
                      XG_T("已加入：%s（%s）\n", "enrolled: %s (%s)\n"),
                      r->device, r->worker);
    if (t->old) {
        xg_buf_text(&cli->out,
                    XG_T("这个数据包比本机已知道的旧：里面的都已有了，什么也"
                         "没有改动\n",
                         "this bundle is older than what is known here: "
                         "nothing in it is new, nothing was changed\n"));
        put_missing(cli, t);
        return xg_buf_check(&cli->out, err);
    }
    if (r->state == XG_DEVICE_PENDING)
        xg_buf_format(&cli->out,
                      XG_T("本机 %s 等待管理员批准\n",
                           "%s is waiting to be approved by the operator\n"),
                      r->device);
    if (r->state == XG_DEVICE_REVOKED)
        xg_buf_format(&cli->out,
                      XG_T("本机 %s 已被注销，请联系管理员\n",
                           "%s was revoked; ask the operator\n"),
                      r->device);
    if (r->reached)
        xg_buf_format(&cli->out,
                      XG_T("已收到 %" PRIu64 " 条（%" PRIu64
                           " 批，回执已核验）· 照片已证实 %" PRIu64
                           " 张 · 新记录 %" PRIu64 " 条 · 参考资料 %" PRIu64
                           " 份\n",
                           "received %" PRIu64 " records (%" PRIu64
                           " batches, proofs verified), %" PRIu64
                           " photos proven, %" PRIu64 " new records, %" PRIu64
                           " reference files\n"),
                      r->records_received, r->batches_received,
                      t->photos_proven, r->records_pulled, r->references);
    put_missing(cli, t);
    return xg_buf_check(&cli->out, err);
}

static enum xg_status read_rescue(struct cli *cli, const char *file,
                                  const struct bundle_progress *told,
                                  struct xg_error *err)
{
    struct rescue_read r;

    if (rescue_read(cli->path, &r, file, told, err) != XG_OK)
        return err->status;
    if (r.missing)
        cli->decide = xg_status_exit(XG_GAP);
    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:b, s:s, s:I, s:I, s:I}", "rescue", 1, "home",
                      cli->path, "files", (json_int_t)r.files, "photos",
                      (json_int_t)r.photos, "missing", (json_int_t)r.missing),
            err);
    xg_buf_format(&cli->out,
                  XG_T("救援包已解到 %s：%" PRIu64
                       " 个文件，其中照片和缩略图 %" PRIu64 " 个\n",
                       "the rescue bundle is in %s: %" PRIu64 " files, %" PRIu64
                       " of them photos and thumbnails\n"),
                  cli->path, r.files, r.photos);
    if (r.missing)
        xg_buf_format(&cli->out,
                      XG_T("文件在中间断了：还缺 %" PRIu64
                           " 个文件（照片等）\n",
                           "the file is cut short: %" PRIu64
                           " files (photos and the like) are missing\n"),
                      r.missing);
    cli_say(cli,
            XG_T("接下来（都写上 --home %s）：xunge passphrase recover "
                 "--registrar-key 密钥文件，xunge unlock，xunge sync。",
                 "Next, each with --home %s: xunge passphrase recover "
                 "--registrar-key KEYFILE, xunge unlock, xunge sync."),
            cli->path);
    return xg_buf_check(&cli->out, err);
}

static enum xg_status read_file(struct cli *cli, const char *file,
                                struct xg_error *err)
{
    struct cli_bytes progress = {cli, XG_T("读入（KB）", "reading (KB)")};
    const struct bundle_progress told = {cli_show_bytes, &progress};
    struct bundle_taken taken;

    if (rescue_begins(file))
        return read_rescue(cli, file, &told, err);
    cli->command.needs = CLI_HOME;
    if (cli_open(cli, err) != XG_OK ||
        bundle_read(&cli->home, &taken, file, &told, err) != XG_OK)
        return err->status;
    return say_taken(cli, &taken, err);
}

enum xg_status cmd_bundle_read(struct cli *cli, struct xg_error *err)
{
    return read_file(cli, cli->words[0], err);
}

/* ---- enrol --request, --accept ---- */

static enum xg_status write_request(struct cli *cli, const char *path,
                                    struct xg_error *err)
{
    const struct bundle_write_options options = {
        .path = path, .seal = cli_flag(cli, "seal") != NULL};
    struct xg_enrol_code code;

    to_stream(cli, path);
    enum xg_status status = sync_read_code(&code, cli->words[0], err);
    if (status == XG_OK)
        status = home_open(&cli->home, cli->path, true, &cli->env, err);
    if (status == XG_OK)
        status = bundle_write_enrol(&cli->home, &code, &options, err);
    sodium_memzero(&code, sizeof code);
    if (status != XG_OK)
        return status;
    if (cli->json && !cli->data)
        return cli_put_json(cli, json_pack("{s:s}", "request", path), err);
    cli_say(cli,
            XG_T("加入申请已写入 %s。请交给指挥中心读入，取得回应后：xunge "
                 "enrol --accept 文件。",
                 "the request to join is in %s. Bring it to the command "
                 "centre; with its answer: xunge enrol --accept FILE."),
            path);
    return XG_OK;
}

enum xg_status cli_enrol_by_file(struct cli *cli, struct xg_error *err)
{
    const char *request = cli_flag(cli, "request");
    const char *accept = cli_flag(cli, "accept");

    if (request && accept)
        return xg_fail(err, XG_USAGE,
                       XG_T("--request 和 --accept 不能同用",
                            "--request and --accept do not go together"));
    if (accept)
        return read_file(cli, accept, err);
    return write_request(cli, request, err);
}
