/* data_internal.h - what the files behind data.h share. */
#ifndef XG_SERVER_DATA_INTERNAL_H
#define XG_SERVER_DATA_INTERNAL_H

#include "server/data.h"

#define DATA_BEHIND "behind"       /* a checkpoint that this log lost */
#define DATA_RESTORING "restoring" /* a restore that is not finished */

/* DIR/NAME on the heap, or NULL. */
char *data_path(const char *dir, const char *name);

/* Open everything; data_open() without what it asks first. */
XG_MUST_CHECK enum xg_status data_open_dir(struct data **out, const char *dir,
                                           const struct xg_env *env,
                                           struct xg_error *err);
/* One process has it; d->lock_fd. */
XG_MUST_CHECK enum xg_status data_take_lock(struct data *d,
                                            struct xg_error *err);
/* Make DIR/FILE; one that is there must have that name. */
XG_MUST_CHECK enum xg_status data_make_key(const char *dir, const char *file,
                                           const char *name,
                                           const struct xg_env *env,
                                           struct xg_error *err);
/* Copy the registrar's key file into DIR. */
XG_MUST_CHECK enum xg_status data_copy_key(const char *dir, const char *from,
                                           struct xg_error *err);
/* A registry note that names the server's own device, if none does. */
XG_MUST_CHECK enum xg_status data_enrol_self(struct data *d,
                                             struct xg_error *err);

#endif
