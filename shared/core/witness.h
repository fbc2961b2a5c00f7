/* witness.h - who else saw the log: policies, cosigned checkpoints, and when.
 *
 * A *policy* (C2SP tlog-policy) says whose cosignatures count:
 *
 *      log <vkey> [url]
 *      witness <name> <vkey> [url]
 *      group <name> <k|any|all> <member>...
 *      quorum <name|none>
 *
 * Names are of the file; blank lines and lines that begin with # are passed
 * over; a group names what stands above it. With "quorum none" the log's own
 * word suffices.
 *
 * A *cosignature* of type 04 is over the checkpoint's text and a time; time 0
 * makes no statement about time: handhelds sign so, and no policy may be
 * satisfied in time by them.
 *
 * Pure. Source: C2SP tlog-policy (no tag), tlog-cosignature v1.0.1.
 */
#ifndef XG_CORE_WITNESS_H
#define XG_CORE_WITNESS_H

#include "shared/core/note.h"
#include "shared/core/tlog.h"

enum {
    XG_POLICY_WITNESSES_MAX = 32,
    XG_POLICY_GROUPS_MAX = 32,
    XG_POLICY_NAME_MAX = 64,
    XG_POLICY_MAX = 64 << 10,
    XG_COSIGNED_SIZE = 4 + 8 + 64, /* key id, time, signature */
};

/* Taken apart and copied; no pointers into the file. */
struct xg_policy {
    bool has_log;
    struct xg_verifier log;
    size_t witness_count, group_count;
    struct xg_policy_witness {
        char name[XG_POLICY_NAME_MAX + 1], url[256];
        struct xg_verifier verifier; /* type XG_SIG_COSIGNATURE */
    } witnesses[XG_POLICY_WITNESSES_MAX];
    struct xg_policy_group {
        char name[XG_POLICY_NAME_MAX + 1];
        unsigned need;
        uint64_t members; /* bits: witnesses from 0, groups above it from
                           * XG_POLICY_WITNESSES_MAX */
    } groups[XG_POLICY_GROUPS_MAX];
    int quorum; /* bit of a member as there, or -1: none */
};

/* XG_FORMAT naming the line, XG_TOOBIG. A key stands for one witness, a name is
 * in one group at most: nobody counts twice. */
XG_MUST_CHECK enum xg_status xg_policy_read(struct xg_policy *out,
                                            struct xg_bytes text,
                                            struct xg_error *err);

/* What one witness said of a checkpoint. */
struct xg_cosigned {
    size_t witness; /* of the policy */
    uint64_t time_s;
};

/* Verify the note's signature lines by the policy's witnesses: *count of them.
 * XG_AUTH: a line of a known witness does not verify. Lines of others are
 * passed over. The log's own signature is not looked at. */
XG_MUST_CHECK enum xg_status
xg_policy_verify(const struct xg_policy *p,
                 struct xg_cosigned out[static XG_POLICY_WITNESSES_MAX],
                 size_t *count, const struct xg_note *checkpoint,
                 struct xg_error *err);

/* Do these satisfy the quorum? *time_s: when they had at the latest, if fewer
 * lie than the policy counts on: the k-th smallest time of a group of k; 0
 * where no time is stated, or quorum none. */
bool xg_policy_satisfied(const struct xg_policy *p,
                         const struct xg_cosigned *cosigned, size_t count,
                         uint64_t *time_s);
/* And not before when: the k-th greatest. 0: not satisfied, or no time. */
uint64_t xg_policy_since(const struct xg_policy *p,
                         const struct xg_cosigned *cosigned, size_t count);

/* ---- what a device says of the checkpoint that it holds (hello) ---- */

/* Cosign with the key of a device, under its name, stating no time. XG_FORMAT:
 * no key that cosigns. */
XG_MUST_CHECK enum xg_status
xg_device_cosign(uint8_t out[static XG_COSIGNED_SIZE],
                 const struct xg_checkpoint *c, const struct xg_signer *device,
                 struct xg_error *err);
/* XG_AUTH: it is not this device's, not of this checkpoint, or states a
 * time. */
XG_MUST_CHECK enum xg_status
xg_device_cosigned(const uint8_t cosigned[static XG_COSIGNED_SIZE],
                   const struct xg_checkpoint *c,
                   const struct xg_verifier *device, struct xg_error *err);
/* The signature line that it is in a note. */
void xg_cosigned_line(struct xg_buf *note, const char *name,
                      const uint8_t cosigned[static XG_COSIGNED_SIZE]);

/* ---- xunge/time/v1, with what witnesses said of an earlier checkpoint ---- */

struct xg_time_note {
    uint64_t time_ms;
    bool cosigned;
    uint64_t size; /* of the earlier checkpoint */
    struct xg_hash root;
    struct xg_bytes lines; /* "cosigned <name> <base64>\n", borrowed */
};
XG_MUST_CHECK enum xg_status xg_time_note_read(struct xg_time_note *out,
                                               struct xg_bytes text,
                                               struct xg_error *err);
void xg_time_note_put(struct xg_buf *text, const struct xg_time_note *t);
/* A signature line of a note as one of `lines`. */
void xg_time_note_line(struct xg_buf *lines, const struct xg_note_signature *s);
/* The same checkpoint as a note, with signature lines in place of `lines`, for
 * xg_policy_verify(). `origin` of the log. */
void xg_time_note_checkpoint(struct xg_buf *note, const struct xg_time_note *t,
                             const char *origin);

/* ---- add-checkpoint (C2SP tlog-witness), both sides ---- */

struct xg_add_checkpoint {
    uint64_t old;
    struct xg_proof proof;
    struct xg_bytes checkpoint; /* the note, borrowed */
};
XG_MUST_CHECK enum xg_status xg_add_checkpoint_read(
    struct xg_add_checkpoint *out, struct xg_bytes body, struct xg_error *err);
void xg_add_checkpoint_put(struct xg_buf *body,
                           const struct xg_add_checkpoint *a);

#endif
