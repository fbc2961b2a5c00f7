/* board.c - the file, its marks, the trees, and snapshots for who asks. */
#include "server/board/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/guide/catalogue.h"

enum {
    SHAPE_ARENA = 256 << 20,
    CACHE_KIB = 4096,
    WAL_PAGES = 8192, /* a row stands in twenty indexes, each page of which is
                       * better written once for many */
    TRIES = 10, /* to meet a board that is not being placed anew */
};

/* ---- the object ---- */

enum xg_status board_new(struct board **out, struct data *d,
                         struct xg_error *err)
{
    struct board *b = calloc(1, sizeof *b);

    if (!b)
        return xg_fail_nomem(err);
    b->d = d;
    pthread_mutex_init(&b->taking, NULL);
    pthread_mutex_init(&b->mutex, NULL);
    if (d->dir) {
        size_t size = strlen(d->dir) + sizeof "/board.db";
        b->path = malloc(size);
        if (!b->path) {
            board_free(b);
            return xg_fail_nomem(err);
        }
        snprintf(b->path, size, "%s/board.db", d->dir);
    }
    *out = b;
    return XG_OK;
}

static void close_reader(struct board *b, struct board_reader *r)
{
    if (b->path)
        xg_db_close(r->db);
    r->db = NULL;
}

void board_free(struct board *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < BOARD_READERS; i++)
        close_reader(b, &b->readers[i]);
    board_shape_release(b, b->shape);
    xg_guide_free(b->guide);
    xg_db_close(b->db);
    store_close(b->reader);
    pthread_mutex_destroy(&b->mutex);
    pthread_mutex_destroy(&b->taking);
    free(b->path);
    free(b);
}

const char *board_path(const struct board *b)
{
    return b->path;
}

bool board_is_followed(const struct board *b)
{
    return b->followed;
}

/* ---- the file ---- */

static enum xg_status open_once(struct board *b, struct xg_error *err)
{
    const struct xg_db_options options = {.cache_kib = CACHE_KIB,
                                          .wal_pages = WAL_PAGES,
                                          .derived = true};

    return xg_db_open(&b->db, b->path ? b->path : ":memory:", &board_sql,
                      &options, err);
}

static enum xg_status remove_file(const char *path, const char *suffix,
                                  struct xg_error *err)
{
    size_t size = strlen(path) + strlen(suffix) + 1;
    char *name = malloc(size);
    enum xg_status status = XG_OK;

    if (!name)
        return xg_fail_nomem(err);
    snprintf(name, size, "%s%s", path, suffix);
    if (unlink(name) != 0 && errno != ENOENT)
        status = xg_fail_os(err, "%s", name);
    free(name);
    return status;
}

/* The database goes before its log: a log without a database is nothing, a
 * database without its log may be half of two states. */
enum xg_status board_wipe(struct board *b, struct xg_error *err)
{
    xg_db_close(b->db);
    b->db = NULL;
    b->looked = b->at_known = false;
    b->passed = 0;
    pthread_mutex_lock(&b->mutex);
    b->drops++;
    for (size_t i = 0; i < BOARD_READERS; i++)
        if (!b->readers[i].lent)
            close_reader(b, &b->readers[i]);
    pthread_mutex_unlock(&b->mutex);
    if (b->path && (remove_file(b->path, "", err) != XG_OK ||
                    remove_file(b->path, "-wal", err) != XG_OK ||
                    remove_file(b->path, "-shm", err) != XG_OK))
        return err->status;
    return XG_OK;
}

enum xg_status board_open_file(struct board *b, struct xg_error *err)
{
    struct xg_error why = XG_ERROR_NONE;

    if (b->db)
        return XG_OK;
    enum xg_status status = open_once(b, &why);
    if (status == XG_OK)
        return XG_OK;
    if (status != XG_CORRUPT && status != XG_REFUSED) {
        *err = why;
        return status;
    }
    xg_log(XG_LOG_INFO, "board.anew", "why=%s", xg_error_text(&why));
    return board_wipe(b, err) == XG_OK ? open_once(b, err) : err->status;
}

enum xg_status board_drop(struct board *b, struct xg_error *err)
{
    pthread_mutex_lock(&b->taking);
    enum xg_status status = board_wipe(b, err);
    pthread_mutex_unlock(&b->taking);
    return status;
}

/* ---- marks ---- */

enum xg_status board_mark_get(struct xg_db *db, uint64_t *number,
                              struct xg_hash *bytes, bool *found,
                              const char *name, struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(db, BOARD_STMT_MARK_GET);
    struct xg_hash hash = {{0}};
    uint64_t n = 0;

    xg_bind_text(get, 1, name);
    bool any = xg_stmt_row(get);
    if (any) {
        n = xg_col_u64(get, 0);
        hash = xg_col_hash(get, 1);
    }
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    *number = n;
    *found = any;
    if (bytes)
        *bytes = hash;
    return XG_OK;
}

