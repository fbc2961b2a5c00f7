/* evidence.c - `xunge-audit evidence`: the verdict first; a file that does not
 * hold is exit 7. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/audit/cli/cli.h"
#include "shared/audit/evidence.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { REPORT_MAX = 256 << 20 };

static enum xg_status write_piece(void *ctx, struct xg_bytes piece,
                                  struct xg_error *err)
{
    return xg_os_write_all(*(const int *)ctx, "--page", piece, err);
}

/* The page, of what is proven alone: only where all of that holds. */
static enum xg_status write_page(const struct xg_evidence_checked *checked,
                                 const char *path, struct xg_error *err)
{
    bool out = strcmp(path, "-") == 0;

    if (checked->e->broken)
        return xg_fail(err, XG_ALARM, "%s",
                       XG_T("数据不成立，没有重做页面",
                            "the data does not hold: no page was made"));
    int fd = out ? STDOUT_FILENO
                 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return xg_fail_os(err, XG_T("无法建立 %s", "cannot make %s"), path);
    const struct xg_evidence_sink sink = {.ctx = &fd, .put = write_piece};
    enum xg_status status = xg_evidence_page(checked->e, &sink, err);
    if (status == XG_OK)
        status = write_piece(&fd, xg_bytes_of("</body></html>\n"), err);
    if (!out && close(fd) != 0 && status == XG_OK)
        status = xg_fail_os(err, "%s", path);
    return status;
}

static int report(const struct cli *c,
                  const struct xg_evidence_checked *checked, bool registrar)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(REPORT_MAX);
    const char *page = cli_value(c, "page");
    bool to_stdout = page && strcmp(page, "-") == 0;
    enum xg_status status = xg_evidence_report(&out, checked, registrar,
                                               cli_has(c, "json"), &err);

    if (status == XG_OK)
        status = xg_os_write_all(to_stdout ? STDERR_FILENO : STDOUT_FILENO,
                                 "stdout", xg_buf_bytes(&out), &err);
    xg_buf_clear(&out);
    if (status == XG_OK && page)
        status = write_page(checked, page, &err);
    if (status != XG_OK)
        return cli_fail(&err);
    if (!xg_evidence_good(checked))
        return xg_status_exit(XG_ALARM);
    return xg_evidence_witnessed(checked) ? 0 : xg_status_exit(XG_REFUSED);
}

int cli_evidence(struct cli *c)
{
    struct xg_audit_options o = {.photos = true};
    struct cli_trust trust;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf html = XG_BUF(XG_EVIDENCE_MAX);
    struct xg_evidence_checked checked;

    memset(&trust, 0, sizeof trust);
    if (cli_trust(&o, &trust, c, &err) != XG_OK)
        return cli_fail(&err);
    const struct xg_evidence_options options = {
        .log = &o.log,
        .registrar = o.has_registrar ? o.registrar : NULL,
        .policy = o.policy,
        .earlier = o.earlier,
        .earlier_count = o.earlier_count};
    if (xg_os_read(&html, c->args[0], &err) != XG_OK ||
        xg_evidence_check(&checked, xg_buf_bytes(&html), &options, &err) !=
            XG_OK) {
        xg_buf_clear(&html);
        /* What no key of this log signed is no evidence of it. */
        int code = cli_fail(&err);
        return err.status == XG_AUTH ? xg_status_exit(XG_ALARM) : code;
    }
    int code = report(c, &checked, o.has_registrar);
    xg_evidence_unchecked(&checked);
    xg_buf_clear(&html);
    return code;
}
