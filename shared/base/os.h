/* os.h - files, kept durable: the few system calls that everything goes by.
 *
 * A path is a C string. Every function names the path in its error.
 */
#ifndef XG_BASE_OS_H
#define XG_BASE_OS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"

/* Make one folder, 0700, if it is not there; XG_OK when it is. A new one's name
 * is durable on return: what is saved in it would go with it. */
XG_MUST_CHECK enum xg_status xg_os_mkdir(const char *path,
                                         struct xg_error *err);

/* Append the whole file to `out`. XG_NOTFOUND; XG_TOOBIG over out's ceiling. */
XG_MUST_CHECK enum xg_status xg_os_read(struct xg_buf *out, const char *path,
                                        struct xg_error *err);

/* Replace the file so that a power cut leaves the old or the new content:
 * write PATH.tmp, fsync, rename, fsync the folder. */
XG_MUST_CHECK enum xg_status xg_os_replace(const char *path, mode_t mode,
                                           struct xg_bytes content,
                                           struct xg_error *err);

/* Write all of `data` at the file's position, whatever write() cuts. */
XG_MUST_CHECK enum xg_status xg_os_write_all(int fd, const char *path,
                                             struct xg_bytes data,
                                             struct xg_error *err);

/* A file without a name in that folder: gone when it is closed. */
XG_MUST_CHECK enum xg_status xg_os_open_unnamed(int *fd, const char *folder,
                                                struct xg_error *err);

/* fsync the folder that holds `path`, so that its entry is durable. */
XG_MUST_CHECK enum xg_status xg_os_sync_parent(const char *path,
                                               struct xg_error *err);

bool xg_os_exists(const char *path);

/* Bytes a normal user can still write where `path` lies. */
XG_MUST_CHECK enum xg_status xg_os_free_bytes(uint64_t *free_bytes,
                                              const char *path,
                                              struct xg_error *err);

/* Lock files: held by an open descriptor, gone with the process. */
XG_MUST_CHECK enum xg_status xg_os_lock_open(int *fd, const char *path,
                                             struct xg_error *err);
/* Wait until ours. */
XG_MUST_CHECK enum xg_status xg_os_lock(int fd, struct xg_error *err);
/* XG_BUSY when somebody else holds it. */
XG_MUST_CHECK enum xg_status xg_os_try_lock(int fd, struct xg_error *err);
void xg_os_unlock(int fd);

#endif
