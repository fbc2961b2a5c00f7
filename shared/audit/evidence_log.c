/* evidence_log.c - the entries of the log that an evidence file carries: each
 * against its receipt, then each by what it says; see evidence.h. */
#include "shared/audit/evidence_inside.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"

enum { BLOBS_NOTES_FACTOR = XG_BLOBS_MAX };

/* ---- entries and receipts ---- */

/* "123", without leading zeros */
static bool number_of(uint64_t *value, const char *text)
{
    struct xg_bytes rest = xg_bytes_of(text);

    return xg_word_uint(&rest, value) && rest.len == 0;
}

static int by_position(const void *a, const void *b)
{
    uint64_t x = ((const struct xg_evidence_entry *)a)->position;
    uint64_t y = ((const struct xg_evidence_entry *)b)->position;

    return (x > y) - (x < y);
}

/* The log's signature on the receipts' checkpoint is verified once: all carry
 * the same bytes, and what is signed in them is the file's checkpoint. */
static enum xg_status same_checkpoint(bool *same, struct xg_evidence_work *w,
                                      struct xg_bytes note)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_checkpoint c;

    *same = true;
    if (w->receipt_checkpoint.len) {
        *same = xg_bytes_equal(w->receipt_checkpoint, note);
        return XG_OK;
    }
    *same = xg_checkpoint_open(&c, note.at, note.len, w->o->log, &why) ==
                XG_OK &&
            c.size == w->e->checkpoint.size &&
            xg_hash_equal(&c.root, &w->e->checkpoint.root);
    w->e->signatures += *same;
    if (*same)
        w->receipt_checkpoint = note;
    return XG_OK;
}

static enum xg_status check_receipt(struct xg_evidence_work *w,
                                    const struct xg_evidence_entry *entry)
{
    struct xg_evidence *e = w->e;
    struct xg_error why = XG_ERROR_NONE;
    char name[XG_TAR_NAME_MAX + 1];
    struct xg_receipt r;
    struct xg_hash leaf;
    bool same = false;

    snprintf(name, sizeof name, "receipts/%" PRIu64 ".tlog-proof",
             entry->position);
    const struct xg_evidence_part *part = xg_evidence_take(e, name);
    if (!part) {
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "receipt", entry->position,
                          "%s",
                          XG_T("日志条目没有回执证明",
                               "an entry of the log without its proof"));
        return XG_OK;
    }
    xg_tlog_leaf(&leaf, entry->note.at, entry->note.len);
    bool good = xg_receipt_parse(&r, part->content.at, part->content.len,
                                 &why) == XG_OK;
    if (good && same_checkpoint(&same, w, r.checkpoint) != XG_OK)
        return w->err->status;
    good = good && same && r.index == entry->position &&
           xg_verify_inclusion(&r.proof, r.index, e->checkpoint.size, &leaf,
                               &e->checkpoint.root, &why) == XG_OK;
    e->proofs += good;
    if (!good)
        xg_evidence_found(
            e, XG_GRAVITY_BROKEN, "receipt", entry->position, "%s",
            XG_T("日志条目与它的回执证明不符：条目或证明被改过，"
                 "或证明不是对着这个检查点的",
                 "the entry and its proof do not fit: one of them "
                 "was changed, or it is of another checkpoint"));
    return XG_OK;
}

static enum xg_status find_entries(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;

    w->entries =
        xg_arena_array(&e->arena, e->part_count + 1, sizeof *w->entries);
    if (!w->entries)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < e->part_count; i++) {
        struct xg_evidence_part *part = &e->parts[i];
        const char *rest = xg_evidence_rest(part, "entries/");
        struct xg_evidence_entry *to = &w->entries[w->entry_count];
        if (!rest || !number_of(&to->position, rest))
            continue; /* told as a stray */
        struct xg_error why = XG_ERROR_NONE;
        struct xg_note parsed;
        part->used = true;
        to->note = part->content;
        if (xg_note_parse(&parsed, part->content.at, part->content.len,
                          &why) != XG_OK) {
            xg_evidence_found(e, XG_GRAVITY_BROKEN, "entry", to->position,
                              XG_T("日志条目不成其为签名文书：%s",
                                   "an entry that is no signed note: %s"),
                              xg_error_text(&why));
            continue;
        }
        to->text = parsed.text;
        to->signer = parsed.signatures[0].name;
        w->entry_count++;
    }
    if (w->entry_count)
        qsort(w->entries, w->entry_count, sizeof *w->entries, by_position);
    for (size_t i = 0; i < w->entry_count; i++)
        if (check_receipt(w, &w->entries[i]) != XG_OK)
            return w->err->status;
    return XG_OK;
}

