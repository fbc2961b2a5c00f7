/* test_server_photo.c - photos on the server: which are named, which the log
 * says are held, which are wanted; who may have them, and what devices are
 * told. */
#include "tests/lib/test.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/api/api.h"
#include "server/photo/photo.h"
#include "shared/core/protocol.h"
#include "tests/lib/office.h"

#define ORIGIN "test.example"

/* ---- devices that name photos ---- */

struct phone {
    struct office *o;
    struct test_device *device;
    size_t sent; /* records handed in */
};

static void join(struct phone *p, struct office *o, const char *worker)
{
    struct xg_error err = XG_ERROR_NONE;
    char expected[XG_KEY_NAME_MAX + 1], name[XG_KEY_NAME_MAX + 1];
    struct store_counts counts;
    struct store *s;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(s->ops->get_counts(s, &counts, &err));
    data_return(o->d, s);
    registry_device_name(expected, ORIGIN, counts.devices);
    *p = (struct phone){.o = o};
    p->device = test_device_new(&o->arena, &o->world, expected, ORIGIN,
                                registry_registrar_key(o->d->registry));
    assert_ok(registry_enrol(o->d->registry, name,
                             p->device->signer.verifier.key, worker, &err));
    assert_string_equal(name, expected);
}

static void leave(struct phone *p)
{
    test_device_free(p->device);
}

static void push(struct phone *p)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct ingest_result result;

    test_seal(&frame, p->device, p->sent, p->device->count - p->sent);
    assert_ok(
        ingest_put(p->o->d->ingest, &result, frame.data, frame.len, &err));
    assert_int_equal(result.state, XG_BATCH_STORED);
    p->sent = p->device->count;
    xg_buf_clear(&frame);
}

static struct xg_hash photo_hash(unsigned number)
{
    struct xg_hash h = {{0}};

    /* Neither ascending nor descending with the numbers. */
    h.b[0] = (uint8_t)(number * 167 + 13);
    h.b[1] = (uint8_t)(number >> 8);
    h.b[2] = (uint8_t)number;
    return h;
}

static struct xg_hash thumbnail_hash(unsigned number)
{
    struct xg_hash h = photo_hash(number);

    h.b[31] = 1;
    return h;
}

/* Add the photo, of 1000 + number bytes, to the draft; with its thumbnail of
 * number + 1 bytes. */
static void add_photo(struct xg_draft *d, unsigned number, uint64_t length,
                      bool thumbnail)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash hash = photo_hash(number), small = thumbnail_hash(number);
    struct xg_buf value = XG_BUF(1024);

    xg_cbor_put_array(&value, thumbnail ? 8 : 4);
    xg_cbor_put_bytes(&value, hash.b, sizeof hash.b);
    xg_cbor_put_uint(&value, length);
    xg_cbor_put_uint(&value, 0);
    xg_cbor_put_uint(&value, 1);
    if (thumbnail) {
        for (int i = 0; i < 3; i++)
            xg_cbor_put_null(&value);
        xg_cbor_put_array(&value, 2);
        xg_cbor_put_bytes(&value, small.b, sizeof small.b);
        xg_cbor_put_uint(&value, number + 1);
    }
    assert_ok(xg_draft_add(d, XG_FIELD_PHOTO, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

/* An incident of the phone's with photos from..to. */
static struct xg_id report(struct phone *p, unsigned from, unsigned to)
{
    struct xg_draft d;

    xg_draft_init(&d, p->device->arena, XG_KIND_INCIDENT);
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    for (unsigned i = from; i <= to; i++)
        add_photo(&d, i, 1000 + i, true);
    const struct xg_record *r = test_write(p->device, &d, NULL);
    push(p);
    return xg_id_of_hash(&r->hash);
}

/* A later record of an entity that adds one more. */
static void show_one_more(struct phone *p, const struct xg_id *id,
                          unsigned number, uint64_t length)
{
    struct fold f = office_fold(p->o, id);
    struct xg_draft d;

    xg_draft_init(&d, p->device->arena, f.state.kind->number);
    add_photo(&d, number, length, false);
    test_write(p->device, &d, &f.state);
    push(p);
}

static struct xg_blob blob_of(unsigned number)
{
    return (struct xg_blob){photo_hash(number), 1000 + number};
}

static void hold(struct office *o, unsigned from, unsigned to)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_blob blobs[100];

    for (unsigned i = from; i <= to; i++)
        blobs[i - from] = blob_of(i);
    assert_ok(photo_hold(o->d, blobs, to - from + 1, &err));
}

/* ---- named ---- */

static bool named(struct office *o, uint64_t *length,
                  const struct xg_hash *hash, uint64_t stated)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *s;
    bool found = false;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(photo_named(s, length, &found, hash, stated, &err));
    data_return(o->d, s);
    return found;
}

static void test_named_by_merged_records(void **unused)
{
    struct xg_hash photo = photo_hash(5), small = thumbnail_hash(5);
    struct office o;
    struct phone a;
    uint64_t length = 77;

    (void)unused;
    office_open(&o, NULL);
    join(&a, &o, "wn");
    assert_false(named(&o, &length, &photo, 0));
    assert_int_equal(length, 77);
    report(&a, 5, 6);
    assert_true(named(&o, &length, &photo, 0));
    assert_int_equal(length, 1005);
    assert_true(named(&o, &length, &small, 0));
    assert_int_equal(length, 6);
    photo = photo_hash(7);
    assert_false(named(&o, &length, &photo, 0));
    office_check(&o);
    assert_true(named(&o, &length, &small, 0));
    leave(&a);
    office_close(&o);
}

/* A record that states a wrong length does not keep the right photo out. */
static void test_named_by_several_lengths(void **unused)
{
    struct xg_hash photo = photo_hash(5);
    struct office o;
    struct phone liar, honest;
    uint64_t length;

    (void)unused;
    office_open(&o, NULL);
    join(&liar, &o, "ws");
    join(&honest, &o, "wn");
    struct xg_id id = report(&liar, 1, 1);
    for (uint64_t i = 0; i < 70; i++)
        show_one_more(&liar, &id, 5, 1 + i);
    report(&honest, 5, 5);
    assert_true(named(&o, &length, &photo, 0));
    assert_int_equal(length, 1);
    assert_true(named(&o, &length, &photo, 1005));
    assert_int_equal(length, 1005);
    assert_true(named(&o, &length, &photo, 4711));
    assert_int_equal(length, 1);
    leave(&liar);
    leave(&honest);
    office_close(&o);
}

