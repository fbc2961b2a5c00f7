/* witness_device.c - see witness_device.h. */
#include "server/witness_device.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/log.h"
#include "shared/core/witness.h"

enum { LINE_SIZE = XG_KEY_NAME_MAX + XG_BASE64_SIZE(XG_COSIGNED_SIZE) + 16 };

struct hear_job {
    struct ledger_job job;
    struct store_cosignature row;
};

static enum xg_status put_row(struct ledger_job *job, struct ledger *l,
                              struct store *s, struct xg_error *err)
{
    (void)l;
    return s->ops->put_cosignature(s, &((struct hear_job *)job)->row, err);
}

/* Is it in the table, or a newer one of ours? */
static enum xg_status is_known(bool *known, const struct store_cosignature *row,
                               struct store *s, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(64 << 10);
    struct store_cosignature *rows;
    size_t count;
    enum xg_status status = s->ops->read_cosignatures(
        s, &arena, &rows, &count, row->ours, row->device, err);

    if (status == XG_OK)
        *known = count > 0 && (!row->ours || rows->size >= row->size);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status hear(const struct api_view *v,
                           const struct api_caller *who, bool *other,
                           struct xg_error *err)
{
    const struct xg_hello *says = &who->says;
    struct xg_checkpoint c = {.size = says->size, .root = says->root};
    struct hear_job hear = {.job.run = put_row};
    struct xg_buf line = XG_BUF(LINE_SIZE);
    struct xg_hash root = {{0}};
    bool known = false;
    enum xg_status status;

    memcpy(c.origin, data_origin(v->data), strlen(data_origin(v->data)) + 1);
    status = xg_device_cosigned(says->cosignature, &c, &who->device, err);
    if (status == XG_OK && c.size <= v->checkpoint.size)
        status = ledger_root(&root, v->store, c.size, err);
    if (status != XG_OK)
        return status;
    memcpy(hear.row.device, who->device.name, sizeof hear.row.device);
    hear.row.ours =
        c.size <= v->checkpoint.size && xg_hash_equal(&root, &c.root);
    hear.row.size = c.size;
    hear.row.root = c.root;
    xg_cosigned_line(&line, who->device.name, says->cosignature);
    hear.row.line = xg_buf_str(&line);
    status = xg_buf_check(&line, err);
    if (status == XG_OK)
        status = is_known(&known, &hear.row, v->store, err);
    if (status == XG_OK && !hear.row.ours) {
        *other = true;
        xg_log(XG_LOG_ERROR, "witness.other-log",
               "device=%s size=%" PRIu64 " kept=%s", hear.row.device, c.size,
               known ? "before" : "now");
    }
    if (status == XG_OK && !known)
        status = ledger_submit(v->data->ledger, &hear.job, err);
    xg_buf_clear(&line);
    return status;
}

void witness_hear_device(const struct api_view *v, const struct api_caller *who,
                         bool *other)
{
    struct xg_error err = XG_ERROR_NONE;

    /* Of a log before this one: what it states was cut to what we have. */
    if (!who->says.cosigned || who->state == XG_DEVICE_PENDING ||
        !xg_bytes_equal(who->says.log, xg_bytes_of(data_origin(v->data))))
        return;
    if (hear(v, who, other, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "witness.device", "device=%s error=\"%s\"",
               who->device.name, xg_error_text(&err));
}

/* ---- what they said, for all ---- */

/* The log's own line over one of its checkpoints: the same bytes as then. */
static enum xg_status put_log(struct xg_buf *note, const struct api_view *v,
                              const struct store_cosignature *row,
                              struct xg_error *err)
{
    struct xg_checkpoint c = {.size = row->size, .root = row->root};
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    enum xg_status status;

    memcpy(c.origin, data_origin(v->data), strlen(data_origin(v->data)) + 1);
    xg_checkpoint_text(&text, &c);
    status = xg_buf_check(&text, err);
    if (status == XG_OK)
        api_sign_text(note, v->data, xg_buf_bytes(&text));
    xg_buf_clear(&text);
    return status;
}

enum xg_status witness_put_devices(struct xg_buf *out, const struct api_view *v,
                                   struct xg_arena *arena, struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct store_cosignature *rows;
    size_t count, lines = 0;
    enum xg_status status = v->store->ops->read_cosignatures(
        v->store, arena, &rows, &count, true, NULL, err);

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        if (rows[i].size > v->checkpoint.size)
            continue; /* published a moment ago */
        if (lines == 0)
            status = put_log(&note, v, &rows[i], err);
        xg_buf_text(&note, rows[i].line);
        lines++;
        if (i + 1 == count || rows[i + 1].size != rows[i].size ||
            lines == WITNESS_LINES_MAX) {
            xg_frame_put(out, xg_buf_bytes(&note));
            xg_buf_reset(&note);
            lines = 0;
        }
        if (status == XG_OK)
            status = xg_buf_check(&note, err);
    }
    xg_buf_clear(&note);
    return status == XG_OK ? xg_buf_check(out, err) : status;
}
