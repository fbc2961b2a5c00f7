/* settings.h - what the worker set (`xunge settings`) that concerns this
 * program. */
#ifndef AGENT_UI_SETTINGS_H
#define AGENT_UI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ui/ui.h"

struct settings {
    int64_t sync_every_min; /* 0: never */
    int64_t lock_after_min; /* 0: never */
};

/* Ask for them. False: they could not be had (the home is locked, or there is
 * none), and `out` stays as it is. */
bool settings_read(struct settings *out, struct ui *ui);

#endif
