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
 *      households          that there are, as the territory says; null where
 *                          it does not
 *      households units    of how many units it says so, and of how many it
 *                          could: those of the levels of which it does at all
 *
 * A unit's line has what is at home in it alone, not below; with --below all
 * that is below it, too, workers counted once (a place that was visited for two
 * of them counts in each), and every unit above has one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/print.h"
#include "server/report/report.h"
#include "server/report/each.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { COVER_BYTES = 1 << 30, UNIT_COLUMNS = 36, LEVELS_MAX = 100 };

struct unit {
    char code[XG_CODE_MAX + 1];
    uint64_t patrols, workers, subjects, visited, places, households;
    uint64_t there, told, tellable; /* households, of so many units, of so many */
    int64_t distance_mm;
};

/* Somebody walked for a unit. */
struct walker {
    char unit[XG_CODE_MAX + 1], worker[XG_CODE_MAX + 1];
};

struct job {
    struct board_reader *board;
    struct look look;
    struct area area;
    struct xg_arena arena;
    int64_t from_ms, to_ms;
    bool below;
    const struct xg_territory *territory;
    struct unit *units; /* by code */
    size_t count, room;
    struct unit one;       /* what was done for it is added up */
    struct unit *unit;     /* at work on it */
    struct xg_buf walkers; /* struct walker */
    struct xg_buf places;  /* of that unit: uint64_t */
    struct xg_buf visited; /* struct xg_id */
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

static int by_unit(const void *x, const void *y)
{
    const struct walker *a = x, *b = y;
    int order = strcmp(a->unit, b->unit);

    return order ? order : strcmp(a->worker, b->worker);
}

static enum xg_status add_walker(struct job *j, const char *worker,
                                 uint64_t patrols, int64_t distance_mm,
                                 struct xg_error *err)
{
    struct walker w = {.unit = ""};

    if (!patrols || strlen(worker) > XG_CODE_MAX)
        return XG_OK;
    memcpy(w.unit, j->unit->code, sizeof w.unit);
    memcpy(w.worker, worker, strlen(worker) + 1);
    j->unit->patrols += patrols;
    j->unit->distance_mm += distance_mm;
    xg_buf_append(&j->walkers, &w, sizeof w);
    return xg_buf_check(&j->walkers, err);
}

/* Those that began before the period and go into it; the days have the rest. */
static enum xg_status add_earlier(struct job *j, struct xg_error *err)
{
    struct report_walk *walks;
    size_t count;

    if (board_walks(j->board, &j->arena, &walks, &count, j->from_ms,
                    j->from_ms, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        bool within = false;
        if (area_has(&j->area, &within, walks[i].unit, err) != XG_OK)
            return err->status;
        if (within &&
            (unit_of(&j->unit, j, walks[i].unit, err) != XG_OK ||
             add_walker(j, walks[i].worker, 1, walks[i].distance_mm, err) !=
                 XG_OK))
            return err->status;
    }
    return XG_OK;
}

/* Is it asked for? The registry knows the units that people work in, the
 * territory all. */
static enum xg_status is_asked(bool *is, struct job *j, const char *unit,
                               struct xg_error *err)
{
    if (area_has(&j->area, is, unit, err) != XG_OK)
        return err->status;
    *is = *is ||
          xg_territory_distance(j->territory, unit, j->area.unit) >= 0;
    return XG_OK;
}

/* The unit above, as far as it is asked for; "": none. `above` may be `unit`. */
static enum xg_status find_above(char above[static XG_CODE_MAX + 1],
                                 struct job *j, const char *unit,
                                 struct xg_error *err)
{
    const struct xg_registry *r = &j->look.registry;
    const struct xg_unit *known = xg_territory_find(j->territory, unit);
    struct xg_statement says;
    uint64_t position;
    bool found, within = false;

    if (r->find(r->ctx, XG_SAYS_UNIT, unit, INT64_MAX, &says, &position, &found,
                err) != XG_OK)
        return err->status;
    const char *next = found ? says.unit : known ? known->parent : "";
    if (*next && is_asked(&within, j, next, err) != XG_OK)
        return err->status;
    snprintf(above, XG_CODE_MAX + 1, "%s", within ? next : "");
    return XG_OK;
}

/* Who walks for a unit walks for those above it. */
static enum xg_status walk_above(struct job *j, struct xg_error *err)
{
    size_t count = j->walkers.len / sizeof(struct walker);

