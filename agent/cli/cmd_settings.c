/* cmd_settings.c - settings: how this device is to look and behave. */
#include "agent/cli/cli.h"

#include <string.h>

#include "agent/home/settings.h"
#include "shared/view/text.h"

static const char *kind_of(const struct settings_entry *e)
{
    return e->choices ? "choice" : e->most > 0 ? "number" : "text";
}

static json_t *entry_json(const struct settings_entry *e, const char *value)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", e->name,
                             "value", value, "default", e->fallback, "type",
                             kind_of(e), "zh", e->zh, "en", e->en);
    json_t *choices;

    if (e->most > 0) {
        json_object_set_new(json, "least", json_integer(e->least));
        json_object_set_new(json, "most", json_integer(e->most));
    }
    if (!e->choices)
        return json;
    choices = json_array();
    for (const struct xg_choice *c = e->choices; c->name; c++)
        json_array_append_new(choices,
                              json_pack("{s:s, s:s, s:s}", "name", c->name,
                                        "zh", c->zh, "en", c->en));
    json_object_set_new(json, "choices", choices);
    return json;
}

static void put_entry(struct xg_buf *out, const struct settings_entry *e,
                      const char *value)
{
    size_t start = out->len;

    xg_buf_format(out, "%s=%s", e->name, value);
    view_pad(out, start, 24);
    xg_buf_format(out, " %s", xg_label(e->zh, e->en));
    if (e->most > 0)
        xg_buf_format(out, "  %lld–%lld", (long long)e->least,
                      (long long)e->most);
    for (const struct xg_choice *c = e->choices; c && c->name; c++)
        xg_buf_format(out, "%s%s", c == e->choices ? "  " : " | ", c->name);
    if (strcmp(value, e->fallback) != 0)
        xg_buf_format(out, XG_T("（默认 %s）", " (else %s)"),
                      *e->fallback ? e->fallback : XG_T("无", "none"));
    xg_buf_byte(out, '\n');
}

enum xg_status cmd_settings(struct cli *cli, struct xg_error *err)
{
    struct settings s;

    if ((cli->word_count && settings_change(cli->path, cli->words,
                                            cli->word_count, err) != XG_OK) ||
        settings_load(&s, cli->path, err) != XG_OK)
        return err->status;
    for (size_t i = 0; settings_table[i].name; i++) {
        const struct settings_entry *e = &settings_table[i];
        if (cli->json &&
            cli_put_json(cli, entry_json(e, s.values[i]), err) != XG_OK)
            return err->status;
        if (!cli->json)
            put_entry(&cli->out, e, s.values[i]);
    }
    return xg_buf_check(&cli->out, err);
}
