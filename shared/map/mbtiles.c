/* mbtiles.c - see mbtiles.h. */
#include "shared/map/mbtiles.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mbtiles_sql.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/cbor.h"

enum {
    /* A tile by its index takes about forty steps; without an index some
     * hundred thousand rows can be walked. */
    TILE_STEPS_MAX = 2 * 1000 * 1000,
    TILE_CACHE_KIB = 512,
};
/* A map of a country has some ten million rows, of ten steps each. */
static const uint64_t CHECK_STEPS_MAX = UINT64_C(2) * 1000 * 1000 * 1000;

struct xg_mbtiles {
    struct xg_db *db;
    bool joined; /* map and images, not tiles */
};

/* ---- what it is ---- */

/* SQLite's words for a file that is not its own, in those of who brought it. */
static enum xg_status reword(struct xg_error *err)
{
    if (err->status == XG_CORRUPT)
        return xg_fail(err, XG_CORRUPT,
                       XG_T("地图文件损坏或不是 MBTiles；请重新复制一份",
                            "the map file is damaged, or no MBTiles; copy it "
                            "anew"));
    if (err->status == XG_TOOBIG)
        return xg_fail(
            err, XG_TOOBIG,
            XG_T("地图文件没有索引或做得不对，读起来太慢；请重新制作",
                 "the map file has no index or is made wrongly, and "
                 "takes too long to read; make it anew"));
    /* No failure of the disk: a statement of ours does not fit its tables. */
    if (err->status == XG_IO && err->os_errno == 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("不是 MBTiles 地图：其中的表缺少应有的列",
                            "no MBTiles map: its tables lack columns that they "
                            "should have"));
    return err->status;
}

/* Which of the two forms? XG_FORMAT: neither. */
static enum xg_status find_form(struct xg_mbtiles *m, struct xg_error *err)
{
    static const char *const names[] = {"metadata", "tiles", "map", "images"};
    bool is[4];

    for (size_t i = 0; i < 4; i++)
        if (xg_db_is_table(&is[i], m->db, names[i], err) != XG_OK)
            return err->status;
    m->joined = !is[1] && is[2] && is[3];
    if (is[0] && (is[1] || m->joined))
        return XG_OK;
    return xg_fail(err, XG_FORMAT,
                   XG_T("不是 MBTiles 地图：其中没有 metadata 和 tiles 表",
                        "no MBTiles map: it has no tables metadata and tiles"));
}

static enum xg_status open_with(struct xg_mbtiles **out, const char *path,
                                uint64_t steps_max, struct xg_error *err)
{
    const struct xg_db_options options = {
        .hostile = true, .cache_kib = TILE_CACHE_KIB, .steps_max = steps_max};
    struct xg_mbtiles *m = calloc(1, sizeof *m);

    if (!m)
        return xg_fail_nomem(err);
    if (xg_db_open(&m->db, path, &mbtiles_sql, &options, err) != XG_OK ||
        find_form(m, err) != XG_OK) {
        xg_mbtiles_close(m);
        return reword(err);
    }
    *out = m;
    return XG_OK;
}

enum xg_status xg_mbtiles_open(struct xg_mbtiles **out, const char *path,
                               struct xg_error *err)
{
    return open_with(out, path, TILE_STEPS_MAX, err);
}

void xg_mbtiles_close(struct xg_mbtiles *m)
{
    if (!m)
        return;
    xg_db_close(m->db);
    free(m);
}

/* ---- a tile ---- */

/* A picture that a browser shows. A vector map's tiles are gzip or bare
 * protocol buffers. */
static enum xg_status judge_picture(enum xg_photo_type *type,
                                    struct xg_bytes data, struct xg_error *err)
{
    enum xg_photo_type found;

    if (data.len > XG_MBTILES_TILE_BYTES_MAX)
        return xg_fail(err, XG_FORMAT,
                       XG_T("地图里有一块图超过 %d MB",
                            "a tile of the map has over %d MB"),
                       XG_MBTILES_TILE_BYTES_MAX >> 20);
    if (xg_photo_type_of(&found, data) && found != XG_PHOTO_HEIC) {
        *type = found;
        return XG_OK;
    }
    if (data.len >= 2 && data.at[0] == 0x1F && data.at[1] == 0x8B)
        return xg_fail(err, XG_FORMAT,
                       XG_T("这是矢量地图（PBF）；这里只能显示栅格地图（PNG、"
                            "JPEG、WebP）",
                            "this is a vector map (PBF); only maps of pictures "
                            "can be shown (PNG, JPEG, WebP)"));
    return xg_fail(err, XG_FORMAT,
                   XG_T("地图里的图不是 PNG、JPEG 或 WebP",
                        "the map's tiles are no PNG, JPEG or WebP"));
}

