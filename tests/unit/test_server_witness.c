/* test_server_witness.c - the server as a witness of other logs, and its own
 * log before witnesses and devices: what is cosigned, kept, told in time notes,
 * and what of it a hostile or forgetful party can do. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/api/cosigned.h"
#include "server/cosign/ask.h"
#include "server/cosign/policy.h"
#include "server/witness/witness.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "tests/lib/folder.h"
#include "tests/lib/office.h"
#include "tests/lib/witness_script.h"

#define ORIGIN "test.example"
#define OTHER "other.example"

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

static struct xg_signer key_of(const char *name, uint8_t type, uint8_t seed)
{
    struct xg_signer s;
    uint8_t bytes[32];

    memset(bytes, seed, sizeof bytes);
    assert_ok(xg_signer_init(&s, name, type, bytes, &err));
    return s;
}

/* ---- a log that asks ---- */

enum { TREE_MAX = 64 };

/* Leaf i is 32 bytes of i and `salt`: two salts, two histories. */
struct tree {
    struct xg_signer key;
    struct xg_hash leaves[TREE_MAX];
};

static void tree_make(struct tree *t, const char *origin, uint8_t salt)
{
    t->key = key_of(origin, XG_SIG_ED25519, 9);
    for (size_t i = 0; i < TREE_MAX; i++) {
        uint8_t data[2] = {(uint8_t)i, salt};
        xg_tlog_leaf(&t->leaves[i], data, sizeof data);
    }
}

/* A node of the first leaves, however high. */
static enum xg_status tree_node(void *ctx, unsigned level, uint64_t index,
                                struct xg_hash *hash, struct xg_error *error)
{
    struct tree *t = ctx;

    (void)error;
    xg_tlog_root(hash, t->leaves + (index << level), UINT64_C(1) << level);
    return XG_OK;
}

