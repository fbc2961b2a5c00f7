/* enrol.c - joining a server with a one-time code.
 *
 * And joining again: a device that was enrolled after the backup from which its
 * server was restored is unknown there. With a code, of that server or the one
 * that it used, it is enrolled anew with the key and the name that it has, by
 * which all is signed that it did. What the server lost is found and sent again
 * by the next sync, see successor.c. */
#include "agent/engine/inside.h"

#include <sodium.h>
#include <stdio.h>

#include "shared/base/lang.h"

#define META_CODE "sync.code" /* SHA-256 of the secret that is being used */

enum { CODE_SIZE = 2048 };

enum xg_status sync_read_code(struct xg_enrol_code *code, const char *word,
                              struct xg_error *err)
{
    char line[CODE_SIZE];

    if (strcmp(word, "-") == 0) {
        size_t len = fread(line, 1, sizeof line - 1, stdin);
        line[len] = '\0';
        word = line;
    }
    enum xg_status status = xg_enrol_code_parse(code, word, err);
    sodium_memzero(line, sizeof line);
    return status;
}

/* ---- on this device ---- */

/* Another log, the same registrar and person. */
static bool may_follow(const struct store_identity *id,
                       const struct xg_enrol_code *code)
{
    return strcmp(id->log.name, code->log.name) != 0 &&
           memcmp(id->registrar, code->registrar, sizeof id->registrar) == 0 &&
           (!*id->device || strcmp(id->worker, code->worker) == 0);
}

/* May this home take that code? *again: it took it before. */
static enum xg_status may_join(const struct store_identity *id,
                               const struct xg_enrol_code *code, bool again,
                               struct xg_error *err)
{
    if (!id->joined || again || may_follow(id, code))
        return XG_OK;
    if (*id->device)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这里已加入为 %s；要加入另一台，请用 --home 指定"
                            "另一个文件夹",
                            "this is already enrolled as %s; for another "
                            "device name another folder with --home"),
                       id->device);
    if (memcmp(&id->log, &code->log, sizeof id->log) != 0 ||
        memcmp(id->registrar, code->registrar, sizeof id->registrar) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这里已开始加入 %s，而入网码属于 %s；请用 --home "
                            "指定另一个文件夹",
                            "this began to join %s, the code is of %s; name "
                            "another folder with --home"),
                       id->log.name, code->log.name);
    return XG_OK;
}

static enum xg_status take_code(struct sync *y, const struct xg_hash *secret,
                                struct xg_error *err)
{
    const struct xg_enrol_code *code = y->code;
    struct store_identity id = y->id;
    struct xg_hash chain;
    bool first = !id.joined;

    id.joined = true;
    memcpy(id.url, code->url, sizeof id.url);
    id.has_pin = code->has_pin;
    memcpy(id.pin, code->pin, sizeof id.pin);
    if (!*id.device) /* a log that follows is taken over by a sync */
        id.log = code->log;
    memcpy(id.registrar, code->registrar, sizeof id.registrar);
    memcpy(id.worker, code->worker, sizeof id.worker);
    if (first)
        id.state = XG_DEVICE_PENDING;

    enum xg_status status = store_begin(y->store, err);
    if (status == XG_OK)
        status = store_put_identity(y->store, &id, err);
    if (status == XG_OK)
        status = store_put_meta(y->store, META_CODE,
                                xg_bytes(secret->b, sizeof secret->b), err);
    if (status == XG_OK && first)
        status = store_make_key(y->store, err);
    if (status == XG_OK && first)
        status = store_begin_chain(y->store, &chain, NULL, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status == XG_OK)
        y->id = id;
    return status;
}

static enum xg_status same_code(struct sync *y, bool *same,
                                const struct xg_hash *secret,
                                struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_HASH_SIZE);
    bool found;
    enum xg_status status =
        store_get_meta(y->store, &value, &found, META_CODE, err);

    *same = status == XG_OK && found &&
            xg_bytes_equal(xg_buf_bytes(&value),
                           xg_bytes(secret->b, sizeof secret->b));
    xg_buf_clear(&value);
    return status;
}

/* Requests are signed under the name that any new key has. */
static enum xg_status name_signer(struct sync *y, struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];
    int len = snprintf(name, sizeof name, "%s/new", y->code->log.name);

    if (len < 0 || (size_t)len >= sizeof name)
        return xg_fail(err, XG_USAGE, "the name of the log is too long: %s",
                       y->code->log.name);
    return store_signer(y->store, &y->signer, name, err);
}

/* Key, chain and the registrar's way into the vault, before anything goes
 * out: whatever is cut now, the same code goes on with the same key. */
enum xg_status sync_prepare_enrol(struct sync *y, struct xg_error *err)
{
    struct xg_hash secret;
    bool again;

    xg_secret_id(&secret, y->code->secret);
    if (store_get_identity(y->store, &y->id, err) != XG_OK ||
        same_code(y, &again, &secret, err) != XG_OK ||
        may_join(&y->id, y->code, again, err) != XG_OK)
        return err->status;
    /* First, as it refuses a registrar's key that is none. */
    if (vault_set_escrow(y->home->vault, y->code->registrar, err) != XG_OK)
        return err->status;
    if ((!again && take_code(y, &secret, err) != XG_OK) ||
        sync_notice_restore(&y->report->new_chain, y->home, err) != XG_OK)
        return err->status;
    return name_signer(y, err);
}

