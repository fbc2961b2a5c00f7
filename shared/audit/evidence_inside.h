/* evidence_inside.h - what the files evidence_*.c share; of this room only. */
#ifndef XG_AUDIT_EVIDENCE_INSIDE_H
#define XG_AUDIT_EVIDENCE_INSIDE_H

#include "shared/audit/evidence.h"

/* An entry of the log that the file carries. */
struct xg_evidence_entry {
    uint64_t position;
    struct xg_bytes note, text; /* text: without the signatures */
    struct xg_bytes signer;     /* of the first signature line */
};

/* A batch's note among them. */
struct xg_evidence_batch {
    uint64_t position;
    struct xg_hash id;
    struct xg_batch_note says;
    const char *device;
    bool sound; /* signed by that device's key */
};

/* A proving under way. */
struct xg_evidence_work {
    struct xg_evidence *e;
    const struct xg_evidence_options *o;
    struct xg_evidence_entry *entries; /* by position */
    size_t entry_count;
    struct xg_evidence_batch *batches; /* by position */
    size_t batch_count;
    struct xg_bounds_note *times; /* by position */
    size_t time_count;
    uint8_t registrar[XG_PUBLIC_KEY_SIZE]; /* in force */
    struct xg_hash registry_last;          /* leaf of the newest note */
    struct xg_bytes receipt_checkpoint;    /* verified once */
    struct xg_error *err;
};

/* UINT64_MAX: of no entry. */
XG_PRINTF(5, 6)
void xg_evidence_found(struct xg_evidence *e, enum xg_gravity gravity,
                       const char *code, uint64_t position, const char *format,
                       ...);
/* The part, marked as used; NULL: it is not there. */
struct xg_evidence_part *xg_evidence_take(struct xg_evidence *e,
                                          const char *name);
/* The same for "folder/<hex>". */
struct xg_evidence_part *xg_evidence_take_of(struct xg_evidence *e,
                                             const char *folder,
                                             const struct xg_hash *hash);
/* Does the part's name begin so? The rest of it, or NULL. */
const char *xg_evidence_rest(const struct xg_evidence_part *part,
                             const char *folder);
bool xg_evidence_unhex(struct xg_hash *hash, const char *text);

/* Had the log that root at that size? By the part consistency/<size>. */
bool xg_evidence_was_root(struct xg_evidence *e, uint64_t size,
                          const struct xg_hash *root);
/* Is the part a checkpoint over all records, proven to be of this log? */
bool xg_evidence_cosigned(struct xg_note *note, struct xg_evidence *e,
                          struct xg_evidence_part *part);

/* evidence_log.c: entries and receipts; registry, batches, times, photos,
 * references. */
XG_MUST_CHECK enum xg_status xg_evidence_read_log(struct xg_evidence_work *w);
/* Of the first `device` line of the name: that one counts. */
bool evidence_device_key(struct xg_evidence *e, struct xg_verifier *out,
                         const char *name, uint8_t type);
const struct xg_evidence_batch *
xg_evidence_batch_at(const struct xg_evidence_work *w, uint64_t position);

/* evidence_records.c: records, anchors, times, entities. */
XG_MUST_CHECK enum xg_status
xg_evidence_read_records(struct xg_evidence_work *w);

/* ---- the page ---- */

struct xg_guide;
struct xg_labels;

struct xg_evidence_page {
    const struct xg_evidence *e;
    const struct xg_evidence_sink *to;
    struct xg_buf out;     /* goes to the sink when it is long enough */
    struct xg_buf scratch; /* of one text, before it is escaped */
    struct xg_guide *guide;
    const struct xg_labels *labels; /* may be NULL */
    struct xg_error *err;
};

/* Escaped; one line. */
void xg_evidence_puts(struct xg_evidence_page *p, const char *text);
/* What lies in scratch, escaped, its new lines kept; empties it. */
void xg_evidence_put_scratch(struct xg_evidence_page *p);
/* Markup, as it stands. */
XG_PRINTF(2, 3)
void xg_evidence_html(struct xg_evidence_page *p, const char *format, ...);
void xg_evidence_put_time(struct xg_evidence_page *p, int64_t ms);
XG_MUST_CHECK enum xg_status xg_evidence_flush(struct xg_evidence_page *p,
                                               size_t above);
/* "张三 W001" */
void xg_evidence_put_person(struct xg_evidence_page *p, const char *code);
const struct xg_evidence_blob *
xg_evidence_find_blob(const struct xg_evidence *e,
                      const struct xg_hash *sha256);
/* evidence_story.c: one entity. */
XG_MUST_CHECK enum xg_status
xg_evidence_put_entity(struct xg_evidence_page *p,
                       const struct xg_evidence_entity *entity);
/* Its number, kind and title. */
void xg_evidence_put_heading(struct xg_evidence_page *p,
                             const struct xg_evidence_entity *entity);

#endif
