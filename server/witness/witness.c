/* witness.c - see witness.h. */
#include "server/witness/witness.h"

#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/registry/registrar.h"
#include "server_witness_sql.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"
#include "shared/core/witness.h"
#include "shared/db/db.h"

struct witness {
    char *key_path, *db_path; /* NULL: in memory */
    char origin[XG_KEY_NAME_MAX + 1];
    const struct xg_env *env;
    pthread_mutex_t mutex; /* over the rest */
    struct xg_db *db;      /* NULL: not yet */
    struct xg_signer signer;
};

/* ---- opening ---- */

static char *path_of(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);

    if (path)
        snprintf(path, size, "%s/%s", dir, name);
    return path;
}

enum xg_status witness_open(struct witness **out, const char *dir,
                            const char *origin, const struct xg_env *env,
                            struct xg_error *err)
{
    struct witness *w = calloc(1, sizeof *w);

    if (!w)
        return xg_fail_nomem(err);
    pthread_mutex_init(&w->mutex, NULL);
    w->env = env;
    snprintf(w->origin, sizeof w->origin, "%s", origin);
    if (dir) {
        w->key_path = path_of(dir, "witness.key");
        w->db_path = path_of(dir, "witness.db");
        if (!w->key_path || !w->db_path) {
            witness_close(w);
            return xg_fail_nomem(err);
        }
    }
    *out = w;
    return XG_OK;
}

void witness_close(struct witness *w)
{
    if (!w)
        return;
    xg_db_close(w->db);
    pthread_mutex_destroy(&w->mutex);
    sodium_memzero(&w->signer, sizeof w->signer);
    free(w->key_path);
    free(w->db_path);
    free(w);
}

/* ---- key and memory, which belong together ---- */

static enum xg_status make_key(struct witness *w, struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + sizeof "/witness"];
    uint8_t seed[32];
    enum xg_status status;

    snprintf(name, sizeof name, "%s/witness", w->origin);
    if (w->key_path)
        return key_file_make(w->key_path, name, w->env, err);
    xg_random(w->env, seed, sizeof seed);
    status = xg_signer_init(&w->signer, name, XG_SIG_COSIGNATURE, seed, err);
    sodium_memzero(seed, sizeof seed);
    return status;
}

static enum xg_status load_key(struct witness *w, struct xg_error *err)
{
    struct xg_signer key;

    if (!w->key_path)
        return XG_OK;
    if (key_file_load(&key, w->key_path, err) != XG_OK)
        return err->status;
    enum xg_status status =
        xg_verifier_init(&w->signer.verifier, key.verifier.name,
                         XG_SIG_COSIGNATURE, key.verifier.key, err);
    if (status == XG_OK)
        memcpy(w->signer.secret, key.secret, sizeof key.secret);
    sodium_memzero(&key, sizeof key);
    return status;
}

/* The database names the key that signed what it remembers; "": none yet. */
static enum xg_status read_self(char key[static XG_VKEY_SIZE], struct xg_db *db,
                                struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(db, SERVER_WITNESS_STMT_SELF_GET);

    key[0] = '\0';
    if (xg_stmt_row(get))
        snprintf(key, XG_VKEY_SIZE, "%s", xg_col_text(get, 0));
    return xg_stmt_done(get, err);
}

static enum xg_status write_self(const char *key, struct xg_db *db,
                                 struct xg_error *err)
{
    if (xg_db_begin(db, err) != XG_OK)
        return err->status;
    struct xg_stmt *put = xg_stmt(db, SERVER_WITNESS_STMT_SELF_PUT);
    xg_bind_text(put, 1, key);
    if (xg_stmt_run(put, err) != XG_OK) {
        xg_db_rollback(db);
        return err->status;
    }
    return xg_db_commit(db, err);
}

/* The key, made where there was never one, and it is the database's. */
static enum xg_status pair(struct witness *w, struct xg_db *db, bool begun,
                           struct xg_error *err)
{
    char remembered[XG_VKEY_SIZE], ours[XG_VKEY_SIZE];

