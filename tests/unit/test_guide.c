/* test_guide.c - the files that a site is run by: each reader with what is good
 * and with every kind of bad, and a guide over the four districts of
 * tests/data. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/test.h"

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/guide/boundaries.h"
#include "shared/guide/guide.h"
#include "tests/lib/source.h"

enum { ARENA = 64 << 20 };

/* ---- bad files: the error says where ---- */

struct bad {
    const char *kind, *content, *says;
};

#define TERRITORY "code,level,parent,name\n"
#define LEVELS "code,zh,rank,at,up,role,whistle,triage,settles,target\n"
#define DUTY "code,unit,part,categories,text\n"
#define POSTS "code,unit,zh,a,b,from,to,cover\n"
#define LABELS "sort,code,zh,en\n"
#define Q(rest) "{\"templates\":[{\"code\":\"f\",\"edition\":\"1\",\"kind\":"  \
                "\"visit\",\"zh\":\"表\",\"questions\":[" rest "]}]}"
#define HOUSEHOLDS "code,level,parent,name,households\n"
#define FEATURE(code, geometry)                                                \
    "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","     \
    "\"properties\":{\"code\":\"" code "\"},\"geometry\":" geometry "}]}"

static const struct bad bads[] = {
    {"territory", "", "empty"},
    {"territory", "a,b\n", "code"},
    {"territory", TERRITORY, "header"},
    {"territory", TERRITORY "d,district,,D\nd,district,,E\n", "d is there twice"},
    {"territory", TERRITORY "a,x,b,A\nb,x,a,B\n", "circle"},
    {"territory", TERRITORY "a,x,a,A\n", "circle"},
    {"territory", TERRITORY "a b,x,,A\n", "line 2"},
    {"territory", TERRITORY "-,x,,A\n", "\"-\""},
    {"territory", TERRITORY "a,,,A\n", "level"},
    {"territory", TERRITORY "a,x,,\n", "name"},
    {"territory", TERRITORY "a,x,,A,B\n", "line 2"},
    {"territory", TERRITORY "a,x,,\xff\n", "line 2"},
    {"territory", HOUSEHOLDS "a,x,,A,-1\n", "households"},
    {"territory", HOUSEHOLDS "a,x,,A,12.5\n", "households"},
    {"territory", HOUSEHOLDS "a,x,,A,many\n", "households"},
    {"territory", HOUSEHOLDS "a,x,,A,10000001\n", "households"},
    {"levels", LEVELS "g,网格,0,,,,,,,\n", "1 to 99"},
    {"levels", LEVELS "g,网格,1,,s,,,,,\n", "no level s"},
    {"levels", LEVELS "g,网格,2,,s,,,,,\ns,街道,2,,,,,,,\n", "not above"},
    {"levels", LEVELS "g,网格,1,,g,,,,,\n", "not above"},
    {"levels", LEVELS "g,网格,1,,,,,,,\ng,格,2,,,,,,,\n", "twice"},
    {"levels", LEVELS "g,网格,1,h,,,,,,\n", "no level h"},
    {"levels", LEVELS "g,网格,1,h,,,,,,\nh,长,2,s,,,,,,\ns,街,3,,,,,,,\n",
     "units of its own"},
    {"levels", LEVELS "g,网格,1,,,king,,,,\n", "king"},
    {"levels", LEVELS "g,网格,1,,,,maybe,,,\n", "maybe"},
    {"levels", LEVELS "g,网格,1,,,,no,office,,\n", "may not whistle"},
    {"levels", LEVELS "g,网格,1,,,,,,,60\n", "settled"},
    {"levels", LEVELS "g,网格,1,,,,,,a,60\nh,村,1,,,,,,a,50\n", "line 2"},
    {"levels", LEVELS "g,网格,1,,,,,,a,60\nh,村,1,,,,,,b,50\n", "over 100"},
    {"levels", LEVELS "g,网格,1,,\"a b c d e f g h i\",,,,,\n", "at most 8"},
    {"duty", DUTY "a,u,,c,甲\na,u,,c,乙\n", "lines 2 and 3"},
    {"duty", DUTY "a,u,half,c,甲\n", "half"},
    {"duty", DUTY "a,u,,c c,甲\n", "there twice"},
    {"duty", DUTY "a,u,,c*,甲\n", "c*"},
    {"duty", DUTY "a,,,c,甲\n", "unit"},
    {"duty", DUTY "a,u,,c,\n", "text"},
    {"posts", POSTS "p,u,岗,a,a,,,\n", "same person"},
    {"posts", POSTS "p,u,岗,,b,,,\n", "\"a\""},
    {"posts", POSTS "p,u,岗,a,b,2026-02-30,,\n", "2026-02-30"},
    {"posts", POSTS "p,u,岗,a,b,2026-3-1,,\n", "2026-3-1"},
    {"posts", POSTS "p,u,岗,a,b,2026-02-02,2026-02-01,\n", "before it begins"},
    {"posts", POSTS "p,u,岗,a,,,,2026-02-01..2026-02-02\n", "no B holder"},
    {"posts", POSTS "p,u,岗,a,b,,,2026-02-03..2026-02-02\n", "2026-02-03"},
    {"posts", POSTS "p,u,岗,a,b,2026-02-02,,2026-02-01..2026-02-03\n",
     "outside"},
    {"posts", POSTS "p,u,岗,a,b,,,2026-02-01..2026-02-03 2026-02-03\n",
     "overlap"},
    {"posts", POSTS "p,u,岗,a,b,,2026-02-10,\np,u,岗,b,a,2026-02-10,,\n",
     "overlap"},
    {"posts", POSTS "p,u,岗,a,b,,2026-02-10,\np,v,岗,b,a,2026-02-11,,\n",
     "another unit"},
    {"labels", LABELS "colour,red,红,\n", "colour"},
    {"labels", LABELS "move,dance,跳,\n", "dance"},
    {"labels", LABELS "move,dispatch,,\n", "one language"},
    {"labels", LABELS "move,dispatch,派单,\nmove,dispatch,分拨单,\n", "twice"},
    {"labels", LABELS "move,dispatch,受理,\n", "受理"},
    {"labels", LABELS "move,dispatch,一样,\nmove,accept,一样,\n", "一样"},
    {"labels", LABELS "move,dispatch,派单,accept\n", "accept"},
    {"labels", LABELS "status,filed,待受理,\n", "待受理"},
    {"templates", "", "line"},
    {"templates", "[]", "object"},
    {"templates", "{\"templates\":[]}", "1 to 500"},
    {"templates", "{\"templates\":[],\"x\":1}", "\"x\""},
    {"templates", "{\"a\":1,\"a\":2}", "line 1"},
    {"templates", Q(""), "1 to 128"},
    {"templates", Q("{\"key\":\"a b\",\"zh\":\"问\",\"type\":\"bool\"}"),
     "letters, digits"},
    {"templates", Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"date\"}"), "type"},
    {"templates", Q("{\"key\":\"a\",\"type\":\"bool\"}"), "zh"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"bool\",\"requierd\":true}"),
     "requierd"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"bool\",\"required\":1}"),
     "required"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"bool\"},"
       "{\"key\":\"a\",\"zh\":\"答\",\"type\":\"bool\"}"),
     "twice"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"number\",\"min\":3,\"max\":2}"),
     "greater"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"bool\",\"max\":2}"), "max"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"text\",\"max\":1000}"), "160"},
    {"templates", Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"choice\"}"),
     "2 to 64"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"bool\",\"choices\":[]}"),
     "choices"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"choice\",\"choices\":["
       "{\"key\":\"x\",\"zh\":\"甲\"},{\"key\":\"x\",\"zh\":\"乙\"}]}"),
     "x"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"bool\","
       "\"if\":{\"key\":\"b\",\"is\":true}}"),
     "earlier question"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"bool\"},"
       "{\"key\":\"b\",\"zh\":\"答\",\"type\":\"bool\","
       "\"if\":{\"key\":\"a\",\"is\":\"maybe\"}}"),
     "names no answer"},
    {"templates",
     Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":\"text\"},"
       "{\"key\":\"b\",\"zh\":\"答\",\"type\":\"bool\","
       "\"if\":{\"key\":\"a\",\"is\":\"x\"}}"),
     "type text"},
    {"templates",
     "{\"templates\":[{\"code\":\"f\",\"edition\":\"1\",\"kind\":\"dragon\","
     "\"zh\":\"表\",\"questions\":[]}]}",
     "kind"},
    {"templates",
     "{\"templates\":[{\"code\":\"f\",\"kind\":\"visit\"}]}", "edition"},
    {"boundaries", "{}", "FeatureCollection"},
    {"boundaries", FEATURE("a b", "null"), "feature 1"},
    {"boundaries", FEATURE("a", "{\"type\":\"Point\"}"), "Polygon"},
    {"boundaries",
     FEATURE("a", "{\"type\":\"Polygon\",\"coordinates\":"
                  "[[[35,118],[35,119],[36,119],[35,118]]]}"),
     "longitude"},
    {"boundaries",
     FEATURE("a", "{\"type\":\"Polygon\",\"coordinates\":"
                  "[[[118,35],[119,35],[119,36],[118,36]]]}"),
     "where it began"},
    {"boundaries",
     FEATURE("a", "{\"type\":\"Polygon\",\"coordinates\":[[[118,35]]]}"),
     "four"},
    {"calendar", "{}", ""},
    {"hours", "from,to,open,close\n", ""},
    {"catalogue", "code\n", ""},
};

