/* cli.h - the program xunge: one table of commands, and what they share.
 *
 * The table (commands.c) drives dispatch, --help, the man page, the completion
 * and `help --json`. A kind of record that has no row of its own gets one from
 * the schema: its command captures it.
 *
 * Exit status, the first that applies: 7 integrity alarm, 6 locked, 2 usage or
 * ambiguous id, 3 not found, 1 refused or failed, 4 no connection, 5 a person
 * must decide (`do`, `set`, `resolve`, `conflicts`), 0 done.
 *
 * A command writes its answer to cli->out and its remarks with cli_say(); both
 * are printed by cli_flush(). With --json the answer is one object, or one a
 * line; remarks and progress then stay away, and an error is one object on
 * standard error.
 */
#ifndef AGENT_CLI_CLI_H
#define AGENT_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/home/home.h"
#include "agent/photo/photo.h"
#include "agent/record/capture.h"
#include "agent/record/kept_draft.h"
#include "agent/store/fold.h"
#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/base/env.h"
#include "shared/base/error.h"
#include "shared/base/lang.h"
#include "shared/core/deadline.h"
#include "shared/core/schema.h"
#include "shared/guide/guide.h"
#include "shared/view/form.h"
#include "shared/view/moves.h"
#include "shared/view/show.h"

/* What a command needs before it runs. */
enum cli_needs {
    CLI_NOTHING,
    CLI_PATH, /* the home's path alone */
    CLI_HOME, /* opened, unlocked */
};

/* The headings of the list of commands, in their order. */
/* clang-format off */
#define CLI_GROUP_TABLE(X)                                                   \
    X(CLI_JOIN, "加入与现状", "joining, and how things stand")               \
    X(CLI_RECORD, "记录", "recording")                                       \
    X(CLI_LATER, "后续操作", "later acts")                                   \
    X(CLI_PATROL, "巡查", "patrols")                                         \
    X(CLI_LOOK, "查看", "looking")                                           \
    X(CLI_DECIDE, "冲突", "conflicts")                                       \
    X(CLI_SEND, "传送与核验", "sending and verifying")                       \
    X(CLI_PROTECT, "本机加密", "encryption at rest")                         \
    X(CLI_HANDOVER, "交接与离岗", "handing over, and leaving")               \
    X(CLI_ABOUT, "关于", "about")
/* clang-format on */

enum cli_group {
#define X(name, zh, en) name,
    CLI_GROUP_TABLE(X)
#undef X
        CLI_GROUPS
};

struct cli_flag {
    const char *name;  /* without -- */
    const char *value; /* what follows it, NULL: nothing */
    bool many;         /* may be given again */
    const char *zh, *en;
};

struct cli;

struct cli_command {
    const char *name; /* one or two words: "patrol start" */
    enum cli_group group;
    enum cli_needs needs;
    const char *args;             /* "ID field=value…", or "" */
    unsigned least, most;         /* words; most UINT_MAX: any number */
    const struct cli_flag *flags; /* of its own, ending with a NULL name */
    enum xg_status (*run)(struct cli *cli, struct xg_error *err);
    const char *zh, *en;           /* one line, no full stop */
    const char *more_zh, *more_en; /* the rest of --help, or NULL */
    const struct xg_kind *kind;    /* of commands that capture one */
};

enum { CLI_NAME_SIZE = 64, CLI_OUT_MAX = 1 << 30 };

struct cli {
    struct cli_command command; /* a copy */
    struct xg_env env;
    char path[HOME_PATH_SIZE]; /* of the home, once needed */
    struct home home;          /* once opened */
    struct xg_guide *guide;    /* once asked for */
    bool json;
    size_t word_count, flag_count;
    const char **words; /* after the command, flags aside */
    struct {
        const struct cli_flag *flag;
        const char *value;
    } * flags;
    struct xg_buf out, remarks;
    struct xg_buf advice;  /* said after an error: what to do instead */
    json_t *advice_json;   /* the same: more keys of the error object */
    const struct cli_kept *kept; /* the draft that this command finishes */
    int decide; /* exit status of a command that is done */
    bool saved; /* something is: no later failure takes that back */
    bool data;  /* the answer is a file's content: remarks go elsewhere */
    int64_t begun_ms;
    bool progress; /* a progress line stands on the terminal */
};

/* ---- the table (commands.c) ---- */

/* Which version this is: "0.1.0". */
extern const char cli_version[];

