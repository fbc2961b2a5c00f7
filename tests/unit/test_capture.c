/* Capturing: drafts, photos, moves; importing a shift of the standard workload,
 * and what its batch weighs. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "agent/engine/photos_free.h"
#include "agent/photo/loose.h"
#include "agent/record/capture.h"
#include "agent/record/import.h"
#include "agent/record/kept_draft.h"
#include "agent/store/fold.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/cbor.h"
#include "shared/view/form.h"
#include "shared/view/photo.h"
#include "tests/lib/home.h"
#include "tests/lib/source.h"

enum { SHIFT_LINES = 16 };

static struct xg_error err;
static struct test_district district;
static struct xg_arena arena;
static struct home *home;

static int setup(void **state)
{
    (void)state;
    arena = XG_ARENA(16 << 20);
    test_district_init(&district);
    home = test_home(&district, 0, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_district_clear(&district);
    xg_arena_clear(&arena);
    return 0;
}

static uint64_t entities(void)
{
    struct store_counts counts;
    uint64_t n = 0;

    assert_ok(store_count(home->store, &counts, &err));
    for (int i = 0; i < STORE_DELIVERIES; i++)
        n += counts.entities[i];
    return n;
}

static void test_refused_leaves_nothing(void **state)
{
    struct captured c;
    struct xg_draft d;

    (void)state;
    xg_draft_init(&d, &arena, XG_KIND_VISIT);
    assert_ok(capture_set_text(&d, 12, "P00001", &err));
    assert_status(capture_create(home->store, &c, &d, NULL, &err), XG_USAGE);
    assert_non_null(strstr(xg_error_text(&err), "result"));
    assert_ok(capture_set_uint(&d, 14, 999, &err)); /* no choice */
    assert_status(capture_create(home->store, &c, &d, NULL, &err), XG_USAGE);
    assert_int_equal(entities(), 0);
    assert_ok(capture_set_uint(&d, 14, 2, &err));
    assert_ok(capture_create(home->store, &c, &d, NULL, &err));
    assert_int_equal(entities(), 1);

    struct xg_id nowhere = {{1}};
    assert_status(capture_change(home->store, &c, &nowhere, &d, NULL, &err),
                  XG_NOTFOUND);
}

/* As the command does it: the record, and the draft gone, at once. */
static enum xg_status finish(struct captured *c, int64_t number,
                             uint64_t version, struct xg_draft *d)
{
    if (store_begin(home->store, &err) != XG_OK)
        return err.status;
    if (capture_append(home->store, c, NULL, d, NULL, &err) != XG_OK ||
        kept_drop(home->store, number, version, &err) != XG_OK) {
        store_rollback(home->store);
        return err.status;
    }
    return store_commit(home->store, &err);
}

static void test_drafts(void **state)
{
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);
    struct captured c;
    struct xg_draft d;
    struct kept_draft draft, back;
    int64_t number = 0, other = 0;

    (void)state;
    kept_init(&draft, &arena, kind);
    assert_ok(kept_add_word(&draft, "description=未完", &err));
    assert_ok(kept_add_word(&draft, "position=不是位置", &err));
    draft.author = "w01";
    draft.informant[VIEW_TOLD_PHONE] = "138 …";
    assert_ok(kept_save(home->store, &number, &draft, &err));
    assert_ok(kept_save(home->store, &other, &draft, &err));
    assert_int_equal(number, 1);
    assert_int_equal(other, 2);
    assert_int_equal(draft.version, 2);
    assert_int_equal(store_draft_number("draft-2"), 2);
    assert_int_equal(store_draft_number("draft-02"), 0);

    /* Everything comes back as it was typed, right or wrong. */
    test_home_again(&district, 0);
    assert_ok(kept_load(home->store, &back, &arena, number, &err));
    assert_string_equal(back.author, "w01");
    assert_int_equal(back.words.count, 2);
    assert_string_equal(back.words.list[1], "position=不是位置");
    assert_string_equal(back.informant[VIEW_TOLD_PHONE], "138 …");
    assert_null(back.informant[VIEW_TOLD_NAME]);
    assert_false(back.is_later);
    assert_int_equal(back.version, 1);
    assert_true(kept_equal(&draft, &back));
    assert_ok(kept_save(home->store, &number, &back, &err));
    assert_int_equal(number, 1);

    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_status(finish(&c, number, 2, &d), XG_USAGE); /* no category */
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "noise", &err));
    assert_status(finish(&c, number, 1, &d), XG_STALE);
    assert_int_equal(entities(), 0);
    assert_ok(finish(&c, number, 2, &d));
    assert_status(finish(&c, number, 2, &d), XG_NOTFOUND);
    assert_ok(kept_discard(home->store, other, &err));
    assert_status(kept_discard(home->store, other, &err), XG_NOTFOUND);
    assert_int_equal(entities(), 1);

    /* A number is never given twice. */
    number = 0;
    assert_ok(kept_save(home->store, &number, &back, &err));
    assert_int_equal(number, 3);
}

