/* cmd_status.c - status: who I am, what came how far, and what to mind. */
#include "agent/cli/cli.h"

#include <inttypes.h>

#include "agent/cli/patrol_cli.h"
#include "agent/engine/engine.h"
#include "agent/home/settings.h"
#include "shared/base/os.h"
#include "shared/view/text.h"

#define FREE_LOW_BYTES (UINT64_C(128) << 20)

struct facts {
    struct store_identity id;
    struct store_logs logs;
    struct store_counts counts;
    struct vault_state vault;
    struct xg_checkpoint checkpoint;
    bool has_checkpoint, has_free, alarm;
    uint64_t last_ms, server_ms, told_ms, free_bytes;
    int64_t now_ms, oldest_ms; /* oldest: of what no receipt proves; 0 none */
    struct cli_patrol patrol;
    struct cli_due_counts due; /* of JSON alone: for a page's first view */
    uint64_t unread;
    struct settings settings;
};

/* What is wrong with the clock, as far as it can be told without a network. */
enum clock_doubt { CLOCK_GOOD, CLOCK_FLOOR, CLOCK_BACK, CLOCK_OFF };

static const char *const clock_names[] = {NULL, "before-release", "behind",
                                          "off"};

/* Milliseconds that the clock is ahead of what is known. */
static enum clock_doubt judge_clock(const struct facts *f, int64_t *ahead_ms)
{
    int64_t off_ms = (int64_t)f->told_ms - (int64_t)f->server_ms;

    *ahead_ms = 0;
    if (f->now_ms < XG_CLOCK_FLOOR_MS) {
        *ahead_ms = f->now_ms - XG_CLOCK_FLOOR_MS;
        return CLOCK_FLOOR;
    }
    if (f->server_ms == 0)
        return CLOCK_GOOD;
    if (f->now_ms < (int64_t)f->server_ms - VIEW_CLOCK_TOLERANCE_MS) {
        *ahead_ms = f->now_ms - (int64_t)f->server_ms;
        return CLOCK_BACK;
    }
    /* It was off when the server last told the time, and was not set since. */
    if (off_ms > VIEW_CLOCK_TOLERANCE_MS || off_ms < -VIEW_CLOCK_TOLERANCE_MS) {
        *ahead_ms = off_ms;
        return CLOCK_OFF;
    }
    return CLOCK_GOOD;
}

/* ---- notices that nobody acknowledged for whom this device records ---- */

struct unread {
    const char *worker;
    uint64_t count;
    struct xg_error *err;
    enum xg_status status;
};

static bool look_at_notice(void *ctx, const struct store_entity *e,
                           struct xg_bytes state)
{
    struct unread *u = ctx;
    struct xg_brief_elements elements = {0};
    struct xg_cbor_item item;
    struct xg_brief brief;
    bool read = false;

    if (!e->folded || e->withdrawn)
        return true;
    u->status = xg_brief_read(&brief, state, u->err);
    if (u->status != XG_OK)
        return false;
    if (xg_brief_set(&brief, XG_NOTICE_READ, &elements))
        while (xg_brief_element(&elements, &item))
            read |= xg_bytes_equal(item.bytes, xg_bytes_of(u->worker));
    u->count += !read;
    return true;
}

static enum xg_status count_unread(uint64_t *count, struct cli *cli,
                                   struct xg_error *err)
{
    const struct store_filter notices = {.kind = xg_kind_find(XG_KIND_NOTICE)};
    struct xg_judgement actor;
    struct unread u = {.err = err, .status = XG_OK};

    if (fold_actor(cli->home.store, &actor, cli_flag(cli, "as"), err) != XG_OK)
        return err->status;
    u.worker = actor.author;
    if (store_list(cli->home.store, &notices, true, look_at_notice, &u, err) !=
        XG_OK)
        return err->status;
    *count = u.count;
    return u.status;
}

static enum xg_status gather(struct facts *f, struct cli *cli,
                             struct xg_error *err)
{
    struct store *s = cli->home.store;
    struct xg_error ignored = XG_ERROR_NONE;
    char alarm[HOME_PATH_SIZE];

