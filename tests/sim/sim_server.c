/* sim_server.c - the server of the simulator: the real handlers over a real
 * store, whose calls fail where fate will have it; see sim.h. */
#include "tests/sim/sim_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum {
    CODE_LIFE_DAYS = 3650,
    ONCE_PERMILLE = 15, /* requests in which the store fails once */
    DIES_PERMILLE = 15, /* requests in which the server dies */
    MOST_AHEAD_MS = 3600000, /* its clock, where that is believed */
};

static const int64_t day_ms = 24 * 3600 * 1000;

/* ---- its surroundings ---- */

static int64_t wall_ms(void *ctx)
{
    struct sim_server *s = ctx;

    return s->world->now_ms + s->ahead_ms;
}

static int64_t mono_ms(void *ctx)
{
    struct sim_server *s = ctx;

    return s->world->now_ms - s->world->start_ms;
}

static uint32_t boot(void *ctx)
{
    return ((struct sim_server *)ctx)->boot;
}

static void draw(void *ctx, void *out, size_t len)
{
    sim_fill(&((struct sim_server *)ctx)->rng, out, len);
}

/* ---- opening ---- */

static void open_data(struct sim_server *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *store, *faulty;
    struct ledger_lock *lock;

    s->fault = (struct store_fault){.status = XG_OK};
    sim_ok(s->world, store_sqlite_open(&store, s->path, &err));
    sim_ok(s->world, store_fault_open(&faulty, store, &s->fault, &err));
    sim_ok(s->world, ledger_lock_open(&lock, s->lock_path, &err));
    sim_ok(s->world, data_open_over(&s->data, faulty, lock, SIM_ORIGIN, s->seed,
                                    &s->env, &err));
    sim_ok(s->world, api_open(&s->api, s->data, &err));
    /* As data_open() does, once there is a log: who was killed in the middle of
     * an erasure. */
    if (s->size)
        sim_ok(s->world, redact_finish(s->data, &err));
}

static void close_data(struct sim_server *s)
{
    api_close(&s->api);
    data_close(s->data);
    s->data = NULL;
}

static void import_territory(struct sim_server *s)
{
    static const char *const levels[] = {"district", "street", "community",
                                         "grid"};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf csv = XG_BUF(64 << 10);
    struct xg_reference reference;

    xg_buf_text(&csv, "code,level,parent,name\n");
    for (size_t i = 0; i < sim_unit_count(); i++) {
        const char *unit = sim_unit(i), *last = strrchr(unit, '-');
        size_t level = 0;
        for (const char *at = unit; *at; at++)
            level += *at == '-';
        xg_buf_format(&csv, "%s,%s,%.*s,U%zu\n", unit, levels[level],
                      last ? (int)(last - unit) : 0, unit, i);
    }
    sim_ok(s->world, xg_buf_check(&csv, &err));
    sim_ok(s->world,
           registry_put_reference(s->data->registry, &reference, "territory",
                                  "2027", xg_buf_bytes(&csv), &err));
    xg_buf_clear(&csv);
}

static enum xg_status put_catalogue(struct sim_server *s, struct sim_task *task,
                                    struct xg_error *err)
{
    struct xg_buf csv = XG_BUF(4096);
    struct xg_reference reference;
    char edition[SIM_EDITION];

    (void)task;
    sim_catalogue(&csv, edition, s->editions);
    enum xg_status status = xg_buf_check(&csv, err);
    if (status == XG_OK)
        status = registry_put_reference(s->data->registry, &reference,
                                        "catalogue", edition,
                                        xg_buf_bytes(&csv), err);
    xg_buf_clear(&csv);
    return status;
}

void sim_server_catalogue(struct sim_server *s)
{
    struct sim_task task = {.code = NULL};

    s->editions++;
    s->world->act = "importing a catalogue";
    sim_server_persist(s, &task, put_catalogue);
    sim_say(s->world, "edition %u of the catalogue", s->editions);
}

struct sim_server *sim_server_new(struct sim_world *w)
{
    struct sim_server *s = sim_alloc(sizeof *s);

