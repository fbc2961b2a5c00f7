/* test_sync_photos.c - photos over a line that breaks anywhere, to a server
 * that is full, forgets, or lies: nothing is on the server that its log did not
 * prove, and little is sent twice. */
#include "tests/lib/test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/photos_free.h"
#include "agent/photo/photo.h"
#include "agent/photo/proof.h"
#include "shared/base/os.h"
#include "shared/view/photo.h"
#include "tests/lib/sync_rig.h"

enum { FULL = 300000, SMALL = 5000 };

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

static struct photo_shelf shelf_of(const struct rig *r)
{
    return (struct photo_shelf){.home = r->path, .vault = r->home.vault};
}

struct source {
    const uint8_t *at;
    size_t left;
};

static enum xg_status read_source(void *ctx, uint8_t *at, size_t size,
                                  size_t *len, struct xg_error *error)
{
    struct source *s = ctx;

    (void)error;
    *len = size < s->left ? size : s->left;
    memcpy(at, s->at, *len);
    s->at += *len;
    s->left -= *len;
    return XG_OK;
}

/* Bytes that hang on the seed alone, on the shelf. */
static struct xg_photo keep(struct rig *r, unsigned seed, size_t length)
{
    struct test_world world = {.seed = seed};
    struct photo_shelf shelf = shelf_of(r);
    struct xg_photo kept = {.length = length};
    uint8_t *bytes = malloc(length);
    struct source source = {bytes, length};

    err = XG_ERROR_NONE;

    assert_non_null(bytes);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)test_next(&world);
    crypto_hash_sha256(kept.sha256.b, bytes, length);
    assert_ok(photo_take(&shelf, &kept.is_new, &kept.sha256, length,
                         read_source, &source, &err));
    free(bytes);
    return kept;
}

/* An incident with the photo, and a thumbnail of it where `small` > 0. */
static struct xg_hash attach(struct rig *r, unsigned seed, size_t length,
                             size_t small, uint64_t urgency)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_photo kept = keep(r, seed, length);
    struct xg_draft draft;
    struct captured out;
    bool placed;

    if (small) {
        struct xg_photo thumbnail = keep(r, seed + 10000, small);
        kept.thumbnail = thumbnail.sha256;
        kept.thumbnail_length = thumbnail.length;
    }
    xg_draft_init(&draft, &arena, XG_KIND_INCIDENT);
    test_text(&draft, XG_INCIDENT_CATEGORY, "road/hole");
    test_text(&draft, XG_INCIDENT_DESCRIPTION, "a hole");
    test_uint(&draft, XG_INCIDENT_URGENCY, urgency);
    assert_ok(capture_photo(&draft, &placed, &kept, 0, VIEW_ORIGIN_HERE, &err));
    assert_ok(capture_create(r->home.store, &out, &draft, NULL, &err));
    xg_arena_clear(&arena);
    return kept.sha256;
}

static struct store_photo photo(struct rig *r, const struct xg_hash *sha256)
{
    struct store_photo p;
    bool found;

    assert_ok(store_get_photo(r->home.store, &p, &found, sha256, &err));
    assert_true(found);
    return p;
}

static bool is_here(const struct rig *r, const struct xg_hash *sha256)
{
    struct photo_shelf shelf = shelf_of(r);

    return photo_has(&shelf, sha256);
}

/* It is proven, and the server has it byte for byte, once. */
static void check_there(struct rig *r, const struct xg_hash *sha256)
{
    const struct fake_blob *b = fake_server_blob(r->server, sha256);
    struct xg_hash is;
    bool proven;

    assert_non_null(b);
    crypto_hash_sha256(is.b, b->content.data, b->content.len);
    assert_memory_equal(is.b, sha256->b, XG_HASH_SIZE);
    assert_true(photo(r, sha256).proven);
    assert_ok(photo_proof_check(r->home.store, &proven, sha256, &err));
    assert_true(proven);
}

static void set_up_server(struct rig *r)
{
    assert_ok(rig_enrol(r, &err));
    r->options.give_up_ms = 600 * 1000;
}

/* ---- the straight way ---- */

