/* test_api.c - the server's answers, without any socket: a device joins, says
 * hello, hands in its batches, and others read what is in their scope. On the
 * store in memory and on SQLite. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/account/approval.h"
#include "server/api/api.h"
#include "shared/base/lang.h"
#include "shared/core/protocol.h"
#include "tests/lib/device.h"
#include "tests/lib/folder.h"

#define ORIGIN "test.example"

static const char territory[] = "code,level,parent,name\n"
                                "d1,district,,东区\n"
                                "s1,street,d1,一街\n"
                                "s2,street,d1,二街\n"
                                "c1,community,s1,甲社区\n"
                                "c2,community,s2,乙社区\n";

struct fixture {
    struct test_world world;
    struct xg_env env;
    struct data *data;
    struct api api;
    struct xg_arena arena;
    char dir[TEST_FOLDER_SIZE]; /* of the SQLite store, or "" */
};

/* One enrolled device with its session. */
struct client {
    struct fixture *f;
    struct test_device *device;
    char bearer[XG_BASE64_SIZE(32)];
};

/* ---- asking ---- */

struct call {
    struct xg_arena arena;
    struct xg_response response;
    struct xg_http_field headers[4];
    char authorization[80], size[32];
};

static void call_clear(struct call *call)
{
    xg_response_clear(&call->response);
    xg_arena_clear(&call->arena);
}

/* The answer's status; `call` is cleared by the test. */
static int ask_as(struct call *call, struct fixture *f, const char *method,
                  const char *target, const char *bearer, const char *size,
                  struct xg_bytes body)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_request request = {.method = method,
                                 .body = body,
                                 .headers = call->headers,
                                 .peer = "127.0.0.1"};

    *call = (struct call){.arena = XG_ARENA(XG_WEB_ARENA_BYTES)};
    request.arena = &call->arena;
    call->headers[request.header_count++] =
        (struct xg_http_field){"Accept-Language", "en;q=0.8, fr"};
    if (bearer) {
        snprintf(call->authorization, sizeof call->authorization, "Bearer %s",
                 bearer);
        call->headers[request.header_count++] =
            (struct xg_http_field){"Authorization", call->authorization};
    }
    if (size)
        call->headers[request.header_count++] =
            (struct xg_http_field){"Xunge-Size", size};
    xg_response_init(&call->response);
    assert_ok(xg_request_target(&request, target, &err));
    xg_route_serve(api_routes, api_route_count, &f->api, &request,
                   &call->response);
    return call->response.http_status;
}

static int ask(struct call *call, struct fixture *f, const char *method,
               const char *target, struct xg_bytes body)
{
    return ask_as(call, f, method, target, NULL, NULL, body);
}

static int get(struct call *call, struct client *c, const char *target)
{
    return ask_as(call, c->f, "GET", target, c->bearer, NULL,
                  xg_bytes(NULL, 0));
}

static void assert_code(struct call *call, int status, const char *code)
{
    char wanted[80];

    assert_int_equal(call->response.http_status, status);
    snprintf(wanted, sizeof wanted, "\"code\":\"%s\"", code);
    xg_buf_text(&call->response.body, "");
    if (!strstr(xg_buf_str(&call->response.body), wanted))
        fail_msg("no %s in %s", wanted, xg_buf_str(&call->response.body));
}

/* ---- the server ---- */

static void add_worker(struct fixture *f, const char *code, const char *role,
                       const char *unit)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(registry_add_worker(f->data->registry, code, code,
                                  xg_role_named(role), unit, &err));
}

static void open_server(struct fixture *f, bool sqlite)
{
    static const uint8_t seed[32] = {7};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_reference reference;

    memset(f, 0, sizeof *f);
    f->world = (struct test_world){
        .seed = 5, .wall_ms = 1800000000000, .mono_ms = 1000, .boot = 3};
    f->env = test_env(&f->world);
    f->arena = XG_ARENA(64 << 20);
    if (sqlite) {
        struct store *store;
        struct ledger_lock *lock;
        char path[TEST_PATH_SIZE];
        test_folder_make(f->dir, "api");
        snprintf(path, sizeof path, "%s/server.db", f->dir);
        assert_ok(store_sqlite_open(&store, path, &err));
        assert_ok(ledger_lock_open_memory(&lock, &err));
        assert_ok(
            data_open_over(&f->data, store, lock, ORIGIN, seed, &f->env, &err));
    } else {
        assert_ok(
            data_open_memory(&f->data, ORIGIN, seed, NULL, &f->env, &err));
    }
    assert_ok(api_open(&f->api, f->data, &err));
    assert_ok(registry_put_reference(f->data->registry, &reference, "territory",
                                     "2026", xg_bytes_of(territory), &err));
    add_worker(f, "w1", "worker", "c1");
    add_worker(f, "w2", "community", "s1");
    add_worker(f, "w3", "worker", "c2");
    add_worker(f, "aud", "auditor", "d1");
}

static void close_server(struct fixture *f)
{
    api_close(&f->api);
    data_close(f->data);
    xg_arena_clear(&f->arena);
    if (*f->dir)
        test_folder_remove(f->dir);
}

/* ---- a device ---- */

static void make_secret(struct fixture *f, uint8_t secret[XG_SECRET_SIZE],
                        const char *worker)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(registry_make_code(f->data->registry, secret, worker,
                                 f->world.wall_ms + 3600000, &f->env, &err));
}

static void make_device(struct client *c, struct fixture *f)
{
    memset(c, 0, sizeof *c);
    c->f = f;
    c->device = test_device_new(&f->arena, &f->world, ORIGIN "/new", ORIGIN,
                                f->data->registrar.verifier.key);
}

