/* protocol_hello.c - hello and welcome, and the list of reference data; see
 * protocol.h. */
#include "shared/core/protocol.h"

#include <inttypes.h>

#include "shared/core/protocol_text.h"
#include "shared/core/text.h"

/* ---- lines that may come several times ---- */

static void put_tips(struct xg_buf *text, const struct xg_chain_tip *tips,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        xg_buf_text(text, "chain ");
        xg_buf_base64(text, tips[i].chain.b, XG_HASH_SIZE);
        xg_buf_format(text, " %" PRIu64 " ", tips[i].next);
        xg_buf_base64(text, tips[i].last.b, XG_HASH_SIZE);
        xg_buf_byte(text, '\n');
    }
}

static bool tip_listed(const struct xg_chain_tip *tips, size_t count,
                       const struct xg_hash *chain)
{
    for (size_t i = 0; i < count; i++)
        if (xg_hash_equal(&tips[i].chain, chain))
            return true;
    return false;
}

static void read_tips(struct xg_lines *l, struct xg_chain_tip *tips,
                      size_t *count)
{
    *count = 0;
    while (*count < XG_CHAINS_MAX && xg_lines_at(l, "chain")) {
        struct xg_chain_tip *tip = &tips[*count];
        struct xg_bytes words = xg_line_words(l, "chain");
        if (!xg_word_hash(&words, &tip->chain) ||
            !xg_word_uint(&words, &tip->next) ||
            !xg_word_hash(&words, &tip->last) || words.len > 0 ||
            (tip->next == 0) != xg_hash_is_zero(&tip->last) ||
            tip_listed(tips, *count, &tip->chain)) {
            xg_lines_bad(l, "chain");
            return;
        }
        ++*count;
    }
}

static void put_hashes(struct xg_buf *text, const char *keyword,
                       const struct xg_hash *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        xg_put_hash(text, keyword, &hashes[i]);
}

static void read_hashes(struct xg_lines *l, const char *keyword,
                        struct xg_hash *hashes, size_t max, size_t *count)
{
    *count = 0;
    while (*count < max && xg_lines_at(l, keyword))
        xg_line_hash(l, keyword, &hashes[(*count)++]);
}

/* ---- hello ---- */

void xg_hello_put(struct xg_buf *text, const struct xg_hello *h)
{
    xg_buf_text(text, "xunge/hello/v1\n");
    xg_put_log(text, h->log);
    xg_put_uint(text, "size", h->size);
    xg_put_hash(text, "root", &h->root);
    if (h->cosigned) {
        xg_buf_text(text, "cosigned ");
        xg_buf_base64(text, h->cosignature, sizeof h->cosignature);
        xg_buf_byte(text, '\n');
    }
    xg_put_uint(text, "registry", h->registry);
    xg_put_hash(text, "random", &h->random);
    xg_put_uint(text, "schema", h->schema);
    put_tips(text, h->chains, h->chain_count);
}

static void read_cosigned(struct xg_lines *l, struct xg_hello *h)
{
    struct xg_bytes word = xg_line_words(l, "cosigned");

    h->cosigned = true;
    if (h->size == 0 || !xg_text_ascii(word) ||
        !xg_unbase64_exact(h->cosignature, sizeof h->cosignature,
                           (const char *)word.at, word.len))
        xg_lines_bad(l, "cosigned");
}

enum xg_status xg_hello_read(struct xg_hello *h, struct xg_bytes text,
                             struct xg_error *err)
{
    struct xg_hello read = {.size = 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/hello/v1");
    xg_line_log(&l, &read.log);
    xg_line_uint(&l, "size", &read.size);
    xg_line_hash(&l, "root", &read.root);
    if (xg_lines_at(&l, "cosigned"))
        read_cosigned(&l, &read);
    xg_line_uint(&l, "registry", &read.registry);
    xg_line_hash(&l, "random", &read.random);
    xg_line_uint(&l, "schema", &read.schema);
    read_tips(&l, read.chains, &read.chain_count);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "hello note");
    *h = read;
    return XG_OK;
}

/* ---- welcome ---- */

