/* make.c - a new data folder: its keys, and the log's first entry. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/data/inside.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum xg_status data_make_key(const char *dir, const char *file,
                             const char *name, const struct xg_env *env,
                             struct xg_error *err)
{
    char *path = data_path(dir, file);
    struct xg_signer key;
    enum xg_status status;

    if (!path)
        return xg_fail_nomem(err);
    if (xg_os_exists(path)) {
        status = key_file_load(&key, path, err);
        if (status == XG_OK && strcmp(key.verifier.name, name) != 0)
            status = xg_fail(
                err, XG_REFUSED,
                XG_T("%s 属于 %s，不是 %s", "%s belongs to %s, not to %s"),
                path, key.verifier.name, name);
        sodium_memzero(&key, sizeof key);
    } else {
        status = key_file_make(path, name, env, err);
    }
    free(path);
    return status;
}

enum xg_status data_copy_key(const char *dir, const char *from,
                             struct xg_error *err)
{
    char *path = data_path(dir, "registrar.key");
    struct xg_buf text = XG_BUF(4096);
    struct xg_signer key;
    enum xg_status status;

    if (!path)
        return xg_fail_nomem(err);
    status = key_file_load(&key, from, err);
    if (status == XG_OK)
        status = xg_os_read(&text, from, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, xg_buf_bytes(&text), err);
    sodium_memzero(&key, sizeof key);
    if (text.data)
        sodium_memzero(text.data, text.len);
    xg_buf_clear(&text);
    free(path);
    return status;
}

/* Who signs note 1: never changed again. */
static enum xg_status keep_verifier(const char *dir,
                                    const struct xg_verifier *v,
                                    struct xg_error *err)
{
    char *path = data_path(dir, "registrar.vkey");
    char text[XG_VKEY_SIZE];
    struct xg_buf line = XG_BUF(XG_VKEY_SIZE + 1);
    struct xg_verifier there;
    enum xg_status status = path ? XG_OK : xg_fail_nomem(err);

    if (status == XG_OK && xg_os_exists(path)) {
        status = data_load_verifier(&there, path, err);
        if (status == XG_OK && (strcmp(there.name, v->name) != 0 ||
                                memcmp(there.key, v->key, sizeof v->key) != 0))
            status = xg_fail(err, XG_REFUSED,
                             XG_T("%s 写的是另一位登记员",
                                  "%s names another registrar"),
                             path);
    } else if (status == XG_OK) {
        xg_verifier_print(text, v);
        xg_buf_format(&line, "%s\n", text);
        status = xg_buf_check(&line, err);
        if (status == XG_OK)
            status = xg_os_replace(path, 0600, xg_buf_bytes(&line), err);
    }
    xg_buf_clear(&line);
    free(path);
    return status;
}

static enum xg_status make_server_keys(const char *dir, const char *origin,
                                       const struct xg_env *env,
                                       struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];

    if (data_make_key(dir, "log.key", origin, env, err) != XG_OK)
        return err->status;
    registry_device_name(name, origin, 0);
    return data_make_key(dir, "device.key", name, env, err);
}

static enum xg_status make_keys(const char *dir, const char *origin,
                                const char *registrar_key,
                                const struct xg_env *env, struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];
    struct xg_signer key;
    enum xg_status status;

    if (make_server_keys(dir, origin, env, err) != XG_OK)
        return err->status;
    snprintf(name, sizeof name, "%.80s/registrar", origin);
    status = registrar_key ? data_copy_key(dir, registrar_key, err)
                           : data_make_key(dir, "registrar.key", name, env, err);
    if (status == XG_OK)
        status = data_load_key(&key, dir, "registrar.key", err);
    if (status == XG_OK)
        status = keep_verifier(dir, &key.verifier, err);
    sodium_memzero(&key, sizeof key);
    return status;
}

static enum xg_status make_apart(const char *dir, const char *origin,
                                 const struct xg_verifier *registrar,
                                 const struct xg_env *env,
                                 struct xg_error *err)
{
    char name[XG_KEY_NAME_MAX + 1];
    char *path = data_path(dir, "registrar.key");
    bool there = path && xg_os_exists(path);

    free(path);
    snprintf(name, sizeof name, "%.80s/registrar", origin);
    if (strcmp(name, registrar->name) != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("登记员的公钥属于 %s，应属于 %s",
                            "the registrar's key is of %s, and should be of "
                            "%s"),
                       registrar->name, name);
    if (there)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 中已有登记员的密钥",
                            "there is a registrar's key in %s already"),
                       dir);
    return make_server_keys(dir, origin, env, err) == XG_OK
               ? keep_verifier(dir, registrar, err)
               : err->status;
}

enum xg_status data_judge_origin(const char *origin, struct xg_error *err)
{
    struct xg_verifier v;
    const uint8_t key[XG_PUBLIC_KEY_SIZE] = {0};

    if (strlen(origin) > 80 ||
        xg_verifier_init(&v, origin, XG_SIG_ED25519, key, err) != XG_OK)
        return xg_fail(err, XG_USAGE,
                       XG_T("日志名应像 lanshan.example：至多 80 字节，不含"
                            "空格和 +",
                            "the origin looks like lanshan.example: at most "
                            "80 bytes, no space and no +"));
    return XG_OK;
}

/* The keys are there: the rest. */
static enum xg_status begin_registry(const char *dir, const struct xg_env *env,
                                     struct xg_error *err)
{
    struct data *d;
    enum xg_status status;

    if (data_open_dir(&d, dir, env, err) != XG_OK)
        return err->status;
    if (registry_number(d->registry) > 0)
        status = xg_fail(
            err, XG_REFUSED,
            XG_T("%s 中已有服务器数据", "there is a server in %s already"),
            dir);
    else
        status = data_enrol_self(d, err);
    data_close(d);
    return status;
}

enum xg_status data_init(const char *dir, const char *origin,
                         const char *registrar_key, const struct xg_env *env,
                         struct xg_error *err)
{
    if (data_judge_origin(origin, err) != XG_OK ||
        xg_os_mkdir(dir, err) != XG_OK ||
        make_keys(dir, origin, registrar_key, env, err) != XG_OK)
        return err->status;
    return begin_registry(dir, env, err);
}

enum xg_status data_init_apart(const char *dir, const char *origin,
                               const struct xg_verifier *registrar,
                               const struct xg_env *env, struct xg_error *err)
{
    if (data_judge_origin(origin, err) != XG_OK ||
        xg_os_mkdir(dir, err) != XG_OK ||
        make_apart(dir, origin, registrar, env, err) != XG_OK)
        return err->status;
    return begin_registry(dir, env, err);
}