static void test_straight(void **state)
{
    struct rig *r = *state;

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, SMALL, 1);
    assert_int_equal(rig_counts(r).photos, 1);
    assert_int_equal(rig_counts(r).photos_here, 1);
    assert_int_equal(rig_counts(r).photo_bytes_here, FULL);
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
    assert_int_equal(rig_counts(r).photos_here, 0);
    assert_int_equal(r->server->photos.blob_count, 2);
    assert_true(r->server->photos.bytes_came == FULL + SMALL);
    assert_true(r->report.photo_bytes_confirmed == FULL + SMALL);
    assert_true(r->report.photo_bytes_total == FULL + SMALL);
    assert_int_equal(r->report.photos_total, 1);
    assert_int_equal(r->report.photos_done, 1);
    assert_int_equal(r->report.photos_left, 0);
    assert_int_equal(r->server->devices[0].hellos, 1);

    unsigned posts = r->server->photos.posts;
    assert_ok(rig_sync(r, &err)); /* nothing to do: nothing is asked */
    assert_int_equal(r->server->photos.posts, posts);
    assert_int_equal(r->report.photos_total, 0);
}

/* Thumbnail with one request; the photo's record goes before both. */
static void test_small_ones_first(void **state)
{
    struct rig *r = *state;
    struct xg_hash a, b, urgent;

    set_up_server(r);
    a = attach(r, 1, FULL, SMALL, 1);
    b = attach(r, 2, FULL, SMALL, 1);
    urgent = attach(r, 3, FULL, SMALL, 3);
    assert_ok(rig_sync(r, &err));
    const struct fake_photos *p = &r->server->photos;
    assert_int_equal(p->begun_count, 6);
    assert_memory_equal(p->begun[3].b, urgent.b, XG_HASH_SIZE);
    assert_memory_equal(p->begun[4].b, a.b, XG_HASH_SIZE);
    assert_memory_equal(p->begun[5].b, b.b, XG_HASH_SIZE);
    for (size_t i = 0; i < 3; i++)
        assert_true(p->uploads[i].length == SMALL);
    assert_int_equal(p->heads, 0);
}

static void test_orders_and_choices(void **state)
{
    struct rig *r = *state;
    struct fake_photos *p = &r->server->photos;

    set_up_server(r);
    struct xg_hash a = attach(r, 1, FULL, SMALL, 3);
    struct xg_hash wanted = attach(r, 2, FULL, SMALL, 1);
    r->options.photos = SYNC_PHOTOS_NONE;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(p->asked + p->posts, 0);
    assert_int_equal(r->report.photos_left, 2);

    r->options.photos = SYNC_PHOTOS_AUTO;
    r->options.metered = true;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(p->blob_count, 2); /* the thumbnails */
    assert_int_equal(r->report.photos_left, 2);
    p->orders[p->order_count++] = wanted;
    p->orders[p->order_count++] = (struct xg_hash){{7}}; /* nobody's */
    assert_ok(rig_sync(r, &err));
    check_there(r, &wanted);
    assert_int_equal(p->blob_count, 3);
    assert_int_equal(r->report.photos_done, 1);
    assert_int_equal(r->report.photos_left, 1);

    p->order_count = 0;
    r->options.metered = false;
    r->options.photos = SYNC_PHOTOS_THUMBS;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(p->blob_count, 3);
    r->options.photos = SYNC_PHOTOS_ALL;
    r->options.metered = true;
    assert_ok(rig_sync(r, &err));
    check_there(r, &a);
}

/* The server lost it, and asks: what was proven once is not so any more. */
static void test_ordered_again(void **state)
{
    struct rig *r = *state;
    struct fake_photos *p = &r->server->photos;

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
    memset(p->blobs[0].sha256.b, 0, XG_HASH_SIZE);
    p->orders[p->order_count++] = sha256;
    assert_ok(rig_sync(r, &err));
    p->blobs[0].sha256 = (struct xg_hash){{0}};
    check_there(r, &sha256);
    assert_int_equal(p->begun_count, 2);
}

/* ---- what is there already, and what is the same ---- */

static void test_held_already(void **state)
{
    struct rig *r = *state;
    struct xg_buf content = XG_BUF(FULL);
    char path[TEST_PATH_SIZE];

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    struct photo_shelf shelf = shelf_of(r);
    snprintf(path, sizeof path, "%s/out", r->path);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_ok(photo_open_to(&shelf, &sha256, fileno(out), &err));
    fclose(out);
    assert_ok(xg_os_read(&content, path, &err));
    fake_server_hold(r->server, xg_buf_bytes(&content));
    xg_buf_clear(&content);
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
    assert_int_equal(r->server->photos.posts, 0);
    assert_true(r->server->photos.bytes_came == 0);
    assert_int_equal(r->report.photos_done, 1);
}

