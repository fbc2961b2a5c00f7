/* test_template.c - answers to a form: what a person types becomes one form of
 * writing, judged by the edition that the record names. */
#include <stdio.h>

#include "tests/lib/test.h"

#include "tests/lib/device.h"

#include "shared/base/lang.h"
#include "shared/view/form.h"
#include "shared/view/template.h"
#include "shared/view/value.h"

enum { ARENA = 8 << 20 };

static const char edition_1[] =
    "{\"templates\":[{\"code\":\"fire\",\"edition\":\"1\",\"kind\":\"visit\","
    "\"zh\":\"消防检查表\",\"en\":\"fire checklist\",\"questions\":["
    "{\"key\":\"exit\",\"zh\":\"疏散通道\",\"en\":\"ways out\",\"type\":"
    "\"choice\",\"required\":true,\"choices\":[{\"key\":\"free\",\"zh\":"
    "\"畅通\"},{\"key\":\"blocked\",\"zh\":\"堵塞\"}]},"
    "{\"key\":\"ordered\",\"zh\":\"整改要求\",\"type\":\"text\",\"max\":30,"
    "\"required\":true,\"if\":{\"key\":\"exit\",\"is\":\"blocked\"}},"
    "{\"key\":\"ok\",\"zh\":\"灭火器有效\",\"type\":\"bool\",\"required\":true},"
    "{\"key\":\"expired\",\"zh\":\"失效几具\",\"type\":\"number\",\"min\":1,"
    "\"max\":500,\"if\":{\"key\":\"ok\",\"is\":false}},"
    "{\"key\":\"told\",\"zh\":\"宣传内容\",\"type\":\"choices\",\"choices\":["
    "{\"key\":\"fraud\",\"zh\":\"防诈骗\"},{\"key\":\"fire\",\"zh\":\"防火\"},"
    "{\"key\":\"gas\",\"zh\":\"燃气\"}]},"
    "{\"key\":\"gas_why\",\"zh\":\"为何讲燃气\",\"type\":\"text\",\"if\":"
    "{\"key\":\"told\",\"is\":[\"gas\"]}}]}]}";
static const char edition_2[] =
    "{\"templates\":[{\"code\":\"fire\",\"edition\":\"2\",\"kind\":\"visit\","
    "\"zh\":\"消防检查表\",\"questions\":[{\"key\":\"smoke\",\"zh\":\"烟感\","
    "\"type\":\"bool\",\"required\":true}]},"
    "{\"code\":\"talk\",\"edition\":\"1\",\"kind\":\"meeting\",\"zh\":\"恳谈\","
    "\"questions\":[{\"key\":\"a\",\"zh\":\"问\",\"type\":\"bool\"}]}]}";

static enum xg_status
each(void *ctx, const char *kind, uint64_t size,
     enum xg_status visit(void *visitor, const struct xg_guide_file *f,
                          struct xg_error *err),
     void *visitor, struct xg_error *err)
{
    struct xg_guide_file one = {1, "1", xg_bytes_of(edition_1)};
    struct xg_guide_file two = {2, "2", xg_bytes_of(edition_2)};
    (void)ctx;
    (void)size;

    if (strcmp(kind, "templates") != 0)
        return XG_OK;
    if (visit(visitor, &one, err) != XG_OK)
        return err->status;
    return visit(visitor, &two, err);
}

struct world {
    struct xg_arena arena;
    struct xg_guide *g;
    const struct xg_kind *visit;
    struct xg_draft d;
    struct test_device *device; /* of record() */
    struct xg_op op;
};

static void begin(struct world *w)
{
    const struct xg_guide_source source = {NULL, each};
    struct xg_error err = XG_ERROR_NONE;

    *w = (struct world){.arena = XG_ARENA(ARENA)};
    w->visit = xg_kind_find(XG_KIND_VISIT);
    assert_ok(xg_guide_new(&w->g, &source, &err));
    xg_draft_init(&w->d, &w->arena, XG_KIND_VISIT);
}

static void end(struct world *w)
{
    xg_guide_free(w->g);
    if (w->device)
        test_device_free(w->device);
    xg_arena_clear(&w->arena);
}

static void say(struct world *w, const char *assignment)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(view_form_set(&w->d, w->visit, assignment, NULL, &err));
}

static const char *said(struct world *w, uint64_t number)
{
    struct xg_bytes value = xg_draft_get(&w->d, number);
    struct xg_cbor c = xg_cbor_over(value);
    struct xg_buf text = XG_BUF(4096);
    struct xg_cbor_item item;

    if (!value.len || !xg_cbor_next(&c, &item))
        return "";
    view_value_text(&text, xg_field_find(w->visit, number), &item);
    const char *copy = xg_arena_str(&w->arena, xg_buf_str(&text), text.len);
    xg_buf_clear(&text);
    return copy;
}

