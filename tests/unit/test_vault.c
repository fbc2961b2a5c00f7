/* test_vault.c - the vault: ways in, ways that must stay shut, and kills.
 *
 * The calls that make a change durable are replaced here (write, fsync,
 * rename, unlink), so that a child can be killed at each of them in turn.
 */
#define _GNU_SOURCE /* memmem */
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/vault/slots.h"
#include "agent/vault/vault.h"
#include "shared/base/os.h"
#include "tests/lib/folder.h"

/* --- kills --------------------------------------------------------------- */

enum { KILLED = 77 };

/* Calls left until the process dies; less than 0: it lives. */
static int calls_left = -1;

static bool dies_here(void)
{
    return calls_left >= 0 && calls_left-- == 0;
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (dies_here()) {
        syscall(SYS_write, fd, data, len / 2); /* torn */
        _exit(KILLED);
    }
    return syscall(SYS_write, fd, data, len);
}

int fsync(int fd)
{
    if (dies_here())
        _exit(KILLED);
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    if (dies_here())
        _exit(KILLED);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    if (dies_here())
        _exit(KILLED);
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* --- a home, and what every test does ------------------------------------ */

struct fixture {
    char home[TEST_FOLDER_SIZE];
    struct xg_env env;
    uint8_t registrar[VAULT_PUBLIC_KEY_SIZE];
    uint8_t registrar_secret[VAULT_SECRET_KEY_SIZE];
};

#define PASSPHRASE xg_bytes_of("网格员的口令 42")
#define OTHER xg_bytes_of("another passphrase")
#define CONTEXT xg_bytes_of("record 17")
#define SECRET_TEXT "张三家的水管又漏了 13800000000"

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct xg_error err = XG_ERROR_NONE;

    test_folder_make(f->home, "vault");
    f->env = xg_env_system();
    crypto_sign_keypair(f->registrar, f->registrar_secret);
    assert_ok(vault_create(f->home, f->registrar, &f->env, &err));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;

    xg_ignore(vault_lock(f->home, &err));
    test_folder_remove(f->home);
    free(f);
    return 0;
}

static struct vault *unlock(const struct fixture *f)
{
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = NULL;

    assert_ok(vault_unlock_default(&v, f->home, &f->env, &err));
    return v;
}

static const char *in_home(const struct fixture *f, const char *name)
{
    static char path[TEST_PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", f->home, name);
    return path;
}

static struct xg_buf read_file(const char *path)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf b = XG_BUF(1 << 20);

    assert_ok(xg_os_read(&b, path, &err));
    return b;
}

static void write_file(const char *path, struct xg_bytes content)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_os_replace(path, 0600, content, &err));
}

static struct xg_buf seal_text(const struct vault *v)
{
    struct xg_buf sealed = XG_BUF(4096);

    vault_seal(v, &sealed, CONTEXT, xg_bytes_of(SECRET_TEXT));
    assert_int_equal(sealed.failed, XG_OK);
    return sealed;
}

/* Does this vault open what was sealed? */
static void assert_opens(const struct vault *v, const struct xg_buf *sealed)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf plain = XG_BUF(4096);

    assert_ok(vault_open(v, &plain, CONTEXT, xg_buf_bytes(sealed), &err));
    assert_string_equal(xg_buf_str(&plain), SECRET_TEXT);
    xg_buf_clear(&plain);
}

/* --- values -------------------------------------------------------------- */

