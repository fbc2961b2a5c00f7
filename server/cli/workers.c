/* workers.c - see workers.h. */
#include "server/cli/workers.h"

#include <stdlib.h>
#include <string.h>

#include "server/registry/registry.h"

enum { STATEMENTS_AT_ONCE = 2000, STATEMENTS_BYTES = 256 << 20 };

static enum xg_status take(struct workers *w, const struct xg_statement *says,
                           struct xg_error *err)
{
    if (w->count == w->room) {
        size_t room = w->room ? w->room * 2 : 64;
        struct xg_statement *more = realloc(w->list, room * sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        w->list = more;
        w->room = room;
    }
    w->list[w->count++] = *says;
    return XG_OK;
}

static enum xg_status read_all(struct workers *w, struct xg_arena *arena,
                               struct store *s, struct xg_error *err)
{
    struct store_statement *rows;
    uint64_t position = 0;
    uint32_t line = 0;
    size_t count = STATEMENTS_AT_ONCE;

    while (count == STATEMENTS_AT_ONCE) {
        if (s->ops->read_statements(s, arena, &rows, &count, position, line,
                                    STATEMENTS_AT_ONCE, err) != XG_OK)
            return err->status;
        for (size_t i = 0; i < count; i++) {
            position = rows[i].position;
            line = rows[i].line;
            if (rows[i].says.kind == XG_SAYS_WORKER &&
                strcmp(rows[i].says.subject, REGISTRY_SERVER) != 0 &&
                take(w, &rows[i].says, err) != XG_OK)
                return err->status;
        }
        xg_arena_reset(arena);
    }
    return XG_OK;
}

static int by_code(const void *a, const void *b)
{
    const struct xg_statement *const *x = a, *const *y = b;
    int order = strcmp((*x)->subject, (*y)->subject);

    /* Of one person as they lie, which is the order of the log. */
    return order ? order : *x < *y ? -1 : *x > *y;
}

/* Of each the newest. */
static enum xg_status settle(struct workers *w, struct xg_error *err)
{
    const struct xg_statement **sorted = malloc(w->count * sizeof *sorted);
    struct xg_statement *list = malloc(w->count * sizeof *list);
    bool settled = sorted && list;
    size_t kept = 0;

    if (settled) {
        for (size_t i = 0; i < w->count; i++)
            sorted[i] = &w->list[i];
        qsort(sorted, w->count, sizeof *sorted, by_code);
        for (size_t i = 0; i < w->count; i++)
            if (i + 1 == w->count ||
                strcmp(sorted[i]->subject, sorted[i + 1]->subject) != 0)
                list[kept++] = *sorted[i];
        free(w->list);
        w->list = list;
        w->room = w->count;
        w->count = kept;
        list = NULL;
    }
    free(sorted);
    free(list);
    return settled ? XG_OK : xg_fail_nomem(err);
}

enum xg_status workers_read(struct workers *out, struct store *s,
                            struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(STATEMENTS_BYTES);
    enum xg_status status = read_all(out, &arena, s, err);

    if (status == XG_OK && out->count)
        status = settle(out, err);
    xg_arena_clear(&arena);
    return status;
}

void workers_clear(struct workers *workers)
{
    free(workers->list);
    *workers = (struct workers){.list = NULL};
}