    if (read_self(remembered, db, err) != XG_OK)
        return err->status;
    if (!begun && !*remembered && make_key(w, err) != XG_OK)
        return err->status;
    if ((begun || !*remembered) && load_key(w, err) != XG_OK)
        return err->status;
    xg_verifier_print(ours, &w->signer.verifier);
    if (!*remembered)
        return write_self(ours, db, err);
    if (!begun || strcmp(ours, remembered) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("witness.db 记录的密钥是 %s，而 witness.key 不见了"
                            "或不是它；请把原来的文件放回",
                            "witness.db remembers the key %s, and witness.key "
                            "is gone or another one; put the right file back"),
                       remembered);
    return XG_OK;
}

/* Is there what cosigned before? One without the other is a witness that lost
 * its memory, or its name. */
static enum xg_status look(const struct witness *w, bool *begun,
                           struct xg_error *err)
{
    bool key, db;

    if (!w->key_path) {
        *begun = false;
        return XG_OK;
    }
    key = xg_os_exists(w->key_path);
    db = xg_os_exists(w->db_path);
    if (key && !db)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 不见了：忘记了签过什么的见证人不可再签名。请"
                            "放回原文件；若确已丢失，请移走 witness.key，用新"
                            "密钥重新开始",
                            "%s is gone: a witness that forgot what it "
                            "cosigned must not sign. Put the file back; if it "
                            "is lost, move witness.key away and begin with a "
                            "new key"),
                       w->db_path);
    *begun = key && db;
    return XG_OK;
}

/* Ready to sign. `make`: also where there was nothing. XG_NOTFOUND without.
 * The database is made first: a crash in between leaves no key without one. */
static enum xg_status ready(struct witness *w, bool make, struct xg_error *err)
{
    struct xg_db *db = NULL;
    bool begun = false;
    enum xg_status status;

    if (w->db)
        return XG_OK;
    if (look(w, &begun, err) != XG_OK)
        return err->status;
    if (!begun && !make)
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("本服务器不为任何日志作见证",
                            "this server is no witness of any log"));
    status = xg_db_open(
        &db, w->db_path ? w->db_path : ":memory:", &server_witness_sql,
        &(struct xg_db_options){.cache_kib = 64}, err);
    if (status == XG_OK)
        status = pair(w, db, begun, err);
    if (status == XG_OK)
        w->db = db;
    else
        xg_db_close(db);
    return status;
}

enum xg_status witness_key(struct witness *w, struct xg_verifier *key,
                           struct xg_error *err)
{
    pthread_mutex_lock(&w->mutex);
    enum xg_status status = ready(w, true, err);
    if (status == XG_OK)
        *key = w->signer.verifier;
    pthread_mutex_unlock(&w->mutex);
    return status;
}

/* ---- the logs that are watched ---- */

static void name_of(struct xg_hash *name, const char *origin)
{
    crypto_hash_sha256(name->b, (const uint8_t *)origin, strlen(origin));
}

/* The row at hand; its note is copied where an arena is given. */
static enum xg_status read_row(struct witness_log *log, struct xg_stmt *s,
                               struct xg_arena *arena, struct xg_error *err)
{
    const char *origin = xg_col_text(s, 0), *key = xg_col_text(s, 2);
    struct xg_bytes note = xg_col_bytes(s, 6);
    uint8_t *copy = xg_arena_copy(arena, note.at, note.len);

    if (!copy)
        return xg_fail_nomem(err);
    if (strlen(origin) >= sizeof log->origin ||
        xg_verifier_parse(&log->key, key, strlen(key), err) != XG_OK)
        return xg_fail(err, XG_CORRUPT, "witness.db: %s", origin);
    snprintf(log->origin, sizeof log->origin, "%s", origin);
    log->watched = xg_col_u64(s, 3) != 0;
    log->size = xg_col_u64(s, 4);
    log->root = xg_col_hash(s, 5);
    log->note = xg_bytes(copy, note.len);
    return XG_OK;
}

/* XG_NOTFOUND. The statement is bound. */
static enum xg_status find_row(struct witness_log *log, struct xg_stmt *s,
                               struct xg_arena *arena, struct xg_error *err)
{
    struct witness_log found;
    enum xg_status status = XG_NOTFOUND;

