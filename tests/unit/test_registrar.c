/* test_registrar.c - what the registrar's machine signs, and what it does not:
 * requests of an honest log, and of one that is not. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "server/registry/request.h"

enum { LOG_MAX = 32 };

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

/* A log of leaves, its keys, and one request after another. */
struct world {
    struct xg_signer log, registrar;
    struct xg_hash leaves[LOG_MAX];
    uint64_t size;
    uint64_t number;
    struct xg_hash previous;
    uint64_t after_size;
    struct xg_hash after_root;
    struct registrar_state state;
    struct xg_buf file, note, kept;
};

static void add_leaves(struct world *w, size_t count, uint8_t what)
{
    for (size_t i = 0; i < count; i++) {
        memset(w->leaves[w->size].b, what, XG_HASH_SIZE);
        w->leaves[w->size].b[0] = (uint8_t)w->size;
        w->size++;
    }
}

static void begin(struct world *w)
{
    static const uint8_t one[32] = {1}, two[32] = {2};

    memset(w, 0, sizeof *w);
    assert_ok(xg_signer_init(&w->log, "a.example", XG_SIG_ED25519, one, &err));
    assert_ok(xg_signer_init(&w->registrar, "a.example/registrar",
                             XG_SIG_ED25519, two, &err));
    w->file = XG_BUF(REGISTRAR_FILE_MAX);
    w->note = XG_BUF(XG_NOTE_MAX);
    w->kept = XG_BUF(XG_NOTE_MAX);
    w->number = 1;
}

static void end(struct world *w)
{
    xg_buf_clear(&w->file);
    xg_buf_clear(&w->note);
    xg_buf_clear(&w->kept);
}

/* From a power of two to at most its double: the right part alone. */
static void put_proof(struct xg_buf *out, const struct world *w)
{
    struct xg_proof proof = {.count = 0};

    if (w->after_size == 0 || w->after_size >= w->size)
        return;
    assert_true((w->after_size & (w->after_size - 1)) == 0);
    assert_true(w->size <= 2 * w->after_size);
    xg_tlog_root(&proof.hashes[proof.count++], w->leaves + w->after_size,
                 w->size - w->after_size);
    xg_proof_put(out, &proof);
}

/* A request of the log as it is, with these lines. */
static void ask(struct world *w, const char *lines)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), seen = XG_BUF(XG_NOTE_MAX);
    struct xg_buf checkpoint = XG_BUF(XG_NOTE_MAX), proof = XG_BUF(8192);
    struct xg_checkpoint c = {.size = w->size};
    struct xg_registry_note head = {.number = w->number,
                                    .previous = w->previous,
                                    .seen_size = w->size};
    struct registrar_request q = {.log = w->log.verifier,
                                  .after_size = w->after_size,
                                  .after_root = w->after_root};

    xg_tlog_root(&c.root, w->leaves, w->size);
    head.seen_root = c.root;
    snprintf(c.origin, sizeof c.origin, "a.example");
    xg_checkpoint_text(&seen, &c);
    xg_note_sign(&checkpoint, xg_buf_bytes(&seen), &w->log);
    xg_registry_note_begin(&text, &head);
    xg_buf_text(&text, lines);
    put_proof(&proof, w);
    q.checkpoint = xg_buf_bytes(&checkpoint);
    q.consistency = xg_buf_bytes(&proof);
    q.note = xg_buf_bytes(&text);
    xg_buf_reset(&w->file);
    registrar_request_put(&w->file, &q);
    assert_ok(xg_buf_check(&w->file, &err));
    xg_buf_clear(&text);
    xg_buf_clear(&seen);
    xg_buf_clear(&checkpoint);
    xg_buf_clear(&proof);
}

static enum xg_status review(struct world *w, bool *again)
{
    struct registrar_request q;
    struct xg_registry_note says;
    bool ignored;

    if (registrar_request_read(&q, xg_buf_bytes(&w->file), &err) != XG_OK)
        return err.status;
    return registrar_review(&says, again ? again : &ignored, &q, &w->state,
                            &w->registrar.verifier, false, &err);
}

static void sign(struct world *w)
{
    struct registrar_request q;
    struct xg_registry_note says;

    assert_ok(registrar_request_read(&q, xg_buf_bytes(&w->file), &err));
    xg_buf_reset(&w->note);
    assert_ok(registrar_sign(&w->state, &w->note, &q, &w->registrar, &err));
    assert_status(registrar_state_read(&w->state, xg_bytes(NULL, 0), &err),
                  XG_FORMAT);
    assert_ok(xg_registry_note_open(&says, xg_buf_bytes(&w->note),
                                    w->registrar.verifier.key, &err));
    /* The state is read again as from its file. */
    xg_buf_reset(&w->kept);
    registrar_state_put(&w->kept, &w->state);
    assert_ok(registrar_state_read(&w->state, xg_buf_bytes(&w->kept), &err));
    w->number++;
    w->previous = w->state.leaf;
    w->after_size = w->size;
    xg_tlog_root(&w->after_root, w->leaves, w->size);
}

