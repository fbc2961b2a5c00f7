/* attention.c - `attention`: everything that a person must look at, the oldest
 * first, and where it is settled; `attention settle`, for what no other command
 * settles (server/desk/attention.h).
 *
 * What it costs: an index lookup, and one fold for each entity that has
 * something; the chains that forked, the batches that are apart, the devices
 * that saw another log are indexes too. Nothing is walked that has nothing. */
#include "server/desk/attention.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "server/account/account.h"
#include "server/board/board.h"
#include "server/cli/finding.h"
#include "server/cli/look.h"
#include "server/cli/print.h"
#include "server/desk/desk.h"
#include "server/photo/lost.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/json.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    PAGE = 200,
    ITEMS_MAX = 2000, /* of all; more are counted */
    TEXT_MAX = 4096,
    SHORT_HASH = 12,
    LIST_BYTES = 96 << 20,
    AT_ONCE = 64,
};

/* What is listed, until all is there and can be put in order. */
struct item {
    json_t *json;
    int64_t since_ms; /* XG_NO_TIME: nobody knows */
    uint64_t order;
};

struct listing {
    struct look l;
    unsigned wanted; /* 1 << enum attention_what */
    struct item *items;
    size_t count, room;
};

static bool wants(const struct listing *g, enum attention_what what)
{
    return (g->wanted & 1u << what) != 0;
}

/* ---- one item ---- */

/* How it is settled, said to a person. `key` names it. */
static void put_how(struct xg_buf *out, enum attention_what what,
                    const char *key)
{
    const char *id = key;
    int id_len = (int)strcspn(key, ":");

    switch (what) {
    case ATTENTION_CONFLICT:
    case ATTENTION_OVERTAKEN:
        xg_buf_format(out, XG_T("看 conflicts %.*s，用 resolve 决定",
                                "see conflicts %.*s, decide with resolve"),
                      id_len, id);
        return;
    case ATTENTION_FORK:
        xg_buf_format(out, XG_T("forks settle %.12s", "forks settle %.12s"),
                      id);
        return;
    case ATTENTION_QUARANTINED:
        xg_buf_format(out,
                      XG_T("device admit 采用；不采用：attention settle "
                           "quarantined %.12s",
                           "let in with device admit, or else: attention "
                           "settle quarantined %.12s"),
                      id);
        return;
    case ATTENTION_PENDING:
        xg_buf_format(out,
                      XG_T("请那台设备同步；来不了的：attention settle pending "
                           "%s",
                           "have the device sync; if it never comes: attention "
                           "settle pending %s"),
                      key);
        return;
    case ATTENTION_UNFOLDED:
        xg_buf_text(out, XG_T("另立一件接着办，再 link 到这一件",
                              "go on in a new one, and link it to this"));
        return;
    case ATTENTION_STRUCK:
    case ATTENTION_CLOCK:
    case ATTENTION_POSITION:
    case ATTENTION_PHOTO_LOST:
    case ATTENTION_OTHER_HISTORY:
    case ATTENTION_LOGIN:
        xg_buf_format(out,
                      XG_T("核看后：attention settle %s %s",
                           "once looked into: attention settle %s %s"),
                      attention_name(what), key);
        return;
    case ATTENTION_LOGIN_ASKED:
        xg_buf_format(out, "operator consent %s", key);
        return;
    case ATTENTIONS:
        return;
    }
}

/* What the makers of items say of one. */
struct said {
    enum attention_what what;
    const char *key, *id, *number, *title, *reason, *text, *device, *chain,
        *batch; /* NULL: none */
    int64_t since_ms;
};

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static const char *device_code(const char *device)
{
    const char *slash = device ? strrchr(device, '/') : NULL;

    return slash ? slash + 1 : device;
}

static enum xg_status add(struct listing *g, const struct said *said,
                          struct xg_error *err)
{
    struct xg_buf how = XG_BUF(TEXT_MAX);
    int64_t age_ms = g->l.now_ms - said->since_ms;
    bool known = said->since_ms != XG_NO_TIME;

    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 64;
        struct item *items =
            xg_arena_array(&g->l.arena, room, sizeof *items);
        if (!items)
            return xg_fail_nomem(err);
        if (g->count)
            memcpy(items, g->items, g->count * sizeof *items);
        g->items = items;
        g->room = room;
    }
    put_how(&how, said->what, said->key);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, "
        "s:s}",
        "what",
        attention_name(said->what), "label", attention_label(said->what), "key",
        said->key, "id", text_or_null(said->id), "number",
        text_or_null(said->number), "title", text_or_null(said->title),
        "reason", said->reason, "text", said->text, "since",
        known ? view_json_time(said->since_ms) : json_null(), "age_s",
        known ? json_integer((age_ms > 0 ? age_ms : 0) / 1000) : json_null(),
        "device", text_or_null(device_code(said->device)), "chain",
        text_or_null(said->chain), "batch", text_or_null(said->batch), "how",
        xg_buf_str(&how));
    xg_buf_clear(&how);
    if (!json)
        return xg_fail_nomem(err);
    g->items[g->count] =
        (struct item){json, known ? said->since_ms : INT64_MIN, g->count};
    g->count++;
    return XG_OK;
}

