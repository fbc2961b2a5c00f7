/* evidence_parts.c - the texts of an evidence file that are no notes of the
 * log: written and read; see evidence.h. */
#include "shared/audit/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- evidence.txt ---- */

static const char *const about_names[] = {"case", "person", "unit"};

static void put_hash(struct xg_buf *text, const char *keyword,
                     const struct xg_hash *hash)
{
    xg_buf_format(text, "%s ", keyword);
    xg_buf_base64(text, hash->b, XG_HASH_SIZE);
    xg_buf_byte(text, '\n');
}

void xg_evidence_says_put(struct xg_buf *text,
                          const struct xg_evidence_says *says)
{
    char log[XG_VKEY_SIZE];

    xg_verifier_print(log, &says->log);
    xg_buf_format(text,
                  "xunge/evidence/v1\npage %" PRIu64
                  "\nlanguage %s\nlog %s\nregistrar ",
                  says->page, says->lang == XG_LANG_ZH ? "zh" : "en", log);
    xg_buf_base64(text, says->registrar, sizeof says->registrar);
    xg_buf_format(text,
                  "\nsize %" PRIu64 "\ntime %" PRIu64 "\nregistry %" PRIu64
                  "\n",
                  says->size, says->time_ms, says->registry_notes);
    put_hash(text, "policy", &says->policy);
    put_hash(text, "index", &says->index);
    xg_buf_format(text, "about %s%s%s\nfrom %" PRIu64 "\nto %" PRIu64 "\n",
                  about_names[says->about], *says->code ? " " : "", says->code,
                  says->from_ms, says->to_ms);
}

/* "case", "person CODE", "unit CODE" */
static bool read_about(struct xg_evidence_says *out, struct xg_bytes rest)
{
    struct xg_bytes word, code = {NULL, 0};

    if (!xg_word(&rest, &word))
        return false;
    for (size_t i = 0; i < sizeof about_names / sizeof *about_names; i++) {
        if (!xg_bytes_equal(word, xg_bytes_of(about_names[i])))
            continue;
        out->about = (enum xg_evidence_about)i;
        if (i == XG_EVIDENCE_CASE)
            return rest.len == 0;
        if (!xg_word(&rest, &code) || rest.len || code.len > XG_CODE_MAX ||
            !xg_code_valid(code))
            return false;
        memcpy(out->code, code.at, code.len);
        return true;
    }
    return false;
}

static bool read_lang(struct xg_evidence_says *out, struct xg_bytes text)
{
    bool zh = xg_bytes_equal(text, xg_bytes_of("zh"));

    out->lang = zh ? XG_LANG_ZH : XG_LANG_EN;
    return zh || xg_bytes_equal(text, xg_bytes_of("en"));
}

enum xg_status xg_evidence_says_read(struct xg_evidence_says *out,
                                     struct xg_bytes text, struct xg_error *err)
{
    struct xg_lines l = xg_lines_over(text);
    struct xg_evidence_says says = {.page = 0};
    struct xg_bytes lang, log, about;
    struct xg_hash registrar;

    xg_line_literal(&l, "xunge/evidence/v1");
    xg_line_uint(&l, "page", &says.page);
    xg_line_rest(&l, "language", &lang);
    xg_line_rest(&l, "log", &log);
    xg_line_hash(&l, "registrar", &registrar);
    xg_line_uint(&l, "size", &says.size);
    xg_line_uint(&l, "time", &says.time_ms);
    xg_line_uint(&l, "registry", &says.registry_notes);
    xg_line_hash(&l, "policy", &says.policy);
    xg_line_hash(&l, "index", &says.index);
    xg_line_rest(&l, "about", &about);
    xg_line_uint(&l, "from", &says.from_ms);
    xg_line_uint(&l, "to", &says.to_ms);
    if (xg_lines_end(&l, err) != XG_OK ||
        xg_verifier_parse(&says.log, (const char *)log.at, log.len, err) !=
            XG_OK)
        return err->status;
    if (!read_lang(&says, lang) || !read_about(&says, about) ||
        says.time_ms > (uint64_t)XG_WALL_MS_MAX ||
        says.from_ms > (uint64_t)XG_WALL_MS_MAX ||
        says.to_ms > (uint64_t)XG_WALL_MS_MAX)
        return xg_fail(err, XG_FORMAT, "evidence.txt: language, about, times");
    memcpy(says.registrar, registrar.b, sizeof says.registrar);
    *out = says;
    return XG_OK;
}

