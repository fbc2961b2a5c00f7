/* maps.c - see maps.h. */
#include "shared/map/maps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/map/about.h"
#include "shared/map/check.h"

enum { DESCRIPTION_BYTES_MAX = 16 << 10, COPY_STEP = 256 << 10 };

static const char DESCRIBED[] = ".json", TILES[] = ".mbtiles", PART[] = ".part";

/* ---- names ---- */

static const char *const CRS_NAMES[] = {"wgs84", "gcj02", "bd09"};

const char *xg_maps_crs_name(enum xg_maps_crs crs)
{
    return CRS_NAMES[crs];
}

static bool crs_of(enum xg_maps_crs *crs, const char *name)
{
    for (int i = 0; i < XG_MAPS_CRS_COUNT; i++)
        if (strcmp(name, CRS_NAMES[i]) == 0) {
            *crs = (enum xg_maps_crs)i;
            return true;
        }
    return false;
}

enum xg_status xg_maps_crs_read(enum xg_maps_crs *crs, const char *option,
                                struct xg_error *err)
{
    if (!option || crs_of(crs, option))
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("--crs 只能是 wgs84、gcj02 或 bd09，不是“%.60s”",
                        "--crs is wgs84, gcj02 or bd09, not \"%.60s\""),
                   option);
}

bool xg_maps_name_valid(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return len > 0 && len <= XG_MAPS_NAME_MAX && name[len] == '\0' &&
           name[0] != '-';
}

void xg_maps_described(char file[static XG_MAPS_FILE_SIZE], const char *name)
{
    snprintf(file, XG_MAPS_FILE_SIZE, "%.*s%s", XG_MAPS_NAME_MAX, name,
             DESCRIBED);
}

enum xg_status xg_maps_path(char path[static XG_MAPS_PATH_SIZE],
                            const char *dir, const char *file,
                            struct xg_error *err)
{
    int n = snprintf(path, XG_MAPS_PATH_SIZE, "%s/maps%s%s", dir,
                     *file ? "/" : "", file);

    return n < XG_MAPS_PATH_SIZE
               ? XG_OK
               : xg_fail(err, XG_USAGE,
                         XG_T("文件夹路径太长：%s", "the path is too long: %s"),
                         dir);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);
    return len > n && strcmp(text + len - n, end) == 0;
}

/* ---- descriptions ---- */

static json_t *describe(const struct xg_map *m)
{
    json_t *about = xg_mbtiles_about_json(&m->about);
    json_t *all = json_pack("{s:s, s:s, s:I}", "file", m->file, "crs",
                            xg_maps_crs_name(m->crs), "bytes",
                            (json_int_t)m->bytes);

    if (!about || !all || json_object_update(all, about) != 0) {
        json_decref(all);
        all = NULL;
    }
    json_decref(about);
    return all;
}

/* Was it written here? Then what it says is in range. */
static bool understand(struct xg_map *m, json_t *json)
{
    const char *file, *crs;
    json_int_t bytes;

    if (json_unpack(json, "{s:s, s:s, s:I}", "file", &file, "crs", &crs,
                    "bytes", &bytes) != 0 ||
        strlen(file) >= sizeof m->file || strchr(file, '/') ||
        !ends_with(file, TILES) || !crs_of(&m->crs, crs) || bytes < 0 ||
        !xg_mbtiles_about_read(&m->about, json))
        return false;
    snprintf(m->file, sizeof m->file, "%s", file);
    m->bytes = (uint64_t)bytes;
    return true;
}

static enum xg_status read_description(struct xg_map *out, const char *dir,
                                       const char *name, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(DESCRIPTION_BYTES_MAX);
    char path[XG_MAPS_PATH_SIZE], file[XG_MAPS_FILE_SIZE];
    struct xg_map map = {0};

    snprintf(map.name, sizeof map.name, "%s", name);
    xg_maps_described(file, name);
    if (xg_maps_path(path, dir, file, err) != XG_OK)
        return err->status;
    enum xg_status status = xg_os_read(&text, path, err);
    if (status == XG_OK) {
        json_t *json = json_loadb((const char *)text.data, text.len, 0, NULL);
        if (!json || !understand(&map, json))
            status =
                xg_fail(err, XG_CORRUPT,
                        XG_T("地图 %s 的说明损坏；用 maps remove 删去后重新"
                             "添加",
                             "the description of map %s is damaged; take "
                             "it away with maps remove, and add it anew"),
                        name);
        json_decref(json);
    }
    xg_buf_clear(&text);
    if (status == XG_OK)
        *out = map;
    return status;
}

