/* rescue_read.c - a rescue becomes a home again; see engine/rescue.h. */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/bundle/rescue_names.h"
#include "agent/engine/rescue.h"
#include "agent/handover/handover.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/bundle/bundle_file.h"
#include "shared/core/note.h"

/* A folder in HOME.part, from its first moment: a reading unpacks here. A
 * folder, because it is there or not, and never half. */
#define MARK "unpacking"

enum {
    PIECE = 64 << 10,
    INDEX_MAX = 4096,
    FILES_MAX = 1 << 20,
    RESERVE_BYTES = 16 << 20,
};

struct unpack {
    char home[HOME_PATH_SIZE]; /* HOME.part */
    struct xg_bundle_file *file;
    struct xg_tar_part part;
    const struct bundle_progress *progress;
    uint64_t files, bytes, done; /* as the index says; so far */
    struct rescue_read out;
    bool has_db, has_vault, verified;
    struct xg_buf sums, told; /* computed; as the file says */
    uint8_t piece[PIECE];
};

static enum xg_status bad(const char *path, struct xg_error *err)
{
    *err = XG_ERROR_NONE;
    return xg_fail(err, XG_FORMAT,
                   XG_T("%s 不是救援包，或已损坏；什么也没有建立",
                        "%s is no rescue bundle, or is damaged; nothing was "
                        "made of it"),
                   path);
}

/* ---- the index ---- */

static enum xg_status read_small(struct unpack *u, struct xg_buf *out,
                                 struct xg_error *err)
{
    size_t len = 1;

    if (u->part.length > out->max)
        return xg_fail(err, XG_FORMAT, "%s: too long", u->part.name);
    while (len > 0) {
        if (xg_bundle_file_read(u->file, u->piece, PIECE, &len, err) != XG_OK)
            return err->status;
        xg_buf_append(out, u->piece, len);
    }
    return xg_buf_check(out, err);
}

static bool parse_index(struct unpack *u, struct xg_bytes text)
{
    struct xg_lines l = xg_lines_over(text);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_bytes counts;
    uint64_t time_ms;

    xg_line_literal(&l, "xunge/rescue/v1");
    xg_line_uint(&l, "time", &time_ms);
    xg_line_rest(&l, "files", &counts);
    return xg_lines_end(&l, &ignored) == XG_OK &&
           xg_word_uint(&counts, &u->files) &&
           xg_word_uint(&counts, &u->bytes) && counts.len == 0 &&
           u->files <= FILES_MAX;
}

static enum xg_status open_rescue(struct unpack *u, const char *path,
                                  struct xg_error *err)
{
    const struct xg_bundle_source from = {.path = path};
    struct xg_buf index = XG_BUF(INDEX_MAX);
    bool more = false, cut;
    enum xg_status status = xg_bundle_file_open(&u->file, &from, err);

    if (status == XG_OK)
        status = xg_bundle_file_next(u->file, &u->part, &more, &cut, err);
    if (status == XG_OK && (!more || strcmp(u->part.name, "rescue.txt") != 0 ||
                            read_small(u, &index, err) != XG_OK ||
                            !parse_index(u, xg_buf_bytes(&index))))
        status = XG_FORMAT;
    xg_buf_clear(&index);
    return status == XG_FORMAT || status == XG_GAP || status == XG_AUTH
               ? bad(path, err)
               : status;
}

bool rescue_begins(const char *path)
{
    struct unpack *u = calloc(1, sizeof *u);
    struct xg_error ignored = XG_ERROR_NONE;
    bool is =
        u && strcmp(path, "-") != 0 && open_rescue(u, path, &ignored) == XG_OK;

    if (u)
        xg_bundle_file_close(u->file);
    free(u);
    return is;
}

/* ---- where to ---- */

/* Missing, or an empty folder. */
static enum xg_status check_empty(const char *home, struct xg_error *err)
{
    const struct dirent *entry;
    bool empty = true;
    DIR *folder = opendir(home);

    if (!folder && errno == ENOENT)
        return XG_OK;
    if (!folder)
        return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), home);
    while (empty && (entry = readdir(folder)) != NULL)
        empty =
            strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    return empty ? XG_OK
                 : xg_fail(err, XG_REFUSED,
                           XG_T("%s 里已有东西；救援包只能解到新的文件夹："
                                "--home 新文件夹",
                                "there is something in %s; a rescue bundle "
                                "goes into a new folder: --home NEW"),
                           home);
}

