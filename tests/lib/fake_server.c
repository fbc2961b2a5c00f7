/* fake_server.c - see fake_server.h. */
#include "tests/lib/test.h"

#include "tests/lib/fake_server.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/core/witness.h"

/* ---- the log ---- */

static enum xg_status read_node(void *ctx, unsigned level, uint64_t index,
                                struct xg_hash *hash, struct xg_error *err)
{
    struct fake_server *f = ctx;

    (void)err;
    assert_true((index + 1) << level <= f->size);
    xg_tlog_root(hash, f->leaves + (index << level), (uint64_t)1 << level);
    return XG_OK;
}

static struct xg_node_reader nodes_of(struct fake_server *f)
{
    return (struct xg_node_reader){f, read_node};
}

uint64_t fake_server_append(struct fake_server *f, struct xg_bytes entry)
{
    assert_true(f->size < FAKE_ENTRIES_MAX);
    xg_tlog_leaf(&f->leaves[f->size], entry.at, entry.len);
    return f->size++;
}

static void put_checkpoint(struct fake_server *f, struct xg_buf *note)
{
    struct xg_checkpoint c = {.origin = FAKE_ORIGIN, .size = f->size};
    struct xg_buf text = XG_BUF(4096);

    xg_tlog_root(&c.root, f->leaves, f->size);
    xg_checkpoint_text(&text, &c);
    xg_note_sign(note, xg_buf_bytes(&text), &f->log);
    xg_buf_clear(&text);
}

void fake_put_consistency(struct fake_server *f, struct xg_buf *out,
                          uint64_t old)
{
    struct xg_node_reader nodes = nodes_of(f);
    struct xg_proof proof = {.count = 0};
    struct xg_buf text = XG_BUF(8192);
    struct xg_error err = XG_ERROR_NONE;

    if (old > 0)
        assert_ok(xg_prove_consistency(&proof, old, f->size, &nodes, &err));
    xg_proof_put(&text, &proof);
    xg_frame_put(out, xg_buf_bytes(&text));
    xg_buf_clear(&text);
}

void fake_server_cut_log(struct fake_server *f, uint64_t size)
{
    f->size = size;
    while (f->batch_count > 0 &&
           f->batches[f->batch_count - 1].position >= size)
        f->batch_count--;
    for (size_t i = 0; i < f->chain_count; i++) {
        struct fake_chain *c = &f->chains[i];
        c->next = 0;
        c->last = (struct xg_hash){{0}};
        for (size_t b = 0; b < f->batch_count; b++)
            if (xg_hash_equal(&f->batches[b].chain, &c->chain))
                c->next = f->batches[b].last + 1;
    }
    f->served_from = size;
}

static void put_registry_note(struct fake_server *f,
                              const struct xg_statement *s)
{
    struct xg_registry_note n = {.number = f->note_count + 1};
    struct xg_buf text = XG_BUF(8192), *note = &f->notes[f->note_count];

    assert_true(f->note_count < FAKE_NOTES_MAX);
    if (f->note_count > 0) {
        const struct xg_buf *before = &f->notes[f->note_count - 1];
        xg_tlog_leaf(&n.previous, before->data, before->len);
    }
    xg_tlog_root(&n.seen_root, f->leaves, f->size);
    n.seen_size = f->size;
    xg_registry_note_begin(&text, &n);
    xg_statement_put(&text, s);
    *note = XG_BUF(XG_NOTE_MAX);
    xg_note_sign(note, xg_buf_bytes(&text), &f->registrar);
    f->note_positions[f->note_count++] =
        fake_server_append(f, xg_buf_bytes(note));
    xg_buf_clear(&text);
}

void fake_server_registry(struct fake_server *f, const char *unit)
{
    struct xg_statement s = {.kind = XG_SAYS_UNIT};

    snprintf(s.subject, sizeof s.subject, "%s", unit);
    put_registry_note(f, &s);
}

void fake_server_rotate(struct fake_server *f)
{
    struct xg_statement s = {.kind = XG_SAYS_REGISTRAR};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_signer next;
    uint8_t seed[32];

    xg_random(&f->env, seed, sizeof seed);
    assert_ok(xg_signer_init(&next, FAKE_ORIGIN "/registrar", XG_SIG_ED25519,
                             seed, &err));
    memcpy(s.key, next.verifier.key, sizeof s.key);
    put_registry_note(f, &s);
    f->registrar = next;
}

/* ---- making one ---- */

