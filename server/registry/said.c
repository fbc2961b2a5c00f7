/* said.c - what statements say, in as many bytes as they say: the registry of a
 * district has some ten thousand in memory, and a struct that has room for
 * whatever a statement may say is ten times what one says. */
#include <stdlib.h>
#include <string.h>

#include "server/registry/inside.h"

/* What follows the words, where it is there. */
enum { HAS_KEY = 1, HAS_BATCH = 2, HAS_CUT = 4 };

static bool is_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= bytes[i];
    return any == 0;
}

static uint8_t what_it_has(const struct xg_statement *st)
{
    bool cut = !xg_hash_is_zero(&st->chain) || !xg_hash_is_zero(&st->last) ||
               st->next_seq != 0;

    return (uint8_t)((is_zero(st->key, sizeof st->key) ? 0 : HAS_KEY) |
                     (xg_hash_is_zero(&st->batch) ? 0 : HAS_BATCH) |
                     (cut ? HAS_CUT : 0));
}

static char *put(char *to, const void *data, size_t len)
{
    memcpy(to, data, len);
    return to + len;
}

static const char *take(const char *from, void *data, size_t len)
{
    memcpy(data, from, len);
    return from + len;
}

struct said *said_new(const struct store_statement *st)
{
    const struct xg_statement *says = &st->says;
    size_t subject = strlen(says->subject) + 1, unit = strlen(says->unit) + 1,
           owner = strlen(says->owner) + 1;
    uint8_t has = what_it_has(says);
    size_t size = sizeof(struct said) + subject + unit + owner +
                  (has & HAS_KEY ? sizeof says->key : 0) +
                  (has & HAS_BATCH ? XG_HASH_SIZE : 0) +
                  (has & HAS_CUT ? 2 * XG_HASH_SIZE + sizeof says->next_seq : 0);
    struct said *s = malloc(size);

    if (!s)
        return NULL;
    *s = (struct said){
        .position = st->position, .role = says->role, .has = has};
    char *to = put(s->words, says->subject, subject);
    to = put(to, says->unit, unit);
    to = put(to, says->owner, owner);
    if (has & HAS_KEY)
        to = put(to, says->key, sizeof says->key);
    if (has & HAS_BATCH)
        to = put(to, says->batch.b, XG_HASH_SIZE);
    if (has & HAS_CUT) {
        to = put(to, says->chain.b, XG_HASH_SIZE);
        to = put(to, says->last.b, XG_HASH_SIZE);
        put(to, &says->next_seq, sizeof says->next_seq);
    }
    return s;
}

const char *said_subject(const struct said *s)
{
    return s->words;
}

const char *said_unit(const struct said *s)
{
    return s->words + strlen(s->words) + 1;
}

void said_read(struct xg_statement *out, enum xg_statement_kind kind,
               const struct said *s)
{
    const char *subject = said_subject(s), *unit = said_unit(s);
    const char *owner = unit + strlen(unit) + 1;
    const char *rest = owner + strlen(owner) + 1;

    *out = (struct xg_statement){.kind = kind, .role = s->role};
    take(subject, out->subject, (size_t)(unit - subject));
    take(unit, out->unit, (size_t)(owner - unit));
    take(owner, out->owner, (size_t)(rest - owner));
    if (s->has & HAS_KEY)
        rest = take(rest, out->key, sizeof out->key);
    if (s->has & HAS_BATCH)
        rest = take(rest, out->batch.b, XG_HASH_SIZE);
    if (s->has & HAS_CUT) {
        rest = take(rest, out->chain.b, XG_HASH_SIZE);
        rest = take(rest, out->last.b, XG_HASH_SIZE);
        take(rest, &out->next_seq, sizeof out->next_seq);
    }
}

const struct said *said_below(const struct subject *s, uint64_t size)
{
    const struct said *at = s ? s->newest : NULL;

    while (at && at->position >= size)
        at = at->older;
    return at;
}
