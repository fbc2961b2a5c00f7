/* cmd_kinds.c - what many add to one entity: `read` a notice, `tally` for a
 * campaign.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/core/cbor.h"
#include "shared/view/more.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

static enum xg_status of_kind(struct cli *cli, struct store_entity *e,
                              enum xg_kind_number kind, struct xg_error *err)
{
    const struct xg_kind *wanted = xg_kind_find(kind);

    if (cli_find(cli, e, cli->words[0], err) != XG_OK)
        return err->status;
    if (e->kind != wanted)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 是%s，不是%s", "%s is a %s, not a %s"),
                       cli->words[0], xg_label(e->kind->zh, e->kind->en),
                       xg_label(wanted->zh, wanted->en));
    return XG_OK;
}

/* ---- read ---- */

static bool has_read(const struct xg_state *s, const char *author)
{
    const struct xg_set *set = xg_state_set(s, XG_NOTICE_READ);

    for (size_t i = 0; set && i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item code;
        if (!set->elements[i].removed && xg_cbor_next(&c, &code) &&
            code.bytes.len == strlen(author) &&
            memcmp(code.bytes.at, author, code.bytes.len) == 0)
            return true;
    }
    return false;
}

/* Title and text: to have read it, one must have been shown it. */
static void put_notice(struct cli *cli, const struct xg_state *s)
{
    const char *const names[] = {"title", "text"};
    struct xg_buf text = XG_BUF(64 << 10);
    struct xg_cbor_item item;

    for (size_t i = 0; i < sizeof names / sizeof *names && !cli->json; i++) {
        const struct xg_field *f = xg_field_named(s->kind, names[i]);
        if (!xg_state_value(s, f->number, &item))
            continue;
        xg_buf_reset(&text);
        view_value_text(&text, f, &item);
        view_put_block(&cli->out, xg_buf_bytes(&text), 0);
        xg_buf_text(&cli->out, "\n");
    }
    xg_buf_clear(&text);
}

static enum xg_status read_already(struct cli *cli, const struct cli_case *at,
                                   struct xg_error *err)
{
    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:b, s:o, s:s}", "saved", 0, "id",
                      cli_json_hex(at->fold.state.id.b, XG_ID_SIZE), "read_by",
                      at->actor.author),
            err);
    cli_say(cli, XG_T("%s 已经阅过。", "%s has read it already."),
            at->actor.author);
    return XG_OK;
}

enum xg_status cmd_read(struct cli *cli, struct xg_error *err)
{
    struct xg_buf code = XG_BUF(256);
    struct store_entity e = {0};
    struct cli_case at;
    struct cli_act act;

    if (of_kind(cli, &e, XG_KIND_NOTICE, err) != XG_OK)
        return err->status;
    cli_act_init(&act, cli, e.kind, &e.id);
    enum xg_status status =
        cli_case_open(&at, cli, &e.id, cli_flag(cli, "as"), err);
    if (status == XG_OK)
        put_notice(cli, &at.fold.state);
    if (status == XG_OK && has_read(&at.fold.state, at.actor.author)) {
        status = read_already(cli, &at, err);
    } else if (status == XG_OK) {
        xg_cbor_put_text(&code, at.actor.author, strlen(at.actor.author));
        status =
            xg_draft_add(&act.draft, XG_NOTICE_READ, xg_buf_bytes(&code), err);
        if (status == XG_OK)
            status = cli_act_change(&act, cli, &e.id, CLI_DECIDES, err);
    }
    cli_act_clear(&act);
    cli_case_clear(&at);
    xg_buf_clear(&code);
    return status;
}

/* ---- tally ---- */

/* The campaign's sums as they now are. */
static void put_sums(struct cli *cli, const struct xg_id *id)
{
    static const struct view_context plain = {0};
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(256 << 20);
    struct fold fold;

    if (!cli->json &&
        fold_load(cli->home.store, &fold, &arena, id, &ignored) == XG_OK)
        xg_ignore(view_put_more(&cli->out, &fold.state, &plain, &ignored));
    xg_arena_clear(&arena);
}

enum xg_status cmd_tally(struct cli *cli, struct xg_error *err)
{
    struct xg_buf word = XG_BUF(4096);
    struct store_entity e = {0};
    struct cli_act act;

    if (of_kind(cli, &e, XG_KIND_CAMPAIGN, err) != XG_OK)
        return err->status;
    cli_act_init(&act, cli, e.kind, &e.id);
    enum xg_status status = XG_OK;
    for (size_t i = 1; status == XG_OK && i < cli->word_count; i++) {
        xg_buf_reset(&word);
        xg_buf_format(&word, "tally=%s", cli->words[i]);
        status = xg_buf_check(&word, err);
        if (status == XG_OK)
            status = view_form_set(&act.draft, e.kind, xg_buf_str(&word),
                                   &act.resolver.resolver, err);
    }
    if (status == XG_OK)
        status = cli_act_change(&act, cli, &e.id, CLI_DECIDES, err);
    if (status == XG_OK)
        put_sums(cli, &e.id);
    cli_act_clear(&act);
    xg_buf_clear(&word);
    return status;
}
