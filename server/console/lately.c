/* lately.c - see lately.h. */
#include "server/console/lately.h"

#include <string.h>

void lately_init(struct lately *l)
{
    *l = (struct lately){.acts = 1};
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->found, NULL);
}

void lately_clear(struct lately *l)
{
    for (size_t i = 0; i < LATELY_KEPT; i++)
        xg_buf_clear(&l->kept[i].text);
    pthread_cond_destroy(&l->found);
    pthread_mutex_destroy(&l->lock);
}

void lately_acted(struct lately *l)
{
    pthread_mutex_lock(&l->lock);
    l->acts++;
    pthread_cond_broadcast(&l->found); /* who waits, asks anew */
    pthread_mutex_unlock(&l->lock);
}

/* The lock is held. */
static bool kept(const struct lately *l, struct xg_buf *out,
                 const struct xg_hash *question, int64_t now_ms)
{
    for (size_t i = 0; i < LATELY_KEPT; i++)
        if (l->kept[i].acts == l->acts &&
            now_ms - l->kept[i].at_ms < LATELY_MS &&
            xg_hash_equal(&l->kept[i].question, question)) {
            xg_buf_append(out, l->kept[i].text.data, l->kept[i].text.len);
            return out->failed == XG_OK;
        }
    return false;
}

/* The lock is held. Whoever began before the last act may not have seen it. */
static bool is_looked_for(const struct lately *l,
                          const struct xg_hash *question)
{
    for (const struct lately_look *of = l->looking; of; of = of->next)
        if (of->acts == l->acts && xg_hash_equal(&of->question, question))
            return true;
    return false;
}

bool lately_find(struct lately *l, struct xg_buf *out,
                 const struct xg_hash *question, int64_t now_ms,
                 struct lately_look *look)
{
    uint64_t waited_at = 0; /* acts: none were done at 0 */

    pthread_mutex_lock(&l->lock);
    bool given = kept(l, out, question, now_ms);
    while (!given && waited_at != l->acts && is_looked_for(l, question)) {
        waited_at = l->acts;
        while (waited_at == l->acts && is_looked_for(l, question))
            pthread_cond_wait(&l->found, &l->lock);
        given = kept(l, out, question, now_ms);
    }
    if (!given) {
        *look = (struct lately_look){*question, l->acts, l->looking};
        l->looking = look;
    }
    pthread_mutex_unlock(&l->lock);
    return given;
}

/* The lock is held. */
static void keep(struct lately *l, const struct lately_look *look,
                 struct xg_bytes text, int64_t now_ms)
{
    unsigned i = l->next++ % LATELY_KEPT;

    xg_buf_clear(&l->kept[i].text);
    l->kept[i].text = XG_BUF(LATELY_BYTES);
    xg_buf_append(&l->kept[i].text, text.at, text.len);
    l->kept[i].question = look->question;
    l->kept[i].at_ms = now_ms;
    l->kept[i].acts = l->kept[i].text.failed == XG_OK ? look->acts : 0;
}

void lately_found(struct lately *l, struct lately_look *look,
                  struct xg_bytes text, int64_t now_ms)
{
    struct lately_look **at = &l->looking;

    pthread_mutex_lock(&l->lock);
    while (*at != look)
        at = &(*at)->next;
    *at = look->next;
    if (text.len > 0 && text.len <= LATELY_BYTES && look->acts == l->acts)
        keep(l, look, text, now_ms);
    pthread_cond_broadcast(&l->found);
    pthread_mutex_unlock(&l->lock);
}
