/* walk_end.c - what can only be said when the last entry was walked: gaps, forks
 * that no note proves, photos, and who else saw the log.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/audit/walk.h"
#include "shared/base/lang.h"

enum { COSIGNED_MAX = 16 << 20 };

/* ---- chains ---- */

static void say_gaps(struct xg_walk *w)
{
    for (size_t i = 0; i < w->held_count; i++) {
        const struct xg_held *h = &w->held[i];
        const struct xg_chain *chain = xg_chains_find(&w->chains, &h->chain);
        uint64_t next = 0;
        char id[2 * XG_ID_SIZE + 1];
        if (h->why != XG_HELD_WAITING)
            continue;
        for (uint32_t t = 0; chain && t < chain->tip_count; t++)
            if (chain->tips[t].next <= h->first && chain->tips[t].next > next)
                next = chain->tips[t].next;
        xg_hex(id, h->chain.b, XG_ID_SIZE);
        w->position = h->position;
        xg_walk_say(w, XG_GRAVITY_DOUBT, "gap",
                    XG_T("%s 的链 %s：第 %" PRIu64 " 至 %" PRIu64
                         " 号没有到，后面的 %" PRIu64 "–%" PRIu64
                         " 号已到；设备没有交，或服务器没有记",
                         "%s, chain %s: records %" PRIu64 " to %" PRIu64
                         " are missing, later ones (%" PRIu64 "-%" PRIu64
                         ") came; the device did not send them, or the server "
                         "did not log them"),
                    w->chains.devices[h->device].name, id, next,
                    h->first ? h->first - 1 : 0, h->first, h->last);
    }
}

static void say_rifts(struct xg_walk *w)
{
    for (size_t i = 0; i < w->rift_count; i++) {
        w->position = w->rifts[i].position;
        xg_walk_say(w, XG_GRAVITY_BROKEN, "fork-unproven",
                    XG_T("一条链在第 %" PRIu64
                         " 号分叉，日志没有写分叉条目：服务器隐瞒了分叉",
                         "a chain forks at record %" PRIu64
                         " and no fork note proves it: the server hides it"),
                    w->rifts[i].seq);
    }
    w->position = UINT64_MAX;
}

/* ---- what was erased ---- */

static int by_hash(const void *a, const void *b)
{
    const struct xg_erased_said *x = a, *y = b;
    int order = xg_hash_compare(&x->hash, &y->hash);

    return order ? order : (int)y->act - (int)x->act;
}

/* The act that erased what is gone, among those `n` before it that name its
 * hash: one of its own case. Any other is passed over by every fold. */
static const struct xg_erased_said *
find_act(const struct xg_erased_said *gone, size_t n)
{
    for (size_t i = 1; i <= n; i++) {
        const struct xg_erased_said *act = gone - i;
        if (!xg_hash_equal(&act->hash, &gone->hash))
            break;
        if (act->act && !act->photo && act->kind == gone->kind &&
            xg_id_equal(&act->entity, &gone->entity))
            return act;
    }
    return NULL;
}

/* Acts come first among equals: what is gone without one was not erased by
 * anybody who said so. */
static void say_erased(struct xg_walk *w)
{
    if (w->erased_count > 1)
        qsort(w->erased, w->erased_count, sizeof *w->erased, by_hash);
    for (size_t i = 0; i < w->erased_count; i++) {
        const struct xg_erased_said *e = &w->erased[i];
        const struct xg_erased_said *act = e->act ? NULL : find_act(e, i);
        w->position = e->position;
        if (e->act)
            continue;
        if (act)
            xg_walk_say(w, XG_GRAVITY_NOTED, "erased",
                        XG_T("一条记录的内容已抹除，依据条目 %" PRIu64 " 处的记录",
                             "fields of a record were erased, by an act in "
                             "entry %" PRIu64),
                        act->position);
        else
            xg_walk_say(w, XG_GRAVITY_BROKEN, "erased",
                        XG_T("一条记录的内容没有了，没有任何抹除记录说明",
                             "fields of a record are gone, and no act says "
                             "that they were erased"));
    }
    w->position = UINT64_MAX;
}

