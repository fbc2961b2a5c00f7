/* test_view.c - what people type and what they are shown. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/track.h"
#include "shared/view/conflict.h"
#include "shared/view/export.h"
#include "shared/view/form.h"
#include "shared/view/moves.h"
#include "shared/view/reference.h"
#include "shared/view/show.h"
#include "shared/view/text.h"
#include "shared/view/value.h"
#include "tests/lib/source.h"

enum { ROOM = 1 << 20, OPS_MAX = 16, DEVICES = 3 };

#define REPLACED "\xEF\xBF\xBD"

static void speak(const char *language)
{
    assert_int_equal(xg_lang_init(language), 0);
}

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("«%s» is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("«%s» is in:\n%s", part, text);
}

/* ---- records in the making ---- */

static int64_t fake_ms(void *ctx)
{
    (void)ctx;
    return 1777595400000; /* 2026-05-01T00:30:00Z */
}

static uint32_t fake_boot(void *ctx)
{
    (void)ctx;
    return 7;
}

static void fake_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, 0x5A, len);
}

static const struct xg_env fake_env = {NULL, fake_ms, fake_ms, fake_boot,
                                       fake_random};

/* Devices that each write a chain about one entity. */
struct world {
    struct xg_arena arena;
    const struct xg_kind *kind;
    struct xg_branch branches[DEVICES];
    struct xg_hash last[DEVICES];
    uint64_t next[DEVICES];
    struct xg_record records[OPS_MAX];
    struct xg_op ops[OPS_MAX];
    size_t count;
    struct xg_id id;
    struct xg_state state;
    struct xg_buf encoded;
    struct xg_brief brief;
};

static void world_init(struct world *w, const char *kind)
{
    memset(w, 0, sizeof *w);
    w->arena = XG_ARENA(8 << 20);
    w->encoded = XG_BUF(ROOM);
    w->kind = xg_kind_named(kind);
    for (uint8_t i = 0; i < DEVICES; i++)
        w->branches[i].id.b[0] = (uint8_t)(i + 1);
}

static void world_clear(struct world *w)
{
    xg_buf_clear(&w->encoded);
    xg_arena_clear(&w->arena);
}

static struct xg_draft draft_of(struct world *w)
{
    struct xg_draft d;

    xg_draft_init(&d, &w->arena, w->kind->number);
    d.head.moment = xg_moment_now(&fake_env);
    d.head.creates = w->count == 0;
    d.head.entity = w->id;
    return d;
}

static const char *const authors[DEVICES] = {"W001", "W002", "W003"};

static uint32_t role_of(uint32_t rank)
{
    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (r->rank == rank)
            return r->number;
    return 0;
}

/* The next record of a device; cites op `seen` (XG_NONE: nothing). */
static void record(struct world *w, unsigned device, uint32_t rank,
                   struct xg_draft *d, uint32_t seen)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(XG_RECORD_MAX);
    struct xg_record *r = &w->records[w->count];
    size_t head;

    if (seen != XG_NONE)
        d->foreign[d->foreign_count++] = w->records[seen].hash;
    assert_ok(xg_draft_encode(&out, &head, d, &fake_env, &err));
    uint8_t *copy = xg_arena_copy(&w->arena, out.data, out.len);
    xg_record_read(r, &w->branches[device].id, w->next[device] + 1,
                   &w->last[device], xg_bytes(copy, head),
                   xg_bytes(copy + head, out.len - head));
    assert_null(r->malformed);
    if (w->count == 0)
        w->id = xg_id_of_hash(&r->hash);
    w->ops[w->count] = (struct xg_op){.record = r,
                                      .branch = &w->branches[device],
                                      .seq = ++w->next[device],
                                      .rank = rank,
                                      .role = role_of(rank),
                                      .author = authors[device]};
    w->last[device] = r->hash;
    w->count++;
    xg_buf_clear(&out);
}

static void set(struct world *w, struct xg_draft *d, const char *assignment)
{
    struct xg_error err = XG_ERROR_NONE;
    assert_ok(view_form_set(d, w->kind, assignment, NULL, &err));
}

/* A record with one or two assignments. */
static void act(struct world *w, unsigned device, uint32_t rank,
                const char *one, const char *two, uint32_t seen)
{
    struct xg_draft d = draft_of(w);

    set(w, &d, one);
    if (two)
        set(w, &d, two);
    record(w, device, rank, &d, seen);
}

static void merge(struct world *w)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(
        xg_merge(&w->state, &w->arena, &w->id, w->ops, w->count, NULL, &err));
    xg_buf_reset(&w->encoded);
    xg_state_encode(&w->encoded, &w->state);
    assert_ok(xg_brief_read(&w->brief, xg_buf_bytes(&w->encoded), &err));
}

/* ---- a view that knows everything ---- */

static enum xg_status know_entity(void *ctx, struct view_entity *out,
                                  const struct xg_id *id, struct xg_error *err)
{
    (void)ctx;
    (void)id;
    (void)err;
    strcpy(out->number, "0417-00123-7");
    out->delivery = VIEW_RECEIVED;
    return XG_OK;
}

static enum xg_status know_about(void *ctx, struct view_about *out,
                                 const struct xg_op *op, struct xg_error *err)
{
    unsigned device = op->branch->id.b[0];

    (void)ctx;
    (void)err;
    snprintf(out->author, sizeof out->author, "W00%u", device);
    strcpy(out->author_name, device == 2 ? "李\x1b[31m四" : "张三");
    out->role = xg_role_find(XG_ROLE_WORKER);
    snprintf(out->device, sizeof out->device, "x.example/d/%u", device);
    out->delivery = VIEW_RECEIVED;
    out->logged = out->verified = device == 1;
    out->entry = 41;
    out->has_not_before = device == 1;
    out->not_before_ms = 1777590000000;
    out->clock_doubt = device == 2;
    return XG_OK;
}

/* By the first byte of the hash. */
static enum xg_status know_photo(void *ctx, enum view_place *out,
                                 const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    (void)ctx;
    (void)err;
    *out = sha256->b[0] == 1 ? VIEW_PHOTO_ONLY_HERE : VIEW_PHOTO_SERVER;
    return XG_OK;
}

static enum xg_status know_nothing(void *ctx, struct view_entity *out,
                                   const struct xg_id *id, struct xg_error *err)
{
    (void)ctx;
    (void)out;
    (void)id;
    return xg_fail(err, XG_IO, "cannot look");
}

static enum xg_status know_handed_on(void *ctx, struct view_entity *out,
                                     const struct xg_id *id,
                                     struct xg_error *err)
{
    out->out = true;
    return know_entity(ctx, out, id, err);
}

static const struct view_context in_words = {
    .entity = know_entity, .about = know_about, .photo = know_photo};
static const struct view_context in_json = {.entity = know_entity,
                                            .about = know_about,
                                            .photo = know_photo,
                                            .json = true};

/* ---- text ---- */

