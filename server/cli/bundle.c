/* bundle.c - `bundle read`, `bundle write`: what goes to and fro on a stick. */
#include "server/bundle/bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/data/data.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

enum { PROGRESS_AFTER_MS = 1000, PROGRESS_EVERY_MS = 200 };

/* ---- how far it is ---- */

/* A line on the terminal of who called. */
struct line {
    int fd;
    const struct xg_env *env;
    const char *what;
    int64_t begun_ms, told_ms;
    bool stands;
};

static void tell(struct line *l, const char *text, int len)
{
    if (len > 0 && write(l->fd, text, (size_t)len) < 0)
        l->fd = -1; /* nobody looks any more */
}

static void show_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct line *l = ctx;
    int64_t now_ms = xg_mono_ms(l->env);
    char text[160], at[VIEW_SIZE_TEXT], of[VIEW_SIZE_TEXT];

    if (l->fd < 0 || now_ms - l->begun_ms < PROGRESS_AFTER_MS ||
        now_ms - l->told_ms < PROGRESS_EVERY_MS)
        return;
    l->told_ms = now_ms;
    l->stands = true;
    tell(l, text,
         snprintf(text, sizeof text, "\r%s %s / %s", l->what,
                  view_size_text(at, done), view_size_text(of, total)));
}

static struct line begin_line(const struct cmd *c, const char *what)
{
    int fd = c->files[CMD_FILE_TELL];
    int64_t now_ms = xg_mono_ms(c->env);

    return (struct line){.fd = isatty(fd) ? fd : -1,
                         .env = c->env,
                         .what = what,
                         .begun_ms = now_ms,
                         .told_ms = now_ms};
}

static void end_line(struct line *l)
{
    static const char blank[] = "\r\033[K";

    if (l->stands && l->fd >= 0)
        tell(l, blank, sizeof blank - 1);
    l->stands = false;
}

/* ---- what was read ---- */

static json_t *troubles_json(const struct bundle_report *r)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < r->trouble_count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s}", "part", r->troubles[i].part,
                            "code", xg_status_name(r->troubles[i].status),
                            "why", r->troubles[i].why));
    return list;
}

static json_t *states_json(const struct bundle_report *r)
{
    json_t *states = json_object();

    for (unsigned i = 0; states && i <= XG_BATCH_QUARANTINED; i++)
        json_object_set_new(states, xg_batch_state_name((enum xg_batch_state)i),
                            json_integer((json_int_t)r->batches[i]));
    return states;
}

static json_t *report_json(const struct bundle_report *r)
{
    return json_pack(
        "{s:s, s:s, s:b, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:b, s:o}",
        "device", r->device, "state", xg_device_state_name(r->state), "enrol",
        r->asked_to_join, "written_ms", (json_int_t)r->time_ms, "parts",
        (json_int_t)r->parts, "came", (json_int_t)r->came, "batches",
        states_json(r), "records", (json_int_t)r->records, "photos",
        (json_int_t)r->photos, "photos_held", (json_int_t)r->photos_held,
        "photo_bytes", (json_int_t)r->photo_bytes, "bad", (json_int_t)r->bad,
        "unknown", (json_int_t)r->foreign, "cut", r->cut, "troubles",
        troubles_json(r));
}

static void put_states(struct cmd *c, const struct bundle_report *r)
{
    static const struct {
        enum xg_batch_state state;
        const char *zh, *en;
    } words[] = {
        {XG_BATCH_STORED, "新收", "new"},
        {XG_BATCH_HELD, "已有", "here before"},
        {XG_BATCH_WAITING, "等待前面的记录", "wait for earlier ones"},
        {XG_BATCH_FORKED, "与另一份拷贝矛盾，两份都保留",
         "contradict another copy; both are kept"},
        {XG_BATCH_QUARANTINED, "隔离（设备已停用）",
         "in quarantine (the device is revoked)"},
    };
    bool any = false;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        uint64_t n = r->batches[words[i].state];
        if (n == 0)
            continue;
        xg_buf_format(
            &c->out, XG_T("%s%" PRIu64 " 批%s", "%s%" PRIu64 " batches %s"),
            any ? XG_T("，", ", ") : "", n, XG_T(words[i].zh, words[i].en));
        any = true;
    }
    if (any)
        xg_buf_format(
            &c->out,
            XG_T("；%" PRIu64 " 条新记录\n", "; %" PRIu64 " new records\n"),
            r->records);
}

