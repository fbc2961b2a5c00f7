/* walk_notes.c - what the log and the registrar wrote: registry, references,
 * times, forks, photos, views, successors.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "shared/audit/walk.h"
#include "shared/base/lang.h"
#include "shared/core/successor.h"

static bool begins(const struct xg_note *note, const char *line)
{
    struct xg_lines l = xg_lines_over(note->text);

    return xg_lines_at(&l, line);
}

/* ---- who signed ---- */

static bool verifies(const struct xg_note *note, const struct xg_verifier *key)
{
    struct xg_error quiet = XG_ERROR_NONE;

    return note->count == 1 &&
           xg_bytes_equal(note->signatures[0].name, xg_bytes_of(key->name)) &&
           xg_note_verify(note, key, NULL, &quiet) == XG_OK;
}

static void add_log(struct xg_walk *w, struct xg_bytes name, uint64_t from)
{
    struct xg_walk_log *log;

    if (w->log_count == XG_WALK_LOGS_MAX || name.len > XG_KEY_NAME_MAX)
        return;
    log = &w->logs[w->log_count++];
    *log = (struct xg_walk_log){.from = from};
    memcpy(log->origin, name.at, name.len);
    const struct xg_verifier *given = NULL;
    if (strcmp(w->o->log.name, log->origin) == 0)
        given = &w->o->log;
    for (size_t i = 0; !given && i < w->o->earlier_count; i++)
        if (strcmp(w->o->earlier[i].name, log->origin) == 0)
            given = &w->o->earlier[i];
    if (given) {
        log->known = log->given = true;
        log->key = *given;
    }
}

/* Is it signed by the log whose entries are here? */
static bool by_log(struct xg_walk *w, const struct xg_note *note)
{
    struct xg_bytes name = note->signatures[0].name;
    struct xg_walk_log *log;

    if (w->log_count == 0)
        add_log(w, name, w->position);
    log = xg_walk_now(w);
    if (log && !log->known &&
        xg_bytes_equal(xg_bytes_of(log->origin), name)) {
        w->result.unchecked |= XG_UNCHECKED_EARLIER;
        return true;
    }
    if (log && log->known && verifies(note, &log->key)) {
        w->result.counts.signatures++;
        return true;
    }
    xg_walk_say(w, XG_GRAVITY_BROKEN, "signature",
                XG_T("不是日志 %s 签的：署名 %.*s", "not signed by the log %s: "
                     "it bears the name %.*s"),
                log ? log->origin : "-", (int)name.len, (const char *)name.at);
    return false;
}

static bool named_registrar(struct xg_bytes name)
{
    static const char tail[] = "/registrar";
    const size_t len = sizeof tail - 1;

    return name.len > len && memcmp(name.at + name.len - len, tail, len) == 0;
}

static bool verify_registrar(struct xg_walk *w, const struct xg_note *note)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_bytes name = note->signatures[0].name;
    char text[XG_KEY_NAME_MAX + 1];
    struct xg_verifier key;

    if (note->count != 1 || name.len > XG_KEY_NAME_MAX ||
        !named_registrar(name))
        return false;
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    if (xg_verifier_init(&key, text, XG_SIG_ED25519, w->registrar.key,
                         &quiet) != XG_OK ||
        !verifies(note, &key))
        return false;
    w->result.counts.signatures++;
    return true;
}

static void say_not_registrar(struct xg_walk *w)
{
    xg_walk_say(w, XG_GRAVITY_BROKEN, "signature",
                XG_T("不是登记员的密钥签的：有人冒充登记员，或 --registrar 给错",
                     "not signed by the registrar's key in force: forged, or "
                     "--registrar is wrong"));
}