static void test_safe_text(void **state)
{
    static const struct {
        const char *text, *line, *block;
    } cases[] = {
        {"平安 ok", "平安 ok", "平安 ok"},
        {"a\x1b[2Jb\x07", "a" REPLACED "[2Jb" REPLACED,
         "a" REPLACED "[2Jb" REPLACED},
        {"\xC2\x9B"
         "31m",
         REPLACED "31m", REPLACED "31m"}, /* CSI in one character */
        {"a\xE2\x80\xAEz", "a" REPLACED "z", "a" REPLACED "z"}, /* U+202E */
        {"a\xEF\xBB\xBFz", "a" REPLACED "z", "a" REPLACED "z"},
        {"a\xC0\x9B", "a" REPLACED REPLACED, "a" REPLACED REPLACED},
        {"\xE5\xB9", REPLACED REPLACED, REPLACED REPLACED}, /* cut off */
        {"\xED\xA0\x80", REPLACED REPLACED REPLACED,
         REPLACED REPLACED REPLACED},
        {"一\n二\t三", "一 二 三", "一\n  二 三"},
        {" a  b\r\n", "a b", " a  b\n  "},
        {"a\rb", "a b", "a" REPLACED "b"},
        {"", "", ""},
    };
    struct xg_buf out = XG_BUF(ROOM);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xg_buf_reset(&out);
        view_put_line(&out, xg_bytes_of(cases[i].text));
        assert_string_equal(xg_buf_str(&out), cases[i].line);
        xg_buf_reset(&out);
        view_put_block(&out, xg_bytes_of(cases[i].text), 2);
        assert_string_equal(xg_buf_str(&out), cases[i].block);
    }
    xg_buf_clear(&out);
}

static void test_widths(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } cases[] = {
        {"", 0},       {"abc", 3},
        {"网格员", 6}, {"，", 2},
        {"（a）", 5},  {"…", 1},
        {"·", 1},      {"e\xCC\x81", 1},
        {"😀", 2},      {"\xC3\xA9", 1},
        {"ｱ", 1},      {"Ａ", 2},
        {"한", 2},     {"\xF0\xA0\x80\x80", 2},
    };
    struct xg_buf out = XG_BUF(ROOM);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(view_width(xg_bytes_of(cases[i].text)),
                         cases[i].width);
    view_put_column(&out, xg_bytes_of("网格员"), 5);
    xg_buf_byte(&out, '|');
    view_put_column(&out, xg_bytes_of("网格员"), 6);
    xg_buf_byte(&out, '|');
    view_put_column(&out, xg_bytes_of("网"), 6);
    xg_buf_byte(&out, '|');
    view_put_column(&out, xg_bytes_of("网格员"), 4);
    assert_string_equal(xg_buf_str(&out), "网格…|网格员|网    |网… ");
    xg_buf_clear(&out);
}

static void test_decimals(void **state)
{
    static const struct {
        const char *text;
        unsigned digits;
        int64_t value;
        const char *printed;
    } cases[] = {
        {"31.230416", 7, 312304160, "31.230416"},
        {"-0.0000001", 7, -1, "-0.0000001"},
        {"+118", 7, 1180000000, "118"},
        {"0.00000005", 7, 1, "0.0000001"},
        {"0.00000004999", 7, 0, "0"},
        {"-1.99999999", 7, -20000000, "-2"},
        {".5", 3, 500, "0.5"},
        {"5.", 3, 5000, "5"},
        {"12.5", 0, 13, "13"},
        {"9223372036854775807", 0, INT64_MAX, "9223372036854775807"},
    };
    static const char *const refused[] = {
        "",    "-",  ".",     "1e5", "1,5",
        "0x1", " 1", "1.2.3", "一",  "922337203685477580799",
        "nan"};
    struct xg_buf out = XG_BUF(ROOM);
    int64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(view_parse_decimal(&value, cases[i].text,
                                       strlen(cases[i].text), cases[i].digits));
        assert_int_equal(value, cases[i].value);
        xg_buf_reset(&out);
        view_put_decimal(&out, value, cases[i].digits);
        assert_string_equal(xg_buf_str(&out), cases[i].printed);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(
            view_parse_decimal(&value, refused[i], strlen(refused[i]), 0));
    xg_buf_reset(&out);
    view_put_decimal(&out, INT64_MIN, 3);
    assert_string_equal(xg_buf_str(&out), "-9223372036854775.808");
    xg_buf_clear(&out);
}

/* What is told and what is typed are of one zone, whatever the system's. */
static void test_a_zone_of_ones_own(void **state)
{
    struct xg_buf out = XG_BUF(64);
    int64_t ms;

    (void)state;
    assert_int_equal(view_zone_thread(-5 * 60), VIEW_ZONE_HERE);
    assert_true(view_parse_time(&ms, "2026-05-01 08:30"));
    assert_int_equal(ms, INT64_C(1777642200000)); /* 13:30 of Greenwich */
    view_put_time(&out, ms);
    assert_string_equal(xg_buf_str(&out), "2026-05-01 08:30:00");
    assert_true(view_parse_time(&ms, "2026-05-01T08:30:00+08:00"));
    assert_int_equal(ms, INT64_C(1777595400000));
    assert_int_equal(view_zone_thread(VIEW_ZONE_HERE), -5 * 60);
    assert_true(view_parse_time(&ms, "2026-05-01 08:30"));
    assert_int_equal(ms, INT64_C(1777595400000)); /* this test is in China */
    xg_buf_clear(&out);
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"2026-05-01T08:30", 1777595400000},
        {"2026-05-01 08:30:00.25", 1777595400250},
        {"2026-05-01T00:30:00Z", 1777595400000},
        {"2026-05-01T02:30:00+02:00", 1777595400000},
        {"2026-04-30T20:00-0430", 1777595400000},
        {"2026-05-01", 1777564800000},
        {"20260501", 1777564800000},
        {"@20260501", 20260501000},
        {"20261301", 20261301000}, /* no day */
        {"1777595400", 1777595400000},
        {"@1777595400.5", 1777595400500},
        {"-1.5", -1500},
        {"1970-01-01T08:00:00", 0},
        {"2099-12-31T23:59:59", 4102415999000},
        {"2024-02-29", 1709136000000},
        {"1900-03-01T00:00:00Z", -2203891200000},
    };
    static const char *const refused[] = {
        "2026-02-29",
        "2026-13-01",
        "2026-05-01T24:00",
        "2026-05-01T08",
        "2026-05-01T08:30x",
        "明天",
        "",
        "2026-05-01T08:30+2",
        "2026-05-01T",
        "2026-05-01T08:60",
        "2026-05-01T08:30:00.",
    };
    struct xg_buf out = XG_BUF(ROOM);
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!view_parse_time(&ms, cases[i].text))
            fail_msg("%s", cases[i].text);
        assert_int_equal(ms, cases[i].ms);
        xg_buf_reset(&out);
        view_put_time(&out, ms);
        assert_true(view_parse_time(&ms, xg_buf_str(&out)));
        assert_int_equal(ms, cases[i].ms);
        xg_buf_reset(&out);
        view_put_time_utc(&out, ms);
        assert_true(view_parse_time(&ms, xg_buf_str(&out)));
        assert_int_equal(ms, cases[i].ms);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (view_parse_time(&ms, refused[i]))
            fail_msg("%s was taken", refused[i]);
    xg_buf_reset(&out);
    view_put_time(&out, INT64_MAX);
    assert_int_equal(out.data[0], '@');
    xg_buf_clear(&out);
}

/* ---- every type and kind: text to value to text, and through JSON ---- */