/* ---- held ---- */

static uint64_t position_of(struct office *o, unsigned number)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash hash = photo_hash(number);
    uint64_t position = 0, length;
    struct store *s;
    bool found = false;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(photo_held(s, &position, &length, &found, &hash, &err));
    data_return(o->d, s);
    if (found)
        assert_int_equal(length, 1000 + number);
    return found ? position : UINT64_MAX;
}

/* How many blobs notes the log has, and how many photos they name. */
static size_t count_notes(struct office *o, size_t *photos)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct xg_blob blobs[XG_BLOBS_MAX];
    struct xg_bytes *notes;
    struct store *s;
    size_t count = 0, found = 0, n;

    *photos = 0;
    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(s->ops->read_entries(s, &arena, &notes, &count, 0, 100000,
                                   16 << 20, &err));
    for (size_t i = 0; i < count; i++) {
        struct xg_note note;
        if (memcmp(notes[i].at, "xunge/blobs/v1\n", 15) != 0)
            continue;
        found++;
        assert_ok(xg_note_open(&note, notes[i].at, notes[i].len,
                               &o->d->log.verifier, &err));
        assert_ok(xg_blobs_read(blobs, &n, note.text, &err));
        *photos += n;
    }
    data_return(o->d, s);
    xg_arena_clear(&arena);
    return found;
}

static void test_held_once(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct office o;
    size_t photos;

    (void)unused;
    office_open(&o, NULL);
    assert_ok(photo_hold(o.d, NULL, 0, &err));
    assert_int_equal(position_of(&o, 3), UINT64_MAX);
    hold(&o, 1, 40);
    assert_int_equal(count_notes(&o, &photos), 40);
    assert_int_equal(photos, 40);
    uint64_t at = position_of(&o, 3), size = office_log_size(&o);
    assert_true(at < size);
    hold(&o, 1, 40);
    assert_int_equal(office_log_size(&o), size);
    /* The same photo three times in one call, one of them new. */
    struct xg_blob blobs[] = {blob_of(41), blob_of(3), blob_of(41)};
    assert_ok(photo_hold(o.d, blobs, 3, &err));
    assert_int_equal(count_notes(&o, &photos), 41);
    assert_int_equal(photos, 41);
    assert_int_equal(position_of(&o, 3), at);
    office_check(&o);
    assert_int_equal(position_of(&o, 3), at);
    office_close(&o);
}

/* What the log did not say is not held, whatever failed on the way. */
static void test_held_never_more_than_the_log(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_fault fault = {.status = XG_OK};
    struct xg_blob blob = blob_of(1);
    struct office o;
    size_t photos, done = 0;

    (void)unused;
    office_open(&o, &fault);
    for (uint64_t at = 0; !done; at++) {
        fault = (struct store_fault){.countdown = at, .status = XG_FULL};
        err = XG_ERROR_NONE;
        enum xg_status status = photo_hold(o.d, &blob, 1, &err);
        done = fault.failed == 0;
        fault.status = XG_OK;
        if (status == XG_OK) {
            assert_int_equal(count_notes(&o, &photos), 1);
            assert_int_equal(photos, 1);
            assert_true(position_of(&o, 1) < office_log_size(&o));
        } else {
            assert_status(status, XG_FULL);
            assert_int_equal(position_of(&o, 1), UINT64_MAX);
            assert_int_equal(count_notes(&o, &photos), 0);
        }
        assert_true(at < 100);
    }
    office_check(&o);
    office_close(&o);
}

enum { HOLDERS = 12, EACH = 8 };

struct holder {
    struct office *o;
    unsigned from;
    pthread_barrier_t *start;
    const char *trouble; /* NULL: none */
};

static void *hold_many(void *ctx)
{
    struct holder *h = ctx;
    struct xg_error err = XG_ERROR_NONE;

    pthread_barrier_wait(h->start);
    for (unsigned i = 0; i < EACH; i++) {
        /* Every photo is brought by two of them. */
        struct xg_blob blobs[] = {blob_of(h->from * EACH + i),
                                  blob_of((h->from + 1) % HOLDERS * EACH + i)};
        struct xg_checkpoint c;
        uint64_t position, length;
        struct store *s;
        bool found = false;
        if (photo_hold(h->o->d, blobs, 2, &err) != XG_OK ||
            ledger_published(h->o->d->ledger, &c, NULL, &err) != XG_OK ||
            data_borrow(h->o->d, &s, &err) != XG_OK) {
            h->trouble = "failed";
            continue;
        }
        if (photo_held(s, &position, &length, &found, &blobs[0].sha256, &err) !=
                XG_OK ||
            !found || position >= c.size)
            h->trouble = "not published";
        data_return(h->o->d, s);
    }
    return NULL;
}

static void test_holders_hold_each_once(void **unused)
{
    struct holder holders[HOLDERS];
    pthread_t threads[HOLDERS];
    pthread_barrier_t start;
    struct office o;
    size_t photos;

    (void)unused;
    office_open_files(&o);
    assert_int_equal(pthread_barrier_init(&start, NULL, HOLDERS), 0);
    for (unsigned i = 0; i < HOLDERS; i++) {
        holders[i] = (struct holder){&o, i, &start, NULL};
        assert_int_equal(
            pthread_create(&threads[i], NULL, hold_many, &holders[i]), 0);
    }
    for (unsigned i = 0; i < HOLDERS; i++) {
        pthread_join(threads[i], NULL);
        if (holders[i].trouble)
            fail_msg("%s", holders[i].trouble);
    }
    pthread_barrier_destroy(&start);
    assert_int_equal(count_notes(&o, &photos), HOLDERS * EACH);
    assert_int_equal(photos, HOLDERS * EACH);
    office_check(&o);
    office_close(&o);
}