/* Before the key is known the note is put aside. */
static bool by_registrar(struct xg_walk *w, const struct xg_note *note)
{
    if (w->has_registrar) {
        bool good = verify_registrar(w, note);
        if (!good)
            say_not_registrar(w);
        return good;
    }
    struct xg_unproven *moved =
        realloc(w->unproven, (w->unproven_count + 1) * sizeof *moved);
    if (!moved)
        return false;
    w->unproven = moved;
    moved[w->unproven_count++] = (struct xg_unproven){
        w->position, w->unproven_notes.len, note->body.len};
    xg_buf_append(&w->unproven_notes, note->body.at, note->body.len);
    return w->unproven_notes.failed == XG_OK;
}

/* A note may have named the key of those after it. */
static void take_rotation(struct xg_walk *w, const struct xg_note *note)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_registry_note read;
    struct xg_statement s;

    if (xg_registry_note_read(&read, note->text, &quiet) != XG_OK)
        return;
    for (struct xg_bytes rest = read.statements; xg_statement_next(&rest, &s);)
        if (s.kind == XG_SAYS_REGISTRAR)
            memcpy(w->registrar.key, s.key, XG_PUBLIC_KEY_SIZE);
}

void xg_walk_learn_registrar(struct xg_walk *w,
                             const uint8_t key[static XG_PUBLIC_KEY_SIZE])
{
    uint64_t here = w->position;

    if (w->has_registrar)
        return;
    w->has_registrar = true;
    memcpy(w->registrar.key, key, XG_PUBLIC_KEY_SIZE);
    for (size_t i = 0; i < w->unproven_count; i++) {
        struct xg_error quiet = XG_ERROR_NONE;
        struct xg_note note;
        w->position = w->unproven[i].position;
        if (xg_note_parse(&note, w->unproven_notes.data + w->unproven[i].at,
                          w->unproven[i].len, &quiet) != XG_OK ||
            !verify_registrar(w, &note))
            say_not_registrar(w);
        else
            take_rotation(w, &note);
    }
    w->position = here;
    w->unproven_count = 0;
    xg_buf_clear(&w->unproven_notes);
}

static void say_malformed(struct xg_walk *w, const struct xg_error *why)
{
    xg_walk_say(w, XG_GRAVITY_BROKEN, "note", "%s", xg_error_text(why));
}

/* ---- an earlier checkpoint that a note names ---- */

static enum xg_status judge_earlier(struct xg_walk *w, const char *code,
                                    uint64_t size, const struct xg_hash *root)
{
    struct xg_hash ours;
    bool known;

    if (xg_walk_root(w, &known, &ours, size) != XG_OK)
        return w->err->status;
    if (size <= w->position && known && xg_hash_equal(&ours, root))
        return XG_OK;
    char named[XG_BASE64_SIZE(XG_HASH_SIZE)];
    xg_base64(named, sizeof named, root->b, XG_HASH_SIZE);
    xg_walk_say(w, XG_GRAVITY_BROKEN, code,
                XG_T("提到的检查点（%" PRIu64 " 条，根 %s）不是这份日志的历史："
                     "有两份历史",
                     "names a checkpoint (%" PRIu64 " entries, root %s) that "
                     "this log never had: there are two histories"),
                size, named);
    return XG_OK;
}

/* ---- registry ---- */

static enum xg_status take_statements(struct xg_walk *w,
                                      const struct xg_registry_note *n)
{
    struct xg_bytes rest = n->statements;
    struct xg_statement s;

    if (xg_statements_add(&w->statements, w->position, rest, w->err) != XG_OK)
        return w->err->status;
    w->memo.any = false;
    while (xg_statement_next(&rest, &s)) {
        if (s.kind == XG_SAYS_REGISTRAR && w->has_registrar)
            memcpy(w->registrar.key, s.key, XG_PUBLIC_KEY_SIZE);
        if (s.kind == XG_SAYS_ADMIT && xg_walk_admit(w, &s.batch) != XG_OK)
            return w->err->status;
    }
    return XG_OK;
}

