/* A device that never sees a network: enrols, hands over and is answered by
 * files. Whatever is cut, repeated, out of order, of another device, or of
 * another log: nothing is lost, nothing is believed that should not be. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/bundle.h"
#include "shared/base/os.h"
#include "shared/bundle/bundle.h"
#include "tests/lib/folder.h"
#include "tests/lib/sync_rig.h"

enum { FILE_MAX = 16 << 20 };

static struct xg_error err;

/* Paths of the rig's own folder. */
static const char *at(const struct rig *r, const char *name)
{
    static char paths[4][TEST_PATH_SIZE];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", r->path, name);
    return path;
}

static enum xg_status write_up(struct rig *r, const char *path, bool seal)
{
    const struct bundle_write_options options = {.path = path, .seal = seal};
    struct bundle_written out;

    err = XG_ERROR_NONE;
    unlink(path);
    return bundle_write(&r->home, &out, &options, &err);
}

static struct bundle_taken taken;

static enum xg_status read_down(struct rig *r, const char *path)
{
    err = XG_ERROR_NONE;
    return bundle_read(&r->home, &taken, path, NULL, &err);
}

/* ---- the command centre, over the server in memory ---- */

struct centre {
    struct rig *r;
    struct xg_transport t;
    struct transport_answer a;
    struct xg_bundle_reader *in;
    struct xg_bundle up, down;
    struct xg_buf hello, content;
    struct xg_bundle_writer *w;
    char bearer[XG_BASE64_SIZE(XG_TOKEN_SIZE)];
    struct xg_hash batches[64];
    size_t batch_count;
    struct xg_seal_slots slots;
    bool seal;
    uint64_t tiles_from; /* no proof from a smaller size */
};

static struct xg_bytes ask(struct centre *c, const char *method,
                           const char *path, struct xg_bytes body)
{
    struct transport_request q = {.method = method,
                                  .path = path,
                                  .bearer = c->bearer,
                                  .states_size = true,
                                  .body = body};

    xg_buf_reset(&c->a.body);
    c->a.http_status = 0;
    assert_ok(c->t.request(c->t.ctx, &q, &c->a, &err));
    assert_int_equal(c->a.http_status, 200);
    return xg_buf_bytes(&c->a.body);
}

static void open_session(struct centre *c, struct xg_bytes answer)
{
    struct xg_bytes welcome;
    struct xg_welcome w;
    struct xg_note note;

    assert_true(xg_frame_next(&answer, &welcome));
    assert_ok(xg_note_open(&note, welcome.at, welcome.len,
                           &c->r->server->log.verifier, &err));
    assert_ok(xg_welcome_read(&w, note.text, &err));
    xg_base64(c->bearer, sizeof c->bearer, w.token.b, sizeof w.token.b);
    snprintf(c->down.to, sizeof c->down.to, "%s", w.device);
}

/* Part after part, as they lie there. */
static void take_up(struct centre *c, const char *path)
{
    const struct xg_bundle_source from = {.path = path,
                                          .key = &c->r->server->log};
    struct xg_bytes note;
    struct xg_part part;
    bool more = true, cut;
    char url[128], hex[65];

    assert_ok(xg_bundle_open(&c->in, &c->up, &note, &from, &err));
    assert_int_equal(c->up.kind, XG_BUNDLE_UP);
    for (;;) {
        assert_ok(xg_bundle_next(c->in, &part, &more, &cut, &err));
        if (!more)
            break;
        xg_buf_reset(&c->content);
        assert_ok(xg_bundle_content(c->in, &c->content, &err));
        if (part.kind == XG_PART_HELLO) {
            xg_buf_append(&c->hello, c->content.data, c->content.len);
            open_session(
                c, ask(c, "POST", "/v1/hello", xg_buf_bytes(&c->content)));
        } else if (part.kind == XG_PART_ENROL) {
            assert_ok(xg_bundle_add(
                c->w, "enrolled",
                ask(c, "POST", "/v1/enrol", xg_buf_bytes(&c->content)), &err));
        } else {
            assert_int_equal(part.kind, XG_PART_BATCH);
            xg_hex(hex, part.id.b, XG_HASH_SIZE);
            snprintf(url, sizeof url, "/v1/batches/%s", hex);
            ask(c, "PUT", url, xg_buf_bytes(&c->content));
            c->batches[c->batch_count++] = part.id;
        }
    }
    xg_bundle_close(c->in);
}

