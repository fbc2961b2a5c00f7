/* fuzz_home.h - a folder for what is read from files, in memory where the
 * system has such a place. It is removed at the end. */
#ifndef XG_TESTS_FUZZ_FUZZ_HOME_H
#define XG_TESTS_FUZZ_FUZZ_HOME_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { FUZZ_PATH_SIZE = 128 };

static inline void fuzz_remove(const char *folder)
{
    char command[FUZZ_PATH_SIZE + 16];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    FUZZ_MUST(system(command) == 0);
}

/* Another new one each time. Define _DEFAULT_SOURCE. */
static inline void fuzz_folder(char folder[static FUZZ_PATH_SIZE])
{
    snprintf(folder, FUZZ_PATH_SIZE, "%s/xunge-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_MUST(mkdtemp(folder));
}

/* FOLDER/name holds these bytes. */
static inline void fuzz_put(const char *folder, const char *name,
                            const void *data, size_t size)
{
    char path[1024];

    FUZZ_MUST(snprintf(path, sizeof path, "%s/%s", folder, name) <
              (int)sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

#endif
