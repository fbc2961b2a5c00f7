/* test_witness.c - policies, cosigned checkpoints, time notes and the bodies
 * that ask a witness: the specifications' vectors, every edge, and what is
 * refused; and what time notes prove of a record's time. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "shared/core/bounds.h"
#include "shared/core/witness.h"
#include "tests/lib/witness_script.h"

#define DASH "\xE2\x80\x94 "
#define ORIGIN "lanshan.example"

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

static struct xg_signer signer(const char *name, uint8_t type, uint8_t seed)
{
    struct xg_signer s;
    uint8_t bytes[32];

    memset(bytes, seed, sizeof bytes);
    assert_ok(xg_signer_init(&s, name, type, bytes, &err));
    return s;
}

/* Witness n of the tests: witness.example/wN. */
static struct xg_signer witness(unsigned n)
{
    char name[64];

    snprintf(name, sizeof name, "witness.example/w%u", n);
    return signer(name, XG_SIG_COSIGNATURE, (uint8_t)n);
}

static const char *vkey(unsigned n)
{
    static char texts[40][XG_VKEY_SIZE];
    struct xg_signer s = witness(n);

    xg_verifier_print(texts[n], &s.verifier);
    return texts[n];
}

/* ---- reading a policy ---- */

static struct xg_policy policy; /* large */

static enum xg_status read_policy(const char *text)
{
    return xg_policy_read(&policy, xg_bytes_of(text), &err);
}

/* A policy whose witnesses are named a, b, c, ... with `rest` below them. */
static const char *with_witnesses(unsigned count, const char *rest)
{
    static char text[XG_POLICY_MAX];
    size_t len = 0;

    for (unsigned i = 0; i < count; i++)
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "witness %c %s\n",
                             (char)('a' + i), vkey(i + 1));
    snprintf(text + len, sizeof text - len, "%s", rest);
    return text;
}

static void policy_of_the_specification(void **state)
{
    static char text[4096];
    struct xg_signer log = signer(ORIGIN, XG_SIG_ED25519, 77);
    char log_key[XG_VKEY_SIZE];

    (void)state;
    xg_verifier_print(log_key, &log.verifier);
    snprintf(text, sizeof text,
             "log %s https://log.example/\n\n"
             "  # the X are of one house\n"
             "witness X1 %s\nwitness\tX2  %s  https://x2.example/w \n"
             "witness X3 %s\ngroup X-witnesses 2 X1 X2 X3\n\n"
             "witness Y1 %s\nwitness Y2 %s\nwitness Y3 %s\n"
             "group Y-witnesses any Y1 Y2 Y3\n\n"
             "group X-and-Y all X-witnesses Y-witnesses\n"
             "quorum X-and-Y\n",
             log_key, vkey(1), vkey(2), vkey(3), vkey(4), vkey(5), vkey(6));
    assert_ok(read_policy(text));
    assert_true(policy.has_log);
    assert_string_equal(policy.log.name, ORIGIN);
    assert_int_equal(policy.witness_count, 6);
    assert_int_equal(policy.group_count, 3);
    assert_string_equal(policy.witnesses[1].url, "https://x2.example/w");
    assert_string_equal(policy.witnesses[0].url, "");
    assert_int_equal(policy.groups[0].need, 2);
    assert_int_equal(policy.groups[1].need, 1);
    assert_int_equal(policy.groups[2].need, 2);
    assert_int_equal(policy.quorum, XG_POLICY_WITNESSES_MAX + 2);
}

static void no_quorum_needs_nobody(void **state)
{
    uint64_t time_s = 7;

    (void)state;
    assert_ok(read_policy("quorum none\n"));
    assert_false(policy.has_log);
    assert_int_equal(policy.quorum, -1);
    assert_true(xg_policy_satisfied(&policy, NULL, 0, &time_s));
    assert_int_equal(time_s, 0);
}

