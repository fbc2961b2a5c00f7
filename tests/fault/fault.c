/* fault.c - see fault.h. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "tests/fault/fault.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/raw.h"
#include "tests/fault/undo.h"

enum when { BEFORE, HALF, AFTER };
enum { SPARED_MAX = 8 };

static struct {
    pthread_mutex_t lock;
    atomic_bool armed;
    atomic_ulong count[FAULT_CLASSES];
    enum fault_class target; /* FAULT_CLASSES: only count */
    bool kill, power, repeat, group, lie, keep;
    enum when when;
    int error;
    unsigned long n;
    uint64_t seed;
    char dir[FAULT_PATH_SIZE], report[FAULT_PATH_SIZE], trace[FAULT_PATH_SIZE];
    char program[64];
    struct {
        uintptr_t begin, end;
    } spared[SPARED_MAX]; /* code whose requests for memory never fail */
    size_t spared_count;
    pid_t pid; /* a child that it forks has no say */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void append_line(const char *path, const char *line, int len)
{
    if (!*path || len <= 0)
        return;
    int fd = raw_openat(AT_FDCWD, path,
                        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (raw_write(fd, line, (size_t)len) != len)
        state.report[0] = '\0';
    raw_close(fd);
}

void fault_report(const char *format, ...)
{
    char line[FAULT_PATH_SIZE + 256];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (n > (int)sizeof line - 2)
        n = (int)sizeof line - 2;
    line[n] = '\n';
    append_line(state.report, line, n + 1);
}

void fault_blind(const char *what, const char *path)
{
    fault_report("blind %s %s %s", state.program, what, path);
}

/* What was not synced waits for the next process. */
static void keep_pending(void)
{
    if (!state.keep || state.power)
        return;
    atomic_store(&state.armed, false);
    undo_save(state.dir);
}

/* Die of a kill, with the lock held: the losses that may follow are kept. */
_Noreturn static void die_killed(void)
{
    keep_pending();
    fault_die();
}

_Noreturn void fault_die(void)
{
    kill(state.group ? 0 : getpid(), SIGKILL);
    for (;;)
        pause();
}

static bool below(const char *path)
{
    size_t n = strlen(state.dir);

    return n > 0 && strncmp(path, state.dir, n) == 0 &&
           (path[n] == '/' || path[n] == '\0');
}

static bool is_shm(const char *path)
{
    size_t n = strlen(path);

    return n > 4 && strcmp(path + n - 4, "-shm") == 0;
}

static bool path_of_fd(char path[static FAULT_PATH_SIZE], int fd)
{
    char link[48];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, FAULT_PATH_SIZE - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    return true;
}

bool fault_of_fd(struct fault_file *f, int fd)
{
    int saved = errno;
    bool ours = atomic_load(&state.armed) && *state.dir &&
                fstat(fd, &f->st) == 0 &&
                (S_ISREG(f->st.st_mode) || S_ISDIR(f->st.st_mode)) &&
                path_of_fd(f->path, fd) && below(f->path) && !is_shm(f->path);

    errno = saved;
    return ours;
}

bool fault_of_path(struct fault_file *f, int dirfd, const char *path)
{
    int saved = errno;
    size_t n = 0;

    if (!atomic_load(&state.armed) || !*state.dir || !path)
        return false;
    f->path[0] = '\0';
    if (*path != '/') {
        bool known = dirfd == AT_FDCWD
                         ? getcwd(f->path, sizeof f->path - 1) != NULL
                         : path_of_fd(f->path, dirfd);
        errno = saved;
        if (!known)
            return false;
        n = strlen(f->path);
        f->path[n++] = '/';
    }
    if (n + strlen(path) >= sizeof f->path)
        return false;
    memcpy(f->path + n, path, strlen(path) + 1);
    if (!below(f->path) || is_shm(f->path))
        return false;
    if (lstat(f->path, &f->st) != 0)
        memset(&f->st, 0, sizeof f->st);
    errno = saved;
    return true;
}

static void trace(unsigned long number, const char *what, const char *path)
{
    char line[FAULT_PATH_SIZE + 64];

    if (!*state.trace)
        return;
    int n = snprintf(line, sizeof line, "%s cut %lu %s %s\n", state.program,
                     number, what, path);
    append_line(state.trace, line, n);
}

/* Who asked for the memory; for addr2line(1). backtrace() may ask itself. */
static void trace_caller(void)
{
    enum { DEPTH = 24 };
    void *callers[DEPTH];

    if (!*state.trace)
        return;
    int fd = raw_openat(AT_FDCWD, state.trace,
                        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    atomic_store(&state.armed, false);
    backtrace_symbols_fd(callers, backtrace(callers, DEPTH), fd);
    atomic_store(&state.armed, true);
    raw_close(fd);
}

static bool hits(unsigned long number)
{
    return state.n > 0 &&
           (number == state.n || (state.repeat && number > state.n));
}

static enum fault_act decide(unsigned needs, unsigned long number)
{
    if (!hits(number))
        return FAULT_PASS;
    if (state.power)
        return FAULT_POWER;
    if (state.kill && state.when == HALF && (needs & FAULT_SPACE))
        return FAULT_KILL_HALF;
    if (state.kill && state.when == AFTER)
        return FAULT_KILL_AFTER;
    if (state.kill)
        die_killed();
    errno = state.error;
    return state.when == HALF && number == state.n ? FAULT_HALF : FAULT_FAIL;
}

enum fault_act fault_enter(unsigned needs, const char *what, const char *path)
{
    const bool counts[FAULT_CLASSES] = {
        [FAULT_IO] = true,
        [FAULT_FULL] = (needs & FAULT_SPACE) != 0,
        [FAULT_CUT] = (needs & FAULT_DURABLE) != 0,
    };
    enum fault_act act = FAULT_PASS;

    pthread_mutex_lock(&state.lock);
    for (int i = FAULT_IO; i < FAULT_CLASSES; i++) {
        if (!counts[i])
            continue;
        unsigned long number = atomic_fetch_add(&state.count[i], 1) + 1;
        if (i == FAULT_CUT)
            trace(number, what, path);
        if (state.target == (enum fault_class)i)
            act = decide(needs, number);
    }
    if (act != FAULT_PASS)
        fault_report("hit %s %s %s", state.program, what, path);
    return act;
}

void fault_leave(enum fault_act act)
{
    int saved = errno;

    if (act == FAULT_POWER)
        undo_cut(state.dir, state.seed, state.n);
    if (act == FAULT_KILL_HALF || act == FAULT_KILL_AFTER)
        die_killed();
    if (act == FAULT_POWER)
        fault_die();
    pthread_mutex_unlock(&state.lock);
    errno = saved;
}

static bool is_spared(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;

    for (size_t i = 0; i < state.spared_count; i++)
        if (at >= state.spared[i].begin && at < state.spared[i].end)
            return true;
    return false;
}

bool fault_memory(const void *caller)
{
    if (!atomic_load(&state.armed) || is_spared(caller))
        return true;
    unsigned long number = atomic_fetch_add(&state.count[FAULT_MALLOC], 1) + 1;
    if (state.target != FAULT_MALLOC || !hits(number))
        return true;
    if (number == state.n) {
        fault_report("hit %s malloc", state.program);
        trace_caller();
    }
    errno = state.error;
    return false;
}

bool fault_notes_losses(void)
{
    return state.power || state.keep;
}

bool fault_syncs_lie(void)
{
    return state.lie;
}

static bool set_option(const char *word)
{
    static const struct {
        const char *name;
        int value;
    } errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},
                  {"ENOMEM", ENOMEM}, {"EROFS", EROFS},   {"EACCES", EACCES},
                  {"EMFILE", EMFILE}};
    char *end = NULL;

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(word, errors[i].name) == 0) {
            state.error = errors[i].value;
            return true;
        }
    if (strcmp(word, "once") == 0)
        state.repeat = false;
    else if (strcmp(word, "repeat") == 0)
        state.repeat = true;
    else if (strcmp(word, "before") == 0)
        state.when = BEFORE;
    else if (strcmp(word, "half") == 0)
        state.when = HALF;
    else if (strcmp(word, "after") == 0)
        state.when = AFTER;
    else {
        state.seed = strtoull(word, &end, 10);
        return *word && !*end;
    }
    return true;
}

