/* print.c - see print.h. */
#include "agent/sync/print.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/view/text.h"

enum {
    QUIET_MS = 1000, /* before the first progress line, and between two */
    STEP_MS = 250, /* between two lines for a program */
    ETA_STABLE_MS = 5 * 1000, /* before a first promise */
    CLOCK_DOUBT_MS = 2 * 60 * 1000,
    ETA_TEXT = 64,
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void print_init(struct print *p, bool json)
{
    *p = (struct print){.json = json, .terminal = isatty(STDERR_FILENO) == 1};
    p->begun_ms = now_ms();
    p->next_ms = p->begun_ms + QUIET_MS;
    p->eta_s = -1;
}

/* ---- numbers ---- */

static uint64_t not_received(const struct store_counts *c)
{
    return c->records[STORE_WAITING] + c->records[STORE_SEALED] +
           c->records[STORE_SENT];
}

/* "6.4 KB/s": what the line does at the moment; "" while that is not known. */
static const char *rate_text(char out[VIEW_SIZE_TEXT], uint64_t rate)
{
    if (rate == 0)
        out[0] = '\0';
    else if (rate < 100 * 1000)
        snprintf(out, VIEW_SIZE_TEXT, "%.1f KB/s", (double)rate / 1e3);
    else
        snprintf(out, VIEW_SIZE_TEXT, "%.1f MB/s", (double)rate / 1e6);
    return out;
}

/* What was promised, less the time since, moved a little towards what is
 * computed now; far off, the new one. So it counts down and does not jump. */
static int64_t steady_eta(struct print *p, int64_t computed_s, int64_t now)
{
    int64_t promised_s = p->eta_s - (now - p->eta_ms) / 1000;
    int64_t off = computed_s - promised_s;
    int64_t little = promised_s / 3 + 5;

    if (p->eta_s >= 0 && computed_s >= 0 && off < little && off > -little) {
        computed_s = promised_s + off / 8;
        if (computed_s < 1)
            computed_s = 1;
    }
    p->eta_s = computed_s;
    p->eta_ms = now;
    return computed_s;
}

/* In steps that a person believes: minutes, below two of them tens of seconds.
 */
static const char *eta_text(char out[ETA_TEXT], int64_t s)
{
    out[0] = '\0';
    if (s < 0 || s > 7 * 24 * 3600)
        return out;
    if (s > 90 * 60)
        snprintf(out, ETA_TEXT, XG_T("，约剩 %.1f 小时", ", about %.1f h left"),
                 (double)s / 3600);
    else if (s > 100)
        snprintf(
            out, ETA_TEXT,
            XG_T("，约剩 %" PRId64 " 分钟", ", about %" PRId64 " min left"),
            (s + 30) / 60);
    else
        snprintf(out, ETA_TEXT,
                 XG_T("，约剩 %" PRId64 " 秒", ", about %" PRId64 " s left"),
                 (s + 9) / 10 * 10);
    return out;
}

/* ---- progress ---- */

static void show_records(const struct sync_report *r)
{
    char size[VIEW_SIZE_TEXT];

    if (r->bytes_in == 0) {
        fputs(XG_T("正在连接中心 …", "connecting to the centre ..."), stderr);
        return;
    }
    fprintf(stderr,
            XG_T("记录：中心已收到 %" PRIu64 " 条，取回 %" PRIu64
                 " 条，流量 %s …",
                 "records: %" PRIu64 " received there, %" PRIu64
                 " pulled, %s so far ..."),
            r->records_received, r->records_pulled,
            view_size_text(size, r->bytes_out + r->bytes_in));
}

static void show_photos(struct print *p, const struct sync_report *r,
                        int64_t now)
{
    char confirmed[VIEW_SIZE_TEXT], total[VIEW_SIZE_TEXT], rate[VIEW_SIZE_TEXT];
    char eta[ETA_TEXT];
    uint64_t done = r->photo_bytes_confirmed, all = r->photo_bytes_total;
    uint64_t at = r->photos_done + 1;
    int64_t left_s = pace_eta_s(&r->pace, done < all ? all - done : 0);

    if (at > r->photos_total)
        at = r->photos_total;
    rate_text(rate, r->pace.rate);
    fprintf(stderr,
            XG_T("照片 %" PRIu64 "/%" PRIu64 "：中心已有 %s（共 %s）%s%s%s",
                 "photo %" PRIu64 " of %" PRIu64 ": %s of %s confirmed%s%s%s"),
            at, r->photos_total, view_size_text(confirmed, done),
            view_size_text(total, all), *rate ? XG_T("，", ", ") : "", rate,
            eta_text(eta, steady_eta(p, left_s, now)));
}

static void show(struct print *p, int64_t now)
{
    p->next_ms = now + QUIET_MS;
    p->shown = true;
    fputs("\r\x1b[K", stderr);
    if (p->report->sending_photos && p->report->photos_total > 0)
        show_photos(p, p->report, now);
    else
        show_records(p->report);
    fflush(stderr);
}

/* ---- the same for a program ---- */

static const char *phase_name(const struct sync_report *r)
{
    if (r->pausing)
        return "waiting"; /* for the line, to try again */
    if (r->bytes_in == 0)
        return "connecting";
    return r->sending_photos && r->photos_total > 0 ? "photos" : "records";
}

/* A promise once there is one, else null: what is not known is not shown. */
static json_t *eta_json(struct print *p, const struct sync_report *r,
                        int64_t now)
{
    uint64_t done = r->photo_bytes_confirmed, all = r->photo_bytes_total;

    if (!r->sending_photos || r->photos_total == 0 ||
        now - p->begun_ms < ETA_STABLE_MS)
        return json_null();
    int64_t s = steady_eta(
        p, pace_eta_s(&r->pace, done < all ? all - done : 0), now);
    return s >= 0 && s < 7 * 24 * 3600 ? json_integer(s) : json_null();
}

static json_t *step_json(struct print *p, const struct sync_report *r,
                         int64_t now)
{
    char photo[2 * XG_HASH_SIZE + 1];
    json_t *o = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "phase",
        phase_name(r), "records_received", (json_int_t)r->records_received,
        "records_total", (json_int_t)p->records_total, "records_pulled",
        (json_int_t)r->records_pulled, "photos_done",
        (json_int_t)r->photos_done, "photos_total", (json_int_t)r->photos_total,
        "photo_bytes_confirmed", (json_int_t)r->photo_bytes_confirmed,
        "photo_bytes_total", (json_int_t)r->photo_bytes_total, "bytes_out",
        (json_int_t)r->bytes_out, "bytes_in", (json_int_t)r->bytes_in,
        "bytes_per_s", (json_int_t)r->pace.rate, "eta_s", eta_json(p, r, now));

