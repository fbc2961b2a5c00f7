/* successor.h - a log that follows the one of a restored server.
 *
 *      xunge/successor/v1                      signed by the registrar
 *      log <verifier key of this log>
 *      after <origin of the log before it>
 *      checkpoint <size> <base64 root>         of that log: what this has of it
 *
 * It is the entry at index `size` of the new log. The entries before it are
 * those of the log before, at the same places, so that the new tree *is* the
 * old one up to that size: receipts, anchors and positions below it hold on.
 * What the old log had from that size on is lost, says the registrar.
 *
 * The logs that follow one another are called BASE, BASE/2, BASE/3 and so on.
 */
#ifndef XG_CORE_SUCCESSOR_H
#define XG_CORE_SUCCESSOR_H

#include "shared/core/note.h"
#include "shared/core/tlog.h"

enum {
    XG_ORIGIN_MAX = 80,    /* bytes: devices are named after it */
    XG_LINEAGE_MAX = 64,   /* logs that followed one another */
};

struct xg_successor {
    struct xg_verifier log;
    char after[XG_KEY_NAME_MAX + 1];
    uint64_t size;
    struct xg_hash root;
};

void xg_successor_put(struct xg_buf *text, const struct xg_successor *s);
XG_MUST_CHECK enum xg_status xg_successor_read(struct xg_successor *s,
                                               struct xg_bytes text,
                                               struct xg_error *err);
/* Read a signed one: exactly one signature, by this key, under any name
 * (a registrar's changes with the log that it was made for). XG_AUTH. */
XG_MUST_CHECK enum xg_status
xg_successor_open(struct xg_successor *s, struct xg_bytes note,
                  const uint8_t registrar[static XG_PUBLIC_KEY_SIZE],
                  struct xg_error *err);

/* The name of the next log: "x" to "x/2", "x/2" to "x/3". XG_TOOBIG. */
XG_MUST_CHECK enum xg_status
xg_successor_origin(char out[static XG_KEY_NAME_MAX + 1], const char *after,
                    struct xg_error *err);

#endif
