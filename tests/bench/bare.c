/* bare.c - the least that a program can do for one durable row: open a
 * database (WAL, synchronous=FULL), insert, exit. What a save of the agent is
 * compared with.
 *
 *      bare DB BYTES          insert one row of that many bytes, once
 *      bare DB BYTES COUNT    COUNT times, each a transaction; prints the
 *                             microseconds of each, one a line
 *
 * The log stays when it closes, as the agent's does: no checkpoint is paid for.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BYTES_MAX = 1 << 20 };

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int fail(sqlite3 *db)
{
    fprintf(stderr, "bare: %s\n", db ? sqlite3_errmsg(db) : "no memory");
    return 1;
}

int main(int argc, char **argv)
{
    static unsigned char row[BYTES_MAX];
    size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    size_t count = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    sqlite3_stmt *insert = NULL;
    sqlite3 *db = NULL;

    if (bytes == 0 || bytes > sizeof row) {
        fputs("usage: bare DB BYTES [COUNT]\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < bytes; i++) /* nothing that compresses or sparse */
        row[i] = (unsigned char)(i * 2654435761u >> 13);
    if (sqlite3_open(argv[1], &db) != SQLITE_OK ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "CREATE TABLE IF NOT EXISTS row (n INTEGER PRIMARY KEY,"
                     " bytes BLOB NOT NULL) STRICT",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO row (bytes) VALUES (?1)", -1,
                           &insert, NULL) != SQLITE_OK)
        return fail(db);
    for (size_t i = 0; i < count; i++) {
        double begin = now_us();
        sqlite3_bind_blob(insert, 1, row, (int)bytes, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE ||
            sqlite3_reset(insert) != SQLITE_OK)
            return fail(db);
        if (argc > 3)
            printf("%.1f\n", now_us() - begin);
    }
    sqlite3_finalize(insert);
    return sqlite3_close(db) == SQLITE_OK ? 0 : fail(db);
}
