/* admit.c - batches of revoked devices: which count after all.
 *
 * A batch that comes into the log after its device's `revoke` is quarantined.
 * An `admit` line of the registrar lets it count, from the place of that
 * registry note on: it is placed and told there, as one that had to wait. The
 * first line about a batch counts; one that came before the batch has it count
 * at once. One that is apart for another reason (its device began too many
 * chains) stays so.
 */
#include "server/merge/inside.h"

enum xg_status ingest_is_apart(struct ingest *in, bool *apart,
                               const char *device, const struct xg_hash *id,
                               uint64_t position, struct xg_error *err)
{
    bool revoked;

    if (registry_revoked(in->registry, &revoked, device, position, err) !=
        XG_OK)
        return err->status;
    *apart = revoked && !registry_admitted(in->registry, id, position);
    return XG_OK;
}

/* The batch that the line at log entry `told` lets count, if it waits for that.
 */
static enum xg_status find_apart(struct ingest *in, struct store_batch *row,
                                 bool *found, struct store *store,
                                 const struct xg_hash *id, uint64_t told,
                                 struct xg_error *err)
{
    if (registry_admitted(in->registry, id, told)) {
        *found = false; /* by an earlier line */
        return XG_OK;
    }
    if (store->ops->find_batch(store, row, found, id, err) != XG_OK)
        return err->status;
    if (!*found || row->position > told) {
        *found = false;
        return XG_OK;
    }
    return ingest_is_apart(in, found, row->device, id, row->position, err);
}

enum xg_status ingest_admit(struct placer *p, const struct xg_hash *id,
                            uint64_t told, ingest_placed *placed,
                            ingest_placed *waits, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct xg_batch batch;
    struct store_batch row;
    bool found;
    size_t fresh = 0;
    enum xg_status status =
        find_apart(p->in, &row, &found, p->from, id, told, err);

    if (status != XG_OK || !found)
        return status;
    struct incoming inc = {.batch = &batch,
                           .device = row.device,
                           .position = row.position,
                           .told = told};
    status = ingest_reopen(p->in, &batch, &arena, p->from, &row, err);
    if (status == XG_OK)
        status = placer_place(p, &arena, &inc, err);
    if (status == XG_OK)
        status = inc.placed ? placed(p, &row, &inc, err)
                            : waits(p, &row, &inc, err);
    if (status == XG_OK && inc.fresh)
        status = placer_release(p, &fresh, &batch.says, told, placed, err);
    xg_arena_clear(&arena);
    return status;
}