static enum xg_status walk_registry(struct xg_walk *w,
                                    const struct xg_note *note)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_registry_note n;

    w->result.counts.registry_notes++;
    if (xg_registry_note_read(&n, note->text, &why) != XG_OK) {
        say_malformed(w, &why);
        return XG_OK;
    }
    if (!by_registrar(w, note))
        return XG_OK; /* what it says does not count */
    if (n.number != w->registry_number + 1 ||
        !xg_hash_equal(&n.previous, &w->registry_leaf))
        xg_walk_say(w, XG_GRAVITY_BROKEN, "registry",
                    XG_T("登记册第 %" PRIu64 " 号接不上第 %" PRIu64
                         " 号：中间有登记被藏起或换掉",
                         "registry note %" PRIu64 " does not follow note %" PRIu64
                         ": a note between them was hidden or replaced"),
                    n.number, w->registry_number);
    if (judge_earlier(w, "registry-history", n.seen_size, &n.seen_root) !=
        XG_OK)
        return w->err->status;
    w->registry_number = n.number;
    xg_tlog_leaf(&w->registry_leaf, note->body.at, note->body.len);
    return take_statements(w, &n);
}

/* ---- the server's restorations ---- */

static enum xg_status walk_successor(struct xg_walk *w,
                                     const struct xg_note *note)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_walk_log *now = xg_walk_now(w);
    struct xg_successor s;

    w->result.counts.successors++;
    if (xg_successor_read(&s, note->text, &why) != XG_OK) {
        say_malformed(w, &why);
        return XG_OK;
    }
    if (!by_registrar(w, note))
        return XG_OK;
    if (s.size != w->position ||
        (now && strcmp(now->origin, s.after) != 0))
        xg_walk_say(w, XG_GRAVITY_BROKEN, "successor",
                    XG_T("接续说明的位置或前一份日志的名称不对",
                         "the successor note stands at another place, or "
                         "follows another log, than it says"));
    if (judge_earlier(w, "successor", s.size, &s.root) != XG_OK)
        return w->err->status;
    if (!now)
        add_log(w, xg_bytes_of(s.after), 0);
    add_log(w, xg_bytes_of(s.log.name), w->position);
    now = xg_walk_now(w);
    if (now && now->given && memcmp(now->key.key, s.log.key,
                                    XG_PUBLIC_KEY_SIZE) != 0)
        xg_walk_say(w, XG_GRAVITY_BROKEN, "successor",
                    XG_T("登记员为 %s 指定的密钥与您给的不同",
                         "the registrar names another key for %s than yours"),
                    now->origin);
    if (now && !now->known && w->has_registrar) {
        now->known = true;
        now->key = s.log;
    }
    xg_walk_say(w, XG_GRAVITY_NOTED, "successor",
                XG_T("服务器曾从备份恢复：从此由 %s 签名，此前的 %" PRIu64
                     " 条不变",
                     "the server was restored from a backup: %s signs from "
                     "here on, the %" PRIu64 " entries before are as they were"),
                s.log.name, s.size);
    return XG_OK;
}

/* ---- reference data ---- */

/* Its bytes are looked at when the walk is over. */
static enum xg_status say_file(struct xg_walk *w, enum xg_audit_file kind,
                               const struct xg_hash *sha256, uint64_t length)
{
    const struct xg_file_said said = {.sha256 = *sha256,
                                      .length = length,
                                      .position = w->position,
                                      .kind = (uint32_t)kind};

    xg_spill_add(&w->files, &said, sizeof said);
    return xg_spill_check(&w->files, w->err);
}

static enum xg_status walk_reference(struct xg_walk *w,
                                     const struct xg_note *note)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_reference r;

    w->result.counts.references++;
    if (xg_reference_read(&r, note->text, &why) != XG_OK) {
        say_malformed(w, &why);
        return XG_OK;
    }
    if (!by_log(w, note))
        return XG_OK;
    return say_file(w, XG_AUDIT_REFERENCE, &r.file, r.length);
}