    *f = (struct facts){.now_ms = xg_wall_ms(&cli->env)};
    if (store_get_identity(s, &f->id, err) != XG_OK ||
        store_get_logs(s, &f->logs, err) != XG_OK ||
        store_count(s, &f->counts, err) != XG_OK ||
        vault_state(&f->vault, cli->path, err) != XG_OK ||
        store_get_checkpoint(s, &f->checkpoint, NULL, &f->has_checkpoint,
                             err) != XG_OK ||
        store_get_meta_u64(s, &f->last_ms, SYNC_META_LAST, err) != XG_OK ||
        store_get_meta_u64(s, &f->server_ms, SYNC_META_SERVER, err) != XG_OK ||
        store_get_meta_u64(s, &f->told_ms, SYNC_META_TOLD, err) != XG_OK ||
        home_file(alarm, cli->path, "alarm/shown", err) != XG_OK ||
        cli_patrol_look(&f->patrol, cli, err) != XG_OK)
        return err->status;
    if (store_oldest_unproven(s, &f->oldest_ms, err) != XG_OK ||
        settings_load(&f->settings, cli->path, err) != XG_OK)
        return err->status;
    if (cli->json && (count_unread(&f->unread, cli, err) != XG_OK ||
                      cli_count_due(cli, &f->due, err) != XG_OK))
        return err->status;
    f->alarm = xg_os_exists(alarm);
    f->has_free =
        xg_os_free_bytes(&f->free_bytes, cli->path, &ignored) == XG_OK;
    return XG_OK;
}

/* ---- JSON ---- */

static json_t *deliveries_json(const uint64_t counts[STORE_DELIVERIES])
{
    json_t *object = json_object();

    for (int d = STORE_WAITING; d < STORE_DELIVERIES; d++)
        json_object_set_new(object, store_delivery_name((enum store_delivery)d),
                            json_integer((json_int_t)counts[d]));
    return object;
}

static json_t *time_json(uint64_t ms)
{
    struct xg_buf text = XG_BUF(64);

    if (ms == 0)
        return json_null();
    view_put_time_utc(&text, (int64_t)ms);
    json_t *value = json_string(xg_buf_str(&text));
    xg_buf_clear(&text);
    return value;
}

static json_t *clock_json(const struct facts *f)
{
    int64_t ahead_ms;
    enum clock_doubt doubt = judge_clock(f, &ahead_ms);

    return json_pack("{s:o, s:s?, s:I, s:o}", "now",
                     time_json((uint64_t)f->now_ms), "doubt",
                     clock_names[doubt], "ahead_ms", (json_int_t)ahead_ms,
                     "server", time_json(f->server_ms));
}

static json_t *settings_json(const struct settings *s)
{
    json_t *object = json_object();

    for (size_t i = 0; settings_table[i].name; i++)
        json_object_set_new(object, settings_table[i].name,
                            json_string(s->values[i]));
    return object;
}

/* The newest first. */
static json_t *logs_json(const struct store_logs *logs)
{
    json_t *list = json_array();

    for (size_t i = 1; i < logs->count; i++) {
        const struct store_log *log = &logs->list[i];
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:o, s:I, s:I, s:I}", "log",
                            log->key.name, "until", (json_int_t)log->until,
                            "since", time_json((uint64_t)log->since_ms),
                            "batches", (json_int_t)log->batches, "records",
                            (json_int_t)log->records, "photos",
                            (json_int_t)log->photos));
    }
    return list;
}

static enum xg_status put_json(struct cli *cli, const struct facts *f,
                               struct xg_error *err)
{
    const struct store_counts *c = &f->counts;
    json_t *object = json_pack(
        "{s:b, s:s, s:s, s:s, s:s, s:s, s:s}", "joined", f->id.joined, "worker",
        f->id.worker, "device", f->id.device, "state",
        f->id.joined ? xg_device_state_name(f->id.state) : "none", "log",
        f->id.log.name, "server", f->id.url, "home", cli->path);