static void test_same_photo_twice(void **state)
{
    struct rig *r = *state;

    set_up_server(r);
    struct xg_hash a = attach(r, 1, FULL, SMALL, 1);
    struct xg_hash b = attach(r, 1, FULL, SMALL, 3);
    assert_memory_equal(a.b, b.b, XG_HASH_SIZE);
    assert_int_equal(rig_counts(r).photos_here, 1);
    assert_ok(rig_sync(r, &err));
    check_there(r, &a);
    assert_true(r->server->photos.bytes_came == FULL + SMALL);
    assert_int_equal(rig_counts(r).photos_here, 0);
}

static void test_unnamed_then_named(void **state)
{
    struct rig *r = *state;

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, SMALL, 1);
    r->server->photos.unnamed = true;
    assert_ok(rig_sync(r, &err)); /* later; no error */
    assert_int_equal(r->report.photos_left, 1);
    assert_int_equal(r->report.photos_refused, 0);
    assert_int_equal(r->server->photos.posts, 2);
    r->server->photos.unnamed = false;
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
}

static void test_server_without_photos(void **state)
{
    struct rig *r = *state;

    set_up_server(r);
    attach(r, 1, FULL, SMALL, 1);
    r->server->photos.none = true;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    assert_int_equal(r->report.photos_left, 1);
}

/* ---- the line ---- */

/* Arms a cut when the n-th request of a method comes. */
struct cut {
    struct rig *r;
    const char *method;
    unsigned at, seen;
    uint64_t after;
    bool answer, before;
    uint64_t largest; /* body of such a request */
};

static enum xg_status arm(void *ctx, const struct transport_request *q,
                          struct transport_answer *a, bool *answered)
{
    struct cut *c = ctx;
    struct fake_photos *p = &c->r->server->photos;

    (void)a, (void)answered;
    if (q->body.len > c->largest && rig_is(q, "/v1/uploads/"))
        c->largest = q->body.len;
    if (strcmp(q->method, c->method) != 0 || rig_is(q, "/v1/hello") ||
        c->seen++ != c->at)
        return XG_OK;
    if (c->before)
        return XG_NET;
    p->cut_requests = 1;
    p->cut_answer = c->answer;
    p->cut_after = c->after;
    return XG_OK;
}

/* One device, one cut: sent again is at most the piece that was on its way. */
static void cut_once(struct cut c)
{
    void *state;

    assert_int_equal(rig_set_up(&state), 0);
    struct rig *r = state;
    c.r = r;
    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, SMALL, 1);
    r->server->ctx = &c;
    r->server->before = arm;
    assert_ok(rig_sync(r, &err));
    assert_true(c.seen > c.at);
    check_there(r, &sha256);
    uint64_t again = r->server->photos.bytes_came - FULL - SMALL;
    assert_true(again <= c.largest + 1024);
    assert_int_equal(r->server->photos.blob_count, 2);
    assert_true(r->report.photo_bytes_confirmed == FULL + SMALL);
    rig_check_once(r);
    rig_tear_down(&state);
}

static void test_cut_everywhere(void **state)
{
    static const uint64_t offsets[] = {0, 1, 100, 30000, 65535, 100000};

    (void)state;
    for (unsigned at = 0; at < 2; at++) {
        for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
            cut_once(
                (struct cut){.method = "PATCH", .at = at, .after = offsets[i]});
        cut_once((struct cut){.method = "PATCH", .at = at, .answer = true});
        cut_once((struct cut){.method = "PATCH", .at = at, .before = true});
    }
    for (uint64_t after = 0; after <= SMALL; after += 1000)
        cut_once((struct cut){.method = "POST", .at = 1, .after = after});
    for (unsigned at = 0; at < 6; at++)
        cut_once((struct cut){.method = "POST", .at = at, .before = true});
}

/* The device dies at each request in turn, before it or with its answer on the
 * way, and starts anew. */
static enum xg_status die_at(void *ctx, const struct transport_request *q,
                             struct transport_answer *a)
{
    unsigned *left = ctx;

