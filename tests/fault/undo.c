/* undo.c - see undo.h. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "tests/fault/undo.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/raw.h"

enum { SECTOR = 512 };

/* A write or truncation that no sync covers. */
struct piece {
    bool truncates;
    int64_t at, len; /* where old content is kept, and how much of it */
    int64_t old_size, new_size;
    uint8_t *old; /* zeros past old_size */
};

struct dirty {
    dev_t dev;
    ino_t ino;
    int handle; /* O_PATH: closing it drops no lock */
    struct piece *pieces;
    size_t count, room;
    char *path;
};

struct name {
    enum undo_name what;
    char *path, *to, *kept;
};

static struct {
    struct dirty *files;
    size_t file_count, file_room;
    struct name *names;
    size_t name_count, name_room;
    unsigned long keeps;
    uint64_t random;
} state;

/* The functions of the C library that fault_memory() would count are called
 * here too: the library's own requests never fail, because the driver asks for
 * either kind of fault, not for both. */
static void *grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    *room = *room ? *room * 2 : 16;
    void *bigger = realloc(list, *room * size);
    if (!bigger)
        fault_die();
    return bigger;
}

static char *copy_text(const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        fault_die();
    return copy;
}

/* ---- data ---- */

static struct dirty *find_dirty(const struct fault_file *f)
{
    for (size_t i = 0; i < state.file_count; i++)
        if (state.files[i].dev == f->st.st_dev &&
            state.files[i].ino == f->st.st_ino)
            return &state.files[i];
    return NULL;
}

static struct piece *add_piece(const struct fault_file *f, int fd)
{
    struct dirty *d = find_dirty(f);
    char link[48];

    if (!d) {
        state.files = grow(state.files, state.file_count, &state.file_room,
                           sizeof *state.files);
        d = &state.files[state.file_count++];
        memset(d, 0, sizeof *d);
        d->dev = f->st.st_dev;
        d->ino = f->st.st_ino;
        d->path = copy_text(f->path);
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        d->handle = raw_openat(AT_FDCWD, fd < 0 ? f->path : link,
                               O_PATH | O_CLOEXEC, 0);
        if (d->handle < 0)
            fault_blind("handle", f->path);
    }
    d->pieces = grow(d->pieces, d->count, &d->room, sizeof *d->pieces);
    memset(&d->pieces[d->count], 0, sizeof *d->pieces);
    return &d->pieces[d->count++];
}

/* Opening the file anew and closing it drops the process's POSIX locks on it,
 * so that is done only where the caller cannot read (SQLite always can). */
