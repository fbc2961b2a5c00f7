/* show.h - an entity as a person sees it: a line of a list, in full, its
 * history, its conflicts. As text in the language set, or as JSON (stable
 * keys, one object a line).
 *
 * The three axes of everything a worker sees: delivery (文字), photos (照片),
 * decision (冲突). Each says only what is known for certain.
 */
#ifndef XG_VIEW_SHOW_H
#define XG_VIEW_SHOW_H

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/core/merge.h"
#include "shared/core/note.h"
#include "shared/core/number.h"
#include "shared/core/registry.h"
#include "shared/guide/labels.h"

/* How far the text of a record, or of the least forward record of an entity,
 * has come. Number, JSON name, labels. `sealed` is shown as waiting but in
 * details. */
#define VIEW_DELIVERY_TABLE(X)                                               \
    X(VIEW_DRAFT, "draft", "草稿", "draft")                                  \
    X(VIEW_WAITING, "waiting", "待传", "waiting")                            \
    X(VIEW_SEALED, "sealed", "待传（已封装）", "waiting (sealed)")           \
    X(VIEW_SENT, "sent", "已发", "sent")                                     \
    X(VIEW_RECEIVED, "received", "已收到", "received")

enum view_delivery {
#define X(name, json, zh, en) name,
    VIEW_DELIVERY_TABLE(X)
#undef X
};

const char *view_delivery_name(enum view_delivery delivery);  /* JSON */
const char *view_delivery_label(enum view_delivery delivery); /* a person */

/* Where a photo is, as far as it is known here. */
enum view_place {
    VIEW_PHOTO_SERVER,    /* the server holds it (an agent: by proof) */
    VIEW_PHOTO_ONLY_HERE, /* on this device, not known to be on the server */
    VIEW_PHOTO_ELSEWHERE, /* a server: it has not come; it is on the device
                           * that took it, or lost */
    VIEW_PHOTO_NOT_HERE,  /* an agent: another's; the server may have it */
    VIEW_PHOTO_WANTED,    /* the same, and an operator asked for it */
    VIEW_PHOTO_LET_GO,    /* the server holds it, this device does no more */
    VIEW_PHOTO_ERASED,    /* by an act in the log: it is nowhere to be */
};

const char *view_place_name(enum view_place place);  /* JSON */
const char *view_place_label(enum view_place place); /* a person */

/* What a program knows of an entity beside its state. */
struct view_entity {
    char number[XG_NUMBER_SIZE]; /* human number, draft-N, or "" */
    enum view_delivery delivery; /* the least of its records */
    bool out; /* given to others: no longer this device's to do */
    int64_t created_ms; /* when it was first told of, or happened; 0 unknown */
};

/* Of a person's name, with its end. */
enum { VIEW_NAME_SIZE = 200 + 1 };

/* And of one record of it. */
struct view_about {
    char author[XG_CODE_MAX + 1];
    char author_name[VIEW_NAME_SIZE]; /* "" where only the code is known */
    const struct xg_role *role;     /* NULL: unknown */
    enum xg_grade grade;
    char device[XG_KEY_NAME_MAX + 1]; /* "" unknown */
    enum view_delivery delivery;
    bool logged;                    /* `entry` is the place in the log */
    uint64_t entry;
    bool verified;                  /* the proof was checked by this program */
    bool kept_apart; /* received and logged, but not merged: its device was
                      * revoked */
    bool has_not_before, has_not_after;
    int64_t not_before_ms, not_after_ms; /* by server time */
    int64_t seen_before_ms, seen_after_ms; /* the same by witnesses: not before
                                            * the first, not after the second;
                                            * 0 where none are known */
    bool clock_doubt; /* the wall clock lies outside, jumped, or is not set */
};

/* How far a clock may be off before it is said. */
enum { VIEW_CLOCK_TOLERANCE_MS = 120 * 1000 };

/* Can a device's clock not have been right when it said `wall_ms`: too early
 * for anything, or, of a record that was logged by then, later than the
 * server's time `known_ms` (0: not known)? */
bool view_clock_doubt(int64_t wall_ms, int64_t known_ms);
/* Or outside the bounds that the log gives its record, as far as known? */
bool view_clock_outside(const struct view_about *about, int64_t wall_ms);

/* Where the views look such things up. `entity`, `about` and `photo` are
 * called with the ctx; any of them may be NULL: then nothing is known, the
 * delivery is not shown, and photos are only counted. A callback gets a zeroed
 * output; its failure ends the view. */