/* ---- entities ---- */

/* "设备的钟写着 2099-01-01 08:00，实际不早于 …" */
static void put_clock(struct xg_buf *out, const struct fold *fold, uint32_t op)
{
    const struct xg_when *when = &fold->whens[op];

    xg_buf_text(out, XG_T("设备的钟写着 ", "the device's clock said "));
    view_put_minute(out, fold->state.ops[op].record->head.moment.wall_ms);
    if (when->low_ms != XG_NO_TIME) {
        xg_buf_text(out, XG_T("，实际不早于 ", ", it was not before "));
        view_put_minute(out, when->low_ms);
    }
    if (when->high_ms != XG_NO_TIME) {
        xg_buf_text(out, XG_T("，不晚于 ", ", not after "));
        view_put_minute(out, when->high_ms);
    }
}

static void put_text(struct xg_buf *out, const struct fold *fold,
                     const struct attention_sign *sign)
{
    switch (sign->what) {
    case ATTENTION_CONFLICT:
        xg_buf_format(out,
                      sign->again
                          ? XG_T("“%s”决定过，之后又来了没见过那个决定的，待再"
                                 "决定",
                                 "\"%s\" was decided, and a value came whose "
                                 "author had not seen that: to be decided "
                                 "again")
                          : XG_T("“%s”两边填的不一样，待决定",
                                 "two values of \"%s\" to decide between"),
                      *sign->detail ? sign->detail : sign->reason);
        return;
    case ATTENTION_OVERTAKEN:
        xg_buf_text(out, sign->again
                             ? XG_T("状态决定过，之后又来了一步晚的，待再决定",
                                    "the status was decided, and another move "
                                    "came late: to be decided again")
                             : XG_T("一步晚了：状态已变，待决定",
                              "a move came after the status had changed"));
        return;
    case ATTENTION_CLOCK:
        put_clock(out, fold, sign->op);
        return;
    case ATTENTION_POSITION:
        xg_buf_text(out, strcmp(sign->reason, "mock") == 0
                             ? XG_T("巡查里有模拟定位",
                                    "a patrol of simulated positions")
                             : XG_T("照片不是在记录的地点拍的",
                                    "a photo was taken elsewhere"));
        return;
    case ATTENTION_PENDING:
        xg_buf_text(out, XG_T("所依据的记录还没有传到",
                              "a record that it rests on has not come"));
        return;
    case ATTENTION_STRUCK:
    case ATTENTION_FORK:
    case ATTENTION_QUARANTINED:
    case ATTENTION_UNFOLDED:
    case ATTENTION_PHOTO_LOST:
    case ATTENTION_OTHER_HISTORY:
    case ATTENTION_LOGIN:
    case ATTENTION_LOGIN_ASKED:
    case ATTENTIONS:
        break;
    }
    xg_buf_text(out, attention_label(sign->what));
    if (*sign->detail) {
        xg_buf_text(out, XG_T("：", ": "));
        view_put_line(out, xg_bytes_of(sign->detail));
    }
}

/* Whom it is about: id, number, title without anything personal. */
struct named {
    char id[2 * XG_ID_SIZE + 1];
    struct view_entity entity;
    struct xg_buf title;
};

static enum xg_status name_it(struct named *n, struct listing *g,
                              const struct store_entity *e,
                              struct xg_error *err)
{
    struct xg_brief brief = {.id = e->id, .kind = xg_kind_find(e->kind)};
    bool withheld = g->l.view.withhold;

    *n = (struct named){.title = XG_BUF(TEXT_MAX)};
    xg_hex(n->id, e->id.b, XG_ID_SIZE);
    g->l.row = e;
    if (g->l.view.entity(&g->l, &n->entity, &e->id, err) != XG_OK ||
        (e->folded && e->state.len &&
         xg_brief_read(&brief, e->state, err) != XG_OK))
        return err->status;
    g->l.view.withhold = true;
    view_put_known_as(&n->title, &brief, &g->l.view);
    g->l.view.withhold = withheld;
    return XG_OK;
}

static enum xg_status add_sign(struct listing *g, const struct named *n,
                               const struct fold *fold,
                               const struct attention_sign *sign,
                               struct xg_error *err)
{
    struct xg_buf text = XG_BUF(TEXT_MAX), key = XG_BUF(TEXT_MAX);

    put_text(&text, fold, sign);
    xg_buf_format(&key, "%s:", n->id);
    xg_buf_hex(&key, sign->subject.b, SHORT_HASH / 2);
    const struct said said = {.what = sign->what,
                              .key = xg_buf_str(&key),
                              .id = n->id,
                              .number = *n->entity.number ? n->entity.number
                                                          : NULL,
                              .title = xg_buf_str(&n->title),
                              .reason = sign->reason,
                              .text = xg_buf_str(&text),
                              .device = fold->devices[sign->op],
                              .since_ms = sign->since_ms};
    enum xg_status status = add(g, &said, err);
    xg_buf_clear(&text);
    xg_buf_clear(&key);
    return status;
}

