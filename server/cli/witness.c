/* witness.c - `witness ...`: this server as a witness of other logs, and the
 * witnesses of its own. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/cosign/ask.h"
#include "server/cosign/policy.h"
#include "server/data/data.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

enum { ARENA_MAX = 8 << 20, MS_PER_S = 1000 };

/* ---- of other logs ---- */

enum xg_status cmd_witness_key(struct cmd *c, struct xg_error *err)
{
    struct xg_verifier key;
    char text[XG_VKEY_SIZE];

    if (witness_key(c->data->witness, &key, err) != XG_OK)
        return err->status;
    xg_verifier_print(text, &key);
    if (c->json)
        return cmd_put_json(c, json_pack("{s:s}", "key", text), err);
    xg_buf_format(&c->out, "%s\n", text);
    return xg_buf_check(&c->out, err);
}

enum xg_status cmd_witness_watch(struct cmd *c, struct xg_error *err)
{
    struct xg_verifier log;

    if (xg_verifier_parse(&log, c->args[1], strlen(c->args[1]), err) != XG_OK) {
        *err = XG_ERROR_NONE;
        return xg_fail(err, XG_USAGE,
                       XG_T("日志的公钥形如 NAME+ID+BASE64；对方用 "
                            "xunge-server key 打印它",
                            "a log's key looks like NAME+ID+BASE64; its "
                            "operator prints it with xunge-server key"));
    }
    if (witness_watch(c->data->witness, &log, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:s}", "watched", log.name), err);
    xg_buf_format(&c->out,
                  XG_T("已开始为 %s 作见证；把本机的见证公钥给对方："
                       "xunge-server witness key\n",
                       "a witness of %s from now on; give its operator the key "
                       "that xunge-server witness key prints\n"),
                  log.name);
    return xg_buf_check(&c->out, err);
}

enum xg_status cmd_witness_unwatch(struct cmd *c, struct xg_error *err)
{
    if (witness_unwatch(c->data->witness, c->args[1], err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:s}", "unwatched", c->args[1]),
                            err);
    xg_buf_format(&c->out,
                  XG_T("不再为 %s 作见证（签过什么仍然记着）\n",
                       "no witness of %s any more (what was cosigned is "
                       "remembered)\n"),
                  c->args[1]);
    return xg_buf_check(&c->out, err);
}

/* ---- what is known ---- */

static enum xg_status put_log(struct cmd *c, const struct witness_log *log,
                              struct xg_error *err)
{
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:s, s:b, s:I}", "log", log->origin,
                                      "watched", log->watched, "size",
                                      (json_int_t)log->size),
                            err);
    xg_buf_format(&c->out,
                  XG_T("为 %s 作见证%s：已签到第 %" PRIu64 " 条\n",
                       "witness of %s%s: cosigned up to size %" PRIu64 "\n"),
                  log->origin,
                  log->watched ? "" : XG_T("（已停止）", " (stopped)"),
                  log->size);
    return xg_buf_check(&c->out, err);
}

static enum xg_status put_device(struct cmd *c,
                                 const struct store_cosignature *row,
                                 struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, row->root.b, sizeof row->root.b);
    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:b, s:I, s:s, s:s}", "device", row->device,
                      "ours", row->ours, "size", (json_int_t)row->size, "root",
                      hex, "line", row->line),
            err);
    if (row->ours)
        xg_buf_format(&c->out,
                      XG_T("设备 %s：见证到第 %" PRIu64 " 条\n",
                           "device %s: cosigned size %" PRIu64 "\n"),
                      row->device, row->size);
    else
        xg_buf_format(&c->out,
                      XG_T("警报：设备 %s 见过另一份历史，在第 %" PRIu64
                           " 条处的根是 %s\n%s",
                           "alarm: the device %s saw another history, whose "
                           "root at size %" PRIu64 " is %s\n%s"),
                      row->device, row->size, hex, row->line);
    return xg_buf_check(&c->out, err);
}

static enum xg_status list_devices(struct cmd *c, struct store *s, bool ours,
                                   struct xg_arena *arena, struct xg_error *err)
{
    struct store_cosignature *rows;
    size_t count;

