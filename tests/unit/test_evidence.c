/* Evidence: a file made by a server in memory holds; no part of it can be
 * changed, left out or doubled without being named; the page is the data's; in
 * the other language and whatever the reader's zone and language are. */
#include "tests/lib/test.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "server/proof/evidence.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "tests/lib/office.h"
#include "tests/lib/source.h"

static struct office office;
static struct xg_buf html;

static enum xg_status collect(void *ctx, struct xg_bytes piece,
                              struct xg_error *err)
{
    struct xg_buf *out = ctx;

    xg_buf_append(out, piece.at, piece.len);
    return xg_buf_check(out, err);
}

static void make(enum xg_lang lang, const struct xg_id *id)
{
    struct evidence_ask ask = {
        .about = XG_EVIDENCE_CASE, .id = *id, .lang = lang};
    const struct xg_evidence_sink sink = {.ctx = &html, .put = collect};
    struct evidence_made made;
    struct xg_error err = XG_ERROR_NONE;

    html = XG_BUF(XG_EVIDENCE_MAX);
    assert_ok(evidence_write(&made, office.d, &ask, &sink, &err));
    assert_int_equal(made.bytes, html.len);
    assert_true(made.records >= 2);
}

static int setup(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;

    (void)state;
    office_open(&office, NULL);
    struct xg_id id = office_report(&office, "fire");
    assert_ok(office_do(&office, &done, &id, "head", XG_MOVE_ACCEPT, &err, 0));
    make(XG_LANG_ZH, &id);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    xg_buf_clear(&html);
    office_close(&office);
    return 0;
}

static struct xg_evidence_options options(void)
{
    return (struct xg_evidence_options){
        .log = &ledger_signer(office.d->ledger)->verifier};
}

static void check(struct xg_evidence_checked *c, struct xg_bytes file)
{
    struct xg_evidence_options o = options();
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_evidence_check(c, file, &o, &err));
}

static void test_it_holds(void **state)
{
    struct xg_evidence_checked c;
    struct xg_buf report = XG_BUF(1 << 20);
    struct xg_error err = XG_ERROR_NONE;

    (void)state;
    setenv("TZ", "America/New_York", 1);
    check(&c, xg_buf_bytes(&html));
    assert_true(xg_evidence_good(&c));
    assert_true(c.same);
    assert_int_equal(c.e->entity_count, 1);
    assert_int_equal(c.e->entities[0].state.status, XG_STATUS_ACCEPTED);
    assert_ok(xg_evidence_report(&report, &c, false, false, &err));
    assert_non_null(strstr(xg_buf_str(&report), "HOLDS"));
    xg_buf_clear(&report);
    xg_evidence_unchecked(&c);
    unsetenv("TZ");
}

/* Prove changed parts: something is told of them, or nothing can be made. */
static void must_not_hold(struct xg_evidence_part *parts, size_t count,
                          const char *what)
{
    struct xg_evidence_options o = options();
    struct xg_error err = XG_ERROR_NONE;
    struct xg_evidence *e;

    if (xg_evidence_prove(&e, parts, count, &o, &err) != XG_OK) {
        assert_true(*xg_error_text(&err));
        return;
    }
    if (e->broken == 0)
        fail_msg("%s: nothing was noticed", what);
    xg_evidence_free(e);
}

static struct xg_evidence_part *copy_of(const struct xg_evidence_checked *c)
{
    struct xg_evidence_part *parts =
        calloc(c->part_count + 1, sizeof *parts);

    assert_non_null(parts);
    memcpy(parts, c->parts, c->part_count * sizeof *parts);
    return parts;
}

