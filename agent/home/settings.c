/* settings.c - see settings.h. */
#include "agent/home/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/map/maps.h"

enum { FILE_MAX = 16 << 10, NUMBER_DIGITS = 9, LIST_MAX = 400 };

static const struct xg_choice languages[] = {
    {1, "auto", "随系统", "as the system"},
    {2, "zh", "中文", "Chinese"},
    {3, "en", "英文", "English"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice themes[] = {
    {1, "auto", "随系统", "as the system"},
    {2, "light", "浅色", "light"},
    {3, "dark", "深色", "dark"},
    {4, "sunlight", "强光", "sunlight"},
    {0, NULL, NULL, NULL},
};

const struct settings_entry settings_table[] = {
    {"lang", "auto", languages, 0, 0, "语言", "language"},
    {"theme", "auto", themes, 0, 0, "配色", "theme"},
    {"text_scale", "100", NULL, 100, 200, "字号（%）", "size of text (%)"},
    {"sync_every", "15", NULL, 0, 1440, "每隔几分钟自动同步（0 不自动）",
     "sync by itself every so many minutes (0: never)"},
    {"waiting_red_days", "3", NULL, 1, 90, "待传几天后标红",
     "what waits to be sent turns red after so many days"},
    {"lock_after", "10", NULL, 1, 240, "几分钟不用就上锁（设了口令时）",
     "lock when not used for so many minutes (with a passphrase)"},
    {"map", "", NULL, 0, 0, "离线地图", "offline map"},
    {NULL, NULL, NULL, 0, 0, NULL, NULL},
};

_Static_assert(sizeof settings_table / sizeof *settings_table ==
                   SETTINGS_COUNT + 1,
               "one value for each entry");

const struct settings_entry *settings_named(const char *name)
{
    for (const struct settings_entry *e = settings_table; e->name; e++)
        if (strcmp(e->name, name) == 0)
            return e;
    return NULL;
}

/* ---- judging a value ---- */

static bool is_choice(const struct settings_entry *e, const char *value,
                      const char **name)
{
    for (const struct xg_choice *c = e->choices; c->name; c++)
        if (strcmp(value, c->name) == 0 || strcmp(value, c->zh) == 0 ||
            strcmp(value, c->en) == 0) {
            *name = c->name;
            return true;
        }
    return false;
}

static bool is_number(const struct settings_entry *e, const char *value)
{
    size_t len = strlen(value);

    if (len == 0 || len > NUMBER_DIGITS ||
        strspn(value, "0123456789") != len || (len > 1 && *value == '0'))
        return false;
    long long number = strtoll(value, NULL, 10);
    return number >= e->least && number <= e->most;
}

/* What is kept for it; NULL: it does not fit. */
static const char *judged(const struct settings_entry *e, const char *value)
{
    const char *name = NULL;

    if (strlen(value) >= SETTINGS_VALUE_SIZE)
        return NULL;
    if (e->choices)
        return is_choice(e, value, &name) ? name : NULL;
    if (e->most > 0)
        return is_number(e, value) ? value : NULL;
    return xg_maps_name_valid(value) ? value : NULL;
}

static enum xg_status misfit(const struct settings_entry *e, const char *value,
                             struct xg_error *err)
{
    struct xg_buf list = XG_BUF(LIST_MAX);

    if (e->choices)
        for (const struct xg_choice *c = e->choices; c->name; c++)
            xg_buf_format(&list, "%s%s", list.len ? " " : "", c->name);
    else if (e->most > 0)
        xg_buf_format(&list, "%" PRId64 "–%" PRId64, e->least, e->most);
    else
        xg_buf_text(&list, XG_T("离线地图的名称，见 xunge maps",
                                "the name of an offline map, see xunge maps"));
    xg_fail(err, XG_USAGE,
            XG_T("%s（%s）不能是“%.60s”；可以是：%s",
                 "%s (%s) cannot be \"%.60s\"; it takes: %s"),
            e->name, xg_label(e->zh, e->en), value, xg_buf_str(&list));
    xg_buf_clear(&list);
    return err->status;
}

/* ---- the file ---- */

static void set(struct settings *s, const struct settings_entry *e,
                const char *value)
{
    snprintf(s->values[e - settings_table], SETTINGS_VALUE_SIZE, "%s", value);
}

/* "name value": what is not known, or does not fit, is passed over. */
static void take_line(struct settings *s, char *line)
{
    char *space = strchr(line, ' ');
    const struct settings_entry *e;
    const char *value;

    if (!space)
        return;
    *space = '\0';
    e = settings_named(line);
    value = e ? judged(e, space + 1) : NULL;
    if (value)
        set(s, e, value);
}

enum xg_status settings_load(struct settings *out, const char *home,
                             struct xg_error *err)
{
    struct xg_buf text = XG_BUF(FILE_MAX);
    struct xg_error absent = XG_ERROR_NONE;
    struct settings s;
    char path[HOME_PATH_SIZE];

    for (const struct settings_entry *e = settings_table; e->name; e++)
        set(&s, e, e->fallback);
    if (home_file(path, home, "settings", err) != XG_OK)
        return err->status;
    enum xg_status status = xg_os_read(&text, path, &absent);
    char *line = status == XG_OK ? (char *)(uintptr_t)xg_buf_str(&text) : NULL;
    while (line && *line) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        take_line(&s, line);
        line = end ? end + 1 : NULL;
    }
    xg_buf_clear(&text);
    /* One that is far too long was not written here: as by default. */
    if (status != XG_OK && status != XG_NOTFOUND && status != XG_TOOBIG) {
        *err = absent;
        return status;
    }
    *out = s;
    return XG_OK;
}

static enum xg_status save(const struct settings *s, const char *path,
                           struct xg_error *err)
{
    struct xg_buf text = XG_BUF(FILE_MAX);

    for (const struct settings_entry *e = settings_table; e->name; e++)
        if (strcmp(s->values[e - settings_table], e->fallback) != 0)
            xg_buf_format(&text, "%s %s\n", e->name,
                          s->values[e - settings_table]);
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    return status;
}

/* ---- changing ---- */

static enum xg_status change(struct settings *s, const char *text,
                             struct xg_error *err)
{
    const char *equals = strchr(text, '=');
    const struct settings_entry *e = NULL;
    char name[SETTINGS_VALUE_SIZE] = "";
    struct xg_buf all = XG_BUF(LIST_MAX);

    if (equals && (size_t)(equals - text) < sizeof name) {
        memcpy(name, text, (size_t)(equals - text));
        e = settings_named(name);
    }
    if (e) {
        const char *value = equals[1] ? judged(e, equals + 1) : e->fallback;
        if (!value)
            return misfit(e, equals + 1, err);
        set(s, e, value);
        return XG_OK;
    }
    for (e = settings_table; e->name; e++)
        xg_buf_format(&all, "%s%s", all.len ? " " : "", e->name);
    xg_fail(err, XG_USAGE,
            XG_T("没有“%.60s”这项设置；写成 名称=值，名称有：%s",
                 "there is no setting \"%.60s\"; write NAME=VALUE, the names "
                 "are: %s"),
            equals ? name : text, xg_buf_str(&all));
    xg_buf_clear(&all);
    return err->status;
}

enum xg_status settings_change(const char *home, const char *const *changes,
                               size_t count, struct xg_error *err)
{
    char path[HOME_PATH_SIZE], lock_path[HOME_PATH_SIZE];
    struct settings s;
    int lock = -1;

    if (home_file(path, home, "settings", err) != XG_OK ||
        home_file(lock_path, home, "settings.lock", err) != XG_OK ||
        settings_load(&s, home, err) != XG_OK)
        return err->status;
    /* Judged before anything is made. */
    for (size_t i = 0; i < count; i++)
        if (change(&s, changes[i], err) != XG_OK)
            return err->status;
    if (home_make(home, err) != XG_OK ||
        xg_os_lock_open(&lock, lock_path, err) != XG_OK)
        return err->status;
    enum xg_status status = xg_os_lock(lock, err);
    if (status == XG_OK)
        status = settings_load(&s, home, err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = change(&s, changes[i], err);
    if (status == XG_OK)
        status = save(&s, path, err);
    xg_os_unlock(lock);
    return status;
}
