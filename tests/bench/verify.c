/* verify.c - what a whole audit costs, against its bare signatures and hashes.
 *
 *      bench-verify DATA LOG-KEY REGISTRAR-KEY
 *
 * Walks the data folder as `xunge-audit verify` does; then, in the same
 * process, reads the same entries and batches through the same source and does
 * nothing but one Ed25519 verification and one SHA-256 of each note, and one
 * SHA-256 of each body. Both are seconds of the processor. Prints a line of
 * JSON: entries, findings, seconds of both, the ratio bare / walk, and the
 * highest memory of the walk in KiB. Exit 1 where anything was found broken.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/audit/audit.h"
#include "shared/base/os.h"
#include "tests/lib/cost.h"

struct bare {
    uint64_t signatures, hashes;
    volatile uint8_t sum; /* so that nothing is left out as unused */
};

static void check(enum xg_status status, const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "verify: %s\n", xg_error_text(err));
    exit(1);
}

/* The highest memory of this program so far, in KiB. Not of getrusage(), which
 * counts what the process was before it became this program. */
static long peak_kib(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;

    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

static void tell(void *ctx, const struct xg_finding *finding)
{
    (void)ctx;
    if (finding->gravity != XG_GRAVITY_NOTED)
        fprintf(stderr, "%s: %s\n", finding->code, finding->text);
}

static void hash(struct bare *b, struct xg_bytes data)
{
    uint8_t out[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(out, data.at, data.len);
    b->sum ^= out[0];
    b->hashes++;
}

/* By the log's key, whoever signed: a failing verification costs the same. */
static void one(struct bare *b, const struct xg_audit_source *source,
                struct xg_bytes raw, uint64_t position, const uint8_t *key)
{
    struct xg_error err = XG_ERROR_NONE;
    static struct xg_note note;
    struct xg_bytes framed;
    struct xg_hash id;

    check(xg_note_parse(&note, raw.at, raw.len, &err), &err);
    b->sum ^= (uint8_t)crypto_sign_verify_detached(
        note.signatures[0].blob, note.text.at, note.text.len, key);
    b->signatures++;
    hash(b, raw);
    if (raw.len < 15 || memcmp(raw.at, "xunge/batch/v1\n", 15) != 0)
        return;
    check(xg_batch_id(&id, raw, &err), &err);
    check(source->batch(source->ctx, &framed, position, &id, &err), &err);
    hash(b, framed);
}

static double bare(struct bare *b, const struct xg_audit_source *source,
                   uint64_t size, const uint8_t *key)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_bytes *notes;
    double from = test_process_us();
    size_t count;

    for (uint64_t at = 0; at < size; at += count) {
        check(source->entries(source->ctx, &notes, &count, at, &err), &err);
        for (size_t i = 0; i < count && at + i < size; i++)
            one(b, source, notes[i], at + i, key);
    }
    return (test_process_us() - from) / 1e6;
}

int main(int argc, char **argv)
{
    struct xg_audit_options o = {.found = tell, .has_registrar = true};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_audit_source source;
    struct xg_audit_result result;
    struct xg_verifier registrar;
    struct bare b = {.sum = 0};

    if (argc != 4 || xg_base_init() != 0) {
        fputs("usage: verify DATA LOG-KEY REGISTRAR-KEY\n", stderr);
        return 2;
    }
    check(xg_verifier_parse(&o.log, argv[2], strlen(argv[2]), &err), &err);
    check(xg_verifier_parse(&registrar, argv[3], strlen(argv[3]), &err), &err);
    memcpy(o.registrar, registrar.key, sizeof o.registrar);
    check(xg_audit_folder(&source, argv[1], &err), &err);
    double from = test_process_us();
    check(xg_audit_walk(&result, &source, &o, &err), &err);
    double walked = (test_process_us() - from) / 1e6;
    long peak = peak_kib();
    double plain = bare(&b, &source, result.checkpoint.size, o.log.key);
    source.close(source.ctx);
    printf("{\"entries\": %" PRIu64 ", \"records\": %" PRIu64
           ", \"signatures\": %" PRIu64 ", \"broken\": %" PRIu64
           ", \"doubts\": %" PRIu64 ", \"walk_s\": %.2f, \"bare_s\": %.2f, "
           "\"ratio\": %.3f, \"peak_kib\": %ld}\n",
           result.counts.entries, result.counts.records,
           result.counts.signatures, result.counts.broken, result.counts.doubts,
           walked, plain, plain / walked, peak);
    return result.counts.broken > 0;
}