enum xg_status xg_mbtiles_get(struct xg_mbtiles *m, struct xg_buf *out,
                              bool *found, enum xg_photo_type *type, uint32_t z,
                              uint32_t x, uint32_t y, struct xg_error *err)
{
    struct xg_error bad = XG_ERROR_NONE;
    enum xg_photo_type seen = XG_PHOTO_PNG;
    bool any = false;

    if (z > XG_MBTILES_ZOOM_MAX || x >> z != 0 || y >> z != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("没有这块地图：%u/%u/%u", "no such tile: %u/%u/%u"),
                       z, x, y);
    struct xg_stmt *s = xg_stmt(m->db, m->joined ? MBTILES_STMT_JOINED_TILE
                                                 : MBTILES_STMT_FLAT_TILE);
    xg_bind_u64(s, 1, z);
    xg_bind_u64(s, 2, x);
    xg_bind_u64(s, 3, (UINT32_C(1) << z) - 1 - y);
    size_t start = out->len;
    if (xg_stmt_row(s)) {
        struct xg_bytes data = xg_col_bytes(s, 0);
        any = data.len > 0; /* an empty one stands for no tile */
        if (any && judge_picture(&seen, data, &bad) == XG_OK)
            xg_buf_append(out, data.at, data.len);
    }
    enum xg_status status = xg_stmt_done(s, err);
    if (status == XG_OK && bad.status != XG_OK) {
        *err = bad;
        status = bad.status;
    }
    if (status == XG_OK)
        status = xg_buf_check(out, err);
    if (status != XG_OK) {
        out->len = out->len < start ? out->len : start;
        return reword(err);
    }
    *found = any;
    *type = seen;
    return XG_OK;
}

/* ---- all of it ---- */

/* Plain text of a value that may hold markup: attributions are HTML. Cut at a
 * whole character. */
static void plain_text(char text[static XG_MBTILES_TEXT_SIZE],
                       struct xg_bytes value)
{
    size_t len = 0;
    bool tag = false;

    for (size_t i = 0; i < value.len && len < XG_MBTILES_TEXT_SIZE - 1; i++) {
        uint8_t c = value.at[i];
        if (c == '<' || c == '>')
            tag = c == '<';
        else if (!tag && (c >= 0x20 || c == '\t') && c != 0x7F)
            text[len++] = (char)c;
    }
    while (len > 0 && !xg_utf8_valid((const uint8_t *)text, len))
        len--;
    text[len] = '\0';
}

static enum xg_status metadata(char text[static XG_MBTILES_TEXT_SIZE],
                               struct xg_mbtiles *m, const char *name,
                               struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(m->db, MBTILES_STMT_METADATA);
    char read[XG_MBTILES_TEXT_SIZE] = "";

    xg_bind_text(s, 1, name);
    if (xg_stmt_row(s) && !xg_col_is_null(s, 0))
        plain_text(read, xg_col_text_bytes(s, 0));
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    memcpy(text, read, sizeof read);
    return XG_OK;
}

/* "west,south,east,north"; anything else says nothing. */
static void read_bounds(struct xg_mbtiles_about *a, const char *text)
{
    double v[4];
    const char *at = text;

    for (size_t i = 0; i < 4; i++) {
        char *end;
        v[i] = strtod(at, &end);
        if (end == at || !isfinite(v[i]) || *end != (i < 3 ? ',' : '\0'))
            return;
        at = end + 1;
    }
    a->has_bounds = v[0] >= -180 && v[2] <= 180 && v[1] >= -90 && v[3] <= 90 &&
                    v[0] < v[2] && v[1] < v[3];
    if (!a->has_bounds)
        return;
    a->west = v[0];
    a->south = v[1];
    a->east = v[2];
    a->north = v[3];
}