    (void)q, (void)a;
    return (*left)-- == 0 ? XG_NET : XG_OK;
}

static void test_dies_at_each_answer(void **state)
{
    unsigned n = 0;
    bool passed = false;

    (void)state;
    for (; !passed; n++) {
        void *at;
        unsigned left = n;
        assert_int_equal(rig_set_up(&at), 0);
        struct rig *r = at;
        set_up_server(r);
        struct xg_hash sha256 = attach(r, 1, FULL, SMALL, 1);
        r->options.give_up_ms = 0;
        r->server->ctx = &left;
        r->server->after = die_at;
        passed = rig_sync(r, &err) == XG_OK;
        r->server->after = NULL;
        rig_reopen(r);
        assert_ok(rig_sync(r, &err));
        check_there(r, &sha256);
        assert_true(r->server->photos.bytes_came <=
                    FULL + SMALL + PACE_CHUNK_FIRST * 4);
        rig_tear_down(&at);
    }
    assert_true(n > 10);
}

/* An upload is found again by what the database remembers. */
static void test_resumes_after_a_restart(void **state)
{
    struct rig *r = *state;
    struct cut c = {.r = r, .method = "PATCH", .at = 2, .after = 1000};

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    r->options.give_up_ms = 0;
    r->server->ctx = &c;
    r->server->before = arm;
    assert_status(rig_sync(r, &err), XG_NET);
    assert_true(photo(r, &sha256).uploading);
    assert_true(photo(r, &sha256).confirmed >= PACE_CHUNK_FIRST);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    rig_reopen(r);
    r->server->before = NULL;
    unsigned posts = r->server->photos.posts;
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
    assert_int_equal(r->server->photos.posts, posts);  /* the same upload */
    assert_true(r->server->photos.bytes_came == FULL); /* not one byte twice:
                                                        * HEAD knew of 1000 */
    assert_false(photo(r, &sha256).uploading);
}

/* All of it came, and the answer that says so was cut off: the proof is worth
 * its few bytes on a line where photos are not. */
static void test_proof_on_a_metered_line(void **state)
{
    struct rig *r = *state;
    struct cut c = {.r = r, .method = "PATCH", .answer = true};

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    r->options.give_up_ms = 0;
    r->server->ctx = &c;
    r->server->before = arm;
    while (r->server->photos.blob_count == 0) {
        r->options.metered = false;
        c.seen = 0;
        assert_status(rig_sync(r, &err), XG_NET);
        assert_false(photo(r, &sha256).proven);
        uint64_t came = r->server->photos.bytes_came;
        r->options.metered = true;
        assert_ok(rig_sync(r, &err));
        assert_true(r->server->photos.bytes_came == came);
        assert_int_equal(r->report.photos_done, r->server->photos.blob_count);
    }
    check_there(r, &sha256);
}

static void test_expires_midway(void **state)
{
    struct rig *r = *state;
    struct cut c = {.r = r, .method = "PATCH", .at = 1, .after = 1000};

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    r->options.give_up_ms = 0;
    r->server->ctx = &c;
    r->server->before = arm;
    assert_status(rig_sync(r, &err), XG_NET);
    fake_server_expire(r->server);
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
}

static void test_damaged_pieces(void **state)
{
    struct rig *r = *state;

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    r->server->photos.checksum_fails = 2;
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
    struct xg_hash other = attach(r, 2, FULL, 0, 1);
    r->server->photos.checksum_fails = 1000000;
    r->options.give_up_ms = 0;
    assert_status(rig_sync(r, &err), XG_NET); /* it ends */
    assert_false(photo(r, &other).proven);
}

static enum xg_status forget_session(void *ctx,
                                     const struct transport_request *q,
                                     struct transport_answer *a, bool *answered)
{
    struct cut *c = ctx;

    (void)a, (void)answered;
    if (strcmp(q->method, "PATCH") == 0 && c->seen++ == c->at)
        c->r->server->devices[0].token = (struct xg_hash){{1}};
    return XG_OK;
}

static void test_token_lost(void **state)
{
    struct rig *r = *state;
    struct cut c = {.r = r, .at = 1};

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    r->options.give_up_ms = 0;
    r->server->ctx = &c;
    r->server->before = forget_session;
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
    assert_int_equal(r->server->devices[0].hellos, 2);
    assert_true(r->server->photos.bytes_came == FULL);
}

