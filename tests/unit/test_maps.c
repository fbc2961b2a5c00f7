/* test_maps.c - offline maps: what becomes one and what is refused, cuts and
 * full names, and tiles from several threads while maps come and go. */
#define _DEFAULT_SOURCE
#include "tests/lib/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/os.h"
#include "shared/map/check.h"
#include "shared/map/tiles.h"
#include "tests/lib/folder.h"

#define PNG "x'89504E470D0A1A0A0000000D49484452'"
#define JPEG "x'FFD8FFE000104A464946'"
#define WEBP "x'524946460000000057454250565038'"
#define METADATA                                                             \
    "CREATE TABLE metadata (name text, value text);"                         \
    "INSERT INTO metadata VALUES ('name','太湖街道'),('format','png'),"      \
    "('attribution','<a href=\"javascript:x\">天地图</a> 审图号 1'),"        \
    "('bounds','118.2,34.9,118.5,35.2');"
#define FLAT                                                                 \
    "CREATE TABLE tiles (zoom_level integer, tile_column integer,"           \
    " tile_row integer, tile_data blob);"                                    \
    "CREATE UNIQUE INDEX tile_index ON tiles"                                \
    " (zoom_level, tile_column, tile_row);"
#define ONE_TILE "INSERT INTO tiles VALUES (3, 6, 5, " PNG ");"

static char folder[TEST_FOLDER_SIZE], home[TEST_PATH_SIZE],
    source[TEST_PATH_SIZE], program[256];
static struct xg_env env;

static int start(void **state)
{
    (void)state;
    test_folder_make(folder, "maps");
    snprintf(home, sizeof home, "%s/home", folder);
    snprintf(source, sizeof source, "%s/some map.mbtiles", folder);
    const char *bin = getenv("XG_BIN");
    snprintf(program, sizeof program, "%s/xunge-map", bin ? bin : "bin");
    env = xg_env_system();
    return mkdir(home, 0700);
}