/* Of a later act, and what a visit opens. */
static void test_drafts_of_acts(void **state)
{
    struct kept_draft draft, back;
    const char *opens[] = {"category=fire", "urgency="};
    int64_t number = 0;

    (void)state;
    kept_init(&draft, &arena, xg_kind_find(XG_KIND_VISIT));
    draft.is_later = true;
    memset(draft.about.b, 7, XG_ID_SIZE);
    draft.move = "answer";
    draft.opens = (struct kept_words){.list = opens, .count = 2};
    assert_ok(kept_save(home->store, &number, &draft, &err));
    assert_ok(kept_load(home->store, &back, &arena, number, &err));
    assert_true(back.is_later);
    assert_true(xg_id_equal(&back.about, &draft.about));
    assert_string_equal(back.move, "answer");
    assert_int_equal(back.opens.count, 2);
    assert_string_equal(back.opens.list[1], "urgency=");

    /* Too much is refused whole. */
    char *much = malloc(KEPT_BYTES_MAX + 1);
    assert_non_null(much);
    memset(much, 'x', KEPT_BYTES_MAX);
    much[KEPT_BYTES_MAX] = '\0';
    assert_ok(kept_add_word(&back, much, &err));
    assert_status(kept_save(home->store, &number, &back, &err), XG_TOOBIG);
    free(much);
    assert_ok(kept_load(home->store, &back, &arena, number, &err));
    assert_int_equal(back.words.count, 0);
}

/* What an earlier program kept as values comes back as words. */
static void test_drafts_of_before(void **state)
{
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);
    struct xg_buf content = XG_BUF(4096);
    struct kept_draft back;
    struct xg_draft d;
    int64_t number = 0;

    (void)state;
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_ADDRESS, "东门", &err));
    assert_ok(capture_set_uint(&d, XG_INCIDENT_URGENCY, 3, &err));
    assert_ok(capture_add_text(&d, XG_FIELD_NOTE, "一", &err));
    assert_ok(capture_add_text(&d, XG_FIELD_NOTE, "二", &err));
    xg_cbor_put_array(&content, 2);
    xg_cbor_put_text(&content, "w01", 3);
    xg_cbor_put_map(&content, d.field_count);
    for (size_t i = 0; i < d.field_count; i++) {
        xg_cbor_put_uint(&content, d.fields[i].number);
        xg_buf_append(&content, d.fields[i].value.at, d.fields[i].value.len);
    }
    assert_ok(store_begin(home->store, &err));
    assert_ok(store_put_draft(home->store, &number, kind,
                              xg_buf_bytes(&content), &err));
    assert_ok(store_commit(home->store, &err));
    assert_ok(kept_load(home->store, &back, &arena, number, &err));
    assert_string_equal(back.author, "w01");
    assert_int_equal(back.values.field_count, 0);
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    for (size_t i = 0; i < back.words.count; i++)
        assert_ok(view_form_set(&d, kind, back.words.list[i], NULL, &err));
    assert_int_equal(back.words.count, 4);
    assert_int_equal(d.field_count, 3);
    xg_buf_clear(&content);
}

