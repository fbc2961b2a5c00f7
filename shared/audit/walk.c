/* walk.c - the loop over the entries of a log; see audit.h and walk.h. */
#include "shared/audit/walk.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/audit/finding.h"
#include "shared/base/lang.h"

enum { CHECKPOINT_MAX = 64 << 10, PROGRESS_EVERY = 256 };

/* ---- telling ---- */

static void count(struct xg_audit_counts *c, enum xg_gravity gravity)
{
    if (gravity == XG_GRAVITY_NOTED)
        c->noted++;
    else if (gravity == XG_GRAVITY_DOUBT)
        c->doubts++;
    else
        c->broken++;
}

/* Behind the others; where they are too many, in the place of the last that is
 * less grave: nobody hides what is broken behind what may be. */
static size_t place_for(const struct xg_walk *w, enum xg_gravity gravity)
{
    size_t at = w->kept_count;

    if (at < XG_WALK_FOUND_KEPT)
        return at;
    while (at > 0 && w->kept_findings[at - 1].gravity >= gravity)
        at--;
    return at > 0 ? at - 1 : XG_WALK_FOUND_KEPT;
}

void xg_walk_keep(struct xg_walk *w, const struct xg_finding *f)
{
    if (!w->o->state || w->ending)
        return;
    if (!w->kept_findings)
        w->kept_findings =
            calloc(XG_WALK_FOUND_KEPT, sizeof *w->kept_findings);
    if (!w->kept_findings)
        return;
    size_t at = place_for(w, f->gravity);
    if (at == XG_WALK_FOUND_KEPT)
        return;
    w->kept_findings[at] = *f;
    w->kept_count += at == w->kept_count;
}

void xg_walk_say(struct xg_walk *w, enum xg_gravity gravity, const char *code,
                 const char *format, ...)
{
    struct xg_finding f = {
        .gravity = gravity, .code = code, .position = w->position};
    va_list args;

    va_start(args, format);
    xg_finding_write(&f, format, args);
    va_end(args);
    count(&w->result.counts, gravity);
    xg_walk_keep(w, &f);
    if (w->o->found)
        w->o->found(w->o->ctx, &f);
}

/* ---- looking back ---- */

enum xg_status xg_walk_root(struct xg_walk *w, bool *known,
                            struct xg_hash *root, uint64_t size)
{
    *known = size <= w->nodes.tree.size;
    return *known ? xg_nodes_root(&w->nodes, root, size, w->err) : XG_OK;
}

bool xg_walk_is_time(const struct xg_walk *w, uint64_t position)
{
    return position / 8 < w->times_room &&
           (w->times[position / 8] >> (position % 8) & 1);
}

struct xg_walk_log *xg_walk_now(struct xg_walk *w)
{
    return w->log_count ? &w->logs[w->log_count - 1] : NULL;
}

struct xg_walk_log *xg_walk_log_named(struct xg_walk *w, struct xg_bytes name)
{
    for (size_t i = 0; i < w->log_count; i++)
        if (xg_bytes_equal(xg_bytes_of(w->logs[i].origin), name))
            return &w->logs[i];
    return NULL;
}

/* ---- the checkpoint ---- */

static enum xg_status read_checkpoint(struct xg_walk *w, struct xg_buf *raw,
                                      struct xg_note *note)
{
    struct xg_checkpoint *c = &w->result.checkpoint;
    struct xg_error *err = w->err;

    if (w->source->checkpoint(w->source->ctx, raw, err) != XG_OK ||
        xg_note_parse(note, raw->data, raw->len, err) != XG_OK ||
        xg_checkpoint_parse(c, note->text, err) != XG_OK)
        return xg_wrap(err, "%s", XG_T("检查点", "the checkpoint"));
    if (strcmp(c->origin, w->o->log.name) != 0)
        return XG_OK; /* perhaps of a successor: judged at the end */
    return xg_checkpoint_open(c, raw->data, raw->len, &w->o->log, err) == XG_OK
               ? XG_OK
               : xg_fail(err, XG_ALARM,
                         XG_T("检查点不是 %s 的密钥签的：这不是您要审计的日志，"
                              "或已被篡改；请核对 --key",
                              "the checkpoint is not signed by the key of %s: "
                              "this is not the log you mean, or it was forged; "
                              "check --key"),
                         w->o->log.name);
}

/* Whose key signs the checkpoint: given, or named by the registrar on the way.
 */
