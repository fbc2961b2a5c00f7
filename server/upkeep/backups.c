/* backups.c - see backups.h. */
#define _POSIX_C_SOURCE 200809L
#include "server/upkeep/backups.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/data/rounds.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"

enum {
    NAME_LENGTH = 26, /* server-20261122T143000Z.db */
    FOUND_MAX = 4096,
    SPARE_BYTES = 256 << 20,
};

static const int64_t HOUR_MS = 3600 * 1000;

enum xg_status backups_set_folder(struct data *d, const char *folder,
                                  struct xg_error *err)
{
    char path[BACKUPS_PATH_SIZE];
    int len;

    if (!d->dir)
        return XG_OK;
    len = folder ? snprintf(path, sizeof path, "%s", folder)
                 : snprintf(path, sizeof path, "%s/backups", d->dir);
    if (len < 0 || (size_t)len >= sizeof path)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("路径太长", "the path is too long"));
    if (folder && access(folder, W_OK | X_OK) != 0)
        return xg_fail_os(err, XG_T("备份目录 %s", "the folder of backups %s"),
                          folder);
    char *own = strdup(path);
    if (!own)
        return xg_fail_nomem(err);
    free(d->backups);
    d->backups = own;
    return XG_OK;
}

/* ---- the newest seven ---- */

static bool is_ours(const char *name)
{
    static const char shape[] = "server-########T######Z.db";

    if (strlen(name) != NAME_LENGTH)
        return false;
    for (size_t i = 0; i < NAME_LENGTH; i++)
        if (shape[i] == '#' ? name[i] < '0' || name[i] > '9'
                            : name[i] != shape[i])
            return false;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Their names say their times: the last are the newest. `made` stays, also where
 * the names of others, of a clock that was wrong, are yet to come. */
static unsigned remove_old(const char *folder, const char *made)
{
    char (*names)[NAME_LENGTH + 1] = calloc(FOUND_MAX, sizeof *names);
    DIR *dir = names ? opendir(folder) : NULL;
    unsigned removed = 0;
    size_t count = 0;

    for (const struct dirent *e;
         dir && count < FOUND_MAX && (e = readdir(dir)) != NULL;)
        if (is_ours(e->d_name) && strcmp(e->d_name, made) != 0)
            memcpy(names[count++], e->d_name, NAME_LENGTH + 1);
    if (count >= BACKUPS_KEPT) {
        qsort(names, count, sizeof *names, by_name);
        for (size_t i = 0; i + BACKUPS_KEPT <= count; i++)
            removed += unlinkat(dirfd(dir), names[i], 0) == 0;
    }
    if (dir)
        closedir(dir);
    free(names);
    return removed;
}

/* ---- one ---- */

static enum xg_status name_it(struct backups_made *m, const struct data *d,
                              int64_t now_ms, struct xg_error *err)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm t;
    char stamp[32];

    if (!gmtime_r(&now, &t) ||
        strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &t) == 0)
        return xg_fail(err, XG_IO, "%s",
                       XG_T("时钟读不懂", "the clock makes no sense"));
    int a = snprintf(m->path, sizeof m->path, "%s/server-%s.db", d->backups,
                     stamp);
    int b = snprintf(m->photos, sizeof m->photos, "%s/photos", d->backups);
    if (a < 0 || b < 0 || (size_t)a >= sizeof m->path ||
        (size_t)b >= sizeof m->photos)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("路径太长", "the path is too long"));
    return XG_OK;
}

/* What comes from the field goes before a copy of it. */
static enum xg_status need_room(const struct data *d, struct xg_error *err)
{
    char path[BACKUPS_PATH_SIZE];
    uint64_t left = 0;
    struct stat info;

    if (snprintf(path, sizeof path, "%s/server.db", d->dir) >=
            (int)sizeof path ||
        stat(path, &info) != 0)
        return xg_fail_os(err, "%s/server.db", d->dir);
    if (xg_os_free_bytes(&left, d->backups, err) != XG_OK)
        return err->status;
    if (left >= (uint64_t)info.st_size + SPARE_BYTES)
        return XG_OK;
    return xg_fail(err, XG_FULL,
                   XG_T("%s 放不下一份备份：清理磁盘，或用 serve --backups "
                        "换一个目录",
                        "%s has no room for a backup: make some, or name "
                        "another folder with serve --backups"),
                   d->backups);
}

