/* trust.c - what the auditor knows beforehand (keys, a policy), and where the
 * log is read from. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/audit/cli/cli.h"
#include "shared/audit/cli/url.h"
#include "shared/base/env.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { TELL_EVERY_MS = 200 };

static enum xg_status take_registrar(struct xg_audit_options *o,
                                     const char *text, struct xg_error *err)
{
    struct xg_error quiet = XG_ERROR_NONE;
    struct xg_verifier key;

    o->has_registrar = true;
    if (xg_verifier_parse(&key, text, strlen(text), &quiet) == XG_OK) {
        memcpy(o->registrar, key.key, sizeof o->registrar);
        return XG_OK;
    }
    if (xg_unbase64_exact(o->registrar, sizeof o->registrar, text,
                          strlen(text)))
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("--registrar 不是公钥（验证密钥，或 32 字节的 base64）",
                        "--registrar is no public key (a verifier key, or 32 "
                        "bytes in base64)"));
}

static enum xg_status take_policy(struct xg_audit_options *o,
                                  struct cli_trust *trust, const char *path,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_POLICY_MAX);
    enum xg_status status = xg_os_read(&text, path, err);

    if (status == XG_OK)
        status = xg_policy_read(&trust->policy, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    if (status != XG_OK)
        return xg_wrap(err, "--policy %s", path);
    o->policy = &trust->policy;
    return XG_OK;
}

enum xg_status cli_trust(struct xg_audit_options *o, struct cli_trust *trust,
                         const struct cli *c, struct xg_error *err)
{
    const char *registrar = cli_value(c, "registrar");
    const char *policy = cli_value(c, "policy"), *key = cli_value(c, "key");

    if (policy && take_policy(o, trust, policy, err) != XG_OK)
        return err->status;
    if (!key && !(o->policy && o->policy->has_log))
        return xg_fail(
            err, XG_USAGE,
            XG_T("请用 --key 给出日志的公钥（在登记码里，或由 xunge-server "
                 "key 显示）；不能取自被审计的来源",
                 "give the log's public key with --key (it is in the enrolment "
                 "code, and `xunge-server key` shows it); it must not come "
                 "from the source that is audited"));
    if (!key)
        trust->log = o->policy->log;
    else if (xg_verifier_parse(&trust->log, key, strlen(key), err) != XG_OK)
        return xg_wrap(err, "--key");
    o->log = trust->log;
    for (size_t i = 0; i < c->given_count; i++) {
        if (strcmp(c->given[i].name, "earlier") != 0)
            continue;
        if (xg_verifier_parse(&trust->earlier[o->earlier_count],
                              c->given[i].value, strlen(c->given[i].value),
                              err) != XG_OK)
            return xg_wrap(err, "--earlier");
        o->earlier_count++;
    }
    o->earlier = trust->earlier;
    return registrar ? take_registrar(o, registrar, err) : XG_OK;
}

enum xg_status cli_source(struct xg_audit_source *source, const struct cli *c,
                          const char *word, struct xg_error *err)
{
    struct stat about;

    const struct cli_url_options url = {
        .pin = cli_value(c, "pin"), .allow_plain = cli_has(c, "allow-plain")};

    if (cli_is_url(word))
        return cli_url(source, word, &url, err);
    if (stat(word, &about) != 0)
        return xg_fail_os(err, "%s", word);
    if (S_ISDIR(about.st_mode))
        return xg_audit_folder(source, word, err);
    const struct xg_bundle_source from = {.path = word};
    return xg_audit_bundle(source, &from, err);
}

/* ---- on the terminal ---- */

static bool terminal(void)
{
    return isatty(STDERR_FILENO);
}

void cli_progress(void *ctx, uint64_t done, uint64_t of)
{
    int64_t *told_ms = ctx;
    const struct xg_env env = xg_env_system();
    int64_t now_ms = xg_mono_ms(&env);

    if (!terminal() || now_ms - *told_ms < TELL_EVERY_MS)
        return;
    *told_ms = now_ms;
    fprintf(stderr, "\r%s %llu / %llu", XG_T("核对", "checking"),
            (unsigned long long)done, (unsigned long long)of);
}

void cli_progress_end(void)
{
    if (terminal())
        fputs("\r\033[K", stderr);
}
