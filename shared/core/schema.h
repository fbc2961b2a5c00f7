/* schema.h - the one table of the domain: kinds of record, their fields, how
 * each merges, who is meant to read it, its labels.
 *
 * Validation, command-line flags, JSON, lists, CSV columns and the generated
 * reference (docs/reference.md) all walk this table. Adding a field is one
 * line in schema.c. A number is never used twice; numbers and types freeze
 * with the first release.
 *
 * Fields 1 to 11 and 48 to 63 mean the same in every kind of entity; a kind's
 * own are 12 to 47 (up to 23 a key takes one byte on the wire); from 64 on are
 * those of a case, which every kind has that goes through the loop (loop.h).
 */
#ifndef XG_CORE_SCHEMA_H
#define XG_CORE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { XG_SCHEMA_VERSION = 1 };
enum { XG_THUMBNAIL_MAX = 16 << 10 }; /* bytes of a photo's small picture */
enum { XG_ACCESS_WHAT_MAX = 256 };    /* entities that one access names */

enum xg_kind_number {
    XG_KIND_GENESIS = 1,
    XG_KIND_ANCHOR = 2,
    XG_KIND_INCIDENT = 3,
    XG_KIND_CONTACT = 4,
    XG_KIND_VISIT = 5,
    XG_KIND_DISPUTE = 6,
    XG_KIND_MEETING = 7,
    XG_KIND_PATROL = 8,
    XG_KIND_SUBJECT = 9,
    XG_KIND_CAMPAIGN = 10,
    XG_KIND_TASK = 11,
    XG_KIND_NOTICE = 12,
    XG_KIND_ALARM = 13,
    XG_KIND_ASSESSMENT = 14,
    XG_KIND_HANDOVER = 15,
    XG_KIND_AUTHOR_KEY = 16,
    XG_KIND_ACCESS = 17,
    XG_KIND_FORK_FINDING = 18,
};

/* Numbers that code refers to; all others are only in the table. */
enum xg_field_number {
    XG_GENESIS_KEY = 1,
    XG_GENESIS_LOG = 2,
    XG_GENESIS_REGISTRAR = 3,
    XG_GENESIS_PREDECESSOR = 4,
    XG_GENESIS_SALT = 5,

    XG_ANCHOR_ORIGIN = 1,
    XG_ANCHOR_SIZE = 2,
    XG_ANCHOR_ROOT = 3,

    XG_AUTHOR_KEY_PUBLIC = 1,

    XG_ACCESS_WHY = 2,
    XG_ACCESS_HOW = 12,
    XG_ACCESS_WHAT = 13,
    XG_ACCESS_FILTER = 14,
    XG_ACCESS_COUNT = 15,
    XG_ACCESS_READER = 16,

    XG_FIELD_SALT = 1,
    XG_FIELD_WHY = 2,
    XG_FIELD_NOTE = 3,
    XG_FIELD_PHOTO = 4,
    XG_FIELD_WITHDRAWN = 5,
    XG_FIELD_SOURCE = 6,
    XG_FIELD_SERIAL = 7,
    XG_FIELD_GRID = 8,
    XG_FIELD_DECIDED = 9,
    XG_FIELD_HAPPENED = 10,
    XG_FIELD_POSITION = 11,
    XG_FIELD_OWN = 12, /* the first of a kind's own fields */
    XG_FIELD_SHARED = 48, /* the first of the common ones after them */
    XG_FIELD_SAME_AS = 48,
    XG_FIELD_FORM = 49,
    XG_FIELD_ITEM = 50,
    XG_FIELD_ERASED = 51,
    XG_FIELD_ERASED_PHOTOS = 52,

    XG_FIELD_CASE = 64, /* the first of a case */
    XG_CASE_CHANNEL = 64,
    XG_CASE_NUMBER = 65,
    XG_CASE_UNIT = 66,
    XG_CASE_POST = 67,
    XG_CASE_HANDLER = 68,
    XG_CASE_BOARD = 69,
    XG_CASE_LEVEL = 70,
    XG_CASE_RESULT = 71,
    XG_CASE_SETTLED_LEVEL = 72,
    XG_CASE_ANSWER = 73,
    XG_CASE_UNTIL = 74,
    XG_CASE_RULE = 75,
    XG_CASE_CLASS = 76,
    XG_CASE_CALLED = 77,
    XG_CASE_PRESENT = 78,
    XG_CASE_REPORT_BY = 79,
    XG_CASE_RATING = 80,
    XG_CASE_STAGE = 81,
    XG_CASE_REPLY = 82,
    XG_CASE_CLIMB = 83,
    XG_CASE_OVER = 84,

