/* source.h - what tests read of the tree, by XG_SOURCE; else of the folder in
 * which they are started. */
#ifndef XG_TESTS_LIB_SOURCE_H
#define XG_TESTS_LIB_SOURCE_H

#include "shared/base/buf.h"

/* The path of "tests/data/…"; lent until the next call. */
XG_PRINTF(1, 2) const char *test_source(const char *format, ...);
/* All of that file; the caller clears it. */
struct xg_buf test_source_read(const char *path);

#endif
