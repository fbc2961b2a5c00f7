/* tracks.c - from a patrol's stored segments to GPX. */
#include "agent/cli/patrol_cli.h"

#include <string.h>

#include "agent/track/gpx.h"
#include "shared/view/route.h"

static const char document_end[] = "</gpx>\n";

enum xg_status cli_track_of(struct track *out, struct xg_arena *arena,
                            const struct xg_brief *brief, struct xg_error *err)
{
    struct view_route route;

    if (view_route_of(&route, arena, brief, err) != XG_OK)
        return err->status;
    *out = (struct track){.segments = route.segments,
                          .segment_count = route.segment_count,
                          .gaps = route.gaps,
                          .gap_count = route.gap_count,
                          .fixes = route.fixes,
                          .distance_mm = route.distance_mm};
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
