/* control.c - see control.h. */
#include "server/cli/control.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/secret.h"
#include "shared/core/protocol.h"

#define MAGIC_OF_ALL "xunge-server/control/"
#define MAGIC MAGIC_OF_ALL "3" /* turned with the question; the answer stays */
#define SOCKET_NAME "control.sock"

enum {
    WORDS_MAX = 4 + CMD_ARGS_MAX + 2 * CMD_GIVEN_MAX,
    QUESTION_MAX = CMD_INPUT_MAX + (1 << 20),
};

struct control {
    struct data *data;
    struct console *console;
    const struct xg_env *env;
    int dir_fd, listen_fd;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t idle;
    int visits[CONTROL_AT_ONCE]; /* those who came; the first at_work of them */
    unsigned at_work;
    bool stopping;
};

/* sun_path holds 108 bytes; a folder's path may be longer. */
static void address_of(struct sockaddr_un *address, int dir_fd)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path,
             "/proc/self/fd/%d/" SOCKET_NAME, dir_fd);
}

static enum xg_status send_all(int fd, struct xg_bytes data,
                               struct xg_error *err)
{
    while (data.len) {
        ssize_t sent = send(fd, data.at, data.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return xg_fail_os(err, "%s", SOCKET_NAME);
        data.at += sent;
        data.len -= (size_t)sent;
    }
    return XG_OK;
}

/* Descriptors that come along with a message. */
union passed {
    struct cmsghdr head;
    char room[CMSG_SPACE(CMD_FILES * sizeof(int))];
};

/* The first byte of what will be sent, and with it the files. */
static enum xg_status send_files(int fd, struct xg_bytes *data,
                                 const int files[static CMD_FILES],
                                 struct xg_error *err)
{
    struct iovec first = {(void *)(uintptr_t)data->at, 1};
    union passed passed;
    struct msghdr message = {.msg_iov = &first,
                             .msg_iovlen = 1,
                             .msg_control = passed.room,
                             .msg_controllen = sizeof passed.room};

    memset(&passed, 0, sizeof passed);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(CMD_FILES * sizeof(int));
    memcpy(CMSG_DATA(c), files, CMD_FILES * sizeof(int));
    while (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return xg_fail_os(err, "%s", SOCKET_NAME);
    data->at++;
    data->len--;
    return XG_OK;
}

struct files {
    int fds[CMD_FILES];
    size_t count;
};

static void close_files(struct files *files)
{
    while (files->count)
        close(files->fds[--files->count]);
}

/* Those of one message; nobody sends more than one such. */
static void take_files(struct files *files, struct msghdr *message)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    int fd;

    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return;
    size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
        if (files && files->count < CMD_FILES)
            files->fds[files->count++] = fd;
        else
            close(fd);
    }
}

/* `files` NULL: none are expected. */
static enum xg_status receive_all(struct xg_buf *in, struct files *files,
                                  int fd, struct xg_error *err)
{
    enum { CHUNK = 64 << 10 };
    union passed passed;

    for (;;) {
        uint8_t *room = xg_buf_room(in, CHUNK);
        if (!room)
            return xg_buf_check(in, err);
        struct iovec part = {room, CHUNK};
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = passed.room,
                                 .msg_controllen = sizeof passed.room};
        ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return xg_fail_os(err, "%s", SOCKET_NAME);
        if (got == 0)
            return XG_OK;
        take_files(files, &message);
        in->len += (size_t)got;
    }
}

/* ---- the server's side ---- */

struct question {
    char *words[WORDS_MAX];
    int count;
    enum xg_lang lang;
    struct xg_bytes input, password;
    struct files files;
};

/* May it run here, with the files that came? */
static bool fits(const struct question *q, const struct command *spec)
{
    return spec && (spec->access == CMD_DATA ||
                    (spec->access == CMD_LENT && q->files.count == CMD_FILES));
}

static enum xg_lang lang_of(struct xg_bytes word)
{
    return xg_bytes_equal(word, xg_bytes_of("zh")) ? XG_LANG_ZH : XG_LANG_EN;
}

static bool read_question(struct question *q, struct xg_bytes rest,
                          struct xg_arena *arena)
{
    struct xg_bytes magic, lang, word;
    uint64_t count;

