/* test_tus.c - every line of the tus table in docs/protocol.md, without any
 * socket; then what only sockets show: a connection that is dead and does not
 * know it, several senders of one photo, a body that breaks off. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "server/api/api.h"
#include "server/photo/photo.h"
#include "tests/lib/office.h"

#define ORIGIN "test.example"
#define TYPE "application/offset+octet-stream"

enum { LENGTH = 50000, FIELDS_MAX = 12 };

/* An office, two devices with tokens, and a photo that a record names. */
struct fixture {
    struct office o;
    struct api api;
    struct test_device *device;
    char bearer[2][80]; /* the values of Authorization */
    uint8_t *photo;
    struct xg_hash sha256;
    char metadata[120], length[24];
    char location[64]; /* of the newest upload */
    char offset[24];   /* of the newest answer */
};

/* ---- the world ---- */

static void give_token(struct fixture *f, int which, const char *name)
{
    struct session whose;
    char base64[XG_BASE64_SIZE(32)];
    struct xg_hash token;

    snprintf(whose.device, sizeof whose.device, "%s", name);
    session_give(f->api.sessions, &token, &whose);
    xg_base64(base64, sizeof base64, token.b, sizeof token.b);
    snprintf(f->bearer[which], sizeof f->bearer[which], "Bearer %s", base64);
}

static void push(struct fixture *f, uint64_t first, size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct ingest_result result;

    test_seal(&frame, f->device, first, count);
    assert_ok(ingest_put(f->o.d->ingest, &result, frame.data, frame.len, &err));
    assert_int_equal(result.state, XG_BATCH_STORED);
    xg_buf_clear(&frame);
}