    for (size_t i = 0; i < count; i++) {
        struct walker w;
        memcpy(&w, j->walkers.data + i * sizeof w, sizeof w);
        for (int depth = 0; depth < XG_UNIT_DEPTH_MAX && *w.unit; depth++) {
            if (find_above(w.unit, j, w.unit, err) != XG_OK)
                return err->status;
            if (*w.unit)
                xg_buf_append(&j->walkers, &w, sizeof w);
        }
    }
    return xg_buf_check(&j->walkers, err);
}

static enum xg_status count_workers(struct job *j, struct xg_error *err)
{
    if (j->below && walk_above(j, err) != XG_OK)
        return err->status;
    struct walker *w = (void *)j->walkers.data;
    size_t count = j->walkers.len / sizeof *w;

    if (count)
        qsort(w, count, sizeof *w, by_unit);
    for (size_t i = 0; i < count; i++) {
        if (i && by_unit(&w[i - 1], &w[i]) == 0)
            continue;
        if (unit_of(&j->unit, j, w[i].unit, err) != XG_OK)
            return err->status;
        j->unit->workers++;
    }
    return XG_OK;
}

/* ---- visits ---- */

static int by_place(const void *x, const void *y)
{
    uint64_t a, b;

    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    return a < b ? -1 : a > b;
}

static uint64_t place_at(const struct job *j, size_t i)
{
    uint64_t place;

    memcpy(&place, j->places.data + i * sizeof place, sizeof place);
    return place;
}

/* The last of a place says whether one of its visits was to a subject. */
static void count_places(struct job *j)
{
    size_t count = j->places.len / sizeof(uint64_t);

    if (count)
        qsort(j->places.data, count, sizeof(uint64_t), by_place);
    for (size_t i = 0; i < count; i++) {
        uint64_t place = place_at(j, i);
        if (i + 1 < count && place_at(j, i + 1) >> 1 == place >> 1)
            continue;
        j->unit->places++;
        j->unit->households += !(place & 1);
    }
}

static enum xg_status add_day(void *ctx, const struct board_cover *c,
                              struct xg_error *err)
{
    struct job *j = ctx;

    for (size_t i = 0; i < c->places.len / BOARD_PLACE_SIZE; i++) {
        uint64_t place = board_cover_place(c, i);
        xg_buf_append(&j->places, &place, sizeof place);
    }
    xg_buf_append(&j->visited, c->subjects.at, c->subjects.len);
    if (xg_buf_check(&j->places, err) != XG_OK ||
        xg_buf_check(&j->visited, err) != XG_OK)
        return err->status;
    return add_walker(j, c->worker, c->patrols, c->distance_mm, err);
}

/* What was done for one unit in the period; none, and it has no line. */
static enum xg_status add_unit(struct job *j, const char *code,
                               struct xg_error *err)
{
    struct unit *found = &j->one;
    int64_t from_day, to_day;

    if (!board_day_of(&from_day, j->from_ms) ||
        !board_day_of(&to_day, j->to_ms - 1))
        return XG_OK;
    *found = (struct unit){.code = ""};
    memcpy(found->code, code, strlen(code) + 1);
    j->unit = found;
    xg_buf_reset(&j->places);
    if (board_cover(j->board, code, from_day, to_day, j, add_day, err) != XG_OK)
        return err->status;
    count_places(j);
    if (!found->patrols && !found->places)
        return XG_OK;
    if (unit_of(&j->unit, j, code, err) != XG_OK)
        return err->status;
    j->unit->patrols += found->patrols;
    j->unit->distance_mm += found->distance_mm;
    j->unit->places = found->places;
    j->unit->households = found->households;
    return XG_OK;
}

static enum xg_status add_units(struct job *j, struct xg_error *err)
{
    char unit[XG_CODE_MAX + 1] = "";
    bool found = true, within;

    while (found) {
        if (board_covered(j->board, unit, &found, err) != XG_OK ||
            (found && area_has(&j->area, &within, unit, err) != XG_OK) ||
            (found && within && add_unit(j, unit, err) != XG_OK))
            return err->status;
    }
    return XG_OK;
}

/* ---- subjects ---- */

static enum xg_status add_listed(void *ctx, const char *code, uint64_t count,
                                 struct xg_error *err)
{
    struct job *j = ctx;
    struct unit *u;
    bool within = false;

