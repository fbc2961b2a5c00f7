/* forks.c - `forks` and `forks settle`: chains of which two records claim one
 * place, and what a person found out about it. */
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "server/cli/finding.h"
#include "server/cli/look.h"
#include "server/cli/print.h"
#include "server/desk/desk.h"
#include "shared/base/lang.h"

enum { STEP = 256, STEP_BYTES = 8 << 20, SHORT_HASH = 12 };

/* Walking over them. */
struct walk {
    struct cmd *c;
    struct look *look;
    struct findings findings;
    const struct xg_hash *only; /* a chain, or NULL */
    json_t *list;               /* with --json */
    uint64_t count, unsettled;
};

static bool begins(struct xg_bytes note, const char *with)
{
    size_t len = strlen(with);

    return note.len > len && memcmp(note.at, with, len) == 0 &&
           note.at[len] == '\n';
}

/* ---- one fork ---- */

struct side {
    char hash[SHORT_HASH + 1];
    uint64_t records; /* from the fork on, on that branch and those after it */
};

/* Of a branch and all that part from it. */
static uint64_t count_below(const struct store_branch *rows, size_t count,
                            uint64_t number)
{
    uint64_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number)
            n += rows[i].next - rows[i].start;
        else if (rows[i].parent == number && rows[i].number > number)
            n += count_below(rows, count, rows[i].number);
    }
    return n;
}

static void look_at_side(struct side *out, const struct xg_fork_side *side,
                         const struct store_branch *rows, size_t count)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, side->record.b, XG_HASH_SIZE);
    snprintf(out->hash, sizeof out->hash, "%.*s", SHORT_HASH, hex);
    out->records = 0;
    for (size_t i = 0; i < count; i++)
        if (xg_hash_equal(&rows[i].id, &side->record))
            out->records = count_below(rows, count, rows[i].number);
}

static json_t *fork_json(const struct xg_fork *f, const struct side sides[2],
                         const char *device, uint64_t position,
                         const struct finding *finding)
{
    char chain[2 * XG_HASH_SIZE + 1];
    const struct xg_choice *choice = finding_choice_of(finding->choice);

    xg_hex(chain, f->chain.b, XG_HASH_SIZE);
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:[{s:s, s:I}, {s:s, s:I}], s:b, s:s?, s:s?, "
        "s:s?}",
        "chain", chain, "device", device, "seq", (json_int_t)f->seq, "entry",
        (json_int_t)position, "sides", "record", sides[0].hash, "records",
        (json_int_t)sides[0].records, "record", sides[1].hash, "records",
        (json_int_t)sides[1].records, "settled", finding->found, "finding",
        finding->found && choice ? choice->name : NULL, "why",
        finding->found ? finding->why : NULL, "by",
        finding->found ? finding->author : NULL);
}

static void fork_text(struct xg_buf *out, const struct xg_fork *f,
                      const struct side sides[2], const char *device,
                      uint64_t position, const struct finding *finding)
{
    char chain[2 * XG_HASH_SIZE + 1];
    const struct xg_choice *choice = finding_choice_of(finding->choice);

    xg_hex(chain, f->chain.b, XG_HASH_SIZE);
    xg_buf_format(out,
                  XG_T("%.12s  %s  第 %" PRIu64 " 号起分叉（日志第 %" PRIu64
                       " 条）：%s 一侧 %" PRIu64 " 条，%s 一侧 %" PRIu64
                       " 条\n",
                       "%.12s  %s  forks at number %" PRIu64
                       " (log entry %" PRIu64 "): %s and after it %" PRIu64
                       " records, %s and after it %" PRIu64 "\n"),
                  chain, device, f->seq, position, sides[0].hash,
                  sides[0].records, sides[1].hash, sides[1].records);
    if (finding->found)
        xg_buf_format(out,
                      XG_T("      认定：%s；%s（%s）\n",
                           "      found: %s; %s (%s)\n"),
                      choice ? xg_text(choice->zh, choice->en) : "?",
                      finding->why, finding->author);
    else
        xg_buf_text(out, XG_T("      还没有人认定：forks settle\n",
                              "      nobody has settled it: forks settle\n"));
}