static enum xg_status judge_checkpoint(struct xg_walk *w,
                                       const struct xg_buf *raw)
{
    struct xg_checkpoint c;
    struct xg_walk_log *log =
        xg_walk_log_named(w, xg_bytes_of(w->result.checkpoint.origin));

    w->result.log = w->o->log;
    if (log && log->known)
        w->result.log = log->key;
    if (xg_checkpoint_open(&c, raw->data, raw->len, &w->result.log, w->err) !=
        XG_OK)
        return xg_fail(
            w->err, XG_ALARM,
            XG_T("检查点是 %s 的，您给的是 %s 的密钥，而日志里没有登记员签发的"
                 "接续说明把二者连起来",
                 "the checkpoint is one of %s, your key is that of %s, and no "
                 "successor note of the registrar leads from one to the other"),
            w->result.checkpoint.origin, w->o->log.name);
    if (xg_walk_now(w) && strcmp(xg_walk_now(w)->origin, c.origin) != 0)
        xg_walk_say(w, XG_GRAVITY_BROKEN, "signature",
                    XG_T("条目由 %s 签名，检查点却由 %s 签名，中间没有接续说明",
                         "entries are signed by %s, the checkpoint by %s, with "
                         "no successor note between them"),
                    xg_walk_now(w)->origin, c.origin);
    return XG_OK;
}

static void put_root(char text[static XG_BASE64_SIZE(XG_HASH_SIZE)],
                     const struct xg_hash *root)
{
    xg_base64(text, XG_BASE64_SIZE(XG_HASH_SIZE), root->b, XG_HASH_SIZE);
}

/* Is the tree of the entries the one that was signed? */
static bool judge_tree(struct xg_walk *w)
{
    char ours[XG_BASE64_SIZE(XG_HASH_SIZE)], theirs[sizeof ours];
    const struct xg_checkpoint *c = &w->result.checkpoint;
    struct xg_hash root;

    xg_tree_root(&root, &w->nodes.tree);
    if (w->nodes.tree.size == c->size && xg_hash_equal(&root, &c->root))
        return true;
    put_root(ours, &root);
    put_root(theirs, &c->root);
    xg_walk_say(w, XG_GRAVITY_BROKEN, "tree",
                XG_T("条目 0 至 %" PRIu64 " 的根是 %s，签名的检查点却说 %" PRIu64
                     " 条的根是 %s：有条目被改动、删去或换了位置",
                     "entries 0 to %" PRIu64 " have the root %s, the signed "
                     "checkpoint says that of %" PRIu64 " entries is %s: "
                     "entries were altered, dropped or moved"),
                w->nodes.tree.size, ours, c->size, theirs);
    return false;
}

/* ---- entries ---- */

static enum xg_status walk_entry(struct xg_walk *w, struct xg_bytes raw)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_hash leaf;
    struct xg_note note;

    xg_tlog_leaf(&leaf, raw.at, raw.len);
    xg_nodes_append(&w->nodes, &leaf);
    if (xg_spill_check(&w->nodes.run, w->err) != XG_OK)
        return w->err->status;
    w->result.counts.entries++;
    if (xg_note_parse(&note, raw.at, raw.len, &quiet) != XG_OK) {
        xg_walk_say(w, XG_GRAVITY_BROKEN, "note",
                    XG_T("不是签名文本：%s", "no signed note: %s"),
                    xg_error_text(&quiet));
        return XG_OK;
    }
    if (xg_walk_note(w, &note) != XG_OK)
        return w->err->status;
    if (w->o->entry)
        w->o->entry(w->o->ctx, w->position, raw);
    return XG_OK;
}

/* The source has no entry where the checkpoint says there is one. */
static void say_missing(struct xg_walk *w)
{
    xg_walk_say(w, XG_GRAVITY_BROKEN, "entry",
                XG_T("检查点说有 %" PRIu64 " 条，这里却没有第 %" PRIu64
                     " 条：条目被删去，或拷贝不完整",
                     "the checkpoint says there are %" PRIu64 " entries, but "
                     "entry %" PRIu64 " is not here: entries were dropped, or "
                     "the copy is not whole"),
                w->result.checkpoint.size, w->position);
}

static enum xg_status walk_entries(struct xg_walk *w)
{
    uint64_t size = w->result.checkpoint.size;
    const struct xg_bytes *notes;
    size_t n = 0;

