/* cmd_photos.c - photos: where each one is, one back from the server, how long
 * full ones stay, letting go of them now.
 */
#define _DEFAULT_SOURCE
#include "agent/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/photos_free.h"
#include "shared/base/os.h"
#include "shared/view/text.h"

enum { SHORT_HASH = 12, CHOICES_SHOWN = 16, LISTED_BEGIN = 64 };

extern char **environ;

/* ---- where each one is ---- */

struct lister {
    struct cli *cli;
    struct photo_shelf shelf;
    uint64_t backup;
    bool only_here_now, only_waiting; /* --here, --waiting */
    struct listed {
        struct xg_hash sha256;
        uint64_t bytes; /* here */
    } *listed; /* one a line */
    size_t count, room;
    enum xg_status status;
    struct xg_error *err;
};

/* As `show` says it. */
static const char *place_name(const struct store_photo *p, bool is_here)
{
    if (p->proven)
        return is_here ? "server" : "let_go";
    return is_here ? "only_here" : "not_here";
}

static const char *place_label(const struct store_photo *p, bool is_here,
                               bool backed_up)
{
    if (p->proven && is_here)
        return backed_up
                   ? XG_T("已在服务器并已备份", "on the server, backed up")
                   : XG_T("已在服务器，尚未备份",
                          "on the server, not backed up yet");
    if (p->proven)
        return XG_T("已在服务器，本机不再存",
                    "on the server, not here any more");
    return is_here ? XG_T("仅在本机", "only here")
                   : XG_T("本机的文件不见了", "its file is gone here");
}

static enum xg_status put_json(struct lister *l, const struct store_photo *p,
                               const struct store_entity *e, bool is_here,
                               struct xg_error *err)
{
    return cli_put_json(
        l->cli,
        json_pack("{s:o, s:o, s:s, s:I, s:s, s:b, s:b, s:b, s:o}", "sha256",
                  cli_json_hex(p->sha256.b, XG_HASH_SIZE), "entity",
                  cli_json_hex(p->entity.b, XG_ID_SIZE), "number", e->number,
                  "bytes", (json_int_t)p->length, "place",
                  place_name(p, is_here), "here", is_here, "proven", p->proven,
                  "backed_up", p->proven && p->position < l->backup,
                  "confirmed",
                  p->uploading ? json_integer((json_int_t)p->confirmed)
                               : json_null()),
        err);
}

static enum xg_status put_line(struct lister *l, const struct store_photo *p,
                               const struct store_entity *e, bool is_here,
                               struct xg_error *err)
{
    struct xg_buf *out = &l->cli->out;
    char size[VIEW_SIZE_TEXT];

    xg_buf_hex(out, p->sha256.b, SHORT_HASH / 2);
    xg_buf_format(out, "  %9s  ", view_size_text(size, p->length));
    cli_put_number(out, e);
    xg_buf_format(out, "  %s",
                  place_label(p, is_here, p->position < l->backup));
    if (p->uploading && !p->proven && p->length > 0)
        xg_buf_format(out, XG_T(" · 已传 %d%%", " · %d%% sent"),
                      (int)(100.0 * (double)p->confirmed / (double)p->length));
    else if (!p->proven && !p->received)
        xg_buf_text(out, XG_T(" · 等记录先传", " · its record goes first"));
    xg_buf_byte(out, '\n');
    return xg_buf_check(out, err);
}

static enum xg_status remember(struct lister *l, const struct store_photo *p,
                               bool is_here)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : LISTED_BEGIN;
        struct listed *grown = realloc(l->listed, room * sizeof *grown);
        if (!grown)
            return xg_fail_nomem(l->err);
        l->listed = grown;
        l->room = room;
    }
    l->listed[l->count++] =
        (struct listed){p->sha256, is_here ? p->length : 0};
    return XG_OK;
}

static int by_hash(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;

    return memcmp(x->sha256.b, y->sha256.b, XG_HASH_SIZE);
}

/* Two places that show one photo are two lines, but it is stored once. */
static void say_total(struct cli *cli, struct lister *l)
{
    uint64_t photos = 0, bytes = 0;
    char size[VIEW_SIZE_TEXT];

    if (l->count)
        qsort(l->listed, l->count, sizeof *l->listed, by_hash);
    for (size_t i = 0; i < l->count; i++)
        if (i == 0 || by_hash(&l->listed[i - 1], &l->listed[i]) != 0) {
            photos++;
            bytes += l->listed[i].bytes;
        }
    cli_say(cli,
            XG_T("%" PRIu64 " 张，本机存 %s",
                 "%" PRIu64 " photos, %s of them here"),
            photos, view_size_text(size, bytes));
}

