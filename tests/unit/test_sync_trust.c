/* test_sync_trust.c - what the engine that syncs believes: portals, other
 * servers, logs that forget, restored and cloned devices, pages of lies. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/home/guide.h"
#include "shared/base/os.h"
#include "shared/core/successor.h"
#include "tests/lib/folder.h"
#include "tests/lib/sync_rig.h"

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

/* ---- answers that are none ---- */

struct impostor {
    int http_status;
    const char *type, *body;
};

static enum xg_status pretend(void *ctx, const struct transport_request *q,
                              struct transport_answer *a, bool *answered)
{
    const struct impostor *p = ctx;

    (void)q;
    a->http_status = p->http_status;
    snprintf(a->type, sizeof a->type, "%s", p->type);
    xg_buf_text(&a->body, p->body);
    *answered = true;
    return XG_OK;
}

static void test_portal(void **state)
{
    static const struct impostor portals[] = {
        {200, "text/html", "<html>please log in</html>"},
        {302, "text/html", "<html>moved</html>"},
        {307, "", ""},
        {511, "text/html", "log in"},
        {200, "text/plain", "ok"},
        {200, "application/octet-stream", ""},
        {200, "", "{\"ok\":true}"},
        {204, "", ""},
        {404, "text/html", "<h1>404</h1>"},
        {401, "text/html", "who are you"},
        {418, "text/plain", "a teapot"},
        {200, "application/octet-stream",
         "\x7F\xFF\xFF\xFF"
         "abc"},
    };
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    for (size_t i = 0; i < sizeof portals / sizeof *portals; i++) {
        struct impostor p = portals[i];
        r->server->ctx = &p;
        r->server->before = pretend;
        assert_status(rig_sync(r, &err), XG_NET);
        assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 0);
        assert_false(r->report.reached);
        if (i < 4)
            assert_non_null(strstr(xg_error_text(&err), "captive portal"));
    }
    r->server->before = NULL;
    assert_ok(rig_sync(r, &err));
}

static enum xg_status portal_at_put(void *ctx,
                                    const struct transport_request *q,
                                    struct transport_answer *a, bool *answered)
{
    return rig_is(q, "/v1/batches/") ? pretend(ctx, q, a, answered) : XG_OK;
}

static void test_portal_in_the_middle(void **state)
{
    struct rig *r = *state;
    struct impostor p = {200, "text/html", "<html>your hour is over</html>"};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    r->server->ctx = &p;
    r->server->before = portal_at_put;
    assert_status(rig_sync(r, &err), XG_NET);
    assert_int_equal(rig_counts(r).records[STORE_SENT], 1);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 0);
    r->server->before = NULL;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
}

static void test_other_log(void **state)
{
    struct rig *r = *state;
    struct xg_signer log = r->server->log;
    uint8_t seed[32] = {99};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    assert_ok(xg_signer_init(&r->server->log, "other.example", XG_SIG_ED25519,
                             seed, &err));
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), "other.example+"));
    assert_non_null(strstr(xg_error_text(&err), FAKE_ORIGIN "+"));
    assert_int_equal(r->server->batch_count, 0);
    assert_int_equal(rig_counts(r).records[STORE_WAITING], 1);
    r->server->log = log;
    assert_ok(rig_sync(r, &err));
}

/* What another server says that it follows. */
struct claim {
    const struct xg_signer *by;
    struct xg_successor says;
    size_t times; /* how many frames of it; 0: bytes that are none */
};

static enum xg_status claim_to_follow(void *ctx,
                                      const struct transport_request *q,
                                      struct transport_answer *a,
                                      bool *answered)
{
    const struct claim *c = ctx;
    struct xg_buf text = XG_BUF(4096), note = XG_BUF(4096);

    if (!rig_is(q, "/v1/successor"))
        return XG_OK;
    xg_successor_put(&text, &c->says);
    xg_note_sign(&note, xg_buf_bytes(&text), c->by);
    for (size_t i = 0; i < c->times; i++)
        xg_frame_put(&a->body, xg_buf_bytes(&note));
    if (c->times == 0)
        xg_buf_text(&a->body, "\x7F\xFF\xFF\xFF frames of none");
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    a->http_status = 200;
    snprintf(a->type, sizeof a->type, "application/octet-stream");
    *answered = true;
    return XG_OK;
}

/* Nothing is taken over, nothing is handed over, and the right server is still
 * the right one. */
