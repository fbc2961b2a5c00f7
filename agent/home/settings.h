/* settings.h - how this device is to look and behave: a few small values in the
 * file HOME/settings, a line each ("theme dark"). No record, and no secret: the
 * language, the theme and the size of text must hold before anything is
 * unlocked. What the file does not say, or says wrongly, is as by default.
 */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "agent/home/home.h"
#include "shared/core/schema.h"

enum { SETTINGS_VALUE_SIZE = 65 };

struct settings_entry {
    const char *name, *fallback;     /* as it is by default */
    const struct xg_choice *choices; /* NULL: a number, or the name of a map */
    int64_t least, most;             /* of a number; both 0: a map */
    const char *zh, *en;
};

/* All of them, ending with a NULL name. */
extern const struct settings_entry settings_table[];
enum { SETTINGS_COUNT = 7 };
/* NULL: there is none of that name. */
const struct settings_entry *settings_named(const char *name);

/* What holds, in the order of the table. */
struct settings {
    char values[SETTINGS_COUNT][SETTINGS_VALUE_SIZE];
};
/* Where there is no file yet, or no home, all is as by default. */
XG_MUST_CHECK enum xg_status settings_load(struct settings *out,
                                           const char *home,
                                           struct xg_error *err);

/* Change each "NAME=VALUE" ("NAME=": as by default), all or none of them; the
 * others stay, also where two programs change some at once. Makes the folder of
 * the home where there is none. XG_USAGE names the setting and what it takes. */
XG_MUST_CHECK enum xg_status settings_change(const char *home,
                                             const char *const *changes,
                                             size_t count,
                                             struct xg_error *err);

#endif
