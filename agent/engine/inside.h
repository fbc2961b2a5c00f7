/* inside.h - one run of the engine; shared by agent/sync_*.c and
 * agent/bundle/, which does by files what a run does over a network. */
#ifndef AGENT_SYNC_INTERNAL_H
#define AGENT_SYNC_INTERNAL_H

#include "agent/engine/engine.h"

enum { SYNC_CODE_SIZE = 32, SYNC_PATH_MAX = 2048 };

/* The order in which photos go out. */
enum sync_phase { SYNC_THUMBNAILS, SYNC_ORDERED, SYNC_FULL, SYNC_ALL_SENT };

/* What is known of each of a group. */
enum {
    SYNC_SENT = 1,   /* the server has all of it */
    SYNC_PROVEN = 2, /* ... and its log says so */
    SYNC_PASSED = 4, /* not in this run: refused, damaged, not named yet */
};

/* Where the sending of photos stands; what a try reached, the next one goes on
 * from. Its size does not hang on how many there are. */
struct sync_photo_run {
    bool begun; /* totals are counted */
    bool ended; /* by budget or time */
    enum sync_phase phase;
    struct store_due after; /* in the phase: these are done with */
    size_t count;           /* of the group at hand */
    struct store_due group[XG_BLOBS_ASKED_MAX];
    uint8_t flags[XG_BLOBS_ASKED_MAX];
    uint64_t finished_bytes;    /* of those that are there, whole */
    struct xg_hash furthest_of; /* how far the photo at hand ever was: */
    uint64_t furthest;          /* less is no progress */
    struct xg_error full;       /* the server has no room */
    struct xg_error refused;    /* the first that cannot be sent */
    struct xg_buf piece;        /* of a photo: one request's body */
};

struct sync {
    struct home *home;
    struct store *store;
    const struct xg_env *env;
    const struct xg_transport *transport;
    const struct sync_host *host;
    const struct sync_options *options;
    struct sync_report *report;
    const struct xg_enrol_code *code; /* while enrolling */
    struct xg_enrol_code followed;    /* it, made good for a log that follows */

    struct store_identity id;
    struct xg_signer signer; /* wiped by sync_clear() */
    struct xg_checkpoint held; /* size 0: none */
    struct store_logs logs;    /* of now, and those before it */
    struct xg_welcome welcome; /* of the last hello; log is not kept */
    char bearer[XG_BASE64_SIZE(XG_TOKEN_SIZE)];
    struct transport_answer answer;
    char problem[SYNC_CODE_SIZE]; /* `code` of the last refusal, "unnamed"; ""
                                   * where none was told */

    const char *part; /* of the bundle that is read; NULL: over a network */

    bool progressed; /* since the last pause */
    bool doubted_log, doubted_registry; /* an unsigned part of an answer did
                                         * not hold: asked for again once */
    bool behind;     /* the server said that its log is shorter than ours */
    bool other_log;  /* the last note that was opened is signed by another */
    bool restarted; /* updates were asked for from the start again */
    bool said_busy; /* the last answer was the server's own 503 */
    unsigned busy_in_a_row;
    struct xg_error deferred; /* a batch that the server could not take now;
                               * the others went on */
    bool has_news;     /* all of it, with the answer to the last batch */
    bool records_done; /* went out and came in as far as they can */
    struct sync_photo_run photos;
    struct store_due fetched; /* by sync_fetch_photo() */
    bool alarm;
    size_t chain_count;
    struct store_chain chains[XG_CHAINS_MAX]; /* own ones */
    struct xg_error alarm_error;
};

/* ---- call.c ---- */

/* One request. XG_OK: a status that request->good names (none: 200), and no
 * portal. Else, by the answer: XG_AUTH (401), XG_REFUSED (403), XG_NOTFOUND
 * (404, 410), XG_TOOBIG (413), XG_FORMAT (400, 409, 412, 415, 422, 460), each
 * only with the server's reason, which is the error's text, or in answer to
 * HEAD, which can give none; XG_NET for all other answers, and for none.
 * y->answer.http_status and y->problem tell more (0: no answer).
 *
 * What it took goes into report->pace, and its patience comes from there:
 * nobody else calls pace_answered() or pace_cut(). */
XG_MUST_CHECK enum xg_status sync_call(struct sync *y,
                                       const struct transport_request *request,
                                       struct xg_error *err);
/* How many bytes a request's body may have: what is left of the budget, 0 once
 * it is used up or the deadline is over; UINT64_MAX without one. sync_call()
 * sends no more than that: then report->budget is set, the status XG_NET, and
 * sync_persist() does not repeat. */
uint64_t sync_allowance(const struct sync *y);
/* An answer that is not what a Xunge server says: XG_NET; of a part of a
 * bundle: XG_FORMAT. */
enum xg_status sync_bad_answer(struct sync *y, struct xg_error *err);
/* Open a note that must be signed by the log of the enrolment code. XG_REFUSED
 * naming both keys for another one's; XG_NET for anything else. */
