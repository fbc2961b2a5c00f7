/* chain.c - is this still the device that we think it is? HOME/sent, and
 * own chains against the server's copy of them. */
#include "agent/engine/inside.h"

#include <inttypes.h>

#include "shared/base/os.h"

#define INSTANCE "sync.instance"
#define SENT_FILE "sent"

enum { SENT_MAX = 16 << 10 };

struct sent {
    struct xg_hash instance;
    size_t count;
    struct {
        struct xg_hash chain;
        uint64_t next;
    } chains[XG_CHAINS_MAX];
};

/* ---- the file ---- */

static bool parse_sent(struct sent *out, struct xg_bytes text)
{
    struct xg_lines l = xg_lines_over(text);

    *out = (struct sent){.count = 0};
    xg_line_literal(&l, "xunge/sent/v1");
    xg_line_hash(&l, "instance", &out->instance);
    while (out->count < XG_CHAINS_MAX && xg_lines_at(&l, "chain")) {
        struct xg_bytes words;
        xg_line_rest(&l, "chain", &words);
        if (!xg_word_hash(&words, &out->chains[out->count].chain) ||
            !xg_word_uint(&words, &out->chains[out->count].next) || words.len)
            return false;
        out->count++;
    }
    return !l.expected && l.rest.len == 0;
}

/* *found false when it is missing, or is none that we wrote. */
static enum xg_status read_sent(struct sent *out, bool *found, const char *home,
                                struct xg_error *err)
{
    char path[HOME_PATH_SIZE];
    struct xg_buf text = XG_BUF(SENT_MAX);
    enum xg_status status = home_file(path, home, SENT_FILE, err);

    *found = false;
    if (status == XG_OK)
        status = xg_os_read(&text, path, err);
    if (status == XG_OK)
        *found = parse_sent(out, xg_buf_bytes(&text));
    xg_buf_clear(&text);
    if (status != XG_NOTFOUND && status != XG_TOOBIG)
        return status;
    *err = XG_ERROR_NONE; /* it says nothing: nobody hears of that */
    return XG_OK;
}

static enum xg_status write_sent(const char *home, const struct sent *sent,
                                 struct xg_error *err)
{
    char path[HOME_PATH_SIZE];
    struct xg_buf text = XG_BUF(SENT_MAX);
    enum xg_status status = home_file(path, home, SENT_FILE, err);

    xg_buf_text(&text, "xunge/sent/v1\ninstance ");
    xg_buf_base64(&text, sent->instance.b, XG_HASH_SIZE);
    xg_buf_byte(&text, '\n');
    for (size_t i = 0; i < sent->count; i++) {
        xg_buf_text(&text, "chain ");
        xg_buf_base64(&text, sent->chains[i].chain.b, XG_HASH_SIZE);
        xg_buf_format(&text, " %" PRIu64 "\n", sent->chains[i].next);
    }
    if (status == XG_OK)
        status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    return status;
}

/* ---- what the database says ---- */

static enum xg_status load_instance(struct xg_hash *instance, bool *found,
                                    struct store *store, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_HASH_SIZE);
    enum xg_status status = store_get_meta(store, &value, found, INSTANCE, err);

    if (status == XG_OK && *found) {
        *found = value.len == XG_HASH_SIZE;
        if (*found)
            memcpy(instance->b, value.data, XG_HASH_SIZE);
    }
    xg_buf_clear(&value);
    return status;
}

static const struct store_chain *find_chain(const struct store_chain *chains,
                                            size_t count,
                                            const struct xg_hash *chain)
{
    for (size_t i = 0; i < count; i++)
        if (xg_hash_equal(&chains[i].chain, chain))
            return &chains[i];
    return NULL;
}

/* Does the file vouch for what the database does not hold? The file lists the
 * newest chains, so does the database. */
static bool outdated(const struct sent *sent, const struct store_chain *chains,
                     size_t count)
{
    for (size_t i = 0; i < sent->count; i++) {
        const struct store_chain *own =
            find_chain(chains, count, &sent->chains[i].chain);
        if (own ? own->next < sent->chains[i].next : count < XG_CHAINS_MAX)
            return true;
    }
    return false;
}

/* File and database as of now, under one instance. */
static enum xg_status renew(struct home *home, const struct xg_hash *instance,
                            struct xg_error *err)
{
    struct store_chain chains[XG_CHAINS_MAX];
    struct sent sent = {.instance = *instance};

