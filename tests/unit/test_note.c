/* test_note.c - signed notes: the vectors of the specification, of
 * golang.org/x/mod, of sum.golang.org and of a cosigner; what is refused; the
 * readers of lines and words. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "shared/core/note.h"

#define DASH "\xE2\x80\x94 "

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};
static struct xg_note note;

static struct xg_verifier verifier(const char *text)
{
    struct xg_verifier v;

    assert_ok(xg_verifier_parse(&v, text, strlen(text), &err));
    return v;
}

static enum xg_status parse(const char *text)
{
    return xg_note_parse(&note, (const uint8_t *)text, strlen(text), &err);
}

static enum xg_status open_as(const char *text, const char *vkey)
{
    struct xg_verifier v = verifier(vkey);

    return xg_note_open(&note, (const uint8_t *)text, strlen(text), &v, &err);
}

static enum xg_status verify_as(const char *text, const char *vkey)
{
    struct xg_verifier v = verifier(vkey);

    assert_ok(parse(text));
    return xg_note_verify(&note, &v, NULL, &err);
}

/* ---- vectors ---- */

#define FOO_KEY                                                                \
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define FOO_TEXT "This is an example message.\n"
#define FOO_LINE                                                               \
    DASH "example.com/foo "                                                    \
         "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"    \
         "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
#define FOO_NOTE FOO_TEXT "\n" FOO_LINE

#define PETER_KEY                                                              \
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_TEXT                                                             \
    "If you think cryptography is the answer to your problem,\n"               \
    "then you don't know what your problem is.\n"
#define PETER_LINE                                                             \
    DASH "PeterNeumann "                                                       \
         "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"    \
         "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define PETER_NOTE PETER_TEXT "\n" PETER_LINE

#define SUM_KEY                                                                \
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
#define SUM_NOTE                                                               \
    "go.sum database tree\n35225469\n"                                         \
    "vt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n" DASH "sum.golang.org "  \
    "Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaK"     \
    "bbTM75QTtPydhKCExixSfwQ=\n"

#define LOG_KEY                                                                \
    "log.example/field1+12e55db3+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define WITNESS_KEY                                                            \
    "witness.example/w1+f1ed8c47+BCFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS"
#define LOG_TEXT                                                               \
    "log.example/field1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
#define LOG_LINE                                                               \
    DASH "log.example/field1 "                                                 \
         "EuVds38FPbef94SGu6PpqcBWyy6/qWn7BLD8uySjncdrRQXk7eOOdwnyLE/SpOR1"    \
         "nXxHSBMqh20DPTvtKR7tb2ZDog0=\n"
#define WITNESS_LINE                                                           \
    DASH "witness.example/w1 "                                                 \
         "8e2MRwAAAABpVbkAWJLP7IooF7XgECF+pKRuJZih2Gep5KF0cyQrPH+A7fMdbLvs"    \
         "3Ak8mKZyxZ0V/TYb0YXQ4WDehEyDzMYpFzoMBQ==\n"
#define LOG_NOTE LOG_TEXT "\n" LOG_LINE WITNESS_LINE

static void known_notes_open(void **state)
{
    (void)state;
    assert_ok(open_as(FOO_NOTE, FOO_KEY));
    assert_int_equal(note.text.len, strlen(FOO_TEXT));
    assert_int_equal(note.body.len, strlen(FOO_NOTE));
    assert_int_equal(note.count, 1);
    assert_int_equal(note.signatures[0].blob_len, 64);
    assert_int_equal(note.signatures[0].line.len, strlen(FOO_LINE));
    assert_memory_equal(note.signatures[0].line.at, FOO_LINE, strlen(FOO_LINE));
    assert_memory_equal(note.signatures[0].id, "\x53\x0d\x90\x3a", 4);
    assert_ok(open_as(PETER_NOTE, PETER_KEY));
    assert_ok(open_as(SUM_NOTE, SUM_KEY));
}

static void keys_go_both_ways(void **state)
{
    static const char *const keys[] = {FOO_KEY, PETER_KEY, SUM_KEY, LOG_KEY,
                                       WITNESS_KEY};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct xg_verifier v = verifier(keys[i]), again;
        char text[XG_VKEY_SIZE];

        xg_verifier_print(text, &v);
        assert_string_equal(text, keys[i]);
        assert_ok(xg_verifier_init(&again, v.name, v.type, v.key, &err));
        assert_memory_equal(&v, &again, sizeof v);
    }
}