    if (r->sending_photos && r->photo_length > 0) {
        xg_hex(photo, r->photo.b, XG_HASH_SIZE);
        json_object_set_new(o, "photo",
                            json_pack("{s:s, s:I, s:I}", "sha256", photo,
                                      "done", (json_int_t)r->photo_done,
                                      "total", (json_int_t)r->photo_length));
    }
    return json_pack("{s:o}", "progress", o);
}

/* A line, if it says something else than the last. */
static void show_step(struct print *p, int64_t now)
{
    json_t *o = step_json(p, p->report, now);
    char line[PRINT_STEP_SIZE];
    size_t len = o ? json_dumpb(o, line, sizeof line - 1, JSON_COMPACT) : 0;

    json_decref(o);
    if (len == 0 || len >= sizeof line)
        return;
    line[len] = '\0';
    p->next_ms = now + STEP_MS;
    if (strcmp(line, p->step) == 0)
        return;
    memcpy(p->step, line, len + 1);
    puts(line);
    fflush(stdout);
}

void print_progress(void *ctx, const struct sync_report *r)
{
    struct print *p = ctx;

    p->report = r;
    print_tick(ctx);
}

void print_tick(void *ctx)
{
    struct print *p = ctx;
    int64_t now = now_ms();

    if (!p->report || now < p->next_ms)
        return;
    if (p->json && p->steps)
        show_step(p, now);
    else if (p->terminal)
        show(p, now);
}

