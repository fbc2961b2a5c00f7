/* evidence_file.c - an evidence file as a whole: written, and read without
 * trusting a byte of it; see evidence.h.
 *
 * The base64 of the archive is decoded as it is asked for, and the page is
 * compared with the one in the file as it is made: neither lies in memory a
 * second time.
 */
#include "shared/audit/evidence_inside.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"

static const char begin_data[] =
    "<script type=\"application/x-xunge-evidence\">\n";
static const char end_data[] = "</script></body></html>\n";

enum { LINE_BYTES = 57, LINE_CHARS = 76, PIECE = 4096 };

/* ---- writing ---- */

struct armour {
    const struct xg_evidence_sink *to;
    uint8_t rest[LINE_BYTES]; /* not yet a whole line */
    size_t count;
};

static enum xg_status put_line(struct armour *a, const uint8_t *data,
                               size_t len, struct xg_error *err)
{
    char line[LINE_CHARS + 2];

    xg_base64(line, sizeof line, data, len);
    size_t chars = strlen(line);
    line[chars] = '\n';
    return a->to->put(a->to->ctx, xg_bytes(line, chars + 1), err);
}

static enum xg_status put_armoured(void *ctx, struct xg_bytes data,
                                   struct xg_error *err)
{
    struct armour *a = ctx;

    while (data.len) {
        size_t take = LINE_BYTES - a->count;
        take = take < data.len ? take : data.len;
        memcpy(a->rest + a->count, data.at, take);
        a->count += take;
        data = xg_bytes(data.at + take, data.len - take);
        if (a->count < LINE_BYTES)
            break;
        if (put_line(a, a->rest, LINE_BYTES, err) != XG_OK)
            return err->status;
        a->count = 0;
    }
    return XG_OK;
}

static enum xg_status put_archive(struct armour *a,
                                  const struct xg_evidence_part *parts,
                                  size_t count, struct xg_error *err)
{
    struct xg_tar_sink sink = {.put = put_armoured, .ctx = a};
    struct xg_tar_writer *w;

    if (xg_tar_writer_open(&w, sink, err) != XG_OK)
        return err->status;
    enum xg_status status = XG_OK;
    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = xg_tar_put(w, parts[i].name, parts[i].content, err);
    if (status == XG_OK)
        status = xg_tar_finish(w, err);
    xg_tar_writer_close(w);
    if (status == XG_OK && a->count)
        status = put_line(a, a->rest, a->count, err);
    return status;
}

static enum xg_status put_text(const struct xg_evidence_sink *to,
                               const char *text, struct xg_error *err)
{
    return to->put(to->ctx, xg_bytes_of(text), err);
}

/* What would not stand before a reader is not written. */
static enum xg_status prove_own(struct xg_evidence **e,
                                struct xg_evidence_part *parts, size_t count,
                                const struct xg_verifier *log,
                                struct xg_error *err)
{
    const struct xg_evidence_options o = {.log = log};

    if (xg_evidence_prove(e, parts, count, &o, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < (*e)->finding_count; i++)
        if ((*e)->findings[i].gravity == XG_GRAVITY_BROKEN) {
            xg_ignore(xg_fail(
                err, XG_CORRUPT,
                XG_T("证据没有写出：服务器自己的数据经不起核对：%s；请用 "
                     "xunge-server check 检查",
                     "no evidence was written: the server's own data does not "
                     "stand the check: %s; see xunge-server check"),
                (*e)->findings[i].text));
            xg_evidence_free(*e);
            return err->status;
        }
    return XG_OK;
}

enum xg_status xg_evidence_write(const struct xg_evidence_part *parts,
                                 size_t count, const struct xg_verifier *log,
                                 const struct xg_evidence_sink *to,
                                 struct xg_error *err)
{
    struct xg_evidence_part *sorted = calloc(count + 1, sizeof *sorted);
    struct armour armour = {.to = to};
    struct xg_evidence *e = NULL;

