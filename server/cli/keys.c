/* keys.c - `worker keys`, `worker key`, `operator key`: who signs with what. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/account/key.h"
#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/data/data.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

enum { BARE_AT_ONCE = 1000, KEYS_BYTES = 64 << 20 };

/* ---- signing ---- */

enum xg_status cmd_sign(struct cmd *c, struct xg_draft *draft,
                        uint8_t secret[static 64], const char *code,
                        struct xg_error *err)
{
    bool wanted;

    if (cmd_option(c, "unsigned"))
        return XG_OK;
    if (operator_key_wanted(c->data, &wanted, code, err) != XG_OK)
        return err->status;
    if (!wanted)
        return XG_OK;
    if (c->secret) {
        memcpy(secret, c->secret, XG_SECRET_KEY_SIZE);
        draft->author_secret = secret;
        return XG_OK;
    }
    if (c->password.len == 0)
        return xg_fail(err, XG_LOCKED,
                       XG_T("%s 有签名钥匙，要口令：在终端上运行，或用 "
                            "--password-fd；--unsigned 不签名（只算服务器认定）",
                            "%s has a signing key, which takes the password: "
                            "run it on a terminal, or with --password-fd; "
                            "--unsigned signs nothing (asserted by the server "
                            "only)"),
                       code);
    if (operator_key_open(secret, c->data, code, c->password, err) != XG_OK)
        return err->status;
    draft->author_secret = secret;
    return XG_OK;
}

/* ---- what was announced ---- */

struct announced {
    char worker[XG_CODE_MAX + 1];
    char device[STORE_DEVICE_MAX + 1];
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    bool holds;      /* signed by the key itself, where its author may write */
    bool registered; /* the one in force now */
};

struct walk {
    struct store *s;
    struct xg_registry registry;
    const char *worker; /* only of this one, or NULL */
    struct xg_error *err;
    enum xg_status (*each)(void *ctx, const struct announced *a,
                           struct xg_error *err);
    void *ctx;
};

/* A record of the right kind by the right person, into *a. */
static bool read_announced(struct announced *a, struct xg_record *r,
                           const struct store_record *row,
                           const struct store_chain *chain)
{
    struct xg_cbor_item key;

    xg_record_read(r, &chain->id, row->seq, &row->previous, row->head,
                   row->fields);
    if (r->malformed || r->head.kind != XG_KIND_AUTHOR_KEY ||
        !xg_record_field(r, XG_AUTHOR_KEY_PUBLIC, &key) ||
        key.bytes.len != sizeof a->key)
        return false;
    memcpy(a->key, key.bytes.at, sizeof a->key);
    snprintf(a->device, sizeof a->device, "%s", chain->device);
    return true;
}

static enum xg_status judge_announced(struct announced *a, struct walk *w,
                                      const struct xg_record *r,
                                      const struct xg_place *place)
{
    char author[XG_AUTHOR_MAX + 1] = "";
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    struct xg_judgement j;
    bool found;

    if (r->head.author.len)
        memcpy(author, r->head.author.at, r->head.author.len);
    if (xg_judge_author(&j, &w->registry, a->device, author, false,
                        INT64_MAX, w->err) != XG_OK ||
        xg_author_verify(&a->holds, r, place, a->key, w->err) != XG_OK ||
        xg_author_key(key, &found, &w->registry, j.author, UINT64_MAX,
                      w->err) != XG_OK)
        return w->err->status;
    memcpy(a->worker, j.author, sizeof a->worker);
    a->holds = a->holds && !j.no_right;
    a->registered = found && memcmp(key, a->key, sizeof key) == 0;
    return XG_OK;
}

static enum xg_status visit(struct walk *w, const struct store_record *row)
{
    struct announced a;
    struct store_chain chain;
    struct xg_record r = {0};

    if (w->s->ops->get_chain(w->s, &chain, row->chain, w->err) != XG_OK)
        return w->err->status;
    if (!read_announced(&a, &r, row, &chain))
        return XG_OK;
    const struct xg_place place = {&chain.id, &row->previous, row->seq};
    if (judge_announced(&a, w, &r, &place) != XG_OK)
        return w->err->status;
    if (w->worker && strcmp(w->worker, a.worker) != 0)
        return XG_OK;
    return w->each(w->ctx, &a, w->err);
}