/* The body of an add-checkpoint from `old` to `size`. */
static void tree_ask(struct xg_buf *body, struct tree *t, uint64_t old,
                     uint64_t size)
{
    const struct xg_node_reader nodes = {t, tree_node};
    struct xg_buf text = XG_BUF(4096), note = XG_BUF(4096);
    struct xg_checkpoint c = {.size = size};
    struct xg_add_checkpoint add = {.old = old};

    snprintf(c.origin, sizeof c.origin, "%s", t->key.verifier.name);
    xg_tlog_root(&c.root, t->leaves, size);
    xg_checkpoint_text(&text, &c);
    xg_note_sign(&note, xg_buf_bytes(&text), &t->key);
    if (old > 0 && old < size)
        assert_ok(xg_prove_consistency(&add.proof, old, size, &nodes, &err));
    add.checkpoint = xg_buf_bytes(&note);
    xg_buf_reset(body);
    xg_add_checkpoint_put(body, &add);
    assert_ok(xg_buf_check(body, &err));
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

/* ---- a witness ---- */

static struct test_world world = {.seed = 5, .wall_ms = 1780000000000};
static struct xg_env env;

static struct witness *open_witness(const char *dir)
{
    struct witness *w;

    env = test_env(&world);
    assert_ok(witness_open(&w, dir, ORIGIN, &env, &err));
    return w;
}

static struct witness_answer offer(struct witness *w, struct xg_buf *lines,
                                   struct xg_bytes body)
{
    struct witness_answer a;

    xg_buf_reset(lines);
    assert_ok(witness_add_checkpoint(w, &a, lines, body, 1780000000, &err));
    assert_true((a.http_status == 200) == (lines->len > 0));
    return a;
}

static int offer_text(struct witness *w, const char *body)
{
    struct xg_buf lines = XG_BUF(8192);
    int status = offer(w, &lines, xg_bytes_of(body)).http_status;

    xg_buf_clear(&lines);
    return status;
}

static int offer_tree(struct witness *w, struct tree *t, uint64_t old,
                      uint64_t size)
{
    struct xg_buf body = XG_BUF(8192), lines = XG_BUF(8192);

    tree_ask(&body, t, old, size);
    int status = offer(w, &lines, xg_buf_bytes(&body)).http_status;
    xg_buf_clear(&body);
    xg_buf_clear(&lines);
    return status;
}

/* The whole script of a witness at 1, 3, 5, with what it has to answer. */
static void script_of_the_specification(void **state)
{
    const struct xg_verifier log = script_log();
    struct witness *w = open_witness(NULL);
    struct xg_buf lines = XG_BUF(8192), note = XG_BUF(8192);
    struct xg_verifier key;
    struct xg_hash name;

    (void)state;
    assert_int_equal(offer_text(w, script[0].body), 404);
    assert_ok(witness_watch(w, &log, &err));
    assert_ok(witness_key(w, &key, &err));
    assert_string_equal(key.name, ORIGIN "/witness");
    assert_int_equal(key.type, XG_SIG_COSIGNATURE);
    /* Not yet: it never cosigned size 1, and says what it did. */
    assert_int_equal(offer_text(w, script[1].body), 409);
    for (size_t i = 0; i < 3; i++) {
        struct xg_bytes body = xg_bytes_of(script[i].body);
        struct xg_note parsed;
        uint64_t time_s;
        assert_int_equal(offer(w, &lines, body).http_status, 200);
        /* Text and our line: the witness's, of the time that it was told. */
        const char *text = strstr(script[i].body, "\n\n");
        if (i > 0)
            text = strstr(script[i].body, SIGSUM) - 2;
        xg_buf_reset(&note);
        xg_buf_text(&note, text + 2);
        xg_buf_append(&note, lines.data, lines.len);
        assert_ok(xg_note_parse(&parsed, note.data, note.len, &err));
        assert_ok(xg_note_verify(&parsed, &key, &time_s, &err));
        assert_int_equal(time_s, 1780000000);
        assert_ok(xg_note_verify(&parsed, &log, NULL, &err));
        /* Once more from where it was: no. */
        struct witness_answer again = offer(w, &lines, body);
        assert_int_equal(again.http_status, 409);
        assert_int_equal(again.size, script[i].size);
    }
    crypto_hash_sha256(name.b, (const uint8_t *)SIGSUM, strlen(SIGSUM));
    xg_buf_reset(&lines);
    assert_ok(witness_checkpoint(w, &lines, &name, &err));
    assert_true(xg_bytes_equal(xg_buf_bytes(&lines), xg_buf_bytes(&note)));
    name.b[0] ^= 1;
    assert_status(witness_checkpoint(w, &lines, &name, &err), XG_NOTFOUND);
    xg_buf_clear(&lines);
    xg_buf_clear(&note);
    witness_close(w);
}

static void every_refusal(void **state)
{
    struct witness *w = open_witness(NULL);
    struct xg_signer another = key_of(OTHER, XG_SIG_ED25519, 8);
    struct xg_buf body = XG_BUF(8192), lines = XG_BUF(8192);
    struct tree t, forked;

    (void)state;
    tree_make(&t, OTHER, 0);
    tree_make(&forked, OTHER, 1);
    assert_ok(witness_watch(w, &t.key.verifier, &err));
    assert_int_equal(offer_text(w, ""), 400);
    assert_int_equal(offer_text(w, "old 0\n\nno note\n"), 400);
    assert_int_equal(offer_text(w, "old -1\n\n" OTHER "\n"), 400);
    assert_int_equal(offer_tree(w, &t, 0, 8), 200);
    assert_int_equal(offer_tree(w, &t, 8, 8), 200); /* it may ask again */
    assert_int_equal(offer_tree(w, &t, 9, 8), 400); /* old over size */
    assert_int_equal(offer_tree(w, &t, 5, 9), 409);
    assert_int_equal(offer_tree(w, &t, 0, 9), 409);
    assert_int_equal(offer_tree(w, &forked, 8, 8), 422); /* another root */
    assert_int_equal(offer_tree(w, &forked, 8, 9), 422); /* another history */
    assert_int_equal(offer_tree(w, &t, 0, 7), 409);      /* rolled back */
    assert_int_equal(offer_tree(w, &t, 7, 7), 409);

    /* Signed by another key under that name; a known one that does not hold. */
    forked.key = another;
    assert_int_equal(offer_tree(w, &forked, 8, 9), 403);
    tree_ask(&body, &t, 8, 9);
    body.data[body.len - 3] ^= 1;
    int status = offer(w, &lines, xg_buf_bytes(&body)).http_status;
    assert_true(status == 403 || status == 400);
    /* A proof that is not one; one where none belongs. */
    tree_ask(&body, &t, 8, 12);
    body.data[10] = body.data[10] == 'A' ? 'B' : 'A';
    assert_int_equal(offer(w, &lines, xg_buf_bytes(&body)).http_status, 422);
    assert_int_equal(offer_tree(w, &t, 8, 12), 200);
    witness_close(w);

    w = open_witness(NULL);
    assert_ok(witness_watch(w, &t.key.verifier, &err));
    tree_ask(&body, &t, 4, 8);
    body.data[4] = '0'; /* old 0, and a proof */
    assert_int_equal(offer(w, &lines, xg_buf_bytes(&body)).http_status, 422);
    /* An empty tree: of the root of nothing, and of another. */
    assert_int_equal(offer_tree(w, &t, 0, 0), 200);
    xg_buf_reset(&body);
    xg_buf_reset(&lines);
    xg_buf_text(&lines,
                OTHER "\n0\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n");
    xg_buf_text(&body, "old 0\n\n");
    xg_note_sign(&body, xg_buf_bytes(&lines), &t.key);
    assert_int_equal(offer(w, &lines, xg_buf_bytes(&body)).http_status, 422);
    xg_buf_clear(&body);
    xg_buf_clear(&lines);
    witness_close(w);
}

static void what_is_watched(void **state)
{
    struct witness *w = open_witness(NULL);
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_signer own = key_of(ORIGIN, XG_SIG_ED25519, 1);
    struct xg_signer changed = key_of(OTHER, XG_SIG_ED25519, 8);
    struct xg_signer cosigner = key_of("c", XG_SIG_COSIGNATURE, 8);
    struct witness_log *logs;
    struct tree t;
    size_t count;

    (void)state;
    tree_make(&t, OTHER, 0);
    assert_ok(witness_list(w, &arena, &logs, &count, &err));
    assert_int_equal(count, 0);
    assert_status(witness_watch(w, &own.verifier, &err), XG_REFUSED);
    assert_status(witness_watch(w, &cosigner.verifier, &err), XG_REFUSED);
    assert_status(witness_unwatch(w, OTHER, &err), XG_NOTFOUND);
    assert_ok(witness_watch(w, &t.key.verifier, &err));
    assert_ok(witness_watch(w, &t.key.verifier, &err)); /* again: nothing */
    assert_status(witness_watch(w, &changed.verifier, &err), XG_REFUSED);
    assert_int_equal(offer_tree(w, &t, 0, 5), 200);
    assert_ok(witness_unwatch(w, OTHER, &err));
    assert_status(witness_unwatch(w, OTHER, &err), XG_NOTFOUND);
    assert_int_equal(offer_tree(w, &t, 5, 6), 404);
    /* Watched anew, it goes on from what it cosigned: nothing was forgotten. */
    assert_ok(witness_watch(w, &t.key.verifier, &err));
    assert_int_equal(offer_tree(w, &t, 0, 6), 409);
    assert_int_equal(offer_tree(w, &t, 5, 6), 200);
    assert_ok(witness_list(w, &arena, &logs, &count, &err));
    assert_int_equal(count, 1);
    assert_string_equal(logs[0].origin, OTHER);
    assert_int_equal(logs[0].size, 6);
    assert_true(logs[0].watched);
    xg_arena_clear(&arena);
    witness_close(w);
}

/* ---- its memory ---- */

static void in_folder(char path[static 600], const char *dir, const char *name)
{
    snprintf(path, 600, "%s/%s", dir, name);
}

static void a_witness_does_not_forget(void **state)
{
    char dir[TEST_FOLDER_SIZE], key[600], db[600], away[600];
    struct witness *w;
    struct xg_verifier before, after;
    struct tree t;

    (void)state;
    tree_make(&t, OTHER, 0);
    test_folder_make(dir, "witness");
    in_folder(key, dir, "witness.key");
    in_folder(db, dir, "witness.db");
    in_folder(away, dir, "away");
    w = open_witness(dir);
    assert_int_equal(offer_tree(w, &t, 0, 5), 404);
    assert_false(xg_os_exists(key)); /* nothing is made unasked */
    assert_ok(witness_watch(w, &t.key.verifier, &err));
    assert_ok(witness_key(w, &before, &err));
    assert_int_equal(offer_tree(w, &t, 0, 5), 200);
    witness_close(w);

    w = open_witness(dir); /* another process, later */
    assert_int_equal(offer_tree(w, &t, 0, 5), 409);
    assert_int_equal(offer_tree(w, &t, 5, 9), 200);
    assert_ok(witness_key(w, &after, &err));
    assert_memory_equal(&before, &after, sizeof before);
    witness_close(w);

    /* Its memory is gone: the key signs nothing any more. */
    struct witness_answer a;
    struct xg_buf body = XG_BUF(8192), lines = XG_BUF(8192);
    assert_int_equal(rename(db, away), 0);
    w = open_witness(dir);
    tree_ask(&body, &t, 0, 5);
    assert_status(
        witness_add_checkpoint(w, &a, &lines, xg_buf_bytes(&body), 1, &err),
        XG_REFUSED);
    assert_int_equal(lines.len, 0);
    assert_status(witness_key(w, &after, &err), XG_REFUSED);
    witness_close(w);
    assert_int_equal(rename(away, db), 0);

    /* Its key is gone, or is another one: likewise. */
    assert_int_equal(rename(key, away), 0);
    w = open_witness(dir);
    assert_status(witness_key(w, &after, &err), XG_REFUSED);
    assert_false(xg_os_exists(key));
    witness_close(w);
    assert_int_equal(rename(away, key), 0);
    w = open_witness(dir);
    assert_int_equal(offer_tree(w, &t, 9, 12), 200);
    witness_close(w);
    xg_buf_clear(&body);
    xg_buf_clear(&lines);
    test_folder_remove(dir);
}

/* Many ask at once: what was cosigned is one line of sizes, none twice. */
struct asker {
    struct witness *w;
    struct tree *t;
    uint64_t step;
    size_t count;
    uint64_t from[TREE_MAX], to[TREE_MAX];
};

static void *ask_on(void *ctx)
{
    struct asker *a = ctx;
    struct xg_error own = XG_ERROR_NONE;
    uint64_t old = 0;

    while (old + a->step <= TREE_MAX) {
        struct xg_buf body = XG_BUF(8192), lines = XG_BUF(8192);
        struct witness_answer said = {.http_status = 0};
        tree_ask(&body, a->t, old, old + a->step);
        if (witness_add_checkpoint(a->w, &said, &lines, xg_buf_bytes(&body), 7,
                                   &own) == XG_OK &&
            said.http_status == 200) {
            a->from[a->count] = old;
            a->to[a->count++] = old += a->step;
        } else {
            old = said.http_status == 409 ? said.size : TREE_MAX + 1;
        }
        xg_buf_clear(&body);
        xg_buf_clear(&lines);
    }
    return NULL;
}

static void one_line_of_sizes(void **state)
{
    enum { ASKERS = 8 };
    struct witness *w = open_witness(NULL);
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    uint8_t begun[TREE_MAX + 1] = {0};
    uint64_t at = 0, reached = 0;
    struct tree t;

    (void)state;
    tree_make(&t, OTHER, 0);
    assert_ok(witness_watch(w, &t.key.verifier, &err));
    for (size_t i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.w = w, .t = &t, .step = 1 + i % 3};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &askers[i]),
                         0);
    }
    for (size_t i = 0; i < ASKERS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < ASKERS; i++)
        for (size_t j = 0; j < askers[i].count; j++) {
            assert_int_equal(begun[askers[i].from[j]], 0); /* not twice */
            begun[askers[i].from[j]] =
                (uint8_t)(askers[i].to[j] - askers[i].from[j]);
            reached = askers[i].to[j] > reached ? askers[i].to[j] : reached;
        }
    while (begun[at]) /* no gap */
        at += begun[at];
    assert_int_equal(at, reached);
    assert_true(reached > TREE_MAX - 3);
    witness_close(w);
}