static void policies_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned witnesses; /* above it */
        enum xg_status status;
        const char *line;
    } bad[] = {
        {"", 0, XG_FORMAT, "line 1"},
        {"# nothing\n", 0, XG_FORMAT, "quorum is missing"},
        {"quorum a\n", 0, XG_FORMAT, "line 1"},
        {"quorum\n", 1, XG_FORMAT, "line 2"},
        {"quorum a a\n", 1, XG_FORMAT, "line 2"},
        {"quorum a", 1, XG_FORMAT, "line 2: not finished"},
        {"quorum a\nquorum a\n", 1, XG_FORMAT, "line 3"},
        {"quorum none\nquorum none\n", 0, XG_FORMAT, "line 2"},
        {"quorum b\n", 1, XG_FORMAT, "line 2"},
        {"quorum A\n", 1, XG_FORMAT, "line 2"},
        {"group g any\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g\nquorum a\n", 1, XG_FORMAT, "line 2"},
        {"group\nquorum a\n", 1, XG_FORMAT, "line 2"},
        {"group g 0 a\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g 01 a\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g 2 a\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g -1 a\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g some a b\nquorum g\n", 2, XG_FORMAT, "line 3"},
        {"group g 18446744073709551617 a\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g any a z\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g any a g\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g any a none\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g 2 a a\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group g any a\ngroup h any a\nquorum h\n", 1, XG_FORMAT, "line 3"},
        {"group g any h\ngroup h any a\nquorum g\n", 1, XG_FORMAT, "line 2"},
        {"group a any a\nquorum a\n", 1, XG_FORMAT, "line 2"},
        {"group none any a\nquorum none\n", 1, XG_FORMAT, "line 2"},
        {"witness none x\nquorum none\n", 0, XG_FORMAT, "line 1"},
        {"witness b nonsense\nquorum a\n", 1, XG_FORMAT, "line 2"},
        {"witness b\nquorum a\n", 1, XG_FORMAT, "line 2"},
        {"log nonsense\nquorum none\n", 0, XG_FORMAT, "line 1"},
        {"log\nquorum none\n", 0, XG_FORMAT, "line 1"},
        {"logs x\nquorum none\n", 0, XG_FORMAT, "line 1"},
        {"quorum none\r\n", 0, XG_FORMAT, "line 1"},
        {"quorum none \x7F\n", 0, XG_FORMAT, "line 1"},
    };

    (void)state;
    memset(&policy, 0x5A, sizeof policy);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *text = with_witnesses(bad[i].witnesses, bad[i].text);
        if (read_policy(text) != bad[i].status ||
            !strstr(xg_error_text(&err), bad[i].line))
            fail_msg("policy %zu: %s", i, xg_error_text(&err));
    }
    for (size_t i = 0; i < sizeof policy; i++) /* untouched */
        assert_int_equal(((uint8_t *)&policy)[i], 0x5A);
}

/* One key may not count twice, whatever it is called. */
static void one_key_under_two_names(void **state)
{
    static char text[1024];
    struct xg_signer other = signer("another.example", XG_SIG_COSIGNATURE, 1);
    char same_key[XG_VKEY_SIZE];

    (void)state;
    xg_verifier_print(same_key, &other.verifier);
    snprintf(text, sizeof text,
             "witness a %s\nwitness b %s\ngroup g 2 a b\nquorum g\n", vkey(1),
             same_key);
    assert_status(read_policy(text), XG_FORMAT);
    assert_non_null(strstr(xg_error_text(&err), "line 2"));
    snprintf(text, sizeof text, "witness a %s\nwitness a %s\nquorum a\n",
             vkey(1), vkey(2));
    assert_status(read_policy(text), XG_FORMAT);
    assert_non_null(strstr(xg_error_text(&err), "line 2"));
}

static void keys_of_the_wrong_kind(void **state)
{
    static char text[1024];
    struct xg_signer log = signer(ORIGIN, XG_SIG_ED25519, 77);
    char log_key[XG_VKEY_SIZE];

    (void)state;
    xg_verifier_print(log_key, &log.verifier);
    snprintf(text, sizeof text, "witness a %s\nquorum a\n", log_key);
    assert_status(read_policy(text), XG_FORMAT);
    snprintf(text, sizeof text, "log %s\nquorum none\n", vkey(1));
    assert_status(read_policy(text), XG_FORMAT);
    snprintf(text, sizeof text, "log %s\nlog %s\nquorum none\n", log_key,
             log_key);
    assert_status(read_policy(text), XG_TOOBIG);
    snprintf(text, sizeof text, "log %s https://a x\nquorum none\n", log_key);
    assert_status(read_policy(text), XG_FORMAT);
}

