/* line.c - see line.h. Linux: TCP_INFO (tcp(7), linux/tcp.h), SIOCOUTQ. */
#define _DEFAULT_SOURCE /* SOCK_CLOEXEC */
#include "agent/sync/line.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* IPv4 and TCP with time stamps, what most packets carry besides data. */
enum { PACKET_HEAD = 52 };

/* An older kernel fills less: the rest stays 0. */
static struct line_state look_at(curl_socket_t s)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t size = sizeof info;
    struct line_state seen = {0, 0, 0};
    int queued = 0;

    if (getsockopt(s, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return seen;
    uint64_t sent = info.tcpi_bytes_sent > info.tcpi_bytes_acked
                        ? info.tcpi_bytes_sent
                        : info.tcpi_bytes_acked;
    seen.confirmed = info.tcpi_bytes_acked + info.tcpi_bytes_received;
    seen.bytes =
        sent + info.tcpi_bytes_received +
        (uint64_t)PACKET_HEAD * (info.tcpi_segs_out + info.tcpi_segs_in);
    if (ioctl(s, SIOCOUTQ, &queued) == 0 && queued > 0)
        seen.queued = (uint64_t)queued;
    return seen;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct line *line = ctx;
    curl_socket_t s = socket(address->family, address->socktype | SOCK_CLOEXEC,
                             address->protocol);

    (void)purpose;
    if (s != CURL_SOCKET_BAD && line->count < LINE_SOCKETS)
        line->sockets[line->count++] = s;
    return s;
}

static int close_socket(void *ctx, curl_socket_t s)
{
    struct line *line = ctx;

    for (unsigned i = 0; i < line->count; i++)
        if (line->sockets[i] == s) {
            line->closed_bytes += look_at(s).bytes;
            line->sockets[i] = line->sockets[--line->count];
            break;
        }
    return close(s);
}

bool line_watch(struct line *line, CURL *curl)
{
    *line = (struct line){.count = 0};
    return curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, line) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, line) == CURLE_OK;
}

struct line_state line_look(const struct line *line)
{
    struct line_state all = {.bytes = line->closed_bytes};

    for (unsigned i = 0; i < line->count; i++) {
        struct line_state one = look_at(line->sockets[i]);
        all.confirmed += one.confirmed;
        all.queued += one.queued;
        all.bytes += one.bytes;
    }
    return all;
}