/* The flags of every command. */
extern const struct cli_flag cli_common_flags[];
/* The i-th command; false after the last. */
bool cli_command_at(struct cli_command *out, size_t i);
/* By its name; the kinds by their labels too. */
bool cli_command_named(struct cli_command *out, const char *name);
/* Do names of two words begin with this one? */
bool cli_is_family(const char *word);
const char *cli_group_label(enum cli_group group);

/* ---- arguments (args.c) ---- */

/* Fill command, words and flags. XG_USAGE. What an earlier argument said holds
 * on failure too (json, the command). */
XG_MUST_CHECK enum xg_status cli_parse(struct cli *cli, int argc, char **argv,
                                       struct xg_error *err);
/* The language to speak, as the arguments ask; NULL: they do not. */
const char *cli_asked_lang(int argc, char **argv);
/* The value of a flag, "" for one without, NULL when it was not given. */
const char *cli_flag(const struct cli *cli, const char *name);
/* The values of one that may be given again: start with *at 0. */
const char *cli_flag_next(const struct cli *cli, const char *name, size_t *at);
/* A whole number from least to most. XG_USAGE names `what`. */
XG_MUST_CHECK enum xg_status cli_number(int64_t *value, const char *text,
                                        const char *what, int64_t least,
                                        int64_t most, struct xg_error *err);

/* ---- printing (print.c) ---- */

/* A remark beside the answer: not with --json. */
XG_PRINTF(2, 3) void cli_say(struct cli *cli, const char *format, ...);
/* Take a JSON object as a line of the answer; NULL is XG_NOMEM. */
XG_MUST_CHECK enum xg_status cli_put_json(struct cli *cli, json_t *object,
                                          struct xg_error *err);
/* Print what is ready; for long answers, now and then. */
XG_MUST_CHECK enum xg_status cli_flush(struct cli *cli, struct xg_error *err);
/* A key of the error object, should there be one. Takes the reference; empty
 * lists are left out. */
void cli_advise(struct cli *cli, const char *key, json_t *value);
/* Print an error, as text or JSON, and give the exit status. */
int cli_complain(const struct cli *cli, const struct xg_error *err);
/* "12 / 50 核验" on the terminal, from the first second on; done == total
 * takes it away. Nothing where standard error is no terminal. */
void cli_progress(struct cli *cli, const char *what, uint64_t done,
                  uint64_t total);
/* The same of bytes, as who reads and writes files tells of them; `ctx` is the
 * first. */
struct cli_bytes {
    struct cli *cli;
    const char *what; /* "writing (KB)" */
};
void cli_show_bytes(void *ctx, uint64_t done, uint64_t total);
/* The worse of two exit statuses, in the order above. */
int cli_worse(int a, int b);
/* Of a hash or id, as JSON text. */
json_t *cli_json_hex(const void *data, size_t len);

/* ---- the home and what is in it (home_cli.c) ---- */

/* Fill path; open what the command needs. */
XG_MUST_CHECK enum xg_status cli_open(struct cli *cli, struct xg_error *err);
/* A passphrase: from --passphrase-fd, else asked for on the terminal without
 * echo, else the first line of standard input. `prompt` in the user's
 * language. The caller wipes and clears `out`. */
XG_MUST_CHECK enum xg_status cli_passphrase(struct cli *cli, struct xg_buf *out,
                                            const char *prompt,
                                            struct xg_error *err);

/* A PIN: from --pin-fd, else as above; `is_new`: twice on a terminal. */
XG_MUST_CHECK enum xg_status cli_pin(struct cli *cli, struct xg_buf *out,
                                     const char *worker, const char *prompt,
                                     bool is_new, struct xg_error *err);

/* Become a program of the same package: beside this one, else in ../libexec/
 * xunge. Only returns on failure. */
XG_MUST_CHECK enum xg_status cli_exec(struct cli *cli, const char *program,
                                      char *const argv[], struct xg_error *err);
/* The same with the command, the flags and the words that were given. */
XG_MUST_CHECK enum xg_status cli_hand_over(struct cli *cli,
                                           const char *program,
                                           struct xg_error *err);
/* Where it is. XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status cli_program(char path[static HOME_PATH_SIZE],
                                         const char *program,
                                         struct xg_error *err);
/* The same of one that can be done without: `path`, or NULL. */
const char *cli_helper(char path[static HOME_PATH_SIZE], const char *program);

/* ---- what a person types, and what is shown (views.c) ---- */

/* A view context over the home: `fold` is what is looked at, or NULL; `entity`
 * spares a look-up while a list is walked, or NULL. Both may be changed
 * between calls. */
