/* undo.h - inside libxgfault.so: what a power cut would take away.
 *
 * Of every file below XG_FAULT_DIR it is kept what each write and truncation
 * overwrote, until the file is synced; of every folder, each name that came,
 * went or moved, until the folder is synced. POSIX promises no more than that:
 * syncing a new file does not keep its name.
 *
 * What a cut may do (undo_cut): of the bytes that no sync covers, any sector
 * of 512 bytes is as before or after any of the writes to it, independent of
 * all others; the length is as after any of them, and reads as zeros where
 * nothing arrived. A truncation is there or not, and if not, neither is what
 * was written to that file after it. Names change in order: there is one
 * moment up to which they are kept. A sync that is cut did anything of that.
 * Files *-shm are shared memory and gone.
 *
 * The caller holds the lock of fault_enter().
 */
#ifndef TESTS_FAULT_UNDO_H
#define TESTS_FAULT_UNDO_H

#include <stdint.h>
#include <sys/types.h>

#include "tests/fault/fault.h"

enum undo_name {
    UNDO_CREATE,
    UNDO_LINK,
    UNDO_UNLINK,
    UNDO_RENAME,
    UNDO_MKDIR,
    UNDO_RMDIR
};

/* Before and after the bytes [at, at + len) are overwritten through fd. */
void undo_before_write(const struct fault_file *f, int fd, off_t at,
                       size_t len);
void undo_after_write(const struct fault_file *f, int fd);
/* Before a file of f->st.st_size bytes gets `size`. `fd` < 0: by its path. */
void undo_before_truncate(const struct fault_file *f, int fd, off_t size);

/* Before a name goes: what it names is kept. Returns an owned path or NULL. */
char *undo_keep(const char *path);
/* After it happened; takes `kept`. `to` is NULL but for a rename. */
void undo_name(enum undo_name what, const char *path, const char *to,
               char *kept);
void undo_forget(char *kept);

void undo_synced_file(const struct fault_file *f);
void undo_synced_dir(const char *path);
void undo_synced_all(void);

/* Lose what `seed` says: 0 modulo 4 all data and names, 1 all names, 2 all
 * data, 3 any part of them. */
void undo_cut(const char *dir, uint64_t seed, uint64_t number);

/* What no sync covers outlives the process: keep it in DIR.undo for the next
 * one, which takes it up. Neither is counted. */
void undo_save(const char *dir);
void undo_load(const char *dir);

#endif
