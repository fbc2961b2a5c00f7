/* patrol_process.c - the recorder as a process: is it alive, start it, end it.
 */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/record/patrol.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    HALT_MS = 10000,
    READY_MS = 10000,
    STEP_MS = 20,
    HEX_ID = 2 * XG_ID_SIZE,
};

enum xg_status patrol_file(char path[static HOME_PATH_SIZE], const char *home,
                           const char *name, struct xg_error *err)
{
    char folder[HOME_PATH_SIZE];

    if (home_file(folder, home, "patrol", err) != XG_OK)
        return err->status;
    return home_file(path, folder, name, err);
}

/* ---- looking ---- */

static bool spool_name(struct xg_id *id, const char *name)
{
    return strlen(name) == HEX_ID + 6 && strcmp(name + HEX_ID, ".spool") == 0 &&
           xg_unhex(id->b, XG_ID_SIZE, name, HEX_ID);
}

static enum xg_status find_spool(struct patrol_state *out, const char *home,
                                 struct xg_error *err)
{
    char folder[HOME_PATH_SIZE];
    struct dirent *entry;

    if (home_file(folder, home, "patrol", err) != XG_OK)
        return err->status;
    DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT)
        return XG_OK;
    if (!dir)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), folder);
    while (!out->open && (entry = readdir(dir)))
        out->open = spool_name(&out->id, entry->d_name);
    closedir(dir);
    return XG_OK;
}

static pid_t read_pid(const char *home)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_buf text = XG_BUF(32);
    char path[HOME_PATH_SIZE];
    long pid = 0;

    if (patrol_file(path, home, "pid", &ignored) == XG_OK &&
        xg_os_read(&text, path, &ignored) == XG_OK)
        pid = strtol(xg_buf_str(&text), NULL, 10);
    xg_buf_clear(&text);
    return pid > 1 ? (pid_t)pid : 0;
}

enum xg_status patrol_look(struct patrol_state *out, const char *home,
                           struct xg_error *err)
{
    struct patrol_state state = {0};
    char path[HOME_PATH_SIZE];
    int fd;

    if (find_spool(&state, home, err) != XG_OK)
        return err->status;
    if (state.open) {
        if (patrol_file(path, home, "lock", err) != XG_OK ||
            xg_os_lock_open(&fd, path, err) != XG_OK)
            return err->status;
        state.running = xg_os_try_lock(fd, err) == XG_BUSY;
        if (!state.running)
            xg_os_unlock(fd);
        close(fd);
        state.pid = state.running ? read_pid(home) : 0;
    }
    *out = state;
    return XG_OK;
}

static void pause_a_little(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    nanosleep(&step, NULL);
}

enum xg_status patrol_halt(const char *home, struct xg_error *err)
{
    struct patrol_state state;

    if (patrol_look(&state, home, err) != XG_OK)
        return err->status;
    if (state.running && state.pid && kill(state.pid, SIGTERM) != 0 &&
        errno != ESRCH)
        return xg_fail_os(err,
                          XG_T("无法结束巡查记录程序（进程 %ld）",
                               "cannot end the recorder (process %ld)"),
                          (long)state.pid);
    for (int waited = 0; state.running && waited < HALT_MS; waited += STEP_MS) {
        pause_a_little();
        if (patrol_look(&state, home, err) != XG_OK)
            return err->status;
    }
    if (state.running)
        return xg_fail(err, XG_BUSY,
                       XG_T("巡查记录程序（进程 %ld）没有结束，请稍后再试",
                            "the recorder (process %ld) does not end; try "
                            "again later"),
                       (long)state.pid);
    return XG_OK;
}

/* ---- starting ---- */

struct launch {
    char program[HOME_PATH_SIZE], log[HOME_PATH_SIZE];
    char id[HEX_ID + 1], every[16];
    const char *home, *gpsd;
};

static enum xg_status find_program(struct launch *l, const char *given,
                                   struct xg_error *err)
{
    ssize_t n;
    char *slash;