static void long_names_print(void **state)
{
    char name[XG_KEY_NAME_MAX + 2] = "", text[XG_VKEY_SIZE];
    const uint8_t key[XG_PUBLIC_KEY_SIZE] = {7};
    struct xg_verifier v, again;

    (void)state;
    memset(name, 'n', XG_KEY_NAME_MAX);
    assert_ok(xg_verifier_init(&v, name, XG_SIG_ED25519, key, &err));
    xg_verifier_print(text, &v);
    assert_ok(xg_verifier_parse(&again, text, strlen(text), &err));
    assert_memory_equal(&v, &again, sizeof v);
    name[XG_KEY_NAME_MAX] = 'n';
    assert_status(xg_verifier_init(&v, name, XG_SIG_ED25519, key, &err),
                  XG_FORMAT);
}

static struct xg_signer peter(void)
{
    static const char hex[] = "810a1402d5146c8d84f2443330f54080"
                              "ebf98ee17d9c74f6252fc5d5c7283173";
    uint8_t seed[32];
    struct xg_signer s;

    assert_true(xg_unhex(seed, sizeof seed, hex, strlen(hex)));
    assert_ok(xg_signer_init(&s, "PeterNeumann", XG_SIG_ED25519, seed, &err));
    return s;
}

static void peter_signs(void **state)
{
    struct xg_signer s = peter();
    struct xg_buf out = XG_BUF(1024);
    char text[XG_VKEY_SIZE];

    (void)state;
    xg_verifier_print(text, &s.verifier);
    assert_string_equal(text, PETER_KEY);
    xg_note_sign(&out, xg_bytes_of(PETER_TEXT), &s);
    assert_ok(xg_buf_check(&out, &err));
    assert_string_equal(xg_buf_str(&out), PETER_NOTE);
    xg_buf_clear(&out);
}

/* What was signed, and its line later. */
static void peter_signs_in_two_steps(void **state)
{
    struct xg_signer s = peter();
    struct xg_buf out = XG_BUF(1024);
    uint8_t signature[XG_SIGNATURE_SIZE];

    (void)state;
    xg_note_signature(signature, xg_bytes_of(PETER_TEXT), &s);
    xg_buf_text(&out, PETER_TEXT "\n");
    xg_note_signed_line(&out, signature, &s.verifier);
    assert_string_equal(xg_buf_str(&out), PETER_NOTE);
    xg_buf_clear(&out);
}

/* Of a text, or into a note, that had no room nothing is signed. */
static void whole_texts_are_signed(void **state)
{
    struct xg_signer s = peter();
    struct xg_buf text = XG_BUF(sizeof PETER_TEXT), out = XG_BUF(1024),
                  small = XG_BUF(sizeof PETER_TEXT + 20);

    (void)state;
    xg_buf_text(&text, PETER_TEXT);
    assert_ok(xg_note_sign_buf(&out, &text, &s, &err));
    assert_string_equal(xg_buf_str(&out), PETER_NOTE);
    assert_status(xg_note_sign_buf(&small, &text, &s, &err), XG_TOOBIG);
    xg_buf_text(&text, "more\n");
    xg_buf_reset(&out);
    assert_status(xg_note_sign_buf(&out, &text, &s, &err), XG_TOOBIG);
    assert_int_equal(out.len, 0);
    xg_buf_clear(&text);
    xg_buf_clear(&small);
    xg_buf_clear(&out);
}

static void cosigner_signs(void **state)
{
    struct xg_signer log, witness;
    struct xg_verifier v = verifier(WITNESS_KEY);
    struct xg_buf out = XG_BUF(1024);
    uint8_t seed[32];
    uint64_t time_s = 0;

    (void)state;
    for (uint8_t i = 0; i < 32; i++)
        seed[i] = i;
    assert_ok(
        xg_signer_init(&log, "log.example/field1", XG_SIG_ED25519, seed, &err));
    memset(seed, 0x42, sizeof seed);
    assert_ok(xg_signer_init(&witness, "witness.example/w1", XG_SIG_COSIGNATURE,
                             seed, &err));
    xg_note_sign(&out, xg_bytes_of(LOG_TEXT), &log);
    xg_note_signature_line(&out, xg_bytes_of(LOG_TEXT), &witness, 1767225600);
    assert_string_equal(xg_buf_str(&out), LOG_NOTE);

    assert_ok(xg_note_parse(&note, out.data, out.len, &err));
    assert_int_equal(note.count, 2);
    assert_ok(xg_note_verify(&note, &v, &time_s, &err));
    assert_int_equal(time_s, 1767225600);
    assert_ok(xg_note_verify(&note, &v, NULL, &err));
    xg_buf_clear(&out);
}