enum xg_status backups_make(struct data *d, struct backups_made *made,
                            struct xg_error *err)
{
    struct backups_made m = {.removed = 0};

    if (!d->dir)
        return xg_fail(err, XG_USAGE, "in memory");
    if (!d->backups && backups_set_folder(d, NULL, err) != XG_OK)
        return err->status;
    if (xg_os_mkdir(d->backups, err) != XG_OK || need_room(d, err) != XG_OK ||
        name_it(&m, d, xg_wall_ms(&d->env), err) != XG_OK ||
        data_backup(d, &m.backup, m.path, m.photos, err) != XG_OK)
        return err->status;
    m.removed = remove_old(d->backups, strrchr(m.path, '/') + 1);
    *made = m;
    return XG_OK;
}

enum xg_status backups_last(struct data *d, int64_t *ms, uint64_t *size,
                            uint64_t *missing, struct xg_error *err)
{
    uint64_t when = 0, at = 0, gone = 0;
    struct store *s;

    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = s->ops->get_value(s, &when, "backup_ms", err);
    if (status == XG_OK)
        status = s->ops->get_value(s, &at, "backup", err);
    if (status == XG_OK)
        status = s->ops->get_value(s, &gone, "backup_missing", err);
    data_return(d, s);
    if (status != XG_OK)
        return status;
    *ms = (int64_t)when;
    *size = at;
    *missing = gone;
    return XG_OK;
}

bool backups_beside(const struct data *d)
{
    struct stat a, b;

    return !d->backups || stat(d->backups, &b) != 0 ||
           stat(d->dir, &a) != 0 || a.st_dev == b.st_dev;
}

/* ---- one a day ---- */

struct backups_thread {
    struct data *data;
    struct rounds *rounds;
    int64_t began_ms; /* by the clock that never goes back */
};

static void look(void *ctx)
{
    struct backups_thread *t = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct backups_made *made = NULL;
    int64_t last_ms = 0, now_ms = xg_wall_ms(&t->data->env);
    uint64_t size, missing;
    struct xg_checkpoint c;

    /* Whoever starts it has other things to do first. */
    if (xg_mono_ms(&t->data->env) - t->began_ms < BACKUPS_LOOK_S * 1000)
        return;
    enum xg_status status =
        backups_last(t->data, &last_ms, &size, &missing, &err);
    if (status == XG_OK)
        status = ledger_published(t->data->ledger, &c, NULL, &err);
    if (status == XG_OK && last_ms <= now_ms &&
        now_ms - last_ms < BACKUPS_EVERY_H * HOUR_MS)
        return;
    if (status == XG_OK && c.size == size && last_ms)
        return; /* nothing came since */
    if (status == XG_OK && !(made = calloc(1, sizeof *made)))
        status = xg_fail_nomem(&err);
    if (status == XG_OK)
        status = backups_make(t->data, made, &err);
    if (status == XG_OK)
        xg_log(XG_LOG_INFO, "backup.made", "file=%s size=%llu removed=%u",
               made->path, (unsigned long long)made->backup.size,
               made->removed);
    else
        xg_log(XG_LOG_WARN, "backup.failed", "error=%s", xg_error_text(&err));
    free(made);
}

enum xg_status backups_start(struct backups_thread **out, struct data *d,
                             struct xg_error *err)
{
    struct backups_thread *t = calloc(1, sizeof *t);

    if (!t)
        return xg_fail_nomem(err);
    t->data = d;
    t->began_ms = xg_mono_ms(&d->env);
    if (rounds_start(&t->rounds, "backups", BACKUPS_LOOK_S, look, t, err) !=
        XG_OK) {
        free(t);
        return err->status;
    }
    *out = t;
    return XG_OK;
}

void backups_stop(struct backups_thread *t)
{
    if (!t)
        return;
    rounds_stop(t->rounds);
    free(t);
}