    XG_INCIDENT_CATEGORY = 12,
    XG_INCIDENT_URGENCY = 13,
    XG_INCIDENT_ADDRESS = 14,
    XG_INCIDENT_DESCRIPTION = 15,
    XG_INCIDENT_CONTACT = 16,

    XG_INCIDENT_ALARM = 18,

    XG_CONTACT_NAME = 12,

    XG_VISIT_PLACE = 12,
    XG_VISIT_RESULT = 14,
    XG_VISIT_SUBJECT_ID = 17,

    XG_DISPUTE_TYPE = 12,

    XG_SUBJECT_EVERY_DAYS = 15,
    XG_SUBJECT_RELEASED = 18,

    XG_CAMPAIGN_TALLY = 17,

    XG_NOTICE_READ = 14,

    XG_TASK_DUE = 14,

    XG_ALARM_INCIDENT = 15,

    XG_ASSESSMENT_SUBJECT = 12,
    XG_ASSESSMENT_SCORE = 15,

    XG_HANDOVER_TO = 12,
    XG_HANDOVER_FROM = 13,
    XG_HANDOVER_ENTITY = 14,
    XG_HANDOVER_CASES = 15,
    XG_HANDOVER_SUBJECTS = 16,
    XG_HANDOVER_DRAFTS = 17,
    XG_HANDOVER_PHOTOS = 18,
    XG_HANDOVER_CONTENTS = 19,
    XG_HANDOVER_REPLACES = 20,
    XG_HANDOVER_ACCEPTED_BY = 21,
    XG_HANDOVER_LACKING = 22,

    XG_FORK_CHAIN = 12,
    XG_FORK_FINDING = 13,
    XG_FORK_WHY = 14,

    XG_PATROL_START = 12,
    XG_PATROL_END = 13,
    XG_PATROL_SEGMENT = 14,
    XG_PATROL_GAP = 15,
};

/* What a value is, as CBOR and as text. */
enum xg_type {
    XG_TYPE_TEXT,     /* text, min..max bytes */
    XG_TYPE_CODE,     /* text of [A-Za-z0-9._/-], min..max bytes */
    XG_TYPE_UINT,     /* min..max */
    XG_TYPE_BOOL,
    XG_TYPE_ENUM,     /* uint, one of `choices` */
    XG_TYPE_TIME,     /* int, Unix milliseconds */
    XG_TYPE_POSITION, /* [lat, lon] or [lat, lon, accuracy]: degrees x 10^7,
                       * WGS-84; millimetres */
    XG_TYPE_BYTES,    /* min..max bytes */
    XG_TYPE_ENTITY,   /* 16 bytes, the id of an entity; max: the number of the
                       * kind that is meant, 0: any */
    XG_TYPE_HASH,     /* 32 bytes */
    XG_TYPE_SOURCE,   /* 16 bytes (from 32 hex digits), or text */
    XG_TYPE_TEXTS,    /* array of 1..max texts of at most 200 bytes */
    XG_TYPE_NUMBERS,  /* array of 1..max ascending uints */
    XG_TYPE_PHOTO,    /* [sha-256, bytes, role, origin] then, as far as EXIF
                       * told: [.., orientation, time text, position], then the
                       * thumbnail: [.., [sha-256, bytes]]; in place of what
                       * is not known, null */
    XG_TYPE_TRACK,    /* a packed track segment, see track.h */
    XG_TYPE_GAP,      /* [from ms, to ms, cause] or [.., evidence bits] */
    XG_TYPE_TALLY,    /* [grid code, item code, number up to max] */
    XG_TYPE_ERASED,   /* what is left of records and what is gone: erase.h */
    XG_TYPE_HASHES,   /* array of 1..max ascending hashes, 32 bytes each */
};

enum xg_merge {
    XG_MERGE_ACT,      /* says something of this record alone */
    XG_MERGE_REGISTER, /* multi-value register */
    XG_MERGE_SET,      /* union; a value is {1: [added], 2: [removed]} */
};

