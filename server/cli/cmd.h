/* cmd.h - the commands of xunge-server: one table drives parsing, help and
 * dispatch.
 *
 * A command gets a struct cmd, writes what it has to say to `out`, and returns
 * a status, which decides the exit code. It prints nothing by itself (but
 * `serve`), asks nobody anything, and opens no file that a person named: the
 * caller did. So it runs in the same way in the process that was called and in
 * a running server that is asked over its control socket (control.h). A data
 * folder is open in one process at a time; that is where commands go.
 */
#ifndef SERVER_CLI_CMD_H
#define SERVER_CLI_CMD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/buf.h"
#include "shared/base/env.h"
#include "shared/base/error.h"

enum {
    CMD_ARGS_MAX = 56, /* DIR, ID, MOVE, and field=value for every field */
    CMD_OPTIONS_MAX = 32,
    CMD_GIVEN_MAX = 64, /* options in one call, each as often as it stands */
    CMD_OUT_MAX = 256 << 20,
    CMD_INPUT_MAX = 64 << 20, /* of a file that is imported */
};

enum cmd_access {
    CMD_ALONE, /* opens what it needs by itself: init, key, serve */
    CMD_DATA,  /* on the opened folder, in whichever process has it */
    CMD_LENT,  /* the same, on files that are lent to it (lend.h): too large to
                * be handed over, and only the caller may open them */
};

/* Files that are lent; null devices where one is not there. */
enum cmd_file { CMD_FILE_IN, CMD_FILE_OUT, CMD_FILE_TELL, CMD_FILES };

struct cmd_option {
    const char *name;  /* without "--"; NULL ends the list */
    const char *value; /* what it takes, or NULL */
    bool required;
    const char *zh, *en;
};

struct cmd;
struct console;
struct data;
struct xg_draft;
struct xg_role;

struct command {
    const char *words;  /* "worker add" */
    const char *args;   /* "DIR CODE" */
    size_t least, most; /* arguments, DIR included */
    enum cmd_access access;
    size_t input;  /* which argument is a file to read, 0: none */
    size_t output; /* which names a file to be made, 0: none; CMD_LENT: or the
                    * option --reply does */
    enum xg_status (*run)(struct cmd *c, struct xg_error *err);
    const char *zh, *en;
    const struct cmd_option options[CMD_OPTIONS_MAX];
};

/* Ends with words == NULL. */
extern const struct command commands[];

struct cmd {
    const struct command *spec;
    const char *args[CMD_ARGS_MAX]; /* args[0] is DIR; borrowed */
    size_t arg_count;
    const char *values[CMD_OPTIONS_MAX]; /* "" where it takes none; the last */
    struct cmd_given {
        size_t option;
        const char *value;
    } given[CMD_GIVEN_MAX]; /* in their order */
    size_t given_count;
    bool json, help;
    const char *lang; /* --lang, or NULL */
    const struct xg_env *env;
    struct data *data; /* opened, unless CMD_ALONE */
    struct xg_bytes input;
    struct xg_bytes password; /* that the caller asked for; empty: none */
    /* Of a caller who is logged in (server/console): the signing key of --as,
     * opened, or NULL; and the unit outside which nothing is there for them, or
     * NULL (server/sight/sight.h). Borrowed. */
    const uint8_t *secret;
    const char *within;
    const struct xg_role *role; /* theirs, or NULL */
    struct console *console; /* of the server that runs, or NULL */
    int files[CMD_FILES]; /* CMD_LENT; an output that is left empty is none */
    struct xg_buf out;
    json_t *advice;    /* beside a refusal; or NULL (cmd_advise()) */
    /* How far the board was that it read (area.h): `behind` entities were not
     * taken in. Whoever runs the command says it at the end, unless the answer
     * did, or they say it in a frame of their own. */
    struct cmd_board {
        bool read, told;
        uint64_t size, behind;
    } board;
    bool framed;
    bool out_is_file;  /* nothing may be added to what it writes */
    bool must_decide;  /* done, but exit with 5 */
    bool out_is_taken; /* standard output carries a file: say it elsewhere */
};

