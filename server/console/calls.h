/* calls.h - what the operators' page may have run, and by whom: one table, and
 * a call judged by it (shared/call/call.h). Who asks is never taken from the
 * call.
 */
#ifndef XG_SERVER_CONSOLE_CALLS_H
#define XG_SERVER_CONSOLE_CALLS_H

#include "shared/call/call.h"
#include "shared/core/schema.h"

enum {
    CALL_BYTES_MAX = 256 << 10,
    CALL_WORDS_MAX = 54, /* a command's, without DIR */
    CALL_INPUT_MAX = 64 << 20,
};

/* Who is named to the command. */
enum call_as {
    CALL_NOBODY,
    CALL_AS,      /* the operator acts */
    CALL_READS,   /* the same; she reads personal fields where the call says why */
};

/* A row of the table. `roles`: a bit for each role's number. Of `call`, `file`
 * is i: the word at `file_word` (after DIR) is the body of the request; o: what
 * the answer's bytes are; f: what it gives is bytes where the flag `format`
 * says csv or xlsx; n: it takes no words, of which one would be a file; 0: no
 * word is a file. `large`: it may be as large as the disk. */
struct call_row {
    struct xg_call_row call; /* the first, so that one is the other */
    unsigned roles;
    enum call_as as;
    bool large;
};

extern const struct call_row call_rows[];
extern const size_t call_row_count;

static inline const struct call_row *call_row_of(const struct xg_call *call)
{
    return (const struct call_row *)call->row;
}

/* XG_USAGE: malformed, or not in the table; XG_REFUSED: not for that role. The
 * thread speaks the call's language from then on, where it names one. */
XG_MUST_CHECK enum xg_status call_parse(struct xg_call *out,
                                        struct xg_bytes text,
                                        const struct xg_role *role,
                                        struct xg_arena *arena,
                                        struct xg_error *err);

/* The command, its flags, --as CODE, --json, --, DIR, its words. NULL: no
 * memory. */
char **call_arguments(const struct xg_call *call, int *count, const char *dir,
                      const char *code, struct xg_arena *arena);

#endif
