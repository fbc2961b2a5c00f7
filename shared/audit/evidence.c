/* evidence.c - the proving of an evidence file: its statement, its parts, and
 * what is left over at the end; see evidence.h. */
#include "shared/audit/evidence_inside.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/audit/finding.h"
#include "shared/base/lang.h"

enum { ARENA_MAX = 768 << 20 };

/* ---- findings ---- */

void xg_evidence_found(struct xg_evidence *e, enum xg_gravity gravity,
                       const char *code, uint64_t position, const char *format,
                       ...)
{
    struct xg_finding f = {
        .gravity = gravity, .code = code, .position = position};
    va_list args;

    e->noted += gravity == XG_GRAVITY_NOTED;
    e->doubts += gravity == XG_GRAVITY_DOUBT;
    e->broken += gravity == XG_GRAVITY_BROKEN;
    if (e->finding_count == XG_EVIDENCE_FINDINGS_MAX)
        return;
    va_start(args, format);
    xg_finding_write(&f, format, args);
    va_end(args);
    e->findings[e->finding_count++] = f;
}

/* ---- parts ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct xg_evidence_part *)a)->name,
                  ((const struct xg_evidence_part *)b)->name);
}

static int name_is(const void *name, const void *part)
{
    return strcmp(name, ((const struct xg_evidence_part *)part)->name);
}

struct xg_evidence_part *xg_evidence_take(struct xg_evidence *e,
                                          const char *name)
{
    struct xg_evidence_part *part =
        e->part_count ? bsearch(name, e->parts, e->part_count,
                                sizeof *e->parts, name_is)
                      : NULL;

    if (part)
        part->used = true;
    return part;
}

struct xg_evidence_part *xg_evidence_take_of(struct xg_evidence *e,
                                             const char *folder,
                                             const struct xg_hash *hash)
{
    char name[XG_TAR_NAME_MAX + 1], hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, hash->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, "%s%s", folder, hex);
    return xg_evidence_take(e, name);
}

const char *xg_evidence_rest(const struct xg_evidence_part *part,
                             const char *folder)
{
    size_t len = strlen(folder);

    return strncmp(part->name, folder, len) == 0 ? part->name + len : NULL;
}

bool xg_evidence_unhex(struct xg_hash *hash, const char *text)
{
    return xg_unhex(hash->b, XG_HASH_SIZE, text, strlen(text));
}

static void tell_twice(struct xg_evidence *e)
{
    for (size_t i = 1; i < e->part_count; i++)
        if (strcmp(e->parts[i - 1].name, e->parts[i].name) == 0)
            xg_evidence_found(
                e, XG_GRAVITY_BROKEN, "part", UINT64_MAX,
                XG_T("数据部分 %s 出现两次", "the part %s is there twice"),
                e->parts[i].name);
}

static void tell_strays(struct xg_evidence *e)
{
    for (size_t i = 0; i < e->part_count; i++)
        if (!e->parts[i].used)
            xg_evidence_found(e, XG_GRAVITY_BROKEN, "part", UINT64_MAX,
                              XG_T("多出的数据部分 %s，什么也没有引用它",
                                   "a part that nothing refers to: %s"),
                              e->parts[i].name);
}

/* ---- evidence.txt, checkpoint, policy ---- */

static enum xg_status need_part(struct xg_bytes *out, struct xg_evidence *e,
                                const char *name, struct xg_error *err)
{
    const struct xg_evidence_part *part = xg_evidence_take(e, name);

    if (!part)
        return xg_fail(err, XG_FORMAT,
                       XG_T("证据文件里缺少 %s", "the evidence lacks its %s"),
                       name);
    *out = part->content;
    return XG_OK;
}