    if (!xg_frame_next(&rest, &magic) ||
        !xg_bytes_equal(magic, xg_bytes_of(MAGIC)) ||
        !xg_frame_next(&rest, &lang) || !xg_frame_next(&rest, &q->input) ||
        !xg_frame_next(&rest, &q->password) || !xg_frame_next(&rest, &word) ||
        !xg_word_uint(&word, &count) || count > WORDS_MAX)
        return false;
    q->lang = lang_of(lang);
    while ((uint64_t)q->count < count && xg_frame_next(&rest, &word)) {
        q->words[q->count] =
            xg_arena_str(arena, (const char *)word.at, word.len);
        if (!q->words[q->count++])
            return false;
    }
    return rest.len == 0 && (uint64_t)q->count == count;
}

/* The program was replaced, and what runs is what was there before it. */
static bool is_of_another_version(struct question *q, struct xg_bytes rest)
{
    const size_t len = strlen(MAGIC_OF_ALL);
    struct xg_bytes magic, lang;

    if (!xg_frame_next(&rest, &magic) || magic.len <= len ||
        memcmp(magic.at, MAGIC_OF_ALL, len) != 0 ||
        xg_bytes_equal(magic, xg_bytes_of(MAGIC)) ||
        !xg_frame_next(&rest, &lang))
        return false;
    q->lang = lang_of(lang);
    return true;
}

static int refuse_version(const struct question *q, struct xg_buf *errors)
{
    xg_lang_thread(q->lang);
    xg_buf_format(errors, "xunge-server: %s\n",
                  XG_T("正在运行的服务与此程序版本不同：请重启服务",
                       "the server that runs is of another version than this "
                       "program: restart it"));
    return xg_status_exit(XG_REFUSED);
}

/* The exit code; everything that it printed into `c->out` and `errors`. */
static int run_question(struct control *control, struct cmd *c,
                        const struct question *q, struct xg_buf *errors)
{
    struct xg_error err = XG_ERROR_NONE;

    xg_lang_thread(q->lang);
    if (cmd_parse(c, q->count, (const char *const *)q->words, &err) != XG_OK ||
        !fits(q, c->spec)) {
        cmd_complain(c, errors, &err);
        return xg_status_exit(XG_USAGE);
    }
    c->data = control->data;
    c->console = control->console;
    c->env = control->env;
    c->input = q->input;
    c->password = q->password;
    memcpy(c->files, q->files.fds, sizeof c->files);
    int code = cmd_execute(c, errors);
    xg_log(XG_LOG_INFO, "control.ran", "command=\"%s\" exit=%d", c->spec->words,
           code);
    return code;
}

/* The exit code, or -1: nothing was asked. */
static int answer_to(struct control *control, struct cmd *c, struct question *q,
                     struct xg_bytes text, struct xg_arena *arena,
                     struct xg_buf *errors)
{
    if (read_question(q, text, arena))
        return run_question(control, c, q, errors);
    return is_of_another_version(q, text) ? refuse_version(q, errors) : -1;
}

static void send_answer(int fd, const struct xg_buf *printed,
                        const struct xg_buf *errors, int exit_code)
{
    struct xg_buf out = XG_BUF(CMD_OUT_MAX + (1 << 20));
    struct xg_error err = XG_ERROR_NONE;
    char code[16];

    snprintf(code, sizeof code, "%d", exit_code);
    xg_frame_put(&out, xg_buf_bytes(printed));
    xg_frame_put(&out, xg_buf_bytes(errors));
    xg_frame_put(&out, xg_bytes_of(code));
    if (xg_buf_check(&out, &err) != XG_OK ||
        send_all(fd, xg_buf_bytes(&out), &err) != XG_OK)
        xg_log(XG_LOG_WARN, "control.lost", "error=%s", xg_error_text(&err));
    xg_buf_clear(&out);
}

static void serve_one(struct control *control, int fd)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_buf in = XG_BUF(QUESTION_MAX), errors = XG_BUF(64 << 10);
    struct cmd c = {.out = XG_BUF(CMD_OUT_MAX)};
    struct question q = {.count = 0};
    int code = -1;

    if (receive_all(&in, &q.files, fd, &err) == XG_OK)
        code = answer_to(control, &c, &q, xg_buf_bytes(&in), &arena, &errors);
    if (code >= 0)
        send_answer(fd, &c.out, &errors, code);
    close_files(&q.files);
    xg_secret_wipe(&in);
    xg_buf_clear(&errors);
    xg_buf_clear(&c.out);
    xg_arena_clear(&arena);
}

struct visit {
    struct control *control;
    int fd;
};

/* Waits for a place. False: it stops, and there is none. */
static bool take_place(struct control *control, int fd)
{
    pthread_mutex_lock(&control->mutex);
    while (control->at_work >= CONTROL_AT_ONCE && !control->stopping)
        pthread_cond_wait(&control->idle, &control->mutex);
    bool taken = !control->stopping;
    if (taken)
        control->visits[control->at_work++] = fd;
    pthread_mutex_unlock(&control->mutex);
    return taken;
}

