/* file.c - sealed files, streamed.
 *
 *      "XGF1" || stream header (24) || chunk ...
 *
 * A chunk is crypto_secretstream_xchacha20poly1305 of 64 KiB of the original
 * (65,536 + 17 bytes), the last one of what is left; it alone has the tag
 * FINAL. An empty original is one empty last chunk. The associated data of each
 * chunk is the caller's context.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/vault/slots.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    STREAM_HEADER_SIZE = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    FILE_HEADER_SIZE = 4 + STREAM_HEADER_SIZE,
    CHUNK_OVERHEAD = crypto_secretstream_xchacha20poly1305_ABYTES,
    SEALED_CHUNK_SIZE = VAULT_CHUNK_SIZE + CHUNK_OVERHEAD,
};

static const char MAGIC[] = "XGF1";

/* Read until `size` bytes or the end. */
static enum xg_status read_full(int fd, const char *name, uint8_t *at,
                                size_t size, size_t *len, struct xg_error *err)
{
    size_t got = 0;

    while (got < size) {
        ssize_t n = read(fd, at + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), name);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *len = got;
    return XG_OK;
}

/* The next bytes of what is copied. */
static enum xg_status read_source(const struct vault_copy *copy, uint8_t *at,
                                  size_t *len, struct xg_error *err)
{
    if (copy->read)
        return copy->read(copy->read_ctx, at, VAULT_CHUNK_SIZE, len, err);
    return read_full(copy->source_fd, copy->source_name, at, VAULT_CHUNK_SIZE,
                     len, err);
}

/* --- sealing ------------------------------------------------------------- */

/* One copy under way: two chunks, since the last one must be known as such. */
struct sealer {
    crypto_secretstream_xchacha20poly1305_state stream;
    crypto_hash_sha256_state hash;
    uint64_t length;
    uint8_t plain[2][VAULT_CHUNK_SIZE];
    uint8_t sealed[SEALED_CHUNK_SIZE];
};

static enum xg_status seal_chunks(struct sealer *s,
                                  const struct vault_copy *copy, int sink_fd,
                                  struct xg_error *err)
{
    size_t len, next_len;
    bool last = false;

    if (read_source(copy, s->plain[0], &len, err) != XG_OK)
        return err->status;
    for (int now = 0; !last; now = !now, len = next_len) {
        if (read_source(copy, s->plain[!now], &next_len, err) != XG_OK)
            return err->status;
        last = next_len == 0;
        s->length += len;
        if (s->length > copy->max_bytes)
            return xg_fail(err, XG_TOOBIG,
                           XG_T("%s 超过 %llu 字节的上限",
                                "%s is over the limit of %llu bytes"),
                           copy->source_name,
                           (unsigned long long)copy->max_bytes);
        crypto_hash_sha256_update(&s->hash, s->plain[now], len);
        crypto_secretstream_xchacha20poly1305_push(
            &s->stream, s->sealed, NULL, s->plain[now], len, copy->context.at,
            copy->context.len,
            last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                 : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
        if (xg_os_write_all(sink_fd, copy->temporary,
                            xg_bytes(s->sealed, len + CHUNK_OVERHEAD), err) !=
            XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status seal_into(const struct vault *v, struct vault_file *out,
                                const struct vault_copy *copy, int sink_fd,
                                struct xg_error *err)
{
    uint8_t header[FILE_HEADER_SIZE];
    struct sealer *s = malloc(sizeof *s);
    enum xg_status status;

    if (!s)
        return xg_fail_nomem(err);
    s->length = 0;
    crypto_hash_sha256_init(&s->hash);
    memcpy(header, MAGIC, 4);
    crypto_secretstream_xchacha20poly1305_init_push(&s->stream, header + 4,
                                                    v->keys->file);
    status = xg_os_write_all(sink_fd, copy->temporary,
                             xg_bytes(header, sizeof header), err);
    if (status == XG_OK)
        status = seal_chunks(s, copy, sink_fd, err);
    if (status == XG_OK) {
        out->length = s->length;
        crypto_hash_sha256_final(&s->hash, out->sha256.b);
    }
    sodium_memzero(s, sizeof *s);
    free(s);
    return status;
}

/* Write the temporary file, durable but not yet in its place. */
static enum xg_status seal_temporary(const struct vault *v,
                                     struct vault_file *out,
                                     const struct vault_copy *copy,
                                     struct xg_error *err)
{
    int fd = open(copy->temporary,
                  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"),
                          copy->temporary);
    enum xg_status status = seal_into(v, out, copy, fd, err);
    if (status == XG_OK && copy->expected &&
        !xg_hash_equal(copy->expected, &out->sha256))
        status = xg_fail(err, XG_BUSY,
                         XG_T("%s 在读取时发生变化：请稍后再试",
                              "%s changed while it was read: try again when "
                              "it is complete"), copy->source_name);
    if (status == XG_OK && fsync(fd) != 0)
        status = xg_fail_os(err, XG_T("无法落盘 %s", "cannot sync %s"),
                            copy->temporary);
    if (close(fd) != 0 && status == XG_OK)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"),
                            copy->temporary);
    return status;
}

enum xg_status vault_seal_file(const struct vault *v, struct vault_file *out,
                               const struct vault_copy *copy,
                               struct xg_error *err)
{
    struct vault_file sealed = {.length = 0};
    enum xg_status status = seal_temporary(v, &sealed, copy, err);

    if (status == XG_OK && rename(copy->temporary, copy->path) != 0)
        status = xg_fail_os(err, XG_T("无法改名为 %s", "cannot rename to %s"),
                            copy->path);
    if (status != XG_OK) {
        unlink(copy->temporary);
        return status;
    }
    if (xg_os_sync_parent(copy->path, err) != XG_OK)
        return err->status;
    *out = sealed;
    return XG_OK;
}

/* --- opening ------------------------------------------------------------- */

struct vault_reader {
    crypto_secretstream_xchacha20poly1305_state stream;
    int fd;
    enum xg_status failed;
    bool ended;
    char *path;
    struct xg_bytes context;
    uint8_t plain[VAULT_CHUNK_SIZE];
    uint8_t sealed[SEALED_CHUNK_SIZE];
};

static enum xg_status damaged(const char *path, struct xg_error *err)
{
    return xg_fail(err, XG_CORRUPT,
                   XG_T("加密文件 %s 不完整或被改动",
                        "the sealed file %s is incomplete or altered"), path);
}

static enum xg_status read_header(struct vault_reader *r,
                                  const struct vault *v, struct xg_error *err)
{
    uint8_t header[FILE_HEADER_SIZE];
    size_t len;

    if (read_full(r->fd, r->path, header, sizeof header, &len, err) != XG_OK)
        return err->status;
    if (len != sizeof header || memcmp(header, MAGIC, 4) != 0 ||
        crypto_secretstream_xchacha20poly1305_init_pull(
            &r->stream, header + 4, v->keys->file) != 0)
        return damaged(r->path, err);
    return XG_OK;
}

enum xg_status vault_reader_open(struct vault_reader **out,
                                 const struct vault *v, const char *path,
                                 struct xg_bytes context, struct xg_error *err)
{
    struct vault_reader *r = malloc(sizeof *r);

    if (!r)
        return xg_fail_nomem(err);
    r->failed = XG_OK;
    r->ended = false;
    r->context = context;
    r->path = strdup(path);
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!r->path)
        xg_ignore(xg_fail_nomem(err));
    else if (r->fd < 0)
        xg_ignore(xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path));
    else if (read_header(r, v, err) == XG_OK) {
        *out = r;
        return XG_OK;
    }
    vault_reader_close(r);
    return err->status;
}

/* Open the chunk in r->sealed; the last one ends the file. */
static enum xg_status open_chunk(struct vault_reader *r, size_t sealed_len,
                                 struct xg_error *err)
{
    uint8_t tag, more;
    size_t more_len;

