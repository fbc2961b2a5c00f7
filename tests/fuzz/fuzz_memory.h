/* fuzz_memory.h - for targets that run a whole device or server: its files lie
 * in memory where the system has such a place, SQLite does without the figures
 * of its memory, for which it takes a lock at every allocation, and locks no
 * file against other processes, of which there is none; nothing but errors is
 * logged. */
#ifndef XG_TESTS_FUZZ_FUZZ_MEMORY_H
#define XG_TESTS_FUZZ_FUZZ_MEMORY_H

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "tests/fuzz/fuzz.h"

/* Of fcntl() SQLite asks for locks alone. Another connection of this process is
 * kept apart without them. */
static inline int fuzz_no_lock(int fd, int what, struct flock *lock)
{
    (void)fd;
    if (what == F_GETLK)
        lock->l_type = F_UNLCK;
    return 0;
}

/* Before any database is opened. Define _DEFAULT_SOURCE. */
static inline void fuzz_memory(void)
{
    xg_log_level(XG_LOG_ERROR);
    FUZZ_MUST(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK &&
              sqlite3_initialize() == SQLITE_OK);
    sqlite3_vfs *files = sqlite3_vfs_find(NULL);
    FUZZ_MUST(files->xSetSystemCall(files, "fcntl",
                                    (sqlite3_syscall_ptr)fuzz_no_lock) ==
              SQLITE_OK);
    if (access("/dev/shm", W_OK) == 0)
        FUZZ_MUST(setenv("TMPDIR", "/dev/shm", 1) == 0);
}

#endif
