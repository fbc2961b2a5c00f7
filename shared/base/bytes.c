/* bytes.c - see bytes.h. */
#include "shared/base/bytes.h"

#include <assert.h>
#include <sodium.h>

int xg_bytes_compare(struct xg_bytes a, struct xg_bytes b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.at, b.at, shorter) : 0;

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

uint16_t xg_load_u16(const uint8_t at[static 2])
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t xg_load_u32(const uint8_t at[static 4])
{
    return (uint32_t)xg_load_u16(at) << 16 | xg_load_u16(at + 2);
}

uint64_t xg_load_u64(const uint8_t at[static 8])
{
    return (uint64_t)xg_load_u32(at) << 32 | xg_load_u32(at + 4);
}

void xg_store_u16(uint8_t at[static 2], uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void xg_store_u32(uint8_t at[static 4], uint32_t value)
{
    xg_store_u16(at, (uint16_t)(value >> 16));
    xg_store_u16(at + 2, (uint16_t)value);
}

void xg_store_u64(uint8_t at[static 8], uint64_t value)
{
    xg_store_u32(at, (uint32_t)(value >> 32));
    xg_store_u32(at + 4, (uint32_t)value);
}

void xg_hex(char *text, const void *data, size_t len)
{
    sodium_bin2hex(text, 2 * len + 1, data, len);
}

bool xg_unhex(uint8_t *data, size_t len, const char *text, size_t text_len)
{
    size_t got;

    for (size_t i = 0; i < text_len; i++)
        if (!text[i])
            return false;
    return text_len == 2 * len &&
           sodium_hex2bin(data, len, text, text_len, NULL, &got, NULL) == 0 &&
           got == len;
}

void xg_base64(char *text, size_t text_size, const void *data, size_t len)
{
    assert(text_size >= XG_BASE64_SIZE(len));
    sodium_bin2base64(text, text_size, data, len,
                      sodium_base64_VARIANT_ORIGINAL);
}

bool xg_unbase64(uint8_t *data, size_t max, size_t *len, const char *text,
                 size_t text_len)
{
    /* libsodium 1.0.18 takes bytes over 0x7F for digits. */
    for (size_t i = 0; i < text_len; i++)
        if ((unsigned char)text[i] & 0x80)
            return false;
    return sodium_base642bin(data, max, text, text_len, NULL, len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0;
}

bool xg_unbase64_exact(uint8_t *data, size_t len, const char *text,
                       size_t text_len)
{
    size_t got;

    return text_len == XG_BASE64_SIZE(len) - 1 &&
           xg_unbase64(data, len, &got, text, text_len) && got == len;
}