static void test_claims_to_follow(void **state)
{
    struct rig *r = *state;
    const struct xg_signer log = r->server->log;
    const struct xg_signer *registrar = &r->server->registrar;
    struct xg_signer other, stranger;
    uint8_t seed[32] = {98}, strange[32] = {97};

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    assert_ok(xg_signer_init(&other, "other.example", XG_SIG_ED25519, seed,
                             &err));
    assert_ok(xg_signer_init(&stranger, registrar->verifier.name,
                             XG_SIG_ED25519, strange, &err));
    struct claim claims[] = {
        {&stranger, {.log = other.verifier, .after = FAKE_ORIGIN, .size = 1}, 1},
        {&other, {.log = other.verifier, .after = FAKE_ORIGIN, .size = 1}, 1},
        {registrar, {.log = other.verifier, .after = "x.example", .size = 1}, 1},
        {registrar, {.log = other.verifier, .after = FAKE_ORIGIN, .size = 0}, 1},
        {registrar, {.log = other.verifier, .after = FAKE_ORIGIN, .size = 1}, 2},
        {registrar, {.log = other.verifier, .after = FAKE_ORIGIN, .size = 1},
         XG_LINEAGE_MAX + 1},
        {registrar, {.log = other.verifier, .after = FAKE_ORIGIN, .size = 1}, 0},
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        r->server->log = other;
        r->server->ctx = &claims[i];
        r->server->before = claim_to_follow;
        enum xg_status status = rig_sync(r, &err);
        assert_true(status == XG_REFUSED || status == XG_NET);
        assert_int_equal(r->server->batch_count, 0);
        assert_int_equal(rig_counts(r).records[STORE_WAITING], 1);
    }
    r->server->before = NULL;
    r->server->log = log;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
}

/* An answer to another hello, whole and signed. */
struct replay {
    struct xg_buf old;
    bool playing;
};

static enum xg_status replay_hello(void *ctx, const struct transport_request *q,
                                   struct transport_answer *a)
{
    struct replay *p = ctx;

    if (!rig_is(q, "/v1/hello"))
        return XG_OK;
    if (!p->playing) {
        xg_buf_reset(&p->old);
        xg_buf_append(&p->old, a->body.data, a->body.len);
    } else {
        xg_buf_reset(&a->body);
        xg_buf_append(&a->body, p->old.data, p->old.len);
    }
    return XG_OK;
}

static void test_replayed_welcome(void **state)
{
    struct rig *r = *state;
    struct replay p = {.old = XG_BUF(1 << 20)};

    assert_ok(rig_enrol(r, &err));
    r->server->ctx = &p;
    r->server->after = replay_hello;
    assert_ok(rig_sync(r, &err));
    rig_report(r, "a hole");
    p.playing = true;
    assert_status(rig_sync(r, &err), XG_NET);
    assert_false(r->report.reached);
    assert_int_equal(r->server->batch_count, 1); /* the genesis */
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 0);
    xg_buf_clear(&p.old);
}

static enum xg_status rename_device(void *ctx,
                                    const struct transport_request *q,
                                    struct transport_answer *a, bool *answered)
{
    struct rig *r = ctx;

    (void)q, (void)a, (void)answered;
    snprintf(r->server->devices[0].key.name,
             sizeof r->server->devices[0].key.name, FAKE_ORIGIN "/d/0009");
    return XG_OK;
}

static void test_other_device(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    r->server->ctx = r;
    r->server->before = rename_device;
    assert_status(rig_sync(r, &err),
                  XG_REFUSED); /* its key has that name no more */
}

/* ---- a log that is not the one we know ---- */

static void test_shrunk_log(void **state)
{
    struct rig *r = *state;
    char from[TEST_PATH_SIZE], to[TEST_PATH_SIZE];

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    assert_ok(rig_sync(r, &err));
    uint64_t size = rig_held(r).size;
    char hex[2 * XG_HASH_SIZE + 1], proof[100];
    xg_hex(hex, r->server->batches[0].id.b, XG_HASH_SIZE);
    snprintf(proof, sizeof proof, "alarm/%s.tlog-proof", hex);
    fake_server_cut_log(r->server, size - 1); /* restored from yesterday */
    rig_report(r, "another");
    assert_status(rig_sync(r, &err), XG_ALARM);
    assert_int_equal(xg_status_exit(XG_ALARM), 7);
    assert_true(rig_has_file(r, "alarm/held"));
    assert_true(rig_has_file(r, "alarm/shown"));
    assert_true(rig_has_file(r, "alarm/welcome"));
    assert_true(rig_has_file(r, proof)); /* that it had what it lost */
    /* The work was handed over, what was lost again too; nothing counts. */
    assert_int_equal(r->server->batch_count, 2);
    assert_int_equal(r->report.batches_received, 0);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 0);
    assert_int_equal(rig_counts(r).records[STORE_SENT], 2);
    assert_true(rig_held(r).size == size);

    rig_report(r, "a third");
    assert_status(rig_sync(r, &err), XG_ALARM); /* it stands */
    assert_int_equal(r->server->batch_count, 3);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 0);
    rig_check_once(r);

    /* Judged and moved away: as it got back what it had lost, its log goes on
     * from what was verified. */
    snprintf(from, sizeof from, "%s/alarm", r->path);
    snprintf(to, sizeof to, "%s/alarm.judged", r->path);
    assert_int_equal(rename(from, to), 0);
    assert_ok(rig_sync(r, &err));
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 3);
    rig_check_once(r);
}