/* ---- times ---- */

static enum xg_status mark_time(struct xg_walk *w)
{
    uint64_t need = w->position / 8 + 1;

    if (need > w->times_room) {
        uint64_t room = w->times_room ? w->times_room * 2 : 4096;
        while (room < need)
            room *= 2;
        uint8_t *moved = realloc(w->times, (size_t)room);
        if (!moved)
            return xg_fail_nomem(w->err);
        memset(moved + w->times_room, 0, (size_t)(room - w->times_room));
        w->times = moved;
        w->times_room = room;
    }
    w->times[w->position / 8] |= (uint8_t)(1U << (w->position % 8));
    w->last_time_at = w->position + 1;
    return XG_OK;
}

/* What witnesses signed to an earlier checkpoint of this log. */
static enum xg_status judge_cosigned(struct xg_walk *w,
                                     const struct xg_time_note *t)
{
    struct xg_cosigned cosigned[XG_POLICY_WITNESSES_MAX];
    struct xg_buf raw = XG_BUF(XG_NOTE_MAX);
    struct xg_error why = XG_ERROR_NONE;
    struct xg_note note;
    size_t n = 0;
    uint64_t time_s = 0;
    enum xg_status status =
        judge_earlier(w, "witness-history", t->size, &t->root);

    if (status != XG_OK || !w->o->policy)
        return status;
    xg_time_note_checkpoint(&raw, t, xg_walk_now(w)->origin);
    if (xg_buf_check(&raw, &why) != XG_OK ||
        xg_note_parse(&note, raw.data, raw.len, &why) != XG_OK ||
        xg_policy_verify(w->o->policy, cosigned, &n, &note, &why) != XG_OK) {
        xg_walk_say(w, XG_GRAVITY_BROKEN, "witness",
                    XG_T("时间条目里见证者的签名无效：%s",
                         "a witness's signature in a time note does not "
                         "verify: %s"),
                    xg_error_text(&why));
    } else if (xg_policy_satisfied(w->o->policy, cosigned, n, &time_s)) {
        w->result.counts.signatures += n;
        if (t->size > w->result.quorum_size) {
            w->result.quorum_size = t->size;
            w->result.quorum_time_s = time_s;
        }
    }
    xg_buf_clear(&raw);
    return XG_OK;
}

static enum xg_status walk_time(struct xg_walk *w, const struct xg_note *note)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_time_note t;

    w->result.counts.times++;
    if (xg_time_note_read(&t, note->text, &why) != XG_OK) {
        say_malformed(w, &why);
        return XG_OK;
    }
    if (!by_log(w, note))
        return XG_OK;
    if (t.time_ms < w->last_time_ms)
        xg_walk_say(w, XG_GRAVITY_BROKEN, "time",
                    XG_T("时间条目倒退了 %" PRIu64 " 毫秒",
                         "a time note goes back by %" PRIu64 " ms"),
                    w->last_time_ms - t.time_ms);
    else
        w->last_time_ms = t.time_ms;
    if (mark_time(w) != XG_OK)
        return w->err->status;
    return t.cosigned ? judge_cosigned(w, &t) : XG_OK;
}

/* ---- forks ---- */

/* Does the side's path lead from a record that is here into its batch? */
static bool side_holds(struct xg_walk *w, const struct xg_fork *f,
                       const struct xg_fork_side *side)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_chain *chain = xg_chains_find(&w->chains, &f->chain);
    struct xg_spot spot;

    return chain &&
           xg_chains_record(&w->chains, &spot, chain, f->seq, &side->record) &&
           xg_hash_equal(&spot.says.batch, &side->batch) &&
           side->size == spot.says.batch_records &&
           side->index == spot.index + spot.says.skipped &&
           xg_verify_inclusion(&side->path, side->index, side->size,
                               &side->record, &spot.says.tree,
                               &quiet) == XG_OK;
}