static enum xg_status read_extent(struct xg_mbtiles_about *a,
                                  struct xg_mbtiles *m, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(m->db, m->joined ? MBTILES_STMT_JOINED_EXTENT
                                                 : MBTILES_STMT_FLAT_EXTENT);
    uint64_t least = 0, most = 0, count = 0;

    if (xg_stmt_row(s)) {
        count = xg_col_u64(s, 2);
        if (count > 0) {
            least = xg_col_u64(s, 0);
            most = xg_col_u64(s, 1);
        }
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (count == 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("地图是空的，一块图也没有",
                            "the map is empty, without one tile"));
    if (least > most || most > XG_MBTILES_ZOOM_MAX)
        return xg_fail(err, XG_FORMAT,
                       XG_T("地图的级别应在 0 到 %d 之间",
                            "the map's levels are to be from 0 to %d"),
                       XG_MBTILES_ZOOM_MAX);
    a->least_zoom = (uint32_t)least;
    a->most_zoom = (uint32_t)most;
    a->tiles = count;
    return XG_OK;
}

struct place {
    uint32_t z, x, y;
};

/* One tile of each level, so that no vector map comes in; the last of them is
 * *there. */
static enum xg_status look_at_levels(struct xg_mbtiles_about *a,
                                     struct place *there, struct xg_mbtiles *m,
                                     struct xg_error *err)
{
    bool any = false;

    for (uint32_t z = a->least_zoom; z <= a->most_zoom; z++) {
        struct xg_stmt *s =
            xg_stmt(m->db, m->joined ? MBTILES_STMT_JOINED_SAMPLE
                                     : MBTILES_STMT_FLAT_SAMPLE);
        struct xg_error bad = XG_ERROR_NONE;
        enum xg_photo_type type;

        xg_bind_u64(s, 1, z);
        if (xg_stmt_row(s)) {
            bool fine = judge_picture(&type, xg_col_bytes(s, 2), &bad) == XG_OK;
            if (fine && !any)
                a->type = type;
            any = any || fine;
            *there = (struct place){
                z, (uint32_t)xg_col_u64(s, 0),
                (uint32_t)((UINT32_C(1) << z) - 1 - xg_col_u64(s, 1))};
        }
        if (xg_stmt_done(s, err) != XG_OK)
            return err->status;
        if (bad.status != XG_OK) {
            *err = bad;
            return bad.status;
        }
    }
    return any ? XG_OK
               : xg_fail(err, XG_FORMAT,
                         XG_T("地图里没有图", "the map holds no tiles"));
}

static enum xg_status check(struct xg_mbtiles_about *a, struct place *there,
                            struct xg_mbtiles *m, struct xg_error *err)
{
    char bounds[XG_MBTILES_TEXT_SIZE];

    if (xg_db_quick_check(m->db, err) != XG_OK ||
        metadata(a->title, m, "name", err) != XG_OK ||
        metadata(a->attribution, m, "attribution", err) != XG_OK ||
        metadata(bounds, m, "bounds", err) != XG_OK ||
        read_extent(a, m, err) != XG_OK)
        return err->status;
    read_bounds(a, bounds);
    return look_at_levels(a, there, m, err);
}

/* As whoever looks at the map will ask: is the tile soon found, and of a place
 * without one soon told? A map without an index would be slow for ever. */
static enum xg_status ask_as_reader(const struct place *there, const char *path,
                                    struct xg_error *err)
{
    const uint32_t edge = (UINT32_C(1) << there->z) - 1;
    const struct place places[] = {*there, {there->z, edge, edge}};
    struct xg_buf out = XG_BUF(XG_MBTILES_TILE_BYTES_MAX);
    enum xg_status status = XG_OK;
    struct xg_mbtiles *m;

    if (xg_mbtiles_open(&m, path, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < 2 && status != XG_TOOBIG; i++) {
        struct xg_error bad = XG_ERROR_NONE;
        enum xg_photo_type type;
        bool found;

        xg_buf_reset(&out);
        status = xg_mbtiles_get(m, &out, &found, &type, places[i].z,
                                places[i].x, places[i].y, &bad);
        if (status == XG_TOOBIG)
            *err = bad; /* else one bad tile, whose place stays empty */
    }
    xg_buf_clear(&out);
    xg_mbtiles_close(m);
    return err->status;
}

enum xg_status xg_mbtiles_check(struct xg_mbtiles_about *out, const char *path,
                                struct xg_error *err)
{
    struct xg_mbtiles_about about = {0};
    struct place there = {0};
    struct xg_mbtiles *m;

    if (open_with(&m, path, CHECK_STEPS_MAX, err) != XG_OK)
        return err->status;
    enum xg_status status = check(&about, &there, m, err);
    xg_mbtiles_close(m);
    if (status != XG_OK)
        return reword(err);
    if (ask_as_reader(&there, path, err) != XG_OK)
        return err->status;
    *out = about;
    return XG_OK;
}