static void test_other_content(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    assert_ok(rig_sync(r, &err));
    r->server->leaves[0].b[0] ^= 1; /* history rewritten, same size */
    assert_status(rig_sync(r, &err), XG_ALARM);
    assert_non_null(strstr(xg_error_text(&err), "alarm"));
}

static void test_other_content_longer(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    assert_ok(rig_sync(r, &err));
    struct xg_checkpoint held = rig_held(r);
    r->server->leaves[0].b[0] ^= 1;
    fake_server_append(r->server, xg_bytes_of("and longer"));
    assert_status(rig_sync(r, &err), XG_ALARM);
    assert_true(rig_has_file(r, "alarm/shown"));
    struct xg_checkpoint still = rig_held(r);
    assert_true(still.size == held.size &&
                xg_hash_equal(&still.root, &held.root));
}

/* A proof that was damaged once on the way is no alarm. */
static enum xg_status spoil_proof(void *ctx, const struct transport_request *q,
                                  struct transport_answer *a)
{
    unsigned *left = ctx;
    struct xg_bytes rest = xg_buf_bytes(&a->body), frame;

    if (!rig_is(q, "/v1/hello") || *left == 0)
        return XG_OK;
    --*left;
    assert_true(xg_frame_next(&rest, &frame));
    size_t at = a->body.len - rest.len + 4; /* the first hash of frame 2 */
    a->body.data[at] = a->body.data[at] == 'A' ? 'B' : 'A';
    return XG_OK;
}

static void test_spoiled_proof(void **state)
{
    struct rig *r = *state;
    unsigned left = 1;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    fake_server_append(r->server, xg_bytes_of("more"));
    r->server->ctx = &left;
    r->server->after = spoil_proof;
    assert_ok(rig_sync(r, &err));
    assert_false(rig_has_file(r, "alarm"));
    fake_server_append(r->server, xg_bytes_of("and more"));
    left = 2;
    assert_status(rig_sync(r, &err), XG_ALARM);
}

/* A checkpoint of the same log, but an older one than the welcome names. */
static enum xg_status swap_checkpoint(void *ctx,
                                      const struct transport_request *q,
                                      struct transport_answer *a)
{
    struct xg_buf *old = ctx;
    struct xg_buf built = XG_BUF(1 << 20);
    struct xg_bytes rest = xg_buf_bytes(&a->body), frame[3];

    if (!rig_is(q, "/v1/hello"))
        return XG_OK;
    for (int i = 0; i < 3; i++)
        assert_true(xg_frame_next(&rest, &frame[i]));
    if (old->len == 0) {
        xg_buf_append(old, frame[2].at, frame[2].len);
        return XG_OK;
    }
    xg_frame_put(&built, frame[0]);
    xg_frame_put(&built, frame[1]);
    xg_frame_put(&built, xg_buf_bytes(old));
    xg_buf_append(&built, rest.at, rest.len);
    xg_buf_reset(&a->body);
    xg_buf_append(&a->body, built.data, built.len);
    xg_buf_clear(&built);
    return XG_OK;
}

static void test_old_checkpoint_is_no_alarm(void **state)
{
    struct rig *r = *state;
    struct xg_buf old = XG_BUF(1 << 16);

    assert_ok(rig_enrol(r, &err));
    r->server->ctx = &old;
    r->server->after = swap_checkpoint;
    assert_ok(rig_sync(r, &err));
    rig_report(r, "a hole");
    r->server->after = NULL;
    assert_ok(rig_sync(r, &err));
    r->server->after = swap_checkpoint;
    assert_status(rig_sync(r, &err), XG_NET);
    assert_false(rig_has_file(r, "alarm"));
    xg_buf_clear(&old);
}

/* ---- restored and cloned devices ---- */

/* The whole folder as it was yesterday: nothing on the disk tells, but the
 * server does. */
static void test_restored_home(void **state)
{
    struct rig *r = *state;
    char saved[TEST_FOLDER_SIZE];

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "one");
    assert_ok(rig_sync(r, &err));
    home_close(&r->home);
    test_folder_make(saved, "saved");
    rig_copy_home(r->path, saved);
    assert_ok(home_open(&r->home, r->path, false, &r->env, &err));
    rig_report(r, "two");
    assert_ok(rig_sync(r, &err));
    struct xg_hash chain = rig_chain(r);

    home_close(&r->home);
    test_folder_remove(r->path);
    assert_int_equal(rename(saved, r->path), 0);
    assert_ok(home_open(&r->home, r->path, false, &r->env, &err));
    rig_report(r, "two again"); /* at the place of "two" */
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->report.new_chain, SYNC_CHAIN_BEHIND);
    assert_false(rig_writes_on(r, &chain));
    assert_int_equal(r->report.forked, 1); /* both versions are kept */
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 2);
    struct xg_hash fresh = rig_chain(r);
    rig_report(r, "three");
    assert_ok(rig_sync(r, &err));
    assert_true(rig_writes_on(r, &fresh));
    assert_int_equal(r->report.new_chain, SYNC_CHAIN_KEPT);
    rig_check_once(r);
}