/* ---- a server that is full, or lies ---- */

static void test_full_then_room(void **state)
{
    struct rig *r = *state;

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    r->server->photos.room = 100000;
    assert_status(rig_sync(r, &err), XG_NET);
    assert_non_null(strstr(xg_error_text(&err), "no space"));
    assert_int_equal(r->report.retry_after_s, 60);
    assert_int_equal(r->waits, 0); /* it is not asked again and again */
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    assert_true(is_here(r, &sha256));
    uint64_t came = r->server->photos.bytes_came;
    r->server->photos.room = UINT64_MAX;
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
    assert_true(r->server->photos.bytes_came - came < FULL);
}

static void test_lies(void **state)
{
    (void)state;
    for (enum fake_lie lie = FAKE_OTHER_NOTE; lie < FAKE_LIES; lie++) {
        void *at;
        assert_int_equal(rig_set_up(&at), 0);
        struct rig *r = at;
        set_up_server(r);
        struct xg_hash sha256 = attach(r, 1, FULL, SMALL, 1);
        r->options.give_up_ms = 0;
        r->server->photos.lie = lie;
        enum xg_status status = rig_sync(r, &err);
        assert_true(status == XG_NET || status == XG_REFUSED);
        assert_false(photo(r, &sha256).proven);
        assert_int_equal(rig_counts(r).photos_here, 1);
        assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
        assert_false(rig_has_file(r, "alarm"));
        r->server->photos.lie = FAKE_HONEST;
        assert_ok(rig_sync(r, &err));
        check_there(r, &sha256);
        rig_tear_down(&at);
    }
}

/* What was sent is not on the server because it says 204. */
static void test_proof_flipped_and_cut(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/v1/blobs/held", .times = 1};
    unsigned seed = 1;

    set_up_server(r);
    r->options.give_up_ms = 0;
    struct xg_hash sha256 = attach(r, seed, SMALL, 0, 1);
    r->server->photos.unnamed = true;
    assert_ok(rig_sync(r, &err));
    r->server->photos.unnamed = false;
    struct cut once = {.r = r, .method = "none"};
    r->server->ctx = &once;
    assert_false(photo(r, &sha256).proven);
    r->server->ctx = &c;
    bool cut = false;
    for (size_t at = 0;; at = cut ? at + 7 : at, cut = !cut) {
        c = (struct rig_fault){.path = "/v1/blobs/held", .times = 2, .at = at};
        r->server->after = cut ? rig_cut : rig_flip;
        enum xg_status status = rig_sync(r, &err);
        if (status == XG_OK) {
            /* past the end of the answer, or where nothing hangs on it */
            check_there(r, &sha256);
            if (!c.done)
                break;
            assert_ok(store_begin(r->home.store, &err));
            assert_ok(store_drop_photo_proof(r->home.store, &sha256, &err));
            assert_ok(store_commit(r->home.store, &err));
            continue;
        }
        assert_true(status == XG_NET || status == XG_REFUSED);
        assert_false(photo(r, &sha256).proven);
        assert_false(rig_has_file(r, "alarm"));
        assert_true(at < 5000);
    }
}

static enum xg_status bad_offset(void *ctx, const struct transport_request *q,
                                 struct transport_answer *a)
{
    int64_t *change = ctx;

    if (rig_is(q, "/v1/uploads/") && a->has_upload_offset)
        a->upload_offset = (uint64_t)((int64_t)a->upload_offset + *change);
    return XG_OK;
}

static void test_hostile_offsets(void **state)
{
    static const int64_t changes[] = {1, -1, FULL, 1 << 30, -1000};
    struct rig *r = *state;
    int64_t change;

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, FULL, 0, 1);
    r->options.give_up_ms = 20 * 1000;
    r->server->ctx = &change;
    r->server->after = bad_offset;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        change = changes[i];
        assert_status(rig_sync(r, &err), XG_NET); /* it ends */
        assert_false(photo(r, &sha256).proven);
        fake_server_expire(r->server);
    }
    r->server->after = NULL;
    assert_ok(rig_sync(r, &err));
    check_there(r, &sha256);
}

static enum xg_status lead_away(void *ctx, const struct transport_request *q,
                                struct transport_answer *a)
{
    if (rig_is(q, "/v1/blobs") && a->http_status == 201)
        snprintf(a->location, sizeof a->location, "%s", (const char *)ctx);
    return XG_OK;
}

