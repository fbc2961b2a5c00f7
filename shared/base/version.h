/* version.h - of all programs together. */
#ifndef XG_BASE_VERSION_H
#define XG_BASE_VERSION_H

#ifndef XG_VERSION
#define XG_VERSION "0.1.0"
#endif

#endif
