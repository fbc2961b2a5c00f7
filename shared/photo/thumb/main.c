/* main.c - xunge-thumb: a photo on standard input becomes a small JPEG on
 * standard output (thumb.h). The one argument is the photo's orientation, 1 to
 * 8. For `xunge`, not for people.
 *
 * The photo comes from anyone and decoders are large, so it runs here, in a
 * process that holds nothing and can do nothing (confine.h). Exit status: 0
 * wrote all, 1 cannot be decoded, 2 could not confine itself, else by a signal
 * (a limit, the system call filter).
 */
#include <string.h>
#include <unistd.h>

#include "shared/confine/confine.h"
#include "shared/photo/thumb/thumb.h"

enum { MEMORY_MAX = 256 << 20, CPU_MAX_S = 4 };

static bool write_all(const struct xg_buf *b)
{
    size_t done = 0;

    while (done < b->len) {
        ssize_t n = write(STDOUT_FILENO, b->data + done, b->len - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* _exit: there is nothing to clean up, and few calls are left to do it with. */
int main(int count, char **words)
{
    struct xg_buf b = XG_BUF(XG_THUMBNAIL_MAX);
    const char *word = count == 2 ? words[1] : "";

    if (strlen(word) != 1 || word[0] < '1' || word[0] > '8')
        _exit(1);
    thumb_prepare();
    if (!confine(MEMORY_MAX, CPU_MAX_S))
        _exit(2);
    _exit(thumb_make(&b, STDIN_FILENO, word[0] - '0') && write_all(&b) ? 0 : 1);
}
