/* shut.c - see shut.h. Linux: landlock(7). */
#define _GNU_SOURCE /* O_PATH */
#include "agent/sync/shut.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared/base/log.h"

/* The second version: in the first nothing can be moved from one folder to
 * another, and the home is not one folder. What later ones know (to cut a file,
 * to call a device) is left as it is. */
enum { VERSION = 2 };
#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE                                                                  \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |           \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |            \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |               \
     LANDLOCK_ACCESS_FS_REFER)
#define NEVER                                                                  \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |               \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK |            \
     LANDLOCK_ACCESS_FS_MAKE_FIFO)

/* What is not there needs no opening. */
static bool open_below(int rules, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = access};

    beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0)
        return errno == ENOENT;
    bool done = syscall(SYS_landlock_add_rule, rules,
                        LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
    close(beneath.parent_fd);
    return done;
}

static bool open_all(int rules, const char *home)
{
    /* Where names of hosts and the time zone stand, and SQLite sorts what does
     * not fit into memory. */
    static const char *const system[] = {"/usr",  "/lib", "/lib64", "/etc",
                                         "/proc", "/sys", "/run"};
    static const char *const moments[] = {"/tmp", "/var/tmp"};

    for (size_t i = 0; i < sizeof system / sizeof *system; i++)
        if (!open_below(rules, system[i], READ))
            return false;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        if (!open_below(rules, moments[i], READ | WRITE))
            return false;
    return open_below(rules, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE) &&
           open_below(rules, home, READ | WRITE);
}

static int make_rules(void)
{
    const struct landlock_ruleset_attr all = {.handled_access_fs =
                                                  READ | WRITE | NEVER};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
                           LANDLOCK_CREATE_RULESET_VERSION);

    if (version >= 0 && version < VERSION) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return version < 0
               ? -1
               : (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
}

bool sync_shut(const char *home)
{
    int rules = make_rules();
    bool done = rules >= 0 && open_all(rules, home) &&
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                syscall(SYS_landlock_restrict_self, rules, 0) == 0;

    if (done)
        xg_log(XG_LOG_DEBUG, "sync.shut", "home=%s", home);
    else
        xg_log(errno == ENOSYS || errno == EOPNOTSUPP ? XG_LOG_DEBUG
                                                      : XG_LOG_WARN,
               "sync.open", "error=%s", strerror(errno));
    if (rules >= 0)
        close(rules);
    return done;
}
