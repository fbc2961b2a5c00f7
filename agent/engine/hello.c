/* hello.c - who answers, which log it shows, and what is new in the
 * registry. */
#include "agent/engine/inside.h"

#include <inttypes.h>
#include <sodium.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/schema.h"
#include "shared/core/witness.h"

/* Of XG_REGISTRY_NEWS_MAX notes each: more than any registry has, and an end to
 * one that grows faster than it is told. */
enum { HELLO_ROUNDS = 4096 };

/* The answer, taken apart: frames. */
struct frames {
    struct xg_bytes welcome, proof, checkpoint, rest;
};

/* ---- asking ---- */

/* A server whose log is shorter than what we state does not answer. Stating
 * nothing has it sign what it holds: that is the evidence. The same while an
 * alarm stands, so that work can still be handed over. */
static uint64_t size_to_state(const struct sync *y)
{
    return y->alarm || y->behind ? 0 : y->held.size;
}

/* What is held continues everything that was held, and so cosigned, before, or
 * it would not be; and it is durable. So the device says so. */
enum xg_status sync_put_hello(struct sync *y, struct xg_buf *note,
                              const struct xg_hash *random,
                              struct xg_error *err)
{
    struct xg_hello h = {.log = xg_bytes_of(y->id.log.name),
                         .size = size_to_state(y),
                         .root = y->held.root,
                         .schema = XG_SCHEMA_VERSION,
                         .random = *random,
                         .chain_count = y->chain_count};
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct xg_hash leaf;

    if (store_registry_newest(y->store, &h.registry, &leaf, err) != XG_OK)
        return err->status;
    if (h.size == 0)
        xg_tlog_root(&h.root, NULL, 0);
    else if (xg_device_cosign(h.cosignature, &y->held, &y->signer, err) !=
             XG_OK)
        return err->status;
    h.cosigned = h.size > 0;
    for (size_t i = 0; i < y->chain_count; i++)
        h.chains[i] = (struct xg_chain_tip){.chain = y->chains[i].chain,
                                            .last = y->chains[i].last,
                                            .next = y->chains[i].next};
    xg_hello_put(&text, &h);
    enum xg_status status = xg_note_sign_buf(note, &text, &y->signer, err);
    xg_buf_clear(&text);
    return status;
}

/* ---- is it an answer to us? ---- */

/* `random` NULL: whom it answers is for the caller to see. */
static enum xg_status open_welcome(struct sync *y, struct frames *f,
                                   struct xg_bytes answer,
                                   const struct xg_hash *random,
                                   struct xg_error *err)
{
    struct xg_note note;
    struct xg_welcome *w = &y->welcome;

    f->rest = answer;
    if (!xg_frame_next(&f->rest, &f->welcome) ||
        !xg_frame_next(&f->rest, &f->proof) ||
        !xg_frame_next(&f->rest, &f->checkpoint))
        return sync_bad_answer(y, err);
    if (sync_open_note(y, &note, f->welcome, &y->id.log, err) != XG_OK)
        return err->status;
    if (xg_welcome_read(w, note.text, err) != XG_OK ||
        !xg_bytes_equal(w->log, xg_bytes_of(y->id.log.name)) ||
        (random && !xg_hash_equal(&w->random, random)))
        return sync_bad_answer(y, err);
    w->log = xg_bytes(NULL, 0);
    if (strcmp(w->device, y->id.device) != 0)
        return xg_fail(err, XG_REFUSED,
                       XG_T("服务器把本机当作 %s，而本机是 %s；请联系管理员",
                            "the server takes this device for %s, but it is "
                            "%s; ask the operator"),
                       w->device, y->id.device);
    y->report->reached = true;
    y->report->state = w->state;
    y->report->orders = w->order_count;
    return XG_OK;
}

/* What counts only for an answer that comes at once: session, time. */
static void take_session(struct sync *y)
{
    const struct xg_welcome *w = &y->welcome;

    xg_base64(y->bearer, sizeof y->bearer, w->token.b, sizeof w->token.b);
    y->report->clock_ahead_ms =
        w->time_ms > INT64_MAX
            ? 0
            : xg_wall_ms(y->env) / 2 - (int64_t)(w->time_ms / 2);
    if (y->report->clock_ahead_ms < INT64_MAX / 2 &&
        y->report->clock_ahead_ms > INT64_MIN / 2)
        y->report->clock_ahead_ms *= 2;
}

/* ---- the log that it shows ---- */

