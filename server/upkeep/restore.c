/* restore.c - see restore.h. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "server/upkeep/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/data/inside.h"
#include "server/desk/desk.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    PIECE = 1 << 18,
    MARK_MAX = 4096,
    NOTE_ROOM = 2048,
    ROWS_ARENA = 1 << 20,
    HELD_STEP = 256,
    TOLD_MAX = 20,  /* lost photos that are named one by one */
    LINE_SIZE = 200,
    NUMBERS_SKIPPED = 1000, /* what the lost part may have given out */
};

/* A restore on its way. */
struct work {
    const struct restore *r;
    struct restored *done;
    struct data *d;
    bool ours;  /* DIR was begun by this restore, now or before */
    bool noted; /* the successor note may be out */
};

/* ---- step 1: whose folder it is ---- */

/* Copy the file into `to` (-1: nowhere), and hash it. */
static enum xg_status hash_copy(struct xg_hash *sha256, const char *from,
                                int to, const char *to_path,
                                struct xg_error *err)
{
    crypto_hash_sha256_state hash;
    uint8_t *piece = malloc(PIECE);
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    enum xg_status status = XG_OK;
    ssize_t got = 1;

    crypto_hash_sha256_init(&hash);
    if (!piece)
        status = xg_fail_nomem(err);
    else if (fd < 0)
        status = xg_fail_os(err, XG_T("打开 %s", "opening %s"), from);
    while (status == XG_OK && got > 0) {
        got = read(fd, piece, PIECE);
        if (got < 0 && errno == EINTR) {
            got = 1;
            continue;
        }
        if (got < 0)
            status = xg_fail_os(err, XG_T("读取 %s", "reading %s"), from);
        else
            crypto_hash_sha256_update(&hash, piece, (size_t)got);
        if (status == XG_OK && to >= 0)
            status = xg_os_write_all(to, to_path, xg_bytes(piece, (size_t)got),
                                     err);
    }
    if (status == XG_OK)
        crypto_hash_sha256_final(&hash, sha256->b);
    if (fd >= 0)
        close(fd);
    free(piece);
    return status;
}

/* A store that is in use has more in the files beside it. */
static enum xg_status refuse_live(const char *backup, struct xg_error *err)
{
    char beside[4096];

    if (snprintf(beside, sizeof beside, "%s-wal", backup) <
            (int)sizeof beside &&
        xg_os_exists(beside))
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 旁边有 %s：这是一个服务器自己的数据库，不是"
                            "备份；请先用 xunge-server backup 做备份",
                            "%s has %s beside it: it is a server's own "
                            "database, no backup; make one of it with "
                            "xunge-server backup first"),
                       backup, beside);
    return XG_OK;
}

static enum xg_status put_mark(const char *path, const struct xg_hash *backup,
                               struct xg_error *err)
{
    struct xg_buf text = XG_BUF(MARK_MAX);

    xg_buf_text(&text, "xunge/restoring/v1\nbackup ");
    xg_buf_base64(&text, backup->b, sizeof backup->b);
    xg_buf_byte(&text, '\n');
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status check_mark(const char *path, const struct xg_hash *backup,
                                 struct xg_error *err)
{
    struct xg_buf text = XG_BUF(MARK_MAX);
    struct xg_hash begun;
    enum xg_status status = xg_os_read(&text, path, err);

    if (status == XG_OK) {
        struct xg_lines l = xg_lines_over(xg_buf_bytes(&text));
        xg_line_literal(&l, "xunge/restoring/v1");
        xg_line_hash(&l, "backup", &begun);
        status = xg_lines_end(&l, err);
    }
    xg_buf_clear(&text);
    if (status == XG_OK && !xg_hash_equal(&begun, backup))
        status = xg_fail(err, XG_REFUSED,
                         XG_T("%s 说明这个文件夹是从另一份备份开始恢复的；请用"
                              "那份备份，或另选文件夹",
                              "%s says that another backup is being restored "
                              "there; use that one, or another folder"),
                         path);
    return status;
}

/* May it be ours: not there, or empty, as a cut restore left it? */
static bool is_fresh(const char *dir)
{
    char *half = data_path(dir, DATA_RESTORING ".tmp"); /* xg_os_replace() */

    if (half)
        unlink(half);
    free(half);
    return !xg_os_exists(dir) || rmdir(dir) == 0;
}

static enum xg_status begin(struct work *w, struct xg_hash *backup,
                            struct xg_error *err)
{
    const char *dir = w->r->dir;
    char *mark = data_path(dir, DATA_RESTORING);
    enum xg_status status;

