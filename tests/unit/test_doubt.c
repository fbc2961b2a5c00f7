/* test_doubt.c - what is remarked about photos, and what is not. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/base/lang.h"
#include "shared/core/merge.h"
#include "shared/view/doubt.h"
#include "shared/view/form.h"

#define WALL_MS INT64_C(1780000000000) /* 2026-05-28 20:26:40 UTC */

static int64_t wall(void *ctx)
{
    (void)ctx;
    return WALL_MS;
}

static int64_t monotonic(void *ctx)
{
    (void)ctx;
    return 1000;
}

static uint32_t boot(void *ctx)
{
    (void)ctx;
    return 1;
}

static void no_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 7, len);
}

static const struct xg_env still = {NULL, wall, monotonic, boot, no_random};

/* One photo of an incident at 35.1, 118.3 that happened an hour before. */
struct told {
    unsigned origin;           /* 1 here, 2 forwarded */
    const char *taken;         /* NULL: not told */
    int32_t north_e7, east_e7; /* from the incident, both 0: not told */
    bool at_place;             /* the incident's own position */
    bool small;                /* has a thumbnail */
    bool nowhere;              /* the incident has no position */
};

struct world {
    struct xg_arena arena;
    struct xg_branch branch;
    struct xg_record record;
    struct xg_op op;
    struct xg_state state;
    struct view_about about;
};

enum { LAT = 351000000, LON = 1183000000 };

static void put_position(struct xg_buf *b, int32_t lat, int32_t lon)
{
    xg_cbor_put_array(b, 2);
    xg_cbor_put_int(b, lat);
    xg_cbor_put_int(b, lon);
}

static void put_photo(struct xg_buf *b, const struct told *t)
{
    static const uint8_t hash[XG_HASH_SIZE] = {1};

    xg_cbor_put_array(b, 8);
    xg_cbor_put_bytes(b, hash, sizeof hash);
    xg_cbor_put_uint(b, 1000);
    xg_cbor_put_uint(b, 0);
    xg_cbor_put_uint(b, t->origin);
    xg_cbor_put_null(b);
    if (t->taken)
        xg_cbor_put_text(b, t->taken, strlen(t->taken));
    else
        xg_cbor_put_null(b);
    if (t->at_place || t->north_e7 || t->east_e7)
        put_position(b, LAT + t->north_e7, LON + t->east_e7);
    else
        xg_cbor_put_null(b);
    if (t->small) {
        xg_cbor_put_array(b, 2);
        xg_cbor_put_bytes(b, hash, sizeof hash);
        xg_cbor_put_uint(b, 99);
    } else {
        xg_cbor_put_null(b);
    }
}

