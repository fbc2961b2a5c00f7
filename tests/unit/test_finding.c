/* test_finding.c - what people found out (server/cli/finding.h): the newest
 * counts, of those who may say so, however many there are; and looking one up
 * costs no reading.
 */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "server/cli/finding.h"
#include "shared/web/asset.h"
#include "tests/lib/office.h"

/* What `serve` shows, which is a part of these tests' programs. */
extern const struct xg_asset console_assets[];
extern const size_t console_asset_count;
const struct xg_asset console_assets[1] = {{NULL, NULL, NULL, 0, 0, false}};
const size_t console_asset_count = 0;

enum { RESTORED = 1, CLONED = 2, MANY = 1200 };

static struct xg_hash subject(unsigned n)
{
    struct xg_hash h = {{(uint8_t)n, (uint8_t)(n >> 8), 7}};

    return h;
}

static void found(struct office *o, const char *who, unsigned n,
                  uint64_t choice, const char *why)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash about = subject(n);
    struct desk_done done;
    struct xg_draft d;

    xg_draft_init(&d, &o->arena, XG_KIND_FORK_FINDING);
    d.head.creates = true;
    assert_ok(finding_fill(&d, &about, choice, why, &err));
    assert_ok(desk_write(&done, o->d, &d, who, NULL, &err));
}

/* A command that looks. */
struct looking {
    struct cmd c;
    struct look l;
    struct findings f;
};

static void begin(struct looking *k, struct office *o)
{
    const char *words[] = {"forks", "x"};
    struct xg_error err = XG_ERROR_NONE;

    *k = (struct looking){.c = {.out = XG_BUF(1 << 20)}};
    assert_ok(cmd_parse(&k->c, 2, words, &err));
    k->c.env = &o->env;
    k->c.data = o->d;
    assert_ok(look_open(&k->l, &k->c, &err));
}

static void end(struct looking *k)
{
    findings_clear(&k->f);
    look_close(&k->l);
    xg_buf_clear(&k->c.out);
}

static struct finding about(struct looking *k, unsigned n)
{
    struct xg_hash hash = subject(n);
    struct xg_error err = XG_ERROR_NONE;
    struct finding out;

    assert_ok(finding_about(&out, &k->f, &k->l, &hash, &err));
    return out;
}

static void test_the_newest_by_whoever_may(void **unused)
{
    struct looking k;
    struct finding f;
    char why[3 * 250 + 1] = "";
    struct office o;

    (void)unused;
    for (size_t i = 0; i + 1 < sizeof why; i += 3)
        memcpy(why + i, "查", 3);
    office_open(&o, NULL);
    begin(&k, &o);
    assert_false(about(&k, 1).found); /* there is none at all */
    end(&k);
    found(&o, "head", 1, RESTORED, "a backup");
    found(&o, "head", 2, RESTORED, why);
    found(&o, "boss", 1, CLONED, "two of them");
    found(&o, "wn", 1, RESTORED, "she says");
    found(&o, "wn", 3, RESTORED, "she says");
    begin(&k, &o);
    f = about(&k, 1);
    assert_true(f.found && f.choice == CLONED);
    assert_string_equal(f.why, "two of them");
    assert_string_equal(f.author, "boss");
    f = about(&k, 2);
    assert_true(f.found && f.choice == RESTORED);
    assert_string_equal(f.why, why); /* whole: a cut one may be no text */
    assert_false(about(&k, 3).found);
    assert_false(about(&k, 4).found);
    end(&k);
    office_close(&o);
}

/* What any device may write neither hides what was found out, nor is each of
 * them read again for every fork. */
static void test_however_many_there_are(void **unused)
{
    struct store_fault fault = {.status = XG_OK};
    struct looking k;
    struct office o;

    (void)unused;
    office_open(&o, &fault);
    found(&o, "head", 0, RESTORED, "the first");
    for (unsigned n = 1; n <= MANY; n++)
        found(&o, n % 2 ? "wn" : "head", n, CLONED, "flood");
    begin(&k, &o);
    assert_string_equal(about(&k, 0).why, "the first");
    fault = (struct store_fault){.countdown = 0, .status = XG_IO};
    for (unsigned n = 0; n <= MANY; n++)
        assert_int_equal(about(&k, n).found, n % 2 == 0);
    assert_int_equal(fault.failed, 0);
    fault.status = XG_OK;
    end(&k);
    office_close(&o);
}

/* Nothing is remembered of a reading that failed. */
static void test_readings_that_fail(void **unused)
{
    struct store_fault fault = {.status = XG_OK};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash hash = subject(1);
    struct finding out;
    struct looking k;
    struct office o;

    (void)unused;
    office_open(&o, &fault);
    found(&o, "head", 1, RESTORED, "x");
    begin(&k, &o);
    fault = (struct store_fault){.countdown = 0, .status = XG_IO};
    assert_int_equal(finding_about(&out, &k.f, &k.l, &hash, &err), XG_IO);
    fault.status = XG_OK;
    assert_true(about(&k, 1).found);
    end(&k);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_by_whoever_may),
        cmocka_unit_test(test_however_many_there_are),
        cmocka_unit_test(test_readings_that_fail),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