/* ---- our log, before its witnesses ---- */

static void set_policy(struct office *o, const char *rest)
{
    struct xg_buf text = XG_BUF(XG_POLICY_MAX);

    for (uint8_t i = 1; i <= 3; i++) {
        char name[8], key[XG_VKEY_SIZE];
        snprintf(name, sizeof name, "w%u", i);
        struct xg_signer s = key_of(name, XG_SIG_COSIGNATURE, i);
        xg_verifier_print(key, &s.verifier);
        xg_buf_format(&text, "witness %s %s\n", name, key);
    }
    xg_buf_text(&text, rest);
    assert_ok(witness_policy_set(o->d, xg_buf_bytes(&text), &err));
    xg_buf_clear(&text);
}

/* The published checkpoint, cosigned by these at these times; reached? */
static bool cosign_published(struct office *o, const char *by,
                             const uint64_t *times)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_policy *p = xg_arena_alloc(&arena, sizeof *p);
    struct xg_buf published = XG_BUF(XG_NOTE_MAX), lines = XG_BUF(XG_NOTE_MAX);
    struct xg_checkpoint c;
    struct xg_note note;
    struct xg_bytes text;
    struct store *s;
    bool reached;

    assert_ok(ledger_published(o->d->ledger, &c, &published, &err));
    assert_ok(xg_note_parse(&note, published.data, published.len, &err));
    for (size_t i = 0; by[i]; i++) {
        char name[8];
        snprintf(name, sizeof name, "w%c", by[i]);
        struct xg_signer k =
            key_of(name, XG_SIG_COSIGNATURE, (uint8_t)(by[i] - '0'));
        xg_note_signature_line(&lines, note.text, &k, times[i]);
    }
    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(witness_policy_get(p, &text, s, &arena, &err));
    data_return(o->d, s);
    assert_ok(witness_cosigned_put(o->d, &reached, p, xg_buf_bytes(&published),
                                   xg_buf_bytes(&lines), &err));
    xg_buf_clear(&published);
    xg_buf_clear(&lines);
    xg_arena_clear(&arena);
    return reached;
}