    if (!mark)
        return xg_fail_nomem(err);
    status = refuse_live(w->r->backup, err);
    if (status == XG_OK)
        status = hash_copy(backup, w->r->backup, -1, NULL, err);
    if (status == XG_OK && xg_os_exists(mark)) {
        status = check_mark(mark, backup, err);
    } else if (status == XG_OK && !is_fresh(dir)) {
        status = xg_fail(err, XG_REFUSED,
                         XG_T("%s 已存在；恢复要写到一个新的文件夹",
                              "%s exists; a restore makes a new folder"),
                         dir);
    } else if (status == XG_OK) {
        status = xg_os_mkdir(dir, err);
        if (status == XG_OK)
            status = put_mark(mark, backup, err);
    }
    w->ours = status == XG_OK;
    free(mark);
    return status;
}

/* ---- step 2: the copy ---- */

static enum xg_status copy_to(const char *from, const char *part,
                              const char *path, const struct xg_hash *backup,
                              struct xg_error *err)
{
    struct xg_hash copied;
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum xg_status status;

    if (fd < 0)
        return xg_fail_os(err, XG_T("创建 %s", "making %s"), part);
    status = hash_copy(&copied, from, fd, part, err);
    if (status == XG_OK && fsync(fd) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), part);
    close(fd);
    if (status == XG_OK && !xg_hash_equal(&copied, backup))
        status = xg_fail(err, XG_BUSY,
                         XG_T("%s 在读取时变了；请再来一次",
                              "%s changed while it was read; try again"),
                         from);
    if (status == XG_OK && rename(part, path) != 0)
        status = xg_fail_os(err, XG_T("改名 %s", "naming %s"), path);
    return status == XG_OK ? xg_os_sync_parent(path, err) : status;
}

static enum xg_status copy_backup(struct work *w, const struct xg_hash *backup,
                                  struct xg_error *err)
{
    char *path = data_path(w->r->dir, "server.db");
    char *part = data_path(w->r->dir, "server.db.part");
    enum xg_status status = XG_OK;

    if (!path || !part)
        status = xg_fail_nomem(err);
    else if (!xg_os_exists(path))
        status = copy_to(w->r->backup, part, path, backup, err);
    free(path);
    free(part);
    return status;
}

/* ---- steps 3 and 4: the copy becomes the new log's ---- */

/* The newest log that the copy was, and its checkpoint. *switched: it is the
 * new one's already. */
struct was {
    struct xg_verifier log;
    struct xg_checkpoint checkpoint;
    bool switched;
};

static enum xg_status no_backup(const char *path, struct xg_error *err)
{
    return xg_fail(err, XG_CORRUPT,
                   XG_T("%s 不是服务器的备份，或没有日志：%s",
                        "%s is no backup of a server, or has no log: %s"),
                   path, xg_error_text(err));
}

static enum xg_status read_was(struct work *w, struct was *was,
                               struct store *s, const struct xg_verifier *own,
                               struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ROWS_ARENA);
    struct store_log *rows;
    struct xg_bytes note = {NULL, 0};
    uint64_t size = 0;
    size_t count = 0;
    enum xg_status status = s->ops->read_logs(s, &arena, &rows, &count, err);

    if (status == XG_OK)
        status = s->ops->get_checkpoint(s, &arena, &size, &note, err);
    if (status == XG_OK && (count == 0 || note.len == 0)) {
        xg_ignore(xg_fail(err, XG_CORRUPT, "empty"));
        status = no_backup(w->r->backup, err);
    }
    if (status == XG_OK)
        status = xg_verifier_parse(&was->log, rows[count - 1].vkey,
                                   strlen(rows[count - 1].vkey), err);
    if (status == XG_OK)
        status = xg_checkpoint_open(&was->checkpoint, note.at, note.len,
                                    &was->log, err);
    if (status == XG_AUTH || status == XG_FORMAT)
        status = no_backup(w->r->backup, err);
    was->switched =
        status == XG_OK && own &&
        memcmp(own->key, was->log.key, sizeof own->key) == 0;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status make_keys(struct work *w, const char *origin,
                                struct xg_error *err)
{
    const struct restore *r = w->r;
    char name[XG_KEY_NAME_MAX + 1];

    registry_device_name(name, origin, 0);
    if (data_make_key(r->dir, "log.key", origin, r->env, err) != XG_OK ||
        data_make_key(r->dir, "device.key", name, r->env, err) != XG_OK)
        return err->status;
    return data_copy_key(r->dir, r->registrar_key, err);
}

