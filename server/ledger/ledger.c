/* ledger.c - the writer: jobs, time notes, tree, checkpoints, publishing. */
#include "server/ledger/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "server/cosign/policy.h"
#include "server/ledger/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/core/protocol.h"

enum { NOTE_ROOM = 1024, PEEK_MAX = 64 << 10 };

/* ---- opening: store against lock ---- */

static enum xg_status read_held(struct ledger *l, struct held *held,
                                struct xg_bytes note, struct xg_error *err)
{
    if (note.len == 0)
        return XG_OK;
    if (xg_checkpoint_open(&held->says, note.at, note.len, &l->signer->verifier,
                           err) != XG_OK)
        return err->status;
    xg_buf_reset(&held->note);
    xg_buf_append(&held->note, note.at, note.len);
    return xg_buf_check(&held->note, err);
}

/* The first of all: an empty log. Put into the lock before anything is in the
 * store, so that a store with a checkpoint always has a lock. */
static enum xg_status begin_log(struct ledger *l, struct held *locked,
                                struct xg_error *err)
{
    struct xg_buf text = XG_BUF(NOTE_ROOM), note = XG_BUF(NOTE_ROOM);
    const struct xg_bytes none = {NULL, 0};
    struct xg_checkpoint c = {.size = 0};
    struct xg_tree empty;
    enum xg_status status;

    xg_tree_init(&empty);
    xg_tree_root(&c.root, &empty);
    memcpy(c.origin, l->signer->verifier.name, sizeof c.origin);
    xg_checkpoint_text(&text, &c);
    status = xg_note_sign_buf(&note, &text, l->signer, err);
    if (status == XG_OK)
        status =
            ledger_lock_swap(l->lock, c.origin, none, xg_buf_bytes(&note), err);
    if (status == XG_OK)
        status = read_held(l, locked, xg_buf_bytes(&note), err);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status refuse_behind(const struct held *stored,
                                    const struct held *locked,
                                    struct xg_error *err)
{
    return xg_fail(
        err, XG_REFUSED,
        XG_T("数据库只到日志长度 %" PRIu64 "，而已公布到 %" PRIu64
             "：这是一份旧的副本，继续写会篡改历史。不提供任何服务。"
             "请换回原来的 server.db；若确已丢失，用 xunge-server restore "
             "从备份另开后继日志，并保留整个目录",
             "the database ends at log size %" PRIu64 ", but %" PRIu64
             " was published: it is an old copy, and going on would rewrite "
             "history. Nothing is served. Put the right server.db back. If it "
             "is lost, open a successor log from a backup (xunge-server "
             "restore), and keep this folder as it is"),
        stored->says.size, locked->says.size);
}

static enum xg_status alarm(struct xg_error *err, const char *what)
{
    return xg_fail(err, XG_ALARM,
                   XG_T("日志与已公布的检查点不符（%s）；请停止服务并保留"
                        "数据文件夹，由审计人员检查",
                        "the log does not fit the published checkpoint (%s); "
                        "stop serving, keep the data folder as it is and have "
                        "it audited"),
                   what);
}

/* Does the tree in the store have this root at that size? */
static enum xg_status fits(struct ledger *l, const struct xg_checkpoint *c,
                           const char *what, struct xg_error *err)
{
    struct xg_hash root;

    if (ledger_root(&root, l->store, c->size, err) != XG_OK)
        return err->status;
    return xg_hash_equal(&root, &c->root) ? XG_OK : alarm(err, what);
}

static enum xg_status compare(struct ledger *l, const struct held *stored,
                              struct held *locked, struct xg_error *err)
{
    bool no_lock = locked->note.len == 0;

