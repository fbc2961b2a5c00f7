/* hello.c - POST /v1/hello: who am I to you, what do you hold of mine,
 * where is the log now? */
#include <string.h>

#include "server/api/cosigned.h"
#include "server/api/inside.h"
#include "server/api/succession.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

/* Of the registry's notes in one answer, where there is more than one: who is
 * new gets all of them, and many who are new at once must not take many times
 * the registry in memory. They ask again. */
enum { NEWS_BYTES = 64 << 10 };

/* Everything that goes into one answer. */
struct hello {
    const struct api_view *view;
    const struct api_caller *who;
    struct session_table *sessions; /* NULL: none is made */
    struct xg_arena *arena;
    struct xg_welcome *welcome; /* in the arena: some 20 KiB */
    struct xg_bytes *notes;     /* registry news, welcome->note_count */
    size_t news_bytes;
    bool no_room; /* for the next of them */
};

/* ---- who asks ---- */

enum xg_status api_find_caller(struct api_caller *who, bool *known,
                               const struct api_view *v, const char *name,
                               struct xg_error *err)
{
    struct api_caller caller = {.state = XG_DEVICE_ENROLLED};
    struct registry *registry = v->data->registry;
    struct store_device row;
    bool found, revoked;

    if (registry_device(registry, &caller.device, &found, name, err) != XG_OK)
        return err->status;
    if (found) {
        if (registry_revoked(registry, &revoked, name, v->checkpoint.size,
                             err) != XG_OK)
            return err->status;
        if (revoked)
            caller.state = XG_DEVICE_REVOKED;
    } else {
        if (v->store->ops->find_device(v->store, &row, &found, name, err) !=
            XG_OK)
            return err->status;
        found = found && row.state == XG_DEVICE_PENDING;
        if (found && xg_verifier_init(&caller.device, name, XG_SIG_ED25519,
                                      row.key, err) != XG_OK)
            return err->status;
        caller.state = XG_DEVICE_PENDING;
    }
    if (found)
        *who = caller;
    *known = found;
    return XG_OK;
}

enum xg_status api_read_hello(struct api_caller *who, struct api_refusal *no,
                              const struct api_view *v, struct xg_bytes data,
                              struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];
    struct api_caller caller;
    struct xg_note note;
    bool found;

    if (api_note_name(name, data, err) != XG_OK ||
        api_find_caller(&caller, &found, v, name, err) != XG_OK)
        return err->status;
    if (!found) {
        *no = (struct api_refusal){
            403, "device",
            XG_T("服务器不认识这台设备，请用入网码重新加入",
                 "the server does not know this device: join again with a "
                 "code"),
            false};
        return XG_OK;
    }
    enum xg_status status =
        xg_note_open(&note, data.at, data.len, &caller.device, err);
    if (status == XG_AUTH) {
        *no = (struct api_refusal){403, "signature", xg_error_text(err), false};
        return XG_OK;
    }
    if (status != XG_OK || xg_hello_read(&caller.says, note.text, err) != XG_OK)
        return err->status;
    if (!ledger_knows(v->data->ledger, caller.says.log)) {
        *no = (struct api_refusal){409, "wrong-log",
                                   XG_T("这台设备属于另一台服务器",
                                        "this device belongs to another "
                                        "server"),
                                   false};
        return XG_OK;
    }
    if (successor_clamp(&caller.says, v, name, err) != XG_OK)
        return err->status;
    *who = caller;
    return XG_OK;
}

/* ---- what it is told ---- */

static const struct xg_chain_tip *stated_tip(const struct xg_hello *says,
                                             const struct xg_hash *chain)
{
    for (size_t i = 0; i < says->chain_count; i++)
        if (xg_hash_equal(&says->chains[i].chain, chain))
            return &says->chains[i];
    return NULL;
}

static enum xg_status add_tip(struct hello *h, const struct xg_chain_tip *tip,
                              struct xg_error *err)
{
    struct xg_welcome *w = h->welcome;
    struct xg_chain_tip held;
    bool forked, found;

    if (ingest_tip(h->view->store, &held, &forked, &found, tip, err) != XG_OK)
        return err->status;
    if (!found || w->chain_count == XG_CHAINS_MAX)
        return XG_OK;
    w->chains[w->chain_count++] = held;
    if (forked && w->forked_count < XG_CHAINS_MAX)
        w->forked[w->forked_count++] = tip->chain;
    return XG_OK;
}

