/* preload.c - libxgfault.so: the functions of the C library that it stands
 * before. Each asks fault.h what is to happen, does it, and tells undo.h.
 *
 * Calls that glibc makes inside itself are not seen: files written through
 * stdio are reported as blind spots instead, as is whatever else changes a
 * file of ours behind our back.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "tests/fault/fault.h"
#include "tests/fault/raw.h"
#include "tests/fault/undo.h"

#define SEEN __attribute__((visibility("default")))

/* ---- main() ---- */

typedef int main_fn(int, char **, char **);
typedef int start_fn(main_fn *, int, char **, void (*)(void), void (*)(void),
                     void (*)(void), void *);

static main_fn *real_main;

static int armed_main(int argc, char **argv, char **envp)
{
    fault_arm(argc > 0 ? argv[0] : "");
    return real_main(argc, argv, envp);
}

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found)
        fault_die();
    return found;
}

int __libc_start_main(main_fn *program, int argc, char **argv,
                      void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);

SEEN int __libc_start_main(main_fn *program, int argc, char **argv,
                           void (*init)(void), void (*fini)(void),
                           void (*rtld_fini)(void), void *stack_end)
{
    start_fn *start;

    *(void **)&start = next("__libc_start_main");
    real_main = program;
    return start(armed_main, argc, argv, init, fini, rtld_fini, stack_end);
}

__attribute__((destructor)) static void finish(void)
{
    fault_disarm();
}

SEEN void _exit(int status)
{
    fault_disarm();
    for (;;)
        syscall(SYS_exit_group, status);
}

/* ---- memory ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *old, size_t n);
void *__libc_memalign(size_t align, size_t n);

#define ALLOWED() fault_memory(__builtin_return_address(0))

SEEN void *malloc(size_t n)
{
    return ALLOWED() ? __libc_malloc(n) : NULL;
}

SEEN void *calloc(size_t count, size_t n)
{
    return ALLOWED() ? __libc_calloc(count, n) : NULL;
}

SEEN void *realloc(void *old, size_t n)
{
    return ALLOWED() ? __libc_realloc(old, n) : NULL;
}

SEEN void *aligned_alloc(size_t align, size_t n)
{
    return ALLOWED() ? __libc_memalign(align, n) : NULL;
}

SEEN int posix_memalign(void **out, size_t align, size_t n)
{
    int saved = errno;
    void *got = ALLOWED() ? __libc_memalign(align, n) : NULL;

    errno = saved;
    if (!got)
        return ENOMEM;
    *out = got;
    return 0;
}

/* ---- reading ---- */

static bool fails(enum fault_act act)
{
    return act == FAULT_FAIL || act == FAULT_HALF;
}

static ssize_t read_any(int fd, const struct iovec *to, int count, off_t at)
{
    struct fault_file f;

    if (!fault_of_fd(&f, fd))
        return raw_readv(fd, to, count, at);
    enum fault_act act = fault_enter(0, "read", f.path);
    ssize_t n = fails(act) ? -1 : raw_readv(fd, to, count, at);
    fault_leave(act);
    return n;
}

SEEN ssize_t read(int fd, void *to, size_t n)
{
    return read_any(fd, &(struct iovec){to, n}, 1, RAW_CURRENT);
}

SEEN ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    return read_any(fd, &(struct iovec){to, n}, 1, at);
}

SEEN ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
    return read_any(fd, &(struct iovec){to, n}, 1, at);
}

SEEN ssize_t readv(int fd, const struct iovec *to, int count)
{
    return read_any(fd, to, count, RAW_CURRENT);
}

ssize_t __read_chk(int fd, void *to, size_t n, size_t room);
ssize_t __pread_chk(int fd, void *to, size_t n, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room);

SEEN ssize_t __read_chk(int fd, void *to, size_t n, size_t room)
{
    if (n > room)
        abort();
    return read(fd, to, n);
}

SEEN ssize_t __pread_chk(int fd, void *to, size_t n, off_t at, size_t room)
{
    if (n > room)
        abort();
    return pread(fd, to, n, at);
}

SEEN ssize_t __pread64_chk(int fd, void *to, size_t n, off64_t at, size_t room)
{
    if (n > room)
        abort();
    return pread64(fd, to, n, at);
}

