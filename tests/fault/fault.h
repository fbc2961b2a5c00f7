/* fault.h - inside libxgfault.so: which call is to fail, and how.
 *
 * The environment is the interface; README.md describes it. The library keeps
 * one mutable state for the whole process: whoever is preloaded has no other
 * place for it.
 */
#ifndef TESTS_FAULT_FAULT_H
#define TESTS_FAULT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { FAULT_PATH_SIZE = 4352 };

enum fault_class {
    FAULT_MALLOC, /* memory asked for */
    FAULT_IO,     /* every call on a file below XG_FAULT_DIR */
    FAULT_FULL,   /* of those, the ones that may need space */
    FAULT_CUT,    /* of those, the ones that a power cut can tell apart */
    FAULT_CLASSES
};

/* What a call is, beside a call on a file. */
enum { FAULT_SPACE = 1, FAULT_DURABLE = 2 };

enum fault_act {
    FAULT_PASS,
    FAULT_FAIL,       /* errno is set: return -1 */
    FAULT_HALF,       /* write the first half, say so */
    FAULT_KILL_HALF,  /* write the first half, then die */
    FAULT_KILL_AFTER, /* do it, then die */
    FAULT_POWER       /* do it unless it makes durable, then cut */
};

/* A file below XG_FAULT_DIR that a call is about. */
struct fault_file {
    struct stat st;
    char path[FAULT_PATH_SIZE];
};

/* False: none of ours, or this process is not the one under test. */
bool fault_of_fd(struct fault_file *f, int fd);
/* st is zero where nothing is there. */
bool fault_of_path(struct fault_file *f, int dirfd, const char *path);

/* Count a call and decide. Takes the lock of all calls on files; dies here
 * when it is to die before the call. */
enum fault_act fault_enter(unsigned needs, const char *what, const char *path);
/* Ends what fault_enter() began, errno kept; dies here when it is to die after
 * the call. */
void fault_leave(enum fault_act act);

/* Count a request for memory; false, with errno, when it is to fail. */
bool fault_memory(const void *caller);

/* Losses are simulated: pending writes must be noted (undo.h). */
bool fault_notes_losses(void);
/* A sync is to do nothing and say that it did. */
bool fault_syncs_lie(void);

/* A call that the library does not follow touched a file of ours: what the
 * sweep then says is worth nothing, so the driver fails it. */
void fault_blind(const char *what, const char *path);
/* A line for XG_FAULT_REPORT. */
void fault_report(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Around main(): only between the two is anything counted. */
void fault_arm(const char *program);
void fault_disarm(void);

_Noreturn void fault_die(void);

#endif