/* The new log's checkpoint of what it begins with. */
static enum xg_status sign_first(struct xg_buf *note,
                                 const struct xg_signer *log,
                                 const struct xg_checkpoint *was,
                                 struct xg_error *err)
{
    struct xg_buf text = XG_BUF(NOTE_ROOM);
    struct xg_checkpoint c = *was;

    memcpy(c.origin, log->verifier.name, sizeof c.origin);
    xg_checkpoint_text(&text, &c);
    enum xg_status status = xg_note_sign_buf(note, &text, log, err);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status put_first(struct store *s, const struct xg_signer *log,
                                uint64_t size, struct xg_bytes note,
                                struct xg_error *err)
{
    struct store_log row = {.first = size};
    uint64_t serial = 0;

    xg_verifier_print(row.vkey, &log->verifier);
    enum xg_status status = s->ops->begin(s, err);
    if (status == XG_OK)
        status = s->ops->put_log(s, &row, err);
    if (status == XG_OK)
        status = s->ops->put_checkpoint(s, size, note, err);
    if (status == XG_OK)
        status = s->ops->put_value(s, "backup", size, err);
    /* Numbers that the lost part gave out are on paper somewhere. */
    if (status == XG_OK)
        status = s->ops->get_value(s, &serial, "serial", err);
    if (status == XG_OK)
        status =
            s->ops->put_value(s, "serial", serial + NUMBERS_SKIPPED, err);
    if (status == XG_OK)
        status = desk_skip_numbers(s, NUMBERS_SKIPPED, err);
    if (status == XG_OK)
        status = s->ops->commit(s, err);
    if (status != XG_OK)
        s->ops->rollback(s);
    return status;
}

/* In the store first: an open log has a lock. */
static enum xg_status put_lock(const char *dir, const char *origin,
                               struct xg_bytes note, struct xg_error *err)
{
    char *path = data_path(dir, "lock.db");
    struct xg_buf held = XG_BUF(XG_NOTE_MAX);
    struct ledger_lock *lock = NULL;
    enum xg_status status = path ? XG_OK : xg_fail_nomem(err);

    if (status == XG_OK)
        status = ledger_lock_open(&lock, path, err);
    if (status == XG_OK)
        status = ledger_lock_get(lock, &held, origin, err);
    if (status == XG_OK && held.len == 0)
        status = ledger_lock_swap(lock, origin, xg_bytes(NULL, 0), note, err);
    ledger_lock_close(lock);
    xg_buf_clear(&held);
    free(path);
    return status;
}

static enum xg_status load_log_key(struct xg_signer *log, const char *dir,
                                   struct xg_error *err)
{
    char *path = data_path(dir, "log.key");

    if (!path)
        return xg_fail_nomem(err);
    enum xg_status status = key_file_load(log, path, err);
    free(path);
    return status;
}

static enum xg_status next_origin(char origin[static XG_KEY_NAME_MAX + 1],
                                  const struct work *w, const struct was *was,
                                  struct xg_error *err)
{
    struct xg_verifier v;

    if (!w->r->origin)
        return xg_successor_origin(origin, was->log.name, err);
    if (strlen(w->r->origin) > XG_ORIGIN_MAX ||
        strcmp(w->r->origin, was->log.name) == 0 ||
        xg_verifier_init(&v, w->r->origin, XG_SIG_ED25519, was->log.key, err) !=
            XG_OK)
        return xg_fail(err, XG_USAGE,
                       XG_T("新日志的名称应像 %s/2，且不同于原来的",
                            "the new log is called something like %s/2, and "
                            "not as the one before"),
                       was->log.name);
    memcpy(origin, v.name, sizeof v.name);
    return XG_OK;
}

static enum xg_status switch_store(struct work *w, struct store *s,
                                   struct xg_error *err)
{
    struct xg_buf note = XG_BUF(NOTE_ROOM);
    struct xg_error none = XG_ERROR_NONE;
    char origin[XG_KEY_NAME_MAX + 1];
    struct xg_signer log;
    struct was was;
    bool made = load_log_key(&log, w->r->dir, &none) == XG_OK;
    enum xg_status status =
        read_was(w, &was, s, made ? &log.verifier : NULL, err);