/* ---- who may have one ---- */

static bool may(struct phone *p, const struct xg_hash *hash)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *s;
    bool may = true;

    assert_ok(data_borrow(p->o->d, &s, &err));
    assert_ok(photo_may_read(p->o->d, s, &may, p->device->signer.verifier.name,
                             hash, &err));
    data_return(p->o->d, s);
    return may;
}

static void test_may_read_by_scope_and_hands(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash photo = photo_hash(5), small = thumbnail_hash(5);
    struct xg_hash unknown = photo_hash(6);
    struct desk_done done;
    struct office o;
    struct phone own, north, south, top;

    (void)unused;
    office_open(&o, NULL);
    join(&own, &o, "wn");
    join(&north, &o, "hn");
    join(&south, &o, "ws");
    join(&top, &o, "boss");
    struct xg_id id = report(&own, 5, 5);
    assert_true(may(&own, &photo));
    assert_true(may(&north, &small));
    assert_true(may(&top, &photo));
    assert_false(may(&south, &photo));
    assert_false(may(&south, &small));
    assert_false(may(&own, &unknown));
    /* Into the south's hands, and back out of them. */
    assert_ok(office_do(&o, &done, &id, "head", XG_MOVE_ACCEPT, &err, 0));
    assert_ok(office_do(&o, &done, &id, "head", XG_MOVE_FILE, &err, 0));
    assert_ok(office_do(&o, &done, &id, "head", XG_MOVE_DISPATCH, &err,
                        XG_CASE_UNIT, "south", 0));
    assert_true(may(&south, &photo));
    assert_true(may(&south, &small));
    assert_ok(office_do(&o, &done, &id, "head", XG_MOVE_RECALL, &err,
                        XG_FIELD_WHY, "wrong", 0));
    assert_ok(office_do(&o, &done, &id, "head", XG_MOVE_DISPATCH, &err,
                        XG_CASE_UNIT, "north", 0));
    assert_false(may(&south, &photo));
    assert_true(may(&own, &photo));
    /* Its own record names it: then it is no secret to it. */
    report(&south, 5, 5);
    assert_true(may(&south, &photo));
    leave(&own);
    leave(&north);
    leave(&south);
    leave(&top);
    office_close(&o);
}

/* However often others name it: neither who did before all of them nor who does
 * after them is kept from it. */
static void test_may_read_behind_a_flood(void **unused)
{
    enum { FLOOD = 1100 };
    struct xg_hash photo = photo_hash(5);
    struct office o;
    struct phone before, flood, after, reader;

    (void)unused;
    office_open(&o, NULL);
    join(&before, &o, "wn");
    join(&flood, &o, "boss");
    join(&after, &o, "ws");
    join(&reader, &o, "hn");
    report(&before, 5, 5);
    for (unsigned i = 0; i < FLOOD; i++) {
        struct xg_draft d;
        xg_draft_init(&d, flood.device->arena, XG_KIND_INCIDENT);
        test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
        add_photo(&d, 5, 1005, false);
        test_write(flood.device, &d, NULL);
        if (i % 100 == 99)
            push(&flood);
    }
    assert_true(may(&reader, &photo));
    assert_false(may(&after, &photo));
    report(&after, 5, 5);
    assert_true(may(&after, &photo));
    leave(&before);
    leave(&flood);
    leave(&after);
    leave(&reader);
    office_close(&o);
}

/* ---- wanted ---- */

static size_t orders_of(struct phone *p, struct xg_hash out[XG_ORDERS_MAX])
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *s;
    size_t count = 0;

    assert_ok(data_borrow(p->o->d, &s, &err));
    assert_ok(
        photo_orders(s, out, &count, p->device->signer.verifier.name, &err));
    data_return(p->o->d, s);
    return count;
}

static enum view_place place_of(struct office *o, unsigned number)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash hash = photo_hash(number);
    enum view_place place = VIEW_PHOTO_ONLY_HERE;
    struct store *s;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(photo_place(s, o->d->blobs, &place, &hash, &err));
    data_return(o->d, s);
    return place;
}

static void test_orders(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash out[XG_ORDERS_MAX], first = photo_hash(1);
    struct xg_id nobody = {{9}};
    struct office o;
    struct phone a, b;
    size_t count = 99;

    (void)unused;
    office_open(&o, NULL);
    join(&a, &o, "wn");
    join(&b, &o, "hn");
    struct xg_id id = report(&a, 1, 3);
    show_one_more(&b, &id, 4, 1004);
    show_one_more(&b, &id, 1, 1001); /* which a was first to name */
    hold(&o, 2, 2);
    assert_status(photo_order(o.d, &count, &nobody, &err), XG_NOTFOUND);
    assert_int_equal(count, 99);
    uint64_t size = office_log_size(&o);
    assert_int_equal(place_of(&o, 1), VIEW_PHOTO_ELSEWHERE);
    assert_ok(photo_order(o.d, &count, &id, &err));
    assert_int_equal(office_log_size(&o), size); /* a wish is no evidence */
    assert_int_equal(place_of(&o, 1), VIEW_PHOTO_WANTED);
    assert_int_equal(place_of(&o, 2), VIEW_PHOTO_SERVER);
    assert_int_equal(orders_of(&a, out), 2); /* 1 and 3 */
    assert_true(xg_hash_equal(&out[0], &first));
    assert_int_equal(orders_of(&b, out), 2); /* 4, and 1 */
    assert_ok(photo_order(o.d, &count, &id, &err));
    assert_int_equal(orders_of(&a, out), 2);
    office_check(&o);
    assert_int_equal(orders_of(&a, out), 2);
    /* What has come is wanted no more. */
    hold(&o, 1, 1);
    assert_int_equal(orders_of(&a, out), 1);
    assert_int_equal(orders_of(&b, out), 1);
    hold(&o, 3, 4);
    assert_int_equal(orders_of(&a, out), 0);
    assert_int_equal(orders_of(&b, out), 0);
    assert_ok(photo_order(o.d, &count, &id, &err));
    assert_int_equal(count, 0);
    leave(&a);
    leave(&b);
    office_close(&o);
}

