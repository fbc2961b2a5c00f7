/* call.h - what a page asks for, taken apart: JSON of a command, its words and
 * its flags (docs/page.md, "Requests"), judged by a table of what may be asked.
 *
 * Nothing of a call reaches a command before all of it was judged: the command
 * stands in the table, each flag in its row, no word or flag is the path of a
 * file, and what only the table's owner knows (a role, a secret) was asked of
 * it. What is left becomes an argument list in which a word can never be taken
 * for an option: values are tied to their flags by '=', words come after "--".
 *
 * The worker's page and the operators' have a table each (agent/ui/calls,
 * server/console/calls); their rows begin with struct xg_call_row.
 */
#ifndef XG_CALL_H
#define XG_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum {
    XG_CALL_FLAGS_MAX = 64,
    XG_CALL_SECRET_MAX = 2048,
};

/* `flags` are names with a blank between them; a name alone takes no value, and
 *
 *      =   takes a text            =+  takes texts, and may be given again
 *      =p  the same of photos      =#  taken, and passed over
 *      =i  =s  =o   names a file, as the table's owner has it
 *
 * `file`: a letter of the owner for the word at `file_word`, where that is a
 * file; 'p' for it and all behind it. */
struct xg_call_row {
    const char *run; /* the command: one word or two */
    char file;       /* 0: no word is a file */
    unsigned char file_word;
    const char *flags;
};

struct xg_call_flag {
    const char *name, *value; /* NULL: takes none */
    char type;                /* 0, or as in the row: = + p i s o */
};

/* A call that was judged. All of it lies in the arena that it was given. */
struct xg_call {
    const struct xg_call_row *row;
    const char *lang; /* "zh", "en"; NULL: not said */
    const char **words;
    size_t word_count;
    struct xg_call_flag *flags;
    size_t flag_count;
    char *secret; /* NULL: none; the caller wipes it */
    size_t secret_bytes;
    bool input; /* the body of the request is its standard input, */
    bool whole; /* kept until it is whole */
    bool bytes; /* what it prints is no JSON */
};

/* A table, and what its owner judges. */
struct xg_call_table {
    size_t bytes_max, words_max;
    bool secrets; /* a call may have one */
    /* NULL: there is no such row. */
    const struct xg_call_row *(*find)(const char *run);
    /* May it be asked for at all? Before anything else of it is looked at. NULL:
     * whatever stands there may. */
    enum xg_status (*admit)(const void *ctx, const struct xg_call_row *row,
                            struct xg_error *err);
    /* A word or a flag that is a file, by its letter: is it one that may be
     * named? *text becomes what the command is to be told. */
    enum xg_status (*take_file)(struct xg_call *call, char type,
                                const char **text, struct xg_error *err);
    /* All of it is there: does it fit together? */
    enum xg_status (*judge)(const void *ctx, struct xg_call *call,
                            struct xg_error *err);
};

/* XG_USAGE: malformed, or not in the table; the text names what. Whatever the
 * table's owner said. The thread speaks the call's language from then on, where
 * it names one. */
XG_MUST_CHECK enum xg_status xg_call_read(struct xg_call *out,
                                          const struct xg_call_table *table,
                                          const void *ctx, struct xg_bytes text,
                                          struct xg_arena *arena,
                                          struct xg_error *err);
/* The bytes of a call that came in a header, as base64url. `text` may be NULL. */
XG_MUST_CHECK enum xg_status xg_call_of_header(struct xg_bytes *out,
                                               const char *text,
                                               struct xg_arena *arena,
                                               struct xg_error *err);
/* XG_USAGE: the page's request is malformed, there. */
enum xg_status xg_call_malformed(const char *where, struct xg_error *err);

/* HTTP's word for how the command ended: its exit status; below 0 where it had
 * none. */
int xg_call_http(int exit_status);

/* Wipe and forget the secret. */
void xg_call_wipe(struct xg_call *call);

/* The type of a flag in its row: 0 for one without a value, or its letter.
 * False: it is not there. */
bool xg_call_flag_type(char *type, const struct xg_call_row *row,
                       const char *name);
/* NULL: it was not given. */
const struct xg_call_flag *xg_call_flag_of(const struct xg_call *call,
                                           const char *name);

/* ---- to arguments ---- */

/* Put one after another; NULL-terminated by xg_call_list_end(). */
struct xg_call_list {
    struct xg_arena *arena;
    char **at;
    size_t count;
    bool failed; /* no memory */
};

/* Room for the call's own, and `more`. */
void xg_call_list_begin(struct xg_call_list *list, const struct xg_call *call,
                        size_t more, struct xg_arena *arena);
/* `text` of its arena; NULL: there was no memory for it. */
void xg_call_list_put(struct xg_call_list *list, char *text);
/* The command's one word or two; its flags; its words. */
void xg_call_list_put_run(struct xg_call_list *list,
                          const struct xg_call *call);
void xg_call_list_put_flags(struct xg_call_list *list,
                            const struct xg_call *call);
void xg_call_list_put_words(struct xg_call_list *list,
                            const struct xg_call *call);
/* NULL: no memory. */
char **xg_call_list_end(struct xg_call_list *list);

#endif