static void enrol_note(struct xg_buf *note, struct client *c,
                       const uint8_t secret[XG_SECRET_SIZE], const char *log)
{
    struct xg_buf text = XG_BUF(4096);
    struct xg_enrol e = {.log = xg_bytes_of(log), .chain = c->device->chain};
    const uint8_t *key = c->device->signer.verifier.key;

    xg_secret_id(&e.code, secret);
    xg_enrol_proof(&e.proof, secret, key);
    memcpy(e.key.b, key, sizeof e.key.b);
    xg_random(&c->f->env, e.random.b, sizeof e.random.b);
    xg_enrol_put(&text, &e);
    xg_note_sign(note, xg_buf_bytes(&text), &c->device->signer);
    xg_buf_clear(&text);
}

/* The key stays, what it is called changes. */
static void rename_device(struct client *c, const char *name)
{
    struct xg_error err = XG_ERROR_NONE;
    uint8_t key[XG_PUBLIC_KEY_SIZE];

    memcpy(key, c->device->signer.verifier.key, sizeof key);
    assert_ok(xg_verifier_init(&c->device->signer.verifier, name,
                               XG_SIG_ED25519, key, &err));
}

static enum xg_device_state read_enrolled(struct client *c, struct call *call)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_enrolled e;
    struct xg_note note;

    assert_int_equal(call->response.http_status, 200);
    assert_ok(xg_note_open(&note, call->response.body.data,
                           call->response.body.len, &c->f->data->log.verifier,
                           &err));
    assert_ok(xg_enrolled_read(&e, note.text, &err));
    rename_device(c, e.device);
    return e.state;
}

static enum xg_device_state enrol_with(struct client *c,
                                       const uint8_t secret[XG_SECRET_SIZE])
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct call call;

    rename_device(c, ORIGIN "/new");
    enrol_note(&note, c, secret, ORIGIN);
    ask(&call, c->f, "POST", "/v1/enrol", xg_buf_bytes(&note));
    enum xg_device_state state = read_enrolled(c, &call);
    call_clear(&call);
    xg_buf_clear(&note);
    return state;
}

static void hello_note(struct xg_buf *note, struct client *c,
                       const struct xg_checkpoint *held, uint64_t registry,
                       const char *log)
{
    static const struct xg_hash zero;
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct test_device *d = c->device;
    struct xg_hello h = {.log = xg_bytes_of(log),
                         .registry = registry,
                         .schema = 1,
                         .chain_count = 1};

    if (held) {
        h.size = held->size;
        h.root = held->root;
    } else {
        xg_tlog_root(&h.root, NULL, 0);
    }
    xg_random(&c->f->env, h.random.b, sizeof h.random.b);
    h.chains[0] = (struct xg_chain_tip){
        .chain = d->chain,
        .next = d->count,
        .last = d->count ? d->records[d->count - 1]->hash : zero};
    xg_hello_put(&text, &h);
    xg_note_sign(note, xg_buf_bytes(&text), &d->signer);
    xg_buf_clear(&text);
}

/* What a hello brought, checked as a device checks it. */
struct greeting {
    struct xg_welcome welcome;
    struct xg_checkpoint checkpoint;
    size_t notes, bytes;
};

static void read_greeting(struct greeting *g, struct client *c,
                          const struct xg_checkpoint *held, struct call *call)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes rest = xg_buf_bytes(&call->response.body), frame;
    struct xg_note note;
    struct xg_proof proof;

    assert_true(xg_frame_next(&rest, &frame));
    assert_ok(xg_note_open(&note, frame.at, frame.len,
                           &c->f->data->log.verifier, &err));
    assert_ok(xg_welcome_read(&g->welcome, note.text, &err));
    assert_true(xg_frame_next(&rest, &frame));
    assert_ok(xg_proof_read(&proof, frame, &err));
    assert_true(xg_frame_next(&rest, &frame));
    if (frame.len == 0 && held) /* it is the one that was stated */
        g->checkpoint = *held;
    else
        assert_ok(xg_checkpoint_open(&g->checkpoint, frame.at, frame.len,
                                     &c->f->data->log.verifier, &err));
    assert_int_equal(g->checkpoint.size, g->welcome.size);
    assert_true(xg_hash_equal(&g->checkpoint.root, &g->welcome.root));
    if (held)
        assert_ok(xg_verify_consistency(&proof, held->size, g->checkpoint.size,
                                        &held->root, &g->checkpoint.root,
                                        &err));
    for (g->notes = 0; xg_frame_next(&rest, &frame); g->notes++) {
        struct xg_registry_note says;
        assert_ok(xg_note_open(&note, frame.at, frame.len,
                               &c->f->data->registrar.verifier, &err));
        assert_ok(xg_registry_note_read(&says, note.text, &err));
    }
    assert_int_equal(rest.len, 0);
    assert_int_equal(g->notes, g->welcome.note_count);
    assert_string_equal(g->welcome.device, c->device->signer.verifier.name);
}

static void hello(struct greeting *g, struct client *c,
                  const struct xg_checkpoint *held, uint64_t registry)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct call call;

    memset(g, 0, sizeof *g);
    hello_note(&note, c, held, registry, ORIGIN);
    if (ask(&call, c->f, "POST", "/v1/hello", xg_buf_bytes(&note)) != 200)
        fail_msg("%s", xg_buf_str(&call.response.body));
    read_greeting(g, c, held, &call);
    g->bytes = call.response.body.len;
    xg_base64(c->bearer, sizeof c->bearer, g->welcome.token.b, 32);
    call_clear(&call);
    xg_buf_clear(&note);
}

static void join(struct client *c, struct fixture *f, const char *worker)
{
    uint8_t secret[XG_SECRET_SIZE];
    struct greeting g;

    make_device(c, f);
    make_secret(f, secret, worker);
    assert_int_equal(enrol_with(c, secret), XG_DEVICE_ENROLLED);
    hello(&g, c, NULL, 0);
    assert_int_equal(g.welcome.state, XG_DEVICE_ENROLLED);
}

