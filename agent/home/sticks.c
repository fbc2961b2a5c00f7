/* sticks.c - see sticks.h. */
#define _GNU_SOURCE /* syncfs */
#include "agent/home/sticks.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { MOUNTS_BYTES_MAX = 4 << 20, PATH_SIZE = 4096, ARENA_MAX = 1 << 20 };

/* ---- is it one ---- */

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* A partition has no `removable` of its own: its disk, a folder above, has. */
static bool says_removable(const char *folder)
{
    static const char *const places[] = {"removable", "../removable"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", folder, places[i]);
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        int said = fgetc(file);
        fclose(file);
        return said == '1';
    }
    return false;
}

static bool is_removable(unsigned major_number, unsigned minor_number)
{
    char folder[64], target[PATH_SIZE];

    snprintf(folder, sizeof folder, "/sys/dev/block/%u:%u", major_number,
             minor_number);
    ssize_t n = readlink(folder, target, sizeof target - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    return strstr(target, "/usb") != NULL || says_removable(folder);
}

static bool is_mounted_by_desktop(const char *path)
{
    return begins(path, "/media/") || begins(path, "/run/media/");
}

/* ---- the list of mounts ---- */

/* Blanks and the like stand as \040. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *at = text; *at; to++) {
        if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' &&
            at[2] <= '7' && at[3] >= '0' && at[3] <= '7') {
            *to = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + at[3] - '0');
            at += 4;
        } else {
            *to = *at++;
        }
    }
    *to = '\0';
}

struct mount {
    unsigned major_number, minor_number;
    char *path, *options, *filesystem;
};

/* "36 35 98:0 /root /mnt2 rw,noatime master:1 - ext3 /dev/x rw"; changes
 * `line`. */
static bool read_mount(struct mount *m, char *line)
{
    char *words[6], *rest = line, *more;
    char *filesystem = strstr(line, " - ");

    if (!filesystem)
        return false;
    for (size_t i = 0; i < 6; i++)
        if (!(words[i] = strsep(&rest, " ")) || !rest)
            return false;
    char *colon, *end;
    m->major_number = (unsigned)strtoul(words[2], &colon, 10);
    if (colon == words[2] || *colon != ':')
        return false;
    m->minor_number = (unsigned)strtoul(colon + 1, &end, 10);
    if (end == colon + 1 || *end)
        return false;
    m->path = words[4];
    m->options = words[5];
    filesystem += 3;
    m->filesystem = strsep(&filesystem, " ");
    more = filesystem; /* source, options of the file system itself */
    (void)more;
    unescape(m->path);
    return m->path[0] == '/';
}

static bool is_named(const struct stick *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

/* The folder's own name, with a number where two are called alike. */
static const char *name_of(struct xg_arena *arena, const struct stick *list,
                           size_t count, const char *path)
{
    const char *slash = strrchr(path, '/'), *own = slash + 1;
    char *name = xg_arena_str(arena, own, strlen(own));

    for (unsigned n = 2; name && is_named(list, count, name); n++)
        name = xg_arena_format(arena, "%s-%u", own, n);
    return name;
}

static enum xg_status take(struct stick *list, size_t *count,
                           struct xg_arena *arena, const struct mount *m,
                           struct xg_error *err)
{
    dev_t device = makedev(m->major_number, m->minor_number);
    struct stick *s = &list[*count];
    struct statvfs space;

    if (!(is_mounted_by_desktop(m->path) ||
          is_removable(m->major_number, m->minor_number)) ||
        begins(m->path, "/boot") || strcmp(m->path, "/") == 0)
        return XG_OK;
    for (size_t i = 0; i < *count; i++)
        if (list[i].device == device) /* mounted twice */
            return XG_OK;
    if (statvfs(m->path, &space) != 0)
        return XG_OK; /* it is gone */
    s->device = device;
    s->path = xg_arena_str(arena, m->path, strlen(m->path));
    s->filesystem = xg_arena_str(arena, m->filesystem, strlen(m->filesystem));
    s->name = name_of(arena, list, *count, m->path);
    s->read_only = (space.f_flag & ST_RDONLY) != 0;
    s->free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    s->total_bytes = (uint64_t)space.f_blocks * space.f_frsize;
    if (!s->path || !s->filesystem || !s->name)
        return xg_fail_nomem(err);
    (*count)++;
    return XG_OK;
}

enum xg_status sticks_list(struct stick **out, size_t *count,
                           struct xg_arena *arena, struct xg_error *err)
{
    struct stick *list = xg_arena_array(arena, STICKS_MAX, sizeof *list);
    struct xg_buf text = XG_BUF(MOUNTS_BYTES_MAX);
    size_t found = 0;

    if (!list)
        return xg_fail_nomem(err);
    enum xg_status status = xg_os_read(&text, "/proc/self/mountinfo", err);
    char *rest = status == XG_OK && text.len ? (char *)text.data : NULL, *line;
    while (status == XG_OK && found < STICKS_MAX &&
           (line = strsep(&rest, "\n")) != NULL) {
        struct mount m;
        if (read_mount(&m, line))
            status = take(list, &found, arena, &m, err);
    }
    xg_buf_clear(&text);
    if (status != XG_OK)
        return status;
    *out = list;
    *count = found;
    return XG_OK;
}

bool sticks_may_go(const char *path)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_error ignored = XG_ERROR_NONE;
    struct stick *list;
    struct stat info;
    size_t count;
    bool is_one = false;
    int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 &&
        sticks_list(&list, &count, &arena, &ignored) == XG_OK)
        for (size_t i = 0; i < count; i++)
            is_one = is_one || list[i].device == info.st_dev;
    is_one = is_one && syncfs(fd) == 0;
    close(fd);
    xg_arena_clear(&arena);
    return is_one;
}