static enum xg_status read_leaf(void *ctx, unsigned level, uint64_t index,
                                struct xg_hash *hash, struct xg_error *error)
{
    struct fake_server *f = ctx;

    (void)error;
    assert_true(((index + 1) << level) <= f->size);
    xg_tlog_root(hash, f->leaves + (index << level), (uint64_t)1 << level);
    return XG_OK;
}

static void put_tiles(struct centre *c)
{
    struct fake_server *f = c->r->server;
    struct xg_node_reader nodes = {f, read_leaf};
    char path[XG_TILE_PATH_SIZE], name[XG_TILE_PATH_SIZE + 8];

    for (unsigned level = 0; f->size >> (8 * level) > 0; level++) {
        uint64_t hashes = f->size >> (8 * level);
        for (uint64_t i = 0; i * XG_TILE_WIDTH < hashes; i++) {
            uint64_t left = hashes - i * XG_TILE_WIDTH;
            struct xg_tile tile = {
                .level = level,
                .index = i,
                .width = left < XG_TILE_WIDTH ? (unsigned)left : XG_TILE_WIDTH};
            if (level == 0 && (i + 1) * XG_TILE_WIDTH <= c->tiles_from)
                continue;
            struct xg_buf bytes = XG_BUF(8192);
            assert_ok(xg_tile_hashes(&bytes, &tile, &nodes, &err));
            xg_tile_path(path, &tile);
            snprintf(name, sizeof name, "log/%s", path);
            assert_ok(xg_bundle_add(c->w, name, xg_buf_bytes(&bytes), &err));
            xg_buf_clear(&bytes);
        }
    }
}