enum xg_field_flags {
    XG_REQUIRED = 1, /* in the record that creates the entity */
    XG_PERSONAL = 2, /* a record that holds it carries a salt */
    XG_MACHINE = 4,  /* set by the program, never by a person's key=value */
    XG_STAYS = 16,   /* never erased: rights, hands or decisions hang on it */
    XG_BY_MOVE = 8,  /* set in a move, in a decision, or at creation */
};

struct xg_choice {
    uint32_t number;
    const char *name, *zh, *en;
};

struct xg_field {
    uint32_t number;
    const char *name;
    enum xg_type type;
    enum xg_merge merge;
    unsigned flags;
    int64_t min, max;
    const struct xg_choice *choices; /* ends with a NULL name */
    const char *zh, *en;             /* label */
};

struct xg_kind {
    uint32_t number;
    const char *name;
    bool entity; /* has a state; false: genesis, anchor */
    uint32_t first_status; /* of the loop, or 0 when it has none */
    bool reaches_down; /* whoever works in its unit or below sees it, and may
                        * add to its sets; what others added stays above */
    const struct xg_field *fields; /* its own, ending with a NULL name */
    const char *zh, *en;
};

/* All kinds, ending with a NULL name. */
extern const struct xg_kind xg_kinds[];
/* The fields that every entity has, and every case; each ends with a NULL
 * name. */
extern const struct xg_field xg_common_fields[];
extern const struct xg_field xg_case_fields[];

/* NULL when there is none. */
const struct xg_kind *xg_kind_find(uint64_t number);
const struct xg_kind *xg_kind_named(const char *name);
const struct xg_field *xg_field_find(const struct xg_kind *kind,
                                     uint64_t number);
const struct xg_field *xg_field_named(const struct xg_kind *kind,
                                      const char *name);
const struct xg_choice *xg_choice_find(const struct xg_choice *choices,
                                       uint64_t number);
const struct xg_choice *xg_choice_named(const struct xg_choice *choices,
                                        const char *name);

/* The i-th field of a kind: common ones, its own, those of a case; NULL after
 * the last. */
const struct xg_field *xg_field_at(const struct xg_kind *kind, size_t i);

/* ---- people ---- */

/* `rank` orders provisional winners and simultaneous moves; it is part of the
 * merge and never changes. */
struct xg_role {
    uint32_t number, rank;
    const char *name, *zh, *en;
    bool records;  /* may write records at all */
    bool informed; /* may see contacts (informants) of its units */
};

enum {
    XG_ROLE_HELPER = 1,
    XG_ROLE_WORKER = 2,
    XG_ROLE_GRID_HEAD = 3,
    XG_ROLE_COMMUNITY = 4,
    XG_ROLE_DELEGATE = 5,
    XG_ROLE_HANDLER = 6,
    XG_ROLE_DISPATCHER = 7,
    XG_ROLE_SUPERVISOR = 8,
    XG_ROLE_AUDITOR = 9,
    XG_ROLE_REGISTRAR = 10,
    XG_ROLE_SERVER = 11, /* what it writes by itself: reminders, climbs */
};

extern const struct xg_role xg_roles[];
const struct xg_role *xg_role_find(uint64_t number);
const struct xg_role *xg_role_named(const char *name);

/* Photo roles and origins, findings about forks, patrol gap causes, ways in
 * which something was read. */
extern const struct xg_choice xg_photo_roles[];
extern const struct xg_choice xg_photo_origins[];
extern const struct xg_choice xg_fork_findings[];
extern const struct xg_choice xg_gap_causes[];
extern const struct xg_choice xg_access_ways[];

/* The numbers of xg_access_ways. */
enum {
    XG_ACCESS_SHOW = 1,
    XG_ACCESS_HISTORY = 2,
    XG_ACCESS_LIST = 3,
    XG_ACCESS_CONFLICTS = 4,
    XG_ACCESS_EVIDENCE = 5,
    XG_ACCESS_LOGIN = 6, /* of another: account.h */
};

/* Where a report came from: those of which a resident waits for an answer. */
bool xg_channel_waits(uint64_t channel);

/* The label in the language that was set. */
const char *xg_label(const char *zh, const char *en);

#endif
