/* attention_chain.c - what chains and devices have: forks, batches that are
 * kept apart, another log. */
#include "server/cli/attention_list.h"

#include <inttypes.h>
#include <string.h>

#include "server/cli/finding.h"
#include "shared/base/lang.h"

enum {
    CHAINS_MAX = 2000, /* of batches that are apart */
    LIST_BYTES = 96 << 20,
    AT_ONCE = 64,
};

/* ---- forks ---- */

static enum xg_status time_of(int64_t *ms, struct attention_list *g,
                              uint64_t position, struct xg_error *err)
{
    struct store_time when;
    bool found;

    if (g->l.store->ops->find_time_from(g->l.store, &when, &found, position,
                                        err) != XG_OK)
        return err->status;
    *ms = found ? when.ms : XG_NO_TIME;
    return XG_OK;
}

/* Where the newest of its branches begins. */
static enum xg_status forked_at(int64_t *ms, struct attention_list *g,
                                struct xg_arena *arena,
                                const struct store_chain *chain,
                                struct xg_error *err)
{
    struct store *s = g->l.store;
    struct store_branch *branches;
    struct store_record *rows;
    uint64_t position = 0;
    size_t count, found;

    if (s->ops->read_branches(s, arena, &branches, &count, chain->number,
                              err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        if (s->ops->read_branch(s, arena, &rows, &found, branches[i].number,
                                branches[i].start, 1, err) != XG_OK)
            return err->status;
        if (found && rows->position > position)
            position = rows->position;
    }
    return time_of(ms, g, position, err);
}

static enum xg_status add_fork(struct attention_list *g, struct xg_arena *arena,
                               const struct store_chain *chain,
                               struct xg_error *err)
{
    char key[2 * XG_HASH_SIZE + 1];
    struct finding finding;
    int64_t since_ms = XG_NO_TIME;
    bool sees;