static bool act_erases(const struct xg_walk *w, const struct xg_hash *photo)
{
    for (size_t i = 0; i < w->erased_count; i++)
        if (w->erased[i].act && w->erased[i].photo &&
            xg_hash_equal(&w->erased[i].hash, photo))
            return true;
    return false;
}

/* ---- files ---- */

struct hashing {
    crypto_hash_sha256_state state;
    uint64_t bytes;
};

static void hash_piece(void *to, struct xg_bytes piece)
{
    struct hashing *h = to;

    crypto_hash_sha256_update(&h->state, piece.at, piece.len);
    h->bytes += piece.len;
}

static void say_lost(struct xg_walk *w, const struct xg_file_said *f)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, f->sha256.b, XG_HASH_SIZE);
    if (f->kind == XG_AUDIT_PHOTO && act_erases(w, &f->sha256))
        xg_walk_say(w, XG_GRAVITY_NOTED, "photo-erased",
                    XG_T("照片 %s 已按抹除记录删去",
                         "photo %s was erased, as an act says"),
                    hex);
    else if (f->kind == XG_AUDIT_PHOTO)
        xg_walk_say(w, XG_GRAVITY_DOUBT, "photo-lost",
                    XG_T("照片 %s 不见了，日志说服务器持有它",
                         "photo %s is gone; the log says the server holds it"),
                    hex);
    else
        xg_walk_say(w, XG_GRAVITY_BROKEN, "reference",
                    XG_T("基础数据文件 %s 不见了",
                         "the file %s of reference data is gone"),
                    hex);
}

static void say_other(struct xg_walk *w, const struct xg_file_said *f)
{
    char hex[2 * XG_HASH_SIZE + 1];
    bool photo = f->kind == XG_AUDIT_PHOTO;

    xg_hex(hex, f->sha256.b, XG_HASH_SIZE);
    xg_walk_say(w, XG_GRAVITY_BROKEN, photo ? "photo" : "reference",
                photo ? XG_T("照片 %s 的内容被改动", "photo %s was altered")
                      : XG_T("基础数据文件 %s 被改动",
                             "the file %s of reference data was altered"),
                hex);
}

static enum xg_status hash_file(struct xg_walk *w, struct xg_file_said *f)
{
    struct xg_error why = XG_ERROR_NONE;
    struct hashing h = {.bytes = 0};
    struct xg_hash sum;
    enum xg_status status;

    crypto_hash_sha256_init(&h.state);
    status = w->source->file(w->source->ctx, (enum xg_audit_file)f->kind,
                             f->position, &f->sha256, hash_piece, &h, &why);
    crypto_hash_sha256_final(&h.state, sum.b);
    w->position = f->position;
    if (status == XG_NOTFOUND && f->kind == XG_AUDIT_PHOTO) {
        w->result.counts.unread_photos++;
    } else if (status == XG_NOTFOUND) {
        w->result.unchecked |= XG_UNCHECKED_FILES;
    } else if (status == XG_GAP) {
        say_lost(w, f);
    } else if (status != XG_OK) {
        *w->err = why;
        return status;
    } else if (!xg_hash_equal(&sum, &f->sha256) || h.bytes != f->length) {
        say_other(w, f);
    } else {
        f->hashed = 1;
        w->result.counts.photos += f->kind == XG_AUDIT_PHOTO;
        w->result.counts.photo_bytes +=
            f->kind == XG_AUDIT_PHOTO ? h.bytes : 0;
    }
    return XG_OK;
}

static enum xg_status walk_files(struct xg_walk *w)
{
    uint64_t size = xg_spill_size(&w->files);
    struct xg_file_said f;

    w->result.counts.unread_photos = 0;
    for (uint64_t at = 0; at < size; at += sizeof f) {
        xg_spill_get(&w->files, at, &f, sizeof f);
        if (xg_spill_check(&w->files, w->err) != XG_OK)
            return w->err->status;
        if (f.hashed)
            continue;
        if (f.kind == XG_AUDIT_PHOTO && !w->o->photos)
            w->result.counts.unread_photos++;
        else if (hash_file(w, &f) != XG_OK)
            return w->err->status;
        if (f.hashed)
            xg_spill_set(&w->files, at, &f, sizeof f);
    }
    w->position = UINT64_MAX;
    if (w->result.counts.unread_photos)
        w->result.unchecked |= XG_UNCHECKED_PHOTOS;
    return XG_OK;
}

