/* sync.c - a device that syncs with a server whose signed words the fuzzer
 * edits: the log's key signs whatever they become. The device may refuse, raise
 * the alarm, or take what is sound; it loses nothing of its own, and what it
 * holds of the log is what its key signed. Afterwards the server is honest:
 * what is left then is taken up, unless the device holds what that server never
 * signed.
 *
 * An edit is four bytes and a text of `len` bytes:
 *
 *      u8 path      low two bits: of hello, batches, references, updates. The
 *                   next two, of the first edit: what the device has behind it.
 *                   From 0xF0 on this edit and those after it are of the sync
 *                   after the one before, for which it recorded something more
 *      u8 frame     which one of the answer; of a page of updates an odd one
 *                   means its items, which the page then counts and seals
 *      u8 line      of the frame's text, where it is a note; else a byte; of
 *                   items, in sixteens
 *      u8 op, len   low two bits: replace, insert, remove, replace a word;
 *                   the rest is len
 *
 * A run is what its bytes say, whatever ran before. With moments (moment.h) it
 * begins at the first answer that has an edit; all up to there, which is the
 * same for every run, is done once.
 */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz_memory.h"
#include "tests/fuzz/fuzz_updates.h"

#include <string.h>

#include "agent/store/inside.h"
#include "agent_sql.h"
#include "shared/core/text.h"
#include "shared/db/internal.h"
#include "tests/fuzz/memory_files.h"
#ifdef XG_FUZZ_MOMENTS
#include "tests/fuzz/moment.h"
#endif
#include "tests/lib/sync_rig.h"

enum {
    EDIT_HEAD = 4,
    NEXT_SYNC = 0xF0,
    SYNCS_MAX = 4,
    RARE = 16,
    PAGE_ROOM = 8192,
    PAGES_KNOWN = 32,
    LOG_MAX = 64, /* entries that the server has at a moment */
};

/* What the device has behind it. */
enum { NO_NEWS = 1, HAS_SYNCED = 2, PASTS = 4 };

static const char *const paths[] = {"/v1/hello", "/v1/batches",
                                    "/v1/references", "/v1/updates"};
enum { PATHS = sizeof paths / sizeof *paths };

static struct scene {
    struct rig *rig;
    struct xg_arena others; /* what another device recorded */
    struct test_device *other;
    unsigned sync;
} scene;

/* Of the run, not of the scene: a moment does not bring them back. */
static struct xg_bytes edits;
static unsigned past;
static struct xg_signer log_key; /* the same in every run */

struct edit {
    uint8_t path, frame, line, op;
    bool next; /* of the sync after that of the edit before */
    struct xg_bytes text;
};

/* Every page of updates has two records of it. */
static void offer_records(void)
{
    static const struct xg_hash zero;

    struct rig *rig = scene.rig;

    scene.others = XG_ARENA(1 << 20);
    struct test_device *other = scene.other =
        test_device_new(&scene.others, &rig->world, FAKE_ORIGIN "/d/0777",
                        FAKE_ORIGIN, rig->server->code.registrar);
    struct xg_update u = {.kind = XG_UPDATE_CHAIN,
                          .chain = other->chain,
                          .device = xg_bytes_of(other->signer.verifier.name)};
    fake_server_offer(rig->server, &u, false);
    test_incident(other, "road/hole");
    for (size_t i = 0; i < other->count; i++) {
        u = (struct xg_update){.kind = XG_UPDATE_RECORD,
                               .chain = other->chain,
                               .seq = i,
                               .position = 1,
                               .previous =
                                   i ? other->records[i - 1]->hash : zero,
                               .record = *other->records[i]};
        fake_server_offer(rig->server, &u, true);
    }
    rig->server->served_from = UINT64_MAX;
}

static bool prepared[AGENT_STMT_COUNT]; /* statements that a sync needs */

/* Before the first moment: else each run parses what comes behind it. */
static void prepare(struct xg_db *db)
{
    for (size_t i = 0; i < AGENT_STMT_COUNT; i++)
        if (prepared[i])
            xg_stmt(db, i);
    xg_stmt_abandon_all(db);
}

