/* test_tlog.c - trees, proofs, checkpoints, receipts and tiles: the vectors of
 * RFC 6962's reference tests, of C2SP and of a witness; every proof in trees
 * up to 130, and what is refused. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/core/tlog.h"

#define DASH "\xE2\x80\x94 "

enum { SMALL = 130, LARGE = 70000 };

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

/* ---- stored nodes, in memory ---- */

struct store {
    struct xg_hash *levels[64];
    uint64_t counts[64];
    uint64_t reads, fail_after;
};

static void store_emit(void *ctx, unsigned level, uint64_t index,
                       const struct xg_hash *hash)
{
    struct store *s = ctx;

    assert_true(level < 64);
    assert_true(index == s->counts[level]);
    if (!s->levels[level])
        s->levels[level] =
            calloc(((size_t)LARGE >> level) + 1, sizeof *s->levels[level]);
    s->levels[level][index] = *hash;
    s->counts[level]++;
}

static enum xg_status store_read(void *ctx, unsigned level, uint64_t index,
                                 struct xg_hash *hash, struct xg_error *error)
{
    struct store *s = ctx;

    if (s->fail_after && s->reads >= s->fail_after)
        return xg_fail(error, XG_IO, "no such node");
    s->reads++;
    assert_true(level < 64 && index < s->counts[level]);
    *hash = s->levels[level][index];
    return XG_OK;
}

/* ---- one large tree that all tests read: leaf i is "leaf <i>" ---- */

static struct xg_hash leaves[LARGE];
static struct xg_hash roots[SMALL + 1]; /* by size */
static struct store store;
static struct xg_tree large;
static struct xg_node_reader nodes = {&store, store_read};

static int plant(void **state)
{
    (void)state;
    xg_tree_init(&large);
    for (uint64_t i = 0; i < LARGE; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "leaf %" PRIu64, i);
        if (i <= SMALL)
            xg_tree_root(&roots[i], &large);
        xg_tlog_leaf(&leaves[i], text, (size_t)len);
        xg_tree_append(&large, &leaves[i], store_emit, &store);
    }
    return 0;
}

static int fell(void **state)
{
    (void)state;
    for (size_t i = 0; i < 64; i++)
        free(store.levels[i]);
    return 0;
}

/* ---- helpers ---- */

static struct xg_hash hash_of(const char *hex)
{
    struct xg_hash h;

    assert_true(xg_unhex(h.b, sizeof h.b, hex, strlen(hex)));
    return h;
}

static struct xg_hash hash_of_base64(const char *text)
{
    struct xg_hash h;

    assert_true(xg_unbase64_exact(h.b, sizeof h.b, text, strlen(text)));
    return h;
}

static void assert_hash(const struct xg_hash *hash, const char *hex)
{
    char text[2 * XG_HASH_SIZE + 1];

    xg_hex(text, hash->b, sizeof hash->b);
    assert_string_equal(text, hex);
}

static void assert_sha256(struct xg_bytes data, const char *hex)
{
    struct xg_hash hash;

    crypto_hash_sha256(hash.b, data.at, data.len);
    assert_hash(&hash, hex);
}

/* ---- RFC 6962 ---- */

static const char *const rfc_data[8] = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};
static const char *const rfc_leaves[8] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
};
static const char *const rfc_roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

/* The tree of the eight leaves, kept in `s`. */
static void plant_rfc(struct xg_tree *tree, struct xg_hash leaf[8],
                      struct store *s)
{
    xg_tree_init(tree);
    for (size_t i = 0; i < 8; i++) {
        uint8_t data[16];
        size_t len = strlen(rfc_data[i]) / 2;
        assert_true(xg_unhex(data, len, rfc_data[i], 2 * len));
        xg_tlog_leaf(&leaf[i], data, len);
        xg_tree_append(tree, &leaf[i], s ? store_emit : NULL, s);
    }
}

static void clear_store(struct store *s)
{
    for (size_t i = 0; i < 64; i++)
        free(s->levels[i]);
}

static void hasher_vectors(void **state)
{
    struct xg_hash hash, left, right;

    (void)state;
    xg_tlog_leaf(&hash, "L123456", 7);
    assert_hash(&hash, "395aa064aa4c29f7010acfe3f25db948"
                       "5bbd4b91897b6ad7ad547639252b4d56");
    xg_tlog_leaf(&hash, "", 0);
    assert_hash(&hash, rfc_leaves[0]);

    /* The reference vector joins "N123" and "N456", which are no hashes. */
    crypto_hash_sha256(hash.b, (const uint8_t *)"\1N123N456", 9);
    assert_hash(&hash, "aa217fe888e47007fa15edab33c2b492"
                       "a722cb106c64667fc2b044444de66bbb");
    left = hash_of(rfc_leaves[0]);
    right = hash_of(rfc_leaves[1]);
    xg_tlog_node(&hash, &left, &right);
    assert_hash(&hash, rfc_roots[2]);
    xg_tlog_node(&left, &left, &right); /* the output may be an input */
    assert_true(xg_hash_equal(&left, &hash));
}

static void rfc_tree_vectors(void **state)
{
    struct xg_tree tree;
    struct xg_hash leaf[8], root;

    (void)state;
    plant_rfc(&tree, leaf, NULL);
    for (size_t i = 0; i < 8; i++)
        assert_hash(&leaf[i], rfc_leaves[i]);
    for (size_t n = 0; n <= 8; n++) {
        xg_tlog_root(&root, leaf, n);
        assert_hash(&root, rfc_roots[n]);
    }
    xg_tree_root(&root, &tree);
    assert_hash(&root, rfc_roots[8]);
}

