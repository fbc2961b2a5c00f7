/* test_audit.c - a log walked by somebody who trusts nobody: an honest one, and
 * one whose server, having its own key, changed something. */
#include "tests/lib/test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/audit/audit.h"
#include "shared/base/os.h"
#include "shared/core/successor.h"
#include "tests/lib/office.h"

enum { ENTRIES_MAX = 2048, CODES_MAX = 512 };

/* A log in memory, to be changed at will, and signed again. */
struct copy {
    struct xg_arena arena;
    const struct xg_signer *log;
    struct xg_audit_source folder;
    struct xg_bytes notes[ENTRIES_MAX];
    struct xg_hash ids[ENTRIES_MAX]; /* of batches, by their first place */
    size_t taken;
    size_t count, shown; /* shown: up to there the checkpoint goes */
    uint64_t lost;       /* the batch at this position is gone */
    struct xg_bytes other_batch; /* in place of the one there */
    uint64_t other_at;
    struct xg_buf cosigned;
    bool hide_batches;
    size_t grows; /* entries, once the checkpoint was read */
};

static enum xg_status copy_checkpoint(void *ctx, struct xg_buf *note,
                                      struct xg_error *err)
{
    struct copy *c = ctx;
    struct xg_checkpoint point = {.size = c->shown};
    struct xg_buf text = XG_BUF(4096);
    struct xg_tree tree;

    xg_tree_init(&tree);
    for (size_t i = 0; i < c->shown; i++) {
        struct xg_hash leaf;
        xg_tlog_leaf(&leaf, c->notes[i].at, c->notes[i].len);
        xg_tree_append(&tree, &leaf, NULL, NULL);
    }
    xg_tree_root(&point.root, &tree);
    snprintf(point.origin, sizeof point.origin, "%s", c->log->verifier.name);
    xg_checkpoint_text(&text, &point);
    xg_note_sign(note, xg_buf_bytes(&text), c->log);
    xg_buf_clear(&text);
    c->shown += c->grows;
    c->grows = 0;
    return xg_buf_check(note, err);
}

static enum xg_status copy_cosigned(void *ctx, struct xg_buf *frames,
                                    struct xg_error *err)
{
    struct copy *c = ctx;

    xg_buf_append(frames, c->cosigned.data, c->cosigned.len);
    return c->cosigned.len ? xg_buf_check(frames, err) : XG_NOTFOUND;
}

static enum xg_status copy_entries(void *ctx, const struct xg_bytes **notes,
                                   size_t *count, uint64_t first,
                                   struct xg_error *err)
{
    struct copy *c = ctx;

    (void)err;
    *notes = c->notes + first;
    *count = first < c->count ? c->count - (size_t)first : 0;
    if (*count > 3)
        *count = 3;
    return *count ? XG_OK : XG_NOTFOUND;
}

static enum xg_status copy_batch(void *ctx, struct xg_bytes *framed,
                                 uint64_t position, const struct xg_hash *id,
                                 struct xg_error *err)
{
    struct copy *c = ctx;

    if (c->hide_batches)
        return XG_NOTFOUND;
    if (position == c->lost)
        return xg_fail(err, XG_GAP, "lost");
    if (position == c->other_at && c->other_batch.len) {
        *framed = c->other_batch;
        return XG_OK;
    }
    for (size_t i = 0; i < c->taken; i++)
        if (xg_hash_equal(&c->ids[i], id))
            return c->folder.batch(c->folder.ctx, framed, i, id, err);
    return xg_fail(err, XG_GAP, "never there");
}

static enum xg_status copy_file(void *ctx, enum xg_audit_file kind,
                                uint64_t position, const struct xg_hash *sha256,
                                void (*take)(void *to, struct xg_bytes piece),
                                void *to, struct xg_error *err)
{
    struct copy *c = ctx;

    return c->folder.file(c->folder.ctx, kind, position, sha256, take, to, err);
}

static struct xg_audit_source source_of(struct copy *c)
{
    return (struct xg_audit_source){.ctx = c,
                                    .what = "memory",
                                    .checkpoint = copy_checkpoint,
                                    .cosigned = copy_cosigned,
                                    .entries = copy_entries,
                                    .batch = copy_batch,
                                    .file = copy_file};
}

/* ---- a little world ---- */

struct world {
    struct office o;
    struct copy c;
    struct test_device *devices[4];
    size_t device_count;
    struct xg_audit_result a;
    struct xg_audit_options options;
    char codes[CODES_MAX][24];
    enum xg_gravity gravities[CODES_MAX];
    size_t code_count, bad_texts;
    const char *state;
};

