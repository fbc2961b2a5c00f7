/* A patrol: the spool and its torn ends, closing into records, the recorder as
 * a process, tracks from files. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/record/patrol.h"
#include "agent/record/patrol_spool.h"
#include "agent/store/fold.h"
#include "agent/track/gpx.h"
#include "shared/base/os.h"
#include "tests/lib/home.h"

static struct xg_error err;
static struct test_district district;
static struct xg_arena arena;
static struct home *home;

static int setup(void **state)
{
    char path[HOME_PATH_SIZE];

    (void)state;
    arena = XG_ARENA(256 << 20);
    test_district_init(&district);
    home = test_home(&district, 0, false);
    assert_ok(home_file(path, home->path, "patrol", &err));
    assert_ok(xg_os_mkdir(path, &err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_district_clear(&district);
    xg_arena_clear(&arena);
    return 0;
}

static struct track_sample fix(int64_t after_s)
{
    return (struct track_sample){
        .kind = TRACK_FIX,
        .boot = district.world.boot,
        .wall_ms = district.world.wall_ms + after_s * 1000,
        .mono_ms = district.world.mono_ms + after_s * 1000,
        .awake_ms = TRACK_NO_TIME,
        .gps_ms = district.world.wall_ms + after_s * 1000,
        .lat_e6 = 35050000 + (int32_t)after_s * 10,
        .lon_e6 = 118340000 - (int32_t)(after_s % 7),
        .acc_dm = 40,
        .mode = 3,
    };
}

static struct track_sample sign(enum track_sample_kind kind, int64_t after_s)
{
    struct track_sample s = fix(after_s);

    s.kind = kind;
    s.gps_ms = TRACK_NO_TIME;
    s.lat_e6 = s.lon_e6 = 0;
    return s;
}

/* A patrol record and an empty spool, without a recorder. */
static struct xg_id begin(void)
{
    struct captured c;
    struct xg_draft d;

    xg_draft_init(&d, &arena, XG_KIND_PATROL);
    assert_ok(
        capture_set_time(&d, XG_PATROL_START, district.world.wall_ms, &err));
    assert_ok(capture_create(home->store, &c, &d, NULL, &err));
    assert_ok(spool_create(home->path, &c.id, &err));
    return c.id;
}

static off_t spool_size(const struct xg_id *id)
{
    char path[HOME_PATH_SIZE];
    struct stat info;

    assert_ok(spool_path(path, sizeof path, home->path, id, &err));
    assert_int_equal(stat(path, &info), 0);
    return info.st_size;
}

static struct spool_content read_back(const struct xg_id *id)
{
    struct spool_content c;

    assert_ok(spool_read(&c, &arena, home->path, id, home->vault, &err));
    return c;
}

static void test_spool_within_its_budget(void **state)
{
    enum { HOUR_S = 3600 };
    struct xg_id id = begin();
    struct spool spool;
    off_t largest = 0, before = spool_size(&id);
    int writes = 0, early = 0;

    (void)state;
    assert_ok(spool_open(&spool, home->path, &id, home->vault, &err));
    for (int64_t at = 0; at < HOUR_S; at++) { /* once a second: the most */
        struct track_sample s = fix(at);
        assert_ok(spool_add(&spool, &s, &err));
        off_t now = spool_size(&id);
        if (now != before) {
            writes++;
            early += at <= 35;
        }
        if (now - before > largest)
            largest = now - before;
        before = now;
        assert_in_range(spool.pending, 0, 30);
    }
    /* Soon after the beginning, then less and less often. */
    assert_in_range(early, 4, 6);
    assert_in_range(writes, 100, 126);
    assert_in_range(largest, 1000, 4096);
    print_message("an hour at 1 Hz: %d writes of at most %ld bytes\n", writes,
                  (long)largest);
    assert_ok(spool_flush(&spool, &err));
    spool_close(&spool);

    struct spool_content c = read_back(&id);
    assert_int_equal(c.count, HOUR_S);
    assert_false(c.torn);
    struct track_sample expected = fix(1234);
    assert_memory_equal(&c.samples[1234], &expected, sizeof expected);
}

