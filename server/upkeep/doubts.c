/* doubts.c - what of the server's health a person should see to, in words; see
 * health.h. */
#include "server/upkeep/health.h"

#include "shared/base/lang.h"

static const int64_t HOUR_MS = 3600 * 1000;

const char *health_log_doubt(const struct health *h)
{
    return h->behind
               ? XG_T("这是旧的副本，已停止写入；见 restore",
                      "this is an old copy and writes nothing; see restore")
               : NULL;
}

const char *health_clock_doubt(const struct health *h)
{
    if (h->clock.doubted)
        return h->clock.machine_ms > h->clock.ms
                   ? XG_T("机器的时钟忽然快了，未予采信：校准它，或确认它是"
                          "对的（clock --believe）",
                          "the machine's clock jumped ahead and is not gone "
                          "by: set it right, or say that it is (clock "
                          "--believe)")
                   : XG_T("机器的时钟忽然慢了，未予采信：校准它，或确认它是"
                          "对的（clock --believe）",
                          "the machine's clock jumped back and is not gone by: "
                          "set it right, or say that it is (clock --believe)");
    return h->log_ms - h->now_ms > HEALTH_AHEAD_MS
               ? XG_T("日志的时间在将来，要停到那时才走：见运维手册“时钟错了”",
                      "the log's time is yet to come, and stands still until "
                      "then: see “When the clock was wrong” in operations")
               : NULL;
}

const char *health_backup_doubt(const struct health *h)
{
    if (!h->backup_ms)
        return XG_T("还没有备份过", "there was no backup yet");
    /* One of a log that has not grown is as good as a new one, and none is made
     * (backups.h). */
    if (h->log_size != h->backup_size &&
        h->now_ms - h->backup_ms > HEALTH_BACKUP_H * HOUR_MS)
        return XG_T("超过一天半没有备份了", "no backup for a day and a half");
    if (h->backup_ms - h->now_ms > HOUR_MS)
        return XG_T("最近的备份标着将来的时间：服务器的时钟准吗？",
                    "the newest backup bears a time to come: is the server's "
                    "clock right?");
    if (h->backup_missing)
        return XG_T("备份时有照片文件缺失；见 check",
                    "photo files were missing when it was made; see check");
    return h->backup_beside
               ? XG_T("备份和数据在同一块盘上：用 serve --backups 放到别处",
                      "it lies on the same disk as the data: put it elsewhere "
                      "with serve --backups")
               : NULL;
}

const char *health_disk_doubt(const struct health *h)
{
    return h->disk_total &&
                   h->disk_free < h->disk_total / 100 * HEALTH_FREE_PERCENT
               ? XG_T("磁盘快满了", "the disk is nearly full")
               : NULL;
}

const char *health_apart_doubt(const struct health *h)
{
    return h->quarantined ? XG_T("有被隔离的批次，见 device quarantined",
                                 "batches are quarantined: see device "
                                 "quarantined")
                          : NULL;
}

const char *health_waiting_doubt(const struct health *h)
{
    return h->waiting ? XG_T("等待登记员签名，见 registry list",
                             "the registrar has yet to sign: see registry list")
                      : NULL;
}

const char *health_certificate_doubt(const struct health_certificate *t,
                                     int64_t now_ms)
{
    if (t->by == DATA_TLS_NONE)
        return XG_T("没有加密：用 TLS，或在前面放代理并用 --url、--console-url "
                    "写明 https 地址",
                    "nothing is encrypted: serve with TLS, or behind a proxy "
                    "whose https address --url and --console-url state");
    if (!t->known ||
        t->until_ms - now_ms >= HEALTH_CERTIFICATE_DAYS * 24 * HOUR_MS)
        return NULL;
    return t->until_ms >= now_ms
               ? XG_T("证书快到期了", "the certificate is about to expire")
               : XG_T("证书已过期", "the certificate has expired");
}
