/* data.c - see data.h. */
#include "server/data/data.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/board/board.h"
#include "server/data/guides.h"
#include "server/data/inside.h"
#include "server/desk/redact.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"

/* ---- readers ---- */

struct data_readers {
    pthread_mutex_t mutex;
    pthread_cond_t returned;
    struct store *idle[DATA_READERS_MAX];
    size_t idle_count, out;
    /* Who has one: a second one would be waited for by those who hold them all. */
    pthread_t by[DATA_READERS_MAX];
};

static enum xg_status make_readers(struct data *d, struct xg_error *err)
{
    d->readers = calloc(1, sizeof *d->readers);
    if (!d->readers)
        return xg_fail_nomem(err);
    pthread_mutex_init(&d->readers->mutex, NULL);
    pthread_cond_init(&d->readers->returned, NULL);
    return XG_OK;
}

static void close_readers(struct data *d)
{
    struct data_readers *r = d->readers;

    if (!r)
        return;
    for (size_t i = 0; i < r->idle_count; i++)
        if (r->idle[i] != d->store)
            store_close(r->idle[i]);
    pthread_mutex_destroy(&r->mutex);
    pthread_cond_destroy(&r->returned);
    free(r);
}

/* Where this thread stands among them; `out`: nowhere. Under the mutex. */
static size_t place_of_self(const struct data_readers *r)
{
    size_t at = 0;

    while (at < r->out && !pthread_equal(r->by[at], pthread_self()))
        at++;
    return at;
}

static void put_back(struct data *d, struct store *reader)
{
    struct data_readers *r = d->readers;

    pthread_mutex_lock(&r->mutex);
    if (reader)
        r->idle[r->idle_count++] = reader;
    size_t at = place_of_self(r);
    assert(at < r->out);
    r->by[at] = r->by[--r->out];
    pthread_cond_signal(&r->returned);
    pthread_mutex_unlock(&r->mutex);
}

/* A fault of ours: of this request alone, where waiting would stop everybody. */
static enum xg_status refuse_second(struct xg_error *err)
{
    xg_log(XG_LOG_ERROR, "data.borrow", "error=a second reader in one thread");
    return xg_fail(err, XG_IO,
                   XG_T("程序内部错误：同一请求第二次读取数据库，请报告",
                        "a fault of this program: a second reader of the store "
                        "in one request; please report it"));
}

enum xg_status data_borrow(struct data *d, struct store **reader,
                           struct xg_error *err)
{
    struct data_readers *r = d->readers;
    struct store *taken = NULL;
    enum xg_status status = XG_OK;

    pthread_mutex_lock(&r->mutex);
    if (place_of_self(r) < r->out) {
        pthread_mutex_unlock(&r->mutex);
        return refuse_second(err);
    }
    while (r->out == DATA_READERS_MAX)
        pthread_cond_wait(&r->returned, &r->mutex);
    r->by[r->out++] = pthread_self();
    if (r->idle_count)
        taken = r->idle[--r->idle_count];
    pthread_mutex_unlock(&r->mutex);

    if (!taken)
        status = d->store->ops->open_reader(d->store, &taken, err);
    if (status == XG_OK)
        status = taken->ops->begin_read(taken, err);
    if (status != XG_OK) {
        put_back(d, taken);
        return status;
    }
    *reader = taken;
    return XG_OK;
}

void data_return(struct data *d, struct store *reader)
{
    reader->ops->rollback(reader);
    put_back(d, reader);
}

/* ---- opening ---- */

char *data_path(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);

    if (path)
        snprintf(path, size, "%s/%s", dir, name);
    return path;
}

const char *data_origin(const struct data *d)
{
    return d->log.verifier.name;
}