static void test_seal_and_open(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f);
    struct xg_buf sealed = seal_text(v), again = seal_text(v);
    struct xg_buf plain = XG_BUF(4096);

    assert_int_equal(sealed.len, strlen(SECRET_TEXT) + VAULT_OVERHEAD);
    assert_memory_not_equal(sealed.data, again.data, sealed.len);
    assert_opens(v, &sealed);
    assert_status(vault_open(v, &plain, xg_bytes_of("record 18"),
                             xg_buf_bytes(&sealed), &err), XG_CORRUPT);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.data[i] ^= 1;
        assert_status(vault_open(v, &plain, CONTEXT, xg_buf_bytes(&sealed),
                                 &err), XG_CORRUPT);
        sealed.data[i] ^= 1;
        assert_status(vault_open(v, &plain, CONTEXT,
                                 xg_bytes(sealed.data, i), &err), XG_CORRUPT);
    }
    assert_int_equal(plain.len, 0);

    struct xg_buf small = XG_BUF(VAULT_OVERHEAD);
    vault_seal(v, &small, CONTEXT, xg_bytes(NULL, 0));
    assert_int_equal(small.failed, XG_OK);
    assert_ok(vault_open(v, &plain, CONTEXT, xg_buf_bytes(&small), &err));
    vault_seal(v, &small, CONTEXT, xg_bytes(NULL, 0));
    assert_int_equal(small.failed, XG_TOOBIG);

    xg_buf_clear(&small);
    xg_buf_clear(&plain);
    xg_buf_clear(&again);
    xg_buf_clear(&sealed);
    vault_free(v);
}

/* --- ways in ------------------------------------------------------------- */