static bool list_one(void *ctx, const struct store_photo *p)
{
    struct lister *l = ctx;
    bool is_here = photo_has(&l->shelf, &p->sha256);
    struct store_entity e;

    if ((l->only_here_now && !is_here) || (l->only_waiting && p->proven))
        return true;
    l->status = remember(l, p, is_here);
    if (l->status == XG_OK)
        l->status =
            store_load_entity(l->cli->home.store, &e, NULL, &p->entity, l->err);
    if (l->status == XG_OK)
        l->status = l->cli->json ? put_json(l, p, &e, is_here, l->err)
                                 : put_line(l, p, &e, is_here, l->err);
    return l->status == XG_OK;
}

enum xg_status cmd_photos(struct cli *cli, struct xg_error *err)
{
    struct lister l = {
        .cli = cli,
        .shelf = {.home = cli->home.path, .vault = cli->home.vault},
        .only_here_now = cli_flag(cli, "here") != NULL,
        .only_waiting = cli_flag(cli, "waiting") != NULL,
        .err = err};
    struct xg_error own = XG_ERROR_NONE;

    if (store_get_meta_u64(cli->home.store, &l.backup, SYNC_META_BACKUP, err) !=
            XG_OK ||
        store_list_photos(cli->home.store, false, list_one, &l, &own) !=
            XG_OK) {
        if (err->status == XG_OK)
            *err = own;
        l.status = err->status;
    }
    if (l.status == XG_OK)
        say_total(cli, &l);
    free(l.listed);
    return l.status;
}

/* ---- one back ---- */

struct choices {
    const struct xg_id *id;
    size_t count;
    struct xg_hash list[CHOICES_SHOWN];
};

static bool note_choice(void *ctx, const struct store_photo *p)
{
    struct choices *c = ctx;

    if (xg_id_equal(&p->entity, c->id) && c->count < CHOICES_SHOWN)
        c->list[c->count++] = p->sha256;
    return true;
}

/* The photo of an entity that has but one. */
static enum xg_status choose_of(struct cli *cli, struct xg_hash *sha256,
                                const struct xg_id *id, struct xg_error *err)
{
    struct choices c = {.id = id};
    struct xg_buf names = XG_BUF(4096);

    if (store_list_photos(cli->home.store, true, note_choice, &c, err) != XG_OK)
        return err->status;
    if (c.count == 0)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 没有照片", "%s has no photos"), cli->words[0]);
    if (c.count == 1) {
        *sha256 = c.list[0];
        return XG_OK;
    }
    for (size_t i = 0; i < c.count; i++) {
        xg_buf_byte(&names, ' ');
        xg_buf_hex(&names, c.list[i].b, SHORT_HASH / 2);
    }
    xg_fail(err, XG_AMBIGUOUS,
            XG_T("%s 有几张照片，取哪一张？%s", "%s has several photos, which "
                                                "one?%s"),
            cli->words[0], xg_buf_str(&names));
    xg_buf_clear(&names);
    return err->status;
}

static enum xg_status choose(struct cli *cli, const struct photo_shelf *shelf,
                             struct xg_hash *sha256, struct xg_error *err)
{
    struct xg_hash whole;
    struct xg_id id;

    /* A whole hash that is here needs no record: a thumbnail, or a draft's. */
    bool is_whole = xg_unhex(whole.b, XG_HASH_SIZE, cli->words[0],
                             strlen(cli->words[0]));
    if (is_whole && photo_has(shelf, &whole)) {
        *sha256 = whole;
        return XG_OK;
    }

    if (store_find_photo(cli->home.store, sha256, cli->words[0], err) !=
            XG_NOTFOUND ||
        is_whole)
        return err->status;
    struct xg_error no_photo = *err;
    *err = XG_ERROR_NONE;
    if (store_find_entity(cli->home.store, &id, cli->words[0], err) == XG_OK)
        return choose_of(cli, sha256, &id, err);
    if (err->status == XG_NOTFOUND)
        *err = no_photo;
    return err->status;
}

