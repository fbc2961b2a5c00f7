/* evidence_page.c - the page of an evidence file: its frame, the verdict, how
 * to check it. A pure function of what was proven: made by the server when it
 * writes the file, and again by whoever checks it, byte for byte.
 *
 * For paper first: A4, no script, nothing from outside. What others wrote is
 * escaped, and made safe as for a terminal before (view/text.h).
 */
#include "shared/audit/evidence_inside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/guide/guide.h"
#include "shared/view/text.h"

enum { PIECE = 64 << 10, PAGE_BUF_MAX = 96 << 20, SCRATCH_MAX = 1 << 20 };

/* clang-format off */
static const char style[] =
"@page{size:A4;margin:16mm 15mm 18mm;"
"@bottom-center{content:counter(page) ' / ' counter(pages);font-size:9pt}}\n"
"*{box-sizing:border-box}\n"
"body{font:10.5pt/1.55 'Noto Serif CJK SC','Source Han Serif SC',"
"'SimSun','WenQuanYi Zen Hei',serif;color:#000;background:#fff;"
"max-width:180mm;margin:0 auto;padding:6mm}\n"
"h1{font-size:18pt;margin:0 0 2mm;text-align:center}\n"
"h2{font-size:14pt;margin:8mm 0 2mm;border-bottom:1.5pt solid #000;"
"break-after:avoid}\n"
"h3{font-size:11.5pt;margin:5mm 0 1mm;break-after:avoid}\n"
"p{margin:1mm 0}\n"
"table{border-collapse:collapse;width:calc(100% - 1pt);margin:1mm .5pt 3mm;"
"table-layout:fixed}\n"
"thead{display:table-header-group}\n"
"tr{break-inside:avoid}\n"
"th,td{border:.5pt solid #666;padding:1mm 1.5mm;text-align:left;"
"vertical-align:top;overflow-wrap:anywhere}\n"
"th{background:#eee;font-weight:600}\n"
".v{border:1.5pt solid #000}\n"
".v th{width:26mm}\n"
".f th{width:34mm}\n"
".m{font:8.5pt/1.35 'DejaVu Sans Mono',monospace;overflow-wrap:anywhere;"
"white-space:pre-wrap}\n"
".s{font-size:9pt;color:#333}\n"
".g{display:flex;flex-wrap:wrap;gap:3mm}\n"
"figure{margin:0;width:86mm;break-inside:avoid;border:.5pt solid #666;"
"padding:1.5mm}\n"
"figure img{width:100%;max-height:100mm;object-fit:contain}\n"
"figcaption{font-size:9pt}\n"
".w{font-weight:600}\n"
".n{width:9mm}.t{width:40mm}.p{width:38mm}.h{width:58mm}\n"
"@media print{body{padding:0;max-width:none}}\n";
/* clang-format on */

/* ---- putting ---- */

void xg_evidence_html(struct xg_evidence_page *p, const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof text)
        p->out.failed = XG_TOOBIG;
    else
        xg_buf_append(&p->out, text, (size_t)len);
}

static void escape(struct xg_buf *out, struct xg_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.at[i]) {
        case '<':
            xg_buf_text(out, "&lt;");
            break;
        case '>':
            xg_buf_text(out, "&gt;");
            break;
        case '&':
            xg_buf_text(out, "&amp;");
            break;
        case '"':
            xg_buf_text(out, "&quot;");
            break;
        case '\n':
            xg_buf_text(out, "<br>");
            break;
        default:
            xg_buf_byte(out, text.at[i]);
        }
    }
}

void xg_evidence_put_scratch(struct xg_evidence_page *p)
{
    if (p->scratch.failed != XG_OK)
        p->out.failed = p->scratch.failed;
    escape(&p->out, xg_buf_bytes(&p->scratch));
    xg_buf_reset(&p->scratch);
}

static void put_text(struct xg_evidence_page *p, struct xg_bytes text)
{
    view_put_line(&p->scratch, text);
    xg_evidence_put_scratch(p);
}

void xg_evidence_puts(struct xg_evidence_page *p, const char *text)
{
    put_text(p, xg_bytes_of(text));
}

void xg_evidence_put_time(struct xg_evidence_page *p, int64_t ms)
{
    view_put_time(&p->scratch, ms);
    xg_evidence_put_scratch(p);
}

