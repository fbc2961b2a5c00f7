/* restore.c - `restore`: a lost server made anew from a backup. */
#include <inttypes.h>
#include <stdio.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/cli/tls_files.h"
#include "server/upkeep/restore.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { TLS_FILE_MAX = 64 << 10 };

static void put_line(void *ctx, const char *line)
{
    struct cmd *c = ctx;

    if (!c->json)
        xg_buf_format(&c->out, "%s\n", line);
}

/* FROM/name to TO/name, durably, if it is there. */
static enum xg_status copy_file(const char *from, const char *to,
                                const char *name, struct xg_error *err)
{
    char source[CMD_PATH_SIZE], target[CMD_PATH_SIZE];
    struct xg_buf content = XG_BUF(TLS_FILE_MAX);

    if (cmd_path(source, from, name, err) != XG_OK ||
        cmd_path(target, to, name, err) != XG_OK)
        return err->status;
    enum xg_status status = XG_OK;
    if (xg_os_exists(source) && !xg_os_exists(target)) {
        status = xg_os_read(&content, source, err);
        if (status == XG_OK)
            status = xg_os_replace(target, 0600, xg_buf_bytes(&content), err);
    }
    xg_buf_clear(&content);
    return status;
}

/* Devices know the server by its TLS key: the old one, where it is left. */
static enum xg_status take_tls(struct cmd *c, bool *kept, struct xg_error *err)
{
    const char *old = cmd_option(c, "old"), *host = cmd_option(c, "host");
    const char *dir = c->args[1];
    char path[CMD_PATH_SIZE];

    if (cmd_path(path, dir, "tls", err) != XG_OK)
        return err->status;
    if (old && (xg_os_mkdir(path, err) != XG_OK ||
                copy_file(old, dir, "tls/key.pem", err) != XG_OK ||
                copy_file(old, dir, "tls/cert.pem", err) != XG_OK))
        return err->status;
    if (cmd_path(path, old ? old : dir, "tls/key.pem", err) != XG_OK)
        return err->status;
    *kept = old && xg_os_exists(path);
    return tls_files_make(dir, host ? host : "localhost", err);
}

static enum xg_status print_json(struct cmd *c, const struct restored *done,
                                 bool tls_kept, struct xg_error *err)
{
    char key[XG_VKEY_SIZE], root[XG_BASE64_SIZE(XG_HASH_SIZE)];

    xg_verifier_print(key, &done->says.log);
    xg_base64(root, sizeof root, done->says.root.b, XG_HASH_SIZE);
    return cmd_put_json(
        c,
        json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:b}", "log", key,
                  "after", done->says.after, "size",
                  (json_int_t)done->says.size, "root", root, "entries_lost",
                  (json_int_t)done->entries_lost, "photos_copied",
                  (json_int_t)done->photos.files, "photos_lost",
                  (json_int_t)done->photos_lost, "tls_kept", tls_kept),
        err);
}

static void print_text(struct cmd *c, const struct restored *done,
                       bool tls_kept)
{
    char key[XG_VKEY_SIZE];

    xg_verifier_print(key, &done->says.log);
    xg_buf_format(&c->out,
                  XG_T("已恢复：%s 接在 %s 之后，前 %" PRIu64
                       " 条与原日志相同；新的验证公钥\n%s\n",
                       "restored: %s follows %s, its first %" PRIu64
                       " entries are those of that log; the new verifier "
                       "key:\n%s\n"),
                  done->says.log.name, done->says.after, done->says.size, key);
    if (done->entries_lost)
        xg_buf_format(&c->out,
                      XG_T("原日志此后的 %" PRIu64
                           " 条丢失了；各设备同步时会把自己的再送来\n",
                           "%" PRIu64 " entries after that are lost; devices "
                           "send theirs again when they sync\n"),
                      done->entries_lost);
    if (done->photos_lost)
        xg_buf_format(&c->out,
                      XG_T("%" PRIu64 " 张照片的文件不在，见 check\n",
                           "the files of %" PRIu64 " photos are not here: see "
                           "check\n"),
                      done->photos_lost);
    if (!tls_kept)
        xg_buf_text(&c->out,
                    XG_T("TLS 密钥是新的：设备认不出本服务器，须用新的入网码"
                         "再加入；旧的 tls 目录若还在，请拷回\n",
                         "the TLS key is new: devices do not know this server "
                         "by it, and need new one-time codes; if the old tls "
                         "folder is left, copy it back\n"));
    xg_buf_text(&c->out,
                XG_T("备份之后注销的设备、变动的人员和发出的入网码不在其中："
                     "请核对后重新办理；请马上做一次备份\n",
                     "what the registrar did after the backup (devices revoked "
                     "or enrolled, people moved, codes) is not in it: do it "
                     "again; and make a backup now\n"));
}

enum xg_status cmd_restore(struct cmd *c, struct xg_error *err)
{
    const struct restore r = {.backup = c->args[0],
                              .dir = c->args[1],
                              .registrar_key = cmd_option(c, "registrar-key"),
                              .photos = cmd_option(c, "photos"),
                              .old_dir = cmd_option(c, "old"),
                              .origin = cmd_option(c, "origin"),
                              .env = c->env,
                              .report = put_line,
                              .ctx = c};
    struct restored done;
    bool tls_kept = false;

    if (restore_run(&done, &r, err) != XG_OK ||
        take_tls(c, &tls_kept, err) != XG_OK ||
        restore_finish(r.dir, cmd_option(c, "apart") != NULL, err) != XG_OK)
        return err->status;
    if (c->json)
        return print_json(c, &done, tls_kept, err);
    print_text(c, &done, tls_kept);
    return XG_OK;
}