/* ---- the server's word ---- */

enum xg_status sync_put_enrol(struct sync *y, struct xg_buf *note,
                              const struct xg_hash *random,
                              struct xg_error *err)
{
    const uint8_t *key = y->signer.verifier.key;
    struct xg_enrol e = {.log = xg_bytes_of(y->code->log.name),
                         .random = *random};
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    size_t count;

    if (store_own_chains(y->store, y->chains, &count, err) != XG_OK)
        return err->status;
    if (count == 0)
        return xg_fail(err, XG_CORRUPT, "joined without a chain");
    xg_secret_id(&e.code, y->code->secret);
    xg_enrol_proof(&e.proof, y->code->secret, key);
    memcpy(e.key.b, key, sizeof e.key.b);
    e.chain = y->chains[0].chain;
    memcpy(e.device, y->id.device, sizeof e.device);
    xg_enrol_put(&text, &e);
    enum xg_status status = xg_note_sign_buf(note, &text, &y->signer, err);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status open_answer(struct sync *y, struct xg_enrolled *e,
                                  struct xg_bytes data,
                                  const struct xg_hash *random,
                                  struct xg_error *err)
{
    const struct xg_verifier *log = y->code ? &y->code->log : &y->id.log;
    const char *worker = y->code ? y->code->worker : y->id.worker;
    struct xg_note note;

    if (sync_open_note(y, &note, data, log, err) != XG_OK)
        return err->status;
    if (xg_enrolled_read(e, note.text, err) != XG_OK ||
        !xg_bytes_equal(e->log, xg_bytes_of(log->name)) ||
        !xg_hash_equal(&e->random, random))
        return sync_bad_answer(y, err);
    if (strcmp(e->worker, worker) != 0 ||
        (*y->id.device && strcmp(e->device, y->id.device) != 0))
        return xg_fail(
            err, XG_REFUSED,
            XG_T("服务器登记的是 %s（%s），与入网码不符；请联系管理员",
                 "the server enrolled %s of %s, which is not what "
                 "the code says; ask the operator"),
            e->device, e->worker);
    return XG_OK;
}

static enum xg_status keep(struct sync *y, const struct xg_enrolled *e,
                           struct xg_error *err)
{
    struct store_identity id = y->id;
    enum xg_status status = store_begin(y->store, err);

    if (!*id.device && y->code)
        id.log = y->code->log;
    memcpy(id.device, e->device, sizeof id.device);
    id.state = e->state;
    if (status == XG_OK)
        status = store_put_identity(y->store, &id, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status != XG_OK)
        return status;
    y->id = id;
    y->report->reached = true;
    y->report->state = id.state;
    snprintf(y->report->device, sizeof y->report->device, "%s", id.device);
    snprintf(y->report->worker, sizeof y->report->worker, "%s", id.worker);
    return XG_OK;
}

enum xg_status sync_take_enrolled(struct sync *y, struct xg_bytes data,
                                  const struct xg_hash *random,
                                  struct xg_error *err)
{
    struct xg_enrolled enrolled = {.state = XG_DEVICE_PENDING};

    if (open_answer(y, &enrolled, data, random, err) != XG_OK)
        return err->status;
    return keep(y, &enrolled, err);
}

static enum xg_status ask(struct sync *y, struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct xg_hash random = {{0}};

    y->other_log = false;
    xg_random(y->env, random.b, sizeof random.b);
    enum xg_status status = sync_put_enrol(y, &note, &random, err);
    if (status == XG_OK) {
        struct transport_request request = {
            .method = "POST", .path = "/v1/enrol", .body = xg_buf_bytes(&note)};
        status = sync_call(y, &request, err);
        if (status == XG_AUTH || status == XG_NOTFOUND || status == XG_FORMAT)
            status = err->status = XG_REFUSED;
    }
    if (status == XG_OK)
        status = sync_take_enrolled(y, xg_buf_bytes(&y->answer.body), &random,
                                    err);
    xg_buf_clear(&note);
    return status;
}

/* The code may be older than the log that answers. */
static enum xg_status enrol_once(struct sync *y, struct xg_error *err)
{
    enum xg_status status = ask(y, err);
    struct xg_error refused = *err;
    bool took = false;

    if (status != XG_REFUSED || !y->other_log)
        return status;
    *err = XG_ERROR_NONE;
    if (sync_follow_code(y, &took, err) != XG_OK)
        return err->status;
    if (!took) {
        *err = refused;
        return err->status;
    }
    return name_signer(y, err) == XG_OK ? ask(y, err) : err->status;
}

enum xg_status sync_enrol(struct home *home,
                          const struct xg_transport *transport,
                          const struct sync_host *host,
                          const struct sync_options *options,
                          const struct xg_enrol_code *code,
                          struct sync_report *report, struct xg_error *err)
{
    struct sync y = {.home = home,
                     .store = home->store,
                     .env = home->env,
                     .transport = transport,
                     .host = host,
                     .options = options,
                     .report = report,
                     .code = code,
                     .answer = {.body = XG_BUF(XG_NOTE_MAX)}};

    *report = (struct sync_report){.reached = false};
    pace_init(&report->pace);
    enum xg_status status = sync_prepare_enrol(&y, err);
    if (status == XG_OK)
        status = sync_persist(&y, enrol_once, err);
    sync_clear(&y);
    return status;
}