static void leave(struct client *c)
{
    test_device_free(c->device);
}

static void batch_id(struct xg_hash *id, const struct xg_buf *framed)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes note, body, name;

    assert_ok(
        xg_batch_peek(&note, &body, &name, framed->data, framed->len, &err));
    assert_ok(xg_batch_id(id, note, &err));
}

static int put_framed(struct call *call, struct client *c,
                      const struct xg_buf *framed, const char *size)
{
    char target[128] = "/v1/batches/";
    struct xg_hash id;

    batch_id(&id, framed);
    xg_hex(target + strlen(target), id.b, sizeof id.b);
    return ask_as(call, c->f, "PUT", target, c->bearer, size,
                  xg_buf_bytes(framed));
}

/* The answer to a batch: its receipt must hold. What comes after it. */
static struct xg_bytes open_receipt(struct client *c, struct call *call,
                                    const struct xg_buf *framed,
                                    const char *state,
                                    const struct xg_checkpoint *held)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes rest = xg_buf_bytes(&call->response.body), frame;
    struct xg_bytes note, body, name, proof_text;
    struct xg_receipt receipt;
    struct xg_checkpoint checkpoint;
    struct xg_proof proof;
    struct xg_hash leaf;
    char line[64];

    if (call->response.http_status != 200)
        fail_msg("%s", xg_buf_str(&call->response.body));
    snprintf(line, sizeof line, "state %s\n", state);
    assert_true(xg_frame_next(&rest, &frame));
    if (!xg_bytes_equal(frame, xg_bytes_of(line)))
        fail_msg("%.*s instead of %s", (int)frame.len, (const char *)frame.at,
                 line);
    assert_true(xg_frame_next(&rest, &proof_text));
    assert_ok(
        xg_batch_peek(&note, &body, &name, framed->data, framed->len, &err));
    xg_tlog_leaf(&leaf, note.at, note.len);
    assert_true(xg_frame_next(&rest, &frame));
    assert_ok(xg_receipt_open(&receipt, &checkpoint, frame.at, frame.len, &leaf,
                              &c->f->data->log.verifier, &err));
    assert_ok(xg_proof_read_beside(&proof, proof_text, &receipt.proof, &err));
    if (held)
        assert_ok(xg_verify_consistency(&proof, held->size, checkpoint.size,
                                        &held->root, &checkpoint.root, &err));
    return rest;
}

static void assert_receipt(struct client *c, struct call *call,
                           const struct xg_buf *framed, const char *state,
                           const struct xg_checkpoint *held)
{
    assert_int_equal(open_receipt(c, call, framed, state, held).len, 0);
}

static void put_ok(struct client *c, const struct xg_buf *framed,
                   const char *state)
{
    struct call call;

    put_framed(&call, c, framed, NULL);
    assert_receipt(c, &call, framed, state, NULL);
    call_clear(&call);
}

static void seal(struct xg_buf *framed, struct client *c, uint64_t first,
                 size_t count)
{
    *framed = XG_BUF(XG_BATCH_MAX);
    test_seal(framed, c->device, first, count);
}

/* Seal all records and hand them in. */
static void put_all(struct client *c, const char *state)
{
    struct xg_buf framed;

    seal(&framed, c, 0, c->device->count);
    put_ok(c, &framed, state);
    xg_buf_clear(&framed);
}

/* All updates since `since`: how many records, and is that one among them? */
static uint64_t pull(bool *among, struct client *c, uint64_t since,
                     const struct xg_hash *wanted)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t count = 0;
    bool end = false;

    *among = false;
    while (!end) {
        struct call call;
        struct xg_updates_note note;
        struct xg_bytes raw;
        char target[64];
        snprintf(target, sizeof target, "/v1/updates?since=%" PRIu64, since);
        if (get(&call, c, target) != 200)
            fail_msg("%s", xg_buf_str(&call.response.body));
        assert_ok(xg_updates_open(
            &note, &raw, &call.arena, call.response.body.data,
            call.response.body.len, &c->f->data->log.verifier, &err));
        assert_string_equal(note.device, c->device->signer.verifier.name);
        assert_int_equal(note.from, since);
        struct xg_update_reader reader = {.rest = raw};
        struct xg_update u;
        bool more = true;
        while (xg_update_next(&reader, &u, &more, &err) == XG_OK && more) {
            if (u.kind != XG_UPDATE_RECORD)
                continue;
            count++;
            *among |= wanted && xg_hash_equal(&u.record.hash, wanted);
        }
        end = note.to == note.end;
        assert_true(end || note.to != since);
        since = note.to;
        call_clear(&call);
    }
    return count;
}

/* ---- the whole way ---- */

static void whole_way(bool sqlite)
{
    struct fixture f;
    struct client one, two, other;
    struct greeting g, later;
    struct xg_buf framed;
    struct call call;
    char size[32];
    bool among;

    open_server(&f, sqlite);
    join(&one, &f, "w1");
    join(&two, &f, "w2");
    join(&other, &f, "w3");
    hello(&g, &one, NULL, 0);
    assert_true(g.welcome.registry >= 7);
    assert_int_equal(g.welcome.references, 1);
    assert_int_equal(g.welcome.chain_count, 0);

    const struct xg_record *incident = test_incident(one.device, "pothole");
    seal(&framed, &one, 0, one.device->count);
    snprintf(size, sizeof size, "%" PRIu64, g.checkpoint.size);
    put_framed(&call, &one, &framed, size);
    assert_receipt(&one, &call, &framed, "stored", &g.checkpoint);
    call_clear(&call);
    put_framed(&call, &one, &framed, size);
    assert_receipt(&one, &call, &framed, "held", &g.checkpoint);
    call_clear(&call);
    xg_buf_clear(&framed);

    hello(&later, &one, &g.checkpoint, g.welcome.registry);
    assert_int_equal(later.welcome.chain_count, 1);
    assert_int_equal(later.welcome.chains[0].next, 2);
    assert_true(xg_hash_equal(&later.welcome.chains[0].last, &incident->hash));
    assert_int_equal(later.notes, 0);

    pull(&among, &two, 0, &incident->hash);
    assert_true(among);
    pull(&among, &one, 0, &incident->hash);
    assert_true(among);
    pull(&among, &other, 0, &incident->hash);
    assert_false(among);
    leave(&one);
    leave(&two);
    leave(&other);
    close_server(&f);
}

