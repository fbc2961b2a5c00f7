/* device.h - a device in a test: a key, a chain, records written with the
 * project's own code. Everything lives in the arena that the test lends. */
#ifndef XG_TESTS_LIB_DEVICE_H
#define XG_TESTS_LIB_DEVICE_H

#include "shared/core/batch.h"
#include "shared/core/merge.h"
#include "shared/core/record.h"

enum { TEST_RECORDS_MAX = 4096 };

/* A world of seeded randomness and a clock that a test turns by hand. */
struct test_world {
    uint64_t seed;
    int64_t wall_ms, mono_ms;
    uint32_t boot;
};

struct xg_env test_env(struct test_world *world);
/* The next number of the seed (splitmix64), and one below `bound`. */
uint64_t test_next(struct test_world *world);
uint64_t test_below(struct test_world *world, uint64_t bound);

struct test_device {
    struct xg_arena *arena;
    struct xg_env env;
    struct xg_signer signer;
    struct xg_hash chain;
    struct xg_branch branch;
    uint32_t rank;
    size_t count;
    struct xg_record *records[TEST_RECORDS_MAX];
};

/* A new key and a chain whose record 0 is its genesis. Heap: free with
 * test_device_free(). */
struct test_device *test_device_new(struct xg_arena *arena,
                                    struct test_world *world,
                                    const char *key_name, const char *log,
                                    const uint8_t registrar[32]);
/* The same with a key that is there already. */
struct test_device *test_device_of(struct xg_arena *arena,
                                   struct test_world *world,
                                   const struct xg_signer *signer,
                                   const char *log,
                                   const uint8_t registrar[32]);
void test_device_free(struct test_device *d);
/* A copy as it stands, chain and key: what a restored backup is. */
struct test_device *test_device_clone(const struct test_device *d);

/* Append what the draft says; the entity's heads are cited when `seen` is
 * given. Lends the record. */
const struct xg_record *test_write(struct test_device *d,
                                   struct xg_draft *draft,
                                   const struct xg_state *seen);

/* Short ways to set fields of a draft; each fails the test on an error. */
void test_text(struct xg_draft *d, uint64_t field, const char *text);
void test_uint(struct xg_draft *d, uint64_t field, uint64_t value);
void test_add_text(struct xg_draft *d, uint64_t field, const char *text);

/* A plain incident; a change of one text field of it. */
const struct xg_record *test_incident(struct test_device *d,
                                      const char *category);
const struct xg_record *test_set(struct test_device *d,
                                 const struct xg_state *seen, uint64_t field,
                                 const char *text);

/* Seal records first..first+count-1 into a framed batch. */
void test_seal(struct xg_buf *out, const struct test_device *d, uint64_t first,
               size_t count);

#endif
