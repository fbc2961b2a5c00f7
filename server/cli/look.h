/* look.h - what the commands about entities have in common: a reader of the
 * store, what it knows for the views, and from what a person typed to an
 * entity. Of this room only. */
#ifndef SERVER_CLI_LOOK_H
#define SERVER_CLI_LOOK_H

#include "server/cli/cmd.h"
#include "server/data/data.h"
#include "server/merge/group.h"
#include "server/sight/access.h"
#include "server/sight/sight.h"
#include "shared/view/form.h"
#include "shared/view/show.h"

enum { LOOK_BYTES = 256 << 20, LOOK_ROWS_MAX = 100000 };

struct board_row;
struct board_reader;
struct guide_lent;

/* What a command looks through. */
struct look {
    struct cmd *c;
    struct store *store;
    struct xg_registry registry;
    struct sight sight; /* of who looks: every way to an entity asks it */
    struct xg_arena arena;          /* for what lives as long as the command */
    const struct fold *fold;        /* while one entity is shown */
    const struct store_entity *row; /* while one is listed */
    struct view_context view;
    struct xg_guide *guide;   /* lent when it is first asked */
    struct guide_lent *guide_lent;
    struct group_map *groups; /* the same; in the arena */
    int64_t now_ms;
    /* Who is shown personal fields; without one they are left out. What they
     * were shown so far lies in the output, and goes nowhere before
     * look_tell(). */
    struct access_reader reader;
    bool has_reader;
    struct access_ids shown;
    const struct board_row *listed; /* while the board's row is listed, */
    struct board_reader *board;     /* of this snapshot */
};

/* look_close() also after a failure. */
XG_MUST_CHECK enum xg_status look_open(struct look *l, struct cmd *c,
                                       struct xg_error *err);
void look_close(struct look *l);
/* The reader goes back: reading ends before writing begins. What lies in the
 * arena stays. */
void look_give_back(struct look *l);

/* Who looks, by --as; *known false without it. XG_NOTFOUND: nobody. */
XG_MUST_CHECK enum xg_status look_person(struct look *l,
                                         struct xg_statement *who, bool *known,
                                         struct xg_error *err);
/* Of what is looked at: proof; of a case holders, proposal, category_name; of a
 * notice who of those it is for has not read it (beside.c). */
XG_MUST_CHECK enum xg_status look_set_proof(struct look *l, json_t **object,
                                            struct xg_error *err);
XG_MUST_CHECK enum xg_status look_set_beside(struct look *l, json_t **object,
                                             struct xg_error *err);
XG_MUST_CHECK enum xg_status look_set_unread(struct look *l, json_t **object,
                                             struct xg_error *err);
/* Of who is logged in at the console: XG_REFUSED, if `describe` does not say
 * that her role makes such a one (describe.c). */
XG_MUST_CHECK enum xg_status look_may_add(const struct look *l,
                                          const struct xg_kind *kind,
                                          struct xg_error *err);
/* What the site's lists say to the move of a draft about the case looked at
 * (shared/view/site_move.h); remarks and choices go into the output as text, or
 * beside a refusal as JSON. */
XG_MUST_CHECK enum xg_status look_site_move(struct look *l,
                                            struct xg_draft *draft,
                                            const struct xg_judgement *actor,
                                            struct xg_buf *said,
                                            struct xg_error *err);
/* Is there another that says to be the same as it, or the other way round? */
XG_MUST_CHECK enum xg_status look_grouped(struct look *l, bool *grouped,
                                          const struct xg_id *id,
                                          struct xg_error *err);
/* l->guide, lent when it is first asked. */
XG_MUST_CHECK enum xg_status look_guide(struct look *l, struct xg_error *err);
/* The number that a device gave what its record creates. */
bool look_serial(uint64_t *serial, const struct store_record *row);

/* ---- lists (list.c) ---- */

/* Of the row that is listed, which is not folded otherwise: the clock that
 * matters most, NULL where none runs. */
XG_MUST_CHECK enum xg_status
look_main_clock(const struct xg_clock **main,
                const struct xg_calendar **calendar, struct fold *fold,
                struct xg_arena *arena, struct look *l, struct xg_error *err);
/* As JSON: what the board has of the row that is listed. */
void look_set_listed(struct look *l, json_t **object);
/* One line, without its personal fields where they are not to be shown. */
XG_MUST_CHECK enum xg_status look_put_row(struct look *l,
                                          const struct store_entity *e,
                                          struct xg_error *err);
/* All that the filter lets through, newest first, page by page. */
XG_MUST_CHECK enum xg_status
look_walk(struct look *l, struct store_filter filter, size_t limit,
          enum xg_status (*each)(struct look *l, const struct store_entity *e,
                                 struct xg_error *err),
          struct xg_error *err);

/* ---- who reads what (server/sight/access.h) ---- */

/* Take --as and --why of a command that shows personal fields, which it does
 * with both alone; --why without --as is XG_USAGE. XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status look_reader(struct look *l, struct xg_error *err);
/* May this be shown? Then it is noted that it was. */
bool look_shows(struct look *l, const struct xg_id *id, bool sensitive);
/* XG_USAGE: it is sensitive, and nobody says who reads it, and why. */
XG_MUST_CHECK enum xg_status look_must_show(struct look *l,
                                            const struct fold *fold,
                                            struct xg_error *err);
/* At the end: what was shown is recorded, or else taken out of the output, as
 * it is after a failure. The reader of the store is given back. */
XG_MUST_CHECK enum xg_status look_tell(struct look *l, unsigned how,
                                       enum xg_status status,
                                       struct xg_error *err);
/* That refusal; as JSON with "wants": "why". */
XG_MUST_CHECK enum xg_status look_wants_reader(struct cmd *c,
                                               struct xg_error *err);

/* ---- finding (find.c) ---- */

/* What a person types: a human number, an official one, the beginning of an
 * id. Of the shape of view_resolver; ctx is the look. XG_NOTFOUND,
 * XG_AMBIGUOUS. */
XG_MUST_CHECK enum xg_status look_find_id(void *ctx, struct xg_id *id,
                                          const char *text,
                                          struct xg_error *err);
/* A record of the entity being looked at, by the beginning of its hash. */
XG_MUST_CHECK enum xg_status look_find_hash(void *ctx, struct xg_hash *hash,
                                            const char *prefix,
                                            struct xg_error *err);
/* Both, and codes by their names in the imported files. Borrows the look. */
struct view_resolver look_resolver(struct look *l);
/* What the text means, as it lies in the store; *folded: look_fold() can. */
XG_MUST_CHECK enum xg_status look_named(struct store_entity *e, bool *folded,
                                        struct look *l, const char *text,
                                        struct xg_error *err);
/* The entity that the text means, folded; it is then the one looked at. */
XG_MUST_CHECK enum xg_status look_fold(struct fold *fold, struct look *l,
                                       const char *text, struct xg_error *err);

#endif