static void test_whole_way_memory(void **state)
{
    (void)state;
    whole_way(false);
}

static void test_whole_way_sqlite(void **state)
{
    (void)state;
    whole_way(true);
}

/* ---- enrolling ---- */

static int ask_enrol(struct call *call, struct client *c,
                     const uint8_t secret[XG_SECRET_SIZE], const char *log)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);

    enrol_note(&note, c, secret, log);
    int status = ask(call, c->f, "POST", "/v1/enrol", xg_buf_bytes(&note));
    xg_buf_clear(&note);
    return status;
}

static void test_enrol_again(void **state)
{
    struct fixture f;
    struct client one, thief;
    uint8_t secret[XG_SECRET_SIZE];
    char name[XG_KEY_NAME_MAX + 1];
    struct call call;

    (void)state;
    open_server(&f, false);
    make_device(&one, &f);
    make_secret(&f, secret, "w1");
    assert_int_equal(enrol_with(&one, secret), XG_DEVICE_ENROLLED);
    memcpy(name, one.device->signer.verifier.name, sizeof name);
    assert_string_equal(name, ORIGIN "/d/0001");
    assert_int_equal(enrol_with(&one, secret), XG_DEVICE_ENROLLED);
    assert_string_equal(one.device->signer.verifier.name, name);
    make_device(&thief, &f);
    ask_enrol(&call, &thief, secret, ORIGIN);
    assert_int_equal(call.response.http_status, 403);
    call_clear(&call);
    leave(&one);
    leave(&thief);
    close_server(&f);
}

static void test_enrol_refused(void **state)
{
    struct fixture f;
    struct client one;
    uint8_t secret[XG_SECRET_SIZE], wrong[XG_SECRET_SIZE] = {1};
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct call call;

    (void)state;
    open_server(&f, false);
    make_device(&one, &f);
    make_secret(&f, secret, "w1");
    assert_int_equal(ask_enrol(&call, &one, wrong, ORIGIN), 403);
    call_clear(&call);
    ask_enrol(&call, &one, secret, "other.example");
    assert_code(&call, 409, "wrong-log");
    call_clear(&call);

    enrol_note(&note, &one, secret, ORIGIN);
    note.data[note.len - 8] ^= 1; /* within the signature's base64 */
    int status = ask(&call, &f, "POST", "/v1/enrol", xg_buf_bytes(&note));
    assert_true(status == 403 || status == 422);
    call_clear(&call);
    for (size_t len = 0; len < note.len; len += 7) {
        status = ask(&call, &f, "POST", "/v1/enrol", xg_bytes(note.data, len));
        assert_true(status == 403 || status == 422);
        call_clear(&call);
    }
    f.world.wall_ms += 2 * 3600000;
    f.world.mono_ms += 2 * 3600000;
    assert_int_equal(ask_enrol(&call, &one, secret, ORIGIN), 403);
    call_clear(&call);
    xg_buf_clear(&note);
    leave(&one);
    close_server(&f);
}

static void test_approval(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct fixture f;
    struct client one;
    struct greeting g;
    uint8_t secret[XG_SECRET_SIZE];
    char name[XG_KEY_NAME_MAX + 1];
    struct xg_hash id;

    (void)state;
    open_server(&f, false);
    make_device(&one, &f);
    make_secret(&f, secret, "w1");
    xg_secret_id(&id, secret);
    assert_ok(approval_require(f.data, &id, &err));
    assert_int_equal(enrol_with(&one, secret), XG_DEVICE_PENDING);
    memcpy(name, one.device->signer.verifier.name, sizeof name);
    assert_int_equal(enrol_with(&one, secret), XG_DEVICE_PENDING);
    assert_string_equal(one.device->signer.verifier.name, name);
    hello(&g, &one, NULL, 0);
    assert_int_equal(g.welcome.state, XG_DEVICE_PENDING);
    assert_true(xg_hash_is_zero(&g.welcome.token));

    assert_status(approval_give(f.data, ORIGIN "/d/7777", &err), XG_NOTFOUND);
    assert_ok(approval_give(f.data, name, &err));
    hello(&g, &one, NULL, 0);
    assert_int_equal(g.welcome.state, XG_DEVICE_ENROLLED);
    assert_int_equal(enrol_with(&one, secret), XG_DEVICE_ENROLLED);
    assert_string_equal(one.device->signer.verifier.name, name);
    put_all(&one, "stored");
    err = XG_ERROR_NONE;
    assert_status(approval_give(f.data, name, &err), XG_REFUSED);
    leave(&one);
    close_server(&f);
}

/* ---- hello ---- */

static void assert_hello(struct client *c, const struct xg_checkpoint *held,
                         const char *log, int status, const char *code)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct call call;

    hello_note(&note, c, held, 0, log);
    ask(&call, c->f, "POST", "/v1/hello", xg_buf_bytes(&note));
    assert_code(&call, status, code);
    call_clear(&call);
    xg_buf_clear(&note);
}

