/* moment.h - moments of a run to which others go back: what leads up to the
 * first thing that the fuzzer chooses is done once, and not once a run.
 *
 * A scene is a function on a stack of its own. It marks moments; all that it
 * allocated, its stack, SQLite's own variables and what it named are put by
 * there, and a run puts them back and goes on from there. What the fuzzer
 * chose must lie elsewhere. A scene is single-threaded, and holds no resource
 * of the system's when it marks: its files are memory_files.h's.
 *
 * Only in the preset fuzz-runs (XG_FUZZ_MOMENTS): AddressSanitizer keeps books
 * of its own about every allocation. Elsewhere every run plays the scene anew.
 */
#ifndef XG_TESTS_FUZZ_MOMENT_H
#define XG_TESTS_FUZZ_MOMENT_H

#include <stddef.h>

struct moment;

/* Once, after sqlite3_initialize(). */
void moment_begin(void);
/* A variable of the scene's that is not on its stack. */
void moment_covers(void *at, size_t size);
/* The scene from its start to its end. */
void moment_play(void (*scene)(void));
/* In a scene. Returns here for the first time, and each time that a run goes
 * back. NULL where it went back. */
struct moment *moment_mark(void);
/* As it was when it was marked; returns when the scene has ended. */
void moment_go_back(const struct moment *m);
/* Need not be put back: what nobody reads before it is written anew. */
void moment_leaves(const void *at, size_t size);

#endif
