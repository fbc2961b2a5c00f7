/* test_sync.c - the engine that syncs, over a line that cuts, spoils and loses
 * answers: nothing is received that was not proved, nothing comes twice. */
#include "tests/lib/test.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/os.h"
#include "tests/lib/sync_rig.h"

enum { BACKLOG = 300 };

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

/* ---- the straight way ---- */

static void test_straight(void **state)
{
    struct rig *r = *state;
    struct store_identity id;
    struct store_counts c;
    uint64_t last, number;
    struct xg_hash leaf;

    assert_ok(rig_enrol(r, &err));
    assert_string_equal(r->report.device, FAKE_ORIGIN "/d/0001");
    assert_ok(store_get_identity(r->home.store, &id, &err));
    assert_string_equal(id.worker, "w1");
    assert_int_equal(id.state, XG_DEVICE_ENROLLED);
    assert_ok(
        vault_check_escrow(r->home.vault, r->server->code.registrar, &err));
    rig_report(r, "a hole");
    rig_report(r, "another");
    assert_int_equal(rig_counts(r).records[STORE_WAITING], 2);

    assert_ok(rig_sync(r, &err));
    c = rig_counts(r);
    assert_int_equal(c.records[STORE_RECEIVED], 2);
    assert_int_equal(c.records[STORE_WAITING], 0);
    assert_int_equal(r->report.batches_received, 1);
    assert_int_equal(r->report.registry_notes, 1);
    assert_int_equal(r->receipts, 1);
    assert_true(rig_held(r).size == r->server->size);
    assert_true(r->report.last_entry == r->server->batches[0].position);
    assert_ok(store_registry_newest(r->home.store, &number, &leaf, &err));
    assert_int_equal(number, 1);
    assert_ok(store_get_meta_u64(r->home.store, &last, SYNC_META_LAST, &err));
    assert_true(last == (uint64_t)r->world.wall_ms);

    /* Again: nothing to do, nothing sent twice. */
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->report.batches_received, 0);
    assert_int_equal(r->server->batch_count, 1);
    assert_int_equal(r->server->batches[0].puts, 1);
    rig_report(r, "a third");
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->server->batch_count, 2);
    assert_int_equal(r->report.new_chain, SYNC_CHAIN_KEPT);
}

/* However many answers it takes, a new device comes to know all of the registry
 * before it goes on, and has signed what it holds at each of them (the server in
 * memory looks). */
static void test_a_long_registry(void **state)
{
    enum { NOTES = 90 };
    struct rig *r = *state;
    uint64_t number;
    struct xg_hash leaf;
    char unit[16];

    for (int i = 1; i < NOTES; i++) {
        snprintf(unit, sizeof unit, "371302%03d", i);
        fake_server_registry(r->server, unit);
    }
    r->server->news_max = 1;
    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    assert_ok(store_registry_newest(r->home.store, &number, &leaf, &err));
    assert_int_equal(number, NOTES);
    assert_int_equal(r->server->devices[0].hellos, NOTES);
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->server->devices[0].hellos, NOTES + 1);
}

static void test_not_enrolled(void **state)
{
    struct rig *r = *state;

    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_int_equal(r->server->requests, 0);
}

static void test_registry_grows(void **state)
{
    struct rig *r = *state;
    uint64_t number;
    struct xg_hash leaf;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    fake_server_registry(r->server, "371302001");
    fake_server_registry(r->server, "371302002");
    assert_ok(rig_sync(r, &err));
    assert_ok(store_registry_newest(r->home.store, &number, &leaf, &err));
    assert_int_equal(number, 3);
}

/* ---- by which registry a record is judged ---- */

/* Something is written down now. Its anchor names no log that goes on beyond the
 * first note of the registry that is not here: by that note it would be judged,
 * though nobody here could know it. */
static void report_by_what_is_known(struct rig *r)
{
    struct store_chain chain;
    struct xg_hash leaf;
    uint64_t number;

    rig_report(r, "amid it all");
    assert_ok(store_current_chain(r->home.store, &chain, &err));
    assert_ok(store_registry_newest(r->home.store, &number, &leaf, &err));
    if (number < r->server->note_count)
        assert_true(chain.anchor_size <= r->server->note_positions[number]);
}