static void test_bad_files_are_refused_and_the_place_is_named(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        struct xg_error err = XG_ERROR_NONE;
        size_t count = 77;
        if (xg_guide_check(&count, bads[i].kind, xg_bytes_of(bads[i].content),
                           &err) != XG_FORMAT)
            fail_msg("bad file %zu (%s) gave %s: %s", i, bads[i].kind,
                     xg_status_name(err.status), xg_error_text(&err));
        if (!strstr(xg_error_text(&err), bads[i].says))
            fail_msg("bad file %zu: \"%s\" does not say \"%s\"", i,
                     xg_error_text(&err), bads[i].says);
        assert_int_equal(count, 77);
    }
}

static void test_errors_come_in_chinese_too(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    size_t count;
    (void)unused;

    xg_lang_thread(XG_LANG_ZH);
    assert_status(xg_guide_check(&count, "levels",
                                 xg_bytes_of(LEVELS "g,网格,1,,s,,,,,\n"), &err),
                  XG_FORMAT);
    assert_non_null(strstr(xg_error_text(&err), "第 2 行"));
    assert_non_null(strstr(xg_error_text(&err), "没有层级 s"));
    xg_lang_thread(XG_LANG_EN);
}

static void test_kinds_have_names(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    size_t count;
    (void)unused;

    for (size_t i = 0; xg_guide_kinds[i]; i++) {
        assert_true(xg_guide_is_kind(xg_guide_kinds[i]));
        assert_true(strlen(xg_guide_kind_label(xg_guide_kinds[i])) > 0);
    }
    assert_false(xg_guide_is_kind("dragon"));
    assert_status(xg_guide_check(&count, "dragon", xg_bytes_of("x"), &err),
                  XG_USAGE);
}