static bool set_class(const char *word)
{
    static const struct {
        const char *name;
        enum fault_class target;
        int error;
        bool kill, power, repeat;
        enum when when;
    } classes[] = {
        {"count", FAULT_CLASSES, 0, false, false, false, BEFORE},
        {"malloc", FAULT_MALLOC, ENOMEM, false, false, false, BEFORE},
        {"io", FAULT_IO, EIO, false, false, false, BEFORE},
        {"full", FAULT_FULL, ENOSPC, false, false, true, HALF},
        {"kill", FAULT_CUT, 0, true, false, false, BEFORE},
        {"power", FAULT_CUT, 0, false, true, false, BEFORE},
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(word, classes[i].name) == 0) {
            state.target = classes[i].target;
            state.error = classes[i].error;
            state.kill = classes[i].kill;
            state.power = classes[i].power;
            state.repeat = classes[i].repeat;
            state.when = classes[i].when;
            return true;
        }
    return false;
}

/* CLASS[:N[:OPTION...]] */
static bool parse(const char *text)
{
    char words[128];
    char *rest = words, *end = NULL;

    if (strlen(text) >= sizeof words)
        return false;
    memcpy(words, text, strlen(text) + 1);
    if (!set_class(strsep(&rest, ":")))
        return false;
    if (rest) {
        const char *number = strsep(&rest, ":");
        state.n = strtoul(number, &end, 10);
        if (!*number || *end)
            return false;
    }
    while (rest)
        if (!set_option(strsep(&rest, ":")))
            return false;
    return true;
}