struct amid {
    struct rig *r;
    const char *path;
    bool grows; /* the registry, just before such a request is served */
    unsigned met;
};

static enum xg_status go_on_recording(void *ctx,
                                      const struct transport_request *q,
                                      struct transport_answer *a, bool *answered)
{
    struct amid *amid = ctx;

    (void)a, (void)answered;
    if (!rig_is(q, amid->path))
        return XG_OK;
    amid->met++;
    report_by_what_is_known(amid->r);
    if (amid->grows)
        fake_server_registry(amid->r->server, "371302077");
    return XG_OK;
}

static void test_records_amid_the_registry(void **state)
{
    struct rig *r = *state;
    struct amid amid = {.r = r, .path = "/v1/hello"};
    struct store_chain chain;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    for (int i = 0; i < 5; i++)
        fake_server_registry(r->server, "371302001");
    r->server->news_max = 1;
    r->server->ctx = &amid;
    r->server->before = go_on_recording;
    assert_ok(rig_sync(r, &err));
    r->server->before = NULL;
    assert_int_equal(amid.met, 5);
    /* All of it is here: whoever writes now is judged by it. */
    report_by_what_is_known(r);
    assert_ok(store_current_chain(r->home.store, &chain, &err));
    assert_true(chain.anchor_size > r->server->note_positions[5]);
}

/* A receipt's checkpoint covers what the registry said since the hello. */
static void test_a_receipt_tells_nothing_of_the_registry(void **state)
{
    struct rig *r = *state;
    struct amid amid = {.r = r, .path = "/v1/batches/", .grows = true};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    r->server->ctx = &amid;
    r->server->before = go_on_recording;
    assert_ok(rig_sync(r, &err));
    r->server->before = NULL;
    assert_true(amid.met > 0);
    assert_int_equal(rig_held(r).size, r->server->size);
    report_by_what_is_known(r);
    assert_ok(rig_sync(r, &err));
    report_by_what_is_known(r);
}

static void test_enrol_lost(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/v1/enrol", .times = 2};
    struct xg_signer first, second;

    r->server->ctx = &c;
    r->server->after = rig_lose;
    assert_status(rig_enrol(r, &err), XG_NET);
    assert_ok(store_signer(r->home.store, &first, "x", &err));
    assert_status(rig_sync(r, &err), XG_REFUSED); /* no name yet */
    assert_status(rig_enrol(r, &err), XG_NET);
    assert_ok(rig_enrol(r, &err));
    assert_ok(store_signer(r->home.store, &second, "x", &err));
    assert_memory_equal(first.secret, second.secret, sizeof first.secret);
    assert_int_equal(r->server->device_count, 1);
    assert_int_equal(r->server->devices[0].enrols, 3);
    assert_true(rig_writes_on(r, &r->server->devices[0].chain));
    assert_ok(
        rig_enrol(r, &err)); /* the same code once more: the same device */
    assert_int_equal(r->server->device_count, 1);
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->report.new_chain, SYNC_CHAIN_KEPT);

    r->server->code.secret[0] ^= 1; /* another code: this home is taken */
    assert_status(rig_enrol(r, &err), XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), FAKE_ORIGIN "/d/0001"));
}

static void test_enrol_cut(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/v1/enrol", .times = 1};

    r->server->ctx = &c;
    r->server->after = rig_cut;
    for (c.at = 0;; c.at += 13) {
        struct store_identity id;
        c.done = 0;
        enum xg_status status = rig_enrol(r, &err);
        if (!c.done) /* past its end */
            break;
        assert_status(status, XG_NET);
        assert_ok(store_get_identity(r->home.store, &id, &err));
        assert_string_equal(id.device, "");
    }
    assert_true(c.at > 200);
    assert_ok(rig_enrol(r, &err));
    assert_int_equal(r->server->device_count, 1);
}

