/* tlog.h - RFC 6962 trees, C2SP checkpoints, tiles and tlog-proofs. Pure.
 *
 * Sources: RFC 9162 section 2.1, C2SP tlog-checkpoint v1.0.0, tlog-tiles
 * v0.1.0, tlog-proof.
 */
#ifndef XG_CORE_TLOG_H
#define XG_CORE_TLOG_H

#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/note.h"

enum { XG_PROOF_MAX = 64, XG_TILE_WIDTH = 256 };

/* leaf = SHA-256(00 || data); node = SHA-256(01 || left || right). */
void xg_tlog_leaf(struct xg_hash *hash, const void *data, size_t len);
void xg_tlog_node(struct xg_hash *hash, const struct xg_hash *left,
                  const struct xg_hash *right);

/* Root over leaf hashes that are all at hand; SHA-256("") for none. */
void xg_tlog_root(struct xg_hash *root, const struct xg_hash *leaves,
                  uint64_t count);

/* A growing tree in O(log n) memory: the roots of its complete subtrees. */
struct xg_tree {
    uint64_t size;
    struct xg_hash peaks[XG_PROOF_MAX]; /* largest subtree first */
};

void xg_tree_init(struct xg_tree *t);
/* Append a leaf hash. Every node that becomes complete is given to `emit` (may
 * be NULL): level 0 is the leaf itself, index counts nodes of that level. */
void xg_tree_append(struct xg_tree *t, const struct xg_hash *leaf,
                    void (*emit)(void *ctx, unsigned level, uint64_t index,
                                 const struct xg_hash *hash),
                    void *ctx);
void xg_tree_root(struct xg_hash *root, const struct xg_tree *t);

/* Reads the hash of a complete node: level 0 is a leaf; index counts nodes of
 * that level. Where hashes are stored is the caller's matter. */
struct xg_node_reader {
    void *ctx;
    enum xg_status (*read)(void *ctx, unsigned level, uint64_t index,
                           struct xg_hash *hash, struct xg_error *err);
};

/* The tree of this size, from stored nodes: O(log n) reads. */
XG_MUST_CHECK enum xg_status xg_tree_load(struct xg_tree *t, uint64_t size,
                                          const struct xg_node_reader *nodes,
                                          struct xg_error *err);

struct xg_proof {
    size_t count;
    struct xg_hash hashes[XG_PROOF_MAX];
};

/* Hashes of a proof, one a line, at most 63, up to and with the empty line
 * after which more follows: *rest is that. NULL, or what is wrong. */
const char *xg_proof_lines(struct xg_proof *proof, struct xg_bytes *rest);

/* O(log n) reads and hashes each. index < size; 0 < old <= size. */
XG_MUST_CHECK enum xg_status
xg_prove_inclusion(struct xg_proof *proof, uint64_t index, uint64_t size,
                   const struct xg_node_reader *nodes, struct xg_error *err);
XG_MUST_CHECK enum xg_status
xg_prove_consistency(struct xg_proof *proof, uint64_t old, uint64_t size,
                     const struct xg_node_reader *nodes, struct xg_error *err);

/* XG_AUTH when the proof does not hold. Consistency also decides the edges:
 * old == size needs equal roots and an empty proof; old == 0 needs an empty
 * proof and is consistent with anything. */
XG_MUST_CHECK enum xg_status
xg_verify_inclusion(const struct xg_proof *proof, uint64_t index,
                    uint64_t size, const struct xg_hash *leaf,
                    const struct xg_hash *root, struct xg_error *err);
XG_MUST_CHECK enum xg_status
xg_verify_consistency(const struct xg_proof *proof, uint64_t old,
                      uint64_t size, const struct xg_hash *old_root,
                      const struct xg_hash *root, struct xg_error *err);

/* The same over leaf hashes that are all at hand (a batch's own tree). */
void xg_prove_inclusion_in(struct xg_proof *proof, uint64_t index,
                           const struct xg_hash *leaves, uint64_t count);

/* ---- checkpoints: origin \n size \n base64 root \n ---- */

struct xg_checkpoint {
    char origin[XG_KEY_NAME_MAX + 1];
    uint64_t size;
    struct xg_hash root;
};

/* Append the text (no signature). */
void xg_checkpoint_text(struct xg_buf *out, const struct xg_checkpoint *c);
/* Parse a note's text. Extension lines are allowed and passed over. XG_FORMAT:
 * leading zeros, size 0 with a root other than SHA-256(""), ... */
XG_MUST_CHECK enum xg_status xg_checkpoint_parse(struct xg_checkpoint *c,
                                                 struct xg_bytes text,
                                                 struct xg_error *err);
/* Parse a signed checkpoint, verify the log's signature, and that origin and
 * key name are the same. XG_AUTH. Other signature lines may be there. */
XG_MUST_CHECK enum xg_status xg_checkpoint_open(struct xg_checkpoint *c,
                                                const uint8_t *data,
                                                size_t len,
                                                const struct xg_verifier *log,
                                                struct xg_error *err);

/* ---- tlog-proof: a receipt that carries its checkpoint ---- */

/* Append "c2sp.org/tlog-proof@v1 ...", the hashes, and the checkpoint note. */
void xg_receipt_print(struct xg_buf *out, uint64_t index,
                      const struct xg_proof *proof, struct xg_bytes checkpoint);

struct xg_receipt {
    uint64_t index;
    struct xg_proof proof;
    struct xg_bytes extra;      /* base64 text as it stands; usually empty */
    struct xg_bytes checkpoint; /* the note, borrowed */
};

XG_MUST_CHECK enum xg_status xg_receipt_parse(struct xg_receipt *r,
                                              const uint8_t *data, size_t len,
                                              struct xg_error *err);
/* Parse, verify the log's signature, and that `leaf` is at the stated index.
 * Gives the checkpoint. XG_AUTH, XG_FORMAT. */
XG_MUST_CHECK enum xg_status
xg_receipt_open(struct xg_receipt *r, struct xg_checkpoint *c,
                const uint8_t *data, size_t len, const struct xg_hash *leaf,
                const struct xg_verifier *log, struct xg_error *err);

/* ---- tiles ---- */

/* A tile's place: tile/L/N[.p/W] or tile/entries/N[.p/W]; N in groups of three
 * digits, all but the last prefixed with x. width 256 is a full tile. */
struct xg_tile {
    bool entries;
    unsigned level; /* 0..63, 0 for entries */
    uint64_t index;
    unsigned width; /* 1..256 */
};

enum { XG_TILE_PATH_SIZE = 64 };
void xg_tile_path(char path[static XG_TILE_PATH_SIZE],
                  const struct xg_tile *tile);
/* The path after "/log/". XG_NOTFOUND for what is no canonical tile path. */
XG_MUST_CHECK enum xg_status xg_tile_parse(struct xg_tile *tile,
                                           const char *path,
                                           struct xg_error *err);
/* Does a log of this size publish that tile? (A partial one only at the very
 * width that some size up to `size` had: width <= what is complete.) */
bool xg_tile_exists(const struct xg_tile *tile, uint64_t size);
/* Append the hashes of a hash tile, from stored nodes. */
XG_MUST_CHECK enum xg_status xg_tile_hashes(struct xg_buf *out,
                                            const struct xg_tile *tile,
                                            const struct xg_node_reader *nodes,
                                            struct xg_error *err);

#endif
