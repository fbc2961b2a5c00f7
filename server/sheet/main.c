/* main.c - xunge-sheet: a table on standard input becomes plain CSV on standard
 * output (protocol.h, sheet.h). The one argument is the sheet's name or number,
 * or "". For `xunge-server`, not for people.
 *
 * The file comes from anyone, and what reads it is large, so it runs here, in a
 * process that holds nothing and can do nothing (confine.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/sheet/sheet.h"
#include "shared/confine/confine.h"

enum {
    INPUT_MAX = 64 << 20,
    MEMORY_MAX = 768 << 20,
    CPU_MAX_S = 20,
    PIECE = 256 << 10,
};

static bool read_all(struct xg_buf *in)
{
    uint8_t *piece = malloc(PIECE);
    ssize_t n = -1;

    while (piece && (n = read(STDIN_FILENO, piece, PIECE)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        xg_buf_append(in, piece, (size_t)n);
    }
    free(piece);
    return n == 0 && in->failed == XG_OK;
}

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

static const char *word_of(enum sheet_answer answer)
{
    static const char *const WORDS[] = {
#define X(name, word) [name] = word,
        SHEET_ANSWERS(X)
#undef X
    };
    return WORDS[answer];
}

/* _exit: there is nothing to clean up, and few calls are left to do it with. */
int main(int count, char **words)
{
    struct xg_buf in = XG_BUF(INPUT_MAX), table = XG_BUF(SHEET_OUTPUT_MAX);
    struct xg_buf head = XG_BUF(2 * SHEET_WORD_MAX);
    struct sheet_tools tools;

    if (count != 2 || !sheet_prepare(&tools) || !confine(MEMORY_MAX, CPU_MAX_S))
        _exit(2);
    enum sheet_answer answer =
        read_all(&in)
            ? sheet_convert(&table, xg_buf_bytes(&in), words[1], &tools)
            : SHEET_TOO_LARGE;
    xg_buf_format(&head, SHEET_HELLO "%s\n", word_of(answer));
    if (answer != SHEET_FINE)
        xg_buf_reset(&table);
    _exit(head.failed == XG_OK && write_all(&head) && write_all(&table) ? 0
                                                                        : 1);
}
