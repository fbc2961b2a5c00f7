/* held.c - see held.h: a VFS of SQLite's that makes no system call.
 *
 * sqlite3_deserialize() lends SQLite the bytes, too, and nothing else: what a
 * large sort spills goes to the system's VFS then, which asks /dev/urandom for a
 * name and opens a file, and a process that may open none is killed for it. */
#include "shared/db/held.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"

enum { PATH_MAX_BYTES = 512, SECTOR_BYTES = 512 };

struct held {
    sqlite3_vfs vfs;
    struct xg_bytes bytes;
};

struct held_file {
    sqlite3_file base;
    const struct held *held;
};

/* ---- the file ---- */

static int close_file(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

/* What lies behind the end is zeros, and said so. */
static int read_file(sqlite3_file *file, void *out, int count,
                     sqlite3_int64 offset)
{
    const struct xg_bytes all = ((struct held_file *)file)->held->bytes;
    size_t wanted = (size_t)count, there = 0;

    if (offset >= 0 && (uint64_t)offset < all.len)
        there = all.len - (size_t)offset;
    if (there > wanted)
        there = wanted;
    if (there)
        memcpy(out, all.at + offset, there);
    if (there == wanted)
        return SQLITE_OK;
    memset((uint8_t *)out + there, 0, wanted - there);
    return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *file, const void *data, int count,
                      sqlite3_int64 offset)
{
    (void)file, (void)data, (void)count, (void)offset;
    return SQLITE_READONLY;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    (void)file, (void)size;
    return SQLITE_READONLY;
}

static int sync_file(sqlite3_file *file, int flags)
{
    (void)file, (void)flags;
    return SQLITE_OK;
}

static int size_of(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)((struct held_file *)file)->held->bytes.len;
    return SQLITE_OK;
}

static int lock_file(sqlite3_file *file, int level)
{
    (void)file, (void)level;
    return SQLITE_OK;
}

static int is_reserved(sqlite3_file *file, int *out)
{
    (void)file;
    *out = 0;
    return SQLITE_OK;
}

static int control(sqlite3_file *file, int what, void *argument)
{
    (void)file, (void)what, (void)argument;
    return SQLITE_NOTFOUND;
}

static int sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR_BYTES;
}

static int traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_IMMUTABLE;
}

/* ---- where it lies ---- */

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                     int flags, int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = close_file,
        .xRead = read_file,
        .xWrite = write_file,
        .xTruncate = truncate_file,
        .xSync = sync_file,
        .xFileSize = size_of,
        .xLock = lock_file,
        .xUnlock = lock_file,
        .xCheckReservedLock = is_reserved,
        .xFileControl = control,
        .xSectorSize = sector,
        .xDeviceCharacteristics = traits,
    };
    struct held_file *f = (struct held_file *)file;

    (void)name;
    *f = (struct held_file){.held = vfs->pAppData};
    if (!(flags & SQLITE_OPEN_MAIN_DB))
        return SQLITE_CANTOPEN;
    f->base.pMethods = &methods;
    if (out_flags)
        *out_flags = SQLITE_OPEN_READONLY;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)name, (void)sync;
    return SQLITE_IOERR_DELETE;
}

static int is_there(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs, (void)name, (void)flags;
    *out = 0;
    return SQLITE_OK;
}

static int full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    return snprintf(out, (size_t)size, "%s", name) < size ? SQLITE_OK
                                                          : SQLITE_CANTOPEN;
}

/* What is only read needs no chance, and no clock. */
static int randomness(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    memset(out, 0, (size_t)size);
    return size;
}

static int sleep_us(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int julian_day(sqlite3_vfs *vfs, double *day)
{
    (void)vfs;
    *day = 0;
    return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *text)
{
    (void)vfs, (void)size, (void)text;
    return 0;
}

enum xg_status xg_db_hold(struct xg_bytes bytes, struct xg_error *err)
{
    struct held *held = calloc(1, sizeof *held);

    if (!held)
        return xg_fail_nomem(err);
    held->bytes = bytes;
    held->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct held_file),
        .mxPathname = PATH_MAX_BYTES,
        .zName = "held",
        .pAppData = held,
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = is_there,
        .xFullPathname = full_name,
        .xRandomness = randomness,
        .xSleep = sleep_us,
        .xCurrentTime = julian_day,
        .xGetLastError = last_error,
    };
    if (sqlite3_vfs_register(&held->vfs, 1) == SQLITE_OK)
        return XG_OK;
    free(held);
    return xg_fail(err, XG_NOMEM, "%s",
                   XG_T("SQLite 无法启动", "SQLite does not start"));
}
