/* rescue.h - everything of a home that nobody can unlock, in one file, as it
 * lies there: encrypted, as it is. docs/bundles.md.
 *
 * A file of parts (shared/bundle/bundle_file.h):
 *
 *      rescue.txt        xunge/rescue/v1
 *                        time <Unix ms>
 *                        files <count> <bytes>
 *      agent.db, agent.db-wal     while nobody writes to them
 *      vault
 *      alarm/<name>
 *      patrol/<name>              the spool of an open patrol
 *      photos/<2 digits>/<sha-256>
 *      sums              SHA-256 of each file, in their order, 32 bytes each
 *
 * The key file stays behind: what is encrypted on the device is so on the
 * stick. So does `sent`: the home that comes of this is a copy, and goes on in a
 * chain of its own, wherever the other one is used. There is no signature, for
 * the key to sign with is locked away; what is inside is bound by the vault.
 */
#ifndef AGENT_RESCUE_H
#define AGENT_RESCUE_H

#include "agent/engine/bundle.h"

struct rescue_written {
    uint64_t files, photos, bytes;
};

/* `path` of the home, which is not opened. XG_NOTFOUND: no home; XG_REFUSED: the
 * file is there, or nobody could open what comes of it (neither a passphrase nor
 * the registrar's way in). XG_FULL before anything is written. */
XG_MUST_CHECK enum xg_status
rescue_write(const char *home, struct rescue_written *out, const char *path,
             const struct xg_env *env, const struct bundle_progress *progress,
             struct xg_error *err);

struct rescue_read {
    uint64_t files, photos;
    uint64_t missing; /* the file is cut: so many did not come */
};

/* Does the file begin as a rescue does? False too where it cannot be read. */
bool rescue_begins(const char *path);

/* Into a home that is missing or an empty folder; made at once, at the end.
 * XG_REFUSED: something is there. XG_FORMAT: no rescue, damaged, or something in
 * it that does not belong there; XG_GAP: cut before database and vault came
 * whole. XG_FULL. After a kill HOME.part is left of it, which the next try wipes;
 * whatever else has that name is let alone (XG_REFUSED). */
XG_MUST_CHECK enum xg_status
rescue_read(const char *home, struct rescue_read *out, const char *path,
            const struct bundle_progress *progress, struct xg_error *err);

#endif
