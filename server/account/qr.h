/* qr.h - a text as a QR code: drawn in a page, or printed on a terminal.
 *
 * A key that is handed over stands in it: the squares say the text, and are
 * wiped like it by who asked.
 */
#ifndef XG_SERVER_ACCOUNT_QR_H
#define XG_SERVER_ACCOUNT_QR_H

#include <stdbool.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"

/* The dark squares as one SVG path, a unit each; *size of them a side, without
 * the margin of four that readers want. XG_TOOBIG: more than a code holds. */
XG_MUST_CHECK enum xg_status qr_path(struct xg_buf *path, int *size,
                                     const char *text, struct xg_error *err);

/* Two squares a character (U+2580 and its kin), margin included; for a
 * terminal that writes light on dark. */
XG_MUST_CHECK enum xg_status qr_print(struct xg_buf *out, const char *text,
                                      struct xg_error *err);

#endif
