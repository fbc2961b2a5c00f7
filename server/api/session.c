/* session.c - see session.h. A ring of slots, and a table of buckets over the
 * hashes of tokens. All sessions live equally long, so the ring's next slot
 * holds the oldest. */
#include "server/api/session.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#define NONE UINT32_MAX

struct slot {
    struct xg_hash id; /* SHA-256 of the token */
    struct session whose;
    int64_t until_ms; /* on the monotonic clock */
    uint32_t next;    /* in its bucket */
    bool used;
};

struct session_table {
    const struct xg_env *env;
    pthread_mutex_t mutex;
    size_t capacity, head;
    struct slot *slots;
    uint32_t *buckets; /* capacity of them */
};

enum xg_status session_table_new(struct session_table **table, size_t capacity,
                                 const struct xg_env *env, struct xg_error *err)
{
    struct session_table *t = calloc(1, sizeof *t);

    if (!t)
        return xg_fail_nomem(err);
    t->env = env;
    t->capacity = capacity ? capacity : SESSION_CAPACITY;
    t->slots = calloc(t->capacity, sizeof *t->slots);
    t->buckets = malloc(t->capacity * sizeof *t->buckets);
    if (!t->slots || !t->buckets || pthread_mutex_init(&t->mutex, NULL) != 0) {
        free(t->slots);
        free(t->buckets);
        free(t);
        return xg_fail_nomem(err);
    }
    for (size_t i = 0; i < t->capacity; i++)
        t->buckets[i] = NONE;
    *table = t;
    return XG_OK;
}

void session_table_free(struct session_table *table)
{
    if (!table)
        return;
    pthread_mutex_destroy(&table->mutex);
    free(table->slots);
    free(table->buckets);
    free(table);
}

static uint32_t *bucket_of(struct session_table *t, const struct xg_hash *id)
{
    return &t->buckets[xg_load_u64(id->b) % t->capacity];
}

static void empty(struct session_table *t, uint32_t at)
{
    uint32_t *link = bucket_of(t, &t->slots[at].id);

    while (*link != at)
        link = &t->slots[*link].next;
    *link = t->slots[at].next;
    t->slots[at].used = false;
}

/* The slot that a device's new session takes: its own oldest where it has
 * enough of them, so that one device cannot push out the others. */
static uint32_t choose(struct session_table *t, const char *device)
{
    uint32_t oldest = NONE;
    unsigned own = 0;

    for (uint32_t i = 0; i < t->capacity; i++) {
        const struct slot *s = &t->slots[i];
        if (!s->used || strcmp(s->whose.device, device) != 0)
            continue;
        own++;
        if (oldest == NONE || s->until_ms < t->slots[oldest].until_ms)
            oldest = i;
    }
    if (own >= SESSION_PER_DEVICE)
        return oldest;
    uint32_t at = (uint32_t)t->head;
    t->head = (t->head + 1) % t->capacity;
    return at;
}

static void id_of(struct xg_hash *id, const struct xg_hash *token)
{
    crypto_hash_sha256(id->b, token->b, sizeof token->b);
}

void session_give(struct session_table *table, struct xg_hash *token,
                  const struct session *whose)
{
    struct slot fresh = {.whose = *whose, .used = true};

    xg_random(table->env, token->b, sizeof token->b);
    id_of(&fresh.id, token);
    fresh.until_ms = xg_mono_ms(table->env) + SESSION_LIFE_MS;

    pthread_mutex_lock(&table->mutex);
    uint32_t at = choose(table, whose->device);
    if (table->slots[at].used)
        empty(table, at);
    uint32_t *bucket = bucket_of(table, &fresh.id);
    fresh.next = *bucket;
    table->slots[at] = fresh;
    *bucket = at;
    pthread_mutex_unlock(&table->mutex);
}

bool session_find(struct session_table *table, struct session *whose,
                  const struct xg_hash *token)
{
    struct xg_hash id;
    bool found = false;

    id_of(&id, token);
    pthread_mutex_lock(&table->mutex);
    int64_t now = xg_mono_ms(table->env);
    uint32_t at = *bucket_of(table, &id);
    while (at != NONE && !xg_hash_equal(&table->slots[at].id, &id))
        at = table->slots[at].next;
    if (at != NONE && now < table->slots[at].until_ms) {
        *whose = table->slots[at].whose;
        found = true;
    }
    pthread_mutex_unlock(&table->mutex);
    return found;
}

void session_drop(struct session_table *table, const char *device)
{
    pthread_mutex_lock(&table->mutex);
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->slots[i].used &&
            strcmp(table->slots[i].whose.device, device) == 0)
            empty(table, i);
    pthread_mutex_unlock(&table->mutex);
}

size_t session_count(struct session_table *table)
{
    size_t count = 0;

    pthread_mutex_lock(&table->mutex);
    int64_t now = xg_mono_ms(table->env);
    for (size_t i = 0; i < table->capacity; i++)
        count += table->slots[i].used && now < table->slots[i].until_ms;
    pthread_mutex_unlock(&table->mutex);
    return count;
}