/* What the server has room for, and has not: the greater part of it. */
static void leave_out(struct fake_server *f)
{
#ifdef XG_FUZZ_MOMENTS
    moment_leaves(f->leaves + LOG_MAX,
                  sizeof f->leaves - LOG_MAX * sizeof *f->leaves);
    moment_leaves(f->batches + LOG_MAX,
                  sizeof f->batches - LOG_MAX * sizeof *f->batches);
    moment_leaves(f->references + LOG_MAX,
                  sizeof f->references - LOG_MAX * sizeof *f->references);
    moment_leaves(f->photos.blobs, sizeof f->photos.blobs);
    moment_leaves(f->photos.uploads, sizeof f->photos.uploads);
#else
    (void)f;
#endif
}

static void begin(void)
{
    struct xg_error err = XG_ERROR_NONE;
    void *state;

    scene = (struct scene){.rig = NULL};
    files_begin();
    rig_set_up(&state);
    struct rig *rig = scene.rig = state;
    prepare(rig->home.store->db);
    log_key = rig->server->log;
    leave_out(rig->server);
    rig->server->ctx = rig;
    rig->server->no_news = past & NO_NEWS;
    rig->options.give_up_ms = 1;
    fake_server_refer(rig->server, "catalogue", "2026", "code,name\nlamp,灯\n");
    FUZZ_MUST(rig_enrol(rig, &err) == XG_OK);
    offer_records();
    rig_report(rig, "a hole");
    if (past & HAS_SYNCED)
        FUZZ_MUST(rig_sync(rig, &err) == XG_OK);
}

#ifndef XG_FUZZ_MOMENTS
static void leave(void)
{
    void *state = scene.rig;

    rig_tear_down(&state);
    test_device_free(scene.other);
    xg_arena_clear(&scene.others);
    files_end();
}
#endif

/* ---- edits ---- */

static bool next_edit(struct edit *e, struct xg_bytes *rest)
{
    if (rest->len < EDIT_HEAD)
        return false;
    size_t len = rest->at[3] >> 2;
    if (len > rest->len - EDIT_HEAD)
        len = rest->len - EDIT_HEAD;
    *e = (struct edit){.path = rest->at[0] % PATHS,
                       .frame = rest->at[1],
                       .line = rest->at[2],
                       .op = rest->at[3] & 3,
                       .next = rest->at[0] >= NEXT_SYNC,
                       .text = xg_bytes(rest->at + EDIT_HEAD, len)};
    *rest = xg_bytes(rest->at + EDIT_HEAD + len, rest->len - EDIT_HEAD - len);
    return true;
}

/* The line with the edit: its last word is what most edits are about. */
static void put_line(struct xg_buf *out, const struct edit *e,
                     struct xg_bytes line)
{
    if (e->op == 0 || e->op == 1) {
        xg_buf_append(out, e->text.at, e->text.len);
        xg_buf_byte(out, '\n');
    }
    if (e->op == 3) {
        while (line.len > 0 && line.at[line.len - 1] != ' ')
            line.len--;
        xg_buf_append(out, line.at, line.len);
        xg_buf_append(out, e->text.at, e->text.len);
        xg_buf_byte(out, '\n');
    }
    if (e->op == 1) {
        xg_buf_append(out, line.at, line.len);
        xg_buf_byte(out, '\n');
    }
}

/* A page taken apart. Most edits are of the few that are served, and to check
 * every record of one takes longer than all else here. */
struct page {
    bool opens;
    size_t len, raw_len;
    struct xg_updates_note note;
    uint8_t bytes[PAGE_ROOM], raw[PAGE_ROOM];
};