static enum xg_status read_says(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    struct xg_bytes note = {NULL, 0};
    struct xg_note parsed;

    if (need_part(&note, e, "evidence.txt", w->err) != XG_OK)
        return w->err->status;
    if (xg_note_open(&parsed, note.at, note.len, w->o->log, w->err) != XG_OK)
        return xg_fail(w->err, XG_AUTH,
                       XG_T("evidence.txt 不是日志 %s 的这把公钥签名的；"
                            "请核对 --key 与文件",
                            "evidence.txt is not signed by this key of the log "
                            "%s: check --key and the file"),
                       w->o->log->name);
    if (xg_evidence_says_read(&e->says, parsed.text, w->err) != XG_OK)
        return w->err->status;
    e->signatures++;
    if (memcmp(e->says.log.key, w->o->log->key, XG_PUBLIC_KEY_SIZE) != 0 ||
        strcmp(e->says.log.name, w->o->log->name) != 0)
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "key", UINT64_MAX,
                          XG_T("证据文件自称属于另一个日志：%s",
                               "the file names another log: %s"),
                          e->says.log.name);
    if (w->o->registrar && memcmp(e->says.registrar, w->o->registrar,
                                  XG_PUBLIC_KEY_SIZE) != 0)
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "registrar", UINT64_MAX, "%s",
                          XG_T("证据文件里的登记员公钥不是您给的那一把",
                               "the registrar's key in the file is not the one "
                               "given"));
    memcpy(w->registrar,
           w->o->registrar ? w->o->registrar : e->says.registrar,
           XG_PUBLIC_KEY_SIZE);
    return XG_OK;
}

static enum xg_status read_checkpoint(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    struct xg_bytes note = {NULL, 0};

    if (need_part(&note, e, "checkpoint", w->err) != XG_OK ||
        xg_checkpoint_open(&e->checkpoint, note.at, note.len, w->o->log,
                           w->err) != XG_OK)
        return w->err->status;
    e->signatures++;
    if (e->checkpoint.size != e->says.size)
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "checkpoint", UINT64_MAX,
                          XG_T("检查点是第 %" PRIu64 " 条，evidence.txt 说 "
                               "%" PRIu64,
                               "the checkpoint is of size %" PRIu64
                               ", evidence.txt says %" PRIu64),
                          e->checkpoint.size, e->says.size);
    return XG_OK;
}

static bool fits_hash(struct xg_bytes content, const struct xg_hash *hash)
{
    struct xg_hash own;

    crypto_hash_sha256(own.b, content.at, content.len);
    return xg_hash_equal(&own, hash);
}

static enum xg_status read_policy(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    const struct xg_evidence_part *part = xg_evidence_take(e, "policy");
    bool said = !xg_hash_is_zero(&e->says.policy);

    if (said != (part != NULL) ||
        (part && !fits_hash(part->content, &e->says.policy))) {
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "policy", UINT64_MAX, "%s",
                          XG_T("见证策略不是 evidence.txt 所说的那一份",
                               "the witness policy is not the one that "
                               "evidence.txt names"));
        return XG_OK;
    }
    if (!part)
        return XG_OK;
    e->has_policy = true;
    return xg_policy_read(&e->policy, part->content, w->err);
}

/* ---- index ---- */

static enum xg_status bad_index(struct xg_evidence_work *w)
{
    return xg_fail(w->err, XG_FORMAT, "index: a line that is none of its");
}

static enum xg_status index_entity(struct xg_evidence_work *w,
                                   struct xg_bytes rest)
{
    struct xg_evidence *e = w->e;
    struct xg_evidence_entity *to = &e->entities[e->entity_count];
    struct xg_bytes id;

    if (!xg_word(&rest, &id) ||
        !xg_unhex(to->id.b, XG_ID_SIZE, (const char *)id.at, id.len) ||
        !xg_word_uint(&rest, &to->records) ||
        !xg_word_hash(&rest, &to->root) || rest.len || to->records == 0 ||
        (e->entity_count && memcmp(to[-1].id.b, to->id.b, XG_ID_SIZE) >= 0))
        return bad_index(w);
    e->entity_count++;
    return XG_OK;
}

static enum xg_status index_person(struct xg_evidence_work *w,
                                   struct xg_bytes rest)
{
    struct xg_evidence *e = w->e;
    struct xg_evidence_person *to = &e->people[e->person_count];
    const uint8_t *space = rest.len ? memchr(rest.at, ' ', rest.len) : NULL;
    size_t len = space ? (size_t)(space - rest.at) : 0;

