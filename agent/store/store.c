/* store.c - opening, transactions, small values, the device itself. */
#include "agent/store/inside.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/store/fold.h"
#include "agent_sql.h"
#include "shared/base/lang.h"
#include "shared/core/cbor.h"

#define META_IDENTITY ".identity"
#define META_SEED ".seed"
#define META_CHECKPOINT ".checkpoint"
#define META_KNOWN ".known"

enum { CONTEXT_MAX = 256, PATH_MAX_BYTES = 4096, SEED_SIZE = 32 };

enum xg_status store_open(struct store **out, const char *home,
                          const struct vault *vault, const struct xg_env *env,
                          struct xg_error *err)
{
    char path[PATH_MAX_BYTES];
    struct store *s = calloc(1, sizeof *s);

    if (!s)
        return xg_fail_nomem(err);
    if (snprintf(path, sizeof path, "%s/agent.db", home) >= (int)sizeof path) {
        free(s);
        return xg_fail(err, XG_USAGE,
                       XG_T("文件夹路径太长：%s", "the path is too long: %s"),
                       home);
    }
    *s = (struct store){.vault = vault,
                        .env = env,
                        .plain = XG_BUF(STORE_VALUE_MAX),
                        .sealed = XG_BUF(STORE_VALUE_MAX),
                        .fold = XG_ARENA(STORE_FOLD_BYTES_MAX)};
    if (xg_db_open(&s->db, path, &agent_sql, NULL, err) != XG_OK) {
        free(s);
        return err->status;
    }
    store_registry(s);
    *out = s;
    return XG_OK;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    xg_db_close(s->db);
    if (s->plain.data)
        sodium_memzero(s->plain.data, s->plain.cap);
    xg_buf_clear(&s->plain);
    xg_buf_clear(&s->sealed);
    xg_arena_clear(&s->fold);
    free(s->touched);
    free(s->verdicts);
    store_forget_author(s);
    free(s);
}

/* ---- transactions ---- */

enum xg_status store_begin(struct store *s, struct xg_error *err)
{
    s->touched_count = 0;
    return xg_db_begin(s->db, err);
}

enum xg_status store_sync(struct store *s, struct xg_error *err)
{
    return xg_db_sync(s->db, err);
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, XG_ID_SIZE);
}

enum xg_status store_refresh(struct store *s, struct xg_error *err)
{
    if (s->touched_count > 1)
        qsort(s->touched, s->touched_count, sizeof *s->touched, compare_ids);
    for (size_t i = 0; i < s->touched_count; i++) {
        if (i > 0 && xg_id_equal(&s->touched[i], &s->touched[i - 1]))
            continue;
        if (fold_entity(s, &s->touched[i], err) != XG_OK)
            return err->status;
    }
    s->touched_count = 0;
    return XG_OK;
}

