/* tiles.c - see tiles.h. */
#include "agent/ui/tiles.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/home/maps.h"
#include "shared/base/lang.h"

enum { REPLACED_MAX = 20 };

struct open_map {
    char name[MAPS_NAME_MAX + 1];
    struct mbtiles *file; /* NULL: free */
    struct stat seen;     /* of its description, when it was opened */
    uint64_t used;        /* the smallest goes first */
};

struct tiles {
    pthread_mutex_t lock;
    char home[HOME_PATH_SIZE];
    uint64_t clock;
    struct open_map maps[TILES_OPEN_MAX];
};

enum xg_status tiles_new(struct tiles **out, const char *home,
                         struct xg_error *err)
{
    struct tiles *t = calloc(1, sizeof *t);

    if (!t || pthread_mutex_init(&t->lock, NULL) != 0) {
        free(t);
        return xg_fail_nomem(err);
    }
    if (snprintf(t->home, sizeof t->home, "%s", home) >= (int)sizeof t->home) {
        tiles_free(t);
        return xg_fail(err, XG_USAGE, "%s", home);
    }
    *out = t;
    return XG_OK;
}

void tiles_free(struct tiles *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < TILES_OPEN_MAX; i++)
        mbtiles_close(t->maps[i].file);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* A description is only ever replaced by another file. */
static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void let_go(struct open_map *m)
{
    mbtiles_close(m->file);
    *m = (struct open_map){0};
}

static struct open_map *slot_of(struct tiles *t, const char *name)
{
    struct open_map *slot = &t->maps[0];

    for (size_t i = 0; i < TILES_OPEN_MAX; i++) {
        if (t->maps[i].file && strcmp(t->maps[i].name, name) == 0)
            return &t->maps[i];
        if (t->maps[i].used < slot->used)
            slot = &t->maps[i];
    }
    return slot;
}

/* The file that the description names. Between reading the one and opening the
 * other the map may be replaced, or removed: then as it is now. */
static enum xg_status open_file(struct mbtiles **file, const struct tiles *t,
                                const char *name, struct xg_error *err)
{
    char path[HOME_PATH_SIZE];
    struct map map, now;

    for (unsigned tries = 0; tries < REPLACED_MAX; tries++) {
        struct xg_error fresh = XG_ERROR_NONE;

        if (maps_find(&map, t->home, name, err) != XG_OK ||
            maps_path(path, t->home, map.file, err) != XG_OK ||
            mbtiles_open(file, path, err) == XG_OK)
            return err->status;
        if (maps_find(&now, t->home, name, &fresh) == XG_OK &&
            strcmp(now.file, map.file) == 0)
            return err->status;
        *err = XG_ERROR_NONE;
    }
    return xg_fail(err, XG_BUSY,
                   XG_T("地图 %s 正在更换，请稍后再试",
                        "map %s is being replaced; try again in a moment"),
                   name);
}

/* Open it in the place of another. */
static enum xg_status open_map(struct open_map *slot, struct tiles *t,
                               const char *name, const struct stat *seen,
                               struct xg_error *err)
{
    struct mbtiles *file;

    if (open_file(&file, t, name, err) != XG_OK)
        return err->status;
    let_go(slot);
    slot->file = file;
    slot->seen = *seen;
    snprintf(slot->name, sizeof slot->name, "%s", name);
    return XG_OK;
}

/* The map, open and as it is now. */
static enum xg_status take_map(struct open_map **out, struct tiles *t,
                               const char *name, struct xg_error *err)
{
    char path[HOME_PATH_SIZE], described[MAPS_FILE_SIZE];
    struct open_map *slot = slot_of(t, name);
    struct stat now = {0};

    if (!maps_name_valid(name))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有这个地图", "there is no such map"));
    maps_described(described, name);
    if (maps_path(path, t->home, described, err) != XG_OK)
        return err->status;
    bool is_open = slot->file && strcmp(slot->name, name) == 0;
    if (stat(path, &now) != 0 || !is_open || !same_file(&slot->seen, &now)) {
        if (is_open)
            let_go(slot);
        if (open_map(slot, t, name, &now, err) != XG_OK)
            return err->status;
    }
    *out = slot;
    return XG_OK;
}

enum xg_status tiles_get(struct tiles *t, struct xg_buf *out, const char **type,
                         const char *map, uint32_t z, uint32_t x, uint32_t y,
                         struct xg_error *err)
{
    enum xg_photo_type found_type;
    struct open_map *slot;
    bool found = false;

    pthread_mutex_lock(&t->lock);
    enum xg_status status = take_map(&slot, t, map, err);
    if (status == XG_OK) {
        slot->used = ++t->clock;
        status = mbtiles_get(slot->file, out, &found, &found_type, z, x, y, err);
        if (status == XG_CORRUPT || status == XG_IO)
            let_go(slot); /* a stick that was pulled out, and put back */
    }
    pthread_mutex_unlock(&t->lock);
    if (status == XG_OK)
        *type = found ? xg_photo_type_mime(found_type) : NULL;
    return status;
}
