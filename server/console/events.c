/* events.c - see events.h. */
#include "server/console/events.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/wait.h"
#include "shared/map/maps.h"
#include "shared/web/http.h"

enum { PAGE = 256, KINDS_MAX = 32, ROUND_BYTES = 64 << 20, HANDS_BYTES = 16 << 20 };

/* A unit with those that it lies in, itself first. */
struct place {
    const char *chain[XG_UNIT_DEPTH_MAX + 1];
    size_t count;
};

struct changed {
    struct xg_id id;
    const struct xg_kind *kind;
    const size_t *places; /* its home first, then whose hands it was in */
    size_t place_count;
    bool has_home;
};

/* What changed in one round; all of it in its arena. */
struct round {
    struct xg_arena arena;
    uint64_t at; /* size of the log */
    bool cut;    /* there was more */
    bool maps;   /* of the maps, too */
    struct place *places;
    size_t place_count, place_room;
    struct changed *all;
    size_t count;
};

struct events {
    struct data *data;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool follows, stopping;
    uint64_t next; /* rounds ever */
    struct round kept[EVENTS_KEPT]; /* round i is at i % EVENTS_KEPT */
    uint64_t changed, number;       /* how far it is */
    struct timespec maps;           /* when their folder changed last */
    bool maps_turned;               /* found so in the round before */
};

/* ---- following the log ---- */

static enum xg_status fill_chain(struct place *p, struct xg_arena *arena,
                                 const struct xg_registry *registry,
                                 const char *unit, struct xg_error *err)
{
    const char *at = unit;

    while (*at && p->count < XG_UNIT_DEPTH_MAX) {
        struct xg_statement says;
        uint64_t position;
        bool found;
        const char *copy = xg_arena_str(arena, at, strlen(at));
        if (!copy)
            return xg_fail_nomem(err);
        p->chain[p->count++] = copy;
        if (registry->find(registry->ctx, XG_SAYS_UNIT, copy, UINT64_MAX, &says,
                           &position, &found, err) != XG_OK)
            return err->status;
        if (!found)
            break;
        at = xg_arena_str(arena, says.unit, strlen(says.unit));
        if (!at)
            return xg_fail_nomem(err);
    }
    return XG_OK;
}

