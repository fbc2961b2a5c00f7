/* evidence.h - one HTML file about a case, or about what a person or a unit
 * did in a period: a page to be read or printed, and behind it everything that
 * proves it, to be checked by anybody who has the log's key and nothing else.
 *
 *      <page>                      made by xg_evidence_page() of what is proven
 *      <script type="application/x-xunge-evidence">
 *      base64, 76 to a line        of a plain tar (bundle/tar.h)
 *      </script></body></html>
 *
 * The script is data: no browser runs it. Its parts, in any order:
 *
 *      evidence.txt            a note signed by the log:
 *
 *          xunge/evidence/v1
 *          page <n>                        version of the page's maker
 *          language zh|en
 *          log <verifier key>
 *          registrar <base64>              the first registrar's key
 *          size <n>                        of the checkpoint
 *          time <Unix ms>                  of writing, by the server
 *          registry <n>                    registry notes below size
 *          policy <base64 SHA-256>         of the part `policy`; zeros: none
 *          index <base64 SHA-256>          of the part `index`
 *          about case | person <code> | unit <code>
 *          from <Unix ms>                  0 of a case
 *          to <Unix ms>
 *
 *      index                   what the signature above also covers:
 *
 *          entity <hex id> <records> <base64 root>     of its record hashes,
 *                                                      ascending
 *          person <code> <name>                        as the server calls them
 *          branch <base64 chain> <base64 id> <first seq> <base64 parent>
 *                                                      only of forked chains
 *          log <first entry> <verifier key>            after a restore: who
 *                                                      signed from there on
 *      checkpoint              the log's, with the cosignatures that it has
 *      policy                  of the server (witness.h), where it has one
 *      cosigned/<size>         the newest checkpoint that reached its quorum
 *      devices/<size>          a checkpoint that devices cosigned
 *      entries/<position>      notes of the log: of batches, of the registry
 *                              (all below size), times, photos, references,
 *                              forks
 *      receipts/<position>.tlog-proof      of each, against that checkpoint
 *      consistency/<size>      "proof <base64>" lines: from the size of an
 *                              anchor, or of a cosigned checkpoint
 *      records/<hash>          of the entities, and the anchors before them:
 *
 *          xunge/evidence-record/v1
 *          chain <base64>
 *          branch <base64>                 the chain, where it never forked
 *          seq <n>
 *          previous <base64>
 *          entry <position>                of its batch's note
 *          leaf <index> <count>            in the batch's tree
 *          anchor <base64>                 record that it is judged by; zeros:
 *                                          none, or the server's own chain
 *          path <base64>                   0 or more
 *          head <base64>
 *          fields <base64>                 or, where they were erased,
 *          gone <base64>                   their SHA-256
 *
 *      references/<sha-256>    imported files that name what is shown
 *      blobs/<sha-256>         photos
 *
 * What is other people's in a batch stays out: only hashes of it are here.
 *
 * *What holds by itself*: who signed, that nothing was changed, the place in
 * the log, the bounds of time, by which registry an author was judged. *What
 * rests on the log's signed word alone* (evidence.txt): that there are no other
 * records of these entities, no later anchor before a record, no registry note
 * beyond those here, and what people are called. Who has the log can hold the
 * signature against it.
 */
#ifndef XG_AUDIT_EVIDENCE_H
#define XG_AUDIT_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/audit/audit.h"
#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/bundle/tar.h"
#include "shared/core/bounds.h"
#include "shared/core/judge.h"
#include "shared/core/merge.h"
#include "shared/core/witness.h"

enum {
    XG_EVIDENCE_PAGE = 1,            /* raised whenever the page changes */
    XG_EVIDENCE_MAX = 256 << 20,     /* bytes of a file */
    XG_EVIDENCE_PARTS_MAX = 400000,
    XG_EVIDENCE_RECORD_MAX = 128 << 10, /* of a record's part */
    XG_EVIDENCE_INDEX_MAX = 16 << 20,
    XG_EVIDENCE_FINDINGS_MAX = 200, /* kept; all are counted */
};

/* ---- the parts that are no notes of the log ---- */