static void rfc_consistency_vector(void **state)
{
    static const char *const right[] = {
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    };
    struct xg_tree tree;
    struct xg_hash leaf[8], three = hash_of(rfc_roots[3]),
                            eight = hash_of(rfc_roots[8]);
    struct store s = {.reads = 0};
    struct xg_node_reader reader = {&s, store_read};
    struct xg_proof proof;

    (void)state;
    plant_rfc(&tree, leaf, &s);
    assert_ok(xg_prove_consistency(&proof, 3, 8, &reader, &err));
    assert_int_equal(proof.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_hash(&proof.hashes[i], right[i]);
    assert_ok(xg_verify_consistency(&proof, 3, 8, &three, &eight, &err));
    clear_store(&s);
}

/* ---- the tree of 70000 ---- */

static void large_roots(void **state)
{
    static const struct {
        uint64_t size;
        const char *root;
    } right[] = {
        {1, "1bb97dcc21635d47e2663efdfd0a174686d98dd701352dd2cd06e8b43fd3d305"},
        {255,
         "d71592a219d4067663eede247f9b54c3f9e0290682d55de09b495b07f1de41c9"},
        {256,
         "cf5effdb11d0927a2edf53b0e73c7837f659414e00537da5d90eb5c4c49ff274"},
        {257,
         "855b936aa00cb98b5114484249ad39d78a6be93623e26c01e8e487dc02184a5a"},
        {65536,
         "e100ba54d69a91012fc13b7890feac78d6996a097268b6f735d17311c7402a60"},
        {70000,
         "da0532ff7b2ee56f4067110fc964e9f27b5959f9527bfff3fa501aa7584deaf3"},
    };
    struct xg_hash root;
    struct xg_tree tree;

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        xg_tlog_root(&root, leaves, right[i].size);
        assert_hash(&root, right[i].root);
        assert_ok(xg_tree_load(&tree, right[i].size, &nodes, &err));
        xg_tree_root(&root, &tree);
        assert_hash(&root, right[i].root);
    }
    xg_tree_root(&root, &large);
    assert_hash(&root, right[5].root);
}

static void large_inclusion(void **state)
{
    static const char *const right[] = {
        "dd7e1bdb302488ba95f97c440940c741f64f871b6b31df22a822661b47b259ff",
        "7b37a721be2127becfbd8b003c3b13bae8321f9cd5643224f7da31afed7a681a",
        "66297e0d8a6a67b5bef1d44b953b58d5326119c24bf0fc1c8438252303b4fa29",
        "8595257df075bdf5fdf549c7d48a0681439660fc7e4c2387e4698c6c0a4197c0",
        "b25f93949f82eea41102b8d4fec1591d86426e1f0c6fdaed2dcd42343d4b915a",
        "0bf7b19de8809f192f534757cc7a723396beceaae5728b229ff5e91d4f379702",
        "42a6493a190b640d91f7fa7be5407cf77e112c8d6b8065bfa4b8076cf87e462b",
        "c866edf6ca4b1db755f84d7d2304d2e6a93b4d5992c10d6d580edd9f3ca0e7c7",
        "e100ba54d69a91012fc13b7890feac78d6996a097268b6f735d17311c7402a60",
    };
    struct xg_proof proof;
    struct xg_hash root;

    (void)state;
    xg_tree_root(&root, &large);
    assert_ok(xg_prove_inclusion(&proof, 69999, LARGE, &nodes, &err));
    assert_int_equal(proof.count, 9);
    for (size_t i = 0; i < 9; i++)
        assert_hash(&proof.hashes[i], right[i]);
    assert_ok(
        xg_verify_inclusion(&proof, 69999, LARGE, &leaves[69999], &root, &err));
}

static void large_consistency(void **state)
{
    struct xg_proof proof;
    struct xg_hash old, root;

    (void)state;
    xg_tree_root(&root, &large);
    xg_tlog_root(&old, leaves, 65536);
    assert_ok(xg_prove_consistency(&proof, 65536, LARGE, &nodes, &err));
    assert_int_equal(proof.count, 1);
    assert_hash(&proof.hashes[0], "45435bbc4c269433c776be678f524bc2"
                                  "2cf1b824c6153ae33d3b8bbff4bd7954");
    assert_ok(xg_verify_consistency(&proof, 65536, LARGE, &old, &root, &err));
}

static void proofs_take_few_reads(void **state)
{
    struct xg_proof proof;

    (void)state;
    for (uint64_t i = 0; i < LARGE; i += 997) {
        store.reads = 0;
        assert_ok(xg_prove_inclusion(&proof, i, LARGE, &nodes, &err));
        assert_true(store.reads <= 2 * 17);
        store.reads = 0;
        assert_ok(xg_prove_consistency(&proof, i + 1, LARGE, &nodes, &err));
        assert_true(store.reads <= 2 * 17);
    }
    store.reads = 0;
}

/* ---- all small trees ---- */

static void trees_agree(void **state)
{
    struct xg_tree grown, loaded;
    struct xg_hash root;

    (void)state;
    xg_tree_init(&grown);
    for (uint64_t n = 0; n <= SMALL; n++) {
        assert_int_equal(grown.size, n);
        xg_tree_root(&root, &grown);
        assert_true(xg_hash_equal(&root, &roots[n]));
        assert_ok(xg_tree_load(&loaded, n, &nodes, &err));
        assert_int_equal(loaded.size, n);
        xg_tree_root(&root, &loaded);
        assert_true(xg_hash_equal(&root, &roots[n]));
        xg_tlog_root(&root, leaves, n);
        assert_true(xg_hash_equal(&root, &roots[n]));

        /* a loaded tree grows like one that was never away */
        xg_tree_append(&loaded, &leaves[n], NULL, NULL);
        xg_tree_append(&grown, &leaves[n], NULL, NULL);
        assert_memory_equal(loaded.peaks, grown.peaks,
                            (size_t)__builtin_popcountll(grown.size) *
                                sizeof *grown.peaks);
    }
}

