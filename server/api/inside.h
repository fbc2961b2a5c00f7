/* inside.h - what the files of the API share; of them only. */
#ifndef SERVER_API_INSIDE_H
#define SERVER_API_INSIDE_H

#include "server/api/answer.h"
#include "server/api/api.h"

/* A handler fills the response and returns XG_OK, or fails and the response
 * becomes the problem. A refusal with a code of its own is api_refuse(), then
 * XG_OK. */
typedef enum xg_status api_handler(struct api *a,
                                   const struct xg_request *request,
                                   struct xg_response *response,
                                   struct xg_error *err);

api_handler api_enrol, api_hello, api_put_batch, api_get_batch, api_proof,
    api_updates, api_reference, api_references, api_checkpoint, api_tile,
    api_healthz, api_metrics, api_blobs_held, api_get_blob, api_successor,
    api_show_checkpoint, api_cosigned, api_witnesses, api_add_checkpoint,
    api_witnessed;

/* Photos on their way in: /v1/blobs and /v1/uploads/<id>, every method. */
extern const struct xg_stream api_tus;

/* From now on this thread says what it says in the sender's language. */
void api_speak(const struct xg_request *request);
/* Answer with a failure, and count it. */
void api_fail(struct api *a, const struct xg_request *request,
              struct xg_response *response, const struct xg_error *err);

/* Always XG_OK, to be returned. */
enum xg_status api_refuse(struct api *a, struct xg_response *response,
                          int http_status, const char *code, const char *title);

/* The same, 503 `behind`: this server is an old copy and writes nothing. */
enum xg_status api_refuse_behind(struct api *a, struct xg_response *response);

/* Whose the request's token is. False: the response says 401. */
bool api_session(struct api *a, struct session *whose,
                 const struct xg_request *request,
                 struct xg_response *response);

/* The same for what answer.h refused. False: there is nothing to refuse. */
bool api_refused(struct api *a, struct xg_response *response,
                 const struct api_refusal *no);

/* api_view_of() the API's data. */
XG_MUST_CHECK enum xg_status api_view_open(struct api_view *v, struct api *a,
                                           struct xg_error *err);

/* A device stated a size. False: larger than ours; the response says so, and
 * the alarm is raised. */
bool api_size_fits(struct api *a, const struct api_view *v, uint64_t stated,
                   const char *device, struct xg_response *response);

/* "Xunge-Size": what the sender holds of the log; 0 without one. False: no
 * number. */
bool api_size_held(uint64_t *size, const struct xg_request *request);

/* "?since=<size>&held=<position>,...": from where on a device wants its news.
 * XG_USAGE. */
struct api_since {
    bool asked;     /* since was there; else 0 */
    uint64_t since;
    size_t count;
    uint64_t held[XG_HELD_MAX + 1]; /* room for one more */
};
XG_MUST_CHECK enum xg_status api_read_since(struct api_since *out,
                                            const struct xg_request *request,
                                            struct xg_error *err);

/* Exactly 64 lower-case hex digits. */
bool api_hash(struct xg_hash *hash, const char *text);

#endif
