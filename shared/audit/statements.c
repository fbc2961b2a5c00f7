/* statements.c - see statements.h. */
#include "shared/audit/statements.h"

#include <stdlib.h>

enum { BUCKETS_FIRST = 256 };

void xg_statements_init(struct xg_statements *s)
{
    *s = (struct xg_statements){.arena = XG_ARENA(XG_STATEMENTS_BYTES)};
}

void xg_statements_clear(struct xg_statements *s)
{
    xg_arena_clear(&s->arena);
    free(s->buckets);
    xg_statements_init(s);
}

/* FNV-1a: subjects are the registrar's. */
static size_t bucket_of(const struct xg_statements *s,
                        enum xg_statement_kind kind, const char *subject)
{
    uint64_t sum = UINT64_C(14695981039346656037) ^ (uint64_t)kind;

    for (; *subject; subject++)
        sum = (sum ^ (uint8_t)*subject) * UINT64_C(1099511628211);
    return (size_t)sum & (s->bucket_count - 1);
}

static struct xg_said **slot_of(const struct xg_statements *s,
                                enum xg_statement_kind kind,
                                const char *subject)
{
    struct xg_said **at = &s->buckets[bucket_of(s, kind, subject)];

    while (*at && ((*at)->kind != kind || strcmp((*at)->subject, subject) != 0))
        at = &(*at)->next;
    return at;
}

static bool make_room(struct xg_statements *s)
{
    size_t old = s->bucket_count;
    struct xg_said **before = s->buckets;

    if (s->subject_count < old)
        return true;
    s->bucket_count = old ? old * 2 : BUCKETS_FIRST;
    s->buckets = calloc(s->bucket_count, sizeof(struct xg_said *));
    if (!s->buckets) {
        s->buckets = before;
        s->bucket_count = old;
        return false;
    }
    for (size_t i = 0; i < old; i++)
        for (struct xg_said *at = before[i], *next; at; at = next) {
            struct xg_said **slot =
                &s->buckets[bucket_of(s, at->kind, at->subject)];
            next = at->next;
            at->next = *slot;
            *slot = at;
        }
    free(before);
    return true;
}

static bool keep(struct xg_statements *s, const struct xg_statement *says,
                 uint64_t position, struct xg_bytes line)
{
    struct xg_said *said = xg_arena_alloc(&s->arena, sizeof *said);

    if (!said || !make_room(s))
        return false;
    struct xg_said **slot = slot_of(s, says->kind, says->subject);
    *said = (struct xg_said){
        .kind = says->kind, .position = position, .line = line};
    if (*slot) {
        said->older = *slot;
        said->next = (*slot)->next;
        said->subject = (*slot)->subject;
    } else {
        said->subject =
            xg_arena_str(&s->arena, says->subject, strlen(says->subject));
        if (!said->subject)
            return false;
        s->subject_count++;
        s->devices += says->kind == XG_SAYS_DEVICE;
    }
    *slot = said;
    return true;
}

enum xg_status xg_statements_add(struct xg_statements *s, uint64_t position,
                                 struct xg_bytes lines, struct xg_error *err)
{
    struct xg_said_note *note = xg_arena_alloc(&s->arena, sizeof *note);
    const uint8_t *copy = xg_arena_copy(&s->arena, lines.at, lines.len);
    struct xg_statement says, shared;

    if (!note || (!copy && lines.len))
        return xg_fail_nomem(err);
    struct xg_bytes rest = xg_bytes(copy, lines.len), before = rest;
    *note = (struct xg_said_note){.position = position, .lines = rest};
    for (; xg_statement_next(&rest, &says); before = rest) {
        struct xg_bytes line = xg_bytes(before.at, before.len - rest.len);
        if (!keep(s, &says, position, line) ||
            (xg_statement_shared(&shared, &says) &&
             !keep(s, &shared, position, line)))
            return xg_fail_nomem(err);
    }
    if (s->last)
        s->last->next = note;
    else
        s->first = note;
    s->last = note;
    return XG_OK;
}

static void read_said(struct xg_statement *out, const struct xg_said *said)
{
    struct xg_bytes line = said->line;
    struct xg_statement read = {.kind = said->kind};

    if (xg_statement_next(&line, &read) && said->kind == XG_SAYS_SHARED) {
        struct xg_statement author = read;
        (void)xg_statement_shared(&read, &author);
    }
    *out = read;
}

bool xg_statements_find(const struct xg_statements *s,
                        enum xg_statement_kind kind, const char *subject,
                        uint64_t size, struct xg_statement *out,
                        uint64_t *position)
{
    const struct xg_said *said = NULL;

    if (s->bucket_count)
        said = *slot_of(s, kind, subject);
    while (said && said->position >= size)
        said = said->older;
    if (!said)
        return false;
    read_said(out, said);
    *position = said->position;
    return true;
}

bool xg_statements_device(const struct xg_statements *s, const char *name,
                          uint64_t size, struct xg_statement *out,
                          uint64_t *position)
{
    const struct xg_said *said = NULL;

    if (s->bucket_count)
        said = *slot_of(s, XG_SAYS_DEVICE, name);
    while (said && said->older)
        said = said->older;
    if (!said || said->position >= size)
        return false;
    read_said(out, said);
    *position = said->position;
    return true;
}

static enum xg_status find(void *ctx, enum xg_statement_kind kind,
                           const char *subject, uint64_t size,
                           struct xg_statement *out, uint64_t *position,
                           bool *found, struct xg_error *err)
{
    (void)err;
    *found = xg_statements_find(ctx, kind, subject, size, out, position);
    return XG_OK;
}

struct xg_registry xg_statements_view(struct xg_statements *s)
{
    return (struct xg_registry){.ctx = s, .find = find};
}
