/* again.h - acts that are asked for again.
 *
 * An act may come with a key that whoever asks for it has drawn by lot. What it
 * was answered with is kept beside its record, in one transaction. So whoever
 * got no answer asks again by the same key: they are told what they would have
 * been told then, or it is done now; it is never done twice, whatever ended
 * meanwhile, and whoever else did the same thing.
 *
 * A key is its author's, and of one act: by the same key and in other words
 * nothing is done. What was refused has left nothing, and is judged anew. Kept
 * for AGAIN_DAYS, by the log's time; whoever asks later than that is not known.
 * Where something of the record is erased, the hash of the words is, too: by it
 * they could be guessed. By that key nothing is done any more.
 */
#ifndef XG_SERVER_DESK_AGAIN_H
#define XG_SERVER_DESK_AGAIN_H

#include "server/store/store.h"

enum { AGAIN_DAYS = 30 };

struct again_key {
    uint8_t key[STORE_ACT_KEY_SIZE];
    struct xg_hash asked; /* of the words in which it is asked for */
};

/* What was done by that key. XG_REFUSED: something else was. */
XG_MUST_CHECK enum xg_status again_find(struct store_act *act, bool *found,
                                        struct store *store, const char *author,
                                        const struct again_key *key,
                                        struct xg_error *err);
/* In the transaction of its record: keep it, and let go of what is older than
 * AGAIN_DAYS. */
XG_MUST_CHECK enum xg_status again_keep(struct store *store,
                                        const struct store_act *act,
                                        struct xg_error *err);

#endif
