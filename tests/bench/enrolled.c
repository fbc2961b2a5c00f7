/* enrolled.c - see enrolled.h. */
#include "tests/bench/enrolled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/data/data.h"

enum { STATEMENTS_EACH = 200 }; /* in one registry note of at most 64 KiB */

struct enrolled {
    struct data *data;
    struct xg_statement list[STATEMENTS_EACH];
    size_t count;
};

static void check(enum xg_status status, const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "prepare: server: %s\n", xg_error_text(err));
    exit(1);
}

static void put_told(struct enrolled *e)
{
    struct xg_error err = XG_ERROR_NONE;

    if (e->count)
        check(registry_put(e->data->registry, e->list, e->count, &err), &err);
    e->count = 0;
}

struct enrolled *enrolled_open(const char *dir, const struct xg_env *env)
{
    static const char *const codes[] = {"371302", "371302001", "371302001001"};
    struct xg_error err = XG_ERROR_NONE;
    struct enrolled *e = calloc(1, sizeof *e);

    if (!e)
        exit(1);
    check(data_open(&e->data, dir, env, &err), &err);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct xg_statement *unit = &e->list[e->count++];
        *unit = (struct xg_statement){.kind = XG_SAYS_UNIT};
        snprintf(unit->subject, sizeof unit->subject, "%s", codes[i]);
        if (i)
            snprintf(unit->unit, sizeof unit->unit, "%s", codes[i - 1]);
    }
    put_told(e);
    return e;
}

const struct xg_verifier *enrolled_log(const struct enrolled *e)
{
    return &e->data->log.verifier;
}

const uint8_t *enrolled_registrar(const struct enrolled *e)
{
    return registry_registrar_key(e->data->registry);
}

void enrolled_name(char name[static XG_KEY_NAME_MAX + 1],
                   const struct enrolled *e, uint64_t number)
{
    registry_device_name(name, data_origin(e->data), number);
}

void enrolled_put(struct enrolled *e, const char *worker,
                  const struct xg_verifier *device)
{
    struct xg_statement *s;

    if (e->count + 2 > STATEMENTS_EACH)
        put_told(e);
    s = &e->list[e->count++];
    *s = (struct xg_statement){.kind = XG_SAYS_WORKER, .role = XG_ROLE_WORKER};
    snprintf(s->subject, sizeof s->subject, "%s", worker);
    snprintf(s->unit, sizeof s->unit, "371302001001");
    s = &e->list[e->count++];
    *s = (struct xg_statement){.kind = XG_SAYS_DEVICE};
    snprintf(s->subject, sizeof s->subject, "%s", device->name);
    snprintf(s->owner, sizeof s->owner, "%s", worker);
    memcpy(s->key, device->key, sizeof s->key);
}

void enrolled_close(struct enrolled *e)
{
    put_told(e);
    data_close(e->data);
    free(e);
}
