/* statements.h - what the registrar's notes said, held in memory: an auditor's
 * own registry, filled from the log alone.
 *
 * Lines are kept as they stand and read when they are looked up: some hundred
 * bytes each; a district has ten thousand.
 */
#ifndef XG_AUDIT_STATEMENTS_H
#define XG_AUDIT_STATEMENTS_H

#include "shared/base/arena.h"
#include "shared/core/registry.h"

enum { XG_STATEMENTS_BYTES = 512 << 20 };

/* A line, newest first behind its subject. */
struct xg_said {
    struct xg_said *older, *next; /* next: of the bucket, another subject */
    enum xg_statement_kind kind;
    uint64_t position;
    const char *subject;
    struct xg_bytes line; /* with its \n */
};

/* The statements of one note. */
struct xg_said_note {
    struct xg_said_note *next;
    uint64_t position;
    struct xg_bytes lines;
};

struct xg_statements {
    struct xg_arena arena;
    struct xg_said **buckets;
    size_t bucket_count, subject_count;
    struct xg_said_note *first, *last;
    uint64_t devices; /* distinct names */
};

void xg_statements_init(struct xg_statements *s);
void xg_statements_clear(struct xg_statements *s);
/* Copies the lines, which xg_registry_note_read() judged; positions ascend. */
XG_MUST_CHECK enum xg_status xg_statements_add(struct xg_statements *s,
                                               uint64_t position,
                                               struct xg_bytes lines,
                                               struct xg_error *err);
/* Borrows s. */
struct xg_registry xg_statements_view(struct xg_statements *s);
/* The newest of that kind about the subject below `size`. Cannot fail. */
bool xg_statements_find(const struct xg_statements *s,
                        enum xg_statement_kind kind, const char *subject,
                        uint64_t size, struct xg_statement *out,
                        uint64_t *position);
/* The first `device` line of the name, if it stands below `size`. */
bool xg_statements_device(const struct xg_statements *s, const char *name,
                          uint64_t size, struct xg_statement *out,
                          uint64_t *position);

#endif
