/* health.c - `health`: how the server is, and what of it a person should see
 * to. */
#include "server/upkeep/health.h"

#include <inttypes.h>
#include <stdio.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/cli/tls_files.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

/* ---- the certificate ---- */

/* What callers see; where nothing serves, what lies in the folder. */
static struct health_certificate read_certificate(const struct cmd *c)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct health_certificate out = {.by = c->data->tls,
                              .until_ms = c->data->cert_until_ms};
    struct tls_files tls;

    out.known = out.by == DATA_TLS_HERE;
    if (out.by != DATA_NOT_SERVED)
        return out;
    if (tls_files_load(&tls, c->args[0], NULL, NULL, &ignored) == XG_OK &&
        xg_tls_until(&out.until_ms, xg_buf_str(&tls.cert), &ignored) == XG_OK)
        out.known = true;
    tls_files_clear(&tls);
    return out;
}

static const char *certificate_by(const struct health_certificate *t)
{
    switch (t->by) {
    case DATA_NOT_SERVED:
        return "folder";
    case DATA_TLS_HERE:
        return "server";
    case DATA_TLS_PROXY:
        return "proxy";
    case DATA_TLS_NONE:
        break;
    }
    return "none";
}

/* ---- as JSON ---- */

static enum xg_status put_json(struct cmd *c, const struct health *h,
                               const struct health_certificate *t,
                               struct xg_error *err)
{
    json_t *o = json_object();

#define MEMBER(name, ...) json_object_set_new(o, name, json_pack(__VA_ARGS__))
    MEMBER("log", "{s:I, s:o, s:s?}", "size", (json_int_t)h->log_size, "time",
           cmd_time_json(h->log_ms), "doubt", health_log_doubt(h));
    MEMBER("clock", "{s:o, s:o, s:s?}", "machine",
           cmd_time_json(h->clock.machine_ms), "server",
           cmd_time_json(h->clock.ms), "doubt", health_clock_doubt(h));
    MEMBER("backup", "{s:o, s:I, s:I, s:s?}", "last", cmd_time_json(h->backup_ms),
           "size", (json_int_t)h->backup_size, "files_missing",
           (json_int_t)h->backup_missing, "doubt", health_backup_doubt(h));
    MEMBER("disk", "{s:I, s:I, s:s?}", "free", (json_int_t)h->disk_free,
           "total", (json_int_t)h->disk_total, "doubt", health_disk_doubt(h));
    MEMBER("database_bytes", "I", (json_int_t)h->database_bytes);
    MEMBER("photos", "{s:I, s:I, s:I, s:n}", "held",
           (json_int_t)h->photos_held, "bytes", (json_int_t)h->photo_bytes,
           "wanted", (json_int_t)h->photos_wanted, "doubt");
    MEMBER("behind", "{s:I}", "console", (json_int_t)h->board_behind);
    MEMBER("quarantined", "{s:I, s:s?}", "batches", (json_int_t)h->quarantined,
           "doubt", health_apart_doubt(h));
    MEMBER("waiting", "{s:I, s:s?}", "statements", (json_int_t)h->waiting,
           "doubt", health_waiting_doubt(h));
    MEMBER("witnesses", "{s:o, s:I, s:n}", "size",
           h->witnessed ? json_integer((json_int_t)h->witnessed_size)
                        : json_null(),
           "devices", (json_int_t)h->devices, "doubt");
    MEMBER("certificate", "{s:s, s:o, s:s?}", "by", certificate_by(t), "until",
           cmd_time_json(t->known ? t->until_ms : 0), "doubt",
           health_certificate_doubt(t, h->now_ms));
#undef MEMBER
    return cmd_put_json(c, o, err);
}

/* ---- as text ---- */

static void put_line(struct cmd *c, const char *name, const char *text,
                     const char *doubt)
{
    view_put_column(&c->out, xg_bytes_of(name), 10);
    xg_buf_format(&c->out, " %s%s%s\n", text, doubt ? "  ! " : "",
                  doubt ? doubt : "");
}

static void put_text(struct cmd *c, const struct health *h,
                     const struct health_certificate *t)
{
    char free_[VIEW_SIZE_TEXT], total[VIEW_SIZE_TEXT], line[200];
    struct xg_buf when = XG_BUF(64);

    snprintf(line, sizeof line, XG_T("%" PRIu64 " 条", "%" PRIu64 " entries"),
             h->log_size);
    put_line(c, XG_T("日志", "log"), line, health_log_doubt(h));
    view_put_time(&when, h->clock.ms - h->clock.ms % 1000);
    put_line(c, XG_T("时钟", "clock"), xg_buf_str(&when),
             health_clock_doubt(h));
    xg_buf_reset(&when);
    if (h->backup_ms)
        view_put_time(&when, h->backup_ms);
    put_line(c, XG_T("备份", "backup"),
             h->backup_ms ? xg_buf_str(&when) : XG_T("没有", "none"),
             health_backup_doubt(h));
    snprintf(line, sizeof line, XG_T("剩 %s，共 %s", "%s of %s free"),
             view_size_text(free_, h->disk_free),
             view_size_text(total, h->disk_total));
    put_line(c, XG_T("磁盘", "disk"), line, health_disk_doubt(h));
    put_line(c, XG_T("数据库", "database"),
             view_size_text(total, h->database_bytes), NULL);
    snprintf(line, sizeof line,
             XG_T("%" PRIu64 " 个文件，%s；待传 %" PRIu64,
                  "%" PRIu64 " files, %s; %" PRIu64 " asked for"),
             h->photos_held, view_size_text(total, h->photo_bytes),
             h->photos_wanted);
    put_line(c, XG_T("照片", "photos"), line, NULL);
    snprintf(line, sizeof line, "%" PRIu64, h->quarantined);
    put_line(c, XG_T("隔离", "apart"), line, health_apart_doubt(h));
    snprintf(line, sizeof line, "%" PRIu64, h->waiting);
    put_line(c, XG_T("待签", "waiting"), line, health_waiting_doubt(h));
    xg_buf_reset(&when);
    if (t->known)
        view_put_time(&when, t->until_ms);
    put_line(c, XG_T("证书", "TLS"),
             t->known ? xg_buf_str(&when)
             : t->by == DATA_TLS_PROXY
                 ? XG_T("由前面的代理出示，到期在那里看",
                        "a proxy shows one: see there until when")
                 : "-",
             health_certificate_doubt(t, h->now_ms));
    xg_buf_clear(&when);
}

enum xg_status cmd_health(struct cmd *c, struct xg_error *err)
{
    const struct health_certificate t = read_certificate(c);
    struct health h;

    if (health_read(c->data, &h, err) != XG_OK)
        return err->status;
    if (c->json)
        return put_json(c, &h, &t, err);
    put_text(c, &h, &t);
    return XG_OK;
}