/* The commands; what each does stands in table.c. */
enum xg_status cmd_init(struct cmd *c, struct xg_error *err);
enum xg_status cmd_key(struct cmd *c, struct xg_error *err);
enum xg_status cmd_serve(struct cmd *c, struct xg_error *err);
enum xg_status cmd_import(struct cmd *c, struct xg_error *err);
enum xg_status cmd_reference_list(struct cmd *c, struct xg_error *err);
enum xg_status cmd_worker_add(struct cmd *c, struct xg_error *err);
enum xg_status cmd_worker_list(struct cmd *c, struct xg_error *err);
enum xg_status cmd_worker_keys(struct cmd *c, struct xg_error *err);
enum xg_status cmd_worker_key(struct cmd *c, struct xg_error *err);
enum xg_status cmd_operator_key(struct cmd *c, struct xg_error *err);
enum xg_status cmd_operator_add(struct cmd *c, struct xg_error *err);
enum xg_status cmd_operator_list(struct cmd *c, struct xg_error *err);
enum xg_status cmd_operator_login(struct cmd *c, struct xg_error *err);
enum xg_status cmd_operator_consent(struct cmd *c, struct xg_error *err);
enum xg_status cmd_operator_lock(struct cmd *c, struct xg_error *err);
enum xg_status cmd_operator_unlock(struct cmd *c, struct xg_error *err);
enum xg_status cmd_operator_totp(struct cmd *c, struct xg_error *err);
enum xg_status cmd_code(struct cmd *c, struct xg_error *err);
enum xg_status cmd_device_list(struct cmd *c, struct xg_error *err);
enum xg_status cmd_device_approve(struct cmd *c, struct xg_error *err);
enum xg_status cmd_device_revoke(struct cmd *c, struct xg_error *err);
enum xg_status cmd_device_allow(struct cmd *c, struct xg_error *err);
enum xg_status cmd_device_quarantined(struct cmd *c, struct xg_error *err);
enum xg_status cmd_device_admit(struct cmd *c, struct xg_error *err);
enum xg_status cmd_registry_list(struct cmd *c, struct xg_error *err);
enum xg_status cmd_registry_request(struct cmd *c, struct xg_error *err);
enum xg_status cmd_registry_sign(struct cmd *c, struct xg_error *err);
enum xg_status cmd_registry_accept(struct cmd *c, struct xg_error *err);
enum xg_status cmd_registry_withdraw(struct cmd *c, struct xg_error *err);
enum xg_status cmd_registry_rotate(struct cmd *c, struct xg_error *err);
enum xg_status cmd_registry_keygen(struct cmd *c, struct xg_error *err);
enum xg_status cmd_describe(struct cmd *c, struct xg_error *err);
enum xg_status cmd_grids(struct cmd *c, struct xg_error *err);
enum xg_status cmd_maps(struct cmd *c, struct xg_error *err);
enum xg_status cmd_maps_add(struct cmd *c, struct xg_error *err);
enum xg_status cmd_maps_remove(struct cmd *c, struct xg_error *err);
enum xg_status cmd_list(struct cmd *c, struct xg_error *err);
enum xg_status cmd_overdue(struct cmd *c, struct xg_error *err);
enum xg_status cmd_counts(struct cmd *c, struct xg_error *err);
enum xg_status cmd_show(struct cmd *c, struct xg_error *err);
enum xg_status cmd_proof(struct cmd *c, struct xg_error *err);
enum xg_status cmd_history(struct cmd *c, struct xg_error *err);
enum xg_status cmd_accesses(struct cmd *c, struct xg_error *err);
enum xg_status cmd_conflicts(struct cmd *c, struct xg_error *err);
enum xg_status cmd_attention(struct cmd *c, struct xg_error *err);
enum xg_status cmd_attention_settle(struct cmd *c, struct xg_error *err);
enum xg_status cmd_resolve(struct cmd *c, struct xg_error *err);
enum xg_status cmd_do(struct cmd *c, struct xg_error *err);
enum xg_status cmd_set(struct cmd *c, struct xg_error *err);
enum xg_status cmd_note(struct cmd *c, struct xg_error *err);
enum xg_status cmd_suggest(struct cmd *c, struct xg_error *err);
enum xg_status cmd_try(struct cmd *c, struct xg_error *err);
enum xg_status cmd_add(struct cmd *c, struct xg_error *err);
enum xg_status cmd_withdraw(struct cmd *c, struct xg_error *err);
enum xg_status cmd_redact(struct cmd *c, struct xg_error *err);
enum xg_status cmd_clerk(struct cmd *c, struct xg_error *err);
enum xg_status cmd_report(struct cmd *c, struct xg_error *err);
enum xg_status cmd_review(struct cmd *c, struct xg_error *err);
enum xg_status cmd_patrols(struct cmd *c, struct xg_error *err);
enum xg_status cmd_silent(struct cmd *c, struct xg_error *err);
enum xg_status cmd_coverage(struct cmd *c, struct xg_error *err);
enum xg_status cmd_account(struct cmd *c, struct xg_error *err);
enum xg_status cmd_duplicates(struct cmd *c, struct xg_error *err);
enum xg_status cmd_link(struct cmd *c, struct xg_error *err);
enum xg_status cmd_unlink(struct cmd *c, struct xg_error *err);
enum xg_status cmd_photo_list(struct cmd *c, struct xg_error *err);
enum xg_status cmd_photo_order(struct cmd *c, struct xg_error *err);
enum xg_status cmd_intake(struct cmd *c, struct xg_error *err);
enum xg_status cmd_photo_add(struct cmd *c, struct xg_error *err);
enum xg_status cmd_photo_get(struct cmd *c, struct xg_error *err);
enum xg_status cmd_export(struct cmd *c, struct xg_error *err);
enum xg_status cmd_check(struct cmd *c, struct xg_error *err);
enum xg_status cmd_rebuild(struct cmd *c, struct xg_error *err);
enum xg_status cmd_view(struct cmd *c, struct xg_error *err);
enum xg_status cmd_backup(struct cmd *c, struct xg_error *err);
enum xg_status cmd_health(struct cmd *c, struct xg_error *err);
enum xg_status cmd_clock(struct cmd *c, struct xg_error *err);
enum xg_status cmd_forks(struct cmd *c, struct xg_error *err);
enum xg_status cmd_forks_settle(struct cmd *c, struct xg_error *err);
enum xg_status cmd_restore(struct cmd *c, struct xg_error *err);
enum xg_status cmd_bundle_read(struct cmd *c, struct xg_error *err);
enum xg_status cmd_bundle_write(struct cmd *c, struct xg_error *err);

