/* pass.c - `clerk`: one pass of what the server does by itself, by hand. A
 * running server makes one every minute (server/desk/clerk.h). */
#include <string.h>

#include "server/cli/look.h"
#include "server/cli/print.h"
#include "server/data/guide.h"
#include "server/desk/clerk.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/guide/labels.h"
#include "shared/guide/levels.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { DEEDS_MAX = 256 << 20, TITLE_COLUMNS = 40, TITLE_BYTES = 64 << 10 };

/* What was told; said when the pass is over, because whoever reads has no
 * store while the clerk writes. */
struct telling {
    struct xg_buf deeds; /* struct clerk_deed, one after another */
    struct look look;
    struct xg_buf title;
    char number[XG_NUMBER_SIZE];
};

static void take(void *ctx, const struct clerk_deed *d)
{
    struct telling *t = ctx;

    xg_buf_append(&t->deeds, d, sizeof *d);
}

static json_t *hex_json(const uint8_t *data, size_t len)
{
    char text[2 * XG_HASH_SIZE + 1];

    xg_hex(text, data, len);
    return json_string(text);
}

/* What a person knows the case by: its description, else its first text. */
static void title_of(struct xg_buf *out, const struct xg_state *s)
{
    const struct xg_field *f, *best = NULL;
    struct xg_cbor_item item;

    for (size_t i = 0; s->kind && (f = xg_field_at(s->kind, i)) != NULL; i++) {
        if (f->number < XG_FIELD_OWN || f->number >= XG_FIELD_SHARED ||
            f->type != XG_TYPE_TEXT || f->merge != XG_MERGE_REGISTER ||
            (f->flags & XG_PERSONAL) ||
            !xg_state_value(s, f->number, &item) || item.type != XG_CBOR_TEXT)
            continue;
        if (!best || strcmp(f->name, "description") == 0)
            best = f;
    }
    if (best && xg_state_value(s, best->number, &item))
        view_value_text(out, best, &item);
}