static void settle_rift(struct xg_walk *w, const struct xg_fork *f)
{
    for (size_t i = 0; i < w->rift_count; i++) {
        const struct xg_rift *r = &w->rifts[i];
        if (r->seq == f->seq && xg_hash_equal(&r->chain, &f->chain) &&
            (xg_hash_equal(&r->record, &f->sides[0].record) ||
             xg_hash_equal(&r->record, &f->sides[1].record))) {
            w->rifts[i] = w->rifts[--w->rift_count];
            return;
        }
    }
}

static enum xg_status walk_fork(struct xg_walk *w, const struct xg_note *note)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_fork f;

    w->result.counts.forks++;
    if (xg_fork_read(&f, note->text, &why) != XG_OK) {
        say_malformed(w, &why);
        return XG_OK;
    }
    if (!by_log(w, note))
        return XG_OK;
    if (xg_hash_equal(&f.sides[0].record, &f.sides[1].record) ||
        !side_holds(w, &f, &f.sides[0]) || !side_holds(w, &f, &f.sides[1])) {
        if (w->result.counts.unread_batches)
            return XG_OK; /* its sides may lie in what was not shown */
        xg_walk_say(w, XG_GRAVITY_BROKEN, "fork",
                    XG_T("分叉条目没有证明两条记录占同一位置",
                         "the fork note does not prove two records for one "
                         "place"));
        return XG_OK;
    }
    settle_rift(w, &f);
    xg_walk_say(w, XG_GRAVITY_NOTED, "fork",
                XG_T("一台设备的链在第 %" PRIu64 " 号分叉，两边都已保留",
                     "a device's chain forked at record %" PRIu64
                     "; both sides are kept"),
                f.seq);
    return XG_OK;
}

/* ---- photos, views, others ---- */

static enum xg_status walk_blobs(struct xg_walk *w, const struct xg_note *note)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_blob blobs[XG_BLOBS_MAX];
    size_t count = 0;

    w->result.counts.blobs_notes++;
    if (xg_blobs_read(blobs, &count, note->text, &why) != XG_OK) {
        say_malformed(w, &why);
        return XG_OK;
    }
    if (!by_log(w, note))
        return XG_OK;
    for (size_t i = 0; i < count; i++)
        if (say_file(w, XG_AUDIT_PHOTO, &blobs[i].sha256, blobs[i].length) !=
            XG_OK)
            return w->err->status;
    return XG_OK;
}

static enum xg_status walk_view(struct xg_walk *w, const struct xg_note *note)
{
    w->result.counts.views++;
    (void)by_log(w, note);
    return XG_OK;
}

static enum xg_status walk_other(struct xg_walk *w, const struct xg_note *note)
{
    const uint8_t *end = memchr(note->text.at, '\n', note->text.len);
    size_t len = end ? (size_t)(end - note->text.at) : 0;

    if (by_log(w, note))
        xg_walk_say(w, XG_GRAVITY_NOTED, "unknown",
                    XG_T("本程序不认识的条目：%.*s",
                         "an entry of a kind that this program does not know: "
                         "%.*s"),
                    (int)(len < 60 ? len : 60), (const char *)note->text.at);
    return XG_OK;
}

enum xg_status xg_walk_note(struct xg_walk *w, const struct xg_note *note)
{
    static const struct {
        const char *line;
        enum xg_status (*walk)(struct xg_walk *w, const struct xg_note *note);
    } kinds[] = {
        {"xunge/batch/v1", xg_walk_batch},
        {"xunge/time/v1", walk_time},
        {"xunge/registry/v1", walk_registry},
        {"xunge/blobs/v1", walk_blobs},
        {"xunge/reference/v1", walk_reference},
        {"xunge/fork/v1", walk_fork},
        {"xunge/view/v1", walk_view},
        {"xunge/successor/v1", walk_successor},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (begins(note, kinds[i].line))
            return kinds[i].walk(w, note);
    return walk_other(w, note);
}