/* ---- readers ---- */

static void test_posts_know_who_holds_them_on_a_day(void **unused)
{
    static const char file[] =
        "岗位,单位,名称,A角,B角,起,止,替岗\n"
        "p,u,岗,a,b,2026-01-01,2026-06-30,2026-02-10..2026-02-24 2026-05-01\n"
        "p,u,岗,b,c,2026-07-01,,\n"
        "q,u,另一岗,z,,,,\n";
    struct xg_arena arena = XG_ARENA(ARENA);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_posts posts;
    (void)unused;

    assert_ok(xg_posts_read(&posts, &arena, xg_bytes_of(file), &err));
    static const struct {
        xg_day day;
        const char *holder;
    } days[] = {
        {20251231, NULL}, {20260101, "a"}, {20260209, "a"}, {20260210, "b"},
        {20260224, "b"},  {20260225, "a"}, {20260501, "b"}, {20260502, "a"},
        {20260630, "a"},  {20260701, "b"}, {20990101, "b"},
    };
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        const struct xg_post *p = xg_posts_find(&posts, "p", days[i].day);
        const char *holder = xg_post_holder(p, days[i].day);
        if (days[i].holder)
            assert_string_equal(holder, days[i].holder);
        else
            assert_null(holder);
    }
    assert_string_equal(
        xg_post_holder(xg_posts_find(&posts, "q", 20260101), 20260101), "z");
    assert_null(xg_posts_find(&posts, "r", 20260101));
    xg_arena_clear(&arena);
}

static void test_a_moment_has_its_local_day(void **unused)
{
    xg_day day;
    (void)unused;

    /* 2026-02-28T15:59:59Z is the last second of that day in China. */
    assert_int_equal(xg_day_of(INT64_C(1772294399000), 480), 20260228);
    assert_int_equal(xg_day_of(INT64_C(1772294400000), 480), 20260301);
    assert_int_equal(xg_day_of(INT64_C(1709164800000), 0), 20240229);
    assert_int_equal(xg_day_of(0, 0), 19700101);
    assert_int_equal(xg_day_of(-1, 0), 19700101);
    assert_int_equal(xg_day_of(INT64_MAX - (INT64_C(1) << 40), 0), XG_DAY_MAX);
    assert_true(xg_day_read(&day, "2024-02-29", 10));
    assert_false(xg_day_read(&day, "2026-02-29", 10));
    assert_false(xg_day_read(&day, "2100-02-29", 10));
    assert_false(xg_day_read(&day, "2026-13-01", 10));
    assert_false(xg_day_read(&day, "2026-00-01", 10));
    assert_false(xg_day_read(&day, "2026/01/01", 10));
}