static void give_place(struct control *control, int fd)
{
    size_t i = 0;

    pthread_mutex_lock(&control->mutex);
    while (control->visits[i] != fd)
        i++;
    control->visits[i] = control->visits[--control->at_work];
    pthread_cond_broadcast(&control->idle);
    pthread_mutex_unlock(&control->mutex);
}

static void *serve_visit(void *ctx)
{
    struct visit visit = *(struct visit *)ctx;

    free(ctx);
    serve_one(visit.control, visit.fd);
    give_place(visit.control, visit.fd);
    close(visit.fd);
    return NULL;
}

/* Takes fd. */
static void begin_visit(struct control *control, int fd)
{
    struct timeval patience = {.tv_sec = CONTROL_WAIT_S};
    struct visit *visit = malloc(sizeof *visit);
    pthread_attr_t detached;
    pthread_t thread;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (!visit || pthread_attr_init(&detached) != 0) {
        free(visit);
        close(fd);
        return;
    }
    *visit = (struct visit){control, fd};
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (!take_place(control, fd)) {
        free(visit);
        close(fd);
    } else if (pthread_create(&thread, &detached, serve_visit, visit) != 0) {
        serve_visit(visit); /* no thread to be had: then here */
    }
    pthread_attr_destroy(&detached);
}

static bool stopping(struct control *control)
{
    pthread_mutex_lock(&control->mutex);
    bool stop = control->stopping;
    pthread_mutex_unlock(&control->mutex);
    return stop;
}

static void *accept_all(void *ctx)
{
    struct control *control = ctx;

    while (!stopping(control)) {
        int fd = accept(control->listen_fd, NULL, NULL);
        if (fd >= 0 && !stopping(control)) {
            fcntl(fd, F_SETFD, FD_CLOEXEC);
            begin_visit(control, fd);
        } else if (fd >= 0) {
            close(fd);
        } else if (errno != EINTR && errno != ECONNABORTED &&
                   !stopping(control)) {
            struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
            nanosleep(&pause, NULL); /* out of descriptors: let some go */
        }
    }
    return NULL;
}

static enum xg_status listen_there(struct control *control, const char *dir,
                                   struct xg_error *err)
{
    struct sockaddr_un address;

    control->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (control->dir_fd < 0)
        return xg_fail_os(err, "%s", dir);
    /* Ours: the folder's lock is held. */
    unlinkat(control->dir_fd, SOCKET_NAME, 0);
    control->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (control->listen_fd < 0)
        return xg_fail_os(err, "%s/" SOCKET_NAME, dir);
    fcntl(control->listen_fd, F_SETFD, FD_CLOEXEC);
    address_of(&address, control->dir_fd);
    mode_t old = umask(0177);
    int bound =
        bind(control->listen_fd, (struct sockaddr *)&address, sizeof address);
    int cause = errno;
    umask(old);
    errno = cause;
    if (bound != 0 || listen(control->listen_fd, CONTROL_AT_ONCE) != 0)
        return xg_fail_os(err, "%s/" SOCKET_NAME, dir);
    return XG_OK;
}

static void release(struct control *control)
{
    if (control->listen_fd >= 0)
        close(control->listen_fd);
    if (control->dir_fd >= 0) {
        unlinkat(control->dir_fd, SOCKET_NAME, 0);
        close(control->dir_fd);
    }
    pthread_cond_destroy(&control->idle);
    pthread_mutex_destroy(&control->mutex);
    free(control);
}

enum xg_status control_start(struct control **control, const char *dir,
                             struct data *data, struct console *console,
                             const struct xg_env *env, struct xg_error *err)
{
    struct control *c = calloc(1, sizeof *c);

    if (!c)
        return xg_fail_nomem(err);
    *c = (struct control){
        .data = data, .console = console, .env = env, .dir_fd = -1, .listen_fd = -1};
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->idle, NULL);
    enum xg_status status = listen_there(c, dir, err);
    if (status == XG_OK && pthread_create(&c->thread, NULL, accept_all, c) != 0)
        status = xg_fail(err, XG_NOMEM, "%s",
                         XG_T("无法建立线程", "no thread to be had"));
    if (status != XG_OK) {
        release(c);
        return status;
    }
    *control = c;
    return XG_OK;
}