static void take_apart(struct page *p, struct xg_bytes bytes)
{
    struct xg_arena arena = XG_ARENA(4 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes raw;

    memcpy(p->bytes, bytes.at, bytes.len);
    p->len = bytes.len;
    p->opens = xg_updates_open(&p->note, &raw, &arena, p->bytes, p->len,
                               &log_key.verifier, &err) == XG_OK &&
               raw.len <= PAGE_ROOM;
    if (p->opens) {
        memcpy(p->raw, raw.at, raw.len);
        p->raw_len = raw.len;
    }
    xg_arena_clear(&arena);
}

/* NULL: it is none. */
static const struct page *open_page(struct xg_bytes bytes)
{
    static struct page pages[PAGES_KNOWN];
    struct page *p = &pages[bytes.len % PAGES_KNOWN];

    if (bytes.len > PAGE_ROOM)
        return NULL;
    if (!xg_bytes_equal(xg_bytes(p->bytes, p->len), bytes))
        take_apart(p, bytes);
    return p->opens ? p : NULL;
}

/* A page whose items were edited, counted and sealed. False: it is none. */
static bool put_items(struct xg_buf *out, const struct edit *e,
                      struct xg_bytes bytes)
{
    struct xg_buf items = XG_BUF(1 << 20);
    struct xg_error err = XG_ERROR_NONE;
    const struct page *p = open_page(bytes);
    size_t at = (size_t)e->line * 16;

    if (!p)
        return false;
    struct xg_updates_note u = p->note;
    if (at > p->raw_len || e->op == 3)
        at = p->raw_len;
    size_t gone = e->op == 0 || e->op == 2 ? e->text.len : 0;
    if (gone > p->raw_len - at)
        gone = p->raw_len - at;
    xg_buf_append(&items, p->raw, at);
    if (e->op != 2)
        xg_buf_append(&items, e->text.at, e->text.len);
    xg_buf_append(&items, p->raw + at + gone, p->raw_len - at - gone);
    fuzz_count_records(&u, xg_buf_bytes(&items));
    bool sealed =
        xg_updates_seal(out, &u, xg_buf_bytes(&items), &log_key, &err) == XG_OK;
    xg_buf_clear(&items);
    return sealed;
}

static bool is_page(struct xg_bytes frame)
{
    return frame.len >= 4 && memcmp(frame.at, "XGU1", 4) == 0;
}

/* A note, edited and signed again; anything else with one byte changed. */
static void put_frame(struct xg_buf *out, const struct edit *e,
                      struct xg_bytes frame)
{
    static struct xg_note note;
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), whole = XG_BUF(2 * XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes line, rest;

    if (is_page(frame) && put_items(&whole, e, frame)) {
        xg_frame_put(out, xg_buf_bytes(&whole));
        xg_buf_clear(&whole);
        return;
    }
    xg_buf_reset(&whole);
    if (xg_note_parse(&note, frame.at, frame.len, &err) == XG_OK) {
        rest = note.text;
        for (unsigned i = 0; xg_line(&rest, &line); i++)
            if (i == e->line) {
                put_line(&text, e, line);
            } else {
                xg_buf_append(&text, line.at, line.len);
                xg_buf_byte(&text, '\n');
            }
    }
    if (text.len > 0 && xg_text_allowed(xg_buf_bytes(&text))) {
        xg_note_sign(&whole, xg_buf_bytes(&text), &log_key);
    } else {
        xg_buf_append(&whole, frame.at, frame.len);
        for (size_t i = 0; i < e->text.len && e->line + i < whole.len; i++)
            whole.data[e->line + i] = e->text.at[i];
    }
    xg_frame_put(out, xg_buf_bytes(&whole));
    xg_buf_clear(&text);
    xg_buf_clear(&whole);
}

static void apply(struct xg_buf *body, const struct edit *e)
{
    struct xg_buf out = XG_BUF(XG_ANSWER_MAX);
    struct xg_bytes rest = xg_buf_bytes(body), frame;

    if (is_page(rest) && e->frame % 2 && put_items(&out, e, rest)) {
        rest.len = 0;
    } else if (is_page(rest)) {
        xg_buf_reset(&out);
        xg_buf_append(&out, rest.at, 4);
        rest = xg_bytes(rest.at + 4, rest.len - 4);
        if (xg_frame_next(&rest, &frame))
            put_frame(&out, e, frame);
    } else {
        for (unsigned i = 0; xg_frame_next(&rest, &frame); i++)
            if (i == e->frame)
                put_frame(&out, e, frame);
            else
                xg_frame_put(&out, frame);
    }
    xg_buf_append(&out, rest.at, rest.len);
    xg_buf_reset(body);
    xg_buf_append(body, out.data, out.len);
    xg_buf_clear(&out);
}

/* ---- where a run begins ---- */

static bool is_of(const struct edit *e, const char *path)
{
    return strncmp(path, paths[e->path], strlen(paths[e->path])) == 0;
}

/* What costs a whole sync more is done in one run of `RARE`, which one its
 * bytes say. */
static bool is_rare(unsigned which)
{
    unsigned sum = which;

    for (size_t i = 0; i < edits.len; i++)
        sum = sum * 31 + edits.at[i];
    return (sum >> 3) % RARE == 0;
}

/* How many syncs the edits are of. */
static unsigned count_syncs(void)
{
    struct xg_bytes rest = edits;
    struct edit e;
    unsigned count = 1;

    if (!is_rare(1))
        return 1;
    while (next_edit(&e, &rest) && count < SYNCS_MAX)
        count += e.next;
    return count;
}

static void edit(struct xg_buf *body, const char *path, unsigned sync)
{
    struct xg_bytes rest = edits;
    struct edit e;
    unsigned at = 0;

    while (next_edit(&e, &rest)) {
        at += e.next;
        if (at == sync && is_of(&e, path))
            apply(body, &e);
    }
}

#ifdef XG_FUZZ_MOMENTS
enum { ANSWERS_MAX = 8, ANSWER_ROOM = 4096, KNOWN = 1 << 21 };

/* Each answer of a sync in which nobody lies, for each past. */
static struct answers {
    size_t count;
    struct answer {
        char path[32];
        size_t len;
        uint8_t body[ANSWER_ROOM];
        struct moment *moment;
    } at[ANSWERS_MAX];
} answers[PASTS];
static bool looking; /* at what answers there are */
static uint64_t end; /* of such a sync: a digest of the files */
static struct xg_buf first = XG_BUF(XG_ANSWER_MAX); /* the first other one */

/* True: the run begins with this answer, which is in its place now. */
static bool begins(const char *path, struct xg_buf *body)
{
    struct answers *all = &answers[past];
    struct answer *a = &all->at[all->count];

    if (!looking)
        return false;
    FUZZ_MUST(all->count < ANSWERS_MAX && body->len <= ANSWER_ROOM &&
              scene.rig->server->size < LOG_MAX);
    snprintf(a->path, sizeof a->path, "%s", path);
    memcpy(a->body, body->data, body->len);
    a->len = body->len;
    files_freeze();
    struct moment *m = moment_mark();
    if (m) {
        a->moment = m;
        all->count++;
        return false;
    }
    files_went_back();
    xg_buf_reset(body);
    xg_buf_append(body, first.data, first.len);
    return true;
}

/* Of the first answer that the edits make another one. The last answer does for
 * edits of later syncs alone. NULL: nobody lies in this run. */
static const struct moment *find_first(void)
{
    const struct answers *all = &answers[past];

    for (size_t i = 0; i < all->count; i++) {
        const struct answer *a = &all->at[i];
        xg_buf_reset(&first);
        xg_buf_append(&first, a->body, a->len);
        edit(&first, a->path, 0);
        if (first.len != a->len || memcmp(first.data, a->body, a->len) != 0)
            return a->moment;
    }
    return count_syncs() > 1 ? all->at[all->count - 1].moment : NULL;
}

/* These very files, and this log, a run had before, and they held what they
 * must. That what the device has in memory beside them changes that is looked
 * for in a few runs. */
static bool is_known(void)
{
    static uint64_t digests[KNOWN];

    if (edits.len == 0) {
        end = files_digest(true);
        return false;
    }
    uint64_t digest = files_digest(false) * PASTS + past;
    uint64_t *place;

    digest = digest * LOG_MAX + scene.rig->server->size;
    digest = digest * SYNCS_MAX + scene.sync;
    place = &digests[digest % KNOWN];
    if (*place == digest)
        return !is_rare(2);
    *place = digest;
    return false;
}
#else
static bool begins(const char *path, struct xg_buf *body)
{
    (void)path, (void)body;
    return false;
}

static bool is_known(void)
{
    return false;
}
#endif

/* ---- a run ---- */

static enum xg_status after(void *ctx, const struct transport_request *q,
                            struct transport_answer *a)
{
    (void)ctx;
    if (!begins(q->path, &a->body))
        edit(&a->body, q->path, scene.sync);
    return XG_OK;
}

static void count_own(uint64_t *all, uint64_t *received)
{
    struct store_counts now = rig_counts(scene.rig);

    *all = 0;
    for (int i = 0; i < STORE_DELIVERIES; i++)
        *all += now.records[i];
    *received = now.records[STORE_RECEIVED];
}

/* An honest server takes up what is left, and what comes after. False: not of
 * this device any more, which holds what that server never signed. */
static bool recovers(void)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t all, received;

    rig_report(scene.rig, "one more");
    if (rig_sync(scene.rig, &err) != XG_OK)
        return false;
    count_own(&all, &received);
    return all == received;
}