static void test_hostile_location(void **state)
{
    static char places[][40] = {"",
                                "http://elsewhere/x",
                                "/v1/hello",
                                "/v1/uploads/",
                                "/v1/uploads/../hello",
                                "/v1/uploads/a?b",
                                "/v1/uploads/a b"};
    struct rig *r = *state;

    set_up_server(r);
    attach(r, 1, FULL, 0, 1);
    r->options.give_up_ms = 0;
    r->server->after = lead_away;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        r->server->ctx = places[i];
        assert_status(rig_sync(r, &err), XG_NET);
        assert_int_equal(r->server->photos.patches, 0);
    }
}

/* The server says that another photo came, each time: ours is whole, so it is
 * tried once more, told, and the others go on. */
static void test_disliked(void **state)
{
    struct rig *r = *state;

    set_up_server(r);
    struct xg_hash a = attach(r, 1, FULL, 0, 1);
    r->server->photos.drops_all = true;
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_int_equal(r->report.photos_refused, 1);
    assert_non_null(strstr(xg_error_text(&err), "another photo"));
    assert_true(r->server->photos.bytes_came == 2 * FULL);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    r->server->photos.drops_all = false;
    assert_ok(rig_sync(r, &err));
    check_there(r, &a);
}

/* One that is damaged here is named, and keeps no other. */
static void test_damaged_here(void **state)
{
    struct rig *r = *state;
    char path[TEST_PATH_SIZE], hex[2 * XG_HASH_SIZE + 1];

    set_up_server(r);
    struct xg_hash a = attach(r, 1, FULL, 0, 1);
    struct xg_hash b = attach(r, 2, FULL, 0, 1);
    struct xg_hash c = attach(r, 3, FULL, 0, 1);
    xg_hex(hex, a.b, XG_HASH_SIZE);
    snprintf(path, sizeof path, "%s/photos/%.2s/%s", r->path, hex, hex);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, 200000, SEEK_SET);
    fputc('x', f);
    fclose(f);
    struct photo_shelf shelf = shelf_of(r);
    assert_ok(photo_remove(&shelf, &b, &err));
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), "damaged"));
    assert_non_null(strstr(r->report.reasons[0], "damaged"));
    assert_int_equal(r->report.photos_refused, 2);
    assert_false(photo(r, &a).proven);
    assert_false(photo(r, &b).proven);
    check_there(r, &c);
}

/* ---- budgets ---- */

static void test_budget(void **state)
{
    struct rig *r = *state;
    unsigned runs = 0;

    set_up_server(r);
    assert_ok(rig_sync(r, &err));
    struct xg_hash a = attach(r, 1, FULL, SMALL, 1);
    struct xg_hash b = attach(r, 2, FULL, SMALL, 1);
    r->options.budget_bytes = 100000;
    do {
        assert_ok(rig_sync(r, &err));
        assert_true(r->report.line_bytes <= r->options.budget_bytes);
        assert_true(++runs < 30);
    } while (r->report.budget);
    assert_true(runs >= 6);
    check_there(r, &a);
    check_there(r, &b);
    assert_true(r->server->photos.bytes_came == 2 * (FULL + SMALL));
}

/* Pulling takes long. */
static enum xg_status dawdle(void *ctx, const struct transport_request *q,
                             struct transport_answer *a)
{
    struct rig *r = ctx;

    (void)a;
    if (rig_is(q, "/v1/updates"))
        r->world.mono_ms += 60000;
    return XG_OK;
}

static void test_deadline(void **state)
{
    struct rig *r = *state;

    set_up_server(r);
    attach(r, 1, FULL, SMALL, 1);
    r->options.deadline_ms = r->world.mono_ms + 30000;
    r->server->no_news = true;
    r->server->ctx = r;
    r->server->after = dawdle;
    assert_ok(rig_sync(r, &err));
    assert_true(r->report.budget);
    assert_int_equal(r->server->photos.asked, 0);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
}

/* ---- many ---- */

