/* row.c - from an entity of the store to what the board holds of it. */
#include "server/board/inside.h"

#include <stdio.h>
#include <string.h>

#include "server/desk/attention.h"
#include "server/sight/access.h"
#include "shared/base/log.h"
#include "shared/core/loop.h"
#include "shared/core/number.h"
#include "shared/guide/catalogue.h"
#include "shared/view/names.h"
#include "shared/view/value.h"

enum { TEXT_MAX = 1 << 20, TOLD_MAX = 64 };

/* ---- from its state ---- */

static const char *code_of(struct xg_arena *arena, const struct xg_brief *brief,
                           uint64_t number)
{
    struct xg_cbor_item item;

    if (!xg_brief_value(brief, number, &item) || item.type != XG_CBOR_TEXT ||
        item.bytes.len > XG_CODE_MAX)
        return "";
    return xg_arena_str(arena, (const char *)item.bytes.at, item.bytes.len);
}

static uint64_t choice_of(const struct xg_brief *brief, uint64_t number)
{
    struct xg_cbor_item item;

    return xg_brief_value(brief, number, &item) && item.type == XG_CBOR_UINT
               ? item.number
               : 0;
}

static void take_place(struct board_entry *e, const struct xg_brief *brief)
{
    struct xg_cbor_item item;

    if (!xg_brief_value(brief, XG_FIELD_POSITION, &item) ||
        item.type != XG_CBOR_ARRAY)
        return;
    struct view_position p = view_position_of(&item);
    e->placed = true;
    e->lat_e7 = p.lat_e7;
    e->lon_e7 = p.lon_e7;
}

static bool is_incident(const struct board_entry *e)
{
    return e->entity.kind == XG_KIND_INCIDENT;
}

static enum xg_status take_state(struct board_entry *e, struct xg_arena *arena,
                                 const struct xg_brief *brief,
                                 struct xg_error *err)
{
    const char *with = e->entity.status ? code_of(arena, brief, XG_CASE_UNIT)
                                        : "";

    e->level = e->entity.status ? code_of(arena, brief, XG_CASE_LEVEL) : "";
    if (is_incident(e)) {
        e->category = code_of(arena, brief, XG_INCIDENT_CATEGORY);
        e->urgency = choice_of(brief, XG_INCIDENT_URGENCY);
    }
    if (e->entity.status)
        e->source = choice_of(brief, XG_CASE_CHANNEL);
    if (!with || !e->level || !e->category)
        return xg_fail_nomem(err);
    if (*with)
        e->holder = with;
    take_place(e, brief);
    return XG_OK;
}

static enum xg_status take_links(struct board_entry *e, struct xg_arena *arena,
                                 const struct xg_brief *brief,
                                 struct xg_error *err)
{
    struct xg_brief_elements at = {0};
    struct xg_cbor_item item;
    size_t room = 0;

    if (!xg_brief_set(brief, XG_FIELD_SAME_AS, &at))
        return XG_OK;
    for (struct xg_brief_elements count = at; xg_brief_element(&count, &item);)
        room++;
    e->links = xg_arena_array(arena, room + 1, sizeof *e->links);
    if (!e->links)
        return xg_fail_nomem(err);
    while (xg_brief_element(&at, &item))
        if (item.type == XG_CBOR_BYTES && item.bytes.len == XG_ID_SIZE)
            memcpy(e->links[e->link_count++].b, item.bytes.at, XG_ID_SIZE);
    return XG_OK;
}

/* ---- who had it ---- */

static enum xg_status take_hands(struct board_entry *e, struct xg_arena *arena,
                                 const struct board_by *by,
                                 const struct xg_brief *brief,
                                 struct xg_error *err)
{
    struct xg_brief_elements called = {0}, at;
    struct store_hand *hands = NULL;
    struct xg_cbor_item item;
    size_t count = 0, calls = 0;