static void limits_of_a_policy(void **state)
{
    static char text[XG_POLICY_MAX + 2];
    char name[XG_POLICY_NAME_MAX + 2] = "", url[257] = "";
    size_t len;

    (void)state;
    memset(name, 'n', XG_POLICY_NAME_MAX);
    memset(url, 'u', 255);
    snprintf(text, sizeof text, "witness %s %s %s\nquorum %s\n", name, vkey(1),
             url, name);
    assert_ok(read_policy(text));
    assert_int_equal(strlen(policy.witnesses[0].url), 255);
    url[255] = 'u';
    snprintf(text, sizeof text, "witness a %s %s\nquorum a\n", vkey(1), url);
    assert_status(read_policy(text), XG_TOOBIG);
    name[XG_POLICY_NAME_MAX] = 'n';
    snprintf(text, sizeof text, "witness %s %s\nquorum none\n", name, vkey(1));
    assert_status(read_policy(text), XG_TOOBIG);

    len = 0;
    for (unsigned i = 1; i <= XG_POLICY_WITNESSES_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "witness w%u %s\ngroup g%u any w%u\n", i,
                                vkey(i), i, i);
    snprintf(text + len, sizeof text - len, "quorum g32\n");
    assert_ok(read_policy(text));
    assert_int_equal(policy.group_count, XG_POLICY_GROUPS_MAX);
    assert_int_equal(policy.quorum, 63);
    snprintf(text + len, sizeof text - len, "witness w33 %s\nquorum w1\n",
             vkey(33));
    assert_status(read_policy(text), XG_TOOBIG);
    snprintf(text + len, sizeof text - len, "group g33 any g1\nquorum w1\n");
    assert_status(read_policy(text), XG_TOOBIG);

    memset(text, '#', XG_POLICY_MAX + 1);
    assert_status(
        xg_policy_read(&policy, xg_bytes(text, XG_POLICY_MAX + 1), &err),
        XG_TOOBIG);
    text[XG_POLICY_MAX - 13] = '\n';
    memcpy(text + XG_POLICY_MAX - 12, "quorum none\n", 12);
    assert_ok(xg_policy_read(&policy, xg_bytes(text, XG_POLICY_MAX), &err));
}

/* ---- judging by it ---- */

/* Of witnesses a, b, ..: their times in order, -1: has not cosigned. */
static bool satisfied(const char *rest, const int *times, unsigned count,
                      uint64_t *time_s)
{
    struct xg_cosigned all[8];
    size_t n = 0;

    assert_ok(read_policy(with_witnesses(count, rest)));
    for (unsigned i = 0; i < count; i++)
        if (times[i] >= 0)
            all[n++] = (struct xg_cosigned){i, (uint64_t)times[i]};
    return xg_policy_satisfied(&policy, all, n, time_s);
}

