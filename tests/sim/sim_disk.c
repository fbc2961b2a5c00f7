/* sim_disk.c - the disk below a home: it can be full, and a cut takes from it
 * what no sync covers; see sim.h.
 *
 * Two seams, neither of which the product knows: the default VFS of SQLite is
 * wrapped, and the linker puts __wrap_xg_os_replace() in the place of
 * xg_os_replace() (--wrap). What POSIX allows to be lost stands in
 * tests/fault/undo.h. Names are not lost here: the sweeps of tests/fault do
 * that to real processes.
 */
#include "tests/sim/sim.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/base/os.h"

enum { SECTOR = 512, FILES = 2 };

static const char *const names[FILES] = {"agent.db", "agent.db-wal"};

/* Neither SQLite nor the wrapped call carries a context of ours. One run to a
 * process. */
static struct sim_world *the_world;
static sqlite3_vfs *below, above;

struct file {
    sqlite3_file base;
    struct sim_device *device; /* NULL: not ours to disturb */
    unsigned name;
    sqlite3_file *real; /* in the same allocation */
};

/* ---- whose file ---- */

/* DIR/0017/rest of a home; copies of homes have longer names. */
static struct sim_device *owner(const char *path, const char **rest)
{
    size_t len = strlen(the_world->options.dir);
    unsigned slot = 0;
    size_t digits = 0;

    if (!path || strncmp(path, the_world->options.dir, len) != 0 ||
        path[len] != '/')
        return NULL;
    for (path += len + 1; *path >= '0' && *path <= '9'; path++, digits++)
        slot = slot * 10 + (unsigned)(*path - '0');
    if (digits < 4 || *path != '/')
        return NULL;
    *rest = path + 1;
    return sim_device_at(the_world, slot);
}

/* ---- fates ---- */

/* Before each call that changes or syncs something. False: no space. */
static bool allow(struct sim_device *d, bool needs_space)
{
    struct sim_disk *k = &d->disk;

    k->calls++;
    if (k->dies_at && k->calls == k->dies_at && !d->dead) {
        k->dies_at = 0;
        sim_device_cut(d);
    }
    if (!needs_space || !k->full_from || k->calls < k->full_from ||
        k->calls >= k->full_until)
        return true;
    k->refused = true;
    return false;
}

bool sim_disk_refused(struct sim_device *d)
{
    bool refused = d->disk.refused;

    d->disk.refused = false;
    return refused;
}

/* ---- what no sync covers ---- */

static void drop(struct sim_disk *k, unsigned file)
{
    size_t kept = 0;

    for (size_t i = 0; i < k->piece_count; i++) {
        if (k->pieces[i].file == file)
            free(k->pieces[i].old);
        else
            k->pieces[kept++] = k->pieces[i];
    }
    k->piece_count = kept;
}

void sim_disk_settled(struct sim_device *d)
{
    for (unsigned i = 0; i < FILES; i++)
        drop(&d->disk, i);
    free(d->disk.pieces);
    d->disk.pieces = NULL;
    d->disk.piece_room = 0;
}

/* What lies at [at, at + span) now, before it is overwritten or cut off. */
static void keep(struct file *f, int64_t at, size_t span, bool truncates)
{
    struct sim_disk *k = &f->device->disk;
    struct sim_piece p = {
        .file = f->name, .at = at, .span = span, .truncates = truncates};
    sqlite3_int64 size = 0;

    f->real->pMethods->xFileSize(f->real, &size);
    p.old_size = size;
    p.new_size = truncates                        ? at
                 : size > at + (int64_t)span ? size
                                                  : at + (int64_t)span;
    if (at < size)
        p.len = truncates || at + (int64_t)span > size ? (size_t)(size - at)
                                                       : span;
    if (p.len) {
        p.old = sim_alloc(p.len);
        if (f->real->pMethods->xRead(f->real, p.old, (int)p.len, at) !=
            SQLITE_OK)
            sim_fail(the_world, "cannot read what is overwritten");
    }
    k->pieces =
        sim_grow(k->pieces, k->piece_count, &k->piece_room, sizeof *k->pieces);
    k->pieces[k->piece_count++] = p;
}