    json_object_update_new(
        object,
        json_pack(
            "{s:I, s:o, s:o, s:{s:I, s:I, s:I, s:o}, s:I, s:{s:I, s:I, s:I}}",
            "drafts",
            (json_int_t)c->drafts, "records", deliveries_json(c->records),
            "entities", deliveries_json(c->entities), "photos", "total",
            (json_int_t)c->photos, "only_here", (json_int_t)c->photos_here,
            "bytes_only_here", (json_int_t)c->photo_bytes_here, "oldest",
            c->photo_oldest_ms > 0 ? time_json((uint64_t)c->photo_oldest_ms)
                                   : json_null(),
            "conflicts", (json_int_t)c->conflicts, "batches", "waiting",
            (json_int_t)c->batches_waiting, "forked",
            (json_int_t)c->batches_forked, "quarantined",
            (json_int_t)c->batches_quarantined));
    json_object_update_new(
        object,
        json_pack("{s:o, s:I, s:o, s:o, s:b, s:s, s:b, s:b, s:b, s:o}",
                  "last_sync", time_json(f->last_ms), "log_size",
                  (json_int_t)(f->has_checkpoint ? f->checkpoint.size : 0),
                  "clock", clock_json(f), "free_bytes",
                  f->has_free ? json_integer((json_int_t)f->free_bytes)
                              : json_null(),
                  "free_low", f->has_free && f->free_bytes < FREE_LOW_BYTES,
                  "vault", f->vault.passphrase ? "passphrase" : "key-file",
                  "held", f->vault.held, "escrow", f->vault.escrow, "alarm",
                  f->alarm, "patrol", cli_patrol_json(&f->patrol)));
    json_object_set_new(object, "oldest_waiting",
                        c->oldest_waiting_ms > 0
                            ? time_json((uint64_t)c->oldest_waiting_ms)
                            : json_null());
    json_object_set_new(object, "logs_before", logs_json(&f->logs));
    json_object_update_new(
        object,
        json_pack("{s:o, s:b, s:{s:I, s:I}, s:{s:I, s:I}, s:{s:I}, s:o}",
                  "oldest_waiting",
                  f->oldest_ms ? time_json((uint64_t)f->oldest_ms)
                               : json_null(),
                  "passphrase", f->vault.passphrase, "due", "today",
                  (json_int_t)f->due.today, "overdue",
                  (json_int_t)f->due.overdue, "cases", "open",
                  (json_int_t)f->due.cases_open, "overdue",
                  (json_int_t)f->due.cases_overdue, "notices", "unread",
                  (json_int_t)f->unread, "settings",
                  settings_json(&f->settings)));
    return cli_put_json(cli, object, err);
}

/* ---- text ---- */

static void label(struct xg_buf *out, const char *text)
{
    size_t start = out->len;

    xg_buf_text(out, text);
    view_pad(out, start, 14);
    xg_buf_byte(out, ' ');
}

static const char *state_label(enum xg_device_state state)
{
    switch (state) {
    case XG_DEVICE_ENROLLED:
        return XG_T("已加入", "enrolled");
    case XG_DEVICE_PENDING:
        return XG_T("待批准", "waiting for approval");
    case XG_DEVICE_REVOKED:
        return XG_T("已停用", "revoked");
    }
    return "";
}

/* The server was restored once: what that cost. */
static void put_log_before(struct xg_buf *out, const struct store_log *log)
{
    label(out, "");
    xg_buf_format(out,
                  XG_T("接替 %s（前 %" PRIu64 " 条相同），",
                       "follows %s (its first %" PRIu64 " entries), "),
                  log->key.name, log->until);
    view_put_time(out, log->since_ms / 1000 * 1000);
    xg_buf_format(out,
                  XG_T("：本机 %" PRIu64 " 批要再传，别人的 %" PRIu64
                       " 条按原日志保留",
                       ": %" PRIu64 " batches to be sent again, %" PRIu64
                       " records of others by the old log's word"),
                  log->batches, log->records);
    if (log->photos)
        xg_buf_format(out,
                      XG_T("，本机已删的 %" PRIu64 " 张照片那里也丢了",
                           ", %" PRIu64 " photos that are gone here are lost "
                           "there too"),
                      log->photos);
    xg_buf_byte(out, '\n');
}

