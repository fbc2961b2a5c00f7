/* log.c - see log.h. */
#include "shared/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum xg_log_level least_level = XG_LOG_INFO;

void xg_log_level(enum xg_log_level least)
{
    least_level = least;
}

/* Keep a line a line, whatever an argument contains. */
static void flatten(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20)
            *text = ' ';
}

void xg_log(enum xg_log_level level, const char *event, const char *format,
            ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    enum { ROOM = 1200 };
    char line[ROOM];
    va_list args;

    if (level < least_level)
        return;

    int head = snprintf(line, sizeof line, "%s %s ", names[level], event);
    if (head < 0 || head >= ROOM - 1)
        return;
    va_start(args, format);
    int body = vsnprintf(line + head, (size_t)(ROOM - 1 - head), format, args);
    va_end(args);
    if (body < 0)
        return;

    flatten(line);
    size_t len = (size_t)head + (size_t)body;
    if (len > ROOM - 2)
        len = ROOM - 2;
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nowhere left to say it */
}