static void test_labels_rename_and_are_understood_when_typed(void **unused)
{
    static const char file[] = LABELS "move,dispatch,交办,hand out\n"
                                      "move,hand_down,下交,\n"
                                      "status,filed,待交办,\n"
                                      "board,safety,平安法治,\n"
                                      "role,worker,专职网格员,\n";
    struct xg_arena arena = XG_ARENA(ARENA);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_labels l;
    (void)unused;

    assert_ok(xg_labels_read(&l, &arena, xg_bytes_of(file), &err));
    xg_lang_thread(XG_LANG_ZH);
    assert_string_equal(xg_labels_of(&l, XG_LABEL_MOVE, XG_MOVE_DISPATCH),
                        "交办");
    assert_string_equal(xg_labels_of(&l, XG_LABEL_MOVE, XG_MOVE_ACCEPT),
                        "受理");
    assert_string_equal(xg_labels_of(NULL, XG_LABEL_MOVE, XG_MOVE_DISPATCH),
                        "派遣");
    assert_string_equal(xg_labels_of(&l, XG_LABEL_ROLE, XG_ROLE_WORKER),
                        "专职网格员");
    assert_string_equal(xg_labels_of(&l, XG_LABEL_STAGE, 999), "?");
    xg_lang_thread(XG_LANG_EN);
    assert_string_equal(xg_labels_of(&l, XG_LABEL_STATUS, XG_STATUS_FILED),
                        "filed");
    assert_string_equal(xg_labels_board(&l, "safety"), "平安法治");
    assert_string_equal(xg_labels_board(&l, "sky"), "sky");
    assert_true(xg_labels_has_board(&l, "safety"));
    assert_false(xg_labels_has_board(NULL, "safety"));
    /* 交办 is now dispatching, and was handing down. */
    assert_int_equal(xg_labels_move(&l, "交办")->number, XG_MOVE_DISPATCH);
    assert_int_equal(xg_labels_move(NULL, "交办")->number, XG_MOVE_HAND_DOWN);
    assert_int_equal(xg_labels_move(&l, "hand out")->number, XG_MOVE_DISPATCH);
    assert_int_equal(xg_labels_move(&l, "accept")->number, XG_MOVE_ACCEPT);
    assert_int_equal(xg_labels_move(&l, "受理")->number, XG_MOVE_ACCEPT);
    assert_int_equal(xg_labels_status(&l, "待交办")->number, XG_STATUS_FILED);
    assert_null(xg_labels_move(&l, ""));
    assert_null(xg_labels_move(&l, "跳舞"));
    xg_arena_clear(&arena);
}

/* ---- a guide over files in memory ---- */

struct kept {
    const char *kind, *edition;
    struct xg_bytes content;
};

struct shelf {
    struct kept files[16];
    size_t count;
    size_t asked; /* how often `each` was called */
    struct xg_buf buffers[16];
};

