/* request.c - see request.h. Pure: no files, no time. */
#include "server/registry/request.h"

#include <inttypes.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/text.h"

/* ---- parts of so many lines ---- */

static void put_part(struct xg_buf *out, const char *name, struct xg_bytes part)
{
    size_t lines = 0;

    for (size_t i = 0; i < part.len; i++)
        lines += part.at[i] == '\n';
    xg_buf_format(out, "%s %zu\n", name, lines);
    xg_buf_append(out, part.at, part.len);
}

static bool take_part(struct xg_lines *l, const char *name,
                      struct xg_bytes *part)
{
    struct xg_bytes line;
    uint64_t count = 0;

    xg_line_uint(l, name, &count);
    if (l->expected)
        return false;
    *part = xg_bytes(l->rest.at, 0);
    for (uint64_t i = 0; i < count; i++) {
        if (!xg_line(&l->rest, &line))
            return false;
        part->len += line.len + 1;
        l->number++;
    }
    return true;
}

static void put_log(struct xg_buf *out, const struct xg_verifier *log)
{
    char text[XG_VKEY_SIZE];

    xg_verifier_print(text, log);
    xg_buf_format(out, "log %s\n", text);
}

static bool take_log(struct xg_lines *l, struct xg_verifier *log)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_bytes text = {NULL, 0};

    xg_line_rest(l, "log", &text);
    return !l->expected && xg_verifier_parse(log, (const char *)text.at,
                                             text.len, &ignored) == XG_OK;
}

static void put_tree(struct xg_buf *out, const char *name, uint64_t size,
                     const struct xg_hash *root)
{
    xg_buf_format(out, "%s %" PRIu64 " ", name, size);
    xg_buf_base64(out, root->b, XG_HASH_SIZE);
    xg_buf_text(out, "\n");
}

static bool take_tree(struct xg_lines *l, const char *name, uint64_t *size,
                      struct xg_hash *root)
{
    struct xg_bytes rest = {NULL, 0};

    xg_line_rest(l, name, &rest);
    return !l->expected && xg_word_uint(&rest, size) &&
           xg_word_hash(&rest, root) && rest.len == 0;
}

/* ---- the two files ---- */

void registrar_request_put(struct xg_buf *out,
                           const struct registrar_request *r)
{
    xg_buf_text(out, "xunge/registry-request/v1\n");
    put_log(out, &r->log);
    put_tree(out, "after", r->after_size, &r->after_root);
    put_part(out, "consistency", r->consistency);
    put_part(out, "checkpoint", r->checkpoint);
    put_part(out, "note", r->note);
}

enum xg_status registrar_request_read(struct registrar_request *r,
                                      struct xg_bytes text,
                                      struct xg_error *err)
{
    struct registrar_request q = {.after_size = 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/registry-request/v1");
    if (!xg_text_allowed(text) || l.expected || !take_log(&l, &q.log) ||
        !take_tree(&l, "after", &q.after_size, &q.after_root) ||
        !take_part(&l, "consistency", &q.consistency) ||
        !take_part(&l, "checkpoint", &q.checkpoint) ||
        !take_part(&l, "note", &q.note) || l.rest.len != 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("不是登记请求，或已损坏（第 %zu 行）；请在服务器上"
                            "重新 registry request",
                            "this is no registry request, or it is damaged "
                            "(line %zu); write it again on the server "
                            "(registry request)"),
                       l.number);
    *r = q;
    return XG_OK;
}

void registrar_state_put(struct xg_buf *out, const struct registrar_state *s)
{
    xg_buf_text(out, "xunge/registrar-state/v1\n");
    put_log(out, &s->log);
    xg_buf_format(out, "number %" PRIu64 "\nleaf ", s->number);
    xg_buf_base64(out, s->leaf.b, XG_HASH_SIZE);
    xg_buf_text(out, "\n");
    put_tree(out, "checkpoint", s->size, &s->root);
    xg_buf_text(out, "key ");
    xg_buf_base64(out, s->key, XG_PUBLIC_KEY_SIZE);
    xg_buf_text(out, "\n");
    put_part(out, "note", s->note);
}

enum xg_status registrar_state_read(struct registrar_state *s,
                                    struct xg_bytes text, struct xg_error *err)
{
    struct registrar_state q = {.number = 0};
    struct xg_lines l = xg_lines_over(text);
    struct xg_hash key = {{0}};

