/* duplicate.h - reports that may tell of one thing, and groups of those that a
 * person said do (core/near.h), for people and programs.
 */
#ifndef XG_VIEW_DUPLICATE_H
#define XG_VIEW_DUPLICATE_H

#include <jansson.h>

#include "shared/core/near.h"
#include "shared/core/record.h"
#include "shared/view/show.h"

/* One of a group. Its status is its own: a group has none, it is looked at. */
struct view_member {
    struct xg_id id;
    char number[XG_NUMBER_SIZE]; /* or "" */
    uint64_t status;
    bool withdrawn;
    bool waits;    /* a resident reported it: somebody waits for an answer */
    bool answered; /* and got one */
};
void view_member_of(struct view_member *out, const struct xg_state *state,
                    const char *number);

/* A line a member (`labels` may be NULL), and which reporters still wait for their answer. */
void view_put_group(struct xg_buf *out, const struct xg_labels *labels,
                    const struct view_member *members, size_t count);
/* {id, members: [{id, number, status, withdrawn, waits, answered}],
 *  unanswered: [id]} */
json_t *view_group_json(const struct xg_id *group,
                        const struct view_member *members, size_t count);

/* One side of two that may be the same: what it is, who found it and when, its
 * words, its photos. JSON: what a list has (show.h), and fields, created,
 * photo (list of values). */
XG_MUST_CHECK enum xg_status view_put_side(struct xg_buf *out,
                                           const struct xg_state *state,
                                           const struct view_context *view,
                                           struct xg_error *err);
XG_MUST_CHECK enum xg_status view_side_json(json_t **out,
                                            const struct xg_state *state,
                                            const struct view_context *view,
                                            struct xg_error *err);

/* What a draft of an incident says, as a spot whose id is nobody's. False: no
 * category, or no position. */
bool view_draft_spot(struct xg_spot *out, const struct xg_draft *d);
/* What a person needs to tell whether that one is what they are telling of: id,
 * number, distance_m, created, status, category, address, thumb (a small
 * picture's hash). */
json_t *view_near_json(const struct xg_brief *brief, const char *number,
                       int64_t created_ms, int64_t distance_mm);

/* "12 米", "12 m" */
void view_put_distance(struct xg_buf *out, int64_t mm);

#endif