static bool is(const struct xg_evidence_entry *entry, const char *first_line)
{
    size_t len = strlen(first_line);

    return entry->text.len > len &&
           memcmp(entry->text.at, first_line, len) == 0 &&
           entry->text.at[len] == '\n';
}

static void bad_entry(struct xg_evidence_work *w,
                      const struct xg_evidence_entry *entry, const char *code,
                      const struct xg_error *why)
{
    xg_evidence_found(w->e, XG_GRAVITY_BROKEN, code, entry->position, "%s",
                      xg_error_text(why));
}

/* Which log signed what stands there: one, unless it was restored. */
static const struct xg_verifier *log_at(const struct xg_evidence_work *w,
                                        uint64_t position)
{
    const struct xg_verifier *log = w->o->log;

    for (size_t i = 0; i < w->e->log_count; i++)
        if (w->e->logs[i].first <= position)
            log = &w->e->logs[i].log;
    return log;
}

/* By the log's own key. */
static bool opens(struct xg_evidence_work *w,
                  const struct xg_evidence_entry *entry, const char *code)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_note note;

    if (xg_note_open(&note, entry->note.at, entry->note.len,
                     log_at(w, entry->position), &why) != XG_OK) {
        bad_entry(w, entry, code, &why);
        return false;
    }
    w->e->signatures++;
    return true;
}

/* ---- the registry ---- */

static enum xg_status add_statements(struct xg_evidence_work *w,
                                     const struct xg_evidence_entry *entry,
                                     const struct xg_registry_note *note,
                                     size_t *room)
{
    struct xg_evidence *e = w->e;
    struct xg_bytes rest = note->statements;
    struct xg_statement s[2];
    uint32_t line = 0;

    while (xg_statement_next(&rest, &s[0])) {
        size_t count = 1 + xg_statement_shared(&s[1], &s[0]);
        if (s[0].kind == XG_SAYS_REGISTRAR)
            memcpy(w->registrar, s[0].key, XG_PUBLIC_KEY_SIZE);
        for (size_t i = 0; i < count; i++) {
            if (e->statement_count == *room) {
                size_t more = *room ? *room * 2 : 256;
                struct xg_evidence_statement *moved =
                    xg_arena_array(&e->arena, more, sizeof *moved);
                if (!moved)
                    return xg_fail_nomem(w->err);
                if (*room)
                    memcpy(moved, e->statements, *room * sizeof *moved);
                e->statements = moved;
                *room = more;
            }
            e->statements[e->statement_count++] = (struct xg_evidence_statement){
                .position = entry->position, .line = line, .says = s[i]};
        }
        line++;
    }
    return XG_OK;
}

static enum xg_status take_registry(struct xg_evidence_work *w,
                                    const struct xg_evidence_entry *entry,
                                    size_t *room)
{
    struct xg_evidence *e = w->e;
    struct xg_error why = XG_ERROR_NONE;
    static const char tail[] = "/registrar";
    char name[XG_KEY_NAME_MAX + 1] = "";
    struct xg_registry_note says;
    struct xg_verifier registrar;
    struct xg_note note;

    /* The key is what counts; the name is of the log in which it began. */
    if (entry->signer.len < sizeof name && entry->signer.len >= sizeof tail - 1)
        memcpy(name, entry->signer.at, entry->signer.len);
    const char *end = strrchr(name, '/');
    if (!end || strcmp(end, tail) != 0)
        *name = '\0';
    if (xg_verifier_init(&registrar, name, XG_SIG_ED25519, w->registrar,
                         &why) != XG_OK ||
        xg_note_open(&note, entry->note.at, entry->note.len, &registrar,
                     &why) != XG_OK ||
        xg_registry_note_read(&says, note.text, &why) != XG_OK) {
        bad_entry(w, entry, "registry", &why);
        return XG_OK;
    }
    e->signatures++;
    e->registry_notes++;
    if (says.number != e->registry_notes ||
        !xg_hash_equal(&says.previous, &w->registry_last))
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "registry", entry->position,
                          XG_T("登记文书第 %" PRIu64 " 号不接着前一份",
                               "registry note %" PRIu64
                               " does not follow the one before"),
                          says.number);
    xg_tlog_leaf(&w->registry_last, entry->note.at, entry->note.len);
    return add_statements(w, entry, &says, room);
}

