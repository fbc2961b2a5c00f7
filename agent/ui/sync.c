/* sync.c - see sync.h. */
#include "agent/ui/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/ui/ui.h"
#include "shared/base/lang.h"
#include "shared/base/wait.h"

enum { PIECE_BYTES = 4096, ARGUMENTS_MAX = 256 << 10 };

struct sync_job {
    struct xg_arena arena; /* of the arguments */
    char **arguments;
    unsigned holders; /* the desk while it is not done, and who waits for it */
    bool begun, done, by_itself;
    struct xg_buf answer; /* once done: what it said but progress, and its end */
};

/* ---- jobs ---- */

static void job_free(struct sync_job *job)
{
    xg_arena_clear(&job->arena);
    xg_buf_clear(&job->answer);
    free(job);
}

static void job_give(struct sync_desk *desk, struct sync_job *job)
{
    pthread_mutex_lock(&desk->lock);
    bool last = --job->holders == 0;
    pthread_mutex_unlock(&desk->lock);
    if (last)
        job_free(job);
}

static struct sync_job *job_new(const struct sync_desk *desk,
                                const struct xg_call *call)
{
    struct sync_job *job = calloc(1, sizeof *job);

    if (!job)
        return NULL;
    job->arena = XG_ARENA(ARGUMENTS_MAX);
    job->answer = XG_BUF(SYNC_ANSWER_MAX);
    job->holders = 1;
    job->arguments = call_arguments(call, desk->ui->home, 0, &job->arena);
    if (job->arguments)
        return job;
    job_free(job);
    return NULL;
}

