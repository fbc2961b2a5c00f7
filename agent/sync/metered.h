/* metered.h - does a byte cost on this line? Who says so, the first of:
 *
 *  1. the worker, for this run: --metered, --unmetered
 *  2. NetworkManager, where there is one and it has an opinion: its property
 *     Metered on the system bus, a guess of its included
 *  3. the worker, for all runs: --metered --remember
 *  4. nobody: not metered
 */
#ifndef AGENT_SYNC_METERED_H
#define AGENT_SYNC_METERED_H

#include <stdbool.h>
#include <stdint.h>

enum metered_by {
    METERED_BY_DEFAULT,
    METERED_BY_SETTING,
    METERED_BY_NETWORK,
    METERED_BY_FLAG,
};

struct metered {
    bool metered;
    enum metered_by by;
};

/* What may be kept under SYNC_META_METERED. */
enum {
    METERED_NOT_SET = 0,
    METERED_SET_NO = 1,
    METERED_SET_YES = 2,
};

/* Asks nobody who was not reached within half a second. */
struct metered metered_find(uint64_t setting);
/* "default", "setting", "network", "flag" */
const char *metered_by_name(enum metered_by by);

#endif
