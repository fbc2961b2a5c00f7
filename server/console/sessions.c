/* sessions.c - see sessions.h. */
#include "server/console/sessions.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"

static const int64_t MINUTE_MS = 60 * 1000;

void sessions_init(struct sessions *s)
{
    *s = (struct sessions){.may_swap = false};
    pthread_mutex_init(&s->lock, NULL);
}

static void release(struct session *session)
{
    sodium_free(session->locked); /* wipes it */
    free(session);
}

/* Out of the table; freed now, or by who holds it last. Under the lock. */
static void end_at(struct sessions *s, size_t i)
{
    struct session *session = s->all[i];

    atomic_store(&session->ended, true);
    s->all[i] = NULL;
    if (session->holders == 0)
        release(session);
}

void sessions_clear(struct sessions *s)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (s->all[i])
            end_at(s, i);
    pthread_mutex_destroy(&s->lock);
}

static bool is_over(const struct session *session, int64_t now_ms)
{
    return now_ms - session->began_ms >= SESSION_HOURS * 60 * MINUTE_MS ||
           now_ms - session->touched_ms >= SESSION_IDLE_MIN * MINUTE_MS;
}

static void hash_token(struct xg_hash *out, const char *token)
{
    crypto_hash_sha256(out->b, (const uint8_t *)token, strlen(token));
}

/* The key, where nobody swaps it out. NULL: no memory. */
static uint8_t *lock_secret(struct sessions *s, const uint8_t *secret)
{
    uint8_t *locked = sodium_malloc(XG_SECRET_KEY_SIZE);

    if (!locked)
        return NULL;
    memcpy(locked, secret, XG_SECRET_KEY_SIZE);
    if (sodium_mlock(locked, XG_SECRET_KEY_SIZE) != 0) {
        memcpy(locked, secret, XG_SECRET_KEY_SIZE);
        pthread_mutex_lock(&s->lock);
        bool said = s->may_swap;
        s->may_swap = true;
        pthread_mutex_unlock(&s->lock);
        if (!said)
            xg_log(XG_LOG_WARN, "console.memory",
                   "locked=false limit=RLIMIT_MEMLOCK");
    }
    sodium_mprotect_readonly(locked);
    return locked;
}

/* A free place; of what is over, and of hers beyond SESSIONS_EACH, places are
 * made. Under the lock. */
static size_t make_place(struct sessions *s, const char *code, int64_t now_ms)
{
    size_t place = SESSIONS_MAX, oldest = SESSIONS_MAX, hers = 0;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (s->all[i] && is_over(s->all[i], now_ms))
            end_at(s, i);
        if (!s->all[i]) {
            place = place == SESSIONS_MAX ? i : place;
        } else if (strcmp(s->all[i]->code, code) == 0) {
            hers++;
            if (oldest == SESSIONS_MAX ||
                s->all[i]->began_ms < s->all[oldest]->began_ms)
                oldest = i;
        }
    }
    if (hers >= SESSIONS_EACH) {
        end_at(s, oldest);
        place = oldest;
    }
    return place;
}

enum xg_status sessions_begin(struct sessions *s,
                              char token[static SESSION_TOKEN_SIZE],
                              const struct account *who, const uint8_t *secret,
                              int64_t now_ms, struct xg_error *err)
{
    struct session *made = calloc(1, sizeof *made);
    char text[SESSION_TOKEN_SIZE];
    uint8_t random[32];

    if (!made)
        return xg_fail_nomem(err);
    if (who->signs && secret) {
        made->locked = lock_secret(s, secret);
        if (!made->locked) {
            free(made);
            return xg_fail_nomem(err);
        }
    }
    memcpy(made->code, who->code, sizeof made->code);
    memcpy(made->unit, who->unit, sizeof made->unit);
    made->role = who->role;
    made->turn = who->turn;
    made->position = who->position;
    made->secret = made->locked;
    made->began_ms = made->touched_ms = now_ms;
    atomic_init(&made->ended, false);
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(text, sizeof text, random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    hash_token(&made->token, text);
    pthread_mutex_lock(&s->lock);
    size_t place = make_place(s, who->code, now_ms);
    if (place < SESSIONS_MAX)
        s->all[place] = made;
    pthread_mutex_unlock(&s->lock);
    if (place < SESSIONS_MAX)
        memcpy(token, text, sizeof text);
    sodium_memzero(random, sizeof random);
    sodium_memzero(text, sizeof text);
    if (place < SESSIONS_MAX)
        return XG_OK;
    release(made);
    return xg_fail(err, XG_BUSY, "%s",
                   XG_T("登录的人太多，请稍后再试",
                        "too many are logged in; try again later"));
}

struct session *sessions_take(struct sessions *s, const char *token,
                              bool touched, int64_t now_ms)
{
    struct session *found = NULL;
    struct xg_hash hash;

    hash_token(&hash, token);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < SESSIONS_MAX && !found; i++) {
        if (!s->all[i] || !xg_hash_equal(&s->all[i]->token, &hash))
            continue;
        if (is_over(s->all[i], now_ms)) {
            end_at(s, i);
            break;
        }
        found = s->all[i];
    }
    if (found) {
        found->holders++;
        if (touched)
            found->touched_ms = now_ms;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

void sessions_let_go(struct sessions *s, struct session *session)
{
    pthread_mutex_lock(&s->lock);
    bool last = --session->holders == 0 && atomic_load(&session->ended);
    pthread_mutex_unlock(&s->lock);
    if (last)
        release(session);
}

void sessions_end(struct sessions *s, struct session *session)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (s->all[i] == session)
            end_at(s, i);
    pthread_mutex_unlock(&s->lock);
}

void sessions_end_of(struct sessions *s, const char *code,
                     const struct session *but)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (s->all[i] && s->all[i] != but && strcmp(s->all[i]->code, code) == 0)
            end_at(s, i);
    pthread_mutex_unlock(&s->lock);
}

bool sessions_over(struct sessions *s, struct session *session, int64_t now_ms)
{
    pthread_mutex_lock(&s->lock);
    bool over = atomic_load(&session->ended) || is_over(session, now_ms);
    pthread_mutex_unlock(&s->lock);
    return over;
}

unsigned sessions_count(struct sessions *s, const char *code, int64_t now_ms)
{
    unsigned count = 0;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        count += s->all[i] && (!code || strcmp(s->all[i]->code, code) == 0) &&
                 !is_over(s->all[i], now_ms);
    pthread_mutex_unlock(&s->lock);
    return count;
}