    if (strlen(code) > XG_CODE_MAX)
        return XG_OK;
    if (area_has(&j->area, &within, code, err) != XG_OK)
        return err->status;
    if (!within)
        return XG_OK;
    if (unit_of(&u, j, code, err) != XG_OK)
        return err->status;
    u->subjects += count;
    return XG_OK;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, XG_ID_SIZE);
}

/* Of those on the lists, who was visited; at home in what is asked for. */
static enum xg_status count_visited(struct job *j, struct xg_error *err)
{
    const struct xg_id *ids = (void *)j->visited.data;
    size_t count = j->visited.len / sizeof *ids;
    char home[XG_CODE_MAX + 1] = "";

    if (count)
        qsort(j->visited.data, count, sizeof *ids, by_id);
    for (size_t i = 0; i < count; i++) {
        bool found = false, within = false;
        if (i && by_id(&ids[i - 1], &ids[i]) == 0)
            continue;
        if (board_find_listed(j->board, home, &found, &ids[i], err) != XG_OK ||
            (found && area_has(&j->area, &within, home, err) != XG_OK))
            return err->status;
        if (!within)
            continue;
        if (unit_of(&j->unit, j, home, err) != XG_OK)
            return err->status;
        j->unit->visited++;
    }
    return XG_OK;
}

/* ---- households ---- */

/* The levels of which the territory says how many there are. */
struct told_levels {
    const char *codes[LEVELS_MAX];
    size_t count;
};

static bool is_told(const struct told_levels *l, const char *level)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->codes[i], level) == 0)
            return true;
    return false;
}

static struct told_levels told_levels_of(const struct xg_territory *t)
{
    struct told_levels l = {.count = 0};

    for (size_t i = 0; i < t->count && l.count < LEVELS_MAX; i++)
        if (t->units[i].has_households && !is_told(&l, t->units[i].level))
            l.codes[l.count++] = t->units[i].level;
    return l;
}

static enum xg_status add_households(struct job *j, struct xg_error *err)
{
    const struct xg_territory *t = j->territory;
    const struct told_levels levels = told_levels_of(t);
    for (size_t i = 0; levels.count && i < t->count; i++) {
        const struct xg_unit *of = &t->units[i];
        struct unit *u;
        bool within = false;
        if (!of->has_households && !(j->below && is_told(&levels, of->level)))
            continue;
        if (is_asked(&within, j, of->code, err) != XG_OK)
            return err->status;
        if (!within)
            continue;
        if (unit_of(&u, j, of->code, err) != XG_OK)
            return err->status;
        u->there += of->households;
        u->told += of->has_households;
        u->tellable++;
    }
    return XG_OK;
}

/* ---- with those below ---- */

static void add_to(struct unit *to, const struct unit *u)
{
    to->patrols += u->patrols;
    to->distance_mm += u->distance_mm;
    to->subjects += u->subjects;
    to->visited += u->visited;
    to->places += u->places;
    to->households += u->households;
    to->there += u->there;
    to->told += u->told;
    to->tellable += u->tellable;
}

/* Each to all that stand above it; workers are counted by count_workers(). */
static enum xg_status add_up(struct job *j, struct xg_error *err)
{
    const size_t count = j->count;
    struct unit *alone = xg_arena_array(&j->arena, count + 1, sizeof *alone);

    if (!alone)
        return xg_fail_nomem(err);
    if (count)
        memcpy(alone, j->units, count * sizeof *alone);
    for (size_t i = 0; i < count; i++) {
        char above[XG_CODE_MAX + 1];
        memcpy(above, alone[i].code, sizeof above);
        for (int depth = 0; depth < XG_UNIT_DEPTH_MAX && *above; depth++) {
            struct unit *to;
            if (find_above(above, j, above, err) != XG_OK ||
                (*above && unit_of(&to, j, above, err) != XG_OK))
                return err->status;
            if (*above)
                add_to(to, &alone[i]);
        }
    }
    return XG_OK;
}

/* ---- out ---- */

