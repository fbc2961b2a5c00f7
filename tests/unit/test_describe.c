/* test_describe.c - the domain and a site as JSON: everything that the tables
 * and the files say, in both languages, and bounded.
 */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/core/merge.h"
#include "shared/view/describe.h"
#include "shared/view/show.h"

/* ---- a site out of texts ---- */

struct file {
    const char *kind, *content;
};

static enum xg_status each(void *ctx, const char *kind, uint64_t size,
                           enum xg_status visit(void *visitor,
                                                const struct xg_guide_file *f,
                                                struct xg_error *err),
                           void *visitor, struct xg_error *err)
{
    (void)size;
    for (const struct file *f = ctx; f->kind; f++) {
        const struct xg_guide_file file = {(uint64_t)(f - (struct file *)ctx),
                                           "1", xg_bytes_of(f->content)};
        if (strcmp(f->kind, kind) == 0 &&
            visit(visitor, &file, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static json_t *site_of(struct file *files, const char *unit,
                       const struct view_person *people, size_t count)
{
    const struct xg_guide_source source = {files, each};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_guide *g = NULL;
    json_t *site = NULL;

    assert_int_equal(xg_guide_new(&g, &source, &err), XG_OK);
    if (view_site_json(&site, g, unit, people, count, 20260510, &err) != XG_OK)
        fail_msg("%s", xg_error_text(&err));
    xg_guide_free(g);
    return site;
}

static bool is_captured(void *ctx, const struct xg_kind *kind)
{
    (void)ctx;
    return kind->number != XG_KIND_PATROL;
}

static const struct view_captured all_captured = {is_captured, NULL};

static const json_t *by(const json_t *list, const char *key, const char *value)
{
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one) {
        if (strcmp(json_string_value(json_object_get(one, key)), value) == 0)
            return one;
    }
    fail_msg("no %s %s", key, value);
    return NULL;
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool has_text(const json_t *list, const char *wanted)
{
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one) {
        if (strcmp(json_string_value(one), wanted) == 0)
            return true;
    }
    return false;
}

/* ---- the domain ---- */

/* Whatever has a name has a label in each language. */
static void assert_labelled(const json_t *list)
{
    size_t i;
    json_t *one;

    assert_true(json_array_size(list) > 0);
    json_array_foreach(list, i, one) {
        assert_true(*text(one, "name"));
        assert_true(*text(one, "zh"));
        assert_true(*text(one, "en"));
    }
}

static void test_every_table_is_there(void **state)
{
    static const char *const lists[] = {
        "kinds",  "statuses",     "moves",         "needs",
        "stages", "roles",        "photo_roles",   "photo_origins",
        "doubts", "photo_places", "deliveries",    "effects",
        "lights", "gap_causes"};
    json_t *all = view_domain_json(NULL, &all_captured);
    size_t kinds = 0;

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        assert_labelled(json_object_get(all, lists[i]));
    assert_int_equal(json_array_size(json_object_get(all, "effects")),
                     XG_EFFECT_LACKING + 1);
    assert_int_equal(json_array_size(json_object_get(all, "photo_places")),
                     VIEW_PHOTO_ERASED + 1);
    for (const struct xg_kind *k = xg_kinds; k->name; k++) {
        if (!k->entity)
            continue;
        const json_t *kind = by(json_object_get(all, "kinds"), "name", k->name);
        const json_t *fields = json_object_get(kind, "fields");
        const struct xg_field *f;
        size_t i;
        for (i = 0; (f = xg_field_at(k, i)) != NULL; i++)
            assert_string_equal(text(json_array_get(fields, i), "name"),
                                f->name);
        assert_int_equal(json_array_size(fields), i);
        assert_int_equal(json_is_true(json_object_get(kind, "captured")),
                         k->number != XG_KIND_PATROL);
        kinds++;
    }
    assert_int_equal(json_array_size(json_object_get(all, "kinds")), kinds);
    json_decref(all);
}

/* A form shows each field once that a person may fill in, and no other. */
static void test_forms(void **state)
{
    json_t *all = view_domain_json(NULL, &all_captured);
    size_t i, j;
    json_t *kind, *field;

    (void)state;
    json_array_foreach(json_object_get(all, "kinds"), i, kind) {
        const json_t *first = json_object_get(kind, "first");
        const json_t *more = json_object_get(kind, "more");
        json_array_foreach(json_object_get(kind, "fields"), j, field) {
            const char *name = text(field, "name");
            bool shown = has_text(first, name) || has_text(more, name);
            assert_false(has_text(first, name) && has_text(more, name));
            if (json_is_true(json_object_get(field, "by_move")) ||
                (json_is_true(json_object_get(field, "machine")) &&
                 strcmp(name, "photo") != 0))
                assert_false(shown);
            else if (json_is_true(json_object_get(field, "needed")))
                assert_true(has_text(first, name));
        }
    }
    const json_t *incident =
        by(json_object_get(all, "kinds"), "name", "incident");
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(incident, "first"), 0)),
                        "category");
    const json_t *fields = json_object_get(incident, "fields");
    assert_string_equal(text(by(fields, "name", "contact"), "refers"),
                        "contact");
    assert_string_equal(text(by(fields, "name", "category"), "code"),
                        "category");
    assert_string_equal(text(by(fields, "name", "unit"), "code"), "unit");
    assert_string_equal(text(by(fields, "name", "urgency"), "type"), "enum");
    assert_int_equal(json_array_size(json_object_get(
                         by(fields, "name", "urgency"), "choices")),
                     3);
    json_decref(all);
}