static struct test_device *enrol(struct world *w, const char *worker)
{
    struct xg_error err = XG_ERROR_NONE;
    char name[XG_KEY_NAME_MAX + 1];
    struct test_device *d = test_device_new(
        &w->o.arena, &w->o.world, "x", data_origin(w->o.d),
        registry_registrar_key(w->o.d->registry));

    assert_ok(registry_enrol(w->o.d->registry, name, d->signer.verifier.key,
                             worker, &err));
    assert_ok(xg_verifier_init(&d->signer.verifier, name, XG_SIG_ED25519,
                               d->signer.verifier.key, &err));
    w->devices[w->device_count++] = d;
    return d;
}

static enum xg_batch_state push(struct world *w, const struct test_device *d,
                                uint64_t first, size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX);
    struct ingest_result result;

    test_seal(&framed, d, first, count);
    assert_ok(ingest_put(w->o.d->ingest, &result, framed.data, framed.len,
                         &err));
    xg_buf_clear(&framed);
    return result.state;
}

/* What the device verified last, as the first record after a sync. */
static void anchor(struct world *w, struct test_device *d)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);
    struct xg_checkpoint c;
    struct xg_draft draft;

    assert_ok(ledger_published(w->o.d->ledger, &c, NULL, &err));
    xg_draft_init(&draft, d->arena, XG_KIND_ANCHOR);
    test_text(&draft, XG_ANCHOR_ORIGIN, c.origin);
    test_uint(&draft, XG_ANCHOR_SIZE, c.size);
    xg_cbor_put_bytes(&value, c.root.b, XG_HASH_SIZE);
    assert_ok(xg_draft_set(&draft, XG_ANCHOR_ROOT, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
    draft.head.creates = true;
    test_write(d, &draft, NULL);
}

static void day(struct world *w)
{
    struct test_device *d = enrol(w, "wn");

    anchor(w, d);
    test_incident(d, "fire");
    push(w, d, 0, 3);
    test_incident(d, "fire");
    test_incident(d, "fire");
    push(w, d, 3, 2);
    office_report(&w->o, "fire");
}

static void take_copy(struct world *w)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint point;
    char dir[600];

    snprintf(dir, sizeof dir, "%s/data", w->o.folder);
    if (w->c.folder.close)
        w->c.folder.close(w->c.folder.ctx);
    assert_ok(xg_audit_folder(&w->c.folder, dir, &err));
    assert_ok(ledger_published(w->o.d->ledger, &point, NULL, &err));
    for (w->c.count = 0; w->c.count < point.size;) {
        const struct xg_bytes *notes;
        size_t n;
        assert_ok(w->c.folder.entries(w->c.folder.ctx, &notes, &n, w->c.count,
                                      &err));
        for (size_t i = 0; i < n; i++, w->c.count++)
            w->c.notes[w->c.count] = xg_bytes(
                xg_arena_copy(&w->c.arena, notes[i].at, notes[i].len),
                notes[i].len);
    }
    w->c.shown = w->c.taken = w->c.count;
    for (size_t i = 0; i < w->c.count; i++)
        assert_ok(xg_batch_id(&w->c.ids[i], w->c.notes[i], &err));
}

static void open_world(struct world *w)
{
    memset(w, 0, sizeof *w);
    office_open_files(&w->o);
    w->c.arena = XG_ARENA(64 << 20);
    w->c.cosigned = XG_BUF(1 << 20);
    w->c.log = &w->o.d->log;
    w->c.lost = UINT64_MAX;
}

static void close_world(struct world *w)
{
    if (w->c.folder.close)
        w->c.folder.close(w->c.folder.ctx);
    for (size_t i = 0; i < w->device_count; i++)
        test_device_free(w->devices[i]);
    xg_arena_clear(&w->c.arena);
    xg_buf_clear(&w->c.cosigned);
    office_close(&w->o);
}

static void found(void *ctx, const struct xg_finding *f)
{
    struct world *w = ctx;
    struct xg_bytes text = xg_bytes_of(f->text);

    w->bad_texts += !xg_utf8_valid(text.at, text.len) ||
                    strstr(f->text, "\u202E") || strstr(f->text, "\xC2\x9B") ||
                    strstr(f->text, "\u2066");
    if (w->code_count == CODES_MAX)
        return;
    w->gravities[w->code_count] = f->gravity;
    snprintf(w->codes[w->code_count++], sizeof w->codes[0], "%s", f->code);
}

