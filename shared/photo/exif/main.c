/* main.c - xunge-exif: reads a JPEG on standard input, prints what its EXIF
 * claims (protocol.h). Takes no arguments; for `xunge`, not for people.
 *
 * The photo comes from anyone and the parser is large, so it runs here, in a
 * process that holds nothing and can do nothing (confine.h).
 */
#include <stdlib.h>
#include <unistd.h>

#include "shared/confine/confine.h"
#include "shared/photo/exif/protocol.h"
#include "shared/photo/exif/report.h"

enum { MEMORY_MAX = 64 << 20, CPU_MAX_S = 1 };

/* _exit: there is nothing to clean up, and few calls are left to do it with. */
int main(void)
{
    struct xg_buf b = XG_BUF(EXIF_OUTPUT_MAX);
    struct jpeg_head *head;

    if (!confine(MEMORY_MAX, CPU_MAX_S))
        _exit(2);
    head = malloc(sizeof *head);
    bool said = head && exif_report(&b, head, STDIN_FILENO) &&
                write(STDOUT_FILENO, b.data, b.len) == (ssize_t)b.len;
    _exit(said ? 0 : 1);
}
