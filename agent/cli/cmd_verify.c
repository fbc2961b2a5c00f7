/* cmd_verify.c - verify: is what lies here what was recorded, and is what is
 * called received proven?
 *
 *      chains     the hash of every own record, made again from its bytes and
 *                 its place, and that none is missing
 *      receipts   note signed by this device, over the tree of these very
 *                 records; proof and checkpoint signed by the log
 *      states     folded again, byte for byte what is stored
 *      rows       that nothing was taken out of the tables beside the records:
 *                 entities, batches, receipts, the chain's end
 *      photos     decrypted, and the hash that the record names; and the
 *                 proofs of those that are called on the server
 *
 * Reads only. What is damaged is said and does not end the walk.
 */
#include "agent/cli/cli.h"
#include "agent/engine/engine.h"
#include "agent/photo/proof.h"

#include <inttypes.h>
#include <sodium.h>

#include "shared/base/os.h"
#include "shared/core/batch.h"
#include "shared/core/erase.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { VERIFY_ARENA_MAX = 256 << 20, PROBLEMS_SHOWN = 50, SHORT_HASH = 12 };

struct verify {
    struct cli *cli;
    struct store *s;
    struct store_identity identity;
    struct store_logs logs;
    struct xg_verifier device;
    struct xg_checkpoint held;
    bool has_device, has_held;
    struct photo_shelf shelf;

    uint64_t chains, records, others, entities, states, unfolded;
    uint64_t receipts, received, unreceived;
    uint64_t photos, photos_missing, photos_let_go, photos_proven;
    uint64_t problems;
    uint64_t done, total;
    uint64_t entry; /* of the one that was asked for: the last that its records
                     * lie in; of own ones, where there are any */
    bool has_entry, has_own;
    json_t *list; /* of problems */
    struct xg_buf told; /* of the one that was asked for: its records */
    int worst;    /* exit status */
};

/* ---- what is wrong ---- */

static void complain(struct verify *v, const char *what, const void *hash,
                     size_t len, int exit_status, const char *text)
{
    v->problems++;
    v->worst = cli_worse(v->worst, exit_status);
    if (v->problems <= PROBLEMS_SHOWN)
        json_array_append_new(v->list,
                              json_pack("{s:s, s:o, s:s}", "what", what, "hash",
                                        cli_json_hex(hash, len), "text", text));
}

static void alarm_at(struct verify *v, const char *what,
                     const struct xg_hash *hash, const char *text)
{
    complain(v, what, hash->b, XG_HASH_SIZE, xg_status_exit(XG_ALARM), text);
}

static void step(struct verify *v)
{
    cli_progress(v->cli, XG_T("核验", "verifying"), ++v->done, v->total);
}

/* ---- records ---- */

/* The hash again, from the bytes, the place and the record before. */
static enum xg_status check_record(struct verify *v,
                                   const struct fold_fact *fact,
                                   const struct xg_record *r, bool *on_path,
                                   struct xg_error *err)
{
    static const struct xg_hash zero;
    struct xg_hash here, before = zero, again;
    bool found = false, known = true;

    if (store_hash_at(v->s, &here, &found, &fact->chain, fact->seq, err) !=
            XG_OK ||
        (fact->seq > 0 && store_hash_at(v->s, &before, &known, &fact->chain,
                                        fact->seq - 1, err) != XG_OK))
        return err->status;
    *on_path = found && xg_hash_equal(&here, &r->hash);
    if (!*on_path)
        return XG_OK; /* another branch of a fork: read and judged by fold */
    v->records++;
    xg_record_hash(&again, fact->seq ? &fact->chain : &zero, fact->seq, &before,
                   r->head_raw, &r->fields_hash);
    if (!known || !xg_hash_equal(&again, &r->hash))
        alarm_at(
            v, "record", &r->hash,
            XG_T("记录与它的哈希不符", "the record is not what its hash says"));
    return XG_OK;
}

/* ---- photos ---- */

/* What is said to be on the server is proven by the log; nothing else is. */
static bool check_photo_proof(struct verify *v, const struct xg_hash *sha256)
{
    struct xg_error err = XG_ERROR_NONE;
    bool proven = false;

    if (photo_proof_check(v->s, &proven, sha256, &err) != XG_OK)
        alarm_at(v, "photo", sha256, xg_error_text(&err));
    return proven;
}