struct view_context {
    void *ctx;
    enum xg_status (*entity)(void *ctx, struct view_entity *out,
                             const struct xg_id *id, struct xg_error *err);
    enum xg_status (*about)(void *ctx, struct view_about *out,
                            const struct xg_op *op, struct xg_error *err);
    enum xg_status (*photo)(void *ctx, enum view_place *out,
                            const struct xg_hash *sha256,
                            struct xg_error *err);
    /* What else is known of an entity: its clocks, its group. In show
     * (in_full) lines of their own at the end, in a list a few words at the
     * end of the line, or nothing; with `json` keys of the object, and `out`
     * is NULL. */
    enum xg_status (*more)(void *ctx, struct xg_buf *out, json_t **object,
                           const struct xg_id *id, bool in_full,
                           struct xg_error *err);
    const struct xg_labels *labels; /* what this site calls statuses, moves,
                                     * stages and roles, borrowed; NULL: as
                                     * usual. JSON keeps their names. */
    /* What a person calls that which the value refers to: of a code its name
     * ("市政园林中心"), of an entity its number and title; or nothing. Text
     * has it before the code and instead of the id; JSON has it under "names"
     * of the object that holds the fields, or "name" beside one value. Names
     * adorn: what cannot be looked up has none, and ends no view. */
    void (*name)(void *ctx, struct xg_buf *out, const struct xg_field *field,
                 const struct xg_cbor_item *value);
    /* The form whose questions the entity answers, lent; NULL: none, or its
     * edition is not here. Then answers stand as they were typed. */
    const struct xg_template *(*form)(void *ctx, const struct xg_state *state);
    bool json; /* JSON instead of text */
    bool withhold; /* a line of a list goes without its personal fields */
};

/* On failure (of a callback, XG_NOMEM, XG_TOOBIG) `out` holds what was written
 * before. All text ends with a new line. */

/* The heading of a list; nothing as JSON. */
void view_list_head(struct xg_buf *out, const struct view_context *view);
/* What a person knows it by, in one line: what sort of thing and where, or its
 * own name: "垃圾堆积 通达路120号", "王大爷"; else its kind. Nothing personal
 * where it is withheld. */
void view_put_known_as(struct xg_buf *out, const struct xg_brief *brief,
                       const struct view_context *view);
/* One line: number, kind, status, key fields, three axes. JSON also has what
 * `show` shows at its head: title, short (the beginning of its long text),
 * created, position, thumb (the photo that stands for it). */
XG_MUST_CHECK enum xg_status view_list_row(struct xg_buf *out,
                                           const struct xg_brief *brief,
                                           const struct view_context *view,
                                           struct xg_error *err);

/* Everything that holds now, conflicting values side by side; of a photo what
 * is doubtful about it (doubt.h; JSON: "doubts", only where there are any). */
XG_MUST_CHECK enum xg_status view_show(struct xg_buf *out,
                                       const struct xg_state *state,
                                       const struct view_context *view,
                                       struct xg_error *err);

/* One record as a sentence: who did what. Appended, without a new line. */
XG_MUST_CHECK enum xg_status view_put_story(struct xg_buf *out,
                                            const struct xg_state *state,
                                            uint32_t op,
                                            const struct view_context *view,
                                            struct xg_error *err);

/* Every record, causes before effects, with the graph of what its author had
 * seen: one lane a branch of a device's chain. */
XG_MUST_CHECK enum xg_status view_history(struct xg_buf *out,
                                          const struct xg_state *state,
                                          const struct view_context *view,
                                          struct xg_error *err);

/* What a person has to decide, each with a stable reason code:
 *
 *      field           different values of a register, none saw the others
 *      withdraw-edit   a withdrawal beside an edit
 *      overtaken       a move that met another status than its author saw
 *
 * A text says so when there is none; JSON then has no line. */
XG_MUST_CHECK enum xg_status view_conflicts(struct xg_buf *out,
                                            const struct xg_state *state,
                                            const struct view_context *view,
                                            struct xg_error *err);

/* What was decided and could be decided otherwise, the same way: nothing where
 * there is none. */
XG_MUST_CHECK enum xg_status view_decided(struct xg_buf *out,
                                          const struct xg_state *state,
                                          const struct view_context *view,
                                          struct xg_error *err);

/* "文字已收到 · 照片 1/3 仅在本机 · 有冲突待决定", without a new line. */
XG_MUST_CHECK enum xg_status view_axes(struct xg_buf *out,
                                       const struct xg_brief *brief,
                                       const struct view_context *view,
                                       struct xg_error *err);

#endif