static void keep_old(struct piece *p, const struct fault_file *f, int fd)
{
    int64_t have = p->old_size - p->at;
    int reader = fd, done = 0;

    p->old = calloc(1, p->len > 0 ? (size_t)p->len : 1);
    if (!p->old)
        fault_die();
    if (have > p->len)
        have = p->len;
    if (have <= 0)
        return;
    if (fd < 0 || (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDWR)
        reader = raw_openat(AT_FDCWD, f->path, O_RDONLY | O_CLOEXEC, 0);
    while (have > 0) {
        ssize_t n =
            raw_pread(reader, p->old + done, (size_t)have, p->at + done);
        if (n <= 0) {
            fault_blind("old content", f->path);
            break;
        }
        done += (int)n;
        have -= n;
    }
    if (reader != fd)
        raw_close(reader);
}

void undo_before_write(const struct fault_file *f, int fd, off_t at, size_t len)
{
    struct piece *p = add_piece(f, fd);

    if (at == RAW_CURRENT && (fcntl(fd, F_GETFL) & O_APPEND))
        at = f->st.st_size;
    else if (at == RAW_CURRENT)
        at = lseek(fd, 0, SEEK_CUR);
    p->at = at;
    p->len = (int64_t)len;
    p->old_size = f->st.st_size;
    p->new_size = f->st.st_size;
    keep_old(p, f, fd);
}

void undo_after_write(const struct fault_file *f, int fd)
{
    struct dirty *d = find_dirty(f);
    struct stat now;

    if (d && d->count > 0 && fstat(fd, &now) == 0)
        d->pieces[d->count - 1].new_size = now.st_size;
}

void undo_before_truncate(const struct fault_file *f, int fd, off_t size)
{
    if (size == f->st.st_size)
        return;
    struct piece *p = add_piece(f, fd);
    p->truncates = size < f->st.st_size;
    p->at = size;
    p->len = p->truncates ? f->st.st_size - size : 0;
    p->old_size = f->st.st_size;
    p->new_size = size;
    keep_old(p, f, fd);
}

static void clear_dirty(struct dirty *d)
{
    for (size_t i = 0; i < d->count; i++)
        free(d->pieces[i].old);
    free(d->pieces);
    free(d->path);
    if (d->handle >= 0)
        raw_close(d->handle);
    *d = state.files[--state.file_count];
}

void undo_synced_file(const struct fault_file *f)
{
    struct dirty *d = find_dirty(f);

    if (d)
        clear_dirty(d);
}

/* ---- names ---- */

char *undo_keep(const char *path)
{
    char dir[FAULT_PATH_SIZE], kept[FAULT_PATH_SIZE + 32];
    struct fault_file top;
    const char *root = getenv("XG_FAULT_DIR");

    if (!root || !fault_of_path(&top, AT_FDCWD, root))
        return NULL;
    snprintf(dir, sizeof dir, "%.4300s.undo", top.path);
    if (raw_mkdirat(AT_FDCWD, dir, 0700) != 0 && errno != EEXIST)
        fault_blind("undo", path);
    snprintf(kept, sizeof kept, "%s/%d-%lu", dir, (int)getpid(), state.keeps++);
    if (raw_linkat(AT_FDCWD, path, AT_FDCWD, kept, 0) != 0)
        return NULL;
    return copy_text(kept);
}

void undo_forget(char *kept)
{
    int saved = errno;

    if (kept && raw_unlinkat(AT_FDCWD, kept, 0) != 0)
        fault_blind("kept", kept);
    free(kept);
    errno = saved;
}

void undo_name(enum undo_name what, const char *path, const char *to,
               char *kept)
{
    state.names = grow(state.names, state.name_count, &state.name_room,
                       sizeof *state.names);
    state.names[state.name_count++] =
        (struct name){what, copy_text(path), copy_text(to), kept};
}

static bool lies_in(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    const char *slash = strrchr(path, '/');

    return slash == path + n && strncmp(path, dir, n) == 0;
}

static void drop_name(size_t i)
{
    struct name *n = &state.names[i];

    undo_forget(n->kept);
    free(n->path);
    free(n->to);
    memmove(n, n + 1, (state.name_count - i - 1) * sizeof *n);
    state.name_count--;
}

/* A rename lies in two folders; where it arrives counts. Once it is safe, so
 * is that its old name is gone, however that had come. */
static void drop_rename(size_t i)
{
    char *gone = copy_text(state.names[i].path);

    drop_name(i);
    while (i-- > 0) {
        const struct name *n = &state.names[i];
        if (strcmp(n->to ? n->to : n->path, gone) == 0)
            drop_name(i);
    }
    free(gone);
}

void undo_synced_dir(const char *path)
{
    for (size_t i = state.name_count; i-- > 0;) {
        const struct name *n = i < state.name_count ? &state.names[i] : NULL;
        if (n && n->to && lies_in(n->to, path))
            drop_rename(i);
        else if (n && !n->to && lies_in(n->path, path))
            drop_name(i);
    }
}

void undo_synced_all(void)
{
    while (state.file_count > 0)
        clear_dirty(&state.files[state.file_count - 1]);
    while (state.name_count > 0)
        drop_name(state.name_count - 1);
}

/* ---- the cut ---- */

/* splitmix64 */
static uint64_t draw(uint64_t below)
{
    uint64_t z = state.random += 0x9E3779B97F4A7C15U;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return (z ^ (z >> 31)) % below;
}

static void put_back(int fd, const struct piece *p)
{
    int64_t len = p->old_size - p->at < p->len ? p->old_size - p->at : p->len;

    if (raw_ftruncate(fd, p->old_size) != 0 ||
        (len > 0 && raw_pwrite(fd, p->old, (size_t)len, p->at) != len))
        fault_report("blind cut: put back %s", strerror(errno));
}

/* Undo the newest `lost` of the pieces [from, to) that touch the sector. */
static void tear_sector(int fd, const struct dirty *d, size_t from, size_t to,
                        int64_t sector)
{
    const int64_t begin = sector * SECTOR, end = begin + SECTOR;
    uint64_t touching = 0;

    for (size_t i = from; i < to; i++)
        touching +=
            d->pieces[i].at < end && d->pieces[i].at + d->pieces[i].len > begin;
    uint64_t lost = touching ? draw(touching + 1) : 0;
    for (size_t i = to; i-- > from && lost > 0;) {
        const struct piece *p = &d->pieces[i];
        int64_t a = p->at > begin ? p->at : begin;
        int64_t b = p->at + p->len < end ? p->at + p->len : end;
        if (a >= b)
            continue;
        lost--;
        if (raw_pwrite(fd, p->old + (a - p->at), (size_t)(b - a), a) != b - a)
            fault_report("blind cut: tear %s", strerror(errno));
    }
}

/* The pieces [from, to) are writes that all came after the last truncation
 * that is kept: any sector, and any of their lengths. */
static void tear(int fd, const struct dirty *d, size_t from, size_t to)
{
    struct stat st;

    if (from == to || fstat(fd, &st) != 0)
        return;
    uint64_t pick = draw(to - from + 1);
    int64_t size = pick == 0 ? d->pieces[from].old_size
                             : d->pieces[from + pick - 1].new_size;
    for (int64_t s = 0; s * SECTOR < st.st_size; s++)
        tear_sector(fd, d, from, to, s);
    if (raw_ftruncate(fd, size) != 0)
        fault_report("blind cut: length %s", strerror(errno));
}

enum fate { KEEP, LOSE, TEAR };

static void settle_file(const struct dirty *d, enum fate fate)
{
    size_t from = 0, to = d->count;
    char link[48];

    if (fate == KEEP || d->handle < 0)
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", d->handle);
    int fd = raw_openat(AT_FDCWD, link, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) {
        fault_report("blind cut: open %s", d->path);
        return;
    }
    if (fate == LOSE)
        to = 0;
    for (size_t i = 0; i < to; i++) {
        if (!d->pieces[i].truncates)
            continue;
        if (draw(2))
            to = i;
        else
            from = i + 1;
    }
    for (size_t i = d->count; i-- > to;)
        put_back(fd, &d->pieces[i]);
    tear(fd, d, from, to);
    raw_close(fd);
    fault_report("cut %s: %zu of %zu writes lost whole, %zu torn", d->path,
                 d->count - to, d->count, to - from);
}

/* Remove below `path` what `all` or the name says. */
static void sweep(const char *path, bool all)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    char child[FAULT_PATH_SIZE];

    while (dir && (entry = readdir(dir))) {
        size_t n = strlen(entry->d_name);
        bool shm = n > 4 && strcmp(entry->d_name + n - 4, "-shm") == 0;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(child, sizeof child, "%s/%s", path, entry->d_name) >=
            (int)sizeof child)
            continue;
        if (entry->d_type == DT_DIR)
            sweep(child, all);
        if (all || shm)
            raw_unlinkat(AT_FDCWD, child,
                         entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    }
    if (dir)
        closedir(dir);
}