static void test_torn_chunk(void **state)
{
    struct xg_id id = begin();
    struct track_sample s = fix(0);
    char path[HOME_PATH_SIZE];
    struct spool spool;
    off_t ends[4];

    (void)state;
    assert_ok(spool_open(&spool, home->path, &id, home->vault, &err));
    for (int i = 0; i < 4; i++) {
        s = fix(i);
        assert_ok(spool_add(&spool, &s, &err));
        assert_ok(spool_flush(&spool, &err));
        ends[i] = spool_size(&id);
    }
    spool_close(&spool);
    assert_ok(spool_path(path, sizeof path, home->path, &id, &err));

    /* Cut anywhere in the last chunk. */
    for (off_t size = ends[3] - 1; size > ends[2]; size -= 7) {
        assert_int_equal(truncate(path, size), 0);
        struct spool_content c = read_back(&id);
        assert_int_equal(c.count, 3);
        assert_true(c.torn);
    }
    /* Room that was never written: zeros. */
    assert_int_equal(truncate(path, ends[2]), 0);
    assert_int_equal(truncate(path, ends[2] + 4000), 0);
    assert_int_equal(read_back(&id).count, 3);

    /* Who goes on writes over it. */
    assert_ok(spool_open(&spool, home->path, &id, home->vault, &err));
    assert_int_equal(spool_size(&id), ends[2]);
    s = fix(100);
    assert_ok(spool_add(&spool, &s, &err));
    assert_ok(spool_flush(&spool, &err));
    spool_close(&spool);
    struct spool_content c = read_back(&id);
    assert_int_equal(c.count, 4);
    assert_false(c.torn);
    assert_int_equal(c.samples[3].wall_ms, fix(100).wall_ms);

    /* One bit in the middle: that chunk alone is lost, and it is said. */
    int fd = open(path, O_RDWR);
    uint8_t byte;
    assert_int_equal(pread(fd, &byte, 1, ends[0] + 30), 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, ends[0] + 30), 1);
    close(fd);
    c = read_back(&id);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.damaged, 1);

    struct xg_id other = {{9}};
    assert_status(spool_read(&c, &arena, home->path, &other, home->vault, &err),
                  XG_NOTFOUND);
}

static void fill(const struct xg_id *id, const struct track_sample *samples,
                 size_t count)
{
    struct spool spool;

    assert_ok(spool_open(&spool, home->path, id, home->vault, &err));
    for (size_t i = 0; i < count; i++)
        assert_ok(spool_add(&spool, &samples[i], &err));
    assert_ok(spool_flush(&spool, &err));
    spool_close(&spool);
}

static struct fold load(const struct xg_id *id)
{
    struct fold f;

    assert_ok(fold_load(home->store, &f, &arena, id, &err));
    for (size_t i = 0; i < f.state.count; i++)
        assert_null(f.ops[i].record->malformed);
    return f;
}

static size_t elements(const struct fold *f, uint64_t field)
{
    const struct xg_set *set = xg_state_set(&f->state, field);
    return set ? set->count : 0;
}

static void test_close_with_a_gap(void **state)
{
    struct xg_id id = begin();
    struct track_sample samples[64];
    struct patrol_summary sum;
    struct patrol_state look;
    size_t n = 0;

    (void)state;
    samples[n++] = sign(TRACK_STARTED, 0);
    for (int i = 0; i < 20; i++)
        samples[n++] = fix(5 + 30 * i);
    samples[n++] = sign(TRACK_NO_FIX, 600);
    for (int i = 0; i < 20; i++)
        samples[n++] = fix(900 + 30 * i);
    fill(&id, samples, n);
    assert_ok(patrol_look(&look, home->path, &err));
    assert_true(look.open && !look.running);
    assert_true(xg_id_equal(&look.id, &id));

    /* The recorder was cut off long ago: it ends where it was last seen. */
    district.world.wall_ms += 7200 * 1000;
    district.world.mono_ms += 7200 * 1000;
    assert_ok(patrol_close(home, &sum, PATROL_END_LAST_FIX, NULL, &err));
    district.world.wall_ms -= 7200 * 1000;
    district.world.mono_ms -= 7200 * 1000;
    assert_int_equal(sum.segments, 2);
    assert_int_equal(sum.gaps, 1);
    assert_int_equal(sum.points, 40);
    assert_int_equal(sum.end_ms, fix(900 + 30 * 19).wall_ms);
    assert_true(sum.distance_mm > 0);
    assert_memory_equal(sum.captured.number, "0417-", 5);

    struct fold f = load(&id);
    struct xg_cbor_item item;
    int64_t end_ms = 0;
    assert_int_equal(elements(&f, XG_PATROL_SEGMENT), 2);
    assert_int_equal(elements(&f, XG_PATROL_GAP), 1);
    assert_true(xg_state_value(&f.state, XG_PATROL_END, &item) &&
                xg_cbor_int(&item, &end_ms));
    assert_int_equal(end_ms, sum.end_ms);
    struct xg_cbor c =
        xg_cbor_over(xg_state_set(&f.state, XG_PATROL_GAP)->elements[0].value);
    xg_cbor_next(&c, &item);
    c = xg_cbor_inside(&item);
    xg_cbor_next(&c, &item);
    xg_cbor_next(&c, &item);
    xg_cbor_next(&c, &item);
    assert_int_equal(item.number, XG_GAP_NO_FIX);

    assert_ok(patrol_look(&look, home->path, &err));
    assert_false(look.open);
    assert_status(patrol_close(home, &sum, PATROL_END_NOW, NULL, &err),
                  XG_NOTFOUND);
}

