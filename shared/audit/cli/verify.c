/* verify.c - `xunge-audit verify` and `replay`: the verdict first, then counts, then what was
 * found, then what could not be checked and how to check it. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shared/audit/cli/cli.h"
#include "shared/audit/cli/url.h"
#include "shared/audit/replay.h"
#include "shared/base/lang.h"

enum { GRAVITIES = XG_GRAVITY_BROKEN + 1, LIMIT = 100, LIMIT_MAX = 100000 };

struct found {
    size_t count, room;
    struct xg_finding *list;
};

struct report {
    int64_t told_ms; /* first: cli_progress() */
    size_t limit;
    struct found found[GRAVITIES]; /* the first of each */
};

static void keep(void *ctx, const struct xg_finding *finding)
{
    struct report *r = ctx;
    struct found *f = &r->found[finding->gravity];

    if (f->count == r->limit)
        return;
    if (f->count == f->room) {
        size_t room = f->room ? f->room * 2 : 16;
        struct xg_finding *moved = realloc(f->list, room * sizeof *moved);
        if (!moved)
            return;
        f->list = moved;
        f->room = room;
    }
    f->list[f->count++] = *finding;
}

/* ---- text ---- */

static const char *time_text(char text[static 40], uint64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm local;

    if (!localtime_r(&t, &local) ||
        strftime(text, 40, "%Y-%m-%d %H:%M:%S %z", &local) == 0)
        snprintf(text, 40, "%" PRIu64, seconds);
    return text;
}

static void print_verdict(const struct xg_audit_result *a)
{
    const struct xg_audit_counts *n = &a->counts;
    char when[40];

    if (n->broken)
        printf(XG_T("不可信：%s 的日志有 %" PRIu64 " 处与诚实的服务器不符\n",
                    "NOT TO BE TRUSTED: the log %s has %" PRIu64
                    " things that no honest server writes\n"),
               a->checkpoint.origin, n->broken);
    else
        printf(XG_T("已核实：%s 的日志，%" PRIu64 " 条，至 %s，完整无改\n",
                    "verified: the log %s, %" PRIu64 " entries, up to %s, is "
                    "whole and unaltered\n"),
               a->checkpoint.origin, a->checkpoint.size,
               a->time_ms ? time_text(when, a->time_ms / 1000) : "-");
    if (n->doubts)
        printf(XG_T("另有 %" PRIu64 " 处需要人看\n",
                    "%" PRIu64 " things need a person's look\n"),
               n->doubts);
}

static void print_counts(const struct xg_audit_result *a)
{
    const struct xg_audit_counts *n = &a->counts;
    char when[40];

    printf(XG_T("\n条目 %" PRIu64 "：批次 %" PRIu64 "，登记 %" PRIu64
                "，基础数据 %" PRIu64 "，时间 %" PRIu64 "，照片 %" PRIu64
                "，分叉 %" PRIu64 "，视图 %" PRIu64 "，接续 %" PRIu64 "\n",
                "\nentries %" PRIu64 ": batches %" PRIu64 ", registry %" PRIu64
                ", reference data %" PRIu64 ", times %" PRIu64
                ", photos %" PRIu64 ", forks %" PRIu64 ", views %" PRIu64
                ", successors %" PRIu64 "\n"),
           n->entries, n->batches, n->registry_notes, n->references, n->times,
           n->blobs_notes, n->forks, n->views, n->successors);
    printf(XG_T("记录 %" PRIu64 "：作者已证实 %" PRIu64 "，设备声称 %" PRIu64
                "，服务器认定 %" PRIu64 "；无权 %" PRIu64 "，作废 %" PRIu64
                "，已抹除 %" PRIu64 "\n",
                "records %" PRIu64 ": author proven %" PRIu64
                ", claimed %" PRIu64 ", asserted %" PRIu64
                "; without right %" PRIu64 ", struck out %" PRIu64
                ", erased %" PRIu64 "\n"),
           n->records, n->proven, n->claimed, n->asserted, n->without_right,
           n->struck_out, n->redacted);
    printf(XG_T("查阅留痕 %" PRIu64 "\n",
                "accesses to personal fields recorded %" PRIu64 "\n"),
           n->accesses);
    printf(XG_T("设备 %" PRIu64 "，链 %" PRIu64 "，核对的签名 %" PRIu64
                "；等待 %" PRIu64 "，隔离 %" PRIu64 "\n",
                "devices %" PRIu64 ", chains %" PRIu64
                ", signatures verified %" PRIu64 "; waiting %" PRIu64
                ", in quarantine %" PRIu64 "\n"),
           n->devices, n->chains, n->signatures, n->waiting, n->quarantined);
    if (n->photos)
        printf(XG_T("照片 %" PRIu64 " 张核对了内容，共 %" PRIu64 " 字节\n",
                    "photos hashed: %" PRIu64 ", %" PRIu64 " bytes\n"),
               n->photos, n->photo_bytes);
    if (a->quorum_size)
        printf(XG_T("见证：前 %" PRIu64 " 条，于 %s 达到策略\n",
                    "witnessed: the first %" PRIu64 " entries, by %s\n"),
               a->quorum_size,
               a->quorum_time_s ? time_text(when, a->quorum_time_s) : "-");
    if (a->device_witnesses)
        printf(XG_T("%" PRIu64 " 台设备联署了这段历史\n",
                    "cosigned by %" PRIu64 " devices\n"),
               a->device_witnesses);
    if (a->from)
        printf(XG_T("前 %" PRIu64 " 条由上次审计核对过\n",
                    "the first %" PRIu64
                    " entries were walked by an earlier run\n"),
               a->from);
}

