/* fake_photos.c - the photos of the server in memory: tus, what is held, and
 * the ways in which both go wrong. See fake_server.h. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/fake_server.h"

enum { FAKE_PHOTO_MAX = 64 << 20 };

void fake_photos_clear(struct fake_server *f)
{
    for (size_t i = 0; i < f->photos.blob_count; i++) {
        xg_buf_clear(&f->photos.blobs[i].content);
        xg_buf_clear(&f->photos.blobs[i].note);
    }
    for (size_t i = 0; i < f->photos.upload_count; i++)
        xg_buf_clear(&f->photos.uploads[i].content);
}

const struct fake_blob *fake_server_blob(const struct fake_server *f,
                                         const struct xg_hash *sha256)
{
    for (size_t i = 0; i < f->photos.blob_count; i++)
        if (xg_hash_equal(&f->photos.blobs[i].sha256, sha256))
            return &f->photos.blobs[i];
    return NULL;
}

static void put_note(struct xg_buf *note, const struct xg_signer *log,
                     const struct xg_hash *sha256, uint64_t length)
{
    struct xg_blob blob = {.sha256 = *sha256, .length = length};
    struct xg_buf text = XG_BUF(4096);

    xg_blobs_put(&text, &blob, 1);
    xg_note_sign(note, xg_buf_bytes(&text), log);
    xg_buf_clear(&text);
}

void fake_server_hold(struct fake_server *f, struct xg_bytes content)
{
    struct fake_blob *b = &f->photos.blobs[f->photos.blob_count];
    struct xg_hash sha256;

    crypto_hash_sha256(sha256.b, content.at, content.len);
    if (fake_server_blob(f, &sha256))
        return;
    assert_true(f->photos.blob_count++ < FAKE_BLOBS_MAX);
    *b = (struct fake_blob){.sha256 = sha256,
                            .content = XG_BUF(FAKE_PHOTO_MAX),
                            .note = XG_BUF(XG_NOTE_MAX)};
    xg_buf_append(&b->content, content.at, content.len);
    put_note(&b->note, &f->log, &sha256, content.len);
    b->position = fake_server_append(f, xg_buf_bytes(&b->note));
}

void fake_server_expire(struct fake_server *f)
{
    for (size_t i = 0; i < f->photos.upload_count; i++)
        f->photos.uploads[i].gone = true;
}

/* ---- what is held ---- */

/* All of another log, that signs with the key of ours or with its own. */
static void put_foreign(struct fake_server *f, struct xg_buf *out,
                        const struct fake_blob *b)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), text = XG_BUF(4096),
                  checkpoint = XG_BUF(XG_NOTE_MAX), receipt = XG_BUF(65536);
    struct xg_checkpoint c = {.origin = FAKE_ORIGIN, .size = 1};
    struct xg_signer other;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_proof proof = {.count = 0};
    uint8_t seed[32] = {9};

    (void)f;
    assert_ok(xg_signer_init(&other, FAKE_ORIGIN, XG_SIG_ED25519, seed, &err));
    put_note(&note, &other, &b->sha256, b->content.len);
    xg_tlog_leaf(&c.root, note.data, note.len);
    xg_checkpoint_text(&text, &c);
    xg_note_sign(&checkpoint, xg_buf_bytes(&text), &other);
    xg_receipt_print(&receipt, 0, &proof, xg_buf_bytes(&checkpoint));
    xg_frame_put(out, xg_buf_bytes(&note));
    xg_frame_put(out, xg_buf_bytes(&receipt));
    xg_buf_clear(&note);
    xg_buf_clear(&text);
    xg_buf_clear(&checkpoint);
    xg_buf_clear(&receipt);
}

/* A note that the log holds, and that says something else. */
static void put_lie(struct fake_server *f, struct xg_buf *out,
                    const struct fake_blob *b)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX);
    struct xg_hash other = b->sha256;
    uint64_t length = b->content.len;

    other.b[0] ^= f->photos.lie == FAKE_OTHER_HASH;
    length += f->photos.lie == FAKE_OTHER_LENGTH;
    put_note(&note, &f->log, &other, length);
    uint64_t position = fake_server_append(f, xg_buf_bytes(&note));
    xg_frame_put(out, xg_buf_bytes(&note));
    fake_put_receipt(f, out, position);
    xg_buf_clear(&note);
}