/* The time notes that bring a cosigned checkpoint, and how many lines the last
 * of them has. */
static size_t cosigned_notes(struct office *o, struct xg_time_note *last,
                             size_t *lines)
{
    struct xg_bytes *entries;
    struct store *s;
    size_t count, n = 0;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(s->ops->read_entries(s, &o->arena, &entries, &count, 0, 4096,
                                   64 << 20, &err));
    for (size_t i = 0; i < count; i++) {
        struct xg_note note;
        struct xg_time_note t;
        struct xg_error unsaid = XG_ERROR_NONE;
        assert_ok(xg_note_parse(&note, entries[i].at, entries[i].len, &err));
        if (xg_time_note_read(&t, note.text, &unsaid) != XG_OK || !t.cosigned)
            continue;
        n++;
        *last = t;
        *lines = 0;
        for (size_t j = 0; j < t.lines.len; j++)
            *lines += t.lines.at[j] == '\n';
    }
    data_return(o->d, s);
    return n;
}

#define TWO_OF_THREE "group g 2 w1 w2 w3\nquorum g\n"

static void a_quorum_is_told_once(void **state)
{
    const uint64_t times[] = {1780000100, 1780000050, 1780000070};
    struct office o;
    struct xg_time_note t;
    size_t lines;
    uint64_t size;

    (void)state;
    office_open(&o, NULL);
    set_policy(&o, TWO_OF_THREE);
    office_report(&o, "010101");
    assert_false(cosign_published(&o, "1", times));
    office_report(&o, "010101");
    assert_int_equal(cosigned_notes(&o, &t, &lines), 0);
    assert_true(cosign_published(&o, "123", times));
    size = office_log_size(&o);
    assert_int_equal(cosigned_notes(&o, &t, &lines), 0); /* in the next */
    office_report(&o, "010101");
    assert_int_equal(cosigned_notes(&o, &t, &lines), 1);
    assert_int_equal(t.size, size);
    assert_int_equal(lines, 3);
    office_report(&o, "010101");
    assert_int_equal(cosigned_notes(&o, &t, &lines), 1); /* once */
    office_check(&o);
    assert_int_equal(cosigned_notes(&o, &t, &lines), 1);
    office_close(&o);
}

