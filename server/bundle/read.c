/* read.c - up: from a device; see bundle.h. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/cosigned.h"
#include "server/blobs/blobs.h"
#include "server/bundle/inside.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

enum { HOLD_AT_ONCE = 16 * XG_BLOBS_MAX };

/* One reading. */
struct reading {
    struct data *data;
    struct bundle_taken *taken;
    struct xg_bundle_reader *file;
    struct xg_bytes note; /* the index, signed */
    struct xg_part part;  /* the one at hand */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
    uint64_t done;                      /* bytes of parts */
    struct xg_blob blobs[HOLD_AT_ONCE]; /* durable, not said so in the log */
    size_t blob_count;
    struct xg_buf content;
};

/* ---- what goes wrong ---- */

/* Our own side failed: going on would only fail again. */
static bool ends_it(enum xg_status status)
{
    return status == XG_FULL || status == XG_IO || status == XG_NOMEM ||
           status == XG_CORRUPT || status == XG_ALARM;
}

static void note_trouble(struct reading *r, const char *part,
                         enum xg_status status, const char *why)
{
    struct bundle_report *report = &r->taken->report;

    report->bad++;
    if (report->trouble_count == BUNDLE_TROUBLES_MAX)
        return;
    xg_log(XG_LOG_WARN, "bundle.bad", "device=%s part=%s error=%s",
           report->device, part, why);
    struct bundle_trouble *t = &report->troubles[report->trouble_count++];
    t->status = status;
    snprintf(t->part, sizeof t->part, "%s", part);
    snprintf(t->why, sizeof t->why, "%s", why);
}

/* A part that is bad is passed over, and so is one that the file ends in: what
 * comes next says so. */
static enum xg_status pass_over(struct reading *r, struct xg_error *err)
{
    if (err->status == XG_GAP)
        return XG_OK;
    if (ends_it(err->status))
        return err->status;
    note_trouble(r, r->part.name, err->status, xg_error_text(err));
    return XG_OK;
}

/* ---- who sends it ---- */

static enum xg_status not_ours(const struct xg_bundle *index,
                               const struct data *d, struct xg_error *err)
{
    const char *origin = data_origin(d);

    if (!ledger_knows(d->ledger, xg_bytes_of(index->log)))
        return xg_fail(err, XG_REFUSED,
                       XG_T("这个数据包属于 %s 的日志，本机是 %s；没有读入",
                            "this bundle belongs to the log %s, this server "
                            "is %s; nothing was taken"),
                       index->log, origin);
    if (index->kind != XG_BUNDLE_UP)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这个数据包是给设备 %s 的：请在那台设备上读；"
                            "没有读入",
                            "this bundle is for the device %s: read it there; "
                            "nothing was taken"),
                       index->to);
    if (!ledger_knows(d->ledger, xg_bytes_of(index->to)))
        return xg_fail(err, XG_REFUSED,
                       XG_T("这个数据包是给 %s 的，本机是 %s；没有读入",
                            "this bundle is for %s, this server is %s; nothing "
                            "was taken"),
                       index->to, origin);
    return XG_OK;
}

/* The index is to be signed by that key. */
static enum xg_status check_index(const struct reading *r,
                                  const struct xg_verifier *key,
                                  struct xg_error *err)
{
    struct xg_note note;

    if (xg_note_open(&note, r->note.at, r->note.len, key, err) != XG_OK)
        return xg_wrap(err,
                       XG_T("数据包不是 %s 写的；没有读入",
                            "the bundle is not by %s; nothing was taken"),
                       key->name);
    return XG_OK;
}

static enum xg_status known_sender(struct reading *r, struct xg_error *err)
{
    struct bundle_taken *t = r->taken;
    struct api_caller who;
    struct api_view v;
    bool found;

    if (api_view_of(&v, r->data, err) != XG_OK)
        return err->status;
    enum xg_status status =
        api_find_caller(&who, &found, &v, t->index.from, err);
    api_view_close(&v);
    if (status != XG_OK)
        return status;
    if (!found)
        return xg_fail(err, XG_REFUSED,
                       XG_T("服务器不认识设备 %s；没有读入。请先让它加入："
                            "xunge-server code，再在设备上 "
                            "xunge enrol 入网码 --request 文件",
                            "the server does not know the device %s; nothing "
                            "was taken. Have it join first: xunge-server code, "
                            "then xunge enrol CODE --request FILE on it"),
                       t->index.from);
    if (check_index(r, &who.device, err) != XG_OK)
        return err->status;
    memcpy(t->report.device, who.device.name, sizeof t->report.device);
    t->report.state = who.state;
    return XG_OK;
}