static void put_pair(struct fake_server *f, struct xg_buf *out,
                     const struct fake_blob *b)
{
    switch (f->photos.lie) {
    case FAKE_OTHER_LOG:
        put_foreign(f, out, b);
        return;
    case FAKE_OTHER_HASH:
    case FAKE_OTHER_LENGTH:
        put_lie(f, out, b);
        return;
    case FAKE_HONEST:
    case FAKE_OTHER_NOTE:
    case FAKE_OTHER_PROOF:
    case FAKE_LIES:
        break;
    }
    xg_frame_put(out, xg_buf_bytes(&b->note));
    fake_put_receipt(f, out,
                     f->photos.lie == FAKE_OTHER_NOTE ? 0 : b->position);
}

static void held(struct fake_server *f, const struct transport_request *r,
                 struct transport_answer *a)
{
    struct xg_buf pairs = XG_BUF(8 << 20);

    f->photos.asked++;
    assert_true(r->body.len > 0 && r->body.len % XG_HASH_SIZE == 0 &&
                r->body.len <= XG_BLOBS_ASKED_MAX * XG_HASH_SIZE);
    assert_true(r->states_size && r->size <= f->size);
    for (size_t at = 0; at < r->body.len; at += XG_HASH_SIZE) {
        struct xg_hash sha256;
        memcpy(sha256.b, r->body.at + at, XG_HASH_SIZE);
        const struct fake_blob *b = fake_server_blob(f, &sha256);
        if (b)
            put_pair(f, &pairs, b);
    }
    if (f->photos.lie == FAKE_OTHER_PROOF)
        xg_frame_put(&a->body, xg_bytes_of("AAAA\n"));
    else
        fake_put_consistency(f, &a->body, r->size);
    xg_buf_append(&a->body, pairs.data, pairs.len);
    xg_buf_clear(&pairs);
}

/* ---- tus ---- */

static const char *header(const struct transport_request *r, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < r->header_count; i++)
        if (strncmp(r->headers[i], name, len) == 0 && r->headers[i][len] == ':')
            return r->headers[i] + len + 2;
    return NULL;
}

static struct fake_upload *upload_of(struct fake_server *f, const char *path)
{
    size_t i = strtoul(path + strlen("/v1/uploads/u"), NULL, 10);

    return i < f->photos.upload_count && !f->photos.uploads[i].gone
               ? &f->photos.uploads[i]
               : NULL;
}

static void tell_offset(struct transport_answer *a, int status,
                        const struct fake_upload *u)
{
    a->http_status = status;
    a->has_upload_offset = true;
    a->upload_offset = u->content.len;
}

/* It has all of it. */
static void finish(struct fake_server *f, struct transport_answer *a,
                   struct fake_upload *u, int status)
{
    struct xg_hash sha256;

    crypto_hash_sha256(sha256.b, u->content.data, u->content.len);
    u->gone = true;
    if (f->photos.drops_all || !xg_hash_equal(&sha256, &u->sha256)) {
        fake_problem(a, 422, "hash", "what came is another photo");
        return;
    }
    fake_server_hold(f, xg_buf_bytes(&u->content));
    tell_offset(a, status, u);
}

/* Append what of the body comes through; XG_NET where the line broke. */
static enum xg_status take(struct fake_server *f,
                           const struct transport_request *r,
                           struct transport_answer *a, struct fake_upload *u,
                           int status)
{
    struct fake_photos *p = &f->photos;
    bool cut = p->cut_requests > 0;
    size_t comes = r->body.len;

    p->cut_requests -= cut;
    if (cut && !p->cut_answer && p->cut_after < comes)
        comes = (size_t)p->cut_after;
    p->bytes_came += comes;
    if (comes > p->room) {
        fake_problem(a, 507, "full", "no space");
        a->retry_after_s = 60;
        return XG_OK;
    }
    p->room -= p->room == UINT64_MAX ? 0 : comes;
    xg_buf_append(&u->content, r->body.at, comes);
    assert_true(u->content.len <= u->length);
    if (u->content.len == u->length)
        finish(f, a, u, status);
    else
        tell_offset(a, status, u);
    return cut ? XG_NET : XG_OK;
}

static void begin(struct fake_photos *p, const struct xg_hash *sha256,
                  uint64_t length)
{
    assert_true(p->begun_count < FAKE_BLOBS_MAX &&
                p->upload_count < FAKE_BLOBS_MAX);
    p->begun[p->begun_count++] = *sha256;
    p->uploads[p->upload_count++] = (struct fake_upload){
        .sha256 = *sha256, .length = length, .content = XG_BUF(FAKE_PHOTO_MAX)};
}

static enum xg_status post(struct fake_server *f,
                           const struct transport_request *r,
                           struct transport_answer *a)
{
    struct fake_photos *p = &f->photos;
    const char *length = header(r, "Upload-Length");
    const char *metadata = header(r, "Upload-Metadata");
    char hex[2 * XG_HASH_SIZE];
    struct xg_hash sha256;
    size_t i;

