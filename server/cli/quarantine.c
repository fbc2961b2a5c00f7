/* quarantine.c - `device quarantined`, `device admit`: batches of a revoked
 * device, and letting them in. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/data/data.h"
#include "server/sight/sight.h"
#include "shared/base/lang.h"

enum {
    LIST_BYTES = 96 << 20,
    AT_ONCE = 64,
    ADMIT_MAX = 512, /* lines of one note */
};

/* Every batch in quarantine, to `visit`. */
static enum xg_status
walk_apart(struct data *d,
           enum xg_status (*visit)(void *ctx, const struct store_batch *b,
                                   struct xg_error *err),
           void *ctx, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct store_batch *rows;
    uint64_t position = 0;
    size_t count = AT_ONCE;
    struct store *s;

    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status = XG_OK;
    while (status == XG_OK && count == AT_ONCE) {
        xg_arena_reset(&arena);
        status =
            s->ops->read_apart(s, &arena, &rows, &count, position, AT_ONCE, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            status = visit(ctx, &rows[i], err);
            position = rows[i].position + 1;
        }
    }
    data_return(d, s);
    xg_arena_clear(&arena);
    return status;
}

/* Revoked, or only one that began too many chains? */
static enum xg_status is_revoked(struct cmd *c, bool *revoked,
                                 const struct store_batch *b,
                                 struct xg_error *err)
{
    return registry_revoked(c->data->registry, revoked, b->device, b->position,
                            err);
}

static enum xg_status put_apart(void *ctx, const struct store_batch *b,
                                struct xg_error *err)
{
    struct cmd *c = ctx;
    const struct sight sight = {.within = c->within,
                                .registry = registry_view(c->data->registry)};
    char id[XG_BASE64_SIZE(XG_HASH_SIZE)];
    bool revoked, sees;

    if (sight_device(&sees, &sight, b->device, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    if (is_revoked(c, &revoked, b, err) != XG_OK)
        return err->status;
    xg_base64(id, sizeof id, b->id.b, XG_HASH_SIZE);
    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:s, s:I, s:I, s:I, s:b}", "batch", id, "device",
                      b->device, "position", (json_int_t)b->position, "first",
                      (json_int_t)b->first, "last", (json_int_t)b->last,
                      "revoked", revoked),
            err);
    xg_buf_format(&c->out, "%s %s %" PRIu64 "-%" PRIu64 "%s\n", id, b->device,
                  b->first, b->last,
                  revoked ? ""
                          : XG_T("（链太多，不能采用）",
                                 " (too many chains: cannot be let in)"));
    return XG_OK;
}

enum xg_status cmd_device_quarantined(struct cmd *c, struct xg_error *err)
{
    return walk_apart(c->data, put_apart, c, err);
}

struct admitting {
    struct cmd *c;
    const char *word; /* a batch, or all of this device */
    char device[XG_KEY_NAME_MAX + 1];
    struct xg_statement *list;
    size_t count;
};

static enum xg_status choose(void *ctx, const struct store_batch *b,
                             struct xg_error *err)
{
    struct admitting *a = ctx;
    char id[XG_BASE64_SIZE(XG_HASH_SIZE)];
    bool revoked;

    if (is_revoked(a->c, &revoked, b, err) != XG_OK)
        return err->status;
    xg_base64(id, sizeof id, b->id.b, XG_HASH_SIZE);
    if (!revoked || a->count == ADMIT_MAX ||
        (strcmp(id, a->word) != 0 && strcmp(b->device, a->device) != 0))
        return XG_OK;
    a->list[a->count] =
        (struct xg_statement){.kind = XG_SAYS_ADMIT, .batch = b->id};
    memcpy(a->list[a->count].subject, id, sizeof id);
    a->count++;
    return XG_OK;
}

enum xg_status cmd_device_admit(struct cmd *c, struct xg_error *err)
{
    struct admitting a = {.c = c, .word = c->args[1]};
    enum xg_status status =
        cmd_device_name(a.device, sizeof a.device, c, a.word, err);

    if (status != XG_OK)
        return status;
    a.list = calloc(ADMIT_MAX, sizeof *a.list);
    if (!a.list)
        return xg_fail_nomem(err);
    status = walk_apart(c->data, choose, &a, err);
    if (status == XG_OK && a.count == 0)
        status = xg_fail(err, XG_NOTFOUND,
                         XG_T("没有这样的隔离批次：%s；见 device quarantined",
                              "nothing of that in quarantine: %s; see device "
                              "quarantined"),
                         a.word);
    if (status == XG_OK)
        status = registry_put(c->data->registry, a.list, a.count, err);
    free(a.list);
    if (status != XG_OK)
        return status;
    if (c->json)
        return cmd_put_json(
            c, cmd_mark_waits(c, json_pack("{s:I}", "batches",
                                           (json_int_t)a.count)),
            err);
    xg_buf_format(&c->out,
                  XG_T("采用 %zu 个隔离批次\n",
                       "%zu quarantined batches are let in\n"),
                  a.count);
    cmd_say_waits(c);
    return XG_OK;
}
