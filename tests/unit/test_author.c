/* test_author.c - who wrote a record, and how sure that is: signatures of
 * authors, grades, the memory of verdicts. The vector was made by other code:
 * Python's `cryptography`, with an encoder of its own. */
#include "tests/lib/test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/core/registry.h"
#include "shared/core/verdicts.h"
#include "tests/lib/device.h"

static struct xg_arena arena = {.max_bytes = 64 << 20};
static struct test_world world = {.seed = 1, .wall_ms = 1790000000000,
                                  .mono_ms = 1000, .boot = 7};

/* Seed 00 01 .. 1f; chain 11.., previous 22.., seq 300. The hash that the
 * record cites ends with the three bytes by which entry 8 begins, and 64 bytes
 * before the end of the head without it lies that place. */
#define KEY "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
#define HEAD                                                                  \
    "010302504444444444444444444444444444444404815820333333333333333333333333" \
    "333333333333333333333333333333333308584005831b000001a0c4506c00071903e8"   \
    "0664772d3132"
#define SIGNATURE                                                             \
    "ae07701ba58d8fc4b7116daa911606feacbe2484645f248d4b466c44238f73ad"        \
    "bc64437f257a5fd86c34db487831c86e9c60fdb4660c69d9035d2245037cd707"
#define FIELDS "a10c656e6f697365"
#define HASH "bbce25511c56257fe57e6459249f6074641e307287a78aaeea40e1e0cbcf0a99"

struct vector {
    uint8_t head[512], fields[16], key[32];
    size_t head_len, fields_len;
    struct xg_hash chain, previous;
    struct xg_place place;
    struct xg_record record;
};

static size_t unhex(uint8_t *out, const char *hex)
{
    assert_true(xg_unhex(out, strlen(hex) / 2, hex, strlen(hex)));
    return strlen(hex) / 2;
}

static void read_vector(struct vector *v)
{
    v->record = (struct xg_record){0};
    v->place = (struct xg_place){&v->chain, &v->previous, v->place.seq};
    xg_record_read(&v->record, &v->chain, v->place.seq, &v->previous,
                   xg_bytes(v->head, v->head_len),
                   xg_bytes(v->fields, v->fields_len));
}

static void make_vector(struct vector *v)
{
    memset(v, 0, sizeof *v);
    v->head_len = unhex(v->head, "a6" HEAD "085840" SIGNATURE);
    v->fields_len = unhex(v->fields, FIELDS);
    unhex(v->key, KEY);
    memset(v->chain.b, 0x11, XG_HASH_SIZE);
    memset(v->previous.b, 0x22, XG_HASH_SIZE);
    v->place.seq = 300;
    read_vector(v);
}

static bool holds(const struct vector *v)
{
    struct xg_error err = XG_ERROR_NONE;
    bool good = false;

    if (v->record.malformed)
        return false;
    assert_ok(xg_author_verify(&good, &v->record, &v->place, v->key, &err));
    return good;
}

static void test_vector_of_other_code(void **state)
{
    struct vector v;
    uint8_t want[32];

    (void)state;
    make_vector(&v);
    assert_null(v.record.malformed);
    unhex(want, HASH);
    assert_memory_equal(v.record.hash.b, want, sizeof want);
    assert_true(holds(&v));
}

/* The leaf of a head with entry 8 is that of the head without it. */
static void test_leaf_leaves_the_signature_out(void **state)
{
    struct xg_buf with = XG_BUF(4096), without = XG_BUF(4096);
    struct vector v;
    uint8_t bare[512];
    size_t len = unhex(bare, "a5" HEAD);

    (void)state;
    make_vector(&v);
    xg_author_leaf(&with, &v.place, v.record.head_raw, true,
                   &v.record.fields_hash);
    xg_author_leaf(&without, &v.place, xg_bytes(bare, len), false,
                   &v.record.fields_hash);
    assert_true(xg_bytes_equal(xg_buf_bytes(&with), xg_buf_bytes(&without)));
    assert_int_equal(with.len, 32 + 8 + 32 + len + 32);
    xg_buf_clear(&with);
    xg_buf_clear(&without);
}