    *s = (struct sim_server){.world = w,
                             .rng = sim_rng(w->script->seed, 2),
                             .fate = sim_rng(w->script->seed, 3),
                             .boot = 1};
    s->env = (struct xg_env){s, wall_ms, mono_ms, boot, draw};
    sim_fill(&s->rng, s->seed, sizeof s->seed);
    snprintf(s->path, sizeof s->path, "%.200s/server.db", w->options.dir);
    snprintf(s->lock_path, sizeof s->lock_path, "%.200s/lock.db",
             w->options.dir);
    open_data(s);
    import_territory(s);
    sim_server_worker(s, "op", "dispatcher", "d");
    sim_server_worker(s, "su", "supervisor", "d");
    return s;
}

void sim_server_free(struct sim_server *s)
{
    if (!s)
        return;
    if (s->data)
        close_data(s);
    free(s->revoked);
    free(s);
}

/* How far ahead its clock is after a boot: a little, in the fifth in 2099, in the
 * seventh in 1970, which are never believed. */
static int64_t ahead_ms(struct sim_server *s)
{
    static const int64_t jumps_ms[] = {0,      0,       0,       1500,
                                       -90000, MOST_AHEAD_MS, -7200000};
    int64_t little_ms =
        jumps_ms[sim_below(&s->fate, sizeof jumps_ms / sizeof *jumps_ms)];

    return s->boot % 5 == 0   ? INT64_C(73) * 365 * day_ms
           : s->boot % 7 == 0 ? 1000 - s->world->now_ms
                              : little_ms;
}

void sim_server_restart(struct sim_server *s)
{
    int64_t before_ms = s->ahead_ms;

    if ((int64_t)ledger_time_ms(s->data->ledger) >
        s->world->now_ms + MOST_AHEAD_MS)
        sim_fail(s->world, "the log's time is %" PRIu64 ", now is %" PRId64,
                 ledger_time_ms(s->data->ledger), s->world->now_ms);
    close_data(s);
    s->boot++;
    s->ahead_ms = ahead_ms(s);
    if (s->ahead_ms != before_ms)
        sim_count(s->world, SIM_F_SERVER_CLOCK);
    open_data(s);
    /* The smallest thing that must hold of every restart. */
    if (sim_server_size(s) < s->size)
        sim_fail(s->world,
                 "the server came back with a log of %" PRIu64
                 " entries after %" PRIu64 " were published",
                 sim_server_size(s), s->size);
}

void sim_server_fate(struct sim_server *s, uint64_t seed)
{
    s->fate = sim_rng(seed, 3);
}

void sim_server_heal(struct sim_server *s)
{
    s->fault = (struct store_fault){.status = XG_OK};
    sim_server_restart(s);
    s->ahead_ms = 0;
}

/* ---- faults ---- */

/* Some call of the store fails from now on: once, or this one and all after
 * it, which is a process that dies there. */
static void tempt(struct sim_server *s, bool *dies)
{
    static const enum xg_status how[] = {XG_IO, XG_FULL, XG_NOMEM, XG_BUSY};
    uint64_t fate = sim_below(&s->fate, 1000);

    *dies = fate < DIES_PERMILLE;
    if (s->world->healed || s->world->calm & SIM_CALM_SERVER ||
        fate >= DIES_PERMILLE + ONCE_PERMILLE) {
        *dies = false;
        return;
    }
    s->fault = (struct store_fault){
        .countdown = sim_below(&s->fate, 1ull << sim_below(&s->fate, 9)),
        .repeat = *dies,
        .status = how[sim_below(&s->fate, sizeof how / sizeof *how)]};
}

bool sim_server_faulty(const struct sim_server *s)
{
    return s->fault.failed > 0;
}

/* What came of it. True: it died and was started again. */
static bool overcome(struct sim_server *s, bool dies)
{
    bool failed = sim_server_faulty(s);

    s->fault = (struct store_fault){.status = XG_OK};
    if (failed)
        sim_count(s->world, dies ? SIM_F_SERVER : SIM_F_STORE);
    if (!failed || !dies)
        return false;
    sim_say(s->world, "the server dies");
    sim_server_restart(s);
    return true;
}

/* ---- requests ---- */

static void give_answer(struct transport_answer *answer,
                        const struct xg_response *response)
{
    const char *type = response->content_type ? response->content_type : "";
    size_t len = strcspn(type, "; ");

    answer->http_status = response->http_status;
    answer->retry_after_s = 0;
    for (size_t i = 0; i < response->extra_count; i++)
        if (strcasecmp(response->extra[i].name, "Retry-After") == 0)
            answer->retry_after_s = atoi(response->extra[i].value);
    snprintf(answer->type, sizeof answer->type, "%.*s", (int)len, type);
    xg_buf_reset(&answer->body);
    if (response->body.len)
        xg_buf_append(&answer->body, response->body.data, response->body.len);
}