static enum xg_status
each(void *ctx, const char *kind, uint64_t size,
     enum xg_status visit(void *visitor, const struct xg_guide_file *f,
                          struct xg_error *err),
     void *visitor, struct xg_error *err)
{
    struct shelf *s = ctx;

    s->asked++;
    for (size_t i = 0; i < s->count; i++) {
        struct xg_guide_file f = {10 * (i + 1), s->files[i].edition,
                                  s->files[i].content};
        if (strcmp(s->files[i].kind, kind) == 0 && f.position < size &&
            visit(visitor, &f, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static void put(struct shelf *s, const char *kind, const char *edition,
                const char *content)
{
    s->files[s->count++] =
        (struct kept){kind, edition, xg_bytes_of(content)};
}

static struct xg_guide *guide_over(struct shelf *s)
{
    struct xg_guide_source source = {s, each};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_guide *g;

    assert_ok(xg_guide_new(&g, &source, &err));
    return g;
}

static void put_district(struct shelf *s, const char *name)
{
    static const struct {
        const char *kind, *file;
    } files[] = {
        {"territory", "territory.csv"}, {"levels", "levels.csv"},
        {"duty", "duty.csv"},           {"posts", "posts.csv"},
        {"labels", "labels.csv"},       {"catalogue", "catalogue.csv"},
        {"hours", "hours.csv"},         {"templates", "templates.json"},
    };
    struct xg_error err = XG_ERROR_NONE;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t count;
        struct xg_buf *b = &s->buffers[s->count];
        *b = test_source_read(
            test_source("tests/data/%s/%s", name, files[i].file));
        s->files[s->count++] =
            (struct kept){files[i].kind, "1", xg_buf_bytes(b)};
        assert_ok(xg_guide_check(&count, files[i].kind, xg_buf_bytes(b), &err));
    }
}

static void shelf_clear(struct shelf *s)
{
    for (size_t i = 0; i < sizeof s->buffers / sizeof *s->buffers; i++)
        if (s->buffers[i].data)
            xg_buf_clear(&s->buffers[i]);
}

static void test_an_empty_guide_answers_everything(void **unused)
{
    struct xg_arena arena = XG_ARENA(ARENA);
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    struct xg_guide *g = guide_over(&s);
    const struct xg_catalogue *catalogue;
    const struct xg_calendar *calendar;
    const struct xg_template *t;
    const struct xg_level *level;
    const struct xg_post *post;
    const char *name, *holder;
    struct xg_proposal *list;
    struct xg_step step;
    enum xg_cited cited;
    size_t count;
    bool may, told, found;
    (void)unused;

    assert_int_equal(s.asked, 0);
    assert_ok(xg_guide_unit_name(g, &name, "u", &err));
    assert_string_equal(name, "u");
    assert_ok(xg_guide_level_of(g, &level, "u", &err));
    assert_null(level);
    assert_ok(xg_guide_up(g, &step, &found, "u", NULL, &err));
    assert_false(found);
    assert_ok(xg_guide_climb(g, &step, &found, "u", "", "street", &err));
    assert_false(found);
    assert_ok(xg_guide_may_whistle(g, &may, &told, NULL, "u", &err));
    assert_true(may);
    assert_false(told);
    assert_ok(xg_guide_propose(g, &list, &count, &arena, "c", "u", 20260101,
                               &err));
    assert_int_equal(count, 0);
    assert_ok(xg_guide_cited(g, &cited, NULL, "x", "u", NULL, &err));
    assert_int_equal(cited, XG_CITED_NO_LIST);
    assert_ok(xg_guide_holder(g, &post, &holder, "p", 20260101, &err));
    assert_null(post);
    assert_null(holder);
    assert_ok(xg_guide_template(g, &t, xg_bytes_of("fire"), &err));
    assert_null(t);
    assert_ok(xg_guide_calendar(g, &calendar, &err));
    assert_int_equal(calendar->zone_min, 480);
    assert_ok(xg_guide_catalogue(g, &catalogue, NULL, UINT64_MAX, &err));
    assert_null(catalogue);
    /* Each file is asked for once. */
    size_t asked = s.asked;
    assert_ok(xg_guide_unit_name(g, &name, "u", &err));
    assert_int_equal(s.asked, asked);
    xg_guide_free(g);
    xg_arena_clear(&arena);
}

static void test_newer_files_go_over_older_ones(void **unused)
{
    static const char template_1[] = Q("{\"key\":\"a\",\"zh\":\"旧问\","
                                       "\"type\":\"bool\"}");
    static const char template_2[] =
        "{\"templates\":[{\"code\":\"f\",\"edition\":\"2\",\"kind\":\"visit\","
        "\"zh\":\"表\",\"questions\":[{\"key\":\"a\",\"zh\":\"新问\",\"type\":"
        "\"bool\"}]}]}";
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    const struct xg_calendar *calendar;
    const struct xg_catalogue *first, *second, *now;
    const struct xg_levels *levels;
    const struct xg_template *t;
    const char *name, *edition;
    (void)unused;

    put(&s, "territory", "1", TERRITORY "d,district,,老区\ng,grid,d,一网格\n");
    put(&s, "catalogue", "old", "code,name\na,甲\n");
    put(&s, "calendar", "2025", "{\"holidays\":[\"2025-10-01\"]}");
    put(&s, "levels", "1", LEVELS "d,区,1,,,,,,,\n");
    put(&s, "templates", "1", template_1);
    put(&s, "territory", "2", TERRITORY "d,district,,新区\nh,grid,d,二网格\n");
    put(&s, "catalogue", "new", "code,name\na,甲\nb,乙\n");
    put(&s, "calendar", "2026", "{\"holidays\":[\"2026-10-01\"]}");
    put(&s, "levels", "2", LEVELS "d,区,2,,,,,,,\ng,格,1,,d,,,,,\n");
    put(&s, "templates", "2", template_2);
    struct xg_guide *g = guide_over(&s);

    assert_ok(xg_guide_unit_name(g, &name, "d", &err));
    assert_string_equal(name, "新区");
    assert_ok(xg_guide_unit_name(g, &name, "g", &err));
    assert_string_equal(name, "一网格");
    assert_ok(xg_guide_levels(g, &levels, &err));
    assert_int_equal(levels->count, 2);
    assert_ok(xg_guide_calendar(g, &calendar, &err));
    assert_int_equal(calendar->year_count, 2);
    assert_int_equal(calendar->years[0].year, 2025);
    /* The catalogue of a case is the one below the size of its filing. */
    assert_ok(xg_guide_catalogue(g, &first, &edition, 21, &err));
    assert_string_equal(edition, "old");
    assert_ok(xg_guide_catalogue(g, &second, &edition, 71, &err));
    assert_string_equal(edition, "new");
    assert_ok(xg_guide_catalogue(g, &now, &edition, 70, &err));
    assert_ptr_equal(now, first);
    assert_ok(xg_guide_catalogue(g, &now, &edition, 1, &err));
    assert_ptr_equal(now, first);
    assert_ok(xg_guide_catalogue(g, &now, &edition, UINT64_MAX, &err));
    assert_ptr_equal(now, second);
    assert_ok(xg_guide_template(g, &t, xg_bytes_of("f"), &err));
    assert_string_equal(t->edition, "2");
    assert_ok(xg_guide_template(g, &t, xg_bytes_of("f@1"), &err));
    assert_string_equal(t->questions[0].zh, "旧问");
    assert_ok(xg_guide_template(g, &t, xg_bytes_of("f@3"), &err));
    assert_null(t);
    xg_guide_free(g);
}

static void test_a_file_that_does_not_read_is_named(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    const struct xg_levels *levels = NULL;
    (void)unused;

    put(&s, "levels", "2026-07", "gibberish\n");
    struct xg_guide *g = guide_over(&s);
    assert_status(xg_guide_levels(g, &levels, &err), XG_CORRUPT);
    assert_non_null(strstr(xg_error_text(&err), "2026-07"));
    assert_null(levels);
    xg_guide_free(g);
}

/* ---- the four districts ---- */

static void assert_route(struct xg_guide *g, const char *unit,
                         const char *expected)
{
    struct xg_arena arena = XG_ARENA(ARENA);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf text = XG_BUF(4096);
    struct xg_step *steps;
    size_t count;

    assert_ok(xg_guide_route(g, &steps, &count, &arena, unit, NULL, &err));
    for (size_t i = 0; i < count; i++)
        xg_buf_format(&text, "%s%s:%s", i ? " " : "", steps[i].level->code,
                      steps[i].unit);
    assert_string_equal(xg_buf_str(&text), expected);
    xg_buf_clear(&text);
    xg_arena_clear(&arena);
}

static void test_yuhu_goes_from_the_block_to_the_centre(void **unused)
{
    struct shelf s = {.count = 0};
    (void)unused;

    put_district(&s, "yuhu");
    struct xg_guide *g = guide_over(&s);
    assert_route(g, "430302001001-p01", "district:430302");
    assert_route(g, "430302-cg", "district:430302");
    assert_route(g, "430302", "");
    xg_guide_free(g);
    shelf_clear(&s);
}

static void test_jiangbei_has_six_hops_and_four_boards(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    const struct xg_labels *labels;
    struct xg_step step;
    bool found;
    (void)unused;

    put_district(&s, "jiangbei");
    struct xg_guide *g = guide_over(&s);
    assert_route(g, "500105001001-g1-w2",
                 "grid:500105001001-g1 grid_head:500105001001-g1 "
                 "community:500105001001 street:500105001 district:500105");
    /* The grid head has no unit of their own: the level tells. */
    assert_ok(xg_guide_up(g, &step, &found, "500105001001-g1", "grid_head",
                          &err));
    assert_true(found);
    assert_string_equal(step.unit, "500105001001");
    assert_ok(xg_guide_climb(g, &step, &found, "500105001001-g1", NULL,
                             "street", &err));
    assert_true(found);
    assert_string_equal(step.unit, "500105001");
    assert_ok(xg_guide_climb(g, &step, &found, "500105001", NULL, "street",
                             &err));
    assert_false(found);
    assert_ok(xg_guide_labels(g, &labels, &err));
    size_t boards = 0;
    for (size_t i = 0; i < labels->count; i++)
        boards += labels->rows[i].sort == XG_LABEL_BOARD;
    assert_int_equal(boards, 4);
    assert_true(xg_labels_has_board(labels, "safety"));
    xg_guide_free(g);
    shelf_clear(&s);
}

static void test_daye_whistles_from_street_and_town_alone(void **unused)
{
    static const struct {
        const char *unit;
        bool may;
    } units[] = {
        {"420281001", true},     {"420281101", true}, /* a street, a town */
        {"420281", false},       {"420281101200", false},
        {"420281101200-z1", false}, {"420281-sz", false},
        {"420281-zlzx", false},
    };
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    const struct xg_level *level;
    const struct xg_levels *levels;
    bool may, told;
    (void)unused;

    put_district(&s, "daye");
    struct xg_guide *g = guide_over(&s);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        assert_ok(xg_guide_may_whistle(g, &may, &told, &level, units[i].unit,
                                       &err));
        assert_true(told);
        assert_int_equal(may, units[i].may);
        if (may) {
            /* Triage, supervision and assessment are three offices. */
            assert_string_equal(level->triage, "420281-zlzx");
            assert_string_equal(level->supervise, "420281-dcs");
            assert_string_equal(level->assess, "420281-khb");
        }
    }
    /* Four levels settle disputes, in three classes: 6-3-1. */
    uint32_t target[3] = {0};
    assert_ok(xg_guide_levels(g, &levels, &err));
    for (size_t i = 0; i < levels->count; i++) {
        const char *class = levels->rows[i].settles;
        target[0] |= strcmp(class, "village") ? 0 : levels->rows[i].target;
        target[1] |= strcmp(class, "town") ? 0 : levels->rows[i].target;
        target[2] |= strcmp(class, "county") ? 0 : levels->rows[i].target;
    }
    assert_int_equal(target[0], 60);
    assert_int_equal(target[1], 30);
    assert_int_equal(target[2], 10);
    assert_route(g, "420281101200-z1",
                 "village:420281101200 town:420281101 city:420281");
    assert_route(g, "420281001001-z1",
                 "community:420281001001 street:420281001 city:420281");
    xg_guide_free(g);
    shelf_clear(&s);
}

static void test_lanshan_has_base_grids_below_village_and_community(
    void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    struct xg_step step;
    bool found;
    (void)unused;

    put_district(&s, "lanshan");
    struct xg_guide *g = guide_over(&s);
    assert_route(g, "371302001001-j1",
                 "community:371302001001 street:371302001 district:371302");
    /* In a town the catalogue's "street" is the town. */
    assert_route(g, "371302105259-j1",
                 "village:371302105259 town:371302105 district:371302");
    assert_ok(xg_guide_climb(g, &step, &found, "371302105259-j1", "", "street",
                             &err));
    assert_true(found);
    assert_string_equal(step.level->code, "town");
    assert_string_equal(step.unit, "371302105");
    xg_guide_free(g);
    shelf_clear(&s);
}

static void test_a_category_proposes_its_department(void **unused)
{
    struct xg_arena arena = XG_ARENA(ARENA);
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    struct xg_proposal *list;
    size_t count;
    (void)unused;

    put_district(&s, "lanshan");
    struct xg_guide *g = guide_over(&s);
    /* The catalogue's post first; on leave B stands in; who only assists is
     * last. */
    assert_ok(xg_guide_propose(g, &list, &count, &arena, "env-trade",
                               "371302001001-j1", 20261003, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].unit, "371302-cg");
    assert_string_equal(list[0].post, "ls-cg");
    assert_string_equal(list[0].holder, "ls302");
    assert_string_equal(list[1].unit, "371302-ga");
    assert_true(list[1].assists);
    assert_string_equal(list[1].duty->code, "ga-02");
    /* A duty for manholes speaks for the manhole that is lost. */
    assert_ok(xg_guide_propose(g, &list, &count, &arena, "env-manhole-lost",
                               NULL, 20261003, &err));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].unit, "371302-sz");
    assert_string_equal(list[0].duty->code, "sz-01");
    /* Another district's grid is none of theirs. */
    put(&s, "territory", "more", TERRITORY "x,district,,X\nx-1,grid,x,X1\n");
    xg_guide_free(g);
    g = guide_over(&s);
    assert_ok(xg_guide_propose(g, &list, &count, &arena, "env-manhole", "x-1",
                               20261003, &err));
    assert_int_equal(count, 0);
    xg_guide_free(g);
    shelf_clear(&s);
    xg_arena_clear(&arena);
}

