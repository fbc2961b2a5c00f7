/* reference.c - `KIND import`, `reference list`: what a site is run by. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/data/data.h"
#include "server/data/guide.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

enum { LIST_BYTES = 16 << 20, SORTS_MAX = 1 << 20, NOTES_A_SORT = 3 };

/* --edition, or the file's name without its ending. Words only: it stands in
 * a note. */
static enum xg_status edition_of(char edition[static XG_CODE_MAX + 1],
                                 const struct cmd *c, struct xg_error *err)
{
    const char *text = cmd_option(c, "edition");
    size_t len;

    if (text) {
        len = strlen(text);
    } else {
        const char *slash = strrchr(c->args[1], '/');
        text = slash ? slash + 1 : c->args[1];
        const char *dot = strrchr(text, '.');
        len = dot ? (size_t)(dot - text) : strlen(text);
    }
    if (len == 0 || len > XG_CODE_MAX || memchr(text, ' ', len) ||
        (len == 1 && *text == '-'))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("请用 --edition 给出版本：一个不含空格的词",
                            "tell the edition with --edition: one word "
                            "without spaces"));
    memcpy(edition, text, len);
    edition[len] = '\0';
    return XG_OK;
}

/* The command's first word, but for what people say otherwise. */
static void kind_of(char kind[static XG_CODE_MAX + 1], const struct cmd *c)
{
    size_t len = strcspn(c->spec->words, " ");

    snprintf(kind, XG_CODE_MAX + 1, "%.*s", (int)len, c->spec->words);
    if (strcmp(kind, "template") == 0)
        snprintf(kind, XG_CODE_MAX + 1, "templates");
    else if (strcmp(kind, "territory") == 0 && c->input.len &&
             *c->input.at == '{')
        snprintf(kind, XG_CODE_MAX + 1, "boundaries");
}

/* ---- what is kept; one snapshot of the store ---- */

struct kept {
    struct store *store;
    struct xg_arena arena;
    struct store_reference *rows;
    size_t count;
};

static enum xg_status kept_open(struct kept *k, struct cmd *c,
                                struct xg_error *err)
{
    *k = (struct kept){.arena = XG_ARENA(LIST_BYTES)};
    if (data_borrow(c->data, &k->store, err) != XG_OK)
        return err->status;
    enum xg_status status = k->store->ops->read_references(
        k->store, &k->arena, &k->rows, &k->count, err);
    if (status != XG_OK) {
        xg_arena_clear(&k->arena);
        data_return(c->data, k->store);
    }
    return status;
}

static void kept_close(struct kept *k, struct cmd *c)
{
    xg_arena_clear(&k->arena);
    data_return(c->data, k->store);
}

/* The newest of that kind (and that edition); NULL. */
static const struct store_reference *newest(const struct kept *k,
                                            const char *kind,
                                            const char *edition)
{
    for (size_t i = k->count; i > 0; i--)
        if (strcmp(k->rows[i - 1].says.kind, kind) == 0 &&
            (!edition || strcmp(k->rows[i - 1].says.edition, edition) == 0))
            return &k->rows[i - 1];
    return NULL;
}

/* ---- import ---- */

struct import {
    struct cmd *c;
    struct xg_registry people;
    json_t *warnings;
    struct xg_buf sorts; /* of each warning, a byte */
    bool nomem;
};

static enum xg_status knows_worker(void *ctx, bool *known, const char *code,
                                   struct xg_error *err)
{
    struct import *in = ctx;
    struct xg_statement says;
    uint64_t position;

    return in->people.find(in->people.ctx, XG_SAYS_WORKER, code, INT64_MAX,
                           &says, &position, known, err);
}

static void take_warning(void *ctx, char sort, const char *text)
{
    struct import *in = ctx;

    xg_buf_byte(&in->sorts, (uint8_t)sort);

    if (json_array_append_new(in->warnings, json_string(text)) != 0)
        in->nomem = true;
}

/* Judge the file whole, and against what was imported before. */
static enum xg_status judge(struct import *in, size_t *rows, bool *known,
                            const char *kind, const char *edition,
                            struct xg_error *err)
{
    const struct xg_guide_watch watch = {in, knows_worker, take_warning};
    struct kept kept;
    struct xg_guide *g = NULL;

    if (xg_guide_check(rows, kind, in->c->input, err) != XG_OK)
        return xg_wrap(err, "%s", in->c->args[1]);
    if (kept_open(&kept, in->c, err) != XG_OK)
        return err->status;
    const struct xg_guide_source source = guide_source(kept.store);
    enum xg_status status = xg_guide_new(&g, &source, err);
    if (status == XG_OK)
        status = xg_guide_unresolved(g, kind, in->c->input, &watch, err);
    if (status != XG_OK)
        status = xg_wrap(err, "%s", in->c->args[1]);
    if (status == XG_OK && in->nomem)
        status = xg_fail_nomem(err);
    const struct store_reference *same = newest(&kept, kind, edition);
    struct xg_hash hash;
    crypto_hash_sha256(hash.b, in->c->input.at, in->c->input.len);
    *known = same && xg_hash_equal(&same->says.file, &hash);
    xg_guide_free(g);
    kept_close(&kept, in->c);
    return status;
}

