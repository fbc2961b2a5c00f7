/* witness.c - see witness.h. */
#include "shared/core/witness.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "shared/core/protocol.h"
#include "shared/core/protocol_text.h"
#include "shared/core/text.h"

enum {
    TIME_LINES_MAX = 16,
    MEMBERS_MAX = XG_POLICY_WITNESSES_MAX + XG_POLICY_GROUPS_MAX,
    NO_MEMBER = -1,
};

#define NO_STATED_TIME UINT64_MAX
#define COSIGNED "cosigned "

/* ---- policies: reading ---- */

struct policy_reader {
    struct xg_policy *p;
    size_t line;
    uint64_t grouped; /* members that a group has already named */
    bool has_quorum;
    struct xg_error *err;
};

static enum xg_status bad_line(struct policy_reader *r, enum xg_status status,
                               const char *what)
{
    return xg_fail(r->err, status, "policy: line %zu: %s", r->line, what);
}

/* The next item of a line: what stands between spaces and tabs. */
static bool take_item(struct xg_bytes *rest, struct xg_bytes *item)
{
    size_t skip = 0, len = 0;

    while (skip < rest->len &&
           (rest->at[skip] == ' ' || rest->at[skip] == '\t'))
        skip++;
    while (skip + len < rest->len && rest->at[skip + len] != ' ' &&
           rest->at[skip + len] != '\t')
        len++;
    *item = xg_bytes(rest->at + skip, len);
    *rest = xg_bytes(rest->at + skip + len, rest->len - skip - len);
    return len > 0;
}

static bool is_word(struct xg_bytes item, const char *word)
{
    return xg_bytes_equal(item, xg_bytes_of(word));
}

/* The bit of a name: witnesses from 0, groups from XG_POLICY_WITNESSES_MAX. */
static int find_member(const struct xg_policy *p, struct xg_bytes name)
{
    for (size_t i = 0; i < p->witness_count; i++)
        if (is_word(name, p->witnesses[i].name))
            return (int)i;
    for (size_t i = 0; i < p->group_count; i++)
        if (is_word(name, p->groups[i].name))
            return XG_POLICY_WITNESSES_MAX + (int)i;
    return NO_MEMBER;
}

static enum xg_status take_new_name(struct policy_reader *r,
                                    struct xg_bytes *rest,
                                    char out[XG_POLICY_NAME_MAX + 1])
{
    struct xg_bytes name;

    if (!take_item(rest, &name))
        return bad_line(r, XG_FORMAT, "a name is missing");
    if (name.len > XG_POLICY_NAME_MAX)
        return bad_line(r, XG_TOOBIG, "the name is too long");
    if (is_word(name, "none"))
        return bad_line(r, XG_FORMAT, "\"none\" is no name of one's own");
    if (find_member(r->p, name) != NO_MEMBER)
        return bad_line(r, XG_FORMAT, "the name is taken");
    memcpy(out, name.at, name.len);
    out[name.len] = '\0';
    return XG_OK;
}

static enum xg_status take_key(struct policy_reader *r, struct xg_bytes *rest,
                               enum xg_sig_type type, struct xg_verifier *v)
{
    struct xg_bytes text;

    if (!take_item(rest, &text))
        return bad_line(r, XG_FORMAT, "a verifier key is missing");
    if (xg_verifier_parse(v, (const char *)text.at, text.len, r->err) != XG_OK)
        return xg_wrap(r->err, "policy: line %zu", r->line);
    if (v->type != type)
        return bad_line(r, XG_FORMAT,
                        type == XG_SIG_ED25519 ? "not the key of a log"
                                               : "not the key of a witness");
    return XG_OK;
}

/* An URL or nothing, and then the line's end. */
static enum xg_status take_url(struct policy_reader *r, struct xg_bytes *rest,
                               char *out, size_t size)
{
    struct xg_bytes url, more;

    out[0] = '\0';
    if (!take_item(rest, &url))
        return XG_OK;
    if (url.len >= size)
        return bad_line(r, XG_TOOBIG, "the address is too long");
    if (take_item(rest, &more))
        return bad_line(r, XG_FORMAT, "more than an address at its end");
    memcpy(out, url.at, url.len);
    out[url.len] = '\0';
    return XG_OK;
}

