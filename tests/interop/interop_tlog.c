/* interop_tlog.c - our side of the interoperation test with golang.org/x/mod.
 *
 *      interop_tlog print SEED     what our code makes, to standard output
 *      interop_tlog check          verify what Go made, from standard input
 *
 * Both sides have the same log, whose leaf i is the text "leaf <i>". A line is
 * a keyword and words:
 *
 *      key VKEY
 *      note BASE64                    a signed note, to be opened with the key
 *      receipt BASE64                 a tlog-proof for one of the leaves
 *      grow OLD SIZE OLD-ROOT ROOT HASH...      a consistency proof
 *      tile PATH SHA-256              of a hash tile (base64)
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/core/tlog.h"

enum { LEAVES = 3000, LEVELS = 12, ROUNDS = 60, TEXT_MAX = 1 << 17 };

static const char origin[] = "log.example/\xE5\xB7\xA1\xE6\x9F\xA5";

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};
static struct xg_hash stored[LEVELS][LEAVES];

static void need(enum xg_status status, const char *what)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, xg_error_text(&err));
    exit(1);
}

static void need_true(bool good, const char *what)
{
    if (!good)
        need(xg_fail(&err, XG_FORMAT, "is not so"), what);
}

/* ---- the log ---- */

static struct xg_hash leaf_hash(uint64_t index)
{
    char text[32];
    struct xg_hash hash;
    int len = snprintf(text, sizeof text, "leaf %" PRIu64, index);

    xg_tlog_leaf(&hash, text, (size_t)len);
    return hash;
}

static void keep(void *ctx, unsigned level, uint64_t index,
                 const struct xg_hash *hash)
{
    (void)ctx;
    need_true(level < LEVELS, "level");
    stored[level][index] = *hash;
}

static enum xg_status read_node(void *ctx, unsigned level, uint64_t index,
                                struct xg_hash *hash, struct xg_error *error)
{
    (void)ctx;
    if (level >= LEVELS || index >= (uint64_t)LEAVES >> level)
        return xg_fail(error, XG_NOTFOUND, "no node %u/%" PRIu64, level, index);
    *hash = stored[level][index];
    return XG_OK;
}

static const struct xg_node_reader nodes = {NULL, read_node};

static void plant(void)
{
    struct xg_tree tree;

    xg_tree_init(&tree);
    for (uint64_t i = 0; i < LEAVES; i++) {
        struct xg_hash hash = leaf_hash(i);
        xg_tree_append(&tree, &hash, keep, NULL);
    }
}

static struct xg_hash root_of(uint64_t size)
{
    struct xg_tree tree;
    struct xg_hash root;

    need(xg_tree_load(&tree, size, &nodes, &err), "tree");
    xg_tree_root(&root, &tree);
    return root;
}

/* ---- printing ---- */

static uint64_t seed;

/* splitmix64 */
static uint64_t draw(uint64_t below)
{
    uint64_t z = seed += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (z ^ z >> 31) % below;
}

static void put_line(struct xg_buf *out, const char *keyword,
                     const struct xg_buf *content)
{
    xg_buf_format(out, "%s ", keyword);
    xg_buf_base64(out, content->data, content->len);
    xg_buf_byte(out, '\n');
}

static void put_hash(struct xg_buf *out, const struct xg_hash *hash)
{
    xg_buf_byte(out, ' ');
    xg_buf_base64(out, hash->b, sizeof hash->b);
}

static void print_receipt(struct xg_buf *out, uint64_t size,
                          const struct xg_signer *signer)
{
    struct xg_checkpoint c = {.size = size, .root = root_of(size)};
    struct xg_buf text = XG_BUF(TEXT_MAX), note = XG_BUF(TEXT_MAX),
                  receipt = XG_BUF(TEXT_MAX);
    struct xg_proof proof;
    uint64_t index = draw(size);

    memcpy(c.origin, origin, sizeof origin);
    xg_checkpoint_text(&text, &c);
    xg_note_sign(&note, xg_buf_bytes(&text), signer);
    put_line(out, "note", &note);
    need(xg_prove_inclusion(&proof, index, size, &nodes, &err), "proof");
    xg_receipt_print(&receipt, index, &proof, xg_buf_bytes(&note));
    put_line(out, "receipt", &receipt);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    xg_buf_clear(&receipt);
}