static void over_long_text_is_not_signed(void **state)
{
    static char text[XG_NOTE_MAX + 2];
    struct xg_signer s = peter();
    struct xg_buf out = XG_BUF(1 << 20);

    (void)state;
    memset(text, 'a', sizeof text);
    text[XG_NOTE_MAX] = '\n';
    xg_note_signature_line(&out, xg_bytes(text, XG_NOTE_MAX + 1), &s, 0);
    assert_status(xg_buf_check(&out, &err), XG_TOOBIG);
    xg_buf_clear(&out);
}

static void largest_cosigned_text(void **state)
{
    static char text[XG_NOTE_MAX];
    const uint8_t seed[32] = {1};
    struct xg_signer s;
    struct xg_buf out = XG_BUF(1 << 20);
    uint64_t time_s = 0;

    (void)state;
    memset(text, 'a', sizeof text);
    size_t len = sizeof text - 1 - 200;
    text[len - 1] = '\n';
    assert_ok(xg_signer_init(&s, "w", XG_SIG_COSIGNATURE, seed, &err));
    xg_buf_append(&out, text, len);
    xg_buf_byte(&out, '\n');
    xg_note_signature_line(&out, xg_bytes(text, len), &s, UINT64_MAX);
    assert_ok(xg_note_parse(&note, out.data, out.len, &err));
    assert_ok(xg_note_verify(&note, &s.verifier, &time_s, &err));
    assert_true(time_s == UINT64_MAX);
    xg_buf_clear(&out);
}

/* ---- what is refused ---- */

static void keys_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "+",
        "++",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a3+",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW=",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        " PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+0c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    };
    struct xg_verifier v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(xg_verifier_parse(&v, bad[i], strlen(bad[i]), &err),
                      XG_FORMAT);
}

static void names_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "a b",
        "a+b",
        "a\tb",
        "a\nb",
        "a\x01",
        "a\xC2\x85",
        "\xC2\xA0z",
        "\xE1\x9A\x80",
        "\xE2\x80\x80",
        "\xE2\x80\x8A",
        "\xE2\x80\xA8",
        "\xE2\x80\xA9",
        "\xE2\x80\xAF",
        "\xE2\x81\x9F",
        "\xE3\x80\x80",
        "\xFF",
        "\xC3",
    };
    static const char *const good[] = {"a",
                                       "\xE5\xB7\xA1\xE6\x9F\xA5",
                                       "\xE2\x80\x8B",
                                       "\xC2\xA1",
                                       "\xE3\x80\x81",
                                       "x/y.z-1"};
    const uint8_t key[XG_PUBLIC_KEY_SIZE] = {9};
    struct xg_verifier v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(xg_verifier_init(&v, bad[i], XG_SIG_ED25519, key, &err),
                      XG_FORMAT);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_ok(xg_verifier_init(&v, good[i], XG_SIG_ED25519, key, &err));
    assert_status(xg_verifier_init(&v, "a", 2, key, &err), XG_FORMAT);
    assert_status(xg_verifier_init(&v, "a", 0, key, &err), XG_FORMAT);
}