static void test_hundred(void **state)
{
    enum { MANY = 100 };
    struct rig *r = *state;
    struct xg_hash all[MANY];

    set_up_server(r);
    for (unsigned i = 0; i < MANY; i++)
        all[i] = attach(r, i + 1, 20000, 3000, 1 + i % 3);
    assert_ok(rig_sync(r, &err));
    for (unsigned i = 0; i < MANY; i++)
        check_there(r, &all[i]);
    assert_int_equal(r->server->devices[0].hellos, 1);
    assert_int_equal(r->report.photos_done, MANY);
    assert_true(r->server->photos.bytes_came == MANY * 23000);
    assert_true(r->server->photos.asked <= 4 + MANY / 8 + 4);
}

/* ---- letting go ---- */

static uint32_t days(struct rig *r)
{
    uint32_t n;

    assert_ok(photo_get_keep(r->home.store, &n, &err));
    return n;
}

static void test_let_go(void **state)
{
    struct rig *r = *state;
    struct photo_freed freed;
    struct store_photo p;

    set_up_server(r);
    struct xg_hash a = attach(r, 1, FULL, SMALL, 1);
    assert_ok(photo_free(&r->home, &freed, true, &err));
    assert_int_equal(freed.photos, 0);
    assert_ok(rig_sync(r, &err));
    assert_ok(photo_free(&r->home, &freed, true, &err));
    assert_int_equal(freed.photos, 0); /* not backed up */
    freed = (struct photo_freed){.photos = 0};
    assert_ok(photo_count_stays(&r->home, &freed, true, &err));
    assert_int_equal(freed.not_backed_up.photos, 1);
    assert_true(freed.not_backed_up.bytes == FULL);

    r->server->photos.backup = r->server->size;
    assert_ok(rig_sync(r, &err)); /* 30 days, by default */
    assert_int_equal(days(r), PHOTO_KEEP_DAYS);
    assert_true(is_here(r, &a));
    assert_ok(photo_set_keep(r->home.store, PHOTO_KEEP_ALL, &err));
    assert_ok(rig_sync(r, &err));
    assert_true(is_here(r, &a));
    assert_ok(photo_set_keep(r->home.store, 0, &err));
    assert_ok(rig_sync(r, &err));
    assert_false(is_here(r, &a));
    assert_int_equal(r->report.photos_freed, 1);
    p = photo(r, &a);
    assert_true(p.freed && p.proven);
    assert_int_equal(rig_counts(r).photos, 1);
    assert_int_equal(rig_counts(r).photos_here, 0);
    assert_int_equal(r->server->photos.blob_count, 2);
    size_t stays = 0; /* the thumbnail */
    for (size_t i = 0; i < r->server->photos.blob_count; i++)
        stays += is_here(r, &r->server->photos.blobs[i].sha256);
    assert_int_equal(stays, 1);
}

static void test_let_go_refused(void **state)
{
    struct rig *r = *state;
    struct photo_freed freed;
    char path[TEST_PATH_SIZE];

    set_up_server(r);
    struct xg_hash a = attach(r, 1, FULL, 0, 1);
    r->server->photos.backup = 1000;
    assert_ok(rig_sync(r, &err));
    assert_ok(rig_sync(r, &err));

    /* A draft that names it. */
    struct xg_arena arena = XG_ARENA(1 << 20);
    int64_t number = 0;
    assert_ok(store_begin(r->home.store, &err));
    struct xg_buf content = XG_BUF(1000);
    xg_buf_text(&content, "what is in a draft: ");
    xg_buf_append(&content, a.b, XG_HASH_SIZE);
    assert_ok(store_put_draft(r->home.store, &number,
                              xg_kind_find(XG_KIND_INCIDENT),
                              xg_buf_bytes(&content), &err));
    assert_ok(store_commit(r->home.store, &err));
    xg_buf_clear(&content);
    xg_arena_clear(&arena);
    assert_ok(photo_free(&r->home, &freed, true, &err));
    assert_int_equal(freed.photos, 0);
    freed = (struct photo_freed){.photos = 0};
    assert_ok(photo_count_stays(&r->home, &freed, true, &err));
    assert_int_equal(freed.in_draft.photos, 1);
    assert_ok(store_begin(r->home.store, &err));
    assert_ok(store_drop_draft(r->home.store, number, &err));
    assert_ok(store_commit(r->home.store, &err));

    /* An alarm. */
    snprintf(path, sizeof path, "%s/alarm", r->path);
    assert_ok(xg_os_mkdir(path, &err));
    snprintf(path, sizeof path, "%s/alarm/shown", r->path);
    assert_ok(xg_os_replace(path, 0600, xg_bytes_of("x"), &err));
    assert_status(photo_free(&r->home, &freed, true, &err), XG_ALARM);
    assert_true(is_here(r, &a));
    unlink(path);
    assert_ok(photo_free(&r->home, &freed, true, &err));
    assert_int_equal(freed.photos, 1);
    assert_true(freed.bytes == FULL);
    assert_false(is_here(r, &a));
}

