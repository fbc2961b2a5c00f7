/* memory_files.c - see memory_files.h. */
#define _GNU_SOURCE
#include "tests/fuzz/memory_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#ifdef XG_FUZZ_MOMENTS
#include "tests/fuzz/moment.h"
#endif

enum {
    NODES = 48,
    PATH_ROOM = 200,
    OPEN = 32,
    FIRST_FD = 1 << 20, /* no descriptor of the system's is as high */
    PAGE = 4096,
    POOL_PAGES = 64 << 10,
    SHARED = 4, /* pieces of a log's index */
};

struct node {
    char path[PATH_ROOM]; /* "": a place that is free */
    uint64_t name;        /* a sum of the path */
    bool is_folder;
    unsigned opened;
    int64_t size;
    size_t page_count, page_room;
    uint32_t *pages;
    void *shared[SHARED];
};

struct descriptor {
    struct node *node;
    int64_t at;
    bool locks;
};

/* All that a moment has to bring back; of the heap for that reason. */
struct disk {
    struct node nodes[NODES];
    struct descriptor open[OPEN];
    unsigned folders; /* made by mkdtemp() */
    uint32_t top;     /* of the pool */
};

static struct disk *disk;
static uint8_t (*pool)[PAGE];
static uint32_t frozen;
static sqlite3_vfs *below, above;

static bool is_here(const char *path)
{
    const char *root = FILES_ROOT;

    for (; *root && *root == *path; path++)
        root++;
    return !*root;
}

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
    return sum ^ sum >> 29;
}

static uint64_t mix_bytes(uint64_t sum, const uint8_t *at, size_t len)
{
    uint64_t word;

    for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
        memcpy(&word, at, sizeof word);
        sum = mix(sum, word);
    }
    for (; len > 0; at++, len--)
        sum = mix(sum, *at);
    return sum;
}

/* ---- nodes ---- */

/* Folders may be named with a '/' at the end. */
static size_t length_of(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    FUZZ_MUST(len < PATH_ROOM);
    return len;
}

static uint64_t name_of(const char *path)
{
    return mix_bytes(1, (const uint8_t *)path, length_of(path));
}

static struct node *find(const char *path)
{
    uint64_t name = name_of(path);

    for (size_t i = 0; i < NODES; i++)
        if (disk->nodes[i].name == name)
            return &disk->nodes[i];
    return NULL;
}

static void give_name(struct node *n, const char *path)
{
    memset(n->path, 0, sizeof n->path);
    memcpy(n->path, path, length_of(path));
    n->name = name_of(path);
}

static struct node *make(const char *path, bool is_folder)
{
    size_t i = 0;

    while (i < NODES && *disk->nodes[i].path)
        i++;
    FUZZ_MUST(i < NODES);
    disk->nodes[i] = (struct node){.is_folder = is_folder};
    give_name(&disk->nodes[i], path);
    return &disk->nodes[i];
}

/* Nobody removes here what is open. */
static void drop(struct node *n)
{
    FUZZ_MUST(n->opened == 0);
    free(n->pages);
    for (size_t i = 0; i < SHARED; i++)
        free(n->shared[i]);
    *n = (struct node){.size = 0};
}

static uint32_t new_page(const uint8_t *content)
{
    FUZZ_MUST(disk->top < POOL_PAGES);
    if (content)
        memcpy(pool[disk->top], content, PAGE);
    else
        memset(pool[disk->top], 0, PAGE);
    return disk->top++;
}

static void resize(struct node *n, int64_t size)
{
    size_t count = (size_t)((size + PAGE - 1) / PAGE);

    if (count > n->page_room) {
        n->page_room = 2 * count;
        n->pages = realloc(n->pages, n->page_room * sizeof *n->pages);
        FUZZ_MUST(n->pages);
    }
    while (n->page_count < count)
        n->pages[n->page_count++] = new_page(NULL);
    n->page_count = count;
    /* What lies behind the end is zero when the file grows again. */
    if (size < n->size && size % PAGE) {
        uint32_t *last = &n->pages[count - 1];
        if (*last < frozen)
            *last = new_page(pool[*last]);
        memset(pool[*last] + size % PAGE, 0, (size_t)(PAGE - size % PAGE));
    }
    n->size = size;
}

