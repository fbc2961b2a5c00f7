/* device.c - see device.h. */
#include "tests/lib/test.h"

#include "tests/lib/device.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

uint64_t test_next(struct test_world *world)
{
    uint64_t z = world->seed += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

uint64_t test_below(struct test_world *world, uint64_t bound)
{
    return bound ? test_next(world) % bound : 0;
}

static int64_t wall_ms(void *ctx)
{
    return ((struct test_world *)ctx)->wall_ms;
}

static int64_t mono_ms(void *ctx)
{
    return ((struct test_world *)ctx)->mono_ms;
}

static uint32_t boot(void *ctx)
{
    return ((struct test_world *)ctx)->boot;
}

static void fill(void *ctx, void *out, size_t len)
{
    unsigned char *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)test_next(ctx);
}

struct xg_env test_env(struct test_world *world)
{
    return (struct xg_env){world, wall_ms, mono_ms, boot, fill};
}

static void put_bytes(struct xg_draft *d, uint64_t field, const void *data,
                      size_t len)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(4096);

    xg_cbor_put_bytes(&value, data, len);
    assert_ok(xg_draft_set(d, field, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

void test_text(struct xg_draft *d, uint64_t field, const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);

    xg_cbor_put_text(&value, text, strlen(text));
    assert_ok(xg_draft_set(d, field, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

void test_uint(struct xg_draft *d, uint64_t field, uint64_t number)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(16);

    xg_cbor_put_uint(&value, number);
    assert_ok(xg_draft_set(d, field, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

void test_add_text(struct xg_draft *d, uint64_t field, const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);

    xg_cbor_put_text(&value, text, strlen(text));
    assert_ok(xg_draft_add(d, field, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

const struct xg_record *test_write(struct test_device *d,
                                   struct xg_draft *draft,
                                   const struct xg_state *seen)
{
    static const struct xg_hash zero;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf raw = XG_BUF(XG_RECORD_MAX + 1024);
    const struct xg_hash *previous =
        d->count ? &d->records[d->count - 1]->hash : &zero;
    size_t head_len;

    assert_true(d->count < TEST_RECORDS_MAX);
    draft->head.moment = xg_moment_now(&d->env);
    if (seen) {
        draft->head.creates = false;
        draft->head.entity = seen->id;
        draft->foreign_count =
            xg_state_foreign(seen, &d->branch, d->count, draft->foreign);
    }
    assert_ok(xg_draft_encode(&raw, &head_len, draft, &d->env, &err));

    uint8_t *bytes = xg_arena_copy(d->arena, raw.data, raw.len);
    struct xg_record *r = xg_arena_alloc(d->arena, sizeof *r);
    assert_non_null(bytes);
    assert_non_null(r);
    xg_record_read(r, &d->chain, d->count, previous,
                   xg_bytes(bytes, head_len),
                   xg_bytes(bytes + head_len, raw.len - head_len));
    assert_null(r->malformed);
    d->records[d->count++] = r;
    xg_buf_clear(&raw);
    return r;
}

struct test_device *test_device_new(struct xg_arena *arena,
                                    struct test_world *world,
                                    const char *key_name, const char *log,
                                    const uint8_t registrar[32])
{
    struct xg_env env = test_env(world);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_signer signer;
    uint8_t seed[32];

    xg_random(&env, seed, sizeof seed);
    assert_ok(xg_signer_init(&signer, key_name, XG_SIG_ED25519, seed, &err));
    return test_device_of(arena, world, &signer, log, registrar);
}

struct test_device *test_device_of(struct xg_arena *arena,
                                   struct test_world *world,
                                   const struct xg_signer *signer,
                                   const char *log,
                                   const uint8_t registrar[32])
{
    struct test_device *d = calloc(1, sizeof *d);
    struct xg_draft draft;
    uint8_t salt[16];

    assert_non_null(d);
    d->arena = arena;
    d->env = test_env(world);
    d->rank = 20;
    d->signer = *signer;
    xg_random(&d->env, salt, sizeof salt);
    xg_draft_init(&draft, arena, XG_KIND_GENESIS);
    put_bytes(&draft, XG_GENESIS_KEY, d->signer.verifier.key, 32);
    test_text(&draft, XG_GENESIS_LOG, log);
    put_bytes(&draft, XG_GENESIS_REGISTRAR, registrar, 32);
    put_bytes(&draft, XG_GENESIS_SALT, salt, sizeof salt);
    /* Record 0 is hashed with a chain id of zeros; its hash is the id. */
    d->chain = test_write(d, &draft, NULL)->hash;
    d->branch = (struct xg_branch){.id = d->chain};
    return d;
}

void test_device_free(struct test_device *d)
{
    free(d);
}

struct test_device *test_device_clone(const struct test_device *d)
{
    struct test_device *copy = malloc(sizeof *copy);

    assert_non_null(copy);
    *copy = *d;
    return copy;
}

const struct xg_record *test_incident(struct test_device *d,
                                      const char *category)
{
    struct xg_draft draft;

    xg_draft_init(&draft, d->arena, XG_KIND_INCIDENT);
    test_text(&draft, XG_INCIDENT_CATEGORY, category);
    return test_write(d, &draft, NULL);
}

const struct xg_record *test_set(struct test_device *d,
                                 const struct xg_state *seen, uint64_t field,
                                 const char *text)
{
    struct xg_draft draft;

    xg_draft_init(&draft, d->arena, seen->kind->number);
    test_text(&draft, field, text);
    return test_write(d, &draft, seen);
}

void test_seal(struct xg_buf *out, const struct test_device *d, uint64_t first,
               size_t count)
{
    static const struct xg_hash zero;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_sealable *items = calloc(count, sizeof *items);
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(XG_BATCH_MAX);

    assert_non_null(items);
    for (size_t i = 0; i < count; i++) {
        const struct xg_record *r = d->records[first + i];
        items[i] = (struct xg_sealable){r->head_raw, r->fields_raw, r->hash};
    }
    assert_ok(xg_batch_seal(&note, &body, &d->chain, first,
                            first ? &d->records[first - 1]->hash : &zero,
                            items, count, &d->signer, true, &err));
    xg_batch_frame(out, xg_buf_bytes(&note), xg_buf_bytes(&body));
    assert_ok(xg_buf_check(out, &err));
    xg_buf_clear(&note);
    xg_buf_clear(&body);
    free(items);
}