static enum xg_status read_log(struct policy_reader *r, struct xg_bytes *rest)
{
    char url[sizeof r->p->witnesses->url];

    if (r->p->has_log)
        return bad_line(r, XG_TOOBIG, "a second log: a policy is of one log");
    if (take_key(r, rest, XG_SIG_ED25519, &r->p->log) != XG_OK)
        return r->err->status;
    r->p->has_log = true;
    return take_url(r, rest, url, sizeof url);
}

static enum xg_status read_witness(struct policy_reader *r,
                                   struct xg_bytes *rest)
{
    struct xg_policy *p = r->p;
    struct xg_policy_witness *w = &p->witnesses[p->witness_count];

    if (p->witness_count == XG_POLICY_WITNESSES_MAX)
        return bad_line(r, XG_TOOBIG, "too many witnesses");
    if (take_new_name(r, rest, w->name) != XG_OK ||
        take_key(r, rest, XG_SIG_COSIGNATURE, &w->verifier) != XG_OK)
        return r->err->status;
    for (size_t i = 0; i < p->witness_count; i++)
        if (memcmp(p->witnesses[i].verifier.key, w->verifier.key,
                   XG_PUBLIC_KEY_SIZE) == 0)
            return bad_line(r, XG_FORMAT,
                            "this key is another witness's already");
    if (take_url(r, rest, w->url, sizeof w->url) != XG_OK)
        return r->err->status;
    p->witness_count++;
    return XG_OK;
}

/* any, all or a number; 0 where it is none of them. */
static unsigned read_need(struct xg_bytes word, unsigned members)
{
    uint64_t need;

    if (is_word(word, "any"))
        return 1;
    if (is_word(word, "all"))
        return members;
    if (!xg_word_uint(&word, &need) || word.len > 0 || need > members)
        return 0;
    return (unsigned)need;
}

static enum xg_status read_group(struct policy_reader *r, struct xg_bytes *rest)
{
    struct xg_policy *p = r->p;
    struct xg_policy_group *g = &p->groups[p->group_count];
    struct xg_bytes need, name;
    unsigned members = 0;

    if (p->group_count == XG_POLICY_GROUPS_MAX)
        return bad_line(r, XG_TOOBIG, "too many groups");
    if (take_new_name(r, rest, g->name) != XG_OK)
        return r->err->status;
    if (!take_item(rest, &need))
        return bad_line(r, XG_FORMAT, "how many are needed is missing");
    for (g->members = 0; take_item(rest, &name); members++) {
        int bit = find_member(p, name);
        if (bit == NO_MEMBER)
            return bad_line(r, XG_FORMAT, "a member that stands not above");
        if (r->grouped >> bit & 1)
            return bad_line(r, XG_FORMAT, "a member named a second time");
        r->grouped |= UINT64_C(1) << bit;
        g->members |= UINT64_C(1) << bit;
    }
    if (members == 0)
        return bad_line(r, XG_FORMAT, "a group without members");
    g->need = read_need(need, members);
    if (g->need == 0)
        return bad_line(r, XG_FORMAT,
                        "needed is any, all, or a number up to the members");
    p->group_count++;
    return XG_OK;
}

static enum xg_status read_quorum(struct policy_reader *r,
                                  struct xg_bytes *rest)
{
    struct xg_bytes name, more;

    if (r->has_quorum)
        return bad_line(r, XG_FORMAT, "a second quorum");
    if (!take_item(rest, &name) || take_item(rest, &more))
        return bad_line(r, XG_FORMAT, "a quorum is one name");
    r->has_quorum = true;
    r->p->quorum = find_member(r->p, name);
    if (r->p->quorum == NO_MEMBER && !is_word(name, "none"))
        return bad_line(r, XG_FORMAT, "a quorum that stands not above");
    return XG_OK;
}

static enum xg_status read_policy_line(struct policy_reader *r,
                                       struct xg_bytes line)
{
    struct xg_bytes word;

