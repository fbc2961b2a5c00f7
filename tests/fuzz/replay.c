/* replay.c - in the place of libFuzzer: every file of the folders named (not
 * of those below them), or that are named, once through the target. Fails where
 * there is none: a corpus that went missing must not pass for a good one. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

static bool replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    uint8_t *data;

    if (!file || fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) {
        perror(path);
        exit(2);
    }
    /* Of its very size, so that a sanitizer sees what reads over the end. */
    size_t size = (size_t)info.st_size;
    data = malloc(size ? size : 1);
    bool whole = data && fread(data, 1, size, file) == size;
    if (whole)
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    fclose(file);
    return whole;
}

int main(int count, char **words)
{
    size_t done = 0;

    for (int i = 1; i < count; i++) {
        struct dirent **entries;
        int found = scandir(words[i], &entries, NULL, alphasort);
        if (found < 0)
            done += replay(words[i]);
        for (int e = 0; e < found; e++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", words[i], entries[e]->d_name);
            if (entries[e]->d_type == DT_REG)
                done += replay(path);
            free(entries[e]);
        }
        if (found >= 0)
            free(entries);
    }
    printf("%zu files\n", done);
    return done > 0 ? 0 : 1;
}
