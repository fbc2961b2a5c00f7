/* specimen.c - programs that save well, and programs that do not, for the
 * sweeps to show what they find.
 *
 *      specimen HOW FOLDER     save the next COUNT values, one by one; prints
 *                              "saved N" once N is said to be safe
 *      specimen read FOLDER    check what is there; prints "holds N"
 *      specimen read-db FOLDER
 *
 * A value is a file of SIZE bytes, or a row, that tells its number in every
 * byte. The bad ones each miss one thing.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/db/db.h"
#include "specimen_sql.h"

enum { COUNT = 4, SIZE = 3000, PATH_SIZE = 1024 };

struct value {
    char text[SIZE];
};

static void fill(struct value *v, unsigned number)
{
    memset(v->text, (int)('a' + number % 26), sizeof v->text);
    snprintf(v->text, sizeof v->text, "%u", number);
}

static bool is_whole(const void *bytes, size_t len, unsigned number)
{
    struct value v;

    fill(&v, number);
    return len == sizeof v.text && memcmp(bytes, v.text, len) == 0;
}

static int fail(const struct xg_error *err)
{
    fprintf(stderr, "specimen: %s\n", xg_error_text(err));
    return xg_status_exit(err->status);
}

static int fail_os(const char *what)
{
    perror(what);
    return 1;
}

static void say_saved(unsigned number)
{
    printf("saved %u\n", number);
    fflush(stdout);
}

/* ---- files ---- */

static enum xg_status save_well(const char *path, const struct value *v,
                                struct xg_error *err)
{
    return xg_os_replace(path, 0600, xg_bytes(v->text, sizeof v->text), err);
}

enum flaw {
    NO_SYNC = 1,      /* of the file before its rename */
    NO_DIR_SYNC = 2,  /* of the folder after it */
    IN_PLACE = 4,     /* no second file at all */
    UNCHECKED = 8,    /* "saved" whatever happens */
    UNIQUE_NAMES = 16 /* what fails is left behind for ever */
};

static enum xg_status save_badly(const char *path, const struct value *v,
                                 unsigned flaws, struct xg_error *err)
{
    char temporary[PATH_SIZE];
    struct xg_bytes all = xg_bytes(v->text, sizeof v->text);

    snprintf(temporary, sizeof temporary, "%s%s", path,
             flaws & IN_PLACE ? "" : ".new");
    if (flaws & UNIQUE_NAMES)
        snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return xg_fail_os(err, "%s", temporary);
    enum xg_status status = xg_os_write_all(fd, temporary, all, err);
    if (status == XG_OK && !(flaws & NO_SYNC) && fsync(fd) != 0)
        status = xg_fail_os(err, "%s", temporary);
    close(fd);
    if (status == XG_OK && !(flaws & IN_PLACE) && rename(temporary, path) != 0)
        status = xg_fail_os(err, "%s", path);
    if (status == XG_OK && !(flaws & NO_DIR_SYNC))
        status = xg_os_sync_parent(path, err);
    return flaws & UNCHECKED ? XG_OK : status;
}

/* 0 when there is none; -1 when it is not whole. */
static long read_value(const char *path)
{
    struct value v;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return xg_os_exists(path) ? -1 : 0;
    ssize_t n = read(fd, v.text, sizeof v.text);
    close(fd);
    if (n != SIZE || !memchr(v.text, '\0', 16))
        return -1;
    long number = strtol(v.text, NULL, 10);
    return is_whole(v.text, SIZE, (unsigned)number) ? number : -1;
}

static int save_files(const char *path, unsigned flaws)
{
    struct xg_error err = XG_ERROR_NONE;
    long held = read_value(path);

    if (held < 0)
        return fail_os("the value is not whole");
    for (unsigned i = 1; i <= COUNT; i++) {
        unsigned number = (unsigned)held + i;
        struct value v;
        fill(&v, number);
        enum xg_status status = flaws ? save_badly(path, &v, flaws, &err)
                                      : save_well(path, &v, &err);
        if (status != XG_OK)
            return fail(&err);
        say_saved(number);
    }
    return 0;
}

static int read_files(const char *path)
{
    long number = read_value(path);

    if (number < 0)
        return fail_os("the value is not whole");
    printf("holds %ld\n", number);
    return 0;
}

/* ---- a database ---- */

static enum xg_status count_rows(struct xg_db *db, unsigned *held,
                                 struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, SPECIMEN_STMT_SAVED_LIST);
    unsigned number = 0;

    while (xg_stmt_next(s)) {
        struct xg_bytes body = xg_col_bytes(s, 1);
        number++;
        if (xg_col_u64(s, 0) != number || !is_whole(body.at, body.len, number))
            xg_stmt_corrupt(s, "not what was saved");
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *held = number;
    return XG_OK;
}

static enum xg_status add_row(struct xg_db *db, unsigned number,
                              struct xg_error *err)
{
    struct value v;

    fill(&v, number);
    if (xg_db_begin(db, err) != XG_OK)
        return err->status;
    struct xg_stmt *s = xg_stmt(db, SPECIMEN_STMT_SAVED_ADD);
    xg_bind_u64(s, 1, number);
    xg_bind_bytes(s, 2, xg_bytes(v.text, sizeof v.text));
    if (xg_stmt_run(s, err) != XG_OK)
        xg_db_rollback(db);
    else if (xg_db_commit(db, err) == XG_OK)
        return XG_OK;
    return err->status;
}

/* The log is emptied every few rows, so that a sweep meets that too. */
static int save_rows(const char *path, bool derived, bool only_read)
{
    const struct xg_db_options options = {.wal_pages = 6, .derived = derived};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_db *db = NULL;
    unsigned held = 0;

    if (xg_db_open(&db, path, &specimen_sql, &options, &err) != XG_OK ||
        count_rows(db, &held, &err) != XG_OK)
        goto done;
    if (only_read && xg_db_integrity(db, &err) == XG_OK)
        printf("holds %u\n", held);
    for (unsigned i = 1; !only_read && i <= COUNT; i++) {
        if (add_row(db, held + i, &err) != XG_OK)
            goto done;
        say_saved(held + i);
    }
done:
    xg_db_close(db);
    return err.status == XG_OK ? 0 : fail(&err);
}

/* ---- memory ---- */

static int forget_memory(const char *path)
{
    volatile char *copy = malloc(PATH_SIZE);
    int r = save_files(path, 0);

    copy[0] = '\0'; /* unchecked */
    return r;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *how;
        unsigned flaws;
    } bad[] = {{"file", 0},
               {"file-no-sync", NO_SYNC},
               {"file-no-dir-sync", NO_DIR_SYNC},
               {"file-in-place", IN_PLACE},
               {"file-unchecked", UNCHECKED},
               {"file-litter", UNIQUE_NAMES}};
    char path[PATH_SIZE], db[PATH_SIZE];

    if (argc != 3)
        return 2;
    if (xg_lang_init("en") != 0)
        return 2;
    snprintf(path, sizeof path, "%s/value", argv[2]);
    snprintf(db, sizeof db, "%s/specimen.db", argv[2]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(argv[1], bad[i].how) == 0)
            return save_files(path, bad[i].flaws);
    if (strcmp(argv[1], "memory-unchecked") == 0)
        return forget_memory(path);
    if (strcmp(argv[1], "read") == 0)
        return read_files(path);
    if (strcmp(argv[1], "db") == 0)
        return save_rows(db, false, false);
    if (strcmp(argv[1], "db-derived") == 0)
        return save_rows(db, true, false);
    if (strcmp(argv[1], "read-db") == 0)
        return save_rows(db, false, true);
    return 2;
}
