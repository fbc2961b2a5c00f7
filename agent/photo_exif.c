/* photo_exif.c - asking xunge-exif, and not believing it.
 *
 * The child gets the photo as its standard input and a pipe as its output, and
 * nothing else of ours: no other descriptor, no environment. It parses what
 * anyone may have sent, so its answer is read as if the sender had written it:
 * strictly in the form of exif/protocol.h, every value checked again.
 */
#define _GNU_SOURCE /* pipe2, posix_spawn_file_actions_addclosefrom_np */
#include "agent/photo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/exif/protocol.h"
#include "shared/base/lang.h"
#include "shared/core/note.h"

/* --- the answer ---------------------------------------------------------- */

/* A field's line, if it comes next; its value is for the caller to judge. */
static enum photo_claim take_field(struct xg_lines *l, const char *key,
                                   struct xg_bytes *value)
{
    if (!xg_lines_at(l, key))
        return PHOTO_ABSENT;
    xg_line_rest(l, key, value);
    if (value->len == 0)
        return PHOTO_ABSENT; /* and xg_lines_end() will fail */
    return xg_bytes_equal(*value, xg_bytes_of(EXIF_REFUSED)) ? PHOTO_REFUSED
                                                             : PHOTO_CLAIMED;
}

/* One decimal number out of `rest`, in the range. */
static bool take_int(struct xg_bytes *rest, int64_t *value, int64_t least,
                     int64_t most)
{
    bool minus = rest->len > 0 && rest->at[0] == '-';
    struct xg_bytes digits =
        minus ? xg_bytes(rest->at + 1, rest->len - 1) : *rest;
    uint64_t size;

    if (!xg_word_uint(&digits, &size) || size > INT32_MAX ||
        (minus && size == 0))
        return false;
    *value = minus ? -(int64_t)size : (int64_t)size;
    *rest = digits;
    return *value >= least && *value <= most;
}

static bool take_size(struct photo_exif *e, struct xg_lines *l)
{
    struct xg_bytes rest;
    int64_t width, height;

    if (!xg_lines_at(l, "size"))
        return true;
    xg_line_rest(l, "size", &rest);
    if (!take_int(&rest, &width, 1, UINT16_MAX) ||
        !take_int(&rest, &height, 1, UINT16_MAX) || rest.len > 0)
        return false;
    e->width = (uint32_t)width;
    e->height = (uint32_t)height;
    return true;
}

static bool take_numbers(struct photo_exif *e, struct xg_lines *l)
{
    struct xg_bytes rest = {NULL, 0};
    int64_t a = 0, b = 0;

    e->orientation_claim = take_field(l, "orientation", &rest);
    if (e->orientation_claim == PHOTO_CLAIMED) {
        if (!take_int(&rest, &a, 1, 8) || rest.len > 0)
            return false;
        e->orientation = (uint8_t)a;
    }
    e->position_claim = take_field(l, "position", &rest);
    if (e->position_claim == PHOTO_CLAIMED) {
        if (!take_int(&rest, &a, -EXIF_LAT_MAX_E7, EXIF_LAT_MAX_E7) ||
            !take_int(&rest, &b, -EXIF_LON_MAX_E7, EXIF_LON_MAX_E7) ||
            rest.len > 0 || (a == 0 && b == 0))
            return false;
        e->lat_e7 = (int32_t)a;
        e->lon_e7 = (int32_t)b;
    }
    e->altitude_claim = take_field(l, "altitude", &rest);
    if (e->altitude_claim == PHOTO_CLAIMED) {
        if (!take_int(&rest, &a, EXIF_ALTITUDE_MIN_MM, EXIF_ALTITUDE_MAX_MM) ||
            rest.len > 0)
            return false;
        e->altitude_mm = (int32_t)a;
    }
    return true;
}

static bool take_times(struct photo_exif *e, struct xg_lines *l)
{
    struct xg_bytes text = {NULL, 0};
    int minutes = 0;

    e->taken_claim = take_field(l, "taken", &text);
    if (e->taken_claim == PHOTO_CLAIMED) {
        if (!exif_date_parse(&e->taken_local_ms, (const char *)text.at,
                             text.len))
            return false;
        memcpy(e->taken, text.at, sizeof e->taken - 1);
    }
    e->offset_claim = take_field(l, "offset", &text);
    if (e->offset_claim == PHOTO_CLAIMED) {
        if (!exif_offset_parse(&minutes, (const char *)text.at, text.len))
            return false;
        e->offset_min = (int16_t)minutes;
    }
    e->gps_time_claim = take_field(l, "gps-time", &text);
    return e->gps_time_claim != PHOTO_CLAIMED ||
           exif_date_parse(&e->gps_time_ms, (const char *)text.at, text.len);
}

static bool take_name(char out[static PHOTO_TEXT_MAX + 1], struct xg_lines *l,
                      const char *key)
{
    struct xg_bytes text = {NULL, 0};

    if (take_field(l, key, &text) != PHOTO_CLAIMED)
        return true;
    if (text.len > PHOTO_TEXT_MAX)
        return false;
    for (size_t at = 0, step; at < text.len; at += step) {
        step = exif_text_step(text.at + at, text.len - at);
        if (step == 0)
            return false;
    }
    memcpy(out, text.at, text.len);
    return true;
}