/* Only the database went back: HOME/sent tells, without a network. */
static void test_restored_database(void **state)
{
    struct rig *r = *state;
    char saved[TEST_FOLDER_SIZE], from[TEST_PATH_SIZE], to[TEST_PATH_SIZE];
    enum sync_new_chain why;

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "one");
    assert_ok(rig_sync(r, &err));
    home_close(&r->home);
    test_folder_make(saved, "saved");
    rig_copy_home(r->path, saved);
    rig_reopen(r);
    rig_report(r, "two");
    assert_ok(rig_sync(r, &err));
    assert_ok(sync_notice_restore(&why, &r->home, &err));
    assert_int_equal(why, SYNC_CHAIN_KEPT);
    struct xg_hash chain = rig_chain(r);
    home_close(&r->home);
    const char *const files[] = {"agent.db", "agent.db-wal", "agent.db-shm"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(from, sizeof from, "%s/%s", saved, files[i]);
        snprintf(to, sizeof to, "%s/%s", r->path, files[i]);
        remove(to);
        if (xg_os_exists(from))
            assert_int_equal(rename(from, to), 0);
    }
    test_folder_remove(saved);
    rig_reopen(r);
    assert_ok(sync_notice_restore(&why, &r->home, &err));
    assert_int_equal(why, SYNC_CHAIN_RESTORED);
    assert_false(rig_writes_on(r, &chain));
    assert_ok(sync_notice_restore(&why, &r->home, &err)); /* once */
    assert_int_equal(why, SYNC_CHAIN_KEPT);
    rig_report(r, "two again");
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->report.forked, 0);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 2);
    rig_check_once(r);
}

/* Two machines with one folder. */
static void test_clone(void **state)
{
    struct rig *r = *state, twin;
    struct xg_hash chain;

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "one");
    assert_ok(rig_sync(r, &err));
    chain = rig_chain(r);
    home_close(&r->home);
    twin = *r;
    test_folder_make(twin.path, "twin");
    rig_copy_home(r->path, twin.path);
    rig_reopen(r);
    assert_ok(home_open(&twin.home, twin.path, false, &r->env, &err));

    rig_report(r, "here");
    rig_report(&twin, "there");
    assert_ok(rig_sync(r, &err));
    assert_ok(rig_sync(&twin, &err));
    assert_int_equal(twin.report.new_chain, SYNC_CHAIN_BEHIND);
    assert_int_equal(twin.report.forked, 1);
    assert_ok(rig_sync(r, &err)); /* is told of the fork */
    assert_int_equal(r->report.new_chain, SYNC_CHAIN_FORKED);
    assert_false(rig_writes_on(r, &chain));
    assert_false(rig_writes_on(&twin, &chain));
    struct xg_hash fresh = rig_chain(r);
    assert_false(rig_writes_on(&twin, &fresh));
    for (int i = 0; i < 3; i++) { /* and then it is quiet */
        size_t chains = r->server->chain_count;
        rig_report(r, "later here");
        rig_report(&twin, "later there");
        assert_ok(rig_sync(r, &err));
        assert_int_equal(r->report.new_chain, SYNC_CHAIN_KEPT);
        assert_ok(rig_sync(&twin, &err));
        assert_int_equal(twin.report.new_chain, SYNC_CHAIN_KEPT);
        if (i > 0)
            assert_int_equal(r->server->chain_count, chains);
    }
    assert_int_equal(rig_counts(r).records[STORE_SENT], 0);
    assert_int_equal(rig_counts(&twin).records[STORE_SENT], 0);
    rig_check_once(r);
    home_close(&twin.home);
    test_folder_remove(twin.path);
}

/* ---- who signs the registry ---- */

static bool knows_unit(struct rig *r, const char *unit)
{
    const struct xg_registry *registry = store_registry(r->home.store);
    struct xg_statement s;
    uint64_t position;
    bool found;

    assert_ok(registry->find(registry->ctx, XG_SAYS_UNIT, unit, UINT64_MAX, &s,
                             &position, &found, &err));
    return found;
}

static void test_registrar_changes(void **state)
{
    struct rig *r = *state;
    struct xg_signer old = r->server->registrar;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    fake_server_rotate(r->server);
    fake_server_registry(r->server, "371302001");
    fake_server_rotate(r->server);
    fake_server_registry(r->server, "371302002");
    assert_ok(rig_sync(r, &err));
    assert_true(knows_unit(r, "371302001"));
    assert_true(knows_unit(r, "371302002"));
    /* The new one can recover the vault, the old one no more. */
    assert_ok(vault_check_escrow(r->home.vault,
                                 r->server->registrar.verifier.key, &err));
    assert_status(vault_check_escrow(r->home.vault, old.verifier.key, &err),
                  XG_AUTH);
    /* Nor does she sign anything any more. */
    r->server->registrar = old;
    fake_server_registry(r->server, "371302003");
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_false(knows_unit(r, "371302003"));
}

