/* scope_see.c - what belongs to a scope, and how much of it: scope.h. */
#include "server/merge/scope_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what goes down ---- */

void scope_down_key(char key[static STORE_UNIT_MAX + 1], const char *unit)
{
    snprintf(key, STORE_UNIT_MAX + 1, ">%s", unit);
}

bool scope_goes_down(const struct xg_record *record, const struct xg_kind *kind)
{
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    uint64_t number;

    if (!kind || !kind->reaches_down)
        return false;
    if (record->malformed || record->head.creates || record->head.move)
        return true;
    c = xg_record_fields(record);
    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(kind, number);
        if (!f || f->merge == XG_MERGE_REGISTER)
            return true;
    }
    return false;
}

static bool row_goes_down(const struct store_record *row)
{
    struct xg_record record;

    store_read_left(&record, row);
    return scope_goes_down(&record, xg_kind_find(row->kind));
}

/* ---- what belongs to a scope ---- */

struct subject scope_subject_of(const struct store_record *row)
{
    return (struct subject){row->entity, row->kind, row->unit, row->handed};
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool scope_has_text(const char *const *list, size_t count, const char *text)
{
    return *text && count &&
           bsearch(&text, list, count, sizeof *list, compare_text);
}

bool scope_informed(const struct registry_scope *s)
{
    return s->role && s->role->informed;
}

enum level scope_key_level(const struct registry_scope *s, const char *key)
{
    if (key[0] == '>')
        return scope_has_text(s->above, s->above_count, key + 1) ? IN_PART
                                                                 : UNSEEN;
    return scope_has_text(s->units, s->unit_count, key) ? WHOLE : UNSEEN;
}

/* By its home alone, where it always was. */
enum level scope_home_level(const struct registry_scope *s,
                            const struct subject *e)
{
    const struct xg_kind *kind = xg_kind_find(e->kind);

    if (e->handed == STORE_ARRIVED ||
        (e->kind == XG_KIND_CONTACT && !scope_informed(s)))
        return UNSEEN;
    if (scope_has_text(s->units, s->unit_count, e->home))
        return WHOLE;
    return kind && kind->reaches_down &&
                   scope_has_text(s->above, s->above_count, e->home)
               ? IN_PART
               : UNSEEN;
}

enum xg_status scope_hands_of(struct page *p, const struct subject *e)
{
    if (p->hands_of == e->entity)
        return XG_OK;
    xg_arena_reset(&p->look);
    p->hands_of = 0;
    if (p->store->ops->read_hands(p->store, &p->look, &p->hands, &p->hand_count,
                                  e->entity, p->err) != XG_OK)
        return p->err->status;
    p->hands_of = e->entity;
    return XG_OK;
}

bool scope_hand_counts(const struct store_hand *hand, const struct look *look)
{
    switch (look->by) {
    case BY_NOW:
        return hand->last == STORE_OPEN;
    case BY_RECORD:
        return hand->last == STORE_OPEN && hand->first <= look->at;
    case BY_ENTRY:
        return hand->since < look->at && hand->until > look->at;
    }
    return false;
}

enum xg_status scope_see(enum level *level, struct page *p,
                         const struct registry_scope *s,
                         const struct subject *e, const struct look *look)
{
    enum level best = scope_home_level(s, e);
    bool hidden = e->kind == XG_KIND_CONTACT && !scope_informed(s);

    if (!e->entity)
        best = UNSEEN;
    if (e->entity && !hidden && best < WHOLE && e->handed != STORE_AT_HOME) {
        if (scope_hands_of(p, e) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < p->hand_count; i++) {
            enum level by = scope_key_level(s, p->hands[i].unit);
            if (by > best && scope_hand_counts(&p->hands[i], look))
                best = by;
        }
    }
    *level = best;
    return XG_OK;
}

enum xg_status scope_see_now(enum level *level, struct page *p,
                             const struct subject *e)
{
    return scope_see(level, p, &p->now, e, &(struct look){BY_NOW, 0});
}

bool scope_shows(enum level level, const struct store_record *row)
{
    return level == WHOLE || (level == IN_PART && row_goes_down(row));
}
