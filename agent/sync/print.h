/* print.h - what xunge-sync tells a person, or a program. */
#ifndef AGENT_SYNC_PRINT_H
#define AGENT_SYNC_PRINT_H

#include "agent/engine/engine.h"
#include "agent/sync/metered.h"

enum { PRINT_STEP_SIZE = 768 };

struct print {
    bool json, verbose;
    bool terminal;     /* standard error is one: show progress there */
    bool steps;        /* --progress: a line of JSON for each step */
    uint64_t records_total; /* without a receipt when the run began */
    char step[PRINT_STEP_SIZE]; /* the last such line */
    bool shown;        /* a progress line is there, to be wiped */
    int64_t begun_ms, next_ms; /* monotonic */
    struct metered metered;    /* of the run; for whoever asks why */

    const struct sync_report *report; /* while a run lasts: what is shown */
    int64_t eta_s, eta_ms;            /* shown last, and when; -1: none */
};

void print_init(struct print *p, bool json);
/* A run begins; what is there to be sent. */
void print_begin(struct print *p, const struct sync_report *r,
                 const struct store_counts *counts);
/* For struct sync_host; ctx is a struct print. */
void print_progress(void *ctx, const struct sync_report *r);
/* For struct http_options: the same again, a moment later. */
void print_tick(void *ctx);

void print_enrolled(struct print *p, const struct sync_report *r,
                    enum xg_status status, const struct xg_error *err);
/* `counts` is NULL when they could not be had. */
void print_synced(struct print *p, const struct sync_report *r,
                  const struct sync_options *options,
                  const struct store_counts *counts, enum xg_status status,
                  const struct xg_error *err);
void print_failure(struct print *p, enum xg_status status,
                   const struct xg_error *err);

#endif