    for (size_t i = 0; i < line.len; i++)
        if ((line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7F)
            return bad_line(r, XG_FORMAT, "a control character");
    if (!take_item(&line, &word) || word.at[0] == '#')
        return XG_OK;
    if (is_word(word, "log"))
        return read_log(r, &line);
    if (is_word(word, "witness"))
        return read_witness(r, &line);
    if (is_word(word, "group"))
        return read_group(r, &line);
    if (is_word(word, "quorum"))
        return read_quorum(r, &line);
    return bad_line(r, XG_FORMAT, "neither log, witness, group nor quorum");
}

enum xg_status xg_policy_read(struct xg_policy *out, struct xg_bytes text,
                              struct xg_error *err)
{
    struct xg_policy read = {.quorum = NO_MEMBER};
    struct policy_reader r = {.p = &read, .err = err};
    struct xg_bytes line;

    if (text.len > XG_POLICY_MAX)
        return xg_fail(err, XG_TOOBIG, "policy: over %d bytes", XG_POLICY_MAX);
    while (xg_line(&text, &line)) {
        r.line++;
        if (read_policy_line(&r, line) != XG_OK)
            return err->status;
    }
    r.line++;
    if (text.len > 0)
        return bad_line(&r, XG_FORMAT, "not finished");
    if (!r.has_quorum)
        return bad_line(&r, XG_FORMAT, "the quorum is missing");
    *out = read;
    return XG_OK;
}

/* ---- policies: judging ---- */

enum xg_status
xg_policy_verify(const struct xg_policy *p,
                 struct xg_cosigned out[static XG_POLICY_WITNESSES_MAX],
                 size_t *count, const struct xg_note *checkpoint,
                 struct xg_error *err)
{
    struct xg_cosigned found[XG_POLICY_WITNESSES_MAX] = {{0}};
    size_t n = 0;

    for (size_t i = 0; i < p->witness_count; i++) {
        struct xg_error unsaid = XG_ERROR_NONE;
        enum xg_status status = xg_note_verify(
            checkpoint, &p->witnesses[i].verifier, &found[n].time_s, &unsaid);
        if (status == XG_NOTFOUND)
            continue;
        if (status != XG_OK) {
            *err = unsaid;
            return xg_wrap(err, "witness %s", p->witnesses[i].name);
        }
        found[n++].witness = i;
    }
    memcpy(out, found, n * sizeof *found);
    *count = n;
    return XG_OK;
}

/* What is known of one member, a witness or a group. Whoever counts on k of a
 * group takes fewer than k of them for liars: of any k one is honest. So the
 * k-th smallest of their times is not before an honest one's, and the k-th
 * greatest not after one's. */
struct member {
    bool cosigned;
    uint64_t by_s;    /* at the latest by then; NO_STATED_TIME */
    uint64_t since_s; /* not before then; 0: none is stated */
};

/* Insert among the n that stand in ascending order. */
static void insert(uint64_t *times, unsigned n, uint64_t time_s)
{
    for (; n > 0 && times[n - 1] > time_s; n--)
        times[n] = times[n - 1];
    times[n] = time_s;
}

static struct member judge_group(const struct xg_policy_group *g,
                                 const struct member *all)
{
    uint64_t by[MEMBERS_MAX], since[MEMBERS_MAX];
    unsigned n = 0;

    for (unsigned bit = 0; bit < MEMBERS_MAX; bit++) {
        if (!(g->members >> bit & 1) || !all[bit].cosigned)
            continue;
        insert(by, n, all[bit].by_s);
        insert(since, n++, all[bit].since_s);
    }
    if (n < g->need)
        return (struct member){.by_s = NO_STATED_TIME};
    return (struct member){true, by[g->need - 1], since[n - g->need]};
}

/* The member that the policy asks for. */
static struct member judge(const struct xg_policy *p,
                           const struct xg_cosigned *cosigned, size_t count)
{
    struct member all[MEMBERS_MAX];

    for (size_t i = 0; i < MEMBERS_MAX; i++)
        all[i] = (struct member){.by_s = NO_STATED_TIME};
    for (size_t i = 0; i < count; i++) {
        struct member *m = &all[cosigned[i].witness];
        m->cosigned = true;
        if (cosigned[i].time_s > 0 && cosigned[i].time_s < m->by_s)
            m->by_s = m->since_s = cosigned[i].time_s;
    }
    for (size_t i = 0; i < p->group_count; i++)
        all[XG_POLICY_WITNESSES_MAX + i] = judge_group(&p->groups[i], all);
    return all[p->quorum];
}

bool xg_policy_satisfied(const struct xg_policy *p,
                         const struct xg_cosigned *cosigned, size_t count,
                         uint64_t *time_s)
{
    *time_s = 0;
    if (p->quorum < 0)
        return true;
    struct member quorum = judge(p, cosigned, count);
    if (quorum.cosigned && quorum.by_s != NO_STATED_TIME)
        *time_s = quorum.by_s;
    return quorum.cosigned;
}

uint64_t xg_policy_since(const struct xg_policy *p,
                         const struct xg_cosigned *cosigned, size_t count)
{
    if (p->quorum < 0)
        return 0;
    struct member quorum = judge(p, cosigned, count);
    return quorum.cosigned ? quorum.since_s : 0;
}

/* ---- devices ---- */

/* The last word of the one signature line. */
static bool take_cosigned(uint8_t out[static XG_COSIGNED_SIZE],
                          struct xg_bytes line)
{
    struct xg_bytes word;

