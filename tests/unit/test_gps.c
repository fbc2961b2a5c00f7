/* test_gps.c - fixes from a real gpsd that is fed with a recording. Skipped
 * where gpsd or python3 is not installed. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/patrol/gps.h"
#include "tests/lib/source.h"

#define GPSD "/usr/sbin/gpsd"

static struct xg_error err;
static volatile sig_atomic_t stop;
static pid_t feeder, daemon_pid;
static char port[8];

static void on_alarm(int number)
{
    (void)number;
    stop = 1;
}

static void stop_after_s(unsigned seconds)
{
    struct sigaction action = {.sa_handler = on_alarm};

    stop = 0;
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}

static int64_t steady_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A listening socket on a free loopback port. */
static int listen_somewhere(char text[8])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(text, 8, "%u", (unsigned)ntohs(at.sin_port));
    return fd;
}

static void free_port(char text[8])
{
    close(listen_somewhere(text));
}

/* Run a program; *out reads what it prints, unless NULL. */
static pid_t start(const char *const argv[], FILE **out)
{
    int ends[2] = {-1, -1};

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        alarm(120); /* never outlives the test by much */
        dup2(out ? ends[1] : null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        dup2(null, STDIN_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(ends[1]);
    if (out)
        *out = fdopen(ends[0], "r");
    else
        close(ends[0]);
    return pid;
}

static void end(pid_t *pid)
{
    if (*pid > 0) {
        kill(*pid, SIGKILL);
        waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

/* Feed gpsd on `port` with the recording. */
static void start_gpsd(const char *recording)
{
    char script[4096], log[4096], source[64], feed[8] = "";
    FILE *out;

    snprintf(script, sizeof script, "%s",
             test_source("packaging/demo/nmea_tcp.py"));
    snprintf(log, sizeof log, "%s",
             test_source("tests/data/gps/%s", recording));
    const char *const feed_argv[] = {"python3", script, log, "0.003", NULL};
    feeder = start(feed_argv, &out);
    bool fed = fgets(feed, sizeof feed, out) != NULL;
    fclose(out);
    if (!fed || access(GPSD, X_OK) != 0) {
        end(&feeder);
        skip();
    }
    feed[strcspn(feed, "\n")] = '\0';
    snprintf(source, sizeof source, "tcp://127.0.0.1:%s", feed);
    const char *const argv[] = {GPSD, "-N", "-n", "-S", port, source, NULL};
    daemon_pid = start(argv, NULL);
}

static int end_all(void **state)
{
    (void)state;
    alarm(0);
    end(&daemon_pid);
    end(&feeder);
    return 0;
}

struct seen {
    size_t fixes, no_fixes, offs, enough;
    struct track_sample last;
    bool kill_gpsd; /* at the first fix */
};

static bool on_sample(void *ctx, const struct track_sample *sample)
{
    struct seen *seen = ctx;

    if (sample->kind == TRACK_GPS_OFF) {
        seen->offs++;
    } else if (sample->kind == TRACK_NO_FIX) {
        seen->no_fixes++;
    } else {
        seen->fixes++;
        seen->last = *sample;
        if (seen->kill_gpsd)
            end(&daemon_pid);
        seen->kill_gpsd = false;
    }
    return seen->enough == 0 || seen->fixes < seen->enough;
}

static enum xg_status run(struct seen *seen, struct gps_options options)
{
    struct xg_env env = xg_env_system();
    struct gps_listener listener = {.ctx = seen, .sample = on_sample};

    options.port = options.port ? options.port : port;
    if (!options.retry_min_ms)
        options.retry_min_ms = 100;
    if (!options.retry_max_ms)
        options.retry_max_ms = 400;
    return gps_run(&options, &env, &listener, &stop, &err);
}

static void bad_port(void **state)
{
    static const char *const PORTS[] = {"", "0", "65536", "x", "1x", "-1",
                                        "999999"};
    struct seen seen = {0};
    (void)state;

    for (int i = 0; i < 7; i++)
        assert_status(run(&seen, (struct gps_options){.port = PORTS[i]}),
                      XG_USAGE);
}

static void nobody_there(void **state)
{
    struct seen seen = {0};
    (void)state;

    stop_after_s(20);
    free_port(port);
    assert_status(run(&seen, (struct gps_options){.attempts = 3}), XG_NET);
    assert_int_equal(seen.offs, 1);
    assert_false(stop);
}

/* Somebody listens and never says a word. */
static void silent(void **state)
{
    struct seen seen = {0};
    int fd = listen_somewhere(port);
    (void)state;

    stop_after_s(20);
    assert_status(run(&seen, (struct gps_options){.attempts = 2,
                                                  .silence_ms = 500}),
                  XG_NET);
    assert_int_equal(seen.offs, 1);
    assert_false(stop);
    close(fd);
}

static void stopped_by_flag(void **state)
{
    struct seen seen = {0};
    int64_t begin_ms = steady_ms();
    int fd = listen_somewhere(port);
    (void)state;

    stop_after_s(1); /* while it waits for a report */
    assert_ok(run(&seen, (struct gps_options){.silence_ms = 60000}));
    close(fd);
    stop_after_s(1); /* while it waits to try again */
    assert_ok(run(&seen, (struct gps_options){.retry_min_ms = 60000,
                                              .retry_max_ms = 60000}));
    assert_true(steady_ms() - begin_ms < 4000);
}

static void real_fixes(void **state)
{
    struct seen seen = {.enough = 101};
    (void)state;

    free_port(port);
    start_gpsd("haicom-305N.log");
    stop_after_s(60);
    assert_ok(run(&seen, (struct gps_options){.silence_ms = 5000}));
    assert_false(stop);
    assert_int_equal(seen.fixes, 101);
    assert_true(abs(seen.last.lat_e6 + 27210867) < 20000);
    assert_true(abs(seen.last.lon_e6 - 153052328) < 20000);
    assert_true(seen.last.mode >= 2 && !seen.last.mock);
    /* the system's clocks, whatever year gpsd made of 2007 */
    assert_true(llabs(seen.last.wall_ms - (int64_t)time(NULL) * 1000) < 60000);
    assert_true(seen.last.awake_ms != TRACK_NO_TIME);
    assert_true(seen.last.gps_ms != TRACK_NO_TIME);
}

static void gpsd_dies_and_comes_back(void **state)
{
    struct seen seen = {.enough = 1};
    (void)state;

    free_port(port);
    start_gpsd("haicom-305N.log");
    stop_after_s(60);
    assert_ok(run(&seen, (struct gps_options){0}));
    assert_int_equal(seen.fixes, 1);

    seen = (struct seen){.kill_gpsd = true};
    assert_status(run(&seen, (struct gps_options){.attempts = 3}), XG_NET);
    assert_int_equal(seen.offs, seen.fixes ? 1 : seen.offs);
    assert_true(seen.fixes >= 1);
    end(&feeder);

    start_gpsd("haicom-305N.log");
    seen = (struct seen){.enough = 10};
    assert_ok(run(&seen, (struct gps_options){0}));
    assert_int_equal(seen.fixes, 10);
    assert_false(stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_port),
        cmocka_unit_test_teardown(nobody_there, end_all),
        cmocka_unit_test_teardown(silent, end_all),
        cmocka_unit_test_teardown(stopped_by_flag, end_all),
        cmocka_unit_test_teardown(real_fixes, end_all),
        cmocka_unit_test_teardown(gpsd_dies_and_comes_back, end_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
