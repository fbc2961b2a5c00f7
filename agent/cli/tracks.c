/* tracks.c - from a patrol's stored segments to GPX. */
#include "agent/cli/patrol_cli.h"

#include <string.h>

#include "agent/track_gpx.h"
#include "shared/core/cbor.h"

static const char document_end[] = "</gpx>\n";

static size_t count_of(const struct xg_brief *brief, uint64_t field)
{
    struct xg_brief_elements elements = {0};
    struct xg_cbor_item item;
    size_t n = 0;

    if (xg_brief_set(brief, field, &elements))
        while (xg_brief_element(&elements, &item))
            n++;
    return n;
}

/* In the order of time: elements stand in the order of their records. */
static void sort_segments(struct track *t)
{
    for (size_t i = 1; i < t->segment_count; i++) {
        struct track_segment one = t->segments[i];
        size_t at = i;
        for (; at > 0 && one.count && t->segments[at - 1].count &&
               t->segments[at - 1].points[0].t_ms > one.points[0].t_ms;
             at--)
            t->segments[at] = t->segments[at - 1];
        t->segments[at] = one;
    }
}

static struct xg_gap gap_of(const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item from, to, cause, evidence;
    struct xg_gap gap = {0};

    if (xg_cbor_next(&c, &from))
        xg_cbor_int(&from, &gap.from_ms);
    if (xg_cbor_next(&c, &to))
        xg_cbor_int(&to, &gap.to_ms);
    if (xg_cbor_next(&c, &cause))
        gap.cause = (enum xg_gap_cause)cause.number;
    if (xg_cbor_next(&c, &evidence))
        gap.evidence = (uint32_t)evidence.number;
    return gap;
}

enum xg_status cli_track_of(struct track *out, struct xg_arena *arena,
                            const struct xg_brief *brief, struct xg_error *err)
{
    struct track t = {0};
    struct xg_brief_elements elements = {0};
    struct xg_cbor_item item;
    size_t segments = count_of(brief, XG_PATROL_SEGMENT);
    size_t gaps = count_of(brief, XG_PATROL_GAP);

    t.segments = xg_arena_array(arena, segments + 1, sizeof *t.segments);
    t.gaps = xg_arena_array(arena, gaps + 1, sizeof *t.gaps);
    if (!t.segments || !t.gaps)
        return xg_fail_nomem(err);
    if (xg_brief_set(brief, XG_PATROL_SEGMENT, &elements))
        while (xg_brief_element(&elements, &item)) {
            struct track_segment *s = &t.segments[t.segment_count++];
            if (xg_track_unpack(&s->points, &s->count, arena, item.bytes,
                                err) != XG_OK)
                return err->status;
            t.fixes += s->count;
            t.distance_mm += xg_track_distance_mm(s->points, s->count);
        }
    elements = (struct xg_brief_elements){0};
    if (xg_brief_set(brief, XG_PATROL_GAP, &elements))
        while (xg_brief_element(&elements, &item))
            t.gaps[t.gap_count++] = gap_of(&item);
    sort_segments(&t);
    *out = t;
    return XG_OK;
}

/* A whole document of one track is what track_gpx_write() gives; several are
 * the parts between its head and its end. A name cannot hold "<trk>": it is
 * written escaped. */
static void put_part(struct xg_buf *out, const char *name,
                     const struct track *track, bool head)
{
    struct xg_buf one = XG_BUF(CLI_OUT_MAX);

    track_gpx_write(&one, name, track->segments, track->segment_count,
                    track->gaps, track->gap_count);
    const char *text = xg_buf_str(&one), *at = strstr(text, "<trk>");
    size_t len = strlen(text), end = sizeof document_end - 1;
    if (one.failed != XG_OK)
        out->failed = one.failed;
    else if (at && head)
        xg_buf_append(out, text, (size_t)(at - text));
    else if (at && len > end)
        xg_buf_append(out, at, (size_t)(text + len - end - at));
    xg_buf_clear(&one);
}

void cli_gpx_begin(struct xg_buf *out)
{
    const struct track none = {0};

    put_part(out, "", &none, true);
}

void cli_gpx_track(struct xg_buf *out, const char *name,
                   const struct track *track)
{
    put_part(out, name, track, false);
}

void cli_gpx_end(struct xg_buf *out)
{
    xg_buf_text(out, document_end);
}