static void refuse_inclusion(const struct xg_proof *proof, uint64_t index,
                             uint64_t size, const struct xg_hash *leaf,
                             const struct xg_hash *root)
{
    assert_int_equal(xg_verify_inclusion(proof, index, size, leaf, root, &err),
                     XG_AUTH);
}

static void refuse_consistency(const struct xg_proof *proof, uint64_t old,
                               uint64_t size, const struct xg_hash *old_root,
                               const struct xg_hash *root)
{
    assert_int_equal(
        xg_verify_consistency(proof, old, size, old_root, root, &err), XG_AUTH);
}

static void flip(struct xg_hash *hash, uint64_t seed)
{
    hash->b[seed % XG_HASH_SIZE] ^= (uint8_t)(1U << seed / 32 % 8);
}

/* Take out hash `i`, or put one in before it. */
static struct xg_proof without(const struct xg_proof *proof, size_t i)
{
    struct xg_proof less = *proof;

    less.count--;
    for (; i < less.count; i++)
        less.hashes[i] = less.hashes[i + 1];
    return less;
}

static struct xg_proof with(const struct xg_proof *proof, size_t i,
                            const struct xg_hash *hash)
{
    struct xg_proof more = *proof;

    more.count++;
    for (size_t k = more.count - 1; k > i; k--)
        more.hashes[k] = more.hashes[k - 1];
    more.hashes[i] = *hash;
    return more;
}

static void all_inclusions(void **state)
{
    struct xg_proof proof = {0}, of_leaves = {0};

    (void)state;
    for (uint64_t n = 1; n <= SMALL; n++)
        for (uint64_t i = 0; i < n; i++) {
            assert_ok(xg_prove_inclusion(&proof, i, n, &nodes, &err));
            assert_ok(
                xg_verify_inclusion(&proof, i, n, &leaves[i], &roots[n], &err));
            xg_prove_inclusion_in(&of_leaves, i, leaves, n);
            assert_int_equal(of_leaves.count, proof.count);
            assert_memory_equal(of_leaves.hashes, proof.hashes,
                                proof.count * sizeof *proof.hashes);
        }
}

static void changed_inclusions(void **state)
{
    struct xg_proof proof = {0};

    (void)state;
    for (uint64_t n = 1; n <= SMALL; n++)
        for (uint64_t i = 0; i < n; i++) {
            assert_ok(xg_prove_inclusion(&proof, i, n, &nodes, &err));
            refuse_inclusion(&proof, i, n, &leaves[i + 1], &roots[n]);
            refuse_inclusion(&proof, i, n, &leaves[i], &roots[n - 1]);
            refuse_inclusion(&proof, n, n, &leaves[i], &roots[n]);
            for (uint64_t other = 0; other < n; other++)
                if (other != i)
                    refuse_inclusion(&proof, other, n, &leaves[i], &roots[n]);
            if (n > 1)
                refuse_inclusion(&proof, i, n, &roots[n], &leaves[i]);
            struct xg_proof ends = with(&proof, proof.count, &roots[n]);
            refuse_inclusion(&ends, i, n, &leaves[i], &roots[n]);
            ends = with(&proof, 0, &roots[n]);
            refuse_inclusion(&ends, i, n, &leaves[i], &roots[n]);
            for (size_t k = 0; k < proof.count; k++) {
                struct xg_proof bad = proof, less = without(&proof, k);
                flip(&bad.hashes[k], n * i + k);
                refuse_inclusion(&bad, i, n, &leaves[i], &roots[n]);
                refuse_inclusion(&less, i, n, &leaves[i], &roots[n]);
            }
            for (size_t k = 0; k <= proof.count; k++) {
                struct xg_proof more = with(&proof, k, &leaves[i]);
                refuse_inclusion(&more, i, n, &leaves[i], &roots[n]);
            }
        }
}

static void all_consistencies(void **state)
{
    struct xg_proof proof = {0};

    (void)state;
    for (uint64_t n = 1; n <= SMALL; n++)
        for (uint64_t m = 1; m <= n; m++) {
            assert_ok(xg_prove_consistency(&proof, m, n, &nodes, &err));
            assert_true((proof.count == 0) == (m == n));
            assert_ok(xg_verify_consistency(&proof, m, n, &roots[m], &roots[n],
                                            &err));
        }
}

static void changed_consistencies(void **state)
{
    struct xg_proof proof = {0};

    (void)state;
    for (uint64_t n = 1; n <= SMALL; n++)
        for (uint64_t m = 1; m <= n; m++) {
            assert_ok(xg_prove_consistency(&proof, m, n, &nodes, &err));
            refuse_consistency(&proof, m, n, &roots[m - 1], &roots[n]);
            refuse_consistency(&proof, m, n, &roots[m], &roots[n - 1]);
            if (m < n) {
                refuse_consistency(&proof, n, m, &roots[n], &roots[m]);
                refuse_consistency(&proof, m, n, &roots[n], &roots[m]);
            }
            struct xg_proof ends = with(&proof, proof.count, &roots[n]);
            refuse_consistency(&ends, m, n, &roots[m], &roots[n]);
            ends = with(&proof, 0, &roots[n]);
            refuse_consistency(&ends, m, n, &roots[m], &roots[n]);
            for (size_t k = 0; k < proof.count; k++) {
                struct xg_proof bad = proof, less = without(&proof, k);
                flip(&bad.hashes[k], n * m + k);
                refuse_consistency(&bad, m, n, &roots[m], &roots[n]);
                refuse_consistency(&less, m, n, &roots[m], &roots[n]);
            }
            for (size_t k = 0; k <= proof.count; k++) {
                struct xg_proof more = with(&proof, k, &roots[m]);
                refuse_consistency(&more, m, n, &roots[m], &roots[n]);
            }
        }
}