static void put_who(struct xg_buf *out, const struct facts *f)
{
    label(out, XG_T("我是", "I am"));
    if (!f->id.joined) {
        xg_buf_text(out, XG_T("尚未入网；请运行 xunge enrol 入网码\n",
                              "not joined yet; run xunge enrol CODE\n"));
        return;
    }
    if (*f->id.device)
        xg_buf_format(out,
                      XG_T("%s · 设备 %s · %s\n", "%s · device %s · %s\n"),
                      f->id.worker, f->id.device, state_label(f->id.state));
    else
        xg_buf_format(out,
                      XG_T("%s · 入网申请已写出，等回应：xunge enrol --accept "
                           "文件；可以先记录\n",
                           "%s · the request to join is written; with its "
                           "answer: xunge enrol --accept FILE; record "
                           "meanwhile\n"),
                      f->id.worker);
    label(out, XG_T("服务器", "server"));
    xg_buf_format(out, "%s · %s\n", f->id.log.name, f->id.url);
    for (size_t i = 1; i < f->logs.count; i++)
        put_log_before(out, &f->logs.list[i]);
}

static void put_counts(struct xg_buf *out, const struct store_counts *c)
{
    uint64_t sealed = c->records[STORE_SEALED];

    label(out, XG_T("记录", "records"));
    xg_buf_format(out, "%s %" PRIu64 " · %s %" PRIu64,
                  view_delivery_label(VIEW_DRAFT), c->drafts,
                  view_delivery_label(VIEW_WAITING),
                  c->records[STORE_WAITING] + sealed);
    if (sealed)
        xg_buf_format(
            out, XG_T("（其中已封装 %" PRIu64 "）", " (%" PRIu64 " sealed)"),
            sealed);
    xg_buf_format(out, " · %s %" PRIu64 " · %s %" PRIu64 "\n",
                  view_delivery_label(VIEW_SENT), c->records[STORE_SENT],
                  view_delivery_label(VIEW_RECEIVED),
                  c->records[STORE_RECEIVED]);
    label(out, XG_T("照片", "photos"));
    xg_buf_format(out,
                  XG_T("%" PRIu64 " 张，仅在本机 %" PRIu64 " 张",
                       "%" PRIu64 ", only here %" PRIu64),
                  c->photos, c->photos_here);
    if (c->photos_here) {
        xg_buf_text(out, XG_T("（", " ("));
        view_put_size(out, c->photo_bytes_here);
        xg_buf_text(out, XG_T("，最早的 ", ", oldest "));
        view_put_time(out, c->photo_oldest_ms / 1000 * 1000);
        xg_buf_text(out, XG_T("）", ")"));
    }
    xg_buf_byte(out, '\n');
    label(out, XG_T("冲突", "conflicts"));
    xg_buf_format(out, "%" PRIu64 "%s\n", c->conflicts,
                  c->conflicts ? XG_T(" 条待决定：xunge conflicts",
                                      " to decide: xunge conflicts")
                               : "");
    if (c->batches_forked + c->batches_quarantined > 0)
        xg_buf_format(out,
                      XG_T("注意：有 %" PRIu64 " 批记录与服务器上的另一版"
                           "并存，%" PRIu64 " 批由服务器单独存着、没有并入；"
                           "都没有丢，请告诉指挥中心管理员\n",
                           "mind: %" PRIu64 " batches stand beside another "
                           "version on the server, %" PRIu64 " are kept apart "
                           "there and not merged; nothing is lost, tell the "
                           "administrator of the command centre\n"),
                      c->batches_forked, c->batches_quarantined);
}

