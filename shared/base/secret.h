/* secret.h - a secret that a person types, or hands over by a descriptor. */
#ifndef XG_BASE_SECRET_H
#define XG_BASE_SECRET_H

#include "shared/base/buf.h"
#include "shared/base/error.h"

enum { XG_SECRET_MAX = 1024 };

/* One line, without its end, from `fd`; where that is standard input and a
 * terminal, `prompt` is shown and nothing of what is typed. The room of `out`
 * (initialised here) does not move; wipe it with xg_secret_wipe(), on failure
 * too. */
XG_MUST_CHECK enum xg_status xg_secret_read(struct xg_buf *out, int fd,
                                            const char *prompt,
                                            struct xg_error *err);
/* A new one: on a terminal twice, and the same both times (XG_USAGE). */
XG_MUST_CHECK enum xg_status xg_secret_read_new(struct xg_buf *out, int fd,
                                                const char *prompt,
                                                struct xg_error *err);
void xg_secret_wipe(struct xg_buf *secret);

#endif