/* An incident with the photo, said to be that long. */
static void name_photo(struct fixture *f, uint64_t length)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(256);
    size_t before = f->device->count;
    struct xg_draft d;

    xg_draft_init(&d, f->device->arena, XG_KIND_INCIDENT);
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    xg_cbor_put_array(&value, 4);
    xg_cbor_put_bytes(&value, f->sha256.b, sizeof f->sha256.b);
    xg_cbor_put_uint(&value, length);
    xg_cbor_put_uint(&value, 0);
    xg_cbor_put_uint(&value, 1);
    assert_ok(xg_draft_add(&d, XG_FIELD_PHOTO, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
    test_write(f->device, &d, NULL);
    push(f, before == 1 ? 0 : before,
         f->device->count - (before == 1 ? 0 : before));
}

static void set_up_unnamed(struct fixture *f)
{
    struct xg_error err = XG_ERROR_NONE;
    char name[XG_KEY_NAME_MAX + 1], hex[65], base64[100];
    struct store_counts counts;
    struct store *s;

    memset(f, 0, sizeof *f);
    office_open(&f->o, NULL);
    assert_ok(api_open(&f->api, f->o.d, &err));
    assert_ok(data_borrow(f->o.d, &s, &err));
    assert_ok(s->ops->get_counts(s, &counts, &err));
    data_return(f->o.d, s);
    registry_device_name(name, ORIGIN, counts.devices);
    f->device = test_device_new(&f->o.arena, &f->o.world, name, ORIGIN,
                                registry_registrar_key(f->o.d->registry));
    assert_ok(registry_enrol(f->o.d->registry, name,
                             f->device->signer.verifier.key, "wn", &err));
    give_token(f, 0, name);
    give_token(f, 1, ORIGIN "/d/0099");
    f->photo = malloc(LENGTH);
    assert_non_null(f->photo);
    for (size_t i = 0; i < LENGTH; i++)
        f->photo[i] = (uint8_t)test_next(&f->o.world);
    crypto_hash_sha256(f->sha256.b, f->photo, LENGTH);
    xg_hex(hex, f->sha256.b, 32);
    xg_base64(base64, sizeof base64, hex, 64);
    snprintf(f->metadata, sizeof f->metadata, "sha256 %s", base64);
    snprintf(f->length, sizeof f->length, "%d", LENGTH);
}

static void set_up(struct fixture *f)
{
    set_up_unnamed(f);
    name_photo(f, LENGTH);
}

static void tear_down(struct fixture *f)
{
    api_close(&f->api);
    test_device_free(f->device);
    office_close(&f->o);
    free(f->photo);
}

/* ---- asking ---- */

static const char *header_of(const struct xg_response *r, const char *name)
{
    for (size_t i = 0; i < r->extra_count; i++)
        if (strcasecmp(r->extra[i].name, name) == 0)
            return r->extra[i].value;
    return NULL;
}

static void keep(char *to, size_t size, const struct xg_response *r,
                 const char *name)
{
    const char *value = header_of(r, name);

    snprintf(to, size, "%s", value ? value : "");
}

/* The answer's status. `fields` goes on in pairs, ending with NULL; a
 * Tus-Resumable and the first device's token go before unless they are in it.
 * A problem must have the code. */
static int ask(struct fixture *f, const char *method, const char *target,
               struct xg_bytes body, const char *code,
               const char *const *fields)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(XG_WEB_ARENA_BYTES);
    struct xg_http_field headers[FIELDS_MAX];
    struct xg_request request = {.method = method,
                                 .body = body,
                                 .headers = headers,
                                 .peer = "127.0.0.1",
                                 .arena = &arena};
    struct xg_response response;
    char wanted[80];

    for (; fields[0]; fields += 2)
        headers[request.header_count++] =
            (struct xg_http_field){fields[0], fields[1]};
    if (!xg_request_header(&request, "Tus-Resumable"))
        headers[request.header_count++] =
            (struct xg_http_field){"Tus-Resumable", "1.0.0"};
    if (!xg_request_header(&request, "Authorization"))
        headers[request.header_count++] =
            (struct xg_http_field){"Authorization", f->bearer[0]};
    xg_response_init(&response);
    assert_ok(xg_request_target(&request, target, &err));
    xg_route_serve(api_routes, api_route_count, &f->api, &request, &response);
    int http_status = response.http_status;
    xg_buf_text(&response.body, "");
    if (code) {
        snprintf(wanted, sizeof wanted, "\"code\":\"%s\"", code);
        if (!strstr(xg_buf_str(&response.body), wanted))
            fail_msg("no %s in %s", wanted, xg_buf_str(&response.body));
        assert_string_equal(response.content_type, "application/problem+json");
    } else if (http_status >= 400) {
        fail_msg("%d %s", http_status, xg_buf_str(&response.body));
    }
    assert_int_equal(response.cache, XG_CACHE_NEVER);
    const char *version = header_of(&response, "Tus-Resumable");
    if (header_of(&response, "Tus-Extension") || http_status == 405)
        version = "1.0.0"; /* not on that of OPTIONS; on others of no matter */
    assert_non_null(version);
    assert_string_equal(version, "1.0.0");
    if (header_of(&response, "Location"))
        keep(f->location, sizeof f->location, &response, "Location");
    keep(f->offset, sizeof f->offset, &response, "Upload-Offset");
    xg_response_clear(&response);
    xg_arena_clear(&arena);
    return http_status;
}

#define NOTHING xg_bytes(NULL, 0)
#define ASK(f, method, target, body, code, ...)                                \
    ask(f, method, target, body, code, (const char *const[]){__VA_ARGS__, NULL})
#define PLAIN "X-Nothing", ""

static struct xg_bytes part(const struct fixture *f, size_t from, size_t to)
{
    return xg_bytes(f->photo + from, to - from);
}

static void create(struct fixture *f)
{
    assert_int_equal(ASK(f, "POST", "/v1/blobs", NOTHING, NULL, "Upload-Length",
                         f->length, "Upload-Metadata", f->metadata),
                     201);
    assert_int_equal(strncmp(f->location, "/v1/uploads/", 12), 0);
}

