/* load.c - push prepared batches through many connections, and say how fast
 * they were stored.
 *
 *      load HOST:PORT CONNECTIONS FIRST COUNT FOLDER [PID [HELD]]
 *
 * FOLDER is what `prepare server` wrote. Every connection says hello once,
 * with a device of its own; then they share out the files FIRST ... FIRST +
 * COUNT - 1, each PUT on a connection that is kept open, its answer read whole
 * and looked at ("state stored") before the next. Hellos and reading the files
 * are not measured. The receipts' proofs are not verified here: that is the
 * devices' work, which they do on their own processors.
 *
 * Prints one line of JSON: records, seconds, quantiles of the latency in ms;
 * with PID the processor seconds that this process used meanwhile. With HELD the
 * server has the batches already ("state held"), and the senders a log of that
 * size, of which each answer proves that it is a part of the newest.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/env.h"
#include "shared/base/os.h"
#include "shared/core/batch.h"
#include "shared/core/protocol.h"
#include "tests/lib/cost.h"

enum {
    CONNECTIONS_MAX = 1000,
    DEVICES_MAX = 64,
    ANSWER_MAX = 1 << 20,
    FILE_MAX = 64 << 20,
    HEAD_MAX = 1024,
};

struct request {
    struct xg_bytes frame; /* borrowed from the file's buffer */
    char path[80];
    uint64_t records;
};

struct load {
    struct sockaddr_in address;
    struct xg_env env;
    struct request *requests;
    double *latency_ms; /* per request */
    size_t count;
    atomic_size_t next;
    atomic_ullong records;
    atomic_int failed;
    uint64_t held;
    struct xg_signer devices[DEVICES_MAX];
    size_t device_count;
    pthread_barrier_t start;
};

struct connection {
    struct load *load;
    size_t number;
    int fd;
    char token[64]; /* base64 */
    struct xg_buf in;
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(enum xg_status status, const char *what,
                  const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "load: %s: %s\n", what, xg_error_text(err));
    exit(1);
}

/* ---- HTTP, as much as is needed ---- */