static void print_growth(struct xg_buf *out, uint64_t old, uint64_t size)
{
    struct xg_proof proof;
    struct xg_hash old_root = root_of(old), root = root_of(size);

    need(xg_prove_consistency(&proof, old, size, &nodes, &err), "proof");
    xg_buf_format(out, "grow %" PRIu64 " %" PRIu64, old, size);
    put_hash(out, &old_root);
    put_hash(out, &root);
    for (size_t i = 0; i < proof.count; i++)
        put_hash(out, &proof.hashes[i]);
    xg_buf_byte(out, '\n');
}

static void print_tile(struct xg_buf *out)
{
    struct xg_buf content = XG_BUF(TEXT_MAX);
    struct xg_tile tile;
    struct xg_hash sum;
    char path[XG_TILE_PATH_SIZE];

    do
        tile = (struct xg_tile){.level = (unsigned)draw(2),
                                .index = draw(12),
                                .width = draw(2) ? XG_TILE_WIDTH
                                                 : (unsigned)draw(255) + 1};
    while (!xg_tile_exists(&tile, LEAVES));
    need(xg_tile_hashes(&content, &tile, &nodes, &err), "tile");
    crypto_hash_sha256(sum.b, content.data, content.len);
    xg_tile_path(path, &tile);
    xg_buf_format(out, "tile %s", path);
    put_hash(out, &sum);
    xg_buf_byte(out, '\n');
    xg_buf_clear(&content);
}

/* A note of any text: letters, wide letters, empty lines. */
static void print_note(struct xg_buf *out, const struct xg_signer *signer)
{
    static const char *const pieces[] = {"a",
                                         "\n",
                                         "\xE5\xB7\xA1",
                                         " ",
                                         "\n\n",
                                         "\xF0\x9F\x98\x80",
                                         "\xE2\x80\x94 x y\n"};
    struct xg_buf text = XG_BUF(TEXT_MAX), note = XG_BUF(TEXT_MAX);

    for (uint64_t left = draw(200); left > 0; left--)
        xg_buf_text(&text, pieces[draw(sizeof pieces / sizeof *pieces)]);
    xg_buf_byte(&text, '\n');
    xg_note_sign(&note, xg_buf_bytes(&text), signer);
    put_line(out, "note", &note);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

static int print_all(void)
{
    struct xg_buf out = XG_BUF(1 << 24);
    struct xg_signer signer;
    char key[XG_VKEY_SIZE];
    uint8_t secret[32];

    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)draw(256);
    need(xg_signer_init(&signer, origin, XG_SIG_ED25519, secret, &err),
         "signer");
    xg_verifier_print(key, &signer.verifier);
    xg_buf_format(&out, "key %s\n", key);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        uint64_t size = i <= 20 ? i : 1 + draw(LEAVES);
        print_receipt(&out, size, &signer);
        print_growth(&out, 1 + draw(size), size);
        print_tile(&out);
        print_note(&out, &signer);
    }
    need(xg_buf_check(&out, &err), "output");
    bool written = fwrite(out.data, 1, out.len, stdout) == out.len;
    xg_buf_clear(&out);
    return written ? 0 : 1;
}

/* ---- checking ---- */

/* The last word of a line, taken out of base64 into `data`. */
static size_t decode(uint8_t *data, struct xg_bytes word)
{
    size_t len;

    need_true(
        xg_unbase64(data, TEXT_MAX, &len, (const char *)word.at, word.len),
        "base64");
    return len;
}

