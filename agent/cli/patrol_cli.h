/* patrol_cli.h - patrols as the commands show them, and tracks as GPX. */
#ifndef AGENT_CLI_PATROL_CLI_H
#define AGENT_CLI_PATROL_CLI_H

#include "agent/cli/cli.h"
#include "agent/record/patrol.h"

/* The open patrol, or none. */
struct cli_patrol {
    struct patrol_state state;
    char number[XG_NUMBER_SIZE];
    int64_t start_ms;
};
XG_MUST_CHECK enum xg_status
cli_patrol_look(struct cli_patrol *out, struct cli *cli, struct xg_error *err);
/* Where it stands and what to do, in a line or two; nothing for none. */
void cli_patrol_put(struct xg_buf *out, const struct cli_patrol *patrol);
json_t *cli_patrol_json(const struct cli_patrol *patrol); /* null for none */

/* HOST:PORT of gpsd? */
bool cli_gpsd_valid(const char *address);
/* --gpsd, else what the environment says in XUNGE_GPSD, else NULL. */
const char *cli_gpsd(struct cli *cli);

/* Segments and gaps of a patrol's state, in the arena. */
XG_MUST_CHECK enum xg_status cli_track_of(struct track *out,
                                          struct xg_arena *arena,
                                          const struct xg_brief *brief,
                                          struct xg_error *err);

/* The open patrol as far as its spool goes: at most some 30 s ago. */
struct cli_live {
    struct track track; /* in the arena; without the gap that is running */
    bool has_fix;
    struct xg_track_point fix; /* the last */
    int64_t age_ms;            /* how long ago that was */
    bool in_gap;               /* there is no track since gap_from_ms */
    int64_t gap_from_ms;
    enum xg_gap_cause cause;
};
XG_MUST_CHECK enum xg_status cli_patrol_live(struct cli_live *out,
                                             struct cli *cli,
                                             struct xg_arena *arena,
                                             const struct cli_patrol *patrol,
                                             struct xg_error *err);
/* "last_fix" and "gap", each null where there is none. */
void cli_live_set(json_t **object, const struct cli_live *live);
/* The running gap in words, and what to do; nothing where there is none. */
void cli_live_put(struct xg_buf *out, const struct cli_live *live);

/* One GPX document of several tracks: begin, tracks, end. */
void cli_gpx_begin(struct xg_buf *out);
void cli_gpx_track(struct xg_buf *out, const char *name,
                   const struct track *track);
void cli_gpx_end(struct xg_buf *out);

#endif
