/* page_files.h - answering with the files of a page, as the build linked them
 * in (asset.h), hardened: no script but its own files, nothing loaded from
 * elsewhere, in nobody's frame.
 *
 * They are compressed, once; a client that takes no gzip gets 406, for there is
 * no browser like that. For whoever works on the page, those of a folder are
 * served in their place, as they are.
 */
#ifndef XG_WEB_PAGE_FILES_H
#define XG_WEB_PAGE_FILES_H

#include "shared/web/asset.h"
#include "shared/web/http.h"

/* GET of "/" or a file's path. `folder` NULL: the assets. */
void xg_page_file(struct xg_response *response,
                  const struct xg_request *request,
                  const struct xg_asset *assets, size_t count,
                  const char *folder);

#endif
