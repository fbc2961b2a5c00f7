/* capture.h - what a person records: new things, and changes to them. Drafts
 * are kept_draft.h's.
 *
 * The caller fills a struct xg_draft (record.h) with the fields that the person
 * gave; capture adds what the program knows: author, number, the heads that are
 * cited, salt, place in the chain. One call is one transaction and one fsync;
 * XG_OK means that it survives a power cut.
 *
 * XG_USAGE for what the table of fields does not allow, XG_NOTFOUND for an
 * entity that is not here, XG_REFUSED before the device joined, XG_FULL when
 * there is no space: nothing is half-saved.
 */
#ifndef AGENT_CAPTURE_H
#define AGENT_CAPTURE_H

#include "agent/photo/photo.h"
#include "agent/store/store.h"

struct captured {
    struct xg_hash record;
    struct xg_id id;              /* of the entity */
    char number[XG_NUMBER_SIZE];  /* of a new entity; "" where it has none */
};

/* Record something new. `author` is a worker's code where somebody else than
 * the device's owner is recording (--as), else NULL. [T] */
XG_MUST_CHECK enum xg_status capture_create(struct store *s,
                                            struct captured *out,
                                            struct xg_draft *draft,
                                            const char *author,
                                            struct xg_error *err);
/* A later act about `id`: draft->head.kind is set here; move and from, fields
 * as the caller set them. [T] */
XG_MUST_CHECK enum xg_status capture_change(struct store *s,
                                            struct captured *out,
                                            const struct xg_id *id,
                                            struct xg_draft *draft,
                                            const char *author,
                                            struct xg_error *err);

/* The same two inside a transaction of the caller's; `id` NULL creates. The
 * number is not known before the commit (capture_number). [t] */
XG_MUST_CHECK enum xg_status capture_append(struct store *s,
                                            struct captured *out,
                                            const struct xg_id *id,
                                            struct xg_draft *draft,
                                            const char *author,
                                            struct xg_error *err);
XG_MUST_CHECK enum xg_status capture_number(struct store *s,
                                            struct captured *out,
                                            struct xg_error *err);

/* A move of the loop: sets move and the status that is shown now. XG_REFUSED
 * when there is no such move from it; the text says which status it is. */
XG_MUST_CHECK enum xg_status capture_move(struct store *s,
                                          struct xg_draft *draft,
                                          const struct xg_id *id,
                                          const struct xg_choice *move,
                                          struct xg_error *err);

/* Attach a kept photo to a draft: its element of the photo set, with what its
 * EXIF claims, as far as that is in range. `role` is of xg_photo_roles or 0;
 * see view_photo_attach(). */
XG_MUST_CHECK enum xg_status capture_photo(struct xg_draft *draft, bool *placed,
                                           const struct xg_photo *photo,
                                           uint64_t role, uint64_t origin,
                                           struct xg_error *err);
/* ---- small helpers for filling drafts ---- */

XG_MUST_CHECK enum xg_status capture_set_text(struct xg_draft *d,
                                              uint64_t field,
                                              const char *text,
                                              struct xg_error *err);
XG_MUST_CHECK enum xg_status capture_set_uint(struct xg_draft *d,
                                              uint64_t field, uint64_t value,
                                              struct xg_error *err);
XG_MUST_CHECK enum xg_status capture_set_time(struct xg_draft *d,
                                              uint64_t field, int64_t ms,
                                              struct xg_error *err);
/* Degrees x 10^7; accuracy in mm, or negative for unknown. */
XG_MUST_CHECK enum xg_status capture_set_position(struct xg_draft *d,
                                                  uint64_t field,
                                                  int32_t lat_e7,
                                                  int32_t lon_e7,
                                                  int64_t accuracy_mm,
                                                  struct xg_error *err);
XG_MUST_CHECK enum xg_status capture_set_entity(struct xg_draft *d,
                                                uint64_t field,
                                                const struct xg_id *id,
                                                struct xg_error *err);
/* One more element of a set of texts (a note). */
XG_MUST_CHECK enum xg_status capture_add_text(struct xg_draft *d,
                                              uint64_t field,
                                              const char *text,
                                              struct xg_error *err);

#endif