static const char *gravity_text(enum xg_gravity gravity)
{
    switch (gravity) {
    case XG_GRAVITY_BROKEN:
        return XG_T("破坏", "BROKEN");
    case XG_GRAVITY_DOUBT:
        return XG_T("可疑", "DOUBT");
    case XG_GRAVITY_NOTED:
        return XG_T("说明", "noted");
    }
    return "";
}

static uint64_t total_of(const struct xg_audit_counts *n,
                         enum xg_gravity gravity)
{
    return gravity == XG_GRAVITY_BROKEN  ? n->broken
           : gravity == XG_GRAVITY_DOUBT ? n->doubts
                                         : n->noted;
}

static void print_found(const struct report *r, const struct xg_audit_counts *n)
{
    for (int g = XG_GRAVITY_BROKEN; g >= XG_GRAVITY_NOTED; g--) {
        const struct found *f = &r->found[g];
        uint64_t total = total_of(n, (enum xg_gravity)g);
        if (f->count)
            printf("\n");
        for (size_t i = 0; i < f->count; i++) {
            const struct xg_finding *x = &f->list[i];
            printf("%s %s", gravity_text(x->gravity), x->code);
            if (x->position != UINT64_MAX)
                printf(" @%" PRIu64, x->position);
            printf("  %s\n", x->text);
        }
        if (total > f->count)
            printf(XG_T("… 还有 %" PRIu64 " 处（--limit）\n",
                        "... and %" PRIu64 " more (--limit)\n"),
                   total - f->count);
    }
}

static void print_replay(const struct xg_replay_result *y)
{
    printf(XG_T("重新推出 %" PRIu64 " 个事项（过大未推 %" PRIu64 "）\n",
                "folded anew: %" PRIu64 " entities (too large: %" PRIu64 ")\n"),
           y->entities, y->unfolded);
    if (!y->has_view)
        printf("%s\n",
               XG_T("日志里没有视图条目（xunge-server view）",
                    "the log has no view note (xunge-server view)"));
    else if (!y->view_known)
        printf("%s\n",
               XG_T("最新的视图按别的合并规则或字段表写成，不能比较",
                    "the newest view is of other rules or another table of "
                    "fields: it cannot be compared"));
    else
        printf(y->view_same
                   ? XG_T("与前 %" PRIu64 " 条处签下的视图相同\n",
                          "the same as the view signed at %" PRIu64
                          " entries\n")
                   : XG_T("与前 %" PRIu64 " 条处签下的视图不同\n",
                          "not the same as the view signed at %" PRIu64
                          " entries\n"),
               y->view.size);
    if (y->tables)
        printf(XG_T("与服务器的表比较：不同 %" PRIu64 " 个\n",
                    "compared with the server's table: %" PRIu64
                    " differ\n"),
               y->differing);
}

