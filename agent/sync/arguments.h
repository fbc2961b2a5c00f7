/* arguments.h - the words that xunge-sync is called with. */
#ifndef AGENT_SYNC_ARGUMENTS_H
#define AGENT_SYNC_ARGUMENTS_H

#include "agent/engine/engine.h"

struct arguments {
    const char *home, *lang, *command, *code;
    bool json, watch, allow_plain, verbose, help;
    bool metered, unmetered, remember, progress;
    enum sync_photos photos;
    uint64_t budget_bytes;                /* 0: none */
    int64_t give_up_s, every_s, within_s; /* within_s 0: no end */
    bool gives_up;                        /* give_up_s was given */
};

/* XG_USAGE. What it points to is argv's. */
XG_MUST_CHECK enum xg_status arguments_parse(struct arguments *a, int argc,
                                             char *argv[],
                                             struct xg_error *err);
/* Speak the language of --lang, if it is given, also of a word that is wrong. */
void arguments_language(int argc, char *argv[]);
enum xg_status arguments_usage(struct xg_error *err);
void arguments_print_help(void);

#endif