/* Every part, with one bit turned at its start, its end and in between. */
static void test_every_part_changed(void **state)
{
    struct xg_evidence_checked c;

    (void)state;
    check(&c, xg_buf_bytes(&html));
    for (size_t i = 0; i < c.part_count; i++)
        for (size_t at = 0; at < 9; at++) {
            struct xg_evidence_part *parts = copy_of(&c);
            size_t len = parts[i].content.len;
            uint8_t *bytes = malloc(len + 1);
            assert_non_null(bytes);
            memcpy(bytes, parts[i].content.at, len);
            bytes[len ? (len - 1) * at / 8 : 0] ^= 1;
            parts[i].content = xg_bytes(bytes, len);
            if (len)
                must_not_hold(parts, c.part_count, c.parts[i].name);
            free(bytes);
            free(parts);
        }
    xg_evidence_unchecked(&c);
}

static void test_every_part_left_out_or_doubled(void **state)
{
    struct xg_evidence_checked c;

    (void)state;
    check(&c, xg_buf_bytes(&html));
    for (size_t i = 0; i < c.part_count; i++) {
        struct xg_evidence_part *parts = copy_of(&c);
        memmove(parts + i, parts + i + 1,
                (c.part_count - i - 1) * sizeof *parts);
        must_not_hold(parts, c.part_count - 1, c.parts[i].name);
        memcpy(parts, c.parts, c.part_count * sizeof *parts);
        parts[c.part_count] = parts[i];
        must_not_hold(parts, c.part_count + 1, c.parts[i].name);
        free(parts);
    }
    xg_evidence_unchecked(&c);
}

/* Two records change their names; an entry goes to another place. */
static void test_parts_that_change_places(void **state)
{
    struct xg_evidence_checked c;

    (void)state;
    check(&c, xg_buf_bytes(&html));
    for (size_t i = 1; i < c.part_count; i++) {
        struct xg_evidence_part *parts = copy_of(&c);
        struct xg_bytes first = parts[i - 1].content;
        if (strncmp(parts[i - 1].name, parts[i].name, 5) != 0 ||
            xg_bytes_equal(first, parts[i].content)) {
            free(parts);
            continue;
        }
        parts[i - 1].content = parts[i].content;
        parts[i].content = first;
        must_not_hold(parts, c.part_count, c.parts[i].name);
        free(parts);
    }
    xg_evidence_unchecked(&c);
}

/* Whoever has a file can take the words out of a record and keep its hash: that
 * somebody may erase is not that somebody did. */
static void test_words_that_nobody_erased(void **state)
{
    struct xg_evidence_checked c;
    size_t tried = 0;

    (void)state;
    check(&c, xg_buf_bytes(&html));
    for (size_t i = 0; i < c.part_count; i++) {
        struct xg_arena arena = XG_ARENA(1 << 20);
        struct xg_error err = XG_ERROR_NONE;
        struct xg_buf text = XG_BUF(XG_EVIDENCE_RECORD_MAX);
        struct xg_evidence_place place;
        if (strncmp(c.parts[i].name, "records/", 8) != 0)
            continue;
        assert_ok(xg_evidence_place_read(&place, &arena, c.parts[i].content,
                                         &err));
        crypto_hash_sha256(place.fields_hash.b, place.fields.at,
                           place.fields.len);
        place.gone = true;
        xg_evidence_place_put(&text, &place);
        struct xg_evidence_part *parts = copy_of(&c);
        parts[i].content = xg_buf_bytes(&text);
        must_not_hold(parts, c.part_count, c.parts[i].name);
        free(parts);
        xg_buf_clear(&text);
        xg_arena_clear(&arena);
        tried++;
    }
    assert_true(tried >= 2);
    xg_evidence_unchecked(&c);
}

