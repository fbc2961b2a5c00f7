/* sticks.c - `sticks`: what is plugged in, how much fits, and which files on it
 * are ours: by their content, never by their names. A sealed one shows its kind
 * to whom it is sealed to, where the home is not locked.
 *
 *      answer     of the command centre, for bundle read
 *      accepted   a successor's answer, for handover finish
 *      bundle     of a device, for the command centre
 *      handover   to this device, for handover accept
 *      rescue     a whole home
 *      sealed     to somebody else, or this home is locked
 */
#include "agent/cli/cli.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/home/sticks.h"
#include "shared/bundle/bundle_file.h"
#include "shared/core/cbor.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum {
    ARENA_MAX = 8 << 20,
    LOOKED_AT_MAX = 500, /* files of one stick */
    SHOWN_MAX = 100,
    HEAD_MAX = 2048,
};

struct ours {
    char *name;
    uint64_t bytes;
    const char *kind;
};

struct looking {
    struct cli *cli;
    struct xg_arena arena;
    bool has_key;
    struct xg_signer key;
};

/* What each is called by a person. */
static const char *kind_label(const char *kind)
{
    static const char *const names[][3] = {
        {"answer", "指挥中心的回应", "answer of the command centre"},
        {"accepted", "接任人的回执", "a successor's answer"},
        {"bundle", "上报数据包", "bundle for the command centre"},
        {"handover", "交接包", "handover"},
        {"rescue", "救援包", "rescue bundle"},
        {"sealed", "加密包，这台设备打不开", "sealed, not for this device"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], kind) == 0)
            return XG_T(names[i][1], names[i][2]);
    return kind;
}

/* ---- one file ---- */

/* The first part of each kind says what it is. NULL: none of ours. */
static const char *kind_of_part(struct xg_bundle_file *f,
                                const struct xg_tar_part *part)
{
    char head[HEAD_MAX + 1] = "";
    struct xg_error ignored = XG_ERROR_NONE;
    size_t len = 0;

    if (strcmp(part->name, "rescue.txt") == 0)
        return "rescue";
    if (strcmp(part->name, "bundle.txt") == 0 &&
        xg_bundle_file_read(f, (uint8_t *)head, HEAD_MAX, &len, &ignored) ==
            XG_OK) {
        head[len] = '\0';
        if (strncmp(head, "xunge/bundle/v1\n", 16) == 0)
            return strstr(head, "\nkind down\n") ? "answer" : "bundle";
    }
    return NULL;
}

/* What handover accept --answer writes. */
static bool is_acceptance(int fd)
{
    char head[4];

    return pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
           memcmp(head, "XGA1", sizeof head) == 0;
}

static bool has_magic(int fd, bool *sealed)
{
    uint8_t head[512];
    ssize_t n = pread(fd, head, sizeof head, 0);

    *sealed = n >= XG_SEAL_MAGIC_SIZE && xg_seal_begins(head);
    /* POSIX: "ustar" at 257, whichever version follows. */
    return *sealed ||
           (n == (ssize_t)sizeof head && memcmp(head + 257, "ustar", 5) == 0);
}

/* NULL: none of ours. */
static const char *kind_of(const struct looking *l, int fd, const char *name)
{
    const struct xg_bundle_source from = {
        .path = name, .key = l->has_key ? &l->key : NULL, .fd = fd};
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_bundle_file *f;
    struct xg_tar_part part;
    const char *kind = NULL;
    bool sealed, more = false, cut;

    if (is_acceptance(fd))
        return "accepted";
    if (!has_magic(fd, &sealed))
        return NULL;
    if (xg_bundle_file_open(&f, &from, &ignored) != XG_OK)
        /* Only handovers have a code. */
        return !sealed                        ? NULL
               : ignored.status == XG_LOCKED ? "handover"
                                              : "sealed";
    if (xg_bundle_file_next(f, &part, &more, &cut, &ignored) == XG_OK && more) {
        kind = kind_of_part(f, &part);
        /* A handover begins with the record that gives it. */
        if (!kind && sealed)
            kind = "handover";
    }
    xg_bundle_file_close(f);
    return kind;
}