    if (!sorted)
        return xg_fail_nomem(err);
    if (count)
        memcpy(sorted, parts, count * sizeof *sorted);
    enum xg_status status = prove_own(&e, sorted, count, log, err);
    if (status == XG_OK) {
        status = xg_evidence_page(e, to, err);
        xg_evidence_free(e);
    }
    if (status == XG_OK)
        status = put_text(to, begin_data, err);
    if (status == XG_OK)
        status = put_archive(&armour, parts, count, err);
    if (status == XG_OK)
        status = put_text(to, end_data, err);
    free(sorted);
    return status;
}

/* ---- reading ---- */

/* Lines of base64, 76 characters each but the last. */
struct unarmour {
    struct xg_bytes rest;
    uint8_t piece[LINE_BYTES];
    bool last, bad;
};

static bool decode_line(struct unarmour *u, size_t *len)
{
    struct xg_bytes line;

    if (u->last || !xg_line(&u->rest, &line) || line.len == 0 ||
        line.len > LINE_CHARS)
        return false;
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] & 0x80)
            return false;
    u->last = line.len < LINE_CHARS || u->rest.len == 0;
    return xg_unbase64(u->piece, sizeof u->piece, len, (const char *)line.at,
                       line.len) &&
           (u->last || *len == LINE_BYTES);
}

static enum xg_status get_archive(void *ctx, struct xg_bytes *data,
                                  struct xg_error *err)
{
    struct unarmour *u = ctx;
    size_t len = 0;

    if (u->rest.len == 0) {
        *data = xg_bytes(u->piece, 0);
        return XG_OK;
    }
    if (!decode_line(u, &len)) {
        u->bad = true;
        return xg_fail(err, XG_FORMAT,
                       XG_T("证据文件末尾的数据不是规范的 base64",
                            "the data at the end of the evidence file is no "
                            "canonical base64"));
    }
    *data = xg_bytes(u->piece, len);
    return XG_OK;
}

static size_t find(struct xg_bytes in, const char *text, size_t from)
{
    size_t len = strlen(text);

    while (from + len <= in.len) {
        const uint8_t *at = memchr(in.at + from, text[0], in.len - from);
        if (!at)
            break;
        from = (size_t)(at - in.at);
        if (from + len <= in.len && memcmp(at, text, len) == 0)
            return from;
        from++;
    }
    return SIZE_MAX;
}

static enum xg_status take_part(struct xg_evidence_checked *c,
                                struct xg_tar_reader *r,
                                const struct xg_tar_part *named, size_t *room,
                                struct xg_error *err)
{
    size_t len = 0, got = 1;

    if (c->part_count == XG_EVIDENCE_PARTS_MAX ||
        named->length > XG_EVIDENCE_MAX)
        return xg_fail(err, XG_TOOBIG, "%s", named->name);
    if (c->part_count == *room) {
        size_t more = *room ? *room * 2 : 256;
        struct xg_evidence_part *moved =
            xg_arena_array(&c->arena, more, sizeof *moved);
        if (!moved)
            return xg_fail_nomem(err);
        if (*room)
            memcpy(moved, c->parts, *room * sizeof *moved);
        c->parts = moved;
        *room = more;
    }
    uint8_t *data = xg_arena_alloc(&c->arena, (size_t)named->length + 1);
    if (!data)
        return xg_fail_nomem(err);
    while (got && len < named->length) {
        if (xg_tar_read(r, data + len, (size_t)named->length - len, &got,
                        err) != XG_OK)
            return err->status;
        len += got;
    }
    struct xg_evidence_part *part = &c->parts[c->part_count++];
    memcpy(part->name, named->name, sizeof part->name);
    part->content = xg_bytes(data, len);
    part->used = false;
    return XG_OK;
}

static enum xg_status read_archive(struct xg_evidence_checked *c,
                                   struct xg_bytes data, struct xg_error *err)
{
    struct unarmour u = {.rest = data};
    struct xg_tar_source source = {.get = get_archive, .ctx = &u};
    struct xg_tar_reader *r;
    struct xg_tar_part part;
    size_t room = 0;
    bool more = true;

    if (xg_tar_reader_open(&r, source, err) != XG_OK)
        return err->status;
    enum xg_status status = xg_tar_next(r, &part, &more, err);
    while (status == XG_OK && more) {
        status = take_part(c, r, &part, &room, err);
        if (status == XG_OK)
            status = xg_tar_next(r, &part, &more, err);
    }
    xg_tar_reader_close(r);
    return status;
}

/* ---- the page that is there, and the one that ought to be ---- */

struct comparing {
    struct xg_bytes there;
    size_t at;
    bool differs;
};

static enum xg_status compare(void *ctx, struct xg_bytes piece,
                              struct xg_error *err)
{
    struct comparing *c = ctx;
    size_t i = 0;