/* ---- records/<hash> ---- */

static void put_bytes(struct xg_buf *text, const char *keyword,
                      struct xg_bytes bytes)
{
    xg_buf_format(text, "%s ", keyword);
    xg_buf_base64(text, bytes.at, bytes.len);
    xg_buf_byte(text, '\n');
}

void xg_evidence_place_put(struct xg_buf *text,
                           const struct xg_evidence_place *p)
{
    xg_buf_text(text, "xunge/evidence-record/v1\n");
    put_hash(text, "chain", &p->chain);
    put_hash(text, "branch", &p->branch);
    xg_buf_format(text, "seq %" PRIu64 "\n", p->seq);
    put_hash(text, "previous", &p->previous);
    xg_buf_format(text, "entry %" PRIu64 "\nleaf %" PRIu64 " %" PRIu64 "\n",
                  p->entry, p->index, p->count);
    put_hash(text, "anchor", &p->anchor);
    for (size_t i = 0; i < p->path.count; i++)
        put_hash(text, "path", &p->path.hashes[i]);
    put_bytes(text, "head", p->head);
    if (p->gone)
        put_hash(text, "gone", &p->fields_hash);
    else
        put_bytes(text, "fields", p->fields);
}

/* Base64 of a line into the arena. */
static enum xg_status decode(struct xg_bytes *out, struct xg_arena *arena,
                             struct xg_bytes text, struct xg_error *err)
{
    size_t len = 0, room = text.len / 4 * 3 + 3;
    uint8_t *data;

    for (size_t i = 0; i < text.len; i++) /* libsodium takes more than these */
        if (text.at[i] & 0x80)
            return xg_fail(err, XG_FORMAT, "base64 expected");
    data = xg_arena_alloc(arena, room);
    if (!data)
        return xg_fail_nomem(err);
    if (!xg_unbase64(data, room, &len, (const char *)text.at, text.len))
        return xg_fail(err, XG_FORMAT, "base64 expected");
    *out = xg_bytes(data, len);
    return XG_OK;
}

static bool read_leaf(struct xg_evidence_place *p, struct xg_bytes rest)
{
    return xg_word_uint(&rest, &p->index) && xg_word_uint(&rest, &p->count) &&
           rest.len == 0;
}

enum xg_status xg_evidence_place_read(struct xg_evidence_place *out,
                                      struct xg_arena *arena,
                                      struct xg_bytes text,
                                      struct xg_error *err)
{
    struct xg_lines l = xg_lines_over(text);
    struct xg_evidence_place p = {.seq = 0};
    struct xg_bytes leaf, head, fields = {NULL, 0};

    xg_line_literal(&l, "xunge/evidence-record/v1");
    xg_line_hash(&l, "chain", &p.chain);
    xg_line_hash(&l, "branch", &p.branch);
    xg_line_uint(&l, "seq", &p.seq);
    xg_line_hash(&l, "previous", &p.previous);
    xg_line_uint(&l, "entry", &p.entry);
    xg_line_rest(&l, "leaf", &leaf);
    xg_line_hash(&l, "anchor", &p.anchor);
    while (xg_lines_at(&l, "path") && p.path.count < XG_PROOF_MAX)
        xg_line_hash(&l, "path", &p.path.hashes[p.path.count++]);
    xg_line_rest(&l, "head", &head);
    p.gone = xg_lines_at(&l, "gone");
    if (p.gone)
        xg_line_hash(&l, "gone", &p.fields_hash);
    else
        xg_line_rest(&l, "fields", &fields);
    if (xg_lines_end(&l, err) != XG_OK ||
        decode(&p.head, arena, head, err) != XG_OK ||
        (!p.gone && decode(&p.fields, arena, fields, err) != XG_OK))
        return err->status;
    if (!read_leaf(&p, leaf) || p.count == 0 || p.index >= p.count ||
        p.count > XG_BATCH_RECORDS_MAX || p.head.len == 0 ||
        (!p.gone && p.fields.len == 0))
        return xg_fail(err, XG_FORMAT, "a record's part: leaf, head, fields");
    *out = p;
    return XG_OK;
}
