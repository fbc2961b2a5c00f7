/* source.c - see source.h. */
#include "tests/lib/test.h"

#include "tests/lib/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/os.h"

enum { PATH_SIZE = 4096, FILE_MAX = 8 << 20 };

const char *test_source(const char *format, ...)
{
    static char path[PATH_SIZE];
    const char *top = getenv("XG_SOURCE");
    size_t at = (size_t)snprintf(path, sizeof path, "%s/", top ? top : ".");
    va_list names;

    assert_true(at < sizeof path);
    va_start(names, format);
    int len = vsnprintf(path + at, sizeof path - at, format, names);
    va_end(names);
    assert_true(len > 0 && (size_t)len < sizeof path - at);
    return path;
}

struct xg_buf test_source_read(const char *path)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf file = XG_BUF(FILE_MAX);

    assert_ok(xg_os_read(&file, path, &err));
    return file;
}