    p->posts++;
    assert_string_equal(header(r, "Tus-Resumable"), "1.0.0");
    assert_non_null(length);
    assert_true(metadata && strncmp(metadata, "sha256 ", 7) == 0);
    assert_true(xg_unbase64_exact((uint8_t *)hex, sizeof hex, metadata + 7,
                                  strlen(metadata + 7)));
    assert_true(xg_unhex(sha256.b, XG_HASH_SIZE, hex, sizeof hex));
    if (p->unnamed) {
        fake_problem(a, 404, "unnamed", "no record names it");
        return XG_OK;
    }
    for (i = 0; i < p->upload_count; i++)
        if (!p->uploads[i].gone && p->uploads[i].content.len == 0 &&
            xg_hash_equal(&p->uploads[i].sha256, &sha256))
            break;
    if (i == p->upload_count)
        begin(p, &sha256, strtoull(length, NULL, 10));
    snprintf(a->location, sizeof a->location, "/v1/uploads/u%zu", i);
    tell_offset(a, 201, &p->uploads[i]);
    if (r->body.len == 0)
        return XG_OK;
    assert_string_equal(r->type, "application/offset+octet-stream");
    return take(f, r, a, &p->uploads[i], 201);
}

static enum xg_status patch(struct fake_server *f,
                            const struct transport_request *r,
                            struct transport_answer *a)
{
    struct fake_upload *u = upload_of(f, r->path);
    const char *sum = header(r, "Upload-Checksum");
    struct xg_hash said, is;

    f->photos.patches++;
    if (!u) {
        fake_problem(a, 404, "not-found", "no such upload");
        return XG_OK;
    }
    assert_string_equal(r->type, "application/offset+octet-stream");
    assert_true(sum && strncmp(sum, "sha256 ", 7) == 0);
    assert_true(
        xg_unbase64_exact(said.b, XG_HASH_SIZE, sum + 7, strlen(sum + 7)));
    crypto_hash_sha256(is.b, r->body.at, r->body.len);
    assert_true(xg_hash_equal(&said, &is));
    if (strtoull(header(r, "Upload-Offset"), NULL, 10) != u->content.len) {
        fake_problem(a, 409, "offset", "another offset");
        return XG_OK;
    }
    if (f->photos.checksum_fails > 0) {
        f->photos.checksum_fails--;
        f->photos.bytes_came += r->body.len;
        fake_problem(a, 460, "checksum", "a damaged piece");
        return XG_OK;
    }
    return take(f, r, a, u, 204);
}

static void head(struct fake_server *f, const struct transport_request *r,
                 struct transport_answer *a)
{
    const struct fake_upload *u = upload_of(f, r->path);

    f->photos.heads++;
    a->type[0] = '\0';
    if (u)
        tell_offset(a, 200, u);
    else
        a->http_status = 404;
}

/* ---- giving it back ---- */

static void get(struct fake_server *f, const struct transport_request *r,
                struct transport_answer *a)
{
    const char *hex = r->path + strlen("/v1/blobs/");
    const char *range = header(r, "Range");
    const struct fake_blob *b = NULL;
    struct xg_hash sha256;
    unsigned long long from = 0, to = 0;

    f->photos.gets++;
    if (xg_unhex(sha256.b, XG_HASH_SIZE, hex, strlen(hex)))
        b = fake_server_blob(f, &sha256);
    if (!b) {
        fake_problem(a, 404, "not-found", "no such photo");
        return;
    }
    assert_true(range && sscanf(range, "bytes=%llu-%llu", &from, &to) == 2);
    assert_true(from <= to && to < b->content.len);
    a->http_status = 206;
    xg_buf_append(&a->body, b->content.data + from, (size_t)(to - from + 1));
}

enum xg_status fake_photos_serve(struct fake_server *f, bool *mine,
                                 const struct transport_request *r,
                                 struct transport_answer *a)
{
    enum xg_status status = XG_OK;

    *mine = !f->photos.none && (strncmp(r->path, "/v1/blobs", 9) == 0 ||
                                strncmp(r->path, "/v1/uploads/", 12) == 0);
    if (!*mine)
        return XG_OK;
    if (strcmp(r->path, "/v1/blobs/held") == 0)
        held(f, r, a);
    else if (strcmp(r->method, "GET") == 0)
        get(f, r, a);
    else if (strcmp(r->method, "POST") == 0)
        status = post(f, r, a);
    else if (strcmp(r->method, "PATCH") == 0)
        status = patch(f, r, a);
    else
        head(f, r, a);
    return status;
}
