/* sticks.h - what can be taken out of the device: USB sticks, cards, as they
 * are mounted. From /proc/self/mountinfo and /sys; nothing is mounted here.
 *
 * A volume is one when the kernel calls its disk removable, when it hangs on
 * USB, or when the desktop mounted it (/media, /run/media).
 */
#ifndef AGENT_STICKS_H
#define AGENT_STICKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/base/arena.h"
#include "shared/base/error.h"

enum { STICKS_MAX = 16 };

struct stick {
    const char *name;       /* of the folder where it is mounted; each once */
    const char *path;       /* that folder */
    const char *filesystem; /* "vfat" */
    bool read_only;
    uint64_t free_bytes, total_bytes;
    dev_t device;
};

/* Those that there are, lent by the arena. */
XG_MUST_CHECK enum xg_status sticks_list(struct stick **out, size_t *count,
                                         struct xg_arena *arena,
                                         struct xg_error *err);

/* A file was written at `path` ("-": to nobody knows where). Is it on a stick,
 * and now all of it, so that the stick may be taken out? Waits for the stick to
 * have everything. False too where that cannot be told. */
bool sticks_may_go(const char *path);

#endif