/* A thumbnail (`small`) must be as sound as its photo, but is not counted. */
static void check_photo(struct verify *v, const struct xg_hash *sha256,
                        bool small)
{
    struct xg_error err = XG_ERROR_NONE;
    bool proven = check_photo_proof(v, sha256);
    bool here = photo_has(&v->shelf, sha256);

    if (!small) {
        v->photos_proven += proven;
        v->photos += here;
        v->photos_let_go += proven && !here;
        v->photos_missing += !proven && !here;
    }
    if (here && photo_verify(&v->shelf, sha256, &err) != XG_OK)
        alarm_at(v, "photo", sha256, xg_error_text(&err));
    if (!here && !proven)
        complain(v, "photo", sha256->b, XG_HASH_SIZE,
                 xg_status_exit(XG_CORRUPT),
                 small ? XG_T("本机照片的缩略图不在了",
                              "the thumbnail of a photo of this device is "
                              "gone")
                       : XG_T("本机拍的照片不在了",
                              "a photo of this device is gone"));
}

static void check_photos(struct verify *v, const struct fold *f)
{
    const struct xg_set *set = xg_state_set(&f->state, XG_FIELD_PHOTO);

    for (size_t i = 0; set && i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item item;
        if (set->elements[i].removed || !f->facts[set->elements[i].op].mine ||
            !xg_cbor_next(&c, &item))
            continue;
        struct view_photo photo = view_photo_of(&item);
        if (xg_photo_erased(f->ops, f->state.count, &photo.sha256))
            continue;
        check_photo(v, &photo.sha256, false);
        if (photo.thumbnail_bytes &&
            !xg_photo_erased(f->ops, f->state.count, &photo.thumbnail))
            check_photo(v, &photo.thumbnail, true);
    }
}

/* ---- entities ---- */

static enum xg_status check_state(struct verify *v, const struct fold *f,
                                  const struct xg_id *id, struct xg_error *err)
{
    struct xg_buf stored = XG_BUF(64 << 20), again = XG_BUF(64 << 20);
    struct store_entity e;
    enum xg_status status = store_load_entity(v->s, &e, &stored, id, err);

    if (status == XG_OK) {
        xg_state_encode(&again, &f->state);
        status = xg_buf_check(&again, err);
    }
    if (status == XG_OK) {
        v->states++;
        if (!xg_bytes_equal(xg_buf_bytes(&stored), xg_buf_bytes(&again)))
            complain(v, "state", id->b, XG_ID_SIZE, xg_status_exit(XG_ALARM),
                     XG_T("重新合并的结果与所存的不同",
                          "folded again, it is not what is stored"));
    }
    xg_buf_clear(&stored);
    xg_buf_clear(&again);
    return status;
}

static enum xg_status check_fold(struct verify *v, const struct fold *f,
                                 struct xg_error *err)
{
    bool on_path;