static void test_a_refusal_cites_anothers_duty(void **unused)
{
    static const struct {
        const char *item, *unit, *category;
        enum xg_cited is;
    } cases[] = {
        {"sz-01", "371302-cg", "env-manhole-lost", XG_CITED_GOOD},
        {"sz-01", "371302-sz", "env-manhole-lost", XG_CITED_OWN},
        {"sz-01", "371302-sz", "env-manhole", XG_CITED_OWN},
        {"sz-01", "371302-sz", "env-trade", XG_CITED_GOOD},
        {"sz-01", "371302-sz", "", XG_CITED_GOOD},
        {"sz-99", "371302-sz", "env-trade", XG_CITED_UNKNOWN},
    };
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    const struct xg_duty *item;
    enum xg_cited cited;
    (void)unused;

    put_district(&s, "lanshan");
    struct xg_guide *g = guide_over(&s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(xg_guide_cited(g, &cited, &item, cases[i].item, cases[i].unit,
                                 cases[i].category, &err));
        assert_int_equal(cited, cases[i].is);
        assert_int_equal(item == NULL, cited == XG_CITED_UNKNOWN);
    }
    xg_guide_free(g);
    shelf_clear(&s);
}

/* ---- what does not resolve ---- */

struct heard {
    struct xg_buf text;
    size_t count;
};