enum xg_status board_mark_put(struct xg_db *db, const char *name,
                              uint64_t number, const struct xg_hash *bytes,
                              struct xg_error *err)
{
    static const struct xg_hash none;
    struct xg_stmt *put = xg_stmt(db, BOARD_STMT_MARK_PUT);

    xg_bind_text(put, 1, name);
    xg_bind_u64(put, 2, number);
    xg_bind_hash(put, 3, bytes ? bytes : &none);
    return xg_stmt_run(put, err);
}

/* ---- the trees ---- */

/* As rights have it; what the registry does not know, as imported. */
static enum xg_status unit_tree(struct board_shape *shape, struct registry *r,
                                struct xg_guide *guide, struct xg_error *err)
{
    const struct xg_territory *territory;
    struct registry_unit *units;
    struct board_tree known;
    struct board_node *nodes;
    size_t count, n;

    if (xg_guide_territory(guide, &territory, err) != XG_OK ||
        registry_units(&units, &count, r, &shape->arena, err) != XG_OK)
        return err->status;
    nodes = xg_arena_array(&shape->arena, count + territory->count + 1,
                           sizeof *nodes);
    if (!nodes)
        return xg_fail_nomem(err);
    for (n = 0; n < count; n++)
        nodes[n] = (struct board_node){.code = units[n].code,
                                       .above = units[n].above};
    if (board_tree_make(&known, &shape->arena, nodes, n, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < territory->count; i++) {
        const struct xg_unit *u = &territory->units[i];
        if (board_tree_find(&known, u->code))
            continue;
        nodes[n].code = xg_arena_str(&shape->arena, u->code, strlen(u->code));
        nodes[n].above =
            xg_arena_str(&shape->arena, u->parent, strlen(u->parent));
        if (!nodes[n].code || !nodes[n].above)
            return xg_fail_nomem(err);
        n++;
    }
    return board_tree_make(&shape->units, &shape->arena, nodes, n, err);
}

static enum xg_status category_tree(struct board_shape *shape,
                                    struct xg_guide *guide,
                                    struct xg_error *err)
{
    const struct xg_catalogue *catalogue;
    struct board_node *nodes;

    if (xg_guide_catalogue(guide, &catalogue, NULL, UINT64_MAX, err) != XG_OK)
        return err->status;
    size_t count = catalogue ? catalogue->count : 0;
    nodes = xg_arena_array(&shape->arena, count + 1, sizeof *nodes);
    if (!nodes)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const struct xg_category *c = &catalogue->all[i];
        const char *above = c->parent ? c->parent->code : "";
        nodes[i].code = xg_arena_str(&shape->arena, c->code, strlen(c->code));
        nodes[i].above = xg_arena_str(&shape->arena, above, strlen(above));
        if (!nodes[i].code || !nodes[i].above)
            return xg_fail_nomem(err);
    }
    return board_tree_make(&shape->categories, &shape->arena, nodes, count,
                           err);
}

static void free_shape(struct board_shape *shape)
{
    xg_arena_clear(&shape->arena);
    free(shape);
}

void board_shape_release(struct board *b, struct board_shape *shape)
{
    if (!shape)
        return;
    pthread_mutex_lock(&b->mutex);
    bool last = --shape->users == 0;
    pthread_mutex_unlock(&b->mutex);
    if (last)
        free_shape(shape);
}

static struct board_shape *use_shape(struct board *b)
{
    pthread_mutex_lock(&b->mutex);
    struct board_shape *shape = b->shape;
    if (shape)
        shape->users++;
    pthread_mutex_unlock(&b->mutex);
    return shape;
}

enum xg_status board_shape_of(struct board *b, struct board_shape **out,
                              uint64_t guide_mark, struct xg_error *err)
{
    uint64_t registered = registry_number(b->d->registry);
    struct board_shape *shape = use_shape(b);

    if (shape && shape->guide == guide_mark && shape->registry == registered) {
        *out = shape;
        return XG_OK;
    }
    board_shape_release(b, shape);
    shape = calloc(1, sizeof *shape);
    if (!shape)
        return xg_fail_nomem(err);
    *shape = (struct board_shape){.users = 1,
                                  .guide = guide_mark,
                                  .registry = registered,
                                  .arena = XG_ARENA(SHAPE_ARENA)};
    if (unit_tree(shape, b->d->registry, b->guide, err) != XG_OK ||
        category_tree(shape, b->guide, err) != XG_OK) {
        free_shape(shape);
        return err->status;
    }
    *out = shape;
    return XG_OK;
}

void board_shape_set(struct board *b, struct board_shape *shape)
{
    pthread_mutex_lock(&b->mutex);
    struct board_shape *old = b->shape;
    if (old != shape) {
        b->shape = shape;
        shape->users++;
    } else {
        old = NULL;
    }
    pthread_mutex_unlock(&b->mutex);
    board_shape_release(b, old);
}

