/* page.c - the page's own files; with XUNGE_CONSOLE_PAGE=FOLDER those of that
 * folder. */
#include <string.h>

#include "server/console/inside.h"
#include "shared/web/page_files.h"

void page_get(void *ctx, const struct xg_request *request,
              struct xg_response *response)
{
    struct console *c = ctx;
    bool is_page = strcmp(request->path, "/") == 0;

    if (guard_origin(&c->guard, request, is_page, response))
        xg_page_file(response, request, c->options.assets,
                     c->options.asset_count, c->options.page);
}