static void put_missing(struct cmd *c, const struct bundle_report *r)
{
    if (r->cut && r->came >= r->parts)
        xg_buf_format(&c->out,
                      XG_T("文件不完整：末尾断了。里面的 %" PRIu64
                           " 件都已收下；请重新拷贝后再读一次核对\n",
                           "the file is cut short at its end: all its %" PRIu64
                           " parts were taken; copy the file again and read "
                           "it once more to be sure\n"),
                      r->parts);
    else if (r->cut)
        xg_buf_format(
            &c->out,
            XG_T("文件不完整：共 %" PRIu64 " 件，读到 %" PRIu64
                 " 件，还缺 %" PRIu64
                 " 件。读到的已收下；请重新拷贝后再读一次\n",
                 "the file is cut short: of %" PRIu64 " parts %" PRIu64
                 " came, %" PRIu64 " are missing. What came was taken; copy "
                 "the file again and read it once more\n"),
            r->parts, r->came, r->parts > r->came ? r->parts - r->came : 0);
    if (r->foreign)
        xg_buf_format(&c->out,
                      XG_T("%" PRIu64 " 件是较新版本的内容，跳过\n",
                           "%" PRIu64 " parts are of a newer version and were "
                           "passed over\n"),
                      r->foreign);
    for (size_t i = 0; i < r->trouble_count; i++) {
        const struct bundle_trouble *t = &r->troubles[i];
        xg_buf_format(&c->out, XG_T("没有收下 %s：%s\n", "not taken: %s: %s\n"),
                      *t->part ? t->part : XG_T("其余部分", "the rest"),
                      t->why);
    }
    if (r->bad > r->trouble_count)
        xg_buf_format(&c->out,
                      XG_T("还有 %" PRIu64 " 件没有收下\n",
                           "%" PRIu64 " more parts were not taken\n"),
                      r->bad - r->trouble_count);
}

static void put_report(struct cmd *c, const struct bundle_report *r)
{
    char size[VIEW_SIZE_TEXT];

    xg_buf_format(&c->out, XG_T("数据包来自 %s\n", "a bundle from %s\n"),
                  r->device);
    if (r->asked_to_join)
        xg_buf_text(
            &c->out,
            r->state == XG_DEVICE_PENDING
                ? XG_T("申请加入：待批准（xunge-server device "
                       "approve）\n",
                       "it asks to join: pending (xunge-server device "
                       "approve)\n")
                : XG_T("申请加入：已加入\n", "it asks to join: enrolled\n"));
    put_states(c, r);
    if (r->photos || r->photos_held)
        xg_buf_format(&c->out,
                      XG_T("照片和缩略图：新收 %" PRIu64
                           "（%s），已有 %" PRIu64 "\n",
                           "photos and thumbnails: %" PRIu64
                           " new (%s), %" PRIu64 " here before\n"),
                      r->photos, view_size_text(size, r->photo_bytes),
                      r->photos_held);
    put_missing(c, r);
}

/* ---- what was written ---- */

/* What a file is called when a person is told of it. */
static const char *called(const char *path, const char *stream)
{
    return strcmp(path, "-") ? path : stream;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static json_t *given_json(const struct bundle_given *g, const char *path)
{
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:s}",
        "file", path, "device", g->device, "state",
        xg_device_state_name(g->state), "size", (json_int_t)g->size, "since",
        (json_int_t)g->since, "bytes", (json_int_t)g->bytes, "parts",
        (json_int_t)g->parts, "registry", (json_int_t)g->registry_notes,
        "receipts", (json_int_t)g->receipts, "photos", (json_int_t)g->photos,
        "references", (json_int_t)g->references, "files", (json_int_t)g->files,
        "records", (json_int_t)g->records, "updates_to",
        (json_int_t)g->updates_to, "trouble", g->trouble.why);
}

