/* note.c - every text that agent and server exchange, and every other that is
 * signed or typed. The first byte chooses the reader. What a strict reader of
 * lines takes, the writer gives again byte for byte: one meaning, one text. */
#include "tests/fuzz/fuzz_key.h"

#include <string.h>

#include "agent/handover/index.h"
#include "server/registry/request.h"
#include "shared/core/number.h"
#include "shared/core/protocol.h"
#include "shared/core/successor.h"
#include "shared/core/witness.h"

enum { PROOF = 8, RECEIPT = 14 }; /* their places among the readers */

/* Append again what was read of the text; false: it was refused. */
typedef bool reader(struct xg_buf *again, struct xg_bytes text);

/* ---- protocol.h ---- */

#define READER(name, type)                                                     \
    static bool name(struct xg_buf *again, struct xg_bytes text)               \
    {                                                                          \
        static struct xg_##type read;                                          \
        struct xg_error err = XG_ERROR_NONE;                                   \
                                                                               \
        if (xg_##name##_read(&read, text, &err) != XG_OK)                      \
            return false;                                                      \
        xg_##name##_put(again, &read);                                         \
        return true;                                                           \
    }
READER(enrol, enrol)
READER(enrolled, enrolled)
READER(hello, hello)
READER(welcome, welcome)
READER(references, references_note)
READER(updates, updates_note)
READER(reference, reference)
READER(fork, fork)
READER(proof, proof)
READER(time_note, time_note)
READER(add_checkpoint, add_checkpoint)
READER(successor, successor)
#undef READER

static bool blobs(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_blob read[XG_BLOBS_MAX];
    struct xg_error err = XG_ERROR_NONE;
    size_t count;

    if (xg_blobs_read(read, &count, text, &err) != XG_OK)
        return false;
    FUZZ_MUST(count >= 1 && count <= XG_BLOBS_MAX);
    xg_blobs_put(again, read, count);
    return true;
}

/* ---- the log, the registry, batches ---- */

static bool checkpoint(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint read;

    if (xg_checkpoint_parse(&read, text, &err) != XG_OK)
        return false;
    xg_checkpoint_text(again, &read);
    FUZZ_MUST(again->failed || again->len <= text.len);
    /* Further lines are allowed, and passed over. */
    xg_buf_append(again, text.at + again->len, text.len - again->len);
    return true;
}

static bool registry(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_registry_note note;
    struct xg_statement s;

    if (xg_registry_note_read(&note, text, &err) != XG_OK)
        return false;
    xg_registry_note_begin(again, &note);
    while (xg_statement_next(&note.statements, &s))
        xg_statement_put(again, &s);
    FUZZ_MUST(note.statements.len == 0);
    return true;
}

static bool batch(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_batch_note n;

    if (xg_batch_note_read(&n, text, &err) != XG_OK)
        return false;
    FUZZ_MUST(n.first <= n.last && n.raw_len <= XG_BATCH_RAW_MAX);
    xg_buf_append(again, text.at, text.len); /* its writer is in batch.c */
    return true;
}

static bool receipt(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_receipt r;

    if (xg_receipt_parse(&r, text.at, text.len, &err) != XG_OK)
        return false;
    FUZZ_MUST(r.proof.count <= XG_PROOF_MAX);
    if (r.extra.len > 0)
        xg_buf_append(again, text.at, text.len); /* ours have none */
    else
        xg_receipt_print(again, r.index, &r.proof, r.checkpoint);
    return true;
}

/* ---- notes themselves ---- */

static bool note(struct xg_buf *again, struct xg_bytes text)
{
    static struct xg_note n;
    struct xg_error err = XG_ERROR_NONE;

    if (xg_note_parse(&n, text.at, text.len, &err) != XG_OK)
        return false;
    FUZZ_MUST(xg_note_verify(&n, &fuzz_key()->verifier, NULL, &err) != XG_OK ||
              n.count >= 1);
    xg_buf_append(again, n.text.at, n.text.len);
    xg_buf_byte(again, '\n');
    for (size_t i = 0; i < n.count; i++)
        xg_buf_append(again, n.signatures[i].line.at, n.signatures[i].line.len);
    return true;
}

static bool of_note(struct xg_bytes text)
{
    return text.len > 0 && text.at[text.len - 1] == '\n' &&
           xg_text_allowed(text);
}

/* What the harness signs opens, with that very text. */
static bool signed_note(struct xg_buf *again, struct xg_bytes text)
{
    static struct xg_note n;
    struct xg_buf whole = XG_BUF(XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    bool fits = of_note(text);

    if (fits) {
        xg_note_sign(&whole, text, fuzz_key());
        fits = whole.failed == XG_OK;
    }
    if (fits) {
        FUZZ_MUST(xg_note_open(&n, whole.data, whole.len, &fuzz_key()->verifier,
                               &err) == XG_OK);
        xg_buf_append(again, n.text.at, n.text.len);
    }
    xg_buf_clear(&whole);
    return fits;
}

/* ---- witnesses ---- */

/* What a policy holds is within its bounds, and judging by it ends. */
static bool policy(struct xg_buf *again, struct xg_bytes text)
{
    static struct xg_policy p;
    struct xg_cosigned all[XG_POLICY_WITNESSES_MAX];
    struct xg_error err = XG_ERROR_NONE;
    uint64_t time_s;

    if (xg_policy_read(&p, text, &err) != XG_OK)
        return false;
    for (size_t i = 0; i < p.witness_count; i++)
        all[i] = (struct xg_cosigned){i, i + 1};
    FUZZ_MUST(xg_policy_satisfied(&p, all, p.witness_count, &time_s));
    FUZZ_MUST(time_s <= p.witness_count);
    FUZZ_MUST(xg_policy_satisfied(&p, all, 0, &time_s) == (p.quorum < 0));
    xg_buf_append(again, text.at, text.len);
    return true;
}

/* ---- single words ---- */

static char *word_of(struct xg_bytes text)
{
    char *word = malloc(text.len + 1);

    FUZZ_MUST(word);
    if (text.len)
        memcpy(word, text.at, text.len);
    word[text.len] = '\0';
    return word;
}

static bool verifier(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_error err = XG_ERROR_NONE;
    char print[XG_VKEY_SIZE];
    struct xg_verifier v;

    if (xg_verifier_parse(&v, (const char *)text.at, text.len, &err) != XG_OK)
        return false;
    xg_verifier_print(print, &v);
    xg_buf_text(again, print);
    return true;
}

/* Spaces are passed over, so the text may differ: what it says may not. */
static bool enrol_code(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_buf first = XG_BUF(4096), second = XG_BUF(4096);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_enrol_code code, twice;
    char *word = word_of(text);
    bool read = xg_enrol_code_parse(&code, word, &err) == XG_OK;

    free(word);
    if (!read)
        return false;
    xg_enrol_code_print(&first, &code);
    FUZZ_MUST(xg_enrol_code_parse(&twice, xg_buf_str(&first), &err) == XG_OK);
    xg_enrol_code_print(&second, &twice);
    FUZZ_MUST(xg_bytes_equal(xg_buf_bytes(&first), xg_buf_bytes(&second)));
    xg_buf_clear(&first);
    xg_buf_clear(&second);
    xg_buf_append(again, text.at, text.len);
    return true;
}

static bool tile(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_error err = XG_ERROR_NONE;
    char path[XG_TILE_PATH_SIZE], *word = word_of(text);
    struct xg_tile t;
    bool read =
        strlen(word) == text.len && xg_tile_parse(&t, word, &err) == XG_OK;

    free(word);
    if (!read)
        return false;
    xg_tile_path(path, &t);
    FUZZ_MUST(!xg_tile_exists(&t, 0));
    xg_buf_text(again, path);
    return true;
}

static bool number(struct xg_buf *again, struct xg_bytes text)
{
    char *word = word_of(text);
    uint64_t serial;

    if (xg_number_parse(&serial, word))
        FUZZ_MUST(xg_number_shaped(word));
    free(word);
    xg_buf_append(again, text.at, text.len);
    return true;
}

/* ---- what stands first in a handover ---- */

static bool handover(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_arena arena = XG_ARENA(8 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct handover_index index;
    bool read = handover_index_read(&index, &arena, text, &err) == XG_OK;

    if (read)
        handover_index_put(again, &index);
    xg_arena_clear(&arena);
    return read;
}

/* ---- the registrar's files ---- */

static bool request(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct registrar_state none = {.number = 0};
    struct registrar_request r;
    struct xg_registry_note says;
    bool before;

    if (registrar_request_read(&r, text, &err) != XG_OK)
        return false;
    xg_ignore(registrar_review(&says, &before, &r, &none,
                               &fuzz_key()->verifier, true, &err));
    registrar_request_put(again, &r);
    return true;
}

static bool state(struct xg_buf *again, struct xg_bytes text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct registrar_state s;

    if (registrar_state_read(&s, text, &err) != XG_OK)
        return false;
    registrar_state_put(again, &s);
    return true;
}

/* Their places are in the corpus: append only. Those before `receipt`
 * but `proof` get only what a note may hold: they come out of a signed one. */
static reader *const readers[] = {
    enrol,      enrolled, hello,   welcome,  references,  updates,
    reference,  fork,     proof,   blobs,    time_note,   checkpoint,
    registry,   batch,    receipt, note,     signed_note, verifier,
    enrol_code, tile,     number,  handover, add_checkpoint, policy,
    request,    state,    successor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_buf again = XG_BUF(1 << 20);

    fuzz_key();
    if (size < 1 || data[0] >= sizeof readers / sizeof *readers)
        return 0;
    struct xg_bytes text = xg_bytes(data + 1, size - 1);
    if (data[0] < RECEIPT && data[0] != PROOF && !of_note(text))
        return 0;
    if (readers[data[0]](&again, text) && !again.failed)
        FUZZ_MUST(xg_bytes_equal(xg_buf_bytes(&again), text));
    xg_buf_clear(&again);
    return 0;
}