static void put_sort(struct xg_buf *out, const struct import *in, uint8_t sort)
{
    size_t said = 0, more = 0;

    for (size_t i = 0; i < in->sorts.len; i++) {
        if (in->sorts.data[i] != sort)
            continue;
        if (said == NOTES_A_SORT) {
            more++;
            continue;
        }
        said++;
        xg_buf_format(out, XG_T("请留意：%s\n", "note: %s\n"),
                      json_string_value(json_array_get(in->warnings, i)));
    }
    if (more)
        xg_buf_format(out,
                      XG_T("　　　　同样的还有 %zu 处，用 --json 全部列出\n",
                           "      %zu more like it: --json lists them all\n"),
                      more);
}

/* Three of a sort and how many more there are: a file that comes before what
 * it names lacks the same things over and over. */
static void put_notes(struct xg_buf *out, const struct import *in)
{
    const uint8_t *sorts = in->sorts.data;

    for (size_t i = 0; i < in->sorts.len; i++)
        if (i == 0 || !memchr(sorts, sorts[i], i))
            put_sort(out, in, sorts[i]);
}

static void put_text(struct cmd *c, const struct xg_reference *kept,
                     const struct import *in, size_t rows, bool known)
{
    const char *label = xg_guide_kind_label(kept->kind);

    if (known)
        xg_buf_format(&c->out,
                      XG_T("%s版本 %s 早已导入，内容相同，没有变化\n",
                           "%s %s: imported before, the same; nothing "
                           "changed\n"),
                      label, kept->edition);
    else if (strcmp(kept->kind, "territory") == 0)
        xg_buf_format(&c->out,
                      XG_T("已导入%s，版本 %s，%zu 个单位\n",
                           "imported: %s %s, %zu units\n"),
                      label, kept->edition, rows);
    else
        xg_buf_format(&c->out,
                      XG_T("已导入%s，版本 %s，%zu 项\n",
                           "imported: %s %s, %zu rows\n"),
                      label, kept->edition, rows);
    put_notes(&c->out, in);
}

enum xg_status cmd_import(struct cmd *c, struct xg_error *err)
{
    struct import in = {.c = c,
                        .people = registry_view(c->data->registry),
                        .warnings = json_array(),
                        .sorts = XG_BUF(SORTS_MAX)};
    char edition[XG_CODE_MAX + 1], kind[XG_CODE_MAX + 1];
    char hash[2 * XG_HASH_SIZE + 1];
    struct xg_reference kept;
    size_t rows = 0;
    bool known = false;
    enum xg_status status = in.warnings ? XG_OK : xg_fail_nomem(err);

    kind_of(kind, c);
    if (status == XG_OK)
        status = edition_of(edition, c, err);
    if (status == XG_OK)
        status = judge(&in, &rows, &known, kind, edition, err);
    if (status == XG_OK)
        status = registry_put_reference(c->data->registry, &kept, kind, edition,
                                        c->input, err);
    if (status != XG_OK)
        goto done;
    xg_hex(hash, kept.file.b, sizeof kept.file.b);
    if (c->json)
        status = cmd_put_json(
            c,
            json_pack("{s:s, s:s, s:s, s:I, s:I, s:b, s:O}", "kind", kind,
                      "edition", kept.edition, "sha256", hash, "bytes",
                      (json_int_t)kept.length, "rows", (json_int_t)rows, "new",
                      !known, "warnings", in.warnings),
            err);
    else
        put_text(c, &kept, &in, rows, known);
done:
    json_decref(in.warnings);
    xg_buf_clear(&in.sorts);
    return status;
}

/* ---- reference list ---- */

/* Is it what counts now? Of kinds whose files all count, every one is. */
static bool in_force(const struct kept *k, const struct store_reference *r)
{
    static const char *const all[] = {"territory", "calendar", "templates",
                                      "catalogue"};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(r->says.kind, all[i]) == 0)
            return true;
    return newest(k, r->says.kind, NULL) == r;
}

static enum xg_status put_reference(struct cmd *c, const struct kept *k,
                                    const struct store_reference *r,
                                    struct xg_error *err)
{
    char hash[2 * XG_HASH_SIZE + 1];
    bool counts = in_force(k, r);

    xg_hex(hash, r->says.file.b, sizeof r->says.file.b);
    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:s, s:s, s:I, s:I, s:b}", "kind", r->says.kind,
                      "edition", r->says.edition, "sha256", hash, "bytes",
                      (json_int_t)r->says.length, "position",
                      (json_int_t)r->position, "in_force", counts),
            err);
    view_put_column(&c->out, xg_bytes_of(r->says.kind), 12);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out, xg_bytes_of(xg_guide_kind_label(r->says.kind)),
                    12);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out, xg_bytes_of(r->says.edition), 24);
    xg_buf_format(&c->out, " %8" PRIu64 " %.12s %s\n", r->position, hash,
                  counts ? XG_T("在用", "in force")
                         : XG_T("已被替换", "replaced"));
    return XG_OK;
}

enum xg_status cmd_reference_list(struct cmd *c, struct xg_error *err)
{
    struct kept kept;
    enum xg_status status = kept_open(&kept, c, err);

    if (status != XG_OK)
        return status;
    for (size_t i = 0; status == XG_OK && i < kept.count; i++)
        status = put_reference(c, &kept, &kept.rows[i], err);
    if (status == XG_OK && !kept.count && !c->json)
        xg_buf_text(&c->out, XG_T("还没有导入任何资料\n",
                                  "nothing was imported yet\n"));
    kept_close(&kept, c);
    return status;
}
