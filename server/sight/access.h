/* access.h - who read what at the server, and why (查阅留痕).
 *
 * Sensitive is whatever a field flagged personal (schema.h) was recorded of
 * and not erased since: informants, subjects, parties to a dispute, who was
 * visited. Before such a thing is shown by the server or written into a file,
 * a record of kind `access` is on the server's own chain, published in the log:
 * what, how, why, how many, and its author is who read it. It is of no entity,
 * so that no device is ever told of it (scope.h); whoever has the log has it.
 *
 * Who writes no records (an auditor, the registrar) is named in the field
 * `reader`, and the record is the server's own word.
 */
#ifndef XG_SERVER_SIGHT_ACCESS_H
#define XG_SERVER_SIGHT_ACCESS_H

#include "server/data/data.h"

/* ---- what is sensitive ---- */

bool access_is_sensitive(const struct store_record *row);
bool access_is_sensitive_fold(const struct fold *fold);
/* By what holds now, in a list. */
bool access_is_sensitive_brief(const struct xg_brief *brief);

/* ---- what was shown ---- */

struct access_ids {
    struct xg_id *ids;
    size_t count, room;
};

XG_MUST_CHECK enum xg_status access_add(struct access_ids *list,
                                        const struct xg_id *id,
                                        struct xg_error *err);
/* Ascending, each once. */
void access_settle(struct access_ids *list);
void access_clear(struct access_ids *list);

/* ---- writing ---- */

struct access_reader {
    const char *code; /* borrowed */
    bool writes;      /* false: a role that records nothing */
    bool audits;
};

/* XG_NOTFOUND: nobody has that code. XG_REFUSED: the server's own name. */
XG_MUST_CHECK enum xg_status access_reader(struct access_reader *out,
                                           struct data *d, const char *code,
                                           struct xg_error *err);

struct access_note {
    const struct access_reader *reader;
    const uint8_t *secret; /* the reader signs it; NULL: unsigned */
    unsigned how;          /* XG_ACCESS_SHOW, ... */
    const char *why;
    const char *filter; /* in words; NULL: none */
};

/* Name all of them, in as many records as that takes. Back when it is
 * published; nothing of the kind must have been shown before. Nothing for an
 * empty list. `what` is settled. XG_USAGE: a reason that is empty, or too
 * long. */
XG_MUST_CHECK enum xg_status access_write(struct data *d,
                                          const struct access_note *note,
                                          const struct access_ids *what,
                                          struct xg_error *err);

/* The same of what was done to the login of that code (account.h): what it
 * takes to be that person. *record is what tells of it. */
XG_MUST_CHECK enum xg_status access_write_login(struct xg_hash *record,
                                                struct data *d,
                                                const struct access_note *note,
                                                const char *code,
                                                struct xg_error *err);

/* ---- reading ---- */

struct access {
    struct xg_hash record;
    uint64_t position; /* in the log */
    int64_t wall_ms;   /* by the server's clock */
    char reader[XG_CODE_MAX + 1];
    bool by_server;       /* the reader writes no records */
    enum xg_grade grade;  /* of the author */
    const char *no_right; /* a record that somebody forged */
    uint64_t how, count;
    struct xg_bytes why, filter; /* borrowed; empty: none, or erased */
    struct xg_cbor_item what;    /* its texts */
};

/* Does it name that entity? */
bool access_names(const struct access *a, const struct xg_id *id);

/* All, oldest first. */
XG_MUST_CHECK enum xg_status
access_each(struct data *d, struct store *s,
            enum xg_status (*each)(void *ctx, const struct access *a,
                                   struct xg_error *err),
            void *ctx, struct xg_error *err);

#endif