struct cli_view {
    struct view_context context; /* first: handed to the views */
    struct cli *cli;
    struct photo_shelf shelf;
    const struct fold *fold;
    const struct store_entity *entity;
    int64_t server_ms; /* newest server time known, 0: none */
};
XG_MUST_CHECK enum xg_status
cli_view_init(struct cli_view *view, struct cli *cli, struct xg_error *err);

/* Numbers and ids of entities, and prefixes of hashes of the fold's records;
 * the fold is loaded when first asked for. Clear it after use. */
struct cli_resolver {
    struct view_resolver resolver; /* first */
    struct cli *cli;
    struct xg_arena arena;
    bool has_id, loaded;
    struct xg_id id;
    struct fold fold;
};
void cli_resolver_init(struct cli_resolver *r, struct cli *cli,
                       const struct xg_id *id);
void cli_resolver_clear(struct cli_resolver *r);

/* One entity with all that is known of it, and who is about to act on it: what
 * the moves (shared/view/moves.h) are asked with. */
struct cli_case {
    struct xg_arena arena;
    struct fold fold;
    const struct xg_judgement **judged;
    struct xg_judgement actor;
    struct view_bench bench;
};
/* `author`: who is recording (--as), NULL: the device's owner. Clear it after
 * use, on failure too. XG_REFUSED while its first record has not come. */
XG_MUST_CHECK enum xg_status cli_case_open(struct cli_case *c, struct cli *cli,
                                           const struct xg_id *id,
                                           const char *author,
                                           struct xg_error *err);
void cli_case_clear(struct cli_case *c);
/* Set "moves" and "no_right", as `do ID` gives them. */
XG_MUST_CHECK enum xg_status cli_set_moves(struct cli *cli, json_t **object,
                                           const struct xg_id *id,
                                           const char *author,
                                           struct xg_error *err);
/* What this person can do from here, as advice beside a refusal. */
void cli_case_advise(struct cli_case *c, struct cli *cli,
                     const struct xg_draft *draft);

/* An entity in full (cmd_look.c). */
XG_MUST_CHECK enum xg_status cli_show(struct cli *cli, const struct xg_id *id,
                                      struct xg_error *err);
/* Of one that is too large to be folded here its line; *put false: it is none.
 */
XG_MUST_CHECK enum xg_status cli_put_unfolded(bool *put, struct cli *cli,
                                              struct cli_view *view,
                                              const struct xg_id *id,
                                              struct xg_error *err);
/* "draft-3" in full, and as a line of a list. */
XG_MUST_CHECK enum xg_status cli_show_draft(struct cli *cli, int64_t number,
                                            struct xg_error *err);
XG_MUST_CHECK enum xg_status cli_list_drafts(struct cli *cli,
                                             const struct xg_kind *kind,
                                             const char *text,
                                             struct xg_error *err);

/* Ids of entities, gathered so that each can be loaded after the walk. */
struct cli_ids {
    struct xg_id *list;
    size_t count, room;
};
XG_MUST_CHECK enum xg_status cli_ids_of(struct cli_ids *ids, struct cli *cli,
                                        const struct store_filter *filter,
                                        struct xg_error *err);
void cli_ids_clear(struct cli_ids *ids);

/* ---- recording (record.c) ---- */

/* One act of recording, from words and flags to the answer. */
struct cli_act {
    struct xg_arena arena;
    struct xg_draft draft;
    struct cli_resolver resolver;
    json_t *photos; /* what was attached */
    size_t photo_count;
    bool placed; /* a photo gave the position */
    struct xg_draft *contact; /* who told of it, or NULL */
    struct xg_draft *opens; /* an incident that a visit opens, or NULL */
    struct xg_id opened;
    uint64_t status;  /* where it then stands; 0 outside the loop */
    uint32_t missing; /* what a move wants and did not get */
};

void cli_act_init(struct cli_act *act, struct cli *cli,
                  const struct xg_kind *kind, const struct xg_id *id);
void cli_act_clear(struct cli_act *act);
/* The words from `first` on, as field=value. */
XG_MUST_CHECK enum xg_status cli_act_fields(struct cli_act *act,
                                            struct cli *cli, size_t first,
                                            struct xg_error *err);
/* Every --photo, kept and attached. Only after all that a person may have
 * mistyped was judged. */
XG_MUST_CHECK enum xg_status
cli_act_photos(struct cli_act *act, struct cli *cli, struct xg_error *err);