/* An older one does not push out a newer one. */
static void a_late_quorum_is_passed_over(void **state)
{
    const uint64_t times[] = {1780000100, 1780000050};
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_policy *p = xg_arena_alloc(&arena, sizeof *p);
    struct xg_buf early = XG_BUF(XG_NOTE_MAX), lines = XG_BUF(XG_NOTE_MAX);
    struct xg_bytes text, kept;
    struct xg_checkpoint c, newest;
    struct xg_note note;
    struct office o;
    struct store *s;
    bool reached;

    (void)state;
    office_open(&o, NULL);
    set_policy(&o, TWO_OF_THREE);
    office_report(&o, "010101");
    assert_ok(ledger_published(o.d->ledger, &c, &early, &err));
    assert_ok(xg_note_parse(&note, early.data, early.len, &err));
    for (unsigned i = 1; i <= 2; i++) {
        char name[8];
        snprintf(name, sizeof name, "w%u", i);
        struct xg_signer k = key_of(name, XG_SIG_COSIGNATURE, (uint8_t)i);
        xg_note_signature_line(&lines, note.text, &k, 1780000000 + i);
    }
    office_report(&o, "010101");
    assert_true(cosign_published(&o, "12", times));
    assert_ok(data_borrow(o.d, &s, &err));
    assert_ok(witness_policy_get(p, &text, s, &arena, &err));
    data_return(o.d, s);
    assert_ok(witness_cosigned_put(o.d, &reached, p, xg_buf_bytes(&early),
                                   xg_buf_bytes(&lines), &err));
    assert_true(reached);
    assert_ok(data_borrow(o.d, &s, &err));
    assert_ok(witness_cosigned_get(&kept, s, &arena, &err));
    data_return(o.d, s);
    assert_ok(xg_checkpoint_open(&newest, kept.at, kept.len, &o.d->log.verifier,
                                 &err));
    assert_int_equal(newest.size, office_log_size(&o));
    /* A line that does not hold is refused, and nothing changes. */
    lines.data[lines.len - 5] ^= 1;
    assert_int_not_equal(witness_cosigned_put(o.d, &reached, p,
                                              xg_buf_bytes(&early),
                                              xg_buf_bytes(&lines), &err),
                         XG_OK);
    xg_buf_clear(&early);
    xg_buf_clear(&lines);
    xg_arena_clear(&arena);
    office_close(&o);
}

/* The checkpoint that goes out carries what the policy asks for, no more, and
 * only where it is of that very checkpoint. */
static void receipts_carry_what_is_asked_for(void **state)
{
    const uint64_t times[] = {1780000100, 1780000050, 1780000070};
    struct office o;
    struct api_view v;
    struct xg_note note;
    struct xg_buf receipt = XG_BUF(8192);

    (void)state;
    office_open(&o, NULL);
    set_policy(&o, TWO_OF_THREE);
    office_report(&o, "010101");
    assert_true(cosign_published(&o, "123", times));
    assert_ok(api_view_of(&v, o.d, &err));
    assert_ok(xg_note_parse(&note, v.note.data, v.note.len, &err));
    assert_int_equal(note.count, 3); /* the log's, and two of three */
    assert_ok(ledger_receipt(&receipt, NULL, v.store, 1, &v.checkpoint,
                             xg_buf_bytes(&v.note), &err));
    assert_true(receipt.len < 2048);
    api_view_close(&v);
    office_report(&o, "010101");
    assert_ok(api_view_of(&v, o.d, &err));
    assert_ok(xg_note_parse(&note, v.note.data, v.note.len, &err));
    assert_int_equal(note.count, 1);
    api_view_close(&v);
    xg_buf_clear(&receipt);
    office_close(&o);
}

static void bounds_by_the_policy(void **state)
{
    const uint64_t first[] = {1780000100, 1780000050};
    const uint64_t second[] = {1780009000, 1780009900};
    struct office o;
    struct xg_bounds b;
    struct store *s;
    uint64_t anchor, position;
    bool witnessed;

    (void)state;
    office_open(&o, NULL);
    set_policy(&o, TWO_OF_THREE);
    office_report(&o, "010101");
    assert_true(cosign_published(&o, "12", first));
    office_report(&o, "010101"); /* its time note brings it */
    anchor = position = office_log_size(&o);
    o.world.wall_ms += 100000;
    office_report(&o, "010101");

    b = (struct xg_bounds){.anchor_size = anchor, .position = position};
    assert_ok(data_borrow(o.d, &s, &err));
    assert_ok(witness_bounds(&b, s, o.d->ledger, &err));
    data_return(o.d, s);
    assert_int_equal(xg_bounds_low(&b, &witnessed), 1780000050000);
    assert_true(witnessed);
    assert_true(xg_bounds_high(&b, &witnessed) >= 1780000100000);
    assert_false(witnessed); /* nobody saw it yet but the server */

    assert_true(cosign_published(&o, "23", second));
    assert_ok(data_borrow(o.d, &s, &err));
    assert_ok(witness_bounds(&b, s, o.d->ledger, &err));
    data_return(o.d, s);
    assert_int_equal(xg_bounds_high(&b, &witnessed), 1780009900999);
    assert_true(witnessed);
    /* And the same once a time note brought it; nothing before any anchor. */
    office_report(&o, "010101");
    b.anchor_size = 0;
    assert_ok(data_borrow(o.d, &s, &err));
    assert_ok(witness_bounds(&b, s, o.d->ledger, &err));
    data_return(o.d, s);
    assert_int_equal(xg_bounds_high(&b, &witnessed), 1780009900999);
    assert_int_equal(xg_bounds_low(&b, &witnessed), 0);
    office_close(&o);
}