    if (e->entity.handed != STORE_AT_HOME &&
        by->store->ops->read_hands(by->store, arena, &hands, &count,
                                   e->entity.number, err) != XG_OK)
        return err->status;
    bool has = e->entity.status &&
               xg_brief_set(brief, XG_CASE_CALLED, &called);
    for (at = called; has && xg_brief_element(&at, &item);)
        calls++;
    e->hands = xg_arena_array(arena, count + calls + 1, sizeof *e->hands);
    if (!e->hands)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++)
        if (hands[i].unit[0] != '>') { /* nor what reaches down */
            char *unit = xg_arena_str(arena, hands[i].unit,
                                      strlen(hands[i].unit));
            if (!unit)
                return xg_fail_nomem(err);
            e->hands[e->hand_count++] = (struct board_hand){unit, false};
        }
    for (at = called; has && xg_brief_element(&at, &item);) {
        if (item.type != XG_CBOR_TEXT || item.bytes.len > XG_CODE_MAX)
            continue;
        char *unit = xg_arena_str(arena, (const char *)item.bytes.at,
                                  item.bytes.len);
        if (!unit)
            return xg_fail_nomem(err);
        e->hands[e->hand_count++] = (struct board_hand){unit, true};
    }
    return XG_OK;
}

/* ---- its first record ---- */

static const char *device_code(const char *device)
{
    const char *slash = strrchr(device, '/');

    return slash ? slash + 1 : device;
}

/* Its human number, and when it was received. */
static enum xg_status take_creator(struct board_entry *e,
                                   struct xg_arena *arena,
                                   const struct board_by *by,
                                   struct xg_error *err)
{
    struct store *s = by->store;
    struct store_record *rows;
    struct store_chain chain;
    struct xg_record record;
    struct xg_cbor_item serial;
    struct xg_when when;
    size_t count;

    if (!e->entity.creator)
        return XG_OK;
    if (s->ops->read_records(s, arena, &rows, &count, e->entity.creator,
                             e->entity.creator, 1, err) != XG_OK)
        return err->status;
    if (count == 0)
        return XG_OK;
    store_read_left(&record, rows);
    if (record.malformed)
        return XG_OK;
    if (fold_when(&when, s, rows->anchor_size, rows->position, err) != XG_OK)
        return err->status;
    e->created_ms = xg_effective_ms(record.head.moment.wall_ms, when);
    if (!xg_record_field(&record, XG_FIELD_SERIAL, &serial) ||
        serial.type != XG_CBOR_UINT)
        return XG_OK;
    if (s->ops->get_chain(s, &chain, rows->chain, err) != XG_OK)
        return err->status;
    const char *code = device_code(chain.device);
    size_t digits = strspn(code, "0123456789");
    if (digits && digits <= 8 && !code[digits])
        xg_number_print(e->name, code, serial.number);
    return XG_OK;
}

/* ---- what is searched ---- */

static bool is_searched(const struct xg_field *f)
{
    return f->number >= XG_FIELD_OWN && f->number < XG_FIELD_SHARED &&
           f->merge == XG_MERGE_REGISTER && !(f->flags & XG_PERSONAL) &&
           (f->type == XG_TYPE_TEXT || f->type == XG_TYPE_CODE);
}

static void put_word(struct xg_buf *out, struct xg_bytes text)
{
    if (text.len == 0)
        return;
    if (out->len)
        xg_buf_byte(out, ' ');
    board_fold_text(out, text);
}

/* What the category is called, in both languages: who searches types either. */
static enum xg_status put_category(struct xg_buf *out,
                                   const struct board_entry *e,
                                   const struct board_by *by,
                                   struct xg_error *err)
{
    const struct xg_catalogue *catalogue;
    const struct xg_category *category;

    if (!*e->category)
        return XG_OK;
    if (xg_guide_catalogue(by->guide, &catalogue, NULL, UINT64_MAX, err) !=
        XG_OK)
        return err->status;
    category = xg_catalogue_find(catalogue, xg_bytes_of(e->category));
    if (category) {
        put_word(out, xg_bytes_of(category->zh));
        put_word(out, xg_bytes_of(category->en));
    }
    return XG_OK;
}

static enum xg_status take_text(struct board_entry *e, struct xg_arena *arena,
                                const struct board_by *by,
                                const struct xg_brief *brief,
                                struct xg_error *err)
{
    struct xg_buf text = XG_BUF(TEXT_MAX);
    const struct xg_field *f;
    struct xg_cbor_item item;

    put_word(&text, xg_bytes_of(e->name));
    put_word(&text, xg_bytes_of(e->entity.case_number));
    enum xg_status status = put_category(&text, e, by, err);
    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)); i++)
        if (is_searched(f) && xg_brief_value(brief, f->number, &item) &&
            item.type == XG_CBOR_TEXT)
            put_word(&text, item.bytes);
    if (status == XG_OK)
        status = xg_buf_check(&text, err);
    if (status == XG_OK) {
        e->text = xg_arena_str(arena, xg_buf_str(&text), text.len);
        if (!e->text)
            status = xg_fail_nomem(err);
    }
    xg_buf_clear(&text);
    return status;
}