    if (no_lock && stored->note.len)
        return xg_fail(
            err, XG_REFUSED,
            XG_T("锁数据库（lock.db）中没有本日志，无法判断数据库是不是旧"
                 "副本；请换回原来的 lock.db",
                 "the lock database (lock.db) does not know this log, so "
                 "nothing tells whether the database is an old copy; put the "
                 "right lock.db back"));
    if (no_lock && begin_log(l, locked, err) != XG_OK)
        return err->status;
    if (stored->says.size < locked->says.size)
        return refuse_behind(stored, locked, err);
    if (fits(l, &locked->says, "lock", err) != XG_OK)
        return err->status;
    return stored->says.size ? fits(l, &stored->says, "store", err) : XG_OK;
}

/* Bring memory, store and lock together. Also after a failure of which nobody
 * knows what it left behind. */
static enum xg_status recover(struct ledger *l, struct xg_error *err)
{
    struct held stored = {.note = XG_BUF(XG_NOTE_MAX)};
    struct held locked = {.note = XG_BUF(XG_NOTE_MAX)};
    struct xg_buf raw = XG_BUF(XG_NOTE_MAX);
    struct xg_arena arena = XG_ARENA(PEEK_MAX * 2);
    struct ledger_nodes from;
    const struct xg_node_reader nodes = ledger_nodes(&from, NULL, l->store);
    const char *origin = l->signer->verifier.name;
    struct xg_bytes note = {NULL, 0};
    uint64_t size = 0, time_ms = 0;
    enum xg_status status;

    status = l->store->ops->get_checkpoint(l->store, &arena, &size, &note, err);
    if (status == XG_OK)
        status = read_held(l, &stored, note, err);
    if (status == XG_OK)
        status = ledger_lock_get(l->lock, &raw, origin, err);
    if (status == XG_OK)
        status = read_held(l, &locked, xg_buf_bytes(&raw), err);
    if (status == XG_OK)
        status = compare(l, &stored, &locked, err);
    if (status == XG_OK && stored.says.size > locked.says.size) {
        xg_log(XG_LOG_WARN, "ledger.forward",
               "store=%" PRIu64 " published=%" PRIu64, stored.says.size,
               locked.says.size);
        /* Not durable, where who committed it was killed before the sync:
         * published so, the log might be shorter than it is said to be. */
        status = l->store->ops->sync(l->store, err);
        if (status == XG_OK)
            status =
                ledger_lock_swap(l->lock, origin, xg_buf_bytes(&locked.note),
                                 xg_buf_bytes(&stored.note), err);
    }
    if (status == XG_OK)
        status = l->store->ops->get_value(l->store, &time_ms, "time_ms", err);
    if (status == XG_OK)
        status = xg_tree_load(&l->tree, stored.says.size, &nodes, err);
    if (status == XG_OK)
        status = ledger_blocks_load(l, stored.says.size, err);
    if (status == XG_OK) {
        struct held *newest = stored.note.len ? &stored : &locked;
        l->time_ms = time_ms;
        pthread_mutex_lock(&l->mutex);
        struct held old = l->published;
        l->published = *newest;
        l->published_ms = time_ms;
        *newest = old;
        pthread_mutex_unlock(&l->mutex);
        l->unsure = false;
    }
    xg_buf_clear(&stored.note);
    xg_buf_clear(&locked.note);
    xg_buf_clear(&raw);
    xg_arena_clear(&arena);
    return status;
}

/* ---- what time it is ---- */

static int64_t kept_wall_ms(void *ctx)
{
    return keeper_ms(&((struct ledger *)ctx)->keeper);
}

static const struct xg_env *machine_of(void *ctx)
{
    return &((struct ledger *)ctx)->keeper.machine;
}

static int64_t machine_mono_ms(void *ctx)
{
    return xg_mono_ms(machine_of(ctx));
}

static uint32_t machine_boot(void *ctx)
{
    return machine_of(ctx)->boot(machine_of(ctx)->ctx);
}

static void machine_random(void *ctx, void *out, size_t len)
{
    xg_random(machine_of(ctx), out, len);
}

static enum xg_status begin_keeping(struct ledger *l, const struct xg_env *env,
                                    struct xg_error *err)
{
    struct keeper_kept kept = {.ms = 0};
    enum xg_status status = keeper_load(&kept, l->store, err);