/* What is no draft is not read as one; hostile bytes of a handover. */
static void test_drafts_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "", "80", "f6", "82f6f6", "82f6a163616263f6", "83f6a0a0a0",
        "83f6a0a10201", "83f6a0a1028100", "83f6a0a102814100",
        "83f6a0a1028141ff", "83f6a0a1034101", "83f6a0a10581f6",
        "83f6a0a10584f6f6f600", "83f6a0a107f6", "8301a0a0", "82f6a10c00",
        "83f6a0a10100ff", "83f6a0a101"};
    struct xg_cbor_item values, rest;
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);
    uint8_t bytes[64];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        size_t len = strlen(wrong[i]) / 2;
        assert_true(xg_unhex(bytes, len, wrong[i], 2 * len));
        if (kept_fits(&values, &rest, kind, xg_bytes(bytes, len)))
            fail_msg("%s is taken for a draft", wrong[i]);
    }
    assert_true(xg_unhex(bytes, 8, "83f6a0a201010280", 16));
    assert_true(kept_fits(&values, &rest, kind, xg_bytes(bytes, 8)));
}

/* ---- what a sweep takes from the shelf ---- */

static struct photo_shelf shelf_of(void)
{
    return (struct photo_shelf){.home = home->path,
                                .vault = home->vault,
                                .intend = photo_intend,
                                .intend_ctx = home->store};
}

/* From a pipe, as an upload comes. */
static struct xg_photo keep_piped(const char *name)
{
    struct photo_shelf shelf = shelf_of();
    struct xg_photo kept;
    struct xg_buf bytes =
        test_source_read(test_source("tests/data/jpeg/%s", name));
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    pid_t writer = fork();
    if (writer == 0) {
        close(ends[0]);
        _exit(write(ends[1], bytes.data, bytes.len) != (ssize_t)bytes.len);
    }
    close(ends[1]);
    assert_ok(photo_keep_stream(&shelf, &kept, ends[0], (int64_t)bytes.len,
                                &err));
    close(ends[0]);
    waitpid(writer, NULL, 0);
    assert_int_equal(kept.length, bytes.len);
    assert_ok(photo_verify(&shelf, &kept.sha256, &err));
    xg_buf_clear(&bytes);
    return kept;
}