/* A stolen server has the log's key, and not the registrar's. */
static void test_registrar_invented(void **state)
{
    struct rig *r = *state;
    struct xg_signer genuine = r->server->registrar;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    fake_server_rotate(r->server);
    r->server->note_count--; /* instead: a rotation that he signs himself */
    xg_buf_clear(&r->server->notes[r->server->note_count]);
    fake_server_rotate(r->server);
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_ok(vault_check_escrow(r->home.vault, genuine.verifier.key, &err));
}

/* A code made after a rotation names the key in force. Notes from before it
 * count only once one of that key's is here, which fixes them. */
static void test_registrar_of_a_later_code(void **state)
{
    struct rig *r = *state;
    struct store_registry_end end;

    fake_server_registry(r->server, "371302001");
    fake_server_rotate(r->server);
    memcpy(r->server->code.registrar, r->server->registrar.verifier.key, 32);
    r->server->state = XG_DEVICE_PENDING;
    assert_ok(rig_enrol(r, &err));
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_ok(store_registry_end(r->home.store, &end, &err));
    assert_int_equal(end.number, 3);
    assert_false(end.proven);
    assert_false(knows_unit(r, "371302001"));

    r->server->state = XG_DEVICE_ENROLLED;
    fake_server_registry(r->server, "371302002");
    assert_ok(rig_sync(r, &err));
    assert_true(knows_unit(r, "371302001"));
    assert_true(knows_unit(r, "371302002"));
    fake_server_rotate(r->server);
    fake_server_registry(r->server, "371302003");
    assert_ok(rig_sync(r, &err));
    assert_true(knows_unit(r, "371302003"));
}

/* Somebody else's registry, shown to a device that has none yet: it is told
 * apart, and what came of it goes away. */
static void test_registry_of_nobody(void **state)
{
    struct rig *r = *state;
    struct fake_server *f = r->server;
    struct xg_signer genuine = f->registrar;
    struct xg_buf first = f->notes[0];
    struct store_registry_end end;

    f->note_count = 0;
    fake_server_rotate(f); /* only for the other key */
    xg_buf_clear(&f->notes[0]);
    f->note_count = 0;
    fake_server_registry(f, "666");
    f->state = XG_DEVICE_PENDING;
    assert_ok(rig_enrol(r, &err));
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_false(knows_unit(r, "666"));
    f->state = XG_DEVICE_ENROLLED;
    assert_status(rig_sync(r, &err), XG_REFUSED);
    assert_false(knows_unit(r, "666"));

    /* The genuine one follows all the same. */
    f->registrar = genuine;
    xg_buf_clear(&f->notes[0]);
    f->notes[0] = first;
    fake_server_registry(f, "371302001");
    assert_ok(rig_sync(r, &err));
    assert_true(knows_unit(r, "371302001"));
    assert_ok(store_registry_end(r->home.store, &end, &err));
    assert_true(end.proven);
}

/* ---- pulling ---- */

static void offer_device(struct rig *r, struct test_device *d, size_t first)
{
    struct xg_update u = {.kind = XG_UPDATE_CHAIN,
                          .chain = d->chain,
                          .device = xg_bytes_of(d->signer.verifier.name)};

    fake_server_offer(r->server, &u, false);
    for (size_t i = first; i < d->count; i++) {
        static const struct xg_hash zero;
        u = (struct xg_update){.kind = XG_UPDATE_RECORD,
                               .chain = d->chain,
                               .seq = i,
                               .position = 1,
                               .previous = i ? d->records[i - 1]->hash : zero,
                               .record = *d->records[i]};
        fake_server_offer(r->server, &u, true);
    }
}

static void test_pull(void **state)
{
    struct rig *r = *state;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct test_device *d =
        test_device_new(&arena, &r->world, FAKE_ORIGIN "/d/0777", FAKE_ORIGIN,
                        r->server->code.registrar);
    uint64_t since;
    bool has;

    test_incident(d, "road/hole");
    test_incident(d, "road/light");
    r->server->served_from = UINT64_MAX;
    offer_device(r, d, 0);
    r->server->no_news = true;
    assert_ok(rig_enrol(r, &err));

    /* Whatever is cut or flipped: nothing of the page is there. */
    struct rig_fault c = {.path = "/v1/updates", .times = 1};
    r->server->ctx = &c;
    for (int round = 0; round < 2; round++) {
        r->server->after = round ? rig_flip : rig_cut;
        for (c.at = 0; c.at < 1000; c.at += 11) {
            c.done = 0;
            enum xg_status status = rig_sync(r, &err);
            if (!c.done || status == XG_OK)
                break;
            assert_status(status, XG_NET);
            assert_ok(store_get_since(r->home.store, &since, &err));
            assert_int_equal(since, 0);
            assert_ok(store_has_record(r->home.store, &has,
                                       &d->records[1]->hash, &err));
            assert_false(has);
        }
        if (round == 0)
            assert_true(c.at > 400);
        if (r->report.records_pulled)
            break;
    }
    r->server->after = NULL;
    assert_ok(rig_sync(r, &err));
    assert_ok(store_get_since(r->home.store, &since, &err));
    assert_true(since == r->server->size);
    for (size_t i = 0; i < d->count; i++) {
        assert_ok(
            store_has_record(r->home.store, &has, &d->records[i]->hash, &err));
        assert_true(has);
    }
    assert_ok(rig_sync(r, &err)); /* the same page again: nothing twice */
    test_device_free(d);
    xg_arena_clear(&arena);
}

