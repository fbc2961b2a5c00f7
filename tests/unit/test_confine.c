/* test_confine.c - what a confined process can still do: nothing but read,
 * write, think and end. Each deed is tried by a process of its own. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, syscall */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/confine/confine.h"
#include "tests/lib/folder.h"

enum { MEMORY_MAX = 64 << 20, CPU_MAX_S = 1, UNCONFINED = 99 };

#ifdef TEST_UNDER_ASAN
static const bool limits_memory = false; /* confine.c */
#else
static const bool limits_memory = true;
#endif

/* Runs confined; what it returns is the exit status. */
typedef int deed(void);

static int status_of(deed *what)
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        if (!confine(MEMORY_MAX, CPU_MAX_S))
            _exit(UNCONFINED);
        _exit(what());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void assert_killed(deed *what, int number)
{
    int status = status_of(what);

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), number);
}

/* --- what is left -------------------------------------------------------- */

static int think(void)
{
    char *room = malloc(8 << 20);
    char byte;

    if (!room)
        return 1;
    memset(room, 1, 8 << 20);
    free(room);
    return read(STDIN_FILENO, &byte, 0) == 0 ? 0 : 2;
}

static void test_what_is_left(void **state)
{
    (void)state;
    int status = status_of(think);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- what is not --------------------------------------------------------- */

static int open_file(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0;
}

static char folder[TEST_FOLDER_SIZE], path[TEST_PATH_SIZE];

static int make_file(void)
{
    return open(path, O_WRONLY | O_CREAT, 0600) < 0;
}

static int remove_file(void)
{
    return unlink(path);
}

static int open_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int open_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_DGRAM, 0) < 0;
}

static int fork_off(void)
{
    return fork() < 0;
}

static int run_program(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static int map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int map_file(void)
{
    return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0) == MAP_FAILED;
}

static int send_signal(void)
{
    return kill(getppid(), 0);
}

static int trace_parent(void)
{
    return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int move_in_file(void)
{
    return lseek(STDIN_FILENO, 0, SEEK_SET) < 0;
}

static int raise_limit(void)
{
    return (int)syscall(SYS_prlimit64, 0, 0, NULL, NULL);
}

static void test_what_is_not(void **state)
{
    static deed *const DEEDS[] = {
        open_file,   make_file,   remove_file, open_socket, open_unix_socket,
        fork_off,    run_program, map_code,    map_file,    send_signal,
        trace_parent, move_in_file, raise_limit,
    };

    (void)state;
    test_folder_make(folder, "confine");
    snprintf(path, sizeof path, "%s/made", folder);
    for (size_t i = 0; i < sizeof DEEDS / sizeof *DEEDS; i++) {
        int status = status_of(DEEDS[i]);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("deed %zu: wait status %#x", i, (unsigned)status);
    }
    assert_int_equal(rmdir(folder), 0); /* nothing was made there */
}

/* --- limits -------------------------------------------------------------- */

static int think_too_long(void)
{
    for (volatile unsigned i = 0;; i++)
        continue;
    return 0;
}

/* Nobody kills what asks for too much; it does not get it. */
static int ask_too_much(void)
{
    return malloc(MEMORY_MAX) ? 1 : 0;
}

static int gather_too_much(void)
{
    for (int i = 0; i < 1024; i++)
        if (!malloc(1 << 20))
            return 0;
    return 1;
}

static void test_limits(void **state)
{
    (void)state;
    assert_killed(think_too_long, SIGKILL);
    if (!limits_memory)
        skip();
    assert_int_equal(status_of(ask_too_much), 0);
    assert_int_equal(status_of(gather_too_much), 0);
}

/* A file to write to does not grow; a pipe takes what is written. */
static int out_fd = -1;

static int write_out(void)
{
    return write(out_fd, "x", 1) != 1;
}

static void test_writing(void **state)
{
    int pipe_fds[2];

    (void)state;
    test_folder_make(folder, "confine");
    snprintf(path, sizeof path, "%s/out", folder);
    out_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(out_fd >= 0);
    test_folder_remove(folder);
    assert_killed(write_out, SIGXFSZ);
    assert_int_equal(lseek(out_fd, 0, SEEK_END), 0);
    close(out_fd);
    assert_int_equal(pipe(pipe_fds), 0);
    out_fd = pipe_fds[1];
    assert_int_equal(status_of(write_out), 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left),
        cmocka_unit_test(test_what_is_not),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_writing),
    };

    return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
