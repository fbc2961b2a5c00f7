/* check.h - a map that somebody brought, looked at by a program that can do
 * nothing else: xunge-map (check/main.c), confined.
 *
 * It gets the file as its standard input and "zh" or "en" as its argument, and
 * answers a line of JSON: {"about":{...}} (about.h), or {"status":N,"text":T} in
 * that language. Its answer is read as if the file's maker had written it: what
 * is not in range, or does not fit, is no answer.
 */
#ifndef XG_MAP_CHECK_H
#define XG_MAP_CHECK_H

#include "shared/map/mbtiles.h"

enum {
    XG_MAP_ANSWER_MAX = 4 << 10,
    XG_MAP_REASON_MAX = 300, /* bytes of a refusal */
};
/* How long it may take: all of the file is read. */
static inline unsigned xg_map_check_s(uint64_t bytes)
{
    enum { LEAST_S = 30, BYTES_A_S = 8 << 20, MOST_S = 24 * 3600 };
    uint64_t s = LEAST_S + bytes / BYTES_A_S;

    return s < MOST_S ? (unsigned)s : MOST_S;
}

/* As xg_mbtiles_check() says, of the file that `fd` is. `program`: xunge-map's
 * path; NULL: beside the running program. */
XG_MUST_CHECK enum xg_status xg_map_check(struct xg_mbtiles_about *out,
                                          const char *program, int fd,
                                          struct xg_error *err);

#endif