static void check_note(struct xg_bytes rest, const struct xg_verifier *key)
{
    static uint8_t data[TEXT_MAX];
    static struct xg_note note;
    size_t len = decode(data, rest);

    need(xg_note_open(&note, data, len, key, &err), "note");
}

static void check_receipt(struct xg_bytes rest, const struct xg_verifier *key)
{
    static uint8_t data[TEXT_MAX];
    struct xg_receipt r;
    struct xg_checkpoint c;
    size_t len = decode(data, rest);

    need(xg_receipt_parse(&r, data, len, &err), "receipt");
    struct xg_hash leaf = leaf_hash(r.index);
    need(xg_receipt_open(&r, &c, data, len, &leaf, key, &err), "receipt");
    struct xg_hash root = root_of(c.size);
    need_true(xg_hash_equal(&root, &c.root), "root");
}

static void check_growth(struct xg_bytes rest)
{
    struct xg_proof proof = {.count = 0};
    struct xg_hash old_root, root, ours;
    uint64_t old, size;

    need_true(xg_word_uint(&rest, &old) && xg_word_uint(&rest, &size) &&
                  xg_word_hash(&rest, &old_root) && xg_word_hash(&rest, &root),
              "grow");
    while (rest.len > 0)
        need_true(xg_word_hash(&rest, &proof.hashes[proof.count++]), "hash");
    need(xg_verify_consistency(&proof, old, size, &old_root, &root, &err),
         "grow");
    ours = root_of(size);
    need_true(xg_hash_equal(&root, &ours), "root");
}

static void check_tile(struct xg_bytes rest)
{
    struct xg_buf content = XG_BUF(TEXT_MAX);
    struct xg_bytes word;
    struct xg_hash sum, ours;
    struct xg_tile tile;
    char path[XG_TILE_PATH_SIZE];

    need_true(xg_word(&rest, &word) && word.len < sizeof path &&
                  xg_word_hash(&rest, &sum),
              "tile");
    memcpy(path, word.at, word.len);
    path[word.len] = '\0';
    need(xg_tile_parse(&tile, path, &err), path);
    need_true(xg_tile_exists(&tile, LEAVES), path);
    need(xg_tile_hashes(&content, &tile, &nodes, &err), path);
    crypto_hash_sha256(ours.b, content.data, content.len);
    need_true(xg_hash_equal(&sum, &ours), path);
    xg_buf_clear(&content);
}

static int check_all(void)
{
    struct xg_verifier key = {.type = 0};
    char *text = NULL;
    size_t size = 0, count = 0;
    ssize_t got;

    while ((got = getline(&text, &size, stdin)) > 0) {
        struct xg_bytes rest = xg_bytes(text, (size_t)got - 1), word;

        need_true(xg_word(&rest, &word), "line");
        if (xg_bytes_equal(word, xg_bytes_of("key")))
            need(xg_verifier_parse(&key, (const char *)rest.at, rest.len, &err),
                 "key");
        else if (xg_bytes_equal(word, xg_bytes_of("note")))
            check_note(rest, &key);
        else if (xg_bytes_equal(word, xg_bytes_of("receipt")))
            check_receipt(rest, &key);
        else if (xg_bytes_equal(word, xg_bytes_of("grow")))
            check_growth(rest);
        else if (xg_bytes_equal(word, xg_bytes_of("tile")))
            check_tile(rest);
        else
            need_true(false, "keyword");
        count++;
    }
    free(text);
    need_true(count > 4 * ROUNDS, "number of lines");
    printf("%zu lines of theirs hold\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0)
        return 1;
    plant();
    if (argc == 3 && strcmp(argv[1], "print") == 0) {
        seed = strtoull(argv[2], NULL, 10);
        return print_all();
    }
    if (argc == 2 && strcmp(argv[1], "check") == 0)
        return check_all();
    fprintf(stderr, "usage: interop_tlog print SEED | check\n");
    return 2;
}