static enum xg_status walk(struct world *w, struct xg_error *err)
{
    struct xg_audit_source source = source_of(&w->c);
    struct xg_audit_options o = {.log = w->c.log->verifier,
                                 .has_registrar = true,
                                 .policy = w->options.policy,
                                 .state = w->state,
                                 .found = found,
                                 .ctx = w};

    w->code_count = w->bad_texts = 0;
    memcpy(o.registrar, registry_registrar_key(w->o.d->registry),
           sizeof o.registrar);
    return xg_audit_walk(&w->a, &source, &o, err);
}

static bool says(const struct world *w, const char *code,
                 enum xg_gravity gravity)
{
    for (size_t i = 0; i < w->code_count; i++)
        if (strcmp(w->codes[i], code) == 0 && w->gravities[i] == gravity)
            return true;
    return false;
}

static void expect(struct world *w, const char *code, enum xg_gravity gravity)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(walk(w, &err));
    if (!says(w, code, gravity))
        fail_msg("no finding %s; %zu others, the first %s", code,
                 w->code_count, w->code_count ? w->codes[0] : "-");
}

static void expect_broken(struct world *w, const char *code)
{
    expect(w, code, XG_GRAVITY_BROKEN);
    assert_true(w->a.counts.broken > 0);
}

static bool begins(struct xg_bytes note, const char *line)
{
    return note.len > strlen(line) && memcmp(note.at, line, strlen(line)) == 0;
}

/* The n-th entry that begins so. */
static size_t entry(const struct world *w, const char *line, size_t n)
{
    for (size_t i = 0; i < w->c.count; i++)
        if (begins(w->c.notes[i], line) && n-- == 0)
            return i;
    fail_msg("no entry %s", line);
    return 0;
}

static void drop(struct world *w, size_t at, size_t n)
{
    memmove(&w->c.notes[at], &w->c.notes[at + n],
            (w->c.count - at - n) * sizeof w->c.notes[0]);
    w->c.count -= n;
    w->c.shown = w->c.count;
}

static void insert(struct world *w, size_t at, struct xg_bytes note)
{
    memmove(&w->c.notes[at + 1], &w->c.notes[at],
            (w->c.count - at) * sizeof w->c.notes[0]);
    w->c.notes[at] = note;
    w->c.shown = ++w->c.count;
}

static struct xg_bytes sign(struct world *w, const char *text,
                            const struct xg_signer *by)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);

    xg_note_sign(&note, xg_bytes_of(text), by);
    struct xg_bytes out = xg_bytes(
        xg_arena_copy(&w->c.arena, note.data, note.len), note.len);
    xg_buf_clear(&note);
    return out;
}

/* ---- honest ---- */

static void test_honest(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    day(&w);
    take_copy(&w);
    assert_ok(walk(&w, &err));
    assert_int_equal(w.code_count, 0);
    assert_int_equal(w.a.counts.broken, 0);
    assert_int_equal(w.a.counts.entries, office_log_size(&w.o));
    assert_int_equal(w.a.counts.records, 5 + 2);
    assert_int_equal(w.a.counts.proven, 3);
    assert_int_equal(w.a.counts.asserted, 1);
    assert_int_equal(w.a.counts.chains, 2);
    assert_true(w.a.unchecked & XG_UNCHECKED_POLICY);
    assert_false(w.a.unchecked & XG_UNCHECKED_REGISTRAR);
    close_world(&w);
}

static void test_waiting_forked_quarantined(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    struct test_device *d = enrol(&w, "wn");
    for (int i = 0; i < 6; i++)
        test_incident(d, "fire");
    struct test_device *twin = w.devices[w.device_count++] =
        test_device_clone(d);
    push(&w, d, 0, 2);
    assert_int_equal(push(&w, d, 4, 3), XG_BATCH_WAITING);
    take_copy(&w);
    expect(&w, "gap", XG_GRAVITY_DOUBT);
    assert_int_equal(w.a.counts.waiting, 1);
    assert_int_equal(w.a.counts.broken, 0);
    push(&w, d, 2, 2);
    take_copy(&w);
    assert_ok(walk(&w, &err));
    assert_int_equal(w.code_count, 0);
    assert_int_equal(w.a.counts.records, 7);
    /* The twin went on from record 2 in its own way. */
    twin->count = 3;
    test_incident(twin, "noise");
    test_incident(twin, "noise");
    assert_int_equal(push(&w, twin, 3, 2), XG_BATCH_FORKED);
    take_copy(&w);
    assert_ok(walk(&w, &err));
    assert_true(says(&w, "fork", XG_GRAVITY_NOTED));
    assert_int_equal(w.a.counts.broken, 0);
    size_t note = entry(&w, "xunge/fork/v1\n", 0);
    drop(&w, note, 1);
    expect_broken(&w, "fork-unproven");
    /* Revoked: kept apart. */
    assert_ok(registry_revoke(w.o.d->registry, d->signer.verifier.name, &err));
    test_incident(d, "fire");
    assert_int_equal(push(&w, d, 7, 1), XG_BATCH_QUARANTINED);
    take_copy(&w);
    assert_ok(walk(&w, &err));
    assert_true(says(&w, "quarantined", XG_GRAVITY_NOTED));
    assert_int_equal(w.a.counts.quarantined, 1);
    assert_int_equal(w.a.counts.broken, 0);
    close_world(&w);
}

