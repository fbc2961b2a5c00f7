/* sim.h - hundreds of devices and a server in one process, in virtual time.
 *
 *      sim.c            the program: flags, the storm, healing, the verdict
 *      sim_script.c     what happens, as a list (sim_script.h)
 *      sim_shrink.c     the smallest list that fails in the same way
 *      sim_world.c      randomness, time, the digest, what a failure prints
 *      sim_server.c     the server: the real API over a store that can fail
 *      sim_device.c     a device: its home, its clock, its sessions
 *      sim_disk.c       its disk: full, torn, cut
 *      sim_handover.c   from one device to another
 *      sim_capture.c    what a person records on it
 *      sim_signature.c  no signature is computed twice
 *      sim_net.c        the network between them
 *      sim_log.c        what is in the server in the end, by hash
 *      sim_verdict.c    what must hold in the end
 *
 * Agent and server have headers of the same names for different things, so no
 * file includes both sides: they meet in this one, which knows only the core.
 *
 * Nothing here reads a clock or an address: everything follows from the script,
 * which follows from the seed. The first thing that does not hold ends the run
 * with seed and step.
 */
#ifndef XG_TESTS_SIM_H
#define XG_TESTS_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/engine/transport.h"
#include "shared/base/env.h"
#include "shared/core/deadline.h"
#include "shared/core/protocol.h"
#include "shared/core/tlog.h"
#include "tests/sim/sim_script.h"

#define SIM_ORIGIN "sim.example"

enum {
    SIM_PATH = 256,
    SIM_NESTING = 2, /* sessions begun while another one waits */
    SIM_UNITS_MAX = 160,
    SIM_EFFECT_UNKNOWN = 255,
};

/* ---- randomness: splitmix64, one stream for each actor ---- */

struct sim_rng {
    uint64_t state;
};

struct sim_rng sim_rng(uint64_t seed, uint64_t stream);
uint64_t sim_next(struct sim_rng *rng);
uint64_t sim_below(struct sim_rng *rng, uint64_t bound);
bool sim_chance(struct sim_rng *rng, unsigned permille);
void sim_fill(struct sim_rng *rng, void *out, size_t len);

/* ---- the world ---- */

struct sim_options {
    const struct sim_script *script; /* borrowed */
    const char *dir; /* where homes and the server's files lie */
    bool verbose;
    int verdict_fd; /* gets a struct sim_verdict when the run is over */
};

enum { SIM_SIGNATURE = 240 };

/* How a run ended; written in one piece. */
struct sim_verdict {
    bool holds;
    uint64_t step;                 /* where it failed */
    char signature[SIM_SIGNATURE]; /* what failed, without names and numbers */
    struct xg_hash digest;
    uint64_t device_hours;
};