    if (status == XG_OK && !was.switched) {
        status = next_origin(origin, w, &was, err);
        if (status == XG_OK)
            status = make_keys(w, origin, err);
        if (status == XG_OK)
            status = load_log_key(&log, w->r->dir, err);
        if (status == XG_OK)
            status = sign_first(&note, &log, &was.checkpoint, err);
        if (status == XG_OK)
            status = put_first(s, &log, was.checkpoint.size,
                               xg_buf_bytes(&note), err);
    } else if (status == XG_OK) {
        status = sign_first(&note, &log, &was.checkpoint, err);
    }
    if (status == XG_OK)
        status = put_lock(w->r->dir, log.verifier.name, xg_buf_bytes(&note),
                          err);
    sodium_memzero(&log, sizeof log);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status become_new(struct work *w, struct xg_error *err)
{
    char *path = data_path(w->r->dir, "server.db");
    struct store *s = NULL;
    enum xg_status status = path ? XG_OK : xg_fail_nomem(err);

    if (status == XG_OK) {
        status = store_sqlite_open(&s, path, err);
        if (status == XG_FORMAT || status == XG_CORRUPT)
            status = no_backup(w->r->backup, err);
    }
    if (status == XG_OK)
        status = switch_store(w, s, err);
    store_close(s);
    free(path);
    return status;
}

/* ---- photos ---- */

static void name_lost(struct work *w, const struct xg_hash *sha256)
{
    char hex[2 * XG_HASH_SIZE + 1], line[LINE_SIZE];

    if (w->done->photos_lost++ >= TOLD_MAX || !w->r->report)
        return;
    xg_hex(hex, sha256->b, sizeof sha256->b);
    snprintf(line, sizeof line,
             XG_T("照片丢失：%s", "photo lost: %s"), hex);
    w->r->report(w->r->ctx, line);
}

static enum xg_status copy_photos(struct work *w, struct xg_error *err)
{
    struct blobs *from = NULL;
    enum xg_status status;

    if (!w->r->photos)
        return XG_OK;
    if (!xg_os_exists(w->r->photos))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有照片目录 %s", "there is no folder %s"),
                       w->r->photos);
    status = blobs_open(&from, w->r->photos, w->r->env, err);
    if (status == XG_OK)
        status = blobs_copy(from, w->r->dir, &w->done->photos, NULL, NULL, err);
    blobs_close(from);
    return status;
}

/* What the log says is held, and is not here. */
static enum xg_status find_lost(struct work *w, uint64_t *first_lost,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ROWS_ARENA);
    struct store *s = w->d->store;
    struct store_held *rows;
    enum xg_status status = XG_OK;
    uint64_t after = 0;
    size_t count = 1;

    *first_lost = UINT64_MAX;
    while (status == XG_OK && count > 0) {
        xg_arena_reset(&arena);
        status = s->ops->read_held(s, &arena, &rows, &count, after, HELD_STEP,
                                   err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            bool erased = false;
            after = rows[i].number;
            if (blobs_has(w->d->blobs, &rows[i].blob.sha256))
                continue;
            status = s->ops->has_erased_photo(s, &erased, &rows[i].blob.sha256,
                                              err);
            if (status != XG_OK || erased)
                continue;
            if (rows[i].position < *first_lost)
                *first_lost = rows[i].position;
            name_lost(w, &rows[i].blob.sha256);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- step 5: is it sound, and whose? ---- */

/* The key that was given must be the one that signs the registry now. */
static enum xg_status check_registrar(struct work *w, struct xg_error *err)
{
    uint8_t now[XG_PUBLIC_KEY_SIZE];

    registry_key(w->d->registry, now);
    if (memcmp(now, w->d->registrar.verifier.key, sizeof now) == 0)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 不是这份备份的登记员现用的密钥",
                        "%s is not the key that the registrar of this backup "
                        "signs with"),
                   w->r->registrar_key);
}

/* What is left of the old folder must fit, and tells how much is lost. */
static enum xg_status compare_old(struct work *w, const struct ledger_log *old,
                                  uint64_t size, struct xg_error *err)
{
    char *path = w->r->old_dir ? data_path(w->r->old_dir, "lock.db") : NULL;
    struct xg_buf held = XG_BUF(XG_NOTE_MAX);
    struct ledger_lock *lock = NULL;
    struct xg_checkpoint c = {.size = 0};
    struct xg_hash root;
    enum xg_status status = XG_OK;

    if (path && xg_os_exists(path)) {
        status = ledger_lock_open(&lock, path, err);
        if (status == XG_OK)
            status = ledger_lock_get(lock, &held, old->key.name, err);
        if (status == XG_OK && held.len)
            status = xg_checkpoint_open(&c, held.data, held.len, &old->key,
                                        err);
        if (status == XG_OK && c.size && c.size <= size) {
            status = ledger_root(&root, w->d->store, c.size, err);
            if (status == XG_OK && !xg_hash_equal(&root, &c.root))
                status = XG_AUTH;
        }
        if (status == XG_AUTH)
            status = xg_fail(err, XG_ALARM,
                             XG_T("备份与 %s 中已公布的检查点不是同一份日志",
                                  "the backup is not of the log that was "
                                  "published by %s"),
                             path);
    }
    if (status == XG_OK)
        w->done->entries_lost = c.size > size ? c.size - size : 0;
    ledger_lock_close(lock);
    xg_buf_clear(&held);
    free(path);
    return status;
}

static enum xg_status check(struct work *w, struct xg_error *err)
{
    size_t count;
    const struct ledger_log *logs = ledger_logs(w->d->ledger, &count);
    uint64_t first = logs[count - 1].first;