/* As if it had been kept so long ago. */
static void age(const struct xg_photo *kept, int64_t ms)
{
    char hex[2 * XG_HASH_SIZE + 1], path[2 * HOME_PATH_SIZE];
    int64_t at_ms = xg_wall_ms(home->env) - ms;
    struct timespec times[2] = {{.tv_sec = at_ms / 1000},
                                {.tv_sec = at_ms / 1000}};

    xg_hex(hex, kept->sha256.b, XG_HASH_SIZE);
    snprintf(path, sizeof path, "%s/photos/%.2s/%s", home->path, hex, hex);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static uint64_t swept(void)
{
    uint64_t removed = 99;

    assert_ok(photo_sweep(home, &removed, &err));
    return removed;
}

static void test_sweep(void **state)
{
    struct photo_shelf shelf = shelf_of();
    struct xg_photo lost = keep_piped("f1-exif.jpg");
    struct xg_photo named = keep_piped("f2-exif.jpg");
    struct xg_photo drafted = keep_piped("f3-exif.jpg");
    struct xg_buf list = XG_BUF(4096);
    struct captured c;
    struct kept_draft draft;
    struct xg_draft d;
    int64_t number = 0;
    sqlite3 *db;
    char path[2 * HOME_PATH_SIZE];

    (void)state;
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "noise", &err));
    assert_ok(capture_photo(&d, NULL, &named, 0, VIEW_ORIGIN_HERE, &err));
    assert_ok(capture_create(home->store, &c, &d, NULL, &err));
    kept_init(&draft, &arena, xg_kind_find(XG_KIND_INCIDENT));
    assert_ok(
        capture_photo(&draft.values, NULL, &drafted, 0, VIEW_ORIGIN_HERE, &err));
    assert_ok(kept_save(home->store, &number, &draft, &err));

    /* Young ones stay: somebody may be about to name them. */
    age(&lost, 1000); /* the clock of a test stands where it likes */
    assert_int_equal(swept(), 0);
    /* By a clock that was put back it would stay for years. */
    age(&lost, -60000);
    assert_int_equal(swept(), 1);
    assert_false(photo_has(&shelf, &lost.sha256));
    lost = keep_piped("f1-exif.jpg");
    age(&lost, PHOTO_LOOSE_MS - 60000);
    assert_int_equal(swept(), 0);

    /* What a record names stays, though no table says so: as of an entity that
     * is too large to be folded. */
    age(&named, 2 * PHOTO_LOOSE_MS);
    age(&drafted, 2 * PHOTO_LOOSE_MS);
    age(&lost, 2 * PHOTO_LOOSE_MS);
    snprintf(path, sizeof path, "%s/agent.db", home->path);
    assert_ok(store_begin(home->store, &err));
    assert_ok(photo_loose_add(home->store, &named.sha256, &err));
    assert_ok(store_commit(home->store, &err));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM photo", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(swept(), 1);
    assert_false(photo_has(&shelf, &lost.sha256));
    assert_true(photo_has(&shelf, &named.sha256));
    assert_true(photo_has(&shelf, &drafted.sha256));

    /* The draft gives it up, and it goes. */
    assert_ok(kept_discard(home->store, number, &err));
    assert_int_equal(swept(), 1);
    assert_false(photo_has(&shelf, &drafted.sha256));
    assert_ok(photo_loose_get(home->store, &list, &err));
    assert_int_equal(list.len, 0);
}

static void test_streams_that_are_none(void **state)
{
    struct photo_shelf shelf = shelf_of();
    struct xg_photo kept;
    static const char bytes[] = "\xff\xd8\xff and then it was cut";
    const struct {
        size_t len;
        int64_t told;
    } all[] = {{0, -1}, {0, 5}, {2, -1}, {20, 21}, {20, 19}, {20, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], bytes, all[i].len), all[i].len);
        close(ends[1]);
        assert_status(photo_keep_stream(&shelf, &kept, ends[0], all[i].told,
                                        &err),
                      XG_FORMAT);
        close(ends[0]);
    }
    struct xg_buf list = XG_BUF(4096);
    assert_ok(photo_loose_get(home->store, &list, &err));
    assert_int_equal(list.len, 0);
}

static void test_photo_element(void **state)
{
    struct xg_photo kept = {.sha256 = {{7}},
                            .length = 1234,
                            .exif = {.orientation_claim = XG_PHOTO_CLAIMED,
                                     .orientation = 6,
                                     .taken_claim = XG_PHOTO_CLAIMED,
                                     .taken = "2012:12:19 21:38:40",
                                     .offset_claim = XG_PHOTO_CLAIMED,
                                     .offset_min = -210,
                                     .position_claim = XG_PHOTO_CLAIMED,
                                     .lat_e7 = 350500000,
                                     .lon_e7 = 1183400000}};
    struct xg_photo plain = {.sha256 = {{8}}, .length = 5};
    struct store_entity e;
    struct captured c;
    struct xg_draft d;
    bool placed;

    (void)state;
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "noise", &err));
    assert_ok(capture_photo(&d, &placed, &kept, 1, VIEW_ORIGIN_FORWARDED, &err));
    assert_false(placed); /* of somewhere else, perhaps */
    assert_ok(capture_photo(&d, &placed, &plain, 0, VIEW_ORIGIN_HERE, &err));
    assert_false(placed);
    kept.sha256.b[1] = 1;
    assert_ok(capture_photo(&d, &placed, &kept, 4, VIEW_ORIGIN_HERE, &err));
    assert_true(placed);
    assert_ok(capture_create(home->store, &c, &d, NULL, &err));
    assert_ok(store_load_entity(home->store, &e, NULL, &c.id, &err));
    assert_int_equal(e.photos, 3);
    assert_int_equal(e.photos_here, 3);

    struct fold fold;
    struct xg_cbor_item item;
    assert_ok(fold_load(home->store, &fold, &arena, &c.id, &err));
    assert_null(fold.ops[0].record->malformed);
    assert_true(xg_state_value(&fold.state, XG_FIELD_POSITION, &item));

    /* A change does not move the incident. */
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    d.head.creates = false;
    assert_ok(capture_photo(&d, &placed, &kept, 5, VIEW_ORIGIN_HERE, &err));
    assert_false(placed);
    assert_ok(capture_change(home->store, &c, &c.id, &d, NULL, &err));
    assert_string_equal(c.number, "0417-00001-7");
}