static void serve(struct sim_server *s, const struct transport_request *r,
                  struct transport_answer *answer)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(XG_WEB_ARENA_BYTES);
    struct xg_http_field headers[3] = {{"Accept-Language", "en"}};
    char bearer[96], size[32];
    struct xg_request request = {.method = r->method,
                                 .body = r->body,
                                 .headers = headers,
                                 .header_count = 1,
                                 .peer = "127.0.0.1",
                                 .arena = &arena};
    struct xg_response response;

    if (r->bearer) {
        snprintf(bearer, sizeof bearer, "Bearer %s", r->bearer);
        headers[request.header_count++] =
            (struct xg_http_field){"Authorization", bearer};
    }
    if (r->states_size) {
        snprintf(size, sizeof size, "%" PRIu64, r->size);
        headers[request.header_count++] =
            (struct xg_http_field){"Xunge-Size", size};
    }
    sim_ok(s->world, xg_request_target(&request, r->path, &err));
    xg_response_init(&response);
    xg_route_serve(api_routes, api_route_count, &s->api, &request, &response);
    if (response.file_fd >= 0)
        sim_fail(s->world, "%s is answered from a file", r->path);
    give_answer(answer, &response);
    xg_response_clear(&response);
    xg_arena_clear(&arena);
}

bool sim_server_serve(struct sim_server *s, const struct transport_request *r,
                      struct transport_answer *answer)
{
    bool dies;

    tempt(s, &dies);
    serve(s, r, answer);
    int status = answer->http_status;
    bool faulty = sim_server_faulty(s);
    if (overcome(s, dies))
        return false;
    if (status >= 500 && !faulty)
        sim_fail(s->world, "%s %s was answered %d without any fault: %s",
                 r->method, r->path, status, xg_buf_str(&answer->body));
    uint64_t size = sim_server_size(s);
    if (size < s->size)
        sim_fail(s->world, "the log went from %" PRIu64 " to %" PRIu64, s->size,
                 size);
    s->size = size;
    return true;
}

uint64_t sim_server_size(struct sim_server *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;

    sim_ok(s->world, ledger_published(s->data->ledger, &c, NULL, &err));
    return c.size;
}

/* ---- the operator: what fails is done again ---- */

static bool is_refusal(enum xg_status status)
{
    return status == XG_REFUSED || status == XG_USAGE || status == XG_NOTFOUND;
}

void sim_server_persist(struct sim_server *s, struct sim_task *task,
                        sim_act *act)
{
    bool dies, again = true;

    while (again) {
        struct xg_error err = XG_ERROR_NONE;
        tempt(s, &dies);
        enum xg_status status = act(s, task, &err);
        bool faulty = sim_server_faulty(s);
        again = overcome(s, dies) || status != XG_OK;
        if (status == XG_OK || faulty)
            continue;
        if (!task->may_refuse || !is_refusal(status))
            sim_fail(s->world, "operator: %s", xg_error_text(&err));
        task->refused = true;
        task->answer = err;
        again = false;
    }
    s->size = sim_server_size(s);
}

static enum xg_status add_worker(struct sim_server *s, struct sim_task *task,
                                 struct xg_error *err)
{
    return registry_add_worker(s->data->registry, task->code, task->code,
                               xg_role_named(task->role), task->unit, err);
}

void sim_server_worker(struct sim_server *s, const char *code, const char *role,
                       const char *unit)
{
    struct sim_task task = {.code = code, .role = role, .unit = unit};

    sim_server_persist(s, &task, add_worker);
}

static enum xg_status put_statements(struct sim_server *s,
                                     struct sim_task *task,
                                     struct xg_error *err)
{
    return registry_put(s->data->registry, task->says, task->says_count, err);
}

void sim_server_workers(struct sim_server *s,
                        const struct sim_person *const *people, size_t count)
{
    struct xg_statement *says = sim_alloc(count * sizeof *says);
    struct sim_task task = {.says = says, .says_count = count};

    for (size_t i = 0; i < count; i++) {
        says[i].kind = XG_SAYS_WORKER;
        says[i].role = xg_role_named(people[i]->role)->number;
        snprintf(says[i].subject, sizeof says[i].subject, "%s",
                 people[i]->worker);
        snprintf(says[i].unit, sizeof says[i].unit, "%s", people[i]->unit);
    }
    sim_server_persist(s, &task, put_statements);
    free(says);
}