enum xg_status store_commit(struct store *s, struct xg_error *err)
{
    if (store_refresh(s, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    return xg_db_commit(s->db, err);
}

void store_rollback(struct store *s)
{
    s->touched_count = 0;
    xg_db_rollback(s->db);
}

enum xg_status store_touch(struct store *s, const struct xg_id *id,
                           struct xg_error *err)
{
    if (s->touched_count > 0 &&
        xg_id_equal(&s->touched[s->touched_count - 1], id))
        return XG_OK;
    if (s->touched_count == s->touched_room) {
        size_t room = s->touched_room ? s->touched_room * 2 : 16;
        struct xg_id *grown = realloc(s->touched, room * sizeof *grown);
        if (!grown)
            return xg_fail_nomem(err);
        s->touched = grown;
        s->touched_room = room;
    }
    s->touched[s->touched_count++] = *id;
    return XG_OK;
}

enum xg_status store_touch_rows(struct store *s, struct xg_stmt *ids,
                                struct xg_error *err)
{
    while (xg_stmt_next(ids)) {
        struct xg_id id = xg_col_id(ids, 0);
        if (store_touch(s, &id, err) != XG_OK) {
            struct xg_error later = XG_ERROR_NONE;
            xg_ignore(xg_stmt_done(ids, &later));
            return err->status;
        }
    }
    return xg_stmt_done(ids, err);
}

/* ---- sealing ---- */

static struct xg_bytes context(uint8_t out[static CONTEXT_MAX],
                               const char *table, struct xg_bytes key)
{
    size_t len = strlen(table);

    if (len + 1 + key.len > CONTEXT_MAX)
        key.len = CONTEXT_MAX - len - 1;
    memcpy(out, table, len + 1);
    if (key.len)
        memcpy(out + len + 1, key.at, key.len);
    return xg_bytes(out, len + 1 + key.len);
}

enum xg_status store_seal(struct store *s, const char *table,
                          struct xg_bytes key, struct xg_bytes plain,
                          struct xg_error *err)
{
    uint8_t name[CONTEXT_MAX];

    xg_buf_reset(&s->sealed);
    vault_seal(s->vault, &s->sealed, context(name, table, key), plain);
    return xg_buf_check(&s->sealed, err);
}

enum xg_status store_unseal(struct store *s, const char *table,
                            struct xg_bytes key, struct xg_bytes sealed,
                            struct xg_error *err)
{
    uint8_t name[CONTEXT_MAX];

    xg_buf_reset(&s->plain);
    if (vault_open(s->vault, &s->plain, context(name, table, key), sealed,
                   err) != XG_OK)
        return xg_wrap(err, "%s: %s", xg_db_path(s->db), table);
    return XG_OK;
}

/* ---- meta ---- */

enum xg_status store_get_meta(struct store *s, struct xg_buf *out, bool *found,
                              const char *name, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_META_GET);
    enum xg_status status = XG_OK;

    xg_bind_text(q, 1, name);
    bool has = xg_stmt_row(q);
    if (has)
        status =
            store_unseal(s, "meta", xg_bytes_of(name), xg_col_bytes(q, 0), err);
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK ||
        status != XG_OK)
        return err->status;
    if (has)
        xg_buf_append(out, s->plain.data, s->plain.len);
    if (xg_buf_check(out, err) != XG_OK)
        return err->status;
    *found = has;
    return XG_OK;
}

enum xg_status store_put_meta(struct store *s, const char *name,
                              struct xg_bytes value, struct xg_error *err)
{
    if (value.len == 0) {
        struct xg_stmt *gone = xg_stmt(s->db, AGENT_STMT_META_DELETE);
        xg_bind_text(gone, 1, name);
        return xg_stmt_run(gone, err);
    }
    if (store_seal(s, "meta", xg_bytes_of(name), value, err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_META_PUT);
    xg_bind_text(q, 1, name);
    xg_bind_bytes(q, 2, xg_buf_bytes(&s->sealed));
    return xg_stmt_run(q, err);
}

enum xg_status store_get_meta_u64(struct store *s, uint64_t *value,
                                  const char *name, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(8);
    bool found;
    enum xg_status status = store_get_meta(s, &text, &found, name, err);

    if (status == XG_OK && found && text.len != 8)
        status =
            xg_fail(err, XG_CORRUPT, "%s: meta %s", xg_db_path(s->db), name);
    if (status == XG_OK)
        *value = found ? xg_load_u64(text.data) : 0;
    xg_buf_clear(&text);
    return status;
}

enum xg_status store_put_meta_u64(struct store *s, const char *name,
                                  uint64_t value, struct xg_error *err)
{
    uint8_t bytes[8];

    xg_store_u64(bytes, value);
    return store_put_meta(s, name, xg_bytes(bytes, sizeof bytes), err);
}

/* ---- identity: [url, pin or null, log vkey, registrar, worker, device,
 * state] ---- */

static void put_identity(struct xg_buf *out, const struct store_identity *id)
{
    char vkey[XG_VKEY_SIZE];

    xg_verifier_print(vkey, &id->log);
    xg_cbor_put_array(out, 7);
    xg_cbor_put_text(out, id->url, strlen(id->url));
    if (id->has_pin)
        xg_cbor_put_bytes(out, id->pin, sizeof id->pin);
    else
        xg_cbor_put_null(out);
    xg_cbor_put_text(out, vkey, strlen(vkey));
    xg_cbor_put_bytes(out, id->registrar, sizeof id->registrar);
    xg_cbor_put_text(out, id->worker, strlen(id->worker));
    xg_cbor_put_text(out, id->device, strlen(id->device));
    xg_cbor_put_uint(out, id->state);
}

static bool take_text(struct xg_cbor *c, char *out, size_t size)
{
    struct xg_cbor_item item;

    return xg_cbor_next(c, &item) && xg_cbor_text(out, size, &item);
}

static bool read_identity(struct store_identity *id, struct xg_bytes bytes,
                          struct xg_error *err)
{
    struct xg_cbor_item item, pin, registrar, state;
    char vkey[XG_VKEY_SIZE];
    size_t size;

