/* form.h - from what a person typed (field=value) or JSON to a draft's values.
 *
 * Names are those of the table: the English name or the Chinese label, so
 * "urgency=urgent" and "紧急程度=紧急" say the same. By type:
 *
 *      ENUM      name, or label in either language
 *      BOOL      yes no true false 1 0 是 否
 *      POSITION  lat,lon[,accuracy in metres] in decimal degrees
 *      TIME      local ISO 8601, or Unix seconds; see view_parse_time()
 *      TEXTS     separated by ; or ；, and by giving the field again
 *      ENTITY    whatever the resolver takes (a human number, a prefix of an
 *                id), else all 32 hex digits
 *      set       field=value adds one element; field-=HASH:INDEX takes one out
 *
 * `field=` empties a register; one that is required only while the draft
 * creates. XG_MACHINE fields are refused, except that elements may be taken
 * out of any set (a photo attached by mistake).
 *
 * Every error names the field, in the language set; an unknown name lists the
 * kind's fields and the nearest of them. XG_USAGE, XG_AMBIGUOUS and
 * XG_NOTFOUND (from the resolver), XG_NOMEM, XG_TOOBIG. The draft is unchanged
 * on failure.
 */
#ifndef XG_VIEW_FORM_H
#define XG_VIEW_FORM_H

#include <jansson.h>

#include "shared/core/merge.h"
#include "shared/core/record.h"

/* How references typed by a person become ids and hashes. Each may be NULL:
 * then only complete hex is taken. They fail with XG_NOTFOUND or XG_AMBIGUOUS
 * and an error of their own. */
struct view_resolver {
    void *ctx;
    enum xg_status (*entity)(void *ctx, struct xg_id *id, const char *text,
                             struct xg_error *err);
    /* The record whose hash begins with this text (hex), for field-=. */
    enum xg_status (*record)(void *ctx, struct xg_hash *hash,
                             const char *prefix, struct xg_error *err);
    /* Append the code that the text means in a field of codes (a name of the
     * catalogue, another case of its letters), or nothing: the text is taken
     * as the code then. */
    void (*code)(void *ctx, struct xg_buf *out, const struct xg_field *field,
                 const char *text);
};

/* The kind by name or label. XG_USAGE with the list of kinds. Only kinds of
 * entities (not genesis, anchor). */
XG_MUST_CHECK enum xg_status view_form_kind(const struct xg_kind **kind,
                                            const char *name,
                                            struct xg_error *err);
/* The kind's field by name or label; machine fields too. */
XG_MUST_CHECK enum xg_status view_form_field(const struct xg_field **field,
                                             const struct xg_kind *kind,
                                             const char *name,
                                             struct xg_error *err);

/* One "field=value" or "field-=HASH:INDEX". `resolver` may be NULL. */
XG_MUST_CHECK enum xg_status
view_form_set(struct xg_draft *d, const struct xg_kind *kind,
              const char *assignment, const struct view_resolver *resolver,
              struct xg_error *err);

/* The same, for who says beside the field what is wrong with it: the error does
 * not name the field, and *field is set as soon as it is known (NULL: the
 * assignment names none). */
XG_MUST_CHECK enum xg_status
view_form_judge(struct xg_draft *d, const struct xg_field **field,
                const struct xg_kind *kind, const char *assignment,
                const struct view_resolver *resolver, struct xg_error *err);

/* The same for a JSON value. Beside what text may say (as strings), it takes
 * what view_value_json() gives: integers, booleans, null to empty, arrays for
 * TEXTS and for several elements of a set, {"lat", "lon", "accuracy_m"}; for
 * TIME also a number of Unix seconds. A real is rounded to 10^-7 degree. */
XG_MUST_CHECK enum xg_status
view_form_set_json(struct xg_draft *d, const struct xg_field *field,
                   const json_t *value, const struct view_resolver *resolver,
                   struct xg_error *err);

/* Append the encoded value (of a set: one element) that the text means. Does
 * not look at XG_MACHINE; of types that nobody types (PHOTO, TRACK, GAP, BYTES,
 * NUMBERS) refuses all. */
XG_MUST_CHECK enum xg_status
view_form_value(struct xg_buf *out, const struct xg_field *field,
                const char *text, const struct view_resolver *resolver,
                struct xg_error *err);

/* XG_USAGE naming every required field that a creating draft still lacks. */
XG_MUST_CHECK enum xg_status view_form_complete(const struct xg_draft *d,
                                                const struct xg_kind *kind,
                                                struct xg_error *err);

/* ---- deciding a conflict ---- */

/* What a person chose: exactly one of take, value, dismiss. */
struct view_choice {
    const char *field;   /* name or label; "status" or 状态 for moves */
    const char *take;    /* hash (prefix) of the record whose side is taken */
    const char *value;   /* or another value */
    bool dismiss;        /* or: what is shown meanwhile stays */
    const char *why;     /* needed */
};

/* Fill the draft of a record that decides: the value, `decided`, `why`, and
 * for a taken move the transition from the present status. The caller has set
 * the draft's entity, moment and foreign heads (xg_state_foreign()). XG_REFUSED
 * where nothing is to be decided there. What was decided once may be decided
 * otherwise, by any value that the field ever had or another. For `withdrawn`, taking an edit means
 * that the withdrawal does not stand. */
XG_MUST_CHECK enum xg_status
view_form_resolve(struct xg_draft *d, const struct xg_state *state,
                  const struct view_choice *choice,
                  const struct view_resolver *resolver, struct xg_error *err);

#endif
