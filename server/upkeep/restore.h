/* restore.h - a lost server made anew from a backup, without rewriting history.
 *
 * What was published cannot be taken back, and the backup lacks the end of it.
 * So no log goes on from there under the old name and key: a new one follows,
 * whose first entries are those of the backup, and then the registrar's note of
 * it (shared/core/successor.h).
 *
 *      1  DIR/restoring: which backup, by its SHA-256
 *      2  the backup's copy, DIR/server.db; photos by their hash
 *      3  new keys of the log and of the server's own device
 *      4  the copy is said to be the new log's, at the size that it has: signed
 *         in the store, and in lock.db
 *      5  everything in it is checked
 *      6  the successor note is signed and appended, then the registry note
 *         that names the server's own new device
 *      7  DIR/restoring goes
 *
 * Cut off anywhere, the same call goes on: keys are made once, and of one size
 * and key there is one note only. Until step 7 nobody else opens DIR.
 */
#ifndef XG_SERVER_UPKEEP_RESTORE_H
#define XG_SERVER_UPKEEP_RESTORE_H

#include "server/data/data.h"
#include "shared/core/successor.h"

struct restore {
    const char *backup, *dir;
    const char *registrar_key; /* the key file, copied into DIR */
    const char *photos;        /* folder of the backup's photos; may be NULL */
    const char *old_dir;       /* what is left of the old folder: its log.key
                                * and lock.db are compared; may be NULL */
    const char *origin;        /* of the new log; NULL: the next number */
    const struct xg_env *env;
    void (*report)(void *ctx, const char *line); /* may be NULL */
    void *ctx;
};

struct restored {
    struct xg_successor says;
    struct blobs_copied photos; /* copied now */
    uint64_t photos_lost; /* the log says that they are held */
    uint64_t entries_lost; /* the old lock.db tells; 0: not known */
};

/* Steps 1 to 6. XG_REFUSED: DIR exists, or was begun from another backup; the
 * registrar's key is not the one in force. XG_ALARM, XG_CORRUPT: the backup
 * fails its checks, and DIR is gone again. */
XG_MUST_CHECK enum xg_status restore_run(struct restored *done,
                                         const struct restore *r,
                                         struct xg_error *err);
/* Step 7. `apart`: the registrar's key is on another machine, and its copy goes
 * first. */
XG_MUST_CHECK enum xg_status restore_finish(const char *dir, bool apart,
                                            struct xg_error *err);

#endif