/* One line a counter: name, label. */
#define SIM_COUNTERS(X)                                                        \
    X(SIM_SESSIONS, "sessions")                                                \
    X(SIM_SYNCS, "syncs")                                                      \
    X(SIM_SYNCS_DONE, "syncs that went through")                               \
    X(SIM_SAVED, "records saved")                                              \
    X(SIM_EDITS, "of those, changes")                                          \
    X(SIM_FOREIGN, "of those, to what others recorded")                        \
    X(SIM_DECISIONS, "of those, decided conflicts")                            \
    X(SIM_WITHDRAWN, "of those, withdrawals")                                  \
    X(SIM_MOVES, "of those, settled on the spot")                              \
    X(SIM_OPERATOR, "records of the operator")                                 \
    X(SIM_REQUESTS, "requests")                                                \
    X(SIM_RECEIPTS, "receipts verified on arrival")                            \
    X(SIM_F_NEVER, "fault: never delivered")                                   \
    X(SIM_F_LOST, "fault: delivered, answer lost")                             \
    X(SIM_F_CUT, "fault: answer cut, noticed")                                 \
    X(SIM_F_SHORT, "fault: answer cut, passed as whole")                       \
    X(SIM_F_FLIPPED, "fault: a bit of an answer flipped")                      \
    X(SIM_F_DELAYED, "fault: delivered later")                                 \
    X(SIM_F_TWICE, "fault: delivered twice")                                   \
    X(SIM_F_STALE, "fault: an older answer again")                             \
    X(SIM_F_PORTAL, "fault: captive portal")                                   \
    X(SIM_F_BUSY, "fault: 503 with Retry-After")                               \
    X(SIM_F_STORE, "fault: store failed once")                                 \
    X(SIM_F_SERVER, "fault: server died in a call")                            \
    X(SIM_F_RESTART, "fault: server restarted")                                \
    X(SIM_F_DEVICE, "fault: device died while syncing")                        \
    X(SIM_F_POWER, "fault: device died in a write, with losses")              \
    X(SIM_F_UNDONE, "unsynced pieces lost by that, whole")                     \
    X(SIM_F_TORN, "of those, torn by sector")                                  \
    X(SIM_F_FULL, "fault: disk was full")                                      \
    X(SIM_F_REFUSED, "acts and syncs that it refused")                         \
    X(SIM_F_ABANDONED, "fault: device died before a commit")                   \
    X(SIM_F_CLOCK, "fault: clock jumped")                                      \
    X(SIM_F_CLONED, "fault: device cloned")                                    \
    X(SIM_F_RESTORED, "fault: device put back to an old copy")                 \
    X(SIM_F_LOSTWORK, "records lost by that")                                  \
    X(SIM_F_MOVED, "workers moved to another grid")                            \
    X(SIM_F_REVOKED, "devices revoked")                                        \
    X(SIM_GIVEN, "handovers written")                                          \
    X(SIM_TAKEN, "handovers accepted")                                         \
    X(SIM_NEW_CHAINS, "new chains begun")

enum sim_counter {
#define X(name, label) name,
    SIM_COUNTERS(X)
#undef X
        SIM_COUNTER_COUNT
};

struct sim_server;
struct sim_device;
struct sim_digest;

/* What was in one home came into another: a handover, a copy. */
struct sim_passed {
    unsigned from, to;
};

/* A checkpoint that some device verified. */
struct sim_seen {
    uint64_t size;
    struct xg_hash root;
};

/* A request that travels on although its sender gave up on it. */
struct sim_letter {
    int64_t due_ms;
    char method[8], path[512], bearer[XG_BASE64_SIZE(XG_TOKEN_SIZE)];
    bool states_size;
    uint64_t size;
    uint8_t *body;
    size_t body_len;
};

enum { SIM_LETTERS_MAX = 64, SIM_CHECKPOINTS_MAX = 1 << 20 };

struct sim_world {
    struct sim_options options;
    const struct sim_script *script;
    struct sim_rng rng; /* of the fates, not of any actor; anew each event */
    unsigned calm;      /* what does not befall in this event */
    int64_t start_ms, now_ms; /* the true time */
    uint64_t step;
    const char *act; /* what is being done, for a failure */
    unsigned depth;  /* of sessions within sessions */
    bool healed;
    struct sim_server *server;
    size_t device_count, device_room;
    struct sim_device **devices;
    struct sim_device **slots; /* the same by their slots, or NULL */
    struct sim_letter letters[SIM_LETTERS_MAX];
    size_t letter_count;
    size_t passed_count, passed_room;
    struct sim_passed *passed;
    size_t seen_count, seen_room;
    struct sim_seen *seen;
    size_t must_count,
        must_room;        /* records whose device forgot them, but the */
    struct xg_hash *must; /* server held them already */
    uint64_t counters[SIM_COUNTER_COUNT];
    struct sim_digest *digest;
};

void sim_world_init(struct sim_world *w, const struct sim_options *options);
void sim_world_clear(struct sim_world *w);