    if (store_own_chains(home->store, chains, &sent.count, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < sent.count; i++) {
        sent.chains[i].chain = chains[i].chain;
        sent.chains[i].next = chains[i].next;
    }
    return write_sent(home->path, &sent, err);
}

/* A new instance: first the database, then the file. A cut between the two
 * costs a needless new chain, no more. */
static enum xg_status begin_instance(struct home *home, bool new_chain,
                                     struct xg_error *err)
{
    struct store *s = home->store;
    struct store_chain current;
    struct xg_hash instance = {{0}}, chain;

    xg_random(home->env, instance.b, sizeof instance.b);
    enum xg_status status = store_begin(s, err);
    if (status == XG_OK)
        status = store_put_meta(s, INSTANCE,
                                xg_bytes(instance.b, sizeof instance.b), err);
    if (status == XG_OK && new_chain) {
        status = store_current_chain(s, &current, err);
        if (status == XG_OK)
            status = store_begin_chain(s, &chain, &current.chain, err);
    }
    if (status == XG_OK)
        status = store_commit(s, err);
    if (status != XG_OK) {
        store_rollback(s);
        return status;
    }
    return renew(home, &instance, err);
}

enum xg_status sync_notice_restore(enum sync_new_chain *why, struct home *home,
                                   struct xg_error *err)
{
    struct store_identity id;
    struct store_chain chains[XG_CHAINS_MAX];
    struct xg_hash instance;
    struct sent sent;
    bool vouched, known;
    size_t count;

    if (store_get_identity(home->store, &id, err) != XG_OK)
        return err->status;
    *why = SYNC_CHAIN_KEPT;
    if (!id.joined)
        return XG_OK;
    if (read_sent(&sent, &vouched, home->path, err) != XG_OK ||
        load_instance(&instance, &known, home->store, err) != XG_OK ||
        store_own_chains(home->store, chains, &count, err) != XG_OK)
        return err->status;
    if (!vouched && !known)
        return begin_instance(home, false, err);
    if (vouched && known && xg_hash_equal(&instance, &sent.instance) &&
        !outdated(&sent, chains, count))
        return XG_OK;
    if (begin_instance(home, true, err) != XG_OK)
        return err->status;
    *why = SYNC_CHAIN_RESTORED;
    return XG_OK;
}

enum xg_status sync_find_loss(struct xg_hash *chain, bool *lost,
                              struct home *home, struct xg_error *err)
{
    struct store_chain chains[XG_CHAINS_MAX];
    struct sent sent, one = {.count = 1};
    bool vouched;
    size_t count;

    if (read_sent(&sent, &vouched, home->path, err) != XG_OK ||
        store_own_chains(home->store, chains, &count, err) != XG_OK)
        return err->status;
    *lost = false;
    for (size_t i = 0; vouched && !*lost && i < sent.count; i++) {
        one.chains[0] = sent.chains[i];
        *lost = outdated(&one, chains, count);
        *chain = sent.chains[i].chain;
    }
    return XG_OK;
}

enum xg_status sync_vouch(struct home *home, struct xg_error *err)
{
    struct xg_hash instance;
    bool known;

    if (load_instance(&instance, &known, home->store, err) != XG_OK)
        return err->status;
    if (!known)
        return begin_instance(home, false, err);
    return renew(home, &instance, err);
}

/* ---- against the server's copy ---- */

enum xg_status sync_leave_chain(struct sync *y, const struct xg_hash *chain,
                                enum sync_new_chain why, struct xg_error *err)
{
    struct store_chain current;
    struct xg_hash fresh;

    if (store_current_chain(y->store, &current, err) != XG_OK)
        return err->status;
    if (why == SYNC_CHAIN_FORKED &&
        store_mark_forked(y->store, chain, err) != XG_OK)
        return err->status;
    if (!xg_hash_equal(&current.chain, chain))
        return XG_OK;
    y->report->new_chain = why;
    return store_begin_chain(y->store, &fresh, chain, err);
}

/* One own chain: `tip` is the server's, NULL where it has nothing of it. */
static enum xg_status compare(struct sync *y, const struct store_chain *own,
                              const struct xg_chain_tip *tip,
                              struct xg_error *err)
{
    uint64_t next = tip ? tip->next : 0;
    struct xg_hash here = own->last;
    size_t again = 0;
    bool found = true;