/* What needs no proof, and what no proof is for. */
static void edges(void **state)
{
    struct xg_proof none = {0}, one = {.count = 1}, over = {.count = 65};

    (void)state;
    one.hashes[0] = leaves[0];
    assert_ok(xg_verify_consistency(&none, 0, 0, &roots[0], &roots[0], &err));
    assert_ok(xg_verify_consistency(&none, 0, 9, &roots[0], &roots[9], &err));
    refuse_consistency(&one, 0, 9, &roots[0], &roots[9]);
    refuse_consistency(&one, 9, 9, &roots[9], &roots[9]);
    refuse_consistency(&none, 9, 9, &roots[8], &roots[9]);
    refuse_consistency(&none, 4, 9, &roots[4], &roots[9]);
    refuse_consistency(&over, 4, 9, &roots[4], &roots[9]);
    refuse_inclusion(&over, 4, 9, &leaves[4], &roots[9]);
    refuse_inclusion(&none, 0, 0, &leaves[0], &roots[0]);
    refuse_inclusion(&none, 0, UINT64_MAX, &leaves[0], &roots[1]);
    refuse_inclusion(&one, UINT64_MAX, UINT64_MAX, &leaves[0], &roots[1]);
    assert_ok(xg_verify_inclusion(&none, 0, 1, &leaves[0], &roots[1], &err));

    assert_status(xg_prove_inclusion(&one, 9, 9, &nodes, &err), XG_USAGE);
    assert_status(xg_prove_inclusion(&one, 0, 0, &nodes, &err), XG_USAGE);
    assert_status(xg_prove_consistency(&one, 0, 9, &nodes, &err), XG_USAGE);
    assert_status(xg_prove_consistency(&one, 10, 9, &nodes, &err), XG_USAGE);
    assert_int_equal(one.count, 1);
}

static void failed_reads_leave_outputs(void **state)
{
    struct xg_tree tree = {.size = 3};
    struct xg_proof proof = {.count = 2};
    struct xg_buf out = XG_BUF(XG_TILE_WIDTH * XG_HASH_SIZE);
    const struct xg_tile tile = {.width = 100};

    (void)state;
    store.reads = 0;
    store.fail_after = 2;
    assert_status(xg_tree_load(&tree, 127, &nodes, &err), XG_IO);
    assert_status(xg_prove_inclusion(&proof, 3, 127, &nodes, &err), XG_IO);
    assert_status(xg_prove_consistency(&proof, 3, 127, &nodes, &err), XG_IO);
    assert_status(xg_tile_hashes(&out, &tile, &nodes, &err), XG_IO);
    assert_int_equal(tree.size, 3);
    assert_int_equal(proof.count, 2);
    assert_int_equal(out.len, 0);
    store.fail_after = 0;
    xg_buf_clear(&out);
}

/* Sizes near 2^64, where nodes are made up: the shapes must hold. */
static enum xg_status read_any(void *ctx, unsigned level, uint64_t index,
                               struct xg_hash *hash, struct xg_error *error)
{
    (void)ctx;
    (void)error;
    memset(hash, (int)(level ^ index), sizeof *hash);
    return XG_OK;
}

static void huge_trees(void **state)
{
    static const uint64_t sizes[] = {UINT64_MAX, (uint64_t)1 << 63,
                                     ((uint64_t)1 << 63) + 1, 1ULL << 32};
    struct xg_node_reader any = {NULL, read_any};
    struct xg_tree tree;
    struct xg_hash root, leaf;
    struct xg_proof proof;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t n = sizes[i];
        assert_ok(xg_tree_load(&tree, n, &any, &err));
        xg_tree_root(&root, &tree);
        assert_ok(xg_prove_inclusion(&proof, n - 1, n, &any, &err));
        assert_true(proof.count <= XG_PROOF_MAX);
        assert_ok(read_any(NULL, 0, n - 1, &leaf, &err));
        if (n % 2 == 1) /* else the made-up nodes do not hang together */
            assert_ok(
                xg_verify_inclusion(&proof, n - 1, n, &leaf, &root, &err));
        assert_ok(xg_prove_inclusion(&proof, 0, n, &any, &err));
        assert_ok(xg_prove_consistency(&proof, n - 1, n, &any, &err));
        assert_true(proof.count <= XG_PROOF_MAX);
    }
}

/* ---- a witness's test data: checkpoints and proofs of three sizes ---- */

#define SIGSUM                                                                 \
    "sigsum.org/v1/tree/"                                                      \
    "4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"

static const char *const witness_notes[] = {
    SIGSUM "\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" DASH SIGSUM
           " UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3w"
           "fUQMFSzVnnNuWRTYrajXpNUbIQY=\n",
    SIGSUM "\n3\nRcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=\n\n" DASH SIGSUM
           " UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36k"
           "ezNobZs4SUUdrcawfAB8WVrx6go=\n",
    SIGSUM "\n5\nQrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=\n\n" DASH SIGSUM
           " UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLO"
           "Z/ASRcWJi0tW90dJWAShei7sDww=\n",
};

