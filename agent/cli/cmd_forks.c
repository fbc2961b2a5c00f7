/* cmd_forks.c - `forks`: chains of which two records claim one place, as far as
 * they came here, and what the centre found out about them. */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/core/merge.h"

enum { FINDINGS_MAX = 256, SHORT_HASH = 12, WHY_SIZE = 512 };

struct finding {
    struct xg_hash chain;
    const struct xg_choice *what; /* NULL: of a newer version */
    char why[WHY_SIZE];
};

struct forks {
    struct cli *cli;
    struct finding *findings; /* newest first */
    size_t finding_count;
    struct xg_hash chain; /* of the side before */
    uint64_t seq;
    size_t count; /* of forks */
    json_t *list, *sides;
    bool failed; /* no memory */
    enum xg_status status;
    struct xg_error *err;
};

/* ---- what was found out ---- */

static bool take_finding(void *ctx, const struct store_entity *e,
                         struct xg_bytes state)
{
    struct forks *f = ctx;
    struct finding *out = &f->findings[f->finding_count];
    struct xg_cbor_item item;
    struct xg_brief brief;

    if (!e->folded || e->withdrawn)
        return true;
    f->status = xg_brief_read(&brief, state, f->err);
    if (f->status != XG_OK)
        return false;
    if (!xg_brief_value(&brief, XG_FORK_CHAIN, &item) ||
        item.bytes.len != XG_HASH_SIZE)
        return true;
    memcpy(out->chain.b, item.bytes.at, XG_HASH_SIZE);
    out->what = NULL;
    if (xg_brief_value(&brief, XG_FORK_FINDING, &item))
        out->what = xg_choice_find(xg_fork_findings, item.number);
    out->why[0] = '\0';
    if (xg_brief_value(&brief, XG_FORK_WHY, &item))
        snprintf(out->why, sizeof out->why, "%.*s", (int)item.bytes.len,
                 (const char *)item.bytes.at);
    f->finding_count++;
    return true;
}

static enum xg_status load_findings(struct forks *f, struct xg_arena *arena,
                                    struct xg_error *err)
{
    const struct store_filter filter = {
        .kind = xg_kind_find(XG_KIND_FORK_FINDING),
        .gone = true,
        .limit = FINDINGS_MAX};

    f->findings = xg_arena_array(arena, FINDINGS_MAX, sizeof *f->findings);
    if (!f->findings)
        return xg_fail_nomem(err);
    enum xg_status status = store_list(f->cli->home.store, &filter, true,
                                       take_finding, f, err);
    return status == XG_OK ? f->status : status;
}

static const struct finding *finding_of(const struct forks *f,
                                        const struct xg_hash *chain)
{
    for (size_t i = 0; i < f->finding_count; i++)
        if (xg_hash_equal(&f->findings[i].chain, chain))
            return &f->findings[i];
    return NULL;
}

/* ---- forks ---- */

static void fork_text(struct forks *f, const struct store_side *side,
                      const char *chain, const struct finding *found)
{
    struct xg_buf *out = &f->cli->out;

    xg_buf_format(out,
                  XG_T("%.*s  %s%s  第 %" PRIu64 " 号起分叉\n",
                       "%.*s  %s%s  forks at number %" PRIu64 "\n"),
                  SHORT_HASH, chain, *side->device ? side->device : "?",
                  side->mine ? XG_T("（本机）", " (this device)") : "",
                  side->seq);
    if (found)
        xg_buf_format(out, XG_T("      认定：%s；%s\n", "      found: %s; %s\n"),
                      found->what ? xg_text(found->what->zh, found->what->en)
                                  : "?",
                      found->why);
    else
        xg_buf_text(out, XG_T("      还没有收到指挥中心的认定\n",
                              "      no finding of the centre has come\n"));
}

static void begin_fork(struct forks *f, const struct store_side *side)
{
    const struct finding *found = finding_of(f, &side->chain);
    char chain[2 * XG_HASH_SIZE + 1];

    f->chain = side->chain;
    f->seq = side->seq;
    f->count++;
    xg_hex(chain, side->chain.b, XG_HASH_SIZE);
    if (!f->cli->json) {
        fork_text(f, side, chain, found);
        return;
    }
    f->sides = json_array();
    f->failed |= json_array_append_new(
        f->list,
        json_pack("{s:s, s:s, s:b, s:I, s:O, s:b, s:s?, s:s?}", "chain", chain,
                  "device", side->device, "mine", side->mine, "seq",
                  (json_int_t)side->seq, "sides", f->sides, "settled",
                  found != NULL, "finding",
                  found && found->what ? found->what->name : NULL, "why",
                  found ? found->why : NULL)) != 0;
    json_decref(f->sides); /* the list has it */
}

static bool take_side(void *ctx, const struct store_side *side)
{
    struct forks *f = ctx;
    char record[2 * XG_HASH_SIZE + 1];

    if (f->count == 0 || side->seq != f->seq ||
        !xg_hash_equal(&side->chain, &f->chain))
        begin_fork(f, side);
    if (f->failed || !side->known)
        return !f->failed;
    xg_hex(record, side->first.b, XG_HASH_SIZE);
    if (f->cli->json)
        f->failed |= json_array_append_new(
            f->sides, json_pack("{s:s, s:I}", "record", record, "records",
                                (json_int_t)side->records)) != 0;
    else
        xg_buf_format(&f->cli->out,
                      XG_T("      %.*s 一侧：本机有 %" PRIu64 " 条\n",
                           "      %.*s and after it: %" PRIu64
                           " records here\n"),
                      SHORT_HASH, record, side->records);
    return !f->failed;
}

enum xg_status cmd_forks(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct forks f = {.cli = cli, .list = json_array(), .err = err};
    enum xg_status status = load_findings(&f, &arena, err);

    if (status == XG_OK)
        status = store_list_forks(cli->home.store, take_side, &f, err);
    if (status == XG_OK && (f.failed || !f.list))
        status = xg_fail_nomem(err);
    if (status == XG_OK && cli->json)
        status = cli_put_json(cli, json_pack("{s:O}", "forks", f.list), err);
    else if (status == XG_OK && f.count == 0)
        cli_say(cli, "%s", XG_T("没有分叉的链。", "No chain forks."));
    json_decref(f.list);
    xg_arena_clear(&arena);
    return status;
}