static void test_create(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault_state s;
    struct stat info;
    struct vault *v = NULL;

    assert_int_equal(stat(in_home(f, "vault.key"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(stat(in_home(f, "vault"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_ok(vault_state(&s, f->home, &err));
    assert_true(s.key_file && !s.passphrase && s.escrow && !s.held);
    assert_status(vault_create(f->home, NULL, &f->env, &err), XG_REFUSED);
    assert_status(vault_lock(f->home, &err), XG_REFUSED);
    assert_status(vault_unlock_passphrase(&v, f->home, PASSPHRASE, &f->env,
                                          &err), XG_REFUSED);
    assert_status(vault_unlock_default(&v, "/nonexistent", &f->env, &err),
                  XG_NOTFOUND);
    assert_null(v);
}

static void test_passphrase(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f), *again = NULL;
    struct xg_buf sealed = seal_text(v);

    assert_status(vault_set_passphrase(v, xg_bytes_of("short"), &err),
                  XG_USAGE);
    assert_ok(vault_set_passphrase(v, PASSPHRASE, &err));
    assert_false(xg_os_exists(in_home(f, "vault.key")));
    assert_opens(v, &sealed);
    vault_free(v);

    assert_status(vault_unlock_default(&again, f->home, &f->env, &err),
                  XG_LOCKED);
    assert_non_null(strstr(xg_error_text(&err), "xunge unlock"));
    assert_status(vault_unlock_passphrase(&again, f->home, OTHER, &f->env,
                                          &err), XG_AUTH);
    assert_null(again);
    assert_ok(vault_unlock_passphrase(&again, f->home, PASSPHRASE, &f->env,
                                      &err));
    assert_opens(again, &sealed);

    assert_ok(vault_set_passphrase(again, OTHER, &err)); /* changed */
    vault_free(again);
    assert_status(vault_unlock_passphrase(&again, f->home, PASSPHRASE, &f->env,
                                          &err), XG_AUTH);
    assert_ok(vault_unlock_passphrase(&again, f->home, OTHER, &f->env, &err));
    assert_ok(vault_clear_passphrase(again, &err));
    vault_free(again);

    v = unlock(f);
    assert_opens(v, &sealed);
    vault_free(v);
    xg_buf_clear(&sealed);
}

static void test_recover(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f);
    struct xg_buf sealed = seal_text(v);
    uint8_t other[VAULT_PUBLIC_KEY_SIZE], other_secret[VAULT_SECRET_KEY_SIZE];
    uint8_t no_key[VAULT_PUBLIC_KEY_SIZE] = {2};

    assert_ok(vault_set_passphrase(v, PASSPHRASE, &err));
    assert_ok(vault_check_escrow(v, f->registrar, &err));
    vault_free(v);
    v = NULL;

    crypto_sign_keypair(other, other_secret);
    assert_status(vault_recover(&v, f->home, other_secret, &f->env, &err),
                  XG_AUTH);
    assert_ok(vault_recover(&v, f->home, f->registrar_secret, &f->env, &err));
    assert_opens(v, &sealed);
    assert_ok(vault_set_passphrase(v, OTHER, &err)); /* the forgotten one */

    assert_status(vault_check_escrow(v, other, &err), XG_AUTH);
    assert_status(vault_set_escrow(v, no_key, &err), XG_USAGE);
    assert_ok(vault_set_escrow(v, other, &err)); /* rotated */
    assert_ok(vault_check_escrow(v, other, &err));
    vault_free(v);
    assert_status(vault_recover(&v, f->home, f->registrar_secret, &f->env,
                                &err), XG_AUTH);
    assert_ok(vault_recover(&v, f->home, other_secret, &f->env, &err));
    assert_opens(v, &sealed);
    vault_free(v);
    xg_buf_clear(&sealed);
}

/* Every byte of HOME/vault, with the key file and with a passphrase: a change
 * of it never gives another key, and damage to one slot leaves the others. */
static void test_tampered(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f), *again;
    struct xg_buf sealed = seal_text(v);
    char path[TEST_PATH_SIZE];
    size_t opened = 0, recovered = 0;

    snprintf(path, sizeof path, "%s", in_home(f, "vault"));
    struct xg_buf file = read_file(path);
    for (size_t i = 0; i < file.len; i++) {
        file.data[i] ^= 0x10;
        write_file(path, xg_buf_bytes(&file));
        file.data[i] ^= 0x10;
        again = NULL;
        if (vault_unlock_default(&again, f->home, &f->env, &err) == XG_OK) {
            assert_opens(again, &sealed);
            assert_status(vault_check_escrow(again, f->registrar, &err),
                          XG_CORRUPT);
            opened++;
        } else {
            assert_int_equal(err.status, XG_CORRUPT);
        }
        vault_free(again);
        again = NULL;
        if (vault_recover(&again, f->home, f->registrar_secret, &f->env,
                          &err) == XG_OK) {
            assert_opens(again, &sealed);
            recovered++;
        }
        vault_free(again);
    }
    /* The escrow's 160 bytes harm no unlocking; the key file's 72 and the
     * escrow's own public key and tag harm no recovery. */
    assert_int_equal(opened, 32 + 96 + 32);
    assert_int_equal(recovered, 72 + 32 + 32);
    for (size_t len = 0; len < file.len; len++) {
        write_file(path, xg_bytes(file.data, len));
        again = NULL;
        if (vault_unlock_default(&again, f->home, &f->env, &err) == XG_OK)
            assert_int_equal(len, 4 + 16 + 32 + 1 + 72); /* a whole slot */
        vault_free(again);
    }
    vault_free(v);
    xg_buf_clear(&file);
    xg_buf_clear(&sealed);
}

static void test_foreign_key_is_refused(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = NULL;
    uint8_t zeros[32] = {0};

    write_file(in_home(f, "vault.key"), xg_bytes(zeros, 32));
    assert_status(vault_unlock_default(&v, f->home, &f->env, &err),
                  XG_CORRUPT);
    write_file(in_home(f, "vault.key"), xg_bytes(zeros, 31));
    assert_status(vault_unlock_default(&v, f->home, &f->env, &err),
                  XG_CORRUPT);
    unlink(in_home(f, "vault.key"));
    assert_status(vault_unlock_default(&v, f->home, &f->env, &err),
                  XG_CORRUPT);
    assert_ok(vault_recover(&v, f->home, f->registrar_secret, &f->env, &err));
    assert_ok(vault_clear_passphrase(v, &err)); /* a new key file */
    vault_free(v);
    vault_free(unlock(f));
}

/* --- kills --------------------------------------------------------------- */

/* Whatever way in there is, it leads to the same key. */
static void assert_way_in(const struct fixture *f, const struct xg_buf *sealed,
                          bool *by_passphrase)
{
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = NULL;
    enum xg_status status =
        vault_unlock_passphrase(&v, f->home, PASSPHRASE, &f->env, &err);

    *by_passphrase = status == XG_OK;
    if (status == XG_OK) {
        assert_false(xg_os_exists(in_home(f, "vault.key"))); /* swept */
    } else {
        assert_int_equal(status, XG_REFUSED);
        v = unlock(f);
    }
    assert_opens(v, sealed);
    vault_free(v);
    assert_ok(vault_recover(&v, f->home, f->registrar_secret, &f->env, &err));
    assert_opens(v, sealed);
    vault_free(v);
}

/* In a child that dies at its nth call: set or clear. True when it lived. */
static bool change_and_die(const struct fixture *f, bool set, int n)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct xg_error err = XG_ERROR_NONE;
        struct vault *v = NULL;
        if (vault_recover(&v, f->home, f->registrar_secret, &f->env, &err) !=
            XG_OK)
            _exit(1);
        calls_left = n;
        enum xg_status done = set ? vault_set_passphrase(v, PASSPHRASE, &err)
                                  : vault_clear_passphrase(v, &err);
        calls_left = -1;
        _exit(done == XG_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status) == 0;
}

static void test_killed_at_every_step(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f);
    struct xg_buf sealed = seal_text(v);

    for (int set = 1; set >= 0; set--) {
        bool lived = false, by_passphrase = !set;
        for (int n = 0; !lived; n++) {
            assert_true(n < 40);
            lived = change_and_die(f, set, n);
            assert_way_in(f, &sealed, &by_passphrase);
            assert_true(!lived || by_passphrase == (set == 1));
            if (lived || by_passphrase != set)
                continue;
            /* The kill came after the change: back, and on. */
            if (set)
                assert_ok(vault_clear_passphrase(v, &err));
            else
                assert_ok(vault_set_passphrase(v, PASSPHRASE, &err));
        }
    }
    vault_free(v);
    xg_buf_clear(&sealed);
}

static void test_create_killed_at_every_step(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;

    for (int n = 0, status = -1; status != 0; n++) {
        assert_true(n < 40);
        unlink(in_home(f, "vault"));
        unlink(in_home(f, "vault.key"));
        pid_t pid = fork();
        if (pid == 0) {
            calls_left = n;
            _exit(vault_create(f->home, NULL, &f->env, &err) != XG_OK);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!xg_os_exists(in_home(f, "vault")))
            assert_ok(vault_create(f->home, NULL, &f->env, &err));
        vault_free(unlock(f));
    }
}

/* --- the kernel's keyring ------------------------------------------------ */

/* What another process of ours gets. */
static enum xg_status unlock_elsewhere(const struct fixture *f)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct xg_error err = XG_ERROR_NONE;
        struct vault *v = NULL;
        _exit((int)vault_unlock_default(&v, f->home, &f->env, &err));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return (enum xg_status)WEXITSTATUS(status);
}

