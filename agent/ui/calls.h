/* calls.h - what the page may have run: one table, and a call judged by it.
 *
 * A call names a command, its words and its flags (docs/page.md). Nothing of it
 * reaches a program before all of it was judged: the command stands in the
 * table, each flag stands in its row, no word or flag is the path of a file.
 * What is left becomes an argument list in which a word can never be taken for
 * an option: values are tied to their flags by '=', words come after "--".
 */
#ifndef AGENT_UI_CALLS_H
#define AGENT_UI_CALLS_H

#include "shared/call/call.h"

enum {
    CALL_BYTES_MAX = 120 << 10, /* of a call; the system takes 128 KiB a word */
    CALL_WORDS_MAX = 256,
    CALL_SECRET_FD = 3, /* where the command finds it */
};

/* What happens to a command whose reader goes away. */
enum call_does {
    CALL_READS,  /* it is ended */
    CALL_WRITES, /* it ends by itself */
    CALL_SYNCS,  /* the same; and one at a time (sync.h) */
};

/* How a passphrase, a PIN or a code reaches the command. */
enum call_secret {
    CALL_NO_SECRET,
    CALL_BY_PASSPHRASE_FD,
    CALL_BY_PIN_FD,
    CALL_BY_INPUT, /* as its standard input, the word "-" */
};

/* A row of the table; `call` as shared/call/call.h has it, where
 *
 *      p   is a photo: "-" for the body of the request, or "-:WORDS"
 *      i   a file that is read: "-", or "stick:NAME/FILE"
 *      s   the same of one that may be as large as the disk
 *      o   a file that is written: the same, "-" for the answer's bytes
 *      #   how long the body of the request is: put there by us
 *
 * A photo and an =s go to the command as they come. An =i is kept until it is
 * whole, in a file without a name, since its command reads it twice. */
struct call_row {
    struct xg_call_row call; /* the first, so that one is the other */
    enum call_does does;
    enum call_secret secret;
    bool plain; /* --json means something else there, or nothing */
};

extern const struct call_row call_rows[];
extern const size_t call_row_count;

static inline const struct call_row *call_row_of(const struct xg_call *call)
{
    return (const struct call_row *)call->row;
}

/* XG_USAGE: malformed, or not in the table; the text names what. The thread
 * speaks the call's language from then on, where it names one. */
XG_MUST_CHECK enum xg_status call_parse(struct xg_call *out, struct xg_bytes text,
                                        struct xg_arena *arena,
                                        struct xg_error *err);

/* The n-th word or flag that names a file of a stick, to be put in place by its
 * path: *stick and *file are its parts. NULL after the last. */
const char **call_stick(const struct xg_call *call, size_t n, const char **stick,
                        const char **file, bool *written,
                        struct xg_arena *arena);

/* "xunge", the command, its flags, --, its words, NULL. `input_bytes` come as
 * its standard input, where it has one. NULL: no memory. */
char **call_arguments(const struct xg_call *call, const char *home,
                      uint64_t input_bytes, struct xg_arena *arena);

#endif