struct fake_server *fake_server_new(const struct xg_env *env)
{
    struct fake_server *f = calloc(1, sizeof *f);
    struct xg_error err = XG_ERROR_NONE;
    uint8_t seed[32];

    assert_non_null(f);
    f->env = *env;
    f->state = XG_DEVICE_ENROLLED;
    f->photos.room = UINT64_MAX;
    f->body = XG_BUF(XG_UPDATES_RAW_MAX);
    xg_tree_init(&f->body_tree);
    xg_random(env, seed, sizeof seed);
    assert_ok(xg_signer_init(&f->log, FAKE_ORIGIN, XG_SIG_ED25519, seed, &err));
    xg_random(env, seed, sizeof seed);
    assert_ok(xg_signer_init(&f->registrar, FAKE_ORIGIN "/registrar",
                             XG_SIG_ED25519, seed, &err));
    xg_random(env, f->secret, sizeof f->secret);
    snprintf(f->code.url, sizeof f->code.url, "%s", FAKE_URL);
    f->code.log = f->log.verifier;
    memcpy(f->code.registrar, f->registrar.verifier.key, 32);
    memcpy(f->code.secret, f->secret, sizeof f->secret);
    snprintf(f->code.worker, sizeof f->code.worker, "w1");
    fake_server_append(f, xg_bytes_of("the first entry"));
    fake_server_registry(f, "371302");
    return f;
}

void fake_server_free(struct fake_server *f)
{
    for (size_t i = 0; i < f->note_count; i++)
        xg_buf_clear(&f->notes[i]);
    for (size_t i = 0; i < f->reference_count; i++)
        xg_buf_clear(&f->references[i].note);
    xg_buf_clear(&f->body);
    fake_photos_clear(f);
    free(f);
}

void fake_server_refer(struct fake_server *f, const char *kind,
                       const char *edition, const char *content)
{
    struct fake_reference *ref = &f->references[f->reference_count++];
    struct xg_buf text = XG_BUF(4096);

    assert_true(f->reference_count <= FAKE_REFERENCES_MAX);
    *ref = (struct fake_reference){.content = xg_bytes_of(content),
                                   .note = XG_BUF(XG_NOTE_MAX)};
    snprintf(ref->says.kind, sizeof ref->says.kind, "%s", kind);
    snprintf(ref->says.edition, sizeof ref->says.edition, "%s", edition);
    ref->says.length = ref->content.len;
    crypto_hash_sha256(ref->says.file.b, ref->content.at, ref->content.len);
    xg_reference_put(&text, &ref->says);
    xg_note_sign(&ref->note, xg_buf_bytes(&text), &f->log);
    ref->position = fake_server_append(f, xg_buf_bytes(&ref->note));
    xg_buf_clear(&text);
}

void fake_server_offer(struct fake_server *f, const struct xg_update *u,
                       bool with_previous)
{
    xg_update_put(&f->body, u, with_previous);
    if (u->kind == XG_UPDATE_RECORD)
        xg_tree_append(&f->body_tree, &u->record.hash, NULL, NULL);
}

/* ---- answers ---- */

void fake_problem(struct transport_answer *answer, int status, const char *code,
                  const char *title)
{
    answer->http_status = status;
    snprintf(answer->type, sizeof answer->type, "application/problem+json");
    xg_buf_reset(&answer->body);
    xg_buf_format(&answer->body,
                  "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
                  "\"code\":\"%s\"}",
                  title, status, code);
}

static void enrol(struct fake_server *f, const struct transport_request *r,
                  struct transport_answer *a)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_note note;
    struct xg_enrol e;
    struct xg_hash proof;
    struct fake_device *d = NULL;
    struct xg_enrolled says = {
        .log = xg_bytes_of(FAKE_ORIGIN), .state = f->state, .worker = "w1"};
    struct xg_buf text = XG_BUF(4096);

    assert_ok(xg_note_parse(&note, r->body.at, r->body.len, &err));
    assert_ok(xg_enrol_read(&e, note.text, &err));
    for (size_t i = 0; i < f->device_count; i++)
        if (memcmp(f->devices[i].key.key, e.key.b, 32) == 0)
            d = &f->devices[i];
    if (!d) {
        assert_true(f->device_count < FAKE_DEVICES_MAX);
        d = &f->devices[f->device_count++];
        char name[64];
        snprintf(name, sizeof name, FAKE_ORIGIN "/d/%04zu", f->device_count);
        assert_ok(
            xg_verifier_init(&d->key, name, XG_SIG_ED25519, e.key.b, &err));
        d->chain = e.chain;
    }
    struct xg_verifier fresh;
    assert_ok(xg_verifier_init(&fresh, FAKE_ORIGIN "/new", XG_SIG_ED25519,
                               e.key.b, &err));
    assert_ok(xg_note_open(&note, r->body.at, r->body.len, &fresh, &err));
    xg_enrol_proof(&proof, f->secret, e.key.b);
    if (!xg_hash_equal(&proof, &e.proof)) {
        fake_problem(a, 403, "auth", "the code is not good");
        return;
    }
    d->enrols++;
    says.random = e.random;
    snprintf(says.device, sizeof says.device, "%s", d->key.name);
    xg_enrolled_put(&text, &says);
    xg_note_sign(&a->body, xg_buf_bytes(&text), &f->log);
    xg_buf_clear(&text);
}

