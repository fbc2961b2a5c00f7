/* home.c - see home.h. */
#include "tests/lib/test.h"

#include "tests/lib/home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/core/batch.h"

static struct xg_error err;

static void make_registry(struct test_district *d)
{
    struct xg_registry_note note = {.number = 1};
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct xg_statement s = {.kind = XG_SAYS_UNIT};

    xg_registry_note_begin(&text, &note);
    snprintf(s.subject, sizeof s.subject, "371302001");
    xg_statement_put(&text, &s);
    snprintf(s.subject, sizeof s.subject, "371302001001");
    snprintf(s.unit, sizeof s.unit, "371302001");
    xg_statement_put(&text, &s);
    for (unsigned i = 0; i < TEST_HOMES_MAX; i++) {
        struct xg_signer key;
        uint8_t seed[32] = {(uint8_t)(i + 1)};
        s = (struct xg_statement){.kind = XG_SAYS_WORKER,
                                  .role = XG_ROLE_WORKER};
        snprintf(s.subject, sizeof s.subject, "w%02u", i);
        snprintf(s.unit, sizeof s.unit, "371302001");
        xg_statement_put(&text, &s);
        s = (struct xg_statement){.kind = XG_SAYS_DEVICE};
        snprintf(s.subject, sizeof s.subject, "example.org/d/%04u", 417 + i);
        snprintf(s.owner, sizeof s.owner, "w%02u", i);
        assert_ok(xg_signer_init(&key, s.subject, XG_SIG_ED25519, seed, &err));
        memcpy(s.key, key.verifier.key, sizeof s.key);
        xg_statement_put(&text, &s);
    }
    /* Device 0 is shared: by worker w01, and by those of the workload. */
    static const char *const guests[] = {"w01", "w00000", "w00001", "w00002"};
    for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
        s = (struct xg_statement){.kind = XG_SAYS_AUTHOR};
        snprintf(s.subject, sizeof s.subject, "example.org/d/0417 %s",
                 guests[i]);
        xg_statement_put(&text, &s);
        s = (struct xg_statement){.kind = XG_SAYS_WORKER,
                                  .role = XG_ROLE_WORKER};
        snprintf(s.subject, sizeof s.subject, "%s", guests[i]);
        snprintf(s.unit, sizeof s.unit, "371302001");
        xg_statement_put(&text, &s);
    }
    assert_ok(xg_buf_check(&text, &err));
    d->registry = XG_BUF(XG_NOTE_MAX);
    xg_note_sign(&d->registry, xg_buf_bytes(&text), &d->registrar);
    assert_ok(xg_buf_check(&d->registry, &err));
    xg_buf_clear(&text);
    d->log_size = 1;
}

void test_district_init(struct test_district *d)
{
    uint8_t seed[32] = {0xA1}, other[32] = {0xB2};

    *d = (struct test_district){
        .world = {
            .seed = 1, .wall_ms = 1790000000000, .mono_ms = 1000, .boot = 7}};
    d->env = test_env(&d->world);
    test_folder_make(d->folder, "district");
    assert_ok(
        xg_signer_init(&d->log, "example.org/log", XG_SIG_ED25519, seed, &err));
    assert_ok(xg_signer_init(&d->registrar, "example.org/registrar",
                             XG_SIG_ED25519, other, &err));
    make_registry(d);
}

void test_district_clear(struct test_district *d)
{
    for (unsigned i = 0; i < TEST_HOMES_MAX; i++)
        home_close(&d->homes[i]);
    xg_buf_clear(&d->registry);
    test_folder_remove(d->folder);
}

static void home_folder(char path[static HOME_PATH_SIZE],
                        const struct test_district *d, unsigned number)
{
    snprintf(path, HOME_PATH_SIZE, "%s/%u", d->folder, number);
}

struct home *test_home(struct test_district *d, unsigned number, bool unknown)
{
    struct home *h = &d->homes[number];
    struct store_identity id = {.joined = true, .log = d->log.verifier};
    struct store_registry_end end;
    char path[HOME_PATH_SIZE];
    struct xg_hash chain;