static void test_keyring(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f);
    struct vault_state s;

    assert_ok(vault_set_passphrase(v, PASSPHRASE, &err));
    assert_status(vault_keyring_put(v, 0, &err), XG_USAGE);
    assert_status(vault_keyring_put(v, VAULT_HOLD_MAX_S + 1, &err), XG_USAGE);
    if (vault_keyring_put(v, 600, &err) != XG_OK) {
        assert_int_equal(err.status, XG_REFUSED);
        print_message("no keyring here: %s\n", xg_error_text(&err));
        vault_free(v);
        skip();
    }
    assert_status(unlock_elsewhere(f), XG_OK);
    assert_ok(vault_state(&s, f->home, &err));
    assert_true(s.held && s.passphrase && !s.key_file);

    assert_ok(vault_lock(f->home, &err));
    assert_ok(vault_lock(f->home, &err));
    assert_status(unlock_elsewhere(f), XG_LOCKED);

    assert_ok(vault_keyring_put(v, 600, &err));
    assert_ok(vault_keyring_put(v, 1, &err)); /* the last word counts */
    assert_status(unlock_elsewhere(f), XG_OK);
    nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 200000000}, NULL);
    assert_status(unlock_elsewhere(f), XG_LOCKED);

    assert_ok(vault_keyring_put(v, 600, &err));
    assert_ok(vault_clear_passphrase(v, &err));
    assert_ok(vault_state(&s, f->home, &err));
    assert_true(!s.held && s.key_file);
    vault_free(v);
}

/* --- files --------------------------------------------------------------- */