static const char *samples(enum xg_type type, size_t i)
{
    static const char *const table[][4] = {
        [XG_TYPE_TEXT] = {"井盖破损", "-5", "two\nlines", NULL},
        [XG_TYPE_CODE] = {"fire", "371302/003-1", NULL},
        [XG_TYPE_UINT] = {"1", "42", NULL},
        [XG_TYPE_BOOL] = {"yes", "否", NULL},
        [XG_TYPE_TIME] = {"2026-05-01T08:30", "1.5", "0", NULL},
        [XG_TYPE_POSITION] = {"35.0512,118.3265", "-0.0000001,-180,0.001",
                              "31.2304161,121.4737001,12.5", NULL},
        [XG_TYPE_ENTITY] = {"00112233445566778899aabbccddeeff", NULL},
        [XG_TYPE_HASH] = {"00112233445566778899aabbccddeeff"
                          "00112233445566778899aabbccddeeff",
                          NULL},
        [XG_TYPE_SOURCE] = {"00112233445566778899aabbccddeeff", "热线-17",
                            NULL},
        [XG_TYPE_TEXTS] = {"张三；李四;王五", "一人", NULL},
        [XG_TYPE_GAP] = {NULL},
        [XG_TYPE_TALLY] = {"371302001:bottles:12", "371302001:stairs:0", NULL},
    };
    return table[type][i];
}

static struct xg_cbor_item item_of(const struct xg_buf *value)
{
    struct xg_cbor c = xg_cbor_over(xg_buf_bytes(value));
    struct xg_cbor_item item;

    assert_true(xg_cbor_next(&c, &item));
    return item;
}

/* An official number is a text in one word. */
static bool is_for(const struct xg_field *f, const char *text)
{
    return f->number != XG_CASE_NUMBER || !text[strcspn(text, " \n")];
}

static void round_trip(const struct xg_field *f, const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf first = XG_BUF(ROOM), second = XG_BUF(ROOM),
                  shown = XG_BUF(ROOM);

    assert_ok(view_form_value(&first, f, text, NULL, &err));
    struct xg_cbor_item item = item_of(&first);
    view_value_text(&shown, f, &item);
    assert_ok(view_form_value(&second, f, xg_buf_str(&shown), NULL, &err));
    assert_true(xg_bytes_equal(xg_buf_bytes(&first), xg_buf_bytes(&second)));
    xg_buf_clear(&first);
    xg_buf_clear(&second);
    xg_buf_clear(&shown);
}

static void json_trip(const struct xg_field *f, const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_field open = *f;
    struct xg_arena arena = XG_ARENA(ROOM);
    struct xg_buf value = XG_BUF(ROOM), line = XG_BUF(ROOM);
    struct xg_draft d, e;

    if (!is_for(f, text))
        return;
    open.merge = XG_MERGE_REGISTER;
    open.flags = 0;
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    xg_draft_init(&e, &arena, XG_KIND_INCIDENT);
    assert_ok(view_form_value(&value, f, text, NULL, &err));
    struct xg_cbor_item item = item_of(&value);
    assert_ok(xg_draft_set(&d, f->number, item.raw, &err));
    /* Through the printed text, as another program gets it. */
    assert_ok(view_json_put(&line, view_value_json(f, &item), &err));
    json_t *back = json_loads(xg_buf_str(&line), JSON_DECODE_ANY, NULL);
    assert_non_null(back);
    assert_ok(view_form_set_json(&e, &open, back, NULL, &err));
    assert_true(xg_bytes_equal(xg_draft_get(&d, f->number),
                               xg_draft_get(&e, f->number)));
    json_decref(back);
    xg_buf_clear(&value);
    xg_buf_clear(&line);
    xg_arena_clear(&arena);
}

static void test_round_trips(void **state)
{
    const struct xg_field *f;
    size_t tried = 0;

    (void)state;
    for (int zh = 0; zh < 2; zh++) {
        speak(zh ? "zh" : "en");
        for (const struct xg_kind *k = xg_kinds; k->name; k++)
            for (size_t i = 0; (f = xg_field_at(k, i)) != NULL; i++) {
                if (f->type == XG_TYPE_ENUM) {
                    for (const struct xg_choice *c = f->choices; c->name; c++) {
                        round_trip(f, c->name);
                        round_trip(f, c->zh);
                        json_trip(f, c->en);
                        tried++;
                    }
                    continue;
                }
                if (f->type == XG_TYPE_BYTES || f->type == XG_TYPE_NUMBERS ||
                    f->type == XG_TYPE_PHOTO || f->type == XG_TYPE_TRACK ||
                    f->type == XG_TYPE_ERASED || f->type == XG_TYPE_HASHES)
                    continue;
                for (size_t s = 0; samples(f->type, s); s++, tried++) {
                    round_trip(f, samples(f->type, s));
                    json_trip(f, samples(f->type, s));
                }
            }
    }
    assert_true(tried > 200);
    speak("en");
}

/* A name or label says one field of a kind only. */
static void test_names_are_unique(void **state)
{
    const struct xg_field *a, *b;

    (void)state;
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        for (size_t i = 0; (a = xg_field_at(k, i)) != NULL; i++)
            for (size_t j = 0; j < i && (b = xg_field_at(k, j)) != NULL; j++) {
                assert_string_not_equal(a->name, b->name);
                assert_string_not_equal(a->zh, b->zh);
                assert_string_not_equal(a->en, b->en);
            }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *kind, *text, *zh, *en;
    } cases[] = {
        {"incident", "urgancy=urgent", "是否指 urgency",
         "did you mean urgency"},
        {"incident", "colour=red", "可用字段：", "its fields: "},
        {"incident", "紧急程=紧急", "没有字段", "has no field"},
        {"incident", "category", "不是 字段=值", "is not field=value"},
        {"incident", "=x", "不是 字段=值", "is not field=value"},
        {"incident", "urgency=soon", "可选：normal 一般", "normal, priority"},
        {"incident", "category=消防", "只能含字母", "letters, digits"},
        {"incident", "position=35.05", "不是位置", "is no position"},
        {"incident", "position=91,118", "不是位置", "is no position"},
        {"incident", "position=35,118,-1", "不是位置", "is no position"},
        {"incident", "position=35,118,1,2", "不是位置", "is no position"},
        {"incident", "position=35,118,", "不是位置", "is no position"},
        {"incident", "happened=明天", "不是时间", "is no time"},
        {"incident", "contact=0417", "十六进制", "hex digits"},
        {"incident", "serial=4", "由程序填写", "set by the program"},
        {"incident", "照片=a.jpg", "--photo", "--photo"},
        {"incident", "withdrawn=yes", "withdraw", "withdraw"},
        {"dispute", "level=street", "do ", "do ID MOVE"},
        {"incident", "why=", "不能为空", "cannot be empty"},
        {"incident", "note=", "不能为空", "cannot be empty"},
        {"incident", "note-=zz", "记录码（行首几位）:序号", "HASH:INDEX"},
        {"incident", "note-=abcd:0", "64 位", "64 hex"},
        {"incident", "address-=abcd:0", "这一项只能有一个值", "holds one value"},
        {"incident", "address=\xFF", "UTF-8", "UTF-8"},
        {"meeting", "headcount=-1", "整数", "whole number"},
        {"meeting", "headcount=100001", "0 到 100000", "0 to 100000"},
        {"meeting", "headcount=3.5", "整数", "whole number"},
        {"dispute", "parties=;；", "1 到 32 项", "1 to 32"},
    };
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(ROOM);

    (void)state;
    for (int zh = 0; zh < 2; zh++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const struct xg_kind *kind = xg_kind_named(cases[i].kind);
            struct xg_draft d;
            speak(zh ? "zh" : "en");
            xg_draft_init(&d, &arena, kind->number);
            assert_ok(view_form_set(&d, kind, "grid=g1", NULL, &err));
            struct xg_draft before = d;
            if (view_form_set(&d, kind, cases[i].text, NULL, &err) != XG_USAGE)
                fail_msg("%s: %s", cases[i].text, xg_error_text(&err));
            assert_holds(xg_error_text(&err), zh ? cases[i].zh : cases[i].en);
            assert_memory_equal(&d, &before, sizeof d);
        }
    xg_arena_clear(&arena);
    speak("en");
}