static enum xg_status make_code(struct sim_server *s, struct sim_task *task,
                                struct xg_error *err)
{
    return registry_make_code(s->data->registry, task->secret, task->code,
                              s->world->now_ms + CODE_LIFE_DAYS * day_ms,
                              &s->env, err);
}

static enum xg_status require_approval(struct sim_server *s, struct sim_task *task,
                                       struct xg_error *err)
{
    struct xg_hash id;

    xg_secret_id(&id, task->secret);
    return approval_require(s->data, &id, err);
}

void sim_server_code(struct sim_server *s, struct xg_enrol_code *code,
                     const char *worker, bool approval)
{
    struct sim_task task = {.code = worker};

    sim_server_persist(s, &task, make_code);
    if (approval)
        sim_server_persist(s, &task, require_approval);
    *code = (struct xg_enrol_code){.log = s->data->log.verifier};
    snprintf(code->url, sizeof code->url, "http://127.0.0.1:1");
    snprintf(code->worker, sizeof code->worker, "%s", worker);
    memcpy(code->registrar, s->data->registrar.verifier.key,
           sizeof code->registrar);
    memcpy(code->secret, task.secret, sizeof code->secret);
}

static enum xg_status approve(struct sim_server *s, struct sim_task *task,
                              struct xg_error *err)
{
    /* Done already, by a try whose answer was lost? */
    struct xg_verifier key;
    bool found;

    if (registry_device(s->data->registry, &key, &found, task->device, err) !=
        XG_OK)
        return err->status;
    return found ? XG_OK : approval_give(s->data, task->device, err);
}

void sim_server_approve_all(struct sim_server *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct store *reader = sim_server_borrow(s);
    struct store_device *rows;
    size_t count;

    sim_ok(s->world,
           reader->ops->read_devices(reader, &arena, &rows, &count, &err));
    sim_server_return(s, reader);
    for (size_t i = 0; i < count; i++)
        if (rows[i].state == XG_DEVICE_PENDING)
            sim_server_persist(s, &(struct sim_task){.device = rows[i].name}, approve);
    xg_arena_clear(&arena);
}

static enum xg_status revoke(struct sim_server *s, struct sim_task *task,
                             struct xg_error *err)
{
    return registry_revoke(s->data->registry, task->device, err);
}

bool sim_server_knows(struct sim_server *s, const char *device)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_verifier key;
    bool found;

    sim_ok(s->world,
           registry_device(s->data->registry, &key, &found, device, &err));
    return found;
}

void sim_server_revoke(struct sim_server *s, const char *device)
{
    sim_server_persist(s, &(struct sim_task){.device = device}, revoke);
    s->revoked = sim_grow(s->revoked, s->revoked_count, &s->revoked_room,
                          sizeof *s->revoked);
    struct sim_revoked *r = &s->revoked[s->revoked_count++];
    *r = (struct sim_revoked){.size = sim_server_size(s)};
    snprintf(r->device, sizeof r->device, "%s", device);
}

/* ---- looking ---- */

struct store *sim_server_borrow(struct sim_server *s)
{
    struct xg_error err = XG_ERROR_NONE;

    if (s->looks++ == 0)
        sim_ok(s->world, data_borrow(s->data, &s->reader, &err));
    return s->reader;
}

void sim_server_return(struct sim_server *s, struct store *reader)
{
    if (--s->looks > 0)
        return;
    data_return(s->data, reader);
    s->reader = NULL;
}

bool sim_server_has_record(struct sim_server *s, const struct xg_hash *record)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *reader = sim_server_borrow(s);
    struct store_record row;
    bool found;

    sim_ok(s->world, reader->ops->find_record(reader, &arena, &row, &found,
                                              record, &err));
    sim_server_return(s, reader);
    xg_arena_clear(&arena);
    return found;
}

bool sim_server_has_batch(struct sim_server *s, const struct xg_hash *id,
                          uint64_t position)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *reader = sim_server_borrow(s);
    struct store_batch b;
    bool found;

    sim_ok(s->world, reader->ops->find_batch(reader, &b, &found, id, &err));
    sim_server_return(s, reader);
    return found && b.position == position;
}