static void test_hello_refused(void **state)
{
    struct fixture f;
    struct client one, stranger;
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct xg_checkpoint larger = {.size = 1000};
    struct call call;

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    make_device(&stranger, &f);
    assert_hello(&stranger, NULL, ORIGIN, 403, "device");
    rename_device(&stranger, ORIGIN "/d/0001");
    assert_hello(&stranger, NULL, ORIGIN, 403, "signature");
    assert_hello(&one, NULL, "other.example", 409, "wrong-log");
    assert_hello(&one, &larger, ORIGIN, 503, "behind");
    hello_note(&note, &one, NULL, 0, ORIGIN);
    for (size_t len = 0; len < note.len; len += 7) {
        int status =
            ask(&call, &f, "POST", "/v1/hello", xg_bytes(note.data, len));
        assert_true(status == 403 || status == 422);
        call_clear(&call);
    }
    xg_buf_clear(&note);
    leave(&one);
    leave(&stranger);
    close_server(&f);
}

static void test_hello_news_in_parts(void **state)
{
    struct fixture f;
    struct client one;
    struct greeting g;
    uint64_t known = 0;
    size_t calls = 0;
    char code[16];

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    for (int i = 0; i < 150; i++) {
        snprintf(code, sizeof code, "x%d", i);
        add_worker(&f, code, "worker", "c1");
    }
    do {
        hello(&g, &one, NULL, known);
        assert_true(g.notes <= XG_REGISTRY_NEWS_MAX);
        known += g.notes;
        calls++;
    } while (known < g.welcome.registry && g.notes);
    assert_int_equal(known, g.welcome.registry);
    assert_int_equal(calls, 3);
    leave(&one);
    close_server(&f);
}

/* Large notes come in parts of 64 KiB. */
static void test_hello_large_news_in_parts(void **state)
{
    enum { SAID = 600, LARGE = 6, PART = 64 << 10, OTHER = 8 << 10 };
    struct xg_statement *says = calloc(SAID, sizeof *says);
    struct xg_error err = XG_ERROR_NONE;
    uint64_t known = 0, before;
    struct greeting g;
    struct fixture f;
    struct client one;
    size_t parts = 0;

    (void)state;
    assert_non_null(says);
    open_server(&f, false);
    join(&one, &f, "w1");
    for (int n = 0; n < LARGE; n++) {
        for (int i = 0; i < SAID; i++) {
            says[i] = (struct xg_statement){.kind = XG_SAYS_UNIT};
            snprintf(says[i].subject, sizeof says[i].subject,
                     "371302001001%03d%03d", n, i);
            snprintf(says[i].unit, sizeof says[i].unit, "c1");
        }
        assert_ok(registry_put(f.data->registry, says, SAID, &err));
    }
    do {
        before = known;
        hello(&g, &one, NULL, known);
        assert_true(g.bytes <= PART + OTHER);
        known += g.notes;
        parts++;
    } while (known < g.welcome.registry && known > before);
    assert_int_equal(known, g.welcome.registry);
    assert_in_range(parts, 2, LARGE);
    free(says);
    leave(&one);
    close_server(&f);
}

/* ---- batches ---- */

static void test_put_refused(void **state)
{
    struct fixture f;
    struct client one, nobody;
    struct xg_buf framed;
    struct call call;
    char other[] = "/v1/batches/00000000000000000000000000000000"
                   "00000000000000000000000000000000";

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    test_incident(one.device, "pothole");
    seal(&framed, &one, 0, 2);
    nobody = one;
    memset(nobody.bearer, 0, sizeof nobody.bearer);
    put_framed(&call, &nobody, &framed, NULL);
    assert_code(&call, 401, "token");
    call_clear(&call);
    xg_base64(nobody.bearer, sizeof nobody.bearer, (uint8_t[32]){0}, 32);
    put_framed(&call, &nobody, &framed, NULL);
    assert_code(&call, 401, "token");
    call_clear(&call);
    ask_as(&call, &f, "PUT", other, one.bearer, NULL, xg_buf_bytes(&framed));
    assert_code(&call, 422, "wrong-id");
    call_clear(&call);
    put_framed(&call, &one, &framed, "-1");
    assert_code(&call, 400, "usage");
    call_clear(&call);
    other[12] = 'A';
    ask_as(&call, &f, "PUT", other, one.bearer, NULL, xg_buf_bytes(&framed));
    assert_code(&call, 400, "usage");
    call_clear(&call);
    other[12] = '0';
    ask_as(&call, &f, "PUT", other, one.bearer, NULL, xg_bytes_of("junk"));
    assert_int_equal(call.response.http_status, 422);
    call_clear(&call);
    xg_buf_clear(&framed);
    leave(&one);
    close_server(&f);
}

/* Nothing of a damaged batch is believed: no flip gives a 200. */
static void test_put_damaged(void **state)
{
    struct fixture f;
    struct client one;
    struct xg_buf framed;
    char target[128] = "/v1/batches/";
    struct xg_hash id;

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    test_incident(one.device, "pothole");
    seal(&framed, &one, 0, 2);
    batch_id(&id, &framed);
    xg_hex(target + strlen(target), id.b, sizeof id.b);
    for (size_t i = 0; i < framed.len; i += 3) {
        struct call call;
        framed.data[i] ^= (uint8_t)(1u << (i % 8));
        int status = ask_as(&call, &f, "PUT", target, one.bearer, NULL,
                            xg_buf_bytes(&framed));
        if (status != 422 && status != 413)
            fail_msg("byte %zu: %d %s", i, status,
                     xg_buf_str(&call.response.body));
        call_clear(&call);
        framed.data[i] ^= (uint8_t)(1u << (i % 8));
    }
    put_ok(&one, &framed, "stored");
    xg_buf_clear(&framed);
    leave(&one);
    close_server(&f);
}

