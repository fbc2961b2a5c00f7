/* folder.c - see folder.h. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "tests/lib/test.h"

#include "tests/lib/folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void test_folder_make(char folder[static TEST_FOLDER_SIZE], const char *name)
{
    const char *top = getenv("TMPDIR");
    int len = snprintf(folder, TEST_FOLDER_SIZE, "%s/xg-%s-XXXXXX",
                       top && *top ? top : "/tmp", name);

    assert_in_range(len, 1, TEST_FOLDER_SIZE - 1);
    if (!mkdtemp(folder))
        fail_msg("%s cannot be made", folder);
}

static int remove_entry(const char *path, const struct stat *info, int type,
                        struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

void test_folder_remove(const char *folder)
{
    if (nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fail_msg("%s cannot be removed", folder);
}