static void test_move(void **state)
{
    struct store_entity e;
    struct captured c;
    struct xg_draft d;
    const struct xg_choice *move = xg_choice_named(xg_moves, "self_handle");

    (void)state;
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "noise", &err));
    assert_ok(capture_create(home->store, &c, &d, NULL, &err));
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_move(home->store, &d, &c.id, move, &err));
    assert_ok(capture_change(home->store, &c, &c.id, &d, NULL, &err));
    assert_ok(store_load_entity(home->store, &e, NULL, &c.id, &err));
    assert_int_equal(e.status, XG_STATUS_SELF_HANDLED);
    assert_status(capture_move(home->store, &d, &c.id, move, &err), XG_REFUSED);
}

/* ---- import ---- */

static void fixture(struct xg_buf *out, size_t lines)
{
    struct xg_buf all =
        test_source_read(test_source("tests/data/workload/shifts-3.jsonl"));
    size_t at = 0;

    for (size_t i = 0; i < lines; i++) {
        const uint8_t *end = memchr(all.data + at, '\n', all.len - at);
        assert_non_null(end);
        at = (size_t)(end - all.data) + 1;
    }
    xg_buf_append(out, all.data, at);
    xg_buf_clear(&all);
}

static const char *write_input(struct xg_bytes content)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/input.jsonl", district.folder);
    assert_ok(xg_os_replace(path, 0600, content, &err));
    return path;
}

static bool count_calls(void *ctx, uint64_t done, uint64_t lines)
{
    assert_true(done <= lines);
    ++*(int *)ctx;
    return true;
}

static size_t gzip_size(struct xg_bytes content)
{
    enum { GZIP = 16 };
    uint8_t *out = malloc(content.len + 1024);
    z_stream z = {0};

    assert_non_null(out);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + GZIP, 8,
                                  Z_DEFAULT_STRATEGY),
                     Z_OK);
    z.next_in = (Bytef *)(uintptr_t)content.at;
    z.avail_in = (uInt)content.len;
    z.next_out = out;
    z.avail_out = (uInt)content.len + 1024;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t size = z.total_out;
    deflateEnd(&z);
    free(out);
    return size;
}

static size_t seal_all(size_t *batches)
{
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct store_batch due = {0};
    struct xg_signer signer;
    size_t total = 0, sealed;
    bool found;

    assert_ok(store_signer(home->store, &signer, NULL, &err));
    assert_ok(store_seal_waiting(home->store, &sealed, &signer, &err));
    *batches = sealed;
    while (store_next_batch(home->store, &due, &frame, &found, due.row, &err) ==
               XG_OK &&
           found) {
        struct xg_batch batch;
        assert_ok(xg_batch_open(&batch, &arena, frame.data, frame.len,
                                &signer.verifier, &err));
        for (size_t i = 0; i < batch.count; i++)
            assert_null(batch.records[i].malformed);
        total += frame.len;
        xg_buf_reset(&frame);
    }
    xg_buf_clear(&frame);
    return total;
}

