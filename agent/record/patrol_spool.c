/* patrol_spool.c - see patrol_spool.h. */
#include "agent/record/patrol_spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    HEADER_SIZE = 4 + XG_ID_SIZE,
    CHUNK_BYTES_MAX = SPOOL_PENDING_MAX * SPOOL_SAMPLE_SIZE + VAULT_OVERHEAD,
    SPOOL_BYTES_MAX = 512 << 20,
    CONTEXT_SIZE = 6 + XG_ID_SIZE + 8,
    PATH_SIZE = 4096,
};

static const char MAGIC[4] = {'X', 'G', 'P', '1'};

/* ---- samples as bytes ---- */

static void put_sample(struct xg_buf *out, const struct track_sample *s)
{
    xg_buf_byte(out, (uint8_t)s->kind);
    xg_buf_byte(out, (uint8_t)((s->mock ? 1 : 0) | (s->estimated ? 2 : 0) |
                               (s->imported ? 4 : 0)));
    xg_buf_byte(out, s->mode);
    xg_buf_u32(out, s->boot);
    xg_buf_u64(out, (uint64_t)s->wall_ms);
    xg_buf_u64(out, (uint64_t)s->mono_ms);
    xg_buf_u64(out, (uint64_t)s->awake_ms);
    xg_buf_u64(out, (uint64_t)s->gps_ms);
    xg_buf_u32(out, (uint32_t)s->lat_e6);
    xg_buf_u32(out, (uint32_t)s->lon_e6);
    xg_buf_u32(out, s->acc_dm);
}

static struct track_sample get_sample(const uint8_t *at)
{
    return (struct track_sample){
        .kind = (enum track_sample_kind)at[0],
        .mock = (at[1] & 1) != 0,
        .estimated = (at[1] & 2) != 0,
        .imported = (at[1] & 4) != 0,
        .mode = at[2],
        .boot = xg_load_u32(at + 3),
        .wall_ms = (int64_t)xg_load_u64(at + 7),
        .mono_ms = (int64_t)xg_load_u64(at + 15),
        .awake_ms = (int64_t)xg_load_u64(at + 23),
        .gps_ms = (int64_t)xg_load_u64(at + 31),
        .lat_e6 = (int32_t)xg_load_u32(at + 39),
        .lon_e6 = (int32_t)xg_load_u32(at + 43),
        .acc_dm = xg_load_u32(at + 47),
    };
}

static struct xg_bytes context(uint8_t out[static CONTEXT_SIZE],
                               const struct xg_id *id, uint64_t number)
{
    memcpy(out, "patrol", 6);
    memcpy(out + 6, id->b, XG_ID_SIZE);
    xg_store_u64(out + 6 + XG_ID_SIZE, number);
    return xg_bytes(out, CONTEXT_SIZE);
}

enum xg_status spool_path(char *path, size_t size, const char *home,
                          const struct xg_id *id, struct xg_error *err)
{
    char hex[2 * XG_ID_SIZE + 1];

    xg_hex(hex, id->b, XG_ID_SIZE);
    if (snprintf(path, size, "%s/patrol/%s.spool", home, hex) >= (int)size)
        return xg_fail(err, XG_USAGE,
                       XG_T("文件夹路径太长：%s", "the path is too long: %s"),
                       home);
    return XG_OK;
}

/* ---- reading ---- */

static enum xg_status gather(struct xg_buf *samples, struct spool_content *c,
                             struct xg_bytes file, const struct xg_id *id,
                             const struct vault *vault, struct xg_error *err)
{
    struct xg_buf plain = XG_BUF(CHUNK_BYTES_MAX);
    uint8_t name[CONTEXT_SIZE];
    size_t at = HEADER_SIZE, failed = 0;

    c->end = HEADER_SIZE;
    /* What fails to open counts as damaged only when a good one follows. */
    for (uint64_t number = 0; file.len - at >= 4; number++) {
        size_t len = xg_load_u32(file.at + at);
        if (len <= VAULT_OVERHEAD || len > CHUNK_BYTES_MAX ||
            len > file.len - at - 4)
            break;
        xg_buf_reset(&plain);
        if (vault_open(vault, &plain, context(name, id, number),
                       xg_bytes(file.at + at + 4, len), err) == XG_OK &&
            plain.len % SPOOL_SAMPLE_SIZE == 0) {
            xg_buf_append(samples, plain.data, plain.len);
            c->chunks = number + 1;
            c->end = (int64_t)(at + 4 + len);
            c->damaged += failed;
            failed = 0;
        } else {
            failed++;
        }
        at += 4 + len;
    }
    c->torn = c->end != (int64_t)file.len;
    xg_buf_clear(&plain);
    return xg_buf_check(samples, err);
}

static enum xg_status unpack(struct spool_content *c, struct xg_arena *arena,
                             const struct xg_buf *bytes, struct xg_error *err)
{
    size_t count = bytes->len / SPOOL_SAMPLE_SIZE;

    c->samples = xg_arena_array(arena, count + 1, sizeof *c->samples);
    if (!c->samples)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct track_sample s = get_sample(bytes->data + i * SPOOL_SAMPLE_SIZE);
        if (s.kind < TRACK_SAMPLE_KINDS)
            c->samples[c->count++] = s;
    }
    return XG_OK;
}

