/* rescue.c - see engine/rescue.h. */
#define _DEFAULT_SOURCE
#include "agent/engine/rescue.h"

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
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/bundle/bundle_file.h"

struct rescue {
    const char *home;
    const struct bundle_progress *progress;
    struct xg_bundle_file_part *parts; /* 0: the index */
    size_t count, room;
    struct xg_buf index;
    struct rescue_written done;
    int lock; /* of the database; -1: let go of */

    int fd; /* of the part that is written */
    crypto_hash_sha256_state sum;
    bool summing;
    struct xg_buf sums;
};

/* ---- what is there ---- */

static enum xg_status add(struct rescue *r, const char *name, uint64_t length,
                          struct xg_error *err)
{
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        struct xg_bundle_file_part *more =
            realloc(r->parts, room * sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        r->parts = more;
        r->room = room;
    }
    struct xg_bundle_file_part *p = &r->parts[r->count++];
    *p = (struct xg_bundle_file_part){.length = length};
    snprintf(p->name, sizeof p->name, "%s", name);
    return XG_OK;
}

/* A plain file that has something in it; others are passed over. */
static enum xg_status add_file(struct rescue *r, const char *name,
                               struct xg_error *err)
{
    char path[HOME_PATH_SIZE];
    struct stat info;

    if (home_file(path, r->home, name, err) != XG_OK)
        return err->status;
    if (!rescue_name_valid(name) || lstat(path, &info) != 0 ||
        !S_ISREG(info.st_mode) || info.st_size <= 0)
        return XG_OK;
    r->done.files++;
    r->done.photos += strncmp(name, "photos/", 7) == 0;
    return add(r, name, (uint64_t)info.st_size, err);
}

/* All files of a folder of the home, and of those below it. */
static enum xg_status add_folder(struct rescue *r, const char *name, int depth,
                                 struct xg_error *err)
{
    char path[HOME_PATH_SIZE], child[XG_TAR_NAME_MAX + 1];
    const struct dirent *entry;
    DIR *folder;

    if (home_file(path, r->home, name, err) != XG_OK)
        return err->status;
    folder = opendir(path);
    if (!folder)
        return errno == ENOENT || errno == ENOTDIR
                   ? XG_OK
                   : xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"),
                                path);
    while (err->status == XG_OK && (entry = readdir(folder)) != NULL) {
        struct stat info;
        if (entry->d_name[0] == '.' ||
            snprintf(child, sizeof child, "%s/%s", name, entry->d_name) >=
                (int)sizeof child ||
            home_file(path, r->home, child, err) != XG_OK ||
            lstat(path, &info) != 0)
            continue;
        if (S_ISDIR(info.st_mode) && depth > 0)
            xg_ignore(add_folder(r, child, depth - 1, err));
        else
            xg_ignore(add_file(r, child, err));
    }
    closedir(folder);
    return err->status;
}

/* Nobody may write to the database, or move its log, until it is copied. */
static enum xg_status lock_database(struct rescue *r, struct xg_error *err)
{
    char path[HOME_PATH_SIZE];

    if (home_file(path, r->home, "agent.db", err) != XG_OK)
        return err->status;
    if (!xg_os_exists(path))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 还没有数据", "there is nothing in %s yet"),
                       r->home);
    if (home_file(path, r->home, "agent.db.lock", err) != XG_OK ||
        xg_os_lock_open(&r->lock, path, err) != XG_OK)
        return err->status;
    return xg_os_lock(r->lock, err);
}

static enum xg_status gather(struct rescue *r, struct xg_error *err)
{
    struct vault_state state;