/* Note 1 at size 0, note 2 at 2, so that what follows can be proven. */
static void begin_signed(struct world *w)
{
    begin(w);
    ask(w, "unit top -\n");
    assert_ok(review(w, NULL));
    sign(w);
    add_leaves(w, 2, 7);
    ask(w, "unit north top\n");
    assert_ok(review(w, NULL));
    sign(w);
}

static void test_one_after_another(void **state)
{
    struct world w;
    bool again;

    (void)state;
    begin_signed(&w);
    assert_int_equal(w.state.number, 2);
    assert_ok(review(&w, &again)); /* the same file once more */
    assert_true(again);
    add_leaves(&w, 2, 7);
    ask(&w, "unit south top\n");
    assert_ok(review(&w, &again));
    assert_false(again);
    sign(&w);
    assert_int_equal(w.state.number, 3);
    end(&w);
}

static void test_one_note_of_a_number(void **state)
{
    struct world w;

    (void)state;
    begin_signed(&w);
    w.number = 2;
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_REFUSED);
    w.number = 1;
    ask(&w, "unit top -\n");
    assert_status(review(&w, NULL), XG_REFUSED);
    w.number = 4;
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_REFUSED);
    end(&w);
}

static void test_another_history(void **state)
{
    struct world w;
    struct xg_hash was;

    (void)state;
    begin_signed(&w);
    /* Rewritten below what was seen: no proof holds. */
    add_leaves(&w, 2, 7);
    w.leaves[0].b[5] ^= 1;
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_ALARM);
    /* The same, with a checkpoint before that fits it. */
    was = w.after_root;
    xg_tlog_root(&w.after_root, w.leaves, w.after_size);
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_ALARM);
    w.after_root = was;
    w.leaves[0].b[5] ^= 1;
    /* Rolled back. */
    w.size = 1;
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_ALARM);
    w.size = 4;
    /* Another note before it. */
    was = w.previous;
    w.previous.b[0] ^= 1;
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_ALARM);
    w.previous = was;
    ask(&w, "unit south top\n");
    assert_ok(review(&w, NULL));
    end(&w);
}

static void test_keys(void **state)
{
    static const uint8_t three[32] = {3};
    struct xg_signer log, heir, hers;
    struct world w;
    char line[128], key[XG_BASE64_SIZE(XG_PUBLIC_KEY_SIZE)];

    (void)state;
    begin_signed(&w);
    /* A log's key that is not hers. */
    log = w.log;
    assert_ok(
        xg_signer_init(&w.log, "a.example", XG_SIG_ED25519, three, &err));
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_REFUSED);
    w.log = log;
    /* A key that is no registrar's; another than the one whose turn it is. */
    hers = w.registrar;
    w.registrar = log;
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_REFUSED);
    assert_ok(xg_signer_init(&heir, "a.example/registrar", XG_SIG_ED25519,
                             three, &err));
    w.registrar = heir;
    assert_status(review(&w, NULL), XG_REFUSED);
    w.registrar = hers;
    xg_base64(key, sizeof key, heir.verifier.key, XG_PUBLIC_KEY_SIZE);
    snprintf(line, sizeof line, "registrar %s\n", key);
    ask(&w, line);
    assert_ok(review(&w, NULL));
    sign(&w);
    ask(&w, "unit south top\n");
    assert_status(review(&w, NULL), XG_REFUSED);
    w.registrar = heir;
    assert_ok(review(&w, NULL));
    end(&w);
}

/* Whatever byte is changed or cut: never another text than the one shown is
 * signed, and nothing breaks. */
static void test_damaged(void **state)
{
    struct registrar_request q;
    struct world w;
    size_t read = 0;

    (void)state;
    begin_signed(&w);
    add_leaves(&w, 2, 7);
    ask(&w, "device a.example/d/0001 "
            "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= w1\n");
    struct xg_bytes whole = xg_buf_bytes(&w.file);
    for (size_t i = 0; i < whole.len; i++) {
        assert_status(
            registrar_request_read(&q, xg_bytes(whole.at, i), &err), XG_FORMAT);
        w.file.data[i] ^= 0x04;
        if (registrar_request_read(&q, whole, &err) == XG_OK)
            read++;
        xg_ignore(review(&w, NULL));
        w.file.data[i] ^= 0x04;
    }
    assert_true(read > 0);
    assert_ok(review(&w, NULL));
    end(&w);
}

static void test_in_words(void **state)
{
    struct xg_statement s = {.kind = XG_SAYS_DEVICE,
                             .subject = "a.example/d/0001",
                             .owner = "w1"};
    struct xg_buf out = XG_BUF(4096);

    (void)state;
    registrar_say(&out, &s);
    assert_non_null(strstr(xg_buf_str(&out), "a.example/d/0001"));
    assert_non_null(strstr(xg_buf_str(&out), "w1"));
    for (int kind = XG_SAYS_UNIT; kind <= XG_SAYS_SHARED; kind++) {
        xg_buf_reset(&out);
        s.kind = (enum xg_statement_kind)kind;
        registrar_say(&out, &s);
        assert_true(out.len > 0);
    }
    xg_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_after_another),
        cmocka_unit_test(test_one_note_of_a_number),
        cmocka_unit_test(test_another_history),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
