/* api_hello.c - POST /v1/hello: who am I to you, what do you hold of mine,
 * where is the log now? */
#include <string.h>

#include "server/api_inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

/* Everything that goes into one answer. */
struct hello {
    struct api *api;
    struct api_view view;
    struct xg_arena *arena; /* the request's */
    struct xg_verifier device;
    struct xg_hello says;
    struct xg_welcome *welcome; /* in the arena: some 20 KiB */
    struct xg_bytes *notes;     /* registry news, welcome->note_count */
};

/* The device's key: of the registry, or of one that waits to get there. */
static enum xg_status find_key(struct hello *h, bool *found, const char *name,
                               struct xg_error *err)
{
    struct store *s = h->view.store;
    struct store_device row;
    struct registry *registry = h->api->data->registry;
    bool revoked;

    h->welcome->state = XG_DEVICE_ENROLLED;
    if (registry_device(registry, &h->device, found, name, err) != XG_OK)
        return err->status;
    if (*found) {
        if (registry_revoked(registry, &revoked, name, h->view.checkpoint.size,
                             err) != XG_OK)
            return err->status;
        if (revoked)
            h->welcome->state = XG_DEVICE_REVOKED;
        return XG_OK;
    }
    if (s->ops->find_device(s, &row, found, name, err) != XG_OK)
        return err->status;
    *found = *found && row.state == XG_DEVICE_PENDING;
    if (!*found)
        return XG_OK;
    h->welcome->state = XG_DEVICE_PENDING;
    return xg_verifier_init(&h->device, name, XG_SIG_ED25519, row.key, err);
}

