/* sync_rig.c - see sync_rig.h. */
#include "tests/lib/test.h"

#include "tests/lib/sync_rig.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/os.h"

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

static bool wait_ms(void *ctx, int64_t ms)
{
    struct rig *r = ctx;

    assert_true(ms > 0);
    r->world.mono_ms += ms;
    r->world.wall_ms += ms;
    r->waited_ms += ms;
    r->waits++;
    return true;
}

static void on_batch(void *ctx, const struct store_batch *batch,
                     enum xg_batch_state state, uint64_t entry)
{
    struct rig *r = ctx;

    (void)batch, (void)state, (void)entry;
    r->receipts++;
}

int rig_set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    r->world = (struct test_world){
        .seed = 7, .wall_ms = 1763700000000, .mono_ms = 5000, .boot = 3};
    r->env = test_env(&r->world);
    r->server = fake_server_new(&r->env);
    test_folder_make(r->path, "sync");
    assert_ok(home_open(&r->home, r->path, true, &r->env, &err));
    *state = r;
    return 0;
}

int rig_tear_down(void **state)
{
    struct rig *r = *state;

    home_close(&r->home);
    fake_server_free(r->server);
    test_folder_remove(r->path);
    free(r);
    return 0;
}

static struct sync_host host_of(struct rig *r)
{
    return (struct sync_host){r, wait_ms, NULL, on_batch};
}

enum xg_status rig_enrol(struct rig *r, struct xg_error *error)
{
    struct xg_transport t = fake_server_transport(r->server);
    struct sync_host host = host_of(r);

    return sync_enrol(&r->home, &t, &host, &r->options, &r->server->code,
                      &r->report, error);
}

enum xg_status rig_sync(struct rig *r, struct xg_error *error)
{
    struct xg_transport t = fake_server_transport(r->server);
    struct sync_host host = host_of(r);

    return sync_run(&r->home, &t, &host, &r->options, &r->report, error);
}

enum xg_status rig_fetch(struct rig *r, const struct xg_hash *photo,
                         struct xg_error *error)
{
    struct xg_transport t = fake_server_transport(r->server);
    struct sync_host host = host_of(r);

    return sync_fetch_photo(&r->home, &t, &host, &r->options, photo, &r->report,
                            error);
}

void rig_report(struct rig *r, const char *text)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_draft draft;
    struct captured out;

    xg_draft_init(&draft, &arena, XG_KIND_INCIDENT);
    test_text(&draft, XG_INCIDENT_CATEGORY, "road/hole");
    test_text(&draft, XG_INCIDENT_DESCRIPTION, text);
    assert_ok(capture_create(r->home.store, &out, &draft, NULL, &err));
    xg_arena_clear(&arena);
}

struct store_counts rig_counts(struct rig *r)
{
    struct store_counts c;

    assert_ok(store_count(r->home.store, &c, &err));
    return c;
}

struct xg_checkpoint rig_held(struct rig *r)
{
    struct xg_checkpoint c = {.size = 0};
    bool found;

    assert_ok(store_get_checkpoint(r->home.store, &c, NULL, &found, &err));
    if (!found)
        c.size = 0;
    return c;
}

struct xg_hash rig_chain(struct rig *r)
{
    struct store_chain c;

    assert_ok(store_current_chain(r->home.store, &c, &err));
    return c.chain;
}

bool rig_writes_on(struct rig *r, const struct xg_hash *chain)
{
    struct xg_hash now = rig_chain(r);

    return xg_hash_equal(&now, chain);
}

/* Every batch at the server came into its log once. */
void rig_check_once(const struct rig *r)
{
    const struct fake_server *f = r->server;

    for (size_t i = 0; i < f->batch_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(xg_hash_equal(&f->batches[i].id, &f->batches[j].id));
}

bool rig_is(const struct transport_request *q, const char *path)
{
    return strncmp(q->path, path, strlen(path)) == 0;
}

bool rig_has_file(const struct rig *r, const char *name)
{
    char path[TEST_PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", r->path, name);
    return xg_os_exists(path);
}

/* ---- folders ---- */

void rig_copy_home(const char *from, const char *to)
{
    DIR *dir = opendir(from);
    struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char a[512], b[512];
        struct xg_buf content = XG_BUF(64 << 20);
        snprintf(a, sizeof a, "%s/%s", from, entry->d_name);
        snprintf(b, sizeof b, "%s/%s", to, entry->d_name);
        struct stat st;
        assert_int_equal(stat(a, &st), 0);
        if (S_ISREG(st.st_mode)) {
            assert_ok(xg_os_read(&content, a, &err));
            assert_ok(xg_os_replace(b, 0600, xg_buf_bytes(&content), &err));
        }
        xg_buf_clear(&content);
    }
    closedir(dir);
}

void rig_reopen(struct rig *r)
{
    home_close(&r->home);
    assert_ok(home_open(&r->home, r->path, false, &r->env, &err));
}

/* ---- faults ---- */

enum xg_status rig_cut(void *ctx, const struct transport_request *q,
                       struct transport_answer *a)
{
    struct rig_fault *c = ctx;

    if (!rig_is(q, c->path) || c->done >= c->times || a->body.len <= c->at)
        return XG_OK;
    c->done++;
    a->body.len = c->at;
    return XG_OK;
}

enum xg_status rig_lose(void *ctx, const struct transport_request *q,
                        struct transport_answer *a)
{
    struct rig_fault *c = ctx;

    (void)a;
    if (!rig_is(q, c->path) || c->done >= c->times)
        return XG_OK;
    c->done++;
    return XG_NET;
}

enum xg_status rig_flip(void *ctx, const struct transport_request *q,
                        struct transport_answer *a)
{
    struct rig_fault *c = ctx;

    if (!rig_is(q, c->path) || c->done >= c->times || c->at >= a->body.len)
        return XG_OK;
    c->done++;
    a->body.data[c->at] ^= (uint8_t)(1 << c->at % 8);
    return XG_OK;
}