void control_stop(struct control *control)
{
    if (!control)
        return;
    pthread_mutex_lock(&control->mutex);
    control->stopping = true;
    for (size_t i = 0; i < control->at_work; i++)
        shutdown(control->visits[i], SHUT_RD); /* those that have yet to ask */
    pthread_cond_broadcast(&control->idle);
    pthread_mutex_unlock(&control->mutex);
    shutdown(control->listen_fd, SHUT_RDWR); /* wakes accept() */
    pthread_join(control->thread, NULL);
    pthread_mutex_lock(&control->mutex);
    while (control->at_work)
        pthread_cond_wait(&control->idle, &control->mutex);
    pthread_mutex_unlock(&control->mutex);
    release(control);
}

/* ---- the asking side ---- */

static enum xg_status reach(int *fd, const char *dir, struct xg_error *err)
{
    struct sockaddr_un address;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir_fd < 0)
        return xg_fail_os(err, "%s", dir);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s < 0) {
        close(dir_fd);
        return xg_fail_os(err, "%s", SOCKET_NAME);
    }
    fcntl(s, F_SETFD, FD_CLOEXEC);
    address_of(&address, dir_fd);
    int reached = connect(s, (struct sockaddr *)&address, sizeof address);
    int cause = errno;
    close(dir_fd);
    if (reached == 0) {
        *fd = s;
        return XG_OK;
    }
    close(s);
    errno = cause;
    if (cause == ENOENT || cause == ECONNREFUSED)
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("没有服务在运行", "no server runs there"));
    return xg_fail_os(err, "%s/" SOCKET_NAME, dir);
}

bool control_listens(const char *dir)
{
    struct xg_error err = XG_ERROR_NONE;
    int fd = -1;

    if (reach(&fd, dir, &err) != XG_OK)
        return false;
    close(fd);
    return true;
}

static bool read_answer(struct control_answer *answer, struct xg_bytes rest)
{
    struct xg_bytes out, errors, code;
    uint64_t value;

    if (!xg_frame_next(&rest, &out) || !xg_frame_next(&rest, &errors) ||
        !xg_frame_next(&rest, &code) || !xg_word_uint(&code, &value) ||
        value > 255)
        return false;
    xg_buf_append(&answer->out, out.at, out.len);
    xg_buf_append(&answer->errors, errors.at, errors.len);
    answer->exit_code = (int)value;
    return true;
}

static enum xg_status converse(struct control_answer *answer, int fd,
                               struct xg_bytes question, const int *files,
                               struct xg_error *err)
{
    struct xg_buf in = XG_BUF(CMD_OUT_MAX + (1 << 20));
    struct control_answer read = {.out = XG_BUF(CMD_OUT_MAX),
                                  .errors = XG_BUF(1 << 20)};
    enum xg_status status =
        files ? send_files(fd, &question, files, err) : XG_OK;

    if (status == XG_OK)
        status = send_all(fd, question, err);
    if (status == XG_OK && shutdown(fd, SHUT_WR) != 0)
        status = xg_fail_os(err, "%s", SOCKET_NAME);
    if (status == XG_OK)
        status = receive_all(&in, NULL, fd, err);
    if (status == XG_OK && !read_answer(&read, xg_buf_bytes(&in)))
        status = xg_fail(err, XG_IO, "%s",
                         XG_T("服务在回答前停止了，请再试",
                              "the server stopped before it answered: try "
                              "again"));
    xg_buf_clear(&in);
    if (status != XG_OK) {
        xg_buf_clear(&read.out);
        xg_buf_clear(&read.errors);
        return status;
    }
    *answer = read;
    return XG_OK;
}

enum xg_status control_ask(struct control_answer *answer, const char *dir,
                           int argc, const char *const *argv,
                           struct xg_bytes input, struct xg_bytes password,
                           const int *files, struct xg_error *err)
{
    struct xg_buf question = XG_BUF(QUESTION_MAX);
    char count[16];
    int fd = -1;

    if (reach(&fd, dir, err) != XG_OK)
        return err->status;
    xg_frame_put(&question, xg_bytes_of(MAGIC));
    xg_frame_put(&question, xg_bytes_of(xg_lang() == XG_LANG_ZH ? "zh" : "en"));
    xg_frame_put(&question, input);
    xg_frame_put(&question, password);
    snprintf(count, sizeof count, "%d", argc);
    xg_frame_put(&question, xg_bytes_of(count));
    for (int i = 0; i < argc; i++)
        xg_frame_put(&question, xg_bytes_of(argv[i]));
    enum xg_status status = xg_buf_check(&question, err);
    if (status == XG_OK)
        status = converse(answer, fd, xg_buf_bytes(&question), files, err);
    xg_secret_wipe(&question);
    close(fd);
    return status;
}