static void put_sync(struct xg_buf *out, const struct facts *f)
{
    int64_t ago_ms = f->now_ms - (int64_t)f->last_ms;

    if (f->oldest_ms) {
        label(out, XG_T("最早的待传", "oldest waiting"));
        view_put_time(out, f->oldest_ms / 1000 * 1000);
        xg_buf_byte(out, '\n');
    }

    label(out, XG_T("上次同步成功", "last synced"));
    if (f->last_ms == 0) {
        xg_buf_text(out, XG_T("从未\n", "never\n"));
        return;
    }
    view_put_time(out, (int64_t)f->last_ms / 1000 * 1000);
    if (ago_ms >= 0) {
        xg_buf_text(out, XG_T("（", " ("));
        view_put_duration(out, ago_ms / 1000 * 1000);
        xg_buf_text(out, XG_T("前）", " ago)"));
    }
    xg_buf_text(out, "\n");
}

static void put_clock(struct xg_buf *out, const struct facts *f)
{
    int64_t ahead_ms;
    enum clock_doubt doubt = judge_clock(f, &ahead_ms);

    label(out, XG_T("时钟", "clock"));
    view_put_time(out, f->now_ms / 1000 * 1000);
    if (doubt != CLOCK_GOOD) {
        xg_buf_text(out, XG_T("  存疑：比", "  doubtful: "));
        if (doubt == CLOCK_FLOOR)
            xg_buf_text(out, XG_T("本程序的发布时间早 ",
                                  "before this program was made, by "));
        else if (ahead_ms < 0)
            xg_buf_text(out, XG_T("服务器慢 ", "behind the server by "));
        else
            xg_buf_text(out, XG_T("服务器快 ", "ahead of the server by "));
        view_put_duration(out,
                          (ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000 * 1000);
        xg_buf_text(out, XG_T("；记录照常保存，顺序不受影响",
                              "; recording goes on, no order depends on it"));
    } else if (f->server_ms == 0) {
        xg_buf_text(out, XG_T("（尚无服务器时间可比）",
                              " (no server time yet to compare with)"));
    }
    xg_buf_text(out, "\n");
}

static void put_rest(struct xg_buf *out, const struct cli *cli,
                     const struct facts *f)
{
    char size[VIEW_SIZE_TEXT];

    label(out, XG_T("剩余空间", "free space"));
    if (f->has_free)
        xg_buf_format(
            out, "%s%s\n", view_size_text(size, f->free_bytes),
            f->free_bytes < FREE_LOW_BYTES
                ? XG_T("  不多了，请删别的文件（巡格的数据和未传的照片别删）",
                       "  that is little; make room elsewhere")
                : "");
    else
        xg_buf_text(out, XG_T("未知\n", "unknown\n"));
    label(out, XG_T("本机加密", "at rest"));
    xg_buf_format(
        out, "%s%s\n",
        f->vault.passphrase
            ? (f->vault.held
                   ? XG_T("有口令，现已解锁", "passphrase, unlocked now")
                   : XG_T("有口令", "passphrase"))
            : XG_T("密钥文件，无口令", "key file, no passphrase"),
        f->vault.escrow
            ? XG_T("；密钥另封存一份给登记员",
                   "; a copy of the key is sealed to the registrar")
            : XG_T("；忘记口令无法恢复", "; a forgotten passphrase cannot be "
                                         "recovered"));
    label(out, XG_T("数据目录", "home"));
    xg_buf_format(out, "%s\n", cli->path);
}

enum xg_status cmd_status(struct cli *cli, struct xg_error *err)
{
    struct facts f;

    if (gather(&f, cli, err) != XG_OK)
        return err->status;
    if (f.alarm)
        cli->decide = xg_status_exit(XG_ALARM);
    if (cli->json)
        return put_json(cli, &f, err);
    if (f.alarm)
        xg_buf_format(&cli->out,
                      XG_T("警报：服务器的日志与本机所存不一致，见 %s/alarm；"
                           "请马上告诉指挥中心管理员，不要清空设备\n",
                           "ALARM: the server's log does not continue the "
                           "one held here, see %s/alarm; tell the "
                           "administrator of the command centre at once, and "
                           "do not wipe this device\n"),
                      cli->path);
    put_who(&cli->out, &f);
    put_counts(&cli->out, &f.counts);
    put_sync(&cli->out, &f);
    put_clock(&cli->out, &f);
    cli_patrol_put(&cli->out, &f.patrol);
    put_rest(&cli->out, cli, &f);
    return xg_buf_check(&cli->out, err);
}