/* What the draft says, recorded: the state that a later draft changes. */
static void record(struct world *w, struct xg_state *state)
{
    static const uint8_t registrar[32];
    struct test_world world = {.seed = 1, .wall_ms = 1777595400000};
    struct xg_error err = XG_ERROR_NONE;

    say(w, "place=A-3");
    say(w, "result=normal");
    w->d.head.creates = true;
    w->device = test_device_new(&w->arena, &world, "x.example/d/0001",
                                "x.example", registrar);
    const struct xg_record *r = test_write(w->device, &w->d, NULL);
    assert_null(r->malformed);
    w->op = (struct xg_op){.record = r,
                           .branch = &w->device->branch,
                           .seq = 1,
                           .rank = 20,
                           .role = XG_ROLE_WORKER,
                           .author = "w1"};
    struct xg_id id = xg_id_of_hash(&r->hash);
    assert_ok(xg_merge(state, &w->arena, &id, &w->op, 1, NULL, &err));
    xg_draft_init(&w->d, &w->arena, XG_KIND_VISIT);
    w->d.head.creates = false;
    w->d.head.entity = id;
}

static void test_typed_answers_become_one_form_of_writing(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;
    (void)unused;

    begin(&w);
    say(&w, "form=fire@1");
    say(&w, "item=宣传内容=防火、防诈骗；灭火器有效=否");
    say(&w, "item=expired=3; ordered = 立即清理 ;疏散通道＝堵塞");
    assert_ok(view_template_fill(&w.d, w.visit, w.g, NULL, true, &err));
    assert_string_equal(said(&w, XG_FIELD_FORM), "fire@1");
    assert_string_equal(said(&w, XG_FIELD_ITEM),
                        "exit=blocked; ordered=立即清理; ok=no; expired=3; "
                        "told=fraud,fire");
    /* Once more changes nothing. */
    assert_ok(view_template_fill(&w.d, w.visit, w.g, NULL, true, &err));
    assert_string_equal(said(&w, XG_FIELD_ITEM),
                        "exit=blocked; ordered=立即清理; ok=no; expired=3; "
                        "told=fraud,fire");
    end(&w);
}

static void test_without_an_edition_the_newest_is_taken(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;
    (void)unused;

    begin(&w);
    say(&w, "form=fire");
    say(&w, "item=烟感=有");
    assert_ok(view_template_fill(&w.d, w.visit, w.g, NULL, true, &err));
    assert_string_equal(said(&w, XG_FIELD_FORM), "fire@2");
    assert_string_equal(said(&w, XG_FIELD_ITEM), "smoke=yes");
    end(&w);
}

static void test_what_does_not_fit_is_refused_and_named(void **unused)
{
    static const struct {
        const char *form, *item, *says;
        enum xg_status status;
    } cases[] = {
        {"fire@1", "exit=free", "灭火器有效", XG_USAGE},
        {"fire@1", "exit=free;ok=maybe", "maybe", XG_USAGE},
        {"fire@1", "exit=ajar;ok=yes", "blocked", XG_USAGE},
        {"fire@1", "exit=free;ok=no;expired=0", "1 to 500", XG_USAGE},
        {"fire@1", "exit=free;ok=no;expired=501", "501", XG_USAGE},
        {"fire@1", "exit=free;ok=no;expired=two", "two", XG_USAGE},
        {"fire@1", "exit=free;ok=no;expired=99999999999999999999", "500",
         XG_USAGE},
        {"fire@1", "exit=free;ok=yes;expired=3", "not asked", XG_USAGE},
        {"fire@1", "exit=free;ok=yes;ordered=x", "not asked", XG_USAGE},
        {"fire@1", "exit=blocked;ok=yes", "整改要求", XG_USAGE},
        {"fire@1", "exit=blocked;ok=yes;ordered=一二三四五六七八九十一",
         "30 bytes", XG_USAGE},
        {"fire@1", "exit=free;ok=yes;told=fire,moon", "moon", XG_USAGE},
        {"fire@1", "exit=free;ok=yes;told=fire;gas_why=x", "not asked",
         XG_USAGE},
        {"fire@1", "exit=free;ok=yes;ok=no", "twice", XG_USAGE},
        {"fire@1", "exit=free;ok=yes;colour=red", "colour", XG_USAGE},
        {"fire@1", "exit=free;ok", "key=value", XG_USAGE},
        {"fire@2", "exit=free;ok=yes", "exit", XG_USAGE},
        {"fire@3", "smoke=yes", "fire@2", XG_NOTFOUND},
        {"moon", "smoke=yes", "fire@1", XG_NOTFOUND},
        {"talk", "a=yes", "meeting", XG_USAGE},
        {NULL, "ok=yes", "form=", XG_USAGE},
    };
    (void)unused;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xg_error err = XG_ERROR_NONE;
        char text[256];
        struct world w;
        begin(&w);
        if (cases[i].form) {
            snprintf(text, sizeof text, "form=%s", cases[i].form);
            say(&w, text);
        }
        snprintf(text, sizeof text, "item=%s", cases[i].item);
        say(&w, text);
        const char *before = said(&w, XG_FIELD_ITEM);
        if (view_template_fill(&w.d, w.visit, w.g, NULL, true, &err) !=
            cases[i].status)
            fail_msg("%s: %s", cases[i].item, xg_error_text(&err));
        if (!strstr(xg_error_text(&err), cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].item,
                     xg_error_text(&err), cases[i].says);
        assert_string_equal(said(&w, XG_FIELD_ITEM), before);
        end(&w);
    }
}