static int patch(struct fixture *f, size_t from, size_t to, const char *code)
{
    char offset[24];

    snprintf(offset, sizeof offset, "%zu", from);
    return ASK(f, "PATCH", f->location, part(f, from, to), code,
               "Upload-Offset", offset, "Content-Type", TYPE);
}

static void assert_offset(struct fixture *f, uint64_t offset)
{
    assert_int_equal(ASK(f, "HEAD", f->location, NOTHING, NULL, PLAIN), 200);
    assert_int_equal(strtoull(f->offset, NULL, 10), offset);
}

/* The file is there, and the log says so. */
static void assert_held(struct fixture *f)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t position, length = 0;
    struct store *s;
    bool found = false;

    assert_ok(blobs_verify(f->o.d->blobs, &f->sha256, &err));
    assert_ok(data_borrow(f->o.d, &s, &err));
    assert_ok(photo_held(s, &position, &length, &found, &f->sha256, &err));
    data_return(f->o.d, s);
    assert_true(found);
    assert_int_equal(length, LENGTH);
}

/* ---- the table ---- */

static void test_options(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    assert_int_equal(ASK(&f, "OPTIONS", "/v1/blobs", NOTHING, NULL,
                         "Tus-Resumable", "9", "Authorization", "none"),
                     204);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, NULL,
                         "X-HTTP-Method-Override", "OPTIONS"),
                     204);
    tear_down(&f);
}

static void test_whole(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    create(&f);
    assert_string_equal(f.offset, "0");
    assert_offset(&f, 0);
    assert_int_equal(patch(&f, 0, 20000, NULL), 204);
    assert_string_equal(f.offset, "20000");
    assert_offset(&f, 20000);
    assert_int_equal(patch(&f, 20000, LENGTH, NULL), 204);
    assert_held(&f);
    assert_offset(&f, LENGTH); /* for one that missed the answer */
    assert_int_equal(patch(&f, LENGTH, LENGTH, NULL), 204);
    create(&f); /* and what is here need not be sent again */
    assert_string_equal(f.offset, f.length);
    office_check(&f.o);
    tear_down(&f);
}

static void test_create_with_body(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", part(&f, 0, 100), NULL,
                         "Upload-Length", f.length, "Upload-Metadata",
                         f.metadata, "Content-Type", TYPE),
                     201);
    assert_string_equal(f.offset, "100");
    assert_int_equal(patch(&f, 100, 200, NULL), 204);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", part(&f, 0, LENGTH), NULL,
                         "Upload-Length", f.length, "Upload-Metadata",
                         f.metadata, "Content-Type", TYPE),
                     201);
    assert_string_equal(f.offset, f.length);
    assert_held(&f);
    tear_down(&f);
}

static void test_create_again(void **state)
{
    struct fixture f;
    char first[64];

    (void)state;
    set_up(&f);
    create(&f);
    snprintf(first, sizeof first, "%s", f.location);
    create(&f);
    assert_string_equal(f.location, first); /* nothing has come of it */
    patch(&f, 0, 10, NULL);
    create(&f);
    assert_string_not_equal(f.location, first);
    tear_down(&f);
}

static void test_create_refused(void **state)
{
    static const char *const lengths[] = {"", "-1", "1x", "0x10", "007", " 1"};
    static const char *const metadata[] = {
        "",          "sha256",       "sha256 ",      "sha256 AAAA",
        "name YQ==", "sha256x YQ==", "sha256 ?????", "sha256,name"};
    struct fixture f;
    char many[200];

    (void)state;
    set_up(&f);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "length",
                         "Upload-Metadata", f.metadata),
                     400);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "length",
                             "Upload-Length", lengths[i], "Upload-Metadata",
                             f.metadata),
                         400);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "sha256",
                         "Upload-Length", f.length),
                     400);
    for (size_t i = 0; i < sizeof metadata / sizeof *metadata; i++)
        assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "sha256",
                             "Upload-Length", f.length, "Upload-Metadata",
                             metadata[i]),
                         400);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "length",
                         "Upload-Length", "49999", "Upload-Metadata",
                         f.metadata),
                     413);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", part(&f, 0, 10),
                         "content-type", "Upload-Length", f.length,
                         "Upload-Metadata", f.metadata, "Content-Type",
                         "text/plain"),
                     415);
    snprintf(many, sizeof many, "name YQ==, %s,flag", f.metadata);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, NULL,
                         "Upload-Length", f.length, "Upload-Metadata", many),
                     201);
    tear_down(&f);
}