/* A file of `len` bytes that repeats the secret text, and its hash. */
static struct xg_hash make_plain(const char *path, size_t len)
{
    struct xg_buf b = XG_BUF(1 << 20);
    struct xg_hash hash;

    while (b.len < len)
        xg_buf_text(&b, SECRET_TEXT);
    write_file(path, xg_bytes(b.data ? b.data : (const uint8_t *)"", len));
    crypto_hash_sha256(hash.b, b.data, len);
    xg_buf_clear(&b);
    return hash;
}

static enum xg_status seal_file(const struct fixture *f, const struct vault *v,
                                struct vault_file *out, uint64_t max_bytes,
                                const struct xg_hash *expected,
                                struct xg_error *err)
{
    char plain[TEST_PATH_SIZE], sealed[TEST_PATH_SIZE],
        temporary[TEST_PATH_SIZE];

    snprintf(plain, sizeof plain, "%s/plain", f->home);
    snprintf(sealed, sizeof sealed, "%s/sealed", f->home);
    snprintf(temporary, sizeof temporary, "%s/sealed.tmp", f->home);
    int fd = open(plain, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    enum xg_status status = vault_seal_file(
        v, out,
        &(struct vault_copy){fd, plain, sealed, temporary, CONTEXT, max_bytes,
                             expected, NULL, NULL},
        err);
    close(fd);
    assert_false(xg_os_exists(temporary));
    return status;
}

static void test_file_sizes(void **state)
{
    static const size_t SIZES[] = {0, 1, 65535, 65536, 65537, 131072, 200001};
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f);

    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        struct vault_file in, out;
        uint64_t length;
        struct xg_hash hash = make_plain(in_home(f, "plain"), SIZES[i]);
        assert_ok(seal_file(f, v, &in, SIZES[i], &hash, &err));
        assert_int_equal(in.length, SIZES[i]);
        assert_true(xg_hash_equal(&in.sha256, &hash));
        assert_ok(vault_file_length(&length, in_home(f, "sealed"), &err));
        assert_int_equal(length, SIZES[i]);

        int fd = open(in_home(f, "back"), O_RDWR | O_CREAT | O_TRUNC, 0600);
        assert_ok(vault_open_file(v, &out, in_home(f, "sealed"), CONTEXT, fd,
                                  &err));
        close(fd);
        assert_int_equal(out.length, SIZES[i]);
        assert_true(xg_hash_equal(&out.sha256, &hash));
        struct xg_buf a = read_file(in_home(f, "plain"));
        struct xg_buf b = read_file(in_home(f, "back"));
        assert_true(xg_bytes_equal(xg_buf_bytes(&a), xg_buf_bytes(&b)));
        xg_buf_clear(&a);
        xg_buf_clear(&b);
    }
    vault_free(v);
}

static void test_file_refusals(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f);
    struct xg_hash zero = {{0}};
    struct vault_file out = {.length = 99};

    make_plain(in_home(f, "plain"), 70000);
    assert_status(seal_file(f, v, &out, 69999, NULL, &err), XG_TOOBIG);
    assert_status(seal_file(f, v, &out, 70000, &zero, &err), XG_BUSY);
    assert_false(xg_os_exists(in_home(f, "sealed")));
    assert_int_equal(out.length, 99);
    assert_status(vault_open_file(v, &out, in_home(f, "sealed"), CONTEXT, -1,
                                  &err), XG_NOTFOUND);
    assert_ok(seal_file(f, v, &out, 70000, NULL, &err));
    assert_status(vault_open_file(v, &out, in_home(f, "sealed"),
                                  xg_bytes_of("else"), -1, &err), XG_CORRUPT);
    vault_free(v);
}

static void assert_file_refused(const struct fixture *f, const struct vault *v,
                                struct xg_bytes content)
{
    struct xg_error err = XG_ERROR_NONE;
    struct vault_file out;

    write_file(in_home(f, "sealed"), content);
    assert_status(vault_open_file(v, &out, in_home(f, "sealed"), CONTEXT, -1,
                                  &err), XG_CORRUPT);
}

