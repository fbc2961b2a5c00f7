/* The handover's parts: the seal opens for whom it was made and shows every
 * cut and every altered bit; the index is read strictly; a hostile file changes
 * nothing; what is told by word alone goes when the server does not say it; what
 * was handed over is never written a second time. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/handover/index.h"
#include "agent/record/capture.h"
#include "agent/store/fold.h"
#include "agent/store/inside.h"
#include "shared/base/os.h"
#include "shared/bundle/tar.h"
#include "tests/lib/home.h"

static struct xg_error err;
static struct test_district district;
static struct xg_arena arena;
static char path[320];

static int setup(void **state)
{
    (void)state;
    arena = XG_ARENA(16 << 20);
    test_district_init(&district);
    snprintf(path, sizeof path, "%s/file", district.folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_district_clear(&district);
    xg_arena_clear(&arena);
    return 0;
}

/* ---- the seal ---- */

static struct xg_signer device(uint8_t number)
{
    uint8_t seed[32] = {number};
    struct xg_signer s;

    assert_ok(xg_signer_init(&s, "example.org/d/0001", XG_SIG_ED25519, seed,
                             &err));
    return s;
}

static void seal_file(const struct xg_seal_slots *slots, struct xg_bytes content)
{
    struct xg_seal_writer *w;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_ok(xg_seal_writer_open(&w, fd, path, slots, &district.env, &err));
    for (size_t at = 0; at < content.len; at += 1000)
        assert_ok(xg_seal_write(w,
                             xg_bytes(content.at + at, content.len - at < 1000
                                                           ? content.len - at
                                                           : 1000),
                             &err));
    assert_ok(xg_seal_finish(w, &err));
    xg_seal_writer_close(w);
    close(fd);
}

static enum xg_status unseal(struct xg_buf *out, const struct xg_signer *d,
                             const char *code)
{
    struct xg_seal_reader *r = NULL;
    struct xg_bytes chunk = {NULL, 1};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    err = XG_ERROR_NONE;
    xg_buf_reset(out);
    enum xg_status status = xg_seal_reader_open(&r, fd, path, d, code, &err);
    while (status == XG_OK && chunk.len > 0) {
        status = xg_seal_read(r, &chunk, &err);
        if (status == XG_OK)
            xg_buf_append(out, chunk.at, chunk.len);
    }
    xg_seal_reader_close(r);
    close(fd);
    return status;
}

static void test_seal_of_every_size(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
    struct xg_seal_slots slots = {.count = 2};
    struct xg_signer one = device(1), two = device(2), other = device(3);
    struct xg_buf out = XG_BUF(1 << 20);
    uint8_t *content = malloc(200000);

    (void)state;
    assert_non_null(content);
    randombytes_buf(content, 200000);
    memcpy(slots.keys[0], one.verifier.key, XG_PUBLIC_KEY_SIZE);
    memcpy(slots.keys[1], two.verifier.key, XG_PUBLIC_KEY_SIZE);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        seal_file(&slots, xg_bytes(content, sizes[i]));
        assert_int_equal(unseal(&out, &one, NULL), XG_OK);
        assert_true(xg_bytes_equal(xg_buf_bytes(&out),
                                   xg_bytes(content, sizes[i])));
        assert_int_equal(unseal(&out, &two, NULL), XG_OK);
        assert_int_equal(unseal(&out, &other, NULL), XG_AUTH);
    }
    xg_buf_clear(&out);
    free(content);
}

/* Every byte of a small file altered, and every length. */
static void test_seal_shows_every_change(void **state)
{
    struct xg_seal_slots slots = {.count = 1};
    struct xg_signer one = device(1);
    struct xg_buf out = XG_BUF(1 << 20), good = XG_BUF(1 << 20);

    (void)state;
    memcpy(slots.keys[0], one.verifier.key, XG_PUBLIC_KEY_SIZE);
    seal_file(&slots, xg_bytes_of("张三 13800000000"));
    assert_ok(xg_os_read(&good, path, &err));
    for (size_t i = 0; i < good.len; i++) {
        good.data[i] ^= 0x20;
        assert_ok(xg_os_replace(path, 0600, xg_buf_bytes(&good), &err));
        assert_int_not_equal(unseal(&out, &one, NULL), XG_OK);
        good.data[i] ^= 0x20;
        assert_ok(xg_os_replace(path, 0600, xg_bytes(good.data, i), &err));
        assert_int_not_equal(unseal(&out, &one, NULL), XG_OK);
    }
    xg_buf_byte(&good, 0);
    assert_ok(xg_os_replace(path, 0600, xg_buf_bytes(&good), &err));
    assert_int_equal(unseal(&out, &one, NULL), XG_FORMAT);
    good.len--;
    assert_ok(xg_os_replace(path, 0600, xg_buf_bytes(&good), &err));
    assert_int_equal(unseal(&out, &one, NULL), XG_OK);
    xg_buf_clear(&good);
    xg_buf_clear(&out);
}

