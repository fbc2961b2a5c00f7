/* attention_item.c - one thing that a person must look at, and how it is
 * settled.
 */
#include "server/cli/attention_list.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/view/json.h"

/* How it is settled, said to a person. `key` names it. */
static void put_how(struct xg_buf *out, enum attention_what what,
                    const char *key)
{
    const char *id = key;
    int id_len = (int)strcspn(key, ":");

    switch (what) {
    case ATTENTION_CONFLICT:
    case ATTENTION_OVERTAKEN:
        xg_buf_format(out,
                      XG_T("看 conflicts %.*s，用 resolve 决定",
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

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static const char *device_code(const char *device)
{
    const char *slash = device ? strrchr(device, '/') : NULL;

    return slash ? slash + 1 : device;
}

enum xg_status attention_add(struct attention_list *g,
                             const struct attention_said *said,
                             struct xg_error *err)
{
    struct xg_buf how = XG_BUF(ATTENTION_TEXT_MAX);
    int64_t age_ms = g->l.now_ms - said->since_ms;
    bool known = said->since_ms != XG_NO_TIME;

    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 64;
        struct attention_item *items =
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
        "what", attention_name(said->what), "label",
        attention_label(said->what), "key", said->key, "id",
        text_or_null(said->id), "number", text_or_null(said->number), "title",
        text_or_null(said->title), "reason", said->reason, "text", said->text,
        "since", known ? view_json_time(said->since_ms) : json_null(), "age_s",
        known ? json_integer((age_ms > 0 ? age_ms : 0) / 1000) : json_null(),
        "device", text_or_null(device_code(said->device)), "chain",
        text_or_null(said->chain), "batch", text_or_null(said->batch), "how",
        xg_buf_str(&how));
    xg_buf_clear(&how);
    if (!json)
        return xg_fail_nomem(err);
    g->items[g->count] = (struct attention_item){
        json, known ? said->since_ms : INT64_MIN, g->count};
    g->count++;
    return XG_OK;
}

const char *attention_text_at(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text ? text : "";
}

void attention_close(struct attention_list *g)
{
    for (size_t i = 0; i < g->count; i++)
        json_decref(g->items[i].json);
    findings_clear(&g->findings);
    look_close(&g->l);
}