    xg_line_literal(&l, "xunge/registrar-state/v1");
    if (l.expected || !take_log(&l, &q.log))
        goto bad;
    xg_line_uint(&l, "number", &q.number);
    xg_line_hash(&l, "leaf", &q.leaf);
    if (l.expected || !take_tree(&l, "checkpoint", &q.size, &q.root))
        goto bad;
    xg_line_hash(&l, "key", &key);
    if (l.expected || !take_part(&l, "note", &q.note) || l.rest.len != 0 ||
        q.number == 0)
        goto bad;
    memcpy(q.key, key.b, sizeof q.key);
    *s = q;
    return XG_OK;
bad:
    return xg_fail(err, XG_FORMAT,
                   XG_T("登记员的状态文件已损坏（第 %zu 行）；请从备份恢复，"
                        "不要另建一个",
                        "the registrar's state file is damaged (line %zu): "
                        "restore it from a copy, and do not begin another"),
                   l.number);
}

/* ---- may it be signed? ---- */

/* Is the checkpoint the log's, the one that the note names, and does its tree
 * go on from the one before? */
static enum xg_status review_log(const struct registrar_request *r,
                                 const struct xg_registry_note *says,
                                 struct xg_error *err)
{
    struct xg_checkpoint seen = {.size = 0};
    struct xg_proof proof = {.count = 0};
    bool any = r->checkpoint.len > 0;

    if (any && xg_checkpoint_open(&seen, r->checkpoint.at, r->checkpoint.len,
                                  &r->log, err) != XG_OK)
        return xg_wrap(err, XG_T("请求里的检查点", "the request's checkpoint"));
    if (any ? seen.size != says->seen_size ||
                  !xg_hash_equal(&seen.root, &says->seen_root)
            : says->seen_size != 0 || says->number != 1)
        return xg_fail(err, XG_ALARM,
                       XG_T("请求里的检查点不是登记条目写的那一个",
                            "the checkpoint in the request is not the one "
                            "that the note names"));
    if (r->after_size == 0 || r->after_size == seen.size) {
        if (r->after_size == 0 || xg_hash_equal(&r->after_root, &seen.root))
            return XG_OK;
    } else if (r->after_size < seen.size &&
               xg_proof_read(&proof, r->consistency, err) == XG_OK &&
               xg_verify_consistency(&proof, r->after_size, seen.size,
                                     &r->after_root, &seen.root,
                                     err) == XG_OK) {
        return XG_OK;
    }
    return xg_fail(err, XG_ALARM,
                   XG_T("服务器的日志不是上次那份的延续（此前 %" PRIu64
                        "，现在 %" PRIu64 "）：不要签，先查清",
                        "the server's log does not continue the one that was "
                        "seen before (%" PRIu64 " then, %" PRIu64 " now): do "
                        "not sign, find out why first"),
                   r->after_size, seen.size);
}

static enum xg_status review_number(const struct registrar_request *r,
                                    const struct xg_registry_note *says,
                                    const struct registrar_state *before,
                                    bool takeover, struct xg_error *err)
{
    static const struct xg_hash zeros;

    if (before->number == 0) {
        if (says->number > 1 || xg_hash_equal(&says->previous, &zeros))
            return XG_OK;
        return xg_fail(err, XG_FORMAT,
                       XG_T("第 1 号条目却写着前一号",
                            "note 1 names one before it"));
    }
    if (!takeover && (strcmp(r->log.name, before->log.name) != 0 ||
                      memcmp(r->log.key, before->log.key,
                             sizeof r->log.key) != 0))
        return xg_fail(err, XG_REFUSED,
                       XG_T("这个请求属于另一个日志 %s；状态文件属于 %s。服务器"
                            "恢复后日志换了名，才加 --takeover",
                            "the request is of another log, %s; the state "
                            "file is of %s. Only where that server was "
                            "restored into another log add --takeover"),
                       r->log.name, before->log.name);
    if (says->number <= before->number)
        return xg_fail(err, XG_REFUSED,
                       XG_T("第 %" PRIu64 " 号已签过别的内容（最近签到第 "
                            "%" PRIu64 " 号）；已签的原件在状态文件末尾，请把"
                            "它交给服务器",
                            "another note of number %" PRIu64 " was signed "
                            "already (the newest is %" PRIu64 "); it stands "
                            "at the end of the state file: give the server "
                            "that one"),
                       says->number, before->number);
    if (says->number > before->number + 1)
        return xg_fail(err, XG_REFUSED,
                       XG_T("第 %" PRIu64 " 号不在此签的：状态文件是旧的，或者"
                            "另有人用这把密钥在签",
                            "note %" PRIu64 " was not signed here: the state "
                            "file is an old one, or somebody else signs with "
                            "this key"),
                       before->number + 1);
    if (!xg_hash_equal(&says->previous, &before->leaf) ||
        r->after_size != before->size ||
        !xg_hash_equal(&r->after_root, &before->root))
        return xg_fail(err, XG_ALARM,
                       XG_T("请求接的不是在此签过的第 %" PRIu64
                            " 号：服务器有另一份登记簿，不要签，先查清",
                            "the request does not follow on note %" PRIu64
                            " as it was signed here: the server has another "
                            "registry; do not sign, find out why first"),
                       before->number);
    return XG_OK;
}

enum xg_status registrar_review(struct xg_registry_note *says, bool *again,
                                const struct registrar_request *r,
                                const struct registrar_state *before,
                                const struct xg_verifier *key, bool takeover,
                                struct xg_error *err)
{
    static const char tail[] = "/registrar";
    size_t len = strlen(key->name);
    struct xg_registry_note read;
    struct xg_note signed_before;

