/* quota.c - see quota.h. */
#include "server/console/quota.h"

#include <string.h>

#define MIB ((uint64_t)1 << 20)

/* How many of one, of all; and how many bytes, unless it is one alone. What is
 * made already when it is asked for is not refused for its own size: only for
 * those before it. */
static const struct {
    unsigned each, all;
    uint64_t bytes_each, bytes_all;
    bool made;
} limits[QUOTA_KINDS] = {
    [QUOTA_FEED] = {4, 24, 256 * MIB, UINT64_MAX, false},
    [QUOTA_ANSWER] = {6, 32, 512 * MIB, 1024 * MIB, false},
    [QUOTA_FILE] = {16, 96, 1024 * MIB, UINT64_MAX, true},
    [QUOTA_STREAM] = {16, SESSIONS_MAX, UINT64_MAX, UINT64_MAX, false},
};

void quota_init(struct quota *q)
{
    memset(q, 0, sizeof *q);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->turn, NULL);
}

void quota_clear(struct quota *q)
{
    pthread_cond_destroy(&q->turn);
    pthread_mutex_destroy(&q->lock);
}

/* Hers; made where she has none. NULL: there are as many as there are sessions.
 * Under the lock. */
static struct quota_share *share_of(struct quota *q, const char *code)
{
    struct quota_share *unused = NULL;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (strcmp(q->each[i].code, code) == 0)
            return &q->each[i];
        if (!*q->each[i].code && !unused)
            unused = &q->each[i];
    }
    if (unused)
        memcpy(unused->code, code, strlen(code) + 1);
    return unused;
}

/* Nothing of hers is under way: her place is another's. Under the lock. */
static void settle(struct quota_share *s)
{
    unsigned left = s->running + s->waiting;

    for (int i = 0; i < QUOTA_KINDS; i++)
        left += s->count[i];
    if (left == 0)
        s->code[0] = '\0';
}

/* ---- commands ---- */

static bool is_her_turn(const struct quota *q, const struct quota_share *s)
{
    if (q->all.running == QUOTA_RUNS || s->running == QUOTA_RUNS_EACH)
        return false;
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (q->each[i].waiting && q->each[i].running < s->running)
            return false;
    return true;
}

bool quota_begin_run(struct quota *q, const char *code)
{
    pthread_mutex_lock(&q->lock);
    struct quota_share *s = share_of(q, code);
    bool may = s && s->running + s->waiting < QUOTA_CALLS_EACH;
    if (may) {
        s->waiting++;
        while (!is_her_turn(q, s))
            pthread_cond_wait(&q->turn, &q->lock);
        s->waiting--;
        s->running++;
        q->all.running++;
        pthread_cond_broadcast(&q->turn); /* another may be next by now */
    }
    pthread_mutex_unlock(&q->lock);
    return may;
}

void quota_end_run(struct quota *q, const char *code)
{
    pthread_mutex_lock(&q->lock);
    struct quota_share *s = share_of(q, code);
    s->running--;
    q->all.running--;
    settle(s);
    pthread_cond_broadcast(&q->turn);
    pthread_mutex_unlock(&q->lock);
}

/* ---- the rest ---- */

static bool has_room(const struct quota_share *s, enum quota_kind kind,
                     unsigned count_max, uint64_t bytes_max, uint64_t bytes)
{
    if (s->count[kind] >= count_max)
        return false;
    return s->count[kind] == 0 ||
           (bytes <= bytes_max && s->bytes[kind] <= bytes_max - bytes);
}

bool quota_begin(struct quota *q, const char *code, enum quota_kind kind,
                 uint64_t bytes)
{
    uint64_t asked = limits[kind].made ? 0 : bytes;

    pthread_mutex_lock(&q->lock);
    struct quota_share *s = share_of(q, code);
    bool may = s &&
               has_room(s, kind, limits[kind].each, limits[kind].bytes_each,
                        asked) &&
               has_room(&q->all, kind, limits[kind].all, limits[kind].bytes_all,
                        asked);
    if (may) {
        s->count[kind]++;
        s->bytes[kind] += bytes;
        q->all.count[kind]++;
        q->all.bytes[kind] += bytes;
    } else if (s) {
        settle(s);
    }
    pthread_mutex_unlock(&q->lock);
    return may;
}

void quota_end(struct quota *q, const char *code, enum quota_kind kind,
               uint64_t bytes)
{
    pthread_mutex_lock(&q->lock);
    struct quota_share *s = share_of(q, code);
    s->count[kind]--;
    s->bytes[kind] -= bytes;
    q->all.count[kind]--;
    q->all.bytes[kind] -= bytes;
    settle(s);
    pthread_mutex_unlock(&q->lock);
}

uint64_t quota_bytes(struct quota *q, enum quota_kind kind)
{
    pthread_mutex_lock(&q->lock);
    uint64_t bytes = q->all.bytes[kind];
    pthread_mutex_unlock(&q->lock);
    return bytes;
}