static void test_seal_by_code(void **state)
{
    char code[XG_SEAL_CODE_SIZE], spoken[XG_SEAL_CODE_DIGITS + 1] = "";
    struct xg_seal_slots slots = {.code = code};
    struct xg_signer any = device(9);
    struct xg_buf out = XG_BUF(1 << 20);

    (void)state;
    xg_seal_draw_code(code, &district.env);
    assert_int_equal(strlen(code), XG_SEAL_CODE_SIZE - 1);
    for (size_t i = 0, n = 0; code[i]; i++)
        if (code[i] != ' ')
            spoken[n++] = code[i];
    seal_file(&slots, xg_bytes_of("x"));
    assert_int_equal(unseal(&out, &any, NULL), XG_LOCKED);
    assert_int_equal(unseal(&out, &any, spoken), XG_OK);
    spoken[3] = spoken[3] == '0' ? '1' : '0';
    assert_int_equal(unseal(&out, &any, spoken), XG_AUTH);
    xg_buf_clear(&out);
}

/* Who makes a file says what opening it costs: no more than our own. */
static void test_seal_costs_no_more_than_it_must(void **state)
{
    enum { HEAD = 4 + 1, SLOT = 1 + 8 + 16 + 24 + 48 };
    static const struct {
        uint32_t passes, kib;
    } bad[] = {{0, 65536}, {5, 65536}, {3, 65537}, {3, 512 << 10}, {3, 7}};
    char code[XG_SEAL_CODE_SIZE];
    struct xg_seal_slots slots = {.code = code};
    struct xg_signer any = device(9);
    struct xg_buf out = XG_BUF(1 << 20), good = XG_BUF(1 << 20);
    struct xg_buf two = XG_BUF(1 << 20);

    (void)state;
    xg_seal_draw_code(code, &district.env);
    seal_file(&slots, xg_bytes_of("x"));
    assert_ok(xg_os_read(&good, path, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        xg_store_u32(good.data + HEAD + 1, bad[i].passes);
        xg_store_u32(good.data + HEAD + 5, bad[i].kib);
        assert_ok(xg_os_replace(path, 0600, xg_buf_bytes(&good), &err));
        assert_int_equal(unseal(&out, &any, code), XG_FORMAT);
    }
    /* Allowed, but not what it was made with. */
    xg_store_u32(good.data + HEAD + 1, 1);
    xg_store_u32(good.data + HEAD + 5, 8);
    assert_ok(xg_os_replace(path, 0600, xg_buf_bytes(&good), &err));
    assert_int_equal(unseal(&out, &any, code), XG_AUTH);
    /* A second slot of the kind, whether or not a code is given. */
    xg_buf_append(&two, good.data, HEAD + SLOT);
    xg_buf_append(&two, good.data + HEAD, good.len - HEAD);
    two.data[HEAD - 1] = 2;
    assert_ok(xg_os_replace(path, 0600, xg_buf_bytes(&two), &err));
    assert_int_equal(unseal(&out, &any, code), XG_FORMAT);
    assert_int_equal(unseal(&out, &any, NULL), XG_FORMAT);
    xg_buf_clear(&two);
    xg_buf_clear(&good);
    xg_buf_clear(&out);
}

/* ---- the index ---- */

static void test_index_is_strict(void **state)
{
    static const char *const bad[] = {
        "",
        "xunge/handover/v1\n",
        "xunge/handover/v1\nlog l\nfrom a d\nto b\ncounts 1 2 3\n",
        "xunge/handover/v1\nlog l\nfrom a d\nto b\ncounts 1 2 3 4 5\n",
        "xunge/handover/v1\nlog l\nfrom a d\nto b\ncounts 1 2 3 04\n",
        "xunge/handover/v1\nlog l\nfrom a\nto b\ncounts 1 2 3 4\n",
        "xunge/handover/v1\nlog l\nfrom a d\nto b\ncounts 1 2 3 4\npart x 1\n",
        "xunge/handover/v1\nlog l\nfrom a d\nto b\ncounts 1 2 3 4\nmore\n",
        "xunge/handover/v1\nlog l\nfrom a d\nto b\ncounts 1 2 3 4",
    };
    struct handover_chain chain = {.next = 7};
    struct handover_part part = {.name = "drafts/1", .length = 9};
    struct handover_index x = {.log = "l",
                               .from = "a",
                               .to = "b",
                               .device = "d",
                               .cases = 3,
                               .chain_count = 1,
                               .chains = &chain,
                               .part_count = 1,
                               .parts = &part};
    struct handover_index read;
    struct xg_buf text = XG_BUF(4096), again = XG_BUF(4096);

    (void)state;
    handover_index_put(&text, &x);
    assert_ok(handover_index_read(&read, &arena, xg_buf_bytes(&text), &err));
    handover_index_put(&again, &read);
    assert_true(xg_bytes_equal(xg_buf_bytes(&text), xg_buf_bytes(&again)));
    assert_string_equal(read.parts[0].name, "drafts/1");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = XG_ERROR_NONE;
        assert_int_equal(handover_index_read(&read, &arena, xg_bytes_of(bad[i]),
                                             &err),
                         XG_FORMAT);
    }
    err = XG_ERROR_NONE;
    xg_buf_clear(&text);
    xg_buf_clear(&again);
}

