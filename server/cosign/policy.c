/* policy.c - see policy.h. */
#include "server/cosign/policy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"

#define POLICY "policy"
#define COSIGNED "cosigned"
#define RECEIPT "receipt"
#define TOLD "cosigned_told"

enum {
    ARENA_MAX = 1 << 20,
    TIME_LINES_MAX = 16, /* of one time note */
    NEAREST = 16,        /* time notes that are asked for a bound */
};

/* ---- the policy ---- */

struct put_job {
    struct ledger_job job;
    struct xg_bytes content, receipt;
    uint64_t size; /* of a checkpoint */
    const struct xg_verifier *log;
};

static enum xg_status put_policy(struct ledger_job *job, struct ledger *l,
                                 struct store *s, struct xg_error *err)
{
    struct put_job *p = (struct put_job *)job;

    (void)l;
    return s->ops->put_document(s, POLICY, p->content, err);
}

enum xg_status witness_policy_set(struct data *d, struct xg_bytes file,
                                  struct xg_error *err)
{
    struct put_job put = {.job.run = put_policy, .content = file};
    struct xg_policy *p = malloc(sizeof *p);
    enum xg_status status = XG_OK;

    if (!p)
        return xg_fail_nomem(err);
    if (file.len > 0)
        status = xg_policy_read(p, file, err);
    if (status == XG_OK && file.len > 0 && p->has_log &&
        (strcmp(p->log.name, data_origin(d)) != 0 ||
         memcmp(p->log.key, d->log.verifier.key, sizeof p->log.key) != 0))
        status = xg_fail(err, XG_REFUSED,
                         XG_T("这份策略是日志 %s 的，本日志是 %s；"
                              "请改 log 一行，或把它去掉",
                              "this policy is of the log %s, and ours is %s; "
                              "correct its log line, or leave it out"),
                         p->log.name, data_origin(d));
    free(p);
    return status == XG_OK ? ledger_submit(d->ledger, &put.job, err) : status;
}

enum xg_status witness_policy_get(struct xg_policy *p, struct xg_bytes *text,
                                  struct store *s, struct xg_arena *arena,
                                  struct xg_error *err)
{
    struct xg_bytes read;

    if (s->ops->get_document(s, arena, &read, POLICY, err) != XG_OK)
        return err->status;
    if (read.len > 0 && xg_policy_read(p, read, err) != XG_OK)
        return err->status;
    *text = read;
    return XG_OK;
}

/* ---- what reached the quorum ---- */

enum xg_status witness_cosigned_get(struct xg_bytes *note, struct store *s,
                                    struct xg_arena *arena,
                                    struct xg_error *err)
{
    return s->ops->get_document(s, arena, note, COSIGNED, err);
}

/* Ours, and taken apart; XG_NOTFOUND: there is none. */
static enum xg_status open_cosigned(struct xg_note *note,
                                    struct xg_checkpoint *c, struct store *s,
                                    struct xg_arena *arena,
                                    const struct xg_verifier *log,
                                    struct xg_error *err)
{
    struct xg_bytes data;

    if (witness_cosigned_get(&data, s, arena, err) != XG_OK)
        return err->status;
    if (data.len == 0)
        return xg_fail(err, XG_NOTFOUND, "nothing is cosigned");
    if (xg_checkpoint_open(c, data.at, data.len, log, err) != XG_OK)
        return err->status;
    return xg_note_parse(note, data.at, data.len, err);
}

static enum xg_status put_cosigned(struct ledger_job *job, struct ledger *l,
                                   struct store *s, struct xg_error *err)
{
    struct put_job *p = (struct put_job *)job;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_checkpoint held;
    struct xg_note note;
    struct xg_error none = XG_ERROR_NONE;
    enum xg_status status = XG_OK;

    (void)l;
    if (open_cosigned(&note, &held, s, &arena, p->log, &none) != XG_OK ||
        held.size <= p->size)
        status = s->ops->put_document(s, COSIGNED, p->content, err);
    else
        p->size = 0;
    if (status == XG_OK && p->size > 0)
        status = s->ops->put_document(s, RECEIPT, p->receipt, err);
    xg_arena_clear(&arena);
    return status;
}