    if (sealed_len < CHUNK_OVERHEAD ||
        crypto_secretstream_xchacha20poly1305_pull(
            &r->stream, r->plain, NULL, &tag, r->sealed, sealed_len,
            r->context.at, r->context.len) != 0)
        return damaged(r->path, err);
    if (tag == crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)
        return sealed_len == SEALED_CHUNK_SIZE ? XG_OK : damaged(r->path, err);
    if (read_full(r->fd, r->path, &more, 1, &more_len, err) != XG_OK)
        return err->status;
    if (tag != crypto_secretstream_xchacha20poly1305_TAG_FINAL || more_len != 0)
        return damaged(r->path, err);
    r->ended = true;
    return XG_OK;
}

enum xg_status vault_reader_next(struct vault_reader *r, struct xg_bytes *chunk,
                                 struct xg_error *err)
{
    size_t len = 0;

    if (r->failed == XG_OK && r->ended) {
        *chunk = xg_bytes(r->plain, 0);
        return XG_OK;
    }
    if (r->failed != XG_OK)
        return damaged(r->path, err);
    r->failed = read_full(r->fd, r->path, r->sealed, SEALED_CHUNK_SIZE, &len,
                          err);
    if (r->failed == XG_OK)
        r->failed = open_chunk(r, len, err);
    if (r->failed == XG_OK)
        *chunk = xg_bytes(r->plain, len - CHUNK_OVERHEAD);
    return r->failed;
}

void vault_reader_close(struct vault_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->path);
    sodium_memzero(r, sizeof *r);
    free(r);
}

enum xg_status vault_open_file(const struct vault *v, struct vault_file *out,
                               const char *path, struct xg_bytes context,
                               int sink_fd, struct xg_error *err)
{
    struct vault_reader *r;
    crypto_hash_sha256_state hash;
    struct xg_bytes chunk;
    uint64_t length = 0;
    enum xg_status status;

    if (vault_reader_open(&r, v, path, context, err) != XG_OK)
        return err->status;
    crypto_hash_sha256_init(&hash);
    while ((status = vault_reader_next(r, &chunk, err)) == XG_OK &&
           chunk.len > 0) {
        crypto_hash_sha256_update(&hash, chunk.at, chunk.len);
        length += chunk.len;
        if (sink_fd >= 0)
            status = xg_os_write_all(sink_fd, "-", chunk, err);
        if (status != XG_OK)
            break;
    }
    vault_reader_close(r);
    if (status != XG_OK)
        return status;
    out->length = length;
    crypto_hash_sha256_final(&hash, out->sha256.b);
    return XG_OK;
}

enum xg_status vault_file_length(uint64_t *length, const char *path,
                                 struct xg_error *err)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return xg_fail_os(err, XG_T("无法查看 %s", "cannot look at %s"), path);
    if (info.st_size < FILE_HEADER_SIZE + CHUNK_OVERHEAD)
        return damaged(path, err);

    uint64_t sealed = (uint64_t)info.st_size - FILE_HEADER_SIZE;
    uint64_t chunks = (sealed + SEALED_CHUNK_SIZE - 1) / SEALED_CHUNK_SIZE;
    if (sealed < chunks * CHUNK_OVERHEAD)
        return damaged(path, err);
    *length = sealed - chunks * CHUNK_OVERHEAD;
    return XG_OK;
}
