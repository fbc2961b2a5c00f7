/* waiting.h - what waits for whom in a case: open requests, a supervision
 * without its reply, an answer that is owed; and why it last went back.
 *
 *      待办：申请延期 到 2026-10-10 17:00:00（ha，理由：等配件）
 *      待办：督办待回复（lead，理由：三天没有动静）
 *      待办：待答复反映人
 *      最近：退单（ha，理由：不归我管）
 *
 * JSON: "waiting" [{what, move, until, author, why}] - what is "request",
 * "reply" or "answer", of which the last has nothing else - and "turned_back"
 * {move, author, why}: the last void, return, rework or reopening, while the
 * case stands where it led.
 */
#ifndef XG_VIEW_WAITING_H
#define XG_VIEW_WAITING_H

#include <jansson.h>

#include "shared/view/show.h"

enum view_wait_sort { VIEW_WAIT_REQUEST, VIEW_WAIT_REPLY, VIEW_WAIT_ANSWER };

struct view_wait {
    enum view_wait_sort sort;
    uint32_t op; /* that asked or supervised; XG_NONE of an answer */
};

/* At most so many. None of what is withdrawn. */
enum { VIEW_WAITS_MAX = XG_ASKINGS + 2 };
size_t view_waits_of(struct view_wait out[static VIEW_WAITS_MAX],
                     const struct xg_state *state);

/* In show, as above. */
XG_MUST_CHECK enum xg_status view_put_waiting(struct xg_buf *out,
                                              const struct xg_state *state,
                                              const struct view_context *view,
                                              struct xg_error *err);
XG_MUST_CHECK enum xg_status view_set_waiting(json_t **object,
                                              const struct xg_state *state,
                                              const struct view_context *view,
                                              struct xg_error *err);
/* The same as a set, for who keeps it: 1 << enum xg_asking for each request,
 * then the supervision, then the answer. */
unsigned view_waits_set(const struct xg_state *state);

/* In a list: "待批：申请延期；督办待回复", or nothing; with `object` the names
 * alone, "waiting" [{what, move}], and `out` is NULL. `labels`: the
 * site's words, or NULL. */
void view_mark_waiting(struct xg_buf *out, json_t **object, unsigned waits,
                       const struct xg_labels *labels);

#endif