/* ---- losing it ---- */

struct content {
    uint8_t *at;
    size_t size, room;
};

static void resize(struct content *c, int64_t size)
{
    if ((size_t)size > c->room) {
        c->at = realloc(c->at, (size_t)size);
        if (!c->at)
            sim_fail(the_world, "no memory");
        c->room = (size_t)size;
    }
    if ((size_t)size > c->size)
        memset(c->at + c->size, 0, (size_t)size - c->size);
    c->size = (size_t)size;
}

static void undo(struct content *c, const struct sim_piece *p)
{
    resize(c, p->old_size);
    if (p->len)
        memcpy(c->at + p->at, p->old, p->len);
    sim_count(the_world, SIM_F_UNDONE);
}

/* Of a write that partly arrived: any of its sectors as before. */
static void tear(struct content *c, const struct sim_piece *p,
                 struct sim_rng *rng)
{
    bool torn = false;

    for (size_t at = 0; at < p->span; at += SECTOR) {
        size_t n = p->span - at < SECTOR ? p->span - at : SECTOR;
        size_t old = at >= p->len ? 0 : p->len - at < n ? p->len - at : n;
        if (sim_chance(rng, 500) || (size_t)p->at + at + n > c->size)
            continue;
        memset(c->at + p->at + at, 0, n);
        if (old)
            memcpy(c->at + p->at + at, p->old + at, old);
        torn = true;
    }
    if (torn)
        sim_count(the_world, SIM_F_TORN);
}

/* The last `whole` pieces did not arrive; of those before, back to the last
 * truncation, sectors are missing when `tears`. */
static void lose(struct sim_disk *k, unsigned file, struct content *c,
                 size_t whole, bool tears, struct sim_rng *rng)
{
    for (size_t i = k->piece_count; i-- > 0;) {
        const struct sim_piece *p = &k->pieces[i];
        if (p->file != file)
            continue;
        if (whole > 0) {
            undo(c, p);
            whole--;
        } else if (p->truncates || !tears) {
            break;
        } else {
            tear(c, p, rng);
        }
    }
}

static void load(struct content *c, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

    *c = (struct content){.at = NULL};
    resize(c, size);
    if (size > 0 && pread(fd, c->at, c->size, 0) != size)
        sim_fail(the_world, "cannot read %s", path);
    if (fd >= 0)
        close(fd);
}

static void store(const struct content *c, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || (c->size && write(fd, c->at, c->size) != (ssize_t)c->size))
        sim_fail(the_world, "cannot write %s", path);
    close(fd);
}

void sim_disk_lose(struct sim_device *d, const char *dir)
{
    /* Of the world, because the doomed device draws on with its own. */
    struct sim_rng *rng = &d->world->rng;
    char path[SIM_PATH + 32];

    for (unsigned file = 0; file < FILES; file++) {
        struct content c;
        size_t count = 0;
        for (size_t i = 0; i < d->disk.piece_count; i++)
            count += d->disk.pieces[i].file == file;
        uint64_t how = sim_below(rng, 4);
        if (count == 0 || how == 1) /* a kill, not a cut */
            continue;
        size_t whole = how == 0 ? count : (size_t)sim_below(rng, count + 1);
        snprintf(path, sizeof path, "%s/%s", dir, names[file]);
        load(&c, path);
        lose(&d->disk, file, &c, whole, how > 1, rng);
        store(&c, path);
        free(c.at);
    }
}

/* ---- SQLite's files ---- */

static int f_close(sqlite3_file *at)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xClose(f->real);
}

static int f_read(sqlite3_file *at, void *out, int len, sqlite3_int64 from)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xRead(f->real, out, len, from);
}

static int f_write(sqlite3_file *at, const void *data, int len,
                   sqlite3_int64 to)
{
    struct file *f = (struct file *)at;

    if (!allow(f->device, true))
        return SQLITE_FULL;
    keep(f, to, (size_t)len, false);
    return f->real->pMethods->xWrite(f->real, data, len, to);
}

