/* registry.h - who may record what: the registrar's notes, and judging by them.
 *
 *      xunge/registry/v1
 *      number 7
 *      previous <base64 leaf hash of registry note 6; zeros in the first>
 *      checkpoint <size> <base64 root>       what the registrar saw
 *      unit <code> <parent code, or - at the top>
 *      worker <code> <role> <unit>           again: from now on
 *      device <key name> <base64 key> <worker code>   once for a name
 *      author <key name> <worker code>        may record on that device too
 *      key <worker code> <base64 key>        signs for them; zeros: none now
 *      revoke <key name>
 *      cut <base64 chain> <next seq> <base64 last good hash, zeros for none>
 *      admit <base64 batch id>               out of quarantine, from here on
 *      registrar <base64 key>                signs the notes after this one
 *
 *      <one signature line, by the registrar's key>
 *
 * Statements in any number and order, each later one overriding an earlier one
 * about the same subject; only the first `device` line of a name counts. `cut`
 * lines belong to the `revoke` before them, and say what was held of each chain
 * then: a batch that comes into the log later is quarantined. Codes only,
 * never names.
 *
 * A record is judged by what the log said at the anchor in force at its place:
 * the greatest size that a valid anchor at or before it on its path names
 * (before any: at the device's enrolment). Statements at log positions below
 * that size count. On the server's own chain it is its place in the log.
 */
#ifndef XG_CORE_REGISTRY_H
#define XG_CORE_REGISTRY_H

#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/core/note.h"
#include "shared/core/record.h"
#include "shared/core/schema.h"

enum {
    XG_CODE_MAX = 64,
    XG_UNIT_DEPTH_MAX = 16,
    XG_SUBJECT_MAX = XG_KEY_NAME_MAX + 1 + XG_CODE_MAX,
};

enum xg_statement_kind {
    XG_SAYS_UNIT = 1,
    XG_SAYS_WORKER = 2,
    XG_SAYS_DEVICE = 3,
    XG_SAYS_REVOKE = 4,
    XG_SAYS_CUT = 5,
    XG_SAYS_AUTHOR = 6,
    XG_SAYS_KEY = 7,
    XG_SAYS_ADMIT = 8,
    XG_SAYS_REGISTRAR = 9,
    XG_SAYS_SHARED = 10, /* no line: kept beside every AUTHOR, by the device
                          * alone; see xg_statement_shared() */
};

#define XG_SUBJECT_REGISTRAR "registrar"

/* One line, taken apart. Texts are NUL-terminated copies. */
struct xg_statement {
    enum xg_statement_kind kind;
    char subject[XG_SUBJECT_MAX + 1]; /* unit, worker, device; for a cut the
                                       * base64 chain id, for admit that of the
                                       * batch; for an author device and worker
                                       * with a space between; for the registrar
                                       * XG_SUBJECT_REGISTRAR */
    char unit[XG_CODE_MAX + 1];  /* UNIT: parent or ""; WORKER: unit */
    char owner[XG_CODE_MAX + 1]; /* DEVICE, AUTHOR, SHARED: worker */
    uint32_t role;               /* WORKER */
    uint8_t key[XG_PUBLIC_KEY_SIZE]; /* DEVICE, KEY, REGISTRAR */
    struct xg_hash batch;            /* ADMIT */
    struct xg_hash chain, last;      /* CUT */
    uint64_t next_seq;               /* CUT */
};

struct xg_registry_note {
    uint64_t number, seen_size;
    struct xg_hash previous, seen_root;
    struct xg_bytes statements; /* the lines, borrowed */
};

XG_MUST_CHECK enum xg_status
xg_registry_note_read(struct xg_registry_note *out, struct xg_bytes text,
                      struct xg_error *err);
/* Is a parsed note signed by that key, under whatever name? XG_AUTH: by another,
 * or it has a second signature. */
XG_MUST_CHECK enum xg_status
xg_registry_note_verify(const struct xg_note *note,
                        const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                        struct xg_error *err);
/* Parsed, verified and read. *out borrows `note`. */
XG_MUST_CHECK enum xg_status
xg_registry_note_open(struct xg_registry_note *out, struct xg_bytes note,
                      const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                      struct xg_error *err);
/* One statement after another from note.statements (consumed); false at the
 * end. Every statement was checked by xg_registry_note_read(). */