static enum xg_status show_fork(struct walk *w, uint64_t position,
                                struct xg_bytes data, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(STEP_BYTES);
    struct store *s = w->look->store;
    struct store_branch *rows = NULL;
    struct store_chain chain;
    struct finding finding;
    struct side sides[2];
    struct xg_fork f;
    struct xg_note note;
    size_t count = 0;
    bool found = false;

    if (xg_note_parse(&note, data.at, data.len, err) != XG_OK ||
        xg_fork_read(&f, note.text, err) != XG_OK)
        return err->status;
    if (w->only && !xg_hash_equal(w->only, &f.chain))
        return XG_OK;
    bool sees = w->look->sight.within == NULL;
    enum xg_status status = s->ops->find_chain(s, &chain, &found, &f.chain, err);
    if (status == XG_OK && found)
        status = sight_device(&sees, &w->look->sight, chain.device, err);
    if (status != XG_OK || !sees)
        return status;
    if (found)
        status = s->ops->read_branches(s, &arena, &rows, &count, chain.number,
                                       err);
    if (status == XG_OK)
        status = finding_about(&finding, &w->findings, w->look, &f.chain, err);
    if (status == XG_OK) {
        for (int i = 0; i < 2; i++)
            look_at_side(&sides[i], &f.sides[i], rows, count);
        w->count++;
        w->unsettled += !finding.found;
        if (w->list)
            json_array_append_new(w->list,
                                  fork_json(&f, sides,
                                            found ? chain.device : "-",
                                            position, &finding));
        else
            fork_text(&w->c->out, &f, sides, found ? chain.device : "-",
                      position, &finding);
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- all of them ---- */

static enum xg_status walk_log(struct walk *w, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(STEP_BYTES);
    struct store *s = w->look->store;
    size_t count = 1;
    uint64_t at = 0;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count > 0) {
        struct xg_bytes *notes;
        xg_arena_reset(&arena);
        status = s->ops->read_entries(s, &arena, &notes, &count, at, STEP,
                                      STEP_BYTES / 4, err);
        for (size_t i = 0; status == XG_OK && i < count; i++, at++)
            if (begins(notes[i], "xunge/fork/v1"))
                status = show_fork(w, at, notes[i], err);
    }
    xg_arena_clear(&arena);
    return status;
}

/* A chain that forked, by the beginning of its id. */
static enum xg_status find_chain(struct xg_hash *chain, struct look *l,
                                 const char *given, struct xg_error *err)
{
    struct store_chain *rows;
    size_t count, len = strlen(given), hits = 0;
    enum xg_status status =
        l->store->ops->read_chains(l->store, &l->arena, &rows, &count, NULL,
                                   err);

    for (size_t i = 0; status == XG_OK && len >= 4 && i < count; i++) {
        char hex[2 * XG_HASH_SIZE + 1];
        xg_hex(hex, rows[i].id.b, XG_HASH_SIZE);
        bool sees = false;
        if (rows[i].forked && strncmp(hex, given, len) == 0)
            status = sight_device(&sees, &l->sight, rows[i].device, err);
        if (status != XG_OK || !sees)
            continue;
        *chain = rows[i].id;
        hits++;
    }
    if (status != XG_OK || hits == 1)
        return status;
    if (hits > 1)
        return xg_fail(err, XG_AMBIGUOUS,
                       XG_T("不止一条链以 %s 开头", "more than one chain "
                                                    "begins with %s"),
                       given);
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有以 %s 开头（至少 4 位）的分叉链；见 forks",
                        "no chain that forked begins with %s (4 digits at "
                        "least); see forks"),
                   given);
}

enum xg_status cmd_forks(struct cmd *c, struct xg_error *err)
{
    struct look l;
    struct walk w = {.c = c, .look = &l};
    struct xg_hash chain;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK && c->arg_count > 1) {
        status = find_chain(&chain, &l, c->args[1], err);
        w.only = &chain;
    }
    if (c->json)
        w.list = json_array();
    if (status == XG_OK)
        status = walk_log(&w, err);
    findings_clear(&w.findings);
    look_close(&l);
    if (status != XG_OK) {
        json_decref(w.list);
        return status;
    }
    c->must_decide = w.unsettled > 0;
    if (c->json)
        return cmd_put_json(c, json_pack("{s:o}", "forks", w.list), err);
    if (w.count == 0)
        xg_buf_text(&c->out, XG_T("没有分叉\n", "no chain forked\n"));
    return XG_OK;
}

/* ---- settling one ---- */

static enum xg_status write_finding(struct look *l, struct xg_draft *draft,
                                    struct xg_error *err)
{
    const char *who = cmd_option(l->c, "as");
    uint8_t secret[64] = {0};
    struct desk_done done;

    look_give_back(l); /* reading ends before writing begins */
    enum xg_status status = cmd_sign(l->c, draft, secret, who, err);
    if (status == XG_OK)
        status =
            desk_write(&done, l->c->data, draft, who, l->view.labels, err);
    sodium_memzero(secret, sizeof secret);
    return status;
}

enum xg_status cmd_forks_settle(struct cmd *c, struct xg_error *err)
{
    struct xg_draft draft;
    struct xg_hash chain;
    struct look l;
    uint64_t choice = 0;
    enum xg_status status = finding_choice(&choice, cmd_option(c, "finding"), err);

    if (status != XG_OK)
        return status;
    status = look_open(&l, c, err);
    if (status == XG_OK)
        status = find_chain(&chain, &l, c->args[1], err);
    if (status == XG_OK) {
        xg_draft_init(&draft, &l.arena, XG_KIND_FORK_FINDING);
        draft.head.creates = true;
        status = finding_fill(&draft, &chain, choice, cmd_option(c, "why"), err);
    }
    if (status == XG_OK)
        status = write_finding(&l, &draft, err);
    look_close(&l);
    if (status != XG_OK)
        return status;
    return cmd_forks(c, err);
}