static void put(struct node *n, const uint8_t *data, size_t len, int64_t at)
{
    if (at + (int64_t)len > n->size)
        resize(n, at + (int64_t)len);
    while (len > 0) {
        uint32_t *page = &n->pages[at / PAGE];
        size_t from = (size_t)(at % PAGE);
        size_t part = len < PAGE - from ? len : PAGE - from;
        if (*page < frozen)
            *page = new_page(pool[*page]);
        memcpy(pool[*page] + from, data, part);
        data += part;
        at += (int64_t)part;
        len -= part;
    }
}

static size_t get(const struct node *n, uint8_t *out, size_t len, int64_t at)
{
    size_t done = 0;

    if (at >= n->size)
        return 0;
    if ((int64_t)len > n->size - at)
        len = (size_t)(n->size - at);
    while (done < len) {
        size_t from = (size_t)(at % PAGE);
        size_t part = len - done < PAGE - from ? len - done : PAGE - from;
        memcpy(out + done, pool[n->pages[at / PAGE]] + from, part);
        done += part;
        at += (int64_t)part;
    }
    return done;
}

/* ---- the system's calls: the linker puts these in their place ---- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    int fd = 0;

    if (flags & O_CREAT) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    if (!is_here(path))
        return __real_open(path, flags, mode);
    FUZZ_MUST((flags & O_TMPFILE) != O_TMPFILE && !(flags & O_APPEND));
    struct node *n = find(path);
    errno = !n ? ENOENT : EEXIST;
    if (n ? (flags & O_CREAT) && (flags & O_EXCL) : !(flags & O_CREAT))
        return -1;
    errno = n && n->is_folder ? EISDIR : ENOTDIR;
    if (n && (n->is_folder ? (flags & O_ACCMODE) != O_RDONLY
                           : (flags & O_DIRECTORY) == O_DIRECTORY))
        return -1;
    if (!n)
        n = make(path, false);
    if (flags & O_TRUNC)
        resize(n, 0);
    while (fd < OPEN && disk->open[fd].node)
        fd++;
    FUZZ_MUST(fd < OPEN);
    disk->open[fd] = (struct descriptor){.node = n};
    n->opened++;
    return FIRST_FD + fd;
}

static struct descriptor *descriptor_of(int fd)
{
    if (fd < FIRST_FD)
        return NULL;
    FUZZ_MUST(fd < FIRST_FD + OPEN && disk->open[fd - FIRST_FD].node);
    return &disk->open[fd - FIRST_FD];
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    struct descriptor *d = descriptor_of(fd);

    if (!d)
        return __real_close(fd);
    d->node->opened--;
    *d = (struct descriptor){.node = NULL};
    return 0;
}

ssize_t __real_read(int fd, void *out, size_t len);
ssize_t __wrap_read(int fd, void *out, size_t len);
ssize_t __wrap_read(int fd, void *out, size_t len)
{
    struct descriptor *d = descriptor_of(fd);

    if (!d)
        return __real_read(fd, out, len);
    size_t got = get(d->node, out, len, d->at);
    d->at += (int64_t)got;
    return (ssize_t)got;
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    struct descriptor *d = descriptor_of(fd);

    if (!d)
        return __real_write(fd, data, len);
    put(d->node, data, len, d->at);
    d->at += (int64_t)len;
    return (ssize_t)len;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    return descriptor_of(fd) ? 0 : __real_fsync(fd);
}

/* Held by the descriptor, as the system's are. */
int __real_flock(int fd, int what);
int __wrap_flock(int fd, int what);
int __wrap_flock(int fd, int what)
{
    struct descriptor *d = descriptor_of(fd);

    if (!d)
        return __real_flock(fd, what);
    for (size_t i = 0; i < OPEN && !(what & LOCK_UN); i++)
        if (disk->open[i].node == d->node && &disk->open[i] != d &&
            disk->open[i].locks) {
            errno = EWOULDBLOCK;
            return -1;
        }
    d->locks = !(what & LOCK_UN);
    return 0;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    if (!is_here(from))
        return __real_rename(from, to);
    struct node *n = find(from), *old = find(to);
    errno = ENOENT;
    if (!n)
        return -1;
    if (old && old != n)
        drop(old);
    give_name(n, to);
    return 0;
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
    if (!is_here(path))
        return __real_unlink(path);
    struct node *n = find(path);
    errno = n ? EISDIR : ENOENT;
    if (!n || n->is_folder)
        return -1;
    drop(n);
    return 0;
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
    if (!is_here(path))
        return __real_mkdir(path, mode);
    errno = EEXIST;
    if (find(path))
        return -1;
    make(path, true);
    return 0;
}