void print_begin(struct print *p, const struct sync_report *r,
                 const struct store_counts *counts)
{
    p->records_total = not_received(counts);
    if (p->steps)
        print_progress(p, r);
}

static void wipe_progress(struct print *p)
{
    if (p->shown)
        fputs("\r\x1b[K", stderr);
    p->shown = false;
    p->report = NULL; /* the run is over */
    p->eta_s = -1;
}

/* ---- for a program ---- */

static void set(json_t *o, const char *key, json_t *value)
{
    if (value)
        json_object_set_new(o, key, value);
}

static void set_u64(json_t *o, const char *key, uint64_t value)
{
    set(o, key, json_integer((json_int_t)value));
}

static const char *new_chain_name(enum sync_new_chain why)
{
    switch (why) {
    case SYNC_CHAIN_KEPT:
        return NULL;
    case SYNC_CHAIN_RESTORED:
        return "restored";
    case SYNC_CHAIN_BEHIND:
        return "behind";
    case SYNC_CHAIN_FORKED:
        return "forked";
    }
    return NULL;
}

static json_t *begin_object(enum xg_status status, const struct xg_error *err)
{
    json_t *o = json_object();

    set(o, "ok", json_boolean(status == XG_OK));
    set(o, "status", json_string(xg_status_name(status)));
    if (status != XG_OK)
        set(o, "error", json_string(xg_error_text(err)));
    return o;
}

/* An error is one object on standard error, as with every command. */
static void complain_json(enum xg_status status, const struct xg_error *err)
{
    json_t *o = json_pack("{s:s, s:i, s:s}", "error", xg_status_name(status),
                          "exit", xg_status_exit(status), "text",
                          xg_error_text(err));
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

    fprintf(stderr, "%s\n", text ? text : xg_error_text(err));
    free(text);
    json_decref(o);
}

static void end_object(json_t *o, enum xg_status status,
                       const struct xg_error *err)
{
    if (!o || json_dumpf(o, stdout, JSON_COMPACT) != 0)
        fputs("xunge-sync: out of memory for the answer\n", stderr);
    fputc('\n', stdout);
    fflush(stdout);
    json_decref(o);
    if (status != XG_OK)
        complain_json(status, err);
}

static void set_report(json_t *o, const struct sync_report *r)
{
    json_t *reasons = json_array();
    const char *chain = new_chain_name(r->new_chain);

    set(o, "reached", json_boolean(r->reached));
    set(o, "device", json_string(r->device));
    set(o, "worker", json_string(r->worker));
    set(o, "state", json_string(xg_device_state_name(r->state)));
    set_u64(o, "batches_received", r->batches_received);
    set_u64(o, "records_received", r->records_received);
    if (r->batches_received)
        set_u64(o, "last_entry", r->last_entry);
    set_u64(o, "log_size", r->log_size);
    set_u64(o, "waiting", r->waiting);
    set_u64(o, "forked", r->forked);
    set_u64(o, "quarantined", r->quarantined);
    set_u64(o, "batches_refused", r->batches_refused);
    for (size_t i = 0; i < r->reason_count; i++)
        json_array_append_new(reasons, json_string(r->reasons[i]));
    set(o, "reasons", reasons);
    set_u64(o, "pushed_again", r->pushed_again);
    set(o, "succeeded", json_boolean(r->succeeded));
    set_u64(o, "lost_batches", r->lost_batches);
    set_u64(o, "lost_records", r->lost_records);
    set_u64(o, "lost_photos", r->lost_photos);
    set_u64(o, "records_pulled", r->records_pulled);
    set_u64(o, "gone", r->gone);
    set_u64(o, "registry_notes", r->registry_notes);
    set_u64(o, "references", r->references);
    set_u64(o, "photos_wanted", r->orders);
    set_u64(o, "photos_total", r->photos_total);
    set_u64(o, "photos_sent", r->photos_done);
    set_u64(o, "photo_bytes_total", r->photo_bytes_total);
    set_u64(o, "photo_bytes_confirmed", r->photo_bytes_confirmed);
    set_u64(o, "photos_left", r->photos_left);
    set_u64(o, "photos_refused", r->photos_refused);
    set_u64(o, "photos_freed", r->photos_freed);
    set(o, "budget_used_up", json_boolean(r->budget));
    set_u64(o, "bytes_per_s", r->pace.rate);
    set_u64(o, "line_bytes", r->line_bytes);
    set_u64(o, "bytes_out", r->bytes_out);
    set_u64(o, "bytes_in", r->bytes_in);
    set(o, "clock_ahead_ms", json_integer(r->clock_ahead_ms));
    set(o, "new_chain", chain ? json_string(chain) : json_null());
}