    keeper_begin(&l->keeper, env, &kept);
    l->env = (struct xg_env){l, kept_wall_ms, machine_mono_ms, machine_boot,
                             machine_random};
    return status;
}

const struct xg_env *ledger_env(const struct ledger *l)
{
    return &l->env;
}

void ledger_read_clock(struct ledger *l, struct ledger_clock *out)
{
    keeper_look(&l->keeper, out);
}

struct clock_job {
    struct ledger_job job;
    enum ledger_clock_word word;
};

static enum xg_status run_clock(struct ledger_job *job, struct ledger *l,
                                struct store *store, struct xg_error *err)
{
    switch (((struct clock_job *)job)->word) {
    case LEDGER_BELIEVE:
        keeper_believe(&l->keeper);
        break;
    case LEDGER_FOLLOW:
    case LEDGER_WATCH:
        keeper_follow(&l->keeper,
                      ((struct clock_job *)job)->word == LEDGER_FOLLOW);
        break;
    }
    return keeper_save(&l->keeper, store, err);
}

enum xg_status ledger_set_clock(struct ledger *l, enum ledger_clock_word word,
                                struct xg_error *err)
{
    struct clock_job j = {.job = {.run = run_clock}, .word = word};

    return ledger_submit(l, &j.job, err);
}

/* ---- opening and closing ---- */

enum xg_status ledger_open(struct ledger **out, struct store *store,
                           struct ledger_lock *lock,
                           const struct xg_signer *signer,
                           const struct xg_env *env, struct xg_error *err)
{
    struct ledger *l = calloc(1, sizeof *l);

    if (!l)
        return xg_fail_nomem(err);
    l->store = store;
    l->lock = lock;
    l->signer = signer;
    l->published.note = XG_BUF(XG_NOTE_MAX);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->settled, NULL);
    l->kept = ledger_kept_new();
    if (begin_keeping(l, env, err) != XG_OK ||
        (l->kept ? ledger_load_logs(l, err) : xg_fail_nomem(err)) != XG_OK ||
        recover(l, err) != XG_OK) {
        ledger_close(l);
        return err->status;
    }
    *out = l;
    return XG_OK;
}

void ledger_close(struct ledger *l)
{
    if (!l)
        return;
    keeper_end(&l->keeper);
    pthread_mutex_destroy(&l->mutex);
    pthread_cond_destroy(&l->settled);
    xg_buf_clear(&l->published.note);
    ledger_kept_free(l->kept);
    free(l);
}

const struct xg_signer *ledger_signer(const struct ledger *l)
{
    return l->signer;
}

/* ---- inside a job ---- */

static void keep_node(void *ctx, unsigned level, uint64_t index,
                      const struct xg_hash *hash)
{
    ledger_blocks_add(ctx, level, index, hash);
}

enum xg_status ledger_append(struct ledger *l, uint64_t *index,
                             struct xg_bytes note, struct xg_error *err)
{
    struct xg_hash leaf;

    assert(l->writing);
    if (note.len > XG_NOTE_MAX)
        return xg_fail(err, XG_TOOBIG, "a note of %zu bytes", note.len);
    if (l->store->ops->append_entries(l->store, l->tree.size, &note, 1, err) !=
        XG_OK)
        return err->status;
    xg_tlog_leaf(&leaf, note.at, note.len);
    *index = l->tree.size;
    xg_tree_append(&l->tree, &leaf, keep_node, l);
    return ledger_blocks_put(l, false, err);
}

enum xg_status ledger_append_text(struct ledger *l, uint64_t *index,
                                  struct xg_bytes text, struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    enum xg_status status;

    xg_note_sign(&note, text, l->signer);
    status = xg_buf_check(&note, err);
    if (status == XG_OK)
        status = ledger_append(l, index, xg_buf_bytes(&note), err);
    xg_buf_clear(&note);
    return status;
}

void ledger_want(struct ledger *l, uint64_t size)
{
    l->wanted = size > l->wanted ? size : l->wanted;
}

uint64_t ledger_next(const struct ledger *l)
{
    return l->tree.size;
}