/* ---- witnesses ---- */

static void judge_policy(struct xg_walk *w, const struct xg_note *note,
                         const struct xg_checkpoint *c)
{
    struct xg_cosigned cosigned[XG_POLICY_WITNESSES_MAX];
    struct xg_error why = XG_ERROR_NONE;
    uint64_t time_s = 0;
    size_t n = 0;

    if (!w->o->policy)
        return;
    if (xg_policy_verify(w->o->policy, cosigned, &n, note, &why) != XG_OK) {
        xg_walk_say(w, XG_GRAVITY_BROKEN, "witness",
                    XG_T("检查点上见证者的签名无效：%s",
                         "a witness's signature on a checkpoint does not "
                         "verify: %s"),
                    xg_error_text(&why));
        return;
    }
    w->result.counts.signatures += n;
    if (!xg_policy_satisfied(w->o->policy, cosigned, n, &time_s))
        return;
    if (c->size == w->result.checkpoint.size)
        w->result.quorum = true;
    if (c->size >= w->result.quorum_size) {
        w->result.quorum_size = c->size;
        w->result.quorum_time_s = time_s;
    }
}

/* A device's line of a note verified by its key in the registry: *device is its
 * name. False: it is no device's; *bad: it is, and does not verify. */
static bool device_line(struct xg_walk *w, const struct xg_note *note, size_t i,
                        char device[static XG_KEY_NAME_MAX + 1], bool *bad)
{
    struct xg_bytes name = note->signatures[i].name;
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_verifier key;
    struct xg_statement s;
    uint64_t at;

    *bad = false;
    if (name.len > XG_KEY_NAME_MAX)
        return false;
    memcpy(device, name.at, name.len);
    device[name.len] = '\0';
    if (!xg_statements_device(&w->statements, device, UINT64_MAX, &s, &at) ||
        xg_verifier_init(&key, device, XG_SIG_COSIGNATURE, s.key, &quiet) !=
            XG_OK)
        return false;
    *bad = xg_note_verify(note, &key, NULL, &quiet) != XG_OK;
    return !*bad;
}

/* Cosignatures of devices to a checkpoint of this history, each device once. */
static enum xg_status count_devices(struct xg_walk *w, const struct xg_note *note)
{
    char device[XG_KEY_NAME_MAX + 1];

    for (size_t i = 0; i < note->count; i++) {
        bool bad;
        if (device_line(w, note, i, device, &bad)) {
            uint32_t number;
            if (xg_chains_device(&w->chains, &number, device, w->err) != XG_OK)
                return w->err->status;
            struct xg_chain_device *d = &w->chains.devices[number];
            w->result.counts.signatures++;
            w->result.device_witnesses += !d->cosigned;
            d->cosigned = true;
        } else if (bad) {
            xg_walk_say(w, XG_GRAVITY_DOUBT, "cosigned",
                        XG_T("%s 的联署无效",
                             "the cosignature of %s does not verify"),
                        device);
        }
    }
    return XG_OK;
}

/* Somebody whose word counts (the log's own key, a device) signed to a
 * checkpoint that is not of this history. */
static void say_other_history(struct xg_walk *w, const struct xg_note *note,
                              const struct xg_checkpoint *c, bool by_log)
{
    char root[XG_BASE64_SIZE(XG_HASH_SIZE)], device[XG_KEY_NAME_MAX + 1];

    xg_base64(root, sizeof root, c->root.b, XG_HASH_SIZE);
    if (by_log)
        xg_walk_say(w, XG_GRAVITY_BROKEN, "cosigned",
                    XG_T("这份日志的密钥还签过 %" PRIu64
                         " 条、根 %s 的检查点，与这里的历史不合：有两份历史",
                         "the log's key also signed a checkpoint of %" PRIu64
                         " entries with the root %s, which is not in this "
                         "history: there are two"),
                    c->size, root);
    for (size_t i = 0; i < note->count; i++) {
        bool bad;
        if (device_line(w, note, i, device, &bad))
            xg_walk_say(w, XG_GRAVITY_BROKEN, "cosigned",
                        XG_T("%s 联署过 %" PRIu64
                             " 条、根 %s 的检查点，与这里的历史不合：有两份历史，"
                             "或设备造假",
                             "%s cosigned a checkpoint of %" PRIu64
                             " entries with the root %s, which is not in this "
                             "history: there are two, or the device lies"),
                        device, c->size, root);
    }
}