static void connect_to(struct connection *c)
{
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&c->load->address,
                             sizeof c->load->address) != 0) {
        perror("load: connect");
        exit(1);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static bool send_all(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* Read one answer with a Content-Length; *body borrows c->in. */
static int answer(struct connection *c, struct xg_bytes *body)
{
    size_t need = 0, head = 0;

    xg_buf_reset(&c->in);
    for (;;) {
        uint8_t part[16 << 10];
        ssize_t n = recv(c->fd, part, sizeof part, 0);
        if (n <= 0)
            return -1;
        xg_buf_append(&c->in, part, (size_t)n);
        if (!head) {
            const char *text = xg_buf_str(&c->in);
            const char *end = strstr(text, "\r\n\r\n");
            const char *length = strstr(text, "Content-Length: ");
            if (!end)
                continue;
            if (!length || length > end)
                return -1;
            head = (size_t)(end + 4 - text);
            need = head + strtoul(length + 16, NULL, 10);
        }
        if (c->in.len >= need)
            break;
    }
    *body = xg_bytes(c->in.data + head, need - head);
    return atoi((const char *)c->in.data + 9);
}

static int call(struct connection *c, const char *method, const char *path,
                struct xg_bytes body, struct xg_bytes *said)
{
    char head[HEAD_MAX];
    int len = snprintf(head, sizeof head,
                       "%s %s HTTP/1.1\r\nHost: bench\r\n"
                       "Authorization: Bearer %s\r\n"
                       "Xunge-Size: %" PRIu64 "\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       method, path, c->token, c->load->held, body.len);

    if (!send_all(c->fd, head, (size_t)len) ||
        !send_all(c->fd, body.at, body.len))
        return -1;
    return answer(c, said);
}

static void hello(struct connection *c)
{
    struct load *l = c->load;
    const struct xg_signer *device = &l->devices[c->number % l->device_count];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX);
    const char *slash = strstr(device->verifier.name, "/d/");
    struct xg_hello h = {.log =
                             xg_bytes(device->verifier.name,
                                      (size_t)(slash - device->verifier.name)),
                         .schema = 1};
    struct xg_bytes said, frame;

    xg_tree_root(&h.root, &(struct xg_tree){.size = 0});
    xg_random(&l->env, h.random.b, sizeof h.random.b);
    xg_hello_put(&text, &h);
    xg_note_sign(&note, xg_buf_bytes(&text), device);
    check(xg_buf_check(&note, &err), "hello", &err);
    int status = call(c, "POST", "/v1/hello", xg_buf_bytes(&note), &said);
    const char *token;
    if (status != 200 || !xg_frame_next(&said, &frame) ||
        !(token = strstr((const char *)frame.at, "\ntoken "))) {
        fprintf(stderr, "load: hello: %d\n", status);
        exit(1);
    }
    snprintf(c->token, sizeof c->token, "%.44s", token + 7);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

static bool is_taken(const struct load *l, struct xg_bytes said)
{
    const char *want = l->held ? "state held\n" : "state stored\n";
    struct xg_bytes frame;

    return xg_frame_next(&said, &frame) &&
           xg_bytes_equal(frame, xg_bytes_of(want));
}

static void *work(void *arg)
{
    struct connection *c = arg;
    struct load *l = c->load;
    size_t i;

    c->in = XG_BUF(ANSWER_MAX);
    connect_to(c);
    hello(c);
    pthread_barrier_wait(&l->start); /* all have said hello */
    pthread_barrier_wait(&l->start); /* the clock runs */
    while ((i = atomic_fetch_add(&l->next, 1)) < l->count) {
        const struct request *r = &l->requests[i];
        struct xg_bytes said;
        double begin = now_s();
        int status = call(c, "PUT", r->path, r->frame, &said);
        l->latency_ms[i] = (now_s() - begin) * 1e3;
        if (status != 200 || !is_taken(l, said)) {
            if (atomic_fetch_add(&l->failed, 1) == 0)
                fprintf(stderr, "load: %s: %d %.*s\n", r->path, status,
                        status < 0 ? 0 : (int)said.len, said.at);
            if (status < 0)
                break;
            continue;
        }
        atomic_fetch_add(&l->records, r->records);
    }
    close(c->fd);
    xg_buf_clear(&c->in);
    return NULL;
}

/* ---- what is pushed ---- */

static void add_request(struct load *l, size_t *room, struct xg_bytes frame)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes note, body, name;
    struct xg_batch_note says;
    struct xg_hash id;

    if (l->count == *room) {
        *room = *room ? *room * 2 : 1024;
        l->requests = realloc(l->requests, *room * sizeof *l->requests);
        if (!l->requests)
            exit(1);
    }
    struct request *r = &l->requests[l->count++];
    check(xg_batch_peek(&note, &body, &name, frame.at, frame.len, &err),
          "batch", &err);
    check(xg_batch_id(&id, note, &err), "id", &err);
    /* The text ends where the signatures begin: the reader wants it alone. */
    const char *mark = strstr((const char *)note.at, "\n\n");
    check(xg_batch_note_read(
              &says,
              xg_bytes(note.at, (size_t)(mark + 1 - (const char *)note.at)),
              &err),
          "note", &err);
    memcpy(r->path, "/v1/batches/", 12);
    xg_hex(r->path + 12, id.b, sizeof id.b);
    r->frame = frame;
    r->records = says.last - says.first + 1;
}

/* Files stay in memory until the end. */
static void read_batches(struct load *l, const char *folder, size_t first,
                         size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    size_t room = 0;

    for (size_t i = first; i < first + count; i++) {
        struct xg_buf file = XG_BUF(FILE_MAX);
        char path[600];
        snprintf(path, sizeof path, "%.500s/%05zu.xgb", folder, i);
        check(xg_os_read(&file, path, &err), path, &err);
        struct xg_bytes rest = xg_buf_bytes(&file), frame;
        while (xg_frame_next(&rest, &frame))
            add_request(l, &room, frame);
    }
    l->latency_ms = calloc(l->count + 1, sizeof *l->latency_ms);
    if (!l->latency_ms)
        exit(1);
}

static void read_devices(struct load *l, const char *folder)
{
    struct xg_error err = XG_ERROR_NONE;
    char path[600], name[XG_KEY_NAME_MAX + 1], hex[65];

    snprintf(path, sizeof path, "%.500s/devices", folder);
    FILE *f = fopen(path, "re");
    while (f && l->device_count < DEVICES_MAX &&
           fscanf(f, "%120s %64s", name, hex) == 2) {
        uint8_t seed[32];
        for (size_t i = 0; i < sizeof seed; i++) {
            unsigned byte = 0;
            sscanf(hex + 2 * i, "%2x", &byte);
            seed[i] = (uint8_t)byte;
        }
        check(xg_signer_init(&l->devices[l->device_count++], name,
                             XG_SIG_ED25519, seed, &err),
              name, &err);
    }
    if (f)
        fclose(f);
    if (l->device_count == 0) {
        fprintf(stderr, "load: no devices in %s\n", path);
        exit(1);
    }
}

/* ---- the figures ---- */

/* Of another process, all its threads, in seconds. */
static double processor_s(const char *pid)
{
    clockid_t clock;
    struct timespec t = {0};

    if (clock_getcpuclockid((pid_t)strtol(pid, NULL, 10), &clock) != 0 ||
        clock_gettime(clock, &t) != 0) {
        fprintf(stderr, "load: process %s\n", pid);
        exit(1);
    }
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct load l;
    char *colon = argc >= 6 ? strrchr(argv[1], ':') : NULL;
    size_t connections = colon ? strtoul(argv[2], NULL, 10) : 0;
    const char *pid = argc > 6 ? argv[6] : NULL;

    if (connections == 0 || connections > CONNECTIONS_MAX) {
        fputs("usage: load HOST:PORT CONNECTIONS FIRST COUNT FOLDER "
              "[PID [HELD]]\n",
              stderr);
        return 2;
    }
    if (xg_base_init() != 0)
        return 1;
    *colon = '\0';
    l.held = argc > 7 ? strtoull(argv[7], NULL, 10) : 0;
    l.env = xg_env_system();
    l.address = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10))};
    inet_pton(AF_INET, argv[1], &l.address.sin_addr);
    read_devices(&l, argv[5]);
    read_batches(&l, argv[5], strtoul(argv[3], NULL, 10),
                 strtoul(argv[4], NULL, 10));
    pthread_barrier_init(&l.start, NULL, (unsigned)connections + 1);

    pthread_t *threads = calloc(connections, sizeof *threads);
    struct connection *list = calloc(connections, sizeof *list);
    if (!threads || !list)
        return 1;
    for (size_t i = 0; i < connections; i++) {
        list[i] = (struct connection){.load = &l, .number = i};
        if (pthread_create(&threads[i], NULL, work, &list[i]) != 0)
            return 1;
    }
    pthread_barrier_wait(&l.start);
    double used = pid ? processor_s(pid) : 0, begin = now_s();
    pthread_barrier_wait(&l.start);
    for (size_t i = 0; i < connections; i++)
        pthread_join(threads[i], NULL);
    double seconds = now_s() - begin;
    used = pid ? processor_s(pid) - used : 0;
    double median = test_median(l.latency_ms, l.count);
    printf("{\"batches\": %zu, \"failed\": %d, \"records\": %llu, "
           "\"seconds\": %.4f, \"server_cpu\": %.6f, \"median_ms\": %.2f, "
           "\"p99_ms\": %.2f}\n",
           l.count, atomic_load(&l.failed), atomic_load(&l.records), seconds,
           used, median, l.latency_ms[l.count - 1 - l.count / 100]);
    return atomic_load(&l.failed) != 0;
}