/* A photo of several pieces, let go of. */
static struct xg_hash let_go(struct rig *r)
{
    struct photo_freed freed;

    set_up_server(r);
    struct xg_hash sha256 = attach(r, 1, (5 << 19) + 7, 0, 1);
    r->server->photos.backup = 1000;
    assert_ok(rig_sync(r, &err));
    assert_ok(rig_sync(r, &err));
    assert_ok(photo_free(&r->home, &freed, true, &err));
    assert_int_equal(freed.photos, 1);
    assert_false(is_here(r, &sha256));
    return sha256;
}

/* Each answer is lost in turn, and the device restarted: no piece comes twice
 * but the one that was on its way. */
static void test_fetch(void **state)
{
    struct rig *r = *state;
    struct xg_hash sha256 = let_go(r), other = {{9}};
    struct photo_shelf shelf = shelf_of(r);
    unsigned left, tries = 0;

    r->options.give_up_ms = 0;
    r->server->after = die_at;
    r->server->ctx = &left;
    for (enum xg_status status = XG_NET; status != XG_OK; tries++) {
        left = tries;
        status = rig_fetch(r, &sha256, &err);
        rig_reopen(r);
        shelf = shelf_of(r);
        assert_true(status == XG_OK || !is_here(r, &sha256));
    }
    r->server->after = NULL;
    assert_true(tries >= 4 && r->server->photos.gets <= 6);
    assert_ok(photo_verify(&shelf, &sha256, &err));
    assert_false(photo(r, &sha256).freed);
    /* The days begin anew. */
    assert_ok(rig_sync(r, &err));
    assert_true(is_here(r, &sha256));
    unsigned gets = r->server->photos.gets;
    assert_ok(rig_fetch(r, &sha256, &err)); /* here: nothing is asked */
    assert_int_equal(r->server->photos.gets, gets);
    assert_status(rig_fetch(r, &other, &err), XG_NOTFOUND);
}

static enum xg_status spoil(void *ctx, const struct transport_request *q,
                            struct transport_answer *a)
{
    (void)ctx;
    if (strcmp(q->method, "GET") == 0 && rig_is(q, "/v1/blobs/") &&
        a->body.len > 0)
        a->body.data[a->body.len / 2] ^= 1;
    return XG_OK;
}

static void test_fetch_spoilt(void **state)
{
    struct rig *r = *state;
    struct xg_hash sha256 = let_go(r);

    r->options.give_up_ms = 0;
    r->server->after = spoil;
    assert_status(rig_fetch(r, &sha256, &err), XG_NET);
    assert_false(is_here(r, &sha256));
    r->server->after = NULL;
    assert_ok(rig_fetch(r, &sha256, &err));
    struct photo_shelf shelf = shelf_of(r);
    assert_ok(photo_verify(&shelf, &sha256, &err));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_straight),
        TEST(test_small_ones_first),
        TEST(test_orders_and_choices),
        TEST(test_ordered_again),
        TEST(test_held_already),
        TEST(test_same_photo_twice),
        TEST(test_unnamed_then_named),
        TEST(test_server_without_photos),
        TEST(test_cut_everywhere),
        TEST(test_dies_at_each_answer),
        TEST(test_resumes_after_a_restart),
        TEST(test_proof_on_a_metered_line),
        TEST(test_expires_midway),
        TEST(test_damaged_pieces),
        TEST(test_token_lost),
        TEST(test_full_then_room),
        TEST(test_lies),
        TEST(test_proof_flipped_and_cut),
        TEST(test_hostile_offsets),
        TEST(test_hostile_location),
        TEST(test_disliked),
        TEST(test_damaged_here),
        TEST(test_budget),
        TEST(test_deadline),
        TEST(test_hundred),
        TEST(test_let_go),
        TEST(test_let_go_refused),
        TEST(test_fetch),
        TEST(test_fetch_spoilt),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
