/* test_ui_sync.c - syncs for the page: who follows one hears its end, at
 * whatever moment that comes. The program that syncs is a script, which ends
 * when it is told to. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/ui/ui.h"
#include "shared/base/env.h"
#include "tests/lib/folder.h"

enum {
    ROUNDS = 8,
    SETTLE_MS = 30,  /* until whoever goes for a lock waits for it */
    LOST_MS = 10000, /* no word for so long, of a sync that has ended */
};

struct fixture {
    struct ui ui;
    char folder[TEST_FOLDER_SIZE], pipe[TEST_PATH_SIZE];
};

/* ---- what main.c and answer.c have in the program ---- */

int64_t ui_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void answer_refusal(struct xg_response *response, const struct xg_error *err)
{
    (void)response;
    fail_msg("%s", xg_error_text(err));
}

/* ---- a program that syncs ---- */

static void pass_ms(int ms)
{
    poll(NULL, 0, ms);
}

/* Its standard input is nobody's, so it waits for the end of a named pipe. It
 * says nothing: who told a line of it would be held up, too. */
static void open_ui(struct fixture *f)
{
    struct xg_error err = XG_ERROR_NONE;
    struct ui *ui = &f->ui;

    memset(f, 0, sizeof *f);
    test_folder_make(f->folder, "ui-sync");
    snprintf(f->pipe, sizeof f->pipe, "%s/pipe", f->folder);
    assert_int_equal(mkfifo(f->pipe, 0600), 0);
    snprintf(ui->runner.program, sizeof ui->runner.program, "%s/xunge",
             f->folder);
    FILE *script = fopen(ui->runner.program, "w");
    assert_non_null(script);
    fprintf(script,
            "#!/bin/sh\n"
            "exec cat '%s'\n",
            f->pipe);
    fclose(script);
    assert_int_equal(chmod(ui->runner.program, 0700), 0);
    pthread_mutex_init(&ui->runner.lock, NULL);
    pthread_cond_init(&ui->runner.freed, NULL);
    ui->home = "/nonexistent";
    ui->lang = "en";
    hub_init(&ui->hub);
    assert_ok(sync_start(&ui->sync, ui, &err));
    sync_every(&ui->sync, 0);
}

static void close_ui(struct fixture *f)
{
    sync_stop(&f->ui.sync);
    sync_clear(&f->ui.sync);
    hub_clear(&f->ui.hub);
    runner_clear(&f->ui.runner);
    test_folder_remove(f->folder);
}

static void ask(struct xg_response *response, struct fixture *f)
{
    static const struct call_row row = {.call = {"sync", 0, 0, ""}};
    struct xg_call_flag none[1];
    const struct xg_call call = {.row = &row.call, .lang = "en", .flags = none};

    xg_response_init(response);
    sync_answer(response, &f->ui.sync, &call);
    assert_non_null(response->flow);
}

static bool is_running(struct fixture *f)
{
    pthread_mutex_lock(&f->ui.runner.lock);
    bool is = f->ui.runner.running > 0;
    pthread_mutex_unlock(&f->ui.runner.lock);
    return is;
}

/* ---- one who follows it ---- */

struct reader {
    struct xg_response *response;
    sem_t waits, look; /* it waits for the first time; it is to look again */
    bool looked, lost;
    char heard[4096];
};

static enum xg_wait wait_for(void *ctx, int fd, int timeout_ms)
{
    struct reader *r = ctx;
    struct pollfd bell = {.fd = fd, .events = POLLIN};

    (void)timeout_ms;
    if (!r->looked) {
        r->looked = true;
        sem_post(&r->waits);
        while (sem_wait(&r->look) != 0)
            continue;
        return XG_WAIT_READY;
    }
    r->lost = poll(&bell, 1, LOST_MS) == 0;
    return r->lost ? XG_WAIT_GONE : XG_WAIT_READY;
}

static void *follow(void *ctx)
{
    struct reader *r = ctx;
    const struct xg_reader reader = {r, wait_for};
    size_t len = 0;
    ssize_t n;

    do {
        n = r->response->flow->next(r->response->flow_state, &reader,
                                    (uint8_t *)r->heard + len,
                                    sizeof r->heard - 1 - len);
        len += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    return NULL;
}

/* It looks, finds that the sync is not done, and is held up at the hub; the
 * sync ends, and is held up there behind it. The lock is let go of and taken
 * again at once, so that whoever waited for it longest waits behind the other:
 * what the end rings is heard by one who looks for news, and knows of no end.
 */
static void end_while_looking(struct fixture *f, struct reader *r, int pipe)
{
    pthread_mutex_t *lock = &f->ui.hub.lock;

    pthread_mutex_lock(lock);
    sem_post(&r->look);
    pass_ms(SETTLE_MS);
    close(pipe);
    while (is_running(f))
        pass_ms(1);
    pass_ms(SETTLE_MS);
    pthread_mutex_unlock(lock);
    pthread_mutex_lock(lock);
    pass_ms(SETTLE_MS);
    pthread_mutex_unlock(lock);
}

static void test_its_end_is_heard(void **state)
{
    struct fixture f;

    (void)state;
    open_ui(&f);
    for (int i = 0; i < ROUNDS; i++) {
        struct xg_response response;
        struct reader r = {.response = &response};
        pthread_t thread;

        sem_init(&r.waits, 0, 0);
        sem_init(&r.look, 0, 0);
        ask(&response, &f);
        assert_int_equal(pthread_create(&thread, NULL, follow, &r), 0);
        int pipe = open(f.pipe, O_WRONLY); /* it runs, and waits there */
        assert_true(pipe >= 0);
        while (sem_wait(&r.waits) != 0)
            continue;
        end_while_looking(&f, &r, pipe);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_false(r.lost);
        assert_non_null(strstr(r.heard, "{\"exit\":0}\n"));
        xg_response_clear(&response);
        sem_destroy(&r.waits);
        sem_destroy(&r.look);
    }
    close_ui(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_its_end_is_heard),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