    if (vault_state(&state, r->home, err) != XG_OK)
        return err->status;
    if (!state.escrow && !state.passphrase)
        return xg_fail(err, XG_REFUSED,
                       XG_T("本机还没有加入，也没有口令：救援包谁也打不开；"
                            "请直接拷贝整个 %s",
                            "this device neither joined nor has a passphrase: "
                            "nobody could open a rescue bundle of it; copy %s "
                            "as it is"),
                       r->home);
    if (lock_database(r, err) != XG_OK ||
        add(r, "rescue.txt", 0, err) != XG_OK ||
        add_file(r, "agent.db", err) != XG_OK ||
        add_file(r, "agent.db-wal", err) != XG_OK ||
        add_file(r, "vault", err) != XG_OK ||
        add_folder(r, "alarm", 0, err) != XG_OK ||
        add_folder(r, "patrol", 0, err) != XG_OK ||
        add_folder(r, "photos", 1, err) != XG_OK)
        return err->status;
    return add(r, "sums", r->done.files * XG_HASH_SIZE, err);
}

static void make_index(struct rescue *r, const struct xg_env *env)
{
    int64_t now = xg_wall_ms(env);
    uint64_t bytes = 0;

    for (size_t i = 1; i + 1 < r->count; i++)
        bytes += r->parts[i].length;
    xg_buf_format(&r->index,
                  "xunge/rescue/v1\ntime %" PRId64 "\nfiles %" PRIu64
                  " %" PRIu64 "\n",
                  now > 0 ? now : 0, r->done.files, bytes);
    r->parts[0].length = r->index.len;
    r->parts[0].content = r->index.data;
}

/* ---- the file ---- */

static void finish_sum(struct rescue *r)
{
    struct xg_hash hash;

    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    if (!r->summing)
        return;
    crypto_hash_sha256_final(&r->sum, hash.b);
    xg_buf_append(&r->sums, hash.b, XG_HASH_SIZE);
    r->summing = false;
}

static enum xg_status open_part(struct rescue *r, const char *name,
                                struct xg_error *err)
{
    char path[HOME_PATH_SIZE];

    finish_sum(r);
    if (r->lock >= 0 && strncmp(name, "agent.db", 8) != 0) {
        close(r->lock);
        r->lock = -1;
    }
    if (strcmp(name, "sums") == 0)
        return xg_buf_check(&r->sums, err);
    if (home_file(path, r->home, name, err) != XG_OK)
        return err->status;
    r->fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (r->fd < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    crypto_hash_sha256_init(&r->sum);
    r->summing = true;
    return XG_OK;
}

static enum xg_status fetch(void *ctx, const char *name, uint64_t offset,
                            uint8_t *at, size_t size, size_t *len,
                            struct xg_error *err)
{
    struct rescue *r = ctx;
    size_t got = 0;

    if (offset == 0 && open_part(r, name, err) != XG_OK)
        return err->status;
    if (r->fd < 0) {
        uint64_t left = r->sums.len > offset ? r->sums.len - offset : 0;
        *len = left < size ? (size_t)left : size;
        memcpy(at, r->sums.data + offset, *len);
        return XG_OK;
    }
    while (got < size) {
        ssize_t n = read(r->fd, at + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), name);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    crypto_hash_sha256_update(&r->sum, at, got);
    *len = got;
    return XG_OK;
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
    const struct rescue *r = ctx;

    if (r->progress && r->progress->step)
        r->progress->step(r->progress->ctx, done, total);
}

enum xg_status rescue_write(const char *home, struct rescue_written *out,
                            const char *path, const struct xg_env *env,
                            const struct bundle_progress *told,
                            struct xg_error *err)
{
    struct rescue r = {.home = home,
                       .progress = told,
                       .index = XG_BUF(4096),
                       .sums = XG_BUF(64 << 20),
                       .lock = -1,
                       .fd = -1};
    const struct xg_bundle_target target = {.path = path, .env = env};
    const struct xg_bundle_host host = {&r, fetch, progress};
    enum xg_status status = gather(&r, err);

    if (status == XG_OK) {
        make_index(&r, env);
        status = xg_buf_check(&r.index, err);
    }
    if (status == XG_OK)
        status = xg_bundle_file_write(&r.done.bytes, &target, r.parts, r.count,
                                      &host, err);
    if (status == XG_OK)
        *out = r.done;
    if (r.fd >= 0)
        close(r.fd);
    if (r.lock >= 0)
        close(r.lock);
    free(r.parts);
    xg_buf_clear(&r.index);
    xg_buf_clear(&r.sums);
    return status;
}