enum xg_status xg_evidence_flush(struct xg_evidence_page *p, size_t above)
{
    if (xg_buf_check(&p->out, p->err) != XG_OK)
        return p->err->status;
    if (p->out.len <= above)
        return XG_OK;
    if (p->to->put(p->to->ctx, xg_buf_bytes(&p->out), p->err) != XG_OK)
        return p->err->status;
    xg_buf_reset(&p->out);
    return XG_OK;
}

void xg_evidence_put_person(struct xg_evidence_page *p, const char *code)
{
    for (size_t i = 0; i < p->e->person_count; i++)
        if (strcmp(p->e->people[i].code, code) == 0) {
            put_text(p, p->e->people[i].name);
            xg_evidence_html(p, " ");
        }
    xg_evidence_puts(p, *code ? code : XG_T("（不明）", "(unknown)"));
}

const struct xg_evidence_blob *
xg_evidence_find_blob(const struct xg_evidence *e, const struct xg_hash *sha256)
{
    size_t low = 0, high = e->blob_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (xg_hash_compare(&e->blobs[mid].sha256, sha256) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < e->blob_count && xg_hash_equal(&e->blobs[low].sha256, sha256)
               ? &e->blobs[low]
               : NULL;
}

/* ---- the verdict ---- */

static void row(struct xg_evidence_page *p, const char *head)
{
    xg_evidence_html(p, "<tr><th>%s</th><td>", head);
}

static void end_row(struct xg_evidence_page *p)
{
    xg_evidence_html(p, "</td></tr>\n");
}

/* Authors, each once, with how sure it is. */
static void put_authors(struct xg_evidence_page *p)
{
    const struct xg_evidence *e = p->e;

    for (size_t i = 0; i < e->entity_count; i++)
        for (size_t j = 0; j < e->entities[i].count; j++) {
            const struct xg_judgement *a = &e->entities[i].judgements[j];
            uint64_t counts[XG_GRADE_ASSERTED + 1] = {0}, without = 0;
            bool seen = false;
            for (size_t k = 0; k <= i && !seen; k++)
                for (size_t l = 0;
                     l < (k < i ? e->entities[k].count : j) && !seen; l++)
                    seen = strcmp(e->entities[k].judgements[l].author,
                                  a->author) == 0;
            if (seen)
                continue;
            for (size_t k = i; k < e->entity_count; k++)
                for (size_t l = 0; l < e->entities[k].count; l++) {
                    const struct xg_judgement *b =
                        &e->entities[k].judgements[l];
                    if (strcmp(a->author, b->author) != 0)
                        continue;
                    counts[b->grade]++;
                    without += b->no_right != NULL;
                }
            xg_evidence_html(p, "<p>");
            xg_evidence_put_person(p, a->author);
            if (a->role)
                xg_evidence_html(p, XG_T("（%s）", " (%s)"),
                                 xg_label(a->role->zh, a->role->en));
            for (unsigned g = 0; g <= XG_GRADE_ASSERTED; g++)
                if (counts[g])
                    xg_evidence_html(
                        p, XG_T(" · %s %" PRIu64 " 条", " · %s: %" PRIu64),
                        xg_grade_label((enum xg_grade)g), counts[g]);
            if (without)
                xg_evidence_html(p,
                                 XG_T(" · 其中无权、不生效 %" PRIu64 " 条",
                                      " · without right, no effect: %" PRIu64),
                                 without);
            xg_evidence_html(p, "</p>");
        }
    xg_evidence_html(
        p, "<p class=\"s\">%s</p>",
        XG_T(
            "“已证实”：本人密钥的签名，或只有一个使用人的设备的签名；“设备声称”"
            "：多人共用的设备称是此人，没有本人签名；“服务器认定”：在服务器"
            "上登录办理，没有本人签名，只凭服务器的话。",
            "“Proven”: signed by the person's own key, or by a device that "
            "has one user. “Claimed”: a shared device says so, without that "
            "person's signature. “Asserted”: done at the server's console "
            "without the person's signature; the server's word alone."));
}

static void put_bound(struct xg_evidence_page *p, uint64_t ms, bool witnessed)
{
    xg_evidence_put_time(p, (int64_t)ms);
    xg_evidence_puts(p, witnessed
                            ? XG_T("（见证人的时间）", " (witnesses' time)")
                            : XG_T("（服务器的时间）", " (server's time)"));
}

/* Of all records: after the first bound, before the last. */
static void put_bounds(struct xg_evidence_page *p)
{
    const struct xg_evidence *e = p->e;
    uint64_t low = UINT64_MAX, high = 0, ms;
    bool low_witnessed = false, high_witnessed = false, witnessed;
    bool has_low = e->record_count > 0, has_high = e->record_count > 0;

    for (size_t i = 0; i < e->record_count; i++) {
        ms = xg_bounds_low(&e->records[i].bounds, &witnessed);
        has_low = has_low && ms;
        if (ms && ms < low) {
            low = ms;
            low_witnessed = witnessed;
        }
        ms = xg_bounds_high(&e->records[i].bounds, &witnessed);
        has_high = has_high && ms;
        if (ms > high) {
            high = ms;
            high_witnessed = witnessed;
        }
    }
    row(p, XG_T("不早于", "Not before"));
    if (has_low)
        put_bound(p, low, low_witnessed);
    else
        xg_evidence_puts(
            p, XG_T("有的记录没有下限：设备此前没有同步过，只有设备时钟",
                    "some records have no lower bound: their device "
                    "had not synced before; only its clock"));
    end_row(p);
    row(p, XG_T("不晚于", "Not after"));
    if (has_high)
        put_bound(p, high, high_witnessed);
    else
        xg_evidence_puts(p, XG_T("没有上限", "no upper bound"));
    xg_evidence_html(
        p, "<p class=\"s\">%s</p>",
        XG_T(
            "各条记录自己的区间见下。设备时钟只是佐证。服务器的时间要相信服务器"
            "；见证人的时间不必。",
            "Each record's own interval stands below. A device's clock is a "
            "hint. The server's time takes trust in the server; the "
            "witnesses' does not."));
    end_row(p);
}

static void put_unaltered(struct xg_evidence_page *p)
{
    const struct xg_evidence *e = p->e;

    row(p, XG_T("未被改动", "Unaltered"));
    xg_evidence_html(
        p,
        XG_T("%zu 条记录都在设备签名的批次里，批次都在日志里；日志共 "
             "%" PRIu64 " 条，其根：",
             "All %zu records lie in batches that devices signed, "
             "and these in the log, which has %" PRIu64
             " entries and this root:"),
        e->record_count, e->checkpoint.size);
    xg_evidence_html(p, "<div class=\"m\">");
    xg_evidence_puts(p, e->checkpoint.origin);
    xg_evidence_html(p, "\n%" PRIu64 "\n", e->checkpoint.size);
    xg_buf_base64(&p->out, e->checkpoint.root.b, XG_HASH_SIZE);
    xg_evidence_html(p, "</div>");
    end_row(p);
    row(p, XG_T("联署", "Cosigned"));
    if (e->has_policy)
        xg_evidence_html(p,
                         e->quorum
                             ? XG_T("见证人 %zu 个，达到服务器的见证策略",
                                    "%zu witnesses; the server's policy is "
                                    "satisfied")
                             : XG_T("见证人 %zu 个，未达到服务器的见证策略",
                                    "%zu witnesses; the server's policy is "
                                    "not satisfied"),
                         e->witness_count);
    else
        xg_evidence_puts(p, XG_T("没有见证策略", "no witness policy"));
    xg_evidence_html(p,
                     XG_T("；设备 %zu 台（只见证日志前后一致，不见证时间）",
                          "; %zu devices (they witness that the log goes on, "
                          "never the time)"),
                     e->device_witnesses);
    end_row(p);
}

static void put_complete(struct xg_evidence_page *p)
{
    const struct xg_evidence *e = p->e;

    row(p, XG_T("没有遗漏", "Nothing dropped"));
    xg_evidence_html(p,
                     XG_T("这里是截至日志第 %" PRIu64
                          " 条，这 %zu 件的全部 %zu "
                          "条记录。",
                          "These are all records up to size %" PRIu64
                          " of the log of %zu cases: %zu records."),
                     e->checkpoint.size, e->entity_count, e->record_count);
    xg_evidence_html(
        p, "<p class=\"s\">%s</p>",
        XG_T(
            "“全部”凭的是日志对这份清单的签名：少了一条，手里有完整日志的任何人"
            "都能指出来，签名就成了服务器作假的证据。要自己确认，用 "
            "xunge-audit "
            "verify 与 replay 核对整个日志。",
            "“All” rests on the log's signature under this list: were one "
            "missing, anybody who has the whole log could show it, and the "
            "signature would convict the server. To see for yourself, check "
            "the whole log with xunge-audit verify and replay."));
    end_row(p);
}

static void put_photo_row(struct xg_evidence_page *p)
{
    const struct xg_evidence *e = p->e;
    size_t held = 0;

    for (size_t i = 0; i < e->blob_count; i++)
        held += e->blobs[i].content.len > 0;
    row(p, XG_T("照片", "Photos"));
    xg_evidence_html(p,
                     XG_T("随附 %zu 个文件（含缩略图），哈希都与记录相符",
                          "%zu files are here (thumbnails among them); each is "
                          "the one that its record names"),
                     held);
    end_row(p);
}

/* ---- frame ---- */

static void put_subject(struct xg_evidence_page *p)
{
    const struct xg_evidence_says *s = &p->e->says;

    switch (s->about) {
    case XG_EVIDENCE_CASE:
        if (p->e->entity_count)
            xg_evidence_put_heading(p, &p->e->entities[0]);
        return;
    case XG_EVIDENCE_PERSON:
        xg_evidence_put_person(p, s->code);
        break;
    case XG_EVIDENCE_UNIT: {
        const char *name = s->code;
        struct xg_error ignored = XG_ERROR_NONE;
        xg_ignore(xg_guide_unit_name(p->guide, &name, s->code, &ignored));
        xg_evidence_puts(p, name);
        if (strcmp(name, s->code) != 0)
            xg_evidence_html(p, " %s", s->code);
        break;
    }
    }
    xg_evidence_html(p, " · ");
    xg_evidence_put_time(p, (int64_t)s->from_ms);
    xg_evidence_html(p, " – ");
    xg_evidence_put_time(p, (int64_t)s->to_ms);
}

static void put_head(struct xg_evidence_page *p)
{
    const struct xg_evidence *e = p->e;
    bool zh = e->says.lang == XG_LANG_ZH;

    xg_evidence_html(
        p,
        "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
        "'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s ",
        zh ? "zh-CN" : "en", XG_T("巡格证据", "Xunge evidence"));
    xg_evidence_puts(p, e->checkpoint.origin);
    xg_evidence_html(p, "</title>\n<style>");
    xg_buf_text(&p->out, style);
    xg_evidence_html(p, "</style></head><body>\n<h1>%s</h1>\n<p class=\"w\">",
                     XG_T("证据", "Evidence"));
    put_subject(p);
    xg_evidence_html(p, "</p>\n<p class=\"s\">%s ", XG_T("日志", "Log"));
    xg_evidence_puts(p, e->checkpoint.origin);
    xg_evidence_html(p, " · %s ", XG_T("导出于", "written"));
    xg_evidence_put_time(p, (int64_t)e->says.time_ms);
    xg_evidence_html(
        p, "%s</p>\n",
        XG_T("（服务器时钟）。本页时间都是北京时间（UTC+8）。",
             " (server's clock). All times on this page are UTC+8."));
}

static void put_verdict(struct xg_evidence_page *p)
{
    xg_evidence_html(p, "<table class=\"v\"><tbody>\n");
    row(p, XG_T("谁记录的", "Recorded by"));
    put_authors(p);
    end_row(p);
    put_bounds(p);
    put_unaltered(p);
    put_complete(p);
    put_photo_row(p);
    xg_evidence_html(p, "</tbody></table>\n");
}

/* Of a period: what follows, one line an entity. */
static enum xg_status put_contents(struct xg_evidence_page *p)
{
    const struct xg_evidence *e = p->e;

    if (e->says.about == XG_EVIDENCE_CASE)
        return XG_OK;
    xg_evidence_html(p,
                     "<h2>%s</h2>\n<table><thead><tr><th class=\"n\">#</th>"
                     "<th>%s</th><th class=\"t\">%s</th></tr></thead><tbody>\n",
                     XG_T("目录", "Contents"), XG_T("事项", "case"),
                     XG_T("记录数", "records"));
    for (size_t i = 0; i < e->entity_count; i++) {
        xg_evidence_html(p, "<tr><td>%zu</td><td>", i + 1);
        xg_evidence_put_heading(p, &e->entities[i]);
        xg_evidence_html(p, "</td><td>%zu</td></tr>\n", e->entities[i].count);
        if (xg_evidence_flush(p, PIECE) != XG_OK)
            return p->err->status;
    }
    xg_evidence_html(p, "</tbody></table>\n");
    return XG_OK;
}

static void put_how(struct xg_evidence_page *p)
{
    char log[XG_VKEY_SIZE];

    xg_verifier_print(log, &p->e->says.log);
    xg_evidence_html(
        p, "<h2>%s</h2>\n<p>%s</p>\n<div class=\"m\">",
        XG_T("怎样核对", "How to check this"),
        XG_T("本页的电子文件里带有全部证明。核对时请用另行取得的日志公钥"
             "（向主管部门或见证人索取），不要照抄本页；与下面这一行比对"
             "是否相同：",
             "The electronic file of this page carries all proofs. "
             "Take the log's key from elsewhere (the authority in "
             "charge, a witness), not from this page; it should be "
             "the same as this:"));
    xg_evidence_puts(p, log);
    xg_evidence_html(
        p,
        "</div>\n<p>%s</p>\n<div class=\"m\">xunge-audit "
        "evidence FILE --key VKEY</div>\n<p>%s</p>\n",
        XG_T("用我们的工具：", "With our tool:"),
        XG_T("它核对每个签名、证明、照片，并由数据重做本页，逐字节比对："
             "改动过的页面会被发现。不用我们的工具：文件末尾是一个 base64 "
             "的 tar，里面是 C2SP 签名文书与 tlog-proof，步骤与一段完整的 "
             "Python 程序见 docs/audit.zh.md。只有纸：把上面的日志大小和根"
             "与见证人、其他设备手里的检查点比对。",
             "It checks every signature, proof and photo, makes this "
             "page again from the data and compares it byte by byte: "
             "a page that was edited is found. Without our tool: at "
             "the end of the file there is a tar in base64 of C2SP "
             "signed notes and tlog-proofs; docs/audit.md has the "
             "steps and a complete program in Python. With paper "
             "alone: compare the log's size and root above with the "
             "checkpoints that witnesses and other devices hold."));
}

/* ---- names from the files that came along ---- */

static enum xg_status each_file(void *ctx, const char *kind, uint64_t size,
                                enum xg_status visit(
                                    void *visitor,
                                    const struct xg_guide_file *f,
                                    struct xg_error *err),
                                void *visitor, struct xg_error *err)
{
    const struct xg_evidence *e = ctx;

    for (size_t i = 0; i < e->file_count; i++) {
        const struct xg_evidence_file *f = &e->files[i];
        const struct xg_guide_file file = {.position = f->position,
                                           .edition = f->says.edition,
                                           .content = f->content};
        if (f->position < size && strcmp(f->says.kind, kind) == 0 &&
            visit(visitor, &file, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status put_all(struct xg_evidence_page *p)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_guide_source source = {(void *)(uintptr_t)p->e, each_file};

    if (xg_guide_new(&p->guide, &source, p->err) != XG_OK)
        return p->err->status;
    if (xg_guide_labels(p->guide, &p->labels, &ignored) != XG_OK)
        p->labels = NULL;
    put_head(p);
    put_verdict(p);
    if (put_contents(p) != XG_OK)
        return p->err->status;
    for (size_t i = 0; i < p->e->entity_count; i++)
        if (xg_evidence_put_entity(p, &p->e->entities[i]) != XG_OK ||
            xg_evidence_flush(p, PIECE) != XG_OK)
            return p->err->status;
    put_how(p);
    return xg_evidence_flush(p, 0);
}

enum xg_status xg_evidence_page(const struct xg_evidence *e,
                                const struct xg_evidence_sink *to,
                                struct xg_error *err)
{
    struct xg_evidence_page p = {.e = e,
                                 .to = to,
                                 .out = XG_BUF(PAGE_BUF_MAX),
                                 .scratch = XG_BUF(SCRATCH_MAX),
                                 .err = err};
    enum xg_lang reader = xg_lang();

    xg_lang_thread(e->says.lang);
    int zone = view_zone_thread(XG_ZONE_CHINA_MIN);
    enum xg_status status = put_all(&p);
    view_zone_thread(zone);
    xg_lang_thread(reader);
    xg_guide_free(p.guide);
    xg_buf_clear(&p.out);
    xg_buf_clear(&p.scratch);
    return status;
}
