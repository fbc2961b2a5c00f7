/* setup.c - `init` and `key`. */
#include <sodium.h>
#include <string.h>

#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/cli/tls_files.h"
#include "server/data.h"
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
    if (verifier_of(registrar, dir, "registrar.key", err) != XG_OK ||
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

    if (data_init(dir, cmd_option(c, "origin"), cmd_option(c, "registrar-key"),
                  c->env, err) != XG_OK ||
        tls_files_make(dir, host ? host : "localhost", err) != XG_OK)
        return err->status;
    return cmd_key(c, err);
}
