/* memory_files.h - a disk in memory for targets that run a whole device: what
 * the product opens, renames, locks and removes below FILES_ROOT, and every
 * database there. The linker leads the system's calls here (--wrap), SQLite
 * comes by a VFS. What is asked for elsewhere is the system's.
 *
 * A page of a file that belongs to a moment (moment.h) is copied before it is
 * written, so that to go back costs no more than what was written since.
 */
#ifndef XG_TESTS_FUZZ_MEMORY_FILES_H
#define XG_TESTS_FUZZ_MEMORY_FILES_H

#include <stdbool.h>
#include <stdint.h>

#define FILES_ROOT "/in-memory"

/* Once, before any database is opened: TMPDIR lies here from now on. */
void files_install(void);
/* An empty disk, and none any more. */
void files_begin(void);
void files_end(void);
/* What is here now belongs to a moment. */
void files_freeze(void);
/* The memory that knows of files is as it was then: what was written since is
 * gone. */
void files_went_back(void);
/* A digest of every file. What is frozen is known by its place unless `whole`,
 * which is slow, and the same for the same content wherever that lies. */
uint64_t files_digest(bool whole);

#endif
