/* sim_net.c - the network between device and server: it drops, cuts, delays,
 * doubles, and answers in the server's place; see sim.h. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- requests that travel on by themselves ---- */

static void free_letter(struct sim_letter *l)
{
    free(l->body);
    l->body = NULL;
}

void sim_net_forget(struct sim_world *w)
{
    for (size_t i = 0; i < w->letter_count; i++)
        free_letter(&w->letters[i]);
    w->letter_count = 0;
}

/* The oldest one is given up where there is no room. */
static void post(struct sim_device *d, const struct transport_request *r)
{
    struct sim_world *w = d->world;

    if (strlen(r->path) >= sizeof w->letters->path)
        sim_fail(w, "a long path: %s", r->path);
    if (w->letter_count == SIM_LETTERS_MAX) {
        free_letter(&w->letters[0]);
        memmove(w->letters, w->letters + 1,
                --w->letter_count * sizeof *w->letters);
    }
    struct sim_letter *l = &w->letters[w->letter_count++];
    *l = (struct sim_letter){
        .due_ms = w->now_ms + 1 +
                  (int64_t)sim_below(&w->rng, 1ull << sim_below(&w->rng, 25)),
        .states_size = r->states_size,
        .size = r->size,
        .body_len = r->body.len,
        .sender = d->index,
        .number = d->asked};
    snprintf(l->method, sizeof l->method, "%s", r->method);
    snprintf(l->path, sizeof l->path, "%s", r->path);
    snprintf(l->bearer, sizeof l->bearer, "%s", r->bearer ? r->bearer : "");
    l->body = sim_alloc(r->body.len + 1);
    if (r->body.len)
        memcpy(l->body, r->body.at, r->body.len);
}

static void deliver(struct sim_world *w, struct sim_letter *l)
{
    struct transport_answer answer = {.body = XG_BUF(XG_ANSWER_MAX)};
    const struct transport_request r = {.method = l->method,
                                        .path = l->path,
                                        .bearer = *l->bearer ? l->bearer : NULL,
                                        .states_size = l->states_size,
                                        .size = l->size,
                                        .body = xg_bytes(l->body, l->body_len)};

    const struct sim_device *sender = sim_device_at(w, l->sender);

    sim_count(w, SIM_REQUESTS);
    if (sender && sender->heard > l->number)
        sim_count(w, SIM_F_OVERTAKEN);
    sim_server_serve(w->server, &r, &answer);
    sim_note(w, "letter", (uint64_t)answer.http_status, NULL);
    xg_buf_clear(&answer.body);
}

void sim_net_deliver(struct sim_world *w)
{
    for (size_t i = 0; i < w->letter_count;) {
        if (w->letters[i].due_ms > w->now_ms) {
            i++;
            continue;
        }
        struct sim_letter l = w->letters[i];
        memmove(w->letters + i, w->letters + i + 1,
                (--w->letter_count - i) * sizeof *w->letters);
        deliver(w, &l);
        free_letter(&l);
    }
}

/* ---- what can happen ---- */

enum fate {
    F_NONE,
    F_NEVER,
    F_LOST,
    F_TORN,
    F_CUT,
    F_SHORT,
    F_FLIPPED,
    F_DELAYED,
    F_TWICE,
    F_STALE,
    F_PORTAL,
    F_BUSY,
    F_COUNT
};

/* Of a thousand requests, by weather; F_NONE takes what is left. */
static const unsigned odds[SIM_WEATHERS][F_COUNT] = {
    [SIM_GOOD] = {[F_TWICE] = 20, [F_LOST] = 5},
    [SIM_FLAKY] = {0, 60, 50, 20, 40, 40, 20, 40, 60, 20, 5, 20},
    [SIM_AWFUL] = {0, 150, 120, 50, 80, 80, 40, 80, 60, 30, 10, 30},
    [SIM_OFFLINE] = {[F_NEVER] = 1000},
    [SIM_PORTAL] = {[F_PORTAL] = 960},
};

static enum fate draw_fate(struct sim_device *d)
{
    uint64_t n = sim_below(&d->world->rng, 1000);

    if (d->world->healed || d->world->calm & SIM_CALM_NET)
        return F_NONE;
    for (unsigned f = 1; f < F_COUNT; f++) {
        if (n < odds[d->weather][f])
            return (enum fate)f;
        n -= odds[d->weather][f];
    }
    return F_NONE;
}

static enum xg_status no_answer(struct sim_device *d, struct xg_error *err,
                                enum sim_counter why)
{
    if (why < SIM_COUNTER_COUNT)
        sim_count(d->world, why);
    d->world->now_ms += (int64_t)sim_below(&d->world->rng, 20000);
    return xg_fail(err, XG_NET, "no answer");
}

static enum xg_status answer_portal(struct sim_device *d,
                                    struct transport_answer *answer)
{
    static const char page[] =
        "<!doctype html><html><title>Free WLAN</title>Please log in</html>\n";

    sim_count(d->world, SIM_F_PORTAL);
    answer->http_status = 200;
    /* Not every portal says what it is. */
    snprintf(answer->type, sizeof answer->type, "%s",
             sim_chance(&d->world->rng, 700) ? "text/html"
                                             : "application/octet-stream");
    xg_buf_reset(&answer->body);
    xg_buf_text(&answer->body, page);
    return XG_OK;
}

static enum xg_status answer_busy(struct sim_device *d,
                                  struct transport_answer *answer)
{
    sim_count(d->world, SIM_F_BUSY);
    answer->http_status = sim_chance(&d->world->rng, 500) ? 503 : 502;
    answer->retry_after_s = (int64_t)sim_below(&d->world->rng, 60);
    snprintf(answer->type, sizeof answer->type, "text/plain");
    xg_buf_reset(&answer->body);
    xg_buf_text(&answer->body, "upstream is not there\n");
    return XG_OK;
}

