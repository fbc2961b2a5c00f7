/* backups.h - backups that the server keeps by itself: one after each day on
 * which the log grew and nobody else made one, the newest seven, in a folder of
 * their own. A nightly one (xunge-server-backup.timer) is given two hours' grace,
 * or each photo would lie twice: in its folder, and in ours.
 *
 *      FOLDER/server-20261122T143000Z.db   as `backup` makes it
 *      FOLDER/photos/                      shared by all of them
 *
 * FOLDER is DIR/backups, or what `serve --backups` names: on another disk it
 * outlives this one. Only files of that shape are ever removed.
 */
#ifndef XG_SERVER_UPKEEP_BACKUPS_H
#define XG_SERVER_UPKEEP_BACKUPS_H

#include "server/data/data.h"

enum {
    BACKUPS_KEPT = 7,
    BACKUPS_EVERY_H = 24 + 2,
    BACKUPS_LOOK_S = 600, /* the thread: is it time? */
    BACKUPS_PATH_SIZE = 4096,
};

/* NULL: DIR/backups, which is made when it is first needed. XG_USAGE, XG_IO: it
 * is no folder that we can write to. Before any thread asks. */
XG_MUST_CHECK enum xg_status backups_set_folder(struct data *d,
                                                const char *folder,
                                                struct xg_error *err);

struct backups_made {
    struct data_backup backup;
    char path[BACKUPS_PATH_SIZE], photos[BACKUPS_PATH_SIZE];
    unsigned removed;
};

/* One now, then those beyond the newest go. XG_FULL: there is no room for it
 * beside what comes from the field; XG_USAGE: in memory. */
XG_MUST_CHECK enum xg_status backups_make(struct data *d,
                                          struct backups_made *made,
                                          struct xg_error *err);

/* The newest, whatever made it. *ms 0: there was none. */
XG_MUST_CHECK enum xg_status backups_last(struct data *d, int64_t *ms,
                                          uint64_t *size, uint64_t *missing,
                                          struct xg_error *err);
/* Does the folder lie on the same disk as the data? */
bool backups_beside(const struct data *d);

struct backups_thread;
XG_MUST_CHECK enum xg_status backups_start(struct backups_thread **t,
                                           struct data *d,
                                           struct xg_error *err);
void backups_stop(struct backups_thread *t); /* NULL is fine */

#endif