static void test_file_damage(void **state)
{
    enum { CHUNK = 65536 + 17, HEAD = 28 };
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f);
    struct vault_file out;

    make_plain(in_home(f, "plain"), 3 * 65536);
    assert_ok(seal_file(f, v, &out, 1 << 20, NULL, &err));
    struct xg_buf file = read_file(in_home(f, "sealed"));
    assert_int_equal(file.len, HEAD + 3 * CHUNK);
    for (size_t at = 0; at < file.len; at += at < 100 ? 1 : 4999) {
        file.data[at] ^= 0x80;
        assert_file_refused(f, v, xg_buf_bytes(&file));
        file.data[at] ^= 0x80;
    }
    for (size_t cut = 0; cut <= 3; cut++) {
        size_t len = cut == 3 ? 10 : HEAD + cut * CHUNK;
        assert_file_refused(f, v, xg_bytes(file.data, len));
        assert_file_refused(f, v, xg_bytes(file.data, len + 5));
    }
    xg_buf_byte(&file, 0);
    assert_file_refused(f, v, xg_buf_bytes(&file));
    file.len--;
    for (size_t i = 0; i < CHUNK; i++) { /* two chunks change places */
        uint8_t byte = file.data[HEAD + i];
        file.data[HEAD + i] = file.data[HEAD + CHUNK + i];
        file.data[HEAD + CHUNK + i] = byte;
    }
    assert_file_refused(f, v, xg_buf_bytes(&file));
    xg_buf_clear(&file);
    vault_free(v);
}

/* --- what is on the disk, and how fast ----------------------------------- */

static void assert_not_in(const char *path, const void *what, size_t len)
{
    struct xg_buf file = read_file(path);

    assert_true(file.len > 0);
    assert_null(memmem(file.data, file.len, what, len));
    xg_buf_clear(&file);
}

static void test_no_plaintext(void **state)
{
    static const char *const FILES[] = {"vault", "sealed", "value"};
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct vault *v = unlock(f);
    struct xg_buf sealed = seal_text(v);
    struct vault_file out;

    make_plain(in_home(f, "plain"), 100000);
    assert_ok(seal_file(f, v, &out, 1 << 20, NULL, &err));
    write_file(in_home(f, "value"), xg_buf_bytes(&sealed));
    assert_ok(vault_set_passphrase(v, PASSPHRASE, &err));
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        assert_not_in(in_home(f, FILES[i]), v->keys->data, 8);
        assert_not_in(in_home(f, FILES[i]), v->keys->blob, 8);
        assert_not_in(in_home(f, FILES[i]), SECRET_TEXT, 6);
        assert_not_in(in_home(f, FILES[i]), PASSPHRASE.at, 6);
    }
    assert_int_equal(vault_clear_passphrase(v, &err), XG_OK);
    assert_not_in(in_home(f, "vault.key"), v->keys->data, 8);
    vault_free(v);
    xg_buf_clear(&sealed);
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void test_unlock_is_fast(void **state)
{
    struct fixture *f = *state;
    int64_t best_us = INT64_MAX;

    for (int i = 0; i < 50; i++) {
        int64_t start_us = now_us();
        struct vault *v = unlock(f);
        int64_t took_us = now_us() - start_us;
        vault_free(v);
        if (took_us < best_us)
            best_us = took_us;
    }
    print_message("unlocking by key file: %d us\n", (int)best_us);
    assert_true(best_us < 1000);
}

#define VAULT_TEST(name)                                                     \
    cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VAULT_TEST(test_seal_and_open),
        VAULT_TEST(test_create),
        VAULT_TEST(test_passphrase),
        VAULT_TEST(test_recover),
        VAULT_TEST(test_tampered),
        VAULT_TEST(test_foreign_key_is_refused),
        VAULT_TEST(test_killed_at_every_step),
        VAULT_TEST(test_create_killed_at_every_step),
        VAULT_TEST(test_keyring),
        VAULT_TEST(test_file_sizes),
        VAULT_TEST(test_file_refusals),
        VAULT_TEST(test_file_damage),
        VAULT_TEST(test_no_plaintext),
        VAULT_TEST(test_unlock_is_fast),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