/* What a list shows of a case: nothing, where it may tell of persons. */
static enum xg_status take_title(struct board_entry *e, struct xg_arena *arena,
                                 const struct xg_brief *brief,
                                 struct xg_error *err)
{
    struct xg_buf title = XG_BUF(TEXT_MAX);

    if (!e->loops || access_is_sensitive_brief(brief))
        return XG_OK;
    view_put_title(&title, brief);
    enum xg_status status = xg_buf_check(&title, err);
    if (status == XG_OK) {
        e->title = xg_arena_str(arena, xg_buf_str(&title), title.len);
        if (!e->title)
            status = xg_fail_nomem(err);
    }
    xg_buf_clear(&title);
    return status;
}

/* ---- all of it ---- */

/* What is told by many, and settled by nobody. */
static bool is_many_told(const struct board_entry *e)
{
    const struct xg_kind *kind = xg_kind_find(e->entity.kind);

    return kind && kind->reaches_down && e->entity.records > TOLD_MAX;
}

/* What can only be known of its records. One that cannot be folded is listed by
 * what its row in the store says. */
static enum xg_status take_fold(struct board_entry *e, struct xg_arena *arena,
                                const struct board_by *by,
                                struct xg_error *err)
{
    struct xg_error failed = XG_ERROR_NONE;
    struct fold fold;
    enum xg_status status = fold_of_found(&fold, arena, by->store,
                                          &by->registry, &e->entity, &failed);

    if (status == XG_OK && e->loops &&
        board_course_of(e, arena, by, &fold, err) != XG_OK)
        return err->status;
    if (status == XG_OK && board_deeds_of(e, arena, &fold, err) != XG_OK)
        return err->status;
    if (status == XG_OK)
        return attention_set_of(&e->look, arena, &fold, err);
    if (status == XG_TOOBIG || status == XG_CORRUPT) {
        if (status == XG_CORRUPT)
            xg_log(XG_LOG_WARN, "board.case", "number=%llu error=%s",
                   (unsigned long long)e->entity.number, xg_error_text(&failed));
        return XG_OK;
    }
    *err = failed;
    return status;
}

enum xg_status board_entry_of(struct board_entry *out, struct xg_arena *arena,
                              const struct board_by *by, uint64_t number,
                              struct xg_error *err)
{
    struct board_entry e = {.holder = "",
                            .level = "",
                            .category = "",
                            .text = "",
                            .title = "",
                            .due_ms = BOARD_NEVER,
                            .yellow_ms = BOARD_NEVER,
                            .wake_ms = BOARD_NEVER,
                            .paused_from = XG_NO_TIME};
    struct xg_brief brief = {.kind = NULL};

    if (by->store->ops->get_entity(by->store, arena, &e.entity, number, err) !=
        XG_OK)
        return err->status;
    const struct xg_kind *kind = xg_kind_find(e.entity.kind);
    bool folded = e.entity.folded && e.entity.state.len;
    e.loops = kind && kind->first_status;
    e.settled = xg_status_final(e.entity.status);
    e.holder = xg_arena_str(arena, e.entity.unit, strlen(e.entity.unit));
    if (!e.holder)
        return xg_fail_nomem(err);
    if (take_creator(&e, arena, by, err) != XG_OK)
        return err->status;
    if (folded && (xg_brief_read(&brief, e.entity.state, err) != XG_OK ||
                   take_state(&e, arena, &brief, err) != XG_OK ||
                   take_links(&e, arena, &brief, err) != XG_OK ||
                   take_title(&e, arena, &brief, err) != XG_OK ||
                   board_walk_of(&e, arena, by, &brief, err) != XG_OK))
        return err->status;
    if (take_hands(&e, arena, by, &brief, err) != XG_OK ||
        take_text(&e, arena, by, &brief, err) != XG_OK)
        return err->status;
    if (!e.entity.folded)
        e.look = 1u << ATTENTION_UNFOLDED;
    else if (!is_many_told(&e) && take_fold(&e, arena, by, err) != XG_OK)
        return err->status;
    *out = e;
    return XG_OK;
}
