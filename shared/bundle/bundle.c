/* bundle.c - the index and the names; see bundle.h. */
#include "shared/bundle/bundle.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const kinds[] = {"up", "down"};

/* ---- the index ---- */

static uint64_t not_negative(int64_t ms)
{
    return ms > 0 ? (uint64_t)ms : 0;
}

void xg_bundle_put(struct xg_buf *text, const struct xg_bundle *b)
{
    xg_buf_format(text, "xunge/bundle/v1\nlog %s\nkind %s\nfrom %s\nto %s\n",
                  b->log, kinds[b->kind], b->from, b->to);
    xg_buf_format(text,
                  "time %" PRIu64 "\nsize %" PRIu64 "\nsince %" PRIu64
                  "\nparts %" PRIu64 " %" PRIu64 "\n",
                  not_negative(b->time_ms), b->size, b->since, b->parts,
                  b->bytes);
}

/* A key's name, as far as its form goes: who it is tells the signature. */
static void read_name(struct xg_lines *l, const char *keyword,
                      char out[static XG_KEY_NAME_MAX + 1])
{
    static const uint8_t any_key[XG_PUBLIC_KEY_SIZE];
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_verifier v;
    struct xg_bytes rest;

    xg_line_rest(l, keyword, &rest);
    out[0] = '\0';
    if (!l->expected && rest.len <= XG_KEY_NAME_MAX) {
        memcpy(out, rest.at, rest.len);
        out[rest.len] = '\0';
    }
    if (strlen(out) != rest.len ||
        xg_verifier_init(&v, out, XG_SIG_ED25519, any_key, &ignored) != XG_OK) {
        out[0] = '\0';
        if (!l->expected)
            l->expected = keyword;
    }
}

static bool read_kind(enum xg_bundle_kind *kind, struct xg_bytes word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (xg_bytes_equal(word, xg_bytes_of(kinds[i]))) {
            *kind = (enum xg_bundle_kind)i;
            return true;
        }
    return false;
}

enum xg_status xg_bundle_read(struct xg_bundle *out, struct xg_bytes text,
                              struct xg_error *err)
{
    struct xg_lines l = xg_lines_over(text);
    struct xg_bundle b = {.kind = XG_BUNDLE_UP};
    struct xg_bytes kind, counts;
    uint64_t time_ms = 0;

    xg_line_literal(&l, "xunge/bundle/v1");
    read_name(&l, "log", b.log);
    xg_line_rest(&l, "kind", &kind);
    read_name(&l, "from", b.from);
    read_name(&l, "to", b.to);
    xg_line_uint(&l, "time", &time_ms);
    xg_line_uint(&l, "size", &b.size);
    xg_line_uint(&l, "since", &b.since);
    xg_line_rest(&l, "parts", &counts);
    if (xg_lines_end(&l, err) != XG_OK)
        return err->status;
    if (!read_kind(&b.kind, kind) || time_ms > INT64_MAX ||
        !xg_word_uint(&counts, &b.parts) || !xg_word_uint(&counts, &b.bytes) ||
        counts.len != 0 || b.parts > XG_BUNDLE_PARTS_MAX ||
        b.bytes > b.parts * XG_BUNDLE_BLOB_MAX)
        return xg_fail(err, XG_FORMAT, "bundle: a bad kind, time or count");
    b.time_ms = (int64_t)time_ms;
    *out = b;
    return XG_OK;
}

/* ---- names ---- */

static const char *after(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(name, prefix, len) == 0 ? name + len : NULL;
}

/* Lower-case hex, then `suffix`. */
static bool read_id(struct xg_hash *id, const char *text, const char *suffix)
{
    char again[2 * XG_HASH_SIZE + 1];
    size_t digits = 2 * (size_t)XG_HASH_SIZE;

    if (strlen(text) != digits + strlen(suffix) ||
        strcmp(text + digits, suffix) != 0 ||
        !xg_unhex(id->b, XG_HASH_SIZE, text, digits))
        return false;
    xg_hex(again, id->b, XG_HASH_SIZE);
    return memcmp(again, text, digits) == 0;
}

static bool read_number(uint64_t *number, const char *text)
{
    struct xg_bytes rest = xg_bytes_of(text);

    return xg_word_uint(&rest, number) && rest.len == 0;
}

static bool read_tile(struct xg_tile *tile, const char *text)
{
    struct xg_error ignored = XG_ERROR_NONE;

    return xg_tile_parse(tile, text, &ignored) == XG_OK && !tile->entries;
}

static const struct {
    const char *name, *suffix; /* of a folder: with ids, or numbers */
    enum xg_part_kind kind;
    enum { ALONE, ID, NUMBER, TILE } form;
} names[] = {
    {"hello", "", XG_PART_HELLO, ALONE},
    {"enrol", "", XG_PART_ENROL, ALONE},
    {"batches/", "", XG_PART_BATCH, ID},
    {"enrolled", "", XG_PART_ENROLLED, ALONE},
    {"welcome", "", XG_PART_WELCOME, ALONE},
    {"log/", "", XG_PART_TILE, TILE},
    {"states", "", XG_PART_STATES, ALONE},
    {"receipts/", ".tlog-proof", XG_PART_RECEIPT, ID},
    {"references/", "", XG_PART_REFERENCES, NUMBER},
    {"reference/", "", XG_PART_REFERENCE, ID},
    {"updates/", "", XG_PART_UPDATES, NUMBER},
    {"held/", "", XG_PART_HELD, NUMBER},
    {"blobs/", "", XG_PART_BLOB, ID},
};

void xg_part_of(struct xg_part *part, const char *name)
{
    uint64_t length = part->length;

    *part = (struct xg_part){.kind = XG_PART_OTHER, .length = length};
    snprintf(part->name, sizeof part->name, "%s", name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *rest = after(name, names[i].name);
        bool fits = false;
        if (!rest)
            continue;
        if (names[i].form == ALONE)
            fits = *rest == '\0';
        else if (names[i].form == ID)
            fits = read_id(&part->id, rest, names[i].suffix);
        else if (names[i].form == NUMBER)
            fits = read_number(&part->number, rest);
        else
            fits = read_tile(&part->tile, rest);
        if (fits)
            part->kind = names[i].kind;
    }
}

void xg_bundle_name(char name[static XG_TAR_NAME_MAX + 1], const char *folder,
                    const struct xg_hash *id, const char *suffix)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, id->b, XG_HASH_SIZE);
    snprintf(name, XG_TAR_NAME_MAX + 1, "%s/%s%s", folder, hex, suffix);
}