/* The signature line of that witness; NULL: none. */
static const struct xg_note_signature *line_of(const struct xg_note *note,
                                               const struct xg_verifier *v)
{
    for (size_t i = 0; i < note->count; i++)
        if (memcmp(note->signatures[i].id, v->id, sizeof v->id) == 0 &&
            xg_bytes_equal(note->signatures[i].name, xg_bytes_of(v->name)))
            return &note->signatures[i];
    return NULL;
}

/* Leave out whom the policy does not need, the latest first, while more than
 * `most` are there. */
static size_t leave_out(struct xg_cosigned *all, size_t count, size_t most,
                        const struct xg_policy *p)
{
    uint64_t time_s;

    while (count > most) {
        size_t out = count;
        for (size_t i = 0; i < count; i++) {
            struct xg_cosigned rest[XG_POLICY_WITNESSES_MAX];
            memcpy(rest, all, count * sizeof *all);
            rest[i] = rest[count - 1];
            if (xg_policy_satisfied(p, rest, count - 1, &time_s) &&
                (out == count || all[i].time_s > all[out].time_s))
                out = i;
        }
        if (out == count)
            return count; /* all are needed */
        memmove(all + out, all + out + 1, (count - out - 1) * sizeof *all);
        count--;
    }
    return count;
}

/* Append the lines of those who cosigned, at most `most` unless more are
 * needed: as they stand in a note, or as a time note has them. False: they do
 * not reach the quorum. */
static enum xg_status put_lines(struct xg_buf *out, bool *reached, bool of_time,
                                size_t most, const struct xg_note *note,
                                const struct xg_policy *p, struct xg_error *err)
{
    struct xg_cosigned all[XG_POLICY_WITNESSES_MAX];
    uint64_t time_s;
    size_t count;

    if (xg_policy_verify(p, all, &count, note, err) != XG_OK)
        return err->status;
    *reached = xg_policy_satisfied(p, all, count, &time_s);
    count = *reached ? leave_out(all, count, most, p) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct xg_note_signature *line =
            line_of(note, &p->witnesses[all[i].witness].verifier);
        if (of_time)
            xg_time_note_line(out, line);
        else
            xg_buf_append(out, line->line.at, line->line.len);
    }
    return xg_buf_check(out, err);
}

enum xg_status witness_cosigned_put(struct data *d, bool *reached,
                                    const struct xg_policy *p,
                                    struct xg_bytes published,
                                    struct xg_bytes lines, struct xg_error *err)
{
    struct xg_buf whole = XG_BUF(XG_NOTE_MAX), least = XG_BUF(XG_NOTE_MAX);
    struct put_job put = {.job.run = put_cosigned, .log = &d->log.verifier};
    struct xg_checkpoint c;
    struct xg_note note;
    enum xg_status status;

    *reached = false;
    xg_buf_append(&whole, published.at, published.len);
    xg_buf_append(&whole, lines.at, lines.len);
    xg_buf_append(&least, published.at, published.len);
    status = xg_buf_check(&whole, err);
    if (status == XG_OK)
        status = xg_checkpoint_open(&c, whole.data, whole.len, put.log, err);
    if (status == XG_OK)
        status = xg_note_parse(&note, whole.data, whole.len, err);
    if (status == XG_OK)
        status = put_lines(&least, reached, false, 0, &note, p, err);
    if (status == XG_OK && *reached) {
        put.size = c.size;
        put.content = xg_buf_bytes(&whole);
        put.receipt = xg_buf_bytes(&least);
        status = ledger_submit(d->ledger, &put.job, err);
    }
    xg_buf_clear(&whole);
    xg_buf_clear(&least);
    return status;
}