/* What is wiped must be ours: a folder, not a link to one, in which a reading
 * said that it unpacks there, or an empty one. */
static enum xg_status check_part(bool *is_there, const char *part,
                                 struct xg_error *err)
{
    struct xg_error full = XG_ERROR_NONE;
    char mark[HOME_PATH_SIZE];
    struct stat info;

    *is_there = lstat(part, &info) == 0;
    if (!*is_there || (S_ISDIR(info.st_mode) &&
                       home_file(mark, part, MARK, err) == XG_OK &&
                       (lstat(mark, &info) == 0 ||
                        check_empty(part, &full) == XG_OK)))
        return XG_OK;
    *err = XG_ERROR_NONE;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 已存在，而且不是上次没解完的救援包；请移走它，或"
                        "换一个 --home",
                        "%s is there and is not what a reading that broke off "
                        "left; move it away, or choose another --home"),
                   part);
}

static enum xg_status drop_part(const char *part, struct xg_error *err)
{
    char mark[HOME_PATH_SIZE];

    if (handover_wipe(part, err) != XG_OK ||
        home_file(mark, part, MARK, err) != XG_OK)
        return err->status;
    remove(mark);
    if (rmdir(part) != 0 && errno != ENOENT)
        return xg_fail_os(err, XG_T("无法删除 %s", "cannot delete %s"), part);
    return XG_OK;
}

/* HOME.part, empty but for the mark: what a try before left is of another file,
 * perhaps. */
static enum xg_status make_part(struct unpack *u, const char *home,
                                struct xg_error *err)
{
    size_t len = strlen(home);
    char mark[HOME_PATH_SIZE];
    uint64_t free_bytes;
    bool is_there;

    while (len > 1 && home[len - 1] == '/')
        len--;
    if (snprintf(u->home, sizeof u->home, "%.*s.part", (int)len, home) >=
        (int)sizeof u->home)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       home);
    if (check_part(&is_there, u->home, err) != XG_OK ||
        (is_there && drop_part(u->home, err) != XG_OK) ||
        xg_os_mkdir(u->home, err) != XG_OK ||
        home_file(mark, u->home, MARK, err) != XG_OK ||
        xg_os_mkdir(mark, err) != XG_OK ||
        xg_os_sync_parent(mark, err) != XG_OK ||
        xg_os_free_bytes(&free_bytes, u->home, err) != XG_OK)
        return err->status;
    if (free_bytes / 2 >= u->bytes / 2 + RESERVE_BYTES / 2)
        return XG_OK;
    return xg_fail(err, XG_FULL,
                   XG_T("空间不足：需要 %" PRIu64 " MB，只剩 %" PRIu64 " MB",
                        "no space: %" PRIu64 " MB are needed and %" PRIu64
                        " MB are left"),
                   (u->bytes >> 20) + 1, free_bytes >> 20);
}

/* The folders above a file of a valid name. */
static enum xg_status make_folders(struct unpack *u, const char *name,
                                   struct xg_error *err)
{
    char path[HOME_PATH_SIZE], folder[XG_TAR_NAME_MAX + 1];

