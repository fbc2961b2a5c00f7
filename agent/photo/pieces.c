/* pieces.c - see pieces.h. */
#include "agent/photo/pieces.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/home/home.h"
#include "shared/base/os.h"

#define FOLDER "photos/fetch"

static const char CONTEXT[] = "photo piece";
static const int64_t LIFE_MS = 7 * 24 * 3600 * INT64_C(1000);

static enum xg_status piece_path(char path[static HOME_PATH_SIZE],
                                 const struct photo_shelf *shelf,
                                 const struct xg_hash *sha256, uint64_t number,
                                 struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1], name[sizeof FOLDER + sizeof hex + 24];

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, FOLDER "/%s.%" PRIu64, hex, number);
    return home_file(path, shelf->home, name, err);
}

bool photo_piece_here(const struct photo_shelf *shelf,
                      const struct xg_hash *sha256, uint64_t number)
{
    char path[HOME_PATH_SIZE];
    struct xg_error ignored = XG_ERROR_NONE;

    return piece_path(path, shelf, sha256, number, &ignored) == XG_OK &&
           xg_os_exists(path);
}

static enum xg_status read_bytes(void *ctx, uint8_t *at, size_t size,
                                 size_t *len, struct xg_error *err)
{
    struct xg_bytes *rest = ctx;

    (void)err;
    *len = size < rest->len ? size : rest->len;
    if (*len > 0)
        memcpy(at, rest->at, *len);
    *rest = xg_bytes(rest->at + *len, rest->len - *len);
    return XG_OK;
}

enum xg_status photo_piece_keep(const struct photo_shelf *shelf,
                                const struct xg_hash *sha256, uint64_t number,
                                struct xg_bytes content, struct xg_error *err)
{
    char path[HOME_PATH_SIZE], temporary[HOME_PATH_SIZE];
    struct vault_file sealed;

    if (home_file(path, shelf->home, "photos", err) != XG_OK ||
        xg_os_mkdir(path, err) != XG_OK ||
        home_file(path, shelf->home, FOLDER, err) != XG_OK ||
        xg_os_mkdir(path, err) != XG_OK ||
        home_file(temporary, shelf->home, FOLDER "/piece.tmp", err) != XG_OK ||
        piece_path(path, shelf, sha256, number, err) != XG_OK)
        return err->status;
    return vault_seal_file(shelf->vault, &sealed,
                           &(struct vault_copy){
                               .source_fd = -1,
                               .source_name = path,
                               .path = path,
                               .temporary = temporary,
                               .context = xg_bytes_of(CONTEXT),
                               .max_bytes = PHOTO_PIECE_BYTES,
                               .read = read_bytes,
                               .read_ctx = &content,
                           },
                           err);
}

/* ---- joining ---- */

struct joiner {
    const struct photo_shelf *shelf;
    const struct xg_hash *sha256;
    uint64_t count, number; /* of pieces; the one being read */
    struct vault_reader *reader;
    struct xg_bytes rest;
};

static enum xg_status next_bytes(struct joiner *j, struct xg_error *err)
{
    char path[HOME_PATH_SIZE];

    while (j->rest.len == 0 && j->number < j->count) {
        if (!j->reader &&
            (piece_path(path, j->shelf, j->sha256, j->number, err) != XG_OK ||
             vault_reader_open(&j->reader, j->shelf->vault, path,
                               xg_bytes_of(CONTEXT), err) != XG_OK))
            return err->status;
        if (vault_reader_next(j->reader, &j->rest, err) != XG_OK)
            return err->status;
        if (j->rest.len == 0) {
            vault_reader_close(j->reader);
            j->reader = NULL;
            j->number++;
        }
    }
    return XG_OK;
}

static enum xg_status read_pieces(void *ctx, uint8_t *at, size_t size,
                                  size_t *len, struct xg_error *err)
{
    struct joiner *j = ctx;
    size_t got = 0;

    while (got < size) {
        if (next_bytes(j, err) != XG_OK)
            return err->status;
        size_t n = j->rest.len < size - got ? j->rest.len : size - got;
        if (n == 0)
            break;
        memcpy(at + got, j->rest.at, n);
        j->rest = xg_bytes(j->rest.at + n, j->rest.len - n);
        got += n;
    }
    *len = got;
    return XG_OK;
}

static void drop_pieces(const struct joiner *j)
{
    struct xg_error ignored = XG_ERROR_NONE;
    char path[HOME_PATH_SIZE];

    for (uint64_t i = 0; i < j->count; i++)
        if (piece_path(path, j->shelf, j->sha256, i, &ignored) == XG_OK)
            unlink(path);
}

enum xg_status photo_pieces_join(const struct photo_shelf *shelf,
                                 const struct xg_hash *sha256, uint64_t length,
                                 struct xg_error *err)
{
    struct joiner j = {.shelf = shelf,
                       .sha256 = sha256,
                       .count = (length + PHOTO_PIECE_BYTES - 1) /
                                PHOTO_PIECE_BYTES};
    struct xg_error why = XG_ERROR_NONE;
    bool is_new;
    enum xg_status status =
        photo_take(shelf, &is_new, sha256, length, read_pieces, &j, &why);

    if (j.reader)
        vault_reader_close(j.reader);
    if (status == XG_OK || status == XG_FORMAT || status == XG_CORRUPT)
        drop_pieces(&j);
    if (status != XG_OK)
        *err = why;
    return status;
}

/* ---- what is left behind ---- */

static bool is_of_use(const struct photo_shelf *shelf, int folder_fd,
                      const char *name, int64_t now_ms)
{
    struct xg_hash sha256;
    struct stat info;

    if (fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(info.st_mode))
        return true; /* not ours */
    if ((int64_t)info.st_mtime * 1000 < now_ms - LIFE_MS)
        return false;
    return strlen(name) < 2 * XG_HASH_SIZE ||
           !xg_unhex(sha256.b, XG_HASH_SIZE, name, 2 * XG_HASH_SIZE) ||
           !photo_has(shelf, &sha256);
}

void photo_pieces_tidy(const struct photo_shelf *shelf, int64_t now_ms)
{
    struct xg_error ignored = XG_ERROR_NONE;
    char path[HOME_PATH_SIZE];
    const struct dirent *entry;

    if (home_file(path, shelf->home, FOLDER, &ignored) != XG_OK)
        return;
    DIR *folder = opendir(path);
    if (!folder)
        return;
    while ((entry = readdir(folder)) != NULL)
        if (!is_of_use(shelf, dirfd(folder), entry->d_name, now_ms))
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}
