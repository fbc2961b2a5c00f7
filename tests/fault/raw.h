/* raw.h - the system calls themselves, past every interposed function. 64-bit
 * Linux. Each sets errno. */
#ifndef TESTS_FAULT_RAW_H
#define TESTS_FAULT_RAW_H

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RAW_CURRENT = -1 }; /* at the file's position */

static inline int raw_openat(int dirfd, const char *path, int flags,
                             mode_t mode)
{
    return (int)syscall(SYS_openat, dirfd, path, flags, mode);
}

static inline int raw_close(int fd)
{
    return (int)syscall(SYS_close, fd);
}

static inline ssize_t raw_write(int fd, const void *from, size_t n)
{
    return syscall(SYS_write, fd, from, n);
}

static inline ssize_t raw_pread(int fd, void *to, size_t n, off_t at)
{
    return syscall(SYS_pread64, fd, to, n, at);
}

static inline ssize_t raw_pwrite(int fd, const void *from, size_t n, off_t at)
{
    return syscall(SYS_pwrite64, fd, from, n, at);
}

static inline ssize_t raw_readv(int fd, const struct iovec *to, int count,
                                off_t at)
{
    if (at == RAW_CURRENT)
        return syscall(SYS_readv, fd, to, count);
    return syscall(SYS_preadv, fd, to, count, at, 0);
}

static inline ssize_t raw_writev(int fd, const struct iovec *from, int count,
                                 off_t at)
{
    if (at == RAW_CURRENT)
        return syscall(SYS_writev, fd, from, count);
    return syscall(SYS_pwritev, fd, from, count, at, 0);
}

static inline int raw_ftruncate(int fd, off_t size)
{
    return (int)syscall(SYS_ftruncate, fd, size);
}

static inline int raw_mkdirat(int dirfd, const char *path, mode_t mode)
{
    return (int)syscall(SYS_mkdirat, dirfd, path, mode);
}

static inline int raw_unlinkat(int dirfd, const char *path, int flags)
{
    return (int)syscall(SYS_unlinkat, dirfd, path, flags);
}

static inline int raw_linkat(int fromfd, const char *from, int tofd,
                             const char *to, int flags)
{
    return (int)syscall(SYS_linkat, fromfd, from, tofd, to, flags);
}

static inline int raw_renameat(int fromfd, const char *from, int tofd,
                               const char *to, unsigned flags)
{
    return (int)syscall(SYS_renameat2, fromfd, from, tofd, to, flags);
}

#endif
