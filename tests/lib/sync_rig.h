/* sync_rig.h - a device with a home of its own, the server in memory, virtual
 * time, and a line between them that a test can cut: for tests of the engine
 * that syncs.
 */
#ifndef XG_TESTS_LIB_SYNC_RIG_H
#define XG_TESTS_LIB_SYNC_RIG_H

#include "agent/engine/engine.h"
#include "agent/record/capture.h"
#include "tests/lib/device.h"
#include "tests/lib/fake_server.h"
#include "tests/lib/folder.h"

struct rig {
    struct test_world world;
    struct xg_env env;
    struct fake_server *server;
    char path[TEST_FOLDER_SIZE];
    struct home home;
    struct sync_report report;
    struct sync_options options;
    int64_t waited_ms;
    unsigned waits, receipts;
};

/* For cmocka_unit_test_setup_teardown(): *state is a struct rig. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

enum xg_status rig_enrol(struct rig *r, struct xg_error *error);
enum xg_status rig_sync(struct rig *r, struct xg_error *error);
enum xg_status rig_fetch(struct rig *r, const struct xg_hash *photo,
                         struct xg_error *error);

void rig_report(struct rig *r, const char *text); /* an incident */
struct store_counts rig_counts(struct rig *r);
struct xg_checkpoint rig_held(struct rig *r); /* size 0: none */
struct xg_hash rig_chain(struct rig *r);
bool rig_writes_on(struct rig *r, const struct xg_hash *chain);
bool rig_has_file(const struct rig *r, const char *name);
/* Every batch at the server came into its log once. */
void rig_check_once(const struct rig *r);

void rig_copy_home(const char *from, const char *to);
void rig_reopen(struct rig *r);

/* ---- faults, as the server's before and after; ctx is a rig_fault ---- */

struct rig_fault {
    const char *path; /* of the requests that it is about */
    size_t at;        /* where in the answer */
    unsigned times;   /* so often; then all pass */
    unsigned done;
};
bool rig_is(const struct transport_request *q, const char *path);
/* after: the answer ends at `at`; one bit of the byte there is flipped; it does
 * not come. */
enum xg_status rig_cut(void *ctx, const struct transport_request *q,
                       struct transport_answer *a);
enum xg_status rig_flip(void *ctx, const struct transport_request *q,
                        struct transport_answer *a);
enum xg_status rig_lose(void *ctx, const struct transport_request *q,
                        struct transport_answer *a);

#endif