/* Keep both checkpoints, and the note that binds the second to our random. */
static enum xg_status keep_evidence(struct sync *y, const struct frames *f,
                                    struct xg_error *err)
{
    char path[HOME_PATH_SIZE];
    struct xg_checkpoint held;
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    bool found;
    enum xg_status status = home_file(path, y->home->path, "alarm/shown", err);

    if (status == XG_OK && xg_os_exists(path)) {
        xg_buf_clear(&note); /* of the first; a later one does not replace it */
        return XG_OK;
    }
    if (status == XG_OK)
        status = home_file(path, y->home->path, "alarm", err);
    if (status == XG_OK)
        status = xg_os_mkdir(path, err);
    if (status == XG_OK)
        status = store_get_checkpoint(y->store, &held, &note, &found, err);
    if (status == XG_OK)
        status = home_file(path, y->home->path, "alarm/held", err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, xg_buf_bytes(&note), err);
    if (status == XG_OK)
        status = home_file(path, y->home->path, "alarm/welcome", err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, f->welcome, err);
    if (status == XG_OK)
        status = home_file(path, y->home->path, "alarm/shown", err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, f->checkpoint, err);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status raise_alarm(struct sync *y, const struct frames *f,
                                  const char *what, struct xg_error *err)
{
    if (keep_evidence(y, f, err) != XG_OK)
        return err->status;
    y->alarm = true;
    xg_fail(&y->alarm_error, XG_ALARM,
            XG_T("警报：服务器的日志与本机此前核验的不一致（%s；此前 %" PRIu64
                 "，现在 %" PRIu64
                 "）。请马上告诉指挥中心管理员，不要清空设备。证据在 %s/alarm/"
                 "；此后只上传，不再采信，直到管理员查清后移走该文件夹",
                 "alarm: the server's log does not continue the one that was "
                 "verified before (%s; %" PRIu64 " then, %" PRIu64
                 " now). Tell the administrator of the command centre at "
                 "once, and do not wipe this device. The evidence is in "
                 "%s/alarm/; from now on work is only handed over and nothing "
                 "believed, until the administrator has judged it and moved "
                 "that folder away"),
            what, y->held.size, y->welcome.size, y->home->path);
    return XG_OK;
}

enum xg_status sync_load_alarm(struct sync *y, struct xg_error *err)
{
    char path[HOME_PATH_SIZE];

    if (home_file(path, y->home->path, "alarm/shown", err) != XG_OK)
        return err->status;
    y->alarm = xg_os_exists(path);
    if (y->alarm && sync_settle_alarm(y, err) != XG_OK)
        return err->status;
    if (y->alarm)
        xg_fail(&y->alarm_error, XG_ALARM,
                XG_T("警报未解除：服务器的日志曾与本机核验的不一致。请马上告诉"
                     "指挥中心管理员，不要清空设备。证据在 %s/alarm/；此后只"
                     "上传，不再采信，直到管理员查清后移走该文件夹",
                     "the alarm stands: the server's log did not continue the "
                     "one that was verified. Tell the administrator of the "
                     "command centre at once, and do not wipe this device. "
                     "The evidence is in %s/alarm/; work is only handed over "
                     "and nothing believed, until the administrator has "
                     "judged it and moved that folder away"),
                y->home->path);
    return XG_OK;
}

/* The checkpoint that the answer shows: the held one goes without its note. */
static bool read_shown(const struct sync *y, struct xg_checkpoint *shown,
                       const struct frames *f, struct xg_error *err)
{
    const struct xg_welcome *w = &y->welcome;

    *shown = y->held;
    if ((f->checkpoint.len > 0 || y->held.size == 0) &&
        xg_checkpoint_open(shown, f->checkpoint.at, f->checkpoint.len,
                           &y->id.log, err) != XG_OK)
        return false;
    return shown->size == w->size && xg_hash_equal(&shown->root, &w->root);
}

/* The checkpoint against the held one. What the log has signed can prove an
 * alarm by itself; the proof between the two is not signed, so one that fails
 * is asked for a second time first. */
static enum xg_status judge_log(struct sync *y, const struct frames *f,
                                struct xg_error *err)
{
    struct xg_checkpoint shown;
    struct xg_proof proof;