/* Who was first to name it may be gone: whoever else did is asked too, and not
 * who was revoked, while there is another. */
static void test_orders_go_to_all_who_named(void **unused)
{
    enum { PHONES = PHOTO_ASKED_MAX + 2 };
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash out[XG_ORDERS_MAX];
    struct phone p[PHONES];
    struct office o;
    size_t count, asked = 0;

    (void)unused;
    office_open(&o, NULL);
    for (size_t i = 0; i < PHONES; i++)
        join(&p[i], &o, "wn");
    struct xg_id id = report(&p[0], 1, 1);
    report(&p[0], 2, 2);
    assert_ok(registry_revoke(o.d->registry, p[0].device->signer.verifier.name,
                              &err));
    assert_ok(photo_order(o.d, &count, &id, &err));
    assert_int_equal(count, 1);
    assert_int_equal(orders_of(&p[0], out), 1); /* there is no other */
    for (size_t i = 1; i < PHONES; i++)
        report(&p[i], 1, 1);
    hold(&o, 1, 1);
    assert_int_equal(orders_of(&p[0], out), 0);

    id = report(&p[1], 2, 2);
    for (size_t i = 2; i < PHONES; i++)
        report(&p[i], 2, 2);
    assert_ok(photo_order(o.d, &count, &id, &err));
    for (size_t i = 0; i < PHONES; i++)
        asked += orders_of(&p[i], out);
    assert_int_equal(asked, PHOTO_ASKED_MAX);
    assert_int_equal(orders_of(&p[0], out), 0); /* revoked */
    assert_int_equal(orders_of(&p[1], out), 1);
    hold(&o, 2, 2);
    for (size_t i = 0; i < PHONES; i++)
        assert_int_equal(orders_of(&p[i], out), 0);
    for (size_t i = 0; i < PHONES; i++)
        leave(&p[i]);
    office_close(&o);
}

/* More than fit into a welcome: the oldest wishes first, all in the end. */
static void test_orders_in_turns(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash out[XG_ORDERS_MAX];
    struct office o;
    struct phone a;
    size_t count;

    (void)unused;
    office_open(&o, NULL);
    join(&a, &o, "wn");
    struct xg_id id = report(&a, 1, 90);
    assert_ok(photo_order(o.d, &count, &id, &err));
    assert_int_equal(count, 90);
    assert_int_equal(orders_of(&a, out), XG_ORDERS_MAX);
    hold(&o, 1, 64);
    assert_int_equal(orders_of(&a, out), 26);
    leave(&a);
    office_close(&o);
}

/* ---- POST /v1/blobs/held ---- */

struct call {
    struct xg_arena arena;
    struct xg_response response;
    struct xg_http_field headers[8];
    char authorization[80];
};

static void call_clear(struct call *call)
{
    xg_response_clear(&call->response);
    xg_arena_clear(&call->arena);
}

struct visitor {
    struct phone *phone;
    struct api *api;
    char bearer[XG_BASE64_SIZE(32)];
};

static void visit(struct visitor *v, struct phone *p, struct api *api)
{
    struct session whose = {.device = {0}};
    struct xg_hash token;

    memcpy(whose.device, p->device->signer.verifier.name, sizeof whose.device);
    session_give(api->sessions, &token, &whose);
    *v = (struct visitor){p, api, {0}};
    xg_base64(v->bearer, sizeof v->bearer, token.b, sizeof token.b);
}

/* The status. `name` NULL: no header beyond the token. */
static int ask(struct call *call, const struct visitor *v, const char *method,
               const char *target, const char *name, const char *value,
               struct xg_bytes body)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_request request = {.method = method,
                                 .body = body,
                                 .headers = call->headers,
                                 .peer = "127.0.0.1"};

    *call = (struct call){.arena = XG_ARENA(XG_WEB_ARENA_BYTES)};
    request.arena = &call->arena;
    snprintf(call->authorization, sizeof call->authorization, "Bearer %s",
             v->bearer);
    call->headers[request.header_count++] =
        (struct xg_http_field){"Authorization", call->authorization};
    if (name)
        call->headers[request.header_count++] =
            (struct xg_http_field){name, value};
    xg_response_init(&call->response);
    assert_ok(xg_request_target(&request, target, &err));
    xg_route_serve(api_routes, api_route_count, v->api, &request,
                   &call->response);
    return call->response.http_status;
}

/* Take the answer apart as a device does: how many notes, how many of the
 * asked they name. */
static size_t read_answer(struct office *o, const struct call *call,
                          const struct xg_checkpoint *seen,
                          const struct xg_hash *asked, size_t asked_count,
                          size_t *told)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_verifier *log = &o->d->log.verifier;
    struct xg_bytes rest = xg_buf_bytes(&call->response.body), frame, receipt;
    struct xg_checkpoint first = {.size = 0}, c;
    struct xg_blob blobs[XG_BLOBS_MAX];
    struct xg_proof proof;
    size_t notes = 0, count;

    *told = 0;
    assert_true(xg_frame_next(&rest, &frame));
    assert_ok(xg_proof_read(&proof, frame, &err));
    while (xg_frame_next(&rest, &frame)) {
        struct xg_note note;
        struct xg_receipt r;
        struct xg_hash leaf;
        bool names = false;
        assert_true(xg_frame_next(&rest, &receipt));
        xg_tlog_leaf(&leaf, frame.at, frame.len);
        assert_ok(
            xg_receipt_open(&r, &c, receipt.at, receipt.len, &leaf, log, &err));
        if (notes++ == 0)
            first = c;
        assert_int_equal(c.size, first.size);
        assert_ok(xg_verify_consistency(&proof, seen->size, c.size, &seen->root,
                                        &c.root, &err));
        assert_ok(xg_note_open(&note, frame.at, frame.len, log, &err));
        assert_ok(xg_blobs_read(blobs, &count, note.text, &err));
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < asked_count; k++)
                if (xg_hash_equal(&blobs[i].sha256, &asked[k])) {
                    names = true;
                    ++*told;
                }
        assert_true(names);
    }
    assert_int_equal(rest.len, 0);
    return notes;
}

