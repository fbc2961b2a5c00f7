/* sim.h - hundreds of devices and a server in one process, in virtual time.
 *
 *      sim.c            the program: flags, the storm, healing, the verdict
 *      sim_script.c     what happens, as a list (sim_script.h)
 *      sim_shrink.c     the smallest list that fails in the same way
 *      sim_world.c      randomness, time, the digest, what a failure prints
 *      sim_server.c     the server: the real API over a store that can fail
 *      sim_operator.c   what operators do at it
 *      sim_device.c     a device: its home, its clock, its sessions
 *      sim_disk.c       its disk: full, torn, cut
 *      sim_handover.c   from one device to another
 *      sim_capture.c    what a person records on it
 *      sim_value.c      what anybody fills in
 *      sim_clock.c      the deadlines of a case, and the catalogue behind them
 *      sim_signature.c  no signature is computed twice
 *      sim_warning.c    the server warns of nothing without a reason
 *      sim_net.c        the network between them
 *      sim_log.c        what is in the server in the end, by hash
 *      sim_entities.c   and each entity, and who must hold it
 *      sim_verdict.c    what must hold of a device, in the end and on the way
 *      sim_tally.c      how often what happened, and whether that is enough
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
#include <time.h>

#include "agent/engine/transport.h"
#include "shared/base/arena.h"
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

/* One line a counter: name, the least number in 10,000 steps that a test may
 * come to with --floors (rounded down), label. A kind of fault or act that silently
 * happens no more fails the test. */
#define SIM_COUNTERS(X)                                                        \
    X(SIM_SESSIONS, 8000, "sessions")                                          \
    X(SIM_SYNCS, 4000, "syncs")                                                \
    X(SIM_SYNCS_DONE, 1500, "syncs that went through")                         \
    X(SIM_SAVED, 5000, "records saved")                                        \
    X(SIM_EDITS, 2000, "of those, changes")                                    \
    X(SIM_FOREIGN, 1000, "of those, to what others recorded")                  \
    X(SIM_DECISIONS, 50, "of those, decided conflicts")                        \
    X(SIM_WITHDRAWN, 50, "of those, withdrawals")                              \
    X(SIM_LINKED, 20, "of those, links of two things as one")                  \
    X(SIM_REMOVED, 30, "of those, elements taken out of a set, links too")     \
    X(SIM_MOVES, 300, "of those, moves of the loop")                           \
    X(SIM_MOVED, 150, "of those, moves with effect")                           \
    X(SIM_ASKED, 15, "requests made: to shelve, to defer, to extend")          \
    X(SIM_GRANTED, 5, "of those, granted")                                     \
    X(SIM_NOT_GRANTED, 5, "of those, refused")                                 \
    X(SIM_ACTS, 300, "acts of operators")                                      \
    X(SIM_ACT_MOVES, 100, "of those, moves with effect")                       \
    X(SIM_ACT_EDITS, 50, "of those, changes")                                  \
    X(SIM_ACT_DECISIONS, 5, "of those, decided conflicts")                     \
    X(SIM_ACT_LINKS, 5, "of those, links of two things as one")                \
    X(SIM_ACT_UNLINKS, 5, "of those, links taken back")                        \
    X(SIM_ACT_FORKS, 5, "of those, findings about a fork")                     \
    X(SIM_ACT_ERASED, 5, "of those, erasures")                                 \
    X(SIM_ACT_ADMITTED, 5, "of those, batches of revoked devices let in")      \
    X(SIM_ACT_REFUSED, 5, "acts that were refused")                            \
    X(SIM_REQUESTS, 10000, "requests")                                         \
    X(SIM_RECEIPTS, 1000, "receipts verified on arrival")                      \
    X(SIM_CHECKED_SAVED, 5000, "sessions that began with all that was saved") \
    X(SIM_CHECKED_STATES, 400, "states compared with the server's") \
    X(SIM_CHECKED_ROWS, 400, "rows compared with their records")    \
    X(SIM_CHECKED_CLOCKS, 400, "deadlines compared with the server's") \
    X(SIM_CHECKED_DOWN, 200, "pairs of records that reach down compared") \
    X(SIM_F_NEVER, 1000, "fault: never delivered")                             \
    X(SIM_F_LOST, 200, "fault: delivered, answer lost")                        \
    X(SIM_F_TORN_REQUEST, 50, "fault: request cut, and taken for whole")       \
    X(SIM_F_CUT, 100, "fault: answer cut, noticed")                            \
    X(SIM_F_SHORT, 100, "fault: answer cut, passed as whole")                  \
    X(SIM_F_FLIPPED, 50, "fault: a bit of an answer flipped")                  \
    X(SIM_F_DELAYED, 100, "fault: delivered later")                            \
    X(SIM_F_OVERTAKEN, 20, "of those, behind later ones of the same sender")   \
    X(SIM_F_TWICE, 200, "fault: delivered twice")                              \
    X(SIM_F_STALE, 20, "fault: an older answer again")                         \
    X(SIM_F_PORTAL, 500, "fault: captive portal")                              \
    X(SIM_F_BUSY, 40, "fault: 502 or 503, with Retry-After")                   \
    X(SIM_F_STORE, 50, "fault: store failed once")                             \
    X(SIM_F_SERVER, 50, "fault: server died in a call")                        \
    X(SIM_F_RESTART, 5, "fault: server restarted")                             \
    X(SIM_F_SERVER_CLOCK, 10, "fault: the server's clock jumped")              \
    X(SIM_F_DEVICE, 50, "fault: device died while syncing")                    \
    X(SIM_F_POWER, 100, "fault: device died in a write, with losses")          \
    X(SIM_F_UNDONE, 200, "unsynced pieces lost by that, whole")                \
    X(SIM_F_TORN, 50, "of those, torn by sector")                              \
    X(SIM_F_FULL, 100, "fault: disk was full")                                 \
    X(SIM_F_REFUSED, 200, "acts and syncs that it refused")                    \
    X(SIM_F_ABANDONED, 50, "fault: device died before a commit")               \
    X(SIM_F_CLOCK, 100, "fault: clock jumped")                                 \
    X(SIM_F_CLONED, 5, "fault: device cloned")                                 \
    X(SIM_F_RESTORED, 10, "fault: device put back to an old copy")             \
    X(SIM_F_LOSTWORK, 5, "records lost by that")                               \
    X(SIM_F_MOVED, 20, "workers moved to another grid")                        \
    X(SIM_F_REVOKED, 5, "devices revoked")                                     \
    X(SIM_GIVEN, 5, "handovers written")                                       \
    X(SIM_TAKEN, 5, "handovers accepted")                                      \
    X(SIM_NEW_CHAINS, 20, "new chains begun")                                  \
    X(SIM_FORKED, 5, "chains that forked")