    if (xg_stmt_row(s))
        status = read_row(&found, s, arena, err);
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (status == XG_NOTFOUND)
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("不为这个日志作见证", "that log is not watched"));
    if (status == XG_OK)
        *log = found;
    return status;
}

static enum xg_status find_log(struct witness_log *log, struct witness *w,
                               const char *origin, struct xg_arena *arena,
                               struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(w->db, SERVER_WITNESS_STMT_LOG_FIND);

    xg_bind_text(s, 1, origin);
    return find_row(log, s, arena, err);
}

/* In a transaction. */
static enum xg_status put_log(struct witness *w, const struct witness_log *log,
                              struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(w->db, SERVER_WITNESS_STMT_LOG_PUT);
    char key[XG_VKEY_SIZE];
    struct xg_hash name;

    name_of(&name, log->origin);
    xg_verifier_print(key, &log->key);
    xg_bind_text(s, 1, log->origin);
    xg_bind_hash(s, 2, &name);
    xg_bind_text(s, 3, key);
    xg_bind_u64(s, 4, log->watched);
    xg_bind_u64(s, 5, log->size);
    xg_bind_hash(s, 6, &log->root);
    xg_bind_bytes(s, 7, log->note);
    return xg_stmt_run(s, err);
}

/* By this key from now on; NULL: not any more. */
static enum xg_status set_watched(struct witness *w, const char *origin,
                                  const struct xg_verifier *key,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(256 << 10);
    struct witness_log log = {.watched = false};
    enum xg_status status = xg_db_begin(w->db, err);

    if (status != XG_OK)
        return status;
    status = find_log(&log, w, origin, &arena, err);
    if (status == XG_NOTFOUND && key) {
        *err = XG_ERROR_NONE;
        snprintf(log.origin, sizeof log.origin, "%s", origin);
        xg_tlog_root(&log.root, NULL, 0);
        status = XG_OK;
    } else if (status == XG_OK && key && log.watched &&
               memcmp(log.key.key, key->key, sizeof key->key) != 0) {
        status = xg_fail(err, XG_REFUSED,
                         XG_T("日志 %s 正以另一把密钥受见证；若它确已换钥，"
                              "请先 unwatch",
                              "the log %s is watched by another key; if it "
                              "did change its key, unwatch it first"),
                         origin);
    } else if (status == XG_OK && !key && !log.watched) {
        status =
            xg_fail(err, XG_NOTFOUND,
                    XG_T("没有在为日志 %s 作见证", "the log %s is not watched"),
                    origin);
    }
    log.watched = key != NULL;
    if (key)
        log.key = *key;
    if (status == XG_OK)
        status = put_log(w, &log, err);
    if (status == XG_OK)
        status = xg_db_commit(w->db, err);
    else
        xg_db_rollback(w->db);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status witness_watch(struct witness *w, const struct xg_verifier *log,
                             struct xg_error *err)
{
    enum xg_status status;

    if (strcmp(log->name, w->origin) == 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 就是本机的日志：自己不能为自己作见证",
                            "%s is this server's own log: nobody is a witness "
                            "in his own case"),
                       log->name);
    if (log->type != XG_SIG_ED25519)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 是见证人的密钥，不是日志的",
                            "%s is the key of a witness, not of a log"),
                       log->name);
    pthread_mutex_lock(&w->mutex);
    status = ready(w, true, err);
    if (status == XG_OK)
        status = set_watched(w, log->name, log, err);
    pthread_mutex_unlock(&w->mutex);
    return status;
}

enum xg_status witness_unwatch(struct witness *w, const char *origin,
                               struct xg_error *err)
{
    pthread_mutex_lock(&w->mutex);
    enum xg_status status = ready(w, false, err);
    if (status == XG_OK)
        status = set_watched(w, origin, NULL, err);
    pthread_mutex_unlock(&w->mutex);
    return status;
}

