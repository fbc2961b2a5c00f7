/* attention.h - what a person must look at, and where it is settled.
 *
 *      what            is there while                          settled by
 *      conflict        values that did not see each other      resolve
 *                      stand against each other
 *      overtaken       a move met another status than its      resolve ID status
 *                      author saw
 *      fork            two records claim one place of a chain  forks settle
 *      quarantined     batches of a revoked device, or of too  device admit, or
 *                      many chains, are kept apart             a finding
 *      pending         a record names another that has not     its coming, or
 *                      come                                    said to be seen
 *      struck          a record has no effect: no right,       said to be seen
 *                      nothing that its move needs, malformed
 *      unfolded        an entity outgrew what a fold takes     another that names
 *                                                              it as the same
 *      clock           a device's clock cannot have been       said to be seen
 *                      right
 *      position        a patrol of simulated positions, a      said to be seen
 *                      photo that was taken elsewhere
 *      photo_lost      the log says that a photo is held, and  its coming back,
 *                      its file is not there                   or said to be seen
 *      other_history   a device cosigned another log           a finding
 *      login           somebody gave another a new login, or   a finding, by
 *                      took the second factor away             neither of them
 *      login_asked     somebody would, where that takes two    operator consent
 *
 * To say that something was seen is a note of the case, by somebody at a desk:
 * "已核看 clock 3fa2b1c4d5e6：理由" (attention_mark()); of what is no entity's, a
 * finding about the chain, as of a fork. So it is in the log, and made anew
 * from there with everything else.
 */
#ifndef XG_SERVER_DESK_ATTENTION_H
#define XG_SERVER_DESK_ATTENTION_H

#include "server/data/data.h"

#define ATTENTION_TABLE(X)                                                     \
    X(ATTENTION_CONFLICT, "conflict", "冲突", "conflict")                      \
    X(ATTENTION_OVERTAKEN, "overtaken", "晚了一步", "overtaken")               \
    X(ATTENTION_FORK, "fork", "分叉", "fork")                                  \
    X(ATTENTION_QUARANTINED, "quarantined", "隔离", "quarantined")             \
    X(ATTENTION_PENDING, "pending", "等缺的记录", "pending")                   \
    X(ATTENTION_STRUCK, "struck", "不作数", "struck out")                      \
    X(ATTENTION_UNFOLDED, "unfolded", "太大", "too large")                     \
    X(ATTENTION_CLOCK, "clock", "时钟存疑", "clock in doubt")                  \
    X(ATTENTION_POSITION, "position", "位置存疑", "position in doubt")         \
    X(ATTENTION_PHOTO_LOST, "photo_lost", "照片丢失", "photo lost")            \
    X(ATTENTION_OTHER_HISTORY, "other_history", "另一份历史",                  \
      "another history")                                                       \
    X(ATTENTION_LOGIN, "login", "登录被重置", "login given anew")              \
    X(ATTENTION_LOGIN_ASKED, "login_asked", "重置登录待同意",                  \
      "new login to agree to")

enum attention_what {
#define X(name, json, zh, en) name,
    ATTENTION_TABLE(X)
#undef X
        ATTENTIONS
};
const char *attention_name(enum attention_what what);
const char *attention_label(enum attention_what what);
/* False: there is none of that name. */
bool attention_named(enum attention_what *what, const char *name);

/* One thing about an entity that nobody has settled. */
struct attention_sign {
    enum attention_what what;
    struct xg_hash subject; /* the record, or the photo: attention_mark() */
    uint32_t op;            /* of the record in question */
    int64_t since_ms;       /* effective time of it */
    const char *reason;     /* a stable code: "field", "no-right", "late" ... */
    bool again; /* of a conflict: it was decided, and something else came since
                 * whose author had not seen that */
    const char *detail;     /* in words, in English or the language set; or "" */
};

/* What there is of a fold that knows its times, in the order of the records;
 * lent by the arena. Lost photos are not among them: no record of it tells. XG_NOMEM.
 */
XG_MUST_CHECK enum xg_status attention_of(struct attention_sign **list,
                                          size_t *count, struct xg_arena *arena,
                                          const struct fold *fold,
                                          struct xg_error *err);
/* Is there any, as a set of 1 << enum attention_what: for an index. */
XG_MUST_CHECK enum xg_status attention_set_of(unsigned *set,
                                              struct xg_arena *arena,
                                              const struct fold *fold,
                                              struct xg_error *err);

/* Did somebody at a desk say that they saw it? */
bool attention_is_seen(const struct fold *fold, enum attention_what what,
                       const struct xg_hash *subject);
/* Append the beginning of the note that says so. */
void attention_mark(struct xg_buf *out, enum attention_what what,
                    const struct xg_hash *subject);

#endif
