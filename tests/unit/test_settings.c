/* test_settings.c - the settings of a device: judged, kept as a whole, and
 * harmless whatever the file holds.
 */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/home/settings.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "tests/lib/folder.h"

static char folder[TEST_FOLDER_SIZE], home[TEST_PATH_SIZE];
static struct xg_error err;

static const char *value(const char *name)
{
    static struct settings s;

    memset(&err, 0, sizeof err);
    if (settings_load(&s, home, &err) != XG_OK)
        fail_msg("%s", xg_error_text(&err));
    return s.values[settings_named(name) - settings_table];
}

static enum xg_status change(const char *one, const char *two)
{
    const char *const changes[] = {one, two};

    memset(&err, 0, sizeof err);
    return settings_change(home, changes, two ? 2 : 1, &err);
}

static void write_file(const void *data, size_t len)
{
    char path[600];

    snprintf(path, sizeof path, "%s/settings", home);
    assert_int_equal(xg_os_replace(path, 0600, xg_bytes(data, len), &err),
                     XG_OK);
}

static int fresh(void **state)
{
    (void)state;
    test_folder_make(folder, "settings");
    snprintf(home, sizeof home, "%s/new/home", folder);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void test_defaults(void **state)
{
    (void)state;
    assert_string_equal(value("theme"), "auto");
    assert_string_equal(value("lock_after"), "10");
    assert_string_equal(value("map"), "");
    assert_false(xg_os_exists(home)); /* to look makes nothing */
    /* Every default is one that could be set, but the empty text. */
    for (const struct settings_entry *e = settings_table; e->name; e++) {
        char text[200];
        snprintf(text, sizeof text, "%s=%s", e->name, e->fallback);
        assert_int_equal(change(text, NULL), XG_OK);
        assert_string_equal(value(e->name), e->fallback);
        assert_true(*e->zh && *e->en);
    }
}

static void test_change(void **state)
{
    (void)state;
    assert_int_equal(change("theme=dark", "text_scale=150"), XG_OK);
    assert_string_equal(value("theme"), "dark");
    assert_string_equal(value("text_scale"), "150");
    assert_int_equal(change("theme=强光", NULL), XG_OK); /* by its label */
    assert_string_equal(value("theme"), "sunlight");
    assert_string_equal(value("text_scale"), "150");
    assert_int_equal(change("theme=", NULL), XG_OK);
    assert_string_equal(value("theme"), "auto");
    assert_int_equal(change("map=lanshan-2026", NULL), XG_OK);
    assert_string_equal(value("map"), "lanshan-2026");
}

/* Refused, said what would do, and nothing is changed. */
static void test_misfits(void **state)
{
    static const char *const wrong[] = {
        "theme=pink",      "text_scale=99",  "text_scale=201",
        "text_scale=1e2",  "text_scale=+120", "text_scale=0150",
        "sync_every=-1",   "sync_every=1441", "lock_after=0",
        "lock_after=99999999999999999999",    "map=../../etc/passwd",
        "map=.hidden",     "map=a b",         "nothing=1",
        "theme",           "=dark",           "map=a\ntheme dark",
    };

    (void)state;
    assert_int_equal(change("theme=dark", NULL), XG_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        /* Not even what is right beside it. */
        assert_int_equal(change("text_scale=150", wrong[i]), XG_USAGE);
        assert_true(strlen(xg_error_text(&err)) > 20);
        assert_string_equal(value("text_scale"), "100");
        assert_string_equal(value("theme"), "dark");
    }
    assert_int_equal(change("text_scale=99", NULL), XG_USAGE);
    assert_non_null(strstr(xg_error_text(&err), "100–200"));
}

/* Whatever stands in the file: what fits holds, the rest is as by default. */
static void test_hostile_file(void **state)
{
    static const char mixed[] =
        "theme neon\ntext_scale 150\nsync_every -5\nlock_after 240x\n"
        "theme\n\n \nunknown 1\nmap ../x\n\xff\xfe\nwaiting_red_days 7";
    char *large;

    (void)state;
    assert_int_equal(change("theme=dark", NULL), XG_OK);
    write_file(mixed, sizeof mixed - 1);
    assert_string_equal(value("theme"), "auto");
    assert_string_equal(value("text_scale"), "150");
    assert_string_equal(value("sync_every"), "15");
    assert_string_equal(value("lock_after"), "10");
    assert_string_equal(value("map"), "");
    assert_string_equal(value("waiting_red_days"), "7"); /* cut: no new line */
    /* Far too long: not ours. It can be set again. */
    large = calloc(1, 1 << 20);
    assert_non_null(large);
    write_file(large, 1 << 20);
    free(large);
    assert_string_equal(value("theme"), "auto");
    assert_int_equal(change("theme=dark", NULL), XG_OK);
    assert_string_equal(value("theme"), "dark");
    write_file("theme dark\0theme light\n", 23);
    assert_string_equal(value("theme"), "dark");
}

static void test_cannot_write(void **state)
{
    char path[600];

    (void)state;
    assert_int_equal(change("theme=dark", NULL), XG_OK);
    /* Something stands where the new file is to be written. */
    snprintf(path, sizeof path, "%s/settings.tmp", home);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_not_equal(change("theme=light", NULL), XG_OK);
    assert_string_equal(value("theme"), "dark");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(change("theme=light", NULL), XG_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),     TEST(test_change),       TEST(test_misfits),
        TEST(test_hostile_file), TEST(test_cannot_write),
    };

    xg_lang_init("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
