/* cosigned.c - see cosigned.h. */
#include "server/api/cosigned.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

void witness_signed_init(struct witness_signed *kept)
{
    *kept = (struct witness_signed){.list = NULL};
    pthread_mutex_init(&kept->lock, NULL);
}

void witness_signed_clear(struct witness_signed *kept)
{
    pthread_mutex_destroy(&kept->lock);
    free(kept->list);
    *kept = (struct witness_signed){.list = NULL};
}

/* An answer in the making. */
struct telling {
    const struct xg_signer *signer;
    struct witness_signed *kept;
    size_t at;                      /* of its list: what is larger is behind */
    struct witness_signature *list; /* what it becomes; NULL: no memory */
    size_t count, room;
    struct xg_buf note; /* with the lines so far */
    size_t lines;
};

/* Over this checkpoint: signed for this answer, or for the one before it. */
static const struct witness_signature *find(struct telling *t,
                                            const struct xg_checkpoint *c)
{
    const struct witness_signed *kept = t->kept;
    const struct witness_signature *s = NULL;

    while (t->at < kept->count && kept->list[t->at].size > c->size)
        t->at++;
    if (t->count && t->list[t->count - 1].size == c->size)
        s = &t->list[t->count - 1];
    else if (t->at < kept->count)
        s = &kept->list[t->at];
    return s && s->size == c->size && xg_hash_equal(&s->root, &c->root) ? s
                                                                        : NULL;
}

/* The text and the log's own line: the same bytes as when it published that. */
static void put_log(struct telling *t, const struct xg_checkpoint *c)
{
    struct witness_signature made = {.size = c->size, .root = c->root};
    const struct witness_signature *found = find(t, c);
    struct xg_buf *note = &t->note;

    xg_checkpoint_text(note, c);
    if (found)
        made = *found;
    else if (note->failed == XG_OK)
        xg_note_signature(made.bytes, xg_buf_bytes(note), t->signer);
    xg_buf_byte(note, '\n');
    xg_note_signed_line(note, made.bytes, &t->signer->verifier);
    if (t->list && t->count < t->room &&
        (t->count == 0 || t->list[t->count - 1].size != c->size))
        t->list[t->count++] = made;
}

static enum xg_status put_notes(struct xg_buf *out, struct telling *t,
                                const struct store_cosignature *rows,
                                size_t count, struct xg_error *err)
{
    struct xg_checkpoint c;

    snprintf(c.origin, sizeof c.origin, "%s", t->signer->verifier.name);
    for (size_t i = 0; i < count; i++) {
        c.size = rows[i].size;
        c.root = rows[i].root;
        if (t->lines == 0)
            put_log(t, &c);
        xg_buf_text(&t->note, rows[i].line);
        t->lines++;
        if (i + 1 == count || rows[i + 1].size != rows[i].size ||
            t->lines == WITNESS_LINES_MAX) {
            if (xg_buf_check(&t->note, err) != XG_OK)
                return err->status;
            xg_frame_put(out, xg_buf_bytes(&t->note));
            xg_buf_reset(&t->note);
            t->lines = 0;
        }
    }
    return xg_buf_check(out, err);
}

/* The rows of what is published; the rest was a moment ago. */
static enum xg_status read_rows(struct store_cosignature **rows, size_t *count,
                                struct data *d, struct xg_arena *arena,
                                struct xg_error *err)
{
    struct api_view v;

    if (api_view_of(&v, d, err) != XG_OK)
        return err->status;
    enum xg_status status = v.store->ops->read_cosignatures(
        v.store, arena, rows, count, true, NULL, err);
    for (; status == XG_OK && *count && (*rows)->size > v.checkpoint.size;
         ++*rows)
        --*count;
    api_view_close(&v);
    return status;
}

enum xg_status witness_put_devices(struct xg_buf *out, struct data *d,
                                   struct witness_signed *kept,
                                   struct xg_arena *arena, struct xg_error *err)
{
    struct telling t = {.signer = ledger_signer(d->ledger),
                        .kept = kept,
                        .note = XG_BUF(XG_NOTE_MAX)};
    struct store_cosignature *rows;
    size_t count;

    if (read_rows(&rows, &count, d, arena, err) != XG_OK)
        return err->status;
    t.room = count < WITNESS_SIGNED_MAX ? count : WITNESS_SIGNED_MAX;
    pthread_mutex_lock(&kept->lock);
    t.list = calloc(t.room, sizeof *t.list);
    enum xg_status status = put_notes(out, &t, rows, count, err);
    if (t.list) {
        free(kept->list);
        kept->list = t.list;
        kept->count = t.count;
    }
    pthread_mutex_unlock(&kept->lock);
    xg_buf_clear(&t.note);
    return status;
}