static void witness_vectors(void **state)
{
    static const char *const to_three[] = {
        "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    };
    static const char *const to_five[] = {
        "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "KgMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "wgiIFdZfYNv6WU1OllBKsWnLYIS/DBMqt8Uh/S4OukE=",
        "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    };
    struct xg_hash key = hash_of("ffdc2d4d98e4124d3feaf788c0c2f9ab"
                                 "fd796083d1f0495437f302ec79cf100f");
    struct xg_checkpoint c[3];
    struct xg_verifier v;
    struct xg_proof proof = {.count = 2};

    (void)state;
    assert_ok(xg_verifier_init(&v, SIGSUM, XG_SIG_ED25519, key.b, &err));
    for (size_t i = 0; i < 3; i++)
        assert_ok(xg_checkpoint_open(&c[i], (const uint8_t *)witness_notes[i],
                                     strlen(witness_notes[i]), &v, &err));
    for (size_t i = 0; i < 2; i++)
        proof.hashes[i] = hash_of_base64(to_three[i]);
    assert_ok(xg_verify_consistency(&proof, c[0].size, c[1].size, &c[0].root,
                                    &c[1].root, &err));
    refuse_consistency(&proof, 1, 5, &c[0].root, &c[2].root);
    proof.count = 4;
    for (size_t i = 0; i < 4; i++)
        proof.hashes[i] = hash_of_base64(to_five[i]);
    assert_ok(xg_verify_consistency(&proof, c[1].size, c[2].size, &c[1].root,
                                    &c[2].root, &err));
    refuse_consistency(&proof, 1, 5, &c[0].root, &c[2].root);
}

/* ---- checkpoints ---- */

#define ROOT8 "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
#define EMPTY_ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void checkpoint_texts(void **state)
{
    static const char text[] = "log.example/field1\n8\n" ROOT8 "\n";
    struct xg_buf out = XG_BUF(1024);
    struct xg_checkpoint c;

    (void)state;
    assert_ok(xg_checkpoint_parse(&c, xg_bytes_of(text), &err));
    assert_string_equal(c.origin, "log.example/field1");
    assert_int_equal(c.size, 8);
    assert_hash(&c.root, rfc_roots[8]);
    xg_checkpoint_text(&out, &c);
    assert_string_equal(xg_buf_str(&out), text);
    xg_buf_clear(&out);

    assert_ok(xg_checkpoint_parse(
        &c, xg_bytes_of("a b\n8\n" ROOT8 "\nextension one\ntwo\n"), &err));
    assert_string_equal(c.origin, "a b");
    assert_ok(
        xg_checkpoint_parse(&c, xg_bytes_of("a\n0\n" EMPTY_ROOT "\n"), &err));
    assert_int_equal(c.size, 0);
    assert_ok(xg_checkpoint_parse(
        &c, xg_bytes_of("a\n18446744073709551615\n" ROOT8 "\n"), &err));
    assert_true(c.size == UINT64_MAX);
}

static void checkpoints_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "a\n",
        "a\n8\n",
        "a\n8\n" ROOT8,
        "\n8\n" ROOT8 "\n",
        "a\n08\n" ROOT8 "\n",
        "a\n00\n" EMPTY_ROOT "\n",
        "a\n+8\n" ROOT8 "\n",
        "a\n8 \n" ROOT8 "\n",
        "a\n 8\n" ROOT8 "\n",
        "a\n-8\n" ROOT8 "\n",
        "a\n8x\n" ROOT8 "\n",
        "a\n\n" ROOT8 "\n",
        "a\n18446744073709551616\n" ROOT8 "\n",
        "a\n0\n" ROOT8 "\n",
        "a\n8\n" ROOT8 " \n",
        "a\n8\n" ROOT8 "x\n",
        "a\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg\n",
        "a\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyh=\n",
        "a\n8\n" ROOT8 "\n\n",
        "a\n8\n" ROOT8 "\next\n\n",
        "a\n8\n" ROOT8 "\next",
        "a\x01\n8\n" ROOT8 "\n",
        "a\xFF\n8\n" ROOT8 "\n",
    };
    char origin[XG_KEY_NAME_MAX + 2] = "", text[256];
    struct xg_checkpoint c = {.size = 77};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xg_checkpoint_parse(&c, xg_bytes_of(bad[i]), &err) != XG_FORMAT)
            fail_msg("checkpoint %zu was not refused", i);
    memset(origin, 'o', XG_KEY_NAME_MAX + 1);
    snprintf(text, sizeof text, "%s\n8\n" ROOT8 "\n", origin);
    assert_status(xg_checkpoint_parse(&c, xg_bytes_of(text), &err), XG_FORMAT);
    assert_ok(xg_checkpoint_parse(&(struct xg_checkpoint){.size = 0},
                                  xg_bytes_of(text + 1), &err));
    assert_int_equal(c.size, 77);
}

static struct xg_signer log_signer(const char *name, uint8_t type)
{
    struct xg_signer s;
    uint8_t seed[32];

    for (uint8_t i = 0; i < 32; i++)
        seed[i] = i;
    assert_ok(xg_signer_init(&s, name, type, seed, &err));
    return s;
}

static enum xg_status open_text(const char *text, const struct xg_signer *by,
                                const struct xg_verifier *v)
{
    struct xg_checkpoint c = {.size = 77};
    struct xg_buf out = XG_BUF(4096);

    xg_buf_text(&out, text);
    xg_buf_byte(&out, '\n');
    xg_note_signature_line(&out, xg_bytes_of(text), by, 5);
    enum xg_status status = xg_checkpoint_open(&c, out.data, out.len, v, &err);
    assert_true((c.size == 77) == (status != XG_OK));
    xg_buf_clear(&out);
    return status;
}

