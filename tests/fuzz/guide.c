/* guide.c - every file of reference data, as a clerk may have left it. The
 * first byte chooses the kind of file. */
#include "tests/fuzz/fuzz.h"

#include "shared/guide/boundaries.h"
#include "shared/guide/calendar_file.h"
#include "shared/guide/catalogue.h"
#include "shared/guide/duty.h"
#include "shared/guide/labels.h"
#include "shared/guide/levels.h"
#include "shared/guide/posts.h"
#include "shared/guide/templates.h"
#include "shared/guide/territory_file.h"

typedef void reader(struct xg_arena *a, struct xg_bytes file);

static void catalogue(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_catalogue c;

    if (xg_catalogue_load(&c, a, file, &err) != XG_OK)
        return;
    for (size_t i = 0; i < c.count; i++) {
        FUZZ_MUST(xg_catalogue_find(&c, xg_bytes_of(c.all[i].code)) ==
                  &c.all[i]);
        FUZZ_MUST(c.all[i].depth < XG_CATEGORY_DEPTH_MAX &&
                  c.all[i].radius_m <= XG_RADIUS_MAX_M);
    }
}

static void duties(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_duties d;

    if (xg_duties_read(&d, a, file, &err) != XG_OK)
        return;
    for (size_t i = 0; i < d.count; i++)
        FUZZ_MUST(xg_duties_find(&d, d.items[i].code));
}

static void labels(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_labels l;

    if (xg_labels_read(&l, a, file, &err) != XG_OK)
        return;
    for (size_t i = 0; i < l.count; i++)
        FUZZ_MUST(l.rows[i].sort < XG_LABEL_SORTS &&
                  (l.rows[i].number || l.rows[i].sort == XG_LABEL_BOARD ||
                   xg_labels_of(&l, l.rows[i].sort, 0)));
}

static void levels(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_levels l;

    if (xg_levels_read(&l, a, file, &err) != XG_OK)
        return;
    for (size_t i = 0; i < l.count; i++) {
        FUZZ_MUST(xg_levels_find(&l, l.rows[i].code) == &l.rows[i]);
        for (size_t u = 0; u < l.rows[i].up_count; u++)
            FUZZ_MUST(xg_levels_find(&l, l.rows[i].up[u]));
    }
}

static void posts(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_posts p;

    if (xg_posts_read(&p, a, file, &err) != XG_OK)
        return;
    for (size_t i = 0; i < p.count; i++) {
        const struct xg_post *post =
            xg_posts_find(&p, p.rows[i].code, p.rows[i].days.from);
        FUZZ_MUST(post);
        FUZZ_MUST(p.rows[i].days.from <= p.rows[i].days.to);
        xg_post_holder(post, 20261010);
    }
}

static void templates(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_templates t;

    if (xg_templates_read(&t, a, file, &err) != XG_OK)
        return;
    for (size_t i = 0; i < t.count; i++)
        for (size_t q = 0; q < t.rows[i].question_count; q++) {
            const struct xg_question *asked = &t.rows[i].questions[q];
            FUZZ_MUST(xg_template_question(&t.rows[i],
                                           xg_bytes_of(asked->key)) == asked);
            FUZZ_MUST(asked->if_question == SIZE_MAX || asked->if_question < q);
        }
}

static void territory(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_territory t, both;

    if (xg_territory_read(&t, a, file, &err) != XG_OK)
        return;
    for (size_t i = 0; i < t.count; i++) {
        FUZZ_MUST(xg_territory_find(&t, t.units[i].code) == &t.units[i]);
        FUZZ_MUST(xg_territory_distance(&t, t.units[i].code, t.units[i].code) ==
                  0);
        xg_territory_distance(&t, t.units[i].code, t.units[0].code);
    }
    if (xg_territory_merge(&both, a, &t, &t, &err) == XG_OK)
        FUZZ_MUST(both.count == t.count);
}

static void days(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_calendar_year *years;
    size_t count;

    if (xg_calendar_years_load(&years, &count, a, file, &err) == XG_OK)
        FUZZ_MUST(count >= 1 && count <= XG_CALENDAR_YEARS_MAX);
}

static void hours(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_office_hours h;

    if (xg_office_hours_load(&h, a, file, &err) == XG_OK)
        FUZZ_MUST(h.span_count >= 1);
}

static void boundaries(struct xg_arena *a, struct xg_bytes file)
{
    struct xg_error err = XG_ERROR_NONE;
    const char *const *codes;
    size_t count;

    if (xg_boundaries_read(&codes, &count, a, file, &err) != XG_OK)
        return;
    for (size_t i = 1; i < count; i++)
        FUZZ_MUST(strcmp(codes[i - 1], codes[i]) < 0);
}

/* One cell of a catalogue. */
static void limit(struct xg_arena *a, struct xg_bytes cell)
{
    const char *text = xg_arena_str(a, (const char *)cell.at, cell.len);
    struct xg_limit read, again;

    if (text && xg_limit_parse(&read, text)) {
        const char *print = xg_limit_text(a, read);
        FUZZ_MUST(print && xg_limit_parse(&again, print) &&
                  again.milli == read.milli && again.unit == read.unit);
    }
}

/* Their places are in the corpus: append only. */
static reader *const readers[] = {
    catalogue, duties, labels, levels,     posts, templates,
    territory, days,   hours,  boundaries, limit,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_arena arena = XG_ARENA(64 << 20);

    if (size >= 1 && data[0] < sizeof readers / sizeof *readers)
        readers[data[0]](&arena, xg_bytes(data + 1, size - 1));
    xg_arena_clear(&arena);
    return 0;
}