/* A new one that names it as the same goes on where it cannot. */
static enum xg_status add_unfolded(struct listing *g, const struct named *n,
                                   const struct store_entity *e,
                                   struct xg_error *err)
{
    struct xg_buf text = XG_BUF(TEXT_MAX);
    struct store_time when;
    bool found, followed;

    if (look_grouped(&g->l, &followed, &e->id, err) != XG_OK)
        return err->status;
    if (followed)
        return XG_OK;
    if (g->l.store->ops->find_time_from(g->l.store, &when, &found, e->changed,
                                        err) != XG_OK)
        return err->status;
    xg_buf_format(&text,
                  XG_T("记录太多，合并不了（%" PRIu64 " 条，都在）",
                       "too many records to be folded (%" PRIu64 ", all kept)"),
                  e->records);
    const struct said said = {.what = ATTENTION_UNFOLDED,
                              .key = n->id,
                              .id = n->id,
                              .number = *n->entity.number ? n->entity.number
                                                          : NULL,
                              .title = xg_buf_str(&n->title),
                              .reason = "too-many",
                              .text = xg_buf_str(&text),
                              .since_ms = found ? when.ms : XG_NO_TIME};
    enum xg_status status = add(g, &said, err);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status add_signs(struct listing *g, const struct named *n,
                                const struct store_entity *e,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct attention_sign *signs;
    struct fold fold;
    size_t count = 0;
    bool found = false;
    enum xg_status status = fold_of_entity(&fold, &found, &arena, g->l.store,
                                           &g->l.registry, &e->id, err);

    if (status == XG_OK && found)
        status = attention_of(&signs, &count, &arena, &fold, err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (wants(g, signs[i].what))
            status = add_sign(g, n, &fold, &signs[i], err);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status look_at(struct listing *g, const struct store_entity *e,
                              struct xg_error *err)
{
    struct named n = {.title = XG_BUF(TEXT_MAX)};
    bool sees;

    if (sight_entity(&sees, &g->l.sight, e, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    enum xg_status status = name_it(&n, g, e, err);
    if (status == XG_OK && !e->folded)
        status = wants(g, ATTENTION_UNFOLDED) ? add_unfolded(g, &n, e, err)
                                              : XG_OK;
    else if (status == XG_OK)
        status = add_signs(g, &n, e, err);
    g->l.row = NULL;
    xg_buf_clear(&n.title);
    return status;
}

/* Those that the board says have something, page by page. */
static enum xg_status add_entities(struct listing *g, struct xg_error *err)
{
    struct board *board = g->l.c->data->board;
    struct board_reader *r = NULL;
    struct store_entity e;
    uint64_t numbers[PAGE], after = 0;
    size_t count = PAGE;

    if (board_begin(board, &r, err) != XG_OK)
        return err->status;
    enum xg_status status = XG_OK;
    while (status == XG_OK && count == PAGE) {
        status = board_look(r, numbers, &count, g->wanted, after, PAGE, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            struct store *s = g->l.store;
            after = numbers[i];
            status = s->ops->get_entity(s, &g->l.arena, &e, numbers[i], err);
            if (status == XG_OK)
                status = look_at(g, &e, err);
        }
    }
    board_end(board, r);
    return status;
}

/* ---- chains ---- */

static enum xg_status time_of(int64_t *ms, struct listing *g, uint64_t position,
                              struct xg_error *err)
{
    struct store_time when;
    bool found;

    if (g->l.store->ops->find_time_from(g->l.store, &when, &found, position,
                                        err) != XG_OK)
        return err->status;
    *ms = found ? when.ms : XG_NO_TIME;
    return XG_OK;
}

/* Where the newest of its branches begins. */
static enum xg_status forked_at(int64_t *ms, struct listing *g,
                                struct xg_arena *arena,
                                const struct store_chain *chain,
                                struct xg_error *err)
{
    struct store *s = g->l.store;
    struct store_branch *branches;
    struct store_record *rows;
    uint64_t position = 0;
    size_t count, found;

    if (s->ops->read_branches(s, arena, &branches, &count, chain->number,
                              err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        if (s->ops->read_branch(s, arena, &rows, &found, branches[i].number,
                                branches[i].start, 1, err) != XG_OK)
            return err->status;
        if (found && rows->position > position)
            position = rows->position;
    }
    return time_of(ms, g, position, err);
}

static enum xg_status add_fork(struct listing *g, struct xg_arena *arena,
                               const struct store_chain *chain,
                               struct xg_error *err)
{
    char key[2 * XG_HASH_SIZE + 1];
    struct finding finding;
    int64_t since_ms = XG_NO_TIME;
    bool sees;

    if (sight_device(&sees, &g->l.sight, chain->device, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    if (finding_about(&finding, &g->l, &chain->id, err) != XG_OK ||
        (!finding.found &&
         forked_at(&since_ms, g, arena, chain, err) != XG_OK))
        return err->status;
    if (finding.found)
        return XG_OK;
    xg_hex(key, chain->id.b, XG_HASH_SIZE);
    const struct said said = {
        .what = ATTENTION_FORK,
        .key = key,
        .chain = key,
        .reason = "fork",
        .text = XG_T("同一台设备的记录链分成了两支：恢复过备份、被克隆，还是被改过",
                     "a device's chain went two ways: a backup put back, a "
                     "clone, or tampering"),
        .device = chain->device,
        .since_ms = since_ms};
    return add(g, &said, err);
}

static enum xg_status add_forks(struct listing *g, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct store *s = g->l.store;
    struct store_chain *chains;
    size_t count;
    enum xg_status status =
        s->ops->read_chains(s, &arena, &chains, &count, NULL, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (chains[i].forked)
            status = add_fork(g, &arena, &chains[i], err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- batches that are kept apart ---- */

/* Of one chain: the first, how many. */
struct apart {
    struct store_batch first;
    uint64_t last; /* position of the newest */
    size_t batches;
};

static enum xg_status add_apart(struct listing *g, const struct apart *a,
                                struct xg_error *err)
{
    struct xg_buf text = XG_BUF(TEXT_MAX);
    char key[2 * XG_HASH_SIZE + 1], id[XG_BASE64_SIZE(XG_HASH_SIZE)];
    const char *device = a->first.device;
    struct finding finding;
    bool sees, revoked;
    int64_t since_ms = XG_NO_TIME;

    if (sight_device(&sees, &g->l.sight, device, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    if (finding_about(&finding, &g->l, &a->first.chain, err) != XG_OK ||
        registry_revoked(g->l.c->data->registry, &revoked, device,
                         a->first.position, err) != XG_OK ||
        time_of(&since_ms, g, a->first.position, err) != XG_OK)
        return err->status;
    if (finding.found && finding.position > a->last)
        return XG_OK;
    xg_hex(key, a->first.chain.b, XG_HASH_SIZE);
    xg_base64(id, sizeof id, a->first.id.b, XG_HASH_SIZE);
    xg_buf_format(&text,
                  revoked ? XG_T("设备停用之后才收到的 %zu 批记录，没有并入",
                                 "%zu batches that came after the device was "
                                 "revoked, not merged")
                          : XG_T("这台设备的链太多，%zu 批记录没有并入",
                                 "the device began too many chains: %zu "
                                 "batches, not merged"),
                  a->batches);
    const struct said said = {.what = ATTENTION_QUARANTINED,
                              .key = key,
                              .chain = key,
                              .batch = a->batches == 1 ? id : NULL,
                              .reason = revoked ? "revoked" : "chains",
                              .text = xg_buf_str(&text),
                              .device = device,
                              .since_ms = since_ms};
    enum xg_status status = add(g, &said, err);
    xg_buf_clear(&text);
    return status;
}

static struct apart *apart_of(struct apart *all, size_t *count,
                              const struct store_batch *b)
{
    for (size_t i = 0; i < *count; i++)
        if (xg_hash_equal(&all[i].first.chain, &b->chain))
            return &all[i];
    if (*count == ITEMS_MAX)
        return NULL;
    all[*count] = (struct apart){.first = *b};
    return &all[(*count)++];
}

static enum xg_status add_quarantined(struct listing *g, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES);
    struct apart *all =
        xg_arena_array(&g->l.arena, ITEMS_MAX, sizeof *all);
    struct store *s = g->l.store;
    enum xg_status status = all ? XG_OK : xg_fail_nomem(err);
    struct store_batch *rows;
    size_t count = AT_ONCE, chains = 0;
    uint64_t position = 0;

    while (status == XG_OK && count == AT_ONCE) {
        xg_arena_reset(&arena);
        status = s->ops->read_apart(s, &arena, &rows, &count, position, AT_ONCE,
                                    err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            struct apart *a = apart_of(all, &chains, &rows[i]);
            position = rows[i].position + 1;
            if (a) {
                a->last = rows[i].position;
                a->batches++;
            }
        }
    }
    for (size_t i = 0; status == XG_OK && i < chains; i++)
        status = add_apart(g, &all[i], err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- devices that saw another log ---- */

static enum xg_status add_history(struct listing *g,
                                  const struct store_cosignature *row,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(TEXT_MAX);
    char key[2 * XG_HASH_SIZE + 1];
    struct finding finding;
    bool sees;

    if (sight_device(&sees, &g->l.sight, row->device, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    if (finding_about(&finding, &g->l, &row->root, err) != XG_OK)
        return err->status;
    if (finding.found)
        return XG_OK;
    xg_hex(key, row->root.b, XG_HASH_SIZE);
    xg_buf_format(&text,
                  XG_T("设备在第 %" PRIu64
                       " 条处见过另一份日志：服务器被换过，或设备连过冒充的服务器",
                       "the device saw another log at size %" PRIu64
                       ": this server was replaced, or the device met a false "
                       "one"),
                  row->size);
    const struct said said = {.what = ATTENTION_OTHER_HISTORY,
                              .key = key,
                              .reason = "root",
                              .text = xg_buf_str(&text),
                              .device = row->device,
                              .since_ms = XG_NO_TIME};
    enum xg_status status = add(g, &said, err);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status add_histories(struct listing *g, struct xg_error *err)
{
    struct store *s = g->l.store;
    struct store_cosignature *rows;
    size_t count;

    if (s->ops->read_cosignatures(s, &g->l.arena, &rows, &count, false, NULL,
                                  err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (add_history(g, &rows[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- lost photos ---- */

/* The entity of the first record that names it. */
static enum xg_status named_by(struct store_entity *e, bool *found,
                               struct listing *g, const struct xg_hash *sha256,
                               struct xg_error *err)
{
    struct xg_arena *arena = &g->l.arena;
    struct store *s = g->l.store;
    struct store_photo *photos;
    struct store_record *rows;
    size_t count;

    *found = false;
    if (s->ops->read_photos(s, arena, &photos, &count, sha256, 0, 1, err) !=
        XG_OK)
        return err->status;
    if (!count || !xg_hash_equal(&photos->hash, sha256))
        return XG_OK;
    if (s->ops->read_records(s, arena, &rows, &count, photos->record,
                             photos->record, 1, err) != XG_OK)
        return err->status;
    if (!count || !rows->entity)
        return XG_OK;
    *found = true;
    return s->ops->get_entity(s, arena, e, rows->entity, err);
}

static enum xg_status is_seen(bool *seen, struct listing *g,
                              const struct xg_id *id,
                              const struct xg_hash *subject,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct fold fold;
    bool found = false;
    enum xg_status status = fold_of_entity(&fold, &found, &arena, g->l.store,
                                           &g->l.registry, id, err);

    *seen = status == XG_OK && found &&
            attention_is_seen(&fold, ATTENTION_PHOTO_LOST, subject);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status add_lost(struct listing *g, const struct lost_photo *photo,
                               struct xg_error *err)
{
    struct named n = {.title = XG_BUF(TEXT_MAX)};
    struct xg_buf key = XG_BUF(TEXT_MAX);
    struct store_entity e;
    bool found, seen = true;
    enum xg_status status = named_by(&e, &found, g, &photo->sha256, err);

    if (status != XG_OK || !found)
        return status;
    status = sight_entity(&found, &g->l.sight, &e, err);
    if (status == XG_OK && found)
        status = is_seen(&seen, g, &e.id, &photo->sha256, err);
    if (status == XG_OK && !seen)
        status = name_it(&n, g, &e, err);
    if (status == XG_OK && !seen) {
        xg_buf_format(&key, "%s:", n.id);
        xg_buf_hex(&key, photo->sha256.b, SHORT_HASH / 2);
        const struct said said = {
            .what = ATTENTION_PHOTO_LOST,
            .key = xg_buf_str(&key),
            .id = n.id,
            .number = *n.entity.number ? n.entity.number : NULL,
            .title = xg_buf_str(&n.title),
            .reason = "file",
            .text = XG_T("日志说已收到的一张照片，文件不见了：从备份取回",
                         "a photo that the log says is held has no file: put "
                         "it back from a backup"),
            .since_ms = photo->since_ms};
        status = add(g, &said, err);
    }
    g->l.row = NULL;
    xg_buf_clear(&n.title);
    xg_buf_clear(&key);
    return status;
}

static enum xg_status add_photos(struct listing *g, struct xg_error *err)
{
    struct lost_photo *list;
    size_t count;

    if (lost_list(&list, &count, &g->l.arena, g->l.c->data, g->l.store, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (add_lost(g, &list[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- logins that others gave ---- */

/* Said by the person herself, or by who gave it, it is not said. */
static bool may_say_seen(const struct account *a, const char *who)
{
    return strcmp(who, a->code) != 0 && strcmp(who, a->given.by) != 0;
}

static void put_person(struct xg_buf *out, const struct account *a)
{
    view_put_line(out, xg_bytes_of(a->code));
    if (!*a->name)
        return;
    xg_buf_text(out, " ");
    view_put_line(out, xg_bytes_of(a->name));
}

static void put_given(struct xg_buf *out, const struct account *a)
{
    xg_buf_format(out, XG_T("%s 重置了这个人的登录或去掉了两步验证：",
                            "%s gave this person another login, or took the "
                            "second factor away: "),
                  *a->given.by ? a->given.by
                               : XG_T("服务器本机上的人", "the machine itself"));
    view_put_line(out, xg_bytes_of(a->given.why));
    if (!a->given.used_ms)
        return;
    xg_buf_text(out, XG_T("；钥匙换于 ", "; another key since "));
    view_put_time(out, a->given.used_ms);
}

static enum xg_status add_given(struct listing *g, const struct account *a,
                                struct xg_error *err)
{
    struct xg_buf title = XG_BUF(TEXT_MAX), text = XG_BUF(TEXT_MAX);
    char key[2 * XG_HASH_SIZE + 1];
    struct finding finding;

    if (finding_about(&finding, &g->l, &a->given.record, err) != XG_OK)
        return err->status;
    if (finding.found && may_say_seen(a, finding.author))
        return XG_OK;
    xg_hex(key, a->given.record.b, XG_HASH_SIZE);
    put_person(&title, a);
    put_given(&text, a);
    const struct said said = {.what = ATTENTION_LOGIN,
                              .key = key,
                              .title = xg_buf_str(&title),
                              .reason = a->given.used_ms ? "used" : "given",
                              .text = xg_buf_str(&text),
                              .since_ms = a->given.ms};
    enum xg_status status = add(g, &said, err);
    xg_buf_clear(&title);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status add_asked(struct listing *g, const struct account *a,
                                struct xg_error *err)
{
    struct xg_buf title = XG_BUF(TEXT_MAX), text = XG_BUF(TEXT_MAX);

    put_person(&title, a);
    xg_buf_format(&text, XG_T("%s 要重置这个人的登录：",
                              "%s wants to give this person another login: "),
                  a->asked.by);
    view_put_line(&text, xg_bytes_of(a->asked.why));
    const struct said said = {.what = ATTENTION_LOGIN_ASKED,
                              .key = a->code,
                              .title = xg_buf_str(&title),
                              .reason = "asked",
                              .text = xg_buf_str(&text),
                              .since_ms = a->asked.ms};
    enum xg_status status = add(g, &said, err);
    xg_buf_clear(&title);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status look_at_account(void *ctx, const struct account *a,
                                      const struct store_wrong *wrong,
                                      struct xg_error *err)
{
    struct listing *g = ctx;
    bool asked = wants(g, ATTENTION_LOGIN_ASKED) && !*a->asked.consent &&
                 account_is_asked(a, g->l.now_ms);
    bool given = wants(g, ATTENTION_LOGIN) && a->given.ms != 0;
    bool sees = false;

    (void)wrong;
    if ((asked || given) && sight_unit(&sees, &g->l.sight, a->unit, err) != XG_OK)
        return err->status;
    if (sees && given && add_given(g, a, err) != XG_OK)
        return err->status;
    return sees && asked ? add_asked(g, a, err) : XG_OK;
}

/* ---- all of it ---- */

static int by_age(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    if (x->since_ms != y->since_ms)
        return x->since_ms < y->since_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static const char *text_at(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text ? text : "";
}

static void put_item(struct xg_buf *out, const json_t *json)
{
    const char *number = text_at(json, "number");
    const char *id = text_at(json, "id");

    if (*number || *id)
        xg_buf_format(out, "%.*s  ", *number ? 40 : SHORT_HASH,
                      *number ? number : id);
    if (*text_at(json, "device"))
        xg_buf_format(out, "%s  ", text_at(json, "device"));
    xg_buf_format(out, "%s  ", text_at(json, "label"));
    if (*text_at(json, "since"))
        xg_buf_format(out, "%s  ", text_at(json, "since"));
    view_put_line(out, xg_bytes_of(text_at(json, "title")));
    xg_buf_text(out, "\n      ");
    view_put_line(out, xg_bytes_of(text_at(json, "text")));
    xg_buf_text(out, "\n      ");
    view_put_line(out, xg_bytes_of(text_at(json, "how")));
    xg_buf_byte(out, '\n');
}

static enum xg_status put_all(struct listing *g, struct xg_error *err)
{
    struct cmd *c = g->l.c;

    if (g->count)
        qsort(g->items, g->count, sizeof *g->items, by_age);
    c->must_decide = g->count > 0;
    for (size_t i = 0; i < g->count; i++) {
        if (!c->json)
            put_item(&c->out, g->items[i].json);
        else if (cmd_put_json(c, json_incref(g->items[i].json), err) != XG_OK)
            return err->status;
    }
    if (!g->count && !c->json)
        xg_buf_text(&c->out, XG_T("没有要看的\n", "nothing to look at\n"));
    return XG_OK;
}

static enum xg_status gather(struct listing *g, struct xg_error *err)
{
    if (add_entities(g, err) != XG_OK ||
        (wants(g, ATTENTION_FORK) && add_forks(g, err) != XG_OK) ||
        (wants(g, ATTENTION_QUARANTINED) && add_quarantined(g, err) != XG_OK) ||
        (wants(g, ATTENTION_OTHER_HISTORY) && add_histories(g, err) != XG_OK) ||
        (wants(g, ATTENTION_PHOTO_LOST) && add_photos(g, err) != XG_OK) ||
        ((wants(g, ATTENTION_LOGIN) || wants(g, ATTENTION_LOGIN_ASKED)) &&
         account_each_in(g->l.c->data, g->l.store, look_at_account, g,
                         err) != XG_OK))
        return err->status;
    return XG_OK;
}

static enum xg_status what_of(enum attention_what *what, const char *name,
                              struct xg_error *err)
{
    struct xg_buf names = XG_BUF(TEXT_MAX);

    if (attention_named(what, name))
        return XG_OK;
    for (int i = 0; i < ATTENTIONS; i++)
        xg_buf_format(&names, "%s%s", i ? ", " : "",
                      attention_name((enum attention_what)i));
    xg_ignore(xg_fail(err, XG_USAGE,
                      XG_T("没有“%s”这一类；可以是：%s",
                           "there is no '%s'; there are: %s"),
                      name, xg_buf_str(&names)));
    xg_buf_clear(&names);
    return err->status;
}

static enum xg_status read_wanted(unsigned *wanted, struct cmd *c,
                                  struct xg_error *err)
{
    const char *name;
    size_t at = 0;

    *wanted = 0;
    while ((name = cmd_option_next(c, "what", &at)) != NULL) {
        enum attention_what what;
        if (what_of(&what, name, err) != XG_OK)
            return err->status;
        *wanted |= 1u << what;
    }
    if (!*wanted)
        *wanted = (1u << ATTENTIONS) - 1;
    return XG_OK;
}

enum xg_status cmd_attention(struct cmd *c, struct xg_error *err)
{
    struct listing g = {.count = 0};

    if (read_wanted(&g.wanted, c, err) != XG_OK)
        return err->status;
    struct board_at at;
    uint64_t most =
        board_is_followed(c->data->board) ? BOARD_TAKE_IN : UINT64_MAX;

    if (board_take_in(c->data->board, &at, most, err) != XG_OK)
        return err->status;
    enum xg_status status = look_open(&g.l, c, err);
    if (status == XG_OK)
        status = gather(&g, err);
    if (status == XG_OK)
        status = put_all(&g, err);
    for (size_t i = 0; i < g.count; i++)
        json_decref(g.items[i].json);
    look_close(&g.l);
    return status;
}

/* ---- `attention settle` ---- */

/* What has no command of its own. */
static bool is_said_seen(enum attention_what what)
{
    return what == ATTENTION_PENDING || what == ATTENTION_STRUCK ||
           what == ATTENTION_CLOCK || what == ATTENTION_POSITION ||
           what == ATTENTION_PHOTO_LOST;
}

static bool is_found_out(enum attention_what what)
{
    return what == ATTENTION_QUARANTINED || what == ATTENTION_OTHER_HISTORY ||
           what == ATTENTION_FORK || what == ATTENTION_LOGIN;
}

/* The record, or the photo, that the key names, among those that are there. */
static enum xg_status find_subject(struct xg_hash *subject, struct listing *g,
                                   const struct store_entity *e,
                                   enum attention_what what, const char *key,
                                   struct xg_error *err)
{
    const char *hex = strchr(key, ':');

    g->wanted = 1u << what;
    if (what == ATTENTION_PHOTO_LOST) {
        if (add_photos(g, err) != XG_OK)
            return err->status;
    } else if (look_at(g, e, err) != XG_OK) {
        return err->status;
    }
    for (size_t i = 0; hex && i < g->count; i++)
        if (strcmp(text_at(g->items[i].json, "key"), key) == 0) {
            *subject = (struct xg_hash){{0}};
            if (xg_unhex(subject->b, SHORT_HASH / 2, hex + 1, SHORT_HASH))
                return XG_OK;
        }
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有要核看的 %s；见 attention --what %s 的 key",
                        "there is no %s to look at; see key in attention "
                        "--what %s"),
                   key, attention_name(what));
}

/* The note that says so, signed by whoever does. */
static enum xg_status draft_note(struct xg_draft *draft, struct look *l,
                                 enum attention_what what,
                                 const struct xg_hash *subject,
                                 struct xg_error *err)
{
    const struct xg_field *field =
        xg_field_find(xg_kind_find(draft->head.kind), XG_FIELD_NOTE);
    struct xg_buf text = XG_BUF(TEXT_MAX), value = XG_BUF(XG_RECORD_MAX);

    attention_mark(&text, what, subject);
    xg_buf_text(&text, cmd_option(l->c, "why"));
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = view_form_value(&value, field, xg_buf_str(&text), NULL, err);
    if (status == XG_OK)
        status = xg_draft_add(draft, XG_FIELD_NOTE, xg_buf_bytes(&value), err);
    xg_buf_clear(&text);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status must_be_at_a_desk(struct cmd *c, struct xg_error *err)
{
    struct xg_judgement actor;

    if (desk_actor(&actor, c->data, cmd_option(c, "as"), err) != XG_OK)
        return err->status;
    if (actor.role && xg_move_allowed(XG_MOVE_DISPATCH, actor.role->number))
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 不派单，不能核看了结；请调度员或督办单位来办",
                        "%s dispatches nothing, and settles nothing here: have "
                        "a dispatcher or a supervising office do it"),
                   cmd_option(c, "as"));
}

static enum xg_status draft_seen(struct xg_draft *draft, struct listing *g,
                                 enum attention_what what, const char *key,
                                 struct xg_error *err)
{
    char id[2 * XG_ID_SIZE + 1];
    struct fold fold = {.count = 0};
    struct xg_hash subject;

    snprintf(id, sizeof id, "%.*s", (int)strcspn(key, ":"), key);
    if (look_fold(&fold, &g->l, id, err) != XG_OK ||
        find_subject(&subject, g, &fold.entity, what, key, err) != XG_OK)
        return err->status;
    if (!fold.state.kind)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("首条记录尚未到达，等它来了再了结",
                            "its first record has not arrived: settle it once "
                            "it has"));
    xg_draft_init(draft, &g->l.arena, fold.state.kind->number);
    draft->head.creates = false;
    draft->head.entity = fold.state.id;
    return draft_note(draft, &g->l, what, &subject, err);
}

struct settling {
    const struct xg_hash *record;
    const char *who;
    bool may;
};

static enum xg_status find_given(void *ctx, const struct account *a,
                                 const struct store_wrong *wrong,
                                 struct xg_error *err)
{
    struct settling *s = ctx;

    (void)wrong, (void)err;
    if (a->given.ms && xg_hash_equal(&a->given.record, s->record))
        s->may = may_say_seen(a, s->who);
    return XG_OK;
}

/* Neither whose login it is says that it was seen, nor who gave it. */
static enum xg_status judge_login(struct listing *g,
                                  const struct xg_hash *record,
                                  struct xg_error *err)
{
    struct settling s = {record, cmd_option(g->l.c, "as"), true};

    if (account_each_in(g->l.c->data, g->l.store, find_given, &s, err) != XG_OK)
        return err->status;
    return s.may ? XG_OK
                 : xg_fail(err, XG_REFUSED,
                           XG_T("%s 不能了结：是本人，或是重置的人；请管这个单位的"
                                "另一个人核看",
                                "%s cannot settle this: it is her own login, "
                                "or she gave it; have somebody else over that "
                                "unit look into it"),
                           s.who);
}

/* What is not any entity's: a finding about the chain. */
static enum xg_status draft_finding(struct xg_draft *draft, struct listing *g,
                                    enum attention_what what, const char *key,
                                    struct xg_error *err)
{
    const char *given = cmd_option(g->l.c, "finding");
    const char *found = NULL;
    struct xg_hash chain;
    uint64_t choice;

    g->wanted = 1u << what;
    if (finding_choice(&choice, given ? given : "unclear", err) != XG_OK ||
        gather(g, err) != XG_OK)
        return err->status;
    for (size_t i = 0; !found && i < g->count; i++)
        if (strlen(key) >= 4 &&
            strncmp(text_at(g->items[i].json, "key"), key, strlen(key)) == 0)
            found = text_at(g->items[i].json, "key");
    if (!found || !xg_unhex(chain.b, XG_HASH_SIZE, found, 2 * XG_HASH_SIZE))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有要核看的 %s；见 attention --what %s 的 key",
                            "there is no %s to look at; see key in attention "
                            "--what %s"),
                       key, attention_name(what));
    if (what == ATTENTION_LOGIN && judge_login(g, &chain, err) != XG_OK)
        return err->status;
    xg_draft_init(draft, &g->l.arena, XG_KIND_FORK_FINDING);
    draft->head.creates = true;
    return finding_fill(draft, &chain, choice, cmd_option(g->l.c, "why"), err);
}

static enum xg_status write(struct listing *g, struct xg_draft *draft,
                            struct xg_error *err)
{
    const char *who = cmd_option(g->l.c, "as");
    uint8_t secret[64] = {0};
    char record[2 * XG_HASH_SIZE + 1];
    struct cmd *c = g->l.c;
    struct desk_done done;

    look_give_back(&g->l); /* reading ends before writing begins */
    enum xg_status status = cmd_sign(c, draft, secret, who, err);
    if (status == XG_OK)
        status = desk_write(&done, c->data, draft, who, g->l.view.labels, err);
    sodium_memzero(secret, sizeof secret);
    if (status != XG_OK)
        return status;
    xg_hex(record, done.record.b, XG_HASH_SIZE);
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:b, s:s, s:s}", "settled", 1, "what",
                                      c->args[1], "record", record),
                            err);
    xg_buf_format(&c->out, XG_T("已了结：%s\n", "settled: %s\n"), c->args[2]);
    return XG_OK;
}

enum xg_status cmd_attention_settle(struct cmd *c, struct xg_error *err)
{
    struct listing g = {.count = 0};
    enum attention_what what = ATTENTIONS;
    struct xg_draft draft;

    if (what_of(&what, c->args[1], err) != XG_OK ||
        must_be_at_a_desk(c, err) != XG_OK)
        return err->status;
    if (!is_said_seen(what) && !is_found_out(what))
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不在这里了结：attention 的 how 写着用哪个命令",
                            "%s is not settled here: attention says by which "
                            "command, as how"),
                       c->args[1]);
    enum xg_status status = look_open(&g.l, c, err);
    if (status == XG_OK)
        status = is_said_seen(what)
                     ? draft_seen(&draft, &g, what, c->args[2], err)
                     : draft_finding(&draft, &g, what, c->args[2], err);
    if (status == XG_OK)
        status = write(&g, &draft, err);
    for (size_t i = 0; i < g.count; i++)
        json_decref(g.items[i].json);
    look_close(&g.l);
    return status;
}