    if (len == 0 || len > XG_CODE_MAX || !xg_code_valid(xg_bytes(rest.at, len)))
        return bad_index(w);
    memcpy(to->code, rest.at, len);
    to->name = xg_bytes(rest.at + len + 1, rest.len - len - 1);
    if (e->person_count && strcmp(to[-1].code, to->code) >= 0)
        return bad_index(w);
    e->person_count++;
    return XG_OK;
}

static enum xg_status index_branch(struct xg_evidence_work *w,
                                   struct xg_bytes rest)
{
    struct xg_evidence *e = w->e;
    struct xg_evidence_branch *to = &e->branches[e->branch_count];

    if (!xg_word_hash(&rest, &to->chain) ||
        !xg_word_hash(&rest, &to->branch.id) ||
        !xg_word_uint(&rest, &to->branch.start) ||
        !xg_word_hash(&rest, &to->parent) || rest.len)
        return bad_index(w);
    /* Parents stand before what they are parents of: no circle. */
    for (size_t i = 0; i < e->branch_count; i++)
        if (xg_hash_equal(&e->branches[i].branch.id, &to->parent) &&
            xg_hash_equal(&e->branches[i].chain, &to->chain))
            to->branch.parent = &e->branches[i].branch;
    if (!to->branch.parent != xg_hash_is_zero(&to->parent))
        return bad_index(w);
    e->branch_count++;
    return XG_OK;
}

static enum xg_status index_log(struct xg_evidence_work *w,
                                struct xg_bytes rest)
{
    struct xg_evidence *e = w->e;
    struct xg_evidence_log *to = &e->logs[e->log_count];
    struct xg_error ignored = XG_ERROR_NONE;

    if (!xg_word_uint(&rest, &to->first) ||
        xg_verifier_parse(&to->log, (const char *)rest.at, rest.len,
                          &ignored) != XG_OK ||
        (e->log_count ? to[-1].first >= to->first : to->first != 0))
        return bad_index(w);
    e->log_count++;
    return XG_OK;
}

/* A log that follows a restored one: the older ones' keys are the server's
 * word, which the newest log signed. */
static void judge_logs(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;

    if (e->log_count == 0)
        return;
    const struct xg_verifier *last = &e->logs[e->log_count - 1].log;
    if (memcmp(last->key, w->o->log->key, XG_PUBLIC_KEY_SIZE) != 0 ||
        strcmp(last->name, w->o->log->name) != 0)
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "log", UINT64_MAX, "%s",
                          XG_T("清单里最后的日志不是这一个",
                               "the last log of the index is not this one"));
    for (size_t i = 1; i < e->log_count; i++) {
        const struct xg_verifier *before = &e->logs[i - 1].log;
        bool known = false;
        for (size_t j = 0; j < w->o->earlier_count; j++)
            known = known || (strcmp(w->o->earlier[j].name, before->name) == 0 &&
                              memcmp(w->o->earlier[j].key, before->key,
                                     XG_PUBLIC_KEY_SIZE) == 0);
        xg_evidence_found(
            e, known ? XG_GRAVITY_NOTED : XG_GRAVITY_DOUBT, "successor",
            e->logs[i].first,
            known ? XG_T("服务器恢复过：此条之前的日志由 %s 签名",
                         "the server was restored: entries before "
                         "this were signed by %s")
                  : XG_T("服务器恢复过：此条之前的日志由 %s 签名，"
                         "它的公钥没有用 --earlier 给出，取自文件",
                         "the server was restored: entries before "
                         "this were signed by %s, whose key was not "
                         "given with --earlier and is the file's"),
            before->name);
    }
}

static enum xg_status index_lines(struct xg_evidence_work *w,
                                  struct xg_bytes rest)
{
    struct xg_bytes line, word;

    while (xg_line(&rest, &line)) {
        enum xg_status status = XG_OK;
        if (!xg_word(&line, &word))
            return bad_index(w);
        if (xg_bytes_equal(word, xg_bytes_of("entity")))
            status = index_entity(w, line);
        else if (xg_bytes_equal(word, xg_bytes_of("person")))
            status = index_person(w, line);
        else if (xg_bytes_equal(word, xg_bytes_of("branch")))
            status = index_branch(w, line);
        else if (xg_bytes_equal(word, xg_bytes_of("log")))
            status = index_log(w, line);
        else
            return bad_index(w);
        if (status != XG_OK)
            return status;
    }
    return rest.len ? bad_index(w) : XG_OK;
}

