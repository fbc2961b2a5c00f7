/* run.c - see run.h. */
#define _GNU_SOURCE /* pipe2, memfd_create, addclosefrom_np */
#include "agent/ui/run.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/web/http.h"

enum {
    LOW_FDS = 16, /* what the child lays out anew lies below */
    WAIT_MS = 100,
    PIECE_BYTES = 4096, /* heard at once */
};

/* ---- all runs ---- */

static enum xg_status find_program(char path[static PATH_MAX],
                                   struct xg_error *err)
{
    static const char *const places[] = {"xunge", "../../bin/xunge"};
    char here[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", here, sizeof here - 1);
    char *slash = NULL;

    if (n > 0) {
        here[n] = '\0';
        slash = strrchr(here, '/');
    }
    if (!slash)
        return xg_fail_os(err, "/proc/self/exe");
    slash[1] = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int len = snprintf(path, PATH_MAX, "%s%s", here, places[i]);
        if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0)
            return XG_OK;
    }
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("找不到程序 xunge（应与 xunge-ui 放在同一目录 %s）；"
                        "请重新安装",
                        "the program xunge is not there (it belongs beside "
                        "xunge-ui, in %s); install the package again"),
                   here);
}

enum xg_status runner_init(struct runner *r, struct xg_error *err)
{
    *r = (struct runner){.running = 0};
    if (find_program(r->program, err) != XG_OK)
        return err->status;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->freed, NULL);
    return XG_OK;
}

void runner_clear(struct runner *r)
{
    pthread_cond_destroy(&r->freed);
    pthread_mutex_destroy(&r->lock);
}

void runner_stop(struct runner *r)
{
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_mutex_unlock(&r->lock);
}

/* False: no place now. */
static bool try_place(struct runner *r, bool is_long, bool *stopping)
{
    unsigned *running = is_long ? &r->running_long : &r->running;
    unsigned most = is_long ? RUN_LONG_AT_ONCE : RUN_AT_ONCE;

    pthread_mutex_lock(&r->lock);
    *stopping = r->stopping;
    bool may = !r->stopping && *running < most;
    *running += may;
    pthread_mutex_unlock(&r->lock);
    return may;
}

static void give_place(struct runner *r, bool is_long)
{
    pthread_mutex_lock(&r->lock);
    *(is_long ? &r->running_long : &r->running) -= 1;
    pthread_mutex_unlock(&r->lock);
}

static enum xg_status take_place(struct runner *r, bool is_long,
                                 const struct xg_reader *reader,
                                 struct xg_error *err)
{
    bool stopping;

    while (!try_place(r, is_long, &stopping))
        if (stopping || xg_reader_wait(reader, -1, 20) == XG_WAIT_GONE)
            return xg_fail(err, XG_BUSY,
                           XG_T("巡格正在退出；没有执行，请重新打开",
                                "Xunge is being ended; nothing was done, open "
                                "it again"));
    return XG_OK;
}

/* ---- starting one ---- */

/* What a command may know of us. */
static char **make_environment(void)
{
    static const char *const names[] = {
        "HOME",        "USER",          "LOGNAME",    "LANG",
        "LC_ALL",      "LC_MESSAGES",   "TMPDIR",
        "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "DBUS_SYSTEM_BUS_ADDRESS",
        "XUNGE_GPSD",  "http_proxy",  "https_proxy",   "HTTPS_PROXY", "all_proxy",
        "ALL_PROXY",   "no_proxy",      "NO_PROXY"};
    enum { NAMES = sizeof names / sizeof *names };
    char **list = calloc(NAMES + 3, sizeof *list);
    size_t n = 0;

    if (!list)
        return NULL;
    list[n++] = (char *)(uintptr_t)"PATH=/usr/local/bin:/usr/bin:/bin";
    /* China's time, which the page shows whatever the device is set to. */
    list[n++] = (char *)(uintptr_t)"TZ=CST-8";
    for (size_t i = 0; i < NAMES; i++) {
        char *value = getenv(names[i]);
        if (value) /* NAME=VALUE stands before the value */
            list[n++] = value - strlen(names[i]) - 1;
    }
    return list;
}

/* The descriptors of one start, all clear of those that the child lays out. */
struct ends {
    int input[2], output[2], secret[2], complaint;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_ends(struct ends *e)
{
    for (int i = 0; i < 2; i++) {
        close_end(&e->input[i]);
        close_end(&e->output[i]);
        close_end(&e->secret[i]);
    }
    close_end(&e->complaint);
}

static bool lift(int *fd)
{
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, LOW_FDS);

