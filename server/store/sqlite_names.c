/* sqlite_names.c - which record has a name (0001_start.sql, `name`).
 *
 * A name is put beside its run at first (0008_fresh.sql, `name_fresh`), until
 * those of its chunk of 2^12 records are all there; the first one of another
 * chunk moves them into their run, in the order of names. So a group writes to
 * some thirty pages at most, and to a run's few hundred once in 2^12 records.
 *
 * The name of an old record is in one of the older runs, and a search would
 * look into each that is newer: thirty with a million records. So the writer
 * keeps a sieve of a run in memory: 10 bits for each name, of which the name
 * sets four. Where one of the four is not set, the name is not in the run;
 * for 1 in 80 that are not there all are set, and the run is searched.
 *
 * A sieve is made by reading the run, and what of it lies apart, once it was
 * searched in vain about as often as that pays for; a command that asks for a
 * few names makes none. It is kept nowhere else, so there is nothing to become
 * wrong on disk.
 *
 * What must never be is a sieve that lacks a name of its run:
 *
 *  - It is asked only within begin() and commit(), where nobody else writes.
 *  - What this connection adds to a run is put into its sieve. A rollback
 *    takes names away again; those that it then has too many do no harm.
 *  - drop_derived() drops the sieves, and its rollback, which brings names
 *    back, those made since.
 *  - Where another connection has written, begin() drops them all. */
#include "server/store/sqlite.h"

#include <stdlib.h>

enum {
    RUN_SHIFT = 15,   /* run = number >> 15 */
    CHUNK_SHIFT = 12, /* chunk = number >> 12 */
    SIEVE_BITS = 10 << RUN_SHIFT,
    SIEVE_BYTES = SIEVE_BITS / 8, /* 40 KiB: 1.2 MiB for a million records */
    MARKS = 4,                    /* bits of a name: 32 of its 128 for each */
    SEARCHED_ENOUGH = 256,
};

/* ---- sieves ---- */

static uint32_t mark(const struct xg_id *name, size_t i)
{
    uint32_t part;

    memcpy(&part, name->b + i * sizeof part, sizeof part);
    return (uint32_t)((uint64_t)part * SIEVE_BITS >> 32);
}

static void sieve_add(uint8_t *bits, const struct xg_id *name)
{
    for (size_t i = 0; i < MARKS; i++) {
        uint32_t at = mark(name, i);
        bits[at / 8] = (uint8_t)(bits[at / 8] | 1u << at % 8);
    }
}

static bool sieve_may_hold(const uint8_t *bits, const struct xg_id *name)
{
    for (size_t i = 0; i < MARKS; i++) {
        uint32_t at = mark(name, i);
        if (!(bits[at / 8] >> at % 8 & 1))
            return false;
    }
    return true;
}

/* Without memory there is none, and the run is searched. */
static enum xg_status sieve_make(struct sqlite_store *s, uint64_t run,
                                 struct xg_error *err)
{
    struct sqlite_sieve *sieve = &s->names.sieves[run];
    struct xg_stmt *list;
    uint8_t *bits = calloc(1, SIEVE_BYTES);

    sieve->searched = 0;
    if (!bits)
        return XG_OK;
    list = xg_stmt(s->db, SERVER_STMT_NAME_LIST);
    xg_bind_u64(list, 1, run);
    while (xg_stmt_next(list)) {
        struct xg_id name = xg_col_id(list, 0);
        sieve_add(bits, &name);
    }
    if (xg_stmt_done(list, err) != XG_OK) {
        free(bits);
        return err->status;
    }
    sieve->bits = bits;
    return XG_OK;
}

/* Of the run, made or not; NULL: not to be asked, or no memory. */
static struct sqlite_sieve *sieve_of(struct sqlite_names *names, uint64_t run)
{
    if (!names->writing)
        return NULL;
    if (run >= names->count) {
        size_t count = (size_t)run + 16;
        struct sqlite_sieve *more =
            realloc(names->sieves, count * sizeof *more);
        if (!more)
            return NULL;
        memset(more + names->count, 0, (count - names->count) * sizeof *more);
        names->sieves = more;
        names->count = count;
    }
    return &names->sieves[run];
}

/* ---- transactions ---- */

void sqlite_names_clear(struct sqlite_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->sieves[i].bits);
    free(names->sieves);
    names->sieves = NULL;
    names->count = 0;
}