static void test_kinds_by_name(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_kind *kind;

    (void)state;
    assert_ok(view_form_kind(&kind, "走访", &err));
    assert_string_equal(kind->name, "visit");
    assert_status(view_form_kind(&kind, "incidnet", &err), XG_USAGE);
    assert_holds(xg_error_text(&err), "did you mean incident?");
    assert_status(view_form_kind(&kind, "genesis", &err), XG_USAGE);
}

/* ---- drafts ---- */

static enum xg_status resolve_entity(void *ctx, struct xg_id *id,
                                     const char *text, struct xg_error *err)
{
    (void)ctx;
    if (strcmp(text, "0417-00123-7") != 0)
        return xg_fail(err, XG_AMBIGUOUS, "two match");
    memset(id->b, 0xAB, XG_ID_SIZE);
    return XG_OK;
}

static enum xg_status resolve_record(void *ctx, struct xg_hash *hash,
                                     const char *prefix, struct xg_error *err)
{
    (void)ctx;
    (void)err;
    assert_string_equal(prefix, "abcd");
    memset(hash->b, 0xCD, XG_HASH_SIZE);
    return XG_OK;
}

static const struct view_resolver resolver = {NULL, resolve_entity,
                                              resolve_record, NULL};

static void test_drafts(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;
    struct xg_cbor_item item;

    (void)state;
    world_init(&w, "dispute");
    struct xg_draft d = draft_of(&w);
    assert_status(view_form_complete(&d, w.kind, &err), XG_USAGE);
    assert_holds(xg_error_text(&err), "type");
    set(&w, &d, "纠纷类型=邻里");
    set(&w, &d, "parties=张三;李四");
    set(&w, &d, "parties=王五");
    set(&w, &d, "session=first");
    set(&w, &d, "session=second");
    set(&w, &d, "complexity=");
    assert_ok(view_form_set(&d, w.kind, "note-=abcd:3", &resolver, &err));
    assert_ok(view_form_set(&d, w.kind, "photo-=abcd:0", &resolver, &err));
    assert_ok(view_form_complete(&d, w.kind, &err));
    record(&w, 0, 20, &d, XG_NONE);
    merge(&w);

    assert_true(xg_state_value(&w.state, 13, &item));
    assert_int_equal(item.number, 3);
    assert_int_equal(xg_state_set(&w.state, 18)->count, 2);
    assert_false(xg_state_value(&w.state, 16, &item));
    d.head.creates = false;
    assert_status(view_form_set(&d, w.kind, "type=", NULL, &err), XG_USAGE);
    d.head.creates = true;
    set(&w, &d, "type=");
    assert_status(view_form_complete(&d, w.kind, &err), XG_USAGE);
    world_clear(&w);

    world_init(&w, "incident");
    d = draft_of(&w);
    assert_status(view_form_set(&d, w.kind, "contact=04", &resolver, &err),
                  XG_AMBIGUOUS);
    assert_ok(
        view_form_set(&d, w.kind, "反映人=0417-00123-7", &resolver, &err));
    assert_int_equal(xg_draft_get(&d, XG_INCIDENT_CONTACT).len, 17);
    world_clear(&w);
}

static enum xg_status set_json(struct world *w, struct xg_draft *d,
                               const char *name, const char *text,
                               struct xg_error *err)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    assert_non_null(value);
    enum xg_status status =
        view_form_set_json(d, xg_field_named(w->kind, name), value, NULL, err);
    json_decref(value);
    return status;
}

static void test_json_drafts(void **state)
{
    static const struct {
        const char *name, *value;
    } good[] =
        {
            {"parties", "[\"张三\", \"李;四\"]"},
            {"complexity", "\"复杂\""},
            {"happened", "1777595400"},
            {"happened", "1777595400.25"},
            {"description", "null"},
            {"note", "[\"a\", \"b\"]"},
            {"position", "{\"lat\": 31.2304161, \"lon\": -0.1}"},
        },
      bad[] = {
          {"parties", "[\"a\", 3]"},
          {"parties", "[]"},
          {"complexity", "2"},
          {"happened", "true"},
          {"note", "[\"a\", \"\"]"},
          {"note", "null"},
          {"note", "[\"a\", 4]"},
          {"position", "{\"lat\": 31.2}"},
          {"position", "{\"lat\": 1, \"lon\": 2, \"x\": 3}"},
          {"position", "{\"lat\": 91, \"lon\": 2}"},
          {"position", "[1, 2]"},
          {"serial", "4"},
          {"level", "\"街道\""}, /* by a move only */
      };
    struct xg_error err = XG_ERROR_NONE;
    struct world w;
    struct xg_buf text = XG_BUF(ROOM);

    (void)state;
    world_init(&w, "dispute");
    struct xg_draft d = draft_of(&w);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_ok(set_json(&w, &d, good[i].name, good[i].value, &err));
    struct xg_bytes position = xg_draft_get(&d, XG_FIELD_POSITION);
    struct xg_cbor c = xg_cbor_over(position);
    struct xg_cbor_item item;
    xg_cbor_next(&c, &item);
    view_value_text(&text, xg_field_find(w.kind, XG_FIELD_POSITION), &item);
    assert_string_equal(xg_buf_str(&text), "31.2304161,-0.1");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct xg_draft before = d;
        if (set_json(&w, &d, bad[i].name, bad[i].value, &err) != XG_USAGE)
            fail_msg("%s %s", bad[i].name, bad[i].value);
        assert_memory_equal(&d, &before, sizeof d);
    }
    xg_buf_clear(&text);
    world_clear(&w);
}

/* ---- views ---- */