static void set_counts(json_t *o, const struct store_counts *c)
{
    json_t *records = json_object();

    for (unsigned d = STORE_WAITING; d < STORE_DELIVERIES; d++)
        set_u64(records, store_delivery_name((enum store_delivery)d),
                c->records[d]);
    set(o, "records", records);
    set_u64(o, "remaining", not_received(c));
    set_u64(o, "drafts", c->drafts);
    set_u64(o, "conflicts", c->conflicts);
}

/* ---- for a person ---- */

void print_failure(struct print *p, enum xg_status status,
                   const struct xg_error *err)
{
    wipe_progress(p);
    if (p->json)
        end_object(begin_object(status, err), status, err);
    else
        fprintf(stderr, "xunge-sync: %s\n", xg_error_text(err));
}

void print_enrolled(struct print *p, const struct sync_report *r,
                    enum xg_status status, const struct xg_error *err)
{
    wipe_progress(p);
    if (p->json) {
        json_t *o = begin_object(status, err);
        set_report(o, r);
        end_object(o, status, err);
        return;
    }
    if (status != XG_OK) {
        print_failure(p, status, err);
        return;
    }
    printf(XG_T("已加入：%s，使用人 %s\n", "enrolled: %s, of worker %s\n"),
           r->device, r->worker);
    if (r->state == XG_DEVICE_PENDING)
        fputs(XG_T("等待管理员批准；现在就可以记录，批准后用 xunge sync 上传\n",
                   "waiting for the operator's approval; record already now, "
                   "and run xunge sync once it is approved\n"),
              stdout);
    else
        fputs(XG_T("现在运行 xunge sync\n", "now run xunge sync\n"), stdout);
}

static void print_new_chain(const struct sync_report *r)
{
    switch (r->new_chain) {
    case SYNC_CHAIN_KEPT:
        return;
    case SYNC_CHAIN_RESTORED:
        fputs(XG_T("本机数据是从备份恢复的：已另起一条新链，旧记录会取回\n",
                   "this device was restored from a backup: it goes on in a "
                   "new chain, older records are fetched back\n"),
              stdout);
        return;
    case SYNC_CHAIN_BEHIND:
        fputs(
            XG_T("服务器上有本机写过、本机却没有的记录（恢复或复制过？）：本机"
                 "接着另起一条新链记，照常用；若没有恢复或复制过，请告诉指挥"
                 "中心管理员\n",
                 "the server has records of this device that are not here "
                 "(was it restored or copied?): it goes on in a new chain, "
                 "work as usual; if it was neither, tell the administrator "
                 "of the command centre\n"),
            stdout);
        return;
    case SYNC_CHAIN_FORKED:
        fputs(
            XG_T("本机的记录在服务器上有两个版本（数据被复制到两处用过），两个"
                 "都保留；本机接着另起一条新链记。请只用一处，并告诉指挥中心"
                 "管理员\n",
                 "the server holds two versions of this device's chain (its "
                 "data was used in two places) and keeps both: it goes on "
                 "in a new chain. Use only one, and tell the administrator "
                 "of the command centre\n"),
            stdout);
        return;
    }
}

static void print_clock(const struct sync_report *r)
{
    int64_t ahead = r->clock_ahead_ms;

    if (!r->reached || (ahead < CLOCK_DOUBT_MS && ahead > -CLOCK_DOUBT_MS))
        return;
    if (ahead > 0)
        printf(XG_T("本机时钟比服务器快 %" PRId64
                    " 分钟；请校准（记录不受影响）"
                    "\n",
                    "this device's clock is %" PRId64 " minutes ahead of the "
                    "server's; set it right (no record is harmed)\n"),
               ahead / 60000);
    else
        printf(XG_T("本机时钟比服务器慢 %" PRId64
                    " 分钟；请校准（记录不受影响）"
                    "\n",
                    "this device's clock is %" PRId64 " minutes behind the "
                    "server's; set it right (no record is harmed)\n"),
               -(ahead / 60000));
}