void data_close(struct data *d)
{
    if (!d)
        return;
    close_readers(d);
    guides_free(d->guides);
    board_free(d->board);
    witness_close(d->witness);
    blobs_close(d->blobs);
    ingest_close(d->ingest);
    registry_close(d->registry);
    ledger_close(d->ledger);
    ledger_lock_close(d->lock);
    store_close(d->store);
    registrar_close(&d->registrar);
    sodium_memzero(&d->log, sizeof d->log);
    sodium_memzero(&d->device, sizeof d->device);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    free(d->dir);
    free(d->backups);
    free(d);
}

static struct data *new_data(const struct xg_env *env)
{
    struct data *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->env = *env;
    d->lock_fd = -1;
    return d;
}

/* Keys, store and lock are there: open the rest. */
static enum xg_status open_rest(struct data *d, struct xg_error *err)
{
    if (ledger_open(&d->ledger, d->store, d->lock, &d->log, &d->env, err) !=
        XG_OK)
        return err->status;
    d->env = *ledger_env(d->ledger);
    if (registry_open(&d->registry, d->store, d->ledger, &d->registrar,
                      d->registrar_first.key, err) != XG_OK ||
        ingest_open(&d->ingest, d->store, d->ledger, d->registry, &d->device,
                    &d->env, err) != XG_OK ||
        blobs_open(&d->blobs, d->dir, &d->env, err) != XG_OK ||
        witness_open(&d->witness, d->dir, data_origin(d), &d->env, err) !=
            XG_OK ||
        board_new(&d->board, d, err) != XG_OK ||
        guides_new(&d->guides, err) != XG_OK)
        return err->status;
    return make_readers(d, err);
}

enum xg_status data_enrol_self(struct data *d, struct xg_error *err)
{
    struct xg_statement s[2] = {
        {.kind = XG_SAYS_WORKER, .subject = REGISTRY_SERVER, .unit = "-"},
        {.kind = XG_SAYS_DEVICE, .owner = REGISTRY_SERVER},
    };

    struct xg_verifier known;
    bool found;

    if (registry_device(d->registry, &known, &found, d->device.verifier.name,
                        err) != XG_OK)
        return err->status;
    if (found)
        return XG_OK;
    s[0].role = XG_ROLE_SERVER;
    memcpy(s[1].subject, d->device.verifier.name, sizeof s[1].subject);
    memcpy(s[1].key, d->device.verifier.key, sizeof s[1].key);
    return registry_put(d->registry, s, 2, err);
}

/* One process has the folder; d->lock_fd. */
static enum xg_status take_lock(struct data *d, struct xg_error *err)
{
    char *path = data_path(d->dir, "lock");
    enum xg_status status;

    if (!path)
        return xg_fail_nomem(err);
    status = xg_os_lock_open(&d->lock_fd, path, err);
    if (status == XG_OK)
        status = xg_os_try_lock(d->lock_fd, err);
    if (status == XG_BUSY)
        status = xg_fail(err, XG_BUSY,
                         XG_T("数据文件夹 %s 正由另一个进程使用",
                              "another process is using the data folder %s"),
                         d->dir);
    free(path);
    return status;
}

enum xg_status data_load_key(struct xg_signer *key, const char *dir,
                             const char *name, struct xg_error *err)
{
    char *path = data_path(dir, name);
    enum xg_status status;

    if (!path)
        return xg_fail_nomem(err);
    status = key_file_load(key, path, err);
    free(path);
    return status;
}

/* The one line of a verifier key file. */
static enum xg_status parse_verifier(struct xg_verifier *v,
                                     struct xg_bytes text,
                                     struct xg_error *err)
{
    struct xg_bytes line;

    if (!xg_line(&text, &line) || text.len != 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("不是验证公钥", "it is no verifier key"));
    return xg_verifier_parse(v, (const char *)line.at, line.len, err);
}

enum xg_status data_load_verifier(struct xg_verifier *v, const char *path,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(4096);
    enum xg_status status = xg_os_read(&text, path, err);

    if (status == XG_OK &&
        parse_verifier(v, xg_buf_bytes(&text), err) != XG_OK)
        status = xg_wrap(err, "%s", path);
    xg_buf_clear(&text);
    return status;
}