    if (high < 0)
        return false;
    close(*fd);
    *fd = high;
    return true;
}

static bool make_pipe(int ends[2])
{
    return pipe2(ends, O_CLOEXEC) == 0 && lift(&ends[0]) && lift(&ends[1]);
}

/* A file that takes so much and no more: a seal says no to the rest. */
static int make_complaint(void)
{
    int fd = memfd_create("complaint", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd >= 0 && (ftruncate(fd, RUN_COMPLAINT_MAX) != 0 ||
                    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) != 0 || !lift(&fd)))
        close_end(&fd);
    return fd;
}

static bool make_ends(struct ends *e, const struct run_order *order)
{
    bool by_input = order->input || (order->secret && order->secret_is_input);

    *e = (struct ends){{-1, -1}, {-1, -1}, {-1, -1}, -1};
    e->complaint = make_complaint();
    if (order->input_file > 0)
        e->input[0] = fcntl(order->input_file, F_DUPFD_CLOEXEC, LOW_FDS);
    return e->complaint >= 0 && make_pipe(e->output) &&
           (!by_input || make_pipe(e->input)) &&
           (order->input_file <= 0 || e->input[0] >= 0) &&
           (!order->secret || order->secret_is_input || make_pipe(e->secret));
}

static int spawn(pid_t *pid, const char *program, const struct ends *e,
                 const struct run_order *order)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    char **environment = make_environment();

    if (!environment)
        return ENOMEM;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&files);
    int failed =
        (e->input[0] >= 0
             ? posix_spawn_file_actions_adddup2(&files, e->input[0], 0)
             : posix_spawn_file_actions_addopen(&files, 0, "/dev/null",
                                                O_RDONLY, 0)) ||
        posix_spawn_file_actions_adddup2(&files, e->output[1], 1) ||
        posix_spawn_file_actions_adddup2(&files, e->complaint, 2) ||
        (e->secret[0] >= 0 &&
         posix_spawn_file_actions_adddup2(&files, e->secret[0], 3)) ||
        posix_spawn_file_actions_addclosefrom_np(&files,
                                                 e->secret[0] >= 0 ? 4 : 3);
    failed = failed ? ENOMEM
                    : posix_spawn(pid, program, &files, &attributes,
                                  order->arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    return failed;
}

/* A pipe takes far more than a secret has, so that this never waits. */
static bool hand_secret(struct ends *e, const struct run_order *order)
{
    int *fd = order->secret_is_input ? &e->input[1] : &e->secret[1];
    size_t n = order->secret_bytes;

    bool done = write(*fd, order->secret, n) == (ssize_t)n &&
                write(*fd, "\n", 1) == 1;
    close_end(fd);
    return done;
}

enum xg_status run_start(struct run *out, struct runner *runner,
                         const struct run_order *order,
                         const struct xg_reader *reader, struct xg_error *err)
{
    struct ends e;
    pid_t pid = 0;
    int failed = 0;

    if (take_place(runner, order->is_long, reader, err) != XG_OK)
        return err->status;
    if (!make_ends(&e, order) || (order->secret && !hand_secret(&e, order)))
        failed = errno;
    if (!failed)
        failed = spawn(&pid, runner->program, &e, order);
    if (failed) {
        close_ends(&e);
        give_place(runner, order->is_long);
        errno = failed;
        return xg_fail_os(err, XG_T("启动 %s", "starting %s"),
                          runner->program);
    }
    *out = (struct run){.runner = runner,
                        .pid = pid,
                        .input_fd = e.input[1],
                        .output_fd = e.output[0],
                        .complaint_fd = e.complaint,
                        .is_long = order->is_long};
    e.input[1] = e.output[0] = e.complaint = -1;
    close_ends(&e);
    return XG_OK;
}

/* ---- its end ---- */

/* Drop what it says until it says no more, at most so long. */
static bool drain(const struct run *run, int timeout_ms)
{
    char dropped[4096];
    struct pollfd polled = {.fd = run->output_fd, .events = POLLIN};

    for (;;) {
        int n = poll(&polled, 1, timeout_ms);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        ssize_t got = read(run->output_fd, dropped, sizeof dropped);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return true;
    }
}

static int reap(struct run *run)
{
    int status = 0;

    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    run->pid = 0;
    give_place(run->runner, run->is_long);
    close_end(&run->input_fd);
    close_end(&run->output_fd);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Between SIGTERM and SIGKILL. It is still ours, unreaped: no other process
 * can have its number. */
static bool ended_in_time(const struct run *run)
{
    siginfo_t info;

    for (int waited_ms = 0; waited_ms < RUN_TERM_MS; waited_ms += WAIT_MS) {
        drain(run, WAIT_MS);
        info.si_pid = 0;
        if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
                0 &&
            info.si_pid == run->pid)
            return true;
        poll(NULL, 0, WAIT_MS / 10);
    }
    return false;
}