/* The number of the unit in the round. */
static enum xg_status place_of(size_t *out, struct round *r,
                               const struct xg_registry *registry,
                               const char *unit, struct xg_error *err)
{
    for (size_t i = 0; i < r->place_count; i++)
        if (strcmp(r->places[i].chain[0], unit) == 0) {
            *out = i;
            return XG_OK;
        }
    if (r->place_count == r->place_room) {
        size_t room = r->place_room ? 2 * r->place_room : 16;
        struct place *more = xg_arena_array(&r->arena, room, sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        if (r->place_count)
            memcpy(more, r->places, r->place_count * sizeof *more);
        r->places = more;
        r->place_room = room;
    }
    struct place *p = &r->places[r->place_count];
    *p = (struct place){.count = 0};
    if (fill_chain(p, &r->arena, registry, unit, err) != XG_OK)
        return err->status;
    *out = r->place_count++;
    return XG_OK;
}

static enum xg_status note_entity(struct round *r, struct store *s,
                                  const struct xg_registry *registry,
                                  const struct store_entity *e,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(HANDS_BYTES);
    struct changed *c = &r->all[r->count];
    struct store_hand *hands = NULL;
    size_t count = 0, *places;
    enum xg_status status = XG_OK;

    *c = (struct changed){.id = e->id, .kind = xg_kind_find(e->kind)};
    if (e->handed != STORE_AT_HOME)
        status = s->ops->read_hands(s, &arena, &hands, &count, e->number, err);
    places = status == XG_OK
                 ? xg_arena_array(&r->arena, count + 1, sizeof *places)
                 : NULL;
    if (status == XG_OK && !places)
        status = xg_fail_nomem(err);
    c->places = places;
    c->has_home = *e->unit != '\0';
    if (status == XG_OK && c->has_home)
        status = place_of(&places[c->place_count++], r, registry, e->unit, err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (hands[i].unit[0] != '>')
            status = place_of(&places[c->place_count++], r, registry,
                              hands[i].unit, err);
    xg_arena_clear(&arena);
    if (status == XG_OK)
        r->count++;
    return status;
}

static enum xg_status read_round(struct round *r, struct events *e,
                                 struct xg_error *err)
{
    const struct xg_registry registry = registry_view(e->data->registry);
    struct xg_arena arena = XG_ARENA(ROUND_BYTES);
    struct store_entity *rows;
    struct store *s;
    size_t count = PAGE;
    enum xg_status status = XG_OK;

    r->all = xg_arena_array(&r->arena, EVENTS_ENTITIES_MAX, sizeof *r->all);
    if (!r->all)
        return xg_fail_nomem(err);
    if (data_borrow(e->data, &s, err) != XG_OK)
        return err->status;
    while (status == XG_OK && count == PAGE && !r->cut) {
        xg_arena_reset(&arena);
        status = s->ops->read_entities_changed(s, &arena, &rows, &count,
                                               e->changed, e->number, PAGE,
                                               err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            r->cut = r->count == EVENTS_ENTITIES_MAX;
            if (r->cut)
                break;
            status = note_entity(r, s, &registry, &rows[i], err);
            e->changed = rows[i].changed;
            e->number = rows[i].number;
        }
    }
    data_return(e->data, s);
    xg_arena_clear(&arena);
    return status;
}

/* When the folder of the maps changed last; no folder: never. */
static struct timespec maps_time(const struct events *e)
{
    char path[XG_MAPS_PATH_SIZE];
    struct xg_error err = XG_ERROR_NONE;
    struct stat st;

    if (!e->data->dir ||
        xg_maps_path(path, e->data->dir, "", &err) != XG_OK ||
        stat(path, &st) != 0)
        return (struct timespec){.tv_sec = 0};
    return st.st_mtim;
}

/* Have maps come or gone, by whichever process? Said once more in the round
 * that follows: what happens in the instant of a look bears its time. */
static bool maps_turn(struct events *e)
{
    struct timespec now = maps_time(e);
    bool turned = now.tv_sec != e->maps.tv_sec ||
                  now.tv_nsec != e->maps.tv_nsec;
    bool said = turned || e->maps_turned;

    e->maps = now;
    e->maps_turned = turned;
    return said;
}

/* What is not read, as there is too much of it or as it cannot be, is told all
 * the same: whoever hears of it looks at all. */
static enum xg_status follow_to(struct round *r, struct events *e,
                                uint64_t size, struct xg_error *err)
{
    r->at = size;
    enum xg_status status = read_round(r, e, err);
    r->cut |= status != XG_OK;
    if (r->cut) {
        e->changed = size - 1;
        e->number = INT64_MAX;
    }
    return status;
}

void events_look(struct events *e)
{
    struct round r = {.arena = XG_ARENA(ROUND_BYTES), .maps = maps_turn(e)};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;

    enum xg_status status = ledger_published(e->data->ledger, &c, NULL, &err);
    if (status == XG_OK && c.size > e->changed + 1)
        status = follow_to(&r, e, c.size, &err);
    if (status != XG_OK)
        xg_log(XG_LOG_WARN, "console.events", "error=%s", xg_error_text(&err));
    if (r.count == 0 && !r.cut && !r.maps) {
        xg_arena_clear(&r.arena);
        return;
    }
    pthread_mutex_lock(&e->lock);
    struct round *place = &e->kept[e->next++ % EVENTS_KEPT];
    struct xg_arena old = place->arena;
    *place = r;
    pthread_mutex_unlock(&e->lock);
    xg_arena_clear(&old);
}

static void *follow_log(void *ctx)
{
    struct events *e = ctx;

    pthread_mutex_lock(&e->lock);
    while (!e->stopping) {
        const struct timespec until = xg_wait_until(EVENTS_ROUND_MS);
        xg_wait(&e->stop, &e->lock, &until);
        if (e->stopping)
            break;
        pthread_mutex_unlock(&e->lock);
        events_look(e);
        pthread_mutex_lock(&e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

enum xg_status events_open(struct events **out, struct data *d,
                           struct xg_error *err)
{
    struct events *e = calloc(1, sizeof *e);
    struct xg_checkpoint c;

    if (!e)
        return xg_fail_nomem(err);
    if (ledger_published(d->ledger, &c, NULL, err) != XG_OK) {
        free(e);
        return err->status;
    }
    e->data = d;
    e->changed = c.size ? c.size - 1 : 0;
    e->number = INT64_MAX;
    e->maps = maps_time(e);
    for (size_t i = 0; i < EVENTS_KEPT; i++)
        e->kept[i].arena = XG_ARENA(ROUND_BYTES);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->stop, NULL);
    *out = e;
    return XG_OK;
}

enum xg_status events_start(struct events **out, struct data *d,
                            struct xg_error *err)
{
    struct events *e;

    if (events_open(&e, d, err) != XG_OK)
        return err->status;
    e->follows = pthread_create(&e->thread, NULL, follow_log, e) == 0;
    if (!e->follows) {
        events_stop(e);
        return xg_fail(err, XG_NOMEM, "%s",
                       XG_T("无法建立线程", "no thread to be had"));
    }
    *out = e;
    return XG_OK;
}

void events_stop(struct events *e)
{
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    e->stopping = true;
    pthread_cond_signal(&e->stop);
    pthread_mutex_unlock(&e->lock);
    if (e->follows)
        pthread_join(e->thread, NULL);
    for (size_t i = 0; i < EVENTS_KEPT; i++)
        xg_arena_clear(&e->kept[i].arena);
    pthread_cond_destroy(&e->stop);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

/* ---- telling ---- */

/* What one reader is told of some rounds. Codes are borrowed: the lock is
 * held. */
struct told {
    uint64_t at;
    bool all; /* look at all */
    struct {
        const struct xg_kind *kind;
        unsigned count;
    } kinds[KINDS_MAX];
    size_t kind_count;
    struct xg_id cases[EVENTS_TOLD_MAX];
    size_t case_count;
    const char *units[EVENTS_TOLD_MAX];
    size_t unit_count;
    bool more_cases, more_units;
    bool maps;
};

static bool lies_in(const struct place *p, const char *unit)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->chain[i], unit) == 0)
            return true;
    return false;
}

/* As sight_entity() has it. */
static bool sees(const struct round *r, const struct changed *c,
                 const char *within, const struct xg_role *role,
                 const struct place *own)
{
    bool contact = c->kind && c->kind->number == XG_KIND_CONTACT;

    if (!within)
        return true;
    if (contact)
        return role && role->informed && c->has_home &&
               lies_in(&r->places[c->places[0]], within);
    for (size_t i = 0; i < c->place_count; i++)
        if (lies_in(&r->places[c->places[i]], within))
            return true;
    return c->kind && c->kind->reaches_down && c->has_home &&
           lies_in(own, r->places[c->places[0]].chain[0]);
}

static void add_unit(struct told *t, const char *unit)
{
    for (size_t i = 0; i < t->unit_count; i++)
        if (strcmp(t->units[i], unit) == 0)
            return;
    if (t->unit_count < EVENTS_TOLD_MAX)
        t->units[t->unit_count++] = unit;
    else
        t->more_units = true;
}

static void add_case(struct told *t, const struct xg_id *id)
{
    for (size_t i = 0; i < t->case_count; i++)
        if (xg_id_equal(&t->cases[i], id))
            return;
    if (t->case_count < EVENTS_TOLD_MAX)
        t->cases[t->case_count++] = *id;
    else
        t->more_cases = true;
}

static void add(struct told *t, const struct round *r, const struct changed *c)
{
    size_t i = 0;

    while (i < t->kind_count && t->kinds[i].kind != c->kind)
        i++;
    if (c->kind && i == t->kind_count && i < KINDS_MAX)
        t->kinds[t->kind_count++].kind = c->kind;
    if (c->kind && i < t->kind_count)
        t->kinds[i].count++;
    add_case(t, &c->id);
    for (i = 0; i < c->place_count; i++)
        add_unit(t, r->places[c->places[i]].chain[0]);
}

static void put_line(struct xg_buf *line, const struct told *t)
{
    xg_buf_format(line, "{\"changed\":true,\"at\":%llu,\"kinds\":{",
                  (unsigned long long)t->at);
    for (size_t i = 0; i < t->kind_count; i++)
        xg_buf_format(line, "%s\"%s\":%u", i ? "," : "", t->kinds[i].kind->name,
                      t->kinds[i].count);
    xg_buf_text(line, "},\"cases\":");
    if (t->all || t->more_cases)
        xg_buf_text(line, "null");
    for (size_t i = 0; !t->all && !t->more_cases && i < t->case_count; i++) {
        xg_buf_text(line, i ? ",\"" : "[\"");
        xg_buf_hex(line, t->cases[i].b, XG_ID_SIZE);
        xg_buf_text(line, "\"");
    }
    xg_buf_text(line, t->all || t->more_cases ? ",\"units\":" : "],\"units\":");
    if (t->all || t->more_units)
        xg_buf_text(line, "null");
    else
        xg_buf_text(line, "[");
    for (size_t i = 0; !t->all && !t->more_units && i < t->unit_count; i++) {
        xg_buf_text(line, i ? "," : "");
        xg_json_string(line, t->units[i]);
    }
    xg_buf_text(line, t->all || t->more_units ? "}\n" : "]}\n");
}

uint64_t events_next(struct events *e)
{
    pthread_mutex_lock(&e->lock);
    uint64_t next = e->next;
    pthread_mutex_unlock(&e->lock);
    return next;
}

/* Under the lock. */
static void gather(struct told *t, struct events *e, uint64_t from,
                   const char *within, const struct xg_role *role,
                   const struct place *own)
{
    if (e->next - from > EVENTS_KEPT) {
        t->all = true;
        from = e->next - EVENTS_KEPT;
    }
    for (uint64_t i = from; i < e->next; i++) {
        const struct round *r = &e->kept[i % EVENTS_KEPT];
        t->at = r->at ? r->at : t->at;
        t->all |= r->cut;
        t->maps |= r->maps;
        for (size_t k = 0; k < r->count; k++)
            if (sees(r, &r->all[k], within, role, own))
                add(t, r, &r->all[k]);
    }
}

enum xg_status events_tell(struct xg_buf *line, struct events *e,
                           uint64_t *next, const char *within,
                           const struct xg_role *role, struct xg_error *err)
{
    const struct xg_registry registry = registry_view(e->data->registry);
    struct xg_arena arena = XG_ARENA(64 << 10);
    struct told *t = calloc(1, sizeof *t);
    struct place own = {.count = 0};
    enum xg_status status = t ? XG_OK : xg_fail_nomem(err);

    if (status == XG_OK && within)
        status = fill_chain(&own, &arena, &registry, within, err);
    if (status == XG_OK) {
        pthread_mutex_lock(&e->lock);
        gather(t, e, *next, within, role, &own);
        *next = e->next;
        if (t->all || t->case_count)
            put_line(line, t);
        if (t->maps)
            xg_buf_text(line, "{\"changed\":true,\"in\":[\"maps\"]}\n");
        pthread_mutex_unlock(&e->lock);
        status = xg_buf_check(line, err);
    }
    xg_arena_clear(&arena);
    free(t);
    return status;
}
