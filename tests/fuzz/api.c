/* api.c - a server in memory, and requests of a device that it knows: every
 * route, with header lines of anyone's making, among them photos on their way
 * in (tus). The text is
 *
 *      METHOD target
 *      Header: value
 *
 *      body
 *
 * A method after '~': the harness signs the body as the device, or, of a PUT,
 * seals the body's records into the next batch of the device's chain; to
 * /v1/enrol it signs as who comes new, and puts her key, and a code that is good,
 * where zeros stand for them. "*" as
 * the target's last part is that batch's id, or the newest upload; as the
 * bearer the device's token. Whatever comes, the answer is one that HTTP knows,
 * no failure of the server's own, and its log stays sound. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz_key.h"
#include "tests/fuzz/fuzz_memory.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/api/api.h"
#include "server/photo/photo.h"
#include "shared/core/protocol.h"
#include "tests/lib/office.h"

#define ORIGIN "test.example"

enum {
    HEADERS_MAX = 24,
    RECORDS_MAX = 32,
    STORED_MAX = 400,
    ENTRIES_MAX = 2000,
    RUNS_MAX = 20000
};

static struct office office;
static struct api api;
static struct test_device *device;
static struct xg_signer newcomer;
static uint8_t secret[XG_SECRET_SIZE]; /* of a code that nobody used yet */
static struct xg_hash last; /* of the device's chain at the server */
static uint64_t next;
static char bearer[80], upload[64];
static bool is_open;
static unsigned runs;

static void leave(void)
{
    if (!is_open)
        return;
    is_open = false;
    api_close(&api);
    test_device_free(device);
    office_close(&office);
}

static void put_records(size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct ingest_result result;

    test_seal(&frame, device, 0, count);
    FUZZ_MUST(ingest_put(office.d->ingest, &result, frame.data, frame.len,
                         &err) == XG_OK);
    xg_buf_clear(&frame);
    next = count;
    last = device->records[count - 1]->hash;
}

/* A report that names a photo of 5 bytes: SHA-256 of "photo". */
static void name_photo(void)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(256);
    struct xg_hash sha256;
    struct xg_draft d;

    crypto_hash_sha256(sha256.b, (const uint8_t *)"photo", 5);
    xg_draft_init(&d, device->arena, XG_KIND_INCIDENT);
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    xg_cbor_put_array(&value, 4);
    xg_cbor_put_bytes(&value, sha256.b, sizeof sha256.b);
    xg_cbor_put_uint(&value, 5);
    xg_cbor_put_uint(&value, 0);
    xg_cbor_put_uint(&value, 1);
    FUZZ_MUST(xg_draft_add(&d, XG_FIELD_PHOTO, xg_buf_bytes(&value), &err) ==
              XG_OK);
    xg_buf_clear(&value);
    test_write(device, &d, NULL);
}

static void make_code(void)
{
    struct xg_error err = XG_ERROR_NONE;

    FUZZ_MUST(registry_make_code(office.d->registry, secret, "wn",
                                 office.world.wall_ms + 3600000, &office.env,
                                 &err) == XG_OK);
}

static void begin(void)
{
    struct xg_error err = XG_ERROR_NONE;
    char name[XG_KEY_NAME_MAX + 1], base64[XG_BASE64_SIZE(32)];
    struct session whose;
    struct store_counts counts;
    struct xg_hash token;
    struct store *s;

    leave();
    office_open(&office, NULL);
    FUZZ_MUST(api_open(&api, office.d, &err) == XG_OK);
    FUZZ_MUST(data_borrow(office.d, &s, &err) == XG_OK &&
              s->ops->get_counts(s, &counts, &err) == XG_OK);
    data_return(office.d, s);
    registry_device_name(name, ORIGIN, counts.devices);
    device = test_device_new(&office.arena, &office.world, name, ORIGIN,
                             registry_registrar_key(office.d->registry));
    FUZZ_MUST(registry_enrol(office.d->registry, name,
                             device->signer.verifier.key, "wn", &err) == XG_OK);
    snprintf(whose.device, sizeof whose.device, "%s", name);
    session_give(api.sessions, &token, &whose);
    xg_base64(base64, sizeof base64, token.b, sizeof token.b);
    snprintf(bearer, sizeof bearer, "Bearer %s", base64);
    static const uint8_t seed[32] = {5};
    FUZZ_MUST(xg_signer_init(&newcomer, ORIGIN "/new", XG_SIG_ED25519, seed,
                             &err) == XG_OK);
    make_code();
    name_photo();
    put_records(2);
    upload[0] = '\0';
    runs = 0;
    is_open = true;
}

/* ---- what the harness does for the fuzzer ---- */

/* The records of `raw`, sealed where the chain stands; none: `out` is empty. */
static void seal(struct xg_buf *out, struct xg_hash *end, size_t *count,
                 struct xg_bytes raw)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(XG_DEFLATE_MAX);
    struct xg_sealable records[RECORDS_MAX];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash previous = last;
    size_t head, fields;
    struct xg_record r;

    *count = 0;
    while (*count < RECORDS_MAX && raw.len > 0 &&
           xg_record_skip(&head, raw.at, raw.len, &err) == XG_OK &&
           xg_record_skip(&fields, raw.at + head, raw.len - head, &err) ==
               XG_OK) {
        xg_record_read(&r, &device->chain, next + *count, &previous,
                       xg_bytes(raw.at, head), xg_bytes(raw.at + head, fields));
        records[(*count)++] =
            (struct xg_sealable){r.head_raw, r.fields_raw, r.hash};
        previous = r.hash;
        raw = xg_bytes(raw.at + head + fields, raw.len - head - fields);
    }
    if (*count &&
        xg_batch_seal(&note, &body, &device->chain, next, &last, records,
                      *count, &device->signer, true, &err) == XG_OK)
        xg_batch_frame(out, xg_buf_bytes(&note), xg_buf_bytes(&body));
    *end = previous;
    xg_buf_clear(&note);
    xg_buf_clear(&body);
}