bool xg_statement_next(struct xg_bytes *rest, struct xg_statement *out);

/* Writing: the head, then statements. */
void xg_registry_note_begin(struct xg_buf *out,
                            const struct xg_registry_note *note);
void xg_statement_put(struct xg_buf *out, const struct xg_statement *s);

/* Whoever keeps statements keeps this one too: for an AUTHOR, that the device
 * is shared, so that "did anybody get an author line of it" is one lookup. It
 * is printed as the line that it comes from. False, and nothing, for any
 * other. */
bool xg_statement_shared(struct xg_statement *out,
                         const struct xg_statement *s);

/* Where statements are looked up: the newest about `subject` of that kind at a
 * log position below `size`. *found false when there is none. Each store
 * implements this over its own tables. */
struct xg_registry {
    void *ctx;
    enum xg_status (*find)(void *ctx, enum xg_statement_kind kind,
                           const char *subject, uint64_t size,
                           struct xg_statement *out, uint64_t *position,
                           bool *found, struct xg_error *err);
    /* What came of verifying a signature, so that each is verified once
     * (verdicts.h). NULL: nothing is remembered. */
    bool (*recall)(void *ctx, const struct xg_hash *of, bool *good);
    void (*remember)(void *ctx, const struct xg_hash *of, bool good);
};

/* The registrar's key for a registry note at that log position: as the newest
 * `registrar` line below it says, else the log's `first`. */
XG_MUST_CHECK enum xg_status
xg_registrar_at(uint8_t key[static XG_PUBLIC_KEY_SIZE],
                const struct xg_registry *registry,
                const uint8_t first[static XG_PUBLIC_KEY_SIZE],
                uint64_t position, struct xg_error *err);

/* How the author of a record stood. */
enum xg_grade {
    XG_GRADE_PROVEN,   /* own signature, or a chain with one owner */
    XG_GRADE_CLAIMED,  /* the device names another registered author */
    XG_GRADE_ASSERTED, /* by the server */
};
const char *xg_grade_label(enum xg_grade grade);

struct xg_judgement {
    char author[XG_CODE_MAX + 1];
    char unit[XG_CODE_MAX + 1];
    const struct xg_role *role; /* NULL when no_right says why */
    enum xg_grade grade;
    bool on_server;       /* on the server's own device */
    uint64_t size;        /* of the log, by which it was judged */
    const char *no_right; /* static text, or NULL */
};

/* Judge whoever wrote the record at its place on `device`'s chain, by the
 * registry at `anchor_size` (0: no anchor before it). Another author than the
 * owner needs an `author` line of that device; the server's own device (its
 * name ends in XG_SERVER_DEVICE) speaks for every operator.
 *
 *  proven    signed by the author's key in force then; or by the device's
 *            owner, and nobody else has an `author` line of that device then
 *  claimed   by the device's owner or such an author, otherwise
 *  asserted  by an operator on the server's device, otherwise
 *
 * A signature that the key in force did not make gives no right. */
#define XG_SERVER_DEVICE "/d/0000"
XG_MUST_CHECK enum xg_status
xg_judge(struct xg_judgement *out, const struct xg_registry *registry,
         const char *device, const struct xg_record *record,
         const struct xg_place *place, uint64_t anchor_size,
         struct xg_error *err);

/* How a record that is not written yet would stand: of that author ("" for the
 * owner), `signs`: with the key in force. */
XG_MUST_CHECK enum xg_status
xg_judge_author(struct xg_judgement *out, const struct xg_registry *registry,
                const char *device, const char *author, bool signs,
                uint64_t anchor_size, struct xg_error *err);

/* The key that signs what the author records, by the registry at that size.
 * *found false: none was named, or none is in force any more. */
XG_MUST_CHECK enum xg_status
xg_author_key(uint8_t key[static XG_PUBLIC_KEY_SIZE], bool *found,
              const struct xg_registry *registry, const char *author,
              uint64_t size, struct xg_error *err);

/* Is `unit` the same as `top`, or below it? By the registry's unit lines. */
XG_MUST_CHECK enum xg_status xg_unit_within(bool *within,
                                            const struct xg_registry *registry,
                                            const char *unit, const char *top,
                                            uint64_t size,
                                            struct xg_error *err);

#endif
