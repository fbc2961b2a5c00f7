/* view_note.h - the server signs what its tables say, so that whoever folds the
 * log anew can compare (xunge-audit replay).
 *
 * One note reads and hashes every entity once: about a microsecond and 48 bytes
 * of memory each, under the writer's lock; nobody else writes meanwhile.
 */
#ifndef SERVER_VIEW_NOTE_H
#define SERVER_VIEW_NOTE_H

#include "server/data/data.h"
#include "shared/core/view_note.h"

/* Append one. *out says what stands there. */
XG_MUST_CHECK enum xg_status view_note_append(struct xg_view_note *out,
                                              struct data *d,
                                              struct xg_error *err);

/* Append one where the last, or the log's beginning, is a day old by the log's
 * time, and something was written since. */
enum { VIEW_NOTE_EVERY_MS = 24 * 3600 * 1000 };
XG_MUST_CHECK enum xg_status view_note_daily(struct data *d,
                                             struct xg_error *err);

#endif
