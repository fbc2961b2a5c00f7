/* import.h - reports from a file: one JSON object a line, as other systems (and
 * the standard workload) give them.
 *
 *      every line   id      the source's own id: 32 hex digits, or a text
 *                           of at most 64 bytes
 *                   kind    visit incident dispute update do patrol
 *                   worker  the author's code
 *                   t       the moment, Unix seconds
 *      visit        place category result note
 *      incident     category urgency address description lat lon reporter
 *                   photos [file names beside the input]
 *      dispute      type parties [] description outcome
 *      update       target, set {field: value}, note
 *      do           target, move, note
 *      patrol       start end grid, track [{t lat lon acc}]
 *
 * `reporter` becomes a contact record of its own; the incident refers to it.
 * `target` is the id of an earlier line, of this file or of one imported before.
 * Blank lines are passed over. An unknown key, a key twice, a missing or wrong
 * value is an error that names the line.
 *
 * The whole file is looked at before anything is saved; then it is saved in
 * transactions of IMPORT_LINES_EACH lines. An interrupted import is simply run
 * again: an id that is here adds nothing.
 */
#ifndef AGENT_IMPORT_H
#define AGENT_IMPORT_H

#include "agent/home/home.h"

enum {
    IMPORT_LINES_EACH = 64,
    IMPORT_LINE_MAX = 8 << 20, /* bytes */
};

struct import_result {
    uint64_t lines;    /* with something in them */
    uint64_t added, held; /* held: were here already */
    uint64_t contacts, photos;
};

struct import_options {
    void *ctx;
    /* After each transaction; may be NULL. False stops, with what was saved
     * so far (XG_REFUSED). */
    bool (*progress)(void *ctx, uint64_t done, uint64_t lines);
    /* NULL: beside the running program */
    const char *exif_program, *thumb_program;
};

/* XG_FORMAT, XG_USAGE: nothing was saved, the text names file and line. Other
 * failures may come after some lines were saved; *out counts them. */
XG_MUST_CHECK enum xg_status import_file(struct home *h,
                                         struct import_result *out,
                                         const char *path,
                                         const struct import_options *options,
                                         struct xg_error *err);

#endif
