/* url.h - a log by its address: C2SP tlog-tiles, as anybody may read them. */
#ifndef XG_AUDIT_URL_H
#define XG_AUDIT_URL_H

#include "shared/audit/audit.h"

struct cli_url_options {
    const char *pin; /* "sha256//<base64>" of the server's public key; NULL: by
                      * certificate authorities */
    bool allow_plain; /* http:// beyond the loopback */
};

bool cli_is_url(const char *word);
/* Asks nothing yet. XG_USAGE: plain HTTP that was not allowed. Reading: XG_NET
 * when tries came to nothing. Batches and files are not shown: XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status cli_url(struct xg_audit_source *out,
                                     const char *url,
                                     const struct cli_url_options *o,
                                     struct xg_error *err);

#endif