    if (!read_shown(y, &shown, f, err))
        return sync_bad_answer(y, err);
    if (shown.size < y->held.size)
        return raise_alarm(y, f, XG_T("变短了", "it is shorter"), err);
    if (shown.size == y->held.size &&
        !xg_hash_equal(&shown.root, &y->held.root) && shown.size > 0)
        return raise_alarm(y, f, XG_T("内容不同", "its content differs"), err);
    if (y->behind) /* it is long enough after all: ask as usual next time */
        return sync_bad_answer(y, err);
    if (xg_proof_read(&proof, f->proof, err) == XG_OK &&
        xg_verify_consistency(&proof, y->held.size, shown.size, &y->held.root,
                              &shown.root, err) == XG_OK)
        return XG_OK;
    if (y->doubted_log)
        return raise_alarm(y, f, XG_T("没有成立的证明", "no proof of it holds"),
                           err);
    y->doubted_log = true;
    return sync_bad_answer(y, err);
}

/* ---- news of the registry ---- */

/* Signed by another: the frames are not signed, so it is asked for a second
 * time before anybody is accused. */
static enum xg_status not_the_registrar(struct sync *y, uint64_t position,
                                        struct xg_error *err)
{
    struct xg_error why = *err;
    bool again = !y->doubted_registry;

    y->doubted_registry = true;
    return xg_fail(err, again ? XG_NET : XG_REFUSED,
                   XG_T("日志第 %" PRIu64 " 条：%s；请联系管理员",
                        "log entry %" PRIu64 ": %s; ask the operator"),
                   position, xg_error_text(&why));
}

static enum xg_status put_registry_note(struct sync *y,
                                        struct store_registry_end *end,
                                        uint64_t position,
                                        struct xg_bytes data,
                                        struct xg_error *err)
{
    if (position >= y->welcome.size)
        return sync_bad_answer(y, err);
    enum xg_status status =
        store_put_registry_note(y->store, end, position, data, err);
    if (status == XG_FORMAT || status == XG_GAP || status == XG_TOOBIG)
        return sync_bad_answer(y, err); /* damaged on its way, for all we know */
    return status == XG_AUTH ? not_the_registrar(y, position, err) : status;
}

/* All notes are here, one of them enrolled this device: the registrar whom it
 * knows must have signed one. */
static enum xg_status check_proven(struct sync *y,
                                   const struct store_registry_end *end,
                                   struct xg_error *err)
{
    const struct xg_welcome *w = &y->welcome;

    if (end->proven || end->number < w->registry || end->number == 0 ||
        w->state == XG_DEVICE_PENDING)
        return XG_OK;
    xg_fail(err, XG_AUTH,
            XG_T("登记簿没有一条是由入网码上的登记员签名的",
                 "no note of the registry is signed by the registrar of this "
                 "device's one-time code"));
    return not_the_registrar(y, w->size, err);
}

/* The key under which the vault can be recovered is the registrar's in force.
 */
static enum xg_status follow_registrar(struct sync *y,
                                       const struct store_registry_end *end,
                                       struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;

    if (memcmp(end->registrar, y->id.registrar, sizeof end->registrar) == 0 ||
        vault_check_escrow(y->home->vault, end->registrar, &ignored) == XG_OK)
        return XG_OK;
    return vault_set_escrow(y->home->vault, end->registrar, err);
}

/* `whole`: nothing of it is left to be asked for. */
static enum xg_status put_registry(struct sync *y, bool *whole,
                                   struct xg_bytes rest, struct xg_error *err)
{
    struct store_registry_end end;
    struct xg_bytes frame;

    if (store_registry_end(y->store, &end, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < y->welcome.note_count; i++) {
        if (!xg_frame_next(&rest, &frame))
            return sync_bad_answer(y, err);
        enum xg_status status =
            put_registry_note(y, &end, y->welcome.notes[i], frame, err);
        if (status == XG_GAP || status == XG_FORMAT)
            return xg_wrap(err, XG_T("登记册", "registry"));
        if (status != XG_OK)
            return status;
    }
    if (rest.len != 0)
        return sync_bad_answer(y, err);
    if (check_proven(y, &end, err) != XG_OK)
        return err->status;
    *whole = end.number >= y->welcome.registry;
    return y->welcome.note_count ? follow_registrar(y, &end, err) : XG_OK;
}

/* What does not follow on notes that nothing proves: those were wrong. */
static enum xg_status forget_unproven(struct sync *y, struct xg_error *err)
{
    enum xg_status status = store_begin(y->store, err);

    if (status == XG_OK)
        status = store_forget_unproven_registry(y->store, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    return status;
}

/* ---- believing it ---- */

static uint64_t not_negative(int64_t ms)
{
    return ms > 0 ? (uint64_t)ms : 0;
}

/* Everything that the answer brought, in one transaction. */
static enum xg_status keep(struct sync *y, const struct frames *f,
                           struct xg_error *err)
{
    const struct xg_welcome *w = &y->welcome;
    struct store_identity id = y->id;
    bool whole = false;
    enum xg_status status = store_begin(y->store, err);