static void put_given(struct cmd *c, const struct bundle_given *g,
                      const char *path)
{
    char size[VIEW_SIZE_TEXT];

    xg_buf_format(
        &c->out,
        XG_T("给 %s 的数据包：%s，%s，日志到第 %" PRIu64 " 条\n",
             "a bundle for %s: %s, %s, the log up to entry %" PRIu64 "\n"),
        g->device, called(path, XG_T("标准输出", "standard output")),
        view_size_text(size, g->bytes), g->size);
    if (g->state == XG_DEVICE_PENDING)
        xg_buf_text(
            &c->out,
            XG_T("设备待批准：只写了这一点。批准后再写一个：xunge-server "
                 "bundle write\n",
                 "the device is pending: it says no more than that. "
                 "Once it is approved write another one: xunge-server "
                 "bundle write\n"));
    else if (g->state == XG_DEVICE_REVOKED)
        xg_buf_text(&c->out, XG_T("设备已停用：只有回执\n",
                                  "the device is revoked: receipts alone\n"));
    else
        xg_buf_format(&c->out,
                      XG_T("回执 %" PRIu64 "，照片证明 %" PRIu64
                           "，更新 %" PRIu64 " 条，资料文件 %" PRIu64 "\n",
                           "%" PRIu64 " receipts, proofs of %" PRIu64
                           " photos, %" PRIu64 " records of news, %" PRIu64
                           " files of reference data\n"),
                      g->receipts, g->photos, g->records, g->files);
    if (strcmp(path, "-") != 0)
        xg_buf_format(&c->out,
                      XG_T("请把它带到那台设备上：xunge bundle read %s\n",
                           "bring it to that device: xunge bundle read %s\n"),
                      base_name(path));
    if (g->trouble.status != XG_OK)
        xg_buf_format(&c->out, XG_T("没有写入 %s：%s\n", "left out: %s: %s\n"),
                      g->trouble.part, g->trouble.why);
}

/* A file that was not finished is none. */
static enum xg_status empty_it(const struct cmd *c, enum xg_status status,
                               struct xg_error *err)
{
    if (status != XG_OK && ftruncate(c->files[CMD_FILE_OUT], 0) != 0)
        return xg_wrap(err, XG_T("文件不可用", "the file is of no use"));
    return status;
}

static struct bundle_out output_of(struct cmd *c, struct line *l,
                                   const char *path)
{
    return (struct bundle_out){
        .target = {.path = called(path, XG_T("标准输出", "standard output")),
                   .fd = c->files[CMD_FILE_OUT],
                   .env = c->env},
        .seal = cmd_option(c, "seal") != NULL,
        .progress = show_progress,
        .ctx = l};
}

/* ---- the commands ---- */

/* What was read, and the answer to it. `given` NULL: none was written. */
static enum xg_status put_both(struct cmd *c, const struct bundle_report *r,
                               const struct bundle_given *given,
                               const char *reply, struct xg_error *err)
{
    if (!c->json) {
        put_report(c, r);
        if (given)
            put_given(c, given, reply);
        return XG_OK;
    }
    json_t *json = report_json(r);
    if (json && given)
        json_object_set_new(json, "reply", given_json(given, reply));
    return cmd_put_json(c, json, err);
}

/* What the exit status is to say, when all was printed. */
static enum xg_status judge(const struct bundle_report *r, struct xg_error *err)
{
    if (r->stopped.status != XG_OK) {
        *err = r->stopped;
        return xg_wrap(err, "%s",
                       XG_T("读到一半停下了：已收下的不会丢，解决后再读一次",
                            "it stopped on the way: what was taken is safe; "
                            "read it again when this is mended"));
    }
    if (r->cut || r->bad)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("数据包没有全部收下，见上",
                            "not all of the bundle was taken, see above"));
    return XG_OK;
}

enum xg_status cmd_bundle_read(struct cmd *c, struct xg_error *err)
{
    struct line l = begin_line(c, XG_T("正在读数据包", "reading the bundle"));
    const char *reply = cmd_option(c, "reply");
    const struct xg_bundle_source from = {
        .path = called(c->args[1], XG_T("标准输入", "standard input")),
        .fd = c->files[CMD_FILE_IN],
        .key = ledger_signer(c->data->ledger)};
    struct xg_error answer_error = XG_ERROR_NONE;
    struct bundle_taken *taken;
    struct bundle_given given;
    enum xg_status answered = XG_OK;

