/* main.c - xunge-map: looks at a map on standard input, and says what it is
 * (shared/map/check.h). For `xunge` and `xunge-server`, not for people.
 *
 * The file comes from anyone, and SQLite is large, so it reads it here, in a
 * process that holds nothing and can do nothing (confine.h): the file lies in
 * its memory, and SQLite is given no other (shared/db/held.h). Exit status: 0
 * answered, 1 could not, 2 could not confine itself, else by a signal.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/confine/confine.h"
#include "shared/db/held.h"
#include "shared/map/about.h"
#include "shared/map/check.h"

enum { MEMORY_MAX = 128 << 20 };

/* All of standard input. */
static bool take_file(struct xg_bytes *out)
{
    struct stat file;
    void *at;

    if (fstat(STDIN_FILENO, &file) != 0 || !S_ISREG(file.st_mode))
        return false;
    *out = xg_bytes("", 0);
    if (file.st_size == 0)
        return true;
    at = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, STDIN_FILENO,
              0);
    if (at == MAP_FAILED)
        return false;
    *out = xg_bytes(at, (size_t)file.st_size);
    return true;
}

static json_t *judge(void)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_mbtiles_about about;
    char text[XG_MAP_REASON_MAX + 1];

    if (xg_mbtiles_check(&about, "map", &err) == XG_OK)
        return json_pack("{s:o}", "about", xg_mbtiles_about_json(&about));
    snprintf(text, sizeof text, "%s", xg_error_text(&err));
    return json_pack("{s:i, s:s}", "status", (int)err.status, "text", text);
}

static bool answer(json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    size_t len = text ? strlen(text) : 0, done = 0;

    while (done < len) {
        ssize_t n = write(STDOUT_FILENO, text + done, len - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return len > 0;
}

/* _exit: there is nothing to clean up, and few calls are left to do it with. */
int main(int count, char **words)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes file;

    if (count != 2 || xg_lang_init(words[1]) != 0 || !take_file(&file) ||
        xg_db_hold(file, &err) != XG_OK)
        _exit(1);
    json_object_seed(1); /* it would open /dev/urandom */
    if (!confine(MEMORY_MAX + (uint64_t)file.len,
                 xg_map_check_s((uint64_t)file.len)))
        _exit(2);
    _exit(answer(judge()) ? 0 : 1);
}