/* One photo as it is given: FILE, or FILE:WORDS, the words a role, `forwarded`,
 * or both with a comma between them; a file whose name holds a colon wins. "-"
 * for FILE: standard input, once. */
struct cli_photo {
    const char *path; /* borrowed, or in the arena; "-": standard input */
    uint64_t role;    /* 0: none */
    uint64_t origin;
};
/* With --role and --forwarded for what the words leave open. Nothing is kept
 * yet. XG_NOTFOUND, XG_USAGE (it names the known roles). */
XG_MUST_CHECK enum xg_status cli_photo_read(struct cli_photo *out,
                                            struct cli *cli,
                                            struct xg_arena *arena,
                                            const char *given,
                                            struct xg_error *err);
XG_MUST_CHECK enum xg_status cli_act_photo(struct cli_act *act, struct cli *cli,
                                           const struct cli_photo *photo,
                                           struct xg_error *err);
/* Save something new, with its contact, and answer. */
XG_MUST_CHECK enum xg_status cli_act_create(struct cli_act *act,
                                            struct cli *cli, const char *author,
                                            struct xg_error *err);
/* As cli_act_photos(), without keeping anything: the draft gets elements of the
 * same roles, so that it can be put on trial. */
XG_MUST_CHECK enum xg_status cli_act_photo_roles(struct cli_act *act,
                                                 struct cli *cli,
                                                 struct xg_error *err);
/* Judge the answers to a form by its template. `state` NULL: something new;
 * `whole`: nothing required may be missing. */
XG_MUST_CHECK enum xg_status cli_act_form(struct cli_act *act, struct cli *cli,
                                          const struct xg_state *state,
                                          bool whole, struct xg_error *err);
/* Did a visit find something? */
bool cli_visit_abnormal(const struct xg_draft *d);
/* --why, where the draft has no reason yet. */
XG_MUST_CHECK enum xg_status cli_act_why(struct cli_act *act, struct cli *cli,
                                         struct xg_error *err);
/* Save a later act about `id`, and answer.
 *
 *  CLI_ADDS      whatever comes of it: what a person noted is kept
 *  CLI_DECIDES   it must take effect, or nothing is saved (XG_REFUSED); exit
 *                with 5 when there is something left to decide */
enum cli_saving { CLI_ADDS, CLI_DECIDES };
XG_MUST_CHECK enum xg_status cli_act_change(struct cli_act *act,
                                            struct cli *cli,
                                            const struct xg_id *id,
                                            enum cli_saving saving,
                                            struct xg_error *err);
/* The same without an answer, inside a transaction of the caller's. [t] */
XG_MUST_CHECK enum xg_status cli_act_append(struct cli_act *act,
                                            struct cli *cli,
                                            struct captured *out,
                                            const struct xg_id *id,
                                            enum cli_saving saving,
                                            struct xg_error *err);
/* The entity that a person named, and its kind. XG_REFUSED while its first
 * record has not come. */
XG_MUST_CHECK enum xg_status cli_find(struct cli *cli, struct store_entity *e,
                                      const char *text, struct xg_error *err);
/* Standard input is one photo at most. */
XG_MUST_CHECK enum xg_status cli_one_input(size_t inputs,
                                           struct xg_error *err);
/* XG_BUSY: what was kept is gone again. */
XG_MUST_CHECK enum xg_status cli_photo_gone(const struct xg_hash *sha256,
                                            struct xg_error *err);
/* One --photo as cli_act_photos() does it, --forwarded and --role aside. */
XG_MUST_CHECK enum xg_status cli_keep_photo(struct xg_photo *out,
                                            struct cli *cli,
                                            const struct cli_photo *photo,
                                            struct xg_error *err);

/* ---- drafts (cmd_draft.c, drafts.c, draft_judge.c) ---- */

/* A draft that a command finishes: what it saves, it saves with the draft's
 * photos, and the draft goes in the same transaction. */
struct cli_kept {
    int64_t number;
    const struct kept_draft *draft;
};
/* [t] Drop the draft that is being finished, if one is. */
XG_MUST_CHECK enum xg_status cli_drop_kept(struct cli *cli,
                                           struct xg_error *err);
/* Keep what the command line says as a new draft, and answer: --draft. */
XG_MUST_CHECK enum xg_status cli_keep_draft(struct cli *cli,
                                            struct xg_error *err);
/* `set` and `photo` on a draft: strict, unlike `draft write`. */
XG_MUST_CHECK enum xg_status cli_change_draft(struct cli *cli, int64_t number,
                                              bool photos,
                                              struct xg_error *err);