static void policies_of_another_log(void **state)
{
    struct office o;
    char text[512], key[XG_VKEY_SIZE];
    struct xg_signer s = key_of(ORIGIN, XG_SIG_ED25519, 3);

    (void)state;
    office_open(&o, NULL);
    xg_verifier_print(key, &s.verifier); /* our name, not our key */
    snprintf(text, sizeof text, "log %s\nquorum none\n", key);
    assert_status(witness_policy_set(o.d, xg_bytes_of(text), &err), XG_REFUSED);
    assert_status(witness_policy_set(o.d, xg_bytes_of("quorum w\n"), &err),
                  XG_FORMAT);
    xg_verifier_print(key, &o.d->log.verifier);
    snprintf(text, sizeof text, "log %s\nquorum none\n", key);
    assert_ok(witness_policy_set(o.d, xg_bytes_of(text), &err));
    assert_ok(witness_policy_set(o.d, xg_bytes(NULL, 0), &err));
    office_report(&o, "010101");
    office_check(&o);
    office_close(&o);
}

/* ---- asking: what a witness may answer ---- */

/* A program that says this in place of xunge-witness. */
static void make_program(char path[static 600], const char *dir,
                         const char *script_text)
{
    snprintf(path, 600, "%s/says", dir);
    assert_ok(xg_os_replace(path, 0700, xg_bytes_of(script_text), &err));
}