static void sign_enrol(struct xg_buf *out, struct xg_bytes body)
{
    static const struct xg_hash zeros;
    const uint8_t *key = newcomer.verifier.key;
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_enrol e;

    if (xg_enrol_read(&e, body, &err) != XG_OK) {
        xg_note_sign(out, body, &newcomer);
        return;
    }
    if (xg_hash_equal(&e.key, &zeros))
        memcpy(e.key.b, key, sizeof e.key.b);
    if (xg_hash_equal(&e.code, &zeros))
        xg_secret_id(&e.code, secret);
    if (xg_hash_equal(&e.proof, &zeros))
        xg_enrol_proof(&e.proof, secret, key);
    xg_enrol_put(&text, &e);
    xg_note_sign(out, xg_buf_bytes(&text), &newcomer);
    xg_buf_clear(&text);
}

static void put_id(char hex[static 2 * XG_HASH_SIZE + 1],
                   const struct xg_buf *framed)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes note, body, name;
    struct xg_hash id = {{0}};

    if (xg_batch_peek(&note, &body, &name, framed->data, framed->len, &err) ==
        XG_OK)
        FUZZ_MUST(xg_batch_id(&id, note, &err) == XG_OK);
    xg_hex(hex, id.b, sizeof id.b);
}

/* ---- a request ---- */

static void keep_location(const struct xg_response *response)
{
    for (size_t i = 0; i < response->extra_count; i++) {
        const struct xg_http_field *f = &response->extra[i];
        FUZZ_MUST(!strpbrk(f->value, "\r\n"));
        if (strcasecmp(f->name, "Location") == 0)
            snprintf(upload, sizeof upload, "%s", f->value);
    }
}

/* Statuses of the server's own failing are none that a request may cause. */
static int serve(struct xg_request *request)
{
    struct xg_response response;

    xg_response_init(&response);
    xg_route_serve(api_routes, api_route_count, &api, request, &response);
    int status = response.http_status;
    if (status == 500 || status == 502) {
        xg_buf_text(&response.body, "");
        fprintf(stderr, "%d %s\n", status, xg_buf_str(&response.body));
    }
    FUZZ_MUST(status >= 200 && status < 600 && status != 500 && status != 502);
    keep_location(&response);
    xg_response_clear(&response);
    return status;
}

static size_t take_headers(struct xg_http_field *headers, char **text)
{
    size_t count = 0;

    while (count < HEADERS_MAX && *text) {
        char *line = strsep(text, "\n");
        if (!*line)
            break;
        headers[count].name = strsep(&line, ":");
        if (line && *line == ' ')
            line++;
        headers[count].value = line ? line : "";
        if (strcasecmp(headers[count].name, "Authorization") == 0 &&
            strcmp(headers[count].value, "*") == 0)
            headers[count].value = bearer;
        count++;
    }
    return count;
}

/* The body as the fuzzer meant it: *made is to be cleared. */
static struct xg_bytes make_body(struct xg_buf *made, struct xg_hash *end,
                                 size_t *sealed, bool put, bool enrols,
                                 struct xg_bytes body)
{
    bool is_text = body.len > 0 && body.at[body.len - 1] == '\n' &&
                   xg_text_allowed(body);

    if (put)
        seal(made, end, sealed, body);
    else if (is_text && enrols)
        sign_enrol(made, body);
    else if (is_text)
        xg_note_sign(made, body, &device->signer);
    return made->failed ? xg_bytes(NULL, 0) : xg_buf_bytes(made);
}

static void run(char *text, size_t size, struct xg_arena *arena)
{
    struct xg_http_field headers[HEADERS_MAX];
    struct xg_request r = {.headers = headers, .peer = "::1", .arena = arena};
    struct xg_buf made = XG_BUF(1 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash end;
    char *rest = text, *target, hex[2 * XG_HASH_SIZE + 1];
    size_t sealed = 0;

    target = strsep(&rest, "\n");
    char *method = strsep(&target, " ");
    bool makes = *method == '~';
    method += makes;
    r.method = method;
    r.header_count = take_headers(headers, &rest);
    if (!target)
        return;
    if (rest)
        r.body = xg_bytes(rest, size - (size_t)(rest - text));
    bool enrols = strcmp(target, "/v1/enrol") == 0;
    if (makes)
        r.body = make_body(&made, &end, &sealed, strcmp(method, "PUT") == 0,
                           enrols, r.body);
    put_id(hex, &made);
    size_t len = strlen(target);
    if (len > 0 && target[len - 1] == '*') {
        target[len - 1] = '\0';
        target = xg_arena_format(arena, "%s%s", sealed ? target : "",
                                 sealed ? hex : upload);
    }
    int status = target && xg_request_target(&r, target, &err) == XG_OK
                     ? serve(&r)
                     : 0;
    if (status == 200 && sealed) {
        next += sealed;
        last = end;
    }
    if (status == 200 && enrols && makes)
        make_code();
    xg_buf_clear(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool first = true;
    struct xg_arena arena = XG_ARENA(XG_WEB_ARENA_BYTES);

    if (first) {
        FUZZ_MUST(xg_base_init() == 0);
        fuzz_memory();
        atexit(leave);
    }
    first = false;
    if (!is_open || next > STORED_MAX || ++runs > RUNS_MAX ||
        office_log_size(&office) > ENTRIES_MAX)
        begin();
    char *text = xg_arena_str(&arena, (const char *)data, size);
    if (text)
        run(text, size, &arena);
    xg_arena_clear(&arena);
    return 0;
}