enum xg_status spool_read(struct spool_content *out, struct xg_arena *arena,
                          const char *home, const struct xg_id *id,
                          const struct vault *vault, struct xg_error *err)
{
    struct xg_buf file = XG_BUF(SPOOL_BYTES_MAX),
                  samples = XG_BUF(SPOOL_BYTES_MAX);
    struct spool_content c = {0};
    char path[PATH_SIZE];
    enum xg_status status = spool_path(path, sizeof path, home, id, err);

    if (status == XG_OK)
        status = xg_os_read(&file, path, err);
    if (status == XG_OK &&
        (file.len < HEADER_SIZE || memcmp(file.data, MAGIC, 4) != 0 ||
         memcmp(file.data + 4, id->b, XG_ID_SIZE) != 0))
        status = xg_fail(err, XG_FORMAT,
                         XG_T("%s 不是这次巡查的轨迹文件",
                              "%s is not the track of this patrol"),
                         path);
    if (status == XG_OK)
        status = gather(&samples, &c, xg_buf_bytes(&file), id, vault, err);
    if (status == XG_OK && arena)
        status = unpack(&c, arena, &samples, err);
    xg_buf_clear(&file);
    xg_buf_clear(&samples);
    if (status == XG_OK)
        *out = c;
    return status;
}

/* ---- writing ---- */

enum xg_status spool_create(const char *home, const struct xg_id *id,
                            struct xg_error *err)
{
    uint8_t header[HEADER_SIZE];
    char path[PATH_SIZE];

    memcpy(header, MAGIC, 4);
    memcpy(header + 4, id->b, XG_ID_SIZE);
    if (spool_path(path, sizeof path, home, id, err) != XG_OK)
        return err->status;
    return xg_os_replace(path, 0600, xg_bytes(header, sizeof header), err);
}

enum xg_status spool_open(struct spool *out, const char *home,
                          const struct xg_id *id, const struct vault *vault,
                          struct xg_error *err)
{
    struct spool s = {.vault = vault, .id = *id, .fd = -1};
    struct spool_content c;
    char path[PATH_SIZE];

    if (spool_path(path, sizeof path, home, id, err) != XG_OK ||
        spool_read(&c, NULL, home, id, vault, err) != XG_OK)
        return err->status;
    s.path = strdup(path);
    s.samples = calloc(SPOOL_PENDING_MAX, sizeof *s.samples);
    s.chunks = c.chunks;
    s.end = c.end;
    if (!s.path || !s.samples)
        xg_ignore(xg_fail_nomem(err));
    else if ((s.fd = open(path, O_WRONLY | O_CLOEXEC)) < 0 ||
             ftruncate(s.fd, (off_t)s.end) != 0 ||
             lseek(s.fd, (off_t)s.end, SEEK_SET) < 0)
        xg_ignore(xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path));
    else {
        *out = s;
        return XG_OK;
    }
    spool_close(&s);
    return err->status;
}

void spool_close(struct spool *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    free(s->path);
    free(s->samples);
    s->path = NULL;
    s->samples = NULL;
}

static enum xg_status write_chunk(struct spool *s, const struct xg_buf *chunk,
                                  struct xg_error *err)
{
    enum xg_status status =
        xg_os_write_all(s->fd, s->path, xg_buf_bytes(chunk), err);

    if (status == XG_OK && fdatasync(s->fd) != 0)
        status =
            xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), s->path);
    if (status == XG_OK) {
        s->end += (int64_t)chunk->len;
        s->chunks++;
        return XG_OK;
    }
    /* Whatever was half-written goes; it would be passed over in any case. */
    if (ftruncate(s->fd, (off_t)s->end) != 0 ||
        lseek(s->fd, (off_t)s->end, SEEK_SET) < 0)
        xg_ignore(xg_wrap(err, XG_T("无法收回写了一半的内容",
                                    "cannot take back what was half-written")));
    return status;
}

enum xg_status spool_flush(struct spool *s, struct xg_error *err)
{
    struct xg_buf plain = XG_BUF(CHUNK_BYTES_MAX);
    struct xg_buf chunk = XG_BUF(CHUNK_BYTES_MAX + 4);
    uint8_t name[CONTEXT_SIZE];

    if (s->pending == 0)
        return XG_OK;
    for (size_t i = 0; i < s->pending; i++)
        put_sample(&plain, &s->samples[i]);
    xg_buf_u32(&chunk, (uint32_t)(plain.len + VAULT_OVERHEAD));
    vault_seal(s->vault, &chunk, context(name, &s->id, s->chunks),
               xg_buf_bytes(&plain));
    enum xg_status status = xg_buf_check(&plain, err);
    if (status == XG_OK)
        status = xg_buf_check(&chunk, err);
    if (status == XG_OK)
        status = write_chunk(s, &chunk, err);
    if (status == XG_OK)
        s->pending = 0;
    xg_buf_clear(&plain);
    xg_buf_clear(&chunk);
    return status;
}

bool spool_is_due(const struct spool *s, int64_t now_ms)
{
    int64_t wait_ms = s->pending_since_ms - s->begun_ms;

    if (wait_ms < SPOOL_FLUSH_LEAST_MS)
        wait_ms = SPOOL_FLUSH_LEAST_MS;
    if (wait_ms > SPOOL_FLUSH_MS)
        wait_ms = SPOOL_FLUSH_MS;
    return s->pending > 0 && (s->pending >= SPOOL_CHUNK_SAMPLES ||
                              now_ms - s->pending_since_ms >= wait_ms ||
                              now_ms < s->pending_since_ms);
}

enum xg_status spool_add(struct spool *s, const struct track_sample *sample,
                         struct xg_error *err)
{
    enum xg_status status = XG_OK;

    if (!s->begun)
        s->begun_ms = sample->mono_ms;
    s->begun = true;
    if (spool_is_due(s, sample->mono_ms))
        status = spool_flush(s, err);
    if (s->pending == SPOOL_PENDING_MAX)
        memmove(s->samples, s->samples + 1, --s->pending * sizeof *s->samples);
    if (s->pending == 0)
        s->pending_since_ms = sample->mono_ms;
    s->samples[s->pending++] = *sample;
    return status;
}