    home_folder(path, d, number);
    assert_ok(home_open(h, path, true, &d->env, &err));
    snprintf(id.url, sizeof id.url, "https://example.org");
    snprintf(id.worker, sizeof id.worker, "w%02u", number);
    snprintf(id.device, sizeof id.device, "example.org/d/%04u", 417 + number);
    memcpy(id.registrar, d->registrar.verifier.key, sizeof id.registrar);
    assert_ok(store_begin(h->store, &err));
    assert_ok(store_make_key(h->store, &err));
    assert_ok(store_put_identity(h->store, &id, &err));
    assert_ok(store_registry_end(h->store, &end, &err));
    if (!unknown)
        assert_ok(store_put_registry_note(h->store, &end, 0,
                                          xg_buf_bytes(&d->registry), &err));
    assert_ok(store_begin_chain(h->store, &chain, NULL, &err));
    assert_ok(store_commit(h->store, &err));
    return h;
}

void test_home_again(struct test_district *d, unsigned number)
{
    char path[HOME_PATH_SIZE];

    home_close(&d->homes[number]);
    home_folder(path, d, number);
    assert_ok(home_open(&d->homes[number], path, false, &d->env, &err));
}

static void apply_batch(struct home *to, const struct xg_batch *batch,
                        const char *device, uint64_t position, uint64_t *anchor)
{
    struct xg_update u = {.kind = XG_UPDATE_CHAIN,
                          .chain = batch->says.chain,
                          .device = xg_bytes_of(device)};
    struct xg_cbor_item size;

    assert_ok(store_begin(to->store, &err));
    assert_ok(store_apply_update(to->store, &u, &err));
    u.kind = XG_UPDATE_RECORD;
    u.previous = batch->says.previous;
    for (size_t i = 0; i < batch->count; i++) {
        u.seq = batch->says.first + i;
        u.position = position;
        u.anchor_size = *anchor;
        u.record = batch->records[i];
        assert_ok(store_apply_update(to->store, &u, &err));
        u.previous = u.record.hash;
        if (!u.record.malformed && u.record.head.kind == XG_KIND_ANCHOR &&
            xg_record_field(&u.record, XG_ANCHOR_SIZE, &size))
            *anchor = size.number;
    }
    assert_ok(store_put_since(to->store, position + 1, &err));
    assert_ok(store_commit(to->store, &err));
}

void test_deliver(struct test_district *d, unsigned from)
{
    struct home *h = &d->homes[from];
    struct xg_arena arena = XG_ARENA(256 << 20);
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct store_batch due = {0};
    struct xg_signer signer;
    uint64_t anchors[TEST_HOMES_MAX] = {0};
    size_t sealed;
    bool found;

    assert_ok(store_signer(h->store, &signer, NULL, &err));
    assert_ok(store_seal_waiting(h->store, &sealed, &signer, &err));
    while (store_next_batch(h->store, &due, &frame, &found, due.row, &err) ==
               XG_OK &&
           found) {
        struct xg_batch batch;
        uint64_t position = d->log_size++;
        assert_ok(xg_batch_open(&batch, &arena, frame.data, frame.len,
                                &signer.verifier, &err));
        for (unsigned to = 0; to < TEST_HOMES_MAX; to++)
            if (to != from && d->homes[to].store)
                apply_batch(&d->homes[to], &batch, signer.verifier.name,
                            position, &anchors[to]);
        assert_ok(store_mark_sent(h->store, due.row, &err));
        assert_ok(store_begin(h->store, &err));
        assert_ok(store_mark_received(h->store, due.row, XG_BATCH_STORED,
                                      position, xg_bytes_of("a proof"), &err));
        assert_ok(store_commit(h->store, &err));
        xg_buf_reset(&frame);
    }
    xg_buf_clear(&frame);
    xg_arena_clear(&arena);
}

void test_see_log(struct test_district *d, unsigned number)
{
    struct xg_checkpoint c = {.size = d->log_size, .root = {{1}}};
    struct xg_buf text = XG_BUF(4096), note = XG_BUF(4096);
    struct store *s = d->homes[number].store;

    snprintf(c.origin, sizeof c.origin, "%s", d->log.verifier.name);
    xg_checkpoint_text(&text, &c);
    xg_note_sign(&note, xg_buf_bytes(&text), &d->log);
    assert_ok(store_begin(s, &err));
    assert_ok(store_put_checkpoint(s, xg_buf_bytes(&note), &err));
    assert_ok(store_put_known(s, &err));
    assert_ok(store_commit(s, &err));
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}