/* A clock before 1970 is no time; the log's own goes before it. */
static uint64_t time_now(const struct ledger *l, uint64_t least)
{
    int64_t now = xg_wall_ms(&l->env);

    return now > 0 && (uint64_t)now > least ? (uint64_t)now : least;
}

uint64_t ledger_time_ms(struct ledger *l)
{
    pthread_mutex_lock(&l->mutex);
    uint64_t least = l->published_ms;
    pthread_mutex_unlock(&l->mutex);
    return time_now(l, least);
}

/* ---- a group of jobs ---- */

/* A time note, and what is looked up of it. */
static enum xg_status append_time(struct ledger *l, uint64_t now,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct store_time row = {.ms = (int64_t)now};
    struct store *s = l->store;
    uint64_t seen = 0;
    enum xg_status status = witness_time_note(
        &text, &seen, s, now, &l->signer->verifier, err);

    if (status == XG_OK)
        status =
            ledger_append_text(l, &row.position, xg_buf_bytes(&text), err);
    if (status == XG_OK)
        status = s->ops->put_time(s, &row, err);
    if (status == XG_OK && seen > 0)
        status = witness_time_note_told(s, row.position, seen, err);
    xg_buf_clear(&text);
    return status;
}

/* The time note, the tree's new nodes, and the signed checkpoint. */
static enum xg_status seal(struct ledger *l, struct held *staged,
                           struct xg_error *err)
{
    struct xg_buf text = XG_BUF(NOTE_ROOM);
    uint64_t size, now = time_now(l, l->time_ms);
    struct store *s = l->store;
    enum xg_status status = append_time(l, now, err);

    /* As often as the size wanted asks for. */
    for (int i = 1; status == XG_OK && i < LEDGER_NOTES_MAX &&
                    l->tree.size < l->wanted; i++)
        status = append_time(l, now, err);
    if (status == XG_OK)
        status = s->ops->put_value(s, "time_ms", now, err);
    if (status == XG_OK)
        status = keeper_save(&l->keeper, s, err);
    size = l->tree.size;
    if (status == XG_OK)
        status = ledger_blocks_put(l, true, err);
    if (status == XG_OK) {
        l->time_ms = now;
        memcpy(staged->says.origin, l->signer->verifier.name,
               sizeof staged->says.origin);
        staged->says.size = size;
        xg_tree_root(&staged->says.root, &l->tree);
        xg_checkpoint_text(&text, &staged->says);
        status = xg_note_sign_buf(&staged->note, &text, l->signer, err);
    }
    if (status == XG_OK)
        status =
            s->ops->put_checkpoint(s, size, xg_buf_bytes(&staged->note), err);
    xg_buf_clear(&text);
    return status;
}

/* In the transaction; *wrote tells whether there is anything to publish. */
static enum xg_status run_jobs(struct ledger *l, struct ledger_job *jobs,
                               struct held *staged, bool *wrote,
                               struct xg_error *err)
{
    uint64_t before = l->tree.size;

    for (struct ledger_job *job = jobs; job; job = job->next)
        if (job->run(job, l, l->store, err) != XG_OK)
            return err->status;
    *wrote = l->tree.size > before || l->wanted > l->tree.size;
    return *wrote ? seal(l, staged, err) : XG_OK;
}

static void publish(struct ledger *l, struct held *staged)
{
    pthread_mutex_lock(&l->mutex);
    struct held old = l->published;
    l->published = *staged;
    l->published_ms = l->time_ms;
    *staged = old;
    pthread_mutex_unlock(&l->mutex);
}

/* Run, commit, swap, publish. Whatever fails leaves `unsure` set: the next
 * group asks store and lock how things stand. */
static enum xg_status try_group(struct ledger *l, struct ledger_job *jobs,
                                struct xg_error *err)
{
    struct held staged = {.note = XG_BUF(NOTE_ROOM)};
    struct store *s = l->store;
    bool wrote = false;
    enum xg_status status;