static bool same_arguments(char *const *a, char *const *b)
{
    while (*a && *b && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return !*a && !*b;
}

/* One that waits and would do the same, else at the end. NULL: no room. */
static struct sync_job *job_place(struct sync_desk *desk, struct sync_job *job)
{
    for (size_t i = 0; i < desk->job_count; i++) {
        struct sync_job *other = desk->jobs[i];
        if (!other->begun && same_arguments(other->arguments, job->arguments))
            return other;
    }
    if (desk->job_count == SYNC_JOBS || desk->stopping)
        return NULL;
    desk->jobs[desk->job_count++] = job;
    pthread_cond_signal(&desk->wake);
    return job;
}

/* The job that does what a call asks for, held for the caller; takes `job`. */
static struct sync_job *job_join(struct sync_desk *desk, struct sync_job *job)
{
    pthread_mutex_lock(&desk->lock);
    struct sync_job *placed = job_place(desk, job);
    if (placed)
        placed->holders++;
    if (placed && placed != job)
        placed->by_itself = false;
    pthread_mutex_unlock(&desk->lock);
    if (placed != job)
        job_give(desk, job);
    return placed;
}

/* ---- the one that runs ---- */

static bool is_progress(const char *line)
{
    return strncmp(line, "{\"progress\":", strlen("{\"progress\":")) == 0;
}

/* Tell all of a line; keep it where it is of the answer. */
static void tell(struct sync_desk *desk, struct sync_job *job, const char *line)
{
    if (!is_progress(line)) {
        xg_buf_text(&job->answer, line);
        xg_buf_text(&job->answer, "\n");
    }
    hub_post(&desk->ui->hub, HUB_SYNC, line);
}

static bool desk_stopping(struct sync_desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    bool is = desk->stopping;
    pthread_mutex_unlock(&desk->lock);
    return is;
}

/* What a sync may have been told to do while it waits: to stop. */
static enum xg_wait wait_for(void *ctx, int fd, int timeout_ms)
{
    struct sync_desk *desk = ctx;

    for (;;) {
        enum xg_wait waited = xg_reader_wait(NULL, fd, 500);
        if (desk_stopping(desk))
            return XG_WAIT_GONE;
        if (waited == XG_WAIT_READY || timeout_ms >= 0)
            return waited;
    }
}

/* Cut what comes into lines. False: the output ended, or it is to be ended. */
static bool hear(struct sync_desk *desk, struct sync_job *job, struct run *run,
                 struct xg_buf *heard, bool *stopped)
{
    const struct xg_reader reader = {desk, wait_for};
    uint8_t *room = xg_buf_room(heard, PIECE_BYTES + 1);

    *stopped = !room || xg_reader_wait(&reader, run->output_fd, -1) ==
                            XG_WAIT_GONE;
    if (*stopped)
        return false;
    ssize_t n = read(run->output_fd, room, PIECE_BYTES);
    if (n < 0 && errno == EINTR)
        return true;
    if (n <= 0)
        return false;
    heard->len += (size_t)n;
    for (;;) {
        uint8_t *end = memchr(heard->data, '\n', heard->len);
        if (!end)
            return true;
        *end = '\0';
        tell(desk, job, (const char *)heard->data);
        size_t used = (size_t)(end - heard->data) + 1;
        memmove(heard->data, heard->data + used, heard->len - used);
        heard->len -= used;
    }
}

/* XG_BUSY: another program, or a page's call, is at it; that is a failure like
 * any, and the next turn comes. */
static int run_job(struct sync_desk *desk, struct sync_job *job)
{
    const struct xg_reader reader = {desk, wait_for};
    const struct run_order order = {.arguments = job->arguments};
    struct xg_buf heard = XG_BUF(SYNC_ANSWER_MAX), end = XG_BUF(256 << 10);
    struct xg_error err = XG_ERROR_NONE;
    struct run run = RUN_NONE;
    bool stopped = false;
    int status = 1;

    if (run_start(&run, &desk->ui->runner, &order, &reader, &err) == XG_OK) {
        while (hear(desk, job, &run, &heard, &stopped))
            continue;
        status = run_end(&run, stopped);
        run_end_line(&end, &run, status);
    } else {
        xg_buf_format(&end, "{\"exit\":1,\"error\":{\"error\":\"%s\","
                            "\"exit\":1,\"text\":",
                      xg_status_name(err.status));
        xg_json_string(&end, xg_error_text(&err));
        xg_buf_text(&end, "}}\n");
    }
    run_clear(&run);
    xg_buf_append(&job->answer, end.data, end.len);
    if (end.len > 0)
        end.data[end.len - 1] = '\0'; /* its end of line */

    pthread_mutex_lock(&desk->lock);
    job->done = true;
    pthread_mutex_unlock(&desk->lock);
    hub_post(&desk->ui->hub, HUB_SYNC, xg_buf_str(&end));
    xg_buf_clear(&heard);
    xg_buf_clear(&end);
    return status;
}

/* ---- when ---- */

/* When the next is due by itself; INT64_MAX: never. Under the lock. */
static int64_t due_ms(const struct sync_desk *desk)
{
    int64_t gap_ms = desk->every_min * 60 * 1000;

    if (desk->every_min == 0)
        return INT64_MAX;
    for (unsigned i = 0; i < desk->failures && gap_ms < SYNC_REST_MS; i++)
        gap_ms *= 2;
    if (gap_ms > SYNC_REST_MS && desk->every_min * 60 * 1000 < SYNC_REST_MS)
        gap_ms = SYNC_REST_MS;
    int64_t due = desk->last_ms + gap_ms;
    if (desk->soon_ms > 0) {
        int64_t least_ms = (int64_t)SYNC_LEAST_MS << (desk->failures < 5
                                                          ? desk->failures
                                                          : 5);
        int64_t soon = desk->last_ms + least_ms;
        if (soon < desk->soon_ms)
            soon = desk->soon_ms;
        if (soon < due)
            due = soon;
    }
    return due;
}

static void add_own(struct sync_desk *desk)
{
    static const struct call_row row = {.call = {"sync", 0, 0, ""}};
    static struct xg_call_flag flags[] = {{"progress", NULL, 0},
                                       {"max-time", "0", '='}};
    const struct xg_call call = {.row = &row.call,
                              .lang = desk->ui->lang,
                              .flags = flags,
                              .flag_count = 2};
    struct sync_job *job = job_new(desk, &call);

    if (!job)
        return;
    job->by_itself = true;
    desk->jobs[desk->job_count++] = job;
}

/* Sleep until there is a job. NULL: the end. */
static struct sync_job *next_job(struct sync_desk *desk)
{
    struct sync_job *job = NULL;

    pthread_mutex_lock(&desk->lock);
    while (!desk->stopping && desk->job_count == 0) {
        int64_t now = ui_now_ms(), due = due_ms(desk);
        if (due <= now) {
            desk->soon_ms = 0;
            desk->last_ms = now; /* of the attempt, should it fail at once */
            add_own(desk);
            continue;
        }
        /* Woken now and then, since the clock of a wait stands still while the
         * device sleeps. */
        int64_t left_ms = due - now < 30 * 1000 ? due - now : 30 * 1000;
        const struct timespec until = xg_wait_until((uint64_t)left_ms);
        xg_wait(&desk->wake, &desk->lock, &until);
    }
    if (!desk->stopping) {
        job = desk->jobs[0];
        job->begun = true;
    }
    pthread_mutex_unlock(&desk->lock);
    return job;
}

static void job_done(struct sync_desk *desk, struct sync_job *job, int status)
{
    pthread_mutex_lock(&desk->lock);
    desk->job_count--;
    memmove(desk->jobs, desk->jobs + 1,
            desk->job_count * sizeof desk->jobs[0]);
    desk->last_ms = ui_now_ms();
    if (status == 0)
        desk->failures = 0;
    else
        desk->failures++;
    pthread_mutex_unlock(&desk->lock);
    job_give(desk, job);
}

static void *work(void *ctx)
{
    struct sync_desk *desk = ctx;
    struct sync_job *job;

    xg_lang_thread(strcmp(desk->ui->lang, "zh") == 0 ? XG_LANG_ZH : XG_LANG_EN);
    while ((job = next_job(desk)) != NULL)
        job_done(desk, job, run_job(desk, job));
    return NULL;
}

enum xg_status sync_start(struct sync_desk *desk, struct ui *ui,
                          struct xg_error *err)
{
    *desk = (struct sync_desk){
        .ui = ui, .every_min = SYNC_EVERY_MIN, .last_ms = ui_now_ms()};
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->wake, NULL);
    errno = pthread_create(&desk->thread, NULL, work, desk);
    if (errno)
        return xg_fail_os(err, "pthread_create");
    desk->started = true;
    return XG_OK;
}