static void notes_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        FOO_TEXT,
        FOO_TEXT "\n",
        FOO_TEXT FOO_LINE, /* no empty line */
        FOO_NOTE "\n",     /* something after */
        FOO_NOTE "tail\n",
        FOO_NOTE " ",
        FOO_TEXT "\n-- example.com/foo Uw2QOkk=\n",
        FOO_TEXT "\n" DASH "example.com/foo\n",
        FOO_TEXT "\n" DASH "example.com/foo \n",
        FOO_TEXT "\n" DASH " Uw2QOkk=\n",
        FOO_TEXT "\n" DASH "example.com/foo  Uw2QOkk=\n",
        FOO_TEXT "\n" DASH "example.com/foo Uw2QOkk= \n",
        FOO_TEXT "\n" DASH "example.com/foo Uw2QOkk= x\n",
        FOO_TEXT "\n" DASH "example.com+foo Uw2QOkk=\n",
        FOO_TEXT "\n" DASH "example.com/foo Uw2QOg==\n", /* id alone */
        FOO_TEXT "\n" DASH "example.com/foo Uw2QOkl=\n", /* unused bits */
        FOO_TEXT "\n" DASH "example.com/foo Uw2QOkk\n",  /* no padding */
        FOO_TEXT "\n" DASH "example.com/foo Uw2QOkk==\n",
        FOO_TEXT "\n" DASH "example.com/foo Uw2Q_kk=\n",
        FOO_TEXT "\n" DASH "example.com/foo Uw2Q\tOkk=\n",
        "control \x01\n\n" FOO_LINE,
        "return\r\n\n" FOO_LINE,
        "tab\t\n\n" FOO_LINE,
        "bad \xC0\x80\n\n" FOO_LINE,
        "bad \xFF\n\n" FOO_LINE,
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i]) != XG_FORMAT)
            fail_msg("note %zu was not refused", i);
    assert_ok(parse(FOO_TEXT "\n" DASH "example.com/foo Uw2QOkk=\n"));
    assert_int_equal(note.signatures[0].blob_len, 1);
    assert_ok(parse("\n" FOO_NOTE)); /* empty lines in the text are text */
    assert_ok(parse("\n\n" FOO_LINE));
    assert_int_equal(note.text.len, 1);
}

static void nul_is_refused(void **state)
{
    uint8_t data[sizeof FOO_NOTE - 1];

    (void)state;
    memcpy(data, FOO_NOTE, sizeof data);
    data[4] = 0;
    assert_status(xg_note_parse(&note, data, sizeof data, &err), XG_FORMAT);
}

static void last_empty_line_parts(void **state)
{
    (void)state;
    assert_ok(parse("one\n\n" FOO_LINE "\n" FOO_LINE));
    assert_int_equal(note.count, 1);
    assert_int_equal(note.text.len, strlen("one\n\n" FOO_LINE));
    assert_status(verify_as("one\n\n" FOO_LINE "\n" FOO_LINE, FOO_KEY),
                  XG_AUTH);
}

/* Every changed bit of a note is noticed. */
static void no_bit_can_flip(void **state)
{
    struct xg_verifier v = verifier(FOO_KEY);
    uint8_t data[sizeof FOO_NOTE - 1];

    (void)state;
    memcpy(data, FOO_NOTE, sizeof data);
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        enum xg_status status =
            xg_note_open(&note, data, sizeof data, &v, &err);
        if (status != XG_AUTH && status != XG_FORMAT)
            fail_msg("bit %zu: %s", bit, xg_status_name(status));
        data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t len = 0; len < sizeof data; len++)
        assert_status(xg_note_open(&note, data, len, &v, &err), XG_FORMAT);
    assert_ok(xg_note_open(&note, data, sizeof data, &v, &err));
}

static void open_wants_one_line(void **state)
{
    (void)state;
    assert_status(open_as(FOO_NOTE FOO_LINE, FOO_KEY), XG_AUTH);
    assert_status(open_as(FOO_NOTE PETER_LINE, FOO_KEY), XG_AUTH);
    assert_status(open_as(LOG_NOTE, LOG_KEY), XG_AUTH);
    assert_status(open_as(FOO_NOTE, PETER_KEY), XG_AUTH);
    assert_ok(open_as(LOG_TEXT "\n" LOG_LINE, LOG_KEY));
    assert_ok(open_as(LOG_TEXT "\n" WITNESS_LINE, WITNESS_KEY));
}

static void open_leaves_the_output(void **state)
{
    (void)state;
    assert_ok(open_as(FOO_NOTE, FOO_KEY));
    struct xg_note before = note;
    assert_status(open_as(PETER_NOTE, FOO_KEY), XG_AUTH);
    assert_status(parse("x"), XG_FORMAT);
    assert_memory_equal(&before, &note, sizeof note);
}