/* xunge-sync alone knows the network. *code is its exit status. */
static enum xg_status fetch(struct cli *cli, int *code,
                            const struct xg_hash *sha256, struct xg_error *err)
{
    char program[HOME_PATH_SIZE], hex[2 * XG_HASH_SIZE + 1];
    char name[] = "xunge-sync", command[] = "photo", home[] = "--home";
    char lang[] = "--lang", zh[] = "zh", en[] = "en", json[] = "--json";
    char *argv[] = {name,
                    command,
                    hex,
                    home,
                    cli->path,
                    lang,
                    xg_lang() == XG_LANG_ZH ? zh : en,
                    cli->json ? json : NULL,
                    NULL};
    pid_t child;
    int status;

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    if (cli_program(program, name, err) != XG_OK)
        return err->status;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (cli->data) /* what it says is not of the photo */
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO,
                                         STDOUT_FILENO);
    errno = posix_spawn(&child, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno != 0)
        return xg_fail_os(err, XG_T("启动 %s", "starting %s"), program);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return xg_fail_os(err, XG_T("等待 %s", "waiting for %s"), program);
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : xg_status_exit(XG_IO);
    return XG_OK;
}

/* The small picture of a photo; of a small picture, itself. */
static enum xg_status choose_small(struct cli *cli,
                                   const struct photo_shelf *shelf,
                                   struct xg_hash *sha256, struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_hash small;
    uint64_t length;
    bool found;

    if (store_thumbnail_of(cli->home.store, &small, &found, sha256, err) !=
        XG_OK)
        return err->status;
    if (!found) { /* of a draft no record tells which it is */
        small = *sha256;
        found = photo_length(shelf, &length, &small, &ignored) == XG_OK &&
                length <= XG_THUMBNAIL_MAX;
    }
    if (!found || !photo_has(shelf, &small))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("本机没有 %s 的缩略图",
                            "there is no small picture of %s here"),
                       cli->words[0]);
    *sha256 = small;
    return XG_OK;
}

/* All of it or nothing, under that name. */
static enum xg_status write_out(const struct photo_shelf *shelf,
                                const struct xg_hash *sha256, const char *path,
                                struct xg_error *err)
{
    char part[PATH_MAX];

    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       path);
    int fd =
        open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), part);
    enum xg_status status = photo_open_to(shelf, sha256, fd, err);
    if (status == XG_OK && fsync(fd) != 0)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), part);
    if (close(fd) != 0 && status == XG_OK)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), part);
    if (status == XG_OK && rename(part, path) != 0)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    if (status == XG_OK)
        return xg_os_sync_parent(path, err);
    unlink(part);
    return status;
}

static enum xg_status say_got(struct cli *cli, const struct xg_hash *sha256,
                              bool fetched, const char *path,
                              struct xg_error *err)
{
    if (cli->json)
        return cli_put_json(cli,
                            json_pack("{s:o, s:b, s:s?}", "sha256",
                                      cli_json_hex(sha256->b, XG_HASH_SIZE),
                                      "fetched", fetched, "output", path),
                            err);
    if (path)
        xg_buf_format(&cli->out,
                      XG_T("照片写入 %s，不加密。\n",
                           "The photo is in %s, not encrypted.\n"),
                      path);
    else
        xg_buf_text(&cli->out,
                    fetched
                        ? XG_T("已取回，存在本机；--output 文件 写出来看。\n",
                               "It is back on this device; --output FILE "
                               "writes it out.\n")
                        : XG_T("本来就在本机；--output 文件 写出来看。\n",
                               "It is on this device; --output FILE writes "
                               "it out.\n"));
    return xg_buf_check(&cli->out, err);
}

enum xg_status cmd_photos_get(struct cli *cli, struct xg_error *err)
{
    const struct photo_shelf shelf = {.home = cli->home.path,
                                      .vault = cli->home.vault};
    const char *path = cli_flag(cli, "output");
    struct xg_hash sha256;
    int code = 0;

    cli->data = path && strcmp(path, "-") == 0;
    if (choose(cli, &shelf, &sha256, err) != XG_OK ||
        (cli_flag(cli, "small") &&
         choose_small(cli, &shelf, &sha256, err) != XG_OK))
        return err->status;
    bool is_here = photo_has(&shelf, &sha256);
    if (!is_here && fetch(cli, &code, &sha256, err) != XG_OK)
        return err->status;
    if (code != 0) { /* it said why */
        cli->decide = code;
        return XG_OK;
    }
    if (cli->data)
        return photo_open_to(&shelf, &sha256, STDOUT_FILENO, err);
    if (path && write_out(&shelf, &sha256, path, err) != XG_OK)
        return err->status;
    return say_got(cli, &sha256, !is_here, path, err);
}

