/* setup.c - `init` and `key`. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/cli/tls_files.h"
#include "server/data/data.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

/* The verifier key in DIR/name; "-" where the file lies elsewhere. */
static enum xg_status verifier_of(char text[static XG_VKEY_SIZE],
                                  const char *dir, const char *name,
                                  struct xg_error *err)
{
    char path[CMD_PATH_SIZE];
    struct xg_signer signer;

    if (cmd_path(path, dir, name, err) != XG_OK)
        return err->status;
    enum xg_status status = key_file_load(&signer, path, err);
    if (status == XG_NOTFOUND && strcmp(name, "log.key") != 0) {
        memcpy(text, "-", 2);
        return XG_OK;
    }
    if (status == XG_OK)
        xg_verifier_print(text, &signer.verifier);
    sodium_memzero(&signer, sizeof signer);
    return status;
}

/* The registrar's, of whom only that may be here: who signs note 1. */
static enum xg_status registrar_of(char text[static XG_VKEY_SIZE],
                                   const char *dir, struct xg_error *err)
{
    char path[CMD_PATH_SIZE];
    struct xg_buf line = XG_BUF(XG_VKEY_SIZE);

    if (verifier_of(text, dir, "registrar.key", err) != XG_OK ||
        cmd_path(path, dir, "registrar.vkey", err) != XG_OK)
        return err->status;
    if (strcmp(text, "-") != 0 || !xg_os_exists(path))
        return XG_OK;
    enum xg_status status = xg_os_read(&line, path, err);
    if (status == XG_OK && line.len > 1)
        snprintf(text, XG_VKEY_SIZE, "%.*s", (int)line.len - 1,
                 xg_buf_str(&line));
    xg_buf_clear(&line);
    return status;
}

static void pin_of(char text[static XG_TLS_PIN_SIZE], const char *dir)
{
    struct xg_error err = XG_ERROR_NONE;
    struct tls_files tls;

    if (tls_files_load(&tls, dir, NULL, NULL, &err) == XG_OK)
        xg_tls_pin_text(text, &tls.pin);
    else
        memcpy(text, "-", 2);
    tls_files_clear(&tls);
}

enum xg_status cmd_key(struct cmd *c, struct xg_error *err)
{
    const char *dir = c->args[0];
    char log[XG_VKEY_SIZE], registrar[XG_VKEY_SIZE], device[XG_VKEY_SIZE];
    char pin[XG_TLS_PIN_SIZE];

    if (verifier_of(log, dir, "log.key", err) != XG_OK)
        return xg_wrap(err,
                       XG_T("%s 不是数据目录，请先 init",
                            "%s is no data folder (xunge-server init "
                            "makes one)"),
                       dir);
    if (registrar_of(registrar, dir, err) != XG_OK ||
        verifier_of(device, dir, "device.key", err) != XG_OK)
        return err->status;
    pin_of(pin, dir);
    if (!c->json) {
        xg_buf_format(&c->out, "log        %s\n", log);
        xg_buf_format(&c->out, "registrar  %s\n", registrar);
        xg_buf_format(&c->out, "server     %s\n", device);
        xg_buf_format(&c->out, "tls        %s\n", pin);
        return XG_OK;
    }
    return cmd_put_json(c,
                        json_pack("{s:s, s:s, s:s, s:s}", "log", log,
                                  "registrar", registrar, "server", device,
                                  "tls", pin),
                        err);
}

enum xg_status cmd_init(struct cmd *c, struct xg_error *err)
{
    const char *dir = c->args[0], *host = cmd_option(c, "host");
    const char *apart = cmd_option(c, "registrar");
    const char *key = cmd_option(c, "registrar-key");
    const char *origin = cmd_option(c, "origin");
    struct xg_verifier registrar;

    if (apart && key)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--registrar 和 --registrar-key 只能有一个",
                            "either --registrar or --registrar-key"));
    if (apart &&
        xg_verifier_parse(&registrar, apart, strlen(apart), err) != XG_OK)
        return xg_wrap(err, "--registrar");
    if ((apart ? data_init_apart(dir, origin, &registrar, c->env, err)
               : data_init(dir, origin, key, c->env, err)) != XG_OK ||
        tls_files_make(dir, host ? host : "localhost", err) != XG_OK)
        return err->status;
    return cmd_key(c, err);
}