static void test_unnamed(void **state)
{
    struct fixture f;

    (void)state;
    set_up_unnamed(&f);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "unnamed",
                         "Upload-Length", f.length, "Upload-Metadata",
                         f.metadata),
                     404);
    name_photo(&f, LENGTH + 1); /* a record that errs, and one that does not */
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "length",
                         "Upload-Length", f.length, "Upload-Metadata",
                         f.metadata),
                     413);
    name_photo(&f, LENGTH);
    create(&f);
    tear_down(&f);
}

/* No record may make us keep what is over the limit. */
static void test_too_big(void **state)
{
    struct fixture f;
    char length[24];

    (void)state;
    set_up_unnamed(&f);
    name_photo(&f, BLOB_MAX_BYTES + 1ULL);
    snprintf(length, sizeof length, "%llu", BLOB_MAX_BYTES + 1ULL);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "too-big",
                         "Upload-Length", length, "Upload-Metadata",
                         f.metadata),
                     413);
    tear_down(&f);
}

static void test_who(void **state)
{
    struct fixture f;
    const char *const methods[] = {"HEAD", "PATCH", "DELETE"};

    (void)state;
    set_up(&f);
    create(&f);
    assert_int_equal(patch(&f, 0, 10, NULL), 204);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ASK(&f, methods[i], f.location, NOTHING, "token",
                             "Authorization", "Bearer AAAA"),
                         401);
        /* another device's upload does not exist */
        assert_int_equal(ASK(&f, methods[i], f.location, NOTHING, "not-found",
                             "Authorization", f.bearer[1], "Upload-Offset",
                             "10", "Content-Type", TYPE),
                         404);
        assert_int_equal(ASK(&f, methods[i],
                             "/v1/uploads/00112233445566778899aabbccddeeff",
                             NOTHING, "not-found", "Upload-Offset", "10",
                             "Content-Type", TYPE),
                         404);
        assert_int_equal(ASK(&f, methods[i], f.location, NOTHING, "tus-version",
                             "Tus-Resumable", "0.2.2"),
                         412);
    }
    assert_int_equal(
        ASK(&f, "POST", "/v1/blobs", NOTHING, "token", "Authorization", ""),
        401);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, "tus-version",
                         "Tus-Resumable", ""),
                     412);
    assert_offset(&f, 10);
    tear_down(&f);
}

static void test_methods(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    create(&f);
    assert_int_equal(ASK(&f, "POST", f.location, NOTHING, "method", PLAIN),
                     405);
    assert_int_equal(ASK(&f, "PUT", f.location, NOTHING, "method", PLAIN), 405);
    /* the override wins */
    assert_int_equal(ASK(&f, "POST", f.location, part(&f, 0, 10), NULL,
                         "X-HTTP-Method-Override", "PATCH", "Upload-Offset",
                         "0", "Content-Type", TYPE),
                     204);
    assert_int_equal(ASK(&f, "POST", f.location, NOTHING, NULL,
                         "X-HTTP-Method-Override", "HEAD"),
                     200);
    assert_string_equal(f.offset, "10");
    assert_int_equal(ASK(&f, "PATCH", f.location, NOTHING, NULL,
                         "X-HTTP-Method-Override", "DELETE"),
                     204);
    assert_int_equal(ASK(&f, "HEAD", f.location, NOTHING, "not-found", PLAIN),
                     404);
    tear_down(&f);
}