static enum xg_status read_index(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    struct xg_bytes text = {NULL, 0};
    size_t lines = 1;

    if (need_part(&text, e, "index", w->err) != XG_OK)
        return w->err->status;
    if (!fits_hash(text, &e->says.index))
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "index", UINT64_MAX, "%s",
                          XG_T("清单 index 不是 evidence.txt 签名的那一份",
                               "the index is not the one that evidence.txt "
                               "signs"));
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    e->entities = xg_arena_array(&e->arena, lines, sizeof *e->entities);
    e->people = xg_arena_array(&e->arena, lines, sizeof *e->people);
    e->branches = xg_arena_array(&e->arena, lines, sizeof *e->branches);
    e->logs = xg_arena_array(&e->arena, lines, sizeof *e->logs);
    if (!e->entities || !e->people || !e->branches || !e->logs)
        return xg_fail_nomem(w->err);
    if (index_lines(w, text) != XG_OK)
        return w->err->status;
    judge_logs(w);
    return XG_OK;
}

/* ---- cosignatures ---- */

/* "proof <base64>" lines. */
static bool read_proof(struct xg_proof *proof, struct xg_bytes text)
{
    struct xg_lines l = xg_lines_over(text);
    struct xg_error ignored = XG_ERROR_NONE;

    proof->count = 0;
    while (xg_lines_at(&l, "proof") && proof->count < XG_PROOF_MAX)
        xg_line_hash(&l, "proof", &proof->hashes[proof->count++]);
    return xg_lines_end(&l, &ignored) == XG_OK;
}

bool xg_evidence_was_root(struct xg_evidence *e, uint64_t size,
                          const struct xg_hash *root)
{
    struct xg_error ignored = XG_ERROR_NONE;
    char name[XG_TAR_NAME_MAX + 1];
    struct xg_proof proof;

    if (size == 0 || size > e->checkpoint.size)
        return false;
    if (size == e->checkpoint.size && xg_hash_equal(root, &e->checkpoint.root))
        return true;
    snprintf(name, sizeof name, "consistency/%" PRIu64, size);
    const struct xg_evidence_part *part = xg_evidence_take(e, name);
    return part && read_proof(&proof, part->content) &&
           xg_verify_consistency(&proof, size, e->checkpoint.size, root,
                                 &e->checkpoint.root, &ignored) == XG_OK;
}

static bool is_cosigned(const struct xg_evidence_part *part)
{
    return strcmp(part->name, "checkpoint") == 0 ||
           xg_evidence_rest(part, "cosigned/") ||
           xg_evidence_rest(part, "devices/");
}

/* Does the checkpoint hold all records that are here? */
static bool covers(const struct xg_evidence *e, uint64_t size)
{
    for (size_t i = 0; i < e->record_count; i++)
        if (e->records[i].place.entry >= size)
            return false;
    return true;
}

bool xg_evidence_cosigned(struct xg_note *note, struct xg_evidence *e,
                          struct xg_evidence_part *part)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_checkpoint c;

    if (!is_cosigned(part))
        return false;
    part->used = true;
    if (xg_note_parse(note, part->content.at, part->content.len, &ignored) !=
            XG_OK ||
        xg_checkpoint_parse(&c, note->text, &ignored) != XG_OK ||
        strcmp(c.origin, e->checkpoint.origin) != 0 ||
        !xg_evidence_was_root(e, c.size, &c.root)) {
        xg_evidence_found(
            e, XG_GRAVITY_BROKEN, "cosigned", UINT64_MAX,
            XG_T("%s：不是这个日志的检查点", "%s: no checkpoint of this log"),
            part->name);
        return false;
    }
    return covers(e, c.size);
}

