/* sim_server.h - the server's side alone; includes the server's headers. */
#ifndef XG_TESTS_SIM_SERVER_H
#define XG_TESTS_SIM_SERVER_H

#include "server/account/approval.h"
#include "server/api/api.h"
#include "server/data/data.h"
#include "server/desk/redact.h"
#include "tests/sim/sim.h"

enum { SIM_DESK = 4 };

struct sim_server {
    struct sim_world *world;
    struct sim_rng rng, fate; /* its own randomness; what befalls it */
    struct xg_env env;
    int64_t ahead_ms; /* of its clock */
    uint32_t boot;
    uint8_t seed[32];
    char path[SIM_PATH], lock_path[SIM_PATH];
    struct store_fault fault;
    struct data *data;
    struct api api;
    uint64_t size; /* of the log, when it was last looked at */
    size_t revoked_count, revoked_room;
    struct sim_revoked *revoked;
    struct xg_id desk[SIM_DESK]; /* cases that operators are at */
    size_t at_desk;              /* now */
    struct store *reader; /* with which is looked at it; NULL: nobody does */
    unsigned looks;       /* so many, one within another */
    unsigned editions;    /* of the catalogue */
};

/* All that comes from this device into a log of that size is kept apart. */
struct sim_revoked {
    char device[XG_KEY_NAME_MAX + 1];
    uint64_t size;
};

/* What an operator does; fails are done again, as a person would. Members as
 * far as the act needs them. */
struct sim_task {
    const char *code, *role, *unit, *device, *by;
    struct xg_draft *draft;
    const struct xg_statement *says;
    size_t says_count;
    struct xg_id entity, other;
    struct xg_hash record, hash;
    uint64_t move;
    uint8_t secret[XG_SECRET_SIZE];
    bool may_refuse, refused; /* for a reason that is none of ours */
    struct xg_error answer;   /* then */
};
typedef enum xg_status sim_act(struct sim_server *s, struct sim_task *task,
                               struct xg_error *err);
void sim_server_persist(struct sim_server *s, struct sim_task *task,
                        sim_act *act);

/* The part of struct sim_log that sim_entities.c reads, and giving it up. */
void sim_entities_load(struct sim_log *log, struct sim_server *s,
                       struct store *reader);
void sim_entities_clear(struct sim_log *log);

/* A reader, and giving it back; who looks within another look has the same. */
struct store *sim_server_borrow(struct sim_server *s);
void sim_server_return(struct sim_server *s, struct store *reader);

#endif
