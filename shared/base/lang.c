/* lang.c - see lang.h. The one process-wide setting besides the log sink. */
#include "shared/base/lang.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static enum xg_lang current = XG_LANG_EN;

static _Thread_local struct {
    bool set;
    enum xg_lang lang;
} own;

static const char *from_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return value;
    }
    return "";
}

int xg_lang_init(const char *argument)
{
    if (argument && strcmp(argument, "zh") != 0 && strcmp(argument, "en") != 0)
        return -1;

    const char *name = argument ? argument : from_environment();
    current = strncmp(name, "zh", 2) == 0 ? XG_LANG_ZH : XG_LANG_EN;
    return 0;
}

enum xg_lang xg_lang(void)
{
    return own.set ? own.lang : current;
}

void xg_lang_thread(enum xg_lang lang)
{
    own.set = true;
    own.lang = lang;
}

const char *xg_text(const char *zh, const char *en)
{
    return xg_lang() == XG_LANG_ZH ? zh : en;
}