int __real_stat(const char *path, struct stat *out);
int __wrap_stat(const char *path, struct stat *out);
int __wrap_stat(const char *path, struct stat *out)
{
    if (!is_here(path))
        return __real_stat(path, out);
    const struct node *n = find(path);
    errno = ENOENT;
    if (!n)
        return -1;
    *out =
        (struct stat){.st_mode = n->is_folder ? S_IFDIR | 0700 : S_IFREG | 0600,
                      .st_nlink = 1,
                      .st_size = n->size};
    return 0;
}

/* Of a folder that is there nobody has asked so far. */
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
    if (!is_here(path))
        return __real_opendir(path);
    FUZZ_MUST(!find(path));
    errno = ENOENT;
    return NULL;
}

char *__real_mkdtemp(char *path);
char *__wrap_mkdtemp(char *path);
char *__wrap_mkdtemp(char *path)
{
    if (!is_here(path))
        return __real_mkdtemp(path);
    char *tail = path + strlen(path) - 6;
    snprintf(tail, 7, "%06u", ++disk->folders);
    make(path, true);
    return path;
}

/* To remove a folder and all below it; files_end() does that for all. */
int __real_nftw(const char *path, __nftw_func_t each, int open, int flags);
int __wrap_nftw(const char *path, __nftw_func_t each, int open, int flags);
int __wrap_nftw(const char *path, __nftw_func_t each, int open, int flags)
{
    return is_here(path) ? 0 : __real_nftw(path, each, open, flags);
}

/* ---- SQLite's files ---- */

struct file {
    sqlite3_file base;
    struct node *node;
};

static struct node *node_of(sqlite3_file *at)
{
    return ((struct file *)at)->node;
}

static int f_close(sqlite3_file *at)
{
    node_of(at)->opened--;
    return SQLITE_OK;
}

static int f_read(sqlite3_file *at, void *out, int len, sqlite3_int64 from)
{
    size_t got = get(node_of(at), out, (size_t)len, from);

    if (got == (size_t)len)
        return SQLITE_OK;
    memset((uint8_t *)out + got, 0, (size_t)len - got);
    return SQLITE_IOERR_SHORT_READ;
}

static int f_write(sqlite3_file *at, const void *data, int len,
                   sqlite3_int64 to)
{
    put(node_of(at), data, (size_t)len, to);
    return SQLITE_OK;
}

static int f_truncate(sqlite3_file *at, sqlite3_int64 size)
{
    resize(node_of(at), size);
    return SQLITE_OK;
}

static int f_sync(sqlite3_file *at, int flags)
{
    (void)at, (void)flags;
    return SQLITE_OK;
}

static int f_size(sqlite3_file *at, sqlite3_int64 *size)
{
    *size = node_of(at)->size;
    return SQLITE_OK;
}

/* A database has one connection here: f_open(). */
static int f_lock(sqlite3_file *at, int level)
{
    (void)at, (void)level;
    return SQLITE_OK;
}

static int f_reserved(sqlite3_file *at, int *out)
{
    (void)at;
    *out = 0;
    return SQLITE_OK;
}

static int f_control(sqlite3_file *at, int what, void *arg)
{
    (void)at, (void)what, (void)arg;
    return SQLITE_NOTFOUND;
}

static int f_sector(sqlite3_file *at)
{
    (void)at;
    return PAGE;
}