static void print_succeeded(const struct sync_report *r)
{
    if (!r->succeeded)
        return;
    printf(XG_T("服务器是从备份恢复的，登记员已声明：本机 %" PRIu64
                " 批要再传一次；别人的 %" PRIu64
                " 条暂按原日志保留。原来的证明在 logs 目录，详见 xunge status\n",
                "the server was restored from a backup, as the registrar says: "
                "%" PRIu64 " batches of this device go out again, %" PRIu64
                " records of others stay as the old log had them. The old "
                "proofs are in the folder logs; see xunge status\n"),
           r->lost_batches, r->lost_records);
    if (r->lost_photos)
        printf(XG_T("本机已删的 %" PRIu64
                    " 张照片服务器也丢了，请告诉指挥中心\n",
                    "%" PRIu64 " photos that this device let go of are lost "
                    "there too: tell the command centre\n"),
               r->lost_photos);
}

static void print_pushed(const struct sync_report *r)
{
    print_succeeded(r);
    if (r->batches_received)
        printf(XG_T("中心已收到 %" PRIu64 " 条（证明已核验；%" PRIu64
                    " 批，最后一批是日志第 %" PRIu64 " 条，共 %" PRIu64 "）\n",
                    "received, proof verified: %" PRIu64 " records in %" PRIu64
                    " batches, the last is entry %" PRIu64
                    " of the log (%" PRIu64 " in all)\n"),
               r->records_received, r->batches_received, r->last_entry,
               r->log_size);
    if (r->waiting)
        printf(XG_T("其中 %" PRIu64 " 批在等更早的记录\n",
                    "%" PRIu64 " of them wait for earlier ones\n"),
               r->waiting);
    if (r->quarantined)
        printf(XG_T("其中 %" PRIu64 " 批由服务器单独存着、没有并入；没有丢，请"
                    "告诉指挥中心管理员\n",
                    "%" PRIu64 " of them are kept apart by the server and not "
                    "merged; nothing is lost, tell the administrator of the "
                    "command centre\n"),
               r->quarantined);
    if (r->pushed_again)
        printf(XG_T("服务器缺失的 %" PRIu64 " 批已重新上传\n",
                    "%" PRIu64 " batches that the server lacked were sent "
                    "again\n"),
               r->pushed_again);
    for (size_t i = 0; i < r->reason_count; i++)
        printf(XG_T("被拒收：%s\n", "refused: %s\n"), r->reasons[i]);
}

static void print_pulled(const struct sync_report *r)
{
    if (r->records_pulled)
        printf(XG_T("取回 %" PRIu64 " 条\n", "pulled: %" PRIu64 " records\n"),
               r->records_pulled);
    if (r->gone)
        printf(XG_T("%" PRIu64 " 件已转出，不用再办；写过的都在\n",
                    "%" PRIu64 " matters went out of this device's scope\n"),
               r->gone);
    if (r->orders)
        printf(XG_T("中心点名要 %" PRIu64 " 张原图\n",
                    "the centre asks for %" PRIu64 " full photos\n"),
               r->orders);
}

static void print_remaining(const struct store_counts *c)
{
    uint64_t remaining = not_received(c);

    if (remaining)
        printf(XG_T("还有 %" PRIu64 " 条尚未收到证明，仍在本机\n",
                    "%" PRIu64 " records have no proof yet and stay here\n"),
               remaining);
    if (c->drafts)
        printf(XG_T("草稿 %" PRIu64 " 份（不上传）\n",
                    "%" PRIu64 " drafts (not sent)\n"),
               c->drafts);
    if (c->conflicts)
        printf(XG_T("有冲突 %" PRIu64 " 件待决定：xunge conflicts\n",
                    "%" PRIu64 " conflicts to decide: xunge conflicts\n"),
               c->conflicts);
}