/* ---- a server that has its key, and cheats ---- */

static void test_altered_under_an_old_signature(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    day(&w);
    take_copy(&w);
    size_t at = entry(&w, "xunge/batch/v1\n", 1);
    uint8_t *bytes = xg_arena_copy(&w.c.arena, w.c.notes[at].at,
                                   w.c.notes[at].len);
    bytes[60] ^= 1;
    w.c.notes[at].at = bytes;
    assert_ok(walk(&w, &err));
    assert_true(w.a.counts.broken > 0);
    close_world(&w);
}

static void test_tampering(void **state)
{
    static const char *const what[] = {
        "drop a batch and lie about it", "hide a registry note",
        "an unknown device", "another's key", "time goes back",
        "a body of another batch", "a body that is gone",
        "a false earlier checkpoint in a registry note",
        "the end is no time note", "a photo note by somebody else",
        "a fork that proves nothing", "entries beyond what is here",
        "another successor",
    };

    (void)state;
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        struct world w;
        size_t at;
        open_world(&w);
        day(&w);
        take_copy(&w);
        switch (i) {
        case 0: /* its time note stays: the device's chain shows the gap */
            at = entry(&w, "xunge/batch/v1\n", 0);
            drop(&w, at, 1);
            expect(&w, "gap", XG_GRAVITY_DOUBT);
            break;
        case 1:
            drop(&w, entry(&w, "xunge/registry/v1\n", 1), 1);
            expect_broken(&w, "registry");
            break;
        case 2:
            drop(&w, entry(&w, "xunge/registry/v1\n", 2), 1);
            expect_broken(&w, "enrolled");
            break;
        case 3: {
            struct xg_signer thief = w.devices[0]->signer;
            struct xg_note note;
            struct xg_error err = XG_ERROR_NONE;
            uint8_t seed[32] = {3};
            at = entry(&w, "xunge/batch/v1\n", 1);
            assert_ok(xg_signer_init(&thief, thief.verifier.name,
                                     XG_SIG_ED25519, seed, &err));
            assert_ok(xg_note_parse(&note, w.c.notes[at].at,
                                    w.c.notes[at].len, &err));
            char *text = xg_arena_str(&w.c.arena, (const char *)note.text.at,
                                      note.text.len);
            w.c.notes[at] = sign(&w, text, &thief);
            expect_broken(&w, "batch");
            break;
        }
        case 4:
            insert(&w, w.c.count, sign(&w, "xunge/time/v1\ntime 5\n", w.c.log));
            expect_broken(&w, "time");
            break;
        case 5: {
            struct xg_error err = XG_ERROR_NONE;
            struct xg_bytes framed;
            struct xg_hash id = {{0}};
            w.c.other_at = entry(&w, "xunge/batch/v1\n", 1);
            assert_ok(w.c.folder.batch(w.c.folder.ctx, &framed,
                                       entry(&w, "xunge/batch/v1\n", 2), &id,
                                       &err));
            w.c.other_batch = xg_bytes(
                xg_arena_copy(&w.c.arena, framed.at, framed.len), framed.len);
            expect_broken(&w, "signature");
            break;
        }
        case 6:
            w.c.lost = entry(&w, "xunge/batch/v1\n", 1);
            expect_broken(&w, "batch-lost");
            break;
        case 7: /* an entry before it was put in later */
            insert(&w, 1, sign(&w, "xunge/time/v1\ntime 5\n", w.c.log));
            expect_broken(&w, "registry-history");
            break;
        case 8:
            insert(&w, w.c.count, sign(&w, "xunge/other/v1\n", w.c.log));
            expect_broken(&w, "time");
            assert_true(says(&w, "unknown", XG_GRAVITY_NOTED));
            break;
        case 9:
            insert(&w, w.c.count - 1,
                   sign(&w, "xunge/blobs/v1\nblob 47DEQpj8HBSa+/TImW+5JCeuQeRk"
                            "m5NMpJWZG3hSuFU= 5\n",
                        &w.devices[0]->signer));
            expect_broken(&w, "signature");
            break;
        case 10: {
            struct xg_fork f = {.chain = w.devices[0]->chain, .seq = 1};
            struct xg_buf text = XG_BUF(4096);
            f.sides[0].record = w.devices[0]->records[1]->hash;
            f.sides[0].size = f.sides[1].size = 3;
            f.sides[0].index = f.sides[1].index = 1;
            f.sides[1].record = w.devices[0]->records[2]->hash;
            xg_fork_put(&text, &f);
            insert(&w, w.c.count - 1, sign(&w, xg_buf_str(&text), w.c.log));
            xg_buf_clear(&text);
            expect_broken(&w, "fork");
            break;
        }
        case 11:
            w.c.count -= 2; /* the checkpoint still covers them */
            expect_broken(&w, "entry");
            break;
        default: { /* the log cannot name its own successor */
            struct xg_error err = XG_ERROR_NONE;
            struct xg_successor s = {.size = w.c.count - 1};
            struct xg_buf text = XG_BUF(4096);
            uint8_t key[32] = {4};
            assert_ok(xg_verifier_init(&s.log, "test.example/2", XG_SIG_ED25519,
                                       key, &err));
            snprintf(s.after, sizeof s.after, "test.example");
            xg_successor_put(&text, &s);
            insert(&w, w.c.count - 1, sign(&w, xg_buf_str(&text), w.c.log));
            xg_buf_clear(&text);
            expect_broken(&w, "signature");
            break;
        }
        }
        close_world(&w);
    }
}