static void verify_looks_for_name_and_id(void **state)
{
    (void)state;
    assert_ok(verify_as(LOG_NOTE, LOG_KEY));
    assert_ok(verify_as(LOG_NOTE, WITNESS_KEY));
    assert_status(verify_as(LOG_NOTE, FOO_KEY), XG_NOTFOUND);
    assert_status(verify_as(LOG_TEXT "\n" WITNESS_LINE, LOG_KEY), XG_NOTFOUND);
    /* one good line does not make up for a bad one */
    assert_status(verify_as("x" LOG_NOTE, LOG_KEY), XG_AUTH);
    assert_status(
        verify_as(LOG_NOTE DASH "log.example/field1 EuVdswA=\n", LOG_KEY),
        XG_AUTH);
    assert_status(
        verify_as(LOG_NOTE DASH "witness.example/w1 8e2MRwA=\n", WITNESS_KEY),
        XG_AUTH);
    assert_ok(verify_as(LOG_NOTE DASH "other.example EuVdswA=\n", LOG_KEY));
    assert_ok(
        verify_as(LOG_NOTE DASH "log.example/field1 EuVdtAA=\n", LOG_KEY));
}

/* A cosignature's time is under the signature too. */
static void cosigned_time_holds(void **state)
{
    struct xg_verifier v = verifier(WITNESS_KEY);
    uint64_t time_s = 5;

    (void)state;
    assert_ok(parse(LOG_NOTE));
    note.signatures[1].blob[7] ^= 1;
    assert_status(xg_note_verify(&note, &v, &time_s, &err), XG_AUTH);
    assert_int_equal(time_s, 5);
}

/* ML-DSA signatures have 2420 bytes and more; they are carried. */
static void long_signatures_are_carried(void **state)
{
    uint8_t blob[4 + 2428] = {1, 2, 3, 4};
    struct xg_buf out = XG_BUF(8192);
    struct xg_verifier v = verifier(FOO_KEY);

    (void)state;
    for (size_t len = 4 + 150; len <= sizeof blob; len++) {
        xg_buf_reset(&out);
        xg_buf_text(&out, FOO_NOTE DASH "pq.example ");
        xg_buf_base64(&out, blob, len);
        xg_buf_byte(&out, '\n');
        assert_ok(xg_note_parse(&note, out.data, out.len, &err));
        assert_int_equal(note.count, 2);
        assert_int_equal(note.signatures[1].blob_len, len <= 164 ? len - 4 : 0);
        assert_ok(xg_note_verify(&note, &v, NULL, &err));
    }
    /* padding in the middle, at the end of what is decoded at once */
    xg_buf_reset(&out);
    xg_buf_text(&out, FOO_NOTE DASH "pq.example ");
    xg_buf_base64(&out, blob, 191);
    xg_buf_base64(&out, blob, 64);
    xg_buf_byte(&out, '\n');
    assert_status(xg_note_parse(&note, out.data, out.len, &err), XG_FORMAT);
    xg_buf_clear(&out);
}

static void sizes_are_capped(void **state)
{
    struct xg_buf out = XG_BUF(1 << 20);

    (void)state;
    xg_buf_text(&out, FOO_TEXT "\n");
    for (int i = 0; i < XG_NOTE_SIGNATURES_MAX; i++)
        xg_buf_text(&out, FOO_LINE);
    assert_ok(xg_note_parse(&note, out.data, out.len, &err));
    assert_int_equal(note.count, XG_NOTE_SIGNATURES_MAX);
    xg_buf_text(&out, FOO_LINE);
    assert_status(xg_note_parse(&note, out.data, out.len, &err), XG_TOOBIG);

    xg_buf_reset(&out);
    while (out.len < XG_NOTE_MAX - strlen("\n" FOO_LINE) - 1)
        xg_buf_byte(&out, 'a');
    xg_buf_text(&out, "\n\n" FOO_LINE);
    assert_int_equal(out.len, XG_NOTE_MAX);
    assert_ok(xg_note_parse(&note, out.data, out.len, &err));
    assert_status(xg_note_parse(&note, out.data, XG_NOTE_MAX + 1, &err),
                  XG_TOOBIG);
    xg_buf_clear(&out);
}