static enum xg_status read_content(struct reading *r, size_t most,
                                   struct xg_error *err)
{
    xg_buf_clear(&r->content);
    r->content = XG_BUF(most);
    if (xg_bundle_content(r->file, &r->content, err) != XG_OK)
        return err->status;
    r->taken->report.came++;
    return XG_OK;
}

static enum xg_status next_part(struct reading *r, bool *more,
                                struct xg_error *err)
{
    bool cut = false;

    *more = false;
    if (xg_bundle_next(r->file, &r->part, more, &cut, err) != XG_OK)
        return err->status;
    r->taken->report.cut = cut;
    return XG_OK;
}

/* Whose key it is stands in the wish to join, which comes first. */
static enum xg_status new_sender(struct reading *r, struct xg_error *err)
{
    struct bundle_taken *t = r->taken;
    struct api_refusal no = {.code = NULL};
    struct xg_enrolled enrolled;
    struct xg_verifier key;
    struct xg_note note;
    struct xg_enrol e;
    bool more;

    if (next_part(r, &more, err) != XG_OK)
        return err->status;
    if (!more || r->part.kind != XG_PART_ENROL)
        return xg_fail(err, XG_FORMAT, "%s",
                       XG_T("数据包里没有入网申请，也不是已加入的设备写的；"
                            "没有读入",
                            "the bundle has no wish to join, and is not by a "
                            "device that has joined; nothing was taken"));
    if (read_content(r, XG_NOTE_MAX, err) != XG_OK ||
        xg_note_parse(&note, r->content.data, r->content.len, err) != XG_OK ||
        xg_enrol_read(&e, note.text, err) != XG_OK ||
        xg_verifier_init(&key, t->index.from, XG_SIG_ED25519, e.key.b, err) !=
            XG_OK ||
        check_index(r, &key, err) != XG_OK ||
        api_answer_enrol(&t->enrolled, &no, &enrolled, r->data,
                         xg_buf_bytes(&r->content), err) != XG_OK)
        return err->status;
    if (no.code)
        return api_fail_refused(&no, XG_REFUSED, err);
    memcpy(t->report.device, enrolled.device, sizeof t->report.device);
    t->report.state = enrolled.state;
    t->report.asked_to_join = true;
    return XG_OK;
}

static bool is_new(const struct xg_bundle *index)
{
    size_t len = strlen(index->log);

    return strncmp(index->from, index->log, len) == 0 &&
           strcmp(index->from + len, "/new") == 0;
}

/* ---- its parts ---- */

static enum xg_status take_hello(struct reading *r, struct xg_error *err)
{
    struct bundle_taken *t = r->taken;
    struct api_refusal no = {.code = NULL};
    struct witness_heard heard = {.new = false};
    struct api_view v;

    if (t->has_hello)
        return xg_fail(err, XG_FORMAT, "%s",
                       XG_T("出现了第二次", "it is there a second time"));
    if (read_content(r, XG_NOTE_MAX, err) != XG_OK ||
        api_view_of(&v, r->data, err) != XG_OK)
        return err->status;
    xg_buf_clear(&t->hello);
    t->hello = r->content;
    r->content = XG_BUF(0);
    enum xg_status status =
        api_read_hello(&t->caller, &no, &v, xg_buf_bytes(&t->hello), err);
    if (status == XG_OK && !no.code)
        witness_hear(&heard, &v, &t->caller);
    api_view_close(&v);
    if (status != XG_OK)
        return status;
    if (no.code)
        return api_fail_refused(&no, XG_REFUSED, err);
    if (strcmp(t->caller.device.name, t->index.from) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("署名是 %s，不是写数据包的设备",
                            "it is by %s, not by who wrote the bundle"),
                       t->caller.device.name);
    t->has_hello = true;
    witness_keep(r->data, &heard);
    return XG_OK;
}