    (void)err;
    if (c->differs)
        return XG_OK;
    while (i < piece.len && c->at < c->there.len &&
           c->there.at[c->at] == piece.at[i]) {
        i++;
        c->at++;
    }
    c->differs = i < piece.len;
    return XG_OK;
}

static size_t line_at(struct xg_bytes text, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < text.len; i++)
        line += text.at[i] == '\n';
    return line;
}

static enum xg_status compare_page(struct xg_evidence_checked *c,
                                   struct xg_bytes html, size_t page_len,
                                   size_t tail_at, struct xg_error *err)
{
    struct comparing page = {.there = xg_bytes(html.at, page_len)};
    const struct xg_evidence_sink sink = {.ctx = &page, .put = compare};
    struct xg_bytes tail = xg_bytes(html.at + tail_at, html.len - tail_at);

    c->compared = c->e->broken == 0 && c->e->says.page == XG_EVIDENCE_PAGE;
    if (!c->compared)
        return XG_OK;
    if (xg_evidence_page(c->e, &sink, err) != XG_OK)
        return err->status;
    bool whole = !page.differs && page.at == page_len;
    c->same = whole && xg_bytes_equal(tail, xg_bytes_of(end_data));
    c->line = c->same ? 0 : line_at(html, whole ? tail_at : page.at);
    return XG_OK;
}

/* By the reader's own policy. */
static void judge_quorum(struct xg_evidence_checked *c,
                         const struct xg_policy *policy)
{
    c->asked_quorum = policy != NULL;
    for (size_t i = 0; policy && !c->quorum && i < c->e->part_count; i++) {
        struct xg_cosigned cosigned[XG_POLICY_WITNESSES_MAX];
        struct xg_error why = XG_ERROR_NONE;
        struct xg_note note;
        size_t count = 0;
        c->quorum =
            xg_evidence_cosigned(&note, c->e, &c->e->parts[i]) &&
            xg_policy_verify(policy, cosigned, &count, &note, &why) == XG_OK &&
            xg_policy_satisfied(policy, cosigned, count, &c->quorum_time_s);
    }
}

enum xg_status xg_evidence_check(struct xg_evidence_checked *out,
                                 struct xg_bytes html,
                                 const struct xg_evidence_options *o,
                                 struct xg_error *err)
{
    struct xg_evidence_checked c = {.arena = XG_ARENA(XG_EVIDENCE_MAX * 2u)};
    size_t page_len = html.len <= XG_EVIDENCE_MAX
                          ? find(html, begin_data, 0)
                          : SIZE_MAX;

    if (html.len > XG_EVIDENCE_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("证据文件最多 256 MiB",
                            "an evidence file has at most 256 MiB"));
    if (page_len == SIZE_MAX)
        return xg_fail(err, XG_FORMAT,
                       XG_T("这不是巡格的证据文件：没有数据部分。请给出导出的 "
                            "HTML 文件本身，不是打印件",
                            "this is no evidence file of Xunge: it has no "
                            "data. Give the HTML file that was written, not a "
                            "print of it"));
    size_t data_at = page_len + strlen(begin_data);
    size_t tail_at = find(html, "</script>", data_at);
    if (tail_at == SIZE_MAX)
        return xg_fail(err, XG_FORMAT,
                       XG_T("证据文件不完整：末尾断了，请重新拷贝",
                            "the evidence file is cut short: copy it again"));
    enum xg_status status = read_archive(
        &c, xg_bytes(html.at + data_at, tail_at - data_at), err);
    if (status == XG_OK)
        status = xg_evidence_prove(&c.e, c.parts, c.part_count, o, err);
    if (status == XG_OK)
        status = compare_page(&c, html, page_len, tail_at, err);
    if (status == XG_OK)
        judge_quorum(&c, o->policy);
    if (status != XG_OK) {
        xg_evidence_unchecked(&c);
        return status;
    }
    *out = c;
    return XG_OK;
}

void xg_evidence_unchecked(struct xg_evidence_checked *c)
{
    xg_evidence_free(c->e);
    c->e = NULL;
    xg_arena_clear(&c->arena);
}

bool xg_evidence_witnessed(const struct xg_evidence_checked *c)
{
    return !c->asked_quorum || c->quorum;
}

bool xg_evidence_good(const struct xg_evidence_checked *c)
{
    return c->e->broken == 0 && c->compared && c->same;
}
