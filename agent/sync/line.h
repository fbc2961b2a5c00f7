/* line.h - what really passed over a connection, as the kernel counts it.
 *
 * libcurl believes that bytes are sent once a socket has swallowed them. On a
 * line of 9.6 kbit/s that is a minute before they are: to whoever watches
 * libcurl a working upload looks dead. So the sockets themselves are asked.
 */
#ifndef AGENT_SYNC_LINE_H
#define AGENT_SYNC_LINE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

enum { LINE_SOCKETS = 4 }; /* one connection; while connecting, two or so */

struct line {
    curl_socket_t sockets[LINE_SOCKETS];
    unsigned count;
    uint64_t closed_bytes; /* of the sockets that are gone */
};

struct line_state {
    uint64_t confirmed; /* bytes that the other side's kernel has, and that
                         * came from there: moves while the line lives */
    uint64_t queued;    /* taken by our kernel, not confirmed yet */
    uint64_t bytes;     /* on the line since the start, both ways, with TLS,
                         * what was repeated, and the packets' heads */
};

/* Have libcurl tell of its sockets. `line` outlives the handle. */
bool line_watch(struct line *line, CURL *curl);
struct line_state line_look(const struct line *line);

#endif
