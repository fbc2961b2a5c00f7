/* number.h - numbers that people write down and read out: 0417-00123-7.
 *
 * Device code, counter, check digit; no clock in it. The check digit is ISO
 * 7064 MOD 11,10 over the digits before it: it finds every single wrong digit
 * and nearly every swap of neighbours.
 */
#ifndef XG_CORE_NUMBER_H
#define XG_CORE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum { XG_NUMBER_SIZE = 32 };

/* `device` is the device's code: 1 to 8 digits. */
void xg_number_print(char text[static XG_NUMBER_SIZE], const char *device,
                     uint64_t serial);

/* Does it look like a number: digits - digits - digit? */
bool xg_number_shaped(const char *text);
/* Is it one, check digit and all? Gives the serial; the device code is the
 * text before the first dash. */
bool xg_number_parse(uint64_t *serial, const char *text);

#endif