    *id = (struct store_identity){.joined = true};
    if (xg_cbor_check(&size, bytes.at, bytes.len, err) != XG_OK)
        return false;
    struct xg_cbor c = xg_cbor_over(bytes);
    xg_cbor_next(&c, &item);
    c = xg_cbor_inside(&item);
    if (!take_text(&c, id->url, sizeof id->url) || !xg_cbor_next(&c, &pin) ||
        !take_text(&c, vkey, sizeof vkey) || !xg_cbor_next(&c, &registrar) ||
        registrar.bytes.len != sizeof id->registrar ||
        !take_text(&c, id->worker, sizeof id->worker) ||
        !take_text(&c, id->device, sizeof id->device) ||
        !xg_cbor_next(&c, &state))
        return false;
    id->has_pin = pin.type == XG_CBOR_BYTES && pin.bytes.len == sizeof id->pin;
    if (id->has_pin)
        memcpy(id->pin, pin.bytes.at, sizeof id->pin);
    memcpy(id->registrar, registrar.bytes.at, sizeof id->registrar);
    id->state = (enum xg_device_state)state.number;
    return xg_verifier_parse(&id->log, vkey, strlen(vkey), err) == XG_OK;
}

enum xg_status store_get_identity(struct store *s, struct store_identity *out,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(4096);
    struct store_identity id = {0};
    bool found;
    enum xg_status status =
        store_get_meta(s, &text, &found, META_IDENTITY, err);

    if (status == XG_OK && found &&
        !read_identity(&id, xg_buf_bytes(&text), err))
        status = xg_fail(err, XG_CORRUPT, "%s: identity", xg_db_path(s->db));
    if (status == XG_OK)
        *out = id;
    xg_buf_clear(&text);
    return status;
}

enum xg_status store_put_identity(struct store *s,
                                  const struct store_identity *id,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(4096);

    put_identity(&text, id);
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = store_put_meta(s, META_IDENTITY, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    if (status != XG_OK)
        return status;

    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_NAME_OWN);
    xg_bind_text(q, 1, id->device);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    if (xg_db_changes(s->db) == 0)
        return XG_OK;
    return store_touch_rows(
        s, xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES_OF_OWN), err);
}

/* ---- the key ---- */

enum xg_status store_make_key(struct store *s, struct xg_error *err)
{
    struct xg_buf seed = XG_BUF(SEED_SIZE);
    uint8_t drawn[SEED_SIZE];
    bool found;
    enum xg_status status = store_get_meta(s, &seed, &found, META_SEED, err);

    if (status == XG_OK && !found) {
        xg_random(s->env, drawn, sizeof drawn);
        status =
            store_put_meta(s, META_SEED, xg_bytes(drawn, sizeof drawn), err);
        sodium_memzero(drawn, sizeof drawn);
    }
    if (seed.data)
        sodium_memzero(seed.data, seed.cap);
    xg_buf_clear(&seed);
    return status;
}