static void test_enrol_refused(void **state)
{
    struct rig *r = *state;
    struct xg_verifier log = r->server->code.log;

    r->server->secret[0] ^= 1; /* the code is not good any more */
    assert_status(rig_enrol(r, &err), XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), "the code is not good"));
    r->server->secret[0] ^= 1;
    r->server->code.log.key[0] ^= 1; /* the code names another key */
    assert_ok(xg_verifier_init(&r->server->code.log, FAKE_ORIGIN,
                               XG_SIG_ED25519, r->server->code.log.key, &err));
    assert_int_not_equal(rig_enrol(r, &err), XG_OK);
    r->server->code.log = log;
    assert_ok(rig_enrol(r, &err));
}

/* ---- receipts, rig_cut and damaged ---- */

static void test_receipt_cut(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/v1/batches/", .times = 1};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    r->server->ctx = &c;
    r->server->after = rig_cut;
    for (c.at = 0;; c.at += c.at < 80 ? 1 : 17) {
        c.done = 0;
        enum xg_status status = rig_sync(r, &err);
        if (!c.done)
            break;
        assert_status(status, XG_NET);
        assert_int_equal(rig_counts(r).records[STORE_SENT], 1);
        assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 0);
    }
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    assert_int_equal(r->server->batch_count, 1);
    assert_true(r->server->batches[0].puts > 80);
    rig_check_once(r);
}

static void test_receipt_flipped(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/v1/batches/", .times = 1};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    r->server->no_news = true;
    r->server->ctx = &c;
    r->server->after = rig_flip;
    for (c.at = 0;; c.at += 3) {
        c.done = 0;
        enum xg_status status = rig_sync(r, &err);
        if (!c.done) /* past its end */
            break;
        assert_status(status, XG_NET);
        assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 0);
    }
    assert_true(c.at > 200);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    assert_int_equal(r->server->batch_count, 1);
}

static void test_welcome_flipped(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/v1/hello", .times = 1};

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    fake_server_append(r->server, xg_bytes_of("more"));
    rig_report(r, "a hole");
    r->server->ctx = &c;
    r->server->after = rig_flip;
    for (c.at = 0;; c.at += 7) {
        c.done = 0;
        enum xg_status status = rig_sync(r, &err);
        if (!c.done)
            break;
        /* A damaged proof is asked for again, and then it holds. A damaged
         * name in the signature line is another server's. */
        if (status != XG_OK && status != XG_REFUSED)
            assert_status(status, XG_NET);
        assert_false(rig_has_file(r, "alarm"));
    }
    assert_true(c.at > 400);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    rig_check_once(r);
}

/* ---- a server that dies, before and after it took the batch ---- */

static enum xg_status die_before(void *ctx, const struct transport_request *q,
                                 struct transport_answer *a, bool *answered)
{
    (void)answered;
    return rig_lose(ctx, q, a);
}

static void test_server_dies(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/v1/batches/", .times = 1};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    r->server->ctx = &c;
    r->server->before = die_before;
    assert_status(rig_sync(r, &err), XG_NET);
    assert_int_equal(r->server->batch_count, 0);
    r->server->before = NULL;
    r->server->after = rig_lose;
    c.done = 0;
    assert_status(rig_sync(r, &err), XG_NET);
    assert_int_equal(r->server->batch_count, 1);
    assert_int_equal(rig_counts(r).records[STORE_SENT], 1);
    r->server->after = NULL;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->server->batch_count, 1);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
}

static enum xg_status forget_session(void *ctx,
                                     const struct transport_request *q,
                                     struct transport_answer *a, bool *answered)
{
    struct rig *r = ctx;

    (void)a, (void)answered;
    if (rig_is(q, "/v1/batches/") && r->server->devices[0].hellos == 2)
        r->server->devices[0].token = (struct xg_hash){{1}};
    return XG_OK;
}

static void test_session_lost(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    rig_report(r, "a hole");
    r->options.give_up_ms = 60000;
    r->server->ctx = r;
    r->server->before = forget_session;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->server->devices[0].hellos, 3);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
}