static void add_photo(struct world *w, struct xg_draft *d, uint8_t first)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(256);
    struct xg_hash hash = {{first}};

    (void)w;
    xg_cbor_put_array(&value, 6);
    xg_cbor_put_bytes(&value, hash.b, XG_HASH_SIZE);
    xg_cbor_put_uint(&value, 123456);
    xg_cbor_put_uint(&value, 4);
    xg_cbor_put_uint(&value, 1);
    xg_cbor_put_uint(&value, 6);
    xg_cbor_put_text(&value, "2026\xc2\x9b" "7m", 8);
    assert_ok(xg_draft_add(d, XG_FIELD_PHOTO, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

/* Two devices set the urgency without having seen each other; the first also
 * wrote an address, the second a description (parallel); three photos. */
static void conflict_world(struct world *w)
{
    world_init(w, "incident");
    struct xg_draft d = draft_of(w);
    set(w, &d, "category=fire");
    set(w, &d, "position=35.0512,118.3265001,8.5");
    add_photo(w, &d, 1);
    add_photo(w, &d, 2);
    add_photo(w, &d, 3);
    record(w, 0, 20, &d, XG_NONE);                                /* 0 */
    act(w, 1, 20, "urgency=urgent", "why=smoke \xc2\x9d" "0;x\xc2\x9c", 0); /* 1 */
    act(w, 0, 30, "紧急程度=一般", NULL, XG_NONE);                /* 2 */
    act(w, 0, 20, "address=银雀山路", NULL, XG_NONE);             /* 3 */
    act(w, 2, 20, "note=see\xc2\x9b" "31m\nhere", NULL, 0);             /* 4 */
    merge(w);
    assert_int_equal(w->state.conflict_count, 1);
}

static void test_list_and_show(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world w;

    (void)state;
    speak("zh");
    conflict_world(&w);
    assert_ok(view_axes(&out, &w.brief, &in_words, &err));
    assert_string_equal(xg_buf_str(&out),
                        "文字已收到 · 照片 1/3 仅在本机 · 有冲突待决定");
    xg_buf_reset(&out);
    view_list_head(&out, &in_words);
    size_t head = out.len;
    assert_ok(view_list_row(&out, &w.brief, &in_words, &err));
    assert_holds(xg_buf_str(&out), "0417-00123-7    事件        待受理");
    assert_holds(xg_buf_str(&out), "fire · 一般 · 银雀山路");
    /* Both lines put the last column at the same place. */
    const char *row = (const char *)out.data + head;
    size_t axes = (size_t)(strstr(row, "文字已收到") - row);
    size_t label = (size_t)(strstr((const char *)out.data, "送达") -
                            (const char *)out.data);
    assert_int_equal(view_width(xg_bytes(row, axes)),
                     view_width(xg_bytes(out.data, label)));

    xg_buf_reset(&out);
    assert_ok(view_show(&out, &w.state, &in_words, &err));
    const char *text = xg_buf_str(&out);
    assert_lacks(text, "\x1b");
    assert_lacks(text, "\xc2\x9b");
    assert_lacks(text, "\x07");
    assert_holds(text, "see" REPLACED "31m\n        here");
    assert_holds(text, "35.0512,118.3265001,8.5");
    assert_holds(text, "冲突，待决定");
    assert_holds(text, "李" REPLACED "[31m四 W002（网格员，已证实）");
    assert_holds(text, "处置前 · 现场拍摄 · 123 KB · 2026" REPLACED "7m");
    assert_holds(text, "仅在本机");
    assert_holds(text, "2026-05-01 08:30:00（设备时钟）");
    assert_holds(text, "不早于 2026-05-01 07:00:00");

    xg_buf_clear(&out);
    world_clear(&w);
    speak("en");
}

static json_t *load(const char *line)
{
    json_error_t error;
    json_t *json = json_loads(line, JSON_DISABLE_EOF_CHECK, &error);

    if (!json)
        fail_msg("%s in %s", error.text, line);
    return json;
}

static void assert_keys(const json_t *object, const char *keys)
{
    struct xg_buf found = XG_BUF(ROOM);
    const char *key;
    json_t *value, *walked = json_copy((json_t *)(uintptr_t)object);

    json_object_foreach(walked, key, value)
        xg_buf_format(&found, "%s%s", found.len ? " " : "", key);
    assert_string_equal(xg_buf_str(&found), keys);
    json_decref(walked);
    xg_buf_clear(&found);
}

static void test_json_keys(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world w;

    (void)state;
    conflict_world(&w);
    view_list_head(&out, &in_json);
    assert_int_equal(out.len, 0);
    assert_ok(view_list_row(&out, &w.brief, &in_json, &err));
    assert_holds(xg_buf_str(&out),
                 "\"position\":{\"lat\":35.0512,\"lon\":118.3265001,"
                 "\"accuracy_m\":8.5}");
    json_t *json = load(xg_buf_str(&out));
    assert_keys(json, "id number kind status withdrawn conflicts records "
                      "delivery photos created title short position thumb "
                      "fields names");
    assert_string_equal(json_string_value(json_object_get(json, "title")),
                        "fire · 银雀山路");
    assert_keys(json_object_get(json, "photos"),
                "total server only_here elsewhere not_here wanted");
    assert_keys(json_object_get(json, "fields"),
                "position category urgency address");
    json_decref(json);

    xg_buf_reset(&out);
    assert_ok(view_show(&out, &w.state, &in_json, &err));
    assert_lacks(xg_buf_str(&out), "\x1b");
    json = load(xg_buf_str(&out));
    assert_keys(json, "id number kind status withdrawn conflicts records "
                      "delivery photos created fields names conflicting "
                      "sets waiting title short position thumb "
                      "withdraw_conflict without_effect");
    assert_keys(json_object_get(json, "conflicting"), "urgency");
    assert_keys(json_object_get(json, "sets"), "note photo");
    assert_keys(json_array_get(
                    json_object_get(json_object_get(json, "sets"), "photo"), 0),
                "hash author author_name device role grade delivery verified "
                "clock_doubt entry wall not_before index value place");
    json_decref(json);
    xg_buf_clear(&out);
    world_clear(&w);
}

/* It is one of the sentences; what a person wrote is in it, made safe. */
static void assert_story(const json_t *json, const char *const *stories,
                         size_t count)
{
    const char *text = json_string_value(json_object_get(json, "text"));
    bool found = false;

    assert_lacks(text, "\x1b");
    assert_lacks(text, "\xc2\x9b");
    assert_lacks(text, "\n");
    for (size_t i = 0; i < count; i++)
        found |= strstr(text, stories[i]) != NULL;
    if (!found)
        fail_msg("no such story: %s", text);
}

static void test_history(void **state)
{
    static const char *const stories[] = {
        " recorded: incident: fire", " urgency set to urgent (reason: smoke ",
        " urgency set to normal", " address set to 银雀山路",
        " note: see" REPLACED "31m here"};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world w;

    (void)state;
    conflict_world(&w);
    assert_ok(view_history(&out, &w.state, &in_words, &err));
    const char *text = xg_buf_str(&out);
    assert_lacks(text, "\x1b");
    assert_lacks(text, "\xc2\x9b");
    assert_holds(text, "#1 ");
    assert_holds(text, "#5 ");
    assert_holds(text, "[conflict]");
    assert_holds(text, "[parallel]");
    assert_lacks(text, "[resolves]");
    assert_holds(text, "← #1");
    /* Two lanes at once; the order depends on the hashes. */
    assert_true(strstr(text, "│ ● ") || strstr(text, "\n  ● "));
    assert_holds(text, "(device clock, doubtful)");
    assert_holds(text, "urgency: urgent");
    assert_holds(text, "+ note: see" REPLACED "31m here");
    assert_holds(text, "log entry 41 (proof verified)");

    xg_buf_reset(&out);
    assert_ok(view_history(&out, &w.state, &in_json, &err));
    size_t lines = 0;
    for (const char *at = xg_buf_str(&out); *at; at = strchr(at, '\n') + 1) {
        json_t *json = load(at);
        assert_int_equal(json_integer_value(json_object_get(json, "n")),
                         ++lines);
        assert_string_equal(json_string_value(json_object_get(json, "effect")),
                            "full");
        assert_string_equal(
            json_string_value(json_object_get(json, "effect_text")),
            "in effect");
        assert_holds(json_string_value(json_object_get(json, "when")),
                     "device clock");
        assert_story(json, stories, sizeof stories / sizeof *stories);
        assert_int_equal(json_array_size(json_object_get(json, "after")),
                         lines > 1);
        json_decref(json);
    }
    assert_int_equal(lines, 5);
    xg_buf_clear(&out);
    world_clear(&w);
}

static void resolve(struct world *w, const struct view_choice *choice)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft d = draft_of(w);

    assert_ok(view_form_resolve(&d, &w->state, choice, NULL, &err));
    d.foreign_count =
        xg_state_foreign(&w->state, &w->branches[0], w->next[0] + 1,
                         d.foreign);
    record(w, 0, 20, &d, XG_NONE);
    merge(w);
}

static void test_conflicts(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct xg_cbor_item item;
    struct world w;
    char loser[13];

    (void)state;
    conflict_world(&w);
    assert_ok(view_conflicts(&out, &w.state, &in_words, &err));
    const char *text = xg_buf_str(&out);
    xg_hex(loser, w.records[1].hash.b, 6);
    assert_holds(text, "0417-00123-7 urgency (field): different values");
    assert_holds(text, "--take ");
    assert_holds(text, loser);
    assert_holds(text, "its author has the higher role");
    assert_lacks(text, "\x1b");
    assert_lacks(text, "\xc2\x9b");

    xg_buf_reset(&out);
    assert_ok(view_conflicts(&out, &w.state, &in_json, &err));
    json_t *json = load(xg_buf_str(&out));
    assert_keys(json, "id number reason field label reason_text how "
                      "takes_value shown shown_text shown_because "
                      "shown_because_text decided sides");
    assert_true(json_is_null(json_object_get(json, "decided")));
    assert_string_equal(json_string_value(json_object_get(json, "label")),
                        "urgency");
    json_t *sides = json_object_get(json, "sides"), *side;
    size_t n;
    assert_int_equal(json_array_size(sides), 2);
    json_array_foreach(sides, n, side) {
        assert_non_null(json_string_value(json_object_get(side, "text")));
        assert_holds(json_string_value(json_object_get(side, "when")),
                     "device clock");
        assert_holds(json_string_value(json_object_get(side, "who")), "W00");
        assert_int_equal(json_array_size(json_object_get(side, "after")), 1);
    }
    assert_string_equal(json_string_value(json_object_get(json, "shown")),
                        "normal");
    json_decref(json);

    struct xg_draft d = draft_of(&w), before = d;
    struct view_choice choice = {.field = "urgency", .take = loser};
    assert_status(view_form_resolve(&d, &w.state, &choice, NULL, &err),
                  XG_USAGE); /* no reason given */
    choice.why = "smoke seen";
    choice.take = "ffffffffffffffff";
    assert_status(view_form_resolve(&d, &w.state, &choice, NULL, &err),
                  XG_NOTFOUND);
    choice.dismiss = true;
    assert_status(view_form_resolve(&d, &w.state, &choice, NULL, &err),
                  XG_USAGE); /* two ways at once */
    choice =
        (struct view_choice){.field = "address", .why = "x", .dismiss = true};
    assert_status(view_form_resolve(&d, &w.state, &choice, NULL, &err),
                  XG_REFUSED);
    assert_memory_equal(&d, &before, sizeof d);

    choice = (struct view_choice){
        .field = "紧急程度", .take = loser, .why = "smoke seen"};
    resolve(&w, &choice);
    assert_int_equal(w.state.conflict_count, 0);
    assert_true(xg_state_value(&w.state, XG_INCIDENT_URGENCY, &item));
    assert_int_equal(item.number, 3);
    xg_buf_reset(&out);
    assert_ok(view_history(&out, &w.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "[conflict]"); /* it stays in there */
    assert_holds(xg_buf_str(&out), "[resolves]");
    assert_holds(xg_buf_str(&out), "fields decided: urgency");
    xg_buf_reset(&out);
    assert_ok(view_conflicts(&out, &w.state, &in_words, &err));
    assert_string_equal(xg_buf_str(&out), "nothing to decide\n");

    /* What was decided is still told, with every version, and how to undo. */
    xg_buf_reset(&out);
    assert_ok(view_decided(&out, &w.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "decided: ");
    assert_holds(xg_buf_str(&out), "(reason: smoke seen)");
    assert_holds(xg_buf_str(&out),
                 "decide otherwise: resolve 0417-00123-7 urgency --take HASH");
    xg_buf_reset(&out);
    assert_ok(view_decided(&out, &w.state, &in_json, &err));
    json = load(xg_buf_str(&out));
    assert_keys(json, "id number reason field label reason_text how "
                      "takes_value shown shown_text decided sides");
    assert_string_equal(json_string_value(json_object_get(json, "shown")),
                        "urgent");
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(json, "decided"), "why")),
                        "smoke seen");
    assert_int_equal(json_array_size(json_object_get(json, "sides")), 2);
    json_decref(json);
    xg_buf_clear(&out);
    world_clear(&w);
}