static void add_chains(struct fake_server *f, struct xg_welcome *w,
                       size_t device)
{
    for (size_t i = 0; i < f->chain_count; i++) {
        const struct fake_chain *c = &f->chains[i];
        if (c->device != device)
            continue;
        w->chains[w->chain_count++] =
            (struct xg_chain_tip){c->chain, c->last, c->next};
        if (c->forked)
            w->forked[w->forked_count++] = c->chain;
    }
}

static void put_welcome(struct fake_server *f, struct transport_answer *a,
                        const struct xg_hello *h, size_t device)
{
    struct xg_welcome w = {.log = xg_bytes_of(FAKE_ORIGIN),
                           .random = h->random,
                           .time_ms = 1763700000000u,
                           .size = f->size,
                           .registry = f->note_count,
                           .state = f->state};
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX);

    snprintf(w.device, sizeof w.device, "%s", f->devices[device].key.name);
    xg_random(&f->env, w.token.b, sizeof w.token.b);
    f->devices[device].token = w.token;
    xg_tlog_root(&w.root, f->leaves, f->size);
    add_chains(f, &w, device);
    size_t most = f->news_max ? f->news_max : XG_REGISTRY_NEWS_MAX;
    for (uint64_t i = h->registry; i < f->note_count && w.note_count < most;
         i++)
        w.notes[w.note_count++] = f->note_positions[i];
    w.references = f->reference_count;
    w.backup = f->photos.backup;
    w.order_count = f->photos.order_count;
    memcpy(w.orders, f->photos.orders, sizeof w.orders);
    xg_welcome_put(&text, &w);
    xg_note_sign(&note, xg_buf_bytes(&text), &f->log);
    xg_frame_put(&a->body, xg_buf_bytes(&note));
    fake_put_consistency(f, &a->body, h->size);
    xg_buf_reset(&note);
    put_checkpoint(f, &note);
    xg_frame_put(&a->body, xg_buf_bytes(&note));
    for (size_t i = 0; i < w.note_count; i++)
        xg_frame_put(&a->body, xg_buf_bytes(&f->notes[h->registry + i]));
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

/* What it holds of this log, it has signed. */
static void check_cosigned(const struct xg_hello *h,
                           const struct xg_verifier *device)
{
    struct xg_checkpoint c = {
        .origin = FAKE_ORIGIN, .size = h->size, .root = h->root};
    struct xg_error err = XG_ERROR_NONE;

    if (h->cosigned && xg_bytes_equal(h->log, xg_bytes_of(FAKE_ORIGIN)))
        assert_ok(xg_device_cosigned(h->cosignature, &c, device, &err));
}

static void hello(struct fake_server *f, const struct transport_request *r,
                  struct transport_answer *a)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_note note;
    struct xg_hello h;

    for (size_t i = 0; i < f->device_count; i++) {
        if (xg_note_open(&note, r->body.at, r->body.len, &f->devices[i].key,
                         &err) != XG_OK)
            continue;
        assert_ok(xg_hello_read(&h, note.text, &err));
        check_cosigned(&h, &f->devices[i].key);
        f->devices[i].hellos++;
        if (h.size > f->size)
            fake_problem(a, 503, "behind", "the device has seen more");
        else
            put_welcome(f, a, &h, i);
        return;
    }
    fake_problem(a, 403, "device", "nobody of that name");
}