enum xg_status sqlite_names_begin(struct sqlite_store *s, struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(s->db, SERVER_STMT_WRITTEN_ELSEWHERE);
    int64_t version = 0;

    if (xg_stmt_row(get))
        version = xg_col_i64(get, 0);
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    if (version != s->names.version)
        sqlite_names_clear(&s->names);
    s->names.version = version;
    s->names.writing = true;
    return XG_OK;
}

void sqlite_names_dropped(struct sqlite_names *names)
{
    sqlite_names_clear(names);
    names->dropped = true;
    names->known = false;
}

void sqlite_names_end(struct sqlite_names *names, bool saved)
{
    if (names->dropped && !saved)
        sqlite_names_clear(names);
    names->writing = names->dropped = names->known = false;
}

/* ---- names ---- */

/* From here on names of this chunk lie apart, and no others. */
static enum xg_status turn_to(struct sqlite_store *s, uint64_t chunk,
                              struct xg_error *err)
{
    struct sqlite_names *names = &s->names;
    uint64_t record;
    bool any;

    if (names->known && names->chunk == chunk)
        return XG_OK;
    if (xg_stmt_number(&record, &any,
                       xg_stmt(s->db, SERVER_STMT_NAME_FRESH_ONE),
                       err) != XG_OK)
        return err->status;
    if (any && record >> CHUNK_SHIFT != chunk &&
        (xg_stmt_run(xg_stmt(s->db, SERVER_STMT_NAME_SETTLE), err) != XG_OK ||
         xg_stmt_run(xg_stmt(s->db, SERVER_STMT_DROP_NAME_FRESH), err) !=
             XG_OK))
        return err->status;
    names->chunk = chunk;
    names->known = true;
    return XG_OK;
}

enum xg_status sqlite_name_add(struct sqlite_store *s, const struct xg_id *name,
                               uint64_t record, struct xg_error *err)
{
    uint64_t run = record >> RUN_SHIFT;

    if (turn_to(s, record >> CHUNK_SHIFT, err) != XG_OK)
        return err->status;

    struct xg_stmt *add = xg_stmt(s->db, SERVER_STMT_NAME_ADD);
    xg_bind_id(add, 1, name);
    xg_bind_u64(add, 2, record);
    if (xg_stmt_run(add, err) != XG_OK)
        return err->status;
    if (run < s->names.count && s->names.sieves[run].bits)
        sieve_add(s->names.sieves[run].bits, name);
    return XG_OK;
}

/* `apart`: some of the run's names lie beside it. */
static enum xg_status search_run(struct sqlite_store *s, uint64_t *record,
                                 bool *found, uint64_t run, bool apart,
                                 const struct xg_id *name, struct xg_error *err)
{
    bool any = false;

    if (apart) {
        struct xg_stmt *fresh = xg_stmt(s->db, SERVER_STMT_NAME_FIND_FRESH);
        xg_bind_id(fresh, 1, name);
        if (xg_stmt_number(record, &any, fresh, err) != XG_OK)
            return err->status;
    }
    if (!any) {
        struct xg_stmt *find = xg_stmt(s->db, SERVER_STMT_NAME_FIND);
        xg_bind_u64(find, 1, run);
        xg_bind_id(find, 2, name);
        if (xg_stmt_number(record, &any, find, err) != XG_OK)
            return err->status;
    }
    *found = any;
    return XG_OK;
}

enum xg_status sqlite_name_find(struct sqlite_store *s, uint64_t *record,
                                bool *found, const struct xg_id *name,
                                struct xg_error *err)
{
    struct xg_stmt *count = xg_stmt(s->db, SERVER_STMT_NAME_RUNS);
    uint64_t runs = 0;
    int64_t apart = -1;
    bool any = false;

    if (xg_stmt_row(count)) {
        runs = xg_col_u64(count, 0);
        apart = xg_col_i64(count, 1);
    }
    if (xg_stmt_done(count, err) != XG_OK)
        return err->status;
    while (!any && runs-- > 0) {
        struct sqlite_sieve *sieve = sieve_of(&s->names, runs);
        if (sieve && sieve->bits && !sieve_may_hold(sieve->bits, name))
            continue;
        if (search_run(s, record, &any, runs, (int64_t)runs == apart, name,
                       err) != XG_OK)
            return err->status;
        if (!any && sieve && !sieve->bits &&
            ++sieve->searched >= SEARCHED_ENOUGH &&
            sieve_make(s, runs, err) != XG_OK)
            return err->status;
    }
    *found = any;
    return XG_OK;
}