/* Oldest first. */
static enum xg_status walk_announced(struct walk *w)
{
    struct xg_arena arena = XG_ARENA(KEYS_BYTES);
    struct store_record *rows;
    size_t count = BARE_AT_ONCE;
    uint64_t after = 0;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count == BARE_AT_ONCE) {
        xg_arena_reset(&arena);
        status = w->s->ops->read_bare(w->s, &arena, &rows, &count, after,
                                      BARE_AT_ONCE, w->err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            after = rows[i].number;
            status = visit(w, &rows[i]);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status walk(struct cmd *c, const char *worker,
                           enum xg_status (*each)(void *ctx,
                                                  const struct announced *a,
                                                  struct xg_error *err),
                           void *ctx, struct xg_error *err)
{
    struct walk w = {.registry = registry_view(c->data->registry),
                     .worker = worker,
                     .err = err,
                     .each = each,
                     .ctx = ctx};

    if (data_borrow(c->data, &w.s, err) != XG_OK)
        return err->status;
    enum xg_status status = walk_announced(&w);
    data_return(c->data, w.s);
    return status;
}

static enum xg_status put_announced(void *ctx, const struct announced *a,
                                    struct xg_error *err)
{
    struct cmd *c = ctx;
    char fingerprint[XG_FINGERPRINT_SIZE], key[XG_BASE64_SIZE(32)];
    const char *state = a->registered ? "registered"
                        : a->holds    ? "announced"
                                      : "invalid";
    const char *label = a->registered ? XG_T("已登记", "registered")
                        : a->holds    ? XG_T("未登记", "not registered")
                                      : XG_T("无效", "invalid");

    xg_key_fingerprint(fingerprint, a->key);
    xg_base64(key, sizeof key, a->key, sizeof a->key);
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:s, s:s, s:s, s:s, s:s}", "worker",
                                      a->worker, "device", a->device, "key",
                                      key, "fingerprint", fingerprint, "state",
                                      state),
                            err);
    view_put_column(&c->out, xg_bytes_of(a->worker), 16);
    xg_buf_format(&c->out, " %s %s ", fingerprint, key);
    view_put_column(&c->out, xg_bytes_of(label), 16);
    xg_buf_format(&c->out, " %s\n", a->device);
    return XG_OK;
}

enum xg_status cmd_worker_keys(struct cmd *c, struct xg_error *err)
{
    return walk(c, c->arg_count > 1 ? c->args[1] : NULL, put_announced, c, err);
}

/* ---- registering one ---- */

/* The newest that holds; how many different ones there are beside it that are
 * not registered. */
struct choice {
    struct announced last;
    bool found, ambiguous;
};

static enum xg_status choose(void *ctx, const struct announced *a,
                             struct xg_error *err)
{
    struct choice *choice = ctx;

    (void)err;
    if (!a->holds || a->registered)
        return XG_OK;
    if (choice->found && strcmp(choice->last.device, a->device) != 0 &&
        memcmp(choice->last.key, a->key, sizeof a->key) != 0)
        choice->ambiguous = true;
    choice->last = *a;
    choice->found = true;
    return XG_OK;
}

static enum xg_status choose_announced(uint8_t key[static XG_PUBLIC_KEY_SIZE],
                                       struct cmd *c, struct xg_error *err)
{
    struct choice choice = {.found = false};

    if (walk(c, c->args[1], choose, &choice, err) != XG_OK)
        return err->status;
    if (!choice.found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 没有上报过未登记的公钥；先在其设备上 xunge pin "
                            "set 并同步",
                            "%s announced no key that is not registered: xunge "
                            "pin set on their device, then sync"),
                       c->args[1]);
    if (choice.ambiguous)
        return xg_fail(err, XG_AMBIGUOUS,
                       XG_T("不止一台设备为 %s 上报了公钥；用 worker keys "
                            "查看，与本人核对指纹，再写明是哪一把",
                            "more than one device announced a key of %s: see "
                            "worker keys, compare the fingerprint with them, "
                            "and say which"),
                       c->args[1]);
    memcpy(key, choice.last.key, XG_PUBLIC_KEY_SIZE);
    return XG_OK;
}