/* A cache between gives an answer that it has kept. */
static bool answer_stale(struct sim_device *d,
                         const struct transport_request *r,
                         struct transport_answer *answer)
{
    if (!*d->cached_path || strcmp(d->cached_path, r->path) != 0)
        return false;
    sim_count(d->world, SIM_F_STALE);
    answer->http_status = d->cached.http_status;
    answer->retry_after_s = d->cached.retry_after_s;
    memcpy(answer->type, d->cached.type, sizeof answer->type);
    xg_buf_reset(&answer->body);
    if (d->cached.body.len)
        xg_buf_append(&answer->body, d->cached.body.data, d->cached.body.len);
    return true;
}

static void keep_answer(struct sim_device *d, const struct transport_request *r,
                        const struct transport_answer *answer)
{
    snprintf(d->cached_path, sizeof d->cached_path, "%s", r->path);
    d->cached.http_status = answer->http_status;
    d->cached.retry_after_s = answer->retry_after_s;
    memcpy(d->cached.type, answer->type, sizeof d->cached.type);
    xg_buf_reset(&d->cached.body);
    if (answer->body.len)
        xg_buf_append(&d->cached.body, answer->body.data, answer->body.len);
}

/* One bit. What is signed shows it; the proof of a hello is not signed, so it
 * is asked for a second time, and only that much can be asked of a device. */
static void flip(struct sim_device *d, const struct transport_request *r,
                 struct transport_answer *answer)
{
    bool hello = strcmp(r->path, "/v1/hello") == 0;

    if (answer->body.len == 0 || (hello && d->flipped))
        return;
    d->flipped = d->flipped || hello;
    d->damaged = true;
    answer->body.data[sim_below(&d->world->rng, answer->body.len)] ^=
        (uint8_t)(1u << sim_below(&d->world->rng, 8));
    sim_count(d->world, SIM_F_FLIPPED);
}

/* Others do not wait while this one does. */
static void others(struct sim_device *d)
{
    struct sim_world *w = d->world;

    bool meanwhile = sim_chance(&w->rng, 20), session = sim_chance(&w->rng, 60);
    struct sim_device *o =
        sim_device_at(w, (unsigned)sim_below(&w->rng, w->script->slots));
    const struct sim_plan plan = {.seed = sim_next(&w->rng),
                                  .saves = (unsigned)sim_below(&w->rng, 5),
                                  .sync = sim_chance(&w->rng, 700)};
    if (w->healed || w->calm & SIM_CALM_OTHERS)
        return;
    if (meanwhile)
        sim_device_meanwhile(d);
    if (w->depth >= SIM_NESTING || !session || !o || o->busy)
        return;
    w->depth++;
    sim_session(o, &plan);
    w->depth--;
    w->act = "syncing";
}

/* The line is cut in the middle of the request, and whoever stands between hands
 * on what there was. */
static enum xg_status ask_torn(struct sim_device *d,
                               const struct transport_request *r,
                               struct transport_answer *answer,
                               struct xg_error *err)
{
    struct transport_request part = *r;

    part.body.len = (size_t)sim_below(&d->world->rng, r->body.len + 1);
    sim_server_serve(d->world->server, &part, answer);
    return no_answer(d, err, SIM_F_TORN_REQUEST);
}

static enum xg_status ask(struct sim_device *d,
                          const struct transport_request *r,
                          struct transport_answer *answer, enum fate fate,
                          struct xg_error *err)
{
    struct sim_world *w = d->world;

    if (fate == F_TWICE || fate == F_DELAYED) {
        sim_count(w, fate == F_TWICE ? SIM_F_TWICE : SIM_F_DELAYED);
        post(d, r);
    }
    if (fate == F_TORN)
        return ask_torn(d, r, answer, err);
    if (fate == F_DELAYED || !sim_server_serve(w->server, r, answer))
        return no_answer(d, err, SIM_COUNTER_COUNT);
    d->heard = d->asked;
    keep_answer(d, r, answer);
    if (fate == F_LOST)
        return no_answer(d, err, SIM_F_LOST);
    if (fate == F_CUT || fate == F_SHORT) {
        answer->body.len = (size_t)sim_below(&w->rng, answer->body.len + 1);
        if (fate == F_CUT)
            return no_answer(d, err, SIM_F_CUT);
        sim_count(w, SIM_F_SHORT);
    }
    if (fate == F_FLIPPED)
        flip(d, r, answer);
    else if (strcmp(r->path, "/v1/hello") == 0)
        d->flipped = false;
    return XG_OK;
}

enum xg_status sim_net_request(void *ctx, const struct transport_request *r,
                               struct transport_answer *answer,
                               struct xg_error *err)
{
    struct sim_device *d = ctx;
    struct sim_world *w = d->world;

    if (sim_device_dies(d))
        return xg_fail(err, XG_NET, "dead");
    sim_count(w, SIM_REQUESTS);
    d->asked++;
    w->now_ms += 20 + (int64_t)sim_below(&w->rng, 400);
    others(d);
    sim_net_deliver(w);

    enum fate fate = draw_fate(d);
    if (fate == F_NEVER)
        return no_answer(d, err, SIM_F_NEVER);
    if (fate == F_PORTAL)
        return answer_portal(d, answer);
    if (fate == F_BUSY)
        return answer_busy(d, answer);
    if (fate == F_STALE && answer_stale(d, r, answer))
        return XG_OK;
    enum xg_status status = ask(d, r, answer, fate, err);
    if (!w->healed && sim_chance(&w->rng, 20))
        others(d);
    return status;
}