/* Is it a file of ours? A name that cannot be said is passed over. */
static bool look_at(struct looking *l, struct ours *out, int folder,
                    const char *name)
{
    struct stat info;
    const char *kind = NULL;

    if (name[0] == '.' ||
        !xg_utf8_valid((const uint8_t *)name, strlen(name)))
        return false;
    int fd = openat(folder, name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
        kind = kind_of(l, fd, name);
    close(fd);
    if (!kind)
        return false;
    out->name = xg_arena_str(&l->arena, name, strlen(name));
    out->bytes = (uint64_t)info.st_size;
    out->kind = kind;
    return out->name != NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ours *)a)->name,
                  ((const struct ours *)b)->name);
}

/* Those at the top of the stick, where people put them. */
static size_t files_of(struct looking *l, struct ours *list,
                       const struct stick *stick)
{
    DIR *dir = opendir(stick->path);
    size_t count = 0, looked = 0;
    struct dirent *entry;

    while (dir && count < SHOWN_MAX && looked++ < LOOKED_AT_MAX &&
           (entry = readdir(dir)))
        count += look_at(l, &list[count], dirfd(dir), entry->d_name);
    if (dir)
        closedir(dir);
    qsort(list, count, sizeof *list, by_name);
    return count;
}

/* ---- telling ---- */

static enum xg_status put_json(struct looking *l, const struct stick *s,
                               const struct ours *files, size_t count,
                               struct xg_error *err)
{
    json_t *object = json_object(), *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *file = json_object();
        view_json_set(&file, "name", json_string(files[i].name));
        view_json_set(&file, "bytes",
                      json_integer((json_int_t)files[i].bytes));
        view_json_set(&file, "kind", json_string(files[i].kind));
        view_json_append(&list, file);
    }
    view_json_set(&object, "name", json_string(s->name));
    view_json_set(&object, "path", json_string(s->path));
    view_json_set(&object, "filesystem", json_string(s->filesystem));
    view_json_set(&object, "read_only", json_boolean(s->read_only));
    view_json_set(&object, "free_bytes",
                  json_integer((json_int_t)s->free_bytes));
    view_json_set(&object, "total_bytes",
                  json_integer((json_int_t)s->total_bytes));
    view_json_set(&object, "files", list);
    return cli_put_json(l->cli, object, err);
}

static enum xg_status put(struct looking *l, const struct stick *s,
                          struct xg_error *err)
{
    struct ours *files =
        xg_arena_array(&l->arena, SHOWN_MAX, sizeof *files);
    struct xg_buf *out = &l->cli->out;
    char size[VIEW_SIZE_TEXT];

    if (!files)
        return xg_fail_nomem(err);
    size_t count = files_of(l, files, s);
    if (l->cli->json)
        return put_json(l, s, files, count, err);
    view_put_line(out, xg_bytes_of(s->name));
    xg_buf_text(out, "  ");
    view_put_line(out, xg_bytes_of(s->path));
    xg_buf_format(out, XG_T("  还能放 %s%s\n", "  room for %s%s\n"),
                  view_size_text(size, s->free_bytes),
                  s->read_only ? XG_T("，只读", ", read only") : "");
    for (size_t i = 0; i < count; i++) {
        xg_buf_text(out, "  ");
        view_put_line(out, xg_bytes_of(files[i].name));
        xg_buf_format(out, "  %s  %s\n",
                      view_size_text(size, files[i].bytes),
                      kind_label(files[i].kind));
    }
    return xg_buf_check(out, err);
}

/* A home that is locked, or not there, sees less; that is no failure. */
static void take_key(struct looking *l)
{
    struct cli *cli = l->cli;
    struct xg_error ignored = XG_ERROR_NONE;

    if (home_open(&cli->home, cli->path, false, &cli->env, &ignored) == XG_OK)
        l->has_key = store_signer(cli->home.store, &l->key, NULL,
                                  &ignored) == XG_OK;
}

enum xg_status cmd_sticks(struct cli *cli, struct xg_error *err)
{
    struct looking l = {.cli = cli, .arena = XG_ARENA(ARENA_MAX)};
    struct stick *sticks = NULL;
    size_t count = 0;
    enum xg_status status = sticks_list(&sticks, &count, &l.arena, err);

    take_key(&l);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = put(&l, &sticks[i], err);
    if (status == XG_OK && count == 0)
        cli_say(cli, "%s",
                XG_T("没有插着 U 盘或存储卡（或还没有挂载）。",
                     "No stick or card is plugged in (or it is not mounted)."));
    sodium_memzero(&l.key, sizeof l.key);
    xg_arena_clear(&l.arena);
    return status;
}
