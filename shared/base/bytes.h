/* bytes.h - views of bytes, big-endian integers, hex and base64.
 *
 * `struct xg_bytes` borrows: whoever made it says how long it lives.
 */
#ifndef XG_BASE_BYTES_H
#define XG_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { XG_HASH_SIZE = 32, XG_ID_SIZE = 16 };

struct xg_hash {
    uint8_t b[XG_HASH_SIZE];
};

/* The id of an entity: the first 16 bytes of its first record's hash. */
struct xg_id {
    uint8_t b[XG_ID_SIZE];
};

struct xg_bytes {
    const uint8_t *at;
    size_t len;
};

static inline struct xg_bytes xg_bytes(const void *at, size_t len)
{
    return (struct xg_bytes){at, len};
}

static inline struct xg_bytes xg_bytes_of(const char *text)
{
    return (struct xg_bytes){(const uint8_t *)text, strlen(text)};
}

static inline bool xg_bytes_equal(struct xg_bytes a, struct xg_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Bytewise order, a prefix before what it begins. */
int xg_bytes_compare(struct xg_bytes a, struct xg_bytes b);

static inline bool xg_hash_equal(const struct xg_hash *a,
                                 const struct xg_hash *b)
{
    return memcmp(a->b, b->b, XG_HASH_SIZE) == 0;
}

static inline int xg_hash_compare(const struct xg_hash *a,
                                  const struct xg_hash *b)
{
    return memcmp(a->b, b->b, XG_HASH_SIZE);
}

static inline bool xg_hash_is_zero(const struct xg_hash *a)
{
    static const struct xg_hash zero;
    return xg_hash_equal(a, &zero);
}

static inline bool xg_id_equal(const struct xg_id *a, const struct xg_id *b)
{
    return memcmp(a->b, b->b, XG_ID_SIZE) == 0;
}

/* The id of the entity that the record with this hash creates. */
static inline struct xg_id xg_id_of_hash(const struct xg_hash *hash)
{
    struct xg_id id;
    memcpy(id.b, hash->b, XG_ID_SIZE);
    return id;
}

uint16_t xg_load_u16(const uint8_t at[static 2]);
uint32_t xg_load_u32(const uint8_t at[static 4]);
uint64_t xg_load_u64(const uint8_t at[static 8]);
void xg_store_u16(uint8_t at[static 2], uint16_t value);
void xg_store_u32(uint8_t at[static 4], uint32_t value);
void xg_store_u64(uint8_t at[static 8], uint64_t value);

/* Lower-case hex; `text` has room for 2 * len + 1. */
void xg_hex(char *text, const void *data, size_t len);
/* Exactly 2 * len hex digits of either case, no more; false leaves out. */
bool xg_unhex(uint8_t *data, size_t len, const char *text, size_t text_len);

/* Standard base64 with padding. XG_BASE64_SIZE(n) has room for the text of n
 * bytes and its terminator. */
#define XG_BASE64_SIZE(n) ((((n) + 2) / 3) * 4 + 1)
void xg_base64(char *text, size_t text_size, const void *data, size_t len);
/* Canonical form only: padded, no white space, unused bits zero. On success
 * *len is the number of bytes written, at most `max`. */
bool xg_unbase64(uint8_t *data, size_t max, size_t *len, const char *text,
                 size_t text_len);
/* The same where the length is known: exactly `len` bytes. */
bool xg_unbase64_exact(uint8_t *data, size_t len, const char *text,
                       size_t text_len);

#endif