enum xg_status xg_maps_find(struct xg_map *out, const char *dir,
                            const char *name, struct xg_error *err)
{
    if (xg_maps_name_valid(name) &&
        read_description(out, dir, name, err) == XG_OK)
        return XG_OK;
    if (xg_maps_name_valid(name) && err->status != XG_NOTFOUND)
        return err->status;
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有叫“%.60s”的地图；maps 列出现有的",
                        "there is no map \"%.60s\"; maps lists those that "
                        "there are"),
                   name);
}

/* ---- the folder ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct xg_map *)a)->name,
                  ((const struct xg_map *)b)->name);
}

/* NULL and XG_OK: there is none yet. */
static enum xg_status open_folder(DIR **out,
                                  char path[static XG_MAPS_PATH_SIZE],
                                  const char *dir, struct xg_error *err)
{
    if (xg_maps_path(path, dir, "", err) != XG_OK)
        return err->status;
    DIR *folder = opendir(path);
    if (!folder && errno != ENOENT)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    *out = folder;
    return XG_OK;
}

enum xg_status xg_maps_list(struct xg_map **out, size_t *count, size_t *broken,
                            struct xg_arena *arena, const char *dir,
                            struct xg_error *err)
{
    struct xg_map *maps = xg_arena_array(arena, XG_MAPS_MAX, sizeof *maps);
    struct xg_error bad = XG_ERROR_NONE;
    size_t found = 0, spoilt = 0;
    char path[XG_MAPS_PATH_SIZE];
    struct dirent *entry;
    DIR *folder = NULL;

    if (!maps)
        return xg_fail_nomem(err);
    if (open_folder(&folder, path, dir, err) != XG_OK)
        return err->status;
    while (folder && found < XG_MAPS_MAX && (entry = readdir(folder))) {
        char name[sizeof entry->d_name];
        if (!ends_with(entry->d_name, DESCRIBED))
            continue;
        snprintf(name, sizeof name, "%.*s",
                 (int)(strlen(entry->d_name) - strlen(DESCRIBED)),
                 entry->d_name);
        if (!xg_maps_name_valid(name))
            continue;
        if (read_description(&maps[found], dir, name, &bad) == XG_OK)
            found++;
        else
            spoilt++;
    }
    if (folder)
        closedir(folder);
    qsort(maps, found, sizeof *maps, by_name);
    *out = maps;
    *count = found;
    *broken = spoilt;
    return XG_OK;
}

static enum xg_status lock_folder(int *fd, const char *dir,
                                  struct xg_error *err)
{
    char path[XG_MAPS_PATH_SIZE];
    int lock;

    if (xg_maps_path(path, dir, "", err) != XG_OK ||
        xg_os_mkdir(path, err) != XG_OK ||
        xg_maps_path(path, dir, "lock", err) != XG_OK ||
        xg_os_lock_open(&lock, path, err) != XG_OK)
        return err->status;
    if (xg_os_lock(lock, err) != XG_OK) {
        close(lock);
        return err->status;
    }
    *fd = lock;
    return XG_OK;
}

/* Is it a file that no description names? */
static bool is_left_over(const char *file, const struct xg_map *maps,
                         size_t count)
{
    if (ends_with(file, PART) || ends_with(file, ".tmp"))
        return true;
    if (!ends_with(file, TILES))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(maps[i].file, file) == 0)
            return false;
    return true;
}