/* One byte of the page, anywhere; and bytes before, between and after. */
static void test_every_edit_of_the_page(void **state)
{
    const char *data = strstr(xg_buf_str(&html), "<script");
    size_t page = (size_t)(data - (const char *)html.data);

    (void)state;
    assert_non_null(data);
    for (size_t i = 0; i < 40; i++) {
        struct xg_evidence_checked c;
        size_t at = page * i / 40;
        html.data[at] ^= 1;
        check(&c, xg_buf_bytes(&html));
        assert_false(xg_evidence_good(&c));
        assert_true(c.compared && !c.same && c.line > 0);
        assert_int_equal(c.e->broken, 0);
        xg_evidence_unchecked(&c);
        html.data[at] ^= 1;
    }
    size_t len = html.len;
    struct xg_evidence_checked c;
    xg_buf_text(&html, " ");
    check(&c, xg_buf_bytes(&html));
    assert_false(c.same);
    xg_evidence_unchecked(&c);
    html.len = len;
}

static void test_cut_anywhere(void **state)
{
    struct xg_evidence_options o = options();

    (void)state;
    for (size_t i = 0; i < 30; i++) {
        struct xg_error err = XG_ERROR_NONE;
        struct xg_evidence_checked c;
        size_t len = html.len * i / 30;
        if (xg_evidence_check(&c, xg_bytes(html.data, len), &o, &err) ==
            XG_OK) {
            assert_false(xg_evidence_good(&c));
            xg_evidence_unchecked(&c);
        }
    }
}

static void test_another_key_is_refused(void **state)
{
    static const uint8_t seed[32] = {42};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_evidence_checked c;
    struct xg_signer other;

    (void)state;
    assert_ok(xg_signer_init(&other, ledger_signer(office.d->ledger)->verifier.name,
                             XG_SIG_ED25519, seed, &err));
    struct xg_evidence_options o = {.log = &other.verifier};
    assert_status(xg_evidence_check(&c, xg_buf_bytes(&html), &o, &err),
                  XG_AUTH);
}

static void test_nothing_of_that(void **state)
{
    const struct xg_evidence_sink sink = {.ctx = &html, .put = collect};
    struct evidence_ask ask = {.about = XG_EVIDENCE_PERSON,
                               .code = "nobody",
                               .to_ms = XG_WALL_MS_MAX};
    struct xg_error err = XG_ERROR_NONE;
    struct evidence_made made;
    size_t len = html.len;

    (void)state;
    assert_status(evidence_write(&made, office.d, &ask, &sink, &err),
                  XG_NOTFOUND);
    assert_int_equal(html.len, len);
}

/* Files that earlier programs made still hold, and those of this version of the
 * page are still the very page. Where that fails because the page, or a word in
 * it, was changed on purpose: raise XG_EVIDENCE_PAGE, and put a file of the new
 * one beside them (XG_WRITE_EVIDENCE=FILE makes this test write one). */
static void test_files_of_before(void **state)
{
    const char *to = getenv("XG_WRITE_EVIDENCE");
    struct xg_error err = XG_ERROR_NONE;

    (void)state;
    if (to)
        assert_ok(xg_os_replace(to, 0644, xg_buf_bytes(&html), &err));
    for (int page = 1; page <= XG_EVIDENCE_PAGE; page++) {
        struct xg_evidence_checked c;
        struct xg_buf file = test_source_read(
            test_source("tests/data/evidence/page-%d.html", page));
        check(&c, xg_buf_bytes(&file));
        assert_int_equal(c.e->broken, 0);
        assert_int_equal(c.e->says.page, page);
        assert_true(c.same == (page == XG_EVIDENCE_PAGE));
        xg_evidence_unchecked(&c);
        xg_buf_clear(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_holds),
        cmocka_unit_test(test_files_of_before),
        cmocka_unit_test(test_every_part_changed),
        cmocka_unit_test(test_every_part_left_out_or_doubled),
        cmocka_unit_test(test_parts_that_change_places),
        cmocka_unit_test(test_words_that_nobody_erased),
        cmocka_unit_test(test_every_edit_of_the_page),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_another_key_is_refused),
        cmocka_unit_test(test_nothing_of_that),
    };

    xg_ignore((enum xg_status)xg_base_init());
    return cmocka_run_group_tests(tests, setup, teardown);
}