static void test_a_draft_for_later_may_lack_answers(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;
    (void)unused;

    begin(&w);
    say(&w, "form=fire@1");
    assert_ok(view_template_fill(&w.d, w.visit, w.g, NULL, false, &err));
    assert_string_equal(said(&w, XG_FIELD_ITEM), "");
    assert_status(view_template_fill(&w.d, w.visit, w.g, NULL, true, &err),
                  XG_USAGE);
    assert_non_null(strstr(xg_error_text(&err), "2 required"));
    end(&w);
    begin(&w);
    assert_ok(view_template_fill(&w.d, w.visit, w.g, NULL, true, &err));
    assert_int_equal(w.d.field_count, 0);
    end(&w);
}

static void test_a_later_answer_keeps_the_others(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_state state;
    struct world w;
    (void)unused;

    begin(&w);
    say(&w, "form=fire@1");
    say(&w, "item=exit=blocked;ordered=清空;ok=yes;told=gas;gas_why=有瓶");
    assert_ok(view_template_fill(&w.d, w.visit, w.g, NULL, true, &err));
    record(&w, &state);
    /* Only what changed is said; what is not asked any more goes. */
    say(&w, "item=exit=free;told=");
    assert_ok(view_template_fill(&w.d, w.visit, w.g, &state, true, &err));
    assert_string_equal(said(&w, XG_FIELD_ITEM), "exit=free; ok=yes");
    assert_string_equal(said(&w, XG_FIELD_FORM), "");
    /* A required answer cannot be taken back. */
    say(&w, "item=");
    say(&w, "item=ok=");
    assert_status(view_template_fill(&w.d, w.visit, w.g, &state, true, &err),
                  XG_USAGE);
    assert_non_null(strstr(xg_error_text(&err), "灭火器有效"));
    end(&w);
}

static void test_another_edition_begins_anew(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_state state;
    struct world w;
    (void)unused;

    begin(&w);
    say(&w, "form=fire@1");
    say(&w, "item=exit=free;ok=yes");
    assert_ok(view_template_fill(&w.d, w.visit, w.g, NULL, true, &err));
    record(&w, &state);
    say(&w, "form=fire@2");
    assert_status(view_template_fill(&w.d, w.visit, w.g, &state, true, &err),
                  XG_USAGE);
    say(&w, "item=smoke=no");
    assert_ok(view_template_fill(&w.d, w.visit, w.g, &state, true, &err));
    assert_string_equal(said(&w, XG_FIELD_ITEM), "smoke=no");
    /* A form taken away takes no answers. */
    xg_draft_init(&w.d, &w.arena, XG_KIND_VISIT);
    w.d.head.creates = false;
    say(&w, "form=");
    say(&w, "item=");
    assert_ok(view_template_fill(&w.d, w.visit, w.g, &state, true, &err));
    end(&w);
}

static void test_answers_are_shown_with_their_labels(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(1 << 16);
    const struct xg_template *t;
    struct world w;
    (void)unused;

    begin(&w);
    say(&w, "form=fire@1");
    say(&w, "item=exit=blocked;ordered=清空;ok=no;told=fraud,gas;later=7");
    struct xg_bytes item = xg_draft_get(&w.d, XG_FIELD_ITEM);
    assert_ok(xg_guide_template(w.g, &t, xg_bytes_of("fire@1"), &err));
    xg_lang_thread(XG_LANG_ZH);
    view_template_put(&out, t, item, 2);
    xg_lang_thread(XG_LANG_EN);
    assert_string_equal(xg_buf_str(&out), "  疏散通道：堵塞\n"
                                          "  整改要求：清空\n"
                                          "  灭火器有效：否\n"
                                          "  失效几具：-\n"
                                          "  宣传内容：防诈骗、燃气\n"
                                          "  为何讲燃气：-\n"
                                          "  later=7\n");
    xg_buf_reset(&out);
    view_template_put(&out, NULL, item, 0);
    assert_non_null(strstr(xg_buf_str(&out), "ordered=清空\n"));
    xg_buf_reset(&out);
    assert_ok(view_json_put(&out, view_template_json(t, item), &err));
    assert_string_equal(
        xg_buf_str(&out),
        "{\"later\":\"7\",\"exit\":\"blocked\",\"ordered\":\"清空\","
        "\"ok\":false,\"told\":[\"fraud\",\"gas\"]}");
    /* What others wrote is judged too. */
    assert_status(view_template_check(t, item, &err), XG_USAGE);
    assert_non_null(strstr(xg_error_text(&err), "later"));
    xg_buf_clear(&out);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typed_answers_become_one_form_of_writing),
        cmocka_unit_test(test_without_an_edition_the_newest_is_taken),
        cmocka_unit_test(test_what_does_not_fit_is_refused_and_named),
        cmocka_unit_test(test_a_draft_for_later_may_lack_answers),
        cmocka_unit_test(test_a_later_answer_keeps_the_others),
        cmocka_unit_test(test_another_edition_begins_anew),
        cmocka_unit_test(test_answers_are_shown_with_their_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