/* Who signed note 1, where the file is not there (a folder that was restored):
 * the store keeps it too. *found false before note 1. */
static enum xg_status first_of_store(struct data *d, bool *found,
                                     struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 16);
    struct xg_bytes key;
    struct xg_hash name;

    registry_first_name(&name);
    enum xg_status status =
        d->store->ops->read_file(d->store, &arena, &key, found, &name, err);
    if (status == XG_OK && *found && key.len != XG_PUBLIC_KEY_SIZE)
        status = xg_fail(err, XG_CORRUPT, "the first registrar's key");
    if (status == XG_OK && *found)
        status = xg_verifier_init(&d->registrar_first,
                                  d->registrar.verifier.name, XG_SIG_ED25519,
                                  key.at, err);
    xg_arena_clear(&arena);
    return status;
}

/* Who signs, and who signed first. */
static enum xg_status open_registrar(struct data *d, struct xg_error *err)
{
    char *key = data_path(d->dir, "registrar.key");
    char *verifier = data_path(d->dir, "registrar.vkey");
    enum xg_status status = XG_OK;

    if (!key || !verifier)
        status = xg_fail_nomem(err);
    else if (xg_os_exists(key))
        status = registrar_open_file(&d->registrar, key, err);
    bool found = false;
    if (status == XG_OK && d->registrar.sign && !xg_os_exists(verifier)) {
        d->registrar_first = d->registrar.verifier;
        status = first_of_store(d, &found, err);
    } else if (status == XG_OK) {
        status = data_load_verifier(&d->registrar_first, verifier, err);
    }
    if (status == XG_OK && !d->registrar.sign)
        registrar_open_elsewhere(&d->registrar, &d->registrar_first);
    free(key);
    free(verifier);
    return status;
}

/* A change of the key was cut: did the log come to have it? */
static enum xg_status finish_rotation(struct data *d, struct xg_error *err)
{
    char *key = data_path(d->dir, "registrar.key");
    char *next = data_path(d->dir, "registrar.next");
    struct registrar opened = {.ctx = NULL};
    uint8_t in_force[XG_PUBLIC_KEY_SIZE];
    enum xg_status status = XG_OK;

    if (!key || !next) {
        status = xg_fail_nomem(err);
    } else if (xg_os_exists(next)) {
        status = registrar_open_file(&opened, next, err);
        registry_key(d->registry, in_force);
        if (status != XG_OK)
            ;
        else if (memcmp(in_force, opened.verifier.key, sizeof in_force) != 0) {
            registrar_close(&opened);
            if (unlink(next) != 0)
                status = xg_fail_os(err, "%s", next);
        } else {
            registry_take_registrar(d->registry, &opened);
            if (rename(next, key) != 0)
                status = xg_fail_os(err, "%s", key);
            else
                status = xg_os_sync_parent(key, err);
        }
    }
    free(key);
    free(next);
    return status;
}

static enum xg_status rotate_here(struct data *d, const struct xg_signer *key,
                                  struct xg_bytes text, struct xg_error *err)
{
    char *path = data_path(d->dir, "registrar.next");
    struct registrar next;
    enum xg_status status =
        path ? registrar_open_key(&next, key, err) : xg_fail_nomem(err);

    if (status == XG_OK && xg_os_replace(path, 0600, text, err) != XG_OK) {
        registrar_close(&next);
        status = err->status;
    }
    if (status == XG_OK)
        status = registry_rotate(d->registry, key->verifier.key, &next, err);
    free(path);
    return status == XG_OK ? finish_rotation(d, err) : status;
}

