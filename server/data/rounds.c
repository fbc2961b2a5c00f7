/* rounds.c - see rounds.h. */
#include "server/data/rounds.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "shared/base/wait.h"

struct rounds {
    void (*round)(void *ctx);
    void *ctx;
    unsigned every_s;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping;
};

static bool sleep_on(struct rounds *r)
{
    const struct timespec until = xg_wait_until(1000ULL * r->every_s);

    pthread_mutex_lock(&r->mutex);
    while (!r->stopping && xg_wait(&r->wake, &r->mutex, &until))
        ;
    bool stopping = r->stopping;
    pthread_mutex_unlock(&r->mutex);
    return !stopping;
}

static void *run(void *arg)
{
    struct rounds *r = arg;

    do {
        r->round(r->ctx);
    } while (sleep_on(r));
    return NULL;
}

enum xg_status rounds_start(struct rounds **out, const char *name,
                            unsigned every_s, void (*round)(void *ctx),
                            void *ctx, struct xg_error *err)
{
    struct rounds *r = calloc(1, sizeof *r);

    if (!r)
        return xg_fail_nomem(err);
    r->round = round;
    r->ctx = ctx;
    r->every_s = every_s;
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->wake, NULL);
    int rc = pthread_create(&r->thread, NULL, run, r);
    if (rc != 0) {
        free(r);
        errno = rc;
        return xg_fail_os(err, "%s", name);
    }
    *out = r;
    return XG_OK;
}

void rounds_stop(struct rounds *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->mutex);
    r->stopping = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->mutex);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->mutex);
    free(r);
}