/* ---- patience ---- */

struct busy {
    unsigned times, done;
    int64_t retry_after_s;
};

static enum xg_status be_busy(void *ctx, const struct transport_request *q,
                              struct transport_answer *a, bool *answered)
{
    struct busy *b = ctx;

    if (!rig_is(q, "/v1/batches/") || b->done >= b->times)
        return XG_OK;
    b->done++;
    fake_problem(a, 503, "busy", "too much to do");
    a->retry_after_s = b->retry_after_s;
    *answered = true;
    return XG_OK;
}

struct stubborn {
    char path[128]; /* of the one batch that cannot be taken */
    unsigned refused;
};

static enum xg_status refuse_the_first(void *ctx,
                                       const struct transport_request *q,
                                       struct transport_answer *a,
                                       bool *answered)
{
    struct stubborn *s = ctx;

    if (!rig_is(q, "/v1/batches/"))
        return XG_OK;
    if (!*s->path)
        snprintf(s->path, sizeof s->path, "%.*s", (int)strcspn(q->path, "?"),
                 q->path);
    if (!rig_is(q, s->path))
        return XG_OK;
    s->refused++;
    fake_problem(a, 503, "no-memory", "this one is too much");
    *answered = true;
    return XG_OK;
}

/* The others go out, the run ends as one to be repeated. */
static void test_one_batch_that_cannot_be_taken_keeps_no_other(void **state)
{
    struct rig *r = *state;
    struct stubborn s = {.refused = 0};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    r->options.give_up_ms = 0;
    r->server->ctx = &s;
    r->server->before = refuse_the_first;
    assert_status(rig_sync(r, &err), XG_NET);
    rig_report(r, "another");
    assert_status(rig_sync(r, &err), XG_NET);
    assert_non_null(strstr(xg_error_text(&err), "this one is too much"));
    assert_int_equal(s.refused, 2);
    assert_int_equal(r->report.batches_received, 1);
    r->server->before = NULL;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 2);
}

static void test_retry_after(void **state)
{
    struct rig *r = *state;
    struct busy b = {.times = 3, .retry_after_s = 20};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    r->options.give_up_ms = 120000;
    r->server->ctx = &b;
    r->server->before = be_busy;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->waits, 3);
    assert_true(r->waited_ms >= 60000 && r->waited_ms < 80000);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);

    /* It wishes for more than we are willing to wait. */
    b = (struct busy){.times = 1, .retry_after_s = 3600};
    r->waits = 0;
    rig_report(r, "another");
    assert_status(rig_sync(r, &err), XG_NET);
    assert_int_equal(r->waits, 0);
    assert_int_equal(r->report.retry_after_s, 3600);
    assert_non_null(strstr(xg_error_text(&err), "too much to do"));
    b = (struct busy){.times = 1, .retry_after_s = INT64_MAX};
    assert_status(rig_sync(r, &err), XG_NET);
}

static void test_no_server(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/", .times = 1000};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    r->server->ctx = &c;
    r->server->after = rig_lose;
    r->options.give_up_ms = 30000;
    assert_status(rig_sync(r, &err), XG_NET);
    assert_true(r->waits >= 3 && r->waits <= 6);
    assert_true(r->waited_ms <= 30000);
    assert_int_equal(rig_counts(r).records[STORE_WAITING], 1);
    assert_int_equal(xg_status_exit(XG_NET), 4);
}

static enum xg_status every_third(void *ctx, const struct transport_request *q,
                                  struct transport_answer *a)
{
    unsigned *n = ctx;

    (void)q, (void)a;
    return ++*n % 3 == 0 ? XG_NET : XG_OK;
}

/* A line that loses a third of all answers: slow, but it goes on as long as
 * something comes through. */
