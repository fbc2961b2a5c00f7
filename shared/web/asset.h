/* asset.h - the files of a page, linked into the program that serves it.
 *
 * cmake/EmbedPage.cmake makes the tables; each file is compressed once, when
 * the program is built.
 */
#ifndef XG_WEB_ASSET_H
#define XG_WEB_ASSET_H

#include <stdbool.h>
#include <stddef.h>

struct xg_asset {
    const char *path; /* "/index.html", "/assets/index-BbmCl7Be.js" */
    const char *type; /* of the content, with its charset */
    const unsigned char *gzip;
    size_t gzip_bytes, bytes; /* compressed, and as it is */
    bool immutable;           /* its name holds its hash */
};

#endif
