/* cosigned.c - see cosigned.h. */
#include "server/api/cosigned.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/log.h"

struct keep_job {
    struct ledger_job job;
    const struct store_cosignature *row;
};

static enum xg_status put_row(struct ledger_job *job, struct ledger *l,
                              struct store *s, struct xg_error *err)
{
    (void)l;
    return s->ops->put_cosignature(s, ((struct keep_job *)job)->row, err);
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

/* Did the device sign it, and is it ours? */
static enum xg_status judge(struct store_cosignature *row,
                            const struct api_view *v,
                            const struct api_caller *who, struct xg_error *err)
{
    const struct xg_hello *says = &who->says;
    struct xg_checkpoint c = {.size = says->size, .root = says->root};
    struct xg_hash root = {{0}};

    memcpy(c.origin, data_origin(v->data), strlen(data_origin(v->data)) + 1);
    if (xg_device_cosigned(says->cosignature, &c, &who->device, err) != XG_OK)
        return err->status;
    row->ours = c.size <= v->checkpoint.size;
    if (row->ours && ledger_root(&root, v->store, c.size, err) != XG_OK)
        return err->status;
    row->ours = row->ours && xg_hash_equal(&root, &c.root);
    row->size = c.size;
    row->root = c.root;
    return XG_OK;
}

static enum xg_status hear(struct witness_heard *heard,
                           const struct api_view *v,
                           const struct api_caller *who, struct xg_error *err)
{
    struct store_cosignature *row = &heard->row;
    struct xg_buf line = XG_BUF(WITNESS_LINE_SIZE - 1);
    bool known = false;
    enum xg_status status;

    memcpy(row->device, who->device.name, sizeof row->device);
    status = judge(row, v, who, err);
    if (status == XG_OK)
        status = is_known(&known, row, v->store, err);
    if (status == XG_OK) {
        xg_cosigned_line(&line, row->device, who->says.cosignature);
        status = xg_buf_check(&line, err);
    }
    if (status == XG_OK) {
        memcpy(heard->line, line.data, line.len);
        heard->line[line.len] = '\0';
        heard->new = !known;
    }
    if (status == XG_OK && !row->ours)
        xg_log(XG_LOG_ERROR, "witness.other-log",
               "device=%s size=%" PRIu64 " kept=%s", row->device, row->size,
               known ? "before" : "now");
    xg_buf_clear(&line);
    return status;
}

static void say(const char *device, const struct xg_error *err)
{
    xg_log(XG_LOG_WARN, "witness.device", "device=%s error=\"%s\"", device,
           xg_error_text(err));
}

void witness_hear(struct witness_heard *heard, const struct api_view *v,
                  const struct api_caller *who)
{
    struct xg_error err = XG_ERROR_NONE;

    *heard = (struct witness_heard){.new = false};
    /* Of a log before this one: what it states was cut to what we have. */
    if (!who->says.cosigned || who->state == XG_DEVICE_PENDING ||
        !xg_bytes_equal(who->says.log, xg_bytes_of(data_origin(v->data))))
        return;
    if (hear(heard, v, who, &err) != XG_OK)
        say(who->device.name, &err);
}

void witness_keep(struct data *d, const struct witness_heard *heard)
{
    struct store_cosignature row = heard->row;
    struct keep_job keep = {.job.run = put_row, .row = &row};
    struct xg_error err = XG_ERROR_NONE;

    row.line = heard->line;
    if (heard->new &&ledger_submit(d->ledger, &keep.job, &err) != XG_OK)
        say(row.device, &err);
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
