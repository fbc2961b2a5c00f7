/* sim_agent.h - the device's side alone; includes the agent's headers. */
#ifndef XG_TESTS_SIM_AGENT_H
#define XG_TESTS_SIM_AGENT_H

#include "agent/engine/engine.h"
#include "agent/home/guide.h"
#include "agent/home/home.h"
#include "agent/record/capture.h"
#include "agent/store/fold.h"
#include "tests/sim/sim.h"

/* One act of a person, in an open home. */
void sim_capture(struct sim_device *d, struct home *home);
/* One that is begun and never comes to its commit; the home is closed. */
void sim_capture_abandoned(struct sim_device *d, struct home *home);

/* True when it went well. Only for lack of space on a disk that is full may it
 * have failed; anything else ends the run. */
XG_MUST_CHECK bool sim_allowed(struct sim_device *d, const char *what,
                               enum xg_status status,
                               const struct xg_error *err);

/* False: no space. Either way it is fit for home_close(). */
XG_MUST_CHECK bool sim_home_open(struct sim_device *d, struct home *home);
/* The device's entities, newest first: up to `max` ids. */
struct sim_ids {
    size_t count, max;
    struct xg_id *ids;
};
/* What each row says of conflicts is what its records make of it. */
void sim_judge_rows(struct sim_device *d, struct home *home);
/* After a sync that went through: some rows against their records, and some
 * states against the server's, where both hold the same records of them. */
void sim_judge_step(struct sim_device *d, struct home *home);
void sim_list(struct sim_device *d, struct home *home, struct sim_ids *out,
              bool conflicts);

#endif