/* Whose the token is; FAKE_DEVICES_MAX for nobody's. */
static size_t session(const struct fake_server *f,
                      const struct transport_request *r)
{
    struct xg_hash token;

    if (r->bearer &&
        xg_unbase64_exact(token.b, 32, r->bearer, strlen(r->bearer)))
        for (size_t i = 0; i < f->device_count; i++)
            if (xg_hash_equal(&token, &f->devices[i].token))
                return i;
    return FAKE_DEVICES_MAX;
}

static struct fake_chain *chain_of(struct fake_server *f,
                                   const struct xg_hash *chain, size_t device)
{
    for (size_t i = 0; i < f->chain_count; i++)
        if (xg_hash_equal(&f->chains[i].chain, chain))
            return &f->chains[i];
    assert_true(f->chain_count < FAKE_CHAINS_MAX);
    f->chains[f->chain_count] =
        (struct fake_chain){.chain = *chain, .device = device};
    return &f->chains[f->chain_count++];
}

static enum xg_batch_state place(struct fake_server *f, size_t device,
                                 const struct xg_batch *b)
{
    struct fake_chain *c = chain_of(f, &b->says.chain, device);

    if (f->state == XG_DEVICE_REVOKED)
        return XG_BATCH_QUARANTINED;
    if (b->says.first > c->next)
        return XG_BATCH_WAITING;
    if (b->says.first < c->next ||
        !xg_hash_equal(&b->says.previous, &c->last)) {
        c->forked = true;
        return XG_BATCH_FORKED;
    }
    c->next = b->says.last + 1;
    c->last = b->records[b->count - 1].hash;
    return XG_BATCH_STORED;
}

static enum xg_batch_state take(struct fake_server *f, size_t device,
                                const struct xg_batch *b,
                                struct fake_batch **row)
{
    for (size_t i = 0; i < f->batch_count; i++)
        if (xg_hash_equal(&f->batches[i].id, &b->id)) {
            *row = &f->batches[i];
            (*row)->puts++;
            return XG_BATCH_HELD;
        }
    *row = &f->batches[f->batch_count++];
    **row = (struct fake_batch){.id = b->id,
                                .chain = b->says.chain,
                                .first = b->says.first,
                                .last = b->says.last,
                                .puts = 1};
    (*row)->position = fake_server_append(f, b->note);
    return place(f, device, b);
}

void fake_put_receipt(struct fake_server *f, struct xg_buf *out,
                      uint64_t position)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_node_reader nodes = nodes_of(f);
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), receipt = XG_BUF(XG_NOTE_MAX);
    struct xg_proof proof;

    assert_ok(xg_prove_inclusion(&proof, position, f->size, &nodes, &err));
    put_checkpoint(f, &note);
    xg_receipt_print(&receipt, position, &proof, xg_buf_bytes(&note));
    xg_frame_put(out, xg_buf_bytes(&receipt));
    xg_buf_clear(&note);
    xg_buf_clear(&receipt);
}

/* "...?since=<size>": the page from there on. */
static void put_page(struct fake_server *f, struct xg_buf *out,
                     const char *query, size_t device)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_updates_note u = {.log = xg_bytes_of(FAKE_ORIGIN),
                                .scope = "371302",
                                .to = f->size,
                                .end = f->size};
    struct xg_bytes raw = xg_bytes(NULL, 0);

    assert_memory_equal(query, "?since=", 7);
    u.from = strtoull(query + 7, NULL, 10);
    if (u.from > u.to)
        u.from = u.to;
    snprintf(u.device, sizeof u.device, "%s", f->devices[device].key.name);
    xg_tlog_root(&u.root, NULL, 0);
    if (u.from <= f->served_from && f->body.len > 0) {
        raw = xg_buf_bytes(&f->body);
        u.count = f->body_tree.size;
        xg_tree_root(&u.root, &f->body_tree);
    }
    assert_ok(xg_updates_seal(out, &u, raw, &f->log, &err));
}

static void put_batch(struct fake_server *f, const struct transport_request *r,
                      struct transport_answer *a, size_t device)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_buf page = XG_BUF(XG_ANSWER_MAX);
    const char *query = strchr(r->path, '?');
    struct xg_batch batch;
    struct fake_batch *row;
    char text[32], hex[2 * XG_HASH_SIZE + 1];

    assert_ok(xg_batch_open(&batch, &arena, r->body.at, r->body.len,
                            &f->devices[device].key, &err));
    xg_hex(hex, batch.id.b, sizeof batch.id.b);
    assert_memory_equal(r->path + strlen("/v1/batches/"), hex, strlen(hex));
    enum xg_batch_state state = take(f, device, &batch, &row);
    snprintf(text, sizeof text, "state %s\n", xg_batch_state_name(state));
    xg_frame_put(&a->body, xg_bytes_of(text));
    assert_true(r->states_size && r->size <= f->size);
    fake_put_consistency(f, &a->body, r->size);
    fake_put_receipt(f, &a->body, row->position);
    if (query && !f->no_news) {
        put_page(f, &page, query, device);
        xg_frame_put(&a->body, xg_buf_bytes(&page));
        f->pages++;
    }
    xg_buf_clear(&page);
    xg_arena_clear(&arena);
}