/* ---- how long, and now ---- */

enum xg_status cmd_photos_keep(struct cli *cli, struct xg_error *err)
{
    int64_t days = PHOTO_KEEP_ALL;
    uint32_t kept;

    if (cli->word_count > 0) {
        if (strcmp(cli->words[0], "all") != 0 &&
            cli_number(&days, cli->words[0], XG_T("天数", "days"), 0,
                       PHOTO_KEEP_DAYS_MAX, err) != XG_OK)
            return err->status;
        if (photo_set_keep(cli->home.store, (uint32_t)days, err) != XG_OK)
            return err->status;
    }
    if (photo_get_keep(cli->home.store, &kept, err) != XG_OK)
        return err->status;
    if (cli->json)
        return cli_put_json(cli,
                            json_pack("{s:o}", "keep_days",
                                      kept == PHOTO_KEEP_ALL
                                          ? json_null()
                                          : json_integer(kept)),
                            err);
    if (kept == PHOTO_KEEP_ALL)
        xg_buf_text(&cli->out, XG_T("原图一直留在本机。\n",
                                    "Full photos stay on this device.\n"));
    else
        xg_buf_format(
            &cli->out,
            XG_T("原图在服务器收到并备份后，本机再留 %u 天；缩略图一直"
                 "留着。\n",
                 "Full photos stay %u days after the server was "
                 "proven to hold them, and until they are backed up "
                 "there; thumbnails stay.\n"),
            kept);
    return xg_buf_check(&cli->out, err);
}

static void put_stays(struct xg_buf *out, const struct photo_stays *s,
                      const char *why)
{
    char size[VIEW_SIZE_TEXT];

    if (s->photos)
        xg_buf_format(out,
                      XG_T("  留下 %" PRIu64 " 张，%s：%s\n",
                           "  %" PRIu64 " stay, %s: %s\n"),
                      s->photos, view_size_text(size, s->bytes), why);
}

static json_t *stays_json(const struct photo_stays *s)
{
    return json_pack("{s:I, s:I}", "photos", (json_int_t)s->photos, "bytes",
                     (json_int_t)s->bytes);
}

enum xg_status cmd_photos_free(struct cli *cli, struct xg_error *err)
{
    bool now = cli_flag(cli, "all") != NULL;
    struct photo_freed f;
    struct xg_buf *out = &cli->out;
    char size[VIEW_SIZE_TEXT];

    if (photo_free(&cli->home, &f, now, err) != XG_OK)
        return err->status;
    cli->saved = f.photos > 0;
    if (photo_count_stays(&cli->home, &f, now, err) != XG_OK)
        return err->status;
    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "freed",
                      (json_int_t)f.photos, "bytes", (json_int_t)f.bytes,
                      "not_on_server", stays_json(&f.unproven), "not_backed_up",
                      stays_json(&f.not_backed_up), "days", stays_json(&f.days),
                      "in_draft", stays_json(&f.in_draft)),
            err);
    if (f.photos == 0)
        xg_buf_text(out, XG_T("现在没有可以腾出的原图。\n",
                              "There is no full photo to free now.\n"));
    else
        xg_buf_format(out,
                      XG_T("腾出 %s：%" PRIu64 " 张原图（服务器上都有，xunge "
                           "photos get 可取回）\n",
                           "%s freed: %" PRIu64 " full photos (the server "
                           "holds them; xunge photos get brings one back)\n"),
                      view_size_text(size, f.bytes), f.photos);
    put_stays(out, &f.unproven,
              XG_T("照片或附它的记录，还没有服务器收到的凭据（先 xunge sync）",
                   "nothing proves yet that the server has them and their "
                   "records (xunge sync first)"));
    put_stays(
        out, &f.not_backed_up,
        XG_T("服务器还没有备份（备份后，同步一次才知道）",
             "the server has not backed them up yet (a sync tells when it "
             "has)"));
    put_stays(out, &f.days,
              XG_T("还没到设定的天数（--all 现在就删）",
                   "their days are not over (--all: now)"));
    put_stays(out, &f.in_draft, XG_T("有草稿要用", "a draft names them"));
    return xg_buf_check(out, err);
}