/* What keeps photos here, and what to do about it. */
static const char *why_left(const struct sync_report *r,
                            const struct sync_options *o)
{
    if (r->budget)
        return XG_T("本次的流量或时间已用完，下次同步接着传",
                    "the bytes or the time of this run are used up; the next "
                    "sync goes on");
    if (o->photos == SYNC_PHOTOS_NONE)
        return XG_T("用了 --photos none；要传就去掉它",
                    "--photos none was given; sync without it to send them");
    if (o->photos == SYNC_PHOTOS_THUMBS)
        return XG_T("用了 --photos thumbs；要传原图就用 --photos all",
                    "--photos thumbs was given; --photos all sends them whole");
    if (o->photos == SYNC_PHOTOS_AUTO && o->metered)
        return XG_T("现在按流量计费；等连上不计费的网络，或用 --photos all",
                    "bytes cost here; they wait for a free line, or for "
                    "--photos all");
    return XG_T("下次同步接着传", "the next sync goes on");
}

static void print_photos(const struct sync_report *r,
                         const struct sync_options *o)
{
    char size[VIEW_SIZE_TEXT];

    if (r->photos_done)
        printf(XG_T("照片：中心已收到 %" PRIu64 " 张（证明已核验）\n",
                    "photos: %" PRIu64 " received, proof verified\n"),
               r->photos_done);
    if (r->photos_freed)
        printf(XG_T("照片：%" PRIu64 " 张已过保留期且中心有备份，本机已腾出空间"
                    "\n",
                    "photos: %" PRIu64 " were kept long enough and are backed "
                    "up there; their space here is free again\n"),
               r->photos_freed);
    if (r->photos_refused)
        printf(XG_T("照片：%" PRIu64 " 张中心没有收（仍在本机）；原因见上\n",
                    "photos: %" PRIu64 " were refused and stay here; the "
                    "reasons are above\n"),
               r->photos_refused);
    if (r->photos_left)
        printf(XG_T("照片：%" PRIu64 " 张还在本机等着：%s\n",
                    "photos: %" PRIu64 " wait here: %s\n"),
               r->photos_left, why_left(r, o));
    if (r->budget)
        printf(XG_T("本次用流量 %s（--budget、--within 到限）\n",
                    "this run took %s of the line (--budget or --within "
                    "ended it)\n"),
               view_size_text(size, r->line_bytes));
}

static const char *who_says(enum metered_by by)
{
    switch (by) {
    case METERED_BY_DEFAULT:
        return XG_T("没有谁说要计费", "nobody says that they do");
    case METERED_BY_SETTING:
        return XG_T("本机记下的设置", "as this device was told to remember");
    case METERED_BY_NETWORK:
        return XG_T("NetworkManager 说的", "NetworkManager says so");
    case METERED_BY_FLAG:
        return XG_T("本次的选项", "as said for this run");
    }
    return "";
}

static void print_metered(const struct print *p)
{
    if (p->verbose)
        printf("%s%s\n",
               p->metered.metered
                   ? XG_T("按流量计费：", "bytes cost on this line: ")
                   : XG_T("不按流量计费：", "bytes do not cost on this line: "),
               who_says(p->metered.by));
}

void print_synced(struct print *p, const struct sync_report *r,
                  const struct sync_options *options,
                  const struct store_counts *counts, enum xg_status status,
                  const struct xg_error *err)
{
    wipe_progress(p);
    if (p->json) {
        json_t *o = begin_object(status, err);
        set_report(o, r);
        set(o, "metered", json_boolean(p->metered.metered));
        set(o, "metered_by", json_string(metered_by_name(p->metered.by)));
        if (counts)
            set_counts(o, counts);
        end_object(o, status, err);
        return;
    }
    print_pushed(r);
    print_pulled(r);
    print_photos(r, options);
    print_metered(p);
    print_new_chain(r);
    print_clock(r);
    if (counts)
        print_remaining(counts);
    if (status == XG_OK)
        printf(XG_T("同步完成（%s）\n", "in sync (%s)\n"), r->device);
    fflush(stdout);
    if (status != XG_OK)
        fprintf(stderr, "xunge-sync: %s\n", xg_error_text(err));
}
