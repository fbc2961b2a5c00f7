/* control.h - asking a running server to run a command.
 *
 * DIR/control.sock, 0600 in a 0700 folder: whoever can open it could open the
 * data too. One connection, one command; both directions are frames
 * (shared/core/protocol.h):
 *
 *      question  "xunge-server/control/3", "zh" | "en", content of the file
 *                that the command reads (or nothing), an operator's password
 *                (or nothing), how many words, the words
 *      answer    standard output, standard error, exit code in decimal
 *
 * With the question come the files that are lent to the command (lend.h), as
 * descriptors (SCM_RIGHTS): none, or CMD_FILES of them. A question that was cut
 * off runs nothing. CONTROL_AT_ONCE connections are served at once; the others
 * wait. One that says nothing for CONTROL_WAIT_S is closed.
 */
#ifndef SERVER_CLI_CONTROL_H
#define SERVER_CLI_CONTROL_H

#include "server/cli/cmd.h"

enum { CONTROL_AT_ONCE = 8, CONTROL_WAIT_S = 20 };

struct control;

/* Serve commands on `data` until control_stop(). */
XG_MUST_CHECK enum xg_status control_start(struct control **control,
                                           const char *dir, struct data *data,
                                           struct console *console, /* or NULL */
                                           const struct xg_env *env,
                                           struct xg_error *err);
/* Waits for commands at work; what is not asked by then is not heard. NULL is
 * fine. */
void control_stop(struct control *control);

/* Does a server listen there? */
bool control_listens(const char *dir);

struct control_answer {
    struct xg_buf out, errors;
    int exit_code;
};

/* XG_NOTFOUND: no server runs there. `answer` is initialised here on success
 * and cleared by the caller. */
XG_MUST_CHECK enum xg_status control_ask(struct control_answer *answer,
                                         const char *dir, int argc,
                                         const char *const *argv,
                                         struct xg_bytes input,
                                         struct xg_bytes password,
                                         const int *files, /* or NULL */
                                         struct xg_error *err);

#endif