static void take_path(char to[static FAULT_PATH_SIZE], const char *name)
{
    const char *value = getenv(name);

    if (value && strlen(value) < FAULT_PATH_SIZE)
        memcpy(to, value, strlen(value) + 1);
}

/* The executable pieces of the library that is loaded and has the name. */
static void spare_one(const char *name)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[FAULT_PATH_SIZE];
    unsigned long begin, end;
    char access[8];

    while (maps && state.spared_count < SPARED_MAX &&
           fgets(line, sizeof line, maps))
        if (strstr(line, name) &&
            sscanf(line, "%lx-%lx %7s", &begin, &end, access) == 3 &&
            strchr(access, 'x')) {
            state.spared[state.spared_count].begin = begin;
            state.spared[state.spared_count++].end = end;
        }
    if (maps)
        fclose(maps);
}

static void spare(const char *names)
{
    char words[128];
    char *rest = words;

    snprintf(words, sizeof words, "%s", names);
    while (rest)
        spare_one(strsep(&rest, ","));
}

void fault_arm(const char *program)
{
    static const char bad[] = "libxgfault: XG_FAULT is not understood\n";
    const char *text = getenv("XG_FAULT");
    const char *only = getenv("XG_FAULT_PROGRAM");
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;

    if (!text || !*text || (only && strcmp(only, name) != 0))
        return;
    state.target = FAULT_CLASSES;
    if (!parse(text)) {
        if (raw_write(STDERR_FILENO, bad, sizeof bad - 1) < 0)
            fault_die();
        syscall(SYS_exit_group, 125);
    }
    snprintf(state.program, sizeof state.program, "%.63s", name);
    take_path(state.dir, "XG_FAULT_DIR");
    take_path(state.report, "XG_FAULT_REPORT");
    take_path(state.trace, "XG_FAULT_TRACE");
    state.pid = getpid();
    state.group = getenv("XG_FAULT_GROUP") != NULL;
    state.lie = getenv("XG_FAULT_LIE") != NULL;
    state.keep = getenv("XG_FAULT_KEEP") != NULL;
    if (state.keep)
        undo_load(state.dir);
    if (getenv("XG_FAULT_SPARE"))
        spare(getenv("XG_FAULT_SPARE"));
    atomic_store(&state.armed, true);
}

void fault_disarm(void)
{
    if (!atomic_exchange(&state.armed, false) || getpid() != state.pid)
        return;
    if (state.power && state.n > atomic_load(&state.count[FAULT_CUT])) {
        fault_report("hit %s the end", state.program);
        undo_cut(state.dir, state.seed, state.n);
    }
    keep_pending();
    fault_report("count %s malloc=%lu io=%lu full=%lu cut=%lu", state.program,
                 atomic_load(&state.count[FAULT_MALLOC]),
                 atomic_load(&state.count[FAULT_IO]),
                 atomic_load(&state.count[FAULT_FULL]),
                 atomic_load(&state.count[FAULT_CUT]));
}