    if (cmd_option(c, "seal") && !reply)
        return xg_fail(
            err, XG_USAGE, "%s",
            XG_T("--seal 要与 --reply 一起用", "--seal goes with --reply"));
    if (bundle_take(&taken, c->data, &from, show_progress, &l, err) != XG_OK) {
        end_line(&l);
        return err->status;
    }
    if (reply) {
        l.what = XG_T("正在写回包", "writing the answer");
        const struct bundle_out out = output_of(c, &l, reply);
        answered = bundle_answer(&given, c->data, taken, &out, &answer_error);
        answered = empty_it(c, answered, &answer_error);
    }
    end_line(&l);
    const struct bundle_report *report = bundle_report(taken);
    enum xg_status status = put_both(
        c, report, reply && answered == XG_OK ? &given : NULL, reply, err);
    if (status == XG_OK)
        status = judge(report, err);
    if (status == XG_OK && answered != XG_OK) {
        *err = answer_error;
        status = xg_wrap(err, XG_T("数据包已读入，但回包没有写成",
                                   "the bundle was taken, but no answer was "
                                   "written"));
    }
    bundle_taken_free(taken);
    return status;
}

static enum xg_status since_of(uint64_t *since, const struct cmd *c,
                               struct xg_error *err)
{
    const char *text = cmd_option(c, "since");
    struct xg_bytes rest = xg_bytes_of(text ? text : "0");

    if (!xg_word_uint(&rest, since) || rest.len)
        return xg_fail(err, XG_USAGE,
                       XG_T("--since 应是整数，而不是“%s”",
                            "--since is a whole number, not '%s'"),
                       text);
    return XG_OK;
}

/* All of the log, for somebody who is to check it. */
static enum xg_status write_audit(struct cmd *c, struct xg_error *err)
{
    struct line l = begin_line(c, XG_T("正在写数据包", "writing the bundle"));
    const struct bundle_out out = output_of(c, &l, c->args[1]);
    struct bundle_audited done;

    if (cmd_option(c, "for") || cmd_option(c, "since") || cmd_option(c, "seal"))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--audit 只能与 --photos 一起用",
                            "--audit goes with --photos alone"));
    enum xg_status status = bundle_audit(
        &done, c->data, &out, cmd_option(c, "photos") != NULL, err);
    end_line(&l);
    if (empty_it(c, status, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "file", c->args[1],
                      "size", (json_int_t)done.size, "batches",
                      (json_int_t)done.batches, "files",
                      (json_int_t)done.files, "photos",
                      (json_int_t)done.photos, "missing",
                      (json_int_t)done.missing, "bytes",
                      (json_int_t)done.bytes),
            err);
    xg_buf_format(&c->out,
                  XG_T("审计数据包：日志 %" PRIu64 " 条，批次 %" PRIu64
                       "，基础数据 %" PRIu64 "，照片 %" PRIu64
                       "；找不到的文件 %" PRIu64 "\n",
                       "bundle for an auditor: %" PRIu64 " entries, %" PRIu64
                       " batches, %" PRIu64 " reference files, %" PRIu64
                       " photos; files not found: %" PRIu64 "\n"),
                  done.size, done.batches, done.files, done.photos,
                  done.missing);
    return XG_OK;
}

enum xg_status cmd_bundle_write(struct cmd *c, struct xg_error *err)
{
    if (cmd_option(c, "audit"))
        return write_audit(c, err);
    if (!cmd_option(c, "for") || cmd_option(c, "photos"))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("给设备用 --for，给审计用 --audit [--photos]",
                            "--for a device, or --audit [--photos]"));
    struct line l = begin_line(c, XG_T("正在写数据包", "writing the bundle"));
    const struct bundle_out out = output_of(c, &l, c->args[1]);
    char device[XG_KEY_NAME_MAX + 1];
    struct bundle_given given;
    uint64_t since;

    if (cmd_device_name(device, sizeof device, c, cmd_option(c, "for"), err) !=
            XG_OK ||
        since_of(&since, c, err) != XG_OK)
        return err->status;
    enum xg_status status =
        bundle_give(&given, c->data, device, since, &out, err);
    end_line(&l);
    if (empty_it(c, status, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c, given_json(&given, c->args[1]), err);
    put_given(c, &given, c->args[1]);
    return XG_OK;
}