/* Print seed, step and what is wrong, and end the run. The format is what tells
 * one failure from another. */
XG_PRINTF(2, 3)
_Noreturn void sim_fail(struct sim_world *w, const char *format, ...);
/* The same for a call that failed. */
_Noreturn void sim_refused(struct sim_world *w, const char *call,
                           const struct xg_error *err);
/* Fail with the error's text unless the call succeeded. */
#define sim_ok(w, call)                                                        \
    do {                                                                       \
        if ((call) != XG_OK)                                                   \
            sim_refused((w), #call, &err);                                     \
    } while (0)
/* A folder, and the folders in it. */
void sim_remove(const char *dir);
/* With --verbose. */
XG_PRINTF(2, 3)
void sim_say(const struct sim_world *w, const char *format, ...);

void sim_count(struct sim_world *w, enum sim_counter counter);

/* What happened goes into one hash: two runs of a seed must agree on it. */
void sim_note(struct sim_world *w, const char *what, uint64_t number,
              const struct xg_hash *hash);
void sim_digest_take(struct sim_world *w, struct xg_hash *out);

void sim_passed(struct sim_world *w, const struct sim_device *from,
                const struct sim_device *to);

/* A device verified this checkpoint. */
void sim_saw(struct sim_world *w, uint64_t size, const struct xg_hash *root);

/* Zeroed. Ends the program without memory. */
void *sim_alloc(size_t size);
/* Growing arrays: room for one more. */
void *sim_grow(void *array, size_t count, size_t *room, size_t size);

/* The effect that an encoded state gives a record: enum xg_effect. */
unsigned sim_effect(struct xg_bytes state, const struct xg_hash *record);

/* ---- units: district > streets > communities > grids ---- */

size_t sim_unit_count(void);
const char *sim_unit(size_t i);
/* Is it below `top`, or the same? By the codes. */
bool sim_unit_below(const char *unit, const char *top);
/* One that lies below; for a grid itself. */
const char *sim_unit_pick(struct sim_rng *rng, const char *top);
/* A grid of as many as `devices` fill, so that people meet. */
const char *sim_grid_pick(struct sim_rng *rng, unsigned devices);

/* ---- the server ---- */

struct sim_server *sim_server_new(struct sim_world *w);
void sim_server_free(struct sim_server *s);
/* Serve one request. False: the server died of it, and no answer came. */
bool sim_server_serve(struct sim_server *s, const struct transport_request *r,
                      struct transport_answer *answer);
void sim_server_restart(struct sim_server *s);
/* What befalls it from now on. */
void sim_server_fate(struct sim_server *s, uint64_t seed);
/* No more faults. */
void sim_server_heal(struct sim_server *s);

void sim_server_worker(struct sim_server *s, const char *code, const char *role,
                       const char *unit);
void sim_server_code(struct sim_server *s, struct xg_enrol_code *code,
                     const char *worker, bool approval);
/* Say yes to whoever waits. */
void sim_server_approve_all(struct sim_server *s);
void sim_server_revoke(struct sim_server *s, const char *device);
/* The operator writes something to some entity. */
void sim_server_operate(struct sim_server *s);
bool sim_server_has_record(struct sim_server *s, const struct xg_hash *record);
/* What the log proves of its time. */
struct xg_when sim_server_when(struct sim_server *s,
                               const struct xg_hash *record);
bool sim_server_has_batch(struct sim_server *s, const struct xg_hash *id,
                          uint64_t position);
uint64_t sim_server_size(struct sim_server *s);

/* ---- what the server holds in the end (sim_log.c) ---- */

struct sim_held {
    struct xg_hash record;
    struct xg_id entity;
    bool of_entity, quarantined; /* only in a quarantined batch: no row */
    unsigned rows, batches;
};

/* A time note of the log. */
struct sim_time {
    uint64_t position;
    int64_t ms;
};

struct sim_log {
    size_t count, room;
    struct sim_held *held; /* ascending by hash */
    size_t time_count, time_room;
    struct sim_time *times; /* in the order of the log */
    uint64_t size;         /* of the log */
    size_t chains, forked, fork_notes, batches, entities;
};

void sim_log_load(struct sim_log *log, struct sim_world *w);
/* What the log proves of the time of a record at `position` that cites a log of
 * `anchor_size`, read off the entries themselves: the last time note below that
 * size, the first one behind that place. */
struct xg_when sim_log_when(const struct sim_log *log, uint64_t anchor_size,
                            uint64_t position);
void sim_log_clear(struct sim_log *log);
/* NULL: nowhere in the log. */
const struct sim_held *sim_log_find(const struct sim_log *log,
                                    const struct xg_hash *record);

/* Tree, entries, derived tables, rebuilt tables. */
void sim_server_check(struct sim_server *s);
void sim_server_root(struct sim_server *s, struct xg_hash *root, uint64_t size);
/* The leaf hash of an entry. */
void sim_server_leaf(struct sim_server *s, struct xg_hash *leaf,
                     uint64_t index);
/* The encoded state, appended to `state`; false when it has none. */
bool sim_server_state(struct sim_server *s, struct xg_buf *state,
                      const struct xg_id *id);
bool sim_server_forked(struct sim_server *s, const struct xg_hash *chain);
void sim_server_digest(struct sim_server *s, struct xg_hash *out);
/* Call for each entity that the device's scope holds. */
struct sim_in_scope {
    void *ctx;
    void (*visit)(void *ctx, const struct xg_id *id, uint64_t conflicts,
                  struct xg_bytes state);
};
void sim_server_scope(struct sim_server *s, const char *device,
                      const struct sim_in_scope *visitor);

/* ---- devices ---- */

struct sim_saved {
    struct xg_hash record;
    struct xg_id entity;
    uint64_t step;
    uint8_t effect; /* that the device gave it when it was saved */
    bool creates;
};

enum sim_weather {
    SIM_GOOD,
    SIM_FLAKY,
    SIM_AWFUL,
    SIM_OFFLINE,
    SIM_PORTAL,
    SIM_WEATHERS
};

/* A write or truncation that no sync covers yet. */
struct sim_piece {
    unsigned file; /* of sim_disk_names */
    bool truncates;
    int64_t at, old_size, new_size;
    size_t len;   /* of what it overwrote */
    size_t span;  /* of what it wrote */
    uint8_t *old; /* or NULL */
};

/* What lies between a home and its disk. */
struct sim_disk {
    uint64_t calls; /* that change or sync something */
    uint64_t dies_at, full_from, full_until; /* 0: never */
    bool refused; /* in this session */
    size_t piece_count, piece_room;
    struct sim_piece *pieces;
};

struct sim_device {
    struct sim_world *world;
    unsigned index, parent; /* parent: of a clone, else its own index */
    struct sim_rng rng;
    char home[SIM_PATH], image[SIM_PATH], spare[SIM_PATH];
    struct xg_env env;
    /* its clock */
    int64_t wall_ahead_ms, boot_ms, stuck_ms; /* stuck: what it shows, or 0 */
    uint32_t boot;
    /* who it is */
    char worker[XG_CODE_MAX + 1], role[16], unit[XG_CODE_MAX + 1];
    char name[XG_KEY_NAME_MAX + 1]; /* "" until enrolled */
    struct xg_enrol_code code;
    bool revoked;
    enum sim_weather weather;
    bool busy; /* in a session */
    const char *giving; /* a file for somebody else that it writes; NULL: none */
    bool given;         /* it was there when the device died */
    bool took; /* what another one handed over */
    bool aside; /* or what a revoked one did: the server keeps that apart, and
                 * its states are others until an operator decides */
    /* dying while it syncs */
    bool dying, dead;
    unsigned dies_at; /* that many requests from now */
    struct sim_disk disk;
    bool imaged;      /* there is an old copy of its home */
    bool excused;     /* nothing on it could tell that it is not alone, or older:
                       * its chains may fork */
    size_t image_saved;
    unsigned lives; /* clones made and copies put back */
    /* what its person was told is saved */
    size_t saved_count, saved_room;
    struct sim_saved *saved;
    uint64_t held_size;         /* of the checkpoint, after the last session */
    struct xg_chain_tip writes; /* in the end: the chain that is continued */
    bool flipped; /* its last hello: two in a row look like another log */
    bool
        damaged; /* some answer in this sync: it may look like another server */
    /* an answer that a cache between might give again */
    char cached_path[512];
    struct transport_answer cached;
};

struct sim_device *sim_device_new(struct sim_world *w, unsigned index);
void sim_device_free(struct sim_device *d);
/* The one of that slot, or NULL. */
struct sim_device *sim_device_at(struct sim_world *w, unsigned slot);

/* One session: open the home, record, sync, close; with all that befalls. */
struct sim_plan {
    uint64_t seed;
    unsigned saves;
    bool sync;
};
void sim_session(struct sim_device *d, const struct sim_plan *plan);
/* Between sessions. */
void sim_device_clone(struct sim_device *d, unsigned slot);
void sim_device_restore(struct sim_device *d);
void sim_device_keep_image(struct sim_device *d);
void sim_device_clock(struct sim_device *d);
/* A session that only syncs, after the storm. True: nothing was left to do. */
bool sim_device_settle(struct sim_device *d);
/* Record something although a sync of the same home is under way. */
void sim_device_meanwhile(struct sim_device *d);

/* One device writes what it hands over, another takes it. */
void sim_handover(struct sim_device *d, struct sim_device *to);
/* What will befall its process and its disk from now on; and after it: if it
 * died, what it finds. */
void sim_device_tempt(struct sim_device *d);
void sim_device_recover(struct sim_device *d);
/* Killed in the middle of a call on a file: what lies on the disk at this
 * moment, less what no sync covers, is what comes back. */
void sim_device_cut(struct sim_device *d);

/* Is this the moment at which its process is killed, or was it before? Asked
 * by the network at each request. */
bool sim_device_dies(struct sim_device *d);

/* What must hold of it in the end. Appends to the digest. */
void sim_device_verdict(struct sim_device *d, const struct sim_log *log);

void sim_saved_put(struct sim_device *d, const struct sim_saved *saved);

/* ---- their disks ---- */

/* Stand between SQLite, xg_os_replace() and the homes of this world; once. */
void sim_disk_install(struct sim_world *w);
/* All that was written is on the disk: after files were copied. */
void sim_disk_settled(struct sim_device *d);
/* Take from a copy of the home in `dir` what no sync covers, or parts of it. */
void sim_disk_lose(struct sim_device *d, const char *dir);
/* Was a call refused for lack of space, since this was asked last? */
bool sim_disk_refused(struct sim_device *d);

/* ---- the network ---- */

enum xg_status sim_net_request(void *ctx, const struct transport_request *r,
                               struct transport_answer *answer,
                               struct xg_error *err);
/* Deliver what is due. */
void sim_net_deliver(struct sim_world *w);
void sim_net_forget(struct sim_world *w);

/* ---- runs ---- */

/* Run a script in a process and a folder of its own. With `quiet` nothing is
 * printed. After limit_s seconds, unless 0, it is ended: not holding, with the
 * signature "too slow". */
struct sim_run {
    const struct sim_script *script;
    bool quiet, verbose, keep;
    unsigned limit_s;
};
void sim_run(struct sim_verdict *verdict, const struct sim_run *run);

/* Thin a script that ended as `verdict` says, for at most so many seconds. */
void sim_shrink(struct sim_script *s, const struct sim_verdict *verdict,
                unsigned limit_s);

#endif
