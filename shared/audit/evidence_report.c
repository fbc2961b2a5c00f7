/* evidence_report.c - what a person is told of an evidence file that was
 * checked: the verdict, then counts, findings, and what could not be checked.
 */
#include "shared/audit/evidence_inside.h"

#include <inttypes.h>
#include <jansson.h>

#include "shared/base/lang.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

static const char *gravity_name(enum xg_gravity g)
{
    switch (g) {
    case XG_GRAVITY_NOTED:
        return "noted";
    case XG_GRAVITY_DOUBT:
        return "doubt";
    case XG_GRAVITY_BROKEN:
        return "broken";
    }
    return "";
}

/* ---- what could not be checked ---- */

/* The i-th, in words; NULL after the last. */
static const char *unchecked(const struct xg_evidence_checked *c,
                             bool registrar, size_t i)
{
    const char *all[5];
    size_t n = 0;

    all[n++] = XG_T("记录是否齐全：凭日志对清单的签名；要自己确认，核对整个日志"
                    "（xunge-audit verify、replay）",
                    "that no record is missing: it rests on the log's signature "
                    "under the list; to see for yourself, check the whole log "
                    "(xunge-audit verify, replay)");
    if (!c->compared && c->e->broken == 0)
        all[n++] = XG_T("页面：它由另一版本的程序生成，没有比对；请只相信数据",
                        "the page: another version of the program made it; "
                        "trust only the data");
    if (!registrar)
        all[n++] = XG_T("登记员公钥：没有给 --registrar，用的是文件里的那一把",
                        "the registrar's key: none was given with --registrar, "
                        "the file's own was taken");
    if (!c->asked_quorum)
        all[n++] = XG_T("见证：没有给 --policy，时间凭文件自带的策略",
                        "witnesses: no --policy was given, times are by the "
                        "policy in the file");
    all[n] = NULL;
    return all[i];
}

/* ---- JSON ---- */

static json_t *findings_json(const struct xg_evidence *e)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < e->finding_count; i++) {
        const struct xg_finding *f = &e->findings[i];
        json_t *one = json_pack("{s:s, s:s, s:s}", "gravity",
                                gravity_name(f->gravity), "code", f->code,
                                "text", f->text);
        if (one && f->position != UINT64_MAX)
            json_object_set_new(one, "entry",
                                json_integer((json_int_t)f->position));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *unchecked_json(const struct xg_evidence_checked *c,
                              bool registrar)
{
    json_t *list = json_array();

    for (size_t i = 0; list && unchecked(c, registrar, i); i++)
        json_array_append_new(list, json_string(unchecked(c, registrar, i)));
    return list;
}

static json_t *bound_json(uint64_t ms, bool witnessed)
{
    return ms ? json_pack("{s:I, s:b}", "ms", (json_int_t)ms, "witnessed",
                          witnessed)
              : json_null();
}

static json_t *records_json(const struct xg_evidence *e)
{
    static const char *const grades[] = {"proven", "claimed", "asserted"};
    json_t *list = json_array();

    for (size_t i = 0; list && i < e->entity_count; i++)
        for (size_t j = 0; j < e->entities[i].count; j++) {
            const struct xg_evidence_record *r =
                &e->records[e->entities[i].first + j];
            char hex[2 * XG_HASH_SIZE + 1], id[2 * XG_ID_SIZE + 1];
            bool low_seen, high_seen;
            uint64_t low = xg_bounds_low(&r->bounds, &low_seen);
            uint64_t high = xg_bounds_high(&r->bounds, &high_seen);
            if (!e->entities[i].folded)
                continue;
            const struct xg_judgement *judged = &e->entities[i].judgements[j];
            xg_hex(hex, r->record.hash.b, XG_HASH_SIZE);
            xg_hex(id, e->entities[i].id.b, XG_ID_SIZE);
            json_array_append_new(
                list,
                json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:b, s:b}",
                          "hash", hex, "entity", id, "author", judged->author,
                          "grade", grades[judged->grade], "device", r->device,
                          "entry", (json_int_t)r->place.entry, "not_before",
                          bound_json(low, low_seen), "not_after",
                          bound_json(high, high_seen), "right",
                          judged->no_right == NULL, "erased", r->place.gone));
        }
    return list;
}

static enum xg_status put_json(struct xg_buf *out,
                               const struct xg_evidence_checked *c,
                               bool registrar, struct xg_error *err)
{
    const struct xg_evidence *e = c->e;
    char root[XG_BASE64_SIZE(XG_HASH_SIZE)];
    json_t *json;

    xg_base64(root, sizeof root, e->checkpoint.root.b, XG_HASH_SIZE);
    json = json_pack(
        "{s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
        "verdict",
        !xg_evidence_good(c)        ? "bad"
        : xg_evidence_witnessed(c) ? "good"
                                   : "unwitnessed",
        "origin",
        e->checkpoint.origin, "size", (json_int_t)e->checkpoint.size, "root",
        root, "entities", (json_int_t)e->entity_count, "records",
        (json_int_t)e->record_count, "signatures", (json_int_t)e->signatures,
        "proofs", (json_int_t)e->proofs, "photos",
        (json_int_t)e->photos_hashed, "noted", (json_int_t)e->noted, "doubts",
        (json_int_t)e->doubts, "broken", (json_int_t)e->broken);
    json_object_update_new(
        json, json_pack("{s:s, s:I, s:o, s:I, s:o, s:o, s:o}", "page",
                        !c->compared ? "not compared"
                        : c->same    ? "same"
                                     : "differs",
                        "page_line", (json_int_t)c->line, "quorum",
                        c->asked_quorum ? json_boolean(c->quorum) : json_null(),
                        "devices", (json_int_t)e->device_witnesses, "findings",
                        findings_json(e), "unchecked",
                        unchecked_json(c, registrar), "list", records_json(e)));
    if (view_json_put(out, json, err) != XG_OK)
        return err->status;
    xg_buf_byte(out, '\n');
    return xg_buf_check(out, err);
}