static void garbage_costs_one_voice(void **state)
{
    static const struct {
        const char *script;
        const char *why;
    } cases[] = {
        {"#!/bin/sh\nexit 4\n", ""},
        {"#!/bin/sh\necho failed Timeout was reached\nexit 4\n", "Timeout"},
        {"#!/bin/sh\necho answer\n", ""},
        {"#!/bin/sh\necho answer 200\n", "cosignature"},
        {"#!/bin/sh\necho answer 200; head -c 60000 /dev/urandom\n",
         "cosignature"},
        {"#!/bin/sh\necho answer 200; head -c 200000 /dev/zero\n", ""},
        {"#!/bin/sh\necho answer 200; echo '\xE2\x80\x94 w1 AAAAAAAA'\n",
         "cosignature"},
        {"#!/bin/sh\necho answer 404\n", "404"},
        {"#!/bin/sh\necho answer 409\necho 0\n", "again"},
        {"#!/bin/sh\necho answer 409\necho x\n", "where"},
        {"#!/bin/sh\necho answer 409\necho 99999999\n", "old copy"},
        {"#!/bin/sh\necho answer 409\ngrep -q 'old 1$' && echo 2 || echo 1\n",
         "again"},
    };
    struct witness_round *round = malloc(sizeof *round);
    struct witness_asker *a;
    char program[600], policy[512], key[XG_VKEY_SIZE];
    struct xg_signer w1 = key_of("w1", XG_SIG_COSIGNATURE, 1);
    struct office o;

    (void)state;
    office_open_files(&o);
    xg_verifier_print(key, &w1.verifier);
    snprintf(policy, sizeof policy,
             "witness a %s http://127.0.0.1:1\nquorum a\n", key);
    assert_ok(witness_policy_set(o.d, xg_bytes_of(policy), &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_program(program, o.folder, cases[i].script);
        assert_ok(witness_asker_open(&a, o.d, program, &err));
        assert_ok(witness_ask(a, round, &err));
        assert_true(round->policy);
        assert_false(round->reached);
        assert_int_equal(round->count, 1);
        if (round->said[0].cosigned || !*round->said[0].trouble ||
            !strstr(round->said[0].trouble, cases[i].why))
            fail_msg("case %zu: \"%s\"", i, round->said[0].trouble);
        witness_asker_close(a);
    }
    assert_ok(witness_asker_open(&a, o.d, "/nonexistent", &err));
    assert_ok(witness_ask(a, round, &err));
    assert_false(round->said[0].cosigned);
    witness_asker_close(a);
    office_check(&o);
    office_close(&o);
    free(round);
}

/* ---- devices ---- */

/* *other: it is of another history than ours. */
static void hear(struct office *o, const struct xg_signer *device,
                 uint64_t size, const struct xg_hash *root, bool *other)
{
    struct api_caller who = {.device = device->verifier,
                             .state = XG_DEVICE_ENROLLED,
                             .says = {.log = xg_bytes_of(ORIGIN),
                                      .size = size,
                                      .root = *root,
                                      .cosigned = true}};
    struct xg_checkpoint c = {.origin = ORIGIN, .size = size, .root = *root};
    struct witness_heard said, forged;
    struct api_view v;

    assert_ok(xg_device_cosign(who.says.cosignature, &c, device, &err));
    assert_ok(api_view_of(&v, o->d, &err));
    witness_hear(&said, &v, &who);
    who.says.cosignature[20] ^= 1;
    witness_hear(&forged, &v, &who);
    api_view_close(&v);
    assert_false(forged.new);
    *other = !said.row.ours;
    witness_keep(o->d, &said);
}

static size_t heard(struct office *o, struct store_cosignature *first,
                    bool ours)
{
    struct store_cosignature *rows;
    struct store *s;
    size_t count;

    assert_ok(data_borrow(o->d, &s, &err));
    assert_ok(s->ops->read_cosignatures(s, &o->arena, &rows, &count, ours, NULL,
                                        &err));
    data_return(o->d, s);
    if (count)
        *first = rows[0];
    return count;
}

static void devices_are_heard(void **state)
{
    struct xg_signer one = key_of(ORIGIN "/d/0001", XG_SIG_ED25519, 41);
    struct xg_signer two = key_of(ORIGIN "/d/0002", XG_SIG_ED25519, 42);
    struct store_cosignature row;
    struct xg_checkpoint first, second;
    struct xg_hash wrong;
    struct office o;
    struct witness_signed kept;
    struct xg_buf frames = XG_BUF(1 << 20);
    bool other;

    (void)state;
    office_open(&o, NULL);
    assert_ok(ledger_published(o.d->ledger, &first, NULL, &err));
    office_report(&o, "010101");
    assert_ok(ledger_published(o.d->ledger, &second, NULL, &err));
    hear(&o, &one, second.size, &second.root, &other);
    assert_false(other);
    hear(&o, &one, first.size, &first.root, &other); /* older: passed over */
    hear(&o, &two, first.size, &first.root, &other);
    assert_int_equal(heard(&o, &row, true), 2);
    assert_int_equal(row.size, second.size);
    assert_string_equal(row.device, ORIGIN "/d/0001");
    assert_int_equal(heard(&o, &row, false), 0);

    /* Another history, and one beyond ours: kept, the first of each device. */
    wrong = second.root;
    wrong.b[3] ^= 1;
    hear(&o, &two, second.size, &wrong, &other);
    assert_true(other);
    hear(&o, &two, second.size + 9, &second.root, &other);
    assert_true(other);
    assert_int_equal(heard(&o, &row, false), 1);
    assert_int_equal(row.size, second.size);
    assert_true(xg_hash_equal(&row.root, &wrong));

    witness_signed_init(&kept);
    assert_ok(witness_put_devices(&frames, o.d, &kept, &o.arena, &err));
    struct xg_bytes rest = xg_buf_bytes(&frames), frame;
    uint64_t sizes[2] = {second.size, first.size};
    for (size_t i = 0; i < 2; i++) {
        struct xg_checkpoint c;
        struct xg_note note;
        assert_true(xg_frame_next(&rest, &frame));
        assert_ok(xg_checkpoint_open(&c, frame.at, frame.len,
                                     &o.d->log.verifier, &err));
        assert_int_equal(c.size, sizes[i]);
        assert_ok(xg_note_parse(&note, frame.at, frame.len, &err));
        assert_int_equal(note.count, 2);
    }
    assert_int_equal(rest.len, 0);
    office_check(&o);
    witness_signed_clear(&kept);
    xg_buf_clear(&frames);
    office_close(&o);
}

/* ---- what devices said, for anybody ---- */

static atomic_ulong signatures;

/* Stands before libsodium's. */
int crypto_sign_detached(unsigned char *signature, unsigned long long *length,
                         const unsigned char *text, unsigned long long text_len,
                         const unsigned char *key)
{
    atomic_fetch_add(&signatures, 1);
    return crypto_sign_ed25519_detached(signature, length, text, text_len, key);
}

struct reply {
    struct office *o;
    struct witness_signed *kept;
    struct xg_buf frames;
    bool failed;
};

static void *ask_for_devices(void *ctx)
{
    struct reply *r = ctx;
    struct xg_error why = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(16 << 20);

    xg_buf_reset(&r->frames);
    r->failed = witness_put_devices(&r->frames, r->o->d, r->kept, &arena,
                                    &why) != XG_OK;
    xg_arena_clear(&arena);
    return NULL;
}

/* How many signatures an answer took. */
static unsigned long signed_for(struct reply *r)
{
    unsigned long before = atomic_load(&signatures);

    ask_for_devices(r);
    assert_false(r->failed);
    return atomic_load(&signatures) - before;
}

/* As if it had said so in a hello. */
static void holds(struct office *o, unsigned device,
                  const struct xg_signer *key)
{
    struct xg_checkpoint c;
    bool other;

    struct xg_signer its = *key;
    snprintf(its.verifier.name, sizeof its.verifier.name, ORIGIN "/d/%04u",
             device);
    assert_ok(ledger_published(o->d->ledger, &c, NULL, &err));
    hear(o, &its, c.size, &c.root, &other);
    assert_false(other);
}

static size_t notes_of(const struct reply *r, const struct office *o)
{
    struct xg_bytes rest = xg_buf_bytes(&r->frames), frame;
    struct xg_checkpoint c;
    size_t count = 0;

    for (; xg_frame_next(&rest, &frame); count++)
        assert_ok(xg_checkpoint_open(&c, frame.at, frame.len,
                                     &o->d->log.verifier, &err));
    assert_int_equal(rest.len, 0);
    return count;
}

/* Each checkpoint that a device holds is signed for the first who asks, and for
 * nobody after him, however many ask at once; what no device holds any more is
 * not kept. */
static void what_devices_hold_is_signed_once(void **state)
{
    enum { SIZES = 40, CROWD = 6 };
    struct xg_signer key = key_of(ORIGIN "/d/0", XG_SIG_ED25519, 41);
    struct witness_signed kept;
    struct reply r = {.kept = &kept, .frames = XG_BUF(1 << 20)};
    struct reply crowd[CROWD];
    pthread_t threads[CROWD];
    struct office o;

    (void)state;
    office_open_files(&o); /* several threads ask */
    r.o = &o;
    witness_signed_init(&kept);
    assert_int_equal(signed_for(&r), 0); /* nobody holds anything */
    for (unsigned i = 0; i < SIZES; i++) {
        office_report(&o, "010101");
        holds(&o, i, &key);
    }
    /* More of one size than a note has lines. */
    for (unsigned i = 0; i < WITNESS_LINES_MAX + 7; i++)
        holds(&o, 1000 + i, &key);

    unsigned long before = atomic_load(&signatures);
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = r;
        crowd[i].frames = XG_BUF(1 << 20);
        assert_int_equal(
            pthread_create(&threads[i], NULL, ask_for_devices, &crowd[i]), 0);
    }
    for (size_t i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&signatures) - before, SIZES);
    assert_int_equal(signed_for(&r), 0);
    assert_int_equal(notes_of(&r, &o), SIZES + 1);
    for (size_t i = 0; i < CROWD; i++) {
        assert_false(crowd[i].failed);
        assert_int_equal(crowd[i].frames.len, r.frames.len);
        assert_memory_equal(crowd[i].frames.data, r.frames.data, r.frames.len);
        xg_buf_clear(&crowd[i].frames);
    }

    /* One goes on; the others' are as they were, and its old one is gone. */
    office_report(&o, "010101");
    holds(&o, 3, &key);
    assert_int_equal(signed_for(&r), 1);
    assert_int_equal(notes_of(&r, &o), SIZES + 1);
    assert_int_equal(kept.count, SIZES);
    for (unsigned i = 0; i < SIZES; i++)
        holds(&o, i, &key);
    assert_int_equal(signed_for(&r), 0);
    assert_int_equal(notes_of(&r, &o), 3);
    assert_int_equal(kept.count, 2);
    witness_signed_clear(&kept);
    xg_buf_clear(&r.frames);
    office_close(&o);
}

