/* A home that nobody can unlock, carried to the centre and opened there with
 * the registrar's key: all of it arrives at the server. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/bundle/rescue_names.h"
#include "agent/engine/rescue.h"
#include "agent/photo/photo.h"
#include "shared/base/os.h"
#include "shared/bundle/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/sync_rig.h"

enum { FILE_MAX = 64 << 20 };

static struct xg_error err;

static const char *at(const struct rig *r, const char *name)
{
    static char paths[4][TEST_PATH_SIZE];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", r->path, name);
    return path;
}

static void save(const char *path, const uint8_t *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_ok(xg_os_write_all(fd, path, xg_bytes(data, len), &err));
    close(fd);
}

/* Enrolled, with proven, sealed and loose records, an open patrol's spool and a
 * photo; then locked. */
static void prepare(struct rig *r, struct xg_photo *photo)
{
    static const uint8_t png[] = {0x89, 'P',  'N',  'G',  0x0D,
                                  0x0A, 0x1A, 0x0A, 0x00, 0x01};
    const struct photo_shelf shelf = {.home = r->path, .vault = r->home.vault};
    char spool[64];
    struct xg_signer signer;
    size_t sealed;

    assert_ok(rig_enrol(r, &err));
    rig_report(r, "proven");
    assert_ok(rig_sync(r, &err));
    rig_report(r, "sealed");
    assert_ok(store_signer(r->home.store, &signer, NULL, &err));
    assert_ok(store_seal_waiting(r->home.store, &sealed, &signer, &err));
    assert_true(sealed > 0);
    rig_report(r, "in no batch yet");
    save(at(r, "p.png"), png, sizeof png);
    assert_ok(photo_keep(&shelf, photo, at(r, "p.png"), &err));
    unlink(at(r, "p.png"));
    assert_int_equal(mkdir(at(r, "patrol"), 0700), 0);
    snprintf(spool, sizeof spool, "patrol/%032d.spool", 7);
    save(at(r, spool), (const uint8_t *)"XGP1", 4);
    save(at(r, "patrol/other"), (const uint8_t *)"x", 1);
    assert_ok(vault_set_passphrase(r->home.vault,
                                   xg_bytes_of("forgotten words"), &err));
    home_close(&r->home);
    struct vault *v;
    assert_status(vault_unlock_default(&v, r->path, &r->env, &err), XG_LOCKED);
    err = XG_ERROR_NONE;
}

static void open_again(struct rig *r)
{
    struct vault *v;

    err = XG_ERROR_NONE;
    assert_ok(
        vault_recover(&v, r->path, r->server->registrar.secret, &r->env, &err));
    assert_ok(home_open_unlocked(&r->home, r->path, v, &r->env, &err));
}

static void test_all_of_it_arrives(void **state)
{
    struct rig *r = *state;
    struct rescue_written w;
    struct rescue_read got;
    struct xg_photo photo;
    char old[TEST_FOLDER_SIZE], stick[TEST_PATH_SIZE];

    prepare(r, &photo);
    memcpy(old, r->path, sizeof old);
    snprintf(stick, sizeof stick, "%s.xgb", old);
    assert_false(rescue_begins(stick));
    assert_ok(rescue_write(r->path, &w, stick, &r->env, NULL, &err));
    assert_int_equal(w.photos, 1);
    assert_status(rescue_write(r->path, &w, stick, &r->env, NULL, &err),
                  XG_REFUSED);
    assert_true(rescue_begins(stick));
    /* Not over what is there. */
    err = XG_ERROR_NONE;
    assert_status(rescue_read(old, &got, stick, NULL, &err), XG_REFUSED);

    err = XG_ERROR_NONE;
    snprintf(r->path, sizeof r->path, "%.*s-new", TEST_FOLDER_SIZE - 5, old);
    assert_ok(rescue_read(r->path, &got, stick, NULL, &err));
    assert_int_equal(got.missing, 0);
    assert_int_equal(got.files, w.files);
    assert_false(rig_has_file(r, "vault.key"));
    assert_false(rig_has_file(r, "sent"));
    assert_false(rig_has_file(r, "patrol/other"));
    assert_true(rig_has_file(r, "patrol"));
    open_again(r);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 1);
    /* A copy goes on in a chain of its own, and hands over all. */
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->report.new_chain, SYNC_CHAIN_RESTORED);
    assert_int_equal(rig_counts(r).records[STORE_RECEIVED], 3);
    rig_check_once(r);
    const struct photo_shelf shelf = {.home = r->path, .vault = r->home.vault};
    assert_ok(photo_verify(&shelf, &photo.sha256, &err));
    unlink(stick);
    test_folder_remove(old);
}