static void withdraw(struct world *w, unsigned device, uint32_t seen)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft d = draft_of(w);
    static const uint8_t yes[] = {0xF5};

    assert_ok(xg_draft_set(&d, XG_FIELD_WITHDRAWN, xg_bytes(yes, 1), &err));
    set(w, &d, "why=reported twice");
    record(w, device, 20, &d, seen);
}

static void test_withdrawal(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world w;
    char hash[2 * XG_HASH_SIZE + 1];

    (void)state;
    for (int stands = 0; stands < 2; stands++) {
        world_init(&w, "incident");
        act(&w, 0, 20, "category=fire", NULL, XG_NONE);
        withdraw(&w, 0, XG_NONE);
        act(&w, 1, 20, "address=x", NULL, 0);
        merge(&w);
        assert_true(w.state.withdraw_conflict);
        xg_buf_reset(&out);
        assert_ok(view_conflicts(&out, &w.state, &in_json, &err));
        assert_holds(xg_buf_str(&out), "\"reason\":\"withdraw-edit\"");
        assert_holds(xg_buf_str(&out), "\"shown\":false");
        xg_hex(hash, w.records[stands ? 1 : 2].hash.b, XG_HASH_SIZE);
        resolve(&w, &(struct view_choice){.field = "withdrawn",
                                          .take = hash,
                                          .why = "asked both"});
        assert_int_equal(w.state.conflict_count, 0);
        assert_int_equal(w.state.withdrawn, stands);
        xg_buf_reset(&out);
        assert_ok(view_list_row(&out, &w.brief, &in_words, &err));
        if (stands)
            assert_holds(xg_buf_str(&out), "withdrawn");
        world_clear(&w);
    }
    xg_buf_clear(&out);
}

static void move(struct world *w, unsigned device, uint32_t seen)
{
    struct xg_draft d = draft_of(w);

    d.head.move = XG_MOVE_SELF_HANDLE;
    d.head.from = XG_STATUS_REPORTED;
    set(w, &d, "note=done");
    record(w, device, 20, &d, seen);
}

