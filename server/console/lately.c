/* lately.c - see lately.h. */
#include "server/console/lately.h"

#include <string.h>

void lately_init(struct lately *l)
{
    *l = (struct lately){.acts = 1};
    pthread_mutex_init(&l->lock, NULL);
}

void lately_clear(struct lately *l)
{
    for (size_t i = 0; i < LATELY_KEPT; i++)
        xg_buf_clear(&l->kept[i].text);
    pthread_mutex_destroy(&l->lock);
}

uint64_t lately_acts(struct lately *l)
{
    pthread_mutex_lock(&l->lock);
    uint64_t acts = l->acts;
    pthread_mutex_unlock(&l->lock);
    return acts;
}

void lately_acted(struct lately *l)
{
    pthread_mutex_lock(&l->lock);
    l->acts++;
    pthread_mutex_unlock(&l->lock);
}

bool lately_find(struct lately *l, struct xg_buf *out,
                 const struct xg_hash *question, int64_t now_ms)
{
    bool found = false;

    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; !found && i < LATELY_KEPT; i++) {
        found = l->kept[i].acts == l->acts &&
                now_ms - l->kept[i].at_ms < LATELY_MS &&
                xg_hash_equal(&l->kept[i].question, question);
        if (found)
            xg_buf_append(out, l->kept[i].text.data, l->kept[i].text.len);
    }
    pthread_mutex_unlock(&l->lock);
    return found && out->failed == XG_OK;
}

void lately_keep(struct lately *l, const struct xg_hash *question,
                 struct xg_bytes text, uint64_t acts, int64_t now_ms)
{
    if (text.len > LATELY_BYTES)
        return;
    pthread_mutex_lock(&l->lock);
    if (acts == l->acts) {
        unsigned i = l->next++ % LATELY_KEPT;
        xg_buf_clear(&l->kept[i].text);
        l->kept[i].text = XG_BUF(LATELY_BYTES);
        xg_buf_append(&l->kept[i].text, text.at, text.len);
        l->kept[i].question = *question;
        l->kept[i].at_ms = now_ms;
        l->kept[i].acts = l->kept[i].text.failed == XG_OK ? acts : 0;
    }
    pthread_mutex_unlock(&l->lock);
}
