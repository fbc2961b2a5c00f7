/* confine.h - give up everything but reading, writing and a little memory.
 *
 * For the programs that take apart what anyone may have sent (xunge-exif,
 * xunge-thumb): whoever takes such a program over has gained nothing.
 */
#ifndef XG_CONFINE_CONFINE_H
#define XG_CONFINE_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

/* From here on this process can read and write the descriptors it has, get
 * anonymous memory up to `memory_bytes` of addresses in all (its code and
 * libraries count), and exit; anything else kills it. It gets `cpu_s` seconds
 * of processor time, no core file, no new descriptor, no file to grow. False
 * when the kernel refuses one of these: then nothing may be parsed. */
bool confine(uint64_t memory_bytes, unsigned cpu_s);

#endif
