/* child.c - see child.h. */
#define _GNU_SOURCE /* pipe2, posix_spawn_file_actions_addclosefrom_np */
#include "shared/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/lang.h"

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* It lies beside whatever program this is, or where that is installed from,
 * in ../libexec/xunge. */
static enum xg_status program_beside(char path[static PATH_MAX],
                                     const char *name, struct xg_error *err)
{
    static const char *const places[] = {"", "../libexec/xunge/"};
    char here[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", here, sizeof here - 1);
    char *slash = NULL;

    if (n > 0) {
        here[n] = '\0';
        slash = strrchr(here, '/');
    }
    if (!slash)
        return xg_fail_os(err, XG_T("找不到本程序所在的文件夹",
                                    "cannot find this program's folder"));
    slash[1] = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int len = snprintf(path, PATH_MAX, "%s%s%s", here, places[i], name);
        if (len < 0 || len >= PATH_MAX)
            return xg_fail(err, XG_IO, XG_T("路径过长：%s", "path too long: %s"),
                           here);
        if (access(path, X_OK) == 0)
            return XG_OK;
    }
    snprintf(path, PATH_MAX, "%s%s", here, name); /* to be named in the error */
    return XG_OK;
}

/* posix_spawn() takes arguments as if it might change them: copies, then. */
static int spawn(pid_t *pid, const char *program,
                 const struct xg_child_order *order, int answer_fd)
{
    char copies[XG_CHILD_ARGUMENTS_MAX + 1][XG_CHILD_ARGUMENT_SIZE];
    char *arguments[XG_CHILD_ARGUMENTS_MAX + 2] = {copies[0]};
    char *environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;

    snprintf(copies[0], XG_CHILD_ARGUMENT_SIZE, "%s", order->name);
    for (size_t i = 0; i < XG_CHILD_ARGUMENTS_MAX && order->arguments[i]; i++) {
        snprintf(copies[i + 1], XG_CHILD_ARGUMENT_SIZE, "%s", order->arguments[i]);
        arguments[i + 1] = copies[i + 1];
    }
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&files);
    int failed =
        posix_spawn_file_actions_adddup2(&files, order->input_fd, 0) ||
        posix_spawn_file_actions_adddup2(&files, answer_fd, 1) ||
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0) ||
        posix_spawn_file_actions_addclosefrom_np(&files, 3);
    failed = failed ? ENOMEM
                    : posix_spawn(pid, program, &files, &attributes, arguments,
                                  environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

enum xg_status xg_child_start(struct xg_child *out, const struct xg_child_order *order,
                           struct xg_error *err)
{
    const char *program = order->program;
    char beside[PATH_MAX];
    pid_t pid = 0;
    int ends[2];

    if (!program && program_beside(beside, order->name, err) != XG_OK)
        return err->status;
    if (lseek(order->input_fd, 0, SEEK_SET) != 0)
        return xg_fail_os(err, XG_T("无法读取要交给 %s 的文件",
                                    "cannot read the file that is for %s"),
                          order->name);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return xg_fail_os(err, XG_T("无法建立管道", "cannot make a pipe"));
    /* Clear of 0 to 2, which are laid anew in the child. */
    int write_end = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
    int failed = write_end < 0 ? errno
                               : spawn(&pid, program ? program : beside, order,
                                       write_end);
    close(ends[1]);
    if (write_end >= 0)
        close(write_end);
    if (failed == 0) {
        *out = (struct xg_child){.name = order->name,
                              .pid = pid,
                              .answer_fd = ends[0],
                              .timeout_ms = order->timeout_ms,
                              .deadline_ms = now_ms() + order->timeout_ms};
        return XG_OK;
    }
    close(ends[0]);
    errno = failed;
    return xg_fail_os(err, XG_T("无法启动 %s", "cannot start %s"),
                      program ? program : beside);
}

/* Read until the end of the pipe. False at the deadline or over the ceiling. */
static bool collect(struct xg_buf *answer, int fd, int64_t deadline_ms)
{
    for (;;) {
        uint8_t piece[512];
        int64_t left = deadline_ms - now_ms();
        struct pollfd waited = {.fd = fd, .events = POLLIN};

        if (left <= 0)
            return false;
        if (poll(&waited, 1, (int)left) <= 0)
            continue; /* a signal, or the time is up */
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        xg_buf_append(answer, piece, (size_t)n);
        if (answer->failed != XG_OK)
            return false;
    }
}

/* Wait for the child, which has until the deadline; then kill it. */
static bool reap(int *status, pid_t pid, int64_t deadline_ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid)
            return true;
        if (ended < 0 && errno == ECHILD) {
            *status = 0; /* SIGCHLD is ignored: its answer must speak */
            return true;
        }
        if (now_ms() >= deadline_ms)
            break;
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        continue;
    return false;
}

static enum xg_status judge_exit(const char *name, int status,
                                 struct xg_error *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return XG_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
        return xg_fail(err, XG_IO,
                       XG_T("%s 无法限制自身权限，因此什么也没做",
                            "%s could not confine itself, so it did "
                            "nothing"),
                       name);
    if (WIFSIGNALED(status))
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 被信号 %d 终止", "%s was ended by signal %d"),
                       name, WTERMSIG(status));
    return xg_fail(err, XG_FORMAT,
                   XG_T("%s 未能完成", "%s did not succeed"),
                   name);
}

enum xg_status xg_child_finish(struct xg_child *child, struct xg_buf *answer,
                            struct xg_error *err)
{
    int exit_status = 0;

    bool whole = collect(answer, child->answer_fd, child->deadline_ms);
    close(child->answer_fd);
    bool ended = reap(&exit_status, child->pid,
                      whole ? child->deadline_ms : now_ms());
    if (answer->failed == XG_NOMEM)
        return xg_fail_nomem(err);
    if (answer->failed != XG_OK)
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 的回答太长", "%s said too much"), child->name);
    if (!ended)
        return xg_fail(err, XG_BUSY,
                       XG_T("%s 超过 %d 毫秒，已终止",
                            "%s took over %d ms and was stopped"),
                       child->name, child->timeout_ms);
    return judge_exit(child->name, exit_status, err);
}

enum xg_status xg_child_run(struct xg_buf *answer, const struct xg_child_order *order,
                         struct xg_error *err)
{
    struct xg_child child;

    if (xg_child_start(&child, order, err) != XG_OK)
        return err->status;
    return xg_child_finish(&child, answer, err);
}