struct board_range board_unit_range(const struct board_reader *r,
                                    const char *unit)
{
    const struct board_tree *t = &r->shape->units;

    return (struct board_range){board_tree_at(t, unit),
                                board_tree_last(t, unit)};
}

bool board_knows_unit(const struct board_reader *r, const char *unit)
{
    return board_tree_find(&r->shape->units, unit) != NULL;
}

struct board_range board_category_range(const struct board_reader *r,
                                        const char *category)
{
    const struct board_tree *t = &r->shape->categories;

    return (struct board_range){board_tree_at(t, category),
                                board_tree_last(t, category)};
}

/* ---- snapshots ---- */

/* A place among the readers; one in memory is the writer, and alone. */
static enum xg_status take_reader(struct board *b, struct board_reader **out,
                                  struct xg_error *err)
{
    struct board_reader *free_one = NULL;

    pthread_mutex_lock(&b->mutex);
    for (size_t i = 0; i < BOARD_READERS; i++)
        if (!b->readers[i].lent && (!free_one || b->readers[i].db))
            free_one = &b->readers[i];
    if (free_one)
        free_one->lent = true;
    uint64_t drops = b->drops;
    pthread_mutex_unlock(&b->mutex);
    if (!free_one)
        return xg_fail(err, XG_BUSY, "%s",
                       XG_T("同时查询的人太多，请稍后再试",
                            "too many ask at once, try again later"));
    if (free_one->db && free_one->drops != drops)
        close_reader(b, free_one);
    free_one->drops = drops;
    *out = free_one;
    return XG_OK;
}

static void give_reader(struct board *b, struct board_reader *r)
{
    if (r - b->readers >= BOARD_READERS_KEPT)
        close_reader(b, r);
    pthread_mutex_lock(&b->mutex);
    r->lent = false;
    pthread_mutex_unlock(&b->mutex);
}

static enum xg_status open_reader(struct board *b, struct board_reader *r,
                                  struct xg_error *err)
{
    const struct xg_db_options options = {.read_only = true,
                                          .cache_kib = CACHE_KIB};

    if (!b->path)
        r->db = b->db;
    else if (!r->db)
        return xg_db_open(&r->db, b->path, &board_sql, &options, err);
    return XG_OK;
}

/* Do the rows stand where the trees say? */
static enum xg_status fits(bool *fits_it, struct board_reader *r,
                           struct xg_error *err)
{
    struct xg_hash units, categories;
    bool has_units, has_categories;
    uint64_t number;

    if (board_mark_get(r->db, &number, &units, &has_units, "units", err) !=
            XG_OK ||
        board_mark_get(r->db, &number, &categories, &has_categories,
                       "categories", err) != XG_OK)
        return err->status;
    *fits_it = has_units && has_categories &&
               xg_hash_equal(&units, &r->shape->units.digest) &&
               xg_hash_equal(&categories, &r->shape->categories.digest);
    return XG_OK;
}

static enum xg_status try_begin(struct board *b, struct board_reader *r,
                                bool *fit, struct xg_error *err)
{
    *fit = false;
    r->shape = use_shape(b);
    if (!r->shape)
        return XG_OK;
    enum xg_status status = open_reader(b, r, err);
    if (status == XG_OK)
        status = xg_db_begin_read(r->db, err);
    if (status == XG_OK)
        status = fits(fit, r, err);
    if (status == XG_OK && *fit)
        return XG_OK;
    if (r->db)
        xg_db_rollback(r->db);
    board_shape_release(b, r->shape);
    r->shape = NULL;
    return status;
}

enum xg_status board_begin(struct board *b, struct board_reader **out,
                           struct xg_error *err)
{
    struct board_reader *r = NULL;
    bool fit = false;

    if (!b->path)
        pthread_mutex_lock(&b->taking);
    enum xg_status status = take_reader(b, &r, err);
    for (int i = 0; status == XG_OK && !fit && i < TRIES; i++) {
        if (i && b->path) { /* wait for who places the rows anew */
            pthread_mutex_lock(&b->taking);
            pthread_mutex_unlock(&b->taking);
        }
        status = try_begin(b, r, &fit, err);
    }
    if (status == XG_OK && !fit)
        status = xg_fail(err, XG_BUSY, "the board is being made anew");
    if (status == XG_OK) {
        *out = r;
        return XG_OK;
    }
    if (r)
        give_reader(b, r);
    if (!b->path)
        pthread_mutex_unlock(&b->taking);
    return status;
}

void board_end(struct board *b, struct board_reader *r)
{
    if (!r)
        return;
    xg_db_rollback(r->db);
    board_shape_release(b, r->shape);
    r->shape = NULL;
    if (!b->path)
        r->db = NULL;
    give_reader(b, r);
    if (!b->path)
        pthread_mutex_unlock(&b->taking);
}
