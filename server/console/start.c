/* start.c - the console begins and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/console/inside.h"
#include "shared/base/lang.h"

void places_init(struct console_places *p, unsigned count)
{
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->free, NULL);
    p->left = count;
}

void places_clear(struct console_places *p)
{
    pthread_cond_destroy(&p->free);
    pthread_mutex_destroy(&p->lock);
}

void places_take(struct console_places *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->left == 0)
        pthread_cond_wait(&p->free, &p->lock);
    p->left--;
    pthread_mutex_unlock(&p->lock);
}

void places_give(struct console_places *p)
{
    pthread_mutex_lock(&p->lock);
    p->left++;
    pthread_cond_signal(&p->free);
    pthread_mutex_unlock(&p->lock);
}

int64_t console_now_ms(const struct console *c)
{
    return xg_mono_ms(&c->options.data->env);
}

const char *console_url(const struct console *c)
{
    return c->url;
}

unsigned console_sessions(struct console *c, const char *code)
{
    return sessions_count(&c->sessions, code, console_now_ms(c));
}

void console_end_sessions(struct console *c, const char *code)
{
    sessions_end_of(&c->sessions, code, NULL);
}

/* The address that we listen on, by the machine's name where that is all of
 * them. */
static void make_url(struct console *c)
{
    const char *listen = c->options.listen, *colon = strrchr(listen, ':');
    char host[GUARD_HOST_SIZE] = "";
    size_t len = colon ? (size_t)(colon - listen) : 0;

    if (c->options.url) {
        snprintf(c->url, sizeof c->url, "%s", c->options.url);
        return;
    }
    if (len < sizeof host)
        memcpy(host, listen, len);
    if (!strcmp(host, "0.0.0.0") || !strcmp(host, "[::]"))
        gethostname(host, sizeof host - 1);
    snprintf(c->url, sizeof c->url, "%s://%s:%u",
             c->options.plain ? "http" : "https", host,
             (unsigned)xg_web_port(c->web));
}

static enum xg_status judge_url(const char *url, bool plain,
                                struct xg_error *err)
{
    bool is_url = !url || strncmp(url, "https://", 8) == 0 ||
                  (plain && strncmp(url, "http://", 7) == 0);

    if (is_url && (!url || (strlen(url) < CONSOLE_URL_SIZE &&
                            url[strlen(url) - 1] != '/')))
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("--console-url 应如 https://desk.example:7444，末尾没"
                        "有斜线",
                        "--console-url is like https://desk.example:7444, "
                        "without a slash at its end"));
}

enum xg_status console_start(struct console **out,
                             const struct console_options *options,
                             struct xg_error *err)
{
    const struct rlimit no_core = {0, 0}; /* opened keys lie here */
    struct console *c;

    if (judge_url(options->url, options->plain, err) != XG_OK)
        return err->status;
    c = calloc(1, sizeof *c);
    if (!c)
        return xg_fail_nomem(err);
    setrlimit(RLIMIT_CORE, &no_core);
    c->options = *options;
    guard_init(&c->guard, options->plain, options->url);
    sessions_init(&c->sessions);
    places_init(&c->tries, CONSOLE_TRIES);
    quota_init(&c->quota);
    lately_init(&c->lately);
    const struct xg_web_options web = {
        .listen = options->listen,
        .tls_cert_pem = options->tls_cert_pem,
        .tls_key_pem = options->tls_key_pem,
        .allow_plain = options->plain,
        .max_connections = CONSOLE_CONNECTIONS,
        .max_per_address = CONSOLE_PER_ADDRESS};
    enum xg_status status =
        account_make_decoy(&c->decoy, &options->data->env, err);
    if (status == XG_OK)
        status = xg_tiles_new(&c->tiles, options->dir, err);
    if (status == XG_OK)
        status = events_start(&c->events, options->data, err);
    if (status == XG_OK)
        status = xg_web_start(&c->web, &web, console_routes,
                              console_route_count, c, err);
    if (status != XG_OK) {
        console_stop(c);
        return status;
    }
    make_url(c);
    *out = c;
    return XG_OK;
}

void console_stop(struct console *c)
{
    if (!c)
        return;
    xg_web_stop(c->web);
    events_stop(c->events);
    xg_tiles_free(c->tiles);
    sessions_clear(&c->sessions);
    places_clear(&c->tries);
    quota_clear(&c->quota);
    lately_clear(&c->lately);
    free(c);
}