XG_MUST_CHECK enum xg_status sync_open_note(struct sync *y,
                                            struct xg_note *note,
                                            struct xg_bytes data,
                                            const struct xg_verifier *log,
                                            struct xg_error *err);
/* Something came through: for the pauses, and for who watches. */
void sync_progress(struct sync *y);
/* Repeat `step` while it fails with XG_NET, with pauses that grow. */
XG_MUST_CHECK enum xg_status
sync_persist(struct sync *y,
             enum xg_status (*step)(struct sync *y, struct xg_error *err),
             struct xg_error *err);

/* ---- hello.c ---- */

XG_MUST_CHECK enum xg_status sync_hello(struct sync *y, struct xg_error *err);
/* Does an alarm stand from an earlier run? Sets y->alarm. */
XG_MUST_CHECK enum xg_status sync_load_alarm(struct sync *y,
                                             struct xg_error *err);

/* The signed note that a hello is, to `note`. */
XG_MUST_CHECK enum xg_status sync_put_hello(struct sync *y,
                                            struct xg_buf *note,
                                            const struct xg_hash *random,
                                            struct xg_error *err);

/* What came in a bundle, in the place of an answer. Nothing is asked again, so
 * what does not hold is refused at once. */
struct sync_shown {
    struct xg_bytes frames; /* as POST /v1/hello answers */
    const struct xg_node_reader *nodes; /* prove from what is held, if they
                                         * can; XG_NOTFOUND where they cannot */
    const struct sync_asked { /* hellos that may be what it answers */
        struct xg_hash random, root;
        uint64_t size; /* stated then */
    } *asked;
    size_t asked_count;
};
/* Judge the welcome, and keep what it brings. *old: its log is shorter than the
 * one held, and nothing of the bundle is taken. *answers: the hello that it
 * echoes, or asked_count. May raise the alarm (y->alarm). */
XG_MUST_CHECK enum xg_status sync_take_welcome(struct sync *y, bool *old,
                                               size_t *answers,
                                               const struct sync_shown *shown,
                                               struct xg_error *err);

/* Ask the log that y->id names for a proof from y->held on. The checkpoint that
 * it shows goes to `checkpoint`; nothing is kept. May raise the alarm. */
XG_MUST_CHECK enum xg_status sync_prove(struct sync *y,
                                        struct xg_buf *checkpoint,
                                        struct xg_error *err);

/* ---- successor.c ---- */

/* Another log answers than the one that is known. Does it follow that one, as
 * the registrar says? Then it is taken over, in one transaction, and *took is
 * true; false: nothing follows it there. XG_REFUSED: what is said to follow it
 * is not by the registrar, or not of that log. May raise the alarm. */
XG_MUST_CHECK enum xg_status sync_succeed(struct sync *y, bool *took,
                                          struct xg_error *err);
/* While enrolling: is the log that answers one that follows the code's? Then
 * y->code is for that one, and *took true. For the rest as sync_succeed(), but
 * what is known here stays as it is. */
XG_MUST_CHECK enum xg_status sync_follow_code(struct sync *y, bool *took,
                                              struct xg_error *err);
/* In an alarm: show the server the checkpoint that is held. If it signed that
 * and lost it, it stops writing. What it answers does not matter. */
void sync_show_checkpoint(struct sync *y);
/* An alarm about a log before that of now was answered by the registrar: it
 * moves to HOME/logs/<n>/. */
XG_MUST_CHECK enum xg_status sync_settle_alarm(struct sync *y,
                                               struct xg_error *err);

/* ---- enrol.c ---- */

/* Take the code, as sync_enrol() does before it asks anyone. Needs y->code. */
XG_MUST_CHECK enum xg_status sync_prepare_enrol(struct sync *y,
                                                struct xg_error *err);
XG_MUST_CHECK enum xg_status sync_put_enrol(struct sync *y, struct xg_buf *note,
                                            const struct xg_hash *random,
                                            struct xg_error *err);
/* The answer to the request with this random: judged, kept. */
XG_MUST_CHECK enum xg_status sync_take_enrolled(struct sync *y,
                                                struct xg_bytes data,
                                                const struct xg_hash *random,
                                                struct xg_error *err);

/* ---- chain.c ---- */

/* Compare own chains with what the welcome says of them. */
XG_MUST_CHECK enum xg_status sync_compare_chains(struct sync *y,
                                                 struct xg_error *err);
/* [t] The chain must not be continued: mark it where it is forked, and begin a
 * new one where it is the current one. */
XG_MUST_CHECK enum xg_status sync_leave_chain(struct sync *y,
                                              const struct xg_hash *chain,
                                              enum sync_new_chain why,
                                              struct xg_error *err);

/* ---- push.c, pull.c ---- */

XG_MUST_CHECK enum xg_status sync_push(struct sync *y, struct xg_error *err);
XG_MUST_CHECK enum xg_status sync_pull(struct sync *y, struct xg_error *err);

