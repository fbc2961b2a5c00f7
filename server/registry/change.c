/* change.c - whatever changes the registry: one note, one job. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/registry/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

enum { SMALL_ARENA = 4 << 20, FILES_ARENA = 64 << 20 };

enum xg_status change_refuse(struct change *c, const struct xg_error *why)
{
    c->answer = *why;
    return XG_OK;
}

enum xg_status change_say(struct change *c, const struct xg_statement *says,
                          struct xg_error *err)
{
    if (c->count == c->room) {
        size_t room = c->room * 2 + 8;
        struct store_statement *moved = realloc(c->list, room * sizeof *moved);
        if (!moved)
            return xg_fail_nomem(err);
        c->list = moved;
        c->room = room;
    }
    c->list[c->count] =
        (struct store_statement){.line = (uint32_t)c->count, .says = *says};
    c->count++;
    return XG_OK;
}

/* ---- from statements to a note in the log ---- */

enum xg_status registry_note_head(struct registry *r, struct store *store,
                                  struct xg_registry_note *head,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(SMALL_ARENA);
    struct store_registry_note *last;
    struct xg_checkpoint seen;
    struct store_counts counts;
    size_t count = 0;
    enum xg_status status = store->ops->get_counts(store, &counts, err);

    if (status == XG_OK && counts.registry_notes)
        status = store->ops->read_registry_notes(
            store, &arena, &last, &count, counts.registry_notes - 1, 1, err);
    if (status == XG_OK)
        status = ledger_published(r->ledger, &seen, NULL, err);
    if (status == XG_OK) {
        *head = (struct xg_registry_note){.number = counts.registry_notes + 1,
                                          .seen_size = seen.size,
                                          .seen_root = seen.root};
        if (count)
            head->previous = last[0].leaf;
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_statements(struct change *c, struct store *store,
                                     uint64_t position, struct xg_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct xg_statement *s = &c->list[i].says;
        struct store_device device = {.state = XG_DEVICE_ENROLLED};
        bool found = true;
        c->list[i].position = position;
        if (store->ops->put_statement(store, &c->list[i], err) != XG_OK)
            return err->status;
        if (s->kind == XG_SAYS_DEVICE) {
            memcpy(device.name, s->subject, sizeof device.name);
            memcpy(device.worker, s->owner, sizeof device.worker);
            memcpy(device.key, s->key, sizeof device.key);
        } else if (s->kind == XG_SAYS_REVOKE) {
            if (store->ops->find_device(store, &device, &found, s->subject,
                                        err) != XG_OK)
                return err->status;
            device.state = XG_DEVICE_REVOKED;
        } else {
            continue;
        }
        if (found && store->ops->put_device(store, &device, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

enum xg_status change_keep_note(struct change *c, struct ledger *l,
                                struct store *store, struct xg_bytes note,
                                uint64_t number, struct xg_error *err)
{
    struct store_registry_note row = {.number = number};

    if (ledger_append(l, &row.position, note, err) != XG_OK)
        return err->status;
    xg_tlog_leaf(&row.leaf, note.at, note.len);
    if (store->ops->put_registry_note(store, &row, err) != XG_OK ||
        put_statements(c, store, row.position, err) != XG_OK)
        return err->status;
    c->number = number;
    if (number == 1) {
        struct xg_hash name;
        registry_first_name(&name);
        if (store->ops->put_file(store, &name,
                                 xg_bytes(c->r->first_key, XG_PUBLIC_KEY_SIZE),
                                 err) != XG_OK)
            return err->status;
    }
    for (size_t i = 0; c->r->admit && i < c->count; i++)
        if (c->list[i].says.kind == XG_SAYS_ADMIT &&
            c->r->admit(c->r->admit_ctx, l, store, &c->list[i].says.batch,
                        row.position, err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status write_note(struct change *c, struct ledger *l,
                                 struct store *store, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX - 512), note = XG_BUF(XG_NOTE_MAX);
    struct xg_registry_note head;
    enum xg_status status = registry_note_head(c->r, store, &head, err);

    if (status == XG_OK) {
        xg_registry_note_begin(&text, &head);
        for (size_t i = 0; i < c->count; i++)
            xg_statement_put(&text, &c->list[i].says);
        status = xg_buf_check(&text, err);
    }
    if (status == XG_OK)
        status = c->r->registrar->sign(c->r->registrar->ctx, &note,
                                       xg_buf_bytes(&text), err);
    if (status == XG_OK)
        status = change_keep_note(c, l, store, xg_buf_bytes(&note),
                                  head.number, err);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status run_change(struct ledger_job *job, struct ledger *l,
                                 struct store *store, struct xg_error *err)
{
    struct change *c = (struct change *)job;

    c->count = c->number = 0;
    c->note = xg_bytes(NULL, 0);
    c->answer = XG_ERROR_NONE;
    if (c->r->stale && registry_load(c->r, err) != XG_OK)
        return err->status;
    if (c->compose(c, store, err) != XG_OK)
        return err->status;
    if (c->answer.status != XG_OK || c->count == 0)
        return XG_OK;
    if (c->note.len > 0)
        return change_keep_note(c, l, store, c->note, c->note_number, err);
    return registry_is_apart(c->r) ? registry_wait(c, store, err)
                                   : write_note(c, l, store, err);
}

static void settle_change(struct ledger_job *job, bool published)
{
    struct change *c = (struct change *)job;
    struct xg_error ignored = XG_ERROR_NONE;

    if (!published ||
        (c->number &&
         registry_take(c->r, c->number, c->list, c->count, &ignored) != XG_OK))
        c->r->stale = true;
    if (published && c->number && c->next) {
        registry_take_registrar(c->r, c->next);
        c->next = NULL;
    }
}

enum xg_status change_submit(struct change *c, struct xg_error *err)
{
    c->job = (struct ledger_job){
        .run = run_change, .settled = settle_change, .alone = true};
    c->answer = XG_ERROR_NONE;
    enum xg_status status = ledger_submit(c->r->ledger, &c->job, err);

    free(c->list);
    c->list = NULL;
    if (status == XG_OK && c->answer.status != XG_OK) {
        *err = c->answer;
        status = err->status;
    }
    return status;
}

static enum xg_status submit(struct registry *r,
                             enum xg_status (*compose)(struct change *,
                                                       struct store *,
                                                       struct xg_error *),
                             void *args, struct xg_error *err)
{
    struct change c = {.r = r, .compose = compose, .args = args};

    return change_submit(&c, err);
}

/* ---- statements as they are ---- */

struct put_args {
    const struct xg_statement *statements;
    size_t count;
};

static enum xg_status compose_put(struct change *c, struct store *store,
                                  struct xg_error *err)
{
    const struct put_args *a = c->args;

    (void)store;
    for (size_t i = 0; i < a->count; i++)
        if (change_say(c, &a->statements[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status registry_put(struct registry *r,
                            const struct xg_statement *statements, size_t count,
                            struct xg_error *err)
{
    struct put_args args = {statements, count};
    return submit(r, compose_put, &args, err);
}

enum xg_status registry_rotate(struct registry *r,
                               const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                               struct registrar *next, struct xg_error *err)
{
    struct xg_statement s = {.kind = XG_SAYS_REGISTRAR,
                             .subject = XG_SUBJECT_REGISTRAR};
    struct put_args args = {&s, 1};
    struct change c = {
        .r = r, .compose = compose_put, .args = &args, .next = next};

    memcpy(s.key, key, sizeof s.key);
    enum xg_status status = change_submit(&c, err);
    if (c.next)
        registrar_close(c.next); /* not taken over */
    return status;
}

/* ---- workers ---- */

struct worker_args {
    const char *code, *name, *unit;
    const struct xg_role *role;
};

static bool fits_code(const char *code)
{
    size_t len = strlen(code);

    if (len == 0 || len > XG_CODE_MAX || strcmp(code, "-") == 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)code[i] <= ' ' || code[i] == 0x7F)
            return false;
    return xg_utf8_valid((const uint8_t *)code, len);
}

/* Unit lines for the unit and all above it, as far as the registry does not
 * say the same already. *known false when neither knows the unit. */
static enum xg_status say_units(struct change *c, struct store *store,
                                const char *unit, bool *known,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(FILES_ARENA);
    struct xg_statement line = {.kind = XG_SAYS_UNIT};
    struct xg_territory territory;
    enum xg_status status =
        registry_territory(&territory, &arena, store, err);

    snprintf(line.subject, sizeof line.subject, "%s", unit);
    *known = false;
    for (int depth = 0; status == XG_OK && depth < XG_UNIT_DEPTH_MAX; depth++) {
        struct xg_statement now;
        uint64_t position;
        const struct xg_unit *listed =
            xg_territory_find(&territory, line.subject);
        bool found;
        status = registry_newest(c->r, &now, &position, &found, XG_SAYS_UNIT,
                                 line.subject, err);
        if (status != XG_OK || (!listed && !found))
            break;
        *known |= depth == 0;
        memcpy(line.unit, now.unit, found ? sizeof line.unit : 0);
        if (listed)
            snprintf(line.unit, sizeof line.unit, "%s", listed->parent);
        if (!found || strcmp(now.unit, line.unit) != 0)
            status = change_say(c, &line, err);
        if (!line.unit[0])
            break;
        snprintf(line.subject, sizeof line.subject, "%s", line.unit);
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status compose_worker(struct change *c, struct store *store,
                                     struct xg_error *err)
{
    const struct worker_args *a = c->args;
    struct xg_statement s = {.kind = XG_SAYS_WORKER, .role = a->role->number};
    struct xg_error why = XG_ERROR_NONE;
    bool known;

    if (say_units(c, store, a->unit, &known, err) != XG_OK)
        return err->status;
    if (!known) {
        xg_ignore(xg_fail(&why, XG_NOTFOUND,
                          XG_T("没有单位 %s；请先用 territory import 导入"
                               "区划，或检查编码",
                               "there is no unit %s; import the territory "
                               "first (territory import), or check the code"),
                          a->unit));
        return change_refuse(c, &why);
    }
    snprintf(s.subject, sizeof s.subject, "%s", a->code);
    snprintf(s.unit, sizeof s.unit, "%s", a->unit);
    if (change_say(c, &s, err) != XG_OK)
        return err->status;
    return a->name ? store->ops->put_person(store, a->code, a->name, err)
                   : XG_OK;
}

enum xg_status registry_add_worker(struct registry *r, const char *code,
                                   const char *name, const struct xg_role *role,
                                   const char *unit, struct xg_error *err)
{
    struct worker_args args = {code, name, unit, role};

    if (!fits_code(code) || strlen(code) > XG_AUTHOR_MAX || !fits_code(unit) ||
        strcmp(code, REGISTRY_SERVER) == 0 || role->number == XG_ROLE_SERVER ||
        (name && !store_fits_name(name)))
        return xg_fail(err, XG_USAGE,
                       XG_T("人员编码不超过 %d 字节、不含空格，也不能是 "
                            "server；平台这一角色不能给人；姓名是不超过 %d 字节的一行字",
                            "a worker's code has at most %d bytes and no "
                            "space, and is not \"server\", whose role is "
                            "nobody's; a name is one line of at most %d"),
                       XG_AUTHOR_MAX, STORE_NAME_MAX);
    return submit(r, compose_worker, &args, err);
}

/* ---- devices ---- */

struct enrol_args {
    char name[XG_KEY_NAME_MAX + 1];
    const uint8_t *key;
    const char *worker;
    const char *wish; /* "": a new name */
};

/* "<origin>/d/<number>", of a log before this one? */
static bool named_before(const struct ledger *l, const char *name)
{
    size_t count;
    const struct ledger_log *logs = ledger_logs(l, &count);

    for (size_t i = 0; i + 1 < count; i++) {
        char same[XG_KEY_NAME_MAX + 1];
        size_t len = strlen(logs[i].key.name);
        if (strncmp(name, logs[i].key.name, len) != 0 ||
            strncmp(name + len, "/d/", 3) != 0)
            continue;
        uint64_t code = strtoull(name + len + 3, NULL, 10);
        registry_device_name(same, logs[i].key.name, code);
        if (code > 0 && strcmp(name, same) == 0)
            return true;
    }
    return false;
}

enum xg_status registry_new_name(char name[static XG_KEY_NAME_MAX + 1],
                                 const char **refused, const struct ledger *l,
                                 struct store *store, const char *wish,
                                 struct xg_error *err)
{
    struct store_counts counts;
    struct store_device row;
    bool found = false;

    *refused = NULL;
    if (!*wish) {
        if (store->ops->get_counts(store, &counts, err) != XG_OK)
            return err->status;
        /* The server's own, 0000, is the first row. */
        registry_device_name(name, ledger_signer(l)->verifier.name,
                             counts.devices);
        return XG_OK;
    }
    if (store->ops->find_device(store, &row, &found, wish, err) != XG_OK)
        return err->status;
    if (found)
        *refused = XG_T("这个设备名已属于另一把密钥；请联系管理员",
                        "another key has that device's name; ask the operator");
    else if (!named_before(l, wish))
        *refused = XG_T("这个设备名不是本服务器丢失的那部分日志给出的",
                        "that device's name was not given by a log whose end "
                        "this server lost");
    else
        snprintf(name, XG_KEY_NAME_MAX + 1, "%s", wish);
    return XG_OK;
}

/* The name that the key has already, or "". */
static enum xg_status name_of_key(char name[static XG_KEY_NAME_MAX + 1],
                                  struct store *store, const uint8_t *key,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(FILES_ARENA);
    struct store_device *devices;
    size_t count;
    enum xg_status status =
        store->ops->read_devices(store, &arena, &devices, &count, err);

    name[0] = '\0';
    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (memcmp(devices[i].key, key, XG_PUBLIC_KEY_SIZE) == 0)
            memcpy(name, devices[i].name, sizeof devices[i].name);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status enrol_in(struct change *c, struct store *store,
                               struct enrol_args *a, struct xg_error *err)
{
    struct xg_statement s = {.kind = XG_SAYS_DEVICE};
    struct xg_error why = XG_ERROR_NONE;
    const char *refused;
    bool found;

    if (registry_known(c->r, &found, store, XG_SAYS_WORKER, a->worker, err) !=
        XG_OK)
        return err->status;
    if (!found) {
        xg_ignore(xg_fail(&why, XG_NOTFOUND,
                          XG_T("没有人员 %s", "there is no worker %s"),
                          a->worker));
        return change_refuse(c, &why);
    }
    if (name_of_key(a->name, store, a->key, err) != XG_OK)
        return err->status;
    if (a->name[0])
        return XG_OK;
    if (registry_new_name(a->name, &refused, c->r->ledger, store, a->wish,
                          err) != XG_OK)
        return err->status;
    if (refused) {
        xg_ignore(xg_fail(&why, XG_AUTH, "%s", refused));
        return change_refuse(c, &why);
    }
    memcpy(s.subject, a->name, sizeof a->name);
    snprintf(s.owner, sizeof s.owner, "%s", a->worker);
    memcpy(s.key, a->key, sizeof s.key);
    return change_say(c, &s, err);
}

static enum xg_status compose_enrol(struct change *c, struct store *store,
                                    struct xg_error *err)
{
    return enrol_in(c, store, c->args, err);
}

enum xg_status registry_enrol(struct registry *r,
                              char name[static XG_KEY_NAME_MAX + 1],
                              const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                              const char *worker, struct xg_error *err)
{
    struct enrol_args args = {.key = key, .worker = worker, .wish = ""};

    if (submit(r, compose_enrol, &args, err) != XG_OK)
        return err->status;
    memcpy(name, args.name, sizeof args.name);
    return XG_OK;
}

/* A cut at the end of every branch that we hold. */
enum xg_status change_say_cuts(struct change *c, struct store *store,
                               const char *device, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(FILES_ARENA);
    struct store_chain *chains;
    struct store_branch *branches;
    size_t count, branch_count;
    enum xg_status status =
        store->ops->read_chains(store, &arena, &chains, &count, device, err);

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        const struct store_branch *longest = NULL;
        struct xg_statement s = {.kind = XG_SAYS_CUT, .chain = chains[i].id};
        status = store->ops->read_branches(
            store, &arena, &branches, &branch_count, chains[i].number, err);
        for (size_t b = 0; status == XG_OK && b < branch_count; b++)
            if (!longest || branches[b].next > longest->next)
                longest = &branches[b];
        if (status != XG_OK || !longest)
            break;
        s.next_seq = longest->next;
        s.last = longest->last;
        xg_base64(s.subject, sizeof s.subject, s.chain.b, XG_HASH_SIZE);
        status = change_say(c, &s, err);
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status compose_revoke(struct change *c, struct store *store,
                                     struct xg_error *err)
{
    const char *device = c->args;
    struct xg_statement s = {.kind = XG_SAYS_REVOKE}, enrolled;
    struct xg_error why = XG_ERROR_NONE;
    uint64_t position;
    bool found, revoked;

    registry_enrolment(c->r, &enrolled, &position, &found, device);
    if (registry_revoked(c->r, &revoked, device, UINT64_MAX, err) != XG_OK)
        return err->status;
    if (!found) {
        xg_ignore(xg_fail(&why, XG_NOTFOUND,
                          XG_T("没有设备 %s", "there is no device %s"),
                          device));
        return change_refuse(c, &why);
    }
    if (revoked)
        return XG_OK;
    snprintf(s.subject, sizeof s.subject, "%s", device);
    if (change_say(c, &s, err) != XG_OK)
        return err->status;
    /* One that waits is cut when the registrar is asked. */
    return registry_is_apart(c->r) ? XG_OK
                                   : change_say_cuts(c, store, device, err);
}

enum xg_status registry_revoke(struct registry *r, const char *device,
                               struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];

    if (strlen(device) > XG_KEY_NAME_MAX)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有这个设备", "there is no such device"));
    snprintf(name, sizeof name, "%s", device);
    return submit(r, compose_revoke, name, err);
}

/* ---- one-time codes ---- */

struct code_args {
    struct store_code code;
    bool unknown;
};

static enum xg_status compose_code(struct change *c, struct store *store,
                                   struct xg_error *err)
{
    struct code_args *a = c->args;
    struct xg_error why = XG_ERROR_NONE;
    bool found;

    if (registry_known(c->r, &found, store, XG_SAYS_WORKER, a->code.worker,
                       err) != XG_OK)
        return err->status;
    if (!found) {
        xg_ignore(xg_fail(&why, XG_NOTFOUND,
                          XG_T("没有人员 %s；请先用 worker add 添加",
                               "there is no worker %s; add them first (worker "
                               "add)"),
                          a->code.worker));
        return change_refuse(c, &why);
    }
    return store->ops->put_code(store, &a->code, err);
}

enum xg_status registry_make_code(struct registry *r,
                                  uint8_t secret[static XG_SECRET_SIZE],
                                  const char *worker, int64_t expires_ms,
                                  const struct xg_env *env,
                                  struct xg_error *err)
{
    struct code_args args = {.code = {.expires_ms = expires_ms}};
    enum xg_status status;

    if (strlen(worker) > XG_CODE_MAX)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有这个人员", "there is no such worker"));
    snprintf(args.code.worker, sizeof args.code.worker, "%s", worker);
    xg_random(env, args.code.secret, sizeof args.code.secret);
    xg_secret_id(&args.code.id, args.code.secret);
    status = submit(r, compose_code, &args, err);
    if (status == XG_OK)
        memcpy(secret, args.code.secret, XG_SECRET_SIZE);
    sodium_memzero(&args, sizeof args);
    return status;
}

struct use_args {
    const struct xg_enrol *enrol;
    int64_t now_ms;
    char device[XG_KEY_NAME_MAX + 1], worker[XG_CODE_MAX + 1];
};

/* NULL, or why the code cannot be used; *used: by this very key before. */
static const char *judge_code(const struct store_code *code,
                              const struct use_args *a, bool *used)
{
    struct xg_hash proof;

    *used = code->used;
    if (code->used)
        return memcmp(code->key, a->enrol->key.b, XG_PUBLIC_KEY_SIZE) == 0
                   ? NULL
                   : XG_T("此入网码已被另一台设备用过；请向指挥中心另要一个",
                          "another device has used this one-time code; ask "
                          "the centre for a new one");
    xg_enrol_proof(&proof, code->secret, a->enrol->key.b);
    if (sodium_memcmp(proof.b, a->enrol->proof.b, XG_HASH_SIZE) != 0)
        return XG_T("入网码不对；请核对后重输",
                    "the one-time code is not right; check it and try again");
    if (a->now_ms > code->expires_ms)
        return XG_T("此入网码已过期；请向指挥中心另要一个",
                    "this one-time code has run out; ask the centre for a new "
                    "one");
    return NULL;
}

static enum xg_status compose_use(struct change *c, struct store *store,
                                  struct xg_error *err)
{
    struct use_args *a = c->args;
    struct store_code code;
    struct enrol_args enrol = {.key = a->enrol->key.b,
                               .wish = a->enrol->device};
    struct xg_error why = XG_ERROR_NONE;
    const char *bad = NULL;
    bool found, used = false;

    if (store->ops->find_code(store, &code, &found, &a->enrol->code, err) !=
        XG_OK)
        return err->status;
    if (!found)
        bad = XG_T("没有这个入网码；请核对后重输",
                   "there is no such one-time code; check it and try again");
    else
        bad = judge_code(&code, a, &used);
    if (bad) {
        xg_ignore(xg_fail(&why, XG_AUTH, "%s", bad));
        return change_refuse(c, &why);
    }
    memcpy(a->worker, code.worker, sizeof a->worker);
    if (used) {
        memcpy(a->device, code.device, sizeof a->device);
        return XG_OK;
    }
    enrol.worker = code.worker;
    if (enrol_in(c, store, &enrol, err) != XG_OK)
        return err->status;
    if (c->answer.status != XG_OK)
        return XG_OK;
    memcpy(a->device, enrol.name, sizeof a->device);
    memcpy(code.device, enrol.name, sizeof code.device);
    memcpy(code.key, a->enrol->key.b, sizeof code.key);
    sodium_memzero(code.secret, sizeof code.secret);
    code.used = true;
    return store->ops->put_code(store, &code, err);
}

enum xg_status registry_use_code(struct registry *r, struct xg_enrolled *out,
                                 const struct xg_enrol *e, int64_t now_ms,
                                 struct xg_error *err)
{
    struct use_args args = {.enrol = e, .now_ms = now_ms};
    bool revoked = false;

    if (submit(r, compose_use, &args, err) != XG_OK ||
        registry_revoked(r, &revoked, args.device, UINT64_MAX, err) != XG_OK)
        return err->status;
    *out = (struct xg_enrolled){
        .log = xg_bytes_of(ledger_signer(r->ledger)->verifier.name),
        .random = e->random,
        .state = revoked ? XG_DEVICE_REVOKED : XG_DEVICE_ENROLLED,
    };
    memcpy(out->device, args.device, sizeof out->device);
    memcpy(out->worker, args.worker, sizeof out->worker);
    return XG_OK;
}

/* ---- reference data ---- */

struct reference_job {
    struct ledger_job job;
    struct xg_reference says;
    struct xg_bytes content;
};

static enum xg_status run_reference(struct ledger_job *job, struct ledger *l,
                                    struct store *store, struct xg_error *err)
{
    struct reference_job *j = (struct reference_job *)job;
    struct xg_arena arena = XG_ARENA(SMALL_ARENA);
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct store_reference row = {.says = j->says}, *all;
    size_t count;
    bool there = false;
    enum xg_status status =
        store->ops->read_references(store, &arena, &all, &count, err);

    /* The newest of that edition counts: to go back to an earlier file is a
     * change. */
    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (strcmp(all[i].says.kind, j->says.kind) == 0 &&
            strcmp(all[i].says.edition, j->says.edition) == 0)
            there = xg_hash_equal(&all[i].says.file, &j->says.file);
    if (status == XG_OK && !there) {
        xg_reference_put(&text, &j->says);
        status = xg_buf_check(&text, err);
        if (status == XG_OK)
            status =
                ledger_append_text(l, &row.position, xg_buf_bytes(&text), err);
        if (status == XG_OK)
            status =
                store->ops->put_file(store, &j->says.file, j->content, err);
        if (status == XG_OK)
            status = store->ops->put_reference(store, &row, err);
    }
    xg_buf_clear(&text);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status registry_put_reference(struct registry *r,
                                      struct xg_reference *out,
                                      const char *kind, const char *edition,
                                      struct xg_bytes content,
                                      struct xg_error *err)
{
    struct reference_job j = {.job = {.run = run_reference},
                              .content = content};

    if (!fits_code(kind) || !fits_code(edition))
        return xg_fail(err, XG_USAGE,
                       XG_T("种类和版本不超过 %d 字节，不含空格",
                            "kind and edition have at most %d bytes and no "
                            "space"),
                       XG_CODE_MAX);
    if (content.len > REFERENCE_FILE_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("文件超过 %d MiB", "the file is over %d MiB"),
                       REFERENCE_FILE_MAX >> 20);
    snprintf(j.says.kind, sizeof j.says.kind, "%s", kind);
    snprintf(j.says.edition, sizeof j.says.edition, "%s", edition);
    crypto_hash_sha256(j.says.file.b, content.at, content.len);
    j.says.length = content.len;
    if (ledger_submit(r->ledger, &j.job, err) != XG_OK)
        return err->status;
    *out = j.says;
    return XG_OK;
}