static void test_overtaken(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world w;
    char hash[2 * XG_HASH_SIZE + 1];

    (void)state;
    world_init(&w, "incident");
    act(&w, 0, 20, "category=fire", NULL, XG_NONE);
    move(&w, 0, XG_NONE);
    move(&w, 1, 0);
    merge(&w);
    assert_int_equal(w.state.conflict_count, 1);
    assert_ok(view_conflicts(&out, &w.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "status (overtaken)");
    assert_holds(xg_buf_str(&out), "shown meanwhile: self-handled");
    xg_buf_reset(&out);
    assert_ok(view_history(&out, &w.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "✗ overtaken: the status had changed");

    struct xg_draft d = draft_of(&w);
    struct view_choice choice = {.field = "status", .why = "same thing"};
    uint32_t lost = w.state.effects[1] == XG_EFFECT_OVERTAKEN ? 1 : 2;
    xg_hex(hash, w.records[lost].hash.b, XG_HASH_SIZE);
    choice.take = hash;
    assert_status(view_form_resolve(&d, &w.state, &choice, NULL, &err),
                  XG_REFUSED); /* not from self_handled */
    choice.take = NULL;
    choice.dismiss = true;
    resolve(&w, &choice);
    assert_int_equal(w.state.conflict_count, 0);
    xg_buf_clear(&out);
    world_clear(&w);
}

/* A place that calls things otherwise. */
static const struct xg_labels *site_labels(struct xg_arena *arena)
{
    static const char file[] = "sort,code,zh,en\n"
                               "status,reported,待收集,to be gathered\n"
                               "status,self_handled,就地办结,settled there\n"
                               "move,self_handle,就地处置,settle there\n"
                               "move,accept,全量收集,take in\n"
                               "role,worker,平安员,peace worker\n";
    struct xg_labels *labels = xg_arena_alloc(arena, sizeof *labels);
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_labels_read(labels, arena, xg_bytes_of(file), &err));
    return labels;
}

static void test_views_speak_the_words_of_the_site(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct view_context view = in_words;
    struct world w;

    (void)state;
    world_init(&w, "incident");
    view.labels = site_labels(&w.arena);
    act(&w, 0, 20, "category=fire", NULL, XG_NONE);
    merge(&w);
    assert_ok(view_show(&out, &w.state, &view, &err));
    assert_holds(xg_buf_str(&out), "to be gathered");
    assert_holds(xg_buf_str(&out), "peace worker");

    move(&w, 0, XG_NONE);
    move(&w, 1, 0);
    merge(&w);
    xg_buf_reset(&out);
    assert_ok(view_list_row(&out, &w.brief, &view, &err));
    assert_holds(xg_buf_str(&out), "settled there");
    xg_buf_reset(&out);
    assert_ok(view_history(&out, &w.state, &view, &err));
    assert_holds(xg_buf_str(&out), "settle there, when it was to be gathered");
    assert_null(strstr(xg_buf_str(&out), "settle on the spot"));
    xg_buf_reset(&out);
    assert_ok(view_conflicts(&out, &w.state, &view, &err));
    assert_holds(xg_buf_str(&out), "shown meanwhile: settled there");
    assert_holds(xg_buf_str(&out), "settle there, when it was to be gathered");

    view.json = true;
    xg_buf_reset(&out);
    assert_ok(view_show(&out, &w.state, &view, &err));
    assert_ok(view_history(&out, &w.state, &view, &err));
    assert_holds(xg_buf_str(&out), "\"status\":\"self_handled\"");
    assert_holds(xg_buf_str(&out), "\"move\":\"self_handle\"");
    /* Its sentences are for people, and in their words. */
    assert_holds(xg_buf_str(&out), " settle there");
    assert_null(strstr(xg_buf_str(&out), "\"settle"));
    xg_buf_clear(&out);
    world_clear(&w);
}

/* A move is known by its name, the site's label and the usual one; a slip of a
 * character brings the nearest. */
static void test_moves_by_the_words_of_the_site(void **state)
{
    static const struct {
        const char *typed, *near;
    } slips[] = {
        {"全量收急", "是否指 全量收集？"},
        {"acept", "是否指 accept？"},
        {"签受", "是否指 签收？"},
        {"跳舞", NULL},
    };
    struct xg_error err = XG_ERROR_NONE;
    const char *words[] = {"accept", "全量收集", "take in", "受理"};
    const struct xg_labels *labels;
    struct world w;

    (void)state;
    world_init(&w, "incident");
    labels = site_labels(&w.arena);
    act(&w, 0, 20, "category=fire", NULL, XG_NONE);
    merge(&w);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct xg_draft d = draft_of(&w);
        assert_ok(view_move_begin(&d, &w.state, labels, words[i], &err));
        assert_int_equal(d.head.move, XG_MOVE_ACCEPT);
    }
    speak("zh");
    struct xg_draft d = draft_of(&w);
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        assert_status(
            view_move_begin(&d, &w.state, labels, slips[i].typed, &err),
            XG_USAGE);
        if (slips[i].near)
            assert_holds(xg_error_text(&err), slips[i].near);
        else
            assert_null(strstr(xg_error_text(&err), "是否指"));
    }
    assert_status(view_move_begin(&d, &w.state, labels, "签收", &err),
                  XG_REFUSED);
    assert_holds(xg_error_text(&err),
                 "没有保存，“签收”现在办不了：现在是“待收集”");
    speak("en");
    world_clear(&w);
}

/* What was given to others is marked so. */
static void test_handed_on(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct view_context view = in_words;
    struct world w;

    (void)state;
    world_init(&w, "incident");
    view.entity = know_handed_on;
    act(&w, 0, 20, "category=fire", NULL, XG_NONE);
    merge(&w);
    assert_ok(view_axes(&out, &w.brief, &view, &err));
    assert_string_equal(xg_buf_str(&out), "handed on · text received");
    view.json = true;
    xg_buf_reset(&out);
    assert_ok(view_list_row(&out, &w.brief, &view, &err));
    assert_holds(xg_buf_str(&out), "\"out\":true");
    view.entity = know_entity;
    xg_buf_reset(&out);
    assert_ok(view_list_row(&out, &w.brief, &view, &err));
    assert_null(strstr(xg_buf_str(&out), "\"out\""));
    xg_buf_clear(&out);
    world_clear(&w);
}