static void test_close_after_a_power_cut(void **state)
{
    struct xg_id id = begin();
    struct track_sample samples[2] = {sign(TRACK_STARTED, 0), fix(10)};
    struct patrol_summary sum;

    (void)state;
    fill(&id, samples, 2);
    district.world.boot++; /* after the restart nobody went on */
    district.world.wall_ms += 3600 * 1000;
    assert_ok(patrol_close(home, &sum, PATROL_END_NOW, NULL, &err));
    assert_int_equal(sum.end_ms, district.world.wall_ms);
    struct fold f = load(&id);
    assert_int_equal(elements(&f, XG_PATROL_GAP), 1);
    struct xg_cbor_item item;
    struct xg_cbor c =
        xg_cbor_over(xg_state_set(&f.state, XG_PATROL_GAP)->elements[0].value);
    xg_cbor_next(&c, &item);
    c = xg_cbor_inside(&item);
    for (int i = 0; i < 3; i++)
        xg_cbor_next(&c, &item);
    assert_int_equal(item.number, XG_GAP_REBOOT);
}

static void test_closed_twice_adds_nothing(void **state)
{
    struct xg_id id = begin();
    struct track_sample samples[3] = {sign(TRACK_STARTED, 0), fix(10), fix(40)};
    struct patrol_summary sum;
    struct xg_buf spool = XG_BUF(1 << 20);
    char path[HOME_PATH_SIZE], name[64], hex[33];

    (void)state;
    fill(&id, samples, 3);
    assert_ok(spool_path(path, sizeof path, home->path, &id, &err));
    assert_ok(xg_os_read(&spool, path, &err));
    assert_ok(patrol_close(home, &sum, PATROL_END_NOW, NULL, &err));
    /* As if the power had gone between the commit and the removal. */
    assert_ok(xg_os_replace(path, 0600, xg_buf_bytes(&spool), &err));
    xg_hex(hex, id.b, XG_ID_SIZE);
    snprintf(name, sizeof name, "patrol.closed.%s", hex);
    assert_ok(store_begin(home->store, &err));
    assert_ok(store_put_meta_u64(home->store, name, 1, &err));
    assert_ok(store_commit(home->store, &err));
    assert_status(patrol_close(home, &sum, PATROL_END_NOW, NULL, &err),
                  XG_NOTFOUND);
    assert_false(xg_os_exists(path));
    struct fold f = load(&id);
    assert_int_equal(elements(&f, XG_PATROL_SEGMENT), 1);
    xg_buf_clear(&spool);
}

/* Many points and many gaps: more than one record can hold. */
static void test_long_track(void **state)
{
    enum { SAMPLES = 60000 };
    struct xg_id id = begin();
    struct track_sample *samples = calloc(SAMPLES, sizeof *samples);
    struct track track;
    struct track_rules rules = track_rules_default();
    struct xg_draft d;
    struct captured c;
    size_t points = 0;

    (void)state;
    assert_non_null(samples);
    for (size_t i = 0; i < SAMPLES; i++) {
        samples[i] = fix((int64_t)i + (int64_t)(i / 100) * 200);
        samples[i].lat_e6 += (int32_t)(test_next(&district.world) % 400);
        samples[i].lon_e6 += (int32_t)(test_next(&district.world) % 400);
        if (i >= SAMPLES / 2)
            samples[i] = fix(200000 + (int64_t)i);
        if (i >= SAMPLES / 2)
            samples[i].lat_e6 += (int32_t)(test_next(&district.world) % 4000);
    }
    assert_ok(track_split(&track, &arena, samples, SAMPLES, &rules, &err));
    assert_true(track.gap_count > 256);
    xg_draft_init(&d, &arena, XG_KIND_PATROL);
    assert_ok(capture_set_time(&d, XG_PATROL_END, 1790000100000, &err));
    assert_ok(store_begin(home->store, &err));
    assert_ok(patrol_append(home->store, &c, &id, &d, &track, NULL, &err));
    assert_ok(store_commit(home->store, &err));

    struct fold f = load(&id);
    assert_true(f.state.count > 3);
    assert_int_equal(elements(&f, XG_PATROL_GAP), track.gap_count);
    const struct xg_set *set = xg_state_set(&f.state, XG_PATROL_SEGMENT);
    for (size_t i = 0; i < set->count; i++) {
        struct xg_cbor in = xg_cbor_over(set->elements[i].value);
        struct xg_track_point *unpacked;
        struct xg_cbor_item item;
        size_t count;
        assert_true(xg_cbor_next(&in, &item));
        assert_in_range(item.bytes.len, 1, PATROL_SEGMENT_MAX);
        assert_ok(xg_track_unpack(&unpacked, &count, &arena, item.bytes, &err));
        points += count;
    }
    /* Halves share a point. */
    assert_int_equal(points, SAMPLES + set->count - track.segment_count);
    free(samples);
}