    for (w->position = w->nodes.tree.size; w->position < size;) {
        uint64_t begun = w->position;
        enum xg_status status = w->source->entries(w->source->ctx, &notes, &n,
                                                   begun, w->err);
        if (status == XG_NOTFOUND || (status == XG_OK && n == 0)) {
            *w->err = XG_ERROR_NONE;
            say_missing(w);
            break;
        }
        if (status != XG_OK)
            return status;
        for (size_t i = 0; i < n && w->position < size; i++, w->position++)
            if (walk_entry(w, notes[i]) != XG_OK)
                return w->err->status;
        if (w->o->progress)
            w->o->progress(w->o->ctx, w->position, size);
    }
    w->position = UINT64_MAX;
    return XG_OK;
}

/* ---- beginning and end ---- */

static void begin(struct xg_walk *w, const struct xg_audit_source *source,
                  const struct xg_audit_options *o, struct xg_error *err)
{
    memset(w, 0, sizeof *w);
    w->source = source;
    w->o = o;
    w->err = err;
    w->position = UINT64_MAX;
    xg_nodes_init(&w->nodes);
    xg_statements_init(&w->statements);
    xg_chains_init(&w->chains);
    xg_spill_init(&w->frames);
    xg_spill_init(&w->files);
    w->arena = XG_ARENA(XG_WALK_ARENA);
    w->unproven_notes = XG_BUF(64 << 20);
    if (o->has_registrar) {
        w->has_registrar = w->registrar_given = true;
        memcpy(w->registrar.key, o->registrar, XG_PUBLIC_KEY_SIZE);
    }
}

static void clear(struct xg_walk *w)
{
    xg_nodes_clear(&w->nodes);
    xg_statements_clear(&w->statements);
    xg_chains_clear(&w->chains);
    xg_spill_clear(&w->frames);
    xg_spill_clear(&w->files);
    xg_arena_clear(&w->arena);
    xg_buf_clear(&w->unproven_notes);
    free(w->unproven);
    free(w->times);
    free(w->held);
    free(w->rifts);
    free(w->erased);
    free(w->kept_findings);
}

/* A log that is shorter than what was audited before was rolled back. */
static bool goes_on(struct xg_walk *w)
{
    const struct xg_checkpoint *c = &w->result.checkpoint;

    if (c->size >= w->nodes.tree.size)
        return true;
    xg_walk_say(w, XG_GRAVITY_BROKEN, "rollback",
                XG_T("上次审计时日志有 %" PRIu64 " 条，现在的检查点只有 %" PRIu64
                     " 条：日志被退回过",
                     "the log had %" PRIu64 " entries when it was audited, the "
                     "checkpoint now has %" PRIu64 ": it was rolled back"),
                w->nodes.tree.size, c->size);
    return false;
}

static enum xg_status run(struct xg_walk *w, struct xg_buf *raw)
{
    struct xg_note note;
    bool loaded = false, whole;

    if (w->o->state && xg_walk_load(w, w->o->state, &loaded) != XG_OK)
        return w->err->status;
    w->result.from = w->nodes.tree.size;
    for (size_t i = 0; w->o->found && i < w->kept_count; i++)
        w->o->found(w->o->ctx, &w->kept_findings[i]);
    if (read_checkpoint(w, raw, &note) != XG_OK)
        return w->err->status;
    if (!goes_on(w))
        return judge_checkpoint(w, raw);
    if (walk_entries(w) != XG_OK || judge_checkpoint(w, raw) != XG_OK)
        return w->err->status;
    whole = judge_tree(w);
    w->kept = w->result.counts;
    w->ending = true;
    if (xg_walk_end(w) != XG_OK)
        return w->err->status;
    w->kept.photos = w->result.counts.photos;
    w->kept.photo_bytes = w->result.counts.photo_bytes;
    if (w->o->state && whole)
        return xg_walk_save(w, w->o->state);
    return XG_OK;
}

enum xg_status xg_audit_walk(struct xg_audit_result *result,
                             const struct xg_audit_source *source,
                             const struct xg_audit_options *o,
                             struct xg_error *err)
{
    struct xg_walk *w = malloc(sizeof *w);
    struct xg_buf raw = XG_BUF(CHECKPOINT_MAX);
    enum xg_status status;

    if (!w)
        return xg_fail_nomem(err);
    begin(w, source, o, err);
    status = run(w, &raw);
    if (status == XG_OK)
        *result = w->result;
    clear(w);
    free(w);
    xg_buf_clear(&raw);
    return status;
}
