/* held.h - a database that lies in memory, for a process that may open no file
 * any more.
 *
 * From xg_db_hold() on, whatever name is opened (by xg_db_open(), as hostile) is
 * these bytes, which cannot be written to; nothing else is there: no log, no
 * lock, no temporary file. For a program that does this one thing.
 */
#ifndef XG_DB_HELD_H
#define XG_DB_HELD_H

#include "shared/base/bytes.h"
#include "shared/base/error.h"

/* The bytes are borrowed for good. XG_NOMEM. */
XG_MUST_CHECK enum xg_status xg_db_hold(struct xg_bytes bytes,
                                        struct xg_error *err);

#endif
