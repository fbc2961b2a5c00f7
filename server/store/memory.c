/* memory.c - the SQLite engine without a file: hundreds of servers and
 * devices in one process, and nothing to clean up. A transaction costs no
 * sync; there are no locks, and no second connection to the same memory. */
#include "server/store/sqlite.h"

static enum xg_status open_reader(struct store *s, struct store **reader,
                                  struct xg_error *err)
{
    (void)err;
    *reader = s;
    return XG_OK;
}

/* There is nothing to make a copy of while others write. */
static enum xg_status backup(struct store *s, const char *path,
                             struct xg_error *err)
{
    (void)s;
    return xg_fail(err, XG_REFUSED, "%s: a store in memory has no backup",
                   path);
}

enum xg_status store_memory_open(struct store **s, struct xg_error *err)
{
    struct store *opened;

    if (store_sqlite_open(&opened, ":memory:", err) != XG_OK)
        return err->status;
    struct sqlite_store *own = (struct sqlite_store *)opened;
    own->ops.name = "memory";
    own->ops.open_reader = open_reader;
    own->ops.backup = backup;
    *s = opened;
    return XG_OK;
}
