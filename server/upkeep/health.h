/* health.h - how the server is: what `health` says, and GET /metrics of the
 * console. */
#ifndef XG_SERVER_UPKEEP_HEALTH_H
#define XG_SERVER_UPKEEP_HEALTH_H

#include "server/data/data.h"

enum {
    HEALTH_BACKUP_H = 36, /* older is in doubt, where more came since */
    HEALTH_FREE_PERCENT = 10, /* less is */
    HEALTH_AHEAD_MS = 600000, /* the log's time, of the server's: more is */
    HEALTH_CERTIFICATE_DAYS = 30,
};

struct health {
    int64_t now_ms; /* by the server's time */
    uint64_t log_size;
    int64_t log_ms; /* of its newest time note; 0: none */
    struct ledger_clock clock;
    bool behind;    /* an old copy: it writes nothing (ledger/ledger.h) */
    int64_t backup_ms; /* 0: none */
    uint64_t backup_size, backup_missing;
    bool backup_beside; /* on the same disk */
    uint64_t disk_free, disk_total, database_bytes;
    uint64_t photos_held, photo_bytes, photos_wanted;
    uint64_t board_behind;
    uint64_t quarantined; /* batches */
    uint64_t waiting;     /* statements, for the registrar */
    uint64_t devices;     /* enrolled and not revoked */
    bool witnessed;       /* a checkpoint reached the policy's quorum */
    uint64_t witnessed_size;
};

XG_MUST_CHECK enum xg_status health_read(struct data *d, struct health *out,
                                         struct xg_error *err);

/* What whoever calls is shown. */
struct health_certificate {
    enum data_tls by;
    bool known; /* until when */
    int64_t until_ms;
};

/* In words, what a person should see to; or NULL. */
const char *health_log_doubt(const struct health *h);
const char *health_clock_doubt(const struct health *h);
const char *health_backup_doubt(const struct health *h);
const char *health_disk_doubt(const struct health *h);
const char *health_apart_doubt(const struct health *h);
const char *health_waiting_doubt(const struct health *h);
const char *health_certificate_doubt(const struct health_certificate *t,
                                     int64_t now_ms);

#endif