static json_t *households_json(const struct unit *u)
{
    return u->told ? json_pack("{s:I, s:I}", "told", (json_int_t)u->told, "of",
                               (json_int_t)u->tellable)
                   : json_null();
}

static void put_households(struct xg_buf *out, const struct unit *u)
{
    xg_buf_format(out, XG_T("；入户 %" PRIu64, "; households %" PRIu64),
                  u->households);
    if (u->told)
        xg_buf_format(out, "/%" PRIu64, u->there);
    if (u->told && u->told < u->tellable)
        xg_buf_format(out,
                      XG_T("（%" PRIu64 " 个单位只有 %" PRIu64 " 个有户数）",
                           " (of %" PRIu64 " units, %" PRIu64
                           " say how many)"),
                      u->tellable, u->told);
}

static enum xg_status put_unit(struct job *j, const struct unit *u,
                               struct xg_error *err)
{
    struct xg_buf *out = &j->look.c->out;
    const char *name = area_unit_name(&j->area, u->code);

    if (j->look.c->json)
        return cmd_put_json(
            j->look.c,
            json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
                      "unit", u->code, "name", name, "patrols",
                      (json_int_t)u->patrols, "workers", (json_int_t)u->workers,
                      "distance_m", (json_int_t)(u->distance_mm / 1000),
                      "subjects", (json_int_t)u->subjects, "visited",
                      (json_int_t)u->visited, "places_visited",
                      (json_int_t)u->places, "households_visited",
                      (json_int_t)u->households, "households",
                      u->told ? json_integer((json_int_t)u->there)
                              : json_null(),
                      "households_units", households_json(u)),
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
                  XG_T(" 公里；重点对象 %llu/%llu；地点 %llu",
                       " km; subjects %llu/%llu; places %llu"),
                  (unsigned long long)u->visited,
                  (unsigned long long)u->subjects,
                  (unsigned long long)u->places);
    put_households(out, u);
    xg_buf_byte(out, '\n');
    return XG_OK;
}

/* --from and --to, days both counted; else today. */
static enum xg_status read_period(struct job *j, struct xg_error *err)
{
    const char *from = cmd_option(j->look.c, "from");
    const char *to = cmd_option(j->look.c, "to");

    if (area_day(&j->to_ms, to, &j->look, err) != XG_OK ||
        area_day(&j->from_ms, from ? from : to, &j->look, err) != XG_OK)
        return err->status;
    j->to_ms += REPORT_DAY_MS;
    if (j->from_ms >= j->to_ms)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("期间是空的：--from 在 --to 之后",
                            "the period is empty: --from is after --to"));
    return XG_OK;
}

static enum xg_status collect(struct job *j, struct xg_error *err)
{
    if (look_guide(&j->look, err) != XG_OK ||
        xg_guide_territory(j->look.guide, &j->territory, err) != XG_OK ||
        read_period(j, err) != XG_OK || add_earlier(j, err) != XG_OK ||
        add_units(j, err) != XG_OK || count_workers(j, err) != XG_OK ||
        board_listed(j->board, j, add_listed, err) != XG_OK ||
        count_visited(j, err) != XG_OK || add_households(j, err) != XG_OK)
        return err->status;
    return j->below ? add_up(j, err) : XG_OK;
}

enum xg_status cmd_coverage(struct cmd *c, struct xg_error *err)
{
    struct job j = {.arena = XG_ARENA(COVER_BYTES),
                    .below = cmd_option(c, "below") != NULL,
                    .walkers = XG_BUF(COVER_BYTES),
                    .places = XG_BUF(COVER_BYTES),
                    .visited = XG_BUF(COVER_BYTES)};
    enum xg_status status = area_board(&j.board, c, err);

    if (status == XG_OK)
        status = look_open(&j.look, c, err);
    if (status == XG_OK)
        status = area_open(&j.area, &j.look, err);
    if (status == XG_OK)
        status = collect(&j, err);
    for (size_t i = 0; status == XG_OK && i < j.count; i++)
        status = put_unit(&j, &j.units[i], err);
    free(j.units);
    if (j.look.c)
        look_close(&j.look);
    board_end(c->data->board, j.board);
    xg_buf_clear(&j.walkers);
    xg_buf_clear(&j.places);
    xg_buf_clear(&j.visited);
    xg_arena_clear(&j.arena);
    return status;
}