    if (l->unsure && recover(l, err) != XG_OK)
        return err->status;
    l->unsure = true;
    l->wanted = 0;
    status = s->ops->begin(s, err);
    if (status == XG_OK)
        status = run_jobs(l, jobs, &staged, &wrote, err);
    if (status == XG_OK)
        status = s->ops->commit(s, err);
    if (status != XG_OK)
        s->ops->rollback(s);
    else if (wrote)
        status = ledger_lock_swap(l->lock, l->signer->verifier.name,
                                  xg_buf_bytes(&l->published.note),
                                  xg_buf_bytes(&staged.note), err);
    if (status == XG_OK) {
        if (wrote)
            publish(l, &staged);
        l->unsure = false;
    }
    xg_buf_clear(&staged.note);
    return status;
}

static void settle(struct ledger_job *jobs, enum xg_status status,
                   const struct xg_error *err)
{
    for (struct ledger_job *job = jobs; job; job = job->next) {
        if (status != XG_OK)
            job->error = *err;
        if (job->settled)
            job->settled(job, status == XG_OK);
    }
}

/* One job that cannot be done must not keep the others from being done. */
static void run_group(struct ledger *l, struct ledger_job *jobs)
{
    struct xg_error err = XG_ERROR_NONE;
    enum xg_status status = try_group(l, jobs, &err);

    settle(jobs, status, &err);
    if (status == XG_OK || !jobs->next ||
        (xg_status_retry(status) && status != XG_NOMEM))
        return;
    for (struct ledger_job *job = jobs, *next; job; job = next) {
        next = job->next;
        job->next = NULL;
        job->error = err = XG_ERROR_NONE;
        settle(job, try_group(l, job, &err), &err);
        job->next = next;
    }
}

/* Take the jobs that wait, in their order: all, or one that is alone. */
static struct ledger_job *take(struct ledger *l)
{
    struct ledger_job *first = l->waiting, *last = first;

    while (!first->alone && last->next && !last->next->alone)
        last = last->next;
    l->waiting = last->next;
    if (!l->waiting)
        l->last_waiting = NULL;
    last->next = NULL;
    return first;
}

enum xg_status ledger_submit(struct ledger *l, struct ledger_job *job,
                             struct xg_error *err)
{
    job->next = NULL;
    job->done = false;
    job->error = XG_ERROR_NONE;

    pthread_mutex_lock(&l->mutex);
    if (l->behind) {
        pthread_mutex_unlock(&l->mutex);
        return ledger_refuse_behind(err);
    }
    if (l->last_waiting)
        l->last_waiting->next = job;
    else
        l->waiting = job;
    l->last_waiting = job;
    while (!job->done) {
        if (l->writing) {
            pthread_cond_wait(&l->settled, &l->mutex);
            continue;
        }
        struct ledger_job *jobs = take(l);
        l->writing = true;
        pthread_mutex_unlock(&l->mutex);
        run_group(l, jobs);
        pthread_mutex_lock(&l->mutex);
        l->writing = false;
        for (struct ledger_job *next; jobs; jobs = next) {
            next = jobs->next; /* gone once its owner sees `done` */
            jobs->done = true;
        }
        pthread_cond_broadcast(&l->settled);
    }
    pthread_mutex_unlock(&l->mutex);
    if (job->error.status != XG_OK)
        *err = job->error;
    return job->error.status;
}

bool ledger_is_busy(struct ledger *l)
{
    pthread_mutex_lock(&l->mutex);
    bool busy = l->writing || l->waiting;
    pthread_mutex_unlock(&l->mutex);
    return busy;
}

void ledger_tidy(struct ledger *l)
{
    struct xg_error err = XG_ERROR_NONE;

    pthread_mutex_lock(&l->mutex);
    bool rests = !l->writing && !l->waiting && !l->behind &&
                 l->published.says.size == l->rested;
    l->rested = l->published.says.size;
    if (rests)
        l->writing = true;
    pthread_mutex_unlock(&l->mutex);
    if (!rests)
        return;
    if (l->store->ops->tidy(l->store, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "ledger.tidy", "error=%s", xg_error_text(&err));
    pthread_mutex_lock(&l->mutex);
    l->writing = false;
    pthread_cond_broadcast(&l->settled);
    pthread_mutex_unlock(&l->mutex);
}