static int end(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void make(const char *sql)
{
    sqlite3 *db;
    char *why = NULL;

    unlink(source);
    assert_int_equal(sqlite3_open(source, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    sqlite3_close(db);
}

static void make_bytes(const void *data, size_t len)
{
    int fd = open(source, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

static enum xg_status add(struct xg_map *map, const char *name,
                          struct xg_error *err)
{
    const struct xg_maps_choice choice = {
        .name = name, .crs = XG_MAPS_GCJ02, .program = program};
    bool replaced;

    int fd = open(source, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    *err = XG_ERROR_NONE;
    enum xg_status status =
        xg_maps_add(map, &replaced, home, fd, &choice, &env, err);
    close(fd);
    return status;
}

/* Files in HOME/maps but the lock. */
static size_t files(void)
{
    char path[TEST_PATH_SIZE + 8];
    struct dirent *entry;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/maps", home);
    DIR *dir = opendir(path);
    while (dir && (entry = readdir(dir)))
        n += entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0;
    if (dir)
        closedir(dir);
    return n;
}

static enum xg_status get(struct xg_tiles *t, struct xg_buf *out,
                          const char **type, const char *map, uint32_t z,
                          uint32_t x, uint32_t y, struct xg_error *err)
{
    struct xg_tile_address at = {.z = z, .x = x, .y = y};

    snprintf(at.map, sizeof at.map, "%s", map);
    return xg_tiles_get(t, out, type, &at, err);
}

/* The content type, "" for no tile. */
static const char *tile(struct xg_tiles *t, const char *map, uint32_t z,
                        uint32_t x, uint32_t y)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(1 << 20);
    const char *type = "?";

    assert_ok(get(t, &out, &type, map, z, x, y, &err));
    assert_int_equal(out.len > 0, type != NULL);
    xg_buf_clear(&out);
    return type ? type : "";
}

static void test_flat(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_map map, *maps;
    struct xg_tiles *t;
    size_t count, broken;

    (void)state;
    make(METADATA FLAT ONE_TILE "INSERT INTO tiles VALUES (4, 0, 15, " JPEG
                                "), (4, 1, 15, " WEBP ");");
    assert_ok(add(&map, "street_1", &err));
    assert_string_equal(map.about.title, "太湖街道");
    assert_string_equal(map.about.attribution, "天地图 审图号 1");
    assert_int_equal(map.about.least_zoom, 3);
    assert_int_equal(map.about.most_zoom, 4);
    assert_int_equal(map.about.tiles, 3);
    assert_true(map.about.has_bounds && map.about.north > 35.19);
    assert_int_equal(files(), 2);

    assert_ok(xg_maps_list(&maps, &count, &broken, &arena, home, &err));
    assert_int_equal(count, 1);
    assert_int_equal(broken, 0);
    assert_memory_equal(maps[0].name, "street_1", 9);
    assert_int_equal(maps[0].crs, XG_MAPS_GCJ02);
    assert_true(maps[0].about.has_bounds && maps[0].about.west < 118.21);
    xg_arena_clear(&arena);

    assert_ok(xg_tiles_new(&t, home, &err));
    /* Row 5 from the south of eight is row 2 from the north. */
    assert_string_equal(tile(t, "street_1", 3, 6, 2), "image/png");
    assert_string_equal(tile(t, "street_1", 3, 6, 5), "");
    assert_string_equal(tile(t, "street_1", 4, 0, 0), "image/jpeg");
    assert_string_equal(tile(t, "street_1", 4, 1, 0), "image/webp");
    assert_string_equal(tile(t, "street_1", 24, 1, 0), "");
    xg_tiles_free(t);
}

static void test_joined(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_map map;
    struct xg_tiles *t;

    (void)state;
    make(METADATA
         "CREATE TABLE map (zoom_level int, tile_column int, tile_row int,"
         " tile_id text); CREATE TABLE images (tile_id text, tile_data blob);"
         "CREATE UNIQUE INDEX a ON map (zoom_level, tile_column, tile_row);"
         "CREATE UNIQUE INDEX b ON images (tile_id);"
         "INSERT INTO map VALUES (2, 0, 0, 'sea'), (2, 1, 0, 'sea');"
         "INSERT INTO images VALUES ('sea', " PNG ");"
         "CREATE VIEW tiles AS SELECT zoom_level, tile_column, tile_row,"
         " tile_data FROM map JOIN images USING (tile_id);");
    assert_ok(add(&map, "joined", &err));
    assert_int_equal(map.about.tiles, 2);
    assert_ok(xg_tiles_new(&t, home, &err));
    assert_string_equal(tile(t, "joined", 2, 1, 3), "image/png");
    assert_string_equal(tile(t, "joined", 2, 2, 3), "");
    xg_tiles_free(t);
}

/* Each is refused in words, leaves nothing, and the map that was there stays.
 */
static void test_refused(void **state)
{
    static const struct {
        const char *sql;
        enum xg_status status;
    } cases[] = {
        {METADATA FLAT, XG_FORMAT},
        {METADATA FLAT "INSERT INTO tiles VALUES (3, 6, 5, x'1F8B0800');",
         XG_FORMAT},
        {METADATA FLAT ONE_TILE "INSERT INTO tiles VALUES (9, 6, 5, 'text');",
         XG_CORRUPT},
        {METADATA FLAT "INSERT INTO tiles VALUES ('<b>', 6, 5, " PNG ");",
         XG_CORRUPT},
        {METADATA FLAT "INSERT INTO tiles VALUES (3, 6, 5, x'3C7376673E');",
         XG_FORMAT},
        {METADATA FLAT "INSERT INTO tiles VALUES (40, 6, 5, " PNG ");",
         XG_FORMAT},
        {METADATA FLAT
         "INSERT INTO tiles VALUES (3, 6, 5, zeroblob(3000000));",
         XG_FORMAT},
        {METADATA FLAT
         "INSERT INTO tiles VALUES (3, 6, 5, zeroblob(9000000));",
         XG_FORMAT},
        {FLAT ONE_TILE, XG_FORMAT},
        {"CREATE TABLE other (a)", XG_FORMAT},
        /* tables that are none */
        {METADATA "CREATE VIEW tiles AS WITH RECURSIVE r (z) AS (SELECT 1 UNION"
                  " ALL SELECT z FROM r) SELECT z AS zoom_level, 1 AS"
                  " tile_column, 1 AS tile_row, " PNG " AS tile_data FROM r;",
         XG_FORMAT},
        {METADATA "CREATE VIRTUAL TABLE tiles USING fts5(zoom_level,"
                  " tile_column, tile_row, tile_data);",
         XG_FORMAT},
        {FLAT ONE_TILE "CREATE VIEW metadata AS SELECT 'name' AS name,"
                       " load_extension('x') AS value;",
         XG_FORMAT},
    };
    struct xg_error err = XG_ERROR_NONE;
    struct xg_map map;

    (void)state;
    make(METADATA FLAT ONE_TILE);
    assert_ok(add(&map, "kept", &err));
    size_t before = files();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make(cases[i].sql);
        enum xg_status status = add(&map, "kept", &err);
        if (status == XG_OK || (status != cases[i].status &&
                                status != XG_FORMAT && status != XG_TOOBIG))
            fail_msg("case %zu: %s", i, xg_status_name(status));
        assert_true(strlen(xg_error_text(&err)) > 10);
        assert_int_equal(files(), before);
    }
    assert_ok(xg_maps_find(&map, home, "kept", &err));
}

static void test_broken_bytes(void **state)
{
    static uint8_t file[64 << 10], cut[64 << 10];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_map map;
    struct xg_buf whole = XG_BUF(sizeof file);
    unsigned refused = 0;

    (void)state;
    make_bytes("not a map at all, only text", 27);
    assert_status(add(&map, "broken", &err), XG_CORRUPT);
    make_bytes("", 0);
    assert_status(add(&map, "broken", &err), XG_FORMAT);
    make(METADATA FLAT ONE_TILE);
    assert_ok(xg_os_read(&whole, source, &err));
    /* Cut short, and every byte of the first pages turned over: refused or
     * read, never a crash. */
    make_bytes(whole.data, whole.len - 4096);
    assert_int_not_equal(add(&map, "broken", &err), XG_OK);
    for (size_t at = 0; at < whole.len; at += 17 * TEST_STRIDE) {
        memcpy(cut, whole.data, whole.len);
        cut[at] ^= 0xFF;
        make_bytes(cut, whole.len);
        struct xg_mbtiles_about about;
        err = XG_ERROR_NONE;
        refused += xg_mbtiles_check(&about, source, &err) != XG_OK;
    }
    assert_true(refused > 10 / TEST_STRIDE); /* fewer are tried under TSan */
    xg_buf_clear(&whole);
}

/* ---- the program that looks ---- */

static enum xg_status look(struct xg_mbtiles_about *about, const char *with,
                           struct xg_error *err)
{
    int fd = open(source, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    *err = XG_ERROR_NONE;
    enum xg_status status = xg_map_check(about, with, fd, err);
    close(fd);
    return status;
}

static void are_one(const struct xg_mbtiles_about *a,
                    const struct xg_mbtiles_about *b)
{
    assert_string_equal(a->title, b->title);
    assert_string_equal(a->attribution, b->attribution);
    assert_true(a->type == b->type && a->least_zoom == b->least_zoom &&
                a->most_zoom == b->most_zoom && a->tiles == b->tiles &&
                a->has_bounds == b->has_bounds);
    assert_true(!a->has_bounds || (a->west == b->west && a->east == b->east &&
                                   a->south == b->south &&
                                   a->north == b->north));
}

/* It says what is said here, of a map as of one that is broken anywhere. */
static void test_it_says_the_same(void **state)
{
    static uint8_t cut[64 << 10];
    struct xg_mbtiles_about here, there;
    struct xg_buf whole = XG_BUF(sizeof cut);
    struct xg_error err, said;
    unsigned fine = 0, refused = 0;

    (void)state;
    make(METADATA FLAT ONE_TILE);
    err = XG_ERROR_NONE;
    assert_ok(xg_os_read(&whole, source, &err));
    for (size_t at = 0; at < whole.len; at += 97 * TEST_STRIDE) {
        memcpy(cut, whole.data, whole.len);
        cut[at] ^= at ? 0xFF : 0;
        make_bytes(cut, whole.len);
        err = XG_ERROR_NONE;
        enum xg_status status = xg_mbtiles_check(&here, source, &err);
        assert_int_equal(look(&there, program, &said), status);
        if (status == XG_OK) {
            are_one(&here, &there);
            fine++;
        } else {
            assert_string_equal(xg_error_text(&said), xg_error_text(&err));
            refused++;
        }
    }
    assert_true(fine && (refused || TEST_STRIDE > 1)); /* few under TSan */
    xg_buf_clear(&whole);
}

#define ABOUT(title, type, least, most, tiles, bounds)                         \
    "{\"about\":{\"title\":\"" title "\",\"attribution\":\"\",\"type\":" type \
    ",\"least_zoom\":" least ",\"most_zoom\":" most ",\"tiles\":" tiles           \
    ",\"bounds\":" bounds "}}"

/* One that was taken over by the map may answer anything. */
static void test_it_is_not_believed(void **state)
{
    static const struct {
        const char *does;
        enum xg_status status;
    } fakes[] = {
        {"echo '" ABOUT("a", "1", "3", "4", "5", "[1,2,3,4]") "'", XG_OK},
        {"echo '" ABOUT("a\\u0007", "1", "3", "4", "5", "null") "'", XG_FORMAT},
        {"echo '" ABOUT("a\\u0000b", "1", "3", "4", "5", "null") "'", XG_FORMAT},
        {"printf '" ABOUT("%256d", "1", "3", "4", "5", "null") "' 7", XG_FORMAT},
        {"echo '" ABOUT("a", "9", "3", "4", "5", "null") "'", XG_FORMAT},
        {"echo '" ABOUT("a", "1", "4", "3", "5", "null") "'", XG_FORMAT},
        {"echo '" ABOUT("a", "1", "3", "25", "5", "null") "'", XG_FORMAT},
        {"echo '" ABOUT("a", "1", "3", "4", "-5", "null") "'", XG_FORMAT},
        {"echo '" ABOUT("a", "1", "3", "4", "5", "[3,2,1,4]") "'", XG_FORMAT},
        {"echo '" ABOUT("a", "1", "3", "4", "5", "[1,2,3,4,5]") "'", XG_FORMAT},
        {"echo '" ABOUT("a", "1", "3", "4", "5", "7") "'", XG_FORMAT},
        {"echo '{\"status\":0,\"text\":\"fine\"}'", XG_FORMAT},
        {"echo '{\"status\":99,\"text\":\"odd\"}'", XG_FORMAT},
        {"echo '{\"status\":1,\"text\":\"a\\nb\"}'", XG_FORMAT},
        {"printf '{\"status\":1,\"text\":\"%301d\"}' 7", XG_FORMAT},
        {"head -c 5000 /dev/zero", XG_FORMAT},
        {"echo nonsense", XG_FORMAT},
        {"true", XG_FORMAT},
        {"exit 1", XG_FORMAT},
        {"exit 2", XG_IO},
        {"kill -SEGV $$", XG_FORMAT},
    };
    char fake[TEST_PATH_SIZE];

    (void)state;
    make(METADATA FLAT ONE_TILE);
    snprintf(fake, sizeof fake, "%s/fake", folder);
    for (size_t i = 0; i < sizeof fakes / sizeof *fakes; i++) {
        struct xg_mbtiles_about about = {.tiles = 99};
        struct xg_error err;
        FILE *file = fopen(fake, "w");
        assert_non_null(file);
        fprintf(file, "#!/bin/sh\n%s\n", fakes[i].does);
        fclose(file);
        assert_int_equal(chmod(fake, 0700), 0);
        enum xg_status status = look(&about, fake, &err);
        if (status != fakes[i].status)
            fail_msg("%s: %s", fakes[i].does, xg_error_text(&err));
        assert_int_equal(about.tiles, status == XG_OK ? 5 : 99);
    }
    struct xg_mbtiles_about about;
    struct xg_error err;
    assert_int_not_equal(look(&about, "/nowhere/xunge-map", &err), XG_OK);
}

/* A tile that is found only by walking a long table is given up. */
static void test_slow(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(1 << 20);
    enum xg_photo_type type;
    struct xg_mbtiles *m;
    struct xg_map map;
    bool found;

    (void)state;
    make(METADATA
         "CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data);"
         "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
         " LIMIT 900000) INSERT INTO tiles SELECT 20, i, i,"
         " iif(i = 2, x'00', " PNG ") FROM n;"
         "INSERT INTO tiles VALUES (19, 1, 1, " PNG ");");
    assert_status(add(&map, "slow", &err), XG_TOOBIG);
    err = XG_ERROR_NONE;
    assert_ok(xg_mbtiles_open(&m, source, &err));
    assert_status(xg_mbtiles_get(m, &out, &found, &type, 19, 1, 524286, &err),
                  XG_TOOBIG);
    /* It is of use afterwards. */
    err = XG_ERROR_NONE;
    assert_status(xg_mbtiles_get(m, &out, &found, &type, 20, 2, 1048573, &err),
                  XG_FORMAT);
    xg_mbtiles_close(m);
    xg_buf_clear(&out);
}

static void test_names(void **state)
{
    static const char *const bad[] = {"",    "../x", "a/b",  "a b", "-x",
                                      "a.b", "太湖", "a%2f", "lock/"};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(1 << 20);
    const char *type;
    struct xg_tiles *t;
    struct xg_map map;

    (void)state;
    make(METADATA FLAT ONE_TILE);
    assert_ok(xg_tiles_new(&t, home, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(add(&map, bad[i], &err), XG_USAGE);
        assert_status(xg_maps_remove(home, bad[i], &err), XG_NOTFOUND);
        assert_status(get(t, &out, &type, bad[i], 0, 0, 0, &err),
                      XG_NOTFOUND);
    }
    assert_ok(add(&map, "here", &err));
    assert_status(get(t, &out, &type, "here", 25, 0, 0, &err), XG_USAGE);
    assert_status(get(t, &out, &type, "here", 3, 8, 0, &err), XG_USAGE);
    assert_status(get(t, &out, &type, "here", 3, 0, UINT32_MAX, &err),
                  XG_USAGE);
    xg_tiles_free(t);
    xg_buf_clear(&out);
}

/* "MAP/Z/X/Y" and nothing else. */
static void test_addresses(void **state)
{
    static const char *const bad[] = {
        "",         "a",          "a/1/2",       "a/1/2/3/",
        "a/1/2/3/4", "a//2/3",    "a/1/2/-3",    "a/1/2/+3",
        "a/1/2/3.png", "a/1/2/0x3", "a/1/2/ 3",  "a/123456789/0/0",
        "/1/2/3",   "../1/2/3",   "a/../2/3",    "a%2F..%2Fb/1/2/3",
        "-a/1/2/3", "a.json/1/2/3", "太湖/1/2/3",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1/2/3"};
    struct xg_tile_address at;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xg_tile_address_read(&at, bad[i]))
            fail_msg("%s", bad[i]);
    assert_true(xg_tile_address_read(&at, "street_1/15/27168/13049"));
    assert_string_equal(at.map, "street_1");
    assert_true(at.z == 15 && at.x == 27168 && at.y == 13049);
    assert_true(xg_tile_address_read(&at, "a/99999999/0/00"));
    assert_int_equal(at.z, 99999999);
}

/* No more than are listed: one more would be taken for what a cut left. */
static void test_many(void **state)
{
    char folder_was[sizeof home], name[16];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_map map;

    (void)state;
    memcpy(folder_was, home, sizeof home);
    snprintf(home, sizeof home, "%s/many", folder);
    assert_int_equal(mkdir(home, 0700), 0);
    make(METADATA FLAT ONE_TILE);
    for (unsigned i = 0; i < XG_MAPS_MAX; i++) {
        snprintf(name, sizeof name, "m%u", i);
        assert_ok(add(&map, name, &err));
    }
    assert_status(add(&map, "one_more", &err), XG_REFUSED);
    assert_int_equal(files(), 2 * XG_MAPS_MAX);
    assert_ok(add(&map, "m7", &err));
    assert_ok(xg_maps_remove(home, "m7", &err));
    assert_ok(add(&map, "one_more", &err));
    assert_int_equal(files(), 2 * XG_MAPS_MAX);
    memcpy(home, folder_was, sizeof home);
}

/* What a cut leaves goes with the next change; what is named stays. */
static void test_cut(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    char path[TEST_PATH_SIZE + 64];
    struct xg_map map;

    (void)state;
    make(METADATA FLAT ONE_TILE);
    assert_ok(add(&map, "kept", &err));
    size_t whole = files();
    const char *const left[] = {"kept.part", "kept-00000000.mbtiles",
                                "kept.json.tmp"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/maps/%s", home, left[i]);
        close(open(path, O_WRONLY | O_CREAT, 0600));
    }
    assert_ok(xg_maps_find(&map, home, "kept", &err));
    assert_ok(add(&map, "other", &err));
    assert_int_equal(files(), whole + 2);
    assert_ok(xg_maps_remove(home, "other", &err));
    assert_int_equal(files(), whole);
    assert_status(xg_maps_remove(home, "other", &err), XG_NOTFOUND);
}

/* The disk gives out in the middle: as before. */
static void test_full(void **state)
{
    struct rlimit limit, before;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_map map;

    (void)state;
    make(METADATA FLAT ONE_TILE
         "INSERT INTO tiles VALUES (5, 6, 5, zeroblob(1000000));");
    size_t whole = files();
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 300000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_not_equal(add(&map, "kept", &err), XG_OK);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(files(), whole);
    err = XG_ERROR_NONE;
    assert_ok(xg_maps_find(&map, home, "kept", &err));
}

/* ---- threads ---- */

struct reader {
    struct xg_tiles *tiles;
    unsigned got, gone;
};

static void *read_tiles(void *ctx)
{
    struct reader *r = ctx;

    for (unsigned i = 0; i < 3000 / TEST_STRIDE; i++) {
        static const char *const names[] = {"t0", "t1", "t2",
                                            "t3", "t4", "t5"};
        struct xg_error err = XG_ERROR_NONE;
        struct xg_buf out = XG_BUF(1 << 20);
        const char *type = NULL;
        enum xg_status status = get(r->tiles, &out, &type,
                                          names[i % 6], 3, 6, 2, &err);
        if (status == XG_OK && type && strcmp(type, "image/png") == 0)
            r->got++;
        else if (status == XG_NOTFOUND)
            r->gone++;
        xg_buf_clear(&out);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct reader readers[3] = {0};
    pthread_t threads[3];
    struct xg_tiles *t;
    struct xg_map map;

    (void)state;
    make(METADATA FLAT ONE_TILE);
    for (char name[] = "t0"; name[1] < '6'; name[1]++)
        assert_ok(add(&map, name, &err));
    assert_ok(xg_tiles_new(&t, home, &err));
    for (size_t i = 0; i < 3; i++) {
        readers[i].tiles = t;
        assert_int_equal(
            pthread_create(&threads[i], NULL, read_tiles, &readers[i]), 0);
    }
    for (unsigned i = 0; i < 20; i++) {
        assert_ok(xg_maps_remove(home, "t5", &err));
        assert_ok(add(&map, "t5", &err));
        assert_ok(add(&map, "t0", &err));
    }
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL); /* all, before one fails the test */
    xg_tiles_free(t);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(readers[i].got + readers[i].gone, 3000 / TEST_STRIDE);
        assert_true(readers[i].got > readers[i].gone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat),    cmocka_unit_test(test_joined),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_broken_bytes),
        cmocka_unit_test(test_it_says_the_same),
        cmocka_unit_test(test_it_is_not_believed),
        cmocka_unit_test(test_slow),    cmocka_unit_test(test_names),
        cmocka_unit_test(test_cut),     cmocka_unit_test(test_full),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, start, end);
}