enum xg_evidence_about {
    XG_EVIDENCE_CASE,
    XG_EVIDENCE_PERSON,
    XG_EVIDENCE_UNIT,
};

/* evidence.txt */
struct xg_evidence_says {
    uint64_t page, size, time_ms, registry_notes;
    enum xg_lang lang;
    struct xg_verifier log;
    uint8_t registrar[XG_PUBLIC_KEY_SIZE];
    struct xg_hash policy, index;
    enum xg_evidence_about about;
    char code[XG_CODE_MAX + 1]; /* of the person, the unit; "" of a case */
    uint64_t from_ms, to_ms;
};
void xg_evidence_says_put(struct xg_buf *text,
                          const struct xg_evidence_says *says);
XG_MUST_CHECK enum xg_status
xg_evidence_says_read(struct xg_evidence_says *out, struct xg_bytes text,
                      struct xg_error *err);

/* records/<hash>; borrows. */
struct xg_evidence_place {
    struct xg_hash chain, branch, previous, anchor;
    uint64_t seq, entry, index, count;
    struct xg_proof path;
    struct xg_bytes head, fields; /* decoded; fields empty where gone */
    bool gone;
    struct xg_hash fields_hash; /* where gone */
};
void xg_evidence_place_put(struct xg_buf *text,
                           const struct xg_evidence_place *p);
/* What is decoded lives in the arena. */
XG_MUST_CHECK enum xg_status
xg_evidence_place_read(struct xg_evidence_place *out, struct xg_arena *arena,
                       struct xg_bytes text, struct xg_error *err);

/* ---- what was proven ---- */

struct xg_evidence_part {
    char name[XG_TAR_NAME_MAX + 1];
    struct xg_bytes content; /* borrowed */
    bool used;
};

struct xg_evidence_record {
    struct xg_record record;
    struct xg_evidence_place place;
    const struct xg_branch *branch;
    const char *device;   /* key name that signed its batch */
    uint64_t anchor_size; /* by which it is judged */
    struct xg_bounds bounds; /* by the file's own policy */
    bool sound; /* hash, path, batch and receipt hold */
    bool held;  /* of an entity that is here; else an anchor */
};

struct xg_evidence_entity {
    struct xg_id id;
    uint64_t records; /* as evidence.txt says */
    struct xg_hash root;
    size_t first, count; /* of evidence.records */
    struct xg_op *ops;
    struct xg_judgement *judgements;
    struct xg_home home;
    struct xg_state state;
    bool folded;
};

struct xg_evidence_blob {
    struct xg_hash sha256;
    uint64_t bytes, entry; /* that says so */
    struct xg_bytes content; /* empty: not in the file */
};

struct xg_evidence_file { /* a reference */
    uint64_t position;
    struct xg_reference says;
    struct xg_bytes content;
};

struct xg_evidence_statement {
    uint64_t position;
    uint32_t line; /* of its note */
    bool cosigned; /* of a device: it did */
    struct xg_statement says;
};

struct xg_evidence_branch {
    struct xg_hash chain;
    struct xg_branch branch;
    struct xg_hash parent;
};

struct xg_evidence_log {
    uint64_t first;
    struct xg_verifier log;
};

struct xg_evidence_person {
    char code[XG_CODE_MAX + 1];
    struct xg_bytes name;
};

struct xg_evidence {
    struct xg_arena arena;
    struct xg_evidence_part *parts; /* borrowed, sorted by name */
    size_t part_count;
    struct xg_evidence_says says;
    struct xg_checkpoint checkpoint;
    struct xg_policy policy; /* the server's, by which the page was made */
    bool has_policy, quorum;
    uint64_t quorum_time_s;
    size_t witness_count, device_witnesses;
    struct xg_evidence_record *records; /* entities' first, by id and hash;
                                         * then anchors */
    size_t record_count, anchor_count; /* records: without the anchors */
    struct xg_evidence_entity *entities;
    size_t entity_count;
    struct xg_evidence_statement *statements;
    size_t statement_count;
    uint64_t registry_notes;
    struct xg_evidence_blob *blobs; /* by hash */
    size_t blob_count;
    struct xg_evidence_file *files; /* by position */
    size_t file_count;
    struct xg_evidence_branch *branches;
    size_t branch_count;
    struct xg_evidence_person *people; /* by code */
    size_t person_count;
    struct xg_evidence_log *logs; /* by `first`; none: one log */
    size_t log_count;
    struct xg_registry registry; /* over `statements`, which are by kind,
                                  * subject, position, line */
    uint64_t signatures, proofs, photos_hashed, forks;
    struct xg_finding findings[XG_EVIDENCE_FINDINGS_MAX];
    size_t finding_count; /* kept */
    uint64_t noted, doubts, broken;
};