/* What is to be said of a draft as it stands. */
struct cli_judged {
    struct cli_act act; /* what is valid of it, photos too */
    struct view_judged said;
};
/* Clear it after use, on failure too. What cannot be judged is a problem of the
 * draft; only memory and the store fail. */
XG_MUST_CHECK enum xg_status cli_judge_draft(struct cli_judged *out,
                                             struct cli *cli,
                                             const struct kept_draft *d,
                                             struct xg_error *err);
void cli_judged_clear(struct cli_judged *j);
/* Everything about a draft. `near`: possible duplicates too. */
json_t *cli_draft_json(struct cli *cli, int64_t number,
                       const struct kept_draft *d,
                       const struct cli_judged *judged, bool near);
/* What was typed (`d` NULL: without it), what is wrong, what is missing. */
void cli_put_draft(struct xg_buf *out, const struct kept_draft *d,
                   const struct cli_judged *judged);
/* "2 天前" / "2 d ago". */
void cli_put_age(struct xg_buf *out, int64_t ms, int64_t now_ms);

/* Is recording possible at all? XG_REFUSED before the device joined. Also
 * notices a home that was restored, and then says so. */
XG_MUST_CHECK enum xg_status cli_may_record(struct cli *cli,
                                            struct xg_error *err);

/* ---- the guide: imported reference data (guide_cli.c) ---- */

/* Made when first asked for, lent until the program ends. */
XG_MUST_CHECK enum xg_status cli_guide(struct cli *cli, struct xg_guide **out,
                                       struct xg_error *err);
/* The day in China, for duties and posts. */
xg_day cli_today(struct cli *cli);
/* What it says to a move whose fields are set (guide_do.c): fills in the level
 * that a case is escalated to, board and post; XG_REFUSED for a duty that the
 * list does not have, or a whistle from a level that may not. Proposals go into
 * the advice. */
XG_MUST_CHECK enum xg_status cli_guide_move(struct cli *cli,
                                            struct cli_act *act,
                                            struct cli_case *at,
                                            struct xg_error *err);
/* What this site calls statuses, moves and the rest; NULL where that cannot be
 * read: the usual words do then. */
const struct xg_labels *cli_labels(struct cli *cli);
/* A remark for each code that it does not know, and for times that cannot be
 * meant. */
void cli_warn_codes(struct cli *cli, const struct xg_draft *d);
/* How near incidents of a category may be one: 0 none are looked for, negative
 * where no catalogue says. What cannot be read says nothing. */
int64_t cli_near_radius_mm(struct cli *cli, struct xg_bytes category);

/* ---- deadlines (clocks_cli.c) ---- */

struct cli_clocks {
    struct xg_clock *list; /* in the arena */
    size_t count;
    const struct xg_calendar *calendar;
    const struct xg_labels *labels;
    int64_t now_ms;
};
XG_MUST_CHECK enum xg_status cli_clocks_of(struct cli *cli,
                                           struct cli_clocks *out,
                                           struct xg_arena *arena,
                                           const struct fold *fold,
                                           struct xg_error *err);
/* As view_context.more wants them: all ("clocks"), or the one that matters
 * ("clock"). */
XG_MUST_CHECK enum xg_status cli_put_clocks(struct cli *cli, struct xg_buf *out,
                                            json_t **object,
                                            const struct xg_id *id,
                                            bool in_full, struct xg_error *err);
/* What `due` lists until the end of today, and what of it is late; of it those
 * that are cases, and how many are open at all (cmd_due.c). */
struct cli_due_counts {
    uint64_t today, overdue, cases_open, cases_overdue;
};
XG_MUST_CHECK enum xg_status cli_count_due(struct cli *cli,
                                           struct cli_due_counts *out,
                                           struct xg_error *err);
/* How its running stage stands. */
XG_MUST_CHECK enum xg_status cli_light_of(struct cli *cli, enum xg_light *light,
                                          const struct xg_id *id,
                                          struct xg_error *err);
/* When the running stage of a case is due. */
struct cli_due {
    int64_t ms; /* XG_NO_TIME: no limit, paused, or nothing runs */
    enum xg_stage stage;
    bool overdue;
};
XG_MUST_CHECK enum xg_status cli_due_of(struct cli *cli, struct cli_due *out,
                                        const struct xg_id *id,
                                        struct xg_error *err);

/* ---- duplicates (cmd_near.c) ---- */

/* "附近 40 米已有同类事件 …" after an incident was saved, or the key "near" of
 * the answer. What cannot be looked up is left out: it is saved all the same. */