static void signed_checkpoints(void **state)
{
    struct xg_signer s = log_signer("log.example", XG_SIG_ED25519);
    struct xg_signer other = log_signer("other.example", XG_SIG_ED25519);
    struct xg_signer cosigner = log_signer("log.example", XG_SIG_COSIGNATURE);

    (void)state;
    assert_ok(open_text("log.example\n8\n" ROOT8 "\n", &s, &s.verifier));
    assert_status(open_text("elsewhere\n8\n" ROOT8 "\n", &s, &s.verifier),
                  XG_AUTH);
    assert_status(open_text("log.example\n8\n" ROOT8 "\n", &s, &other.verifier),
                  XG_AUTH);
    assert_status(
        open_text("log.example\n8\n" ROOT8 "\n", &cosigner, &cosigner.verifier),
        XG_AUTH);
    assert_status(open_text("log.example\n08\n" ROOT8 "\n", &s, &s.verifier),
                  XG_FORMAT);
    assert_status(open_text("log.example\n8\n", &s, &s.verifier), XG_FORMAT);
}

/* ---- receipts ---- */

#define LOG_KEY                                                                \
    "log.example/field1+12e55db3+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define RECEIPT_HEAD "c2sp.org/tlog-proof@v1\n"
#define RECEIPT_HASHES                                                         \
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"                           \
    "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n"                           \
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n"
#define RECEIPT_NOTE                                                           \
    "log.example/field1\n8\n" ROOT8 "\n\n" DASH "log.example/field1 "          \
    "EuVds38FPbef94SGu6PpqcBWyy6/qWn7BLD8uySjncdrRQXk7eOOdwnyLE/SpOR1nXxH"     \
    "SBMqh20DPTvtKR7tb2ZDog0=\n" DASH "witness.example/w1 "                    \
    "8e2MRwAAAABpVbkAWJLP7IooF7XgECF+pKRuJZih2Gep5KF0cyQrPH+A7fMdbLvs3Ak8"     \
    "mKZyxZ0V/TYb0YXQ4WDehEyDzMYpFzoMBQ==\n"
#define RECEIPT RECEIPT_HEAD "index 5\n" RECEIPT_HASHES "\n" RECEIPT_NOTE

static enum xg_status open_receipt(const char *text, const char *leaf)
{
    struct xg_receipt r = {.index = 77};
    struct xg_checkpoint c = {.size = 77};
    struct xg_hash hash = hash_of(leaf);
    struct xg_verifier v;

    assert_ok(xg_verifier_parse(&v, LOG_KEY, strlen(LOG_KEY), &err));
    enum xg_status status = xg_receipt_open(&r, &c, (const uint8_t *)text,
                                            strlen(text), &hash, &v, &err);
    if (status == XG_OK) {
        assert_int_equal(r.index, 5);
        assert_int_equal(c.size, 8);
    } else {
        assert_int_equal(r.index, 77);
        assert_int_equal(c.size, 77);
    }
    return status;
}

/* The file of the specification's own tools, byte for byte. */
static void receipt_vector(void **state)
{
    struct xg_tree tree;
    struct xg_hash leaf[8];
    struct store s = {.reads = 0};
    struct xg_node_reader reader = {&s, store_read};
    struct xg_proof proof;
    struct xg_signer log = log_signer("log.example/field1", XG_SIG_ED25519);
    struct xg_signer witness;
    struct xg_checkpoint c = {.origin = "log.example/field1", .size = 8};
    struct xg_buf text = XG_BUF(1024), note = XG_BUF(1024), out = XG_BUF(1024);
    uint8_t seed[32];

    (void)state;
    plant_rfc(&tree, leaf, &s);
    xg_tree_root(&c.root, &tree);
    xg_checkpoint_text(&text, &c);
    xg_note_sign(&note, xg_buf_bytes(&text), &log);
    memset(seed, 0x42, sizeof seed);
    assert_ok(xg_signer_init(&witness, "witness.example/w1", XG_SIG_COSIGNATURE,
                             seed, &err));
    xg_note_signature_line(&note, xg_buf_bytes(&text), &witness, 1767225600);
    assert_ok(xg_prove_inclusion(&proof, 5, 8, &reader, &err));
    xg_receipt_print(&out, 5, &proof, xg_buf_bytes(&note));

    assert_string_equal(xg_buf_str(&out), RECEIPT);
    assert_int_equal(out.len, 478);
    assert_sha256(xg_buf_bytes(&out), "b35504f0cb3ebbf85055d2a9a3aeb2d5"
                                      "f0b6275017ceb7d6da7c40c66af3e2cf");
    assert_ok(open_receipt(xg_buf_str(&out), rfc_leaves[5]));
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    xg_buf_clear(&out);
    clear_store(&s);
}