void sync_stop(struct sync_desk *desk)
{
    if (!desk->started)
        return;
    pthread_mutex_lock(&desk->lock);
    desk->stopping = true;
    pthread_cond_signal(&desk->wake);
    pthread_mutex_unlock(&desk->lock);
    pthread_join(desk->thread, NULL);
}

void sync_clear(struct sync_desk *desk)
{
    if (!desk->started)
        return;
    for (size_t i = 0; i < desk->job_count; i++)
        job_give(desk, desk->jobs[i]);
    desk->job_count = 0;
    desk->started = false;
    pthread_cond_destroy(&desk->wake);
    pthread_mutex_destroy(&desk->lock);
}

void sync_every(struct sync_desk *desk, int64_t minutes)
{
    pthread_mutex_lock(&desk->lock);
    if (desk->every_min != minutes)
        pthread_cond_signal(&desk->wake);
    desk->every_min = minutes;
    pthread_mutex_unlock(&desk->lock);
}

void sync_soon(struct sync_desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    if (desk->soon_ms == 0)
        desk->soon_ms = ui_now_ms() + SYNC_SOON_MS;
    pthread_cond_signal(&desk->wake);
    pthread_mutex_unlock(&desk->lock);
}

/* ---- following one ---- */

struct follow {
    struct sync_desk *desk;
    struct sync_job *job;
    struct hub_listener listener;
    struct xg_buf line;
    size_t at;
    bool last;
};

/* Its answer, once it is done: nobody writes there any more. */
static bool take_answer(struct follow *f)
{
    pthread_mutex_lock(&f->desk->lock);
    f->last = f->job->done;
    pthread_mutex_unlock(&f->desk->lock);
    if (f->last)
        xg_buf_append(&f->line, f->job->answer.data, f->job->answer.len);
    return f->last;
}

/* The next thing to say; false: nothing new. */
static bool next_line(struct follow *f)
{
    enum hub_kind kind;

    xg_buf_reset(&f->line);
    f->at = 0;
    if (take_answer(f))
        return true;
    while (hub_next(&f->listener, &kind, &f->line)) {
        if (kind == HUB_SYNC && is_progress(xg_buf_str(&f->line))) {
            xg_buf_text(&f->line, "\n");
            return true;
        }
        xg_buf_reset(&f->line);
    }
    /* The bell may have rung for its end, which came while we looked for news:
     * it rings no more. */
    return take_answer(f);
}

static ssize_t next_of_sync(void *state, const struct xg_reader *reader,
                            uint8_t *out, size_t max)
{
    struct follow *f = state;

    while (f->at == f->line.len) {
        if (f->last)
            return 0;
        if (!next_line(f) &&
            xg_reader_wait(reader, f->listener.bell, -1) == XG_WAIT_GONE)
            return -1;
        if (f->line.failed != XG_OK)
            return -1;
    }
    return (ssize_t)xg_buf_take(&f->line, &f->at, out, max);
}

static void close_follow(void *state)
{
    struct follow *f = state;

    hub_leave(&f->listener);
    job_give(f->desk, f->job);
    xg_buf_clear(&f->line);
    free(f);
}

void sync_answer(struct xg_response *response, struct sync_desk *desk,
                 const struct xg_call *call)
{
    static const struct xg_flow flow = {next_of_sync, close_follow};
    struct xg_call with = *call;
    struct xg_call_flag flags[XG_CALL_FLAGS_MAX + 1];
    struct xg_error err = XG_ERROR_NONE;
    struct follow *f = calloc(1, sizeof *f);

    memcpy(flags, call->flags, call->flag_count * sizeof *flags);
    flags[with.flag_count++] = (struct xg_call_flag){"progress", NULL, 0};
    with.flags = flags;
    struct sync_job *job = f ? job_new(desk, &with) : NULL;
    if (!job) {
        xg_ignore(xg_fail_nomem(&err));
    } else if (hub_listen(&f->listener, &desk->ui->hub, &err) != XG_OK) {
        job_give(desk, job);
    } else {
        f->line = XG_BUF(SYNC_ANSWER_MAX + HUB_TEXT_MAX);
        f->desk = desk;
        f->job = job_join(desk, job);
        if (f->job) {
            response->content_type = "application/x-ndjson";
            xg_response_flow(response, &flow, f);
            return;
        }
        hub_leave(&f->listener);
        xg_ignore(xg_fail(&err, XG_BUSY,
                          XG_T("已有很多同步在等；请稍后再试",
                               "many syncs wait already; try again later")));
    }
    free(f);
    answer_refusal(response, &err);
}
