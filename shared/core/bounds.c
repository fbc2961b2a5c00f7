/* bounds.c - see bounds.h. */
#include "shared/core/bounds.h"

enum { MS_PER_S = 1000 };

/* The quorum's times of the checkpoint that a time note brings; 0: none. */
static enum xg_status quorum_time(struct xg_bounds_note *out,
                                  const struct xg_time_note *note,
                                  const char *origin,
                                  const struct xg_policy *policy,
                                  struct xg_error *err)
{
    struct xg_buf whole = XG_BUF(XG_NOTE_MAX);
    struct xg_cosigned cosigned[XG_POLICY_WITNESSES_MAX];
    struct xg_note parsed;
    size_t count = 0;
    enum xg_status status;

    xg_time_note_checkpoint(&whole, note, origin);
    status = xg_buf_check(&whole, err);
    if (status == XG_OK)
        status = xg_note_parse(&parsed, whole.data, whole.len, err);
    if (status == XG_OK)
        status = xg_policy_verify(policy, cosigned, &count, &parsed, err);
    if (status == XG_OK &&
        xg_policy_satisfied(policy, cosigned, count, &out->quorum_s))
        out->quorum_since_s = xg_policy_since(policy, cosigned, count);
    else
        out->quorum_s = 0;
    xg_buf_clear(&whole);
    return status;
}

enum xg_status xg_bounds_note_read(struct xg_bounds_note *out,
                                   uint64_t position, struct xg_bytes text,
                                   const char *origin,
                                   const struct xg_policy *policy,
                                   struct xg_error *err)
{
    struct xg_time_note note;
    struct xg_bounds_note read = {.position = position};

    if (xg_time_note_read(&note, text, err) != XG_OK)
        return err->status;
    read.time_ms = note.time_ms;
    if (policy && note.cosigned) {
        if (quorum_time(&read, &note, origin, policy, err) != XG_OK)
            return xg_wrap(err, "time note");
        read.size = note.size;
    }
    *out = read;
    return XG_OK;
}

static void raise_to(uint64_t *bound, uint64_t time)
{
    *bound = time > *bound ? time : *bound;
}

static void lower_to(uint64_t *bound, uint64_t time)
{
    *bound = *bound == 0 || time < *bound ? time : *bound;
}

void xg_bounds_see(struct xg_bounds *b, const struct xg_bounds_note *note)
{
    bool below = note->position < b->anchor_size;
    bool after = note->position >= b->position;

    if (below)
        raise_to(&b->server_low_ms, note->time_ms);
    if (after && note->time_ms > 0)
        lower_to(&b->server_high_ms, note->time_ms);
    if (below && note->quorum_since_s < UINT64_MAX / MS_PER_S)
        raise_to(&b->witnessed_low_ms, note->quorum_since_s * MS_PER_S);
    if (note->quorum_s == 0 || note->quorum_s >= UINT64_MAX / MS_PER_S)
        return;
    if (note->size > b->position) /* at the latest when its second ended */
        lower_to(&b->witnessed_high_ms, note->quorum_s * MS_PER_S + 999);
}

uint64_t xg_bounds_low(const struct xg_bounds *b, bool *witnessed)
{
    *witnessed = b->witnessed_low_ms > 0;
    return *witnessed ? b->witnessed_low_ms : b->server_low_ms;
}

uint64_t xg_bounds_high(const struct xg_bounds *b, bool *witnessed)
{
    *witnessed = b->witnessed_high_ms > 0;
    return *witnessed ? b->witnessed_high_ms : b->server_high_ms;
}