static void updates(struct fake_server *f, const struct transport_request *r,
                    struct transport_answer *a, size_t device)
{
    put_page(f, &a->body, r->path + strlen("/v1/updates"), device);
    f->pages++;
}

static void references(struct fake_server *f, const struct transport_request *r,
                       struct transport_answer *a)
{
    struct xg_references_note list = {
        .log = xg_bytes_of(FAKE_ORIGIN),
        .from = strtoull(r->path + strlen("/v1/references?from="), NULL, 10)};
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX);

    f->lists++;
    for (size_t i = (size_t)list.from;
         i < f->reference_count && list.count < XG_REFERENCES_MAX; i++) {
        struct xg_reference_place *e = &list.entries[list.count++];
        e->position = f->references[i].position;
        xg_tlog_leaf(&e->leaf, f->references[i].note.data,
                     f->references[i].note.len);
    }
    xg_references_put(&text, &list);
    xg_note_sign(&note, xg_buf_bytes(&text), &f->log);
    xg_frame_put(&a->body, xg_buf_bytes(&note));
    for (size_t i = 0; i < list.count; i++)
        xg_frame_put(
            &a->body,
            xg_buf_bytes(&f->references[(size_t)list.from + i].note));
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

static void reference_file(struct fake_server *f,
                           const struct transport_request *r,
                           struct transport_answer *a)
{
    char hex[2 * XG_HASH_SIZE + 1];

    f->files++;
    for (size_t i = 0; i < f->reference_count; i++) {
        const struct fake_reference *ref = &f->references[i];
        xg_hex(hex, ref->says.file.b, XG_HASH_SIZE);
        if (strcmp(hex, r->path + strlen("/v1/reference/")) == 0) {
            xg_buf_append(&a->body, ref->content.at, ref->content.len);
            return;
        }
    }
    fake_problem(a, 404, "not-found", "no such file");
}

static enum xg_status serve(struct fake_server *f,
                            const struct transport_request *r,
                            struct transport_answer *a)
{
    size_t device = session(f, r);
    enum xg_status status = XG_OK;
    bool mine = false;

    a->http_status = 200;
    snprintf(a->type, sizeof a->type, "application/octet-stream");
    if (strcmp(r->path, "/v1/enrol") == 0)
        enrol(f, r, a);
    else if (strcmp(r->path, "/v1/hello") == 0)
        hello(f, r, a);
    else if (device == FAKE_DEVICES_MAX)
        fake_problem(a, 401, "token", "no session");
    else if ((void)(status = fake_photos_serve(f, &mine, r, a)), mine)
        return status;
    else if (strncmp(r->path, "/v1/batches/", 12) == 0)
        put_batch(f, r, a, device);
    else if (strncmp(r->path, "/v1/updates?", 12) == 0)
        updates(f, r, a, device);
    else if (strncmp(r->path, "/v1/references?from=", 20) == 0)
        references(f, r, a);
    else if (strncmp(r->path, "/v1/reference/", 14) == 0)
        reference_file(f, r, a);
    else
        fake_problem(a, 404, "not-found", "no such thing");
    return XG_OK;
}

static enum xg_status request(void *ctx, const struct transport_request *r,
                              struct transport_answer *a, struct xg_error *err)
{
    struct fake_server *f = ctx;
    bool answered = false;
    enum xg_status status = XG_OK;

    xg_buf_reset(&a->body);
    a->retry_after_s = 0;
    a->took_ms = 1;
    f->requests++;
    if (f->before)
        status = f->before(f->ctx, r, a, &answered);
    if (status == XG_OK && !answered)
        status = serve(f, r, a);
    if (status == XG_OK && !answered && f->after)
        status = f->after(f->ctx, r, a);
    if (status != XG_OK)
        return xg_fail(err, status, "the line is dead");
    return XG_OK;
}

struct xg_transport fake_server_transport(struct fake_server *f)
{
    return (struct xg_transport){f, request};
}