/* Room for one more in a list that grows by 64; NULL: no memory. */
static void *grow(void *items, size_t count, size_t each)
{
    return count % 64 ? items : realloc(items, (count + 64) * each);
}

static enum xg_status keep_batch(struct bundle_taken *t,
                                 const struct ingest_result *result,
                                 struct xg_error *err)
{
    struct bundle_batch *more =
        grow(t->batches, t->batch_count, sizeof *t->batches);

    if (!more)
        return xg_fail_nomem(err);
    t->batches = more;
    t->batches[t->batch_count++] = (struct bundle_batch){
        .id = result->id, .state = result->state, .position = result->position};
    t->report.batches[result->state]++;
    t->report.records += result->records;
    return XG_OK;
}

static enum xg_status keep_photo(struct bundle_taken *t,
                                 const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    struct xg_hash *more = grow(t->photos, t->photo_count, sizeof *t->photos);

    if (!more)
        return xg_fail_nomem(err);
    t->photos = more;
    t->photos[t->photo_count++] = *sha256;
    return XG_OK;
}

static enum xg_status take_batch(struct reading *r, struct xg_error *err)
{
    struct api_refusal no = {.code = NULL};
    struct ingest_result result;

    if (read_content(r, XG_BATCH_MAX, err) != XG_OK ||
        api_take_batch(&result, &no, r->data, &r->part.id,
                       xg_buf_bytes(&r->content), err) != XG_OK)
        return err->status;
    if (no.code)
        return api_fail_refused(&no, XG_REFUSED, err);
    return keep_batch(r->taken, &result, err);
}

/* Say in the log what is durable by now. */
static enum xg_status hold(struct reading *r, struct xg_error *err)
{
    if (r->blob_count == 0)
        return XG_OK;
    if (photo_hold(r->data, r->blobs, r->blob_count, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < r->blob_count; i++)
        if (keep_photo(r->taken, &r->blobs[i].sha256, err) != XG_OK)
            return err->status;
    r->blob_count = 0;
    return XG_OK;
}

static enum xg_status piece(void *ctx, uint8_t *at, size_t size, size_t *len,
                            struct xg_error *err)
{
    struct reading *r = ctx;

    return xg_bundle_piece(r->file, at, size, len, err);
}

/* Is it one that a record here names, of that length? */
static enum xg_status must_be_named(struct reading *r, struct xg_error *err)
{
    uint64_t length = 0;
    struct api_view v;
    bool named = false;

    if (api_view_of(&v, r->data, err) != XG_OK)
        return err->status;
    enum xg_status status =
        photo_named(v.store, &length, &named, &r->part.id, r->part.length, err);
    api_view_close(&v);
    if (status != XG_OK)
        return status;
    if (!named)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("这里还没有提到这张照片的记录：请把带有该记录的"
                            "数据包也读入，再读一次",
                            "no record here names this photo (yet): read the "
                            "bundle with that record too, then this one "
                            "again"));
    if (length != r->part.length)
        return xg_fail(err, XG_FORMAT, "%s",
                       XG_T("长度与记录所写的不同",
                            "it is not as long as the record says"));
    return XG_OK;
}

static enum xg_status take_blob(struct reading *r, struct xg_error *err)
{
    struct bundle_report *report = &r->taken->report;
    bool here = blobs_has(r->data->blobs, &r->part.id);

    if (must_be_named(r, err) != XG_OK ||
        blobs_take(r->data->blobs, &r->part.id, r->part.length, piece, r,
                   err) != XG_OK)
        return err->status;
    report->came++;
    report->photos_held += here;
    report->photos += !here;
    report->photo_bytes += here ? 0 : r->part.length;
    r->blobs[r->blob_count++] =
        (struct xg_blob){.sha256 = r->part.id, .length = r->part.length};
    return r->blob_count == HOLD_AT_ONCE ? hold(r, err) : XG_OK;
}

