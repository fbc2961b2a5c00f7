/* test_health.c - what `health` has doubts about (server/upkeep/health.h): each
 * at its limit and one beyond, in both languages; and that the command says it,
 * of a folder that is really so.
 */
#include "tests/lib/test.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/upkeep/backups.h"
#include "server/upkeep/health.h"
#include "shared/base/lang.h"
#include "shared/web/asset.h"
#include "tests/lib/office.h"

/* What `serve` shows, which is a part of these tests' programs. */
extern const struct xg_asset console_assets[];
extern const size_t console_asset_count;
const struct xg_asset console_assets[1] = {{NULL, NULL, NULL, 0, 0, false}};
const size_t console_asset_count = 0;

enum { HOUR_MS = 3600 * 1000, NOW_MS = 100 * HOUR_MS };
static const int64_t DAY_MS = INT64_C(24) * HOUR_MS;

/* It is so in both languages, and in words. */
#define doubted(word, ask)                                                     \
    do {                                                                       \
        xg_lang_init("zh");                                                    \
        assert_true((ask) && (unsigned char)*(ask) > 127);                     \
        xg_lang_init("en");                                                    \
        const char *said_ = (ask);                                             \
        if (!said_ || !strstr(said_, word))                                    \
            fail_msg("%s: %s", word, said_ ? said_ : "nothing");               \
    } while (0)

/* One that nobody needs to look at. */
static struct health well(void)
{
    return (struct health){.now_ms = NOW_MS,
                           .log_size = 20,
                           .backup_ms = NOW_MS - 36 * HOUR_MS,
                           .backup_size = 19,
                           .disk_total = 1000,
                           .disk_free = 100};
}

static void test_a_backup(void **unused)
{
    struct health h = well();

    (void)unused;
    assert_null(health_backup_doubt(&h));
    h.backup_ms--;
    doubted("a day and a half", health_backup_doubt(&h));
    h.backup_size = h.log_size; /* nothing came since */
    assert_null(health_backup_doubt(&h));
    h.backup_ms = h.now_ms + HOUR_MS;
    assert_null(health_backup_doubt(&h));
    h.backup_ms++;
    doubted("to come", health_backup_doubt(&h));
    h = well();
    h.backup_missing = 1;
    doubted("photo files", health_backup_doubt(&h));
    h.backup_missing = 0;
    h.backup_beside = true;
    doubted("same disk", health_backup_doubt(&h));
    h.backup_ms = 0;
    doubted("no backup yet", health_backup_doubt(&h));
}

static void test_a_disk(void **unused)
{
    struct health h = well();

    (void)unused;
    assert_null(health_disk_doubt(&h));
    h.disk_free--;
    doubted("nearly full", health_disk_doubt(&h));
    h.disk_free = 0;
    doubted("nearly full", health_disk_doubt(&h));
    h.disk_total = UINT64_MAX;
    h.disk_free = UINT64_MAX / 100 * HEALTH_FREE_PERCENT;
    assert_null(health_disk_doubt(&h));
    h.disk_total = 0; /* nobody knows */
    assert_null(health_disk_doubt(&h));
}

static void test_what_waits(void **unused)
{
    struct health h = well();

    (void)unused;
    assert_null(health_log_doubt(&h));
    assert_null(health_apart_doubt(&h));
    assert_null(health_waiting_doubt(&h));
    h.behind = true;
    h.quarantined = h.waiting = 1;
    doubted("old copy", health_log_doubt(&h));
    doubted("quarantined", health_apart_doubt(&h));
    doubted("registrar", health_waiting_doubt(&h));
}

static void test_a_clock(void **unused)
{
    struct health h = well();

    (void)unused;
    h.clock.ms = h.clock.machine_ms = h.now_ms;
    h.log_ms = h.now_ms + HEALTH_AHEAD_MS;
    assert_null(health_clock_doubt(&h));
    h.log_ms++;
    doubted("yet to come", health_clock_doubt(&h));
    h.clock.doubted = true;
    doubted("jumped back", health_clock_doubt(&h));
    h.clock.machine_ms++;
    doubted("jumped ahead", health_clock_doubt(&h));
}

static void test_a_certificate(void **unused)
{
    struct health_certificate t = {.by = DATA_TLS_HERE, .known = true};

    (void)unused;
    t.until_ms = NOW_MS + 30 * DAY_MS;
    assert_null(health_certificate_doubt(&t, NOW_MS));
    t.until_ms--;
    doubted("about to expire", health_certificate_doubt(&t, NOW_MS));
    t.until_ms = NOW_MS;
    doubted("about to expire", health_certificate_doubt(&t, NOW_MS));
    t.until_ms--;
    doubted("has expired", health_certificate_doubt(&t, NOW_MS));
    t.known = false;
    assert_null(health_certificate_doubt(&t, NOW_MS));
    t.by = DATA_TLS_PROXY;
    assert_null(health_certificate_doubt(&t, NOW_MS));
    t.by = DATA_TLS_NONE;
    doubted("nothing is encrypted", health_certificate_doubt(&t, NOW_MS));
}

/* ---- the command ---- */

/* `doubt` of one of its members; "" where there is none. */
static void says(struct office *o, const char *member, const char *word)
{
    const char *words[] = {"health", "--json", "x"};
    struct xg_buf errors = XG_BUF(1 << 16);
    struct xg_error err = XG_ERROR_NONE;
    struct cmd c = {.out = XG_BUF(1 << 20)};

    xg_lang_init("en");
    assert_ok(cmd_parse(&c, 3, words, &err));
    c.env = &o->env;
    c.data = o->d;
    assert_int_equal(cmd_execute(&c, &errors), 0);
    json_t *json = json_loads(xg_buf_str(&c.out), 0, NULL);
    assert_non_null(json);
    const char *doubt = json_string_value(
        json_object_get(json_object_get(json, member), "doubt"));
    if (*word ? !doubt || !strstr(doubt, word) : doubt != NULL)
        fail_msg("%s: %s", member, doubt ? doubt : "nothing");
    json_decref(json);
    xg_buf_clear(&c.out);
    xg_buf_clear(&errors);
}

static void test_the_command_says_it(void **unused)
{
    struct backups_made *made = calloc(1, sizeof *made);
    struct xg_error err = XG_ERROR_NONE;
    struct office o;

    (void)unused;
    assert_non_null(made);
    office_open_files(&o);
    office_report(&o, "lamp");
    says(&o, "log", "");
    says(&o, "backup", "no backup yet");
    says(&o, "quarantined", "");
    says(&o, "waiting", "");
    assert_ok(backups_make(o.d, made, &err));
    says(&o, "backup", "same disk");
    office_report(&o, "lamp");
    o.world.wall_ms += HEALTH_BACKUP_H * HOUR_MS;
    says(&o, "backup", "same disk");
    o.world.wall_ms++;
    says(&o, "backup", "a day and a half");
    assert_int_equal(remove(made->path), 0);
    assert_ok(backups_make(o.d, made, &err));
    says(&o, "backup", "same disk");
    o.world.wall_ms -= HOUR_MS + 1; /* the clock is set back */
    says(&o, "backup", "to come");
    free(made);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_backup),
        cmocka_unit_test(test_a_disk),
        cmocka_unit_test(test_what_waits),
        cmocka_unit_test(test_a_clock),
        cmocka_unit_test(test_a_certificate),
        cmocka_unit_test(test_the_command_says_it),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
