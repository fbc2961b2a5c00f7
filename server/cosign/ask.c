/* ask.c - see ask.h. */
#define _GNU_SOURCE /* memfd_create */
#include "server/cosign/ask.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/cosign/policy.h"
#include "server/data/rounds.h"
#include "shared/base/child.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"

#define PROGRAM "xunge-witness"
#define CALL "add-checkpoint"

enum {
    TRIES = 3,           /* of one witness in a round: two 409, and then no */
    PATIENCE_MS = 12000, /* the program gives up before */
    ANSWER_MAX = 80 << 10,
    BODY_MAX = 64 << 10,
    OK = 200,
    CONFLICT = 409,
};

struct witness_asker {
    struct data *d;
    const char *program;
    struct xg_policy policy;
    /* By public key: a policy may change between two rounds. */
    size_t known_count;
    struct known {
        uint8_t key[XG_PUBLIC_KEY_SIZE];
        uint64_t size; /* that it last cosigned */
    } known[XG_POLICY_WITNESSES_MAX];
};

/* One witness in a round. */
struct call {
    const struct xg_policy_witness *witness;
    struct witness_said *said;
    uint64_t old;
    bool over; /* nothing more is to be asked */
    bool runs;
    struct xg_child child;
};

/* One round. */
struct asked {
    struct witness_asker *a;
    struct xg_checkpoint checkpoint;
    struct xg_buf note;        /* its, as it was published */
    struct xg_bytes published; /* without cosignatures */
    struct xg_bytes text;      /* of it */
    struct xg_buf lines;
    size_t count;
    struct call calls[XG_POLICY_WITNESSES_MAX];
};

enum xg_status witness_asker_open(struct witness_asker **out, struct data *d,
                                  const char *program, struct xg_error *err)
{
    struct witness_asker *a = calloc(1, sizeof *a);

    if (!a)
        return xg_fail_nomem(err);
    a->d = d;
    a->program = program;
    *out = a;
    return XG_OK;
}

void witness_asker_close(struct witness_asker *a)
{
    free(a);
}

/* ---- what each has cosigned last, as far as we know ---- */

static uint64_t known_size(const struct witness_asker *a, const uint8_t *key)
{
    for (size_t i = 0; i < a->known_count; i++)
        if (memcmp(a->known[i].key, key, XG_PUBLIC_KEY_SIZE) == 0)
            return a->known[i].size;
    return 0;
}

static void know_size(struct witness_asker *a, const uint8_t *key,
                      uint64_t size)
{
    size_t i = 0;

    while (i < a->known_count &&
           memcmp(a->known[i].key, key, XG_PUBLIC_KEY_SIZE) != 0)
        i++;
    if (i == XG_POLICY_WITNESSES_MAX)
        i = 0; /* of a policy before: a 409 tells again */
    if (i == a->known_count)
        a->known_count++;
    memcpy(a->known[i].key, key, XG_PUBLIC_KEY_SIZE);
    a->known[i].size = size;
}

/* ---- asking ---- */

XG_PRINTF(2, 3)
static void trouble(struct call *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->said->trouble, sizeof c->said->trouble, format, args);
    va_end(args);
    c->over = true;
}

/* The snapshot is given back at once: strangers are waited for meanwhile. The
 * tree's nodes stay what they are. */
static enum xg_status prove(struct xg_proof *proof, const struct asked *asked,
                            uint64_t old, struct xg_error *err)
{
    struct data *d = asked->a->d;
    struct store *s;

    if (old == 0 || old >= asked->checkpoint.size)
        return XG_OK;
    if (data_borrow(d, &s, err) != XG_OK)
        return err->status;
    struct ledger_nodes from;
    const struct xg_node_reader nodes = ledger_nodes(&from, d->ledger, s);
    enum xg_status status =
        xg_prove_consistency(proof, old, asked->checkpoint.size, &nodes, err);
    data_return(d, s);
    return status;
}

