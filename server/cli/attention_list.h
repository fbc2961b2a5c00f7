/* attention_list.h - what the files of `attention` share: the list of what a
 * person must look at, until all is there and can be put in order
 * (server/desk/attention.h).
 */
#ifndef XG_SERVER_CLI_ATTENTION_LIST_H
#define XG_SERVER_CLI_ATTENTION_LIST_H

#include "server/cli/finding.h"
#include "server/cli/look.h"
#include "server/desk/attention.h"

enum {
    ATTENTION_TEXT_MAX = 4096,
    ATTENTION_SHORT_HASH = 12, /* digits of a record or photo in a key */
};

struct attention_item {
    json_t *json;
    int64_t since_ms; /* XG_NO_TIME: nobody knows */
    uint64_t order;
};

struct attention_list {
    struct look l;
    struct findings findings;
    unsigned wanted; /* 1 << enum attention_what */
    struct attention_item *items;
    size_t count, room;
};

static inline bool attention_wants(const struct attention_list *g,
                                   enum attention_what what)
{
    return (g->wanted & 1u << what) != 0;
}

/* What the makers of items say of one. */
struct attention_said {
    enum attention_what what;
    const char *key, *id, *number, *title, *reason, *text, *device, *chain,
        *batch; /* NULL: none */
    int64_t since_ms;
};
XG_MUST_CHECK enum xg_status attention_add(struct attention_list *g,
                                           const struct attention_said *said,
                                           struct xg_error *err);
/* A text of an item; "" where it has none. */
const char *attention_text_at(const json_t *json, const char *key);

/* ---- what there is: each adds what is wanted and may be seen ---- */

/* Of one case; of all those that the board says have something. */
XG_MUST_CHECK enum xg_status attention_add_case(struct attention_list *g,
                                                const struct store_entity *e,
                                                struct xg_error *err);
XG_MUST_CHECK enum xg_status attention_add_cases(struct attention_list *g,
                                                 struct xg_error *err);
XG_MUST_CHECK enum xg_status attention_add_lost_photos(struct attention_list *g,
                                                       struct xg_error *err);
XG_MUST_CHECK enum xg_status attention_add_forks(struct attention_list *g,
                                                 struct xg_error *err);
XG_MUST_CHECK enum xg_status attention_add_apart(struct attention_list *g,
                                                 struct xg_error *err);
XG_MUST_CHECK enum xg_status attention_add_histories(struct attention_list *g,
                                                     struct xg_error *err);
XG_MUST_CHECK enum xg_status attention_add_logins(struct attention_list *g,
                                                  struct xg_error *err);
/* All of them. */
XG_MUST_CHECK enum xg_status attention_gather(struct attention_list *g,
                                              struct xg_error *err);

/* After it was read, and after a failure. */
void attention_close(struct attention_list *g);

/* ---- settling ---- */

/* XG_USAGE: there is none of that name. */
XG_MUST_CHECK enum xg_status attention_what_of(enum attention_what *what,
                                               const char *name,
                                               struct xg_error *err);
/* Neither whose login it is says that it was seen, nor who gave it: XG_REFUSED.
 */
XG_MUST_CHECK enum xg_status
attention_judge_login(struct attention_list *g, const struct xg_hash *record,
                      struct xg_error *err);

#endif
