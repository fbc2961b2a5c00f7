/* test_control.c - commands that a running server is asked for
 * (server/cli/control.h): how many at once, what a question that was cut off
 * does, how long a line may be, and that nobody who merely holds a connection
 * keeps the server from its end.
 */
#include "tests/lib/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server/cli/control.h"
#include "shared/base/lang.h"
#include "shared/core/protocol.h"
#include "shared/web/asset.h"
#include "tests/lib/office.h"

/* What `serve` shows, which is a part of these tests' programs. */
extern const struct xg_asset console_assets[];
extern const size_t console_asset_count;
const struct xg_asset console_assets[1] = {{NULL, NULL, NULL, 0, 0, false}};
const size_t console_asset_count = 0;

enum { SOON_MS = 5000, WHILE_MS = 300 };

struct running {
    struct office o;
    struct control *control;
};

static void begin(struct running *r)
{
    struct xg_error err = XG_ERROR_NONE;

    xg_lang_init("en");
    office_open_files(&r->o);
    assert_ok(control_start(&r->control, r->o.folder, r->o.d, NULL, &r->o.env,
                            &err));
}

static void end(struct running *r)
{
    control_stop(r->control);
    office_close(&r->o);
}

/* Somebody who came, and has not said anything. */
static int visit(struct running *r)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_true(snprintf(address.sun_path, sizeof address.sun_path,
                         "%s/control.sock",
                         r->o.folder) < (int)sizeof address.sun_path);
    assert_int_equal(
        connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Somebody who asks, in a thread of her own. */
struct asking {
    pthread_t thread;
    struct running *r;
    atomic_bool answered;
    int exit_code;
};

static void *ask(void *ctx)
{
    static const char *const words[] = {"operator", "list", "x"};
    const struct xg_bytes nothing = xg_bytes("", 0);
    struct xg_error err = XG_ERROR_NONE;
    struct control_answer answer;
    struct asking *a = ctx;

    if (control_ask(&answer, a->r->o.folder, 3, words, nothing, nothing, NULL,
                    &err) == XG_OK) {
        a->exit_code = answer.exit_code;
        xg_buf_clear(&answer.out);
        xg_buf_clear(&answer.errors);
    }
    atomic_store(&a->answered, true);
    return NULL;
}

static void begin_asking(struct asking *a, struct running *r)
{
    *a = (struct asking){.r = r, .exit_code = -1};
    assert_int_equal(pthread_create(&a->thread, NULL, ask, a), 0);
}

static bool is_answered(struct asking *a, int64_t within_ms)
{
    int64_t until_ms = now_ms() + within_ms;

    while (!atomic_load(&a->answered) && now_ms() < until_ms)
        pause_ms(5);
    return atomic_load(&a->answered);
}

static void test_so_many_at_once(void **unused)
{
    static struct running r;
    struct asking last, one_more;
    int fds[CONTROL_AT_ONCE];

    (void)unused;
    begin(&r);
    for (size_t i = 0; i + 1 < CONTROL_AT_ONCE; i++)
        fds[i] = visit(&r);
    /* One place is left. */
    begin_asking(&last, &r);
    assert_true(is_answered(&last, SOON_MS));
    pthread_join(last.thread, NULL);
    assert_int_equal(last.exit_code, 0);
    /* None is: she waits until somebody goes. */
    fds[CONTROL_AT_ONCE - 1] = visit(&r);
    begin_asking(&one_more, &r);
    assert_false(is_answered(&one_more, WHILE_MS));
    close(fds[0]);
    assert_true(is_answered(&one_more, SOON_MS));
    pthread_join(one_more.thread, NULL);
    assert_int_equal(one_more.exit_code, 0);
    for (size_t i = 1; i < CONTROL_AT_ONCE; i++)
        close(fds[i]);
    end(&r);
}

/* All places are held, and more want one. */
static void test_it_ends_whoever_holds_on(void **unused)
{
    int fds[CONTROL_AT_ONCE + 2];
    const size_t count = sizeof fds / sizeof *fds;
    static struct running r;

    (void)unused;
    begin(&r);
    for (size_t i = 0; i < count; i++)
        fds[i] = visit(&r);
    pause_ms(100);
    int64_t began_ms = now_ms();
    end(&r);
    assert_true(now_ms() - began_ms < SOON_MS);
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

/* ---- questions ---- */

static void put_words(struct xg_buf *q, const char *const *words, size_t count)
{
    char text[16];

    snprintf(text, sizeof text, "%zu", count);
    xg_frame_put(q, xg_bytes_of("xunge-server/control/3"));
    xg_frame_put(q, xg_bytes_of("en"));
    xg_frame_put(q, xg_bytes("", 0));
    xg_frame_put(q, xg_bytes("", 0));
    xg_frame_put(q, xg_bytes_of(text));
    for (size_t i = 0; i < count; i++)
        xg_frame_put(q, xg_bytes_of(words[i]));
}

/* Is there any answer? */
static bool answers(struct running *r, struct xg_bytes question)
{
    int fd = visit(r);
    char room[256];
    bool any = false;
    ssize_t n;

    assert_int_equal(send(fd, question.at, question.len, MSG_NOSIGNAL),
                     question.len);
    shutdown(fd, SHUT_WR);
    while ((n = recv(fd, room, sizeof room, 0)) > 0)
        any = true;
    close(fd);
    return any;
}

/* Without its last words a command is another one. */
static void test_what_was_cut_off_does_nothing(void **unused)
{
    static const char *const words[] = {"operator", "lock", "x", "head",
                                        "--why=gone"};
    struct xg_buf question = XG_BUF(4096);
    static struct running r;

    (void)unused;
    begin(&r);
    put_words(&question, words, sizeof words / sizeof *words);
    for (size_t len = 0; len < question.len; len++)
        if (answers(&r, xg_bytes(question.data, len)))
            fail_msg("an answer to %zu bytes of %zu", len, question.len);
    assert_true(answers(&r, xg_buf_bytes(&question)));
    xg_buf_clear(&question);
    end(&r);
}

/* The package was replaced while the server ran on. */
static void test_another_version_is_told_so(void **unused)
{
    struct xg_buf question = XG_BUF(4096);
    static struct running r;
    char room[512] = "";

    (void)unused;
    begin(&r);
    xg_frame_put(&question, xg_bytes_of("xunge-server/control/99"));
    xg_frame_put(&question, xg_bytes_of("en"));
    xg_frame_put(&question, xg_bytes_of("whatever that will say"));
    int fd = visit(&r);
    assert_int_equal(send(fd, question.data, question.len, MSG_NOSIGNAL),
                     question.len);
    shutdown(fd, SHUT_WR);
    ssize_t n = recv(fd, room, sizeof room - 1, MSG_WAITALL);
    assert_true(n > 0);
    struct xg_bytes rest = xg_bytes(room, (size_t)n);
    struct xg_bytes out = {0}, errors = {0}, code = {0};
    assert_true(xg_frame_next(&rest, &out) && xg_frame_next(&rest, &errors) &&
                xg_frame_next(&rest, &code));
    assert_int_equal(out.len, 0);
    assert_non_null(strstr((const char *)errors.at, "restart it"));
    assert_true(xg_bytes_equal(code, xg_bytes_of("1")));
    close(fd);
    xg_buf_clear(&question);
    end(&r);
}

/* As many as one line may have: the command itself complains. */
static void test_long_lines(void **unused)
{
    static const char *words[4 + CMD_ARGS_MAX + 2 * CMD_GIVEN_MAX + 1];
    const size_t most = sizeof words / sizeof *words - 1;
    struct xg_buf question = XG_BUF(16 << 10);
    static struct running r;

    (void)unused;
    begin(&r);
    for (size_t i = 0; i <= most; i++)
        words[i] = i == 0 ? "list" : "x";
    put_words(&question, words, most);
    assert_true(answers(&r, xg_buf_bytes(&question)));
    xg_buf_reset(&question);
    put_words(&question, words, most + 1);
    assert_false(answers(&r, xg_buf_bytes(&question)));
    xg_buf_clear(&question);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_so_many_at_once),
        cmocka_unit_test(test_it_ends_whoever_holds_on),
        cmocka_unit_test(test_what_was_cut_off_does_nothing),
        cmocka_unit_test(test_another_version_is_told_so),
        cmocka_unit_test(test_long_lines),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
