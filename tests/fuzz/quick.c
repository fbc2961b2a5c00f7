/* quick.c - a part of every fuzzer, so that a run takes little time:
 *
 *  - what was freed is kept from use until 4 MiB more were, which is more than
 *    a run frees: with 256 MiB, the default, every run asks the kernel for new
 *    pages, and half of the time is spent there. The allocator of the system
 *    keeps what it has for the same reason;
 *  - nothing is waited for until it is on a disk: what a cut leaves is held by
 *    other tests (tests/fault, tests/sim), and the files lie in memory anyway;
 *  - a signature that the harness, or what it runs, makes is a hash of key and
 *    text, in a twentieth of the time. A fuzzer can make neither. Every other
 *    signature is verified as it should be, and replay.c, which runs over the
 *    corpus elsewhere, has none but real ones;
 *  - what the harness, or what it runs, packs is stored and not compressed.
 *    What is read is inflated as it should be, whoever packed it.
 *
 * ASAN_OPTIONS says otherwise where a crash is looked at. */
#define _DEFAULT_SOURCE
#include <malloc.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "shared/core/batch.h"

enum { KEEP_BYTES = 512 << 20 };

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=4:malloc_context_size=6";
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

/* ---- signatures. The linker puts these, and what is below, in the place of
 * what they are named for. ---- */

int __wrap_crypto_sign_detached(unsigned char *sig, unsigned long long *size,
                                const unsigned char *m, unsigned long long len,
                                const unsigned char *secret);
int __wrap_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *m,
                                       unsigned long long len,
                                       const unsigned char *key);
int __real_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *m,
                                       unsigned long long len,
                                       const unsigned char *key);

/* The second half of a secret key is the public one. */
int __wrap_crypto_sign_detached(unsigned char *sig, unsigned long long *size,
                                const unsigned char *m, unsigned long long len,
                                const unsigned char *secret)
{
    if (size)
        *size = crypto_sign_BYTES;
    return crypto_generichash(sig, crypto_sign_BYTES, m, len,
                              secret + crypto_sign_SEEDBYTES,
                              crypto_sign_PUBLICKEYBYTES);
}

int __wrap_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *m,
                                       unsigned long long len,
                                       const unsigned char *key)
{
    unsigned char ours[crypto_sign_BYTES];

    crypto_generichash(ours, sizeof ours, m, len, key,
                       crypto_sign_PUBLICKEYBYTES);
    return memcmp(ours, sig, sizeof ours) == 0
               ? 0
               : __real_crypto_sign_verify_detached(sig, m, len, key);
}

/* ---- zlib streams (RFC 1950, 1951), of blocks that are stored ---- */

enum { STORED_MAX = 65535 };

static void put_big_endian(struct xg_buf *out, uLong number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        xg_buf_byte(out, (uint8_t)(number >> shift));
}

enum xg_status __wrap_xg_deflate(struct xg_buf *out, struct xg_bytes raw,
                                 bool dictionary, struct xg_error *err);
enum xg_status __wrap_xg_deflate(struct xg_buf *out, struct xg_bytes raw,
                                 bool dictionary, struct xg_error *err)
{
    struct xg_bytes words = xg_dictionary();

    if (raw.len > XG_DEFLATE_MAX)
        return xg_fail(err, XG_TOOBIG, "%zu bytes to deflate", raw.len);
    uLong sum = adler32(1, raw.at, (uInt)raw.len);
    xg_buf_byte(out, 0x78);
    xg_buf_byte(out, dictionary ? 0x20 : 0x01);
    if (dictionary)
        put_big_endian(out, adler32(1, words.at, (uInt)words.len));
    do {
        size_t len = raw.len < STORED_MAX ? raw.len : STORED_MAX;
        xg_buf_byte(out, len == raw.len);
        xg_buf_byte(out, len & 0xFF);
        xg_buf_byte(out, (uint8_t)(len >> 8));
        xg_buf_byte(out, ~len & 0xFF);
        xg_buf_byte(out, (uint8_t)(~len >> 8));
        xg_buf_append(out, raw.at, len);
        if (len > 0)
            raw = xg_bytes(raw.at + len, raw.len - len);
    } while (raw.len > 0);
    put_big_endian(out, sum);
    return xg_buf_check(out, err);
}