    for (size_t i = 0; i < f->state.count; i++) {
        if (!f->facts[i].mine)
            v->others++;
        else if (check_record(v, &f->facts[i], f->ops[i].record, &on_path,
                              err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* What cannot be read is a finding, not the end of the walk. */
static enum xg_status check_entity(struct verify *v, const struct xg_id *id,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(VERIFY_ARENA_MAX);
    struct fold f;
    enum xg_status status = fold_load(v->s, &f, &arena, id, err);

    if (status == XG_TOOBIG) { /* not folded: no damage, and told */
        *err = XG_ERROR_NONE;
        v->unfolded++;
        step(v);
        return XG_OK;
    }
    if (status == XG_OK)
        status = check_fold(v, &f, err);
    if (status == XG_OK) {
        v->entities++;
        check_photos(v, &f);
        status = check_state(v, &f, id, err);
    }
    if (status == XG_CORRUPT) {
        complain(v, "entity", id->b, XG_ID_SIZE, xg_status_exit(XG_ALARM),
                 xg_error_text(err));
        *err = XG_ERROR_NONE;
        status = XG_OK;
    }
    xg_arena_clear(&arena);
    step(v);
    return status;
}

/* ---- receipts ---- */

/* The note covers exactly these records of the chain. */
static enum xg_status check_cover(struct verify *v,
                                  const struct store_batch *batch,
                                  struct xg_bytes note, bool *good,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(8 << 20);
    struct xg_batch_note says;
    struct xg_hash root;
    uint64_t n = batch->last - batch->first + 1;
    struct xg_hash *hashes = xg_arena_array(&arena, n, sizeof *hashes);
    enum xg_status status = hashes ? XG_OK : xg_fail_nomem(err);
    struct xg_error ignored = XG_ERROR_NONE;
    bool found = true;

    for (uint64_t i = 0; status == XG_OK && i < n; i++)
        status = store_hash_at(v->s, &hashes[i], &found, &batch->chain,
                               batch->first + i, err);
    if (status == XG_OK) {
        xg_tlog_root(&root, hashes, n);
        *good = found && xg_batch_note_read(&says, note, &ignored) == XG_OK &&
                xg_hash_equal(&says.chain, &batch->chain) &&
                says.first == batch->first && says.last == batch->last &&
                xg_hash_equal(&says.tree, &root);
    }
    xg_arena_clear(&arena);
    return status;
}

/* Signed by the log, and not at odds with the newest checkpoint held. */
static bool proves(const struct verify *v, struct xg_bytes note,
                   struct xg_bytes receipt, struct xg_error *err)
{
    struct xg_receipt r;
    struct xg_checkpoint c;
    struct xg_hash leaf;

    xg_tlog_leaf(&leaf, note.at, note.len);
    if (store_open_receipt(&v->logs, &r, &c, receipt, &leaf, err) != XG_OK)
        return false;
    if (v->has_held && !store_checkpoint_fits(&v->logs, &c, &v->held)) {
        xg_ignore(xg_fail(err, XG_ALARM,
                          XG_T("回执的检查点与本机所存的不符",
                               "its checkpoint is not of the log held here")));
        return false;
    }
    return true;
}

static enum xg_status check_receipt(struct verify *v,
                                    const struct store_batch *batch,
                                    struct xg_bytes note,
                                    struct xg_bytes receipt,
                                    struct xg_error *err)
{
    struct xg_error why = XG_ERROR_NONE;
    struct xg_note parsed;
    bool good = false;

    v->receipts++;
    v->received += batch->last - batch->first + 1;
    if (!v->has_device ||
        xg_note_open(&parsed, note.at, note.len, &v->device, &why) != XG_OK) {
        alarm_at(v, "receipt", &batch->id,
                 XG_T("批次不是本机签名的",
                      "the batch is not signed by this device"));
        return XG_OK;
    }
    if (check_cover(v, batch, parsed.text, &good, err) != XG_OK)
        return err->status;
    if (!good)
        alarm_at(v, "receipt", &batch->id,
                 XG_T("批次说明与本机的记录不符",
                      "the batch's note does not fit the records here"));
    if (!proves(v, note, receipt, &why))
        alarm_at(v, "receipt", &batch->id, xg_error_text(&why));
    return XG_OK;
}

/* The receipt that covers the record, if there is one; *last its end. */
static enum xg_status check_received(struct verify *v,
                                     const struct xg_hash *record,
                                     uint64_t *last, bool *found,
                                     struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), receipt = XG_BUF(1 << 20);
    struct store_batch batch;
    enum xg_status status =
        store_receipt_of(v->s, &batch, &note, &receipt, found, record, err);

    if (status == XG_OK && *found) {
        *last = batch.last;
        status = check_receipt(v, &batch, xg_buf_bytes(&note),
                               xg_buf_bytes(&receipt), err);
    }
    xg_buf_clear(&note);
    xg_buf_clear(&receipt);
    return status;
}

/* ---- chains ---- */

/* A record that is about no entity: genesis, anchor. */
static enum xg_status check_alone(struct verify *v, const struct xg_hash *hash,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(VERIFY_ARENA_MAX);
    struct xg_id id = xg_id_of_hash(hash);
    struct xg_error ignored = XG_ERROR_NONE;
    struct store_entity e;
    struct fold f;

    if (store_load_entity(v->s, &e, NULL, &id, &ignored) == XG_OK)
        return XG_OK; /* it created that entity, which is looked at */
    enum xg_status status = fold_load(v->s, &f, &arena, &id, err);
    if (status == XG_OK)
        status = check_fold(v, &f, err);
    xg_arena_clear(&arena);
    return status;
}

/* What somebody who has the key took out of the tables. */
static enum xg_status check_hole(struct verify *v, enum store_hole sort,
                                 const struct store_chain *chain,
                                 const char *what, const char *text,
                                 struct xg_error *err)
{
    struct xg_hash shows;
    bool found = false;

    if (store_find_hole(v->s, &shows, &found, sort, chain, err) != XG_OK)
        return err->status;
    if (found)
        alarm_at(v, what, &shows, text);
    return XG_OK;
}

static enum xg_status check_rows(struct verify *v,
                                 const struct store_chain *chain,
                                 struct xg_error *err)
{
    struct xg_hash last;
    bool found = false;

    if (check_hole(v, STORE_HOLE_BATCH, chain, "batch",
                   XG_T("已封装的批次被删掉了",
                        "a batch that was sealed is gone"),
                   err) != XG_OK ||
        check_hole(v, STORE_HOLE_RECEIPT, chain, "receipt",
                   XG_T("说是已收到，回执却没有了",
                        "called received, and its receipt is gone"),
                   err) != XG_OK)
        return err->status;
    if (chain->forked)
        return XG_OK; /* its sides end where they end */
    if (check_hole(v, STORE_HOLE_END, chain, "chain",
                   XG_T("链尾被改短了", "the chain's end was moved back"),
                   err) != XG_OK ||
        store_hash_at(v->s, &last, &found, &chain->chain, chain->next - 1,
                      err) != XG_OK)
        return err->status;
    if (!found || !xg_hash_equal(&last, &chain->last))
        alarm_at(v, "chain", &chain->last,
                 XG_T("链尾与最后一条记录不符",
                      "the chain's end is not its last record"));
    return XG_OK;
}

static enum xg_status check_chain(struct verify *v,
                                  const struct store_chain *chain,
                                  uint64_t *expected, struct xg_error *err)
{
    uint64_t covered = 0; /* by the receipts seen so far */

    v->chains++;
    if (check_rows(v, chain, err) != XG_OK)
        return err->status;
    for (uint64_t seq = 0; seq < chain->next; seq++) {
        struct xg_hash hash;
        bool found = false, receipted = false;
        uint64_t last = 0;
        if (store_hash_at(v->s, &hash, &found, &chain->chain, seq, err) !=
            XG_OK)
            return err->status;
        step(v);
        *expected += 1;
        if (!found) {
            alarm_at(v, "chain", &chain->chain,
                     XG_T("链中缺少记录", "records of the chain are missing"));
            continue;
        }
        if (check_alone(v, &hash, err) != XG_OK)
            return err->status;
        if (seq < covered)
            continue;
        if (check_received(v, &hash, &last, &receipted, err) != XG_OK)
            return err->status;
        covered = receipted ? last + 1 : covered;
        v->unreceived += !receipted;
    }
    return XG_OK;
}

static enum xg_status check_all(struct verify *v, struct xg_error *err)
{
    const struct store_filter all = {.contacts = true, .gone = true};
    static struct store_chain chains[XG_CHAINS_MAX];
    struct cli_ids ids = {0};
    struct xg_hash lacking;
    uint64_t expected = 0;
    bool lost;
    size_t count;

    if (sync_find_loss(&lacking, &lost, &v->cli->home, err) != XG_OK)
        return err->status;
    if (lost)
        alarm_at(v, "chain", &lacking,
                 XG_T("这里的数据比本机送出过的少：是旧副本，或被清空过；"
                      "xunge sync 会取回服务器有的部分",
                      "less is here than this device has sent: an older copy, "
                      "or emptied; xunge sync fetches what the server has"));
    if (check_hole(v, STORE_HOLE_ENTITY, NULL, "entity",
                   XG_T("有记录的事项从列表里被删掉了",
                        "an entity that has records was taken out of the list"),
                   err) != XG_OK ||
        store_own_chains(v->s, chains, &count, err) != XG_OK ||
        cli_ids_of(&ids, v->cli, &all, err) != XG_OK)
        return err->status;
    v->total = ids.count;
    for (size_t i = 0; i < count; i++)
        v->total += chains[i].next;
    enum xg_status status = XG_OK;
    for (size_t i = 0; status == XG_OK && i < ids.count; i++)
        status = check_entity(v, &ids.list[i], err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = check_chain(v, &chains[i], &expected, err);
    if (status == XG_OK && v->records < expected && v->problems == 0)
        alarm_at(v, "chain", &chains[0].chain,
                 XG_T("链中有记录读不出来",
                      "some records of the chain cannot be read"));
    cli_ids_clear(&ids);
    return status;
}

/* Who, how sure, which entry, between which times: of every record. */
static enum xg_status tell_records(struct verify *v, const struct fold *f,
                                   struct xg_error *err)
{
    struct cli_view view;

    if (cli_view_init(&view, v->cli, err) != XG_OK)
        return err->status;
    view.fold = f;
    return view_history(&v->told, &f->state, &view.context, err);
}

static void take_entry(struct verify *v, const struct fold_fact *fact)
{
    if (fact->mine && !v->has_own) {
        v->has_own = true;
        v->has_entry = false;
        v->entry = 0;
    }
    if (fact->logged && fact->mine == v->has_own &&
        (!v->has_entry || fact->position > v->entry)) {
        v->entry = fact->position;
        v->has_entry = true;
    }
}

static enum xg_status check_given(struct verify *v, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(VERIFY_ARENA_MAX);
    struct fold f;
    struct xg_id id;

    if (store_find_entity(v->s, &id, v->cli->words[0], err) != XG_OK ||
        check_entity(v, &id, err) != XG_OK)
        return err->status;
    enum xg_status status = fold_load(v->s, &f, &arena, &id, err);
    if (status == XG_CORRUPT) { /* said already */
        *err = XG_ERROR_NONE;
        xg_arena_clear(&arena);
        return XG_OK;
    }
    for (size_t i = 0; status == XG_OK && i < f.state.count; i++) {
        bool receipted = false;
        uint64_t last;
        take_entry(v, &f.facts[i]);
        if (!f.facts[i].mine)
            continue;
        status =
            check_received(v, &f.ops[i].record->hash, &last, &receipted, err);
        v->unreceived += status == XG_OK && !receipted;
    }
    if (status == XG_OK)
        status = tell_records(v, &f, err);
    v->received = 0; /* of these records, not of their whole batches */
    for (size_t i = 0; status == XG_OK && i < f.state.count; i++)
        v->received += f.facts[i].mine;
    v->received -= v->unreceived < v->received ? v->unreceived : v->received;
    xg_arena_clear(&arena);
    return status;
}

/* ---- the verdict ---- */

static enum xg_status begin(struct verify *v, struct cli *cli,
                            struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_signer signer;
    char alarm[HOME_PATH_SIZE];

    *v = (struct verify){
        .cli = cli,
        .s = cli->home.store,
        .shelf = {.home = cli->home.path, .vault = cli->home.vault},
        .list = json_array(),
        .told = XG_BUF(64 << 20)};
    if (store_get_identity(v->s, &v->identity, err) != XG_OK ||
        store_get_logs(v->s, &v->logs, err) != XG_OK ||
        store_get_checkpoint(v->s, &v->held, NULL, &v->has_held, err) !=
            XG_OK ||
        home_file(alarm, cli->path, "alarm/shown", err) != XG_OK)
        return err->status;
    if (store_signer(v->s, &signer, NULL, &ignored) == XG_OK) {
        v->device = signer.verifier;
        v->has_device = true;
        sodium_memzero(&signer, sizeof signer);
    }
    if (xg_os_exists(alarm))
        alarm_at(v, "log", &v->held.root,
                 XG_T("服务器出示的日志与本机所存不一致，见 alarm 目录",
                      "the server showed a log that does not continue the one "
                      "held here, see the folder alarm"));
    return XG_OK;
}

/* One JSON object a line becomes a list. */
static json_t *told_json(const struct verify *v)
{
    struct xg_bytes rest = xg_buf_bytes(&v->told), line;
    json_t *list = json_array();

    while (list && xg_line(&rest, &line))
        json_array_append_new(
            list, json_loadb((const char *)line.at, line.len, 0, NULL));
    return list;
}

/* The keys that this device trusts, as an auditor needs them: an independent
 * word of what the server says of itself. False: it has not joined. */
static bool print_keys(const struct verify *v, char log[static XG_VKEY_SIZE],
                       char registrar[static XG_VKEY_SIZE])
{
    struct xg_error ignored = XG_ERROR_NONE;
    char name[sizeof v->identity.log.name + sizeof "/registrar"];
    struct xg_verifier key;

    snprintf(name, sizeof name, "%s/registrar", v->identity.log.name);
    if (!v->identity.joined ||
        xg_verifier_init(&key, name, XG_SIG_ED25519, v->identity.registrar,
                         &ignored) != XG_OK)
        return false;
    xg_verifier_print(log, &v->identity.log);
    xg_verifier_print(registrar, &key);
    return true;
}

/* All of it in one sentence: "第 48,213 条，已核验". */
static void put_sentence(struct xg_buf *out, const struct verify *v)
{
    if (v->problems) {
        xg_buf_format(out,
                      XG_T("核验不通过：%" PRIu64
                           " 处问题，请告诉指挥中心管理员",
                           "NOT GOOD: %" PRIu64 " problems; tell the "
                           "administrator of the command centre"),
                      v->problems);
    } else if (v->unreceived) {
        xg_buf_format(out,
                      XG_T("%" PRIu64 " 条记录还没有回执，仍在本机",
                           "%" PRIu64 " records without a receipt yet, kept "
                           "here"),
                      v->unreceived);
    } else if (v->has_entry) {
        xg_buf_text(out, XG_T("第 ", "entry "));
        view_put_grouped(out, v->entry);
        xg_buf_text(out, v->has_own
                             ? XG_T(" 条，已核验", ", verified")
                             : XG_T(" 条，他人的记录，由服务器签名的更新带来",
                                    ", of others, by the server's signed "
                                    "word"));
    } else {
        xg_buf_text(out, XG_T("核验通过", "good: all that was checked holds"));
    }
}

static json_t *sentence_json(const struct verify *v)
{
    struct xg_buf text = XG_BUF(1024);

    put_sentence(&text, v);
    json_t *json = json_string(xg_buf_str(&text));
    xg_buf_clear(&text);
    return json;
}

static enum xg_status put_json(struct verify *v, struct xg_error *err)
{
    char log[XG_VKEY_SIZE], registrar[XG_VKEY_SIZE];
    json_t *object = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "verdict",
        v->problems ? "damaged" : "good", "chains", (json_int_t)v->chains,
        "records", (json_int_t)v->records, "others", (json_int_t)v->others,
        "entities", (json_int_t)v->entities, "states", (json_int_t)v->states,
        "receipts", (json_int_t)v->receipts, "received",
        (json_int_t)v->received, "not_received", (json_int_t)v->unreceived);

    json_object_update_new(
        object, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "unfolded",
                          (json_int_t)v->unfolded, "photos",
                          (json_int_t)v->photos, "photos_missing",
                          (json_int_t)v->photos_missing, "photos_let_go",
                          (json_int_t)v->photos_let_go, "photos_proven",
                          (json_int_t)v->photos_proven, "problem_count",
                          (json_int_t)v->problems, "problems", v->list));
    if (print_keys(v, log, registrar))
        json_object_update_new(object,
                               json_pack("{s:s, s:s}", "log_key", log,
                                         "registrar_key", registrar));
    json_object_set_new(object, "text", sentence_json(v));
    if (v->cli->word_count) {
        json_object_set_new(object, "entry",
                            v->has_entry ? json_integer((json_int_t)v->entry)
                                         : json_null());
        json_object_set_new(object, "history", told_json(v));
    }
    return cli_put_json(v->cli, object, err);
}

static void put_states(struct xg_buf *out, const struct verify *v)
{
    xg_buf_format(out,
                  XG_T("合并状态 %" PRIu64 " 条，重新合并比对；照片 %" PRIu64
                       " 张，解密核哈希，缺 %" PRIu64 " 张\n",
                       "states %" PRIu64 ", folded again and compared; photos "
                       "%" PRIu64 ", decrypted and hashed, missing %" PRIu64
                       "\n"),
                  v->states, v->photos, v->photos_missing);
    xg_buf_format(out,
                  XG_T("照片在服务器上的凭据 %" PRIu64 " 份，逐份核验；其中本机"
                       "已不再存的 %" PRIu64 " 张\n",
                       "proofs that the server holds a photo %" PRIu64
                       ", each verified; of those let go of here %" PRIu64
                       "\n"),
                  v->photos_proven, v->photos_let_go);
}

static void put_verdict(struct xg_buf *out, const struct verify *v)
{
    if (v->problems)
        xg_buf_format(out,
                      XG_T("核验不通过：%" PRIu64 " 处问题\n",
                           "NOT GOOD: %" PRIu64 " problems\n"),
                      v->problems);
    else
        xg_buf_text(out,
                    XG_T("核验通过\n", "good: all that was checked holds\n"));
    if (v->cli->word_count && !v->problems) {
        put_sentence(out, v);
        xg_buf_byte(out, '\n');
    }
}

static enum xg_status put_text(struct verify *v, struct xg_error *err)
{
    char log[XG_VKEY_SIZE], registrar[XG_VKEY_SIZE];
    struct xg_buf *out = &v->cli->out;
    json_t *one;
    size_t i;

    put_verdict(out, v);
    xg_buf_format(out,
                  XG_T("本机记录 %" PRIu64 " 条，逐条重算哈希；有回执 %" PRIu64
                       " 条（%" PRIu64 " 个批次，核证明与签名），尚无回执 "
                       "%" PRIu64 " 条\n",
                       "own records %" PRIu64 ", each hash made again from the "
                       "bytes; with a receipt %" PRIu64 " (%" PRIu64
                       " batches: proof and signatures), without one %" PRIu64
                       "\n"),
                  v->records, v->received, v->receipts, v->unreceived);
    xg_buf_format(out,
                  XG_T("他人记录 %" PRIu64 " 条，核哈希（由服务器签名的更新页"
                       "带来，入日志的证明不逐条核验）\n",
                       "others' records %" PRIu64 ", each against its hash "
                       "(they came in pages that the log's key signed; their "
                       "place in the log is not proved one by one)\n"),
                  v->others);
    put_states(out, v);
    if (v->unfolded)
        xg_buf_format(out,
                      XG_T("太大、本机无法汇总的 %" PRIu64
                           " 件，记录都在，未逐条核验（见 xunge conflicts）\n",
                           "too large to be folded here: %" PRIu64 ", their "
                           "records are kept and were not looked at (xunge "
                           "conflicts)\n"),
                      v->unfolded);
    json_array_foreach(v->list, i, one)
    {
        xg_buf_format(out, "  %s %.*s  %s\n",
                      json_string_value(json_object_get(one, "what")),
                      SHORT_HASH,
                      json_string_value(json_object_get(one, "hash")),
                      json_string_value(json_object_get(one, "text")));
    }
    if (v->problems > PROBLEMS_SHOWN)
        xg_buf_text(out, "  …\n");
    if (!v->cli->word_count && print_keys(v, log, registrar))
        xg_buf_format(out,
                      XG_T("本机信任的公钥：日志 %s\n                登记员 %s\n",
                           "keys that this device trusts: log %s\n"
                           "                              registrar %s\n"),
                      log, registrar);
    xg_buf_append(out, v->told.data, v->told.len);
    return xg_buf_check(out, err);
}

enum xg_status cmd_verify(struct cli *cli, struct xg_error *err)
{
    struct verify v;
    enum xg_status status = begin(&v, cli, err);

    if (status == XG_OK)
        status = cli->word_count ? check_given(&v, err) : check_all(&v, err);
    cli_progress(cli, NULL, 0, 0);
    if (status == XG_OK) {
        cli->decide = v.worst;
        status = cli->json ? put_json(&v, err) : put_text(&v, err);
    }
    json_decref(v.list);
    xg_buf_clear(&v.told);
    return status;
}