struct xg_evidence_options {
    const struct xg_verifier *log;  /* the reader's own knowledge */
    const uint8_t *registrar;       /* NULL: as the file says, and told */
    const struct xg_policy *policy; /* the reader's; NULL: none */
    /* Keys of the logs before a restoration, where the reader has them. */
    const struct xg_verifier *earlier;
    size_t earlier_count;
};

/* Verify the parts: every signature, path, receipt, the registry from its first
 * note on, authors, times, photos; fold the entities. XG_OK whatever is found:
 * the findings and counts tell. Others: no evidence can be made of it at all
 * (XG_AUTH: not of this log; XG_FORMAT). `parts` are sorted, marked, borrowed
 * until xg_evidence_free(). */
XG_MUST_CHECK enum xg_status
xg_evidence_prove(struct xg_evidence **out, struct xg_evidence_part *parts,
                  size_t count, const struct xg_evidence_options *o,
                  struct xg_error *err);
void xg_evidence_free(struct xg_evidence *e);

/* ---- the page ---- */

struct xg_evidence_sink {
    void *ctx;
    enum xg_status (*put)(void *ctx, struct xg_bytes piece,
                          struct xg_error *err);
};

/* What stands before the data. Depends on nothing but what was proven: not on
 * the reader's language, zone, keys or policy. */
XG_MUST_CHECK enum xg_status xg_evidence_page(const struct xg_evidence *e,
                                              const struct xg_evidence_sink *to,
                                              struct xg_error *err);

/* The whole file: page, and the parts in the order in which they are given.
 * Writes nothing where anything of it is broken (XG_CORRUPT). */
XG_MUST_CHECK enum xg_status
xg_evidence_write(const struct xg_evidence_part *parts, size_t count,
                  const struct xg_verifier *log,
                  const struct xg_evidence_sink *to, struct xg_error *err);

/* ---- checking a file ---- */

struct xg_evidence_checked {
    struct xg_evidence *e; /* NULL where there is none; xg_evidence_free() */
    struct xg_evidence_part *parts; /* as they came; lent by the arena */
    size_t part_count;
    struct xg_arena arena; /* holds the parts */
    bool compared;         /* the page was made anew */
    bool same;             /* and is the one in the file, byte for byte */
    size_t line;           /* else: of the file, where it begins to differ */
    bool quorum;           /* the reader's policy is satisfied */
    uint64_t quorum_time_s;
    bool asked_quorum;
};

/* `html` is the whole file, lent until xg_evidence_unchecked(). XG_OK whatever
 * was found; XG_FORMAT: no evidence file; XG_AUTH: of another log. */
XG_MUST_CHECK enum xg_status
xg_evidence_check(struct xg_evidence_checked *out, struct xg_bytes html,
                  const struct xg_evidence_options *o, struct xg_error *err);
void xg_evidence_unchecked(struct xg_evidence_checked *c);
/* Does everything hold? And is the reader's policy satisfied, where there is
 * one? (Witnesses come a minute after: that they are missing accuses nobody.) */
bool xg_evidence_good(const struct xg_evidence_checked *c);
bool xg_evidence_witnessed(const struct xg_evidence_checked *c);

/* What a person is told: verdict first; in the language set. `registrar`: the
 * reader gave that key. */
XG_MUST_CHECK enum xg_status
xg_evidence_report(struct xg_buf *out, const struct xg_evidence_checked *c,
                   bool registrar, bool json, struct xg_error *err);

#endif