static bool take_state(struct photo_exif *e, struct xg_lines *l)
{
    struct xg_bytes word;

    xg_line_rest(l, "exif", &word);
    if (xg_bytes_equal(word, xg_bytes_of("none")))
        e->state = PHOTO_EXIF_NONE;
    else if (xg_bytes_equal(word, xg_bytes_of("read")))
        e->state = PHOTO_EXIF_READ;
    else
        e->state = PHOTO_EXIF_UNREADABLE;
    return e->state != PHOTO_EXIF_UNREADABLE ||
           xg_bytes_equal(word, xg_bytes_of("broken"));
}

static enum xg_status parse_answer(struct photo_exif *out,
                                   struct xg_bytes answer,
                                   struct xg_error *err)
{
    struct photo_exif e = {.state = PHOTO_EXIF_NONE};
    struct xg_lines l = xg_lines_over(answer);

    xg_line_literal(&l, EXIF_HELLO);
    bool good = take_state(&e, &l) && take_size(&e, &l);
    if (good && e.state == PHOTO_EXIF_READ)
        good = take_numbers(&e, &l) && take_times(&e, &l) &&
               take_name(e.make, &l, "make") &&
               take_name(e.model, &l, "model");
    if (!good)
        return xg_fail(err, XG_FORMAT,
                       XG_T("xunge-exif 的回答不合规（约第 %zu 行）",
                            "xunge-exif answered nonsense (about line %zu)"),
                       l.number);
    xg_line_literal(&l, "end");
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "xunge-exif");
    *out = e;
    return XG_OK;
}

/* --- the child ----------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* xunge-exif lies beside whatever program this is. */
static enum xg_status program_beside(char path[static PATH_MAX],
                                     struct xg_error *err)
{
    static const char NAME[] = "/xunge-exif";
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof NAME);
    char *slash = NULL;

    if (n > 0) {
        path[n] = '\0';
        slash = strrchr(path, '/');
    }
    if (!slash)
        return xg_fail_os(err, XG_T("找不到本程序所在的文件夹",
                                    "cannot find this program's folder"));
    memcpy(slash, NAME, sizeof NAME);
    return XG_OK;
}

static int spawn(pid_t *pid, const char *program, int photo_fd, int answer_fd)
{
    char name[] = "xunge-exif";
    char *arguments[] = {name, NULL}, *environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&files);
    int failed =
        posix_spawn_file_actions_adddup2(&files, photo_fd, 0) ||
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

/* Start the child; *answer_fd is the end of the pipe to read. */
static enum xg_status start(pid_t *pid, int *answer_fd, const char *program,
                            int photo_fd, struct xg_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return xg_fail_os(err, XG_T("无法建立管道", "cannot make a pipe"));
    /* Clear of 0 to 2, which are laid anew in the child. */
    int write_end = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
    int failed = write_end < 0 ? errno
                               : spawn(pid, program, photo_fd, write_end);
    close(ends[1]);
    if (write_end >= 0)
        close(write_end);
    if (failed == 0) {
        *answer_fd = ends[0];
        return XG_OK;
    }
    close(ends[0]);
    errno = failed;
    return xg_fail_os(err, XG_T("无法启动 %s", "cannot start %s"), program);
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

static enum xg_status judge_exit(int status, struct xg_error *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return XG_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
        return xg_fail(err, XG_IO,
                       XG_T("xunge-exif 无法限制自身权限，因此未解析照片",
                            "xunge-exif could not confine itself, so it did "
                            "not parse the photo"));
    if (WIFSIGNALED(status))
        return xg_fail(err, XG_FORMAT,
                       XG_T("xunge-exif 解析时被信号 %d 终止",
                            "xunge-exif was ended by signal %d"),
                       WTERMSIG(status));
    return xg_fail(err, XG_FORMAT,
                   XG_T("xunge-exif 读不懂这张照片",
                        "xunge-exif cannot read this photo"));
}

enum xg_status photo_read_exif(struct photo_exif *out, const char *program,
                               int fd, struct xg_error *err)
{
    char beside[PATH_MAX];
    struct xg_buf answer = XG_BUF(EXIF_OUTPUT_MAX);
    int64_t deadline_ms = now_ms() + PHOTO_EXIF_TIMEOUT_MS;
    int answer_fd = -1, exit_status = 0;
    enum xg_status status;
    pid_t pid = 0;

    if (!program && program_beside(beside, err) != XG_OK)
        return err->status;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return xg_fail_os(err, XG_T("无法读取照片", "cannot read the photo"));
    if (start(&pid, &answer_fd, program ? program : beside, fd, err) != XG_OK)
        return err->status;
    bool whole = collect(&answer, answer_fd, deadline_ms);
    close(answer_fd);
    bool ended = reap(&exit_status, pid, whole ? deadline_ms : now_ms());
    if (!ended && answer.failed == XG_OK)
        status = xg_fail(err, XG_BUSY,
                         XG_T("xunge-exif 超过 %d 毫秒，已终止",
                              "xunge-exif took over %d ms and was stopped"),
                         PHOTO_EXIF_TIMEOUT_MS);
    else
        status = judge_exit(exit_status, err);
    if (status == XG_OK)
        status = parse_answer(out, xg_buf_bytes(&answer), err);
    xg_buf_clear(&answer);
    return status;
}
