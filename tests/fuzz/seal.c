/* seal.c - a file that is sealed to our key by anybody: by the fuzzer as it is,
 * or sealed by the harness and altered at one place: then nothing that was
 * altered may be lent. The first byte chooses. */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz_file.h"
#include "tests/fuzz/fuzz_key.h"

#include <string.h>

#include "shared/bundle/seal.h"

/* Reads to the end; false where it was not reached. */
static bool read_all(struct xg_buf *plain, int fd)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_seal_reader *r;
    struct xg_bytes chunk = {NULL, 1};
    enum xg_status status =
        xg_seal_reader_open(&r, fd, "fuzz", fuzz_key(), NULL, &err);

    if (status != XG_OK)
        return false;
    while (chunk.len > 0 && status == XG_OK) {
        status = xg_seal_read(r, &chunk, &err);
        if (status == XG_OK)
            xg_buf_append(plain, chunk.at, chunk.len);
    }
    xg_seal_reader_close(r);
    return status == XG_OK;
}

/* u16be where, u8 what is changed there (0: nothing). */
static void sealed(struct xg_buf *plain, const uint8_t *data, size_t size)
{
    struct xg_seal_slots slots = {.count = 1};
    struct xg_env env = xg_env_system();
    struct xg_error err = XG_ERROR_NONE;
    struct xg_seal_writer *w;
    struct xg_bytes content = xg_bytes(data + 3, size - 3);
    int fd = fuzz_file(data, 0);
    uint8_t byte;

    memcpy(slots.keys[0], fuzz_key()->verifier.key, XG_PUBLIC_KEY_SIZE);
    FUZZ_MUST(xg_seal_writer_open(&w, fd, "fuzz", &slots, &env, &err) ==
                  XG_OK &&
              xg_seal_write(w, content, &err) == XG_OK &&
              xg_seal_finish(w, &err) == XG_OK);
    xg_seal_writer_close(w);
    off_t end = lseek(fd, 0, SEEK_END), at = xg_load_u16(data) % end;
    FUZZ_MUST(pread(fd, &byte, 1, at) == 1);
    byte ^= data[2];
    FUZZ_MUST(pwrite(fd, &byte, 1, at) == 1 && lseek(fd, 0, SEEK_SET) == 0);
    bool whole = read_all(plain, fd);
    FUZZ_MUST(whole == (data[2] == 0));
    FUZZ_MUST(
        plain->len <= content.len &&
        (plain->len == 0 || memcmp(plain->data, content.at, plain->len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_buf plain = XG_BUF(1 << 20);

    fuzz_key();
    if (size >= 4 && data[0] == 0)
        sealed(&plain, data + 1, size - 1);
    else if (size >= 1)
        read_all(&plain, fuzz_file(data + 1, size - 1));
    xg_buf_clear(&plain);
    return 0;
}
