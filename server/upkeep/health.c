/* health.c - see health.h. */
#include "server/upkeep/health.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "server/board/board.h"
#include "server/upkeep/backups.h"

enum { LIST_BYTES = 96 << 20, AT_ONCE = 64 };

static void read_disk(struct health *h, const struct data *d)
{
    static const char *const files[] = {"server.db", "server.db-wal",
                                        "board.db", "board.db-wal"};
    char path[BACKUPS_PATH_SIZE];
    struct statvfs disk;
    struct stat info;

    if (!d->dir)
        return;
    if (statvfs(d->dir, &disk) == 0) {
        h->disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
        h->disk_total = (uint64_t)disk.f_blocks * disk.f_frsize;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (snprintf(path, sizeof path, "%s/%s", d->dir, files[i]) <
                (int)sizeof path &&
            stat(path, &info) == 0)
            h->database_bytes += (uint64_t)info.st_size;
}

static enum xg_status count_apart(struct health *h, struct store *s,
                                  struct xg_arena *arena, struct xg_error *err)
{
    struct store_batch *rows;
    uint64_t position = 0;
    size_t count = AT_ONCE;

    while (count == AT_ONCE) {
        xg_arena_reset(arena);
        if (s->ops->read_apart(s, arena, &rows, &count, position, AT_ONCE,
                               err) != XG_OK)
            return err->status;
        h->quarantined += count;
        if (count)
            position = rows[count - 1].position + 1;
    }
    return XG_OK;
}

static enum xg_status count_devices(struct health *h, struct store *s,
                                    struct xg_arena *arena,
                                    struct xg_error *err)
{
    struct store_device *rows;
    size_t count = 0;

    xg_arena_reset(arena);
    if (s->ops->read_devices(s, arena, &rows, &count, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        h->devices += rows[i].state == XG_DEVICE_ENROLLED;
    return XG_OK;
}

static enum xg_status read_store(struct health *h, struct store *s,
                                 struct xg_arena *arena, struct xg_error *err)
{
    struct store_photos photos = {0};
    struct store_waiting *waiting;
    struct store_time time;
    struct store_seen seen;
    size_t count = 0;
    bool timed = false;

    if (s->ops->find_time_below(s, &time, &timed, h->log_size, err) != XG_OK ||
        s->ops->find_seen_below(s, &seen, &h->witnessed, h->log_size, err) !=
            XG_OK ||
        s->ops->count_photos(s, &photos, err) != XG_OK ||
        s->ops->list_waiting(s, arena, &waiting, &count, err) != XG_OK ||
        count_apart(h, s, arena, err) != XG_OK ||
        count_devices(h, s, arena, err) != XG_OK)
        return err->status;
    h->log_ms = timed ? (int64_t)time.ms : 0;
    h->witnessed_size = h->witnessed ? seen.size : 0;
    h->photos_held = photos.held;
    h->photo_bytes = photos.held_bytes;
    h->photos_wanted = photos.wanted;
    h->waiting = count;
    return XG_OK;
}

enum xg_status health_read(struct data *d, struct health *out,
                           struct xg_error *err)
{
    struct health h = {.now_ms = xg_wall_ms(&d->env)};
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct board_at at = {0};
    struct xg_checkpoint c;
    struct store *s;

    if (ledger_published(d->ledger, &c, NULL, err) != XG_OK ||
        backups_last(d, &h.backup_ms, &h.backup_size, &h.backup_missing, err) !=
            XG_OK ||
        board_take_in(d->board, &at, 0, err) != XG_OK ||
        data_borrow(d, &s, err) != XG_OK)
        return err->status;
    h.log_size = c.size;
    h.behind = ledger_is_behind(d->ledger);
    ledger_read_clock(d->ledger, &h.clock);
    h.board_behind = at.behind;
    h.backup_beside = backups_beside(d);
    read_disk(&h, d);
    enum xg_status status = read_store(&h, s, &arena, err);
    data_return(d, s);
    xg_arena_clear(&arena);
    if (status == XG_OK)
        *out = h;
    return status;
}
