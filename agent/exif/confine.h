/* confine.h - give up everything but reading, writing and a little memory. */
#ifndef AGENT_EXIF_CONFINE_H
#define AGENT_EXIF_CONFINE_H

#include <stdbool.h>

/* From here on this process can read and write the descriptors it has, get
 * anonymous memory up to a limit, and exit; anything else kills it. It gets one
 * second of processor time, no core file, no new descriptor, no file to grow.
 * False when the kernel refuses one of these: then nothing may be parsed. */
bool confine(void);

#endif