static void quorum_and_its_time(void **state)
{
    static const struct {
        const char *rest;
        int times[4];
        bool satisfied;
        uint64_t time_s;
    } cases[] = {
        {"quorum a\n", {9, -1, -1, -1}, true, 9},
        {"quorum a\n", {-1, 9, 9, 9}, false, 0},
        {"quorum none\n", {9, 9, 9, 9}, true, 0},
        {"group g 2 a b c\nquorum g\n", {9, -1, -1, 4}, false, 0},
        {"group g 2 a b c\nquorum g\n", {9, -1, 3, -1}, true, 9},
        {"group g 2 a b c\nquorum g\n", {9, 5, 3, -1}, true, 5},
        {"group g any a b c\nquorum g\n", {9, 5, 3, -1}, true, 3},
        {"group g all a b c\nquorum g\n", {9, 5, 3, -1}, true, 9},
        {"group g all a b c\nquorum g\n", {9, 5, -1, 1}, false, 0},
        /* A stated time of 0 states none: it cosigned, and no more. */
        {"group g 2 a b c\nquorum g\n", {0, 5, 3, -1}, true, 5},
        {"group g 2 a b c\nquorum g\n", {0, 0, 3, -1}, true, 0},
        {"quorum a\n", {0, -1, -1, -1}, true, 0},
        /* A group in a group. */
        {"group g 2 a b\ngroup h any g c\nquorum h\n", {9, 5, -1, -1}, true, 9},
        {"group g 2 a b\ngroup h any g c\nquorum h\n", {9, 5, 7, -1}, true, 7},
        {"group g 2 a b\ngroup h all g c\nquorum h\n", {9, -1, 7, 1}, false, 0},
        {"group g 2 a b\ngroup h all g c\nquorum h\n", {2, 5, 7, -1}, true, 7},
        {"group g any a b\ngroup i any c d\ngroup h 2 g i\nquorum h\n",
         {9, 8, -1, -1},
         false,
         0},
        {"group g any a b\ngroup i any c d\ngroup h 2 g i\nquorum h\n",
         {9, 8, -1, 2},
         true,
         8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t time_s = 1234;
        bool is = satisfied(cases[i].rest, cases[i].times, 4, &time_s);
        if (is != cases[i].satisfied || time_s != cases[i].time_s)
            fail_msg("case %zu: %d at %" PRIu64, i, is, time_s);
    }
}

static void a_witness_named_twice_counts_once(void **state)
{
    const struct xg_cosigned twice[] = {{0, 9}, {0, 4}, {0, 0}};
    uint64_t time_s;

    (void)state;
    assert_ok(read_policy(with_witnesses(3, "group g 2 a b c\nquorum g\n")));
    assert_false(xg_policy_satisfied(&policy, twice, 3, &time_s));
    assert_ok(read_policy(with_witnesses(3, "quorum a\n")));
    assert_true(xg_policy_satisfied(&policy, twice, 3, &time_s));
    assert_int_equal(time_s, 4);
}

/* ---- verifying a checkpoint ---- */

#define LOG_TEXT                                                               \
    "log.example/field1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
#define VECTOR_PROOF                                                           \
    "c2sp.org/tlog-proof@v1\nindex 5\n"                                        \
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"                           \
    "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n"                           \
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n" LOG_TEXT "\n" DASH      \
    "log.example/field1 "                                                      \
    "EuVds38FPbef94SGu6PpqcBWyy6/qWn7BLD8uySjncdrRQXk7eOOdwnyLE/SpOR1nXxHSBMq" \
    "h20DPTvtKR7tb2ZDog0=\n" DASH "witness.example/w1 "                        \
    "8e2MRwAAAABpVbkAWJLP7IooF7XgECF+pKRuJZih2Gep5KF0cyQrPH+A7fMdbLvs3Ak8mKZy" \
    "xZ0V/TYb0YXQ4WDehEyDzMYpFzoMBQ==\n"

/* The tlog-proof with a cosignature: receipt, leaf and witness all hold. */
static void vector_with_a_cosignature(void **state)
{
    static const uint8_t data[4] = {0x40, 0x41, 0x42, 0x43};
    struct xg_cosigned said[XG_POLICY_WITNESSES_MAX];
    struct xg_receipt receipt;
    struct xg_checkpoint c;
    struct xg_hash leaf, sum;
    struct xg_note note;
    uint64_t time_s;
    size_t count;
    char hex[65];

    (void)state;
    assert_int_equal(strlen(VECTOR_PROOF), 478);
    crypto_hash_sha256(sum.b, (const uint8_t *)VECTOR_PROOF, 478);
    xg_hex(hex, sum.b, sizeof sum.b);
    assert_string_equal(hex, "b35504f0cb3ebbf85055d2a9a3aeb2d5"
                             "f0b6275017ceb7d6da7c40c66af3e2cf");
    assert_ok(read_policy(
        "log log.example/field1+12e55db3+"
        "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n"
        "witness w1 witness.example/w1+f1ed8c47+"
        "BCFS+NGbeR0kRTJC4V8uq2y3z/p7al7TAJeWDgaYgdsS\nquorum w1\n"));
    xg_tlog_leaf(&leaf, data, sizeof data);
    assert_ok(xg_receipt_open(&receipt, &c, (const uint8_t *)VECTOR_PROOF, 478,
                              &leaf, &policy.log, &err));
    assert_int_equal(receipt.index, 5);
    assert_ok(xg_note_parse(&note, receipt.checkpoint.at,
                            receipt.checkpoint.len, &err));
    assert_ok(xg_policy_verify(&policy, said, &count, &note, &err));
    assert_int_equal(count, 1);
    assert_int_equal(said[0].time_s, 1767225600);
    assert_true(xg_policy_satisfied(&policy, said, count, &time_s));
    assert_int_equal(time_s, 1767225600);
}

/* A checkpoint signed by the log and by those witnesses. */
static void put_checkpoint(struct xg_buf *note, uint64_t size,
                           const unsigned *by, size_t count)
{
    struct xg_signer log = signer(ORIGIN, XG_SIG_ED25519, 77);
    struct xg_checkpoint c = {.origin = ORIGIN, .size = size};
    struct xg_buf text = XG_BUF(4096);

    xg_checkpoint_text(&text, &c);
    xg_note_sign(note, xg_buf_bytes(&text), &log);
    for (size_t i = 0; i < count; i++) {
        struct xg_signer s = witness(by[i]);
        xg_note_signature_line(note, xg_buf_bytes(&text), &s, 100 + by[i]);
    }
    assert_ok(xg_buf_check(note, &err));
    xg_buf_clear(&text);
}

static void known_lines_count_and_others_pass(void **state)
{
    struct xg_cosigned said[XG_POLICY_WITNESSES_MAX];
    const unsigned by[] = {3, 9, 1, 1};
    struct xg_buf whole = XG_BUF(8192);
    struct xg_note note;
    size_t count = 77;

    (void)state;
    put_checkpoint(&whole, 8, by, 4);
    assert_ok(read_policy(with_witnesses(3, "quorum a\n")));
    assert_ok(xg_note_parse(&note, whole.data, whole.len, &err));
    assert_ok(xg_policy_verify(&policy, said, &count, &note, &err));
    assert_int_equal(count, 2); /* a and c; 9 is nobody's, a's second is one */
    assert_int_equal(said[0].witness, 0);
    assert_int_equal(said[0].time_s, 101);
    assert_int_equal(said[1].witness, 2);
    assert_int_equal(said[1].time_s, 103);

    /* Any changed byte of a known witness's line is seen. */
    count = 77;
    whole.data[10] ^= 1; /* in the text */
    assert_ok(xg_note_parse(&note, whole.data, whole.len, &err));
    assert_status(xg_policy_verify(&policy, said, &count, &note, &err),
                  XG_AUTH);
    assert_non_null(strstr(xg_error_text(&err), "witness a"));
    assert_int_equal(count, 77);
    /* But who knows none of them sees none. */
    assert_ok(read_policy("quorum none\n"));
    assert_ok(xg_policy_verify(&policy, said, &count, &note, &err));
    assert_int_equal(count, 0);
    xg_buf_clear(&whole);
}

/* ---- a witness's test script: sizes 1, 3, 5 (FiloSottile/torchwood) ---- */

static void script_of_a_witness(void **state)
{
    struct xg_checkpoint held = {.size = 0}, c;
    struct xg_add_checkpoint add;
    struct xg_verifier log;

    (void)state;
    log = script_log();
    for (size_t i = 0; i < 3; i++) {
        struct xg_buf again = XG_BUF(4096);
        struct xg_bytes body = xg_bytes_of(script[i].body);
        assert_ok(xg_add_checkpoint_read(&add, body, &err));
        assert_int_equal(add.old, script[i].old);
        assert_int_equal(add.proof.count, script[i].proof);
        assert_ok(xg_checkpoint_open(&c, add.checkpoint.at, add.checkpoint.len,
                                     &log, &err));
        assert_int_equal(c.size, script[i].size);
        assert_ok(xg_verify_consistency(&add.proof, held.size, c.size,
                                        &held.root, &c.root, &err));
        xg_add_checkpoint_put(&again, &add);
        assert_true(xg_bytes_equal(xg_buf_bytes(&again), body));
        xg_buf_clear(&again);
        held = c;
    }
}

static void bodies_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "old\n\nx\n",
        "old 00\n\nx\n",
        "old 01\n\nx\n",
        "old +1\n\nx\n",
        "old 1 \n\nx\n",
        "new 1\n\nx\n",
        "old 1\nx\n",
        "old 1\nnonsense\n\nx\n",
        "old 1\n" LEAF("E"),
        "old 1\n" LEAF("E") "\n",
        "old 1\n\n",
        "old 18446744073709551616\n\nx\n",
    };
    struct xg_add_checkpoint add = {.old = 77};
    struct xg_buf body = XG_BUF(8192);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xg_add_checkpoint_read(&add, xg_bytes_of(bad[i]), &err) !=
            XG_FORMAT)
            fail_msg("body %zu was not refused", i);
    assert_int_equal(add.old, 77);
    for (int hashes = 63; hashes <= 64; hashes++) {
        xg_buf_reset(&body);
        xg_buf_text(&body, "old 1\n");
        for (int i = 0; i < hashes; i++)
            xg_buf_text(&body, LEAF("E"));
        xg_buf_text(&body, "\nx\n");
        assert_status(xg_add_checkpoint_read(&add, xg_buf_bytes(&body), &err),
                      hashes == 63 ? XG_OK : XG_FORMAT);
    }
    xg_buf_clear(&body);
}

