/* cmd_suggest.c - suggest: what was used before on this device, the likeliest
 * first (shared/view/suggest.h).
 */
#include "agent/cli/cli.h"

#include "shared/core/cbor.h"
#include "shared/view/suggest.h"
#include "shared/view/value.h"

/* So that an answer does not take longer and longer. */
enum { WALKED_MAX = 20000 };

struct walking {
    view_use_fn *use;
    void *user;
};

static bool use(void *ctx, const struct store_entity *e, struct xg_bytes state)
{
    const struct walking *w = ctx;
    const struct view_used used = {
        .id = e->id, .number = e->number, .when_ms = e->first_ms};

    return w->use(w->user, &used, state);
}

static enum xg_status walk(void *ctx, const struct xg_kind *kind,
                           view_use_fn *each, void *user, struct xg_error *err)
{
    const struct cli *cli = ctx;
    struct walking w = {each, user};
    const struct store_filter filter = {
        .kind = kind, .contacts = true, .limit = WALKED_MAX};

    return store_list(cli->home.store, &filter, true, use, &w, err);
}

static enum xg_status read_position(struct view_suggestion *s,
                                    const char *given, struct xg_error *err)
{
    const struct xg_field *f = xg_field_find(xg_kind_find(XG_KIND_INCIDENT),
                                             XG_FIELD_POSITION);
    struct xg_buf value = XG_BUF(256);
    struct xg_cbor_item item;
    enum xg_status status = XG_OK;

    if (given)
        status = view_form_value(&value, f, given, NULL, err);
    if (given && status == XG_OK) {
        struct xg_cbor c = xg_cbor_over(xg_buf_bytes(&value));
        s->placed = xg_cbor_next(&c, &item);
        s->here = view_position_of(&item);
    }
    xg_buf_clear(&value);
    return status;
}

enum xg_status cmd_suggest(struct cli *cli, struct xg_error *err)
{
    struct view_suggestion s = {
        .kind = cli->words[0],
        .field = cli->words[1],
        .text = cli->word_count > 2 ? cli->words[2] : "",
        .now_ms = xg_wall_ms(&cli->env),
        .today = cli_today(cli),
        .json = cli->json,
        .ctx = cli,
        .walk = walk};
    struct xg_judgement actor;

    /* What the server would send them is what a device that others share may
     * show them. */
    if (read_position(&s, cli_flag(cli, "position"), err) != XG_OK ||
        fold_actor(cli->home.store, &actor, cli_flag(cli, "as"), err) !=
            XG_OK ||
        cli_guide(cli, &s.guide, err) != XG_OK)
        return err->status;
    s.informed = actor.role && actor.role->informed;
    return view_suggest(&cli->out, &s, err);
}