/* What was not looked at, and how to look at it. */
static const struct {
    enum xg_unchecked what;
    const char *code, *zh, *en;
} gaps[] = {
    {XG_UNCHECKED_REGISTRAR, "registrar",
     "登记员的公钥未由您给出，取自第一条链首：请用 --registrar 给出",
     "the registrar's key was taken from the first genesis: give it with "
     "--registrar"},
    {XG_UNCHECKED_BATCHES, "batches",
     "部分批次的内容来源没有给出，只核对了条目：请用数据目录或数据包再核对",
     "the source does not show the content of batches; only their notes were "
     "checked: use a data folder or a bundle"},
    {XG_UNCHECKED_PHOTOS, "photos",
     "照片的内容没有核对：请用数据目录或带照片的数据包，加 --photos",
     "photos were not hashed: use a folder or a bundle with photos, and "
     "--photos"},
    {XG_UNCHECKED_POLICY, "policy",
     "没有见证策略，时间只是日志自己的说法：请用 --policy 给出",
     "no witness policy: times are the log's own word; give one with --policy"},
    {XG_UNCHECKED_EARLIER, "earlier",
     "恢复之前的日志的签名没有核对（由树保证未改）：请用 --earlier 给出其公钥",
     "signatures of the log before a restoration were not verified (the tree "
     "holds them): give its key with --earlier"},
    {XG_UNCHECKED_FILES, "files",
     "部分基础数据文件来源没有给出：请用数据目录核对",
     "files of reference data were not shown: use a data folder"},
};

static const char *always(void)
{
    return XG_T("核对不了：从未交到服务器的记录；每条记录在其事项上的权限与合并结"
                "果（用 replay）；录入内容是否属实",
                "cannot be seen here: records that never reached the server; "
                "rights within each case and what comes of it (use replay); "
                "whether what was recorded is true");
}

static void print_unchecked(const struct xg_audit_result *a)
{
    printf("\n%s\n", XG_T("没有核对的：", "Not checked:"));
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        if (a->unchecked & gaps[i].what)
            printf("- %s\n", XG_T(gaps[i].zh, gaps[i].en));
    printf("- %s\n", always());
}

/* ---- JSON ---- */

static json_t *counts_json(const struct xg_audit_counts *n)
{
    const struct {
        const char *key;
        uint64_t value;
    } list[] = {
        {"entries", n->entries},
        {"batches", n->batches},
        {"records", n->records},
        {"registry_notes", n->registry_notes},
        {"references", n->references},
        {"times", n->times},
        {"blobs_notes", n->blobs_notes},
        {"forks", n->forks},
        {"views", n->views},
        {"successors", n->successors},
        {"devices", n->devices},
        {"chains", n->chains},
        {"signatures", n->signatures},
        {"proven", n->proven},
        {"claimed", n->claimed},
        {"asserted", n->asserted},
        {"without_right", n->without_right},
        {"struck_out", n->struck_out},
        {"accesses", n->accesses},
        {"waiting", n->waiting},
        {"quarantined", n->quarantined},
        {"forked", n->forked},
        {"redacted", n->redacted},
        {"photos", n->photos},
        {"photo_bytes", n->photo_bytes},
        {"unread_batches", n->unread_batches},
        {"unread_photos", n->unread_photos},
        {"noted", n->noted},
        {"doubts", n->doubts},
        {"broken", n->broken},
    };
    json_t *out = json_object();

    for (size_t i = 0; out && i < sizeof list / sizeof *list; i++)
        json_object_set_new(out, list[i].key,
                            json_integer((json_int_t)list[i].value));
    return out;
}

static json_t *found_json(const struct report *r)
{
    static const char *const names[GRAVITIES] = {"noted", "doubt", "broken"};
    json_t *out = json_array();

    for (int g = XG_GRAVITY_BROKEN; out && g >= XG_GRAVITY_NOTED; g--)
        for (size_t i = 0; i < r->found[g].count; i++) {
            const struct xg_finding *x = &r->found[g].list[i];
            json_t *one = json_pack("{s:s, s:s, s:s}", "gravity", names[g],
                                    "code", x->code, "text", x->text);
            if (one && x->position != UINT64_MAX)
                json_object_set_new(one, "position",
                                    json_integer((json_int_t)x->position));
            json_array_append_new(out, one);
        }
    return out;
}

static json_t *unchecked_json(const struct xg_audit_result *a)
{
    json_t *out = json_array();

    for (size_t i = 0; out && i < sizeof gaps / sizeof *gaps; i++)
        if (a->unchecked & gaps[i].what)
            json_array_append_new(out, json_string(gaps[i].code));
    return out;
}

static json_t *replay_json(const struct xg_replay_result *y)
{
    return json_pack("{s:I, s:I, s:b, s:b, s:b, s:I, s:b, s:I}", "entities",
                     (json_int_t)y->entities, "unfolded",
                     (json_int_t)y->unfolded, "has_view", (int)y->has_view,
                     "view_known", (int)y->view_known, "view_same",
                     (int)y->view_same, "view_size", (json_int_t)y->view.size,
                     "tables", (int)y->tables, "differing",
                     (json_int_t)y->differing);
}