static enum xg_status take_part(struct reading *r, struct xg_error *err)
{
    switch (r->part.kind) {
    case XG_PART_HELLO:
        return take_hello(r, err);
    case XG_PART_BATCH:
        return take_batch(r, err);
    case XG_PART_BLOB:
        return take_blob(r, err);
    case XG_PART_OTHER:
        r->taken->report.came++;
        r->taken->report.foreign++;
        return XG_OK;
    case XG_PART_ENROL:
    case XG_PART_ENROLLED:
    case XG_PART_WELCOME:
    case XG_PART_TILE:
    case XG_PART_STATES:
    case XG_PART_RECEIPT:
    case XG_PART_REFERENCES:
    case XG_PART_REFERENCE:
    case XG_PART_UPDATES:
    case XG_PART_HELD:
        break;
    }
    r->taken->report.came++;
    return xg_fail(err, XG_FORMAT, "%s",
                   XG_T("不属于设备写的数据包",
                        "it does not belong in a bundle by a device"));
}

/* To the end, or to where the file or our side fails. */
static enum xg_status take_parts(struct reading *r, struct xg_error *err)
{
    struct bundle_report *report = &r->taken->report;
    enum xg_status status = XG_OK;
    bool more = true;

    while (status == XG_OK) {
        status = next_part(r, &more, err);
        if (status != XG_OK && !ends_it(status)) {
            note_trouble(r, "", status, xg_error_text(err));
            *err = XG_ERROR_NONE;
            return XG_OK; /* nothing can be read after it */
        }
        if (status != XG_OK || !more)
            return status;
        if (take_part(r, err) != XG_OK)
            status = pass_over(r, err);
        if (status == XG_OK)
            *err = XG_ERROR_NONE;
        r->done += r->part.length;
        if (r->progress)
            r->progress(r->ctx, r->done, report->bytes);
    }
    return status;
}

/* ---- the whole ---- */

static enum xg_status open_file(struct reading *r,
                                const struct xg_bundle_source *from,
                                struct xg_error *err)
{
    struct bundle_taken *t = r->taken;

    if (xg_bundle_open(&r->file, &t->index, &r->note, from, err) != XG_OK ||
        not_ours(&t->index, r->data, err) != XG_OK)
        return err->status;
    t->report.parts = t->index.parts;
    t->report.bytes = t->index.bytes;
    t->report.time_ms = t->index.time_ms;
    return is_new(&t->index) ? new_sender(r, err) : known_sender(r, err);
}

static void log_it(const struct bundle_report *report)
{
    uint64_t batches = 0;

    for (size_t i = 0; i <= XG_BATCH_QUARANTINED; i++)
        batches += report->batches[i];
    xg_log(XG_LOG_INFO, "bundle.read",
           "device=%s batches=%llu records=%llu photos=%llu bad=%llu cut=%d",
           report->device, (unsigned long long)batches,
           (unsigned long long)report->records,
           (unsigned long long)report->photos, (unsigned long long)report->bad,
           report->cut);
}

enum xg_status bundle_take(struct bundle_taken **out, struct data *d,
                           const struct xg_bundle_source *from,
                           void (*progress)(void *ctx, uint64_t done,
                                            uint64_t total),
                           void *ctx, struct xg_error *err)
{
    struct bundle_taken *t = calloc(1, sizeof *t);
    struct reading *r = calloc(1, sizeof *r);
    enum xg_status status;

    if (!t || !r) {
        free(t);
        free(r);
        return xg_fail_nomem(err);
    }
    *r = (struct reading){
        .data = d, .taken = t, .progress = progress, .ctx = ctx};
    t->enrolled = XG_BUF(XG_NOTE_MAX);
    t->report.stopped = XG_ERROR_NONE;
    status = open_file(r, from, err);
    if (status == XG_OK) {
        struct xg_error *stopped = &t->report.stopped;
        struct xg_error held = XG_ERROR_NONE;
        bool whole = take_parts(r, stopped) == XG_OK;
        if (hold(r, &held) != XG_OK && whole)
            *stopped = held;
        log_it(&t->report);
    }
    if (r->file)
        xg_bundle_close(r->file);
    xg_buf_clear(&r->content);
    free(r);
    if (status != XG_OK) {
        bundle_taken_free(t);
        return status;
    }
    *out = t;
    return XG_OK;
}

const struct bundle_report *bundle_report(const struct bundle_taken *taken)
{
    return &taken->report;
}

void bundle_taken_free(struct bundle_taken *taken)
{
    if (!taken)
        return;
    xg_buf_clear(&taken->hello);
    xg_buf_clear(&taken->enrolled);
    free(taken->batches);
    free(taken->photos);
    free(taken);
}
