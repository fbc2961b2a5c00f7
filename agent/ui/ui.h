/* ui.h - xunge-ui: what its parts share. docs/page.md says what it serves.
 *
 *      main       starts, waits for signals, the home's changes and idleness
 *      routes     the requests of docs/page.md
 *      guard      who may ask
 *      calls      what may be asked: the table, and a call judged by it
 *      run        a command that runs
 *      answer     its output as an answer, a request's body as its input
 *      events     what happens on the device, as an answer
 *      sticks     what a call names of a stick, as a path
 *      sync       one sync at a time, asked for or automatic
 *      hub        what happens, told to all pages
 *      watch      the home's files: when something changed
 *      settings   what the worker set that concerns us
 *      launch     the file that the browser opens, and the browser
 *      files      the page's own files
 *      tiles      offline maps
 *
 * It never opens the home. What it knows of it, a command said.
 */
#ifndef AGENT_UI_UI_H
#define AGENT_UI_UI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/ui/calls.h"
#include "agent/ui/guard.h"
#include "agent/ui/hub.h"
#include "agent/ui/run.h"
#include "agent/ui/sync.h"
#include "shared/web/http.h"

enum { UI_PATH_SIZE = 4096 };

struct xg_tiles;

struct ui {
    const char *home; /* absolute */
    const char *lang; /* of what we say where a call does not say */
    const char *page; /* a folder that is served in place of ours, or NULL */
    char start_path[UI_PATH_SIZE]; /* the file that the browser opens */
    struct guard guard;
    struct runner runner;
    struct hub hub;
    struct sync_desk sync;
    struct xg_tiles *tiles;
    atomic_int_fast64_t touched_ms; /* a person did something, boot time */
    atomic_bool settings_stale;
};

/* Time since boot, with what was slept through. */
int64_t ui_now_ms(void);

/* A call came to its end: what it changed is told, and sent soon. */
void ui_call_ended(struct ui *ui, const struct call_row *row, int exit_status);

/* ---- routes.c ---- */

extern const struct xg_route ui_routes[];
extern const size_t ui_route_count;

/* ---- answer.c ---- */

/* Answer with what a running command prints, line by line, then its end line.
 * Takes the run. */
void answer_lines(struct xg_response *response, struct ui *ui,
                  const struct call_row *row, struct run *run);
/* Answer with the bytes that it prints, or a problem where it fails before the
 * first. Takes the run. */
void answer_bytes(struct xg_response *response, struct ui *ui,
                  const struct call_row *row, struct run *run,
                  const struct xg_request *request);
/* The body of a request, on its way to a command. */
struct answer_input {
    uint64_t bytes;
    int file; /* it lies there, whole; 0: it comes by a pipe, or there is none */
};
/* Start what a call asks for; `input` NULL: it has none. On failure the
 * response says why. */
bool answer_start(struct run *run, struct ui *ui, struct xg_call *call,
                  const struct xg_request *request,
                  const struct answer_input *input,
                  struct xg_response *response);
/* A body that becomes a command's standard input. */
extern const struct xg_stream answer_feed;
/* A failure before anything ran, as an end line has it. */
void answer_refusal(struct xg_response *response, const struct xg_error *err);

/* ---- events.c ---- */

/* What happens on the device, for as long as it is read. */
void events_answer(struct xg_response *response, struct ui *ui);

/* ---- sticks.c ---- */

/* Paths for what a call names of a stick. */
XG_MUST_CHECK enum xg_status sticks_place(struct ui *ui, struct xg_call *call,
                                          const struct xg_request *request,
                                          struct xg_error *err);

/* ---- files.c ---- */

/* GET / and what lies below it. */
void files_get(void *ctx, const struct xg_request *request,
               struct xg_response *response);

#endif