/* ---- a hostile file ---- */

static enum xg_status put_sealed(void *ctx, struct xg_bytes data,
                                 struct xg_error *e)
{
    return xg_seal_write(ctx, data, e);
}

/* What whoever knows the device's public key can make. */
static void forge(struct home *to, const char *const parts[][2])
{
    struct xg_seal_slots slots = {.count = 1};
    struct xg_signer signer;
    struct xg_seal_writer *seal;
    struct xg_tar_writer *tar;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_ok(store_signer(to->store, &signer, NULL, &err));
    memcpy(slots.keys[0], signer.verifier.key, XG_PUBLIC_KEY_SIZE);
    assert_ok(xg_seal_writer_open(&seal, fd, path, &slots, &district.env, &err));
    assert_ok(xg_tar_writer_open(&tar, (struct xg_tar_sink){put_sealed, seal}, &err));
    for (size_t i = 0; parts[i][0]; i++)
        assert_ok(xg_tar_put(tar, parts[i][0], xg_bytes_of(parts[i][1]), &err));
    assert_ok(xg_tar_finish(tar, &err));
    assert_ok(xg_seal_finish(seal, &err));
    xg_tar_writer_close(tar);
    xg_seal_writer_close(seal);
    close(fd);
}

#define INDEX                                                                  \
    "xunge/handover/v1\nlog example.org/log\nfrom w00 example.org/d/0417\n"    \
    "to w01\ncounts 0 0 0 0\n"