enum sim_counter {
#define X(name, least, label) name,
    SIM_COUNTERS(X)
#undef X
        SIM_COUNTER_COUNT
};

enum { SIM_KINDS = 32, SIM_MOVE_NUMBERS = 64 };

/* How often what happened. */
struct sim_tally {
    uint64_t steps, device_hours;
    uint64_t counters[SIM_COUNTER_COUNT];
    uint64_t kinds[SIM_KINDS];        /* entities in the log, by kind */
    uint64_t moves[SIM_MOVE_NUMBERS]; /* with effect, by enum xg_move_number */
};

/* How a run ended; written in one piece. */
struct sim_verdict {
    bool holds;
    uint64_t step;                 /* where it failed */
    char signature[SIM_SIGNATURE]; /* what failed, without names and numbers */
    struct xg_hash digest;
    struct sim_tally tally;
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
    unsigned sender; /* its slot */
    uint64_t number; /* of its requests */
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
    const char *phase; /* the storm, healing, the verdict */
    clock_t told;      /* when it was last said how far the run is */
    unsigned depth;  /* of sessions within sessions */
    unsigned catalogues; /* editions so far */
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
    struct sim_tally tally;
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
/* Of what runs for long: how far it is, once a minute of one core. */
void sim_tell(struct sim_world *w, size_t done, size_t of);
/* With --verbose. */
XG_PRINTF(2, 3)
void sim_say(const struct sim_world *w, const char *format, ...);

void sim_count(struct sim_world *w, enum sim_counter counter);
/* A move of the loop took effect. */
void sim_count_move(struct sim_world *w, uint64_t move);

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

/* ---- values ---- */

/* What a value is made of besides chance. */
struct sim_source {
    int64_t now_ms;
    const struct xg_id *entity; /* to be named; NULL: there is none */
};
/* One for the field, encoded, appended. False where nobody would type such a
 * thing. */
bool sim_value(struct xg_buf *out, struct sim_rng *rng,
               const struct xg_field *f, const struct sim_source *from);

/* ---- deadlines ---- */

enum { SIM_EDITION = 16, SIM_EDITIONS = 4 };

/* A line each, with all that is said of it. */
void sim_clocks_put(struct xg_buf *out, const struct xg_clock *clocks,
                    size_t count);
/* One edition of the catalogue: its name, its file. */
void sim_catalogue(struct xg_buf *csv, char edition[SIM_EDITION],
                   unsigned number);

/* ---- tallies ---- */

void sim_tally_add(struct sim_tally *to, const struct sim_tally *more);
void sim_tally_print(const struct sim_tally *t);
/* Did everything happen often enough for that many steps? Says what did not. */
bool sim_tally_is_enough(const struct sim_tally *t);

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
/* Did its store fail since the request, or the act, began? */
bool sim_server_faulty(const struct sim_server *s);
/* From now on a warning without such a fault ends the run; once. */
void sim_warning_install(struct sim_world *w);
/* No more faults. */
void sim_server_heal(struct sim_server *s);

void sim_server_worker(struct sim_server *s, const char *code, const char *role,
                       const char *unit);
/* The same of many, of units that are known; in one note. */
void sim_server_workers(struct sim_server *s,
                        const struct sim_person *const *people, size_t count);
void sim_server_code(struct sim_server *s, struct xg_enrol_code *code,
                     const char *worker, bool approval);
/* Say yes to whoever waits. */
void sim_server_approve_all(struct sim_server *s);
/* Is it enrolled: does it wait for nobody's yes any more? */
bool sim_server_knows(struct sim_server *s, const char *device);
void sim_server_revoke(struct sim_server *s, const char *device);
/* The catalogue's next edition comes. */
void sim_server_catalogue(struct sim_server *s);
/* Somebody at the centre works for a while. */
void sim_server_operate(struct sim_server *s);
bool sim_server_has_record(struct sim_server *s, const struct xg_hash *record);
bool sim_server_has_batch(struct sim_server *s, const struct xg_hash *id,
                          uint64_t position);
uint64_t sim_server_size(struct sim_server *s);

/* ---- what the server holds in the end (sim_log.c) ---- */

struct sim_held {
    struct xg_hash record;
    struct xg_id entity;
    struct xg_when when; /* as the server bounds it */
    bool of_entity, quarantined; /* in a batch that is kept apart, or waits for
                                  * such a one: no row */
    unsigned rows, batches;
};

/* A time note of the log. */
struct sim_time {
    uint64_t position;
    int64_t ms;
};

/* Some of the units, by their place in sim_unit(). */
struct sim_units {
    uint64_t bits[(SIM_UNITS_MAX + 63) / 64];
};

struct sim_entity {
    struct xg_id id;
    uint64_t kind, conflicts;
    struct sim_units units; /* at home in one, in the hands of others */
    struct sim_units given; /* in whose hands any record of it ever put it */
    struct xg_bytes state;  /* encoded */
    struct xg_bytes clocks; /* as of sim_clocks_put() */
};

struct sim_log {
    size_t count, room;
    struct sim_held *held; /* ascending by hash */
    size_t time_count, time_room;
    struct sim_time *times; /* in the order of the log */
    uint64_t size;          /* of the log */
    struct xg_hash *leaves; /* of its entries */
    struct xg_hash *roots;  /* by size, as far as anybody asked; else zero */
    size_t entities, entity_room;
    struct sim_entity *each; /* ascending by id */
    struct xg_arena texts;   /* of theirs */
    size_t chains, forked, fork_notes, batches;
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

/* What the log is at that size. */
const struct xg_hash *sim_log_root(struct sim_log *log, struct sim_world *w,
                                   uint64_t size);
/* Some of these are the unit, or below it. */
bool sim_units_within(const struct sim_units *units, const char *unit);
/* NULL: the server does not know it. */
const struct sim_entity *sim_log_entity(const struct sim_log *log,
                                        const struct xg_id *id);
/* Call for each entity that the device's scope holds. */
struct sim_in_scope {
    void *ctx;
    void (*visit)(void *ctx, const struct sim_entity *e);
};
void sim_log_scope(const struct sim_log *log, struct sim_server *s,
                   const char *device, const struct sim_in_scope *visitor);

/* Tree, entries, derived tables, rebuilt tables. */
void sim_server_check(struct sim_server *s);
/* What reaches those below is sound by itself: sim_down.c. */
void sim_server_judge_down(struct sim_server *s);
void sim_server_root(struct sim_server *s, struct xg_hash *root, uint64_t size);
/* The encoded state, appended to `state`; false when it has none. */
bool sim_server_state(struct sim_server *s, struct xg_buf *state,
                      const struct xg_id *id);
bool sim_server_forked(struct sim_server *s, const struct xg_hash *chain);
void sim_server_digest(struct sim_server *s, struct xg_hash *out);

/* ---- devices ---- */

struct sim_saved {
    struct xg_hash record;
    struct xg_id entity;
    uint64_t step;
    uint8_t effect; /* that the device gave it when it was saved */
    char unit[XG_CODE_MAX + 1]; /* of its author, as the device knew then */
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
    uint64_t asked, heard; /* its requests; the last that the server had */
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
void sim_device_verdict(struct sim_device *d, struct sim_log *log);

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