/* It holds what the server's log is, and has raised no alarm. */
static bool believes_nothing_false(void)
{
    struct rig *rig = scene.rig;
    struct xg_checkpoint held = rig_held(rig);
    struct xg_hash root;

    xg_tlog_root(&root, rig->server->leaves, held.size);
    return !rig_has_file(rig, "alarm") && held.size > 0 &&
           xg_hash_equal(&root, &held.root);
}

/* False: to no new end. */
static bool sync_edited(void)
{
    struct rig *rig = scene.rig;
    struct xg_error err = XG_ERROR_NONE;
    uint64_t own, still, received;

    count_own(&own, &received);
    rig_report(rig, "another one");
    rig->server->after = after;
    xg_ignore(rig_sync(rig, &err));
    rig->server->after = NULL;
    if (is_known())
        return false;
    count_own(&still, &received);
    FUZZ_MUST(still == own + 1);
    FUZZ_MUST(rig_held(rig).size <= rig->server->size);
    return true;
}

static void play(void)
{
    bool is_new = false;

    begin();
    for (scene.sync = 0; scene.sync < count_syncs(); scene.sync++)
        is_new = sync_edited();
    if (is_new) {
        bool sound = believes_nothing_false();
        FUZZ_MUST(recovers() || !sound);
    }
}