static int compare_statements(enum xg_statement_kind kind, const char *subject,
                              const struct xg_evidence_statement *s)
{
    if (kind != s->says.kind)
        return kind < s->says.kind ? -1 : 1;
    return strcmp(subject, s->says.subject);
}

static int by_subject(const void *a, const void *b)
{
    const struct xg_evidence_statement *x = a, *y = b;
    int order = compare_statements(x->says.kind, x->says.subject, y);

    if (order)
        return order;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

/* The last of the subject below `size`: the place before the first that is
 * greater. */
static enum xg_status find_statement(void *ctx, enum xg_statement_kind kind,
                                     const char *subject, uint64_t size,
                                     struct xg_statement *out,
                                     uint64_t *position, bool *found,
                                     struct xg_error *err)
{
    const struct xg_evidence *e = ctx;
    size_t low = 0, high = e->statement_count;

    (void)err;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct xg_evidence_statement *s = &e->statements[mid];
        int order = compare_statements(kind, subject, s);
        if (order > 0 || (order == 0 && s->position < size))
            low = mid + 1;
        else
            high = mid;
    }
    *found = low > 0 &&
             compare_statements(kind, subject, &e->statements[low - 1]) == 0;
    if (*found) {
        *out = e->statements[low - 1].says;
        *position = e->statements[low - 1].position;
    }
    return XG_OK;
}

static enum xg_status read_registry(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    size_t room = 0;

    for (size_t i = 0; i < w->entry_count; i++)
        if (is(&w->entries[i], "xunge/registry/v1") &&
            take_registry(w, &w->entries[i], &room) != XG_OK)
            return w->err->status;
    if (e->registry_notes != e->says.registry_notes)
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "registry", UINT64_MAX,
                          XG_T("登记文书有 %" PRIu64 " 份，evidence.txt 说 "
                               "%" PRIu64 " 份",
                               "%" PRIu64 " registry notes, evidence.txt says "
                               "%" PRIu64),
                          e->registry_notes, e->says.registry_notes);
    if (e->statement_count)
        qsort(e->statements, e->statement_count, sizeof *e->statements,
              by_subject);
    e->registry = (struct xg_registry){.ctx = e, .find = find_statement};
    return XG_OK;
}

/* ---- batches ---- */

bool evidence_device_key(struct xg_evidence *e, struct xg_verifier *out,
                         const char *name, uint8_t type)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_statement s, first;
    uint64_t below = UINT64_MAX;
    bool any = false, more = true;

    for (;;) {
        if (find_statement(e, XG_SAYS_DEVICE, name, below, &s, &below, &more,
                           &ignored) != XG_OK ||
            !more)
            break;
        first = s;
        any = true;
    }
    return any &&
           xg_verifier_init(out, name, type, first.key, &ignored) == XG_OK;
}

