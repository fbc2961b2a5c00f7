/* confine.c - see confine.h.
 *
 * Under AddressSanitizer the limit on memory cannot hold (its shadow is 16 TiB
 * of addresses), and its runtime needs a few calls more; all else stays.
 * ThreadSanitizer's has a thread of its own that asks the kernel for whatever:
 * there nothing is confined, and what is tested is who starts the program.
 */
#define _DEFAULT_SOURCE
#include "shared/confine/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_ASAN 1
#endif
#endif
#ifndef CONFINE_ASAN
#define CONFINE_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__)
#define CONFINE_TSAN 1
#else
#define CONFINE_TSAN 0
#endif

static bool limit(int what, rlim_t most)
{
    const struct rlimit both = {most, most};

    return setrlimit(what, &both) == 0;
}

/* A call that this machine does not have is no failure. */
static bool allow(scmp_filter_ctx filter, int call)
{
    return call == __NR_SCMP_ERROR ||
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
}

/* Memory, never executable, never of a file. */
static bool allow_map(scmp_filter_ctx filter, int call)
{
    return call == __NR_SCMP_ERROR ||
           seccomp_rule_add(
               filter, SCMP_ACT_ALLOW, call, 2,
               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
               SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) == 0;
}

static bool filter_calls(void)
{
    static const int CALLS[] = {
        SCMP_SYS(read),       SCMP_SYS(write), SCMP_SYS(exit),
        SCMP_SYS(exit_group), SCMP_SYS(brk),   SCMP_SYS(munmap),
        SCMP_SYS(mremap),
    };
    static const int ASAN_CALLS[] = {
        SCMP_SYS(madvise),     SCMP_SYS(mprotect), SCMP_SYS(futex),
        SCMP_SYS(sigaltstack), SCMP_SYS(getpid),   SCMP_SYS(gettid),
        SCMP_SYS(sched_yield),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool done = filter != NULL;

    for (size_t i = 0; done && i < sizeof CALLS / sizeof *CALLS; i++)
        done = allow(filter, CALLS[i]);
    for (size_t i = 0;
         CONFINE_ASAN && done && i < sizeof ASAN_CALLS / sizeof *ASAN_CALLS;
         i++)
        done = allow(filter, ASAN_CALLS[i]);
    done = done && allow_map(filter, SCMP_SYS(mmap)) &&
           allow_map(filter, SCMP_SYS(mmap2)) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return done;
}

bool confine(uint64_t memory_bytes, unsigned cpu_s)
{
    if (CONFINE_TSAN)
        return true;
    return (CONFINE_ASAN || limit(RLIMIT_AS, memory_bytes)) &&
           limit(RLIMIT_CPU, cpu_s) && limit(RLIMIT_FSIZE, 0) &&
           limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, 3) &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && filter_calls();
}