    for (const char *at = strchr(name, '/'); at; at = strchr(at + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(at - name), name);
        if (home_file(path, u->home, folder, err) != XG_OK ||
            xg_os_mkdir(path, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* ---- files ---- */

static enum xg_status copy_file(struct unpack *u, int fd, const char *path,
                                struct xg_error *err)
{
    crypto_hash_sha256_state state;
    struct xg_hash hash;
    size_t len = 1;

    crypto_hash_sha256_init(&state);
    while (len > 0) {
        if (xg_bundle_file_read(u->file, u->piece, PIECE, &len, err) != XG_OK ||
            xg_os_write_all(fd, path, xg_bytes(u->piece, len), err) != XG_OK)
            return err->status;
        crypto_hash_sha256_update(&state, u->piece, len);
        u->done += len;
        if (u->progress && u->progress->step)
            u->progress->step(u->progress->ctx, u->done, u->bytes);
    }
    if (fsync(fd) != 0)
        return xg_fail_os(err, XG_T("写入 %s", "writing %s"), path);
    crypto_hash_sha256_final(&state, hash.b);
    xg_buf_append(&u->sums, hash.b, XG_HASH_SIZE);
    return xg_buf_check(&u->sums, err);
}

static enum xg_status take_file(struct unpack *u, struct xg_error *err)
{
    const char *name = u->part.name;
    char path[HOME_PATH_SIZE];

    if (!rescue_name_valid(name) || u->out.files == u->files ||
        u->part.length > u->bytes - u->done)
        return xg_fail(err, XG_FORMAT, "%s does not belong there", name);
    if (make_folders(u, name, err) != XG_OK ||
        home_file(path, u->home, name, err) != XG_OK)
        return err->status;
    /* A name that comes twice is no rescue of ours. */
    int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST
                   ? xg_fail(err, XG_FORMAT, "%s is there twice", name)
                   : xg_fail_os(err, XG_T("无法建立 %s", "cannot make %s"),
                                path);
    enum xg_status status = copy_file(u, fd, path, err);
    close(fd);
    if (status != XG_OK) {
        unlink(path); /* half a file is none */
        return status;
    }
    if (xg_os_sync_parent(path, err) != XG_OK)
        return err->status;
    u->out.files++;
    u->out.photos += strncmp(name, "photos/", 7) == 0;
    u->has_db = u->has_db || strcmp(name, "agent.db") == 0;
    u->has_vault = u->has_vault || strcmp(name, "vault") == 0;
    return XG_OK;
}

static enum xg_status check_sums(struct unpack *u, struct xg_error *err)
{
    if (read_small(u, &u->told, err) != XG_OK)
        return err->status;
    u->verified =
        u->out.files == u->files &&
        xg_bytes_equal(xg_buf_bytes(&u->sums), xg_buf_bytes(&u->told));
    return u->verified ? XG_OK : xg_fail(err, XG_FORMAT, "sums");
}

static enum xg_status take_files(struct unpack *u, struct xg_error *err)
{
    bool more = true, cut = false;

    for (;;) {
        if (xg_bundle_file_next(u->file, &u->part, &more, &cut, err) != XG_OK)
            return err->status;
        if (!more)
            break;
        enum xg_status status = strcmp(u->part.name, "sums") == 0
                                    ? check_sums(u, err)
                                    : take_file(u, err);
        if (status == XG_GAP)
            *err = XG_ERROR_NONE; /* the next one says so */
        else if (status != XG_OK)
            return status;
    }
    u->out.missing = u->files - u->out.files;
    if (!cut && !u->verified)
        return xg_fail(err, XG_FORMAT, "no sums");
    /* The log of the database lies before the vault. */
    if (u->has_db && u->has_vault)
        return XG_OK;
    return xg_fail(err, XG_GAP,
                   XG_T("救援包断得太早：数据库和保险箱没有完整到达；什么也没有"
                        "建立，请重新拷贝",
                        "the rescue bundle is cut too early: database and "
                        "vault did not come whole; nothing was made of it, "
                        "copy it again"));
}

/* It gets its name with all that is in it; only then the mark goes. */
static enum xg_status name_home(struct unpack *u, const char *home,
                                struct xg_error *err)
{
    char mark[HOME_PATH_SIZE];

    if (home_file(mark, home, MARK, err) != XG_OK)
        return err->status;
    if (rename(u->home, home) != 0)
        return xg_fail_os(err, XG_T("无法建立 %s", "cannot make %s"), home);
    if (xg_os_sync_parent(home, err) != XG_OK)
        return err->status;
    if (rmdir(mark) != 0)
        return xg_fail_os(err, XG_T("无法删除 %s", "cannot delete %s"), mark);
    return XG_OK;
}

enum xg_status rescue_read(const char *home, struct rescue_read *out,
                           const char *path,
                           const struct bundle_progress *progress,
                           struct xg_error *err)
{
    struct unpack *u = calloc(1, sizeof *u);
    struct xg_error later = XG_ERROR_NONE;

    if (!u)
        return xg_fail_nomem(err);
    u->progress = progress;
    u->sums = XG_BUF(FILES_MAX * XG_HASH_SIZE);
    u->told = XG_BUF(FILES_MAX * XG_HASH_SIZE);
    enum xg_status status = check_empty(home, err);
    if (status == XG_OK)
        status = open_rescue(u, path, err);
    if (status == XG_OK)
        status = make_part(u, home, err);
    if (status == XG_OK) {
        status = take_files(u, err);
        if (status == XG_FORMAT)
            status = bad(path, err);
        if (status != XG_OK)
            xg_ignore(drop_part(u->home, &later));
    }
    if (status == XG_OK)
        status = name_home(u, home, err);
    if (status == XG_OK)
        *out = u->out;
    xg_bundle_file_close(u->file);
    xg_buf_clear(&u->sums);
    xg_buf_clear(&u->told);
    free(u);
    return status;
}