    id.state = w->state;
    if (status == XG_OK && id.state != y->id.state)
        status = store_put_identity(y->store, &id, err);
    if (status == XG_OK)
        status = put_registry(y, &whole, f->rest, err);
    if (status == XG_OK && w->size > y->held.size)
        status = store_put_checkpoint(y->store, f->checkpoint, err);
    if (status == XG_OK && whole)
        status = store_put_known(y->store, err);
    /* How old a bundle is nobody knows: it sets no clock. */
    if (status == XG_OK && !y->part && w->time_ms <= INT64_MAX)
        status =
            store_put_meta_u64(y->store, SYNC_META_SERVER, w->time_ms, err);
    if (status == XG_OK)
        status = store_put_meta_u64(y->store, SYNC_META_BACKUP,
                                    w->backup < w->size ? w->backup : w->size,
                                    err);
    if (status == XG_OK && !y->part)
        status = store_put_meta_u64(y->store, SYNC_META_TOLD,
                                    not_negative(xg_wall_ms(y->env)), err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status != XG_OK) {
        struct xg_error ignored = XG_ERROR_NONE;
        xg_ignore(forget_unproven(y, &ignored));
        return status;
    }

    y->id = id;
    y->held = (struct xg_checkpoint){.size = w->size, .root = w->root};
    memcpy(y->held.origin, y->id.log.name, sizeof y->id.log.name);
    y->report->log_size = w->size;
    y->report->registry_notes += w->note_count;
    if (w->note_count > 0)
        sync_progress(y);
    return XG_OK;
}

/* ---- shown by a bundle ---- */

static enum xg_status no_proof(const struct sync *y, struct xg_error *err)
{
    *err = XG_ERROR_NONE;
    return xg_fail(err, XG_GAP,
                   XG_T("数据包接不上：里面没有从日志第 %" PRIu64
                        " 条起的证明；请在本机重新 xunge bundle write，再取"
                        "回应",
                        "the bundle does not follow on: it has no proof from "
                        "log size %" PRIu64 " on; write a new bundle here "
                        "first, and bring its answer"),
                   y->held.size);
}

/* Does what is shown continue what is held? Nobody can be asked for a proof: it
 * is computed from the log's own nodes. They are not signed, but what they make
 * of the held size is bound by the shown root, which is; so nodes that are
 * damaged are told from a log that is another one. */
static enum xg_status prove_shown(struct sync *y, bool *continues,
                                  const struct xg_checkpoint *shown,
                                  const struct xg_node_reader *nodes,
                                  struct xg_error *err)
{
    struct xg_proof proof = {.count = 0};
    struct xg_tree tree;
    struct xg_hash root;
    enum xg_status status = xg_prove_consistency(&proof, y->held.size,
                                                 shown->size, nodes, err);

    if (status == XG_OK)
        status = xg_tree_load(&tree, y->held.size, nodes, err);
    if (status != XG_OK)
        return status == XG_NOTFOUND ? no_proof(y, err) : status;
    xg_tree_root(&root, &tree);
    if (xg_verify_consistency(&proof, y->held.size, shown->size, &root,
                              &shown->root, err) != XG_OK)
        return sync_bad_answer(y, err);
    *continues = xg_hash_equal(&root, &y->held.root);
    return XG_OK;
}

static enum xg_status judge_shown(struct sync *y, const struct frames *f,
                                  const struct xg_node_reader *nodes,
                                  struct xg_error *err)
{
    struct xg_checkpoint shown;
    const struct xg_welcome *w = &y->welcome;
    bool continues = true;

    if (xg_checkpoint_open(&shown, f->checkpoint.at, f->checkpoint.len,
                           &y->id.log, err) != XG_OK ||
        shown.size != w->size || !xg_hash_equal(&shown.root, &w->root))
        return sync_bad_answer(y, err);
    if (shown.size == y->held.size && shown.size > 0 &&
        !xg_hash_equal(&shown.root, &y->held.root))
        return raise_alarm(y, f, XG_T("内容不同", "its content differs"), err);
    if (y->held.size == 0 || shown.size == y->held.size)
        return XG_OK;
    if (prove_shown(y, &continues, &shown, nodes, err) != XG_OK)
        return err->status;
    return continues ? XG_OK
                     : raise_alarm(y, f,
                                   XG_T("不是原来那份的延续",
                                        "it is another log than before"),
                                   err);
}

static size_t find_asked(const struct sync_shown *shown,
                         const struct xg_hash *random)
{
    size_t i = 0;

    while (i < shown->asked_count &&
           !xg_hash_equal(&shown->asked[i].random, random))
        i++;
    return i;
}

enum xg_status sync_take_welcome(struct sync *y, bool *old, size_t *answers,
                                 const struct sync_shown *shown,
                                 struct xg_error *err)
{
    struct frames f = {.rest = {NULL, 0}};
    const struct xg_welcome *w = &y->welcome;