static void test_two_histories(void **state)
{
    struct xg_buf note = XG_BUF(4096);
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    day(&w);
    take_copy(&w);
    /* What the device was shown: the same log, but for its last entry. */
    struct xg_bytes true_last = w.c.notes[w.c.count - 1];
    w.c.notes[w.c.count - 1] = sign(&w, "xunge/other/v1\n", w.c.log);
    assert_ok(copy_checkpoint(&w.c, &note, &err));
    w.c.notes[w.c.count - 1] = true_last;
    xg_frame_put(&w.c.cosigned, xg_buf_bytes(&note));
    expect_broken(&w, "cosigned");
    /* A longer log than is shown now was rolled back. */
    xg_buf_reset(&w.c.cosigned);
    xg_buf_reset(&note);
    assert_ok(copy_checkpoint(&w.c, &note, &err));
    xg_frame_put(&w.c.cosigned, xg_buf_bytes(&note));
    assert_ok(walk(&w, &err));
    assert_int_equal(w.a.counts.broken, 0);
    w.c.shown = w.c.count = entry(&w, "xunge/batch/v1\n", 1);
    expect_broken(&w, "cosigned");
    xg_buf_clear(&note);
    close_world(&w);
}

static void test_another_log(void **state)
{
    static const uint8_t seed[32] = {9};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_signer other;
    struct world w;

    (void)state;
    open_world(&w);
    day(&w);
    take_copy(&w);
    assert_ok(xg_signer_init(&other, w.c.log->verifier.name, XG_SIG_ED25519,
                             seed, &err));
    struct xg_audit_source source = source_of(&w.c);
    struct xg_audit_options o = {.log = other.verifier};
    assert_status(xg_audit_walk(&w.a, &source, &o, &err), XG_ALARM);
    err = XG_ERROR_NONE;
    assert_ok(xg_signer_init(&other, "else.example", XG_SIG_ED25519, seed,
                             &err));
    o.log = other.verifier;
    assert_status(xg_audit_walk(&w.a, &source, &o, &err), XG_ALARM);
    close_world(&w);
}

/* Contents that the source does not show are counted, not condemned; the
 * registrar's key, where it is not given, is learned and said so. */
static void test_less_is_said(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    day(&w);
    take_copy(&w);
    w.c.hide_batches = true;
    assert_ok(walk(&w, &err));
    assert_int_equal(w.a.counts.broken, 0);
    assert_int_equal(w.a.counts.unread_batches, w.a.counts.batches);
    assert_true(w.a.unchecked & XG_UNCHECKED_BATCHES);
    w.c.hide_batches = false;
    struct xg_audit_source source = source_of(&w.c);
    struct xg_audit_options o = {.log = w.c.log->verifier};
    assert_ok(xg_audit_walk(&w.a, &source, &o, &err));
    assert_int_equal(w.a.counts.broken, 0);
    assert_true(w.a.unchecked & XG_UNCHECKED_REGISTRAR);
    close_world(&w);
}