static enum xg_status nobody(void *ctx, bool *known, const char *code,
                             struct xg_error *err)
{
    (void)ctx;
    (void)err;
    *known = strcmp(code, "known") == 0;
    return XG_OK;
}

static void hear(void *ctx, char sort, const char *text)
{
    struct heard *h = ctx;

    (void)sort;
    xg_buf_format(&h->text, "%s\n", text);
    h->count++;
}

static void test_what_nobody_knows_is_told_once(void **unused)
{
    struct heard h = {.text = XG_BUF(1 << 16)};
    const struct xg_guide_watch watch = {&h, nobody, hear};
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    (void)unused;

    put_district(&s, "lanshan");
    struct xg_guide *g = guide_over(&s);
    assert_ok(xg_guide_unresolved(
        g, "duty",
        xg_bytes_of(DUTY "a,nowhere,,env-trade moon,甲\n"
                         "b,nowhere,,moon,乙\n"),
        &watch, &err));
    assert_int_equal(h.count, 2);
    assert_non_null(strstr(xg_buf_str(&h.text), "nowhere"));
    assert_non_null(strstr(xg_buf_str(&h.text), "moon"));
    h.count = 0;
    assert_ok(xg_guide_unresolved(
        g, "posts", xg_bytes_of(POSTS "p,371302,岗,known,stranger,,,\n"),
        &watch, &err));
    assert_int_equal(h.count, 1);
    assert_non_null(strstr(xg_buf_str(&h.text), "stranger"));
    h.count = 0;
    assert_ok(xg_guide_unresolved(
        g, "territory", xg_bytes_of(TERRITORY "z,galaxy,void,Z\n"), &watch,
        &err));
    assert_int_equal(h.count, 2);
    /* What is there already is complete in itself, but for the workers. */
    for (size_t i = 0; i < s.count; i++) {
        h.count = 0;
        assert_ok(xg_guide_unresolved(g, s.files[i].kind, s.files[i].content,
                                      &watch, &err));
        assert_int_equal(h.count > 0, strcmp(s.files[i].kind, "posts") == 0);
    }
    xg_guide_free(g);
    xg_buf_clear(&h.text);
    shelf_clear(&s);
}