static enum xg_status take_batch(struct xg_evidence_work *w,
                                 const struct xg_evidence_entry *entry)
{
    struct xg_evidence_batch *to = &w->batches[w->batch_count++];
    struct xg_error why = XG_ERROR_NONE;
    struct xg_bytes name = entry->signer;
    struct xg_verifier device;
    struct xg_note note;

    to->position = entry->position;
    to->device = xg_arena_str(&w->e->arena, (const char *)name.at, name.len);
    if (!to->device)
        return xg_fail_nomem(w->err);
    if (!evidence_device_key(w->e, &device, to->device, XG_SIG_ED25519)) {
        xg_evidence_found(w->e, XG_GRAVITY_BROKEN, "batch", entry->position,
                          XG_T("登记里没有签名的设备 %s",
                               "the registry knows no device %s, which signed"),
                          to->device);
        return XG_OK;
    }
    if (xg_note_open(&note, entry->note.at, entry->note.len, &device, &why) !=
            XG_OK ||
        xg_batch_note_read(&to->says, note.text, &why) != XG_OK ||
        xg_batch_id(&to->id, entry->note, &why) != XG_OK) {
        bad_entry(w, entry, "batch", &why);
        return XG_OK;
    }
    w->e->signatures++;
    to->sound = true;
    return XG_OK;
}

static int batch_by_position(const void *key, const void *item)
{
    const uint64_t *position = key;
    const struct xg_evidence_batch *b = item;

    return (*position > b->position) - (*position < b->position);
}

const struct xg_evidence_batch *
xg_evidence_batch_at(const struct xg_evidence_work *w, uint64_t position)
{
    return w->batch_count ? bsearch(&position, w->batches, w->batch_count,
                                    sizeof *w->batches, batch_by_position)
                          : NULL;
}

/* ---- times, photos, references, forks ---- */

static void take_time(struct xg_evidence_work *w,
                      const struct xg_evidence_entry *entry)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_time_note says;

    if (!opens(w, entry, "time"))
        return;
    /* Witnesses of another history say nothing of when this one was. */
    if (xg_time_note_read(&says, entry->text, &why) == XG_OK && says.cosigned &&
        !xg_evidence_was_root(w->e, says.size, &says.root)) {
        xg_evidence_found(
            w->e, XG_GRAVITY_BROKEN, "witness-history", entry->position, "%s",
            XG_T("见证人签的检查点不是这份日志的历史",
                 "what the witnesses signed to is not of this log's "
                 "history"));
        return;
    }
    if (xg_bounds_note_read(&w->times[w->time_count], entry->position,
                            entry->text, log_at(w, entry->position)->name,
                            w->e->has_policy ? &w->e->policy : NULL,
                            &why) == XG_OK)
        w->time_count++;
    else
        bad_entry(w, entry, "time", &why);
}

static void take_blobs(struct xg_evidence_work *w,
                       const struct xg_evidence_entry *entry)
{
    struct xg_blob blobs[XG_BLOBS_MAX];
    struct xg_error why = XG_ERROR_NONE;
    struct xg_evidence *e = w->e;
    size_t count = 0;

    if (!opens(w, entry, "photo"))
        return;
    if (xg_blobs_read(blobs, &count, entry->text, &why) != XG_OK)
        bad_entry(w, entry, "photo", &why);
    for (size_t i = 0; i < count; i++)
        e->blobs[e->blob_count++] =
            (struct xg_evidence_blob){.sha256 = blobs[i].sha256,
                                      .bytes = blobs[i].length,
                                      .entry = entry->position};
}

static bool has_hash(struct xg_bytes content, const struct xg_hash *hash)
{
    struct xg_hash own;

    crypto_hash_sha256(own.b, content.at, content.len);
    return xg_hash_equal(&own, hash);
}

static void take_reference(struct xg_evidence_work *w,
                           const struct xg_evidence_entry *entry)
{
    struct xg_evidence *e = w->e;
    struct xg_evidence_file *to = &e->files[e->file_count];
    struct xg_error why = XG_ERROR_NONE;

    if (!opens(w, entry, "reference"))
        return;
    to->position = entry->position;
    if (xg_reference_read(&to->says, entry->text, &why) != XG_OK) {
        bad_entry(w, entry, "reference", &why);
        return;
    }
    const struct xg_evidence_part *part =
        xg_evidence_take_of(e, "references/", &to->says.file);
    if (!part || !has_hash(part->content, &to->says.file)) {
        xg_evidence_found(
            e, XG_GRAVITY_BROKEN, "reference", entry->position,
            XG_T("参考文件 %s 缺失或被改过",
                 "the reference file %s is missing or was changed"),
            to->says.edition);
        return;
    }
    to->content = part->content;
    e->file_count++;
}