/* Cut anywhere: nothing is made of it, or all that is vital is there. */
static void test_cut(void **state)
{
    struct rig *r = *state;
    struct rescue_written w;
    struct rescue_read got;
    struct xg_photo photo;
    char stick[TEST_PATH_SIZE], home[TEST_PATH_SIZE], part[TEST_PATH_SIZE + 8];
    unsigned made = 0, none = 0;

    prepare(r, &photo);
    snprintf(stick, sizeof stick, "%s.xgb", r->path);
    snprintf(home, sizeof home, "%s-new", r->path);
    snprintf(part, sizeof part, "%s.part", home);
    assert_ok(rescue_write(r->path, &w, stick, &r->env, NULL, &err));
    struct xg_buf whole = XG_BUF(FILE_MAX);
    assert_ok(xg_os_read(&whole, stick, &err));
    for (size_t n = 0; n < whole.len; n += whole.len - n < 8192 + 9973 ? 211 : 9973) {
        save(stick, whole.data, n);
        err = XG_ERROR_NONE;
        enum xg_status status = rescue_read(home, &got, stick, NULL, &err);
        assert_false(xg_os_exists(part));
        if (status != XG_OK) {
            assert_true(status == XG_FORMAT || status == XG_GAP);
            assert_false(xg_os_exists(home));
            none++;
            continue;
        }
        made++;
        test_folder_remove(home);
    }
    assert_true(made > 0 && none > 0);
    /* One bit of the content: the sums say so. */
    for (size_t n = 3000; n < whole.len - 4096; n += 20011) {
        whole.data[n] ^= 1;
        save(stick, whole.data, whole.len);
        whole.data[n] ^= 1;
        err = XG_ERROR_NONE;
        assert_status(rescue_read(home, &got, stick, NULL, &err), XG_FORMAT);
        assert_false(xg_os_exists(home));
    }
    xg_buf_clear(&whole);
    unlink(stick);
}

/* Only what a home holds, and only below it. */
static void test_names(void **state)
{
    static const char *const good[] = {"agent.db", "vault", "alarm/shown"};
    static const char *const bad[] = {
        "vault.key",       "sent",    "agent.db-shm",
        "photos/../vault", "photos/", "/etc/passwd",
        "alarm/",          "alarm/x", "patrol/a",
        "photos/ab/abc",   "",        "vault/x",
        "agent.db/x",      "photos",  "sync.lock"};
    char hex[96], name[128];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(rescue_name_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(rescue_name_valid(bad[i]));
    memset(hex, 'a', 64);
    hex[64] = '\0';
    snprintf(name, sizeof name, "photos/aa/%s", hex);
    assert_true(rescue_name_valid(name));
    name[7] = 'b';
    assert_false(rescue_name_valid(name));
    snprintf(name, sizeof name, "alarm/%s.tlog-proof", hex);
    assert_true(rescue_name_valid(name));
}

/* Files that somebody made to do harm. */
static void test_hostile(void **state)
{
    static const char *const names[] = {"vault.key", "photos/aa/x", "vaults",
                                        "vault"};
    struct rig *r = *state;
    char stick[TEST_PATH_SIZE], home[TEST_PATH_SIZE];

    snprintf(stick, sizeof stick, "%s.xgb", r->path);
    snprintf(home, sizeof home, "%s-new", r->path);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        static const char index[] = "xunge/rescue/v1\ntime 1\nfiles 3 30\n";
        const struct xg_bundle_target target = {.path = stick, .env = &r->env};
        const struct xg_bundle_host host = {NULL, NULL, NULL};
        struct xg_bundle_file_part parts[4] = {
            {"rescue.txt", sizeof index - 1, (const uint8_t *)index},
            {"agent.db", 2, (const uint8_t *)"db"},
            {"vault", 2, (const uint8_t *)"vv"},
            {"", 2, (const uint8_t *)"xx"}};
        struct rescue_read got;
        uint64_t bytes;
        snprintf(parts[3].name, sizeof parts[3].name, "%s", names[i]);
        err = XG_ERROR_NONE;
        assert_ok(xg_bundle_file_write(&bytes, &target, parts, 4, &host, &err));
        assert_status(rescue_read(home, &got, stick, NULL, &err), XG_FORMAT);
        assert_false(xg_os_exists(home));
        unlink(stick);
    }
}