static void test_import_of_a_shift(void **state)
{
    struct xg_buf shift = XG_BUF(4 << 20);
    int calls = 0;
    struct import_options options = {&calls, count_calls, NULL, NULL};
    struct import_result result;
    struct store_counts counts;
    size_t count, batches;

    (void)state;
    fixture(&shift, SHIFT_LINES);
    const char *path = write_input(xg_buf_bytes(&shift));
    /* The genesis goes out when the device joins. */
    seal_all(&batches);
    size_t before = seal_all(&batches);
    assert_int_equal(batches, 0);

    assert_ok(import_file(home, &result, path, &options, &err));
    assert_int_equal(result.lines, SHIFT_LINES);
    assert_int_equal(result.added, SHIFT_LINES);
    assert_int_equal(result.held, 0);
    assert_int_equal(result.contacts, 4);
    assert_int_equal(calls, 1);
    assert_int_equal(entities(), 8 + 4 + 4 + 1 + 1);

    assert_ok(import_file(home, &result, path, NULL, &err));
    assert_int_equal(result.added, 0);
    assert_int_equal(result.held, SHIFT_LINES);
    assert_int_equal(entities(), 18);
    assert_ok(store_count(home->store, &counts, &err));
    assert_int_equal(counts.conflicts, 0);

    struct xg_hash one, other;
    assert_ok(fold_digest(home->store, &one, &err));
    assert_ok(fold_rebuild(home->store, &count, &err));
    assert_ok(fold_digest(home->store, &other, &err));
    assert_int_equal(count, 18);
    assert_memory_equal(one.b, other.b, XG_HASH_SIZE);

    size_t size = seal_all(&batches) - before;
    size_t gzip = gzip_size(xg_buf_bytes(&shift));
    print_message("a shift: %zu bytes of JSON, gzip -6 %zu, %zu batch(es) of "
                  "%zu bytes: %.3f of gzip\n",
                  shift.len, gzip, batches, size, (double)size / (double)gzip);
    assert_true((double)size <= 0.48 * (double)gzip);
    xg_buf_clear(&shift);
}

static void test_import_resolves_targets(void **state)
{
    struct xg_buf all = XG_BUF(4 << 20);
    struct import_result result;
    struct store_entity e;
    struct xg_id id;
    bool found;

    (void)state;
    fixture(&all, 3 * SHIFT_LINES);
    assert_ok(import_file(home, &result, write_input(xg_buf_bytes(&all)), NULL,
                          &err));
    assert_int_equal(result.added, 3 * SHIFT_LINES);

    /* Every `do` settled its incident on the spot. */
    size_t moved = 0;
    for (const char *at = xg_buf_str(&all);
         (at = strstr(at, "\"kind\":\"do\""));) {
        const char *target = strstr(at, "\"target\":\"") + 10;
        uint8_t source[17] = {0x50};
        assert_true(xg_unhex(source + 1, 16, target, 32));
        assert_ok(store_find_source(home->store, &id, &found,
                                    xg_bytes(source, sizeof source), &err));
        assert_true(found);
        assert_ok(store_load_entity(home->store, &e, NULL, &id, &err));
        assert_int_equal(e.status, XG_STATUS_SELF_HANDLED);
        moved++;
        at = target;
    }
    assert_int_equal(moved, 3);
    xg_buf_clear(&all);
}