/* ---- time notes ---- */

/* The lines that these witnesses sign, as a time note holds them. */
static void put_lines(struct xg_buf *lines, uint64_t size, const unsigned *by,
                      size_t count)
{
    struct xg_buf whole = XG_BUF(XG_NOTE_MAX);
    struct xg_note note;

    put_checkpoint(&whole, size, by, count);
    assert_ok(xg_note_parse(&note, whole.data, whole.len, &err));
    for (size_t i = 1; i < note.count; i++)
        xg_time_note_line(lines, &note.signatures[i]);
    assert_ok(xg_buf_check(lines, &err));
    xg_buf_clear(&whole);
}

static void time_notes_go_both_ways(void **state)
{
    const unsigned by[] = {1, 2};
    struct xg_buf lines = XG_BUF(4096), text = XG_BUF(4096),
                  whole = XG_BUF(4096);
    struct xg_cosigned said[XG_POLICY_WITNESSES_MAX];
    struct xg_time_note t = {.time_ms = 5, .cosigned = true, .size = 8}, read;
    struct xg_note note;
    size_t count;

    (void)state;
    put_lines(&lines, 8, by, 2);
    t.lines = xg_buf_bytes(&lines);
    xg_time_note_put(&text, &t);
    assert_ok(xg_time_note_read(&read, xg_buf_bytes(&text), &err));
    assert_true(read.cosigned);
    assert_int_equal(read.time_ms, 5);
    assert_int_equal(read.size, 8);
    assert_true(xg_bytes_equal(read.lines, t.lines));

    xg_time_note_checkpoint(&whole, &read, ORIGIN);
    assert_ok(xg_note_parse(&note, whole.data, whole.len, &err));
    assert_ok(read_policy(with_witnesses(2, "quorum a\n")));
    assert_ok(xg_policy_verify(&policy, said, &count, &note, &err));
    assert_int_equal(count, 2);
    /* Of another log they are nothing. */
    xg_buf_reset(&whole);
    xg_time_note_checkpoint(&whole, &read, "other.example");
    assert_ok(xg_note_parse(&note, whole.data, whole.len, &err));
    assert_status(xg_policy_verify(&policy, said, &count, &note, &err),
                  XG_AUTH);
    xg_buf_clear(&whole);
    xg_buf_clear(&lines);
    xg_buf_clear(&text);
}

