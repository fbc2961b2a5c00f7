/* guides.c - see guides.h. */
#include "server/data/guides.h"

#include <pthread.h>
#include <stdlib.h>

#include "server/data/guide.h"

enum { KEPT = 4 }; /* a megabyte or two each; more at once are rare */

struct guides {
    pthread_mutex_t mutex;
    struct guide_lent *idle;
    size_t idle_count;
};

enum xg_status guides_new(struct guides **out, struct xg_error *err)
{
    struct guides *g = calloc(1, sizeof *g);

    if (!g)
        return xg_fail_nomem(err);
    pthread_mutex_init(&g->mutex, NULL);
    *out = g;
    return XG_OK;
}

static void drop(struct guide_lent *lent)
{
    xg_guide_free(lent->guide);
    free(lent);
}

void guides_free(struct guides *g)
{
    if (!g)
        return;
    for (struct guide_lent *at = g->idle, *next; at; at = next) {
        next = at->next;
        drop(at);
    }
    pthread_mutex_destroy(&g->mutex);
    free(g);
}

/* From the reader of who has it now. */
static enum xg_status each(void *ctx, const char *kind, uint64_t size,
                           enum xg_status visit(void *visitor,
                                                const struct xg_guide_file *f,
                                                struct xg_error *err),
                           void *visitor, struct xg_error *err)
{
    struct guide_lent *lent = ctx;
    struct xg_guide_source now = guide_source(lent->store);
    enum xg_status status =
        now.each(now.ctx, kind, size, visit, visitor, err);

    lent->failed |= status != XG_OK;
    return status;
}

static struct guide_lent *make(uint64_t mark, struct xg_error *err)
{
    struct guide_lent *lent = calloc(1, sizeof *lent);
    const struct xg_guide_source source = {lent, each};

    if (!lent) {
        xg_ignore(xg_fail_nomem(err));
        return NULL;
    }
    lent->mark = mark;
    if (xg_guide_new(&lent->guide, &source, err) == XG_OK)
        return lent;
    free(lent);
    return NULL;
}

static struct guide_lent *take_idle(struct guides *g)
{
    pthread_mutex_lock(&g->mutex);
    struct guide_lent *lent = g->idle;
    if (lent) {
        g->idle = lent->next;
        g->idle_count--;
    }
    pthread_mutex_unlock(&g->mutex);
    return lent;
}

enum xg_status guides_lend(struct guide_lent **out, struct guides *g,
                           struct store *store, struct xg_error *err)
{
    struct guide_lent *lent;
    uint64_t mark;

    if (guide_mark(&mark, store, err) != XG_OK)
        return err->status;
    while ((lent = take_idle(g)) && lent->mark != mark)
        drop(lent);
    if (!lent && !(lent = make(mark, err)))
        return err->status;
    lent->store = store;
    *out = lent;
    return XG_OK;
}

void guides_give(struct guides *g, struct guide_lent *lent)
{
    if (!lent)
        return;
    lent->store = NULL;
    pthread_mutex_lock(&g->mutex);
    bool keeps = g->idle_count < KEPT && !lent->failed;
    if (keeps) {
        lent->next = g->idle;
        g->idle = lent;
        g->idle_count++;
    }
    pthread_mutex_unlock(&g->mutex);
    if (!keeps)
        drop(lent);
}
