/* env.h - the world outside: time and randomness, lent to pure code.
 *
 * Whatever computes on records gets the world through this, so that a test
 * can drive thousands of devices in virtual time from one seed.
 */
#ifndef XG_BASE_ENV_H
#define XG_BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

struct xg_env {
    void *ctx;
    int64_t (*wall_ms)(void *ctx);  /* Unix time; may be wrong by decades */
    int64_t (*mono_ms)(void *ctx);  /* since boot, suspend included */
    uint32_t (*boot)(void *ctx);    /* changes with every boot */
    void (*random)(void *ctx, void *out, size_t len); /* for keys */
};

/* Clocks before this were never right: when this version was made. */
#define XG_CLOCK_FLOOR_MS INT64_C(1767225600000) /* 2026-01-01 */

/* The real world. Needs xg_base_init(). */
struct xg_env xg_env_system(void);

/* Once, first thing in main(): prepares libsodium. -1 when it cannot. */
int xg_base_init(void);

static inline int64_t xg_wall_ms(const struct xg_env *env)
{
    return env->wall_ms(env->ctx);
}

static inline int64_t xg_mono_ms(const struct xg_env *env)
{
    return env->mono_ms(env->ctx);
}

static inline void xg_random(const struct xg_env *env, void *out, size_t len)
{
    env->random(env->ctx, out, len);
}

#endif