/* `y` may be NULL. */
static int print_json(const struct xg_audit_result *a, const struct report *r,
                      const struct xg_replay_result *y, const char *source)
{
    char root[XG_BASE64_SIZE(XG_HASH_SIZE)];

    xg_base64(root, sizeof root, a->checkpoint.root.b, XG_HASH_SIZE);
    json_t *out = json_pack(
        "{s:b, s:s, s:s, s:I, s:s, s:I, s:I, s:b, s:I, s:I, s:I, s:o, s:o, "
        "s:o}",
        "verified", a->counts.broken == 0, "source", source, "origin",
        a->checkpoint.origin, "size", (json_int_t)a->checkpoint.size, "root",
        root, "time_ms", (json_int_t)a->time_ms, "from", (json_int_t)a->from,
        "quorum", (int)a->quorum, "quorum_size", (json_int_t)a->quorum_size,
        "quorum_time_s", (json_int_t)a->quorum_time_s, "device_witnesses",
        (json_int_t)a->device_witnesses, "counts", counts_json(&a->counts),
        "found", found_json(r), "unchecked", unchecked_json(a));
    if (out && y)
        json_object_set_new(out, "replay", replay_json(y));
    int bad = out ? json_dumpf(out, stdout, JSON_INDENT(2)) : -1;
    printf("\n");
    json_decref(out);
    return bad;
}

/* ---- the command ---- */

static void print_all(const struct cli *c, const struct report *r,
                      const struct xg_audit_result *a,
                      const struct xg_replay_result *y, const char *source)
{
    if (cli_has(c, "json")) {
        print_json(a, r, y, source);
        return;
    }
    print_verdict(a);
    print_counts(a);
    if (y)
        print_replay(y);
    print_found(r, &a->counts);
    print_unchecked(a);
}

static enum xg_status run(struct cli *c, struct report *r, bool again,
                          int *exit_code, struct xg_error *err)
{
    struct xg_audit_options o = {.photos = cli_has(c, "photos"),
                                 .state = cli_value(c, "state"),
                                 .found = keep,
                                 .progress = cli_progress,
                                 .ctx = r};
    struct cli_trust trust;
    struct xg_audit_source source;
    struct xg_replay_result y;
    enum xg_status status;

    if (again && cli_is_url(c->args[0]))
        return xg_fail(err, XG_USAGE,
                       XG_T("网址不对外出示批次内容，无从重新推出：请给出数据"
                            "目录，或 bundle write --audit 写出的数据包",
                            "an address shows nobody what is in the batches, so "
                            "nothing can be folded anew: give a data folder, or "
                            "a bundle that bundle write --audit wrote"));
    if (cli_trust(&o, &trust, c, err) != XG_OK ||
        cli_source(&source, c, c->args[0], err) != XG_OK)
        return err->status;
    status = again ? xg_audit_replay(&y, &source, &o, err)
                   : xg_audit_walk(&y.walk, &source, &o, err);
    cli_progress_end();
    if (status == XG_OK) {
        *exit_code = y.walk.counts.broken ? xg_status_exit(XG_ALARM) : 0;
        print_all(c, r, &y.walk, again ? &y : NULL, source.what);
        if (fflush(stdout) != 0)
            status = xg_fail_os(err, "%s", XG_T("写标准输出", "standard output"));
    }
    source.close(source.ctx);
    return status;
}

static bool take_limit(const struct cli *c, size_t *limit)
{
    const char *text = cli_value(c, "limit");
    char *end = NULL;

    if (!text)
        return true;
    unsigned long n = strtoul(text, &end, 10);
    if (end == text || *end || n > LIMIT_MAX)
        return false;
    *limit = n;
    return true;
}

static int run_command(struct cli *c, bool again)
{
    struct xg_error err = XG_ERROR_NONE;
    struct report r = {.limit = LIMIT};
    int exit_code = 0;

    if (!take_limit(c, &r.limit))
        xg_ignore(xg_fail(&err, XG_USAGE, XG_T("--limit 是 0 至 %d 的数",
                                               "--limit is a number from 0 to "
                                               "%d"),
                          LIMIT_MAX));
    else
        xg_ignore(run(c, &r, again, &exit_code, &err));
    for (size_t i = 0; i < GRAVITIES; i++)
        free(r.found[i].list);
    return err.status != XG_OK ? cli_fail(&err) : exit_code;
}

int cli_verify(struct cli *c)
{
    return run_command(c, false);
}

int cli_replay(struct cli *c)
{
    return run_command(c, true);
}