/* ---- writing ---- */

enum { HALF_PARTS_MAX = 16 };

static size_t total(const struct iovec *from, int count)
{
    size_t n = 0;

    for (int i = 0; i < count; i++)
        n += from[i].iov_len;
    return n;
}

static ssize_t write_first(int fd, const struct iovec *from, int count,
                           off_t at, size_t len)
{
    struct iovec part[HALF_PARTS_MAX];
    int parts = 0;

    for (; parts < count && parts < HALF_PARTS_MAX && len > 0; parts++) {
        part[parts] = from[parts];
        if (part[parts].iov_len > len)
            part[parts].iov_len = len;
        len -= part[parts].iov_len;
    }
    return raw_writev(fd, part, parts, at);
}

static ssize_t write_any(int fd, const struct iovec *from, int count, off_t at)
{
    struct fault_file f;
    size_t len = total(from, count);
    ssize_t n = -1;

    if (len == 0 || !fault_of_fd(&f, fd))
        return raw_writev(fd, from, count, at);
    enum fault_act act =
        fault_enter(FAULT_SPACE | FAULT_DURABLE, "write", f.path);
    if (fault_notes_losses()) {
        if (fstat(fd, &f.st) != 0)
            fault_blind("write", f.path);
        undo_before_write(&f, fd, at, len);
    }
    if ((act == FAULT_HALF || act == FAULT_KILL_HALF) && len >= 2)
        n = write_first(fd, from, count, at, len / 2);
    else if (!fails(act))
        n = raw_writev(fd, from, count, at);
    if (fault_notes_losses())
        undo_after_write(&f, fd);
    fault_leave(act);
    return n;
}

SEEN ssize_t write(int fd, const void *from, size_t n)
{
    struct iovec one = {.iov_len = n};

    memcpy(&one.iov_base, &from, sizeof from);
    return write_any(fd, &one, 1, RAW_CURRENT);
}

SEEN ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    struct iovec one = {.iov_len = n};

    memcpy(&one.iov_base, &from, sizeof from);
    return write_any(fd, &one, 1, at);
}

SEEN ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
    return pwrite(fd, from, n, at);
}

SEEN ssize_t writev(int fd, const struct iovec *from, int count)
{
    return write_any(fd, from, count, RAW_CURRENT);
}

SEEN ssize_t pwritev(int fd, const struct iovec *from, int count, off_t at)
{
    return write_any(fd, from, count, at);
}

SEEN ssize_t pwritev64(int fd, const struct iovec *from, int count, off64_t at)
{
    return write_any(fd, from, count, at);
}

SEEN int ftruncate(int fd, off_t size)
{
    struct fault_file f;

    if (!fault_of_fd(&f, fd))
        return raw_ftruncate(fd, size);
    unsigned needs = size > f.st.st_size ? FAULT_SPACE : 0;
    enum fault_act act = fault_enter(needs | FAULT_DURABLE, "truncate", f.path);
    if (!fails(act) && fault_notes_losses())
        undo_before_truncate(&f, fd, size);
    int r = fails(act) ? -1 : raw_ftruncate(fd, size);
    fault_leave(act);
    return r;
}

SEEN int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

SEEN int fallocate(int fd, int mode, off_t at, off_t len)
{
    struct fault_file f;

    if (!fault_of_fd(&f, fd))
        return (int)syscall(SYS_fallocate, fd, mode, at, len);
    enum fault_act act =
        fault_enter(FAULT_SPACE | FAULT_DURABLE, "allocate", f.path);
    if (mode != 0 && mode != FALLOC_FL_KEEP_SIZE)
        fault_blind("fallocate", f.path);
    if (!fails(act) && mode == 0 && at + len > f.st.st_size &&
        fault_notes_losses())
        undo_before_truncate(&f, fd, at + len);
    int r = fails(act) ? -1 : (int)syscall(SYS_fallocate, fd, mode, at, len);
    fault_leave(act);
    return r;
}

SEEN int fallocate64(int fd, int mode, off64_t at, off64_t len)
{
    return fallocate(fd, mode, at, len);
}