/* Once, however often and wherever its line stands. */
static void count_device(struct xg_evidence *e, const char *name)
{
    bool counted = false;

    for (size_t i = 0; i < e->statement_count; i++) {
        struct xg_evidence_statement *s = &e->statements[i];
        if (s->says.kind != XG_SAYS_DEVICE ||
            strcmp(s->says.subject, name) != 0)
            continue;
        counted = counted || s->cosigned;
        s->cosigned = true;
    }
    e->device_witnesses += !counted;
}

/* Handhelds say that the log they were shown goes on; never when. */
static void count_devices(struct xg_evidence *e, const struct xg_note *note)
{
    for (size_t i = 0; i < note->count; i++) {
        const struct xg_note_signature *s = &note->signatures[i];
        char name[XG_KEY_NAME_MAX + 1];
        struct xg_error ignored = XG_ERROR_NONE;
        struct xg_verifier v;
        if (s->name.len > XG_KEY_NAME_MAX)
            continue;
        memcpy(name, s->name.at, s->name.len);
        name[s->name.len] = '\0';
        if (!evidence_device_key(e, &v, name, XG_SIG_COSIGNATURE))
            continue;
        enum xg_status status = xg_note_verify(note, &v, NULL, &ignored);
        if (status == XG_OK)
            count_device(e, name);
        if (status == XG_AUTH)
            xg_evidence_found(e, XG_GRAVITY_BROKEN, "cosignature", UINT64_MAX,
                              XG_T("设备 %s 对检查点的联署不成立",
                                   "a cosignature by %s does not verify"),
                              name);
    }
}

static void count_witnesses(struct xg_evidence *e, const struct xg_note *note)
{
    struct xg_cosigned cosigned[XG_POLICY_WITNESSES_MAX];
    struct xg_error why = XG_ERROR_NONE;
    size_t count = 0;
    uint64_t time_s = 0;

    if (xg_policy_verify(&e->policy, cosigned, &count, note, &why) != XG_OK) {
        xg_evidence_found(e, XG_GRAVITY_BROKEN, "cosignature", UINT64_MAX, "%s",
                          xg_error_text(&why));
        return;
    }
    e->witness_count = count > e->witness_count ? count : e->witness_count;
    if (xg_policy_satisfied(&e->policy, cosigned, count, &time_s) &&
        !e->quorum) {
        e->quorum = true;
        e->quorum_time_s = time_s;
    }
}

static void judge_cosignatures(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;

    for (size_t i = 0; i < e->part_count; i++) {
        struct xg_note note;
        if (!xg_evidence_cosigned(&note, e, &e->parts[i]))
            continue;
        count_devices(e, &note);
        if (e->has_policy)
            count_witnesses(e, &note);
    }
}

/* ---- all of it ---- */

static enum xg_status prove(struct xg_evidence_work *w)
{
    enum xg_status status = read_says(w);

    if (status == XG_OK)
        status = read_checkpoint(w);
    if (status == XG_OK)
        status = read_policy(w);
    if (status == XG_OK)
        status = read_index(w);
    if (status == XG_OK)
        status = xg_evidence_read_log(w);
    if (status == XG_OK)
        status = xg_evidence_read_records(w);
    if (status == XG_OK) {
        judge_cosignatures(w);
        tell_strays(w->e);
    }
    return status;
}

enum xg_status xg_evidence_prove(struct xg_evidence **out,
                                 struct xg_evidence_part *parts, size_t count,
                                 const struct xg_evidence_options *o,
                                 struct xg_error *err)
{
    struct xg_evidence *e = calloc(1, sizeof *e);
    struct xg_evidence_work w = {.e = e, .o = o, .err = err};

    if (!e)
        return xg_fail_nomem(err);
    e->arena = XG_ARENA(ARENA_MAX);
    e->parts = parts;
    e->part_count = count;
    if (count)
        qsort(parts, count, sizeof *parts, by_name);
    for (size_t i = 0; i < count; i++)
        parts[i].used = false;
    tell_twice(e);
    if (prove(&w) != XG_OK) {
        xg_evidence_free(e);
        return err->status;
    }
    *out = e;
    return XG_OK;
}

void xg_evidence_free(struct xg_evidence *e)
{
    if (!e)
        return;
    xg_arena_clear(&e->arena);
    free(e);
}