static void test_held_answers_verify(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash asked[XG_BLOBS_ASKED_MAX];
    struct xg_checkpoint seen;
    struct visitor v;
    struct office o;
    struct phone a;
    struct api api;
    struct call call;
    char size[32];
    size_t told;

    (void)unused;
    office_open(&o, NULL);
    assert_ok(api_open(&api, o.d, &err));
    join(&a, &o, "wn");
    visit(&v, &a, &api);
    assert_ok(ledger_published(o.d->ledger, &seen, NULL, &err));
    snprintf(size, sizeof size, "%llu", (unsigned long long)seen.size);
    hold(&o, 1, 40);
    for (unsigned i = 0; i < XG_BLOBS_ASKED_MAX; i++)
        asked[i] = photo_hash(i + 1);
    assert_int_equal(ask(&call, &v, "POST", "/v1/blobs/held", "Xunge-Size",
                         size, xg_bytes(asked, sizeof asked)),
                     200);
    assert_int_equal(
        read_answer(&o, &call, &seen, asked, XG_BLOBS_ASKED_MAX, &told), 40);
    assert_int_equal(told, 40);
    call_clear(&call);
    /* One that is held, twice; one that is not. */
    struct xg_hash few[] = {photo_hash(7), photo_hash(99), photo_hash(7)};
    assert_int_equal(ask(&call, &v, "POST", "/v1/blobs/held", "Xunge-Size",
                         size, xg_bytes(few, sizeof few)),
                     200);
    assert_int_equal(read_answer(&o, &call, &seen, few, 3, &told), 1);
    call_clear(&call);
    assert_int_equal(ask(&call, &v, "POST", "/v1/blobs/held", "Xunge-Size",
                         size, xg_bytes(&few[1], sizeof few[1])),
                     200);
    assert_int_equal(read_answer(&o, &call, &seen, few, 3, &told), 0);
    call_clear(&call);
    /* A device that has seen a longer log. */
    assert_int_equal(ask(&call, &v, "POST", "/v1/blobs/held", "Xunge-Size",
                         "99999", xg_bytes(few, sizeof few)),
                     503);
    call_clear(&call);
    api_close(&api);
    leave(&a);
    office_close(&o);
}

/* Whoever knows a hash can name it, and then read the photo: so what a device
 * is told of its own photos must not tell of those of others, whoever brought
 * them together. */
static void test_held_tells_of_no_other(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_blob both[] = {blob_of(5), blob_of(9)};
    struct xg_bytes rest, frame, receipt;
    struct office o;
    struct phone north, south;
    struct visitor v;
    struct api api;
    struct call call;
    size_t notes = 0, count;

    (void)unused;
    office_open(&o, NULL);
    assert_ok(api_open(&api, o.d, &err));
    join(&north, &o, "wn");
    join(&south, &o, "ws");
    report(&north, 5, 5);
    report(&south, 9, 9);
    assert_false(may(&south, &both[0].sha256));
    assert_ok(photo_hold(o.d, both, 2, &err));
    visit(&v, &south, &api);
    assert_int_equal(
        ask(&call, &v, "POST", "/v1/blobs/held", "Xunge-Size", "0",
            xg_bytes(both[1].sha256.b, sizeof both[1].sha256.b)),
        200);
    rest = xg_buf_bytes(&call.response.body);
    assert_true(xg_frame_next(&rest, &frame));
    while (xg_frame_next(&rest, &frame) && xg_frame_next(&rest, &receipt)) {
        struct xg_blob blobs[XG_BLOBS_MAX];
        struct xg_note note;
        assert_ok(xg_note_open(&note, frame.at, frame.len,
                               &o.d->log.verifier, &err));
        assert_ok(xg_blobs_read(blobs, &count, note.text, &err));
        for (size_t i = 0; i < count; i++)
            assert_true(
                xg_hash_equal(&blobs[i].sha256, &both[1].sha256));
        notes++;
    }
    assert_int_equal(notes, 1);
    call_clear(&call);
    api_close(&api);
    leave(&north);
    leave(&south);
    office_close(&o);
}

/* A note that the published checkpoint does not cover is not told. */
static void test_held_only_as_published(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash asked[] = {photo_hash(1), photo_hash(2)};
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), out = XG_BUF(1 << 20);
    struct xg_checkpoint then;
    struct store *s;
    struct office o;

    (void)unused;
    office_open(&o, NULL);
    hold(&o, 1, 1);
    assert_ok(ledger_published(o.d->ledger, &then, &note, &err));
    hold(&o, 2, 2);
    assert_ok(data_borrow(o.d, &s, &err));
    assert_ok(photo_put_held(&out, o.d, s, &then, xg_buf_bytes(&note),
                             xg_bytes("", 0), asked, 2, &err));
    data_return(o.d, s);
    struct xg_bytes rest = xg_buf_bytes(&out), frame;
    size_t frames = 0;
    while (xg_frame_next(&rest, &frame))
        frames++;
    assert_int_equal(frames, 3); /* of the first photo alone */
    xg_buf_clear(&out);
    xg_buf_clear(&note);
    office_close(&o);
}

static void test_held_refuses_bad_bodies(void **unused)
{
    static const uint8_t zeros[65 * 32];
    const struct {
        size_t len;
        int status;
    } bodies[] = {
        {0, 400}, {31, 400}, {33, 400}, {65 * 32, 413}, {64 * 32, 200}};
    struct xg_error err = XG_ERROR_NONE;
    struct visitor v, stranger = {0};
    struct office o;
    struct phone a;
    struct api api;
    struct call call;

    (void)unused;
    office_open(&o, NULL);
    assert_ok(api_open(&api, o.d, &err));
    join(&a, &o, "wn");
    visit(&v, &a, &api);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        assert_int_equal(ask(&call, &v, "POST", "/v1/blobs/held", NULL, NULL,
                             xg_bytes(zeros, bodies[i].len)),
                         bodies[i].status);
        call_clear(&call);
    }
    assert_int_equal(ask(&call, &v, "POST", "/v1/blobs/held", "Xunge-Size",
                         "many", xg_bytes(zeros, 32)),
                     400);
    call_clear(&call);
    stranger.api = &api;
    assert_int_equal(ask(&call, &stranger, "POST", "/v1/blobs/held", NULL, NULL,
                         xg_bytes(zeros, 32)),
                     401);
    call_clear(&call);
    api_close(&api);
    leave(&a);
    office_close(&o);
}