SEEN int posix_fallocate(int fd, off_t at, off_t len)
{
    int saved = errno;
    int r = fallocate(fd, 0, at, len) == 0 ? 0 : errno;

    errno = saved;
    return r;
}

SEEN int posix_fallocate64(int fd, off64_t at, off64_t len)
{
    return posix_fallocate(fd, at, len);
}

/* ---- making durable ---- */

/* Nothing is really synced: a process that is killed leaves the cache of the
 * system behind, and losses are ours to make. Cut during a sync: nothing of it
 * is promised. */
static int sync_any(int fd, long number, const char *what)
{
    struct fault_file f;

    if (!fault_of_fd(&f, fd))
        return (int)syscall(number, fd);
    enum fault_act act = fault_enter(FAULT_DURABLE, what, f.path);
    int r = fails(act) ? -1 : 0;
    if (act == FAULT_PASS && !fault_syncs_lie()) {
        if (fault_notes_losses() && S_ISDIR(f.st.st_mode))
            undo_synced_dir(f.path);
        else if (fault_notes_losses())
            undo_synced_file(&f);
    }
    fault_leave(act);
    return r;
}

SEEN int fsync(int fd)
{
    return sync_any(fd, SYS_fsync, "sync");
}

SEEN int fdatasync(int fd)
{
    return sync_any(fd, SYS_fdatasync, "datasync");
}

SEEN int syncfs(int fd)
{
    struct fault_file f;

    if (!fault_of_fd(&f, fd))
        return (int)syscall(SYS_syncfs, fd);
    enum fault_act act = fault_enter(FAULT_DURABLE, "syncfs", f.path);
    if (act == FAULT_PASS && !fault_syncs_lie())
        undo_synced_all();
    fault_leave(act);
    return fails(act) ? -1 : 0;
}

/* Promises nothing: man page, "extremely dangerous". */
SEEN int sync_file_range(int fd, off64_t at, off64_t len, unsigned flags)
{
    struct fault_file f;

    if (!fault_of_fd(&f, fd))
        return (int)syscall(SYS_sync_file_range, fd, at, len, flags);
    enum fault_act act = fault_enter(FAULT_DURABLE, "sync range", f.path);
    fault_leave(act);
    return fails(act) ? -1 : 0;
}

/* ---- opening ---- */

static int open_any(int dirfd, const char *path, int flags, mode_t mode)
{
    struct fault_file f;

    if ((flags & O_PATH) || !fault_of_path(&f, dirfd, path))
        return raw_openat(dirfd, path, flags, mode);
    bool temporary = (flags & O_TMPFILE) == O_TMPFILE;
    bool makes = !temporary && (flags & O_CREAT) && f.st.st_mode == 0;
    bool empties =
        (flags & O_TRUNC) && S_ISREG(f.st.st_mode) && f.st.st_size > 0;
    unsigned needs =
        (makes || empties ? FAULT_DURABLE : 0) | (makes ? FAULT_SPACE : 0);

    if (flags & (O_DSYNC & ~O_TMPFILE))
        fault_blind("O_SYNC", f.path);
    enum fault_act act = fault_enter(needs, makes ? "create" : "open", f.path);
    if (!fails(act) && empties && fault_notes_losses())
        undo_before_truncate(&f, -1, 0);
    int fd = fails(act) ? -1 : raw_openat(dirfd, path, flags, mode);
    if (fd >= 0 && makes && fault_notes_losses())
        undo_name(UNDO_CREATE, f.path, NULL, NULL);
    fault_leave(act);
    return fd;
}