static enum xg_status page_of_another(void *ctx,
                                      const struct transport_request *q,
                                      struct transport_answer *a)
{
    struct rig *r = ctx;
    struct xg_updates_note u = {.log = xg_bytes_of(FAKE_ORIGIN),
                                .device = FAKE_ORIGIN "/d/0002",
                                .to = r->server->size,
                                .end = r->server->size};

    if (!rig_is(q, "/v1/updates"))
        return XG_OK;
    xg_tlog_root(&u.root, NULL, 0);
    xg_buf_reset(&a->body);
    return xg_updates_seal(&a->body, &u, xg_bytes(NULL, 0), &r->server->log,
                           &err);
}

/* A page that does not move on must not be asked for again and again. */
static enum xg_status page_standing_still(void *ctx,
                                          const struct transport_request *q,
                                          struct transport_answer *a)
{
    struct rig *r = ctx;
    struct xg_updates_note u = {.log = xg_bytes_of(FAKE_ORIGIN),
                                .device = FAKE_ORIGIN "/d/0001",
                                .end = r->server->size};

    if (!rig_is(q, "/v1/updates"))
        return XG_OK;
    xg_tlog_root(&u.root, NULL, 0);
    xg_buf_reset(&a->body);
    return xg_updates_seal(&a->body, &u, xg_bytes(NULL, 0), &r->server->log,
                           &err);
}

static void test_pull_lies(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    r->server->no_news = true;
    r->server->ctx = r;
    r->server->after = page_of_another;
    assert_status(rig_sync(r, &err), XG_NET);
    r->server->after = page_standing_still;
    assert_status(rig_sync(r, &err), XG_NET);
    r->server->after = NULL;
    assert_ok(rig_sync(r, &err));
}

static enum xg_status unknown_place(void *ctx,
                                    const struct transport_request *q,
                                    struct transport_answer *a, bool *answered)
{
    unsigned *asked = ctx;

    if (!rig_is(q, "/v1/updates"))
        return XG_OK;
    *answered = !rig_is(q, "/v1/updates?since=0");
    *asked += *answered;
    if (*answered)
        fake_problem(a, 400, "usage", "no such place");
    return XG_OK;
}

/* A server that was put back, and grew again, may not know how far we are. */
static void test_pull_from_the_start(void **state)
{
    struct rig *r = *state;
    unsigned asked = 0;
    uint64_t since;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    r->server->ctx = &asked;
    r->server->before = unknown_place;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(asked, 1);
    assert_ok(store_get_since(r->home.store, &since, &err));
    assert_true(since == r->server->size);
}

/* With the answer to the last batch comes what is new, and is not asked for
 * again; a page that is no good is. Nothing of the receipt hangs on it. */
static void test_news_with_a_receipt(void **state)
{
    struct rig *r = *state;
    struct rig_fault c = {.path = "/v1/batches/", .times = 1};
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct test_device *d =
        test_device_new(&arena, &r->world, FAKE_ORIGIN "/d/0777", FAKE_ORIGIN,
                        r->server->code.registrar);
    uint64_t since;
    bool has;

    test_incident(d, "road/hole");
    r->server->served_from = UINT64_MAX;
    offer_device(r, d, 0);
    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    unsigned pages = r->server->pages;
    rig_report(r, "one");
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->server->pages, pages + 1);
    assert_ok(
        store_has_record(r->home.store, &has, &d->records[1]->hash, &err));
    assert_true(has);
    assert_ok(store_get_since(r->home.store, &since, &err));
    assert_true(since == r->server->size);

    /* The page is what comes last in the answer. */
    unsigned spoilt = 0;
    r->server->ctx = &c;
    for (c.at = 700; c.at < 1600; c.at += 37) {
        rig_report(r, "and more");
        c.done = 0;
        r->server->after = rig_flip;
        pages = r->server->pages;
        enum xg_status status = rig_sync(r, &err);
        assert_true(status == XG_OK || status == XG_NET);
        spoilt += status == XG_OK && c.done && r->server->pages == pages + 2;
        r->server->after = NULL;
        assert_ok(rig_sync(r, &err));
        assert_ok(store_get_since(r->home.store, &since, &err));
        assert_true(since == r->server->size);
    }
    assert_true(spoilt > 5);
    assert_int_equal(rig_counts(r).records[STORE_SENT], 0);
    test_device_free(d);
    xg_arena_clear(&arena);
}

static enum xg_status note_path(void *ctx, const struct transport_request *q,
                                struct transport_answer *a, bool *answered)
{
    (void)a, (void)answered;
    if (rig_is(q, "/v1/updates?"))
        snprintf(ctx, 128, "%s", strchr(q->path, '?'));
    return XG_OK;
}