static void test_put_reordered_and_carried(void **state)
{
    struct fixture f;
    struct client one, carrier;
    struct xg_buf first, second;

    (void)state;
    open_server(&f, true);
    join(&one, &f, "w1");
    join(&carrier, &f, "w3");
    for (int i = 0; i < 5; i++)
        test_incident(one.device, "pothole");
    seal(&first, &one, 0, 3);
    seal(&second, &one, 3, 3);
    put_ok(&one, &second, "waiting");
    put_ok(&carrier, &first, "stored"); /* not its own */
    put_ok(&one, &second, "held");
    put_ok(&one, &first, "held");
    xg_buf_clear(&first);
    xg_buf_clear(&second);
    leave(&one);
    leave(&carrier);
    close_server(&f);
}

static void test_fork_is_told(void **state)
{
    struct fixture f;
    struct client one, clone;
    struct xg_buf framed;
    struct greeting g;

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    put_all(&one, "stored");
    clone = one;
    clone.device = test_device_clone(one.device);
    test_incident(one.device, "pothole");
    test_incident(clone.device, "litter");
    seal(&framed, &one, 1, 1);
    put_ok(&one, &framed, "stored");
    xg_buf_clear(&framed);
    seal(&framed, &clone, 1, 1);
    put_ok(&clone, &framed, "forked");
    xg_buf_clear(&framed);
    hello(&g, &one, NULL, 0);
    assert_int_equal(g.welcome.forked_count, 1);
    assert_true(xg_hash_equal(&g.welcome.forked[0], &one.device->chain));
    test_device_free(clone.device);
    leave(&one);
    close_server(&f);
}

static void test_revoked(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct fixture f;
    struct client one;
    struct xg_buf framed;
    struct greeting g;
    struct call call;

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    put_all(&one, "stored");
    assert_ok(registry_revoke(f.data->registry,
                              one.device->signer.verifier.name, &err));
    assert_int_equal(get(&call, &one, "/v1/updates?since=0"), 403);
    call_clear(&call);
    hello(&g, &one, NULL, 0);
    assert_int_equal(g.welcome.state, XG_DEVICE_REVOKED);
    test_incident(one.device, "pothole");
    seal(&framed, &one, 1, 1);
    put_ok(&one, &framed, "quarantined");
    xg_buf_clear(&framed);
    leave(&one);
    close_server(&f);
}

/* ---- many at once ---- */

enum { CROWD = 6, CROWD_BATCHES = 8, CROWD_RECORDS = 3 };

struct walker {
    struct client client;
    struct xg_buf framed[CROWD_BATCHES];
    int bad; /* answers other than 200; cmocka asserts on one thread only */
};

static void *walk(void *ctx)
{
    struct walker *w = ctx;

    for (size_t i = 0; i < CROWD_BATCHES; i++) {
        struct call call;
        w->bad += put_framed(&call, &w->client, &w->framed[i], "0") != 200;
        call_clear(&call);
        w->bad += get(&call, &w->client, "/v1/updates?since=0") != 200;
        call_clear(&call);
    }
    return NULL;
}

/* With "since" the answer to a batch has what is new for the device, but not
 * what came with it; a device that is told nothing gets the receipt alone. */
static void test_news_with_a_receipt(void **state)
{
    struct fixture f;
    struct client one;
    struct call call;
    struct xg_buf framed;
    struct xg_error err = XG_ERROR_NONE;

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    seal(&framed, &one, 0, one.device->count);
    for (int since = 0; since < 2; since++) {
        char target[160] = "/v1/batches/";
        struct xg_hash id;
        struct xg_updates_note note;
        struct xg_bytes raw, news, frame;
        batch_id(&id, &framed);
        xg_hex(target + strlen(target), id.b, sizeof id.b);
        snprintf(target + strlen(target), 32, "?since=%s",
                 since ? "99999999" : "0");
        assert_int_equal(ask_as(&call, &f, "PUT", target, one.bearer, "0",
                                xg_buf_bytes(&framed)),
                         200);
        news = open_receipt(&one, &call, &framed, since ? "held" : "stored",
                            NULL);
        if (since) { /* beyond the log: no page, and no refusal */
            assert_int_equal(news.len, 0);
        } else {
            assert_true(xg_frame_next(&news, &frame));
            assert_int_equal(news.len, 0);
            assert_ok(xg_updates_open(&note, &raw, &call.arena, frame.at,
                                      frame.len, &f.data->log.verifier, &err));
            assert_int_equal(note.count, 0);
            assert_int_equal(note.from, 0);
            assert_int_equal(note.to, note.end);
        }
        call_clear(&call);
    }
    xg_buf_clear(&framed);
    leave(&one);
    close_server(&f);
}

static void test_many_at_once(void **state)
{
    struct walker *crowd = calloc(CROWD, sizeof *crowd);
    pthread_t threads[CROWD];
    struct fixture f;
    bool among;

    (void)state;
    assert_non_null(crowd);
    open_server(&f, true);
    for (size_t i = 0; i < CROWD; i++) {
        join(&crowd[i].client, &f, "w1");
        while (crowd[i].client.device->count < CROWD_BATCHES * CROWD_RECORDS)
            test_incident(crowd[i].client.device, "pothole");
        for (size_t k = 0; k < CROWD_BATCHES; k++)
            seal(&crowd[i].framed[k], &crowd[i].client, k * CROWD_RECORDS,
                 CROWD_RECORDS);
    }
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, walk, &crowd[i]), 0);
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    /* All incidents, and of one's own chain the genesis too. */
    uint64_t incidents = CROWD * (CROWD_BATCHES * CROWD_RECORDS - 1);
    assert_int_equal(pull(&among, &crowd[0].client, 0, NULL), incidents + 1);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(crowd[i].bad, 0);
        for (size_t k = 0; k < CROWD_BATCHES; k++)
            xg_buf_clear(&crowd[i].framed[k]);
        leave(&crowd[i].client);
    }
    close_server(&f);
    free(crowd);
}