enum xg_status store_signer(struct store *s, struct xg_signer *out,
                            const char *name, struct xg_error *err)
{
    struct xg_buf seed = XG_BUF(SEED_SIZE);
    struct store_identity id;
    bool found;
    enum xg_status status = store_get_meta(s, &seed, &found, META_SEED, err);

    if (status == XG_OK && (!found || seed.len != SEED_SIZE))
        status = xg_fail(err, XG_NOTFOUND,
                         XG_T("本机还没有密钥；请先用 xunge enrol 加入",
                              "this device has no key yet; join first: "
                              "xunge enrol CODE"));
    if (status == XG_OK && !name) {
        status = store_get_identity(s, &id, err);
        name = id.device;
    }
    if (status == XG_OK && !*name)
        status = xg_fail(err, XG_NOTFOUND,
                         XG_T("服务器还没有给本机命名；请先同步",
                              "the server has not named this device yet; "
                              "sync first"));
    if (status == XG_OK)
        status = xg_signer_init(out, name, XG_SIG_ED25519, seed.data, err);
    if (seed.data)
        sodium_memzero(seed.data, seed.cap);
    xg_buf_clear(&seed);
    return status;
}

/* ---- the checkpoint ---- */

static enum xg_status get_checkpoint(struct store *s, struct xg_checkpoint *out,
                                     struct xg_buf *note, bool *found,
                                     const char *name, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct xg_checkpoint checkpoint = {0};
    struct xg_note parsed;
    bool has;
    enum xg_status status = store_get_meta(s, &text, &has, name, err);

    if (status == XG_OK && has)
        status = xg_note_parse(&parsed, text.data, text.len, err);
    if (status == XG_OK && has)
        status = xg_checkpoint_parse(&checkpoint, parsed.text, err);
    if (status == XG_OK && has && note) {
        xg_buf_append(note, text.data, text.len);
        status = xg_buf_check(note, err);
    }
    if (status == XG_OK) {
        *out = checkpoint;
        *found = has;
    }
    xg_buf_clear(&text);
    return status;
}

enum xg_status store_get_checkpoint(struct store *s, struct xg_checkpoint *out,
                                    struct xg_buf *note, bool *found,
                                    struct xg_error *err)
{
    return get_checkpoint(s, out, note, found, META_CHECKPOINT, err);
}

enum xg_status store_put_checkpoint(struct store *s, struct xg_bytes note,
                                    struct xg_error *err)
{
    struct xg_checkpoint checkpoint;
    struct xg_note parsed;

    if (xg_note_parse(&parsed, note.at, note.len, err) != XG_OK ||
        xg_checkpoint_parse(&checkpoint, parsed.text, err) != XG_OK)
        return err->status;
    return store_put_meta(s, META_CHECKPOINT, note, err);
}

enum xg_status store_get_known(struct store *s, struct xg_checkpoint *out,
                               bool *found, struct xg_error *err)
{
    return get_checkpoint(s, out, NULL, found, META_KNOWN, err);
}

enum xg_status store_put_known(struct store *s, struct xg_error *err)
{
    struct xg_buf newest = XG_BUF(XG_NOTE_MAX), known = XG_BUF(XG_NOTE_MAX);
    bool found = false, has = false;
    enum xg_status status =
        store_get_meta(s, &newest, &found, META_CHECKPOINT, err);

    if (status == XG_OK)
        status = store_get_meta(s, &known, &has, META_KNOWN, err);
    if (status == XG_OK && found &&
        !(has && xg_bytes_equal(xg_buf_bytes(&newest), xg_buf_bytes(&known))))
        status = store_put_meta(s, META_KNOWN, xg_buf_bytes(&newest), err);
    xg_buf_clear(&newest);
    xg_buf_clear(&known);
    return status;
}