#define ZERO_HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define TIME_HEAD "xunge/time/v1\ntime 5\n"
#define COSIGNED_LINE                                                          \
    "cosigned witness.example/w1 "                                             \
    "8e2MRwAAAABpVbkAWJLP7IooF7XgECF+pKRuJZih2Gep5KF0cyQrPH+A7fMdbLvs3Ak8mKZy" \
    "xZ0V/TYb0YXQ4WDehEyDzMYpFzoMBQ==\n"
#define CHECKPOINT_LINE "checkpoint 8 " ZERO_HASH "\n"

static void time_notes_refused(void **state)
{
    static const char *const bad[] = {
        TIME_HEAD CHECKPOINT_LINE,
        TIME_HEAD COSIGNED_LINE,
        TIME_HEAD COSIGNED_LINE CHECKPOINT_LINE,
        TIME_HEAD "checkpoint 0 " ZERO_HASH "\n" COSIGNED_LINE,
        TIME_HEAD "checkpoint 08 " ZERO_HASH "\n" COSIGNED_LINE,
        TIME_HEAD "checkpoint 8\n" COSIGNED_LINE,
        TIME_HEAD "checkpoint 8 " ZERO_HASH " \n" COSIGNED_LINE,
        TIME_HEAD CHECKPOINT_LINE "cosigned w AAAA\n",
        TIME_HEAD CHECKPOINT_LINE "cosigned " ZERO_HASH "\n",
        TIME_HEAD CHECKPOINT_LINE "cosigned w+x" COSIGNED_LINE,
        TIME_HEAD CHECKPOINT_LINE COSIGNED_LINE "time 6\n",
        TIME_HEAD CHECKPOINT_LINE COSIGNED_LINE CHECKPOINT_LINE,
        TIME_HEAD "more\n",
        "xunge/time/v1\ntime 5",
    };
    struct xg_time_note t = {.time_ms = 77};
    struct xg_buf text = XG_BUF(8192);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xg_time_note_read(&t, xg_bytes_of(bad[i]), &err) != XG_FORMAT)
            fail_msg("time note %zu was not refused", i);
    assert_int_equal(t.time_ms, 77);
    for (int lines = 16; lines <= 17; lines++) {
        xg_buf_reset(&text);
        xg_buf_text(&text, TIME_HEAD CHECKPOINT_LINE);
        for (int i = 0; i < lines; i++)
            xg_buf_text(&text, COSIGNED_LINE);
        assert_status(xg_time_note_read(&t, xg_buf_bytes(&text), &err),
                      lines == 16 ? XG_OK : XG_FORMAT);
    }
    xg_buf_clear(&text);
}