/* The receipts of what the server holds of these, by its newest checkpoint. */
static void put_receipts(struct centre *c)
{
    struct fake_server *f = c->r->server;
    struct xg_node_reader nodes = {f, read_leaf};
    char name[XG_TAR_NAME_MAX + 1], hex[65];
    struct xg_checkpoint now = {.size = f->size};
    struct xg_buf text = XG_BUF(4096), note = XG_BUF(4096);
    struct xg_buf states = XG_BUF(1 << 16);

    snprintf(now.origin, sizeof now.origin, FAKE_ORIGIN);
    xg_tlog_root(&now.root, f->leaves, f->size);
    xg_checkpoint_text(&text, &now);
    xg_note_sign(&note, xg_buf_bytes(&text), &f->log);
    for (size_t i = 0; i < c->batch_count; i++)
        for (size_t j = 0; j < f->batch_count; j++) {
            struct xg_buf receipt = XG_BUF(1 << 16);
            struct xg_proof proof;
            if (!xg_hash_equal(&c->batches[i], &f->batches[j].id))
                continue;
            assert_ok(xg_prove_inclusion(&proof, f->batches[j].position,
                                         f->size, &nodes, &err));
            xg_receipt_print(&receipt, f->batches[j].position, &proof,
                             xg_buf_bytes(&note));
            xg_bundle_name(name, "receipts", &c->batches[i], ".tlog-proof");
            assert_ok(xg_bundle_add(c->w, name, xg_buf_bytes(&receipt), &err));
            xg_hex(hex, c->batches[i].b, XG_HASH_SIZE);
            xg_buf_format(&states, "%s stored\n", hex);
            xg_buf_clear(&receipt);
        }
    assert_ok(xg_bundle_add(c->w, "states", xg_buf_bytes(&states), &err));
    xg_buf_clear(&states);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

static void put_news(struct centre *c)
{
    char url[128], name[128];

    snprintf(url, sizeof url, "/v1/updates?since=%llu",
             (unsigned long long)c->up.since);
    snprintf(name, sizeof name, "updates/%llu",
             (unsigned long long)c->up.since);
    assert_ok(
        xg_bundle_add(c->w, name, ask(c, "GET", url, xg_bytes(NULL, 0)), &err));
    if (c->r->server->reference_count == 0)
        return;
    assert_ok(xg_bundle_add(
        c->w, "references/0",
        ask(c, "GET", "/v1/references?from=0", xg_bytes(NULL, 0)), &err));
    for (size_t i = 0; i < c->r->server->reference_count; i++) {
        const struct fake_reference *f = &c->r->server->references[i];
        xg_bundle_name(name, "reference", &f->says.file, "");
        assert_ok(xg_bundle_add(c->w, name, f->content, &err));
    }
}

/* What the server's side of docs/bundles.md does with `up`. */
static void answer_with(struct rig *r, const char *up, const char *down,
                        uint64_t tiles_from, bool seal)
{
    struct centre c = {.r = r,
                       .t = fake_server_transport(r->server),
                       .a = {.body = XG_BUF(XG_ANSWER_MAX)},
                       .hello = XG_BUF(XG_NOTE_MAX),
                       .content = XG_BUF(XG_BUNDLE_PART_MAX),
                       .down = {.kind = XG_BUNDLE_DOWN, .log = FAKE_ORIGIN},
                       .tiles_from = tiles_from};
    const struct xg_bundle_target target = {
        .path = down, .slots = seal ? &c.slots : NULL, .env = &r->env};
    const struct xg_bundle_host host = {NULL, NULL, NULL};
    uint64_t bytes;

    unlink(down);
    assert_ok(xg_bundle_new(&c.w, &err));
    take_up(&c, up);
    if (c.hello.len > 0) {
        struct xg_bytes welcome =
            ask(&c, "POST", "/v1/hello", xg_buf_bytes(&c.hello));
        open_session(&c, welcome);
        assert_ok(xg_bundle_add(c.w, "welcome", welcome, &err));
        put_tiles(&c);
        put_receipts(&c);
        put_news(&c);
    } else {
        snprintf(c.down.to, sizeof c.down.to, "%s",
                 r->server->devices[r->server->device_count - 1].key.name);
    }
    c.slots.count = 1;
    memcpy(c.slots.keys[0],
           r->server->devices[r->server->device_count - 1].key.key, 32);
    c.down.size = r->server->size;
    assert_ok(xg_bundle_write(c.w, &bytes, &target, &c.down, &r->server->log,
                              &host, &err));
    xg_bundle_free(c.w);
    xg_buf_clear(&c.a.body);
    xg_buf_clear(&c.hello);
    xg_buf_clear(&c.content);
}

static void answer(struct rig *r, const char *up, const char *down)
{
    answer_with(r, up, down, 0, false);
}

static void enrol_by_files(struct rig *r)
{
    const struct bundle_write_options options = {.path = at(r, "request")};

    assert_ok(bundle_write_enrol(&r->home, &r->server->code, &options, &err));
    answer(r, at(r, "request"), at(r, "accepted"));
    assert_ok(read_down(r, at(r, "accepted")));
    assert_true(taken.enrolled);
}

static uint64_t received(struct rig *r)
{
    return rig_counts(r).records[STORE_RECEIVED];
}

/* ---- from first to last ---- */

static void test_never_a_network(void **state)
{
    struct rig *r = *state;

    enrol_by_files(r);
    assert_int_equal(r->server->devices[0].enrols, 1);
    /* The same file again: it was answered before. */
    assert_ok(read_down(r, at(r, "accepted")));
    assert_false(taken.enrolled);
    fake_server_refer(r->server, "catalogue", "2025", "{}");
    for (int round = 0; round < 3; round++) {
        bool seal = round == 2;
        rig_report(r, "a hole in the road");
        rig_report(r, "another");
        assert_ok(write_up(r, at(r, "up"), seal));
        assert_int_equal(rig_counts(r).records[STORE_SENT], 2);
        answer_with(r, at(r, "up"), at(r, "down"), 0, seal);
        assert_ok(read_down(r, at(r, "down")));
        assert_true(taken.answers);
        assert_false(taken.old || taken.cut || taken.gap);
        assert_int_equal(taken.bad_parts, 0);
        assert_int_equal(taken.batches_waiting, 0);
        assert_int_equal(received(r), 2 * (round + 1));
        assert_int_equal(rig_held(r).size, r->server->size);
    }
    assert_int_equal(taken.report.batches_received, 1);
    uint64_t references, next;
    assert_ok(store_count_references(r->home.store, &references, &next, &err));
    assert_int_equal(references, 1);
    rig_check_once(r);
    /* Then a network after all: nothing to be done twice. */
    assert_ok(rig_sync(r, &err));
    assert_int_equal(r->report.batches_received, 0);
    assert_int_equal(r->report.references, 0);
    rig_check_once(r);
}

static void test_twice_and_out_of_order(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    rig_report(r, "one");
    assert_ok(write_up(r, at(r, "up1"), false));
    answer(r, at(r, "up1"), at(r, "down1"));
    rig_report(r, "two");
    assert_ok(write_up(r, at(r, "up2"), false));
    answer(r, at(r, "up2"), at(r, "down2"));
    /* The newer first; the older brings nothing, and no alarm. */
    assert_ok(read_down(r, at(r, "down2")));
    assert_int_equal(received(r), 2);
    struct xg_checkpoint held = rig_held(r);
    assert_ok(read_down(r, at(r, "down1")));
    assert_true(taken.old);
    assert_false(rig_has_file(r, "alarm/shown"));
    assert_int_equal(rig_held(r).size, held.size);
    for (int i = 0; i < 3; i++) {
        assert_ok(read_down(r, at(r, "down2")));
        assert_false(taken.old);
        assert_int_equal(taken.report.batches_received, 0);
    }
    /* A first bundle that never arrived, its batches in the second too. */
    rig_report(r, "three");
    assert_ok(write_up(r, at(r, "up3"), false));
    rig_report(r, "four");
    assert_ok(write_up(r, at(r, "up4"), false));
    answer(r, at(r, "up4"), at(r, "down4"));
    answer(r, at(r, "up3"), at(r, "down3"));
    assert_ok(read_down(r, at(r, "down4")));
    assert_int_equal(received(r), 4);
    assert_ok(read_down(r, at(r, "down3")));
    assert_int_equal(taken.bad_parts, 0);
    rig_check_once(r);
}

/* ---- cut ---- */

static struct xg_buf load(const char *path)
{
    struct xg_buf b = XG_BUF(FILE_MAX);

    assert_ok(xg_os_read(&b, path, &err));
    return b;
}

static void save(const char *path, const uint8_t *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_ok(xg_os_write_all(fd, path, xg_bytes(data, len), &err));
    close(fd);
}

static void test_cut_at_every_border(void **state)
{
    struct rig *r = *state;
    uint64_t last = 0;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    for (int i = 0; i < 4; i++) {
        rig_report(r, "one of several");
        assert_ok(write_up(r, at(r, "up"), false));
    }
    answer(r, at(r, "up"), at(r, "down"));
    struct xg_buf whole = load(at(r, "down"));
    /* Borders of parts are multiples of 512; a byte before and after each. */
    for (size_t n = 0; n <= whole.len; n += 256)
        for (int by = -1; by <= 1; by++) {
            if ((by < 0 && n == 0) || (by > 0 && n == whole.len))
                continue;
            size_t len = by < 0 ? n - 1 : n + (size_t)by;
            save(at(r, "cut"), whole.data, len);
            enum xg_status status = read_down(r, at(r, "cut"));
            assert_true(status == XG_OK || status == XG_FORMAT);
            assert_int_equal(taken.bad_parts, 0);
            assert_true(status == XG_FORMAT || taken.cut ||
                        taken.batches_waiting == 0);
            uint64_t now = received(r);
            assert_true(now >= last);
            last = now;
        }
    assert_int_equal(last, 4);
    assert_false(rig_has_file(r, "alarm/shown"));
    xg_buf_clear(&whole);
}

/* A cut one says what is missing, and the whole one after it brings it. */
static void test_cut_says_so(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    rig_report(r, "one");
    assert_ok(write_up(r, at(r, "up"), false));
    answer(r, at(r, "up"), at(r, "down"));
    struct xg_buf whole = load(at(r, "down"));
    save(at(r, "cut"), whole.data, whole.len / 2);
    assert_ok(read_down(r, at(r, "cut")));
    assert_true(taken.cut);
    assert_int_equal(taken.batches_waiting, 1);
    assert_ok(read_down(r, at(r, "down")));
    assert_false(taken.cut);
    assert_int_equal(taken.batches_waiting, 0);
    xg_buf_clear(&whole);
}

/* Every bit that is turned is noticed or harmless: nothing counts as received
 * without its proof, no alarm comes from a damaged stick. */
static void test_altered(void **state)
{
    struct rig *r = *state;
    uint64_t size;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    rig_report(r, "one");
    size = rig_held(r).size;
    assert_ok(write_up(r, at(r, "up"), false));
    answer(r, at(r, "up"), at(r, "down"));
    struct xg_buf whole = load(at(r, "down"));
    char copy[TEST_FOLDER_SIZE];
    test_folder_make(copy, "copy");
    home_close(&r->home);
    rig_copy_home(r->path, copy);
    for (size_t n = 0; n < whole.len; n += 131) {
        whole.data[n] ^= (uint8_t)(1 << n % 8);
        save(at(r, "flip"), whole.data, whole.len);
        assert_ok(home_open(&r->home, r->path, false, &r->env, &err));
        xg_ignore(read_down(r, at(r, "flip")));
        assert_false(rig_has_file(r, "alarm/shown"));
        struct xg_checkpoint held = rig_held(r);
        assert_true(held.size == size || held.size == r->server->size);
        home_close(&r->home);
        whole.data[n] ^= (uint8_t)(1 << n % 8);
        if (held.size != size) { /* it was taken: begin again */
            unlink(at(r, "agent.db-wal"));
            unlink(at(r, "agent.db-shm"));
            rig_copy_home(copy, r->path);
        }
    }
    assert_ok(home_open(&r->home, r->path, false, &r->env, &err));
    test_folder_remove(copy);
    xg_buf_clear(&whole);
}

/* ---- whose, and which log ---- */

static void test_of_another_device(void **state)
{
    struct rig *r = *state;
    struct home mine = r->home, other;
    char path[TEST_FOLDER_SIZE];

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    rig_report(r, "mine");
    assert_ok(write_up(r, at(r, "up"), false));
    mine = r->home;
    test_folder_make(path, "other");
    assert_ok(home_open(&other, path, true, &r->env, &err));
    r->home = other;
    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    rig_report(r, "theirs");
    assert_ok(write_up(r, at(r, "up-other"), false));
    answer(r, at(r, "up"), at(r, "down"));
    answer(r, at(r, "up-other"), at(r, "down-other"));
    assert_status(read_down(r, at(r, "down")), XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), "/d/0001"));
    assert_status(read_down(r, at(r, "up")), XG_REFUSED);
    assert_ok(read_down(r, at(r, "down-other")));
    assert_int_equal(received(r), 1);
    home_close(&r->home);
    r->home = mine;
    assert_ok(read_down(r, at(r, "down")));
    assert_int_equal(received(r), 1);
    test_folder_remove(path);
}

