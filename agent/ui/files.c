/* files.c - the page's own files, as the build linked them in; with
 * XUNGE_PAGE=FOLDER those of that folder. */
#include <string.h>

#include "agent/ui/ui.h"
#include "shared/web/page_files.h"

extern const struct xg_asset ui_assets[];
extern const size_t ui_asset_count;

void files_get(void *ctx, const struct xg_request *request,
               struct xg_response *response)
{
    struct ui *ui = ctx;
    bool is_page = strcmp(request->path, "/") == 0;

    if (guard_origin(&ui->guard, request, is_page, response))
        xg_page_file(response, request, ui_assets, ui_asset_count, ui->page);
}
