/* calls.h - what the page may have run, and by whom: one table, and a call
 * judged by it.
 *
 * A call names a command, its words and its flags (docs/page.md, "Requests").
 * Nothing of it reaches a command before all of it was judged: the command
 * stands in the table, the operator's role in its row, each flag too, and no
 * word or flag is the path of a file. Who asks is never taken from the call.
 * What is left becomes an argument list in which a word can never be taken for
 * an option: values are tied to their flags by '=', words come after "--".
 */
#ifndef XG_SERVER_CONSOLE_CALLS_H
#define XG_SERVER_CONSOLE_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/schema.h"

enum {
    CALL_BYTES_MAX = 256 << 10,
    CALL_WORDS_MAX = 54, /* a command's, without DIR */
    CALL_FLAGS_MAX = 64,
    CALL_INPUT_MAX = 64 << 20,
};

/* Who is named to the command. */
enum call_as {
    CALL_NOBODY,
    CALL_AS,      /* the operator acts */
    CALL_READS,   /* the same; she reads personal fields where the call says why */
};

/* A row of the table. `roles`: a bit for each role's number. `flags` are names
 * with a blank between them; a name alone takes no value, = a text, =+ texts,
 * and may be given again.
 *
 * `file`: i: the word at `file_word` (after DIR) is the body of the request; o:
 * what the answer's bytes are; f: what it gives is bytes where the flag `format`
 * says csv or xlsx; n: it takes no words, of which one would be a file; 0: no
 * word is a file. `large`: it may be as
 * large as the disk. */
struct call_row {
    const char *run; /* the command: one word or two */
    unsigned roles;
    enum call_as as;
    char file;
    unsigned char file_word;
    bool large;
    const char *flags;
};

extern const struct call_row call_rows[];
extern const size_t call_row_count;

struct call_flag {
    const char *name, *value; /* NULL: takes none */
};

/* A call that was judged. All of it lies in the arena that it was given. */
struct call {
    const struct call_row *row;
    const char **words;
    size_t word_count;
    struct call_flag *flags;
    size_t flag_count;
    bool input; /* the body of the request is its input */
    bool bytes; /* what it gives is no JSON */
};

/* XG_USAGE: malformed, or not in the table; XG_REFUSED: not for that role. The
 * thread speaks the call's language from then on, where it names one. */
XG_MUST_CHECK enum xg_status call_parse(struct call *out, struct xg_bytes text,
                                        const struct xg_role *role,
                                        struct xg_arena *arena,
                                        struct xg_error *err);

/* The command, its flags, --as CODE, --json, --, DIR, its words. NULL: no
 * memory. */
const char **call_arguments(const struct call *call, int *count,
                            const char *dir, const char *code,
                            struct xg_arena *arena);

#endif
