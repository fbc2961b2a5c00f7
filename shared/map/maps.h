/* maps.h - the offline maps of a device, or of the centre: files that somebody
 * made elsewhere. Lie in a folder DIR, which is the home or the data folder.
 *
 *      DIR/maps/NAME.json         what a map is called and where its file is
 *      DIR/maps/NAME-XXXX.mbtiles the file, as it was given (mbtiles.h)
 *      DIR/maps/lock              held while one is added or removed
 *
 * NAME.json is what counts: it is put in place, whole, once the file that it
 * names is there, checked and durable; what nothing names is left from a cut,
 * and goes with the next change. So an added map is there whole or not at all,
 * and one that takes another's name replaces it at once.
 *
 * Maps are no secret and are not encrypted.
 */
#ifndef XG_MAP_MAPS_H
#define XG_MAP_MAPS_H

#include "shared/base/arena.h"
#include "shared/base/env.h"
#include "shared/map/mbtiles.h"

/* Which coordinates its tiles are drawn in; who shows it turns them. */
enum xg_maps_crs {
    XG_MAPS_WGS84,
    XG_MAPS_GCJ02,
    XG_MAPS_BD09,
    XG_MAPS_CRS_COUNT
};
const char *xg_maps_crs_name(enum xg_maps_crs crs); /* "wgs84", ... */
/* Of an option; *crs is left where it was not given. XG_USAGE. */
XG_MUST_CHECK enum xg_status xg_maps_crs_read(enum xg_maps_crs *crs,
                                              const char *option,
                                              struct xg_error *err);

enum {
    XG_MAPS_NAME_MAX = 40, /* letters, digits, '-' and '_' */
    XG_MAPS_FILE_SIZE = XG_MAPS_NAME_MAX + 32,
    XG_MAPS_MAX = 64,
    XG_MAPS_PATH_SIZE = 4096,
};
bool xg_maps_name_valid(const char *name);
/* NAME.json. */
void xg_maps_described(char file[static XG_MAPS_FILE_SIZE], const char *name);

struct xg_map {
    char name[XG_MAPS_NAME_MAX + 1];
    char file[XG_MAPS_FILE_SIZE]; /* in DIR/maps */
    enum xg_maps_crs crs;
    uint64_t bytes;
    struct xg_mbtiles_about about;
};

/* Those that there are, by name, lent by the arena. No folder: none. One whose
 * description cannot be read is left out, and counted in *broken. */
XG_MUST_CHECK enum xg_status
xg_maps_list(struct xg_map **out, size_t *count, size_t *broken,
             struct xg_arena *arena, const char *dir, struct xg_error *err);
/* XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status xg_maps_find(struct xg_map *out, const char *dir,
                                          const char *name,
                                          struct xg_error *err);

struct xg_maps_choice {
    const char *name;
    const char *attribution; /* NULL: as the file says */
    enum xg_maps_crs crs;
    uint64_t spare_bytes; /* stay free on the disk */
    const char *program;  /* xunge-map; NULL: beside the running program */
};
/* Copy the file from where `source` stands to its end, have all of it looked at
 * (check.h), and put it in place. XG_USAGE, XG_FORMAT, XG_CORRUPT, XG_TOOBIG, XG_FULL, XG_REFUSED
 * (too many): nothing has changed. */
XG_MUST_CHECK enum xg_status xg_maps_add(struct xg_map *out, bool *replaced,
                                         const char *dir, int source,
                                         const struct xg_maps_choice *choice,
                                         const struct xg_env *env,
                                         struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_maps_remove(const char *dir, const char *name,
                                            struct xg_error *err);

/* DIR/maps/FILE; FILE "": the folder. */
XG_MUST_CHECK enum xg_status xg_maps_path(char path[static XG_MAPS_PATH_SIZE],
                                          const char *dir, const char *file,
                                          struct xg_error *err);

#endif