/* Only what has a receipt is said to be held, and only once. */
static void test_says_what_it_holds(void **state)
{
    struct rig *r = *state;
    char path[128] = "", wanted[128];

    assert_ok(rig_enrol(r, &err));
    r->server->no_news = true;
    rig_report(r, "one");
    r->server->ctx = path;
    r->server->before = note_path;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->server->batch_count, 1);
    snprintf(wanted, sizeof wanted, "?since=0&held=%" PRIu64,
             r->server->batches[0].position);
    assert_string_equal(path, wanted);
    rig_report(r, "two");
    uint64_t since = r->server->size;
    assert_ok(rig_sync(r, &err));
    snprintf(wanted, sizeof wanted, "?since=%" PRIu64 "&held=%" PRIu64, since,
             r->server->batches[1].position);
    assert_string_equal(path, wanted);
    assert_ok(rig_sync(r, &err));
    snprintf(wanted, sizeof wanted, "?since=%" PRIu64, r->server->size);
    assert_string_equal(path, wanted);
}

/* ---- reference data ---- */

/* What the device would read of a kind at that size of the log. */
static void expect_editions(struct rig *r, const char *kind, uint64_t size,
                            const char *editions)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_buf list = XG_BUF(4096);
    struct store_reference *rows;
    size_t count;

    assert_ok(store_list_references(r->home.store, &arena, &rows, &count, kind,
                                    size, &err));
    for (size_t i = 0; i < count; i++)
        xg_buf_format(&list, "%s%s ", rows[i].says.edition,
                      rows[i].here ? "" : "-");
    assert_string_equal(xg_buf_str(&list), editions);
    xg_buf_clear(&list);
    xg_arena_clear(&arena);
}

static enum xg_status put_file(void *visitor, const struct xg_guide_file *f,
                               struct xg_error *error)
{
    struct xg_buf *list = visitor;

    (void)error;
    xg_buf_format(list, "%s=%.*s ", f->edition, (int)f->content.len,
                  (const char *)f->content.at);
    return XG_OK;
}

/* The guide of the device reads what is here. */
static void expect_guide(struct rig *r, const char *kind, uint64_t size,
                         const char *files)
{
    const struct xg_guide_source source = guide_of_device(r->home.store);
    struct xg_buf list = XG_BUF(4096);

    assert_ok(source.each(source.ctx, kind, size, put_file, &list, &err));
    xg_buf_text(&list, "");
    assert_string_equal(xg_buf_str(&list), files);
    xg_buf_clear(&list);
}

static void test_every_edition_comes_once(void **state)
{
    struct rig *r = *state;
    struct fake_server *f = r->server;

    fake_server_refer(f, "catalogue", "1", "first");
    fake_server_refer(f, "boundaries", "1", "old and large");
    fake_server_refer(f, "calendar", "2026", "days of 2026");
    fake_server_refer(f, "boundaries", "2", "large");
    fake_server_refer(f, "catalogue", "2", "second");
    fake_server_refer(f, "catalogue", "3", "first"); /* back to the first */
    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    assert_int_equal(f->lists, 1);
    assert_int_equal(f->files, 4);
    assert_int_equal(r->report.references, 4);
    expect_editions(r, "catalogue", UINT64_MAX, "1 2 3 ");
    expect_editions(r, "catalogue", f->references[4].position, "1 ");
    expect_editions(r, "catalogue", f->references[4].position + 1, "1 2 ");
    expect_editions(r, "boundaries", UINT64_MAX, "1- 2 ");
    expect_guide(r, "catalogue", UINT64_MAX, "1=first 2=second 3=first ");
    expect_guide(r, "catalogue", f->references[5].position,
                 "1=first 2=second ");
    expect_guide(r, "boundaries", UINT64_MAX, "2=large ");
    expect_guide(r, "levels", UINT64_MAX, "");

    assert_ok(rig_sync(r, &err)); /* nothing new: nothing is asked for */
    fake_server_refer(f, "calendar", "2027", "days of 2027");
    assert_ok(rig_sync(r, &err));
    assert_int_equal(f->lists, 2);
    assert_int_equal(f->files, 5);
    expect_editions(r, "calendar", UINT64_MAX, "2026 2027 ");
}

static void test_a_long_list_comes_in_parts(void **state)
{
    struct rig *r = *state;
    char edition[8];

    for (unsigned i = 0; i < FAKE_REFERENCES_MAX; i++) {
        snprintf(edition, sizeof edition, "%u", i);
        fake_server_refer(r->server, "hours", edition, i % 2 ? "a" : "b");
    }
    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->server->lists, 2);
    assert_int_equal(r->server->files, 1); /* the newest of its kind */
}

/* Of each answer every byte is flipped, and it is cut at every place: nothing
 * wrong is believed, and what came before stays. */