/* `newest`: how far the log has come by now. */
static enum xg_status judge_seen(struct xg_walk *w, struct xg_bytes raw,
                                 uint64_t newest)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_checkpoint c, opened;
    struct xg_hash ours;
    struct xg_note note;
    bool known, by_log;

    if (xg_note_parse(&note, raw.at, raw.len, &why) != XG_OK ||
        xg_checkpoint_parse(&c, note.text, &why) != XG_OK)
        return XG_OK; /* proves nothing, says nothing */
    const struct xg_walk_log *log =
        xg_walk_log_named(w, xg_bytes_of(c.origin));
    const struct xg_walk_log *next =
        log && log != xg_walk_now(w) ? log + 1 : NULL;
    if (!log || (next && c.size > next->from))
        return XG_OK;
    if (c.size > w->nodes.tree.size && c.size <= newest)
        return XG_OK; /* it came while this was walked */
    by_log = log->known && xg_checkpoint_open(&opened, raw.at, raw.len,
                                              &log->key, &why) == XG_OK;
    if (xg_walk_root(w, &known, &ours, c.size) != XG_OK)
        return w->err->status;
    if (!known || !xg_hash_equal(&ours, &c.root)) {
        say_other_history(w, &note, &c, by_log);
        return XG_OK;
    }
    judge_policy(w, &note, &c);
    return count_devices(w, &note);
}

/* The size of a checkpoint that the log signed; else of the walked one. */
static uint64_t size_now(const struct xg_walk *w, struct xg_bytes raw)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_checkpoint c;

    return xg_checkpoint_open(&c, raw.at, raw.len, &w->result.log, &quiet) ==
                   XG_OK
               ? c.size
               : w->result.checkpoint.size;
}

/* The server may be running: what devices signed is read first, then how far the
 * log has come, so that nothing that is only new looks like another history. */
static enum xg_status walk_witnesses(struct xg_walk *w)
{
    struct xg_buf frames = XG_BUF(COSIGNED_MAX), own = XG_BUF(COSIGNED_MAX);
    struct xg_error why = XG_ERROR_NONE;
    struct xg_bytes rest, frame;
    enum xg_status status = XG_OK;

    if (!w->o->policy)
        w->result.unchecked |= XG_UNCHECKED_POLICY;
    if (w->source->cosigned(w->source->ctx, &frames, &why) != XG_OK)
        xg_buf_reset(&frames);
    uint64_t newest = w->result.checkpoint.size;
    if (w->source->checkpoint(w->source->ctx, &own, &why) == XG_OK) {
        newest = size_now(w, xg_buf_bytes(&own));
        status = judge_seen(w, xg_buf_bytes(&own), newest);
    }
    for (rest = xg_buf_bytes(&frames);
         status == XG_OK && xg_frame_next(&rest, &frame);)
        status = judge_seen(w, frame, newest);
    xg_buf_clear(&frames);
    xg_buf_clear(&own);
    return status;
}

enum xg_status xg_walk_end(struct xg_walk *w)
{
    say_gaps(w);
    say_rifts(w);
    w->result.time_ms = w->last_time_ms;
    w->result.counts.devices = w->statements.devices;
    if (w->nodes.tree.size && w->last_time_at != w->nodes.tree.size)
        xg_walk_say(w, XG_GRAVITY_BROKEN, "time",
                    XG_T("检查点的最后一条不是时间条目",
                         "the last entry of the checkpoint is no time note"));
    if (!w->registrar_given)
        w->result.unchecked |= XG_UNCHECKED_REGISTRAR;
    say_erased(w);
    if (walk_files(w) != XG_OK)
        return w->err->status;
    return walk_witnesses(w);
}
