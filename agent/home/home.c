/* home.c - see home.h. */
#include "agent/home/home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

static enum xg_status too_long(const char *path, struct xg_error *err)
{
    return xg_fail(err, XG_USAGE,
                   XG_T("文件夹路径太长：%s", "the path is too long: %s"),
                   path);
}

static bool is_set(const char *value)
{
    return value && *value;
}

enum xg_status home_resolve(char path[static HOME_PATH_SIZE],
                            const char *argument, struct xg_error *err)
{
    const char *given = is_set(argument) ? argument : getenv("XUNGE_HOME");
    const char *data = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
    char here[HOME_PATH_SIZE] = "";
    int n;

    if (is_set(given)) {
        if (*given != '/' && !getcwd(here, sizeof here))
            return xg_fail_os(err, XG_T("无法确定当前文件夹",
                                        "cannot tell the current folder"));
        n = snprintf(path, HOME_PATH_SIZE, "%s%s%s", here, *here ? "/" : "",
                     given);
    } else if (is_set(data) && *data == '/') {
        n = snprintf(path, HOME_PATH_SIZE, "%s/xunge", data);
    } else if (is_set(user)) {
        n = snprintf(path, HOME_PATH_SIZE, "%s/.local/share/xunge", user);
    } else {
        return xg_fail(err, XG_USAGE,
                       XG_T("不知道数据放在哪里；请用 --home 指定文件夹",
                            "there is no telling where the data lies; give "
                            "--home DIR"));
    }
    return n < HOME_PATH_SIZE ? XG_OK : too_long(path, err);
}

enum xg_status home_file(char path[static HOME_PATH_SIZE], const char *home,
                         const char *name, struct xg_error *err)
{
    if (snprintf(path, HOME_PATH_SIZE, "%s/%s", home, name) >= HOME_PATH_SIZE)
        return too_long(home, err);
    return XG_OK;
}

enum xg_status home_make(const char *path, struct xg_error *err)
{
    char part[HOME_PATH_SIZE];

    if (strlen(path) >= sizeof part)
        return too_long(path, err);
    for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        memcpy(part, path, (size_t)(at - path));
        part[at - path] = '\0';
        if (!xg_os_exists(part) && xg_os_mkdir(part, err) != XG_OK)
            return err->status;
    }
    return xg_os_mkdir(path, err);
}

static enum xg_status unlock(struct vault **vault, const char *path,
                             bool create, const struct xg_env *env,
                             struct xg_error *err)
{
    enum xg_status status = vault_unlock_default(vault, path, env, err);
    char db[HOME_PATH_SIZE];

    if (status != XG_NOTFOUND)
        return status;
    if (home_file(db, path, "agent.db", err) != XG_OK)
        return err->status;
    if (xg_os_exists(db))
        return xg_fail(err, XG_CORRUPT,
                       XG_T("%s 里有数据，但保险箱文件 vault 不见了；请从备份"
                            "恢复该文件",
                            "there is data in %s, but its file \"vault\" is "
                            "gone; restore that file from a backup"),
                       path);
    if (!create)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 还没有数据；请先运行 xunge enrol 入网码",
                            "there is nothing in %s yet; run: xunge enrol "
                            "CODE"),
                       path);
    if (home_make(path, err) != XG_OK)
        return err->status;
    /* Two programs may begin at once: one makes it, both open it. */
    status = vault_create(path, NULL, env, err);
    if (status != XG_OK && status != XG_REFUSED)
        return status;
    return vault_unlock_default(vault, path, env, err);
}

enum xg_status home_open_unlocked(struct home *h, const char *path,
                                  struct vault *vault, const struct xg_env *env,
                                  struct xg_error *err)
{
    *h = (struct home){.env = env, .vault = vault};
    if (strlen(path) >= sizeof h->path)
        xg_ignore(too_long(path, err));
    else if (store_open(&h->store, path, vault, env, err) == XG_OK) {
        memcpy(h->path, path, strlen(path) + 1);
        return XG_OK;
    }
    home_close(h);
    return err->status;
}

enum xg_status home_open(struct home *h, const char *path, bool create,
                         const struct xg_env *env, struct xg_error *err)
{
    struct vault *vault;

    *h = (struct home){0};
    if (unlock(&vault, path, create, env, err) != XG_OK)
        return err->status;
    return home_open_unlocked(h, path, vault, env, err);
}

void home_close(struct home *h)
{
    store_close(h->store);
    vault_free(h->vault);
    h->store = NULL;
    h->vault = NULL;
}
