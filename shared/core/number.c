/* number.c - see number.h. */
#include "shared/core/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEVICE_MAX = 8, SERIAL_MAX = 10 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ISO 7064 MOD 11,10 over the digits of text[0..len), dashes passed over. */
static char check_digit(const char *text, size_t len)
{
    unsigned product = 10;

    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]))
            continue;
        unsigned sum = (product + (unsigned)(text[i] - '0')) % 10;
        product = (sum ? sum : 10) * 2 % 11;
    }
    return (char)('0' + (11 - product) % 10);
}

void xg_number_print(char text[static XG_NUMBER_SIZE], const char *device,
                     uint64_t serial)
{
    int n = snprintf(text, XG_NUMBER_SIZE - 3, "%.*s-%05" PRIu64, DEVICE_MAX,
                     device, serial % 10000000000u);

    text[n] = '-';
    text[n + 1] = check_digit(text, (size_t)n);
    text[n + 2] = '\0';
}

bool xg_number_shaped(const char *text)
{
    size_t device = strspn(text, "0123456789");

    if (device == 0 || device > DEVICE_MAX || text[device] != '-')
        return false;
    const char *counter = text + device + 1;
    size_t serial = strspn(counter, "0123456789");
    return serial > 0 && serial <= SERIAL_MAX && counter[serial] == '-' &&
           is_digit(counter[serial + 1]) && counter[serial + 2] == '\0';
}

bool xg_number_parse(uint64_t *serial, const char *text)
{
    if (!xg_number_shaped(text))
        return false;

    const char *last = strrchr(text, '-');
    if (check_digit(text, (size_t)(last - text)) != last[1])
        return false;
    *serial = 0;
    for (const char *c = strchr(text, '-') + 1; c < last; c++)
        *serial = *serial * 10 + (uint64_t)(*c - '0');
    return true;
}