static void test_references_through_faults(void **state)
{
    struct rig *r = *state;
    struct fake_server *f = r->server;

    fake_server_refer(f, "catalogue", "1", "first");
    fake_server_refer(f, "calendar", "2026", "days of 2026");
    assert_ok(rig_enrol(r, &err));
    f->after = rig_flip;
    for (size_t at = 0;; at++) {
        struct rig_fault c = {.path = "/v1/references", .times = 1, .at = at};
        f->ctx = &c;
        enum xg_status status = rig_sync(r, &err);
        if (c.done == 0) { /* past the end */
            assert_ok(status);
            assert_true(at > 400);
            break;
        }
        assert_true(status != XG_OK);
        expect_editions(r, "catalogue", UINT64_MAX, "");
    }
    expect_editions(r, "catalogue", UINT64_MAX, "1 ");

    fake_server_refer(f, "catalogue", "2", "second");
    fake_server_refer(f, "calendar", "2027", "days of 2027");
    struct rig_fault c = {.path = "/v1/reference/", .times = 1, .at = 4};
    f->ctx = &c;
    assert_status(rig_sync(r, &err), XG_NET);
    expect_editions(r, "catalogue", UINT64_MAX, "1 2- ");
    expect_editions(r, "calendar", UINT64_MAX, "2026 2027- ");
    f->after = rig_cut;
    c.done = 0;
    assert_status(rig_sync(r, &err), XG_NET);
    f->after = NULL;
    unsigned files = f->files, lists = f->lists;
    assert_ok(rig_sync(r, &err));
    assert_int_equal(f->files - files, 2);
    assert_int_equal(f->lists, lists);
    expect_editions(r, "catalogue", UINT64_MAX, "1 2 ");
    expect_editions(r, "calendar", UINT64_MAX, "2026 2027 ");
}

static void test_metered_leaves_what_is_large(void **state)
{
    struct rig *r = *state;

    fake_server_refer(r->server, "boundaries", "1", "large");
    fake_server_refer(r->server, "calendar", "2026", "days");
    assert_ok(rig_enrol(r, &err));
    r->options.metered = true;
    assert_ok(rig_sync(r, &err));
    expect_editions(r, "boundaries", UINT64_MAX, "1- ");
    expect_editions(r, "calendar", UINT64_MAX, "2026 ");
    r->options.metered = false;
    assert_ok(rig_sync(r, &err));
    expect_editions(r, "boundaries", UINT64_MAX, "1 ");
}

/* ---- the rest ---- */

static void test_one_at_a_time(void **state)
{
    struct rig *r = *state;
    char path[TEST_PATH_SIZE];
    int fd;

    assert_ok(rig_enrol(r, &err));
    snprintf(path, sizeof path, "%s/sync.lock", r->path);
    assert_ok(xg_os_lock_open(&fd, path, &err));
    assert_ok(xg_os_try_lock(fd, &err));
    assert_status(rig_sync(r, &err), XG_BUSY);
    close(fd);
    assert_ok(rig_sync(r, &err));
}

/* The server lost what it had proved: it gets it again, unless that is an
 * alarm, which it is (test_shrunk_log); here only its tables lost it. */
static void test_pushed_again(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "a hole");
    assert_ok(rig_sync(r, &err));
    r->server->chains[0].next = 0;
    r->server->chains[0].last = (struct xg_hash){{0}};
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->report.pushed_again, 1);
    assert_int_equal(r->report.batches_received, 1);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    rig_check_once(r);
}

static void test_clocks(void **state)
{
    struct rig *r = *state;
    static const int64_t lies[] = {0, 4070908800000, -5000};

    assert_ok(rig_enrol(r, &err));
    for (size_t i = 0; i < 3; i++) {
        r->world.wall_ms = lies[i];
        rig_report(r, "a hole");
        assert_ok(rig_sync(r, &err));
        int64_t ahead = lies[i] - 1763700000000;
        assert_true(r->report.clock_ahead_ms - ahead < 3 &&
                    r->report.clock_ahead_ms - ahead > -3);
    }
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 3);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_portal),        TEST(test_portal_in_the_middle),
        TEST(test_other_log),     TEST(test_replayed_welcome),
        TEST(test_claims_to_follow),
        TEST(test_other_device),  TEST(test_shrunk_log),
        TEST(test_other_content), TEST(test_other_content_longer),
        TEST(test_spoiled_proof), TEST(test_old_checkpoint_is_no_alarm),
        TEST(test_restored_home), TEST(test_restored_database),
        TEST(test_clone),         TEST(test_pull),
        TEST(test_pull_lies),
        TEST(test_news_with_a_receipt),
        TEST(test_pull_from_the_start),
        TEST(test_says_what_it_holds),
        TEST(test_every_edition_comes_once),
        TEST(test_a_long_list_comes_in_parts),
        TEST(test_references_through_faults),
        TEST(test_metered_leaves_what_is_large),
        TEST(test_one_at_a_time),
        TEST(test_registrar_changes),
        TEST(test_registrar_invented),
        TEST(test_registrar_of_a_later_code),
        TEST(test_registry_of_nobody),
        TEST(test_pushed_again),  TEST(test_clocks),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