void xg_welcome_put(struct xg_buf *text, const struct xg_welcome *w)
{
    xg_buf_text(text, "xunge/welcome/v1\n");
    xg_put_log(text, w->log);
    xg_buf_format(text, "device %s\n", w->device);
    xg_put_hash(text, "random", &w->random);
    xg_put_uint(text, "time", w->time_ms);
    xg_buf_format(text, "state %s\n", xg_device_state_name(w->state));
    xg_put_hash(text, "token", &w->token);
    xg_buf_format(text, "checkpoint %" PRIu64 " ", w->size);
    xg_buf_base64(text, w->root.b, sizeof w->root.b);
    xg_buf_byte(text, '\n');
    xg_put_uint(text, "backup", w->backup);
    xg_put_uint(text, "registry", w->registry);
    put_tips(text, w->chains, w->chain_count);
    put_hashes(text, "forked", w->forked, w->forked_count);
    for (size_t i = 0; i < w->note_count; i++)
        xg_put_uint(text, "note", w->notes[i]);
    xg_put_uint(text, "references", w->references);
    put_hashes(text, "order", w->orders, w->order_count);
}

static void read_state(struct xg_lines *l, enum xg_device_state *state)
{
    struct xg_bytes word = xg_line_words(l, "state");

    for (unsigned i = XG_DEVICE_ENROLLED; i <= XG_DEVICE_REVOKED; i++) {
        enum xg_device_state candidate = (enum xg_device_state)i;
        if (xg_bytes_equal(word,
                           xg_bytes_of(xg_device_state_name(candidate)))) {
            *state = candidate;
            return;
        }
    }
    xg_lines_bad(l, "state");
}

/* Log positions, ascending. */
static void read_positions(struct xg_lines *l, struct xg_welcome *w)
{
    while (w->note_count < XG_REGISTRY_NEWS_MAX && xg_lines_at(l, "note")) {
        size_t i = w->note_count++;
        xg_line_uint(l, "note", &w->notes[i]);
        if (i > 0 && w->notes[i] <= w->notes[i - 1])
            xg_lines_bad(l, "note");
    }
}

static void read_checkpoint(struct xg_lines *l, struct xg_welcome *w)
{
    struct xg_bytes words = xg_line_words(l, "checkpoint");

    if (!xg_word_uint(&words, &w->size) || !xg_word_hash(&words, &w->root) ||
        words.len > 0)
        xg_lines_bad(l, "checkpoint");
}

static void read_welcome(struct xg_lines *l, struct xg_welcome *w)
{
    xg_line_literal(l, "xunge/welcome/v1");
    xg_line_log(l, &w->log);
    xg_line_name(l, "device", w->device, XG_KEY_NAME_MAX);
    xg_line_hash(l, "random", &w->random);
    xg_line_uint(l, "time", &w->time_ms);
    read_state(l, &w->state);
    xg_line_hash(l, "token", &w->token);
    read_checkpoint(l, w);
    xg_line_uint(l, "backup", &w->backup);
    xg_line_uint(l, "registry", &w->registry);
    read_tips(l, w->chains, &w->chain_count);
    read_hashes(l, "forked", w->forked, XG_CHAINS_MAX, &w->forked_count);
    read_positions(l, w);
    xg_line_uint(l, "references", &w->references);
    read_hashes(l, "order", w->orders, XG_ORDERS_MAX, &w->order_count);
}

enum xg_status xg_welcome_read(struct xg_welcome *w, struct xg_bytes text,
                               struct xg_error *err)
{
    struct xg_welcome read = {.time_ms = 0};
    struct xg_lines l = xg_lines_over(text);

    read_welcome(&l, &read);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "welcome note");
    *w = read;
    return XG_OK;
}

/* ---- reference data ---- */

void xg_references_put(struct xg_buf *text, const struct xg_references_note *r)
{
    xg_buf_text(text, "xunge/references/v1\n");
    xg_put_log(text, r->log);
    xg_put_uint(text, "from", r->from);
    for (size_t i = 0; i < r->count; i++) {
        xg_buf_format(text, "entry %" PRIu64 " ", r->entries[i].position);
        xg_buf_base64(text, r->entries[i].leaf.b, XG_HASH_SIZE);
        xg_buf_byte(text, '\n');
    }
}

enum xg_status xg_references_read(struct xg_references_note *r,
                                  struct xg_bytes text, struct xg_error *err)
{
    struct xg_references_note read = {.count = 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/references/v1");
    xg_line_log(&l, &read.log);
    xg_line_uint(&l, "from", &read.from);
    while (read.count < XG_REFERENCES_MAX && xg_lines_at(&l, "entry")) {
        struct xg_reference_place *e = &read.entries[read.count++];
        struct xg_bytes words = xg_line_words(&l, "entry");
        if (!xg_word_uint(&words, &e->position) ||
            !xg_word_hash(&words, &e->leaf) || words.len > 0 ||
            (read.count > 1 && e->position <= e[-1].position))
            xg_lines_bad(&l, "entry");
    }
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "references note");
    *r = read;
    return XG_OK;
}