static void test_another_log(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    assert_ok(write_up(r, at(r, "up"), false));
    /* The same key, another past. */
    r->server->leaves[1].b[0] ^= 1;
    fake_server_append(r->server, xg_bytes_of("more"));
    answer(r, at(r, "up"), at(r, "down"));
    assert_status(read_down(r, at(r, "down")), XG_ALARM);
    assert_true(rig_has_file(r, "alarm/shown"));
    assert_true(rig_has_file(r, "alarm/held"));
    /* It stands; what is written goes on being handed over. */
    assert_status(read_down(r, at(r, "down")), XG_ALARM);
    rig_report(r, "during the alarm");
    assert_ok(write_up(r, at(r, "up"), false));
}

static void test_same_size_other_root(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    assert_ok(write_up(r, at(r, "up"), false));
    answer(r, at(r, "up"), at(r, "down"));
    assert_ok(read_down(r, at(r, "down")));
    r->server->leaves[1].b[0] ^= 1;
    answer(r, at(r, "up"), at(r, "down"));
    assert_status(read_down(r, at(r, "down")), XG_ALARM);
}

/* No tiles from what is held: it says what to do, and changes nothing. */
static void test_does_not_follow(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    uint64_t size = rig_held(r).size;
    assert_ok(write_up(r, at(r, "up"), false));
    for (int i = 0; i < 600; i++)
        fake_server_append(r->server, xg_bytes_of("far away"));
    answer_with(r, at(r, "up"), at(r, "down"), 256, false);
    assert_status(read_down(r, at(r, "down")), XG_GAP);
    assert_int_equal(rig_held(r).size, size);
    assert_false(rig_has_file(r, "alarm/shown"));
    answer(r, at(r, "up"), at(r, "down"));
    assert_ok(read_down(r, at(r, "down")));
    assert_int_equal(rig_held(r).size, r->server->size);
}