    if (sight_device(&sees, &g->l.sight, chain->device, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    if (finding_about(&finding, &g->findings, &g->l, &chain->id, err) !=
            XG_OK ||
        (!finding.found && forked_at(&since_ms, g, arena, chain, err) != XG_OK))
        return err->status;
    if (finding.found)
        return XG_OK;
    xg_hex(key, chain->id.b, XG_HASH_SIZE);
    const struct attention_said said = {
        .what = ATTENTION_FORK,
        .key = key,
        .chain = key,
        .reason = "fork",
        .text =
            XG_T("同一台设备的记录链分成了两支：恢复过备份、被克隆，还是被改过",
                 "a device's chain went two ways: a backup put back, a "
                 "clone, or tampering"),
        .device = chain->device,
        .since_ms = since_ms};
    return attention_add(g, &said, err);
}

enum xg_status attention_add_forks(struct attention_list *g,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct store *s = g->l.store;
    struct store_chain *chains;
    size_t count;
    enum xg_status status =
        s->ops->read_chains(s, &arena, &chains, &count, NULL, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (chains[i].forked)
            status = add_fork(g, &arena, &chains[i], err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- batches that are kept apart ---- */

/* Of one chain: the first, how many. */
struct apart {
    struct store_batch first;
    uint64_t last; /* position of the newest */
    size_t batches;
};

static enum xg_status add_apart(struct attention_list *g, const struct apart *a,
                                struct xg_error *err)
{
    struct xg_buf text = XG_BUF(ATTENTION_TEXT_MAX);
    char key[2 * XG_HASH_SIZE + 1], id[XG_BASE64_SIZE(XG_HASH_SIZE)];
    const char *device = a->first.device;
    struct finding finding;
    bool sees, revoked;
    int64_t since_ms = XG_NO_TIME;

    if (sight_device(&sees, &g->l.sight, device, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    if (finding_about(&finding, &g->findings, &g->l, &a->first.chain, err) !=
            XG_OK ||
        registry_revoked(g->l.c->data->registry, &revoked, device,
                         a->first.position, err) != XG_OK ||
        time_of(&since_ms, g, a->first.position, err) != XG_OK)
        return err->status;
    if (finding.found && finding.position > a->last)
        return XG_OK;
    xg_hex(key, a->first.chain.b, XG_HASH_SIZE);
    xg_base64(id, sizeof id, a->first.id.b, XG_HASH_SIZE);
    xg_buf_format(&text,
                  revoked ? XG_T("设备停用之后才收到的 %zu 批记录，没有并入",
                                 "came after the device was revoked and is "
                                 "not merged (batches: %zu)")
                          : XG_T("这台设备的链太多，%zu 批记录没有并入",
                                 "the device began too many chains: what they "
                                 "hold is not merged (batches: %zu)"),
                  a->batches);
    const struct attention_said said = {.what = ATTENTION_QUARANTINED,
                                        .key = key,
                                        .chain = key,
                                        .batch = a->batches == 1 ? id : NULL,
                                        .reason =
                                            revoked ? "revoked" : "chains",
                                        .text = xg_buf_str(&text),
                                        .device = device,
                                        .since_ms = since_ms};
    enum xg_status status = attention_add(g, &said, err);
    xg_buf_clear(&text);
    return status;
}

static struct apart *apart_of(struct apart *all, size_t *count,
                              const struct store_batch *b)
{
    for (size_t i = 0; i < *count; i++)
        if (xg_hash_equal(&all[i].first.chain, &b->chain))
            return &all[i];
    if (*count == CHAINS_MAX)
        return NULL;
    all[*count] = (struct apart){.first = *b};
    return &all[(*count)++];
}

enum xg_status attention_add_apart(struct attention_list *g,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct apart *all = xg_arena_array(&g->l.arena, CHAINS_MAX, sizeof *all);
    struct store *s = g->l.store;
    enum xg_status status = all ? XG_OK : xg_fail_nomem(err);
    struct store_batch *rows;
    size_t count = AT_ONCE, chains = 0;
    uint64_t position = 0;

    while (status == XG_OK && count == AT_ONCE) {
        xg_arena_reset(&arena);
        status = s->ops->read_apart(s, &arena, &rows, &count, position, AT_ONCE,
                                    err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            struct apart *a = apart_of(all, &chains, &rows[i]);
            position = rows[i].position + 1;
            if (a) {
                a->last = rows[i].position;
                a->batches++;
            }
        }
    }
    for (size_t i = 0; status == XG_OK && i < chains; i++)
        status = add_apart(g, &all[i], err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- devices that saw another log ---- */

static enum xg_status add_history(struct attention_list *g,
                                  const struct store_cosignature *row,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(ATTENTION_TEXT_MAX);
    char key[2 * XG_HASH_SIZE + 1];
    struct finding finding;
    bool sees;

    if (sight_device(&sees, &g->l.sight, row->device, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    if (finding_about(&finding, &g->findings, &g->l, &row->root, err) != XG_OK)
        return err->status;
    if (finding.found)
        return XG_OK;
    xg_hex(key, row->root.b, XG_HASH_SIZE);
    xg_buf_format(
        &text,
        XG_T("设备在第 %" PRIu64
             " 条处见过另一份日志：服务器被换过，或设备连过冒充的服务器",
             "the device saw another log at size %" PRIu64
             ": this server was replaced, or the device met a false "
             "one"),
        row->size);
    const struct attention_said said = {.what = ATTENTION_OTHER_HISTORY,
                                        .key = key,
                                        .reason = "root",
                                        .text = xg_buf_str(&text),
                                        .device = row->device,
                                        .since_ms = XG_NO_TIME};
    enum xg_status status = attention_add(g, &said, err);
    xg_buf_clear(&text);
    return status;
}

enum xg_status attention_add_histories(struct attention_list *g,
                                       struct xg_error *err)
{
    struct store *s = g->l.store;
    struct store_cosignature *rows;
    size_t count;

    if (s->ops->read_cosignatures(s, &g->l.arena, &rows, &count, false, NULL,
                                  err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (add_history(g, &rows[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}