    if (ledger_next(w->d->ledger) != first) {
        w->noted = true; /* was checked before */
        return compare_old(w, &logs[count - 2], first, err);
    }
    if (check_registrar(w, err) != XG_OK ||
        compare_old(w, &logs[count - 2], first, err) != XG_OK)
        return err->status;
    return data_check(w->d, w->r->report, w->r->ctx, err);
}

/* ---- step 6: what the registrar says ---- */

struct append_job {
    struct ledger_job job;
    struct data *d;
    const struct xg_successor *says;
};

static enum xg_status run_append(struct ledger_job *job, struct ledger *l,
                                 struct store *store, struct xg_error *err)
{
    struct append_job *j = (struct append_job *)job;
    struct xg_buf text = XG_BUF(NOTE_ROOM), note = XG_BUF(NOTE_ROOM);
    uint64_t position;
    enum xg_status status;

    (void)store;
    if (ledger_next(l) != j->says->size)
        return XG_OK; /* it is there */
    xg_successor_put(&text, j->says);
    status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = j->d->registrar.sign(j->d->registrar.ctx, &note,
                                      xg_buf_bytes(&text), err);
    if (status == XG_OK)
        status = ledger_append(l, &position, xg_buf_bytes(&note), err);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status say_so(struct work *w, struct xg_error *err)
{
    size_t count;
    const struct ledger_log *logs = ledger_logs(w->d->ledger, &count);
    struct xg_successor *says = &w->done->says;
    struct append_job j = {.job = {.run = run_append, .alone = true},
                           .d = w->d,
                           .says = says};

    says->log = logs[count - 1].key;
    memcpy(says->after, logs[count - 2].key.name, sizeof says->after);
    says->size = logs[count - 1].first;
    if (ledger_root(&says->root, w->d->store, says->size, err) != XG_OK)
        return err->status;
    w->noted = true;
    if (ledger_submit(w->d->ledger, &j.job, err) != XG_OK)
        return err->status;
    return data_enrol_self(w->d, err);
}

/* Devices let go of photos by the size that is backed up: it ends at the first
 * that is lost. */
static enum xg_status settle_photos(struct work *w, struct xg_error *err)
{
    const uint64_t size = w->done->says.size;
    uint64_t lost;

    if (find_lost(w, &lost, err) != XG_OK)
        return err->status;
    return data_mark_backup(w->d, lost < size ? lost : size, err);
}

/* ---- all of it ---- */

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static enum xg_status run(struct work *w, struct xg_error *err)
{
    struct xg_hash backup;

    if (begin(w, &backup, err) != XG_OK ||
        copy_backup(w, &backup, err) != XG_OK || become_new(w, err) != XG_OK ||
        data_open_dir(&w->d, w->r->dir, w->r->env, err) != XG_OK ||
        check(w, err) != XG_OK || copy_photos(w, err) != XG_OK ||
        say_so(w, err) != XG_OK)
        return err->status;
    return settle_photos(w, err);
}

enum xg_status restore_run(struct restored *out, const struct restore *r,
                           struct xg_error *err)
{
    struct restored done = {.photos_lost = 0};
    struct work w = {.r = r, .done = &done};
    enum xg_status status = run(&w, err);

    data_close(w.d);
    /* Of a restore that cannot come to anything nothing stays. */
    if (status != XG_OK && w.ours && !w.noted && !xg_status_retry(status))
        nftw(r->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    if (status == XG_OK)
        *out = done;
    return status;
}

static enum xg_status remove_durably(const char *dir, const char *name,
                                     struct xg_error *err)
{
    char *path = data_path(dir, name);
    enum xg_status status = XG_OK;

    if (!path)
        return xg_fail_nomem(err);
    if (unlink(path) != 0 && errno != ENOENT)
        status = xg_fail_os(err, XG_T("删除 %s", "removing %s"), path);
    if (status == XG_OK)
        status = xg_os_sync_parent(path, err);
    free(path);
    return status;
}

enum xg_status restore_finish(const char *dir, bool apart, struct xg_error *err)
{
    if (apart && remove_durably(dir, "registrar.key", err) != XG_OK)
        return err->status;
    return remove_durably(dir, DATA_RESTORING, err);
}