static const struct {
    const char *line, *word;
} bad_lines[] = {
    {"{\"id\":\"b\",\"kind\":\"visit\",\"worker\":\"w00\",\"t\":1,"
     "\"place\":\"P1\",\"result\":\"normal\",\"colour\":\"red\"}",
     "colour"},
    {"{\"id\":\"b\",\"kind\":\"visit\",\"worker\":\"w00\",\"t\":1,"
     "\"place\":\"P1\",\"place\":\"P2\",\"result\":\"normal\"}",
     "uplicate"},
    {"{\"id\":\"b\",\"kind\":\"visit\",\"worker\":\"w00\",\"t\":1,"
     "\"place\":\"P1\",\"result\":\"so-so\"}",
     "result"},
    {"{\"id\":\"b\",\"kind\":\"visit\",\"worker\":\"w00\",\"t\":1,"
     "\"place\":\"P1\"}",
     "result"},
    {"{\"id\":\"b\",\"kind\":\"visit\",\"worker\":\"w00\",\"t\":1.5,"
     "\"place\":\"P1\",\"result\":\"normal\"}",
     "\"t\""},
    {"{\"id\":\"b\",\"kind\":\"party\",\"worker\":\"w00\",\"t\":1}",
     "kind"},
    {"{\"kind\":\"visit\",\"worker\":\"w00\",\"t\":1}", "id"},
    {"{\"id\":\"b\",\"kind\":\"do\",\"worker\":\"w00\",\"t\":1,"
     "\"target\":\"zzz\",\"move\":\"self_handle\"}",
     "zzz"},
    {"{\"id\":\"b\",\"kind\":\"do\",\"worker\":\"w00\",\"t\":1,"
     "\"target\":\"a\",\"move\":\"self_handle\"}",
     "move"}, /* a visit has no loop */
    {"{\"id\":\"b\",\"kind\":\"incident\",\"worker\":\"w00\",\"t\":1,"
     "\"category\":\"noise\",\"lat\":91,\"lon\":1}",
     "position"},
    {"{\"id\":\"b\",\"kind\":\"incident\",\"worker\":\"w00\",\"t\":1,"
     "\"category\":\"noise\",\"lat\":9}",
     "lon"},
    {"{\"id\":\"b\",\"kind\":\"incident\",\"worker\":\"w00\",\"t\":1,"
     "\"category\":\"noise\",\"photos\":[\"none.jpg\"]}",
     "none.jpg"},
    {"{\"id\":\"b\",\"kind\":\"patrol\",\"worker\":\"w00\",\"t\":1,"
     "\"start\":1,\"end\":2,\"track\":[{\"t\":1,\"lat\":1,\"lon\":2,"
     "\"alt\":3}]}",
     "track"},
    {"not JSON", "JSON"},
};

static void test_bad_lines_save_nothing(void **state)
{
    static const char good[] =
        "{\"id\":\"a\",\"kind\":\"visit\",\"worker\":\"w00\",\"t\":1,"
        "\"place\":\"P1\",\"result\":\"normal\"}\n\n";
    struct import_result result;

    (void)state;
    for (size_t i = 0; i < sizeof bad_lines / sizeof *bad_lines; i++) {
        struct xg_buf text = XG_BUF(4096);
        xg_buf_text(&text, good);
        xg_buf_text(&text, bad_lines[i].line);
        xg_buf_text(&text, "\n");
        enum xg_status status = import_file(
            home, &result, write_input(xg_buf_bytes(&text)), NULL, &err);
        if (status == XG_OK || !strstr(xg_error_text(&err), "line 3") ||
            !strstr(xg_error_text(&err), bad_lines[i].word))
            fail_msg("%s: %s", bad_lines[i].line,
                     status ? xg_error_text(&err) : "taken");
        assert_int_equal(result.added, 0);
        assert_int_equal(entities(), 0);
        xg_buf_clear(&text);
    }
    assert_ok(
        import_file(home, &result, write_input(xg_bytes_of(good)), NULL, &err));
    assert_int_equal(result.added, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(test_refused_leaves_nothing), T(test_drafts),
        T(test_drafts_of_acts),       T(test_drafts_of_before),
        T(test_drafts_that_are_none), T(test_sweep),
        T(test_streams_that_are_none),
        T(test_photo_element),          T(test_move),
        T(test_import_of_a_shift),      T(test_import_resolves_targets),
        T(test_bad_lines_save_nothing),
    };

    return xg_base_init() != 0 || xg_lang_init("en") != 0 ||
           cmocka_run_group_tests(tests, NULL, NULL);
}