bool run_hear(struct run *run, struct xg_buf *heard,
              const struct xg_reader *reader, bool *gone)
{
    for (;;) {
        uint8_t *room = xg_buf_room(heard, PIECE_BYTES);
        *gone = !room || xg_reader_wait(reader, run->output_fd, -1) ==
                             XG_WAIT_GONE;
        if (*gone)
            return false;
        ssize_t n = read(run->output_fd, room, PIECE_BYTES);
        if (n > 0)
            heard->len += (size_t)n;
        if (n > 0)
            return true;
        if (n == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
    }
}

int run_end(struct run *run, bool ended)
{
    if (ended) {
        kill(run->pid, SIGTERM);
        if (!ended_in_time(run))
            kill(run->pid, SIGKILL);
    } else {
        close_end(&run->input_fd);
        drain(run, -1);
    }
    return reap(run);
}

int run_kill(struct run *run)
{
    kill(run->pid, SIGKILL);
    return reap(run);
}

void run_clear(struct run *run)
{
    if (run->pid)
        run_end(run, true);
    close_end(&run->input_fd);
    close_end(&run->output_fd);
    close_end(&run->complaint_fd);
}

/* ---- what it complained of ---- */

static json_t *last_object(char *text)
{
    json_t *found = NULL;

    while (*text) {
        size_t len = strcspn(text, "\n");
        json_t *line = *text == '{' ? json_loadb(text, len, 0, NULL) : NULL;
        if (json_is_string(json_object_get(line, "error"))) {
            json_decref(found);
            found = json_incref(line);
        }
        json_decref(line);
        text += len + (text[len] == '\n');
    }
    return found;
}

/* What a program said that speaks no JSON, or a word for one that said nothing.
 */
static json_t *plain_error(char *text, int exit_status)
{
    char own[160];
    const char *name = exit_status < 0 ? "io" : "failed";
    const char *at = text;

    if (strncmp(at, "xunge: ", 7) == 0)
        at += 7;
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    if (exit_status < 0)
        snprintf(own, sizeof own,
                 XG_T("命令被信号 %d 终止；请再试一次（已保存的都在）",
                      "the command was ended by signal %d; try again (what was "
                      "saved is saved)"),
                 -exit_status);
    else
        snprintf(own, sizeof own,
                 XG_T("命令失败（退出码 %d），没有说明原因；请再试一次",
                      "the command failed (exit status %d) without a reason; "
                      "try again"),
                 exit_status);
    json_t *object = json_pack(
        "{s:s, s:i, s:s}", "error", name, "exit",
        exit_status < 0 ? 1 : exit_status, "text",
        exit_status >= 0 && *at ? at : own);
    return object ? object
                  : json_pack("{s:s, s:i, s:s}", "error", name, "exit",
                              exit_status < 0 ? 1 : exit_status, "text", own);
}

static json_t *error_of(const struct run *run, int exit_status)
{
    char *text = calloc(1, RUN_COMPLAINT_MAX + 1);
    json_t *object = NULL;

    if (!text)
        return NULL;
    if (run->complaint_fd >= 0 &&
        pread(run->complaint_fd, text, RUN_COMPLAINT_MAX, 0) < 0)
        text[0] = '\0';
    object = last_object(text);
    if (!object)
        object = plain_error(text, exit_status);
    free(text);
    return object;
}

bool run_error(struct xg_buf *out, struct run *run, int exit_status)
{
    if (exit_status == 0 || exit_status == 5) /* 5: a person must decide */
        return false;
    json_t *object = error_of(run, exit_status);
    char *text = json_dumps(object, JSON_COMPACT);
    xg_buf_text(out, text ? text
                          : "{\"error\":\"no-memory\",\"exit\":1,\"text\":"
                            "\"no memory\"}");
    free(text);
    json_decref(object);
    return true;
}

void run_end_line(struct xg_buf *out, struct run *run, int exit_status)
{
    xg_buf_format(out, "{\"exit\":%d", exit_status < 0 ? 1 : exit_status);
    if (exit_status != 0 && exit_status != 5) {
        xg_buf_text(out, ",\"error\":");
        run_error(out, run, exit_status);
    }
    xg_buf_text(out, "}\n");
}
