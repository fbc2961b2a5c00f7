/* test_guides.c - guides that are lent (server/data/guides.h): read once, given
 * to one at a time, anew after an import, and whole for who has one meanwhile.
 */
#include "tests/lib/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "server/data/guides.h"
#include "shared/guide/catalogue.h"
#include "tests/lib/office.h"

static const char catalogue[] = "code,parent,name,handle\nlamp,,路灯,1d\n";

/* Whoever asks something: a reader, and the guide for it. Several ask in one
 * thread here, which data_borrow() lends one alone. */
struct asker {
    struct office *o;
    struct store *store;
    struct guide_lent *lent;
};

static void begin(struct asker *a, struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;

    *a = (struct asker){.o = o};
    assert_ok(o->d->store->ops->open_reader(o->d->store, &a->store, &err));
    assert_ok(a->store->ops->begin_read(a->store, &err));
    assert_ok(guides_lend(&a->lent, o->d->guides, a->store, &err));
}

static void end_reader(struct asker *a)
{
    a->store->ops->rollback(a->store);
    if (a->store != a->o->d->store) /* in memory it is the same */
        store_close(a->store);
}

static void end(struct asker *a)
{
    guides_give(a->o->d->guides, a->lent);
    end_reader(a);
}

static const char *edition_for(struct asker *a)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_catalogue *in_force;
    const char *edition = "";

    assert_ok(xg_guide_catalogue(a->lent->guide, &in_force, &edition,
                                 UINT64_MAX, &err));
    assert_non_null(in_force);
    return edition;
}

static void test_read_once(void **unused)
{
    const struct guide_lent *first;
    const char *edition;
    struct asker a, b;
    struct office o;

    (void)unused;
    office_open_files(&o); /* several readers at once */
    office_import(&o, "catalogue", "1", catalogue);
    begin(&a, &o);
    first = a.lent;
    edition = edition_for(&a);
    assert_string_equal(edition, "1");
    /* Somebody beside her has another. */
    begin(&b, &o);
    assert_ptr_not_equal(b.lent, first);
    assert_ptr_not_equal(b.lent->guide, first->guide);
    assert_string_equal(edition_for(&b), "1");
    end(&b);
    end(&a);
    /* Who comes next has what was read. */
    begin(&a, &o);
    assert_ptr_equal(a.lent, first);
    assert_ptr_equal(edition_for(&a), edition);
    end(&a);
    office_close(&o);
}

static void test_an_import_counts_at_once(void **unused)
{
    struct asker before, unread, after;
    struct office o;

    (void)unused;
    office_open_files(&o);
    office_import(&o, "catalogue", "1", catalogue);
    begin(&before, &o);
    begin(&unread, &o);
    assert_string_equal(edition_for(&before), "1");
    office_import(&o, "catalogue", "2", catalogue);
    begin(&after, &o);
    assert_string_equal(edition_for(&after), "2");
    /* Who was at work goes on with what there was as she began, also of what
     * she had not looked at. */
    assert_string_equal(edition_for(&before), "1");
    assert_string_equal(edition_for(&unread), "1");
    end(&before);
    end(&unread);
    end(&after);
    for (int i = 0; i < 3; i++) {
        begin(&after, &o);
        assert_string_equal(edition_for(&after), "2");
        end(&after);
    }
    /* One that lay unused meanwhile. */
    office_import(&o, "catalogue", "3", catalogue);
    begin(&after, &o);
    assert_string_equal(edition_for(&after), "3");
    end(&after);
    office_close(&o);
}

/* A reader is given back and taken by others; a guide reads from that of who
 * has it now. */
static void test_reads_from_its_own_reader(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_calendar *calendar;
    struct asker a, b;
    struct office o;

    (void)unused;
    office_open_files(&o);
    office_import(&o, "catalogue", "1", catalogue);
    begin(&a, &o);
    edition_for(&a);
    guides_give(o.d->guides, a.lent);
    begin(&b, &o);
    assert_ptr_not_equal(b.store, a.store);
    assert_ptr_equal(b.lent, a.lent);
    assert_ptr_equal(b.lent->store, b.store);
    end_reader(&a);
    assert_ok(xg_guide_calendar(b.lent->guide, &calendar, &err));
    end(&b);
    office_close(&o);
}

static void test_what_failed_is_not_kept(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_catalogue *in_force;
    struct store_fault fault = {.status = XG_OK};
    struct asker a;
    struct office o;

    (void)unused;
    office_open(&o, &fault);
    office_import(&o, "catalogue", "1", catalogue);
    begin(&a, &o);
    fault = (struct store_fault){.status = XG_IO, .repeat = true};
    assert_status(xg_guide_catalogue(a.lent->guide, &in_force, NULL,
                                     UINT64_MAX, &err), XG_IO);
    assert_true(fault.failed > 0);
    assert_true(a.lent->failed);
    fault.status = XG_OK;
    end(&a);
    begin(&a, &o);
    assert_false(a.lent->failed);
    assert_string_equal(edition_for(&a), "1");
    end(&a);
    office_close(&o);
}

/* ---- many at once ---- */

static atomic_int imported;

static void *ask(void *ctx)
{
    for (int i = 0; i < 60; i++) {
        struct asker a;
        int least = imported, said = 0;
        begin(&a, ctx);
        sscanf(edition_for(&a), "%d", &said);
        assert_true(said >= least);
        end(&a);
    }
    return NULL;
}

static void test_any_thread(void **unused)
{
    enum { ASKERS = 6 }; /* more than are kept */
    pthread_t threads[ASKERS];
    struct office o;

    (void)unused;
    office_open_files(&o);
    office_import(&o, "catalogue", "1", catalogue);
    imported = 1;
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &o), 0);
    for (int i = 2; i < 10; i++) {
        char edition[16];
        snprintf(edition, sizeof edition, "%d", i);
        office_import(&o, "catalogue", edition, catalogue);
        imported = i;
    }
    for (int i = 0; i < ASKERS; i++)
        pthread_join(threads[i], NULL);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_once),
        cmocka_unit_test(test_an_import_counts_at_once),
        cmocka_unit_test(test_reads_from_its_own_reader),
        cmocka_unit_test(test_what_failed_is_not_kept),
        cmocka_unit_test(test_any_thread),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