static void make(struct world *w, const struct told *t)
{
    struct xg_buf value = XG_BUF(1024), out = XG_BUF(XG_RECORD_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft d;
    size_t head;

    memset(w, 0, sizeof *w);
    w->arena = XG_ARENA(4 << 20);
    w->branch.id.b[0] = 1;
    xg_draft_init(&d, &w->arena, XG_KIND_INCIDENT);
    d.head.creates = true;
    d.head.moment = xg_moment_now(&still);
    assert_ok(view_form_set(&d, xg_kind_find(XG_KIND_INCIDENT),
                            "category=fire", NULL, &err));
    if (!t->nowhere) {
        put_position(&value, LAT, LON);
        assert_ok(xg_draft_set(&d, XG_FIELD_POSITION, xg_buf_bytes(&value),
                               &err));
    }
    xg_buf_reset(&value);
    xg_cbor_put_int(&value, WALL_MS - 3600000);
    assert_ok(xg_draft_set(&d, XG_FIELD_HAPPENED, xg_buf_bytes(&value), &err));
    xg_buf_reset(&value);
    put_photo(&value, t);
    assert_ok(xg_draft_add(&d, XG_FIELD_PHOTO, xg_buf_bytes(&value), &err));
    assert_ok(xg_draft_encode(&out, &head, &d, &still, &err));
    uint8_t *copy = xg_arena_copy(&w->arena, out.data, out.len);
    xg_record_read(&w->record, &w->branch.id, 1, &(struct xg_hash){{0}},
                   xg_bytes(copy, head), xg_bytes(copy + head, out.len - head));
    assert_null(w->record.malformed);
    w->op = (struct xg_op){
        .record = &w->record, .branch = &w->branch, .seq = 1, .author = "W001"};
    struct xg_id id = xg_id_of_hash(&w->record.hash);
    assert_ok(xg_merge(&w->state, &w->arena, &id, &w->op, 1, NULL, &err));
    xg_buf_clear(&value);
    xg_buf_clear(&out);
}

static struct view_doubts doubts_of(struct world *w)
{
    const struct xg_set *set = xg_state_set(&w->state, XG_FIELD_PHOTO);

    assert_non_null(set);
    return view_doubts_of(&w->state, &set->elements[0], &w->about);
}

/* The text and the JSON of the remarks; "" for none. */
static void assert_said(struct world *w, const char *text, const char *json)
{
    struct xg_buf out = XG_BUF(1024);
    struct view_doubts d = doubts_of(w);

    view_doubts_put(&out, &d);
    assert_string_equal(xg_buf_str(&out), text);
    assert_int_equal(view_doubts_any(&d), *text != '\0');
    json_t *list = view_doubts_json(&d), *one;
    size_t i;
    json_array_foreach(list, i, one) {
        /* The words are those of the text. */
        const char *words = json_string_value(json_object_get(one, "text"));
        assert_non_null(words);
        assert_non_null(strstr(text, words));
        json_object_del(one, "text");
    }
    char *dump = json_dumps(list, JSON_COMPACT);
    assert_string_equal(dump, json);
    free(dump);
    json_decref(list);
    xg_buf_clear(&out);
    xg_arena_clear(&w->arena);
}

static void assert_says(const struct told *t, const char *text,
                        const char *json)
{
    struct world w;

    make(&w, t);
    assert_said(&w, text, json);
}

/* WALL_MS is 2026-05-29 04:26:40 at +08:00. */
static void test_nothing_to_say(void **state)
{
    static const struct told SOUND[] = {
        {.origin = 1, .taken = "2026:05:29 04:20:00", .at_place = true,
         .small = true},
        {.origin = 1, .taken = "2026:05:28 04:30:00", .small = true},
        {.origin = 1, .taken = "2026:05:30 04:26:40", .small = true},
        {.origin = 1, .taken = "2026:05:28 20:20:00+00:00", .small = true},
        {.origin = 1, .north_e7 = 80000, .small = true}, /* 890 m */
        {.origin = 1, .north_e7 = 9000000, .nowhere = true, .small = true},
        {.origin = 1},                /* of a type where nobody looked */
        {.origin = 2, .small = true}, /* out of a chat */
        {.origin = 1, .taken = "when the sun stood high", .small = true},
        {.origin = 1, .taken = "", .at_place = true, .small = true},
        {.origin = 1, .taken = "2026:13:45 99:99:99", .small = true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof SOUND / sizeof *SOUND; i++)
        assert_says(&SOUND[i], "", "[]");
}

static void test_place(void **state)
{
    struct told t = {.origin = 1, .north_e7 = 100000, .small = true};

    (void)state;
    assert_says(&t,
                "doubtful: it says it was taken 1112 m from the recorded "
                "position",
                "[{\"doubt\":\"place\",\"distance_m\":1112}]");
    t.origin = 2; /* it says so, whoever brought it */
    t.north_e7 = 9000000;
    assert_says(&t,
                "doubtful: it says it was taken over 50 km from the recorded "
                "position",
                "[{\"doubt\":\"place\"}]");
    assert_int_equal(xg_lang_init("zh"), 0);
    assert_says(&t, "存疑：照片自带的位置离记录的位置超过 50 公里",
                "[{\"doubt\":\"place\"}]");
    assert_int_equal(xg_lang_init("en"), 0);
}

static void test_time(void **state)
{
    struct told t = {.origin = 1, .small = true};

    (void)state;
    t.taken = "2026:05:26 03:26:40"; /* three days before it happened */
    assert_says(&t, "doubtful: its time is earlier by 3 d 0 h",
                "[{\"doubt\":\"earlier\",\"by_s\":259200}]");
    t.taken = "2099:08:12 19:59:29";
    t.at_place = true;
    assert_says(&t,
                "doubtful: its time is after the record: the camera's clock "
                "is ahead by 26738 d 15 h",
                "[{\"doubt\":\"ahead\",\"by_s\":2310219169}]");
    t.taken = "2012:01:01 00:03:09";
    assert_says(&t,
                "doubtful: the camera's clock seems never to have been set",
                "[{\"doubt\":\"unset\"}]");
    t.taken = "1980:06:05 12:00:00";
    assert_says(&t,
                "doubtful: the camera's clock seems never to have been set",
                "[{\"doubt\":\"unset\"}]");
    t.north_e7 = 100000;
    assert_says(&t,
                "doubtful: it says it was taken 1112 m from the recorded "
                "position; the camera's clock seems never to have been set",
                "[{\"doubt\":\"place\",\"distance_m\":1112},"
                "{\"doubt\":\"unset\"}]");
}

/* The log's word counts before the device's. */
static void test_bounds(void **state)
{
    struct told t = {.origin = 1, .small = true,
                     .taken = "2026:05:20 12:00:00"};
    struct world w;

    (void)state;
    make(&w, &t);
    w.about.clock_doubt = true; /* the device's clock says nothing */
    assert_said(&w, "", "[]");

    make(&w, &t);
    w.about.clock_doubt = true;
    w.about.has_not_before = w.about.has_not_after = true;
    w.about.not_before_ms = WALL_MS - INT64_C(20) * 86400000;
    w.about.not_after_ms = WALL_MS - INT64_C(10) * 86400000;
    assert_said(&w,
                "doubtful: its time is after the record: the camera's clock "
                "is ahead by 1 d 7 h",
                "[{\"doubt\":\"ahead\",\"by_s\":113600}]");

    t.taken = "2026:05:27 12:00:00"; /* a day and more before it happened */
    make(&w, &t);
    assert_said(&w, "doubtful: its time is earlier by 1 d 15 h",
                "[{\"doubt\":\"earlier\",\"by_s\":142000}]");
}

static void test_no_camera(void **state)
{
    const struct told t = {.origin = 1, .small = true};

    (void)state;
    assert_says(&t,
                "doubtful: said to be taken here, but without any camera data",
                "[{\"doubt\":\"no-camera\"}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_say), cmocka_unit_test(test_place),
        cmocka_unit_test(test_time),           cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_no_camera),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    if (xg_lang_init("en") != 0)
        return 1;
    return cmocka_run_group_tests_name("doubt", tests, NULL, NULL);
}