static void test_delete(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    create(&f);
    patch(&f, 0, 10, NULL);
    assert_int_equal(ASK(&f, "DELETE", f.location, NOTHING, NULL, PLAIN), 204);
    assert_int_equal(patch(&f, 10, 20, "not-found"), 404);
    assert_int_equal(ASK(&f, "DELETE", f.location, NOTHING, "not-found", PLAIN),
                     404);
    tear_down(&f);
}

static void test_patch_refused(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    create(&f);
    assert_int_equal(patch(&f, 0, 100, NULL), 204);
    assert_int_equal(patch(&f, 0, 100, "offset"), 409);
    assert_string_equal(f.offset, "100"); /* where it stands */
    assert_int_equal(patch(&f, 101, 200, "offset"), 409);
    assert_int_equal(ASK(&f, "PATCH", f.location, part(&f, 100, 200),
                         "content-type", "Upload-Offset", "100", "Content-Type",
                         "application/octet-stream"),
                     415);
    assert_int_equal(ASK(&f, "PATCH", f.location, part(&f, 100, 200),
                         "content-type", "Upload-Offset", "100"),
                     415);
    assert_int_equal(ASK(&f, "PATCH", f.location, part(&f, 100, 200), "offset",
                         "Content-Type", TYPE),
                     400);
    assert_int_equal(ASK(&f, "PATCH", f.location, part(&f, 0, LENGTH),
                         "too-big", "Upload-Offset", "100", "Content-Type",
                         TYPE),
                     413);
    assert_offset(&f, 100);
    tear_down(&f);
}

/* ---- checksums ---- */

static int patch_checked(struct fixture *f, struct xg_bytes body,
                         const char *checksum, const char *code)
{
    return ASK(f, "PATCH", f->location, body, code, "Upload-Offset", "0",
               "Content-Type", TYPE, "Upload-Checksum", checksum);
}

static void test_checksums(void **state)
{
    static const char *const bad[] = {"",
                                      "sha1",
                                      "sha1 ",
                                      "md5 XrY7u+Ae7tCTyyK7j1rNww==",
                                      "SHA1 ",
                                      "sha1 YWJj",
                                      "sha256 YWJj",
                                      "sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0="};
    struct xg_bytes hello = xg_bytes_of("hello world");
    char text[80], base64[XG_BASE64_SIZE(32)];
    uint8_t hash[32];
    struct fixture f;

    (void)state;
    set_up(&f);
    create(&f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(patch_checked(&f, hello, bad[i], "checksum"), 400);
    assert_int_equal(
        patch_checked(&f, xg_bytes_of("hello worle"),
                      "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "checksum"),
        460);
    assert_offset(&f, 0); /* dropped */
    /* the vector of the specification */
    assert_int_equal(
        patch_checked(&f, hello, "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", NULL),
        204);
    assert_offset(&f, 11);
    assert_int_equal(ASK(&f, "DELETE", f.location, NOTHING, NULL, PLAIN), 204);

    create(&f);
    crypto_hash_sha256(hash, f.photo, 1000);
    xg_base64(base64, sizeof base64, hash, 32);
    snprintf(text, sizeof text, "sha256 %s", base64);
    assert_int_equal(patch_checked(&f, part(&f, 1, 1001), text, "checksum"),
                     460);
    assert_int_equal(patch_checked(&f, part(&f, 0, 1000), text, NULL), 204);
    assert_int_equal(patch(&f, 1000, LENGTH, NULL), 204);
    assert_held(&f); /* a piece that was dropped left no trace */
    tear_down(&f);
}

static void test_checksum_at_creation(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", part(&f, 0, LENGTH),
                         "checksum", "Upload-Length", f.length,
                         "Upload-Metadata", f.metadata, "Content-Type", TYPE,
                         "Upload-Checksum",
                         "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="),
                     460);
    assert_string_equal(f.offset, "0");
    assert_int_equal(patch(&f, 0, LENGTH, NULL), 204);
    assert_held(&f);
    tear_down(&f);
}