/* Whatever `refers` and `code` of the schema is known. */
static void test_references(void **state)
{
    (void)state;
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        for (const struct xg_field *f = k->fields; f->name; f++)
            if (f->type == XG_TYPE_ENTITY && f->max)
                assert_non_null(xg_kind_find((uint64_t)f->max));
}

static void test_moves(void **state)
{
    json_t *all = view_domain_json(NULL, &all_captured);
    const json_t *moves = json_object_get(all, "moves");
    const json_t *way;

    (void)state;
    way = json_array_get(json_object_get(by(moves, "name", "return"), "ways"),
                         0);
    assert_string_equal(text(way, "to"), "returned");
    assert_true(has_text(json_object_get(way, "from"), "dispatched"));
    assert_true(has_text(json_object_get(way, "who"), "worker"));
    const json_t *fields = json_object_get(way, "fields");
    assert_true(json_is_true(
        json_object_get(by(fields, "field", "rule"), "needed")));
    assert_true(
        json_is_true(json_object_get(by(fields, "field", "why"), "needed")));
    assert_int_equal(json_array_size(fields), 2);
    way = json_array_get(json_object_get(by(moves, "name", "finish"), "ways"),
                         0);
    assert_true(json_is_true(json_object_get(way, "photos")));
    assert_string_equal(text(way, "stage"), "handle");
    /* From handled, but also from others: no one stage. */
    way = json_array_get(json_object_get(by(moves, "name", "remind"), "ways"),
                         0);
    assert_true(json_is_null(json_object_get(way, "stage")));
    assert_true(json_is_null(json_object_get(way, "to")));
    /* A score is a field of assessments alone. */
    way = json_array_get(json_object_get(by(moves, "name", "rescore"), "ways"),
                         0);
    assert_true(json_is_true(json_object_get(
        by(json_object_get(way, "fields"), "field", "score"), "needed")));
    json_decref(all);
}

static void test_labels_of_the_site(void **state)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_labels labels;

    (void)state;
    assert_int_equal(
        xg_labels_read(&labels, &arena,
                       xg_bytes_of("sort,code,zh,en\nmove,dispatch,派单,\n"
                                   "role,worker,,field hand\n"),
                       &err),
        XG_OK);
    for (int lang = XG_LANG_EN; lang <= XG_LANG_ZH; lang++) {
        xg_lang_thread((enum xg_lang)lang);
        json_t *all = view_domain_json(&labels, &all_captured);
        const json_t *dispatch =
            by(json_object_get(all, "moves"), "name", "dispatch");
        const json_t *worker =
            by(json_object_get(all, "roles"), "name", "worker");
        assert_string_equal(text(dispatch, "zh"), "派单");
        assert_string_equal(text(dispatch, "en"), "dispatch");
        assert_string_equal(text(worker, "zh"), "网格员");
        assert_string_equal(text(worker, "en"), "field hand");
        /* The language that was asked for is as it was. */
        assert_int_equal(xg_lang(), lang);
        json_decref(all);
    }
    xg_lang_thread(XG_LANG_EN);
    xg_arena_clear(&arena);
}

/* ---- the site ---- */

