/* bundle_parts.h - the parts of an auditor's bundle; of bundle_*.c only.
 *
 *      audit.txt                       xunge/audit-bundle/v1, log, size, photos
 *      checkpoint                      the signed note
 *      cosigned                        frames
 *      log/tile/entries/<n>[.p/w]      C2SP; after each its batches:
 *      batches/<first position>        u64be position || u32be length || framed
 *      files/<position>/<sha-256>      reference data, when all entries are over
 *      photos/<position>/<sha-256>
 *
 * Nothing of it is signed as a whole: every part authenticates itself.
 */
#ifndef XG_AUDIT_BUNDLE_PARTS_H
#define XG_AUDIT_BUNDLE_PARTS_H

#include "shared/audit/audit.h"

enum {
    AUDIT_PART_MAX = 16 << 20,
    AUDIT_BATCH_HEAD = 8 + 4,
    AUDIT_HEAD_MAX = 1024,
    AUDIT_COSIGNED_MAX = 16 << 20,
};

#define AUDIT_PART_HEAD "audit.txt"
#define AUDIT_PART_CHECKPOINT "checkpoint"
#define AUDIT_PART_COSIGNED "cosigned"

#endif