/* ---- hashes, time ---- */

static void test_wrong_hash(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    create(&f);
    assert_int_equal(patch(&f, 0, 40000, NULL), 204);
    f.photo[45000] ^= 1;
    assert_int_equal(patch(&f, 40000, LENGTH, "hash"), 422);
    f.photo[45000] ^= 1;
    assert_false(blobs_has(f.o.d->blobs, &f.sha256));
    assert_int_equal(ASK(&f, "HEAD", f.location, NOTHING, "not-found", PLAIN),
                     404);
    create(&f);
    assert_int_equal(patch(&f, 0, LENGTH, NULL), 204);
    assert_held(&f);
    tear_down(&f);
}

static void test_expires_midway(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    create(&f);
    assert_int_equal(patch(&f, 0, 40000, NULL), 204);
    f.o.world.wall_ms += BLOB_UPLOAD_LIFE_MS - 1000;
    assert_int_equal(patch(&f, 40000, 40001, NULL), 204);
    f.o.world.wall_ms += BLOB_UPLOAD_LIFE_MS + 1000;
    assert_int_equal(patch(&f, 40001, LENGTH, "not-found"), 404);
    create(&f);
    assert_string_equal(f.offset, "0");
    tear_down(&f);
}

/* ---- over sockets ---- */

static struct xg_web *serve(struct fixture *f)
{
    struct xg_web_options options = {.listen = "127.0.0.1:0"};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_web *web;

    assert_ok(xg_web_start(&web, &options, api_routes, api_route_count, &f->api,
                           &err));
    return web;
}

static int dial(struct xg_web *web)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(xg_web_port(web))};
    struct timeval patience = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        abort();
    return fd;
}

static void say_bytes(int fd, struct xg_bytes data)
{
    while (data.len > 0) {
        ssize_t n = send(fd, data.at, data.len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        data.at += n;
        data.len -= (size_t)n;
    }
}

/* The head of a request; `length` of its body, or -1. */
static void say_head(struct fixture *f, int fd, const char *method,
                     const char *target, const char *more, long length)
{
    char text[1024];
    int n = snprintf(text, sizeof text,
                     "%s %s HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n"
                     "Authorization: %s\r\n%s",
                     method, target, f->bearer[0], more);

    if (length >= 0)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "Content-Type: " TYPE "\r\nContent-Length: %ld\r\n",
                      length);
    n += snprintf(text + n, sizeof text - (size_t)n, "\r\n");
    say_bytes(fd, xg_bytes(text, (size_t)n));
}

/* The status, and *offset of the answer; 0 where none comes. */
static int hear(int fd, uint64_t *offset)
{
    char text[4096];
    size_t len = 0;

    while (len < sizeof text - 1) {
        ssize_t n = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (n <= 0)
            return 0;
        len += (size_t)n;
        text[len] = '\0';
        if (strstr(text, "\r\n\r\n"))
            break;
    }
    const char *found = strstr(text, "Upload-Offset: ");
    if (found)
        *offset = strtoull(found + 15, NULL, 10);
    return len > 12 ? atoi(text + 9) : 0;
}

static void begin_patch(struct fixture *f, int fd, uint64_t offset,
                        uint64_t length)
{
    char more[64];

    snprintf(more, sizeof more, "Upload-Offset: %" PRIu64 "\r\n", offset);
    say_head(f, fd, "PATCH", f->location, more, (long)length);
}

/* Wait until so much of the upload came. */
static void await_offset(struct fixture *f, uint64_t offset)
{
    struct xg_error err = XG_ERROR_NONE;
    struct timespec moment = {.tv_nsec = 2000000};
    struct blobs_upload u = {.offset = 0};

    for (int i = 0; i < 2000 && u.offset != offset; i++) {
        nanosleep(&moment, NULL);
        assert_ok(blobs_look(f->o.d->blobs, &u, f->location + 12, &err));
    }
    assert_int_equal(u.offset, offset);
}