/* libsodium alone would take U+0080 and up for base64 digits. */
static void no_other_digits(void **state)
{
    char line[] = "h XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";
    char key[] = FOO_KEY, text[] = FOO_TEXT "\n" DASH "f Uw2QOkkA\n";
    char *blob = strstr(text, "Uw2"), *digits = strrchr(key, '+') + 1;
    struct xg_verifier v;
    struct xg_hash hash;

    (void)state;
    assert_ok(parse(text));
    for (unsigned c = 0x80; c < 0x800; c++) {
        struct xg_lines l = xg_lines_over(xg_bytes_of(line));
        const char wide[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};

        memcpy(line + 2 + c % 41, wide, 2);
        xg_line_hash(&l, "h", &hash);
        assert_status(xg_lines_end(&l, &err), XG_FORMAT);
        memcpy(line + 2, "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=", 44);

        memcpy(blob + c % 7, wide, 2);
        assert_status(parse(text), XG_FORMAT);
        memcpy(blob, "Uw2QOkkA", 8);

        memcpy(digits + c % 43, wide, 2);
        assert_status(xg_verifier_parse(&v, key, strlen(key), &err), XG_FORMAT);
        memcpy(key, FOO_KEY, sizeof key);
    }
}

/* ---- lines ---- */

#define HASH64 "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="

static void lines_in_order(void **state)
{
    struct xg_lines l = xg_lines_over(xg_bytes_of(
        "xunge/batch/v1\nchain " HASH64 "\nschema 18446744073709551615\n"
        "name \xE5\xB7\xA1 x  y\nflag\n"));
    struct xg_hash hash;
    uint64_t number;
    struct xg_bytes rest;

    (void)state;
    xg_line_literal(&l, "xunge/batch/v1");
    assert_true(xg_lines_at(&l, "chain"));
    assert_false(xg_lines_at(&l, "chai"));
    assert_false(xg_lines_at(&l, "chain " HASH64 "x"));
    xg_line_hash(&l, "chain", &hash);
    xg_line_uint(&l, "schema", &number);
    xg_line_rest(&l, "name", &rest);
    assert_true(xg_lines_at(&l, "flag"));
    assert_true(xg_lines_more(&l));
    xg_line_literal(&l, "flag");
    assert_false(xg_lines_more(&l));
    assert_false(xg_lines_at(&l, ""));
    assert_ok(xg_lines_end(&l, &err));
    assert_int_equal(hash.b[0], 0x5d);
    assert_true(number == UINT64_MAX);
    assert_true(xg_bytes_equal(rest, xg_bytes_of("\xE5\xB7\xA1 x  y")));
}

static void first_mismatch_sticks(void **state)
{
    struct xg_lines l = xg_lines_over(xg_bytes_of("a 1\nb 2\nc 3\n"));
    struct xg_hash hash = {{1}};
    struct xg_bytes rest = xg_bytes_of("x");
    uint64_t a = 9, b = 9, c = 9;

    (void)state;
    xg_line_uint(&l, "a", &a);
    xg_line_uint(&l, "x", &b);
    xg_line_uint(&l, "b", &c);
    xg_line_hash(&l, "b", &hash);
    xg_line_rest(&l, "b", &rest);
    xg_line_literal(&l, "b 2");
    assert_int_equal(a, 1);
    assert_int_equal(b, 0);
    assert_int_equal(c, 0);
    assert_true(xg_hash_is_zero(&hash));
    assert_null(rest.at);
    assert_int_equal(rest.len, 0);
    assert_false(xg_lines_at(&l, "b"));
    assert_false(xg_lines_more(&l));
    assert_status(xg_lines_end(&l, &err), XG_FORMAT);
    assert_string_equal(xg_error_text(&err),
                        "line 2: \"x\" is missing or wrong");
}

static void left_over_lines_show(void **state)
{
    struct xg_lines l = xg_lines_over(xg_bytes_of("a\nb\n"));

    (void)state;
    xg_line_literal(&l, "a");
    assert_status(xg_lines_end(&l, &err), XG_FORMAT);
    assert_string_equal(xg_error_text(&err), "line 2: one line too many");
    l = xg_lines_over(xg_bytes_of("a"));
    xg_line_literal(&l, "a"); /* no \n */
    assert_status(xg_lines_end(&l, &err), XG_FORMAT);
    l = xg_lines_over(xg_bytes_of(""));
    assert_ok(xg_lines_end(&l, &err));
    xg_line_literal(&l, "");
    assert_status(xg_lines_end(&l, &err), XG_FORMAT);
}