/* A receipt, verified, for the batch of this note (framed: `frame`). */
struct sync_receipt {
    enum xg_batch_state state;
    struct xg_receipt receipt;
    struct xg_checkpoint checkpoint;
    struct xg_bytes bytes; /* as it came; borrowed */
};
/* It is for this note, by our log. What its checkpoint is worth is left to the
 * caller. */
XG_MUST_CHECK enum xg_status sync_open_receipt(struct sync *y,
                                               struct sync_receipt *r,
                                               struct xg_bytes bytes,
                                               struct xg_bytes frame,
                                               struct xg_error *err);
XG_MUST_CHECK enum xg_status sync_keep_receipt(struct sync *y,
                                               const struct sync_receipt *r,
                                               const struct store_batch *batch,
                                               struct xg_error *err);

/* A page as GET /v1/updates answers. *from, *to, *end as it says; taken where
 * it follows on `since` (from <= since <= to) and brings something. */
struct sync_page {
    uint64_t from, to, end;
    bool follows;
};
XG_MUST_CHECK enum xg_status sync_take_page(struct sync *y,
                                            struct sync_page *page,
                                            struct xg_arena *arena,
                                            struct xg_bytes data,
                                            uint64_t since,
                                            struct xg_error *err);

/* Append "?since=<since>[&held=...]". */
XG_MUST_CHECK enum xg_status sync_put_since(struct xg_buf *path, struct sync *y,
                                            uint64_t since,
                                            struct xg_error *err);
/* The page that came with a receipt; one that is no good is passed over. */
XG_MUST_CHECK enum xg_status sync_take_news(struct sync *y,
                                            struct xg_bytes data,
                                            uint64_t since,
                                            struct xg_error *err);

/* ---- reference.c ---- */

XG_MUST_CHECK enum xg_status sync_fetch_references(struct sync *y,
                                                   struct xg_error *err);
/* A list as GET /v1/references answers, from number `from` on: of what it
 * brings up to what the welcome counts the part that is not held is kept. */
XG_MUST_CHECK enum xg_status sync_take_references(struct sync *y, uint64_t from,
                                                  struct xg_bytes data,
                                                  struct xg_error *err);
/* A file of reference data; *wanted false: it is here, or not needed. */
XG_MUST_CHECK enum xg_status sync_take_reference(struct sync *y, bool *wanted,
                                                 const struct xg_hash *hash,
                                                 struct xg_bytes content,
                                                 struct xg_error *err);

/* ---- photos.c ---- */

/* Send what options->photos says, as far as budget and time go. XG_OK too where
 * some could not be sent: sync_judge_photos(). */
XG_MUST_CHECK enum xg_status sync_send_photos(struct sync *y,
                                              struct xg_error *err);
/* After that: was the server full (XG_NET), was any refused (XG_REFUSED)? */
XG_MUST_CHECK enum xg_status sync_judge_photos(struct sync *y,
                                               struct xg_error *err);
/* May a request that costs so many bytes be begun? If not, the report says
 * `budget`. */
bool sync_affords(struct sync *y, uint64_t bytes);
void sync_clear_photos(struct sync *y);

/* ---- photos_held.c ---- */

/* Which of these does the server hold? What its log proves is kept, and
 * held[i] set; else left alone. *knows false: a server that knows no photos. */
XG_MUST_CHECK enum xg_status
sync_ask_held(struct sync *y, bool *knows, bool *held,
              const struct store_due *photos, size_t count,
              struct xg_error *err);

/* ---- photos_send.c ---- */

enum sync_sent {
    SYNC_IS_SENT,
    SYNC_IS_PASSED, /* this one cannot go now; others can */
    SYNC_IS_CUT_OFF /* budget, time, or no room there: nothing more goes */
};
/* Send one, from where the server has it. XG_AUTH: another token is needed. */
XG_MUST_CHECK enum xg_status sync_send_photo(struct sync *y,
                                             enum sync_sent *out,
                                             const struct store_due *photo,
                                             struct xg_error *err);

/* ---- photos_fetch.c ---- */

/* Bring y->fetched onto the shelf: one try. */
XG_MUST_CHECK enum xg_status sync_fetch(struct sync *y, struct xg_error *err);

/* ---- run.c ---- */

/* Load identity, signer, checkpoint, own chains. */
XG_MUST_CHECK enum xg_status sync_load(struct sync *y, struct xg_error *err);
/* One sync of a home at a time, over a network or by bundles: XG_BUSY. The
 * caller closes *lock. */
XG_MUST_CHECK enum xg_status sync_lock(int *lock, const struct home *home,
                                       struct xg_error *err);
/* The exchange came to its end: for SYNC_META_LAST. */
XG_MUST_CHECK enum xg_status sync_mark_success(struct sync *y,
                                               struct xg_error *err);
void sync_clear(struct sync *y);

#endif
