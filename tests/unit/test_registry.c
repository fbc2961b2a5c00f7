/* test_registry.c - the lines of registry notes: each kind read and printed
 * again, byte for byte; what is refused; what is derived from them. */
#include "tests/lib/test.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/registry/inside.h"
#include "shared/core/registry.h"

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SEVENS "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
#define HEAD                                                                   \
    "xunge/registry/v1\nnumber 1\nprevious " ZEROS "\ncheckpoint 0 " ZEROS "\n"
#define EVERY_LINE                                                             \
    "unit top -\n"                                                             \
    "unit north top\n"                                                         \
    "worker w1 worker north\n"                                                 \
    "device a.example/d/0001 " SEVENS " w1\n"                                  \
    "author a.example/d/0001 w2\n"                                             \
    "key w1 " SEVENS "\n"                                                      \
    "key w1 " ZEROS "\n"                                                       \
    "revoke a.example/d/0001\n"                                                \
    "cut " SEVENS " 4 " ZEROS "\n"                                             \
    "admit " SEVENS "\n"                                                       \
    "registrar " SEVENS "\n"

static enum xg_status read_lines(struct xg_registry_note *note,
                                 const char *lines)
{
    static char text[4096];

    snprintf(text, sizeof text, HEAD "%s", lines);
    return xg_registry_note_read(note, xg_bytes_of(text), &err);
}

static void test_every_line_comes_again(void **state)
{
    static const enum xg_statement_kind kinds[] = {
        XG_SAYS_UNIT,   XG_SAYS_UNIT, XG_SAYS_WORKER, XG_SAYS_DEVICE,
        XG_SAYS_AUTHOR, XG_SAYS_KEY,  XG_SAYS_KEY,    XG_SAYS_REVOKE,
        XG_SAYS_CUT,    XG_SAYS_ADMIT, XG_SAYS_REGISTRAR};
    struct xg_buf again = XG_BUF(4096);
    struct xg_registry_note note;
    struct xg_statement s;
    size_t count = 0;

    (void)state;
    assert_ok(read_lines(&note, EVERY_LINE));
    while (xg_statement_next(&note.statements, &s)) {
        assert_int_equal(s.kind, kinds[count]);
        xg_statement_put(&again, &s);
        count++;
    }
    assert_int_equal(count, sizeof kinds / sizeof *kinds);
    assert_string_equal(xg_buf_str(&again), EVERY_LINE);
    xg_buf_clear(&again);
}

/* The newest of one subject counts, so the subject is what may change. */
static void test_what_a_line_is_about(void **state)
{
    struct xg_registry_note note;
    struct xg_statement s;

    (void)state;
    assert_ok(read_lines(&note, "key w1 " SEVENS "\nadmit " SEVENS
                                "\nregistrar " SEVENS "\n"));
    assert_true(xg_statement_next(&note.statements, &s));
    assert_string_equal(s.subject, "w1");
    assert_int_equal(s.key[31], 7);
    assert_true(xg_statement_next(&note.statements, &s));
    assert_string_equal(s.subject, SEVENS);
    assert_int_equal(s.batch.b[31], 7);
    assert_true(xg_statement_next(&note.statements, &s));
    assert_string_equal(s.subject, XG_SUBJECT_REGISTRAR);
    assert_int_equal(s.key[0], 7);
    assert_false(xg_statement_next(&note.statements, &s));
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "key w1\n",
        "key " SEVENS "\n",
        "key w1 BwcH\n",
        "key w1 " SEVENS " more\n",
        "key w1  " SEVENS "\n",
        "admit\n",
        "admit w1\n",
        "admit " SEVENS " " SEVENS "\n",
        "registrar a.example " SEVENS "\n",
        "registrar\n",
        "registrar " ZEROS " \n",
        "shared a.example/d/0001\n",
        "Key w1 " SEVENS "\n",
        "keys w1 " SEVENS "\n",
        "\n",
    };
    struct xg_registry_note note = {.number = 77};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_status(read_lines(&note, bad[i]), XG_FORMAT);
        assert_int_equal(note.number, 77);
    }
}

static void test_a_device_is_shared(void **state)
{
    struct xg_registry_note note;
    struct xg_statement s, shared = {.kind = XG_SAYS_UNIT};
    struct xg_buf text = XG_BUF(4096);

    (void)state;
    assert_ok(read_lines(&note, "author a.example/d/0001 w2\nrevoke w2\n"));
    assert_true(xg_statement_next(&note.statements, &s));
    assert_true(xg_statement_shared(&shared, &s));
    assert_int_equal(shared.kind, XG_SAYS_SHARED);
    assert_string_equal(shared.subject, "a.example/d/0001");
    assert_string_equal(shared.owner, "w2");
    xg_statement_put(&text, &shared);
    assert_string_equal(xg_buf_str(&text), "author a.example/d/0001 w2\n");
    assert_true(xg_statement_next(&note.statements, &s));
    assert_false(xg_statement_shared(&shared, &s));
    xg_buf_clear(&text);
}

/* As the server holds it: whole, and in less than half the room. */
static void test_what_is_held_of_a_line(void **state)
{
    struct store_statement st = {.position = 7};
    struct subject subject = {.next = NULL};
    struct xg_registry_note note;
    struct xg_statement read;

    (void)state;
    assert_ok(read_lines(&note, EVERY_LINE));
    while (xg_statement_next(&note.statements, &st.says)) {
        struct xg_buf text = XG_BUF(4096), again = XG_BUF(4096);
        struct said *held = said_new(&st);
        assert_non_null(held);
        assert_true(malloc_usable_size(held) < sizeof st / 2);
        assert_string_equal(said_subject(held), st.says.subject);
        assert_string_equal(said_unit(held), st.says.unit);
        said_read(&read, st.says.kind, held);
        xg_statement_put(&text, &st.says);
        xg_statement_put(&again, &read);
        assert_string_equal(xg_buf_str(&again), xg_buf_str(&text));
        assert_memory_equal(read.key, st.says.key, sizeof read.key);
        assert_true(xg_hash_equal(&read.batch, &st.says.batch));
        assert_true(xg_hash_equal(&read.chain, &st.says.chain));
        assert_true(xg_hash_equal(&read.last, &st.says.last));
        assert_int_equal(read.next_seq, st.says.next_seq);
        assert_string_equal(read.owner, st.says.owner);
        held->older = subject.newest;
        subject.newest = held;
        held->position = st.position;
        st.position += 10;
        xg_buf_clear(&text);
        xg_buf_clear(&again);
    }
    assert_null(said_below(&subject, 7));
    assert_null(said_below(NULL, 7));
    assert_int_equal(said_below(&subject, 8)->position, 7);
    assert_int_equal(said_below(&subject, 17)->position, 7);
    assert_int_equal(said_below(&subject, 18)->position, 17);
    while (subject.newest) {
        struct said *older = subject.newest->older;
        free(subject.newest);
        subject.newest = older;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_line_comes_again),
        cmocka_unit_test(test_what_a_line_is_about),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_a_device_is_shared),
        cmocka_unit_test(test_what_is_held_of_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