/* ---- reading ---- */

static void test_reading_rights(void **state)
{
    struct fixture f;
    struct client one, boss, other, auditor;
    char batch[128] = "/v1/batches/", proof[128] = "/v1/proof?record=";
    struct xg_buf framed;
    struct xg_hash id;
    struct call call;

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    join(&boss, &f, "w2");
    join(&other, &f, "w3");
    join(&auditor, &f, "aud");
    const struct xg_record *r = test_incident(one.device, "pothole");
    seal(&framed, &one, 0, 2);
    put_ok(&one, &framed, "stored");
    batch_id(&id, &framed);
    xg_hex(batch + strlen(batch), id.b, sizeof id.b);
    xg_hex(proof + strlen(proof), r->hash.b, sizeof r->hash.b);
    struct client *readers[] = {&one, &boss, &auditor};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(get(&call, readers[i], batch), 200);
        assert_true(xg_bytes_equal(xg_buf_bytes(&call.response.body),
                                   xg_buf_bytes(&framed)));
        call_clear(&call);
        assert_int_equal(get(&call, readers[i], proof), 200);
        call_clear(&call);
    }
    assert_int_equal(get(&call, &other, batch), 404);
    call_clear(&call);
    assert_int_equal(get(&call, &other, proof), 404);
    call_clear(&call);
    assert_int_equal(ask(&call, &f, "GET", batch, xg_bytes(NULL, 0)), 401);
    call_clear(&call);
    assert_int_equal(get(&call, &one, "/v1/proof?record=12"), 400);
    call_clear(&call);
    assert_int_equal(get(&call, &one, "/v1/updates?since=x"), 400);
    call_clear(&call);
    xg_buf_clear(&framed);
    leave(&one);
    leave(&boss);
    leave(&other);
    leave(&auditor);
    close_server(&f);
}

/* The three frames of a proof, followed from the record to the checkpoint. */
static void test_proof_holds(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct fixture f;
    struct client one;
    char target[128] = "/v1/proof?record=";
    struct xg_bytes rest, path, batch_note, receipt_text, line, word;
    struct xg_hash hash, leaf;
    struct xg_proof proof;
    struct xg_note note;
    struct xg_batch_note says;
    struct xg_receipt receipt;
    struct xg_checkpoint checkpoint;
    uint64_t index = 0, size = 0;
    struct call call;

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    for (int i = 0; i < 6; i++)
        test_incident(one.device, "pothole");
    put_all(&one, "stored");
    xg_hex(target + strlen(target), one.device->records[4]->hash.b, 32);
    assert_int_equal(get(&call, &one, target), 200);
    rest = xg_buf_bytes(&call.response.body);
    assert_true(xg_frame_next(&rest, &path));
    assert_true(xg_frame_next(&rest, &batch_note));
    assert_true(xg_frame_next(&rest, &receipt_text));
    assert_true(xg_line(&path, &line) && xg_word(&line, &word) &&
                xg_word_hash(&line, &hash) && xg_word_uint(&line, &index) &&
                xg_word_uint(&line, &size));
    assert_int_equal(index, 4);
    assert_int_equal(size, 7);
    assert_ok(xg_proof_read(&proof, path, &err));
    assert_ok(xg_note_parse(&note, batch_note.at, batch_note.len, &err));
    assert_ok(xg_batch_note_read(&says, note.text, &err));
    assert_ok(
        xg_verify_inclusion(&proof, index, size, &hash, &says.tree, &err));
    xg_tlog_leaf(&leaf, batch_note.at, batch_note.len);
    assert_ok(xg_receipt_open(&receipt, &checkpoint, receipt_text.at,
                              receipt_text.len, &leaf, &f.data->log.verifier,
                              &err));
    call_clear(&call);
    leave(&one);
    close_server(&f);
}

static void test_log_is_open(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct fixture f;
    struct client one;
    struct xg_checkpoint c;
    struct xg_hash root;
    struct call call;
    char target[80];

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    put_all(&one, "stored");
    assert_int_equal(
        ask(&call, &f, "GET", "/log/checkpoint", xg_bytes(NULL, 0)), 200);
    assert_ok(xg_checkpoint_open(&c, call.response.body.data,
                                 call.response.body.len, &f.data->log.verifier,
                                 &err));
    call_clear(&call);
    snprintf(target, sizeof target, "/log/tile/0/000.p/%" PRIu64, c.size);
    assert_int_equal(ask(&call, &f, "GET", target, xg_bytes(NULL, 0)), 200);
    assert_int_equal(call.response.body.len, c.size * 32);
    xg_tlog_root(&root, (const void *)call.response.body.data, c.size);
    assert_true(xg_hash_equal(&root, &c.root));
    call_clear(&call);
    snprintf(target, sizeof target, "/log/tile/entries/000.p/%" PRIu64, c.size);
    assert_int_equal(ask(&call, &f, "GET", target, xg_bytes(NULL, 0)), 200);
    call_clear(&call);
    assert_int_equal(
        ask(&call, &f, "GET", "/log/tile/0/000", xg_bytes(NULL, 0)), 404);
    call_clear(&call);
    assert_int_equal(
        ask(&call, &f, "GET", "/log/tile/nonsense", xg_bytes(NULL, 0)), 404);
    call_clear(&call);
    leave(&one);
    close_server(&f);
}

