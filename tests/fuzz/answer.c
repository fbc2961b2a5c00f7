/* answer.c - what comes back for one request of the agent, of a server or of
 * whoever answers in its place: judged as docs/protocol.md says, and what is
 * told to the worker cannot steer a terminal.
 *
 * u16be HTTP status, u8 method, u8 media type, then the body. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "agent/engine/inside.h"

static enum xg_status answer(void *ctx, const struct transport_request *request,
                             struct transport_answer *out, struct xg_error *err)
{
    static const char *const types[] = {"application/problem+json",
                                        "application/octet-stream", "text/html",
                                        ""};
    const struct xg_bytes *data = ctx;

    (void)request;
    out->http_status = xg_load_u16(data->at) % 600;
    memcpy(out->type, types[data->at[3] % 4], strlen(types[data->at[3] % 4]));
    out->type[strlen(types[data->at[3] % 4])] = '\0';
    xg_buf_append(&out->body, data->at + 4, data->len - 4);
    return xg_buf_check(&out->body, err);
}

static void must_be_plain(const char *text)
{
    for (; *text; text++)
        FUZZ_MUST((unsigned char)*text >= 0x20 && *text != 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PATCH"};
    struct xg_bytes input = xg_bytes(data, size);
    struct xg_transport transport = {&input, answer};
    struct xg_env env = xg_env_system();
    struct sync_options options = {0};
    struct sync_report *report = calloc(1, sizeof *report);
    struct sync *y = calloc(1, sizeof *y);
    struct xg_error err = XG_ERROR_NONE;

    FUZZ_MUST(report && y);
    if (size >= 4) {
        struct transport_request request = {.method = methods[data[2] % 4],
                                            .path = "/v1/hello"};
        y->transport = &transport;
        y->env = &env;
        y->options = &options;
        y->report = report;
        y->answer.body = XG_BUF(XG_ANSWER_MAX);
        enum xg_status status = sync_call(y, &request, &err);
        FUZZ_MUST(status != XG_OK || y->answer.http_status == 200);
        if (status != XG_OK)
            must_be_plain(xg_error_text(&err));
        must_be_plain(y->problem);
        xg_buf_clear(&y->answer.body);
    }
    free(y);
    free(report);
    return 0;
}