    *old = false;
    if (open_welcome(y, &f, shown->frames, NULL, err) != XG_OK)
        return err->status;
    *answers = find_asked(shown, &w->random);
    if (w->size < y->held.size) {
        /* An answer to a hello is younger than that: shorter than what it
         * stated, it is an alarm. */
        *old = *answers == shown->asked_count ||
               w->size >= shown->asked[*answers].size;
        return *old ? XG_OK
                    : raise_alarm(y, &f, XG_T("变短了", "it is shorter"), err);
    }
    if (judge_shown(y, &f, shown->nodes, err) != XG_OK)
        return err->status;
    return y->alarm ? XG_OK : keep(y, &f, err);
}

/* One hello, and who answers; the frames are in y->answer. */
static enum xg_status ask(struct sync *y, struct frames *frames,
                          struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct xg_hash random = {{0}};

    xg_random(y->env, random.b, sizeof random.b);
    enum xg_status status = sync_put_hello(y, &note, &random, err);
    if (status == XG_OK) {
        struct transport_request request = {
            .method = "POST", .path = "/v1/hello", .body = xg_buf_bytes(&note)};
        status = sync_call(y, &request, err);
    }
    if (status == XG_OK)
        status = open_welcome(y, frames, xg_buf_bytes(&y->answer.body), &random,
                              err);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status hello_once(struct sync *y, struct xg_error *err)
{
    struct frames frames = {.rest = {NULL, 0}};
    enum xg_status status;

    y->other_log = false;
    status = ask(y, &frames, err);
    if (status == XG_OK)
        take_session(y);
    if (status == XG_OK && !y->alarm)
        status = judge_log(y, &frames, err);
    if (status == XG_OK && !y->alarm)
        status = keep(y, &frames, err);
    return status;
}

enum xg_status sync_prove(struct sync *y, struct xg_buf *checkpoint,
                          struct xg_error *err)
{
    struct frames frames = {.rest = {NULL, 0}};
    enum xg_status status;

    y->doubted_log = y->behind = false;
    for (int i = 0; i < 2; i++) {
        status = ask(y, &frames, err);
        if (status == XG_OK)
            status = judge_log(y, &frames, err);
        if (status != XG_NET || !(y->doubted_log || y->behind))
            break;
    }
    if (status == XG_OK) {
        xg_buf_reset(checkpoint);
        xg_buf_append(checkpoint, frames.checkpoint.at, frames.checkpoint.len);
        status = xg_buf_check(checkpoint, err);
    }
    return status;
}

/* It may be the log that follows the one that is known. Where nothing says so,
 * it is refused as another server. */
static enum xg_status hello_other(struct sync *y, struct xg_error *err)
{
    struct xg_error refused = *err;
    bool took = false;

    *err = XG_ERROR_NONE;
    if (sync_succeed(y, &took, err) != XG_OK)
        return err->status;
    if (took)
        return hello_once(y, err);
    if (y->alarm)
        return XG_OK;
    *err = refused;
    return err->status;
}

enum xg_status sync_hello(struct sync *y, struct xg_error *err)
{
    uint64_t number = 0;
    struct xg_hash leaf;

    for (int i = 0; i < HELLO_ROUNDS; i++) {
        /* Doubts are about one answer: the next round begins without. */
        y->doubted_log = y->doubted_registry = y->behind = false;
        enum xg_status status = hello_once(y, err);
        if (status == XG_NET &&
            (y->doubted_log || y->doubted_registry || y->behind))
            status = hello_once(y, err);
        if (status == XG_REFUSED && y->other_log)
            status = hello_other(y, err);
        if (status != XG_OK || y->alarm)
            return status;
        uint64_t before = number;
        if (store_registry_newest(y->store, &number, &leaf, err) != XG_OK)
            return err->status;
        if (number >= y->welcome.registry || (i > 0 && number <= before))
            break;
    }
    return XG_OK;
}