/* A file that holds the body, for the program to read; -1. */
static int put_body(const struct asked *asked, const struct call *c,
                    struct xg_error *err)
{
    struct xg_add_checkpoint add = {.old = c->old,
                                    .checkpoint = asked->published};
    struct xg_buf body = XG_BUF(BODY_MAX);
    enum xg_status status = prove(&add.proof, asked, c->old, err);
    int fd = -1;

    if (status == XG_OK) {
        xg_add_checkpoint_put(&body, &add);
        status = xg_buf_check(&body, err);
    }
    if (status == XG_OK) {
        fd = memfd_create(PROGRAM, MFD_CLOEXEC);
        status = fd < 0
                     ? xg_fail_os(err, "memfd_create")
                     : xg_os_write_all(fd, PROGRAM, xg_buf_bytes(&body), err);
    }
    xg_buf_clear(&body);
    if (status != XG_OK && fd >= 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* URL/add-checkpoint; a pin stays behind it. */
static void make_url(char url[static XG_CHILD_ARGUMENT_SIZE],
                     const char *prefix)
{
    size_t len = strcspn(prefix, "#");
    bool slash = len > 0 && prefix[len - 1] == '/';

    snprintf(url, XG_CHILD_ARGUMENT_SIZE, "%.*s%s" CALL "%s", (int)len, prefix,
             slash ? "" : "/", prefix + len);
}

static void begin_call(const struct asked *asked, struct call *c)
{
    char url[XG_CHILD_ARGUMENT_SIZE];
    struct xg_error err = XG_ERROR_NONE;
    int fd = put_body(asked, c, &err);

    if (fd < 0) {
        trouble(c, "%s", xg_error_text(&err));
        return;
    }
    make_url(url, c->witness->url);
    const struct xg_child_order order = {.name = PROGRAM,
                                         .program = asked->a->program,
                                         .arguments = {url},
                                         .input_fd = fd,
                                         .timeout_ms = PATIENCE_MS};
    c->runs = xg_child_start(&c->child, &order, &err) == XG_OK;
    if (!c->runs)
        trouble(c, "%s", xg_error_text(&err));
    close(fd);
}

/* ---- what they answer ---- */

/* The line of this witness over this checkpoint, and no other. */
static void take_lines(struct asked *asked, struct call *c,
                       struct xg_bytes answer)
{
    const struct xg_verifier *v = &c->witness->verifier;
    struct xg_buf whole = XG_BUF(XG_NOTE_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_note note;
    uint64_t time_s = 0;

    xg_buf_append(&whole, asked->text.at, asked->text.len);
    xg_buf_byte(&whole, '\n');
    xg_buf_append(&whole, answer.at, answer.len);
    if (xg_buf_check(&whole, &err) != XG_OK ||
        xg_note_parse(&note, whole.data, whole.len, &err) != XG_OK ||
        xg_note_verify(&note, v, &time_s, &err) != XG_OK) {
        trouble(c,
                XG_T("回答不是它对此检查点的签名：%s",
                     "its answer is not its cosignature of this "
                     "checkpoint: %s"),
                xg_error_text(&err));
    } else {
        for (size_t i = 0; i < note.count && !c->said->cosigned; i++) {
            const struct xg_note_signature *s = &note.signatures[i];
            if (memcmp(s->id, v->id, sizeof s->id) != 0 ||
                !xg_bytes_equal(s->name, xg_bytes_of(v->name)))
                continue;
            xg_buf_append(&asked->lines, s->line.at, s->line.len);
            c->said->cosigned = true;
        }
        c->said->time_s = time_s;
        c->over = true;
        know_size(asked->a, v->key, asked->checkpoint.size);
    }
    xg_buf_clear(&whole);
}

/* "418\n": what it cosigned last. Ask from there, unless that is where it was
 * asked from, or more than we have. */
static void take_size(struct asked *asked, struct call *c,
                      struct xg_bytes answer)
{
    struct xg_bytes line;
    uint64_t size, ours = asked->checkpoint.size;

    if (!xg_line(&answer, &line) || !xg_word_uint(&line, &size) || line.len) {
        trouble(c, "%s",
                XG_T("409，而没有说从哪里起", "409, and does not say from "
                                              "where on"));
    } else if (size == c->old) {
        trouble(c,
                XG_T("一再以 409 拒绝（%" PRIu64 "）",
                     "refuses with 409 again and again (%" PRIu64 ")"),
                size);
    } else if (size > ours) {
        xg_log(XG_LOG_ERROR, "witness.ahead",
               "witness=%s cosigned=%" PRIu64 " size=%" PRIu64,
               c->witness->name, size, ours);
        trouble(c,
                XG_T("它签过本日志的第 %" PRIu64 " 条，而这里只有 %" PRIu64
                     " 条：本服务器可能是旧副本",
                     "it cosigned %" PRIu64 " entries of this log, and here "
                     "are %" PRIu64 ": this server may be an old copy"),
                size, ours);
    } else {
        c->old = size;
        know_size(asked->a, c->witness->verifier.key, size);
    }
}

static void end_call(struct asked *asked, struct call *c)
{
    struct xg_buf answer = XG_BUF(ANSWER_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes rest, line, word;
    uint64_t status = 0;
    bool whole = xg_child_finish(&c->child, &answer, &err) == XG_OK;

    c->runs = false;
    rest = xg_buf_bytes(&answer);
    bool any = xg_line(&rest, &line) && xg_word(&line, &word);
    if (!any)
        trouble(c, "%s", whole ? PROGRAM : xg_error_text(&err));
    else if (!whole || !xg_bytes_equal(word, xg_bytes_of("answer")) ||
             !xg_word_uint(&line, &status))
        trouble(c, "%s: %.*s", PROGRAM, (int)line.len, (const char *)line.at);
    else if (status == OK)
        take_lines(asked, c, rest);
    else if (status == CONFLICT)
        take_size(asked, c, rest);
    else
        trouble(c, XG_T("以 HTTP %u 拒绝", "refuses with HTTP %u"),
                (unsigned)status);
    xg_buf_clear(&answer);
}

/* ---- a round ---- */

/* The policy, and what is published, as the log signed it. */
static enum xg_status load_round(struct asked *asked,
                                 struct witness_round *round,
                                 struct xg_arena *arena, struct xg_error *err)
{
    struct witness_asker *a = asked->a;
    struct xg_bytes policy;
    struct store *s;

    if (ledger_published(a->d->ledger, &asked->checkpoint, &asked->note, err) !=
            XG_OK ||
        data_borrow(a->d, &s, err) != XG_OK)
        return err->status;
    enum xg_status status =
        witness_policy_get(&a->policy, &policy, s, arena, err);
    data_return(a->d, s);
    if (status != XG_OK)
        return status;
    round->policy = policy.len > 0;
    round->size = asked->checkpoint.size;
    return XG_OK;
}

/* Those with an address. */
static enum xg_status begin_round(struct asked *asked,
                                  struct witness_round *round,
                                  struct xg_arena *arena, struct xg_error *err)
{
    struct witness_asker *a = asked->a;
    struct xg_note *note = xg_arena_alloc(arena, sizeof *note);

    if (!note)
        return xg_fail_nomem(err);
    if (load_round(asked, round, arena, err) != XG_OK)
        return err->status;
    if (!round->policy || round->size == 0)
        return XG_OK;
    if (xg_note_parse(note, asked->note.data, asked->note.len, err) != XG_OK)
        return err->status;
    asked->text = note->text;
    asked->published = xg_buf_bytes(&asked->note);
    for (size_t i = 0; i < a->policy.witness_count; i++) {
        const struct xg_policy_witness *w = &a->policy.witnesses[i];
        struct witness_said *said = &round->said[round->count];
        if (!*w->url)
            continue;
        memcpy(said->name, w->name, sizeof said->name);
        asked->calls[asked->count++] =
            (struct call){.witness = w,
                          .said = said,
                          .old = known_size(a, w->verifier.key)};
        round->count++;
    }
    return XG_OK;
}

static void call_all(struct asked *asked)
{
    for (int i = 0; i < TRIES; i++) {
        for (size_t j = 0; j < asked->count; j++)
            if (!asked->calls[j].over)
                begin_call(asked, &asked->calls[j]);
        for (size_t j = 0; j < asked->count; j++)
            if (asked->calls[j].runs)
                end_call(asked, &asked->calls[j]);
    }
    for (size_t j = 0; j < asked->count; j++)
        if (!asked->calls[j].over)
            trouble(&asked->calls[j],
                    XG_T("一再以 409 拒绝（%" PRIu64 "）",
                         "refuses with 409 again and again (%" PRIu64 ")"),
                    asked->calls[j].old);
}

enum xg_status witness_ask(struct witness_asker *a, struct witness_round *round,
                           struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct asked *asked = calloc(1, sizeof *asked);
    enum xg_status status;

    *round = (struct witness_round){.size = 0};
    if (!asked)
        return xg_fail_nomem(err);
    asked->a = a;
    asked->lines = XG_BUF(XG_NOTE_MAX);
    asked->note = XG_BUF(XG_NOTE_MAX);
    status = begin_round(asked, round, &arena, err);
    if (status == XG_OK)
        call_all(asked);
    if (status == XG_OK && asked->lines.len > 0)
        status = witness_cosigned_put(a->d, &round->reached, &a->policy,
                                      asked->published,
                                      xg_buf_bytes(&asked->lines), err);
    xg_buf_clear(&asked->note);
    xg_buf_clear(&asked->lines);
    xg_arena_clear(&arena);
    free(asked);
    return status;
}

/* ---- the thread ---- */

struct witness_thread {
    struct data *d;
    struct witness_asker *asker;
    struct rounds *rounds;
    struct xg_hash done; /* root of the tree that reached the quorum last */
};

static void say(const struct witness_round *round)
{
    for (size_t i = 0; i < round->count; i++)
        if (!round->said[i].cosigned)
            xg_log(XG_LOG_WARN, "witness.silent", "witness=%s why=\"%s\"",
                   round->said[i].name, round->said[i].trouble);
    if (round->policy)
        xg_log(round->reached ? XG_LOG_INFO : XG_LOG_WARN, "witness.round",
               "size=%" PRIu64 " quorum=%s", round->size,
               round->reached ? "reached" : "missed");
}

static void ask_again(void *ctx)
{
    struct witness_thread *t = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;
    struct witness_round round;

    if (ledger_published(t->d->ledger, &c, NULL, &err) == XG_OK &&
        xg_hash_equal(&c.root, &t->done))
        return;
    if (witness_ask(t->asker, &round, &err) != XG_OK) {
        xg_log(XG_LOG_WARN, "witness.failed", "error=\"%s\"",
               xg_error_text(&err));
        return;
    }
    say(&round);
    if (round.reached && round.size == c.size)
        t->done = c.root;
}

enum xg_status witness_start(struct witness_thread **out, struct data *d,
                             unsigned every_s, struct xg_error *err)
{
    struct witness_thread *t = calloc(1, sizeof *t);

    if (!t)
        return xg_fail_nomem(err);
    t->d = d;
    if (witness_asker_open(&t->asker, d, NULL, err) != XG_OK) {
        free(t);
        return err->status;
    }
    if (rounds_start(&t->rounds, "witness", every_s, ask_again, t, err) !=
        XG_OK) {
        witness_asker_close(t->asker);
        free(t);
        return err->status;
    }
    *out = t;
    return XG_OK;
}

void witness_stop(struct witness_thread *t)
{
    if (!t)
        return;
    rounds_stop(t->rounds);
    witness_asker_close(t->asker);
    free(t);
}