/* All chains of the device: those it stated first, then others, newest first:
 * a device that was restored does not know its last ones. */
static enum xg_status add_tips(struct hello *h, struct xg_error *err)
{
    struct store *s = h->view->store;
    struct store_chain *rows;
    size_t count;

    if (s->ops->read_chains(s, h->arena, &rows, &count, h->who->device.name, err) !=
        XG_OK)
        return err->status;
    for (int stated = 1; stated >= 0; stated--) {
        for (size_t i = count; i-- > 0;) {
            const struct xg_chain_tip *tip = stated_tip(&h->who->says, &rows[i].id);
            struct xg_chain_tip unknown = {.chain = rows[i].id};
            if ((tip != NULL) == stated &&
                add_tip(h, tip ? tip : &unknown, err) != XG_OK)
                return err->status;
        }
    }
    return XG_OK;
}

static enum xg_status add_note(struct hello *h,
                               const struct store_registry_note *row,
                               struct xg_error *err)
{
    struct store *s = h->view->store;
    struct xg_welcome *w = h->welcome;
    struct xg_bytes *note;
    size_t found;

    if (s->ops->read_entries(s, h->arena, &note, &found, row->position, 1,
                             XG_NOTE_MAX, err) != XG_OK)
        return err->status;
    if (found != 1)
        return xg_fail(err, XG_CORRUPT, "%s",
                       XG_T("登记册的一条记录不在日志里，请运行 "
                            "xunge-server check",
                            "a registry note is not in the log: run "
                            "xunge-server check"));
    h->news_bytes += note->len;
    h->no_room = w->note_count > 0 && h->news_bytes > NEWS_BYTES;
    if (h->no_room)
        return XG_OK;
    h->notes[w->note_count] = *note;
    w->notes[w->note_count++] = row->position;
    return XG_OK;
}

/* Notes newer than stated, and the newest number that the checkpoint has. */
static enum xg_status add_news(struct hello *h, struct xg_error *err)
{
    struct store *s = h->view->store;
    struct xg_welcome *w = h->welcome;
    struct store_registry_note *rows;
    struct store_counts counts;
    size_t count;