static void test_a_forged_file_changes_nothing(void **state)
{
    static const char *const files[][4][2] = {
        {{"index", INDEX}, {NULL, NULL}}, /* nobody signed it */
        {{"index", ""}, {NULL, NULL}},
        {{"drafts/1", "x"}, {NULL, NULL}},
        {{"index", INDEX}, {"drafts/1", "x"}, {NULL, NULL}},
        {{"index", INDEX}, {"index", INDEX}, {NULL, NULL}},
        {{"index", INDEX}, {"../../vault", "x"}, {NULL, NULL}},
        {{"index", INDEX}, {"/etc/passwd", "x"}, {NULL, NULL}},
        {{"index", INDEX}, {"agent.db", "x"}, {NULL, NULL}},
        {{"index", INDEX}, {"registry/1", "not signed"}, {NULL, NULL}},
        {{"index", INDEX}, {"batches/00", "not a batch"}, {NULL, NULL}},
        {{"index", INDEX}, {"receipts/zz", "x"}, {NULL, NULL}},
        {{"index", INDEX "part drafts/1 1 "
                         "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=\n"},
         {NULL, NULL}},
        {{"index", "xunge/handover/v1\nlog other.org\nfrom w00 "
                   "example.org/d/0417\nto w01\ncounts 0 0 0 0\n"},
         {NULL, NULL}},
    };
    struct home *b = test_home(&district, 1, false);
    struct handover_accept_options options = {.code = NULL};
    struct handover_accepted accepted;
    struct xg_hash before, after;

    (void)state;
    assert_ok(fold_digest(b->store, &before, &err));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        forge(b, files[i]);
        err = XG_ERROR_NONE;
        assert_int_not_equal(
            handover_accept(b, &accepted, path, &options, &err), XG_OK);
        assert_int_not_equal(err.status, XG_CORRUPT);
    }
    err = XG_ERROR_NONE;
    assert_ok(fold_digest(b->store, &after, &err));
    assert_true(xg_hash_equal(&before, &after));
}

/* ---- by word alone ---- */

static struct captured report(struct home *h, const char *description)
{
    struct captured c;
    struct xg_draft d;

    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "garbage", &err));
    assert_ok(capture_set_text(&d, XG_INCIDENT_DESCRIPTION, description, &err));
    assert_ok(capture_create(h->store, &c, &d, NULL, &err));
    return c;
}

static struct store_carried_counts carried(struct home *h)
{
    struct store_carried_counts c;

    assert_ok(store_count_carried(h->store, &c, &err));
    return c;
}

static void tell(struct home *h, struct xg_bytes items)
{
    struct xg_update_reader reader = {.rest = items};
    struct xg_update u;
    bool more = true;

    assert_ok(store_begin(h->store, &err));
    while (xg_update_next(&reader, &u, &more, &err) == XG_OK && more)
        assert_ok(store_put_told(h->store, &u, &err));
    assert_ok(store_commit(h->store, &err));
}

static void test_told_until_the_server_speaks(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct home *b = test_home(&district, 1, false);
    struct home *c = test_home(&district, 2, false);
    struct xg_buf items = XG_BUF(1 << 20);
    struct xg_hash chain = {{0}}, fresh, now;
    struct store_entity e;
    uint64_t count = 0;

    (void)state;
    struct captured one = report(a, "一"), two = report(a, "二");
    home_close(c);
    test_deliver(&district, 0); /* b has it from the server, c was away */
    test_home_again(&district, 2);
    assert_ok(store_put_loose(b->store, &items, &chain, &count, &one.id, &err));
    assert_ok(store_put_loose(b->store, &items, &chain, &count, &two.id, &err));
    assert_int_equal(count, 2);

    assert_ok(fold_digest(c->store, &fresh, &err));
    tell(c, xg_buf_bytes(&items));
    tell(c, xg_buf_bytes(&items)); /* once more */
    assert_int_equal(carried(c).told, 2);
    assert_ok(store_load_entity(c->store, &e, NULL, &one.id, &err));
    assert_string_equal(e.unit, "371302001");

    /* The server says nothing of it: it goes, and leaves no trace. */
    assert_ok(store_drop_told(c->store, &count, &err));
    assert_int_equal(count, 2);
    assert_ok(fold_digest(c->store, &now, &err));
    assert_true(xg_hash_equal(&fresh, &now));

    /* The server tells of one of the two: that one stays. */
    tell(c, xg_buf_bytes(&items));
    struct xg_update_reader reader = {.rest = xg_buf_bytes(&items)};
    struct xg_update u;
    bool more = true;
    assert_ok(store_begin(c->store, &err));
    for (int i = 0; i < 2; i++) { /* the chain, the first record */
        assert_ok(xg_update_next(&reader, &u, &more, &err));
        assert_ok(store_apply_update(c->store, &u, &err));
    }
    assert_ok(store_commit(c->store, &err));
    assert_int_equal(carried(c).told, 1);
    assert_ok(store_drop_told(c->store, &count, &err));
    assert_int_equal(count, 1);
    assert_ok(store_load_entity(c->store, &e, NULL, &one.id, &err));
    assert_int_equal(store_load_entity(c->store, &e, NULL, &two.id, &err),
                     XG_NOTFOUND);
    err = XG_ERROR_NONE;

    /* Of an own chain nobody tells anything. */
    chain = (struct xg_hash){{0}};
    tell(a, xg_buf_bytes(&items));
    assert_int_equal(carried(a).told, 0);
    xg_buf_clear(&items);
}