/* ---- what they prove of a record ---- */

static void bounds_of_a_record(void **state)
{
    /* An anchor at 10, the record at 20. */
    struct xg_bounds b = {.anchor_size = 10, .position = 20};
    static const struct xg_bounds_note notes[] = {
        {.position = 2, .time_ms = 1000},
        {.position = 9, .time_ms = 9000, .size = 6, .quorum_s = 7,
         .quorum_since_s = 7},
        {.position = 10, .time_ms = 10000, .size = 9, .quorum_s = 9,
         .quorum_since_s = 9},
        {.position = 21, .time_ms = 30000, .size = 20, .quorum_s = 28,
         .quorum_since_s = 28},
        {.position = 25, .time_ms = 34000, .size = 22, .quorum_s = 32,
         .quorum_since_s = 32},
        {.position = 30, .time_ms = 40000, .size = 26, .quorum_s = 31,
         .quorum_since_s = 31},
        {.position = 31, .time_ms = 41000, .size = 30, .quorum_s = 39,
         .quorum_since_s = 39},
    };
    bool witnessed = true;

    (void)state;
    assert_int_equal(xg_bounds_low(&b, &witnessed), 0);
    assert_false(witnessed);
    assert_int_equal(xg_bounds_high(&b, &witnessed), 0);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        xg_bounds_see(&b, &notes[i]);
    assert_int_equal(b.server_low_ms, 9000);
    assert_int_equal(b.server_high_ms, 30000);
    assert_int_equal(xg_bounds_low(&b, &witnessed), 7000);
    assert_true(witnessed);
    /* 28 was of 20 entries, which do not hold the record at place 20. */
    assert_int_equal(xg_bounds_high(&b, &witnessed), 31999);
    assert_true(witnessed);
}

/* Two of three are counted on, so one may lie: neither a time long ago nor one
 * to come shifts a bound beyond what an honest one said. */
static void one_liar_shifts_no_bound(void **state)
{
    static const uint64_t lies[] = {1, 99, 101, 99999};
    char text[3 * XG_VKEY_SIZE + 200] = "", key[XG_VKEY_SIZE];
    uint64_t time_s;

    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "w.example/%d", i);
        struct xg_signer s = signer(name, XG_SIG_COSIGNATURE, (uint8_t)(i + 1));
        xg_verifier_print(key, &s.verifier);
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "witness w%d %s\n", i, key);
    }
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "group g 2 w0 w1 w2\nquorum g\n");
    assert_ok(read_policy(text));
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        const struct xg_cosigned said[] = {{0, 100}, {1, lies[i]}, {2, 110}};
        for (size_t count = 2; count <= 3; count++) {
            assert_true(xg_policy_satisfied(&policy, said, count, &time_s));
            assert_true(time_s >= 100);
            assert_true(xg_policy_since(&policy, said, count) <= 110);
        }
        assert_true(xg_policy_since(&policy, said, 2) <= 100);
        assert_int_equal(xg_policy_since(&policy, said, 1), 0);
    }
}