/* Pending, struck out, without right: shown, with the reason. */
static void test_without_effect(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world w;

    (void)state;
    world_init(&w, "incident");
    act(&w, 0, 20, "category=fire", NULL, XG_NONE);
    act(&w, 1, 20, "address=x", NULL, 0);
    act(&w, 2, 20, "address=y", NULL, 1);
    act(&w, 0, 20, "address=z", NULL, XG_NONE);
    w.ops[1].no_right = "the worker is not registered";
    xg_record_read(&w.records[3], &w.branches[0].id, 1, &w.records[0].hash,
                   w.records[3].head_raw, xg_bytes("\xFF", 1));
    merge(&w);
    assert_ok(view_history(&out, &w.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "✗ without right: the worker is not");
    assert_holds(xg_buf_str(&out), "✗ invalid: ");
    xg_buf_reset(&out);
    assert_ok(view_show(&out, &w.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "without right ");
    xg_buf_reset(&out);
    assert_ok(view_show(&out, &w.state, &in_json, &err));
    assert_holds(xg_buf_str(&out), "\"effect\":\"no-right\"");

    /* The first record has not arrived: nothing of it is made up. */
    w.ops[0] = w.ops[2];
    w.count = 1;
    merge(&w);
    xg_buf_reset(&out);
    assert_ok(view_show(&out, &w.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "its first record has not arrived");
    assert_ok(view_list_row(&out, &w.brief, &in_json, &err));
    assert_ok(view_history(&out, &w.state, &in_json, &err));
    assert_ok(view_history(&out, &w.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "\"effect\":\"pending\"");
    xg_buf_clear(&out);
    world_clear(&w);
}

/* A view that knows nothing, one that fails, and one without room. */
static void test_little_known(void **state)
{
    static const struct view_context plain = {.json = false};
    static const struct view_context fails = {.entity = know_nothing};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM), small = XG_BUF(100);
    struct world w;

    (void)state;
    conflict_world(&w);
    assert_ok(view_axes(&out, &w.brief, &plain, &err));
    assert_string_equal(xg_buf_str(&out), "photos 3 · conflict to decide");
    assert_ok(view_show(&out, &w.state, &plain, &err));
    assert_ok(view_history(&out, &w.state, &plain, &err));
    assert_ok(view_conflicts(&out, &w.state, &plain, &err));
    assert_holds(xg_buf_str(&out), "author unknown");
    assert_lacks(xg_buf_str(&out), "received");
    assert_status(view_show(&out, &w.state, &fails, &err), XG_IO);
    assert_status(view_list_row(&out, &w.brief, &fails, &err), XG_IO);
    assert_status(view_show(&small, &w.state, &in_words, &err), XG_TOOBIG);
    xg_buf_reset(&small);
    assert_status(view_show(&small, &w.state, &in_json, &err), XG_TOOBIG);
    xg_buf_reset(&small);
    assert_status(view_history(&small, &w.state, &in_words, &err), XG_TOOBIG);
    xg_buf_clear(&out);
    xg_buf_clear(&small);
    world_clear(&w);
}

/* What else a program knows stands at the end of a line, and in show below
 * everything; where it has nothing to say, nothing is seen of it. */
static enum xg_status know_more(void *ctx, struct xg_buf *out, json_t **object,
                                const struct xg_id *id, bool in_full,
                                struct xg_error *err)
{
    (void)id;
    if (ctx)
        return xg_fail(err, XG_IO, "cannot look");
    if (out)
        xg_buf_text(out, in_full ? "clock in full\n" : "clock");
    else
        json_object_set_new(*object, "clocks", json_boolean(in_full));
    return XG_OK;
}

static void test_what_else_is_known_stands_at_the_end(void **state)
{
    static const struct view_context words = {.more = know_more};
    static const struct view_context json = {.more = know_more, .json = true};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world w;
    const struct view_context fails = {.ctx = &w, .more = know_more};

    (void)state;
    conflict_world(&w);
    assert_ok(view_list_row(&out, &w.brief, &words, &err));
    assert_holds(xg_buf_str(&out), "conflict to decide · clock\n");
    assert_ok(view_show(&out, &w.state, &words, &err));
    assert_holds(xg_buf_str(&out), "\nclock in full\n");
    xg_buf_reset(&out);
    assert_ok(view_list_row(&out, &w.brief, &json, &err));
    assert_holds(xg_buf_str(&out), "\"clocks\":false");
    assert_ok(view_show(&out, &w.state, &json, &err));
    assert_holds(xg_buf_str(&out), "\"clocks\":true");
    assert_status(view_list_row(&out, &w.brief, &fails, &err), XG_IO);
    assert_status(view_show(&out, &w.state, &fails, &err), XG_IO);
    xg_buf_clear(&out);
    world_clear(&w);
}

/* ---- exports ---- */

static void test_csv(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world w;

    (void)state;
    world_init(&w, "meeting");
    struct xg_draft d = draft_of(&w);
    set(&w, &d, "topic==HYPERLINK(\"http://x\",\"y\")");
    set(&w, &d, "place=＝1+1");
    set(&w, &d, "attendee=@SUM(A1)");
    set(&w, &d, "attendee=\"李\", 四");
    set(&w, &d, "result=  -2\xc2\x9b");
    set(&w, &d, "headcount=2");
    set(&w, &d, "position=-35.1,-118.25");
    record(&w, 0, 20, &d, XG_NONE);
    merge(&w);
    view_csv_head(&out, w.kind, true);
    assert_string_equal(
        xg_buf_str(&out),
        "\xEF\xBB\xBFnumber,id,kind,status,withdrawn,conflicts,records,"
        "delivery,note,photo,grid,happened,position.lat,position.lon,"
        "position.accuracy_m,same_as,form,item,topic,place,attendee,headcount,result\r\n");
    xg_buf_reset(&out);
    assert_ok(view_csv_row(&out, &w.brief, &in_words, &err));
    assert_holds(xg_buf_str(&out),
                 ",meeting,,false,0,1,received,,,,,-35.1,-118.25,,,,,"
                 "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",\"'＝1+1\","
                 "\"'@SUM(A1); \"\"李\"\", 四\",2,\"'  -2" REPLACED "\"\r\n");
    xg_buf_clear(&out);
    world_clear(&w);
}

static void add_segment(struct xg_draft *d, const struct xg_track_point *points,
                        size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf packed = XG_BUF(ROOM), value = XG_BUF(ROOM);

    assert_ok(xg_track_pack(&packed, points, count, &err));
    xg_cbor_put_bytes(&value, packed.data, packed.len);
    assert_ok(xg_draft_add(d, XG_PATROL_SEGMENT, xg_buf_bytes(&value), &err));
    xg_buf_clear(&packed);
    xg_buf_clear(&value);
}

static void test_geojson(void **state)
{
    static const struct xg_track_point walk[] = {
        {1777595400000, 35051200, 118326500, 50, XG_POINT_TRUSTED},
        {1777595430000, 35051300, 118326501, 50, XG_POINT_TRUSTED},
        {1777596000000, -1, 0, 50, XG_POINT_TRUSTED},
        {1777596030000, -2, 10, 50, XG_POINT_TRUSTED},
        {1777597000000, 0, 0, 50, 0},
    };
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(ROOM);
    struct world patrol, incident;
    bool any = false;

    (void)state;
    world_init(&patrol, "patrol");
    struct xg_draft d = draft_of(&patrol);
    set(&patrol, &d, "start=2026-05-01T08:30");
    add_segment(&d, walk, 2);
    add_segment(&d, walk + 2, 2);
    add_segment(&d, walk + 4, 1);
    record(&patrol, 0, 20, &d, XG_NONE);
    merge(&patrol);
    conflict_world(&incident);

    view_geojson_begin(&out);
    assert_ok(view_geojson_feature(&out, &any, &patrol.brief, &in_words, &err));
    assert_ok(
        view_geojson_feature(&out, &any, &incident.brief, &in_words, &err));
    view_geojson_end(&out);
    const char *text = xg_buf_str(&out);
    assert_holds(text, "{\"type\":\"MultiLineString\",\"coordinates\":["
                       "[[118.3265,35.0512],[118.326501,35.0513]],"
                       "[[0,-0.000001],[0.00001,-0.000002]]]}");
    assert_holds(text, "{\"type\":\"Point\",\"coordinates\":"
                       "[118.3265001,35.0512]}");
    json_t *json = load(text);
    assert_int_equal(json_array_size(json_object_get(json, "features")), 2);
    json_decref(json);

    xg_buf_reset(&out);
    assert_ok(view_show(&out, &patrol.state, &in_words, &err));
    assert_holds(xg_buf_str(&out), "2 points · 2026-05-01 08:30:00 – "
                                   "2026-05-01 08:30:30 · 11 m");
    assert_ok(view_csv_row(&out, &patrol.brief, &in_words, &err));
    xg_buf_clear(&out);
    world_clear(&patrol);
    world_clear(&incident);
}

/* ---- the reference ---- */

static void test_reference_is_current(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf made = XG_BUF(ROOM),
                  kept = test_source_read(test_source("docs/reference.md"));

    (void)state;
    view_reference(&made);
    assert_ok(xg_buf_check(&made, &err));
    if (!xg_bytes_equal(xg_buf_bytes(&made), xg_buf_bytes(&kept)))
        fail_msg("docs/reference.md is old: build the target reference");
    xg_buf_clear(&made);
    xg_buf_clear(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safe_text),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_a_zone_of_ones_own),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_kinds_by_name),
        cmocka_unit_test(test_drafts),
        cmocka_unit_test(test_json_drafts),
        cmocka_unit_test(test_list_and_show),
        cmocka_unit_test(test_json_keys),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_withdrawal),
        cmocka_unit_test(test_overtaken),
        cmocka_unit_test(test_views_speak_the_words_of_the_site),
        cmocka_unit_test(test_moves_by_the_words_of_the_site),
        cmocka_unit_test(test_handed_on),
        cmocka_unit_test(test_without_effect),
        cmocka_unit_test(test_little_known),
        cmocka_unit_test(test_what_else_is_known_stands_at_the_end),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_geojson),
        cmocka_unit_test(test_reference_is_current),
    };

    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    speak("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