    while (xg_word(&line, &word))
        continue;
    return word.len > 1 &&
           xg_unbase64_exact(out, XG_COSIGNED_SIZE, (const char *)word.at,
                             word.len);
}

enum xg_status xg_device_cosign(uint8_t out[static XG_COSIGNED_SIZE],
                                const struct xg_checkpoint *c,
                                const struct xg_signer *device,
                                struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), line = XG_BUF(XG_NOTE_MAX);
    struct xg_signer cosigner = *device;
    enum xg_status status =
        xg_verifier_init(&cosigner.verifier, device->verifier.name,
                         XG_SIG_COSIGNATURE, device->verifier.key, err);

    if (status == XG_OK) {
        xg_checkpoint_text(&text, c);
        status = xg_buf_check(&text, err);
    }
    if (status == XG_OK) {
        xg_note_signature_line(&line, xg_buf_bytes(&text), &cosigner, 0);
        status = xg_buf_check(&line, err);
    }
    if (status == XG_OK && !take_cosigned(out, xg_bytes(line.data, line.len - 1)))
        status = xg_fail(err, XG_FORMAT, "no cosignature came of it");
    sodium_memzero(&cosigner, sizeof cosigner);
    xg_buf_clear(&text);
    xg_buf_clear(&line);
    return status;
}

void xg_cosigned_line(struct xg_buf *note, const char *name,
                      const uint8_t cosigned[static XG_COSIGNED_SIZE])
{
    xg_buf_format(note, XG_NOTE_DASH "%s ", name);
    xg_buf_base64(note, cosigned, XG_COSIGNED_SIZE);
    xg_buf_byte(note, '\n');
}

enum xg_status
xg_device_cosigned(const uint8_t cosigned[static XG_COSIGNED_SIZE],
                   const struct xg_checkpoint *c,
                   const struct xg_verifier *device, struct xg_error *err)
{
    struct xg_buf whole = XG_BUF(XG_NOTE_MAX);
    struct xg_verifier v;
    struct xg_note note;
    uint64_t time_s = 0;
    enum xg_status status = xg_verifier_init(
        &v, device->name, XG_SIG_COSIGNATURE, device->key, err);

    if (status == XG_OK) {
        xg_checkpoint_text(&whole, c);
        xg_buf_byte(&whole, '\n');
        xg_cosigned_line(&whole, device->name, cosigned);
        status = xg_buf_check(&whole, err);
    }
    if (status == XG_OK)
        status = xg_note_parse(&note, whole.data, whole.len, err);
    if (status == XG_OK && xg_note_verify(&note, &v, &time_s, err) != XG_OK) {
        err->status = XG_AUTH; /* also where the key's id is another's */
        status = XG_AUTH;
    }
    if (status == XG_OK && time_s != 0)
        status = xg_fail(err, XG_AUTH, "%s states a time, which no device may",
                         device->name);
    xg_buf_clear(&whole);
    return status;
}

/* ---- xunge/time/v1 ---- */

/* "<name> <base64>" of a cosigned line; the base64 as it stands. */
static bool split_cosigned(struct xg_bytes words, struct xg_bytes *name,
                           struct xg_bytes *blob)
{
    uint8_t raw[XG_COSIGNED_SIZE];
    size_t len;