/* ---- files from elsewhere ---- */

static void test_import_of_a_file(void **state)
{
    struct track_sample samples[30];
    struct track track;
    struct track_rules rules = track_rules_default();
    struct xg_buf gpx = XG_BUF(1 << 20);
    struct patrol_options options = {.grid = "371302001001"};
    struct patrol_summary sum, again;
    char path[512];

    (void)state;
    for (int i = 0; i < 30; i++)
        samples[i] = fix(i < 15 ? 30 * i : 1800 + 30 * i);
    assert_ok(track_split(&track, &arena, samples, 30, &rules, &err));
    track_gpx_write(&gpx, "test", track.segments, track.segment_count, NULL, 0);
    assert_ok(xg_buf_check(&gpx, &err));
    snprintf(path, sizeof path, "%s/walk.gpx", district.folder);
    assert_ok(xg_os_replace(path, 0600, xg_buf_bytes(&gpx), &err));

    assert_ok(patrol_import(home, &sum, path, &options, &err));
    assert_false(sum.held);
    assert_int_equal(sum.points, 30);
    assert_int_equal(sum.segments, 2);
    assert_int_equal(sum.gaps, 1);
    assert_int_equal(sum.start_ms, samples[0].wall_ms);
    assert_int_equal(sum.end_ms, samples[29].wall_ms);
    assert_memory_equal(sum.captured.number, "0417-00001-", 11);
    assert_ok(patrol_import(home, &again, path, &options, &err));
    assert_true(again.held);
    assert_true(xg_id_equal(&again.captured.id, &sum.captured.id));
    assert_string_equal(again.captured.number, sum.captured.number);
    struct fold f = load(&sum.captured.id);
    assert_int_equal(f.state.count, 1);

    assert_ok(xg_os_replace(path, 0600, xg_bytes_of("nothing\n"), &err));
    assert_status(patrol_import(home, &sum, path, &options, &err), XG_FORMAT);
    xg_buf_clear(&gpx);
}

/* ---- the recorder ---- */

static void test_recorder_process(void **state)
{
    const char *bin = getenv("XG_BIN");
    char program[HOME_PATH_SIZE];
    struct patrol_options options = {.gpsd = "127.0.0.1:9", .program = program};
    struct patrol_state look;
    struct patrol_summary sum;
    struct captured c;

    (void)state;
    snprintf(program, sizeof program, "%s/xunge-patrol", bin ? bin : "bin");
    if (access(program, X_OK) != 0)
        skip();

    assert_ok(patrol_start(home, &c, &options, &err));
    assert_ok(patrol_look(&look, home->path, &err));
    assert_true(look.open && look.running && look.pid > 1);
    assert_true(xg_id_equal(&look.id, &c.id));
    assert_status(patrol_start(home, &c, &options, &err), XG_REFUSED);

    /* Killed: open, not running; goes on; ends in order. */
    assert_int_equal(kill(look.pid, SIGKILL), 0);
    for (int i = 0; look.running && i < 500; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        assert_ok(patrol_look(&look, home->path, &err));
    }
    assert_true(look.open && !look.running);
    assert_status(patrol_start(home, &c, &options, &err), XG_REFUSED);
    assert_ok(patrol_continue(home, &look, &options, &err));
    assert_true(look.running);
    assert_ok(patrol_halt(home->path, &err));
    struct spool_content content = read_back(&look.id);
    assert_int_equal(content.samples[0].kind, TRACK_STARTED);
    assert_int_equal(content.samples[content.count - 1].kind, TRACK_STOPPED);

    assert_ok(patrol_close(home, &sum, PATROL_END_NOW, NULL, &err));
    assert_int_equal(sum.points, 0);
    assert_true(sum.end_ms > 0);
    assert_ok(patrol_look(&look, home->path, &err));
    assert_false(look.open);

    /* One that does not start says so, and the patrol is not lost. */
    snprintf(program, sizeof program, "%s/none", district.folder);
    assert_status(patrol_start(home, &c, &options, &err), XG_IO);
    assert_non_null(strstr(xg_error_text(&err), program));
    assert_ok(patrol_look(&look, home->path, &err));
    assert_true(look.open && !look.running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(test_spool_within_its_budget),   T(test_torn_chunk),
        T(test_close_with_a_gap),          T(test_close_after_a_power_cut),
        T(test_closed_twice_adds_nothing), T(test_long_track),
        T(test_import_of_a_file),          T(test_recorder_process),
    };

    return xg_base_init() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