static enum xg_status may_rotate(struct data *d, const struct xg_verifier *to,
                                 bool secret, struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 16];

    snprintf(name, sizeof name, "%s/registrar", data_origin(d));
    if (strcmp(to->name, name) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("密钥属于 %s，应属于 %s",
                            "the key is of %s, and should be of %s"),
                       to->name, name);
    if (registry_was_key(d->registry, to->key))
        return xg_fail(err, XG_REFUSED,
                       XG_T("这把密钥已经用过；请用 registry keygen 另做一把",
                            "that key was used before; make another with "
                            "registry keygen"));
    if (secret && registry_is_apart(d->registry))
        return xg_fail(err, XG_REFUSED,
                       XG_T("登记员的密钥不在本机，新密钥也不要拿到本机来；"
                            "只要它的公钥",
                            "the registrar's key is on another machine; do "
                            "not bring the new one here, only its verifier "
                            "key"));
    return XG_OK;
}

enum xg_status data_rotate(struct data *d, struct xg_bytes text,
                           struct xg_error *err)
{
    struct xg_verifier verifier;
    struct xg_signer key = {.verifier = {.type = 0}};
    enum xg_status status;

    if (text.len > 7 && memcmp(text.at, "XGKEY1 ", 7) == 0) {
        status = key_file_read(&key, text, err);
        if (status == XG_OK)
            status = may_rotate(d, &key.verifier, true, err);
        if (status == XG_OK)
            status = rotate_here(d, &key, text, err);
        sodium_memzero(&key, sizeof key);
        return status;
    }
    if (parse_verifier(&verifier, text, err) != XG_OK ||
        may_rotate(d, &verifier, false, err) != XG_OK)
        return err->status;
    return registry_rotate(d->registry, verifier.key, NULL, err);
}

static enum xg_status open_files(struct data *d, struct xg_error *err)
{
    char *store = data_path(d->dir, "server.db");
    char *lock = data_path(d->dir, "lock.db");
    enum xg_status status = XG_OK;

    if (!store || !lock)
        status = xg_fail_nomem(err);
    if (status == XG_OK)
        status = take_lock(d, err);
    if (status == XG_OK)
        status = data_load_key(&d->log, d->dir, "log.key", err);
    if (status == XG_OK)
        status = data_load_key(&d->device, d->dir, "device.key", err);
    if (status == XG_OK)
        status = store_sqlite_open(&d->store, store, err);
    if (status == XG_OK)
        status = open_registrar(d, err);
    if (status == XG_OK)
        status = ledger_lock_open(&d->lock, lock, err);
    free(store);
    free(lock);
    return status;
}

/* Was it shown, before it was started now, that it is an old copy? */
static enum xg_status look_behind(struct data *d, struct xg_error *err)
{
    char *path = data_path(d->dir, DATA_BEHIND);

    if (!path)
        return xg_fail_nomem(err);
    if (xg_os_exists(path))
        ledger_set_behind(d->ledger);
    free(path);
    return XG_OK;
}

enum xg_status data_open_dir(struct data **out, const char *dir,
                               const struct xg_env *env, struct xg_error *err)
{
    struct data *d = new_data(env);

    if (!d || !(d->dir = strdup(dir))) {
        data_close(d);
        return xg_fail_nomem(err);
    }
    if (open_files(d, err) != XG_OK || open_rest(d, err) != XG_OK ||
        look_behind(d, err) != XG_OK || finish_rotation(d, err) != XG_OK) {
        data_close(d);
        return err->status;
    }
    *out = d;
    return XG_OK;
}

static bool is_restoring(const char *dir)
{
    char *path = data_path(dir, DATA_RESTORING);
    bool there = path && xg_os_exists(path);

    free(path);
    return there;
}

/* Was it made: does the registry begin, or wait to begin? */
static enum xg_status is_made(struct data *d, bool *made, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store_waiting *rows;
    size_t count = 0;
    enum xg_status status = XG_OK;

    *made = registry_number(d->registry) > 0;
    if (!*made)
        status =
            d->store->ops->list_waiting(d->store, &arena, &rows, &count, err);
    *made |= count > 0;
    xg_arena_clear(&arena);
    return status;
}

