/* look.h - what the views of one entity share; of this room only. */
#ifndef XG_VIEW_LOOK_H
#define XG_VIEW_LOOK_H

#include <jansson.h>

#include "shared/view/show.h"

enum { LOOK_STATE_MAX = 64 << 20, LOOK_ARENA_MAX = 64 << 20 };

/* Who, where and how far; from the record alone where the view knows none. */
XG_MUST_CHECK enum xg_status look_about(struct view_about *out,
                                        const struct view_context *view,
                                        const struct xg_op *op,
                                        struct xg_error *err);
/* "张三 W001（已证实）· 设备 x/d/0417", and the times: the interval as far as
 * it is proven, the device's clock with its doubt. */
void look_put_who(struct xg_buf *out, const struct view_about *about,
                  const struct view_context *view);
void look_put_when(struct xg_buf *out, const struct view_about *about,
                   const struct xg_record *record);
/* Sets who, when, proof: the lines above and below in words. */
void look_set_words(json_t **object, const struct view_about *about,
                    const struct view_context *view,
                    const struct xg_record *record);
/* Delivery, log entry, proof; nothing where the view knows none. */
void look_put_delivery(struct xg_buf *out, const struct view_about *about,
                       const struct view_context *view);
/* Sets hash, author, author_name, role, grade, device, delivery, entry,
 * verified, wall, not_before, not_after, witnessed_not_before,
 * witnessed_not_after, clock_doubt,
 * kept_apart (only where it is so). */
void look_set_about(json_t **object, const struct view_about *about,
                    const struct view_context *view, const struct xg_op *op);

/* A value as text, after what it is called: "市政园林中心 420281-sz". */
void look_put_value(struct xg_buf *out, const struct view_context *view,
                    const struct xg_field *field,
                    const struct xg_cbor_item *value);
/* Set the key to what the value is called; nothing where it has no name. */
void look_set_name(json_t **object, const char *key,
                   const struct view_context *view,
                   const struct xg_field *field,
                   const struct xg_cbor_item *value);
/* The first digits of a hash, as --take wants them. */
void look_put_hash(struct xg_buf *out, const struct xg_hash *hash);

/* Photos of an entity, removed ones left out. */
struct look_photos {
    size_t total, server, only_here, elsewhere, not_here, wanted, erased;
};
XG_MUST_CHECK enum xg_status look_photos(struct look_photos *out,
                                         const struct xg_brief *brief,
                                         const struct view_context *view,
                                         struct xg_error *err);
json_t *look_photos_json(const struct look_photos *photos,
                         const struct view_context *view);

/* Number, delivery; zeroed where the view knows none. */
XG_MUST_CHECK enum xg_status look_entity(struct view_entity *out,
                                         const struct view_context *view,
                                         const struct xg_id *id,
                                         struct xg_error *err);
/* Sets id, number, kind, status, withdrawn, conflicts, records, delivery,
 * out (only where it is so), photos: what list and show have in common. */
XG_MUST_CHECK enum xg_status look_set_entity(json_t **object,
                                             const struct xg_brief *brief,
                                             const struct view_context *view,
                                             struct xg_error *err);

/* Sets title, short, position, thumb: what it is known by; of a notice
 * read_by. */
void look_set_known(json_t **object, const struct xg_brief *brief,
                    const struct view_context *view);
/* An own field that says what or where it is: a required code, or the first of
 * the texts (`texts` were met before it). */
bool look_is_telling(const struct xg_field *field, size_t texts);
/* The number, or the first digits of the id. */
void look_put_number(struct xg_buf *out, const struct view_entity *entity,
                     const struct xg_id *id);
const char *look_kind_label(const struct xg_kind *kind);
const char *look_status_label(const struct xg_brief *brief,
                              const struct view_context *view);
const char *look_effect_name(enum xg_effect effect); /* JSON */

/* Hashes of what is directly before a record: on its own path, and cited. */
json_t *look_after_json(const struct xg_state *s, uint32_t op);

/* "by whom, on what ground, which fields", of an op that has an erasure whose
 * act is known; in JSON as `erased`, and nothing of others. */
void look_put_erasure(struct xg_buf *out, const struct xg_state *s,
                      uint32_t op);
void look_set_erasure(json_t **object, const struct xg_state *s, uint32_t op);

/* One JSON line. Takes the reference. */
XG_MUST_CHECK enum xg_status look_json_line(struct xg_buf *out, json_t *json,
                                            struct xg_error *err);

#endif