    if (xg_registry_note_read(&read, r->note, err) != XG_OK)
        return err->status;
    if (len < sizeof tail ||
        strcmp(key->name + len - sizeof tail + 1, tail) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 不是登记员的密钥", "%s is no registrar's key"),
                       key->name);
    if (before->number == read.number && before->note.len > 0 &&
        xg_note_parse(&signed_before, before->note.at, before->note.len, err) ==
            XG_OK &&
        xg_bytes_equal(signed_before.text, r->note)) {
        *says = read;
        *again = true;
        return XG_OK;
    }
    if (review_number(r, &read, before, takeover, err) != XG_OK)
        return err->status;
    if (before->number > 0 &&
        memcmp(before->key, key->key, sizeof before->key) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("第 %" PRIu64 " 号起由另一把登记员密钥签",
                            "from note %" PRIu64 " on another registrar's "
                            "key signs"),
                       before->number + 1);
    if (review_log(r, &read, err) != XG_OK)
        return err->status;
    *says = read;
    *again = false;
    return XG_OK;
}

enum xg_status registrar_sign(struct registrar_state *after,
                              struct xg_buf *note,
                              const struct registrar_request *r,
                              const struct xg_signer *key, struct xg_error *err)
{
    struct registrar_state s = {.log = r->log};
    struct xg_registry_note says;
    struct xg_statement line;

    if (xg_registry_note_read(&says, r->note, err) != XG_OK)
        return err->status;
    xg_note_sign(note, r->note, key);
    if (xg_buf_check(note, err) != XG_OK)
        return err->status;
    s.number = says.number;
    s.size = says.seen_size;
    s.root = says.seen_root;
    s.note = xg_buf_bytes(note);
    xg_tlog_leaf(&s.leaf, note->data, note->len);
    memcpy(s.key, key->verifier.key, sizeof s.key);
    while (xg_statement_next(&says.statements, &line))
        if (line.kind == XG_SAYS_REGISTRAR)
            memcpy(s.key, line.key, sizeof s.key);
    *after = s;
    return XG_OK;
}

/* ---- in words ---- */

static void say_worker(struct xg_buf *out, const struct xg_statement *s)
{
    const struct xg_role *role = xg_role_find(s->role);

    xg_buf_format(out,
                  XG_T("人员 %s：角色 %s，单位 %s",
                       "worker %s: role %s, unit %s"),
                  s->subject, role ? xg_label(role->zh, role->en) : "?",
                  s->unit);
}

static void say_key(struct xg_buf *out, const struct xg_statement *s)
{
    static const uint8_t none[XG_PUBLIC_KEY_SIZE];

    if (memcmp(s->key, none, sizeof none) == 0) {
        xg_buf_format(out,
                      XG_T("人员 %s 不再有签名公钥",
                           "worker %s has no signing key any more"),
                      s->subject);
        return;
    }
    xg_buf_format(out,
                  XG_T("人员 %s 的签名公钥 ", "worker %s signs with the key "),
                  s->subject);
    xg_buf_base64(out, s->key, sizeof s->key);
}

static void say_device(struct xg_buf *out, const struct xg_statement *s)
{
    xg_buf_format(out,
                  XG_T("设备 %s 归人员 %s，公钥 ",
                       "device %s for worker %s, key "),
                  s->subject, s->owner);
    xg_buf_base64(out, s->key, sizeof s->key);
}

void registrar_say(struct xg_buf *out, const struct xg_statement *s)
{
    switch (s->kind) {
    case XG_SAYS_UNIT:
        xg_buf_format(out, XG_T("单位 %s，上级 %s", "unit %s, below %s"),
                      s->subject, *s->unit ? s->unit : "-");
        return;
    case XG_SAYS_WORKER:
        say_worker(out, s);
        return;
    case XG_SAYS_DEVICE:
        say_device(out, s);
        return;
    case XG_SAYS_AUTHOR:
    case XG_SAYS_SHARED:
        xg_buf_format(out,
                      XG_T("设备 %.*s 也可由 %s 使用",
                           "device %.*s may also be used by %s"),
                      (int)strcspn(s->subject, " "), s->subject, s->owner);
        return;
    case XG_SAYS_KEY:
        say_key(out, s);
        return;
    case XG_SAYS_REVOKE:
        xg_buf_format(out, XG_T("停用设备 %s", "revoke device %s"), s->subject);
        return;
    case XG_SAYS_CUT:
        xg_buf_format(out,
                      XG_T("  （已收到链 %s 的 %" PRIu64 " 条记录）",
                           "  (held of chain %s: %" PRIu64 " records)"),
                      s->subject, s->next_seq);
        return;
    case XG_SAYS_ADMIT:
        xg_buf_format(out,
                      XG_T("采用隔离的批次 %s",
                           "let quarantined batch %s count"),
                      s->subject);
        return;
    case XG_SAYS_REGISTRAR:
        xg_buf_text(out, XG_T("此后由另一把登记员密钥签名：",
                              "from now on another registrar's key signs: "));
        xg_buf_base64(out, s->key, sizeof s->key);
        return;
    }
}