    return xg_word(&words, name) && name->len <= XG_KEY_NAME_MAX &&
           xg_text_key_name(*name) && xg_word(&words, blob) && words.len == 0 &&
           xg_text_base64(raw, sizeof raw, &len, *blob) && len == sizeof raw;
}

static void read_cosigned(struct xg_lines *l, struct xg_time_note *t)
{
    struct xg_bytes words = xg_line_words(l, "checkpoint"), name, blob;
    const uint8_t *start = l->rest.at;

    if (!xg_word_uint(&words, &t->size) || !xg_word_hash(&words, &t->root) ||
        words.len > 0 || t->size == 0)
        xg_lines_bad(l, "checkpoint");
    t->cosigned = true;
    for (int i = 0;
         i < TIME_LINES_MAX && (i == 0 || xg_lines_at(l, "cosigned")); i++)
        if (!split_cosigned(xg_line_words(l, "cosigned"), &name, &blob))
            xg_lines_bad(l, "cosigned");
    t->lines = xg_bytes(start, (size_t)(l->rest.at - start));
}

enum xg_status xg_time_note_read(struct xg_time_note *out, struct xg_bytes text,
                                 struct xg_error *err)
{
    struct xg_time_note read = {.time_ms = 0};
    struct xg_lines l = xg_lines_over(text);

    xg_line_literal(&l, "xunge/time/v1");
    xg_line_uint(&l, "time", &read.time_ms);
    if (xg_lines_more(&l))
        read_cosigned(&l, &read);
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "time note");
    *out = read;
    return XG_OK;
}

void xg_time_note_put(struct xg_buf *text, const struct xg_time_note *t)
{
    xg_buf_text(text, "xunge/time/v1\n");
    xg_put_uint(text, "time", t->time_ms);
    if (!t->cosigned)
        return;
    xg_buf_format(text, "checkpoint %" PRIu64 " ", t->size);
    xg_buf_base64(text, t->root.b, sizeof t->root.b);
    xg_buf_byte(text, '\n');
    xg_buf_append(text, t->lines.at, t->lines.len);
}

void xg_time_note_checkpoint(struct xg_buf *note, const struct xg_time_note *t,
                             const char *origin)
{
    struct xg_checkpoint c = {.size = t->size, .root = t->root};
    const size_t skip = strlen(COSIGNED);
    struct xg_bytes rest = t->lines, line;

    snprintf(c.origin, sizeof c.origin, "%s", origin);
    xg_checkpoint_text(note, &c);
    xg_buf_byte(note, '\n');
    while (xg_line(&rest, &line)) {
        xg_buf_text(note, XG_NOTE_DASH);
        xg_buf_append(note, line.at + skip, line.len - skip);
        xg_buf_byte(note, '\n');
    }
}

void xg_time_note_line(struct xg_buf *lines, const struct xg_note_signature *s)
{
    const size_t skip = strlen(XG_NOTE_DASH);

    xg_buf_text(lines, COSIGNED);
    xg_buf_append(lines, s->line.at + skip, s->line.len - skip);
}

/* ---- add-checkpoint ---- */

enum xg_status xg_add_checkpoint_read(struct xg_add_checkpoint *out,
                                      struct xg_bytes body,
                                      struct xg_error *err)
{
    struct xg_add_checkpoint read = {.old = 0};
    struct xg_lines l = xg_lines_over(body);

    xg_line_uint(&l, "old", &read.old);
    if (l.expected)
        return xg_fail(err, XG_FORMAT, "add-checkpoint: no old size");
    const char *wrong = xg_proof_lines(&read.proof, &l.rest);
    if (wrong)
        return xg_fail(err, XG_FORMAT, "add-checkpoint: %s", wrong);
    read.checkpoint = l.rest;
    *out = read;
    return XG_OK;
}

void xg_add_checkpoint_put(struct xg_buf *body,
                           const struct xg_add_checkpoint *a)
{
    xg_put_uint(body, "old", a->old);
    xg_proof_put(body, &a->proof);
    xg_buf_byte(body, '\n');
    xg_buf_append(body, a->checkpoint.at, a->checkpoint.len);
}
