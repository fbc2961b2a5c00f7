/* attention.c - `attention`: everything that a person must look at, the oldest
 * first, and where it is settled (server/desk/attention.h).
 *
 * What it costs: an index lookup, and one fold for each entity that has
 * something; the chains that forked, the batches that are apart, the devices
 * that saw another log are indexes too. Nothing is walked that has nothing. */
#include "server/cli/attention_list.h"

#include <stdlib.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/print.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

static int by_age(const void *a, const void *b)
{
    const struct attention_item *x = a, *y = b;

    if (x->since_ms != y->since_ms)
        return x->since_ms < y->since_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void put_item(struct xg_buf *out, const json_t *json)
{
    const char *number = attention_text_at(json, "number");
    const char *id = attention_text_at(json, "id");

    if (*number || *id)
        xg_buf_format(out, "%.*s  ", *number ? 40 : ATTENTION_SHORT_HASH,
                      *number ? number : id);
    if (*attention_text_at(json, "device"))
        xg_buf_format(out, "%s  ", attention_text_at(json, "device"));
    xg_buf_format(out, "%s  ", attention_text_at(json, "label"));
    if (*attention_text_at(json, "since"))
        xg_buf_format(out, "%s  ", attention_text_at(json, "since"));
    view_put_line(out, xg_bytes_of(attention_text_at(json, "title")));
    xg_buf_text(out, "\n      ");
    view_put_line(out, xg_bytes_of(attention_text_at(json, "text")));
    xg_buf_text(out, "\n      ");
    view_put_line(out, xg_bytes_of(attention_text_at(json, "how")));
    xg_buf_byte(out, '\n');
}

static enum xg_status put_all(struct attention_list *g, struct xg_error *err)
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

enum xg_status attention_gather(struct attention_list *g, struct xg_error *err)
{
    if (attention_add_cases(g, err) != XG_OK ||
        (attention_wants(g, ATTENTION_FORK) &&
         attention_add_forks(g, err) != XG_OK) ||
        (attention_wants(g, ATTENTION_QUARANTINED) &&
         attention_add_apart(g, err) != XG_OK) ||
        (attention_wants(g, ATTENTION_OTHER_HISTORY) &&
         attention_add_histories(g, err) != XG_OK) ||
        (attention_wants(g, ATTENTION_PHOTO_LOST) &&
         attention_add_lost_photos(g, err) != XG_OK) ||
        ((attention_wants(g, ATTENTION_LOGIN) ||
          attention_wants(g, ATTENTION_LOGIN_ASKED)) &&
         attention_add_logins(g, err) != XG_OK))
        return err->status;
    return XG_OK;
}

enum xg_status attention_what_of(enum attention_what *what, const char *name,
                                 struct xg_error *err)
{
    struct xg_buf names = XG_BUF(ATTENTION_TEXT_MAX);

    if (attention_named(what, name))
        return XG_OK;
    for (int i = 0; i < ATTENTIONS; i++)
        xg_buf_format(&names, "%s%s", i ? ", " : "",
                      attention_name((enum attention_what)i));
    xg_ignore(xg_fail(
        err, XG_USAGE,
        XG_T("没有“%s”这一类；可以是：%s", "there is no '%s'; there are: %s"),
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
        if (attention_what_of(&what, name, err) != XG_OK)
            return err->status;
        *wanted |= 1u << what;
    }
    if (!*wanted)
        *wanted = (1u << ATTENTIONS) - 1;
    return XG_OK;
}

enum xg_status cmd_attention(struct cmd *c, struct xg_error *err)
{
    struct attention_list g = {.count = 0};

    if (read_wanted(&g.wanted, c, err) != XG_OK)
        return err->status;
    if (area_take_in(c, err) != XG_OK)
        return err->status;
    enum xg_status status = look_open(&g.l, c, err);
    if (status == XG_OK)
        status = attention_gather(&g, err);
    if (status == XG_OK)
        status = put_all(&g, err);
    attention_close(&g);
    return status;
}