static void receipts_refused(void **state)
{
    static const char *const bad[] = {
        "",
        RECEIPT_HEAD,
        RECEIPT_HEAD "index 5\n",
        RECEIPT_HEAD "index 5\n" RECEIPT_HASHES,
        RECEIPT_HEAD "index 5\n" RECEIPT_HASHES "\n",
        RECEIPT_HEAD "index 5\n" RECEIPT_HASHES RECEIPT_NOTE,
        RECEIPT_HEAD "index 05\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD "index\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD "index 5\nindex 5\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD "index 5\nextra aGk=\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD "extra\nindex 5\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD "extra \nindex 5\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD "extra aGk\nindex 5\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD "extra aGl=\nindex 5\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        RECEIPT_HEAD "index 5\n" RECEIPT_HASHES " \n" RECEIPT_NOTE,
        RECEIPT_HEAD "index 5\nab==\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        "c2sp.org/tlog-proof@v2\nindex 5\n" RECEIPT_HASHES "\n" RECEIPT_NOTE,
        " " RECEIPT,
        RECEIPT "\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (open_receipt(bad[i], rfc_leaves[5]) != XG_FORMAT)
            fail_msg("receipt %zu was not refused", i);
    assert_status(open_receipt(RECEIPT, rfc_leaves[4]), XG_AUTH);
    assert_status(open_receipt(RECEIPT_HEAD "index 4\n" RECEIPT_HASHES
                                            "\n" RECEIPT_NOTE,
                               rfc_leaves[5]),
                  XG_AUTH);
    assert_status(
        open_receipt(RECEIPT_HEAD "index 5\n\n" RECEIPT_NOTE, rfc_leaves[5]),
        XG_AUTH);
    assert_status(open_receipt(RECEIPT_HEAD "index 5\n" RECEIPT_HASHES
                                            "\n\n" RECEIPT_NOTE,
                               rfc_leaves[5]),
                  XG_AUTH); /* the note's text begins with an empty line */
}

static void receipts_with_extra(void **state)
{
    static const char text[] =
        RECEIPT_HEAD "extra aGk=\nindex 5\n" RECEIPT_HASHES "\n" RECEIPT_NOTE;
    struct xg_receipt r;

    (void)state;
    assert_ok(open_receipt(text, rfc_leaves[5]));
    assert_ok(xg_receipt_parse(&r, (const uint8_t *)text, strlen(text), &err));
    assert_true(xg_bytes_equal(r.extra, xg_bytes_of("aGk=")));
    assert_true(xg_bytes_equal(r.checkpoint, xg_bytes_of(RECEIPT_NOTE)));
    assert_int_equal(r.proof.count, 3);
}

static void receipts_hold_63_hashes(void **state)
{
    struct xg_proof proof = {.count = 63};
    struct xg_buf out = XG_BUF(8192);
    struct xg_receipt r;

    (void)state;
    memset(proof.hashes, 7, sizeof proof.hashes);
    xg_receipt_print(&out, UINT64_MAX, &proof, xg_bytes_of("note\n"));
    assert_ok(xg_receipt_parse(&r, out.data, out.len, &err));
    assert_int_equal(r.proof.count, 63);
    assert_true(r.index == UINT64_MAX);
    xg_buf_reset(&out);
    proof.count = 64;
    xg_receipt_print(&out, 0, &proof, xg_bytes_of("note\n"));
    assert_status(xg_receipt_parse(&r, out.data, out.len, &err), XG_FORMAT);
    xg_buf_clear(&out);
}

/* A flip is noticed everywhere but in the cosignature line, which is not the
 * log's matter. */
static void no_bit_of_a_receipt_can_flip(void **state)
{
    char text[] = RECEIPT;
    size_t end = (size_t)(strstr(text, "witness.example") - text);

    (void)state;
    for (size_t bit = 0; bit < 8 * end; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        if (open_receipt(text, rfc_leaves[5]) == XG_OK)
            fail_msg("bit %zu: %s", bit, text + bit / 8);
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    assert_ok(open_receipt(text, rfc_leaves[5]));
    end -= strlen(DASH); /* the end of the log's line */
    while (end > 0) {
        text[--end] = '\0';
        assert_true(open_receipt(text, rfc_leaves[5]) != XG_OK);
    }
}

/* ---- tiles ---- */

static void tile_paths(void **state)
{
    static const struct {
        const char *path;
        struct xg_tile tile;
    } right[] = {
        {"tile/0/000", {.index = 0, .width = 256}},
        {"tile/0/005", {.index = 5, .width = 256}},
        {"tile/0/999", {.index = 999, .width = 256}},
        {"tile/0/x001/000", {.index = 1000, .width = 256}},
        {"tile/3/x001/x234/067", {.level = 3, .index = 1234067, .width = 256}},
        {"tile/0/273.p/112", {.index = 273, .width = 112}},
        {"tile/1/001.p/17", {.level = 1, .index = 1, .width = 17}},
        {"tile/63/000.p/1", {.level = 63, .width = 1}},
        {"tile/0/000.p/255", {.width = 255}},
        {"tile/entries/000.p/8", {.entries = true, .width = 8}},
        {"tile/entries/x001/000",
         {.entries = true, .index = 1000, .width = 256}},
        {"tile/entries/x018/x446/x744/x073/x709/x551/615.p/255",
         {.entries = true, .index = UINT64_MAX, .width = 255}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        char path[XG_TILE_PATH_SIZE];
        struct xg_tile tile;

        xg_tile_path(path, &right[i].tile);
        assert_string_equal(path, right[i].path);
        assert_ok(xg_tile_parse(&tile, path, &err));
        assert_int_equal(tile.entries, right[i].tile.entries);
        assert_int_equal(tile.level, right[i].tile.level);
        assert_true(tile.index == right[i].tile.index);
        assert_int_equal(tile.width, right[i].tile.width);
    }
}

static void tile_paths_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/100/000",
        "tile/-1/000",
        "tile/x/000",
        "tile/data/000",
        "tile/entriesx/000",
        "tile/8/0/000",
        "tile/0/x000/000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/x1/000",
        "tile/0/X001/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/1x",
        "tile/0/000.P/1",
        "tile/0/000/",
        "tile/0/000 ",
        "tile/0/000%2Ep/1",
        "tile/0/+00",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x018/x446/x744/x073/x709/x551/x615/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/999",
    };
    struct xg_tile tile = {.width = 77};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xg_tile_parse(&tile, bad[i], &err) != XG_NOTFOUND)
            fail_msg("path %s was not refused", bad[i]);
    assert_int_equal(tile.width, 77);
}

static bool exists(const char *path, uint64_t size)
{
    struct xg_tile tile;

    assert_ok(xg_tile_parse(&tile, path, &err));
    return xg_tile_exists(&tile, size);
}

