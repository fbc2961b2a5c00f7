/* office.h - a server in memory with a little district, and people who act at
 * its desk, for tests of what the server writes itself.
 *
 *      top
 *      ├── north   wn worker, hn handler
 *      └── south   ws worker
 *      head dispatcher, boss supervisor: top
 */
#ifndef XG_TESTS_LIB_OFFICE_H
#define XG_TESTS_LIB_OFFICE_H

#include "server/desk/desk.h"
#include "tests/lib/device.h"
#include "tests/lib/folder.h"

struct office {
    struct test_world world; /* turn its wall_ms by hand */
    struct xg_env env;
    struct xg_arena arena;
    struct data *d;
    char folder[TEST_FOLDER_SIZE]; /* "" in memory */
};

/* `fault` may be NULL. */
void office_open(struct office *o, struct store_fault *fault);
/* The same in a new folder below TMPDIR, so that several threads may use it;
 * closing removes it. */
void office_open_files(struct office *o);
void office_close(struct office *o);
/* Import a file. */
void office_import(struct office *o, const char *kind, const char *edition,
                   const char *text);

/* A report in the north, by its worker. */
struct xg_id office_report(struct office *o, const char *category);
/* A move with text fields: pairs of a number and a text, ending with 0. */
XG_MUST_CHECK enum xg_status office_do(struct office *o, struct desk_done *done,
                                       const struct xg_id *id, const char *who,
                                       uint64_t move, struct xg_error *err,
                                       ...);
struct fold office_fold(struct office *o, const struct xg_id *id);
uint64_t office_log_size(struct office *o);
/* Every invariant, before and after a rebuild. */
void office_check(struct office *o);

#endif
