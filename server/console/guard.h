/* guard.h - where a request comes from, as the browser says.
 *
 * Nothing here is ambient: no cookie, no address that is trusted. Without a
 * token nobody gets anything but the page's own files.
 *
 * `Host` is one that no stranger's name server can point at us (DNS rebinding):
 * an address, "localhost", this machine's name, or that of --console-url.
 */
#ifndef XG_SERVER_CONSOLE_GUARD_H
#define XG_SERVER_CONSOLE_GUARD_H

#include "shared/web/http.h"

enum { GUARD_HOST_SIZE = 256 };

struct guard {
    bool plain;
    char machine[GUARD_HOST_SIZE];
    char named[GUARD_HOST_SIZE];  /* of the URL, or "" */
    char origin[GUARD_HOST_SIZE]; /* the URL without a path, or "" */
};

/* `url` NULL: none. */
void guard_init(struct guard *g, bool plain, const char *url);

/* `is_page`: what a person may come to from anywhere (a bookmark, a mail).
 * False: the response says no. */
bool guard_origin(const struct guard *g, const struct xg_request *request,
                  bool is_page, struct xg_response *response);

#endif
