/* spawn.c - run commands in turns, and say how long each took and how much
 * memory it held.
 *
 *      spawn RUNS COMMAND ... [, COMMAND ...] ...
 *
 * prints a line for each run of each command: its number, microseconds from
 * before the fork until it was reaped, peak resident KiB, exit status. The
 * commands run in turns, so that whatever else the machine does hits all of
 * them alike. Small, so that what a child inherits counts for nothing: the
 * kernel takes the peak of the forked copy for the child's own.
 */
#define _DEFAULT_SOURCE /* wait4 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 8 };

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int run(int number, char **command)
{
    struct rusage used;
    double begin = now_us();
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null, 0);
        dup2(null, 1);
        execvp(command[0], command);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
        return -1;
    printf("%d %.1f %ld %d\n", number, now_us() - begin, used.ru_maxrss,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128);
    return 0;
}

int main(int argc, char **argv)
{
    char **commands[COMMANDS_MAX];
    int count = 0, runs = argc > 1 ? atoi(argv[1]) : 0;

    for (int i = 2; i < argc && count < COMMANDS_MAX; i++) {
        commands[count++] = &argv[i];
        while (i < argc && strcmp(argv[i], ",") != 0)
            i++;
        if (i < argc)
            argv[i] = NULL;
    }
    if (runs <= 0 || count == 0) {
        fputs("usage: spawn RUNS COMMAND ... [, COMMAND ...] ...\n", stderr);
        return 2;
    }
    for (int i = 0; i < runs; i++)
        for (int c = 0; c < count; c++)
            if (run(c, commands[c]) != 0)
                return 1;
    return 0;
}