/* A time would make a handheld a clock: it is refused. */
static void no_device_states_a_time(void **state)
{
    struct xg_signer device = key_of(ORIGIN "/d/1", XG_SIG_ED25519, 41);
    struct xg_signer cosigner = key_of(ORIGIN "/d/1", XG_SIG_COSIGNATURE, 41);
    struct xg_checkpoint c = {.origin = ORIGIN, .size = 3};
    struct xg_buf text = XG_BUF(4096), line = XG_BUF(4096);
    uint8_t blob[XG_COSIGNED_SIZE];

    (void)state;
    assert_ok(xg_device_cosign(blob, &c, &device, &err));
    assert_ok(xg_device_cosigned(blob, &c, &device.verifier, &err));
    c.size = 4;
    assert_status(xg_device_cosigned(blob, &c, &device.verifier, &err),
                  XG_AUTH);
    c.size = 3;
    xg_checkpoint_text(&text, &c);
    for (uint64_t time_s = 0; time_s < 2; time_s++) {
        xg_buf_reset(&line);
        xg_note_signature_line(&line, xg_buf_bytes(&text), &cosigner, time_s);
        const char *word = strrchr(xg_buf_str(&line), ' ') + 1;
        assert_true(
            xg_unbase64_exact(blob, sizeof blob, word, strlen(word) - 1));
        assert_status(xg_device_cosigned(blob, &c, &device.verifier, &err),
                      time_s ? XG_AUTH : XG_OK);
    }
    xg_buf_clear(&text);
    xg_buf_clear(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(script_of_the_specification),
        cmocka_unit_test(every_refusal),
        cmocka_unit_test(what_is_watched),
        cmocka_unit_test(a_witness_does_not_forget),
        cmocka_unit_test(one_line_of_sizes),
        cmocka_unit_test(a_quorum_is_told_once),
        cmocka_unit_test(a_late_quorum_is_passed_over),
        cmocka_unit_test(receipts_carry_what_is_asked_for),
        cmocka_unit_test(bounds_by_the_policy),
        cmocka_unit_test(policies_of_another_log),
        cmocka_unit_test(garbage_costs_one_voice),
        cmocka_unit_test(devices_are_heard),
        cmocka_unit_test(what_devices_hold_is_signed_once),
        cmocka_unit_test(no_device_states_a_time),
    };

    if (xg_base_init() != 0)
        return 1;
    xg_lang_init("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
