/* data_internal.h - what data.c and data_check.c share. */
#ifndef XG_SERVER_DATA_INTERNAL_H
#define XG_SERVER_DATA_INTERNAL_H

#include "server/data.h"

/* DIR/NAME on the heap, or NULL. */
char *data_path(const char *dir, const char *name);

#endif