static void without_witnesses_the_servers_word(void **state)
{
    struct xg_bounds b = {.anchor_size = 0, .position = 3};
    const struct xg_bounds_note before = {.position = 2, .time_ms = 1000};
    const struct xg_bounds_note at = {
        .position = 4, .time_ms = 4000, .size = 2};
    bool witnessed;

    (void)state;
    xg_bounds_see(&b, &before);
    xg_bounds_see(&b, &at);
    assert_int_equal(xg_bounds_low(&b, &witnessed), 0); /* no anchor */
    assert_int_equal(xg_bounds_high(&b, &witnessed), 4000);
    assert_false(witnessed);
}

/* What a handheld signs states no time: it is neither bound. */
static void handhelds_never_witness_time(void **state)
{
    struct xg_signer device = signer(ORIGIN "/d/0001", XG_SIG_COSIGNATURE, 1);
    struct xg_time_note t = {.time_ms = 5, .cosigned = true, .size = 8};
    struct xg_buf lines = XG_BUF(4096), text = XG_BUF(4096),
                  said = XG_BUF(4096), all = XG_BUF(1024);
    struct xg_checkpoint c = {.origin = ORIGIN, .size = 8};
    char key[XG_VKEY_SIZE];
    struct xg_bounds_note note;

    (void)state;
    xg_verifier_print(key, &device.verifier);
    xg_buf_format(&all, "witness d %s\nquorum d\n", key);
    assert_ok(read_policy(xg_buf_str(&all)));
    xg_checkpoint_text(&said, &c);
    for (uint64_t time_s = 0; time_s < 2; time_s++) {
        struct xg_buf line = XG_BUF(1024);
        xg_note_signature_line(&line, xg_buf_bytes(&said), &device, time_s);
        xg_buf_reset(&lines);
        xg_buf_reset(&text);
        xg_buf_text(&lines, "cosigned ");
        xg_buf_append(&lines, line.data + 4, line.len - 4);
        t.lines = xg_buf_bytes(&lines);
        xg_time_note_put(&text, &t);
        assert_ok(xg_bounds_note_read(&note, 9, xg_buf_bytes(&text), ORIGIN,
                                      &policy, &err));
        assert_int_equal(note.quorum_s, time_s);
        assert_int_equal(note.size, 8);
        xg_buf_clear(&line);
    }
    assert_ok(
        xg_bounds_note_read(&note, 9, xg_buf_bytes(&text), ORIGIN, NULL, &err));
    assert_int_equal(note.quorum_s, 0);
    assert_status(
        xg_bounds_note_read(&note, 9, xg_buf_bytes(&text), "o", &policy, &err),
        XG_AUTH);
    xg_buf_clear(&lines);
    xg_buf_clear(&text);
    xg_buf_clear(&said);
    xg_buf_clear(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_of_the_specification),
        cmocka_unit_test(no_quorum_needs_nobody),
        cmocka_unit_test(policies_refused),
        cmocka_unit_test(one_key_under_two_names),
        cmocka_unit_test(keys_of_the_wrong_kind),
        cmocka_unit_test(limits_of_a_policy),
        cmocka_unit_test(quorum_and_its_time),
        cmocka_unit_test(a_witness_named_twice_counts_once),
        cmocka_unit_test(vector_with_a_cosignature),
        cmocka_unit_test(known_lines_count_and_others_pass),
        cmocka_unit_test(script_of_a_witness),
        cmocka_unit_test(bodies_refused),
        cmocka_unit_test(time_notes_go_both_ways),
        cmocka_unit_test(time_notes_refused),
        cmocka_unit_test(bounds_of_a_record),
        cmocka_unit_test(one_liar_shifts_no_bound),
        cmocka_unit_test(without_witnesses_the_servers_word),
        cmocka_unit_test(handhelds_never_witness_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
