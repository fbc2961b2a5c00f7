/* answer.h - what a device is answered, bytes in and bytes out, whatever
 * carried its question: a request (api_*.c) or a bundle (bundle.h). So what
 * comes on a stick is judged by the very code of the network.
 *
 * A question that the protocol refuses is no failure: the function returns
 * XG_OK, leaves the rest of its outputs alone, and says why in a refusal.
 */
#ifndef SERVER_API_ANSWER_H
#define SERVER_API_ANSWER_H

#include "server/api/session.h"
#include "server/data/data.h"

/* The published log, and the store in a snapshot that holds all of it. */
struct api_view {
    struct data *data;
    struct store *store;
    struct xg_checkpoint checkpoint;
    struct xg_buf note; /* the checkpoint's */
};
XG_MUST_CHECK enum xg_status api_view_of(struct api_view *v, struct data *data,
                                         struct xg_error *err);
void api_view_close(struct api_view *v);

/* `code` (api.h) is NULL where there is none. `title` is a text of the
 * program, or that of the error that was given. */
struct api_refusal {
    int http_status;
    const char *code, *title;
    bool alarm; /* the device has seen another log, or a longer one; also where
                 * it is answered all the same */
};

/* The same as an error, for who has no other use for it. */
enum xg_status api_fail_refused(const struct api_refusal *no,
                                enum xg_status status, struct xg_error *err);

/* What a note is signed by says who sent it: name of its only signature line.
 * XG_FORMAT. */
XG_MUST_CHECK enum xg_status api_note_name(char name[XG_KEY_NAME_MAX + 1],
                                           struct xg_bytes note,
                                           struct xg_error *err);

/* A device stated a size. False: it is larger than ours, which is told to the
 * operator, and refused. */
bool api_size_known(struct api_refusal *no, const struct api_view *v,
                    uint64_t stated, const char *device);

/* ---- POST /v1/enrol ---- */

/* `note` by the new key; *enrolled as in the answer; its log is lent by
 * `d`. */
XG_MUST_CHECK enum xg_status
api_answer_enrol(struct xg_buf *out, struct api_refusal *no,
                 struct xg_enrolled *enrolled, struct data *d,
                 struct xg_bytes note, struct xg_error *err);

/* ---- POST /v1/hello ---- */

/* Who asks, and what it said of itself. */
struct api_caller {
    struct xg_verifier device;
    enum xg_device_state state;
    struct xg_hello says; /* its log borrows the note */
};

/* By name: of the registry, or of those that wait to get there. `says` is left
 * empty: that of a device which holds nothing. */
XG_MUST_CHECK enum xg_status
api_find_caller(struct api_caller *who, bool *found, const struct api_view *v,
                const char *name, struct xg_error *err);
/* From the note that a device sent. */
XG_MUST_CHECK enum xg_status api_read_hello(struct api_caller *who,
                                            struct api_refusal *no,
                                            const struct api_view *v,
                                            struct xg_bytes note,
                                            struct xg_error *err);
/* Append the frames. `sessions` NULL: none is made, the token is zeros.
 * *welcome, in the arena, is what they say. */
XG_MUST_CHECK enum xg_status
api_answer_hello(struct xg_buf *out, const struct xg_welcome **welcome,
                 struct api_refusal *no, const struct api_view *v,
                 struct session_table *sessions, const struct api_caller *who,
                 struct xg_arena *arena, struct xg_error *err);

/* ---- PUT /v1/batches/<id> ---- */

/* Take a framed batch in, under the name that it came by. */
XG_MUST_CHECK enum xg_status
api_take_batch(struct ingest_result *result, struct api_refusal *no,
               struct data *d, const struct xg_hash *named,
               struct xg_bytes framed, struct xg_error *err);

/* ---- GET /v1/updates, GET /v1/references ---- */

/* Append the page from `since`; *page says where it ends. `held` may be NULL.
 * Refused to a device that was revoked. */
XG_MUST_CHECK enum xg_status
api_answer_updates(struct xg_buf *out, struct scope_page *page,
                   struct api_refusal *no, const struct api_view *v,
                   const char *device, uint64_t since,
                   const struct scope_held *held, struct xg_error *err);
/* Append the frames of the entries from the n-th on; *count of them. */
XG_MUST_CHECK enum xg_status
api_answer_references(struct xg_buf *out, size_t *count,
                      const struct api_view *v, uint64_t from,
                      struct xg_arena *arena, struct xg_error *err);

#endif