static int f_truncate(sqlite3_file *at, sqlite3_int64 size)
{
    struct file *f = (struct file *)at;

    allow(f->device, false);
    keep(f, size, 0, true);
    return f->real->pMethods->xTruncate(f->real, size);
}

static int f_sync(sqlite3_file *at, int flags)
{
    struct file *f = (struct file *)at;

    allow(f->device, false);
    int code = f->real->pMethods->xSync(f->real, flags);
    if (code == SQLITE_OK)
        drop(&f->device->disk, f->name);
    return code;
}

static int f_size(sqlite3_file *at, sqlite3_int64 *size)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xFileSize(f->real, size);
}

static int f_lock(sqlite3_file *at, int level)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xLock(f->real, level);
}

static int f_unlock(sqlite3_file *at, int level)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xUnlock(f->real, level);
}

static int f_reserved(sqlite3_file *at, int *out)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xCheckReservedLock(f->real, out);
}

static int f_control(sqlite3_file *at, int what, void *arg)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xFileControl(f->real, what, arg);
}

static int f_sector(sqlite3_file *at)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xSectorSize(f->real);
}

static int f_device(sqlite3_file *at)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xDeviceCharacteristics(f->real);
}

static int f_shm_map(sqlite3_file *at, int page, int size, int extend,
                     void volatile **out)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xShmMap(f->real, page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *at, int offset, int n, int flags)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xShmLock(f->real, offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *at)
{
    struct file *f = (struct file *)at;

    f->real->pMethods->xShmBarrier(f->real);
}

static int f_shm_unmap(sqlite3_file *at, int gone)
{
    struct file *f = (struct file *)at;

    return f->real->pMethods->xShmUnmap(f->real, gone);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no memory mapping: it would go around us */
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

/* A file that is none of ours is opened straight into SQLite's memory. */
static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *out,
                     int flags, int *out_flags)
{
    const char *rest = NULL;
    struct sim_device *d = owner(path, &rest);
    struct file *f = (struct file *)out;
    unsigned name = 0;

    (void)vfs;
    while (d && name < FILES && strcmp(rest, names[name]) != 0)
        name++;
    if (!d || name == FILES)
        return below->xOpen(below, path, out, flags, out_flags);
    *f = (struct file){.device = d,
                       .name = name,
                       .real = (sqlite3_file *)(void *)(f + 1)};
    int code = below->xOpen(below, path, f->real, flags, out_flags);
    /* SQLite closes what has methods, also after a failure. */
    f->base.pMethods = f->real->pMethods ? &methods : NULL;
    return code;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync)
{
    const char *rest = NULL;
    struct sim_device *d = owner(path, &rest);

    (void)vfs;
    if (d)
        allow(d, false);
    for (unsigned i = 0; d && i < FILES; i++)
        if (strcmp(rest, names[i]) == 0)
            drop(&d->disk, i);
    return below->xDelete(below, path, sync);
}

void sim_disk_install(struct sim_world *w)
{
    the_world = w;
    below = sqlite3_vfs_find(NULL);
    above = *below;
    above.zName = "sim";
    above.szOsFile += (int)sizeof(struct file);
    above.xOpen = open_file;
    above.xDelete = delete_file;
    if (sqlite3_vfs_register(&above, 1) != SQLITE_OK)
        sim_fail(w, "SQLite takes no other disk");
}

/* ---- the agent's own files ---- */

enum xg_status __real_xg_os_replace(const char *path, mode_t mode,
                                    struct xg_bytes content,
                                    struct xg_error *err);
enum xg_status __wrap_xg_os_replace(const char *path, mode_t mode,
                                    struct xg_bytes content,
                                    struct xg_error *err);

/* It is there or it is not: a cut falls before or after it. */
enum xg_status __wrap_xg_os_replace(const char *path, mode_t mode,
                                    struct xg_bytes content,
                                    struct xg_error *err)
{
    const char *rest = NULL;
    struct sim_device *d = the_world ? owner(path, &rest) : NULL;

    if (d && !allow(d, true))
        return xg_fail(err, XG_FULL, "%s: no space", path);
    enum xg_status status = __real_xg_os_replace(path, mode, content, err);
    if (d)
        allow(d, false);
    return status;
}
