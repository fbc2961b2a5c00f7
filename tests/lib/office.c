/* office.c - see office.h. */
#include "tests/lib/test.h"

#include "tests/lib/office.h"

#include <stdio.h>
#include <stdlib.h>

#define ORIGIN "test.example"

static void add_people(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says[] = {
        {.kind = XG_SAYS_UNIT, .subject = "top"},
        {.kind = XG_SAYS_UNIT, .subject = "north", .unit = "top"},
        {.kind = XG_SAYS_UNIT, .subject = "south", .unit = "top"},
        {.kind = XG_SAYS_WORKER,
         .subject = "wn",
         .role = XG_ROLE_WORKER,
         .unit = "north"},
        {.kind = XG_SAYS_WORKER,
         .subject = "hn",
         .role = XG_ROLE_HANDLER,
         .unit = "north"},
        {.kind = XG_SAYS_WORKER,
         .subject = "ws",
         .role = XG_ROLE_WORKER,
         .unit = "south"},
        {.kind = XG_SAYS_WORKER,
         .subject = "head",
         .role = XG_ROLE_DISPATCHER,
         .unit = "top"},
        {.kind = XG_SAYS_WORKER,
         .subject = "boss",
         .role = XG_ROLE_SUPERVISOR,
         .unit = "top"},
    };

    assert_ok(
        registry_put(o->d->registry, says, sizeof says / sizeof *says, &err));
}

static void begin(struct office *o)
{
    *o = (struct office){.world = {.seed = 1, .wall_ms = 1780000000000}};
    o->arena = XG_ARENA(512 << 20);
    o->env = test_env(&o->world);
}

void office_open(struct office *o, struct store_fault *fault)
{
    static const uint8_t seed[32] = {7};
    struct xg_error err = XG_ERROR_NONE;

    begin(o);
    assert_ok(data_open_memory(&o->d, ORIGIN, seed, fault, &o->env, &err));
    add_people(o);
}

void office_open_files(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    char inside[TEST_PATH_SIZE];

    begin(o);
    test_folder_make(o->folder, "office");
    snprintf(inside, sizeof inside, "%s/data", o->folder);
    assert_ok(data_init(inside, ORIGIN, NULL, &o->env, &err));
    assert_ok(data_open(&o->d, inside, &o->env, &err));
    add_people(o);
}

void office_close(struct office *o)
{
    data_close(o->d);
    xg_arena_clear(&o->arena);
    if (*o->folder)
        test_folder_remove(o->folder);
}

void office_import(struct office *o, const char *kind, const char *edition,
                   const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_reference kept;

    assert_ok(registry_put_reference(o->d->registry, &kept, kind, edition,
                                     xg_bytes_of(text), &err));
}

struct xg_id office_report(struct office *o, const char *category)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct xg_draft d;

    xg_draft_init(&d, &o->arena, XG_KIND_INCIDENT);
    d.head.creates = true;
    test_text(&d, XG_INCIDENT_CATEGORY, category);
    test_text(&d, XG_FIELD_GRID, "north");
    assert_ok(desk_write(&done, o->d, &d, "wn", NULL, &err));
    return done.id;
}

enum xg_status office_do(struct office *o, struct desk_done *done,
                         const struct xg_id *id, const char *who, uint64_t move,
                         struct xg_error *err, ...)
{
    struct fold f = office_fold(o, id);
    struct xg_draft d;
    va_list fields;
    uint32_t number;

    xg_draft_init(&d, &o->arena, f.state.kind->number);
    d.head.creates = false;
    d.head.entity = *id;
    d.head.move = move;
    d.head.from = f.state.status;
    va_start(fields, err);
    while ((number = va_arg(fields, uint32_t)) != 0)
        test_text(&d, number, va_arg(fields, const char *));
    va_end(fields);
    return desk_write(done, o->d, &d, who, NULL, err);
}

struct fold office_fold(struct office *o, const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_registry view = registry_view(o->d->registry);
    struct store *reader;
    struct fold f;
    bool found = false;

    assert_ok(data_borrow(o->d, &reader, &err));
    assert_ok(fold_of_entity(&f, &found, &o->arena, reader, &view, id, &err));
    data_return(o->d, reader);
    assert_true(found);
    return f;
}

uint64_t office_log_size(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;

    assert_ok(ledger_published(o->d->ledger, &c, NULL, &err));
    return c.size;
}

void office_check(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(data_check(o->d, NULL, NULL, &err));
    assert_ok(ingest_rebuild(o->d->ingest, &err));
    assert_ok(data_check(o->d, NULL, NULL, &err));
}