enum xg_status witness_cosign(struct xg_buf *published, struct store *s,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_bytes kept;
    enum xg_status status =
        s->ops->get_document(s, &arena, &kept, RECEIPT, err);

    if (status == XG_OK && published->len > 0 && kept.len > published->len &&
        memcmp(kept.at, published->data, published->len) == 0) {
        xg_buf_append(published, kept.at + published->len,
                      kept.len - published->len);
        status = xg_buf_check(published, err);
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- time notes ---- */

/* Nobody's work waits for this: what is wrong is for the operator. */
static void say_trouble(const struct xg_error *err)
{
    if (err->status != XG_NOTFOUND)
        xg_log(XG_LOG_WARN, "witness.cosigned", "error=\"%s\"",
               xg_error_text(err));
}

static enum xg_status put_time_lines(struct xg_buf *lines,
                                     struct xg_checkpoint *c, struct store *s,
                                     struct xg_arena *arena,
                                     const struct xg_verifier *log,
                                     struct xg_error *err)
{
    struct xg_policy *p = xg_arena_alloc(arena, sizeof *p);
    struct xg_bytes text;
    struct xg_note note;
    uint64_t told;
    bool reached;

    if (!p)
        return xg_fail_nomem(err);
    if (s->ops->get_value(s, &told, TOLD, err) != XG_OK ||
        open_cosigned(&note, c, s, arena, log, err) != XG_OK)
        return err->status;
    if (c->size <= told)
        return XG_OK;
    if (witness_policy_get(p, &text, s, arena, err) != XG_OK)
        return err->status;
    return text.len == 0 ? XG_OK
                         : put_lines(lines, &reached, true, TIME_LINES_MAX,
                                     &note, p, err);
}

enum xg_status witness_time_note(struct xg_buf *text, uint64_t *size,
                                 struct store *s, uint64_t now_ms,
                                 const struct xg_verifier *log,
                                 struct xg_error *err)
{
    struct xg_time_note t = {.time_ms = now_ms};
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_buf lines = XG_BUF(XG_NOTE_MAX / 2);
    struct xg_error unsaid = XG_ERROR_NONE;
    struct xg_checkpoint c;

    if (put_time_lines(&lines, &c, s, &arena, log, &unsaid) != XG_OK) {
        say_trouble(&unsaid);
    } else if (lines.len > 0) {
        t.cosigned = true;
        t.size = c.size;
        t.root = c.root;
        t.lines = xg_buf_bytes(&lines);
    }
    xg_time_note_put(text, &t);
    xg_buf_clear(&lines);
    xg_arena_clear(&arena);
    if (xg_buf_check(text, err) != XG_OK)
        return err->status;
    *size = t.cosigned ? t.size : 0;
    return XG_OK;
}

enum xg_status witness_time_note_told(struct store *s, uint64_t position,
                                      uint64_t size, struct xg_error *err)
{
    const struct store_seen seen = {position, size};

    if (s->ops->put_seen(s, &seen, err) != XG_OK)
        return err->status;
    return s->ops->put_value(s, TOLD, size, err);
}

/* ---- when ---- */

struct asking {
    struct store *s;
    const struct ledger *ledger;
    struct xg_arena arena;
    struct xg_policy *policy; /* NULL: none */
};

static enum xg_status read_time_entry(struct xg_bounds_note *out,
                                      struct asking *a, uint64_t position,
                                      struct xg_error *err)
{
    struct xg_bytes *notes;
    const struct xg_verifier *log = ledger_key_at(a->ledger, position);
    struct xg_note note;
    size_t found;

    if (a->s->ops->read_entries(a->s, &a->arena, &notes, &found, position, 1,
                                XG_NOTE_MAX, err) != XG_OK)
        return err->status;
    if (found != 1)
        return xg_fail(err, XG_CORRUPT, "entry %" PRIu64 " is missing",
                       position);
    if (xg_note_open(&note, notes->at, notes->len, log, err) != XG_OK)
        return err->status;
    return xg_bounds_note_read(out, position, note.text, log->name, a->policy,
                               err);
}

static void see_time(struct xg_bounds *b, const struct store_time *t)
{
    const struct xg_bounds_note note = {.position = t->position,
                                        .time_ms = (uint64_t)t->ms};

    if (t->ms > 0)
        xg_bounds_see(b, &note);
}

static enum xg_status see_server(struct xg_bounds *b, struct asking *a,
                                 struct xg_error *err)
{
    struct store_time low, high;
    bool any_low, any_high;

    if (a->s->ops->find_time_below(a->s, &low, &any_low, b->anchor_size, err) !=
            XG_OK ||
        a->s->ops->find_time_from(a->s, &high, &any_high, b->position, err) !=
            XG_OK)
        return err->status;
    if (any_low)
        see_time(b, &low);
    if (any_high)
        see_time(b, &high);
    return XG_OK;
}

static enum xg_status see_low(struct xg_bounds *b, struct asking *a,
                              struct xg_error *err)
{
    struct store_seen seen;
    struct xg_bounds_note note;
    uint64_t below = b->anchor_size;
    bool found = true;

    for (int i = 0; i < NEAREST && b->witnessed_low_ms == 0; i++) {
        if (a->s->ops->find_seen_below(a->s, &seen, &found, below, err) !=
            XG_OK)
            return err->status;
        if (!found)
            break;
        if (read_time_entry(&note, a, seen.position, err) != XG_OK)
            return err->status;
        xg_bounds_see(b, &note);
        below = seen.position;
    }
    return XG_OK;
}

/* What is kept, and stands in no time note yet. */
static enum xg_status see_kept(struct xg_bounds *b, struct asking *a,
                               struct xg_error *err)
{
    struct xg_cosigned all[XG_POLICY_WITNESSES_MAX];
    struct xg_bounds_note note = {.position = UINT64_MAX};
    struct xg_checkpoint c;
    struct xg_note kept;
    size_t count;
    enum xg_status status =
        open_cosigned(&kept, &c, a->s, &a->arena,
                      &ledger_signer(a->ledger)->verifier, err);

    if (status == XG_NOTFOUND || status == XG_AUTH) { /* of the log before */
        *err = XG_ERROR_NONE;
        return XG_OK;
    }
    if (status != XG_OK ||
        xg_policy_verify(a->policy, all, &count, &kept, err) != XG_OK)
        return err->status;
    note.size = c.size;
    if (xg_policy_satisfied(a->policy, all, count, &note.quorum_s))
        xg_bounds_see(b, &note);
    return XG_OK;
}

static enum xg_status see_high(struct xg_bounds *b, struct asking *a,
                               struct xg_error *err)
{
    struct store_seen seen;
    struct xg_bounds_note note;
    uint64_t over = b->position;
    bool found = true;

    for (int i = 0; i < NEAREST && b->witnessed_high_ms == 0; i++) {
        if (a->s->ops->find_seen_over(a->s, &seen, &found, over, err) != XG_OK)
            return err->status;
        if (!found)
            return see_kept(b, a, err);
        if (read_time_entry(&note, a, seen.position, err) != XG_OK)
            return err->status;
        xg_bounds_see(b, &note);
        over = seen.size;
    }
    return XG_OK;
}

enum xg_status witness_bounds(struct xg_bounds *b, struct store *s,
                              const struct ledger *l, struct xg_error *err)
{
    struct asking a = {
        .s = s, .ledger = l, .arena = XG_ARENA(ARENA_MAX + (2 << 20))};
    struct xg_policy *p = xg_arena_alloc(&a.arena, sizeof *p);
    struct xg_bounds found = {.anchor_size = b->anchor_size,
                              .position = b->position};
    struct xg_bytes text = {NULL, 0};
    enum xg_status status = p ? XG_OK : xg_fail_nomem(err);

    if (status == XG_OK)
        status = witness_policy_get(p, &text, s, &a.arena, err);
    a.policy = text.len > 0 ? p : NULL;
    if (status == XG_OK)
        status = see_server(&found, &a, err);
    if (status == XG_OK && a.policy)
        status = see_low(&found, &a, err);
    if (status == XG_OK && a.policy)
        status = see_high(&found, &a, err);
    if (status == XG_OK)
        *b = found;
    xg_arena_clear(&a.arena);
    return status;
}