/* A sender's line is dead, and neither side knows. It comes back by another
 * way, and is not kept waiting; what the old one still says changes nothing. */
static void test_half_open(void **state)
{
    struct fixture f;
    uint64_t offset = 0;

    (void)state;
    set_up(&f);
    create(&f);
    struct xg_web *web = serve(&f);
    int dead = dial(web), live = dial(web);
    begin_patch(&f, dead, 0, LENGTH);
    say_bytes(dead, part(&f, 0, 12345));
    await_offset(&f, 12345);

    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    say_head(&f, live, "HEAD", f.location, "", -1);
    assert_int_equal(hear(live, &offset), 200);
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_int_equal(offset, 12345);
    assert_true(to.tv_sec - from.tv_sec < 3); /* not its 30 silent seconds */

    say_bytes(dead, xg_bytes_of("late, and not of the photo"));
    begin_patch(&f, live, 12345, LENGTH - 12345);
    say_bytes(live, part(&f, 12345, LENGTH));
    assert_int_equal(hear(live, &offset), 204);
    assert_int_equal(offset, LENGTH);
    assert_held(&f);
    /* The rest of the old one's body is read, and it hears why not. */
    say_bytes(dead, xg_bytes(f.photo, LENGTH - 12345 - 26));
    assert_int_equal(hear(dead, &offset), 409);
    close(dead);
    close(live);
    xg_web_stop(web);
    tear_down(&f);
}

/* What came before a cut stays, also of a piece that was to be checked. */
static void test_cut_off(void **state)
{
    static const char *const more[] = {
        "Upload-Offset: 0\r\n",
        "Upload-Offset: 0\r\n"
        "Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=\r\n"};
    struct fixture f;
    uint64_t offset = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        set_up(&f);
        create(&f);
        struct xg_web *web = serve(&f);
        int fd = dial(web);
        say_head(&f, fd, "PATCH", f.location, more[i], LENGTH);
        say_bytes(fd, part(&f, 0, 33333));
        await_offset(&f, 33333);
        close(fd);
        fd = dial(web);
        say_head(&f, fd, "HEAD", f.location, "", -1);
        assert_int_equal(hear(fd, &offset), 200);
        assert_int_equal(offset, 33333);
        begin_patch(&f, fd, offset, LENGTH - offset);
        say_bytes(fd, part(&f, offset, LENGTH));
        assert_int_equal(hear(fd, &offset), 204);
        assert_held(&f);
        close(fd);
        xg_web_stop(web);
        tear_down(&f);
    }
}

/* A body in chunks, whose length nobody states. */
static void test_chunked(void **state)
{
    struct fixture f;
    uint64_t offset = 0;
    char size[16];

    (void)state;
    set_up(&f);
    create(&f);
    struct xg_web *web = serve(&f);
    int fd = dial(web);
    for (int over = 1; over >= 0; over--) {
        say_head(&f, fd, "PATCH", f.location,
                 "Upload-Offset: 0\r\nContent-Type: " TYPE "\r\n"
                 "Transfer-Encoding: chunked\r\n",
                 -1);
        snprintf(size, sizeof size, "%x\r\n", LENGTH);
        say_bytes(fd, xg_bytes_of(size));
        say_bytes(fd, part(&f, 0, LENGTH));
        say_bytes(fd, xg_bytes_of(over ? "\r\n1\r\nx\r\n0\r\n\r\n"
                                       : "\r\n0\r\n\r\n"));
        int http_status = hear(fd, &offset);
        close(fd);
        fd = dial(web);
        if (!over) {
            assert_int_equal(http_status, 204);
            continue;
        }
        assert_int_equal(http_status, 413);
        assert_int_equal(ASK(&f, "DELETE", f.location, NOTHING, NULL, PLAIN),
                         204);
        create(&f);
        if (strcmp(f.offset, f.length) == 0)
            break; /* all that belongs to it came, and is kept */
    }
    close(fd);
    assert_held(&f);
    xg_web_stop(web);
    tear_down(&f);
}