static void test_bad_line(void **state)
{
    struct rig *r = *state;
    unsigned n = 0;
    char text[1800];

    assert_ok(rig_enrol(r, &err));
    for (int i = 0; i < 60; i++) {
        for (size_t at = 0; at + 1 < sizeof text; at++)
            text[at] = (char)('a' + test_below(&r->world, 26));
        text[sizeof text - 1] = '\0';
        rig_report(r, text);
    }
    r->options.give_up_ms = 20000;
    r->server->ctx = &n;
    r->server->after = every_third;
    enum xg_status status = rig_sync(r, &err);
    for (int i = 0; i < 20 && status == XG_NET; i++)
        status = rig_sync(r, &err);
    assert_status(status, XG_OK);
    assert_true(r->server->batch_count >= 3);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 60);
    rig_check_once(r);
}

/* ---- refusals ---- */

static enum xg_status refuse_first(void *ctx, const struct transport_request *q,
                                   struct transport_answer *a, bool *answered)
{
    char(*path)[128] = ctx;

    if (!rig_is(q, "/v1/batches/"))
        return XG_OK;
    if (!**path)
        snprintf(*path, sizeof *path, "%s", q->path);
    if (strcmp(*path, q->path) != 0)
        return XG_OK;
    fake_problem(a, 422, "format", "bad \\u001b[31mtree");
    *answered = true;
    return XG_OK;
}

static void test_refused_batch(void **state)
{
    struct rig *r = *state;
    char path[128] = "", text[1800];

    assert_ok(rig_enrol(r, &err));
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 40; i++)
        rig_report(r, text);
    r->server->ctx = &path;
    r->server->before = refuse_first;
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), "bad  [31mtree"));
    assert_int_equal(r->report.batches_refused, 1);
    assert_true(r->report.batches_received >= 1);
    assert_true(r->report.waiting >= 1); /* the first one is missing there */
    assert_true(rig_counts(r).records[STORE_SENT] > 0);
    r->server->before = NULL;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 40);
    rig_check_once(r);
}

static void test_pending_and_revoked(void **state)
{
    struct rig *r = *state;

    r->server->state = XG_DEVICE_PENDING;
    assert_ok(rig_enrol(r, &err));
    assert_int_equal(r->report.state, XG_DEVICE_PENDING);
    rig_report(r, "a hole");
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_int_equal(rig_counts(r).records[STORE_WAITING], 1);
    r->server->state = XG_DEVICE_ENROLLED;
    assert_ok(rig_sync(r, &err));
    rig_report(r, "another");
    r->server->state = XG_DEVICE_REVOKED;
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_int_equal(r->report.quarantined, 1);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 2);
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_int_equal(r->report.batches_received, 0); /* not again */
}

/* Batches that pile up over a summer: one after another, none twice. */
static void test_backlog(void **state)
{
    struct rig *r = *state;
    struct xg_signer signer;
    size_t sealed;
    unsigned n = 0;

    assert_ok(rig_enrol(r, &err));
    assert_ok(store_signer(r->home.store, &signer, NULL, &err));
    for (int i = 0; i < BACKLOG; i++) {
        rig_report(r, "a hole");
        assert_ok(store_seal_waiting(r->home.store, &sealed, &signer, &err));
        assert_int_equal(sealed, 1);
    }
    r->server->ctx = &n;
    r->server->after = every_third;
    r->options.give_up_ms = 10000000;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->report.batches_received, BACKLOG);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], BACKLOG);
    rig_check_once(r);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_straight),
        TEST(test_a_long_registry),        TEST(test_not_enrolled),
        TEST(test_records_amid_the_registry),
        TEST(test_a_receipt_tells_nothing_of_the_registry),
        TEST(test_registry_grows),  TEST(test_enrol_lost),
        TEST(test_enrol_cut),       TEST(test_enrol_refused),
        TEST(test_receipt_cut),     TEST(test_receipt_flipped),
        TEST(test_welcome_flipped), TEST(test_server_dies),
        TEST(test_session_lost),
        TEST(test_one_batch_that_cannot_be_taken_keeps_no_other),
        TEST(test_session_lost),    TEST(test_retry_after),
        TEST(test_no_server),       TEST(test_bad_line),
        TEST(test_refused_batch),   TEST(test_pending_and_revoked),
        TEST(test_backlog),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
