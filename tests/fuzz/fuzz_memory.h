/* fuzz_memory.h - for targets that run a whole device or server: its files lie
 * in memory where the system has such a place, SQLite does without the figures
 * of its memory, for which it takes a lock at every allocation, and nothing but
 * errors is logged. */
#ifndef XG_TESTS_FUZZ_FUZZ_MEMORY_H
#define XG_TESTS_FUZZ_FUZZ_MEMORY_H

#include <sqlite3.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "tests/fuzz/fuzz.h"

/* Before any database is opened. Define _DEFAULT_SOURCE. */
static inline void fuzz_memory(void)
{
    xg_log_level(XG_LOG_ERROR);
    FUZZ_MUST(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
    if (access("/dev/shm", W_OK) == 0)
        FUZZ_MUST(setenv("TMPDIR", "/dev/shm", 1) == 0);
}

#endif
