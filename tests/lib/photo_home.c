/* photo_home.c - see photo_home.h. */
#include "tests/lib/photo_home.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/os.h"
#include "tests/lib/source.h"

int photo_home_setup(void **state)
{
    struct photo_home *f = calloc(1, sizeof *f);
    struct xg_error err = XG_ERROR_NONE;
    const char *bin = getenv("XG_BIN");

    test_folder_make(f->home, "photo");
    snprintf(f->exif, sizeof f->exif, "%s/xunge-exif", bin ? bin : "bin");
    snprintf(f->thumb, sizeof f->thumb, "%s/xunge-thumb", bin ? bin : "bin");
    f->env = xg_env_system();
    assert_ok(vault_create(f->home, NULL, &f->env, &err));
    assert_ok(vault_unlock_default(&f->vault, f->home, &f->env, &err));
    f->shelf = (struct photo_shelf){.home = f->home,
                                    .vault = f->vault,
                                    .exif_program = f->exif,
                                    .thumb_program = f->thumb};
    *state = f;
    return 0;
}

int photo_home_teardown(void **state)
{
    struct photo_home *f = *state;

    vault_free(f->vault);
    test_folder_remove(f->home);
    free(f);
    return 0;
}

const char *photo_sample(const char *name)
{
    return test_source("tests/data/jpeg/%s", name);
}

const char *photo_home_path(const struct photo_home *f, const char *name)
{
    static char path[TEST_PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", f->home, name);
    return path;
}

struct xg_buf photo_file_read(const char *path)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf b = XG_BUF(4 << 20);

    assert_ok(xg_os_read(&b, path, &err));
    return b;
}

void photo_file_write(const char *path, mode_t mode, struct xg_bytes content)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_os_replace(path, mode, content, &err));
}
