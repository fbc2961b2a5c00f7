/* shut.h - no file but the home's, and what it takes to reach a server. */
#ifndef AGENT_SYNC_SHUT_H
#define AGENT_SYNC_SHUT_H

#include <stdbool.h>

/* From here on this process opens, makes and removes files in `home` and for
 * the moment in /tmp, reads what the system is made of (/usr, /etc, /proc ...),
 * and starts nothing; whatever else its user may open is not there for it.
 * Landlock, so no right is needed and nobody's path is bound by another. False
 * where the kernel cannot, or must not: all is as before, and said in the
 * journal. */
bool sync_shut(const char *home);

#endif
