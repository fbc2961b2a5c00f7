/* maps.h - the offline maps of a device: files that an operator distributes.
 *
 *      HOME/maps/NAME.json         what a map is called and where its file is
 *      HOME/maps/NAME-XXXX.mbtiles the file, as it was given (mbtiles.h)
 *      HOME/maps/lock              held while one is added or removed
 *
 * NAME.json is what counts: it is put in place, whole, once the file that it
 * names is there, checked and durable; what nothing names is left from a cut,
 * and goes with the next change. So an added map is there whole or not at all,
 * and one that takes another's name replaces it at once.
 *
 * Maps are no secret and are not encrypted; nothing here needs the vault.
 */
#ifndef AGENT_MAPS_H
#define AGENT_MAPS_H

#include "agent/home/home.h"
#include "agent/home/mbtiles.h"
#include "shared/base/arena.h"

/* Which coordinates its tiles are drawn in; who shows it turns them. */
enum maps_crs { MAPS_WGS84, MAPS_GCJ02, MAPS_BD09, MAPS_CRS_COUNT };
const char *maps_crs_name(enum maps_crs crs); /* "wgs84", ... */
bool maps_crs_of(enum maps_crs *crs, const char *name);

enum {
    MAPS_NAME_MAX = 40, /* letters, digits, '-' and '_' */
    MAPS_FILE_SIZE = MAPS_NAME_MAX + 32,
    MAPS_MAX = 64,
};
bool maps_name_valid(const char *name);
/* NAME.json. */
void maps_described(char file[static MAPS_FILE_SIZE], const char *name);

struct map {
    char name[MAPS_NAME_MAX + 1];
    char file[MAPS_FILE_SIZE]; /* in HOME/maps */
    enum maps_crs crs;
    uint64_t bytes;
    struct mbtiles_about about;
};

/* Those that there are, by name, lent by the arena. No folder: none. One whose
 * description cannot be read is left out, and counted in *broken. */
XG_MUST_CHECK enum xg_status maps_list(struct map **out, size_t *count,
                                       size_t *broken, struct xg_arena *arena,
                                       const char *home, struct xg_error *err);
/* XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status maps_find(struct map *out, const char *home,
                                       const char *name, struct xg_error *err);

struct maps_choice {
    const char *name;
    const char *attribution; /* NULL: as the file says */
    enum maps_crs crs;
};
/* Copy the file ("-": standard input) into the home, read all of it, and put it
 * in place. XG_USAGE, XG_FORMAT, XG_CORRUPT, XG_FULL: nothing has changed. */
XG_MUST_CHECK enum xg_status maps_add(struct map *out, bool *replaced,
                                      const char *home, const char *source,
                                      const struct maps_choice *choice,
                                      const struct xg_env *env,
                                      struct xg_error *err);
XG_MUST_CHECK enum xg_status maps_remove(const char *home, const char *name,
                                         struct xg_error *err);

/* HOME/maps/FILE. */
XG_MUST_CHECK enum xg_status maps_path(char path[static HOME_PATH_SIZE],
                                       const char *home, const char *file,
                                       struct xg_error *err);

#endif