    h->notes = xg_arena_array(h->arena, XG_REGISTRY_NEWS_MAX, sizeof *h->notes);
    if (!h->notes)
        return xg_fail_nomem(err);
    if (s->ops->get_counts(s, &counts, err) != XG_OK)
        return err->status;
    for (w->registry = counts.registry_notes; w->registry; w->registry--) {
        if (s->ops->read_registry_notes(s, h->arena, &rows, &count,
                                        w->registry - 1, 1, err) != XG_OK)
            return err->status;
        if (count && rows->position < h->view->checkpoint.size)
            break;
    }
    if (s->ops->read_registry_notes(s, h->arena, &rows, &count,
                                    h->who->says.registry, XG_REGISTRY_NEWS_MAX,
                                    err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count && !h->no_room; i++)
        if (rows[i].number <= w->registry &&
            add_note(h, &rows[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status fill(struct hello *h, struct xg_error *err)
{
    const struct api_view *v = h->view;
    struct xg_welcome *w = h->welcome;
    struct session whose = {.device = {0}};

    w->log = xg_bytes_of(data_origin(v->data));
    memcpy(w->device, h->who->device.name, sizeof w->device);
    w->random = h->who->says.random;
    w->state = h->who->state;
    w->time_ms = ledger_time_ms(v->data->ledger);
    w->size = v->checkpoint.size;
    w->root = v->checkpoint.root;
    if (v->store->ops->get_value(v->store, &w->backup, "backup", err) != XG_OK)
        return err->status;
    if (add_news(h, err) != XG_OK)
        return err->status;
    if (w->state == XG_DEVICE_PENDING)
        return XG_OK; /* no session: its token is none */
    memcpy(whose.device, w->device, sizeof whose.device);
    if (h->sessions)
        session_give(h->sessions, &w->token, &whose);
    if (add_tips(h, err) != XG_OK)
        return err->status;
    if (w->state == XG_DEVICE_REVOKED)
        return XG_OK;
    if (photo_orders(v->store, w->orders, &w->order_count,
                     h->who->device.name, err) != XG_OK)
        return err->status;
    /* Those that the checkpoint has: the device asks for what it lacks. */
    return v->store->ops->count_references(v->store, &w->references,
                                           v->checkpoint.size, err);
}

/* What a device says it saw, where we can tell. It finds out by itself; here
 * it is for the operator. */
static enum xg_status compare_root(const struct hello *h, bool *alarm,
                                   struct xg_error *err)
{
    const struct xg_hello *says = &h->who->says;
    struct xg_hash root;

    if (says->size == 0)
        return XG_OK;
    if (ledger_root(&root, h->view->store, says->size, err) != XG_OK)
        return err->status;
    if (xg_hash_equal(&root, &says->root))
        return XG_OK;
    *alarm = true;
    xg_log(XG_LOG_ERROR, "log.other-root", "device=%s size=%llu",
           h->who->device.name, (unsigned long long)says->size);
    return XG_OK;
}

/* Over a network a device gets the checkpoint that it named itself by its size
 * and root in the welcome alone. */
static bool holds_checkpoint(const struct hello *h)
{
    const struct xg_checkpoint *c = &h->view->checkpoint;
    const struct xg_hello *says = &h->who->says;

    return h->sessions && c->size > 0 && says->size == c->size &&
           xg_hash_equal(&says->root, &c->root);
}

static enum xg_status put(const struct hello *h, struct xg_buf *out,
                          struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), part = XG_BUF(XG_ANSWER_MAX);

    xg_welcome_put(&text, h->welcome);
    enum xg_status status = xg_note_sign_buf(
        &part, &text, ledger_signer(h->view->data->ledger), err);
    if (status != XG_OK)
        goto done;
    xg_frame_put(out, xg_buf_bytes(&part));
    xg_buf_reset(&part);
    status = ledger_consistency(&part, h->view->data->ledger,
                                h->view->store, h->who->says.size,
                                &h->view->checkpoint, xg_bytes(NULL, 0), err);
    if (status != XG_OK)
        goto done;
    xg_frame_put(out, xg_buf_bytes(&part));
    xg_frame_put(out, holds_checkpoint(h) ? xg_bytes(NULL, 0)
                                          : xg_buf_bytes(&h->view->note));
    for (size_t i = 0; i < h->welcome->note_count; i++)
        xg_frame_put(out, h->notes[i]);
    status = xg_buf_check(&part, err);
done:
    xg_buf_clear(&text);
    xg_buf_clear(&part);
    return status;
}

enum xg_status
api_answer_hello(struct xg_buf *out, const struct xg_welcome **welcome,
                 struct api_refusal *no, const struct api_view *v,
                 struct session_table *sessions, const struct api_caller *who,
                 struct xg_arena *arena, struct xg_error *err)
{
    struct hello h = {
        .view = v, .who = who, .sessions = sessions, .arena = arena};
    bool alarm = false;

    if (!api_size_known(no, v, who->says.size, who->device.name))
        return XG_OK;
    h.welcome = xg_arena_alloc(arena, sizeof *h.welcome);
    if (!h.welcome)
        return xg_fail_nomem(err);
    if (compare_root(&h, &alarm, err) != XG_OK || fill(&h, err) != XG_OK ||
        put(&h, out, err) != XG_OK)
        return err->status;
    no->alarm = alarm;
    *welcome = h.welcome;
    return XG_OK;
}

enum xg_status api_hello(struct api *a, const struct xg_request *request,
                         struct xg_response *response, struct xg_error *err)
{
    struct api_caller *who = xg_arena_alloc(request->arena, sizeof *who);
    struct api_refusal no = {.code = NULL};
    const struct xg_welcome *welcome;
    struct witness_heard heard = {.new = false};
    struct api_view v;

    if (!who)
        return xg_fail_nomem(err);
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status = api_read_hello(who, &no, &v, request->body, err);
    if (status == XG_OK && !no.code)
        witness_hear(&heard, &v, who);
    if (status == XG_OK && !no.code)
        status = api_answer_hello(&response->body, &welcome, &no, &v,
                                  a->sessions, who, request->arena, err);
    api_view_close(&v);
    witness_keep(a->data, &heard);
    if (status == XG_OK && !api_refused(a, response, &no))
        response->terse = true;
    return status;
}