static void take_fork(struct xg_evidence_work *w,
                      const struct xg_evidence_entry *entry)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_fork f;

    if (!opens(w, entry, "fork"))
        return;
    if (xg_fork_read(&f, entry->text, &why) != XG_OK) {
        bad_entry(w, entry, "fork", &why);
        return;
    }
    w->e->forks++;
    xg_evidence_found(
        w->e, XG_GRAVITY_NOTED, "fork", entry->position,
        XG_T("一条记录链在第 %" PRIu64
             " 条处分叉：同一设备密钥写了两份；哪些记录在哪一边，"
             "以服务器所说为准",
             "a chain forks at record %" PRIu64
             ": one device's key wrote two histories; which record "
             "is on which side is by the server's word"),
        f.seq);
}

static int by_hash(const void *a, const void *b)
{
    return xg_hash_compare(&((const struct xg_evidence_blob *)a)->sha256,
                           &((const struct xg_evidence_blob *)b)->sha256);
}

/* The files of photos that are here: each is what its name says. */
static void check_blobs(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;

    if (e->blob_count)
        qsort(e->blobs, e->blob_count, sizeof *e->blobs, by_hash);
    for (size_t i = 0; i < e->blob_count; i++) {
        struct xg_evidence_blob *b = &e->blobs[i];
        const struct xg_evidence_part *part =
            xg_evidence_take_of(e, "blobs/", &b->sha256);
        if (!part)
            continue;
        b->content = part->content;
        e->photos_hashed++;
        if (part->content.len != b->bytes ||
            !has_hash(part->content, &b->sha256))
            xg_evidence_found(e, XG_GRAVITY_BROKEN, "photo", b->entry,
                              XG_T("照片 %s 不是记录和日志所说的那一张",
                                   "the photo %s is not the one that the log "
                                   "names"),
                              part->name);
    }
}

static enum xg_status make_room(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    size_t n = w->entry_count + 1;

    w->batches = xg_arena_array(&e->arena, n, sizeof *w->batches);
    w->times = xg_arena_array(&e->arena, n, sizeof *w->times);
    e->files = xg_arena_array(&e->arena, n, sizeof *e->files);
    size_t blobs = 1;
    for (size_t i = 0; i < w->entry_count; i++)
        blobs += is(&w->entries[i], "xunge/blobs/v1") ? BLOBS_NOTES_FACTOR : 0;
    e->blobs = xg_arena_array(&e->arena, blobs, sizeof *e->blobs);
    return w->batches && w->times && e->files && e->blobs
               ? XG_OK
               : xg_fail_nomem(w->err);
}

static enum xg_status take_entry(struct xg_evidence_work *w,
                                 const struct xg_evidence_entry *entry)
{
    if (is(entry, "xunge/batch/v1"))
        return take_batch(w, entry);
    if (is(entry, "xunge/time/v1"))
        take_time(w, entry);
    else if (is(entry, "xunge/blobs/v1"))
        take_blobs(w, entry);
    else if (is(entry, "xunge/reference/v1"))
        take_reference(w, entry);
    else if (is(entry, "xunge/fork/v1"))
        take_fork(w, entry);
    else if (!is(entry, "xunge/registry/v1") &&
             !is(entry, "xunge/successor/v1"))
        xg_evidence_found(w->e, XG_GRAVITY_BROKEN, "entry", entry->position,
                          "%s",
                          XG_T("不认识的日志条目，证据里用不着它",
                               "an entry that no evidence needs"));
    return XG_OK;
}

enum xg_status xg_evidence_read_log(struct xg_evidence_work *w)
{
    if (find_entries(w) != XG_OK || make_room(w) != XG_OK ||
        read_registry(w) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < w->entry_count; i++)
        if (take_entry(w, &w->entries[i]) != XG_OK)
            return w->err->status;
    check_blobs(w);
    return XG_OK;
}