void cli_say_near(struct cli *cli, const struct xg_id *id, json_t *answer);
/* Those that a draft of one may be: [] where nothing can be told. */
json_t *cli_near_draft(struct cli *cli, const struct xg_draft *draft);
/* The group of an incident, as view_context.more wants it. */
XG_MUST_CHECK enum xg_status cli_put_group(struct cli *cli, struct xg_buf *out,
                                           json_t **object,
                                           const struct xg_id *id,
                                           struct xg_error *err);
/* "0417-00123-7", else the first digits of the id. */
void cli_put_number(struct xg_buf *out, const struct store_entity *e);

/* ---- help (help.c, completion.c) ---- */

/* --help of one command. */
XG_MUST_CHECK enum xg_status cli_help_of(struct cli *cli,
                                         const struct cli_command *command,
                                         struct xg_error *err);
/* What may be typed for a field: "31.2,121.4", "normal 一般 | ...". */
void cli_put_field_form(struct xg_buf *out, const struct xg_field *field);

/* ---- the commands, as the table names them (cmd_*.c) ---- */

#define CLI_RUN(name)                                                          \
    XG_MUST_CHECK enum xg_status name(struct cli *cli, struct xg_error *err)

CLI_RUN(cmd_bundle_read);
CLI_RUN(cmd_bundle_write);
CLI_RUN(cmd_capture);
CLI_RUN(cmd_completion);
CLI_RUN(cmd_conflicts);
CLI_RUN(cmd_forks);
CLI_RUN(cmd_describe);
CLI_RUN(cmd_do);
CLI_RUN(cmd_draft_discard);
CLI_RUN(cmd_draft_finish);
CLI_RUN(cmd_draft_list);
CLI_RUN(cmd_draft_write);
CLI_RUN(cmd_due);
CLI_RUN(cmd_duplicates);
CLI_RUN(cmd_enrol);
CLI_RUN(cmd_export);
CLI_RUN(cmd_find);
CLI_RUN(cmd_handover_accept);
CLI_RUN(cmd_handover_finish);
CLI_RUN(cmd_handover_key);
CLI_RUN(cmd_handover_status);
CLI_RUN(cmd_handover_write);
CLI_RUN(cmd_help);
CLI_RUN(cmd_history);
CLI_RUN(cmd_import);
CLI_RUN(cmd_leave);
CLI_RUN(cmd_link);
CLI_RUN(cmd_list);
CLI_RUN(cmd_lock);
CLI_RUN(cmd_grids);
CLI_RUN(cmd_maps);
CLI_RUN(cmd_maps_add);
CLI_RUN(cmd_maps_remove);
CLI_RUN(cmd_mine);
CLI_RUN(cmd_note);
CLI_RUN(cmd_passphrase_clear);
CLI_RUN(cmd_passphrase_recover);
CLI_RUN(cmd_passphrase_set);
CLI_RUN(cmd_patrol_close);
CLI_RUN(cmd_patrol_continue);
CLI_RUN(cmd_patrol_day);
CLI_RUN(cmd_patrol_import);
CLI_RUN(cmd_patrol_show);
CLI_RUN(cmd_patrol_start);
CLI_RUN(cmd_patrol_stop);
CLI_RUN(cmd_photo);
CLI_RUN(cmd_photos);
CLI_RUN(cmd_photos_free);
CLI_RUN(cmd_photos_get);
CLI_RUN(cmd_photos_keep);
CLI_RUN(cmd_position);
CLI_RUN(cmd_read);
CLI_RUN(cmd_resolve);
CLI_RUN(cmd_set);
CLI_RUN(cmd_settings);
CLI_RUN(cmd_show);
CLI_RUN(cmd_status);
CLI_RUN(cmd_suggest);
CLI_RUN(cmd_sticks);
CLI_RUN(cmd_sync);
CLI_RUN(cmd_tally);
CLI_RUN(cmd_ui);
CLI_RUN(cmd_unlink);
CLI_RUN(cmd_unlock);
CLI_RUN(cmd_pin_set);
CLI_RUN(cmd_pin_change);
CLI_RUN(cmd_pin_remove);
CLI_RUN(cmd_pin_list);
CLI_RUN(cmd_pin_unlock);
CLI_RUN(cmd_pin_lock);
CLI_RUN(cmd_verify);
CLI_RUN(cmd_version);
CLI_RUN(cmd_withdraw);
/* enrol with --request or --accept. */
CLI_RUN(cli_enrol_by_file);

#endif
