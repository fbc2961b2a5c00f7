/* test_shut.c - what the service that syncs can open once it has shut itself up
 * (agent/sync/shut.h): its home, names of hosts, and nothing else of its
 * user's.
 */
#define _GNU_SOURCE
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/sync/shut.h"

static char user[] = "/dev/shm/xunge-test-XXXXXX"; /* /tmp stays open */

/* errno of opening that for that; 0: it can be. */
static int tried(const char *name, int flags)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", user, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int names_resolve(void)
{
    struct addrinfo *found = NULL;
    int status = getaddrinfo("localhost", "443", NULL, &found);

    if (status == 0)
        freeaddrinfo(found);
    return status;
}

/* From one folder of it to another: 0. */
static int moves(const char *home)
{
    char from[128], folder[128], to[160];

    snprintf(from, sizeof from, "%s/new", home);
    snprintf(folder, sizeof folder, "%s/folder", home);
    snprintf(to, sizeof to, "%s/moved", folder);
    return mkdir(folder, 0700) || rename(from, to);
}

/* In a process of its own: there is no way back. What failed, by its bit. */
static int shut_up(void)
{
    char home[64], other[64], moved[128];
    int wrong = 0;

    snprintf(home, sizeof home, "%s/home", user);
    if (!sync_shut(home))
        return 1;
    snprintf(other, sizeof other, "%s/notes", user);
    snprintf(moved, sizeof moved, "%s/aside", home);
    wrong |= tried("notes", O_RDONLY) != EACCES ? 2 : 0;
    wrong |= tried("notes", O_WRONLY) != EACCES ? 4 : 0;
    wrong |= tried("new", O_WRONLY | O_CREAT) != EACCES ? 8 : 0;
    wrong |= unlink(other) == 0 || link(other, moved) == 0 ? 16 : 0;
    wrong |= tried("home/link", O_RDONLY) != EACCES ? 32 : 0;
    wrong |= tried("home/store.db", O_RDWR) ||
                     tried("home/new", O_RDWR | O_CREAT) ||
                     tried("home/new", O_RDWR | O_TRUNC) || moves(home) ||
                     tried("home", O_RDONLY | O_DIRECTORY)
                 ? 64
                 : 0;
    execl("/bin/true", "true", NULL);
    wrong |= errno != EACCES || names_resolve() != 0 ? 128 : 0;
    return wrong;
}

static void make(const char *name)
{
    assert_int_equal(tried(name, O_WRONLY | O_CREAT), 0);
}

static void test_it_opens_its_home_alone(void **unused)
{
    char path[128], command[64];
    int status = 0;

    (void)unused;
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 2)
        skip(); /* an older kernel */
    assert_non_null(mkdtemp(user));
    snprintf(path, sizeof path, "%s/home", user);
    assert_int_equal(mkdir(path, 0700), 0);
    make("notes");
    make("home/store.db");
    snprintf(path, sizeof path, "%s/home/link", user);
    assert_int_equal(symlink("../notes", path), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(shut_up());
    assert_int_equal(waitpid(child, &status, 0), child);
    snprintf(command, sizeof command, "rm -r %s", user);
    assert_int_equal(system(command), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_opens_its_home_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