/* ---- files ---- */

struct content {
    char text[200];
    size_t len, at;
};

static struct content content_of(unsigned number)
{
    struct content c = {.at = 0};

    c.len = (size_t)snprintf(c.text, sizeof c.text, "photo %u ", number);
    for (; c.len < 100 + number; c.len++)
        c.text[c.len] = (char)('a' + c.len % 26);
    return c;
}

static enum xg_status read_content(void *ctx, uint8_t *at, size_t size,
                                   size_t *len, struct xg_error *err)
{
    struct content *c = ctx;
    size_t n = c->len - c->at < size ? c->len - c->at : size;

    (void)err;
    memcpy(at, c->text + c->at, n);
    c->at += n;
    *len = n;
    return XG_OK;
}

static struct xg_blob real_blob(unsigned number)
{
    struct content c = content_of(number);
    struct xg_blob blob = {.length = c.len};

    crypto_hash_sha256(blob.sha256.b, (const uint8_t *)c.text, c.len);
    return blob;
}

/* Its file alone, as after a power cut between it and the note. */
static struct xg_blob put_file(struct office *o, unsigned number)
{
    struct xg_error err = XG_ERROR_NONE;
    struct content c = content_of(number);
    struct xg_blob blob = real_blob(number);

    assert_ok(blobs_take(o->d->blobs, &blob.sha256, blob.length, read_content,
                         &c, &err));
    return blob;
}

static struct xg_blob put_held_file(struct office *o, unsigned number)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_blob blob = put_file(o, number);

    assert_ok(photo_hold(o->d, &blob, 1, &err));
    return blob;
}

static void report_real(struct phone *p, const struct xg_blob *blob)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(1024);
    struct xg_draft d;

    xg_draft_init(&d, p->device->arena, XG_KIND_INCIDENT);
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    xg_cbor_put_array(&value, 4);
    xg_cbor_put_bytes(&value, blob->sha256.b, sizeof blob->sha256.b);
    xg_cbor_put_uint(&value, blob->length);
    xg_cbor_put_uint(&value, 0);
    xg_cbor_put_uint(&value, 1);
    assert_ok(xg_draft_add(&d, XG_FIELD_PHOTO, xg_buf_bytes(&value), &err));
    test_write(p->device, &d, NULL);
    push(p);
    xg_buf_clear(&value);
}

static const char *answer_header(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->response.extra_count; i++)
        if (strcmp(call->response.extra[i].name, name) == 0)
            return call->response.extra[i].value;
    return "";
}

/* GET with a range (or NULL): status, and which bytes come. */
static void expect_range(const struct visitor *v, const char *target,
                         const char *range, int status, uint64_t first,
                         uint64_t count, const char *content_range)
{
    struct call call;

    assert_int_equal(ask(&call, v, "GET", target, range ? "Range" : NULL, range,
                         xg_bytes(NULL, 0)),
                     status);
    assert_string_equal(answer_header(&call, "Content-Range"), content_range);
    if (status < 300) {
        assert_true(call.response.file_fd >= 0);
        assert_int_equal(call.response.file_offset, first);
        assert_int_equal(call.response.file_bytes, count);
        assert_string_equal(answer_header(&call, "Accept-Ranges"), "bytes");
        assert_int_equal(call.response.cache, XG_CACHE_PRIVATE);
    }
    call_clear(&call);
}

static void test_ranges(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    char target[100] = "/v1/blobs/";
    struct visitor v, other;
    struct office o;
    struct phone a, stranger;
    struct api api;
    struct call call;

    (void)unused;
    office_open(&o, NULL);
    assert_ok(api_open(&api, o.d, &err));
    join(&a, &o, "wn");
    join(&stranger, &o, "ws");
    visit(&v, &a, &api);
    visit(&other, &stranger, &api);
    struct xg_blob blob = put_file(&o, 0); /* 100 bytes */
    report_real(&a, &blob);
    xg_hex(target + strlen(target), blob.sha256.b, sizeof blob.sha256.b);
    /* Its file is here, but the log does not say so. */
    assert_int_equal(
        ask(&call, &v, "GET", target, NULL, NULL, xg_bytes(NULL, 0)), 404);
    call_clear(&call);
    assert_ok(photo_hold(o.d, &blob, 1, &err));
    expect_range(&v, target, NULL, 200, 0, 100, "");
    expect_range(&v, target, "bytes=0-0", 206, 0, 1, "bytes 0-0/100");
    expect_range(&v, target, "bytes=10-19", 206, 10, 10, "bytes 10-19/100");
    expect_range(&v, target, "bytes=90-", 206, 90, 10, "bytes 90-99/100");
    expect_range(&v, target, "bytes=90-5000", 206, 90, 10, "bytes 90-99/100");
    expect_range(&v, target, "bytes=-30", 206, 70, 30, "bytes 70-99/100");
    expect_range(&v, target, "bytes=-3000", 206, 0, 100, "bytes 0-99/100");
    expect_range(&v, target, "bytes=100-", 416, 0, 0, "bytes */100");
    expect_range(&v, target, "bytes=-0", 416, 0, 0, "bytes */100");
    static const char *const odd[] = {"bytes=",
                                      "bytes=-",
                                      "bytes=5-2",
                                      "bytes=a-b",
                                      "bytes=1-2,5-6",
                                      "lines=1-2",
                                      "bytes=99999999999999999999-",
                                      "bytes=1-2x",
                                      ""};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        expect_range(&v, target, odd[i], 200, 0, 100, "");
    /* Somebody else learns not even that it is here. */
    assert_int_equal(
        ask(&call, &other, "GET", target, NULL, NULL, xg_bytes(NULL, 0)), 404);
    call_clear(&call);
    /* Revoked: it receives no more. */
    assert_ok(
        registry_revoke(o.d->registry, a.device->signer.verifier.name, &err));
    assert_int_equal(
        ask(&call, &v, "GET", target, NULL, NULL, xg_bytes(NULL, 0)), 403);
    call_clear(&call);
    api_close(&api);
    leave(&a);
    leave(&stranger);
    office_close(&o);
}