static void tiles_that_exist(void **state)
{
    (void)state;
    assert_false(exists("tile/0/000.p/1", 0));
    assert_true(exists("tile/0/000.p/1", 1));
    assert_false(exists("tile/0/000.p/2", 1));
    assert_true(exists("tile/0/000.p/255", 255));
    assert_false(exists("tile/0/000", 255));
    assert_true(exists("tile/0/000", 256));
    assert_true(exists("tile/0/000.p/255", 256));
    assert_true(exists("tile/entries/272", LARGE));
    assert_true(exists("tile/0/273.p/112", LARGE));
    assert_false(exists("tile/0/273.p/113", LARGE));
    assert_false(exists("tile/entries/273", LARGE));
    assert_false(exists("tile/0/274.p/1", LARGE));
    assert_true(exists("tile/1/000", LARGE));
    assert_true(exists("tile/1/001.p/17", LARGE));
    assert_false(exists("tile/1/001.p/18", LARGE));
    assert_true(exists("tile/2/000.p/1", LARGE));
    assert_false(exists("tile/2/000.p/2", LARGE));
    assert_false(exists("tile/3/000.p/1", LARGE));
    assert_true(exists("tile/7/000.p/255", UINT64_MAX));
    assert_false(exists("tile/8/000.p/1", UINT64_MAX));
    assert_false(exists("tile/63/000.p/1", UINT64_MAX));
    assert_false(
        exists("tile/0/x018/x446/x744/x073/x709/x551/615.p/1", UINT64_MAX));
    assert_false(xg_tile_exists(&(struct xg_tile){.width = 0}, 9));
    assert_false(xg_tile_exists(&(struct xg_tile){.width = 257}, LARGE));
}

static void tile_vectors(void **state)
{
    static const struct {
        const char *path;
        size_t len;
        const char *sha256;
    } right[] = {
        {"tile/0/273.p/112", 3584,
         "a8e4ee4e4f31c2fac9bb546b9b57c22f6c92e15c11adee487d09ebc926ab3ad7"},
        {"tile/1/001.p/17", 544,
         "f1b11556adcce30fcd3fca6ef542ccf6a4319ab92143fb7c8f6c8f1d2e08209e"},
        {"tile/2/000.p/1", 32,
         "d84406334bc5243eb04ecd6b99e64380d67aaa2b2880a838a123e1b539927708"},
    };
    struct xg_buf out = XG_BUF(XG_TILE_WIDTH * XG_HASH_SIZE);
    struct xg_tile tile = {.width = XG_TILE_WIDTH};

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        assert_ok(xg_tile_parse(&tile, right[i].path, &err));
        xg_buf_reset(&out);
        assert_ok(xg_tile_hashes(&out, &tile, &nodes, &err));
        assert_int_equal(out.len, right[i].len);
        assert_sha256(xg_buf_bytes(&out), right[i].sha256);
    }
    xg_buf_reset(&out);
    assert_ok(xg_tile_parse(&tile, "tile/0/005", &err));
    assert_ok(xg_tile_hashes(&out, &tile, &nodes, &err));
    assert_int_equal(out.len, 8192);
    assert_memory_equal(out.data, leaves[5 * 256].b, 8192);
    assert_status(xg_tile_hashes(&out, &tile, &nodes, &err), XG_TOOBIG);
    assert_int_equal(out.len, 8192);
    xg_buf_clear(&out);
}

static void small_tile_vector(void **state)
{
    struct xg_tree tree;
    struct xg_hash leaf[8];
    struct store s = {.reads = 0};
    struct xg_node_reader reader = {&s, store_read};
    struct xg_buf out = XG_BUF(1024);
    struct xg_tile tile;

    (void)state;
    plant_rfc(&tree, leaf, &s);
    assert_ok(xg_tile_parse(&tile, "tile/0/000.p/8", &err));
    assert_ok(xg_tile_hashes(&out, &tile, &reader, &err));
    assert_int_equal(out.len, 256);
    assert_sha256(xg_buf_bytes(&out), "aea2f1bbb5140fd5f8eacb503fdf54c0"
                                      "0c3d860c72588e40233addd416bc8f10");
    xg_buf_clear(&out);
    clear_store(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hasher_vectors),
        cmocka_unit_test(rfc_tree_vectors),
        cmocka_unit_test(rfc_consistency_vector),
        cmocka_unit_test(large_roots),
        cmocka_unit_test(large_inclusion),
        cmocka_unit_test(large_consistency),
        cmocka_unit_test(proofs_take_few_reads),
        cmocka_unit_test(trees_agree),
        cmocka_unit_test(all_inclusions),
        cmocka_unit_test(changed_inclusions),
        cmocka_unit_test(all_consistencies),
        cmocka_unit_test(changed_consistencies),
        cmocka_unit_test(edges),
        cmocka_unit_test(failed_reads_leave_outputs),
        cmocka_unit_test(huge_trees),
        cmocka_unit_test(witness_vectors),
        cmocka_unit_test(checkpoint_texts),
        cmocka_unit_test(checkpoints_refused),
        cmocka_unit_test(signed_checkpoints),
        cmocka_unit_test(receipt_vector),
        cmocka_unit_test(receipts_refused),
        cmocka_unit_test(receipts_with_extra),
        cmocka_unit_test(receipts_hold_63_hashes),
        cmocka_unit_test(no_bit_of_a_receipt_can_flip),
        cmocka_unit_test(tile_paths),
        cmocka_unit_test(tile_paths_refused),
        cmocka_unit_test(tiles_that_exist),
        cmocka_unit_test(tile_vectors),
        cmocka_unit_test(small_tile_vector),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, plant, fell);
}