/* ---- several senders ---- */

struct sender {
    struct fixture *f;
    struct xg_web *web;
    char location[64];
    const char *bearer;
    const char *failed;
    unsigned rounds, luck;
};

/* As a careful client does: ask, send a piece; told that another has taken
 * over, wait a while, longer every time and never as long as the others, and
 * ask again. Without the wait they could take over from each other for ever. */
static void *send_all(void *ctx)
{
    struct sender *s = ctx;
    struct fixture f = *s->f;
    long patience_ms = 0;
    uint64_t offset = 0;

    snprintf(f.location, sizeof f.location, "%s", s->location);
    memcpy(f.bearer[0], s->bearer, sizeof f.bearer[0]);
    while (offset < LENGTH) {
        int fd = dial(s->web);
        say_head(&f, fd, "HEAD", f.location, "", -1);
        int http_status = hear(fd, &offset);
        if (http_status != 200)
            s->failed = "HEAD";
        uint64_t n = LENGTH - offset < 9000 ? LENGTH - offset : 9000;
        if (n > 0 && !s->failed) {
            begin_patch(&f, fd, offset, n);
            say_bytes(fd, part(&f, offset, offset + n));
            http_status = hear(fd, &offset);
            if (http_status != 204 && http_status != 409)
                s->failed = "PATCH";
            patience_ms = http_status == 204 ? 0 : 2 * patience_ms + 1;
            if (patience_ms > 63)
                patience_ms = 63;
        }
        close(fd);
        if (patience_ms > 0)
            nanosleep(&(struct timespec){.tv_nsec = 1000000L * patience_ms +
                                                    rand_r(&s->luck) % 1000 *
                                                        1000L * patience_ms},
                      NULL);
        if (s->failed || ++s->rounds > 2000)
            break;
    }
    return NULL;
}

static void test_several_senders(void **state)
{
    enum { COUNT = 4 }; /* three of one upload, and another device */
    struct sender senders[COUNT] = {0};
    pthread_t threads[COUNT];
    struct fixture f;

    (void)state;
    set_up(&f);
    struct xg_web *web = serve(&f);
    assert_int_equal(ASK(&f, "POST", "/v1/blobs", NOTHING, NULL,
                         "Upload-Length", f.length, "Upload-Metadata",
                         f.metadata, "Authorization", f.bearer[1]),
                     201);
    memcpy(senders[COUNT - 1].location, f.location, sizeof f.location);
    create(&f);
    for (int i = 0; i < COUNT; i++) {
        bool other = i == COUNT - 1;
        senders[i].f = &f;
        senders[i].luck = (unsigned)i;
        senders[i].web = web;
        senders[i].bearer = f.bearer[other];
        if (!other)
            memcpy(senders[i].location, f.location, sizeof f.location);
        assert_int_equal(
            pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (int i = 0; i < COUNT; i++) {
        pthread_join(threads[i], NULL);
        if (senders[i].failed || senders[i].rounds > 2000)
            fail_msg("sender %d: %s", i,
                     senders[i].failed ? senders[i].failed : "no end");
    }
    xg_web_stop(web);
    assert_held(&f);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_create_with_body),
        cmocka_unit_test(test_create_again),
        cmocka_unit_test(test_create_refused),
        cmocka_unit_test(test_unnamed),
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_who),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_delete),
        cmocka_unit_test(test_patch_refused),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_checksum_at_creation),
        cmocka_unit_test(test_wrong_hash),
        cmocka_unit_test(test_expires_midway),
        cmocka_unit_test(test_half_open),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_chunked),
        cmocka_unit_test(test_several_senders),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