/* ---- backup and check ---- */

static void path_of(char path[static 800], const char *folder,
                    const struct xg_hash *hash)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, hash->b, sizeof hash->b);
    snprintf(path, 800, "%s/blobs/%.2s/%s", folder, hex, hex);
}

static uint64_t backed_up(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *s;
    uint64_t value;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(s->ops->get_value(s, &value, "backup", &err));
    data_return(o->d, s);
    return value;
}

static uint64_t entry_of(struct office *o, const struct xg_blob *blob)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_held row;
    struct store *s;
    bool found;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(s->ops->find_held(s, &row, &found, &blob->sha256, &err));
    data_return(o->d, s);
    assert_true(found);
    return row.position;
}

static void test_backup_covers_photos(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    char file[600], photos[600], path[800];
    struct data_backup done;
    struct office o;

    (void)unused;
    office_open_files(&o);
    snprintf(photos, sizeof photos, "%s/photos", o.folder);
    snprintf(file, sizeof file, "%s/0.db", o.folder);
    assert_ok(data_backup(o.d, &done, file, photos, &err));
    assert_int_not_equal(access(photos, F_OK), 0); /* nothing to put there */
    struct xg_blob one = put_held_file(&o, 1), two = put_held_file(&o, 2);
    struct xg_blob loose = put_file(&o, 3);
    uint64_t size = office_log_size(&o);
    snprintf(file, sizeof file, "%s/1.db", o.folder);
    assert_ok(data_backup(o.d, &done, file, photos, &err));
    assert_int_equal(done.size, size);
    assert_int_equal(done.missing, 0);
    assert_int_equal(backed_up(&o), size);
    assert_true(blobs_is_copied(photos, &one));
    assert_true(blobs_is_copied(photos, &two));
    /* Into a file that is there: refused before anything is copied. */
    struct xg_blob four = put_held_file(&o, 4);
    assert_status(data_backup(o.d, &done, file, photos, &err), XG_REFUSED);
    assert_false(blobs_is_copied(photos, &four));
    assert_int_equal(backed_up(&o), size);
    /* Only what is new is copied. */
    snprintf(file, sizeof file, "%s/2.db", o.folder);
    assert_ok(data_backup(o.d, &done, file, photos, &err));
    assert_int_equal(done.copied.files,
                     blobs_is_copied(photos, &loose) ? 1 : 2);
    assert_int_equal(backed_up(&o), office_log_size(&o));
    /* A photo whose file is lost, here and there: what came before it is
     * covered, and nothing after. */
    path_of(path, photos, &two.sha256);
    assert_int_equal(unlink(path), 0);
    assert_ok(blobs_remove(o.d->blobs, &two.sha256, &err));
    snprintf(file, sizeof file, "%s/3.db", o.folder);
    assert_ok(data_backup(o.d, &done, file, photos, &err));
    assert_int_equal(done.missing, 1);
    assert_true(xg_hash_equal(&done.first_missing, &two.sha256));
    assert_int_equal(done.size, entry_of(&o, &two));
    assert_true(done.size > entry_of(&o, &one));
    assert_int_equal(backed_up(&o), done.size);
    office_close(&o);
}

enum { BUSY_PHOTOS = 60, BUSY_BACKUPS = 6 };

static void *keep_coming(void *ctx)
{
    struct office *o = ctx;
    struct xg_error err = XG_ERROR_NONE;

    for (unsigned i = 0; i < BUSY_PHOTOS; i++) {
        struct content c = content_of(i);
        struct xg_blob blob = real_blob(i);
        if (blobs_take(o->d->blobs, &blob.sha256, blob.length, read_content, &c,
                       &err) != XG_OK ||
            photo_hold(o->d, &blob, 1, &err) != XG_OK)
            return o; /* trouble */
    }
    return NULL;
}

/* Photos come while it is copied: whatever the size that devices are told
 * covers has its file in the copy, and its note in the store's. */
static void test_backup_while_photos_come(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    char file[600], photos[600];
    struct data_backup done;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *copy, *s;
    struct store_held *rows, row;
    struct office o;
    pthread_t thread;
    void *trouble;
    size_t count;
    bool found;

    (void)unused;
    office_open_files(&o);
    snprintf(photos, sizeof photos, "%s/photos", o.folder);
    assert_int_equal(pthread_create(&thread, NULL, keep_coming, &o), 0);
    for (int i = 0; i < BUSY_BACKUPS; i++) {
        snprintf(file, sizeof file, "%s/%d.db", o.folder, i);
        assert_ok(data_backup(o.d, &done, file, photos, &err));
        assert_int_equal(done.missing, 0);
        assert_ok(store_sqlite_open(&copy, file, &err));
        xg_arena_reset(&arena);
        assert_ok(data_borrow(o.d, &s, &err));
        assert_ok(s->ops->read_held(s, &arena, &rows, &count, 0, 1000, &err));
        data_return(o.d, s);
        for (size_t k = 0; k < count && rows[k].position < done.size; k++) {
            assert_true(blobs_is_copied(photos, &rows[k].blob));
            assert_ok(copy->ops->find_held(copy, &row, &found,
                                           &rows[k].blob.sha256, &err));
            assert_true(found);
        }
        store_close(copy);
    }
    pthread_join(thread, &trouble);
    assert_null(trouble);
    xg_arena_clear(&arena);
    office_close(&o);
}

struct lines {
    size_t count;
    char last[300];
};

static void take_line(void *ctx, const char *line)
{
    struct lines *l = ctx;

    l->count++;
    snprintf(l->last, sizeof l->last, "%s", line);
}