/* 1970 at one end, 2099 at the other. */
static void test_clocks(void **state)
{
    struct rig *r = *state;

    assert_ok(rig_enrol(r, &err));
    assert_ok(rig_sync(r, &err));
    r->world.wall_ms = 0;
    rig_report(r, "at the beginning of time");
    assert_ok(write_up(r, at(r, "up"), false));
    answer(r, at(r, "up"), at(r, "down"));
    r->world.wall_ms = 4102444800000 - 1000;
    uint64_t told;
    assert_ok(store_get_meta_u64(r->home.store, &told, SYNC_META_TOLD, &err));
    assert_ok(read_down(r, at(r, "down")));
    assert_int_equal(received(r), 1);
    uint64_t after;
    assert_ok(store_get_meta_u64(r->home.store, &after, SYNC_META_TOLD, &err));
    assert_int_equal(told, after); /* a bundle sets no clock */
}

static void test_not_enrolled(void **state)
{
    struct rig *r = *state;

    save(at(r, "nothing"), (const uint8_t *)"", 0);
    assert_status(write_up(r, at(r, "up"), false), XG_REFUSED);
    assert_status(read_down(r, at(r, "nothing")), XG_FORMAT);
    assert_false(xg_os_exists(at(r, "up")));
    assert_status(read_down(r, at(r, "not-there")), XG_NOTFOUND);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_never_a_network),
        TEST(test_twice_and_out_of_order),
        TEST(test_cut_at_every_border),
        TEST(test_cut_says_so),
        TEST(test_altered),
        TEST(test_of_another_device),
        TEST(test_another_log),
        TEST(test_same_size_other_root),
        TEST(test_does_not_follow),
        TEST(test_clocks),
        TEST(test_not_enrolled),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