static void test_site(void **state)
{
    struct file files[] = {
        {"territory", "code,level,parent,name\nd,district,,区\n"
                      "s,street,d,街道\nc,community,s,社区\n"
                      "g1,grid,c,一格\ng2,grid,c,二格\nx,street,d,别处\n"},
        {"catalogue", "code,parent,name,name_en,handle,radius,active\n"
                      "env,,市容,streets,,,\n"
                      "env-a,env,垃圾,garbage,8h,30,\nold,,旧,,,,否\n"},
        {"labels", "sort,code,zh,en\nboard,safe,平安,peace\n"},
        {NULL, NULL}};
    const struct view_person people[] = {
        {"w1", "g1", xg_role_find(XG_ROLE_WORKER), NULL},
        {"w2", "c", xg_role_find(XG_ROLE_COMMUNITY), NULL},
        {"w3", "x", xg_role_find(XG_ROLE_DISPATCHER), NULL}};

    (void)state;
    json_t *site = site_of(files, "c", people, 3);
    const json_t *units = json_object_get(site, "units");
    static const char *const order[] = {"c", "s", "d", "g1", "g2"};
    assert_int_equal(json_array_size(units), 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(text(json_array_get(units, i), "code"), order[i]);
    assert_true(json_is_null(
        json_object_get(json_array_get(units, 2), "parent")));
    const json_t *categories = json_object_get(site, "categories");
    assert_string_equal(text(by(categories, "code", "env-a"), "parent"),
                        "env");
    const json_t *handle =
        json_object_get(by(categories, "code", "env-a"), "handle");
    assert_string_equal(text(handle, "zh"), "8 工作时");
    assert_string_equal(text(handle, "en"), "8 working hours");
    assert_true(
        json_is_null(json_object_get(by(categories, "code", "env"), "handle")));
    assert_true(json_is_false(
        json_object_get(by(categories, "code", "old"), "active")));
    assert_int_equal(json_array_size(json_object_get(site, "people")), 2);
    assert_string_equal(
        text(by(json_object_get(site, "boards"), "code", "safe"), "en"),
        "peace");
    assert_int_equal(json_array_size(json_object_get(site, "more")), 0);
    json_decref(site);
    /* Without a unit: no units, and what is the same for all. */
    site = site_of(files, "", people, 3);
    assert_int_equal(json_array_size(json_object_get(site, "units")), 0);
    assert_int_equal(json_array_size(json_object_get(site, "categories")), 3);
    json_decref(site);
}

/* A community with more grids than a page wants to read at its start. */
static void test_bounds(void **state)
{
    struct xg_buf csv = XG_BUF(1 << 20);
    struct file files[] = {{"territory", NULL}, {NULL, NULL}};

    (void)state;
    xg_buf_text(&csv, "code,level,parent,name\nc,community,,社区\n");
    for (int i = 0; i < 1000; i++)
        xg_buf_format(&csv, "g%04d,grid,c,第%d网格\n", i, i);
    files[0].content = xg_buf_str(&csv);
    json_t *site = site_of(files, "c", NULL, 0);
    assert_int_equal(json_array_size(json_object_get(site, "units")),
                     VIEW_SITE_ROWS);
    assert_true(has_text(json_object_get(site, "more"), "units"));
    assert_int_equal(json_array_size(json_object_get(site, "more")), 1);
    json_decref(site);
    xg_buf_clear(&csv);
}

static void test_templates(void **state)
{
    struct file files[] = {
        {"templates",
         "{\"templates\":[{\"code\":\"fire\",\"edition\":\"1\",\"kind\":"
         "\"visit\",\"zh\":\"旧\",\"questions\":[{\"key\":\"a\",\"zh\":\"问\","
         "\"type\":\"bool\"}]}]}"},
        {"templates",
         "{\"templates\":[{\"code\":\"fire\",\"edition\":\"2\",\"kind\":"
         "\"visit\",\"zh\":\"新\",\"questions\":[{\"key\":\"b\",\"zh\":\"问\","
         "\"type\":\"number\",\"min\":0,\"max\":5}]}]}"},
        {NULL, NULL}};
    json_t *site = site_of(files, "", NULL, 0);
    const json_t *list = json_object_get(site, "templates");

    (void)state;
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text(json_array_get(list, 0), "edition"), "2");
    assert_string_equal(
        text(json_array_get(
                 json_object_get(json_array_get(list, 0), "questions"), 0),
             "key"),
        "b");
    json_decref(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_table_is_there),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_labels_of_the_site),
        cmocka_unit_test(test_site),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_templates),
    };

    xg_lang_init("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