static void damage(struct office *o, const struct xg_blob *blob)
{
    char path[800], folder[600];

    snprintf(folder, sizeof folder, "%s/data", o->folder);
    path_of(path, folder, &blob->sha256);
    assert_int_equal(chmod(path, 0600), 0);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fputc('!', f);
    fclose(f);
}

static void test_check_reads_photos(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct lines lines = {.count = 0};
    char hex[2 * XG_HASH_SIZE + 1];
    struct office o;

    (void)unused;
    office_open_files(&o);
    assert_ok(data_check_photos(o.d, take_line, &lines, &err));
    struct xg_blob one = put_held_file(&o, 1), two = put_held_file(&o, 2);
    put_held_file(&o, 3);
    put_file(&o, 4); /* nobody's word: not looked at */
    assert_ok(data_check_photos(o.d, NULL, NULL, &err));
    damage(&o, &one);
    assert_status(data_check_photos(o.d, take_line, &lines, &err), XG_CORRUPT);
    assert_int_equal(lines.count, 2);
    xg_hex(hex, one.sha256.b, sizeof one.sha256.b);
    assert_non_null(strstr(lines.last, hex));
    assert_non_null(strstr(xg_error_text(&err), hex));
    err = XG_ERROR_NONE;
    assert_ok(blobs_remove(o.d->blobs, &two.sha256, &err));
    assert_status(data_check_photos(o.d, take_line, &lines, &err), XG_CORRUPT);
    assert_int_equal(lines.count, 4);
    office_check(&o); /* the log and its tables are sound all the same */
    office_close(&o);
}

/* What a row too many, one too few, or another row in the tables does. */
static void expect_differs(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_status(data_check(o->d, NULL, NULL, &err), XG_CORRUPT);
    assert_non_null(strstr(xg_error_text(&err), "photo"));
    err = XG_ERROR_NONE;
    assert_ok(ingest_rebuild(o->d->ingest, &err));
    assert_ok(data_check(o->d, NULL, NULL, &err));
}

enum wrong { NAMED_TOO_MANY, NAMED_OTHERWISE, HELD_TOO_MANY };

struct spoil_job {
    struct ledger_job job;
    enum wrong what;
};

static enum xg_status run_spoil(struct ledger_job *job, struct ledger *l,
                                struct store *s, struct xg_error *err)
{
    struct spoil_job *j = (struct spoil_job *)job;
    struct store_photo photo = {photo_hash(5), 7777, 1005, false};
    struct store_photo other = {thumbnail_hash(5), 0, 6, false};
    struct xg_blob blob = blob_of(999);
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store_photo *rows;
    enum xg_status status = XG_OK;
    size_t count;

    (void)l;
    if (j->what == NAMED_TOO_MANY)
        status = s->ops->put_photo(s, &photo, err);
    if (j->what == HELD_TOO_MANY)
        status = s->ops->put_held(s, &blob, 1, err);
    if (j->what == NAMED_OTHERWISE) { /* the thumbnail becomes a photo */
        status = s->ops->read_photos(s, &arena, &rows, &count, &other.hash, 0,
                                     1, err);
        if (status == XG_OK) {
            other.record = rows[0].record;
            status = s->ops->put_photo(s, &other, err);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

static void test_check_compares_with_a_replay(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct office o;
    struct phone a;

    (void)unused;
    office_open(&o, NULL);
    join(&a, &o, "wn");
    report(&a, 1, 200); /* more than a page of them */
    hold(&o, 1, 90);
    hold(&o, 91, 180);
    office_check(&o);
    for (enum wrong what = NAMED_TOO_MANY; what <= HELD_TOO_MANY; what++) {
        struct spoil_job j = {.job = {.run = run_spoil}, .what = what};
        assert_ok(ledger_submit(o.d->ledger, &j.job, &err));
        expect_differs(&o);
    }
    leave(&a);
    office_close(&o);
}

/* Power goes between file and note: the file lies there, and the log does not
 * name it; after the next try it does, and nothing is there twice. */
static void test_cut_between_file_and_note(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash out[XG_ORDERS_MAX];
    char inside[600];
    struct office o;
    struct phone a;
    size_t asked;

    (void)unused;
    office_open_files(&o);
    join(&a, &o, "wn");
    struct xg_blob blob = put_file(&o, 1);
    report_real(&a, &blob);
    const struct xg_record *r = a.device->records[a.device->count - 1];
    struct xg_id id = xg_id_of_hash(&r->hash);
    assert_ok(photo_order(o.d, &asked, &id, &err));
    assert_int_equal(asked, 1);
    data_close(o.d);
    snprintf(inside, sizeof inside, "%s/data", o.folder);
    assert_ok(data_open(&o.d, inside, &o.env, &err));
    assert_true(blobs_has(o.d->blobs, &blob.sha256));
    assert_int_equal(orders_of(&a, out), 1); /* still wanted */
    assert_ok(photo_hold(o.d, &blob, 1, &err));
    assert_int_equal(orders_of(&a, out), 0);
    uint64_t size = office_log_size(&o);
    put_held_file(&o, 1);
    assert_int_equal(office_log_size(&o), size);
    office_check(&o);
    leave(&a);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_by_merged_records),
        cmocka_unit_test(test_named_by_several_lengths),
        cmocka_unit_test(test_held_once),
        cmocka_unit_test(test_held_never_more_than_the_log),
        cmocka_unit_test(test_holders_hold_each_once),
        cmocka_unit_test(test_may_read_by_scope_and_hands),
        cmocka_unit_test(test_may_read_behind_a_flood),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_orders_go_to_all_who_named),
        cmocka_unit_test(test_orders_in_turns),
        cmocka_unit_test(test_held_answers_verify),
        cmocka_unit_test(test_held_tells_of_no_other),
        cmocka_unit_test(test_held_only_as_published),
        cmocka_unit_test(test_held_refuses_bad_bodies),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_backup_covers_photos),
        cmocka_unit_test(test_backup_while_photos_come),
        cmocka_unit_test(test_check_reads_photos),
        cmocka_unit_test(test_check_compares_with_a_replay),
        cmocka_unit_test(test_cut_between_file_and_note),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
