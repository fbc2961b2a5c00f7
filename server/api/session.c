/* session.c - see session.h. Slots, found by the hashes of tokens and by the
 * names of devices, and strung by age. All sessions live equally long, so the
 * oldest are those that run out first: they are forgotten whenever somebody
 * comes, and those of one device are strung by age in its bucket, too. */
#include "server/api/session.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#define NONE UINT32_MAX

struct slot {
    struct xg_hash id; /* SHA-256 of the token */
    struct session whose;
    int64_t until_ms;      /* on the monotonic clock */
    uint32_t older, newer; /* of all */
    uint32_t next_by_id;   /* in its bucket; of a free one: the next free one */
    uint32_t next_by_device; /* in its bucket, newest first */
};

struct session_table {
    const struct xg_env *env;
    pthread_mutex_t mutex;
    size_t capacity, used; /* those behind `used` have never been */
    size_t count;
    struct slot *slots;
    uint32_t *by_id, *by_device; /* capacity buckets of each */
    uint32_t oldest, newest, free;
    uint8_t key[crypto_shorthash_KEYBYTES];
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
    t->by_id = malloc(t->capacity * sizeof *t->by_id);
    t->by_device = malloc(t->capacity * sizeof *t->by_device);
    if (!t->slots || !t->by_id || !t->by_device ||
        pthread_mutex_init(&t->mutex, NULL) != 0) {
        free(t->slots);
        free(t->by_id);
        free(t->by_device);
        free(t);
        return xg_fail_nomem(err);
    }
    for (size_t i = 0; i < t->capacity; i++)
        t->by_id[i] = t->by_device[i] = NONE;
    t->oldest = t->newest = t->free = NONE;
    randombytes_buf(t->key, sizeof t->key);
    *table = t;
    return XG_OK;
}

void session_table_free(struct session_table *table)
{
    if (!table)
        return;
    pthread_mutex_destroy(&table->mutex);
    free(table->slots);
    free(table->by_id);
    free(table->by_device);
    free(table);
}

static uint32_t *id_bucket(struct session_table *t, const struct xg_hash *id)
{
    return &t->by_id[xg_load_u64(id->b) % t->capacity];
}

/* Under a key of this table's own: nobody names devices so that they meet. It
 * is no choice that anybody could see, so it needs no lent randomness. */
static uint32_t *device_bucket(struct session_table *t, const char *device)
{
    uint8_t hash[crypto_shorthash_BYTES];

    crypto_shorthash(hash, (const uint8_t *)device, strlen(device), t->key);
    return &t->by_device[xg_load_u64(hash) % t->capacity];
}

static void forget(struct session_table *t, uint32_t at)
{
    struct slot *s = &t->slots[at];
    uint32_t *id = id_bucket(t, &s->id);
    uint32_t *device = device_bucket(t, s->whose.device);

    while (*id != at)
        id = &t->slots[*id].next_by_id;
    *id = s->next_by_id;
    while (*device != at)
        device = &t->slots[*device].next_by_device;
    *device = s->next_by_device;
    *(s->older == NONE ? &t->oldest : &t->slots[s->older].newer) = s->newer;
    *(s->newer == NONE ? &t->newest : &t->slots[s->newer].older) = s->older;
    s->next_by_id = t->free;
    t->free = at;
    t->count--;
}

/* What has run out. */
static void forget_over(struct session_table *t, int64_t now_ms)
{
    while (t->oldest != NONE && t->slots[t->oldest].until_ms <= now_ms)
        forget(t, t->oldest);
}

/* Its own oldest goes where a device has enough of them, so that one device
 * cannot push out the others. */
static void make_room(struct session_table *t, const char *device)
{
    uint32_t oldest = NONE;
    unsigned own = 0;

    for (uint32_t i = *device_bucket(t, device); i != NONE;
         i = t->slots[i].next_by_device) {
        if (strcmp(t->slots[i].whose.device, device) != 0)
            continue;
        oldest = i;
        own++;
    }
    if (own >= SESSION_PER_DEVICE)
        forget(t, oldest);
    else if (t->count == t->capacity)
        forget(t, t->oldest);
}

static uint32_t take_slot(struct session_table *t)
{
    uint32_t at = t->free;

    if (at == NONE)
        return (uint32_t)t->used++;
    t->free = t->slots[at].next_by_id;
    return at;
}

static void id_of(struct xg_hash *id, const struct xg_hash *token)
{
    crypto_hash_sha256(id->b, token->b, sizeof token->b);
}

void session_give(struct session_table *table, struct xg_hash *token,
                  const struct session *whose)
{
    struct slot fresh = {.whose = *whose, .newer = NONE};

    xg_random(table->env, token->b, sizeof token->b);
    id_of(&fresh.id, token);

    pthread_mutex_lock(&table->mutex);
    int64_t now_ms = xg_mono_ms(table->env);
    forget_over(table, now_ms);
    make_room(table, whose->device);
    uint32_t at = take_slot(table);
    uint32_t *id = id_bucket(table, &fresh.id);
    uint32_t *device = device_bucket(table, whose->device);
    fresh.until_ms = now_ms + SESSION_LIFE_MS;
    fresh.older = table->newest;
    fresh.next_by_id = *id;
    fresh.next_by_device = *device;
    table->slots[at] = fresh;
    *id = *device = at;
    *(fresh.older == NONE ? &table->oldest : &table->slots[fresh.older].newer) =
        at;
    table->newest = at;
    table->count++;
    pthread_mutex_unlock(&table->mutex);
}

bool session_find(struct session_table *table, struct session *whose,
                  const struct xg_hash *token)
{
    struct xg_hash id;

    id_of(&id, token);
    pthread_mutex_lock(&table->mutex);
    forget_over(table, xg_mono_ms(table->env));
    uint32_t at = *id_bucket(table, &id);
    while (at != NONE && !xg_hash_equal(&table->slots[at].id, &id))
        at = table->slots[at].next_by_id;
    if (at != NONE)
        *whose = table->slots[at].whose;
    pthread_mutex_unlock(&table->mutex);
    return at != NONE;
}

size_t session_count(struct session_table *table)
{
    pthread_mutex_lock(&table->mutex);
    forget_over(table, xg_mono_ms(table->env));
    size_t count = table->count;
    pthread_mutex_unlock(&table->mutex);
    return count;
}
