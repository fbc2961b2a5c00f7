/* home.h - homes of devices in a test: joined, each knowing the others. */
#ifndef XG_TESTS_LIB_HOME_H
#define XG_TESTS_LIB_HOME_H

#include "agent/home/home.h"
#include "tests/lib/device.h"
#include "tests/lib/folder.h"

enum { TEST_HOMES_MAX = 4 };

/* A log and a registrar that exist only as keys, and the devices' folders. */
struct test_district {
    char folder[TEST_FOLDER_SIZE];
    struct test_world world;
    struct xg_env env;
    struct xg_signer log, registrar;
    uint64_t log_size; /* entries so far */
    struct xg_buf registry; /* note 1, signed, at log position 0 */
    struct home homes[TEST_HOMES_MAX];
};

/* In a folder of its own below TMPDIR. */
void test_district_init(struct test_district *d);
/* Closes what is open and removes the folder. */
void test_district_clear(struct test_district *d);

/* Make and open the home of device `number` (0..): key name
 * example.org/d/0417 + number, worker w0 + number, all of unit 371302001. With
 * a chain, and with the registry unless `unknown`. */
struct home *test_home(struct test_district *d, unsigned number, bool unknown);
/* Close and open again. */
void test_home_again(struct test_district *d, unsigned number);

/* Seal what waits in `from`, give every batch a place in the log, mark it
 * received, and apply its records in each of the other homes. */
void test_deliver(struct test_district *d, unsigned from);
/* Put a signed checkpoint of the log's size into the home. */
void test_see_log(struct test_district *d, unsigned number);

#endif