/* What a cut left. Not while a description cannot be read: it may name them. */
static enum xg_status tidy(const char *dir, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_map *maps;
    size_t count, broken;
    char path[XG_MAPS_PATH_SIZE];
    struct dirent *entry;
    DIR *folder = NULL;
    enum xg_status status =
        xg_maps_list(&maps, &count, &broken, &arena, dir, err);

    if (status == XG_OK && broken == 0)
        status = open_folder(&folder, path, dir, err);
    while (status == XG_OK && folder && (entry = readdir(folder)))
        if (is_left_over(entry->d_name, maps, count) &&
            unlinkat(dirfd(folder), entry->d_name, 0) != 0)
            status =
                xg_fail_os(err, XG_T("无法删去 %s/%s", "cannot remove %s/%s"),
                           path, entry->d_name);
    if (folder)
        closedir(folder);
    xg_arena_clear(&arena);
    return status;
}

/* ---- adding ---- */

/* One that replaces another always has. */
static enum xg_status has_place(const char *dir, const char *name,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_map *maps, same;
    struct xg_error none = XG_ERROR_NONE;
    size_t count, broken;
    enum xg_status status =
        xg_maps_list(&maps, &count, &broken, &arena, dir, err);

    xg_arena_clear(&arena);
    if (status != XG_OK || count + broken < XG_MAPS_MAX ||
        xg_maps_find(&same, dir, name, &none) == XG_OK)
        return status;
    return xg_fail(err, XG_REFUSED,
                   XG_T("已有 %d 个地图，不能再多；先用 maps remove 删去一个",
                        "there are %d maps, and can be no more; take one away "
                        "with maps remove first"),
                   XG_MAPS_MAX);
}

/* All of `from`, leaving room for what else is to be kept there. */
static enum xg_status copy(uint64_t *bytes, int from, int to, const char *path,
                           uint64_t spare_bytes, struct xg_error *err)
{
    uint8_t *step = malloc(COPY_STEP);
    enum xg_status status = step ? XG_OK : xg_fail_nomem(err);
    uint64_t done = 0, room;

    while (status == XG_OK) {
        ssize_t n = read(from, step, COPY_STEP);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            status = xg_fail_os(
                err, XG_T("无法读取地图文件", "cannot read the map file"));
        if (n <= 0)
            break;
        status = xg_os_free_bytes(&room, path, err);
        if (status == XG_OK && room < (uint64_t)n + spare_bytes)
            status = xg_fail(err, XG_FULL,
                             XG_T("空间不够放这个地图，原有的地图没有变；请腾出"
                                  "空间，或换一个小些的地图",
                                  "there is no room for this map, and nothing "
                                  "has changed; make room, or take a smaller "
                                  "map"));
        if (status == XG_OK)
            status = xg_os_write_all(to, path, xg_bytes(step, (size_t)n), err);
        done += (uint64_t)n;
    }
    free(step);
    if (status == XG_OK)
        *bytes = done;
    return status;
}

/* The copy, on the disk for good. */
static enum xg_status bring(uint64_t *bytes, int from, const char *path,
                            uint64_t spare_bytes, struct xg_error *err)
{
    int to =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (to < 0)
        return xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    enum xg_status status = copy(bytes, from, to, path, spare_bytes, err);
    if (status == XG_OK && fsync(to) != 0)
        status = xg_fail_os(err, XG_T("无法落盘 %s", "cannot sync %s"), path);
    if (close(to) != 0 && status == XG_OK)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    return status;
}

/* By a program that can do nothing else. */
static enum xg_status look_at(struct xg_mbtiles_about *about, const char *path,
                              const char *program, struct xg_error *err)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), path);
    enum xg_status status = xg_map_check(about, program, fd, err);
    close(fd);
    return status;
}

/* Durable: first the file, then what names it. */
static enum xg_status put_in_place(const struct xg_map *map, const char *dir,
                                   const char *part, struct xg_error *err)
{
    char path[XG_MAPS_PATH_SIZE], file[XG_MAPS_FILE_SIZE];

    if (xg_maps_path(path, dir, map->file, err) != XG_OK)
        return err->status;
    if (rename(part, path) != 0)
        return xg_fail_os(err, XG_T("无法改名为 %s", "cannot rename to %s"),
                          path);
    json_t *json = describe(map);
    char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
    json_decref(json);
    if (!text)
        return xg_fail_nomem(err);
    xg_maps_described(file, map->name);
    enum xg_status status = xg_maps_path(path, dir, file, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, xg_bytes_of(text), err);
    free(text);
    return status;
}