/* Who is it, and is it so? *known false: the response says why not. */
static enum xg_status identify(struct hello *h, bool *known,
                               const struct xg_request *request,
                               struct xg_response *response,
                               struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];
    struct xg_note note;
    bool found;

    *known = false;
    if (api_note_name(name, request->body, err) != XG_OK ||
        find_key(h, &found, name, err) != XG_OK)
        return err->status;
    if (!found)
        return api_refuse(h->api, response, 403, "device",
                          XG_T("服务器不认识这台设备，请用入网码重新加入",
                               "the server does not know this device: join "
                               "again with a code"));
    enum xg_status status = xg_note_open(&note, request->body.at,
                                         request->body.len, &h->device, err);
    if (status == XG_AUTH)
        return api_refuse(h->api, response, 403, "signature",
                          xg_error_text(err));
    if (status != XG_OK || xg_hello_read(&h->says, note.text, err) != XG_OK)
        return err->status;
    const char *origin = data_origin(h->api->data);
    if (!xg_bytes_equal(h->says.log, xg_bytes_of(origin)))
        return api_refuse(h->api, response, 409, "wrong-log",
                          XG_T("这台设备属于另一台服务器",
                               "this device belongs to another server"));
    memcpy(h->welcome->device, name, sizeof name);
    *known = true;
    return XG_OK;
}

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

    if (ingest_tip(h->view.store, &held, &forked, &found, tip, err) != XG_OK)
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
    struct store *s = h->view.store;
    struct store_chain *rows;
    size_t count;

    if (s->ops->read_chains(s, h->arena, &rows, &count, h->device.name, err) !=
        XG_OK)
        return err->status;
    for (int stated = 1; stated >= 0; stated--) {
        for (size_t i = count; i-- > 0;) {
            const struct xg_chain_tip *tip = stated_tip(&h->says, &rows[i].id);
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
    struct store *s = h->view.store;
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
    h->notes[w->note_count] = *note;
    w->notes[w->note_count++] = row->position;
    return XG_OK;
}

/* Notes newer than stated, and the newest number that the checkpoint has. */
static enum xg_status add_news(struct hello *h, struct xg_error *err)
{
    struct store *s = h->view.store;
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
        if (count && rows->position < h->view.checkpoint.size)
            break;
    }
    if (s->ops->read_registry_notes(s, h->arena, &rows, &count,
                                    h->says.registry, XG_REGISTRY_NEWS_MAX,
                                    err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (rows[i].number <= w->registry &&
            add_note(h, &rows[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* Those that the checkpoint has: the device asks for what it lacks. */
static enum xg_status count_references(struct hello *h, struct xg_error *err)
{
    struct store *s = h->view.store;
    struct store_reference *rows;
    size_t count;

    if (s->ops->read_references(s, h->arena, &rows, &count, err) != XG_OK)
        return err->status;
    while (count > 0 && rows[count - 1].position >= h->view.checkpoint.size)
        count--;
    h->welcome->references = count;
    return XG_OK;
}

static enum xg_status fill(struct hello *h, struct xg_error *err)
{
    struct xg_welcome *w = h->welcome;
    struct store *s = h->view.store;
    struct session whose = {.device = {0}};

    w->log = xg_bytes_of(data_origin(h->api->data));
    w->random = h->says.random;
    w->time_ms = ledger_time_ms(h->api->data->ledger);
    w->size = h->view.checkpoint.size;
    w->root = h->view.checkpoint.root;
    if (s->ops->get_value(s, &w->backup, "backup", err) != XG_OK)
        return err->status;
    if (add_news(h, err) != XG_OK)
        return err->status;
    if (w->state == XG_DEVICE_PENDING)
        return XG_OK; /* no session: its token is none */
    memcpy(whose.device, w->device, sizeof whose.device);
    memcpy(whose.key, h->device.key, sizeof whose.key);
    session_give(h->api->sessions, &w->token, &whose);
    if (add_tips(h, err) != XG_OK)
        return err->status;
    return w->state == XG_DEVICE_REVOKED ? XG_OK : count_references(h, err);
}

/* What a device says it saw, where we can tell. It finds out by itself; here
 * it is for the operator. */
static enum xg_status compare_root(const struct hello *h, struct xg_error *err)
{
    struct xg_hash root;

    if (h->says.size == 0)
        return XG_OK;
    if (ledger_root(&root, h->view.store, h->says.size, err) != XG_OK)
        return err->status;
    if (!xg_hash_equal(&root, &h->says.root)) {
        atomic_fetch_add(&h->api->alarms, 1);
        xg_log(XG_LOG_ERROR, "log.other-root", "device=%s size=%llu",
               h->welcome->device, (unsigned long long)h->says.size);
    }
    return XG_OK;
}

static enum xg_status put(struct hello *h, struct xg_response *response,
                          struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), part = XG_BUF(XG_ANSWER_MAX);
    struct xg_buf *out = &response->body;

    xg_welcome_put(&text, h->welcome);
    enum xg_status status = xg_buf_check(&text, err);
    if (status != XG_OK)
        goto done;
    api_sign(&part, h->api, xg_buf_bytes(&text));
    xg_frame_put(out, xg_buf_bytes(&part));
    xg_buf_reset(&part);
    status = ledger_consistency(&part, h->view.store, h->says.size,
                                &h->view.checkpoint, err);
    if (status != XG_OK)
        goto done;
    xg_frame_put(out, xg_buf_bytes(&part));
    xg_frame_put(out, xg_buf_bytes(&h->view.note));
    for (size_t i = 0; i < h->welcome->note_count; i++)
        xg_frame_put(out, h->notes[i]);
    response->content_type = "application/octet-stream";
    status = xg_buf_check(&part, err);
done:
    xg_buf_clear(&text);
    xg_buf_clear(&part);
    return status;
}

static enum xg_status greet(struct hello *h, const struct xg_request *request,
                            struct xg_response *response, struct xg_error *err)
{
    bool known;
    enum xg_status status = identify(h, &known, request, response, err);

    if (status != XG_OK || !known)
        return status;
    if (!api_size_fits(h->api, &h->view, h->says.size, h->welcome->device,
                       response))
        return XG_OK;
    if (compare_root(h, err) != XG_OK || fill(h, err) != XG_OK)
        return err->status;
    return put(h, response, err);
}

enum xg_status api_hello(struct api *a, const struct xg_request *request,
                         struct xg_response *response, struct xg_error *err)
{
    struct hello *h = xg_arena_alloc(request->arena, sizeof *h);
    enum xg_status status;

    if (!h)
        return xg_fail_nomem(err);
    h->api = a;
    h->arena = request->arena;
    h->welcome = xg_arena_alloc(request->arena, sizeof *h->welcome);
    if (!h->welcome)
        return xg_fail_nomem(err);
    if (api_view_open(&h->view, a, err) != XG_OK)
        return err->status;
    status = greet(h, request, response, err);
    api_view_close(&h->view);
    return status;
}