/* ---- from a bundle ---- */

static void same_counts(const struct xg_audit_counts *a,
                        const struct xg_audit_counts *b)
{
    assert_memory_equal(a, b, sizeof *a);
}

/* Without a sync: these files are damaged many times. */
static void put_file(const char *path, const uint8_t *data, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
}

static void test_bundle(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_audit_source folder, bundle;
    struct xg_audit_written written;
    struct xg_audit_counts before;
    char dir[600], path[600];
    struct xg_buf raw = XG_BUF(16 << 20);
    struct world w;

    (void)state;
    open_world(&w);
    day(&w);
    for (int i = 0; i < 150; i++) /* more than one tile */
        office_report(&w.o, "fire");
    office_import(&w.o, "calendar", "2026", "{\"2026-01-01\": true}");
    snprintf(dir, sizeof dir, "%s/data", w.o.folder);
    snprintf(path, sizeof path, "%s/bundle", w.o.folder);
    struct xg_audit_options o = {.log = w.o.d->log.verifier, .photos = true};
    assert_ok(xg_audit_folder(&folder, dir, &err));
    assert_ok(xg_audit_walk(&w.a, &folder, &o, &err));
    before = w.a.counts;
    assert_int_equal(before.broken, 0);
    const struct xg_bundle_target target = {.path = path, .env = &w.o.env};
    assert_ok(xg_audit_bundle_write(&written, &folder, &target, true, NULL,
                                    NULL, &err));
    folder.close(folder.ctx);
    assert_int_equal(written.batches, before.batches);
    assert_int_equal(written.files, 1);
    const struct xg_bundle_source from = {.path = path};
    assert_ok(xg_audit_bundle(&bundle, &from, &err));
    assert_ok(xg_audit_walk(&w.a, &bundle, &o, &err));
    bundle.close(bundle.ctx);
    same_counts(&before, &w.a.counts);
    /* Cut or changed anywhere: never verified, never a crash. */
    assert_ok(xg_os_read(&raw, path, &err));
    for (size_t i = 0; i < 80; i++) {
        size_t at = (size_t)test_below(&w.o.world, raw.len);
        size_t len = i % 4 == 0 ? at : raw.len;
        raw.data[at] ^= 16;
        put_file(path, raw.data, len);
        raw.data[at] ^= 16;
        memset(&w.a, 0, sizeof w.a);
        if (xg_audit_bundle(&bundle, &from, &err) == XG_OK) {
            if (xg_audit_walk(&w.a, &bundle, &o, &err) == XG_OK)
                assert_true(w.a.counts.broken || len == raw.len);
            bundle.close(bundle.ctx);
        }
        err = XG_ERROR_NONE;
    }
    xg_buf_clear(&raw);
    close_world(&w);
}

/* ---- words that are gone ---- */

static bool goes(void *ctx, const struct xg_record *record)
{
    return xg_hash_equal(ctx, &record->hash);
}

/* The batch at hand without the words of one record. */
static void strip(struct world *w, uint64_t position, const struct xg_hash *hash)
{
    struct xg_arena arena = XG_ARENA(32 << 20);
    struct xg_buf body = XG_BUF(XG_BATCH_MAX), out = XG_BUF(XG_BATCH_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash of = *hash, id = {{0}};
    struct xg_batch batch;
    struct xg_bytes framed;

    assert_ok(w->c.folder.batch(w->c.folder.ctx, &framed, position, &id, &err));
    assert_ok(xg_batch_reopen(&batch, &arena, framed.at, framed.len, &err));
    assert_ok(xg_batch_redact(&body, &batch, goes, &of, &err));
    xg_batch_frame_redacted(&out, batch.note, xg_buf_bytes(&body));
    w->c.other_batch = xg_bytes(
        xg_arena_copy(&w->c.arena, out.data, out.len), out.len);
    w->c.other_at = position;
    xg_buf_clear(&body);
    xg_buf_clear(&out);
    xg_arena_clear(&arena);
}

/* An act of the server's own device, that the record be struck out. */
static void erase(struct test_device *server, const struct xg_hash *record,
                  const struct xg_id *entity, uint64_t kind,
                  const char *author)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(256);
    struct xg_draft draft;

    xg_draft_init(&draft, server->arena, kind);
    draft.head.creates = false;
    draft.head.entity = *entity;
    draft.head.move = XG_MOVE_ERASE;
    draft.head.author = xg_bytes_of(author);
    xg_cbor_put_array(&value, 1);
    xg_cbor_put_array(&value, 3);
    xg_cbor_put_bytes(&value, record->b, XG_HASH_SIZE);
    xg_cbor_put_null(&value);
    xg_cbor_put_array(&value, 0);
    test_text(&draft, XG_FIELD_WHY, "ground");
    assert_ok(xg_draft_set(&draft, XG_FIELD_ERASED, xg_buf_bytes(&value), &err));
    test_write(server, &draft, NULL);
    xg_buf_clear(&value);
}