    if (given) {
        if (snprintf(l->program, sizeof l->program, "%s", given) <
            (int)sizeof l->program)
            return XG_OK;
        return xg_fail(err, XG_USAGE, "%s", given);
    }
    n = readlink("/proc/self/exe", l->program, sizeof l->program - 16);
    if (n <= 0)
        return xg_fail_os(err, "/proc/self/exe");
    l->program[n] = '\0';
    slash = strrchr(l->program, '/');
    memcpy(slash + 1, "xunge-patrol", sizeof "xunge-patrol");
    return XG_OK;
}

/* In the grandchild: become the recorder. Says "ready" on `ready_fd`. */
static void run_recorder(struct launch *l, int ready_fd)
{
    char home_flag[] = "--home", patrol_flag[] = "--patrol";
    char every_flag[] = "--every", gpsd_flag[] = "--gpsd";
    char *home = strdup(l->home), *gpsd = l->gpsd ? strdup(l->gpsd) : NULL;
    char *argv[] = {l->program, home_flag,  home,     patrol_flag,
                    l->id,      every_flag, l->every, gpsd ? gpsd_flag : NULL,
                    gpsd,       NULL};
    int null = open("/dev/null", O_RDWR);
    int log = open(l->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (!home || null < 0 || log < 0)
        _exit(127);
    setsid();
    if (dup2(null, STDIN_FILENO) < 0 || dup2(ready_fd, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0)
        _exit(127);
    for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
        close(fd);
    execv(l->program, argv);
    dprintf(STDERR_FILENO, "%s: %s\n", l->program, strerror(errno));
    _exit(127);
}

/* Did the other end say that it runs? */
static bool wait_ready(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char byte;
    int n;

    do
        n = poll(&wait, 1, READY_MS);
    while (n < 0 && errno == EINTR);
    return n > 0 && read(fd, &byte, 1) == 1;
}

static enum xg_status not_started(const struct launch *l, struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_buf said = XG_BUF(4096);

    if (xg_os_read(&said, l->log, &ignored) != XG_OK)
        xg_buf_reset(&said);
    while (said.len > 0 && said.data[said.len - 1] == '\n')
        said.data[--said.len] = '\0';
    enum xg_status status = xg_fail(
        err, XG_IO,
        XG_T("巡查已保存，但轨迹记录程序没有启动：%s。用 xunge patrol continue "
             "再试，或用 xunge patrol close 结束",
             "the patrol is saved, but its recorder did not start: %s. Try "
             "again with xunge patrol continue, or end it with xunge patrol "
             "close"),
        said.len ? xg_buf_str(&said) : l->program);
    xg_buf_clear(&said);
    return status;
}

/* Fork twice, so that the recorder is nobody's child. */
static enum xg_status launch(struct launch *l, struct xg_error *err)
{
    int ends[2], status;

    if (pipe(ends) != 0)
        return xg_fail_os(err, XG_T("无法启动 %s", "cannot start %s"),
                          l->program);
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            run_recorder(l, ends[1]);
        _exit(grandchild < 0);
    }
    close(ends[1]);
    bool ready = child > 0;
    if (ready) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        ready = wait_ready(ends[0]);
    }
    close(ends[0]);
    return ready ? XG_OK : not_started(l, err);
}

enum xg_status patrol_continue(struct home *h, struct patrol_state *out,
                               const struct patrol_options *options,
                               struct xg_error *err)
{
    struct launch l = {.home = h->path, .gpsd = options->gpsd};
    struct patrol_state state;

    if (patrol_look(&state, h->path, err) != XG_OK)
        return err->status;
    if (!state.open)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("现在没有进行中的巡查", "no patrol is under way"));
    if (!state.running) {
        unsigned every =
            options->every_ms ? options->every_ms : PATROL_EVERY_MS;
        snprintf(l.every, sizeof l.every, "%u",
                 every < PATROL_EVERY_MIN_MS ? PATROL_EVERY_MIN_MS : every);
        xg_hex(l.id, state.id.b, XG_ID_SIZE);
        if (find_program(&l, options->program, err) != XG_OK ||
            patrol_file(l.log, h->path, "log", err) != XG_OK ||
            launch(&l, err) != XG_OK ||
            patrol_look(&state, h->path, err) != XG_OK)
            return err->status;
    }
    *out = state;
    return XG_OK;
}