/* ---- text ---- */

static void put_page(struct xg_buf *out, const struct xg_evidence_checked *c)
{
    if (c->compared && c->same)
        xg_buf_text(out, XG_T("页面：与数据逐字节一致\n",
                              "page: byte for byte what the data says\n"));
    else if (c->compared)
        xg_buf_format(out,
                      XG_T("页面：被改动过，从文件第 %zu 行起与数据不符；不要"
                           "相信页面上的字\n",
                           "page: EDITED, from line %zu of the file on it is "
                           "not what the data says; do not trust what it "
                           "shows\n"),
                      c->line);
    else
        xg_buf_text(out, XG_T("页面：没有比对\n", "page: not compared\n"));
}

static void put_counts(struct xg_buf *out, const struct xg_evidence_checked *c)
{
    const struct xg_evidence *e = c->e;

    xg_buf_format(out, XG_T("日志 %s，大小 %" PRIu64 "，根 ",
                            "log %s, size %" PRIu64 ", root "),
                  e->checkpoint.origin, e->checkpoint.size);
    xg_buf_base64(out, e->checkpoint.root.b, XG_HASH_SIZE);
    xg_buf_format(out,
                  XG_T("\n事项 %zu 件，记录 %zu 条；签名 %" PRIu64
                       " 个、证明 %" PRIu64 " 个、照片 %" PRIu64
                       " 个文件，逐一核验\n",
                       "\ncases %zu, records %zu; signatures %" PRIu64
                       ", proofs %" PRIu64 ", photo files %" PRIu64
                       ", each verified\n"),
                  e->entity_count, e->record_count, e->signatures, e->proofs,
                  e->photos_hashed);
    if (c->asked_quorum)
        xg_buf_text(out, c->quorum ? XG_T("见证：达到您的策略\n",
                                          "witnesses: your policy is "
                                          "satisfied\n")
                                   : XG_T("见证：未达到您的策略\n",
                                          "witnesses: your policy is NOT "
                                          "satisfied\n"));
    xg_buf_format(out,
                  XG_T("设备联署 %zu 台\n", "devices that cosigned: %zu\n"),
                  e->device_witnesses);
}

static void put_verdict(struct xg_buf *out, const struct xg_evidence_checked *c)
{
    if (!xg_evidence_good(c))
        xg_buf_format(out,
                      XG_T("不成立：%" PRIu64 " 处不符\n",
                           "DOES NOT HOLD: breaches: %" PRIu64 "\n"),
                      c->e->broken + (c->compared && !c->same));
    else if (xg_evidence_witnessed(c))
        xg_buf_text(out, XG_T("成立：所核对的全部相符\n",
                              "HOLDS: all that was checked is in order\n"));
    else
        xg_buf_text(
            out,
            XG_T("尚无见证：所核对的全部相符，但您的策略要求的见证人还没有签过"
                 "这份日志。见证约每分钟一次：请过一会儿重新导出；若一直如此，"
                 "请查问原因\n",
                 "NOT WITNESSED: all that was checked is in order, but the "
                 "witnesses that your policy asks for have not signed this log. "
                 "They sign about once a minute: have it exported again, and "
                 "ask why if it stays so\n"));
}

enum xg_status xg_evidence_report(struct xg_buf *out,
                                  const struct xg_evidence_checked *c,
                                  bool registrar, bool json,
                                  struct xg_error *err)
{
    const struct xg_evidence *e = c->e;

    if (json)
        return put_json(out, c, registrar, err);
    put_verdict(out, c);
    put_page(out, c);
    put_counts(out, c);
    for (size_t i = 0; i < e->finding_count; i++) {
        const struct xg_finding *f = &e->findings[i];
        xg_buf_format(out, "  %s %s", gravity_name(f->gravity), f->code);
        if (f->position != UINT64_MAX)
            xg_buf_format(out, XG_T("（日志第 %" PRIu64 " 条）",
                                    " (log entry %" PRIu64 ")"),
                          f->position);
        xg_buf_text(out, XG_T("：", ": "));
        view_put_line(out, xg_bytes_of(f->text));
        xg_buf_byte(out, '\n');
    }
    xg_buf_text(out, XG_T("没有核对的：\n", "not checked:\n"));
    for (size_t i = 0; unchecked(c, registrar, i); i++)
        xg_buf_format(out, "  %s\n", unchecked(c, registrar, i));
    return xg_buf_check(out, err);
}