    if (s->ops->read_cosignatures(s, arena, &rows, &count, ours, NULL, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (put_device(c, &rows[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status cmd_witness_list(struct cmd *c, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct witness_log *logs = NULL;
    struct store *s;
    size_t count = 0;
    enum xg_status status =
        witness_list(c->data->witness, &arena, &logs, &count, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = put_log(c, &logs[i], err);
    if (status == XG_OK)
        status = data_borrow(c->data, &s, err);
    if (status == XG_OK) {
        status = list_devices(c, s, false, &arena, err);
        if (status == XG_OK)
            status = list_devices(c, s, true, &arena, err);
        data_return(c->data, s);
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- of our log ---- */

static enum xg_status show_policy(struct cmd *c, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_policy *p = xg_arena_alloc(&arena, sizeof *p);
    struct xg_bytes text = {NULL, 0};
    struct store *s;
    enum xg_status status =
        p ? data_borrow(c->data, &s, err) : xg_fail_nomem(err);

    if (status == XG_OK) {
        status = witness_policy_get(p, &text, s, &arena, err);
        data_return(c->data, s);
    }
    if (status == XG_OK && text.len == 0)
        status = xg_fail(err, XG_NOTFOUND, "%s",
                         XG_T("还没有见证策略", "there is no policy yet"));
    if (status == XG_OK && c->json)
        status = cmd_put_json(c,
                              json_pack("{s:s%, s:I}", "policy", text.at,
                                        text.len, "witnesses",
                                        (json_int_t)p->witness_count),
                              err);
    else if (status == XG_OK)
        xg_buf_append(&c->out, text.at, text.len);
    xg_arena_clear(&arena);
    return status == XG_OK ? xg_buf_check(&c->out, err) : status;
}

enum xg_status cmd_witness_policy(struct cmd *c, struct xg_error *err)
{
    if (c->arg_count < 2)
        return show_policy(c, err);
    if (witness_policy_set(c->data, c->input, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:b}", "kept", 1), err);
    xg_buf_text(&c->out, c->input.len > 0
                             ? XG_T("见证策略已保存\n", "the policy is kept\n")
                             : XG_T("见证策略已删除\n",
                                    "there is no policy any more\n"));
    return xg_buf_check(&c->out, err);
}

static enum xg_status put_said(struct cmd *c, const struct witness_said *said,
                               struct xg_error *err)
{
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:s, s:b, s:I, s:s}", "witness",
                                      said->name, "cosigned", said->cosigned,
                                      "time_s", (json_int_t)said->time_s, "why",
                                      said->trouble),
                            err);
    if (said->cosigned) {
        xg_buf_format(&c->out, XG_T("%s：已签，", "%s: cosigned, "), said->name);
        view_put_time(&c->out, (int64_t)said->time_s * MS_PER_S);
        xg_buf_text(&c->out, "\n");
    } else {
        xg_buf_format(&c->out, "%s%s%s\n", said->name, XG_T("：", ": "),
                      said->trouble);
    }
    return xg_buf_check(&c->out, err);
}

enum xg_status cmd_witness_ask(struct cmd *c, struct xg_error *err)
{
    struct witness_round *round = malloc(sizeof *round);
    struct witness_asker *asker = NULL;
    enum xg_status status =
        round ? witness_asker_open(&asker, c->data, NULL, err)
              : xg_fail_nomem(err);

    if (status == XG_OK)
        status = witness_ask(asker, round, err);
    if (status == XG_OK && !round->policy)
        status = xg_fail(err, XG_NOTFOUND, "%s",
                         XG_T("还没有见证策略：xunge-server witness policy DIR "
                              "FILE",
                              "there is no policy yet: xunge-server witness "
                              "policy DIR FILE"));
    for (size_t i = 0; status == XG_OK && i < round->count; i++)
        status = put_said(c, &round->said[i], err);
    if (status == XG_OK && !round->reached)
        status = xg_fail(err, XG_NET,
                         XG_T("日志第 %" PRIu64 " 条：签名的见证人不够",
                              "log size %" PRIu64
                              ": too few witnesses cosigned"),
                         round->size);
    if (status == XG_OK && !c->json)
        xg_buf_format(&c->out,
                      XG_T("日志第 %" PRIu64 " 条：见证人已够\n",
                           "log size %" PRIu64 ": the quorum is reached\n"),
                      round->size);
    witness_asker_close(asker);
    free(round);
    return status;
}
