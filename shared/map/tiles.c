/* tiles.c - see tiles.h. */
#include "shared/map/tiles.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/base/lang.h"

enum { REPLACED_MAX = 20, DIGITS_MAX = 8 };

/* ---- addresses ---- */

static bool read_number(uint32_t *out, const char *text, size_t len)
{
    uint32_t value = 0;

    if (len == 0 || len > DIGITS_MAX || strspn(text, "0123456789") < len)
        return false;
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (uint32_t)(text[i] - '0');
    *out = value;
    return true;
}

bool xg_tile_address_read(struct xg_tile_address *out, const char *text)
{
    struct xg_tile_address address = {0};
    uint32_t *const numbers[] = {&address.z, &address.x, &address.y};
    size_t len = strcspn(text, "/");

    if (len >= sizeof address.map)
        return false;
    memcpy(address.map, text, len);
    for (size_t i = 0; i < 3; i++) {
        if (text[len] != '/')
            return false;
        text += len + 1;
        len = strcspn(text, "/");
        if (!read_number(numbers[i], text, len))
            return false;
    }
    if (text[len] != '\0' || !xg_maps_name_valid(address.map))
        return false;
    *out = address;
    return true;
}

/* ---- maps that are open ---- */

struct open_map {
    char name[XG_MAPS_NAME_MAX + 1];
    struct xg_mbtiles *file; /* NULL: free */
    struct stat seen;        /* of its description, when it was opened */
    uint64_t used;           /* the smallest goes first */
};

struct xg_tiles {
    pthread_mutex_t lock;
    char dir[XG_MAPS_PATH_SIZE];
    uint64_t clock;
    struct open_map maps[XG_TILES_OPEN_MAX];
};

enum xg_status xg_tiles_new(struct xg_tiles **out, const char *dir,
                            struct xg_error *err)
{
    struct xg_tiles *t = calloc(1, sizeof *t);

    if (!t || pthread_mutex_init(&t->lock, NULL) != 0) {
        free(t);
        return xg_fail_nomem(err);
    }
    if (snprintf(t->dir, sizeof t->dir, "%s", dir) >= (int)sizeof t->dir) {
        xg_tiles_free(t);
        return xg_fail(err, XG_USAGE, "%s", dir);
    }
    *out = t;
    return XG_OK;
}

void xg_tiles_free(struct xg_tiles *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < XG_TILES_OPEN_MAX; i++)
        xg_mbtiles_close(t->maps[i].file);
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
    xg_mbtiles_close(m->file);
    *m = (struct open_map){0};
}

static struct open_map *slot_of(struct xg_tiles *t, const char *name)
{
    struct open_map *slot = &t->maps[0];

    for (size_t i = 0; i < XG_TILES_OPEN_MAX; i++) {
        if (t->maps[i].file && strcmp(t->maps[i].name, name) == 0)
            return &t->maps[i];
        if (t->maps[i].used < slot->used)
            slot = &t->maps[i];
    }
    return slot;
}

/* The file that the description names. Between reading the one and opening the
 * other the map may be replaced, or removed: then as it is now. */
static enum xg_status open_file(struct xg_mbtiles **file,
                                const struct xg_tiles *t, const char *name,
                                struct xg_error *err)
{
    char path[XG_MAPS_PATH_SIZE];
    struct xg_map map, now;

    for (unsigned tries = 0; tries < REPLACED_MAX; tries++) {
        struct xg_error fresh = XG_ERROR_NONE;

        if (xg_maps_find(&map, t->dir, name, err) != XG_OK ||
            xg_maps_path(path, t->dir, map.file, err) != XG_OK ||
            xg_mbtiles_open(file, path, err) == XG_OK)
            return err->status;
        if (xg_maps_find(&now, t->dir, name, &fresh) == XG_OK &&
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
static enum xg_status open_map(struct open_map *slot, struct xg_tiles *t,
                               const char *name, const struct stat *seen,
                               struct xg_error *err)
{
    struct xg_mbtiles *file;

    if (open_file(&file, t, name, err) != XG_OK)
        return err->status;
    let_go(slot);
    slot->file = file;
    slot->seen = *seen;
    snprintf(slot->name, sizeof slot->name, "%s", name);
    return XG_OK;
}

/* The map, open and as it is now. */
static enum xg_status take_map(struct open_map **out, struct xg_tiles *t,
                               const char *name, struct xg_error *err)
{
    char path[XG_MAPS_PATH_SIZE], described[XG_MAPS_FILE_SIZE];
    struct open_map *slot = slot_of(t, name);
    struct stat now = {0};

    if (!xg_maps_name_valid(name))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有这个地图", "there is no such map"));
    xg_maps_described(described, name);
    if (xg_maps_path(path, t->dir, described, err) != XG_OK)
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

enum xg_status xg_tiles_get(struct xg_tiles *t, struct xg_buf *out,
                            const char **type, const struct xg_tile_address *at,
                            struct xg_error *err)
{
    enum xg_photo_type found_type;
    struct open_map *slot;
    bool found = false;

    pthread_mutex_lock(&t->lock);
    enum xg_status status = take_map(&slot, t, at->map, err);
    if (status == XG_OK) {
        slot->used = ++t->clock;
        status = xg_mbtiles_get(slot->file, out, &found, &found_type, at->z,
                                at->x, at->y, err);
        if (status == XG_CORRUPT || status == XG_IO)
            let_go(slot); /* a stick that was pulled out, and put back */
    }
    pthread_mutex_unlock(&t->lock);
    if (status == XG_OK)
        *type = found ? xg_photo_type_mime(found_type) : NULL;
    return status;
}