static void undo_one_name(struct name *n)
{
    int bad = 0;

    fault_report("cut name %s%s%s (%d) lost", n->path, n->to ? " to " : "",
                 n->to ? n->to : "", (int)n->what);
    switch (n->what) {
    case UNDO_CREATE:
    case UNDO_LINK:
        bad = raw_unlinkat(AT_FDCWD, n->path, 0);
        break;
    case UNDO_UNLINK:
        bad = n->kept ? raw_renameat(AT_FDCWD, n->kept, AT_FDCWD, n->path, 0)
                      : -1;
        break;
    case UNDO_RENAME:
        bad = raw_renameat(AT_FDCWD, n->to, AT_FDCWD, n->path, 0);
        if (n->kept)
            bad |= raw_renameat(AT_FDCWD, n->kept, AT_FDCWD, n->to, 0);
        break;
    case UNDO_MKDIR:
        sweep(n->path, true);
        bad = raw_unlinkat(AT_FDCWD, n->path, AT_REMOVEDIR);
        break;
    case UNDO_RMDIR:
        bad = raw_mkdirat(AT_FDCWD, n->path, 0700);
        break;
    }
    if (bad)
        fault_report("blind cut: name %s: %s", n->path, strerror(errno));
}

void undo_cut(const char *dir, uint64_t seed, uint64_t number)
{
    const uint64_t plan = seed % 4;
    size_t names_kept = 0;

    state.random = seed * 1000003U + number;
    for (size_t i = 0; i < state.file_count; i++) {
        enum fate fate = plan == 1   ? KEEP
                         : plan == 3 ? (enum fate)draw(3)
                                     : LOSE;
        settle_file(&state.files[i], fate);
    }
    if (plan == 2)
        names_kept = state.name_count;
    else if (plan == 3)
        names_kept = (size_t)draw(state.name_count + 1);
    for (size_t i = state.name_count; i-- > names_kept;)
        undo_one_name(&state.names[i]);
    sweep(dir, false);
}

/* ---- from one process to the next ---- */

static void pending_path(char path[static FAULT_PATH_SIZE], const char *dir)
{
    snprintf(path, FAULT_PATH_SIZE, "%.4300s.undo/pending", dir);
}

static void put(FILE *to, const void *what, size_t len)
{
    if (len > 0 && fwrite(what, len, 1, to) != 1)
        fault_report("blind pending: cannot write");
}

static void put_text(FILE *to, const char *text)
{
    size_t len = text ? strlen(text) + 1 : 0;

    put(to, &len, sizeof len);
    put(to, text, len);
}

