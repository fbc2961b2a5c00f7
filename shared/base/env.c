/* env.c - the real clock, boot id and randomness. */
#define _GNU_SOURCE /* CLOCK_BOOTTIME */
#include "shared/base/env.h"

#include <fcntl.h>
#include <sodium.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/bytes.h"

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return clock_ms(CLOCK_REALTIME);
}

static int64_t mono_ms(void *ctx)
{
    (void)ctx;
    return clock_ms(CLOCK_BOOTTIME);
}

/* The first 32 bits of the kernel's boot id: enough to see that two moments
 * lie in different boots, too few to follow a machine. */
static uint32_t boot(void *ctx)
{
    char text[8] = {0};
    uint8_t raw[4] = {0};
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    (void)ctx;
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    if (n != (ssize_t)sizeof text ||
        !xg_unhex(raw, sizeof raw, text, sizeof text))
        return 0;
    return xg_load_u32(raw);
}

static void fill_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    randombytes_buf(out, len);
}

struct xg_env xg_env_system(void)
{
    return (struct xg_env){NULL, wall_ms, mono_ms, boot, fill_random};
}

int xg_base_init(void)
{
    return sodium_init() < 0 ? -1 : 0;
}