#ifdef XG_FUZZ_MOMENTS
/* Each moment leads to the same end as what it was taken from, twice: nothing
 * is forgotten in it, and nothing of a run is left behind. */
static void look_at_answers(void)
{
    struct answers *all = &answers[past];

    looking = true;
    moment_play(play);
    looking = false;
    uint64_t expected = end;
    for (size_t i = 0; i < 2 * all->count; i++) {
        const struct answer *a = &all->at[i / 2];
        xg_buf_reset(&first);
        xg_buf_append(&first, a->body, a->len);
        end = 0;
        moment_go_back(a->moment);
        FUZZ_MUST(end == expected);
    }
}
#endif

static void install(void)
{
    FUZZ_MUST(xg_base_init() == 0);
    fuzz_memory();
    files_install();
#ifdef XG_FUZZ_MOMENTS
    moment_begin();
    moment_covers(&scene, sizeof scene);
    for (past = 0; past < PASTS; past++) {
        moment_play(play);
        for (size_t i = 0; i < AGENT_STMT_COUNT; i++)
            prepared[i] |= scene.rig->home.store->db->stmts[i].handle != NULL;
    }
    for (past = 0; past < PASTS; past++)
        look_at_answers();
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool installed;

    if (!installed)
        install();
    installed = true;
    edits = xg_bytes(data, size);
    past = size ? data[0] >> 2 & (PASTS - 1) : 0;
#ifdef XG_FUZZ_MOMENTS
    const struct moment *m = find_first();
    if (m)
        moment_go_back(m);
#else
    play();
    leave();
#endif
    return 0;
}