/* The figure of a unit is of the newest file that names it; none is none. */
static void test_households(void **unused)
{
    struct heard h = {.text = XG_BUF(1 << 16)};
    const struct xg_guide_watch watch = {&h, NULL, hear};
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    const struct xg_territory *t;
    (void)unused;

    put(&s, "territory", "1",
        HOUSEHOLDS "d,district,,D,\ng,grid,d,G,312\nh,grid,d,H,7\n");
    put(&s, "territory", "2",
        "编码,层级,上级编码,名称,户数\ng,grid,d,G,0\n");
    put(&s, "territory", "3", TERRITORY "h,grid,d,H\n");
    struct xg_guide *g = guide_over(&s);
    assert_ok(xg_guide_territory(g, &t, &err));
    assert_false(xg_territory_find(t, "d")->has_households);
    assert_true(xg_territory_find(t, "g")->has_households);
    assert_int_equal(xg_territory_find(t, "g")->households, 0);
    assert_false(xg_territory_find(t, "h")->has_households);
    /* A total beside its parts is told, once; what is not there is none. */
    assert_ok(xg_guide_unresolved(g, "territory",
                                  xg_bytes_of(HOUSEHOLDS "e,district,,E,\n"
                                                         "f,grid,e,F,3\n"),
                                  &watch, &err));
    assert_int_equal(h.count, 0);
    assert_ok(xg_guide_unresolved(g, "territory",
                                  xg_bytes_of(HOUSEHOLDS "d,district,,D,9\n"
                                                         "g,grid,d,G,3\n"
                                                         "h,grid,d,H,3\n"),
                                  &watch, &err));
    assert_int_equal(h.count, 1);
    assert_non_null(strstr(xg_buf_str(&h.text), "g and d"));
    xg_guide_free(g);
    xg_buf_clear(&h.text);
    shelf_clear(&s);
}

static void test_an_edition_of_a_template_does_not_change(void **unused)
{
    static const char old[] = Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":"
                                "\"bool\"}");
    static const char changed[] = Q("{\"key\":\"a\",\"zh\":\"问\",\"type\":"
                                    "\"number\"}");
    struct heard h = {.text = XG_BUF(1 << 16)};
    const struct xg_guide_watch watch = {&h, NULL, hear};
    struct xg_error err = XG_ERROR_NONE;
    struct shelf s = {.count = 0};
    (void)unused;

    put(&s, "templates", "1", old);
    struct xg_guide *g = guide_over(&s);
    assert_ok(
        xg_guide_unresolved(g, "templates", xg_bytes_of(old), &watch, &err));
    assert_status(xg_guide_unresolved(g, "templates", xg_bytes_of(changed),
                                      &watch, &err),
                  XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), "f@1"));
    xg_guide_free(g);
    xg_buf_clear(&h.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_files_are_refused_and_the_place_is_named),
        cmocka_unit_test(test_errors_come_in_chinese_too),
        cmocka_unit_test(test_kinds_have_names),
        cmocka_unit_test(test_posts_know_who_holds_them_on_a_day),
        cmocka_unit_test(test_a_moment_has_its_local_day),
        cmocka_unit_test(test_labels_rename_and_are_understood_when_typed),
        cmocka_unit_test(test_an_empty_guide_answers_everything),
        cmocka_unit_test(test_newer_files_go_over_older_ones),
        cmocka_unit_test(test_a_file_that_does_not_read_is_named),
        cmocka_unit_test(test_yuhu_goes_from_the_block_to_the_centre),
        cmocka_unit_test(test_jiangbei_has_six_hops_and_four_boards),
        cmocka_unit_test(test_daye_whistles_from_street_and_town_alone),
        cmocka_unit_test(
            test_lanshan_has_base_grids_below_village_and_community),
        cmocka_unit_test(test_a_category_proposes_its_department),
        cmocka_unit_test(test_a_refusal_cites_anothers_duty),
        cmocka_unit_test(test_what_nobody_knows_is_told_once),
        cmocka_unit_test(test_households),
        cmocka_unit_test(test_an_edition_of_a_template_does_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