/* That words are gone takes the act of somebody who may erase, on that very
 * case: every fold passes over any other, so its author's own words would still
 * count where somebody has them, and here nobody would see that they are gone. */
static void test_words_taken_out(void **state)
{
    static const struct {
        const char *author;
        bool other_entity, other_kind, good;
    } cases[] = {
        {"boss", false, false, true},
        {"wn", false, false, false},
        {"nobody", false, false, false},
        {"boss", true, false, false},
        {"boss", false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        open_world(&w);
        struct test_device *d = enrol(&w, "wn");
        const struct xg_record *said = test_incident(d, "fire");
        const struct xg_record *other = test_incident(d, "noise");
        push(&w, d, 0, 3);
        struct test_device *server = w.devices[w.device_count++] =
            test_device_of(&w.o.arena, &w.o.world, &w.o.d->device,
                           data_origin(w.o.d),
                           registry_registrar_key(w.o.d->registry));
        struct xg_id entity =
            xg_record_entity(cases[i].other_entity ? other : said);
        erase(server, &said->hash, &entity,
              cases[i].other_kind ? XG_KIND_CONTACT : XG_KIND_INCIDENT,
              cases[i].author);
        assert_int_equal(push(&w, server, 0, 2), XG_BATCH_STORED);
        take_copy(&w);
        strip(&w, entry(&w, "xunge/batch/v1\n", 0), &said->hash);
        if (cases[i].good)
            expect(&w, "erased", XG_GRAVITY_NOTED);
        else
            expect_broken(&w, "erased");
        assert_int_equal(w.a.counts.broken, !cases[i].good);
        close_world(&w);
    }
}

/* ---- a server that goes on meanwhile; who counts twice ---- */

/* What comes while the log is walked is later, not another history. */
static void test_it_grows_meanwhile(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    day(&w);
    take_copy(&w);
    w.c.shown = entry(&w, "xunge/time/v1\n", 1) + 1;
    w.c.grows = w.c.count - w.c.shown;
    assert_ok(walk(&w, &err));
    assert_int_equal(w.a.counts.broken, 0);
    /* A checkpoint of more than it shows now is no meanwhile. */
    w.c.shown = w.c.count;
    w.c.grows = 0;
    struct xg_buf newest = XG_BUF(4096);
    assert_ok(copy_checkpoint(&w.c, &newest, &err));
    xg_frame_put(&w.c.cosigned, xg_buf_bytes(&newest));
    xg_buf_clear(&newest);
    w.c.shown = w.c.count = entry(&w, "xunge/time/v1\n", 1) + 1;
    expect_broken(&w, "cosigned");
    close_world(&w);
}

/* One device, however often its line is shown. */
static void test_a_witness_counts_once(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    day(&w);
    take_copy(&w);
    for (size_t i = 0; i < 3; i++) {
        uint8_t cosigned[XG_COSIGNED_SIZE];
        struct xg_buf note = XG_BUF(8192);
        struct xg_checkpoint c;
        assert_ok(copy_checkpoint(&w.c, &note, &err));
        assert_ok(xg_checkpoint_open(&c, note.data, note.len,
                                     &w.c.log->verifier, &err));
        assert_ok(xg_device_cosign(cosigned, &c, &w.devices[0]->signer, &err));
        for (size_t j = 0; j < 2; j++)
            xg_cosigned_line(&note, w.devices[0]->signer.verifier.name,
                             cosigned);
        xg_frame_put(&w.c.cosigned, xg_buf_bytes(&note));
        xg_buf_clear(&note);
    }
    assert_ok(walk(&w, &err));
    assert_int_equal(w.a.counts.broken, 0);
    assert_int_equal(w.a.device_witnesses, 1);
    close_world(&w);
}

/* ---- what a person is told ---- */

/* Text of others neither steers the terminal nor makes what is told unreadable;
 * whatever else is told, what is broken is remembered. */
static void test_what_is_told(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    char path[600];
    struct world w;

    (void)state;
    open_world(&w);
    snprintf(path, sizeof path, "%s/state", w.o.folder);
    day(&w);
    take_copy(&w);
    for (size_t i = 0; i < 300; i++)
        insert(&w, w.c.count - 1,
               sign(&w,
                    "xunge/x\u202E\xC2\x9B\u2066"
                    "巡格巡格巡格巡格巡格巡格巡格巡格\n",
                    w.c.log));
    insert(&w, w.c.count - 1, xg_bytes_of("no note"));
    w.state = path;
    assert_ok(walk(&w, &err));
    assert_int_equal(w.a.counts.broken, 1);
    assert_int_equal(w.bad_texts, 0);
    assert_ok(walk(&w, &err));
    assert_int_equal(w.a.counts.broken, 1);
    assert_true(says(&w, "note", XG_GRAVITY_BROKEN));
    close_world(&w);
}

/* ---- again from a saved state ---- */

static void test_state(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf raw = XG_BUF(16 << 20);
    char path[600];
    struct world w;

    (void)state;
    open_world(&w);
    snprintf(path, sizeof path, "%s/state", w.o.folder);
    struct test_device *d = enrol(&w, "wn");
    for (int i = 0; i < 40; i++)
        test_incident(d, "fire");
    struct test_device *twin = w.devices[w.device_count++] =
        test_device_clone(d);
    twin->count = 5;
    for (int i = 0; i < 12; i++)
        test_incident(twin, "noise");
    for (int step = 0; step < 12; step++) {
        struct xg_audit_counts full;
        const struct test_device *from = step % 3 == 2 ? twin : d;
        uint64_t first = test_below(&w.o.world, from->count - 3);
        if (step == 0)
            first = 0;
        push(&w, from, first, 1 + test_below(&w.o.world, 3));
        if (step == 9)
            push(&w, d, 0, 41);
        take_copy(&w);
        w.state = NULL;
        assert_ok(walk(&w, &err));
        full = w.a.counts;
        assert_int_equal(full.broken, 0);
        w.state = path;
        assert_ok(walk(&w, &err));
        assert_true(step == 0 || w.a.from > 0);
        same_counts(&full, &w.a.counts);
    }
    /* Damage anywhere is refused; so is the state of another log. */
    assert_ok(xg_os_read(&raw, path, &err));
    for (size_t i = 0; i < 60; i++) {
        size_t at = (size_t)test_below(&w.o.world, raw.len);
        raw.data[at] ^= 4;
        put_file(path, raw.data, raw.len);
        assert_status(walk(&w, &err), XG_CORRUPT);
        err = XG_ERROR_NONE;
        raw.data[at] ^= 4;
    }
    for (size_t cut = 0; cut < raw.len; cut += raw.len / 20) {
        put_file(path, raw.data, cut);
        assert_status(walk(&w, &err), XG_CORRUPT);
        err = XG_ERROR_NONE;
    }
    put_file(path, raw.data, raw.len);
    assert_ok(walk(&w, &err));
    struct xg_policy policy = {.quorum = -1};
    w.options.policy = &policy;
    assert_status(walk(&w, &err), XG_REFUSED);
    w.options.policy = NULL;
    err = XG_ERROR_NONE;
    /* A log that goes back behind what was audited. */
    w.c.shown = w.c.count = entry(&w, "xunge/batch/v1\n", 2);
    expect_broken(&w, "rollback");
    xg_buf_clear(&raw);
    close_world(&w);
}

/* What was changed before the saved size shows in the new root. */
static void test_state_holds_the_past(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    char path[600];
    struct world w;

    (void)state;
    open_world(&w);
    snprintf(path, sizeof path, "%s/state", w.o.folder);
    day(&w);
    take_copy(&w);
    w.state = path;
    assert_ok(walk(&w, &err));
    office_report(&w.o, "fire");
    take_copy(&w);
    struct xg_bytes kept = w.c.notes[3];
    w.c.notes[3] = sign(&w, "xunge/other/v1\n", w.c.log);
    expect_broken(&w, "tree");
    w.c.notes[3] = kept;
    assert_ok(walk(&w, &err)); /* the bad run left the state alone */
    assert_int_equal(w.a.counts.broken, 0);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_honest),
        cmocka_unit_test(test_waiting_forked_quarantined),
        cmocka_unit_test(test_altered_under_an_old_signature),
        cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_two_histories),
        cmocka_unit_test(test_another_log),
        cmocka_unit_test(test_less_is_said),
        cmocka_unit_test(test_bundle),
        cmocka_unit_test(test_words_taken_out),
        cmocka_unit_test(test_it_grows_meanwhile),
        cmocka_unit_test(test_a_witness_counts_once),
        cmocka_unit_test(test_what_is_told),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_state_holds_the_past),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
