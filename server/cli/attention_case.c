/* attention_case.c - what the cases have: conflicts, doubts, what waits or was
 * struck out, photos that are lost. */
#include "server/cli/attention_list.h"

#include <inttypes.h>
#include <string.h>

#include "server/board/board.h"
#include "server/photo/lost.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { PAGE = 200 };

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
        xg_buf_text(out,
                    sign->again
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

static enum xg_status name_it(struct named *n, struct attention_list *g,
                              const struct store_entity *e,
                              struct xg_error *err)
{
    struct xg_brief brief = {.id = e->id, .kind = xg_kind_find(e->kind)};
    bool withheld = g->l.view.withhold;

    *n = (struct named){.title = XG_BUF(ATTENTION_TEXT_MAX)};
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

static enum xg_status add_sign(struct attention_list *g, const struct named *n,
                               const struct fold *fold,
                               const struct attention_sign *sign,
                               struct xg_error *err)
{
    struct xg_buf text = XG_BUF(ATTENTION_TEXT_MAX),
                  key = XG_BUF(ATTENTION_TEXT_MAX);

    put_text(&text, fold, sign);
    xg_buf_format(&key, "%s:", n->id);
    xg_buf_hex(&key, sign->subject.b, ATTENTION_SHORT_HASH / 2);
    const struct attention_said said = {
        .what = sign->what,
        .key = xg_buf_str(&key),
        .id = n->id,
        .number = *n->entity.number ? n->entity.number : NULL,
        .title = xg_buf_str(&n->title),
        .reason = sign->reason,
        .text = xg_buf_str(&text),
        .device = fold->devices[sign->op],
        .since_ms = sign->since_ms};
    enum xg_status status = attention_add(g, &said, err);
    xg_buf_clear(&text);
    xg_buf_clear(&key);
    return status;
}

/* A new one that names it as the same goes on where it cannot. */
static enum xg_status add_unfolded(struct attention_list *g,
                                   const struct named *n,
                                   const struct store_entity *e,
                                   struct xg_error *err)
{
    struct xg_buf text = XG_BUF(ATTENTION_TEXT_MAX);
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
    const struct attention_said said = {
        .what = ATTENTION_UNFOLDED,
        .key = n->id,
        .id = n->id,
        .number = *n->entity.number ? n->entity.number : NULL,
        .title = xg_buf_str(&n->title),
        .reason = "too-many",
        .text = xg_buf_str(&text),
        .since_ms = found ? when.ms : XG_NO_TIME};
    enum xg_status status = attention_add(g, &said, err);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status add_signs(struct attention_list *g, const struct named *n,
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
        if (attention_wants(g, signs[i].what))
            status = add_sign(g, n, &fold, &signs[i], err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status attention_add_case(struct attention_list *g,
                                  const struct store_entity *e,
                                  struct xg_error *err)
{
    struct named n = {.title = XG_BUF(ATTENTION_TEXT_MAX)};
    bool sees;

    if (sight_entity(&sees, &g->l.sight, e, err) != XG_OK)
        return err->status;
    if (!sees)
        return XG_OK;
    enum xg_status status = name_it(&n, g, e, err);
    if (status == XG_OK && !e->folded)
        status = attention_wants(g, ATTENTION_UNFOLDED)
                     ? add_unfolded(g, &n, e, err)
                     : XG_OK;
    else if (status == XG_OK)
        status = add_signs(g, &n, e, err);
    g->l.row = NULL;
    xg_buf_clear(&n.title);
    return status;
}

/* Those that the board says have something, page by page. */
enum xg_status attention_add_cases(struct attention_list *g,
                                   struct xg_error *err)
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
                status = attention_add_case(g, &e, err);
        }
    }
    board_end(board, r);
    return status;
}

/* ---- lost photos ---- */

/* The entity of the first record that names it. */
static enum xg_status named_by(struct store_entity *e, bool *found,
                               struct attention_list *g,
                               const struct xg_hash *sha256,
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

static enum xg_status is_seen(bool *seen, struct attention_list *g,
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

static enum xg_status add_lost(struct attention_list *g,
                               const struct lost_photo *photo,
                               struct xg_error *err)
{
    struct named n = {.title = XG_BUF(ATTENTION_TEXT_MAX)};
    struct xg_buf key = XG_BUF(ATTENTION_TEXT_MAX);
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
        xg_buf_hex(&key, photo->sha256.b, ATTENTION_SHORT_HASH / 2);
        const struct attention_said said = {
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
        status = attention_add(g, &said, err);
    }
    g->l.row = NULL;
    xg_buf_clear(&n.title);
    xg_buf_clear(&key);
    return status;
}

enum xg_status attention_add_lost_photos(struct attention_list *g,
                                         struct xg_error *err)
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