static void expect_text(const char *path, const char *text)
{
    struct xg_buf found = XG_BUF(1024);

    err = XG_ERROR_NONE;
    assert_ok(xg_os_read(&found, path, &err));
    assert_string_equal(xg_buf_str(&found), text);
    xg_buf_clear(&found);
}

static void make_file(const char *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    save(path, (const uint8_t *)"precious", 8);
}

static void link_to(const char *target, const char *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(symlink(target, path), 0);
}

/* Whoever made the folder that is unpacked into may have laid something there:
 * a link to a home, another home, a folder that looks like what was left of a
 * try before, full of links. */
static void test_laid_in_the_way(void **state)
{
    struct rig *r = *state;
    struct rescue_written w;
    struct rescue_read got;
    struct xg_photo photo;
    char stick[TEST_PATH_SIZE], home[TEST_PATH_SIZE], part[TEST_PATH_SIZE + 8],
        victim[TEST_PATH_SIZE], key[TEST_PATH_SIZE + 16];

    prepare(r, &photo);
    snprintf(stick, sizeof stick, "%s.xgb", r->path);
    snprintf(home, sizeof home, "%s-new", r->path);
    snprintf(part, sizeof part, "%s.part", home);
    snprintf(victim, sizeof victim, "%s-victim", r->path);
    snprintf(key, sizeof key, "%s/vault.key", victim);
    assert_ok(rescue_write(r->path, &w, stick, &r->env, NULL, &err));
    assert_int_equal(mkdir(victim, 0700), 0);
    make_file(victim, "vault.key");

    assert_int_equal(symlink(victim, part), 0);
    assert_status(rescue_read(home, &got, stick, NULL, &err), XG_REFUSED);
    expect_text(key, "precious");
    assert_int_equal(unlink(part), 0);
    assert_int_equal(rename(victim, part), 0);
    err = XG_ERROR_NONE;
    assert_status(rescue_read(home, &got, stick, NULL, &err), XG_REFUSED);
    assert_int_equal(rename(part, victim), 0);
    expect_text(key, "precious");

    assert_int_equal(mkdir(part, 0700), 0);
    make_file(part, "unpacking");
    make_file(part, "agent.db");
    link_to(key, part, "vault");
    link_to(key, part, "leaving.tmp");
    link_to(victim, part, "photos");
    err = XG_ERROR_NONE;
    enum xg_status status = rescue_read(home, &got, stick, NULL, &err);
    expect_text(key, "precious");
    if (status != XG_OK) { /* it may be refused, but the next try is not */
        err = XG_ERROR_NONE;
        assert_ok(rescue_read(home, &got, stick, NULL, &err));
    }
    assert_int_equal(got.files, w.files);
    assert_false(xg_os_exists(part));
    snprintf(key, sizeof key, "%s/unpacking", home);
    assert_false(xg_os_exists(key));
    unlink(stick);
    test_folder_remove(home);
    test_folder_remove(victim);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_all_of_it_arrives),
                                       TEST(test_cut), TEST(test_names),
                                       TEST(test_hostile),
                                       TEST(test_laid_in_the_way)};

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
