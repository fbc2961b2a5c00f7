/* care.c - `check`, `rebuild`, `view`, `backup`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/data/data.h"
#include "server/photo/lost.h"
#include "server/proof/view_note.h"
#include "server/upkeep/backups.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

static void put_line(void *ctx, const char *line)
{
    struct cmd *c = ctx;

    if (!c->json)
        xg_buf_format(&c->out, "%s\n", line);
}

/* Which files are gone is remembered (lost.h), so that somebody sees it
 * who does not read this. */
static enum xg_status check_photos(struct cmd *c, struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;
    uint64_t lost;

    xg_ignore(lost_look(c->data, &lost, &ignored));
    return data_check_photos(c->data, put_line, c, err);
}

enum xg_status cmd_check(struct cmd *c, struct xg_error *err)
{
    if (data_check(c->data, put_line, c, err) != XG_OK ||
        (!cmd_option(c, "no-photos") &&
         check_photos(c, err) != XG_OK))
        return err->status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:b}", "sound", 1), err);
    xg_buf_text(&c->out, XG_T("全部无误\n", "all is sound\n"));
    return XG_OK;
}

enum xg_status cmd_view(struct cmd *c, struct xg_error *err)
{
    struct xg_view_note v;
    char root[XG_BASE64_SIZE(XG_HASH_SIZE)];

    if (view_note_append(&v, c->data, err) != XG_OK)
        return err->status;
    xg_base64(root, sizeof root, v.root.b, XG_HASH_SIZE);
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:I, s:I, s:s}", "size",
                                      (json_int_t)v.size, "entities",
                                      (json_int_t)v.entities, "root", root),
                            err);
    xg_buf_format(&c->out,
                  XG_T("已签入日志第 %llu 条：%llu 个事项，%s\n",
                       "signed into the log at %llu: %llu entities, %s\n"),
                  (unsigned long long)v.size, (unsigned long long)v.entities,
                  root);
    return XG_OK;
}

enum xg_status cmd_rebuild(struct cmd *c, struct xg_error *err)
{
    struct store_counts n;
    struct store *s;

    if (ingest_rebuild(c->data->ingest, err) != XG_OK ||
        data_borrow(c->data, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->get_counts(s, &n, err);
    data_return(c->data, s);
    if (status != XG_OK)
        return status;
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:I, s:I}", "records",
                                      (json_int_t)n.records, "entities",
                                      (json_int_t)n.entities),
                            err);
    xg_buf_format(&c->out,
                  XG_T("已重建：%" PRIu64 " 条操作，%" PRIu64 " 个事项\n",
                       "rebuilt: %" PRIu64 " records, %" PRIu64 " entities\n"),
                  n.records, n.entities);
    return XG_OK;
}

/* `photos` beside the file. */
static enum xg_status beside(char out[static CMD_PATH_SIZE], const char *file,
                             struct xg_error *err)
{
    const char *slash = strrchr(file, '/');
    char folder[CMD_PATH_SIZE];

    if (!slash)
        return cmd_path(out, ".", "photos", err);
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - file), file);
    return cmd_path(out, folder, "photos", err);
}

/* Copies that were made before an erasure are nobody's to reach from here. */
static enum xg_status warn_of_copies(struct cmd *c, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct store_erased_photo *photos;
    struct store_erased *records;
    size_t record_count = 0, photo_count = 0;
    struct store *s;

    if (data_borrow(c->data, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->read_erased(s, &arena, &records,
                                                &record_count, NULL, err);
    if (status == XG_OK)
        status = s->ops->read_erased_photos(s, &arena, &photos, &photo_count,
                                            err);
    data_return(c->data, s);
    xg_arena_clear(&arena);
    if (status == XG_OK && (record_count || photo_count))
        xg_buf_text(&c->out,
                    XG_T("此文件不含已抹除的内容；抹除之前的备份，和那时拷出"
                         "的照片里仍有，请销毁\n",
                         "what was erased is not in this file; copies made "
                         "before an erasure still hold it, and so do photos "
                         "that were copied then: destroy them\n"));
    return status;
}

static enum xg_status print_backup(struct cmd *c, const struct data_backup *b,
                                   const char *file, const char *photos,
                                   struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1], size[VIEW_SIZE_TEXT];

    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:I, s:s, s:I, s:I, s:I}", "file", file,
                      "size", (json_int_t)b->size, "photos", photos,
                      "photos_copied", (json_int_t)b->copied.files,
                      "bytes_copied", (json_int_t)b->copied.bytes,
                      "photos_missing", (json_int_t)b->missing),
            err);
    xg_buf_format(&c->out,
                  XG_T("已备份到 %s，日志 %" PRIu64
                       " 条；密钥不在其中，请另存\n",
                       "backed up to %s, %" PRIu64 " log entries; the keys "
                       "are not in it, keep them elsewhere\n"),
                  file, b->size);
    if (b->copied.files)
        xg_buf_format(&c->out,
                      XG_T("照片和缩略图：新备份 %" PRIu64
                           " 个文件（%s），在 %s\n",
                           "photos and thumbnails: %" PRIu64
                           " new files (%s), into %s\n"),
                      b->copied.files, view_size_text(size, b->copied.bytes),
                      photos);
    else if (!b->missing)
        xg_buf_format(&c->out,
                      XG_T("照片和缩略图：没有新的，都已在 %s\n",
                           "photos and thumbnails: none is new, all are in "
                           "%s\n"),
                      photos);
    if (b->missing) {
        xg_hex(hex, b->first_missing.b, sizeof b->first_missing.b);
        xg_buf_format(&c->out,
                      XG_T("%" PRIu64 " 张照片的文件不见了，第一张是 %s："
                           "此后的照片设备不会删；请运行 check\n",
                           "the files of %" PRIu64 " photos are lost, the "
                           "first is %s: devices keep what came after it; run "
                           "check\n"),
                      b->missing, hex);
    }
    return warn_of_copies(c, err);
}

/* One of those that the server keeps. */
static enum xg_status keep_one(struct cmd *c, struct xg_error *err)
{
    struct backups_made *made = calloc(1, sizeof *made);

    if (!made)
        return xg_fail_nomem(err);
    enum xg_status status =
        cmd_option(c, "photos")
            ? xg_fail(err, XG_USAGE, "%s",
                      XG_T("--photos 要和 FILE 一起写",
                           "--photos goes with a FILE"))
            : backups_make(c->data, made, err);
    if (status == XG_OK)
        status =
            print_backup(c, &made->backup, made->path, made->photos, err);
    free(made);
    return status;
}

enum xg_status cmd_backup(struct cmd *c, struct xg_error *err)
{
    const char *given = cmd_option(c, "photos");
    char folder[CMD_PATH_SIZE];
    struct data_backup done;

    if (c->arg_count == 1)
        return keep_one(c, err);
    if (!given && beside(folder, c->args[1], err) != XG_OK)
        return err->status;
    if (data_backup(c->data, &done, c->args[1], given ? given : folder, err) !=
        XG_OK)
        return err->status;
    return print_backup(c, &done, c->args[1], given ? given : folder, err);
}