    if (own->forked)
        return XG_OK;
    if (next > own->next)
        return sync_leave_chain(y, &own->chain, SYNC_CHAIN_BEHIND, err);
    if (next > 0 && next < own->next &&
        store_hash_at(y->store, &here, &found, &own->chain, next - 1, err) !=
            XG_OK)
        return err->status;
    if (next > 0 && (!found || !xg_hash_equal(&here, &tip->last)))
        return sync_leave_chain(y, &own->chain, SYNC_CHAIN_BEHIND, err);
    if (next < own->next &&
        store_push_again(y->store, &again, &own->chain, next, err) != XG_OK)
        return err->status;
    if (again > 0 && store_doubt_photos(y->store, err) != XG_OK)
        return err->status;
    y->report->pushed_again += again;
    return XG_OK;
}

static const struct xg_chain_tip *find_tip(const struct xg_welcome *w,
                                           const struct xg_hash *chain)
{
    for (size_t i = 0; i < w->chain_count; i++)
        if (xg_hash_equal(&w->chains[i].chain, chain))
            return &w->chains[i];
    return NULL;
}

static bool told_forked(const struct xg_welcome *w, const struct xg_hash *chain)
{
    for (size_t i = 0; i < w->forked_count; i++)
        if (xg_hash_equal(&w->forked[i], chain))
            return true;
    return false;
}

static enum xg_status compare_all(struct sync *y, struct xg_error *err)
{
    for (size_t i = 0; i < y->chain_count; i++) {
        const struct store_chain *own = &y->chains[i];
        enum xg_status status = XG_OK;
        if (!told_forked(&y->welcome, &own->chain))
            status = compare(y, own, find_tip(&y->welcome, &own->chain), err);
        else if (!own->forked)
            status = sync_leave_chain(y, &own->chain, SYNC_CHAIN_FORKED, err);
        if (status != XG_OK)
            return status;
    }
    return XG_OK;
}

/* ---- proofs of what the server lost ---- */

/* Keep the receipt of the batch that holds the record, as a file; *next is the
 * place after that batch. */
static enum xg_status keep_receipt(struct sync *y, uint64_t *next,
                                   const struct xg_hash *record,
                                   struct xg_error *err)
{
    char path[HOME_PATH_SIZE], name[sizeof "alarm/.tlog-proof" + 64] = "alarm/";
    struct xg_buf receipt = XG_BUF(XG_NOTE_MAX);
    struct store_batch batch;
    bool found;
    enum xg_status status =
        store_receipt_of(y->store, &batch, NULL, &receipt, &found, record, err);

    if (status == XG_OK && found) {
        *next = batch.last + 1;
        xg_hex(name + strlen(name), batch.id.b, sizeof batch.id.b);
        memcpy(name + strlen(name), ".tlog-proof", sizeof ".tlog-proof");
        status = home_file(path, y->home->path, name, err);
        if (status == XG_OK)
            status = xg_os_replace(path, 0600, xg_buf_bytes(&receipt), err);
    }
    xg_buf_clear(&receipt);
    return status;
}

/* In an alarm the receipts for what the server lacks are evidence: pushing
 * again would drop them. */
static enum xg_status keep_receipts(struct sync *y, struct xg_error *err)
{
    for (size_t i = 0; i < y->chain_count; i++) {
        const struct store_chain *own = &y->chains[i];
        const struct xg_chain_tip *tip = find_tip(&y->welcome, &own->chain);
        uint64_t seq = tip ? tip->next : 0;
        while (seq < own->next) {
            struct xg_hash record;
            bool found;
            uint64_t next = seq + 1;
            if (store_hash_at(y->store, &record, &found, &own->chain, seq,
                              err) != XG_OK ||
                (found && keep_receipt(y, &next, &record, err) != XG_OK))
                return err->status;
            seq = next;
        }
    }
    return XG_OK;
}

enum xg_status sync_compare_chains(struct sync *y, struct xg_error *err)
{
    if (y->alarm && keep_receipts(y, err) != XG_OK)
        return err->status;

    enum xg_status status = store_begin(y->store, err);

    if (status == XG_OK)
        status = store_own_chains(y->store, y->chains, &y->chain_count, err);
    if (status == XG_OK)
        status = compare_all(y, err);
    if (status == XG_OK)
        status = store_own_chains(y->store, y->chains, &y->chain_count, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    return status;
}
