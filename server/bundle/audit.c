/* audit.c - `bundle write --audit`: the log with all that belongs to it,
 * for an auditor. Read as the auditor's own program reads a data folder, beside
 * the running server, so that nothing of the server stands between. */
#include "server/bundle/bundle.h"
#include "shared/audit/audit.h"
#include "shared/base/lang.h"

enum xg_status bundle_audit(struct bundle_audited *out, struct data *d,
                            const struct bundle_out *to, bool photos,
                            struct xg_error *err)
{
    struct xg_audit_source source;
    struct xg_audit_written w;

    if (!d->dir)
        return xg_fail(err, XG_USAGE, "a server in memory has no folder");
    if (xg_audit_folder(&source, d->dir, err) != XG_OK)
        return err->status;
    enum xg_status status = xg_audit_bundle_write(
        &w, &source, &to->target, photos, to->progress, to->ctx, err);
    source.close(source.ctx);
    if (status == XG_OK)
        *out = (struct bundle_audited){.size = w.size,
                                       .batches = w.batches,
                                       .files = w.files,
                                       .photos = w.photos,
                                       .missing = w.missing,
                                       .bytes = w.bytes};
    return status;
}