/* The first of the entries from the n-th on, of which there are `count`. */
static struct xg_reference listed(struct client *c, unsigned from, size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_references_note list;
    struct xg_reference reference;
    struct xg_bytes rest, frame;
    struct xg_note note;
    struct xg_hash leaf;
    struct call call;
    char target[64];

    snprintf(target, sizeof target, "/v1/references?from=%u", from);
    assert_int_equal(get(&call, c, target), 200);
    rest = xg_buf_bytes(&call.response.body);
    assert_true(xg_frame_next(&rest, &frame));
    assert_ok(xg_note_open(&note, frame.at, frame.len,
                           &c->f->data->log.verifier, &err));
    assert_ok(xg_references_read(&list, note.text, &err));
    assert_int_equal(list.from, from);
    assert_int_equal(list.count, count);
    assert_true(xg_frame_next(&rest, &frame));
    xg_tlog_leaf(&leaf, frame.at, frame.len);
    assert_true(xg_hash_equal(&leaf, &list.entries[0].leaf));
    assert_ok(xg_note_open(&note, frame.at, frame.len,
                           &c->f->data->log.verifier, &err));
    assert_ok(xg_reference_read(&reference, note.text, &err));
    call_clear(&call);
    return reference;
}

static void expect_none_listed(struct client *c, unsigned from)
{
    struct xg_bytes rest, frame;
    struct call call;
    char target[64];

    snprintf(target, sizeof target, "/v1/references?from=%u", from);
    assert_int_equal(get(&call, c, target), 200);
    rest = xg_buf_bytes(&call.response.body);
    assert_true(xg_frame_next(&rest, &frame));
    assert_int_equal(rest.len, 0);
    call_clear(&call);
}

static void test_reference_file(void **state)
{
    struct fixture f;
    struct client one;
    struct greeting g;
    char target[128] = "/v1/reference/";
    struct xg_error err = XG_ERROR_NONE;
    struct xg_reference second;
    struct call call;

    (void)state;
    open_server(&f, false);
    join(&one, &f, "w1");
    assert_ok(registry_put_reference(f.data->registry, &second, "calendar",
                                     "2027", xg_bytes_of("days"), &err));
    hello(&g, &one, NULL, 0);
    assert_int_equal(g.welcome.references, 2);
    struct xg_reference first = listed(&one, 0, 2);
    assert_string_equal(first.kind, "territory");
    assert_string_equal(listed(&one, 1, 1).edition, "2027");
    expect_none_listed(&one, 2);
    assert_int_equal(get(&call, &one, "/v1/references?from=-1"), 400);
    call_clear(&call);
    xg_hex(target + strlen(target), first.file.b, 32);
    assert_int_equal(get(&call, &one, target), 200);
    assert_true(xg_bytes_equal(xg_buf_bytes(&call.response.body),
                               xg_bytes_of(territory)));
    call_clear(&call);
    target[14] = target[14] == '0' ? '1' : '0';
    assert_int_equal(get(&call, &one, target), 404);
    call_clear(&call);
    leave(&one);
    close_server(&f);
}

static void test_operator_pages(void **state)
{
    struct fixture f;
    struct call call;

    (void)state;
    open_server(&f, false);
    assert_int_equal(ask(&call, &f, "GET", "/healthz", xg_bytes(NULL, 0)), 200);
    call_clear(&call);
    assert_int_equal(ask(&call, &f, "GET", "/metrics", xg_bytes(NULL, 0)), 200);
    assert_non_null(
        strstr(xg_buf_str(&call.response.body), "\nxunge_log_entries "));
    assert_non_null(strstr(xg_buf_str(&call.response.body),
                           "xunge_batches_total{state=\"stored\"} 0\n"));
    call_clear(&call);
    close_server(&f);
}

static void test_languages(void **state)
{
    static const struct {
        const char *wish;
        bool chinese;
    } cases[] = {{"zh-CN,zh;q=0.9,en;q=0.8", true},
                 {"en-GB, zh;q=0.5", false},
                 {"en;q=0, zh", true},
                 {"fr", true},
                 {"zh;q=0.3, en;q=0.301", false},
                 {"", true},
                 {",,;q=", true}};
    struct fixture f;

    (void)state;
    open_server(&f, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xg_arena arena = XG_ARENA(1 << 20);
        struct xg_http_field header = {"Accept-Language", cases[i].wish};
        struct xg_request request = {.method = "GET",
                                     .path = "/v1/updates",
                                     .headers = &header,
                                     .header_count = 1,
                                     .arena = &arena};
        struct xg_response response;
        xg_response_init(&response);
        xg_route_serve(api_routes, api_route_count, &f.api, &request,
                       &response);
        xg_buf_text(&response.body, "");
        bool chinese = strstr(xg_buf_str(&response.body), "会话") != NULL;
        assert_int_equal(chinese, cases[i].chinese);
        xg_response_clear(&response);
        xg_arena_clear(&arena);
    }
    close_server(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_way_memory),
        cmocka_unit_test(test_whole_way_sqlite),
        cmocka_unit_test(test_enrol_again),
        cmocka_unit_test(test_enrol_refused),
        cmocka_unit_test(test_approval),
        cmocka_unit_test(test_hello_refused),
        cmocka_unit_test(test_hello_news_in_parts),
        cmocka_unit_test(test_hello_large_news_in_parts),
        cmocka_unit_test(test_put_refused),
        cmocka_unit_test(test_put_damaged),
        cmocka_unit_test(test_put_reordered_and_carried),
        cmocka_unit_test(test_fork_is_told),
        cmocka_unit_test(test_revoked),
        cmocka_unit_test(test_news_with_a_receipt),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_reading_rights),
        cmocka_unit_test(test_proof_holds),
        cmocka_unit_test(test_log_is_open),
        cmocka_unit_test(test_reference_file),
        cmocka_unit_test(test_operator_pages),
        cmocka_unit_test(test_languages),
    };

    if (xg_base_init() != 0)
        return 1;
    xg_lang_init("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