enum xg_status cmd_witness_key(struct cmd *c, struct xg_error *err);
enum xg_status cmd_witness_watch(struct cmd *c, struct xg_error *err);
enum xg_status cmd_witness_unwatch(struct cmd *c, struct xg_error *err);
enum xg_status cmd_witness_list(struct cmd *c, struct xg_error *err);
enum xg_status cmd_witness_policy(struct cmd *c, struct xg_error *err);
enum xg_status cmd_witness_ask(struct cmd *c, struct xg_error *err);

/* Read the words. With --help anywhere, spec may be NULL and nothing else is
 * looked at. argv is borrowed. XG_USAGE. */
XG_MUST_CHECK enum xg_status cmd_parse(struct cmd *c, int argc,
                                       const char *const *argv,
                                       struct xg_error *err);
/* The value of an option, or NULL. The name must be one of the command's. */
const char *cmd_option(const struct cmd *c, const char *name);
/* The next value of an option that may be given again and again; NULL after the
 * last. *at begins with 0. */
const char *cmd_option_next(const struct cmd *c, const char *name, size_t *at);
/* A whole number in an option; `otherwise` without it. XG_USAGE. */
XG_MUST_CHECK enum xg_status
cmd_number(unsigned long *value, const struct cmd *c, const char *name,
           unsigned long otherwise, unsigned long max, struct xg_error *err);

/* Run a parsed command; what went wrong is appended to `errors`, one line, as
 * JSON where that was asked for (shared/view/refusal.h). The exit code. */
int cmd_execute(struct cmd *c, struct xg_buf *errors);
/* What is said beside a refusal, as JSON only: what can be done instead, what
 * it wants. Takes the value; an empty list says nothing. */
void cmd_advise(struct cmd *c, const char *key, json_t *value);
/* That line, and the exit code, of whatever went wrong with the command; its
 * advice is let go. */
int cmd_complain(struct cmd *c, struct xg_buf *errors,
                 const struct xg_error *err);

/* A role by its name, in either language. XG_USAGE. */
XG_MUST_CHECK enum xg_status cmd_role(const struct xg_role **role,
                                      const char *name, struct xg_error *err);

/* Where the registrar's key is on another machine, say that what was just done
 * waits for her, and what comes next. */
void cmd_say_waits(struct cmd *c);

/* Have the draft signed by the operator `code`, where they have a key: into
 * `secret`, which the caller wipes, and lends the draft. XG_LOCKED: the
 * password is wanted (exit status 6, nothing was written). --unsigned asks for
 * none, and signs nothing. */
XG_MUST_CHECK enum xg_status
cmd_sign(struct cmd *c, struct xg_draft *draft, uint8_t secret[static 64],
         const char *code, struct xg_error *err);

/* Attach every --photo to the draft: ones that `photo add` took in. XG_NOTFOUND:
 * not one of them. */
XG_MUST_CHECK enum xg_status cmd_photos(struct xg_draft *draft, struct cmd *c,
                                        struct xg_error *err);

/* The name of a device: "0417" stands for "<origin>/d/0417". XG_USAGE. */
XG_MUST_CHECK enum xg_status
cmd_device_name(char name[], size_t size, const struct cmd *c,
                const char *given, struct xg_error *err);

/* DIR/name. XG_USAGE when it is too long. */
enum { CMD_PATH_SIZE = 4096 };
XG_MUST_CHECK enum xg_status cmd_path(char path[static CMD_PATH_SIZE],
                                      const char *dir, const char *name,
                                      struct xg_error *err);

/* Help for one command, or the list for NULL. */
void cmd_help(struct xg_buf *out, const struct command *spec);

#endif
