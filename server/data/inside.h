/* inside.h - what the files behind data.h share. */
#ifndef XG_SERVER_DATA_INSIDE_H
#define XG_SERVER_DATA_INSIDE_H

#include "server/data/data.h"

#define DATA_BEHIND "behind"       /* a checkpoint that this log lost */
#define DATA_RESTORING "restoring" /* a restore that is not finished */

/* Is it fit for a log's name? Devices are named after it, and their names are
 * words of notes. XG_USAGE. */
XG_MUST_CHECK enum xg_status data_judge_origin(const char *origin,
                                               struct xg_error *err);
/* DIR/NAME on the heap, or NULL. */
char *data_path(const char *dir, const char *name);

/* Open everything; data_open() without what it asks first. */
XG_MUST_CHECK enum xg_status data_open_dir(struct data **out, const char *dir,
                                           const struct xg_env *env,
                                           struct xg_error *err);
XG_MUST_CHECK enum xg_status data_load_key(struct xg_signer *key,
                                           const char *dir, const char *name,
                                           struct xg_error *err);
/* A file of one line, a verifier key. */
XG_MUST_CHECK enum xg_status data_load_verifier(struct xg_verifier *v,
                                                const char *path,
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
/* The log is backed up whole up to that size. Devices let go of photos by it. */
XG_MUST_CHECK enum xg_status data_mark_backup(struct data *d, uint64_t size,
                                              struct xg_error *err);

#endif
