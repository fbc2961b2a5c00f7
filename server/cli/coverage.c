/* coverage.c - `coverage`: of each unit, what was walked and visited in a
 * period.
 *
 *      patrols             that touch the period
 *      workers             who made them
 *      distance            of them, between trusted fixes
 *      subjects            on the lists of the unit now (key persons, places,
 *                          matters), released ones not
 *      visited             of those, how many had a visit in the period
 *      places visited      different places that visits name
 *      households visited  of those, places of visits to nobody on a list
 *      households          not known to the server: null
 *
 * A unit's line has what is at home in it alone, not below. */
#include <stdlib.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/print.h"
#include "server/report/each.h"
#include "server/report/report.h"
#include "server/report/walks.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { COVER_BYTES = 1 << 30, UNIT_COLUMNS = 36 };

struct unit {
    char code[XG_CODE_MAX + 1];
    uint64_t patrols, workers, subjects, visited, places, households;
    int64_t distance_mm;
};

struct job {
    struct look look;
    struct area area;
    struct xg_arena arena;
    struct report_walks walks;
    struct xg_id *visited; /* subjects, ascending */
    size_t visited_count;
    struct unit *units; /* by code */
    size_t count, room;
};

/* ---- units, each once ---- */

static enum xg_status unit_of(struct unit **out, struct job *j,
                              const char *code, struct xg_error *err)
{
    size_t low = 0, high = j->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(j->units[middle].code, code);
        if (order == 0) {
            *out = &j->units[middle];
            return XG_OK;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    void *list = j->units;
    if (report_room(&list, &j->room, j->count, sizeof *j->units, err) != XG_OK)
        return err->status;
    j->units = list;
    memmove(&j->units[low + 1], &j->units[low],
            (j->count - low) * sizeof *j->units);
    j->count++;
    j->units[low] = (struct unit){.code = ""};
    memcpy(j->units[low].code, code, strlen(code) + 1);
    *out = &j->units[low];
    return XG_OK;
}

/* ---- patrols ---- */

static int by_worker(const void *x, const void *y)
{
    const struct report_walk *a = x, *b = y;
    int order = strcmp(a->unit, b->unit);

    return order ? order : strcmp(a->worker, b->worker);
}

static enum xg_status count_walks(struct job *j, struct xg_error *err)
{
    struct report_walk *w = j->walks.walks;
    struct unit *u;

    if (j->walks.walk_count)
        qsort(w, j->walks.walk_count, sizeof *w, by_worker);
    for (size_t i = 0; i < j->walks.walk_count; i++) {
        if (unit_of(&u, j, w[i].unit, err) != XG_OK)
            return err->status;
        u->patrols++;
        u->workers += i == 0 || by_worker(&w[i - 1], &w[i]) != 0;
        u->distance_mm += w[i].distance_mm;
    }
    return XG_OK;
}

/* ---- visits ---- */

static int by_place(const void *x, const void *y)
{
    const struct report_visit *a = x, *b = y;
    int order = strcmp(a->unit, b->unit);

    if (order)
        return order;
    order = xg_bytes_compare(a->place, b->place);
    return order ? order : b->has_subject - a->has_subject;
}

/* Those of one place stand together, those to a subject first. */
static enum xg_status count_places(struct job *j, struct xg_error *err)
{
    struct report_visit *v = j->walks.visits;
    struct unit *u;

    if (j->walks.visit_count)
        qsort(v, j->walks.visit_count, sizeof *v, by_place);
    for (size_t i = 0; i < j->walks.visit_count; i++) {
        bool same = i && strcmp(v[i - 1].unit, v[i].unit) == 0 &&
                    xg_bytes_equal(v[i - 1].place, v[i].place);
        if (same || v[i].place.len == 0)
            continue;
        if (unit_of(&u, j, v[i].unit, err) != XG_OK)
            return err->status;
        u->places++;
        u->households += !v[i].has_subject;
    }
    return XG_OK;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, XG_ID_SIZE);
}

/* The subjects that were visited, to be found. */
static enum xg_status list_visited(struct job *j, struct xg_error *err)
{
    j->visited =
        xg_arena_array(&j->arena, j->walks.visit_count + 1, sizeof *j->visited);
    if (!j->visited)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < j->walks.visit_count; i++)
        if (j->walks.visits[i].has_subject)
            j->visited[j->visited_count++] = j->walks.visits[i].subject;
    if (j->visited_count)
        qsort(j->visited, j->visited_count, sizeof *j->visited, by_id);
    return XG_OK;
}