static bool takes_mode(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

#define OPEN(name)                                                             \
    SEEN int name(const char *path, int flags, ...)                            \
    {                                                                          \
        va_list args;                                                          \
        va_start(args, flags);                                                 \
        mode_t mode = takes_mode(flags) ? va_arg(args, mode_t) : 0;            \
        va_end(args);                                                          \
        return open_any(AT_FDCWD, path, flags, mode);                          \
    }
#define OPENAT(name)                                                           \
    SEEN int name(int dirfd, const char *path, int flags, ...)                 \
    {                                                                          \
        va_list args;                                                          \
        va_start(args, flags);                                                 \
        mode_t mode = takes_mode(flags) ? va_arg(args, mode_t) : 0;            \
        va_end(args);                                                          \
        return open_any(dirfd, path, flags, mode);                             \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);
int __openat64_2(int dirfd, const char *path, int flags);

SEEN int __open_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

SEEN int __open64_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

SEEN int __openat_2(int dirfd, const char *path, int flags)
{
    return open_any(dirfd, path, flags, 0);
}

SEEN int __openat64_2(int dirfd, const char *path, int flags)
{
    return open_any(dirfd, path, flags, 0);
}

SEEN int creat(const char *path, mode_t mode)
{
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SEEN int creat64(const char *path, mode_t mode)
{
    return creat(path, mode);
}

typedef FILE *fopen_fn(const char *, const char *);

static FILE *open_stream(const char *which, const char *path, const char *how)
{
    struct fault_file f;
    fopen_fn *real;

    *(void **)&real = next(which);
    if (strpbrk(how, "wa+") && fault_of_path(&f, AT_FDCWD, path))
        fault_blind("fopen", f.path);
    return real(path, how);
}

SEEN FILE *fopen(const char *path, const char *how)
{
    return open_stream("fopen", path, how);
}

SEEN FILE *fopen64(const char *path, const char *how)
{
    return open_stream("fopen64", path, how);
}

typedef int mkstemp_fn(char *, int);

SEEN int mkostemp(char *path, int flags)
{
    struct fault_file f;
    mkstemp_fn *real;

    *(void **)&real = next("mkostemp");
    if (!fault_of_path(&f, AT_FDCWD, path))
        return real(path, flags);
    enum fault_act act =
        fault_enter(FAULT_SPACE | FAULT_DURABLE, "create", f.path);
    int fd = fails(act) ? -1 : real(path, flags);
    if (fd >= 0 && fault_notes_losses() && fault_of_path(&f, AT_FDCWD, path))
        undo_name(UNDO_CREATE, f.path, NULL, NULL);
    fault_leave(act);
    return fd;
}

SEEN int mkstemp(char *path)
{
    return mkostemp(path, 0);
}

SEEN int mkstemp64(char *path)
{
    return mkostemp(path, 0);
}

/* ---- names ---- */

static int remove_any(int dirfd, const char *path, int flags)
{
    struct fault_file f;
    char *kept = NULL;
    bool dir = (flags & AT_REMOVEDIR) != 0;

    if (!fault_of_path(&f, dirfd, path))
        return raw_unlinkat(dirfd, path, flags);
    enum fault_act act = fault_enter(FAULT_DURABLE, "unlink", f.path);
    if (!fails(act) && !dir && fault_notes_losses())
        kept = undo_keep(f.path);
    int r = fails(act) ? -1 : raw_unlinkat(dirfd, path, flags);
    if (r == 0 && fault_notes_losses())
        undo_name(dir ? UNDO_RMDIR : UNDO_UNLINK, f.path, NULL, kept);
    else
        undo_forget(kept);
    fault_leave(act);
    return r;
}

SEEN int unlink(const char *path)
{
    return remove_any(AT_FDCWD, path, 0);
}

SEEN int unlinkat(int dirfd, const char *path, int flags)
{
    return remove_any(dirfd, path, flags);
}

SEEN int rmdir(const char *path)
{
    return remove_any(AT_FDCWD, path, AT_REMOVEDIR);
}

SEEN int remove(const char *path)
{
    int r = unlink(path);

    return r != 0 && errno == EISDIR ? rmdir(path) : r;
}

SEEN int renameat2(int fromfd, const char *from, int tofd, const char *to,
                   unsigned flags)
{
    struct fault_file a, b;
    char *kept = NULL;
    bool ours_a = fault_of_path(&a, fromfd, from);
    bool ours_b = fault_of_path(&b, tofd, to);

    if (!ours_a && !ours_b)
        return raw_renameat(fromfd, from, tofd, to, flags);
    /* A folder's new name is only then of no consequence when no loss of it is
     * to be played. */
    if (!ours_a || !ours_b ||
        (S_ISDIR(a.st.st_mode) && fault_notes_losses()) ||
        (flags & ~(unsigned)RENAME_NOREPLACE))
        fault_blind("rename", ours_b ? b.path : a.path);
    enum fault_act act = fault_enter(FAULT_SPACE | FAULT_DURABLE, "rename",
                                     ours_b ? b.path : a.path);
    bool notes = !fails(act) && fault_notes_losses() && ours_a && ours_b;
    if (notes && b.st.st_mode != 0)
        kept = undo_keep(b.path);
    int r = fails(act) ? -1 : raw_renameat(fromfd, from, tofd, to, flags);
    if (r == 0 && notes)
        undo_name(UNDO_RENAME, a.path, b.path, kept);
    else
        undo_forget(kept);
    fault_leave(act);
    return r;
}

SEEN int renameat(int fromfd, const char *from, int tofd, const char *to)
{
    return renameat2(fromfd, from, tofd, to, 0);
}

SEEN int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SEEN int mkdirat(int dirfd, const char *path, mode_t mode)
{
    struct fault_file f;

    if (!fault_of_path(&f, dirfd, path))
        return raw_mkdirat(dirfd, path, mode);
    unsigned needs = f.st.st_mode == 0 ? FAULT_SPACE | FAULT_DURABLE : 0;
    enum fault_act act = fault_enter(needs, "mkdir", f.path);
    int r = fails(act) ? -1 : raw_mkdirat(dirfd, path, mode);
    if (r == 0 && fault_notes_losses())
        undo_name(UNDO_MKDIR, f.path, NULL, NULL);
    fault_leave(act);
    return r;
}

SEEN int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

SEEN int linkat(int fromfd, const char *from, int tofd, const char *to,
                int flags)
{
    struct fault_file f;

    if (!fault_of_path(&f, tofd, to))
        return raw_linkat(fromfd, from, tofd, to, flags);
    enum fault_act act =
        fault_enter(FAULT_SPACE | FAULT_DURABLE, "link", f.path);
    int r = fails(act) ? -1 : raw_linkat(fromfd, from, tofd, to, flags);
    if (r == 0 && fault_notes_losses())
        undo_name(UNDO_LINK, f.path, NULL, NULL);
    fault_leave(act);
    return r;
}

SEEN int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SEEN int symlinkat(const char *target, int dirfd, const char *path)
{
    struct fault_file f;

    if (fault_of_path(&f, dirfd, path))
        fault_blind("symlink", f.path);
    return (int)syscall(SYS_symlinkat, target, dirfd, path);
}

SEEN int symlink(const char *target, const char *path)
{
    return symlinkat(target, AT_FDCWD, path);
}

/* ---- what is not followed ---- */

SEEN void *mmap(void *hint, size_t len, int access, int flags, int fd, off_t at)
{
    struct fault_file f;

    if (!(flags & MAP_ANONYMOUS) && fault_of_fd(&f, fd)) {
        if ((flags & MAP_SHARED) && (access & PROT_WRITE))
            fault_blind("mmap", f.path);
        enum fault_act act = fault_enter(0, "mmap", f.path);
        if (fails(act)) {
            fault_leave(act);
            return MAP_FAILED;
        }
        fault_leave(act);
    }
    long got = syscall(SYS_mmap, hint, len, access, flags, fd, at);
    void *address;
    memcpy(&address, &got, sizeof address);
    return address;
}

SEEN void *mmap64(void *hint, size_t len, int access, int flags, int fd,
                  off64_t at)
{
    return mmap(hint, len, access, flags, fd, at);
}

SEEN int truncate(const char *path, off_t size)
{
    struct fault_file f;

    if (fault_of_path(&f, AT_FDCWD, path))
        fault_blind("truncate", f.path);
    return (int)syscall(SYS_truncate, path, size);
}

SEEN ssize_t sendfile(int to, int from, off_t *at, size_t n)
{
    struct fault_file f;

    if (fault_of_fd(&f, to))
        fault_blind("sendfile", f.path);
    return syscall(SYS_sendfile, to, from, at, n);
}

SEEN ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at,
                             size_t n, unsigned flags)
{
    struct fault_file f;

    if (fault_of_fd(&f, to))
        fault_blind("copy_file_range", f.path);
    return syscall(SYS_copy_file_range, from, from_at, to, to_at, n, flags);
}
