/* sim_warning.c - what the server warns of has a reason; see sim.h.
 *
 * Its journal is its word to the operator. Requests are damaged on their way and
 * its store fails, and either may make it warn; beyond that all devices do what
 * they should, so a warning is a fault of the agent that it would otherwise
 * forgive in silence, or a false alarm. The linker puts this in the place of
 * xg_log() (--wrap).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/log.h"
#include "tests/sim/sim.h"

enum { TEXT_MAX = 512 };

/* One run to a process; no context passes through xg_log(). */
static struct sim_world *the_world;

void sim_warning_install(struct sim_world *w)
{
    the_world = w;
}

/* Chains fork here, and devices are revoked: that what they send is kept apart is
 * as it should be, and judged in the end. A store that failed in its commit may
 * have committed: that is found by the call after it. And the server's clock
 * jumps. */
static bool has_reason(const char *event)
{
    return !the_world->server || sim_server_faulty(the_world->server) ||
           strcmp(event, "batch.kept") == 0 ||
           strcmp(event, "ledger.forward") == 0 ||
           strcmp(event, "clock.doubted") == 0 ||
           strcmp(event, "clock.believed") == 0;
}

void __real_xg_log(enum xg_log_level level, const char *event,
                   const char *format, ...);
void __wrap_xg_log(enum xg_log_level level, const char *event,
                   const char *format, ...);

XG_PRINTF(3, 4)
void __wrap_xg_log(enum xg_log_level level, const char *event,
                   const char *format, ...)
{
    struct xg_error err = XG_ERROR_NONE;
    char text[TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    xg_ignore(xg_fail(&err, XG_REFUSED, "a warning without a reason: %s", text));
    if (level >= XG_LOG_WARN && !has_reason(event))
        sim_refused(the_world, event, &err);
    __real_xg_log(level, event, "%s", text);
}