enum xg_status data_open(struct data **out, const char *dir,
                         const struct xg_env *env, struct xg_error *err)
{
    struct data *d;
    char *key = data_path(dir, "log.key");
    bool there = key && xg_os_exists(key);

    free(key);
    if (!there)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 不是数据文件夹；请先运行 xunge-server init",
                            "%s is no data folder; run xunge-server init "
                            "first"),
                       dir);
    bool made;
    if (is_restoring(dir))
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 的恢复没有完成；请用同一备份再运行一次 "
                            "xunge-server restore",
                            "the restore of %s was not finished; run "
                            "xunge-server restore again with the same backup"),
                       dir);
    if (data_open_dir(&d, dir, env, err) != XG_OK)
        return err->status;
    if (is_made(d, &made, err) != XG_OK || !made) {
        data_close(d);
        if (err->status != XG_OK)
            return err->status;
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 的初始化没有完成；请再运行一次 "
                            "xunge-server init",
                            "the making of %s was not finished; run "
                            "xunge-server init again"),
                       dir);
    }
    /* Who was killed between an erasure's act and the bytes. */
    enum xg_status finished = redact_finish(d, err);
    if (finished != XG_OK && finished != XG_BUSY) { /* the clerk tries again */
        data_close(d);
        return finished;
    }
    *out = d;
    return XG_OK;
}

/* ---- in memory ---- */

static enum xg_status seed_key(struct xg_signer *key, const char *name,
                               const uint8_t seed[static 32], uint8_t which,
                               struct xg_error *err)
{
    uint8_t mixed[33];

    memcpy(mixed, seed, 32);
    mixed[32] = which;
    struct xg_hash own;
    crypto_hash_sha256(own.b, mixed, sizeof mixed);
    return xg_signer_init(key, name, XG_SIG_ED25519, own.b, err);
}

static enum xg_status seed_keys(struct data *d, const char *origin,
                                const uint8_t seed[static 32],
                                struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];
    struct xg_signer registrar;

    if (data_judge_origin(origin, err) != XG_OK ||
        seed_key(&d->log, origin, seed, 0, err) != XG_OK)
        return err->status;
    registry_device_name(name, origin, 0);
    if (seed_key(&d->device, name, seed, 1, err) != XG_OK)
        return err->status;
    snprintf(name, sizeof name, "%.80s/registrar", origin);
    if (seed_key(&registrar, name, seed, 2, err) != XG_OK)
        return err->status;
    d->registrar_first = registrar.verifier;
    return registrar_open_key(&d->registrar, &registrar, err);
}

enum xg_status data_open_over(struct data **out, struct store *store,
                              struct ledger_lock *lock, const char *origin,
                              const uint8_t seed[static 32],
                              const struct xg_env *env, struct xg_error *err)
{
    struct data *d = new_data(env);

    if (!d) {
        store_close(store);
        ledger_lock_close(lock);
        return xg_fail_nomem(err);
    }
    d->store = store;
    d->lock = lock;
    if (seed_keys(d, origin, seed, err) != XG_OK ||
        open_rest(d, err) != XG_OK || data_enrol_self(d, err) != XG_OK) {
        data_close(d);
        return err->status;
    }
    *out = d;
    return XG_OK;
}

enum xg_status data_open_memory(struct data **d, const char *origin,
                                const uint8_t seed[static 32],
                                struct store_fault *fault,
                                const struct xg_env *env, struct xg_error *err)
{
    struct ledger_lock *lock = NULL;
    struct store *store = NULL;

    if (store_memory_open(&store, err) != XG_OK)
        return err->status;
    if (ledger_lock_open_memory(&lock, err) != XG_OK) {
        store_close(store);
        return err->status;
    }
    if (fault && store_fault_open(&store, store, fault, err) != XG_OK) {
        ledger_lock_close(lock); /* the store was taken */
        return err->status;
    }
    return data_open_over(d, store, lock, origin, seed, env, err);
}