static bool was_visited(const struct job *j, const struct xg_id *subject)
{
    return j->visited_count && bsearch(subject, j->visited, j->visited_count,
                                       sizeof *j->visited, by_id);
}

/* ---- subjects ---- */

static bool is_listed(const struct store_entity *e)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_cbor_item released;
    struct xg_brief brief;

    if (!e->folded || e->withdrawn ||
        xg_brief_read(&brief, e->state, &ignored) != XG_OK)
        return false;
    return !xg_brief_value(&brief, XG_SUBJECT_RELEASED, &released) ||
           released.type != XG_CBOR_BOOL || !released.number;
}

static enum xg_status count_subject(void *ctx, const struct store_entity *e,
                                    struct xg_error *err)
{
    struct job *j = ctx;
    struct unit *u;
    bool within = false;

    if (!is_listed(e))
        return XG_OK;
    if (area_has(&j->area, &within, e->unit, err) != XG_OK)
        return err->status;
    if (!within)
        return XG_OK;
    if (unit_of(&u, j, e->unit, err) != XG_OK)
        return err->status;
    u->subjects++;
    u->visited += was_visited(j, &e->id);
    return XG_OK;
}

/* ---- out ---- */

static enum xg_status put_unit(struct job *j, const struct unit *u,
                               struct xg_error *err)
{
    struct xg_buf *out = &j->look.c->out;
    const char *name = area_unit_name(&j->area, u->code);

    if (j->look.c->json)
        return cmd_put_json(
            j->look.c,
            json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:n}",
                      "unit", u->code, "name", name, "patrols",
                      (json_int_t)u->patrols, "workers", (json_int_t)u->workers,
                      "distance_m", (json_int_t)(u->distance_mm / 1000),
                      "subjects", (json_int_t)u->subjects, "visited",
                      (json_int_t)u->visited, "places_visited",
                      (json_int_t)u->places, "households_visited",
                      (json_int_t)u->households, "households"),
            err);
    size_t start = out->len;
    view_put_line(out, xg_bytes_of(u->code));
    xg_buf_byte(out, ' ');
    view_put_line(out, xg_bytes_of(name));
    view_pad(out, start, UNIT_COLUMNS);
    xg_buf_format(
        out, XG_T(" 巡查 %llu 次 %llu 人 ", " %llu patrols by %llu, "),
        (unsigned long long)u->patrols, (unsigned long long)u->workers);
    view_put_decimal(out, u->distance_mm / 1000, 3);
    xg_buf_format(out,
                  XG_T(" 公里；重点对象 %llu/%llu；地点 %llu\n",
                       " km; subjects %llu/%llu; places %llu\n"),
                  (unsigned long long)u->visited,
                  (unsigned long long)u->subjects,
                  (unsigned long long)u->places);
    return XG_OK;
}

/* --from and --to, days both counted; else today. */
static enum xg_status read_period(struct report_walks_asked *asked,
                                  struct job *j, struct xg_error *err)
{
    const char *from = cmd_option(j->look.c, "from");
    const char *to = cmd_option(j->look.c, "to");

    if (area_day(&asked->to_ms, to, &j->look, err) != XG_OK ||
        area_day(&asked->from_ms, from ? from : to, &j->look, err) != XG_OK)
        return err->status;
    asked->to_ms += REPORT_DAY_MS;
    if (asked->from_ms >= asked->to_ms)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("期间是空的：--from 在 --to 之后",
                            "the period is empty: --from is after --to"));
    return XG_OK;
}

static enum xg_status collect(struct job *j, struct xg_error *err)
{
    struct report_walks_asked asked = {
        .visits = true, .ctx = &j->area, .within = area_has};

    if (read_period(&asked, j, err) != XG_OK ||
        report_walks_read(&j->walks, &j->arena, j->look.store, &asked, err) !=
            XG_OK ||
        count_walks(j, err) != XG_OK || count_places(j, err) != XG_OK ||
        list_visited(j, err) != XG_OK)
        return err->status;
    return report_each(j->look.store,
                       (struct store_filter){.kind = XG_KIND_SUBJECT}, j,
                       count_subject, err);
}

enum xg_status cmd_coverage(struct cmd *c, struct xg_error *err)
{
    struct job j = {.arena = XG_ARENA(COVER_BYTES)};
    enum xg_status status = look_open(&j.look, c, err);

    if (status == XG_OK)
        status = area_open(&j.area, &j.look, err);
    if (status == XG_OK)
        status = collect(&j, err);
    for (size_t i = 0; status == XG_OK && i < j.count; i++)
        status = put_unit(&j, &j.units[i], err);
    free(j.units);
    look_close(&j.look);
    xg_arena_clear(&j.arena);
    return status;
}