static enum xg_status read_key(uint8_t key[static XG_PUBLIC_KEY_SIZE],
                               struct cmd *c, struct xg_error *err)
{
    bool announced = cmd_option(c, "announced") != NULL;
    bool none = cmd_option(c, "none") != NULL, given = c->arg_count > 2;

    if (announced + none + given != 1)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("写公钥、--announced、--none 三者之一",
                            "one of: a key, --announced, --none"));
    memset(key, 0, XG_PUBLIC_KEY_SIZE);
    if (none)
        return XG_OK;
    if (announced)
        return choose_announced(key, c, err);
    if (!xg_unbase64_exact(key, XG_PUBLIC_KEY_SIZE, c->args[2],
                           strlen(c->args[2])) ||
        !crypto_core_ed25519_is_valid_point(key))
        return xg_fail(err, XG_USAGE,
                       XG_T("“%s”不是公钥（worker keys 列出）",
                            "'%s' is no public key (worker keys lists them)"),
                       c->args[2]);
    return XG_OK;
}

static enum xg_status put_key(struct cmd *c, const char *code,
                              const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                              bool none, struct xg_error *err)
{
    char fingerprint[XG_FINGERPRINT_SIZE] = "";

    if (!none)
        xg_key_fingerprint(fingerprint, key);
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:s, s:s?}", "worker", code,
                                      "fingerprint",
                                      none ? NULL : fingerprint),
                            err);
    if (none)
        xg_buf_format(&c->out, XG_T("%s 的钥匙已作废\n",
                                    "%s has no key any more\n"),
                      code);
    else
        xg_buf_format(&c->out,
                      XG_T("已登记 %s 的公钥，指纹 %s\n",
                           "registered the key of %s, fingerprint %s\n"),
                      code, fingerprint);
    cmd_say_waits(c);
    return XG_OK;
}

enum xg_status cmd_worker_key(struct cmd *c, struct xg_error *err)
{
    struct xg_statement s = {.kind = XG_SAYS_KEY}, worker;

    if (registry_person(c->data->registry, &worker, c->args[1], err) != XG_OK)
        return err->status;
    memcpy(s.subject, worker.subject, sizeof s.subject);
    if (read_key(s.key, c, err) != XG_OK ||
        registry_put(c->data->registry, &s, 1, err) != XG_OK)
        return err->status;
    return put_key(c, s.subject, s.key, cmd_option(c, "none") != NULL, err);
}

/* ---- operators ---- */

enum xg_status cmd_operator_key(struct cmd *c, struct xg_error *err)
{
    const char *code = c->args[1];
    struct xg_bytes rest = c->password, old = {NULL, 0};
    uint8_t key[XG_PUBLIC_KEY_SIZE] = {0};
    bool change = cmd_option(c, "change") != NULL;
    bool remove = cmd_option(c, "remove") != NULL;

    if (change && remove)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--change 与 --remove 只能写一个",
                            "--change or --remove, not both"));
    if (remove) {
        if (operator_key_remove(c->data, code, err) != XG_OK)
            return err->status;
        return put_key(c, code, key, true, err);
    }
    if (!change) {
        if (operator_key_make(c->data, key, code, rest, err) != XG_OK)
            return err->status;
        return put_key(c, code, key, false, err);
    }
    if (!xg_line(&rest, &old))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("要现在的口令和新口令，各一行",
                            "the present password and the new one, a line "
                            "each"));
    if (operator_key_change(c->data, code, old, rest, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:s, s:b}", "worker", code,
                                         "changed", 1),
                            err);
    xg_buf_format(&c->out, XG_T("%s 的口令已更改\n",
                                "the password of %s is changed\n"),
                  code);
    return XG_OK;
}