static void values_refused(void **state)
{
    static const char *const uints[] = {
        "n\n",
        "n \n",
        "n 01\n",
        "n 00\n",
        "n +1\n",
        "n -1\n",
        "n 1 \n",
        "n  1\n",
        "n 1x\n",
        "n 0x1\n",
        "n1\n",
        "N 1\n",
        "n 18446744073709551616\n",
        "n 99999999999999999999\n",
        "n 184467440737095516150\n",
        "n 1",
    };
    static const char *const hashes[] = {
        "h\n",
        "h \n",
        "h XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg\n",
        "h XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyh=\n", /* unused bits */
        "h XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg= \n",
        "h  XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "h XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz-Nw7_RgQyg=\n",
        "h XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQw==\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof uints / sizeof *uints; i++) {
        struct xg_lines l = xg_lines_over(xg_bytes_of(uints[i]));
        uint64_t number = 7;
        xg_line_uint(&l, "n", &number);
        assert_int_equal(number, 0);
        assert_status(xg_lines_end(&l, &err), XG_FORMAT);
    }
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        struct xg_lines l = xg_lines_over(xg_bytes_of(hashes[i]));
        struct xg_hash hash = {{7}};
        xg_line_hash(&l, "h", &hash);
        assert_true(xg_hash_is_zero(&hash));
        assert_status(xg_lines_end(&l, &err), XG_FORMAT);
    }
    struct xg_lines l = xg_lines_over(xg_bytes_of("r \n"));
    struct xg_bytes rest;
    xg_line_rest(&l, "r", &rest);
    assert_status(xg_lines_end(&l, &err), XG_FORMAT);
}

static void words_in_order(void **state)
{
    struct xg_bytes rest = xg_bytes_of("5 " HASH64 " \xE5\xB7\xA1 0"), word;
    struct xg_hash hash;
    uint64_t number = 0;

    (void)state;
    assert_false(xg_word_hash(&rest, &hash));
    assert_true(xg_word_uint(&rest, &number));
    assert_int_equal(number, 5);
    assert_false(xg_word_uint(&rest, &number));
    assert_true(xg_word_hash(&rest, &hash));
    assert_int_equal(hash.b[31], 0x28);
    assert_true(xg_word(&rest, &word));
    assert_true(xg_bytes_equal(word, xg_bytes_of("\xE5\xB7\xA1")));
    assert_true(xg_word_uint(&rest, &number));
    assert_int_equal(number, 0);
    assert_int_equal(rest.len, 0);
    assert_false(xg_word(&rest, &word));
}

static void spaces_are_exact(void **state)
{
    static const char *const bad[] = {"", " ", " a", "a ", "a  b", "  "};
    struct xg_bytes word;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct xg_bytes rest = xg_bytes_of(bad[i]);
        assert_false(xg_word(&rest, &word));
        assert_int_equal(rest.len, strlen(bad[i]));
    }
}

static void lines_one_by_one(void **state)
{
    struct xg_bytes rest = xg_bytes_of("a\n\nb"), line;

    (void)state;
    assert_true(xg_line(&rest, &line));
    assert_int_equal(line.len, 1);
    assert_true(xg_line(&rest, &line));
    assert_int_equal(line.len, 0);
    assert_false(xg_line(&rest, &line));
    assert_int_equal(rest.len, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_notes_open),
        cmocka_unit_test(keys_go_both_ways),
        cmocka_unit_test(long_names_print),
        cmocka_unit_test(peter_signs),
        cmocka_unit_test(peter_signs_in_two_steps),
        cmocka_unit_test(whole_texts_are_signed),
        cmocka_unit_test(cosigner_signs),
        cmocka_unit_test(over_long_text_is_not_signed),
        cmocka_unit_test(largest_cosigned_text),
        cmocka_unit_test(keys_refused),
        cmocka_unit_test(names_refused),
        cmocka_unit_test(notes_refused),
        cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(last_empty_line_parts),
        cmocka_unit_test(no_bit_can_flip),
        cmocka_unit_test(open_wants_one_line),
        cmocka_unit_test(open_leaves_the_output),
        cmocka_unit_test(verify_looks_for_name_and_id),
        cmocka_unit_test(cosigned_time_holds),
        cmocka_unit_test(long_signatures_are_carried),
        cmocka_unit_test(sizes_are_capped),
        cmocka_unit_test(no_other_digits),
        cmocka_unit_test(lines_in_order),
        cmocka_unit_test(first_mismatch_sticks),
        cmocka_unit_test(left_over_lines_show),
        cmocka_unit_test(values_refused),
        cmocka_unit_test(words_in_order),
        cmocka_unit_test(spaces_are_exact),
        cmocka_unit_test(lines_one_by_one),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
