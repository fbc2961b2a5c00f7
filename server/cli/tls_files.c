/* tls_files.c - see tls_files.h. */
#include "server/cli/tls_files.h"

#include <sodium.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

static enum xg_status make_pair(const char *cert_path, const char *key_path,
                                const char *host, struct xg_error *err)
{
    struct xg_buf cert = XG_BUF(XG_TLS_PEM_MAX), key = XG_BUF(XG_TLS_PEM_MAX);
    enum xg_status status = xg_tls_generate(&cert, &key, host, err);

    /* The key first: a certificate without its key would never be made anew. */
    if (status == XG_OK)
        status = xg_os_replace(key_path, 0600, xg_buf_bytes(&key), err);
    if (status == XG_OK)
        status = xg_os_replace(cert_path, 0644, xg_buf_bytes(&cert), err);
    if (key.data)
        sodium_memzero(key.data, key.cap);
    xg_buf_clear(&key);
    xg_buf_clear(&cert);
    return status;
}

enum xg_status tls_files_make(const char *dir, const char *host,
                              struct xg_error *err)
{
    char folder[CMD_PATH_SIZE], cert[CMD_PATH_SIZE], key[CMD_PATH_SIZE];

    if (cmd_path(folder, dir, "tls", err) != XG_OK ||
        cmd_path(cert, dir, "tls/cert.pem", err) != XG_OK ||
        cmd_path(key, dir, "tls/key.pem", err) != XG_OK)
        return err->status;
    if (xg_os_exists(cert))
        return XG_OK;
    if (xg_os_mkdir(folder, err) != XG_OK)
        return err->status;
    return make_pair(cert, key, host, err);
}

enum xg_status tls_files_load(struct tls_files *t, const char *dir,
                              const char *cert, const char *key,
                              struct xg_error *err)
{
    char cert_path[CMD_PATH_SIZE], key_path[CMD_PATH_SIZE];

    *t = (struct tls_files){.cert = XG_BUF(XG_TLS_PEM_MAX * 8),
                            .key = XG_BUF(XG_TLS_PEM_MAX * 8)};
    if (!cert != !key)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--tls-cert 与 --tls-key 要一起给出",
                            "--tls-cert and --tls-key go together"));
    if (cmd_path(cert_path, dir, "tls/cert.pem", err) != XG_OK ||
        cmd_path(key_path, dir, "tls/key.pem", err) != XG_OK)
        return err->status;
    if (xg_os_read(&t->cert, cert ? cert : cert_path, err) != XG_OK ||
        xg_os_read(&t->key, key ? key : key_path, err) != XG_OK)
        return err->status;
    xg_buf_text(&t->cert, "");
    xg_buf_text(&t->key, "");
    if (xg_buf_check(&t->cert, err) != XG_OK ||
        xg_buf_check(&t->key, err) != XG_OK)
        return err->status;
    return xg_tls_pin(&t->pin, xg_buf_str(&t->cert), err);
}

void tls_files_clear(struct tls_files *t)
{
    if (t->key.data)
        sodium_memzero(t->key.data, t->key.cap);
    xg_buf_clear(&t->key);
    xg_buf_clear(&t->cert);
}

enum xg_status address_store(const char *dir, const char *url,
                             const struct xg_hash *pin, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_URL_MAX + 200);
    char path[CMD_PATH_SIZE];
    enum xg_status status = cmd_path(path, dir, "address", err);

    xg_buf_format(&text, "%s\n", url);
    if (pin)
        xg_buf_base64(&text, pin->b, sizeof pin->b);
    else
        xg_buf_text(&text, "-");
    xg_buf_text(&text, "\n");
    if (status == XG_OK)
        status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0644, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    return status;
}

static bool address_read(char url[static XG_URL_MAX + 1], struct xg_hash *pin,
                         bool *has_pin, struct xg_bytes rest)
{
    struct xg_bytes first, second;

    if (!xg_line(&rest, &first) || !xg_line(&rest, &second) ||
        first.len > XG_URL_MAX)
        return false;
    *has_pin = !xg_bytes_equal(second, xg_bytes_of("-"));
    if (*has_pin && !xg_unbase64_exact(pin->b, sizeof pin->b,
                                       (const char *)second.at, second.len))
        return false;
    memcpy(url, first.at, first.len);
    url[first.len] = '\0';
    return true;
}

enum xg_status address_load(char url[static XG_URL_MAX + 1],
                            struct xg_hash *pin, bool *has_pin, const char *dir,
                            struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_URL_MAX + 200);
    char path[CMD_PATH_SIZE];
    enum xg_status status = cmd_path(path, dir, "address", err);

    if (status == XG_OK)
        status = xg_os_read(&text, path, err);
    if (status == XG_OK &&
        !address_read(url, pin, has_pin, xg_buf_bytes(&text)))
        status = xg_fail(err, XG_CORRUPT,
                         XG_T("%s 已损坏，请重新启动服务",
                              "%s is damaged: start the server again"),
                         path);
    xg_buf_clear(&text);
    return status;
}

enum xg_status console_address_store(const char *dir, const char *url,
                                     struct xg_error *err)
{
    char path[CMD_PATH_SIZE];

    if (cmd_path(path, dir, "console.address", err) != XG_OK)
        return err->status;
    return xg_os_replace(path, 0644, xg_bytes_of(url), err);
}

enum xg_status console_address_load(struct xg_buf *url, const char *dir,
                                    struct xg_error *err)
{
    char path[CMD_PATH_SIZE];

    if (cmd_path(path, dir, "console.address", err) != XG_OK)
        return err->status;
    return xg_os_read(url, path, err);
}
