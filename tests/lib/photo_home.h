/* photo_home.h - a home with a vault where photos can be kept, the two programs
 * that look at them, and the sample photos. */
#ifndef XG_TESTS_LIB_PHOTO_HOME_H
#define XG_TESTS_LIB_PHOTO_HOME_H

#include "tests/lib/test.h"

#include <sys/types.h>

#include "agent/photo/photo.h"
#include "tests/lib/folder.h"

struct photo_home {
    char home[TEST_FOLDER_SIZE], exif[512],
        thumb[512]; /* the programs of XG_BIN */
    struct xg_env env;
    struct vault *vault;
    struct photo_shelf shelf;
};

/* cmocka's setup and teardown; *state is the struct photo_home. */
int photo_home_setup(void **state);
int photo_home_teardown(void **state);

/* Lent until the next call. */
const char *photo_home_path(const struct photo_home *f, const char *name);
const char *photo_sample(const char *name); /* of tests/data/jpeg */

/* The caller clears it. */
struct xg_buf photo_file_read(const char *path);
void photo_file_write(const char *path, mode_t mode, struct xg_bytes content);

#endif