static enum xg_status add_locked(struct xg_map *map, const char *dir,
                                 int source,
                                 const struct xg_maps_choice *choice,
                                 const struct xg_env *env, struct xg_error *err)
{
    char part[XG_MAPS_PATH_SIZE], name[XG_MAPS_FILE_SIZE];
    uint8_t random[4];

    xg_random(env, random, sizeof random);
    snprintf(map->name, sizeof map->name, "%s", choice->name);
    snprintf(map->file, sizeof map->file, "%s-%02x%02x%02x%02x%s", choice->name,
             random[0], random[1], random[2], random[3], TILES);
    snprintf(name, sizeof name, "%s%s", choice->name, PART);
    map->crs = choice->crs;
    if (tidy(dir, err) != XG_OK || has_place(dir, choice->name, err) != XG_OK ||
        xg_maps_path(part, dir, name, err) != XG_OK)
        return err->status;
    if (bring(&map->bytes, source, part, choice->spare_bytes, err) != XG_OK ||
        look_at(&map->about, part, choice->program, err) != XG_OK) {
        unlink(part);
        return err->status;
    }
    if (choice->attribution)
        snprintf(map->about.attribution, sizeof map->about.attribution, "%s",
                 choice->attribution);
    return put_in_place(map, dir, part, err);
}

static enum xg_status judge_choice(const struct xg_maps_choice *choice,
                                   struct xg_error *err)
{
    if (!xg_maps_name_valid(choice->name))
        return xg_fail(err, XG_USAGE,
                       XG_T("地图名用 1 到 %d 个字母、数字、- 和 _：%s",
                            "the name of a map has 1 to %d letters, digits, - "
                            "and _: %s"),
                       XG_MAPS_NAME_MAX, choice->name);
    if (choice->attribution &&
        strlen(choice->attribution) >= XG_MBTILES_TEXT_SIZE)
        return xg_fail(err, XG_USAGE,
                       XG_T("--attribution 至多 %d 个字节",
                            "--attribution has at most %d bytes"),
                       XG_MBTILES_TEXT_SIZE - 1);
    return XG_OK;
}

enum xg_status xg_maps_add(struct xg_map *out, bool *replaced, const char *dir,
                           int source, const struct xg_maps_choice *choice,
                           const struct xg_env *env, struct xg_error *err)
{
    struct xg_error none = XG_ERROR_NONE;
    struct xg_map map = {0}, before;
    int lock;

    if (judge_choice(choice, err) != XG_OK ||
        lock_folder(&lock, dir, err) != XG_OK)
        return err->status;
    bool was = xg_maps_find(&before, dir, choice->name, &none) == XG_OK;
    enum xg_status status = add_locked(&map, dir, source, choice, env, err);
    /* The one that was replaced, or the file that did not become one. */
    if (tidy(dir, &none) != XG_OK)
        none = XG_ERROR_NONE; /* the next change tries again */
    close(lock);
    if (status != XG_OK)
        return status;
    *out = map;
    *replaced = was;
    return XG_OK;
}

enum xg_status xg_maps_remove(const char *dir, const char *name,
                              struct xg_error *err)
{
    char path[XG_MAPS_PATH_SIZE], file[XG_MAPS_FILE_SIZE];
    struct xg_map map;
    int lock;

    if (xg_maps_find(&map, dir, name, err) != XG_OK &&
        err->status != XG_CORRUPT)
        return err->status;
    if (lock_folder(&lock, dir, err) != XG_OK)
        return err->status;
    xg_maps_described(file, name);
    enum xg_status status = xg_maps_path(path, dir, file, err);
    if (status == XG_OK && unlink(path) != 0 && errno != ENOENT)
        status = xg_fail_os(err, XG_T("无法删去 %s", "cannot remove %s"), path);
    if (status == XG_OK)
        status = xg_os_sync_parent(path, err);
    if (status == XG_OK)
        status = tidy(dir, err);
    close(lock);
    return status;
}
