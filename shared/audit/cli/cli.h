/* cli.h - the commands of xunge-audit: one table, words, options, a source.
 *
 * A command gets a struct cli, prints what it has to say on standard output,
 * and returns the exit code: 0 verified, 1 failed, 2 usage, 3 not found, 7 the
 * log cannot be trusted.
 */
#ifndef XG_AUDIT_CLI_H
#define XG_AUDIT_CLI_H

#include <stdbool.h>

#include "shared/audit/audit.h"

enum { CLI_ARGS_MAX = 8, CLI_OPTIONS_MAX = 20, CLI_VALUES_MAX = 16 };

struct cli;

struct cli_option {
    const char *name;  /* without "--"; NULL ends the list */
    const char *value; /* what it takes, or NULL */
    const char *zh, *en;
};

struct cli_command {
    const char *name, *args; /* "verify", "SOURCE" */
    size_t least, most;      /* arguments */
    int (*run)(struct cli *c);
    const char *zh, *en;
    struct cli_option options[CLI_OPTIONS_MAX];
};

/* Words taken apart. Lent by argv. */
struct cli {
    const struct cli_command *command;
    size_t count;
    const char *args[CLI_ARGS_MAX];
    size_t given_count;
    struct {
        const char *name, *value;
    } given[CLI_VALUES_MAX];
};

bool cli_has(const struct cli *c, const char *name);
/* Its value, or NULL; the first, where it is given several times. */
const char *cli_value(const struct cli *c, const char *name);

/* Print the error, return its exit code. */
int cli_fail(const struct xg_error *err);

/* What --key, --registrar, --earlier, --policy say. `policy` is filled where
 * one is given; `earlier` holds up to CLI_VALUES_MAX. */
struct cli_trust {
    struct xg_verifier log, earlier[CLI_VALUES_MAX];
    struct xg_policy policy;
};
XG_MUST_CHECK enum xg_status cli_trust(struct xg_audit_options *o,
                                       struct cli_trust *trust,
                                       const struct cli *c,
                                       struct xg_error *err);
/* The options that cli_trust() reads, for a command's table. */
#define CLI_TRUST_OPTIONS                                                      \
    {"key", "VKEY", "日志的公钥（必填；由您自己保管，不取自来源）",              \
     "the log's verifier key (needed; your own knowledge, never the "          \
     "source's)"},                                                             \
    {"registrar", "KEY", "登记员的公钥（验证密钥或 base64）",                   \
     "the registrar's public key (verifier key or base64)"},                   \
    {"earlier", "VKEY", "恢复之前的日志的公钥，可多次给出",                      \
     "the key of a log before a restoration; may be repeated"},                \
    {"policy", "FILE", "见证策略（C2SP tlog-policy）",                          \
     "whose cosignatures count (C2SP tlog-policy)"}

/* A folder, a bundle or an address, told apart by what is there. */
XG_MUST_CHECK enum xg_status cli_source(struct xg_audit_source *source,
                                        const struct cli *c, const char *word,
                                        struct xg_error *err);

/* How far it is, on the terminal: for struct xg_audit_options. */
void cli_progress(void *ctx, uint64_t done, uint64_t of);
void cli_progress_end(void);

int cli_verify(struct cli *c);
int cli_replay(struct cli *c);
int cli_evidence(struct cli *c);

#endif