static enum xg_status list_rows(struct witness *w, struct xg_arena *arena,
                                struct witness_log **logs, size_t *count,
                                struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(w->db, SERVER_WITNESS_STMT_LOG_LIST);
    struct witness_log *rows = NULL;
    size_t n = 0, room = 0;
    enum xg_status status = XG_OK;

    while (status == XG_OK && xg_stmt_next(s)) {
        if (n == room) {
            struct witness_log *grown =
                xg_arena_array(arena, room * 2 + 8, sizeof *grown);
            if (!grown) {
                status = xg_fail_nomem(err);
                break;
            }
            if (n > 0)
                memcpy(grown, rows, n * sizeof *rows);
            rows = grown;
            room = room * 2 + 8;
        }
        status = read_row(&rows[n++], s, arena, err);
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (status == XG_OK) {
        *logs = rows;
        *count = n;
    }
    return status;
}

enum xg_status witness_list(struct witness *w, struct xg_arena *arena,
                            struct witness_log **logs, size_t *count,
                            struct xg_error *err)
{
    pthread_mutex_lock(&w->mutex);
    enum xg_status status = ready(w, false, err);
    if (status == XG_OK)
        status = list_rows(w, arena, logs, count, err);
    pthread_mutex_unlock(&w->mutex);
    if (status == XG_NOTFOUND) {
        *err = XG_ERROR_NONE;
        *count = 0;
        return XG_OK;
    }
    return status;
}

/* ---- add-checkpoint ---- */

/* One request, as far as it was read. */
struct request {
    struct xg_add_checkpoint add;
    struct xg_note note;
    struct xg_checkpoint says;
    char origin[XG_KEY_NAME_MAX + 1];
};

static void refuse(struct witness_answer *a, int http_status, const char *why)
{
    *a = (struct witness_answer){.http_status = http_status, .why = why};
}

/* Body and note; of the checkpoint only the origin. */
static bool read_request(struct request *r, struct xg_bytes body,
                         struct witness_answer *a)
{
    struct xg_error unsaid = XG_ERROR_NONE;
    struct xg_bytes rest, origin;

    refuse(a, 400, "not an add-checkpoint request");
    if (xg_add_checkpoint_read(&r->add, body, &unsaid) != XG_OK ||
        xg_note_parse(&r->note, r->add.checkpoint.at, r->add.checkpoint.len,
                      &unsaid) != XG_OK)
        return false;
    rest = r->note.text;
    if (!xg_line(&rest, &origin))
        return false;
    if (origin.len > XG_KEY_NAME_MAX) {
        refuse(a, 404, "unknown log");
        return false;
    }
    memcpy(r->origin, origin.at, origin.len);
    r->origin[origin.len] = '\0';
    return true;
}

/* What of the rest is wrong by itself, once the log's signature holds. */
static bool judge_alone(struct request *r, const struct witness_log *log,
                        struct witness_answer *a)
{
    struct xg_error unsaid = XG_ERROR_NONE;

    if (xg_note_verify(&r->note, &log->key, NULL, &unsaid) != XG_OK) {
        refuse(a, 403, "not signed by the log's key");
        return false;
    }
    if (xg_checkpoint_parse(&r->says, r->note.text, &unsaid) != XG_OK) {
        refuse(a, 422, "no checkpoint, or an empty tree with a wrong root");
        return false;
    }
    if (r->add.old > r->says.size) {
        refuse(a, 400, "the old size is over the checkpoint's");
        return false;
    }
    return true;
}

static bool judge_against(struct request *r, const struct witness_log *log,
                          struct witness_answer *a)
{
    struct xg_error unsaid = XG_ERROR_NONE;

    if (r->add.old != log->size) {
        refuse(a, 409, "another checkpoint was cosigned last");
        a->size = log->size;
        return false;
    }
    if (xg_verify_consistency(&r->add.proof, log->size, r->says.size,
                              &log->root, &r->says.root, &unsaid) != XG_OK) {
        refuse(a, 422, "it does not continue what was cosigned");
        xg_log(XG_LOG_ERROR, "witness.inconsistent",
               "log=%s cosigned=%" PRIu64 " shown=%" PRIu64, log->origin,
               log->size, r->says.size);
        return false;
    }
    return true;
}

/* Cosign, and remember it: text, the log's lines, our line. */
static enum xg_status cosign(struct witness *w, struct xg_buf *line,
                             const struct request *r,
                             const struct witness_log *log, uint64_t time_s,
                             struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct witness_log next = *log;
    enum xg_status status;

    xg_buf_append(&note, r->note.text.at, r->note.text.len);
    xg_buf_byte(&note, '\n');
    for (size_t i = 0; i < r->note.count; i++) {
        const struct xg_note_signature *s = &r->note.signatures[i];
        if (memcmp(s->id, log->key.id, sizeof s->id) == 0 &&
            xg_bytes_equal(s->name, xg_bytes_of(log->key.name)))
            xg_buf_append(&note, s->line.at, s->line.len);
    }
    xg_note_signature_line(line, r->note.text, &w->signer, time_s);
    xg_buf_append(&note, line->data, line->len);
    status = xg_buf_check(line, err);
    if (status == XG_OK)
        status = xg_buf_check(&note, err);
    next.size = r->says.size;
    next.root = r->says.root;
    next.note = xg_buf_bytes(&note);
    if (status == XG_OK)
        status = put_log(w, &next, err);
    xg_buf_clear(&note);
    return status;
}

/* Compare and persist: one transaction, and its commit before the answer. */
static enum xg_status add(struct witness *w, struct witness_answer *a,
                          struct xg_buf *line, struct request *r,
                          uint64_t time_s, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(256 << 10);
    struct witness_log log;
    enum xg_status status = xg_db_begin(w->db, err);

    if (status != XG_OK)
        return status;
    status = find_log(&log, w, r->origin, &arena, err);
    if (status == XG_NOTFOUND || (status == XG_OK && !log.watched)) {
        *err = XG_ERROR_NONE;
        status = XG_OK;
        refuse(a, 404, "unknown log");
    } else if (status == XG_OK && judge_alone(r, &log, a) &&
               judge_against(r, &log, a)) {
        status = cosign(w, line, r, &log, time_s, err);
        if (status == XG_OK)
            status = xg_db_commit(w->db, err);
        if (status == XG_OK)
            *a = (struct witness_answer){.http_status = 200};
    }
    xg_db_rollback(w->db);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status witness_add_checkpoint(struct witness *w,
                                      struct witness_answer *answer,
                                      struct xg_buf *lines,
                                      struct xg_bytes body, uint64_t time_s,
                                      struct xg_error *err)
{
    struct xg_buf line = XG_BUF(XG_NOTE_MAX);
    struct witness_answer a;
    struct request *r = malloc(sizeof *r);
    enum xg_status status = XG_OK;

    if (!r)
        return xg_fail_nomem(err);
    if (read_request(r, body, &a)) {
        pthread_mutex_lock(&w->mutex);
        status = ready(w, false, err);
        if (status == XG_OK)
            status = add(w, &a, &line, r, time_s, err);
        pthread_mutex_unlock(&w->mutex);
        if (status == XG_NOTFOUND) {
            *err = XG_ERROR_NONE;
            status = XG_OK;
            refuse(&a, 404, "unknown log");
        }
    }
    if (status == XG_OK) {
        xg_buf_append(lines, line.data, line.len);
        *answer = a;
    }
    xg_buf_clear(&line);
    free(r);
    return status;
}

enum xg_status witness_checkpoint(struct witness *w, struct xg_buf *note,
                                  const struct xg_hash *name,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(256 << 10);
    struct witness_log log;

    pthread_mutex_lock(&w->mutex);
    enum xg_status status = ready(w, false, err);
    if (status == XG_OK) {
        struct xg_stmt *s = xg_stmt(w->db, SERVER_WITNESS_STMT_LOG_NAMED);
        xg_bind_hash(s, 1, name);
        status = find_row(&log, s, &arena, err);
    }
    pthread_mutex_unlock(&w->mutex);
    if (status == XG_OK && log.note.len == 0)
        status =
            xg_fail(err, XG_NOTFOUND, "%s",
                    XG_T("还没有为它签过名", "nothing of it was cosigned"));
    if (status == XG_OK) {
        xg_buf_append(note, log.note.at, log.note.len);
        status = xg_buf_check(note, err);
    }
    xg_arena_clear(&arena);
    return status;
}