static bool take(FILE *from, void *to, size_t len)
{
    return len == 0 || fread(to, len, 1, from) == 1;
}

static bool take_text(FILE *from, char **text)
{
    size_t len = 0;

    *text = NULL;
    if (!take(from, &len, sizeof len) || len > FAULT_PATH_SIZE)
        return false;
    if (len == 0)
        return true;
    *text = calloc(1, len);
    return *text && take(from, *text, len);
}

/* A file that has no name any more cannot come back but by undo_keep(), and is
 * found there. */
static void save_file(FILE *to, const struct dirty *d)
{
    char link[48], path[FAULT_PATH_SIZE];
    struct stat st;

    snprintf(link, sizeof link, "/proc/self/fd/%d", d->handle);
    ssize_t n = d->handle < 0 ? -1 : readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    if (lstat(path, &st) != 0 || st.st_ino != d->ino)
        path[0] = '\0';
    for (size_t i = 0; !path[0] && i < state.name_count; i++)
        if (state.names[i].kept && lstat(state.names[i].kept, &st) == 0 &&
            st.st_ino == d->ino)
            snprintf(path, sizeof path, "%s", state.names[i].kept);
    put_text(to, path);
    put_text(to, d->path);
    put(to, &d->count, sizeof d->count);
    for (size_t i = 0; i < d->count; i++) {
        put(to, &d->pieces[i], sizeof d->pieces[i]);
        put(to, d->pieces[i].old, (size_t)d->pieces[i].len);
    }
}

static bool load_pieces(FILE *from, struct dirty *d)
{
    if (!take(from, &d->room, sizeof d->room))
        return false;
    d->pieces = calloc(d->room ? d->room : 1, sizeof *d->pieces);
    for (; d->pieces && d->count < d->room; d->count++) {
        struct piece *p = &d->pieces[d->count];
        if (!take(from, p, sizeof *p))
            return false;
        p->old = calloc(1, p->len > 0 ? (size_t)p->len : 1);
        if (!p->old || !take(from, p->old, (size_t)p->len))
            return false;
    }
    return d->pieces != NULL;
}

static bool load_file(FILE *from)
{
    struct dirty d = {.handle = -1};
    struct stat st;
    char *at;

    if (!take_text(from, &at) || !take_text(from, &d.path) ||
        !load_pieces(from, &d))
        return false;
    if (at && *at && lstat(at, &st) == 0) {
        d.dev = st.st_dev;
        d.ino = st.st_ino;
        d.handle = raw_openat(AT_FDCWD, at, O_PATH | O_CLOEXEC, 0);
    }
    free(at);
    state.files = grow(state.files, state.file_count, &state.file_room,
                       sizeof *state.files);
    state.files[state.file_count++] = d;
    return true;
}

static bool load_name(FILE *from)
{
    struct name n = {0};

    if (!take(from, &n.what, sizeof n.what) || !take_text(from, &n.path) ||
        !take_text(from, &n.to) || !take_text(from, &n.kept))
        return false;
    undo_name(n.what, n.path, n.to, n.kept);
    free(n.path);
    free(n.to);
    return true;
}

void undo_save(const char *dir)
{
    char path[FAULT_PATH_SIZE];

    snprintf(path, sizeof path, "%.4300s.undo", dir);
    if (raw_mkdirat(AT_FDCWD, path, 0700) != 0 && errno != EEXIST)
        fault_report("blind pending: %s", path);
    pending_path(path, dir);
    FILE *to = fopen(path, "we");
    if (!to) {
        fault_report("blind pending: %s", path);
        return;
    }
    put(to, &state.file_count, sizeof state.file_count);
    for (size_t i = 0; i < state.file_count; i++)
        save_file(to, &state.files[i]);
    put(to, &state.name_count, sizeof state.name_count);
    for (size_t i = 0; i < state.name_count; i++) {
        const struct name *n = &state.names[i];
        put(to, &n->what, sizeof n->what);
        put_text(to, n->path);
        put_text(to, n->to);
        put_text(to, n->kept);
    }
    if (fclose(to) != 0)
        fault_report("blind pending: %s", path);
}

void undo_load(const char *dir)
{
    char path[FAULT_PATH_SIZE];
    size_t count = 0;

    pending_path(path, dir);
    FILE *from = fopen(path, "re");
    if (!from)
        return;
    bool ok = take(from, &count, sizeof count);
    while (ok && count-- > 0)
        ok = load_file(from);
    ok = ok && take(from, &count, sizeof count);
    while (ok && count-- > 0)
        ok = load_name(from);
    if (!ok)
        fault_report("blind pending: %s is cut", path);
    fclose(from);
    raw_unlinkat(AT_FDCWD, path, 0);
}