static int f_device(sqlite3_file *at)
{
    (void)at;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int f_shm_map(sqlite3_file *at, int index, int size, int extend,
                     void volatile **out)
{
    struct node *n = node_of(at);

    FUZZ_MUST(index < SHARED);
    if (!n->shared[index] && extend) {
        n->shared[index] = calloc(1, (size_t)size);
        FUZZ_MUST(n->shared[index]);
    }
    *out = n->shared[index];
    return SQLITE_OK;
}

static int f_shm_lock(sqlite3_file *at, int offset, int n, int flags)
{
    (void)at, (void)offset, (void)n, (void)flags;
    return SQLITE_OK;
}

static void f_shm_barrier(sqlite3_file *at)
{
    (void)at;
}

static int f_shm_unmap(sqlite3_file *at, int gone)
{
    struct node *n = node_of(at);

    for (size_t i = 0; i < SHARED && gone; i++) {
        free(n->shared[i]);
        n->shared[i] = NULL;
    }
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_lock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int f_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *out,
                  int flags, int *out_flags)
{
    (void)vfs;
    if (!path || !is_here(path))
        return below->xOpen(below, path, out, flags, out_flags);
    struct node *n = find(path);
    out->pMethods = NULL;
    if (!n && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    if (!n)
        n = make(path, false);
    FUZZ_MUST(n->opened == 0); /* else locks were needed */
    n->opened++;
    *(struct file *)out = (struct file){.base = {&methods}, .node = n};
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int f_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    if (!is_here(path))
        return below->xDelete(below, path, sync);
    return __wrap_unlink(path) == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int f_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    (void)vfs;
    if (!is_here(path))
        return below->xAccess(below, path, flags, out);
    const struct node *n = find(path);
    *out = n && (flags != SQLITE_ACCESS_EXISTS || n->size > 0);
    return SQLITE_OK;
}

static int f_full_name(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    (void)vfs;
    if (!is_here(path))
        return below->xFullPathname(below, path, size, out);
    snprintf(out, (size_t)size, "%s", path);
    return SQLITE_OK;
}

/* The same in every run: a run from one moment is one run. */
static int f_random(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    memset(out, 7, (size_t)size);
    return size;
}

/* ---- as a whole ---- */

void files_install(void)
{
    below = sqlite3_vfs_find(NULL);
    above = *below;
    above.zName = "in-memory";
    if (above.szOsFile < (int)sizeof(struct file))
        above.szOsFile = sizeof(struct file);
    above.xOpen = f_open;
    above.xDelete = f_delete;
    above.xAccess = f_access;
    above.xFullPathname = f_full_name;
    above.xRandomness = f_random;
    FUZZ_MUST(sqlite3_vfs_register(&above, 1) == SQLITE_OK);
    FUZZ_MUST(setenv("TMPDIR", FILES_ROOT, 1) == 0);
    pool = mmap(NULL, (size_t)POOL_PAGES * PAGE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    FUZZ_MUST(pool != MAP_FAILED);
#ifdef XG_FUZZ_MOMENTS
    moment_covers(&disk, sizeof disk);
#endif
}

void files_begin(void)
{
    disk = calloc(1, sizeof *disk);
    FUZZ_MUST(disk);
    disk->top = frozen;
}

void files_end(void)
{
    for (size_t i = 0; disk && i < NODES; i++)
        drop(&disk->nodes[i]);
    free(disk);
    disk = NULL;
}

void files_freeze(void)
{
    frozen = disk->top;
}

void files_went_back(void)
{
    disk->top = frozen;
}

uint64_t files_digest(bool whole)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < NODES; i++) {
        const struct node *n = &disk->nodes[i];
        if (!*n->path)
            continue;
        sum = mix(mix(sum, n->name), (uint64_t)n->size);
        for (size_t p = 0; p < n->page_count; p++)
            sum = !whole && n->pages[p] < frozen
                      ? mix(sum, n->pages[p])
                      : mix_bytes(sum, pool[n->pages[p]], PAGE);
    }
    return sum;
}