/* Not one bit of record, place or key may be another. */
static void test_every_bit_counts(void **state)
{
    struct vector v;
    struct {
        uint8_t *at;
        size_t len;
    } const parts[] = {{v.head, 0},
                       {v.fields, 0},
                       {v.chain.b, XG_HASH_SIZE},
                       {v.previous.b, XG_HASH_SIZE},
                       {v.key, sizeof v.key}};

    (void)state;
    make_vector(&v);
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        size_t len = p == 0   ? v.head_len
                     : p == 1 ? v.fields_len
                              : parts[p].len;
        for (size_t bit = 0; bit < len * 8; bit++) {
            parts[p].at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            read_vector(&v);
            if (holds(&v))
                fail_msg("part %zu, bit %zu", p, bit);
            parts[p].at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    v.place.seq = 301;
    read_vector(&v);
    assert_false(holds(&v));
    v.place.seq = 300;
    read_vector(&v);
    assert_true(holds(&v));
}

/* Erased fields leave their hash: the signature still holds. */
static void test_erased_fields_stay_signed(void **state)
{
    struct vector v;

    (void)state;
    make_vector(&v);
    struct xg_record bare = {.fields_hash = v.record.fields_hash};
    xg_record_read(&bare, &v.chain, v.place.seq, &v.previous,
                   v.record.head_raw, xg_bytes(NULL, 0));
    v.record = bare;
    assert_true(holds(&v));
}

static void test_draft_signs_for_its_place(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_env env = test_env(&world);
    struct vector v;
    struct xg_buf out = XG_BUF(XG_RECORD_MAX);
    struct xg_draft d;
    uint8_t key[32], secret[64];
    size_t split = 0;

    (void)state;
    make_vector(&v);
    crypto_sign_keypair(key, secret);
    memcpy(v.key, key, sizeof key);
    /* A personal field: its salt must not change between the two encodings. */
    xg_draft_init(&d, &arena, XG_KIND_CONTACT);
    d.head.moment = xg_moment_now(&env);
    d.head.author = xg_bytes_of("w-12");
    d.author_secret = secret;
    test_text(&d, XG_CONTACT_NAME, "王某");
    assert_ok(xg_draft_encode_at(&out, &split, &d, &v.place, &env, &err));
    xg_record_read(&v.record, &v.chain, v.place.seq, &v.previous,
                   xg_bytes(out.data, split),
                   xg_bytes(out.data + split, out.len - split));
    assert_null(v.record.malformed);
    assert_true(holds(&v));
    /* Again, elsewhere: what was signed before is not in it. */
    v.place.seq++;
    assert_false(holds(&v));
    assert_ok(xg_draft_encode_at(&out, &split, &d, &v.place, &env, &err));
    xg_record_read(&v.record, &v.chain, v.place.seq, &v.previous,
                   xg_bytes(out.data, split),
                   xg_bytes(out.data + split, out.len - split));
    assert_true(holds(&v));
    xg_buf_clear(&out);
}

/* ---- grades ---- */

/* One statement a row, at its log position. */
struct says {
    uint64_t position;
    const char *line;
};

struct book {
    const struct says *says;
    size_t verified; /* what was remembered */
    struct xg_verdicts verdicts;
};

static enum xg_status find(void *ctx, enum xg_statement_kind kind,
                           const char *subject, uint64_t size,
                           struct xg_statement *out, uint64_t *position,
                           bool *found, struct xg_error *err)
{
    const struct book *book = ctx;

    (void)err;
    *found = false;
    for (const struct says *s = book->says; s->line; s++) {
        struct xg_bytes line = xg_bytes_of(s->line);
        struct xg_statement said, shared;
        assert_true(xg_statement_next(&line, &said));
        if (kind == XG_SAYS_SHARED && xg_statement_shared(&shared, &said))
            said = shared;
        if (s->position >= size || said.kind != kind ||
            strcmp(said.subject, subject) != 0)
            continue;
        *out = said;
        *position = s->position;
        *found = true;
    }
    return XG_OK;
}

static bool recall(void *ctx, const struct xg_hash *of, bool *good)
{
    struct book *book = ctx;

    return xg_verdicts_recall(&book->verdicts, of, good);
}

static void remember(void *ctx, const struct xg_hash *of, bool good)
{
    struct book *book = ctx;

    book->verified++;
    xg_verdicts_remember(&book->verdicts, of, good);
}

#define DEVICE "device x/d/0001 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "
#define SERVER "device x/d/0000 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "
#define KEY_A "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
#define KEY_B "BqEHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
#define NONE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* w-12 is the author of the vector. */
static struct xg_judgement judge(const struct says *says, const char *device,
                                 bool is_signed, uint64_t size)
{
    static struct book book;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_judgement j, again;
    struct vector v;

    memset(&book, 0, sizeof book);
    book.says = says;
    make_vector(&v);
    if (!is_signed)
        v.head_len = unhex(v.head, "a5" HEAD);
    read_vector(&v);
    assert_null(v.record.malformed);
    const struct xg_registry plain = {.ctx = &book, .find = find};
    const struct xg_registry registry = {&book, find, recall, remember};
    assert_ok(xg_judge(&j, &plain, device, &v.record, &v.place, size, &err));
    for (int i = 0; i < 3; i++) {
        assert_ok(xg_judge(&again, &registry, device, &v.record, &v.place,
                           size, &err));
        assert_int_equal(again.grade, j.grade);
        assert_ptr_equal(again.no_right, j.no_right);
    }
    assert_true(book.verified <= 1);
    return j;
}

static void assert_judged(const struct says *says, const char *device,
                          bool is_signed, uint64_t size, enum xg_grade grade,
                          bool right)
{
    struct xg_judgement j = judge(says, device, is_signed, size);

    assert_int_equal(j.grade, grade);
    if (right)
        assert_null(j.no_right);
    else
        assert_string_equal(j.no_right, "the author's signature does not hold");
}

static void test_grades_of_an_owner(void **state)
{
    static const struct says says[] = {
        {0, "worker w-12 worker u\n"},  {0, "worker w-9 worker u\n"},
        {0, DEVICE "w-12\n"},           {4, "author x/d/0001 w-12\n"},
        {10, "author x/d/0001 w-9\n"},  {20, "key w-12 " KEY_A "\n"},
        {30, "key w-12 " KEY_B "\n"},   {40, "key w-12 " NONE "\n"},
        {50, "author x/d/0001 w-12\n"}, {0, NULL}};

    (void)state;
    /* Alone on it, whether the registry names a key or none. */
    assert_judged(says, "x/d/0001", false, 0, XG_GRADE_PROVEN, true);
    assert_judged(says, "x/d/0001", false, 10, XG_GRADE_PROVEN, true);
    assert_judged(says, "x/d/0001", true, 10, XG_GRADE_PROVEN, true);
    /* Shared since 10; that its owner is named too changes nothing. */
    assert_judged(says, "x/d/0001", false, 11, XG_GRADE_CLAIMED, true);
    assert_judged(says, "x/d/0001", false, 60, XG_GRADE_CLAIMED, true);
    /* A signature before any key, by the key, by another, after all. */
    assert_judged(says, "x/d/0001", true, 11, XG_GRADE_CLAIMED, true);
    assert_judged(says, "x/d/0001", true, 21, XG_GRADE_PROVEN, true);
    assert_judged(says, "x/d/0001", false, 21, XG_GRADE_CLAIMED, true);
    assert_judged(says, "x/d/0001", true, 31, XG_GRADE_CLAIMED, false);
    assert_judged(says, "x/d/0001", true, 41, XG_GRADE_CLAIMED, true);
}

static void test_grades_of_a_guest(void **state)
{
    static const struct says says[] = {
        {0, "worker w-12 worker u\n"}, {0, "worker w-9 worker u\n"},
        {0, DEVICE "w-9\n"},           {5, "author x/d/0001 w-12\n"},
        {20, "key w-12 " KEY_A "\n"},  {30, "key w-12 " KEY_B "\n"},
        {0, NULL}};
    struct xg_judgement j = judge(says, "x/d/0001", true, 5);

    (void)state;
    assert_string_equal(j.no_right,
                        "the device may not record for that author");
    assert_judged(says, "x/d/0001", false, 6, XG_GRADE_CLAIMED, true);
    assert_judged(says, "x/d/0001", true, 6, XG_GRADE_CLAIMED, true);
    assert_judged(says, "x/d/0001", true, 21, XG_GRADE_PROVEN, true);
    assert_judged(says, "x/d/0001", false, 21, XG_GRADE_CLAIMED, true);
    assert_judged(says, "x/d/0001", true, 31, XG_GRADE_CLAIMED, false);
}

static void test_grades_of_an_operator(void **state)
{
    static const struct says says[] = {
        {0, "worker w-12 dispatcher u\n"}, {0, "worker server server u\n"},
        {0, SERVER "server\n"},            {20, "key w-12 " KEY_A "\n"},
        {30, "key w-12 " KEY_B "\n"},      {0, NULL}};

    (void)state;
    assert_judged(says, "x/d/0000", false, 6, XG_GRADE_ASSERTED, true);
    assert_judged(says, "x/d/0000", true, 6, XG_GRADE_ASSERTED, true);
    assert_judged(says, "x/d/0000", true, 21, XG_GRADE_PROVEN, true);
    assert_judged(says, "x/d/0000", false, 21, XG_GRADE_ASSERTED, true);
    assert_judged(says, "x/d/0000", true, 31, XG_GRADE_ASSERTED, false);
}

static void test_how_a_new_record_would_stand(void **state)
{
    static const struct says says[] = {
        {0, "worker w-12 dispatcher u\n"}, {0, SERVER "server\n"},
        {20, "key w-12 " KEY_A "\n"},      {0, NULL}};
    static struct book book;
    const struct xg_registry registry = {.ctx = &book, .find = find};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_judgement j;
    uint8_t key[32];
    bool found;

    (void)state;
    book.says = says;
    assert_ok(xg_judge_author(&j, &registry, "x/d/0000", "w-12", true, 21,
                              &err));
    assert_int_equal(j.grade, XG_GRADE_PROVEN);
    assert_ok(xg_judge_author(&j, &registry, "x/d/0000", "w-12", false, 21,
                              &err));
    assert_int_equal(j.grade, XG_GRADE_ASSERTED);
    assert_ok(xg_judge_author(&j, &registry, "x/d/0000", "w-12", true, 20,
                              &err));
    assert_int_equal(j.grade, XG_GRADE_ASSERTED);
    assert_ok(xg_author_key(key, &found, &registry, "w-12", 20, &err));
    assert_false(found);
    assert_ok(xg_author_key(key, &found, &registry, "w-12", 21, &err));
    assert_true(found);
}

/* ---- verdicts ---- */

static void test_verdicts_are_kept_and_bounded(void **state)
{
    enum { MANY = 2000, FLOOD = 5 * XG_VERDICTS };
    struct xg_verdicts *v = calloc(1, sizeof *v);
    uint8_t key[32] = {7};
    struct xg_hash of, record = {{0}};
    size_t kept = 0;
    bool good;

    (void)state;
    assert_non_null(v);
    for (uint32_t i = 0; i < MANY; i++) {
        memcpy(record.b, &i, sizeof i);
        xg_verdict_of(&of, &record, key);
        assert_false(xg_verdicts_recall(v, &of, &good));
        xg_verdicts_remember(v, &of, i % 3 != 0);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        memcpy(record.b, &i, sizeof i);
        xg_verdict_of(&of, &record, key);
        if (!xg_verdicts_recall(v, &of, &good))
            continue;
        kept++;
        assert_int_equal(good, i % 3 != 0);
    }
    assert_true(kept > MANY * 95 / 100);
    /* By another key nothing is known. */
    key[0]++;
    xg_verdict_of(&of, &record, key);
    assert_false(xg_verdicts_recall(v, &of, &good));
    for (uint32_t i = 0; i < FLOOD; i++) {
        memcpy(record.b, &i, sizeof i);
        xg_verdict_of(&of, &record, key);
        xg_verdicts_remember(v, &of, true);
        assert_true(xg_verdicts_recall(v, &of, &good) && good);
    }
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector_of_other_code),
        cmocka_unit_test(test_leaf_leaves_the_signature_out),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_erased_fields_stay_signed),
        cmocka_unit_test(test_draft_signs_for_its_place),
        cmocka_unit_test(test_grades_of_an_owner),
        cmocka_unit_test(test_grades_of_a_guest),
        cmocka_unit_test(test_grades_of_an_operator),
        cmocka_unit_test(test_how_a_new_record_would_stand),
        cmocka_unit_test(test_verdicts_are_kept_and_bounded),
    };

    assert_int_equal(sodium_init() < 0, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    xg_arena_clear(&arena);
    return failed;
}