/* ---- what was handed over is out ---- */

static enum xg_status write_for_w01(struct home *from)
{
    struct handover_write_options options = {.to = "w01"};
    struct xg_verifier devices[XG_SEAL_SLOTS_MAX];
    struct handover_written written;

    assert_ok(handover_devices(from->store, devices, &options.slots.count,
                               options.to, &err));
    assert_int_equal(options.slots.count, 1);
    memcpy(options.slots.keys[0], devices[0].key, XG_PUBLIC_KEY_SIZE);
    return handover_write(from, &written, path, &options, &err);
}

/* As each command that records begins. */
static enum sync_new_chain look(struct home *h)
{
    enum sync_new_chain why;

    assert_ok(sync_notice_restore(&why, h, &err));
    return why;
}

/* What a backup of the database alone holds. */
static const char *const database[] = {"agent.db", "agent.db-wal"};
enum { DATABASE_FILES = sizeof database / sizeof *database };

static void copy_database(struct xg_buf copy[static DATABASE_FILES],
                          const struct home *h, bool back)
{
    char name[sizeof h->path + 16];

    for (size_t i = 0; i < DATABASE_FILES; i++) {
        snprintf(name, sizeof name, "%s/%s", h->path, database[i]);
        if (back)
            assert_ok(xg_os_replace(name, 0600, xg_buf_bytes(&copy[i]), &err));
        else
            assert_ok(xg_os_read(&copy[i], name, &err));
    }
    snprintf(name, sizeof name, "%s/agent.db-shm", h->path);
    if (back)
        unlink(name);
}

/* The successor sends what is in the file; a database that is put back to
 * before it must not write on in the same places. */
static void test_a_database_put_back_after_a_handover(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct xg_buf old[] = {XG_BUF(64 << 20), XG_BUF(64 << 20)};
    struct store_chain handed_over, now;

    (void)state;
    test_home(&district, 1, false);
    look(a);
    report(a, "一");
    home_close(a);
    copy_database(old, a, false);
    test_home_again(&district, 0);
    assert_int_equal(look(a), SYNC_CHAIN_KEPT);
    report(a, "二");
    assert_ok(write_for_w01(a));
    assert_int_equal(look(a), SYNC_CHAIN_KEPT);
    assert_ok(store_current_chain(a->store, &handed_over, &err));
    home_close(a);
    copy_database(old, a, true);
    test_home_again(&district, 0);
    assert_int_equal(look(a), SYNC_CHAIN_RESTORED);
    assert_ok(store_current_chain(a->store, &now, &err));
    assert_false(xg_hash_equal(&now.chain, &handed_over.chain));
    for (size_t i = 0; i < DATABASE_FILES; i++)
        xg_buf_clear(&old[i]);
}

/* Where that cannot be written down, there is no file to hand over. */
static void test_no_handover_that_is_not_vouched_for(void **state)
{
    struct home *a = test_home(&district, 0, false);
    char sent[sizeof a->path + 16];

    (void)state;
    test_home(&district, 1, false);
    report(a, "一");
    snprintf(sent, sizeof sent, "%s/sent", a->path);
    unlink(sent);
    assert_int_equal(mkdir(sent, 0700), 0);
    assert_int_not_equal(write_for_w01(a), XG_OK);
    err = XG_ERROR_NONE;
    assert_false(xg_os_exists(path));
    assert_int_equal(rmdir(sent), 0);
    assert_ok(write_for_w01(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_seal_of_every_size, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_seal_shows_every_change, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_seal_by_code, setup, teardown),
        cmocka_unit_test_setup_teardown(test_seal_costs_no_more_than_it_must,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_index_is_strict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_forged_file_changes_nothing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_told_until_the_server_speaks,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_database_put_back_after_a_handover, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_no_handover_that_is_not_vouched_for, setup, teardown),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