static enum xg_status find_case(struct telling *t, const struct xg_id *id,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct view_entity entity = {.delivery = VIEW_RECEIVED};
    struct look *l = &t->look;
    struct fold fold;
    bool found = false;
    enum xg_status status =
        fold_of_entity(&fold, &found, &arena, l->store, &l->registry, id, err);

    xg_buf_reset(&t->title);
    if (status == XG_OK && found)
        title_of(&t->title, &fold.state);
    if (status == XG_OK)
        status = l->view.entity(l, &entity, id, err);
    if (status == XG_OK)
        status = xg_buf_check(&t->title, err);
    memcpy(t->number, entity.number, sizeof t->number);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status tell_json(struct telling *t, const struct clerk_deed *d,
                                struct xg_error *err)
{
    struct xg_buf due = XG_BUF(64);

    view_put_time_utc(&due, d->due_ms);
    enum xg_status status = cmd_put_json(
        t->look.c,
        json_pack(
            "{s:o, s:s?, s:s, s:s, s:s, s:i, s:i, s:i, s:s?, s:s, s:b, s:o}",
            "id", hex_json(d->id.b, XG_ID_SIZE), "number",
            *t->number ? t->number : NULL, "title", xg_buf_str(&t->title),
            "move", xg_choice_find(xg_moves, d->move)->name, "stage",
            xg_choice_find(xg_stages, d->stage)->name, "turn", (int)d->turn,
            "climb", (int)d->climb, "over", (int)d->over, "level",
            *d->level ? d->level : NULL, "due", xg_buf_str(&due), "guessed",
            d->guessed, "record",
            d->written ? hex_json(d->record.b, XG_HASH_SIZE) : json_null()),
        err);
    xg_buf_clear(&due);
    return status;
}

static enum xg_status tell_text(struct telling *t, const struct clerk_deed *d,
                                struct xg_guide *guide, struct xg_error *err)
{
    struct xg_buf *out = &t->look.c->out;
    const struct xg_levels *levels;
    const struct xg_labels *labels;

    if (xg_guide_levels(guide, &levels, err) != XG_OK ||
        xg_guide_labels(guide, &labels, err) != XG_OK)
        return err->status;
    if (*t->number)
        xg_buf_text(out, t->number);
    else
        xg_buf_hex(out, d->id.b, XG_ID_SIZE);
    xg_buf_text(out, "  ");
    view_put_column(out, xg_buf_bytes(&t->title), TITLE_COLUMNS);
    xg_buf_format(out, XG_T("  %s环节超期，%s第 %u 次，应于 ",
                            "  stage \"%s\" is overdue: %s, number %u, was due "),
                  xg_labels_of(labels, XG_LABEL_STAGE, d->stage),
                  xg_labels_of(labels, XG_LABEL_MOVE, d->move),
                  d->climb);
    view_put_time(out, d->due_ms - d->due_ms % 1000);
    if (*d->level) {
        const struct xg_level *level = xg_levels_find(levels, d->level);
        xg_buf_format(out, XG_T("，提到%s", ", to %s"),
                      level ? xg_level_label(level) : d->level);
    }
    if (d->guessed)
        xg_buf_text(out, XG_T("；暂按双休日推算", "; guessed by weekends"));
    if (!d->written)
        xg_buf_text(out, XG_T("（未写入）", " (not written)"));
    xg_buf_byte(out, '\n');
    return XG_OK;
}

static enum xg_status tell_all(struct telling *t, struct cmd *c,
                               struct xg_error *err)
{
    struct xg_guide *guide = NULL;
    enum xg_status status = look_open(&t->look, c, err);
    size_t count = t->deeds.len / sizeof(struct clerk_deed);

    if (status == XG_OK) {
        struct xg_guide_source source = guide_source(t->look.store);
        status = xg_guide_new(&guide, &source, err);
    }
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        struct clerk_deed d;
        memcpy(&d, t->deeds.data + i * sizeof d, sizeof d);
        status = find_case(t, &d.id, err);
        if (status == XG_OK)
            status = c->json ? tell_json(t, &d, err)
                             : tell_text(t, &d, guide, err);
    }
    xg_guide_free(guide);
    look_close(&t->look);
    return status;
}

enum xg_status cmd_clerk(struct cmd *c, struct xg_error *err)
{
    const char *at = cmd_option(c, "at");
    int64_t now_ms = (int64_t)ledger_time_ms(c->data->ledger);
    struct telling t = {.deeds = XG_BUF(DEEDS_MAX),
                        .title = XG_BUF(TITLE_BYTES)};
    struct xg_error unsaid = XG_ERROR_NONE;
    struct clerk *clerk;

    if (at && !view_parse_time(&now_ms, at))
        return xg_fail(err, XG_USAGE,
                       XG_T("--at 应是时间，如 2026-10-09T08:30，而不是 %s",
                            "--at is a time, as 2026-10-09T08:30, not %s"),
                       at);
    if (clerk_open(&clerk, c->data, err) != XG_OK)
        return err->status;
    enum xg_status status = clerk_run(
        clerk, now_ms, cmd_option(c, "dry-run") != NULL, take, &t, err);
    clerk_close(clerk);
    /* What was written before a failure is said too. */
    if (t.deeds.len && tell_all(&t, c, &unsaid) != XG_OK && status == XG_OK) {
        *err = unsaid;
        status = unsaid.status;
    }
    if (status == XG_OK)
        status = xg_buf_check(&t.deeds, err);
    if (status == XG_OK && t.deeds.len == 0 && !c->json)
        xg_buf_text(&c->out, XG_T("没有要催办或提级的\n",
                                  "nothing to remind of, nothing to "
                                  "escalate\n"));
    xg_buf_clear(&t.deeds);
    xg_buf_clear(&t.title);
    return status;
}
